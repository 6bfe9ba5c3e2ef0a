/* expect_word.c: the words on a line of an expectation, and the pattern of a line that they make. Does not know
 * statements: expect_read.c does. */
#include "check/expect_reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/diag.h"
#include "text/escape.h"
#include "text/suggest.h"
#include "text/units.h"

void msim__expect_error(struct msim__expect_reader *reader, unsigned line, unsigned column, const char *format, ...)
{
  struct msim_diag diag;
  va_list args;
  size_t size;

  if (++reader->finding_count > MSIM__EXPECT_FINDINGS_MAX || reader->fn == NULL ||
      (line != 0 && line == reader->told_line))
    return;
  reader->told_line = line;
  va_start(args, format);
  msim__diag_set_args(&diag, reader->expect->name, line, column, format, args);
  va_end(args);
  size = strlen(diag.text);
  if (reader->near != NULL && strstr(diag.text, "did you mean") == NULL)
    (void)snprintf(diag.text + size, sizeof diag.text - size, "; did you mean the statement \"%s\"?", reader->near);
  reader->fn(reader->user, &diag);
}

/* ---- words ---- */

static void skip_spaces(struct msim__clause *clause)
{
  while (clause->at < clause->end && (*clause->at == ' ' || *clause->at == '\t'))
    clause->at++;
}

bool msim__clause_is_over(const struct msim__clause *clause)
{
  struct msim__clause copy = *clause;

  skip_spaces(&copy);
  return copy.at == copy.end;
}

/* Behind a quoted text; NULL when it does not end. */
static const char *quoted_end(const char *at, const char *end)
{
  for (at++; at < end && *at != '"'; at++)
    if (*at == '\\' && at + 1 < end)
      at++;
  return at < end ? at + 1 : NULL;
}

static const char *word_end(const char *at, const char *end)
{
  const char *begin = at;
  unsigned depth = 0;

  if (*at == '{' || *at == '}' || *at == '|')
    return at + 1;
  while (at < end && ((*at != ' ' && *at != '\t') || depth > 0)) {
    if ((*at == '{' || *at == '}' || *at == '|') && depth == 0)
      break;
    if (*at == '"') {
      at = quoted_end(at, end);
      if (at == NULL)
        return NULL;
      continue;
    }
    if (*at == '[' || *at == '(' || (*at == '<' && at == begin))
      depth++;
    else if ((*at == ']' || *at == ')' || *at == '>') && depth > 0)
      depth--;
    at++;
  }
  return at;
}

bool msim__clause_word(struct msim__expect_reader *reader, struct msim__clause *clause, struct msim__word *out)
{
  const char *end;

  skip_spaces(clause);
  out->text = clause->at;
  out->size_bytes = 0;
  out->column = (unsigned)(clause->at - clause->line_start) + 1;
  out->quoted = false;
  if (clause->at == clause->end)
    return false;
  end = word_end(clause->at, clause->end);
  if (end == NULL) {
    msim__expect_error(reader, clause->line, out->column, "this text does not end: a \" is missing");
    clause->at = clause->end;
    return false;
  }
  out->size_bytes = (size_t)(end - clause->at);
  clause->at = end;
  if (out->size_bytes >= 2 && out->text[0] == '"' && end[-1] == '"') {
    out->quoted = true;
    out->text++;
    out->size_bytes -= 2;
  }
  return true;
}

bool msim__clause_peek(struct msim__expect_reader *reader, const struct msim__clause *clause, struct msim__word *out)
{
  struct msim__clause copy = *clause;

  return msim__clause_word(reader, &copy, out);
}

bool msim__word_is(const struct msim__word *word, const char *text)
{
  return !word->quoted && word->size_bytes == strlen(text) && memcmp(word->text, text, word->size_bytes) == 0;
}

static bool word_begins(const struct msim__word *word, const char *text)
{
  return !word->quoted && word->size_bytes >= strlen(text) && memcmp(word->text, text, strlen(text)) == 0;
}

static const char *keep(struct msim__expect_reader *reader, const char *text, size_t size_bytes)
{
  const char *copy = msim__arena_text(&reader->expect->arena, text, size_bytes);

  if (copy == NULL)
    reader->err = MSIM_ERR_NOMEM;
  return copy;
}

