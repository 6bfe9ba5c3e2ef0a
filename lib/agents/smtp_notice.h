/* smtp_notice.h: who is told about a delivery, and how: writes the notice (dsn.h) and hands it to the host's own mail.
 *
 * Never about a message whose sender is <> (RFC 5321 6.1, RFC 3461 5.2), and only what a sender wants to hear. */
#ifndef MSIM_AGENTS_SMTP_NOTICE_H
#define MSIM_AGENTS_SMTP_NOTICE_H

#include "agents/smtp_stream.h"
#include "mail/dsn.h"

/* One recipient: its place in the message's table, and what was said about it last. */
struct msim__smtp_outcome {
  uint32_t index;
  unsigned code; /* of the reply; 0: there was none */
  bool remote;   /* the server said it; otherwise this host found it out */
  char text[MSIM__MAIL_REPLY_BYTES_MAX];
};

struct msim__smtp_notice {
  enum msim__dsn_action action;
  const struct msim__message *message;
  const char *hostname;  /* what the host calls itself */
  const char *server;    /* the last that was asked, or NULL */
  const char *otherwise; /* status where there was no reply: "4.4.1" */
  msim_ns arrived_ns, retry_until_ns;
  const struct msim__smtp_outcome *outcomes;
  size_t outcome_count;
};

/* Tells by message.bounced (FAILED), message.delayed or message.confirmed, each with the label of the notice; by
 * message.discarded when nobody is there to be told or nobody wants to know of a failure. */
void msim__smtp_notice_send(struct msim_agent *agent, struct msim__mail_room *room,
                            const struct msim__smtp_notice *notice);

#endif
