/* tun.h: the kernel's end: a network namespace of this process's own with one TUN device in it, so that nothing leaves
 * it and nothing of the machine is changed; and a capture of what goes through.
 *
 * Linux only. Knows no simulation. */
#ifndef MSIM_TESTS_KERNEL_TUN_H
#define MSIM_TESTS_KERNEL_TUN_H

#include <mailsim/base.h>

/* Moves the process into a new namespace and opens the device there: address and network of the kernel, in host order.
 * A descriptor that never blocks; -1 where it is not permitted, with one line on standard output that says why. */
int tun_open(uint32_t addr, uint32_t netmask, unsigned mtu_bytes);

/* How many packets the kernel has thrown away for the device, from it and to it. */
unsigned long tun_drop_count(void);

/* A file in the format of libpcap, raw IP, nanoseconds; false: cannot be written. write does nothing before open. */
bool tun_capture_open(const char *path);
void tun_capture_write(uint64_t at_ns, struct msim_slice packet);
void tun_capture_close(void);

#endif
