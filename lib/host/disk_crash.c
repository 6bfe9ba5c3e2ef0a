/* disk_crash.c: what a crash leaves on a disk, and the past that it keeps for that. */
#include "host/host.h"

#include <string.h>

#define TORN_UNIT_BYTES_DEFAULT 512u
#define PASTS_PER_SPAN 8u /* how fine the past is */

/* ---- the past ---- */

static void release_past(struct msim_disk *disk, struct msim__past *past)
{
  size_t i;

  for (i = 0; past->contents != NULL && i < past->folder.count; i++)
    msim__content_release(disk->mem, &past->contents[i]);
  msim__free(disk->mem, past->contents, past->folder.count * sizeof *past->contents);
  msim__folder_release(disk, &past->folder);
  memset(past, 0, sizeof *past);
}

void msim__disk_forget_pasts(struct msim_disk *disk)
{
  while (disk->past_count > 0)
    release_past(disk, &disk->pasts[--disk->past_count]);
}

/* The oldest goes, unless it is the only one of a sufficient age. */
static void make_room_for_past(struct msim_disk *disk)
{
  msim_ns now_ns = msim__node_sim(disk->node)->now_ns;

  while (disk->past_count > 1 &&
         (disk->past_count == MSIM__DISK_PASTS_MAX || now_ns - disk->pasts[1].at_ns >= disk->keep_ns)) {
    release_past(disk, &disk->pasts[0]);
    disk->past_count--;
    memmove(&disk->pasts[0], &disk->pasts[1], disk->past_count * sizeof disk->pasts[0]);
  }
}

int msim__disk_keep_past(struct msim_disk *disk)
{
  msim_ns now_ns = msim__node_sim(disk->node)->now_ns;
  struct msim__past *past;
  size_t i, count = disk->durable.count;
  int err;

  if (disk->keep_ns == 0 ||
      (disk->past_count > 0 && now_ns - disk->pasts[disk->past_count - 1].at_ns < disk->keep_ns / PASTS_PER_SPAN))
    return MSIM_OK;
  make_room_for_past(disk);
  past = &disk->pasts[disk->past_count];
  memset(past, 0, sizeof *past);
  err = msim__folder_copy(disk, &past->folder, &disk->durable);
  if (err == MSIM_OK && count > 0) {
    past->contents = msim__alloc_zeroed(disk->mem, count, sizeof *past->contents);
    err = past->contents == NULL ? MSIM_ERR_NOMEM : MSIM_OK;
  }
  for (i = 0; i < count && err == MSIM_OK; i++)
    err = msim__content_copy(disk->mem, &past->contents[i], &past->folder.files[i].inode->durable);
  past->at_ns = now_ns;
  if (err != MSIM_OK) {
    release_past(disk, past);
    return err;
  }
  disk->past_count++;
  return MSIM_OK;
}

/* ---- what is left ---- */

/* What readers see becomes what is durable. */
static int fall_back(struct msim_disk *disk)
{
  struct msim__inode *inode;
  int err = MSIM_OK;

  for (inode = disk->inodes; inode != NULL && err == MSIM_OK; inode = inode->next) {
    if (inode->change_count > 0)
      err = msim__content_copy(disk->mem, &inode->visible, &inode->durable);
    msim__disk_forget_changes(disk, inode);
  }
  if (err == MSIM_OK && disk->change_count > 0)
    err = msim__folder_copy(disk, &disk->visible, &disk->durable);
  msim__disk_forget_names(disk);
  return err;
}

/* All changes up to one become durable. */
static int settle(struct msim_disk *disk, uint64_t order)
{
  struct msim__inode *inode;
  int err = msim__disk_settle_names(disk, order);

  for (inode = disk->inodes; inode != NULL && err == MSIM_OK; inode = inode->next)
    err = msim__disk_settle_file(disk, inode, order);
  return err;
}

int msim__disk_settle_all(struct msim_disk *disk)
{
  return settle(disk, disk->order);
}

static uint64_t count_writes(const struct msim_disk *disk)
{
  const struct msim__inode *inode;
  uint64_t count = 0;

  for (inode = disk->inodes; inode != NULL; inode = inode->next)
    count += inode->change_count;
  return count;
}

/* The last write that no finished sync covers; NULL: none. */
static struct msim__inode *last_written(struct msim_disk *disk)
{
  struct msim__inode *inode, *found = NULL;
  uint64_t order = 0;

  for (inode = disk->inodes; inode != NULL; inode = inode->next)
    if (inode->change_count > 0 && inode->changes[inode->change_count - 1].order > order) {
      order = inode->changes[inode->change_count - 1].order;
      found = inode;
    }
  return found;
}

