/* test_ladder_steps.c: steps of a scene in the ladder: numbers, folds, parts, lifelines. The scene is made by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "trace/ladder_steps.h"
#include "trace/stage.h"
#include "trace/story.h"

#include <stdio.h>

#define STEPS 4

static struct stage s;

/* A story whose steps are found by the numbers of records; 0: not observed. */
struct tale {
  struct msim__story story;
  struct msim__story_step steps[STEPS];
  size_t count, judged_count;
  int judge_err;
};
static struct tale tale;

static int tale_judge(void *ctx)
{
  struct tale *told = ctx;

  told->judged_count++;
  return told->judge_err;
}

static const char *tale_text(void *ctx)
{
  (void)ctx;
  return "tale";
}

static const char *tale_language(void *ctx, size_t index)
{
  (void)ctx;
  (void)index;
  return NULL;
}

static const char *tale_title(void *ctx, size_t language)
{
  (void)language;
  return tale_text(ctx);
}

static bool tale_step(void *ctx, size_t index, size_t language, struct msim__story_step *out)
{
  struct tale *told = ctx;

  (void)language;
  if (index < told->count)
    *out = told->steps[index];
  return index < told->count;
}

static void tell(size_t count, const uint64_t *records)
{
  static const char *const says[STEPS] = {"First.", "Second.", "Third\033[2J.", "Fourth."};
  size_t i;

  memset(&tale, 0, sizeof tale);
  tale.story.ctx = &tale;
  tale.story.judge = tale_judge;
  tale.story.name = tale_text;
  tale.story.language_at = tale_language;
  tale.story.title = tale_title;
  tale.story.step_at = tale_step;
  tale.count = count;
  for (i = 0; i < count; i++) {
    tale.steps[i].number = (unsigned)i + 1;
    tale.steps[i].actor = "somebody";
    tale.steps[i].says = says[i];
    tale.steps[i].is_observed = records[i] != 0;
    tale.steps[i].n = records[i];
  }
}

static int try_ladder(uint64_t fail_at, const char *options)
{
  struct msim_out out = {NULL, paper_write};
  int err = stage_try(&s, fail_at);

  out.ctx = &s.paper;
  if (err == MSIM_OK)
    err = msim_trace_add(s.sim, "ladder", &out, options, NULL);
  if (err == MSIM_OK) {
    msim__trace_add_story(s.sim, &tale.story);
    err = msim_sim_start(s.sim);
  }
  return err;
}

static void set_up(const char *options)
{
  assert_int_equal(try_ladder(0, options), MSIM_OK);
}

static int tear_down(void **state)
{
  (void)state;
  stage_tear_down(&s);
  return 0;
}

static void expect(const char *lines)
{
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(s.paper.data);
  assert_string_equal(s.paper.data, lines);
}

static void event(const char *host, const char *what)
{
  stage_event(&s, MSIM_TRACE_APP, host, what, NULL, 0);
  stage_emit(&s, 0);
}

/* Records 1 and 2 are the first segment, 3 and 4 the second, and so on; events follow from 9 on. */
static void hello_and_events(void)
{
  static const char *const names[] = {"a", "b", "c", "d", "e", "f"};
  size_t i;

  stage_hello(&s);
  for (i = 0; i < sizeof names / sizeof *names; i++)
    event("mx", names[i]);
}

static void steps_have_numbers_and_the_rest_is_folded(void **state)
{
  static const uint64_t records[] = {1, 8, 13, 0};

  (void)state;
  tell(4, records);
  set_up("ascii,width=60");
  hello_and_events();
  expect("               laptop                    mx\n"
         "  1     0.000000  |-------- c1 S -------->|  +10ms\n"
         "        0.010000  |<------- s1 S. --------|  +10ms\n"
         "        0.020000  |-------- c2 . -------->|  +10ms\n"
         "  2     0.030000  |<= s2 P. 34 220 mx.. ==|  +10ms\n"
         "                  :        4 more         :\n"
         "  3     0.000000  |                       * e\n"
         "        0.000000  |                       * f\n"
         "  4  not observed: Fourth.\n");
}

