/* scene.c: reads a scene file: the choice of a case, what it inherits, actors, connections. See scene.h. */
#include "check/scene.h"

#include <stdio.h>
#include <string.h>

#include "check/scene_reader.h"
#include "text/yaml_read.h"

/* What the case says when it says something, else what the file says. */
static const struct msim__yaml_node *field(const struct msim__scene_reader *reader, const char *key)
{
  const struct msim__yaml_node *node = msim__yaml_find(reader->chosen, key);

  return node != NULL ? node : msim__yaml_find(reader->root, key);
}

/* The maps of the file and of the case for a key whose entries add up; wrong kinds are reported. Returns how many
 * entries there may be. */
static size_t both_maps(struct msim__scene_reader *reader, const char *key, const struct msim__yaml_node **outer,
                        const struct msim__yaml_node **inner)
{
  *outer = msim__scene_field(reader, reader->root, key, MSIM__YAML_MAP, false);
  *inner = reader->chosen != NULL ? msim__scene_field(reader, reader->chosen, key, MSIM__YAML_MAP, false) : NULL;
  return (*outer != NULL ? (*outer)->count : 0) + (*inner != NULL ? (*inner)->count : 0);
}

typedef void entry_fn(struct msim__scene_reader *reader, const struct msim__yaml_node *key,
                      const struct msim__yaml_node *value);

/* Entries of the file, replaced by those of the case of the same name; then the other ones of the case. */
static void each_of_both(struct msim__scene_reader *reader, const struct msim__yaml_node *outer,
                         const struct msim__yaml_node *inner, entry_fn *fn)
{
  const struct msim__yaml_entry *entry;

  for (entry = msim__yaml_first(outer); entry != NULL; entry = entry->next) {
    const struct msim__yaml_node *instead = msim__yaml_find(inner, (const char *)msim__yaml_slice(entry->key).data);

    fn(reader, entry->key, instead != NULL ? instead : entry->value);
  }
  for (entry = msim__yaml_first(inner); entry != NULL; entry = entry->next)
    if (msim__yaml_find(outer, (const char *)msim__yaml_slice(entry->key).data) == NULL)
      fn(reader, entry->key, entry->value);
}

static void read_actor(struct msim__scene_reader *reader, const struct msim__yaml_node *key,
                       const struct msim__yaml_node *value)
{
  static const char *const fields[] = {"hosts", "note", NULL};
  struct msim__actor_hosts *actor = &reader->scene->actors[reader->scene->actor_count];

  if (value->kind != MSIM__YAML_MAP) {
    msim__scene_error(reader, value, "an actor must be a map with its hosts");
    return;
  }
  msim__scene_known(reader, value, "an actor", fields);
  actor->name = msim__scene_node_word(reader, key, "actors");
  actor->hosts = msim__scene_words(reader, value, "hosts", true, &actor->host_count);
  reader->scene->actor_count++;
}

static void read_ports(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                       struct msim__scene_conn *conn)
{
  const struct msim__yaml_node *list = msim__scene_field(reader, map, "ports", MSIM__YAML_LIST, true);
  const struct msim__yaml_entry *entry;
  struct msim_diag diag;

  if (list == NULL)
    return;
  if (list->count == 0)
    msim__scene_error(reader, list, "ports must name at least one port");
  conn->ports = msim__scene_alloc(reader, list->count, sizeof *conn->ports);
  for (entry = msim__yaml_first(list); conn->ports != NULL && entry != NULL; entry = entry->next) {
    uint64_t port;

    if (msim__yaml_read_uint(entry->value, "ports", 1, 65535, &port, &diag) != MSIM_OK)
      msim__scene_error(reader, entry->value, "%s", diag.text);
    else
      conn->ports[conn->port_count++] = (uint16_t)port;
  }
}

static void read_connection(struct msim__scene_reader *reader, const struct msim__yaml_node *key,
                            const struct msim__yaml_node *value)
{
  static const char *const fields[] = {"client", "server", "service", "ports", "pick", "internal", "note", NULL};
  static const char *const picks[] = {"first-established", NULL};
  struct msim__scene_conn *conn = &reader->scene->conns[reader->scene->conn_count];

  if (value->kind != MSIM__YAML_MAP) {
    msim__scene_error(reader, value, "a connection must be a map");
    return;
  }
  msim__scene_known(reader, value, "a connection", fields);
  conn->name = msim__scene_node_word(reader, key, "connections");
  conn->client = msim__scene_actor(reader, value, "client", true);
  conn->server = msim__scene_actor(reader, value, "server", true);
  (void)msim__scene_choice(reader, value, "pick", true, picks);
  (void)msim__scene_flag(reader, value, "internal", false);
  read_ports(reader, value, conn);
  reader->scene->conn_count++;
}

/* Lists the cases that there are: "a, b, c". */
static const char *case_names(const struct msim__yaml_node *list, char *out, size_t out_bytes)
{
  const struct msim__yaml_entry *entry;
  char word[MSIM__SHOWN_BYTES];
  size_t used = 0;

  out[0] = '\0';
  for (entry = msim__yaml_first(list); entry != NULL; entry = entry->next) {
    const struct msim__yaml_node *id = msim__yaml_find(entry->value, "case");
    const char *text = id != NULL ? msim__scene_shown(id, word) : "?";

    if (used + strlen(text) + 3 > out_bytes)
      break;
    used += (size_t)snprintf(out + used, out_bytes - used, "%s%s", used > 0 ? ", " : "", text);
  }
  return out;
}

