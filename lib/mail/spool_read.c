/* spool_read.c: a journal read back into queue and mailboxes; see spool.h for the format.
 *
 * In two steps: first where the last word on each message, entry and item stands; then these are made. Trusts nothing:
 * what cannot be read ends the journal, what speaks of the unknown is left out. */
#include "mail/folders.h"
#include "mail/spool.h"

#include <string.h>

#define SLOTS_MAX (1u << 26)
#define MODSEQ_END (UINT64_C(1) << 62) /* RFC 7162 7: 63 bits; we write none near that */

/* Where the record of a key begins. */
struct slot {
  uint64_t key, at_bytes;
  void *made;
  bool gone;
};

struct table {
  struct slot *slots; /* by key */
  size_t count, capacity;
};

struct record {
  uint64_t at_bytes;
  struct msim_slice body; /* without its first byte; in reader->body */
  uint32_t content_bytes;
  uint8_t what;
  bool ends_group;
};

struct reader {
  struct msim__spool *spool;
  const char *name;
  uint64_t segment, size_bytes;
  uint8_t *body;
  size_t body_capacity;
  struct table messages, entries, boxes, items; /* items by id of the mailbox and uid */
  struct table gones;                           /* by id of the mailbox */
  struct table group;                           /* of the group being read: at_bytes, in their order */
  uint64_t number_next;
  bool whole;
};

/* A record's body as it is taken apart; anything behind its end reads as 0 and is told by wrong. */
struct cursor {
  struct msim_slice rest;
  bool wrong;
};

static uint64_t take(struct cursor *c, unsigned size_bytes)
{
  uint64_t value = 0;
  unsigned i;

  if (c->rest.size_bytes < size_bytes) {
    c->wrong = true;
    return 0;
  }
  for (i = 0; i < size_bytes; i++)
    value |= (uint64_t)c->rest.data[i] << (8 * i);
  c->rest.data += size_bytes;
  c->rest.size_bytes -= size_bytes;
  return value;
}

/* Without NUL: texts are terminated in memory, and what has one was not written by us. */
static struct msim_slice take_text(struct cursor *c)
{
  struct msim_slice text = {c->rest.data, (size_t)take(c, 4)};

  text.data = c->rest.data;
  if (text.size_bytes > c->rest.size_bytes || (text.size_bytes > 0 && memchr(text.data, 0, text.size_bytes) != NULL)) {
    c->wrong = true;
    text.size_bytes = 0;
  }
  c->rest.data += text.size_bytes;
  c->rest.size_bytes -= text.size_bytes;
  return text;
}

/* ---- tables ---- */

