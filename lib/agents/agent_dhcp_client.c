/* agent_dhcp_client.c: fetches a host's address, and what belongs to it, from the DHCP servers of a network (RFC 2131).
 *
 * The states are in dhcp_acquire.c; here they meet the network, the host and the trace. A host whose network says
 * `dhcp` has one of these by itself. Clients of several networks on one host share its port. */
#include "agents/address_wait.h"
#include "agents/dhcp_acquire.h"
#include "agents/dhcp_client_file.h"
#include "agents/dhcp_marks.h"
#include "agents/dhcp_server_fields.h"

#include "agents/agents.h"
#include "agents/resolver.h"

#include <stdio.h>
#include <string.h>

#define MTU_BYTES_MIN 68u /* RFC 2132 5.1 */

enum script_act { SCRIPT_RELEASE, SCRIPT_RENEW };

struct step_config {
  msim_ns at_ns;
  int act; /* enum script_act */
};

struct config {
  const char *network, *client_id, *address;
  struct msim_list script; /* const struct step_config * */
  uint64_t tries;
  msim_ns lease_ns, retry_ns, spread_ns;
  bool no_host_name, no_probe, forgets, inform;
};

struct step {
  struct msim_timer timer; /* must be first */
  struct state *state;
  enum script_act act;
};

struct state {
  struct msim_timer timer; /* must be first */
  struct msim_agent *agent;
  struct state *next; /* of the host's clients */
  struct msim_attachment *attachment;
  struct msim_disk *disk; /* NULL: it forgets */
  struct msim__dhcp_acquire client;
  struct step *steps;
  bool is_fetching;    /* somebody may wait for its address */
  bool is_configuring; /* what the network tells of the attachment is its own doing */
  const char *event;   /* to be told when the host has the address; NULL: it was told */
};

/* Of all clients of a host; the first has the port. */
struct desk {
  struct state *first;
};

/* ---- keys ---- */

static const char *check_client_id(const char *text)
{
  return strlen(text) < MSIM__DHCP_CLIENT_ID_BYTES ? NULL : "at most 63 bytes are expected here";
}

static const char *check_address(const char *text)
{
  struct msim_addr addr;

  return text[0] == '\0' || (msim_addr_parse(&addr, text, strlen(text)) == MSIM_OK && addr.family == MSIM_FAMILY_IPV4)
             ? NULL
             : "an address such as 192.168.1.10 is expected here";
}

static const char *const act_names[] = {"release", "renew", NULL};

static const struct msim_field step_fields[] = {
    {.key = "at", .kind = MSIM_FIELD_DURATION_NS, .offset = offsetof(struct step_config, at_ns), .help = "when"},
    {.key = "do",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct step_config, act),
     .names = act_names,
     .help = "release: gives the address back and stays without; renew: extends the lease, or fetches an address"},
    {.key = NULL},
};

static const struct msim_field step_item[] = {
    {.key = "step",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = step_fields,
     .item_bytes = sizeof(struct step_config)},
};

static const struct msim_field fields[] = {
    {.key = "network",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, network),
     .fallback = "\"\"",
     .help = "which network of the host; absent: its only one"},
    {.key = "client-id",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, client_id),
     .fallback = "\"\"",
     .check = check_client_id,
     .help = "by which servers know it again; absent: its MAC"},
    {.key = "address",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, address),
     .fallback = "\"\"",
     .check = check_address,
     .help = "which it would like to have"},
    {.key = "lease",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, lease_ns),
     .fallback = "0s",
     .help = "for how long it asks; 0s: as long as the server likes"},
    {.key = "tries",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, tries),
     .fallback = "4",
     .min = 1,
     .max = 100,
     .help = "of each message, after 4 s, 8 s, 16 s ...; then dhcp.failed"},
    {.key = "retry-after",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, retry_ns),
     .fallback = "5min",
     .help = "it begins anew so long after it has given up; 0s: never"},
    {.key = "spread",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, spread_ns),
     .fallback = "0s",
     .help = "it begins after a part of this, drawn"},
    {.key = "no-host-name",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct config, no_host_name),
     .fallback = "false",
     .help = "it does not tell its name"},
    {.key = "no-probe",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct config, no_probe),
     .fallback = "false",
     .help = "it does not ask by ARP whether somebody has the address, which takes some seconds"},
    {.key = "forgets",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct config, forgets),
     .fallback = "false",
     .help = "the lease is not kept on the disk: after a crash it begins anew"},
    {.key = "inform",
     .kind = MSIM_FIELD_BOOL,
     .offset = offsetof(struct config, inform),
     .fallback = "false",
     .help = "the host has an address from this file, and asks for the rest only"},
    {.key = "script",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, script),
     .fallback = "",
     .item = step_item,
     .item_bytes = sizeof(const struct step_config *),
     .help = "what is done by hand, and when"},
    {.key = NULL},
};

