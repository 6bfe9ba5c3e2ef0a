/* agent_dhcp_server.c: gives the hosts of a network their addresses, and what belongs to them (RFC 2131, RFC 2132).
 *
 * What is said to whom is decided in dhcp_answer.c. A lease is on the disk before it is acknowledged. Servers of
 * several networks on one host share its port. */
#include "agents/dhcp_lease_file.h"
#include "agents/dhcp_marks.h"
#include "agents/service_rules.h"

#include "agents/agents.h"

#include <stdio.h>
#include <string.h>

#define PENDING_MAX 65536u /* acknowledgements that wait for the disk; what is more is not answered */
#define HEADERS_BYTES 28u  /* of IP and UDP: what clients tell counts them (RFC 2132 9.10) */

/* An acknowledgement that waits for the disk. */
struct pending {
  struct pending *next;
  uint32_t to;
  size_t size_bytes_max;
  struct msim__dhcp_message reply;
};

struct state {
  struct msim_timer timer; /* must be first: the next lease ends */
  struct msim_agent *agent;
  struct state *next; /* of the host's servers */
  struct msim_attachment *attachment;
  struct msim__dhcp_site site;
  struct msim__dhcp_leases leases;
  struct msim__dhcp_lease_file file; /* disk NULL: it forgets */
  struct pending *first, *last;
  size_t pending_count;
  uint64_t *seen_counts; /* per rule: messages that it fits */
};

/* Of all servers of a host; the first has the port. */
struct desk {
  struct state *first;
};

/* ---- telling ---- */

static void tell(struct state *state, const char *event, const struct msim__dhcp_lease *lease, uint32_t lease_s,
                 const char *why)
{
  char address_text[MSIM_ADDR_TEXT_BYTES], mac_text[MSIM_MAC_TEXT_BYTES];
  struct msim_addr address = msim_addr_ipv4(lease->address);
  struct msim_value values[6];
  struct msim_mac mac;
  size_t n = 0;

  memcpy(mac.bytes, lease->mac, sizeof mac.bytes);
  (void)msim_mac_format(&mac, mac_text);
  (void)msim_addr_format(&address, address_text);
  values[n++] = msim_value_text("network", msim_network_name(msim_attachment_network(state->attachment)));
  values[n++] = msim_value_text("address", address_text);
  values[n++] = msim_value_text("mac", mac_text);
  if (lease->host_name[0] != '\0')
    values[n++] = msim_value_text("client", lease->host_name);
  if (lease_s != 0)
    values[n++] = msim_value_int("lease", lease_s);
  if (why != NULL)
    values[n++] = msim_value_text("reason", why);
  msim_agent_event(state->agent, event, values, n);
}

static void tell_exhausted(struct state *state, const struct msim__dhcp_message *message)
{
  char mac_text[MSIM_MAC_TEXT_BYTES];
  struct msim_value values[3];
  struct msim_mac mac;
  size_t n = 0;

  memcpy(mac.bytes, message->mac, sizeof mac.bytes);
  (void)msim_mac_format(&mac, mac_text);
  values[n++] = msim_value_text("network", msim_network_name(msim_attachment_network(state->attachment)));
  values[n++] = msim_value_text("mac", mac_text);
  if (message->host_name[0] != '\0')
    values[n++] = msim_value_text("client", message->host_name);
  msim_agent_event(state->agent, "dhcp.exhausted", values, n);
}

/* ---- time ---- */

static void arm(struct state *state)
{
  msim_ns next_ns = msim__dhcp_leases_next_ns(&state->leases), now_ns = msim_sim_now_ns(msim_agent_sim(state->agent));

  if (next_ns == MSIM_NEVER)
    msim_timer_cancel(&state->timer);
  else
    msim_timer_arm(&state->timer, next_ns > now_ns ? next_ns - now_ns : 0);
}

