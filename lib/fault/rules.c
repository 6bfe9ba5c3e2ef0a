/* rules.c: what programs say about single packets; see <mailsim/rule.h>.
 *
 * The room stands between net and the faults: it asks those first. It is there from the first rule on, so that a run
 * without rules does not know of them. What is held back lies here, and net puts it on its way again. */
#include "fault/rules.h"

#include "core/sized.h"
#include "fault/fault.h"
#include "text/pattern.h"

#include <stdio.h>
#include <string.h>

/* A packet that is held back. */
struct held {
  struct held *next;
  struct msim__way *way;
  msim_ns left_ns; /* until it arrives, once it is let go */
  uint32_t packet;
};

struct rule {
  struct rule *next; /* in the order of addition */
  const char *name, *conn;
  msim_rule_fn *fn;
  void *ctx;
  uint64_t number; /* of addition, from 1 */
  struct held *first, *last;
  struct msim_rule_info info;
  bool is_removed; /* stays where it is, for a call of it may be going on */
};

struct rules_room {
  struct msim_sim *sim;
  struct rule *first, *last;
  struct rule *holder; /* whose verdict was HOLD, until net hands the packet over */
  uint64_t added_count;
  uint32_t live_count, holding_count;
  struct msim__packet_rules rules;
  const struct msim__packet_rules *below; /* the faults, or NULL */
  bool is_installed;
};

static struct rules_room *room_of(const struct msim_sim *sim)
{
  return sim->rooms[MSIM__ROOM_RULES];
}

static struct rule *find(const struct rules_room *room, const char *name)
{
  struct rule *rule;

  for (rule = room->first; rule != NULL; rule = rule->next)
    if (!rule->is_removed && strcmp(rule->name, name) == 0)
      return rule;
  return NULL;
}

/* ---- asking ---- */

/* NAT gives packets an address of its own, so an address alone does not tell who has sent one. */
static bool is_first_link(const struct msim__net *net, const struct msim__way *way, const struct msim__packet *packet)
{
  bool server_side = (packet->bits & MSIM__PACKET_SERVER_SIDE) != 0;
  const struct msim_node *peer = way->to->peer, *sender;

  sender = msim_node_find(net->sim, server_side ? packet->flow->server : packet->flow->client);
  return sender != NULL ? sender == peer : peer->is_port || msim__addr_node(net, packet->src) == peer;
}

static void tell(const struct rules_room *room, const struct rule *rule, const char *event,
                 const struct msim_value *values, size_t count)
{
  struct msim_value all[MSIM_VALUES_MAX];
  struct msim_trace_record record;

  if (!msim__trace_wants(room->sim, MSIM_TRACE_FAULT))
    return;
  all[0] = msim_value_text("rule", rule->name);
  memcpy(all + 1, values, count * sizeof *values);
  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_FAULT;
  record.u.event.event = event;
  record.u.event.values = all;
  record.u.event.value_count = count + 1;
  msim__trace_emit(room->sim, &record);
}

static void tell_about(const struct rules_room *room, const struct rule *rule, const char *event,
                       const struct msim_trace_packet *packet, const char *conn)
{
  struct msim_value values[2];
  char segment[16];

  (void)snprintf(segment, sizeof segment, "%c%lu", packet->from_client ? 'c' : 's', (unsigned long)packet->number);
  values[0] = msim_value_text("conn", conn);
  values[1] = msim_value_text("segment", segment);
  tell(room, rule, event, values, 2);
}

/* What one rule says. true: it has decided. */
static bool follow(struct rules_room *room, struct rule *rule, const struct msim_trace_record *record, const char *conn,
                   struct msim__packet_verdict *verdict)
{
  msim_ns delay_ns = 0;
  enum msim_verdict said = rule->fn(rule->ctx, record, &delay_ns);

  rule->info.asked_count++;
  switch (said) {
  case MSIM_VERDICT_PASS:
    return false;
  case MSIM_VERDICT_DELIVER:
    rule->info.delivered_count++;
    verdict->held_ns =
        delay_ns < MSIM__HELD_NS_MAX - verdict->held_ns ? verdict->held_ns + delay_ns : MSIM__HELD_NS_MAX;
    tell_about(room, rule, "deliver", &record->u.packet, conn);
    return true;
  case MSIM_VERDICT_DROP:
    rule->info.dropped_count++;
    verdict->reason = "rule";
    verdict->fault = rule->name;
    tell_about(room, rule, "drop", &record->u.packet, conn);
    return true;
  case MSIM_VERDICT_HOLD:
    rule->info.held_count++;
    verdict->is_held = true;
    room->holder = rule;
    tell_about(room, rule, "hold", &record->u.packet, conn);
    return true;
  }
  (void)msim__sim_fail(room->sim, MSIM_ERR_INVALID, "the rule %s gave %d, which is no verdict", rule->name, (int)said);
  return true;
}

