/* test_header.c: header fields, folded and plain, good and bad, up to the limits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/header.h"

static void assert_slice(struct msim_slice slice, const char *text)
{
  assert_int_equal(slice.size_bytes, strlen(text));
  assert_memory_equal(slice.data, text, strlen(text));
}

static const char message[] = "Received: from a.example\r\n"
                              "\tby b.example; Thu, 01 Jan 2026 00:00:00 +0000\r\n"
                              "From: M\xc3\xbcller <m@example>\r\n"
                              "no field at all\r\n"
                              " with a fold\r\n"
                              "Subject :  odd \r\n"
                              "X-Empty:\r\n"
                              "received: second\r\n"
                              "Bad Name: x\r\n"
                              ": nameless\r\n"
                              "To: a@example,\r\n"
                              "  b@example\r\n"
                              "\r\n"
                              "Body: is no field\r\n";

static void iterating_gives_fields_in_order_and_the_body(void **state)
{
  static const struct {
    const char *name, *value;
    bool bad;
  } expected[] = {
      {"Received", "from a.example\r\n\tby b.example; Thu, 01 Jan 2026 00:00:00 +0000", false},
      {"From", "M\xc3\xbcller <m@example>", false},
      {"", "no field at all\r\n with a fold", true},
      {"Subject", "odd", false},
      {"X-Empty", "", false},
      {"received", "second", false},
      {"", "Bad Name: x", true},
      {"", ": nameless", true},
      {"To", "a@example,\r\n  b@example", false},
  };
  struct msim_slice text = exact_copy(message, sizeof message - 1);
  struct msim__header_iter iter;
  struct msim__header_field field;
  size_t i, whole = 0;

  (void)state;
  msim__header_iter_init(&iter, text);
  for (i = 0; i < sizeof expected / sizeof *expected; i++) {
    assert_int_equal(msim__header_next(&iter, &field), 1);
    assert_slice(field.name, expected[i].name);
    assert_slice(field.value, expected[i].value);
    assert_int_equal(field.bad, expected[i].bad);
    whole += field.whole.size_bytes;
  }
  assert_int_equal(msim__header_next(&iter, &field), 0);
  assert_string_equal(message + iter.offset_bytes, "Body: is no field\r\n");
  assert_int_equal(whole + 2, iter.offset_bytes);
  assert_int_equal(msim__header_next(&iter, &field), 0); /* and does not go on into the body */
  exact_free(text);
}

static void find_takes_the_nth_of_any_case(void **state)
{
  struct msim_slice text = exact_copy(message, sizeof message - 1);
  struct msim__header_field field;

  (void)state;
  assert_int_equal(msim__header_find(text, "RECEIVED", 1, &field), 1);
  assert_slice(field.value, "second");
  assert_int_equal(msim__header_find(text, "received", 2, &field), 0);
  assert_int_equal(msim__header_find(text, "body", 0, &field), 0);
  assert_int_equal(msim__header_find(text, "", 0, &field), 0);
  assert_int_equal(msim__header_find(text, "subject", 0, &field), 1);
  assert_slice(field.value, "odd");
  exact_free(text);
}

static void every_truncation_is_read_without_harm(void **state)
{
  size_t n;

  (void)state;
  for (n = 0; n < sizeof message; n++) {
    struct msim_slice cut = exact_copy(message, n);
    struct msim__header_iter iter;
    struct msim__header_field field;
    size_t end, whole = 0;

    msim__header_iter_init(&iter, cut);
    while (msim__header_next(&iter, &field) == 1)
      whole += field.whole.size_bytes;
    assert_int_equal(msim__header_end(cut, &end), 0);
    assert_int_equal(end, iter.offset_bytes);
    assert_true(whole == end || whole + 2 == end); /* nothing lost */
    exact_free(cut);
  }
}

static void ends_of_headers_are_found(void **state)
{
  static const struct {
    const char *text;
    size_t end;
  } cases[] = {
      {"", 0},
      {"\r\n", 2},
      {"\n", 1},
      {"\r\nbody", 2},
      {"A: b\r\n", 6},
      {"A: b\n\nbody", 6},
      {"A: b", 4},
      {"A: b\r\n\r\n", 8},
      {"A: b\r\n \r\n\r\nx", 11},
      {" A: b\r\n\r\n", 9},
  };
  size_t i, end;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct msim_slice text = exact_text(cases[i].text);

    assert_int_equal(msim__header_end(text, &end), 0);
    assert_int_equal(end, cases[i].end);
    exact_free(text);
  }
}

static void too_many_fields_or_bytes_are_a_limit(void **state)
{
  size_t size = MSIM__HEADER_BYTES_MAX + 10, end, i;
  uint8_t *text = malloc(size);
  struct msim__header_field field;

  (void)state;
  assert_non_null(text);
  memset(text, 'x', size);
  assert_int_equal(msim__header_end((struct msim_slice){text, size}, &end), MSIM_ERR_LIMIT);
  memcpy(text, "A:\n\n", 4); /* a long body is none of our business */
  assert_int_equal(msim__header_end((struct msim_slice){text, size}, &end), 0);
  assert_int_equal(end, 4);
  for (i = 0; i < 2001; i++)
    memcpy(text + 3 * i, "A:\n", 3);
  assert_int_equal(msim__header_end((struct msim_slice){text, 3 * 2000}, &end), 0);
  assert_int_equal(msim__header_end((struct msim_slice){text, 3 * 2001}, &end), MSIM_ERR_LIMIT);
  assert_int_equal(msim__header_find((struct msim_slice){text, 3 * 2001}, "B", 0, &field), MSIM_ERR_LIMIT);
  free(text);
}

static void unfold_joins_lines(void **state)
{
  static const struct {
    const char *value, *line;
  } cases[] = {
      {"", ""},
      {"plain", "plain"},
      {"a\r\n b", "a b"},
      {"a\r\n\t b", "a\t b"},
      {"a\n b", "a b"},
      {"a \r\n  \r\n b", "a    b"},
      {"a\rb", "a b"},
      {"a\r b", "a  b"},
      {"a\r\nb", "a b"},
      {"a\r\n", "a "},
      {"M\xc3\xbc\r\n ller", "M\xc3\xbc ller"},
  };
  uint8_t out[32];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct msim_slice value = exact_text(cases[i].value);
    size_t expected = strlen(cases[i].line);

    assert_int_equal(msim__header_unfold(value, out, expected, &n), MSIM_OK);
    assert_int_equal(n, expected);
    assert_memory_equal(out, cases[i].line, n);
    if (expected > 0) {
      assert_int_equal(msim__header_unfold(value, out, expected - 1, &n), MSIM_ERR_LIMIT);
      assert_int_equal(n, 0);
    }
    exact_free(value);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(iterating_gives_fields_in_order_and_the_body), cmocka_unit_test(find_takes_the_nth_of_any_case),
      cmocka_unit_test(every_truncation_is_read_without_harm),        cmocka_unit_test(ends_of_headers_are_found),
      cmocka_unit_test(too_many_fields_or_bytes_are_a_limit),         cmocka_unit_test(unfold_joins_lines),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
