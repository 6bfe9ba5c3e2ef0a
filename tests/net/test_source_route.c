/* test_source_route.c: packets that travel by source routes, loose and strict (RFC 791 3.1): who follows them, what the
 * header and the option say on each link, and who refuses them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/check_wire.h"
#include "net/port.h"
#include "support/net_fixture.h"
#include "wire/source_route.h"

#include <stdio.h>
#include <string.h>

static struct net_world w;
static struct msim__trace_hook hook;
static char seen[4096]; /* "tx a-r1 >11 83@4 12 2\n": point, link, destination of the header, option */

static void append(const char *text)
{
  assert_true(strlen(seen) + strlen(text) < sizeof seen);
  strcat(seen, text);
}

/* Last bytes of addresses say who it is. What is seen must be the same after its bytes. */
static int look(void *ctx, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *p = &record->u.packet;
  const struct msim_slice options = p->packet->ip_options;
  uint8_t bytes[4096];
  struct msim_packet again;
  char text[64];
  size_t size = msim_packet_encode(p->packet, bytes, sizeof bytes), i;

  (void)ctx;
  assert_true(size > 0);
  assert_int_equal(msim_packet_decode(&again, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_null(msim__wire_difference(p->packet, &again));
  if (options.size_bytes == 0)
    return MSIM_OK;
  snprintf(text, sizeof text, "%s %s >%u %x@%u",
           p->point == MSIM_POINT_TX    ? "tx"
           : p->point == MSIM_POINT_FWD ? "fwd"
           : p->point == MSIM_POINT_RX  ? "rx"
                                        : p->reason,
           p->link != NULL ? p->link : "-", (unsigned)p->packet->dst.bytes[3], (unsigned)options.data[0],
           (unsigned)options.data[2]);
  append(text);
  for (i = 6; i < options.data[1]; i += 4) {
    snprintf(text, sizeof text, " %u", (unsigned)options.data[i]);
    append(text);
  }
  append("\n");
  return MSIM_OK;
}

/* a - r1 - r2 - r3 - b, and r1 - b, which is shorter; all follow source routes but the one that is named. */
static void open_chain(const char *but)
{
  static const struct {
    const char *name, *addr;
  } nodes[] = {{"a", "10.0.0.1"}, {"b", "10.0.0.2"}, {"r1", "10.0.0.11"}, {"r2", "10.0.0.12"}, {"r3", "10.0.0.13"}};
  size_t i;

  net_world_open(&w, 0, true);
  for (i = 0; i < sizeof nodes / sizeof nodes[0]; i++) {
    struct msim_node *node = net_world_node(&w, nodes[i].name);

    assert_int_equal(msim_node_add_addr(node, nodes[i].addr), MSIM_OK);
    if (but == NULL || strcmp(but, nodes[i].name) != 0)
      assert_int_equal(msim_node_set_source_routes(node, true), MSIM_OK);
  }
  net_world_join(&w, "a", "r1", MSIM_MSEC(1));
  net_world_join(&w, "r1", "r2", MSIM_MSEC(1));
  net_world_join(&w, "r2", "r3", MSIM_MSEC(1));
  net_world_join(&w, "r3", "b", MSIM_MSEC(1));
  net_world_join(&w, "r1", "b", MSIM_MSEC(1));
  net_world_bind(&w, "b", 2000);
  memset(&hook, 0, sizeof hook);
  hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM) | MSIM_TRACE_BIT(MSIM_TRACE_FRAGMENT);
  hook.record = look;
  msim__trace_add_hook(w.sim, &hook);
  seen[0] = '\0';
}

/* From a to b by these stops, which stand in the option as users give them. */
static int send_by(const uint8_t *stops, size_t stop_bytes, uint16_t payload_bytes)
{
  struct msim_node *a = net_world_node(&w, "a"), *b = net_world_node(&w, "b");
  struct msim__packet_rare *rare;
  struct msim__packet *packet;
  struct msim_addr first;
  uint32_t index;

  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  index = msim__packet_new(&w.net->packets);
  packet = msim__packet_at(&w.net->packets, index);
  packet->proto = MSIM_PROTO_UDP;
  packet->src = a->addr_id;
  packet->dst = b->addr_id;
  packet->src_port = 1000;
  packet->dst_port = 2000;
  packet->bits = MSIM__PACKET_MAY_FRAGMENT;
  packet->payload = msim_blob_new(w.sim, NULL, payload_bytes);
  packet->payload_bytes = payload_bytes;
  rare = msim__packet_rare(&w.net->packets, packet);
  assert_non_null(rare);
  rare->ip_option_bytes = (uint8_t)msim__source_route_begin(rare->ip_options, (struct msim_slice){stops, stop_bytes},
                                                            msim__addr_of(w.net, packet->dst), &first);
  assert_true(rare->ip_option_bytes > 0);
  rare->stop = msim__addr_intern(w.net, &first);
  return msim__ip_send(a, index);
}

static void loose_route_leads_over_its_stops(void **state)
{
  static const uint8_t stops[] = {131, 11, 4, 10, 0, 0, 12, 10, 0, 0, 13};

  (void)state;
  open_chain(NULL);
  assert_int_equal(send_by(stops, sizeof stops, 10), MSIM_OK);
  net_world_run(&w);
  assert_string_equal(seen, "tx a-r1 >12 83@4 13 2\n"
                            "fwd r1-r2 >12 83@4 13 2\n"
                            "fwd r2-r3 >13 83@8 12 2\n"
                            "fwd b-r3 >2 83@12 12 13\n"
                            "rx b-r3 >2 83@12 12 13\n");
  assert_int_equal(w.received_count, 1);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_TX, 0)->to, "b");
  net_world_close(&w);
}

