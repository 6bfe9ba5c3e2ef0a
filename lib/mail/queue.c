/* queue.c: the mail queue of a host; see queue.h. */
#include "mail/queue.h"

#include "core/hash.h"
#include "proto/ascii.h"

#include <string.h>

void msim__mail_queue_init(struct msim__mail_queue *queue, struct msim__mem *mem)
{
  memset(queue, 0, sizeof *queue);
  queue->mem = mem;
  queue->number_next = 1;
}

static size_t entry_bytes(uint32_t recipient_count)
{
  return sizeof(struct msim__mail_entry) + recipient_count * sizeof(struct msim__mail_target);
}

static size_t dest_bytes(size_t domain_bytes)
{
  return sizeof(struct msim__mail_dest) + domain_bytes + 1;
}

/* ---- the heap of waiting entries; its room is taken at add, so moving never fails ---- */

static bool earlier(const struct msim__mail_entry *a, const struct msim__mail_entry *b)
{
  return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->number < b->number;
}

static void heap_put(struct msim__mail_queue *queue, size_t index, struct msim__mail_entry *entry)
{
  queue->heap[index] = entry;
  entry->heap_index = index;
}

static void heap_rise(struct msim__mail_queue *queue, size_t index)
{
  struct msim__mail_entry *entry = queue->heap[index];

  while (index > 0 && earlier(entry, queue->heap[(index - 1) / 2])) {
    heap_put(queue, index, queue->heap[(index - 1) / 2]);
    index = (index - 1) / 2;
  }
  heap_put(queue, index, entry);
}

static void heap_sink(struct msim__mail_queue *queue, size_t index)
{
  struct msim__mail_entry *entry = queue->heap[index];
  size_t child;

  while ((child = 2 * index + 1) < queue->heap_count) {
    if (child + 1 < queue->heap_count && earlier(queue->heap[child + 1], queue->heap[child]))
      child++;
    if (!earlier(queue->heap[child], entry))
      break;
    heap_put(queue, index, queue->heap[child]);
    index = child;
  }
  heap_put(queue, index, entry);
}

static void heap_insert(struct msim__mail_queue *queue, struct msim__mail_entry *entry)
{
  heap_put(queue, queue->heap_count, entry);
  heap_rise(queue, queue->heap_count++);
}

static struct msim__mail_entry *heap_take(struct msim__mail_queue *queue)
{
  struct msim__mail_entry *entry = queue->heap[0];

  queue->heap_count--;
  if (queue->heap_count > 0) {
    heap_put(queue, 0, queue->heap[queue->heap_count]);
    heap_sink(queue, 0);
  }
  return entry;
}

/* ---- destinations ---- */

static uint64_t hash_domain(struct msim_slice domain)
{
  uint64_t h = 0;
  size_t i;

  for (i = 0; i < domain.size_bytes; i++)
    h = msim__hash_join(h, msim__ascii_lower(domain.data[i]));
  return h;
}

static struct msim__mail_dest *find_dest(struct msim__mail_queue *queue, struct msim_slice domain, uint64_t hash)
{
  struct msim__mail_dest *dest;

  for (dest = queue->buckets[hash % MSIM__MAIL_QUEUE_BUCKETS]; dest != NULL; dest = dest->bucket_next) {
    struct msim_slice other = {(const uint8_t *)dest->domain, dest->domain_bytes};

    if (dest->hash == hash && msim__slice_equal_nocase(domain, other))
      return dest;
  }
  return NULL;
}

static struct msim__mail_dest *find_or_make_dest(struct msim__mail_queue *queue, struct msim_slice domain)
{
  uint64_t hash = hash_domain(domain);
  struct msim__mail_dest **bucket = &queue->buckets[hash % MSIM__MAIL_QUEUE_BUCKETS];
  struct msim__mail_dest *dest = find_dest(queue, domain, hash);

  if (dest != NULL)
    return dest;
  dest = msim__alloc(queue->mem, dest_bytes(domain.size_bytes));
  if (dest == NULL)
    return NULL;
  memset(dest, 0, sizeof *dest);
  dest->hash = hash;
  dest->domain_bytes = domain.size_bytes;
  memcpy(dest->domain, domain.data, domain.size_bytes);
  dest->domain[domain.size_bytes] = '\0';
  dest->bucket_next = *bucket;
  *bucket = dest;
  return dest;
}

void msim__mail_queue_drop_dest(struct msim__mail_queue *queue, struct msim__mail_dest *dest)
{
  struct msim__mail_dest **link = &queue->buckets[dest->hash % MSIM__MAIL_QUEUE_BUCKETS];

  if (dest->entry_count > 0 || dest->user != NULL || dest->fill_count > 0)
    return;
  while (*link != dest)
    link = &(*link)->bucket_next;
  *link = dest->bucket_next;
  msim__free(queue->mem, dest, dest_bytes(dest->domain_bytes));
}

/* ---- entries ---- */

static void free_entry(struct msim__mail_queue *queue, struct msim__mail_entry *entry)
{
  msim__message_unref(entry->message);
  msim__free(queue->mem, entry, entry_bytes(entry->recipient_count));
}

