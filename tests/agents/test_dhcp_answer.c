/* test_dhcp_answer.c: what a DHCP server says to each message in each state of its leases (RFC 2131 4.3). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "agents/dhcp_answer.h"
#include "support/fail_mem.h"

#include <string.h>

#define BASE 0xc0a80100u /* 192.168.1.0 */

struct stage {
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__dhcp_leases leases;
  struct msim__dhcp_site site;
  struct msim__dhcp_answer answer;
};

static struct msim_addr at(uint32_t last)
{
  return msim_addr_ipv4(BASE + last);
}

static void open_stage(struct stage *s)
{
  memset(s, 0, sizeof *s);
  fail_mem_init(&s->fail, 0);
  msim__mem_init(&s->mem, &s->fail.hook);
  msim__dhcp_leases_init(&s->leases, &s->mem, BASE + 100, BASE + 102);
  s->site.own = BASE + 1;
  s->site.prefix = BASE;
  s->site.prefix_bits = 24;
  s->site.routers.count = s->site.dns.count = 1;
  s->site.routers.items[0] = at(1);
  s->site.dns.items[0] = msim_addr_ipv4(0xc0000235u);
  s->site.domain = "home.example";
  s->site.mtu_bytes = 1400;
  s->site.lease_s = 3600;
  s->site.lease_max_s = 7200;
  s->site.offer_hold_ns = MSIM_SEC(60);
  s->site.decline_hold_ns = MSIM_SEC(600);
}

static void close_stage(struct stage *s)
{
  msim__dhcp_leases_release(&s->leases);
  assert_true(fail_mem_clean(&s->fail));
}

static struct msim__dhcp_message message(enum msim__dhcp_type type, uint8_t client)
{
  struct msim__dhcp_message m;

  memset(&m, 0, sizeof m);
  m.op = MSIM__DHCP_TO_SERVER;
  m.type = (uint8_t)type;
  m.xid = 0x1000u + client;
  m.broadcast = true;
  m.mac[0] = 2;
  m.mac[5] = client;
  return m;
}

static enum msim__dhcp_what ask(struct stage *s, const struct msim__dhcp_message *m, unsigned now_s)
{
  assert_int_equal(msim__dhcp_answer(&s->site, &s->leases, m, 0, MSIM_SEC(now_s), &s->answer), MSIM_OK);
  if (s->answer.way != MSIM__DHCP_NOWHERE) {
    assert_int_equal(s->answer.reply.xid, m->xid);
    assert_memory_equal(s->answer.reply.mac, m->mac, 6);
    assert_int_equal(s->answer.reply.op, MSIM__DHCP_TO_CLIENT);
    assert_true(msim_addr_equal(&s->answer.reply.server, &(struct msim_addr){MSIM_FAMILY_IPV4, {192, 168, 1, 1}}));
  }
  return s->answer.what;
}

static enum msim__dhcp_what discover(struct stage *s, uint8_t client, unsigned now_s)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_DISCOVER, client);

  return ask(s, &m, now_s);
}

static enum msim__dhcp_what select_offer(struct stage *s, uint8_t client, uint32_t last, unsigned now_s)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_REQUEST, client);

  m.requested = at(last);
  m.server = at(1);
  return ask(s, &m, now_s);
}

static enum msim__dhcp_what remind(struct stage *s, uint8_t client, uint32_t last, unsigned now_s)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_REQUEST, client);

  m.requested = at(last);
  return ask(s, &m, now_s);
}

static enum msim__dhcp_what extend(struct stage *s, uint8_t client, uint32_t last, unsigned now_s)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_REQUEST, client);

  m.client = at(last);
  m.broadcast = false;
  return ask(s, &m, now_s);
}

static uint32_t your(const struct stage *s)
{
  return s->answer.reply.your.family == MSIM_FAMILY_NONE ? 0 : msim_addr_ipv4_value(&s->answer.reply.your) - BASE;
}

