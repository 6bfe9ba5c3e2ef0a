/* expect_draft.c: writes a first draft of an expectation from a run: the dialogues, and what became of each mail. It
 * holds for that run; which of it matters only a person can tell. */
#include "check/expect.h"

#include <string.h>

#include "text/units.h"

#define DRAFT_BYTES_MAX ((size_t)1024 * 1024)
#define DIALOGUES_MAX 20u
#define LINES_MAX 40u /* of one dialogue */
#define CLAIMS_MAX 200u
#define TEXT_BYTES_MAX 60u

/* ---- dialogues ---- */

/* How many bytes of an escaped text make its first line, at most TEXT_BYTES_MAX, without cutting an escape or a
 * character. *more: something is left out. */
static size_t first_line(const char *text, size_t size_bytes, bool *more)
{
  size_t at = 0, next;

  while (at < size_bytes) {
    if (size_bytes - at >= 4 && memcmp(text + at, "\\r\\n", 4) == 0) {
      *more = at + 4 < size_bytes;
      return at;
    }
    next = at + 1;
    if (text[at] == '\\')
      next = at + (at + 1 < size_bytes && text[at + 1] == 'x' ? 4 : 2);
    while (next < size_bytes && ((unsigned char)text[next] & 0xc0) == 0x80)
      next++;
    if (next > TEXT_BYTES_MAX || next > size_bytes)
      break;
    at = next;
  }
  *more = at < size_bytes;
  return at;
}

static void put_dialogue(struct msim__expect *expect, struct msim__buf *buf, const struct msim__log_conn *conn)
{
  const struct msim__log *log = &expect->log;
  const struct msim__expect_flow flow = {.dialogue = true};
  unsigned count = 0;
  uint32_t at;

  for (at = conn->first; at != MSIM__LOG_NONE; at = log->lines[at].next) {
    const char *line = msim__log_text(log, &log->lines[at]), *text;
    struct msim__log_fields fields;
    size_t size;
    bool more = false;

    if (log->lines[at].kind != MSIM__LOG_SEGMENT || !msim__expect_flow_counts(&flow, log, &log->lines[at]))
      continue;
    if (count++ == LINES_MAX) {
      msim__buf_append_text(buf, "  # and so on\n");
      break;
    }
    msim__log_fields(log, &log->lines[at], &fields);
    text = line + fields.text.begin;
    size = first_line(text, fields.text.size, &more);
    if (size > 6 && memcmp(text, "Date: ", 6) == 0) {
      size = 6;
      more = true;
    }
    if (count == 1)
      msim__buf_printf(buf, "\ndialogue %s\n", conn->name);
    msim__buf_append_text(buf, log->lines[at].from_client ? "  C \"" : "  S \"");
    msim__buf_append(buf, text, size);
    msim__buf_append_text(buf, more ? "*\"\n" : "\"\n");
  }
}

/* ---- what became of mails ---- */

struct claims {
  struct msim__names names; /* of the claims; object: number + 1 */
  struct msim__arena arena;
  uint32_t counts[CLAIMS_MAX];
};

static int add_claim(struct claims *claims, struct msim__buf *text)
{
  void *found;
  const char *kept;
  size_t number;
  int err;

  if (text->err != MSIM_OK)
    return text->err;
  found = msim__names_find(&claims->names, text->data, text->size_bytes);
  number = found != NULL ? (uintptr_t)found - 1 : claims->names.count;
  if (number >= CLAIMS_MAX)
    return MSIM_OK;
  if (found == NULL) {
    kept = msim__arena_text(&claims->arena, text->data, text->size_bytes);
    if (kept == NULL)
      return MSIM_ERR_NOMEM;
    err = msim__names_add(&claims->names, kept, text->size_bytes, (void *)((uintptr_t)number + 1));
    if (err != MSIM_OK)
      return err;
    claims->counts[number] = 0;
  }
  claims->counts[number]++;
  return MSIM_OK;
}

