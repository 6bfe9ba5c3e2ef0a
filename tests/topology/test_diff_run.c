/* test_diff_run.c: two runs beside each other: what a topology changes shows in the views in which it should, and the
 * line that made it is named. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include <stdio.h>
#include <string.h>

#include "support/fail_mem.h"

#define WORLD(delay, body, more)                                                                                       \
  "mailsim: 1\nhosts:\n"                                                                                               \
  "  pc: {agents: [{user: {address: a@x.example, submit: mx, script: [{at: 1s, send: {message: m1, to: b@b.example, "  \
  "subject: Hi, body: " body "}}]}}]}\n"                                                                               \
  "  mx: {agents: [{smtp-server: {domains: {b.example: [b]}}}]}\n"                                                     \
  "links:\n  - {join: [pc, mx], delay: " delay ", rate: 1Mbit/s}\n" more

static struct msim_sim *load(const struct fail_mem *mem, const char *text)
{
  struct msim_slice slice = {(const uint8_t *)text, strlen(text)};
  struct msim_sim_opts opts;
  struct msim_sim *sim = NULL;

  memset(&opts, 0, sizeof opts);
  opts.seed = 7;
  if (mem != NULL)
    opts.mem = mem->hook;
  if (msim_sim_new(&sim, &opts) == MSIM_OK &&
      msim_topology_load_text(sim, "world.yaml", slice, NULL, NULL, NULL) == MSIM_OK)
    return sim;
  msim_sim_free(sim);
  return NULL;
}

static int run(struct msim_diff *diff, enum msim_diff_side side, const char *text)
{
  struct msim_sim *sim = load(NULL, text);
  int err;

  assert_non_null(sim);
  err = msim_diff_run(diff, side, sim, MSIM_NEVER, "folder/world.yaml");
  msim_sim_free(sim);
  return err;
}

static struct msim_diff *compare(const char *a, const char *b, struct msim_diff_result *result)
{
  struct msim_diff *diff = NULL;

  assert_int_equal(msim_diff_new(&diff, NULL), MSIM_OK);
  assert_int_equal(run(diff, MSIM_DIFF_EXPECTED, a), MSIM_OK);
  assert_int_equal(run(diff, MSIM_DIFF_ACTUAL, b), MSIM_OK);
  assert_int_equal(msim_diff_compare(diff, MSIM_VIEW_REST, result), MSIM_OK);
  return diff;
}

/* view: the smallest that differs. */
static void expect(const char *a, const char *b, enum msim_view view, const char *cause_text, const char *place)
{
  struct msim_diff_result result;
  struct msim_diff *diff = compare(a, b, &result);
  struct msim_diff_cause cause;
  unsigned v;

  for (v = 0; v < MSIM_VIEWS; v++)
    assert_int_equal(result.view_differs[v], v >= (unsigned)view);
  assert_true(result.differs && result.is_shown);
  assert_null(msim_diff_note_at(diff, 0));
  assert_int_equal(msim_diff_cause_at(diff, 0, &cause), MSIM_OK);
  assert_string_equal(cause.text, cause_text);
  assert_string_equal(cause.place, place);
  msim_diff_free(diff);
}

/* The cause that begins so. */
static const char *cause_that(const struct msim_diff *diff, const char *begin)
{
  struct msim_diff_cause cause;
  size_t i;

  for (i = 0; msim_diff_cause_at(diff, i, &cause) == MSIM_OK; i++)
    if (strncmp(cause.text, begin, strlen(begin)) == 0)
      return cause.text;
  return NULL;
}

#define LOSING(share) "faults: [{id: x, loss: {link: mx-pc, share: " share ", from: pc}}]\n"

static void the_decision_that_came_out_otherwise_is_named(void **state)
{
  struct msim_diff_result result;
  struct msim_diff *diff;
  const char *told;
  char again[200];

  (void)state;
  diff = compare(WORLD("10ms", "Hello", LOSING("1%")), WORLD("10ms", "Hello", LOSING("20%")), &result);
  told = cause_that(diff, "draw ");
  assert_non_null(told);
  assert_non_null(strstr(told, " of fault:x/pc/loss is "));
  assert_non_null(strstr(told, "%: passed at 1%; now struck at 20%"));
  snprintf(again, sizeof again, "%s", told);
  msim_diff_free(diff);

  /* the same draw, where there was none, and the other way round */
  diff = compare(WORLD("10ms", "Hello", ""), WORLD("10ms", "Hello", LOSING("20%")), &result);
  told = cause_that(diff, "draw ");
  assert_non_null(told);
  assert_memory_equal(told, again, (size_t)(strchr(strstr(again, "%:"), ':') - again));
  assert_non_null(strstr(told, "%: not drawn; now struck at 20%"));
  msim_diff_free(diff);
  diff = compare(WORLD("10ms", "Hello", LOSING("20%")), WORLD("10ms", "Hello", ""), &result);
  told = cause_that(diff, "draw ");
  assert_non_null(told);
  assert_non_null(strstr(told, "%: struck at 20%; now not drawn"));
  msim_diff_free(diff);

  /* chance has no part in this one */
  diff = compare(WORLD("10ms", "Hello", ""), WORLD("12ms", "Hello", ""), &result);
  assert_null(cause_that(diff, "draw "));
  msim_diff_free(diff);
}