/* Up to the last write everything is there; of that one the first units, perhaps none. */
static int tear(struct msim_disk *disk, const struct msim_crash_opts *opts, uint64_t *lost_count)
{
  uint64_t unit_bytes = opts->torn_unit_bytes != 0 ? opts->torn_unit_bytes : TORN_UNIT_BYTES_DEFAULT;
  struct msim__inode *inode = last_written(disk);
  struct msim__change *last;
  uint64_t units, order;
  int err;

  *lost_count = inode != NULL;
  if (inode == NULL) /* only names, if anything */
    return settle(disk, disk->order);
  last = &inode->changes[inode->change_count - 1];
  order = last->order;
  units = last->size_bytes / unit_bytes + (last->size_bytes % unit_bytes != 0); /* whole it would be no loss */
  last->size_bytes = units == 0 ? 0 : opts->random % units * unit_bytes;
  if (last->size_bytes == 0) /* a truncation too: there is nothing between */
    order--;
  inode->refs++; /* its last name may go */
  err = settle(disk, order);
  if (err == MSIM_OK)
    err = msim__content_copy(disk->mem, &inode->visible, &inode->durable);
  msim__disk_forget_changes(disk, inode);
  msim__inode_unref(disk, inode);
  return err == MSIM_OK ? fall_back(disk) : err;
}

static int wipe(struct msim_disk *disk)
{
  int err = fall_back(disk);

  msim__folder_release(disk, &disk->visible);
  msim__folder_release(disk, &disk->durable);
  return err;
}

/* The newest past that is old enough; before the first one the disk was empty. Its files are made anew, for the inodes
 * have moved on. */
static int go_back(struct msim_disk *disk, msim_ns stale_ns)
{
  msim_ns now_ns = msim__node_sim(disk->node)->now_ns;
  const struct msim__past *past = NULL;
  struct msim__folder folder = {0};
  uint32_t i;
  int err;

  if (stale_ns <= now_ns && disk->settled_ns <= now_ns - stale_ns) /* nothing has become durable since */
    return fall_back(disk);
  if (stale_ns > now_ns || (disk->past_count > 0 && disk->pasts[0].at_ns > now_ns - stale_ns))
    return wipe(disk);
  for (i = 0; i < disk->past_count && disk->pasts[i].at_ns <= now_ns - stale_ns; i++)
    past = &disk->pasts[i];
  if (past == NULL)
    return wipe(disk);
  err = msim__folder_copy(disk, &folder, &past->folder);
  for (i = 0; i < folder.count && err == MSIM_OK; i++) {
    struct msim__inode *fresh = msim__inode_new(disk);

    err = fresh == NULL ? MSIM_ERR_NOMEM : msim__content_copy(disk->mem, &fresh->durable, &past->contents[i]);
    if (err == MSIM_OK)
      err = msim__content_copy(disk->mem, &fresh->visible, &fresh->durable);
    if (fresh == NULL)
      break;
    msim__inode_unref(disk, folder.files[i].inode);
    folder.files[i].inode = fresh;
  }
  if (err == MSIM_OK)
    err = wipe(disk);
  if (err == MSIM_OK)
    err = msim__folder_copy(disk, &disk->durable, &folder);
  if (err == MSIM_OK)
    err = msim__folder_copy(disk, &disk->visible, &folder);
  msim__folder_release(disk, &folder);
  return err;
}

int msim__disk_crash(struct msim_disk *disk, const struct msim_crash_opts *opts, uint64_t *lost_count)
{
  size_t i;
  int err = msim__disk_keep_past(disk);

  if (err != MSIM_OK)
    return err;
  msim__disk_forget_syncs(disk);
  *lost_count = count_writes(disk);
  switch (opts->disk) {
  case MSIM_CRASH_KEEP:
    *lost_count = 0;
    err = settle(disk, disk->order);
    break;
  case MSIM_CRASH_LOSE_UNSYNCED:
    err = fall_back(disk);
    break;
  case MSIM_CRASH_TORN:
    err = tear(disk, opts, lost_count);
    break;
  case MSIM_CRASH_WIPE:
    err = wipe(disk);
    break;
  case MSIM_CRASH_STALE:
    err = go_back(disk, opts->stale_ns);
    break;
  }
  disk->settled_ns = msim__node_sim(disk->node)->now_ns;
  disk->used_bytes = 0;
  for (i = 0; i < disk->visible.count; i++)
    disk->used_bytes += disk->visible.files[i].inode->visible.size_bytes;
  return err;
}
