/* test_nat_levels.c: routers that translate and have their address outside on lease, or behind another one: forwarded
 * ports go along with the address, and prefixes may be the same on both sides (RFC 4787 REQ-7). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/net.h"
#include "topology/dhcp_stage.h"

static void has(struct dhcp_stage *stage, const char *text, unsigned count)
{
  if (dhcp_stage_count(stage, text) != count)
    fail_msg("%u times instead of %u: %s", dhcp_stage_count(stage, text), count, text);
}

struct ear {
  struct msim_endpoint from;
  unsigned count;
};

static void hear(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  struct ear *ear = ctx;

  (void)local_port;
  (void)bytes;
  ear->from = from;
  ear->count++;
}

static void say(struct dhcp_stage *stage, const char *host, const char *addr, uint16_t port)
{
  const struct msim_slice bytes = {(const uint8_t *)"x", 1};
  struct msim_endpoint to = {.port = port};

  assert_int_equal(msim_addr_parse(&to.addr, addr, strlen(addr)), MSIM_OK);
  assert_int_equal(msim__udp_send(dhcp_stage_host(stage, host), 5000, to, bytes, NULL), MSIM_OK);
  dhcp_stage_until(stage, (double)msim_sim_now_ns(stage->sim) / 1e9 + 1);
}

/* ---- forwarded ports ---- */

/* far mails to a server behind the router, at the address that the router has at the time. */
static const char forwarding[] =
    "mailsim: 1\n"
    "networks:\n"
    "  home: {prefix: 192.168.1.0/24, delay: 10us}\n"
    "  wan: {prefix: 203.0.113.0/24, delay: 10us}\n"
    "hosts:\n"
    "  server: {networks: {home: 192.168.1.10}, agents: [{smtp-server: {domains: {x.example: [b]}}}]}\n"
    "  router:\n"
    "    networks: {home: 192.168.1.1, wan: none}\n"
    "    nat: {inside: home, forward: [{port: 25, to: 192.168.1.10}]}\n"
    "  far:\n"
    "    networks: {wan: 203.0.113.9}\n"
    "    agents:\n"
    "      - user: {address: a@y.example, submit: 203.0.113.100, script: [\n"
    "          {at: 10s, send: {message: m1, to: b@x.example, body: Hi}}]}\n"
    "      - user: {address: c@y.example, submit: 203.0.113.101, script: [\n"
    "          {at: 100s, send: {message: m2, to: b@x.example, body: Hi}}]}\n";

static void configure(struct dhcp_stage *stage, const char *host, const char *network, const char *text)
{
  struct msim_attachment *a = msim_attachment_first(dhcp_stage_host(stage, host));
  struct msim_addr_config config = {.prefix_bits = 24};

  while (a != NULL && strcmp(msim_network_name(msim_attachment_network(a)), network) != 0)
    a = msim_attachment_next(a);
  assert_non_null(a);
  if (text == NULL) {
    msim_attachment_deconfigure(a);
    return;
  }
  assert_int_equal(msim_addr_parse(&config.address, text, strlen(text)), MSIM_OK);
  assert_int_equal(msim_attachment_configure(a, &config), MSIM_OK);
}

static void forwarded_ports_go_along_with_the_address(void **state)
{
  struct dhcp_stage stage;
  struct msim_nat_view view;

  (void)state;
  dhcp_stage_open(&stage, forwarding, NULL);
  dhcp_stage_until(&stage, 1);
  assert_null(msim_nat_first(dhcp_stage_host(&stage, "router")));
  configure(&stage, "router", "wan", "203.0.113.100");
  dhcp_stage_until(&stage, 50);
  msim_nat_look(dhcp_stage_host(&stage, "router"), msim_nat_first(dhcp_stage_host(&stage, "router")), &view);
  assert_true(view.is_static);
  assert_int_equal(view.outside.addr.bytes[3], 100);
  configure(&stage, "router", "wan", NULL);
  assert_null(msim_nat_first(dhcp_stage_host(&stage, "router")));
  dhcp_stage_until(&stage, 60);
  configure(&stage, "router", "wan", "203.0.113.101");
  dhcp_stage_until(&stage, 70);
  configure(&stage, "router", "wan", "203.0.113.101"); /* renewed: nothing moves */
  dhcp_stage_until(&stage, 150);
  dhcp_stage_finish(&stage);
  has(&stage, "nat.mapped inside=server proto=tcp inside_address=192.168.1.10 inside_port=25 outside=203.0.113.100", 1);
  has(&stage, "nat.expired inside=server proto=tcp inside_address=192.168.1.10 inside_port=25 outside=203.0.113.100",
      1);
  has(&stage, "nat.mapped inside=server proto=tcp inside_address=192.168.1.10 inside_port=25 outside=203.0.113.101", 1);
  has(&stage, "app server store.add message=m", 2);
  has(&stage, "state server far>server:25#2 LISTEN>SYN-RECEIVED", 1);
  dhcp_stage_close(&stage);
}

