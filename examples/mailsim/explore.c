/* explore.c: `mailsim explore`: a topology once for every single fault of a kind, or for every seed of a range; counts
 * how the runs end and groups what fails by what was broken, by whom and how. Each failure comes with the command that
 * repeats it, or as a small file of its own. */
#define _XOPEN_SOURCE 700
#include "explore.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define JOBS_MAX 64u
#define RUNS_MANY 10000u
#define SPLITS_LIMIT 1000u /* bytes are many */

static const struct option options[] = {
    {"each", "drop|crash|split",
     "a run for every segment lost in turn, for every host crashed after each of its lines, or for every byte before "
     "which a connection's stream is cut in two segments"},
    {"seeds", "A..B", "a run for every seed from A to B"},
    {"swarm", NULL, "with --seeds: each seed draws which of the topology's faults there are, every second one"},
    {"limit", "N", "at most so many runs, spread evenly over the places (default: all; with --each split 1000)"},
    {"restart", "TIME", "with --each crash: start the host again after that long (default: 30s)"},
    {"disk", "MODE", "with --each crash: keep, lose-unsynced, torn, wipe or stale (default: lose-unsynced)"},
    {"jobs", "N", "so many runs at a time (default: 1)"},
    {"out", "FOLDER", "write each sort of failure there, as a small topology of its own"},
    {"shrink", NULL, "without --out: print these small topologies"},
    {"shrink-runs", "N", "runs to make one failure small (default: 1000; 0: keep it as large as it is)"},
    {"budget", "TIME", "stop after so much real time, such as 10min; results then depend on the machine"},
    {"quiet", NULL, "print only what fails"},
    {"help", NULL, "this text"},
    {NULL, NULL, NULL},
};

/* ---- the list of runs ---- */

/* Which place the index-th run is about. */
uint64_t plan_place_of(const struct plan *plan, uint64_t index)
{
  if (plan->count == plan->place_count)
    return index;
  return index * (plan->place_count / plan->count) + index * (plan->place_count % plan->count) / plan->count;
}

void plan_fault_of(const struct plan *plan, uint64_t index, char *out, size_t out_bytes)
{
  const struct explore_request *request = plan->request;
  char what[FAULT_BYTES / 2];

  points_fault(plan->plain.points, (size_t)plan_place_of(plan, index), what, sizeof what);
  if (request->each != POINTS_CRASH)
    snprintf(out, out_bytes, "{id: " FAULT_ID ", %s}", what);
  else /* "crash: {host: x}, after: ...": the disk goes into the braces */
    snprintf(out, out_bytes, "{id: " FAULT_ID ", %.*s, disk: %s}%s, for: %s}", (int)(strchr(what, '}') - what), what,
             request->disk, strchr(what, '}') + 1, request->restart);
}

/* Copies that a reset or a lost segment leads to are known to be right or wrong by the rules; a cut changes nothing. */
bool plan_more_is_wrong(const struct explore_request *request)
{
  return request->each == POINTS_DROP || request->each == POINTS_SPLIT;
}

static void run_swarm(const struct plan *plan, uint64_t seed, struct outcome *out)
{
  struct msim_document *document = repro_document(plan->request->topology, &seed, true);
  struct world_source source = {.path = plan->request->topology};
  struct world world;
  int err = MSIM_ERR_NOMEM;

  memset(&world, 0, sizeof world);
  if (document != NULL)
    source.text = repro_text(document);
  if (source.text.data != NULL)
    err = world_load(&world, &source);
  if (err == MSIM_OK)
    err = world_run(&world);
  world_judge(&world, err, NULL, false, NULL, out);
  world_free(&world);
  repro_text_free(source.text);
  msim_document_free(document);
}

static void run_one(const struct plan *plan, uint64_t index, struct outcome *out)
{
  const struct explore_request *request = plan->request;
  char fault[FAULT_BYTES];
  uint64_t seed = request->first_seed + plan_place_of(plan, index);
  struct world_source source = {.path = request->topology};
  struct world world;
  int err;

  if (request->swarm) {
    run_swarm(plan, seed, out);
    return;
  }
  if (request->each != POINTS_NONE) {
    plan_fault_of(plan, index, fault, sizeof fault);
    source.fault = fault;
  } else {
    source.seed = &seed;
  }
  err = world_load(&world, &source);
  if (err == MSIM_OK)
    err = world_run(&world);
  world_judge(&world, err, request->each != POINTS_NONE ? &plan->plain : NULL, plan_more_is_wrong(request), NULL, out);
  world_free(&world);
}