const char *msim__word_keep(struct msim__expect_reader *reader, const struct msim__word *word)
{
  return keep(reader, word->text, word->size_bytes);
}

const char *msim__word_show(const struct msim__word *word, char out[MSIM__WORD_SHOWN_BYTES])
{
  struct msim_slice bytes;

  bytes.data = (const uint8_t *)word->text;
  bytes.size_bytes = word->size_bytes;
  (void)msim__escape_short(out, MSIM__WORD_SHOWN_BYTES, bytes);
  return out;
}

bool msim__clause_need(struct msim__expect_reader *reader, struct msim__clause *clause, const char *what,
                       struct msim__word *out)
{
  unsigned before = reader->finding_count;

  if (msim__clause_word(reader, clause, out))
    return true;
  if (reader->finding_count == before)
    msim__expect_error(reader, clause->line, out->column, "%s is expected here", what);
  return false;
}

bool msim__clause_duration(struct msim__expect_reader *reader, struct msim__clause *clause, msim_ns *out)
{
  struct msim__word word;
  struct msim_slice text;
  const char *why = "";
  char shown[MSIM__WORD_SHOWN_BYTES];

  if (!msim__clause_need(reader, clause, "a time such as 10ms or 2s", &word))
    return false;
  text.data = (const uint8_t *)word.text;
  text.size_bytes = word.size_bytes;
  if (msim__units_parse_duration(text, out, &why) == MSIM_OK)
    return true;
  msim__expect_error(reader, clause->line, word.column, "\"%s\" %s", msim__word_show(&word, shown), why);
  return false;
}

/* ---- moments ---- */

static size_t find_moment(struct msim__expect_reader *reader, const struct msim__word *word)
{
  struct msim__expect *expect = reader->expect;
  struct msim__moment *moment;
  size_t i;

  for (i = 0; i < expect->moment_count; i++)
    if (strlen(expect->moments[i].name) == word->size_bytes &&
        memcmp(expect->moments[i].name, word->text, word->size_bytes) == 0)
      return i;
  moment = MSIM__EXPECT_ADD(reader, expect->moments, expect->moment_count, expect->moment_capacity);
  if (moment == NULL)
    return MSIM__EXPECT_NONE;
  moment->line = 0;
  moment->found = MSIM__LOG_NONE;
  moment->name = "";
  moment->name = msim__word_keep(reader, word);
  if (moment->name == NULL)
    expect->moment_count--;
  return moment->name != NULL ? i : MSIM__EXPECT_NONE;
}

static bool is_name(const struct msim__word *word)
{
  size_t i;

  for (i = 0; i < word->size_bytes; i++) {
    char c = word->text[i];

    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || (i > 0 && c >= '0' && c <= '9')))
      return false;
  }
  return !word->quoted && word->size_bytes > 0;
}

static size_t read_moment(struct msim__expect_reader *reader, struct msim__clause *clause, bool named_here)
{
  struct msim__word word;
  char shown[MSIM__WORD_SHOWN_BYTES];
  size_t found;

  if (!msim__clause_need(reader, clause, "the name of a moment", &word))
    return MSIM__EXPECT_NONE;
  if (!is_name(&word)) {
    msim__expect_error(reader, clause->line, word.column,
                       "\"%s\" is no name of a moment: letters, digits, - and _, and a letter first",
                       msim__word_show(&word, shown));
    return MSIM__EXPECT_NONE;
  }
  found = find_moment(reader, &word);
  if (found == MSIM__EXPECT_NONE || !named_here)
    return found;
  if (reader->expect->moments[found].line != 0) {
    msim__expect_error(reader, clause->line, word.column, "the moment %s is named twice, first on line %u",
                       msim__word_show(&word, shown), reader->expect->moments[found].line);
    return MSIM__EXPECT_NONE;
  }
  reader->expect->moments[found].line = clause->line;
  return found;
}

size_t msim__clause_name_moment(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  return read_moment(reader, clause, true);
}

size_t msim__clause_use_moment(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  return read_moment(reader, clause, false);
}

/* ---- patterns ---- */