static void on_end(struct msim_timer *timer, msim_ns now_ns)
{
  struct state *state = (struct state *)(void *)timer;
  struct msim__dhcp_lease *lease;

  while ((lease = msim__dhcp_leases_ended(&state->leases, now_ns)) != NULL) {
    if (lease->state == MSIM__DHCP_LEASE_ACTIVE)
      tell(state, "dhcp.lease_ended", lease, 0, "expired");
    msim__dhcp_leases_free(&state->leases, lease);
  }
  arm(state);
}

/* ---- sending ---- */

static size_t size_bytes_max(const struct msim__dhcp_message *message)
{
  size_t size = message->size_bytes_max;

  if (size < MSIM__DHCP_MESSAGE_BYTES_MAX)
    size = MSIM__DHCP_MESSAGE_BYTES_MAX;
  return size - HEADERS_BYTES;
}

/* Nobody can be reached at an address that is not its own yet: a frame would need its MAC, and ARP would not find it.
 * RFC 2131 4.1 lets a server say that to all. */
static uint32_t target(const struct msim__dhcp_answer *answer)
{
  return answer->way == MSIM__DHCP_TO_HOLDER ? answer->to : UINT32_MAX;
}

static void send(struct state *state, uint32_t to, const struct msim__dhcp_message *reply, size_t bytes_max)
{
  (void)msim__dhcp_send(state->agent, state->attachment, MSIM__DHCP_SERVER_PORT, to, reply, bytes_max);
}

static void send_pending(void *ctx, int err)
{
  struct state *state = ctx;
  struct pending *p = state->first;

  (void)err;
  state->first = p->next;
  if (state->first == NULL)
    state->last = NULL;
  state->pending_count--;
  send(state, p->to, &p->reply, p->size_bytes_max);
  msim__free(&msim__node_sim(state->agent->node)->mem, p, sizeof *p);
}

/* One sync for each, so that the callbacks are as many as those who wait. Without room on the disk it is as if the
 * request had not been heard. */
static void send_when_safe(struct state *state, const struct msim__dhcp_answer *answer, size_t bytes_max)
{
  struct msim_sim *sim = msim__node_sim(state->agent->node);
  struct pending *p;

  if (state->pending_count >= PENDING_MAX || msim__dhcp_lease_file_put(&state->file, answer->lease) != MSIM_OK)
    return;
  p = msim__alloc_zeroed(&sim->mem, 1, sizeof *p);
  if (p == NULL) {
    (void)msim__sim_fail_nomem(sim);
    return;
  }
  p->to = target(answer);
  p->size_bytes_max = bytes_max;
  p->reply = answer->reply;
  if (msim__dhcp_lease_file_sync(&state->file, send_pending, state) != MSIM_OK) {
    msim__free(&sim->mem, p, sizeof *p);
    return;
  }
  if (state->last != NULL)
    state->last->next = p;
  else
    state->first = p;
  state->last = p;
  state->pending_count++;
}

/* ---- receiving ---- */

/* The rule that decides about this message, or NULL. */
static const struct msim__dhcp_rule *find_rule(struct state *state, const struct msim__dhcp_message *message)
{
  const struct msim__dhcp_server_config *config = msim_agent_config(state->agent);
  const struct msim__dhcp_rule *const *rules = config->rules.items;
  size_t i;

  for (i = 0; i < config->rules.count; i++) {
    uint64_t seen;

    if (!msim__dhcp_rule_fits(rules[i], state->attachment, message->type, message->mac))
      continue;
    seen = state->seen_counts[i]++;
    if (seen >= rules[i]->skip_count && (rules[i]->count == 0 || seen - rules[i]->skip_count < rules[i]->count))
      return rules[i];
  }
  return NULL;
}

/* What rules from above say of a message for this server; nothing where there are none. */
static struct msim__dhcp_verdict judge(const struct state *state, const struct msim__dhcp_message *message)
{
  const struct msim__service_rules *rules = msim__service_rules_of(msim__node_sim(state->agent->node));
  struct msim__dhcp_verdict verdict;

