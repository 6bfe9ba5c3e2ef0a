/* judge.h: finds the steps of a scene in what was seen.
 *
 * Every condition is a lower bound, so the earliest assignment is the best one; nothing is tried twice. Does not put
 * anything into words: see verdict.h. */
#ifndef MSIM_CHECK_JUDGE_H
#define MSIM_CHECK_JUDGE_H

#include <mailsim/check.h>

#include "check/scene.h"

#define MSIM__BOUND_START INT64_C(-1) /* before the first record */

struct msim__outcome {
  enum msim_scene_state state;
  uint32_t record;     /* OBSERVED: position of the anchor's record */
  size_t atom;         /* MISSING: which one */
  int64_t bound;       /* MISSING: position past which it was looked for */
  uint32_t nearest;    /* MISSING: the record that passes most tests, MSIM__SEEN_NONE when there is none of that kind */
  uint32_t failures;   /* MISSING: the tests that it does not pass */
  const char *blocker; /* NOT_REACHED because of an atom's own bound: its text; else NULL */
};

/* One walk through the steps. */
struct msim__assignment {
  struct msim__outcome *outcomes; /* per step */
  uint32_t *got;                  /* per atom */
  uint32_t *anchors;              /* per step; MSIM__SEEN_NONE unless observed */
};

struct msim__judgement {
  struct msim__arena arena;
  enum msim_scene_order order;
  uint32_t *bound; /* per connection */
  size_t walk_count;
  struct msim__assignment walks[2]; /* causal first when both */
  uint32_t *never_hits;             /* per predicate; MSIM__SEEN_NONE: kept */
  const char **omitted_problems;    /* per entry; NULL: seen */
  const char **finally_problems;    /* per statement; NULL: true */
  bool *unmet;                      /* per requirement */
};

/* out is initialised here and released by the caller in every case. 0, MSIM_ERR_NOMEM, MSIM_ERR_SYNTAX (*twice is the
 * position of a segment sent twice). */
int msim__judge(const struct msim__scene *scene, struct msim__observation *obs, enum msim_scene_order order,
                struct msim__judgement *out, size_t *twice);

void msim__judgement_release(struct msim__judgement *judgement);

#endif