static struct msim__mail_dest *dest_of(struct msim__mail_queue *queue, const struct msim__message *message,
                                       uint32_t index)
{
  struct msim_slice domain = msim__message_domain(message->recipients[index]);

  return find_dest(queue, domain, hash_domain(domain));
}

/* Undoes what add has done to the destinations of the first `count` recipients. */
static void undo_add(struct msim__mail_queue *queue, const struct msim__message *message, const uint32_t *indices,
                     size_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    struct msim__mail_dest *dest = dest_of(queue, message, indices[i]);

    if (dest == NULL || dest->fill_count == 0)
      continue; /* undone with an earlier recipient */
    dest->fill_count = 0;
    if (dest->filling != NULL)
      free_entry(queue, dest->filling);
    dest->filling = NULL;
    msim__mail_queue_drop_dest(queue, dest);
  }
}

static bool have_domains(const struct msim__message *message, const uint32_t *indices, size_t count)
{
  size_t i;

  for (i = 0; i < count; i++)
    if (indices[i] >= message->recipient_count || msim__message_domain(message->recipients[indices[i]]).size_bytes == 0)
      return false;
  return true;
}

/* Finds or makes the destinations, and counts in each how many recipients it gets. */
static int count_recipients(struct msim__mail_queue *queue, const struct msim__message *message,
                            const uint32_t *indices, size_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    struct msim__mail_dest *dest = find_or_make_dest(queue, msim__message_domain(message->recipients[indices[i]]));

    if (dest == NULL)
      return MSIM_ERR_NOMEM;
    dest->fill_count++;
  }
  return MSIM_OK;
}

/* Makes one entry per destination, with room for its recipients. *made becomes their number. */
static int make_entries(struct msim__mail_queue *queue, struct msim__message *message, const uint32_t *indices,
                        size_t count, uint32_t *made)
{
  size_t i;

  *made = 0;
  for (i = 0; i < count; i++) {
    struct msim__mail_dest *dest = dest_of(queue, message, indices[i]);

    if (dest->filling != NULL)
      continue;
    dest->filling = msim__alloc(queue->mem, entry_bytes(dest->fill_count));
    if (dest->filling == NULL)
      return MSIM_ERR_NOMEM;
    memset(dest->filling, 0, entry_bytes(dest->fill_count));
    dest->filling->recipient_count = dest->fill_count;
    dest->filling->dest = dest;
    dest->filling->message = message;
    msim__message_ref(message);
    (*made)++;
  }
  if (*made > MSIM__MAIL_QUEUE_ENTRIES_MAX - queue->entry_count - queue->prepared_count)
    return MSIM_ERR_LIMIT;
  return msim__grow(queue->mem, &queue->heap, &queue->heap_capacity,
                    (size_t)queue->entry_count + queue->prepared_count + *made, MSIM__MAIL_QUEUE_ENTRIES_MAX,
                    sizeof(struct msim__mail_entry *));
}

int msim__mail_queue_prepare(struct msim__mail_queue *queue, struct msim__message *message, const uint32_t *indices,
                             size_t count, msim_ns now_ns, struct msim__mail_batch *out)
{
  struct msim__mail_entry **end = &out->first;
  msim_ns after_ns = queue->first_try_after_ns;
  uint32_t made = 0;
  size_t i;
  int err;

  memset(out, 0, sizeof *out);
  if (!have_domains(message, indices, count))
    return MSIM_ERR_INVALID;
  err = count_recipients(queue, message, indices, count);
  if (err == MSIM_OK)
    err = make_entries(queue, message, indices, count, &made);
  if (err < 0) {
    undo_add(queue, message, indices, count);
    return err;
  }
  for (i = 0; i < count; i++) {
    struct msim__mail_dest *dest = dest_of(queue, message, indices[i]);
    struct msim__mail_entry *entry = dest->filling;

    if (entry->pending_count == 0) {
      entry->number = queue->number_next++;
      entry->queued_ns = now_ns;
      entry->due_ns = after_ns < MSIM_NEVER - now_ns ? now_ns + after_ns : MSIM_NEVER - 1;
      dest->entry_count++;
      *end = entry;
      end = &entry->ready_next;
    }
    entry->targets[entry->pending_count++].index = indices[i];
    if (--dest->fill_count == 0)
      dest->filling = NULL;
  }
  out->count = made;
  queue->prepared_count += made;
  return MSIM_OK;
}

/* Entries stand in the order of their numbers, in which they nearly always come. */
static void link_entry(struct msim__mail_queue *queue, struct msim__mail_entry *entry)
{
  struct msim__mail_entry *before = queue->last;

  while (before != NULL && before->number > entry->number)
    before = before->prev;
  entry->prev = before;
  entry->next = before != NULL ? before->next : queue->first;
  if (entry->next != NULL)
    entry->next->prev = entry;
  else
    queue->last = entry;
  if (before != NULL)
    before->next = entry;
  else
    queue->first = entry;
  queue->entry_count++;
  if (queue->entry_count > queue->entry_count_peak)
    queue->entry_count_peak = queue->entry_count;
  heap_insert(queue, entry);
}

