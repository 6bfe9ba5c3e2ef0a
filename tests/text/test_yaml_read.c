/* Tests of text/yaml_read.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include <stdio.h>

#include "text/yaml_read.h"
#include "text/yaml_tree.h"

/* The value of the key "v" in `v: TEXT`, and what a reader makes of it: the result as text, or "!sentence". */
struct value {
  struct msim__mem mem;
  struct msim__yaml tree;
  const struct msim__yaml_node *node;
  struct msim_diag diag;
  char result[300];
};

static void begin(struct value *v, const char *source)
{
  char line[300];
  struct msim_slice text;
  int wrote = snprintf(line, sizeof(line), "v: %s\n", source);

  assert_true(wrote > 0 && (size_t)wrote < sizeof(line));
  msim__mem_init(&v->mem, NULL);
  text.data = (const uint8_t *)line;
  text.size_bytes = (size_t)wrote;
  assert_int_equal(msim__yaml_parse(&v->tree, &v->mem, "f.yaml", text, NULL, NULL), 0);
  v->node = msim__yaml_find(v->tree.root, "v");
  assert_non_null(v->node);
}

static void end(struct value *v, int err, const char *expected)
{
  if (err != 0) {
    assert_int_equal(err, MSIM_ERR_SYNTAX);
    assert_string_equal(v->diag.file, "f.yaml");
    assert_int_equal(v->diag.line, v->node->line);
    assert_int_equal(v->diag.column, v->node->column);
    (void)snprintf(v->result, sizeof(v->result), "!%s", v->diag.text);
  }
  assert_string_equal(v->result, expected);
  msim__yaml_release(&v->tree);
  assert_int_equal(v->mem.held_bytes, 0);
}

static void check_bool(const char *source, const char *expected)
{
  struct value v;
  bool out = false;
  int err;

  begin(&v, source);
  err = msim__yaml_read_bool(v.node, "tls", &out, &v.diag);
  (void)snprintf(v.result, sizeof(v.result), "%s", out ? "true" : "false");
  end(&v, err, expected);
}

static void bool_takes_true_and_false_only(void **state)
{
  (void)state;
  check_bool("true", "true");
  check_bool("false", "false");
  check_bool("!!bool true", "true");
  check_bool("yes", "!tls: write true, not \"yes\"");
  check_bool("On", "!tls: write true, not \"On\"");
  check_bool("y", "!tls: write true, not \"y\"");
  check_bool("True", "!tls: write true, not \"True\"");
  check_bool("no", "!tls: write false, not \"no\"");
  check_bool("off", "!tls: write false, not \"off\"");
  check_bool("n", "!tls: write false, not \"n\"");
  check_bool("'true'", "!tls: write true without quotes");
  check_bool("maybe", "!tls: \"maybe\" is neither true nor false");
  check_bool("", "!tls: true or false is expected here, not nothing");
  check_bool("[true]", "!tls: true or false is expected here, not a list");
  check_bool("{a: b}", "!tls: true or false is expected here, not a map");
}

static void check_int(const char *source, int64_t min, int64_t max, const char *expected)
{
  struct value v;
  int64_t out = 0;
  int err;

  begin(&v, source);
  err = msim__yaml_read_int(v.node, "n", min, max, &out, &v.diag);
  (void)snprintf(v.result, sizeof(v.result), "%lld", (long long)out);
  end(&v, err, expected);
}

static void check_uint(const char *source, uint64_t min, uint64_t max, const char *expected)
{
  struct value v;
  uint64_t out = 0;
  int err;

  begin(&v, source);
  err = msim__yaml_read_uint(v.node, NULL, min, max, &out, &v.diag);
  (void)snprintf(v.result, sizeof(v.result), "%llu", (unsigned long long)out);
  end(&v, err, expected);
}

static void int_is_decimal_and_in_range(void **state)
{
  (void)state;
  check_int("5", 1, 5, "5");
  check_int("-5", -5, 5, "-5");
  check_int("0", 0, 0, "0");
  check_int("-0", 0, 0, "0");
  check_int("9223372036854775807", INT64_MIN, INT64_MAX, "9223372036854775807");
  check_int("-9223372036854775808", INT64_MIN, INT64_MAX, "-9223372036854775808");
  check_int("9223372036854775808", INT64_MIN, INT64_MAX,
            "!n: 9223372036854775808 is not between -9223372036854775808 and 9223372036854775807");
  check_int("-9223372036854775809", -1, 1, "!n: -9223372036854775809 is not between -1 and 1");
  check_int("99999999999999999999999", 0, 1, "!n: 99999999999999999999999 is not between 0 and 1");
  check_int("6", 1, 5, "!n: 6 is not between 1 and 5");
  check_int("-1", 0, 5, "!n: -1 is not between 0 and 5");
  check_int("1.0", 0, 5, "!n: \"1.0\" is not a whole number");
  check_int("0x10", 0, 50, "!n: \"0x10\" is not a whole number");
  check_int("1_000", 0, 5000, "!n: \"1_000\" is not a whole number");
  check_int("+5", 0, 5, "!n: \"+5\" is not a whole number");
  check_int("1:30", 0, 500, "!n: \"1:30\" is not a whole number");
  check_int("'-'", 0, 5, "!n: \"-\" is not a whole number");
  check_int("010", 0, 50, "!n: write 010 without zeros in front");
  check_int("\"25\"", 0, 50, "!n: write 25 without quotes");
  check_int("", 0, 50, "!n: a whole number is expected here, not nothing");
  check_int("[1]", 0, 50, "!n: a whole number is expected here, not a list");
}

