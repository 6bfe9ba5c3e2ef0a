/* mailbox_contents.h: what lies in the mailboxes of a host when the run begins. */
#ifndef MSIM_AGENTS_MAILBOX_CONTENTS_H
#define MSIM_AGENTS_MAILBOX_CONTENTS_H

#include "agents/mailbox_server.h"

/* Writes the mails of the configuration and puts them into their mailboxes, which are then on the disk as if they had
 * always been. store.add for each. 0, MSIM_ERR_NOMEM, MSIM_ERR_INVALID or MSIM_ERR_LIMIT (said). */
int msim__mailbox_fill(struct msim__mailbox_server *server);

#endif