static void client_gets_address_and_all_that_belongs_to_it(void **state)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_DISCOVER, 7);
  struct stage s;

  (void)state;
  open_stage(&s);
  m.client_id_bytes = 3;
  memcpy(m.client_id, "\xff\x01\x02", 3);
  assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_OFFERED);
  assert_int_equal(s.answer.way, MSIM__DHCP_TO_ALL);
  assert_int_equal(s.answer.reply.type, MSIM__DHCP_OFFER);
  assert_int_equal(your(&s), 100);
  assert_int_equal(s.leases.offered_count, 1);
  m.type = MSIM__DHCP_REQUEST;
  m.requested = at(100);
  m.server = at(1);
  assert_int_equal(ask(&s, &m, 1), MSIM__DHCP_LEASED);
  assert_int_equal(s.answer.reply.type, MSIM__DHCP_ACK);
  assert_int_equal(your(&s), 100);
  assert_int_equal(s.answer.reply.lease_s, 3600);
  assert_int_equal(s.answer.reply.mask_bits, 24);
  assert_int_equal(s.answer.reply.mtu_bytes, 1400);
  assert_int_equal(s.answer.reply.routers.count, 1);
  assert_int_equal(s.answer.reply.dns.count, 1);
  assert_string_equal(s.answer.reply.domain, "home.example");
  assert_int_equal(s.answer.reply.client_id_bytes, 3); /* RFC 6842 */
  assert_false(s.answer.reply.has_t1);
  assert_int_equal(s.answer.lease->ends_ns, MSIM_SEC(3601));
  assert_int_equal(s.leases.active_count, 1);
  assert_int_equal(s.leases.offered_count, 0);
  close_stage(&s);
}

static void only_what_is_asked_for_is_told(void **state)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_DISCOVER, 7);
  struct stage s;

  (void)state;
  open_stage(&s);
  m.ask_count = 1;
  m.asks[0] = MSIM__DHCP_OPT_DNS;
  m.broadcast = false;
  assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_OFFERED);
  assert_int_equal(s.answer.way, MSIM__DHCP_TO_FUTURE);
  assert_int_equal(s.answer.to, BASE + 100);
  assert_int_equal(s.answer.reply.dns.count, 1);
  assert_int_equal(s.answer.reply.routers.count, 0);
  assert_false(s.answer.reply.has_mtu);
  assert_true(s.answer.reply.has_mask && s.answer.reply.has_lease);
  close_stage(&s);
}

static void lease_is_as_long_as_asked_for_within_bounds(void **state)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_DISCOVER, 7);
  struct stage s;

  (void)state;
  open_stage(&s);
  s.site.t1_s = 60;
  s.site.t2_s = 600;
  m.has_lease = true;
  m.lease_s = 300;
  (void)ask(&s, &m, 0);
  assert_int_equal(s.answer.reply.lease_s, 300);
  assert_true(s.answer.reply.has_t1 && s.answer.reply.t1_s == 60);
  assert_false(s.answer.reply.has_t2); /* past the end of the lease */
  m.lease_s = UINT32_MAX;
  (void)ask(&s, &m, 0);
  assert_int_equal(s.answer.reply.lease_s, 7200);
  s.site.lease_max_s = UINT32_MAX;
  m.type = MSIM__DHCP_REQUEST;
  m.requested = at(100);
  m.server = at(1);
  assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_LEASED);
  assert_int_equal(s.answer.reply.lease_s, UINT32_MAX);
  assert_int_equal(s.answer.lease->ends_ns, MSIM_NEVER);
  close_stage(&s);
}

static void other_servers_offer_taken_frees_ours(void **state)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_REQUEST, 7);
  struct stage s;

  (void)state;
  open_stage(&s);
  assert_int_equal(discover(&s, 7, 0), MSIM__DHCP_OFFERED);
  m.requested = at(200);
  m.server = at(2);
  assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_WITHDRAWN);
  assert_int_equal(s.answer.way, MSIM__DHCP_NOWHERE);
  assert_int_equal(s.leases.offered_count, 0);
  close_stage(&s);
}

static void range_is_used_up_and_comes_free(void **state)
{
  struct stage s;
  uint8_t i;

  (void)state;
  open_stage(&s);
  for (i = 0; i < 3; i++) {
    assert_int_equal(discover(&s, i, 0), MSIM__DHCP_OFFERED);
    assert_int_equal(your(&s), 100 + i);
    assert_int_equal(select_offer(&s, i, 100 + i, 0), MSIM__DHCP_LEASED);
  }
  assert_int_equal(discover(&s, 9, 1), MSIM__DHCP_EXHAUSTED);
  assert_int_equal(s.answer.way, MSIM__DHCP_NOWHERE);
  assert_int_equal(select_offer(&s, 9, 101, 1), MSIM__DHCP_REFUSED);
  assert_int_equal(discover(&s, 1, 1), MSIM__DHCP_OFFERED); /* who has one is offered that, and keeps it meanwhile */
  assert_int_equal(your(&s), 101);
  assert_int_equal(s.leases.active_count, 3);
  {
    struct msim__dhcp_message m = message(MSIM__DHCP_RELEASE, 1);

    m.client = at(102); /* not its own */
    assert_int_equal(ask(&s, &m, 2), MSIM__DHCP_IGNORED);
    m.client = at(101);
    m.server = at(1);
    assert_int_equal(ask(&s, &m, 2), MSIM__DHCP_RELEASED);
    assert_int_equal(ask(&s, &m, 2), MSIM__DHCP_IGNORED);
  }
  assert_int_equal(discover(&s, 9, 3), MSIM__DHCP_OFFERED);
  assert_int_equal(your(&s), 101);
  close_stage(&s);
}

