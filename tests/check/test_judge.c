/* Tests of lib/check/judge.c and what it needs: traces made by hand and their verdicts.
 *
 * The verdicts were worked out by hand from the scene; the independent checker that came with the format of scenes gave
 * the same ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_files.h"
#include "support/fail_mem.h"

static struct msim_scene *load_letter(struct fail_mem *mem)
{
  struct msim_slice text = file_read("tests/check/data/letter.yaml");
  struct msim_scene_opts opts;
  struct msim_scene *scene;

  memset(&opts, 0, sizeof opts);
  opts.mem = mem->hook;
  assert_int_equal(msim_scene_load_text(&scene, "letter.yaml", text, &opts, NULL, NULL), MSIM_OK);
  file_free(text);
  return scene;
}

static struct msim_scene *load_with_trace(struct fail_mem *mem, const char *trace)
{
  struct msim_scene *scene;
  struct msim_slice text;
  char path[128];

  fail_mem_init(mem, 0);
  scene = load_letter(mem);
  snprintf(path, sizeof path, "tests/check/data/%s.jsonl", trace);
  text = file_read(path);
  assert_int_equal(msim_scene_read_trace(scene, path, text, NULL, NULL), MSIM_OK);
  file_free(text);
  return scene;
}

static const struct {
  const char *trace;
  enum msim_scene_order order;
  bool holds, applicable;
  const char *summary;
  const char *failures[4]; /* parts of the sentences, in their order */
} verdicts[] = {
    {"good", MSIM_SCENE_BOTH, true, true, "scene letter: 6/6 steps, causal ok, narrated ok", {NULL}},
    {"good", MSIM_SCENE_CAUSAL, true, true, "scene letter: 6/6 steps, causal ok", {NULL}},
    {"good", MSIM_SCENE_NARRATED, true, true, "scene letter: 6/6 steps, narrated ok", {NULL}},
    {"retransmitted", MSIM_SCENE_BOTH, true, true, "scene letter: 6/6 steps, causal ok, narrated ok", {NULL}},
    {"accepted-too-early",
     MSIM_SCENE_CAUSAL,
     false,
     true,
     "scene letter: 5/6 steps, causal fails at step 6",
     {"step 6 (mail) is missing: nothing past n=13 is its atom accepted; nearest is n=12 app mail-1 message.accepted",
      NULL}},
    {"shown-before-accepted", MSIM_SCENE_CAUSAL, true, true, "scene letter: 6/6 steps, causal ok", {NULL}},
    {"shown-before-accepted",
     MSIM_SCENE_BOTH,
     false,
     true,
     "scene letter: 6/6 steps, causal ok, narrated fails at step 7",
     {"step 7 (anna, only in the order of the telling) is missing: nothing past n=17", NULL}},
    {"content-lost",
     MSIM_SCENE_NARRATED,
     false,
     true,
     "scene letter: 3/6 steps, narrated fails at step 5",
     {"step 5 (anna) is missing", "step 6 (mail) is not reached: it needs step 5",
      "step 7 (anna) is not reached: it needs step 6", NULL}},
    {"no-push",
     MSIM_SCENE_CAUSAL,
     false,
     true,
     "scene letter: 4/6 steps, causal fails at step 5",
     {"step 5 (anna) is missing: nothing past n=5 is its atom content", "step 6 (mail) is not reached", NULL}},
    {"private-outside",
     MSIM_SCENE_CAUSAL,
     false,
     true,
     "scene letter: 4/6 steps, causal fails at step 5",
     {"its atom arrival; nearest is n=13 segment rx anna>mail-1:25#1 c4 PSH+ACK len=120 mail.content(m1) (not: "
      "source_is)",
      "step 6", NULL}},
    {"login",
     MSIM_SCENE_BOTH,
     false,
     true,
     "scene letter: 6/6 steps, causal ok, narrated ok, 1 never violated",
     {"forbidden by no-login: n=10 segment tx anna>mail-1:25#1 c3 PSH+ACK len=30 auth.credentials; Nobody logs in "
      "here.",
      NULL}},
    {"not-closed",
     MSIM_SCENE_BOTH,
     false,
     true,
     "scene letter: 6/6 steps, causal ok, narrated ok, 1 omitted missing",
     {"the closing of c1 is incomplete: no FIN from client to server", NULL}},
    {"store-emptied",
     MSIM_SCENE_BOTH,
     false,
     true,
     "scene letter: 6/6 steps, causal ok, narrated ok, 2 finally wrong",
     {"at the end delivered does not hold: it lacks m1",
      "at the end nothing-left does not hold: none of: empty; contains m1 and m2; lacks m1", NULL}},
    {"mailbox-empty",
     MSIM_SCENE_CAUSAL,
     false,
     false,
     "scene letter: not applicable, 6/6 steps, causal ok, 1 finally wrong",
     {"the scene does not apply to this run: a mailbox does not hold what it should at mail", "it lacks m0", NULL}},
    {"link-down",
     MSIM_SCENE_BOTH,
     false,
     false,
     "scene letter: not applicable, 6/6 steps, causal ok, narrated ok",
     {"the scene does not apply to this run: no link is up at anna", NULL}},
};

