/* test_node.c: lib/net/node.c: hosts, addresses, how links are added, ranks, and that neither order nor strangers
 * change a record. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/link.h"
#include "support/net_fixture.h"

/* ---- names ---- */

static void name_is_taken_or_refused(void **state)
{
  static const struct {
    const char *name;
    int expected;
  } rows[] = {
      {"a", MSIM_OK},
      {"mail-01.example_net", MSIM_OK},
      {"0", MSIM_OK},
      {"_x", MSIM_OK},
      {"A", MSIM_OK}, /* another than "a" */
      {"b\xc3\xbc"
       "cher",
       MSIM_OK},
      {"\xe4\xb8\xad", MSIM_OK},
      {"123456789012345678901234567890123456789012345678901234567890123", MSIM_OK},
      {"1234567890123456789012345678901234567890123456789012345678901234", MSIM_ERR_INVALID},
      {NULL, MSIM_ERR_INVALID},
      {"", MSIM_ERR_INVALID},
      {"-a", MSIM_ERR_INVALID},
      {".a", MSIM_ERR_INVALID},
      {"a b", MSIM_ERR_INVALID},
      {"a/b", MSIM_ERR_INVALID},
      {"a>b", MSIM_ERR_INVALID},
      {"a:b", MSIM_ERR_INVALID},
      {"a#1", MSIM_ERR_INVALID},
      {"*", MSIM_ERR_INVALID},
      {"a\n", MSIM_ERR_INVALID},
      {"a\x7f", MSIM_ERR_INVALID},
      {"\xff", MSIM_ERR_INVALID},          /* no UTF-8 */
      {"a\xc3", MSIM_ERR_INVALID},         /* cut off */
      {"\xc0\xaf", MSIM_ERR_INVALID},      /* overlong */
      {"a\xe2\x80\xae", MSIM_ERR_INVALID}, /* U+202E turns what follows */
      {"a\xc2\x85", MSIM_ERR_INVALID},     /* U+0085, a control */
      {"a", MSIM_ERR_EXISTS},
  };
  struct net_world w;
  size_t i, good = 0;

  (void)state;
  net_world_open(&w, 0, false);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_node *node = NULL;

    assert_int_equal(msim_node_add(w.sim, rows[i].name, &node), rows[i].expected);
    assert_int_equal(node != NULL, rows[i].expected == MSIM_OK);
    if (node == NULL)
      continue;
    assert_string_equal(msim_node_name(node), rows[i].name);
    assert_ptr_equal(msim_node_find(w.sim, rows[i].name), node);
    assert_ptr_equal(msim_node_at(w.sim, good++), node);
  }
  assert_int_equal(msim_node_count(w.sim), good);
  assert_null(msim_node_at(w.sim, good));
  assert_null(msim_node_find(w.sim, "nobody"));
  assert_int_equal(msim_node_add(w.sim, "last", NULL), MSIM_OK);
  net_world_close(&w);
}

static void nothing_can_be_added_after_the_start(void **state)
{
  struct msim_link_opts opts = net_link_of(1);
  struct net_world w;
  struct msim_node *a, *b;

  (void)state;
  net_world_open(&w, 0, false);
  a = net_world_node(&w, "a");
  b = net_world_node(&w, "b");
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim_node_add(w.sim, "c", NULL), MSIM_ERR_STATE);
  assert_int_equal(msim_node_add_addr(a, "192.0.2.1"), MSIM_ERR_STATE);
  assert_int_equal(msim_link_add(a, b, &opts), MSIM_ERR_STATE);
  assert_int_equal(msim_sim_set_start(w.sim, 0), MSIM_ERR_STATE);
  net_world_close(&w);
}

static void world_without_hosts_starts_and_is_quiet(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  net_world_run(&w);
  assert_true(msim_sim_is_quiet(w.sim));
  net_world_close(&w);
}

