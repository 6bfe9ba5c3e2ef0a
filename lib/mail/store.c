/* store.c: the mailboxes of a host; see store.h. */
#include "mail/store.h"

#include "proto/ascii.h"

#include <string.h>

void msim__store_init(struct msim__store *store, struct msim__mem *mem)
{
  memset(store, 0, sizeof *store);
  store->mem = mem;
  store->uid_validity = 1;
  msim__names_init(&store->boxes, mem);
}

static void free_box(struct msim__store *store, struct msim__mailbox *box)
{
  struct msim__mailbox_watch *watch;
  size_t i;

  for (watch = box->watches; watch != NULL; watch = watch->next)
    watch->tell = NULL; /* who watches may be released after what is watched */
  for (i = 0; i < box->count; i++)
    msim__message_unref(box->items[i].message);
  msim__free(store->mem, box->items, box->capacity * sizeof *box->items);
  for (i = 0; i < box->keyword_count; i++)
    msim__free(store->mem, box->keywords[i], strlen(box->keywords[i]) + 1);
  msim__free(store->mem, box->keywords, box->keyword_capacity * sizeof *box->keywords);
  msim__free(store->mem, box->gone, box->gone_capacity * sizeof *box->gone);
  if (box->title != NULL)
    msim__free(store->mem, box->title, box->title_bytes + 1);
  msim__free(store->mem, box->name, box->name_bytes + 1);
  msim__free(store->mem, box, sizeof *box);
}

void msim__store_release(struct msim__store *store)
{
  size_t i;

  if (store->mem == NULL)
    return;
  for (i = 0; i < store->boxes.count; i++)
    free_box(store, store->boxes.rows[i].object);
  msim__names_release(&store->boxes);
  msim__store_init(store, store->mem);
}

struct msim__mailbox *msim__store_find(const struct msim__store *store, const char *name, size_t name_bytes)
{
  return msim__names_find(&store->boxes, name, name_bytes);
}

struct msim__mailbox *msim__store_open(struct msim__store *store, const char *name, size_t name_bytes)
{
  struct msim__mailbox *box = msim__store_find(store, name, name_bytes);

  if (box != NULL)
    return box;
  box = msim__alloc(store->mem, sizeof *box);
  if (box == NULL)
    return NULL;
  memset(box, 0, sizeof *box);
  box->name = msim__copy_text(store->mem, name, name_bytes);
  box->name_bytes = name_bytes;
  box->uid_next = 1;
  box->uid_validity = store->uid_validity;
  box->recent_uid = 1;
  box->modseq_highest = 1;
  box->marks = MSIM__MAILBOX_EXISTS;
  box->owner = box;
  box->store = store;
  if (box->name == NULL) {
    msim__free(store->mem, box, sizeof *box);
    return NULL;
  }
  if (msim__names_add(&store->boxes, box->name, name_bytes, box) < 0) {
    free_box(store, box);
    return NULL;
  }
  return box;
}

struct msim__mailbox *msim__store_at(const struct msim__store *store, size_t index)
{
  return index < store->boxes.count ? store->boxes.rows[index].object : NULL;
}

int msim__store_reserve(struct msim__mailbox *box, uint32_t *uid)
{
  int err;

  if (box->uid_next == UINT32_MAX)
    return MSIM_ERR_LIMIT;
  err = msim__grow(box->store->mem, &box->items, &box->capacity, box->count + box->reserved_count + 1,
                   MSIM__STORE_ITEMS_MAX, sizeof *box->items);
  if (err < 0)
    return err;
  if (box->reserved_count++ == 0)
    box->modseq_before = box->modseq_highest;
  *uid = box->uid_next++;
  return MSIM_OK;
}

void msim__store_skip(struct msim__mailbox *box, uint32_t count)
{
  if (count < UINT32_MAX - box->uid_next)
    box->uid_next += count;
}

void msim__store_unreserve(struct msim__mailbox *box)
{
  box->reserved_count--;
}

static void tell(struct msim__mailbox *box, const struct msim__mailbox_item *item, enum msim__mailbox_news news)
{
  struct msim__mailbox_watch *watch = box->watches, *next;

  for (; watch != NULL; watch = next) {
    next = watch->next;
    watch->tell(watch, item, news);
  }
}

