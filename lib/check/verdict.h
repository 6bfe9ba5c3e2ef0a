/* verdict.h: a judgement in sentences. Does not decide anything: see judge.h. */
#ifndef MSIM_CHECK_VERDICT_H
#define MSIM_CHECK_VERDICT_H

#include "check/judge.h"

struct msim__verdict {
  bool holds, applicable;
  size_t observed_count; /* in the first walk */
  const char **failures;
  size_t failure_count;
  const char *summary;
};

/* All texts live in the judgement's arena. 0 or MSIM_ERR_NOMEM. */
int msim__verdict_tell(const struct msim__scene *scene, const struct msim__observation *obs,
                       struct msim__judgement *judgement, struct msim__verdict *out);

#endif
