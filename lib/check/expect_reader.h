/* expect_reader.h: shared by the files that read an expectation: expect_read.c, expect_word.c, expect_read_flow.c and
 * expect_read_claim.c. Nobody else needs this. */
#ifndef MSIM_CHECK_EXPECT_READER_H
#define MSIM_CHECK_EXPECT_READER_H

#include "check/expect.h"

#define MSIM__EXPECT_FINDINGS_MAX 20u

enum msim__statement {
  MSIM__STATEMENT_NONE,
  MSIM__STATEMENT_WRONG, /* its lines are passed over */
  MSIM__STATEMENT_FLOW,
  MSIM__STATEMENT_EXPECT,
  MSIM__STATEMENT_NEVER,
  MSIM__STATEMENT_SOMETIMES,
  MSIM__STATEMENT_FINALLY
};

struct msim__expect_reader {
  struct msim__expect *expect;
  msim_diag_fn *fn;
  void *user;
  unsigned finding_count, told_line;
  int err; /* MSIM_ERR_NOMEM or MSIM_ERR_LIMIT: nothing more is read */
  enum msim__statement statement;
  const char *near; /* the statement that the first word of the line may have been meant to be, or NULL */
  bool in_set;      /* between the braces of `unordered` */
};

/* The rest of a clause: what stands between two `;` on a line. */
struct msim__clause {
  const char *at, *end, *line_start;
  unsigned line;
};

struct msim__word {
  const char *text; /* in the file, not terminated */
  size_t size_bytes;
  unsigned column;
  bool quoted; /* text is without the quotes */
};

/* Reports a finding; one line has one at most. */
void msim__expect_error(struct msim__expect_reader *reader, unsigned line, unsigned column, const char *format, ...)
    MSIM_PRINTF(4, 5);

/* The next word: up to a space, while spaces within quotes, (), [] and <> belong to it; `{`, `}` and `|` are words of
 * their own. false: none left, or a text that does not end (told). */
bool msim__clause_word(struct msim__expect_reader *reader, struct msim__clause *clause, struct msim__word *out);
bool msim__clause_is_over(const struct msim__clause *clause);
/* Looks without taking. */
bool msim__clause_peek(struct msim__expect_reader *reader, const struct msim__clause *clause, struct msim__word *out);

bool msim__word_is(const struct msim__word *word, const char *text);
/* A terminated copy in the expectation's arena; NULL: err is set. */
const char *msim__word_keep(struct msim__expect_reader *reader, const struct msim__word *word);
/* For a sentence, escaped and cut. */
#define MSIM__WORD_SHOWN_BYTES 64
const char *msim__word_show(const struct msim__word *word, char out[MSIM__WORD_SHOWN_BYTES]);

/* A word that has to come; false: told, as "what is expected here". */
bool msim__clause_need(struct msim__expect_reader *reader, struct msim__clause *clause, const char *what,
                       struct msim__word *out);
bool msim__clause_duration(struct msim__expect_reader *reader, struct msim__clause *clause, msim_ns *out);
/* A new name for a moment, and the use of one, perhaps before it is named. NONE: told. */
size_t msim__clause_name_moment(struct msim__expect_reader *reader, struct msim__clause *clause);
size_t msim__clause_use_moment(struct msim__expect_reader *reader, struct msim__clause *clause);

/* Room for one more item of an array of the expectation. NULL: err is set. */
#define MSIM__EXPECT_ADD(reader, items, count, capacity)                                                               \
  ((reader)->err == MSIM_OK && ((reader)->err = msim__grow((reader)->expect->mem, &(items), &(capacity), (count) + 1,  \
                                                           MSIM__EXPECT_ITEMS_MAX, sizeof *(items))) == MSIM_OK        \
       ? &(items)[(count)++]                                                                                           \
       : NULL)

/* A wanted line up to a word that belongs to something else (`|`, `}`, `within`, a count ...), which is not taken.
 * packet: it begins with its side; else it is any pattern of a line. Its index, or NONE: told. */
size_t msim__clause_packet(struct msim__expect_reader *reader, struct msim__clause *clause, const char *conn);
size_t msim__clause_line(struct msim__expect_reader *reader, struct msim__clause *clause, const char **label,
                         bool *delivered);

void msim__read_flow(struct msim__expect_reader *reader, struct msim__clause *clause, bool dialogue);
void msim__read_flow_clause(struct msim__expect_reader *reader, struct msim__clause *clause);
void msim__read_claim(struct msim__expect_reader *reader, struct msim__clause *clause, enum msim__claim_when when);
void msim__read_drive(struct msim__expect_reader *reader, struct msim__clause *clause);

/* The nearest of the words that begin a statement, or NULL. */
const char *msim__statement_near(const struct msim__word *word);

#endif
