/* expect_read.c: reads the text of an expectation: lines, comments, clauses, and the statements about the file as a
 * whole. Flows and single lines are read by expect_read_flow.c and expect_read_claim.c. */
#include "check/expect_reader.h"

#include <string.h>

#include "text/diag.h"
#include "text/suggest.h"
#include "text/units.h"

enum keyword {
  KEY_TOPOLOGY,
  KEY_SEED,
  KEY_UNTIL,
  KEY_VIOLATES,
  KEY_FLOW,
  KEY_DIALOGUE,
  KEY_AT,
  KEY_EXPECT,
  KEY_NEVER,
  KEY_SOMETIMES,
  KEY_FINALLY,
  KEYS
};

static const char *const keywords[KEYS] = {"topology", "seed",   "until", "violates",  "flow",   "dialogue",
                                           "at",       "expect", "never", "sometimes", "finally"};

const char *msim__statement_near(const struct msim__word *word)
{
  return word->size_bytes < 3 ? NULL : msim__suggest(word->text, word->size_bytes, keywords, KEYS);
}

static enum keyword find_keyword(const struct msim__word *word)
{
  unsigned i;

  for (i = 0; i < KEYS && !msim__word_is(word, keywords[i]); i++)
    continue;
  return (enum keyword)i;
}

/* ---- statements about the whole ---- */

static bool read_number(const char *text, size_t size_bytes, uint64_t *out)
{
  struct msim_slice slice;
  const char *why;

  slice.data = (const uint8_t *)text;
  slice.size_bytes = size_bytes;
  return msim__units_parse_count(slice, out, &why) == MSIM_OK;
}

/* "7" or "1..20". */
static void read_seeds(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  struct msim__expect *expect = reader->expect;
  struct msim__word word;
  const char *dots;
  char shown[MSIM__WORD_SHOWN_BYTES];
  size_t i;

  if (!msim__clause_need(reader, clause, "a number, or two as 1..20,", &word))
    return;
  for (dots = NULL, i = 0; i + 1 < word.size_bytes && dots == NULL; i++)
    if (word.text[i] == '.' && word.text[i + 1] == '.')
      dots = word.text + i;
  if (dots == NULL) {
    expect->has_seeds = read_number(word.text, word.size_bytes, &expect->seed_first);
    expect->seed_last = expect->seed_first;
  } else {
    expect->has_seeds = read_number(word.text, (size_t)(dots - word.text), &expect->seed_first) &&
                        read_number(dots + 2, (size_t)(word.text + word.size_bytes - dots - 2), &expect->seed_last) &&
                        expect->seed_first <= expect->seed_last &&
                        expect->seed_last - expect->seed_first < MSIM__EXPECT_SEEDS_MAX;
  }
  if (!expect->has_seeds)
    msim__expect_error(reader, clause->line, word.column,
                       "\"%s\" is no seed: write a number, or a range such as 1..20 of at most %llu",
                       msim__word_show(&word, shown), (unsigned long long)MSIM__EXPECT_SEEDS_MAX);
}

static void read_until(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  struct msim__word word;

  if (msim__clause_peek(reader, clause, &word) && msim__word_is(&word, "quiet")) {
    (void)msim__clause_word(reader, clause, &word);
    reader->expect->until_ns = MSIM_NEVER;
    reader->expect->has_until = true;
    return;
  }
  reader->expect->has_until = msim__clause_duration(reader, clause, &reader->expect->until_ns);
}

static bool is_rule(const struct msim__word *word)
{
  const struct msim_invariant *rule;
  size_t i;

  for (i = 0; (rule = msim_invariant_at(i)) != NULL; i++)
    if (msim__word_is(word, rule->id))
      return true;
  return false;
}

static void read_violates(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  struct msim__word word;
  char shown[MSIM__WORD_SHOWN_BYTES];

  if (!msim__clause_need(reader, clause, "the rule that is broken, such as I1,", &word))
    return;
  if (!is_rule(&word))
    msim__expect_error(reader, clause->line, word.column, "there is no rule \"%s\"; mailsim list invariants has all",
                       msim__word_show(&word, shown));
  else if (reader->expect->violates != NULL)
    msim__expect_error(reader, clause->line, word.column, "one rule at a time: line %u says %s already",
                       reader->expect->violates_line, reader->expect->violates);
  reader->expect->violates = msim__word_keep(reader, &word);
  reader->expect->violates_line = clause->line;
}