static size_t place_of(const struct table *table, uint64_t key)
{
  size_t low = 0, high = table->count;

  if (high > 0 && table->slots[high - 1].key < key)
    return high; /* nearly always */
  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (table->slots[middle].key < key)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static struct slot *find(const struct table *table, uint64_t key)
{
  size_t at = place_of(table, key);

  return at < table->count && table->slots[at].key == key ? &table->slots[at] : NULL;
}

static int enter(struct reader *r, struct table *table, uint64_t key, uint64_t at_bytes, bool gone)
{
  size_t at = place_of(table, key);
  int err;

  if (at == table->count || table->slots[at].key != key) {
    err = msim__grow(r->spool->mem, &table->slots, &table->capacity, table->count + 1, SLOTS_MAX, sizeof *table->slots);
    if (err != MSIM_OK)
      return MSIM_ERR_NOMEM;
    memmove(&table->slots[at + 1], &table->slots[at], (table->count - at) * sizeof *table->slots);
    table->count++;
  }
  table->slots[at] = (struct slot){key, at_bytes, NULL, gone};
  return MSIM_OK;
}

static void release_table(struct reader *r, struct table *table)
{
  msim__free(r->spool->mem, table->slots, table->capacity * sizeof *table->slots);
  memset(table, 0, sizeof *table);
}

static void release(struct reader *r)
{
  release_table(r, &r->messages);
  release_table(r, &r->entries);
  release_table(r, &r->boxes);
  release_table(r, &r->items);
  release_table(r, &r->gones);
  release_table(r, &r->group);
  msim__free(r->spool->mem, r->body, r->body_capacity);
  r->body = NULL;
  r->body_capacity = 0;
}

/* ---- records ---- */

static bool sum_fits(struct reader *r, const struct record *record, struct msim_slice body, uint64_t sum)
{
  struct msim_blob *blob;
  bool fits;

  if (record->content_bytes == 0)
    return msim__spool_sum(r->segment, body, 0) == sum;
  blob = msim_disk_read_blob(r->spool->disk, r->name, record->at_bytes + MSIM__SPOOL_HEAD_BYTES + body.size_bytes,
                             record->content_bytes);
  if (blob == NULL)
    return false;
  fits = msim__spool_sum(r->segment, body, msim__spool_content_sum(msim_blob_bytes(blob))) == sum;
  msim_blob_unref(blob);
  return fits;
}

/* 1: a record; 0: the journal ends here; MSIM_ERR_NOMEM. */
static int read_record(struct reader *r, uint64_t at_bytes, struct record *out)
{
  uint8_t head[MSIM__SPOOL_HEAD_BYTES];
  struct cursor c = {{head, sizeof head}, false};
  struct msim_slice body;
  uint64_t body_bytes, sum;
  size_t got;

  if (msim_disk_read(r->spool->disk, r->name, at_bytes, head, sizeof head, &got) != MSIM_OK || got < sizeof head)
    return 0;
  body_bytes = take(&c, 4);
  out->at_bytes = at_bytes;
  out->content_bytes = (uint32_t)take(&c, 4);
  sum = take(&c, 8);
  if (body_bytes == 0 || body_bytes > MSIM__SPOOL_BODY_BYTES_MAX ||
      body_bytes + out->content_bytes > r->size_bytes - at_bytes - sizeof head)
    return 0;
  if (msim__grow(r->spool->mem, &r->body, &r->body_capacity, (size_t)body_bytes, SIZE_MAX / 2, 1) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  (void)msim_disk_read(r->spool->disk, r->name, at_bytes + sizeof head, r->body, (size_t)body_bytes, &got);
  body.data = r->body;
  body.size_bytes = (size_t)body_bytes;
  if (got != body_bytes || !sum_fits(r, out, body, sum))
    return 0;
  out->what = r->body[0] & (uint8_t)~MSIM__SPOOL_GROUP_END;
  out->ends_group = (r->body[0] & MSIM__SPOOL_GROUP_END) != 0;
  out->body.data = r->body + 1;
  out->body.size_bytes = (size_t)body_bytes - 1;
  return 1;
}

static uint64_t item_key(uint64_t box_id, uint64_t uid)
{
  return box_id << 32 | uid;
}

/* One record of a whole group. */
static int note(struct reader *r, const struct record *record)
{
  struct cursor c = {record->body, false};
  uint64_t first = take(&c, 8), uid;

  switch (record->what) {
  case MSIM__SPOOL_MESSAGE:
    return enter(r, &r->messages, first, record->at_bytes, false);
  case MSIM__SPOOL_ENTRY:
    return enter(r, &r->entries, first, record->at_bytes, false);
  case MSIM__SPOOL_LEFT:
    return enter(r, &r->entries, first, 0, true);
  case MSIM__SPOOL_MAILBOX:
    return enter(r, &r->boxes, first, record->at_bytes, false);
  case MSIM__SPOOL_ITEM:
  case MSIM__SPOOL_REMOVED:
    uid = take(&c, 4);
    return enter(r, &r->items, item_key(first, uid), record->at_bytes, record->what == MSIM__SPOOL_REMOVED);
  case MSIM__SPOOL_GONE:
    return enter(r, &r->gones, first, record->at_bytes, false);
  case MSIM__SPOOL_WHOLE:
    r->whole = true;
    r->number_next = first;
    return MSIM_OK;
  default: /* the file's own record, and what a later version may add */
    return MSIM_OK;
  }
}

static int note_group(struct reader *r)
{
  struct record record;
  size_t i;
  int got;

  for (i = 0; i < r->group.count; i++) {
    got = read_record(r, r->group.slots[i].at_bytes, &record);
    if (got == 1)
      got = note(r, &record);
    if (got < 0)
      return got;
  }
  r->group.count = 0;
  return MSIM_OK;
}

static bool is_known_version(const struct record *record, uint64_t segment)
{
  struct cursor c = {record->body, false};

  return record->what == MSIM__SPOOL_FILE && take(&c, 4) == MSIM__SPOOL_VERSION && take(&c, 8) == segment && !c.wrong;
}

/* Finds the last word on everything in one file. 0 or MSIM_ERR_NOMEM. */
static int scan(struct reader *r)
{
  struct record record;
  uint64_t at_bytes = 0;
  int got;

  if (msim_disk_size(r->spool->disk, r->name, &r->size_bytes) != MSIM_OK)
    return MSIM_OK;
  while ((got = read_record(r, at_bytes, &record)) == 1) {
    uint64_t next = at_bytes + MSIM__SPOOL_HEAD_BYTES + 1 + record.body.size_bytes + record.content_bytes;

    if (at_bytes == 0 && !is_known_version(&record, r->segment))
      return MSIM_OK;
    got = enter(r, &r->group, at_bytes, at_bytes, false);
    if (got == MSIM_OK && record.ends_group)
      got = note_group(r);
    if (got != MSIM_OK)
      return got;
    at_bytes = next;
  }
  return got;
}

/* ---- making ---- */

/* The table of recipients; texts that want a final zero are put into one buffer. */
static int take_recipients(struct msim__message_opts *opts, struct msim_slice *recipients,
                           struct msim__dsn_recipient *dsn, struct msim__buf *texts, struct cursor *c, uint32_t count)
{
  size_t i;

  for (i = 0; i < count; i++) {
    struct msim_slice orcpt;

    recipients[i] = take_text(c);
    if (dsn == NULL)
      continue;
    dsn[i].notify = (unsigned)take(c, 4);
    orcpt = take_text(c);
    dsn[i].orcpt = (const char *)(uintptr_t)texts->size_bytes; /* an offset until texts stays where it is */
    (void)msim__buf_append(texts, orcpt.data, orcpt.size_bytes);
    (void)msim__buf_append_byte(texts, '\0');
  }
  for (i = 0; dsn != NULL && i < count && texts->err == 0; i++)
    dsn[i].orcpt = texts->data + (uintptr_t)dsn[i].orcpt;
  opts->recipients = recipients;
  opts->recipient_count = count;
  opts->dsn = dsn;
  return texts->err;
}

/* The message of a record, with one reference. *out NULL: it cannot be made of it. 0 or MSIM_ERR_NOMEM. */
static int make_message(struct reader *r, const struct record *record, struct msim__message **out)
{
  struct msim__mem *mem = r->spool->mem;
  struct cursor c = {record->body, false};
  struct msim__message_opts opts = {0};
  struct msim_slice *recipients = NULL, envid;
  struct msim__dsn_recipient *dsn = NULL;
  struct msim__buf texts;
  unsigned bits;
  uint32_t count;
  int err = MSIM_OK;

  *out = NULL;
  msim__buf_init(&texts, mem, MSIM__SPOOL_BODY_BYTES_MAX);
  (void)take(&c, 8);
  opts.label = take_text(&c);
  opts.reverse_path = take_text(&c);
  opts.size_bytes = take(&c, 8);
  bits = (unsigned)take(&c, 1);
  opts.ret = (enum msim__dsn_ret)take(&c, 1);
  envid = take_text(&c);
  count = (uint32_t)take(&c, 4);
  if (c.wrong || count > MSIM__MESSAGE_RECIPIENTS_MAX || count > c.rest.size_bytes / 4)
    return MSIM_OK;
  opts.eight_bit = (bits & MSIM__SPOOL_EIGHT_BIT) != 0;
  opts.smtputf8 = (bits & MSIM__SPOOL_UTF8) != 0;
  opts.binary = (bits & MSIM__SPOOL_BINARY) != 0;
  opts.bare = (bits & MSIM__SPOOL_BARE) != 0;
  (void)msim__buf_append(&texts, envid.data, envid.size_bytes);
  (void)msim__buf_append_byte(&texts, '\0');
  if (count > 0) {
    recipients = msim__alloc_zeroed(mem, count, sizeof *recipients);
    dsn = (bits & MSIM__SPOOL_DSN) != 0 ? msim__alloc_zeroed(mem, count, sizeof *dsn) : NULL;
    if (recipients == NULL || (dsn == NULL && (bits & MSIM__SPOOL_DSN) != 0))
      err = MSIM_ERR_NOMEM;
  }
  if (err == MSIM_OK)
    err = take_recipients(&opts, recipients, dsn, &texts, &c, count);
  opts.envid = texts.data;
  if (err == MSIM_OK && !c.wrong && record->content_bytes > 0) {
    opts.content = msim_disk_read_blob(r->spool->disk, r->name,
                                       record->at_bytes + MSIM__SPOOL_HEAD_BYTES + 1 + record->body.size_bytes,
                                       record->content_bytes);
    err = opts.content == NULL ? MSIM_ERR_NOMEM : MSIM_OK;
  }
  if (err == MSIM_OK && !c.wrong) {
    *out = msim__message_new(mem, &opts);
    err = *out == NULL ? MSIM_ERR_NOMEM : MSIM_OK;
  }
  msim_blob_unref(opts.content);
  msim__free(mem, recipients, count * sizeof *recipients);
  msim__free(mem, dsn, dsn != NULL ? count * sizeof *dsn : 0);
  msim__buf_release(&texts);
  return err;
}

/* The message of an id, made when first asked for; the table has its reference. */
static int message_of(struct reader *r, uint64_t id, struct msim__message **out)
{
  struct slot *slot = find(&r->messages, id);
  struct record record;
  int got;

  *out = NULL;
  if (slot == NULL)
    return MSIM_OK;
  if (slot->made == NULL) {
    got = read_record(r, slot->at_bytes, &record);
    if (got != 1)
      return got;
    got = make_message(r, &record, out);
    slot->made = *out;
    return got;
  }
  *out = slot->made;
  return MSIM_OK;
}

static void set_entry(struct msim__mail_entry *entry, const struct cursor *targets, uint32_t count)
{
  struct cursor c = *targets;
  uint32_t i;

  for (i = 0; i < count && i < entry->recipient_count; i++) {
    (void)take(&c, 4);
    if (take(&c, 1) != 0)
      msim__mail_queue_settle(entry, i);
  }
}

static int make_entry(struct reader *r, const struct slot *slot)
{
  struct msim__mail_queue *queue = r->spool->queue;
  struct msim__mail_batch batch;
  struct msim__message *message;
  struct record record;
  struct cursor c, targets;
  struct msim_slice reply;
  uint64_t id, queued_ns, due_ns, attempt_count;
  uint32_t *indices, count, i;
  bool warned;
  int err = read_record(r, slot->at_bytes, &record);

  if (err != 1)
    return err;
  c = (struct cursor){record.body, false};
  (void)take(&c, 8);
  id = take(&c, 8);
  queued_ns = take(&c, 8);
  due_ns = take(&c, 8);
  attempt_count = take(&c, 4);
  warned = take(&c, 1) != 0;
  reply = take_text(&c);
  count = (uint32_t)take(&c, 4);
  if (c.wrong || count == 0 || count > c.rest.size_bytes / 5 || reply.size_bytes >= MSIM__MAIL_REPLY_BYTES_MAX)
    return MSIM_OK;
  /* making the message reads another record over this one */
  indices = msim__alloc(r->spool->mem, count * sizeof *indices + reply.size_bytes + count * 5u);
  if (indices == NULL)
    return MSIM_ERR_NOMEM;
  memcpy(indices + count, c.rest.data, count * 5u);
  if (reply.size_bytes > 0)
    memcpy((uint8_t *)(indices + count) + count * 5u, reply.data, reply.size_bytes);
  c.rest.data = (const uint8_t *)(indices + count);
  targets = c;
  for (i = 0; i < count; i++) {
    indices[i] = (uint32_t)take(&c, 4);
    (void)take(&c, 1);
  }
  err = message_of(r, id, &message);
  if (err == MSIM_OK && message != NULL)
    err = msim__mail_queue_prepare(queue, message, indices, count, queued_ns, &batch);
  if (err == MSIM_OK && message != NULL && batch.count == 1) {
    struct msim__mail_entry *entry = batch.first;

    entry->number = slot->key;
    entry->due_ns = due_ns;
    entry->attempt_count = (unsigned)attempt_count;
    entry->warned = warned;
    memcpy(entry->reply, (uint8_t *)(indices + count) + count * 5u, reply.size_bytes);
    entry->reply[reply.size_bytes] = '\0';
    set_entry(entry, &targets, count);
    if (entry->pending_count > 0)
      msim__mail_queue_commit(queue, &batch);
    else
      msim__mail_queue_abandon(queue, &batch);
  } else if (err == MSIM_OK && message != NULL) {
    msim__mail_queue_abandon(queue, &batch); /* of several domains: we do not write such */
  }
  msim__free(r->spool->mem, indices, count * sizeof *indices + reply.size_bytes + count * 5u);
  return err == MSIM_ERR_INVALID ? MSIM_OK : err;
}

/* What a mailbox has beyond its name and numbers; earlier versions have written none of it. */
static int make_folder(struct msim__mailbox *box, struct cursor *c)
{
  struct msim_slice title;
  uint64_t modseq = take(c, 8), count;
  unsigned marks = (unsigned)take(c, 4);
  int err;

  title = take_text(c);
  count = take(c, 4);
  if (c->wrong)
    return MSIM_OK;
  if (modseq > box->modseq_highest && modseq < MODSEQ_END)
    box->modseq_highest = modseq;
  box->marks = marks;
  for (; count > 0 && !c->wrong; count--) {
    struct msim_slice keyword = take_text(c);

    if (c->wrong || keyword.size_bytes == 0 || keyword.size_bytes > MSIM__KEYWORD_BYTES_MAX ||
        box->keyword_count == MSIM__KEYWORDS_MAX)
      break; /* we do not write such */
    if (msim__store_keyword(box, keyword, true) == 0)
      return MSIM_ERR_NOMEM;
  }
  box->gone_since = c->rest.size_bytes >= 8 ? take(c, 8) : modseq; /* earlier versions have forgotten everything */
  err = title.size_bytes > 0 ? msim__folder_join(box, title) : MSIM_OK;
  return err == MSIM_ERR_LIMIT ? MSIM_OK : err; /* likewise */
}

static int make_box(struct reader *r, struct slot *slot)
{
  struct msim__mailbox *box;
  struct record record;
  struct msim_slice name;
  struct cursor c;
  uint32_t uid_validity, uid_next;
  int got = read_record(r, slot->at_bytes, &record);

  if (got != 1)
    return got;
  c = (struct cursor){record.body, false};
  (void)take(&c, 8);
  name = take_text(&c);
  uid_validity = (uint32_t)take(&c, 4);
  uid_next = (uint32_t)take(&c, 4);
  if (c.wrong || name.size_bytes == 0)
    return MSIM_OK;
  box = msim__store_open(r->spool->store, (const char *)name.data, name.size_bytes);
  if (box == NULL)
    return MSIM_ERR_NOMEM;
  box->uid_validity = uid_validity;
  if (uid_validity > r->spool->store->uid_validity)
    r->spool->store->uid_validity = uid_validity;
  if (uid_next > box->uid_next)
    box->uid_next = uid_next;
  box->spool_mark = MSIM__SPOOL_MARK_OLD;
  slot->made = box;
  return c.rest.size_bytes > 0 ? make_folder(box, &c) : MSIM_OK;
}

static int make_gone(struct reader *r, const struct slot *slot)
{
  const struct slot *box_slot = find(&r->boxes, slot->key);
  struct msim__mailbox *box = box_slot != NULL ? box_slot->made : NULL;
  struct record record;
  struct cursor c;
  uint32_t count;
  int got = box != NULL ? read_record(r, slot->at_bytes, &record) : 0;

  if (got != 1)
    return got;
  c = (struct cursor){record.body, false};
  (void)take(&c, 8);
  for (count = (uint32_t)take(&c, 4); count > 0 && c.rest.size_bytes >= 16; count--) {
    uint32_t first = (uint32_t)take(&c, 4), last = (uint32_t)take(&c, 4);
    uint64_t modseq = take(&c, 8);

    if (first > 0 && first <= last && modseq < MODSEQ_END)
      msim__store_note_gone(box, first, last, modseq);
  }
  return MSIM_OK;
}

static int make_removed(struct reader *r, struct msim__mailbox *box, const struct slot *slot)
{
  struct record record;
  struct cursor c;
  uint64_t modseq;
  int got = read_record(r, slot->at_bytes, &record);

  if (got != 1)
    return got;
  c = (struct cursor){record.body, false};
  (void)take(&c, 8);
  (void)take(&c, 4);
  modseq = c.rest.size_bytes >= 8 ? take(&c, 8) : box->modseq_highest;
  if (modseq >= MODSEQ_END)
    return MSIM_OK; /* we write no such */
  if (modseq > box->modseq_highest)
    box->modseq_highest = modseq;
  msim__store_note_gone(box, (uint32_t)slot->key, (uint32_t)slot->key, modseq);
  return MSIM_OK;
}

static int make_item(struct reader *r, const struct slot *slot)
{
  const struct slot *box_slot = find(&r->boxes, slot->key >> 32);
  struct msim__mailbox *box = box_slot != NULL ? box_slot->made : NULL;
  uint32_t uid = (uint32_t)slot->key, unused, uid_next;
  struct msim__mailbox_item item;
  struct msim__message *message;
  struct record record;
  struct cursor c;
  uint64_t id;
  int err;

  if (box == NULL || uid == UINT32_MAX)
    return MSIM_OK;
  if (uid >= box->uid_next)
    box->uid_next = uid + 1; /* never used twice, also when it is gone */
  if (slot->gone)
    return make_removed(r, box, slot);
  if (msim__store_index_of(box, uid) < box->count) /* twice: by two ids of one name */
    return MSIM_OK;
  err = read_record(r, slot->at_bytes, &record);
  if (err != 1)
    return err;
  c = (struct cursor){record.body, false};
  (void)take(&c, 8);
  (void)take(&c, 4);
  id = take(&c, 8);
  memset(&item, 0, sizeof item);
  item.added_unix_s = (int64_t)take(&c, 8);
  item.flags = (uint32_t)take(&c, 4);
  item.modseq = c.rest.size_bytes >= 8 ? take(&c, 8) : 1;
  if (item.modseq >= MODSEQ_END)
    item.modseq = 1;
  err = c.wrong ? MSIM_OK : message_of(r, id, &message);
  if (c.wrong || err != MSIM_OK || message == NULL)
    return err;
  uid_next = box->uid_next;
  box->uid_next = 1; /* it has its number: room is what is asked for */
  err = msim__store_reserve(box, &unused);
  box->uid_next = uid_next;
  if (err != MSIM_OK)
    return err == MSIM_ERR_LIMIT ? MSIM_OK : err; /* numbers beyond those that are given: we do not write such */
  item.message = message;
  item.uid = uid;
  msim__store_put_item(box, &item);
  return MSIM_OK;
}

static int make_all(struct reader *r)
{
  size_t i;
  int err = MSIM_OK;

  for (i = 0; i < r->boxes.count && err == MSIM_OK; i++)
    err = make_box(r, &r->boxes.slots[i]);
  for (i = 0; i < r->gones.count && err == MSIM_OK; i++)
    err = make_gone(r, &r->gones.slots[i]);
  for (i = 0; i < r->items.count && err == MSIM_OK; i++)
    err = make_item(r, &r->items.slots[i]);
  for (i = 0; i < r->entries.count && err == MSIM_OK; i++) {
    if (r->entries.slots[i].key >= r->number_next)
      r->number_next = r->entries.slots[i].key + 1;
    if (!r->entries.slots[i].gone)
      err = make_entry(r, &r->entries.slots[i]);
  }
  if (r->number_next > r->spool->queue->number_next)
    r->spool->queue->number_next = r->number_next;
  for (i = 0; i < r->messages.count; i++)
    msim__message_unref(r->messages.slots[i].made);
  return err;
}

/* ---- files ---- */

/* The number in a name; 0: it is no journal's. */
static uint64_t number_of(const char *name)
{
  uint64_t number = 0;
  size_t i;

  if (strncmp(name, "mail/journal.", 13) != 0 || strlen(name) != 23)
    return 0;
  for (i = 13; i < 23; i++) {
    if (name[i] < '0' || name[i] > '9')
      return 0;
    number = number * 10 + (uint64_t)(name[i] - '0');
  }
  return number;
}

int msim__spool_read(struct msim__spool *spool, uint64_t *segment)
{
  const char *name = "mail/journal.";
  char own_name[MSIM__SPOOL_NAME_BYTES];
  uint64_t number;
  int err = MSIM_OK;

  *segment = 0;
  while ((name = msim_disk_next(spool->disk, name)) != NULL && strncmp(name, "mail/journal.", 13) == 0)
    if (number_of(name) > *segment)
      *segment = number_of(name);
  for (number = *segment; number > 0 && err == MSIM_OK; number--) {
    struct reader r = {.spool = spool, .name = own_name, .segment = number};
    uint64_t size_bytes;
    bool whole;

    msim__spool_file_name(number, own_name);
    if (msim_disk_size(spool->disk, own_name, &size_bytes) != MSIM_OK)
      break; /* numbers have no gaps but behind what was removed */
    err = scan(&r);
    whole = r.whole;
    if (err == MSIM_OK && whole)
      err = make_all(&r);
    release(&r);
    if (whole)
      break;
  }
  return err == MSIM_ERR_LIMIT ? MSIM_ERR_NOMEM : err;
}
