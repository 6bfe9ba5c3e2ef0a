/* schema.c: the topology format as JSON Schema (draft 2020-12), for editors.
 *
 * Written from the tables by which the loader reads: no key stands here. It tells what can be told of one value; what
 * two values or two files have to do with each other (names, addresses, paths) the loader alone knows. Any scalar below
 * a host, a template or a link may hold `{n}`. */
#include "core/sim.h"
#include "fault/fault.h"
#include "text/json_out.h"
#include "text/units.h"
#include "text/yaml_read.h"
#include "text/yaml_tree.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <mailsim/cc.h>

#include <string.h>

#define BUFFER_BYTES ((size_t)16 << 10)
#define WORDS_BYTES_MAX ((size_t)64 << 10)
#define FIELD_DEPTH_MAX 8u    /* tables inside each other; below that everything is allowed */
#define FALLBACK_DEPTH_MAX 8u /* of YAML */

#define NUMBER "[0-9]+(\\.[0-9]+)? ?"
#define DURATION NUMBER "(ns|us|ms|s|min|h|d)|0"
#define SIZE NUMBER "(B|kB|MB|GB|KiB|MiB|GiB)|0"
#define OR_NUMBERED "|.*\\{n\\}.*"
#define BYTE "([01]?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])"
#define NAME_BYTE "[A-Za-z0-9_.-]|[^\\u0000-\\u007f]"
#define RANGE "\\[[0-9]+\\.\\.[0-9]+\\]"

struct writer {
  struct msim_sim *sim;
  struct msim__buf out;
  struct msim__json_out json;
  struct msim__buf words; /* of one description */
  int err;                /* of words and defaults: MSIM_ERR_NOMEM, MSIM_ERR_LIMIT */
};

/* ---- small pieces ---- */

static void put_ref(struct writer *w, const char *definition)
{
  msim__json_key_text(&w->json, "$ref", definition);
}

static void put_ref_object(struct writer *w, const char *definition)
{
  msim__json_object_begin(&w->json);
  put_ref(w, definition);
  msim__json_object_end(&w->json);
}

static void begin(struct writer *w, const char *key)
{
  msim__json_key(&w->json, key);
  msim__json_object_begin(&w->json);
}

static void begin_list(struct writer *w, const char *key)
{
  msim__json_key(&w->json, key);
  msim__json_array_begin(&w->json);
}

/* A word of its own, as one of several alternatives. */
static void put_word(struct writer *w, const char *word)
{
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "const", word);
  msim__json_object_end(&w->json);
}

static void put_array(struct writer *w, const char *item, uint64_t count_max)
{
  msim__json_key_text(&w->json, "type", "array");
  msim__json_key(&w->json, "items");
  put_ref_object(w, item);
  if (count_max > 0)
    msim__json_key_uint(&w->json, "maxItems", count_max);
}

static void put_names(struct writer *w, const char *const *names)
{
  begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  begin_list(w, "enum");
  for (; *names != NULL; names++)
    msim__json_text(&w->json, *names);
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
  put_ref_object(w, "#/$defs/numbered");
  msim__json_array_end(&w->json);
}

static void put_count(struct writer *w, uint64_t min, uint64_t max)
{
  begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "integer");
  msim__json_key_uint(&w->json, "minimum", min);
  if (max != 0)
    msim__json_key_uint(&w->json, "maximum", max);
  msim__json_object_end(&w->json);
  put_ref_object(w, "#/$defs/numbered");
  msim__json_array_end(&w->json);
}

/* ---- defaults ---- */

static void put_yaml(struct writer *w, const struct msim__yaml_node *node)
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
static void put_default(struct writer *w, const char *fallback)
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
static void put_description(struct writer *w, const struct msim_field *field)
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

static void put_fields(struct writer *w, const struct msim_field *fields, unsigned depth);
static void put_field(struct writer *w, const struct msim_field *field, unsigned depth);

