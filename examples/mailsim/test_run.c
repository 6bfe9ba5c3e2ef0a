/* test_run.c: one test: its runs, and what is wrong with them: the expectation, the scene, the rules of
 * docs/invariants.md, the golden, and whether the run is the same again. */
#include "test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BROKEN_SHOWN 5u
#define AGAIN_EVENTS_MAX 2000000u /* a longer run is not made again to compare */
#define WRONG_SEEDS_SHOWN 3u

/* Rules that a run broke. */
struct rules {
  const char *wanted; /* the one that is to be broken, or NULL */
  FILE *to;
  uint64_t wanted_count, other_count;
};

static void note_rule(void *user, const struct msim_invariant_finding *f)
{
  struct rules *rules = user;

  if (rules->wanted != NULL && strcmp(rules->wanted, f->rule) == 0) {
    rules->wanted_count++;
    return;
  }
  if (rules->other_count++ >= BROKEN_SHOWN)
    return;
  fprintf(rules->to, "broken: %s by ", f->rule);
  if (f->message[0] != '\0') {
    output_text(rules->to, f->message);
    fputs(f->host[0] != '\0' ? " on " : "", rules->to);
    output_text(rules->to, f->host);
  } else if (f->connection[0] != '\0') {
    fprintf(rules->to, "the %s of ", f->side);
    output_text(rules->to, f->connection);
  } else {
    output_text(rules->to, f->host);
  }
  fputs(" at ", rules->to);
  output_seconds(rules->to, f->at_ns);
  fputs(" s: ", rules->to);
  output_text(rules->to, f->text);
  putc('\n', rules->to);
}

static bool rules_hold(const struct rules *rules, const char *path)
{
  if (rules->other_count > BROKEN_SHOWN)
    fprintf(rules->to, "... and %" PRIu64 " more\n", rules->other_count - BROKEN_SHOWN);
  if (rules->wanted != NULL && rules->wanted_count == 0) {
    output_text(rules->to, path);
    fprintf(rules->to, ": %s is not broken, and should be\n", rules->wanted);
  }
  return rules->other_count == 0 && (rules->wanted == NULL || rules->wanted_count > 0);
}

/* ---- one seed ---- */

struct attempt {
  const struct test_case *test;
  struct msim_expect *expect; /* or NULL */
  struct msim_expect_info info;
  const char *topology;
  FILE *to;
};

static bool attach_scene(const struct attempt *attempt, struct test_world *world, struct msim_scene **scene)
{
  struct msim_scene_opts opts;
  int err;

  *scene = NULL;
  if (attempt->test->is_expect || world->info.scene == NULL)
    return true; /* an expectation of its own may let things go wrong that the scene does not know */
  memset(&opts, 0, sizeof opts);
  opts.case_id = world->info.scene_case;
  err = msim_scene_load_file(scene, world->info.scene, &opts, test_finding, attempt->to);
  if (err == MSIM_OK)
    err = msim_scene_attach(*scene, world->sim);
  if (err != MSIM_OK)
    fprintf(attempt->to, "the scene cannot be read: %s\n", msim_strerror(err));
  return err == MSIM_OK;
}

static enum test_verdict judge_scene(const struct attempt *attempt, struct msim_scene *scene)
{
  struct msim_scene_result result;
  const char *failure;
  size_t i;
  int err;

  if (scene == NULL)
    return TEST_OK;
  err = msim_scene_judge(scene, MSIM_SCENE_BOTH, &result);
  if (err != MSIM_OK) {
    fprintf(attempt->to, "the scene cannot be judged: %s\n", msim_strerror(err));
    return TEST_UNUSABLE;
  }
  if (result.holds)
    return TEST_OK;
  test_print_lines(attempt->to, "", msim_scene_summary(scene));
  for (i = 0; (failure = msim_scene_failure_at(scene, i)) != NULL; i++)
    test_print_lines(attempt->to, "  ", failure);
  return TEST_FAILED;
}

static void tell_failures(const struct attempt *attempt)
{
  struct msim_expect_failure failure;
  size_t i;

  for (i = 0; msim_expect_failure_at(attempt->expect, i, &failure) == MSIM_OK; i++) {
    output_text(attempt->to, attempt->test->path);
    if (attempt->test->is_expect && failure.column > 0)
      fprintf(attempt->to, ":%u:%u: ", failure.line, failure.column);
    else
      fprintf(attempt->to, ":%u: ", failure.line);
    test_print_lines(attempt->to, "", failure.text);
  }
}

