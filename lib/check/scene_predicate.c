/* scene_predicate.c: reads one predicate: a step's atom, or a line of `never`. Does not know order: scene_steps.c. */
#include "check/scene_reader.h"

#include <mailsim/packet.h>

#include <string.h>

#include "text/yaml_read.h"

static void set(struct msim__predicate *p, enum msim__test test)
{
  p->tests |= MSIM__TEST_BIT(test);
}

static void read_scalar(struct msim__scene_reader *reader, const struct msim__yaml_node *node,
                        struct msim__seen_value *out)
{
  struct msim_slice text = msim__yaml_slice(node);
  struct msim_diag diag;

  if (msim__yaml_is_null(node)) {
    out->kind = MSIM__SEEN_OTHER;
    return;
  }
  if (node->plain && (msim__yaml_is_text(node, "true") || msim__yaml_is_text(node, "false"))) {
    out->kind = MSIM__SEEN_BOOL;
    out->u.truth = msim__yaml_is_text(node, "true");
    return;
  }
  if (node->plain && msim__yaml_read_int(node, NULL, INT64_MIN, INT64_MAX, &out->u.integer, &diag) == MSIM_OK) {
    out->kind = MSIM__SEEN_INT;
    return;
  }
  out->kind = MSIM__SEEN_TEXT;
  out->u.text = msim__words_get(reader->scene->words, (const char *)text.data, text.size_bytes);
  if (out->u.text == NULL)
    reader->err = MSIM_ERR_NOMEM;
}

static void read_value(struct msim__scene_reader *reader, const struct msim__yaml_node *node,
                       struct msim__seen_value *out)
{
  const struct msim__yaml_entry *entry;
  struct msim__seen_value *items;
  size_t count = 0;

  if (node->kind == MSIM__YAML_SCALAR) {
    read_scalar(reader, node, out);
    return;
  }
  out->kind = MSIM__SEEN_OTHER;
  if (node->kind == MSIM__YAML_MAP) {
    msim__scene_error(reader, node, "a value is a text, a whole number, true, false or a list of these, not a map");
    return;
  }
  items = msim__scene_alloc(reader, node->count, sizeof *items);
  for (entry = msim__yaml_first(node); items != NULL && entry != NULL; entry = entry->next) {
    if (entry->value->kind == MSIM__YAML_SCALAR)
      read_scalar(reader, entry->value, &items[count++]);
    else
      msim__scene_error(reader, entry->value, "a list inside of a value holds single values only");
  }
  out->kind = MSIM__SEEN_LIST;
  out->u.list.items = items;
  out->u.list.count = count;
}

static void read_has(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                     struct msim__condition *condition)
{
  size_t count = 0, i;
  const char **words = msim__scene_words(reader, map, "has", true, &count);
  struct msim__seen_value *items = msim__scene_alloc(reader, count, sizeof *items);

  condition->op = MSIM__CONDITION_HAS;
  condition->value.kind = MSIM__SEEN_LIST;
  for (i = 0; items != NULL && i < count; i++) {
    items[i].kind = MSIM__SEEN_TEXT;
    items[i].u.text = words[i];
  }
  condition->value.u.list.items = items;
  condition->value.u.list.count = items != NULL ? count : 0;
}

static enum msim__scope read_scope(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                                   const char *key)
{
  static const char *const names[] = {"global", "private", NULL};
  int choice = msim__scene_choice(reader, map, key, false, names);

  return choice == 0 ? MSIM__SCOPE_GLOBAL : choice == 1 ? MSIM__SCOPE_PRIVATE : MSIM__SCOPE_UNKNOWN;
}

static void read_conditions(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                            struct msim__conditions *out)
{
  const struct msim__yaml_entry *entry;

  if (map == NULL)
    return;
  out->items = msim__scene_alloc(reader, map->count, sizeof *out->items);
  for (entry = msim__yaml_first(map); out->items != NULL && entry != NULL; entry = entry->next) {
    struct msim__condition *condition = &out->items[out->count++];
    struct msim_slice key = msim__yaml_slice(entry->key);
    size_t name_bytes = key.size_bytes;

    if (msim__yaml_is_text(entry->key, "has")) {
      read_has(reader, map, condition);
      continue;
    }
    if (name_bytes > 3 && memcmp(key.data + name_bytes - 3, "_is", 3) == 0) {
      name_bytes -= 3;
      condition->op = MSIM__CONDITION_SCOPE;
      condition->scope = read_scope(reader, map, (const char *)key.data);
    } else {
      condition->op = MSIM__CONDITION_EQUAL;
      read_value(reader, entry->value, &condition->value);
    }
    condition->value.name = msim__words_get(reader->scene->words, (const char *)key.data, name_bytes);
    if (condition->value.name == NULL)
      reader->err = MSIM_ERR_NOMEM;
  }
}

