/* schema_fields.c: the part of the schema that follows from tables of fields: an agent's keys, a fault's, TCP's.
 *
 * Does not know sections: schema.c does. */
#include "topology/schema.h"

#include "text/units.h"
#include "text/yaml_read.h"
#include "text/yaml_tree.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define FIELD_DEPTH_MAX 8u    /* tables inside each other; below that everything is allowed */
#define FALLBACK_DEPTH_MAX 8u /* of YAML */

/* ---- small pieces ---- */

void msim__schema_put_ref(struct msim__schema *w, const char *definition)
{
  msim__json_key_text(&w->json, "$ref", definition);
}

void msim__schema_put_ref_object(struct msim__schema *w, const char *definition)
{
  msim__json_object_begin(&w->json);
  msim__schema_put_ref(w, definition);
  msim__json_object_end(&w->json);
}

void msim__schema_begin(struct msim__schema *w, const char *key)
{
  msim__json_key(&w->json, key);
  msim__json_object_begin(&w->json);
}

void msim__schema_begin_list(struct msim__schema *w, const char *key)
{
  msim__json_key(&w->json, key);
  msim__json_array_begin(&w->json);
}

/* A word of its own, as one of several alternatives. */
void msim__schema_put_word(struct msim__schema *w, const char *word)
{
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "const", word);
  msim__json_object_end(&w->json);
}

void msim__schema_put_array(struct msim__schema *w, const char *item, uint64_t count_max)
{
  msim__json_key_text(&w->json, "type", "array");
  msim__json_key(&w->json, "items");
  msim__schema_put_ref_object(w, item);
  if (count_max > 0)
    msim__json_key_uint(&w->json, "maxItems", count_max);
}

static void put_names(struct msim__schema *w, const char *const *names)
{
  msim__schema_begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  msim__schema_begin_list(w, "enum");
  for (; *names != NULL; names++)
    msim__json_text(&w->json, *names);
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
  msim__schema_put_ref_object(w, "#/$defs/numbered");
  msim__json_array_end(&w->json);
}

void msim__schema_put_count(struct msim__schema *w, uint64_t min, uint64_t max)
{
  msim__schema_begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "integer");
  msim__json_key_uint(&w->json, "minimum", min);
  if (max != 0)
    msim__json_key_uint(&w->json, "maximum", max);
  msim__json_object_end(&w->json);
  msim__schema_put_ref_object(w, "#/$defs/numbered");
  msim__json_array_end(&w->json);
}

/* ---- defaults ---- */

static void put_yaml(struct msim__schema *w, const struct msim__yaml_node *node)
{
  const struct msim__yaml_entry *e;
  struct msim_slice text = msim__yaml_slice(node);
  const char *why;
  uint64_t number;

  if (node->kind == MSIM__YAML_SCALAR) {
    if (node->plain && msim__units_parse_count(text, &number, &why) == MSIM_OK)
      msim__json_uint(&w->json, number);
    else if (node->plain && (msim__yaml_is_text(node, "true") || msim__yaml_is_text(node, "false")))
      msim__json_bool(&w->json, msim__yaml_is_text(node, "true"));
    else
      msim__json_bytes(&w->json, text);
    return;
  }
  if (node->kind == MSIM__YAML_MAP)
    msim__json_object_begin(&w->json);
  else
    msim__json_array_begin(&w->json);
  for (e = msim__yaml_first(node); e != NULL; e = e->next) {
    if (e->key != NULL)
      msim__json_key(&w->json, e->key->u.scalar.text);
    put_yaml(w, e->value);
  }
  if (node->kind == MSIM__YAML_MAP)
    msim__json_object_end(&w->json);
  else
    msim__json_array_end(&w->json);
}

/* The value that stands for an absent key; "" means none, which no value can stand for. */
void msim__schema_put_default(struct msim__schema *w, const char *fallback)
{
  struct msim__yaml tree;
  struct msim_slice text;
  int err;

  if (fallback == NULL || fallback[0] == '\0')
    return;
  text.data = (const uint8_t *)fallback;
  text.size_bytes = strlen(fallback);
  err = msim__yaml_parse(&tree, &w->sim->mem, "fallback", text, NULL, NULL);
  if (err == MSIM_ERR_NOMEM)
    w->err = err;
  if (err == MSIM_OK && tree.root->depth <= FALLBACK_DEPTH_MAX) {
    msim__json_key(&w->json, "default");
    put_yaml(w, tree.root);
  }
  msim__yaml_release(&tree);
}

