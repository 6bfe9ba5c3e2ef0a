/* test_dhcp_acquire.c: the states of a DHCP client against a hand that plays server, network and clock. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "agents/dhcp_acquire.h"

#include <string.h>

#define HOME 0xc0a80100u /* 192.168.1.0 */

struct hand {
  struct msim__rng rng;
  struct msim__dhcp_acquire_opts opts;
  struct msim__dhcp_acquire client;
  struct msim__dhcp_act act;
  msim_ns now_ns;
};

static void open_hand(struct hand *h)
{
  memset(h, 0, sizeof *h);
  msim__rng_init(&h->rng, 1, "dhcp", NULL);
  h->opts.host_name = "pc";
  memcpy(h->opts.mac, "\x02\x00\x00\x00\x00\x07", 6);
  h->opts.broadcast = true;
  h->opts.tries_max = 4;
  h->opts.retry_ns = MSIM_SEC(300);
}

static void begin(struct hand *h, const struct msim__dhcp_held *held)
{
  msim__dhcp_acquire_start(&h->client, &h->opts, &h->rng, held, h->now_ns);
}

/* Lets time pass until the client wants to be woken, and wakes it. */
static unsigned wake(struct hand *h)
{
  assert_true(h->client.wake_ns != MSIM_NEVER);
  assert_true(h->client.wake_ns >= h->now_ns);
  h->now_ns = h->client.wake_ns;
  msim__dhcp_acquire_wake(&h->client, h->now_ns, &h->act);
  return h->act.what;
}

static struct msim__dhcp_message reply(const struct hand *h, enum msim__dhcp_type type, uint32_t last, uint32_t lease_s)
{
  struct msim__dhcp_message m;

  memset(&m, 0, sizeof m);
  m.op = MSIM__DHCP_TO_CLIENT;
  m.type = (uint8_t)type;
  m.xid = h->act.message.xid;
  memcpy(m.mac, h->opts.mac, 6);
  m.server = msim_addr_ipv4(HOME + 1);
  if (type == MSIM__DHCP_NAK)
    return m;
  m.your = msim_addr_ipv4(HOME + last);
  m.has_lease = true;
  m.lease_s = lease_s;
  return m;
}

static unsigned hear(struct hand *h, const struct msim__dhcp_message *m)
{
  msim__dhcp_acquire_receive(&h->client, m, h->now_ns, &h->act);
  return h->act.what;
}

static unsigned answer(struct hand *h, enum msim__dhcp_type type, uint32_t last, uint32_t lease_s)
{
  struct msim__dhcp_message m = reply(h, type, last, lease_s);

  return hear(h, &m);
}

/* Up to the lease of .100. */
static void get_bound(struct hand *h, uint32_t lease_s)
{
  begin(h, NULL);
  assert_int_equal(wake(h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(answer(h, MSIM__DHCP_OFFER, 100, lease_s), MSIM__DHCP_ACT_SEND);
  assert_int_equal(answer(h, MSIM__DHCP_ACK, 100, lease_s), MSIM__DHCP_ACT_CONFIGURE);
  assert_int_equal(h->client.state, MSIM__DHCP_STATE_BOUND);
}

static void four_messages_give_an_address(void **state)
{
  struct msim__dhcp_message first;
  struct hand h;

  (void)state;
  open_hand(&h);
  begin(&h, NULL);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  first = h.act.message;
  assert_int_equal(first.type, MSIM__DHCP_DISCOVER);
  assert_int_equal(h.act.to, UINT32_MAX);
  assert_true(first.broadcast);
  assert_string_equal(first.host_name, "pc");
  assert_false(h.client.in_background);
  assert_int_equal(answer(&h, MSIM__DHCP_OFFER, 100, 3600), MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.message.type, MSIM__DHCP_REQUEST);
  assert_int_equal(h.act.to, UINT32_MAX);
  assert_int_equal(h.act.message.xid, first.xid);
  assert_int_equal(msim_addr_ipv4_value(&h.act.message.requested), HOME + 100);
  assert_int_equal(msim_addr_ipv4_value(&h.act.message.server), HOME + 1);
  assert_int_equal(h.act.message.client.family, MSIM_FAMILY_NONE);
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100, 3600), MSIM__DHCP_ACT_CONFIGURE);
  assert_true(h.client.has_address);
  assert_true(h.client.in_background);
  assert_int_equal(h.client.held.ends_ns, MSIM_SEC(3600));
  assert_in_range(h.client.held.t1_ns, MSIM_SEC(1740), MSIM_SEC(1800));
  assert_in_range(h.client.held.t2_ns, MSIM_SEC(3090), MSIM_SEC(3150));
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100, 3600), 0); /* once more */
}