static void rank_is_that_of_the_name(void **state)
{
  static const char *const added[] = {"m", "z", "Z", "a", "\xc3\xa4", "a1", "10", "9"};
  static const char *const ranked[] = {"10", "9", "Z", "a", "a1", "m", "z", "\xc3\xa4"}; /* by bytes */
  struct net_world w;
  size_t i;

  (void)state;
  net_world_open(&w, 0, false);
  for (i = 0; i < 8; i++) {
    (void)net_world_node(&w, added[i]);
    assert_int_equal(net_world_node(&w, added[i])->actor.ordinal, MSIM__ORDINAL_NONE);
  }
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  for (i = 0; i < 8; i++)
    assert_int_equal(net_world_node(&w, ranked[i])->actor.ordinal, i);
  net_world_close(&w);
}

static void ports_are_numbered_by_the_peers_name_then_the_links(void **state)
{
  static const char *const expected[] = {"anna-hub", "by-air", "by-sea", "hub-zoe"};
  struct net_world w;
  struct msim_link_opts opts = net_link_of(1);
  const struct msim_node *hub;
  uint32_t i;

  (void)state;
  net_world_open(&w, 0, false);
  opts.name = "by-sea";
  net_world_link(&w, "zoe", "hub", &opts);
  net_world_join(&w, "hub", "zoe", 1);
  net_world_join(&w, "hub", "anna", 1);
  opts.name = "by-air";
  net_world_link(&w, "zoe", "hub", &opts);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  hub = net_world_node(&w, "hub");
  assert_int_equal(hub->port_count, 4);
  for (i = 0; i < 4; i++) {
    assert_int_equal(hub->ports[i]->number, i);
    assert_string_equal(hub->ports[i]->link_name, expected[i]);
    assert_ptr_equal(hub->ports[i]->out->to->out->to, hub->ports[i]); /* there and back */
    assert_ptr_equal(hub->ports[i]->out->to->node, hub->ports[i]->peer);
  }
  net_world_close(&w);
}

/* ---- addresses ---- */

static void address_is_taken_or_refused(void **state)
{
  static const struct {
    const char *text;
    int expected;
  } rows[] = {
      {"192.0.2.1", MSIM_OK},
      {"192.0.2.2/24", MSIM_OK},
      {"10.0.0.1/0", MSIM_OK},
      {"10.0.0.2/32", MSIM_OK},
      {"223.255.255.255", MSIM_OK},
      {"1.0.0.0", MSIM_OK},
      {"10.0.0.3/33", MSIM_ERR_SYNTAX},
      {"10.0.0.3/", MSIM_ERR_SYNTAX},
      {"10.0.0.3/0024", MSIM_ERR_SYNTAX},
      {"10.0.0.3/-1", MSIM_ERR_SYNTAX},
      {"10.0.0.3/2x", MSIM_ERR_SYNTAX},
      {"10.0.0.3/24/24", MSIM_ERR_SYNTAX},
      {"10.0.0", MSIM_ERR_SYNTAX},
      {"", MSIM_ERR_SYNTAX},
      {"/24", MSIM_ERR_SYNTAX},
      {"10.0.0.3 ", MSIM_ERR_SYNTAX},
      {"host", MSIM_ERR_SYNTAX},
      {"256.0.0.1", MSIM_ERR_SYNTAX},
      {"0.0.0.0", MSIM_ERR_INVALID},
      {"0.1.2.3", MSIM_ERR_INVALID},
      {"127.0.0.1", MSIM_ERR_INVALID},
      {"224.0.0.1", MSIM_ERR_INVALID},
      {"255.255.255.255", MSIM_ERR_INVALID},
      {"2001:db8::1", MSIM_OK},
      {"2001:db8::2/64", MSIM_OK},
      {"fe80::1", MSIM_ERR_INVALID},
      {"ff02::1", MSIM_ERR_INVALID},
      {"::1", MSIM_ERR_INVALID},
      {"::", MSIM_ERR_INVALID},
      {"::ffff:192.0.2.1", MSIM_ERR_INVALID},
      {"2001:db8::1/129", MSIM_ERR_SYNTAX},
      {"192.0.2.1", MSIM_ERR_EXISTS},
  };
  struct net_world w;
  struct msim_node *node;
  char text[MSIM_ADDR_TEXT_BYTES];
  struct msim_addr addr;
  size_t i;

  (void)state;
  net_world_open(&w, 0, false);
  node = net_world_node(&w, "a");
  assert_int_equal(msim_node_addr(node).family, MSIM_FAMILY_NONE);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(msim_node_add_addr(node, rows[i].text), rows[i].expected);
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "b"), "192.0.2.2"), MSIM_ERR_EXISTS);
  addr = msim_node_addr(node);
  msim_addr_format(&addr, text);
  assert_string_equal(text, "192.0.2.1"); /* its first */
  net_world_close(&w);
}

