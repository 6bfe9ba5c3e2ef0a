/* test_addr.c: lib/core/addr.c. The IPv6 rows are those of RFC 4291 2.2 and RFC 5952, worked out by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/base.h>

#include "support/exact.h"

struct good_row {
  const char *text;
  const char *canonical; /* NULL: the text itself */
  uint8_t family;
  uint8_t bytes[16];
};

static const struct good_row good[] = {
    {"192.0.2.1", NULL, 4, {192, 0, 2, 1}},
    {"0.0.0.0", NULL, 4, {0}},
    {"255.255.255.255", NULL, 4, {255, 255, 255, 255}},
    {"10.20.30.100", NULL, 4, {10, 20, 30, 100}},
    {"::", NULL, 6, {0}},
    {"::1", NULL, 6, {[15] = 1}},
    {"1::", NULL, 6, {0, 1}},
    {"2001:db8::1", NULL, 6, {0x20, 1, 0x0d, 0xb8, [15] = 1}},
    /* RFC 4291 2.2 */
    {"ABCD:EF01:2345:6789:ABCD:EF01:2345:6789",
     "abcd:ef01:2345:6789:abcd:ef01:2345:6789",
     6,
     {0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 1, 0x23, 0x45, 0x67, 0x89}},
    {"2001:DB8:0:0:8:800:200C:417A",
     "2001:db8::8:800:200c:417a",
     6,
     {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 8, 8, 0, 0x20, 0x0c, 0x41, 0x7a}},
    {"FF01::101", "ff01::101", 6, {0xff, 1, [14] = 1, [15] = 1}},
    {"0:0:0:0:0:0:13.1.68.3", "::d01:4403", 6, {[12] = 13, 1, 68, 3}},
    {"::FFFF:129.144.52.38", "::ffff:129.144.52.38", 6, {[10] = 0xff, 0xff, 129, 144, 52, 38}},
    {"::ffff:8190:3426", "::ffff:129.144.52.38", 6, {[10] = 0xff, 0xff, 129, 144, 52, 38}},
    {"64:ff9b::192.0.2.33", "64:ff9b::c000:221", 6, {0, 0x64, 0xff, 0x9b, [12] = 192, 0, 2, 33}},
    /* RFC 5952 2.1, 2.2, 4.2: leading zeros, a single zero group, the longest run, the first of two */
    {"2001:0db8:0000:0000:0001:0000:0000:0001", "2001:db8::1:0:0:1", 6, {0x20, 1, 0x0d, 0xb8, [9] = 1, [15] = 1}},
    {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1", 6, {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}},
    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1", 6, {0x20, 1, 0, 0, 0, 0, 0, 1, [15] = 1}},
    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1", 6, {0x20, 1, 0x0d, 0xb8, [9] = 1, [15] = 1}},
    {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 6, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 0}},
    {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", 6, {0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8}},
    {"1:0:0:4:5:6:0:0", "1::4:5:6:0:0", 6, {0, 1, 0, 0, 0, 0, 0, 4, 0, 5, 0, 6}},
    {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", 6, {0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 1, 2, 3, 4}},
};

static const char *const bad[] = {
    "",
    ".",
    "1",
    "1.2.3",
    "1.2.3.",
    "1.2.3.4.",
    "1.2.3.4.5",
    ".1.2.3.4",
    "1..2.3",
    "256.0.0.1",
    "1.2.3.999",
    "01.2.3.4",
    "1.2.3.00",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.-4",
    "0x1.2.3.4",
    "1.2.3.1000",
    "a.b.c.d",
    "1,2,3,4",
    "1.2.3.4/24",
    ":",
    ":::",
    "1:",
    ":1",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "1:2:3:4:5:6:7::8x",
    "::12345",
    "1:2:3:4::5:6:7:8",
    "::g",
    "::1%eth0",
    "[::1]",
    "::1.2.3",
    "::1.2.3.4.5",
    "1.2.3.4::",
    "::1.2.3.4:1",
    "1:2:3:4:5:6:7:1.2.3.4",
    "::1:",
    "::1:::",
    "1:2:3:4:5:6:7:8::",
    "::1:2:3:4:5:6:7:8",
    "1:::2",
    "fe80:\xc3\xa4::1",
};

static void address_in_any_form_is_read_and_written_canonically(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof good / sizeof good[0]; i++) {
    struct msim_slice copy = exact_text(good[i].text);
    struct msim_addr addr;
    char text[MSIM_ADDR_TEXT_BYTES];
    const char *expected = good[i].canonical != NULL ? good[i].canonical : good[i].text;

    print_message("  %s\n", good[i].text);
    assert_int_equal(msim_addr_parse(&addr, (const char *)copy.data, copy.size_bytes), MSIM_OK);
    assert_int_equal(addr.family, good[i].family);
    assert_memory_equal(addr.bytes, good[i].bytes, 16);
    assert_int_equal(msim_addr_format(&addr, text), strlen(expected));
    assert_string_equal(text, expected);
    exact_free(copy);
  }
}

static void text_that_is_no_address_is_refused(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct msim_slice copy = exact_text(bad[i]);
    struct msim_addr addr;

    print_message("  %s\n", bad[i]);
    assert_int_equal(msim_addr_parse(&addr, (const char *)copy.data, copy.size_bytes), MSIM_ERR_SYNTAX);
    assert_int_equal(addr.family, MSIM_FAMILY_NONE);
    exact_free(copy);
  }
}

