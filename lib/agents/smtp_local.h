/* smtp_local.h: mail that arises on a host itself, such as a notice about delivery: into its mailboxes or its queue,
 * as if it had come in.
 *
 * Does not write mail and does not accept any from a connection. */
#ifndef MSIM_AGENTS_SMTP_LOCAL_H
#define MSIM_AGENTS_SMTP_LOCAL_H

#include "agents/smtp_stream.h"

/* Takes charge of every recipient of the message; the caller's reference stays. Who has no place on this host (an
 * unknown user, a domain without a way out) is told by message.discarded: such mail has nobody to go back to.
 * 0, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT. */
int msim__smtp_local_submit(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message);

#endif
