/* fuzz_scene.c: the reader of scenes, and judging by what it read: every fault has a place, a verdict agrees with
 * itself, nothing leaks. Input: a scene, and behind a line "%%%" a trace, form jsonl. Of a scene with cases the one "a"
 * is taken. */
#include <mailsim/check.h>

#include "fuzz.h"
#include "support/fail_mem.h"

/* The part before the separator; *rest becomes what is behind it. */
static struct msim_slice split(struct msim_slice *rest)
{
  static const char separator[] = "\n%%%\n";
  const size_t size = sizeof separator - 1;
  struct msim_slice all = *rest;
  size_t i;

  for (i = 0; i + size <= all.size_bytes; i++)
    if (memcmp(all.data + i, separator, size) == 0) {
      *rest = fuzz_part(all, i + size, all.size_bytes);
      return fuzz_part(all, 0, i + 1);
    }
  *rest = fuzz_part(all, all.size_bytes, all.size_bytes);
  return all;
}

static void check_verdict(struct msim_scene *scene, enum msim_scene_order order)
{
  struct msim_scene_result result;
  struct msim_scene_step step;
  size_t i, observed = 0;
  int err = msim_scene_judge(scene, order, &result);

  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_SYNTAX || err == MSIM_ERR_LIMIT || err == MSIM_ERR_NOMEM);
  if (err != MSIM_OK)
    return;
  FUZZ_CHECK(result.step_count == msim_scene_step_count(scene) && result.observed_count <= result.step_count);
  FUZZ_CHECK(!result.holds || (result.applicable && result.observed_count == result.step_count));
  FUZZ_CHECK(result.holds == (result.failure_count == 0) || !result.applicable);
  for (i = 0; i < result.failure_count; i++)
    FUZZ_CHECK(msim_scene_failure_at(scene, i) != NULL && msim_scene_failure_at(scene, i)[0] != '\0');
  FUZZ_CHECK(msim_scene_failure_at(scene, result.failure_count) == NULL);
  for (i = 0; i < result.step_count; i++) {
    FUZZ_CHECK(msim_scene_step_at(scene, i, &step) == MSIM_OK && step.actor != NULL && step.says != NULL);
    FUZZ_CHECK((step.n != 0) == (step.state == MSIM_SCENE_OBSERVED));
    observed += step.state == MSIM_SCENE_OBSERVED;
  }
  FUZZ_CHECK(observed == result.observed_count && msim_scene_summary(scene)[0] != '\0');
  FUZZ_CHECK(msim_scene_step_at(scene, result.step_count, &step) == MSIM_ERR_NOT_FOUND);
}

static int play(struct msim_slice text, struct msim_slice trace, const char *case_id, uint64_t fail_at,
                uint64_t *request_count)
{
  struct fuzz_findings findings = {0, fuzz_line_count(text)}, trace_findings = {0, fuzz_line_count(trace)};
  struct msim_scene_opts opts;
  struct msim_scene *scene;
  struct fail_mem memory;
  int err, read;

  fail_mem_init(&memory, fail_at);
  memset(&opts, 0, sizeof opts);
  opts.case_id = case_id;
  opts.mem = memory.hook;
  err = msim_scene_load_text(&scene, "input.yaml", text, &opts, fuzz_find, &findings);
  FUZZ_CHECK((err == MSIM_OK) == (scene != NULL));
  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_NOMEM || findings.count > 0);
  if (scene != NULL) {
    check_verdict(scene, MSIM_SCENE_CAUSAL); /* nothing seen yet */
    read = msim_scene_read_trace(scene, "input.jsonl", trace, fuzz_find, &trace_findings);
    FUZZ_CHECK(read == MSIM_OK || read == MSIM_ERR_NOMEM || trace_findings.count == 1);
    check_verdict(scene, MSIM_SCENE_BOTH);
    check_verdict(scene, MSIM_SCENE_NARRATED);
    FUZZ_CHECK(msim_scene_name(scene) != NULL && msim_scene_title(scene) != NULL);
  }
  msim_scene_free(scene);
  FUZZ_CHECK(fail_mem_clean(&memory));
  FUZZ_CHECK(fail_at != 0 || err != MSIM_ERR_NOMEM);
  *request_count = memory.request_count;
  return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct msim_slice trace = fuzz_slice_of(data, size_bytes), text = split(&trace);
  const char *case_id = NULL;
  uint64_t request_count, ignored;

  if (play(text, trace, case_id, 0, &request_count) == MSIM_ERR_NOT_FOUND)
    (void)play(text, trace, case_id = "a", 0, &request_count);
  if (request_count > 0)
    (void)play(text, trace, case_id, 1 + fuzz_hash(fuzz_slice_of(data, size_bytes)) % request_count, &ignored);
  return 0;
}
