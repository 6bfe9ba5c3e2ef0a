/* trace/fingerprint.h: hashing for the views of a run, in a way that does not depend on how bytes were cut up.
 *
 * The sink itself is reached by msim_trace_fingerprints (mailsim/trace.h). Values are part of the trace format:
 * changing one raises MSIM_ENGINE. */
#ifndef MSIM_TRACE_FINGERPRINT_H
#define MSIM_TRACE_FINGERPRINT_H

#include <mailsim/base.h>

#include "core/hash.h"
#include "trace/dates.h"

/* One word of a long sequence: cheaper than msim__hash_join, for what is finished with it in the end. h not 0. */
static inline uint64_t msim__print_step(uint64_t h, uint64_t word)
{
  return ((h << 29 | h >> 35) ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

#define MSIM__PRINT_START UINT64_C(0x6d61696c73696d31)

/* A sequence of bytes that arrives in any pieces. */
struct msim__print_bytes {
  uint64_t hash, word; /* word: the bytes behind the last whole eight */
  uint64_t count;
};
void msim__print_bytes_init(struct msim__print_bytes *bytes);
void msim__print_bytes_add(struct msim__print_bytes *bytes, const void *data, size_t size_bytes);
uint64_t msim__print_bytes_end(const struct msim__print_bytes *bytes);

/* The same with every date replaced by one mark, also when it is cut in two. */
#define MSIM__PRINT_PENDING_BYTES ((size_t)40)
struct msim__print_text {
  struct msim__print_bytes bytes;
  uint8_t pending_count;
  uint8_t pending[MSIM__PRINT_PENDING_BYTES]; /* in which a date may still begin */
};
_Static_assert(MSIM__PRINT_PENDING_BYTES > MSIM__DATE_BYTES_MAX, "a date fits into what is pending");
void msim__print_text_init(struct msim__print_text *text);
void msim__print_text_add(struct msim__print_text *text, const void *data, size_t size_bytes);
uint64_t msim__print_text_end(struct msim__print_text *text); /* once */

#endif
