/* trace/story.h: who can tell the steps of a run once it has ended: a layer above hangs itself in here (check's scenes
 * do), and a sink that shows steps asks. Calls go up by pointer. Does not know what a step is found by. */
#ifndef MSIM_TRACE_STORY_H
#define MSIM_TRACE_STORY_H

#include "core/sim.h"

struct msim__story_step {
  unsigned number;
  const char *actor, *says;
  bool is_observed;
  uint64_t n; /* of the record that stands for it; 0 unless observed */
};

struct msim__story {
  struct msim__story *next;
  void *ctx;
  /* Decides on all records so far. 0: step may be asked; MSIM_ERR_NOT_FOUND: there is nothing to tell; other errors:
   * it cannot be decided. */
  int (*judge)(void *ctx);
  const char *(*name)(void *ctx);
  /* "de"; NULL: past the end. Those that are told beside the sentences of the scene itself. */
  const char *(*language_at)(void *ctx, size_t index);
  /* language: a place of language_at, or SIZE_MAX for the scene's own. "" when it has none. */
  const char *(*title)(void *ctx, size_t language);
  /* false: past the end. */
  bool (*step_at)(void *ctx, size_t index, size_t language, struct msim__story_step *out);
};

/* Before the start. The story lives as long as the simulation. */
void msim__trace_add_story(struct msim_sim *sim, struct msim__story *story);
struct msim__story *msim__trace_stories(const struct msim_sim *sim); /* in order of addition */

/* A file of strings for pages, as JSON that is safe inside one. Lives as long as the simulation. */
struct msim__player_strings {
  struct msim__player_strings *next;
  const char *json;
  size_t size_bytes;
};
/* MSIM_ERR_LIMIT: there are MSIM_PLAYER_STRINGS_MAX already. */
int msim__trace_add_strings(struct msim_sim *sim, struct msim__player_strings *strings);
const struct msim__player_strings *msim__trace_strings(const struct msim_sim *sim); /* in order of addition */

#endif
