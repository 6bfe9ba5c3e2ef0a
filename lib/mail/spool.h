/* spool.h: the queue and the mailboxes of a host, written down on its disk, so that what was accepted survives a crash.
 *
 * A journal: everything that changes is a record behind the others, and reading them in order gives the state again. It
 * goes on in a new file that begins with the whole state when the old one has become long. What is taken is in queue
 * and mailboxes, and told to be safe, when the disk has synced it; that an entry has left, was put back, or that an
 * item has changed, is written at once and waited for by nobody: after a crash it may be tried once more, or be seen as
 * it was.
 *
 * The format, version 1. Numbers are little-endian; a text is its length (4 bytes) and its bytes. The files are named
 * mail/journal.N, N ten digits. A record is a head and a body, and perhaps content behind it:
 *
 *   4 length of the body    4 length of the content    8 checksum    body    content
 *
 * The checksum is of the file's number, the body and the content (msim__spool_sum).
 *
 * The first byte of a body is what it is, with 0x80 added when it ends a group: records count when their group is
 * whole.
 *
 *   1 file: 4 version, 8 number
 *
 *   2 message: 8 id, texts label and reverse path, 8 size, 1 bits (8-bit, SMTPUTF8, binary, DSN, bare), 1 ret, text
 *     envid, 4 count, then per recipient its text, and with DSN 4 notify and text orcpt; the content is its wire form
 *
 *   3 entry: 8 number, 8 id of the message, 8 queued, 8 due (ns since the start), 4 attempts, 1 warned, text reply,
 *     4 count, then 4 index and 1 settled per recipient; in place of an earlier one of that number
 *
 *   4 left: 8 number of the entry that is no more
 *
 *   5 mailbox: 8 id, text name, 4 uid validity, 4 next uid, 8 highest modseq, 4 marks, text title, 4 count, then a text
 *     per keyword, 8 modseq up to which it is not remembered what has gone; in place of an earlier one
 *
 *   6 item: 8 id of the mailbox, 4 uid, 8 id of the message, 8 seconds since 1970, 4 flags, 8 modseq; likewise
 *
 *   7 removed: 8 id of the mailbox, 4 uid, 8 modseq; in place of an item
 *
 *   8 whole: the state that this file begins with is complete; 8 next number of an entry
 *
 *   9 gone: 8 id of the mailbox, 4 count, then 4 first and 4 last uid and 8 modseq per range that is remembered
 *
 * A file without record 8 is as if it were not there, and a record that is torn or does not fit its checksum ends the
 * journal. Does not know SMTP, nor when mail is tried. */
#ifndef MSIM_MAIL_SPOOL_H
#define MSIM_MAIL_SPOOL_H

#include <mailsim/disk.h>

#include "mail/queue.h"
#include "mail/store.h"

#define MSIM__SPOOL_VERSION 1u
#define MSIM__SPOOL_NAME_BYTES 32u
#define MSIM__SPOOL_HEAD_BYTES 16u
#define MSIM__SPOOL_BODY_BYTES_MAX (64u << 20)

enum msim__spool_record {
  MSIM__SPOOL_FILE = 1,
  MSIM__SPOOL_MESSAGE,
  MSIM__SPOOL_ENTRY,
  MSIM__SPOOL_LEFT,
  MSIM__SPOOL_MAILBOX,
  MSIM__SPOOL_ITEM,
  MSIM__SPOOL_REMOVED,
  MSIM__SPOOL_WHOLE,
  MSIM__SPOOL_GONE
};
#define MSIM__SPOOL_MARK_OLD UINT64_MAX /* stands in an earlier file */
#define MSIM__SPOOL_GROUP_END 0x80u
enum {
  MSIM__SPOOL_EIGHT_BIT = 1,
  MSIM__SPOOL_UTF8 = 2,
  MSIM__SPOOL_BINARY = 4,
  MSIM__SPOOL_DSN = 8,
  MSIM__SPOOL_BARE = 16
};

/* Called when the message is safe and in its places. uids: one per mailbox, in the order in which they were given. */
typedef void msim__spool_done_fn(void *ctx, const uint32_t *uids);

/* A message for a mailbox. */
struct msim__spool_place {
  struct msim__mailbox *box;
  struct msim__message *message;
  int64_t unix_s; /* when it came */
  uint32_t flags;
};

/* Messages on their way to be safe. */
struct msim__spool_take;

