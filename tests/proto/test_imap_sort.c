/* Tests of proto/imap_sort.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "proto/imap_sort.h"
#include "support/exact.h"

static struct msim__imap_cursor cursor_of(struct msim_slice text)
{
  struct msim__imap_cursor c = {(uint8_t *)(uintptr_t)text.data, 0, text.size_bytes};

  return c;
}

static void criteria_are_read(void **state)
{
  static const struct {
    const char *text;
    int err;
    const char *keys; /* a digit per key, "-" before one that is reversed */
  } rows[] = {
      {"(DATE)", 0, "2"},
      {"(reverse Date SUBJECT)", 0, "-25"},
      {"(ARRIVAL CC DATE FROM SIZE SUBJECT TO DISPLAYFROM DISPLAYTO)", 0, "012345678"},
      {"(SUBJECT REVERSE DATE) UTF-8", 0, "5-2"},
      {"()", MSIM_ERR_SYNTAX, ""},
      {"DATE", MSIM_ERR_SYNTAX, ""},
      {"(DATE", MSIM_ERR_SYNTAX, ""},
      {"(DATE )", MSIM_ERR_SYNTAX, ""},
      {"(REVERSE)", MSIM_ERR_SYNTAX, ""},
      {"(REVERSE REVERSE DATE)", MSIM_ERR_SYNTAX, ""},
      {"(DATE  SIZE)", MSIM_ERR_SYNTAX, ""},
      {"(FOO)", MSIM_ERR_SYNTAX, ""},
      {"(DATES)", MSIM_ERR_SYNTAX, ""},
      {"(\"DATE\")", MSIM_ERR_SYNTAX, ""},
      {"", MSIM_ERR_SYNTAX, ""},
      {"(CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC)", 0, "11111111111111111111"},
      {"(CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC CC)", MSIM_ERR_LIMIT, ""},
  };
  size_t i;
  unsigned k;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_slice text = exact_text(rows[i].text);
    struct msim__imap_cursor c = cursor_of(text);
    struct msim__imap_sort sort;
    char keys[60], *at = keys;

    assert_int_equal(msim__imap_take_sort(&c, &sort), rows[i].err);
    for (k = 0; rows[i].err == 0 && k < sort.count; k++) {
      assert_true((sort.kinds & 1u << sort.keys[k].key) != 0);
      if (sort.keys[k].reverse)
        *at++ = '-';
      *at++ = (char)('0' + sort.keys[k].key);
    }
    *at = '\0';
    assert_string_equal(keys, rows[i].keys);
    if (rows[i].err != 0)
      assert_int_equal(c.at, 0);
    exact_free(text);
  }
}

/* Cut anywhere, a good one is none. */
static void what_is_cut_is_refused(void **state)
{
  static const char whole[] = "(REVERSE ARRIVAL CC DISPLAYTO)";
  size_t n;

  (void)state;
  for (n = 0; n < sizeof whole - 1; n++) {
    struct msim_slice text = exact_copy(whole, n);
    struct msim__imap_cursor c = cursor_of(text);
    struct msim__imap_sort sort;

    assert_int_equal(msim__imap_take_sort(&c, &sort), MSIM_ERR_SYNTAX);
    exact_free(text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(criteria_are_read),
      cmocka_unit_test(what_is_cut_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
