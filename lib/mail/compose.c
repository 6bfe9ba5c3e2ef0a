/* compose.c: the header of a message that a person writes; see compose.h. The body is in compose_body.c. */
#include "mail/compose.h"

#include "mail/trace_header.h"
#include "proto/ascii.h"
#include "proto/base64.h"

#include <string.h>

#define FOLD_BYTES 78u     /* RFC 5322 2.1.1 */
#define WORD_BYTES_MAX 45u /* of UTF-8 in one encoded word: 60 in base64, 72 with its frame, below 75 (RFC 2047 2) */

/* ---- header ---- */

/* Printable ASCII that no reader can take for an encoded word, of words that fit into folded lines. */
static bool needs_no_encoding(const char *text)
{
  const char *c, *word = text;

  if (*text == ' ' || strstr(text, "=?") != NULL)
    return false;
  for (c = text; *c != '\0'; c++) {
    if (*c < ' ' || *c > '~' || (c[0] == ' ' && (c[1] == ' ' || c[1] == '\0')))
      return false;
    if (*c == ' ')
      word = c + 1;
    else if ((size_t)(c - word) >= FOLD_BYTES - 16)
      return false;
  }
  return true;
}

static int append_plain_words(struct msim__buf *out, const char *text, size_t column)
{
  bool first = true;

  while (*text != '\0') {
    size_t n = strcspn(text, " ");

    if (!first) {
      msim__buf_append_text(out, column + 1 + n > FOLD_BYTES ? "\r\n " : " ");
      column = column + 1 + n > FOLD_BYTES ? 1 : column + 1;
    }
    first = false;
    msim__buf_append(out, text, n);
    column += n;
    text += n;
    if (*text == ' ')
      text++;
  }
  return out->err;
}

static void append_encoded_word(struct msim__buf *out, struct msim_slice bytes)
{
  uint8_t base64[64];
  size_t n;

  if (msim__base64_encode(bytes, base64, sizeof base64, &n) < 0)
    return; /* WORD_BYTES_MAX always fits */
  msim__buf_append_text(out, "=?UTF-8?B?");
  msim__buf_append(out, base64, n);
  msim__buf_append_text(out, "?=");
}

int msim__compose_words_append(struct msim__buf *out, const char *text, size_t column)
{
  const uint8_t *at = (const uint8_t *)text;
  size_t left = strlen(text), used = 0, n;
  size_t room_bytes = column + 20 < FOLD_BYTES ? (FOLD_BYTES - 12 - column) / 4 * 3 : WORD_BYTES_MAX;
  uint8_t word[WORD_BYTES_MAX];
  struct msim_slice character;

  if (needs_no_encoding(text))
    return append_plain_words(out, text, column);
  if (room_bytes > WORD_BYTES_MAX)
    room_bytes = WORD_BYTES_MAX;
  while (left > 0) { /* whole characters per word (RFC 2047 5) */
    n = msim__compose_character(at, left, &character);
    if (used + character.size_bytes > room_bytes) {
      append_encoded_word(out, (struct msim_slice){word, used});
      msim__buf_append_text(out, "\r\n ");
      used = 0;
      room_bytes = WORD_BYTES_MAX;
    }
    memcpy(word + used, character.data, character.size_bytes);
    used += character.size_bytes;
    at += n;
    left -= n;
  }
  if (used > 0)
    append_encoded_word(out, (struct msim_slice){word, used});
  return out->err;
}

/* A display name: a quoted string when it is ASCII (RFC 5322 3.2.4), else encoded words. */
static void append_name(struct msim__buf *out, const char *name, size_t column)
{
  const char *c;

  for (c = name; *c != '\0'; c++)
    if (*c < ' ' || *c > '~' || strlen(name) > 50 || strstr(name, "=?") != NULL) {
      (void)msim__compose_words_append(out, name, column);
      return;
    }
  msim__buf_append_byte(out, '"');
  for (c = name; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\')
      msim__buf_append_byte(out, '\\');
    msim__buf_append_byte(out, *c);
  }
  msim__buf_append_byte(out, '"');
}

/* An address, without what would break the line. */
static void append_address(struct msim__buf *out, const char *address)
{
  for (; *address != '\0'; address++)
    if (!msim__ascii_is_control((uint8_t)*address))
      msim__buf_append_byte(out, *address);
}

static void append_addresses(struct msim__buf *out, const char *field, const char *const *items, size_t count)
{
  size_t i, column = strlen(field);

  if (count == 0)
    return;
  msim__buf_append_text(out, field);
  for (i = 0; i < count; i++) {
    size_t n = strlen(items[i]);

    if (i > 0) {
      msim__buf_append_byte(out, ',');
      msim__buf_append_text(out, column + n + 2 > FOLD_BYTES ? "\r\n " : " ");
      column = column + n + 2 > FOLD_BYTES ? 1 : column + 2;
    }
    append_address(out, items[i]);
    column += n;
  }
  msim__buf_append_text(out, "\r\n");
}

/* Each on a line of its own, except for the first. */
static void append_ids(struct msim__buf *out, const char *field, const char *ids)
{
  size_t n;

  if (ids == NULL || ids[strspn(ids, " ")] == '\0')
    return;
  msim__buf_append_text(out, field);
  for (ids += strspn(ids, " "); *ids != '\0'; ids += strspn(ids, " ")) {
    n = strcspn(ids, " ");
    msim__buf_append(out, ids, n);
    ids += n;
    msim__buf_append_text(out, ids[strspn(ids, " ")] != '\0' ? "\r\n " : "\r\n");
  }
}

static int append_header(struct msim__buf *out, const struct msim__compose *compose)
{
  const char *at = strrchr(compose->from, '@');
  struct msim_slice domain = msim__slice_text(at != NULL ? at + 1 : "");
  int err = msim__trace_date_append(out, compose->unix_s, compose->zone_minutes);

  if (err < 0)
    return err;
  msim__buf_append_text(out, "From: ");
  if (compose->from_name != NULL && compose->from_name[0] != '\0') {
    append_name(out, compose->from_name, 6);
    msim__buf_append_text(out, "\r\n <");
    append_address(out, compose->from);
    msim__buf_append_byte(out, '>');
  } else {
    append_address(out, compose->from);
  }
  msim__buf_append_text(out, "\r\n");
  append_addresses(out, "To: ", compose->to, compose->to_count);
  append_addresses(out, "Cc: ", compose->cc, compose->cc_count);
  append_addresses(out, "Bcc: ", compose->bcc, compose->bcc_count);
  append_ids(out, "In-Reply-To: ", compose->in_reply_to);
  append_ids(out, "References: ", compose->references);
  if (compose->subject != NULL && compose->subject[0] != '\0') {
    msim__buf_append_text(out, "Subject: ");
    (void)msim__compose_words_append(out, compose->subject, 9);
    msim__buf_append_text(out, "\r\n");
  }
  msim__buf_append_text(out, "Message-ID: ");
  err = msim__trace_message_id_append(out, compose->unix_s, compose->number, compose->host, domain);
  if (err < 0)
    return err;
  return msim__buf_append_text(out, "\r\n");
}

int msim__compose_append(struct msim__buf *out, const struct msim__compose *compose)
{
  size_t begin = out->size_bytes;
  int err = append_header(out, compose);

  return err < 0 ? err : msim__compose_body_append(out, compose, begin);
}
