/* test_nd.c: lib/net/nd.c, neighbour.c, nd_told.c: IPv6 in networks: neighbours, groups, addresses of the link. */
#include "nd_stage.h"

/* ---- neighbours ---- */

static void a_neighbour_is_asked_for_in_its_group_and_what_waits_goes_then(void **state)
{
  struct world w;
  struct msim_node *a, *b;

  (void)state;
  open(&w);
  a = host(&w, "a", "2001:db8::1");
  b = host(&w, "b", "2001:db8::2");
  host(&w, "c", "2001:db8::3");
  bind_at(&w, b);
  start(&w);
  assert_int_equal(send(a, "2001:db8::2", "x"), MSIM_OK);
  assert_int_equal(send(a, "2001:db8::2", "y"), MSIM_OK);
  assert_lines(&w, "tx a>* neighbor-solicitation for b\n"
                   "rx a>b neighbor-solicitation for b\n" /* c is not in the group: nobody hears that it came there */
                   "b nd.resolved a 2001:db8::1\n"
                   "tx b>a neighbor-advertisement for b\n"
                   "rx b>a neighbor-advertisement for b\n"
                   "a nd.resolved b 2001:db8::2\n"
                   "tx a>b\ntx a>b\nrx a>b\nrx a>b\n");
  assert_int_equal(w.heard_count, 2);
  assert_int_equal(neighbour_of(a, "2001:db8::2")->state, MSIM__ND_REACHABLE);
  assert_int_equal(neighbour_of(b, "2001:db8::1")->state, MSIM__ND_DELAY); /* its answer was the first use */
  close(&w);
}

/* RFC 4861 7.2.2: three questions a second apart, then code 3 for who sent. */
static void a_neighbour_that_is_not_there_is_told_as_unreachable(void **state)
{
  struct world w;
  struct msim_node *a;

  (void)state;
  open(&w);
  a = host(&w, "a", "2001:db8::1");
  start(&w);
  assert_int_equal(send(a, "2001:db8::9", "x"), MSIM_OK);
  assert_lines(&w, "tx a>* neighbor-solicitation for 2001:db8::9\n"
                   "tx a>* neighbor-solicitation for 2001:db8::9\n"
                   "tx a>* neighbor-solicitation for 2001:db8::9\n"
                   "a nd.failed 2001:db8::9 2001:db8::9\n"
                   "drop a>2001:db8::9 nd\n"
                   "tx a>a host-unreachable\nrx a>a host-unreachable\n");
  assert_int_equal(msim_sim_now_ns(w.sim) / MSIM_SEC(1), 3);
  assert_null(neighbour_of(a, "2001:db8::9"));
  assert_int_equal(send(a, "2001:db8:1::9", "x"), MSIM_ERR_NOT_FOUND); /* not on the link, and no router */
  assert_int_equal(count_of(&w, " no-route"), 1);
  close(&w);
}

static void what_waits_is_bounded(void **state)
{
  struct world w;
  struct msim_node *a;
  unsigned i;

  (void)state;
  open(&w);
  a = host(&w, "a", "2001:db8::1");
  start(&w);
  for (i = 0; i < 66; i++)
    assert_int_equal(send(a, "2001:db8::9", "x"), MSIM_OK);
  run_to(&w, MSIM_MSEC(1));
  assert_int_equal(count_of(&w, " nd-queue"), 2);
  run_to(&w, MSIM_NEVER);
  assert_int_equal(count_of(&w, " nd\n"), 64);
  close(&w);
}

/* RFC 4861 7.3: an answer holds for a while; then a packet goes nevertheless, and five seconds later the neighbour is
 * asked himself. */
static void what_is_old_is_used_and_then_probed(void **state)
{
  struct world w;
  struct msim_node *a, *b;

  (void)state;
  open(&w);
  a = host(&w, "a", "2001:db8::1");
  b = host(&w, "b", "2001:db8::2");
  bind_at(&w, b);
  start(&w);
  assert_int_equal(send(a, "2001:db8::2", "x"), MSIM_OK);
  run_to(&w, MSIM_SEC(1));
  assert_in_range(at(a)->nd->reachable_ns, MSIM_SEC(15), MSIM_SEC(45));
  run_to(&w, MSIM_SEC(60));
  forget_text(&w);
  assert_int_equal(send(a, "2001:db8::2", "y"), MSIM_OK);
  assert_int_equal(neighbour_of(a, "2001:db8::2")->state, MSIM__ND_DELAY);
  run_to(&w, MSIM_SEC(64));
  assert_string_equal(w.text, "tx a>b\nrx a>b\n");
  run_to(&w, MSIM_SEC(70));
  assert_int_equal(count_of(&w, "tx a>b neighbor-solicitation for b\n"), 1); /* to it alone */
  assert_int_equal(neighbour_of(a, "2001:db8::2")->state, MSIM__ND_REACHABLE);
  run_to(&w, MSIM_SEC(200));
  assert_int_equal(send(a, "2001:db8::2", "z"), MSIM_OK);
  assert_int_equal(crash(b), MSIM_OK);
  forget_text(&w);
  run_to(&w, MSIM_SEC(204));
  assert_int_equal(neighbour_of(a, "2001:db8::2")->state, MSIM__ND_DELAY);
  run_to(&w, MSIM_SEC(210));
  assert_int_equal(count_of(&w, "tx a>b neighbor-solicitation"), 3);
  assert_int_equal(count_of(&w, "a nd.failed b"), 1);
  assert_null(neighbour_of(a, "2001:db8::2"));
  close(&w);
}

