/* check.c: <mailsim/check.h>: a scene as a handle, and its watch on a run. Does not read, decide or tell: scene.c,
 * judge.c, verdict.c do. */
#include <mailsim/check.h>

#include <string.h>

#include "check/judge.h"
#include "check/strings.h"
#include "check/trace_reader.h"
#include "check/verdict.h"
#include "core/sized.h"
#include "text/diag.h"
#include "text/file_in.h"
#include "trace/story.h"

/* Lives in the arena of the simulation, so that either side may go first. */
struct watch {
  struct msim__trace_hook hook;
  struct msim__story story; /* its ctx is the watch */
  struct msim_scene *scene; /* NULL: gone */
  struct watch *next;
};

/* What the scene says in another language; in the arena of its words. */
struct translation {
  struct translation *next;
  const char *language, *title;
  const char **says; /* per step */
};

struct msim_scene {
  struct translation *translations; /* in order of addition */
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

/* The bytes of a whole file, to be freed with *capacity; what fails is reported. */
static int read_file(const char *path, struct msim__mem *mem, uint8_t **data, size_t *capacity, struct msim_slice *text,
                     msim_diag_fn *fn, void *user)
{
  struct msim_diag diag;
  size_t size;
  int err = msim__file_read(mem, path, MSIM__YAML_FILE_BYTES_MAX, data, capacity, &size);

  if (err == MSIM_ERR_NOT_FOUND)
    err = MSIM_ERR_IO;
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

/* The strings are read over a copy of the scene's head and steps, which then has the sentences. */
static int add_language(struct msim_scene *scene, const char *language, const struct msim__yaml_node *root,
                        msim_diag_fn *fn, void *user)
{
  struct msim__scene copy = scene->scene;
  struct translation *added = msim__arena_alloc(&scene->words.arena, sizeof *added), **end;
  size_t count = copy.step_count, i;
  struct msim__step *steps = msim__alloc_zeroed(&scene->mem, count + 1, sizeof *steps);
  int err = MSIM_ERR_NOMEM;

  if (added != NULL && steps != NULL) {
    added->says = msim__arena_alloc(&scene->words.arena, count * sizeof *added->says);
    added->language = msim__words_text(&scene->words, language);
  }
  if (added != NULL && steps != NULL && added->says != NULL && added->language != NULL) {
    for (i = 0; i < count; i++) {
      steps[i] = copy.steps[i];
      steps[i].says = NULL;
    }
    copy.steps = steps;
    copy.title = NULL;
    err = msim__strings_read(&copy, root, fn, user);
  }
  if (err == MSIM_OK) {
    for (i = 0; i < count; i++)
      added->says[i] = steps[i].says;
    added->title = copy.title;
    for (end = &scene->translations; *end != NULL;)
      end = &(*end)->next;
    *end = added;
  }
  msim__free(&scene->mem, steps, (count + 1) * sizeof *steps);
  return err;
}

int msim_scene_add_language_text(struct msim_scene *scene, const char *language, const char *name,
                                 struct msim_slice text, msim_diag_fn *fn, void *user)
{
  struct msim__yaml tree;
  int err = msim__yaml_parse(&tree, &scene->mem, name, text, fn, user);

  if (err == MSIM_OK)
    err = add_language(scene, language, tree.root, fn, user);
  msim__yaml_release(&tree);
  return err;
}

int msim_scene_add_language_file(struct msim_scene *scene, const char *language, const char *path, msim_diag_fn *fn,
                                 void *user)
{
  struct msim_slice text;
  uint8_t *data;
  size_t capacity;
  int err = read_file(path, &scene->mem, &data, &capacity, &text, fn, user);

  if (err == MSIM_OK)
    err = msim_scene_add_language_text(scene, language, path, text, fn, user);
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

/* ---- telling: what sinks ask when the run is over ---- */

static int story_judge(void *ctx)
{
  struct watch *watch = ctx;
  struct msim_scene_result result;

  return watch->scene != NULL ? msim_scene_judge(watch->scene, MSIM_SCENE_BOTH, &result) : MSIM_ERR_NOT_FOUND;
}

static const struct translation *translation_at(const struct watch *watch, size_t index)
{
  const struct translation *translation = watch->scene->translations;

  while (index-- > 0 && translation != NULL)
    translation = translation->next;
  return translation;
}

static const char *story_name(void *ctx)
{
  struct watch *watch = ctx;

  return watch->scene->scene.name;
}

static const char *story_language_at(void *ctx, size_t index)
{
  const struct translation *translation = translation_at(ctx, index);

  return translation != NULL ? translation->language : NULL;
}

static const char *story_title(void *ctx, size_t language)
{
  struct watch *watch = ctx;

  return language == SIZE_MAX ? msim_scene_title(watch->scene) : translation_at(watch, language)->title;
}

static bool story_step_at(void *ctx, size_t index, size_t language, struct msim__story_step *out)
{
  struct watch *watch = ctx;
  struct msim_scene_step step;

  if (msim_scene_step_at(watch->scene, index, &step) != MSIM_OK)
    return false;
  out->number = step.number;
  out->actor = step.actor;
  out->says = language == SIZE_MAX ? step.says : translation_at(watch, language)->says[index];
  out->is_observed = step.state == MSIM_SCENE_OBSERVED;
  out->n = step.n;
  return true;
}

static void add_story(struct watch *watch, struct msim_sim *sim)
{
  watch->story.ctx = watch;
  watch->story.judge = story_judge;
  watch->story.name = story_name;
  watch->story.language_at = story_language_at;
  watch->story.title = story_title;
  watch->story.step_at = story_step_at;
  msim__trace_add_story(sim, &watch->story);
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
  add_story(watch, sim);
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
