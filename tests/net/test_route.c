/* test_route.c: lib/net/route.c: lowest cost, then the lowest name; leaves, islands, parallel links. A path is told by
 * the names of the links that a packet takes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/link.h"
#include "support/net_fixture.h"

/* "a b c": the nodes that a packet from a to c passes, by following the tables; "a -" where there is no route. */
static void path_of(struct net_world *w, const char *from, const char *to, char *out, size_t out_bytes)
{
  const struct msim_node *node = net_world_node(w, from), *target = net_world_node(w, to);
  size_t at = (size_t)snprintf(out, out_bytes, "%s", from);
  int hops;

  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
  for (hops = 0; node != target && hops < 50; hops++) {
    const struct msim__port *port = msim__route_find(node, target->addr_id);

    if (port == NULL) {
      snprintf(out + at, out_bytes - at, " -");
      return;
    }
    assert_ptr_equal(port->node, node);
    node = port->peer;
    at += (size_t)snprintf(out + at, out_bytes - at, " %s", node->name);
  }
  assert_true(hops < 50);
}

static void assert_path(struct net_world *w, const char *expected)
{
  char from[64], path[600];
  const char *last = strrchr(expected, ' ') + 1;

  snprintf(from, sizeof from, "%.*s", (int)(strchr(expected, ' ') - expected), expected);
  path_of(w, from, last, path, sizeof path);
  assert_string_equal(path, expected);
}

static void assert_no_path(struct net_world *w, const char *from, const char *to)
{
  char path[600];

  path_of(w, from, to, path, sizeof path);
  assert_string_equal(path + strlen(path) - 2, " -");
}

static void join_at(struct net_world *w, const char *a, const char *b, uint32_t cost)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));

  opts.cost = cost;
  net_world_link(w, a, b, &opts);
}

static void line_is_walked_from_end_to_end(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "a", "b", 0);
  join_at(&w, "c", "b", 0);
  join_at(&w, "c", "d", 0);
  join_at(&w, "e", "d", 0);
  assert_path(&w, "a b c d e");
  assert_path(&w, "e d c b a");
  assert_path(&w, "b c d");
  assert_path(&w, "a b");
  net_world_close(&w);
}

static void ring_is_walked_the_short_way_and_ties_go_to_the_lowest_name(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "d", "a", 0);
  join_at(&w, "c", "d", 0);
  join_at(&w, "b", "c", 0);
  join_at(&w, "a", "b", 0);
  assert_path(&w, "a b c"); /* not by d */
  assert_path(&w, "c b a");
  assert_path(&w, "b a d"); /* not by c */
  assert_path(&w, "d a b");
  assert_path(&w, "a d");
  assert_path(&w, "a b");
  net_world_close(&w);
}

static void star_joins_its_leaves(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "hub", "x", 0);
  join_at(&w, "y", "hub", 0);
  join_at(&w, "hub", "z", 0);
  assert_path(&w, "x hub y");
  assert_path(&w, "z hub x");
  assert_path(&w, "hub z");
  assert_path(&w, "y hub");
  net_world_close(&w);
}

static void leaves_of_different_routers_meet(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "r1", "leaf1", 0);
  join_at(&w, "r1", "r2", 0);
  join_at(&w, "r2", "r3", 0);
  join_at(&w, "r3", "leaf3", 0);
  join_at(&w, "r2", "leaf2", 0);
  assert_path(&w, "leaf1 r1 r2 r3 leaf3");
  assert_path(&w, "leaf2 r2 r1 leaf1");
  assert_path(&w, "r1 r2 r3 leaf3");
  net_world_close(&w);
}

static void costs_are_added_up(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "a", "z", 10);
  join_at(&w, "a", "b", 3);
  join_at(&w, "b", "c", 3);
  join_at(&w, "c", "z", 3);
  join_at(&w, "b", "z", 7);
  assert_path(&w, "a b c z"); /* 9 against 10 and 10 */
  assert_path(&w, "z c b a");
  assert_path(&w, "b c z");
  net_world_close(&w);
}

static void cost_of_the_largest_number_does_not_wrap(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "a", "b", UINT32_MAX);
  join_at(&w, "b", "d", UINT32_MAX);
  join_at(&w, "a", "c", UINT32_MAX);
  join_at(&w, "c", "d", UINT32_MAX - 1);
  assert_path(&w, "a c d");
  net_world_close(&w);
}

static const char *link_between(struct net_world *w, const char *from, const char *to)
{
  const struct msim__port *port = msim__route_find(net_world_node(w, from), net_world_node(w, to)->addr_id);

  assert_non_null(port);
  return port->link_name;
}

