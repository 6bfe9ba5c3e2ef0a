/* nat_stage.h: a home with the hosts a and b behind the router r that translates, and the hosts x and y outside, as in
 * docs/nat.md, and what is recorded there as lines of text.
 *
 * For tests only; include after the cmocka headers, in one file of a program. */
#ifndef MSIM_TESTS_NET_NAT_STAGE_H
#define MSIM_TESTS_NET_NAT_STAGE_H

#include <stdio.h>
#include <string.h>

#include "net/nat.h"
#include "support/fail_mem.h"

#define LOG_BYTES 16384u

struct world {
  struct msim_sim *sim;
  struct fail_mem mem;
  struct msim__trace_hook hook;
  struct msim_node *a, *b, *r, *x, *y;
  struct msim_network *home;
  char log[LOG_BYTES]; /* what was recorded since the last forget_log */
  char heard[1024];    /* datagrams: "HOST:PORT<ADDR:PORT TEXT;" */
  uint32_t error_count;
  struct msim__icmp_error error;
};

struct hole {
  struct world *w;
  struct msim_node *node;
};

static void note(struct world *w, const char *format, ...) MSIM_PRINTF(2, 3);
static inline void note(struct world *w, const char *format, ...)
{
  size_t size = strlen(w->log);
  va_list args;

  va_start(args, format);
  vsnprintf(w->log + size, sizeof w->log - size, format, args);
  va_end(args);
}

static inline void note_packet(struct world *w, const struct msim_trace_packet *p)
{
  char src[MSIM_ADDR_TEXT_BYTES], dst[MSIM_ADDR_TEXT_BYTES];
  unsigned sport = 0, dport = 0;

  msim_addr_format(&p->packet->src, src);
  msim_addr_format(&p->packet->dst, dst);
  if (p->packet->proto == MSIM_PROTO_TCP) {
    sport = p->packet->l4.tcp.src_port;
    dport = p->packet->l4.tcp.dst_port;
  } else if (p->packet->proto == MSIM_PROTO_UDP) {
    sport = p->packet->l4.udp.src_port;
    dport = p->packet->l4.udp.dst_port;
  } else {
    sport = dport = p->packet->l4.icmp.rest >> 16;
  }
  if (p->point == MSIM_POINT_RX)
    note(w, "rx %s %s:%u>%s:%u%s%s\n", p->to, src, sport, dst, dport, p->what != NULL ? " " : "",
         p->what != NULL ? p->what : "");
  else if (p->point == MSIM_POINT_DROP)
    note(w, "drop %s %s:%u>%s:%u\n", p->reason, src, sport, dst, dport);
}

static int record(void *ctx, const struct msim_trace_record *r)
{
  struct world *w = ctx;
  size_t i;

  if (r->kind == MSIM_TRACE_SEGMENT || r->kind == MSIM_TRACE_DATAGRAM || r->kind == MSIM_TRACE_ICMP) {
    note_packet(w, &r->u.packet);
  } else if (r->kind == MSIM_TRACE_APP && strncmp(r->u.event.event, "nat.", 4) == 0) {
    note(w, "%s", r->u.event.event);
    for (i = 0; i < r->u.event.value_count; i++) {
      const struct msim_value *v = &r->u.event.values[i];

      if (v->kind == MSIM_VALUE_TEXT)
        note(w, " %s", v->u.text);
      else if (v->kind == MSIM_VALUE_INT)
        note(w, " %ld", (long)v->u.integer);
      else
        note(w, " static");
    }
    note(w, "\n");
  }
  return MSIM_OK;
}

static inline bool said(const struct world *w, const char *line)
{
  return strstr(w->log, line) != NULL;
}

static inline void assert_said(const struct world *w, const char *line)
{
  if (!said(w, line))
    fail_msg("\"%s\" is not in:\n%s", line, w->log);
}

static inline void forget(struct world *w)
{
  w->log[0] = w->heard[0] = '\0';
}

static inline struct msim_node *node_at(struct world *w, const char *name, const char *addr, const char *inside)
{
  struct msim_attach_opts opts = {.address = inside};
  struct msim_node *node = NULL;

  assert_int_equal(msim_node_add(w->sim, name, &node), MSIM_OK);
  if (addr != NULL)
    assert_int_equal(msim_node_add_addr(node, addr), MSIM_OK);
  if (inside != NULL)
    assert_int_equal(msim_network_attach(w->home, node, &opts, NULL), MSIM_OK);
  return node;
}

