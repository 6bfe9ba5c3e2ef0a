/* rng.h: named, counter-based random streams.
 *
 * value = f(seed, name of the stream, n): drawing elsewhere never shifts a stream, and any value can be had without
 * those before it. f is Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * Not for secrets. No floating point: shares are parts per million. */
#ifndef MSIM_CORE_RNG_H
#define MSIM_CORE_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Who is told of each chance that was drawn: what the draw was, in parts per million of its range, and below which
 * share it strikes. n from 0. */
struct msim__rng_watch {
  void (*note)(const struct msim__rng_watch *watch, uint64_t n, uint32_t drawn_ppm, uint32_t share_ppm);
};

struct msim__rng {
  uint64_t seed, stream;
  uint64_t n;                          /* draws made */
  const struct msim__rng_watch *watch; /* or NULL */
};

/* The bare function: counter and key in, four words out. */
void msim__philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* The n-th value of a stream. */
uint64_t msim__rng_at(uint64_t seed, uint64_t stream, uint64_t n);

/* Nobody watches it. name: what the draws are for, such as "link:a-b/loss"; two pieces are joined with no separator. */
void msim__rng_init(struct msim__rng *rng, uint64_t seed, const char *name, const char *more);
uint64_t msim__rng_next(struct msim__rng *rng);

/* Uniform in 0 .. bound-1 (0 when bound is 0); the bias is below 2^-64 * bound. One draw. */
uint64_t msim__rng_below(struct msim__rng *rng, uint64_t bound);

/* True in share_ppm of a million cases; draws nothing at 0 and at a million. */
bool msim__rng_chance(struct msim__rng *rng, uint32_t share_ppm);

#endif
