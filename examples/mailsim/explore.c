/* explore.c: `mailsim explore`: a topology once for every single fault of a kind, or for every seed of a range; counts
 * how the runs end and groups what fails by what was broken. Each failure comes with the command that repeats it. */
#define _XOPEN_SOURCE 700
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define GROUPS_MAX 64
#define JOBS_MAX 64u
#define SHOWN_PER_GROUP 3u
#define FAULT_BYTES 1600
#define RESULT_BYTES 2048

static const struct option options[] = {
    {"each", "drop|crash", "a run for every segment lost in turn, or for every host crashed after each of its lines"},
    {"seeds", "A..B", "a run for every seed from A to B"},
    {"restart", "TIME", "with --each crash: start the host again after that long (default: 30s)"},
    {"disk", "MODE", "with --each crash: keep, lose-unsynced, torn, wipe or stale (default: lose-unsynced)"},
    {"jobs", "N", "so many runs at a time (default: 1)"},
    {"quiet", NULL, "print only what fails"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

struct request {
  const char *topology, *restart, *disk;
  enum points_kind each;
  uint64_t first_seed, last_seed, jobs;
  bool has_seeds, quiet, help;
};

struct group {
  char key[64];
  uint64_t count;
  char shown[SHOWN_PER_GROUP][RESULT_BYTES]; /* what, then a tab, then the sentence */
  uint64_t index[SHOWN_PER_GROUP];
};

struct found {
  struct group groups[GROUPS_MAX];
  size_t group_count;
  uint64_t run_count, fine_count, unusable_count;
};

/* ---- one run ---- */

struct outcome {
  char key[64]; /* "" when all is well, else what was broken: "I3", "outcome", "run" */
  char sentence[1024];
};

struct world {
  struct msim_sim *sim;
  struct mails *mails;
  struct broken *broken;
  struct points *points;
};

static void world_free(struct world *world)
{
  msim_sim_free(world->sim);
  mails_free(world->mails);
  broken_free(world->broken);
  points_free(world->points);
}

static int world_load(struct world *world, const struct request *request, const uint64_t *seed, const char *fault,
                      bool tell)
{
  struct msim_sim_opts opts;
  unsigned findings = 0;
  int err;

  memset(world, 0, sizeof *world);
  memset(&opts, 0, sizeof opts);
  opts.seed = 1;
  err = msim_sim_new(&world->sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_file(world->sim, request->topology, tell ? print_finding : NULL, &findings);
  if (err != MSIM_OK) {
    if (tell && findings == 0)
      complain("%s: %s", request->topology, msim_strerror(err));
    return err;
  }
  if (seed != NULL)
    msim_sim_set_seed(world->sim, *seed);
  if (fault != NULL)
    err = msim_fault_add_yaml(world->sim, fault, print_finding, &findings);
  if (err != MSIM_OK)
    return err;
  world->mails = mails_watch(world->sim);
  world->broken = broken_watch(world->sim);
  return world->mails != NULL && world->broken != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

static int world_run(struct world *world)
{
  struct msim_topology_info info;
  int err, finish_err;

  msim_topology_info(world->sim, &info);
  err = msim_sim_run(world->sim, info.until_ns);
  finish_err = msim_sim_finish(world->sim);
  return err != MSIM_OK ? err : finish_err;
}

/* What the run with a fault is held against: that without one; NULL: nothing. */
static void judge(const struct world *world, int err, const struct world *plain, bool no_more, struct outcome *out)
{
  const char *text = world->sim != NULL ? msim_sim_error(world->sim) : "";

  memset(out, 0, sizeof *out);
  if (err != MSIM_OK) {
    snprintf(out->key, sizeof out->key, "run");
    snprintf(out->sentence, sizeof out->sentence, "the run failed: %s", text[0] != '\0' ? text : msim_strerror(err));
  } else if (!broken_first(world->broken, out->key, sizeof out->key, out->sentence, sizeof out->sentence) &&
             plain != NULL &&
             !mails_as_before(plain->mails, world->mails, no_more, out->sentence, sizeof out->sentence)) {
    snprintf(out->key, sizeof out->key, "outcome");
  }
}

/* ---- the list of runs ---- */

struct plan {
  const struct request *request;
  struct world plain; /* of the run without a fault */
  uint64_t count;
};

static void fault_of(const struct plan *plan, uint64_t index, char *out, size_t out_bytes)
{
  const struct request *request = plan->request;
  const char *what = points_fault(plan->plain.points, (size_t)index);

  if (request->each == POINTS_DROP)
    snprintf(out, out_bytes, "{id: explored, %s}", what);
  else /* "crash: {host: x}, after: ...": the disk goes into the braces */
    snprintf(out, out_bytes, "{id: explored, %.*s, disk: %s}%s, for: %s}", (int)(strchr(what, '}') - what), what,
             request->disk, strchr(what, '}') + 1, request->restart);
}

static void run_one(const struct plan *plan, uint64_t index, struct outcome *out)
{
  char fault[FAULT_BYTES];
  uint64_t seed = plan->request->first_seed + index;
  struct world world;
  int err;

  if (plan->request->each != POINTS_NONE)
    fault_of(plan, index, fault, sizeof fault);
  err = world_load(&world, plan->request, plan->request->has_seeds ? &seed : NULL,
                   plan->request->each != POINTS_NONE ? fault : NULL, false);
  if (err == MSIM_OK)
    err = world_run(&world);
  judge(&world, err, plan->request->each != POINTS_NONE ? &plan->plain : NULL, plan->request->each == POINTS_DROP, out);
  world_free(&world);
}

static void name_of(const struct plan *plan, uint64_t index, char *out, size_t out_bytes)
{
  if (plan->request->each == POINTS_NONE)
    snprintf(out, out_bytes, "seed %" PRIu64, plan->request->first_seed + index);
  else
    snprintf(out, out_bytes, "%s", points_what(plan->plain.points, (size_t)index));
}

/* ---- what was found ---- */

static void note(struct found *found, uint64_t index, const struct outcome *outcome)
{
  struct group *group;
  size_t i;

  found->run_count++;
  if (outcome->key[0] == '\0') {
    found->fine_count++;
    return;
  }
  for (i = 0; i < found->group_count && strcmp(found->groups[i].key, outcome->key) != 0; i++)
    ;
  if (i == GROUPS_MAX)
    i = GROUPS_MAX - 1;
  group = &found->groups[i];
  if (i == found->group_count) {
    found->group_count++;
    snprintf(group->key, sizeof group->key, "%s", outcome->key);
  }
  if (group->count < SHOWN_PER_GROUP) {
    group->index[group->count] = index;
    snprintf(group->shown[group->count], sizeof group->shown[0], "%s", outcome->sentence);
  }
  group->count++;
}

static void shell_quote(FILE *file, const char *text)
{
  putc('\'', file);
  for (; *text != '\0'; text++)
    if (*text == '\'')
      fputs("'\\''", file);
    else
      putc(*text, file);
  putc('\'', file);
}

static void print_try(FILE *file, const struct plan *plan, uint64_t index)
{
  char fault[FAULT_BYTES];

  fputs("    try: mailsim run ", file);
  shell_quote(file, plan->request->topology);
  if (plan->request->each == POINTS_NONE) {
    fprintf(file, " --seed %" PRIu64 "\n", plan->request->first_seed + index);
    return;
  }
  fault_of(plan, index, fault, sizeof fault);
  fputs(" --fault ", file);
  shell_quote(file, fault);
  putc('\n', file);
}

static void print_found(const struct output *output, const struct plan *plan, const struct found *found)
{
  char name[FAULT_BYTES];
  size_t i;
  uint64_t k;

  for (i = 0; i < found->group_count; i++) {
    const struct group *group = &found->groups[i];

    output_style(output, STYLE_BAD);
    fprintf(output->file, "%s", group->key);
    output_style(output, STYLE_PLAIN);
    fprintf(output->file, ": %" PRIu64 " of %" PRIu64 " runs\n", group->count, found->run_count);
    for (k = 0; k < group->count && k < SHOWN_PER_GROUP; k++) {
      name_of(plan, group->index[k], name, sizeof name);
      fputs("  ", output->file);
      output_text(output->file, name);
      fputs(": ", output->file);
      output_text(output->file, group->shown[k]);
      putc('\n', output->file);
      print_try(output->file, plan, group->index[k]);
    }
  }
  if (!plan->request->quiet || found->fine_count != found->run_count)
    fprintf(output->file, "runs %" PRIu64 ", as they should be %" PRIu64 "\n", found->run_count, found->fine_count);
}

/* ---- several at a time ---- */

struct message {
  uint64_t index;
  struct outcome outcome;
};

static bool write_all(int to, const void *data, size_t size_bytes)
{
  const char *p = data;

  while (size_bytes > 0) {
    ssize_t n = write(to, p, size_bytes);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    p += n;
    size_bytes -= (size_t)n;
  }
  return true;
}

static bool read_all(int from, void *data, size_t size_bytes)
{
  char *p = data;

  while (size_bytes > 0) {
    ssize_t n = read(from, p, size_bytes);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return false;
    p += n;
    size_bytes -= (size_t)n;
  }
  return true;
}

static void work(const struct plan *plan, uint64_t first, int to)
{
  uint64_t i;

  for (i = first; i < plan->count; i += plan->request->jobs) {
    struct message message;

    memset(&message, 0, sizeof message);
    message.index = i;
    run_one(plan, i, &message.outcome);
    if (!write_all(to, &message, sizeof message))
      _exit(EXIT_UNUSABLE);
  }
  _exit(EXIT_FINE);
}

/* Results are taken in the order of the runs, whoever makes them: the report does not depend on the number of jobs. */
static bool run_jobs(const struct plan *plan, struct found *found)
{
  uint64_t jobs = plan->request->jobs < plan->count ? plan->request->jobs : plan->count, i;
  int from[JOBS_MAX];
  pid_t child[JOBS_MAX];
  bool fine = true;

  for (i = 0; i < jobs; i++) {
    int ends[2];

    fflush(NULL);
    child[i] = -1;
    from[i] = -1;
    if (pipe(ends) != 0)
      fine = false;
    else if ((child[i] = fork()) == 0) {
      close(ends[0]);
      work(plan, i, ends[1]);
    } else {
      close(ends[1]);
      from[i] = ends[0];
    }
    fine = fine && child[i] > 0;
  }
  for (i = 0; fine && i < plan->count; i++) {
    struct message message;

    fine = read_all(from[i % plan->request->jobs], &message, sizeof message) && message.index == i;
    if (fine)
      note(found, i, &message.outcome);
  }
  for (i = 0; i < jobs; i++) {
    if (from[i] >= 0)
      close(from[i]);
    if (child[i] > 0)
      while (waitpid(child[i], NULL, 0) < 0 && errno == EINTR)
        ;
  }
  if (!fine)
    complain("explore: a part of the runs could not be made: %s", strerror(errno));
  return fine;
}

static bool run_all(const struct plan *plan, struct found *found)
{
  struct outcome outcome;
  uint64_t i;

  if (plan->request->jobs > 1)
    return run_jobs(plan, found);
  for (i = 0; i < plan->count; i++) {
    run_one(plan, i, &outcome);
    note(found, i, &outcome);
  }
  return true;
}

/* ---- the verb ---- */

/* The run without a fault: where can one be, and what is there to keep? */
static bool run_plain(struct plan *plan)
{
  struct outcome outcome;
  struct world *plain = &plan->plain;
  int err = world_load(plain, plan->request, NULL, NULL, true);

  if (err == MSIM_OK && plan->request->each != POINTS_NONE) {
    plain->points = points_watch(plain->sim, plan->request->each);
    err = plain->points != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
  }
  if (err != MSIM_OK)
    return false;
  if (plan->request->each == POINTS_NONE) {
    plan->count = plan->request->last_seed - plan->request->first_seed + 1;
    return true;
  }
  err = world_run(plain);
  judge(plain, err, NULL, false, &outcome);
  if (outcome.key[0] != '\0') {
    complain("explore: without any fault %s", outcome.sentence);
    return false;
  }
  if (!points_settle(plain->points)) {
    complain("out of memory");
    return false;
  }
  plan->count = points_count(plain->points);
  return true;
}

static int explore(const struct request *request)
{
  struct plan plan = {.request = request};
  struct found *found = calloc(1, sizeof *found);
  struct output output;
  int code = EXIT_UNUSABLE;

  output_init(&output, stdout);
  if (found == NULL)
    complain("out of memory");
  else if (run_plain(&plan) && run_all(&plan, found)) {
    print_found(&output, &plan, found);
    code = close_output(stdout, found->fine_count == found->run_count ? EXIT_FINE : EXIT_FAILED);
  }
  world_free(&plan.plain);
  free(found);
  return code;
}

static bool take_seeds(struct request *request, const char *value)
{
  char first[24];
  const char *dots = strstr(value, "..");

  request->has_seeds = true;
  if (dots != NULL && (size_t)(dots - value) < sizeof first) {
    memcpy(first, value, (size_t)(dots - value));
    first[dots - value] = '\0';
    if (parse_count(first, &request->first_seed) && parse_count(dots + 2, &request->last_seed) &&
        request->first_seed <= request->last_seed && request->last_seed - request->first_seed < 100000000)
      return true;
  }
  complain("--seeds %s: write two numbers, such as 1..1000", value);
  return false;
}

static bool take_option(struct request *request, const char *name, const char *value)
{
  msim_ns ns;

  if (strcmp(name, "each") == 0) {
    request->each = points_kind_of(value);
    if (request->each == POINTS_NONE)
      complain("--each %s: write drop or crash", value);
    return request->each != POINTS_NONE;
  }
  if (strcmp(name, "seeds") == 0)
    return take_seeds(request, value);
  if (strcmp(name, "restart") == 0) {
    request->restart = value;
    if (parse_time(value, &ns) && ns != MSIM_NEVER && ns > 0)
      return true;
    complain("--restart %s: write a time such as 30s", value);
    return false;
  }
  if (strcmp(name, "jobs") == 0) {
    if (parse_count(value, &request->jobs) && request->jobs >= 1 && request->jobs <= JOBS_MAX)
      return true;
    complain("--jobs %s: write a number from 1 to %u", value, JOBS_MAX);
    return false;
  }
  if (strcmp(name, "disk") == 0)
    request->disk = value;
  else if (strcmp(name, "quiet") == 0)
    request->quiet = true;
  else
    request->help = true;
  return true;
}

static bool is_disk(const char *mode)
{
  static const char *const modes[] = {"keep", "lose-unsynced", "torn", "wipe", "stale", NULL};
  size_t i;

  for (i = 0; modes[i] != NULL; i++)
    if (strcmp(modes[i], mode) == 0)
      return true;
  complain("--disk %s: write keep, lose-unsynced, torn, wipe or stale", mode);
  return false;
}

static bool read_arguments(struct arguments *arguments, struct request *request)
{
  const struct option *option = NULL;
  const char *value = NULL;
  enum argument_kind kind;

  while ((kind = argument_next(arguments, options, &option, &value)) != ARGUMENT_END) {
    if (kind == ARGUMENT_WRONG || (kind == ARGUMENT_OPTION && !take_option(request, option->name, value)))
      return false;
    if (kind != ARGUMENT_OPERAND)
      continue;
    if (request->topology != NULL) {
      complain("explore: one topology at a time; %s is one too many", value);
      return false;
    }
    request->topology = value;
  }
  if (request->help)
    return true;
  if (request->topology == NULL)
    complain("explore: which topology? See mailsim explore --help");
  else if ((request->each != POINTS_NONE) == request->has_seeds)
    complain("explore: give --each drop, --each crash or --seeds A..B");
  else
    return is_disk(request->disk);
  return false;
}

int verb_explore(struct arguments *arguments)
{
  struct request request = {.restart = "30s", .disk = "lose-unsynced", .jobs = 1};

  if (!read_arguments(arguments, &request))
    return EXIT_UNUSABLE;
  if (!request.help)
    return explore(&request);
  print_usage("explore TOPOLOGY --each drop|crash [OPTIONS]",
              "Runs a topology once for each place at which something can go wrong, or for each of many seeds.\n"
              "A run fails when a rule of docs/invariants.md is broken, or when a mail that was delivered\n"
              "without the fault is now neither delivered nor returned; with --each drop also when there are\n"
              "more copies. Failures are grouped, and told with the command that repeats them.\n"
              "Exit status: 0, 1 when a run fails, 2 when something is unusable.",
              options);
  return close_output(stdout, EXIT_FINE);
}
