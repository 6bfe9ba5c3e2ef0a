/* schema.c: the topology format as JSON Schema (draft 2020-12), for editors.
 *
 * Written from the tables by which the loader reads: no key stands here. It tells what can be told of one value; what
 * two values or two files have to do with each other (names, addresses, paths) the loader alone knows. Any scalar below
 * a host, a template or a link may hold `{n}`. */
#include "topology/schema.h"

#include "core/sim.h"
#include "fault/fault.h"
#include "text/units.h"
#include "text/yaml_read.h"
#include "text/yaml_tree.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <mailsim/cc.h>

#include <string.h>

#define BUFFER_BYTES ((size_t)16 << 10)
#define WORDS_BYTES_MAX ((size_t)64 << 10)

#define NUMBER "[0-9]+(\\.[0-9]+)? ?"
#define DURATION NUMBER "(ns|us|ms|s|min|h|d)|0"
#define SIZE NUMBER "(B|kB|MB|GB|KiB|MiB|GiB)|0"
#define OR_NUMBERED "|.*\\{n\\}.*"
#define BYTE "([01]?[0-9]?[0-9]|2[0-4][0-9]|25[0-5])"
#define NAME_BYTE "[A-Za-z0-9_.-]|[^\\u0000-\\u007f]"
#define RANGE "\\[[0-9]+\\.\\.[0-9]+\\]"

/* ---- keys that are read by hand ---- */

static void put_congestion(struct msim__schema *w)
{
  const struct msim_cc_type *type;
  size_t i;

  msim__schema_begin_list(w, "anyOf");
  for (i = 0; (type = msim_cc_type_at(w->sim, i)) != NULL; i++) {
    msim__json_object_begin(&w->json);
    msim__json_key_text(&w->json, "const", type->name);
    msim__json_key_text(&w->json, "description", type->summary);
    msim__json_object_end(&w->json);
  }
  msim__schema_put_ref_object(w, "#/$defs/numbered");
  msim__json_array_end(&w->json);
}

static void put_duration_or(struct msim__schema *w, const struct msim__key *key)
{
  msim__schema_begin_list(w, "anyOf");
  msim__schema_put_ref_object(w, "#/$defs/duration");
  if (key->form == MSIM__FORM_JITTER) {
    msim__json_object_begin(&w->json);
    msim__schema_put_closed_map(w, key->fields, 0);
    msim__json_object_end(&w->json);
  } else {
    msim__schema_put_word(w, key->word);
  }
  msim__json_array_end(&w->json);
}

static void put_resolver(struct msim__schema *w)
{
  msim__schema_begin_list(w, "anyOf");
  msim__schema_put_ref_object(w, "#/$defs/text");
  msim__json_object_begin(&w->json);
  msim__schema_put_array(w, "#/$defs/text", MSIM__TOPOLOGY_RESOLVERS_MAX);
  msim__json_object_end(&w->json);
  msim__json_array_end(&w->json);
}

/* Hosts may have no body at all. */
static void put_bodies(struct msim__schema *w, bool are_hosts)
{
  msim__json_key_text(&w->json, "type", "object");
  if (are_hosts) {
    msim__schema_begin(w, "propertyNames");
    msim__json_key_text(&w->json, "pattern", "^(?![-.])(" NAME_BYTE ")*(" RANGE "(" NAME_BYTE ")*)?$");
    msim__json_key_uint(&w->json, "minLength", 1);
    msim__json_object_end(&w->json);
  }
  msim__schema_begin(w, "additionalProperties");
  msim__schema_begin_list(w, "anyOf");
  msim__schema_put_ref_object(w, "#/$defs/host");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "null");
  msim__json_object_end(&w->json);
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
}

/* A map from names to these, or to nothing, or to a text. */
static void put_map_of(struct msim__schema *w, const char *definition, bool is_main)
{
  msim__json_key_text(&w->json, "type", "object");
  msim__schema_begin(w, "additionalProperties");
  msim__schema_begin_list(w, "anyOf");
  msim__schema_put_ref_object(w, definition);
  if (!is_main)
    msim__schema_put_ref_object(w, "#/$defs/text");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "null");
  msim__json_object_end(&w->json);
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
}

static void put_attachments(struct msim__schema *w)
{
  msim__schema_begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  put_map_of(w, "#/$defs/attachment", false);
  msim__json_object_end(&w->json);
  msim__json_object_begin(&w->json);
  msim__schema_put_array(w, "#/$defs/text", MSIM__TOPOLOGY_NETWORKS_MAX);
  msim__json_object_end(&w->json);
  msim__json_array_end(&w->json);
}

static void put_expect(struct msim__schema *w)
{
  msim__schema_begin_list(w, "anyOf");
  msim__schema_put_ref_object(w, "#/$defs/text");
  msim__json_object_begin(&w->json);
  msim__schema_put_array(w, "#/$defs/text", 0);
  msim__json_object_end(&w->json);
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "object");
  msim__json_object_end(&w->json);
  msim__json_array_end(&w->json);
}

