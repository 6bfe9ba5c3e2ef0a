/* mime_walk.c: the parts of a message; see mime_walk.h.
 *
 * A stack holds the multiparts and messages that are open. Only lines that begin with "--" are compared with
 * boundaries, innermost first. */
#include "proto/mime_walk.h"

#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/mime.h"

struct level {
  size_t part; /* place in parts */
  size_t boundary_bytes;
  uint8_t boundary[MSIM__MIME_BOUNDARY_BYTES_MAX]; /* 0 bytes: a message, which has none */
  bool digest, closed;
};

struct walk {
  struct msim_slice message;
  struct msim__mime_part *parts;
  size_t capacity, count;
  struct level levels[MSIM__MIME_DEPTH_MAX];
  size_t depth; /* levels that are open */
  size_t leaf;  /* the part whose header or body is being read; SIZE_MAX: none */
  bool in_header, missed;
  size_t line_count, body_line; /* lines so far; those before the leaf's body */
  size_t level_line[MSIM__MIME_DEPTH_MAX];
};

static const struct msim_slice text_word = {(const uint8_t *)"text", 4};
static const struct msim_slice plain_word = {(const uint8_t *)"plain", 5};
static const struct msim_slice message_word = {(const uint8_t *)"message", 7};
static const struct msim_slice rfc822_word = {(const uint8_t *)"rfc822", 6};

/* Whether a byte is beyond ASCII. */
static bool has_eight_bit(struct msim_slice bytes)
{
  uint8_t all = 0;
  size_t i;

  for (i = 0; i < bytes.size_bytes; i++)
    all |= bytes.data[i];
  return (all & 0x80) != 0;
}

struct msim_slice msim__mime_part_field(struct msim_slice message, const struct msim__mime_part *part, const char *name)
{
  struct msim_slice header = msim__slice_part(message, part->header_at, part->header_at + part->header_bytes);
  struct msim__header_field field;

  if (msim__header_find(header, name, 0, &field) != 1)
    memset(&field, 0, sizeof field);
  return field.value;
}

static void begin_part(struct walk *walk, size_t at)
{
  struct msim__mime_part *part;

  walk->in_header = true;
  walk->leaf = SIZE_MAX;
  if (walk->count == walk->capacity) {
    walk->missed = true;
    walk->in_header = false;
    return;
  }
  walk->leaf = walk->count++;
  part = &walk->parts[walk->leaf];
  memset(part, 0, sizeof *part);
  part->header_at = part->body_at = at;
  if (walk->depth > 0) {
    part->parent = (uint32_t)walk->levels[walk->depth - 1].part;
    part->depth = walk->parts[part->parent].depth + 1;
    part->number = ++walk->parts[part->parent].child_count;
  }
}

static enum msim__mime_encoding read_encoding(struct msim_slice value)
{
  static const char *const names[] = {"7bit", "8bit", "binary", "quoted-printable", "base64"};
  struct msim__mime_field field;
  size_t i;

  if (value.size_bytes == 0 || msim__mime_field_parse(&field, value) < 0)
    return MSIM__MIME_7BIT;
  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if (msim__slice_is(field.value, names[i]))
      return (enum msim__mime_encoding)i;
  return MSIM__MIME_OTHER;
}

/* Puts the part that is being read onto the stack. false: the stack is full. */
static bool open_level(struct walk *walk)
{
  struct level *level;

  if (walk->depth == MSIM__MIME_DEPTH_MAX)
    return false;
  level = &walk->levels[walk->depth];
  level->part = walk->leaf;
  level->boundary_bytes = 0;
  level->digest = level->closed = false;
  walk->level_line[walk->depth++] = walk->line_count;
  return true;
}

static void open_multipart(struct walk *walk, struct msim__mime_part *part, struct msim_slice params)
{
  uint8_t boundary[MSIM__MIME_BOUNDARY_BYTES_MAX];
  size_t n;
  struct level *level;

  if (msim__mime_param_get(params, "boundary", boundary, sizeof boundary, &n, NULL) != 1)
    return;
  while (n > 0 && msim__ascii_is_space(boundary[n - 1]))
    n--;
  if (n == 0 || !open_level(walk))
    return;
  level = &walk->levels[walk->depth - 1];
  memcpy(level->boundary, boundary, n);
  level->boundary_bytes = n;
  level->digest = msim__slice_is(part->subtype, "digest");
  part->kind = MSIM__MIME_MULTIPART;
  walk->leaf = SIZE_MAX;
}

/* The header of the part is complete; its body begins at `at`. */
static void begin_body(struct walk *walk, size_t at)
{
  struct msim__mime_part *part = &walk->parts[walk->leaf];
  struct msim__mime_field type;
  struct msim_slice value;
  bool in_digest = walk->depth > 0 && walk->levels[walk->depth - 1].digest;

  walk->in_header = false;
  part->header_bytes = at - part->header_at;
  part->body_at = at;
  walk->body_line = walk->line_count;
  part->eight_bit = has_eight_bit(msim__slice_part(walk->message, part->header_at, at));
  part->encoding = read_encoding(msim__mime_part_field(walk->message, part, "Content-Transfer-Encoding"));
  value = msim__mime_part_field(walk->message, part, "Content-Type");
  memset(&type, 0, sizeof type);
  if (value.size_bytes == 0 || msim__mime_field_parse(&type, value) < 0 || type.detail.size_bytes == 0) {
    type.value = in_digest ? message_word : text_word; /* RFC 2046 5.1.5, RFC 2045 5.2 */
    type.detail = in_digest ? rfc822_word : plain_word;
    type.params.size_bytes = 0;
  }
  part->type = type.value;
  part->subtype = type.detail;
  if (part->encoding >= MSIM__MIME_QUOTED)
    return; /* RFC 2045 6.4: what is coded cannot be walked */
  if (msim__slice_is(part->type, "multipart")) {
    open_multipart(walk, part, type.params);
  } else if (msim__slice_is(part->type, "message") &&
             (msim__slice_is(part->subtype, "rfc822") || msim__slice_is(part->subtype, "global")) && open_level(walk)) {
    part->kind = MSIM__MIME_MESSAGE;
    begin_part(walk, at);
  }
}

