/* spool_write.c: records of the journal, and groups of them onto the disk; see spool.h for the format. */
#include "mail/spool.h"

#include "core/hash.h"

#include <stdio.h>
#include <string.h>

void msim__spool_file_name(uint64_t segment, char *out)
{
  (void)snprintf(out, MSIM__SPOOL_NAME_BYTES, "mail/journal.%010llu", (unsigned long long)(segment % 10000000000u));
}

uint64_t msim__spool_sum(uint64_t segment, struct msim_slice body, uint64_t content_sum)
{
  return msim__hash_join(msim__hash_bytes(segment, body.data, body.size_bytes), content_sum);
}

uint64_t msim__spool_content_sum(struct msim_slice content)
{
  uint64_t sum = msim__hash_bytes(0, content.data, content.size_bytes);

  return content.size_bytes == 0 ? 0 : sum != 0 ? sum : 1;
}

/* ---- numbers and texts ---- */

static void put(struct msim__spool *spool, uint64_t value, unsigned size_bytes)
{
  uint8_t bytes[8];
  unsigned i;

  for (i = 0; i < size_bytes; i++)
    bytes[i] = (uint8_t)(value >> (8 * i));
  (void)msim__buf_append(&spool->buf, bytes, size_bytes);
}

static void put_text(struct msim__spool *spool, const char *text)
{
  size_t size = strlen(text);

  put(spool, size, 4);
  (void)msim__buf_append(&spool->buf, text, size);
}

/* ---- records ---- */

/* Returns where the head stands; it is filled in at the end. */
static size_t begin(struct msim__spool *spool, enum msim__spool_record what)
{
  size_t head = spool->buf.size_bytes;

  put(spool, 0, 8);
  put(spool, 0, 8);
  put(spool, what, 1);
  return head;
}

static void set(uint8_t *at, uint64_t value, unsigned size_bytes)
{
  unsigned i;

  for (i = 0; i < size_bytes; i++)
    at[i] = (uint8_t)(value >> (8 * i));
}

static void seal(struct msim__spool *spool, size_t head, size_t content_bytes, uint64_t content_sum)
{
  struct msim_slice body;
  uint8_t *at;

  if (spool->buf.err != 0)
    return;
  at = (uint8_t *)spool->buf.data + head;
  body.data = at + MSIM__SPOOL_HEAD_BYTES;
  body.size_bytes = spool->buf.size_bytes - head - MSIM__SPOOL_HEAD_BYTES;
  set(at, body.size_bytes, 4);
  set(at + 4, content_bytes, 4);
  set(at + 8, msim__spool_sum(spool->segment, body, content_sum), 8);
}

static void end(struct msim__spool *spool, size_t head)
{
  seal(spool, head, 0, 0);
}

/* What is in the buffer goes onto the disk; the group may go on. */
static void hand_over(struct msim__spool *spool)
{
  int err = spool->err != 0 ? spool->err : spool->buf.err;

  if (err == 0 && spool->buf.size_bytes > 0)
    err = msim_disk_append(spool->disk, spool->name, spool->buf.data, spool->buf.size_bytes);
  spool->err = err;
  msim__buf_clear(&spool->buf);
}

static void put_message(struct msim__spool *spool, struct msim__message *message)
{
  unsigned bits = (message->eight_bit ? MSIM__SPOOL_EIGHT_BIT : 0) | (message->smtputf8 ? MSIM__SPOOL_UTF8 : 0) |
                  (message->binary ? MSIM__SPOOL_BINARY : 0) | (message->dsn != NULL ? MSIM__SPOOL_DSN : 0) |
                  (message->return_path[0] == '\0' ? MSIM__SPOOL_BARE : 0);
  struct msim_slice content = {NULL, 0};
  size_t head;
  uint32_t i;

  if (message->spool_mark == spool->mark)
    return;
  message->spool_mark = spool->mark;
  message->spool_id = spool->message_next++;
  head = begin(spool, MSIM__SPOOL_MESSAGE);
  put(spool, message->spool_id, 8);
  put_text(spool, message->label);
  put_text(spool, message->reverse_path);
  put(spool, message->size_bytes, 8);
  put(spool, bits, 1);
  put(spool, message->ret, 1);
  put_text(spool, message->envid != NULL ? message->envid : "");
  put(spool, message->recipient_count, 4);
  for (i = 0; i < message->recipient_count; i++) {
    put_text(spool, message->recipients[i]);
    if (message->dsn == NULL)
      continue;
    put(spool, message->dsn[i].notify, 4);
    put_text(spool, message->dsn[i].orcpt);
  }
  if (message->content != NULL)
    content = msim_blob_bytes(message->content);
  if (message->spool_sum == 0)
    message->spool_sum = msim__spool_content_sum(content);
  seal(spool, head, content.size_bytes, message->spool_sum);
  hand_over(spool); /* the content goes by reference */
  if (spool->err == 0 && content.size_bytes > 0)
    spool->err = msim_disk_append_blob(spool->disk, spool->name, message->content);
}

void msim__spool_put_entry(struct msim__spool *spool, const struct msim__mail_entry *entry)
{
  size_t head;
  uint32_t i;

  put_message(spool, entry->message);
  head = begin(spool, MSIM__SPOOL_ENTRY);
  put(spool, entry->number, 8);
  put(spool, entry->message->spool_id, 8);
  put(spool, entry->queued_ns, 8);
  put(spool, entry->due_ns, 8);
  put(spool, entry->attempt_count, 4);
  put(spool, entry->warned, 1);
  put_text(spool, entry->reply);
  put(spool, entry->recipient_count, 4);
  for (i = 0; i < entry->recipient_count; i++) {
    put(spool, entry->targets[i].index, 4);
    put(spool, entry->targets[i].settled, 1);
  }
  end(spool, head);
}

