/* test_nd.c: lib/wire/nd.c: messages of neighbour discovery as bytes, and what is wrong with bytes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "wire/nd.h"

static struct msim_addr addr(const char *text)
{
  struct msim_addr out;

  assert_int_equal(msim_addr_parse(&out, text, strlen(text)), MSIM_OK);
  return out;
}

static void assert_addr(const struct msim_addr *found, const char *wanted)
{
  char text[MSIM_ADDR_TEXT_BYTES];

  msim_addr_format(found, text);
  assert_string_equal(text, wanted);
}

static int decode(struct msim__nd_message *out, uint8_t type, uint32_t rest, const void *bytes, size_t size_bytes)
{
  return msim__nd_decode(out, type, rest, (struct msim_slice){bytes, size_bytes});
}

/* RFC 4861 4.3, 4.6.1, byte by byte. */
static void a_solicitation_is_the_bytes_of_the_rfc(void **state)
{
  static const uint8_t wanted[24] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x25, 1, 1, 2, 3, 4, 5, 6, 7};
  struct msim__nd_message message = {.has_mac = true, .mac = {2, 3, 4, 5, 6, 7}}, again;
  uint8_t bytes[64];
  uint32_t rest = 7;

  (void)state;
  message.target = addr("2001:db8::25");
  assert_int_equal(msim__nd_encode(135, &message, &rest, bytes, sizeof bytes), sizeof wanted);
  assert_memory_equal(bytes, wanted, sizeof wanted);
  assert_int_equal(rest, 7); /* not this message's */
  assert_int_equal(decode(&again, 135, 0, bytes, sizeof wanted), MSIM_OK);
  assert_addr(&again.target, "2001:db8::25");
  assert_true(again.has_mac);
  assert_memory_equal(again.mac, message.mac, 6);
  assert_int_equal(decode(&again, 136, 0, bytes, sizeof wanted), MSIM_OK);
  assert_false(again.has_mac); /* an answer has the target's, which is option 2 */
  assert_int_equal(msim__nd_encode(135, &message, &rest, bytes, 23), 0);
  assert_int_equal(msim__nd_encode(137, &message, &rest, bytes, sizeof bytes), 0);
}

static struct msim__nd_message advertisement(void)
{
  struct msim__nd_message m = {.has_mac = true,
                               .mac = {2, 0, 0, 0, 0, 1},
                               .hop_limit = 64,
                               .lifetime_s = 1800,
                               .reachable_ms = 30000,
                               .retrans_ms = 1000,
                               .mtu_bytes = 1400,
                               .prefix_count = 2,
                               .servers_lifetime_s = 600,
                               .server_count = 3};
  size_t i;

  m.prefixes[0] = (struct msim__nd_prefix){addr("2001:db8:1::"), 64, true, true, 7200, 3600};
  m.prefixes[1] = (struct msim__nd_prefix){addr("fd00::"), 48, true, false, MSIM__ND_FOREVER_S, 0};
  for (i = 0; i < 3; i++) {
    m.servers[i] = addr("2001:db8::53");
    m.servers[i].bytes[15] = (uint8_t)i;
  }
  return m;
}

