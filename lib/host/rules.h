/* rules.h: where rules from above (fault/) have their say in what disks do and clocks show. */
#ifndef MSIM_HOST_RULES_H
#define MSIM_HOST_RULES_H

#include <mailsim/disk.h>

#include "net/net.h"

enum msim__disk_act { MSIM__DISK_WRITES, MSIM__DISK_SYNCS, MSIM__DISK_READS };

/* Comes zeroed. */
struct msim__disk_verdict {
  const char *fault;       /* whose it is that something fails; NULL: nobody's yet */
  int err;                 /* the call fails by that, and nothing was changed */
  msim_ns latency_ns;      /* a sync takes so much longer */
  uint64_t size_bytes_max; /* the disk is full then; 0: as it is */
  uint64_t flip;           /* one bit of what is read is wrong, chosen by this; 0: none */
};

struct msim__host_rules {
  void *ctx;
  /* Either may be NULL. */
  void (*disk)(void *ctx, const struct msim_node *node, enum msim__disk_act act, struct msim__disk_verdict *verdict);
  int64_t (*clock_ns)(void *ctx, const struct msim_node *node); /* so much its clock is ahead */
};
/* Borrowed; NULL: nobody is asked, as at first. */
void msim__host_rules_set(struct msim_sim *sim, const struct msim__host_rules *rules);

/* Seconds since 1970-01-01T00:00:00Z by the host's clock. */
int64_t msim__host_unix_s(const struct msim_node *node);
struct msim__disk_verdict msim__disk_judge(const struct msim_disk *disk, enum msim__disk_act act);
/* Turns over the bit that the verdict chooses. */
void msim__disk_flip(const struct msim__disk_verdict *verdict, uint8_t *bytes, size_t size_bytes);

#endif
