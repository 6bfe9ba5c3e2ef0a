/* seq_bytes.c: see seq_bytes.h. */
#include "check/seq_bytes.h"

#include <string.h>

#include "check/seq_ranges.h"

void msim__seq_bytes_release(struct msim__seq_bytes *kept, struct msim__mem *mem)
{
  msim__free(mem, kept->data, kept->capacity);
  memset(kept, 0, sizeof *kept);
}

int msim__seq_bytes_add(struct msim__seq_bytes *kept, struct msim__mem *mem, uint32_t seq, struct msim_slice bytes)
{
  uint32_t end = kept->begin + kept->size_bytes, skip;
  size_t need;
  int err;

  if (kept->size_bytes == 0)
    kept->begin = end = seq;
  if (msim__seq_less(end, seq))
    return MSIM_OK; /* a gap: what lay between was too much */
  skip = end - seq;
  if (skip >= bytes.size_bytes)
    return MSIM_OK;
  bytes.data += skip;
  bytes.size_bytes -= skip;
  if (bytes.size_bytes > MSIM__SEQ_BYTES_MAX - kept->size_bytes)
    return MSIM_OK;
  need = kept->head + kept->size_bytes + bytes.size_bytes;
  if (need > kept->capacity && kept->head > 0) {
    memmove(kept->data, kept->data + kept->head, kept->size_bytes);
    need -= kept->head;
    kept->head = 0;
  }
  err = msim__grow(mem, &kept->data, &kept->capacity, need, 2 * (size_t)MSIM__SEQ_BYTES_MAX, 1);
  if (err != MSIM_OK)
    return err;
  memcpy(kept->data + kept->head + kept->size_bytes, bytes.data, bytes.size_bytes);
  kept->size_bytes += (uint32_t)bytes.size_bytes;
  return MSIM_OK;
}

bool msim__seq_bytes_equal(const struct msim__seq_bytes *kept, uint32_t seq, struct msim_slice bytes, uint32_t *at_seq)
{
  uint32_t begin = seq, end = seq + (uint32_t)bytes.size_bytes, kept_end = kept->begin + kept->size_bytes;
  const uint8_t *mine, *theirs;

  if (kept->size_bytes == 0)
    return true;
  if (msim__seq_less(begin, kept->begin))
    begin = kept->begin;
  if (msim__seq_less(kept_end, end))
    end = kept_end;
  if (!msim__seq_less(begin, end))
    return true;
  mine = kept->data + kept->head + (begin - kept->begin);
  theirs = bytes.data + (begin - seq);
  if (memcmp(mine, theirs, end - begin) == 0)
    return true;
  for (*at_seq = begin; *mine == *theirs; mine++, theirs++)
    (*at_seq)++;
  return false;
}

void msim__seq_bytes_drop(struct msim__seq_bytes *kept, struct msim__mem *mem, uint32_t seq)
{
  uint32_t count = seq - kept->begin;

  if (kept->size_bytes == 0 || !msim__seq_less(kept->begin, seq))
    return;
  if (count >= kept->size_bytes) {
    msim__seq_bytes_release(kept, mem);
    return;
  }
  kept->head += count;
  kept->size_bytes -= count;
  kept->begin = seq;
}
