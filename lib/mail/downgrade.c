/* downgrade.c: a message for hosts that take seven bits only; see downgrade.h. */
#include "mail/downgrade.h"

#include "proto/ascii.h"
#include "proto/base64.h"
#include "proto/header.h"
#include "proto/mime_walk.h"
#include "proto/quoted.h"

static bool is_eight_bit(struct msim_slice bytes)
{
  uint8_t all = 0;
  size_t i;

  for (i = 0; i < bytes.size_bytes; i++)
    all |= bytes.data[i];
  return (all & 0x80) != 0;
}

bool msim__downgrade_header_is_eight_bit(struct msim_slice plain)
{
  size_t end;

  return msim__header_end(plain, &end) < 0 || is_eight_bit(msim__slice_part(plain, 0, end));
}

static struct msim_slice header_of(struct msim_slice plain, const struct msim__mime_part *part)
{
  return msim__slice_part(plain, part->header_at, part->header_at + part->header_bytes);
}

static struct msim_slice body_of(struct msim_slice plain, const struct msim__mime_part *part)
{
  return msim__slice_part(plain, part->body_at, part->body_at + part->body_bytes);
}

static bool can_convert(struct msim_slice plain, const struct msim__mime_part *parts, size_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    const struct msim__mime_part *part = &parts[i];

    if (!part->eight_bit)
      continue;
    if (is_eight_bit(header_of(plain, part)))
      return false;
    if (part->kind == MSIM__MIME_MULTIPART && msim__slice_is(part->subtype, "signed"))
      return false;
    if (part->kind == MSIM__MIME_LEAF &&
        (part->encoding >= MSIM__MIME_QUOTED || msim__slice_is(part->type, "multipart") ||
         msim__slice_is(part->type, "message")))
      return false; /* says that it is seven bits and is not, or may not be coded (RFC 2045 6.4) */
  }
  return true;
}

static bool is_shorter_in_base64(struct msim_slice body)
{
  uint64_t coded = 0;
  size_t i;

  for (i = 0; i < body.size_bytes; i++)
    coded += body.data[i] >= 0x7f || body.data[i] == '=' ||
             (body.data[i] < ' ' && body.data[i] != '\r' && body.data[i] != '\n' && body.data[i] != '\t');
  return coded * 6 > body.size_bytes;
}

/* The header with another Content-Transfer-Encoding. */
static void append_header(struct msim__buf *out, struct msim_slice header, const char *encoding, bool outermost)
{
  struct msim__header_iter iter;
  struct msim__header_field field;
  bool typed = false, versioned = false;

  msim__header_iter_init(&iter, header);
  while (msim__header_next(&iter, &field) > 0) {
    if (!field.bad && msim__slice_is(field.name, "Content-Transfer-Encoding"))
      continue;
    typed = typed || (!field.bad && msim__slice_is(field.name, "Content-Type"));
    versioned = versioned || (!field.bad && msim__slice_is(field.name, "MIME-Version"));
    (void)msim__buf_append(out, field.whole.data, field.whole.size_bytes);
  }
  if (outermost && !versioned)
    (void)msim__buf_append_text(out, "MIME-Version: 1.0\r\n");
  if (!typed && outermost)
    (void)msim__buf_append_text(out, "Content-Type: text/plain; charset=unknown-8bit\r\n"); /* RFC 1428 3 */
  (void)msim__buf_append_text(out, "Content-Transfer-Encoding: ");
  (void)msim__buf_append_text(out, encoding);
  (void)msim__buf_append_text(out, "\r\n\r\n");
}

static void append_quoted(struct msim__buf *out, struct msim_slice body)
{
  struct msim__quoted_encode quoted = {0};
  uint8_t room[512];
  size_t taken, written;

  for (; body.size_bytes > 0 && out->err == 0; body = msim__slice_part(body, taken, body.size_bytes)) {
    msim__quoted_encode(&quoted, body, room, sizeof room, &taken, &written);
    (void)msim__buf_append(out, room, written);
  }
  (void)msim__buf_append(out, room, msim__quoted_encode_end(&quoted, room));
}

static void append_base64(struct msim__buf *out, struct msim_slice body)
{
  struct msim__base64_writer writer = {{0}, 0, 0};
  uint8_t room[512];
  size_t taken, written;

  for (; body.size_bytes > 0 && out->err == 0; body = msim__slice_part(body, taken, body.size_bytes)) {
    msim__base64_write(&writer, body, room, sizeof room, &taken, &written);
    (void)msim__buf_append(out, room, written);
  }
  (void)msim__buf_append(out, room, msim__base64_write_end(&writer, room));
}

/* Everything up to `*at` is written; then the part, of a leaf also its body. */
static void append_part(struct msim__buf *out, struct msim_slice plain, const struct msim__mime_part *part, size_t *at,
                        bool outermost)
{
  struct msim_slice gap = msim__slice_part(plain, *at, part->header_at), body = body_of(plain, part);
  bool base64 = part->kind == MSIM__MIME_LEAF && is_shorter_in_base64(body);

  (void)msim__buf_append(out, gap.data, gap.size_bytes);
  append_header(out, header_of(plain, part),
                part->kind != MSIM__MIME_LEAF ? "7bit"
                : base64                      ? "base64"
                                              : "quoted-printable",
                outermost);
  *at = part->body_at;
  if (part->kind != MSIM__MIME_LEAF)
    return;
  if (base64)
    append_base64(out, body);
  else
    append_quoted(out, body);
  *at += part->body_bytes;
}

int msim__downgrade_append(struct msim__buf *out, struct msim_slice plain)
{
  struct msim__mime_part *parts = msim__alloc(out->mem, MSIM__DOWNGRADE_PARTS_MAX * sizeof *parts);
  size_t count = 0, i, at = 0;
  int err;

  if (parts == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__mime_walk(plain, parts, MSIM__DOWNGRADE_PARTS_MAX, &count);
  if (err < 0 || !can_convert(plain, parts, count)) {
    err = MSIM_ERR_INVALID;
  } else {
    for (i = 0; i < count; i++)
      if (parts[i].eight_bit)
        append_part(out, plain, &parts[i], &at, i == 0);
    plain = msim__slice_part(plain, at, plain.size_bytes);
    (void)msim__buf_append(out, plain.data, plain.size_bytes);
    err = out->err;
  }
  msim__free(out->mem, parts, MSIM__DOWNGRADE_PARTS_MAX * sizeof *parts);
  return err;
}