static uint8_t read_flags(struct msim__scene_reader *reader, const struct msim__yaml_node *flags, const char *group)
{
  static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
  const struct msim__yaml_node *list = msim__scene_field(reader, flags, group, MSIM__YAML_LIST, false);
  const struct msim__yaml_entry *entry;
  struct msim_diag diag;
  uint8_t bits = 0;
  size_t index;

  for (entry = msim__yaml_first(list); entry != NULL; entry = entry->next) {
    if (msim__yaml_read_word(entry->value, "flags", names, sizeof names / sizeof names[0], &index, &diag) == MSIM_OK)
      bits |= (uint8_t)(1u << index); /* the names are in the order of the bits of enum msim_tcp_flag */
    else
      msim__scene_error(reader, entry->value, "%s", diag.text);
  }
  return bits;
}

static void read_tcp_fields(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                            struct msim__predicate *p)
{
  static const char *const flag_fields[] = {"has", "lacks", NULL};
  static const char *const payloads[] = {"none", "some", NULL};
  static const char *const dirs[] = {"client-to-server", "server-to-client", NULL};
  static const char *const points[] = {"tx", "rx", NULL};
  const struct msim__yaml_node *flags = msim__scene_field(reader, map, "flags", MSIM__YAML_MAP, false);
  int choice;

  if (flags != NULL) {
    msim__scene_known(reader, flags, "flags", flag_fields);
    p->has = read_flags(reader, flags, "has");
    p->lacks = read_flags(reader, flags, "lacks");
    p->tests |= p->has != 0 ? MSIM__TEST_BIT(MSIM__TEST_FLAGS_HAS) : 0;
    p->tests |= p->lacks != 0 ? MSIM__TEST_BIT(MSIM__TEST_FLAGS_LACKS) : 0;
  }
  choice = msim__scene_choice(reader, map, "payload", false, payloads);
  if (choice >= 0)
    set(p, MSIM__TEST_PAYLOAD);
  p->payload = choice == 1;
  choice = msim__scene_choice(reader, map, "dir", false, dirs);
  if (choice >= 0)
    set(p, MSIM__TEST_DIR);
  p->dir = choice == 1 ? MSIM__SEEN_TO_CLIENT : MSIM__SEEN_TO_SERVER;
  choice = msim__scene_choice(reader, map, "point", false, points);
  p->has_point = choice >= 0;
  p->rx = choice == 1;
  p->source = read_scope(reader, map, "source_is");
  p->dest = read_scope(reader, map, "dest_is");
  p->tests |= p->source != MSIM__SCOPE_UNKNOWN ? MSIM__TEST_BIT(MSIM__TEST_SOURCE_IS) : 0;
  p->tests |= p->dest != MSIM__SCOPE_UNKNOWN ? MSIM__TEST_BIT(MSIM__TEST_DEST_IS) : 0;
}

static void read_carries(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                         struct msim__predicate *p)
{
  static const char *const fields[] = {"unit", "message", "edge", "values", NULL};
  static const char *const edges[] = {"first", "last", NULL};
  const struct msim__yaml_node *carries = msim__scene_field(reader, map, "carries", MSIM__YAML_MAP, false);
  int edge;

  if (carries == NULL)
    return;
  msim__scene_known(reader, carries, "carries", fields);
  set(p, MSIM__TEST_CARRIES);
  p->unit = msim__scene_word(reader, carries, "unit", true);
  p->message = msim__scene_word(reader, carries, "message", false);
  edge = msim__scene_choice(reader, carries, "edge", false, edges);
  p->edge = edge < 0 ? 0 : edge == 0 ? MSIM_EDGE_FIRST : MSIM_EDGE_LAST;
  read_conditions(reader, msim__scene_field(reader, carries, "values", MSIM__YAML_MAP, false), &p->unit_values);
}

