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
  uint64_t word = 0;
  size_t i;

  for (i = 0; i < size_bytes; i++) {
    word |= (uint64_t)p[i] << (8 * (i & 7));
    if ((i & 7) == 7) {
      h = msim__hash_join(h, word);
      word = 0;
    }
  }
  return msim__hash_join(msim__hash_join(h, word), (uint64_t)size_bytes);
}

#endif
