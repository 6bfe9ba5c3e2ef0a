/* tcp_marks.c: what is remembered about sent bytes for those who watch: application units, and first segment numbers.
 *
 * Nothing here changes what is sent. */
#include "tcp/tcb.h"

#include <string.h>

#define OPEN_MARKS_MAX 8u
#define MARKS_MAX 4096u         /* not yet acknowledged; further ones are not told */
#define MARKS_SECRET_MAX 60000u /* the same of secrets */
#define SENT_ROWS_MIN 8u
#define SENT_ROWS_MAX 65536u
#define SECRET_UNIT "auth.credentials"

/* ---- application units ---- */

static bool is_open_as(const struct msim__tcp_mark *mark, const char *unit, const char *message)
{
  if (!mark->open || strcmp(mark->unit, unit) != 0)
    return false;
  if (message == NULL || mark->message == NULL)
    return message == NULL && mark->message == NULL;
  return strncmp(mark->message->text, message, MSIM__LABEL_BYTES_MAX) == 0;
}

static void begin_mark(struct msim__tcb *tcb, const char *unit, const char *message, uint32_t begin_seq)
{
  struct msim_sim *sim = msim__node_sim(tcb->head.node);
  struct msim__tcp_mark *mark;

  if (tcb->open_marks >= OPEN_MARKS_MAX ||
      (tcb->mark_count >= MARKS_MAX && (tcb->mark_count >= MARKS_SECRET_MAX || strcmp(unit, SECRET_UNIT) != 0)))
    return;
  mark = msim__pool_get(&msim__tcb_room(tcb)->marks);
  if (mark == NULL) {
    msim__sim_fail_nomem(sim);
    return;
  }
  memset(mark, 0, sizeof *mark);
  if (message != NULL && (mark->message = msim__label_new(&sim->mem, message)) == NULL) {
    msim__pool_put(&msim__tcb_room(tcb)->marks, mark);
    msim__sim_fail_nomem(sim);
    return;
  }
  mark->unit = unit;
  mark->begin_seq = begin_seq;
  mark->open = true;
  if (tcb->mark_last != NULL)
    tcb->mark_last->next = mark;
  else
    tcb->mark_first = mark;
  tcb->mark_last = mark;
  tcb->open_marks++;
  tcb->mark_count++;
}

static void drop_mark(struct msim__tcb *tcb, struct msim__tcp_mark *before, struct msim__tcp_mark *mark)
{
  if (before != NULL)
    before->next = mark->next;
  else
    tcb->mark_first = mark->next;
  if (tcb->mark_last == mark)
    tcb->mark_last = before;
  if (mark->open)
    tcb->open_marks--;
  tcb->mark_count--;
  msim__label_unref(mark->message);
  msim__pool_put(&msim__tcb_room(tcb)->marks, mark);
}

/* The newest one that fits, so that units of one name nest. */
static void end_mark(struct msim__tcb *tcb, const char *unit, const char *message)
{
  struct msim__tcp_mark *mark, *found = NULL;

  for (mark = tcb->mark_first; mark != NULL; mark = mark->next) {
    if (is_open_as(mark, unit, message))
      found = mark;
  }
  if (found == NULL)
    return;
  found->open = false;
  found->end_seq = tcb->queue_end;
  tcb->open_marks--;
}

/* Marks stand in the order of their beginnings. */
static uint32_t begin_of(const struct msim__tcb *tcb, uint32_t back_bytes)
{
  uint32_t begin_seq = tcb->queue_end - back_bytes;

  if (back_bytes > 0 && tcb->mark_last != NULL)
    return msim__seq_max(begin_seq, tcb->mark_last->begin_seq);
  return begin_seq;
}

void msim__tcb_mark(struct msim__tcb *tcb, const char *unit, const char *message, bool begin, uint32_t back_bytes)
{
  if (begin)
    begin_mark(tcb, unit, message, begin_of(tcb, back_bytes));
  else
    end_mark(tcb, unit, message);
}

static uint32_t end_of(const struct msim__tcb *tcb, const struct msim__tcp_mark *mark)
{
  return mark->open ? tcb->queue_end : mark->end_seq;
}

static bool overlaps(const struct msim__tcb *tcb, const struct msim__tcp_mark *mark, uint32_t seq, uint32_t size_bytes)
{
  return msim__seq_before(mark->begin_seq, seq + size_bytes) && msim__seq_after(end_of(tcb, mark), seq);
}

static void fill_unit(const struct msim__tcb *tcb, struct msim__unit *unit, const struct msim__tcp_mark *mark,
                      uint32_t seq, uint32_t size_bytes)
{
  uint32_t end = end_of(tcb, mark);

  unit->unit = mark->unit;
  unit->message = mark->message;
  msim__label_ref(mark->message);
  unit->secret = strcmp(mark->unit, SECRET_UNIT) == 0;
  unit->begin_byte = msim__seq_after(mark->begin_seq, seq) ? mark->begin_seq - seq : 0;
  unit->end_byte = msim__seq_before(end, seq + size_bytes) ? end - seq : size_bytes;
  if (!msim__seq_before(mark->begin_seq, seq))
    unit->edges |= MSIM_EDGE_FIRST;
  if (!mark->open && !msim__seq_after(end, seq + size_bytes))
    unit->edges |= MSIM_EDGE_LAST;
}

/* There are more units than a payload can tell of, from mark on. If one of them is a secret, all is from the last that
 * is told on. */
