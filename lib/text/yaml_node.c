/* yaml_node.c: see yaml_node.h. */
#include "text/yaml_node.h"

#include <string.h>

static int compare_text(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
  int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);

  return order != 0 ? order : a_bytes < b_bytes ? -1 : a_bytes > b_bytes;
}

int msim__yaml_compare_keys(const struct msim__yaml_node *a, const struct msim__yaml_node *b)
{
  return compare_text(a->u.scalar.text, a->u.scalar.size_bytes, b->u.scalar.text, b->u.scalar.size_bytes);
}

void msim__yaml_sort(struct msim__yaml_entry **items, struct msim__yaml_entry **spare, size_t count)
{
  size_t width, low;

  for (width = 1; width < count; width *= 2) {
    for (low = 0; low < count; low += 2 * width) {
      size_t middle = low + width < count ? low + width : count;
      size_t high = middle + width < count ? middle + width : count;
      size_t a = low, z = middle, out = low;

      while (a < middle || z < high)
        if (z == high || (a < middle && msim__yaml_compare_keys(items[a]->key, items[z]->key) <= 0))
          spare[out++] = items[a++];
        else
          spare[out++] = items[z++];
    }
    memcpy(items, spare, count * sizeof(*items));
  }
}

const struct msim__yaml_entry *msim__yaml_find_entry(const struct msim__yaml_node *map, const char *key)
{
  size_t key_bytes = strlen(key), low = 0, high;
  const struct msim__yaml_entry *e;

  if (map == NULL || map->kind != MSIM__YAML_MAP)
    return NULL;
  if (map->u.items.sorted == NULL) {
    for (e = map->u.items.first; e != NULL; e = e->next)
      if (compare_text(e->key->u.scalar.text, e->key->u.scalar.size_bytes, key, key_bytes) == 0)
        return e;
    return NULL;
  }
  high = map->count;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order;

    e = map->u.items.sorted[middle];
    order = compare_text(e->key->u.scalar.text, e->key->u.scalar.size_bytes, key, key_bytes);
    if (order == 0)
      return e;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

const struct msim__yaml_node *msim__yaml_find(const struct msim__yaml_node *map, const char *key)
{
  const struct msim__yaml_entry *e = msim__yaml_find_entry(map, key);

  return e != NULL ? e->value : NULL;
}

const struct msim__yaml_entry *msim__yaml_first(const struct msim__yaml_node *node)
{
  return node != NULL && node->kind != MSIM__YAML_SCALAR ? node->u.items.first : NULL;
}

struct msim_slice msim__yaml_slice(const struct msim__yaml_node *node)
{
  struct msim_slice slice = {NULL, 0};

  if (node != NULL && node->kind == MSIM__YAML_SCALAR) {
    slice.data = (const uint8_t *)node->u.scalar.text;
    slice.size_bytes = node->u.scalar.size_bytes;
  }
  return slice;
}

bool msim__yaml_is_text(const struct msim__yaml_node *node, const char *text)
{
  return node != NULL && node->kind == MSIM__YAML_SCALAR && node->u.scalar.size_bytes == strlen(text) &&
         memcmp(node->u.scalar.text, text, node->u.scalar.size_bytes) == 0;
}

bool msim__yaml_is_null(const struct msim__yaml_node *node)
{
  static const char *const spellings[] = {"", "~", "null", "Null", "NULL"};
  size_t i;

  for (i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
    if (msim__yaml_is_text(node, spellings[i]))
      return node->plain;
  return false;
}
