/* tcp_mtu.h: what a connection's version of IP makes of sizes. Does not know paths: tcp_mtu.c does. */
#ifndef MSIM_TCP_TCP_MTU_H
#define MSIM_TCP_TCP_MTU_H

#include "tcp/tcb.h"

/* RFC 9293 MUST-15: what a peer takes that says nothing: 576 bytes of IPv4, 1280 of IPv6, less both headers. */
#define MSIM__MSS_DEFAULT_V4 536u
#define MSIM__MSS_DEFAULT_V6 1220u

static inline bool msim__tcb_is_v6(const struct msim__tcb *tcb)
{
  return (tcb->bits & MSIM__TCB_V6) != 0;
}
static inline uint16_t msim__tcb_mss_default(const struct msim__tcb *tcb)
{
  return msim__tcb_is_v6(tcb) ? MSIM__MSS_DEFAULT_V6 : MSIM__MSS_DEFAULT_V4;
}
/* Of the headers of IP and TCP without options (RFC 9293 3.7.1). */
static inline uint32_t msim__tcb_header_bytes(const struct msim__tcb *tcb)
{
  return msim__tcb_is_v6(tcb) ? 60u : 40u;
}

#endif