static void hide_rest(const struct msim__tcb *tcb, struct msim__unit *last, const struct msim__tcp_mark *mark,
                      uint32_t seq, uint32_t size_bytes)
{
  while (mark != NULL && !(overlaps(tcb, mark, seq, size_bytes) && strcmp(mark->unit, SECRET_UNIT) == 0))
    mark = mark->next;
  if (mark == NULL)
    return;
  msim__label_unref(last->message);
  last->message = NULL;
  last->unit = SECRET_UNIT;
  last->secret = true;
  last->end_byte = size_bytes;
  last->edges = 0;
}

int msim__tcb_marks_attach(struct msim__tcb *tcb, struct msim__packet *packet, uint32_t seq, uint32_t size_bytes)
{
  struct msim__net *net = msim__tcb_room(tcb)->net;
  const struct msim__tcp_mark *mark;
  struct msim__packet_cold *cold;
  uint32_t count = 0, i = 0;

  for (mark = tcb->mark_first; mark != NULL && count < MSIM__UNITS_MAX; mark = mark->next) {
    if (!msim__seq_before(mark->begin_seq, seq + size_bytes))
      break;
    count += overlaps(tcb, mark, seq, size_bytes);
  }
  if (count == 0)
    return MSIM_OK;
  cold = msim__packet_cold(&net->packets, packet);
  if (cold == NULL || (cold->units = msim__units_new(net->packets.mem, count)) == NULL)
    return MSIM_ERR_NOMEM;
  for (mark = tcb->mark_first; i < count; mark = mark->next) {
    if (overlaps(tcb, mark, seq, size_bytes))
      fill_unit(tcb, &cold->units->items[i++], mark, seq, size_bytes);
  }
  if (count == MSIM__UNITS_MAX)
    hide_rest(tcb, &cold->units->items[count - 1], mark, seq, size_bytes);
  return MSIM_OK;
}

/* Marks stand in the order of their beginnings; an outer one may end after those inside it. */
MSIM__HOT void msim__tcb_marks_acked(struct msim__tcb *tcb)
{
  struct msim__tcp_mark *before = NULL, *mark = tcb->mark_first, *next;

  for (; mark != NULL && msim__seq_before(mark->begin_seq, tcb->snd_una); mark = next) {
    next = mark->next;
    if (!mark->open && !msim__seq_after(mark->end_seq, tcb->snd_una))
      drop_mark(tcb, before, mark);
    else
      before = mark;
  }
}

void msim__tcb_marks_release(struct msim__tcb *tcb)
{
  while (tcb->mark_first != NULL)
    drop_mark(tcb, NULL, tcb->mark_first);
}

/* ---- numbers of first segments ---- */

static size_t sent_bytes(uint32_t capacity)
{
  return sizeof(struct msim__tcp_sent) + capacity * sizeof(struct msim__tcp_sent_row);
}

static struct msim__tcp_sent_row *sent_row(const struct msim__tcp_sent *sent, uint32_t i)
{
  return (struct msim__tcp_sent_row *)&sent->rows[(sent->first + i) & (sent->capacity - 1)];
}

static struct msim__tcp_sent *grow_sent(struct msim__tcb *tcb)
{
  struct msim__mem *mem = &msim__node_sim(tcb->head.node)->mem;
  struct msim__tcp_sent *old = tcb->sent, *fresh;
  uint32_t capacity = old == NULL ? SENT_ROWS_MIN : old->capacity * 2, i;

  fresh = msim__alloc(mem, sent_bytes(capacity));
  if (fresh == NULL) {
    msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
    return NULL;
  }
  fresh->first = 0;
  fresh->count = old == NULL ? 0 : old->count;
  fresh->capacity = capacity;
  for (i = 0; i < fresh->count; i++)
    fresh->rows[i] = *sent_row(old, i);
  msim__tcb_sent_release(tcb);
  tcb->sent = fresh;
  return fresh;
}

void msim__tcb_sent_add(struct msim__tcb *tcb, uint32_t seq, uint32_t number)
{
  struct msim__tcp_sent *sent = tcb->sent;
  struct msim__tcp_sent_row *row;

  if (sent == NULL || (sent->count == sent->capacity && sent->capacity < SENT_ROWS_MAX)) {
    sent = grow_sent(tcb);
    if (sent == NULL)
      return;
  }
  if (sent->count == sent->capacity) { /* the oldest is forgotten */
    sent->first++;
    sent->count--;
  }
  row = sent_row(sent, sent->count++);
  row->seq = seq;
  row->number = number;
}

uint32_t msim__tcb_sent_number(const struct msim__tcb *tcb, uint32_t seq)
{
  uint32_t low = 0, high = tcb->sent == NULL ? 0 : tcb->sent->count; /* rows below low begin at or before seq */

  while (low < high) {
    uint32_t middle = low + (high - low) / 2;

    if (msim__seq_after(sent_row(tcb->sent, middle)->seq, seq))
      high = middle;
    else
      low = middle + 1;
  }
  return low == 0 ? 0 : sent_row(tcb->sent, low - 1)->number;
}

void msim__tcb_sent_acked(struct msim__tcb *tcb)
{
  struct msim__tcp_sent *sent = tcb->sent;

  if (sent == NULL)
    return;
  while (sent->count > 1 && !msim__seq_after(sent_row(sent, 1)->seq, tcb->snd_una)) {
    sent->first++;
    sent->count--;
  }
  if (tcb->snd_una == tcb->snd_max)
    sent->count = 0;
  if (sent->count == 0 && sent->capacity > SENT_ROWS_MIN)
    msim__tcb_sent_release(tcb);
}

void msim__tcb_sent_release(struct msim__tcb *tcb)
{
  if (tcb->sent != NULL)
    msim__free(&msim__node_sim(tcb->head.node)->mem, tcb->sent, sent_bytes(tcb->sent->capacity));
  tcb->sent = NULL;
}