/* The same keys as of the fault. */
static void put_buggify(struct msim__schema *w)
{
  struct msim_fault_info kind;
  size_t i;

  for (i = 0; msim_fault_kind_at(w->sim, i, &kind); i++)
    if (strcmp(kind.name, MSIM__KEY_BUGGIFY) == 0)
      msim__schema_put_closed_map(w, kind.fields, 0);
}

static void put_form(struct msim__schema *w, const struct msim__key *key)
{
  switch (key->form) {
  case MSIM__FORM_VERSION:
    msim__json_key_uint(&w->json, "const", key->min);
    break;
  case MSIM__FORM_COUNT:
    msim__schema_put_count(w, key->min, key->max);
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
    msim__schema_put_array(w, "#/$defs/text", 0);
    break;
  case MSIM__FORM_ADDRESSES:
    msim__schema_put_array(w, "#/$defs/address", MSIM__TOPOLOGY_ADDRS_MAX);
    break;
  case MSIM__FORM_RESOLVER:
    put_resolver(w);
    break;
  case MSIM__FORM_AGENTS:
    msim__schema_put_array(w, "#/$defs/agent", MSIM__TOPOLOGY_AGENTS_MAX);
    break;
  case MSIM__FORM_LINKS:
    msim__schema_put_array(w, "#/$defs/link", 0);
    break;
  case MSIM__FORM_FAULTS:
    msim__schema_put_array(w, "#/$defs/fault", MSIM_FAULTS_MAX);
    break;
  case MSIM__FORM_BUGGIFY:
    put_buggify(w);
    break;
  case MSIM__FORM_SERVE:
    msim__schema_put_array(w, "#/$defs/serve", 0);
    break;
  case MSIM__FORM_JOIN:
    msim__schema_put_array(w, "#/$defs/text", 2);
    msim__json_key_uint(&w->json, "minItems", 2);
    break;
  case MSIM__FORM_TEXT:
    msim__schema_put_ref(w, "#/$defs/text");
    break;
  case MSIM__FORM_TRUTH:
    msim__schema_put_ref(w, "#/$defs/truth");
    break;
  case MSIM__FORM_DATE:
    msim__schema_put_ref(w, "#/$defs/date");
    break;
  case MSIM__FORM_ZONE:
    msim__schema_put_ref(w, "#/$defs/zone");
    break;
  case MSIM__FORM_ADDRESS:
    msim__schema_put_ref(w, "#/$defs/address");
    break;
  case MSIM__FORM_QUEUE:
    msim__schema_put_ref(w, "#/$defs/queue");
    break;
  case MSIM__FORM_TCP:
    msim__schema_put_ref(w, "#/$defs/tcp");
    break;
  case MSIM__FORM_DISK:
    msim__schema_put_ref(w, "#/$defs/disk");
    break;
  case MSIM__FORM_NAT:
    msim__schema_put_ref(w, "#/$defs/nat");
    break;
  case MSIM__FORM_WAY:
    msim__schema_put_ref(w, "#/$defs/way");
    break;
  case MSIM__FORM_NETWORKS:
    put_map_of(w, "#/$defs/lan", true);
    break;
  case MSIM__FORM_EXPECT:
    put_expect(w);
    break;
  case MSIM__FORM_MESSAGES:
    put_map_of(w, "#/$defs/message", true);
    break;
  case MSIM__FORM_ATTACHMENTS:
    put_attachments(w);
    break;
  }
}

static void put_keys(struct msim__schema *w, const struct msim__key *key)
{
  for (; key != NULL && key->name != NULL; key++) {
    msim__schema_begin(w, key->name);
    msim__json_key_text(&w->json, "description", key->help);
    msim__schema_put_default(w, key->fallback);
    put_form(w, key);
    msim__json_object_end(&w->json);
  }
}

