/* topology.c: a topology file from the first section to the world that it describes.
 *
 * Reads the sections that are about the run as a whole, then builds what the plan says through the public doors and no
 * others. Opens no files (include.c, reader.c). */
#include "core/sized.h"
#include "net/net.h"
#include "proto/date.h"
#include "text/escape.h"
#include "text/suggest.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 48
#define FORMAT_VERSION 1u
#define DHCP_CLIENT "dhcp-client" /* agents are found by name here, as everywhere */

/* What the file says beside the world: the room of this layer. */
struct msim__topology {
  const char *scene, *scene_case, *expect; /* or NULL */
  struct msim__gate *first_gate;
};

static const struct msim__key keys[] = {
    {.name = "mailsim",
     .form = MSIM__FORM_VERSION,
     .help = "version of this format; begins the main file",
     .min = FORMAT_VERSION},
    {.name = "title", .form = MSIM__FORM_TEXT, .fallback = "", .help = "one line about it"},
    {.name = "seed", .form = MSIM__FORM_COUNT, .fallback = "", .help = "decides every random draw", .max = UINT64_MAX},
    {.name = "until",
     .form = MSIM__FORM_DURATION_OR,
     .fallback = "quiet",
     .help = "when the run ends; quiet: when nothing is left to happen",
     .word = "quiet"},
    {.name = "start", .form = MSIM__FORM_DATE, .fallback = "2026-01-01", .help = "the date of the first instant"},
    {.name = "scene", .form = MSIM__FORM_TEXT, .fallback = "", .help = "path of a scene that the run must show"},
    {.name = "scene-case", .form = MSIM__FORM_TEXT, .fallback = "", .help = "which case of that scene"},
    {.name = "expect",
     .form = MSIM__FORM_EXPECT,
     .fallback = "",
     .help = "what the run must show, for mailsim test: lines of an expectation"},
    {.name = "include", .form = MSIM__FORM_TEXTS, .fallback = "", .help = "paths of further files of this topology"},
    {.name = "templates",
     .form = MSIM__FORM_TEMPLATES,
     .fallback = "",
     .help = "bodies that hosts can be like, by name"},
    {.name = "hosts",
     .form = MSIM__FORM_HOSTS,
     .fallback = "",
     .help = "the hosts by name; pc[1..10] is ten of them, {n} in their values is the number"},
    {.name = "messages",
     .form = MSIM__FORM_MESSAGES,
     .fallback = "",
     .help = "mails from files, by their labels, for send and mailboxes"},
    {.name = "networks",
     .form = MSIM__FORM_NETWORKS,
     .fallback = "",
     .help = "Ethernet networks by name; hosts say in which they are"},
    {.name = "links", .form = MSIM__FORM_LINKS, .fallback = "", .help = "who is joined to whom, and by what"},
    {.name = "faults", .form = MSIM__FORM_FAULTS, .fallback = "", .help = "what goes wrong, and when"},
    {.name = MSIM__KEY_BUGGIFY,
     .form = MSIM__FORM_BUGGIFY,
     .fallback = "",
     .help = "hosts do by chance what their protocols allow and what is rare"},
    {.name = "serve",
     .form = MSIM__FORM_SERVE,
     .fallback = "",
     .help = "ports of the real machine for `mailsim serve`; a run takes no notice of them"},
    {.name = NULL},
};
const struct msim__section msim__section_main = {.keys = keys};

/* ---- sections about the run ---- */

static void read_version(struct msim__loader *loader, const struct msim__topology_file *file)
{
  const struct msim__yaml_node *node = msim__yaml_find(file->tree.root, "mailsim");
  struct msim_diag diag;
  uint64_t version;

  if (node == NULL) {
    if (file->from == NULL)
      msim__loader_report(loader, file->tree.root, "the key \"mailsim\" is missing: begin with mailsim: %u",
                          FORMAT_VERSION);
    return;
  }
  if (msim__yaml_read_uint(node, "mailsim", 0, UINT64_MAX, &version, &diag) < 0)
    msim__loader_keep(loader, &diag);
  else if (version != FORMAT_VERSION)
    msim__loader_report(loader, node, "mailsim: version %llu of the format is not known here, write %u",
                        (unsigned long long)version, FORMAT_VERSION);
}

