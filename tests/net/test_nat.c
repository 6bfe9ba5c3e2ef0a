/* test_nat.c: lib/net/nat.c, nat_packets.c, nat_icmp.c: what a router that translates does to packets, and refuses.
 *
 * A home with the hosts a and b behind the router r, and the hosts x and y outside, as in docs/nat.md. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

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
static void note(struct world *w, const char *format, ...)
{
  size_t size = strlen(w->log);
  va_list args;

  va_start(args, format);
  vsnprintf(w->log + size, sizeof w->log - size, format, args);
  va_end(args);
}

static void note_packet(struct world *w, const struct msim_trace_packet *p)
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

static bool said(const struct world *w, const char *line)
{
  return strstr(w->log, line) != NULL;
}

static void assert_said(const struct world *w, const char *line)
{
  if (!said(w, line))
    fail_msg("\"%s\" is not in:\n%s", line, w->log);
}

static void forget(struct world *w)
{
  w->log[0] = w->heard[0] = '\0';
}

static struct msim_node *node_at(struct world *w, const char *name, const char *addr, const char *inside)
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

static void join(struct msim_node *a, struct msim_node *b, uint32_t mtu_bytes)
{
  struct msim_link_opts opts = {.mtu_bytes = mtu_bytes, .a_to_b = {.delay_ns = 1000}, .b_to_a = {.delay_ns = 1000}};

  assert_int_equal(msim_link_add(a, b, &opts), MSIM_OK);
}

static void open_plain(struct world *w, uint32_t mtu_bytes)
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
static void open_world(struct world *w, struct msim_nat_opts opts)
{
  open_plain(w, 0);
  opts.inside = &w->home;
  opts.inside_count = 1;
  assert_int_equal(msim_node_set_nat(w->r, &opts), MSIM_OK);
}

static void close_world(struct world *w)
{
  msim_sim_free(w->sim);
  assert_true(fail_mem_clean(&w->mem));
}

static void run_for(struct world *w, uint64_t seconds)
{
  assert_int_equal(msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + MSIM_SEC(seconds)), MSIM_OK);
}

/* ---- datagrams ---- */

static void hear(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  const struct hole *hole = ctx;
  size_t size = strlen(hole->w->heard);
  char addr[MSIM_ADDR_TEXT_BYTES];

  msim_addr_format(&from.addr, addr);
  snprintf(hole->w->heard + size, sizeof hole->w->heard - size, "%s:%u<%s:%u %u;", hole->node->name,
           (unsigned)local_port, addr, (unsigned)from.port, (unsigned)bytes.size_bytes);
}

static void hear_error(void *ctx, const struct msim__icmp_error *error)
{
  struct hole *hole = ctx;

  hole->w->error_count++;
  hole->w->error = *error;
}

static void bind_at(struct world *w, struct hole *hole, struct msim_node *node, uint16_t port)
{
  hole->w = w;
  hole->node = node;
  assert_int_equal(msim__udp_bind(node, port, hear, hole, NULL), MSIM_OK);
  msim__udp_set_error(node, port, hear_error);
}

static void send(struct world *w, struct msim_node *node, uint16_t from, const char *addr, uint16_t to,
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

static void source_is_kept_and_turned_back(void **state)
{
  struct world w;
  struct hole at_a, at_x;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &at_a, w.a, 5001);
  bind_at(&w, &at_x, w.x, 53);
  send(&w, w.a, 5001, "198.51.100.1", 53, 4);
  assert_string_equal(w.heard, "x:53<203.0.113.1:5001 4;");
  assert_said(&w, "nat.mapped a udp 192.168.1.10 5001 203.0.113.1 5001\n");
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5001, 5);
  assert_string_equal(w.heard, "a:5001<198.51.100.1:53 5;");
  assert_string_equal(w.log, "nat.restored a a>x:53#1 s1 192.168.1.10 5001\nrx a 198.51.100.1:53>192.168.1.10:5001\n");
  close_world(&w);
}