/* Nearly always at the end; uids ascend. */
void msim__store_put_item(struct msim__mailbox *box, const struct msim__mailbox_item *item)
{
  size_t at = box->count;

  while (at > 0 && box->items[at - 1].uid > item->uid)
    at--;
  memmove(&box->items[at + 1], &box->items[at], (box->count - at) * sizeof *box->items);
  box->count++;
  box->reserved_count--;
  box->items[at] = *item;
  msim__message_ref(item->message);
  if (item->modseq > box->modseq_highest)
    box->modseq_highest = item->modseq;
  box->size_bytes += msim__store_item_bytes(item);
  tell(box, &box->items[at], MSIM__MAILBOX_ADDED);
}

void msim__store_put(struct msim__mailbox *box, struct msim__message *message, int64_t added_unix_s, uint32_t uid,
                     uint32_t flags)
{
  struct msim__mailbox_item item = {message, added_unix_s, uid, flags, box->modseq_highest + 1};

  msim__store_put_item(box, &item);
}

int msim__store_add(struct msim__store *store, struct msim__mailbox *box, struct msim__message *message,
                    int64_t added_unix_s, uint32_t *uid)
{
  uint32_t given;
  int err = msim__store_reserve(box, &given);

  (void)store;
  if (err < 0)
    return err;
  msim__store_put(box, message, added_unix_s, given, 0);
  if (uid != NULL)
    *uid = given;
  return MSIM_OK;
}

int msim__store_set_flags(struct msim__mailbox *box, size_t index, uint32_t flags)
{
  if (index >= box->count)
    return MSIM_ERR_NOT_FOUND;
  box->items[index].flags = flags;
  box->items[index].modseq = ++box->modseq_highest;
  if (box->store->changed != NULL)
    box->store->changed(box->store->changed_ctx, box, &box->items[index], false);
  tell(box, &box->items[index], MSIM__MAILBOX_FLAGGED);
  return MSIM_OK;
}

int msim__store_remove(struct msim__mailbox *box, size_t index)
{
  struct msim__message *message;

  if (index >= box->count)
    return MSIM_ERR_NOT_FOUND;
  box->items[index].modseq = ++box->modseq_highest;
  msim__store_note_gone(box, box->items[index].uid, box->items[index].uid, box->modseq_highest);
  if (box->store->changed != NULL)
    box->store->changed(box->store->changed_ctx, box, &box->items[index], true);
  tell(box, &box->items[index], MSIM__MAILBOX_GONE);
  message = box->items[index].message;
  box->size_bytes -= msim__store_item_bytes(&box->items[index]);
  box->count--;
  memmove(&box->items[index], &box->items[index + 1], (box->count - index) * sizeof *box->items);
  msim__message_unref(message);
  return MSIM_OK;
}

size_t msim__store_index_of(const struct msim__mailbox *box, uint32_t uid)
{
  size_t low = 0, high = box->count;

  while (low < high) { /* uids ascend */
    size_t middle = low + (high - low) / 2;

    if (box->items[middle].uid < uid)
      low = middle + 1;
    else
      high = middle;
  }
  return low < box->count && box->items[low].uid == uid ? low : box->count;
}

/* ---- what has gone ---- */

/* The older half goes; room is what is wanted. */
static void forget_some(struct msim__mailbox *box, size_t count)
{
  box->gone_since = box->gone[count - 1].modseq;
  box->gone_count -= count;
  memmove(box->gone, box->gone + count, box->gone_count * sizeof *box->gone);
}

static void forget_all(struct msim__mailbox *box, uint64_t modseq)
{
  box->gone_count = 0;
  box->gone_since = modseq > box->gone_since ? modseq : box->gone_since;
}

/* One after the other, upwards or downwards, they are one range: who has seen a part of it hears of it once more. */
static bool joins(struct msim__mailbox_gone *latest, uint32_t first, uint32_t last, uint64_t modseq)
{
  if (latest->modseq + 1 != modseq || (first != latest->last + 1 && last + 1 != latest->first))
    return false;
  if (first > latest->last)
    latest->last = last;
  else
    latest->first = first;
  latest->modseq = modseq;
  return true;
}

