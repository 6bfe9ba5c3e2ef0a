/* readable.c: a message as a person reads it; see readable.h. */
#include "mail/readable.h"

#include "proto/ascii.h"
#include "proto/charset.h"
#include "proto/encoded_word.h"
#include "proto/header.h"
#include "proto/mime.h"
#include "text/html_text.h"
#include "text/utf8.h"

#include <stdio.h>

/* ---- parts ---- */

static struct msim_slice body_of(const struct msim__imap_parts *parts, size_t index)
{
  const struct msim__mime_part *part = &parts->parts[index];

  return msim__slice_part(parts->message, part->body_at, part->body_at + part->body_bytes);
}

static bool is_text(const struct msim__mime_part *part, const char *subtype)
{
  return part->kind == MSIM__MIME_LEAF && msim__slice_is(part->type, "text") &&
         (subtype == NULL || msim__slice_is(part->subtype, subtype));
}

/* RFC 2183 2: inline unless it says otherwise. */
static bool is_inline(const struct msim__imap_parts *parts, size_t index)
{
  struct msim_slice value = msim__mime_part_field(parts->message, &parts->parts[index], "Content-Disposition");
  struct msim__mime_field field;

  return value.size_bytes == 0 || msim__mime_field_parse(&field, value) != MSIM_OK ||
         msim__slice_is(field.value, "inline");
}

int msim__readable_content(struct msim__buf *out, const struct msim__imap_parts *parts, size_t index)
{
  struct msim_slice body = body_of(parts, index);
  enum msim__mime_encoding encoding = parts->parts[index].encoding;
  char *room;

  if (encoding != MSIM__MIME_BASE64 && encoding != MSIM__MIME_QUOTED)
    return msim__buf_append(out, body.data, body.size_bytes);
  room = msim__buf_room(out, body.size_bytes + MSIM__IMAP_DECODE_ROOM_BYTES);
  if (room == NULL)
    return out->err;
  msim__buf_took(out,
                 msim__imap_decode(encoding, body, (uint8_t *)room, body.size_bytes + MSIM__IMAP_DECODE_ROOM_BYTES));
  return MSIM_OK;
}

/* ---- text ---- */

static enum msim__charset charset_of(const struct msim__imap_parts *parts, size_t index)
{
  struct msim_slice value = msim__mime_part_field(parts->message, &parts->parts[index], "Content-Type");
  struct msim__mime_field field;
  uint8_t name[MSIM__MIME_CHARSET_BYTES];
  size_t n = 0;

  if (msim__mime_field_parse(&field, value) != MSIM_OK ||
      msim__mime_param_get(field.params, "charset", name, sizeof name, &n, NULL) != 1)
    n = 0;
  return msim__charset_find((struct msim_slice){name, n});
}

/* To UTF-8, with LF for line ends. */
static void convert(struct msim__buf *out, enum msim__charset charset, struct msim_slice text)
{
  uint8_t utf8[MSIM__CHARSET_UTF8_BYTES_MAX];
  size_t i;

  for (i = 0; i < text.size_bytes && out->err == 0; i++) {
    if (text.data[i] == '\r' && i + 1 < text.size_bytes && text.data[i + 1] == '\n')
      continue;
    (void)msim__buf_append(out, utf8, msim__charset_to_utf8(charset, text.data[i], utf8));
  }
}

static void show_part(struct msim__buf *out, const struct msim__imap_parts *parts, size_t index)
{
  struct msim__buf decoded, utf8;

  msim__buf_init(&decoded, out->mem, out->size_bytes_max);
  msim__buf_init(&utf8, out->mem, out->size_bytes_max);
  if (out->size_bytes > 0)
    (void)msim__buf_append_byte(out, '\n');
  out->err = out->err == 0 ? msim__readable_content(&decoded, parts, index) : out->err;
  if (out->err == 0 && is_text(&parts->parts[index], "html")) {
    convert(&utf8, charset_of(parts, index), (struct msim_slice){(const uint8_t *)decoded.data, decoded.size_bytes});
    out->err = utf8.err;
    if (out->err == 0)
      (void)msim__html_to_text(out, (struct msim_slice){(const uint8_t *)utf8.data, utf8.size_bytes});
  } else if (out->err == 0) {
    convert(out, charset_of(parts, index), (struct msim_slice){(const uint8_t *)decoded.data, decoded.size_bytes});
    if (out->size_bytes > 0 && out->data[out->size_bytes - 1] != '\n')
      (void)msim__buf_append_byte(out, '\n');
  }
  msim__buf_release(&decoded);
  msim__buf_release(&utf8);
}

