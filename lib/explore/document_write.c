/* document_write.c: a document as YAML that reads back as the same document.
 *
 * What fits on a line stands on one, as people write it; the sections of the first level have a line for each entry.
 * Texts that were in quotes stay so, and those that could be read otherwise get them: whether a scalar was plain is
 * what tells a number from a text. Does not keep comments, anchors or the order of sections. */
#include "explore/document.h"

#include "core/sim.h"
#include "text/utf8.h"

#include <string.h>

#define LINE_BYTES 118u
#define INDENT 2u

/* ---- scalars ---- */

/* YAML 1.1 5.1: what may stand as itself; the rest, and what nobody sees, is escaped. */
static bool stands(uint32_t code)
{
  return code != '"' && code != '\\' && msim__utf8_printable(code);
}

static void put_escape(struct msim__buf *buf, uint32_t code)
{
  if (code == '"' || code == '\\')
    msim__buf_printf(buf, "\\%c", (int)code);
  else if (code == '\n' || code == '\r' || code == '\t')
    msim__buf_append_text(buf, code == '\n' ? "\\n" : code == '\r' ? "\\r" : "\\t");
  else if (code <= 0xff)
    msim__buf_printf(buf, "\\x%02x", (unsigned)code);
  else
    msim__buf_printf(buf, code <= 0xffff ? "\\u%04x" : "\\U%08x", (unsigned)code);
}

static void put_quoted(struct msim__buf *buf, const struct msim__doc_text *text)
{
  const uint8_t *data = (const uint8_t *)text->bytes;
  size_t at = 0, from = 0, length;
  uint32_t code;

  msim__buf_append_byte(buf, '"');
  while (at < text->size_bytes && buf->err == MSIM_OK) {
    length = msim__utf8_next(data + at, text->size_bytes - at, &code);
    if (length == 0) { /* cannot come from a YAML file */
      length = 1;
      code = data[at];
    }
    if (!stands(code)) {
      msim__buf_append(buf, data + from, at - from);
      put_escape(buf, code);
      from = at + length;
    }
    at += length;
  }
  msim__buf_append(buf, data + from, text->size_bytes - from);
  msim__buf_append_byte(buf, '"');
}

/* Whether a plain scalar may stay without quotes; in_line: inside of [] or {}. Stricter than YAML is. */
static bool may_be_plain(const struct msim__doc_text *text, bool in_line)
{
  const char *bytes = text->bytes;
  size_t i;

  if (!text->plain || text->size_bytes == 0 || strchr("?:-.[]{},>%@# ", bytes[0]) != NULL) {
    bool is_number = text->plain && bytes[0] == '-' && bytes[1] >= '0' && bytes[1] <= '9';

    if (!is_number)
      return false;
  }
  for (i = 0; i < text->size_bytes; i++) {
    if (bytes[i] < ' ' || bytes[i] > '~' || strchr("\"'`\\&*!|", bytes[i]) != NULL)
      return false;
    if (bytes[i] == '#' && bytes[i - 1] == ' ')
      return false;
    if (bytes[i] == ':' && (in_line || bytes[i + 1] == ' ' || bytes[i + 1] == '\0'))
      return false;
    if (in_line && strchr(",[]{}?", bytes[i]) != NULL)
      return false;
  }
  return bytes[text->size_bytes - 1] != ' ';
}

static void put_scalar(struct msim__buf *buf, const struct msim__doc_text *text, bool in_line)
{
  if (text->plain && text->size_bytes == 0)
    msim__buf_append_text(buf, "null");
  else if (may_be_plain(text, in_line))
    msim__buf_append(buf, text->bytes, text->size_bytes);
  else
    put_quoted(buf, text);
}

/* That of nothing is the same key as "", and stays one. */
static void put_key(struct msim__buf *buf, const struct msim__doc_text *key, bool in_line)
{
  if (key->size_bytes == 0)
    msim__buf_append_text(buf, "\"\"");
  else
    put_scalar(buf, key, in_line);
}

/* ---- on one line ---- */

/* false: longer than end_bytes of the buffer; what is there then is to be taken back. */
static bool put_in_line(struct msim__buf *buf, const struct msim__doc_node *node, size_t end_bytes)
{
  const struct msim__doc_node *child;
  bool is_map = node->kind == MSIM__YAML_MAP, fits = true;

  if (node->kind == MSIM__YAML_SCALAR) {
    put_scalar(buf, &node->text, true);
    return buf->size_bytes <= end_bytes;
  }
  msim__buf_append_byte(buf, is_map ? '{' : '[');
  for (child = msim__doc_first(node); child != NULL && fits; child = msim__doc_next(child)) {
    if (child != msim__doc_first(node))
      msim__buf_append_text(buf, ", ");
    if (is_map) {
      put_key(buf, &child->key, true);
      msim__buf_append_text(buf, ": ");
    }
    fits = put_in_line(buf, child, end_bytes);
  }
  msim__buf_append_byte(buf, is_map ? '}' : ']');
  return fits && buf->size_bytes <= end_bytes;
}

/* ---- on several ---- */

static void put_spaces(struct msim__buf *buf, size_t count)
{
  while (count-- > 0)
    msim__buf_append_byte(buf, ' ');
}

