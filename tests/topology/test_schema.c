/* test_schema.c: the schema holds each key that the loader knows and that docs/topology.md tells of, and no other. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "support/fail_mem.h"
#include "text/json_in.h"
#include "topology/probe.h"
#include "topology/sections.h"

struct written {
  char data[262144];
  size_t size_bytes;
  int err; /* what write shall return */
};

static int keep(void *ctx, const void *data, size_t size_bytes)
{
  struct written *written = ctx;

  if (written->err != 0)
    return written->err;
  assert_true(size_bytes < sizeof written->data - written->size_bytes);
  memcpy(written->data + written->size_bytes, data, size_bytes);
  written->size_bytes += size_bytes;
  return MSIM_OK;
}

/* The schema of sim as a tree that lives with world. */
struct world {
  struct msim_sim *sim;
  struct msim__mem mem;
  struct msim__arena arena;
  struct written written;
  const struct msim__json_node *root;
};

static void read_schema(struct world *world)
{
  struct msim_out out = {&world->written, keep};
  struct msim_mem hook = {NULL, NULL};
  struct msim_slice text;
  const char *why = "";

  assert_int_equal(msim_topology_schema(world->sim, &out), 0);
  msim__mem_init(&world->mem, &hook);
  msim__arena_init(&world->arena, &world->mem);
  text.data = (const uint8_t *)world->written.data;
  text.size_bytes = world->written.size_bytes;
  assert_true(text.size_bytes > 0);
  assert_int_equal(text.data[text.size_bytes - 1], '\n');
  if (msim__json_parse(&world->arena, text, &world->root, &why) != 0)
    fail_msg("no JSON: %s", why);
}

static struct world *open_world(void)
{
  struct world *world = calloc(1, sizeof *world);

  assert_non_null(world);
  world->sim = probe_sim();
  read_schema(world);
  return world;
}

static void close_world(struct world *world)
{
  msim__arena_release(&world->arena);
  msim_sim_free(world->sim);
  free(world);
}

static const struct msim__json_node *find(const struct msim__json_node *object, const char *key)
{
  const struct msim__json_node *node = msim__json_find(object, key);

  if (node == NULL)
    fail_msg("the schema has no \"%s\"", key);
  return node;
}

/* "" : the whole file. */
static const struct msim__json_node *properties_of(const struct world *world, const char *definition)
{
  const struct msim__json_node *object =
      definition[0] != '\0' ? find(find(world->root, "$defs"), definition) : world->root;
  const struct msim__json_node *closed = find(object, "additionalProperties");

  assert_true(closed->kind == MSIM__JSON_BOOL && !closed->u.truth);
  return find(object, "properties");
}

/* An alternative without keys stands before the map of keys. */
static const struct msim__json_node *map_of(const struct msim__json_node *schema)
{
  const struct msim__json_node *any = msim__json_find(schema, "anyOf"), *one;

  if (any == NULL)
    return schema;
  for (one = any->u.items.first; one != NULL; one = one->next)
    if (msim__json_find(one, "properties") != NULL || msim__json_find(one, "items") != NULL)
      return one;
  return schema;
}

static const struct msim__json_node *properties_of_agent(const struct world *world, const char *type)
{
  const struct msim__json_node *object = find(find(world->root, "$defs"), "agent")->u.items.first;

  assert_string_equal(object->key, "anyOf");
  return find(map_of(find(find(object->u.items.first, "properties"), type)), "properties");
}

/* ---- the tables ---- */

/* What stands behind a key of a map: where that is a struct, names alone may stand for the map, and nothing for the
 * struct. */
static const struct msim__json_node *map_item(const struct msim__json_node *schema)
{
  const struct msim__json_node *anyof = msim__json_find(schema, "anyOf"), *one;

  for (one = anyof != NULL ? anyof->u.items.first : NULL; one != NULL; one = one->next)
    if (msim__json_find(one, "additionalProperties") != NULL) {
      anyof = find(find(one, "additionalProperties"), "anyOf");
      assert_int_equal(anyof->u.items.count, 2);
      assert_string_equal(find(anyof->u.items.first, "type")->u.text.data, "null");
      return anyof->u.items.first->next;
    }
  return find(schema, "additionalProperties");
}