static void read_whole(struct msim__expect_reader *reader, struct msim__clause *clause, enum keyword key)
{
  struct msim__word word;
  char shown[MSIM__WORD_SHOWN_BYTES];
  unsigned before = reader->finding_count;

  while (key < KEY_FLOW) {
    if (key == KEY_SEED)
      read_seeds(reader, clause);
    else if (key == KEY_UNTIL)
      read_until(reader, clause);
    else if (key == KEY_VIOLATES)
      read_violates(reader, clause);
    else if (msim__clause_need(reader, clause, "the path of a topology", &word))
      reader->expect->topology = msim__word_keep(reader, &word);
    if (reader->finding_count != before || !msim__clause_word(reader, clause, &word))
      return;
    key = find_keyword(&word);
  }
  msim__expect_error(reader, clause->line, word.column, "\"%s\" does not belong on this line",
                     msim__word_show(&word, shown));
}

/* ---- lines ---- */

static void begin_statement(struct msim__expect_reader *reader, struct msim__clause *clause, enum keyword key)
{
  static const enum msim__statement statements[KEYS] = {[KEY_EXPECT] = MSIM__STATEMENT_EXPECT,
                                                        [KEY_NEVER] = MSIM__STATEMENT_NEVER,
                                                        [KEY_SOMETIMES] = MSIM__STATEMENT_SOMETIMES,
                                                        [KEY_FINALLY] = MSIM__STATEMENT_FINALLY};

  unsigned before;

  if (reader->in_set) {
    msim__expect_error(reader, clause->line, 1, "unordered { is not closed: a } is missing before this line");
    reader->in_set = false;
  }
  before = reader->finding_count;
  reader->statement = key == KEY_FLOW || key == KEY_DIALOGUE ? MSIM__STATEMENT_FLOW : statements[key];
  if (key < KEY_FLOW)
    read_whole(reader, clause, key);
  else if (key == KEY_AT)
    msim__read_drive(reader, clause);
  else if (reader->statement == MSIM__STATEMENT_FLOW)
    msim__read_flow(reader, clause, key == KEY_DIALOGUE);
  if (reader->statement == MSIM__STATEMENT_FLOW && (reader->finding_count != before || reader->err != MSIM_OK))
    reader->statement = MSIM__STATEMENT_WRONG;
}

static void read_clause(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  static const enum msim__claim_when whens[] = {[MSIM__STATEMENT_EXPECT] = MSIM__CLAIM_EXPECT,
                                                [MSIM__STATEMENT_NEVER] = MSIM__CLAIM_NEVER,
                                                [MSIM__STATEMENT_SOMETIMES] = MSIM__CLAIM_SOMETIMES,
                                                [MSIM__STATEMENT_FINALLY] = MSIM__CLAIM_FINALLY};
  struct msim__word word;
  char shown[MSIM__WORD_SHOWN_BYTES];

  if (msim__clause_is_over(clause) || reader->statement == MSIM__STATEMENT_WRONG)
    return;
  if (reader->statement == MSIM__STATEMENT_FLOW) {
    msim__read_flow_clause(reader, clause);
  } else if (reader->statement != MSIM__STATEMENT_NONE) {
    msim__read_claim(reader, clause, whens[reader->statement]);
  } else if (msim__clause_word(reader, clause, &word)) {
    msim__expect_error(reader, clause->line, word.column, "\"%s\" begins no statement%s", msim__word_show(&word, shown),
                       reader->near != NULL ? ""
                                            : ": topology, seed, until, violates, flow, dialogue, at, expect, never, "
                                              "sometimes, finally");
  }
}

/* Where a clause that begins at `at` ends: at a `;` outside of quotes and brackets, or at the end of the line. */
static const char *clause_end(const char *at, const char *end)
{
  unsigned depth = 0;

  for (; at < end; at++) {
    if (*at == '"') {
      for (at++; at < end && *at != '"'; at++)
        at += *at == '\\' && at + 1 < end ? 1 : 0;
      if (at >= end)
        return end;
    } else if (*at == '(' || *at == '[') {
      depth++;
    } else if ((*at == ')' || *at == ']') && depth > 0) {
      depth--;
    } else if (*at == ';' && depth == 0) {
      return at;
    }
  }
  return end;
}

/* A `#` at the beginning or behind a space, outside of quotes, begins a comment. */
static const char *comment_begin(const char *begin, const char *end)
{
  const char *at;
  bool quoted = false;

  for (at = begin; at < end; at++) {
    if (*at == '\\' && quoted && at + 1 < end)
      at++;
    else if (*at == '"')
      quoted = !quoted;
    else if (*at == '#' && !quoted && (at == begin || at[-1] == ' ' || at[-1] == '\t'))
      return at;
  }
  return end;
}

