/* test_http_form.c: percent codes and forms, both ways. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/ascii.h"
#include "proto/http_form.h"

static void assert_bytes(const uint8_t *bytes, size_t size, const char *text)
{
  assert_int_equal(size, strlen(text));
  assert_memory_equal(bytes, text, size);
}

struct code {
  const char *text, *coded;
  bool is_form, keep_slash;
};

static const struct code codes[] = {
    {"", "", true, false},
    {"a-b_c.d*~ /", "a-b_c.d*%7E+%2F", true, false},
    {"a-b_c.d*~ /", "a-b_c.d%2A~%20/", false, true},
    {"x+y&z=1%;\r\n", "x%2By%26z%3D1%25%3B%0D%0A", true, false},
    {"m\xc3\xbcller", "m%C3%BCller", true, false},
};

static void coded_text_is_decoded_to_the_same(void **state)
{
  uint8_t out[64];
  size_t i, size;

  (void)state;
  for (i = 0; i < sizeof codes / sizeof *codes; i++) {
    struct msim_slice text = exact_text(codes[i].text), coded = exact_text(codes[i].coded);

    assert_int_equal(msim__percent_encode(text, codes[i].is_form, codes[i].keep_slash, out, sizeof out, &size), 0);
    assert_bytes(out, size, codes[i].coded);
    assert_int_equal(msim__percent_decode(coded, codes[i].is_form, out, sizeof out, &size), 0);
    assert_bytes(out, size, codes[i].text);
    if (coded.size_bytes > 0)
      assert_int_equal(
          msim__percent_encode(text, codes[i].is_form, codes[i].keep_slash, out, coded.size_bytes - 1, &size),
          MSIM_ERR_LIMIT);
    exact_free(text);
    exact_free(coded);
  }
}

static void bad_codes_are_refused(void **state)
{
  static const char *const bad[] = {"%", "%4", "a%4", "%zz", "%4g", "%g4", "% 41", "%%41"};
  uint8_t out[64];
  size_t i, size;

  (void)state;
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct msim_slice text = exact_text(bad[i]);

    assert_int_equal(msim__percent_decode(text, true, out, sizeof out, &size), MSIM_ERR_SYNTAX);
    assert_int_equal(size, 0);
    exact_free(text);
  }
  assert_int_equal(msim__percent_decode(msim__slice_text("abc"), true, out, 2, &size), MSIM_ERR_LIMIT);
}

static void forms_are_written_and_read_back(void **state)
{
  uint8_t form[256], out[64];
  size_t size = 0, got, before;

  (void)state;
  assert_int_equal(msim__form_add(form, sizeof form, &size, "to", msim__slice_text("b@y.example")), 0);
  assert_int_equal(msim__form_add(form, sizeof form, &size, "a b", msim__slice_text("1&2=3")), 0);
  assert_int_equal(msim__form_add(form, sizeof form, &size, "empty", msim__slice_text("")), 0);
  assert_bytes(form, size, "to=b%40y.example&a+b=1%262%3D3&empty=");
  assert_int_equal(msim__form_get((struct msim_slice){form, size}, "a b", out, sizeof out, &got), 1);
  assert_bytes(out, got, "1&2=3");
  assert_int_equal(msim__form_get((struct msim_slice){form, size}, "empty", out, sizeof out, &got), 1);
  assert_int_equal(got, 0);
  assert_int_equal(msim__form_get((struct msim_slice){form, size}, "t", out, sizeof out, &got), 0);
  assert_int_equal(msim__form_get((struct msim_slice){form, size}, "to", out, 3, &got), MSIM_ERR_LIMIT);
  before = size;
  assert_int_equal(msim__form_add(form, size + 4, &size, "long", msim__slice_text("value")), MSIM_ERR_LIMIT);
  assert_int_equal(size, before);
}

static void pairs_of_foreign_forms_are_found(void **state)
{
  struct msim_slice form = msim__slice_text("&&a&b=&=c&d=e=f&%61a=%zz");
  static const char *const names[] = {"a", "b", "", "d", "%61a"}, *const values[] = {"", "", "c", "e=f", "%zz"};
  struct msim__form_pair pair;
  size_t at = 0, i, size;
  uint8_t out[8];

  (void)state;
  for (i = 0; i < 5; i++) {
    assert_int_equal(msim__form_next(form, &at, &pair), 1);
    assert_bytes(pair.name.data, pair.name.size_bytes, names[i]);
    assert_bytes(pair.value.data, pair.value.size_bytes, values[i]);
  }
  assert_int_equal(msim__form_next(form, &at, &pair), 0);
  assert_int_equal(msim__form_get(form, "aa", out, sizeof out, &size), MSIM_ERR_SYNTAX);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(coded_text_is_decoded_to_the_same),
      cmocka_unit_test(bad_codes_are_refused),
      cmocka_unit_test(forms_are_written_and_read_back),
      cmocka_unit_test(pairs_of_foreign_forms_are_found),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