static bool has_depth(const struct msim__doc_node *node)
{
  const struct msim__doc_node *child;

  for (child = msim__doc_first(node); child != NULL; child = msim__doc_next(child))
    if (child->kind != MSIM__YAML_SCALAR)
      return true;
  return false;
}

/* Where the line that is being written began. */
static size_t line_begin(const struct msim__buf *buf)
{
  size_t at = buf->size_bytes;

  while (at > 0 && buf->data[at - 1] != '\n')
    at--;
  return at;
}

static void put_children(struct msim__buf *buf, const struct msim__doc_node *node, size_t indent, bool on_line);

/* Behind "key:" or "-". */
static void put_value(struct msim__buf *buf, const struct msim__doc_node *node, size_t indent, bool is_section)
{
  bool in_list = node->parent != NULL && node->parent->kind == MSIM__YAML_LIST;
  size_t mark = buf->size_bytes, end = line_begin(buf) + LINE_BYTES;

  if (buf->err != MSIM_OK)
    return;
  if (node->kind == MSIM__YAML_SCALAR) {
    msim__buf_append_byte(buf, ' ');
    put_scalar(buf, &node->text, false);
    msim__buf_append_byte(buf, '\n');
    return;
  }
  if (!is_section || !has_depth(node)) {
    msim__buf_append_byte(buf, ' ');
    if (put_in_line(buf, node, msim__doc_first(node) != NULL ? end : SIZE_MAX)) {
      msim__buf_append_byte(buf, '\n');
      return;
    }
    if (buf->err != MSIM_OK)
      return;
    buf->size_bytes = mark;
  }
  if (in_list && node->kind == MSIM__YAML_MAP) {
    msim__buf_append_byte(buf, ' ');
    put_children(buf, node, indent + INDENT, true);
    return;
  }
  msim__buf_append_byte(buf, '\n');
  put_children(buf, node, indent + INDENT, false);
}

/* on_line: the first one stands behind what is on the line already. */
static void put_children(struct msim__buf *buf, const struct msim__doc_node *node, size_t indent, bool on_line)
{
  const struct msim__doc_node *child;

  for (child = msim__doc_first(node); child != NULL && buf->err == MSIM_OK; child = msim__doc_next(child)) {
    if (!on_line)
      put_spaces(buf, indent);
    on_line = false;
    if (node->kind == MSIM__YAML_MAP) {
      put_key(buf, &child->key, false);
      msim__buf_append_byte(buf, ':');
    } else {
      msim__buf_append_byte(buf, '-');
    }
    put_value(buf, child, indent, false);
  }
}

/* ---- the whole ---- */

static void put_section(struct msim__buf *buf, const struct msim__doc_node *section)
{
  put_key(buf, &section->key, false);
  msim__buf_append_byte(buf, ':');
  put_value(buf, section, 0, true);
}

void msim__doc_write(const struct msim_document *document, struct msim__buf *buf)
{
  /* what the run is about in front, the world, then what happens to it; others behind them */
  static const char *const order[] = {"mailsim",  "title",    "seed",      "until", "start", "scene", "scene-case",
                                      "messages", "networks", "templates", "hosts", "links", "faults"};
  const size_t count = sizeof order / sizeof order[0];
  const struct msim__doc_node *section;
  size_t i;

  for (i = 0; i < count; i++) {
    section = msim__doc_find(document->root, order[i]);
    if (section != NULL)
      put_section(buf, section);
  }
  for (section = msim__doc_first(document->root); section != NULL; section = msim__doc_next(section)) {
    for (i = 0; i < count && !msim__doc_is(&section->key, order[i]); i++)
      ;
    if (i == count)
      put_section(buf, section);
  }
}

/* Each line behind "# "; what cannot stand in a YAML file becomes "?". */
static void put_comment(struct msim__buf *buf, const char *comment)
{
  const uint8_t *data = (const uint8_t *)comment;
  size_t size_bytes = strlen(comment), at, length;
  bool begins = true;
  uint32_t code;

  for (at = 0; at < size_bytes; at += length) {
    length = msim__utf8_next(data + at, size_bytes - at, &code);
    if (begins)
      msim__buf_append_text(buf, code == '\n' ? "#" : "# ");
    begins = code == '\n' && length == 1;
    if (begins || (length > 0 && msim__utf8_printable(code)))
      msim__buf_append(buf, data + at, length);
    else
      msim__buf_append_byte(buf, '?');
    length = length > 0 ? length : 1;
  }
  if (!begins)
    msim__buf_append_byte(buf, '\n');
}

int msim_document_write(struct msim_document *document, const char *comment, const struct msim_out *out)
{
  struct msim__buf buf;
  int err;

  msim__buf_init(&buf, &document->sim->mem, MSIM_DOCUMENT_BYTES_MAX);
  if (comment != NULL)
    put_comment(&buf, comment);
  msim__doc_write(document, &buf);
  err = buf.err;
  if (err == MSIM_OK)
    err = out->write(out->ctx, msim__buf_text(&buf), buf.size_bytes);
  msim__buf_release(&buf);
  return err;
}
