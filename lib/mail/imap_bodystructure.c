/* imap_bodystructure.c: BODY and BODYSTRUCTURE (RFC 3501 7.4.2): what a message is made of. See imap_text.h. */
#include "mail/imap_text.h"

#include "proto/ascii.h"
#include "proto/mime.h"

#define VALUE_BYTES_MAX 4000u
#define NAME_BYTES_MAX 200u

struct writer {
  struct msim__buf *out;
  const struct msim__imap_parts *parts;
  bool extended;
};

static struct msim_slice field_of(const struct writer *w, const struct msim__mime_part *part, const char *name)
{
  return msim__mime_part_field(w->parts->message, part, name);
}

/* A value as written, without its quotes. */
static struct msim_slice unquote(struct msim_slice value, uint8_t *room)
{
  struct msim_slice out = {room, 0};
  size_t i;

  if (value.size_bytes < 2 || value.data[0] != '"')
    return value;
  for (i = 1; i < value.size_bytes && value.data[i] != '"' && out.size_bytes < VALUE_BYTES_MAX; i++) {
    if (value.data[i] == '\\' && i + 1 < value.size_bytes)
      i++;
    if (value.data[i] != '\r' && value.data[i] != '\n')
      room[out.size_bytes++] = value.data[i];
  }
  return out;
}

/* "name*", "name*0", "name*1*": RFC 2231 3. The name without that; the same where there is none. */
static struct msim_slice base_name(struct msim_slice name)
{
  const uint8_t *star = name.size_bytes > 0 ? memchr(name.data, '*', name.size_bytes) : NULL;

  if (star != NULL)
    name.size_bytes = (size_t)(star - name.data);
  return name;
}

static bool came_before(struct msim_slice params, struct msim_slice name, size_t count)
{
  struct msim__mime_param param;
  size_t at = 0;

  while (count-- > 0 && msim__mime_param_next(params, &at, &param) == 1)
    if (msim__slice_equal_nocase(base_name(param.name), name))
      return true;
  return false;
}

/* A value in pieces is one, and what is coded in it is decoded (RFC 9051 appendix E, 6). false: it has no beginning. */
static bool join(struct msim_slice params, struct msim_slice name, uint8_t *room, struct msim_slice *value)
{
  char text[NAME_BYTES_MAX + 1];

  memcpy(text, name.data, name.size_bytes);
  text[name.size_bytes] = '\0';
  value->data = room;
  return msim__mime_param_get(params, text, room, VALUE_BYTES_MAX, &value->size_bytes, NULL) != 0;
}

static void put_params(const struct writer *w, struct msim_slice params)
{
  uint8_t room[VALUE_BYTES_MAX];
  struct msim__mime_param param;
  size_t at = 0, seen = 0, count = 0;

  for (; seen < MSIM__MIME_PARAMS_MAX && msim__mime_param_next(params, &at, &param) == 1; seen++) {
    struct msim_slice name = base_name(param.name), value;
    bool pieces = name.size_bytes < param.name.size_bytes && name.size_bytes > 0 && name.size_bytes <= NAME_BYTES_MAX;

    if (pieces && came_before(params, name, seen))
      continue;
    if (!pieces || !join(params, name, room, &value)) {
      name = param.name;
      value = unquote(param.value, room);
    }
    msim__buf_append_byte(w->out, count++ == 0 ? '(' : ' ');
    msim__imap_put_string(w->out, name);
    msim__buf_append_byte(w->out, ' ');
    msim__imap_put_string(w->out, value);
  }
  msim__buf_append_text(w->out, count == 0 ? "NIL" : ")");
}

/* Parameters of the field; NIL where it is missing or no such field. */
static void put_type_params(const struct writer *w, const struct msim__mime_part *part)
{
  struct msim__mime_field field;

  if (msim__mime_field_parse(&field, field_of(w, part, "Content-Type")) == MSIM_OK)
    put_params(w, field.params);
  else
    msim__buf_append_text(w->out, "NIL");
}

static void put_plain(const struct writer *w, const struct msim__mime_part *part, const char *name)
{
  struct msim_slice value = field_of(w, part, name);

  msim__buf_append_byte(w->out, ' ');
  if (value.size_bytes == 0)
    value.data = NULL;
  msim__imap_put_nstring(w->out, value);
}

