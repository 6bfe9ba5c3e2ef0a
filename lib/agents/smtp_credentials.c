/* smtp_credentials.c: the client's side of AUTH; see smtp_credentials.h. */
#include "agents/smtp_credentials.h"

#include "proto/ascii.h"
#include "proto/base64.h"

#include <stdio.h>

void msim__smtp_credentials_reset(struct msim__smtp_credentials *login)
{
  login->offered = login->tried = 0;
  login->cancelled = false;
}

void msim__smtp_credentials_offer(struct msim__smtp_credentials *login, struct msim_slice words)
{
  enum msim__sasl_mechanism mechanism;
  size_t at = 0, end;

  while (at < words.size_bytes) {
    for (end = at; end < words.size_bytes && !msim__ascii_is_space(words.data[end]); end++)
      continue;
    if (msim__sasl_find(msim__slice_part(words, at, end), &mechanism) && msim__sasl_is_there(mechanism))
      login->offered |= 1u << mechanism;
    at = end + 1;
  }
}

/* text, a message in base64 ("=" for an empty one: RFC 4954 4), CRLF. */
static size_t write_line(const char *text, const uint8_t *message, size_t size_bytes, bool has_message, char *line)
{
  size_t n = strlen(text), coded = 0;

  memcpy(line, text, n);
  if (has_message && size_bytes == 0 && n > 0) {
    line[n++] = '=';
  } else if (has_message && msim__base64_encode((struct msim_slice){message, size_bytes}, (uint8_t *)line + n,
                                                MSIM__SMTP_CREDENTIALS_LINE_BYTES - n - 2, &coded) == MSIM_OK) {
    n += coded;
  }
  memcpy(line + n, "\r\n", 2);
  return n + 2;
}

size_t msim__smtp_credentials_begin(struct msim__smtp_credentials *login, char *line)
{
  uint8_t message[MSIM__SASL_MESSAGE_BYTES_MAX];
  char text[64];
  unsigned i;

  login->cancelled = false;
  for (i = 0; i < MSIM__SASL_MECHANISM_COUNT; i++) {
    enum msim__sasl_mechanism mechanism = (enum msim__sasl_mechanism)i;
    bool first = msim__sasl_is_client_first(mechanism);
    size_t n = 0;

    if (((login->offered & ~login->tried) >> i & 1u) == 0)
      continue;
    login->tried |= 1u << i;
    if (msim__sasl_client_init(&login->sasl, mechanism, login->user, login->password, login->random) < 0 ||
        (first && msim__sasl_client_step(&login->sasl, NULL, message, &n) < 0))
      continue;
    (void)snprintf(text, sizeof text, "AUTH %s%s", msim__sasl_name(mechanism), first ? " " : "");
    return write_line(text, message, n, first, line);
  }
  return 0;
}

size_t msim__smtp_credentials_answer(struct msim__smtp_credentials *login, struct msim_slice challenge, char *line)
{
  uint8_t decoded[MSIM__SASL_MESSAGE_BYTES_MAX], message[MSIM__SASL_MESSAGE_BYTES_MAX];
  struct msim_slice plain = {decoded, 0};
  size_t n = 0;

  if (msim__base64_decode(msim__slice_trim(challenge), decoded, sizeof decoded, &plain.size_bytes) < 0 ||
      msim__sasl_client_step(&login->sasl, &plain, message, &n) < 0) {
    login->cancelled = true;
    return write_line("*", NULL, 0, false, line);
  }
  return write_line("", message, n, true, line);
}

bool msim__smtp_credentials_may_retry(const struct msim__smtp_credentials *login, unsigned code)
{
  return login->cancelled || code == 504 || code == 534 || code == 538;
}
