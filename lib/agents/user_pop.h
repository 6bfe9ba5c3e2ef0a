/* user_pop.h: one session in which a person's program fetches mail by POP3; shared by user_pop.c (all but) and
 * user_pop_login.c (logging in). */
#ifndef MSIM_AGENTS_USER_POP_H
#define MSIM_AGENTS_USER_POP_H

#include "agents/smtp_credentials.h"
#include "agents/user_reading.h"
#include "proto/dot.h"
#include "proto/pop_command.h"

#define MSIM__USER_POP_ADDRESSES_MAX 8u /* of the provider's host that are tried */

/* Which reply is awaited. */
enum msim__user_pop_state {
  MSIM__USER_POP_GREETING,
  MSIM__USER_POP_CAPA,
  MSIM__USER_POP_CAPA_LIST,
  MSIM__USER_POP_AUTH,
  MSIM__USER_POP_USER,
  MSIM__USER_POP_PASS, /* or APOP */
  MSIM__USER_POP_UIDL,
  MSIM__USER_POP_UIDL_LIST,
  MSIM__USER_POP_LIST,
  MSIM__USER_POP_LIST_LIST,
  MSIM__USER_POP_RETR,
  MSIM__USER_POP_CONTENT,
  MSIM__USER_POP_DISK, /* nothing from the server: the copy is on its way to the disk */
  MSIM__USER_POP_DELE,
  MSIM__USER_POP_QUIT,
  MSIM__USER_POP_OVER
};

struct msim__user_pop_item {
  uint32_t number;
  uint64_t size_bytes;
  bool is_kept; /* there is a copy */
  char uid[MSIM__POP_UID_BYTES_MAX + 1];
};

struct msim__user_pop {
  struct msim__user_check check; /* first */
  struct msim_stream *stream;    /* NULL: not open */
  struct msim_timer timer;
  struct msim_endpoint places[MSIM__USER_POP_ADDRESSES_MAX];
  size_t place_count, place_next;
  enum msim__user_pop_state state;
  bool settled; /* the outcome is told */
  bool closing;
  bool has_uids;
  char stamp[320]; /* of the greeting, for APOP */
  char reply[256]; /* the latest, for people */
  struct msim__smtp_credentials login;
  struct msim__user_pop_item *items;
  size_t item_count, item_capacity, at;
  size_t fetched_count, failed_count;
  struct msim__buf content;
  struct msim__dot dot;
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1];
};

/* Says a line, and awaits the reply that the state names. */
void msim__user_pop_send(struct msim__user_pop *pop, enum msim__user_pop_state state, const char *unit,
                         const char *line);
void msim__user_pop_command(struct msim__user_pop *pop, enum msim__user_pop_state state, const char *line);
/* The server does not want us; pop->reply tells why. */
void msim__user_pop_refuse(struct msim__user_pop *pop);

/* ---- user_pop_login.c ---- */

/* Begins with the strongest way that is left, or gives up. */
void msim__user_pop_log_in(struct msim__user_pop *pop);
void msim__user_pop_on_auth(struct msim__user_pop *pop, bool ok, struct msim_slice line);
/* "VERB what more"; more may be "". */
void msim__user_pop_send_secret(struct msim__user_pop *pop, enum msim__user_pop_state state, const char *verb,
                                const char *what, const char *more);

#endif
