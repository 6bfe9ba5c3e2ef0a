/* test_rule_i13_lease.c: check/rule_i13_lease.c: servers that lease an address twice at once are told, by a server of
 * the test's own that cannot count, by one that has forgotten, and by two that do not know of each other; good ones are
 * not (so are those of test_dhcp.c). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/dhcp_stage.h"

#include "agents/dhcp_marks.h"

#define HOME "mailsim: 1\nnetworks: {home: {prefix: 192.168.1.0/24, delay: 10us}}\nhosts:\n"
#define BROKEN "  router: {networks: {home: 192.168.1.1}, agents: [broken-dhcp]}\n"
#define PC(name, keys) "  " name ": {networks: {home: dhcp}, agents: [{dhcp-client: {" keys "}}]}\n"

/* ---- a server that gives everybody the same address ---- */

static void broken_datagram(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  struct msim__dhcp_message heard, reply;

  (void)from;
  if (msim__dhcp_decode(&heard, bytes) != MSIM_OK)
    return;
  if (heard.type != MSIM__DHCP_DISCOVER && heard.type != MSIM__DHCP_REQUEST)
    return;
  memset(&reply, 0, sizeof reply);
  reply.op = MSIM__DHCP_TO_CLIENT;
  reply.type = heard.type == MSIM__DHCP_DISCOVER ? MSIM__DHCP_OFFER : MSIM__DHCP_ACK;
  reply.xid = heard.xid;
  memcpy(reply.mac, heard.mac, sizeof reply.mac);
  reply.your = msim_addr_ipv4(0xc0a80164u);
  reply.server = msim_addr_ipv4(0xc0a80101u);
  reply.has_lease = reply.has_mask = true;
  reply.lease_s = 600;
  reply.mask_bits = 24;
  (void)msim__dhcp_send(agent, msim_agent_datagram_by(agent), port, UINT32_MAX, &reply, 548);
}

static int broken_start(struct msim_agent *agent)
{
  return msim_agent_bind_udp(agent, MSIM__DHCP_SERVER_PORT);
}

static const struct msim_agent_type broken_type = {
    .name = "broken-dhcp", .start = broken_start, .on_datagram = broken_datagram};

static void assert_broken(struct dhcp_stage *stage, const char *begin)
{
  dhcp_stage_finish(stage);
  if (strncmp(stage->broken, begin, strlen(begin)) != 0)
    fail_msg("\"%s\" does not begin with \"%s\"", stage->broken, begin);
  stage->broken[0] = '\0';
  dhcp_stage_close(stage);
}

static void server_that_cannot_count_is_told_once(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, HOME BROKEN PC("pc1", "tries: 2, retry-after: 0s") PC("pc2", "spread: 50s, tries: 3"),
                  &broken_type);
  dhcp_stage_until(&stage, 300);
  assert_int_equal(stage.broken_count, 1);
  assert_string_equal(stage.broken + strlen(stage.broken) - strlen("has it until 600 s"), "has it until 600 s");
  assert_broken(&stage, "I13 router: 192.168.1.100 is leased to 02:");
}

/* The same server is right as long as it has one client, and when the first one's time is over. */
static void one_after_the_other_is_no_fault(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage, HOME BROKEN PC("pc1", "script: [{at: 20s, do: release}]") PC("pc2", "spread: 50s"),
                  &broken_type);
  dhcp_stage_until(&stage, 19);
  if (dhcp_stage_last(&stage, "pc2") == 0) { /* as drawn: later than the release */
    dhcp_stage_until(&stage, 300);
    assert_int_equal(dhcp_stage_last(&stage, "pc2"), 100);
  }
  dhcp_stage_close(&stage);
  dhcp_stage_open(&stage, HOME BROKEN PC("pc1", "") "  pc2: {networks: {home: dhcp}}\n", &broken_type);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "pc2"), NULL), MSIM_ERR_STATE); /* not before the start */
  dhcp_stage_until(&stage, 0);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "pc2"), NULL), MSIM_OK);
  dhcp_stage_until(&stage, 20);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "pc1"), NULL), MSIM_OK);
  dhcp_stage_until(&stage, 601);
  assert_int_equal(msim_host_restart(dhcp_stage_host(&stage, "pc2")), MSIM_OK);
  dhcp_stage_until(&stage, 620);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 100);
  dhcp_stage_close(&stage);
}

static void server_that_has_forgotten_is_told(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME "  router: {networks: {home: 192.168.1.1}, agents: [{dhcp-server: {range: "
                       "192.168.1.100-192.168.1.101, forgets: true}}]}\n" PC("pc1", "") PC("pc2", "spread: 100s"),
                  NULL);
  dhcp_stage_until(&stage, 10);
  assert_int_equal(dhcp_stage_last(&stage, "pc1"), 100);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 0);
  assert_int_equal(msim_host_crash(dhcp_stage_host(&stage, "router"), NULL), MSIM_OK);
  dhcp_stage_until(&stage, 11);
  assert_int_equal(msim_host_restart(dhcp_stage_host(&stage, "router")), MSIM_OK);
  dhcp_stage_until(&stage, 200);
  assert_int_equal(dhcp_stage_last(&stage, "pc2"), 101); /* its probe has found pc1 */
  assert_broken(&stage, "I13 router: 192.168.1.100 is leased to 02:");
}

static void two_servers_with_one_range_are_told(void **state)
{
  struct dhcp_stage stage;

  (void)state;
  dhcp_stage_open(&stage,
                  HOME "  a: {networks: {home: 192.168.1.1}, agents: [{dhcp-server: {range: "
                       "192.168.1.100-192.168.1.110, rules: [{from: pc2, answer: none}]}}]}\n"
                       "  b: {networks: {home: 192.168.1.2}, agents: [{dhcp-server: {range: "
                       "192.168.1.100-192.168.1.110, rules: [{from: pc1, answer: none}]}}]}\n" PC("pc1", "")
                           PC("pc2", "no-probe: true"),
                  NULL);
  dhcp_stage_until(&stage, 60);
  assert_broken(&stage, "I13 ");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(server_that_cannot_count_is_told_once),
      cmocka_unit_test(one_after_the_other_is_no_fault),
      cmocka_unit_test(server_that_has_forgotten_is_told),
      cmocka_unit_test(two_servers_with_one_range_are_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
