/* replay_origin.c: what the first line of a trace has beyond the shape of the world: how links are beside rate and
 * delay, and where all of it is written. So that a trace made of a trace has the same first line. */
#include "trace/replay.h"

#include <string.h>

#include "net/link.h"
#include "net/origin.h"
#include "trace/jsonl.h"

typedef const struct msim__json_node node;

static bool read_drops(struct msim__replay *replay, node *way, struct msim_impair_opts *o)
{
  node *list, *item;
  uint32_t *rows;
  uint64_t number;
  size_t i = 0;

  if (!msim__replay_items(replay, way, "drop", MSIM__JSON_LIST, &list))
    return false;
  if (list == NULL)
    return true;
  if (list->u.items.count > MSIM__JSONL_DROPS_MAX)
    return msim__replay_fail(replay, MSIM_ERR_LIMIT, "drop", "there are too many numbers");
  rows = msim__arena_alloc(&replay->line, (list->u.items.count + 1) * sizeof *rows);
  if (rows == NULL)
    return msim__replay_fail(replay, MSIM_ERR_NOMEM, NULL, "");
  for (item = list->u.items.first; item != NULL; item = item->next) {
    if (!msim__json_uint_of(item, &number) || number == 0 || number > UINT32_MAX)
      return msim__replay_fail(replay, MSIM_ERR_SYNTAX, "drop", "numbers from 1 are expected");
    rows[i++] = (uint32_t)number;
  }
  o->drop_nth = rows;
  return true;
}

bool msim__replay_way_rest(struct msim__replay *replay, node *way, struct msim_link_way *out,
                           struct msim_ecn_mark *mark)
{
  struct msim_impair_opts *o = &out->impair;
  node *shape = msim__json_find(way, "jitter_shape");
  int index = msim__replay_index_of(shape, msim__jitter_names, 3);

  if (shape != NULL && index < 0)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, "jitter_shape", "uniform, normal and exponential are known");
  o->jitter_shape = shape != NULL ? (enum msim_jitter)index : MSIM_JITTER_UNIFORM;
  return msim__replay_uint(replay, way, "queue_bytes", UINT64_MAX, &out->queue_bytes_max) &&
         msim__replay_u32(replay, way, "queue_packets", UINT32_MAX, &out->queue_packets_max) &&
         msim__replay_uint(replay, way, "mark_bytes", UINT64_MAX, &mark->queue_bytes) &&
         msim__replay_u32(replay, way, "mark_packets", UINT32_MAX, &mark->queue_packets) &&
         msim__replay_u32(replay, way, "loss_ppm", UINT32_MAX, &o->loss_ppm) &&
         msim__replay_u32(replay, way, "burst_enter_ppm", UINT32_MAX, &o->burst_enter_ppm) &&
         msim__replay_u32(replay, way, "burst_leave_ppm", UINT32_MAX, &o->burst_leave_ppm) &&
         msim__replay_u32(replay, way, "burst_loss_ppm", UINT32_MAX, &o->burst_loss_ppm) &&
         msim__replay_u32(replay, way, "calm_loss_ppm", UINT32_MAX, &o->calm_loss_ppm) &&
         msim__replay_uint(replay, way, "jitter_ns", INT64_MAX, &o->jitter_ns) &&
         msim__replay_bool(replay, way, "jitter_reorders", &o->jitter_reorders) &&
         msim__replay_u32(replay, way, "duplicate_ppm", UINT32_MAX, &o->duplicate_ppm) &&
         msim__replay_u32(replay, way, "reorder_ppm", UINT32_MAX, &o->reorder_ppm) &&
         msim__replay_uint(replay, way, "reorder_ns", INT64_MAX, &o->reorder_ns) &&
         msim__replay_u32(replay, way, "corrupt_ppm", UINT32_MAX, &o->corrupt_ppm) && read_drops(replay, way, o);
}

bool msim__replay_link_rest(struct msim__replay *replay, node *link, struct msim_link_opts *out)
{
  static const char *const filters[] = {"private-source"};
  node *filter = msim__json_find(link, "filter");

  if (filter != NULL && msim__replay_index_of(filter, filters, 1) < 0)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, "filter", "private-source is known");
  out->filter = filter != NULL ? MSIM_FILTER_PRIVATE_SOURCE : MSIM_FILTER_NONE;
  return msim__replay_u32(replay, link, "mtu", UINT32_MAX, &out->mtu_bytes) &&
         msim__replay_u32(replay, link, "overhead", UINT32_MAX, &out->overhead_bytes) &&
         msim__replay_u32(replay, link, "cost", UINT32_MAX, &out->cost) &&
         msim__replay_u32(replay, link, "line", UINT32_MAX, &out->line);
}

/* ---- where it is written ---- */

static bool keep(struct msim__replay *replay, int err)
{
  return err == MSIM_OK || msim__replay_fail(replay, err, NULL, "");
}

static bool add_fault(struct msim__replay *replay, node *fault)
{
  const char *id, *kind, *says;
  uint32_t line = 0;

  return msim__replay_text(replay, fault, "id", true, &id) && msim__replay_text(replay, fault, "kind", true, &kind) &&
         msim__replay_text(replay, fault, "says", true, &says) &&
         msim__replay_u32(replay, fault, "line", UINT32_MAX, &line) &&
         keep(replay, msim__origin_add_fault(msim__net(replay->sim), id, kind, says, line));
}

static bool add_setting(struct msim__replay *replay, node *setting)
{
  static const char digits[] = "0123456789abcdef";
  const char *name, *text;
  uint64_t digest = 0;
  uint32_t line = 0;
  size_t i;

  if (!msim__replay_text(replay, setting, "name", true, &name) ||
      !msim__replay_text(replay, setting, "digest", true, &text) ||
      !msim__replay_u32(replay, setting, "line", UINT32_MAX, &line))
    return false;
  if (strlen(text) != 16 || strspn(text, digits) != 16)
    return msim__replay_fail(replay, MSIM_ERR_SYNTAX, "digest", "16 digits 0-9a-f are expected");
  for (i = 0; i < 16; i++)
    digest = digest << 4 | (uint64_t)(strchr(digits, text[i]) - digits);
  return keep(replay, msim__origin_add_setting(msim__net(replay->sim), name, digest, line));
}

bool msim__replay_origin(struct msim__replay *replay, node *head)
{
  node *faults, *settings, *item;
  const char *file;

  if (!msim__replay_text(replay, head, "file", false, &file) ||
      !msim__replay_items(replay, head, "faults", MSIM__JSON_LIST, &faults) ||
      !msim__replay_items(replay, head, "settings", MSIM__JSON_LIST, &settings))
    return false;
  if (file != NULL && !keep(replay, msim__origin_set_file(msim__net(replay->sim), file)))
    return false;
  for (item = faults != NULL ? faults->u.items.first : NULL; item != NULL; item = item->next)
    if (!add_fault(replay, item))
      return false;
  for (item = settings != NULL ? settings->u.items.first : NULL; item != NULL; item = item->next)
    if (!add_setting(replay, item))
      return false;
  return true;
}
