/* compose_body.c: the body of a message that a person writes: text in the encoding that it needs, and attachments; see
 * compose.h. */
#include "mail/compose.h"

#include "core/hash.h"
#include "proto/ascii.h"
#include "proto/base64.h"
#include "proto/quoted.h"
#include "text/utf8.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES_MAX 998u /* RFC 5322 2.1.1, without CRLF */
#define BOUNDARY_BYTES 64u
#define NAME_BYTES_MAX 200u
#define DRAWN_BYTES (57u * 8u) /* of a file at a time: whole lines of base64 */

size_t msim__compose_character(const uint8_t *at, size_t size_bytes, struct msim_slice *out)
{
  static const uint8_t replacement[3] = {0xef, 0xbf, 0xbd};
  uint32_t code;
  size_t n = msim__utf8_next(at, size_bytes, &code);

  out->data = n > 0 ? at : replacement;
  out->size_bytes = n > 0 ? n : sizeof replacement;
  return n > 0 ? n : 1;
}

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

/* ---- text ---- */

enum coding { SEVEN_BIT, EIGHT_BIT, QUOTED, BASE64 };

static const char *const coding_names[] = {"7bit", "8bit", "quoted-printable", "base64"};

/* Lines as they are where that is possible; else what comes out shorter. */
static enum coding choose_coding(const char *text, bool seven_bit)
{
  bool eight = false, odd = false; /* odd: a long line, controls, or bytes that are not UTF-8 */
  uint64_t total = 0, coded = 0;
  struct msim_slice line;
  uint32_t code;
  size_t i, n;

  while (*text != '\0') {
    text += next_line(text, &line);
    odd = odd || line.size_bytes > LINE_BYTES_MAX;
    for (i = 0; i < line.size_bytes; i += n) {
      n = msim__utf8_next(line.data + i, line.size_bytes - i, &code);
      odd = odd || n == 0 || (code < ' ' && code != '\t') || code == 0x7f;
      eight = eight || n != 1;
      n = n == 0 ? 1 : n;
      coded += n > 1 || code == '=' ? n : 0;
    }
    total += line.size_bytes + 2;
  }
  if (!odd && (!eight || !seven_bit))
    return eight ? EIGHT_BIT : SEVEN_BIT;
  return seven_bit && coded * 6 > total ? BASE64 : QUOTED;
}

struct coder {
  struct msim__buf *out;
  enum coding coding;
  struct msim__quoted_encode quoted;
  struct msim__base64_writer base64;
};

static void code(struct coder *coder, struct msim_slice bytes)
{
  size_t taken, written;

  if (coder->coding <= EIGHT_BIT) {
    (void)msim__buf_append(coder->out, bytes.data, bytes.size_bytes);
    return;
  }
  while (bytes.size_bytes > 0) {
    uint8_t room[512];

    if (coder->coding == QUOTED)
      msim__quoted_encode(&coder->quoted, bytes, room, sizeof room, &taken, &written);
    else
      msim__base64_write(&coder->base64, bytes, room, sizeof room, &taken, &written);
    (void)msim__buf_append(coder->out, room, written);
    bytes = msim__slice_part(bytes, taken, bytes.size_bytes);
  }
}

static void end_code(struct coder *coder)
{
  uint8_t room[MSIM__QUOTED_ROOM_BYTES];
  size_t n = 0;

  if (coder->coding == QUOTED)
    n = msim__quoted_encode_end(&coder->quoted, room);
  else if (coder->coding == BASE64)
    n = msim__base64_write_end(&coder->base64, room);
  (void)msim__buf_append(coder->out, room, n);
}

static void append_text(struct coder *coder, const char *text)
{
  static const struct msim_slice line_end = {(const uint8_t *)"\r\n", 2};
  struct msim_slice line, character;
  size_t i;

  while (*text != '\0' && coder->out->err == 0) {
    text += next_line(text, &line);
    if (coder->coding <= EIGHT_BIT)
      code(coder, line);
    else
      for (i = 0; i < line.size_bytes;) {
        i += msim__compose_character(line.data + i, line.size_bytes - i, &character);
        code(coder, character);
      }
    code(coder, line_end);
  }
}

/* Lines of at most 72 letters and CRLF, missing_bytes in all; a last line is never shorter than its CRLF. */
void msim__compose_filling_append(struct msim__buf *out, uint64_t missing_bytes)
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
}

/* ---- attachments ---- */

