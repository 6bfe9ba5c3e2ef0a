/* read.c: a fault from its text: the keys that all have, and one that names its kind. */
#include "fault/fault.h"

#include "net/origin.h"
#include "text/diag.h"
#include "text/suggest.h"
#include "text/yaml_flow.h"
#include "text/yaml_read.h"
#include "text/yaml_tree.h"

#include <stdio.h>
#include <string.h>

#define KINDS_MAX 64u
#define WHY_BYTES 240

struct after_keys {
  const char *event, *host, *agent, *conn, *segment;
  struct msim_list with;
  uint64_t nth;
  msim_ns delay_ns;
};

struct common_keys {
  const char *id;
  msim_ns at_ns, for_ns;
  const struct after_keys *after;
};

const char *msim__fault_check_id(const char *text)
{
  const char *p;

  if (text[0] == '\0' || strlen(text) > MSIM_FAULT_ID_BYTES_MAX)
    return "the id of a fault has 1 to 63 bytes";
  for (p = text; *p != '\0'; p++)
    if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') || (*p >= '0' && *p <= '9') || *p == '-' || *p == '_' ||
          *p == '.'))
      return "the id of a fault may hold letters, digits and - _ . only";
  return NULL;
}

static const struct msim_field with_item[] = {
    {.key = "with", .kind = MSIM_FIELD_TEXT, .offset = offsetof(struct msim__value_match, glob)},
};

#define GLOB(key_text, member, help_text)                                                                              \
  {                                                                                                                    \
    .key = key_text, .kind = MSIM_FIELD_TEXT, .offset = offsetof(struct after_keys, member), .fallback = "",           \
    .help = help_text                                                                                                  \
  }

static const struct msim_field after_fields[] = {
    GLOB("event", event, "its name, such as message.accepted or crash; * and ? are allowed in all of these"),
    GLOB("host", host, "where it happens"),
    GLOB("agent", agent, "whose event it is, by type"),
    {.key = "with",
     .kind = MSIM_FIELD_MAP,
     .offset = offsetof(struct after_keys, with),
     .fallback = "{}",
     .item = with_item,
     .item_bytes = sizeof(struct msim__value_match),
     .max = 16,
     .help = "values that it has, by name: {message: m1}"},
    GLOB("conn", conn, "instead of an event: a segment of such a connection is sent, relay>mx:25#*"),
    GLOB("segment", segment, "with conn: which one, c3 or s2"),
    {.key = "nth",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct after_keys, nth),
     .fallback = "1",
     .min = 1,
     .max = UINT32_MAX,
     .help = "not the first time, but this one"},
    {.key = "delay",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct after_keys, delay_ns),
     .fallback = "0s",
     .help = "so long after it"},
    {.key = NULL},
};

const struct msim_field msim__fault_fields[] = {
    {.key = "id",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct common_keys, id),
     .check = msim__fault_check_id,
     .help = "its name in traces, and that of its random stream"},
    {.key = "at",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct common_keys, at_ns),
     .fallback = "0s",
     .help = "when it begins"},
    {.key = "after",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct common_keys, after),
     .fallback = "",
     .item = after_fields,
     .item_bytes = sizeof(struct after_keys),
     .help = "instead of at: it begins when this has happened"},
    {.key = "for",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct common_keys, for_ns),
     .fallback = "",
     .min = 1,
     .help = "how long it lasts; to the end of the run when absent"},
    {.key = NULL},
};

/* The names of all kinds, NULL-terminated; returns their number. */
static size_t kind_names(const struct msim_sim *sim, const char *names[KINDS_MAX + 1])
{
  const struct msim__fault_type *type;
  size_t count = 0;

  while (count < KINDS_MAX && (type = msim__type_at(sim, MSIM__TYPE_FAULT, count)) != NULL)
    names[count++] = type->name;
  names[count] = NULL;
  return count;
}

