/* store.h: the mailboxes of a host: per user a list of messages in order of arrival, and more such lists where a user
 * has folders (folders.h).
 *
 * A message that goes to many is kept once and counted. What a reader gets is the field Return-Path and then the
 * message's content. Does not know domains or passwords, and does not survive a crash: it is
 * memory. Who writes it down is told of changes (spool.h). */
#ifndef MSIM_MAIL_STORE_H
#define MSIM_MAIL_STORE_H

#include "core/names.h"
#include "mail/message.h"

#define MSIM__STORE_ITEMS_MAX 1000000u  /* of one mailbox */
#define MSIM__STORE_GONE_MAX 4096u      /* ranges that a mailbox remembers as gone */
#define MSIM__STORE_MODSEQ_GAP 1048576u /* behind a start from the disk; see msim__store_renumber */

struct msim__mailbox_item {
  struct msim__message *message; /* counted */
  int64_t added_unix_s;
  uint32_t uid;    /* ascending, never used twice */
  uint32_t flags;  /* for those who read: 0 at first. Bits of enum msim__mail_flag, above them those of keywords */
  uint64_t modseq; /* ascends in a mailbox with every change (RFC 7162 3.1) */
};

/* Messages that are no more, and the change that has told so, of the latest of them (RFC 7162 5.3). */
struct msim__mailbox_gone {
  uint32_t first, last; /* uids */
  uint64_t modseq;
};

enum msim__mail_flag {
  MSIM__FLAG_SEEN = 1,
  MSIM__FLAG_ANSWERED = 2,
  MSIM__FLAG_FLAGGED = 4,
  MSIM__FLAG_DELETED = 8,
  MSIM__FLAG_DRAFT = 16
};
#define MSIM__FLAG_COUNT 5u /* of those; the first keyword's bit is 1 << that */
#define MSIM__KEYWORDS_MAX 27u
#define MSIM__KEYWORD_BYTES_MAX 64u

enum msim__mailbox_mark { /* kept on the disk: never renumber */
                          MSIM__MAILBOX_EXISTS = 1,
                          MSIM__MAILBOX_SUBSCRIBED = 2,
                          MSIM__MAILBOX_NOSELECT = 4, /* a name between others (RFC 3501 6.3.4) */
                          MSIM__MAILBOX_ARCHIVE = 8,  /* what it is used for (RFC 6154) */
                          MSIM__MAILBOX_DRAFTS = 16,
                          MSIM__MAILBOX_JUNK = 32,
                          MSIM__MAILBOX_SENT = 64,
                          MSIM__MAILBOX_TRASH = 128,
                          MSIM__MAILBOX_USES = 248
};

enum msim__mailbox_news { MSIM__MAILBOX_ADDED, MSIM__MAILBOX_FLAGGED, MSIM__MAILBOX_GONE /* still there */ };

/* Somebody who looks into a mailbox and is told of changes. */
struct msim__mailbox_watch {
  struct msim__mailbox_watch *prev, *next;
  void (*tell)(struct msim__mailbox_watch *watch, const struct msim__mailbox_item *item, enum msim__mailbox_news news);
};

struct msim__mailbox {
  char *name; /* the user; terminated */
  size_t name_bytes;
  struct msim__mailbox_item *items; /* in order of arrival */
  size_t count, capacity;
  uint64_t size_bytes; /* of all of them, see msim__store_item_bytes */
  uint32_t uid_next;
  uint32_t uid_validity;   /* with a uid it names a message for ever (RFC 9051 2.3.1.1) */
  uint32_t reserved_count; /* places that are promised */
  bool is_locked;          /* a reader wants to be alone with it (RFC 1939 4) */
  msim_ns login_ns;        /* when somebody last logged in who asked for that to be kept; 0: never */
  struct msim__mailbox_watch *watches;
  uint64_t modseq_highest;
  uint64_t modseq_before;          /* the highest before the first of the places that are promised was */
  struct msim__mailbox_gone *gone; /* in order of modseq: all after gone_since */
  size_t gone_count, gone_capacity;
  uint64_t gone_since; /* what had gone up to this change is not remembered */
  uint32_t recent_uid; /* those from here on were shown to nobody yet (RFC 3501 2.3.2) */
  unsigned marks;      /* enum msim__mailbox_mark */
  char **keywords;     /* terminated; each has the next bit of flags; none is ever removed */
  size_t keyword_count, keyword_capacity;
  struct msim__mailbox *owner;       /* the user's INBOX; of that: itself */
  struct msim__mailbox *folder_next; /* of the same user, INBOX first */
  char *title;                       /* a folder's path in UTF-8, terminated; NULL: INBOX */
  size_t title_bytes;
  struct msim__store *store;
  uint64_t spool_mark, spool_id; /* under which the host has written it down (spool.h) */
};