/* RFC 2231 4: %-codes where the name goes beyond what can stand in quotes. */
static void append_name(struct msim__buf *out, const char *parameter, const char *name)
{
  static const char hex[] = "0123456789ABCDEF";
  size_t i, n = strlen(name);
  bool plain = true;

  n = n > NAME_BYTES_MAX ? msim__utf8_cut((const uint8_t *)name, n, NAME_BYTES_MAX) : n;
  for (i = 0; i < n; i++)
    plain = plain && name[i] >= ' ' && name[i] <= '~' && name[i] != '"' && name[i] != '\\';
  msim__buf_append_text(out, ";\r\n ");
  msim__buf_append_text(out, parameter);
  msim__buf_append_text(out, plain ? "=\"" : "*=utf-8''");
  for (i = 0; i < n; i++) {
    uint8_t c = (uint8_t)name[i];

    if (plain || msim__ascii_is_alnum(c) || c == '.' || c == '-' || c == '_') {
      msim__buf_append_byte(out, name[i]);
      continue;
    }
    msim__buf_append_byte(out, '%');
    msim__buf_append_byte(out, hex[c >> 4]);
    msim__buf_append_byte(out, hex[c & 15]);
  }
  if (plain)
    msim__buf_append_byte(out, '"');
}

static void append_delimiter(struct msim__buf *out, const char *boundary, const char *behind)
{
  msim__buf_append_text(out, "\r\n--");
  msim__buf_append_text(out, boundary);
  msim__buf_append_text(out, behind);
}

/* RFC 2046 5.2.1: a message is attached as it is, not in base64; that needs lines as mail may have them. */
static bool is_plain_message(const struct msim__compose_attachment *attachment)
{
  uint64_t i, line_bytes = 0;

  if (attachment->data == NULL || attachment->type == NULL || strcmp(attachment->type, "message/rfc822") != 0)
    return false;
  for (i = 0; i < attachment->size_bytes; i++) {
    uint8_t c = attachment->data[i];

    if (c == '\0' || line_bytes > LINE_BYTES_MAX || (c == '\n' && (i == 0 || attachment->data[i - 1] != '\r')) ||
        (c == '\r' && (i + 1 == attachment->size_bytes || attachment->data[i + 1] != '\n')))
      return false;
    line_bytes = c == '\n' ? 0 : line_bytes + (c != '\r');
  }
  return true;
}

static void append_attachment_head(struct msim__buf *out, const struct msim__compose_attachment *attachment,
                                   const char *boundary)
{
  bool plain = is_plain_message(attachment);
  bool typed = attachment->type != NULL && attachment->type[0] != '\0' &&
               (plain || strcmp(attachment->type, "message/rfc822") != 0);

  append_delimiter(out, boundary, "\r\nContent-Type: ");
  msim__buf_append_text(out, typed ? attachment->type : "application/octet-stream");
  msim__buf_append_text(out, "\r\nContent-Disposition: attachment");
  append_name(out, "filename", attachment->name);
  msim__buf_append_text(out, plain ? "\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
                                   : "\r\nContent-Transfer-Encoding: base64\r\n\r\n");
}

/* The next bytes of a file, drawn from its name; *state: begin_bytes at first. */
static uint64_t begin_bytes(const char *name)
{
  return msim__hash_bytes(0, name, strlen(name));
}

static void draw_bytes(uint64_t *state, uint8_t *bytes, size_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    if (i % 8 == 0)
      *state = msim__hash_join(*state, i);
    bytes[i] = (uint8_t)(*state >> i % 8 * 8);
  }
}

void msim__compose_file_append(struct msim__buf *out, const char *name, uint64_t size_bytes)
{
  uint64_t left = size_bytes, state = begin_bytes(name);
  uint8_t bytes[DRAWN_BYTES];

  while (left > 0 && out->err == 0) {
    size_t n = left < sizeof bytes ? (size_t)left : sizeof bytes;

    draw_bytes(&state, bytes, n);
    msim__buf_append(out, bytes, n);
    left -= n;
  }
}

/* In base64, unless it is a message. */
static void append_attachment(struct msim__buf *out, const struct msim__compose_attachment *attachment)
{
  struct coder coder = {out, BASE64, {0}, {{0}, 0, 0}};
  uint64_t left = attachment->size_bytes, state = begin_bytes(attachment->name);
  uint8_t bytes[DRAWN_BYTES];
  size_t n;

  if (is_plain_message(attachment)) {
    msim__buf_append(out, attachment->data, (size_t)left);
    return;
  }
  if (attachment->data != NULL) {
    code(&coder, (struct msim_slice){attachment->data, (size_t)left});
    left = 0;
  }
  while (left > 0 && out->err == 0) {
    n = left < sizeof bytes ? (size_t)left : sizeof bytes;
    draw_bytes(&state, bytes, n);
    code(&coder, (struct msim_slice){bytes, n});
    left -= n;
  }
  end_code(&coder);
}