/* A text that lives with the simulation; NULL with a finding. */
static const char *read_text(struct msim__loader *loader, const struct msim__yaml_node *node, const char *what)
{
  struct msim_diag diag;
  const char *text, *copy;

  if (msim__yaml_read_text(node, what, &text, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return NULL;
  }
  copy = msim__arena_text(&loader->sim->arena, text, strlen(text));
  if (copy == NULL)
    loader->err = MSIM_ERR_NOMEM;
  return copy;
}

/* "2026-01-01", or with a time as RFC 3339 writes it. */
static void read_start(struct msim__loader *loader, const struct msim__yaml_node *node)
{
  struct msim_slice text = msim__yaml_slice(node);
  char whole[] = "yyyy-mm-ddT00:00:00Z", word[SHOWN_BYTES];

  if (text.size_bytes == 10) {
    memcpy(whole, text.data, 10);
    text.data = (const uint8_t *)whole;
    text.size_bytes = sizeof whole - 1;
  }
  loader->has_start = text.size_bytes > 0 && msim__date_parse_iso(&loader->start_unix_s, text) == MSIM_OK;
  if (loader->has_start)
    return;
  (void)msim__escape_short(word, sizeof word, msim__yaml_slice(node));
  msim__loader_report(loader, node, "start: \"%s\" is no date such as 2026-01-01 or 2026-01-01T08:00:00Z", word);
}

static void read_until(struct msim__loader *loader, const struct msim__yaml_node *node)
{
  struct msim_diag diag;

  if (msim__yaml_is_text(node, "quiet"))
    loader->until_ns = MSIM_NEVER;
  else if (msim__yaml_read_duration(node, "until", &loader->until_ns, &diag) < 0)
    msim__loader_keep(loader, &diag);
}

static void read_scene(struct msim__loader *loader, const struct msim__yaml_node *root)
{
  const struct msim__yaml_node *scene = msim__yaml_find(root, "scene");
  const struct msim__yaml_node *scene_case = msim__yaml_find(root, "scene-case");
  const char *path, *shown;

  if (scene_case != NULL) {
    loader->scene_case = read_text(loader, scene_case, "scene-case");
    if (scene == NULL)
      msim__loader_report(loader, scene_case, "scene-case: there is no scene here of which it could be a case");
  }
  if (scene == NULL)
    return;
  path = msim__loader_path(loader, loader->first_file, scene, "scene", true);
  if (path == NULL)
    return;
  if (loader->reader != NULL)
    msim__loader_check_file(loader, path, scene, "scene");
  shown = msim__loader_shown_path(loader, path);
  if (shown != NULL)
    loader->scene = msim__arena_text(&loader->sim->arena, shown, strlen(shown));
  if (loader->scene == NULL)
    loader->err = MSIM_ERR_NOMEM;
}

static void read_run(struct msim__loader *loader, const struct msim__yaml_node *root)
{
  const struct msim__yaml_node *title = msim__yaml_find(root, "title"), *seed = msim__yaml_find(root, "seed");
  const struct msim__yaml_node *until = msim__yaml_find(root, "until"), *start = msim__yaml_find(root, "start");
  struct msim_diag diag;

  if (title != NULL)
    loader->title = read_text(loader, title, "title");
  if (seed != NULL) {
    loader->has_seed = msim__yaml_read_uint(seed, "seed", 0, UINT64_MAX, &loader->seed, &diag) == MSIM_OK;
    if (!loader->has_seed)
      msim__loader_keep(loader, &diag);
  }
  if (until != NULL)
    read_until(loader, until);
  loader->expect = msim__loader_read_expect(loader, root);
  if (start != NULL)
    read_start(loader, start);
  read_scene(loader, root);
}

/* ---- the file as a whole ---- */

/* Whether the root is a map; its keys are looked at. */
static bool open_file(struct msim__loader *loader, const struct msim__topology_file *file)
{
  static const char *const run_keys[] = {"title",      "seed",   "until",           "start", "scene",
                                         "scene-case", "expect", MSIM__KEY_BUGGIFY, NULL};
  const struct msim__yaml_node *root = file->tree.root;
  struct msim_diag diag;
  size_t i;

  if (root == NULL)
    return false;
  if (msim__yaml_is_null(root)) {
    msim__loader_report(loader, root, "there is nothing in this file");
    return false;
  }
  if (msim__yaml_read_kind(root, NULL, MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return false;
  }
  msim__section_check(loader, &msim__section_main, root);
  for (i = 0; file->from != NULL && run_keys[i] != NULL; i++) {
    const struct msim__yaml_entry *e = msim__yaml_find_entry(root, run_keys[i]);

    if (e != NULL)
      msim__loader_report(loader, e->key, "the key \"%s\" is about the run and belongs in the file that is loaded",
                          run_keys[i]);
  }
  return true;
}

static void plan(struct msim__loader *loader)
{
  const struct msim__topology_file *file;
  const struct msim__yaml_node *buggify;

  for (file = loader->first_file; file != NULL && loader->err == MSIM_OK; file = file->next) {
    const struct msim__yaml_node *root = file->tree.root, *templates, *hosts, *messages;

    if (!open_file(loader, file)) {
      loader->is_incomplete = true;
      continue;
    }
    read_version(loader, file);
    if (file->from == NULL)
      read_run(loader, root);
    templates = msim__yaml_find(root, "templates");
    hosts = msim__yaml_find(root, "hosts");
    messages = msim__yaml_find(root, "messages");
    if (messages != NULL)
      msim__loader_add_messages(loader, file, messages);
    if (templates != NULL)
      msim__loader_add_templates(loader, templates);
    if (hosts != NULL)
      msim__loader_add_hosts(loader, hosts);
  }
  for (file = loader->first_file; file != NULL && loader->err == MSIM_OK; file = file->next) {
    const struct msim__yaml_node *networks =
        file->tree.root != NULL ? msim__yaml_find(file->tree.root, "networks") : NULL;

    if (networks != NULL)
      msim__loader_add_networks(loader, networks);
  }
  if (loader->is_incomplete || loader->err != MSIM_OK)
    return; /* names in a missing file would all be unknown */
  if (loader->first_group == NULL && loader->finding_count == 0)
    msim__loader_report(loader, loader->first_file->tree.root, "a topology needs at least one host");
  msim__loader_fill_hosts(loader);
  buggify = msim__yaml_find(loader->first_file->tree.root, MSIM__KEY_BUGGIFY);
  if (buggify != NULL)
    msim__loader_add_buggify(loader, buggify);
  for (file = loader->first_file; file != NULL && loader->err == MSIM_OK; file = file->next) {
    const struct msim__yaml_node *links = msim__yaml_find(file->tree.root, "links");
    const struct msim__yaml_node *faults = msim__yaml_find(file->tree.root, "faults"), *serve;

    if (links != NULL)
      msim__loader_add_links(loader, links);
    if (faults != NULL)
      msim__loader_add_faults(loader, faults);
    serve = msim__yaml_find(file->tree.root, "serve");
    if (serve != NULL)
      msim__loader_add_serve(loader, serve);
  }
}

/* ---- building ---- */

/* What the plan let through and the world does not take. */
static int refuse(struct msim__loader *loader, const struct msim__yaml_node *place, const char *what, const char *name,
                  int err)
{
  if (err != MSIM_OK && err != MSIM_ERR_NOMEM)
    msim__loader_report(loader, place, "%s \"%s\" is refused: %s", what, name, msim_strerror(err));
  return err;
}

/* A host that gets its address by DHCP has a client for that, unless the file says how it shall be. It starts in front
 * of the others, so that they find it at work. */
static int build_dhcp(struct msim__loader *loader, const struct msim__host *host)
{
  const struct msim__host_plan *plan = host->plan;
  char yaml[128];
  size_t i;
  int err = MSIM_OK;

  for (i = 0; i < plan->agent_count; i++)
    if (strcmp(plan->agents[i].type->name, DHCP_CLIENT) == 0)
      return MSIM_OK;
  for (i = 0; i < plan->attachment_count && err == MSIM_OK; i++) {
    const struct msim__attach_plan *attachment = &plan->attachments[i];

    if (!attachment->wants_dhcp)
      continue;
    (void)snprintf(yaml, sizeof yaml, "network: \"%.63s\"", attachment->network->name);
    err = refuse(loader, attachment->place, "the agent", DHCP_CLIENT,
                 msim_agent_add_yaml(host->node, DHCP_CLIENT, yaml, NULL, NULL));
  }
  return err;
}

static int build_host(struct msim__loader *loader, struct msim__host *host)
{
  const struct msim__host_plan *plan = host->plan;
  const struct msim__addr_plan *addrs = plan->addrs.items;
  size_t i;
  int err = refuse(loader, host->place, "the host", host->name, msim_node_add(loader->sim, host->name, &host->node));

  for (i = 0; i < plan->addrs.count && err == MSIM_OK; i++)
    err = refuse(loader, addrs[i].place, "the address", addrs[i].text, msim_node_add_addr(host->node, addrs[i].text));
  if (err == MSIM_OK)
    err = refuse(loader, host->place, "the zone of", host->name, msim_node_set_zone(host->node, plan->zone_minutes));
  if (err == MSIM_OK && plan->ttl != 0)
    err = refuse(loader, host->place, "the ttl of", host->name, msim_node_set_ttl(host->node, plan->ttl));
  if (err == MSIM_OK && plan->has_place)
    err = refuse(loader, host->place, "the place of", host->name,
                 msim_node_set_place(host->node, plan->place_ppm[0], plan->place_ppm[1]));
  if (err == MSIM_OK && plan->no_icmp_errors)
    err = refuse(loader, host->place, "icmp-errors of", host->name, msim_node_set_icmp_errors(host->node, false));
  if (err == MSIM_OK && plan->source_routes)
    err = refuse(loader, host->place, "source-routes of", host->name, msim_node_set_source_routes(host->node, true));
  if (err == MSIM_OK && plan->no_ipv6)
    err = refuse(loader, host->place, "ipv6 of", host->name, msim_node_set_ipv6(host->node, false));
  if (err == MSIM_OK && plan->tcp != NULL)
    err = refuse(loader, host->place, "tcp of", host->name, msim_node_set_tcp(host->node, plan->tcp));
  if (err == MSIM_OK && plan->disk != NULL)
    err = refuse(loader, host->place, "the disk of", host->name, msim_node_set_disk(host->node, plan->disk));
  if (err == MSIM_OK && plan->resolver_count > 0)
    err = refuse(loader, host->place, "the resolver of", host->name,
                 msim_node_set_resolver(host->node, plan->resolvers, plan->resolver_count));
  if (err == MSIM_OK)
    err = build_dhcp(loader, host);
  for (i = 0; i < plan->agent_count && err == MSIM_OK; i++) {
    const struct msim__agent_plan *agent = &plan->agents[i];

    err = refuse(loader, agent->place, "the agent", agent->type->name,
                 msim_agent_add(host->node, agent->type->name, agent->config));
    if (err == MSIM_OK && agent->tcp != NULL)
      err = refuse(loader, agent->place, "tcp of", agent->type->name, msim_agent_set_tcp(host->node, agent->tcp));
  }
  return err;
}

static int build_attachments(struct msim__loader *loader, const struct msim__host *host)
{
  size_t i;
  int err = MSIM_OK;

  for (i = 0; i < host->plan->attachment_count && err == MSIM_OK; i++) {
    const struct msim__attach_plan *plan = &host->plan->attachments[i];

    err = refuse(loader, plan->place, "the network", plan->network->name,
                 msim_network_attach(plan->network->network, host->node, &plan->opts, NULL));
  }
  return err;
}

static int build_world(struct msim__loader *loader)
{
  struct msim__network_plan *network;
  struct msim__host_group *group;
  struct msim__link_plan *link;
  int err = MSIM_OK;
  uint32_t i;

  for (group = loader->first_group; group != NULL; group = group->next)
    for (i = 0; i < group->count && err == MSIM_OK; i++)
      err = build_host(loader, &group->hosts[i]);
  for (network = loader->first_network; network != NULL && err == MSIM_OK; network = network->next)
    err = refuse(loader, network->place, "the network", network->name,
                 msim_network_add(loader->sim, network->name, network->opts, &network->network));
  for (group = loader->first_group; group != NULL; group = group->next)
    for (i = 0; i < group->count && err == MSIM_OK; i++)
      err = build_attachments(loader, &group->hosts[i]);
  for (group = loader->first_group; group != NULL; group = group->next)
    for (i = 0; i < group->count && err == MSIM_OK; i++)
      err = msim__loader_build_nat(loader, &group->hosts[i]);
  for (link = loader->first_link; link != NULL && err == MSIM_OK; link = link->next)
    err = refuse(loader, link->place, "the link from", link->a->name,
                 msim_link_add(link->a->node, link->b->node, link->opts));
  return err != MSIM_OK ? err : msim__loader_build_faults(loader);
}

static int build_run(struct msim__loader *loader)
{
  const char *name = loader->first_file->path, *dot = strrchr(name, '.');
  size_t name_bytes = dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);
  const char *stem = msim__arena_text(&loader->arena, name, name_bytes);
  struct msim__topology *room = msim__arena_alloc(&loader->sim->arena, sizeof *room);
  int err;

  if (stem == NULL || room == NULL)
    return MSIM_ERR_NOMEM;
  room->scene = loader->scene;
  room->scene_case = loader->scene_case;
  room->expect = loader->expect;
  room->first_gate = loader->first_gate;
  loader->sim->rooms[MSIM__ROOM_TOPOLOGY] = room;
  if (loader->has_seed)
    msim_sim_set_seed(loader->sim, loader->seed);
  err = msim_sim_set_name(loader->sim, stem, loader->title);
  if (err == MSIM_OK && loader->has_start)
    err = msim_sim_set_start(loader->sim, loader->start_unix_s);
  return err != MSIM_OK ? err : msim_sim_set_until(loader->sim, loader->until_ns);
}

/* ---- doors ---- */

void msim__loader_open(struct msim__loader *loader, struct msim_sim *sim, const struct msim_reader *reader)
{
  memset(loader, 0, sizeof *loader);
  loader->sim = sim;
  loader->reader = reader;
  loader->until_ns = MSIM_NEVER;
  msim__arena_init(&loader->arena, &sim->mem);
  msim__names_init(&loader->templates, &sim->mem);
  msim__names_init(&loader->hosts, &sim->mem);
  msim__names_init(&loader->addrs, &sim->mem);
  msim__names_init(&loader->link_names, &sim->mem);
  msim__names_init(&loader->networks, &sim->mem);
  msim__names_init(&loader->attached_addrs, &sim->mem);
  loader->fill.arena = &sim->arena;
  loader->fill.fn = msim__loader_keep;
  loader->fill.user = loader;
  loader->fill.check_host = msim__loader_check_host;
  loader->fill.host_ctx = loader;
}

void msim__loader_close(struct msim__loader *loader)
{
  msim__loader_release_files(loader);
  msim__loader_release_settings(loader);
  msim__names_release(&loader->templates);
  msim__names_release(&loader->hosts);
  msim__names_release(&loader->addrs);
  msim__names_release(&loader->link_names);
  msim__names_release(&loader->networks);
  msim__names_release(&loader->attached_addrs);
  msim__arena_release(&loader->arena);
}

int msim_topology_load_text(struct msim_sim *sim, const char *name, struct msim_slice text,
                            const struct msim_reader *reader, msim_diag_fn *fn, void *user)
{
  struct msim__loader loader;
  int err;

  if (sim->started || sim->starting || sim->failure != MSIM_OK || msim_node_count(sim) != 0 ||
      sim->rooms[MSIM__ROOM_TOPOLOGY] != NULL)
    return MSIM_ERR_STATE;
  msim__loader_open(&loader, sim, reader);
  err = msim__loader_read_files(&loader, name, text);
  if (err == MSIM_OK) {
    plan(&loader);
    err = loader.err;
  }
  if (err == MSIM_OK && loader.finding_count == 0)
    err = build_world(&loader);
  if (err == MSIM_OK && loader.finding_count == 0)
    err = build_run(&loader);
  if (err == MSIM_OK && loader.finding_count == 0)
    err = msim__loader_tell_origin(&loader);
  if (loader.err != MSIM_OK)
    err = loader.err;
  else if (err != MSIM_ERR_NOMEM && loader.finding_count != 0)
    err = MSIM_ERR_SYNTAX;
  if (err == MSIM_ERR_SYNTAX)
    msim__loader_tell(&loader, fn, user);
  msim__loader_close(&loader);
  return err;
}

void msim_topology_info_sized(const struct msim_sim *sim, struct msim_topology_info *out, size_t out_bytes)
{
  const struct msim__topology *room = sim->rooms[MSIM__ROOM_TOPOLOGY];
  const struct msim__net *net = msim__net(sim);
  struct msim_topology_info full;

  memset(&full, 0, sizeof full);
  full.name = net->topology_name;
  full.title = net->topology_title;
  full.until_ns = net->until_ns;
  if (room != NULL) {
    full.scene = room->scene;
    full.scene_case = room->scene_case;
    full.expect = room->expect;
  }
  msim__sized_out(out, out_bytes, &full, sizeof full);
}

bool msim_topology_gate_at_sized(const struct msim_sim *sim, size_t index, struct msim_topology_gate *out,
                                 size_t out_bytes)
{
  const struct msim__topology *room = sim->rooms[MSIM__ROOM_TOPOLOGY];

  return msim__gate_at(room != NULL ? room->first_gate : NULL, index, out, out_bytes);
}
