/* xtext.h: text in parameters of SMTP commands (RFC 3461 4): printable ASCII as it is, all else, '+' and '=' as "+HH".
 *
 * For ENVID, ORCPT and AUTH=. Does not judge what the decoded bytes are. */
#ifndef MSIM_PROTO_XTEXT_H
#define MSIM_PROTO_XTEXT_H

#include <mailsim/base.h>

/* MSIM_ERR_SYNTAX: a byte that cannot stand there, or '+' without two upper-case hexadecimal digits. MSIM_ERR_LIMIT:
 * out is too small. *size_bytes is then 0. Never longer than the text. */
int msim__xtext_decode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* At most three times as long. MSIM_ERR_LIMIT: out is too small, *size_bytes is then 0. */
int msim__xtext_encode(struct msim_slice bytes, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

#endif