static struct msim_addr auto_addr_of(const char *name, const char *const *others, size_t count)
{
  struct net_world w;
  struct msim_addr addr;
  size_t i;

  net_world_open(&w, count, false); /* another seed each time */
  for (i = 0; i < count; i++)
    (void)net_world_node(&w, others[i]);
  (void)net_world_node(&w, name);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  addr = msim_node_addr(net_world_node(&w, name));
  net_world_close(&w);
  return addr;
}

static void automatic_address_does_not_depend_on_other_hosts(void **state)
{
  static const char *const others[] = {"a", "zoe", "isp", "mx"};
  struct msim_addr alone = auto_addr_of("alice", others, 0), together = auto_addr_of("alice", others, 4);
  struct msim_addr other = auto_addr_of("bob", others, 4);

  (void)state;
  assert_int_equal(alone.family, MSIM_FAMILY_IPV4);
  assert_int_equal(alone.bytes[0], 10);
  assert_in_range(alone.bytes[3], 1, 254);
  assert_true(msim_addr_equal(&alone, &together));
  assert_false(msim_addr_equal(&alone, &other));
}

static void automatic_address_gives_way_to_one_that_was_given(void **state)
{
  static const char *const none[1];
  struct msim_addr usual = auto_addr_of("alice", none, 0), addr;
  char text[MSIM_ADDR_TEXT_BYTES];
  struct net_world w;

  (void)state;
  msim_addr_format(&usual, text);
  net_world_open(&w, 0, false);
  (void)net_world_node(&w, "alice");
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "thief"), text), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  addr = msim_node_addr(net_world_node(&w, "alice"));
  assert_int_equal(addr.bytes[0], 10);
  assert_false(msim_addr_equal(&addr, &usual));
  net_world_close(&w);
}

static void zone_is_bounded(void **state)
{
  struct net_world w;
  struct msim_node *a;

  (void)state;
  net_world_open(&w, 0, false);
  a = net_world_node(&w, "a");
  assert_int_equal(msim_node_set_zone(a, -14 * 60), MSIM_OK);
  assert_int_equal(a->zone_minutes, -840);
  assert_int_equal(msim_node_set_zone(a, 14 * 60), MSIM_OK);
  assert_int_equal(msim_node_set_zone(a, 14 * 60 + 1), MSIM_ERR_INVALID);
  assert_int_equal(msim_node_set_zone(a, -14 * 60 - 1), MSIM_ERR_INVALID);
  assert_int_equal(a->zone_minutes, 840);
  net_world_close(&w);
}

/* ---- links ---- */

static int add_changed(void (*change)(struct msim_link_opts *opts))
{
  struct msim_link_opts opts = net_link_of(1);
  struct net_world w;
  int err;

  net_world_open(&w, 0, false);
  change(&opts);
  err = msim_link_add(net_world_node(&w, "a"), net_world_node(&w, "b"), &opts);
  assert_int_equal(net_world_node(&w, "a")->port_count, err == MSIM_OK);
  assert_int_equal(net_world_node(&w, "b")->port_count, err == MSIM_OK);
  net_world_close(&w);
  return err;
}

static void no_delay(struct msim_link_opts *o)
{
  o->b_to_a.delay_ns = 0;
}
static void day_of_delay(struct msim_link_opts *o)
{
  o->a_to_b.delay_ns = MSIM_SEC(86400);
}
static void longer_delay(struct msim_link_opts *o)
{
  o->a_to_b.delay_ns = MSIM_SEC(86400) + 1;
}
static void least_mtu(struct msim_link_opts *o)
{
  o->mtu_bytes = 68;
}
static void small_mtu(struct msim_link_opts *o)
{
  o->mtu_bytes = 67;
}
static void most_mtu(struct msim_link_opts *o)
{
  o->mtu_bytes = 65535;
}
static void large_mtu(struct msim_link_opts *o)
{
  o->mtu_bytes = 65536;
}
static void large_overhead(struct msim_link_opts *o)
{
  o->overhead_bytes = 65536;
}
static void empty_name(struct msim_link_opts *o)
{
  o->name = "";
}
static void long_name(struct msim_link_opts *o)
{
  o->name =
      "123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
      "9012345678901234567";
}

