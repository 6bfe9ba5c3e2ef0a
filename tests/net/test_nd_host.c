/* test_nd_host.c: lib/net/nd_addrs.c, nd_host.c, nd_router.c: addresses that hosts make, and routers that advertise. */
#include "nd_stage.h"

/* ---- addresses that hosts make ---- */

static const struct msim_advertise_opts plain;

static void a_host_makes_itself_addresses_and_reaches_what_is_elsewhere(void **state)
{
  struct msim_link_opts link = {.a_to_b = {.delay_ns = 1000}, .b_to_a = {.delay_ns = 1000}};
  struct world w;
  struct msim_node *pc, *far;

  (void)state;
  open(&w);
  pc = host(&w, "pc", "auto");
  assert_int_equal(add_host(&w, "router", "2001:db8:1::1", NULL, &plain), MSIM_OK);
  assert_int_equal(msim_node_add(w.sim, "far", &far), MSIM_OK);
  assert_int_equal(msim_node_add_addr(far, "2001:db8:2::2"), MSIM_OK);
  assert_int_equal(msim_link_add(msim_node_find(w.sim, "router"), far, &link), MSIM_OK);
  bind_at(&w, far);
  start(&w);
  assert_true(msim__nd_is_configuring(pc));
  run_to(&w, MSIM_NEVER);
  assert_in_range(msim_sim_now_ns(w.sim), MSIM_SEC(2), MSIM_SEC(5)); /* what comes later is in the background */
  assert_false(msim__nd_is_configuring(pc));
  assert_int_equal(count_of(&w, "pc ipv6.address home"), 2);
  assert_int_equal(count_of(&w, "pc ipv6.router home fe80::"), 1);
  assert_int_equal(count_of(&w, "rx pc>router router-solicitation"), 1);
  assert_int_equal(made(pc)->state, MSIM__ND_PREFERRED);
  assert_int_equal(made(pc)->addr.bytes[5], 1);
  assert_int_equal(send(pc, "2001:db8:2::2", "x"), MSIM_OK);
  run_to(&w, MSIM_NEVER);
  assert_int_equal(w.heard_count, 1);
  forget_text(&w);
  assert_int_equal(send(pc, "2001:db8:3::3", "x"), MSIM_OK); /* the router knows no way */
  run_to(&w, MSIM_NEVER);
  assert_int_equal(count_of(&w, "rx router>pc net-unreachable"), 1);
  close(&w);
}

/* The address that pc makes where count others have those in taken. */
struct made_addr {
  struct msim_addr addr;
  bool is_there;
};

static struct made_addr make_among(struct world *w, uint64_t seed, char taken[][MSIM_ADDR_TEXT_BYTES], unsigned count)
{
  struct made_addr out = {{0, {0}}, false};
  char name[16];
  unsigned i;

  assert_int_equal(open_world(w, seed, 0), MSIM_OK);
  host(w, "pc", "auto");
  for (i = 0; i < count; i++) {
    snprintf(name, sizeof name, "other%u", i);
    host(w, name, taken[i]);
  }
  assert_int_equal(add_host(w, "router", "2001:db8:1::1", NULL, &plain), MSIM_OK);
  start(w);
  run_to(w, MSIM_NEVER);
  out.is_there = made(msim_node_find(w->sim, "pc")) != NULL;
  if (out.is_there)
    out.addr = made(msim_node_find(w->sim, "pc"))->addr;
  return out;
}

/* RFC 7217 5: stable, and of the host, the prefix and its secret alone. RFC 4862 5.4.5, RFC 7217 6: what somebody has
 * already is found out, and the next one tried; the fourth is the last. */
static void what_somebody_has_already_is_not_taken(void **state)
{
  char taken[4][MSIM_ADDR_TEXT_BYTES], line[32 + 4 * MSIM_ADDR_TEXT_BYTES];
  struct made_addr first, again;
  struct world w;
  unsigned i;

  (void)state;
  first = make_among(&w, 2, taken, 0);
  close(&w);
  again = make_among(&w, 1, taken, 0);
  assert_false(msim_addr_equal(&first.addr, &again.addr));
  for (i = 0; i < 4; i++) {
    assert_true(again.is_there);
    assert_int_equal(made(msim_node_find(w.sim, "pc"))->dad_counter, i);
    close(&w);
    msim_addr_format(&again.addr, taken[i]);
    again = make_among(&w, 1, taken, i + 1);
    snprintf(line, sizeof line, "pc ipv6.duplicate home %s\n", taken[i]);
    assert_int_equal(count_of(&w, line), 1);
    assert_int_equal(count_of(&w, "pc ipv6.duplicate"), i + 1);
  }
  assert_false(again.is_there);
  assert_false(msim__nd_is_configuring(msim_node_find(w.sim, "pc")));
  close(&w);
}

