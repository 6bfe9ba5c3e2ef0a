/* rule_i13_tuple.c: see rule_i13_tuple.h. */
#include "check/rule_i13_tuple.h"

#include "check/rule.h"
#include "core/hash.h"
#include "net/net.h"

#include <stdio.h>
#include <string.h>

#define ROWS_MAX ((size_t)1 << 20)
#define BUCKETS_MIN 64u

/* Of what is told: who has the endpoint. Of the wire: whose packets came last under the tuple, and before that. */
struct row {
  uint64_t key;    /* a hash of endpoint or tuple: two that meet are one in 10^13 */
  uint64_t router; /* of what is told: of its name; 0: of the wire */
  uint64_t latest, before;
  uint32_t next; /* in the bucket, 1-based */
  bool is_held, was_told;
};

struct msim__tuple_rule {
  struct msim__rule base; /* must be first */
  struct row *rows;
  size_t row_count, row_capacity;
  uint32_t *buckets;
  size_t bucket_count;
};

/* ---- the table ---- */

static int grow(struct msim__tuple_rule *rule)
{
  size_t wanted = rule->bucket_count == 0 ? BUCKETS_MIN : 2 * rule->bucket_count, i;
  uint32_t *fresh = msim__alloc_zeroed(&rule->base.sim->mem, wanted, sizeof *fresh);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < rule->row_count; i++) {
    uint32_t *bucket = &fresh[rule->rows[i].key & (wanted - 1)];

    rule->rows[i].next = *bucket;
    *bucket = (uint32_t)i + 1;
  }
  msim__free(&rule->base.sim->mem, rule->buckets, rule->bucket_count * sizeof *rule->buckets);
  rule->buckets = fresh;
  rule->bucket_count = wanted;
  return MSIM_OK;
}

static struct row *find(const struct msim__tuple_rule *rule, uint64_t key)
{
  uint32_t at = rule->bucket_count > 0 ? rule->buckets[key & (rule->bucket_count - 1)] : 0;

  while (at != 0 && rule->rows[at - 1].key != key)
    at = rule->rows[at - 1].next;
  return at != 0 ? &rule->rows[at - 1] : NULL;
}