static void end_body(struct walk *walk, struct msim__mime_part *part, size_t end, size_t line_start, size_t first_line)
{
  size_t lines = walk->line_count - first_line;

  if (end < part->body_at)
    end = part->body_at;
  part->body_bytes = end - part->body_at;
  /* The line end of a boundary was counted; it only ends a line of the body when that has text without one. */
  if (lines > 0 && end < line_start && part->body_bytes > 0 && walk->message.data[end - 1] == '\n')
    lines--;
  part->body_lines = part->body_bytes > 0 ? lines : 0;
  if (part->kind == MSIM__MIME_LEAF)
    part->eight_bit = part->eight_bit || has_eight_bit(msim__slice_part(walk->message, part->body_at, end));
}

/* Closes the leaf and the levels above `keep`; the bodies end at `end`, and lines up to here were counted. */
static void close_down_to(struct walk *walk, size_t keep, size_t end, size_t line_start)
{
  if (walk->leaf != SIZE_MAX && walk->in_header)
    begin_body(walk, line_start); /* a header without an empty line; a message in it has no header at all */
  if (walk->leaf != SIZE_MAX && walk->in_header)
    begin_body(walk, line_start);
  if (walk->leaf != SIZE_MAX)
    end_body(walk, &walk->parts[walk->leaf], end, line_start, walk->body_line);
  walk->leaf = SIZE_MAX;
  walk->in_header = false;
  while (walk->depth > keep) {
    struct level *level = &walk->levels[--walk->depth];

    end_body(walk, &walk->parts[level->part], end, line_start, walk->level_line[walk->depth]);
  }
}

/* The level whose boundary the line is; depth + 1 of it, or 0. *last: it closes the multipart. */
static size_t find_boundary(const struct walk *walk, struct msim_slice line, bool *last)
{
  size_t i, n;

  if (line.size_bytes < 3 || line.data[0] != '-' || line.data[1] != '-')
    return 0;
  n = line.size_bytes;
  while (n > 2 && (msim__ascii_is_space(line.data[n - 1]) || line.data[n - 1] == '\r' || line.data[n - 1] == '\n'))
    n--;
  for (i = walk->depth; i > 0; i--) {
    const struct level *level = &walk->levels[i - 1];
    size_t bytes = level->boundary_bytes;

    if (bytes == 0 || level->closed || n < 2 + bytes || memcmp(line.data + 2, level->boundary, bytes) != 0)
      continue;
    *last = n == 4 + bytes && line.data[n - 1] == '-' && line.data[n - 2] == '-';
    if (*last || n == 2 + bytes)
      return i;
  }
  return 0;
}

static void take_line(struct walk *walk, size_t at, size_t end)
{
  struct msim_slice line = msim__slice_part(walk->message, at, end);
  bool last = false, empty;
  size_t found = find_boundary(walk, line, &last), body_end = at;

  if (found > 0) {
    if (body_end > 0 && walk->message.data[body_end - 1] == '\n')
      body_end--;
    if (body_end < at && body_end > 0 && walk->message.data[body_end - 1] == '\r')
      body_end--;
    close_down_to(walk, found, body_end, at);
    walk->line_count++;
    if (last)
      walk->levels[found - 1].closed = true;
    else
      begin_part(walk, end);
    return;
  }
  walk->line_count++;
  if (walk->leaf == SIZE_MAX || !walk->in_header)
    return;
  empty = (line.size_bytes == 1 && line.data[0] == '\n') ||
          (line.size_bytes == 2 && line.data[0] == '\r' && line.data[1] == '\n');
  if (empty)
    begin_body(walk, end);
}

int msim__mime_walk(struct msim_slice message, struct msim__mime_part *parts, size_t capacity, size_t *count)
{
  struct walk walk;
  size_t at = 0, end, i;

  memset(&walk, 0, sizeof walk);
  walk.message = message;
  walk.parts = parts;
  walk.capacity = capacity;
  begin_part(&walk, 0);
  while (at < message.size_bytes) {
    const uint8_t *lf = memchr(message.data + at, '\n', message.size_bytes - at);

    end = lf != NULL ? (size_t)(lf - message.data) + 1 : message.size_bytes;
    take_line(&walk, at, end);
    at = end;
  }
  close_down_to(&walk, 0, at, at);
  for (i = walk.count; i-- > 1;)
    if (parts[i].eight_bit)
      parts[parts[i].parent].eight_bit = true;
  *count = walk.count;
  return walk.missed ? MSIM_ERR_LIMIT : MSIM_OK;
}