static void link_is_taken_or_refused(void **state)
{
  static const struct {
    void (*change)(struct msim_link_opts *opts);
    int expected;
  } rows[] = {
      {no_delay, MSIM_ERR_INVALID},     {day_of_delay, MSIM_OK},
      {longer_delay, MSIM_ERR_INVALID}, {least_mtu, MSIM_OK},
      {small_mtu, MSIM_ERR_INVALID},    {most_mtu, MSIM_OK},
      {large_mtu, MSIM_ERR_INVALID},    {large_overhead, MSIM_ERR_INVALID},
      {empty_name, MSIM_ERR_INVALID},   {long_name, MSIM_ERR_INVALID},
  };
  struct msim_link_opts opts = net_link_of(1);
  struct net_world w, other;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(add_changed(rows[i].change), rows[i].expected);
  net_world_open(&w, 0, false);
  net_world_open(&other, 0, false);
  assert_int_equal(msim_link_add(net_world_node(&w, "a"), net_world_node(&w, "a"), &opts), MSIM_ERR_INVALID);
  assert_int_equal(msim_link_add(net_world_node(&w, "a"), net_world_node(&other, "b"), &opts), MSIM_ERR_INVALID);
  net_world_close(&w);
  net_world_close(&other);
}

static void link_names_are_unique(void **state)
{
  struct msim_link_opts opts = net_link_of(1);
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  opts.name = "a-b";
  net_world_link(&w, "c", "d", &opts);
  assert_int_equal(msim_link_add(net_world_node(&w, "c"), net_world_node(&w, "e"), &opts), MSIM_ERR_EXISTS);
  net_world_join(&w, "f", "e", 1);
  opts.name = NULL; /* a number for the second would depend on the order of addition */
  assert_int_equal(msim_link_add(net_world_node(&w, "e"), net_world_node(&w, "f"), &opts), MSIM_ERR_EXISTS);
  opts.name = "second";
  net_world_link(&w, "e", "f", &opts);
  net_world_close(&w);
}

static void link_options_of_an_older_caller_are_filled_up(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  opts.b_to_a.rate_bps = 77;
  /* as if b_to_a had ended behind its delay */
  assert_int_equal(msim_link_add_sized(net_world_node(&w, "a"), net_world_node(&w, "b"), &opts,
                                       offsetof(struct msim_link_opts, b_to_a.queue_bytes_max)),
                   MSIM_OK);
  assert_int_equal(net_world_node(&w, "b")->ports[0]->out->params->way.rate_bps, 77);
  assert_int_equal(net_world_node(&w, "b")->ports[0]->out->params->mtu_bytes, 1500);
  assert_int_equal(net_world_node(&w, "b")->ports[0]->out->params->cost, 1);
  net_world_close(&w);
}

static void equal_links_share_their_parameters(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  net_world_join(&w, "a", "hub", 5);
  net_world_join(&w, "b", "hub", 5);
  net_world_join(&w, "c", "hub", 6);
  assert_ptr_equal(net_world_node(&w, "a")->ports[0]->out->params, net_world_node(&w, "b")->ports[0]->out->params);
  assert_int_equal(net_world_node(&w, "b")->ports[0]->out->params->way.delay_ns, 5);
  assert_int_equal(net_world_node(&w, "c")->ports[0]->out->params->way.delay_ns, 6);
  net_world_close(&w);
}

/* ---- order and strangers ---- */

static const char *const hosts[] = {"alice", "bob", "isp", "mx", "zoe"};
static const char *const ends[][2] = {{"alice", "isp"}, {"bob", "isp"}, {"isp", "mx"}, {"mx", "zoe"}};

