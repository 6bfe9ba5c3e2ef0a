/* faults.c: the faults of a simulation: when they begin and end, whom they are asked about.
 *
 * A fault that judges packets lasts by its times alone and needs no event; one that does something has a timer on the
 * node that it is about. What a trigger sets off happens as early as the order of events allows: on the host of the
 * record behind everything of this instant, on another one a nanosecond later. Does not know any kind of fault. */
#include "fault/fault.h"

#include "core/sized.h"
#include "net/origin.h"
#include "tcp/tcp.h"
#include "text/suggest.h"

#include <stdio.h>
#include <string.h>

#define STREAM_NAME_BYTES 160

struct faults_room {
  struct msim_sim *sim;
  struct msim__fault *first; /* by id */
  size_t count;
  struct msim__packet_rules rules;     /* given to net when some fault judges packets */
  struct msim__service_rules services; /* given to agents when some fault judges what servers answer */
  struct msim__tcp_cutter cutter;      /* given to TCP when some fault cuts text */
  struct msim__buggify buggify;        /* given to all layers when some fault is asked at their sites */
  struct msim__fault *fired;           /* the last of them that fired */
  struct msim__host_rules host;        /* given to hosts when some fault is about disks or clocks */
  struct msim__trace_hook hook;        /* when some fault waits for a record */
};

static struct faults_room *room_of(const struct msim_sim *sim)
{
  return sim->rooms[MSIM__ROOM_FAULT];
}

void msim__fault_tell_of(struct msim__fault *fault, const struct msim_node *node, const char *event,
                         const struct msim_value *values, size_t count)
{
  struct msim_value all[MSIM_VALUES_MAX];
  struct msim_trace_record record;

  if (!msim__trace_wants(fault->sim, MSIM_TRACE_FAULT))
    return;
  if (count > MSIM_VALUES_MAX - 1)
    count = MSIM_VALUES_MAX - 1;
  all[0] = msim_value_text("id", fault->plan.id);
  if (count > 0)
    memcpy(all + 1, values, count * sizeof *values);
  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_FAULT;
  record.u.event.host = node != NULL ? node->name : NULL;
  record.u.event.event = event;
  record.u.event.values = all;
  record.u.event.value_count = count + 1;
  msim__trace_emit(fault->sim, &record);
}

void msim__fault_tell(struct msim__fault *fault, const char *event, const struct msim_value *values, size_t count)
{
  msim__fault_tell_of(fault, fault->node, event, values, count);
}

void msim__fault_rng(const struct msim__fault *fault, const char *purpose, struct msim__rng *out)
{
  char name[STREAM_NAME_BYTES];

  (void)snprintf(name, sizeof name, "fault:%s/%s", fault->plan.id, purpose);
  msim__rng_init(out, fault->sim->seed, name, NULL);
  if (fault->sim->journal != NULL)
    fault->sim->journal->open(fault->sim->journal->ctx, out, name, NULL);
}

void msim__fault_rng_of(const struct msim__fault *fault, const char *purpose, const struct msim_node *node,
                        struct msim__rng *out)
{
  char name[STREAM_NAME_BYTES];

  (void)snprintf(name, sizeof name, "fault:%s/%s/", fault->plan.id, purpose);
  msim__rng_init(out, fault->sim->seed, name, node->name);
}

struct msim__fault *msim__faults_first(const struct msim_sim *sim)
{
  return room_of(sim)->first;
}

int msim__fault_find_link(struct msim__fault *fault, const char *link, const char *from, struct msim__way *ways[2],
                          const char **wrong, char *why, size_t why_bytes)
{
  struct msim__port *port = msim__link_named(msim__net(fault->sim), link), *other;

  if (port == NULL) {
    *wrong = "link";
    (void)snprintf(why, why_bytes, "\"%.80s\" is no link of this topology", link);
    return MSIM_ERR_NOT_FOUND;
  }
  other = port->out->to;
  if (strcmp(other->node->name, port->node->name) < 0) { /* which one comes first does not depend on the file */
    struct msim__port *swap = port;

    port = other;
    other = swap;
  }
  fault->node = port->node;
  ways[0] = port->out;
  ways[1] = other->out;
  if (from[0] == '\0')
    return MSIM_OK;
  ways[1] = NULL;
  if (strcmp(from, other->node->name) == 0) {
    ways[0] = other->out;
  } else if (strcmp(from, port->node->name) != 0) {
    *wrong = "from";
    (void)snprintf(why, why_bytes, "\"%.80s\" is at neither end of the link %.80s: write %.60s or %.60s", from, link,
                   port->node->name, other->node->name);
    return MSIM_ERR_NOT_FOUND;
  }
  return MSIM_OK;
}

