/* seq_ranges.h: a few ranges of sequence numbers, modulo 2^32, ascending, without touching each other.
 *
 * Bounded: what does not fit is forgotten, and the set says so. All numbers of one set lie within 2^31 of each other.
 */
#ifndef MSIM_CHECK_SEQ_RANGES_H
#define MSIM_CHECK_SEQ_RANGES_H

#include <stdbool.h>
#include <stdint.h>

#define MSIM__SEQ_RANGES_MAX 64u

struct msim__seq_range {
  uint32_t begin, end; /* [begin, end) */
};

struct msim__seq_ranges {
  struct msim__seq_range items[MSIM__SEQ_RANGES_MAX];
  uint32_t count;
  bool forgot; /* some did not fit */
};

static inline bool msim__seq_less(uint32_t a, uint32_t b)
{
  return (int32_t)(a - b) < 0;
}

void msim__seq_ranges_add(struct msim__seq_ranges *set, uint32_t begin, uint32_t end);
/* Whether the whole of [begin, end) is in one range of the set. */
bool msim__seq_ranges_cover(const struct msim__seq_ranges *set, uint32_t begin, uint32_t end);
/* Takes ranges out that begin at or before *edge, and moves *edge to the end of what they continue. */
void msim__seq_ranges_join(struct msim__seq_ranges *set, uint32_t *edge);

#endif
