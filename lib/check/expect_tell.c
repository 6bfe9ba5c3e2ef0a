/* expect_tell.c: what was wanted, what came nearest, a caret under what differs, and the lines around it. Does not
 * decide anything. */
#include "check/expect.h"

#include <stdio.h>
#include <string.h>

#include "text/units.h"
#include "text/utf8.h"

#define SENTENCE_BYTES_MAX ((size_t)64 * 1024)
#define TEXT_BYTES_SHOWN 64u
#define EVENT_BYTES_SHOWN 110u
#define LINES_AROUND 2u /* in front of the nearest line, and behind it */

int msim__expect_fail(struct msim__expect *expect, unsigned line, unsigned column, struct msim__buf *text)
{
  struct msim__expect_failure *failure;
  const char *kept;
  int err = text->err == MSIM_ERR_NOMEM ? MSIM_ERR_NOMEM : MSIM_OK;

  if (err == MSIM_OK)
    err = msim__grow(expect->mem, &expect->failures, &expect->failure_capacity, expect->failure_count + 1,
                     MSIM__EXPECT_ITEMS_MAX * 2, sizeof *expect->failures);
  if (err != MSIM_OK)
    return err;
  kept = msim__arena_text(&expect->verdict, msim__buf_text(text), text->size_bytes);
  if (kept == NULL)
    return MSIM_ERR_NOMEM;
  failure = &expect->failures[expect->failure_count++];
  failure->line = line;
  failure->column = column;
  failure->text = kept;
  return MSIM_OK;
}

/* ---- a line, as short as it can be understood ---- */

static size_t characters(const char *text, size_t size_bytes)
{
  size_t i, count = 0;

  for (i = 0; i < size_bytes; i++)
    count += ((unsigned char)text[i] & 0xc0) != 0x80;
  return count;
}

struct short_line {
  struct msim__buf *buf;
  const char *line;
  size_t begin;         /* of the line in buf */
  struct msim__span at; /* the span under which a caret is wanted */
  size_t caret;         /* in characters; SIZE_MAX: not met yet */
};

static void put_span(struct short_line *s, const char *before, struct msim__span span, size_t bytes_max,
                     const char *after)
{
  size_t size = span.size;

  msim__buf_append_text(s->buf, before);
  if (span.begin <= s->at.begin && s->at.begin < span.begin + (span.size > 0 ? span.size : 1) && s->buf->data != NULL) {
    size_t inside = s->at.begin - span.begin;

    s->caret = characters(s->buf->data + s->begin, s->buf->size_bytes - s->begin);
    if (inside <= bytes_max)
      s->caret += characters(s->line + span.begin, inside);
  }
  if (size > bytes_max)
    size = msim__utf8_cut((const uint8_t *)s->line + span.begin, size, bytes_max);
  msim__buf_append(s->buf, s->line + span.begin, size);
  if (size < span.size)
    msim__buf_append_text(s->buf, "\xe2\x80\xa6");
  msim__buf_append_text(s->buf, after);
}

static void put_packet(struct short_line *s, const struct msim__log_fields *f, bool options)
{
  put_span(s, " ", f->segment, SIZE_MAX, "");
  if (f->flags.size > 0)
    put_span(s, " ", f->flags, SIZE_MAX, "");
  put_span(s, " ", f->range, SIZE_MAX, "");
  if (f->ack.size > 0)
    put_span(s, " ack ", f->ack, SIZE_MAX, "");
  if (f->win.size > 0)
    put_span(s, " win ", f->win, SIZE_MAX, "");
  if (f->options.size > 0 && options)
    put_span(s, " ", f->options, SIZE_MAX, "");
  if (f->fate.size > 0)
    put_span(s, " ", f->fate, SIZE_MAX, "");
  if (f->has_text)
    put_span(s, " \"", f->text, TEXT_BYTES_SHOWN, "\"");
  if (f->unit.size > 0)
    put_span(s, " ", f->unit, SIZE_MAX, "");
  if (f->values.size > 0)
    put_span(s, " ", f->values, EVENT_BYTES_SHOWN, "");
  if (f->rtx.size > 0)
    put_span(s, " rtx ", f->rtx, SIZE_MAX, "");
}

