/* mailbox_server.h: what the servers through which people read their mail (POP, IMAP) have in common: whom they know,
 * what lies in the mailboxes at the start, logging in, and that a mailbox is one reader's at a time.
 *
 * Users and passwords are those of the host (mail/accounts.h), whoever names them: its smtp-server or the server here.
 * Does not speak any protocol: no replies, no connections, no time but what the caller tells. */
#ifndef MSIM_AGENTS_MAILBOX_SERVER_H
#define MSIM_AGENTS_MAILBOX_SERVER_H

#include "agents/smtp_stream.h"
#include "proto/sasl.h"

#include <mailsim/agent.h>

/* ---- configuration ---- */

struct msim__mailbox_account_body {
  const char *password; /* "" for none */
};

struct msim__mailbox_account_config {
  const char *key;                               /* "bob", or "bob@b.example" */
  const struct msim__mailbox_account_body *body; /* NULL: nothing is said */
};

/* A message that is there when the run begins. */
struct msim__mailbox_mail {
  const char *message, *from, *to, *subject, *body, *source; /* "" for what is not given; source: the whole message */
  const char *folder, *date;                                 /* "": INBOX; "": the start of the run */
  struct msim_list flags;                                    /* const char * */
  uint64_t size_bytes;
};

struct msim__mailbox_content_config {
  const char *key;        /* the user, as in accounts */
  struct msim_list mails; /* const struct msim__mailbox_mail * */
};

/* The first member of such an agent's configuration. */
struct msim__mailbox_config {
  struct msim_list accounts;   /* struct msim__mailbox_account_config */
  struct msim_list contents;   /* struct msim__mailbox_content_config */
  struct msim_list mechanisms; /* const char *; none: all that there are */
  const char *hostname, *greeting;
  uint64_t connections_max, client_connections_max, errors_max, auth_failures_max;
  msim_ns error_delay_ns;
};

extern const struct msim_field msim__mailbox_account_item[], msim__mailbox_content_item[],
    msim__mailbox_mechanism_item[];
const char *msim__mailbox_check_user(const char *text);
const char *msim__mailbox_check_line(const char *text);

#define MSIM__MAILBOX_KEY(member) offsetof(struct msim__mailbox_config, member)
/* Rows for the agent's table of fields. */
#define MSIM__MAILBOX_FIELDS                                                                                           \
  {.key = "accounts",                                                                                                  \
   .kind = MSIM_FIELD_MAP,                                                                                             \
   .offset = MSIM__MAILBOX_KEY(accounts),                                                                              \
   .fallback = "",                                                                                                     \
   .item = msim__mailbox_account_item,                                                                                 \
   .item_bytes = sizeof(struct msim__mailbox_account_config),                                                          \
   .check = msim__mailbox_check_user,                                                                                  \
   .max = 1000000,                                                                                                     \
   .help = "users and their passwords; those of the host's smtp-server are known without it"},                         \
      {.key = "mailboxes",                                                                                             \
       .kind = MSIM_FIELD_MAP,                                                                                         \
       .offset = MSIM__MAILBOX_KEY(contents),                                                                          \
       .fallback = "",                                                                                                 \
       .item = msim__mailbox_content_item,                                                                             \
       .item_bytes = sizeof(struct msim__mailbox_content_config),                                                      \
       .check = msim__mailbox_check_user,                                                                              \
       .help = "what lies in users' mailboxes when the run begins, oldest first"},                                     \
      {.key = "mechanisms",                                                                                            \
       .kind = MSIM_FIELD_LIST,                                                                                        \
       .offset = MSIM__MAILBOX_KEY(mechanisms),                                                                        \
       .fallback = "",                                                                                                 \
       .item = msim__mailbox_mechanism_item,                                                                           \
       .item_bytes = sizeof(const char *),                                                                             \
       .help = "of SASL, for AUTH; all that there are when absent"},                                                   \
      {.key = "hostname",                                                                                              \
       .kind = MSIM_FIELD_TEXT,                                                                                        \
       .offset = MSIM__MAILBOX_KEY(hostname),                                                                          \
       .fallback = "\"\"",                                                                                             \
       .check = msim__mailbox_check_line,                                                                              \
       .help = "what it calls itself; the host's name when absent"},                                                   \
      {.key = "greeting",                                                                                              \
       .kind = MSIM_FIELD_TEXT,                                                                                        \
       .offset = MSIM__MAILBOX_KEY(greeting),                                                                          \
       .fallback = "\"at your service\"",                                                                              \
       .check = msim__mailbox_check_line,                                                                              \
       .help = "what it says behind its name"},                                                                        \
      {.key = "connections-max",                                                                                       \
       .kind = MSIM_FIELD_UINT,                                                                                        \
       .offset = MSIM__MAILBOX_KEY(connections_max),                                                                   \
       .fallback = "1000",                                                                                             \
       .min = 1,                                                                                                       \
       .max = 1000000,                                                                                                 \
       .help = "at one time; further ones are turned away"},                                                           \
      {.key = "connections-per-client",                                                                                \
       .kind = MSIM_FIELD_UINT,                                                                                        \
       .offset = MSIM__MAILBOX_KEY(client_connections_max),                                                            \
       .fallback = "0",                                                                                                \
       .max = 1000000,                                                                                                 \
       .help = "at one time from one address; 0 is no limit"},                                                         \
      {.key = "errors-max",                                                                                            \
       .kind = MSIM_FIELD_UINT,                                                                                        \
       .offset = MSIM__MAILBOX_KEY(errors_max),                                                                        \
       .fallback = "20",                                                                                               \
       .max = 1000000,                                                                                                 \
       .help = "wrong commands of one connection; then it ends"},                                                      \
      {.key = "auth-failures-max",                                                                                     \
       .kind = MSIM_FIELD_UINT,                                                                                        \
       .offset = MSIM__MAILBOX_KEY(auth_failures_max),                                                                 \
       .fallback = "3",                                                                                                \
       .min = 1,                                                                                                       \
       .max = 1000000,                                                                                                 \
       .help = "failed logins of one connection; then it ends"},                                                       \
  {                                                                                                                    \
    .key = "error-delay", .kind = MSIM_FIELD_DURATION_NS, .offset = MSIM__MAILBOX_KEY(error_delay_ns),                 \
    .fallback = "0s", .max = MSIM_SEC(3600), .help = "the answer to a failed login waits so long"                      \
  }