void msim__spool_put_left(struct msim__spool *spool, uint64_t number)
{
  size_t head = begin(spool, MSIM__SPOOL_LEFT);

  put(spool, number, 8);
  end(spool, head);
}

void msim__spool_put_mailbox(struct msim__spool *spool, struct msim__mailbox *box)
{
  if (box->spool_mark != spool->mark)
    msim__spool_put_mailbox_again(spool, box);
}

void msim__spool_put_mailbox_again(struct msim__spool *spool, struct msim__mailbox *box)
{
  size_t head, i;

  if (box->spool_mark != spool->mark) {
    box->spool_mark = spool->mark;
    box->spool_id = spool->box_next++;
  }
  head = begin(spool, MSIM__SPOOL_MAILBOX);
  put(spool, box->spool_id, 8);
  put_text(spool, box->name);
  put(spool, box->uid_validity, 4);
  put(spool, box->uid_next, 4);
  put(spool, box->modseq_highest, 8);
  put(spool, box->marks, 4);
  put_text(spool, box->title != NULL ? box->title : "");
  put(spool, box->keyword_count, 4);
  for (i = 0; i < box->keyword_count; i++)
    put_text(spool, box->keywords[i]);
  put(spool, box->gone_since, 8);
  end(spool, head);
}

/* Behind the mailbox itself. */
void msim__spool_put_gone(struct msim__spool *spool, const struct msim__mailbox *box)
{
  size_t head, i;

  if (box->gone_count == 0)
    return;
  head = begin(spool, MSIM__SPOOL_GONE);
  put(spool, box->spool_id, 8);
  put(spool, box->gone_count, 4);
  for (i = 0; i < box->gone_count; i++) {
    put(spool, box->gone[i].first, 4);
    put(spool, box->gone[i].last, 4);
    put(spool, box->gone[i].modseq, 8);
  }
  end(spool, head);
}

void msim__spool_put_item(struct msim__spool *spool, struct msim__mailbox *box, uint32_t uid,
                          struct msim__message *message, int64_t added_unix_s, uint32_t flags, uint64_t modseq)
{
  size_t head;

  msim__spool_put_mailbox(spool, box);
  put_message(spool, message);
  head = begin(spool, MSIM__SPOOL_ITEM);
  put(spool, box->spool_id, 8);
  put(spool, uid, 4);
  put(spool, message->spool_id, 8);
  put(spool, (uint64_t)added_unix_s, 8);
  put(spool, flags, 4);
  put(spool, modseq, 8);
  end(spool, head);
}

void msim__spool_put_removed(struct msim__spool *spool, struct msim__mailbox *box, uint32_t uid, uint64_t modseq)
{
  size_t head;

  msim__spool_put_mailbox(spool, box);
  head = begin(spool, MSIM__SPOOL_REMOVED);
  put(spool, box->spool_id, 8);
  put(spool, uid, 4);
  put(spool, modseq, 8);
  end(spool, head);
}

void msim__spool_put_file(struct msim__spool *spool)
{
  size_t head = begin(spool, MSIM__SPOOL_FILE);

  put(spool, MSIM__SPOOL_VERSION, 4);
  put(spool, spool->segment, 8);
  end(spool, head);
}

void msim__spool_put_whole(struct msim__spool *spool)
{
  size_t head = begin(spool, MSIM__SPOOL_WHOLE);

  put(spool, spool->queue->number_next, 8);
  end(spool, head);
}

/* The last record of a buffer: none of them has content, for content is handed over at once. */
static void mark_group_end(struct msim__spool *spool)
{
  struct msim_slice body;
  size_t at = 0, last = 0;
  uint8_t *head;

  while (at < spool->buf.size_bytes) {
    const uint8_t *p = (const uint8_t *)spool->buf.data + at;

    last = at;
    at += MSIM__SPOOL_HEAD_BYTES + ((size_t)p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24);
  }
  head = (uint8_t *)spool->buf.data + last;
  head[MSIM__SPOOL_HEAD_BYTES] |= MSIM__SPOOL_GROUP_END;
  body.data = head + MSIM__SPOOL_HEAD_BYTES;
  body.size_bytes = spool->buf.size_bytes - last - MSIM__SPOOL_HEAD_BYTES;
  set(head + 8, msim__spool_sum(spool->segment, body, 0), 8);
}

int msim__spool_flush(struct msim__spool *spool)
{
  uint64_t size_bytes = 0;
  int err;

  if (spool->err == 0 && spool->buf.err == 0 && spool->buf.size_bytes > 0)
    mark_group_end(spool);
  hand_over(spool);
  err = spool->err;
  spool->err = 0;
  if (err == 0) {
    (void)msim_disk_size(spool->disk, spool->name, &spool->size_bytes);
    return 0;
  }
  /* Half a group would be taken for the beginning of the next one. Who was written in it is written anew. */
  spool->mark++;
  if (msim_disk_size(spool->disk, spool->name, &size_bytes) == 0 && size_bytes > spool->size_bytes)
    (void)msim_disk_truncate(spool->disk, spool->name, spool->size_bytes);
  return err;
}
