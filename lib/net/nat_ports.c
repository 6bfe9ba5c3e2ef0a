/* nat_ports.c: the set of outside ports of one address and protocol of a NAT. Does not choose ranges: nat_table.c. */
#include "net/nat_ports.h"

#define EVEN UINT64_C(0x5555555555555555)

static uint64_t mask_of(unsigned parity)
{
  return parity == 0 ? EVEN : EVEN << 1;
}

bool msim__nat_port_is_used(const struct msim__nat_port_set *set, uint16_t port)
{
  return (set->used[port / 64] >> (port % 64) & 1) != 0;
}

static void note_word(struct msim__nat_port_set *set, unsigned word)
{
  unsigned parity;

  for (parity = 0; parity < 2; parity++) {
    uint64_t bit = UINT64_C(1) << (word % 64), *full = &set->full[parity][word / 64];

    *full = (~set->used[word] & mask_of(parity)) == 0 ? *full | bit : *full & ~bit;
  }
}

void msim__nat_port_take(struct msim__nat_port_set *set, uint16_t port)
{
  set->used[port / 64] |= UINT64_C(1) << (port % 64);
  note_word(set, port / 64u);
}

void msim__nat_port_give(struct msim__nat_port_set *set, uint16_t port)
{
  set->used[port / 64] &= ~(UINT64_C(1) << (port % 64));
  note_word(set, port / 64u);
}

/* The place of the lowest bit; bits is not 0. */
static unsigned lowest(uint64_t bits)
{
  unsigned at = 0, step;

  for (step = 32; step > 0; step /= 2) {
    if ((bits & ((UINT64_C(1) << step) - 1)) == 0) {
      bits >>= step;
      at += step;
    }
  }
  return at;
}

/* Within from .. last. */
static int32_t first_free(const struct msim__nat_port_set *set, uint16_t from, uint16_t last, unsigned parity)
{
  uint64_t bits = ~set->used[from / 64] & mask_of(parity) & UINT64_MAX << (from % 64);
  unsigned word = from / 64u, group;
  uint32_t port;

  if (bits == 0) {
    uint64_t words = 0;

    word++;
    for (group = word / 64; group < MSIM__NAT_PORT_WORDS / 64 && words == 0; group++) {
      words = ~set->full[parity][group];
      if (group == word / 64)
        words &= UINT64_MAX << (word % 64);
      if (words != 0)
        word = group * 64 + lowest(words);
    }
    if (words == 0)
      return -1;
    bits = ~set->used[word] & mask_of(parity);
  }
  port = word * 64 + lowest(bits);
  return port > last ? -1 : (int32_t)port;
}

int32_t msim__nat_port_next(const struct msim__nat_port_set *set, uint16_t from, uint16_t first, uint16_t last,
                            unsigned parity)
{
  int32_t port;

  if (from < first || from > last)
    from = first;
  port = first_free(set, from, last, parity);
  return port >= 0 || from == first ? port : first_free(set, first, (uint16_t)(from - 1), parity);
}
