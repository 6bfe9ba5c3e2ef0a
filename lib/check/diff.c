/* diff.c: comparing two traces: where they come from, and the order in which the rest is done. diff.h has the rooms.
 *
 * A jsonl is fed into the text sink as if it were a run, a simulation is one that writes jsonl: so both sides have gone
 * the same way. Interprets no line. */
#include "check/diff.h"

#include <stdio.h>
#include <string.h>

#include "check/twin.h"
#include "core/sim.h"
#include "core/sized.h"
#include "net/net.h"
#include "text/diag.h"
#include "text/json_in.h"
#include "trace/replay.h"
#include "trace/trace.h"

#define TEXT_HEAD "mailsim-trace/1 "
#define GOLDEN_HEAD "mailsim-golden/1 " /* a text behind two lines of its own */
#define BYTES_MAX ((uint64_t)1 << 30)
#define CHUNK_BYTES 16384u

extern const struct msim_sink_type msim__sink_text;

/* ---- its life ---- */

int msim_diff_new_sized(struct msim_diff **out, const struct msim_diff_opts *opts, size_t opts_bytes)
{
  struct msim_diff_opts full;
  struct msim__mem mem;
  struct msim_diff *diff;
  size_t i;

  if (out == NULL)
    return MSIM_ERR_INVALID;
  *out = NULL;
  memset(&full, 0, sizeof full);
  if (opts != NULL && msim__sized_in(&full, sizeof full, opts, opts_bytes) != MSIM_OK)
    return MSIM_ERR_INVALID;
  if (full.bytes_max == 0)
    full.bytes_max = BYTES_MAX;
  if (full.bytes_max > SIZE_MAX / 4)
    return MSIM_ERR_INVALID;
  msim__mem_init(&mem, &full.mem);
  diff = msim__alloc_zeroed(&mem, 1, sizeof *diff);
  if (diff == NULL)
    return MSIM_ERR_NOMEM;
  diff->mem = mem;
  diff->bytes_max = (size_t)full.bytes_max;
  diff->state = "";
  msim__arena_init(&diff->arena, &diff->mem);
  msim__names_init(&diff->stream_names, &diff->mem);
  msim__names_init(&diff->flow_names, &diff->mem);
  for (i = 0; i < 2; i++) {
    msim__buf_init(&diff->side[i].text, &diff->mem, diff->bytes_max);
    diff->side[i].name = diff->side[i].topology = diff->side[i].options = "";
  }
  *out = diff;
  return MSIM_OK;
}

void msim_diff_free(struct msim_diff *diff)
{
  struct msim__mem mem;
  size_t i;

  if (diff == NULL)
    return;
  for (i = 0; i < 2; i++) {
    msim__diff_draws_release(diff, &diff->side[i]);
    msim__buf_release(&diff->side[i].text);
    msim__free(&diff->mem, diff->side[i].lines, diff->side[i].line_capacity * sizeof *diff->side[i].lines);
  }
  msim__free(&diff->mem, diff->flows, diff->flow_capacity * sizeof *diff->flows);
  msim__free(&diff->mem, diff->streams, diff->stream_capacity * sizeof *diff->streams);
  msim__free(&diff->mem, diff->told_flows, diff->told_flow_capacity * sizeof *diff->told_flows);
  msim__free(&diff->mem, diff->causes, diff->cause_capacity * sizeof *diff->causes);
  msim__free(&diff->mem, diff->notes, diff->note_capacity * sizeof *diff->notes);
  msim__names_release(&diff->stream_names);
  msim__names_release(&diff->flow_names);
  msim__arena_release(&diff->arena);
  mem = diff->mem;
  msim__free(&mem, diff, sizeof *diff);
}

/* ---- lines ---- */

/* What the text form gives, cut into lines. */
struct lines {
  struct msim_diff *diff;
  struct msim__diff_side *side;
  struct msim__buf begun; /* a line whose end has not come yet */
  uint64_t line_number, golden_lines;
  const char *why; /* with MSIM_ERR_SYNTAX */
};

static bool take_number(struct msim_slice word, uint64_t *out)
{
  size_t k;

  for (k = 0, *out = 0; k < word.size_bytes && k < 20 && word.data[k] >= '0' && word.data[k] <= '9'; k++)
    *out = *out * 10 + (uint64_t)(word.data[k] - '0'); /* too large a seed wraps, in both alike */
  return k > 0 && k == word.size_bytes;
}