static void without_a_router_it_says_so_and_goes_on_asking(void **state)
{
  struct world w;
  struct msim_node *pc;

  (void)state;
  open(&w);
  pc = host(&w, "pc", "auto");
  start(&w);
  run_to(&w, MSIM_NEVER);
  assert_int_equal(count_of(&w, "tx pc>* router-solicitation"), 4); /* three, and the first of the background */
  assert_int_equal(count_of(&w, "pc ipv6.no-router home\n"), 1);
  assert_false(msim__nd_is_configuring(pc));
  assert_int_equal(send(pc, "2001:db8::9", "x"), MSIM_ERR_NOT_FOUND); /* no-address */
  run_to(&w, MSIM_SEC(3600));
  assert_in_range(count_of(&w, "tx pc>* router-solicitation"), 8, 12); /* RFC 7559: twice the time, each time */
  close(&w);
}

static void lifetimes_end(void **state)
{
  static const struct msim_advertise_opts brief = {
      .interval_ns = MSIM_SEC(4), .lifetime_ns = MSIM_SEC(12), .preferred_ns = MSIM_SEC(20), .valid_ns = MSIM_SEC(30)};
  struct world w;
  struct msim_node *pc, *router;

  (void)state;
  open(&w);
  pc = host(&w, "pc", "auto");
  assert_int_equal(add_host(&w, "router", "2001:db8:1::1", NULL, &brief), MSIM_OK);
  router = msim_node_find(w.sim, "router");
  start(&w);
  run_to(&w, MSIM_SEC(60)); /* it is refreshed for as long as the router speaks */
  assert_int_equal(made(pc)->state, MSIM__ND_PREFERRED);
  assert_int_equal(count_of(&w, "ipv6.deprecated"), 0);
  assert_int_equal(crash(router), MSIM_OK);
  run_to(&w, MSIM_SEC(73));
  assert_int_equal(count_of(&w, "pc ipv6.router-lost home fe80::"), 1);
  assert_int_equal(msim__nd_host_router(at(pc)), 0);
  run_to(&w, MSIM_SEC(81));
  assert_int_equal(count_of(&w, "pc ipv6.deprecated home 2001:db8:1:"), 1);
  assert_int_equal(made(pc)->state, MSIM__ND_DEPRECATED);
  run_to(&w, MSIM_SEC(91));
  assert_int_equal(count_of(&w, "pc ipv6.expired home 2001:db8:1:"), 1);
  assert_null(made(pc));
  assert_int_equal(msim_node_addr(pc).family, MSIM_FAMILY_NONE);
  assert_int_equal(restart(router), MSIM_OK);
  run_to(&w, MSIM_SEC(120));
  assert_int_equal(made(pc)->state, MSIM__ND_PREFERRED);
  assert_int_equal(msim_node_addr(pc).family, MSIM_FAMILY_IPV6);
  close(&w);
}

static struct msim__nd_message of_router(const char *prefix, uint32_t valid_s, uint32_t preferred_s,
                                         uint16_t lifetime_s)
{
  struct msim__nd_message m = {.has_mac = true, .mac = {2, 0, 0, 0, 0, 7}, .lifetime_s = lifetime_s, .prefix_count = 1};

  m.prefixes[0] = (struct msim__nd_prefix){
      .prefix_bits = 64, .is_on_link = true, .is_autonomous = true, .valid_s = valid_s, .preferred_s = preferred_s};
  assert_int_equal(msim_addr_parse(&m.prefixes[0].prefix, prefix, strlen(prefix)), MSIM_OK);
  return m;
}

static void advertise(struct msim_node *to, const struct msim__nd_message *message)
{
  deliver(to, "fe80::7", "ff02::1", 134, 0, message, 255, 0);
}