/* With two ways out the ports stand on the first; on the second somebody else may have one of them. */
static void forwarded_ports_move_to_the_other_way_out(void **state)
{
  static const char two_ways[] = "mailsim: 1\n"
                                 "networks:\n"
                                 "  home: {prefix: 192.168.1.0/24, delay: 10us}\n"
                                 "  one: {prefix: 203.0.113.0/24, delay: 10us}\n"
                                 "  two: {prefix: 198.51.100.0/24, delay: 10us}\n"
                                 "hosts:\n"
                                 "  server: {networks: {home: 192.168.1.10}}\n"
                                 "  pc: {networks: {home: 192.168.1.11}}\n"
                                 "  router:\n"
                                 "    networks: {home: 192.168.1.1, one: none, two: none}\n"
                                 "    nat: {inside: home, forward: [{proto: udp, port: 5000, to: 192.168.1.10}]}\n"
                                 "  far: {networks: {two: 198.51.100.9}}\n";
  struct ear at_pc = {.count = 0}, at_server = {.count = 0}, at_far = {.count = 0};
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, two_ways, NULL);
  dhcp_stage_until(&stage, 1);
  assert_int_equal(msim__udp_bind(dhcp_stage_host(&stage, "pc"), 5000, hear, &at_pc, NULL), MSIM_OK);
  assert_int_equal(msim__udp_bind(dhcp_stage_host(&stage, "server"), 5000, hear, &at_server, NULL), MSIM_OK);
  assert_int_equal(msim__udp_bind(dhcp_stage_host(&stage, "far"), 5000, hear, &at_far, NULL), MSIM_OK);
  configure(&stage, "router", "one", "203.0.113.100");
  configure(&stage, "router", "two", "198.51.100.100");
  say(&stage, "pc", "198.51.100.9", 5000);
  assert_int_equal(at_far.from.port, 5000);
  say(&stage, "far", "198.51.100.100", 5000);
  assert_int_equal(at_pc.count, 1);
  configure(&stage, "router", "one", NULL);
  say(&stage, "far", "198.51.100.100", 5000);
  assert_int_equal(at_pc.count, 1);
  assert_int_equal(at_server.count, 1);
  dhcp_stage_finish(&stage);
  has(&stage, "nat.expired inside=pc proto=udp inside_address=192.168.1.11 inside_port=5000 outside=198.51.100.100", 1);
  dhcp_stage_close(&stage);
}

/* A crash takes the lease, and the forwards with it, until there is one again. */
static void a_crash_of_the_router_takes_its_address(void **state)
{
  struct dhcp_stage stage;
  struct msim_node *router;

  (void)state;
  dhcp_stage_open(&stage, forwarding, NULL);
  dhcp_stage_until(&stage, 1);
  router = dhcp_stage_host(&stage, "router");
  configure(&stage, "router", "wan", "203.0.113.100");
  assert_non_null(msim_nat_first(router));
  assert_int_equal(msim_host_crash(router, NULL), MSIM_OK);
  assert_null(msim_nat_first(router));
  assert_int_equal(msim_host_restart(router), MSIM_OK);
  dhcp_stage_until(&stage, 2);
  assert_null(msim_nat_first(router));
  configure(&stage, "router", "wan", "203.0.113.101");
  assert_non_null(msim_nat_first(router));
  dhcp_stage_until(&stage, 150);
  dhcp_stage_finish(&stage);
  has(&stage, "app server store.add message=m2", 1);
  dhcp_stage_close(&stage);
}

/* ---- levels ---- */

/* A home behind a router that has its own address on lease in a street, which is behind another one; %s: the prefix of
 * the street. */
#define STREET(prefix)                                                                                                 \
  "mailsim: 1\n"                                                                                                       \
  "networks:\n"                                                                                                        \
  "  home: {prefix: 192.168.1.0/24, delay: 10us}\n"                                                                    \
  "  street: {prefix: " prefix ".0/24, delay: 10us}\n"                                                                 \
  "hosts:\n"                                                                                                           \
  "  pc:\n"                                                                                                            \
  "    networks: {home: 192.168.1.10}\n"                                                                               \
  "    agents:\n"                                                                                                      \
  "      - user: {address: a@x.example, submit: 203.0.113.25, script: [\n"                                             \
  "          {at: 10s, send: {message: m1, to: b@x.example, body: Hi}},\n"                                             \
  "          {at: 300s, send: {message: m2, to: b@x.example, body: Hi}}]}\n"                                           \
  "      - user: {address: a@y.example, submit: " prefix ".9, script: [\n"                                             \
  "          {at: 20s, send: {message: m3, to: b@x.example, body: Hi}}]}\n"                                            \
  "      - dns-client: {script: [{at: 30s, name: www.z.example}]}\n"                                                   \
  "    resolver: 203.0.113.53\n"                                                                                       \
  "  server: {networks: {home: 192.168.1.11}, agents: [{smtp-server: {domains: {h.example: [b]}}}]}\n"                 \
  "  router:\n"                                                                                                        \
  "    networks: {home: 192.168.1.1, street: dhcp}\n"                                                                  \
  "    nat: {inside: home, forward: [{port: 25, to: 192.168.1.11}]}\n"                                                 \
  "  near:\n"                                                                                                          \
  "    networks: {street: " prefix ".9}\n"                                                                             \
  "    agents:\n"                                                                                                      \
  "      - smtp-server: {domains: {x.example: [b]}}\n"                                                                 \
  "      - user: {address: n@y.example, submit: " prefix ".100, script: [\n"                                           \
  "          {at: 50s, send: {message: m4, to: b@h.example, body: Hi}}]}\n"                                            \
  "  cgn:\n"                                                                                                           \
  "    address: 198.51.100.7\n"                                                                                        \
  "    networks: {street: " prefix ".1}\n"                                                                             \
  "    nat: {inside: street}\n"                                                                                        \
  "    agents: [{dhcp-server: {range: " prefix ".100-" prefix ".199, lease: 100s}}]\n"                                 \
  "  isp: {address: 203.0.113.25, agents: [{smtp-server: {domains: {x.example: [b]}}}]}\n"                             \
  "  ns: {address: 203.0.113.53, agents: [{dns-server: {zones: {z.example: {records: [\n"                              \
  "    {name: www, type: A, value: 203.0.113.80}]}}}}]}\n"                                                             \
  "links:\n"                                                                                                           \
  "  - {join: [cgn, isp], delay: 10ms, filter: private-source}\n"                                                      \
  "  - {join: [isp, ns], delay: 1ms, filter: private-source}\n"