static void run_is_the_same_as_itself(void **state)
{
  struct msim_diff_result result;
  struct msim_diff *diff;

  (void)state;
  diff = compare(WORLD("10ms", "Hello", ""), WORLD("10ms", "Hello", "# a comment\n"), &result);
  assert_false(result.differs);
  assert_int_equal(result.line_count[0], result.line_count[1]);
  assert_int_equal(result.differing_count, 0);
  msim_diff_free(diff);
}

static void changes_show_where_they_should(void **state)
{
  static const char plain[] = WORLD("10ms", "Hello", "");

  (void)state;
  expect(plain, WORLD("11ms", "Hello", ""), MSIM_VIEW_WIRE, "link mx-pc: delay 10ms, now 11ms", "folder/world.yaml:6");
  expect(plain, WORLD("10ms", "Hallo!", ""), MSIM_VIEW_APP, "the settings of host pc differ", "folder/world.yaml:3");
  expect(plain, WORLD("10ms", "Hello", "faults:\n  - {id: f, drop: {conn: \"pc>mx:25#1\", segment: c4}}\n"),
         MSIM_VIEW_SEG, "fault f is new: id: f, drop: {conn: \"pc>mx:25#1\", segment: c4}", "folder/world.yaml:8");
  expect(WORLD("10ms", "Hello", "faults:\n  - {id: f, down: {host: pc}, at: 1s}\n"), plain, MSIM_VIEW_MAIL,
         "fault f is gone: id: f, down: {host: pc}, at: 1s", "folder/world.yaml:8");
  expect(plain, WORLD("10ms, loss: 30%", "Hello", ""), MSIM_VIEW_SEG, "link mx-pc: loss none, now 30%",
         "folder/world.yaml:6");
}

static void run_and_its_trace_in_another_form_are_the_same(void **state)
{
  static const char text[] = WORLD("10ms", "Hello", "");
  struct msim_diff_result result;
  struct msim_diff *diff = NULL;
  struct msim_sim *sim;

  (void)state;
  assert_int_equal(msim_diff_new(&diff, NULL), MSIM_OK);
  assert_int_equal(run(diff, MSIM_DIFF_ACTUAL, text), MSIM_OK);
  assert_int_equal(run(diff, MSIM_DIFF_ACTUAL, text), MSIM_ERR_STATE);
  assert_int_equal(msim_diff_compare(diff, MSIM_VIEW_REST, &result), MSIM_ERR_STATE);
  sim = load(NULL, text);
  assert_non_null(sim);
  assert_int_equal(msim_sim_run(sim, MSIM_SEC(1)), MSIM_OK);
  assert_int_equal(msim_diff_run(diff, MSIM_DIFF_EXPECTED, sim, MSIM_NEVER, "late"), MSIM_ERR_STATE);
  msim_sim_free(sim);
  msim_diff_free(diff);
}

/* A few points only: a run asks for memory some thousand times. */
static void memory_may_run_out(void **state)
{
  static const char text[] = WORLD("10ms", "Hello", LOSING("20%"));
  uint64_t n;

  (void)state;
  for (n = 1; n < 1000; n = n * 2 + 1) {
    struct msim_diff_opts opts;
    struct msim_diff *diff = NULL;
    struct msim_sim *sim = load(NULL, text);
    struct fail_mem mem;
    int err;

    assert_non_null(sim);
    fail_mem_init(&mem, n);
    memset(&opts, 0, sizeof opts);
    opts.mem = mem.hook;
    err = msim_diff_new(&diff, &opts);
    if (err == MSIM_OK)
      err = msim_diff_run(diff, MSIM_DIFF_EXPECTED, sim, MSIM_NEVER, "x");
    assert_int_equal(err, mem.failed_count > 0 ? MSIM_ERR_NOMEM : MSIM_OK);
    msim_diff_free(diff);
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&mem));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(run_is_the_same_as_itself),
      cmocka_unit_test(the_decision_that_came_out_otherwise_is_named),
      cmocka_unit_test(changes_show_where_they_should),
      cmocka_unit_test(run_and_its_trace_in_another_form_are_the_same),
      cmocka_unit_test(memory_may_run_out),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
