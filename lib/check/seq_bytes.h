/* seq_bytes.h: the bytes of one direction that are on their way, so that what comes again can be compared.
 *
 * Bounded: of more than MSIM__SEQ_BYTES_MAX on their way the later ones are not kept. */
#ifndef MSIM_CHECK_SEQ_BYTES_H
#define MSIM_CHECK_SEQ_BYTES_H

#include "core/mem.h"

#define MSIM__SEQ_BYTES_MAX (UINT32_C(1) << 20)

struct msim__seq_bytes {
  uint8_t *data;
  size_t capacity;
  uint32_t head; /* index of the first byte kept */
  uint32_t size_bytes;
  uint32_t begin; /* its sequence number */
};

void msim__seq_bytes_release(struct msim__seq_bytes *kept, struct msim__mem *mem);

/* Keeps what continues the bytes; overlaps are compared by msim__seq_bytes_equal first. 0 or MSIM_ERR_NOMEM. */
int msim__seq_bytes_add(struct msim__seq_bytes *kept, struct msim__mem *mem, uint32_t seq, struct msim_slice bytes);

/* Compares where both are known; *at_seq is then the first number at which they differ. */
bool msim__seq_bytes_equal(const struct msim__seq_bytes *kept, uint32_t seq, struct msim_slice bytes, uint32_t *at_seq);

/* What lies before seq is not needed any more. */
void msim__seq_bytes_drop(struct msim__seq_bytes *kept, struct msim__mem *mem, uint32_t seq);

#endif