/* ---- fields ---- */

static size_t format_share(uint64_t amount, char *out)
{
  return msim__units_format_share((uint32_t)amount, out);
}

/* Bounds of quantities can only be told in words. */
static void put_description(struct msim__schema *w, const struct msim_field *field)
{
  size_t (*format_amount)(uint64_t, char *) = field->kind == MSIM_FIELD_DURATION_NS  ? msim__units_format_duration
                                              : field->kind == MSIM_FIELD_SIZE_BYTES ? msim__units_format_size
                                              : field->kind == MSIM_FIELD_RATE_BPS   ? msim__units_format_rate
                                              : field->kind == MSIM_FIELD_PPM        ? format_share
                                                                                     : NULL;
  char low[MSIM__UNITS_TEXT_BYTES], high[MSIM__UNITS_TEXT_BYTES];

  msim__buf_clear(&w->words);
  if (field->help != NULL)
    (void)msim__buf_append_text(&w->words, field->help);
  if (format_amount != NULL && (field->min > 1 || field->max != 0)) {
    (void)format_amount(field->min, low);
    (void)format_amount(field->max, high);
    (void)msim__buf_printf(&w->words, "%s%s%s%s%s", w->words.size_bytes > 0 ? "; " : "",
                           field->min > 0 ? "at least " : "", field->min > 0 ? low : "",
                           field->min > 0 && field->max != 0 ? ", at most "
                           : field->max != 0                 ? "at most "
                                                             : "",
                           field->max != 0 ? high : "");
  }
  if (w->words.err != MSIM_OK)
    w->err = w->words.err;
  if (w->words.size_bytes > 0)
    msim__json_key_text(&w->json, "description", msim__buf_text(&w->words));
}

static void put_field(struct msim__schema *w, const struct msim_field *field, unsigned depth);

/* All that stands in a map must be in its table. */
static void put_closed_map(struct msim__schema *w, const struct msim_field *fields, unsigned depth, bool is_agent)
{
  const struct msim_field *field;
  bool any = false;

  msim__json_key_text(&w->json, "type", "object");
  msim__schema_begin(w, "properties");
  msim__schema_put_fields(w, fields, depth);
  if (is_agent) {
    msim__schema_begin(w, MSIM__KEY_TCP);
    msim__json_key_text(&w->json, "description", "how TCP behaves in its connections, over what the host says");
    msim__schema_put_ref(w, "#/$defs/tcp");
    msim__json_object_end(&w->json);
  }
  msim__json_object_end(&w->json);
  for (field = fields; field != NULL && field->key != NULL; field++) {
    if (field->fallback != NULL)
      continue;
    if (!any)
      msim__schema_begin_list(w, "required");
    any = true;
    msim__json_text(&w->json, field->key);
  }
  if (any)
    msim__json_array_end(&w->json);
  msim__json_key_bool(&w->json, "additionalProperties", false);
}

void msim__schema_put_closed_map(struct msim__schema *w, const struct msim_field *fields, unsigned depth)
{
  put_closed_map(w, fields, depth, false);
}

void msim__schema_put_agent_map(struct msim__schema *w, const struct msim_field *fields)
{
  put_closed_map(w, fields, 0, true);
}

static void put_item(struct msim__schema *w, const struct msim_field *field, unsigned depth)
{
  msim__json_object_begin(&w->json);
  put_field(w, field->item, depth + 1);
  msim__json_object_end(&w->json);
}