/* `mailsim-trace/1 topology NAME seed N engine N` */
static const char *take_head(struct lines *lines, struct msim_slice line)
{
  static const char *const words[] = {"mailsim-trace/1", "topology", NULL, "seed", NULL, "engine", NULL};
  struct msim_slice word, rest = line;
  size_t i;

  for (i = 0; i < 7; i++) {
    if (!msim__diff_next_word(&rest, &word) || (words[i] != NULL && !msim__diff_is(word, words[i])))
      return "the first line of a trace in the form text says topology, seed and engine";
    if (words[i] != NULL)
      continue;
    if (i == 2) {
      lines->side->topology = msim__arena_text(&lines->diff->arena, (const char *)word.data, word.size_bytes);
      continue;
    }
    if (!take_number(word, i == 4 ? &lines->side->seed : &lines->side->engine))
      return "a number is expected behind seed and engine";
  }
  return NULL;
}

/* Sixteen digits. */
static bool read_print(struct msim_slice word, uint64_t *out)
{
  static const char digits[] = "0123456789abcdef";
  size_t i;

  for (i = 0, *out = 0; i < word.size_bytes && i < 16; i++) {
    const char *digit = word.data[i] != 0 ? strchr(digits, word.data[i]) : NULL;

    if (digit == NULL)
      return false;
    *out = *out << 4 | (uint64_t)(digit - digits);
  }
  return i == 16 && word.size_bytes == 16;
}

/* `mailsim-golden/1 view V engine N seed N`, then `fingerprint mail P app P seg P wire P`. */
static const char *take_golden_line(struct lines *lines, struct msim_slice rest)
{
  struct msim__diff_side *side = lines->side;
  uint64_t *prints[4] = {&side->run_prints.mail, &side->run_prints.app, &side->run_prints.seg, &side->run_prints.wire};
  struct msim_slice word;
  unsigned view;

  (void)msim__diff_next_word(&rest, &word);
  if (lines->golden_lines++ == 0) {
    if (!msim__diff_next_word(&rest, &word) || !msim__diff_is(word, "view") || !msim__diff_next_word(&rest, &word))
      return "a golden begins with mailsim-golden/1 view and the name of a view";
    for (view = 0; view < MSIM_VIEW_REST; view++)
      if (msim__diff_is(word, msim_view_name((enum msim_view)view)))
        side->golden_view = msim_view_name((enum msim_view)view);
    if (side->golden_view == NULL)
      return "there are the views mail, app, seg and wire";
    if (!msim__diff_next_word(&rest, &word) || !msim__diff_is(word, "engine") || !msim__diff_next_word(&rest, &word) ||
        !take_number(word, &side->engine) || !msim__diff_next_word(&rest, &word) || !msim__diff_is(word, "seed") ||
        !msim__diff_next_word(&rest, &word) || !take_number(word, &side->seed))
      return "engine and seed are expected in the first line of a golden";
    return NULL;
  }
  for (view = 0; view < 4; view++)
    if (!msim__diff_next_word(&rest, &word) || !msim__diff_is(word, msim_view_name((enum msim_view)view)) ||
        !msim__diff_next_word(&rest, &word) || !read_print(word, prints[view]))
      return "four fingerprints are expected in the second line of a golden";
  side->has_run_prints = true;
  return NULL;
}

static int take_line(struct lines *lines, struct msim_slice line)
{
  lines->line_number++;
  if ((lines->line_number == 1 && msim__diff_begins(line, GOLDEN_HEAD)) || lines->golden_lines == 1) {
    lines->why = take_golden_line(lines, line);
    return lines->why == NULL ? MSIM_OK : MSIM_ERR_SYNTAX;
  }
  if (lines->line_number > 1 + lines->golden_lines)
    return msim__diff_add_line(lines->diff, lines->side, line, &lines->why);
  lines->why = take_head(lines, line);
  if (lines->side->topology == NULL)
    return MSIM_ERR_NOMEM;
  return lines->why == NULL ? MSIM_OK : MSIM_ERR_SYNTAX;
}