/* The one key that names a kind; NULL with a finding. */
static const struct msim__yaml_entry *find_kind(struct msim_sim *sim, struct msim__fill *fill,
                                                const struct msim__yaml_node *item)
{
  const char *names[KINDS_MAX + 1];
  const struct msim__yaml_entry *found = NULL, *e;
  size_t count = kind_names(sim, names), i;

  for (i = 0; i < count; i++) {
    e = msim__yaml_find_entry(item, names[i]);
    if (e != NULL && found != NULL) {
      (void)msim__fill_report(fill, e->key, "a fault is of one kind: this one has the key \"%s\" already",
                              found->key->u.scalar.text);
      return NULL;
    }
    if (e != NULL)
      found = e;
  }
  if (found != NULL)
    return found;
  (void)msim__fill_report(fill, item,
                          "this fault does not say what happens: a key such as crash, down or drop is missing "
                          "(docs/faults.md has all)");
  return NULL;
}

/* That one of the keys is there without which nothing would happen. */
static int check_one_of(struct msim__fill *fill, const struct msim__fault_type *type, const struct msim__yaml_node *map)
{
  char list[WHY_BYTES];
  int used = 0;
  size_t i;

  if (type->one_of == NULL)
    return MSIM_OK;
  list[0] = '\0';
  for (i = 0; type->one_of[i] != NULL && used >= 0 && (size_t)used < sizeof list; i++) {
    if (msim__yaml_find(map, type->one_of[i]) != NULL)
      return MSIM_OK;
    used += snprintf(list + used, sizeof list - (size_t)used, "%s%s",
                     i == 0                        ? ""
                     : type->one_of[i + 1] == NULL ? " or "
                                                   : ", ",
                     type->one_of[i]);
  }
  return msim__fill_report(fill, map, "%s: write %s", type->name, list);
}

static const char *given(const char *text)
{
  return text != NULL && text[0] != '\0' ? text : NULL;
}

static int take_after(struct msim__fill *fill, const struct msim__yaml_node *place, const struct after_keys *keys,
                      struct msim__fault_plan *out)
{
  struct msim__fault_trigger *after = msim__arena_alloc(fill->arena, sizeof *after);

  if (after == NULL)
    return MSIM_ERR_NOMEM;
  after->match.event = given(keys->event);
  after->match.host = given(keys->host);
  after->match.agent = given(keys->agent);
  after->match.with = keys->with;
  after->match.conn = given(keys->conn);
  after->match.segment = given(keys->segment);
  after->nth = keys->nth;
  after->delay_ns = keys->delay_ns;
  out->after = after;
  if (after->match.event == NULL && after->match.conn == NULL)
    return msim__fill_report(fill, place, "after: write the name of an event, or a connection with conn");
  if (after->match.event != NULL && after->match.conn != NULL)
    return msim__fill_report(fill, place, "after: write either event or conn, not both");
  if (after->match.conn == NULL && after->match.segment != NULL)
    return msim__fill_report(fill, place, "after: segment belongs to a connection: write conn too");
  return MSIM_OK;
}

