/* imap_thread_subject.c: THREAD=ORDEREDSUBJECT: one thread per subject, the first message above all others. See
 * imap_thread.h. */
#include "mail/imap_thread.h"

#include <string.h>

struct thread {
  uint32_t first, count; /* in the order by subject and date */
};

struct view {
  const struct msim__imap_order *order;
  const uint32_t *places;
  const struct thread *threads;
};

static bool same_subject(const struct msim__imap_order *order, uint32_t a, uint32_t b)
{
  struct msim_slice left = msim__imap_order_text(order, order->mails[a].subject),
                    right = msim__imap_order_text(order, order->mails[b].subject);

  return left.size_bytes == right.size_bytes &&
         (left.size_bytes == 0 || memcmp(left.data, right.data, left.size_bytes) == 0);
}

static int compare_threads(const void *ctx, uint32_t a, uint32_t b)
{
  const struct view *v = ctx;
  uint32_t left = v->places[v->threads[a].first], right = v->places[v->threads[b].first];
  int64_t left_s = v->order->mails[left].sent_unix_s, right_s = v->order->mails[right].sent_unix_s;

  if (left_s != right_s)
    return left_s < right_s ? -1 : 1;
  return left < right ? -1 : left > right;
}

/* "(174 (175)(176))", "(194 195)", "(166)" */
static void put_thread(struct msim__buf *out, const struct view *v, const struct thread *thread)
{
  uint32_t i;

  msim__buf_append_byte(out, '(');
  for (i = 0; i < thread->count; i++) {
    bool nested = i > 0 && thread->count > 2;

    msim__buf_append_text(out, i == 1 ? (nested ? " (" : " ") : nested ? "(" : "");
    msim__buf_append_uint(out, v->order->mails[v->places[thread->first + i]].number);
    msim__buf_append_text(out, nested ? ")" : "");
  }
  msim__buf_append_byte(out, ')');
}

static void put_all(struct msim__buf *out, const struct msim__imap_order *order, struct thread *threads,
                    uint32_t *places, uint32_t *room, uint32_t *sorted)
{
  static const struct msim__imap_sort sort = {2, 0, {{MSIM__IMAP_SORT_SUBJECT, false}, {MSIM__IMAP_SORT_DATE, false}}};
  struct view v = {order, places, threads};
  uint32_t i, count = 0;

  msim__imap_order_sort(order, &sort, places, room);
  for (i = 0; i < order->count; i++) {
    if (i == 0 || !same_subject(order, places[i - 1], places[i]))
      threads[count++] = (struct thread){i, 0};
    threads[count - 1].count++;
  }
  for (i = 0; i < count; i++)
    sorted[i] = i;
  msim__imap_merge(sorted, room, count, compare_threads, &v);
  for (i = 0; i < count; i++)
    put_thread(out, &v, &threads[sorted[i]]);
}

int msim__imap_put_ordered_subject(struct msim__buf *out, const struct msim__imap_order *order)
{
  size_t count = order->count;
  struct thread *threads;
  uint32_t *places;

  if (count == 0)
    return MSIM_OK;
  threads = msim__alloc(order->mem, count * sizeof *threads);
  places = msim__alloc(order->mem, 3 * count * sizeof *places);
  if (threads != NULL && places != NULL)
    put_all(out, order, threads, places, places + count, places + 2 * count);
  else
    out->err = MSIM_ERR_NOMEM;
  if (threads != NULL)
    msim__free(order->mem, threads, count * sizeof *threads);
  if (places != NULL)
    msim__free(order->mem, places, 3 * count * sizeof *places);
  return out->err;
}
