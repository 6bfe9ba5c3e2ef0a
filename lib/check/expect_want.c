/* expect_want.c: whether a line of a run is the one that is looked for, and if not, which field differs first. Does not
 * read patterns: expect_word.c does. */
#include "check/expect.h"

#include <string.h>

#include "text/pattern.h"

const char *msim__want_field_name(enum msim__want_field field)
{
  static const char *const names[] = {
#define MSIM__WANT_NAME(name, text) text,
      MSIM__WANT_MAP(MSIM__WANT_NAME)
#undef MSIM__WANT_NAME
  };

  return field < MSIM__WANT_FIELDS ? names[field] : "";
}

static bool matches(const char *glob, const char *line, struct msim__span span)
{
  struct msim_slice pattern, text;

  pattern.data = (const uint8_t *)glob;
  pattern.size_bytes = strlen(glob);
  text.data = (const uint8_t *)line + span.begin;
  text.size_bytes = span.size;
  return msim__pattern_match(pattern, text);
}

/* Also without the end of its last line, as the fault `drop` reads it. */
static bool text_matches(const char *glob, const char *line, struct msim__span span)
{
  if (matches(glob, line, span))
    return true;
  if (span.size < 4 || memcmp(line + span.begin + span.size - 4, "\\r\\n", 4) != 0)
    return false;
  span.size -= 4;
  return matches(glob, line, span);
}

/* One of several fates: "+10ms dup+12ms". */
static bool fate_matches(const char *glob, const char *line, struct msim__span span)
{
  uint32_t end = span.begin + span.size, at, depth = 0;
  struct msim__span one = {span.begin, 0};

  if (matches(glob, line, span))
    return true;
  for (at = span.begin; at <= end; at++) {
    if (at < end && (line[at] != ' ' || depth > 0)) {
      depth += line[at] == '(' ? 1 : 0;
      depth -= line[at] == ')' && depth > 0 ? 1 : 0;
      continue;
    }
    one.size = at - one.begin;
    if (one.size > 0 && matches(glob, line, one))
      return true;
    one.begin = at + 1;
  }
  return false;
}

/* Of a list one item is enough. */
static bool value_matches(const char *glob, const char *line, struct msim__span value)
{
  struct msim__span item;
  uint32_t at = 0;

  if (matches(glob, line, value))
    return true;
  while (msim__log_item(line, value, &at, &item))
    if (matches(glob, line, item))
      return true;
  return false;
}

/* The first value that is not there, or is another one; at is then its place. */
static bool values_match(const struct msim__want *want, const char *line, const struct msim__log_fields *fields,
                         struct msim__span *at)
{
  struct msim__span value;
  size_t i;

  for (i = 0; i < want->value_count; i++) {
    if (!msim__log_value_named(line, fields->values, want->values[i].name, &value)) {
      at->begin = fields->tail;
      at->size = 0;
      return false;
    }
    if (!value_matches(want->values[i].glob, line, value)) {
      *at = value;
      return false;
    }
  }
  return true;
}

static struct msim__span span_of(const struct msim__log_fields *fields, enum msim__want_field field)
{
  const struct msim__span spans[MSIM__WANT_FIELDS] = {
      [MSIM__WANT_KIND] = fields->kind,       [MSIM__WANT_CONN] = fields->conn,
      [MSIM__WANT_SIDE] = fields->segment,    [MSIM__WANT_SEGMENT] = fields->segment,
      [MSIM__WANT_HOST] = fields->host,       [MSIM__WANT_EVENT] = fields->event,
      [MSIM__WANT_FLAGS] = fields->flags,     [MSIM__WANT_RANGE] = fields->range,
      [MSIM__WANT_ACK] = fields->ack,         [MSIM__WANT_WINDOW] = fields->win,
      [MSIM__WANT_OPTIONS] = fields->options, [MSIM__WANT_FATE] = fields->fate,
      [MSIM__WANT_TEXT] = fields->text,       [MSIM__WANT_UNIT] = fields->unit,
      [MSIM__WANT_VALUES] = fields->values,   [MSIM__WANT_RTX] = fields->rtx,
  };

  return spans[field];
}

static bool field_agrees(const struct msim__want *want, enum msim__want_field field, const char *line,
                         const struct msim__log_fields *fields, const struct msim__log_line *entry,
                         struct msim__span *at)
{
  const char *glob = want->globs[field];

  *at = span_of(fields, field);
  if (field == MSIM__WANT_SIDE)
    return want->side == 0 || (want->side == 'C') == entry->from_client;
  if (field == MSIM__WANT_VALUES)
    return values_match(want, line, fields, at);
  if (glob == NULL)
    return true;
  if (at->size == 0 && !(field == MSIM__WANT_TEXT && fields->has_text)) {
    at->begin = fields->tail;
    return false;
  }
  if (field == MSIM__WANT_TEXT)
    return text_matches(glob, line, *at);
  return field == MSIM__WANT_FATE ? fate_matches(glob, line, *at) : matches(glob, line, *at);
}

void msim__want_test(const struct msim__want *want, const struct msim__log *log, const struct msim__log_line *line,
                     struct msim__want_result *out)
{
  struct msim__log_fields fields;
  const char *text = msim__log_text(log, line);
  struct msim__span at;
  unsigned field;

  memset(out, 0, sizeof *out);
  if (want->is_packet != (line->kind == MSIM__LOG_SEGMENT || line->kind == MSIM__LOG_DATAGRAM) ||
      (!want->is_packet && line->kind != MSIM__LOG_EVENT))
    return;
  if (want->globs[MSIM__WANT_CONN] != NULL &&
      !msim__pattern_match_text(want->globs[MSIM__WANT_CONN], log->conns[line->conn].name)) {
    out->field = MSIM__WANT_CONN;
    return;
  }
  msim__log_fields(log, line, &fields);
  out->fits = true;
  for (field = 0; field < MSIM__WANT_FIELDS; field++) {
    bool is_asked = field == MSIM__WANT_SIDE
                        ? want->side != 0
                        : want->globs[field] != NULL || (field == MSIM__WANT_VALUES && want->value_count > 0);

    if (!is_asked)
      continue;
    if (field_agrees(want, (enum msim__want_field)field, text, &fields, line, &at)) {
      out->agreed++;
    } else if (out->fits) {
      out->fits = false;
      out->field = (enum msim__want_field)field;
      out->at = at;
    }
  }
}