void plan_name_of(const struct plan *plan, uint64_t index, char *out, size_t out_bytes)
{
  if (plan->request->each == POINTS_NONE)
    snprintf(out, out_bytes, "seed %" PRIu64, plan->request->first_seed + plan_place_of(plan, index));
  else
    points_what(plan->plain.points, (size_t)plan_place_of(plan, index), out, out_bytes);
}

/* ---- how far it is, on a terminal ---- */

struct progress {
  uint64_t shown_ms;
  bool is_wanted, is_shown;
};

static struct progress progress_begin(void)
{
  struct progress progress = {status_clock_ms(), status_is_wanted(), false};

  return progress;
}

static void progress_show(struct progress *progress, const struct plan *plan, const struct found *found)
{
  uint64_t now_ms = progress->is_wanted ? status_clock_ms() : 0;

  if (now_ms < progress->shown_ms + 100u)
    return;
  fprintf(stderr, "\r\033[K%" PRIu64 " of %" PRIu64 " runs, %" PRIu64 " failed in %zu ways", found->run_count,
          plan->count, found->run_count - found->fine_count, found->group_count);
  fflush(stderr);
  progress->shown_ms = now_ms;
  progress->is_shown = true;
}

static void progress_clear(const struct progress *progress)
{
  if (progress->is_shown)
    fputs("\r\033[K", stderr);
}