void msim__mail_queue_commit(struct msim__mail_queue *queue, struct msim__mail_batch *batch)
{
  struct msim__mail_entry *entry = batch->first, *next;
  bool any = entry != NULL;

  for (; entry != NULL; entry = next) {
    next = entry->ready_next;
    entry->ready_next = NULL;
    link_entry(queue, entry);
  }
  queue->prepared_count -= batch->count;
  memset(batch, 0, sizeof *batch);
  if (any && queue->wake != NULL)
    queue->wake(queue->wake_ctx);
}

void msim__mail_queue_abandon(struct msim__mail_queue *queue, struct msim__mail_batch *batch)
{
  struct msim__mail_entry *entry = batch->first, *next;

  for (; entry != NULL; entry = next) {
    struct msim__mail_dest *dest = entry->dest;

    next = entry->ready_next;
    dest->entry_count--;
    free_entry(queue, entry);
    msim__mail_queue_drop_dest(queue, dest);
  }
  queue->prepared_count -= batch->count;
  memset(batch, 0, sizeof *batch);
}

int msim__mail_queue_add(struct msim__mail_queue *queue, struct msim__message *message, const uint32_t *indices,
                         size_t count, msim_ns now_ns)
{
  struct msim__mail_batch batch;
  int err = msim__mail_queue_prepare(queue, message, indices, count, now_ns, &batch);

  if (err == MSIM_OK)
    msim__mail_queue_commit(queue, &batch);
  return err;
}

msim_ns msim__mail_queue_next_ns(const struct msim__mail_queue *queue)
{
  return queue->heap_count > 0 ? queue->heap[0]->due_ns : MSIM_NEVER;
}

struct msim__mail_dest *msim__mail_queue_take_due(struct msim__mail_queue *queue, msim_ns now_ns)
{
  struct msim__mail_entry *entry;
  struct msim__mail_dest *dest;

  if (queue->heap_count == 0 || queue->heap[0]->due_ns > now_ns)
    return NULL;
  entry = heap_take(queue);
  dest = entry->dest;
  entry->state = MSIM__MAIL_READY;
  entry->ready_next = NULL;
  if (dest->ready_last != NULL)
    dest->ready_last->ready_next = entry;
  else
    dest->ready_first = entry;
  dest->ready_last = entry;
  return dest;
}

struct msim__mail_entry *msim__mail_queue_start(struct msim__mail_dest *dest)
{
  struct msim__mail_entry *entry = dest->ready_first;
  uint32_t i;

  if (entry == NULL)
    return NULL;
  dest->ready_first = entry->ready_next;
  if (dest->ready_first == NULL)
    dest->ready_last = NULL;
  entry->ready_next = NULL;
  entry->state = MSIM__MAIL_ACTIVE;
  for (i = 0; i < entry->recipient_count; i++)
    entry->targets[i].held = false;
  return entry;
}

void msim__mail_queue_defer(struct msim__mail_queue *queue, struct msim__mail_entry *entry, msim_ns due_ns)
{
  entry->state = MSIM__MAIL_WAITING;
  entry->due_ns = due_ns;
  heap_insert(queue, entry);
  if (queue->changed != NULL)
    queue->changed(queue->changed_ctx, entry, false);
}

void msim__mail_queue_settle(struct msim__mail_entry *entry, uint32_t number)
{
  if (number >= entry->recipient_count || entry->targets[number].settled)
    return;
  entry->targets[number].settled = true;
  entry->pending_count--;
}

void msim__mail_queue_remove(struct msim__mail_queue *queue, struct msim__mail_entry *entry)
{
  struct msim__mail_dest *dest = entry->dest;

  if (queue->changed != NULL)
    queue->changed(queue->changed_ctx, entry, true);
  if (entry->prev != NULL)
    entry->prev->next = entry->next;
  else
    queue->first = entry->next;
  if (entry->next != NULL)
    entry->next->prev = entry->prev;
  else
    queue->last = entry->prev;
  queue->entry_count--;
  dest->entry_count--;
  free_entry(queue, entry);
  msim__mail_queue_drop_dest(queue, dest);
}

void msim__mail_queue_release(struct msim__mail_queue *queue)
{
  struct msim__mail_entry *entry = queue->first, *next;
  struct msim__mem *mem = queue->mem;
  size_t i;

  if (mem == NULL)
    return;
  for (; entry != NULL; entry = next) {
    next = entry->next;
    free_entry(queue, entry);
  }
  for (i = 0; i < MSIM__MAIL_QUEUE_BUCKETS; i++)
    while (queue->buckets[i] != NULL) {
      struct msim__mail_dest *dest = queue->buckets[i];

      queue->buckets[i] = dest->bucket_next;
      msim__free(mem, dest, dest_bytes(dest->domain_bytes));
    }
  msim__free(mem, queue->heap, queue->heap_capacity * sizeof(struct msim__mail_entry *));
  msim__mail_queue_init(queue, mem);
}
