/* expand.c: what makes large topologies short: ranges in names, and templates that hosts are like.
 *
 * Does not know what the keys of a host mean. */
#include "text/decimal.h"
#include "text/escape.h"
#include "text/suggest.h"
#include "text/units.h"
#include "text/yaml_read.h"
#include "topology/loader.h"

#include <string.h>

#define SHOWN_BYTES 64
#define CANDIDATES_MAX 256u

static const uint8_t *find_byte(const uint8_t *from, const uint8_t *end, uint8_t byte)
{
  return from < end ? memchr(from, byte, (size_t)(end - from)) : NULL;
}

static int parse_bound(const uint8_t *from, const uint8_t *end, uint64_t *out, const char **why)
{
  struct msim_slice digits;

  digits.data = from;
  digits.size_bytes = (size_t)(end - from);
  if (digits.size_bytes > 1 && from[0] == '0') {
    *why = "has a range with zeros in front of a number";
    return MSIM_ERR_SYNTAX;
  }
  if (digits.size_bytes == 0 || msim__units_parse_count(digits, out, why) != MSIM_OK) {
    *why = "needs two whole numbers in its range, as in pc[1..10]";
    return MSIM_ERR_SYNTAX;
  }
  if (*out > MSIM__TOPOLOGY_HOSTS_MAX) {
    *why = "has a range that goes beyond 16777215";
    return MSIM_ERR_SYNTAX;
  }
  return MSIM_OK;
}

int msim__range_parse(struct msim__range *out, struct msim_slice text, const char **why)
{
  const uint8_t *end = text.data + text.size_bytes;
  const uint8_t *open = find_byte(text.data, end, '['), *close, *dots;
  uint64_t first = 0, last = 0;

  memset(out, 0, sizeof *out);
  out->text = (const char *)text.data;
  out->count = 1;
  if (open == NULL) {
    out->front_bytes = text.size_bytes;
    return MSIM_OK;
  }
  close = find_byte(open, end, ']');
  dots = find_byte(open, close != NULL ? close : end, '.');
  if (close == NULL || dots == NULL || dots + 1 == close || dots[1] != '.') {
    *why = "has a bracket that is no range such as [1..10]";
    return MSIM_ERR_SYNTAX;
  }
  if (find_byte(close, end, '[') != NULL) {
    *why = "has more than one range";
    return MSIM_ERR_SYNTAX;
  }
  if (parse_bound(open + 1, dots, &first, why) < 0 || parse_bound(dots + 2, close, &last, why) < 0)
    return MSIM_ERR_SYNTAX;
  if (last < first) {
    *why = "has a range that runs backwards";
    return MSIM_ERR_SYNTAX;
  }
  out->is_range = true;
  out->front_bytes = (size_t)(open - text.data);
  out->rear = (const char *)close + 1;
  out->rear_bytes = (size_t)(end - close) - 1;
  out->first = (uint32_t)first;
  out->count = (uint32_t)(last - first) + 1;
  return MSIM_OK;
}

const char *msim__range_name(const struct msim__range *range, uint32_t index, struct msim__arena *arena)
{
  char digits[MSIM__DECIMAL_BYTES];
  size_t digit_bytes = range->is_range ? msim__decimal_uint(range->first + index, digits) : 0;
  char *made = msim__arena_alloc(arena, range->front_bytes + digit_bytes + range->rear_bytes + 1);

  if (made == NULL)
    return NULL;
  if (range->front_bytes > 0)
    memcpy(made, range->text, range->front_bytes);
  if (digit_bytes > 0)
    memcpy(made + range->front_bytes, digits, digit_bytes);
  if (range->rear_bytes > 0)
    memcpy(made + range->front_bytes + digit_bytes, range->rear, range->rear_bytes);
  return made;
}

/* ---- templates ---- */

static void report_template(struct msim__loader *loader, const struct msim__yaml_node *like)
{
  struct msim_slice text = msim__yaml_slice(like);
  const char *names[CANDIDATES_MAX];
  char word[SHOWN_BYTES], tail[128];
  size_t count = 0;

  for (; count < loader->templates.count && count < CANDIDATES_MAX; count++)
    names[count] = loader->templates.rows[count].name;
  (void)msim__escape_short(word, sizeof word, text);
  msim__loader_report(
      loader, like, "like: there is no template \"%s\"%s", word,
      msim__did_you_mean(tail, sizeof tail, msim__suggest((const char *)text.data, text.size_bytes, names, count)));
}

bool msim__body_open(struct msim__loader *loader, struct msim__body *body, const struct msim__yaml_node *map)
{
  body->count = 0;
  for (;;) {
    const struct msim__yaml_node *like = msim__yaml_find(map, "like");
    struct msim_diag diag;
    const char *name;
    size_t i;

    body->maps[body->count++] = map;
    if (like == NULL)
      return true;
    if (msim__yaml_read_text(like, "like", &name, &diag) < 0) {
      msim__loader_keep(loader, &diag);
      return false;
    }
    map = msim__names_find(&loader->templates, name, strlen(name));
    if (map == NULL) {
      report_template(loader, like);
      return false;
    }
    for (i = 0; i < body->count; i++) {
      if (body->maps[i] == map) {
        msim__loader_report(loader, like, "like: the template \"%s\" would be like itself", name);
        return false;
      }
    }
    if (body->count > MSIM__TOPOLOGY_LIKE_DEPTH_MAX) {
      msim__loader_report(loader, like, "like: templates are nested too deeply (at most %u)",
                          MSIM__TOPOLOGY_LIKE_DEPTH_MAX);
      return false;
    }
  }
}

const struct msim__yaml_node *msim__body_find(const struct msim__body *body, const char *key)
{
  const struct msim__yaml_node *value = NULL;
  size_t i;

  for (i = 0; i < body->count && value == NULL; i++)
    value = msim__yaml_find(body->maps[i], key);
  return value;
}

bool msim__body_has_number(const struct msim__body *body)
{
  size_t i;

  for (i = 0; i < body->count; i++)
    if (msim__yaml_has_number(body->maps[i]))
      return true;
  return false;
}

bool msim__loader_may_fill(struct msim__loader *loader, const struct msim__yaml_node *place, uint64_t value_count,
                           uint32_t number_count)
{
  /* Trees and ranges are bounded so that the product does not overflow. */
  if (value_count * number_count <= MSIM__TOPOLOGY_FILLS_MAX - loader->fill_count) {
    loader->fill_count += value_count * number_count;
    return true;
  }
  msim__loader_report(loader, place, "the ranges of this topology say too much for each number (at most %lu values)",
                      (unsigned long)MSIM__TOPOLOGY_FILLS_MAX);
  return false;
}
