/* smtp_words.c: what a client says of a message and hears of a server; see smtp_words.h. */
#include "agents/smtp_words.h"

#include "mail/downgrade.h"
#include "proto/ascii.h"
#include "proto/xtext.h"

#include <stdio.h>
#include <string.h>

void msim__smtp_offer_take(struct msim__smtp_offer *offer, struct msim__smtp_credentials *login, struct msim_slice text)
{
  const struct {
    const char *word;
    bool *flag;
  } flags[] = {{"PIPELINING", &offer->pipelining},
               {"8BITMIME", &offer->eight_bit},
               {"SIZE", &offer->size},
               {"SMTPUTF8", &offer->utf8},
               {"DSN", &offer->dsn},
               {"CHUNKING", &offer->chunking},
               {"BINARYMIME", &offer->binary},
               {"STARTTLS", &offer->starttls},
               {"AUTH", &offer->auth},
               {"ENHANCEDSTATUSCODES", &offer->enhanced}};
  struct msim_slice word, rest;
  uint64_t number;
  size_t n = 0, i;

  while (n < text.size_bytes && text.data[n] != ' ' && text.data[n] != '=') /* "AUTH=LOGIN" is an old form */
    n++;
  word = msim__slice_part(text, 0, n);
  rest = msim__slice_part(text, n < text.size_bytes ? n + 1 : n, text.size_bytes);
  for (i = 0; i < sizeof flags / sizeof flags[0]; i++)
    if (msim__slice_is(word, flags[i].word))
      *flags[i].flag = true;
  if (msim__slice_is(word, "SIZE") && msim__slice_number(msim__slice_trim(rest), &number))
    offer->size_bytes_max = number;
  if (msim__slice_is(word, "AUTH") && login != NULL)
    msim__smtp_credentials_offer(login, rest);
}

bool msim__smtp_words_are_ascii(const char *text)
{
  while (*text != '\0')
    if ((uint8_t)*text++ >= 0x80)
      return false;
  return true;
}

bool msim__smtp_words_need_utf8(const struct msim__message *message, const struct msim__smtp_offer *offer)
{
  if (!message->smtputf8 || offer->utf8)
    return false;
  return !msim__smtp_words_are_ascii(message->reverse_path) ||
         (message->content != NULL && msim__downgrade_header_is_eight_bit(msim_blob_bytes(message->content)));
}

/* " KEYWORD=" and the value as xtext (RFC 3461 4), behind what is in the line already. */
static void add_xtext(char *line, size_t line_bytes, const char *keyword, const char *value)
{
  size_t n = strlen(line), k = strlen(keyword), coded;

  if (n + k + 1 >= line_bytes ||
      msim__xtext_encode(msim__slice_text(value), (uint8_t *)line + n + k, line_bytes - n - k - 1, &coded) < 0)
    return; /* such a value was checked where it came in, and then is none */
  memcpy(line + n, keyword, k);
  line[n + k + coded] = '\0';
}

size_t msim__smtp_words_mail(char *line, const struct msim__message *message, const struct msim__smtp_offer *offer,
                             uint64_t content_bytes, bool seven_bit, bool utf8)
{
  const char *body = "", *ret = "";
  char envid[MSIM__DSN_ENVID_BYTES_MAX * 3 + 16] = "", size[40] = "";
  int n;

  if (offer->size)
    (void)snprintf(size, sizeof size, " SIZE=%llu", (unsigned long long)content_bytes);
  if (message->binary)
    body = " BODY=BINARYMIME";
  else if (message->eight_bit && !seven_bit && offer->eight_bit)
    body = " BODY=8BITMIME";
  if (offer->dsn && message->ret != MSIM__DSN_RET_NONE)
    ret = message->ret == MSIM__DSN_RET_FULL ? " RET=FULL" : " RET=HDRS";
  if (offer->dsn && message->envid[0] != '\0')
    add_xtext(envid, sizeof envid, " ENVID=", message->envid);
  n = snprintf(line, MSIM__SMTP_WORDS_LINE_BYTES, "MAIL FROM:<%s>%s%s%s%s%s\r\n", message->reverse_path, size, body,
               utf8 ? " SMTPUTF8" : "", ret, envid);
  return n > 0 && (size_t)n < MSIM__SMTP_WORDS_LINE_BYTES ? (size_t)n : 0;
}

/* RFC 3461 5.2.1: NOTIFY and ORCPT are passed on as they came. */
static void add_dsn(char *line, size_t line_bytes, const struct msim__dsn_recipient *dsn)
{
  static const struct {
    unsigned bit;
    const char *word;
  } words[] = {{MSIM__DSN_NEVER, "NEVER"},
               {MSIM__DSN_SUCCESS, "SUCCESS"},
               {MSIM__DSN_FAILURE, "FAILURE"},
               {MSIM__DSN_DELAY, "DELAY"}};
  const char *before = " NOTIFY=";
  size_t i, n;

  for (i = 0; i < sizeof words / sizeof words[0]; i++) {
    if ((dsn->notify & words[i].bit) == 0)
      continue;
    n = strlen(line);
    (void)snprintf(line + n, line_bytes - n, "%s%s", before, words[i].word);
    before = ",";
  }
  if (dsn->orcpt != NULL && dsn->orcpt[0] != '\0')
    add_xtext(line, line_bytes, " ORCPT=", dsn->orcpt);
}

size_t msim__smtp_words_rcpt(char *line, const char *address, const struct msim__dsn_recipient *dsn)
{
  char params[MSIM__DSN_ORCPT_BYTES_MAX * 3 + 80] = "";
  int n;

  if (dsn != NULL)
    add_dsn(params, sizeof params, dsn);
  n = snprintf(line, MSIM__SMTP_WORDS_LINE_BYTES, "RCPT TO:<%s>%s\r\n", address, params);
  if (n < 0 || (size_t)n >= MSIM__SMTP_WORDS_LINE_BYTES)
    n = snprintf(line, MSIM__SMTP_WORDS_LINE_BYTES, "RCPT TO:<>\r\n");
  return (size_t)n;
}