/* ---- the server's part ---- */

struct msim__mailbox_server {
  struct msim__mem mem; /* of the sessions */
  struct msim_agent *agent;
  struct msim__mail_room *room;
  const struct msim__mailbox_config *config;
  const char *hostname, *protocol; /* protocol: "pop" or "imap", for events */
  unsigned mechanisms;             /* bits 1 << enum msim__sasl_mechanism */
};

/* From start: enters the accounts, and when the run begins fills the mailboxes (store.add for each message). The
 * agent's configuration begins with a struct msim__mailbox_config. 0, MSIM_ERR_NOMEM, MSIM_ERR_INVALID (said). */
int msim__mailbox_server_start(struct msim__mailbox_server *server, struct msim_agent *agent, const char *protocol);
void msim__mailbox_server_stop(struct msim__mailbox_server *server); /* after the sessions are gone */

/* ---- logging in: mailbox_login.c ---- */

#define MSIM__MAILBOX_LINE_BYTES_MAX 12288u /* of a line in base64, RFC 5034 4, RFC 4954 4 */
#define MSIM__MAILBOX_CHALLENGE_BYTES (MSIM__SASL_MESSAGE_BYTES_MAX / 3 * 4 + 8)

/* A connection's attempts; all zero at first, and server set. */
struct msim__mailbox_login {
  struct msim__mailbox_server *server;
  struct msim__sasl_server *sasl; /* an exchange under way, or NULL */
  unsigned failure_count;
  const char *mechanism;                    /* of the attempt, for events; static */
  char name[MSIM__SASL_TEXT_BYTES_MAX + 1]; /* as the client has told it, cut there; terminated */
};

enum msim__mailbox_verdict {
  MSIM__MAILBOX_MORE,      /* send the challenge, in base64; hand in the answer */
  MSIM__MAILBOX_KNOWN,     /* *account is who it claims to be: now _admit or _refuse */
  MSIM__MAILBOX_REFUSED,   /* told to the trace, and counted */
  MSIM__MAILBOX_MALFORMED, /* no base64, or not this mechanism */
  MSIM__MAILBOX_CANCELLED, /* the client has given up: "*" */
  MSIM__MAILBOX_BROKEN     /* no memory, or libcrypto failed: try later */
};

bool msim__mailbox_login_offers(const struct msim__mailbox_server *server, enum msim__sasl_mechanism mechanism);

/* By name and password (USER and PASS, LOGIN). */
enum msim__mailbox_verdict msim__mailbox_login_password(struct msim__mailbox_login *login, struct msim_slice name,
                                                        struct msim_slice password, struct msim__account **account);

/* By APOP (RFC 1939 7): digest is the client's 32 digits, stamp what the greeting showed, brackets included. */
enum msim__mailbox_verdict msim__mailbox_login_apop(struct msim__mailbox_login *login, struct msim_slice name,
                                                    struct msim_slice digest, const char *stamp,
                                                    struct msim__account **account);

/* By SASL. initial: in base64, "=" for an empty one; NULL: none. out: MSIM__MAILBOX_CHALLENGE_BYTES, terminated. */
enum msim__mailbox_verdict msim__mailbox_login_begin(struct msim__mailbox_login *login,
                                                     enum msim__sasl_mechanism mechanism,
                                                     const struct msim_slice *initial, char *out,
                                                     struct msim__account **account);
/* The client's next line. */
enum msim__mailbox_verdict msim__mailbox_login_answer(struct msim__mailbox_login *login, struct msim_slice line,
                                                      char *out, struct msim__account **account);
void msim__mailbox_login_forget(struct msim__mailbox_login *login); /* an exchange under way */

/* How it ends after KNOWN: events mailbox.login_ok, mailbox.login_refused. A refusal here is not the client's failure.
 */
void msim__mailbox_login_admit(struct msim__mailbox_login *login, const struct msim__account *account);
void msim__mailbox_login_refuse(struct msim__mailbox_login *login, const struct msim__account *account,
                                const char *reason);

/* Whether the connection has to go after so many failures. */
bool msim__mailbox_login_is_enough(const struct msim__mailbox_login *login);

/* ---- one reader at a time (RFC 1939 4) ---- */

/* false: it is locked already. Who locks unlocks on every way out; a crash forgets all locks. */
bool msim__mailbox_lock(struct msim__mailbox *box);
void msim__mailbox_unlock(struct msim__mailbox *box);

/* Takes a message out and tells (store.remove). MSIM_ERR_NOT_FOUND: there is no such uid any more. */
int msim__mailbox_remove(struct msim__mailbox_server *server, struct msim__mailbox *box, uint32_t uid,
                         const char *reason);

/* The plain bytes of an item as a reader gets them: Return-Path and content. 0 or the buffer's error. */
int msim__mailbox_plain(struct msim__buf *out, const struct msim__mailbox_item *item);

#endif