/* How many bytes the attachments and the closing boundary will take. */
static uint64_t attachments_bytes(struct msim__buf *out, const struct msim__compose *compose, const char *boundary)
{
  size_t begin = out->size_bytes, i;
  uint64_t total = 0, digits;

  for (i = 0; i < compose->attachment_count; i++) {
    append_attachment_head(out, &compose->attachments[i], boundary);
    digits = (compose->attachments[i].size_bytes + 2) / 3 * 4;
    total += is_plain_message(&compose->attachments[i])
                 ? compose->attachments[i].size_bytes
                 : digits + (digits + MSIM__BASE64_LINE_BYTES - 1) / MSIM__BASE64_LINE_BYTES * 2;
  }
  append_delimiter(out, boundary, "--\r\n");
  total += out->size_bytes - begin;
  if (out->err == 0)
    out->size_bytes = begin;
  return total;
}

static bool holds(const struct msim__compose_attachment *attachment, const char *boundary)
{
  size_t n = strlen(boundary);
  uint64_t i;

  if (attachment->data == NULL)
    return false;
  for (i = 0; i + n <= attachment->size_bytes; i++)
    if (attachment->data[i] == '=' && memcmp(attachment->data + i, boundary, n) == 0)
      return true;
  return false;
}

static bool is_held(const struct msim__compose *compose, const char *boundary)
{
  size_t i;

  for (i = 0; i < compose->attachment_count; i++)
    if (holds(&compose->attachments[i], boundary))
      return true;
  return false;
}

static bool has_plain_message(const struct msim__compose *compose)
{
  size_t i;

  for (i = 0; i < compose->attachment_count; i++)
    if (is_plain_message(&compose->attachments[i]))
      return true;
  return false;
}

/* A boundary that stands nowhere in the text. Base64 and quoted-printable cannot hold "=_". */
static void choose_boundary(const struct msim__compose *compose, const char *text, char boundary[BOUNDARY_BYTES])
{
  unsigned n;

  for (n = 1;; n++) {
    (void)snprintf(boundary, BOUNDARY_BYTES, "=_%llu.%u", (unsigned long long)compose->number, n);
    if (strstr(text, boundary) == NULL && !is_held(compose, boundary))
      return;
  }
}

/* ---- the whole ---- */

static void append_text_fields(struct msim__buf *out, enum coding coding)
{
  msim__buf_append_text(out, "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: ");
  msim__buf_append_text(out, coding_names[coding]);
  msim__buf_append_text(out, "\r\n\r\n");
}

int msim__compose_body_append(struct msim__buf *out, const struct msim__compose *compose, size_t begin)
{
  const char *text = compose->body != NULL ? compose->body : "";
  struct coder coder = {out, choose_coding(text, compose->seven_bit), {0}, {{0}, 0, 0}};
  bool mixed = compose->attachment_count > 0;
  char boundary[BOUNDARY_BYTES];
  uint64_t behind = 0, size;
  size_t i;

  msim__buf_append_text(out, "MIME-Version: 1.0\r\n");
  if (mixed) {
    choose_boundary(compose, text, boundary);
    msim__buf_append_text(out, "Content-Type: multipart/mixed; boundary=\"");
    msim__buf_append_text(out, boundary);
    msim__buf_append_text(out, coder.coding == EIGHT_BIT || has_plain_message(compose)
                                   ? "\"\r\nContent-Transfer-Encoding: 8bit\r\n"
                                   : "\"\r\n");
    append_delimiter(out, boundary, "\r\n");
  }
  append_text_fields(out, coder.coding);
  append_text(&coder, text);
  if (mixed)
    behind = attachments_bytes(out, compose, boundary);
  size = out->size_bytes - begin + behind;
  if (coder.coding == BASE64)
    end_code(&coder); /* nothing can follow it in clear */
  else if (compose->size_bytes > size)
    msim__compose_filling_append(out, compose->size_bytes - size);
  for (i = 0; i < compose->attachment_count && out->err == 0; i++) {
    append_attachment_head(out, &compose->attachments[i], boundary);
    append_attachment(out, &compose->attachments[i]);
  }
  return mixed ? (append_delimiter(out, boundary, "--\r\n"), out->err) : out->err;
}