static void one_port_of_two_hosts_becomes_two_of_one_parity(void **state)
{
  struct world w;
  struct hole holes[3];

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &holes[0], w.a, 5001);
  bind_at(&w, &holes[1], w.b, 5001);
  bind_at(&w, &holes[2], w.x, 53);
  send(&w, w.a, 5001, "198.51.100.1", 53, 1);
  send(&w, w.b, 5001, "198.51.100.1", 53, 2);
  assert_string_equal(w.heard, "x:53<203.0.113.1:5001 1;x:53<203.0.113.1:5003 2;");
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5003, 3);
  send(&w, w.x, 53, "203.0.113.1", 5001, 4);
  assert_string_equal(w.heard, "b:5001<198.51.100.1:53 3;a:5001<198.51.100.1:53 4;");
  close_world(&w);
}

/* RFC 4787 REQ-1, RFC 5382 REQ-1. */
static void mapping_does_not_depend_on_the_other_end(void **state)
{
  struct world w;
  struct hole holes[2];
  struct msim_nat_view view;
  const struct msim_nat_mapping *m;

  (void)state;
  open_world(&w, (struct msim_nat_opts){.first_port = 2000, .last_port = 2999});
  bind_at(&w, &holes[0], w.x, 53);
  bind_at(&w, &holes[1], w.y, 54);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  send(&w, w.a, 5000, "198.51.100.2", 54, 2);
  assert_string_equal(w.heard, "x:53<203.0.113.1:2000 1;y:54<203.0.113.1:2000 2;");
  m = msim_nat_first(w.r);
  assert_non_null(m);
  msim_nat_look(w.r, m, &view);
  assert_string_equal(view.inside_host, "a");
  assert_int_equal(view.inside.port, 5000);
  assert_int_equal(view.outside.port, 2000);
  assert_int_equal(view.session_count, 2);
  assert_int_equal(view.proto, MSIM_PROTO_UDP);
  assert_false(view.is_static);
  assert_null(msim_nat_next(m));
  assert_null(msim_nat_first(w.x));
  close_world(&w);
}

/* RFC 4787 REQ-8: from the same port, from another one of the same host, from another host. */
static void filtering_is_as_told(void **state)
{
  static const struct {
    enum msim_nat_filtering filtering;
    const char *heard;
  } rows[] = {
      {MSIM_NAT_ENDPOINT_INDEPENDENT, "a:5000<198.51.100.1:53 1;a:5000<198.51.100.1:54 2;a:5000<198.51.100.2:53 3;"},
      {MSIM_NAT_ADDRESS_DEPENDENT, "a:5000<198.51.100.1:53 1;a:5000<198.51.100.1:54 2;"},
      {MSIM_NAT_ADDRESS_AND_PORT, "a:5000<198.51.100.1:53 1;"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct world w;
    struct hole hole;

    open_world(&w, (struct msim_nat_opts){.filtering = rows[i].filtering});
    bind_at(&w, &hole, w.a, 5000);
    send(&w, w.a, 5000, "198.51.100.1", 53, 1);
    forget(&w);
    send(&w, w.x, 53, "203.0.113.1", 5000, 1);
    send(&w, w.x, 54, "203.0.113.1", 5000, 2);
    send(&w, w.y, 53, "203.0.113.1", 5000, 3);
    assert_string_equal(w.heard, rows[i].heard);
    assert_int_equal(said(&w, "drop nat 198.51.100.2:53>203.0.113.1:5000\n"),
                     rows[i].filtering != MSIM_NAT_ENDPOINT_INDEPENDENT);
    close_world(&w);
  }
}

static void nobody_asked_for_it_and_nobody_gets_it(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &hole, w.r, 67);
  send(&w, w.x, 53, "203.0.113.1", 5000, 1);
  assert_string_equal(w.log, "drop nat 198.51.100.1:53>203.0.113.1:5000\n"); /* and no ICMP */
  send(&w, w.x, 53, "203.0.113.1", 67, 1);                                   /* what the router itself hears */
  assert_string_equal(w.heard, "r:67<198.51.100.1:53 1;");
  close_world(&w);
}

