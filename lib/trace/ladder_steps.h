/* trace/ladder_steps.h: rows of a ladder that are held until it is known which of them are steps of a scene; the others
 * are folded. Draws nothing.
 *
 * Steps are known when the run is over, so rows are kept, packed, in at most 32 MiB (some 300000 rows). When that is
 * full the owner has them told with the steps that are known by then, and goes on. */
#ifndef MSIM_TRACE_LADDER_STEPS_H
#define MSIM_TRACE_LADDER_STEPS_H

#include "text/buf.h"
#include "trace/ladder_row.h"
#include "trace/story.h"

#define MSIM__LADDER_HELD_BYTES_MAX ((size_t)32 * 1024 * 1024)
#define MSIM__LADDER_FOLD_MIN 3u /* rows; a fold of fewer would save nothing */
#define MSIM__LADDER_STEP_BYTES ((size_t)24)

struct msim__ladder_step {
  uint64_t n; /* of its record */
  unsigned number;
};

/* first..last: which steps are shown. */
struct msim__ladder_range {
  unsigned first, last;
};

struct msim__ladder_steps {
  struct msim__mem *mem;
  struct msim__story *stories;
  struct msim__buf held;
  const struct msim__story *told;  /* the one that steps are from; NULL: none can be told */
  struct msim__ladder_step *steps; /* those that were observed, by n */
  size_t step_count, step_capacity;
  struct msim__ladder_range range;
  bool has_range, open_folds;
  bool has_begun; /* a step of the range was among the rows told before */
  size_t passed;  /* rows behind the last step of the range */
};

/* Called in the order of the ladder. Any of them may be NULL. */
struct msim__ladder_visitor {
  void *ctx;
  /* step: "7", "7,8", "7-9"; "" for a row that is none. */
  void (*row)(void *ctx, const struct msim__ladder_row *row, const char *step);
  void (*fold)(void *ctx, size_t row_count);
  void (*folded)(void *ctx, const struct msim__ladder_row *row); /* each row of a fold, in front of it */
};

/* "7", "7..", "..9", "7..9". false: none of these. */
bool msim__ladder_range_read(const char *text, struct msim__ladder_range *out);

void msim__ladder_steps_init(struct msim__ladder_steps *steps, struct msim__mem *mem, struct msim__story *stories);
void msim__ladder_steps_release(struct msim__ladder_steps *steps);

/* Keeps a copy. MSIM_ERR_LIMIT: it is full, judge and tell and forget first; MSIM_ERR_NOMEM. */
int msim__ladder_steps_add(struct msim__ladder_steps *steps, const struct msim__ladder_row *row);

/* Learns which steps were observed so far. 0, MSIM_ERR_NOMEM. */
int msim__ladder_steps_judge(struct msim__ladder_steps *steps);

/* Walks through the rows that are held; twice gives the same. */
void msim__ladder_steps_tell(const struct msim__ladder_steps *steps, const struct msim__ladder_visitor *visitor);

/* Each row that is held, whether it is told or not, until next returns false. */
void msim__ladder_steps_each(const struct msim__ladder_steps *steps,
                             bool (*next)(void *ctx, const struct msim__ladder_row *row), void *ctx);

/* The rows are told; the next ones come behind them. */
void msim__ladder_steps_forget(struct msim__ladder_steps *steps);

/* The next step that is to be shown and was not observed, in the order of the scene; *next begins with 0. false: past
 * the end. */
bool msim__ladder_steps_missing(const struct msim__ladder_steps *steps, size_t *next, struct msim__story_step *out);

#endif