/* All that stands in a map must be in its table. */
static void put_closed_map(struct writer *w, const struct msim_field *fields, unsigned depth)
{
  const struct msim_field *field;
  bool any = false;

  msim__json_key_text(&w->json, "type", "object");
  begin(w, "properties");
  put_fields(w, fields, depth);
  msim__json_object_end(&w->json);
  for (field = fields; field != NULL && field->key != NULL; field++) {
    if (field->fallback != NULL)
      continue;
    if (!any)
      begin_list(w, "required");
    any = true;
    msim__json_text(&w->json, field->key);
  }
  if (any)
    msim__json_array_end(&w->json);
  msim__json_key_bool(&w->json, "additionalProperties", false);
}

static void put_item(struct writer *w, const struct msim_field *field, unsigned depth)
{
  msim__json_object_begin(&w->json);
  put_field(w, field->item, depth + 1);
  msim__json_object_end(&w->json);
}

/* fields.c takes one value for a list of one, unless values are lists or maps themselves. */
static void put_list(struct writer *w, const struct msim_field *field, unsigned depth)
{
  enum msim_field_kind kind = field->item->kind;
  bool may_be_one = kind != MSIM_FIELD_LIST && kind != MSIM_FIELD_MAP && kind != MSIM_FIELD_STRUCT && field->min <= 1;

  if (may_be_one) {
    begin_list(w, "anyOf");
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

static void put_map(struct writer *w, const struct msim_field *field, unsigned depth)
{
  bool may_be_names = field->item->kind == MSIM_FIELD_STRUCT; /* fields.c takes a list of names then */

  if (may_be_names) {
    begin_list(w, "anyOf");
    msim__json_object_begin(&w->json);
    msim__json_key_text(&w->json, "type", "array");
    begin(w, "items");
    put_ref(w, "#/$defs/text");
    msim__json_object_end(&w->json);
    msim__json_object_end(&w->json);
    msim__json_object_begin(&w->json);
  }
  msim__json_key_text(&w->json, "type", "object");
  begin(w, "propertyNames");
  msim__json_key_uint(&w->json, "minLength", 1);
  msim__json_object_end(&w->json);
  if (may_be_names) { /* or nothing behind the name */
    begin(w, "additionalProperties");
    begin_list(w, "anyOf");
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
static void put_field(struct writer *w, const struct msim_field *field, unsigned depth)
{
  static const char *const definitions[] = {
      [MSIM_FIELD_BOOL] = "#/$defs/truth",      [MSIM_FIELD_DURATION_NS] = "#/$defs/duration",
      [MSIM_FIELD_SIZE_BYTES] = "#/$defs/size", [MSIM_FIELD_RATE_BPS] = "#/$defs/rate",
      [MSIM_FIELD_PPM] = "#/$defs/share",       [MSIM_FIELD_TEXT] = "#/$defs/text",
      [MSIM_FIELD_HOST] = "#/$defs/host-name",  [MSIM_FIELD_CIDR] = "#/$defs/network",
  };

  put_description(w, field);
  put_default(w, field->fallback);
  if (depth > FIELD_DEPTH_MAX)
    return;
  switch (field->kind) {
  case MSIM_FIELD_UINT:
    put_count(w, field->min, field->max);
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
    put_closed_map(w, field->item, depth + 1);
    break;
  default:
    if ((size_t)field->kind < sizeof definitions / sizeof definitions[0] && definitions[field->kind] != NULL)
      put_ref(w, definitions[field->kind]);
    break;
  }
}

static void put_fields(struct writer *w, const struct msim_field *fields, unsigned depth)
{
  for (; fields != NULL && fields->key != NULL; fields++) {
    begin(w, fields->key);
    put_field(w, fields, depth);
    msim__json_object_end(&w->json);
  }
}

/* ---- keys that are read by hand ---- */

static void put_congestion(struct writer *w)
{
  const struct msim_cc_type *type;
  size_t i;

  begin_list(w, "anyOf");
  for (i = 0; (type = msim_cc_type_at(w->sim, i)) != NULL; i++) {
    msim__json_object_begin(&w->json);
    msim__json_key_text(&w->json, "const", type->name);
    msim__json_key_text(&w->json, "description", type->summary);
    msim__json_object_end(&w->json);
  }
  put_ref_object(w, "#/$defs/numbered");
  msim__json_array_end(&w->json);
}

static void put_duration_or(struct writer *w, const struct msim__key *key)
{
  begin_list(w, "anyOf");
  put_ref_object(w, "#/$defs/duration");
  if (key->form == MSIM__FORM_JITTER) {
    msim__json_object_begin(&w->json);
    put_closed_map(w, key->fields, 0);
    msim__json_object_end(&w->json);
  } else {
    put_word(w, key->word);
  }
  msim__json_array_end(&w->json);
}

/* Hosts may have no body at all. */
static void put_bodies(struct writer *w, bool are_hosts)
{
  msim__json_key_text(&w->json, "type", "object");
  if (are_hosts) {
    begin(w, "propertyNames");
    msim__json_key_text(&w->json, "pattern", "^(?![-.])(" NAME_BYTE ")*(" RANGE "(" NAME_BYTE ")*)?$");
    msim__json_key_uint(&w->json, "minLength", 1);
    msim__json_object_end(&w->json);
  }
  begin(w, "additionalProperties");
  begin_list(w, "anyOf");
  put_ref_object(w, "#/$defs/host");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "null");
  msim__json_object_end(&w->json);
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
}

static void put_form(struct writer *w, const struct msim__key *key)
{
  switch (key->form) {
  case MSIM__FORM_VERSION:
    msim__json_key_uint(&w->json, "const", key->min);
    break;
  case MSIM__FORM_COUNT:
    put_count(w, key->min, key->max);
    break;
  case MSIM__FORM_DURATION_OR:
  case MSIM__FORM_JITTER:
    put_duration_or(w, key);
    break;
  case MSIM__FORM_CONGESTION:
    put_congestion(w);
    break;
  case MSIM__FORM_TEMPLATES:
  case MSIM__FORM_HOSTS:
    put_bodies(w, key->form == MSIM__FORM_HOSTS);
    break;
  case MSIM__FORM_TEXTS:
    put_array(w, "#/$defs/text", 0);
    break;
  case MSIM__FORM_ADDRESSES:
    put_array(w, "#/$defs/address", MSIM__TOPOLOGY_ADDRS_MAX);
    break;
  case MSIM__FORM_AGENTS:
    put_array(w, "#/$defs/agent", MSIM__TOPOLOGY_AGENTS_MAX);
    break;
  case MSIM__FORM_LINKS:
    put_array(w, "#/$defs/link", 0);
    break;
  case MSIM__FORM_FAULTS:
    put_array(w, "#/$defs/fault", MSIM_FAULTS_MAX);
    break;
  case MSIM__FORM_JOIN:
    put_array(w, "#/$defs/text", 2);
    msim__json_key_uint(&w->json, "minItems", 2);
    break;
  case MSIM__FORM_TEXT:
    put_ref(w, "#/$defs/text");
    break;
  case MSIM__FORM_DATE:
    put_ref(w, "#/$defs/date");
    break;
  case MSIM__FORM_ZONE:
    put_ref(w, "#/$defs/zone");
    break;
  case MSIM__FORM_ADDRESS:
    put_ref(w, "#/$defs/address");
    break;
  case MSIM__FORM_QUEUE:
    put_ref(w, "#/$defs/queue");
    break;
  case MSIM__FORM_TCP:
    put_ref(w, "#/$defs/tcp");
    break;
  case MSIM__FORM_DISK:
    put_ref(w, "#/$defs/disk");
    break;
  case MSIM__FORM_WAY:
    put_ref(w, "#/$defs/way");
    break;
  }
}

static void put_keys(struct writer *w, const struct msim__key *key)
{
  for (; key != NULL && key->name != NULL; key++) {
    begin(w, key->name);
    msim__json_key_text(&w->json, "description", key->help);
    put_default(w, key->fallback);
    put_form(w, key);
    msim__json_object_end(&w->json);
  }
}

/* The inside of the schema of a section. None of its fields is required, only keys that are read by hand may be. */
static void put_section(struct writer *w, const struct msim__section *section)
{
  const struct msim__section *part;
  const struct msim__key *key;
  bool any = false;

  msim__json_key_text(&w->json, "type", "object");
  begin(w, "properties");
  for (part = section; part != NULL; part = part->also) {
    put_keys(w, part->keys);
    put_fields(w, part->fields, 0);
  }
  msim__json_object_end(&w->json);
  for (key = section->keys; key != NULL && key->name != NULL; key++) {
    if (key->fallback != NULL)
      continue;
    if (!any)
      begin_list(w, "required");
    any = true;
    msim__json_text(&w->json, key->name);
  }
  if (any)
    msim__json_array_end(&w->json);
  msim__json_key_bool(&w->json, "additionalProperties", false);
}

/* ---- agents ---- */

static bool needs_keys(const struct msim_agent_type *type)
{
  const struct msim_field *field;

  for (field = type->fields; field != NULL && field->key != NULL; field++)
    if (field->fallback == NULL)
      return true;
  return false;
}

static void put_agent_type(struct writer *w, const struct msim_agent_type *type)
{
  begin(w, type->name);
  msim__json_key_text(&w->json, "description", type->summary);
  if (!needs_keys(type)) {
    begin_list(w, "anyOf");
    msim__json_object_begin(&w->json);
    msim__json_key_text(&w->json, "type", "null");
    msim__json_object_end(&w->json);
    msim__json_object_begin(&w->json);
  }
  put_closed_map(w, type->fields, 0);
  if (!needs_keys(type)) {
    msim__json_object_end(&w->json);
    msim__json_array_end(&w->json);
  }
  msim__json_object_end(&w->json);
}

/* `type`, when it can do without keys, or `{type: {keys}}`. */
static void put_agents(struct writer *w)
{
  const struct msim_agent_type *type;
  size_t i;

  begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "object");
  begin(w, "properties");
  for (i = 0; (type = msim_agent_type_at(w->sim, i)) != NULL; i++)
    put_agent_type(w, type);
  msim__json_object_end(&w->json);
  msim__json_key_bool(&w->json, "additionalProperties", false);
  msim__json_key_uint(&w->json, "minProperties", 1);
  msim__json_key_uint(&w->json, "maxProperties", 1);
  msim__json_object_end(&w->json);
  for (i = 0; (type = msim_agent_type_at(w->sim, i)) != NULL; i++)
    if (!needs_keys(type))
      put_word(w, type->name);
  msim__json_array_end(&w->json);
}

/* ---- faults ---- */

/* The keys that all have, and one kind. */
static void put_faults(struct writer *w)
{
  struct msim_fault_info kind;
  size_t i;

  msim__json_key_text(&w->json, "type", "object");
  begin(w, "properties");
  put_fields(w, msim__fault_fields, 0);
  for (i = 0; msim_fault_kind_at(w->sim, i, &kind); i++) {
    begin(w, kind.name);
    msim__json_key_text(&w->json, "description", kind.summary);
    put_closed_map(w, kind.fields, 0);
    msim__json_object_end(&w->json);
  }
  msim__json_object_end(&w->json);
  begin_list(w, "required");
  msim__json_text(&w->json, "id");
  msim__json_array_end(&w->json);
  msim__json_key_bool(&w->json, "additionalProperties", false);
  begin_list(w, "oneOf");
  for (i = 0; msim_fault_kind_at(w->sim, i, &kind); i++) {
    msim__json_object_begin(&w->json);
    begin_list(w, "required");
    msim__json_text(&w->json, kind.name);
    msim__json_array_end(&w->json);
    msim__json_object_end(&w->json);
  }
  msim__json_array_end(&w->json);
}

/* ---- the whole ---- */

/* A plain 0 needs no unit; YAML readers make a number of it. */
static void put_quantity(struct writer *w, const char *name, const char *pattern, bool may_be_zero)
{
  begin(w, name);
  begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "string");
  msim__json_key_text(&w->json, "pattern", pattern);
  msim__json_object_end(&w->json);
  if (may_be_zero) {
    msim__json_object_begin(&w->json);
    msim__json_key_uint(&w->json, "const", 0);
    msim__json_object_end(&w->json);
  }
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
}

static void put_scalars(struct writer *w)
{
  static const char *const scalar_types[] = {"string", "number", "boolean"};
  size_t i;

  put_quantity(w, "duration", "^(" DURATION OR_NUMBERED ")$", true);
  put_quantity(w, "size", "^(" SIZE OR_NUMBERED ")$", true);
  put_quantity(w, "rate", "^(" NUMBER "(bit|kbit|Mbit|Gbit|Tbit)/s|0" OR_NUMBERED ")$", true);
  put_quantity(w, "share", "^(" NUMBER "(%|ppm)|0" OR_NUMBERED ")$", true);
  put_quantity(w, "queue", "^(" SIZE "|[0-9]+ ?packets?" OR_NUMBERED ")$", false);
  put_quantity(w, "zone", "^([+-][0-9]{2}:[0-5][0-9]|Z|[+-]?(" DURATION ")" OR_NUMBERED ")$", true);
  put_quantity(w, "date", "^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2}))?$", false);
  put_quantity(w, "address", "^(" BYTE "(\\." BYTE "){3}(/[0-9]{1,2})?" OR_NUMBERED ")$", false);
  put_quantity(w, "network", "^([0-9A-Fa-f:.]+(/[0-9]{1,3})?" OR_NUMBERED ")$", false);
  put_quantity(w, "numbered", "\\{n\\}", false);
  begin(w, "truth");
  begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "boolean");
  msim__json_object_end(&w->json);
  put_ref_object(w, "#/$defs/numbered");
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
  begin(w, "text"); /* a number without quotes is a text too where one is expected */
  begin_list(w, "type");
  for (i = 0; i < sizeof scalar_types / sizeof scalar_types[0]; i++)
    msim__json_text(&w->json, scalar_types[i]);
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
  begin(w, "host-name");
  msim__json_key_text(&w->json, "description", "a host of the topology, a name with a dot, or an address");
  put_ref(w, "#/$defs/text");
  msim__json_key_uint(&w->json, "minLength", 1);
  msim__json_object_end(&w->json);
}