/* RFC 4787 REQ-5, REQ-6. */
static void mapping_ends_five_minutes_after_its_last_packet(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &hole, w.a, 5000);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  run_for(&w, 280);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  run_for(&w, 280);
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5000, 1);
  assert_string_equal(w.heard, "a:5000<198.51.100.1:53 1;");
  forget(&w);
  run_for(&w, 300);
  assert_string_equal(w.log, "nat.expired a udp 192.168.1.10 5000 203.0.113.1 5000\n");
  assert_null(msim_nat_first(w.r));
  send(&w, w.x, 53, "203.0.113.1", 5000, 1);
  assert_string_equal(w.heard, "");
  assert_true(msim_sim_is_quiet(w.sim));
  close_world(&w);
}

/* RFC 5508 REQ-8. */
static void sender_is_told_when_ports_are_used_up(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){.first_port = 2000, .last_port = 2000});
  bind_at(&w, &hole, w.b, 5000);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  forget(&w);
  send(&w, w.b, 5000, "198.51.100.1", 53, 1);
  assert_said(&w, "drop nat 192.168.1.11:5000>198.51.100.1:53\n");
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.code, MSIM__ICMP_COMMUNICATION_PROHIBITED);
  assert_int_equal(w.error.local_port, 5000);
  close_world(&w);
}

/* RFC 4787 REQ-9 a): external source address and port. */
static void hosts_inside_meet_by_their_addresses_outside(void **state)
{
  struct world w;
  struct hole holes[2];

  (void)state;
  open_world(&w, (struct msim_nat_opts){.filtering = MSIM_NAT_ENDPOINT_INDEPENDENT});
  bind_at(&w, &holes[0], w.a, 5000);
  bind_at(&w, &holes[1], w.b, 6000);
  send(&w, w.b, 6000, "198.51.100.1", 53, 1);
  send(&w, w.a, 5000, "203.0.113.1", 6000, 2);
  assert_string_equal(w.heard, "b:6000<203.0.113.1:5000 2;");
  forget(&w);
  send(&w, w.b, 6000, "203.0.113.1", 5000, 3);
  assert_string_equal(w.heard, "a:5000<203.0.113.1:6000 3;");
  assert_said(&w, "nat.restored a a>r:6000#1 s1 192.168.1.10 5000\n");
  close_world(&w);
}

static void no_hairpin_where_it_is_off(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){.filtering = MSIM_NAT_ENDPOINT_INDEPENDENT, .no_hairpinning = true});
  bind_at(&w, &hole, w.b, 6000);
  send(&w, w.b, 6000, "198.51.100.1", 53, 1);
  send(&w, w.a, 5000, "203.0.113.1", 6000, 2);
  assert_string_equal(w.heard, "");
  assert_said(&w, "drop nat 192.168.1.10:5000>203.0.113.1:6000\n");
  close_world(&w);
}

static void pair_and_forward_lead_inside(void **state)
{
  struct world w;
  struct hole holes[3];

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_nat_add_pair(w.r, "192.168.1.10", "203.0.113.9"), MSIM_OK);
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.10", 8081), MSIM_ERR_EXISTS);
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_ICMP, 80, "192.168.1.10", 8081), MSIM_ERR_INVALID);
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 81, "192.168.2.10", 8081), MSIM_ERR_INVALID);
  assert_int_equal(msim_nat_add_pair(w.r, "192.168.1.10", "203.0.113.8"), MSIM_ERR_EXISTS);
  assert_int_equal(msim_nat_add_pair(w.r, "192.168.1.11", "198.51.100.1"), MSIM_ERR_EXISTS);
  assert_int_equal(msim_nat_add_pair(w.x, "192.168.1.11", "198.51.100.9"), MSIM_ERR_STATE);
  bind_at(&w, &holes[0], w.a, 7);
  bind_at(&w, &holes[1], w.b, 8080);
  bind_at(&w, &holes[2], w.x, 4000);
  run_for(&w, 1);
  assert_string_equal(w.log, "nat.mapped a 192.168.1.10 203.0.113.9 static\n"
                             "nat.mapped b udp 192.168.1.11 8080 203.0.113.1 80 static\n");
  forget(&w);
  send(&w, w.x, 4000, "203.0.113.9", 7, 1);
  send(&w, w.x, 4000, "203.0.113.1", 80, 2);
  assert_string_equal(w.heard, "a:7<198.51.100.1:4000 1;b:8080<198.51.100.1:4000 2;");
  assert_said(&w, "nat.restored a x>a:7#1 c1"); /* the host that is reached has the name */
  assert_said(&w, "nat.restored b x>b:80#1 c1");
  forget(&w);
  send(&w, w.a, 7, "198.51.100.1", 4000, 3);
  send(&w, w.b, 8080, "198.51.100.1", 4000, 4);
  assert_string_equal(w.heard, "x:4000<203.0.113.9:7 3;x:4000<203.0.113.1:80 4;");
  run_for(&w, 600);
  forget(&w);
  send(&w, w.y, 4000, "203.0.113.1", 80, 5); /* it lasts */
  assert_string_equal(w.heard, "b:8080<198.51.100.2:4000 5;");
  close_world(&w);
}