/* What may stand behind a pattern. */
static bool ends_pattern(const struct msim__word *word)
{
  static const char *const words[] = {"|", "}", "within", "exactly", "after", "before", "as", "times", "time"};
  size_t i;

  if (word->quoted)
    return false;
  for (i = 0; i < sizeof words / sizeof words[0]; i++)
    if (msim__word_is(word, words[i]))
      return true;
  return false;
}

/* "2", "1..2", "1..". */
static bool is_count(const struct msim__word *word)
{
  size_t i;

  for (i = 0; i < word->size_bytes; i++)
    if ((word->text[i] < '0' || word->text[i] > '9') && word->text[i] != '.')
      return false;
  return !word->quoted && word->size_bytes > 0 && word->text[0] != '.';
}

static bool only(const struct msim__word *word, const char *letters)
{
  size_t i;

  for (i = 0; i < word->size_bytes; i++)
    if (strchr(letters, word->text[i]) == NULL)
      return false;
  return !word->quoted && word->size_bytes > 0;
}

static bool is_segment_number(const struct msim__word *word)
{
  return word->size_bytes >= 2 && (word->text[0] == 'c' || word->text[0] == 's') &&
         only(&(struct msim__word){word->text + 1, word->size_bytes - 1, 0, word->quoted}, "0123456789*?");
}

struct pattern {
  struct msim__want want;
  struct msim__want_value values[MSIM__EXPECT_VALUES_MAX];
};

static void set_glob(struct msim__expect_reader *reader, struct pattern *pattern, enum msim__want_field field,
                     const struct msim__word *word, unsigned line)
{
  char shown[MSIM__WORD_SHOWN_BYTES];

  if (pattern->want.globs[field] != NULL)
    msim__expect_error(reader, line, word->column, "\"%s\": this line has its %s already", msim__word_show(word, shown),
                       msim__want_field_name(field));
  else
    pattern->want.globs[field] = msim__word_keep(reader, word);
}

/* With the asterisk in front that "(33)" and "lost" leave out. */
static void set_around(struct msim__expect_reader *reader, struct pattern *pattern, enum msim__want_field field,
                       const char *before, const struct msim__word *word, const char *after, unsigned line)
{
  char text[256];
  struct msim__word whole = *word;
  size_t n = strlen(before);

  if (n + word->size_bytes + strlen(after) >= sizeof text) {
    set_glob(reader, pattern, field, word, line);
    return;
  }
  memcpy(text, before, n);
  memcpy(text + n, word->text, word->size_bytes);
  memcpy(text + n + word->size_bytes, after, strlen(after));
  whole.text = text;
  whole.size_bytes = n + word->size_bytes + strlen(after);
  set_glob(reader, pattern, field, &whole, line);
}

/* NAME=VALUE; quotes around the value are taken away. */
static void add_value(struct msim__expect_reader *reader, struct pattern *pattern, const struct msim__word *word,
                      unsigned line)
{
  const char *equals = memchr(word->text, '=', word->size_bytes);
  size_t name_bytes = (size_t)(equals - word->text), value_bytes = word->size_bytes - name_bytes - 1;
  const char *value = equals + 1;
  struct msim__want_value *out = &pattern->values[pattern->want.value_count];

  if (pattern->want.value_count == MSIM__EXPECT_VALUES_MAX) {
    msim__expect_error(reader, line, word->column, "more than %u values on one line", MSIM__EXPECT_VALUES_MAX);
    return;
  }
  if (value_bytes >= 2 && value[0] == '"' && value[value_bytes - 1] == '"') {
    value++;
    value_bytes -= 2;
  }
  out->name = keep(reader, word->text, name_bytes);
  out->glob = keep(reader, value, value_bytes);
  pattern->want.value_count++;
}

static bool is_fate(const struct msim__word *word)
{
  return word_begins(word, "+") || word_begins(word, "lost") || word_begins(word, "dup") ||
         word_begins(word, "corrupt") || msim__word_is(word, "open") || msim__word_is(word, "broadcast") ||
         msim__word_is(word, "arrives");
}

