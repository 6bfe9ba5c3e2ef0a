/* Tests of text/suggest.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/suggest.h"

static const char *const keys[] = {"address", "addresses", "agents", "delay", "rate", "queue", "to", "MiB", "Straße"};

static void check(const char *word, const char *expected)
{
  const char *got = msim__suggest(word, strlen(word), keys, sizeof(keys) / sizeof(keys[0]));

  if (expected == NULL)
    assert_null(got);
  else {
    assert_non_null(got);
    assert_string_equal(got, expected);
  }
}

static void suggest_of_near_word_finds_it(void **state)
{
  (void)state;
  check("adress", "address");   /* one missing */
  check("addresss", "address"); /* one too many; the first of two that are equally near */
  check("delya", "delay");      /* two swapped */
  check("qeueu", NULL);         /* two swaps of five bytes are too far */
}

static void suggest_of_far_word_is_null(void **state)
{
  (void)state;
  check("", NULL);
  check("x", NULL);
  check("yellow", NULL);
  check("re", NULL);
}

static void suggest_ignores_case(void **state)
{
  (void)state;
  check("RATE", "rate");
  check("mib", "MiB");
  check("Queus", "queue");
}

static void suggest_of_bytes_takes_any(void **state)
{
  (void)state;
  check("Strasse", "Straße");
  check("\xff\xfe", NULL);
}

static void suggest_at_length_limit_is_bounded(void **state)
{
  static const char sixty_four[] = "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd";
  char longer[200];
  const char *const one[] = {sixty_four};
  const char *const two[] = {longer};

  (void)state;
  assert_int_equal(sizeof(sixty_four) - 1, MSIM__SUGGEST_BYTES_MAX);
  memcpy(longer, sixty_four, 65);
  longer[20] = 'x';
  assert_ptr_equal(msim__suggest(longer, 64, one, 1), sixty_four);
  memset(longer, 'a', 199);
  longer[199] = '\0';
  assert_null(msim__suggest(longer, 65, one, 1));
  assert_null(msim__suggest("aaaa", 4, two, 1));
  assert_null(msim__suggest("aaaa", 4, NULL, 0));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(suggest_of_near_word_finds_it),
      cmocka_unit_test(suggest_of_far_word_is_null),
      cmocka_unit_test(suggest_ignores_case),
      cmocka_unit_test(suggest_of_bytes_takes_any),
      cmocka_unit_test(suggest_at_length_limit_is_bounded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
