/* same.c: `mailsim run --check`: runs a topology again in other circumstances and compares what is recorded, while it
 * runs: twice in this process, in another process with a filled heap, another time zone, locale and working directory,
 * and with and without traces. Does not judge what a run shows. */
#define _XOPEN_SOURCE 700
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096
#define SAME_FAULTS_MAX 16u

/* One circumstance: 0, or an exit code after a complaint. */
typedef int circumstance_fn(const struct same_request *request, struct msim_difference *out);

static msim_ns until_of(const struct same_request *request, const struct msim_sim *sim)
{
  struct msim_topology_info info;

  msim_topology_info(sim, &info);
  return request->has_until ? request->until_ns : info.until_ns;
}

/* The run itself has told its findings already: a file that loads once loads again. */
static struct msim_sim *load(const struct same_request *request)
{
  struct msim_sim_opts opts;
  struct msim_sim *sim = NULL;
  int err;

  memset(&opts, 0, sizeof opts);
  opts.seed = request->seed;
  err = msim_sim_new(&sim, &opts);
  if (err == MSIM_OK)
    err = topology_load(sim, request->topology, request->settings, NULL, NULL);
  if (err != MSIM_OK) {
    complain("--check: %s: %s", request->topology, msim_strerror(err));
    msim_sim_free(sim);
    return NULL;
  }
  msim_sim_set_seed(sim, request->seed);
  if (!faults_add(sim, request->faults, request->fault_count)) {
    msim_sim_free(sim);
    return NULL;
  }
  return sim;
}

static int failed(const struct msim_sim *sim, int err)
{
  const char *text = sim != NULL ? msim_sim_error(sim) : "";

  complain("--check: %s", text[0] != '\0' ? text : msim_strerror(err));
  return EXIT_UNUSABLE;
}

static int same_process(const struct same_request *request, struct msim_difference *out)
{
  struct msim_sim *a = load(request), *b = a != NULL ? load(request) : NULL;
  int code = EXIT_UNUSABLE, err;

  if (b != NULL) {
    err = msim_same_run(a, b, until_of(request, b), out);
    code = err == MSIM_OK ? EXIT_FINE : failed(b, err);
  }
  msim_sim_free(a);
  msim_sim_free(b);
  return code;
}

/* ---- another process ---- */

static int read_pipe(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  ssize_t got;

  do
    got = read(*(int *)ctx, data, capacity_bytes);
  while (got < 0 && errno == EINTR);
  *size_bytes = got > 0 ? (size_t)got : 0;
  return got < 0 ? MSIM_ERR_IO : MSIM_OK;
}

/* In the child: never returns. */
static void become_another(const struct same_request *request, const char *program, const char *topology, int out)
{
  char seed[24], until[24];
  const char *arguments[2 * SAME_FAULTS_MAX + 2 * SETTINGS_MAX + 16];
  char **items;
  size_t count = 0, i;

  snprintf(seed, sizeof seed, "%" PRIu64, request->seed);
  snprintf(until, sizeof until, "%" PRIu64 "ns", request->until_ns);
  arguments[count++] = program;
  arguments[count++] = "run";
  arguments[count++] = topology;
  arguments[count++] = "--seed";
  arguments[count++] = seed;
  arguments[count++] = "--trace";
  arguments[count++] = "jsonl:-,full-text,hops";
  arguments[count++] = "--no-invariants";
  arguments[count++] = "--quiet";
  if (request->has_until) {
    arguments[count++] = "--until";
    arguments[count++] = request->until_ns == MSIM_NEVER ? "quiet" : until;
  }
  for (i = 0; i < request->fault_count && i < SAME_FAULTS_MAX; i++) {
    arguments[count++] = "--fault";
    arguments[count++] = request->faults[i];
  }
  for (i = 0; i < request->settings->count; i++) {
    arguments[count++] = "--set";
    arguments[count++] = request->settings->items[i];
  }
  arguments[count] = NULL;
  if (dup2(out, STDOUT_FILENO) < 0 || freopen("/dev/null", "w", stderr) == NULL || chdir("/") != 0 ||
      setenv("TZ", "Asia/Kathmandu", 1) != 0 || setenv("LC_ALL", "tr_TR.UTF-8", 1) != 0 ||
      setenv("MALLOC_PERTURB_", "165", 1) != 0)
    _exit(EXIT_UNUSABLE);
  close(out);
  memcpy(&items, &(const char **){arguments}, sizeof items); /* exec takes them without const and changes nothing */
  execvp(program, items);
  _exit(EXIT_UNUSABLE);
}

/* Where this program can be started again. */
static const char *own_path(const struct same_request *request, char *room, size_t room_bytes)
{
  ssize_t size = readlink("/proc/self/exe", room, room_bytes - 1);

  if (size > 0) {
    room[size] = '\0';
    return room;
  }
  if (strchr(request->program, '/') == NULL)
    return request->program; /* found in PATH again */
  return realpath(request->program, room);
}

static int compare_with(const struct same_request *request, int *in, struct msim_difference *out)
{
  struct msim_in expected = {in, read_pipe};
  struct msim_sim *sim = load(request);
  struct msim_same *same = NULL;
  int err, finish_err, code = EXIT_UNUSABLE;

  if (sim == NULL)
    return EXIT_UNUSABLE;
  err = msim_same_new(&same, sim, &expected);
  if (err == MSIM_OK)
    err = msim_sim_run(sim, until_of(request, sim));
  finish_err = msim_sim_finish(sim);
  if (err == MSIM_OK)
    err = finish_err;
  if (err == MSIM_OK)
    err = msim_same_finish(same, out);
  code = err == MSIM_OK ? EXIT_FINE : failed(sim, err);
  msim_same_free(same);
  msim_sim_free(sim);
  return code;
}

