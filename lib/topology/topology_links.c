/* topology_links.c: the section `links`: who is joined to whom, and by what.
 *
 * Does not create links (topology.c); the keys of a direction are in topology_way.c. */
#include "text/escape.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define SHOWN_BYTES 72
#define NAME_BYTES_MAX 126u
#define OVERHEAD_BYTES_MAX 65535u
#define MTU_BYTES_MIN 68u /* RFC 791 3.2 */
#define MTU_BYTES_MAX 65535u
#define COST_MAX 65535u

struct link_keys {
  const char *name;
  uint64_t overhead_bytes, mtu_bytes, cost;
  int filter;
};

static const char *check_name(const char *name)
{
  const char *p;

  if (name[0] == '\0' || strlen(name) > NAME_BYTES_MAX)
    return "a link's name has 1 to 126 bytes";
  for (p = name; *p != '\0'; p++) {
    unsigned char c = (unsigned char)*p;

    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80 || c == '-' ||
          c == '_' || c == '.' || c == '#'))
      return "a link's name may hold letters, digits and - _ . # only";
  }
  return NULL;
}

#define FIELD(name, kind, member, low, high, check, help)                                                              \
  {                                                                                                                    \
    name, kind, offsetof(struct link_keys, member), "", NULL, 0, NULL, low, high, check, help                          \
  }

static const char *const filters[] = {"none", "private-source", NULL}; /* enum msim_link_filter */

static const struct msim_field link_fields[] = {
    FIELD("name", MSIM_FIELD_TEXT, name, 0, 0, check_name, "for traces; the hosts' names when absent"),
    FIELD("overhead", MSIM_FIELD_SIZE_BYTES, overhead_bytes, 0, OVERHEAD_BYTES_MAX, NULL,
          "added to each packet on the wire and in the queue"),
    FIELD("mtu", MSIM_FIELD_SIZE_BYTES, mtu_bytes, MTU_BYTES_MIN, MTU_BYTES_MAX, NULL,
          "largest packet; 1500B when absent"),
    FIELD("cost", MSIM_FIELD_UINT, cost, 1, COST_MAX, NULL, "of the route; 1 when absent"),
    {.key = "filter",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct link_keys, filter),
     .fallback = "none",
     .names = filters,
     .help = "what it does not carry: private-source, packets whose source means nothing outside"},
    {NULL, MSIM_FIELD_BOOL, 0, NULL, NULL, 0, NULL, 0, 0, NULL, NULL},
};

static const struct msim__key link_keys[] = {
    {.name = "join", .form = MSIM__FORM_JOIN, .help = "the two hosts; ranges are joined pair by pair"},
    {.name = "forward",
     .form = MSIM__FORM_WAY,
     .fallback = "",
     .help = "for the direction from the first host to the second only"},
    {.name = "back", .form = MSIM__FORM_WAY, .fallback = "", .help = "for the other direction only"},
    {.name = NULL},
};
const struct msim__section msim__section_link = {link_fields, link_keys, &msim__section_way};

struct joint {
  struct msim__range ends[2];
  const struct msim__yaml_node *places[2];
  uint32_t count;
};

/* ---- join ---- */