/* ---- when ---- */

static void arm_next(struct msim__fault *fault)
{
  msim_ns next_ns = fault->plan.for_ns != 0 && fault->plan.type->end != NULL ? fault->end_ns : MSIM_NEVER;

  if (fault->wake_ns < next_ns)
    next_ns = fault->wake_ns;
  if (next_ns != MSIM_NEVER)
    msim_timer_arm(&fault->timer, next_ns - fault->sim->now_ns);
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__fault *fault = (struct msim__fault *)(void *)((char *)timer - offsetof(struct msim__fault, timer));
  const struct msim__fault_type *type = fault->plan.type;

  if (!fault->begun) {
    fault->begun = true;
    type->begin(fault);
  } else if (now_ns >= fault->end_ns) {
    fault->ended = true;
    if (type->end != NULL)
      type->end(fault);
    return;
  } else {
    fault->wake_ns = MSIM_NEVER;
    type->wake(fault);
  }
  arm_next(fault);
}

/* From now on it is known when the fault begins. */
static void schedule(struct msim__fault *fault, msim_ns begin_ns)
{
  msim_ns now_ns = fault->sim->now_ns, for_ns = fault->plan.for_ns;

  fault->begin_ns = begin_ns;
  fault->end_ns = for_ns == 0 || for_ns > MSIM_NEVER - 1 - begin_ns ? MSIM_NEVER : begin_ns + for_ns;
  if (fault->plan.type->begin == NULL)
    return;
  msim_timer_init(&fault->timer, fault->node, on_timer);
  msim__timer_set_lasting(&fault->timer);
  msim_timer_arm(&fault->timer, begin_ns - now_ns);
}

static bool waits(const struct msim__fault *fault)
{
  return fault->plan.after != NULL && fault->begin_ns == MSIM_NEVER;
}

static int on_record(void *ctx, const struct msim_trace_record *record)
{
  struct faults_room *room = ctx;
  struct msim__fault *fault;
  const char *host;

  for (fault = room->first; fault != NULL; fault = fault->next) {
    const struct msim__fault_trigger *after = fault->plan.after;
    msim_ns delay_ns;

    if (!waits(fault) || !msim__record_matches(&after->match, record) || ++fault->seen_count < after->nth)
      continue;
    host = after->match.conn != NULL ? record->u.packet.from : record->u.event.host;
    delay_ns = after->delay_ns;
    if (delay_ns == 0 && (fault->node == NULL || host == NULL || strcmp(host, fault->node->name) != 0))
      delay_ns = 1; /* nothing has an effect on another host in the same instant */
    schedule(fault, delay_ns > MSIM_NEVER - 1 - room->sim->now_ns ? MSIM_NEVER - 1 : room->sim->now_ns + delay_ns);
  }
  return MSIM_OK;
}

/* ---- packets, and what servers are asked ---- */

/* Whether it is asked now, when another one may have struck already. */
static bool is_asked(const struct msim__fault *fault, msim_ns now_ns, bool struck)
{
  return (!struck || fault->plan.type->draws) && now_ns >= fault->begin_ns && now_ns < fault->end_ns;
}

static void judge(void *ctx, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  struct faults_room *room = ctx;
  msim_ns now_ns = room->sim->now_ns;
  struct msim__fault *fault;

  for (fault = room->first; fault != NULL; fault = fault->next)
    if (fault->plan.type->judge != NULL && is_asked(fault, now_ns, verdict->reason != NULL))
      fault->plan.type->judge(fault, way, packet, verdict);
}

