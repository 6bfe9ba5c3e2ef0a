/* imap_order.c: messages in order; see imap_order.h. */
#include "mail/imap_order.h"

#include "proto/ascii.h"
#include "proto/base_subject.h"
#include "proto/date.h"
#include "proto/encoded_word.h"
#include "proto/header.h"
#include "proto/mailbox_list.h"
#include "proto/message_id.h"
#include "text/casemap.h"
#include "text/utf8.h"

#define MAILS_MAX 2000000u
#define REFS_MAX 4000000u /* of all; messages beyond have the last one only */
#define NAME_ROOM_BYTES 4000u
#define BIT(key) (1u << MSIM__IMAP_SORT_##key)

void msim__imap_order_init(struct msim__imap_order *order, struct msim__mem *mem, unsigned kinds)
{
  memset(order, 0, sizeof *order);
  order->mem = mem;
  order->kinds = kinds;
  msim__buf_init(&order->texts, mem, SIZE_MAX / 2);
  msim__buf_init(&order->room, mem, SIZE_MAX / 2);
}

void msim__imap_order_release(struct msim__imap_order *order)
{
  msim__free(order->mem, order->mails, order->capacity * sizeof *order->mails);
  msim__free(order->mem, order->refs, order->ref_capacity * sizeof *order->refs);
  msim__buf_release(&order->texts);
  msim__buf_release(&order->room);
  memset(order, 0, sizeof *order);
}

struct msim_slice msim__imap_order_text(const struct msim__imap_order *order, struct msim__imap_text_ref ref)
{
  struct msim_slice text = {NULL, ref.size_bytes};

  if (ref.size_bytes > 0)
    text.data = (const uint8_t *)order->texts.data + ref.at;
  return text;
}

/* ---- texts of headers ---- */

static struct msim__imap_text_ref put_key(struct msim__imap_order *order, struct msim_slice text)
{
  struct msim__imap_text_ref ref = {order->texts.size_bytes, 0};

  if (text.size_bytes > MSIM__IMAP_ORDER_TEXT_BYTES_MAX)
    text.size_bytes = msim__utf8_cut(text.data, text.size_bytes, MSIM__IMAP_ORDER_TEXT_BYTES_MAX);
  (void)msim__casemap_append(&order->texts, text.data, text.size_bytes);
  ref.size_bytes = order->texts.size_bytes - ref.at;
  return ref;
}

/* Unfolded and decoded, in room; empty when there is no memory, which room tells. */
static struct msim_slice decode(struct msim__imap_order *order, struct msim_slice value)
{
  struct msim_slice out = {NULL, 0};
  size_t cap = 3 * value.size_bytes + 1, n, decoded;
  uint8_t *room;

  msim__buf_clear(&order->room);
  room = (uint8_t *)msim__buf_room(&order->room, cap);
  if (room == NULL)
    return out;
  (void)msim__header_unfold(value, room, value.size_bytes, &n);
  (void)msim__encoded_words_decode((struct msim_slice){room, n}, room + n, cap - n, &decoded);
  out.data = room + n;
  out.size_bytes = decoded;
  return out;
}

static void take_subject(struct msim__imap_order *order, struct msim__imap_order_mail *mail, struct msim_slice value)
{
  struct msim_slice text = decode(order, value), base;

  if (text.size_bytes == 0)
    return;
  msim__base_subject((uint8_t *)order->room.data + ((const char *)text.data - order->room.data), text.size_bytes, &base,
                     &mail->reply);
  mail->subject = put_key(order, base);
}

/* The first address: what stands before its "@" (RFC 5256), or its name, or else all of it (RFC 5957 3). */
static void take_address(struct msim__imap_order *order, struct msim__imap_text_ref *out, struct msim_slice value,
                         bool by_name)
{
  struct msim__mailbox_list list = {value, 0, false};
  struct msim__mailbox_list_item item;
  uint8_t parts[NAME_ROOM_BYTES], address[NAME_ROOM_BYTES];
  size_t i, n = 0;

  if (msim__mailbox_list_next(&list, &item, parts, sizeof parts) != 1)
    return;
  if (item.kind == MSIM__MAILBOX_GROUP || (by_name && item.name.size_bytes > 0)) {
    *out = put_key(order, decode(order, item.name));
    return;
  }
  for (i = 0; i < item.local.size_bytes; i++) { /* without its quotes, as ENVELOPE has it */
    if (item.local.data[i] == '\\' && i + 1 < item.local.size_bytes)
      i++;
    else if (item.local.data[i] == '"')
      continue;
    address[n++] = item.local.data[i];
  }
  if (by_name && item.domain.size_bytes > 0 && n + 1 + item.domain.size_bytes <= sizeof address) {
    address[n++] = '@';
    memcpy(address + n, item.domain.data, item.domain.size_bytes);
    n += item.domain.size_bytes;
  }
  *out = put_key(order, (struct msim_slice){address, n});
}