/* RFC 4861 7.1: what may have come from elsewhere is not believed. */
static void messages_that_cannot_be_of_the_link_are_passed_over(void **state)
{
  struct msim__nd_message m = about("2001:db8::1", 9);
  struct world w;
  struct msim_node *a;

  (void)state;
  open(&w);
  a = host(&w, "a", "2001:db8::1");
  start(&w);
  deliver(a, "2001:db8::9", "2001:db8::1", 135, 0, &m, 254, 0);
  deliver(a, "2001:db8::9", "2001:db8::1", 135, 0, &m, 255, 1);
  deliver(a, "::", "ff02::1:ff00:1", 135, 0, &m, 255, 0); /* from nobody, but with a MAC */
  m.has_mac = false;
  deliver(a, "::", "ff02::1", 135, 0, &m, 255, 0); /* from nobody, but not to the group */
  assert_null(neighbour_of(a, "2001:db8::9"));
  assert_int_equal(w.size, 0);
  deliver(a, "::", "ff02::1:ff00:1", 135, 0, &m, 255, 0); /* somebody wants its address: it says so to all */
  assert_int_equal(count_of(&w, "tx a>* neighbor-advertisement for a\n"), 1);
  close(&w);
}

/* RFC 4861 7.2.5, case by case. */
static void advertisements_change_what_is_known(void **state)
{
  struct msim__nd_message first = about("2001:db8::9", 9), other = about("2001:db8::9", 8),
                          none = about("2001:db8::9", 0);
  const char *from = "2001:db8::9", *to = "2001:db8::1";
  const struct msim__neighbour *n;
  struct world w;
  struct msim_node *a;

  (void)state;
  open(&w);
  a = host(&w, "a", "2001:db8::1");
  bind_at(&w, a);
  start(&w);
  deliver(a, from, "ff02::1", 136, MSIM__ND_OVERRIDE, &first, 255, 0);
  assert_null(neighbour_of(a, from)); /* nobody has asked */
  assert_int_equal(send(a, from, "x"), MSIM_OK);
  n = neighbour_of(a, from);
  deliver(a, from, to, 136, MSIM__ND_SOLICITED, &none, 255, 0);
  assert_false(n->is_known);
  deliver(a, from, "ff02::1", 136, MSIM__ND_SOLICITED, &first, 255, 0);
  assert_false(n->is_known); /* an answer is for one (7.1.2) */
  deliver(a, from, "ff02::1", 136, MSIM__ND_ROUTER, &first, 255, 0);
  assert_true(n->is_known && n->is_router);
  assert_int_equal(n->state, MSIM__ND_STALE);
  assert_int_equal(n->waiting_count, 0);
  deliver(a, from, to, 136, MSIM__ND_SOLICITED | MSIM__ND_OVERRIDE, &first, 255, 0);
  assert_int_equal(n->state, MSIM__ND_REACHABLE);
  assert_false(n->is_router);
  deliver(a, from, to, 136, MSIM__ND_SOLICITED, &other, 255, 0); /* another MAC, without leave to override */
  assert_int_equal(n->state, MSIM__ND_STALE);
  assert_int_equal(n->mac.bytes[5], 9);
  deliver(a, from, to, 136, MSIM__ND_SOLICITED, &other, 255, 0);
  assert_int_equal(n->state, MSIM__ND_STALE);
  deliver(a, from, "ff02::1", 136, MSIM__ND_OVERRIDE, &other, 255, 0);
  assert_int_equal(n->mac.bytes[5], 8);
  assert_int_equal(n->state, MSIM__ND_STALE);
  deliver(a, from, to, 136, MSIM__ND_SOLICITED, &none, 255, 0);
  assert_int_equal(n->state, MSIM__ND_REACHABLE);
  close(&w);
}

