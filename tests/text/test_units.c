/* Tests of text/units.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/units.h"

static struct msim_slice slice(const char *text)
{
  struct msim_slice s;

  s.data = (const uint8_t *)text;
  s.size_bytes = strlen(text);
  return s;
}

typedef int parse_fn(struct msim_slice text, uint64_t *out, const char **why);

static int parse_share(struct msim_slice text, uint64_t *out, const char **why)
{
  uint32_t ppm = 0;
  int err = msim__units_parse_share(text, &ppm, why);

  if (err == 0)
    *out = ppm;
  return err;
}

struct good {
  parse_fn *parse;
  const char *text;
  uint64_t value;
};

static const struct good good[] = {
    {msim__units_parse_duration, "0", 0},
    {msim__units_parse_duration, "0s", 0},
    {msim__units_parse_duration, "3ns", 3},
    {msim__units_parse_duration, "200us", 200000},
    {msim__units_parse_duration, "10ms", 10000000},
    {msim__units_parse_duration, "10 ms", 10000000},
    {msim__units_parse_duration, "1.5s", 1500000000},
    {msim__units_parse_duration, "1.50000000000000000000000s", 1500000000},
    {msim__units_parse_duration, "1.000000001s", 1000000001},
    {msim__units_parse_duration, "0.25us", 250},
    {msim__units_parse_duration, "007ms", 7000000},
    {msim__units_parse_duration, "2min", UINT64_C(120000000000)},
    {msim__units_parse_duration, "0.1min", UINT64_C(6000000000)},
    {msim__units_parse_duration, "1h", UINT64_C(3600000000000)},
    {msim__units_parse_duration, "1.5d", UINT64_C(129600000000000)},
    {msim__units_parse_duration, "0.0009765625h", UINT64_C(3515625000)},
    {msim__units_parse_duration, "9223372036854775807ns", INT64_MAX},
    {msim__units_parse_duration, "9223372036.854775807s", INT64_MAX},
    {msim__units_parse_duration, "106751d", UINT64_C(9223286400000000000)},
    {msim__units_parse_size, "0", 0},
    {msim__units_parse_size, "1500B", 1500},
    {msim__units_parse_size, "64KiB", 65536},
    {msim__units_parse_size, "1.5KiB", 1536},
    {msim__units_parse_size, "64kB", 64000},
    {msim__units_parse_size, "2MiB", 2097152},
    {msim__units_parse_size, "0.25MB", 250000},
    {msim__units_parse_size, "1GiB", 1073741824},
    {msim__units_parse_size, "3GB", UINT64_C(3000000000)},
    {msim__units_parse_size, "0.0009765625KiB", 1},
    {msim__units_parse_rate, "10Mbit/s", 10000000},
    {msim__units_parse_rate, "64kbit/s", 64000},
    {msim__units_parse_rate, "1Gbit/s", 1000000000},
    {msim__units_parse_rate, "1.5Mbit/s", 1500000},
    {msim__units_parse_rate, "300 bit/s", 300},
    {msim__units_parse_rate, "1000Tbit/s", UINT64_C(1000000000000000)},
    {msim__units_parse_packets, "1000 packets", 1000},
    {msim__units_parse_packets, "1 packet", 1},
    {msim__units_parse_packets, "50packets", 50},
    {msim__units_parse_packets, "0", 0},
    {msim__units_parse_count, "1000", 1000},
    {msim__units_parse_count, "0", 0},
    {msim__units_parse_count, "18446744073709551615", UINT64_MAX},
    {parse_share, "2%", 20000},
    {parse_share, "0.5%", 5000},
    {parse_share, "150ppm", 150},
    {parse_share, "0.0001%", 1},
    {parse_share, "100%", 1000000},
    {parse_share, "1000000ppm", 1000000},
    {parse_share, "0", 0},
};

static void parse_of_good_is_exact(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
    uint64_t value = 77;
    const char *why = "";

    if (good[i].parse(slice(good[i].text), &value, &why) != 0)
      fail_msg("%s: %s", good[i].text, why);
    if (value != good[i].value)
      fail_msg("%s is %llu", good[i].text, (unsigned long long)value);
  }
}

struct bad {
  parse_fn *parse;
  const char *text, *says; /* a part of the reason */
};

