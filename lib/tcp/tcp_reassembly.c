/* tcp_reassembly.c: received bytes: a queue in order, and what lies beyond a gap (3.4.1, 3.10.7.4 seventh step).
 *
 * Both are lists of references into payloads; nothing is copied. Of bytes that came twice the first copy stays. Bounds:
 * bytes by the window that was promised, pieces beyond a gap by TEXTS_MAX.
 * Does not judge whether a segment is acceptable. */
#include "tcp/tcp_sack.h"

#define TEXTS_MAX 65536u /* beyond gaps: a further one is dropped and comes again */

static void free_text(struct msim__tcb *tcb, struct msim__tcp_text *text)
{
  msim_blob_unref(text->blob);
  msim__units_unref(text->units);
  msim__pool_put(&msim__tcb_room(tcb)->texts, text);
}

static struct msim__tcp_text *new_text(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  const struct msim__packet *packet = seg->packet;
  struct msim__tcp_text *text = msim__pool_get(&msim__tcb_room(tcb)->texts);

  if (text == NULL) {
    msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
    return NULL;
  }
  text->next = NULL;
  text->blob = packet->payload;
  msim_blob_ref(text->blob);
  text->units = packet->cold != NULL ? packet->cold->units : NULL;
  msim__units_ref(text->units);
  text->offset_bytes = packet->payload_offset_bytes + seg->text_skip_bytes;
  text->size_bytes = seg->text_bytes;
  text->units_skip_bytes = seg->text_skip_bytes;
  text->seq = seg->seq + ((seg->flags & MSIM_TCP_SYN) != 0);
  return text;
}

static uint32_t end_of(const struct msim__tcp_text *text)
{
  return text->seq + text->size_bytes;
}

static void trim_front(struct msim__tcp_text *text, uint32_t seq)
{
  uint32_t cut = seq - text->seq;

  text->offset_bytes += cut;
  text->units_skip_bytes += cut;
  text->size_bytes -= cut;
  text->seq = seq;
}

static void append(struct msim__tcb *tcb, struct msim__tcp_text *text)
{
  text->next = NULL;
  if (tcb->receive_last != NULL)
    tcb->receive_last->next = text;
  else
    tcb->receive_first = text;
  tcb->receive_last = text;
  tcb->available_bytes += text->size_bytes;
  tcb->rcv_nxt = end_of(text);
}

/* Takes over what the gap's end has reached. */
static void pull(struct msim__tcb *tcb)
{
  struct msim__tcp_text *text;

  while ((text = tcb->reassembly_first) != NULL && !msim__seq_after(text->seq, tcb->rcv_nxt)) {
    tcb->reassembly_first = text->next;
    if (tcb->reassembly_first == NULL)
      tcb->reassembly_last = NULL;
    tcb->reassembly_count--;
    if (!msim__seq_after(end_of(text), tcb->rcv_nxt)) {
      free_text(tcb, text);
      continue;
    }
    trim_front(text, tcb->rcv_nxt);
    append(tcb, text);
  }
}

/* RFC 2018 4, RFC 2883 4: the island that the text belongs to, and what of it was there. before, at: its neighbours in
 * the list. */
static void note_island(struct msim__tcb *tcb, const struct msim__tcp_text *text, const struct msim__tcp_text *before,
                        const struct msim__tcp_text *at, uint32_t island)
{
  uint32_t left = text->seq, right = end_of(text);

  if (before != NULL && !msim__seq_after(text->seq, end_of(before))) {
    msim__tcb_gaps_duplicate(tcb, text->seq, msim__seq_before(right, end_of(before)) ? right : end_of(before));
    left = island;
    right = msim__seq_max(right, end_of(before));
  } else if (at != NULL && msim__seq_before(at->seq, right)) {
    msim__tcb_gaps_duplicate(tcb, at->seq, msim__seq_before(right, end_of(at)) ? right : end_of(at));
  }
  for (; at != NULL && !msim__seq_after(at->seq, right); at = at->next)
    right = msim__seq_max(right, end_of(at));
  msim__tcb_gaps_note(tcb, left, right);
}

/* Where the island begins that the last text belongs to. */
static uint32_t last_island(const struct msim__tcb *tcb)
{
  const struct msim__tcp_range *block = msim__tcb_gaps_find(tcb, tcb->reassembly_last->seq);
  const struct msim__tcp_text *text = tcb->reassembly_first;
  uint32_t begin = text->seq, end = end_of(text);

  if (block != NULL)
    return block->left;
  for (; text != NULL; text = text->next) {
    if (msim__seq_after(text->seq, end))
      begin = text->seq;
    end = msim__seq_max(end, end_of(text));
  }
  return begin;
}

/* Bytes of one stream are the same in every copy, so an overlap is settled when the queue is pulled; only a text that
 * another one covers wholly is left out. */