static void assert_fields(const struct msim_field *fields, const struct msim__json_node *properties);

static void assert_field(const struct msim_field *field, const struct msim__json_node *schema)
{
  const struct msim__json_node *help = msim__json_find(schema, "description");

  if (field->help != NULL)
    assert_memory_equal(find(schema, "description")->u.text.data, field->help, strlen(field->help));
  else if (help != NULL)
    assert_true(field->min > 1 || field->max != 0);
  switch (field->kind) {
  case MSIM_FIELD_STRUCT:
    assert_fields(field->item, find(schema, "properties"));
    break;
  case MSIM_FIELD_LIST:
    assert_field(field->item, find(map_of(schema), "items"));
    break;
  case MSIM_FIELD_MAP:
    assert_field(field->item, map_item(schema));
    break;
  default:
    assert_true(msim__json_find(schema, "$ref") != NULL || msim__json_find(schema, "anyOf") != NULL);
    break;
  }
}

static void assert_fields(const struct msim_field *fields, const struct msim__json_node *properties)
{
  size_t count = 0;

  for (; fields != NULL && fields->key != NULL; fields++, count++)
    assert_field(fields, find(properties, fields->key));
  assert_int_equal(properties->u.items.count, count);
}

/* Every agent takes `tcp` too. */
static void assert_agent(const struct msim_field *fields, const struct msim__json_node *properties)
{
  size_t count = 1;

  for (; fields != NULL && fields->key != NULL; fields++, count++)
    assert_field(fields, find(properties, fields->key));
  assert_string_equal(find(find(properties, "tcp"), "$ref")->u.text.data, "#/$defs/tcp");
  assert_int_equal(properties->u.items.count, count);
}

static void schema_when_agents_then_every_key_of_every_table(void **state)
{
  struct world *world = open_world();
  const struct msim_agent_type *type;
  size_t i;

  (void)state;
  for (i = 0; (type = msim_agent_type_at(world->sim, i)) != NULL; i++)
    assert_agent(type->fields, properties_of_agent(world, type->name));
  assert_true(i >= 4); /* three built-in types and the probe */
  close_world(world);
}

static void schema_when_sections_then_every_key_and_none_more(void **state)
{
  static const struct {
    const char *definition;
    const struct msim__section *section;
  } cases[] = {{"", &msim__section_main},     {"host", &msim__section_host}, {"tcp", &msim__section_tcp},
               {"disk", &msim__section_disk}, {"link", &msim__section_link}, {"way", &msim__section_way}};
  struct world *world = open_world();
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    const struct msim__json_node *properties = properties_of(world, cases[i].definition);
    const struct msim__section *part;
    const struct msim__key *key;
    const struct msim_field *field;
    size_t count = 0;

    for (part = cases[i].section; part != NULL; part = part->also) {
      for (key = part->keys; key != NULL && key->name != NULL; key++, count++) {
        assert_non_null(key->help);
        assert_string_equal(find(find(properties, key->name), "description")->u.text.data, key->help);
      }
      for (field = part->fields; field != NULL && field->key != NULL; field++, count++) {
        assert_non_null(field->help);
        assert_field(field, find(properties, field->key));
      }
    }
    assert_int_equal(properties->u.items.count, count);
  }
  close_world(world);
}

/* ---- the loader ---- */

/* Whether the loader says that it does not know the key in this place. */
static bool is_unknown(const char *format, const char *key)
{
  static const struct probe_file files[] = {{NULL, NULL}};
  char text[512], needle[128];
  struct probe_said said;
  struct msim_sim *sim = probe_sim();

  snprintf(text, sizeof text, format, key);
  snprintf(needle, sizeof needle, "unknown key \"%s\"", key);
  (void)probe_load(sim, text, files, &said);
  msim_sim_free(sim);
  return strstr(said.text, needle) != NULL;
}

