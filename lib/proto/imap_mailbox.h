/* imap_mailbox.h: names of mailboxes (RFC 3501 5.1): modified UTF-7 both ways, and the patterns of LIST.
 *
 * Inside the library names are UTF-8. Does not know which mailboxes exist. */
#ifndef MSIM_PROTO_IMAP_MAILBOX_H
#define MSIM_PROTO_IMAP_MAILBOX_H

#include <mailsim/base.h>

#define MSIM__IMAP_SEPARATOR '/'
#define MSIM__IMAP_MAILBOX_BYTES_MAX 1000u /* in UTF-8 */

/* RFC 3501 5.1.3. MSIM_ERR_SYNTAX: no modified UTF-7, or not the only way to write it; MSIM_ERR_LIMIT: out is too
 * small. Then *size_bytes is 0. Three bytes of UTF-8 come of at least 2.67 bytes: 2 * text.size_bytes are enough. */
int msim__imap_utf7_decode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* The other way round; what is no UTF-8 is MSIM_ERR_SYNTAX. 4 * text.size_bytes + 2 are enough. */
int msim__imap_utf7_encode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

/* Whether the name matches: "*" is anything, "%" anything without a separator (RFC 3501 6.3.8). "INBOX" at the
 * beginning is compared without regard to case. Time is bounded by the product of the lengths. */
bool msim__imap_pattern_matches(struct msim_slice pattern, struct msim_slice name);

#endif
