/* test_rule_i13_tuple.c: check/rule_i13_tuple.c: a NAT that gives one endpoint to two is told, by what it says and by
 * what is on the wire; a good one is not, also when its ports come round, when it crashes, and with many homes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/dhcp_stage.h"

#include "net/nat.h"

#define WORLD(keys)                                                                                                    \
  "mailsim: 1\nnetworks: {home: {prefix: 192.168.1.0/24, delay: 10us}}\nhosts:\n"                                      \
  "  router: {address: 198.51.100.7, networks: {home: 192.168.1.1}, nat: {inside: home" keys "}}\n"                    \
  "  pc1: {networks: {home: 192.168.1.11}, agents: [talker]}\n"                                                        \
  "  pc2: {networks: {home: 192.168.1.12}, agents: [talker]}\n"                                                        \
  "  far: {address: 203.0.113.1}\n"                                                                                    \
  "links: [{join: [router, far], delay: 1ms}]\n"

/* A datagram from port 5000 every second. */
struct talker {
  struct msim_timer timer; /* must be first */
  struct msim_agent *agent;
};

static void talk(struct msim_timer *timer, msim_ns now_ns)
{
  struct talker *talker = (struct talker *)(void *)timer;
  struct msim_slice bytes = {(const uint8_t *)"x", 1};
  struct msim_endpoint to = {.port = 7};

  (void)now_ns;
  assert_int_equal(msim_addr_parse(&to.addr, "203.0.113.1", 11), MSIM_OK);
  (void)msim_agent_send_udp(talker->agent, 5000, to, bytes);
  msim_timer_arm(timer, MSIM_SEC(1));
}

static void ignore(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  (void)agent;
  (void)from;
  (void)port;
  (void)bytes;
}

static int start(struct msim_agent *agent)
{
  struct talker *talker = msim_agent_state(agent);

  talker->agent = agent;
  msim_timer_init(&talker->timer, msim_agent_node(agent), talk);
  msim_timer_set_background(&talker->timer, true);
  msim_timer_arm(&talker->timer, MSIM_SEC(1));
  return msim_agent_bind_udp(agent, 5000);
}

static const struct msim_agent_type talker_type = {
    .name = "talker", .state_bytes = sizeof(struct talker), .start = start, .on_datagram = ignore};

static void good_nat_breaks_nothing(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, WORLD(""), &talker_type);
  dhcp_stage_until(&stage, 5);
  assert_int_equal(msim_host_crash(msim_node_find(stage.sim, "router"), NULL), MSIM_OK);
  dhcp_stage_until(&stage, 6.5);
  assert_int_equal(msim_host_restart(msim_node_find(stage.sim, "router")), MSIM_OK);
  dhcp_stage_until(&stage, 20);
  dhcp_stage_finish(&stage);
  if (dhcp_stage_count(&stage, "nat.mapped inside=pc") != 4)
    fail_msg("%s", stage.trace.data);
  assert_int_equal(stage.broken_count, 0);
  dhcp_stage_close(&stage);
}

/* One port that is had by one after the other. */
static void endpoint_that_comes_round_is_no_fault(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, WORLD(", ports: 2000, udp-timeout: 100ms"), &talker_type);
  dhcp_stage_until(&stage, 20);
  dhcp_stage_finish(&stage);
  assert_true(dhcp_stage_count(&stage, "nat.expired inside=pc1") > 5);
  assert_int_equal(stage.broken_count, 0);
  dhcp_stage_close(&stage);
}

/* A translation that puts all on one port, on the line behind the router: nobody says so. */
static void spoil(void *ctx, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  (void)ctx;
  (void)verdict;
  if (way->to->peer->is_nat && !way->params->is_cable && packet->proto == MSIM_PROTO_UDP)
    ((struct msim__packet *)(uintptr_t)packet)->src_port = 5000;
}

static void nat_that_gives_one_port_to_two_is_seen_on_the_wire(void **state)
{
  struct msim__packet_rules rules = {.judge = spoil};
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, WORLD(""), &talker_type);
  msim__net(stage.sim)->rules = &rules;
  dhcp_stage_until(&stage, 4.5);
  dhcp_stage_finish(&stage);
  assert_int_equal(stage.broken_count, 1);
  assert_non_null(strstr(stage.broken, "I13 far: pc"));
  assert_non_null(strstr(stage.broken, "takes turns with another flow"));
  stage.broken[0] = '\0';
  dhcp_stage_close(&stage);
}

/* A port is given back while it is in use, so that the next one gets it: the router itself says so. */
static void nat_that_tells_of_one_port_twice_is_told(void **state)
{
  struct msim__nat_mapping fake;
  struct dhcp_stage stage;
  struct msim__nat *nat;

  (void)state;
  dhcp_stage_open(&stage, WORLD(""), &talker_type);
  dhcp_stage_until(&stage, 1.5);
  nat = msim__nat_of(msim_node_find(stage.sim, "router"));
  fake = *nat->table.newest_mapping;
  fake.outside.port = 5000;
  msim__nat_tell(nat, &fake, "nat.mapped");
  dhcp_stage_finish(&stage);
  assert_int_equal(stage.broken_count, 1);
  assert_non_null(strstr(stage.broken, "I13 router: udp 198.51.100.7:5000 belongs to two endpoints inside"));
  stage.broken[0] = '\0';
  dhcp_stage_close(&stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_nat_breaks_nothing),
      cmocka_unit_test(endpoint_that_comes_round_is_no_fault),
      cmocka_unit_test(nat_that_gives_one_port_to_two_is_seen_on_the_wire),
      cmocka_unit_test(nat_that_tells_of_one_port_twice_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
