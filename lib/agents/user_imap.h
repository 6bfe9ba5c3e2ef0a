/* user_imap.h: one session in which a person's program reads mail by IMAP; shared by user_imap.c (all but) and
 * user_imap_responses.c (what the server says). */
#ifndef MSIM_AGENTS_USER_IMAP_H
#define MSIM_AGENTS_USER_IMAP_H

#include "agents/smtp_credentials.h"
#include "agents/user_reading.h"
#include "proto/imap_gather.h"
#include "proto/imap_lex.h"

#define MSIM__USER_IMAP_ADDRESSES_MAX 8u              /* of the provider's host that are tried */
#define MSIM__USER_IMAP_BYTES_MAX ((size_t)256 << 20) /* of one response */

/* Which reply is awaited. */
enum msim__user_imap_state {
  MSIM__USER_IMAP_GREETING,
  MSIM__USER_IMAP_CAPABILITY,
  MSIM__USER_IMAP_LOGIN,
  MSIM__USER_IMAP_SELECT,
  MSIM__USER_IMAP_OVERVIEW,
  MSIM__USER_IMAP_READY, /* none */
  MSIM__USER_IMAP_FETCH,
  MSIM__USER_IMAP_LOGOUT,
  MSIM__USER_IMAP_OVER
};

struct msim__user_imap_item {
  uint32_t uid;
  uint64_t size_bytes;
  bool is_held; /* there is a copy for the moment */
  bool is_seen; /* the latest overview has it */
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1];
};

/* A mail that somebody waits for. */
struct msim__user_imap_wish {
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1];
};

struct msim__user_imap {
  struct msim__user_check check; /* first */
  struct msim_stream *stream;    /* NULL: not open */
  struct msim_timer timer;
  struct msim_endpoint places[MSIM__USER_IMAP_ADDRESSES_MAX];
  size_t place_count, place_next;
  enum msim__user_imap_state state;
  bool checking; /* an outcome is owed: mailbox.listed or mailbox.check_failed */
  bool stale;    /* the overview was made before the latest wish */
  bool closing, sasl_ir;
  unsigned tag;    /* of the latest command */
  char reply[256]; /* the latest, for people */
  struct msim__smtp_credentials login;
  struct msim__user_imap_item *items;
  size_t item_count, item_capacity;
  struct msim__user_imap_wish *wishes;
  size_t wish_count, wish_capacity;
  struct msim__imap_gather gather;
  struct msim__buf text;                         /* the response that is coming in */
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1]; /* of it, by the server's marks */
  bool got_content;
};

/* ---- user_imap_responses.c ---- */

enum msim__user_imap_answer {
  MSIM__USER_IMAP_UNTAGGED,
  MSIM__USER_IMAP_GO_ON, /* "+" */
  MSIM__USER_IMAP_OK,
  MSIM__USER_IMAP_NO, /* or BAD */
  MSIM__USER_IMAP_BYE,
  MSIM__USER_IMAP_NONSENSE
};

/* What one whole response says: in imap->text, with its CRLF. Fills what it tells: reply, items, login. rest: what
 * stands behind "+ ". */
enum msim__user_imap_answer msim__user_imap_read(struct msim__user_imap *imap, struct msim_slice *rest);

#endif