static void build(struct net_world *w, bool backwards)
{
  size_t i;

  for (i = 0; i < 5; i++)
    (void)net_world_node(w, hosts[backwards ? 4 - i : i]);
  for (i = 0; i < 4; i++) {
    struct msim_link_opts opts = net_link_of(MSIM_MSEC(2));
    const char *const *pair = ends[backwards ? 3 - i : i];

    opts.a_to_b.rate_bps = opts.b_to_a.rate_bps = 8000000;
    opts.a_to_b.impair.loss_ppm = opts.b_to_a.impair.loss_ppm = 50000;
    opts.a_to_b.impair.jitter_ns = opts.b_to_a.impair.jitter_ns = MSIM_MSEC(3);
    opts.a_to_b.impair.duplicate_ppm = opts.b_to_a.impair.duplicate_ppm = 50000;
    net_world_link(w, pair[backwards ? 1 : 0], pair[backwards ? 0 : 1], &opts);
  }
}

static char *traffic(struct net_world *w, const char *stranger)
{
  char *text;
  int i;

  net_world_bind(w, "mx", 25);
  for (i = 0; i < 60; i++) {
    if (stranger != NULL)
      assert_int_equal(net_world_udp(w, stranger, 9, "mx", 25, "I do not belong here"), MSIM_OK);
    assert_int_equal(net_world_udp(w, "alice", 1, "mx", 25, "from alice"), MSIM_OK);
    assert_int_equal(net_world_udp(w, "zoe", 1, "mx", 25, "from zoe"), MSIM_OK);
    assert_int_equal(net_world_udp(w, "bob", 1, "alice", 79, "no such port"), MSIM_OK);
    if (i % 4 == 3)
      assert_int_equal(msim_sim_advance_to(w->sim, (msim_ns)i * MSIM_MSEC(1)), MSIM_OK);
  }
  net_world_run(w);
  text = net_seen_text(w, stranger);
  return text;
}

static void order_of_addition_changes_no_record(void **state)
{
  struct net_world forwards, backwards;
  char *first, *second;
  size_t i;

  (void)state;
  net_world_open(&forwards, 1, true);
  build(&forwards, false);
  first = traffic(&forwards, NULL);
  net_world_open(&backwards, 1, true);
  build(&backwards, true);
  second = traffic(&backwards, NULL);
  assert_string_equal(first, second);
  assert_non_null(strstr(first, "reason=loss"));
  assert_non_null(strstr(first, "icmp.port-unreachable"));
  for (i = 0; i < forwards.seen_count; i++) /* keys, too */
    assert_true(forwards.seen[i].key == backwards.seen[i].key);
  net_world_close(&forwards);
  net_world_close(&backwards);
  free(first);
  free(second);
}

static void stranger_when_added_changes_no_record_of_the_others(void **state)
{
  static const char *const strangers[] = {"aaron", "max", "zz"}; /* before, among and after them */
  struct net_world alone;
  char *expected;
  size_t i;

  (void)state;
  net_world_open(&alone, 1, true);
  build(&alone, false);
  expected = traffic(&alone, NULL);
  net_world_close(&alone);
  for (i = 0; i < 3; i++) {
    struct net_world w;
    char *got;

    net_world_open(&w, 1, true);
    net_world_join(&w, strangers[i], "mx", MSIM_USEC(1)); /* a wire of its own to where the others are going */
    build(&w, false);
    got = traffic(&w, strangers[i]);
    assert_string_equal(got, expected);
    net_world_close(&w);
    free(got);
  }
  free(expected);
}

/* ---- what the run is called ---- */

static void name_and_end_of_a_run_are_kept(void **state)
{
  struct net_world w;
  char name[] = "case", title[] = "A case";

  (void)state;
  net_world_open(&w, 0, false);
  assert_string_equal(w.net->topology_name, "");
  assert_int_equal(w.net->until_ns, MSIM_NEVER);
  assert_int_equal(msim_sim_set_name(w.sim, name, title), MSIM_OK);
  assert_int_equal(msim_sim_set_until(w.sim, 5), MSIM_OK);
  assert_int_equal(msim_sim_set_start(w.sim, -1), MSIM_OK);
  name[0] = title[0] = '?'; /* copied */
  assert_string_equal(w.net->topology_name, "case");
  assert_string_equal(w.net->topology_title, "A case");
  assert_int_equal(w.net->until_ns, 5);
  assert_int_equal(w.sim->start_unix_s, -1);
  assert_int_equal(msim_sim_set_name(w.sim, "x", NULL), MSIM_OK);
  assert_string_equal(w.net->topology_title, "");
  net_world_close(&w);
}

