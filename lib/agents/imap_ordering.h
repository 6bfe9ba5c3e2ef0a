/* imap_ordering.h: the messages that were found, with what SORT and THREAD have to know of their headers. */
#ifndef MSIM_AGENTS_IMAP_ORDERING_H
#define MSIM_AGENTS_IMAP_ORDERING_H

#include "agents/imap_searching.h"
#include "mail/imap_order.h"

/* "UTF-8 ALL": the messages that fit, in order->mails as in s->rows. order was initialised. false: the reply is given.
 */
bool msim__imap_find_ordering(struct msim__imap_session *session, struct msim__imap_searching *s,
                              struct msim__imap_order *order);

#endif