static void set_fate(struct msim__expect_reader *reader, struct pattern *pattern, const struct msim__word *word,
                     unsigned line)
{
  static const struct msim__word any = {"+*", 2, 0, false};
  struct msim__word placed = any;

  placed.column = word->column;
  if (msim__word_is(word, "lost"))
    set_around(reader, pattern, MSIM__WANT_FATE, "", word, "(*)", line);
  else if (msim__word_is(word, "dup") || msim__word_is(word, "corrupt"))
    set_around(reader, pattern, MSIM__WANT_FATE, "", word, "*", line);
  else
    set_glob(reader, pattern, MSIM__WANT_FATE, msim__word_is(word, "arrives") ? &placed : word, line);
}

/* One word of a packet; false: it is none. */
static bool packet_word(struct msim__expect_reader *reader, struct msim__clause *clause, struct pattern *pattern,
                        const struct msim__word *word)
{
  struct msim__word next;

  if (word->quoted) {
    set_glob(reader, pattern, MSIM__WANT_TEXT, word, clause->line);
  } else if (msim__word_is(word, "ack") || msim__word_is(word, "win")) {
    if (msim__clause_need(reader, clause, "a number", &next))
      set_glob(reader, pattern, msim__word_is(word, "ack") ? MSIM__WANT_ACK : MSIM__WANT_WINDOW, &next, clause->line);
  } else if (msim__word_is(word, "rtx")) {
    if (msim__clause_peek(reader, clause, &next) && is_segment_number(&next))
      (void)msim__clause_word(reader, clause, &next);
    else
      next = (struct msim__word){"*", 1, word->column, false};
    set_glob(reader, pattern, MSIM__WANT_RTX, &next, clause->line);
  } else if (is_fate(word)) {
    set_fate(reader, pattern, word, clause->line);
  } else if (only(word, "FSRP.UEW-*?")) {
    set_glob(reader, pattern, MSIM__WANT_FLAGS, word, clause->line);
  } else if (word->text[0] == '<') {
    set_glob(reader, pattern, MSIM__WANT_OPTIONS, word, clause->line);
  } else if (word->text[0] == '(') {
    set_around(reader, pattern, MSIM__WANT_RANGE, "*", word, "", clause->line);
  } else if (only(word, "0123456789:()*?") && memchr(word->text, ':', word->size_bytes) != NULL) {
    set_glob(reader, pattern, MSIM__WANT_RANGE, word, clause->line);
  } else if (memchr(word->text, '=', word->size_bytes) != NULL) {
    add_value(reader, pattern, word, clause->line);
  } else if (memchr(word->text, '.', word->size_bytes) != NULL) {
    set_glob(reader, pattern, MSIM__WANT_UNIT, word, clause->line);
  } else {
    return false;
  }
  return true;
}

/* The side, or the number that tells it too. */
static bool read_side(struct msim__expect_reader *reader, struct pattern *pattern, const struct msim__word *word,
                      unsigned line)
{
  char shown[MSIM__WORD_SHOWN_BYTES];

  if (msim__word_is(word, "C") || msim__word_is(word, "S")) {
    pattern->want.side = word->text[0];
  } else if (is_segment_number(word)) {
    pattern->want.globs[MSIM__WANT_SEGMENT] = msim__word_keep(reader, word);
  } else if (!msim__word_is(word, "*")) {
    msim__expect_error(reader, line, word->column,
                       "\"%s\" is no side: write C or S, a number such as s2, or * for both",
                       msim__word_show(word, shown));
    return false;
  }
  return true;
}

static size_t add_pattern(struct msim__expect_reader *reader, struct pattern *pattern, const char *begin,
                          const char *end)
{
  struct msim__expect *expect = reader->expect;
  struct msim__want *want;
  struct msim__want_value *values;
  size_t i;

  if (reader->err != MSIM_OK)
    return MSIM__EXPECT_NONE;
  while (end > begin && (end[-1] == ' ' || end[-1] == '\t'))
    end--;
  while (begin < end && (*begin == ' ' || *begin == '\t'))
    begin++;
  pattern->want.shown = keep(reader, begin, (size_t)(end - begin));
  values = msim__arena_alloc(&expect->arena, pattern->want.value_count * sizeof *values);
  want = MSIM__EXPECT_ADD(reader, expect->wants, expect->want_count, expect->want_capacity);
  if (want == NULL || values == NULL) {
    reader->err = reader->err == MSIM_OK ? MSIM_ERR_NOMEM : reader->err;
    return MSIM__EXPECT_NONE;
  }
  for (i = 0; i < pattern->want.value_count; i++)
    values[i] = pattern->values[i];
  *want = pattern->want;
  want->values = values;
  return expect->want_count - 1;
}

