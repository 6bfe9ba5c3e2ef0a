/* kernel_transfer.h: one connection between the kernel and the simulation: who connects, from where, and both accounts.
 */
#ifndef MSIM_TESTS_KERNEL_KERNEL_TRANSFER_H
#define MSIM_TESTS_KERNEL_KERNEL_TRANSFER_H

#include "support/transfer.h"

struct transfer {
  enum transfer_kind kind;
  bool kernel_connects;
  uint16_t port;    /* of the acceptor, one for each */
  const char *host; /* of the simulation */
  struct msim_addr host_addr;
  struct transfer_end kernel, simulated;
  msim_ns done_ns;
};

static inline bool transfer_is_done(const struct transfer *transfer)
{
  return transfer->kernel.over && transfer->simulated.over;
}

#endif
