/* kernel_end.h: the end of a transfer that Linux's TCP has: a socket that never blocks.
 *
 * Does not wait: the caller polls. */
#ifndef MSIM_TESTS_KERNEL_KERNEL_END_H
#define MSIM_TESTS_KERNEL_KERNEL_END_H

#include "kernel_transfer.h"

struct kernel_end {
  int listener, fd; /* -1: none */
  uint64_t retransmitted_count;
  unsigned options; /* TCPI_OPT_x of the connection */
};

/* Connects or listens, as the transfer says. local: the kernel's address, in host order. */
bool kernel_end_open(struct kernel_end *end, const struct transfer *transfer, uint32_t local);
/* Does what can be done now. */
void kernel_end_work(struct kernel_end *end, struct transfer_end *account);
void kernel_end_close(struct kernel_end *end);

#endif
