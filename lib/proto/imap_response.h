/* imap_response.h: what a client reads in responses of IMAP beside the words of imap_lex.h: names of FETCH items, and
 * values of any kind that are passed over (RFC 3501 7.4.2, 9).
 *
 * On a response that is there as a whole. Does not know what an item means. */
#ifndef MSIM_PROTO_IMAP_RESPONSE_H
#define MSIM_PROTO_IMAP_RESPONSE_H

#include "proto/imap_lex.h"

/* "BODY[HEADER.FIELDS (TO)]<0>": up to the space behind it, which is taken too. */
bool msim__imap_take_item_name(struct msim__imap_cursor *c, struct msim_slice *out);

/* One value of any kind: an atom, a string, a list with all that is in it. */
bool msim__imap_skip_value(struct msim__imap_cursor *c);

#endif
