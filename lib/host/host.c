/* host.c: the hosts that have a disk, by a table beside the nodes: of millions most never use theirs. */
#include "host/host.h"

#include "core/hash.h"
#include "core/sized.h"

#include <string.h>

#define ROWS_MIN 16u
#define SIZE_BYTES_DEFAULT (UINT64_C(1) << 40)

static struct msim__hosts *room_of(const struct msim_sim *sim)
{
  return sim->rooms[MSIM__ROOM_HOST];
}

static size_t place_of(const struct msim__hosts *hosts, const struct msim_node *node)
{
  size_t at = (size_t)msim__mix64(node->actor.index) & (hosts->capacity - 1);

  while (hosts->rows[at].node != NULL && hosts->rows[at].node != node)
    at = (at + 1) & (hosts->capacity - 1);
  return at;
}

struct msim_disk *msim__disk_of(const struct msim_node *node)
{
  const struct msim__hosts *hosts = room_of(msim__node_sim(node));

  return hosts->capacity == 0 ? NULL : hosts->rows[place_of(hosts, node)].disk;
}

static int grow(struct msim_sim *sim, struct msim__hosts *hosts)
{
  struct msim__hosts fresh = *hosts;
  size_t i;

  if ((hosts->count + 1) * 4 <= hosts->capacity * 3)
    return MSIM_OK;
  fresh.capacity = hosts->capacity == 0 ? ROWS_MIN : hosts->capacity * 2;
  fresh.rows = msim__alloc_zeroed(&sim->mem, fresh.capacity, sizeof *fresh.rows);
  if (fresh.rows == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < hosts->capacity; i++)
    if (hosts->rows[i].node != NULL)
      fresh.rows[place_of(&fresh, hosts->rows[i].node)] = hosts->rows[i];
  msim__free(&sim->mem, hosts->rows, hosts->capacity * sizeof *hosts->rows);
  *hosts = fresh;
  return MSIM_OK;
}

struct msim_disk *msim_node_disk(struct msim_node *node)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__hosts *hosts = room_of(sim);
  struct msim_disk *disk = msim__disk_of(node);
  size_t at;

  if (disk != NULL)
    return disk;
  if (grow(sim, hosts) == MSIM_OK)
    disk = msim__alloc_zeroed(&sim->mem, 1, sizeof *disk);
  if (disk == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  disk->node = node;
  disk->mem = &sim->mem;
  disk->opts.size_bytes = SIZE_BYTES_DEFAULT;
  at = place_of(hosts, node);
  hosts->rows[at].node = node;
  hosts->rows[at].disk = disk;
  hosts->count++;
  return disk;
}

int msim_node_set_disk_sized(struct msim_node *node, const struct msim_disk_opts *opts, size_t opts_bytes)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_disk_opts full;
  struct msim_disk *disk;
  int err = msim__sized_in(&full, sizeof full, opts, opts_bytes);

  if (err != MSIM_OK)
    return err;
  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  disk = msim_node_disk(node);
  if (disk == NULL)
    return MSIM_ERR_NOMEM;
  if (full.size_bytes == 0)
    full.size_bytes = SIZE_BYTES_DEFAULT;
  disk->opts = full;
  return MSIM_OK;
}

int msim_host_keep_stale(struct msim_node *node, msim_ns span_ns)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim_disk *disk;

  if (sim->started || sim->starting)
    return MSIM_ERR_STATE;
  if (span_ns == 0)
    return MSIM_ERR_INVALID;
  disk = msim_node_disk(node);
  if (disk == NULL)
    return MSIM_ERR_NOMEM;
  if (span_ns > disk->keep_ns)
    disk->keep_ns = span_ns;
  return MSIM_OK;
}

static void end(struct msim_sim *sim)
{
  struct msim__hosts *hosts = room_of(sim);
  size_t i;

  for (i = 0; i < hosts->capacity; i++)
    if (hosts->rows[i].disk != NULL)
      msim__disk_free(hosts->rows[i].disk);
  msim__free(&sim->mem, hosts->rows, hosts->capacity * sizeof *hosts->rows);
  hosts->rows = NULL;
  hosts->count = hosts->capacity = 0;
}

int msim__host_create(struct msim_sim *sim)
{
  static const struct msim__layer_hooks hooks = {.end = end};
  struct msim__hosts *hosts = msim__arena_alloc(&sim->arena, sizeof *hosts);

  if (hosts == NULL)
    return MSIM_ERR_NOMEM;
  sim->rooms[MSIM__ROOM_HOST] = hosts;
  return msim__sim_add_layer(sim, &hooks);
}
