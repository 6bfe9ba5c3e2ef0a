/* Tests of lib/check/scope.c: addresses at the borders of the ranges. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check/scope.h"

#include <string.h>

static void addresses_are_of_the_scope_that_their_range_says(void **state)
{
  static const struct {
    const char *text;
    enum msim__scope scope;
  } rows[] = {
      {"9.255.255.255", MSIM__SCOPE_GLOBAL},
      {"10.0.0.0", MSIM__SCOPE_PRIVATE},
      {"10.255.255.255", MSIM__SCOPE_PRIVATE},
      {"11.0.0.0", MSIM__SCOPE_GLOBAL},
      {"172.15.255.255", MSIM__SCOPE_GLOBAL},
      {"172.16.0.0", MSIM__SCOPE_PRIVATE},
      {"172.31.255.255", MSIM__SCOPE_PRIVATE},
      {"172.32.0.0", MSIM__SCOPE_GLOBAL},
      {"192.167.255.255", MSIM__SCOPE_GLOBAL},
      {"192.168.0.0", MSIM__SCOPE_PRIVATE},
      {"192.169.0.0", MSIM__SCOPE_GLOBAL},
      {"100.63.255.255", MSIM__SCOPE_GLOBAL},
      {"100.64.0.0", MSIM__SCOPE_PRIVATE},
      {"100.127.255.255", MSIM__SCOPE_PRIVATE},
      {"100.128.0.0", MSIM__SCOPE_GLOBAL},
      {"169.254.0.1", MSIM__SCOPE_PRIVATE},
      {"127.0.0.1", MSIM__SCOPE_PRIVATE},
      {"0.0.0.0", MSIM__SCOPE_UNSPECIFIED},
      {"0.0.0.1", MSIM__SCOPE_NEITHER},
      {"223.255.255.255", MSIM__SCOPE_GLOBAL},
      {"224.0.0.1", MSIM__SCOPE_NEITHER},
      {"255.255.255.255", MSIM__SCOPE_NEITHER},
      {"192.0.2.1", MSIM__SCOPE_GLOBAL},
      {"198.51.100.1", MSIM__SCOPE_GLOBAL},
      {"203.0.113.1", MSIM__SCOPE_GLOBAL},
      {"::", MSIM__SCOPE_UNSPECIFIED},
      {"::1", MSIM__SCOPE_PRIVATE},
      {"::2", MSIM__SCOPE_GLOBAL},
      {"fbff::1", MSIM__SCOPE_GLOBAL},
      {"fc00::1", MSIM__SCOPE_PRIVATE},
      {"fdff::1", MSIM__SCOPE_PRIVATE},
      {"fe7f::1", MSIM__SCOPE_GLOBAL},
      {"fe80::1", MSIM__SCOPE_PRIVATE},
      {"febf::1", MSIM__SCOPE_PRIVATE},
      {"fec0::1", MSIM__SCOPE_GLOBAL},
      {"ff02::1", MSIM__SCOPE_NEITHER},
      {"2001:db8::1", MSIM__SCOPE_GLOBAL},
      {"::ffff:10.0.0.1", MSIM__SCOPE_PRIVATE},
      {"::ffff:192.0.2.1", MSIM__SCOPE_GLOBAL},
      {"mail.example", MSIM__SCOPE_UNKNOWN},
      {"", MSIM__SCOPE_UNKNOWN},
      {"10.0.0", MSIM__SCOPE_UNKNOWN},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (msim__scope_text(rows[i].text, strlen(rows[i].text)) != rows[i].scope)
      fail_msg("%s is of another scope", rows[i].text);
}

static void endpoints_are_read_with_and_without_a_port(void **state)
{
  static const struct {
    const char *text;
    enum msim__scope scope;
  } rows[] = {
      {"10.0.0.1:25", MSIM__SCOPE_PRIVATE},
      {"192.0.2.1:49152", MSIM__SCOPE_GLOBAL},
      {"192.0.2.1", MSIM__SCOPE_GLOBAL},
      {"[fe80::1]:53", MSIM__SCOPE_PRIVATE},
      {"[2001:db8::1]:53", MSIM__SCOPE_GLOBAL},
      {"[::1]", MSIM__SCOPE_PRIVATE},
      {"[::1", MSIM__SCOPE_PRIVATE},
      {"[", MSIM__SCOPE_UNKNOWN},
      {":", MSIM__SCOPE_UNKNOWN},
      {"", MSIM__SCOPE_UNKNOWN},
      {"0.0.0.0:68", MSIM__SCOPE_UNSPECIFIED},
      {"255.255.255.255:67", MSIM__SCOPE_NEITHER},
      {"isp-x:25", MSIM__SCOPE_UNKNOWN},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (msim__scope_endpoint(rows[i].text, strlen(rows[i].text)) != rows[i].scope)
      fail_msg("%s is of another scope", rows[i].text);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(addresses_are_of_the_scope_that_their_range_says),
      cmocka_unit_test(endpoints_are_read_with_and_without_a_port),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