static const struct bad bad[] = {
    {msim__units_parse_duration, "", "number"},
    {msim__units_parse_duration, "10", "needs a unit: ns, us, ms, s, min, h or d"},
    {msim__units_parse_duration, "00", "needs a unit"},
    {msim__units_parse_duration, "0.0", "needs a unit"},
    {msim__units_parse_duration, "1.5", "needs a unit"},
    {msim__units_parse_duration, "ms", "number"},
    {msim__units_parse_duration, ".5s", "number"},
    {msim__units_parse_duration, " 5s", "number"},
    {msim__units_parse_duration, "+5s", "number"},
    {msim__units_parse_duration, "-5s", "negative"},
    {msim__units_parse_duration, "5.s", "digits behind the point"},
    {msim__units_parse_duration, "1.2.3s", "unit"},
    {msim__units_parse_duration, "1e3s", "unit"},
    {msim__units_parse_duration, "1_000ms", "unit"},
    {msim__units_parse_duration, "1,5s", "unit"},
    {msim__units_parse_duration, "5S", "unit"},
    {msim__units_parse_duration, "5 s ", "unit"},
    {msim__units_parse_duration, "5  s", "unit"},
    {msim__units_parse_duration, "5m", "min"},
    {msim__units_parse_duration, "5KiB", "no duration"},
    {msim__units_parse_duration, "\xc3\xa4", "number"},
    {msim__units_parse_duration, "5\xff", "unit"},
    {msim__units_parse_duration, "0.5ns", "whole number of nanoseconds"},
    {msim__units_parse_duration, "0.0000000001s", "whole number of nanoseconds"},
    {msim__units_parse_duration, "1.0000000000000000001s", "whole number of nanoseconds"},
    {msim__units_parse_duration, "1.00000000000000000001s", "digits"},
    {msim__units_parse_duration, "9223372036854775808ns", "too long"},
    {msim__units_parse_duration, "9223372036.854775808s", "too long"},
    {msim__units_parse_duration, "106752d", "too long"},
    {msim__units_parse_duration, "18446744073709551615d", "too long"},
    {msim__units_parse_duration, "18446744073709551616ns", "digits"},
    {msim__units_parse_duration, "99999999999999999999999999999999s", "digits"},
    {msim__units_parse_size, "64", "KiB"},
    {msim__units_parse_size, "64K", "no size"},
    {msim__units_parse_size, "64kb", "no size"},
    {msim__units_parse_size, "0.1KiB", "whole number of bytes"},
    {msim__units_parse_size, "8589934592GiB", "too large"},
    {msim__units_parse_rate, "100", "bit/s"},
    {msim__units_parse_rate, "100Mbps", "Mbit/s"},
    {msim__units_parse_rate, "100MB/s", "no rate"},
    {msim__units_parse_rate, "1001Tbit/s", "too fast"},
    {msim__units_parse_rate, "0.5bit/s", "whole"},
    {parse_share, "2", "% or ppm"},
    {parse_share, "0.02", "% or ppm"},
    {parse_share, "100.0001%", "more than 100%"},
    {parse_share, "1000001ppm", "more than 100%"},
    {parse_share, "4294967296ppm", "more than 100%"},
    {parse_share, "0.00001%", "one in a million"},
    {msim__units_parse_packets, "1000", "packets"},
    {msim__units_parse_packets, "1.5 packets", "whole"},
    {msim__units_parse_packets, "64KiB", "other than packets"},
    {msim__units_parse_count, "5s", "without a unit"},
    {msim__units_parse_count, "1.0", "whole"},
    {msim__units_parse_count, "-1", "negative"},
    {msim__units_parse_count, "0x10", "whole"},
    {msim__units_parse_count, "18446744073709551616", "digits"},
};

