/* port_stage.h: a port "out" and a host "a", 5 ms away, and packets to put in by hand. For tests of ports only; include
 * after the cmocka headers. */
#ifndef MSIM_TESTS_NET_PORT_STAGE_H
#define MSIM_TESTS_NET_PORT_STAGE_H

#include "net/link.h"
#include "net/port.h"
#include "support/net_fixture.h"

#include <string.h>

#define OUTSIDE 0xc0000209u  /* 192.0.2.9, the port's */
#define HOST 0x0a000001u     /* 10.0.0.1, of "a", 5 ms away */
#define FAR_HOST 0xc6336407u /* 198.51.100.7, in a range behind the port */

static struct net_world w;
static struct msim_port *port;
static uint8_t bytes[65535];

static inline void join_all(void)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(5));

  assert_int_equal(msim_node_add_addr(net_world_node(&w, "a"), "10.0.0.1"), MSIM_OK);
  opts.mtu_bytes = 1000;
  net_world_link(&w, "a", "out", &opts);
}

static inline void open_port(const char *const *routes, uint32_t queue_packets_max)
{
  static const char *const addrs[] = {"192.0.2.9", NULL};
  struct msim_port_opts opts;

  memset(&opts, 0, sizeof opts);
  opts.addrs = addrs;
  opts.routes = routes;
  opts.queue_packets_max = queue_packets_max;
  opts.ctx = &w;
  net_world_open(&w, 1, false);
  assert_int_equal(msim_port_open(w.sim, "out", &opts, &port), MSIM_OK);
  join_all();
}

static inline int set_up(void **state)
{
  static const char *const routes[] = {"198.51.100.0/24", NULL};

  (void)state;
  open_port(routes, 0);
  return 0;
}

static inline int tear_down(void **state)
{
  (void)state;
  net_world_close(&w);
  return 0;
}

static inline struct msim_packet packet_of(uint8_t proto, const char *payload)
{
  struct msim_packet p;

  memset(&p, 0, sizeof p);
  p.src = msim_addr_ipv4(OUTSIDE);
  p.dst = msim_addr_ipv4(HOST);
  p.proto = proto;
  p.ttl = 61;
  p.id = 0x1234;
  p.tos = 0x02;
  p.payload.data = (const uint8_t *)payload;
  p.payload.size_bytes = payload == NULL ? 0 : strlen(payload);
  return p;
}

static inline struct msim_packet syn_of(uint32_t seq)
{
  /* MSS 1460, window scale 9, an option that nobody knows, the end, and behind it a byte that is no zero */
  static const uint8_t options[16] = {2, 4, 5, 180, 3, 3, 9, 253, 6, 'r', 'a', 'w', '!', 0, 9, 9};
  struct msim_packet p = packet_of(MSIM_PROTO_TCP, NULL);

  p.l4.tcp.src_port = 4000;
  p.l4.tcp.dst_port = 25;
  p.l4.tcp.seq = seq;
  p.l4.tcp.flags = MSIM_TCP_SYN;
  p.l4.tcp.window = 29200;
  p.options.data = options;
  p.options.size_bytes = sizeof options;
  return p;
}

static inline struct msim_packet udp_of(uint16_t dst_port, const char *payload)
{
  struct msim_packet p = packet_of(MSIM_PROTO_UDP, payload);

  p.l4.udp.src_port = 5000;
  p.l4.udp.dst_port = dst_port;
  return p;
}

static inline size_t encode(const struct msim_packet *p)
{
  size_t size = msim_packet_encode(p, bytes, sizeof bytes);

  assert_int_not_equal(size, 0);
  return size;
}

static inline int inject_bytes(size_t size_bytes)
{
  struct msim_slice slice = {bytes, size_bytes};

  return msim_port_inject(port, slice);
}

static inline void inject(struct msim_packet p)
{
  assert_int_equal(inject_bytes(encode(&p)), MSIM_OK);
}

static inline struct msim_port_counters counters(void)
{
  struct msim_port_counters c;

  msim_port_counters(port, &c);
  return c;
}

/* The next packet that came out, at that time. */
static inline struct msim_packet expect_out(msim_ns at_ns)
{
  struct msim_packet p;
  struct msim_slice slice = {bytes, 0};
  msim_ns got_ns = 0;

  slice.size_bytes = msim_port_extract(port, bytes, sizeof bytes, &got_ns);
  assert_int_not_equal(slice.size_bytes, 0);
  assert_int_equal(got_ns, at_ns);
  assert_int_equal(msim_packet_decode(&p, slice), MSIM_OK);
  return p;
}

static inline void expect_nothing_out(void)
{
  assert_int_equal(msim_port_extract(port, bytes, sizeof bytes, NULL), 0);
}

#define PORT_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