static void insert(struct msim__tcb *tcb, struct msim__tcp_text *text)
{
  struct msim__tcp_text *before = NULL, *at = tcb->reassembly_first;
  bool tells = (tcb->bits & MSIM__TCB_SACK) != 0;
  uint32_t island = text->seq, end = tcb->rcv_nxt;

  if (tcb->reassembly_last != NULL && !msim__seq_before(text->seq, tcb->reassembly_last->seq)) {
    before = tcb->reassembly_last;
    at = NULL;
    island = tells ? last_island(tcb) : 0;
  }
  while (at != NULL && !msim__seq_after(at->seq, text->seq)) {
    if (msim__seq_after(at->seq, end))
      island = at->seq;
    end = msim__seq_max(end, end_of(at));
    before = at;
    at = at->next;
  }
  if (tcb->reassembly_count < TEXTS_MAX && tells)
    note_island(tcb, text, before, at, island);
  if ((before != NULL && !msim__seq_after(end_of(text), end_of(before))) || tcb->reassembly_count >= TEXTS_MAX) {
    free_text(tcb, text);
    return;
  }
  text->next = at;
  if (before != NULL)
    before->next = text;
  else
    tcb->reassembly_first = text;
  if (at == NULL)
    tcb->reassembly_last = text;
  tcb->reassembly_count++;
}

/* RFC 2883 4.2: text in order that covers an island, of which it is a duplicate in part; the first island is told. */
static void note_covered(struct msim__tcb *tcb)
{
  const struct msim__tcp_text *at = tcb->reassembly_first;
  uint32_t left = at->seq, right = end_of(at);

  if ((tcb->bits & MSIM__TCB_SACK) == 0 || !msim__seq_before(left, tcb->rcv_nxt))
    return;
  for (; at->next != NULL && at->next->seq == right && msim__seq_before(right, tcb->rcv_nxt); at = at->next)
    right = end_of(at->next);
  msim__tcb_gaps_duplicate(tcb, left, msim__seq_before(right, tcb->rcv_nxt) ? right : tcb->rcv_nxt);
}

MSIM__HOT bool msim__tcb_receive_text(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  struct msim__tcp_text *text = new_text(tcb, seg);

  if (text == NULL)
    return false;
  if (text->seq != tcb->rcv_nxt) {
    msim__tcp_count(tcb->head.node, MSIM__COUNT_ofo_queue);
    insert(tcb, text);
    return false;
  }
  append(tcb, text);
  if (tcb->reassembly_first != NULL) {
    note_covered(tcb);
    pull(tcb);
  }
  if (tcb->gaps != NULL)
    msim__tcb_gaps_advance(tcb);
  return true;
}

void msim__tcb_reassembly_release(struct msim__tcb *tcb)
{
  struct msim__tcp_text *text;

  while ((text = tcb->reassembly_first) != NULL) {
    tcb->reassembly_first = text->next;
    free_text(tcb, text);
  }
  tcb->reassembly_last = NULL;
  tcb->reassembly_count = 0;
}

void msim__tcb_receive_release(struct msim__tcb *tcb)
{
  struct msim__tcp_text *text;

  msim__tcb_reassembly_release(tcb);
  while ((text = tcb->receive_first) != NULL) {
    tcb->receive_first = text->next;
    free_text(tcb, text);
  }
  tcb->receive_last = NULL;
  tcb->available_bytes = 0;
}

/* ---- 3.10.3 RECEIVE ---- */

size_t msim__tcp_available_bytes(const struct msim__tcb *tcb)
{
  return tcb->available_bytes;
}

struct msim_slice msim__tcp_peek(const struct msim__tcb *tcb, size_t offset_bytes)
{
  const struct msim__tcp_text *text = tcb->receive_first;
  struct msim_slice slice = {NULL, 0};

  while (text != NULL && offset_bytes >= text->size_bytes) {
    offset_bytes -= text->size_bytes;
    text = text->next;
  }
  if (text != NULL) {
    slice.data = text->blob->data + text->offset_bytes + offset_bytes;
    slice.size_bytes = text->size_bytes - offset_bytes;
  }
  return slice;
}

MSIM__HOT void msim__tcb_receive_consume(struct msim__tcb *tcb, size_t size_bytes)
{
  struct msim__tcp_text *text;

  if (size_bytes > tcb->available_bytes)
    size_bytes = tcb->available_bytes;
  tcb->consumed_bytes += (uint32_t)size_bytes;
  while (size_bytes > 0 && (text = tcb->receive_first) != NULL) {
    if (size_bytes < text->size_bytes) {
      trim_front(text, text->seq + (uint32_t)size_bytes);
      tcb->available_bytes -= (uint32_t)size_bytes;
      return;
    }
    size_bytes -= text->size_bytes;
    tcb->available_bytes -= text->size_bytes;
    tcb->receive_first = text->next;
    if (tcb->receive_first == NULL)
      tcb->receive_last = NULL;
    free_text(tcb, text);
  }
}

/* offset_bytes into the text. */
static const char *message_of(const struct msim__tcp_text *text, uint32_t offset_bytes)
{
  uint32_t at = text->units_skip_bytes + offset_bytes, i;
  const char *found = NULL;

  for (i = 0; i < text->units->count; i++) {
    const struct msim__unit *unit = &text->units->items[i];

    if (unit->message != NULL && unit->begin_byte <= at && at < unit->end_byte)
      found = unit->message->text;
  }
  return found;
}

const char *msim__tcp_message(const struct msim__tcb *tcb)
{
  const struct msim__tcp_text *text = tcb->receive_first;

  return text == NULL || text->units == NULL ? NULL : message_of(text, 0);
}

const char *msim__tcp_message_at(const struct msim__tcb *tcb, size_t offset_bytes)
{
  const struct msim__tcp_text *text = tcb->receive_first;

  for (; text != NULL && offset_bytes >= text->size_bytes; text = text->next)
    offset_bytes -= text->size_bytes;
  return text == NULL || text->units == NULL ? NULL : message_of(text, (uint32_t)offset_bytes);
}
