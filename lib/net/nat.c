/* nat.c: a router that translates: how it is set up, when it forgets, and what can be seen of it.
 *
 * Its networks inside are a realm. Does not touch packets: nat_packets.c. */
#include "net/nat.h"

#include <string.h>

#include "core/sized.h"

#define SESSIONS_DEFAULT 65536u
#define SESSIONS_MAX (1u << 24)
#define RULES_MAX 4096u
#define INSIDE_MAX 256u
#define LEVELS_MAX 8u /* NATs behind each other */

static struct msim__net *net_of(const struct msim__nat *nat)
{
  return msim__net(msim__node_sim(nat->node));
}

static bool is_open(const struct msim_node *node)
{
  return !msim__node_sim(node)->started && !msim__node_sim(node)->starting;
}

/* ---- what is told ---- */

const char *msim__nat_proto_name(uint8_t proto)
{
  return proto == MSIM_PROTO_TCP ? "tcp" : proto == MSIM_PROTO_UDP ? "udp" : "icmp";
}

void msim__nat_tell(struct msim__nat *nat, const struct msim__nat_mapping *mapping, const char *event)
{
  char inside[MSIM_ADDR_TEXT_BYTES], outside[MSIM_ADDR_TEXT_BYTES];
  struct msim__net *net = net_of(nat);
  struct msim_value values[7];

  if (!msim__trace_wants(net->sim, MSIM_TRACE_APP))
    return;
  msim_addr_format(msim__addr_of(net, mapping->inside.addr), inside);
  msim_addr_format(msim__addr_of(net, mapping->outside.addr), outside);
  values[0] = msim_value_text("inside", msim__addr_name(net, mapping->inside.addr));
  values[1] = msim_value_text("proto", msim__nat_proto_name(mapping->proto));
  values[2] = msim_value_text("inside_address", inside);
  values[3] = msim_value_int("inside_port", mapping->inside.port);
  values[4] = msim_value_text("outside", outside);
  values[5] = msim_value_int("outside_port", mapping->outside.port);
  values[6] = msim_value_bool("static", true);
  msim__observe_event(nat->node, event, values, mapping->is_lasting ? 7 : 6);
}

static void tell_pair(struct msim__nat *nat, const struct msim__nat_pair *pair)
{
  char inside[MSIM_ADDR_TEXT_BYTES], outside[MSIM_ADDR_TEXT_BYTES];
  struct msim_value values[4];

  msim_addr_format(&pair->told_inside, inside);
  msim_addr_format(&pair->told_outside, outside);
  values[0] = msim_value_text("inside", msim__addr_name(net_of(nat), pair->inside));
  values[1] = msim_value_text("inside_address", inside);
  values[2] = msim_value_text("outside", outside);
  values[3] = msim_value_bool("static", true);
  msim__observe_event(nat->node, "nat.mapped", values, 4);
}

static struct msim__nat *nat_of_news(struct msim_timer *timer)
{
  return (struct msim__nat *)(void *)((char *)timer - offsetof(struct msim__nat, news));
}

static void on_news(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__nat *nat = nat_of_news(timer);
  const struct msim__nat_mapping *m;
  size_t i;

  (void)now_ns;
  for (i = 0; i < nat->pair_count; i++)
    tell_pair(nat, &nat->pairs[i]);
  for (m = nat->table.oldest_mapping; m != NULL; m = m->newer) {
    if (m->is_lasting)
      msim__nat_tell(nat, m, "nat.mapped");
  }
}

static void on_expired(void *ctx, const struct msim__nat_mapping *mapping)
{
  msim__nat_tell_early(ctx, mapping);
  if (!mapping->is_of_pair)
    msim__nat_tell(ctx, mapping, "nat.expired");
}

static void on_forget(void *ctx, struct msim__nat_session *session)
{
  (void)ctx;
  msim__flow_unref(session->flow);
}

/* ---- time ---- */

static void on_due(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__nat *nat = (struct msim__nat *)(void *)timer;

  nat->due_ns = msim__nat_expire(&nat->table, now_ns);
  if (nat->due_ns != MSIM_NEVER)
    msim_timer_arm(timer, nat->due_ns - now_ns);
}