static void late_request_gets_its_offer_unless_it_is_gone(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  (void)discover(&s, 1, 0);
  msim__dhcp_leases_free(&s.leases, msim__dhcp_leases_ended(&s.leases, MSIM_SEC(60)));
  assert_int_equal(select_offer(&s, 1, 100, 61), MSIM__DHCP_LEASED);
  (void)discover(&s, 2, 62);
  assert_int_equal(select_offer(&s, 2, 100, 62), MSIM__DHCP_REFUSED); /* not what it was offered */
  assert_int_equal(s.answer.reply.type, MSIM__DHCP_NAK);
  assert_int_equal(s.answer.way, MSIM__DHCP_TO_ALL);
  assert_int_equal(your(&s), 0);
  assert_false(s.answer.reply.has_lease);
  assert_int_equal(select_offer(&s, 2, 101, 62), MSIM__DHCP_LEASED);
  close_stage(&s);
}

/* RFC 2131 4.3.2, INIT-REBOOT */
static void reminder_is_confirmed_refused_or_left_to_others(void **state)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_REQUEST, 1);
  struct stage s;

  (void)state;
  open_stage(&s);
  assert_int_equal(remind(&s, 1, 101, 0), MSIM__DHCP_IGNORED); /* it is not known: another server may know */
  (void)discover(&s, 1, 0);
  assert_int_equal(select_offer(&s, 1, 100, 0), MSIM__DHCP_LEASED);
  assert_int_equal(remind(&s, 1, 100, 5), MSIM__DHCP_EXTENDED);
  assert_int_equal(s.answer.lease->ends_ns, MSIM_SEC(3605));
  assert_int_equal(remind(&s, 1, 101, 5), MSIM__DHCP_REFUSED);
  m.requested = msim_addr_ipv4(0x0a000005u); /* it has moved here from another network */
  assert_int_equal(ask(&s, &m, 5), MSIM__DHCP_REFUSED);
  m.mac[5] = 77;
  assert_int_equal(ask(&s, &m, 5), MSIM__DHCP_REFUSED);
  close_stage(&s);
}

static void authoritative_server_takes_over_what_it_does_not_know(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  s.site.authoritative = true;
  assert_int_equal(extend(&s, 1, 101, 0), MSIM__DHCP_LEASED);
  assert_int_equal(s.answer.way, MSIM__DHCP_TO_HOLDER);
  assert_int_equal(s.answer.to, BASE + 101);
  assert_int_equal(extend(&s, 2, 101, 0), MSIM__DHCP_REFUSED); /* somebody else's by now */
  assert_int_equal(extend(&s, 2, 50, 0), MSIM__DHCP_REFUSED);  /* not in its range */
  s.site.no_offers = true;
  assert_int_equal(discover(&s, 3, 0), MSIM__DHCP_IGNORED);
  assert_int_equal(extend(&s, 3, 102, 0), MSIM__DHCP_LEASED);
  close_stage(&s);
}

static void extension_counts_from_its_time(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  (void)discover(&s, 1, 0);
  (void)select_offer(&s, 1, 100, 0);
  assert_int_equal(extend(&s, 1, 100, 1800), MSIM__DHCP_EXTENDED);
  assert_int_equal(s.answer.lease->ends_ns, MSIM_SEC(5400));
  assert_int_equal(s.answer.way, MSIM__DHCP_TO_HOLDER);
  assert_true(msim_addr_equal(&s.answer.reply.client, &s.answer.reply.your));
  assert_int_equal(extend(&s, 2, 100, 1800), MSIM__DHCP_IGNORED);
  close_stage(&s);
}

static void patient_server_answers_who_has_waited(void **state)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_DISCOVER, 1);
  struct stage s;

  (void)state;
  open_stage(&s);
  s.site.answer_after_s = 4;
  s.site.authoritative = true;
  assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_IGNORED);
  assert_int_equal(remind(&s, 1, 100, 0), MSIM__DHCP_IGNORED);
  m.secs = 4;
  assert_int_equal(ask(&s, &m, 4), MSIM__DHCP_OFFERED);
  assert_int_equal(select_offer(&s, 1, 100, 4), MSIM__DHCP_LEASED);
  assert_int_equal(extend(&s, 1, 100, 9), MSIM__DHCP_EXTENDED); /* its own clients need not wait */
  close_stage(&s);
}

