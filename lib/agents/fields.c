/* fields.c: see fields.h. Depth is bounded by the YAML tree and by MSIM__FIELDS_DEPTH_MAX, counts by the fields. */
#include "agents/fields.h"
#include "text/decimal.h"
#include "text/diag.h"
#include "text/escape.h"
#include "text/suggest.h"
#include "text/units.h"
#include "text/yaml_read.h"
#include "text/yaml_tree.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 48
#define KEYS_MAX 128 /* candidates for a suggestion */
#define NUMBER_MARK "{n}"
#define NUMBER_MARK_BYTES 3

static int fill_value(struct msim__fill *fill, const struct msim_field *field, const char *what,
                      const struct msim__yaml_node *node, void *at);

static int deliver(struct msim__fill *fill, const struct msim_diag *diag)
{
  fill->finding_count++;
  if (fill->fn != NULL)
    fill->fn(fill->user, diag);
  return MSIM_ERR_SYNTAX;
}

int msim__fill_report(struct msim__fill *fill, const struct msim__yaml_node *node, const char *format, ...)
{
  struct msim_diag diag;
  va_list args;

  va_start(args, format);
  msim__diag_set_args(&diag, node->file, node->line, node->column, format, args);
  va_end(args);
  return deliver(fill, &diag);
}

const char *msim__did_you_mean(char *out, size_t out_bytes, const char *near)
{
  out[0] = '\0';
  if (near != NULL)
    snprintf(out, out_bytes, " (did you mean \"%s\"?)", near);
  return out;
}

/* Of several results the worst: running out of memory, then a wrong table, then findings. */
static int worse(int a, int b)
{
  if (a == MSIM_ERR_NOMEM || b == MSIM_ERR_NOMEM)
    return MSIM_ERR_NOMEM;
  if (a == MSIM_ERR_INVALID || b == MSIM_ERR_INVALID)
    return MSIM_ERR_INVALID;
  return a != 0 ? a : b;
}

/* ---- `{n}` ---- */

static const uint8_t *find_mark(const uint8_t *from, const uint8_t *end)
{
  for (; end - from >= NUMBER_MARK_BYTES; from++)
    if (memcmp(from, NUMBER_MARK, NUMBER_MARK_BYTES) == 0)
      return from;
  return NULL;
}

bool msim__yaml_has_number(const struct msim__yaml_node *node)
{
  const struct msim__yaml_entry *e;
  struct msim_slice text = msim__yaml_slice(node);

  if (text.size_bytes > 0)
    return find_mark(text.data, text.data + text.size_bytes) != NULL;
  for (e = msim__yaml_first(node); e != NULL; e = e->next)
    if ((e->key != NULL && msim__yaml_has_number(e->key)) || msim__yaml_has_number(e->value))
      return true;
  return false;
}

int msim__fill_numbered(struct msim__fill *fill, const struct msim__yaml_node *node, struct msim__yaml_node *out)
{
  struct msim_slice text = msim__yaml_slice(node);
  const uint8_t *end, *mark, *from;
  size_t digit_bytes, count = 0, used = 0;
  char digits[MSIM__DECIMAL_BYTES];
  char *made;

  *out = *node;
  if (fill->number == NULL || text.size_bytes == 0)
    return MSIM_OK;
  end = text.data + text.size_bytes;
  for (mark = find_mark(text.data, end); mark != NULL; mark = find_mark(mark + NUMBER_MARK_BYTES, end))
    count++;
  if (count == 0)
    return MSIM_OK;
  digit_bytes = msim__decimal_uint(*fill->number, digits);
  made = msim__arena_alloc(fill->arena, text.size_bytes - count * NUMBER_MARK_BYTES + count * digit_bytes + 1);
  if (made == NULL)
    return MSIM_ERR_NOMEM;
  for (from = text.data; from < end;) {
    mark = find_mark(from, end);
    memcpy(made + used, from, (size_t)((mark != NULL ? mark : end) - from));
    used += (size_t)((mark != NULL ? mark : end) - from);
    if (mark == NULL)
      break;
    memcpy(made + used, digits, digit_bytes);
    used += digit_bytes;
    from = mark + NUMBER_MARK_BYTES;
  }
  out->u.scalar.text = made; /* the arena has zeroed the byte behind it */
  out->u.scalar.size_bytes = used;
  out->plain = true;
  return MSIM_OK;
}

/* ---- scalars ---- */