/* RFC 4862 5.5.3 (e): one message cannot end an address. */
static void a_lifetime_cannot_be_cut_below_two_hours(void **state)
{
  struct msim__nd_message long_one = of_router("2001:db8:1::", 86400, 3600, 1800),
                          none = of_router("2001:db8:1::", 0, 0, 0),
                          longer = of_router("2001:db8:1::", 10000, 100, 1800);
  struct world w;
  struct msim_node *pc;
  msim_ns then_ns;

  (void)state;
  open(&w);
  pc = host(&w, "pc", "auto");
  start(&w);
  run_to(&w, MSIM_SEC(3));
  advertise(pc, &long_one);
  run_to(&w, MSIM_SEC(6));
  assert_int_equal(made(pc)->valid_until_ns, MSIM_SEC(86403));
  advertise(pc, &none);
  run_to(&w, MSIM_SEC(7));
  assert_int_equal(made(pc)->valid_until_ns, MSIM_SEC(7206));
  assert_int_equal(made(pc)->state, MSIM__ND_DEPRECATED); /* but it may stop being preferred */
  assert_int_equal(msim__nd_host_router(at(pc)), 0);
  assert_false(msim__nd_host_is_on_link(at(pc), &made(pc)->addr));
  then_ns = made(pc)->valid_until_ns;
  advertise(pc, &none); /* with less than two hours left nothing is changed */
  assert_int_equal(made(pc)->valid_until_ns, then_ns);
  advertise(pc, &longer);
  assert_int_equal(made(pc)->valid_until_ns, MSIM_SEC(10007));
  assert_int_equal(made(pc)->state, MSIM__ND_PREFERRED);
  close(&w);
}

static void prefixes_that_make_no_addresses_are_passed_over(void **state)
{
  struct msim__nd_message link = of_router("fe80::", 100, 100, 0), wrong = of_router("2001:db8:1::", 100, 200, 0),
                          bits = of_router("2001:db8:1::", 100, 100, 0), far = of_router("2001:db8:1::", 100, 100, 0);
  struct world w;
  struct msim_node *pc;

  (void)state;
  open(&w);
  pc = host(&w, "pc", "auto");
  start(&w);
  run_to(&w, MSIM_SEC(3));
  bits.prefixes[0].prefix_bits = 56;
  advertise(pc, &link);
  advertise(pc, &wrong);
  advertise(pc, &bits);
  deliver(pc, "2001:db8:1::7", "ff02::1", 134, 0, &far, 255, 0); /* RFC 4861 6.1.2: not from an address of the link */
  run_to(&w, MSIM_SEC(6));
  assert_null(made(pc));
  close(&w);
}

static void routers_tell_mtu_times_and_name_servers(void **state)
{
  struct msim__nd_message m = of_router("2001:db8:1::", 86400, 3600, 1800);
  struct msim_addr servers[3];
  struct world w;
  struct msim_node *pc;

  (void)state;
  open(&w);
  pc = host(&w, "pc", "auto");
  start(&w);
  run_to(&w, MSIM_SEC(3));
  m.mtu_bytes = 1279; /* less than IPv6 can do with */
  m.reachable_ms = 10000;
  m.retrans_ms = 500;
  m.server_count = 2;
  m.servers_lifetime_s = 60;
  m.servers[0] = m.servers[1] = m.prefixes[0].prefix;
  m.servers[0].bytes[15] = 53;
  m.servers[1].bytes[15] = 54;
  advertise(pc, &m);
  assert_int_equal(msim__lan_mtu(at(pc), true), 1500);
  assert_in_range(at(pc)->nd->reachable_ns, MSIM_SEC(5), MSIM_SEC(15));
  assert_int_equal(at(pc)->nd->retrans_ns, MSIM_MSEC(500));
  assert_int_equal(msim__nd_host_servers(at(pc), servers, 3), 2);
  assert_int_equal(servers[1].bytes[15], 54);
  m.mtu_bytes = 1400;
  m.server_count = 1;
  m.servers_lifetime_s = 0;
  advertise(pc, &m);
  assert_int_equal(msim__lan_mtu(at(pc), true), 1400);
  assert_int_equal(msim__nd_host_servers(at(pc), servers, 3), 1);
  assert_int_equal(servers[0].bytes[15], 54);
  run_to(&w, MSIM_SEC(64));
  assert_int_equal(msim__nd_host_servers(at(pc), servers, 3), 0); /* its time is over */
  close(&w);
}

/* RFC 6724 5, rules 2 and 3; RFC 4861 6.3.6. */
static void it_speaks_from_what_is_preferred_and_by_a_router_that_answers(void **state)
{
  struct msim__nd_message old = of_router("2001:db8:1::", 86400, 5, 1800),
                          young = of_router("2001:db8:2::", 86400, 3600, 1800);
  struct msim_addr dst;
  struct world w;
  struct msim_node *pc;
  uint32_t id, first;

  (void)state;
  open(&w);
  pc = host(&w, "pc", "auto");
  start(&w);
  run_to(&w, MSIM_SEC(3));
  assert_int_equal(msim_addr_parse(&dst, "2001:db8:1::99", 14), MSIM_OK);
  id = msim__addr_intern(msim__net(w.sim), &dst);
  advertise(pc, &old);
  deliver(pc, "fe80::8", "ff02::1", 134, 0, &young, 255, 0);
  run_to(&w, MSIM_SEC(6));
  assert_int_equal(msim__addr_of(msim__net(w.sim), msim__ipv6_source_for(pc, id))->bytes[5], 1);
  run_to(&w, MSIM_SEC(9));
  assert_int_equal(msim__addr_of(msim__net(w.sim), msim__ipv6_source_for(pc, id))->bytes[5], 2);
  first = msim__nd_host_router(at(pc));
  msim__nd_host_doubt_router(at(pc), first); /* known to be there still, by its MAC */
  assert_int_equal(msim__nd_host_router(at(pc)) != first, true);
  msim__nd_host_lose_router(at(pc), msim__nd_host_router(at(pc)));
  assert_int_equal(msim__nd_host_router(at(pc)), first);
  close(&w);
}