static void traces_when_judged_get_the_verdict_that_they_deserve(void **state)
{
  size_t i, k;

  (void)state;
  for (i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
    struct msim_scene_result result;
    struct fail_mem mem;
    struct msim_scene *scene = load_with_trace(&mem, verdicts[i].trace);

    assert_int_equal(msim_scene_judge(scene, verdicts[i].order, &result), MSIM_OK);
    if (strcmp(msim_scene_summary(scene), verdicts[i].summary) != 0)
      fail_msg("%s: %s", verdicts[i].trace, msim_scene_summary(scene));
    assert_int_equal(result.holds, verdicts[i].holds);
    assert_int_equal(result.applicable, verdicts[i].applicable);
    for (k = 0; verdicts[i].failures[k] != NULL; k++)
      if (msim_scene_failure_at(scene, k) == NULL ||
          strstr(msim_scene_failure_at(scene, k), verdicts[i].failures[k]) == NULL)
        fail_msg("%s: %s", verdicts[i].trace, msim_scene_failure_at(scene, k));
    assert_int_equal(result.failure_count, k);
    assert_null(msim_scene_failure_at(scene, k));
    msim_scene_free(scene);
    assert_true(fail_mem_clean(&mem));
  }
}

static void steps_are_told_with_their_records(void **state)
{
  static const struct {
    unsigned number;
    uint64_t n;
  } rows[] = {{1, 2}, {2, 3}, {3, 5}, {5, 12}, {6, 16}, {7, 24}};
  struct msim_scene_result result;
  struct msim_scene_step step;
  struct fail_mem mem;
  struct msim_scene *scene = load_with_trace(&mem, "good");
  size_t i;

  (void)state;
  assert_string_equal(msim_scene_summary(scene), "");
  assert_int_equal(msim_scene_step_at(scene, 0, &step), MSIM_OK);
  assert_int_equal(step.state, MSIM_SCENE_NOT_REACHED);
  assert_int_equal(msim_scene_judge(scene, MSIM_SCENE_BOTH, &result), MSIM_OK);
  assert_int_equal(result.step_count, 6);
  assert_int_equal(result.observed_count, 6);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(msim_scene_step_at(scene, i, &step), MSIM_OK);
    assert_int_equal(step.number, rows[i].number);
    assert_int_equal(step.state, MSIM_SCENE_OBSERVED);
    assert_int_equal(step.n, rows[i].n);
    assert_int_equal(step.at_ns, rows[i].n * 1000000);
  }
  assert_string_equal(step.actor, "anna");
  assert_string_equal(step.says, "A person looks at the list of what was sent.");
  assert_string_equal(step.kind, "action");
  assert_int_equal(msim_scene_step_at(scene, 6, &step), MSIM_ERR_NOT_FOUND);
  /* a second source is refused, a second judgement is not */
  assert_int_equal(msim_scene_read_trace(scene, "again", (struct msim_slice){NULL, 0}, NULL, NULL), MSIM_ERR_STATE);
  assert_int_equal(msim_scene_judge(scene, MSIM_SCENE_CAUSAL, &result), MSIM_OK);
  assert_true(result.holds);
  msim_scene_free(scene);
  assert_true(fail_mem_clean(&mem));
}