static void judge(void *ctx, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  struct rules_room *room = ctx;
  uint64_t last_number = room->added_count; /* those that a rule adds are asked about later packets */
  struct msim__packet_record seen;
  char conn[MSIM_FLOW_TEXT_BYTES];
  bool is_seen = false;
  struct rule *rule;

  if (room->below != NULL)
    room->below->judge(room->below->ctx, way, packet, verdict);
  if (room->live_count == 0 || verdict->reason != NULL || packet->flow == NULL || msim__packet_is_icmp(packet) ||
      msim__packet_is_fragment(packet) || !is_first_link(msim__net(room->sim), way, packet))
    return;
  (void)msim_flow_format(packet->flow, conn, sizeof conn);
  for (rule = room->first; rule != NULL && rule->number <= last_number; rule = rule->next) {
    if (rule->is_removed || !msim__pattern_match_text(rule->conn, conn))
      continue;
    if (!is_seen)
      msim__packet_record_fill(msim__net(room->sim), packet, MSIM_POINT_TX, way->to->link_name, &seen);
    is_seen = true;
    if (follow(room, rule, &seen.record, conn, verdict))
      return;
  }
}

/* ---- holding back, letting go ---- */

/* From net, for the packet that was judged last. Takes it. */
static void hold(void *ctx, struct msim__way *way, uint32_t packet, msim_ns left_ns)
{
  struct rules_room *room = ctx;
  struct rule *rule = room->holder;
  struct held *held = NULL;

  if (room->holding_count == MSIM_RULE_HELD_MAX)
    (void)msim__sim_fail(room->sim, MSIM_ERR_LIMIT, "rules hold back more than %u packets", MSIM_RULE_HELD_MAX);
  else if ((held = msim__alloc_zeroed(&room->sim->mem, 1, sizeof *held)) == NULL)
    (void)msim__sim_fail_nomem(room->sim);
  if (held == NULL) {
    msim__packet_free(&msim__net(room->sim)->packets, packet);
    return;
  }
  held->way = way;
  held->packet = packet;
  held->left_ns = left_ns;
  if (rule->last != NULL)
    rule->last->next = held;
  else
    rule->first = held;
  rule->last = held;
  rule->info.holding_count++;
  room->holding_count++;
}

static struct held *take_first(struct rules_room *room, struct rule *rule)
{
  struct held *held = rule->first;

  if (held == NULL)
    return NULL;
  rule->first = held->next;
  if (rule->first == NULL)
    rule->last = NULL;
  rule->info.holding_count--;
  room->holding_count--;
  return held;
}

static uint32_t let_go(struct rules_room *room, struct rule *rule, uint32_t count_max)
{
  uint32_t count = 0;
  struct msim_value value;
  struct held *held;

  while ((count_max == 0 || count < count_max) && (held = take_first(room, rule)) != NULL) {
    msim__way_go_on(held->way, held->packet, held->left_ns);
    msim__free(&room->sim->mem, held, sizeof *held);
    count++;
  }
  value = msim_value_int("count", count);
  if (count > 0)
    tell(room, rule, "release", &value, 1);
  return count;
}

int msim_rule_release(struct msim_sim *sim, const char *name, uint32_t count_max)
{
  struct rule *rule = name != NULL ? find(room_of(sim), name) : NULL;

  return rule != NULL ? (int)let_go(room_of(sim), rule, count_max) : MSIM_ERR_NOT_FOUND;
}

/* ---- adding and removing ---- */

/* Behind the beginning of the faults, which put themselves in front of net then. */
static void install(struct rules_room *room)
{
  struct msim__net *net = msim__net(room->sim);

  if (room->is_installed)
    return;
  room->is_installed = true;
  room->below = net->rules;
  net->rules = &room->rules;
}

