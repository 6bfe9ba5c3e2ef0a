/* spool.c: what is written down when; see spool.h. Records are in spool_write.c, reading them in spool_read.c. */
#include "mail/spool.h"

#include "host/host.h"
#include "net/buggify.h"

#include <string.h>

#define UID_GAP_MAX 1000u
#define SLACK_BYTES (16u << 10) /* a file may always grow by that, and by half of the state that it began with */

struct msim__spool_take {
  struct msim__spool_take *next;
  struct msim__message *message; /* counted; for the queue, or NULL */
  struct msim__mail_batch batch;
  msim__spool_done_fn *done;
  void *ctx;
  size_t place_count, promised_count; /* places; those that are promised */
  uint32_t *uids;                     /* behind items, in the same block */
  struct taken_item {
    struct msim__mailbox *box;
    struct msim__mailbox_item item; /* its message is counted */
  } items[];
};

static size_t take_bytes(size_t place_count)
{
  return sizeof(struct msim__spool_take) + place_count * (sizeof(struct taken_item) + sizeof(uint32_t));
}

static void free_take(struct msim__spool *spool, struct msim__spool_take *take)
{
  size_t i;

  for (i = 0; i < take->place_count; i++)
    msim__message_unref(take->items[i].item.message);
  msim__message_unref(take->message);
  msim__free(spool->mem, take, take_bytes(take->place_count));
}

/* Gives back what was promised; nothing was told to anybody. */
static void drop_take(struct msim__spool *spool, struct msim__spool_take *take)
{
  size_t i;

  msim__mail_queue_abandon(spool->queue, &take->batch);
  for (i = 0; i < take->promised_count; i++)
    msim__store_unreserve(take->items[i].box);
  free_take(spool, take);
}

/* ---- files ---- */

/* The new file is durable, with the state in it: older ones have had their day. */
static void remove_older(void *ctx, int err)
{
  struct msim__spool *spool = ctx;
  const char *name = NULL;

  (void)err;
  while ((name = msim_disk_next(spool->disk, "mail/journal.")) != NULL && strncmp(name, "mail/journal.", 13) == 0 &&
         strcmp(name, spool->name) < 0)
    if (msim_disk_remove(spool->disk, name) != MSIM_OK)
      break;
}

static void put_take(struct msim__spool *spool, const struct msim__spool_take *take)
{
  const struct msim__mail_entry *entry;
  size_t i;

  for (entry = take->batch.first; entry != NULL; entry = entry->ready_next)
    msim__spool_put_entry(spool, entry);
  for (i = 0; i < take->place_count; i++) {
    const struct msim__mailbox_item *item = &take->items[i].item;

    msim__spool_put_item(spool, take->items[i].box, item->uid, item->message, item->added_unix_s, item->flags,
                         item->modseq);
  }
}

/* The whole state, and what is on its way into it. */
static void put_state(struct msim__spool *spool)
{
  const struct msim__mail_entry *entry;
  const struct msim__spool_take *take;
  struct msim__mailbox *box;
  size_t i, k;

  for (i = 0; (box = msim__store_at(spool->store, i)) != NULL; i++) {
    if (box->uid_next > 1 || box->spool_mark != 0 || box->title != NULL || box->keyword_count > 0 ||
        box->marks != MSIM__MAILBOX_EXISTS) { /* others are as if they were new */
      msim__spool_put_mailbox(spool, box);
      msim__spool_put_gone(spool, box);
    }
    for (k = 0; k < box->count; k++)
      msim__spool_put_item(spool, box, box->items[k].uid, box->items[k].message, box->items[k].added_unix_s,
                           box->items[k].flags, box->items[k].modseq);
  }
  for (entry = spool->queue->first; entry != NULL; entry = entry->next)
    msim__spool_put_entry(spool, entry);
  for (take = spool->first; take != NULL; take = take->next)
    put_take(spool, take);
  msim__spool_put_whole(spool);
}

/* Goes on in a new file. On failure the old one, if there is one, stays in use. */
static int begin_file(struct msim__spool *spool)
{
  struct msim__spool before = *spool;
  int err;

  spool->segment++;
  spool->mark++;
  spool->size_bytes = 0;
  msim__spool_file_name(spool->segment, spool->name);
  msim__spool_put_file(spool);
  put_state(spool);
  err = msim__spool_flush(spool);
  if (err == MSIM_OK)
    err = msim_disk_sync(spool->disk, spool->name, NULL, NULL);
  if (err == MSIM_OK)
    err = msim_disk_sync_names(spool->disk, remove_older, spool);
  if (err == MSIM_OK) {
    spool->state_bytes = spool->size_bytes;
    return MSIM_OK;
  }
  (void)msim_disk_remove(spool->disk, spool->name);
  memcpy(spool->name, before.name, sizeof spool->name);
  spool->segment = before.segment;
  spool->size_bytes = before.size_bytes;
  spool->mark++; /* nobody stands in the old one under the ids of today */
  return err;
}