static void a_segment_that_is_sent_twice_under_one_name_is_refused(void **state)
{
  static const char text[] = "{\"schema\":\"mailsim-trace/1\"}\n"
                             "{\"n\":1,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:25#1\",\"seg\":\"c1\","
                             "\"from\":\"a\",\"to\":\"b\"}\n"
                             "{\"n\":2,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:25#1\",\"seg\":\"c1\","
                             "\"from\":\"a\",\"to\":\"b\"}\n";
  struct msim_slice bytes = {(const uint8_t *)text, sizeof text - 1};
  struct msim_scene_result result;
  struct fail_mem mem;
  struct msim_scene *scene;

  (void)state;
  fail_mem_init(&mem, 0);
  scene = load_letter(&mem);
  assert_int_equal(msim_scene_read_trace(scene, "t", bytes, NULL, NULL), MSIM_OK);
  assert_int_equal(msim_scene_judge(scene, MSIM_SCENE_BOTH, &result), MSIM_ERR_SYNTAX);
  assert_string_equal(msim_scene_summary(scene), "");
  msim_scene_free(scene);
  assert_true(fail_mem_clean(&mem));
}

static void nothing_seen_when_judged_then_every_step_is_missing_or_not_reached(void **state)
{
  struct msim_scene_result result;
  struct fail_mem mem;
  struct msim_scene *scene;

  (void)state;
  fail_mem_init(&mem, 0);
  scene = load_letter(&mem);
  assert_int_equal(msim_scene_judge(scene, MSIM_SCENE_BOTH, &result), MSIM_OK);
  assert_false(result.holds);
  assert_int_equal(result.observed_count, 0);
  assert_non_null(strstr(msim_scene_failure_at(scene, 0),
                         "step 1 (anna) is missing: nothing past the start is its atom "
                         "send, and there is no record of that kind"));
  msim_scene_free(scene);
  assert_true(fail_mem_clean(&mem));
}

static void every_allocation_of_a_judgement_when_it_fails_is_reported_and_nothing_leaks(void **state)
{
  struct msim_slice trace = file_read("tests/check/data/store-emptied.jsonl");
  uint64_t fail_at = 0, first = 0;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  while (err == MSIM_ERR_NOMEM) {
    struct msim_scene_result result;
    struct fail_mem mem;
    struct msim_scene *scene;

    fail_mem_init(&mem, 0);
    scene = load_letter(&mem);
    assert_int_equal(msim_scene_read_trace(scene, "t", trace, NULL, NULL), MSIM_OK);
    first = mem.request_count;
    mem.fail_at = first + ++fail_at;
    err = msim_scene_judge(scene, MSIM_SCENE_BOTH, &result);
    if (err == MSIM_ERR_NOMEM) {
      /* the next attempt has all that it needs */
      assert_int_equal(msim_scene_judge(scene, MSIM_SCENE_BOTH, &result), MSIM_OK);
      assert_int_equal(result.failure_count, 2);
    }
    msim_scene_free(scene);
    assert_true(fail_mem_clean(&mem));
    assert_true(fail_at < 1000);
  }
  assert_int_equal(err, MSIM_OK);
  assert_true(fail_at > 3);
  file_free(trace);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(traces_when_judged_get_the_verdict_that_they_deserve),
      cmocka_unit_test(steps_are_told_with_their_records),
      cmocka_unit_test(a_segment_that_is_sent_twice_under_one_name_is_refused),
      cmocka_unit_test(nothing_seen_when_judged_then_every_step_is_missing_or_not_reached),
      cmocka_unit_test(every_allocation_of_a_judgement_when_it_fails_is_reported_and_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