static size_t read_packet(struct msim__expect_reader *reader, struct msim__clause *clause, struct pattern *pattern,
                          const char *begin)
{
  struct msim__word word;
  char shown[MSIM__WORD_SHOWN_BYTES];

  pattern->want.is_packet = true;
  if (!msim__clause_need(reader, clause, "a side, C or S,", &word))
    return MSIM__EXPECT_NONE;
  if (!read_side(reader, pattern, &word, clause->line))
    return MSIM__EXPECT_NONE;
  while (msim__clause_peek(reader, clause, &word) && !ends_pattern(&word) && !is_count(&word)) {
    (void)msim__clause_word(reader, clause, &word);
    if (!packet_word(reader, clause, pattern, &word)) {
      msim__expect_error(reader, clause->line, word.column,
                         "\"%s\" is no field of a segment: flags such as P., bytes such as 1:34(33), ack N, win N, "
                         "<options>, a fate, \"text\", rtx",
                         msim__word_show(&word, shown));
      return MSIM__EXPECT_NONE;
    }
  }
  return add_pattern(reader, pattern, begin, clause->at);
}

size_t msim__clause_packet(struct msim__expect_reader *reader, struct msim__clause *clause, const char *conn)
{
  struct pattern pattern;
  const char *begin;

  memset(&pattern, 0, sizeof pattern);
  skip_spaces(clause);
  begin = clause->at;
  pattern.want.line = clause->line;
  pattern.want.column = (unsigned)(begin - clause->line_start) + 1;
  pattern.want.globs[MSIM__WANT_CONN] = conn;
  return read_packet(reader, clause, &pattern, begin);
}

/* ---- lines of events ---- */

/* What becomes of a mail, in words. */
static const struct verb {
  const char *name, *event, *to; /* the value that names a recipient */
} verbs[] = {
    {"delivered", "store.add", "to"},         {"accepted", "message.accepted", "to"},
    {"sent", "message.sent", "to"},           {"bounced", "message.bounced", "about"},
    {"returned", "message.bounced", "about"}, {"failed", "message.failed", "to"},
    {"refused", "message.refused", "to"},     {"deferred", "smtp.deferred", "to"},
    {"queued", "smtp.queued", "to"},          {"shown", "message.shown", "to"},
    {"discarded", "message.discarded", "to"},
};
#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static const struct verb *find_verb(const struct msim__word *word)
{
  size_t i;

  for (i = 0; i < VERB_COUNT; i++)
    if (msim__word_is(word, verbs[i].name))
      return &verbs[i];
  return NULL;
}

static void set_text(struct pattern *pattern, const char *name, const char *glob)
{
  if (pattern->want.value_count < MSIM__EXPECT_VALUES_MAX) {
    pattern->values[pattern->want.value_count].name = name;
    pattern->values[pattern->want.value_count++].glob = glob;
  }
}

/* LABEL delivered [to ADDRESS] [at HOST] [in MAILBOX] [NAME=VALUE ...] */
static bool read_mail(struct msim__expect_reader *reader, struct msim__clause *clause, struct pattern *pattern,
                      const struct msim__word *label, const struct verb *verb)
{
  struct msim__word word, next;
  char shown[MSIM__WORD_SHOWN_BYTES];
  bool has_to = false, is_delivery = strcmp(verb->name, "delivered") == 0;

  pattern->want.globs[MSIM__WANT_EVENT] = verb->event;
  set_text(pattern, "message", msim__word_keep(reader, label));
  if (is_delivery)
    set_text(pattern, "durable", "true");
  while (msim__clause_peek(reader, clause, &word) && !ends_pattern(&word) && !is_count(&word)) {
    (void)msim__clause_word(reader, clause, &word);
    if (!word.quoted && memchr(word.text, '=', word.size_bytes) != NULL) {
      add_value(reader, pattern, &word, clause->line);
      continue;
    }
    if (!msim__word_is(&word, "to") && !msim__word_is(&word, "at") && !msim__word_is(&word, "in")) {
      msim__expect_error(
          reader, clause->line, word.column,
          "\"%s\" says nothing about a mail: write to ADDRESS, at HOST, in MAILBOX, a count, within TIME",
          msim__word_show(&word, shown));
      return false;
    }
    if (!msim__clause_need(reader, clause, "a name", &next))
      return false;
    if (msim__word_is(&word, "at"))
      set_glob(reader, pattern, MSIM__WANT_HOST, &next, clause->line);
    else
      set_text(pattern, msim__word_is(&word, "in") ? "mailbox" : verb->to, msim__word_keep(reader, &next));
    has_to = has_to || msim__word_is(&word, "to");
  }
  if (is_delivery && !has_to) /* a server tells for whom; a reader who stores a copy does not */
    set_text(pattern, "to", "*");
  return true;
}