/* RFC 791 3.1: over one link from stop to stop; else it fails where the gap is, and RFC 792 has a code for that. */
static void strict_route_names_every_hop(void **state)
{
  static const uint8_t all[] = {137, 15, 4, 10, 0, 0, 11, 10, 0, 0, 12, 10, 0, 0, 13};
  static const uint8_t gap[] = {137, 11, 4, 10, 0, 0, 11, 10, 0, 0, 13};
  static const uint8_t gap_at_once[] = {137, 7, 4, 10, 0, 0, 12};
  static const uint8_t gap_at_the_end[] = {137, 11, 4, 10, 0, 0, 11, 10, 0, 0, 12};

  (void)state;
  open_chain(NULL);
  assert_int_equal(send_by(all, sizeof all, 10), MSIM_OK);
  net_world_run(&w);
  assert_string_equal(seen, "tx a-r1 >11 89@4 12 13 2\n"
                            "fwd r1-r2 >12 89@8 11 13 2\n"
                            "fwd r2-r3 >13 89@12 11 12 2\n"
                            "fwd b-r3 >2 89@16 11 12 13\n"
                            "rx b-r3 >2 89@16 11 12 13\n");
  assert_int_equal(w.received_count, 1);
  seen[0] = '\0';
  assert_int_equal(send_by(gap, sizeof gap, 10), MSIM_OK);
  net_world_run(&w);
  assert_string_equal(seen, "tx a-r1 >11 89@4 13 2\n"
                            "source-route a-r1 >13 89@8 11 2\n");
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX), 1);
  seen[0] = '\0';
  assert_int_equal(send_by(gap_at_once, sizeof gap_at_once, 10), MSIM_ERR_NOT_FOUND);
  assert_int_equal(send_by(gap_at_the_end, sizeof gap_at_the_end, 10), MSIM_OK);
  net_world_run(&w);
  assert_string_equal(seen, "tx a-r1 >12 89@4 2\n"
                            "source-route a-r1 >12 89@4 2\n"
                            "tx a-r1 >11 89@4 12 2\n"
                            "fwd r1-r2 >12 89@8 11 2\n"
                            "source-route r1-r2 >2 89@12 11 12\n");
  assert_int_equal(w.received_count, 1);
  net_world_close(&w);
}

/* RFC 7126 4.3: only who was told to follows it; others on the way do not look at it. */
static void who_was_not_told_to_refuses(void **state)
{
  static const uint8_t stops[] = {131, 11, 4, 10, 0, 0, 12, 10, 0, 0, 13};
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    open_chain(i == 0 ? "r2" : "r1");
    assert_int_equal(send_by(stops, sizeof stops, 10), MSIM_OK);
    net_world_run(&w);
    assert_int_equal(w.received_count, i);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX), 1 - i);
    if (i == 0)
      assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "source-route");
    net_world_close(&w);
  }
  open_chain(NULL);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim_node_set_source_routes(net_world_node(&w, "a"), false), MSIM_ERR_STATE);
  net_world_close(&w);
}

