/* check.c: <mailsim/check.h>: a scene as a handle, and its watch on a run. Does not read, decide or tell: scene.c,
 * judge.c, verdict.c do. */
#include <mailsim/check.h>

#include <stdio.h>
#include <string.h>

#include "check/judge.h"
#include "check/strings.h"
#include "check/trace_reader.h"
#include "check/verdict.h"
#include "core/sized.h"
#include "text/diag.h"

#define FILE_CHUNK_BYTES ((size_t)64 * 1024)

/* Lives in the arena of the simulation, so that either side may go first. */
struct watch {
  struct msim__trace_hook hook;
  struct msim_scene *scene; /* NULL: gone */
  struct watch *next;
};

struct msim_scene {
  struct msim__mem mem;
  struct msim__words words;
  struct msim__scene scene;
  struct msim__observation obs;
  struct msim__judgement judgement;
  struct msim__verdict verdict;
  struct watch *watch; /* NULL: not attached, or the simulation is gone */
  bool has_source, is_judged;
};

/* ---- loading ---- */

static int load(struct msim_scene *scene, const char *name, struct msim_slice text, const char *case_id,
                msim_diag_fn *fn, void *user)
{
  struct msim__yaml tree;
  int err = msim__yaml_parse(&tree, &scene->mem, name, text, fn, user);

  scene->scene.mem = &scene->mem;
  scene->scene.words = &scene->words;
  if (err == MSIM_OK)
    err = msim__scene_read(&scene->scene, tree.root, case_id, fn, user);
  msim__yaml_release(&tree);
  return err;
}

int msim_scene_load_text_sized(struct msim_scene **out, const char *name, struct msim_slice text,
                               const struct msim_scene_opts *opts, size_t opts_bytes, msim_diag_fn *fn, void *user)
{
  struct msim_scene_opts full;
  struct msim__mem mem;
  struct msim_scene *scene;
  int err;

  *out = NULL;
  memset(&full, 0, sizeof full);
  if (opts != NULL && msim__sized_in(&full, sizeof full, opts, opts_bytes) != MSIM_OK)
    return MSIM_ERR_INVALID;
  msim__mem_init(&mem, &full.mem);
  scene = msim__alloc_zeroed(&mem, 1, sizeof *scene);
  if (scene == NULL)
    return MSIM_ERR_NOMEM;
  scene->mem = mem;
  msim__words_init(&scene->words, &scene->mem);
  msim__observation_init(&scene->obs, &scene->mem, &scene->words);
  err = load(scene, name, text, full.case_id, fn, user);
  if (err != MSIM_OK)
    msim_scene_free(scene);
  else
    *out = scene;
  return err;
}

static int read_stream(FILE *file, struct msim__mem *mem, uint8_t **data, size_t *capacity, size_t *size)
{
  for (;;) {
    size_t got;
    int err =
        msim__grow(mem, data, capacity, *size + FILE_CHUNK_BYTES, MSIM__YAML_FILE_BYTES_MAX + FILE_CHUNK_BYTES, 1);

    if (err != MSIM_OK)
      return err;
    got = fread(*data + *size, 1, FILE_CHUNK_BYTES, file);
    *size += got;
    if (*size > MSIM__YAML_FILE_BYTES_MAX)
      return MSIM_ERR_LIMIT;
    if (got < FILE_CHUNK_BYTES)
      return ferror(file) ? MSIM_ERR_IO : MSIM_OK;
  }
}

/* The bytes of a whole file, to be freed with *capacity; what fails is reported. */
static int read_file(const char *path, struct msim__mem *mem, uint8_t **data, size_t *capacity, struct msim_slice *text,
                     msim_diag_fn *fn, void *user)
{
  FILE *file = fopen(path, "rb");
  struct msim_diag diag;
  size_t size = 0;
  int err = MSIM_ERR_IO;

  *data = NULL;
  *capacity = 0;
  if (file != NULL) {
    err = read_stream(file, mem, data, capacity, &size);
    fclose(file);
  }
  if (err != MSIM_OK && err != MSIM_ERR_NOMEM && fn != NULL) {
    msim__diag_set(&diag, path, 0, 0, err == MSIM_ERR_LIMIT ? "the file is too large" : "the file cannot be read");
    fn(user, &diag);
  }
  text->data = *data;
  text->size_bytes = size;
  return err;
}

