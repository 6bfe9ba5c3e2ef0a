/* smtp_words.h: what a client says of a message and hears of a server: MAIL and RCPT with the parameters that are
 * offered (RFC 1870, 3030, 3461, 6152, 6531), and the offer itself (RFC 5321 4.1.1.1).
 *
 * Does not know any state of a dialogue. */
#ifndef MSIM_AGENTS_SMTP_WORDS_H
#define MSIM_AGENTS_SMTP_WORDS_H

#include "agents/smtp_credentials.h"
#include "mail/message.h"

#define MSIM__SMTP_WORDS_LINE_BYTES 2048u

/* What a server offers. */
struct msim__smtp_offer {
  bool pipelining, size, eight_bit, utf8, dsn, chunking, binary, enhanced, starttls, auth;
  uint64_t size_bytes_max; /* 0: not told */
};

/* One line of the reply to EHLO, but not the first. login may be NULL. */
void msim__smtp_offer_take(struct msim__smtp_offer *offer, struct msim__smtp_credentials *login,
                           struct msim_slice text);

bool msim__smtp_words_are_ascii(const char *text);

/* RFC 6531 3.4: what was sent with SMTPUTF8 may need it for the sender's address or the header. */
bool msim__smtp_words_need_utf8(const struct msim__message *message, const struct msim__smtp_offer *offer);

/* "MAIL FROM:<…> …" with CRLF into line (MSIM__SMTP_WORDS_LINE_BYTES). Its length, or 0: too long for any server. */
size_t msim__smtp_words_mail(char *line, const struct msim__message *message, const struct msim__smtp_offer *offer,
                             uint64_t content_bytes, bool seven_bit, bool utf8);

/* "RCPT TO:<…> …" likewise; dsn may be NULL. An address that is too long becomes <>, which a server refuses. */
size_t msim__smtp_words_rcpt(char *line, const char *address, const struct msim__dsn_recipient *dsn);

#endif