/* Appends the line behind a mark of two columns; at: where a caret is wanted, its column is returned. conn: the name of
 * the connection is shown too. */
static size_t put_line(struct msim__expect *expect, struct msim__buf *buf, const char *mark, uint32_t number,
                       struct msim__span at, enum msim__want_field field, bool conn)
{
  const struct msim__log_line *entry = &expect->log.lines[number];
  struct msim__log_fields f;
  struct short_line s = {buf, msim__log_text(&expect->log, entry), 0, at, SIZE_MAX};
  char time[MSIM__UNITS_TEXT_BYTES];

  msim__log_fields(&expect->log, entry, &f);
  msim__buf_append_text(buf, mark);
  s.begin = buf->size_bytes;
  (void)msim__units_format_seconds(entry->at_ns, time);
  time[strlen(time) - 3] = '\0'; /* microseconds are enough to read */
  msim__buf_append_text(buf, time);
  if (entry->kind == MSIM__LOG_SEGMENT || entry->kind == MSIM__LOG_DATAGRAM) {
    if (conn)
      put_span(&s, " ", f.conn, SIZE_MAX, "");
    put_packet(&s, &f, field == MSIM__WANT_OPTIONS);
  } else {
    put_span(&s, " ", f.host, SIZE_MAX, "");
    if (entry->kind == MSIM__LOG_STATE)
      put_span(&s, " ", f.conn, SIZE_MAX, "");
    put_span(&s, " ", f.event, SIZE_MAX, "");
    if (f.values.size > 0)
      put_span(&s, " ", f.values, EVENT_BYTES_SHOWN, "");
  }
  if (s.caret == SIZE_MAX && buf->data != NULL) /* what is missing belongs to the end */
    s.caret = characters(buf->data + s.begin, buf->size_bytes - s.begin) + 1;
  msim__buf_append_byte(buf, '\n');
  return s.caret;
}

static void put_caret(struct msim__buf *buf, size_t column, const char *what)
{
  size_t i;

  for (i = 0; i < column && i < 400; i++)
    msim__buf_append_byte(buf, ' ');
  msim__buf_append_text(buf, "^ ");
  msim__buf_append_text(buf, what);
  msim__buf_append_byte(buf, '\n');
}

#define WANTED "  wanted   "
#define NEAREST "  nearest  "

/* ---- flows ---- */

/* The lines of the connection that count around one of them. */
static void put_around(struct msim__expect *expect, struct msim__buf *buf, const struct msim__expect_flow *flow,
                       uint32_t conn, uint32_t nearest)
{
  const struct msim__log *log = &expect->log;
  uint32_t window[2 * LINES_AROUND + 1], at, count = 0, behind = 0, i;
  static const struct msim__span nowhere = {UINT32_MAX, 0};
  bool met = false;

  for (at = log->conns[conn].first; at != MSIM__LOG_NONE && behind < LINES_AROUND; at = log->lines[at].next) {
    if (!msim__expect_flow_counts(flow, log, &log->lines[at]))
      continue;
    behind += met ? 1 : 0;
    met = met || at == nearest;
    if (count == 2 * LINES_AROUND + 1 || (!met && nearest != MSIM__LOG_NONE && count == LINES_AROUND + 1)) {
      memmove(window, window + 1, (count - 1) * sizeof *window);
      count--;
    }
    window[count++] = at;
  }
  msim__buf_printf(buf, "  %s %.200s\n", flow->dialogue ? "dialogue" : "flow", log->conns[conn].name);
  for (i = 0; i < count; i++)
    (void)put_line(expect, buf, window[i] == nearest ? "  > " : "    ", window[i], nowhere, MSIM__WANT_FIELDS, false);
}

