/* scene_ends.c: reads what a scene says beside its steps: omitted, finally, requires. */
#include "check/scene_reader.h"

#include <string.h>

void msim__scene_omitted(struct msim__scene_reader *reader, const struct msim__yaml_node *list)
{
  static const char *const fields[] = {"what", "conn", "must_occur", "why", "note", NULL};
  static const char *const whats[] = {"handshake", "teardown", NULL};
  struct msim__scene *scene = reader->scene;
  const struct msim__yaml_entry *entry;

  if (list->kind != MSIM__YAML_LIST) {
    msim__scene_error(reader, list, "omitted must be a list");
    return;
  }
  scene->omitteds = msim__scene_alloc(reader, list->count, sizeof *scene->omitteds);
  for (entry = msim__yaml_first(list); scene->omitteds != NULL && entry != NULL; entry = entry->next) {
    struct msim__omitted *omitted = &scene->omitteds[scene->omitted_count];

    if (entry->value->kind != MSIM__YAML_MAP) {
      msim__scene_error(reader, entry->value, "an omitted entry must be a map");
      continue;
    }
    msim__scene_known(reader, entry->value, "omitted", fields);
    omitted->is_teardown = msim__scene_choice(reader, entry->value, "what", true, whats) == 1;
    omitted->conn = msim__scene_connection(reader, entry->value, "conn", true);
    omitted->must_occur = msim__scene_flag(reader, entry->value, "must_occur", true);
    scene->omitted_count++;
  }
}

/* "empty", "contains m1 and m2", "lacks m1". */
static void read_alternative(struct msim__scene_reader *reader, const struct msim__yaml_node *node,
                             struct msim__alternative *out)
{
  struct msim_slice text = msim__yaml_slice(node);
  const char *at = (const char *)text.data, *end;
  char word[MSIM__SHOWN_BYTES];

  out->text = msim__scene_node_word(reader, node, "any_of");
  out->empty = msim__yaml_is_text(node, "empty");
  if (out->empty || out->text == NULL)
    return;
  out->lacks = strncmp(at, "lacks ", 6) == 0;
  out->words = msim__scene_alloc(reader, text.size_bytes / 2 + 1, sizeof *out->words);
  if (out->words == NULL)
    return;
  if (out->lacks || strncmp(at, "contains ", 9) == 0) {
    for (at += out->lacks ? 6 : 9;; at = end + 5) {
      end = strstr(at, " and ");
      end = end != NULL ? end : at + strlen(at);
      if (end == at || memchr(at, ' ', (size_t)(end - at)) != NULL)
        break;
      out->words[out->word_count++] = msim__words_get(reader->scene->words, at, (size_t)(end - at));
      if (out->words[out->word_count - 1] == NULL)
        reader->err = MSIM_ERR_NOMEM;
      if (*end == '\0')
        return;
    }
  }
  msim__scene_error(reader, node, "\"%s\" is no alternative; write \"empty\", \"contains m1 and m2\" or \"lacks m1\"",
                    msim__scene_shown(node, word));
}

static void read_any_of(struct msim__scene_reader *reader, const struct msim__yaml_node *map, struct msim__finally *out)
{
  const struct msim__yaml_node *list = msim__scene_field(reader, map, "any_of", MSIM__YAML_LIST, false);
  const struct msim__yaml_entry *entry;

  if (list == NULL)
    return;
  out->any_of = msim__scene_alloc(reader, list->count, sizeof *out->any_of);
  for (entry = msim__yaml_first(list); out->any_of != NULL && entry != NULL; entry = entry->next)
    read_alternative(reader, entry->value, &out->any_of[out->any_of_count++]);
  if (list->count == 0)
    msim__scene_error(reader, list, "any_of needs at least one alternative");
}