int msim_scene_load_file_sized(struct msim_scene **out, const char *path, const struct msim_scene_opts *opts,
                               size_t opts_bytes, msim_diag_fn *fn, void *user)
{
  struct msim_scene_opts full;
  struct msim__mem mem;
  struct msim_slice text;
  uint8_t *data;
  size_t capacity;
  int err;

  *out = NULL;
  memset(&full, 0, sizeof full);
  if (opts != NULL && msim__sized_in(&full, sizeof full, opts, opts_bytes) != MSIM_OK)
    return MSIM_ERR_INVALID;
  msim__mem_init(&mem, &full.mem);
  err = read_file(path, &mem, &data, &capacity, &text, fn, user);
  if (err == MSIM_OK)
    err = msim_scene_load_text_sized(out, path, text, &full, sizeof full, fn, user);
  msim__free(&mem, data, capacity);
  return err;
}

int msim_scene_load_strings_text(struct msim_scene *scene, const char *name, struct msim_slice text, msim_diag_fn *fn,
                                 void *user)
{
  struct msim__yaml tree;
  int err = msim__yaml_parse(&tree, &scene->mem, name, text, fn, user);

  if (err == MSIM_OK)
    err = msim__strings_read(&scene->scene, tree.root, fn, user);
  msim__yaml_release(&tree);
  return err;
}

int msim_scene_load_strings_file(struct msim_scene *scene, const char *path, msim_diag_fn *fn, void *user)
{
  struct msim_slice text;
  uint8_t *data;
  size_t capacity;
  int err = read_file(path, &scene->mem, &data, &capacity, &text, fn, user);

  if (err == MSIM_OK)
    err = msim_scene_load_strings_text(scene, path, text, fn, user);
  msim__free(&scene->mem, data, capacity);
  return err;
}

void msim_scene_free(struct msim_scene *scene)
{
  struct msim__mem mem;

  if (scene == NULL)
    return;
  if (scene->watch != NULL)
    scene->watch->scene = NULL;
  if (scene->is_judged)
    msim__judgement_release(&scene->judgement);
  msim__observation_release(&scene->obs);
  msim__words_release(&scene->words);
  mem = scene->mem;
  msim__free(&mem, scene, sizeof *scene);
}

/* ---- watching ---- */

static int watch_record(void *ctx, const struct msim_trace_record *record)
{
  struct watch *watch = ctx;

  return watch->scene != NULL ? msim__observe(&watch->scene->obs, record) : MSIM_OK;
}

static void end_watches(struct msim_sim *sim)
{
  struct watch *watch;

  for (watch = sim->rooms[MSIM__ROOM_CHECK]; watch != NULL; watch = watch->next)
    if (watch->scene != NULL)
      watch->scene->watch = NULL;
}

static const struct msim__layer_hooks layer = {.end = end_watches};

int msim_scene_attach(struct msim_scene *scene, struct msim_sim *sim)
{
  struct watch *watch;

  if (scene->has_source || sim->started || sim->starting)
    return MSIM_ERR_STATE;
  watch = msim__arena_alloc(&sim->arena, sizeof *watch);
  if (watch == NULL)
    return MSIM_ERR_NOMEM;
  if (sim->rooms[MSIM__ROOM_CHECK] == NULL) {
    int err = msim__sim_add_layer(sim, &layer);

    if (err != MSIM_OK)
      return err;
  }
  watch->scene = scene;
  watch->next = sim->rooms[MSIM__ROOM_CHECK];
  sim->rooms[MSIM__ROOM_CHECK] = watch;
  watch->hook.kinds = MSIM__OBSERVE_KINDS;
  watch->hook.ctx = watch;
  watch->hook.record = watch_record;
  msim__trace_add_hook(sim, &watch->hook);
  scene->watch = watch;
  scene->has_source = true;
  return MSIM_OK;
}