static void a_router_says_the_same_after_its_bytes(void **state)
{
  struct msim__nd_message message = advertisement(), again;
  uint8_t bytes[MSIM__ND_BYTES_MAX];
  uint32_t rest = 0;
  size_t size = msim__nd_encode(134, &message, &rest, bytes, sizeof bytes), i;

  (void)state;
  assert_int_equal(size, 8 + 8 + 8 + 2 * 32 + 8 + 3 * 16);
  assert_int_equal(rest, 64u << 24 | 1800u);
  assert_int_equal(decode(&again, 134, rest, bytes, size), MSIM_OK);
  assert_memory_equal(&again.prefixes[0].prefix, &message.prefixes[0].prefix, sizeof again.prefixes[0].prefix);
  assert_int_equal(again.prefix_count, 2);
  assert_int_equal(again.prefixes[1].prefix_bits, 48);
  assert_true(again.prefixes[1].is_on_link);
  assert_false(again.prefixes[1].is_autonomous);
  assert_int_equal(again.prefixes[1].valid_s, MSIM__ND_FOREVER_S);
  assert_int_equal(again.prefixes[0].preferred_s, 3600);
  assert_int_equal(again.lifetime_s, 1800);
  assert_int_equal(again.hop_limit, 64);
  assert_int_equal(again.reachable_ms, 30000);
  assert_int_equal(again.retrans_ms, 1000);
  assert_int_equal(again.mtu_bytes, 1400);
  assert_int_equal(again.server_count, 3);
  assert_int_equal(again.servers_lifetime_s, 600);
  assert_int_equal(again.servers[2].bytes[15], 2);
  for (i = 0; i < size; i++) /* cut anywhere it is read up to there, or refused, and never beyond */
    assert_true(decode(&again, 134, rest, bytes, i) == MSIM_ERR_LIMIT || i == 8 || i == 16 || i == 24 || i == 56 ||
                i == 88);
}

static void options_of_length_nothing_spoil_a_message(void **state)
{
  uint8_t bytes[40] = {0x20, 1};
  struct msim__nd_message m;

  (void)state;
  bytes[16] = 14; /* a nonce (RFC 3971), which is passed over */
  bytes[17] = 1;
  assert_int_equal(decode(&m, 135, 0, bytes, 24), MSIM_OK);
  bytes[17] = 0;
  assert_int_equal(decode(&m, 135, 0, bytes, 24), MSIM_ERR_SYNTAX);
  bytes[17] = 2;
  assert_int_equal(decode(&m, 135, 0, bytes, 24), MSIM_ERR_LIMIT);
  assert_int_equal(decode(&m, 135, 0, bytes, 15), MSIM_ERR_LIMIT);
  bytes[0] = 0xff; /* RFC 4861 7.1.1: the target is nobody but one */
  assert_int_equal(decode(&m, 135, 0, bytes, 16), MSIM_ERR_SYNTAX);
  assert_int_equal(decode(&m, 128, 0, bytes, 16), MSIM_ERR_SYNTAX);
}

static void options_of_a_router_in_wrong_sizes_are_passed_over(void **state)
{
  uint8_t bytes[8 + 24 + 16] = {0};
  struct msim__nd_message m;

  (void)state;
  bytes[8] = 3; /* a prefix of 3 units in place of 4 */
  bytes[9] = 3;
  bytes[32] = 25; /* servers, with no room for one */
  bytes[33] = 2;
  assert_int_equal(decode(&m, 134, 0, bytes, sizeof bytes), MSIM_OK);
  assert_int_equal(m.prefix_count, 0);
  assert_int_equal(m.server_count, 0);
}

static void groups_follow_from_addresses(void **state)
{
  struct msim_addr target = addr("2001:db8::1:2abc:def0"), group = msim__addr_solicited_node(&target),
                   all = msim__addr_all_nodes6(), routers = msim__addr_all_routers6();
  static const uint8_t wanted[6] = {0x33, 0x33, 0xff, 0xbc, 0xde, 0xf0};
  uint8_t mac[6];

  (void)state;
  assert_addr(&group, "ff02::1:ffbc:def0");
  assert_addr(&all, "ff02::1");
  assert_addr(&routers, "ff02::2");
  msim__addr_group_mac(&group, mac);
  assert_memory_equal(mac, wanted, sizeof wanted);
  target = addr("::");
  assert_true(msim__addr_is_unspecified6(&target));
  target = addr("fe80::1");
  assert_true(msim__addr_is_link_local6(&target) && !msim__addr_is_multicast6(&target));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_solicitation_is_the_bytes_of_the_rfc),
      cmocka_unit_test(a_router_says_the_same_after_its_bytes),
      cmocka_unit_test(options_of_length_nothing_spoil_a_message),
      cmocka_unit_test(options_of_a_router_in_wrong_sizes_are_passed_over),
      cmocka_unit_test(groups_follow_from_addresses),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