static int choose_case(struct msim__scene_reader *reader, const char *case_id)
{
  static const char *const fields[] = {"case",     "title", "origin",  "note",  "actors",  "requires", "connections",
                                       "messages", "steps", "omitted", "never", "finally", NULL};
  const struct msim__yaml_node *list = msim__scene_field(reader, reader->root, "cases", MSIM__YAML_LIST, false);
  const struct msim__yaml_entry *entry;
  char names[160];

  if (list == NULL) {
    if (case_id != NULL && reader->err == MSIM_OK) {
      msim__scene_error(reader, reader->root, "case \"%.60s\" is asked for, but the scene has no cases", case_id);
      reader->err = MSIM_ERR_NOT_FOUND;
    }
    return reader->err;
  }
  for (entry = msim__yaml_first(list); entry != NULL && reader->chosen == NULL; entry = entry->next)
    if (case_id != NULL && entry->value->kind == MSIM__YAML_MAP &&
        msim__yaml_is_text(msim__yaml_find(entry->value, "case"), case_id))
      reader->chosen = entry->value;
  if (reader->chosen != NULL) {
    msim__scene_known(reader, reader->chosen, "a case", fields);
    return reader->err;
  }
  (void)case_names(list, names, sizeof names);
  if (case_id == NULL)
    msim__scene_error(reader, list, "the scene has several cases, choose one of %s", names);
  else
    msim__scene_error(reader, list, "there is no case \"%.60s\"; there are %s", case_id, names);
  reader->err = MSIM_ERR_NOT_FOUND;
  return reader->err;
}

static void read_name(struct msim__scene_reader *reader, const char *case_id)
{
  struct msim__scene *scene = reader->scene;
  const char *name = msim__scene_word(reader, reader->root, "scene", true);
  const struct msim__yaml_node *title = field(reader, "title");
  size_t name_bytes, case_bytes;
  char *whole;

  scene->title = title != NULL ? msim__scene_node_word(reader, title, "title") : NULL;
  scene->name = name;
  if (name == NULL || case_id == NULL)
    return;
  name_bytes = strlen(name);
  case_bytes = strlen(case_id);
  whole = msim__scene_alloc(reader, name_bytes + case_bytes + 2, 1);
  if (whole == NULL)
    return;
  memcpy(whole, name, name_bytes);
  whole[name_bytes] = '/';
  memcpy(whole + name_bytes + 1, case_id, case_bytes + 1);
  scene->name = whole;
}

static void read_tables(struct msim__scene_reader *reader)
{
  struct msim__scene *scene = reader->scene;
  const struct msim__yaml_node *outer, *inner;
  size_t count = both_maps(reader, "actors", &outer, &inner);

  if (count == 0 && reader->err == MSIM_OK)
    msim__scene_error(reader, reader->root, "\"actors\" is missing");
  scene->actors = msim__scene_alloc(reader, count, sizeof *scene->actors);
  if (scene->actors != NULL)
    each_of_both(reader, outer, inner, read_actor);
  count = both_maps(reader, "connections", &outer, &inner);
  scene->conns = msim__scene_alloc(reader, count, sizeof *scene->conns);
  if (scene->conns != NULL)
    each_of_both(reader, outer, inner, read_connection);
  (void)both_maps(reader, "messages", &outer, &inner);
}

int msim__scene_read(struct msim__scene *scene, const struct msim__yaml_node *root, const char *case_id,
                     msim_diag_fn *fn, void *user)
{
  static const char *const fields[] = {"spec",   "scene",    "title",       "origin",   "note",
                                       "actors", "requires", "connections", "messages", "steps",
                                       "cases",  "omitted",  "never",       "finally",  NULL};
  struct msim__scene_reader reader = {.scene = scene, .root = root, .fn = fn, .user = user};
  const struct msim__yaml_node *node;

  if (root->kind != MSIM__YAML_MAP) {
    msim__scene_error(&reader, root, "a scene is a map with the keys spec, scene, actors, steps");
    return reader.err;
  }
  if (!msim__yaml_is_text(msim__yaml_find(root, "spec"), MSIM__SCENE_SPEC)) {
    node = msim__yaml_find(root, "spec");
    msim__scene_error(&reader, node != NULL ? node : root, "spec must be " MSIM__SCENE_SPEC);
    return reader.err;
  }
  msim__scene_known(&reader, root, "a scene", fields);
  if (choose_case(&reader, case_id) != MSIM_OK)
    return reader.err;
  read_name(&reader, case_id);
  read_tables(&reader);
  node = field(&reader, "steps");
  if (node == NULL)
    msim__scene_error(&reader, reader.chosen != NULL ? reader.chosen : root, "\"steps\" is missing");
  else if (reader.err != MSIM_ERR_NOMEM)
    msim__scene_steps(&reader, node);
  if (reader.err == MSIM_ERR_NOMEM || scene->steps == NULL || scene->atoms == NULL)
    return reader.err;
  if ((node = field(&reader, "never")) != NULL)
    msim__scene_never(&reader, node);
  if ((node = field(&reader, "omitted")) != NULL)
    msim__scene_omitted(&reader, node);
  if ((node = field(&reader, "finally")) != NULL)
    msim__scene_finally(&reader, node);
  msim__scene_requires(&reader, msim__yaml_find(root, "requires"), msim__yaml_find(reader.chosen, "requires"));
  return reader.err;
}