/* ---- links, plugs, crashes ---- */

static void addresses_of_the_link_stay_there(void **state)
{
  struct msim_link_opts link = {.a_to_b = {.delay_ns = 1000}, .b_to_a = {.delay_ns = 1000}};
  struct world w;
  struct msim_node *a, *b, *router, *far;

  (void)state;
  open(&w);
  a = host(&w, "a", "fe80::1");
  b = host(&w, "b", "fe80::2");
  assert_int_equal(add_host(&w, "router", "fe80::9", NULL, NULL), MSIM_OK);
  router = msim_node_find(w.sim, "router");
  assert_int_equal(msim_node_add(w.sim, "far", &far), MSIM_OK);
  assert_int_equal(msim_node_add_addr(far, "2001:db8:2::2"), MSIM_OK);
  assert_int_equal(msim_link_add(router, far, &link), MSIM_OK);
  bind_at(&w, b);
  start(&w);
  assert_int_equal(send(a, "fe80::2", "x"), MSIM_OK);
  run_to(&w, MSIM_NEVER);
  assert_int_equal(w.heard_count, 1);
  assert_int_equal(send(a, "2001:db8:2::2", "x"), MSIM_ERR_NOT_FOUND); /* it has no address for there */
  assert_int_equal(send(far, "fe80::2", "x"), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_node_addr(a).family, MSIM_FAMILY_NONE);
  close(&w);
}

static void groups_of_ethernet_reach_their_members(void **state)
{
  struct world w;
  struct msim_node *a;

  (void)state;
  open(&w);
  a = host(&w, "a", "2001:db8::1");
  bind_at(&w, host(&w, "b", "2001:db8::2"));
  bind_at(&w, host(&w, "c", "2001:db8::3"));
  bind_at(&w, host(&w, "four", NULL)); /* speaks no IPv6 there */
  start(&w);
  assert_int_equal(send(a, "ff02::1", "x"), MSIM_OK);
  run_to(&w, MSIM_NEVER);
  assert_int_equal(w.heard_count, 2);
  assert_int_equal(send(a, "ff05::1", "x"), MSIM_OK); /* nobody is in that one */
  run_to(&w, MSIM_NEVER);
  assert_int_equal(w.heard_count, 2);
  close(&w);
}

/* ---- what is refused ---- */

static const struct msim_advertise_opts plain;

static void wrong_words_are_refused(void **state)
{
  static const char *const wrong[] = {"192.168.1.5", "2001:db8::1/129", "2001:db8::1/x", "ff02::1", "::1",
                                      "::",          "nonsense"};
  struct msim_advertise_opts prefix = {.prefix = "2001:db8:1::1/64"}, mtu = {.mtu_bytes = 1600},
                             times = {.preferred_ns = MSIM_SEC(20), .valid_ns = MSIM_SEC(10)};
  struct world w;
  size_t i;
  char name[8];

  (void)state;
  open(&w);
  for (i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    snprintf(name, sizeof name, "h%u", (unsigned)i);
    assert_int_equal(add_host(&w, name, wrong[i], NULL, NULL), MSIM_ERR_INVALID);
  }
  assert_int_equal(add_host(&w, "r1", "2001:db8::1", NULL, &prefix), MSIM_ERR_INVALID);
  assert_int_equal(add_host(&w, "r2", "2001:db8::1", NULL, &mtu), MSIM_ERR_INVALID);
  assert_int_equal(add_host(&w, "r3", "2001:db8::1", NULL, &times), MSIM_ERR_INVALID);
  assert_int_equal(add_host(&w, "r4", "auto", NULL, &plain), MSIM_ERR_INVALID);
  assert_int_equal(add_host(&w, "a", "2001:db8::1", NULL, NULL), MSIM_OK);
  assert_int_equal(add_host(&w, "b", "2001:db8::1", NULL, NULL), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_ERR_EXISTS);
  assert_non_null(strstr(msim_sim_error(w.sim), "another host has the address 2001:db8::1"));
  close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_neighbour_is_asked_for_in_its_group_and_what_waits_goes_then),
      cmocka_unit_test(a_neighbour_that_is_not_there_is_told_as_unreachable),
      cmocka_unit_test(what_waits_is_bounded),
      cmocka_unit_test(what_is_old_is_used_and_then_probed),
      cmocka_unit_test(messages_that_cannot_be_of_the_link_are_passed_over),
      cmocka_unit_test(advertisements_change_what_is_known),
      cmocka_unit_test(addresses_of_the_link_stay_there),
      cmocka_unit_test(groups_of_ethernet_reach_their_members),
      cmocka_unit_test(wrong_words_are_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