static void put_definitions(struct writer *w)
{
  static const struct {
    const char *name;
    const struct msim__section *section;
  } sections[] = {{"host", &msim__section_host},
                  {"tcp", &msim__section_tcp},
                  {"disk", &msim__section_disk},
                  {"link", &msim__section_link},
                  {"way", &msim__section_way}};
  size_t i;

  begin(w, "$defs");
  for (i = 0; i < sizeof sections / sizeof sections[0]; i++) {
    begin(w, sections[i].name);
    put_section(w, sections[i].section);
    msim__json_object_end(&w->json);
  }
  begin(w, "agent");
  put_agents(w);
  msim__json_object_end(&w->json);
  begin(w, "fault");
  put_faults(w);
  msim__json_object_end(&w->json);
  put_scalars(w);
  msim__json_object_end(&w->json);
}

static int flush_out(void *user, const char *data, size_t size_bytes)
{
  const struct msim_out *out = user;

  return out->write(out->ctx, data, size_bytes);
}

int msim_topology_schema(struct msim_sim *sim, const struct msim_out *out)
{
  struct msim_out copy = *out;
  struct writer w;
  int err;

  memset(&w, 0, sizeof w);
  w.sim = sim;
  msim__buf_init_flush(&w.out, &sim->mem, BUFFER_BYTES, flush_out, &copy);
  msim__buf_init(&w.words, &sim->mem, WORDS_BYTES_MAX);
  msim__json_init(&w.json, &w.out, false);
  msim__json_object_begin(&w.json);
  msim__json_key_text(&w.json, "$schema", "https://json-schema.org/draft/2020-12/schema");
  msim__json_key_text(&w.json, "title", "a topology of mailsim " MSIM_VERSION);
  put_section(&w, &msim__section_main);
  put_definitions(&w);
  msim__json_object_end(&w.json);
  (void)msim__json_line_end(&w.json);
  err = msim__buf_flush(&w.out);
  if (err == MSIM_OK)
    err = w.err;
  msim__buf_release(&w.words);
  msim__buf_release(&w.out);
  return err;
}
