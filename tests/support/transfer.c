/* transfer.c: see transfer.h. */
#include "support/transfer.h"

#include <string.h>

/* Eight bytes of the content, by number: a piece that is shifted, repeated or of another connection is seen. */
static uint64_t word_at(uint32_t seed, uint64_t number)
{
  uint64_t x = (number + 1) * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)seed << 32;

  x = (x ^ x >> 31) * UINT64_C(0xbf58476d1ce4e5b9);
  return x ^ x >> 29;
}

/* The content from a place on, into out. */
static void make(uint32_t seed, uint64_t place, uint8_t *out, size_t size_bytes)
{
  uint64_t word = word_at(seed, place / 8) >> place % 8 * 8;
  size_t i;

  for (i = 0; i < size_bytes; i++, word >>= 8) {
    if ((place + i) % 8 == 0)
      word = word_at(seed, (place + i) / 8);
    out[i] = (uint8_t)word;
  }
}

void transfer_init(struct transfer_end *opener, struct transfer_end *acceptor, enum transfer_kind kind, uint32_t seed,
                   uint64_t opener_bytes, uint64_t acceptor_bytes)
{
  memset(opener, 0, sizeof *opener);
  memset(acceptor, 0, sizeof *acceptor);
  opener->to_send_bytes = acceptor->expected_bytes = kind == TRANSFER_FETCH ? 0 : opener_bytes;
  acceptor->to_send_bytes = opener->expected_bytes = kind == TRANSFER_SEND ? 0 : acceptor_bytes;
  opener->send_seed = acceptor->receive_seed = 2 * seed;
  acceptor->send_seed = opener->receive_seed = 2 * seed + 1;
  opener->closes_after_peer = kind == TRANSFER_FETCH;
  acceptor->closes_after_peer = kind == TRANSFER_SEND;
}

size_t transfer_fill(const struct transfer_end *end, uint8_t *out, size_t capacity_bytes)
{
  uint64_t left = end->to_send_bytes - end->sent_bytes;
  size_t size = left < capacity_bytes ? (size_t)left : capacity_bytes;

  make(end->send_seed, end->sent_bytes, out, size);
  return size;
}

void transfer_take(struct transfer_end *end, struct msim_slice bytes)
{
  uint8_t right[1024];
  size_t done, size;

  if (bytes.size_bytes > end->expected_bytes - end->received_bytes) {
    end->wrong = true;
    return;
  }
  for (done = 0; done < bytes.size_bytes; done += size) {
    size = bytes.size_bytes - done < sizeof right ? bytes.size_bytes - done : sizeof right;
    make(end->receive_seed, end->received_bytes, right, size);
    end->wrong |= memcmp(bytes.data + done, right, size) != 0;
    end->received_bytes += size;
  }
}

bool transfer_should_close(const struct transfer_end *end)
{
  return !end->closed_half && end->sent_bytes == end->to_send_bytes && (!end->closes_after_peer || end->got_eof);
}