static void folds_can_be_open(void **state)
{
  static const uint64_t records[] = {1, 14};

  (void)state;
  tell(2, records);
  set_up("ascii,width=60,all");
  stage_hello(&s);
  expect("               laptop                    mx\n"
         "  1     0.000000  |-------- c1 S -------->|  +10ms\n"
         "        0.010000  |<------- s1 S. --------|  +10ms\n"
         "        0.020000  |-------- c2 . -------->|  +10ms\n"
         "        0.030000  |<= s2 P. 34 220 mx.. ==|  +10ms\n");
}

/* From the first row of them to the last, whatever stands in front and behind. */
static void some_steps_are_a_part(void **state)
{
  static const uint64_t records[] = {1, 3, 13, 0};

  (void)state;
  tell(4, records);
  set_up("ascii,width=60,steps=2..3");
  hello_and_events();
  expect("               laptop                    mx\n"
         "  2     0.010000  |<------- s1 S. --------|  +10ms\n"
         "                  :        6 more         :\n"
         "  3     0.000000  |                       * e\n");
  assert_int_equal(tear_down(NULL), 0);
  set_up("ascii,width=60,steps=..1,all");
  hello_and_events();
  expect("               laptop                    mx\n"
         "  1     0.000000  |-------- c1 S -------->|  +10ms\n");
  assert_int_equal(tear_down(NULL), 0);
  set_up("ascii,width=60,steps=4..");
  hello_and_events();
  expect("  4  not observed: Fourth.\n");
}

/* A packet is a row: its sending and its arrival may be steps, and a record may be several. */
static void a_row_may_be_several_steps(void **state)
{
  static const uint64_t two[] = {1, 2}, run[] = {1, 2, 2}, apart[] = {1, 5, 2, 1};

  (void)state;
  tell(2, two);
  set_up("ascii,width=60");
  stage_hello(&s);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(strstr(s.paper.data, "\n1,2     0.000000  |-"));
  assert_int_equal(tear_down(NULL), 0);
  tell(3, run);
  set_up("ascii,width=60");
  stage_hello(&s);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(strstr(s.paper.data, "\n1-3     0.000000  |-"));
  assert_int_equal(tear_down(NULL), 0);
  tell(4, apart);
  set_up("ascii,width=60");
  stage_hello(&s);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(strstr(s.paper.data, "\n 1+     0.000000  |-"));
}

/* Four hosts have a lifeline each even when they are in folds; of five only those of the rows that are drawn. */
static void many_hosts_only_when_they_talk(void **state)
{
  static const char *const hosts[] = {"one", "two", "three", "four", "five"};
  static const uint64_t records[] = {1, 8};
  size_t count, i;

  (void)state;
  for (count = 4; count <= 5; count++) {
    tell(2, records);
    set_up("ascii,width=200");
    event("one", "e");
    for (i = 1; i <= 6; i++)
      event(hosts[i % count], "e");
    event("two", "e");
    assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
    assert_non_null(strstr(s.paper.data, "one"));
    assert_non_null(strstr(s.paper.data, "two"));
    assert_int_equal(strstr(s.paper.data, "three") != NULL, count == 4);
    assert_int_equal(strstr(s.paper.data, "four") != NULL, count == 4);
    assert_non_null(strstr(s.paper.data, "6 more"));
    if (count == 4)
      assert_int_equal(tear_down(NULL), 0);
  }
}

static void a_story_that_cannot_be_told_folds_nothing(void **state)
{
  static const uint64_t records[] = {1};

  (void)state;
  tell(1, records);
  tale.judge_err = MSIM_ERR_LIMIT;
  set_up("ascii,width=60");
  hello_and_events();
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_null(strstr(s.paper.data, "more"));
  assert_non_null(strstr(s.paper.data, "\n        0.000000  |-------- c1 S"));
}

static void steps_that_are_not_wanted_change_nothing(void **state)
{
  static const uint64_t records[] = {1};

  (void)state;
  tell(1, records);
  set_up("ascii,width=60,steps=none");
  stage_hello(&s);
  expect("            laptop                       mx\n"
         "     0.000000  |---------- c1 S --------->|  +10ms\n"
         "     0.010000  |<-------- s1 S. ----------|  +10ms\n"
         "     0.020000  |---------- c2 . --------->|  +10ms\n"
         "     0.030000  |<= s2 P. 34 220 mx.exa. ==|  +10ms\n");
  assert_int_equal(tale.judged_count, 0);
}

