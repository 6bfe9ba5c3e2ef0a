/* topology_nat.c: `nat` of a host: read into a plan, and set when its networks are there. What a NAT does is net's. */
#include <mailsim/nat.h>

#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <stdlib.h>
#include <string.h>

#define NETWORKS_MAX 256u
#define RULES_MAX 4096u
#define SESSIONS_MAX (1u << 24)

struct pair {
  const char *inside, *outside;
};
struct forward {
  int proto;
  uint64_t port, to_port;
  const char *to;
};

struct msim__nat_plan {
  struct msim_list inside; /* of const char * */
  const char *outside, *ports;
  int filtering;
  uint64_t session_count;
  msim_ns udp_timeout_ns, tcp_timeout_ns, tcp_brief_timeout_ns, icmp_timeout_ns;
  bool hairpinning, picks_up;
  struct msim_list pairs, forwards; /* of struct pair *, struct forward * */
  const struct msim__yaml_node *place;
};

static const char *const filterings[] = {"address-dependent", "endpoint-independent", "address-and-port-dependent",
                                         NULL};
static const char *const protos[] = {"tcp", "udp", NULL};

/* "2000-2003", or one port. */
static bool read_ports(const char *text, uint16_t *first, uint16_t *last)
{
  unsigned long low = 0, high;
  char *end = NULL;

  if (text[0] < '0' || text[0] > '9')
    return false;
  low = strtoul(text, &end, 10);
  high = low;
  if (*end == '-') {
    if (end[1] < '0' || end[1] > '9')
      return false;
    high = strtoul(end + 1, &end, 10);
  }
  *first = (uint16_t)low;
  *last = (uint16_t)high;
  return *end == '\0' && low >= 1 && low <= high && high <= 65535;
}

static const char *check_ports(const char *text)
{
  uint16_t first, last;

  return read_ports(text, &first, &last) ? NULL : "ports from 1 to 65535 are expected here, as in 1024-65535";
}

static const char *check_addr(const char *text)
{
  struct msim_addr addr;

  return msim_addr_parse(&addr, text, strlen(text)) == MSIM_OK && addr.family == MSIM_FAMILY_IPV4
             ? NULL
             : "an IPv4 address is expected here";
}

static const struct msim_field inside_item[] = {{.key = "", .kind = MSIM_FIELD_TEXT}};

static const struct msim_field pair_fields[] = {
    {.key = "inside",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct pair, inside),
     .check = check_addr,
     .help = "the address of a host in a network inside"},
    {.key = "outside",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct pair, outside),
     .check = check_addr,
     .help = "the address under which it is reached, and speaks; the router has it"},
    {.key = NULL},
};
static const struct msim_field pair_item[] = {
    {.key = "", .kind = MSIM_FIELD_STRUCT, .item = pair_fields, .item_bytes = sizeof(struct pair)}};

static const struct msim_field forward_fields[] = {
    {.key = "proto",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct forward, proto),
     .fallback = "tcp",
     .names = protos,
     .help = "of what is forwarded"},
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct forward, port),
     .min = 1,
     .max = 65535,
     .help = "of the router, outside"},
    {.key = "to",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct forward, to),
     .check = check_addr,
     .help = "the address of a host in a network inside"},
    {.key = "to-port",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct forward, to_port),
     .fallback = "",
     .min = 1,
     .max = 65535,
     .help = "of that host; the same one when absent"},
    {.key = NULL},
};
static const struct msim_field forward_item[] = {
    {.key = "", .kind = MSIM_FIELD_STRUCT, .item = forward_fields, .item_bytes = sizeof(struct forward)}};

static const struct msim_field fields[] = {
    {.key = "inside",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__nat_plan, inside),
     .item = inside_item,
     .item_bytes = sizeof(const char *),
     .min = 1,
     .max = NETWORKS_MAX,
     .help = "the networks whose addresses it hides: one, or a list"},
    {.key = "outside",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__nat_plan, outside),
     .fallback = "",
     .check = check_addr,
     .help = "the address that all share, one of the host's; that by which a packet leaves when absent"},
    {.key = "filtering",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct msim__nat_plan, filtering),
     .fallback = "address-dependent",
     .names = filterings,
     .help = "from whom packets come in for a port that a host inside speaks from"},
    {.key = "ports",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct msim__nat_plan, ports),
     .fallback = "",
     .check = check_ports,
     .help = "that it gives out, as in 2000-2999; all when absent"},
    {.key = "sessions",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct msim__nat_plan, session_count),
     .fallback = "65536",
     .min = 1,
     .max = SESSIONS_MAX,
     .help = "how many pairs of a port inside and one outside it remembers"},
    {.key = "udp-timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__nat_plan, udp_timeout_ns),
     .fallback = "5min",
     .min = 1,
     .help = "how long it remembers datagrams"},
    {.key = "tcp-timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__nat_plan, tcp_timeout_ns),
     .fallback = "124min",
     .min = 1,
     .help = "how long it remembers a connection in which nothing is sent"},
    {.key = "tcp-transitory-timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__nat_plan, tcp_brief_timeout_ns),
     .fallback = "4min",
     .min = 1,
     .help = "the same of one that opens or closes"},
    {.key = "icmp-timeout",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct msim__nat_plan, icmp_timeout_ns),
     .fallback = "60s",
     .min = 1,
     .help = "the same of an echo"},
    {.key = "hairpinning",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct msim__nat_plan, hairpinning),
     .fallback = "true",
     .help = "hosts inside reach each other by their addresses outside"},
    {.key = "pick-up",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct msim__nat_plan, picks_up),
     .fallback = "false",
     .help = "connections that it does not know are gone on with when the host inside sends"},
    {.key = "static",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__nat_plan, pairs),
     .fallback = "",
     .item = pair_item,
     .item_bytes = sizeof(struct pair *),
     .max = RULES_MAX,
     .help = "fixed pairs of an address inside and one outside"},
    {.key = "forward",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct msim__nat_plan, forwards),
     .fallback = "",
     .item = forward_item,
     .item_bytes = sizeof(struct forward *),
     .max = RULES_MAX,
     .help = "ports of the router that lead to hosts inside"},
    {.key = NULL},
};
const struct msim__section msim__section_nat = {.fields = fields};