/* RFC 2131 4.1: 4, 8, 16, 32 seconds, each by one more or less, and not for ever. */
static void silence_is_asked_again_ever_later_and_given_up(void **state)
{
  static const unsigned waits_s[] = {4, 8, 16, 32};
  struct hand h;
  unsigned i;

  (void)state;
  open_hand(&h);
  begin(&h, NULL);
  for (i = 0; i < 4; i++) {
    msim_ns before_ns;

    assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
    assert_int_equal(h.act.message.type, MSIM__DHCP_DISCOVER);
    assert_int_equal(h.act.message.secs, h.now_ns / MSIM_SEC(1));
    before_ns = h.now_ns;
    assert_in_range(h.client.wake_ns - before_ns, MSIM_SEC(waits_s[i] - 1), MSIM_SEC(waits_s[i] + 1));
  }
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_FAILED);
  assert_string_equal(h.act.reason, "no-offer");
  assert_true(h.client.in_background);
  assert_int_equal(h.client.wake_ns, h.now_ns + MSIM_SEC(300));
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND); /* and tried anew, when nobody waits for it any more */
  assert_true(h.client.in_background);
  assert_int_equal(answer(&h, MSIM__DHCP_OFFER, 100, 60), MSIM__DHCP_ACT_SEND);
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100, 60), MSIM__DHCP_ACT_CONFIGURE);
  h.opts.retry_ns = 0;
  begin(&h, NULL);
  for (i = 0; i < 5; i++)
    (void)wake(&h);
  assert_int_equal(h.act.what, MSIM__DHCP_ACT_FAILED);
  assert_int_equal(h.client.wake_ns, MSIM_NEVER);
}

static void lost_acknowledgement_is_asked_for_again(void **state)
{
  struct hand h;
  unsigned i;

  (void)state;
  open_hand(&h);
  begin(&h, NULL);
  (void)wake(&h);
  (void)answer(&h, MSIM__DHCP_OFFER, 100, 3600);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.message.type, MSIM__DHCP_REQUEST);
  assert_int_equal(h.act.message.secs, 0); /* as in the discovery */
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100, 3600), MSIM__DHCP_ACT_CONFIGURE);
  assert_int_equal(h.client.held.ends_ns, MSIM_SEC(3600)); /* from the first request on: never later than the server */
  begin(&h, NULL);
  (void)wake(&h);
  (void)answer(&h, MSIM__DHCP_OFFER, 100, 3600);
  for (i = 0; i < 3; i++)
    assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_FAILED);
  assert_string_equal(h.act.reason, "no-answer");
}

static void lease_is_renewed_then_rebound_then_over(void **state)
{
  msim_ns t1_ns, t2_ns;
  unsigned renewals = 0, rebindings = 0;
  struct hand h;

  (void)state;
  open_hand(&h);
  get_bound(&h, 86400);
  t1_ns = h.client.held.t1_ns;
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.now_ns, t1_ns);
  assert_int_equal(h.act.to, HOME + 1);
  assert_int_equal(h.act.message.server.family, MSIM_FAMILY_NONE);
  assert_int_equal(h.act.message.requested.family, MSIM_FAMILY_NONE);
  assert_int_equal(msim_addr_ipv4_value(&h.act.message.client), HOME + 100);
  h.now_ns += MSIM_MSEC(5);
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100, 86400), MSIM__DHCP_ACT_EXTENDED);
  assert_int_equal(h.client.held.ends_ns, t1_ns + MSIM_SEC(86400));
  t1_ns = h.client.held.t1_ns;
  t2_ns = h.client.held.t2_ns;
  while (wake(&h) == MSIM__DHCP_ACT_SEND) {
    if (h.act.to == UINT32_MAX) {
      assert_true(h.now_ns >= t2_ns);
      rebindings++;
    } else {
      assert_true(h.now_ns >= t1_ns && h.now_ns < t2_ns);
      renewals++;
    }
    assert_true(h.client.in_background);
  }
  assert_in_range(renewals, 5, 12); /* half of what is left each time, down to a minute */
  assert_in_range(rebindings, 5, 12);
  assert_int_equal(h.act.what, MSIM__DHCP_ACT_EXPIRED | MSIM__DHCP_ACT_CLEAR);
  assert_int_equal(h.now_ns, h.client.held.ends_ns);
  assert_false(h.client.has_address);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.message.type, MSIM__DHCP_DISCOVER);
  assert_int_equal(msim_addr_ipv4_value(&h.act.message.requested), HOME + 100); /* it would like it again */
}