static void two_homes_may_have_the_same_addresses(void **state)
{
  struct world w;
  struct hole holes[2];
  struct msim_network_opts opts = {.prefix = "192.168.1.0/24"};
  struct msim_nat_opts nat = {.inside_count = 1};
  struct msim_network *first;
  struct msim_node *c, *s;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  first = w.home;
  assert_int_equal(msim_network_add(w.sim, "other", &opts, &w.home), MSIM_OK);
  c = node_at(&w, "c", NULL, "192.168.1.10");
  s = node_at(&w, "s", "203.0.113.2", "192.168.1.1");
  join(s, w.x, 0);
  nat.inside = &w.home;
  assert_int_equal(msim_node_set_nat(s, &nat), MSIM_OK);
  nat.inside = &first;
  assert_int_equal(msim_node_set_nat(s, &nat), MSIM_ERR_EXISTS);
  bind_at(&w, &holes[0], w.x, 53);
  bind_at(&w, &holes[1], c, 5000);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  send(&w, c, 5000, "198.51.100.1", 53, 2);
  assert_string_equal(w.heard, "x:53<203.0.113.1:5000 1;x:53<203.0.113.2:5000 2;");
  forget(&w);
  send(&w, w.x, 53, "203.0.113.2", 5000, 3);
  assert_string_equal(w.heard, "c:5000<198.51.100.1:53 3;");
  close_world(&w);
}

static void crash_of_the_router_loses_what_it_knew(void **state)
{
  struct world w;
  struct hole holes[2];

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
  bind_at(&w, &holes[0], w.a, 5000);
  bind_at(&w, &holes[1], w.b, 8080);
  send(&w, w.a, 5000, "198.51.100.1", 53, 1);
  msim__nat_crash(w.r);
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5000, 1);
  assert_string_equal(w.heard, "");
  send(&w, w.x, 53, "203.0.113.1", 80, 2);
  assert_string_equal(w.heard, "b:8080<198.51.100.1:53 2;");
  send(&w, w.a, 5000, "198.51.100.1", 53, 3);
  assert_said(&w, "nat.mapped a udp 192.168.1.10 5000 203.0.113.1 5000\n");
  close_world(&w);
}

/* RFC 4787 REQ-14, out of order too: the parts are put together here and cut anew. */
static void parts_are_translated_as_one(void **state)
{
  struct world w;
  struct hole holes[2];

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  bind_at(&w, &holes[0], w.a, 5000);
  bind_at(&w, &holes[1], w.x, 53);
  send(&w, w.a, 5000, "198.51.100.1", 53, 4000);
  assert_string_equal(w.heard, "x:53<203.0.113.1:5000 4000;");
  forget(&w);
  send(&w, w.x, 53, "203.0.113.1", 5000, 5000);
  assert_string_equal(w.heard, "a:5000<198.51.100.1:53 5000;");
  close_world(&w);
}

/* ---- ICMP ---- */