static int other_process(const struct same_request *request, struct msim_difference *out)
{
  char program_room[PATH_BYTES_MAX], topology[PATH_BYTES_MAX];
  const char *program = own_path(request, program_room, sizeof program_room);
  int ends[2], code, status = 0;
  pid_t child;

  if (program == NULL || realpath(request->topology, topology) == NULL || pipe(ends) != 0) {
    complain("--check: %s", strerror(errno));
    return EXIT_UNUSABLE;
  }
  fflush(NULL);
  child = fork();
  if (child == 0) {
    close(ends[0]);
    become_another(request, program, topology, ends[1]);
  }
  close(ends[1]);
  if (child < 0) {
    complain("--check: %s", strerror(errno));
    close(ends[0]);
    return EXIT_UNUSABLE;
  }
  code = compare_with(request, &ends[0], out);
  close(ends[0]); /* a child that has more to say ends by SIGPIPE */
  while (waitpid(child, &status, 0) < 0 && errno == EINTR)
    ;
  if (code == EXIT_FINE && !out->differs && (!WIFEXITED(status) || WEXITSTATUS(status) == EXIT_UNUSABLE)) {
    complain("--check: the other process failed");
    code = EXIT_UNUSABLE;
  }
  return code;
}

/* ---- with and without traces ---- */

static int throw_away(void *ctx, const void *data, size_t size_bytes)
{
  (void)ctx;
  (void)data;
  (void)size_bytes;
  return MSIM_OK;
}

static int run_prints(const struct same_request *request, bool traced, struct msim_fingerprints *prints)
{
  static const char *const forms[] = {"text", "jsonl", "pcapng"};
  struct msim_sim *sim = load(request);
  struct msim_out out = {NULL, throw_away};
  int err = MSIM_OK, finish_err, code;
  size_t i;

  if (sim == NULL)
    return EXIT_UNUSABLE;
  err = msim_trace_fingerprints(sim, prints);
  for (i = 0; traced && err == MSIM_OK && i < sizeof forms / sizeof forms[0]; i++)
    err = msim_trace_add(sim, forms[i], &out, "hops", NULL);
  if (err == MSIM_OK)
    err = msim_sim_run(sim, until_of(request, sim));
  finish_err = msim_sim_finish(sim);
  if (err == MSIM_OK)
    err = finish_err;
  code = err == MSIM_OK ? EXIT_FINE : failed(sim, err);
  msim_sim_free(sim);
  return code;
}

static int with_and_without_traces(const struct same_request *request, struct msim_difference *out)
{
  struct msim_fingerprints without, with;
  int code = run_prints(request, false, &without);

  memset(out, 0, sizeof *out);
  if (code == EXIT_FINE)
    code = run_prints(request, true, &with);
  if (code != EXIT_FINE)
    return code;
  out->differs = memcmp(&without, &with, sizeof with) != 0;
  snprintf(out->expected, sizeof out->expected,
           "fingerprint mail %016" PRIx64 " app %016" PRIx64 " seg %016" PRIx64 " wire %016" PRIx64, without.mail,
           without.app, without.seg, without.wire);
  snprintf(out->actual, sizeof out->actual,
           "fingerprint mail %016" PRIx64 " app %016" PRIx64 " seg %016" PRIx64 " wire %016" PRIx64, with.mail,
           with.app, with.seg, with.wire);
  return EXIT_FINE;
}

/* ---- what is told ---- */

static void tell_difference(const struct output *output, const char *where, const struct msim_difference *d)
{
  size_t i;

  output_style(output, STYLE_BAD);
  fputs("not the same: ", output->file);
  output_style(output, STYLE_PLAIN);
  fputs(where, output->file);
  if (d->line > 0) {
    fprintf(output->file, ", first at line %" PRIu64 " of the trace, ", d->line);
    output_seconds(output->file, d->at_ns);
    fputs(" s", output->file);
  }
  fputs("\n- ", output->file);
  output_text(output->file, d->expected);
  fputs("\n+ ", output->file);
  output_text(output->file, d->actual);
  fputs("\n", output->file);
  if (d->line > 0) {
    for (i = 0; i < d->column + 2; i++)
      putc(' ', output->file);
    fputs("^\n", output->file);
  }
}

int same_check(const struct same_request *request, const struct output *output, bool quiet)
{
  static const struct {
    const char *where;
    circumstance_fn *go;
  } circumstances[] = {
      {"twice in this process", same_process},
      {"in another process, with a filled heap, another time zone, locale and directory", other_process},
      {"with and without traces", with_and_without_traces},
  };
  struct msim_difference difference;
  int code = EXIT_FINE;
  size_t i;

  for (i = 0; i < sizeof circumstances / sizeof circumstances[0]; i++) {
    memset(&difference, 0, sizeof difference);
    code = circumstances[i].go(request, &difference);
    if (code != EXIT_FINE)
      return code;
    if (difference.differs) {
      tell_difference(output, circumstances[i].where, &difference);
      return EXIT_FAILED;
    }
    if (!quiet)
      fprintf(output->file, "the same %s\n", circumstances[i].where);
  }
  return EXIT_FINE;
}
