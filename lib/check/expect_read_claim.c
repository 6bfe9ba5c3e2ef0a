/* expect_read_claim.c: reads what stands behind expect, never, sometimes and finally, and what goes wrong (`at`). */
#include "check/expect_reader.h"

#include <stdio.h>
#include <string.h>

#include "text/units.h"

static struct msim__claim *add_claim(struct msim__expect_reader *reader, enum msim__claim_when when)
{
  struct msim__expect *expect = reader->expect;
  struct msim__claim *claim = MSIM__EXPECT_ADD(reader, expect->claims, expect->claim_count, expect->claim_capacity);

  if (claim == NULL)
    return NULL;
  memset(claim, 0, sizeof *claim);
  claim->when = when;
  claim->want = claim->after = claim->before = claim->moment = MSIM__EXPECT_NONE;
  claim->within_ns = MSIM_NEVER;
  claim->min = 1;
  claim->max = UINT64_MAX;
  return claim;
}

static bool read_uint(const char *text, size_t size_bytes, uint64_t *out)
{
  struct msim_slice slice;
  const char *why;

  slice.data = (const uint8_t *)text;
  slice.size_bytes = size_bytes;
  return msim__units_parse_count(slice, out, &why) == MSIM_OK;
}

/* "2", "1..2", "1.."; false: it is no count. */
static bool read_count(const struct msim__word *word, struct msim__claim *claim)
{
  const char *end = word->text + word->size_bytes, *dots = word->text;

  while (dots < end && !(dots[0] == '.' && dots + 1 < end && dots[1] == '.'))
    dots++;
  if (word->quoted || !read_uint(word->text, (size_t)(dots - word->text), &claim->min))
    return false;
  claim->max = claim->min;
  if (dots == end)
    return true;
  claim->max = UINT64_MAX;
  return dots + 2 == end || (read_uint(dots + 2, (size_t)(end - dots - 2), &claim->max) && claim->min <= claim->max);
}

/* COUNT [times], within TIME, after MOMENT, before MOMENT, as NAME. */
static void read_suffixes(struct msim__expect_reader *reader, struct msim__clause *clause, struct msim__claim *claim)
{
  struct msim__word word, next;
  char shown[MSIM__WORD_SHOWN_BYTES];
  unsigned before = reader->finding_count;

  while (reader->finding_count == before && reader->err == MSIM_OK && msim__clause_word(reader, clause, &word)) {
    if (read_count(&word, claim)) {
      if (claim->when == MSIM__CLAIM_NEVER || claim->when == MSIM__CLAIM_SOMETIMES)
        msim__expect_error(reader, clause->line, word.column, "never and sometimes have no count");
      if (msim__clause_peek(reader, clause, &next) && (msim__word_is(&next, "times") || msim__word_is(&next, "time")))
        (void)msim__clause_word(reader, clause, &next);
    } else if (msim__word_is(&word, "within")) {
      (void)msim__clause_duration(reader, clause, &claim->within_ns);
    } else if (msim__word_is(&word, "after")) {
      claim->after = msim__clause_use_moment(reader, clause);
    } else if (msim__word_is(&word, "before")) {
      claim->before = msim__clause_use_moment(reader, clause);
    } else if (msim__word_is(&word, "as")) {
      claim->moment = msim__clause_name_moment(reader, clause);
    } else {
      msim__expect_error(
          reader, clause->line, word.column,
          "\"%s\": a count such as 1..2, within TIME, after MOMENT, before MOMENT, as NAME or ; is expected here",
          msim__word_show(&word, shown));
    }
  }
}

/* `queues empty`, `tcp none open`. */
static bool read_whole(struct msim__expect_reader *reader, struct msim__clause *clause, struct msim__claim *claim)
{
  static const char *const queues[] = {"queues", "empty", NULL}, *const tcp[] = {"tcp", "none", "open", NULL};
  const char *const *const phrases[] = {queues, tcp};
  struct msim__word word;
  size_t i, k;

  for (i = 0; i < 2; i++) {
    struct msim__clause ahead = *clause;

    for (k = 0; phrases[i][k] != NULL; k++)
      if (!msim__clause_word(reader, &ahead, &word) || !msim__word_is(&word, phrases[i][k]))
        break;
    if (phrases[i][k] != NULL)
      continue;
    claim->what = i == 0 ? MSIM__CLAIM_QUEUES : MSIM__CLAIM_TCP;
    *clause = ahead;
    return true;
  }
  return false;
}

