/* predicate.h: whether a record satisfies a predicate. Does not look for records: see judge.h. */
#ifndef MSIM_CHECK_PREDICATE_H
#define MSIM_CHECK_PREDICATE_H

#include "check/scene.h"

/* What predicates refer to. */
struct msim__predicate_context {
  const struct msim__observation *obs;
  const uint32_t *bound; /* per connection of the scene: the one of the trace, or MSIM__SEEN_NONE */
  const uint32_t *got;   /* per atom: position of its record, or MSIM__SEEN_NONE */
};

/* The tests that apply: with as_witness a segment must also have arrived. */
uint32_t msim__predicate_tests(const struct msim__predicate *p, bool as_witness);

/* Those of the tests that fail for a record. The match test is made first; when it fails only its bit is certain. */
uint32_t msim__predicate_failures(const struct msim__predicate *p, uint32_t tests, const struct msim__seen *r,
                                  const struct msim__predicate_context *context);

/* Whether a record passes all of them; stops at the first that fails. */
bool msim__predicate_holds(const struct msim__predicate *p, uint32_t tests, const struct msim__seen *r,
                           const struct msim__predicate_context *context);

const char *msim__test_name(enum msim__test test);

bool msim__actor_has(const struct msim__actor_hosts *actor, const char *host);

/* The value of that name; NULL: not recorded. values may be NULL. */
const struct msim__seen_value *msim__seen_value(const struct msim__seen_values *values, const char *name);

#endif
