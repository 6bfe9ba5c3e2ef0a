/* yaml_flow.c: see yaml_flow.h. Bounded by its output: nothing behind the cut is looked at. */
#include "text/yaml_flow.h"

#include <string.h>

struct line {
  char *out;
  size_t capacity_bytes, size_bytes;
  bool is_full;
};

static void put(struct line *line, const char *text, size_t size_bytes)
{
  size_t i;

  for (i = 0; i < size_bytes && !line->is_full; i++) {
    unsigned char byte = (unsigned char)text[i];

    if (line->size_bytes + 1 >= line->capacity_bytes)
      line->is_full = true;
    else
      line->out[line->size_bytes++] = byte < 0x20 || byte == 0x7f ? ' ' : (char)byte;
  }
}

static void put_node(struct line *line, const struct msim__yaml_node *node, bool bare)
{
  bool is_map = node->kind == MSIM__YAML_MAP;
  const struct msim__yaml_entry *e;

  if (node->kind == MSIM__YAML_SCALAR) {
    if (!node->plain)
      put(line, "\"", 1);
    put(line, node->u.scalar.text, node->u.scalar.size_bytes);
    if (!node->plain)
      put(line, "\"", 1);
    return;
  }
  if (!bare)
    put(line, is_map ? "{" : "[", 1);
  for (e = msim__yaml_first(node); e != NULL && !line->is_full; e = e->next) {
    if (e != msim__yaml_first(node))
      put(line, ", ", 2);
    if (e->key != NULL) {
      put(line, e->key->u.scalar.text, e->key->u.scalar.size_bytes);
      put(line, ": ", 2);
    }
    put_node(line, e->value, false);
  }
  if (!bare)
    put(line, is_map ? "}" : "]", 1);
}

void msim__yaml_flow(char *out, size_t out_bytes, const struct msim__yaml_node *node, bool bare)
{
  struct line line = {out, out_bytes, 0, false};
  size_t at;

  put_node(&line, node, bare);
  out[line.size_bytes] = '\0';
  if (!line.is_full || out_bytes < 4)
    return;
  for (at = out_bytes - 4; at > 0 && ((unsigned char)out[at] & 0xc0) == 0x80; at--)
    ;
  memcpy(out + at, "...", 4);
}
