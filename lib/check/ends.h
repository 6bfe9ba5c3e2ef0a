/* ends.h: what holds at the end of a trace, and what a trace shows to have been missing at its beginning. */
#ifndef MSIM_CHECK_ENDS_H
#define MSIM_CHECK_ENDS_H

#include "check/scene.h"

/* Per statement of finally NULL or what is wrong. Everything lives in arena. 0 or MSIM_ERR_NOMEM. */
int msim__ends_finally(const struct msim__scene *scene, const struct msim__observation *obs, struct msim__arena *arena,
                       const char ***problems);

/* Per requirement whether the trace shows that it was not met. anchors: per step, as in judge.h. */
int msim__ends_requires(const struct msim__scene *scene, const struct msim__observation *obs, struct msim__arena *arena,
                        const uint32_t *anchors, bool **unmet);

#endif
