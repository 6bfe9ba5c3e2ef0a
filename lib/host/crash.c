/* crash.c: a host goes down in the middle of everything, and comes back; see <mailsim/host.h>.
 *
 * What each layer forgets is its own affair: struct msim__layer_hooks. */
#include "host/host.h"

#include "core/sized.h"

#include <string.h>

const char *msim_crash_disk_name(enum msim_crash_disk disk)
{
  switch (disk) {
#define CASE(name, text)                                                                                               \
  case MSIM_CRASH_##name:                                                                                              \
    return text;
    MSIM_CRASH_MAP(CASE)
#undef CASE
  }
  return NULL;
}

bool msim_host_is_up(const struct msim_node *node)
{
  return node->is_up;
}

static void tell(struct msim_node *node, const char *event, const struct msim_value *values, size_t count)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_trace_record record;

  if (!msim__trace_wants(sim, MSIM_TRACE_HOST))
    return;
  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_HOST;
  record.u.event.host = node->name;
  record.u.event.event = event;
  record.u.event.values = values;
  record.u.event.value_count = count;
  msim__trace_emit(sim, &record);
}

static int check(const struct msim_node *node, const struct msim_crash_opts *opts)
{
  const struct msim_disk *disk = msim__disk_of(node);
  const struct msim_sim *sim = msim__node_sim(node);

  if (sim->failure != MSIM_OK)
    return sim->failure;
  if (!sim->started || !node->is_up || node->is_port)
    return MSIM_ERR_STATE;
  if (msim_crash_disk_name(opts->disk) == NULL)
    return MSIM_ERR_INVALID;
  if (opts->disk == MSIM_CRASH_STALE && (disk == NULL || opts->stale_ns == 0 || opts->stale_ns > disk->keep_ns))
    return MSIM_ERR_INVALID;
  return MSIM_OK;
}

int msim_host_crash_sized(struct msim_node *node, const struct msim_crash_opts *opts, size_t opts_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_disk *disk = msim__disk_of(node);
  struct msim_crash_opts full;
  struct msim_value values[2];
  uint64_t lost_count = 0;
  size_t i;
  int err = MSIM_OK;

  memset(&full, 0, sizeof full);
  if (opts != NULL)
    err = msim__sized_in(&full, sizeof full, opts, opts_bytes);
  if (err == MSIM_OK)
    err = check(node, &full);
  if (err != MSIM_OK)
    return err;
  node->is_up = false;
  msim__timers_cancel_of(sim, node); /* first: they lie in what is let go now */
  for (i = sim->layer_count; i-- > 0;)
    if (sim->layers[i]->crash != NULL)
      sim->layers[i]->crash(node);
  if (disk != NULL && msim__disk_crash(disk, &full, &lost_count) != MSIM_OK)
    return msim__sim_fail_nomem(sim);
  values[0] = msim_value_text("disk", msim_crash_disk_name(full.disk));
  values[1] = msim_value_int("lost", (int64_t)lost_count);
  tell(node, "crash", values, 2);
  return sim->failure;
}

int msim_host_restart(struct msim_node *node)
{
  struct msim_sim *sim = msim__node_sim(node);
  size_t i;
  int err = sim->failure;

  if (err != MSIM_OK)
    return err;
  if (node->is_up || !sim->started)
    return MSIM_ERR_STATE;
  node->is_up = true;
  tell(node, "restart", NULL, 0);
  for (i = 0; i < sim->layer_count && err == MSIM_OK; i++)
    if (sim->layers[i]->restart != NULL)
      err = sim->layers[i]->restart(node);
  return err;
}
