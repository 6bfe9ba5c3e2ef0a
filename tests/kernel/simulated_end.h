/* simulated_end.h: the end of a transfer that the simulated TCP has: an agent, as any program may register one. */
#ifndef MSIM_TESTS_KERNEL_SIMULATED_END_H
#define MSIM_TESTS_KERNEL_SIMULATED_END_H

#include <mailsim/mailsim.h>

#include "kernel_transfer.h"

/* Registers the agent type. */
int simulated_end_register(struct msim_sim *sim);
/* Puts one end of each transfer, all of one host, on that host; they are borrowed. */
int simulated_end_add(struct msim_node *node, struct transfer *transfers, size_t count, struct msim_addr kernel);

#endif
