/* test_no_memory.c: each topology of topologies/ is loaded, run, traced and judged while one request for memory fails,
 * the first, the second and so on: a clean MSIM_ERR_NOMEM or a complete run, and never a byte left.
 *
 * Bounded: each of the first REQUESTS_ALL requests fails once, of the further ones every STRIDE-th; at every
 * ONWARDS_STRIDE-th of these attempts all later requests fail too, in a second run. What libyaml asks the C library for
 * is outside the hook and never fails here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail_mem.h"
#include "support/topology_run.h"

#define FOLDER MSIM_SOURCE_DIR "/topologies"
#define REQUESTS_ALL 500u
#define STRIDE 97u
#define ONWARDS_STRIDE 5u

/* Beside the files: losses, copies, disorder, and a mail so long that everything has to grow. */
static const char lossy[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  pc: {agents: [{user: {address: a@x.example, submit: mx, script: [{at: 1s, send: {to: b@b.example, subject: "
    "Grüße, "
    "size: 80KiB}}]}}]}\n"
    "  mx: {agents: [{smtp-server: {domains: {b.example: [b]}}}]}\n"
    "links:\n"
    "  - {join: [pc, mx], delay: 10ms, rate: 10Mbit/s, loss: 5%, jitter: 2ms, reorder: {share: 5%, by: 3ms}, "
    "duplicate: 2%}\n";

/* path NULL: lossy. */
static int load(struct msim_sim *sim, const char *path)
{
  struct msim_slice text = {(const uint8_t *)lossy, sizeof lossy - 1};

  return path != NULL ? msim_topology_load_file(sim, path, NULL, NULL)
                      : msim_topology_load_text(sim, "lossy", text, NULL, NULL, NULL);
}

/* One attempt, and what came of it. */
struct attempt {
  struct fail_mem mem;
  struct topology_text text, jsonl;
  struct msim_scene_result judged;
  bool has_scene;
  int err;
};

static int keep(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return 0;
}

static int load_scene(struct attempt *a, struct msim_sim *sim, struct msim_scene **scene)
{
  struct msim_scene_opts opts = {.mem = a->mem.hook};
  struct msim_topology_info info;
  char path[1024];
  int err;

  msim_topology_info(sim, &info);
  if (info.scene == NULL)
    return 0;
  a->has_scene = true;
  opts.case_id = info.scene_case;
  /* as it stands in the file, or already from where the program runs */
  snprintf(path, sizeof path, "%s%s%s", info.scene[0] == '/' ? "" : FOLDER, info.scene[0] == '/' ? "" : "/",
           info.scene);
  err = msim_scene_load_file(scene, path, &opts, NULL, NULL);
  return err == 0 ? msim_scene_attach(*scene, sim) : err;
}

static int play(struct attempt *a, struct msim_sim *sim, struct msim_scene **scene, const char *path)
{
  struct msim_out text = {&a->text, keep}, jsonl = {&a->jsonl, keep};
  struct msim_topology_info info;
  int err = load(sim, path);

  if (err == 0)
    err = load_scene(a, sim, scene);
  if (err == 0)
    err = msim_trace_add(sim, "text", &text, NULL, NULL);
  if (err == 0)
    err = msim_trace_add(sim, "jsonl", &jsonl, NULL, NULL);
  if (err != 0)
    return err;
  msim_topology_info(sim, &info);
  err = msim_sim_run(sim, info.until_ns);
  if (err != 0)
    return err;
  err = msim_sim_finish(sim);
  if (err == 0 && *scene != NULL)
    err = msim_scene_judge(*scene, MSIM_SCENE_BOTH, &a->judged);
  return err;
}

/* fail_at 0: nothing fails. */
static void attempt(struct attempt *a, const char *path, uint64_t fail_at, bool fail_onwards)
{
  struct msim_scene *scene = NULL;
  struct msim_sim_opts opts = {.seed = 1};
  struct msim_sim *sim = NULL;

  memset(a, 0, sizeof *a);
  fail_mem_init(&a->mem, fail_at);
  a->mem.fail_onwards = fail_onwards;
  topology_text_append(&a->text, "", 0);
  topology_text_append(&a->jsonl, "", 0);
  opts.mem = a->mem.hook;
  a->err = msim_sim_new(&sim, &opts);
  if (a->err == 0)
    a->err = play(a, sim, &scene, path);
  else
    assert_null(sim);
  msim_sim_free(sim);
  msim_scene_free(scene);
}

static void forget(struct attempt *a)
{
  free(a->text.data);
  free(a->jsonl.data);
}

static bool is_same(const struct attempt *a, const struct attempt *b)
{
  return strcmp(a->text.data, b->text.data) == 0 && strcmp(a->jsonl.data, b->jsonl.data) == 0 &&
         memcmp(&a->judged, &b->judged, sizeof a->judged) == 0;
}

/* True when the run went on although a request was refused: then nothing else may be different. */
static bool check_attempt(const struct attempt *whole, const char *path, const char *name, uint64_t fail_at,
                          bool onwards)
{
  struct attempt part;

  attempt(&part, path, fail_at, onwards);
  if (part.mem.failed_count == 0)
    fail_msg("%s: there was no request %u: two runs differ", name, (unsigned)fail_at);
  if (!fail_mem_clean(&part.mem))
    fail_msg("%s: request %u refused: %zu bytes are left, %u wrong sizes", name, (unsigned)fail_at, part.mem.held_bytes,
             (unsigned)part.mem.wrong_size_count);
  if (part.err != MSIM_ERR_NOMEM && part.err != 0)
    fail_msg("%s: request %u refused: \"%s\" instead of out of memory", name, (unsigned)fail_at,
             msim_strerror(part.err));
  if (part.err == 0 && !is_same(whole, &part))
    fail_msg("%s: request %u refused: the run goes on and shows something else", name, (unsigned)fail_at);
  forget(&part);
  return part.err == 0;
}

static void check_topology(const char *path)
{
  const char *name = path != NULL ? strrchr(path, '/') + 1 : "lossy";
  uint64_t fail_at, attempt_count = 0, survived_count = 0;
  struct attempt whole;

  attempt(&whole, path, 0, false);
  if (whole.err != 0)
    fail_msg("%s does not run with all the memory it wants: %s", name, msim_strerror(whole.err));
  assert_true(fail_mem_clean(&whole.mem));
  assert_true(whole.mem.request_count > 50 && whole.text.size_bytes > 500 && whole.jsonl.size_bytes > 500);
  if (whole.has_scene)
    assert_true(whole.judged.holds);

  for (fail_at = 1; fail_at <= whole.mem.request_count; fail_at += fail_at < REQUESTS_ALL ? 1 : STRIDE) {
    survived_count += check_attempt(&whole, path, name, fail_at, false);
    if (attempt_count++ % ONWARDS_STRIDE == 0)
      survived_count += check_attempt(&whole, path, name, fail_at, true);
  }
  print_message("%s: %u requests, %u of the refusals did not matter\n", name, (unsigned)whole.mem.request_count,
                (unsigned)survived_count);
  forget(&whole);
}

static void each_request_for_memory_may_fail(void **state)
{
  DIR *folder = opendir(FOLDER);
  const struct dirent *entry;
  unsigned count = 0;

  (void)state;
  assert_non_null(folder);
  while ((entry = readdir(folder)) != NULL) {
    size_t size = strlen(entry->d_name);
    char path[1024];

    if (size < 6 || strcmp(entry->d_name + size - 5, ".yaml") != 0)
      continue;
    if (strcmp(entry->d_name, "mailing.yaml") == 0)
      continue; /* a thousand hosts take minutes, and ask for what the others ask for */
    snprintf(path, sizeof path, "%s/%s", FOLDER, entry->d_name);
    check_topology(path);
    count++;
  }
  closedir(folder);
  assert_true(count >= 2);
  check_topology(FOLDER "/ipv6/dual-stack.yaml");
  check_topology(FOLDER "/ipv6/fallback.yaml");
  check_topology(NULL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(each_request_for_memory_may_fail)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