static void second_server_rebinds(void **state)
{
  struct msim__dhcp_message m;
  struct hand h;

  (void)state;
  open_hand(&h);
  get_bound(&h, 600);
  do
    (void)wake(&h);
  while (h.act.to != UINT32_MAX);
  assert_int_equal(h.client.state, MSIM__DHCP_STATE_REBINDING);
  m = reply(&h, MSIM__DHCP_ACK, 100, 600);
  m.server = msim_addr_ipv4(HOME + 2);
  assert_int_equal(hear(&h, &m), MSIM__DHCP_ACT_EXTENDED);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.to, HOME + 2);
}

static void refusal_takes_the_address_at_once(void **state)
{
  struct hand h;

  (void)state;
  open_hand(&h);
  get_bound(&h, 600);
  (void)wake(&h);
  assert_int_equal(answer(&h, MSIM__DHCP_NAK, 0, 0), MSIM__DHCP_ACT_REFUSED | MSIM__DHCP_ACT_CLEAR);
  assert_int_equal(h.client.wake_ns, h.now_ns);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.message.type, MSIM__DHCP_DISCOVER);
  assert_int_equal(h.act.message.requested.family, MSIM_FAMILY_NONE);
}

/* A server that offers and refuses does not make an endless loop in one instant. */
static void server_that_always_refuses_is_given_up(void **state)
{
  struct hand h;
  unsigned rounds = 0;

  (void)state;
  open_hand(&h);
  begin(&h, NULL);
  do {
    assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
    assert_int_equal(answer(&h, MSIM__DHCP_OFFER, 100, 60), MSIM__DHCP_ACT_SEND);
    rounds++;
  } while (answer(&h, MSIM__DHCP_NAK, 0, 0) == MSIM__DHCP_ACT_REFUSED);
  assert_int_equal(h.act.what, MSIM__DHCP_ACT_REFUSED | MSIM__DHCP_ACT_FAILED);
  assert_string_equal(h.act.reason, "refused");
  assert_int_equal(rounds, 4);
  assert_true(h.now_ns > MSIM_SEC(10));
}

static void taken_address_is_declined_and_another_asked_for(void **state)
{
  struct hand h;
  unsigned i;

  (void)state;
  open_hand(&h);
  h.opts.checks = true;
  begin(&h, NULL);
  for (i = 0; i < 4; i++) {
    assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
    assert_int_equal(h.act.message.type, MSIM__DHCP_DISCOVER);
    (void)answer(&h, MSIM__DHCP_OFFER, 100 + i, 600);
    assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100 + i, 600), MSIM__DHCP_ACT_CHECK);
    assert_false(h.client.has_address);
    h.now_ns += MSIM_SEC(1);
    msim__dhcp_acquire_checked(&h.client, true, h.now_ns, &h.act);
    assert_int_equal(h.act.message.type, MSIM__DHCP_DECLINE);
    assert_int_equal(msim_addr_ipv4_value(&h.act.message.requested), HOME + 100 + i);
    assert_int_equal(msim_addr_ipv4_value(&h.act.message.server), HOME + 1);
    assert_int_equal(h.act.message.ask_count, 0);
    if (i < 3) {
      assert_int_equal(h.act.what, MSIM__DHCP_ACT_SEND | MSIM__DHCP_ACT_DECLINED);
      assert_int_equal(h.client.wake_ns, h.now_ns + MSIM_SEC(10)); /* RFC 2131 3.1, 5 */
    }
  }
  assert_int_equal(h.act.what, MSIM__DHCP_ACT_SEND | MSIM__DHCP_ACT_DECLINED | MSIM__DHCP_ACT_FAILED);
  assert_string_equal(h.act.reason, "conflict");
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  (void)answer(&h, MSIM__DHCP_OFFER, 109, 600);
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 109, 600), MSIM__DHCP_ACT_CHECK);
  msim__dhcp_acquire_checked(&h.client, false, h.now_ns, &h.act);
  assert_int_equal(h.act.what, MSIM__DHCP_ACT_CONFIGURE);
  msim__dhcp_acquire_conflict(&h.client, h.now_ns, &h.act); /* it comes to light later */
  assert_int_equal(h.act.what, MSIM__DHCP_ACT_SEND | MSIM__DHCP_ACT_DECLINED | MSIM__DHCP_ACT_CLEAR);
}