/* ---- telling ---- */

static const char *network_of(const struct state *state)
{
  return msim_network_name(msim_attachment_network(state->attachment));
}

static void tell_lease(struct state *state, const char *event)
{
  struct msim__dhcp_mark mark;

  msim__dhcp_mark_lease(&mark, &state->client.held.ack);
  msim_agent_event(state->agent, event, mark.values, mark.value_count);
}

static void tell_address(struct state *state, const char *event, const struct msim_addr *address,
                         const struct msim__dhcp_message *nak)
{
  char text[MSIM_ADDR_TEXT_BYTES], server[MSIM_ADDR_TEXT_BYTES];
  struct msim_value values[3];
  size_t n = 0;

  if (address->family != MSIM_FAMILY_NONE) {
    (void)msim_addr_format(address, text);
    values[n++] = msim_value_text("address", text);
  }
  if (nak != NULL) {
    (void)msim_addr_format(&nak->server, server);
    values[n++] = msim_value_text("server", server);
    if (nak->text[0] != '\0')
      values[n++] = msim_value_text("text", nak->text);
  }
  msim_agent_event(state->agent, event, values, n);
}

static void tell_failed(struct state *state, const char *reason)
{
  struct msim_value values[] = {
      msim_value_text("network", network_of(state)),
      msim_value_text("reason", reason),
  };

  msim_agent_event(state->agent, "dhcp.failed", values, 2);
}

/* ---- the host ---- */

/* RFC 950 2.1, where no mask is told: by the class of the address. */
static uint8_t prefix_bits_of(const struct msim__dhcp_message *ack)
{
  if (ack->has_mask)
    return ack->mask_bits;
  return ack->your.bytes[0] < 128 ? 8 : ack->your.bytes[0] < 192 ? 16 : 24;
}

static bool same_prefix(const struct msim_addr *a, const struct msim_addr *b, uint8_t prefix_bits)
{
  uint32_t mask = prefix_bits == 0 ? 0 : UINT32_MAX << (32 - prefix_bits);

  return ((msim_addr_ipv4_value(a) ^ msim_addr_ipv4_value(b)) & mask) == 0;
}

static struct msim_addr_config config_of(const struct msim__dhcp_message *ack)
{
  struct msim_addr_config config;

  memset(&config, 0, sizeof config);
  config.address = ack->your;
  config.prefix_bits = prefix_bits_of(ack);
  config.mtu_bytes = ack->has_mtu && ack->mtu_bytes >= MTU_BYTES_MIN ? ack->mtu_bytes : 0;
  if (ack->routers.count > 0 && same_prefix(&ack->your, &ack->routers.items[0], config.prefix_bits))
    config.gateway = ack->routers.items[0]; /* one that lies elsewhere could not be reached */
  return config;
}

static bool is_configured_so(const struct state *state, const struct msim_addr_config *wanted)
{
  struct msim_addr_config now = msim_attachment_config(state->attachment);

  return msim_addr_equal(&now.address, &wanted->address) && msim_addr_equal(&now.gateway, &wanted->gateway) &&
         now.prefix_bits == wanted->prefix_bits && (wanted->mtu_bytes == 0 || now.mtu_bytes == wanted->mtu_bytes);
}

/* Name servers first, since other agents may use them as soon as they hear of the address. 0, MSIM_ERR_EXISTS: somebody
 * has the address; MSIM_ERR_INVALID: it is none; or fatal. */
static int configure(struct state *state)
{
  const struct msim__dhcp_message *ack = &state->client.held.ack;
  struct msim_addr_config config = config_of(ack);
  int err = msim__resolver_lend(state->agent->node, ack->dns.items, ack->dns.count);

  if (err == MSIM_OK && !is_configured_so(state, &config)) {
    state->is_configuring = true;
    err = msim_attachment_configure(state->attachment, &config);
    state->is_configuring = false;
  }
  if (err == MSIM_OK && state->disk != NULL)
    msim__dhcp_client_file_write(state->disk, network_of(state), &state->client.held);
  return err;
}

