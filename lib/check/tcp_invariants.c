/* tcp_invariants.c: which connection a record belongs to, and what is told of those that break a rule.
 *
 * Does not judge: tcp_rules_*.c do. Bounds are named in docs/invariants.md. */
#include "check/tcp_invariants.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/sized.h"
#include "net/net.h"

#define OPEN_MAX ((size_t)1 << 17)
#define ENDED_MAX ((size_t)8192)
#define KINDS                                                                                                          \
  (MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_STATE) | MSIM_TRACE_BIT(MSIM_TRACE_CWND) |           \
   MSIM_TRACE_BIT(MSIM_TRACE_ARP) | MSIM_TRACE_BIT(MSIM_TRACE_FAULT))

/* Of hosts whose configuration is not known, as in a trace that is read back. */
#define RTO_NS_MIN MSIM_MSEC(200)
#define RTO_NS_MAX MSIM_SEC(120)
#define TIME_WAIT_NS MSIM_SEC(60)

static const char *const rule_names[] = {
#define RULE_NAME(id, about) #id,
    MSIM__TCP_RULE_MAP(RULE_NAME)
#undef RULE_NAME
};

/* ---- findings ---- */

void msim__invariant_broken(struct msim__invariants *inv, struct msim__tcp_case *c, const struct msim__tcp_end *end,
                            uint32_t segment, enum msim__tcp_rule rule, const char *format, ...)
{
  bool client = end == &c->ends[0];
  uint32_t *told = client ? &c->told_client : &c->told_server;
  struct msim_invariant_finding finding;
  char text[200], name[16] = "";
  va_list arguments;

  if ((*told >> rule & 1u) != 0)
    return;
  *told |= UINT32_C(1) << rule;
  inv->info.finding_count++;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (segment != 0)
    snprintf(name, sizeof name, "%c%lu", client ? 'c' : 's', (unsigned long)segment);
  memset(&finding, 0, sizeof finding);
  finding.rule = rule_names[rule];
  finding.connection = c->name;
  finding.side = client ? "client" : "server";
  finding.segment = name;
  finding.text = text;
  finding.n = inv->n;
  finding.at_ns = inv->now_ns;
  finding.message = finding.recipient = finding.host = "";
  msim__findings_take(&inv->findings, &finding);
}

/* ---- connections ---- */

static struct msim__tcp_case **find_link(struct msim__invariants *inv, uint64_t id)
{
  struct msim__tcp_case **link = &inv->buckets[id & (inv->bucket_count - 1)];

  while (*link != NULL && (*link)->id != id)
    link = &(*link)->next;
  return link;
}

static struct msim__tcp_case *find_case(struct msim__invariants *inv, const struct msim_flow *flow)
{
  return flow == NULL || inv->bucket_count == 0 ? NULL : *find_link(inv, msim_flow_id(flow));
}

static void enlist(struct msim__invariants *inv, struct msim__tcp_case *c)
{
  struct msim__tcp_case **link = find_link(inv, c->id);

  *link = c;
  c->older = inv->newest;
  if (c->older != NULL)
    c->older->newer = c;
  else
    inv->oldest = c;
  inv->newest = c;
  inv->case_count++;
}

static void free_case(struct msim__invariants *inv, struct msim__tcp_case *c)
{
  struct msim__mem *mem = &inv->sim->mem;

  *find_link(inv, c->id) = c->next;
  if (c->older != NULL)
    c->older->newer = c->newer;
  else
    inv->oldest = c->newer;
  if (c->newer != NULL)
    c->newer->older = c->older;
  else
    inv->newest = c->older;
  inv->case_count--;
  msim__seq_bytes_release(&c->ends[0].bytes, mem);
  msim__seq_bytes_release(&c->ends[1].bytes, mem);
  msim__free(mem, c->name, c->name_bytes);
  msim__free(mem, c, sizeof *c);
}

