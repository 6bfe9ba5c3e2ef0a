/* dsn.h: the words of RFC 3461: when a sender wants to be told about a recipient, and what of the message comes back.
 */
#ifndef MSIM_PROTO_DSN_H
#define MSIM_PROTO_DSN_H

#define MSIM__DSN_ENVID_BYTES_MAX 100u /* RFC 3461 4.4, as xtext; decoded it is never longer */
#define MSIM__DSN_ORCPT_BYTES_MAX 500u /* RFC 3461 4.2, likewise */

/* Bits (RFC 3461 4.1). None: nothing was said, which means failure and delay. */
enum msim__dsn_notify {
  MSIM__DSN_NEVER = 1, /* stands alone */
  MSIM__DSN_SUCCESS = 2,
  MSIM__DSN_FAILURE = 4,
  MSIM__DSN_DELAY = 8
};

/* What of the message comes back with bad news (RFC 3461 4.3). */
enum msim__dsn_ret { MSIM__DSN_RET_NONE, MSIM__DSN_RET_FULL, MSIM__DSN_RET_HEADERS };

#endif