static void lines_are_marked_for_programs(void **state)
{
  static const uint64_t records[] = {1, 9, 0};

  (void)state;
  tell(3, records);
  set_up("ascii,width=60,marks");
  hello_and_events();
  expect("h               laptop                    mx\n"
         "s  1     0.000000  |-------- c1 S -------->|  +10ms\n"
         "f                  :        3 more         :\n"
         "s  2     0.000000  |                       * a\n"
         "f                  :        5 more         :\n"
         "m  3  not observed: Third.[2J.\n");
}

/* What is held is bounded: the part that is full is told with the steps that are known by then. */
static void more_rows_than_can_be_held_are_told_in_parts(void **state)
{
  static char label[180];
  static const uint64_t records[] = {1, 99000, 99999, 0};
  const uint64_t row_bytes = 200; /* and more: what is packed of it */
  size_t i, lines = 0;

  (void)state;
  assert_true(MSIM__LADDER_HELD_BYTES_MAX < 200000 * row_bytes);
  memset(label, 'x', sizeof label - 1);
  for (i = 0; i < 2; i++) {
    size_t k;

    tell(4, records);
    tale.steps[1].n = 1; /* two steps of one record, in the first part */
    set_up(i == 0 ? "ascii" : "ascii,steps=1..3");
    for (k = 0; k < 200000; k++)
      event("mx", label);
    assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
    assert_true(tale.judged_count >= 2);
    for (lines = k = 0; s.paper.data[k] != '\0'; k++)
      lines += s.paper.data[k] == '\n';
    assert_true(lines < 20);
    assert_non_null(strstr(s.paper.data, "\n1,2     0.000000  "));
    assert_non_null(strstr(s.paper.data, "\n  3     0.000000  "));
    assert_int_equal(strstr(s.paper.data, "not observed") != NULL, i == 0);
    if (i == 0)
      assert_int_equal(tear_down(NULL), 0);
  }
}

static void ranges_are_read(void **state)
{
  static const char *const bad[] = {"",    "..",          "9..7",           "a", "1...3", "7..x",
                                    "7-9", "99999999999", "1..99999999999", " 7"};
  struct msim__ladder_range range;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_false(msim__ladder_range_read(bad[i], &range));
  assert_true(msim__ladder_range_read("7", &range));
  assert_true(range.first == 7 && range.last == 7);
  assert_true(msim__ladder_range_read("7..", &range));
  assert_true(range.first == 7 && range.last == UINT32_MAX);
  assert_true(msim__ladder_range_read("..9", &range));
  assert_true(range.first == 0 && range.last == 9);
  assert_true(msim__ladder_range_read("7..9", &range));
  assert_true(range.first == 7 && range.last == 9);
}

static void memory_may_run_out_anywhere(void **state)
{
  static const uint64_t records[] = {1, 8, 13, 0};
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM, finish_err;

  (void)state;
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    tell(4, records);
    err = try_ladder(fail_at, "ascii,width=60");
    if (err == MSIM_OK)
      hello_and_events();
    finish_err = s.sim != NULL ? msim_sim_finish(s.sim) : MSIM_OK;
    err = err != MSIM_OK ? err : finish_err;
    if (err != MSIM_OK) {
      assert_int_equal(err, MSIM_ERR_NOMEM);
      stage_tear_down(&s);
    }
    assert_true(fail_at < 100);
  }
  assert_true(fail_at > 8);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(steps_have_numbers_and_the_rest_is_folded, tear_down),
      cmocka_unit_test_teardown(folds_can_be_open, tear_down),
      cmocka_unit_test_teardown(some_steps_are_a_part, tear_down),
      cmocka_unit_test_teardown(a_row_may_be_several_steps, tear_down),
      cmocka_unit_test_teardown(many_hosts_only_when_they_talk, tear_down),
      cmocka_unit_test_teardown(a_story_that_cannot_be_told_folds_nothing, tear_down),
      cmocka_unit_test_teardown(steps_that_are_not_wanted_change_nothing, tear_down),
      cmocka_unit_test_teardown(lines_are_marked_for_programs, tear_down),
      cmocka_unit_test_teardown(more_rows_than_can_be_held_are_told_in_parts, tear_down),
      cmocka_unit_test(ranges_are_read),
      cmocka_unit_test_teardown(memory_may_run_out_anywhere, tear_down),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