/* again: the run only looked for a moment. */
static enum test_verdict judge_expect(const struct attempt *attempt, bool *again)
{
  struct msim_expect_result result;
  int err;

  *again = false;
  if (attempt->expect == NULL)
    return TEST_OK;
  err = msim_expect_judge(attempt->expect, &result);
  if (err != MSIM_OK) {
    output_text(attempt->to, attempt->test->path);
    fprintf(attempt->to, ": this cannot be judged: %s\n",
            err == MSIM_ERR_LIMIT ? "the run has too many records for what is asked" : msim_strerror(err));
    return TEST_UNUSABLE;
  }
  *again = result.again;
  if (!result.again)
    tell_failures(attempt);
  return result.again || result.holds ? TEST_OK : TEST_FAILED;
}

static enum test_verdict run_once(const struct attempt *attempt, const uint64_t *seed, struct test_world *world,
                                  bool *again)
{
  struct rules rules = {.wanted = attempt->info.violates, .to = attempt->to};
  struct msim_scene *scene = NULL;
  enum test_verdict verdict = TEST_UNUSABLE;
  FILE *to = attempt->to, *aside = NULL;
  bool fine = test_world_open(world, attempt->topology, seed, to);

  *again = false;
  if (attempt->expect != NULL && fine && attempt->info.claim_count > 0)
    aside = tmpfile(); /* what a run breaks that only looks for a moment is nobody's concern */
  rules.to = aside != NULL ? aside : to;
  fine =
      fine && (attempt->expect == NULL || msim_expect_attach(attempt->expect, world->sim, test_finding, to) == MSIM_OK);
  fine = fine && attach_scene(attempt, world, &scene);
  fine = fine && msim_invariants_attach(world->sim, note_rule, &rules) == MSIM_OK;
  if (fine && test_world_run(world, attempt->info.has_until ? &attempt->info.until_ns : NULL, to)) {
    verdict = judge_expect(attempt, again);
    if (!*again && verdict != TEST_UNUSABLE) {
      enum test_verdict of_scene = judge_scene(attempt, scene);

      verdict = of_scene > verdict ? of_scene : verdict;
      if (!rules_hold(&rules, attempt->test->path) && verdict == TEST_OK)
        verdict = TEST_FAILED;
    }
  }
  if (aside != NULL) {
    int c;

    rewind(aside);
    while (!*again && (c = getc(aside)) != EOF)
      putc(c, to);
    fclose(aside);
  }
  msim_scene_free(scene);
  return verdict;
}

/* Until nothing is left to be found; the last run stays open for the caller to close. */
static enum test_verdict run_seed(const struct attempt *attempt, const uint64_t *seed, struct test_world *world)
{
  unsigned tries;

  for (tries = 0; tries < TEST_AGAIN_MAX; tries++) {
    bool again;
    enum test_verdict verdict = run_once(attempt, seed, world, &again);

    if (!again)
      return verdict;
    test_world_close(world);
  }
  memset(world, 0, sizeof *world);
  fprintf(attempt->to, "more than %u runs were needed to find the moments of one seed\n", TEST_AGAIN_MAX);
  return TEST_UNUSABLE;
}

/* ---- the same again ---- */

static bool same_prints(const struct msim_fingerprints *a, const struct msim_fingerprints *b)
{
  return a->mail == b->mail && a->app == b->app && a->seg == b->seg && a->wire == b->wire;
}

static enum test_verdict compare_again(const struct attempt *attempt, const struct test_world *first)
{
  struct test_world second;
  struct msim_counters counters;
  uint64_t seed = msim_sim_seed(first->sim);
  enum test_verdict verdict = TEST_UNUSABLE;

  msim_sim_counters(first->sim, &counters);
  if (counters.event_count > AGAIN_EVENTS_MAX)
    return TEST_OK;
  if (test_world_open(&second, attempt->topology, &seed, attempt->to) &&
      (attempt->expect == NULL ||
       msim_expect_attach(attempt->expect, second.sim, test_finding, attempt->to) == MSIM_OK) &&
      test_world_run(&second, attempt->info.has_until ? &attempt->info.until_ns : NULL, attempt->to)) {
    verdict = same_prints(&first->prints, &second.prints) ? TEST_OK : TEST_FAILED;
    if (verdict == TEST_FAILED) {
      fprintf(attempt->to, "the same seed %" PRIu64 " gave another run; where they part tells: mailsim run ", seed);
      output_text(attempt->to, attempt->topology);
      fputs(" --check\n", attempt->to);
    }
  }
  test_world_close(&second);
  return verdict;
}