/* What a sink calls to write. */
static int take_bytes(void *ctx, const void *data, size_t size_bytes)
{
  struct lines *lines = ctx;
  const uint8_t *at = data, *end;
  struct msim_slice line;
  int err = MSIM_OK;

  while (err == MSIM_OK && size_bytes > 0 && (end = memchr(at, '\n', size_bytes)) != NULL) {
    line.data = at;
    line.size_bytes = (size_t)(end - at);
    size_bytes -= line.size_bytes + 1;
    at = end + 1;
    if (lines->begun.size_bytes > 0) {
      err = msim__buf_append(&lines->begun, line.data, line.size_bytes);
      line.data = (const uint8_t *)lines->begun.data;
      line.size_bytes = lines->begun.size_bytes;
    }
    if (err == MSIM_OK)
      err = take_line(lines, line);
    msim__buf_clear(&lines->begun);
  }
  return err == MSIM_OK && size_bytes > 0 ? msim__buf_append(&lines->begun, at, size_bytes) : err;
}

/* ---- what is read ---- */

/* The first bytes are looked at before they are given on; of the first line a copy is kept. */
struct source {
  const struct msim_in *in;
  uint8_t peek[64];
  size_t peek_bytes, given_bytes;
  struct msim__buf head;
  bool head_is_whole;
};

static int look(struct source *source)
{
  size_t got = 1;
  int err = MSIM_OK;

  while (err == MSIM_OK && got > 0 && source->peek_bytes < sizeof source->peek) {
    got = 0;
    err = source->in->read(source->in->ctx, source->peek + source->peek_bytes, sizeof source->peek - source->peek_bytes,
                           &got);
    if (err == MSIM_OK && got > sizeof source->peek - source->peek_bytes)
      err = MSIM_ERR_INVALID;
    if (err == MSIM_OK)
      source->peek_bytes += got;
  }
  return err < 0 ? err : MSIM_OK;
}

static int give(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct source *source = ctx;
  size_t left = source->peek_bytes - source->given_bytes;
  const uint8_t *end;
  int err = MSIM_OK;

  if (left > 0) {
    *size_bytes = left < capacity_bytes ? left : capacity_bytes;
    memcpy(data, source->peek + source->given_bytes, *size_bytes);
    source->given_bytes += *size_bytes;
  } else {
    err = source->in->read(source->in->ctx, data, capacity_bytes, size_bytes);
  }
  if (err != MSIM_OK || source->head_is_whole || *size_bytes == 0 || *size_bytes > capacity_bytes)
    return err;
  end = memchr(data, '\n', *size_bytes);
  source->head_is_whole = end != NULL;
  (void)msim__buf_append(&source->head, data, end != NULL ? (size_t)(end - (const uint8_t *)data) : *size_bytes);
  return source->head.err;
}

static int fail_at(const struct lines *lines, int err, const char *why, msim_diag_fn *fn, void *user)
{
  struct msim_diag diag;

  if (fn == NULL || err == MSIM_ERR_NOMEM)
    return err;
  msim__diag_set(&diag, lines->side->name, (unsigned)lines->line_number, 0, "%s", why);
  fn(user, &diag);
  return err;
}

static int read_text(struct lines *lines, struct source *source, msim_diag_fn *fn, void *user)
{
  uint8_t *chunk = msim__alloc(&lines->diff->mem, CHUNK_BYTES);
  size_t got = 1;
  int err = chunk != NULL ? MSIM_OK : MSIM_ERR_NOMEM;

  while (err == MSIM_OK && got > 0) {
    got = 0;
    err = give(source, chunk, CHUNK_BYTES, &got);
    if (err == MSIM_OK && got > CHUNK_BYTES)
      err = MSIM_ERR_INVALID;
    if (err != MSIM_OK) {
      lines->line_number++;
      (void)fail_at(lines, err, "the trace cannot be read", fn, user);
      break;
    }
    err = take_bytes(lines, chunk, got);
    if (err == MSIM_ERR_SYNTAX)
      (void)fail_at(lines, err, lines->why, fn, user);
    else if (err == MSIM_ERR_LIMIT)
      (void)fail_at(lines, err, "the trace is too large to be compared, or a line is", fn, user);
  }
  msim__free(&lines->diff->mem, chunk, chunk != NULL ? CHUNK_BYTES : 0);
  if (err != MSIM_OK || lines->begun.size_bytes == 0)
    return err;
  lines->line_number++;
  return fail_at(lines, MSIM_ERR_SYNTAX, "the trace is cut off in the middle of this line", fn, user);
}

/* A simulation without hosts into which records can be fed: nothing but net and trace. */
static int new_stage(struct msim_diff *diff, struct msim_sim **out)
{
  static const void *const sinks[] = {&msim__sink_text, NULL};
  const void *const *builtin[MSIM__TYPE_KINDS] = {NULL};
  struct msim_sim_opts opts;
  int err;

  memset(&opts, 0, sizeof opts);
  opts.mem = diff->mem.hook;
  builtin[MSIM__TYPE_SINK] = sinks;
  err = msim__sim_create(out, &opts, builtin);
  if (err == MSIM_OK)
    err = msim__net_create(*out);
  return err == MSIM_OK ? msim__trace_create(*out) : err;
}

