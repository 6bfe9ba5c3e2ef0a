/* downgrade.h: a message for hosts that take seven bits only (RFC 6152 3): its parts beyond ASCII are coded in
 * quoted-printable or base64, whichever is shorter, and their headers say so.
 *
 * Nothing else is touched. Does not convert what is signed (RFC 1847 2.1), and no bytes beyond ASCII in a header: they
 * need SMTPUTF8 (RFC 6531). */
#ifndef MSIM_MAIL_DOWNGRADE_H
#define MSIM_MAIL_DOWNGRADE_H

#include "text/buf.h"

#define MSIM__DOWNGRADE_PARTS_MAX 256u

/* plain has its dots single; the converted message is appended to out. 0; MSIM_ERR_INVALID: it cannot be done; or the
 * buffer's error. */
int msim__downgrade_append(struct msim__buf *out, struct msim_slice plain);

/* Whether a byte of the header is beyond ASCII. */
bool msim__downgrade_header_is_eight_bit(struct msim_slice plain);

#endif