static void parse_of_bad_says_why_and_leaves_result(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
    uint64_t value = 77;
    const char *why = "";

    if (bad[i].parse(slice(bad[i].text), &value, &why) != MSIM_ERR_SYNTAX)
      fail_msg("%s is taken", bad[i].text);
    if (strstr(why, bad[i].says) == NULL)
      fail_msg("%s %s", bad[i].text, why);
    assert_int_equal(value, 77);
  }
}

static void parse_of_zero_byte_is_refused(void **state)
{
  struct msim_slice text = {(const uint8_t *)"5s\0", 3}, empty = {NULL, 0};
  msim_ns out;
  const char *why;

  (void)state;
  assert_int_equal(msim__units_parse_duration(text, &out, &why), MSIM_ERR_SYNTAX);
  assert_int_equal(msim__units_parse_duration(empty, &out, &why), MSIM_ERR_SYNTAX);
  assert_int_equal(msim__units_parse_count(empty, &out, &why), MSIM_ERR_SYNTAX);
}

static void queue_takes_bytes_or_packets(void **state)
{
  uint64_t value;
  bool in_packets;
  const char *why = "";

  (void)state;
  assert_int_equal(msim__units_parse_queue(slice("64KiB"), &value, &in_packets, &why), 0);
  assert_int_equal(value, 65536);
  assert_false(in_packets);
  assert_int_equal(msim__units_parse_queue(slice("1000 packets"), &value, &in_packets, &why), 0);
  assert_int_equal(value, 1000);
  assert_true(in_packets);
  assert_int_equal(msim__units_parse_queue(slice("0"), &value, &in_packets, &why), 0);
  assert_false(in_packets);
  assert_int_equal(msim__units_parse_queue(slice("100"), &value, &in_packets, &why), MSIM_ERR_SYNTAX);
  assert_string_equal(why, "needs a unit: packets, B, kB, MB, GB, KiB, MiB or GiB");
  assert_int_equal(msim__units_parse_queue(slice("100ms"), &value, &in_packets, &why), MSIM_ERR_SYNTAX);
  assert_non_null(strstr(why, "packets, B"));
  assert_int_equal(msim__units_parse_queue(slice("1.5 packets"), &value, &in_packets, &why), MSIM_ERR_SYNTAX);
  assert_non_null(strstr(why, "whole number of packets"));
}

static void signed_ones_take_a_sign(void **state)
{
  int64_t ns;
  int32_t ppm;
  const char *why = "";

  (void)state;
  assert_int_equal(msim__units_parse_duration_signed(slice("-1.5s"), &ns, &why), 0);
  assert_true(ns == -1500000000);
  assert_int_equal(msim__units_parse_duration_signed(slice("+2h"), &ns, &why), 0);
  assert_true(ns == INT64_C(7200000000000));
  assert_int_equal(msim__units_parse_duration_signed(slice("3ms"), &ns, &why), 0);
  assert_true(ns == 3000000);
  assert_int_equal(msim__units_parse_duration_signed(slice("-9223372036854775807ns"), &ns, &why), 0);
  assert_true(ns == -INT64_MAX);
  assert_int_equal(msim__units_parse_duration_signed(slice("--1s"), &ns, &why), MSIM_ERR_SYNTAX);
  assert_int_equal(msim__units_parse_duration_signed(slice("-"), &ns, &why), MSIM_ERR_SYNTAX);
  assert_int_equal(msim__units_parse_duration_signed(slice("-5"), &ns, &why), MSIM_ERR_SYNTAX);
  assert_int_equal(msim__units_parse_drift(slice("-20ppm"), &ppm, &why), 0);
  assert_int_equal(ppm, -20);
  assert_int_equal(msim__units_parse_drift(slice("200%"), &ppm, &why), 0);
  assert_int_equal(ppm, 2000000);
  assert_int_equal(msim__units_parse_drift(slice("2147483648ppm"), &ppm, &why), MSIM_ERR_SYNTAX);
}