/* The first cut counts: the rest is asked about again. */
static uint32_t cut(void *ctx, const struct msim_node *sender, const struct msim_flow *flow, uint32_t first_byte,
                    uint32_t size_bytes)
{
  struct faults_room *room = ctx;
  struct msim__fault *fault, *first = NULL;
  char conn[MSIM_FLOW_TEXT_BYTES];
  struct msim_value values[3];
  uint32_t least = size_bytes, bytes;

  for (fault = room->first; fault != NULL; fault = fault->next) {
    if (fault->plan.type->cut == NULL || !is_asked(fault, room->sim->now_ns, false))
      continue;
    bytes = fault->plan.type->cut(fault, sender, flow, first_byte, least);
    if (bytes == 0 || bytes >= least)
      continue;
    least = bytes;
    first = fault;
  }
  if (first == NULL)
    return 0;
  first->strike_count++;
  (void)msim_flow_format(flow, conn, sizeof conn);
  values[0] = msim_value_text("conn", conn);
  values[1] = msim_value_text("from", sender->name);
  values[2] = msim_value_int("at", (int64_t)first_byte + least);
  msim__fault_tell(first, "split", values, 3);
  return least;
}

static void judge_dns(void *ctx, struct msim_agent *server, const struct msim__dns_asker *asker,
                      struct msim__dns_verdict *verdict)
{
  struct faults_room *room = ctx;
  struct msim__fault *fault;

  for (fault = room->first; fault != NULL; fault = fault->next)
    if (fault->plan.type->judge_dns != NULL && is_asked(fault, room->sim->now_ns, verdict->fault != NULL))
      fault->plan.type->judge_dns(fault, server, asker, verdict);
}

static void judge_dhcp(void *ctx, struct msim_agent *server, struct msim_attachment *attachment,
                       const struct msim__dhcp_message *message, struct msim__dhcp_verdict *verdict)
{
  struct faults_room *room = ctx;
  struct msim__fault *fault;

  for (fault = room->first; fault != NULL; fault = fault->next)
    if (fault->plan.type->judge_dhcp != NULL && is_asked(fault, room->sim->now_ns, verdict->fault != NULL))
      fault->plan.type->judge_dhcp(fault, server, attachment, message, verdict);
}

static void judge_smtp(void *ctx, struct msim_agent *server, const struct msim__smtp_occasion *occasion,
                       struct msim__smtp_verdict *verdict)
{
  struct faults_room *room = ctx;
  struct msim__fault *fault;

  for (fault = room->first; fault != NULL; fault = fault->next)
    if (fault->plan.type->judge_smtp != NULL && is_asked(fault, room->sim->now_ns, verdict->fault != NULL))
      fault->plan.type->judge_smtp(fault, server, occasion, verdict);
}

static void judge_disk(void *ctx, const struct msim_node *node, enum msim__disk_act act,
                       struct msim__disk_verdict *verdict)
{
  struct faults_room *room = ctx;
  struct msim__fault *fault;

  for (fault = room->first; fault != NULL; fault = fault->next)
    if (fault->plan.type->judge_disk != NULL && fault->node == node &&
        is_asked(fault, room->sim->now_ns, verdict->fault != NULL))
      fault->plan.type->judge_disk(fault, act, verdict);
}

static bool fires(void *ctx, const struct msim_node *node, enum msim__site site)
{
  struct faults_room *room = ctx;
  struct msim__fault *fault;

  for (fault = room->first; fault != NULL; fault = fault->next) {
    if (fault->plan.type->fires == NULL || !msim__fault_lasts(fault) || !fault->plan.type->fires(fault, node, site))
      continue;
    fault->strike_count++;
    room->fired = fault;
    return true;
  }
  return false;
}

static uint64_t draw_site(void *ctx, const struct msim_node *node, enum msim__site site, uint64_t bound)
{
  struct faults_room *room = ctx;

  return room->fired->plan.type->draw_site(room->fired, node, site, bound);
}

/* All that a clock is wrong by. */
static int64_t clock_ns(void *ctx, const struct msim_node *node)
{
  const struct faults_room *room = ctx;
  const struct msim__fault *fault;
  int64_t sum_ns = 0;

  for (fault = room->first; fault != NULL; fault = fault->next)
    if (fault->plan.type->clock_ns != NULL && fault->node == node && msim__fault_lasts(fault))
      sum_ns += fault->plan.type->clock_ns(fault);
  return sum_ns;
}