/* RFC 5508 REQ-4, RFC 4787 REQ-12: the error comes to who sent, as that knows itself, and ends nothing. */
static void error_from_outside_comes_to_its_sender(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){.first_port = 2000, .last_port = 2001});
  bind_at(&w, &hole, w.a, 5000);
  send(&w, w.a, 5000, "198.51.100.1", 53, 40); /* nobody hears there */
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.code, MSIM__ICMP_PORT_UNREACHABLE);
  assert_int_equal(w.error.local_port, 5000);
  assert_int_equal(w.error.remote_port, 53);
  assert_int_equal(w.error.local,
                   msim__addr_find_in(msim__net(w.sim), 1, &(struct msim_addr){MSIM_FAMILY_IPV4, {192, 168, 1, 10}}));
  assert_said(&w, "rx a 198.51.100.1:0>192.168.1.10:0 icmp.port-unreachable\n");
  assert_non_null(msim_nat_first(w.r));
  close_world(&w);
}

/* RFC 5508 REQ-5: what was turned inside and fails there. */
static void error_from_inside_speaks_of_the_address_outside(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
  bind_at(&w, &hole, w.x, 4000);
  send(&w, w.x, 4000, "203.0.113.1", 80, 40); /* nobody hears at b */
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.local_port, 4000);
  assert_int_equal(w.error.remote_port, 80);
  assert_string_equal(msim__addr_name(msim__net(w.sim), w.error.remote), "r");
  assert_said(&w, "rx x 203.0.113.1:0>198.51.100.1:0 icmp.port-unreachable\n");
  close_world(&w);
}

/* RFC 5508 REQ-7: an error about a packet that was turned round. */
static void error_about_a_hairpin_comes_back(void **state)
{
  struct world w;
  struct hole hole;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
  bind_at(&w, &hole, w.a, 5000);
  send(&w, w.a, 5000, "203.0.113.1", 80, 40);
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.local_port, 5000);
  assert_int_equal(w.error.remote_port, 80);
  close_world(&w);
}

/* RFC 4787 REQ-13: too large for the line behind the router. */
static void error_of_the_router_itself_is_put_right(void **state)
{
  static const uint8_t zeros[1200];
  struct msim_slice bytes = {zeros, sizeof zeros};
  struct msim_endpoint to = {.port = 53};
  struct world w;
  struct hole hole;
  struct msim_nat_opts opts = {.inside_count = 1};

  (void)state;
  open_plain(&w, 1000);
  opts.inside = &w.home;
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_OK);
  bind_at(&w, &hole, w.a, 5000);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim_addr_parse(&to.addr, "198.51.100.1", 12), MSIM_OK);
  assert_int_equal(msim__udp_send_whole(w.a, 5000, to, bytes), MSIM_OK);
  run_for(&w, 1);
  assert_int_equal(w.error_count, 1);
  assert_int_equal(w.error.code, MSIM__ICMP_FRAGMENTATION_NEEDED);
  assert_int_equal(w.error.mtu_bytes, 1000);
  assert_int_equal(w.error.local_port, 5000);
  close_world(&w);
}