static void deconfigure(struct state *state)
{
  state->is_configuring = true;
  msim_attachment_deconfigure(state->attachment);
  state->is_configuring = false;
  (void)msim__resolver_lend(state->agent->node, NULL, 0);
}

/* ---- doing ---- */

static void apply(struct state *state, struct msim__dhcp_act *act, const struct msim__dhcp_message *heard);

static void checked(void *ctx, struct msim_attachment *attachment, const struct msim_addr *addr, bool in_use)
{
  struct state *state = ctx;
  struct msim__dhcp_act act;

  (void)attachment;
  (void)addr;
  msim__dhcp_acquire_checked(&state->client, in_use, msim_sim_now_ns(msim_agent_sim(state->agent)), &act);
  apply(state, &act, NULL);
}

static void check(struct state *state)
{
  const struct msim_addr *address = &state->client.held.ack.your;

  if (msim_attachment_probe(state->attachment, address, checked, state) != MSIM_OK)
    checked(state, state->attachment, address, false); /* what is no address will be found out when it is used */
}

static void arm(struct state *state)
{
  msim_ns now_ns = msim_sim_now_ns(msim_agent_sim(state->agent)), wake_ns = state->client.wake_ns;

  msim_timer_cancel(&state->timer);
  if (wake_ns == MSIM_NEVER)
    return;
  msim_timer_set_background(&state->timer, state->client.in_background);
  msim_timer_arm(&state->timer, wake_ns > now_ns ? wake_ns - now_ns : 0);
}

/* In front of what others do with the address, once. */
static void tell_taken_over(struct state *state)
{
  if (state->event != NULL)
    tell_lease(state, state->event);
  state->event = NULL;
}

/* The host has what was acknowledged from now on, if it can. */
static void take_over(struct state *state, const char *event, struct msim__dhcp_act *act)
{
  int err;

  state->event = event;
  err = configure(state);
  if (err == MSIM_OK) {
    tell_taken_over(state);
    msim__address_fetch_ends(state->agent, &state->is_fetching);
  } else if (err > MSIM_ERR_FATAL) {
    msim__dhcp_acquire_conflict(&state->client, msim_sim_now_ns(msim_agent_sim(state->agent)), act);
    apply(state, act, NULL);
  }
}

/* What the states ask for, in the order of dhcp_acquire.h. heard: what it follows from; NULL: no message. */
static void apply(struct state *state, struct msim__dhcp_act *act, const struct msim__dhcp_message *heard)
{
  struct msim_addr had = msim_attachment_config(state->attachment).address;
  unsigned what = act->what;

  if (what & MSIM__DHCP_ACT_SEND)
    (void)msim__dhcp_send(state->agent, state->attachment, MSIM__DHCP_CLIENT_PORT, act->to, &act->message,
                          MSIM__DHCP_SIZE_MAX); /* lost is lost */
  if (what & MSIM__DHCP_ACT_REFUSED)
    tell_address(state, "dhcp.refused", &had, heard);
  if (what & MSIM__DHCP_ACT_DECLINED)
    tell_address(state, "dhcp.declined", &act->message.requested, NULL);
  if (what & MSIM__DHCP_ACT_EXPIRED)
    tell_address(state, "dhcp.expired", &had, NULL);
  if (what & MSIM__DHCP_ACT_RELEASED)
    tell_address(state, "dhcp.released", &had, NULL);
  if (what & MSIM__DHCP_ACT_CLEAR)
    deconfigure(state);
  if ((what & (MSIM__DHCP_ACT_REFUSED | MSIM__DHCP_ACT_DECLINED)) && state->disk != NULL)
    msim__dhcp_client_file_remove(state->disk, network_of(state));
  if ((what & MSIM__DHCP_ACT_CLEAR) && state->client.wake_ns != MSIM_NEVER)
    msim__address_fetch_begins(state->agent, &state->is_fetching);
  arm(state);
  if (what & MSIM__DHCP_ACT_CHECK)
    check(state);
  if (what & MSIM__DHCP_ACT_CONFIGURE)
    take_over(state, "dhcp.bound", act);
  else if (what & MSIM__DHCP_ACT_EXTENDED)
    take_over(state, "dhcp.renewed", act);
  if (what & MSIM__DHCP_ACT_INFORMED) {
    (void)msim__resolver_lend(state->agent->node, state->client.held.ack.dns.items, state->client.held.ack.dns.count);
    tell_lease(state, "dhcp.informed");
  }
  if (what & MSIM__DHCP_ACT_FAILED) {
    tell_failed(state, act->reason);
    msim__address_fetch_ends(state->agent, &state->is_fetching);
  }
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct state *state = (struct state *)(void *)timer;
  struct msim__dhcp_act act;

  msim__dhcp_acquire_wake(&state->client, now_ns, &act);
  apply(state, &act, NULL);
}