static void zero_byte_inside_is_refused(void **state)
{
  struct msim_addr addr;

  (void)state;
  assert_int_equal(msim_addr_parse(&addr, "1.2.3.4\0", 8), MSIM_ERR_SYNTAX);
  assert_int_equal(msim_addr_parse(&addr, "::\0", 3), MSIM_ERR_SYNTAX);
}

/* Every beginning of a good address is read or refused, and never read past. */
static void every_prefix_ends_well(void **state)
{
  static const char text[] = "2001:db8:1:2:3:4:192.0.2.33";
  size_t n;

  (void)state;
  for (n = 0; n <= strlen(text); n++) {
    struct msim_slice copy = exact_copy(text, n);
    struct msim_addr addr;
    int err = msim_addr_parse(&addr, (const char *)copy.data, n);

    /* whole only with the last byte complete: "192.0.2.3" and "192.0.2.33" */
    assert_int_equal(err, n >= strlen(text) - 1 ? MSIM_OK : MSIM_ERR_SYNTAX);
    exact_free(copy);
  }
}

static void endpoint_of_ipv6_stands_in_brackets(void **state)
{
  struct msim_endpoint endpoint;
  char text[MSIM_ADDR_TEXT_BYTES];

  (void)state;
  memset(&endpoint, 0, sizeof endpoint);
  endpoint.port = 25;
  assert_int_equal(msim_endpoint_format(&endpoint, text), 4);
  assert_string_equal(text, "*:25");
  assert_int_equal(msim_addr_parse(&endpoint.addr, "192.0.2.1", 9), MSIM_OK);
  assert_int_equal(msim_endpoint_format(&endpoint, text), 12);
  assert_string_equal(text, "192.0.2.1:25");
  assert_int_equal(msim_addr_parse(&endpoint.addr, "2001:db8::1", 11), MSIM_OK);
  endpoint.port = 65535;
  assert_int_equal(msim_endpoint_format(&endpoint, text), 19);
  assert_string_equal(text, "[2001:db8::1]:65535");
}

static void longest_endpoint_fits(void **state)
{
  struct msim_endpoint endpoint;
  char text[MSIM_ADDR_TEXT_BYTES];

  (void)state;
  memset(&endpoint, 0xff, sizeof endpoint);
  endpoint.addr.family = MSIM_FAMILY_IPV6;
  assert_int_equal(msim_endpoint_format(&endpoint, text), 39 + 2 + 6);
  assert_string_equal(text, "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
}

static void equality_is_of_family_and_used_bytes(void **state)
{
  struct msim_addr a = msim_addr_ipv4(0xc0000201u), b = a, six;

  (void)state;
  b.bytes[15] = 9; /* not a part of an IPv4 address */
  assert_true(msim_addr_equal(&a, &b));
  b.bytes[3] = 2;
  assert_false(msim_addr_equal(&a, &b));
  six = a;
  six.family = MSIM_FAMILY_IPV6;
  assert_false(msim_addr_equal(&a, &six));
  b = six;
  b.bytes[15] = 1;
  assert_false(msim_addr_equal(&six, &b));
  memset(&a, 0, sizeof a);
  memset(&b, 0, sizeof b);
  assert_true(msim_addr_equal(&a, &b));
}

static void ipv4_value_is_in_host_order(void **state)
{
  struct msim_addr addr = msim_addr_ipv4(0x0a141e64u);
  char text[MSIM_ADDR_TEXT_BYTES];

  (void)state;
  msim_addr_format(&addr, text);
  assert_string_equal(text, "10.20.30.100");
  assert_int_equal(msim_addr_ipv4_value(&addr), 0x0a141e64u);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(address_in_any_form_is_read_and_written_canonically),
      cmocka_unit_test(text_that_is_no_address_is_refused),
      cmocka_unit_test(zero_byte_inside_is_refused),
      cmocka_unit_test(every_prefix_ends_well),
      cmocka_unit_test(endpoint_of_ipv6_stands_in_brackets),
      cmocka_unit_test(longest_endpoint_fits),
      cmocka_unit_test(equality_is_of_family_and_used_bytes),
      cmocka_unit_test(ipv4_value_is_in_host_order),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