/* [KIND] HOST EVENT [NAME=VALUE ...]; first is the first word. */
static bool read_event(struct msim__expect_reader *reader, struct msim__clause *clause, struct pattern *pattern,
                       struct msim__word first)
{
  static const char *const kinds[] = {"app", "host", "fault", "check", "message"};
  struct msim__word word;
  char shown[MSIM__WORD_SHOWN_BYTES];
  size_t i;

  for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    struct msim__clause ahead = *clause;

    if (!msim__word_is(&first, kinds[i]) || !msim__clause_word(reader, &ahead, &word) ||
        !msim__clause_peek(reader, &ahead, &word) || memchr(word.text, '=', word.size_bytes) != NULL)
      continue;
    pattern->want.globs[MSIM__WANT_KIND] = kinds[i];
    (void)msim__clause_word(reader, clause, &first);
    break;
  }
  set_glob(reader, pattern, MSIM__WANT_HOST, &first, clause->line);
  if (!msim__clause_need(reader, clause,
                         "an event such as message.accepted, or what became of the mail, such as delivered,", &word))
    return false;
  set_glob(reader, pattern, MSIM__WANT_EVENT, &word, clause->line);
  while (msim__clause_peek(reader, clause, &word) && !ends_pattern(&word) && !is_count(&word)) {
    const char *equals = word.quoted ? NULL : memchr(word.text, '=', word.size_bytes);

    (void)msim__clause_word(reader, clause, &word);
    if (equals == NULL || equals == word.text) {
      msim__expect_error(reader, clause->line, word.column, "\"%s\": NAME=VALUE is expected here",
                         msim__word_show(&word, shown));
      return false;
    }
    add_value(reader, pattern, &word, clause->line);
  }
  return true;
}

static bool has_glob(const struct msim__word *word)
{
  return memchr(word->text, '*', word->size_bytes) != NULL || memchr(word->text, '?', word->size_bytes) != NULL;
}

size_t msim__clause_line(struct msim__expect_reader *reader, struct msim__clause *clause, const char **label,
                         bool *delivered)
{
  struct pattern pattern;
  struct msim__word first, second;
  const struct verb *verb;
  const char *begin;

  memset(&pattern, 0, sizeof pattern);
  *label = NULL;
  *delivered = false;
  skip_spaces(clause);
  begin = clause->at;
  pattern.want.line = clause->line;
  if (!msim__clause_need(reader, clause, "something that happens", &first))
    return MSIM__EXPECT_NONE;
  pattern.want.column = first.column;
  if (!first.quoted && memchr(first.text, '>', first.size_bytes) != NULL) {
    pattern.want.globs[MSIM__WANT_CONN] = msim__word_keep(reader, &first);
    return read_packet(reader, clause, &pattern, begin);
  }
  if (msim__clause_peek(reader, clause, &second) && (verb = find_verb(&second)) != NULL) {
    (void)msim__clause_word(reader, clause, &second);
    *delivered = strcmp(verb->name, "delivered") == 0;
    if (!has_glob(&first))
      *label = msim__word_keep(reader, &first);
    if (!read_mail(reader, clause, &pattern, &first, verb))
      return MSIM__EXPECT_NONE;
  } else if (!read_event(reader, clause, &pattern, first)) {
    return MSIM__EXPECT_NONE;
  }
  return add_pattern(reader, &pattern, begin, clause->at);
}
