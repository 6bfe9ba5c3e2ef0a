/* test_dns_name.c: domain names from text, from messages and back, and how they compare. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "wire/dns_name.h"

#include <string.h>

static struct msim__dns_name name_of(const char *text)
{
  struct msim__dns_name name;

  assert_int_equal(msim__dns_name_parse(&name, text, strlen(text)), MSIM_OK);
  return name;
}

static void parse_of_good_text_gives_it_back(void **state)
{
  static const char *const rows[][2] = {
      {".", "."},
      {"example", "example"},
      {"mx.Y.example.", "mx.Y.example"},
      {"_smtp._tcp.y.example", "_smtp._tcp.y.example"},
      {"a\\.b.example", "a\\046b.example"},
      {"\\000\\255.x", "\\000\\255.x"},
      {"m\xc3\xbcller.example", "m\\195\\188ller.example"},
      {"*.example", "*.example"},
  };
  char text[MSIM__DNS_NAME_TEXT_BYTES];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim__dns_name name = name_of(rows[i][0]), again;

    assert_int_equal(msim__dns_name_format(&name, text), strlen(rows[i][1]));
    assert_string_equal(text, rows[i][1]);
    again = name_of(text);
    assert_true(msim__dns_name_equal(&name, &again));
    assert_true(msim__dns_name_hash(&name) == msim__dns_name_hash(&again));
  }
}

static void parse_of_bad_text_is_refused(void **state)
{
  static const char *const rows[] = {"", "..", ".a", "a..b", "a.b..", "a\\", "a\\1", "a\\12x", "a\\256"};
  struct msim__dns_name name;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    assert_int_equal(msim__dns_name_parse(&name, rows[i], strlen(rows[i])), MSIM_ERR_SYNTAX);
}

/* RFC 1035 2.3.4: 63 bytes a label, 255 a name, which are 253 characters of text. */
static void parse_at_the_limits_of_length(void **state)
{
  char text[400];
  struct msim__dns_name name;

  (void)state;
  memset(text, 'a', sizeof text);
  assert_int_equal(msim__dns_name_parse(&name, text, 63), MSIM_OK);
  assert_int_equal(msim__dns_name_parse(&name, text, 64), MSIM_ERR_LIMIT);
  text[63] = text[127] = text[191] = '.';
  assert_int_equal(msim__dns_name_parse(&name, text, 253), MSIM_OK);
  assert_int_equal(name.size_bytes, 255);
  assert_int_equal(msim__dns_name_parse(&name, text, 254), MSIM_ERR_LIMIT);
}

static void read_follows_pointers_backwards(void **state)
{
  /* at 0: y.example; at 11: mx + pointer to 0; at 16: pointer to 11 */
  static const uint8_t bytes[] = {1, 'y', 7, 'e', 'x', 'a', 'm', 'p', 'l', 'e', 0, 2, 'm', 'x', 0xc0, 0, 0xc0, 11, 99};
  struct msim_slice message = {bytes, sizeof bytes};
  struct msim__dns_name name, wanted = name_of("mx.y.example");
  size_t at = 11;

  (void)state;
  assert_int_equal(msim__dns_name_read(&name, message, &at), MSIM_OK);
  assert_int_equal(at, 16);
  assert_true(msim__dns_name_equal(&name, &wanted));
  assert_int_equal(msim__dns_name_read(&name, message, &at), MSIM_OK);
  assert_int_equal(at, 18);
  assert_true(msim__dns_name_equal(&name, &wanted));
}