/* ---- adding ---- */

/* From here on it is asked, or waits for its time. */
static void engage(struct faults_room *room, struct msim__fault *fault)
{
  msim_ns now_ns = room->sim->now_ns;

  if (fault->plan.type->judge != NULL)
    msim__net(room->sim)->rules = &room->rules;
  if (fault->plan.type->cut != NULL)
    msim__tcp_set_cutter(room->sim, &room->cutter);
  if (fault->plan.type->judge_dns != NULL)
    room->services.dns = judge_dns;
  if (fault->plan.type->judge_dhcp != NULL)
    room->services.dhcp = judge_dhcp;
  if (fault->plan.type->judge_smtp != NULL)
    room->services.smtp = judge_smtp;
  if (room->services.dns != NULL || room->services.dhcp != NULL || room->services.smtp != NULL)
    msim__service_rules_set(room->sim, &room->services);
  if (fault->plan.type->fires != NULL)
    msim__buggify_set(room->sim, &room->buggify);
  if (fault->plan.type->judge_disk != NULL)
    room->host.disk = judge_disk;
  if (fault->plan.type->clock_ns != NULL)
    room->host.clock_ns = clock_ns;
  if (room->host.disk != NULL || room->host.clock_ns != NULL)
    msim__host_rules_set(room->sim, &room->host);
  if (fault->plan.after == NULL) {
    schedule(fault, fault->plan.at_ns > now_ns ? fault->plan.at_ns : now_ns);
    return;
  }
  if (room->hook.kinds == 0)
    msim__trace_add_hook(room->sim, &room->hook);
  room->hook.kinds |= msim__record_match_kinds(&fault->plan.after->match);
}

int msim__fault_add(struct msim_sim *sim, const struct msim__fault_plan *plan, const char **wrong, char *why,
                    size_t why_bytes)
{
  struct faults_room *room = room_of(sim);
  struct msim__fault *fault, **at;
  int err;

  *wrong = NULL;
  why[0] = '\0';
  if (sim->starting || sim->finished)
    return MSIM_ERR_STATE;
  for (fault = room->first; fault != NULL; fault = fault->next)
    if (strcmp(fault->plan.id, plan->id) == 0) {
      *wrong = "id";
      (void)snprintf(why, why_bytes, "there is already a fault \"%.80s\"", plan->id);
      return MSIM_ERR_EXISTS;
    }
  if (room->count == MSIM_FAULTS_MAX) {
    (void)snprintf(why, why_bytes, "there are too many faults (at most %u)", MSIM_FAULTS_MAX);
    return MSIM_ERR_LIMIT;
  }
  fault = msim__arena_alloc(&sim->arena, sizeof *fault);
  if (fault != NULL)
    fault->state = msim__arena_alloc(&sim->arena, plan->type->state_bytes);
  if (fault == NULL || fault->state == NULL)
    return MSIM_ERR_NOMEM;
  fault->plan = *plan;
  fault->sim = sim;
  fault->begin_ns = fault->end_ns = fault->wake_ns = MSIM_NEVER;
  err = plan->type->prepare(fault, wrong, why, why_bytes);
  if (err != MSIM_OK)
    return err;
  if (plan->type->idle != NULL && plan->type->idle(fault))
    return MSIM_OK; /* as if it did not stand there */
  err = msim__origin_add_fault(msim__net(sim), plan->id, plan->type->name, plan->says, plan->line);
  if (err != MSIM_OK)
    return err;
  for (at = &room->first; *at != NULL && strcmp((*at)->plan.id, plan->id) < 0; at = &(*at)->next)
    ;
  fault->next = *at;
  *at = fault;
  room->count++;
  if (sim->started) {
    fault->is_late = true;
    engage(room, fault);
    msim__trace_refresh(sim);
  }
  return MSIM_OK;
}

/* ---- lifting ---- */

