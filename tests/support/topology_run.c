/* topology_run.c: see topology_run.h. */
#include "support/topology_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void topology_text_append(struct topology_text *text, const void *data, size_t size_bytes)
{
  if (text->size_bytes + size_bytes + 1 > text->capacity_bytes) {
    text->capacity_bytes = (text->size_bytes + size_bytes + 1) * 2;
    text->data = realloc(text->data, text->capacity_bytes);
    if (text->data == NULL)
      abort();
  }
  memcpy(text->data + text->size_bytes, data, size_bytes);
  text->size_bytes += size_bytes;
  text->data[text->size_bytes] = '\0';
}

struct topology_text topology_read_file(const char *path)
{
  struct topology_text text = {NULL, 0, 0};
  FILE *file = fopen(path, "rb");
  char part[4096];
  size_t got;

  if (file == NULL)
    return text;
  topology_text_append(&text, "", 0);
  while ((got = fread(part, 1, sizeof part, file)) > 0)
    topology_text_append(&text, part, got);
  fclose(file);
  return text;
}

static int keep(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return 0;
}

static void note(void *user, const struct msim_diag *diag)
{
  struct topology_run *run = user;

  if (run->error[0] == '\0')
    snprintf(run->error, sizeof run->error, "%u:%u: %s", diag->line, diag->column, diag->text);
}

static void note_broken(void *user, const struct msim_invariant_finding *f)
{
  struct topology_run *run = user;

  if (run->error[0] == '\0')
    snprintf(run->error, sizeof run->error, "%s: %s of %s at %llu ns, %s %s", f->rule, f->side, f->connection,
             (unsigned long long)f->at_ns, f->segment, f->text);
}

static int play(struct topology_run *run, struct msim_sim *sim, uint64_t seed, const char *sink, const char *options)
{
  struct msim_out out = {&run->trace, keep};
  struct msim_topology_info info;
  int err;

  msim_topology_info(sim, &info);
  msim_sim_set_seed(sim, seed);
  err = msim_trace_add(sim, sink, &out, options, NULL);
  if (err == 0)
    err = msim_trace_fingerprints(sim, &run->prints);
  if (err == 0)
    err = msim_invariants_attach(sim, note_broken, run);
  if (err == 0)
    err = msim_sim_run(sim, info.until_ns);
  if (err == 0)
    err = msim_sim_finish(sim);
  msim_sim_counters(sim, &run->counters);
  msim_invariants_info(sim, &run->invariants);
  if (err == 0 && run->invariants.finding_count > 0)
    return MSIM_ERR_BUG;
  if (err != 0 && run->error[0] == '\0')
    snprintf(run->error, sizeof run->error, "%s (%s)", msim_sim_error(sim), msim_strerror(err));
  return err;
}

void topology_run_file(struct topology_run *run, const char *path, const char *more, uint64_t seed, const char *sink,
                       const char *options)
{
  struct topology_text file = topology_read_file(path);
  const char *base = strrchr(path, '/');
  struct msim_slice text;
  struct msim_sim *sim = NULL;

  memset(run, 0, sizeof *run);
  topology_text_append(&run->trace, "", 0);
  run->err = file.data == NULL ? MSIM_ERR_IO : msim_sim_new(&sim, NULL);
  if (run->err == 0) {
    if (more != NULL)
      topology_text_append(&file, more, strlen(more));
    text.data = (const uint8_t *)file.data;
    text.size_bytes = file.size_bytes;
    run->err = msim_topology_load_text(sim, base != NULL ? base + 1 : path, text, NULL, note, run);
  }
  if (run->err == 0)
    run->err = play(run, sim, seed, sink, options);
  msim_sim_free(sim);
  free(file.data);
}

void topology_run_built(struct topology_run *run, int (*build)(struct msim_sim *sim, void *ctx), void *ctx,
                        uint64_t seed, const char *sink, const char *options)
{
  struct msim_sim *sim;

  memset(run, 0, sizeof *run);
  topology_text_append(&run->trace, "", 0);
  run->err = msim_sim_new(&sim, NULL);
  if (run->err == 0)
    run->err = msim_sim_set_name(sim, "test", NULL);
  if (run->err == 0)
    run->err = build(sim, ctx);
  if (run->err == 0)
    run->err = play(run, sim, seed, sink, options);
  msim_sim_free(sim);
}