/* Whether amount is within the bounds of field; a sentence otherwise. format_amount writes it with its unit. */
static int check_bounds(struct msim__fill *fill, const struct msim_field *field, const char *what,
                        const struct msim__yaml_node *node, uint64_t amount,
                        size_t (*format_amount)(uint64_t amount, char *out))
{
  char bound[MSIM__UNITS_TEXT_BYTES], word[SHOWN_BYTES];

  if (amount >= field->min && (field->max == 0 || amount <= field->max))
    return MSIM_OK;
  (void)msim__escape_short(word, sizeof word, msim__yaml_slice(node));
  (void)format_amount(amount < field->min ? field->min : field->max, bound);
  return msim__fill_report(fill, node, "%s: \"%s\" is too %s: it must be %s %s", what, word,
                           amount < field->min ? "small" : "large", amount < field->min ? "at least" : "at most",
                           bound);
}

static size_t format_share(uint64_t amount, char *out)
{
  return msim__units_format_share((uint32_t)amount, out);
}

static int fill_amount(struct msim__fill *fill, const struct msim_field *field, const char *what,
                       const struct msim__yaml_node *node, void *at)
{
  size_t (*format_amount)(uint64_t, char *) = msim__units_format_duration;
  struct msim_diag diag;
  uint64_t amount = 0;
  uint32_t share = 0;
  int err;

  switch (field->kind) {
  case MSIM_FIELD_SIZE_BYTES:
    err = msim__yaml_read_size(node, what, &amount, &diag);
    format_amount = msim__units_format_size;
    break;
  case MSIM_FIELD_RATE_BPS:
    err = msim__yaml_read_rate(node, what, &amount, &diag);
    format_amount = msim__units_format_rate;
    break;
  case MSIM_FIELD_PPM:
    err = msim__yaml_read_share(node, what, &share, &diag);
    amount = share;
    format_amount = format_share;
    break;
  default:
    err = msim__yaml_read_duration(node, what, &amount, &diag);
    break;
  }
  if (err != MSIM_OK)
    return deliver(fill, &diag);
  err = check_bounds(fill, field, what, node, amount, format_amount);
  if (err != MSIM_OK)
    return err;
  if (field->kind == MSIM_FIELD_PPM)
    memcpy(at, &share, sizeof share);
  else
    memcpy(at, &amount, sizeof amount);
  return MSIM_OK;
}

static int fill_text(struct msim__fill *fill, const struct msim_field *field, const char *what,
                     const struct msim__yaml_node *node, void *at)
{
  struct msim_diag diag;
  const char *text, *wrong;
  char why[160], word[SHOWN_BYTES];

  if (msim__yaml_read_text(node, what, &text, &diag) < 0)
    return deliver(fill, &diag);
  if (field->kind == MSIM_FIELD_HOST) {
    if (text[0] == '\0')
      return msim__fill_report(fill, node, "%s: the name of a host is expected here", what);
    (void)msim__escape_short(word, sizeof word, msim__yaml_slice(node));
    if (fill->check_host != NULL && fill->check_host(fill->host_ctx, text, why, sizeof why) < 0)
      return msim__fill_report(fill, node, "%s: \"%s\" %s", what, word, why);
  }
  wrong = field->check != NULL ? field->check(text) : NULL;
  if (wrong != NULL)
    return msim__fill_report(fill, node, "%s: %s", what, wrong);
  text = msim__arena_text(fill->arena, text, strlen(text));
  if (text == NULL)
    return MSIM_ERR_NOMEM;
  memcpy(at, &text, sizeof text);
  return MSIM_OK;
}

static int fill_cidr(struct msim__fill *fill, const char *what, const struct msim__yaml_node *node, void *at)
{
  struct msim_slice text = msim__yaml_slice(node), bits;
  const uint8_t *slash = text.size_bytes > 0 ? memchr(text.data, '/', text.size_bytes) : NULL;
  size_t addr_bytes = slash != NULL ? (size_t)(slash - text.data) : text.size_bytes;
  struct msim_cidr cidr;
  uint64_t prefix = 0, prefix_max;
  const char *why;
  char word[SHOWN_BYTES];

  memset(&cidr, 0, sizeof cidr);
  (void)msim__escape_short(word, sizeof word, text);
  if (addr_bytes == 0 || msim_addr_parse(&cidr.addr, (const char *)text.data, addr_bytes) != MSIM_OK)
    return msim__fill_report(fill, node, "%s: a network such as 192.0.2.0/24 is expected here, not \"%s\"", what, word);
  prefix_max = cidr.addr.family == MSIM_FAMILY_IPV4 ? 32 : 128;
  prefix = prefix_max;
  if (slash != NULL) {
    bits.data = slash + 1;
    bits.size_bytes = text.size_bytes - addr_bytes - 1;
    if (msim__units_parse_count(bits, &prefix, &why) != MSIM_OK || prefix > prefix_max)
      return msim__fill_report(fill, node, "%s: \"%s\" needs a prefix length between 0 and %u behind the slash", what,
                               word, (unsigned)prefix_max);
  }
  cidr.prefix_bits = (uint8_t)prefix;
  memcpy(at, &cidr, sizeof cidr);
  return MSIM_OK;
}

