/* test_addrs.c: lib/net/addrs.c: interned addresses, owners, loopback, names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/net.h"
#include "support/net_fixture.h"

static struct msim_addr addr_of(const char *text)
{
  struct msim_addr addr;

  assert_int_equal(msim_addr_parse(&addr, text, strlen(text)), MSIM_OK);
  return addr;
}

static uint32_t intern(struct net_world *w, const char *text)
{
  struct msim_addr addr = addr_of(text);
  uint32_t id = msim__addr_intern(w->net, &addr);

  assert_int_not_equal(id, 0);
  return id;
}

static void intern_gives_one_number_per_address(void **state)
{
  struct net_world w;
  uint32_t first;

  (void)state;
  net_world_open(&w, 0, false);
  first = intern(&w, "192.0.2.1");
  assert_int_not_equal(intern(&w, "192.0.2.2"), first);
  assert_int_not_equal(intern(&w, "::ffff:192.0.2.1"), first); /* another family is another address */
  assert_int_equal(intern(&w, "192.0.2.1"), first);
  net_world_close(&w);
}

static void intern_of_many_keeps_the_numbers(void **state)
{
  enum { COUNT = 5000 };
  static uint32_t ids[COUNT];
  struct net_world w;
  struct msim_addr addr;
  uint32_t i;

  (void)state;
  net_world_open(&w, 0, false);
  for (i = 0; i < COUNT; i++) {
    addr = msim_addr_ipv4(0x0a000000u + i * 256u);
    ids[i] = msim__addr_intern(w.net, &addr);
  }
  for (i = 0; i < COUNT; i++) {
    addr = msim_addr_ipv4(0x0a000000u + i * 256u);
    assert_int_equal(msim__addr_intern(w.net, &addr), ids[i]);
    assert_true(msim_addr_equal(msim__addr_of(w.net, ids[i]), &addr));
  }
  net_world_close(&w);
}

static void intern_without_memory_gives_none_and_keeps_the_table(void **state)
{
  uint64_t nth;

  (void)state;
  for (nth = 1; nth <= 2; nth++) { /* the buckets, the rows */
    struct net_world w;
    struct msim_addr addr = addr_of("192.0.2.1");

    net_world_open(&w, 0, false);
    w.mem.fail_at = w.mem.request_count + nth;
    assert_int_equal(msim__addr_intern(w.net, &addr), 0);
    assert_int_equal(intern(&w, "192.0.2.1"), 1);
    net_world_close(&w);
  }
}

static void name_is_the_hosts_or_the_address(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  assert_int_equal(msim_node_add_addr(net_world_node(&w, "isp"), "192.0.2.1/24"), MSIM_OK);
  assert_string_equal(msim__addr_name(w.net, intern(&w, "192.0.2.1")), "isp");
  assert_string_equal(msim__addr_name(w.net, intern(&w, "198.51.100.7")), "198.51.100.7");
  assert_string_equal(msim__addr_name(w.net, intern(&w, "2001:DB8::1")), "2001:db8::1");
  assert_string_equal(msim__addr_name(w.net, 0), "?");
  net_world_close(&w);
}

static void name_without_memory_is_a_question_mark(void **state)
{
  struct net_world w;
  uint32_t id;

  (void)state;
  net_world_open(&w, 0, false);
  id = intern(&w, "198.51.100.7");
  while (msim__arena_alloc(&w.sim->arena, 64) != NULL) { /* use up the block at hand */
    if (w.mem.fail_at == 0) {
      w.mem.fail_at = w.mem.request_count + 1;
      w.mem.fail_onwards = true;
    }
  }
  while (msim__arena_alloc(&w.sim->arena, 1) != NULL)
    ;
  assert_string_equal(msim__addr_name(w.net, id), "?");
  w.mem.fail_at = 0;
  assert_string_equal(msim__addr_name(w.net, id), "198.51.100.7");
  net_world_close(&w);
}

static void owner_has_its_addresses_and_everybody_has_loopback(void **state)
{
  static const struct {
    const char *addr;
    bool a, b;
  } rows[] = {
      {"192.0.2.1", true, false}, {"192.0.2.2", true, false}, {"192.0.2.3", false, true},  {"192.0.2.4", false, false},
      {"127.0.0.1", true, true},  {"127.9.8.7", true, true},  {"128.0.0.1", false, false}, {"126.0.0.1", false, false},
      {"::1", true, true},        {"::2", false, false},      {"1::1", false, false},
  };
  struct net_world w;
  struct msim_node *a, *b;
  size_t i;

  (void)state;
  net_world_open(&w, 0, false);
  a = net_world_node(&w, "a");
  b = net_world_node(&w, "b");
  assert_int_equal(msim_node_add_addr(a, "192.0.2.1"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(a, "192.0.2.2"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(b, "192.0.2.3"), MSIM_OK);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(msim__node_owns(a, intern(&w, rows[i].addr)), rows[i].a);
    assert_int_equal(msim__node_owns(b, intern(&w, rows[i].addr)), rows[i].b);
  }
  assert_false(msim__node_owns(a, 0));
  net_world_close(&w);
}

static void source_is_the_first_address_or_the_one_called_by(void **state)
{
  struct net_world w;
  struct msim_node *a;

  (void)state;
  net_world_open(&w, 0, false);
  a = net_world_node(&w, "a");
  assert_int_equal(msim_node_add_addr(a, "192.0.2.1"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(a, "192.0.2.2"), MSIM_OK);
  assert_int_equal(msim__ip_source_for(a, intern(&w, "198.51.100.1")), intern(&w, "192.0.2.1"));
  assert_int_equal(msim__ip_source_for(a, intern(&w, "192.0.2.2")), intern(&w, "192.0.2.2"));
  assert_int_equal(msim__ip_source_for(a, intern(&w, "127.0.0.1")), intern(&w, "127.0.0.1"));
  net_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(intern_gives_one_number_per_address),
      cmocka_unit_test(intern_of_many_keeps_the_numbers),
      cmocka_unit_test(intern_without_memory_gives_none_and_keeps_the_table),
      cmocka_unit_test(name_is_the_hosts_or_the_address),
      cmocka_unit_test(name_without_memory_is_a_question_mark),
      cmocka_unit_test(owner_has_its_addresses_and_everybody_has_loopback),
      cmocka_unit_test(source_is_the_first_address_or_the_one_called_by),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
