/* test.c: `mailsim test`: runs expectations, topologies and goldens, one after the other or several at a time, and
 * tells what came of them. One test is test_run.c. */
#define _POSIX_C_SOURCE 200809L
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define JOBS_MAX 64u

static const struct option options[] = {
    {"jobs", "N", "so many tests at a time (default: 1)"},
    {"no-again", NULL, "do not look whether a run is the same again"},
    {"tap", NULL, "print the Test Anything Protocol"},
    {"junit", "FILE", "also write JUnit's XML; - is standard output, which then has nothing else"},
    {"quiet", NULL, "print only what is wrong"},
    {"list", NULL, "only print which tests there are"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

struct request {
  struct test_list list;
  const char *junit;
  uint64_t jobs;
  bool no_again, tap, quiet, only_list, help;
};

/* ---- one test ---- */

static uint64_t clock_ms(void)
{
  struct timespec now;

  return clock_gettime(CLOCK_MONOTONIC, &now) != 0 ? 0
                                                   : (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

static char *take_text(FILE *file)
{
  long size = ftell(file);
  char *text = size >= 0 ? malloc((size_t)size + 1) : NULL;

  if (text != NULL) {
    rewind(file);
    text[fread(text, 1, (size_t)size, file)] = '\0';
  }
  return text;
}

/* false: said on stderr. */
static bool run_test(const struct request *request, size_t index, struct test_outcome *out)
{
  FILE *file = tmpfile();
  uint64_t start_ms = clock_ms();

  memset(out, 0, sizeof *out);
  if (file != NULL) {
    out->verdict = test_run(&request->list.cases[index], !request->no_again, &out->run_count, file);
    out->text = take_text(file);
    fclose(file);
  }
  out->wall_ms = clock_ms() - start_ms;
  if (out->text == NULL)
    complain("test: no room for what is to be told: %s", strerror(errno));
  return out->text != NULL;
}

/* ---- several at a time ---- */

struct message {
  size_t index, text_bytes;
  struct test_outcome outcome; /* its text comes behind */
};

static bool write_all(int to, const void *data, size_t size_bytes)
{
  const char *at = data;

  while (size_bytes > 0) {
    ssize_t n = write(to, at, size_bytes);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    at += n;
    size_bytes -= (size_t)n;
  }
  return true;
}

static bool read_all(int from, void *data, size_t size_bytes)
{
  char *at = data;

  while (size_bytes > 0) {
    ssize_t n = read(from, at, size_bytes);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    at += n;
    size_bytes -= (size_t)n;
  }
  return true;
}

/* In a child: every jobs-th test. */
static void work(const struct request *request, size_t first, int to)
{
  size_t i;

  for (i = first; i < request->list.count; i += request->jobs) {
    struct message message;

    memset(&message, 0, sizeof message);
    message.index = i;
    if (!run_test(request, i, &message.outcome))
      _exit(EXIT_UNUSABLE);
    message.text_bytes = strlen(message.outcome.text);
    if (!write_all(to, &message, sizeof message) || !write_all(to, message.outcome.text, message.text_bytes))
      _exit(EXIT_UNUSABLE);
    free(message.outcome.text);
  }
  _exit(EXIT_FINE);
}

static bool receive(int from, size_t index, struct test_outcome *out)
{
  struct message message;

  if (!read_all(from, &message, sizeof message) || message.index != index)
    return false;
  *out = message.outcome;
  out->text = malloc(message.text_bytes + 1);
  if (out->text == NULL || !read_all(from, out->text, message.text_bytes))
    return false;
  out->text[message.text_bytes] = '\0';
  return true;
}

struct workers {
  int from[JOBS_MAX];
  pid_t child[JOBS_MAX];
  size_t count;
};

static bool start_workers(const struct request *request, struct workers *workers)
{
  size_t jobs = request->jobs < request->list.count ? (size_t)request->jobs : request->list.count, i;

  for (i = 0; i < jobs; i++) {
    int ends[2];

    fflush(NULL);
    if (pipe(ends) != 0)
      return false;
    workers->child[i] = fork();
    if (workers->child[i] == 0) {
      close(ends[0]);
      work(request, i, ends[1]);
    }
    close(ends[1]);
    workers->from[i] = ends[0];
    workers->count++;
    if (workers->child[i] < 0)
      return false;
  }
  return true;
}

static void end_workers(struct workers *workers)
{
  size_t i;

  for (i = 0; i < workers->count; i++) {
    close(workers->from[i]);
    if (workers->child[i] > 0)
      while (waitpid(workers->child[i], NULL, 0) < 0 && errno == EINTR)
        ;
  }
}

/* ---- all of them ---- */

static void tell(const struct request *request, size_t index, const struct test_outcome *outcome,
                 const struct output *output)
{
  if (request->tap)
    test_report_tap(&request->list.cases[index], outcome, index + 1, output->file);
  else
    test_report_people(&request->list.cases[index], outcome, output, request->quiet);
  fflush(output->file);
}

/* Results are told in the order of the tests, whoever runs them. */
static bool run_all(const struct request *request, struct test_outcome *outcomes, const struct output *output)
{
  struct workers workers = {.count = 0};
  bool fine = request->jobs <= 1 || start_workers(request, &workers);
  size_t i;

  for (i = 0; fine && i < request->list.count; i++) {
    fine = workers.count > 0 ? receive(workers.from[i % workers.count], i, &outcomes[i])
                             : run_test(request, i, &outcomes[i]);
    if (fine)
      tell(request, i, &outcomes[i], output);
  }
  end_workers(&workers);
  if (!fine)
    complain("test: not all tests could be run");
  return fine;
}

static int exit_code(const struct test_outcome *outcomes, size_t count)
{
  enum test_verdict worst = TEST_OK;
  size_t i;

  for (i = 0; i < count; i++)
    worst = outcomes[i].verdict > worst ? outcomes[i].verdict : worst;
  return worst == TEST_OK ? EXIT_FINE : worst == TEST_FAILED ? EXIT_FAILED : EXIT_UNUSABLE;
}

static int test_all(const struct request *request)
{
  struct test_outcome *outcomes = calloc(request->list.count, sizeof *outcomes);
  bool junit_only = request->junit != NULL && strcmp(request->junit, "-") == 0, fine;
  struct output output;
  int code = EXIT_UNUSABLE;
  size_t i;

  output_init(&output, junit_only ? stderr : stdout);
  if (request->tap)
    fprintf(output.file, "TAP version 13\n1..%zu\n", request->list.count);
  fine = outcomes != NULL && run_all(request, outcomes, &output);
  if (fine) {
    if (!request->tap)
      test_report_people_end(outcomes, request->list.count, &output);
    code = exit_code(outcomes, request->list.count);
    if (request->junit != NULL && !test_report_junit(&request->list, outcomes, request->junit))
      code = EXIT_UNUSABLE;
  }
  for (i = 0; outcomes != NULL && i < request->list.count; i++)
    free(outcomes[i].text);
  free(outcomes);
  return close_output(output.file, code);
}

/* ---- arguments ---- */

static bool take_option(struct request *request, const char *name, const char *value)
{
  if (strcmp(name, "jobs") == 0) {
    if (parse_count(value, &request->jobs) && request->jobs >= 1 && request->jobs <= JOBS_MAX)
      return true;
    complain("--jobs %s: write a number from 1 to %u", value, JOBS_MAX);
    return false;
  }
  if (strcmp(name, "junit") == 0)
    request->junit = value;
  else if (strcmp(name, "no-again") == 0)
    request->no_again = true;
  else if (strcmp(name, "tap") == 0)
    request->tap = true;
  else if (strcmp(name, "quiet") == 0)
    request->quiet = true;
  else if (strcmp(name, "list") == 0)
    request->only_list = true;
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
        (got == ARGUMENT_OPERAND && !test_list_add(&request->list, value, false)))
      return false;
  }
  if (request->list.count > 0 || request->help)
    return true;
  return test_list_add(&request->list, ".", false);
}

static int help(void)
{
  print_usage(
      "test [FILE|FOLDER]...",
      "Runs tests: expectations (.expect), topologies with the section expect, a scene or a golden beside them,\n"
      "and all of those in folders (default: this one). A topology that is named is run in any case, and judged\n"
      "by the rules of docs/invariants.md. docs/expectations.md has the language.\n"
      "Exit status: 0 all hold, 1 one does not, 2 one cannot be used.",
      options);
  return close_output(stdout, EXIT_FINE);
}

int verb_test(struct arguments *arguments)
{
  struct request request = {.jobs = 1};
  int code = EXIT_UNUSABLE;
  size_t i;

  if (read_arguments(arguments, &request)) {
    test_list_sort(&request.list);
    if (request.help) {
      code = help();
    } else if (request.only_list) {
      for (i = 0; i < request.list.count; i++) {
        output_text(stdout, request.list.cases[i].path);
        putchar('\n');
      }
      code = close_output(stdout, EXIT_FINE);
    } else {
      code = test_all(&request);
    }
  }
  test_list_free(&request.list);
  return code;
}
