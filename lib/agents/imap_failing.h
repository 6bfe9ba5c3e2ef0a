/* imap_failing.h: an IMAP server that is made to fail from above (fault/): connections end, mailboxes become others. */
#ifndef MSIM_AGENTS_IMAP_FAILING_H
#define MSIM_AGENTS_IMAP_FAILING_H

#include <mailsim/agent.h>

#include <stdbool.h>
#include <stddef.h>

enum msim__imap_hangup {
  MSIM__IMAP_HANGUP_NONE,
  MSIM__IMAP_HANGUP_BYE,   /* "* BYE", then the end */
  MSIM__IMAP_HANGUP_CLOSE, /* the end, without a word */
  MSIM__IMAP_HANGUP_RESET  /* RST */
};

/* Ends the connections of the users whose name fits the glob; "*" also those of nobody yet. How many there were.
 * server: a running agent of type imap-server. */
size_t msim__imap_hang_up(struct msim_agent *server, const char *user, enum msim__imap_hangup how);

/* Every mailbox of those users becomes another one: UIDVALIDITY rises (RFC 3501 2.3.1.1), UIDs stay. It is written down
 * like other changes. Who has one selected hears BYE with the next command. How many there were. */
size_t msim__imap_renew(struct msim_agent *server, const char *user);

#endif
