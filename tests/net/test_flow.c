/* test_flow.c: lib/net/flow.c: names, numbers and ids of flows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "net/flow.h"
#include "support/net_fixture.h"

struct wanted {
  const char *client, *server;
  uint16_t port;
  uint8_t proto;
  const char *name;
};

static void number_counts_per_client_server_port_and_protocol(void **state)
{
  static const struct wanted rows[] = {
      {"alice", "isp", 25, MSIM_PROTO_TCP, "alice>isp:25#1"},   {"alice", "isp", 25, MSIM_PROTO_TCP, "alice>isp:25#2"},
      {"bob", "isp", 25, MSIM_PROTO_TCP, "bob>isp:25#1"},       {"alice", "mx", 25, MSIM_PROTO_TCP, "alice>mx:25#1"},
      {"alice", "isp", 110, MSIM_PROTO_TCP, "alice>isp:110#1"}, {"alice", "isp", 25, MSIM_PROTO_UDP, "alice>isp:25#1"},
      {"alice", "isp", 25, MSIM_PROTO_TCP, "alice>isp:25#3"},   {"isp", "alice", 25, MSIM_PROTO_TCP, "isp>alice:25#1"},
  };
  struct msim_flow *flows[sizeof rows / sizeof rows[0]];
  struct net_world w;
  struct msim_node *node;
  char name[MSIM_FLOW_TEXT_BYTES];
  size_t i, k;

  (void)state;
  net_world_open(&w, 0, false);
  node = net_world_node(&w, "x");
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    flows[i] = msim__flow_new(node, rows[i].client, rows[i].server, rows[i].port, rows[i].proto);
    assert_non_null(flows[i]);
    assert_int_equal(msim_flow_format(flows[i], name, sizeof name), strlen(rows[i].name));
    assert_string_equal(name, rows[i].name);
    for (k = 0; k < i; k++)
      assert_true(msim_flow_id(flows[k]) != msim_flow_id(flows[i]));
  }
  assert_string_equal(msim_flow_client(flows[7]), "isp");
  assert_string_equal(msim_flow_server(flows[7]), "alice");
  assert_int_equal(msim_flow_port(flows[7]), 25);
  assert_int_equal(msim_flow_number(flows[6]), 3);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    msim__flow_unref(flows[i]);
  msim__flow_unref(NULL);
  net_world_close(&w);
}

static void id_is_the_same_in_every_run(void **state)
{
  uint64_t ids[2];
  int round;

  (void)state;
  for (round = 0; round < 2; round++) {
    struct net_world w;
    struct msim_flow *flow, *other;

    net_world_open(&w, (uint64_t)round, false);
    if (round == 1) { /* neither the seed nor other flows have a say */
      other = msim__flow_new(net_world_node(&w, "zoe"), "zoe", "b", 1, MSIM_PROTO_TCP);
      msim__flow_unref(other);
    }
    flow = msim__flow_new(net_world_node(&w, "a"), "a", "b", 25, MSIM_PROTO_TCP);
    ids[round] = msim_flow_id(flow);
    msim__flow_unref(flow);
    net_world_close(&w);
  }
  assert_true(ids[0] == ids[1]);
}

static void format_when_cut_tells_the_whole_length(void **state)
{
  struct net_world w;
  struct msim_flow *flow;
  char name[6] = "?????";

  (void)state;
  net_world_open(&w, 0, false);
  flow = msim__flow_new(net_world_node(&w, "a"), "alice", "isp", 25, MSIM_PROTO_TCP);
  assert_int_equal(msim_flow_format(flow, name, sizeof name), strlen("alice>isp:25#1"));
  assert_string_equal(name, "alice");
  assert_int_equal(msim_flow_format(flow, NULL, 0), strlen("alice>isp:25#1"));
  msim__flow_unref(flow);
  net_world_close(&w);
}

static void counts_survive_the_growth_of_their_table(void **state)
{
  struct net_world w;
  struct msim_node *node;
  uint32_t round;
  uint16_t port;

  (void)state;
  net_world_open(&w, 0, false);
  node = net_world_node(&w, "a");
  for (round = 1; round <= 3; round++) {
    for (port = 1; port <= 500; port++) {
      struct msim_flow *flow = msim__flow_new(node, "a", "b", port, MSIM_PROTO_TCP);

      assert_int_equal(msim_flow_number(flow), round);
      msim__flow_unref(flow);
    }
  }
  net_world_close(&w);
}

static void new_without_memory_fails_the_simulation(void **state)
{
  uint64_t nth;

  (void)state;
  for (nth = 1; nth <= 3; nth++) { /* the flow, the table, its rows */
    struct net_world w;
    struct msim_node *node;

    net_world_open(&w, 0, false);
    node = net_world_node(&w, "a");
    w.mem.fail_at = w.mem.request_count + nth;
    assert_null(msim__flow_new(node, "a", "b", 25, MSIM_PROTO_TCP));
    assert_int_equal(msim_sim_failure(w.sim), MSIM_ERR_NOMEM);
    net_world_close(&w);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(number_counts_per_client_server_port_and_protocol),
      cmocka_unit_test(id_is_the_same_in_every_run),
      cmocka_unit_test(format_when_cut_tells_the_whole_length),
      cmocka_unit_test(counts_survive_the_growth_of_their_table),
      cmocka_unit_test(new_without_memory_fails_the_simulation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
