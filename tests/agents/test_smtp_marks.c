/* Tests of agents/smtp_marks.c and of the text forms in smtp_rules_fields.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "agents/smtp_marks.h"
#include "agents/smtp_rules_fields.h"
#include "support/fail_mem.h"

static void mark_is_found_again(void **state)
{
  struct msim__smtp_marks marks;
  struct msim__smtp_mark *mark;
  struct msim__mem mem;
  uint64_t key;

  (void)state;
  msim__mem_init(&mem, NULL);
  memset(&marks, 0, sizeof marks);
  marks.mem = &mem;
  for (key = 0; key < 1000; key++) { /* key 0 too */
    mark = msim__smtp_marks_get(&marks, key * 64, MSIM_SEC(key), MSIM_NEVER);
    assert_int_equal(mark->count, 0);
    assert_int_equal(mark->first_ns, MSIM_SEC(key));
    mark->count = key + 1;
  }
  for (key = 0; key < 1000; key++)
    assert_int_equal(msim__smtp_marks_get(&marks, key * 64, MSIM_SEC(2000), MSIM_NEVER)->count, key + 1);
  msim__smtp_marks_release(&marks);
  assert_int_equal(mem.held_bytes, 0);
}

static void marks_are_bounded_and_old_ones_make_room(void **state)
{
  struct msim__smtp_marks marks;
  struct msim__mem mem;
  uint64_t key, made = 0;

  (void)state;
  msim__mem_init(&mem, NULL);
  memset(&marks, 0, sizeof marks);
  marks.mem = &mem;
  for (key = 1; key < 3 * MSIM__SMTP_MARKS_MAX; key++)
    made += msim__smtp_marks_get(&marks, key * UINT64_C(0x9e3779b97f4a7c15), MSIM_SEC(1), MSIM_SEC(10)) != NULL;
  assert_int_equal(made, MSIM__SMTP_MARKS_MAX);
  assert_null(msim__smtp_marks_get(&marks, 7, MSIM_SEC(10), MSIM_SEC(10)));
  assert_non_null(msim__smtp_marks_get(&marks, 7, MSIM_SEC(11), MSIM_SEC(10)));
  assert_int_equal(marks.used_count, 1);
  msim__smtp_marks_release(&marks);
  assert_int_equal(mem.held_bytes, 0);
}

static void failing_allocation_keeps_what_was_there(void **state)
{
  struct msim__smtp_marks marks;
  struct msim__mem mem;
  struct fail_mem f;
  uint64_t key, made = 0;

  (void)state;
  fail_mem_init(&f, 2);
  msim__mem_init(&mem, &f.hook);
  memset(&marks, 0, sizeof marks);
  marks.mem = &mem;
  for (key = 1; key < 40; key++)
    made += msim__smtp_marks_get(&marks, key, 0, MSIM_NEVER) != NULL;
  assert_true(made >= 32);
  assert_int_equal(f.failed_count, 1);
  for (key = 1; key <= 32; key++)
    assert_non_null(msim__smtp_marks_get(&marks, key, 0, MSIM_NEVER));
  msim__smtp_marks_release(&marks);
  assert_true(fail_mem_clean(&f));
}

static void rates_are_read(void **state)
{
  static const struct {
    const char *text;
    uint64_t count;
    msim_ns time_ns; /* 0: none */
  } rows[] = {
      {"20/min", 20, MSIM_SEC(60)},
      {"1/s", 1, MSIM_SEC(1)},
      {"0/h", 0, MSIM_SEC(3600)},
      {"3/10s", 3, MSIM_SEC(10)},
      {"5/1.5s", 5, MSIM_MSEC(1500)},
      {"7/d", 7, MSIM_SEC(86400)},
      {"", 0, 0},
      {"20", 0, 0},
      {"/min", 0, 0},
      {"20/", 0, 0},
      {"20/week", 0, 0},
      {"-1/min", 0, 0},
      {"20/0s", 0, 0},
      {"20/min/min", 0, 0},
      {"20 /min", 0, 0},
      {"99999999999/s", 0, 0},
      {"1/12345678901234567890123456789012345s", 0, 0},
  };
  uint64_t count;
  msim_ns time_ns;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    if (msim__smtp_rate_parse(rows[i].text, &count, &time_ns) != (rows[i].time_ns != 0))
      fail_msg("\"%s\"", rows[i].text);
    if (rows[i].time_ns == 0)
      continue;
    assert_int_equal(count, rows[i].count);
    assert_int_equal(time_ns, rows[i].time_ns);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mark_is_found_again),
      cmocka_unit_test(marks_are_bounded_and_old_ones_make_room),
      cmocka_unit_test(failing_allocation_keeps_what_was_there),
      cmocka_unit_test(rates_are_read),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
