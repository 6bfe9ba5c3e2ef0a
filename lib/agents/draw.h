/* draw.h: sizes and waits drawn from distributions that people can name, by integer tables: the same everywhere.
 *
 * As configuration: {fixed: 2kB}, {uniform: {from: 1kB, to: 9kB}}, {exponential: 10min}, {lognormal: {median: 20kB,
 * p90: 150kB}}, {table: [1kB, 1kB, 50kB]}. The caller's random numbers are used, one or a few for each draw. */
#ifndef MSIM_AGENTS_DRAW_H
#define MSIM_AGENTS_DRAW_H

#include <mailsim/agent.h>

#include "core/rng.h"

struct msim__draw_uniform {
  uint64_t from, to; /* both included */
};

struct msim__draw_lognormal {
  uint64_t median, p90; /* half are below the one, nine of ten below the other */
};

/* The first that is there counts, in this order; none: 0. */
struct msim__draw {
  uint64_t fixed;
  const struct msim__draw_uniform *uniform;
  uint64_t exponential; /* the mean; 0: none */
  const struct msim__draw_lognormal *lognormal;
  struct msim_list table; /* uint64_t, each as likely as the others */
};

/* Keys for waits and for sizes. */
extern const struct msim_field msim__draw_wait_fields[];
extern const struct msim_field msim__draw_size_fields[];

/* Never above max. */
uint64_t msim__draw(struct msim_agent *agent, const struct msim__draw *draw, uint64_t max);
/* A stream beside the agent's own, for one purpose: "agent:HOST/TYPE#N" and the purpose, such as "/reading". Behind a
 * crash it does not begin anew: the host does not live the same life twice. */
void msim__draw_begin(struct msim__rng *rng, const struct msim_agent *agent, const char *purpose);
/* The same from such a stream. */
uint64_t msim__draw_from(struct msim__rng *rng, const struct msim__draw *draw, uint64_t max);

/* -ln(1 - u) for the u of random numbers that `next` gives, in 1/65536. */
uint64_t msim__draw_exponential(uint64_t (*next)(void *ctx), void *ctx);
/* How much larger than the median, in 1/65536, at most 2^40: 1.28 standard deviations of the logarithm to the base of 2
 * are spread / 65536. */
uint64_t msim__draw_lognormal(uint64_t random, uint32_t spread);
/* The logarithm of p90 / median to the base of 2, in 1/65536: 0 to 20 * 65536. median > 0. */
uint32_t msim__draw_spread(uint64_t median, uint64_t p90);

#endif