static void send_raw(struct world *w, struct msim_node *node, const char *to, uint8_t proto, uint16_t src_port,
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

/* RFC 5508 REQ-1, REQ-2. */
static void echoes_of_one_identifier_are_told_apart(void **state)
{
  struct world w;

  (void)state;
  open_world(&w, (struct msim_nat_opts){0});
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  send_raw(&w, w.a, "198.51.100.1", MSIM_PROTO_ICMP, MSIM__ICMP_ECHO, 0, 7u << 16 | 1, 0);
  send_raw(&w, w.b, "198.51.100.1", MSIM_PROTO_ICMP, MSIM__ICMP_ECHO, 0, 7u << 16 | 1, 0);
  assert_said(&w, "rx x 203.0.113.1:7>198.51.100.1:7 icmp.echo\n");
  assert_said(&w, "rx a 198.51.100.1:7>192.168.1.10:7 icmp.echo-reply\n");
  assert_said(&w, "rx x 203.0.113.1:8>198.51.100.1:8 icmp.echo\n");
  assert_said(&w, "rx b 198.51.100.1:7>192.168.1.11:7 icmp.echo-reply\n");
  forget(&w);
  send_raw(&w, w.x, "203.0.113.1", MSIM_PROTO_ICMP, MSIM__ICMP_ECHO, 0, 7u << 16 | 1, 0); /* the router's own */
  assert_string_equal(
      w.log, "rx r 198.51.100.1:7>203.0.113.1:7 icmp.echo\nrx x 203.0.113.1:7>198.51.100.1:7 icmp.echo-reply\n");
  forget(&w);
  run_for(&w, 60);
  assert_said(&w, "nat.expired a icmp 192.168.1.10 7 203.0.113.1 7\n");
  close_world(&w);
}

/* ---- TCP ---- */

static void take_segment(struct msim_node *node, struct msim__packet *packet)
{
  (void)node;
  (void)packet;
}

static bool is_nobodys(const struct msim_node *node, uint32_t local_id, uint16_t local_port, uint32_t remote_id,
                       uint16_t remote_port)
{
  (void)node;
  (void)local_id;
  (void)local_port;
  (void)remote_id;
  (void)remote_port;
  return false;
}

static void connection_begins_with_a_syn_from_inside(void **state)
{
  static const struct msim__protocol tcp = {.receive = take_segment, .is_mine = is_nobodys};
  struct world w;
  bool picks_up;

  (void)state;
  for (picks_up = false;; picks_up = true) {
    open_world(&w, (struct msim_nat_opts){.picks_up = picks_up, .filtering = MSIM_NAT_ENDPOINT_INDEPENDENT});
    msim__net_set_protocol(w.sim, MSIM_PROTO_TCP, &tcp);
    assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
    send_raw(&w, w.a, "198.51.100.1", MSIM_PROTO_TCP, 5000, 25, 1, MSIM_TCP_ACK);
    assert_int_equal(said(&w, "rx x 203.0.113.1:5000>198.51.100.1:25\n"), picks_up);
    assert_int_equal(said(&w, "drop nat 192.168.1.10:5000>198.51.100.1:25\n"), !picks_up);
    send_raw(&w, w.a, "198.51.100.1", MSIM_PROTO_TCP, 6000, 25, 1, MSIM_TCP_SYN);
    assert_said(&w, "rx x 203.0.113.1:6000>198.51.100.1:25\n");
    send_raw(&w, w.x, "203.0.113.1", MSIM_PROTO_TCP, 25, 6000, 1, MSIM_TCP_SYN | MSIM_TCP_ACK);
    assert_said(&w, "rx a 198.51.100.1:25>192.168.1.10:6000\n");
    send_raw(&w, w.y, "203.0.113.1", MSIM_PROTO_TCP, 25, 6000, 1, MSIM_TCP_ACK); /* no SYN: opens nothing */
    assert_said(&w, "drop nat 198.51.100.2:25>203.0.113.1:6000\n");
    send_raw(&w, w.y, "203.0.113.1", MSIM_PROTO_TCP, 26, 6000, 1, MSIM_TCP_SYN);
    assert_said(&w, "rx a 198.51.100.2:26>192.168.1.10:6000\n");
    send_raw(&w, w.a, "198.51.100.1", 99, 0, 0, 0, 0); /* a protocol without ports */
    assert_said(&w, "drop nat 192.168.1.10:0>198.51.100.1:0\n");
    close_world(&w);
    if (picks_up)
      return;
  }
}

/* ---- set up, filters, memory ---- */

static void wrong_settings_are_refused(void **state)
{
  struct world w;
  struct msim_nat_opts opts = {.inside_count = 1};

  (void)state;
  open_plain(&w, 0);
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_ERR_INVALID); /* no network */
  opts.inside = &w.home;
  assert_int_equal(msim_node_set_nat(w.x, &opts), MSIM_ERR_INVALID); /* it is not in there */
  opts.first_port = 5;
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_ERR_INVALID);
  opts.first_port = 0;
  opts.outside = "nowhere";
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_ERR_INVALID);
  opts.outside = "203.0.113.77"; /* not its own: found out at the start */
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_OK);
  assert_int_equal(msim_node_set_nat(w.r, &opts), MSIM_ERR_EXISTS);
  assert_int_equal(msim_sim_start(w.sim), MSIM_ERR_INVALID);
  close_world(&w);
}