static bool open_join(struct msim__loader *loader, const struct msim__yaml_node *map, struct joint *out)
{
  const struct msim__yaml_node *join = msim__yaml_find(map, "join");
  const struct msim__yaml_entry *e = msim__yaml_first(join);
  char word[SHOWN_BYTES];
  const char *why = "";
  bool fine = true;
  size_t i;

  if (join == NULL) {
    msim__loader_report(loader, map, "the key \"join\" is missing: it names the two hosts");
    return false;
  }
  if (join->kind != MSIM__YAML_LIST || join->count != 2) {
    msim__loader_report(loader, join, "join: exactly two hosts are expected here, as in [a, b]");
    return false;
  }
  for (i = 0; i < 2; i++, e = e->next) {
    struct msim_slice text = msim__yaml_slice(e->value);

    out->places[i] = e->value;
    if (text.size_bytes == 0 || memchr(text.data, 0, text.size_bytes) != NULL) {
      msim__loader_report(loader, e->value, "join: the name of a host is expected here");
      fine = false;
    } else if (msim__range_parse(&out->ends[i], text, &why) < 0) {
      (void)msim__escape_short(word, sizeof word, text);
      msim__loader_report(loader, e->value, "join: \"%s\" %s", word, why);
      fine = false;
    }
  }
  if (!fine)
    return false;
  out->count = out->ends[0].count > out->ends[1].count ? out->ends[0].count : out->ends[1].count;
  if (out->ends[0].is_range && out->ends[1].is_range && out->ends[0].count != out->ends[1].count) {
    msim__loader_report(loader, join, "join: the two ranges must be of one length, not %u and %u", out->ends[0].count,
                        out->ends[1].count);
    return false;
  }
  if (out->count > MSIM__TOPOLOGY_LINKS_MAX - loader->link_count) {
    msim__loader_report(loader, join, "join: there are too many links (at most %lu)",
                        (unsigned long)MSIM__TOPOLOGY_LINKS_MAX);
    return false;
  }
  return true;
}

static struct msim__host *find_end(struct msim__loader *loader, const struct joint *joint, size_t end, uint32_t index)
{
  const struct msim__range *range = &joint->ends[end];
  const char *name = msim__range_name(range, range->is_range ? index : 0, &loader->arena);
  struct msim__host *host;
  char word[SHOWN_BYTES], tail[SHOWN_BYTES * 2];
  struct msim_slice text;

  if (name == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  host = msim__names_find(&loader->hosts, name, strlen(name));
  if (host != NULL)
    return host;
  text.data = (const uint8_t *)name;
  text.size_bytes = strlen(name);
  (void)msim__escape_short(word, sizeof word, text);
  msim__loader_report(loader, joint->places[end], "join: \"%s\" is no host of this topology%s", word,
                      msim__loader_near_host(loader, name, tail, sizeof tail));
  return NULL;
}

/* ---- options ---- */

static void own_name(struct msim__loader *loader, const struct msim__yaml_node *place, const char *name)
{
  const struct msim__yaml_node *other;
  int err = msim__names_add(&loader->link_names, name, strlen(name), (void *)(uintptr_t)(const void *)place);

  if (err == MSIM_ERR_EXISTS) {
    other = msim__names_find(&loader->link_names, name, strlen(name));
    if (other == place)
      msim__loader_report(loader, place, "name: write {n} into the name, so that each link of the range has its own");
    else
      msim__loader_report(loader, place, "name: there is already a link \"%s\": %s:%u", name, other->file, other->line);
  } else if (err != MSIM_OK) {
    loader->err = MSIM_ERR_NOMEM;
  }
}

static void fill_half(struct msim__loader *loader, const struct msim__yaml_node *map, const char *key,
                      struct msim_link_way *way, struct msim_ecn_mark *mark)
{
  const struct msim__yaml_node *half = msim__yaml_find(map, key);
  struct msim_diag diag;

  if (half == NULL)
    return;
  if (msim__yaml_read_kind(half, key, MSIM__YAML_MAP, &diag) < 0)
    msim__loader_keep(loader, &diag);
  else
    msim__loader_fill_way(loader, half, true, way, mark);
}

static struct msim_link_opts *fill_opts(struct msim__loader *loader, const struct msim__yaml_node *map)
{
  struct msim_link_opts *opts = msim__arena_alloc(&loader->arena, sizeof *opts);
  struct msim__fill fill = loader->fill;
  uint64_t before = loader->complaint_count;
  struct link_keys keys;