/* Made when it is not there. 0, MSIM_ERR_NOMEM; *out NULL: there are too many. */
static int row_of(struct msim__tuple_rule *rule, uint64_t key, struct row **out)
{
  int err;

  *out = find(rule, key);
  if (*out != NULL || rule->row_count >= ROWS_MAX)
    return MSIM_OK;
  if (rule->row_count >= rule->bucket_count && grow(rule) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  err = msim__grow(&rule->base.sim->mem, &rule->rows, &rule->row_capacity, rule->row_count + 1, ROWS_MAX, sizeof **out);
  if (err != MSIM_OK)
    return err;
  *out = &rule->rows[rule->row_count];
  memset(*out, 0, sizeof **out);
  (*out)->key = key;
  (*out)->next = rule->buckets[key & (rule->bucket_count - 1)];
  rule->buckets[key & (rule->bucket_count - 1)] = (uint32_t)++rule->row_count;
  return MSIM_OK;
}

static void tell(struct msim__tuple_rule *rule, const struct msim_trace_record *record, struct row *row,
                 const char *host, const char *connection, const char *text)
{
  if (!row->was_told)
    msim__rule_tell(&rule->base, record, "I13", host, connection, text);
  row->was_told = true;
}

/* ---- what routers tell ---- */

static const char *text_of(const struct msim_trace_event *event, const char *name)
{
  size_t i;

  for (i = 0; i < event->value_count; i++) {
    if (event->values[i].kind == MSIM_VALUE_TEXT && strcmp(event->values[i].name, name) == 0)
      return event->values[i].u.text;
  }
  return "";
}

static uint64_t number_of(const struct msim_trace_event *event, const char *name)
{
  size_t i;

  for (i = 0; i < event->value_count; i++) {
    if (event->values[i].kind == MSIM_VALUE_INT && strcmp(event->values[i].name, name) == 0)
      return (uint64_t)event->values[i].u.integer;
  }
  return 0;
}

static uint64_t hash_end(const struct msim_trace_event *event, uint64_t seed, const char *addr, const char *port)
{
  const char *text = text_of(event, addr);

  return msim__hash_join(msim__hash_bytes(seed, text, strlen(text)), number_of(event, port));
}

static int take_event(struct msim__tuple_rule *rule, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  const char *proto = text_of(event, "proto");
  uint64_t inside, key;
  char text[200];
  struct row *row;
  int err;

  if (strcmp(event->event, "nat.mapped") != 0 && strcmp(event->event, "nat.expired") != 0)
    return MSIM_OK;
  if (proto[0] == '\0') /* a pair of addresses has no port */
    return MSIM_OK;
  key = hash_end(event, msim__hash_bytes(1, proto, strlen(proto)), "outside", "outside_port");
  inside = hash_end(event, msim__hash_bytes(2, event->host, strlen(event->host)), "inside_address", "inside_port");
  if (event->event[4] == 'e') {
    row = find(rule, key);
    if (row != NULL && row->latest == inside)
      row->is_held = false;
    return MSIM_OK;
  }
  err = row_of(rule, key, &row);
  if (row == NULL)
    return err;
  if (row->is_held && row->latest != inside) {
    (void)snprintf(text, sizeof text, "%s %s:%lu belongs to two endpoints inside, now also to %s:%lu", proto,
                   text_of(event, "outside"), (unsigned long)number_of(event, "outside_port"),
                   text_of(event, "inside_address"), (unsigned long)number_of(event, "inside_port"));
    tell(rule, record, row, event->host, "", text);
  }
  row->is_held = true;
  row->latest = inside;
  row->router = msim__hash_bytes(3, event->host, strlen(event->host));
  return MSIM_OK;
}

/* A router that crashes has forgotten. */
static void take_crash(struct msim__tuple_rule *rule, const struct msim_trace_event *event)
{
  uint64_t router = event->host != NULL ? msim__hash_bytes(3, event->host, strlen(event->host)) : 0;
  size_t i;

  if (strcmp(event->event, "crash") != 0)
    return;
  for (i = 0; i < rule->row_count; i++) {
    if (rule->rows[i].router == router)
      rule->rows[i].is_held = false;
  }
}

/* ---- the wire ---- */

static bool is_nats(const struct msim__net *net, const struct msim_addr *addr)
{
  uint32_t id = msim__addr_find(net, addr);
  const struct msim_node *node = id == 0 ? NULL : msim__addr_node(net, id);

  return node != NULL && node->is_nat;
}

/* An arrival from or at an address of a router that translates. A flow that comes back behind another one is its
 * fault; one that ends before the next begins is not. */
static int take_packet(struct msim__tuple_rule *rule, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *p = &record->u.packet;
  const struct msim__net *net = msim__net(rule->base.sim);
  char text[MSIM_FLOW_TEXT_BYTES + 64], conn[MSIM_FLOW_TEXT_BYTES];
  bool is_tcp = record->kind == MSIM_TRACE_SEGMENT;
  uint16_t ports[2];
  uint64_t key, flow;
  struct row *row;
  int err;

  if (p->point != MSIM_POINT_RX || p->flow == NULL || p->duplicate || p->rtx_number != 0 ||
      (!is_nats(net, &p->packet->src) && !is_nats(net, &p->packet->dst)))
    return MSIM_OK;
  ports[0] = is_tcp ? p->packet->l4.tcp.src_port : p->packet->l4.udp.src_port;
  ports[1] = is_tcp ? p->packet->l4.tcp.dst_port : p->packet->l4.udp.dst_port;
  key = msim__hash_bytes(is_tcp ? 4 : 5, p->packet->src.bytes, 4);
  key = msim__hash_join(msim__hash_bytes(key, p->packet->dst.bytes, 4), (uint64_t)ports[0] << 16 | ports[1]);
  flow = msim_flow_id(p->flow);
  err = row_of(rule, key, &row);
  if (row == NULL || row->latest == flow)
    return err;
  if (row->before == flow) {
    (void)msim_flow_format(p->flow, conn, sizeof conn);
    (void)snprintf(text, sizeof text, "%s takes turns with another flow under one pair of endpoints", conn);
    tell(rule, record, row, p->to, conn, text);
  }
  row->before = row->latest;
  row->latest = flow;
  return MSIM_OK;
}

static int take_record(void *ctx, const struct msim_trace_record *record)
{
  struct msim__tuple_rule *rule = ctx;

  if (record->kind == MSIM_TRACE_APP)
    return record->u.event.host == NULL ? MSIM_OK : take_event(rule, record);
  if (record->kind == MSIM_TRACE_HOST)
    take_crash(rule, &record->u.event);
  else
    return take_packet(rule, record);
  return MSIM_OK;
}

/* ---- life ---- */

int msim__tuple_rule_new(struct msim__tuple_rule **out, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                         struct msim_invariants_info *info)
{
  struct msim__tuple_rule *rule = msim__alloc_zeroed(&sim->mem, 1, sizeof *rule);

  *out = rule;
  if (rule == NULL)
    return MSIM_ERR_NOMEM;
  msim__rule_init(&rule->base, sim, fn, user, info, take_record);
  return MSIM_OK;
}

void msim__tuple_rule_begin(struct msim__tuple_rule *rule)
{
  if (msim__net(rule->base.sim)->nats == NULL)
    return;
  rule->base.hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_APP) | MSIM_TRACE_BIT(MSIM_TRACE_HOST) |
                          MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM);
  msim__trace_add_hook(rule->base.sim, &rule->base.hook);
}

void msim__tuple_rule_free(struct msim__tuple_rule *rule)
{
  struct msim__mem *mem;

  if (rule == NULL)
    return;
  mem = &rule->base.sim->mem;
  msim__free(mem, rule->rows, rule->row_capacity * sizeof *rule->rows);
  msim__free(mem, rule->buckets, rule->bucket_count * sizeof *rule->buckets);
  msim__free(mem, rule, sizeof *rule);
}