static void remembered_address_is_asked_for_by_name(void **state)
{
  struct msim__dhcp_held held;
  struct hand h;

  (void)state;
  open_hand(&h);
  get_bound(&h, 3600);
  held = h.client.held;
  h.now_ns = MSIM_SEC(100);
  begin(&h, &held);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.message.type, MSIM__DHCP_REQUEST);
  assert_int_equal(msim_addr_ipv4_value(&h.act.message.requested), HOME + 100);
  assert_int_equal(h.act.message.server.family, MSIM_FAMILY_NONE); /* RFC 2131 4.3.2: MUST NOT */
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100, 3600), MSIM__DHCP_ACT_CONFIGURE);
  assert_int_equal(h.client.held.ends_ns, MSIM_SEC(3700));
  begin(&h, &held); /* on another network */
  (void)wake(&h);
  assert_int_equal(answer(&h, MSIM__DHCP_NAK, 0, 0), MSIM__DHCP_ACT_REFUSED);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.message.type, MSIM__DHCP_DISCOVER);
  begin(&h, &held); /* nobody is there: it has to do for the rest of its time */
  (void)wake(&h);
  (void)wake(&h);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_CONFIGURE);
  assert_int_equal(h.client.held.ends_ns, MSIM_SEC(3600));
  h.now_ns = MSIM_SEC(3600); /* it is over */
  begin(&h, &held);
  (void)wake(&h);
  assert_int_equal(h.act.message.type, MSIM__DHCP_DISCOVER);
  assert_int_equal(msim_addr_ipv4_value(&h.act.message.requested), HOME + 100);
}

static void plug_put_back_is_a_reason_to_ask(void **state)
{
  struct hand h;

  (void)state;
  open_hand(&h);
  get_bound(&h, 3600);
  h.now_ns = MSIM_SEC(3597);
  msim__dhcp_acquire_replugged(&h.client, h.now_ns, &h.act);
  assert_int_equal(h.act.what, MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.message.type, MSIM__DHCP_REQUEST);
  assert_true(h.client.has_address); /* it goes on while it waits, but not past the end of the lease */
  while (wake(&h) == MSIM__DHCP_ACT_SEND)
    ;
  assert_int_equal(h.act.what, MSIM__DHCP_ACT_EXPIRED | MSIM__DHCP_ACT_CLEAR);
  assert_int_equal(h.now_ns, MSIM_SEC(3600));
}

static void address_is_given_back(void **state)
{
  struct hand h;

  (void)state;
  open_hand(&h);
  get_bound(&h, 3600);
  msim__dhcp_acquire_give_back(&h.client, h.now_ns, &h.act);
  assert_int_equal(h.act.what, MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.to, HOME + 1);
  assert_int_equal(h.act.message.type, MSIM__DHCP_RELEASE);
  assert_int_equal(msim_addr_ipv4_value(&h.act.message.client), HOME + 100);
  assert_true(h.client.has_address); /* until the message is on its way */
  assert_false(h.client.in_background);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_RELEASED | MSIM__DHCP_ACT_CLEAR);
  assert_int_equal(h.now_ns, MSIM_MSEC(200));
  assert_int_equal(h.client.wake_ns, MSIM_NEVER);
  msim__dhcp_acquire_replugged(&h.client, h.now_ns, &h.act); /* it stays without */
  assert_int_equal(h.act.what, 0);
  msim__dhcp_acquire_give_back(&h.client, h.now_ns, &h.act);
  assert_int_equal(h.act.what, 0);
  msim__dhcp_acquire_renew(&h.client, h.now_ns, &h.act); /* and taken again */
  assert_int_equal(h.act.message.type, MSIM__DHCP_DISCOVER);
}