void msim__store_note_gone(struct msim__mailbox *box, uint32_t first, uint32_t last, uint64_t modseq)
{
  size_t at;

  if (modseq <= box->gone_since || (box->gone_count > 0 && joins(&box->gone[box->gone_count - 1], first, last, modseq)))
    return;
  if (box->gone_count == MSIM__STORE_GONE_MAX)
    forget_some(box, MSIM__STORE_GONE_MAX / 2);
  if (modseq <= box->gone_since)
    return;
  if (msim__grow(box->store->mem, &box->gone, &box->gone_capacity, box->gone_count + 1, 2 * MSIM__STORE_GONE_MAX,
                 sizeof *box->gone) != MSIM_OK) {
    forget_all(box, modseq > box->modseq_highest ? modseq : box->modseq_highest);
    return;
  }
  for (at = box->gone_count; at > 0 && box->gone[at - 1].modseq > modseq; at--)
    continue; /* nearly always at the end */
  memmove(&box->gone[at + 1], &box->gone[at], (box->gone_count - at) * sizeof *box->gone);
  box->gone[at] = (struct msim__mailbox_gone){first, last, modseq};
  box->gone_count++;
}

void msim__store_renew(struct msim__mailbox *box, uint32_t uid_validity)
{
  box->uid_validity = uid_validity;
  forget_all(box, box->modseq_highest);
}

void msim__store_renumber(struct msim__mailbox *box)
{
  size_t i;

  box->modseq_highest += MSIM__STORE_MODSEQ_GAP;
  for (i = 0; i < box->count; i++)
    box->items[i].modseq = box->modseq_highest;
}

uint64_t msim__store_modseq(const struct msim__mailbox *box)
{
  return box->reserved_count > 0 ? box->modseq_before : box->modseq_highest;
}

/* ---- keywords ---- */

static uint32_t add_keyword(struct msim__mailbox *box, struct msim_slice name)
{
  struct msim__mem *mem = box->store->mem;
  char *copy;

  if (name.size_bytes > MSIM__KEYWORD_BYTES_MAX ||
      msim__grow(mem, &box->keywords, &box->keyword_capacity, box->keyword_count + 1, MSIM__KEYWORDS_MAX + 8,
                 sizeof *box->keywords) != MSIM_OK ||
      box->keyword_count == MSIM__KEYWORDS_MAX)
    return 0;
  copy = msim__copy_text(mem, (const char *)name.data, name.size_bytes);
  if (copy == NULL)
    return 0;
  box->keywords[box->keyword_count++] = copy;
  return 1u << (MSIM__FLAG_COUNT + box->keyword_count - 1);
}

uint32_t msim__store_keyword(struct msim__mailbox *box, struct msim_slice name, bool add)
{
  uint32_t bit;
  size_t i;

  for (i = 0; i < box->keyword_count; i++)
    if (msim__slice_is(name, box->keywords[i]))
      return 1u << (MSIM__FLAG_COUNT + i);
  bit = add ? add_keyword(box, name) : 0;
  if (bit != 0 && box->store->box_changed != NULL)
    box->store->box_changed(box->store->changed_ctx, box);
  return bit;
}

/* ---- watching ---- */

void msim__store_watch(struct msim__mailbox *box, struct msim__mailbox_watch *watch)
{
  watch->prev = NULL;
  watch->next = box->watches;
  if (watch->next != NULL)
    watch->next->prev = watch;
  box->watches = watch;
}

void msim__store_unwatch(struct msim__mailbox *box, struct msim__mailbox_watch *watch)
{
  if (watch->tell == NULL)
    return;
  if (watch->prev != NULL)
    watch->prev->next = watch->next;
  else
    box->watches = watch->next;
  if (watch->next != NULL)
    watch->next->prev = watch->prev;
  watch->prev = watch->next = NULL;
}

uint64_t msim__store_item_bytes(const struct msim__mailbox_item *item)
{
  return strlen(item->message->return_path) + item->message->size_bytes;
}