/* What the replay has told already. */
struct told {
  msim_diag_fn *fn; /* may be NULL */
  void *user;
  size_t count;
};

static void tell(void *user, const struct msim_diag *diag)
{
  struct told *told = user;

  told->count++;
  if (told->fn != NULL)
    told->fn(told->user, diag);
}

static int read_jsonl(struct lines *lines, struct source *source, msim_diag_fn *fn, void *user)
{
  struct told told = {fn, user, 0};
  struct msim_in in = {source, give};
  struct msim_out out = {lines, take_bytes};
  struct msim__diff_side *side = lines->side;
  struct msim_sim *sim = NULL;
  int err = new_stage(lines->diff, &sim), finish_err;

  if (err == MSIM_OK)
    err = msim_trace_fingerprints(sim, &side->prints);
  if (err == MSIM_OK)
    err = msim_trace_add(sim, "text", &out, "full-text,hops", NULL);
  if (err == MSIM_OK)
    err = msim_trace_replay(sim, &in, side->name, tell, &told);
  if (sim != NULL) {
    finish_err = msim_sim_finish(sim);
    err = err == MSIM_OK ? finish_err : err;
    side->seed = sim->seed;
    side->engine = sim->engine;
    msim_sim_free(sim);
  }
  if (told.count > 0) /* what is pending then may add an error of its own: one is enough */
    return err;
  if (err == MSIM_ERR_SYNTAX && lines->why != NULL) {
    lines->line_number = 0;
    (void)fail_at(lines, err, "a name in it cannot stand in a line of text, so it cannot be compared", fn, user);
  }
  if (err == MSIM_ERR_LIMIT && lines->diff->bytes_max - side->text.size_bytes < MSIM__DIFF_LINE_BYTES_MAX) {
    lines->line_number = 0;
    (void)fail_at(lines, err, "the trace is too large to be compared: write it with conn=NAME or kind=NAME", fn, user);
  }
  side->has_prints = err == MSIM_OK;
  return err;
}

/* The first line is kept for diff_cause.c, and says with which options the trace was written. */
static int keep_head(struct lines *lines, struct source *source)
{
  struct msim__diff_side *side = lines->side;
  const struct msim__json_node *root, *options;
  struct msim__arena arena;
  struct msim_slice text;
  const char *why;
  int err;

  side->head_bytes = source->head.size_bytes;
  side->head = msim__arena_text(&lines->diff->arena, msim__buf_text(&source->head), source->head.size_bytes);
  if (side->head == NULL)
    return MSIM_ERR_NOMEM;
  msim__arena_init(&arena, &lines->diff->mem);
  text.data = (const uint8_t *)side->head;
  text.size_bytes = side->head_bytes;
  err = msim__json_parse(&arena, text, &root, &why);
  options = err == MSIM_OK ? msim__json_find(root, "options") : NULL;
  if (options != NULL && options->kind == MSIM__JSON_TEXT)
    side->options = msim__arena_text(&lines->diff->arena, options->u.text.data, options->u.text.size_bytes);
  msim__arena_release(&arena);
  if (side->options == NULL)
    return MSIM_ERR_NOMEM;
  side->is_full = strstr(side->options, "full-text") != NULL;
  return err;
}

static int read_side(struct msim_diff *diff, enum msim_diff_side which, const struct msim_in *in, const char *name,
                     msim_diag_fn *fn, void *user)
{
  struct lines lines = {.diff = diff, .side = &diff->side[which]};
  struct source source = {.in = in};
  struct msim_slice peek;
  bool is_text;
  int err;

  if (lines.side->is_read || diff->is_compared)
    return MSIM_ERR_STATE;
  lines.side->is_read = true;
  lines.side->name = msim__arena_text(&diff->arena, name != NULL ? name : "trace", name != NULL ? strlen(name) : 5);
  if (lines.side->name == NULL)
    return MSIM_ERR_NOMEM;
  msim__buf_init(&lines.begun, &diff->mem, MSIM__DIFF_LINE_BYTES_MAX);
  msim__buf_init(&source.head, &diff->mem, MSIM__TRACE_HEAD_BYTES_MAX + CHUNK_BYTES * 8);
  err = look(&source);
  peek.data = source.peek;
  peek.size_bytes = source.peek_bytes;
  is_text = msim__diff_begins(peek, TEXT_HEAD) || msim__diff_begins(peek, GOLDEN_HEAD);
  if (err != MSIM_OK)
    (void)fail_at(&lines, err, "the trace cannot be read", fn, user);
  else if (is_text)
    err = read_text(&lines, &source, fn, user);
  else
    err = read_jsonl(&lines, &source, fn, user);
  if (err == MSIM_OK && !is_text)
    err = keep_head(&lines, &source);
  msim__buf_release(&source.head);
  msim__buf_release(&lines.begun);
  return err;
}