static void put_wanted(struct msim__expect *expect, struct msim__buf *buf, const struct msim__flow_item *item,
                       size_t want)
{
  static const char *const timings[] = {"", " within ", " exactly ", " after "};
  char duration[MSIM__UNITS_TEXT_BYTES];
  size_t i;

  msim__buf_append_text(buf, WANTED);
  if (item->kind == MSIM__ITEM_END) {
    msim__buf_append_text(buf, "the end of the connection's lines\n");
    return;
  }
  if (item->kind == MSIM__ITEM_UNORDERED && want != MSIM__EXPECT_NONE) {
    msim__buf_append_text(buf, expect->wants[want].shown);
  } else {
    for (i = 0; i < item->want_count; i++) {
      msim__buf_append_text(buf, i == 0 ? "" : item->kind == MSIM__ITEM_UNORDERED ? " ; " : " | ");
      msim__buf_append_text(buf, expect->wants[item->first_want + i].shown);
    }
  }
  if (item->timing != MSIM__TIMING_NONE) {
    (void)msim__units_format_duration(item->timing_ns, duration);
    msim__buf_printf(buf, "%s%s", timings[item->timing], duration);
  }
  msim__buf_append_byte(buf, '\n');
}

int msim__expect_tell_flow(struct msim__expect *expect, const struct msim__expect_flow *flow,
                           const struct msim__flow_outcome *outcome)
{
  const struct msim__flow_item *item = expect->items != NULL ? &expect->items[outcome->item] : NULL;
  struct msim__buf buf;
  unsigned line = flow->line, column = 0;
  size_t i, caret;
  int err;

  msim__buf_init(&buf, expect->mem, SENTENCE_BYTES_MAX);
  if (outcome->conn == MSIM__LOG_NONE) {
    msim__buf_printf(&buf, "there is no connection %.200s\n", flow->conn);
    for (i = 0; i < expect->log.conn_count && i < 5; i++)
      msim__buf_printf(&buf, "  %s %.200s\n", i == 0 ? "there is" : "        ", expect->log.conns[i].name);
  } else {
    line = item->line;
    if (outcome->want != MSIM__EXPECT_NONE) {
      line = expect->wants[outcome->want].line;
      column = expect->wants[outcome->want].column;
    }
    msim__buf_append_text(&buf, item->kind == MSIM__ITEM_END ? "something comes behind the last line\n"
                                : outcome->late              ? "this line does not come at that time\n"
                                : outcome->nearest == MSIM__LOG_NONE
                                    ? "this line does not come: the connection has no more\n"
                                    : "this line does not come\n");
    put_wanted(expect, &buf, item, outcome->want);
    if (outcome->nearest != MSIM__LOG_NONE) {
      caret = put_line(expect, &buf, NEAREST, outcome->nearest, outcome->result.at, outcome->result.field, false);
      if (item->kind != MSIM__ITEM_END)
        put_caret(&buf, strlen(NEAREST) + (outcome->late ? 0 : caret),
                  outcome->late ? "time" : msim__want_field_name(outcome->result.field));
    }
    put_around(expect, &buf, flow, outcome->conn, outcome->nearest);
  }
  err = msim__expect_fail(expect, line, column, &buf);
  msim__buf_release(&buf);
  return err;
}

/* ---- single lines ---- */

static void put_count(struct msim__buf *buf, const struct msim__claim *claim)
{
  if (claim->min == claim->max)
    msim__buf_printf(buf, "%llu time%s", (unsigned long long)claim->min, claim->min == 1 ? "" : "s");
  else if (claim->max == UINT64_MAX)
    msim__buf_printf(buf, "%llu time%s or more", (unsigned long long)claim->min, claim->min == 1 ? "" : "s");
  else
    msim__buf_printf(buf, "%llu to %llu times", (unsigned long long)claim->min, (unsigned long long)claim->max);
}

/* The line that agrees in most fields. */
static void put_nearest(struct msim__expect *expect, struct msim__buf *buf, const struct msim__want *want)
{
  struct msim__want_result best, result;
  uint32_t nearest = MSIM__LOG_NONE, i;
  size_t caret;

  memset(&best, 0, sizeof best);
  for (i = 0; i < expect->log.line_count && msim__expect_spend(expect, 1) == MSIM_OK; i++) {
    msim__want_test(want, &expect->log, &expect->log.lines[i], &result);
    if (result.fits || result.agreed > best.agreed) {
      best = result;
      nearest = i;
      if (result.fits)
        break;
    }
  }
  if (nearest == MSIM__LOG_NONE)
    return;
  caret = put_line(expect, buf, NEAREST, nearest, best.at, best.field, true);
  put_caret(buf, strlen(NEAREST) + (best.fits ? 0 : caret), best.fits ? "time" : msim__want_field_name(best.field));
}