static void read_of_loops_and_cuts_is_refused(void **state)
{
  static const struct {
    uint8_t bytes[8];
    size_t size_bytes, at;
  } rows[] = {
      {{0}, 0, 0},                        /* nothing */
      {{3, 'a', 'b'}, 3, 0},              /* cut within a label */
      {{1, 'a'}, 2, 0},                   /* no end */
      {{0xc0, 0}, 2, 0},                  /* to itself */
      {{0xc0, 2, 0xc0, 0}, 4, 0},         /* forwards */
      {{1, 'a', 0xc0, 0}, 4, 0},          /* to its own begin */
      {{0xc0, 2, 1, 'b', 0xc0, 0}, 6, 2}, /* a pointer back, and from there forwards again */
      {{1, 'a', 0xc0}, 3, 0},             /* half a pointer */
      {{0x40, 'a', 0}, 3, 0},             /* RFC 6891 5: extended labels are gone */
      {{0x80, 'a', 0}, 3, 0},             /* reserved */
      {{0, 0xc0, 9}, 3, 1},               /* beyond the message */
  };
  struct msim__dns_name name;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_slice copy = exact_copy(rows[i].bytes, rows[i].size_bytes);
    size_t at = rows[i].at;

    assert_int_equal(msim__dns_name_read(&name, copy, &at), MSIM_ERR_SYNTAX);
    assert_int_equal(at, rows[i].at);
    exact_free(copy);
  }
}

static void read_beyond_255_bytes_is_refused(void **state)
{
  uint8_t bytes[300];
  struct msim__dns_name name;
  size_t i, at = 0;

  (void)state;
  for (i = 0; i < 256; i += 2) { /* 128 labels of one byte: 256 bytes and the root */
    bytes[i] = 1;
    bytes[i + 1] = 'a';
  }
  bytes[256] = 0;
  assert_int_equal(msim__dns_name_read(&name, (struct msim_slice){bytes, 257}, &at), MSIM_ERR_SYNTAX);
  at = 2; /* 127 labels: 254 bytes and the root */
  assert_int_equal(msim__dns_name_read(&name, (struct msim_slice){bytes, 257}, &at), MSIM_OK);
  assert_int_equal(msim__dns_name_label_count(&name), MSIM__DNS_LABELS_MAX);
}

static void names_compare_without_case_and_by_whole_labels(void **state)
{
  struct msim__dns_name a = name_of("MX.y.Example"), b = name_of("mx.Y.example"), zone = name_of("y.example");
  struct msim__dns_name other = name_of("xy.example"), root = name_of("."), at = name_of("mx[.example"),
                        brace = name_of("mx{.example");

  (void)state;
  assert_true(msim__dns_name_equal(&a, &b));
  assert_true(msim__dns_name_hash(&a) == msim__dns_name_hash(&b));
  assert_false(msim__dns_name_equal(&at, &brace)); /* they differ by the bit of case, and are no letters */
  assert_true(msim__dns_name_is_below(&a, &zone));
  assert_true(msim__dns_name_is_below(&zone, &zone));
  assert_false(msim__dns_name_is_below(&other, &zone)); /* "y.example" is its end, but no whole labels */
  assert_false(msim__dns_name_is_below(&zone, &a));
  assert_true(msim__dns_name_is_below(&a, &root));
  assert_false(msim__dns_name_is_below(&root, &a));
}

static void parent_and_wildcard_change_the_first_label(void **state)
{
  struct msim__dns_name name = name_of("mx.y.example"), wanted = name_of("*.y.example"), out;
  unsigned steps = 0;

  (void)state;
  assert_true(msim__dns_name_parent(&out, &name));
  assert_true(msim__dns_name_wildcard(&out, &out));
  assert_true(msim__dns_name_equal(&out, &wanted));
  while (msim__dns_name_parent(&name, &name))
    steps++;
  assert_int_equal(steps, 3);
  assert_int_equal(name.size_bytes, 1);
  name.size_bytes = 254;
  assert_false(msim__dns_name_wildcard(&out, &name));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parse_of_good_text_gives_it_back),
      cmocka_unit_test(parse_of_bad_text_is_refused),
      cmocka_unit_test(parse_at_the_limits_of_length),
      cmocka_unit_test(read_follows_pointers_backwards),
      cmocka_unit_test(read_of_loops_and_cuts_is_refused),
      cmocka_unit_test(read_beyond_255_bytes_is_refused),
      cmocka_unit_test(names_compare_without_case_and_by_whole_labels),
      cmocka_unit_test(parent_and_wildcard_change_the_first_label),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