static void on_step(struct msim_timer *timer, msim_ns now_ns)
{
  const struct step *step = (const struct step *)(void *)timer;
  struct state *state = step->state;
  struct msim__dhcp_act act;

  if (step->act == SCRIPT_RENEW) {
    if (!state->client.has_address)
      msim__address_fetch_begins(state->agent, &state->is_fetching);
    msim__dhcp_acquire_renew(&state->client, now_ns, &act);
    apply(state, &act, NULL);
    return;
  }
  msim__dhcp_acquire_give_back(&state->client, now_ns, &act);
  apply(state, &act, NULL);
  if (state->disk != NULL)
    msim__dhcp_client_file_remove(state->disk, network_of(state));
  msim__address_fetch_ends(state->agent, &state->is_fetching);
}

/* ---- what is heard ---- */

static void on_datagram(struct msim_agent *agent, struct msim_endpoint from, uint16_t local_port,
                        struct msim_slice bytes)
{
  const struct desk *desk = msim_agent_shared(agent, "dhcp-client", sizeof *desk);
  struct msim_attachment *by = msim_agent_datagram_by(agent);
  struct msim__dhcp_message message;
  struct msim__dhcp_act act;
  struct state *state;

  (void)from;
  (void)local_port;
  for (state = desk->first; state != NULL && (by == NULL || state->attachment != by); state = state->next)
    ;
  if (state == NULL || msim__dhcp_decode(&message, bytes) != MSIM_OK)
    return;
  msim__dhcp_acquire_receive(&state->client, &message, msim_sim_now_ns(msim_agent_sim(agent)), &act);
  if (act.what != 0)
    apply(state, &act, &message);
}

static void on_network(struct msim_agent *agent, struct msim_attachment *attachment, enum msim_network_change change)
{
  struct state *state = msim_agent_state(agent);
  msim_ns now_ns = msim_sim_now_ns(msim_agent_sim(agent));
  struct msim__dhcp_act act;

  if (state->attachment != attachment)
    return;
  if (state->is_configuring) {
    if (change == MSIM_NETWORK_ADDRESS)
      tell_taken_over(state); /* where it stands in front of the host's other agents it hears of it before them */
    return;
  }
  act.what = 0;
  if (change == MSIM_NETWORK_LINK_UP) {
    if (!state->client.has_address && state->client.opts.inform == 0)
      msim__address_fetch_begins(agent, &state->is_fetching);
    msim__dhcp_acquire_replugged(&state->client, now_ns, &act);
  } else if (change == MSIM_NETWORK_NO_ADDRESS) {
    msim__dhcp_acquire_conflict(&state->client, now_ns, &act); /* somebody else has won it (RFC 5227 2.4) */
  }
  if (act.what != 0)
    apply(state, &act, NULL);
}

/* ---- life ---- */

static void fill_opts(const struct state *state, struct msim__dhcp_acquire_opts *opts)
{
  const struct config *config = msim_agent_config(state->agent);
  struct msim_mac mac = msim_attachment_mac(state->attachment);
  size_t id_bytes = strlen(config->client_id);
  struct msim_addr address;

  memset(opts, 0, sizeof *opts);
  memcpy(opts->mac, mac.bytes, sizeof opts->mac);
  if (id_bytes > 0) {
    memcpy(opts->client_id + 1, config->client_id,
           id_bytes); /* its first byte 0: no hardware address (RFC 2132 9.14) */
    opts->client_id_bytes = (uint8_t)(1 + id_bytes);
  }
  opts->host_name = config->no_host_name ? "" : msim_agent_host(state->agent);
  opts->broadcast = true;
  opts->checks = !config->no_probe;
  opts->lease_s = (uint32_t)(config->lease_ns / MSIM_SEC(1) < UINT32_MAX ? config->lease_ns / MSIM_SEC(1) : UINT32_MAX);
  if (config->address[0] != '\0' && msim_addr_parse(&address, config->address, strlen(config->address)) == MSIM_OK)
    opts->wanted = msim_addr_ipv4_value(&address);
  if (config->inform) {
    address = msim_attachment_config(state->attachment).address;
    opts->inform = msim_addr_ipv4_value(&address);
  }
  opts->tries_max = (uint32_t)config->tries;
  opts->retry_ns = config->retry_ns;
  opts->spread_ns = config->spread_ns;
}