void msim__nat_note(struct msim__nat *nat, const struct msim__nat_session *session)
{
  msim_ns timeout_ns = nat->table.timeout_ns[session->class_number];

  if (session->used_ns + timeout_ns >= nat->due_ns)
    return;
  nat->due_ns = session->used_ns + timeout_ns;
  msim_timer_arm(&nat->timer, timeout_ns);
}

/* ---- set up ---- */

static bool is_taken(void *ctx, uint8_t proto, struct msim__nat_end outside)
{
  const struct msim__nat *nat = ctx;
  const struct msim__protocol *protocol = &net_of(nat)->protocols[proto];

  return protocol->is_mine != NULL &&
         protocol->is_mine(nat->node, outside.addr, outside.port, nat->remote.addr, nat->remote.port);
}

static void set_table(struct msim__nat *nat, const struct msim_nat_opts *opts)
{
  struct msim__nat_table *table = &nat->table;

  table->session_count_max = opts->session_count_max == 0 ? SESSIONS_DEFAULT : opts->session_count_max;
  table->first_port = opts->first_port;
  table->last_port = opts->last_port;
  table->timeout_ns[MSIM__NAT_UDP] = opts->udp_timeout_ns != 0 ? opts->udp_timeout_ns : MSIM_SEC(300);
  table->timeout_ns[MSIM__NAT_TCP_OPEN] = opts->tcp_timeout_ns != 0 ? opts->tcp_timeout_ns : MSIM_SEC(7440);
  table->timeout_ns[MSIM__NAT_TCP_BRIEF] = opts->tcp_brief_timeout_ns != 0 ? opts->tcp_brief_timeout_ns : MSIM_SEC(240);
  table->timeout_ns[MSIM__NAT_ICMP] = opts->icmp_timeout_ns != 0 ? opts->icmp_timeout_ns : MSIM_SEC(60);
  memcpy(nat->told_timeout_ns, table->timeout_ns, sizeof nat->told_timeout_ns);
  table->ctx = nat;
  table->is_taken = is_taken;
  table->forget = on_forget;
  table->expired = on_expired;
}

static int check_opts(const struct msim_node *node, const struct msim_nat_opts *opts)
{
  size_t i;

  if (opts->inside == NULL || opts->inside_count == 0 || opts->inside_count > INSIDE_MAX ||
      opts->first_port > opts->last_port || (opts->first_port == 0 && opts->last_port != 0) ||
      opts->session_count_max > SESSIONS_MAX || opts->filtering > MSIM_NAT_ADDRESS_AND_PORT)
    return MSIM_ERR_INVALID;
  for (i = 0; i < opts->inside_count; i++) {
    if (opts->inside[i] == NULL || msim_attachment_in(node, opts->inside[i]) == NULL)
      return MSIM_ERR_INVALID;
    if (opts->inside[i]->realm != 0)
      return MSIM_ERR_EXISTS;
  }
  return MSIM_OK;
}

int msim_node_set_nat_sized(struct msim_node *node, const struct msim_nat_opts *opts, size_t opts_bytes)
{
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim__node_rare *rare;
  struct msim_nat_opts full;
  struct msim__nat *nat;
  size_t i;
  int err = msim__sized_in(&full, sizeof full, opts, opts_bytes);

  if (err == MSIM_OK && !is_open(node))
    err = MSIM_ERR_STATE;
  if (err == MSIM_OK && (node->is_nat || node->is_port))
    err = MSIM_ERR_EXISTS;
  if (err == MSIM_OK)
    err = check_opts(node, &full);
  if (err != MSIM_OK)
    return err;
  nat = msim__arena_alloc(&net->sim->arena, sizeof *nat);
  rare = nat == NULL ? NULL : msim__node_rare(node);
  if (rare == NULL)
    return MSIM_ERR_NOMEM;
  if (full.outside != NULL && (msim_addr_parse(&nat->told_outside, full.outside, strlen(full.outside)) != MSIM_OK ||
                               nat->told_outside.family != MSIM_FAMILY_IPV4))
    return MSIM_ERR_INVALID;
  nat->realm = msim__realm_new(net);
  if (nat->realm == 0)
    return MSIM_ERR_LIMIT;
  for (i = 0; i < full.inside_count; i++)
    (void)msim__lan_set_realm(full.inside[i], nat->realm);
  nat->node = node;
  nat->due_ns = MSIM_NEVER;
  nat->filtering = full.filtering;
  nat->no_hairpinning = full.no_hairpinning;
  nat->picks_up = full.picks_up;
  msim__nat_table_init(&nat->table, &net->sim->mem);
  set_table(nat, &full);
  msim_timer_init(&nat->timer, node, on_due);
  msim_timer_set_background(&nat->timer, true);
  msim_timer_init(&nat->news, node, on_news);
  nat->next = net->nats;
  net->nats = nat;
  rare->nat = nat;
  node->is_nat = true;
  return MSIM_OK;
}