static void put_whole(struct msim__expect *expect, struct msim__buf *buf, const struct msim__claim *claim,
                      uint64_t count, uint32_t found)
{
  static const struct msim__span nowhere = {UINT32_MAX, 0};

  if (claim->what == MSIM__CLAIM_QUEUES) {
    msim__buf_printf(buf, "%llu recipient%s wait%s in queues at the end\n", (unsigned long long)count,
                     count == 1 ? "" : "s", count == 1 ? "s" : "");
    return;
  }
  msim__buf_printf(buf, "%llu end%s of connections %s open at the end\n", (unsigned long long)count,
                   count == 1 ? "" : "s", count == 1 ? "is" : "are");
  if (found != MSIM__LOG_NONE)
    (void)put_line(expect, buf, "  state    ", found, nowhere, MSIM__WANT_FIELDS, true);
}

static bool is_unmet(const struct msim__expect *expect, size_t moment)
{
  return moment != MSIM__EXPECT_NONE && expect->moments[moment].found == MSIM__LOG_NONE;
}

static void put_moment(struct msim__expect *expect, struct msim__buf *buf, size_t moment)
{
  if (is_unmet(expect, moment))
    msim__buf_printf(buf, "  the moment %.60s (line %u) is not met\n", expect->moments[moment].name,
                     expect->moments[moment].line);
}

int msim__expect_tell_claim(struct msim__expect *expect, const struct msim__claim *claim, uint64_t count,
                            uint32_t found)
{
  static const struct msim__span nowhere = {UINT32_MAX, 0};
  struct msim__buf buf;
  int err;

  msim__buf_init(&buf, expect->mem, SENTENCE_BYTES_MAX);
  if (claim->what != MSIM__CLAIM_LINE) {
    put_whole(expect, &buf, claim, count, found);
  } else if (count > claim->max) {
    msim__buf_append_text(&buf, claim->when == MSIM__CLAIM_NEVER ? "this happens, and never should\n"
                                                                 : "this happens too often: wanted ");
    if (claim->when != MSIM__CLAIM_NEVER) {
      put_count(&buf, claim);
      msim__buf_append_byte(&buf, '\n');
    }
    msim__buf_printf(&buf, "%s%s\n", WANTED, claim->shown);
    (void)put_line(expect, &buf, "  found    ", found, nowhere, MSIM__WANT_FIELDS, true);
  } else if (is_unmet(expect, claim->after) || is_unmet(expect, claim->before)) {
    msim__buf_printf(&buf, "nothing can be said about this\n%s%s\n", WANTED, claim->shown);
    put_moment(expect, &buf, claim->after);
    put_moment(expect, &buf, claim->before);
  } else if (count >= claim->min && claim->label != NULL) {
    msim__buf_printf(&buf, "this run has no message %.80s, so it says nothing about it\n", claim->label);
  } else {
    if (count == 0)
      msim__buf_append_text(&buf, "this does not happen");
    else
      msim__buf_printf(&buf, "this happens %llu time%s, not ", (unsigned long long)count, count == 1 ? "" : "s");
    if (count > 0)
      put_count(&buf, claim);
    if (claim->within_ns != MSIM_NEVER)
      msim__buf_append_text(&buf, " in that time");
    msim__buf_printf(&buf, "\n%s%s\n", WANTED, claim->shown);
    if (count == 0)
      put_nearest(expect, &buf, &expect->wants[claim->want]);
    else if (found != MSIM__LOG_NONE)
      (void)put_line(expect, &buf, "  found    ", found, nowhere, MSIM__WANT_FIELDS, true);
  }
  err = msim__expect_fail(expect, claim->line, claim->column, &buf);
  msim__buf_release(&buf);
  return err;
}