/* What the first line of a trace says of it. */
static int keep_text(struct msim__fill *fill, const struct msim__yaml_node *item, struct msim__fault_plan *out)
{
  char text[MSIM__ORIGIN_SAYS_BYTES_MAX];

  msim__yaml_flow(text, sizeof text, item, true);
  out->says = msim__arena_text(fill->arena, text, strlen(text));
  out->line = item->line;
  return out->says != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

int msim__fault_read(struct msim_sim *sim, struct msim__fill *fill, const struct msim__yaml_node *item,
                     struct msim__fault_plan *out)
{
  const char *names[KINDS_MAX + 1];
  const struct msim__yaml_entry *kind;
  struct common_keys common;
  struct msim_diag diag;
  void *config;
  int err, more;

  memset(out, 0, sizeof *out);
  memset(&common, 0, sizeof common);
  if (msim__yaml_read_kind(item, "faults", MSIM__YAML_MAP, &diag) < 0) {
    fill->finding_count++;
    if (fill->fn != NULL)
      fill->fn(fill->user, &diag);
    return MSIM_ERR_SYNTAX;
  }
  (void)kind_names(sim, names);
  err = msim__fields_fill(fill, msim__fault_fields, item, names, false, &common);
  kind = find_kind(sim, fill, item);
  if (kind == NULL || err == MSIM_ERR_NOMEM)
    return err == MSIM_ERR_NOMEM ? err : MSIM_ERR_SYNTAX;
  out->type = msim__type_find(sim, MSIM__TYPE_FAULT, kind->key->u.scalar.text);
  out->id = common.id;
  out->at_ns = common.at_ns;
  out->for_ns = common.for_ns;
  config = msim__arena_alloc(fill->arena, out->type->config_bytes);
  if (config == NULL)
    return MSIM_ERR_NOMEM;
  more = msim__fields_fill(fill, out->type->fields, kind->value, NULL, false, config);
  out->config = config;
  if (more == MSIM_OK)
    more = check_one_of(fill, out->type, kind->value);
  if (err == MSIM_OK)
    err = more;
  if (err == MSIM_OK && common.after != NULL && msim__yaml_find(item, "at") != NULL)
    err = msim__fill_report(fill, msim__yaml_find(item, "at"), "write either at or after, not both");
  if (err == MSIM_OK && common.after != NULL)
    err = take_after(fill, msim__yaml_find(item, "after"), common.after, out);
  return err == MSIM_OK ? keep_text(fill, item, out) : err;
}

int msim__fault_read_whole(struct msim_sim *sim, struct msim__fill *fill, const char *kind,
                           const struct msim__yaml_node *map, struct msim__fault_plan *out)
{
  struct msim_diag diag;
  void *config;
  int err;

  memset(out, 0, sizeof *out);
  if (msim__yaml_read_kind(map, kind, MSIM__YAML_MAP, &diag) < 0) {
    fill->finding_count++;
    if (fill->fn != NULL)
      fill->fn(fill->user, &diag);
    return MSIM_ERR_SYNTAX;
  }
  out->type = msim__type_find(sim, MSIM__TYPE_FAULT, kind);
  out->id = kind;
  config = msim__arena_alloc(fill->arena, out->type->config_bytes);
  if (config == NULL)
    return MSIM_ERR_NOMEM;
  out->config = config;
  err = msim__fields_fill(fill, out->type->fields, map, NULL, false, config);
  return err == MSIM_OK ? keep_text(fill, map, out) : err;
}

static int add_tree(struct msim_sim *sim, const struct msim__yaml_node *root, msim_diag_fn *fn, void *user)
{
  struct msim__fault_plan plan;
  struct msim__fill fill;
  char why[WHY_BYTES];
  const char *wrong;
  int err;

  memset(&fill, 0, sizeof fill);
  fill.arena = &sim->arena;
  fill.fn = fn;
  fill.user = user;
  err = msim__fault_read(sim, &fill, root, &plan);
  if (err != MSIM_OK)
    return err;
  plan.line = 0;
  err = msim__fault_add(sim, &plan, &wrong, why, sizeof why);
  if (err != MSIM_OK && why[0] != '\0')
    (void)msim__fill_report(&fill, root, "%s", why);
  return err == MSIM_ERR_NOT_FOUND || err == MSIM_ERR_INVALID ? MSIM_ERR_SYNTAX : err;
}

int msim_fault_add_yaml(struct msim_sim *sim, const char *yaml, msim_diag_fn *fn, void *user)
{
  struct msim__yaml tree;
  struct msim_slice text;
  int err;

  if (sim->starting || sim->finished)
    return MSIM_ERR_STATE;
  text.data = (const uint8_t *)yaml;
  text.size_bytes = yaml != NULL ? strlen(yaml) : 0;
  err = msim__yaml_parse(&tree, &sim->mem, "fault", text, fn, user);
  if (err == MSIM_OK)
    err = add_tree(sim, tree.root, fn, user);
  msim__yaml_release(&tree);
  return err;
}