/* ---- what is what ---- */

/* The next part behind `child` that is in the same one as it; parts->count: none. */
static size_t next_sibling(const struct msim__imap_parts *parts, size_t child)
{
  size_t i = child + 1;

  while (i < parts->count && parts->parts[i].depth > parts->parts[child].depth)
    i++;
  return i < parts->count && parts->parts[i].depth == parts->parts[child].depth ? i : parts->count;
}

static size_t first_child(const struct msim__imap_parts *parts, size_t index)
{
  return index + 1 < parts->count && parts->parts[index + 1].parent == index ? index + 1 : parts->count;
}

/* RFC 2046 5.1.4: the last is the richest; but plain text needs no guesses. */
static size_t best_of(const struct msim__imap_parts *parts, size_t index)
{
  size_t child, best = parts->count;

  for (child = first_child(parts, index); child < parts->count; child = next_sibling(parts, child)) {
    if (is_text(&parts->parts[child], "plain") && is_inline(parts, child))
      return child;
    if (parts->parts[child].kind == MSIM__MIME_MULTIPART || is_text(&parts->parts[child], "html"))
      best = child;
  }
  return best;
}

/* Calls itself no deeper than MSIM__MIME_DEPTH_MAX. shown: false for alternatives that are not taken. */
static void judge(const struct msim__imap_parts *parts, size_t index, bool shown, enum msim__readable_role *roles)
{
  const struct msim__mime_part *part = &parts->parts[index];
  size_t child, best = parts->count;

  if (part->kind != MSIM__MIME_MULTIPART) {
    bool is_shown = is_text(part, NULL) && is_inline(parts, index);

    roles[index] = !is_shown ? MSIM__READABLE_ATTACHED : (shown ? MSIM__READABLE_SHOWN : MSIM__READABLE_PASSED);
    return; /* what is in an attached message belongs to that */
  }
  if (msim__slice_is(part->subtype, "alternative"))
    best = best_of(parts, index);
  for (child = first_child(parts, index); child < parts->count; child = next_sibling(parts, child))
    judge(parts, child, shown && (best == parts->count || child == best), roles);
}

int msim__readable_text(struct msim__buf *out, const struct msim__imap_parts *parts, enum msim__readable_role *roles)
{
  size_t i;

  for (i = 0; i < parts->count; i++)
    roles[i] = MSIM__READABLE_PASSED;
  judge(parts, 0, true, roles);
  for (i = 0; i < parts->count && out->err == 0; i++)
    if (roles[i] == MSIM__READABLE_SHOWN)
      show_part(out, parts, i);
  return out->err;
}

/* ---- fields and names ---- */

int msim__readable_field(struct msim__buf *out, struct msim_slice header, const char *name)
{
  struct msim__header_field field;
  size_t n, decoded_bytes, room_bytes;
  uint8_t *room;
  char *end;

  if (msim__header_find(header, name, 0, &field) != 1)
    return 0;
  if (field.value.size_bytes == 0)
    return out->err == 0 ? 1 : out->err;
  room_bytes = field.value.size_bytes;
  room = msim__alloc(out->mem, room_bytes);
  if (room == NULL)
    return MSIM_ERR_NOMEM;
  (void)msim__header_unfold(field.value, room, room_bytes, &n);
  end = msim__buf_room(out, 3 * n);
  if (end != NULL) {
    (void)msim__encoded_words_decode((struct msim_slice){room, n}, (uint8_t *)end, 3 * n, &decoded_bytes);
    for (n = 0; n < decoded_bytes; n++) /* an encoded word may hold line ends */
      if (msim__ascii_is_control((uint8_t)end[n]))
        end[n] = ' ';
    msim__buf_took(out, decoded_bytes);
  }
  msim__free(out->mem, room, room_bytes);
  return out->err == 0 ? 1 : out->err;
}