/* Disposition, language and location (RFC 3501 7.4.2, the extension data). */
static void put_rest(const struct writer *w, const struct msim__mime_part *part)
{
  struct msim__mime_field field;

  if (msim__mime_field_parse(&field, field_of(w, part, "Content-Disposition")) == MSIM_OK) {
    msim__buf_append_text(w->out, " (");
    msim__imap_put_string(w->out, field.value);
    msim__buf_append_byte(w->out, ' ');
    put_params(w, field.params);
    msim__buf_append_byte(w->out, ')');
  } else {
    msim__buf_append_text(w->out, " NIL");
  }
  put_plain(w, part, "Content-Language");
  put_plain(w, part, "Content-Location");
}

static void put_part(const struct writer *w, size_t index);

static void put_children(const struct writer *w, size_t index)
{
  const struct msim__mime_part *parts = w->parts->parts;
  size_t i, count = 0;

  for (i = index + 1; i < w->parts->count && parts[i].depth > parts[index].depth; i++)
    if (parts[i].parent == index) {
      put_part(w, i);
      count++;
    }
  if (count == 0) /* RFC 3501 9: there is at least one */
    msim__buf_append_text(w->out, "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0)");
}

static void put_multipart(const struct writer *w, size_t index)
{
  const struct msim__mime_part *part = &w->parts->parts[index];

  put_children(w, index);
  msim__buf_append_byte(w->out, ' ');
  msim__imap_put_string(w->out, part->subtype);
  if (w->extended) {
    msim__buf_append_byte(w->out, ' ');
    put_type_params(w, part);
    put_rest(w, part);
  }
}

static void put_encoding(const struct writer *w, const struct msim__mime_part *part)
{
  static const char *const names[] = {"7bit", "8bit", "binary", "quoted-printable", "base64"};
  struct msim_slice value = field_of(w, part, "Content-Transfer-Encoding");

  if (part->encoding != MSIM__MIME_OTHER)
    msim__buf_printf(w->out, "\"%s\"", names[part->encoding]);
  else
    msim__imap_put_string(w->out, value);
}

/* A multipart that cannot be taken apart, or a message that is coded, is bytes to us. */
static void put_single(const struct writer *w, size_t index)
{
  const struct msim__mime_part *parts = w->parts->parts, *part = &parts[index];
  bool message = part->kind == MSIM__MIME_MESSAGE && index + 1 < w->parts->count && parts[index + 1].parent == index;
  bool opaque = part->kind != MSIM__MIME_LEAF
                    ? !message
                    : msim__slice_is(part->type, "multipart") ||
                          (msim__slice_is(part->type, "message") && msim__slice_is(part->subtype, "rfc822"));

  msim__imap_put_string(w->out, opaque ? msim__slice_text("application") : part->type);
  msim__buf_append_byte(w->out, ' ');
  msim__imap_put_string(w->out, opaque ? msim__slice_text("octet-stream") : part->subtype);
  msim__buf_append_byte(w->out, ' ');
  put_type_params(w, part);
  put_plain(w, part, "Content-ID");
  put_plain(w, part, "Content-Description");
  msim__buf_append_byte(w->out, ' ');
  put_encoding(w, part);
  msim__buf_printf(w->out, " %zu", part->body_bytes);
  if (message) {
    const struct msim__mime_part *inner = &parts[index + 1];

    msim__buf_append_byte(w->out, ' ');
    msim__imap_put_envelope(
        w->out, msim__slice_part(w->parts->message, inner->header_at, inner->header_at + inner->header_bytes));
    msim__buf_append_byte(w->out, ' ');
    put_part(w, index + 1);
  }
  if (message || (!opaque && msim__slice_is(part->type, "text")))
    msim__buf_printf(w->out, " %zu", part->body_lines);
  if (w->extended) {
    put_plain(w, part, "Content-MD5");
    put_rest(w, part);
  }
}

/* Calls itself no deeper than MSIM__MIME_DEPTH_MAX. */
static void put_part(const struct writer *w, size_t index)
{
  msim__buf_append_byte(w->out, '(');
  if (w->parts->parts[index].kind == MSIM__MIME_MULTIPART)
    put_multipart(w, index);
  else
    put_single(w, index);
  msim__buf_append_byte(w->out, ')');
}

void msim__imap_put_structure(struct msim__buf *out, const struct msim__imap_parts *parts, bool extended)
{
  struct writer w = {out, parts, extended};

  put_part(&w, 0);
}