/* Without a NAT, and with a provider that carries no private source. */
static void private_source_is_dropped_where_the_link_says_so(void **state)
{
  struct msim_link_opts opts = {
      .a_to_b = {.delay_ns = 1000}, .b_to_a = {.delay_ns = 1000}, .filter = MSIM_FILTER_PRIVATE_SOURCE};
  struct world w;
  struct hole hole;
  struct msim_node *z;

  (void)state;
  open_plain(&w, 0);
  z = node_at(&w, "z", "198.51.100.3", NULL);
  assert_int_equal(msim_link_add(w.r, z, &opts), MSIM_OK);
  bind_at(&w, &hole, z, 53);
  send(&w, w.a, 5000, "198.51.100.3", 53, 1);
  assert_string_equal(w.heard, "");
  assert_said(&w, "drop private-source 192.168.1.10:5000>198.51.100.3:53\n");
  send(&w, w.r, 5000, "198.51.100.3", 53, 2);
  assert_string_equal(w.heard, "z:53<203.0.113.1:5000 2;");
  opts.filter = (enum msim_link_filter)7;
  close_world(&w);
}

static void every_allocation_may_fail(void **state)
{
  uint64_t nth;
  bool failed = true;

  (void)state;
  for (nth = 1; failed; nth++) {
    struct world w;
    struct hole holes[2];
    struct msim_endpoint to = {.port = 53};
    static uint8_t zeros[4000];
    struct msim_slice bytes = {zeros, sizeof zeros};

    open_world(&w, (struct msim_nat_opts){0});
    assert_int_equal(msim_nat_add_forward(w.r, MSIM_PROTO_UDP, 80, "192.168.1.11", 8080), MSIM_OK);
    bind_at(&w, &holes[0], w.a, 5000);
    bind_at(&w, &holes[1], w.b, 5000);
    assert_int_equal(msim_addr_parse(&to.addr, "198.51.100.1", 12), MSIM_OK);
    w.mem.fail_at = w.mem.request_count + nth;
    if (msim_sim_start(w.sim) == MSIM_OK) {
      (void)msim__udp_send(w.a, 5000, to, bytes, NULL); /* an error comes back */
      (void)msim__udp_send(w.b, 5000, to, bytes, NULL);
      (void)msim_sim_advance_to(w.sim, MSIM_SEC(400));
    }
    failed = w.mem.failed_count > 0;
    assert_true(!failed || msim_sim_failure(w.sim) == MSIM_ERR_NOMEM || msim_sim_failure(w.sim) == MSIM_OK);
    close_world(&w);
  }
  assert_true(nth > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(source_is_kept_and_turned_back),
      cmocka_unit_test(one_port_of_two_hosts_becomes_two_of_one_parity),
      cmocka_unit_test(mapping_does_not_depend_on_the_other_end),
      cmocka_unit_test(filtering_is_as_told),
      cmocka_unit_test(nobody_asked_for_it_and_nobody_gets_it),
      cmocka_unit_test(mapping_ends_five_minutes_after_its_last_packet),
      cmocka_unit_test(sender_is_told_when_ports_are_used_up),
      cmocka_unit_test(hosts_inside_meet_by_their_addresses_outside),
      cmocka_unit_test(no_hairpin_where_it_is_off),
      cmocka_unit_test(pair_and_forward_lead_inside),
      cmocka_unit_test(two_homes_may_have_the_same_addresses),
      cmocka_unit_test(crash_of_the_router_loses_what_it_knew),
      cmocka_unit_test(parts_are_translated_as_one),
      cmocka_unit_test(error_from_outside_comes_to_its_sender),
      cmocka_unit_test(error_from_inside_speaks_of_the_address_outside),
      cmocka_unit_test(error_about_a_hairpin_comes_back),
      cmocka_unit_test(error_of_the_router_itself_is_put_right),
      cmocka_unit_test(echoes_of_one_identifier_are_told_apart),
      cmocka_unit_test(connection_begins_with_a_syn_from_inside),
      cmocka_unit_test(wrong_settings_are_refused),
      cmocka_unit_test(private_source_is_dropped_where_the_link_says_so),
      cmocka_unit_test(every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
