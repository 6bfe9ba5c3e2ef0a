/* verdict.c: see verdict.h. */
#include "check/verdict.h"

#include <mailsim/packet.h>

#include <string.h>

#include "check/predicate.h"
#include "text/buf.h"
#include "text/escape.h"

#define SENTENCE_BYTES_MAX 4096u
#define VALUES_SHOWN 4u
#define WORD_BYTES_SHOWN 120u
#define NONE MSIM__SEEN_NONE

struct teller {
  const struct msim__scene *scene;
  const struct msim__observation *obs;
  struct msim__judgement *judgement;
  struct msim__verdict *out;
  struct msim__buf buf;
};

/* What stands in the buffer becomes a failure. A sentence that is too long ends where the room does. */
static int end_failure(struct teller *teller)
{
  const char *text;

  if (teller->buf.err == MSIM_ERR_NOMEM)
    return MSIM_ERR_NOMEM;
  text = msim__arena_text(&teller->judgement->arena, teller->buf.data, teller->buf.size_bytes);
  if (text == NULL)
    return MSIM_ERR_NOMEM;
  teller->out->failures[teller->out->failure_count++] = text;
  msim__buf_clear(&teller->buf);
  return MSIM_OK;
}

static void add_word(struct msim__buf *buf, const char *text)
{
  struct msim_slice bytes;

  bytes.data = (const uint8_t *)text;
  bytes.size_bytes = text != NULL ? strlen(text) : 0;
  if (bytes.size_bytes > WORD_BYTES_SHOWN)
    bytes.size_bytes = WORD_BYTES_SHOWN;
  (void)msim__escape_append(buf, bytes);
}

static void add_value(struct msim__buf *buf, const struct msim__seen_value *value)
{
  msim__buf_append_byte(buf, ' ');
  add_word(buf, value->name);
  msim__buf_append_byte(buf, '=');
  switch (value->kind) {
  case MSIM__SEEN_TEXT:
    add_word(buf, value->u.text);
    break;
  case MSIM__SEEN_INT:
    msim__buf_append_int(buf, value->u.integer);
    break;
  case MSIM__SEEN_BOOL:
    msim__buf_append_text(buf, value->u.truth ? "true" : "false");
    break;
  case MSIM__SEEN_LIST:
  case MSIM__SEEN_OTHER:
    msim__buf_append_text(buf, "...");
    break;
  }
}

static void add_flags(struct msim__buf *buf, uint8_t flags)
{
  static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
  const char *between = "";
  unsigned i;

  for (i = 0; i < 8; i++)
    if ((flags >> i & 1) != 0) {
      msim__buf_append_text(buf, between);
      msim__buf_append_text(buf, names[i]);
      between = "+";
    }
  if (flags == 0)
    msim__buf_append_byte(buf, '-');
}

/* "n=44 segment tx pc-a>isp-x:25#1 c5 PSH+ACK len=60 mail.content(m1)" */
static void add_brief(const struct teller *teller, struct msim__buf *buf, const struct msim__seen *r)
{
  size_t i;

  msim__buf_append_text(buf, "n=");
  msim__buf_append_uint(buf, r->n);
  if (r->kind == MSIM__SEEN_APP) {
    msim__buf_append_text(buf, " app ");
    add_word(buf, r->from);
    msim__buf_append_byte(buf, ' ');
    add_word(buf, r->u.app.event);
    for (i = 0; r->u.app.values != NULL && i < r->u.app.values->count && i < VALUES_SHOWN; i++)
      add_value(buf, &r->u.app.values->items[i]);
    return;
  }
  if (r->kind == MSIM__SEEN_ARP) {
    msim__buf_append_text(buf, " arp ");
    add_word(buf, r->from);
    msim__buf_append_byte(buf, '>');
    add_word(buf, r->to);
    msim__buf_append_byte(buf, ' ');
    add_word(buf, r->u.arp.what);
    return;
  }
  msim__buf_append_text(buf, r->kind == MSIM__SEEN_SEGMENT ? " segment " : " datagram ");
  msim__buf_append_text(buf, r->point == MSIM_POINT_TX ? "tx " : "rx ");
  add_word(buf, teller->obs->conns[r->u.wire.conn].name);
  msim__buf_append_byte(buf, ' ');
  add_word(buf, r->u.wire.seg);
  msim__buf_append_byte(buf, ' ');
  add_flags(buf, r->flags);
  msim__buf_append_text(buf, " len=");
  msim__buf_append_uint(buf, r->u.wire.len_bytes);
  for (i = 0; r->u.wire.units != NULL && i < r->u.wire.units->count && i < VALUES_SHOWN; i++) {
    const struct msim__seen_unit *unit = &r->u.wire.units->items[i];

    msim__buf_append_byte(buf, i == 0 ? ' ' : ',');
    add_word(buf, unit->unit);
    if (unit->message != NULL) {
      msim__buf_append_byte(buf, '(');
      add_word(buf, unit->message);
      msim__buf_append_byte(buf, ')');
    }
  }
}

/* ---- steps ---- */

