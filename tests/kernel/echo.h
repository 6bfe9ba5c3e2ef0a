/* echo.h: datagrams of all sizes from the kernel to a simulated host and back, over a link that is narrower than the
 * device: the kernel cuts them, a router of the simulation cuts the parts, and both ends put them together.
 *
 * One at a time, so that the kernel's bounds on fragments are not what is tested. */
#ifndef MSIM_TESTS_KERNEL_ECHO_H
#define MSIM_TESTS_KERNEL_ECHO_H

#include <mailsim/mailsim.h>

#define ECHO_PORT 7

struct echo {
  int fd;
  struct msim_addr host;
  size_t next; /* of the sizes */
  bool is_out, failed;
  msim_ns sent_at_ns;
};

/* The agent type of the simulated end, and the agent itself on a host. */
int echo_register(struct msim_sim *sim);
int echo_add(struct msim_node *node);

/* The kernel's end. local: its address, in host order. */
bool echo_open(struct echo *echo, uint32_t local, struct msim_addr host);
void echo_work(struct echo *echo, msim_ns now_ns);
bool echo_is_done(const struct echo *echo);
void echo_close(struct echo *echo);

#endif
