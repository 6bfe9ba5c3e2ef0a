/* expect.h: an expectation as checked structs, and the rooms that share them.
 *
 * Rooms: expect_read.c (statements), expect_word.c (a wanted line), expect_want.c (whether a line is it), expect_log.c
 * (lines), expect_flow.c (connections), expect_claim.c (single lines), expect_drive.c (what the file itself makes go
 * wrong), expect_tell.c (sentences), expect_draft.c (a first draft from a run), expect.c (the door). The language is
 * described in docs/expectations.md. */
#ifndef MSIM_CHECK_EXPECT_H
#define MSIM_CHECK_EXPECT_H

#include <mailsim/check.h>

#include "check/expect_log.h"
#include "core/arena.h"
#include "text/buf.h"

#define MSIM__EXPECT_FILE_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define MSIM__EXPECT_ITEMS_MAX ((size_t)20000) /* wanted lines of one file, and statements */
#define MSIM__EXPECT_VALUES_MAX 16u            /* NAME=VALUE of one wanted line */
#define MSIM__EXPECT_SET_MAX 32u               /* lines of one `unordered`, or on both sides of `|` */
#define MSIM__EXPECT_DRIVES_MAX 32u
#define MSIM__EXPECT_SEEDS_MAX UINT64_C(1000000)
#define MSIM__EXPECT_STEPS_MAX UINT64_C(400000000) /* comparisons of one judgement; more is refused */
#define MSIM__EXPECT_NONE SIZE_MAX

/* ---- one wanted line ---- */

/* The fields of a line that can be asked for, in their order on the line. */
#define MSIM__WANT_MAP(X)                                                                                              \
  X(KIND, "kind")                                                                                                      \
  X(CONN, "connection")                                                                                                \
  X(SIDE, "side")                                                                                                      \
  X(SEGMENT, "number")                                                                                                 \
  X(HOST, "host")                                                                                                      \
  X(EVENT, "event")                                                                                                    \
  X(FLAGS, "flags")                                                                                                    \
  X(RANGE, "bytes")                                                                                                    \
  X(ACK, "ack")                                                                                                        \
  X(WINDOW, "win")                                                                                                     \
  X(OPTIONS, "options")                                                                                                \
  X(FATE, "fate")                                                                                                      \
  X(TEXT, "text")                                                                                                      \
  X(UNIT, "unit")                                                                                                      \
  X(VALUES, "value")                                                                                                   \
  X(RTX, "rtx")

enum msim__want_field {
#define MSIM__WANT_ENUM(name, text) MSIM__WANT_##name,
  MSIM__WANT_MAP(MSIM__WANT_ENUM)
#undef MSIM__WANT_ENUM
      MSIM__WANT_FIELDS
};

struct msim__want_value {
  const char *name, *glob;
};

/* A pattern for one line: globs, NULL where anything goes. */
struct msim__want {
  unsigned line, column;
  const char *shown; /* as it is written */
  bool is_packet;
  char side; /* 'C', 'S', or 0 for both */
  const char *globs[MSIM__WANT_FIELDS];
  const struct msim__want_value *values;
  size_t value_count;
};

/* How far a line agrees. */
struct msim__want_result {
  bool fits;
  enum msim__want_field field; /* the first that differs */
  struct msim__span at;        /* where it stands on the line, or where it would */
  unsigned agreed;             /* fields that agree */
};

const char *msim__want_field_name(enum msim__want_field field);
void msim__want_test(const struct msim__want *want, const struct msim__log *log, const struct msim__log_line *line,
                     struct msim__want_result *out);

/* ---- connections ---- */

enum msim__item_kind { MSIM__ITEM_LINE, MSIM__ITEM_UNORDERED, MSIM__ITEM_GAP, MSIM__ITEM_END };
enum msim__timing { MSIM__TIMING_NONE, MSIM__TIMING_WITHIN, MSIM__TIMING_EXACTLY, MSIM__TIMING_AFTER };

/* One item of a flow. LINE: any of its wants; UNORDERED: all of them, one line each. */
struct msim__flow_item {
  enum msim__item_kind kind;
  unsigned line;
  size_t first_want, want_count;
  enum msim__timing timing; /* since the line before */
  msim_ns timing_ns;
  size_t moment; /* which it names; NONE: none */
};

struct msim__expect_flow {
  const char *conn; /* glob; the first connection that fits */
  unsigned line;
  bool dialogue; /* only what carries text, and carries it for the first time */
  size_t first_item, item_count;
};

/* What became of a flow. */
struct msim__flow_outcome {
  bool holds;
  uint32_t conn;                   /* MSIM__LOG_NONE: there is no such connection */
  size_t item;                     /* the first that is not met */
  size_t want;                     /* of it: which one, for the report; NONE: none in particular */
  uint32_t nearest;                /* the line that comes nearest; MSIM__LOG_NONE: the connection has ended */
  struct msim__want_result result; /* of that line */
  bool late;                       /* the line is there, but not at the time */
};

/* ---- single lines ---- */

enum msim__claim_when { MSIM__CLAIM_EXPECT, MSIM__CLAIM_NEVER, MSIM__CLAIM_SOMETIMES, MSIM__CLAIM_FINALLY };
enum msim__claim_what { MSIM__CLAIM_LINE, MSIM__CLAIM_QUEUES, MSIM__CLAIM_TCP };