void msim__scene_finally(struct msim__scene_reader *reader, const struct msim__yaml_node *list)
{
  static const char *const fields[] = {"id",     "store",   "mailbox", "contains", "lacks",
                                       "any_of", "durable", "why",     "note",     NULL};
  struct msim__scene *scene = reader->scene;
  const struct msim__yaml_entry *entry;

  if (list->kind != MSIM__YAML_LIST || list->count > MSIM__SCENE_ITEMS_MAX) {
    msim__scene_error(reader, list, "finally must be a list of at most %u statements", MSIM__SCENE_ITEMS_MAX);
    return;
  }
  scene->finallys = msim__scene_alloc(reader, list->count, sizeof *scene->finallys);
  for (entry = msim__yaml_first(list); scene->finallys != NULL && entry != NULL; entry = entry->next) {
    struct msim__finally *finally = &scene->finallys[scene->finally_count];
    const struct msim__yaml_node *map = entry->value;

    if (map->kind != MSIM__YAML_MAP) {
      msim__scene_error(reader, map, "a statement of finally must be a map");
      continue;
    }
    msim__scene_known(reader, map, "finally", fields);
    finally->id = msim__scene_word(reader, map, "id", true);
    finally->store = msim__scene_actor(reader, map, "store", true);
    finally->mailbox = msim__scene_word(reader, map, "mailbox", true);
    if (msim__yaml_is_text(msim__yaml_find(map, "mailbox"), "any"))
      finally->mailbox = NULL;
    finally->durable = msim__scene_flag(reader, map, "durable", false);
    finally->contains = msim__scene_words(reader, map, "contains", false, &finally->contains_count);
    finally->lacks = msim__scene_words(reader, map, "lacks", false, &finally->lacks_count);
    read_any_of(reader, map, finally);
    scene->finally_count++;
  }
}

/* ---- requires ---- */

/* Names of hosts also stand for themselves here. */
static void find_host(struct msim__scene_reader *reader, const char *name, struct msim__actor_hosts *out)
{
  const struct msim__actor_hosts *actor = msim__scene_find_actor(reader->scene, name);

  if (actor != NULL) {
    *out = *actor;
    return;
  }
  out->name = name;
  out->hosts = msim__scene_alloc(reader, 1, sizeof *out->hosts);
  if (out->hosts == NULL)
    return;
  out->hosts[0] = name;
  out->host_count = 1;
}

static struct msim__requirement *add(struct msim__scene_reader *reader, enum msim__requirement_kind kind)
{
  struct msim__requirement *requirement = &reader->scene->requirements[reader->scene->requirement_count++];

  requirement->kind = kind;
  return requirement;
}

static void add_mailbox(struct msim__scene_reader *reader, const struct msim__yaml_node *map)
{
  const struct msim__yaml_node *step = msim__yaml_find(map, "before_step");
  struct msim__requirement *requirement;
  const char *host, *user;
  size_t index = step != NULL ? msim__scene_find_step(reader->scene, step) : MSIM__ATOM_NONE;

  if (map->kind != MSIM__YAML_MAP) {
    msim__scene_error(reader, map, "a mailbox must be a map");
    return;
  }
  host = msim__scene_word(reader, map, "host", true);
  user = msim__scene_word(reader, map, "user", true);
  /* a case without that step cannot tell */
  if (host == NULL || user == NULL || index == MSIM__ATOM_NONE)
    return;
  requirement = add(reader, MSIM__REQUIRES_MAILBOX);
  find_host(reader, host, &requirement->host);
  requirement->word = user;
  requirement->words = msim__scene_words(reader, map, "contains", false, &requirement->word_count);
  requirement->step = index;
}

static void add_link(struct msim__scene_reader *reader, const struct msim__yaml_node *node)
{
  const char *name = msim__scene_node_word(reader, node, "links_up");

  if (name != NULL)
    find_host(reader, name, &add(reader, MSIM__REQUIRES_LINK_UP)->host);
}