static void read_line(struct msim__expect_reader *reader, const char *begin, const char *end, unsigned line)
{
  struct msim__clause whole = {begin, comment_begin(begin, end), begin, line}, clause;
  struct msim__word word;
  struct msim__clause ahead = whole;
  enum keyword key;

  if (msim__clause_is_over(&whole) || !msim__clause_peek(reader, &whole, &word))
    return;
  key = find_keyword(&word);
  reader->near = key == KEYS ? msim__statement_near(&word) : NULL;
  if (key != KEYS) {
    (void)msim__clause_word(reader, &ahead, &word);
    whole.at = ahead.at;
  }
  if (key != KEYS && (key < KEY_FLOW || key == KEY_AT)) {
    begin_statement(reader, &whole, key);
    return;
  }
  clause = whole;
  clause.end = clause_end(whole.at, whole.end);
  if (key != KEYS) {
    unsigned before = reader->finding_count;

    begin_statement(reader, &clause, key);
    if (reader->finding_count != before)
      return;
  }
  for (;;) {
    unsigned before = reader->finding_count;

    read_clause(reader, &clause);
    if (reader->finding_count != before || reader->err != MSIM_OK || clause.end == whole.end)
      return;
    clause.at = clause.end + 1;
    clause.end = clause_end(clause.at, whole.end);
  }
}

/* ---- the text as a whole ---- */

static void check_moments(struct msim__expect_reader *reader)
{
  const struct msim__expect *expect = reader->expect;
  const char *names[64], *near;
  size_t i, count = 0;

  for (i = 0; i < expect->moment_count && count < sizeof names / sizeof names[0]; i++)
    if (expect->moments[i].line != 0)
      names[count++] = expect->moments[i].name;
  for (i = 0; i < expect->moment_count; i++) {
    if (expect->moments[i].line != 0)
      continue;
    near = msim__suggest(expect->moments[i].name, strlen(expect->moments[i].name), names, count);
    msim__expect_error(reader, 0, 0, "no line names a moment \"%.60s\" (... as %.60s)%s%.60s%s",
                       expect->moments[i].name, expect->moments[i].name, near != NULL ? "; did you mean \"" : "",
                       near != NULL ? near : "", near != NULL ? "\"?" : "");
  }
}

int msim__expect_read(struct msim__expect *expect, struct msim_slice text, msim_diag_fn *fn, void *user)
{
  struct msim__expect_reader reader;
  const char *at = (const char *)text.data, *end = text.size_bytes > 0 ? at + text.size_bytes : at;
  unsigned line = 1;

  memset(&reader, 0, sizeof reader);
  reader.expect = expect;
  reader.fn = fn;
  reader.user = user;
  if (text.size_bytes > MSIM__EXPECT_FILE_BYTES_MAX) {
    msim__expect_error(&reader, 0, 0, "the file is too large");
    return MSIM_ERR_LIMIT;
  }
  if (text.size_bytes > 0 && memchr(text.data, '\0', text.size_bytes) != NULL) {
    msim__expect_error(&reader, 0, 0, "there is a zero byte in this text");
    return MSIM_ERR_SYNTAX;
  }
  for (; at < end && reader.err == MSIM_OK && reader.finding_count < MSIM__EXPECT_FINDINGS_MAX; line++) {
    const char *stop = memchr(at, '\n', (size_t)(end - at)), *line_end;

    stop = stop != NULL ? stop : end;
    line_end = stop > at && stop[-1] == '\r' ? stop - 1 : stop;
    read_line(&reader, at, line_end, line);
    at = stop < end ? stop + 1 : end;
  }
  reader.near = NULL;
  if (reader.in_set && reader.finding_count == 0)
    msim__expect_error(&reader, line - 1, 0, "unordered { is not closed: a } is missing");
  if (reader.err == MSIM_OK && reader.finding_count == 0)
    check_moments(&reader);
  if (reader.err == MSIM_ERR_LIMIT)
    msim__expect_error(&reader, line - 1, 0, "more than %zu lines or statements", MSIM__EXPECT_ITEMS_MAX);
  if (reader.err != MSIM_OK)
    return reader.err;
  return reader.finding_count > 0 ? MSIM_ERR_SYNTAX : MSIM_OK;
}
