/* test_dates.c: which bytes are a date, and that hashing without dates does not depend on how the bytes were cut. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "trace/fingerprint.h"

static void dates_are_found_where_they_stand(void **state)
{
  static const struct {
    const char *before, *date, *behind;
  } rows[] = {
      {"Date: ", "Thu, 1 Jan 2026 00:00:00 +0000", "\r\n"},
      {"x", "1 Jan 2026 00:00:00 -0130", ""},
      {"", "Fri, 31 Dec 1999 23:59:59 GMT", "."},
      {"INTERNALDATE \"", "01-Feb-2026 12:34:56 +0100", "\""},
      {"INTERNALDATE \"", " 1-Feb-2026 12:34:56 +0100", "\""},
      {"at 10:20:30 on ", "7 Mar 2026 10:20:30", " +01"},
      {"1", "23 Apr 2026 10:20:30", "+0100"},
      {"Xri, ", "31 Dec 1999 23:59:59", " UTC"},
      {"a:b:c ::", "5 May 2026 01:02:03", ":04"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    char text[100] = "";
    struct msim_slice exact;
    size_t begin = 99, end = 99;

    strcat(strcat(strcat(text, rows[i].before), rows[i].date), rows[i].behind);
    exact = exact_text(text);
    assert_true(msim__date_find(exact.data, exact.size_bytes, 0, &begin, &end));
    assert_int_equal(begin, strlen(rows[i].before));
    assert_int_equal(end, begin + strlen(rows[i].date));
    assert_false(msim__date_find(exact.data, exact.size_bytes, end, &begin, &end));
    exact_free(exact);
  }
}

static void what_is_no_date_is_left_alone(void **state)
{
  static const char *const rows[] = {"",
                                     ":",
                                     "12:34:56",
                                     " Jan 2026 00:00:00 +0000",
                                     "1 Jam 2026 00:00:00 +0000",
                                     "1 Jan 226 00:00:00 +0000",
                                     "1 Jan-2026 00:00:00 +0000",
                                     "1 Jan 2026-00:00:00 +0000",
                                     "1 Jan 2026 00:00:0",
                                     "1 Jan 2026 0:00:00",
                                     "1 Jan 2026 00:00 00"};
  size_t i, begin, end;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct msim_slice exact = exact_text(rows[i]);

    assert_false(msim__date_find(exact.data, exact.size_bytes, 0, &begin, &end));
    exact_free(exact);
  }
}

static uint64_t hash_in_pieces(const char *text, size_t first, size_t piece)
{
  struct msim__print_text print;
  size_t size = strlen(text), at = 0;

  msim__print_text_init(&print);
  while (at < size) {
    size_t n = at == 0 && first > 0 ? first : piece;
    struct msim_slice exact;

    n = n < size - at ? n : size - at;
    exact = exact_copy(text + at, n);
    msim__print_text_add(&print, exact.data, n);
    exact_free(exact);
    at += n;
  }
  return msim__print_text_end(&print);
}

static const char dialogue[] =
    "* 1 FETCH (INTERNALDATE \"01-Jan-2026 10:00:00 +0000\" RFC822.SIZE 44827)\r\n"
    "220 mx ESMTP Thu, 1 Jan 2026 00:00:00 +00001 Jan 2026 00:00:001 Jan 2026 00:00:00:: 12 Jan 20\r\nThu, 1 Jan 2026 "
    "00:00:00 +0000Thu, 2 Jan 2026 00:00:00 GMT the end";

static void hash_does_not_depend_on_the_pieces(void **state)
{
  uint64_t whole = hash_in_pieces(dialogue, 0, sizeof dialogue);
  size_t first, piece;

  (void)state;
  for (first = 0; first < sizeof dialogue; first++) {
    for (piece = 1; piece < 60; piece += 3)
      assert_true(hash_in_pieces(dialogue, first, piece) == whole);
  }
}

static void hash_ignores_dates_and_nothing_else(void **state)
{
  static const char other_dates[] =
      "* 1 FETCH (INTERNALDATE \"31-Dec-2027 23:59:59 -1200\" RFC822.SIZE 44827)\r\n"
      "220 mx ESMTP Sun, 31 Jul 2026 10:20:30 +01001 Jan 2026 00:00:0021 Jun 2026 00:00:00:: 12 Jan 20\r\n1 Jan 2026 "
      "00:00:00 GMTTue, 12 Jan 2026 00:00:00 GMT the end";
  char changed[sizeof dialogue];
  size_t i, seen = 0;

  (void)state;
  assert_true(hash_in_pieces(dialogue, 0, 7) == hash_in_pieces(other_dates, 0, 9));
  for (i = 0; i < sizeof dialogue - 1; i++) {
    memcpy(changed, dialogue, sizeof dialogue);
    changed[i] = '#';
    seen += hash_in_pieces(changed, 0, 100) != hash_in_pieces(dialogue, 0, 100);
  }
  assert_int_equal(seen, sizeof dialogue - 1); /* a broken date is none */
}

static void hash_of_bytes_sees_length_and_order(void **state)
{
  static const char zeros[40] = {0};
  uint64_t results[40];
  size_t i, k;

  (void)state;
  for (i = 0; i < 40; i++) {
    struct msim__print_bytes bytes;

    msim__print_bytes_init(&bytes);
    msim__print_bytes_add(&bytes, zeros, i / 2);
    msim__print_bytes_add(&bytes, zeros, i - i / 2);
    results[i] = msim__print_bytes_end(&bytes);
    for (k = 0; k < i; k++)
      assert_true(results[k] != results[i]);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dates_are_found_where_they_stand),    cmocka_unit_test(what_is_no_date_is_left_alone),
      cmocka_unit_test(hash_does_not_depend_on_the_pieces),  cmocka_unit_test(hash_ignores_dates_and_nothing_else),
      cmocka_unit_test(hash_of_bytes_sees_length_and_order),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