/* ---- one test ---- */

static enum test_verdict judge_end(const struct attempt *attempt)
{
  struct msim_expect_result result;

  if (attempt->expect == NULL || !attempt->info.has_sometimes)
    return TEST_OK;
  if (msim_expect_end(attempt->expect, &result) != MSIM_OK)
    return TEST_UNUSABLE;
  tell_failures(attempt);
  return result.holds ? TEST_OK : TEST_FAILED;
}

static enum test_verdict run_seeds(const struct attempt *attempt, bool check_again, uint64_t *run_count)
{
  uint64_t seed = attempt->info.has_seeds ? attempt->info.seed_first : 0, wrong = 0;
  enum test_verdict verdict = TEST_OK;

  for (;; seed++) {
    struct test_world world;
    long before = ftell(attempt->to);
    enum test_verdict one = run_seed(attempt, attempt->info.has_seeds ? &seed : NULL, &world);

    if (one == TEST_OK && check_again && *run_count == 0)
      one = compare_again(attempt, &world);
    ++*run_count;
    if (one != TEST_OK && attempt->info.seed_last != attempt->info.seed_first && ftell(attempt->to) != before)
      fprintf(attempt->to, "with seed %" PRIu64 "\n", seed);
    test_world_close(&world);
    verdict = one > verdict ? one : verdict;
    wrong += one != TEST_OK;
    if (verdict == TEST_UNUSABLE || !attempt->info.has_seeds || seed == attempt->info.seed_last)
      break;
    if (wrong == WRONG_SEEDS_SHOWN) {
      fprintf(attempt->to, "the seeds behind %" PRIu64 " are left out\n", seed);
      return verdict;
    }
  }
  if (verdict != TEST_UNUSABLE) {
    enum test_verdict end = judge_end(attempt);

    verdict = end > verdict ? end : verdict;
  }
  return verdict;
}

enum test_verdict test_run(const struct test_case *test, bool check_again, uint64_t *run_count, FILE *to)
{
  struct attempt attempt = {.test = test, .to = to};
  enum test_verdict verdict, golden;
  char *topology = NULL;

  *run_count = 0;
  if (!test_expect_open(test->path, test->is_expect, &attempt.expect, &topology, to))
    return TEST_UNUSABLE;
  attempt.topology = topology;
  if (attempt.expect != NULL)
    msim_expect_info(attempt.expect, &attempt.info);
  verdict = run_seeds(&attempt, check_again, run_count);
  msim_expect_free(attempt.expect);
  free(topology);
  if (test->golden == NULL || verdict == TEST_UNUSABLE)
    return verdict;
  golden = golden_compare(test, to);
  return golden > verdict ? golden : verdict;
}

bool test_run_for_golden(const struct test_case *test, uint64_t seed, bool has_seed, bool trace,
                         struct test_world *world, FILE *to)
{
  struct attempt attempt = {.test = test, .to = to};
  struct msim_expect_result result;
  char *topology = NULL;
  bool fine = false;
  unsigned tries;

  memset(world, 0, sizeof *world);
  if (!test_expect_open(test->path, test->is_expect, &attempt.expect, &topology, to))
    return false;
  if (attempt.expect != NULL)
    msim_expect_info(attempt.expect, &attempt.info);
  if (!has_seed && attempt.info.has_seeds) {
    seed = attempt.info.seed_first;
    has_seed = true;
  }
  for (tries = 0; tries < TEST_AGAIN_MAX; tries++) {
    memset(&result, 0, sizeof result);
    fine = test_world_open(world, topology, has_seed ? &seed : NULL, to) &&
           (!trace || test_world_keep_trace(world, to)) &&
           (attempt.expect == NULL || msim_expect_attach(attempt.expect, world->sim, test_finding, to) == MSIM_OK) &&
           test_world_run(world, attempt.info.has_until ? &attempt.info.until_ns : NULL, to) &&
           (attempt.expect == NULL || msim_expect_judge(attempt.expect, &result) == MSIM_OK);
    if (!fine || !result.again)
      break;
    test_world_close(world);
  }
  msim_expect_free(attempt.expect);
  free(topology);
  if (!fine)
    test_world_close(world);
  return fine;
}