static void uint_takes_the_whole_range(void **state)
{
  (void)state;
  check_uint("18446744073709551615", 0, UINT64_MAX, "18446744073709551615");
  check_uint("18446744073709551616", 0, UINT64_MAX, "!18446744073709551616 is not between 0 and 18446744073709551615");
  check_uint("70000", 1, 65535, "!70000 is not between 1 and 65535");
  check_uint("0", 1, 65535, "!0 is not between 1 and 65535");
  check_uint("-1", 0, 65535, "!-1 is not between 0 and 65535");
}

static void check_text(const char *source, const char *expected)
{
  struct value v;
  const char *out = "";
  int err;

  begin(&v, source);
  err = msim__yaml_read_text(v.node, "title", &out, &v.diag);
  (void)snprintf(v.result, sizeof(v.result), "%s", out);
  end(&v, err, expected);
}

static void text_is_any_scalar_that_is_there(void **state)
{
  (void)state;
  check_text("Hello", "Hello");
  check_text("5", "5");
  check_text("yes", "yes");
  check_text("''", "");
  check_text("Gr\xc3\xbc\xc3\x9f"
             "e",
             "Gr\xc3\xbc\xc3\x9f"
             "e");
  check_text("", "!title: a text is expected here, not nothing");
  check_text("~", "!title: a text is expected here, not nothing");
  check_text("\"a\\0b\"", "!title: a text cannot hold \\0");
  check_text("[a]", "!title: a text is expected here, not a list");
}

static void check_word(const char *source, const char *expected)
{
  static const char *const words[] = {"reno", "cubic", "none"};
  struct value v;
  size_t out = 99;
  int err;

  begin(&v, source);
  err = msim__yaml_read_word(v.node, "congestion", words, 3, &out, &v.diag);
  (void)snprintf(v.result, sizeof(v.result), "%u", (unsigned)out);
  end(&v, err, expected);
}

static void word_is_one_of_a_list(void **state)
{
  (void)state;
  check_word("cubic", "1");
  check_word("'none'", "2");
  check_word("cubik", "!congestion: \"cubik\" is not known; did you mean \"cubic\"?");
  check_word("bbr", "!congestion: \"bbr\" is not known; write reno, cubic or none");
  check_word("\"\\e[m\"", "!congestion: \"\\x1b[m\" is not known; write reno, cubic or none");
  check_word("{}", "!congestion: a word is expected here, not a map");
}

static void quantities_need_their_units(void **state)
{
  struct value v;
  uint64_t value = 0;
  uint32_t ppm = 0;
  bool in_packets = false;
  int err;

  (void)state;
  begin(&v, "10ms");
  assert_int_equal(msim__yaml_read_duration(v.node, "delay", &value, &v.diag), 0);
  assert_int_equal(value, 10000000);
  err = msim__yaml_read_rate(v.node, "rate", &value, &v.diag);
  end(&v, err, "!rate: \"10ms\" has a unit that is no rate: write bit/s, kbit/s, Mbit/s, Gbit/s or Tbit/s");
  begin(&v, "10");
  err = msim__yaml_read_duration(v.node, "delay", &value, &v.diag);
  end(&v, err, "!delay: \"10\" needs a unit: ns, us, ms, s, min, h or d");
  begin(&v, "");
  err = msim__yaml_read_size(v.node, "mtu", &value, &v.diag);
  end(&v, err, "!mtu: a size such as 64KiB is expected here, not nothing");
  begin(&v, "200%");
  err = msim__yaml_read_share(v.node, "loss", &ppm, &v.diag);
  end(&v, err, "!loss: \"200%\" is more than 100%");
  begin(&v, "2%");
  assert_int_equal(msim__yaml_read_share(v.node, "loss", &ppm, &v.diag), 0);
  assert_int_equal(ppm, 20000);
  err = msim__yaml_read_size(v.node, NULL, &value, &v.diag);
  end(&v, err, "!\"2%\" has a unit that is no size: write B, kB, MB, GB, KiB, MiB or GiB");
  begin(&v, "1000 packets");
  assert_int_equal(msim__yaml_read_queue(v.node, "queue", &value, &in_packets, &v.diag), 0);
  assert_true(in_packets);
  assert_int_equal(value, 1000);
  err = msim__yaml_read_kind(v.node, "queue", MSIM__YAML_MAP, &v.diag);
  end(&v, err, "!queue: a map is expected here, not a single value");
}

static void long_foreign_words_are_cut(void **state)
{
  struct value v;
  char word[200];
  bool out;
  int err;

  (void)state;
  memset(word, 'x', sizeof(word) - 1);
  word[sizeof(word) - 1] = '\0';
  begin(&v, word);
  err = msim__yaml_read_bool(v.node, NULL, &out, &v.diag);
  end(&v, err, "!\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\" is neither true nor false");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bool_takes_true_and_false_only), cmocka_unit_test(int_is_decimal_and_in_range),
      cmocka_unit_test(uint_takes_the_whole_range),     cmocka_unit_test(text_is_any_scalar_that_is_there),
      cmocka_unit_test(word_is_one_of_a_list),          cmocka_unit_test(quantities_need_their_units),
      cmocka_unit_test(long_foreign_words_are_cut),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