static void declined_address_goes_to_nobody_for_a_while(void **state)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_DECLINE, 1);
  struct stage s;

  (void)state;
  open_stage(&s);
  (void)discover(&s, 1, 0);
  (void)select_offer(&s, 1, 100, 0);
  m.requested = at(100);
  m.server = at(2);
  assert_int_equal(ask(&s, &m, 1), MSIM__DHCP_IGNORED); /* said to another server */
  m.server = at(1);
  m.mac[5] = 9;
  assert_int_equal(ask(&s, &m, 1), MSIM__DHCP_IGNORED); /* said by somebody who does not have it */
  m.mac[5] = 1;
  assert_int_equal(ask(&s, &m, 1), MSIM__DHCP_DECLINED);
  assert_int_equal(discover(&s, 1, 2), MSIM__DHCP_OFFERED);
  assert_int_equal(your(&s), 101);
  assert_int_equal(msim__dhcp_leases_at(&s.leases, BASE + 100)->ends_ns, MSIM_SEC(601));
  close_stage(&s);
}

static void reservation_holds_whatever_the_client_calls_itself(void **state)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_DISCOVER, 7);
  struct msim__dhcp_key client;
  struct stage s;

  (void)state;
  open_stage(&s);
  msim__dhcp_key_of(&client, &m);
  assert_int_equal(msim__dhcp_leases_reserve(&s.leases, BASE + 9, &client), MSIM_OK);
  m.client_id_bytes = 4;
  memcpy(m.client_id, "\0new", 4);
  assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_OFFERED);
  assert_int_equal(your(&s), 9);
  m.mac[5] = 8; /* the same name on other hardware */
  assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_OFFERED);
  assert_int_equal(your(&s), 100);
  close_stage(&s);
}

static void inform_gets_all_but_an_address(void **state)
{
  struct msim__dhcp_message m = message(MSIM__DHCP_INFORM, 1);
  struct stage s;

  (void)state;
  open_stage(&s);
  assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_IGNORED);
  m.client = at(9);
  assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_INFORMED);
  assert_int_equal(s.answer.reply.type, MSIM__DHCP_ACK);
  assert_int_equal(your(&s), 0);
  assert_false(s.answer.reply.has_lease);
  assert_int_equal(s.answer.reply.dns.count, 1);
  assert_int_equal(s.answer.to, BASE + 9);
  assert_int_equal(s.leases.count, 0);
  close_stage(&s);
}

static void what_is_no_request_gets_no_answer(void **state)
{
  struct stage s;
  unsigned type;

  (void)state;
  open_stage(&s);
  for (type = 0; type < 256; type++) {
    struct msim__dhcp_message m = message((enum msim__dhcp_type)type, 1);

    m.op = MSIM__DHCP_TO_CLIENT;
    assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_IGNORED);
    m.op = MSIM__DHCP_TO_SERVER;
    m.relay = at(3);
    assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_IGNORED);
    m.relay.family = MSIM_FAMILY_NONE;
    if (type != MSIM__DHCP_DISCOVER)
      assert_int_equal(ask(&s, &m, 0), MSIM__DHCP_IGNORED);
  }
  assert_int_equal(s.leases.count, 0);
  close_stage(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(client_gets_address_and_all_that_belongs_to_it),
      cmocka_unit_test(only_what_is_asked_for_is_told),
      cmocka_unit_test(lease_is_as_long_as_asked_for_within_bounds),
      cmocka_unit_test(other_servers_offer_taken_frees_ours),
      cmocka_unit_test(range_is_used_up_and_comes_free),
      cmocka_unit_test(late_request_gets_its_offer_unless_it_is_gone),
      cmocka_unit_test(reminder_is_confirmed_refused_or_left_to_others),
      cmocka_unit_test(authoritative_server_takes_over_what_it_does_not_know),
      cmocka_unit_test(extension_counts_from_its_time),
      cmocka_unit_test(patient_server_answers_who_has_waited),
      cmocka_unit_test(declined_address_goes_to_nobody_for_a_while),
      cmocka_unit_test(reservation_holds_whatever_the_client_calls_itself),
      cmocka_unit_test(inform_gets_all_but_an_address),
      cmocka_unit_test(what_is_no_request_gets_no_answer),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