/* Words that the trace cannot contradict ("private inside, global outside") ask for nothing here. */
static void add_address(struct msim__scene_reader *reader, const struct msim__yaml_entry *entry)
{
  static const struct {
    const char *word;
    enum msim__scope scope;
  } scopes[] = {{"none", MSIM__SCOPE_UNSPECIFIED}, {"global", MSIM__SCOPE_GLOBAL}, {"private", MSIM__SCOPE_PRIVATE}};
  const char *name = msim__scene_node_word(reader, entry->key, "addresses");
  size_t i;

  for (i = 0; name != NULL && i < sizeof scopes / sizeof scopes[0]; i++) {
    struct msim__requirement *requirement;

    if (!msim__yaml_is_text(entry->value, scopes[i].word))
      continue;
    requirement = add(reader, MSIM__REQUIRES_ADDRESS);
    find_host(reader, name, &requirement->host);
    requirement->scope = scopes[i].scope;
  }
}

static size_t count_requirements(const struct msim__yaml_node *map)
{
  const struct msim__yaml_entry *entry;
  size_t count = 0;

  for (entry = msim__yaml_first(map); entry != NULL; entry = entry->next)
    count += 1 + (entry->value->kind != MSIM__YAML_SCALAR ? entry->value->count : 0);
  return count;
}

/* The value that holds for a key: a list or map of the case is added to that of the file, anything else replaces it. */
static bool is_replaced(const struct msim__yaml_node *value, const struct msim__yaml_node *inner_value)
{
  return inner_value != NULL && (value->kind != inner_value->kind || value->kind == MSIM__YAML_SCALAR);
}

static void add_requirement(struct msim__scene_reader *reader, const struct msim__yaml_node *key,
                            const struct msim__yaml_node *value, const struct msim__yaml_node *inner_value)
{
  static const char *const names[] = {"dhcp_server", "dns_server", "nat"};
  static const enum msim__requirement_kind kinds[] = {MSIM__REQUIRES_NO_DHCP, MSIM__REQUIRES_NO_DNS,
                                                      MSIM__REQUIRES_NO_NAT};
  const struct msim__yaml_entry *entry;
  size_t i;

  if (msim__yaml_is_text(value, "absent")) {
    for (i = 0; i < sizeof names / sizeof names[0]; i++)
      if (msim__yaml_is_text(key, names[i]))
        (void)add(reader, kinds[i]);
    return;
  }
  for (entry = msim__yaml_first(value); entry != NULL; entry = entry->next) {
    if (value->kind == MSIM__YAML_LIST && msim__yaml_is_text(key, "mailboxes"))
      add_mailbox(reader, entry->value);
    else if (value->kind == MSIM__YAML_LIST && msim__yaml_is_text(key, "links_up"))
      add_link(reader, entry->value);
    else if (value->kind == MSIM__YAML_MAP && msim__yaml_is_text(key, "addresses") &&
             (inner_value == NULL ||
              msim__yaml_find(inner_value, (const char *)msim__yaml_slice(entry->key).data) == NULL))
      add_address(reader, entry);
  }
}

void msim__scene_requires(struct msim__scene_reader *reader, const struct msim__yaml_node *outer,
                          const struct msim__yaml_node *inner)
{
  struct msim__scene *scene = reader->scene;
  const struct msim__yaml_entry *entry;

  if ((outer != NULL && outer->kind != MSIM__YAML_MAP) || (inner != NULL && inner->kind != MSIM__YAML_MAP)) {
    msim__scene_error(reader, inner != NULL ? inner : outer, "requires must be a map");
    return;
  }
  scene->requirements =
      msim__scene_alloc(reader, count_requirements(outer) + count_requirements(inner) + 1, sizeof *scene->requirements);
  if (scene->requirements == NULL)
    return;
  for (entry = msim__yaml_first(outer); entry != NULL; entry = entry->next) {
    const struct msim__yaml_node *inner_value = msim__yaml_find(inner, (const char *)msim__yaml_slice(entry->key).data);

    if (!is_replaced(entry->value, inner_value))
      add_requirement(reader, entry->key, entry->value, inner_value);
  }
  for (entry = msim__yaml_first(inner); entry != NULL; entry = entry->next)
    add_requirement(reader, entry->key, entry->value, NULL);
}