static void run_levels(struct dhcp_stage *stage, const char *yaml)
{
  dhcp_stage_open(stage, yaml, NULL);
  dhcp_stage_until(stage, 400);
  dhcp_stage_finish(stage);
  has(stage, "app router dhcp.bound address=", 1);
  has(stage, "app router dhcp.expired", 0);
  assert_true(dhcp_stage_count(stage, "app router dhcp.renewed") >= 6);
  has(stage, "app isp store.add message=m1", 1);
  has(stage, "app isp store.add message=m2", 1);
  has(stage, "app cgn nat.mapped inside=router proto=tcp", 2);
  has(stage, "state isp pc>isp:25#2 LISTEN>SYN-RECEIVED", 1);
  has(stage, "app pc dns.answer name=www.z.example type=A address=203.0.113.80", 1);
  has(stage, "app router nat.restored inside=pc conn=pc>203.0.113.53:53#1 seg=s1", 0);
  has(stage, "app router nat.restored inside=pc conn=pc>ns:53#1 seg=s1", 1);
}

static void one_nat_may_stand_behind_another(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  run_levels(&stage, STREET("192.168.2"));
  has(&stage, "app near store.add message=m3", 1); /* which is in the street */
  has(&stage, "app router nat.mapped inside=pc proto=tcp", 3);
  has(&stage, "app server store.add message=m4", 1);
  has(&stage, "state server near>server:25#1 LISTEN>SYN-RECEIVED", 1);
  dhcp_stage_close(&stage);
}

/* The same addresses on both sides: what is beyond is reached all the same, but those addresses mean the home's own. */
static void prefixes_may_be_the_same_on_both_sides(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  run_levels(&stage, STREET("192.168.1"));
  assert_true(dhcp_stage_count(&stage, "app pc arp.failed neighbor=192.168.1.9") > 0);
  has(&stage, "app near store.add message=m3", 0);
  has(&stage, "app server store.add message=m4", 0); /* it is not answered: that address is its neighbour's */
  dhcp_stage_close(&stage);
}

/* RFC 4787 7: hosts whose addresses conflict meet by those that the outermost router gives them. */
static void hosts_of_two_levels_meet_outside(void **state)
{
  struct ear at_pc = {.count = 0}, at_near = {.count = 0};
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, STREET("192.168.1"), NULL);
  dhcp_stage_until(&stage, 6);
  assert_int_equal(msim__udp_bind(dhcp_stage_host(&stage, "pc"), 5000, hear, &at_pc, NULL), MSIM_OK);
  assert_int_equal(msim__udp_bind(dhcp_stage_host(&stage, "near"), 5000, hear, &at_near, NULL), MSIM_OK);
  say(&stage, "near", "203.0.113.25", 9); /* 198.51.100.7:5000 */
  say(&stage, "pc", "203.0.113.25", 9);   /* 198.51.100.7:5002 */
  say(&stage, "near", "198.51.100.7", 5002);
  assert_int_equal(at_pc.count, 0); /* which pc has not spoken to yet */
  say(&stage, "pc", "198.51.100.7", 5000);
  assert_int_equal(at_near.count, 1);
  assert_int_equal(at_near.from.port, 5002);
  assert_int_equal(at_near.from.addr.bytes[0], 198);
  say(&stage, "near", "198.51.100.7", 5002);
  assert_int_equal(at_pc.count, 1);
  assert_int_equal(at_pc.from.port, 5000);
  dhcp_stage_close(&stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(forwarded_ports_go_along_with_the_address),
      cmocka_unit_test(forwarded_ports_move_to_the_other_way_out),
      cmocka_unit_test(a_crash_of_the_router_takes_its_address),
      cmocka_unit_test(one_nat_may_stand_behind_another),
      cmocka_unit_test(prefixes_may_be_the_same_on_both_sides),
      cmocka_unit_test(hosts_of_two_levels_meet_outside),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