static void read_ends(struct msim__scene_reader *reader, const struct msim__yaml_node *map, struct msim__predicate *p)
{
  p->conn = msim__scene_connection(reader, map, "conn", false);
  p->from = msim__scene_actor(reader, map, "from", false);
  p->broadcast = msim__yaml_is_text(msim__yaml_find(map, "to"), "broadcast");
  p->to = p->broadcast ? NULL : msim__scene_actor(reader, map, "to", false);
  p->host = msim__scene_actor(reader, map, "host", false);
  p->target = msim__scene_actor(reader, map, "target", false);
  p->tests |= p->conn != MSIM__ATOM_NONE ? MSIM__TEST_BIT(MSIM__TEST_CONN) : 0;
  p->tests |= p->from != NULL ? MSIM__TEST_BIT(MSIM__TEST_FROM) : 0;
  p->tests |= p->to != NULL || p->broadcast ? MSIM__TEST_BIT(MSIM__TEST_TO) : 0;
  p->tests |= p->host != NULL ? MSIM__TEST_BIT(MSIM__TEST_HOST) : 0;
  p->tests |= p->target != NULL ? MSIM__TEST_BIT(MSIM__TEST_TARGET) : 0;
}

static size_t read_witness(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                           bool segment_only)
{
  const struct msim__yaml_node *node = msim__scene_field(reader, map, key, MSIM__YAML_SCALAR, false);
  size_t atom = node != NULL ? msim__scene_reference(reader, node) : MSIM__ATOM_NONE;
  uint8_t match = atom != MSIM__ATOM_NONE ? reader->scene->atoms[atom].p.match : MSIM__SEEN_SEGMENT;

  if (match != MSIM__SEEN_SEGMENT && (segment_only || match != MSIM__SEEN_DATAGRAM))
    msim__scene_error(reader, node, "%s must name a segment", key);
  return atom;
}

void msim__scene_predicate(struct msim__scene_reader *reader, const struct msim__yaml_node *map, bool for_never,
                           struct msim__predicate *p)
{
  static const char *const fields[] = {"id",        "match",   "conn",  "from",  "to",   "dir",    "flags",
                                       "payload",   "carries", "acks",  "of",    "host", "event",  "where",
                                       "source_is", "dest_is", "point", "after", "what", "target", NULL};
  static const char *const never_fields[] = {
      "id",    "match", "conn",      "from",    "to",    "dir",   "flags", "payload", "carries", "acks",   "of", "host",
      "event", "where", "source_is", "dest_is", "point", "after", "what",  "target",  "why",     "before", NULL};
  static const char *const matches[] = {"segment", "datagram", "arp", "app", NULL};
  int match;

  msim__scene_known(reader, map, "a predicate", for_never ? never_fields : fields);
  p->id = msim__scene_word(reader, map, "id", true);
  match = msim__scene_choice(reader, map, "match", true, matches);
  p->match = match >= 0 ? (uint8_t)match : (uint8_t)MSIM__SEEN_SEGMENT; /* the names are in the order of the kinds */
  set(p, MSIM__TEST_MATCH);
  read_ends(reader, map, p);
  read_tcp_fields(reader, map, p);
  read_carries(reader, map, p);
  p->event = msim__scene_word(reader, map, "event", false);
  p->what = msim__scene_word(reader, map, "what", false);
  p->tests |= p->event != NULL ? MSIM__TEST_BIT(MSIM__TEST_EVENT) : 0;
  p->tests |= p->what != NULL ? MSIM__TEST_BIT(MSIM__TEST_WHAT) : 0;
  if (msim__yaml_find(map, "where") != NULL) {
    set(p, MSIM__TEST_WHERE);
    read_conditions(reader, msim__scene_field(reader, map, "where", MSIM__YAML_MAP, false), &p->where);
  }
  p->acks = read_witness(reader, map, "acks", true);
  p->of = read_witness(reader, map, "of", false);
  p->tests |= p->acks != MSIM__ATOM_NONE ? MSIM__TEST_BIT(MSIM__TEST_ACKS) : 0;
  p->tests |= p->of != MSIM__ATOM_NONE ? MSIM__TEST_BIT(MSIM__TEST_OF) : 0;
}
