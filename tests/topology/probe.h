/* probe.h: an agent type with a key of most kinds, that does nothing but show its configuration; and a reader of files
 * from memory.
 *
 * For tests of the loader only; include after the cmocka headers. */
#ifndef MSIM_TESTS_TOPOLOGY_PROBE_H
#define MSIM_TESTS_TOPOLOGY_PROBE_H

#include <mailsim/mailsim.h>

#include "net/net.h"

#include <stdio.h>
#include <string.h>

struct probe_config {
  uint64_t count;
  const char *peer, *text;
  struct msim_list names; /* of const char * */
};

static const struct msim_field probe_name[] = {
    {"name", MSIM_FIELD_TEXT, 0, NULL, NULL, 0, NULL, 0, 0, NULL, NULL},
};
static const struct msim_field probe_fields[] = {
    {"count", MSIM_FIELD_UINT, offsetof(struct probe_config, count), NULL, NULL, 0, NULL, 1, 9, NULL, NULL},
    {"peer", MSIM_FIELD_HOST, offsetof(struct probe_config, peer), "", NULL, 0, NULL, 0, 0, NULL, NULL},
    {"text", MSIM_FIELD_TEXT, offsetof(struct probe_config, text), "", NULL, 0, NULL, 0, 0, NULL, NULL},
    {"names", MSIM_FIELD_LIST, offsetof(struct probe_config, names), "", probe_name, sizeof(const char *), NULL, 0, 0,
     NULL, NULL},
    {NULL, MSIM_FIELD_BOOL, 0, NULL, NULL, 0, NULL, 0, 0, NULL, NULL},
};

static int probe_start(struct msim_agent *agent)
{
  (void)agent;
  return 0;
}

static inline int probe_register(struct msim_sim *sim)
{
  struct msim_agent_type type;

  memset(&type, 0, sizeof type);
  type.name = "probe";
  type.summary = "shows its configuration";
  type.config_bytes = sizeof(struct probe_config);
  type.fields = probe_fields;
  type.start = probe_start;
  return msim_agent_register(sim, &type);
}

/* Files in memory, by path. */
struct probe_file {
  const char *path, *text;
};

static inline int probe_read(void *ctx, const char *path, struct msim_slice *out)
{
  const struct probe_file *file;

  for (file = ctx; file->path != NULL; file++) {
    if (strcmp(file->path, path) != 0)
      continue;
    out->data = (const uint8_t *)file->text;
    out->size_bytes = strlen(file->text);
    return MSIM_OK;
  }
  return MSIM_ERR_NOT_FOUND;
}

struct probe_said {
  char text[16384];
};

static inline void probe_hear(void *user, const struct msim_diag *diag)
{
  struct probe_said *said = user;
  size_t used = strlen(said->text);

  snprintf(said->text + used, sizeof said->text - used, "%s:%u:%u: %s\n", diag->file, diag->line, diag->column,
           diag->text);
}

static inline struct msim_sim *probe_sim(void)
{
  struct msim_sim *sim;

  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(probe_register(sim), 0);
  return sim;
}

/* Loads text as "t.yaml"; files may be NULL. */
static inline int probe_load(struct msim_sim *sim, const char *text, const struct probe_file *files,
                             struct probe_said *said)
{
  struct msim_reader reader = {(void *)(uintptr_t)(const void *)files, probe_read, NULL};
  struct msim_slice slice = {(const uint8_t *)text, strlen(text)};

  said->text[0] = '\0';
  return msim_topology_load_text(sim, "t.yaml", slice, files != NULL ? &reader : NULL, probe_hear, said);
}

#endif