/* All zero is not open. It stays where it is while it is open. */
struct msim__spool {
  struct msim_node *node;
  struct msim_disk *disk; /* NULL: the host has not used it yet */
  struct msim__mem *mem;
  struct msim__mail_queue *queue;
  struct msim__store *store;
  uint64_t segment; /* number of the file that is written; 0: none yet */
  uint64_t mark;    /* what bears it stands in this file, under its id */
  uint64_t message_next, box_next;
  uint64_t size_bytes, state_bytes; /* of the file, and of the state that it began with */
  char name[MSIM__SPOOL_NAME_BYTES];
  struct msim__buf buf;                  /* of the group that is being written */
  struct msim__spool_take *first, *last; /* in the order of their syncs */
  int err;                               /* of that group */
  int change_err;                        /* a change could not be written down; told by msim__spool_wait */
  uint64_t change_count, safe_count;     /* changes that were written down; those of them that the disk has */
  bool hasty; /* a mistake, to be found by tests: what is taken is told to be safe before the disk has synced it */
  struct msim_timer hasty_timer; /* such takes wait for the end of this instant */
};

/* Reads what is there into the queue and the store, which are empty, and follows their changes from then on. Nothing is
 * written on a disk without a journal before the first message. 0 or MSIM_ERR_NOMEM. */
int msim__spool_open(struct msim__spool *spool, struct msim_node *node, struct msim__mem *mem,
                     struct msim__mail_queue *queue, struct msim__store *store);
/* Forgets what is under way, without a word. To be called before queue and store are released. */
void msim__spool_close(struct msim__spool *spool);

/* Takes charge of a message for recipients elsewhere (indices into its table) and for mailboxes, all or nothing. 0:
 * done (may be NULL) is called from the loop when it is safe, unless the host crashes before.
 * MSIM_ERR_LIMIT: the queue, a mailbox or the disk is full; MSIM_ERR_INVALID, MSIM_ERR_NOMEM. Nothing was taken then.
 */
int msim__spool_take(struct msim__spool *spool, struct msim__message *message, const uint32_t *indices, size_t count,
                     struct msim__mailbox *const *boxes, size_t box_count, msim_ns now_ns, int64_t unix_s,
                     msim__spool_done_fn *done, void *ctx);

/* The same for many messages and their places, as COPY and APPEND need it. count > 0. */
int msim__spool_take_places(struct msim__spool *spool, const struct msim__spool_place *places, size_t count,
                            msim__spool_done_fn *done, void *ctx);

/* 0: fn is called from the loop when everything that has changed until now is safe, unless the host crashes before.
 * MSIM_ERR_LIMIT: something was not written, because the disk is full; MSIM_ERR_NOMEM. */
int msim__spool_wait(struct msim__spool *spool, msim_disk_done_fn *fn, void *ctx);

/* Writes down the whole state, as something that was there before the run: durable at once, without a sync. 0 or as
 * msim__spool_take. */
int msim__spool_found(struct msim__spool *spool);

/* ---- spool_write.c ---- */

/* Records go into spool->buf; the first failure sticks in spool->err. A message or a mailbox is written before what
 * speaks of it, unless it stands in this file already. */
void msim__spool_put_entry(struct msim__spool *spool, const struct msim__mail_entry *entry);
void msim__spool_put_left(struct msim__spool *spool, uint64_t number);
void msim__spool_put_item(struct msim__spool *spool, struct msim__mailbox *box, uint32_t uid,
                          struct msim__message *message, int64_t added_unix_s, uint32_t flags, uint64_t modseq);
void msim__spool_put_removed(struct msim__spool *spool, struct msim__mailbox *box, uint32_t uid, uint64_t modseq);
void msim__spool_put_gone(struct msim__spool *spool, const struct msim__mailbox *box);
void msim__spool_put_mailbox(struct msim__spool *spool, struct msim__mailbox *box);
/* Under the id that it has, if it stands in this file. */
void msim__spool_put_mailbox_again(struct msim__spool *spool, struct msim__mailbox *box);
void msim__spool_put_file(struct msim__spool *spool);
void msim__spool_put_whole(struct msim__spool *spool);
/* Ends the group and hands it to the disk, all or nothing. 0 or the first error. */
int msim__spool_flush(struct msim__spool *spool);

/* content_sum: of the content by itself, so that it is computed once for a message; 0 when there is none. */
uint64_t msim__spool_sum(uint64_t segment, struct msim_slice body, uint64_t content_sum);
uint64_t msim__spool_content_sum(struct msim_slice content);
void msim__spool_file_name(uint64_t segment, char *out);

/* ---- spool_read.c ---- */

/* Reads the newest file that is whole. *segment: the highest number of any file, 0: there is none. */
int msim__spool_read(struct msim__spool *spool, uint64_t *segment);

#endif
