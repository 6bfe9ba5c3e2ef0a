/* test_encoded_word.c: encoded words, good and bad. The examples of RFC 2047 8 are among them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/encoded_word.h"

static const struct {
  const char *text, *decoded;
} cases[] = {
    {"", ""},
    {"plain text", "plain text"},
    {"=?UTF-8?B?R3LDvMOfZQ==?=", "Gr\xc3\xbc\xc3\x9f"
                                 "e"},
    {"=?utf-8?q?Gr=C3=BC=C3=9Fe?= aus", "Gr\xc3\xbc\xc3\x9f"
                                        "e aus"},
    {"=?ISO-8859-1?Q?Gr=FC=DFe?=", "Gr\xc3\xbc\xc3\x9f"
                                   "e"},
    {"=?iso-8859-1?B?/w==?=", "\xc3\xbf"},
    {"(=?ISO-8859-1?Q?a?=)", "(a)"},
    {"=?ISO-8859-1?Q?a?= b", "a b"},
    {"=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=", "ab"},
    {"=?ISO-8859-1?Q?a?=   =?utf-8?Q?b?=", "ab"},
    {"=?ISO-8859-1?Q?a_b?=", "a b"},
    {"=?US-ASCII*EN?Q?Keith_Moore?=", "Keith Moore"},
    {"=?UTF-8?B?4oI=?= =?UTF-8?B?rA==?=", "\xe2\x82\xac"}, /* a character cut in two is met */
    {"=?koi8-r?B?8A==?=", "=?koi8-r?B?8A==?="},
    {"=?UTF-8?X?abc?=", "=?UTF-8?X?abc?="},
    {"=?UTF-8?Q?a b?=", "=?UTF-8?Q?a b?="},
    {"=?UTF-8?Q?open", "=?UTF-8?Q?open"},
    {"=?UTF-8?Q?=zz=4?=", "=zz=4"},
    {"=?", "=?"},
    {"a=?b", "a=?b"},
};

static void words_are_read(void **state)
{
  uint8_t out[200];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice text = exact_text(cases[i].text);

    assert_int_equal(msim__encoded_words_decode(text, out, sizeof out, &n), 0);
    if (n != strlen(cases[i].decoded) || memcmp(out, cases[i].decoded, n) != 0)
      fail_msg("%s became %.*s", cases[i].text, (int)n, (const char *)out);
    exact_free(text);
  }
}

static void every_cut_and_every_room_is_safe(void **state)
{
  uint8_t out[200];
  size_t i, n, cap, size;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (n = 0; n <= strlen(cases[i].text); n++) {
      struct msim_slice text = exact_copy(cases[i].text, n);

      assert_int_equal(msim__encoded_words_decode(text, out, sizeof out, &size), 0);
      for (cap = 0; cap < size; cap++) {
        size_t filled;

        assert_int_equal(msim__encoded_words_decode(text, out, cap, &filled), MSIM_ERR_LIMIT);
        assert_int_equal(filled, cap);
      }
      exact_free(text);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(words_are_read),
      cmocka_unit_test(every_cut_and_every_room_is_safe),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
