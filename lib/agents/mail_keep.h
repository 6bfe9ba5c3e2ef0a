/* mail_keep.h: how a message comes into a host's charge: written to its disk, then put into its queue and mailboxes,
 * and told by smtp.queued and store.add. For mail that comes in and for mail that arises on the host.
 *
 * Does not decide where a recipient belongs, and accepts nothing from anybody. */
#ifndef MSIM_AGENTS_MAIL_KEEP_H
#define MSIM_AGENTS_MAIL_KEEP_H

#include "agents/smtp_stream.h"

typedef void msim__mail_kept_fn(void *ctx);

/* Where a recipient belongs. */
struct msim__mail_place {
  uint32_t index;            /* in the message's table */
  struct msim__mailbox *box; /* NULL: elsewhere, by way of the queue */
};

/* One copy per mailbox, however many recipients have it. 0: fn (may be NULL) is called from the loop when the message
 * is where it belongs, unless the host crashes before. MSIM_ERR_LIMIT: the queue, a mailbox or the disk is full;
 * MSIM_ERR_INVALID, MSIM_ERR_NOMEM; nothing was taken then. */
int msim__mail_keep(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message,
                    const struct msim__mail_place *places, size_t count, msim__mail_kept_fn *fn, void *ctx);

/* Forgets those under way; from msim__mail_room_release. */
void msim__mail_keep_stop(struct msim__mail_room *room);

#endif