int msim_diff_read(struct msim_diff *diff, enum msim_diff_side side, const struct msim_in *in, const char *name,
                   msim_diag_fn *fn, void *user)
{
  if (diff == NULL || in == NULL || in->read == NULL || (unsigned)side > 1)
    return MSIM_ERR_INVALID;
  return read_side(diff, side, in, name, fn, user);
}

int msim_diff_run(struct msim_diff *diff, enum msim_diff_side side, struct msim_sim *sim, msim_ns until_ns,
                  const char *name)
{
  const struct msim__diff_side *other;
  struct msim__twin twin;
  struct msim_in in;
  int err, finish_err, kept_err;

  if (diff == NULL || sim == NULL || (unsigned)side > 1)
    return MSIM_ERR_INVALID;
  other = &diff->side[1 - side];
  err = msim__twin_init(&twin, sim, until_ns, other->head != NULL ? other->options : "full-text", &in);
  if (err == MSIM_OK)
    err = msim_trace_fingerprints(sim, &diff->side[side].run_prints);
  if (err == MSIM_OK)
    err = msim__diff_draws_begin(diff, &diff->side[side], sim);
  if (err == MSIM_OK)
    err = read_side(diff, side, &in, name, NULL, NULL);
  diff->side[side].is_live = true;
  finish_err = msim_sim_finish(sim);
  kept_err = msim__diff_draws_end(&diff->side[side]);
  err = err == MSIM_OK ? kept_err : err;
  diff->side[side].has_run_prints = err == MSIM_OK && finish_err == MSIM_OK;
  msim__twin_release(&twin);
  return err == MSIM_OK ? finish_err : err;
}

/* ---- comparing ---- */

int msim__diff_note(struct msim_diff *diff, const char *text)
{
  int err = text == NULL ? MSIM_ERR_NOMEM
                         : msim__grow(&diff->mem, &diff->notes, &diff->note_capacity, diff->note_count + 1, 64,
                                      sizeof *diff->notes);

  if (err == MSIM_OK)
    diff->notes[diff->note_count++] = text;
  return err;
}

static bool has_no_lines(const struct msim__diff_side *side)
{
  return side->golden_view != NULL && side->line_count == 0;
}

/* What the two traces do not let one compare. */
static int note_limits(struct msim_diff *diff)
{
  const struct msim__diff_side *a = &diff->side[0], *b = &diff->side[1], *less = a->head == NULL ? a : b;
  int err = MSIM_OK;
  size_t i;

  if (has_no_lines(a) || has_no_lines(b))
    err =
        msim__diff_note(diff, msim__diff_printf(diff, "%s holds fingerprints only: it cannot be told where they differ",
                                                has_no_lines(a) ? a->name : b->name));
  else if (less->head == NULL && a->has_run_prints && b->has_run_prints)
    err = !diff->result.differs
              ? MSIM_OK
              : msim__diff_note(
                    diff, msim__diff_printf(diff, "%s does not tell links and faults: why it differs is not known",
                                            less->name));
  else if (less->head == NULL)
    err =
        msim__diff_note(diff, msim__diff_printf(diff,
                                                "%s is in the form text: addresses, rare fields of headers and what is "
                                                "behind the first 120 bytes of a payload are not compared, and it does "
                                                "not tell links and faults; jsonl has it all",
                                                less->name));
  else if (a->is_full != b->is_full)
    err =
        msim__diff_note(diff, msim__diff_printf(diff,
                                                "%s holds the first 120 bytes of each payload only, so no more of them "
                                                "was compared",
                                                a->is_full ? b->name : a->name));
  else if (strcmp(a->options, b->options) != 0)
    err = msim__diff_note(diff,
                          msim__diff_printf(diff, "the traces were written with different options: \"%s\" and \"%s\"",
                                            a->options, b->options));
  for (i = 0; i < 2 && err == MSIM_OK; i++)
    if (diff->side[i].golden_view != NULL && strcmp(diff->side[i].golden_view, msim_view_name(diff->view)) != 0)
      err = msim__diff_note(diff, msim__diff_printf(diff, "%s is about the view %s: --view %s ignores what is below",
                                                    diff->side[i].name, diff->side[i].golden_view,
                                                    diff->side[i].golden_view));
  if (err == MSIM_OK && a->has_fwd != b->has_fwd)
    err = msim__diff_note(diff, "only one of the traces tells what routers saw; that was not compared");
  return err;
}

