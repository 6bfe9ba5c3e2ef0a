/* shrink_values.c: making small what must stay: ranges of hosts, numbers, texts.
 *
 * A value is only ever replaced by a smaller one, so that this comes to an end. */
#include "explore/shrink.h"

#include "core/sim.h"
#include "text/decimal.h"
#include "text/units.h"
#include "text/utf8.h"
#include "topology/loader.h"

#include <string.h>

#define TEXT_SHORT_BYTES 8u
#define TEXT_MAX_BYTES 200u

/* ---- ranges: [1..1000] wherever it stands ---- */

/* Puts [first..last] in all keys and texts in which the bytes of was stand. */
static void set_range(struct msim__shrink *shrink, const struct msim__range *was, size_t was_bytes, uint32_t last)
{
  struct msim__doc_node *root = shrink->document->root, *node;
  char is[2 * MSIM__DECIMAL_BYTES + 4], made[TEXT_MAX_BYTES];
  const char *old = was->text + was->front_bytes;
  size_t is_bytes = 0;
  int turn;

  is[is_bytes++] = '[';
  is_bytes += msim__decimal_uint(was->first, is + is_bytes);
  is[is_bytes++] = '.';
  is[is_bytes++] = '.';
  is_bytes += msim__decimal_uint(last, is + is_bytes);
  is[is_bytes++] = ']';
  for (node = root; node != NULL; node = msim__doc_walk(root, node))
    for (turn = 0; turn < 2; turn++) {
      const struct msim__doc_text *text = turn == 0 ? &node->key : &node->text;
      size_t at;

      if (text->bytes == NULL || text->size_bytes < was_bytes || text->size_bytes + is_bytes > sizeof made)
        continue;
      for (at = 0; at + was_bytes <= text->size_bytes && memcmp(text->bytes + at, old, was_bytes) != 0; at++)
        ;
      if (at + was_bytes > text->size_bytes)
        continue;
      memcpy(made, text->bytes, at);
      memcpy(made + at, is, is_bytes);
      memcpy(made + at + is_bytes, text->bytes + at + was_bytes, text->size_bytes - at - was_bytes);
      if (turn == 0)
        msim__shrink_set_key(shrink, node, made, text->size_bytes - was_bytes + is_bytes);
      else
        msim__shrink_set_text(shrink, node, made, text->size_bytes - was_bytes + is_bytes);
    }
}

/* The least count of hosts that still holds, by halving the distance to one that does not. */
static bool lower_range(struct msim__shrink *shrink, struct msim__doc_node *host)
{
  uint32_t low = 0, high = 0, count; /* low does not hold, high does */
  bool smaller = false;

  for (;;) {
    struct msim_slice name = {(const uint8_t *)host->key.bytes, host->key.size_bytes};
    struct msim__range range;
    const char *why;

    if (msim__range_parse(&range, name, &why) != MSIM_OK || !range.is_range || shrink->ended)
      return smaller;
    high = range.count;
    if (low + 1 >= high)
      return smaller;
    count = low == 0 ? 1 : low + (high - low) / 2;
    set_range(shrink, &range, name.size_bytes - range.front_bytes - range.rear_bytes, range.first + count - 1);
    if (msim__shrink_try(shrink))
      smaller = true;
    else
      low = count;
  }
}

/* ---- one of a range, named alone: h211 of h[1..1000] ---- */

/* The first word of text that names one of the range but its first; *out is its bytes. */
static bool find_member(const struct msim__range *range, const struct msim__doc_text *text, struct msim__doc_text *out)
{
  size_t at, end;

  for (at = 0; at + range->front_bytes < text->size_bytes; at++) {
    const char *word = text->bytes + at, *digits = word + range->front_bytes;
    size_t digit_bytes = strspn(digits, "0123456789");
    struct msim_slice number = {(const uint8_t *)digits, digit_bytes};
    const char *why;
    uint64_t value;

    end = at + range->front_bytes + digit_bytes + range->rear_bytes;
    if (digit_bytes == 0 || end > text->size_bytes || memcmp(word, range->text, range->front_bytes) != 0 ||
        (at > 0 && msim__shrink_in_name(word[-1])) ||
        memcmp(digits + digit_bytes, range->rear, range->rear_bytes) != 0 ||
        (end < text->size_bytes && msim__shrink_in_name(text->bytes[end])) ||
        msim__units_parse_count(number, &value, &why) != MSIM_OK || value <= range->first ||
        value >= (uint64_t)range->first + range->count)
      continue;
    out->bytes = word;
    out->size_bytes = end - at;
    out->plain = false;
    return true;
  }
  return false;
}

