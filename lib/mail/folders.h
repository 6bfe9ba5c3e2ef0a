/* folders.h: the folders of a user: mailboxes with names of their own beside INBOX, in a hierarchy, and which of them
 * the user is subscribed to.
 *
 * A folder is a mailbox of the store under a name that nobody else can have. A row is never removed: one that is
 * deleted is used again for the next folder, under a higher UIDVALIDITY. Does not speak IMAP and does not move
 * messages; names are UTF-8 here. */
#ifndef MSIM_MAIL_FOLDERS_H
#define MSIM_MAIL_FOLDERS_H

#include "mail/store.h"

#define MSIM__FOLDER_SEPARATOR '/'
#define MSIM__FOLDER_BYTES_MAX 1000u
#define MSIM__FOLDERS_MAX 10000u /* of one user */

/* Whether a folder could be called that: no part of the path is empty, and no byte is a control. */
bool msim__folder_is_title(struct msim_slice title);

/* "INBOX" in any case is the inbox itself. NULL: there is none that exists. */
struct msim__mailbox *msim__folder_find(struct msim__mailbox *inbox, struct msim_slice title);
/* The same, also one that is only subscribed to. */
struct msim__mailbox *msim__folder_known(struct msim__mailbox *inbox, struct msim_slice title);

/* As events name a mailbox: "bob", "bob/Sent"; cut when longer. */
void msim__folder_path(const struct msim__mailbox *box, char *out, size_t out_bytes);

/* Whether a folder exists whose name begins with this one and a separator. */
bool msim__folder_has_children(struct msim__mailbox *inbox, struct msim_slice title);

/* Makes it, and what is missing above it. uses: bits of MSIM__MAILBOX_USES. MSIM_ERR_EXISTS, MSIM_ERR_INVALID (no name
 * for a folder), MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. out may be NULL. */
int msim__folder_create(struct msim__mailbox *inbox, struct msim_slice title, unsigned uses,
                        struct msim__mailbox **out);

/* Takes everything out of it, and removes it; with children it stays as a name (RFC 3501 6.3.4). MSIM_ERR_STATE: it is
 * INBOX, or already nothing but a name with children. */
int msim__folder_remove(struct msim__mailbox *folder);

/* With all below it. MSIM_ERR_EXISTS, MSIM_ERR_INVALID, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM: nothing was renamed. Not for
 * INBOX. */
int msim__folder_rename(struct msim__mailbox *folder, struct msim_slice title);

/* MSIM_ERR_INVALID, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__folder_subscribe(struct msim__mailbox *inbox, struct msim_slice title, bool subscribed);

/* All messages of all folders of the user, in bytes. */
uint64_t msim__folders_bytes(const struct msim__mailbox *inbox);

/* For the one who reads the disk: the mailbox is a folder, under its store's name. 0 or MSIM_ERR_NOMEM. */
int msim__folder_join(struct msim__mailbox *box, struct msim_slice title);

#endif