/* An address of a host in one of the networks inside, as far as their prefixes are known yet. */
static bool parse_inside(const struct msim__nat *nat, const char *text, struct msim_addr *out)
{
  const struct msim_attachment *a;

  if (text == NULL || msim_addr_parse(out, text, strlen(text)) != MSIM_OK || out->family != MSIM_FAMILY_IPV4)
    return false;
  for (a = msim_attachment_first(nat->node); a != NULL; a = msim_attachment_next(a)) {
    const struct msim_network *network = msim_attachment_network(a);

    if (network->realm == nat->realm &&
        (!network->has_prefix || msim__addr_in_prefix(out, &network->prefix, network->prefix_bits)))
      return true;
  }
  return false;
}

int msim_nat_add_pair(struct msim_node *node, const char *inside, const char *outside)
{
  struct msim__nat *nat = msim__nat_of(node);
  struct msim__nat_pair pair;
  size_t i;
  int err;

  memset(&pair, 0, sizeof pair);
  if (nat == NULL || !is_open(node))
    return MSIM_ERR_STATE;
  if (!parse_inside(nat, inside, &pair.told_inside) || outside == NULL ||
      msim_addr_parse(&pair.told_outside, outside, strlen(outside)) != MSIM_OK)
    return MSIM_ERR_INVALID;
  for (i = 0; i < nat->pair_count; i++) {
    if (msim_addr_equal(&nat->pairs[i].told_inside, &pair.told_inside))
      return MSIM_ERR_EXISTS;
  }
  err = msim__grow(&msim__node_sim(node)->mem, &nat->pairs, &nat->pair_capacity, nat->pair_count + 1, RULES_MAX,
                   sizeof pair);
  if (err == MSIM_OK)
    err = msim_node_add_addr(node, outside);
  if (err == MSIM_OK)
    nat->pairs[nat->pair_count++] = pair;
  return err;
}

int msim_nat_add_forward(struct msim_node *node, uint8_t proto, uint16_t outside_port, const char *inside,
                         uint16_t inside_port)
{
  struct msim__nat *nat = msim__nat_of(node);
  struct msim__nat_forward forward;
  size_t i;
  int err;

  memset(&forward, 0, sizeof forward);
  if (nat == NULL || !is_open(node))
    return MSIM_ERR_STATE;
  if ((proto != MSIM_PROTO_TCP && proto != MSIM_PROTO_UDP) || outside_port == 0 || inside_port == 0 ||
      !parse_inside(nat, inside, &forward.inside))
    return MSIM_ERR_INVALID;
  forward.proto = proto;
  forward.outside_port = outside_port;
  forward.inside_port = inside_port;
  for (i = 0; i < nat->forward_count; i++) {
    const struct msim__nat_forward *other = &nat->forwards[i];

    if (other->proto == proto &&
        (other->outside_port == outside_port ||
         (other->inside_port == inside_port && msim_addr_equal(&other->inside, &forward.inside))))
      return MSIM_ERR_EXISTS;
  }
  err = msim__grow(&msim__node_sim(node)->mem, &nat->forwards, &nat->forward_capacity, nat->forward_count + 1,
                   RULES_MAX, sizeof forward);
  if (err == MSIM_OK)
    nat->forwards[nat->forward_count++] = forward;
  return err;
}