/* fields.c takes one value for a list of one, unless values are lists or maps themselves. */
static void put_list(struct msim__schema *w, const struct msim_field *field, unsigned depth)
{
  enum msim_field_kind kind = field->item->kind;
  bool may_be_one = kind != MSIM_FIELD_LIST && kind != MSIM_FIELD_MAP && kind != MSIM_FIELD_STRUCT && field->min <= 1;

  if (may_be_one) {
    msim__schema_begin_list(w, "anyOf");
    put_item(w, field, depth);
    msim__json_object_begin(&w->json);
  }
  msim__json_key_text(&w->json, "type", "array");
  msim__json_key(&w->json, "items");
  put_item(w, field, depth);
  if (field->min > 0)
    msim__json_key_uint(&w->json, "minItems", field->min);
  msim__json_key_uint(&w->json, "maxItems", field->max != 0 ? field->max : MSIM__FIELDS_COUNT_MAX_DEFAULT);
  if (may_be_one) {
    msim__json_object_end(&w->json);
    msim__json_array_end(&w->json);
  }
}

static void put_map(struct msim__schema *w, const struct msim_field *field, unsigned depth)
{
  bool may_be_names = field->item->kind == MSIM_FIELD_STRUCT; /* fields.c takes a list of names then */

  if (may_be_names) {
    msim__schema_begin_list(w, "anyOf");
    msim__json_object_begin(&w->json);
    msim__json_key_text(&w->json, "type", "array");
    msim__schema_begin(w, "items");
    msim__schema_put_ref(w, "#/$defs/text");
    msim__json_object_end(&w->json);
    msim__json_object_end(&w->json);
    msim__json_object_begin(&w->json);
  }
  msim__json_key_text(&w->json, "type", "object");
  msim__schema_begin(w, "propertyNames");
  msim__json_key_uint(&w->json, "minLength", 1);
  msim__json_object_end(&w->json);
  if (may_be_names) { /* or nothing behind the name */
    msim__schema_begin(w, "additionalProperties");
    msim__schema_begin_list(w, "anyOf");
    msim__json_object_begin(&w->json);
    msim__json_key_text(&w->json, "type", "null");
    msim__json_object_end(&w->json);
    put_item(w, field, depth);
    msim__json_array_end(&w->json);
    msim__json_object_end(&w->json);
  } else {
    msim__json_key(&w->json, "additionalProperties");
    put_item(w, field, depth);
  }
  if (field->min > 0)
    msim__json_key_uint(&w->json, "minProperties", field->min);
  msim__json_key_uint(&w->json, "maxProperties", field->max != 0 ? field->max : MSIM__FIELDS_COUNT_MAX_DEFAULT);
  if (may_be_names) {
    msim__json_object_end(&w->json);
    msim__json_array_end(&w->json);
  }
}

/* The inside of the schema of one value. */
static void put_field(struct msim__schema *w, const struct msim_field *field, unsigned depth)
{
  static const char *const definitions[] = {
      [MSIM_FIELD_BOOL] = "#/$defs/truth",      [MSIM_FIELD_DURATION_NS] = "#/$defs/duration",
      [MSIM_FIELD_SIZE_BYTES] = "#/$defs/size", [MSIM_FIELD_RATE_BPS] = "#/$defs/rate",
      [MSIM_FIELD_PPM] = "#/$defs/share",       [MSIM_FIELD_TEXT] = "#/$defs/text",
      [MSIM_FIELD_HOST] = "#/$defs/host-name",  [MSIM_FIELD_CIDR] = "#/$defs/network",
  };

  put_description(w, field);
  msim__schema_put_default(w, field->fallback);
  if (depth > FIELD_DEPTH_MAX)
    return;
  switch (field->kind) {
  case MSIM_FIELD_UINT:
    msim__schema_put_count(w, field->min, field->max);
    break;
  case MSIM_FIELD_ENUM:
    put_names(w, field->names);
    break;
  case MSIM_FIELD_LIST:
    put_list(w, field, depth);
    break;
  case MSIM_FIELD_MAP:
    put_map(w, field, depth);
    break;
  case MSIM_FIELD_STRUCT:
    msim__schema_put_closed_map(w, field->item, depth + 1);
    break;
  default:
    if ((size_t)field->kind < sizeof definitions / sizeof definitions[0] && definitions[field->kind] != NULL)
      msim__schema_put_ref(w, definitions[field->kind]);
    break;
  }
}

void msim__schema_put_fields(struct msim__schema *w, const struct msim_field *fields, unsigned depth)
{
  for (; fields != NULL && fields->key != NULL; fields++) {
    msim__schema_begin(w, fields->key);
    put_field(w, fields, depth);
    msim__json_object_end(&w->json);
  }
}
