/* imap_thread.h: messages as threads (RFC 5256 BASE.6.4.THREAD): by subject, and by what refers to what.
 *
 * Takes what imap_order.h knows of them. Work is bounded whatever the references say: see LINK_STEPS_MAX in the source.
 * Knows no mailboxes and no connections. */
#ifndef MSIM_MAIL_IMAP_THREAD_H
#define MSIM_MAIL_IMAP_THREAD_H

#include "mail/imap_order.h"

/* Appends "(2)(3 6 (4 23)(44 7 96))". order was filled with MSIM__IMAP_ORDER_THREADS. 0, MSIM_ERR_NOMEM,
 * MSIM_ERR_LIMIT. */
int msim__imap_put_ordered_subject(struct msim__buf *out, const struct msim__imap_order *order);
int msim__imap_put_references(struct msim__buf *out, const struct msim__imap_order *order);

#endif