static void parallel_links_go_by_cost_then_by_name(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  opts.name = "slow";
  opts.cost = 5;
  net_world_link(&w, "a", "b", &opts);
  opts.name = "wire2";
  opts.cost = 2;
  net_world_link(&w, "b", "a", &opts);
  opts.name = "wire1";
  net_world_link(&w, "b", "a", &opts);
  join_at(&w, "b", "leaf", 0);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_string_equal(link_between(&w, "a", "b"), "wire1");
  assert_string_equal(link_between(&w, "a", "leaf"), "wire1");
  assert_string_equal(link_between(&w, "b", "a"), "wire1");
  net_world_close(&w);
}

static void islands_do_not_reach_each_other(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "a", "r", 0);
  join_at(&w, "r", "b", 0);
  join_at(&w, "c", "s", 0);
  join_at(&w, "s", "d", 0);
  join_at(&w, "e", "f", 0); /* two leaves */
  (void)net_world_node(&w, "lonely");
  assert_no_path(&w, "a", "d");
  assert_no_path(&w, "r", "s");
  assert_no_path(&w, "a", "e");
  assert_no_path(&w, "r", "f");
  assert_no_path(&w, "e", "a");
  assert_no_path(&w, "f", "r");
  assert_no_path(&w, "lonely", "a");
  assert_no_path(&w, "a", "lonely");
  assert_path(&w, "e f");
  assert_path(&w, "f e");
  assert_path(&w, "c s d");
  net_world_close(&w);
}

static void packet_in_an_island_of_two_does_not_bounce(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, true);
  join_at(&w, "e", "f", 0);
  join_at(&w, "a", "b", 0);
  assert_int_equal(net_world_send(&w, "e", "a", MSIM_PROTO_UDP, 0, 1, 4), MSIM_ERR_NOT_FOUND);
  net_world_run(&w);
  assert_int_equal(w.seen_count, 2);
  assert_string_equal(w.seen[1].reason, "no-route");
  net_world_close(&w);
}

static void address_of_nobody_has_no_route(void **state)
{
  struct net_world w;
  struct msim_addr addr = msim_addr_ipv4(0xcb007107u);
  uint32_t id;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "a", "b", 0);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  id = msim__addr_intern(w.net, &addr);
  assert_null(msim__route_find(net_world_node(&w, "a"), id));
  assert_int_equal(msim__ip_mtu_for(net_world_node(&w, "a"), id), 0);
  net_world_close(&w);
}

static void own_address_goes_by_loopback(void **state)
{
  struct net_world w;
  struct msim_node *a;
  struct msim__port *port;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "a", "b", 0);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  a = net_world_node(&w, "a");
  port = msim__route_find(a, a->addr_id);
  assert_ptr_equal(port->peer, a);
  assert_ptr_equal(msim__route_find(a, a->addr_id), port);
  assert_int_equal(msim__ip_mtu_for(a, a->addr_id), 65535);
  assert_int_equal(msim__ip_mtu_for(a, net_world_node(&w, "b")->addr_id), 1500);
  net_world_close(&w);
}

/* ---- a net drawn by dice, against the simplest algorithm ---- */

#define NODES 24
#define LINKS 40

struct edge {
  unsigned a, b;
  uint32_t cost;
};

static void draw_net(struct edge *edges, uint64_t seed)
{
  struct msim__rng rng;
  unsigned i;

  msim__rng_init(&rng, seed, "routes", NULL);
  for (i = 0; i < LINKS; i++) {
    edges[i].a = (unsigned)msim__rng_below(&rng, NODES);
    edges[i].b = (edges[i].a + 1 + (unsigned)msim__rng_below(&rng, NODES - 1)) % NODES;
    edges[i].cost = 1 + (uint32_t)msim__rng_below(&rng, 4);
  }
}

static void name_of(unsigned node, char out[8])
{
  snprintf(out, 8, "n%02u", node);
}

static void build(struct net_world *w, const struct edge *edges, bool backwards)
{
  char a[8], b[8], name[16];
  unsigned i;

  net_world_open(w, 0, false);
  for (i = 0; i < NODES; i++) {
    name_of(backwards ? NODES - 1 - i : i, a);
    (void)net_world_node(w, a);
  }
  for (i = 0; i < LINKS; i++) {
    unsigned at = backwards ? LINKS - 1 - i : i;
    struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));

    name_of(backwards ? edges[at].b : edges[at].a, a);
    name_of(backwards ? edges[at].a : edges[at].b, b);
    snprintf(name, sizeof name, "link%02u", at);
    opts.cost = edges[at].cost;
    opts.name = name;
    net_world_link(w, a, b, &opts);
  }
}

