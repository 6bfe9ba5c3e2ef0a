/* Tests of agents/smtp_policy.c: places, aliases, customers, networks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agents/smtp_policy.h"
#include "proto/ascii.h"

struct world {
  struct msim__mem mem;
  struct msim__store store;
  struct msim__accounts accounts;
  struct msim__smtp_policy policy;
};

static const char *const to_bob[] = {"bob"}, *const to_all[] = {"bob", "ann@b.example", "x@else.example", "all"},
                         *const to_self[] = {"ann", "bob"}, *const to_ring[] = {"ring2@b.example"},
                         *const to_ring2[] = {"ring@b.example"}, *const to_none[] = {"ghost@b.example"};
#define ALIAS(key, list)                                                                                               \
  {                                                                                                                    \
    key,                                                                                                               \
    {                                                                                                                  \
      (void *)(uintptr_t)(list), sizeof(list) / sizeof((list)[0])                                                      \
    }                                                                                                                  \
  }
static const struct msim__smtp_alias_config aliases[] = {
    ALIAS("Info@b.example", to_bob),  ALIAS("all@b.example", to_all),     ALIAS("ann@b.example", to_self),
    ALIAS("ring@b.example", to_ring), ALIAS("ring2@b.example", to_ring2), ALIAS("@c.example", to_bob),
    ALIAS("none@b.example", to_none), ALIAS("bob@c.example", to_self)};

static void open_world(struct world *w)
{
  size_t i;

  memset(w, 0, sizeof *w);
  msim__mem_init(&w->mem, NULL);
  msim__store_init(&w->store, &w->mem);
  msim__accounts_init(&w->accounts, &w->mem, &w->store);
  msim__smtp_policy_init(&w->policy, &w->mem, &w->accounts);
  assert_int_equal(msim__smtp_policy_add_domain(&w->policy, "b.example"), 0);
  assert_int_equal(msim__accounts_add(&w->accounts, "b.example", "bob", NULL, NULL), 0);
  assert_int_equal(msim__accounts_add(&w->accounts, "b.example", "ann", NULL, NULL), 0);
  for (i = 0; i < sizeof aliases / sizeof aliases[0]; i++)
    assert_int_equal(msim__smtp_policy_add_alias(&w->policy, &aliases[i]), 0);
}

static void close_world(struct world *w)
{
  msim__smtp_policy_release(&w->policy);
  msim__accounts_release(&w->accounts);
  msim__store_release(&w->store);
  assert_int_equal(w->mem.held_bytes, 0);
}

static int note(void *ctx, const char *address, struct msim__account *account)
{
  char *out = ctx;

  (void)snprintf(out + strlen(out), 400 - strlen(out), "%s%s ", address, account != NULL ? "" : "!");
  return 0;
}

static void addresses_have_their_places(void **state)
{
  static const struct {
    const char *address;
    enum msim__smtp_place place;
    const char *reached; /* "!" behind those elsewhere */
  } rows[] = {
      {"bob@b.example", MSIM__SMTP_PLACE_LOCAL, "bob@b.example "},
      {"\"bob\"@B.EXAMPLE", MSIM__SMTP_PLACE_LOCAL, "\"bob\"@B.EXAMPLE "},
      {"info@b.example", MSIM__SMTP_PLACE_ALIAS, "bob@b.example "},
      {"all@b.example", MSIM__SMTP_PLACE_ALIAS, "bob@b.example ann@b.example bob@b.example x@else.example! "},
      {"ann@b.example", MSIM__SMTP_PLACE_ALIAS, "ann@b.example bob@b.example "},
      {"ring@b.example", MSIM__SMTP_PLACE_ALIAS, ""},
      {"none@b.example", MSIM__SMTP_PLACE_ALIAS, ""},
      {"ghost@b.example", MSIM__SMTP_PLACE_NO_USER, ""},
      {"ghost@c.example", MSIM__SMTP_PLACE_ALIAS,
       "ann@b.example bob@c.example "}, /* bob there stands for two of this host */
      {"Postmaster@c.example", MSIM__SMTP_PLACE_LOCAL, "Postmaster@c.example "},
      {"x@else.example", MSIM__SMTP_PLACE_FOREIGN, "x@else.example! "},
      {"bob@[10.0.0.1]", MSIM__SMTP_PLACE_FOREIGN, "bob@[10.0.0.1]! "},
  };
  struct msim__account *account;
  struct msim__address address;
  struct world w;
  char reached[400];
  size_t i;

  (void)state;
  open_world(&w);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(msim__address_parse(&address, msim__slice_text(rows[i].address), false, NULL), 0);
    if (msim__smtp_policy_place(&w.policy, &address, &account) != rows[i].place)
      fail_msg("%s is elsewhere", rows[i].address);
    assert_int_equal(account != NULL, rows[i].place == MSIM__SMTP_PLACE_LOCAL);
    reached[0] = '\0';
    (void)msim__smtp_policy_expand(&w.policy, rows[i].address, note, reached);
    if (strcmp(reached, rows[i].reached) != 0)
      fail_msg("%s reaches %s", rows[i].address, reached);
  }
  close_world(&w);
}