/* There is a file to write to, and it is not too long. */
static int ready_file(struct msim__spool *spool)
{
  int err;

  if (spool->disk == NULL)
    spool->disk = msim_node_disk(spool->node);
  if (spool->disk == NULL)
    return MSIM_ERR_NOMEM;
  if (spool->name[0] != '\0' && spool->size_bytes <= spool->state_bytes + spool->state_bytes / 2 + SLACK_BYTES)
    return MSIM_OK;
  err = begin_file(spool);
  return err == MSIM_ERR_LIMIT && spool->name[0] != '\0' ? MSIM_OK : err;
}

/* ---- changes that nobody waits for ---- */

/* Syncs are told in the order in which they were asked for. */
static void change_is_safe(void *ctx, int err)
{
  (void)err;
  ((struct msim__spool *)ctx)->safe_count++;
}

static void write_down(struct msim__spool *spool)
{
  int err = msim__spool_flush(spool);

  if (err == MSIM_OK)
    err = msim_disk_sync(spool->disk, spool->name, change_is_safe, spool);
  if (err != MSIM_OK)
    spool->change_err = err;
  else
    spool->change_count++;
}

static void entry_changed(void *ctx, struct msim__mail_entry *entry, bool gone)
{
  struct msim__spool *spool = ctx;

  if (spool->name[0] == '\0')
    return; /* it was never written down */
  if (gone)
    msim__spool_put_left(spool, entry->number);
  else
    msim__spool_put_entry(spool, entry);
  write_down(spool);
}

static void item_changed(void *ctx, struct msim__mailbox *box, const struct msim__mailbox_item *item, bool gone)
{
  struct msim__spool *spool = ctx;

  if (spool->name[0] == '\0')
    return;
  (void)ready_file(spool); /* the old one stays in use when there is no room for a new one */
  if (gone)
    msim__spool_put_removed(spool, box, item->uid, item->modseq);
  else
    msim__spool_put_item(spool, box, item->uid, item->message, item->added_unix_s, item->flags, item->modseq);
  write_down(spool);
}

/* Folders are made before any message lies in them. */
static void box_changed(void *ctx, struct msim__mailbox *box)
{
  struct msim__spool *spool = ctx;
  int err = ready_file(spool);

  if (err != MSIM_OK) {
    spool->change_err = err;
    return;
  }
  msim__spool_put_mailbox_again(spool, box);
  write_down(spool);
}

/* ---- taking charge ---- */

/* The first take under way is safe, or is said to be. */
static void tell_safe(struct msim__spool *spool)
{
  struct msim__spool_take *take = spool->first;
  size_t i;

  spool->first = take->next;
  if (spool->first == NULL)
    spool->last = NULL;
  for (i = 0; i < take->place_count; i++)
    msim__store_put_item(take->items[i].box, &take->items[i].item);
  msim__mail_queue_commit(spool->queue, &take->batch);
  if (take->done != NULL)
    take->done(take->ctx, take->uids);
  free_take(spool, take);
}

/* Its sync is done: syncs are told in the order in which they were asked for. */
static void is_safe(void *ctx, int err)
{
  (void)err;
  tell_safe(ctx);
}

static void is_believed_safe(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__spool *spool = (struct msim__spool *)(void *)((char *)timer - offsetof(struct msim__spool, hasty_timer));

  (void)now_ns;
  while (spool->first != NULL)
    tell_safe(spool);
}

/* Room for it everywhere, so that nothing can fail when it is safe. */
static int prepare(struct msim__spool *spool, struct msim__spool_take *take, const uint32_t *indices, size_t count,
                   msim_ns now_ns)
{
  int err = MSIM_OK;

  if (count > 0)
    err = msim__mail_queue_prepare(spool->queue, take->message, indices, count, now_ns, &take->batch);
  while (err == MSIM_OK && take->promised_count < take->place_count) {
    struct taken_item *taken = &take->items[take->promised_count];

    if (msim__buggify(spool->disk->node, MSIM__SITE_UID_GAP))
      msim__store_skip(taken->box,
                       1 + (uint32_t)msim__buggify_draw(spool->disk->node, MSIM__SITE_UID_GAP, UID_GAP_MAX));
    err = msim__store_reserve(taken->box, &taken->item.uid);
    if (err != MSIM_OK)
      break;
    taken->item.modseq = ++taken->box->modseq_highest;
    take->uids[take->promised_count++] = taken->item.uid;
  }
  return err;
}

static int write_take(struct msim__spool *spool, struct msim__spool_take *take)
{
  uint64_t old_bytes = spool->size_bytes;
  int err;

  put_take(spool, take);
  err = msim__spool_flush(spool);
  if (err != MSIM_OK)
    return err;
  err = msim_disk_sync(spool->disk, spool->name, spool->hasty ? NULL : is_safe, spool);
  if (err == MSIM_OK) {
    if (spool->hasty)
      msim_timer_arm(&spool->hasty_timer, 0);
    return MSIM_OK;
  }
  spool->mark++;
  if (msim_disk_truncate(spool->disk, spool->name, old_bytes) == MSIM_OK)
    spool->size_bytes = old_bytes;
  return err;
}