/* ---- threads ---- */

/* Without quotes: RFC 5256 BASE.6.4.THREAD. */
static struct msim__imap_text_ref put_id(struct msim__imap_order *order, struct msim_slice id)
{
  struct msim__imap_text_ref ref = {order->texts.size_bytes, 0};
  bool quoted = false;
  size_t i;

  for (i = 0; i < id.size_bytes; i++) {
    if (id.data[i] == '"')
      quoted = !quoted;
    else if (quoted && id.data[i] == '\\' && i + 1 < id.size_bytes)
      msim__buf_append_byte(&order->texts, (char)id.data[++i]);
    else
      msim__buf_append_byte(&order->texts, (char)id.data[i]);
  }
  ref.size_bytes = order->texts.size_bytes - ref.at;
  return ref;
}

static int put_refs(struct msim__imap_order *order, struct msim__imap_order_mail *mail, struct msim_slice value,
                    size_t max)
{
  struct msim_slice id;
  size_t at = 0, count = 0;
  int err;

  while (msim__message_id_next(value, &at, &id) == 1)
    count++;
  if (order->ref_count + max > REFS_MAX)
    max = 1;
  mail->ref_first = order->ref_count;
  for (at = 0; msim__message_id_next(value, &at, &id) == 1; count--) {
    if (count > max)
      continue;
    err = msim__grow(order->mem, &order->refs, &order->ref_capacity, order->ref_count + 1, REFS_MAX + MAILS_MAX,
                     sizeof *order->refs);
    if (err != MSIM_OK)
      return err;
    order->refs[order->ref_count++] = put_id(order, id);
    mail->ref_count++;
  }
  return MSIM_OK;
}

/* ---- one message ---- */

struct fields {
  struct msim_slice date, subject, from, to, cc, id, references, in_reply_to; /* the first of each; data NULL: none */
};

static void find_fields(struct msim_slice header, struct fields *out)
{
  const struct {
    const char *name;
    struct msim_slice *value;
  } rows[] = {{"Date", &out->date},
              {"Subject", &out->subject},
              {"From", &out->from},
              {"To", &out->to},
              {"Cc", &out->cc},
              {"Message-ID", &out->id},
              {"References", &out->references},
              {"In-Reply-To", &out->in_reply_to}};
  struct msim__header_field field;
  struct msim__header_iter iter;
  size_t i;

  memset(out, 0, sizeof *out);
  msim__header_iter_init(&iter, header);
  while (msim__header_next(&iter, &field) == 1)
    for (i = 0; !field.bad && i < sizeof rows / sizeof rows[0]; i++)
      if (rows[i].value->data == NULL && msim__slice_is(field.name, rows[i].name))
        *rows[i].value = field.value;
}

static int take_ids(struct msim__imap_order *order, struct msim__imap_order_mail *mail, const struct fields *fields)
{
  struct msim_slice id;
  size_t at = 0;
  int err;

  if (msim__message_id_next(fields->id, &at, &id) == 1)
    mail->id = put_id(order, id);
  err = put_refs(order, mail, fields->references, MSIM__IMAP_ORDER_REFS_MAX);
  at = 0;
  if (err == MSIM_OK && mail->ref_count == 0 && msim__message_id_next(fields->in_reply_to, &at, &id) == 1)
    err = put_refs(order, mail, id, 1); /* the first one only */
  return err;
}

int msim__imap_order_add(struct msim__imap_order *order, const struct msim__imap_order_mail *mail,
                         struct msim_slice header)
{
  struct msim__imap_order_mail *added;
  struct fields fields;
  int err = msim__grow(order->mem, &order->mails, &order->capacity, order->count + 1, MAILS_MAX, sizeof *order->mails);

