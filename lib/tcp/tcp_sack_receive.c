/* tcp_sack_receive.c: what the receiver tells of text beyond a gap (RFC 2018 4) and of text that came twice (RFC 2883).
 *
 * The blocks of the last islands that grew, in that order; an older island is forgotten and comes back when it grows.
 * Does not hold the text: tcp_reassembly.c does. */
#include "tcp/tcp_sack.h"
#include "wire/tcp_header.h"

#include <string.h>

#define OPTIONS_BYTES_MAX 40u
#define HEAD_BYTES 4u /* NOP, NOP, kind, length */
#define BLOCK_BYTES 8u

static struct msim__tcp_gaps *gaps_of(struct msim__tcb *tcb)
{
  if (tcb->gaps == NULL) {
    tcb->gaps = msim__pool_get(&msim__tcb_room(tcb)->gaps);
    if (tcb->gaps == NULL)
      msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
    else
      memset(tcb->gaps, 0, sizeof *tcb->gaps);
  }
  return tcb->gaps;
}

void msim__tcb_gaps_release(struct msim__tcb *tcb)
{
  if (tcb->gaps != NULL)
    msim__pool_put(&msim__tcb_room(tcb)->gaps, tcb->gaps);
  tcb->gaps = NULL;
}

/* RFC 2018 4: the block of the segment that came last stands first. */
void msim__tcb_gaps_note(struct msim__tcb *tcb, uint32_t left, uint32_t right)
{
  struct msim__tcp_gaps *gaps = gaps_of(tcb);
  uint32_t i, kept = 0;

  if (gaps == NULL)
    return;
  for (i = 0; i < gaps->count; i++) {
    const struct msim__tcp_range *block = &gaps->blocks[i];

    if (!msim__seq_after(block->left, right) && !msim__seq_after(left, block->right)) {
      left = msim__seq_before(block->left, left) ? block->left : left;
      right = msim__seq_max(right, block->right);
    } else {
      gaps->blocks[kept++] = *block;
    }
  }
  if (kept == MSIM__GAPS_BLOCKS_MAX)
    kept--;
  memmove(&gaps->blocks[1], &gaps->blocks[0], kept * sizeof gaps->blocks[0]);
  gaps->blocks[0].left = left;
  gaps->blocks[0].right = right;
  gaps->count = kept + 1;
}

void msim__tcb_gaps_duplicate(struct msim__tcb *tcb, uint32_t left, uint32_t right)
{
  struct msim__tcp_gaps *gaps;

  if (tcb->opts->no_dsack || !msim__seq_before(left, right))
    return;
  gaps = gaps_of(tcb);
  if (gaps == NULL)
    return;
  gaps->has_duplicate = true;
  gaps->duplicate.left = left;
  gaps->duplicate.right = right;
}

void msim__tcb_gaps_advance(struct msim__tcb *tcb)
{
  struct msim__tcp_gaps *gaps = tcb->gaps;
  uint32_t i, kept = 0;

  if (gaps == NULL)
    return;
  for (i = 0; i < gaps->count; i++) {
    if (msim__seq_after(gaps->blocks[i].right, tcb->rcv_nxt))
      gaps->blocks[kept++] = gaps->blocks[i];
  }
  gaps->count = kept;
}

void msim__tcb_gaps_sent(struct msim__tcb *tcb)
{
  if (tcb->gaps->has_duplicate)
    msim__tcp_count(tcb->head.node, msim__seq_after(tcb->gaps->duplicate.right, tcb->rcv_nxt)
                                        ? MSIM__COUNT_dsack_ofo_sent
                                        : MSIM__COUNT_dsack_old_sent);
  tcb->gaps->has_duplicate = false;
  if (tcb->gaps->count == 0)
    msim__tcb_gaps_release(tcb);
}

const struct msim__tcp_range *msim__tcb_gaps_find(const struct msim__tcb *tcb, uint32_t seq)
{
  uint32_t i;

  for (i = 0; tcb->gaps != NULL && i < tcb->gaps->count; i++) {
    const struct msim__tcp_range *block = &tcb->gaps->blocks[i];

    if (!msim__seq_before(seq, block->left) && !msim__seq_after(seq, block->right))
      return block;
  }
  return NULL;
}

static uint32_t block_count(const struct msim__tcb *tcb)
{
  const struct msim__tcp_gaps *gaps = tcb->gaps;
  uint32_t room = (OPTIONS_BYTES_MAX - msim__tcb_option_bytes(tcb) - HEAD_BYTES) / BLOCK_BYTES, count;

  if (gaps == NULL)
    return 0;
  count = gaps->count + gaps->has_duplicate;
  return count < room ? count : room;
}

uint32_t msim__tcb_gaps_option_bytes(const struct msim__tcb *tcb)
{
  uint32_t count = block_count(tcb);

  return count == 0 ? 0 : HEAD_BYTES + count * BLOCK_BYTES;
}

static void put_block(uint8_t *out, const struct msim__tcp_range *block)
{
  uint32_t words[2], i;

  words[0] = block->left;
  words[1] = block->right;
  for (i = 0; i < BLOCK_BYTES; i++)
    out[i] = (uint8_t)(words[i / 4] >> (24 - 8 * (i % 4)) & 0xff);
}

uint8_t msim__tcb_gaps_write(const struct msim__tcb *tcb, uint8_t *options, uint8_t option_bytes)
{
  uint32_t count = block_count(tcb), i, next = 0;
  uint8_t *out = options + option_bytes;

  if (count == 0)
    return option_bytes;
  out[0] = out[1] = MSIM__TCP_OPTION_NOP;
  out[2] = MSIM__TCP_OPTION_SACK;
  out[3] = (uint8_t)(2 + count * BLOCK_BYTES);
  for (i = 0; i < count; i++) {
    bool first = i == 0 && tcb->gaps->has_duplicate;

    put_block(out + HEAD_BYTES + i * BLOCK_BYTES, first ? &tcb->gaps->duplicate : &tcb->gaps->blocks[next]);
    next += !first;
  }
  return (uint8_t)(option_bytes + HEAD_BYTES + count * BLOCK_BYTES);
}
