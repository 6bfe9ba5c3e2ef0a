/* disk.c: files, their names, and what of both is durable; see <mailsim/disk.h>.
 *
 * Each change is numbered. A file has its content twice, as readers see it and as it is durable, and a list of what
 * lies between; so have the names. A sync takes all changes up to one number from the list into what is durable, when
 * its time has come. Does not know what a crash leaves: disk_crash.c. */
#include "host/host.h"

#include "net/buggify.h"

#include <string.h>

#define CHANGES_MAX (1u << 24)
#define BYTE_NS UINT64_C(8000000000)                  /* bits of a byte times nanoseconds of a second */
#define WRITE_NS_MAX MSIM_SEC(UINT64_C(3650) * 86400) /* in front of a sync: times stay far from their end */
#define PART_BYTES (UINT64_C(1) << 30)                /* of one write */

/* ---- inodes ---- */

struct msim__inode *msim__inode_new(struct msim_disk *disk)
{
  struct msim__inode *inode = msim__alloc_zeroed(disk->mem, 1, sizeof *inode);

  if (inode == NULL)
    return NULL;
  inode->refs = 1;
  inode->next = disk->inodes;
  if (inode->next != NULL)
    inode->next->prev = inode;
  disk->inodes = inode;
  return inode;
}

void msim__disk_forget_changes(struct msim_disk *disk, struct msim__inode *inode)
{
  size_t i;

  for (i = 0; i < inode->change_count; i++)
    msim_blob_unref(inode->changes[i].blob);
  msim__free(disk->mem, inode->changes, inode->change_capacity * sizeof *inode->changes);
  inode->changes = NULL;
  inode->change_count = inode->change_capacity = 0;
}

void msim__inode_unref(struct msim_disk *disk, struct msim__inode *inode)
{
  if (inode == NULL || --inode->refs > 0)
    return;
  if (inode->prev != NULL)
    inode->prev->next = inode->next;
  else
    disk->inodes = inode->next;
  if (inode->next != NULL)
    inode->next->prev = inode->prev;
  msim__disk_forget_changes(disk, inode);
  msim__content_release(disk->mem, &inode->visible);
  msim__content_release(disk->mem, &inode->durable);
  msim__free(disk->mem, inode, sizeof *inode);
}

/* ---- names ---- */