  memset(&keys, 0, sizeof keys);
  fill.arena = &loader->arena;
  fill.ignore_unknown = true; /* told by the next line */
  msim__section_check(loader, &msim__section_link, map);
  if (opts == NULL || msim__fields_fill(&fill, link_fields, map, NULL, false, &keys) == MSIM_ERR_NOMEM) {
    loader->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  opts->name = keys.name;
  opts->overhead_bytes = (uint32_t)keys.overhead_bytes;
  opts->mtu_bytes = (uint32_t)keys.mtu_bytes;
  opts->cost = (uint32_t)keys.cost;
  opts->filter = (enum msim_link_filter)keys.filter;
  opts->line = map->file == loader->first_file->tree.root->file ? map->line : 0;
  msim__loader_fill_way(loader, map, false, &opts->a_to_b, &opts->a_to_b_mark);
  opts->b_to_a = opts->a_to_b;
  opts->b_to_a_mark = opts->a_to_b_mark;
  fill_half(loader, map, "forward", &opts->a_to_b, &opts->a_to_b_mark);
  fill_half(loader, map, "back", &opts->b_to_a, &opts->b_to_a_mark);
  if (loader->complaint_count == before && (opts->a_to_b.delay_ns == 0 || opts->b_to_a.delay_ns == 0))
    msim__loader_report(loader, map, "the key \"delay\" is missing: it takes time to reach another host");
  return opts;
}

/* ---- links ---- */

static void add_link(struct msim__loader *loader, const struct joint *joint, struct msim__host *a, struct msim__host *b,
                     const struct msim_link_opts *opts)
{
  struct msim__link_plan *link = msim__arena_alloc(&loader->arena, sizeof *link);

  if (link == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  link->a = a;
  link->b = b;
  link->opts = opts;
  link->place = joint->places[0];
  loader->link_count++;
  if (loader->last_link != NULL)
    loader->last_link->next = link;
  else
    loader->first_link = link;
  loader->last_link = link;
}

static void add_links(struct msim__loader *loader, const struct msim__yaml_node *map)
{
  const struct msim__yaml_node *name_place = msim__yaml_find(map, "name");
  const struct msim_link_opts *opts = NULL;
  struct joint joint;
  bool joined = open_join(loader, map, &joint), each;
  uint32_t i, number;

  if (!joined)
    joint.count = 1;
  each = joined && (joint.ends[0].is_range || joint.ends[1].is_range) && msim__yaml_has_number(map);
  if (each && !msim__loader_may_fill(loader, map, map->node_count, joint.count))
    return;
  for (i = 0; i < joint.count && loader->err == MSIM_OK; i++) {
    uint64_t before = loader->complaint_count;
    struct msim__host *a, *b;

    if (joined) {
      number = (joint.ends[0].is_range ? joint.ends[0].first : joint.ends[1].first) + i;
      loader->fill.number = joint.ends[0].is_range || joint.ends[1].is_range ? &number : NULL;
    }
    if (i == 0 || each)
      opts = fill_opts(loader, map);
    loader->fill.number = NULL;
    if (!joined || opts == NULL)
      return;
    if (opts->name != NULL)
      own_name(loader, name_place, opts->name);
    a = find_end(loader, &joint, 0, i);
    b = find_end(loader, &joint, 1, i);
    if (a != NULL && a == b)
      msim__loader_report(loader, joint.places[1], "join: \"%s\" cannot be joined to itself", a->name);
    if (loader->complaint_count != before || a == NULL || b == NULL)
      return; /* the other numbers would complain of the same */
    add_link(loader, &joint, a, b, opts);
  }
}

void msim__loader_add_links(struct msim__loader *loader, const struct msim__yaml_node *links)
{
  const struct msim__yaml_entry *e;
  struct msim_diag diag;

  if (msim__yaml_read_kind(links, "links", MSIM__YAML_LIST, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  for (e = msim__yaml_first(links); e != NULL && loader->err == MSIM_OK; e = e->next) {
    if (msim__yaml_read_kind(e->value, "a link", MSIM__YAML_MAP, &diag) < 0)
      msim__loader_keep(loader, &diag);
    else
      add_links(loader, e->value);
  }
}
