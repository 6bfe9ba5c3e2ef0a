/* compose.c: writes a message from subject and body; see compose.h. */
#include "mail/compose.h"

#include "mail/trace_header.h"
#include "proto/ascii.h"
#include "proto/base64.h"
#include "text/utf8.h"

#include <string.h>

#define LINE_BYTES_MAX 998u   /* RFC 5322 2.1.1, without CRLF */
#define FOLD_BYTES 78u        /* the same section's wish */
#define WORD_BYTES_MAX 45u    /* of UTF-8 in one encoded word: 60 in base64, 72 with its frame, below 75 (RFC 2047 2) */
#define QP_LINE_BYTES_MAX 76u /* RFC 2045 6.7 (5), the soft break included */

/* The next character, or U+FFFD for a byte that starts none. */
static size_t next_character(const uint8_t *at, size_t size_bytes, struct msim_slice *out)
{
  static const uint8_t replacement[3] = {0xef, 0xbf, 0xbd};
  uint32_t code;
  size_t n = msim__utf8_next(at, size_bytes, &code);

  out->data = n > 0 ? at : replacement;
  out->size_bytes = n > 0 ? n : sizeof replacement;
  return n > 0 ? n : 1;
}

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
    n = next_character(at, left, &character);
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

static void append_recipients(struct msim__buf *out, const struct msim__compose *compose)
{
  size_t i, column = 4;

  if (compose->to_count == 0)
    return;
  msim__buf_append_text(out, "To: ");
  for (i = 0; i < compose->to_count; i++) {
    size_t n = strlen(compose->to[i]);

    if (i > 0) {
      msim__buf_append_byte(out, ',');
      msim__buf_append_text(out, column + n + 2 > FOLD_BYTES ? "\r\n " : " ");
      column = column + n + 2 > FOLD_BYTES ? 1 : column + 2;
    }
    append_address(out, compose->to[i]);
    column += n;
  }
  msim__buf_append_text(out, "\r\n");
}

static int append_header(struct msim__buf *out, const struct msim__compose *compose, const char *encoding)
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
  append_recipients(out, compose);
  if (compose->subject != NULL && compose->subject[0] != '\0') {
    msim__buf_append_text(out, "Subject: ");
    (void)msim__compose_words_append(out, compose->subject, 9);
    msim__buf_append_text(out, "\r\n");
  }
  msim__buf_append_text(out, "Message-ID: ");
  err = msim__trace_message_id_append(out, compose->unix_s, compose->number, compose->host, domain);
  if (err < 0)
    return err;
  msim__buf_append_text(out, "\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n");
  msim__buf_append_text(out, "Content-Transfer-Encoding: ");
  msim__buf_append_text(out, encoding);
  return msim__buf_append_text(out, "\r\n\r\n");
}

/* ---- body ---- */

/* One line of text without its end, and how many bytes it and its end (LF, CR or CRLF) take. */
static size_t next_line(const char *text, struct msim_slice *line)
{
  size_t n = strcspn(text, "\r\n");

  line->data = (const uint8_t *)text;
  line->size_bytes = n;
  if (text[n] == '\r' && text[n + 1] == '\n')
    return n + 2;
  return text[n] == '\0' ? n : n + 1;
}

struct body_kind {
  bool eight_bit, long_line, odd; /* odd: controls, or bytes that are not UTF-8 */
};

static struct body_kind judge_body(const char *text)
{
  struct body_kind kind = {false, false, false};
  struct msim_slice line;
  uint32_t code;
  size_t i, n;

  while (*text != '\0') {
    text += next_line(text, &line);
    if (line.size_bytes > LINE_BYTES_MAX)
      kind.long_line = true;
    for (i = 0; i < line.size_bytes; i += n) {
      n = msim__utf8_next(line.data + i, line.size_bytes - i, &code);
      if (n == 0 || (code < ' ' && code != '\t') || code == 0x7f)
        kind.odd = true;
      if (n != 1)
        kind.eight_bit = true;
      n = n == 0 ? 1 : n;
    }
  }
  return kind;
}

/* One byte in quoted-printable (RFC 2045 6.7); last: it ends its line, so white space must not stay as it is. */
static void append_qp_byte(struct msim__buf *out, uint8_t byte, bool last, size_t *column)
{
  static const char hex[] = "0123456789ABCDEF";
  bool plain = (byte >= '!' && byte <= '~' && byte != '=') || (msim__ascii_is_space(byte) && !last);
  size_t need = plain ? 1 : 3;

  if (*column + need > QP_LINE_BYTES_MAX - 1) {
    msim__buf_append_text(out, "=\r\n");
    *column = 0;
  }
  if (plain) {
    msim__buf_append_byte(out, (char)byte);
  } else {
    msim__buf_append_byte(out, '=');
    msim__buf_append_byte(out, hex[byte >> 4]);
    msim__buf_append_byte(out, hex[byte & 15]);
  }
  *column += need;
}

static void append_qp_line(struct msim__buf *out, struct msim_slice line)
{
  struct msim_slice character;
  size_t i = 0, k, column = 0;

  while (i < line.size_bytes) {
    i += next_character(line.data + i, line.size_bytes - i, &character);
    for (k = 0; k < character.size_bytes; k++)
      append_qp_byte(out, character.data[k], i >= line.size_bytes, &column);
  }
}

static int append_body(struct msim__buf *out, const char *text, bool quoted)
{
  struct msim_slice line;

  while (*text != '\0' && out->err == 0) {
    text += next_line(text, &line);
    if (quoted)
      append_qp_line(out, line);
    else
      msim__buf_append(out, line.data, line.size_bytes);
    msim__buf_append_text(out, "\r\n");
  }
  return out->err;
}

/* Lines of at most 72 letters and CRLF, missing_bytes in all; a last line is never shorter than its CRLF. */
static int append_filling(struct msim__buf *out, uint64_t missing_bytes)
{
  static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrst";
  const uint64_t full = sizeof letters - 1 + 2;

  while (missing_bytes > 0 && out->err == 0) {
    uint64_t n = missing_bytes < full ? missing_bytes : full;

    if (missing_bytes == full + 1)
      n = full - 1; /* otherwise a single byte would be left over */
    if (n < 2)
      n = 2;
    msim__buf_append(out, letters, (size_t)n - 2);
    msim__buf_append_text(out, "\r\n");
    missing_bytes -= n < missing_bytes ? n : missing_bytes;
  }
  return out->err;
}

int msim__compose_append(struct msim__buf *out, const struct msim__compose *compose)
{
  const char *body = compose->body != NULL ? compose->body : "";
  struct body_kind kind = judge_body(body);
  bool quoted = kind.long_line || kind.odd;
  size_t begin = out->size_bytes;
  int err = append_header(out, compose, quoted ? "quoted-printable" : kind.eight_bit ? "8bit" : "7bit");

  if (err == MSIM_OK)
    err = append_body(out, body, quoted);
  if (err == MSIM_OK && compose->size_bytes > out->size_bytes - begin)
    err = append_filling(out, compose->size_bytes - (out->size_bytes - begin));
  return err;
}