static void tell_blockers(struct teller *teller, const struct msim__assignment *walk, const struct msim__step *step,
                          bool narrated)
{
  const char *between = " is not reached: it needs step ";
  size_t i;

  for (i = 0; i < step->causal_count; i++) {
    if (walk->anchors[step->causal[i]] != NONE)
      continue;
    msim__buf_append_text(&teller->buf, between);
    msim__buf_append_uint(&teller->buf, teller->scene->steps[step->causal[i]].number);
    between = ", ";
  }
  if (narrated && step->narrated != MSIM__ATOM_NONE && walk->anchors[step->narrated] == NONE && *between == ' ') {
    msim__buf_append_text(&teller->buf, between);
    msim__buf_append_uint(&teller->buf, teller->scene->steps[step->narrated].number);
  }
}

static void tell_missing(struct teller *teller, const struct msim__outcome *outcome)
{
  struct msim__buf *buf = &teller->buf;
  const char *between = " (not: ";
  unsigned test;

  msim__buf_append_text(buf, " is missing: nothing past ");
  if (outcome->bound == MSIM__BOUND_START) {
    msim__buf_append_text(buf, "the start");
  } else {
    msim__buf_append_text(buf, "n=");
    msim__buf_append_uint(buf, teller->obs->records[outcome->bound].n);
  }
  msim__buf_append_text(buf, " is its atom ");
  add_word(buf, teller->scene->atoms[outcome->atom].p.id);
  if (outcome->nearest == NONE) {
    msim__buf_append_text(buf, ", and there is no record of that kind");
    return;
  }
  msim__buf_append_text(buf, "; nearest is ");
  add_brief(teller, buf, &teller->obs->records[outcome->nearest]);
  for (test = 0; test < MSIM__TESTS; test++) {
    if ((outcome->failures >> test & 1) == 0)
      continue;
    msim__buf_append_text(buf, between);
    msim__buf_append_text(buf, msim__test_name((enum msim__test)test));
    between = ", ";
  }
  msim__buf_append_byte(buf, ')');
}

static int tell_step(struct teller *teller, size_t index)
{
  const struct msim__judgement *judgement = teller->judgement;
  const struct msim__step *step = &teller->scene->steps[index];
  const struct msim__assignment *walk = &judgement->walks[0];
  bool narrated = judgement->order == MSIM_SCENE_NARRATED;

  if (walk->outcomes[index].state == MSIM_SCENE_OBSERVED) {
    teller->out->observed_count++;
    if (judgement->walk_count < 2 || judgement->walks[1].outcomes[index].state == MSIM_SCENE_OBSERVED)
      return MSIM_OK;
    walk = &judgement->walks[1];
    narrated = true;
  }
  msim__buf_append_text(&teller->buf, "step ");
  msim__buf_append_uint(&teller->buf, step->number);
  msim__buf_append_text(&teller->buf, " (");
  add_word(&teller->buf, step->actor->name);
  msim__buf_append_text(&teller->buf,
                        narrated && judgement->walk_count == 2 ? ", only in the order of the telling)" : ")");
  if (walk->outcomes[index].state == MSIM_SCENE_MISSING) {
    tell_missing(teller, &walk->outcomes[index]);
  } else if (walk->outcomes[index].blocker != NULL) {
    msim__buf_append_text(&teller->buf, " is not reached: it needs ");
    add_word(&teller->buf, walk->outcomes[index].blocker);
  } else {
    tell_blockers(teller, walk, step, narrated);
  }
  return end_failure(teller);
}

/* ---- the rest ---- */

static int tell_never(struct teller *teller, size_t index)
{
  const struct msim__never *never = &teller->scene->nevers[index];
  uint32_t hit = teller->judgement->never_hits[index];

  if (hit == NONE)
    return MSIM_OK;
  msim__buf_append_text(&teller->buf, "forbidden by ");
  add_word(&teller->buf, never->p.id);
  msim__buf_append_text(&teller->buf, ": ");
  add_brief(teller, &teller->buf, &teller->obs->records[hit]);
  if (never->why != NULL) {
    msim__buf_append_text(&teller->buf, "; ");
    add_word(&teller->buf, never->why);
  }
  return end_failure(teller);
}

static int tell_omitted(struct teller *teller, size_t index)
{
  const struct msim__omitted *omitted = &teller->scene->omitteds[index];
  const char *problem = teller->judgement->omitted_problems[index];

  if (problem == NULL || !omitted->must_occur)
    return MSIM_OK;
  msim__buf_append_text(&teller->buf, omitted->is_teardown ? "the closing of " : "the opening of ");
  add_word(&teller->buf, teller->scene->conns[omitted->conn].name);
  msim__buf_append_text(&teller->buf, " is incomplete: ");
  msim__buf_append_text(&teller->buf, problem);
  return end_failure(teller);
}

static int tell_finally(struct teller *teller, size_t index)
{
  const char *problem = teller->judgement->finally_problems[index];

  if (problem == NULL)
    return MSIM_OK;
  msim__buf_append_text(&teller->buf, "at the end ");
  add_word(&teller->buf, teller->scene->finallys[index].id);
  msim__buf_append_text(&teller->buf, " does not hold: ");
  add_word(&teller->buf, problem);
  return end_failure(teller);
}

