/* rng.c: see rng.h. */
#include "core/rng.h"

#include <string.h>

#include "core/hash.h"

#define PPM_ALL 1000000u

void msim__philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
  uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  uint32_t k0 = key[0], k1 = key[1];
  int round;

  for (round = 0; round < 10; round++) {
    uint64_t p0 = (uint64_t)0xD2511F53u * c0;
    uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;

    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c1 = (uint32_t)p1;
    c3 = (uint32_t)p0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

uint64_t msim__rng_at(uint64_t seed, uint64_t stream, uint64_t n)
{
  uint32_t counter[4], key[2], out[4];

  counter[0] = (uint32_t)n;
  counter[1] = (uint32_t)(n >> 32);
  counter[2] = (uint32_t)stream;
  counter[3] = (uint32_t)(stream >> 32);
  key[0] = (uint32_t)seed;
  key[1] = (uint32_t)(seed >> 32);
  msim__philox4x32(counter, key, out);
  return (uint64_t)out[1] << 32 | out[0];
}

void msim__rng_init(struct msim__rng *rng, uint64_t seed, const char *name, const char *more)
{
  rng->seed = seed;
  rng->stream = msim__hash_bytes(0, name, strlen(name));
  if (more != NULL)
    rng->stream = msim__hash_bytes(rng->stream, more, strlen(more));
  rng->n = 0;
  rng->watch = NULL;
}

uint64_t msim__rng_next(struct msim__rng *rng)
{
  return msim__rng_at(rng->seed, rng->stream, rng->n++);
}

/* The upper half of a 128-bit product, from 32-bit pieces: C11 has no wider type. */
static uint64_t product_high(uint64_t a, uint64_t b)
{
  uint64_t a0 = (uint32_t)a, a1 = a >> 32, b0 = (uint32_t)b, b1 = b >> 32;
  uint64_t low = a0 * b0, mid = a1 * b0 + (low >> 32);
  uint64_t mid2 = a0 * b1 + (uint32_t)mid;

  return a1 * b1 + (mid >> 32) + (mid2 >> 32);
}

uint64_t msim__rng_below(struct msim__rng *rng, uint64_t bound)
{
  return product_high(msim__rng_next(rng), bound);
}

bool msim__rng_chance(struct msim__rng *rng, uint32_t share_ppm)
{
  uint32_t drawn_ppm;

  if (share_ppm == 0)
    return false;
  if (share_ppm >= PPM_ALL)
    return true;
  drawn_ppm = (uint32_t)msim__rng_below(rng, PPM_ALL);
  if (rng->watch != NULL)
    rng->watch->note(rng->watch, rng->n - 1, drawn_ppm, share_ppm);
  return drawn_ppm < share_ppm;
}
