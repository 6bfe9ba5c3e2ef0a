/* topology_run.h: loads a topology, runs it, keeps its trace in memory. For tests over the whole library. */
#ifndef MSIM_TESTS_SUPPORT_TOPOLOGY_RUN_H
#define MSIM_TESTS_SUPPORT_TOPOLOGY_RUN_H

#include <mailsim/mailsim.h>

struct topology_text {
  char *data; /* malloc, terminated */
  size_t size_bytes, capacity_bytes;
};

struct topology_run {
  struct topology_text trace;
  struct msim_fingerprints prints;
  struct msim_counters counters;
  struct msim_invariants_info invariants;
  int err; /* also when a rule of docs/invariants.md was broken: MSIM_ERR_BUG, and error tells the first */
  char error[400];
};

/* A whole file, terminated; data NULL when it cannot be read. */
struct topology_text topology_read_file(const char *path);
void topology_text_append(struct topology_text *text, const void *data, size_t size_bytes);

/* path: of a topology file. more: NULL, or YAML that is appended to the file's text. sink: "text", "jsonl", with
 * options. The caller frees trace.data. */
void topology_run_file(struct topology_run *run, const char *path, const char *more, uint64_t seed, const char *sink,
                       const char *options);

/* The same with a world built by build (0 or an error); the name of the topology is "test". */
void topology_run_built(struct topology_run *run, int (*build)(struct msim_sim *sim, void *ctx), void *ctx,
                        uint64_t seed, const char *sink, const char *options);

#endif
