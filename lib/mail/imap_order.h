/* imap_order.h: messages in the order that SORT asks for (RFC 5256 BASE.6.4.SORT, RFC 5957), and what threads need to
 * know of them.
 *
 * Text is compared by its keys of text/casemap.h, with encoded words decoded; of each field the first 1,000 bytes
 * count. Time is that of merging, memory bounded per message. Knows no mailboxes and no connections. */
#ifndef MSIM_MAIL_IMAP_ORDER_H
#define MSIM_MAIL_IMAP_ORDER_H

#include "proto/imap_sort.h"
#include "text/buf.h"

#define MSIM__IMAP_ORDER_TEXT_BYTES_MAX 1000u
#define MSIM__IMAP_ORDER_REFS_MAX 1000u /* of one message: the last ones, which are the nearest */

/* A part of msim__imap_order.texts. */
struct msim__imap_text_ref {
  size_t at, size_bytes;
};

struct msim__imap_order_mail {
  uint32_t number; /* as it is told: number or UID */
  bool reply;      /* by its subject */
  int64_t arrival_unix_s, sent_unix_s;
  uint64_t size_bytes;
  struct msim__imap_text_ref subject, from, to, cc, from_name, to_name; /* of those that are looked for */
  struct msim__imap_text_ref id;                                        /* of threads; empty: it has none */
  size_t ref_first, ref_count;                                          /* likewise; in refs */
};

#define MSIM__IMAP_ORDER_THREADS (1u << 31) /* beside the bits of sort keys: ids and references are wanted */

/* All zero but mem, kinds and texts is empty. */
struct msim__imap_order {
  struct msim__mem *mem;
  unsigned kinds; /* what is looked for in headers */
  struct msim__imap_order_mail *mails;
  size_t count, capacity;
  struct msim__imap_text_ref *refs;
  size_t ref_count, ref_capacity;
  struct msim__buf texts;
  struct msim__buf room; /* of the message that is read */
};

void msim__imap_order_init(struct msim__imap_order *order, struct msim__mem *mem, unsigned kinds);
void msim__imap_order_release(struct msim__imap_order *order);

/* Messages come in the order of the mailbox. mail: number, arrival_unix_s and size_bytes. header: of the plain message,
 * not kept. 0, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT. */
int msim__imap_order_add(struct msim__imap_order *order, const struct msim__imap_order_mail *mail,
                         struct msim_slice header);

/* out: places in mails, count of them; room: as many. */
void msim__imap_order_sort(const struct msim__imap_order *order, const struct msim__imap_sort *sort, uint32_t *out,
                           uint32_t *room);

struct msim_slice msim__imap_order_text(const struct msim__imap_order *order, struct msim__imap_text_ref ref);

/* Merges count places upwards by compare, which is below 0 where the first comes before; equal ones stay as they are.
 */
typedef int msim__imap_compare_fn(const void *ctx, uint32_t a, uint32_t b);
void msim__imap_merge(uint32_t *places, uint32_t *room, size_t count, msim__imap_compare_fn *compare, const void *ctx);

#endif
