/* webmail_imap.h: the webmail's talk with an IMAP server (RFC 3501): what webmail_imap.c, which says what, and
 * webmail_imap_read.c, which hears what comes back, share. */
#ifndef MSIM_AGENTS_WEBMAIL_IMAP_H
#define MSIM_AGENTS_WEBMAIL_IMAP_H

#include "agents/webmail_talk.h"
#include "proto/imap_gather.h"
#include "proto/imap_lex.h"

/* Which reply is awaited. */
enum msim__webmail_imap_state {
  MSIM__WEBMAIL_IMAP_GREETING,
  MSIM__WEBMAIL_IMAP_CAPABILITY,
  MSIM__WEBMAIL_IMAP_LOGIN,
  MSIM__WEBMAIL_IMAP_FOLDERS, /* LIST */
  MSIM__WEBMAIL_IMAP_SELECT,
  MSIM__WEBMAIL_IMAP_SEARCH,
  MSIM__WEBMAIL_IMAP_ROWS,
  MSIM__WEBMAIL_IMAP_FETCH,
  MSIM__WEBMAIL_IMAP_STORE,
  MSIM__WEBMAIL_IMAP_CREATE, /* of the folder that a mail is moved to, or put into */
  MSIM__WEBMAIL_IMAP_MOVE,
  MSIM__WEBMAIL_IMAP_COPY,
  MSIM__WEBMAIL_IMAP_MARK, /* \Deleted */
  MSIM__WEBMAIL_IMAP_EXPUNGE,
  MSIM__WEBMAIL_IMAP_APPEND,
  MSIM__WEBMAIL_IMAP_LOGOUT
};

struct msim__webmail_imap {
  struct msim__webmail_talk talk; /* first */
  enum msim__webmail_imap_state state;
  enum msim__webmail_outcome outcome;
  unsigned tag;
  bool sasl_ir, has_move, has_uidplus, created;
  uint32_t exists, uid_validity;
  uint32_t *uids; /* SEARCH */
  size_t uid_count, uid_capacity;
  bool got_content, literal_sent;
  struct msim__imap_gather gather;
  struct msim__buf text;                         /* the response that is coming in */
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1]; /* of it, by the server's marks */
  char reply[256];
};

enum msim__webmail_imap_answer {
  MSIM__WEBMAIL_IMAP_UNTAGGED,
  MSIM__WEBMAIL_IMAP_GO_ON, /* "+" */
  MSIM__WEBMAIL_IMAP_OK,
  MSIM__WEBMAIL_IMAP_NO, /* or BAD */
  MSIM__WEBMAIL_IMAP_BYE,
  MSIM__WEBMAIL_IMAP_NONSENSE
};

/* What one whole response says: in imap->text, with its CRLF. rest: what stands behind "+ ", or behind "OK ". */
enum msim__webmail_imap_answer msim__webmail_imap_read(struct msim__webmail_imap *imap, struct msim_slice *rest);

#endif