static void a_crash_begins_anew_and_a_plug_asks_again(void **state)
{
  struct world w;
  struct msim_node *pc;
  struct msim_addr before;

  (void)state;
  open(&w);
  pc = host(&w, "pc", "auto");
  assert_int_equal(add_host(&w, "router", "2001:db8:1::1", NULL, &plain), MSIM_OK);
  start(&w);
  run_to(&w, MSIM_SEC(10));
  before = made(pc)->addr;
  assert_int_equal(crash(pc), MSIM_OK);
  assert_null(at(pc)->nd->addrs);
  assert_int_equal(restart(pc), MSIM_OK);
  run_to(&w, MSIM_SEC(20));
  assert_true(msim_addr_equal(&made(pc)->addr, &before)); /* RFC 7217: it is stable */
  forget_text(&w);
  msim__node_plug(pc, false);
  msim__node_plug(pc, true);
  run_to(&w, MSIM_SEC(30));
  assert_int_equal(count_of(&w, "rx pc>router router-solicitation"), 1);
  assert_int_equal(crash(msim_node_find(w.sim, "router")), MSIM_OK);
  assert_int_equal(at(msim_node_find(w.sim, "router"))->nd->addr_count, 2); /* others find it down, not gone */
  close(&w);
}

/* Everything of the above in one short run, while request number n for memory fails. */
static int live_with(struct world *w, uint64_t fail_at)
{
  static const char *const servers[] = {"2001:db8::53", NULL};
  static const struct msim_advertise_opts opts = {.dns = servers, .prefix = "2001:db8:1::/64", .mtu_bytes = 1400};
  int err = open_world(w, 1, fail_at);

  if (err == MSIM_OK)
    err = add_host(w, "pc", "auto", "2001:db8:5::5", NULL);
  if (err == MSIM_OK)
    err = add_host(w, "router", "2001:db8:1::1", NULL, &opts);
  if (err == MSIM_OK)
    err = msim_sim_start(w->sim);
  if (err == MSIM_OK)
    err = msim_sim_advance_to(w->sim, MSIM_SEC(6));
  if (err == MSIM_OK)
    err = msim__udp_bind(msim_node_find(w->sim, "router"), 7, hear, w, NULL);
  if (err == MSIM_OK)
    err = send(msim_node_find(w->sim, "pc"), "2001:db8:1::1", "x");
  if (err == MSIM_OK)
    err = send(msim_node_find(w->sim, "pc"), "2001:db8:1::8", "x");
  if (err == MSIM_OK)
    err = msim_sim_advance_to(w->sim, MSIM_SEC(20));
  if (err == MSIM_OK)
    err = crash(msim_node_find(w->sim, "pc"));
  if (err == MSIM_OK)
    err = restart(msim_node_find(w->sim, "pc"));
  return err != MSIM_OK ? err : msim_sim_advance_to(w->sim, MSIM_SEC(30));
}

static void memory_may_end_anywhere(void **state)
{
  struct world w;
  uint64_t n;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (n = 1; err != MSIM_OK; n++) {
    err = live_with(&w, n);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    if (w.sim != NULL)
      msim_sim_free(w.sim);
    assert_true(fail_mem_clean(&w.mem));
    assert_true(n < 2000);
  }
  assert_true(n > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_host_makes_itself_addresses_and_reaches_what_is_elsewhere),
      cmocka_unit_test(what_somebody_has_already_is_not_taken),
      cmocka_unit_test(without_a_router_it_says_so_and_goes_on_asking),
      cmocka_unit_test(lifetimes_end),
      cmocka_unit_test(a_lifetime_cannot_be_cut_below_two_hours),
      cmocka_unit_test(prefixes_that_make_no_addresses_are_passed_over),
      cmocka_unit_test(routers_tell_mtu_times_and_name_servers),
      cmocka_unit_test(it_speaks_from_what_is_preferred_and_by_a_router_that_answers),
      cmocka_unit_test(a_crash_begins_anew_and_a_plug_asks_again),
      cmocka_unit_test(memory_may_end_anywhere),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