/* ---- memory ---- */

static int small_world(struct net_world *w)
{
  static const uint32_t nth[] = {2, 0};
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct msim_node *nodes[12];
  struct msim_endpoint to;
  char name[2] = "a";
  int err, i;

  opts.a_to_b.rate_bps = 8000000;
  opts.a_to_b.impair.duplicate_ppm = 500000;
  opts.a_to_b.impair.drop_nth = nth;
  for (i = 0; i < 12; i++, name[0]++) {
    if ((err = msim_node_add(w->sim, name, &nodes[i])) != MSIM_OK)
      return err;
    if ((err = msim_node_add_addr(nodes[i], i == 0 ? "192.0.2.1" : i == 1 ? "192.0.2.2" : "x")) != MSIM_OK && i < 2)
      return err;
    if (i > 0 && (err = msim_link_add(nodes[0], nodes[i], &opts)) != MSIM_OK)
      return err;
    if (i > 1 && (err = msim_link_add(nodes[i], nodes[i - 1], &opts)) != MSIM_OK)
      return err;
  }
  if ((err = msim_sim_set_name(w->sim, "sweep", "t")) != MSIM_OK || (err = msim_sim_start(w->sim)) != MSIM_OK)
    return err;
  for (i = 1; i < 12; i++) {
    to.addr = msim_node_addr(nodes[(i + 5) % 12]);
    to.port = 25;
    err = msim__udp_send(nodes[i], 9, to, (struct msim_slice){(const uint8_t *)"hello", 5}, NULL);
    if (err != MSIM_OK)
      return err;
  }
  to.addr = msim_node_addr(nodes[1]);
  if ((err = msim__udp_send(nodes[1], 9, to, (struct msim_slice){NULL, 0}, NULL)) != MSIM_OK)
    return err;
  return msim_sim_run(w->sim, MSIM_NEVER);
}

static void allocation_that_fails_ends_cleanly_wherever_it_is(void **state)
{
  uint64_t fail_at;
  bool passed = false;

  (void)state;
  for (fail_at = 1; !passed; fail_at++) {
    struct net_world w;
    int err = net_world_try(&w, fail_at);

    if (err == MSIM_OK)
      err = small_world(&w);
    passed = w.mem.failed_count == 0;
    if (passed) {
      assert_int_equal(err, MSIM_OK);
      assert_int_equal(w.net->packets.live_count, 0);
    } else if (w.sim == NULL || msim_sim_failure(w.sim) == MSIM_OK) {
      assert_int_equal(err, MSIM_ERR_NOMEM);
    } else {
      assert_int_equal(msim_sim_failure(w.sim), MSIM_ERR_NOMEM);
      assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_ERR_NOMEM);
      assert_true(msim_sim_error(w.sim)[0] != '\0');
    }
    net_world_close(&w);
  }
  assert_in_range(fail_at, 60, 2000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(name_is_taken_or_refused),
      cmocka_unit_test(nothing_can_be_added_after_the_start),
      cmocka_unit_test(world_without_hosts_starts_and_is_quiet),
      cmocka_unit_test(rank_is_that_of_the_name),
      cmocka_unit_test(ports_are_numbered_by_the_peers_name_then_the_links),
      cmocka_unit_test(address_is_taken_or_refused),
      cmocka_unit_test(automatic_address_does_not_depend_on_other_hosts),
      cmocka_unit_test(automatic_address_gives_way_to_one_that_was_given),
      cmocka_unit_test(zone_is_bounded),
      cmocka_unit_test(link_is_taken_or_refused),
      cmocka_unit_test(link_names_are_unique),
      cmocka_unit_test(link_options_of_an_older_caller_are_filled_up),
      cmocka_unit_test(equal_links_share_their_parameters),
      cmocka_unit_test(order_of_addition_changes_no_record),
      cmocka_unit_test(stranger_when_added_changes_no_record_of_the_others),
      cmocka_unit_test(name_and_end_of_a_run_are_kept),
      cmocka_unit_test(allocation_that_fails_ends_cleanly_wherever_it_is),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
