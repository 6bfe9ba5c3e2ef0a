/* imap_section.c: BODY[…] (RFC 3501 6.4.5): which bytes of a message a section is. See imap_text.h. */
#include "mail/imap_text.h"

#include "proto/ascii.h"
#include "proto/base64.h"
#include "proto/header.h"
#include "proto/quoted.h"

void msim__imap_put_section_path(struct msim__buf *out, const struct msim__imap_section *section)
{
  size_t i;

  msim__buf_append_byte(out, '[');
  for (i = 0; i < section->path_count; i++)
    msim__buf_printf(out, "%s%lu", i > 0 ? "." : "", (unsigned long)section->path[i]);
  msim__buf_append_byte(out, ']');
}

void msim__imap_put_section_name(struct msim__buf *out, const struct msim__imap_fetch *fetch,
                                 const struct msim__imap_section *section)
{
  static const char *const words[] = {"", "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"};
  size_t i;

  msim__buf_append_text(out, "BODY[");
  for (i = 0; i < section->path_count; i++)
    msim__buf_printf(out, "%s%lu", i > 0 ? "." : "", (unsigned long)section->path[i]);
  if (section->path_count > 0 && section->kind != MSIM__IMAP_SECTION_ALL)
    msim__buf_append_byte(out, '.');
  msim__buf_append_text(out, words[section->kind]);
  for (i = 0; i < section->name_count; i++) {
    msim__buf_append_text(out, i == 0 ? " (" : " ");
    msim__imap_put_mailbox(out, fetch->names[section->name_first + i]); /* names of fields are ASCII: an atom mostly */
  }
  msim__buf_append_text(out, section->name_count > 0 ? ")]" : "]");
}

static size_t child(const struct msim__imap_parts *parts, size_t parent, uint32_t number)
{
  size_t i;

  for (i = parent + 1; i < parts->count && parts->parts[i].depth > parts->parts[parent].depth; i++)
    if (parts->parts[i].parent == parent && parts->parts[i].number == number)
      return i;
  return SIZE_MAX;
}

/* The part of a path; SIZE_MAX: there is none. Part 1 of a message without parts is its body. */
static size_t find_part(const struct msim__imap_parts *parts, const struct msim__imap_section *section)
{
  size_t at = 0;
  unsigned i;

  for (i = 0; i < section->path_count && at != SIZE_MAX; i++) {
    bool inside = i == 0; /* of a message */

    if (i > 0 && parts->parts[at].kind == MSIM__MIME_MESSAGE) {
      at = child(parts, at, 1);
      inside = true;
      if (at == SIZE_MAX)
        break;
    }
    if (parts->parts[at].kind == MSIM__MIME_MULTIPART)
      at = child(parts, at, section->path[i]);
    else if (!inside || section->path[i] != 1)
      at = SIZE_MAX;
  }
  return at;
}

static bool is_named(const struct msim__imap_fetch *fetch, const struct msim__imap_section *section,
                     struct msim_slice name)
{
  size_t i;

  for (i = 0; i < section->name_count; i++)
    if (msim__slice_equal_nocase(fetch->names[section->name_first + i], name))
      return true;
  return false;
}

/* The fields that are asked for, and an empty line. */
static struct msim_slice pick_fields(const struct msim__imap_fetch *fetch, const struct msim__imap_section *section,
                                     struct msim_slice header, struct msim__buf *room)
{
  struct msim__header_field field;
  struct msim__header_iter iter;
  struct msim_slice out;

  msim__buf_clear(room);
  msim__header_iter_init(&iter, header);
  while (msim__header_next(&iter, &field) == 1)
    if (!field.bad && is_named(fetch, section, field.name) == (section->kind == MSIM__IMAP_SECTION_FIELDS))
      msim__buf_append(room, field.whole.data, field.whole.size_bytes);
  msim__buf_append_text(room, "\r\n");
  out.data = (const uint8_t *)msim__buf_text(room);
  out.size_bytes = room->size_bytes;
  return out;
}

bool msim__imap_section_find(const struct msim__imap_parts *parts, const struct msim__imap_fetch *fetch,
                             const struct msim__imap_section *section, struct msim__buf *room, struct msim_slice *out)
{
  size_t at = find_part(parts, section);
  const struct msim__mime_part *part;
  struct msim_slice header, body;

  if (at == SIZE_MAX)
    return false;
  part = &parts->parts[at];
  if (section->path_count > 0 && section->kind != MSIM__IMAP_SECTION_ALL && section->kind != MSIM__IMAP_SECTION_MIME) {
    if (part->kind != MSIM__MIME_MESSAGE || (at = child(parts, at, 1)) == SIZE_MAX)
      return false; /* RFC 3501 6.4.5: HEADER and TEXT are for messages */
    part = &parts->parts[at];
  }
  header = msim__slice_part(parts->message, part->header_at, part->header_at + part->header_bytes);
  body = msim__slice_part(parts->message, part->body_at, part->body_at + part->body_bytes);
  switch (section->kind) {
  case MSIM__IMAP_SECTION_ALL:
    *out = section->path_count == 0 ? parts->message : body;
    return true;
  case MSIM__IMAP_SECTION_TEXT:
    *out = section->path_count == 0 ? msim__slice_part(parts->message, part->body_at, parts->message.size_bytes) : body;
    return true;
  case MSIM__IMAP_SECTION_HEADER:
  case MSIM__IMAP_SECTION_MIME:
    *out = header;
    return true;
  case MSIM__IMAP_SECTION_FIELDS:
  case MSIM__IMAP_SECTION_FIELDS_NOT:
    *out = pick_fields(fetch, section, header, room);
    return true;
  }
  return false;
}

size_t msim__imap_decode(enum msim__mime_encoding encoding, struct msim_slice in, uint8_t *out, size_t out_bytes)
{
  struct msim__base64_reader base64 = {0, 0};
  struct msim__quoted_decode quoted = {{0}, 0};
  size_t taken, n;

  if (encoding == MSIM__MIME_BASE64) {
    msim__base64_read(&base64, in, out, out_bytes, &taken, &n);
    return n;
  }
  msim__quoted_decode(&quoted, in, out, out_bytes, &taken, &n);
  return n + msim__quoted_decode_end(&quoted, out + n);
}

int msim__imap_binary_find(const struct msim__imap_parts *parts, const struct msim__imap_section *section,
                           struct msim__buf *room, struct msim_slice *out)
{
  size_t at = find_part(parts, section), room_bytes;
  const struct msim__mime_part *part;
  char *to;

  if (section->path_count == 0) {
    *out = parts->message;
    return 1;
  }
  if (at == SIZE_MAX)
    return 0;
  part = &parts->parts[at];
  *out = msim__slice_part(parts->message, part->body_at, part->body_at + part->body_bytes);
  if (part->kind != MSIM__MIME_LEAF || part->encoding < MSIM__MIME_QUOTED)
    return 1;
  if (part->encoding == MSIM__MIME_OTHER) {
    out->size_bytes = 0;
    return MSIM_ERR_INVALID;
  }
  room_bytes = out->size_bytes + MSIM__IMAP_DECODE_ROOM_BYTES;
  to = msim__buf_room(room, room_bytes);
  if (to == NULL) {
    out->size_bytes = 0;
    return 0;
  }
  out->size_bytes = msim__imap_decode(part->encoding, *out, (uint8_t *)to, room_bytes);
  out->data = (const uint8_t *)to;
  return 1;
}