static inline void join(struct msim_node *a, struct msim_node *b, uint32_t mtu_bytes)
{
  struct msim_link_opts opts = {.mtu_bytes = mtu_bytes, .a_to_b = {.delay_ns = 1000}, .b_to_a = {.delay_ns = 1000}};

  assert_int_equal(msim_link_add(a, b, &opts), MSIM_OK);
}

static inline void open_plain(struct world *w, uint32_t mtu_bytes)
{
  struct msim_network_opts home = {.prefix = "192.168.1.0/24"};
  struct msim_sim_opts opts = {0};

  memset(w, 0, sizeof *w);
  fail_mem_init(&w->mem, 0);
  opts.mem = w->mem.hook;
  assert_int_equal(msim__sim_create(&w->sim, &opts, NULL), MSIM_OK);
  assert_int_equal(msim__net_create(w->sim), MSIM_OK);
  w->hook.kinds = MSIM_TRACE_ALL;
  w->hook.ctx = w;
  w->hook.record = record;
  msim__trace_add_hook(w->sim, &w->hook);
  assert_int_equal(msim_network_add(w->sim, "home", &home, &w->home), MSIM_OK);
  w->a = node_at(w, "a", NULL, "192.168.1.10");
  w->b = node_at(w, "b", NULL, "192.168.1.11");
  w->r = node_at(w, "r", "203.0.113.1", "192.168.1.1");
  w->x = node_at(w, "x", "198.51.100.1", NULL);
  w->y = node_at(w, "y", "198.51.100.2", NULL);
  join(w->r, w->x, mtu_bytes);
  join(w->r, w->y, 0);
}

/* opts->inside is filled here. */
static inline void open_world(struct world *w, struct msim_nat_opts opts)
{
  open_plain(w, 0);
  opts.inside = &w->home;
  opts.inside_count = 1;
  assert_int_equal(msim_node_set_nat(w->r, &opts), MSIM_OK);
}

static inline void close_world(struct world *w)
{
  msim_sim_free(w->sim);
  assert_true(fail_mem_clean(&w->mem));
}

static inline void run_for(struct world *w, uint64_t seconds)
{
  assert_int_equal(msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + MSIM_SEC(seconds)), MSIM_OK);
}

static inline void hear(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  const struct hole *hole = ctx;
  size_t size = strlen(hole->w->heard);
  char addr[MSIM_ADDR_TEXT_BYTES];

  msim_addr_format(&from.addr, addr);
  snprintf(hole->w->heard + size, sizeof hole->w->heard - size, "%s:%u<%s:%u %u;", hole->node->name,
           (unsigned)local_port, addr, (unsigned)from.port, (unsigned)bytes.size_bytes);
}

static inline void hear_error(void *ctx, const struct msim__icmp_error *error)
{
  struct hole *hole = ctx;

  hole->w->error_count++;
  hole->w->error = *error;
}

static inline void bind_at(struct world *w, struct hole *hole, struct msim_node *node, uint16_t port)
{
  hole->w = w;
  hole->node = node;
  assert_int_equal(msim__udp_bind(node, port, hear, hole, NULL), MSIM_OK);
  msim__udp_set_error(node, port, hear_error);
}

static inline void send(struct world *w, struct msim_node *node, uint16_t from, const char *addr, uint16_t to,
                        uint32_t size_bytes)
{
  static uint8_t zeros[8000];
  struct msim_slice bytes = {zeros, size_bytes};
  struct msim_endpoint end = {.port = to};

  assert_int_equal(msim_addr_parse(&end.addr, addr, strlen(addr)), MSIM_OK);
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  (void)msim__udp_send(node, from, end, bytes, NULL);
  run_for(w, 1);
}

static inline void send_raw(struct world *w, struct msim_node *node, const char *to, uint8_t proto, uint16_t src_port,
                            uint16_t dst_port, uint32_t seq, uint16_t flags)
{
  struct msim__net *net = msim__net(w->sim);
  uint32_t index = msim__packet_new(&net->packets);
  struct msim__packet *packet = msim__packet_at(&net->packets, index);
  struct msim_addr addr;

  assert_int_equal(msim_addr_parse(&addr, to, strlen(to)), MSIM_OK);
  packet->proto = proto;
  packet->dst = msim__addr_intern_for(node, &addr);
  packet->src = msim__ip_source_for(node, packet->dst);
  packet->src_port = src_port;
  packet->dst_port = dst_port;
  packet->seq = seq;
  packet->flags = flags;
  (void)msim__ip_send(node, index);
  run_for(w, 1);
}

#endif