static int tell_unmet(struct teller *teller, size_t index)
{
  const struct msim__requirement *q = &teller->scene->requirements[index];
  static const char *const texts[] = {"a mailbox does not hold what it should at ",
                                      "no link is up at ",
                                      "the address is of another sort at ",
                                      "there is a DHCP server",
                                      "there is a DNS server",
                                      "addresses are translated"};

  if (!teller->judgement->unmet[index])
    return MSIM_OK;
  teller->out->applicable = false;
  msim__buf_append_text(&teller->buf, "the scene does not apply to this run: ");
  msim__buf_append_text(&teller->buf, texts[q->kind]);
  add_word(&teller->buf, q->host.name);
  return end_failure(teller);
}

static void summary_walk(struct teller *teller, const char *name, const struct msim__assignment *walk)
{
  size_t i;

  msim__buf_append_text(&teller->buf, name);
  for (i = 0; i < teller->scene->step_count; i++)
    if (walk->outcomes[i].state != MSIM_SCENE_OBSERVED)
      break;
  if (i == teller->scene->step_count) {
    msim__buf_append_text(&teller->buf, " ok");
    return;
  }
  msim__buf_append_text(&teller->buf, " fails at step ");
  msim__buf_append_uint(&teller->buf, teller->scene->steps[i].number);
}

static void summary_count(struct teller *teller, size_t count, const char *text)
{
  if (count == 0)
    return;
  msim__buf_append_text(&teller->buf, ", ");
  msim__buf_append_uint(&teller->buf, count);
  msim__buf_append_text(&teller->buf, text);
}

static int summarise(struct teller *teller, size_t never_count, size_t omitted_count, size_t finally_count)
{
  struct msim__judgement *judgement = teller->judgement;

  msim__buf_append_text(&teller->buf, "scene ");
  add_word(&teller->buf, teller->scene->name);
  msim__buf_append_text(&teller->buf, teller->out->applicable ? ": " : ": not applicable, ");
  msim__buf_append_uint(&teller->buf, teller->out->observed_count);
  msim__buf_append_byte(&teller->buf, '/');
  msim__buf_append_uint(&teller->buf, teller->scene->step_count);
  msim__buf_append_text(&teller->buf, " steps");
  summary_walk(teller, judgement->order == MSIM_SCENE_NARRATED ? ", narrated" : ", causal", &judgement->walks[0]);
  if (judgement->walk_count == 2)
    summary_walk(teller, ", narrated", &judgement->walks[1]);
  summary_count(teller, never_count, " never violated");
  summary_count(teller, omitted_count, " omitted missing");
  summary_count(teller, finally_count, " finally wrong");
  if (teller->buf.err == MSIM_ERR_NOMEM)
    return MSIM_ERR_NOMEM;
  teller->out->summary = msim__arena_text(&judgement->arena, teller->buf.data, teller->buf.size_bytes);
  return teller->out->summary != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

typedef int tell_fn(struct teller *teller, size_t index);

/* Returns how many sentences were added, or an error. */
static int tell_all(struct teller *teller, tell_fn *fn, size_t count, size_t *added)
{
  size_t before = teller->out->failure_count, i;
  int err = MSIM_OK;

  for (i = 0; i < count && err == MSIM_OK; i++)
    err = fn(teller, i);
  *added = teller->out->failure_count - before;
  return err;
}

int msim__verdict_tell(const struct msim__scene *scene, const struct msim__observation *obs,
                       struct msim__judgement *judgement, struct msim__verdict *out)
{
  struct teller teller = {.scene = scene, .obs = obs, .judgement = judgement, .out = out};
  size_t most =
      scene->step_count + scene->never_count + scene->omitted_count + scene->finally_count + scene->requirement_count;
  size_t steps, nevers = 0, omitteds = 0, finallys = 0, unmet = 0;
  int err;

  memset(out, 0, sizeof *out);
  out->applicable = true;
  out->failures = msim__arena_alloc(&judgement->arena, most * sizeof *out->failures);
  if (out->failures == NULL)
    return MSIM_ERR_NOMEM;
  msim__buf_init(&teller.buf, obs->mem, SENTENCE_BYTES_MAX);
  err = tell_all(&teller, tell_unmet, scene->requirement_count, &unmet);
  if (err == MSIM_OK)
    err = tell_all(&teller, tell_step, scene->step_count, &steps);
  if (err == MSIM_OK)
    err = tell_all(&teller, tell_never, scene->never_count, &nevers);
  if (err == MSIM_OK)
    err = tell_all(&teller, tell_omitted, scene->omitted_count, &omitteds);
  if (err == MSIM_OK)
    err = tell_all(&teller, tell_finally, scene->finally_count, &finallys);
  if (err == MSIM_OK)
    err = summarise(&teller, nevers, omitteds, finallys);
  msim__buf_release(&teller.buf);
  out->holds = err == MSIM_OK && out->failure_count == 0;
  return err;
}