static void owners_and_customers_are_known(void **state)
{
  static const char *const from[] = {"@x.example", "carl@y.example"};
  struct msim_cidr networks[] = {{{MSIM_FAMILY_IPV4, {192, 0, 2, 0}}, 24}};
  struct msim_addr inside = msim_addr_ipv4(0xc0000209), outside = msim_addr_ipv4(0xc0000309);
  struct msim__account *bob;
  struct world w;

  (void)state;
  open_world(&w);
  bob = msim__accounts_find_login(&w.accounts, msim__slice_text("bob"));
  assert_true(msim__smtp_policy_owns(&w.policy, bob, "bob@b.example"));
  assert_true(msim__smtp_policy_owns(&w.policy, bob, "info@b.example"));
  assert_true(msim__smtp_policy_owns(&w.policy, bob, "ann@b.example"));
  assert_false(msim__smtp_policy_owns(&w.policy, bob, "ring@b.example"));
  assert_false(msim__smtp_policy_owns(&w.policy, bob, "bob@else.example"));
  assert_true(msim__smtp_policy_is_own_domain(&w.policy, "x@C.example"));
  assert_false(msim__smtp_policy_is_own_domain(&w.policy, "x@else.example"));
  assert_false(msim__smtp_policy_is_own_domain(&w.policy, ""));
  w.policy.relay_from = (struct msim_list){(void *)(uintptr_t)from, 2};
  w.policy.relay_clients = (struct msim_list){networks, 1};
  assert_true(msim__smtp_policy_may_relay(&w.policy, "any@X.example", &outside));
  assert_true(msim__smtp_policy_may_relay(&w.policy, "carl@y.example", &outside));
  assert_false(msim__smtp_policy_may_relay(&w.policy, "other@y.example", &outside));
  assert_false(msim__smtp_policy_may_relay(&w.policy, "", &outside));
  assert_true(msim__smtp_policy_may_relay(&w.policy, "", &inside));
  close_world(&w);
}

static void networks_are_compared_bit_by_bit(void **state)
{
  static const struct {
    const char *network;
    uint8_t bits;
    const char *addr;
    bool in;
  } rows[] = {{"10.0.0.0", 8, "10.255.0.1", true},
              {"10.0.0.0", 8, "11.0.0.1", false},
              {"10.1.2.128", 25, "10.1.2.129", true},
              {"10.1.2.128", 25, "10.1.2.127", false},
              {"0.0.0.0", 0, "255.1.1.1", true},
              {"10.1.2.3", 32, "10.1.2.3", true},
              {"10.1.2.3", 32, "10.1.2.2", false},
              {"2001:db8::", 33, "2001:db8:7fff::1", true},
              {"2001:db8::", 33, "2001:db8:8000::1", false},
              {"::", 0, "10.0.0.1", false}};
  struct msim_cidr network;
  struct msim_addr addr;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    memset(&network, 0, sizeof network);
    assert_int_equal(msim_addr_parse(&network.addr, rows[i].network, strlen(rows[i].network)), 0);
    network.prefix_bits = rows[i].bits;
    assert_int_equal(msim_addr_parse(&addr, rows[i].addr, strlen(rows[i].addr)), 0);
    assert_int_equal(msim__smtp_in_network(&network, &addr), rows[i].in);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(addresses_have_their_places),
      cmocka_unit_test(owners_and_customers_are_known),
      cmocka_unit_test(networks_are_compared_bit_by_bit),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
