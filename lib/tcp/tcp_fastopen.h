/* tcp_fastopen.h: the cookies that a client keeps. Does not make or judge them: tcp_fastopen.c does, and tcb.h has its
 * calls. */
#ifndef MSIM_TCP_TCP_FASTOPEN_H
#define MSIM_TCP_TCP_FASTOPEN_H

#include "tcp/tcb.h"

/* What a client keeps of a server for Fast Open. */
struct msim__tcp_cookie {
  msim_ns refused_until_ns; /* the path did not bear it */
  uint32_t remote_id;
  uint16_t mss_bytes;           /* that it announced */
  uint8_t cookie_bytes, losses; /* 0: no cookie yet; in a row */
  uint8_t cookie[16];
};
#define MSIM__COOKIES_MAX 32u
struct msim__tcp_cookies {
  uint32_t count, next; /* the next one replaces the oldest */
  struct msim__tcp_cookie rows[MSIM__COOKIES_MAX];
};

#endif
