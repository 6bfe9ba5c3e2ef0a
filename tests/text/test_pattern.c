/* Tests of text/pattern.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/pattern.h"

static const struct {
  const char *pattern, *text;
  bool fits;
} table[] = {
    {"", "", true},
    {"", "a", false},
    {"a", "", false},
    {"abc", "abc", true},
    {"abc", "abcd", false},
    {"abc", "ab", false},
    {"abc", "ABC", false},
    {"*", "", true},
    {"*", "anything", true},
    {"**", "x", true},
    {"?", "", false},
    {"?", "x", true},
    {"?", "xy", false},
    {"??", "ü", true},
    {"a*", "a", true},
    {"a*", "ba", false},
    {"*a", "bba", true},
    {"*a", "bab", false},
    {"a*c", "abbbc", true},
    {"a*c", "abbbcd", false},
    {"*b*", "abc", true},
    {"*.example", "mx.example.org", false},
    {"*.example*", "mx.example.org", true},
    {"laptop>*:25#?", "laptop>mx:25#1", true},
    {"laptop>*:25#?", "laptop>mx:25#12", false},
    {"*ab*ab", "abxab", true},
    {"*ab*ab", "abab", true},
    {"*ab*ab", "ab", false},
    {"*aab", "aaaab", true},
    {"a?c*", "abc", true},
    {"*?", "", false},
    {"*?", "a", true},
    {"[a-z]", "b", false},
    {"[a-z]", "[a-z]", true},
};

static void match_of_table_is_right(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
    if (msim__pattern_match_text(table[i].pattern, table[i].text) != table[i].fits)
      fail_msg("\"%s\" with \"%s\"", table[i].pattern, table[i].text);
}

/* Every pattern and text of up to four bytes against the definition, written as a recursion. */
static bool plainly(const char *p, const char *t)
{
  if (*p == '\0')
    return *t == '\0';
  if (*p == '*')
    return plainly(p + 1, t) || (*t != '\0' && plainly(p, t + 1));
  return *t != '\0' && (*p == '?' || *p == *t) && plainly(p + 1, t + 1);
}

static void word(unsigned number, const char *alphabet, char *out)
{
  size_t letters = strlen(alphabet), length = 0;

  for (; number > 0; number = (unsigned)((number - 1) / letters))
    out[length++] = alphabet[(number - 1) % letters];
  out[length] = '\0';
}

static void match_of_all_short_ones_agrees_with_definition(void **state)
{
  unsigned p, t;

  (void)state;
  for (p = 0; p < 341; p++)
    for (t = 0; t < 63; t++) {
      char pattern[8], text[8];

      word(p, "ab*?", pattern);
      word(t, "ab", text);
      if (msim__pattern_match_text(pattern, text) != plainly(pattern, text))
        fail_msg("\"%s\" with \"%s\"", pattern, text);
    }
}

static void match_of_hostile_pattern_ends_soon(void **state)
{
  char pattern[2001], text[4001];
  size_t i;

  (void)state;
  for (i = 0; i < 1000; i++)
    memcpy(pattern + 2 * i, "*a", 2);
  pattern[1999] = 'b';
  pattern[2000] = '\0';
  memset(text, 'a', 4000);
  text[4000] = '\0';
  assert_false(msim__pattern_match_text(pattern, text));
}

static void match_of_zero_bytes_is_right(void **state)
{
  struct msim_slice p = {(const uint8_t *)"a\0*", 3}, t = {(const uint8_t *)"a\0b\0", 4}, none = {NULL, 0};

  (void)state;
  assert_true(msim__pattern_match(p, t));
  assert_true(msim__pattern_match(none, none));
  assert_false(msim__pattern_match(p, none));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(match_of_table_is_right),
      cmocka_unit_test(match_of_all_short_ones_agrees_with_definition),
      cmocka_unit_test(match_of_hostile_pattern_ends_soon),
      cmocka_unit_test(match_of_zero_bytes_is_right),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
