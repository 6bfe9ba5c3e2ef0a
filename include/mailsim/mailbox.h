/* mailbox.h: what lies in the mailboxes of a host: users, folders, messages with flags, dates and bytes.
 *
 * For looking, at any time between the start of a simulation and msim_sim_free, also after msim_sim_finish. A host
 * that is down has no mailboxes until it is up again. Looking changes nothing of the run. Before the run
 * msim_mailbox_put lays messages into them, and while it runs messages can be taken out, and users come and go. Does
 * not include: the queue of mail under way, any format of files. */
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

/* ---- messages as a person reads them ---- */

/* out is used during the call only, and called once. Each of these gives what out returned, MSIM_ERR_NOT_FOUND, or
 * MSIM_ERR_NOMEM. */

/* The value of the first field of that name, in one line, encoded words decoded into UTF-8 (RFC 2047). */
MSIM_API int msim_mailbox_field(const struct msim_node *node, size_t index, size_t place, const char *name,
                                const struct msim_out *out);
/* The text in UTF-8, lines ended by LF: of alternatives the plain one, else HTML as text. */
MSIM_API int msim_mailbox_text(const struct msim_node *node, size_t index, size_t place, const struct msim_out *out);

#define MSIM_MAILBOX_NAME_BYTES 256u
#define MSIM_MAILBOX_TYPE_BYTES 128u

/* A part of a message (RFC 2046 5). Part 0 is the message itself; a multipart is followed by what is in it. */
struct msim_mailbox_part {
  char type[MSIM_MAILBOX_TYPE_BYTES]; /* "text/plain", in small letters */
  char name[MSIM_MAILBOX_NAME_BYTES]; /* of a file, when it is attached; without paths and control characters */
  uint32_t depth;                     /* of part 0: 0 */
  bool is_multipart, is_shown, is_attached;
  uint64_t coded_bytes; /* of its body, as it was sent */
};
/* MSIM_ERR_NOT_FOUND: past the last part, too. */
#define msim_mailbox_part_at(node, index, place, number, out)                                                          \
  msim_mailbox_part_at_sized((node), (index), (place), (number), (out), sizeof(struct msim_mailbox_part))
MSIM_API int msim_mailbox_part_at_sized(const struct msim_node *node, size_t index, size_t place, size_t number,
                                        struct msim_mailbox_part *out, size_t out_bytes);
/* What the part holds, decoded (RFC 2045 6). */
MSIM_API int msim_mailbox_write_part(const struct msim_node *node, size_t index, size_t place, size_t number,
                                     const struct msim_out *out);

/* ---- changes while it runs ----
 *
 * Between two runs or steps of the loop, never from within it. They are a part of the run, as what is sent by a socket
 * is: the same at the same time gives the same run. */

/* Takes a message out; readers see it go, and the trace tells `store.remove` with the reason "by hand".
 * MSIM_ERR_NOT_FOUND: there is no such message, or the host is down; MSIM_ERR_STATE: not running, or a reader of POP3
 * has locked the mailbox (RFC 1939 4); MSIM_ERR_NOMEM. */
MSIM_API int msim_mailbox_remove(struct msim_node *node, size_t index, size_t place);
/* Gives the host a user "bob@b.example" with a mailbox, or an existing one a new password (NULL or "": none, or the old
 * one). The domain should be one that its smtp-server has. MSIM_ERR_INVALID: no address; MSIM_ERR_NOT_FOUND: the host
 * has no mailboxes, or is down; MSIM_ERR_STATE, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. A crash of the host forgets it. */
MSIM_API int msim_mailbox_user_add(struct msim_node *node, const char *address, const char *password);
/* From now on nobody of that address is known: no mail is taken for it, no login succeeds. Its mailbox stays.
 * MSIM_ERR_INVALID, MSIM_ERR_NOT_FOUND, MSIM_ERR_STATE. */
MSIM_API int msim_mailbox_user_remove(struct msim_node *node, const char *address);

/* ---- before it runs ---- */

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