static void schema_when_key_is_in_it_then_the_loader_knows_it(void **state)
{
  static const struct {
    const char *definition, *format;
  } cases[] = {
      {"", "%s: []\n"},
      {"host", "mailsim: 1\nhosts: {a: {%s: }}\n"},
      {"tcp", "mailsim: 1\nhosts: {a: {tcp: {%s: }}}\n"},
      {"link", "mailsim: 1\nhosts: {a: , b: }\nlinks: [{join: [a, b], delay: 1s, %s: []}]\n"},
      {"way", "mailsim: 1\nhosts: {a: , b: }\nlinks: [{join: [a, b], delay: 1s, back: {%s: }}]\n"},
  };
  struct world *world = open_world();
  const struct msim__json_node *key;
  char other[80];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (key = properties_of(world, cases[i].definition)->u.items.first; key != NULL; key = key->next) {
      if (is_unknown(cases[i].format, key->key))
        fail_msg("%s: the loader does not know \"%s\"", cases[i].definition, key->key);
      snprintf(other, sizeof other, "%sx", key->key);
      assert_true(is_unknown(cases[i].format, other));
    }
  close_world(world);
}

/* ---- the documentation ---- */

/* Takes the words in backquotes of a table row's first column; each must be among the properties. Returns how many. */
static size_t take_row(const char *row, const struct msim__json_node *properties)
{
  const char *end = strchr(row + 1, '|'), *open = strchr(row, '`'), *close;
  size_t count = 0;
  char word[64];

  for (; open != NULL && open < end; open = strchr(close + 1, '`'), count++) {
    close = strchr(open + 1, '`');
    assert_non_null(close);
    snprintf(word, sizeof word, "%.*s", (int)(close - open - 1), open + 1);
    if (msim__json_find(properties, word) == NULL)
      fail_msg("docs/topology.md tells of the key \"%s\", which the schema does not know", word);
  }
  return count;
}

/* Which properties the tables behind this line are about; NULL: none. */
static const struct msim__json_node *topic(const struct world *world, const char *line)
{
  static const char *const headings[][2] = {{"## Sections\n", ""},
                                            {"## Hosts\n", "host"},
                                            {"### nat\n", "nat"},
                                            {"### tcp\n", "tcp"},
                                            {"## Links\n", "link"}};
  const struct msim_agent_type *type;
  char bold[80];
  size_t i;

  for (i = 0; i < sizeof headings / sizeof headings[0]; i++)
    if (strncmp(line, headings[i][0], strlen(headings[i][0])) == 0)
      return properties_of(world, headings[i][1]);
  for (i = 0; (type = msim_agent_type_at(world->sim, i)) != NULL; i++) {
    snprintf(bold, sizeof bold, "**%s**:", type->name);
    if (strncmp(line, bold, strlen(bold)) == 0)
      return properties_of_agent(world, type->name);
  }
  return NULL;
}

static void schema_when_compared_with_the_documentation_then_the_same_keys(void **state)
{
  static char text[131072];
  struct world *world = open_world();
  FILE *file = fopen(MSIM_SOURCE_DIR "/docs/topology.md", "rb");
  const struct msim__json_node *properties = NULL;
  size_t size, told = 0, topic_count = 0;
  char *line, *end;

  (void)state;
  assert_non_null(file);
  size = fread(text, 1, sizeof text - 1, file);
  fclose(file);
  assert_true(size > 0 && size < sizeof text - 1);
  text[size] = '\0';
  for (line = text; *line != '\0'; line = end + 1) {
    const struct msim__json_node *next = topic(world, line);

    end = strchr(line, '\n');
    assert_non_null(end);
    if (next != NULL || *line == '#') {
      if (properties != NULL)
        assert_int_equal(told, properties->u.items.count);
      properties = next;
      topic_count += next != NULL;
      told = next != NULL && *line == '*' ? 1 : 0; /* `tcp` of every agent, told in one place */
    }
    if (properties != NULL && strncmp(line, "| `", 3) == 0)
      told += take_row(line, properties);
  }
  assert_null(properties); /* the last heading is another one */
  assert_int_equal(topic_count, 5 + 12);
  close_world(world);
}

/* ---- types from outside ---- */

