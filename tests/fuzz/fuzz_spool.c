/* fuzz_spool.c: journals of mail whose checksums are right and whose records say anything: they are read without harm,
 * and what was made of them is written down and read again as the same. Input: records, as kind, length and bytes. */
#include "fuzz.h"

#include <mailsim/mailsim.h>

#include "mail/spool.h"

#define NAME "mail/journal.0000000003"
#define SEGMENT 3u
#define RECORDS_MAX 200u

struct mail {
  struct msim__mem mem;
  struct msim__mail_queue queue;
  struct msim__store store;
  struct msim__spool spool;
};

static void set(uint8_t *at, uint64_t value, unsigned size_bytes)
{
  unsigned i;

  for (i = 0; i < size_bytes; i++)
    at[i] = (uint8_t)(value >> (8 * i));
}

static void put(struct msim_disk *disk, const uint8_t *body, size_t body_bytes, size_t content_bytes)
{
  uint8_t head[MSIM__SPOOL_HEAD_BYTES], content[64];
  struct msim_slice slice = {content, content_bytes};

  memset(content, 'x', sizeof content);
  set(head, body_bytes, 4);
  set(head + 4, content_bytes, 4);
  set(head + 8, msim__spool_sum(SEGMENT, fuzz_slice_of(body, body_bytes), msim__spool_content_sum(slice)), 8);
  FUZZ_CHECK(msim_disk_append(disk, NAME, head, sizeof head) == 0);
  FUZZ_CHECK(msim_disk_append(disk, NAME, body, body_bytes) == 0);
  if (content_bytes > 0)
    FUZZ_CHECK(msim_disk_append(disk, NAME, content, content_bytes) == 0);
}

static void open_mail(struct mail *m, struct msim_node *node)
{
  memset(m, 0, sizeof *m);
  msim__mem_init(&m->mem, NULL);
  msim__mail_queue_init(&m->queue, &m->mem);
  msim__store_init(&m->store, &m->mem);
  FUZZ_CHECK(msim__spool_open(&m->spool, node, &m->mem, &m->queue, &m->store) == 0);
}

static void close_mail(struct mail *m)
{
  msim__spool_close(&m->spool);
  msim__mail_queue_release(&m->queue);
  msim__store_release(&m->store);
  FUZZ_CHECK(m->mem.block_count == 0);
}

/* What there is, as one number. */
static uint64_t state_of(const struct mail *m)
{
  const struct msim__mail_entry *entry;
  const struct msim__mailbox *box;
  uint64_t sum = 0, before = 0;
  size_t i, k;

  for (entry = m->queue.first; entry != NULL; entry = entry->next) {
    FUZZ_CHECK(entry == m->queue.first || entry->number >= before);
    FUZZ_CHECK(entry->pending_count > 0 && entry->pending_count <= entry->recipient_count);
    before = entry->number;
    sum = sum * 31 + entry->number + entry->due_ns * 3 + entry->pending_count * 7 + entry->attempt_count * 11 +
          strlen(entry->message->reverse_path) * 13 + strlen(entry->reply) * 17;
  }
  for (i = 0; (box = msim__store_at(&m->store, i)) != NULL; i++) {
    sum = sum * 31 + box->uid_next + box->uid_validity * 3 + box->count * 5 + box->reserved_count;
    for (k = 0; k < box->count; k++) {
      FUZZ_CHECK(box->items[k].uid < box->uid_next);
      sum = sum * 31 + box->items[k].uid + box->items[k].flags * 3 + strlen(box->items[k].message->label);
    }
  }
  return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  static const uint8_t file[] = {MSIM__SPOOL_FILE, MSIM__SPOOL_VERSION, 0, 0, 0, SEGMENT, 0, 0, 0, 0, 0, 0, 0};
  static const uint8_t whole[] = {MSIM__SPOOL_WHOLE | MSIM__SPOOL_GROUP_END, 9, 0, 0, 0, 0, 0, 0, 0};
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  struct msim_node *node = NULL;
  struct msim_sim *sim = NULL;
  struct mail *m = calloc(1, sizeof *m);
  uint64_t state;
  unsigned records = 0;

  FUZZ_CHECK(m != NULL && msim_sim_new(&sim, NULL) == 0 && msim_node_add(sim, "mx", &node) == 0);
  FUZZ_CHECK(msim_sim_start(sim) == 0);
  put(msim_node_disk(node), file, sizeof file, 0);
  put(msim_node_disk(node), whole, sizeof whole, 0);
  while (input.rest.size_bytes > 0 && records++ < RECORDS_MAX) {
    uint8_t body[160], kind = fuzz_byte(&input), length = fuzz_byte(&input);
    struct msim_slice rest = fuzz_take(&input, length % (sizeof body - 1));

    body[0] = (uint8_t)(1 + kind % 9) | (kind & MSIM__SPOOL_GROUP_END);
    if (rest.size_bytes > 0)
      memcpy(body + 1, rest.data, rest.size_bytes);
    put(msim_node_disk(node), body, 1 + rest.size_bytes, kind % 9 == 1 ? kind >> 3 : 0);
  }
  open_mail(m, node);
  state = state_of(m);
  close_mail(m);
  open_mail(m, node); /* it has written a file of its own meanwhile */
  FUZZ_CHECK(state_of(m) == state);
  close_mail(m);
  msim_sim_free(sim);
  free(m);
  return 0;
}