/* ---- the start, and crashes ---- */

/* One pass over all addresses: there may be as many NATs as homes. */
static void find_own(struct msim__net *net)
{
  size_t i;

  for (i = 1; i < net->addr_count; i++) {
    const struct msim__addr_row *row = &net->addrs[i];
    struct msim__nat *nat = row->has_text || row->node == NULL ? NULL : msim__nat_of(row->node);

    if (nat == NULL || row->realm == nat->realm)
      continue;
    if (nat->own_id == 0)
      nat->own_id = (uint32_t)i;
    if (msim_addr_equal(&row->addr, &nat->told_outside))
      nat->outside_id = (uint32_t)i;
  }
}

static bool has_link(const struct msim_node *node)
{
  uint32_t i;

  for (i = 0; i < node->port_count; i++) {
    if (!node->ports[i]->out->params->is_cable)
      return true;
  }
  return false;
}

static bool is_in_outer_network(const struct msim__nat *nat)
{
  const struct msim_attachment *a = msim_attachment_first(nat->node);

  while (a != NULL && msim_attachment_network(a)->realm == nat->realm)
    a = msim_attachment_next(a);
  return a != NULL;
}

static int begin_one(struct msim__net *net, struct msim__nat *nat)
{
  struct msim_node *node = nat->node;
  size_t i;
  int err;

  if (nat->told_outside.family != MSIM_FAMILY_NONE && nat->outside_id == 0)
    return msim__sim_fail(net->sim, MSIM_ERR_INVALID, "the nat of %s: its address outside is none of its own",
                          node->name);
  if (nat->own_id == 0 && has_link(node)) {
    err = msim__node_auto_addr(node, &nat->own_id);
    if (err != MSIM_OK)
      return err;
  }
  if (nat->own_id != 0 && net->addrs[node->addr_id].realm == nat->realm)
    node->addr_id = nat->own_id; /* what it is known by */
  for (i = 0; i < nat->pair_count; i++) {
    nat->pairs[i].inside = msim__addr_intern_in(net, nat->realm, &nat->pairs[i].told_inside);
    nat->pairs[i].outside = msim__addr_find(net, &nat->pairs[i].told_outside);
    if (nat->pairs[i].inside == 0)
      return MSIM_ERR_NOMEM;
  }
  if (nat->forward_count > 0 && nat->own_id == 0 && !is_in_outer_network(nat))
    return msim__sim_fail(net->sim, MSIM_ERR_INVALID, "the nat of %s forwards ports, and has no way out", node->name);
  err = msim__nat_enter_forwards(nat);
  if (err == MSIM_ERR_EXISTS) /* two texts of one endpoint were refused before */
    return msim__sim_fail(net->sim, err, "the nat of %s forwards a port twice", node->name);
  if (err == MSIM_OK && nat->pair_count + nat->forward_count > 0)
    msim_timer_arm(&nat->news, 0);
  return err;
}

int msim__nat_begin(struct msim__net *net)
{
  struct msim__nat *nat;
  int err = MSIM_OK;

  if (net->nats == NULL)
    return MSIM_OK;
  net->nat_of_realm = msim__arena_alloc(&net->sim->arena, (net->realm_count + (size_t)1) * sizeof *net->nat_of_realm);
  if (net->nat_of_realm == NULL)
    return MSIM_ERR_NOMEM;
  for (nat = net->nats; nat != NULL; nat = nat->next)
    net->nat_of_realm[nat->realm] = nat;
  find_own(net);
  for (nat = net->nats; nat != NULL && err == MSIM_OK; nat = nat->next)
    err = begin_one(net, nat);
  return err;
}