  if (err != MSIM_OK)
    return err;
  added = &order->mails[order->count++];
  *added = *mail;
  find_fields(header, &fields);
  if (fields.date.data == NULL || msim__date_parse_mail(&added->sent_unix_s, NULL, fields.date) != MSIM_OK)
    added->sent_unix_s = mail->arrival_unix_s; /* RFC 5256 2.2 */
  if ((order->kinds & (BIT(SUBJECT) | MSIM__IMAP_ORDER_THREADS)) != 0)
    take_subject(order, added, fields.subject);
  if ((order->kinds & BIT(FROM)) != 0)
    take_address(order, &added->from, fields.from, false);
  if ((order->kinds & BIT(DISPLAYFROM)) != 0)
    take_address(order, &added->from_name, fields.from, true);
  if ((order->kinds & BIT(TO)) != 0)
    take_address(order, &added->to, fields.to, false);
  if ((order->kinds & BIT(DISPLAYTO)) != 0)
    take_address(order, &added->to_name, fields.to, true);
  if ((order->kinds & BIT(CC)) != 0)
    take_address(order, &added->cc, fields.cc, false);
  if ((order->kinds & MSIM__IMAP_ORDER_THREADS) != 0)
    err = take_ids(order, added, &fields);
  if (err == MSIM_OK)
    err = order->texts.err != 0 ? order->texts.err : order->room.err;
  return err;
}

/* ---- order ---- */

void msim__imap_merge(uint32_t *places, uint32_t *room, size_t count, msim__imap_compare_fn *compare, const void *ctx)
{
  size_t width, at;

  for (width = 1; width < count; width *= 2) {
    for (at = 0; at < count; at += 2 * width) {
      size_t middle = at + width < count ? at + width : count, end = middle + width < count ? middle + width : count;
      size_t left = at, right = middle, to = at;

      while (left < middle || right < end)
        room[to++] = right == end || (left < middle && compare(ctx, places[left], places[right]) <= 0)
                         ? places[left++]
                         : places[right++];
    }
    memcpy(places, room, count * sizeof *places);
  }
}

struct sorting {
  const struct msim__imap_order *order;
  const struct msim__imap_sort *sort;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
  return a < b ? -1 : a > b;
}

static int compare_times(int64_t a, int64_t b)
{
  return a < b ? -1 : a > b;
}

static int compare_texts(const struct msim__imap_order *order, struct msim__imap_text_ref a,
                         struct msim__imap_text_ref b)
{
  size_t n = a.size_bytes < b.size_bytes ? a.size_bytes : b.size_bytes;
  int order_of = n > 0 ? memcmp(order->texts.data + a.at, order->texts.data + b.at, n) : 0;

  return order_of != 0 ? order_of : compare_numbers(a.size_bytes, b.size_bytes);
}

static int compare_by(const struct msim__imap_order *order, enum msim__imap_sort_key key,
                      const struct msim__imap_order_mail *a, const struct msim__imap_order_mail *b)
{
  switch (key) {
  case MSIM__IMAP_SORT_ARRIVAL:
    return compare_times(a->arrival_unix_s, b->arrival_unix_s);
  case MSIM__IMAP_SORT_DATE:
    return compare_times(a->sent_unix_s, b->sent_unix_s);
  case MSIM__IMAP_SORT_SIZE:
    return compare_numbers(a->size_bytes, b->size_bytes);
  case MSIM__IMAP_SORT_CC:
    return compare_texts(order, a->cc, b->cc);
  case MSIM__IMAP_SORT_FROM:
    return compare_texts(order, a->from, b->from);
  case MSIM__IMAP_SORT_TO:
    return compare_texts(order, a->to, b->to);
  case MSIM__IMAP_SORT_DISPLAYFROM:
    return compare_texts(order, a->from_name, b->from_name);
  case MSIM__IMAP_SORT_DISPLAYTO:
    return compare_texts(order, a->to_name, b->to_name);
  case MSIM__IMAP_SORT_SUBJECT:
    return compare_texts(order, a->subject, b->subject);
  }
  return 0;
}

static int compare_mails(const void *ctx, uint32_t a, uint32_t b)
{
  const struct sorting *s = ctx;
  unsigned i;

  for (i = 0; i < s->sort->count; i++) {
    int got = compare_by(s->order, s->sort->keys[i].key, &s->order->mails[a], &s->order->mails[b]);

    if (got != 0)
      return s->sort->keys[i].reverse ? -got : got;
  }
  return 0;
}

void msim__imap_order_sort(const struct msim__imap_order *order, const struct msim__imap_sort *sort, uint32_t *out,
                           uint32_t *room)
{
  struct sorting sorting = {order, sort};
  uint32_t i;

  for (i = 0; i < order->count; i++)
    out[i] = i;
  msim__imap_merge(out, room, order->count, compare_mails, &sorting);
}
