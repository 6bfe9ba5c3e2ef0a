/* accept.c: `mailsim accept`: records goldens: that a run is right as it is now. Tells what changes before it writes,
 * and touches only what is named. */
#include "test.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct option options[] = {
    {"view", "VIEW", "what is compared: mail, app, seg or wire (default: as before, else wire)"},
    {"seed", "N", "of the run (default: as before, else what the file says, else 1)"},
    {"fingerprints", NULL, "keep no trace, only the four fingerprints"},
    {"check", NULL, "write nothing; exit with 1 when something would change"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

struct request {
  struct test_list list;
  unsigned view;
  uint64_t seed, changed_count;
  bool has_view, has_seed, fingerprints, check, help;
};

static bool is_there(const char *path)
{
  struct stat status;

  return stat(path, &status) == 0;
}

static void tell_name(const char *what, const char *path)
{
  fputs(what, stdout);
  output_text(stdout, path);
}

/* What changes, in sentences. true: something does. */
static bool tell_change(const struct golden *before, const struct golden *now, const char *path)
{
  bool same_form = before->view == now->view && before->seed == now->seed && before->engine == now->engine &&
                   (before->trace == NULL) == (now->trace == NULL);
  bool same = memcmp(before->prints, now->prints, sizeof now->prints) == 0 &&
              (now->trace == NULL || before->trace == NULL || strcmp(before->trace, now->trace) == 0);

  if (same && same_form) {
    tell_name("unchanged ", path);
    putchar('\n');
    return false;
  }
  tell_name("changed   ", path);
  fputs("\n  ", stdout);
  golden_tell_views(before, now->prints, stdout);
  if (before->engine != now->engine)
    printf("  engine %" PRIu64 ", now %" PRIu64 "\n", before->engine, now->engine);
  if (before->seed != now->seed)
    printf("  seed %" PRIu64 ", now %" PRIu64 "\n", before->seed, now->seed);
  if (before->view != now->view)
    printf("  view %s, now %s\n", golden_view_name(before->view), golden_view_name(now->view));
  if (before->trace != NULL && now->trace != NULL && before->seed == now->seed)
    golden_tell_line(before->trace, now->trace, stdout);
  return true;
}

static bool accept_one(struct request *request, const struct test_case *test)
{
  char *path = test->golden != NULL ? NULL : test_beside(test->path, ".golden");
  const char *target = test->golden != NULL ? test->golden : path;
  struct golden before, now;
  struct test_world world;
  bool has_before, changes = true, fine = true;

  if (target == NULL) {
    complain("out of memory");
    return false;
  }
  memset(&before, 0, sizeof before);
  memset(&now, 0, sizeof now);
  has_before = is_there(target) && golden_read(&before, target, stderr);
  now.view = request->has_view ? request->view : has_before ? before.view : GOLDEN_VIEWS - 1;
  now.engine = MSIM_ENGINE;
  if (is_there(target) && !has_before) {
    fine = false; /* something else stands there */
  } else if (!test_run_for_golden(test, request->has_seed ? request->seed : before.seed,
                                  request->has_seed || has_before, true, &world, stderr)) {
    fine = false;
  } else {
    now.seed = msim_sim_seed(world.sim);
    golden_prints(&world.prints, now.prints);
    now.trace = request->fingerprints || (has_before && before.trace == NULL) ? NULL : world.trace;
    if (has_before)
      changes = tell_change(&before, &now, target);
    else
      printf("new       %s, view %s, seed %" PRIu64 "\n", target, golden_view_name(now.view), now.seed);
    if (changes && !request->check)
      fine = golden_write(&now, target, stderr);
    request->changed_count += changes;
    test_world_close(&world);
  }
  golden_free(&before);
  free(path);
  return fine;
}

static bool take_option(struct request *request, const char *name, const char *value)
{
  if (strcmp(name, "view") == 0) {
    request->has_view = golden_view_find(value, &request->view);
    if (!request->has_view)
      complain("--view %s: write mail, app, seg or wire", value);
    return request->has_view;
  }
  if (strcmp(name, "seed") == 0) {
    request->has_seed = parse_count(value, &request->seed);
    if (!request->has_seed)
      complain("--seed %s: write a number from 0 to %" PRIu64, value, UINT64_MAX);
    return request->has_seed;
  }
  if (strcmp(name, "fingerprints") == 0)
    request->fingerprints = true;
  else if (strcmp(name, "check") == 0)
    request->check = true;
  else
    request->help = true;
  return true;
}

static bool read_arguments(struct arguments *arguments, struct request *request)
{
  const struct option *option = NULL;
  const char *value = NULL;
  enum argument_kind got;

  request->help = arguments_ask_help(arguments);
  if (request->help)
    return true;
  while ((got = argument_next(arguments, options, &option, &value)) != ARGUMENT_END) {
    if (got == ARGUMENT_WRONG || (got == ARGUMENT_OPTION && !take_option(request, option->name, value)) ||
        (got == ARGUMENT_OPERAND && !test_list_add(&request->list, value, true)))
      return false;
  }
  if (request->list.count > 0 || request->help)
    return true;
  complain("accept: nothing with a golden is named: name a topology or an expectation, or a folder that has goldens");
  return false;
}

int verb_accept(struct arguments *arguments)
{
  struct request request = {.changed_count = 0};
  int code = EXIT_UNUSABLE;
  bool fine = true;
  size_t i;

  if (read_arguments(arguments, &request)) {
    if (request.help) {
      print_usage(
          "accept FILE|FOLDER...",
          "Records what the runs of topologies and expectations are now as NAME.golden beside them, after telling\n"
          "which views change and the first line that does. A folder stands for the goldens that it has already.",
          options);
      code = close_output(stdout, EXIT_FINE);
    } else {
      test_list_sort(&request.list);
      for (i = 0; i < request.list.count; i++)
        fine = accept_one(&request, &request.list.cases[i]) && fine;
      code = !fine ? EXIT_UNUSABLE : request.check && request.changed_count > 0 ? EXIT_FAILED : EXIT_FINE;
      code = close_output(stdout, code);
    }
  }
  test_list_free(&request.list);
  return code;
}
