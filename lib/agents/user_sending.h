/* user_sending.h: a person's outbox: each mail from being written to its outcome, by SMTP to the account's provider.
 *
 * One connection per mail, in lock-step, after login where the account has one. What failed for now is tried again as
 * often as the person does that. Does not know when a mail is to be written, and keeps no copies. */
#ifndef MSIM_AGENTS_USER_SENDING_H
#define MSIM_AGENTS_USER_SENDING_H

#include "agents/smtp_outgoing.h"
#include "agents/smtp_stream.h"

#include <mailsim/agent.h>

#define MSIM__USER_MAIL_BYTES_MAX (256u * 1024u * 1024u)

struct msim__user_login {
  const char *user, *password;
};

enum msim__user_via { MSIM__USER_VIA_SMTP, MSIM__USER_VIA_WEBMAIL };

struct msim__user_account {
  const char *address, *name, *submit;
  uint64_t submit_port;                     /* 0: that of via */
  int via;                                  /* enum msim__user_via */
  const struct msim__user_login *login;     /* NULL: none */
  const struct msim__user_receive *receive; /* NULL: it reads no mail (user_reading.h) */
};

struct msim__user_attachment {
  const char *name, *type;
  uint64_t size_bytes;
};

struct msim__user_mail {
  const char *message;          /* label, or "": HOST-N; that of a letter (mail/letters.h): its text is sent */
  const char *from;             /* or "": the account's address */
  struct msim_list to, cc, bcc; /* const char * */
  const char *subject, *body;   /* UTF-8 */
  uint64_t size_bytes;          /* the least that it measures */
  struct msim_list attachments; /* struct msim__user_attachment * */
  bool is_draft;                /* via webmail only: it is kept, and not sent */
};

struct msim__user_retry {
  msim_ns after_ns;
  uint64_t count_max; /* 0: what fails for now has failed */
};

struct msim__user_sending;

/* mem and agent are set by the owner, retry too; the rest is zero. */
struct msim__user_outbox {
  struct msim__mem mem;
  struct msim_agent *agent;
  struct msim__user_retry retry;
  struct msim__user_sending *first; /* mails under way */
};

/* Writes the mail and sends it. account is borrowed until the outbox is released, mail for the call. */
void msim__user_send(struct msim__user_outbox *outbox, const struct msim__user_account *account,
                     const struct msim__user_mail *mail);

/* Whether this agent `user` has an account that sends; and has it send a mail, while it runs (agent_user.c). */
bool msim__user_sends(const struct msim_agent *agent);
void msim__user_post(struct msim_agent *agent, const struct msim__user_mail *mail);

/* false: it is a letter from a file (mail/letters.h), and has a subject, body, size or attachments nevertheless. */
bool msim__user_mail_is_clear(struct msim_agent *agent, const struct msim__user_mail *mail);

/* From stop: forgets what is under way. */
void msim__user_outbox_release(struct msim__user_outbox *outbox);

#endif
