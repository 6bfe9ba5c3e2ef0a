/* transfer.h: what is to be carried between the kernel and the simulation, and the account of what each end has got.
 *
 * Contents are made from a seed and the place, so both ends know them and nothing is kept. Knows neither sockets nor
 * streams: kernel_end.c and simulated_end.c do. */
#ifndef MSIM_TESTS_KERNEL_TRANSFER_H
#define MSIM_TESTS_KERNEL_TRANSFER_H

#include <mailsim/base.h>

/* One end of one connection. */
struct transfer_end {
  uint64_t to_send_bytes, sent_bytes;
  uint64_t expected_bytes, received_bytes;
  uint32_t send_seed, receive_seed;
  bool closes_after_peer; /* else once everything is sent: the other half goes on */
  bool closed_half, got_eof;
  bool wrong, failed, over;
};

enum transfer_kind { TRANSFER_FETCH, TRANSFER_SEND, TRANSFER_BOTH }; /* as the one who connects sees it */

struct transfer {
  enum transfer_kind kind;
  bool kernel_connects;
  uint16_t port;    /* of the acceptor, one for each */
  const char *host; /* of the simulation */
  struct msim_addr host_addr;
  struct transfer_end kernel, simulated;
  msim_ns done_ns;
};

void transfer_init(struct transfer *transfer, uint32_t seed, uint64_t size_bytes);
bool transfer_is_done(const struct transfer *transfer);

/* Up to capacity_bytes of what the end sends next; does not count them as sent. */
size_t transfer_fill(const struct transfer_end *end, uint8_t *out, size_t capacity_bytes);
/* Judges what the end has received. */
void transfer_take(struct transfer_end *end, struct msim_slice bytes);
/* Whether the end should close its half now. */
bool transfer_should_close(const struct transfer_end *end);

#endif