/* Where the name stands, or would stand. */
static size_t folder_place(const struct msim__folder *folder, const char *name, bool *is_there)
{
  size_t low = 0, high = folder->count;

  while (low < high) {
    size_t middle = low + (high - low) / 2;
    int order = strcmp(folder->files[middle].name->text, name);

    if (order == 0) {
      *is_there = true;
      return middle;
    }
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  *is_there = false;
  return low;
}

static struct msim__inode *lookup(const struct msim_disk *disk, const char *name)
{
  bool is_there;
  size_t at = folder_place(&disk->visible, name, &is_there);

  return is_there ? disk->visible.files[at].inode : NULL;
}

static void drop_file(struct msim_disk *disk, struct msim__file *file)
{
  msim__label_unref(file->name);
  msim__inode_unref(disk, file->inode);
}

static void folder_remove(struct msim_disk *disk, struct msim__folder *folder, const char *name)
{
  bool is_there;
  size_t at = folder_place(folder, name, &is_there);
  struct msim__file file;

  if (!is_there)
    return;
  file = folder->files[at];
  folder->count--;
  memmove(&folder->files[at], &folder->files[at + 1], (folder->count - at) * sizeof file);
  drop_file(disk, &file);
}

/* There is room for one more. */
static void folder_put(struct msim_disk *disk, struct msim__folder *folder, const struct msim__file *file)
{
  bool is_there;
  size_t at = folder_place(folder, file->name->text, &is_there);

  msim__label_ref(file->name);
  file->inode->refs++;
  if (is_there) {
    drop_file(disk, &folder->files[at]);
  } else {
    memmove(&folder->files[at + 1], &folder->files[at], (folder->count - at) * sizeof *file);
    folder->count++;
  }
  folder->files[at] = *file;
}

static int folder_room(struct msim_disk *disk, struct msim__folder *folder)
{
  return msim__grow(disk->mem, &folder->files, &folder->capacity, folder->count + 1, MSIM_DISK_FILES_MAX,
                    sizeof *folder->files);
}

void msim__folder_release(struct msim_disk *disk, struct msim__folder *folder)
{
  size_t i;

  for (i = 0; i < folder->count; i++)
    drop_file(disk, &folder->files[i]);
  msim__free(disk->mem, folder->files, folder->capacity * sizeof *folder->files);
  memset(folder, 0, sizeof *folder);
}

int msim__folder_copy(struct msim_disk *disk, struct msim__folder *to, const struct msim__folder *from)
{
  struct msim__folder fresh = {0};
  size_t i;
  int err = from->count == 0 ? MSIM_OK
                             : msim__grow(disk->mem, &fresh.files, &fresh.capacity, from->count, MSIM_DISK_FILES_MAX,
                                          sizeof *fresh.files);

  if (err != MSIM_OK)
    return err;
  for (i = 0; i < from->count; i++) {
    fresh.files[i] = from->files[i];
    msim__label_ref(fresh.files[i].name);
    fresh.files[i].inode->refs++;
  }
  fresh.count = from->count;
  msim__folder_release(disk, to);
  *to = fresh;
  return MSIM_OK;
}

static void drop_name_change(struct msim_disk *disk, struct msim__name_change *change)
{
  msim__label_unref(change->gone);
  if (change->arrived.name != NULL)
    drop_file(disk, &change->arrived);
}

void msim__disk_forget_names(struct msim_disk *disk)
{
  size_t i;

  for (i = 0; i < disk->change_count; i++)
    drop_name_change(disk, &disk->changes[i]);
  msim__free(disk->mem, disk->changes, disk->change_capacity * sizeof *disk->changes);
  disk->changes = NULL;
  disk->change_count = disk->change_capacity = 0;
}

/* Does to a folder what a change says; there is room for one more. */
static void apply_name_change(struct msim_disk *disk, struct msim__folder *folder,
                              const struct msim__name_change *change)
{
  if (change->gone != NULL)
    folder_remove(disk, folder, change->gone->text);
  if (change->arrived.name != NULL)
    folder_put(disk, folder, &change->arrived);
}

/* Records a change and does it to what readers see. The references in *change are taken over, also on failure. */
static int change_names(struct msim_disk *disk, struct msim__name_change *change)
{
  int err = folder_room(disk, &disk->visible);

  if (err == MSIM_OK)
    err = msim__grow(disk->mem, &disk->changes, &disk->change_capacity, disk->change_count + 1, CHANGES_MAX,
                     sizeof *disk->changes);
  if (err != MSIM_OK) {
    drop_name_change(disk, change);
    return err;
  }
  change->order = ++disk->order;
  disk->changes[disk->change_count++] = *change;
  apply_name_change(disk, &disk->visible, change);
  return MSIM_OK;
}

/* ---- what is asked for ---- */

static int check(const struct msim_disk *disk, const char *name)
{
  size_t size = name == NULL ? 0 : strlen(name);

  if (size == 0 || size > MSIM_DISK_NAME_BYTES_MAX)
    return MSIM_ERR_INVALID;
  return disk->node->is_up ? MSIM_OK : MSIM_ERR_STATE;
}

/* Out of memory is told to the simulation; everything else to the caller only. */
static int told(struct msim_disk *disk, int err)
{
  return err == MSIM_ERR_NOMEM ? msim__sim_fail_nomem(msim__node_sim(disk->node)) : err;
}

/* The file of that name, made when there is none. */
static int open_file(struct msim_disk *disk, const char *name, struct msim__inode **out)
{
  struct msim__name_change change = {0};

  *out = lookup(disk, name);
  if (*out != NULL)
    return MSIM_OK;
  if (disk->visible.count >= MSIM_DISK_FILES_MAX)
    return MSIM_ERR_LIMIT;
  change.arrived.name = msim__label_new(disk->mem, name);
  change.arrived.inode = change.arrived.name == NULL ? NULL : msim__inode_new(disk);
  if (change.arrived.inode == NULL) {
    msim__label_unref(change.arrived.name);
    return MSIM_ERR_NOMEM;
  }
  *out = change.arrived.inode;
  return change_names(disk, &change);
}

/* Does a change to a content. */
static int apply_change(struct msim_disk *disk, struct msim__content *content, const struct msim__change *change)
{
  if (change->is_truncation)
    return msim__content_truncate(disk->mem, content, change->at_bytes);
  return msim__content_write(disk->mem, content, change->at_bytes, change->blob, change->from_bytes,
                             change->size_bytes);
}

/* 0, MSIM_ERR_LIMIT, or what rules say. */
static int may_write(const struct msim_disk *disk, const struct msim__inode *inode, uint64_t end_bytes)
{
  struct msim__disk_verdict verdict = msim__disk_judge(disk, MSIM__DISK_WRITES);
  uint64_t old_bytes = inode != NULL ? inode->visible.size_bytes : 0, size_bytes = disk->opts.size_bytes;

  if (verdict.err != MSIM_OK)
    return verdict.err;
  if (verdict.size_bytes_max != 0 && verdict.size_bytes_max < size_bytes)
    size_bytes = verdict.size_bytes_max;
  return end_bytes <= old_bytes ||
                 (disk->used_bytes <= size_bytes && end_bytes - old_bytes <= size_bytes - disk->used_bytes)
             ? MSIM_OK
             : MSIM_ERR_LIMIT;
}

/* Records a change and does it to what readers see. Takes its blob over, also on failure. */
static int change_file(struct msim_disk *disk, struct msim__inode *inode, struct msim__change *change)
{
  uint64_t old_bytes = inode->visible.size_bytes;
  int err = msim__grow(disk->mem, &inode->changes, &inode->change_capacity, inode->change_count + 1, CHANGES_MAX,
                       sizeof *inode->changes);

  if (err == MSIM_OK)
    err = apply_change(disk, &inode->visible, change);
  if (err != MSIM_OK) {
    msim_blob_unref(change->blob);
    return err;
  }
  change->order = ++disk->order;
  inode->changes[inode->change_count++] = *change;
  disk->used_bytes = disk->used_bytes - old_bytes + inode->visible.size_bytes;
  return MSIM_OK;
}

/* Takes the blob over. at_bytes MSIM__CONTENT_BYTES_MAX: at the end. */
static int write_blob(struct msim_disk *disk, const char *name, uint64_t at_bytes, struct msim_blob *blob)
{
  const uint64_t at_end = MSIM__CONTENT_BYTES_MAX;
  struct msim__inode *inode = lookup(disk, name);
  struct msim__change change = {0};
  int err = MSIM_OK;

  if (at_bytes == at_end)
    at_bytes = inode != NULL ? inode->visible.size_bytes : 0;
  if (at_bytes > at_end - blob->size_bytes)
    err = MSIM_ERR_INVALID;
  else
    err = may_write(disk, inode, at_bytes + blob->size_bytes);
  if (err == MSIM_OK)
    err = open_file(disk, name, &inode);
  if (err != MSIM_OK) {
    msim_blob_unref(blob);
    return told(disk, err);
  }
  change.at_bytes = at_bytes;
  change.blob = blob;
  change.size_bytes = blob->size_bytes;
  err = change_file(disk, inode, &change);
  if (err == MSIM_OK && msim__buggify(disk->node, MSIM__SITE_DISK_EARLY))
    err = msim__buggify_draw(disk->node, MSIM__SITE_DISK_EARLY, 2) == 0
              ? msim__disk_settle_file(disk, inode, disk->order)
              : msim__disk_settle_names(disk, disk->order);
  return told(disk, err);
}

static int write_copy(struct msim_disk *disk, const char *name, uint64_t at_bytes, const void *data, size_t size_bytes)
{
  struct msim_blob *blob;
  int err = check(disk, name);

  if (err != MSIM_OK)
    return err;
  if (size_bytes > PART_BYTES)
    return MSIM_ERR_INVALID;
  blob = msim_blob_new(msim__node_sim(disk->node), data, size_bytes);
  return blob == NULL ? MSIM_ERR_NOMEM : write_blob(disk, name, at_bytes, blob);
}

int msim_disk_write(struct msim_disk *disk, const char *name, uint64_t offset_bytes, const void *data,
                    size_t size_bytes)
{
  if (offset_bytes >= MSIM__CONTENT_BYTES_MAX)
    return MSIM_ERR_INVALID;
  return write_copy(disk, name, offset_bytes, data, size_bytes);
}

int msim_disk_append(struct msim_disk *disk, const char *name, const void *data, size_t size_bytes)
{
  return write_copy(disk, name, MSIM__CONTENT_BYTES_MAX, data, size_bytes);
}

int msim_disk_append_blob(struct msim_disk *disk, const char *name, struct msim_blob *blob)
{
  int err = check(disk, name);

  if (err != MSIM_OK)
    return err;
  if (blob->size_bytes > PART_BYTES)
    return MSIM_ERR_INVALID;
  msim_blob_ref(blob);
  return write_blob(disk, name, MSIM__CONTENT_BYTES_MAX, blob);
}

int msim_disk_truncate(struct msim_disk *disk, const char *name, uint64_t size_bytes)
{
  struct msim__change change = {.at_bytes = size_bytes, .is_truncation = true};
  struct msim__inode *inode;
  int err = check(disk, name);

  if (err != MSIM_OK)
    return err;
  inode = lookup(disk, name);
  if (inode == NULL)
    return MSIM_ERR_NOT_FOUND;
  if (size_bytes > MSIM__CONTENT_BYTES_MAX)
    return MSIM_ERR_INVALID;
  if (size_bytes > inode->visible.size_bytes) /* a cut always works: it is how a failed write is taken back */
    err = may_write(disk, inode, size_bytes);
  return err == MSIM_OK ? told(disk, change_file(disk, inode, &change)) : err;
}

int msim_disk_rename(struct msim_disk *disk, const char *from, const char *to)
{
  struct msim__name_change change = {0};
  struct msim__inode *inode, *covered;
  int err = check(disk, from);

  if (err == MSIM_OK)
    err = check(disk, to);
  if (err != MSIM_OK)
    return err;
  inode = lookup(disk, from);
  if (inode == NULL)
    return MSIM_ERR_NOT_FOUND;
  if (strcmp(from, to) == 0)
    return MSIM_OK;
  covered = lookup(disk, to);
  change.gone = msim__label_new(disk->mem, from);
  change.arrived.name = msim__label_new(disk->mem, to);
  if (change.gone == NULL || change.arrived.name == NULL) {
    msim__label_unref(change.gone);
    msim__label_unref(change.arrived.name);
    return told(disk, MSIM_ERR_NOMEM);
  }
  change.arrived.inode = inode;
  inode->refs++;
  if (covered != NULL)
    covered->refs++; /* its size is asked for below */
  err = change_names(disk, &change);
  if (err == MSIM_OK && covered != NULL)
    disk->used_bytes -= covered->visible.size_bytes;
  msim__inode_unref(disk, covered);
  return told(disk, err);
}

int msim_disk_remove(struct msim_disk *disk, const char *name)
{
  struct msim__name_change change = {0};
  struct msim__inode *inode;
  uint64_t size_bytes;
  int err = check(disk, name);

  if (err != MSIM_OK)
    return err;
  inode = lookup(disk, name);
  if (inode == NULL)
    return MSIM_ERR_NOT_FOUND;
  size_bytes = inode->visible.size_bytes;
  change.gone = msim__label_new(disk->mem, name);
  err = change.gone == NULL ? MSIM_ERR_NOMEM : change_names(disk, &change);
  if (err == MSIM_OK)
    disk->used_bytes -= size_bytes;
  return told(disk, err);
}

/* ---- reading ---- */

int msim_disk_read(const struct msim_disk *disk, const char *name, uint64_t offset_bytes, void *out, size_t size_bytes,
                   size_t *read_bytes)
{
  const struct msim__inode *inode = lookup(disk, name);
  struct msim__disk_verdict verdict;

  *read_bytes = 0;
  if (inode == NULL)
    return MSIM_ERR_NOT_FOUND;
  verdict = msim__disk_judge(disk, MSIM__DISK_READS);
  *read_bytes = msim__content_read(&inode->visible, offset_bytes, out, size_bytes);
  msim__disk_flip(&verdict, out, *read_bytes);
  return MSIM_OK;
}

struct msim_blob *msim_disk_read_blob(struct msim_disk *disk, const char *name, uint64_t offset_bytes,
                                      size_t size_bytes)
{
  const struct msim__inode *inode = lookup(disk, name);
  struct msim__disk_verdict verdict;
  struct msim_blob *blob;

  if (inode == NULL || offset_bytes > inode->visible.size_bytes ||
      size_bytes > inode->visible.size_bytes - offset_bytes || size_bytes > PART_BYTES)
    return NULL;
  verdict = msim__disk_judge(disk, MSIM__DISK_READS);
  blob = verdict.flip == 0 ? msim__content_blob_at(&inode->visible, offset_bytes, size_bytes) : NULL;
  if (blob != NULL) {
    msim_blob_ref(blob);
    return blob;
  }
  blob = msim_blob_new(msim__node_sim(disk->node), NULL, size_bytes);
  if (blob != NULL) {
    (void)msim__content_read(&inode->visible, offset_bytes, blob->data, size_bytes);
    msim__disk_flip(&verdict, blob->data, size_bytes);
  }
  return blob;
}

int msim_disk_size(const struct msim_disk *disk, const char *name, uint64_t *size_bytes)
{
  const struct msim__inode *inode = lookup(disk, name);

  if (inode == NULL)
    return MSIM_ERR_NOT_FOUND;
  *size_bytes = inode->visible.size_bytes;
  return MSIM_OK;
}

const char *msim_disk_next(const struct msim_disk *disk, const char *after)
{
  bool is_there = false;
  size_t at = after == NULL ? 0 : folder_place(&disk->visible, after, &is_there);

  at += is_there;
  return at < disk->visible.count ? disk->visible.files[at].name->text : NULL;
}

uint64_t msim_disk_used_bytes(const struct msim_disk *disk)
{
  return disk->used_bytes;
}

/* ---- syncs ---- */

int msim__disk_settle_file(struct msim_disk *disk, struct msim__inode *inode, uint64_t order)
{
  size_t done = 0, before;
  uint64_t from_bytes;
  int err = MSIM_OK;

  if (inode->change_count == 0)
    return MSIM_OK;
  while (done < inode->change_count && inode->changes[done].order <= order && err == MSIM_OK) {
    err = apply_change(disk, &inode->durable, &inode->changes[done]);
    if (err == MSIM_OK)
      msim_blob_unref(inode->changes[done++].blob);
  }
  inode->change_count -= done;
  memmove(inode->changes, inode->changes + done, inode->change_count * sizeof *inode->changes);
  if (err != MSIM_OK || inode->change_count > 0)
    return err;
  msim__disk_forget_changes(disk, inode);
  before = inode->visible.count; /* both are equal now: make them short, and share it */
  err = msim__content_tidy(disk->mem, &inode->visible, &from_bytes);
  if (err == MSIM_OK && inode->visible.count != before)
    err = msim__content_share_tail(disk->mem, &inode->durable, &inode->visible, from_bytes);
  return err;
}

int msim__disk_settle_names(struct msim_disk *disk, uint64_t order)
{
  size_t done = 0;
  int err = MSIM_OK;

  if (disk->change_count == 0)
    return MSIM_OK;
  while (done < disk->change_count && disk->changes[done].order <= order && err == MSIM_OK) {
    err = folder_room(disk, &disk->durable);
    if (err != MSIM_OK)
      break;
    apply_name_change(disk, &disk->durable, &disk->changes[done]);
    drop_name_change(disk, &disk->changes[done++]);
  }
  disk->change_count -= done;
  memmove(disk->changes, disk->changes + done, disk->change_count * sizeof *disk->changes);
  if (disk->change_count == 0)
    msim__disk_forget_names(disk);
  return err;
}

static void take_first_sync(struct msim_disk *disk)
{
  struct msim__sync *sync = disk->first;

  disk->first = sync->next;
  if (disk->first == NULL)
    disk->last = NULL;
  msim__inode_unref(disk, sync->inode);
  msim__free(disk->mem, sync, sizeof *sync);
}

void msim__disk_forget_syncs(struct msim_disk *disk)
{
  while (disk->first != NULL)
    take_first_sync(disk);
  disk->busy_ns = 0;
  if (disk->timer.fire != NULL)
    msim_timer_cancel(&disk->timer);
}

/* One sync per event: what its callback does, a crash too, meets a disk in order. */
static void sync_done(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim_disk *disk = (struct msim_disk *)(void *)((char *)timer - offsetof(struct msim_disk, timer));
  struct msim__sync done = *disk->first;
  int err = msim__disk_keep_past(disk);

  if (err == MSIM_OK && done.inode != NULL)
    err = msim__disk_settle_file(disk, done.inode, done.order);
  else if (err == MSIM_OK)
    err = msim__disk_settle_names(disk, done.order);
  if (err != MSIM_OK) {
    (void)told(disk, err);
    return;
  }
  disk->settled_ns = now_ns;
  take_first_sync(disk);
  if (disk->first != NULL)
    msim_timer_arm(timer, disk->first->due_ns > now_ns ? disk->first->due_ns - now_ns : 0);
  if (done.fn != NULL)
    done.fn(done.ctx, MSIM_OK);
}

/* How long the medium takes for what no sync has asked for yet. */
static msim_ns write_time_ns(const struct msim_disk *disk, struct msim__inode *inode)
{
  uint64_t rate = disk->opts.write_rate_bps;
  msim_ns total_ns = 0;
  size_t i;

  for (i = 0; rate != 0 && i < inode->change_count && total_ns < WRITE_NS_MAX; i++)
    if (inode->changes[i].order > inode->asked_order)
      total_ns +=
          (msim_ns)inode->changes[i].size_bytes * BYTE_NS / rate; /* below 2^63: a write has 2^30 bytes at most */
  inode->asked_order = disk->order;
  return total_ns < WRITE_NS_MAX ? total_ns : WRITE_NS_MAX;
}

static int ask(struct msim_disk *disk, struct msim__inode *inode, msim_disk_done_fn *fn, void *ctx)
{
  struct msim__disk_verdict verdict = msim__disk_judge(disk, MSIM__DISK_SYNCS);
  msim_ns now_ns = msim__node_sim(disk->node)->now_ns;
  struct msim__sync *sync;

  if (verdict.err != MSIM_OK)
    return verdict.err;
  sync = msim__alloc_zeroed(disk->mem, 1, sizeof *sync);
  if (sync == NULL)
    return told(disk, MSIM_ERR_NOMEM);
  if (disk->busy_ns < now_ns)
    disk->busy_ns = now_ns;
  if (inode != NULL)
    disk->busy_ns += write_time_ns(disk, inode);
  if (disk->busy_ns - now_ns > WRITE_NS_MAX)
    disk->busy_ns = now_ns + WRITE_NS_MAX;
  sync->due_ns = disk->busy_ns + disk->opts.sync_latency_ns + verdict.latency_ns;
  if (disk->last != NULL && sync->due_ns < disk->last->due_ns)
    sync->due_ns = disk->last->due_ns; /* they are done in their order, also when the disk is fast again */
  sync->order = disk->order;
  sync->inode = inode;
  sync->fn = fn;
  sync->ctx = ctx;
  if (inode != NULL)
    inode->refs++;
  if (disk->last != NULL) {
    disk->last->next = sync;
    disk->last = sync;
    return MSIM_OK;
  }
  disk->first = disk->last = sync;
  if (disk->timer.fire == NULL)
    msim_timer_init(&disk->timer, disk->node, sync_done);
  msim_timer_arm(&disk->timer, sync->due_ns - now_ns);
  return MSIM_OK;
}

int msim_disk_sync(struct msim_disk *disk, const char *name, msim_disk_done_fn *fn, void *ctx)
{
  struct msim__inode *inode;
  int err = check(disk, name);

  if (err != MSIM_OK)
    return err;
  inode = lookup(disk, name);
  return inode == NULL ? MSIM_ERR_NOT_FOUND : ask(disk, inode, fn, ctx);
}

int msim_disk_sync_names(struct msim_disk *disk, msim_disk_done_fn *fn, void *ctx)
{
  return disk->node->is_up ? ask(disk, NULL, fn, ctx) : MSIM_ERR_STATE;
}

void msim__disk_free(struct msim_disk *disk)
{
  msim__disk_forget_syncs(disk);
  msim__disk_forget_names(disk);
  msim__disk_forget_pasts(disk);
  msim__folder_release(disk, &disk->visible);
  msim__folder_release(disk, &disk->durable);
  msim__free(disk->mem, disk, sizeof *disk);
}