/* The inside of the schema of a section. None of its fields is required, only keys that are read by hand may be. */
static void put_section(struct msim__schema *w, const struct msim__section *section)
{
  const struct msim__section *part;
  const struct msim__key *key;
  bool any = false;

  msim__json_key_text(&w->json, "type", "object");
  msim__schema_begin(w, "properties");
  for (part = section; part != NULL; part = part->also) {
    put_keys(w, part->keys);
    msim__schema_put_fields(w, part->fields, 0);
  }
  msim__json_object_end(&w->json);
  for (key = section->keys; key != NULL && key->name != NULL; key++) {
    if (key->fallback != NULL)
      continue;
    if (!any)
      msim__schema_begin_list(w, "required");
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

static void put_agent_type(struct msim__schema *w, const struct msim_agent_type *type)
{
  msim__schema_begin(w, type->name);
  msim__json_key_text(&w->json, "description", type->summary);
  if (!needs_keys(type)) {
    msim__schema_begin_list(w, "anyOf");
    msim__json_object_begin(&w->json);
    msim__json_key_text(&w->json, "type", "null");
    msim__json_object_end(&w->json);
    msim__json_object_begin(&w->json);
  }
  msim__schema_put_agent_map(w, type->fields);
  if (!needs_keys(type)) {
    msim__json_object_end(&w->json);
    msim__json_array_end(&w->json);
  }
  msim__json_object_end(&w->json);
}

/* `type`, when it can do without keys, or `{type: {keys}}`. */
static void put_agents(struct msim__schema *w)
{
  const struct msim_agent_type *type;
  size_t i;

  msim__schema_begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "object");
  msim__schema_begin(w, "properties");
  for (i = 0; (type = msim_agent_type_at(w->sim, i)) != NULL; i++)
    put_agent_type(w, type);
  msim__json_object_end(&w->json);
  msim__json_key_bool(&w->json, "additionalProperties", false);
  msim__json_key_uint(&w->json, "minProperties", 1);
  msim__json_key_uint(&w->json, "maxProperties", 1);
  msim__json_object_end(&w->json);
  for (i = 0; (type = msim_agent_type_at(w->sim, i)) != NULL; i++)
    if (!needs_keys(type))
      msim__schema_put_word(w, type->name);
  msim__json_array_end(&w->json);
}

/* ---- faults ---- */

/* The keys that all have, and one kind. */
static void put_faults(struct msim__schema *w)
{
  struct msim_fault_info kind;
  size_t i;

  msim__json_key_text(&w->json, "type", "object");
  msim__schema_begin(w, "properties");
  msim__schema_put_fields(w, msim__fault_fields, 0);
  for (i = 0; msim_fault_kind_at(w->sim, i, &kind); i++) {
    msim__schema_begin(w, kind.name);
    msim__json_key_text(&w->json, "description", kind.summary);
    msim__schema_put_closed_map(w, kind.fields, 0);
    msim__json_object_end(&w->json);
  }
  msim__json_object_end(&w->json);
  msim__schema_begin_list(w, "required");
  msim__json_text(&w->json, "id");
  msim__json_array_end(&w->json);
  msim__json_key_bool(&w->json, "additionalProperties", false);
  msim__schema_begin_list(w, "oneOf");
  for (i = 0; msim_fault_kind_at(w->sim, i, &kind); i++) {
    msim__json_object_begin(&w->json);
    msim__schema_begin_list(w, "required");
    msim__json_text(&w->json, kind.name);
    msim__json_array_end(&w->json);
    msim__json_object_end(&w->json);
  }
  msim__json_array_end(&w->json);
}

/* ---- the whole ---- */

/* A plain 0 needs no unit; YAML readers make a number of it. */
static void put_quantity(struct msim__schema *w, const char *name, const char *pattern, bool may_be_zero)
{
  msim__schema_begin(w, name);
  msim__schema_begin_list(w, "anyOf");
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

static void put_scalars(struct msim__schema *w)
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
  put_quantity(w, "address",
               "^(" BYTE "(\\." BYTE "){3}(/[0-9]{1,2})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(/[0-9]{1,3})?" OR_NUMBERED ")$",
               false);
  put_quantity(w, "network", "^([0-9A-Fa-f:.]+(/[0-9]{1,3})?" OR_NUMBERED ")$", false);
  put_quantity(w, "numbered", "\\{n\\}", false);
  msim__schema_begin(w, "truth");
  msim__schema_begin_list(w, "anyOf");
  msim__json_object_begin(&w->json);
  msim__json_key_text(&w->json, "type", "boolean");
  msim__json_object_end(&w->json);
  msim__schema_put_ref_object(w, "#/$defs/numbered");
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
  msim__schema_begin(w, "text"); /* a number without quotes is a text too where one is expected */
  msim__schema_begin_list(w, "type");
  for (i = 0; i < sizeof scalar_types / sizeof scalar_types[0]; i++)
    msim__json_text(&w->json, scalar_types[i]);
  msim__json_array_end(&w->json);
  msim__json_object_end(&w->json);
  msim__schema_begin(w, "host-name");
  msim__json_key_text(&w->json, "description", "a host of the topology, a name with a dot, or an address");
  msim__schema_put_ref(w, "#/$defs/text");
  msim__json_key_uint(&w->json, "minLength", 1);
  msim__json_object_end(&w->json);
}

static void put_definitions(struct msim__schema *w)
{
  static const struct {
    const char *name;
    const struct msim__section *section;
  } sections[] = {
      {"host", &msim__section_host},       {"tcp", &msim__section_tcp},     {"disk", &msim__section_disk},
      {"nat", &msim__section_nat},         {"link", &msim__section_link},   {"way", &msim__section_way},
      {"message", &msim__section_message}, {"lan", &msim__section_network}, {"attachment", &msim__section_attachment},
      {"serve", &msim__section_serve}};
  size_t i;

  msim__schema_begin(w, "$defs");
  for (i = 0; i < sizeof sections / sizeof sections[0]; i++) {
    msim__schema_begin(w, sections[i].name);
    put_section(w, sections[i].section);
    msim__json_object_end(&w->json);
  }
  msim__schema_begin(w, "agent");
  put_agents(w);
  msim__json_object_end(&w->json);
  msim__schema_begin(w, "fault");
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
  struct msim__schema w;
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
