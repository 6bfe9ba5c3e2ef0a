/* net_fixture.c: see net_fixture.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/net_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void copy_text(char *out, size_t out_bytes, const char *text)
{
  snprintf(out, out_bytes, "%s", text != NULL ? text : "");
}

static void copy_packet(struct net_seen *s, const struct msim_trace_packet *p)
{
  const uint8_t *data = p->packet->payload.data;

  s->point = p->point;
  copy_text(s->from, sizeof s->from, p->from);
  copy_text(s->to, sizeof s->to, p->to);
  copy_text(s->link, sizeof s->link, p->link);
  copy_text(s->reason, sizeof s->reason, p->reason);
  copy_text(s->what, sizeof s->what, p->what);
  if (p->flow != NULL)
    msim_flow_format(p->flow, s->flow, sizeof s->flow);
  s->from_client = p->from_client;
  s->duplicate = p->duplicate;
  s->number = p->number;
  s->rtx_number = p->rtx_number;
  s->seq = p->seq;
  s->ack = p->ack;
  s->window_bytes = p->window_bytes;
  s->ttl = p->packet->ttl;
  s->tos = p->packet->tos;
  s->payload_bytes = (uint16_t)p->packet->payload.size_bytes;
  s->ip_option_bytes = (uint16_t)p->packet->ip_options.size_bytes;
  if (s->payload_bytes >= 4)
    s->tag = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
  if (s->kind == MSIM_TRACE_ICMP)
    s->icmp_rest = p->packet->l4.icmp.rest;
}

static int record(void *ctx, const struct msim_trace_record *r)
{
  struct net_world *w = ctx;
  struct net_seen *s;

  if (w->seen_count == w->seen_capacity) {
    w->seen_capacity = w->seen_capacity == 0 ? 64 : w->seen_capacity * 2;
    w->seen = realloc(w->seen, w->seen_capacity * sizeof *w->seen);
    assert_non_null(w->seen);
  }
  assert_true(r->n > w->seen_count);
  s = &w->seen[w->seen_count++];
  memset(s, 0, sizeof *s);
  s->kind = r->kind;
  s->at_ns = r->at_ns;
  s->key = r->key;
  copy_packet(s, &r->u.packet);
  return MSIM_OK;
}

static int open_with(struct net_world *w, uint64_t seed, uint64_t fail_at)
{
  struct msim_sim_opts opts;
  int err;

  memset(w, 0, sizeof *w);
  fail_mem_init(&w->mem, fail_at);
  memset(&opts, 0, sizeof opts);
  opts.seed = seed;
  opts.mem = w->mem.hook;
  err = msim__sim_create(&w->sim, &opts, NULL);
  if (err == MSIM_OK)
    err = msim__net_create(w->sim);
  if (err != MSIM_OK)
    return err;
  w->net = msim__net(w->sim);
  w->hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM) |
                  MSIM_TRACE_BIT(MSIM_TRACE_ICMP) | MSIM_TRACE_BIT(MSIM_TRACE_FRAGMENT);
  w->hook.ctx = w;
  w->hook.record = record;
  msim__trace_add_hook(w->sim, &w->hook);
  return MSIM_OK;
}

void net_world_open(struct net_world *w, uint64_t seed, bool hops)
{
  assert_int_equal(open_with(w, seed, 0), MSIM_OK);
  w->sim->trace_hops = hops;
}

int net_world_try(struct net_world *w, uint64_t fail_at)
{
  return open_with(w, 0, fail_at);
}

void net_world_close(struct net_world *w)
{
  msim_sim_free(w->sim);
  free(w->seen);
  assert_int_equal(w->mem.wrong_size_count, 0);
  assert_int_equal(w->mem.held_bytes, 0);
  assert_true(fail_mem_clean(&w->mem));
}

void net_world_mute(struct net_world *w)
{
  w->hook.kinds = 0;
  msim__trace_refresh(w->sim);
}

struct msim_node *net_world_node(struct net_world *w, const char *name)
{
  struct msim_node *node = msim_node_find(w->sim, name);

  if (node == NULL)
    assert_int_equal(msim_node_add(w->sim, name, &node), MSIM_OK);
  return node;
}

struct msim_link_opts net_link_of(msim_ns delay_ns)
{
  struct msim_link_opts opts;

  memset(&opts, 0, sizeof opts);
  opts.a_to_b.delay_ns = opts.b_to_a.delay_ns = delay_ns;
  return opts;
}

void net_world_link(struct net_world *w, const char *a, const char *b, const struct msim_link_opts *opts)
{
  struct msim_node *at_a = net_world_node(w, a), *at_b = net_world_node(w, b);

  assert_int_equal(msim_link_add(at_a, at_b, opts), MSIM_OK);
}

void net_world_join(struct net_world *w, const char *a, const char *b, msim_ns delay_ns)
{
  struct msim_link_opts opts = net_link_of(delay_ns);

  net_world_link(w, a, b, &opts);
}

int net_world_send(struct net_world *w, const char *from, const char *to, uint8_t proto, uint8_t ttl, uint32_t tag,
                   uint16_t payload_bytes)
{
  struct msim_node *sender = net_world_node(w, from), *target = net_world_node(w, to);
  uint32_t index;
  struct msim__packet *packet;

  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  index = msim__packet_new(&w->net->packets);
  assert_int_not_equal(index, MSIM__PACKET_NONE);
  packet = msim__packet_at(&w->net->packets, index);
  packet->proto = proto;
  packet->ttl = ttl;
  packet->src = sender->addr_id;
  packet->dst = target->addr_id;
  packet->src_port = proto == MSIM_PROTO_ICMP ? MSIM__ICMP_ECHO : 1000;
  packet->dst_port = proto == MSIM_PROTO_ICMP ? 0 : 2000;
  if (payload_bytes > 0) {
    uint8_t head[4] = {(uint8_t)(tag >> 24), (uint8_t)(tag >> 16), (uint8_t)(tag >> 8), (uint8_t)tag};

    packet->payload = msim_blob_new(w->sim, NULL, payload_bytes);
    assert_non_null(packet->payload);
    packet->payload_bytes = payload_bytes;
    memcpy(packet->payload->data, head, payload_bytes < 4 ? payload_bytes : 4);
  }
  return msim__ip_send(sender, index);
}

static void take_datagram(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  struct net_world *w = ctx;

  (void)local_port;
  w->received_count++;
  w->received_from = from;
  w->received_size_bytes = bytes.size_bytes < sizeof w->received_bytes ? bytes.size_bytes : sizeof w->received_bytes;
  if (w->received_size_bytes > 0)
    memcpy(w->received_bytes, bytes.data, w->received_size_bytes);
}

void net_world_bind(struct net_world *w, const char *host, uint16_t port)
{
  assert_int_equal(msim__udp_bind(net_world_node(w, host), port, take_datagram, w, NULL), MSIM_OK);
}

int net_world_udp(struct net_world *w, const char *from, uint16_t from_port, const char *to, uint16_t to_port,
                  const char *text)
{
  struct msim_slice bytes = {(const uint8_t *)text, strlen(text)};
  struct msim_endpoint remote;

  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  remote.addr = msim_node_addr(net_world_node(w, to));
  remote.port = to_port;
  return msim__udp_send(net_world_node(w, from), from_port, remote, bytes, NULL);
}

void net_world_run(struct net_world *w)
{
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
}

const struct net_seen *net_seen_at(const struct net_world *w, enum msim_trace_kind kind, enum msim_trace_point point,
                                   size_t index)
{
  size_t i;

  for (i = 0; i < w->seen_count; i++) {
    if (w->seen[i].kind == kind && w->seen[i].point == point && index-- == 0)
      return &w->seen[i];
  }
  fail_msg("there is no such record");
  return NULL;
}

size_t net_seen_count(const struct net_world *w, enum msim_trace_kind kind, enum msim_trace_point point)
{
  size_t i, count = 0;

  for (i = 0; i < w->seen_count; i++)
    count += w->seen[i].kind == kind && w->seen[i].point == point;
  return count;
}

char *net_seen_text(const struct net_world *w, const char *skip)
{
  const size_t line_bytes = 700;
  char *text = malloc(w->seen_count * line_bytes + 1);
  size_t i, at = 0;

  assert_non_null(text);
  text[0] = '\0';
  for (i = 0; i < w->seen_count; i++) {
    const struct net_seen *s = &w->seen[i];
    int size;

    if (skip != NULL && (strcmp(s->from, skip) == 0 || strcmp(s->to, skip) == 0))
      continue;
    size = snprintf(text + at, line_bytes,
                    "%" PRIu64 " %d %d %s>%s link=%s reason=%s what=%s flow=%s %d %d n=%u rtx=%u %u:%u win=%u ttl=%u "
                    "size=%u tag=%u rest=%u\n",
                    s->at_ns, (int)s->kind, (int)s->point, s->from, s->to, s->link, s->reason, s->what, s->flow,
                    s->from_client, s->duplicate, s->number, s->rtx_number, s->seq, s->ack, s->window_bytes, s->ttl,
                    s->payload_bytes, s->tag, s->icmp_rest);
    assert_true(size > 0 && (size_t)size < line_bytes);
    at += (size_t)size;
  }
  return text;
}

void assert_share(uint64_t count, uint64_t draws, uint64_t share_ppm)
{
  uint64_t scaled = count * 1000000u, expected = draws * share_ppm;
  uint64_t off = (scaled > expected ? scaled - expected : expected - scaled) / 1000000u;

  /* off <= 4 * sqrt(draws * p * (1 - p)), squared and times 10^12 */
  if (off > 4000u || off * off * UINT64_C(1000000000000) / 16u > draws * share_ppm * (1000000u - share_ppm))
    fail_msg("%" PRIu64 " of %" PRIu64 " is no share of %" PRIu64 " ppm", count, draws, share_ppm);
}