static void lift(struct faults_room *room, struct msim__fault **at)
{
  struct msim__fault *fault = *at;

  if (fault->plan.type->begin != NULL)
    msim_timer_cancel(&fault->timer);
  if (fault->end_ns > room->sim->now_ns)
    fault->end_ns = room->sim->now_ns;
  if (fault->begun && !fault->ended && fault->plan.type->end != NULL) {
    fault->ended = true;
    fault->plan.type->end(fault);
  }
  if (fault->plan.type->release != NULL)
    fault->plan.type->release(fault);
  *at = fault->next;
  room->count--;
}

int msim_fault_lift(struct msim_sim *sim, const char *id)
{
  struct faults_room *room = room_of(sim);
  struct msim__fault **at;

  for (at = &room->first; *at != NULL; at = &(*at)->next)
    if (strcmp((*at)->plan.id, id) == 0) {
      lift(room, at);
      return MSIM_OK;
    }
  return MSIM_ERR_NOT_FOUND;
}

void msim_fault_lift_added(struct msim_sim *sim)
{
  struct faults_room *room = room_of(sim);
  struct msim__fault **at = &room->first;

  while (*at != NULL)
    if ((*at)->is_late)
      lift(room, at);
    else
      at = &(*at)->next;
}

uint64_t msim_fault_count(const struct msim_sim *sim, const char *id)
{
  const struct msim__fault *fault;
  uint64_t count = 0;

  for (fault = room_of(sim)->first; fault != NULL; fault = fault->next)
    if (id == NULL || strcmp(id, fault->plan.id) == 0)
      count += fault->strike_count;
  return count;
}

bool msim_fault_kind_at_sized(const struct msim_sim *sim, size_t index, struct msim_fault_info *out, size_t out_bytes)
{
  const struct msim__fault_type *type = msim__type_at(sim, MSIM__TYPE_FAULT, index);
  struct msim_fault_info full = {0};

  if (type != NULL) {
    full.name = type->name;
    full.summary = type->summary;
    full.fields = type->fields;
  }
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return type != NULL;
}

bool msim_fault_site_at_sized(size_t index, struct msim_fault_site_info *out, size_t out_bytes)
{
  struct msim_fault_site_info full = {0};

  if (index < MSIM__SITES) {
    full.name = msim__sites[index].name;
    full.summary = msim__sites[index].summary;
  }
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return index < MSIM__SITES;
}

/* ---- the room ---- */

/* Before the agents start, so that nothing of theirs comes earlier than a fault of the first instant. */
static int begin(struct msim_sim *sim)
{
  struct faults_room *room = room_of(sim);
  struct msim__fault *fault;

  for (fault = room->first; fault != NULL; fault = fault->next)
    engage(room, fault);
  msim__trace_refresh(sim);
  return MSIM_OK;
}

static void crash(struct msim_node *node)
{
  struct msim__fault *fault;

  for (fault = room_of(msim__node_sim(node))->first; fault != NULL; fault = fault->next)
    if (fault->plan.type->crashed != NULL && fault->node == node && msim__fault_lasts(fault))
      fault->plan.type->crashed(fault);
}

static void end(struct msim_sim *sim)
{
  struct msim__fault *fault;

  for (fault = room_of(sim)->first; fault != NULL; fault = fault->next)
    if (fault->plan.type->release != NULL)
      fault->plan.type->release(fault);
}

int msim__faults_create(struct msim_sim *sim)
{
  static const struct msim__layer_hooks hooks = {.begin = begin, .end = end, .crash = crash};
  struct faults_room *room = msim__arena_alloc(&sim->arena, sizeof *room);

  if (room == NULL)
    return MSIM_ERR_NOMEM;
  room->sim = sim;
  room->rules.ctx = room;
  room->rules.judge = judge;
  room->cutter.ctx = room;
  room->cutter.cut = cut;
  room->services.ctx = room;
  room->host.ctx = room;
  room->buggify.ctx = room;
  room->buggify.fires = fires;
  room->buggify.draw = draw_site;
  room->hook.ctx = room;
  room->hook.record = on_record;
  sim->rooms[MSIM__ROOM_FAULT] = room;
  return msim__sim_add_layer(sim, &hooks);
}