static bool has_time(const struct plan *plan)
{
  return plan->request->deadline_ms == 0 || status_clock_ms() < plan->request->deadline_ms;
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
  struct progress progress = progress_begin();
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
  for (i = 0; fine && i < plan->count && has_time(plan); i++) {
    struct message message;

    fine = read_all(from[i % plan->request->jobs], &message, sizeof message) && message.index == i;
    if (fine)
      found_note(found, plan, i, &message.outcome);
    progress_show(&progress, plan, found);
  }
  progress_clear(&progress);
  for (i = 0; i < jobs; i++) {
    if (from[i] >= 0)
      close(from[i]);
    if (child[i] > 0 && found->run_count < plan->count)
      kill(child[i], SIGTERM); /* its results are no longer wanted */
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
  struct progress progress = progress_begin();
  struct outcome outcome;
  uint64_t i;

  if (plan->request->jobs > 1)
    return run_jobs(plan, found);
  for (i = 0; i < plan->count && has_time(plan); i++) {
    run_one(plan, i, &outcome);
    found_note(found, plan, i, &outcome);
    progress_show(&progress, plan, found);
  }
  progress_clear(&progress);
  return true;
}

/* ---- the verb ---- */

/* The run without a fault: where can one be, and what is there to keep? */
static bool run_plain(struct plan *plan)
{
  const struct explore_request *request = plan->request;
  struct world_source source = {.path = request->topology, .tell = true};
  struct outcome outcome;
  struct world *plain = &plan->plain;
  int err = world_load(plain, &source);

  if (err == MSIM_OK && request->each != POINTS_NONE) {
    plain->points = points_watch(plain->sim, request->each);
    err = plain->points != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
  }
  if (err != MSIM_OK)
    return false;
  plan->place_count = request->last_seed - request->first_seed + 1;
  if (request->each != POINTS_NONE) {
    err = world_run(plain);
    world_judge(plain, err, NULL, false, NULL, &outcome);
    if (outcome.rule[0] != '\0') {
      complain("explore: without any fault %s", outcome.sentence);
      return false;
    }
    if (!points_settle(plain->points)) {
      complain("out of memory");
      return false;
    }
    plan->place_count = points_count(plain->points);
  }
  plan->count = plan->place_count;
  if (request->has_limit && request->limit < plan->count)
    plan->count = request->limit;
  if (plan->count > RUNS_MANY && !request->quiet && request->budget_ns == 0)
    fprintf(stderr, "mailsim: explore: %" PRIu64 " runs; --limit N makes fewer, --jobs N makes them side by side\n",
            plan->count);
  return true;
}

static bool make_folder(const char *path)
{
  if (path == NULL || mkdir(path, 0777) == 0 || errno == EEXIST)
    return true;
  complain("--out %s: %s", path, strerror(errno));
  return false;
}

static int explore(struct explore_request *request)
{
  struct plan plan = {.request = request};
  struct found *found = calloc(1, sizeof *found);
  struct output output;
  int code = EXIT_UNUSABLE;

  output_init(&output, stdout);
  if (request->budget_ns > 0)
    request->deadline_ms = status_clock_ms() + request->budget_ns / 1000000u + 1;
  if (found == NULL)
    complain("out of memory");
  else if (make_folder(request->out) && run_plain(&plan) && run_all(&plan, found))
    code = close_output(stdout, found_print(&output, &plan, found));
  world_free(&plan.plain);
  free(found);
  return code;
}

static bool take_seeds(struct explore_request *request, const char *value)
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

static bool take_option(struct explore_request *request, const char *name, const char *value)
{
  msim_ns ns;

  if (strcmp(name, "each") == 0) {
    request->each = points_kind_of(value);
    if (request->each == POINTS_NONE)
      complain("--each %s: write drop, crash or split", value);
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
  if (strcmp(name, "budget") == 0) {
    if (parse_time(value, &request->budget_ns) && request->budget_ns != MSIM_NEVER && request->budget_ns > 0)
      return true;
    complain("--budget %s: write a time such as 10min", value);
    return false;
  }
  if (strcmp(name, "limit") == 0) {
    request->has_limit = true;
    if (parse_count(value, &request->limit) && request->limit >= 1)
      return true;
    complain("--limit %s: write a number from 1 on", value);
    return false;
  }
  if (strcmp(name, "shrink-runs") == 0) {
    if (parse_count(value, &request->shrink_runs) && request->shrink_runs <= MSIM_DOCUMENT_SHRINK_RUNS_MAX)
      return true;
    complain("--shrink-runs %s: write a number up to %u", value, (unsigned)MSIM_DOCUMENT_SHRINK_RUNS_MAX);
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
  else if (strcmp(name, "out") == 0)
    request->out = value;
  else if (strcmp(name, "swarm") == 0)
    request->swarm = true;
  else if (strcmp(name, "shrink") == 0)
    request->shrink = true;
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

static bool read_arguments(struct arguments *arguments, struct explore_request *request)
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
    complain("explore: give --each drop, --each crash, --each split or --seeds A..B");
  else if (request->swarm && !request->has_seeds)
    complain("explore: --swarm draws by seeds: give --seeds A..B too");
  else
    return is_disk(request->disk);
  return false;
}

int verb_explore(struct arguments *arguments)
{
  struct explore_request request = {
      .restart = "30s", .disk = "lose-unsynced", .jobs = 1, .shrink_runs = MSIM_DOCUMENT_SHRINK_RUNS};

  if (!read_arguments(arguments, &request))
    return EXIT_UNUSABLE;
  if (request.each == POINTS_SPLIT && !request.has_limit) {
    request.has_limit = true;
    request.limit = SPLITS_LIMIT;
  }
  if (!request.help)
    return explore(&request);
  print_usage("explore TOPOLOGY --each drop|crash|split [OPTIONS]",
              "Runs a topology once for each place at which something can go wrong, or for each of many seeds.\n"
              "A run fails when a rule of docs/invariants.md is broken, or when a mail that was delivered\n"
              "without the fault is now neither delivered nor returned; with --each drop and split also when\n"
              "there are more copies. Failures are grouped by the rule, by whose mistake it is and of what sort;\n"
              "the one of the fewest events is told with the command that repeats it. With --out each becomes a\n"
              "topology of its own, made smaller while the same goes wrong in it.\n"
              "Exit status: 0, 1 when a run fails, 2 when something is unusable.",
              options);
  return close_output(stdout, EXIT_FINE);
}