int msim_scene_read_trace(struct msim_scene *scene, const char *name, struct msim_slice text, msim_diag_fn *fn,
                          void *user)
{
  if (scene->has_source)
    return MSIM_ERR_STATE;
  scene->has_source = true;
  return msim__trace_read(&scene->obs, name, text, fn, user);
}

/* ---- judging ---- */

int msim_scene_judge_sized(struct msim_scene *scene, enum msim_scene_order order, struct msim_scene_result *out,
                           size_t out_bytes)
{
  struct msim_scene_result full;
  size_t twice = 0;
  int err;

  if (scene->obs.too_many)
    return MSIM_ERR_LIMIT;
  if (scene->is_judged)
    msim__judgement_release(&scene->judgement);
  scene->is_judged = true;
  memset(&scene->verdict, 0, sizeof scene->verdict);
  err = msim__judge(&scene->scene, &scene->obs, order, &scene->judgement, &twice);
  if (err == MSIM_OK)
    err = msim__verdict_tell(&scene->scene, &scene->obs, &scene->judgement, &scene->verdict);
  if (err != MSIM_OK) {
    msim__judgement_release(&scene->judgement);
    memset(&scene->verdict, 0, sizeof scene->verdict);
    scene->is_judged = false;
    return err;
  }
  memset(&full, 0, sizeof full);
  full.holds = scene->verdict.holds;
  full.applicable = scene->verdict.applicable;
  full.step_count = scene->scene.step_count;
  full.observed_count = scene->verdict.observed_count;
  full.failure_count = scene->verdict.failure_count;
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return MSIM_OK;
}

size_t msim_scene_step_count(const struct msim_scene *scene)
{
  return scene->scene.step_count;
}

/* The first walk counts, unless the second one fails where it does not. */
static void fill_outcome(const struct msim_scene *scene, size_t index, struct msim_scene_step *out)
{
  const struct msim__outcome *outcome = &scene->judgement.walks[0].outcomes[index];

  out->state = outcome->state;
  if (outcome->state == MSIM_SCENE_OBSERVED && scene->judgement.walk_count == 2)
    out->state = scene->judgement.walks[1].outcomes[index].state;
  if (out->state == MSIM_SCENE_OBSERVED) {
    out->n = scene->obs.records[outcome->record].n;
    out->at_ns = scene->obs.records[outcome->record].at_ns;
  }
}

int msim_scene_step_at_sized(const struct msim_scene *scene, size_t index, struct msim_scene_step *out,
                             size_t out_bytes)
{
  const struct msim__step *step;
  struct msim_scene_step full;

  if (index >= scene->scene.step_count)
    return MSIM_ERR_NOT_FOUND;
  step = &scene->scene.steps[index];
  memset(&full, 0, sizeof full);
  full.number = step->number;
  full.actor = step->actor->name;
  full.says = step->says != NULL ? step->says : "";
  full.kind = step->kind;
  full.state = MSIM_SCENE_NOT_REACHED;
  if (scene->is_judged)
    fill_outcome(scene, index, &full);
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return MSIM_OK;
}

const char *msim_scene_failure_at(const struct msim_scene *scene, size_t index)
{
  return index < scene->verdict.failure_count ? scene->verdict.failures[index] : NULL;
}

const char *msim_scene_summary(const struct msim_scene *scene)
{
  return scene->verdict.summary != NULL ? scene->verdict.summary : "";
}

const char *msim_scene_name(const struct msim_scene *scene)
{
  return scene->scene.name;
}

const char *msim_scene_title(const struct msim_scene *scene)
{
  return scene->scene.title != NULL ? scene->scene.title : "";
}