/* Bellman and Ford: the distances from every node to target. */
static void distances(const struct edge *edges, unsigned target, uint64_t out[NODES])
{
  unsigned i, round;

  for (i = 0; i < NODES; i++)
    out[i] = i == target ? 0 : UINT32_MAX;
  for (round = 0; round < NODES; round++) {
    for (i = 0; i < LINKS; i++) {
      const struct edge *e = &edges[i];

      if (out[e->b] + e->cost < out[e->a])
        out[e->a] = out[e->b] + e->cost;
      if (out[e->a] + e->cost < out[e->b])
        out[e->b] = out[e->a] + e->cost;
    }
  }
}

/* The cost of the walk from one node to another by the tables; UINT32_MAX without a route. */
static uint64_t walk(struct net_world *w, unsigned from, unsigned to)
{
  char a[8], b[8];
  const struct msim_node *node, *target;
  uint64_t cost = 0;

  name_of(from, a);
  name_of(to, b);
  node = net_world_node(w, a);
  target = net_world_node(w, b);
  while (node != target) {
    const struct msim__port *port = msim__route_find(node, target->addr_id);

    if (port == NULL)
      return UINT32_MAX;
    cost += port->out->params->cost;
    assert_true(cost < 1000);
    node = port->peer;
  }
  return cost;
}

static void routes_are_the_cheapest_in_nets_drawn_by_dice(void **state)
{
  uint64_t seed;

  (void)state;
  for (seed = 0; seed < 20; seed++) {
    struct edge edges[LINKS];
    struct net_world w;
    unsigned from, to;

    draw_net(edges, seed);
    build(&w, edges, false);
    assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
    for (to = 0; to < NODES; to++) {
      uint64_t expected[NODES];

      distances(edges, to, expected);
      for (from = 0; from < NODES; from++)
        assert_int_equal(walk(&w, from, to), expected[from]);
    }
    net_world_close(&w);
  }
}

static void routes_do_not_depend_on_the_order_of_addition(void **state)
{
  uint64_t seed;

  (void)state;
  for (seed = 0; seed < 10; seed++) {
    struct edge edges[LINKS];
    struct net_world forwards, backwards;
    unsigned from, to;

    draw_net(edges, seed);
    build(&forwards, edges, false);
    build(&backwards, edges, true);
    assert_int_equal(msim_sim_start(forwards.sim), MSIM_OK);
    assert_int_equal(msim_sim_start(backwards.sim), MSIM_OK);
    for (from = 0; from < NODES; from++) {
      for (to = 0; to < NODES; to++) {
        struct net_world *worlds[2] = {&forwards, &backwards};
        const char *names[2];
        char a[8], b[8];
        int i;

        name_of(from, a);
        name_of(to, b);
        for (i = 0; i < 2; i++) {
          const struct msim__port *port =
              msim__route_find(net_world_node(worlds[i], a), net_world_node(worlds[i], b)->addr_id);

          names[i] = port == NULL ? "none" : port->link_name;
        }
        assert_string_equal(names[0], names[1]);
      }
    }
    net_world_close(&forwards);
    net_world_close(&backwards);
  }
}

static void table_without_memory_fails_the_simulation(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  join_at(&w, "a", "b", 0);
  join_at(&w, "b", "c", 0);
  join_at(&w, "c", "d", 0);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  w.mem.fail_at = w.mem.request_count + 1;
  assert_null(msim__route_find(net_world_node(&w, "b"), net_world_node(&w, "d")->addr_id));
  assert_int_equal(msim_sim_failure(w.sim), MSIM_ERR_NOMEM);
  net_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(line_is_walked_from_end_to_end),
      cmocka_unit_test(ring_is_walked_the_short_way_and_ties_go_to_the_lowest_name),
      cmocka_unit_test(star_joins_its_leaves),
      cmocka_unit_test(leaves_of_different_routers_meet),
      cmocka_unit_test(costs_are_added_up),
      cmocka_unit_test(cost_of_the_largest_number_does_not_wrap),
      cmocka_unit_test(parallel_links_go_by_cost_then_by_name),
      cmocka_unit_test(islands_do_not_reach_each_other),
      cmocka_unit_test(packet_in_an_island_of_two_does_not_bounce),
      cmocka_unit_test(address_of_nobody_has_no_route),
      cmocka_unit_test(own_address_goes_by_loopback),
      cmocka_unit_test(routes_are_the_cheapest_in_nets_drawn_by_dice),
      cmocka_unit_test(routes_do_not_depend_on_the_order_of_addition),
      cmocka_unit_test(table_without_memory_fails_the_simulation),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