static int fill_scalar(struct msim__fill *fill, const struct msim_field *field, const char *what,
                       const struct msim__yaml_node *node, void *at)
{
  struct msim_diag diag;
  bool truth;
  uint64_t number;
  size_t index, count = 0;
  int choice;

  switch (field->kind) {
  case MSIM_FIELD_BOOL:
    if (msim__yaml_read_bool(node, what, &truth, &diag) < 0)
      return deliver(fill, &diag);
    memcpy(at, &truth, sizeof truth);
    return MSIM_OK;
  case MSIM_FIELD_UINT:
    if (msim__yaml_read_uint(node, what, field->min, field->max != 0 ? field->max : UINT64_MAX, &number, &diag) < 0)
      return deliver(fill, &diag);
    memcpy(at, &number, sizeof number);
    return MSIM_OK;
  case MSIM_FIELD_ENUM:
    while (field->names[count] != NULL)
      count++;
    if (msim__yaml_read_word(node, what, field->names, count, &index, &diag) < 0)
      return deliver(fill, &diag);
    choice = (int)index;
    memcpy(at, &choice, sizeof choice);
    return MSIM_OK;
  case MSIM_FIELD_TEXT:
  case MSIM_FIELD_HOST:
    return fill_text(fill, field, what, node, at);
  case MSIM_FIELD_CIDR:
    if (node->kind != MSIM__YAML_SCALAR)
      return msim__fill_report(fill, node, "%s: a network such as 192.0.2.0/24 is expected here, not a list or map",
                               what);
    return fill_cidr(fill, what, node, at);
  default:
    return fill_amount(fill, field, what, node, at);
  }
}

/* ---- lists, maps, structs ---- */