  memset(&verdict, 0, sizeof verdict);
  if (rules != NULL && rules->dhcp != NULL && message->op == MSIM__DHCP_TO_SERVER &&
      message->relay.family == MSIM_FAMILY_NONE &&
      (message->server.family == MSIM_FAMILY_NONE || msim_addr_ipv4_value(&message->server) == state->site.own))
    rules->dhcp(rules->ctx, state->agent, state->attachment, message, &verdict);
  return verdict;
}

/* Decides what is answered. lease_s: 0, or whatever is asked for. 0 or MSIM_ERR_NOMEM. */
static int decide(struct state *state, const struct msim__dhcp_message *message, uint32_t lease_s, bool is_refused,
                  bool is_exhausted, struct msim__dhcp_answer *out)
{
  memset(out, 0, sizeof *out);
  if (is_refused && message->type == MSIM__DHCP_REQUEST) {
    msim__dhcp_refuse(&state->site, message, "refused by a rule", out);
    return MSIM_OK;
  }
  if (is_exhausted && message->type == MSIM__DHCP_DISCOVER) {
    out->what = MSIM__DHCP_EXHAUSTED;
    return MSIM_OK;
  }
  return msim__dhcp_answer(&state->site, &state->leases, message, lease_s,
                           msim_sim_now_ns(msim_agent_sim(state->agent)), out);
}

static void note(struct state *state, const struct msim__dhcp_answer *answer, const struct msim__dhcp_message *message)
{
  switch (answer->what) {
  case MSIM__DHCP_LEASED:
    tell(state, "dhcp.leased", answer->lease, answer->reply.lease_s, NULL);
    break;
  case MSIM__DHCP_EXHAUSTED:
    tell_exhausted(state, message);
    break;
  case MSIM__DHCP_DECLINED:
    memcpy(answer->lease->mac, message->mac, sizeof message->mac);
    tell(state, "dhcp.lease_ended", answer->lease, 0, "declined");
    break;
  case MSIM__DHCP_RELEASED:
    tell(state, "dhcp.lease_ended", answer->lease, 0, "released");
    break;
  case MSIM__DHCP_IGNORED:
  case MSIM__DHCP_OFFERED:
  case MSIM__DHCP_EXTENDED:
  case MSIM__DHCP_REFUSED:
  case MSIM__DHCP_WITHDRAWN:
  case MSIM__DHCP_INFORMED:
    break; /* the datagrams tell it */
  }
}

static void take(struct state *state, const struct msim__dhcp_message *message)
{
  const struct msim__dhcp_rule *rule = find_rule(state, message);
  const struct msim__dhcp_verdict verdict = judge(state, message);
  uint32_t lease_s = rule != NULL ? (uint32_t)(rule->lease_ns / MSIM_SEC(1)) : 0;
  struct msim__dhcp_answer answer;
  bool is_kept;

  if (verdict.is_silent || (rule != NULL && rule->answer == MSIM__DHCP_RULE_NONE))
    return;
  if (decide(state, message, verdict.lease_s != 0 ? verdict.lease_s : lease_s,
             verdict.refuses || (rule != NULL && rule->answer == MSIM__DHCP_RULE_NAK), verdict.is_exhausted,
             &answer) != MSIM_OK) {
    (void)msim__sim_fail_nomem(msim_agent_sim(state->agent));
    return;
  }
  note(state, &answer, message);
  arm(state);
  is_kept = state->file.disk != NULL && answer.lease != NULL;
  if (is_kept && (answer.what == MSIM__DHCP_LEASED || answer.what == MSIM__DHCP_EXTENDED)) {
    send_when_safe(state, &answer, size_bytes_max(message));
    return;
  }
  if (is_kept && (answer.what == MSIM__DHCP_DECLINED || answer.what == MSIM__DHCP_RELEASED))
    (void)msim__dhcp_lease_file_put(&state->file, answer.lease); /* a crash may forget it: then the lease goes on */
  if (answer.way != MSIM__DHCP_NOWHERE)
    send(state, target(&answer), &answer.reply, size_bytes_max(message));
}