void msim__readable_type(const struct msim__imap_parts *parts, size_t index, char out[MSIM__READABLE_TYPE_BYTES])
{
  const struct msim__mime_part *part = &parts->parts[index];
  struct msim_slice halves[2] = {part->type, part->subtype};
  size_t i, half, n = 0;

  for (half = 0; half < 2; half++) {
    for (i = 0; i < halves[half].size_bytes && i < 60; i++) {
      uint8_t c = msim__ascii_lower(halves[half].data[i]);

      if (!msim__ascii_is_alnum(c) && c != '-' && c != '.' && c != '+' && c != '_') {
        (void)snprintf(out, MSIM__READABLE_TYPE_BYTES, "application/octet-stream");
        return;
      }
      out[n++] = (char)c;
    }
    if (half == 0)
      out[n++] = '/';
  }
  out[n] = '\0';
}

static size_t take_name(struct msim_slice value, const char *param, uint8_t *raw, size_t cap_bytes,
                        enum msim__charset *charset)
{
  char set[MSIM__MIME_CHARSET_BYTES];
  struct msim__mime_field field;
  size_t n = 0;

  if (msim__mime_field_parse(&field, value) != MSIM_OK ||
      msim__mime_param_get(field.params, param, raw, cap_bytes, &n, set) == 0)
    return 0;
  *charset = msim__charset_find(msim__slice_text(set));
  return n;
}

/* The last piece of a path, without what is no letter for people or means something to a shell or a file system. */
static size_t clean_name(struct msim_slice name, char *out, size_t cap_bytes)
{
  size_t at, n, size = 0;
  uint32_t code;

  for (at = 0; at<name.size_bytes; at += n> 0 ? n : 1) {
    n = msim__utf8_next(name.data + at, name.size_bytes - at, &code);
    if (n > 0 && (code == '/' || code == '\\')) {
      size = 0;
      continue;
    }
    if (n == 0 || !msim__utf8_printable(code) || code == '"' || code == '<' || code == '>' || code == '|' ||
        code == '*' || code == '?' || code == ':' || (size == 0 && code == '.'))
      continue;
    if (size + n >= cap_bytes)
      break;
    memcpy(out + size, name.data + at, n);
    size += n;
  }
  out[size] = '\0';
  return size;
}

void msim__readable_name(const struct msim__imap_parts *parts, size_t index, char out[MSIM__READABLE_NAME_BYTES])
{
  const struct msim__mime_part *part = &parts->parts[index];
  uint8_t raw[MSIM__READABLE_NAME_BYTES], words[3 * MSIM__READABLE_NAME_BYTES], utf8[9 * MSIM__READABLE_NAME_BYTES];
  enum msim__charset charset = MSIM__CHARSET_ASCII;
  size_t n, i, size = 0, words_bytes = 0;

  n = take_name(msim__mime_part_field(parts->message, part, "Content-Disposition"), "filename", raw, sizeof raw,
                &charset);
  if (n == 0)
    n = take_name(msim__mime_part_field(parts->message, part, "Content-Type"), "name", raw, sizeof raw, &charset);
  /* RFC 2047 5 forbids encoded words there, and many write them */
  (void)msim__encoded_words_decode((struct msim_slice){raw, n}, words, sizeof words, &words_bytes);
  for (i = 0; i < words_bytes; i++)
    size += msim__charset_to_utf8(charset, words[i], utf8 + size);
  if (clean_name((struct msim_slice){utf8, size}, out, MSIM__READABLE_NAME_BYTES) > 0)
    return;
  (void)snprintf(out, MSIM__READABLE_NAME_BYTES, "part-%lu%s", (unsigned long)index,
                 part->kind == MSIM__MIME_MESSAGE ? ".eml" : (is_text(part, NULL) ? ".txt" : ".bin"));
}
