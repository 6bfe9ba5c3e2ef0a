/* hash.h: the one non-cryptographic hash of the library, for names, tables and fingerprints.
 *
 * The value is part of the trace format (fingerprints, names of random streams): changing it raises MSIM_ENGINE.
 * It is no defence against an attacker who chooses names; tables that hold foreign names bound their counts. */
#ifndef MSIM_CORE_HASH_H
#define MSIM_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Finalizer of MurmurHash3 (public domain): every bit of x reaches every bit of the result. */
static inline uint64_t msim__mix64(uint64_t x)
{
  x ^= x >> 33;
  x *= UINT64_C(0xff51afd7ed558ccd);
  x ^= x >> 33;
  x *= UINT64_C(0xc4ceb9fe1a85ec53);
  x ^= x >> 33;
  return x;
}

static inline uint64_t msim__hash_join(uint64_t h, uint64_t value)
{
  return msim__mix64(h ^ (value + UINT64_C(0x9e3779b97f4a7c15) + (h << 6) + (h >> 2)));
}

/* Byte order and alignment do not matter: the result is the same on every machine. */
static inline uint64_t msim__hash_bytes(uint64_t h, const void *data, size_t size_bytes)
{
  const unsigned char *p = (const unsigned char *)data;
  size_t size_left = size_bytes, i;
  uint64_t word = 0;

  for (; size_left >= 8; size_left -= 8, p += 8) /* compilers make one load of this */
    h = msim__hash_join(h, (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
                               (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
                               (uint64_t)p[7] << 56);
  for (i = 0; i < size_left; i++)
    word |= (uint64_t)p[i] << (8 * i);
  return msim__hash_join(msim__hash_join(h, word), (uint64_t)size_bytes);
}

#endif