static void on_datagram(struct msim_agent *agent, struct msim_endpoint from, uint16_t local_port,
                        struct msim_slice bytes)
{
  const struct desk *desk = msim_agent_shared(agent, "dhcp-server", sizeof *desk);
  struct msim_attachment *by = msim_agent_datagram_by(agent);
  struct msim__dhcp_message message;
  struct state *state;

  (void)from;
  (void)local_port;
  for (state = desk->first; state != NULL && (by == NULL || state->attachment != by); state = state->next)
    ;
  if (state != NULL && msim__dhcp_decode(&message, bytes) == MSIM_OK)
    take(state, &message);
}

/* ---- life ---- */

static int join_desk(struct msim_agent *agent, struct state *state)
{
  struct desk *desk = msim_agent_shared(agent, "dhcp-server", sizeof *desk);
  const struct state *other;
  bool is_first;

  if (desk == NULL)
    return MSIM_ERR_NOMEM;
  for (other = desk->first; other != NULL; other = other->next)
    if (other->attachment == state->attachment) {
      msim_agent_fail(agent, "the network \"%s\" has a DHCP server on this host already",
                      msim_network_name(msim_attachment_network(state->attachment)));
      return MSIM_ERR_AGENT;
    }
  is_first = desk->first == NULL;
  state->next = desk->first;
  desk->first = state;
  return is_first ? msim_agent_bind_udp(agent, MSIM__DHCP_SERVER_PORT) : MSIM_OK;
}

static int open_file(struct msim_agent *agent, struct state *state)
{
  struct msim_disk *disk = msim_node_disk(agent->node);
  int err;

  if (disk == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__dhcp_lease_file_open(&state->file, disk, &state->leases,
                                   msim_network_name(msim_attachment_network(state->attachment)),
                                   msim_sim_now_ns(msim_agent_sim(agent)));
  return err != MSIM_OK ? msim__sim_fail_nomem(msim_agent_sim(agent)) : MSIM_OK;
}

static int start(struct msim_agent *agent)
{
  const struct msim__dhcp_server_config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  int err;

  state->agent = agent;
  state->attachment = msim__dhcp_attachment(agent, config->network);
  if (state->attachment == NULL)
    return MSIM_ERR_AGENT;
  msim_timer_init(&state->timer, agent->node, on_end);
  msim_timer_set_background(&state->timer, true);
  err = msim__dhcp_server_fill(agent, config, state->attachment, &state->site, &state->leases);
  if (err == MSIM_OK && config->rules.count > 0) {
    state->seen_counts = msim_agent_resize(agent, NULL, 0, config->rules.count * sizeof *state->seen_counts);
    if (state->seen_counts == NULL)
      return MSIM_ERR_NOMEM;
    memset(state->seen_counts, 0, config->rules.count * sizeof *state->seen_counts);
  }
  if (err == MSIM_OK && !config->forgets)
    err = open_file(agent, state);
  if (err == MSIM_OK)
    err = join_desk(agent, state);
  if (err == MSIM_OK)
    arm(state);
  return err;
}

static void stop(struct msim_agent *agent)
{
  const struct msim__dhcp_server_config *config = msim_agent_config(agent);
  struct state *state = msim_agent_state(agent);
  struct pending *p;

  while ((p = state->first) != NULL) {
    state->first = p->next;
    msim__free(&msim__node_sim(agent->node)->mem, p, sizeof *p);
  }
  state->last = NULL;
  if (state->seen_counts != NULL)
    (void)msim_agent_resize(agent, state->seen_counts, config->rules.count * sizeof *state->seen_counts, 0);
  state->seen_counts = NULL;
  msim__dhcp_leases_release(&state->leases);
}

extern const struct msim_agent_type msim__agent_dhcp_server;
const struct msim_agent_type msim__agent_dhcp_server = {
    .name = "dhcp-server",
    .summary = "gives the hosts of a network their addresses on lease",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct msim__dhcp_server_config),
    .fields = msim__dhcp_server_fields,
    .start = start,
    .on_datagram = on_datagram,
    .stop = stop,
    .needs_network = true,
};