/* To nobody, to where no packet may go, and back to the host itself; one host twice is one stop after the other. */
static void stops_that_cannot_be_end_the_way(void **state)
{
  static const struct {
    uint8_t stops[15];
    const char *reason;
  } rows[] = {
      {{131, 11, 4, 10, 0, 0, 11, 10, 9, 9, 9}, "source-route"},
      {{131, 11, 4, 10, 0, 0, 11, 127, 0, 0, 1}, "source-route"},
      {{131, 11, 4, 10, 0, 0, 11, 224, 0, 0, 1}, "source-route"},
      {{131, 11, 4, 10, 9, 9, 9, 10, 0, 0, 11}, "no-route"},
      {{131, 15, 4, 10, 0, 0, 11, 10, 0, 0, 11, 10, 0, 0, 11}, NULL},
  };
  const struct msim_addr loopback = msim_addr_ipv4(0x7f000001); /* which every host has */
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    open_chain(NULL);
    assert_int_not_equal(msim__addr_intern(w.net, &loopback), 0);
    (void)send_by(rows[i].stops, rows[i].stops[1], 10);
    net_world_run(&w);
    assert_int_equal(w.received_count, rows[i].reason == NULL);
    if (rows[i].reason != NULL)
      assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, rows[i].reason);
    net_world_close(&w);
  }
}

/* RFC 791 3.1: the option is copied; each fragment follows it for itself, and the whole has come by it too. */
static void fragments_follow_it_too(void **state)
{
  static const uint8_t stops[] = {131, 11, 4, 10, 0, 0, 12, 10, 0, 0, 13};

  (void)state;
  open_chain(NULL);
  assert_int_equal(send_by(stops, sizeof stops, 3000), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.received_count, 1);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_RX), 3);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_FRAGMENT, MSIM_POINT_RX, 2)->link, "b-r3");
  assert_non_null(strstr(seen, "rx b-r3 >2 83@12 12 13\nrx b-r3 >2 83@12 12 13\n"
                               "rx b-r3 >2 83@12 12 13\nrx b-r3 >2 83@12 12 13\n"));
  net_world_close(&w);
}

/* Bytes from outside, by a port: the header names r, the option a; what nobody could follow is refused by whoever it is
 * for. */
static void route_from_outside_is_followed(void **state)
{
  static const char *const addrs[] = {"192.0.2.9", NULL};
  static const struct {
    uint8_t options[12], size_bytes, header;
    size_t received_count;
  } rows[] = {
      {{131, 7, 4, 10, 0, 0, 2, 0}, 8, 11, 1},
      {{131, 7, 8, 10, 0, 0, 11, 0}, 8, 2, 1},
      {{131, 7, 4, 10, 0, 0, 77, 0}, 8, 11, 0},
      {{131, 11, 5, 10, 0, 0, 2, 10, 0, 0, 2, 0}, 12, 2, 0},
  };
  struct msim_port_opts opts;
  struct msim_port *port;
  struct msim_packet p;
  uint8_t bytes[128];
  size_t i, size;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    open_chain(NULL);
    memset(&opts, 0, sizeof opts);
    opts.addrs = addrs;
    assert_int_equal(msim_port_open(w.sim, "out", &opts, &port), MSIM_OK);
    net_world_join(&w, "out", "r1", MSIM_MSEC(1));
    memset(&p, 0, sizeof p);
    p.src = msim_addr_ipv4(0xc0000209);
    p.dst = msim_addr_ipv4(0x0a000000u + rows[i].header);
    p.proto = MSIM_PROTO_UDP;
    p.ttl = 64;
    p.l4.udp.src_port = 9;
    p.l4.udp.dst_port = 2000;
    p.ip_options.data = rows[i].options;
    p.ip_options.size_bytes = rows[i].size_bytes;
    size = msim_packet_encode(&p, bytes, sizeof bytes);
    assert_int_equal(msim_port_inject(port, (struct msim_slice){bytes, size}), MSIM_OK);
    net_world_run(&w);
    assert_int_equal(w.received_count, rows[i].received_count);
    assert_int_equal(net_seen_count(&w, MSIM_TRACE_ICMP, MSIM_POINT_RX), 1 - rows[i].received_count);
    net_world_close(&w);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loose_route_leads_over_its_stops), cmocka_unit_test(strict_route_names_every_hop),
      cmocka_unit_test(who_was_not_told_to_refuses),      cmocka_unit_test(stops_that_cannot_be_end_the_way),
      cmocka_unit_test(fragments_follow_it_too),          cmocka_unit_test(route_from_outside_is_followed),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
