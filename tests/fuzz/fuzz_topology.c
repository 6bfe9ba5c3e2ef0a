/* fuzz_topology.c: a topology from bytes, then a short run of the world that it describes. Every fault has a place;
 * what loads runs without a bug of the library, within its memory; its trace is read by the reader of traces; nothing
 * leaks. Input: a topology. It may include "part.yaml" and name any scene; other files do not exist. */
#include <mailsim/topology.h>
#include <mailsim/trace.h>

#include "check/trace_reader.h"
#include "fuzz.h"
#include "support/fail_mem.h"

#define EVENTS_MAX 1500u
#define HELD_BYTES_MAX ((size_t)24 << 20) /* ranges of hosts can ask for any amount */
#define TRACE_BYTES_MAX ((size_t)4 << 20)

struct world {
  struct fail_mem memory;
  bool refused; /* some memory was, by the limit */
  struct fuzz_findings findings;
  char *trace;
  size_t trace_bytes;
  bool trace_cut;
};

static void *limited_resize(void *ctx, void *ptr, size_t size_old_bytes, size_t size_new_bytes)
{
  struct world *w = ctx;

  if (size_new_bytes > HELD_BYTES_MAX || w->memory.held_bytes + size_new_bytes > HELD_BYTES_MAX) {
    w->refused = true;
    return NULL;
  }
  return w->memory.hook.resize(w->memory.hook.ctx, ptr, size_old_bytes, size_new_bytes);
}

static int read_part(void *ctx, const char *path, struct msim_slice *out)
{
  static const char part[] = "templates:\n  far: {delay: 30ms}\nhosts:\n  part:\n";
  static const char scene[] = "spec: libmailsim.scene/1\n";
  size_t size = strlen(path);

  (void)ctx;
  if (size >= 9 && strcmp(path + size - 9, "part.yaml") == 0)
    *out = fuzz_slice_of((const uint8_t *)part, sizeof part - 1);
  else if (strstr(path, "scene") != NULL)
    *out = fuzz_slice_of((const uint8_t *)scene, sizeof scene - 1);
  else
    return MSIM_ERR_IO;
  return MSIM_OK;
}

static void release_part(void *ctx, struct msim_slice bytes)
{
  (void)ctx;
  (void)bytes;
}

static int write_trace(void *ctx, const void *data, size_t size_bytes)
{
  struct world *w = ctx;

  if (w->trace_cut || size_bytes > TRACE_BYTES_MAX - w->trace_bytes) {
    w->trace_cut = true;
    return MSIM_OK;
  }
  memcpy(w->trace + w->trace_bytes, data, size_bytes);
  w->trace_bytes += size_bytes;
  return MSIM_OK;
}

/* What the sink wrote is what the reader understands. */
static void check_trace(const struct world *w)
{
  struct fuzz_findings findings = {0, 0};
  struct msim__observation obs;
  struct msim__words words;
  struct msim__mem mem;

  msim__mem_init(&mem, NULL);
  msim__words_init(&words, &mem);
  msim__observation_init(&obs, &mem, &words);
  FUZZ_CHECK(msim__trace_read(&obs, "trace.jsonl", fuzz_slice_of((const uint8_t *)w->trace, w->trace_bytes), fuzz_find,
                              &findings) == MSIM_OK);
  msim__observation_release(&obs);
  msim__words_release(&words);
}

static void run(struct world *w, struct msim_sim *sim)
{
  const struct msim_out out = {w, write_trace};
  struct msim_topology_info info;
  int err, finish_err;

  msim_topology_info(sim, &info);
  FUZZ_CHECK(info.title != NULL && info.name != NULL);
  err = msim_trace_add(sim, "jsonl", &out, NULL, NULL);
  if (err == MSIM_OK)
    err = msim_sim_run(sim, info.until_ns);
  FUZZ_CHECK(err != MSIM_ERR_BUG && err <= 0);
  FUZZ_CHECK(err != MSIM_ERR_NOMEM || w->refused || w->memory.failed_count > 0);
  FUZZ_CHECK((msim_sim_failure(sim) != MSIM_OK) == (msim_sim_error(sim)[0] != '\0'));
  finish_err = msim_sim_finish(sim);
  if (finish_err == MSIM_OK && !w->trace_cut && w->trace_bytes > 0 && (err == MSIM_OK || err == MSIM_ERR_LIMIT))
    check_trace(w);
}

static uint64_t play(struct msim_slice text, uint64_t fail_at)
{
  const struct msim_reader reader = {NULL, read_part, release_part};
  struct world *w = calloc(1, sizeof *w);
  struct msim_sim_opts opts;
  struct msim_sim *sim;
  uint64_t request_count;
  int err;

  FUZZ_CHECK(w != NULL && (w->trace = malloc(TRACE_BYTES_MAX)) != NULL);
  fail_mem_init(&w->memory, fail_at);
  memset(&opts, 0, sizeof opts);
  opts.seed = 1;
  opts.event_count_max = EVENTS_MAX;
  opts.mem.ctx = w;
  opts.mem.resize = limited_resize;
  err = msim_sim_new(&sim, &opts);
  FUZZ_CHECK((err == MSIM_OK) == (sim != NULL) && (err == MSIM_OK || w->memory.failed_count > 0));
  if (err == MSIM_OK) {
    err = msim_topology_load_text(sim, "input.yaml", text, &reader, fuzz_find, &w->findings);
    FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_SYNTAX || err == MSIM_ERR_IO || err == MSIM_ERR_NOMEM ||
               err == MSIM_ERR_LIMIT);
    FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_NOMEM || w->findings.count > 0);
    FUZZ_CHECK(err != MSIM_ERR_NOMEM || w->refused || w->memory.failed_count > 0);
    if (err == MSIM_OK)
      run(w, sim);
  }
  msim_sim_free(sim);
  FUZZ_CHECK(fail_mem_clean(&w->memory));
  request_count = w->memory.request_count;
  free(w->trace);
  free(w);
  return request_count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct msim_slice text = fuzz_slice_of(data, size_bytes);
  uint64_t request_count;

  if (size_bytes > 8192)
    return 0;
  request_count = play(text, 0);
  if (request_count > 0)
    (void)play(text, 1 + fuzz_hash(text) % request_count);
  return 0;
}