static int start_script(struct state *state)
{
  const struct config *config = msim_agent_config(state->agent);
  const struct step_config *const *steps = config->script.items;
  msim_ns now_ns = msim_sim_now_ns(msim_agent_sim(state->agent));
  size_t i;

  if (config->script.count == 0)
    return MSIM_OK;
  state->steps = msim_agent_resize(state->agent, NULL, 0, config->script.count * sizeof *state->steps);
  if (state->steps == NULL)
    return MSIM_ERR_NOMEM;
  memset(state->steps, 0, config->script.count * sizeof *state->steps);
  for (i = 0; i < config->script.count; i++) {
    state->steps[i].state = state;
    state->steps[i].act = (enum script_act)steps[i]->act;
    msim_timer_init(&state->steps[i].timer, state->agent->node, on_step);
    if (steps[i]->at_ns >= now_ns) /* after a crash what is past is past */
      msim_timer_arm(&state->steps[i].timer, steps[i]->at_ns - now_ns);
  }
  return MSIM_OK;
}

static int join_desk(struct state *state)
{
  struct desk *desk = msim_agent_shared(state->agent, "dhcp-client", sizeof *desk);
  const struct state *other;
  bool is_first;

  if (desk == NULL)
    return MSIM_ERR_NOMEM;
  for (other = desk->first; other != NULL; other = other->next)
    if (other->attachment == state->attachment) {
      msim_agent_fail(state->agent, "the host has a DHCP client in the network \"%s\" already", network_of(state));
      return MSIM_ERR_AGENT;
    }
  is_first = desk->first == NULL;
  state->next = desk->first;
  desk->first = state;
  return is_first ? msim_agent_bind_udp(state->agent, MSIM__DHCP_CLIENT_PORT) : MSIM_OK;
}

/* A host with an address of its own and one without need different things. */
static int check_attachment(const struct state *state, const struct config *config)
{
  bool has_address = msim_attachment_config(state->attachment).address.family != MSIM_FAMILY_NONE;

  if (has_address && !config->inform)
    msim_agent_fail(state->agent,
                    "the host has an address in the network \"%s\" from the topology: say `dhcp` there, or "
                    "`inform: true` here",
                    network_of(state));
  else if (!has_address && config->inform)
    msim_agent_fail(state->agent, "inform: the host has no address in the network \"%s\"", network_of(state));
  return has_address == config->inform ? MSIM_OK : MSIM_ERR_AGENT;
}

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  struct msim__dhcp_acquire_opts opts;
  struct msim__dhcp_held held;
  bool remembers = false;
  int err;

  state->agent = agent;
  state->attachment = msim__dhcp_attachment(agent, config->network);
  if (state->attachment == NULL)
    return MSIM_ERR_AGENT;
  err = check_attachment(state, config);
  if (err != MSIM_OK)
    return err;
  if (!config->forgets && !config->inform) {
    state->disk = msim_node_disk(agent->node);
    if (state->disk == NULL)
      return MSIM_ERR_NOMEM;
    remembers = msim__dhcp_client_file_read(state->disk, network_of(state), &held);
  }
  fill_opts(state, &opts);
  msim_timer_init(&state->timer, agent->node, on_timer);
  msim__dhcp_acquire_start(&state->client, &opts, &agent->rng, remembers ? &held : NULL,
                           msim_sim_now_ns(msim_agent_sim(agent)));
  err = join_desk(state);
  if (err == MSIM_OK)
    err = start_script(state);
  if (err != MSIM_OK)
    return err;
  if (!config->inform)
    msim__address_fetch_begins(agent, &state->is_fetching);
  arm(state);
  return MSIM_OK;
}

static void stop(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  size_t i;

  for (i = 0; state->steps != NULL && i < config->script.count; i++)
    msim_timer_cancel(&state->steps[i].timer);
  if (state->steps != NULL)
    (void)msim_agent_resize(agent, state->steps, config->script.count * sizeof *state->steps, 0);
  state->steps = NULL;
}

extern const struct msim_agent_type msim__agent_dhcp_client;
const struct msim_agent_type msim__agent_dhcp_client = {
    .name = "dhcp-client",
    .summary = "fetches the address of its host from a DHCP server",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
    .on_datagram = on_datagram,
    .stop = stop,
    .on_network = on_network,
    .needs_network = true,
};