/* "m1 delivered to bob@b.example", "m1 bounced". */
static int add_event(struct claims *claims, struct msim__buf *text, const char *line,
                     const struct msim__log_fields *fields)
{
  static const char *const verbs[][2] = {
      {"message.bounced", "bounced"}, {"message.failed", "failed"}, {"message.refused", "refused"}};
  struct msim__span label, value, item;
  uint32_t at = 0;
  size_t i;
  int err = MSIM_OK;

  if (!msim__log_value_named(line, fields->values, "message", &label))
    return MSIM_OK;
  msim__buf_clear(text);
  msim__buf_append(text, line + label.begin, label.size);
  for (i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
    if (msim__span_is(line, fields->event, verbs[i][0])) {
      msim__buf_printf(text, " %s at ", verbs[i][1]);
      msim__buf_append(text, line + fields->host.begin, fields->host.size);
      return add_claim(claims, text);
    }
  if (!msim__span_is(line, fields->event, "store.add") ||
      !msim__log_value_named(line, fields->values, "durable", &value) || !msim__span_is(line, value, "true") ||
      !msim__log_value_named(line, fields->values, "to", &value))
    return MSIM_OK;
  while (err == MSIM_OK && msim__log_item(line, value, &at, &item)) {
    msim__buf_clear(text);
    msim__buf_append(text, line + label.begin, label.size);
    msim__buf_append_text(text, " delivered to ");
    msim__buf_append(text, line + item.begin, item.size);
    err = add_claim(claims, text);
  }
  return err;
}

static int list_claims(struct msim__expect *expect, struct claims *claims)
{
  const struct msim__log *log = &expect->log;
  struct msim__log_fields fields;
  struct msim__buf text;
  size_t i;
  int err = MSIM_OK;

  msim__buf_init(&text, expect->mem, 4096);
  for (i = 0; i < log->line_count && err == MSIM_OK; i++) {
    if (log->lines[i].kind != MSIM__LOG_EVENT)
      continue;
    msim__log_fields(log, &log->lines[i], &fields);
    err = add_event(claims, &text, msim__log_text(log, &log->lines[i]), &fields);
  }
  msim__buf_release(&text);
  return err;
}

static int put_ends(struct msim__expect *expect, struct msim__buf *buf)
{
  struct claims claims;
  uint64_t open = 0;
  uint32_t first;
  size_t i;
  int err;

  memset(&claims, 0, sizeof claims);
  msim__names_init(&claims.names, expect->mem);
  msim__arena_init(&claims.arena, expect->mem);
  err = list_claims(expect, &claims);
  if (err == MSIM_OK)
    err = msim__expect_open_count(expect, &open, &first);
  msim__buf_append_text(buf, "\nfinally\n");
  for (i = 0; i < claims.names.count; i++) {
    msim__buf_append_text(buf, "  ");
    msim__buf_append(buf, claims.names.rows[i].name, claims.names.rows[i].name_bytes);
    msim__buf_printf(buf, " %lu\n", (unsigned long)claims.counts[i]);
  }
  if (expect->waiting_count == 0 && expect->has_waiting)
    msim__buf_append_text(buf, "  queues empty\n");
  if (open == 0)
    msim__buf_append_text(buf, "  tcp none open\n");
  msim__names_release(&claims.names);
  msim__arena_release(&claims.arena);
  return err;
}

int msim__expect_draft(struct msim__expect *expect, const char *topology, uint64_t seed, const struct msim_out *out)
{
  struct msim__buf buf;
  bool is_word = strcspn(topology, " \t\"#;|{}") == strlen(topology);
  size_t i, shown = 0;
  int err;

  msim__buf_init(&buf, expect->mem, DRAFT_BYTES_MAX);
  msim__buf_printf(&buf,
                   "# A draft from one run, which keeps it: leave what has to stay so, and take the rest away.\n"
                   "topology %s%s%s\nseed %llu\n",
                   is_word ? "" : "\"", topology, is_word ? "" : "\"", (unsigned long long)seed);
  for (i = 0; i < expect->log.conn_count && shown < DIALOGUES_MAX; i++) {
    size_t before = buf.size_bytes;

    put_dialogue(expect, &buf, &expect->log.conns[i]);
    shown += buf.size_bytes != before;
  }
  err = put_ends(expect, &buf);
  if (err == MSIM_OK)
    err = buf.err;
  if (err == MSIM_OK)
    err = out->write(out->ctx, buf.data, buf.size_bytes);
  msim__buf_release(&buf);
  return err;
}