void msim__read_claim(struct msim__expect_reader *reader, struct msim__clause *clause, enum msim__claim_when when)
{
  struct msim__claim *claim = add_claim(reader, when);
  struct msim__word word;
  const char *begin, *end;
  bool delivered = false;

  if (claim == NULL || !msim__clause_peek(reader, clause, &word))
    return;
  begin = word.text - (word.quoted ? 1 : 0);
  claim->line = clause->line;
  claim->column = word.column;
  for (end = clause->end; end > begin && (end[-1] == ' ' || end[-1] == '\t'); end--)
    continue;
  claim->shown = msim__arena_text(&reader->expect->arena, begin, (size_t)(end - begin));
  if (claim->shown == NULL) {
    reader->err = MSIM_ERR_NOMEM;
    return;
  }
  if (read_whole(reader, clause, claim)) {
    if (when != MSIM__CLAIM_FINALLY)
      msim__expect_error(reader, clause->line, claim->column, "this is about the end: write finally %s",
                         claim->what == MSIM__CLAIM_TCP ? "tcp none open" : "queues empty");
    return;
  }
  claim->want = msim__clause_line(reader, clause, &claim->label, &delivered);
  if (claim->want == MSIM__EXPECT_NONE)
    return;
  if (when == MSIM__CLAIM_FINALLY && delivered)
    claim->max = 1; /* a mail that comes twice is a bug, unless one says otherwise */
  read_suffixes(reader, clause, claim);
  if (when == MSIM__CLAIM_NEVER)
    claim->min = claim->max = 0;
}

/* ---- what goes wrong ---- */

/* A time, or the name of a moment. */
static bool read_place(struct msim__expect_reader *reader, struct msim__clause *clause, struct msim__drive *drive)
{
  struct msim__word word;

  if (!msim__clause_peek(reader, clause, &word)) {
    msim__expect_error(reader, clause->line, 0, "a time, or the name of a moment, is expected behind at");
    return false;
  }
  drive->moment = MSIM__EXPECT_NONE;
  if (word.text[0] >= '0' && word.text[0] <= '9')
    return msim__clause_duration(reader, clause, &drive->at_ns);
  drive->moment = msim__clause_use_moment(reader, clause);
  if (drive->moment == MSIM__EXPECT_NONE)
    return false;
  if (msim__clause_peek(reader, clause, &word) && word.text[0] == '+' && !word.quoted) {
    clause->at = word.text + 1; /* "+15ms" */
    return msim__clause_duration(reader, clause, &drive->delay_ns);
  }
  return true;
}

void msim__read_drive(struct msim__expect_reader *reader, struct msim__clause *clause)
{
  struct msim__expect *expect = reader->expect;
  struct msim__drive drive;
  struct msim__drive *kept;
  const char *begin, *end;
  char id[32];

  memset(&drive, 0, sizeof drive);
  drive.line = clause->line;
  if (!read_place(reader, clause, &drive))
    return;
  if (expect->drive_count == MSIM__EXPECT_DRIVES_MAX) {
    msim__expect_error(reader, clause->line, 0, "more than %u lines that begin with at", MSIM__EXPECT_DRIVES_MAX);
    return;
  }
  for (begin = clause->at; begin < clause->end && (*begin == ' ' || *begin == '\t'); begin++)
    continue;
  for (end = clause->end; end > begin && (end[-1] == ' ' || end[-1] == '\t'); end--)
    continue;
  if (end - begin >= 2 && *begin == '{' && end[-1] == '}') {
    begin++;
    end--;
  }
  if (begin == end) {
    msim__expect_error(reader, clause->line, (unsigned)(begin - clause->line_start) + 1,
                       "what goes wrong? Write it as in the section faults, such as crash: {host: relay}, for: 30s");
    return;
  }
  (void)snprintf(id, sizeof id, "at-%u", clause->line);
  drive.id = msim__arena_text(&expect->arena, id, strlen(id));
  drive.fault = msim__arena_text(&expect->arena, begin, (size_t)(end - begin));
  kept = MSIM__EXPECT_ADD(reader, expect->drives, expect->drive_count, expect->drive_capacity);
  if (kept == NULL || drive.id == NULL || drive.fault == NULL) {
    reader->err = reader->err == MSIM_OK ? MSIM_ERR_NOMEM : reader->err;
    return;
  }
  *kept = drive;
}
