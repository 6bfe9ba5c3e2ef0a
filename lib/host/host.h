/* host.h: what a simulated host is beyond its network: a disk, and being up or down.
 *
 * Rooms: host.c (the table of hosts that have any of this), content.c (bytes of a file), disk.c (files, names, syncs),
 * disk_crash.c (what a crash leaves of them), crash.c (a host goes down and comes back). A host that never used its
 * disk has no row. Does not know agents: layers above hang their part of a crash into struct msim__layer_hooks. */
#ifndef MSIM_HOST_HOST_H
#define MSIM_HOST_HOST_H

#include <mailsim/host.h>

#include "host/content.h"
#include "host/rules.h"
#include "net/net.h"

/* A file without its name: what it holds for readers, and what of that is durable. */
struct msim__inode {
  struct msim__inode *next, *prev; /* of the disk */
  uint32_t refs;                   /* names in any list, syncs under way */
  struct msim__content visible, durable;
  struct msim__change *changes; /* what visible has beyond durable, oldest first */
  size_t change_count, change_capacity;
  uint64_t asked_order; /* a sync was asked for up to this change */
};

/* One write or truncation that is not durable. */
struct msim__change {
  uint64_t order;         /* of the disk's changes */
  struct msim_blob *blob; /* counted; NULL: zeros, or a truncation to at_bytes */
  uint64_t at_bytes, from_bytes, size_bytes;
  bool is_truncation;
};

struct msim__file {
  struct msim__label *name;  /* counted */
  struct msim__inode *inode; /* counted */
};

/* Names in the order of their bytes. */
struct msim__folder {
  struct msim__file *files;
  size_t count, capacity;
};

/* A change of names that is not durable: both NULL-able parts are done in one step. */
struct msim__name_change {
  uint64_t order;
  struct msim__label *gone;  /* counted; or NULL */
  struct msim__file arrived; /* counted; name NULL: none */
};

struct msim__sync {
  struct msim__sync *next;
  uint64_t order; /* covers changes up to this one */
  msim_ns due_ns;
  struct msim__inode *inode; /* counted; NULL: names */
  msim_disk_done_fn *fn;
  void *ctx;
};

/* The durable state at an instant. */
#define MSIM__DISK_PASTS_MAX 9u
struct msim__past {
  msim_ns at_ns;
  struct msim__folder folder;
  struct msim__content *contents; /* of the folder's files */
};

struct msim_disk {
  struct msim_node *node;
  struct msim__mem *mem;
  struct msim_disk_opts opts; /* complete */
  struct msim__inode *inodes;
  struct msim__folder visible, durable;
  struct msim__name_change *changes;
  size_t change_count, change_capacity;
  uint64_t order;      /* of the last change */
  uint64_t used_bytes; /* of the visible files */
  struct msim__sync *first, *last;
  struct msim_timer timer; /* for the first sync */
  msim_ns busy_ns;         /* the medium takes bytes until then */
  msim_ns settled_ns;      /* when the durable state changed last */
  msim_ns keep_ns;         /* how much past is kept; 0: none */
  struct msim__past pasts[MSIM__DISK_PASTS_MAX];
  uint32_t past_count; /* oldest first */
};

/* A row of the table of hosts. */
struct msim__host {
  struct msim_node *node; /* NULL: free */
  struct msim_disk *disk;
};

struct msim__hosts {
  struct msim__host *rows; /* open addressing by the node's index; a power of two, or none */
  size_t count, capacity;
  const struct msim__host_rules *above; /* NULL: none */
};

/* Makes the room; called once by msim_sim_new. MSIM_ERR_NOMEM. */
int msim__host_create(struct msim_sim *sim);

/* The disk if it was made; NULL otherwise. */
struct msim_disk *msim__disk_of(const struct msim_node *node);
void msim__disk_free(struct msim_disk *disk);

/* ---- disk.c, for disk_crash.c ---- */

/* Makes durable the changes of a file, or of names, up to one. 0 or MSIM_ERR_NOMEM. */
int msim__disk_settle_file(struct msim_disk *disk, struct msim__inode *inode, uint64_t order);
int msim__disk_settle_names(struct msim_disk *disk, uint64_t order);
void msim__inode_unref(struct msim_disk *disk, struct msim__inode *inode);
struct msim__inode *msim__inode_new(struct msim_disk *disk); /* one reference; NULL: out of memory */
void msim__folder_release(struct msim_disk *disk, struct msim__folder *folder);
int msim__folder_copy(struct msim_disk *disk, struct msim__folder *to, const struct msim__folder *from);
void msim__disk_forget_changes(struct msim_disk *disk, struct msim__inode *inode);
void msim__disk_forget_names(struct msim_disk *disk);
void msim__disk_forget_syncs(struct msim_disk *disk);

/* ---- disk_crash.c ---- */

/* What a crash leaves; syncs under way are over without a word. *lost_count: writes of which nothing, or not all, is
 * left. 0 or MSIM_ERR_NOMEM. */
int msim__disk_crash(struct msim_disk *disk, const struct msim_crash_opts *opts, uint64_t *lost_count);
/* Makes durable whatever is on the disk now, as before a run. 0 or MSIM_ERR_NOMEM. */
int msim__disk_settle_all(struct msim_disk *disk);
/* Before the durable state changes: keeps what it was, when it is time to. 0 or MSIM_ERR_NOMEM. */
int msim__disk_keep_past(struct msim_disk *disk);
void msim__disk_forget_pasts(struct msim_disk *disk);

#endif