const struct msim__nat_plan *msim__loader_fill_nat(struct msim__loader *loader, const struct msim__yaml_node *map)
{
  struct msim__nat_plan *plan = msim__arena_alloc(&loader->arena, sizeof *plan);
  uint64_t before = loader->complaint_count;
  struct msim__fill fill = loader->fill;
  struct msim_diag diag;

  if (plan == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return NULL;
  }
  fill.arena = &loader->arena;
  plan->place = map;
  if (msim__yaml_read_kind(map, "nat", MSIM__YAML_MAP, &diag) < 0)
    msim__loader_keep(loader, &diag);
  else if (msim__fields_fill(&fill, fields, map, NULL, false, plan) == MSIM_ERR_NOMEM)
    loader->err = MSIM_ERR_NOMEM;
  return loader->complaint_count != before || loader->err != MSIM_OK ? NULL : plan;
}

/* ---- building ---- */

static int find_inside(struct msim__loader *loader, const struct msim__host *host, const struct msim__nat_plan *plan,
                       struct msim_network **networks)
{
  const char *const *names = plan->inside.items;
  size_t i, k;

  for (i = 0; i < plan->inside.count; i++) {
    networks[i] = NULL;
    for (k = 0; k < host->plan->attachment_count; k++) {
      if (strcmp(host->plan->attachments[k].network->name, names[i]) == 0)
        networks[i] = host->plan->attachments[k].network->network;
    }
    if (networks[i] == NULL) {
      msim__loader_report(loader, plan->place, "nat: \"%.60s\" is no network that \"%s\" is in", names[i], host->name);
      return MSIM_ERR_INVALID;
    }
  }
  return MSIM_OK;
}

static int report(struct msim__loader *loader, const struct msim__nat_plan *plan, const char *what, const char *where,
                  int err)
{
  if (err == MSIM_ERR_INVALID)
    msim__loader_report(loader, plan->place, "nat: %s \"%.60s\" leads to no host of the networks inside", what, where);
  else if (err == MSIM_ERR_EXISTS)
    msim__loader_report(loader, plan->place, "nat: %s \"%.60s\" is there already", what, where);
  else if (err != MSIM_OK && err != MSIM_ERR_NOMEM)
    msim__loader_report(loader, plan->place, "nat: %s \"%.60s\" is refused: %s", what, where, msim_strerror(err));
  return err;
}

static int build_rules(struct msim__loader *loader, struct msim__host *host, const struct msim__nat_plan *plan)
{
  struct pair *const *pairs = plan->pairs.items;
  struct forward *const *forwards = plan->forwards.items;
  int err = MSIM_OK;
  size_t i;

  for (i = 0; i < plan->pairs.count && err == MSIM_OK; i++)
    err = report(loader, plan, "the pair of", pairs[i]->inside,
                 msim_nat_add_pair(host->node, pairs[i]->inside, pairs[i]->outside));
  for (i = 0; i < plan->forwards.count && err == MSIM_OK; i++) {
    const struct forward *f = forwards[i];

    err = report(loader, plan, "the forward to", f->to,
                 msim_nat_add_forward(host->node, f->proto == 0 ? MSIM_PROTO_TCP : MSIM_PROTO_UDP, (uint16_t)f->port,
                                      f->to, (uint16_t)(f->to_port != 0 ? f->to_port : f->port)));
  }
  return err;
}

int msim__loader_build_nat(struct msim__loader *loader, struct msim__host *host)
{
  const struct msim__nat_plan *plan = host->plan->nat;
  struct msim_network *networks[NETWORKS_MAX];
  struct msim_nat_opts opts;
  int err;

  if (plan == NULL)
    return MSIM_OK;
  memset(&opts, 0, sizeof opts);
  err = find_inside(loader, host, plan, networks);
  if (err != MSIM_OK)
    return err;
  opts.inside = networks;
  opts.inside_count = plan->inside.count;
  opts.outside = plan->outside != NULL && plan->outside[0] != '\0' ? plan->outside : NULL;
  opts.filtering = (enum msim_nat_filtering)plan->filtering;
  opts.session_count_max = (uint32_t)plan->session_count;
  if (plan->ports != NULL && plan->ports[0] != '\0')
    (void)read_ports(plan->ports, &opts.first_port, &opts.last_port);
  opts.udp_timeout_ns = plan->udp_timeout_ns;
  opts.tcp_timeout_ns = plan->tcp_timeout_ns;
  opts.tcp_brief_timeout_ns = plan->tcp_brief_timeout_ns;
  opts.icmp_timeout_ns = plan->icmp_timeout_ns;
  opts.no_hairpinning = !plan->hairpinning;
  opts.picks_up = plan->picks_up;
  err = msim_node_set_nat(host->node, &opts);
  if (err == MSIM_ERR_EXISTS)
    msim__loader_report(loader, plan->place, "nat: a network is inside of one router only");
  else if (err != MSIM_OK && err != MSIM_ERR_NOMEM)
    msim__loader_report(loader, plan->place, "nat of \"%s\" is refused: %s", host->name, msim_strerror(err));
  return err != MSIM_OK ? err : build_rules(loader, host, plan);
}