static void host_with_an_address_asks_for_the_rest(void **state)
{
  struct msim__dhcp_message m;
  struct hand h;

  (void)state;
  open_hand(&h);
  h.opts.inform = HOME + 9;
  begin(&h, NULL);
  assert_int_equal(wake(&h), MSIM__DHCP_ACT_SEND);
  assert_int_equal(h.act.message.type, MSIM__DHCP_INFORM);
  assert_int_equal(msim_addr_ipv4_value(&h.act.message.client), HOME + 9);
  m = reply(&h, MSIM__DHCP_ACK, 9, 0);
  m.your.family = MSIM_FAMILY_NONE;
  m.has_lease = false;
  assert_int_equal(hear(&h, &m), MSIM__DHCP_ACT_INFORMED);
  assert_int_equal(h.client.wake_ns, MSIM_NEVER);
}

static void what_was_not_asked_for_is_passed_over(void **state)
{
  struct msim__dhcp_message m;
  struct hand h;

  (void)state;
  open_hand(&h);
  begin(&h, NULL);
  (void)wake(&h);
  m = reply(&h, MSIM__DHCP_OFFER, 100, 60);
  m.xid++;
  assert_int_equal(hear(&h, &m), 0);
  m = reply(&h, MSIM__DHCP_OFFER, 100, 60);
  m.mac[5]++;
  assert_int_equal(hear(&h, &m), 0);
  m = reply(&h, MSIM__DHCP_OFFER, 100, 60);
  m.op = MSIM__DHCP_TO_SERVER;
  assert_int_equal(hear(&h, &m), 0);
  m = reply(&h, MSIM__DHCP_OFFER, 100, 60);
  m.server.family = MSIM_FAMILY_NONE;
  assert_int_equal(hear(&h, &m), 0);
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100, 60), 0); /* nothing was requested */
  assert_int_equal(answer(&h, MSIM__DHCP_NAK, 0, 0), 0);
  assert_int_equal(answer(&h, MSIM__DHCP_OFFER, 100, 60), MSIM__DHCP_ACT_SEND);
  assert_int_equal(answer(&h, MSIM__DHCP_OFFER, 101, 60), 0); /* the second offer comes too late */
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 101, 60), 0);
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100, 0), 0);
  m = reply(&h, MSIM__DHCP_NAK, 0, 0);
  m.server = msim_addr_ipv4(HOME + 2);
  assert_int_equal(hear(&h, &m), 0); /* another server's refusal */
  assert_int_equal(answer(&h, MSIM__DHCP_ACK, 100, UINT32_MAX), MSIM__DHCP_ACT_CONFIGURE);
  assert_int_equal(h.client.wake_ns, MSIM_NEVER);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(four_messages_give_an_address),
      cmocka_unit_test(silence_is_asked_again_ever_later_and_given_up),
      cmocka_unit_test(lost_acknowledgement_is_asked_for_again),
      cmocka_unit_test(lease_is_renewed_then_rebound_then_over),
      cmocka_unit_test(second_server_rebinds),
      cmocka_unit_test(refusal_takes_the_address_at_once),
      cmocka_unit_test(server_that_always_refuses_is_given_up),
      cmocka_unit_test(taken_address_is_declined_and_another_asked_for),
      cmocka_unit_test(remembered_address_is_asked_for_by_name),
      cmocka_unit_test(plug_put_back_is_a_reason_to_ask),
      cmocka_unit_test(address_is_given_back),
      cmocka_unit_test(host_with_an_address_asks_for_the_rest),
      cmocka_unit_test(what_was_not_asked_for_is_passed_over),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
