/* message_id.h: the message identifiers of Message-ID, In-Reply-To and References (RFC 5322 3.6.4).
 *
 * Tolerant: words, phrases and comments between them (4.5.4) are passed over. */
#ifndef MSIM_PROTO_MESSAGE_ID_H
#define MSIM_PROTO_MESSAGE_ID_H

#include <mailsim/base.h>

/* Start with *at 0. 1: *out is the next identifier with its angle brackets, without white space inside. 0: the end. */
int msim__message_id_next(struct msim_slice value, size_t *at, struct msim_slice *out);

#endif
