/* test_diff_write.c: lib/check/diff_write.c and files.c: a comparison in a few lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mailsim/check.h>

#include <stdio.h>
#include <string.h>

#define HEAD "mailsim-trace/1 topology test seed 1 engine 1\n"
#define SYN "1.000000000 tcp a>b:25#1 c1 S 0:0(0) win 65535 +10ms\n"
#define SYN_LOST "1.000000000 tcp a>b:25#1 c1 S 0:0(0) win 65535 lost(loss)\n"

/* The report about two traces. */
static void compare(const char *was, const char *is, char *out, size_t out_bytes)
{
  const char *texts[2] = {was, is};
  struct msim_diff *diff = NULL;
  struct msim_diff_result result;
  struct msim_out place;
  FILE *report = tmpfile();
  size_t i, n;

  assert_non_null(report);
  assert_int_equal(msim_diff_new(&diff, NULL), 0);
  for (i = 0; i < 2; i++) {
    FILE *file = tmpfile();
    struct msim_in in;

    assert_non_null(file);
    fputs(texts[i], file);
    rewind(file);
    in = msim_in_file(file);
    assert_int_equal(msim_diff_read(diff, (enum msim_diff_side)i, &in, i == 0 ? "was" : "is", NULL, NULL), 0);
    fclose(file);
  }
  place = msim_out_file(report);
  assert_int_equal(msim_diff_write(diff, &place), 0); /* nothing is known yet */
  assert_int_equal(ftell(report), 0);
  assert_int_equal(msim_diff_compare(diff, MSIM_VIEW_WIRE, &result), 0);
  assert_int_equal(msim_diff_write(diff, &place), 0);
  rewind(report);
  n = fread(out, 1, out_bytes - 1, report);
  out[n] = '\0';
  fclose(report);
  msim_diff_free(diff);
}

static void what_is_the_same_is_no_word_worth(void **state)
{
  char text[4000];

  (void)state;
  compare(HEAD SYN, HEAD SYN, text, sizeof text);
  assert_string_equal(text, "");
}

static void the_first_difference_is_told_with_both_lines(void **state)
{
  char text[4000];

  (void)state;
  compare(HEAD SYN, HEAD SYN_LOST, text, sizeof text);
  assert_ptr_equal(strstr(text, "first difference: tcp a>b:25#1 c1, in its fate\n  - 2: 1.000000000 tcp a>b:25#1 c1 S"),
                   text);
  assert_non_null(strstr(text, "\n  + 2: 1.000000000 tcp a>b:25#1 c1 S 0:0(0) win 65535 lost(loss)\n"));
  assert_non_null(strstr(text, "1 of 1 flows differ\n"));
  compare(HEAD SYN, HEAD, text, sizeof text);
  assert_non_null(strstr(text, "\n  + (nothing)\n"));
}

static int refuse(void *ctx, const void *data, size_t size_bytes)
{
  (void)data;
  (void)size_bytes;
  return ++*(int *)ctx >= 3 ? MSIM_ERR_IO : MSIM_OK;
}

static void a_place_that_takes_nothing_is_an_error(void **state)
{
  static const char *const texts[2] = {HEAD SYN, HEAD SYN_LOST};
  struct msim_diff *diff = NULL;
  struct msim_diff_result result;
  int calls = 0, i;
  struct msim_out out = {&calls, refuse};

  (void)state;
  assert_int_equal(msim_diff_new(&diff, NULL), 0);
  for (i = 0; i < 2; i++) {
    FILE *file = tmpfile();
    struct msim_in in;

    assert_non_null(file);
    fputs(texts[i], file);
    rewind(file);
    in = msim_in_file(file);
    assert_int_equal(msim_diff_read(diff, (enum msim_diff_side)i, &in, "t", NULL, NULL), 0);
    fclose(file);
  }
  assert_int_equal(msim_diff_compare(diff, MSIM_VIEW_WIRE, &result), 0);
  assert_int_equal(msim_diff_write(diff, &out), MSIM_ERR_IO);
  assert_int_equal(calls, 3);
  msim_diff_free(diff);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_the_same_is_no_word_worth),
      cmocka_unit_test(the_first_difference_is_told_with_both_lines),
      cmocka_unit_test(a_place_that_takes_nothing_is_an_error),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