static struct msim__spool_take *new_take(struct msim__spool *spool, size_t place_count, msim__spool_done_fn *done,
                                         void *ctx)
{
  struct msim__spool_take *take = msim__alloc_zeroed(spool->mem, 1, take_bytes(place_count));

  if (take == NULL)
    return NULL;
  take->done = done;
  take->ctx = ctx;
  take->place_count = place_count;
  take->uids = (uint32_t *)(void *)&take->items[place_count];
  return take;
}

static void set_place(struct msim__spool_take *take, size_t index, const struct msim__spool_place *place)
{
  struct taken_item *taken = &take->items[index];

  taken->box = place->box;
  taken->item.message = place->message;
  taken->item.added_unix_s = place->unix_s;
  taken->item.flags = place->flags;
  msim__message_ref(place->message);
}

/* The take becomes the spool's; it is dropped when it fails. */
static int begin_take(struct msim__spool *spool, struct msim__spool_take *take, const uint32_t *indices, size_t count,
                      msim_ns now_ns)
{
  int err = ready_file(spool);

  if (err == MSIM_OK)
    err = prepare(spool, take, indices, count, now_ns);
  if (err == MSIM_OK)
    err = write_take(spool, take);
  if (err != MSIM_OK) {
    drop_take(spool, take);
    return err;
  }
  if (spool->last != NULL)
    spool->last->next = take;
  else
    spool->first = take;
  spool->last = take;
  return MSIM_OK;
}

int msim__spool_take(struct msim__spool *spool, struct msim__message *message, const uint32_t *indices, size_t count,
                     struct msim__mailbox *const *boxes, size_t box_count, msim_ns now_ns, int64_t unix_s,
                     msim__spool_done_fn *done, void *ctx)
{
  struct msim__spool_take *take = new_take(spool, box_count, done, ctx);
  size_t i;

  if (take == NULL)
    return MSIM_ERR_NOMEM;
  take->message = message;
  msim__message_ref(message);
  for (i = 0; i < box_count; i++)
    set_place(take, i, &(struct msim__spool_place){boxes[i], message, unix_s, 0});
  return begin_take(spool, take, indices, count, now_ns);
}

int msim__spool_take_places(struct msim__spool *spool, const struct msim__spool_place *places, size_t count,
                            msim__spool_done_fn *done, void *ctx)
{
  struct msim__spool_take *take = new_take(spool, count, done, ctx);
  size_t i;

  if (take == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < count; i++)
    set_place(take, i, &places[i]);
  return begin_take(spool, take, NULL, 0, 0);
}

int msim__spool_wait(struct msim__spool *spool, msim_disk_done_fn *fn, void *ctx)
{
  int err = spool->change_err;

  spool->change_err = 0;
  if (err == MSIM_OK)
    err = ready_file(spool);
  return err == MSIM_OK ? msim_disk_sync(spool->disk, spool->name, fn, ctx) : err;
}

int msim__spool_found(struct msim__spool *spool)
{
  int err;

  if (spool->disk == NULL)
    spool->disk = msim_node_disk(spool->node);
  err = spool->disk != NULL ? begin_file(spool) : MSIM_ERR_NOMEM;
  return err == MSIM_OK ? msim__disk_settle_all(spool->disk) : err;
}

/* ---- opening and closing ---- */

int msim__spool_open(struct msim__spool *spool, struct msim_node *node, struct msim__mem *mem,
                     struct msim__mail_queue *queue, struct msim__store *store)
{
  struct msim__mailbox *box;
  int err = MSIM_OK;
  size_t i;

  memset(spool, 0, sizeof *spool);
  spool->node = node;
  spool->disk = msim__disk_of(node);
  spool->mem = mem;
  spool->queue = queue;
  spool->store = store;
  spool->mark = spool->message_next = spool->box_next = 1;
  msim_timer_init(&spool->hasty_timer, node, is_believed_safe);
  msim__buf_init(&spool->buf, mem, MSIM__SPOOL_BODY_BYTES_MAX);
  if (spool->disk != NULL)
    err = msim__spool_read(spool, &spool->segment);
  for (i = 0; err == MSIM_OK && (box = msim__store_at(store, i)) != NULL; i++)
    msim__store_renumber(box);
  if (err == MSIM_OK && spool->segment > 0)
    err = begin_file(spool);
  if (err == MSIM_ERR_LIMIT)
    err = MSIM_OK; /* the disk is full: the next message will be told */
  queue->changed = entry_changed;
  queue->changed_ctx = spool;
  store->changed = item_changed;
  store->box_changed = box_changed;
  store->changed_ctx = spool;
  return err;
}

void msim__spool_close(struct msim__spool *spool)
{
  if (spool->node == NULL)
    return;
  msim_timer_cancel(&spool->hasty_timer);
  spool->queue->changed = NULL;
  spool->store->changed = NULL;
  spool->store->box_changed = NULL;
  while (spool->first != NULL) {
    struct msim__spool_take *take = spool->first;

    spool->first = take->next;
    drop_take(spool, take);
  }
  msim__buf_release(&spool->buf);
  memset(spool, 0, sizeof *spool);
}