static void duration_is_shown_short_and_exact(void **state)
{
  static const struct {
    msim_ns value;
    const char *text;
  } table[] = {
      {0, "0s"},
      {1, "1ns"},
      {999, "999ns"},
      {1000, "1us"},
      {1500, "1.5us"},
      {10000000, "10ms"},
      {10240000, "10.24ms"},
      {100000000, "100ms"},
      {1000001, "1.000001ms"},
      {1500000000, "1.5s"},
      {1000000001, "1.000000001s"},
      {UINT64_C(90000000000), "90s"},
      {UINT64_C(60000000000), "60s"},
      {UINT64_C(3600000000000), "1h"},
      {UINT64_C(5400000000000), "5400s"},
      {UINT64_C(90000000000000), "25h"},
      {UINT64_C(172800000000000), "2d"},
      {INT64_MAX, "9223372036.854775807s"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    char out[MSIM__UNITS_TEXT_BYTES];
    msim_ns back = 0;
    const char *why = "";

    assert_int_equal(msim__units_format_duration(table[i].value, out), strlen(table[i].text));
    assert_string_equal(out, table[i].text);
    assert_int_equal(msim__units_parse_duration(slice(out), &back, &why), 0);
    assert_true(back == table[i].value);
  }
}

static void seconds_have_nine_digits(void **state)
{
  char out[MSIM__UNITS_TEXT_BYTES];

  (void)state;
  assert_int_equal(msim__units_format_seconds(0, out), 11);
  assert_string_equal(out, "0.000000000");
  (void)msim__units_format_seconds(20000000, out);
  assert_string_equal(out, "0.020000000");
  (void)msim__units_format_seconds(UINT64_C(61200000001), out);
  assert_string_equal(out, "61.200000001");
  (void)msim__units_format_seconds(MSIM_NEVER, out);
  assert_string_equal(out, "18446744073.709551615");
}

static void other_quantities_are_shown_in_their_best_unit(void **state)
{
  char out[MSIM__UNITS_TEXT_BYTES];

  (void)state;
  (void)msim__units_format_size(0, out);
  assert_string_equal(out, "0B");
  (void)msim__units_format_size(1500, out);
  assert_string_equal(out, "1500B");
  (void)msim__units_format_size(65536, out);
  assert_string_equal(out, "64KiB");
  (void)msim__units_format_size(10000, out);
  assert_string_equal(out, "10kB");
  (void)msim__units_format_size(UINT64_C(3) << 30, out);
  assert_string_equal(out, "3GiB");
  (void)msim__units_format_size(UINT64_MAX, out);
  assert_string_equal(out, "18446744073709551615B");
  (void)msim__units_format_rate(0, out);
  assert_string_equal(out, "0bit/s");
  (void)msim__units_format_rate(300, out);
  assert_string_equal(out, "300bit/s");
  (void)msim__units_format_rate(1500000, out);
  assert_string_equal(out, "1.5Mbit/s");
  (void)msim__units_format_rate(10000000, out);
  assert_string_equal(out, "10Mbit/s");
  (void)msim__units_format_rate(UINT64_C(1000000001), out);
  assert_string_equal(out, "1.000000001Gbit/s");
  (void)msim__units_format_share(20000, out);
  assert_string_equal(out, "2%");
  (void)msim__units_format_share(5000, out);
  assert_string_equal(out, "0.5%");
  (void)msim__units_format_share(150, out);
  assert_string_equal(out, "150ppm");
  (void)msim__units_format_share(1000000, out);
  assert_string_equal(out, "100%");
  (void)msim__units_format_share(0, out);
  assert_string_equal(out, "0%");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parse_of_good_is_exact),        cmocka_unit_test(parse_of_bad_says_why_and_leaves_result),
      cmocka_unit_test(parse_of_zero_byte_is_refused), cmocka_unit_test(queue_takes_bytes_or_packets),
      cmocka_unit_test(signed_ones_take_a_sign),       cmocka_unit_test(duration_is_shown_short_and_exact),
      cmocka_unit_test(seconds_have_nine_digits),      cmocka_unit_test(other_quantities_are_shown_in_their_best_unit),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