struct msim__claim {
  enum msim__claim_when when;
  enum msim__claim_what what;
  unsigned line, column;
  const char *shown;
  size_t want;          /* LINE */
  const char *label;    /* of a message that must have been seen at all; NULL: none */
  uint64_t min, max;    /* how often */
  msim_ns within_ns;    /* MSIM_NEVER: at any time */
  size_t after, before; /* moments; NONE: the start, the end */
  size_t moment;        /* which the last line that was needed names; NONE: none */
  bool seen;            /* SOMETIMES: in some run */
};

/* ---- what goes wrong ---- */

struct msim__drive {
  unsigned line;
  const char *id, *fault; /* the item without id and without time, without its braces */
  size_t moment;          /* NONE: at_ns */
  msim_ns at_ns, delay_ns;
  char *place; /* "after: {...}" once the moment is known in this seed's run; NULL: not yet */
};

struct msim__moment {
  const char *name;
  unsigned line;
  uint32_t found; /* line of the run; MSIM__LOG_NONE: not met */
};

/* ---- all of it ---- */

/* What a run has shown to be wrong. */
struct msim__expect_failure {
  unsigned line, column;
  const char *text;
};

struct msim__expect {
  struct msim__mem *mem;
  const char *name; /* of the file */
  struct msim__arena arena;
  const char *topology, *violates;
  bool has_seeds, has_until;
  uint64_t seed_first, seed_last;
  msim_ns until_ns;
  struct msim__want *wants;
  size_t want_count, want_capacity;
  struct msim__flow_item *items;
  size_t item_count, item_capacity;
  struct msim__expect_flow *flows;
  size_t flow_count, flow_capacity;
  struct msim__claim *claims;
  size_t claim_count, claim_capacity;
  struct msim__drive *drives;
  size_t drive_count, drive_capacity;
  struct msim__moment *moments;
  size_t moment_count, moment_capacity;
  unsigned violates_line;
  /* of the present run */
  struct msim__log log;
  uint64_t waiting_count; /* recipients in queues at the end */
  bool has_waiting;
  /* of the last judgement */
  struct msim__arena verdict;
  struct msim__expect_failure *failures;
  size_t failure_count, failure_capacity;
  uint64_t steps;
};

/* Without a word. MSIM_ERR_NOMEM: to be released too. name is copied. */
int msim__expect_init(struct msim__expect *expect, struct msim__mem *mem, const char *name);
void msim__expect_release(struct msim__expect *expect);

/* Decides on what the log holds, into failures; *again: a moment was found at which something goes wrong, so nothing is
 * decided. 0, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__expect_judge(struct msim__expect *expect, bool *again);

/* Reads the text. Findings go to fn. 0, MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT (told too), MSIM_ERR_NOMEM. */
int msim__expect_read(struct msim__expect *expect, struct msim_slice text, msim_diag_fn *fn, void *user);

/* Finds a flow in the run. found: per item of this flow the line that met it (of `unordered` the last). Also moments
 * are set. 0, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__expect_flow_find(struct msim__expect *expect, const struct msim__expect_flow *flow,
                           struct msim__flow_outcome *out);
/* Whether a line belongs to what a flow is about. */
bool msim__expect_flow_counts(const struct msim__expect_flow *flow, const struct msim__log *log,
                              const struct msim__log_line *line);

/* Decides all claims of expect, never and finally into failures, notes those of sometimes; msim__expect_claim_moments
 * only sets moments. 0, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__expect_claims(struct msim__expect *expect);
int msim__expect_claim_moments(struct msim__expect *expect);
/* How many ends of connections are open at the end, and the last line about one of them. 0 or MSIM_ERR_NOMEM. */
int msim__expect_open_count(struct msim__expect *expect, uint64_t *count, uint32_t *first);

/* Hosts and events that are named but are not there: a claim about them would be kept by chance. 0 or MSIM_ERR_SYNTAX.
 */
int msim__expect_check_names(const struct msim__expect *expect, const struct msim_sim *sim, msim_diag_fn *fn,
                             void *user);

/* Adds what goes wrong at a time, and at moments that are known already, before the start. */
int msim__expect_drives_add(struct msim__expect *expect, struct msim_sim *sim, msim_diag_fn *fn, void *user);
/* Of the drives whose moment is not known yet, the one whose moment this run has met first gets its place; *again tells
 * that there was one. 0 or MSIM_ERR_NOMEM. */
int msim__expect_drives_settle(struct msim__expect *expect, bool *again);
void msim__expect_drives_forget(struct msim__expect *expect);

/* A failure of the last judgement: what stands in text. 0 or MSIM_ERR_NOMEM. */
int msim__expect_fail(struct msim__expect *expect, unsigned line, unsigned column, struct msim__buf *text);
/* The report of a flow that was not met, and of a claim. */
int msim__expect_tell_flow(struct msim__expect *expect, const struct msim__expect_flow *flow,
                           const struct msim__flow_outcome *outcome);
int msim__expect_tell_claim(struct msim__expect *expect, const struct msim__claim *claim, uint64_t count,
                            uint32_t found);

/* Writes a first draft from the present run. 0, what out returned, MSIM_ERR_NOMEM. */
int msim__expect_draft(struct msim__expect *expect, const char *topology, uint64_t seed, const struct msim_out *out);

#endif