static int grow_buckets(struct msim__invariants *inv)
{
  size_t wanted = inv->bucket_count == 0 ? 64 : inv->bucket_count * 2, old_count = inv->bucket_count, i;
  struct msim__tcp_case **old = inv->buckets, **fresh = msim__alloc_zeroed(&inv->sim->mem, wanted, sizeof *fresh);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  inv->buckets = fresh;
  inv->bucket_count = wanted;
  for (i = 0; i < old_count; i++) {
    while (old[i] != NULL) {
      struct msim__tcp_case *c = old[i], **link = &fresh[c->id & (wanted - 1)];

      old[i] = c->next;
      c->next = *link;
      *link = c;
    }
  }
  msim__free(&inv->sim->mem, old, old_count * sizeof *old);
  return MSIM_OK;
}

static void init_end(struct msim__tcp_end *end)
{
  end->rto_min_ns = RTO_NS_MIN;
  end->rto_max_ns = RTO_NS_MAX;
  end->time_wait_ns = TIME_WAIT_NS;
  end->rst_ns = end->oldest_ns = end->full_ns = end->time_wait_since_ns = MSIM_NEVER;
}

/* *out stays NULL when there are too many. */
static int add_case(struct msim__invariants *inv, const struct msim_flow *flow, struct msim__tcp_case **out)
{
  struct msim__tcp_case *c;
  char name[MSIM_FLOW_TEXT_BYTES];

  *out = NULL;
  if (inv->case_count - inv->ended_count >= OPEN_MAX) {
    inv->info.unjudged_count++;
    return MSIM_OK;
  }
  if (inv->case_count >= inv->bucket_count && grow_buckets(inv) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  c = msim__alloc_zeroed(&inv->sim->mem, 1, sizeof *c);
  if (c == NULL)
    return MSIM_ERR_NOMEM;
  msim_flow_format(flow, name, sizeof name);
  c->name_bytes = strlen(name) + 1;
  c->name = msim__copy_text(&inv->sim->mem, name, c->name_bytes - 1);
  if (c->name == NULL) {
    msim__free(&inv->sim->mem, c, sizeof *c);
    return MSIM_ERR_NOMEM;
  }
  c->id = msim_flow_id(flow);
  init_end(&c->ends[0]);
  init_end(&c->ends[1]);
  enlist(inv, c);
  inv->info.connection_count++;
  *out = c;
  return MSIM_OK;
}

static bool is_done(const struct msim__tcp_end *end, const struct msim__tcp_end *peer)
{
  return end->over || (end->fin_sent && peer->fin_arrived && end->una == end->fin_seq + 1);
}

/* Ended ones are kept for a while: late segments belong to them, and their TIME-WAIT. */
static void note_ended(struct msim__invariants *inv, struct msim__tcp_case *c)
{
  struct msim__tcp_case *first;

  if (c->ended || !is_done(&c->ends[0], &c->ends[1]) || !is_done(&c->ends[1], &c->ends[0]))
    return;
  c->ended = true;
  if (inv->ended_last != NULL)
    inv->ended_last->next_ended = c;
  else
    inv->ended_first = c;
  inv->ended_last = c;
  if (++inv->ended_count <= ENDED_MAX)
    return;
  first = inv->ended_first;
  inv->ended_first = first->next_ended;
  inv->ended_count--;
  free_case(inv, first);
}

/* ---- records ---- */

/* What a host was configured to is no part of its TCP's state. */
static void read_limits(const struct msim__invariants *inv, struct msim__tcp_end *end, const char *host)
{
  const struct msim__tcp_limits *agents;
  const struct msim_node *node;

  if (end->limits_known || inv->sim->rooms[MSIM__ROOM_NET] == NULL || host == NULL)
    return;
  end->limits_known = true;
  node = msim_node_find(inv->sim, host);
  if (node != NULL && node->tcp_opts != NULL) {
    end->rto_min_ns = node->tcp_opts->rto_min_ns;
    end->rto_max_ns = node->tcp_opts->rto_max_ns;
    end->time_wait_ns = node->tcp_opts->time_wait_ns;
    end->insecure_rst = node->tcp_opts->insecure_rst;
  }
  agents = node != NULL && node->rare != NULL ? node->rare->tcp_limits : NULL;
  if (agents == NULL)
    return;
  if (agents->rto_min_ns < end->rto_min_ns)
    end->rto_min_ns = agents->rto_min_ns;
  if (agents->rto_max_ns > end->rto_max_ns)
    end->rto_max_ns = agents->rto_max_ns;
  if (agents->time_wait_ns < end->time_wait_ns)
    end->time_wait_ns = agents->time_wait_ns;
  end->insecure_rst |= agents->insecure_rst;
}

static void read_segment(struct msim__tcp_seen *seen, const struct msim_trace_packet *packet)
{
  const struct msim_tcp_view *tcp = &packet->packet->l4.tcp;

  seen->packet = packet;
  seen->tcp = tcp;
  seen->mine = &seen->c->ends[packet->from_client ? 0 : 1];
  seen->theirs = &seen->c->ends[packet->from_client ? 1 : 0];
  seen->syn = (tcp->flags & MSIM_TCP_SYN) != 0;
  seen->fin = (tcp->flags & MSIM_TCP_FIN) != 0;
  seen->rst = (tcp->flags & MSIM_TCP_RST) != 0;
  seen->has_ack = (tcp->flags & MSIM_TCP_ACK) != 0;
  seen->seq = packet->seq;
  seen->ack = packet->ack;
  seen->begin = packet->seq + seen->syn;
  seen->data_end = seen->begin + (uint32_t)packet->packet->payload.size_bytes;
  seen->end = seen->data_end + seen->fin;
}

static int judge_segment(struct msim__invariants *inv, const struct msim_trace_packet *packet)
{
  struct msim__tcp_seen seen;
  int err = MSIM_OK;

  if (packet->flow == NULL || packet->packet == NULL ||
      (packet->point != MSIM_POINT_TX && packet->point != MSIM_POINT_RX))
    return MSIM_OK;
  memset(&seen, 0, sizeof seen);
  seen.inv = inv;
  seen.c = find_case(inv, packet->flow);
  /* Joined in the middle, nothing could be judged. */
  if (seen.c == NULL && packet->point == MSIM_POINT_TX && packet->from_client && packet->number == 1)
    err = add_case(inv, packet->flow, &seen.c);
  if (seen.c == NULL || seen.c->broken_off)
    return err;
  read_segment(&seen, packet);
  msim__tcp_rules_overdue(inv, seen.c, &seen.c->ends[0]);
  msim__tcp_rules_overdue(inv, seen.c, &seen.c->ends[1]);
  if (packet->point == MSIM_POINT_TX) {
    seen.mine->speaks |= packet->unit_count > 0;
    read_limits(inv, seen.mine, packet->from);
    err = msim__tcp_rules_send(&seen);
  } else {
    if (seen.syn) {
      inv->syn_ns = inv->now_ns;
      inv->syn_host = packet->to;
    }
    msim__tcp_rules_arrive(&seen);
  }
  note_ended(inv, seen.c);
  return err;
}

/* A host that speaks to itself is both; its states are not judged. */
static void judge_state(struct msim__invariants *inv, const struct msim_trace_state *state)
{
  struct msim__tcp_case *c = find_case(inv, state->flow);
  bool client, server;

  if (c == NULL || c->broken_off)
    return;
  client = strcmp(state->host, msim_flow_client(state->flow)) == 0;
  server = strcmp(state->host, msim_flow_server(state->flow)) == 0;
  if (client == server)
    return;
  read_limits(inv, &c->ends[client ? 0 : 1], state->host);
  msim__tcp_rules_moved(inv, c, &c->ends[client ? 0 : 1], state);
  msim__tcp_rules_state(inv, c, &c->ends[client ? 0 : 1], state);
  note_ended(inv, c);
}

/* The initial window is a choice of the host's: the rest follows from it. */
static void note_window(struct msim__invariants *inv, const struct msim_trace_cwnd *cwnd)
{
  struct msim__tcp_case *c = find_case(inv, cwnd->flow);
  struct msim__tcp_end *end;

  if (c == NULL || strcmp(cwnd->why, "start") != 0)
    return;
  end = &c->ends[cwnd->from_client ? 0 : 1];
  end->flight_allowed_bytes += cwnd->cwnd_bytes;
  end->flight_known = true;
}

/* The name of a case is CLIENT>SERVER:PORT#N. */
static bool has_end(const struct msim__tcp_case *c, const char *host)
{
  const char *server = strchr(c->name, '>');
  size_t size = strlen(host);

  return server != NULL && ((strncmp(c->name, host, size) == 0 && c->name + size == server) ||
                            (strncmp(server + 1, host, size) == 0 && server[1 + size] == ':'));
}

static void note_pause(struct msim__invariants *inv, const char *host)
{
  struct msim__tcp_case *c;

  for (c = inv->oldest; c != NULL && host != NULL; c = c->newer)
    c->is_untimed = c->is_untimed || has_end(c, host);
}

/* A fault has changed bytes on their way: what arrives in this connection is not what was sent, and nobody's mistake.
 */
static void note_fault(struct msim__invariants *inv, const struct msim_trace_event *event)
{
  const char *conn = NULL;
  struct msim__tcp_case *c;
  size_t i;

  for (i = 0; i < event->value_count; i++)
    if (event->values[i].kind == MSIM_VALUE_TEXT && strcmp(event->values[i].name, "conn") == 0)
      conn = event->values[i].u.text;
  if (strcmp(event->event, "pause") == 0)
    note_pause(inv, event->host);
  if (conn == NULL || (strcmp(event->event, "corrupt") != 0 && strcmp(event->event, "inject") != 0))
    return;
  for (c = inv->newest; c != NULL && strcmp(c->name, conn) != 0; c = c->older)
    ;
  if (c != NULL)
    c->bytes_changed = true;
  msim__stream_rule_changed(inv->streams, c != NULL ? &c->id : NULL);
}

static int judge_record(void *ctx, const struct msim_trace_record *record)
{
  struct msim__invariants *inv = ctx;

  inv->now_ns = record->at_ns;
  inv->n = record->n;
  inv->key = record->key;
  if (record->kind == MSIM_TRACE_SEGMENT) {
    if (record->u.packet.point == MSIM_POINT_TX && record->u.packet.from_client && record->u.packet.number == 1 &&
        record->u.packet.packet != NULL)
      msim__exchanger_rule_connect(inv->exchangers, record);
    return judge_segment(inv, &record->u.packet);
  }
  if (record->kind == MSIM_TRACE_ARP)
    inv->arp_ns = record->at_ns;
  else if (record->kind == MSIM_TRACE_STATE)
    judge_state(inv, &record->u.state);
  else if (record->kind == MSIM_TRACE_CWND)
    note_window(inv, &record->u.cwnd);
  else if (record->kind == MSIM_TRACE_FAULT)
    note_fault(inv, &record->u.event);
  return MSIM_OK;
}

/* ---- the life of a simulation ---- */

static struct msim__invariants *invariants_of(const struct msim_sim *sim)
{
  return sim->rooms[MSIM__ROOM_INVARIANTS];
}

/* What is owed when the run ends. */
static int finish(struct msim_sim *sim)
{
  struct msim__invariants *inv = invariants_of(sim);
  struct msim__tcp_case *c;

  if (sim->failure != MSIM_OK)
    return MSIM_OK; /* it stopped in the middle of something */
  inv->now_ns = sim->now_ns;
  inv->n = sim->record_count;
  for (c = inv->oldest; c != NULL; c = c->newer) {
    if (c->broken_off)
      continue;
    msim__tcp_rules_overdue(inv, c, &c->ends[0]);
    msim__tcp_rules_overdue(inv, c, &c->ends[1]);
    if (msim_sim_is_quiet(sim))
      msim__tcp_rules_left(inv, c);
  }
  msim__ledger_finish(inv->ledger);
  return MSIM_OK;
}

static void end(struct msim_sim *sim)
{
  struct msim__invariants *inv = invariants_of(sim);

  while (inv->oldest != NULL)
    free_case(inv, inv->oldest);
  msim__free(&sim->mem, inv->buckets, inv->bucket_count * sizeof *inv->buckets);
  msim__ledger_free(inv->ledger);
  msim__lease_rule_free(inv->leases);
  msim__tuple_rule_free(inv->tuples);
  msim__exchanger_rule_free(inv->exchangers);
  msim__stream_rule_free(inv->streams);
  msim__findings_release(&inv->findings);
  msim__free(&sim->mem, inv, sizeof *inv);
  sim->rooms[MSIM__ROOM_INVARIANTS] = NULL;
}

/* One end has lost its memory: nothing that it does, and nothing that is said to it, can be held to what was before. */
static void crash(struct msim_node *node)
{
  struct msim__tcp_case *c;

  for (c = invariants_of(msim__node_sim(node))->oldest; c != NULL; c = c->newer)
    c->broken_off = c->broken_off || has_end(c, node->name);
}

static int begin(struct msim_sim *sim)
{
  msim__lease_rule_begin(invariants_of(sim)->leases);
  msim__tuple_rule_begin(invariants_of(sim)->tuples);
  return MSIM_OK;
}

static const struct msim__layer_hooks layer = {.begin = begin, .finish = finish, .end = end, .crash = crash};

int msim_invariants_attach(struct msim_sim *sim, msim_invariants_fn *fn, void *user)
{
  struct msim__invariants *inv;
  int err;

  if (sim->started || sim->starting || invariants_of(sim) != NULL)
    return MSIM_ERR_STATE;
  inv = msim__alloc_zeroed(&sim->mem, 1, sizeof *inv);
  if (inv == NULL)
    return MSIM_ERR_NOMEM;
  msim__findings_init(&inv->findings, sim, fn, user);
  err = msim__ledger_new(&inv->ledger, sim, msim__findings_take, &inv->findings, &inv->info);
  if (err == MSIM_OK)
    err = msim__lease_rule_new(&inv->leases, sim, msim__findings_take, &inv->findings, &inv->info);
  if (err == MSIM_OK)
    err = msim__tuple_rule_new(&inv->tuples, sim, msim__findings_take, &inv->findings, &inv->info);
  if (err == MSIM_OK)
    err = msim__exchanger_rule_new(&inv->exchangers, sim, msim__findings_take, &inv->findings, &inv->info);
  if (err == MSIM_OK)
    err = msim__stream_rule_new(&inv->streams, sim, msim__findings_take, &inv->findings, &inv->info);
  if (err == MSIM_OK)
    err = msim__sim_add_layer(sim, &layer);
  if (err != MSIM_OK) {
    if (inv->ledger != NULL)
      msim__ledger_free(inv->ledger);
    msim__lease_rule_free(inv->leases);
    msim__tuple_rule_free(inv->tuples);
    msim__exchanger_rule_free(inv->exchangers);
    msim__stream_rule_free(inv->streams);
    msim__free(&sim->mem, inv, sizeof *inv);
    return err;
  }
  inv->sim = sim;
  inv->syn_ns = inv->arp_ns = MSIM_NEVER;
  inv->hook.kinds = KINDS;
  inv->hook.ctx = inv;
  inv->hook.record = judge_record;
  sim->rooms[MSIM__ROOM_INVARIANTS] = inv;
  msim__trace_add_hook(sim, &inv->hook);
  msim__trace_add_hook(sim, &inv->ledger->hook);
  msim__trace_add_hook(sim, msim__exchanger_rule_hook(inv->exchangers));
  return MSIM_OK;
}

void msim_invariants_info_sized(const struct msim_sim *sim, struct msim_invariants_info *out, size_t out_bytes)
{
  static const struct msim_invariants_info none;
  const struct msim__invariants *inv = invariants_of(sim);

  msim__sized_out(out, out_bytes, inv != NULL ? &inv->info : &none, sizeof none);
}

int msim_invariants_write(const struct msim_sim *sim, const struct msim_out *out)
{
  const struct msim__invariants *inv = invariants_of(sim);

  return inv != NULL ? msim__findings_write(&inv->findings, out) : MSIM_OK;
}