static int fill_map_key(struct msim__fill *fill, const struct msim_field *field, const char *what,
                        const struct msim__yaml_node *key_node, void *at)
{
  struct msim__yaml_node numbered;
  const char *key, *wrong;
  size_t key_bytes;

  if (msim__fill_numbered(fill, key_node, &numbered) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  key = numbered.u.scalar.text;
  key_bytes = numbered.u.scalar.size_bytes;
  if (key_bytes == 0 || memchr(key, 0, key_bytes) != NULL)
    return msim__fill_report(fill, key_node, "%s: a key that is empty or holds \\0 cannot be used", what);
  key = msim__arena_text(fill->arena, key, key_bytes);
  if (key == NULL)
    return MSIM_ERR_NOMEM;
  wrong = field->check != NULL ? field->check(key) : NULL;
  if (wrong != NULL)
    return msim__fill_report(fill, key_node, "%s: %s", what, wrong);
  memcpy(at, &key, sizeof key);
  return MSIM_OK;
}

/* `to: a` for `to: [a]`: a single value where a list of single values may stand. */
static bool is_list_of_one(const struct msim_field *field, const struct msim__yaml_node *node)
{
  enum msim_field_kind kind = field->item->kind;

  return field->kind == MSIM_FIELD_LIST && node->kind == MSIM__YAML_SCALAR && !msim__yaml_is_null(node) &&
         kind != MSIM_FIELD_LIST && kind != MSIM_FIELD_MAP && kind != MSIM_FIELD_STRUCT;
}

/* `users: [a, b]` for `users: {a: , b: }`: names about which nothing else is said, where a map to structs may stand. */
static bool is_list_of_names(const struct msim_field *field, const struct msim__yaml_node *node)
{
  return field->kind == MSIM_FIELD_MAP && field->item->kind == MSIM_FIELD_STRUCT && node->kind == MSIM__YAML_LIST;
}

/* One entry of a map, or a name alone. A struct about which nothing is said stays NULL. */
static int fill_entry(struct msim__fill *fill, const struct msim_field *field, const char *what,
                      const struct msim__yaml_entry *e, bool only_name, unsigned char *item)
{
  char inner[SHOWN_BYTES + SHOWN_BYTES];
  int err;

  if (only_name) {
    if (e->value->kind != MSIM__YAML_SCALAR || msim__yaml_is_null(e->value))
      return msim__fill_report(fill, e->value, "%s: a name is expected here; more is said in a map", what);
    return fill_map_key(fill, field, what, e->value, item);
  }
  err = fill_map_key(fill, field, what, e->key, item);
  if (field->item->kind == MSIM_FIELD_STRUCT && msim__yaml_is_null(e->value))
    return err;
  (void)msim__escape_short(inner, sizeof inner, msim__yaml_slice(e->key));
  return worse(err, fill_value(fill, field->item, inner, e->value, item + field->item->offset));
}

static int check_count(struct msim__fill *fill, const struct msim_field *field, const char *what,
                       const struct msim__yaml_node *node, size_t count)
{
  uint64_t count_max = field->max != 0 ? field->max : MSIM__FIELDS_COUNT_MAX_DEFAULT;
  bool few = count < field->min;

  if (!few && count <= count_max)
    return MSIM_OK;
  return msim__fill_report(fill, node, "%s: %lu entries are too %s: there must be %s %llu", what, (unsigned long)count,
                           few ? "few" : "many", few ? "at least" : "at most",
                           (unsigned long long)(few ? field->min : count_max));
}

static int fill_items(struct msim__fill *fill, const struct msim_field *field, const char *what,
                      const struct msim__yaml_node *node, void *at)
{
  enum msim__yaml_kind kind = field->kind == MSIM_FIELD_LIST ? MSIM__YAML_LIST : MSIM__YAML_MAP;
  bool single = is_list_of_one(field, node), names = is_list_of_names(field, node);
  struct msim_list list = {NULL, single ? 1 : node->count};
  const struct msim__yaml_entry *e;
  struct msim_diag diag;
  unsigned char *item;
  int err;

  if (!single && !names && msim__yaml_read_kind(node, what, kind, &diag) < 0)
    return deliver(fill, &diag);
  err = check_count(fill, field, what, node, list.count);
  if (err != MSIM_OK)
    return err;
  if (list.count > 0) {
    if (field->item_bytes == 0 || list.count > SIZE_MAX / field->item_bytes)
      return MSIM_ERR_INVALID;
    list.items = msim__arena_alloc(fill->arena, list.count * field->item_bytes);
    if (list.items == NULL)
      return MSIM_ERR_NOMEM;
  }
  memcpy(at, &list, sizeof list);
  item = list.items;
  if (single)
    return fill_value(fill, field->item, what, node, item + field->item->offset);
  for (e = msim__yaml_first(node); e != NULL && err != MSIM_ERR_NOMEM; e = e->next, item += field->item_bytes) {
    if (field->kind == MSIM_FIELD_MAP)
      err = worse(err, fill_entry(fill, field, what, e, names, item));
    else
      err = worse(err, fill_value(fill, field->item, what, e->value, item + field->item->offset));
  }
  return err;
}

static int fill_struct(struct msim__fill *fill, const struct msim_field *field, const char *what,
                       const struct msim__yaml_node *node, void *at)
{
  struct msim_diag diag;
  void *made;

  if (msim__yaml_read_kind(node, what, MSIM__YAML_MAP, &diag) < 0)
    return deliver(fill, &diag);
  made = msim__arena_alloc(fill->arena, field->item_bytes);
  if (made == NULL)
    return MSIM_ERR_NOMEM;
  memcpy(at, &made, sizeof made);
  return msim__fields_fill(fill, field->item, node, NULL, false, made);
}

static int fill_value(struct msim__fill *fill, const struct msim_field *field, const char *what,
                      const struct msim__yaml_node *node, void *at)
{
  struct msim__yaml_node numbered;

  switch (field->kind) {
  case MSIM_FIELD_LIST:
  case MSIM_FIELD_MAP:
    return fill_items(fill, field, what, node, at);
  case MSIM_FIELD_STRUCT:
    return fill_struct(fill, field, what, node, at);
  default:
    if (msim__fill_numbered(fill, node, &numbered) != MSIM_OK)
      return MSIM_ERR_NOMEM;
    return fill_scalar(fill, field, what, &numbered, at);
  }
}

/* ---- the table ---- */

static bool is_alnum(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* A fallback that is one plain word or "", as most are, without the work of a YAML reader. */
static bool is_simple(const char *text, struct msim__yaml_node *out)
{
  bool is_empty = strcmp(text, "\"\"") == 0;
  const char *p;

  for (p = text; !is_empty && *p != '\0'; p++)
    if (!is_alnum(*p) && (p == text || strchr(".-%/", *p) == NULL))
      return false;
  memset(out, 0, sizeof *out);
  out->file = "fallback";
  out->kind = MSIM__YAML_SCALAR;
  out->plain = !is_empty;
  out->u.scalar.text = is_empty ? "" : text;
  out->u.scalar.size_bytes = is_empty ? 0 : strlen(text);
  return true;
}

static int fill_parsed_fallback(struct msim__fill *fill, const struct msim_field *field, void *at)
{
  struct msim__yaml tree;
  struct msim_slice text;
  int err;

  text.data = (const uint8_t *)field->fallback;
  text.size_bytes = strlen(field->fallback);
  err = msim__yaml_parse(&tree, fill->arena->mem, "fallback", text, NULL, NULL);
  if (err == MSIM_OK)
    err = fill_value(fill, field, field->key, tree.root, at);
  msim__yaml_release(&tree);
  return err;
}

static int fill_fallback(struct msim__fill *fill, const struct msim_field *field, const struct msim__yaml_node *place,
                         void *at)
{
  struct msim__fill quiet = *fill;
  struct msim__yaml_node node;
  int err;

  quiet.fn = NULL;
  quiet.number = NULL;
  quiet.check_host = NULL;
  if (!is_simple(field->fallback, &node))
    err = fill_parsed_fallback(&quiet, field, at);
  else
    err = fill_value(&quiet, field, field->key, &node, at);
  if (err == MSIM_OK || err == MSIM_ERR_NOMEM)
    return err;
  (void)msim__fill_report(fill, place, "the fallback of the key \"%s\" cannot be used: the table of keys is wrong",
                          field->key);
  return MSIM_ERR_INVALID;
}

static bool is_known(const struct msim_field *fields, const char *const *other_keys, const struct msim__yaml_node *key)
{
  for (; fields != NULL && fields->key != NULL; fields++)
    if (msim__yaml_is_text(key, fields->key))
      return true;
  for (; other_keys != NULL && *other_keys != NULL; other_keys++)
    if (msim__yaml_is_text(key, *other_keys))
      return true;
  return false;
}

int msim__fields_check_keys(struct msim__fill *fill, const struct msim_field *fields, const struct msim__yaml_node *map,
                            const char *const *other_keys)
{
  const char *known[KEYS_MAX];
  const struct msim__yaml_entry *e;
  char word[SHOWN_BYTES], tail[SHOWN_BYTES * 2];
  size_t count = 0, i;
  int err = MSIM_OK;

  for (i = 0; fields != NULL && fields[i].key != NULL && count < KEYS_MAX; i++)
    known[count++] = fields[i].key;
  for (i = 0; other_keys != NULL && other_keys[i] != NULL && count < KEYS_MAX; i++)
    known[count++] = other_keys[i];
  for (e = map->kind == MSIM__YAML_MAP ? msim__yaml_first(map) : NULL; e != NULL; e = e->next) {
    struct msim_slice text = msim__yaml_slice(e->key);

    if (is_known(fields, other_keys, e->key))
      continue;
    (void)msim__escape_short(word, sizeof word, text);
    err = msim__fill_report(
        fill, e->key, "unknown key \"%s\"%s", word,
        msim__did_you_mean(tail, sizeof tail, msim__suggest((const char *)text.data, text.size_bytes, known, count)));
  }
  return err;
}

static int fill_fields(struct msim__fill *fill, const struct msim_field *fields, const struct msim__yaml_node *node,
                       bool keep_absent, unsigned char *config)
{
  const struct msim_field *field;
  int err = MSIM_OK;

  for (field = fields; field != NULL && field->key != NULL && err != MSIM_ERR_NOMEM; field++) {
    const struct msim__yaml_node *value = msim__yaml_find(node, field->key);

    if (value != NULL)
      err = worse(err, fill_value(fill, field, field->key, value, config + field->offset));
    else if (keep_absent)
      continue;
    else if (field->fallback == NULL)
      err = worse(err, msim__fill_report(fill, node, "the key \"%s\" is missing", field->key));
    else if (field->fallback[0] != '\0')
      err = worse(err, fill_fallback(fill, field, node, config + field->offset));
  }
  return err;
}

int msim__fields_fill(struct msim__fill *fill, const struct msim_field *fields, const struct msim__yaml_node *node,
                      const char *const *other_keys, bool keep_absent, void *config)
{
  int err;

  if (fill->depth == MSIM__FIELDS_DEPTH_MAX)
    return MSIM_ERR_INVALID; /* a table that contains itself by its fallbacks */
  fill->depth++;
  err = fill->ignore_unknown && fill->depth == 1 ? MSIM_OK : msim__fields_check_keys(fill, fields, node, other_keys);
  err = worse(err, fill_fields(fill, fields, node, keep_absent, config));
  fill->depth--;
  return err;
}