static int note_engines(struct msim_diff *diff)
{
  const struct msim__diff_side *a = &diff->side[0], *b = &diff->side[1];
  int err = msim__diff_note(
      diff,
      msim__diff_printf(diff,
                        "%s was written by engine %llu and %s by engine %llu: default runs of the two differ, and "
                        "CHANGELOG.md says in what; write both with one engine",
                        a->name, (unsigned long long)a->engine, b->name, (unsigned long long)b->engine));

  return err == MSIM_OK ? MSIM_ERR_INVALID : err;
}

int msim_diff_compare_sized(struct msim_diff *diff, enum msim_view view, struct msim_diff_result *out, size_t out_bytes)
{
  struct msim_diff_result *result;
  unsigned v;
  int err;

  if (diff == NULL || out == NULL || (unsigned)view >= MSIM_VIEWS)
    return MSIM_ERR_INVALID;
  if (!diff->side[0].is_read || !diff->side[1].is_read || diff->is_compared)
    return MSIM_ERR_STATE;
  diff->is_compared = true;
  if (diff->side[0].engine != diff->side[1].engine)
    return note_engines(diff);
  result = &diff->result;
  diff->view = view;
  if (has_no_lines(&diff->side[0]) || has_no_lines(&diff->side[1]))
    diff->stream_count = diff->flow_count = 0;
  msim__diff_pairs(diff);
  for (v = 0; v <= (unsigned)view; v++)
    result->differs = result->differs || result->view_differs[v];
  for (v = 0; v < 2; v++)
    result->line_count[v] = diff->side[v].line_count + 1;
  err = msim__diff_tell(diff);
  if (err == MSIM_OK)
    err = note_limits(diff);
  if (err == MSIM_OK && result->differs && !result->is_shown && diff->stream_count > 0)
    err =
        msim__diff_note(diff, "what differs shows in no line: addresses and ports, rare fields of headers, or what is "
                              "behind the first 120 bytes of a payload");
  if (err == MSIM_OK)
    err = msim__diff_causes(diff);
  if (err == MSIM_OK)
    msim__sized_out(out, out_bytes, result, sizeof *result);
  return err;
}

/* ---- what was found ---- */

const char *msim_view_name(enum msim_view view)
{
  static const char *const names[MSIM_VIEWS] = {"mail", "app", "seg", "wire", "rest"};

  return (unsigned)view < MSIM_VIEWS ? names[view] : NULL;
}

int msim_diff_first_sized(const struct msim_diff *diff, enum msim_view view, struct msim_diff_place *out,
                          size_t out_bytes)
{
  if ((unsigned)view >= MSIM_VIEWS || !diff->is_first[view])
    return MSIM_ERR_NOT_FOUND;
  msim__sized_out(out, out_bytes, &diff->first[view], sizeof diff->first[view]);
  return MSIM_OK;
}

const char *msim_diff_state(const struct msim_diff *diff)
{
  return diff->state;
}

int msim_diff_flow_at_sized(const struct msim_diff *diff, size_t index, struct msim_diff_flow *out, size_t out_bytes)
{
  if (index >= diff->told_flow_count)
    return MSIM_ERR_NOT_FOUND;
  msim__sized_out(out, out_bytes, &diff->told_flows[index], sizeof diff->told_flows[index]);
  return MSIM_OK;
}

int msim_diff_cause_at_sized(const struct msim_diff *diff, size_t index, struct msim_diff_cause *out, size_t out_bytes)
{
  if (index >= diff->cause_count)
    return MSIM_ERR_NOT_FOUND;
  msim__sized_out(out, out_bytes, &diff->causes[index], sizeof diff->causes[index]);
  return MSIM_OK;
}

const char *msim_diff_note_at(const struct msim_diff *diff, size_t index)
{
  return index < diff->note_count ? diff->notes[index] : NULL;
}