/* Whoever is named may be the first of them as well. */
static bool name_the_first(struct msim__shrink *shrink, const struct msim__doc_node *host)
{
  struct msim_slice name = {(const uint8_t *)host->key.bytes, host->key.size_bytes};
  struct msim__doc_node *root = shrink->document->root, *node, *other;
  struct msim__doc_text member, first = {NULL, 0, false};
  struct msim__range range;
  bool smaller = false;
  const char *why;

  if (msim__range_parse(&range, name, &why) != MSIM_OK || !range.is_range)
    return false;
  first.bytes = msim__range_name(&range, 0, &shrink->document->arena);
  if (first.bytes == NULL)
    return false;
  first.size_bytes = strlen(first.bytes);
  for (node = root; node != NULL && !shrink->ended; node = msim__doc_walk(root, node)) {
    if (node->kind != MSIM__YAML_SCALAR || node->text.bytes == NULL || !find_member(&range, &node->text, &member))
      continue;
    for (other = root; other != NULL; other = msim__doc_walk(root, other))
      msim__shrink_rename(shrink, other, &member, &first);
    smaller = msim__shrink_try(shrink) || smaller;
  }
  return smaller;
}

/* ---- numbers: "20kB", "30s", "3" ---- */

/* Puts value in front of what stands behind the digits. */
static bool try_number(struct msim__shrink *shrink, struct msim__doc_node *node, uint64_t value, size_t digit_bytes)
{
  char made[TEXT_MAX_BYTES];
  size_t made_bytes = msim__decimal_uint(value, made), rest_bytes = node->text.size_bytes - digit_bytes;

  memcpy(made + made_bytes, node->text.bytes + digit_bytes, rest_bytes);
  msim__shrink_set_text(shrink, node, made, made_bytes + rest_bytes);
  return msim__shrink_try(shrink);
}

static bool lower_number(struct msim__shrink *shrink, struct msim__doc_node *node)
{
  size_t digit_bytes = strspn(node->text.bytes, "0123456789"), i;
  struct msim_slice digits = {(const uint8_t *)node->text.bytes, digit_bytes};
  bool smaller = false;
  uint64_t value;
  const char *why;

  if (digit_bytes == 0 || node->text.size_bytes > 32 || node->text.bytes[0] == '0' ||
      msim__units_parse_count(digits, &value, &why) != MSIM_OK)
    return false;
  for (i = digit_bytes; i < node->text.size_bytes; i++)
    if (strchr(".:", node->text.bytes[i]) != NULL)
      return false; /* an address, a date, a fraction */
  if (value > 1 && try_number(shrink, node, 1, digit_bytes))
    return true;
  while (value > 3 && !shrink->ended && try_number(shrink, node, value / 2, digit_bytes)) {
    value /= 2;
    digit_bytes = strspn(node->text.bytes, "0123456789");
    smaller = true;
  }
  return smaller;
}

/* ---- texts ---- */

/* Long ones by halves; what is short may be a name that something else knows. */
static bool shorten_text(struct msim__shrink *shrink, struct msim__doc_node *node)
{
  bool smaller = false;

  while (node->text.size_bytes > TEXT_SHORT_BYTES && !shrink->ended) {
    size_t half = msim__utf8_cut((const uint8_t *)node->text.bytes, node->text.size_bytes, node->text.size_bytes / 2);

    msim__shrink_set_text(shrink, node, node->text.bytes, half);
    if (!msim__shrink_try(shrink))
      return smaller;
    smaller = true;
  }
  return smaller;
}

static bool is_prose(const struct msim__doc_node *node)
{
  static const char *const keys[] = {"body", "subject", "text", "html"};
  size_t i;

  for (i = 0; i < sizeof keys / sizeof keys[0]; i++)
    if (msim__doc_is(&node->key, keys[i]))
      return true;
  return false;
}

bool msim__shrink_values(struct msim__shrink *shrink)
{
  struct msim__doc_node *root = shrink->document->root, *node;
  bool smaller = false;

  for (node = msim__doc_first(msim__doc_find(root, "hosts")); node != NULL; node = msim__doc_next(node))
    if (node->key.bytes != NULL) {
      smaller = name_the_first(shrink, node) || smaller;
      smaller = lower_range(shrink, node) || smaller;
    }
  for (node = root; node != NULL && !shrink->ended; node = msim__doc_walk(root, node)) {
    if (node->kind != MSIM__YAML_SCALAR || node->text.bytes == NULL)
      continue;
    if (is_prose(node))
      smaller = shorten_text(shrink, node) || smaller;
    else if (node->text.plain && !(node->parent == root && msim__doc_is(&node->key, "mailsim")))
      smaller = lower_number(shrink, node) || smaller;
  }
  return smaller;
}