/* All zero is a store that is not yet initialised (mem is NULL). */
struct msim__store {
  struct msim__mem *mem;
  struct msim__names boxes; /* struct msim__mailbox by name */
  uint32_t uid_validity;    /* of the mailboxes that are made now; the highest of all */
  /* An item was given other flags, or is gone (while it is still there). NULL: nobody wants to know. */
  void (*changed)(void *ctx, struct msim__mailbox *box, const struct msim__mailbox_item *item, bool gone);
  /* The mailbox itself has changed: marks, title, keywords. NULL: likewise. */
  void (*box_changed)(void *ctx, struct msim__mailbox *box);
  void *changed_ctx;
};

void msim__store_init(struct msim__store *store, struct msim__mem *mem);
void msim__store_release(struct msim__store *store); /* drops everything; may be used again */

/* Names are taken as they are, case included. Adding one that is there finds it. NULL: out of memory. */
struct msim__mailbox *msim__store_open(struct msim__store *store, const char *name, size_t name_bytes);
struct msim__mailbox *msim__store_find(const struct msim__store *store, const char *name, size_t name_bytes);

/* Mailboxes in the order of their making; NULL past the end. */
struct msim__mailbox *msim__store_at(const struct msim__store *store, size_t index);

/* Puts a message at the end, with a reference of its own. uid may be NULL. 0, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT. */
int msim__store_add(struct msim__store *store, struct msim__mailbox *box, struct msim__message *message,
                    int64_t added_unix_s, uint32_t *uid);

/* The same in two steps: a place and a uid are promised; put takes the place (cannot fail), unreserve gives it back. */
int msim__store_reserve(struct msim__mailbox *box, uint32_t *uid);
void msim__store_put(struct msim__mailbox *box, struct msim__message *message, int64_t added_unix_s, uint32_t uid,
                     uint32_t flags);
void msim__store_unreserve(struct msim__mailbox *box);
/* Leaves so many UIDs out in front of the next one, where there are so many. */
void msim__store_skip(struct msim__mailbox *box, uint32_t count);
/* As msim__store_put, of an item that tells everything, its modseq too. */
void msim__store_put_item(struct msim__mailbox *box, const struct msim__mailbox_item *item);

/* The bit of a keyword by name, without regard to case; 0: there is none. add: it is then made, unless there are
 * MSIM__KEYWORDS_MAX, its name is too long, or memory runs out. */
uint32_t msim__store_keyword(struct msim__mailbox *box, struct msim_slice name, bool add);

void msim__store_watch(struct msim__mailbox *box, struct msim__mailbox_watch *watch);
/* Also when the store has been released, and box with it. */
void msim__store_unwatch(struct msim__mailbox *box, struct msim__mailbox_watch *watch);

/* By its place. MSIM_ERR_NOT_FOUND. */
int msim__store_set_flags(struct msim__mailbox *box, size_t index, uint32_t flags);

/* Takes one out by its place. Those behind move up. MSIM_ERR_NOT_FOUND. */
int msim__store_remove(struct msim__mailbox *box, size_t index);

/* Remembers that messages were taken out up to that change. Where there is no room, what is older is forgotten. */
void msim__store_note_gone(struct msim__mailbox *box, uint32_t first, uint32_t last, uint64_t modseq);

/* The mailbox becomes another one: its earlier messages are nobody's any more. */
void msim__store_renew(struct msim__mailbox *box, uint32_t uid_validity);

/* Every message counts as changed just now. For who reads the disk: readers may have heard of changes that it had not
 * yet when the host crashed. */
void msim__store_renumber(struct msim__mailbox *box);

/* The highest change up to which everything has happened: a message on its way to the disk has its number already. */
uint64_t msim__store_modseq(const struct msim__mailbox *box);

/* The place of the message with that uid; box->count when there is none. */
size_t msim__store_index_of(const struct msim__mailbox *box, uint32_t uid);

/* Size as a reader sees it: Return-Path and content, dots single. */
uint64_t msim__store_item_bytes(const struct msim__mailbox_item *item);

#endif
