/* test_world.c: one run of a topology for a test: loaded, watched, run, and closed; and where its expectation stands.
 * Does not judge. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#define SEED_DEFAULT 1u

void test_finding(void *user, const struct msim_diag *diag)
{
  FILE *to = user;

  output_text(to, diag->file != NULL ? diag->file : "?");
  if (diag->line > 0)
    fprintf(to, ":%u", diag->line);
  if (diag->line > 0 && diag->column > 0)
    fprintf(to, ":%u", diag->column);
  fputs(": ", to);
  output_text(to, diag->text);
  putc('\n', to);
}

void test_print_lines(FILE *to, const char *indent, const char *text)
{
  while (*text != '\0') {
    size_t n = strcspn(text, "\n"), i = 0;
    char part[256];

    if (n > 0)
      fputs(indent, to);
    for (; i < n; i += strlen(part)) {
      size_t take = n - i < sizeof part - 1 ? n - i : sizeof part - 1;

      memcpy(part, text + i, take);
      part[take] = '\0';
      output_text(to, part);
    }
    putc('\n', to);
    text += n + (text[n] != '\0' ? 1 : 0);
  }
}

static void tell(FILE *to, const char *path, const char *sentence)
{
  output_text(to, path);
  fputs(": ", to);
  output_text(to, sentence);
  putc('\n', to);
}

/* ---- runs ---- */

bool test_world_open(struct test_world *world, const char *topology, const uint64_t *seed, FILE *to)
{
  struct msim_sim_opts opts;
  long before = ftell(to);
  int err;

  memset(world, 0, sizeof *world);
  memset(&opts, 0, sizeof opts);
  opts.seed = SEED_DEFAULT;
  err = msim_sim_new(&world->sim, &opts);
  if (err == MSIM_OK)
    err = msim_topology_load_file(world->sim, topology, test_finding, to);
  if (err != MSIM_OK) {
    if (ftell(to) == before)
      tell(to, topology, msim_strerror(err));
    return false;
  }
  if (seed != NULL)
    msim_sim_set_seed(world->sim, *seed);
  msim_topology_info(world->sim, &world->info);
  err = msim_trace_fingerprints(world->sim, &world->prints);
  if (err != MSIM_OK)
    tell(to, topology, msim_strerror(err));
  return err == MSIM_OK;
}

static int keep(void *ctx, const void *data, size_t size_bytes)
{
  struct test_world *world = ctx;

  if (size_bytes >= world->trace_capacity - world->trace_bytes) {
    size_t wanted = (world->trace_bytes + size_bytes + 1) * 2;
    char *grown = realloc(world->trace, wanted);

    if (grown == NULL)
      return MSIM_ERR_NOMEM;
    world->trace = grown;
    world->trace_capacity = wanted;
  }
  memcpy(world->trace + world->trace_bytes, data, size_bytes);
  world->trace_bytes += size_bytes;
  world->trace[world->trace_bytes] = '\0';
  return MSIM_OK;
}

bool test_world_keep_trace(struct test_world *world, FILE *to)
{
  struct msim_out out;
  int err;

  out.ctx = world;
  out.write = keep;
  err = msim_trace_add(world->sim, "text", &out, NULL, NULL);
  if (err != MSIM_OK)
    tell(to, "the trace", msim_strerror(err));
  return err == MSIM_OK;
}

bool test_world_run(struct test_world *world, const msim_ns *until_ns, FILE *to)
{
  int err = msim_sim_run(world->sim, until_ns != NULL ? *until_ns : world->info.until_ns);
  int finish_err = msim_sim_finish(world->sim);

  if (err == MSIM_OK)
    err = finish_err;
  if (err == MSIM_OK)
    return true;
  fputs("the run failed at ", to);
  output_seconds(to, msim_sim_now_ns(world->sim));
  tell(to, " s", msim_sim_error(world->sim)[0] != '\0' ? msim_sim_error(world->sim) : msim_strerror(err));
  return false;
}

void test_world_close(struct test_world *world)
{
  msim_sim_free(world->sim);
  free(world->trace);
  memset(world, 0, sizeof *world);
}

/* ---- expectations ---- */

/* A path in a file is relative to the file's folder. */
static char *join(const char *file, const char *path)
{
  const char *slash = strrchr(file, '/');
  size_t folder = path[0] == '/' || slash == NULL ? 0 : (size_t)(slash - file) + 1;
  char *out = malloc(folder + strlen(path) + 1);

  if (out != NULL) {
    memcpy(out, file, folder);
    strcpy(out + folder, path);
  }
  return out;
}

static bool open_file(const char *path, struct msim_expect **expect, char **topology, FILE *to)
{
  struct msim_expect_info info;
  long before = ftell(to);
  int err = msim_expect_load_file(expect, path, NULL, test_finding, to);

  if (err != MSIM_OK) {
    if (ftell(to) == before)
      tell(to, path, msim_strerror(err));
    return false;
  }
  msim_expect_info(*expect, &info);
  if (info.topology == NULL) {
    tell(to, path, "it does not say of which topology: write topology FILE");
    return false;
  }
  if (info.claim_count == 0) {
    tell(to, path, "it expects nothing: add a flow, or lines of expect, never or finally");
    return false;
  }
  *topology = join(path, info.topology);
  return *topology != NULL;
}

static bool open_section(const char *path, struct msim_expect **expect, char **topology, FILE *to)
{
  struct test_world world;
  struct msim_expect_info info;
  struct msim_slice text;
  bool fine = test_world_open(&world, path, NULL, to);

  *topology = join("", path);
  if (fine && world.info.expect != NULL) {
    text.data = (const uint8_t *)world.info.expect;
    text.size_bytes = strlen(world.info.expect);
    fine = msim_expect_load_text(expect, path, text, NULL, test_finding, to) == MSIM_OK;
    if (fine) {
      msim_expect_info(*expect, &info);
      if (info.topology != NULL) {
        tell(to, path, "expect: a topology is about itself; take the statement topology away");
        fine = false;
      }
    }
  }
  test_world_close(&world);
  return fine && *topology != NULL;
}

bool test_expect_open(const char *path, bool is_expect, struct msim_expect **expect, char **topology, FILE *to)
{
  bool fine;

  *expect = NULL;
  *topology = NULL;
  fine = is_expect ? open_file(path, expect, topology, to) : open_section(path, expect, topology, to);
  if (fine)
    return true;
  msim_expect_free(*expect);
  free(*topology);
  *expect = NULL;
  *topology = NULL;
  return false;
}