void msim__nat_end(struct msim__net *net)
{
  struct msim__nat *nat;

  for (nat = net->nats; nat != NULL; nat = nat->next) {
    msim__nat_table_release(&nat->table);
    msim__free(&net->sim->mem, nat->pairs, nat->pair_capacity * sizeof *nat->pairs);
    msim__free(&net->sim->mem, nat->forwards, nat->forward_capacity * sizeof *nat->forwards);
  }
}

void msim__nat_crash(struct msim_node *node)
{
  struct msim__nat *nat = msim__nat_of(node);

  msim__nat_table_clear(&nat->table);
  msim_timer_cancel(&nat->timer);
  nat->due_ns = MSIM_NEVER;
  if (msim__nat_enter_forwards(nat) != MSIM_OK)
    msim__sim_fail_nomem(msim__node_sim(node));
}

/* ---- asking ---- */

struct msim__nat *msim__nat_of_realm(const struct msim__net *net, uint32_t realm)
{
  return net->nat_of_realm == NULL || realm == 0 || realm > net->realm_count ? NULL : net->nat_of_realm[realm];
}

bool msim__nat_leads_out(const struct msim__net *net, uint32_t from, uint32_t realm, const struct msim_addr *addr,
                         uint32_t *found)
{
  const struct msim__nat *nat = msim__nat_of_realm(net, from);
  const struct msim_attachment *a;
  unsigned level;

  for (level = 0; nat != NULL && level < LEVELS_MAX; level++) {
    const struct msim__nat *next = NULL;

    for (a = msim_attachment_first(nat->node); a != NULL; a = msim_attachment_next(a)) {
      const struct msim_network *network = msim_attachment_network(a);

      if (network->realm == nat->realm || network->realm == 0)
        continue;
      *found = network->realm;
      if (addr == NULL ? network->realm == realm : msim__addr_in_prefix(addr, &network->prefix, network->prefix_bits))
        return true;
      if (next == NULL)
        next = msim__nat_of_realm(net, network->realm);
    }
    nat = next;
  }
  return false;
}

const struct msim__nat_pair *msim__nat_pair_inside(const struct msim__nat *nat, uint32_t addr)
{
  size_t i;

  for (i = 0; i < nat->pair_count; i++) {
    if (nat->pairs[i].inside == addr)
      return &nat->pairs[i];
  }
  return NULL;
}

const struct msim__nat_pair *msim__nat_pair_outside(const struct msim__nat *nat, uint32_t addr)
{
  size_t i;

  for (i = 0; i < nat->pair_count; i++) {
    if (nat->pairs[i].outside == addr)
      return &nat->pairs[i];
  }
  return NULL;
}

bool msim__nat_uses_port(const struct msim_node *node, uint16_t port)
{
  return msim__nat_port_is_mapped(&msim__nat_of(node)->table, port);
}

const struct msim_nat_mapping *msim_nat_first(const struct msim_node *node)
{
  const struct msim__nat *nat = msim__nat_of(node);

  return nat == NULL ? NULL : (const struct msim_nat_mapping *)(const void *)nat->table.oldest_mapping;
}

const struct msim_nat_mapping *msim_nat_next(const struct msim_nat_mapping *mapping)
{
  return (const struct msim_nat_mapping *)(const void *)((const struct msim__nat_mapping *)(const void *)mapping)
      ->newer;
}

void msim_nat_look_sized(const struct msim_node *node, const struct msim_nat_mapping *mapping,
                         struct msim_nat_view *out, size_t out_bytes)
{
  const struct msim__nat_mapping *m = (const struct msim__nat_mapping *)(const void *)mapping;
  struct msim__net *net = msim__net(msim__node_sim(node));
  struct msim_nat_view full;

  memset(&full, 0, sizeof full);
  full.inside.addr = *msim__addr_of(net, m->inside.addr);
  full.inside.port = m->inside.port;
  full.outside.addr = *msim__addr_of(net, m->outside.addr);
  full.outside.port = m->outside.port;
  full.inside_host = msim__addr_name(net, m->inside.addr);
  full.session_count = m->session_count;
  full.proto = m->proto;
  full.is_static = m->is_lasting || m->is_of_pair;
  msim__sized_out(out, out_bytes, &full, sizeof full);
}
