/* Tests of proto/base_subject.c: a table, and subjects that were made to take long. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "proto/base_subject.h"
#include "support/exact.h"

static void what_is_left_is_what_it_is_about(void **state)
{
  static const struct {
    const char *text, *base;
    bool reply;
  } rows[] = {
      {"", "", false},
      {"hello", "hello", false},
      {"Re: hello", "hello", true},
      {"RE:RE: re : hello", "hello", true},
      {"Fwd: hello", "hello", true},
      {"FW: hello", "hello", true},
      {"fwd[2]: hello", "hello", true},
      {"Re [5]: hello", "hello", true},
      {"Re[x] [y]: hello", "Re[x] [y]: hello", false},
      {"Ref: hello", "Ref: hello", false},
      {"Re hello", "Re hello", false},
      {"Re:", "", true},
      {"  hello\t \r\n there  ", "hello there", false},
      {"hello (fwd)", "hello", true},
      {"hello (fwd) (FWD) ", "hello", true},
      {"(fwd)", "", true},
      {"[list] hello", "hello", false},
      {"[list] Re: [list] hello", "hello", true},
      {"[a][b] [c]Re: hello", "hello", true},
      {"[a] [b] hello", "hello", false},
      {"[only]", "[only]", false},
      {"[a] [only]", "[only]", false},
      {"Re: [only]", "[only]", true},
      {"[open hello", "[open hello", false},
      {"[a[b]] hello", "[a[b]] hello", false},
      {"[fwd: hello]", "hello", true},
      {"[Fwd: Re: [list] hello (fwd)] (fwd)", "hello", true},
      {"[fwd: [fwd: hello]]", "hello", true},
      {"[fwd:]", "", true},
      {"[fwd: hello", "[fwd: hello", false},
      {"Re: gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", true},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_slice text = exact_text(rows[i].text), base;
    bool reply;

    msim__base_subject((uint8_t *)(uintptr_t)text.data, text.size_bytes, &base, &reply);
    if (base.size_bytes != strlen(rows[i].base) || memcmp(base.data, rows[i].base, base.size_bytes) != 0 ||
        reply != rows[i].reply)
      fail_msg("\"%s\": \"%.*s\" %d", rows[i].text, (int)base.size_bytes, (const char *)base.data, reply);
    exact_free(text);
  }
}

/* What is left has no more of it, and the time is that of reading it once. */
static void long_subjects_take_no_long_time(void **state)
{
  static const char *const pieces[] = {"[a]", "Re:", "[fwd: ", "[a] ", "re [b]:", " ", "[", "(fwd)", "[a][b] re"};
  enum { SIZE = 200000 };
  uint8_t *text = malloc(SIZE), *again = malloc(SIZE);
  struct msim_slice base, twice;
  size_t i, k, n;
  bool reply;

  (void)state;
  assert_non_null(text);
  assert_non_null(again);
  for (i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
    n = strlen(pieces[i]);
    for (k = 0; k + n + 2 < SIZE; k += n)
      memcpy(text + k, pieces[i], n);
    memcpy(text + k, "x]", 2);
    msim__base_subject(text, k + 2, &base, &reply);
    assert_true(base.size_bytes <= k + 2);
    if (base.size_bytes > 0)
      memcpy(again, base.data, base.size_bytes);
    msim__base_subject(again, base.size_bytes, &twice, &reply);
    assert_int_equal(twice.size_bytes, base.size_bytes);
  }
  free(text);
  free(again);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_left_is_what_it_is_about),
      cmocka_unit_test(long_subjects_take_no_long_time),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
