/* mailbox.h: what lies in the mailboxes of a host: users, folders, messages with flags, dates and bytes.
 *
 * For looking, at any time between the start of a simulation and msim_sim_free, also after msim_sim_finish. A host
 * that is down has no mailboxes until it is up again. Looking changes nothing of the run. Before the run
 * msim_mailbox_put lays messages into them. Does not include: users' passwords, the queue of mail under way, any format
 * of files. */
#ifndef MAILSIM_MAILBOX_H
#define MAILSIM_MAILBOX_H

#include <mailsim/topology.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One folder of one user. Texts are borrowed until the simulation goes on. */
struct msim_mailbox_info {
  const char *user;       /* as the host's store has it: "bob"; on a person's PC "local" */
  const char *folder;     /* "INBOX", or a path in UTF-8 with '/' between its parts */
  uint32_t uid_validity;  /* with a uid it names a message for ever (RFC 9051 2.3.1.1) */
  uint32_t uid_next;      /* that the next message gets */
  uint64_t message_count; /* of which the first came first */
  uint64_t size_bytes;    /* of all of them, as msim_mailbox_message.size_bytes */
};

enum msim_mailbox_flag {
  MSIM_MAILBOX_SEEN = 1,
  MSIM_MAILBOX_ANSWERED = 2,
  MSIM_MAILBOX_FLAGGED = 4,
  MSIM_MAILBOX_DELETED = 8, /* marked, and still there */
  MSIM_MAILBOX_DRAFT = 16,
  MSIM_MAILBOX_RECENT = 32 /* no reader was told of it yet (RFC 3501 2.3.2) */
};

struct msim_mailbox_message {
  const char *label; /* as in traces: "m1" */
  const char
      *sender; /* of the envelope, without brackets; "" for <>. Any bytes but control characters may stand in it */
  int64_t internal_unix_s; /* INTERNALDATE (RFC 3501 2.3.3) */
  uint64_t size_bytes;     /* as msim_mailbox_write writes it */
  uint32_t uid;
  uint32_t flags;    /* bits of enum msim_mailbox_flag */
  uint32_t keywords; /* bit i: it has the keyword of msim_mailbox_keyword_at i */
  uint32_t reserved; /* 0 */
};

/* The index-th mailbox of the host, in the order of their making. MSIM_ERR_NOT_FOUND: past the end; MSIM_ERR_STATE:
 * none is at this place any more, but there may be further ones. */
#define msim_mailbox_at(node, index, out)                                                                              \
  msim_mailbox_at_sized((node), (index), (out), sizeof(struct msim_mailbox_info))
MSIM_API int msim_mailbox_at_sized(const struct msim_node *node, size_t index, struct msim_mailbox_info *out,
                                   size_t out_bytes);

/* The message at a place of that mailbox. MSIM_ERR_NOT_FOUND: past the end. */
#define msim_mailbox_message_at(node, index, place, out)                                                               \
  msim_mailbox_message_at_sized((node), (index), (place), (out), sizeof(struct msim_mailbox_message))
MSIM_API int msim_mailbox_message_at_sized(const struct msim_node *node, size_t index, size_t place,
                                           struct msim_mailbox_message *out, size_t out_bytes);

/* The number-th keyword that the mailbox knows ("$Forwarded", RFC 9051 2.3.2), 27 at most; NULL: past the end.
 * Borrowed. */
MSIM_API const char *msim_mailbox_keyword_at(const struct msim_node *node, size_t index, size_t number);

/* Writes the message as a reader gets it: the field Return-Path where it came by SMTP (RFC 5321 4.4), then its content,
 * lines with CRLF. out is used during the call only. What out returned, MSIM_ERR_NOT_FOUND, or MSIM_ERR_NOMEM. */
MSIM_API int msim_mailbox_write(const struct msim_node *node, size_t index, size_t place, const struct msim_out *out);

/* The date is that of the message's field Date, without a readable one the start of the run. */
#define MSIM_MAILBOX_DATE_OF_FIELD INT64_MIN

/* A message that lies in a mailbox when the run begins. Texts and data are copied. */
struct msim_mailbox_letter {
  const char *user;        /* as in a topology's `mailboxes`: "bob", or "bob@b.example" */
  const char *folder;      /* as above; NULL: INBOX */
  const char *sender;      /* of the envelope, without brackets; "" or NULL for <> */
  const void *data;        /* the message as a reader gets it; lines end in LF, CR or CRLF; no byte of value 0 */
  size_t size_bytes;       /* 1 to 16 MiB, with CRLF at each line's end */
  int64_t internal_unix_s; /* INTERNALDATE, or MSIM_MAILBOX_DATE_OF_FIELD */
  uint32_t flags;          /* bits of enum msim_mailbox_flag */
  uint32_t reserved;       /* 0 */
};

/* Puts it behind what the topology and earlier calls have put into that folder, which is made where it is missing. The
 * host must have a pop-server or an imap-server. MSIM_ERR_NOT_FOUND: it has none; MSIM_ERR_STATE: the run has begun;
 * MSIM_ERR_INVALID: no such user, folder, sender or flag can be, the message is empty or has a byte of value 0;
 * MSIM_ERR_LIMIT: more than 100000 messages or 256 MiB in all hosts, or a message too large; MSIM_ERR_NOMEM. */
#define msim_mailbox_put(node, letter) msim_mailbox_put_sized((node), (letter), sizeof(struct msim_mailbox_letter))
MSIM_API int msim_mailbox_put_sized(struct msim_node *node, const struct msim_mailbox_letter *letter,
                                    size_t letter_bytes);

#ifdef __cplusplus
}
#endif
#endif
