/* rules.c: see rules.h. Where there are no rules it costs a look at one pointer. Does not decide anything. */
#include "host/host.h"

#include "net/buggify.h"

#include <string.h>

#define LATE_NS_MAX MSIM_MSEC(50)

static struct msim__hosts *room_of(const struct msim_sim *sim)
{
  return sim->rooms[MSIM__ROOM_HOST];
}

void msim__host_rules_set(struct msim_sim *sim, const struct msim__host_rules *rules)
{
  room_of(sim)->above = rules;
}

int64_t msim__host_unix_s(const struct msim_node *node)
{
  const struct msim_sim *sim = msim__node_sim(node);
  const struct msim__host_rules *above = room_of(sim)->above;
  int64_t second_ns = (int64_t)MSIM_SEC(1), now_s = sim->start_unix_s + (int64_t)(sim->now_ns / MSIM_SEC(1)), off_ns;

  if (above == NULL || above->clock_ns == NULL)
    return now_s;
  off_ns = above->clock_ns(above->ctx, node);
  now_s += off_ns / second_ns;
  off_ns = off_ns % second_ns + (int64_t)(sim->now_ns % MSIM_SEC(1));
  return now_s + (off_ns < 0 ? -1 : off_ns / second_ns);
}

struct msim__disk_verdict msim__disk_judge(const struct msim_disk *disk, enum msim__disk_act act)
{
  const struct msim__host_rules *above = room_of(msim__node_sim(disk->node))->above;
  struct msim__disk_verdict verdict;

  memset(&verdict, 0, sizeof verdict);
  if (above != NULL && above->disk != NULL)
    above->disk(above->ctx, disk->node, act, &verdict);
  if (act == MSIM__DISK_SYNCS && msim__buggify(disk->node, MSIM__SITE_DISK_LATE))
    verdict.latency_ns += msim__buggify_draw(disk->node, MSIM__SITE_DISK_LATE, LATE_NS_MAX);
  return verdict;
}

void msim__disk_flip(const struct msim__disk_verdict *verdict, uint8_t *bytes, size_t size_bytes)
{
  uint64_t at;

  if (verdict->flip == 0 || size_bytes == 0)
    return;
  at = verdict->flip % ((uint64_t)size_bytes * 8u);
  bytes[at / 8] ^= (uint8_t)(1u << (at % 8));
}