int msim_rule_add(struct msim_sim *sim, const char *name, const char *conn, msim_rule_fn *fn, void *ctx)
{
  struct rules_room *room = room_of(sim);
  struct rule *rule;

  if (name == NULL || conn == NULL || fn == NULL || msim__fault_check_id(name) != NULL)
    return MSIM_ERR_INVALID;
  if (sim->finished)
    return MSIM_ERR_STATE;
  if (find(room, name) != NULL)
    return MSIM_ERR_EXISTS;
  if (room->added_count == MSIM_RULES_MAX)
    return MSIM_ERR_LIMIT;
  rule = msim__arena_alloc(&sim->arena, sizeof *rule);
  if (rule == NULL)
    return MSIM_ERR_NOMEM;
  rule->name = msim__arena_text(&sim->arena, name, strlen(name));
  rule->conn = msim__arena_text(&sim->arena, conn, strlen(conn));
  if (rule->name == NULL || rule->conn == NULL)
    return MSIM_ERR_NOMEM;
  rule->fn = fn;
  rule->ctx = ctx;
  rule->number = ++room->added_count;
  if (room->last != NULL)
    room->last->next = rule;
  else
    room->first = rule;
  room->last = rule;
  room->live_count++;
  if (sim->started)
    install(room);
  return MSIM_OK;
}

int msim_rule_remove(struct msim_sim *sim, const char *name)
{
  struct rules_room *room = room_of(sim);
  struct rule *rule = name != NULL ? find(room, name) : NULL;

  if (rule == NULL)
    return MSIM_ERR_NOT_FOUND;
  (void)let_go(room, rule, 0);
  rule->is_removed = true;
  room->live_count--;
  return MSIM_OK;
}

int msim_rule_info_sized(const struct msim_sim *sim, const char *name, struct msim_rule_info *out, size_t out_bytes)
{
  static const struct msim_rule_info none;
  const struct rule *rule = name != NULL ? find(room_of(sim), name) : NULL;

  msim__sized_out(out, out_bytes, rule != NULL ? &rule->info : &none, sizeof none);
  return rule != NULL ? MSIM_OK : MSIM_ERR_NOT_FOUND;
}

/* ---- what a packet carries ---- */

static bool text_fits(const char *glob, struct msim_slice bytes)
{
  struct msim_slice pattern = {(const uint8_t *)glob, glob != NULL ? strlen(glob) : 0};

  while (bytes.size_bytes > 0 && (bytes.data[bytes.size_bytes - 1] == '\n' || bytes.data[bytes.size_bytes - 1] == '\r'))
    bytes.size_bytes--;
  return glob == NULL || msim__pattern_match(pattern, bytes);
}

bool msim_rule_carries(const struct msim_trace_record *record, const char *unit, const char *text)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim_slice payload;
  size_t i;

  if (record->kind != MSIM_TRACE_SEGMENT && record->kind != MSIM_TRACE_DATAGRAM)
    return false;
  payload = packet->packet->payload;
  if (unit == NULL)
    return payload.size_bytes > 0 && text_fits(text, payload);
  for (i = 0; i < packet->unit_count; i++) {
    const struct msim_trace_unit *piece = &packet->units[i];
    struct msim_slice part = {payload.data + piece->begin_byte, piece->end_byte - piece->begin_byte};

    if ((piece->edges & MSIM_EDGE_FIRST) != 0 && msim__pattern_match_text(unit, piece->unit) && text_fits(text, part))
      return true;
  }
  return false;
}

/* ---- the room ---- */

static int begin(struct msim_sim *sim)
{
  if (room_of(sim)->first != NULL)
    install(room_of(sim));
  return MSIM_OK;
}

/* The packets themselves belong to net. */
static void end(struct msim_sim *sim)
{
  struct rules_room *room = room_of(sim);
  struct rule *rule;
  struct held *held;

  for (rule = room != NULL ? room->first : NULL; rule != NULL; rule = rule->next)
    while ((held = take_first(room, rule)) != NULL)
      msim__free(&sim->mem, held, sizeof *held);
}

int msim__rules_create(struct msim_sim *sim)
{
  static const struct msim__layer_hooks hooks = {.begin = begin, .end = end};
  struct rules_room *room = msim__arena_alloc(&sim->arena, sizeof *room);

  if (room == NULL)
    return MSIM_ERR_NOMEM;
  room->sim = sim;
  room->rules.ctx = room;
  room->rules.judge = judge;
  room->rules.hold = hold;
  sim->rooms[MSIM__ROOM_RULES] = room;
  return msim__sim_add_layer(sim, &hooks);
}
