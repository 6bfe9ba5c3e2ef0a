/* smtp_credentials.h: the client's side of AUTH (RFC 4954): which mechanism next, and what to say.
 *
 * The strongest that is offered and known comes first; the next one only when the server does not want that one, never
 * when it did not like the password. Lines come and go without a connection. */
#ifndef MSIM_AGENTS_SMTP_CREDENTIALS_H
#define MSIM_AGENTS_SMTP_CREDENTIALS_H

#include "proto/sasl.h"

#define MSIM__SMTP_CREDENTIALS_LINE_BYTES 4096u

/* user, password (both borrowed) and random are set by the owner, the rest is zero. */
struct msim__smtp_credentials {
  const char *user, *password;
  uint64_t random[2];
  unsigned offered, tried; /* bits of enum msim__sasl_mechanism */
  bool cancelled;
  struct msim__sasl_client sasl;
};

/* Forgets what an earlier server said. */
void msim__smtp_credentials_reset(struct msim__smtp_credentials *login);

/* The server's words behind AUTH in its reply to EHLO. */
void msim__smtp_credentials_offer(struct msim__smtp_credentials *login, struct msim_slice words);

/* The next "AUTH …" with CRLF into line (MSIM__SMTP_CREDENTIALS_LINE_BYTES); 0: nothing is left to be tried. */
size_t msim__smtp_credentials_begin(struct msim__smtp_credentials *login, char *line);

/* The answer to a 334 with that text, with CRLF; "*" when it makes no sense (RFC 4954 4). */
size_t msim__smtp_credentials_answer(struct msim__smtp_credentials *login, struct msim_slice challenge, char *line);

/* Whether a refusal was about the mechanism, so that the next one is worth a try. */
bool msim__smtp_credentials_may_retry(const struct msim__smtp_credentials *login, unsigned code);

#endif