static const struct msim_field endless_item[2];
static const struct msim_field endless_fields[] = {
    {.key = "inner", .kind = MSIM_FIELD_STRUCT, .fallback = "", .item = endless_fields, .item_bytes = sizeof(void *)},
    {.key = "list", .kind = MSIM_FIELD_LIST, .fallback = "", .item = endless_item, .item_bytes = sizeof(void *)},
    {.key = NULL},
};
static const struct msim_field endless_item[2] = {
    {.key = "each", .kind = MSIM_FIELD_STRUCT, .item = endless_fields, .item_bytes = sizeof(void *)},
};

static const char *const colors[] = {"red", "gr\xc3\xbcn", "\"quoted\\\xff", NULL};
static const struct msim_field odd_fields[] = {
    {.key = "color", .kind = MSIM_FIELD_ENUM, .fallback = "red", .names = colors, .help = "<b>\"\x01\xc3</b>"},
    {.key = "net", .kind = MSIM_FIELD_CIDR, .fallback = ""},
    {.key = "share", .kind = MSIM_FIELD_PPM, .fallback = "2%", .min = 10, .max = 500000, .help = "of all"},
    {.key = "pause", .kind = MSIM_FIELD_DURATION_NS, .max = 1000000},
    {.key = NULL},
};

static int start(struct msim_agent *agent)
{
  (void)agent;
  return 0;
}

static void schema_when_foreign_tables_then_still_json_and_bounded(void **state)
{
  static const struct msim_agent_type endless = {.name = "endless", .fields = endless_fields, .start = start};
  static const struct msim_agent_type odd = {.name = "o/~\"dd", .fields = odd_fields, .start = start};
  struct world *world = calloc(1, sizeof *world);
  const struct msim__json_node *properties;

  (void)state;
  assert_non_null(world);
  world->sim = probe_sim();
  assert_int_equal(msim_agent_register(world->sim, &endless), 0);
  assert_int_equal(msim_agent_register(world->sim, &odd), 0);
  read_schema(world);
  properties = properties_of_agent(world, "o/~\"dd");
  assert_int_equal(properties->u.items.count, 5); /* `tcp` too */
  assert_string_equal(find(find(properties, "color"), "default")->u.text.data, "red");
  assert_string_equal(find(find(properties, "share"), "description")->u.text.data,
                      "of all; at least 10ppm, at most 50%");
  assert_string_equal(find(find(properties, "pause"), "description")->u.text.data, "at most 1ms");
  assert_non_null(properties_of_agent(world, "endless"));
  close_world(world);
}

/* ---- failures ---- */

static void schema_when_writing_fails_then_that_error(void **state)
{
  struct world *world = open_world();
  struct msim_out out = {&world->written, keep};

  (void)state;
  world->written.err = MSIM_ERR_IO;
  assert_int_equal(msim_topology_schema(world->sim, &out), MSIM_ERR_IO);
  close_world(world);
}

static void schema_when_memory_fails_then_nomem_and_no_leak(void **state)
{
  static struct written written;
  uint64_t at;

  (void)state;
  for (at = 1;; at++) {
    struct msim_out out = {&written, keep};
    struct fail_mem memory;
    struct msim_sim_opts opts;
    struct msim_sim *sim;
    int err;

    fail_mem_init(&memory, 0);
    memset(&opts, 0, sizeof opts);
    opts.mem = memory.hook;
    assert_int_equal(msim_sim_new(&sim, &opts), 0);
    memory.fail_at = memory.request_count + at;
    written.size_bytes = 0;
    err = msim_topology_schema(sim, &out);
    assert_int_equal(err, memory.failed_count > 0 ? MSIM_ERR_NOMEM : 0);
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&memory));
    if (err == 0)
      break;
  }
  assert_true(at > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(schema_when_agents_then_every_key_of_every_table),
      cmocka_unit_test(schema_when_sections_then_every_key_and_none_more),
      cmocka_unit_test(schema_when_key_is_in_it_then_the_loader_knows_it),
      cmocka_unit_test(schema_when_compared_with_the_documentation_then_the_same_keys),
      cmocka_unit_test(schema_when_foreign_tables_then_still_json_and_bounded),
      cmocka_unit_test(schema_when_writing_fails_then_that_error),
      cmocka_unit_test(schema_when_memory_fails_then_nomem_and_no_leak),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
