/* tcp_sack.c: the sender's scoreboard (RFC 6675): one row per segment under way, with what the peer said of it.
 *
 * A ring in order of sequence numbers. Sums of bytes by flag are kept as flags change, so that SetPipe() walks nothing;
 * IsLost() walks down from the highest SACKed row to the first that is known to be lost. Does not decide when recovery
 * begins or ends (tcp_ack.c) and does not send. */
#include "tcp/tcp_sack.h"

#include <string.h>

/* ---- rows ---- */

static uint32_t row_bytes(const struct msim__tcp_board *board, uint32_t i)
{
  return msim__board_row_end(board, i) - msim__board_row(board, i)->seq;
}

/* The first row that begins at or beyond seq; count: none. */
uint32_t msim__board_find(const struct msim__tcp_board *board, uint32_t seq)
{
  uint32_t low = 0, high = board->count;

  while (low < high) {
    uint32_t middle = low + (high - low) / 2;

    if (msim__seq_before(msim__board_row(board, middle)->seq, seq))
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* ---- memory: the smallest ring comes from a pool ---- */

static size_t board_bytes(uint32_t capacity)
{
  return sizeof(struct msim__tcp_board) + capacity * sizeof(struct msim__tcp_row);
}

static struct msim__tcp_board *take_board(struct msim__tcb *tcb, uint32_t capacity)
{
  struct msim__tcp_board *board;

  if (capacity == MSIM__BOARD_ROWS_MIN)
    board = msim__pool_get(&msim__tcb_room(tcb)->boards);
  else
    board = msim__alloc(&msim__node_sim(tcb->head.node)->mem, board_bytes(capacity));
  if (board == NULL) {
    msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
    return NULL;
  }
  memset(board, 0, offsetof(struct msim__tcp_board, seen));
  board->capacity = capacity;
  return board;
}

void msim__tcb_board_release(struct msim__tcb *tcb)
{
  struct msim__tcp_board *board = tcb->board;

  if (board == NULL)
    return;
  msim__rack_release(tcb, board);
  if (board->capacity == MSIM__BOARD_ROWS_MIN)
    msim__pool_put(&msim__tcb_room(tcb)->boards, board);
  else
    msim__free(&msim__node_sim(tcb->head.node)->mem, board, board_bytes(board->capacity));
  tcb->board = NULL;
}

/* A board with room for one more row; NULL: there is none. */
MSIM__HOT static struct msim__tcp_board *with_room(struct msim__tcb *tcb)
{
  struct msim__tcp_board *old = tcb->board, *fresh;
  uint32_t i;

  if (old != NULL && (old->count < old->capacity || old->capacity >= MSIM__BOARD_ROWS_MAX))
    return old->count < old->capacity ? old : NULL;
  fresh = take_board(tcb, old == NULL ? MSIM__BOARD_ROWS_MIN : old->capacity * 2);
  if (fresh != NULL && old != NULL) {
    uint32_t capacity = fresh->capacity;

    memcpy(fresh, old, sizeof *fresh);
    fresh->capacity = capacity;
    fresh->first = 0;
    for (i = 0; i < old->count; i++)
      fresh->rows[i] = *msim__board_row(old, i);
    old->resent = NULL; /* goes with the fresh one */
    msim__tcb_board_release(tcb);
  }
  if (fresh != NULL)
    tcb->board = fresh;
  return fresh;
}

/* ---- flags, and the sums over them ---- */

static void change(struct msim__tcp_board *board, uint32_t i, uint32_t clear, uint32_t set)
{
  struct msim__tcp_row *row = msim__board_row(board, i);
  uint32_t bytes = row_bytes(board, i), before = row->flags, flags = (before & ~clear) | set;

  board->sacked_bytes += bytes * (flags & MSIM__ROW_SACKED) - bytes * (before & MSIM__ROW_SACKED);
  board->sacked_count += (flags & MSIM__ROW_SACKED) - (before & MSIM__ROW_SACKED);
  board->lost_bytes += bytes * ((flags & MSIM__ROW_LOST) != 0) - bytes * ((before & MSIM__ROW_LOST) != 0);
  board->retrans_bytes += bytes * ((flags & MSIM__ROW_RETRANS) != 0) - bytes * ((before & MSIM__ROW_RETRANS) != 0);
  row->flags = (uint16_t)flags;
}

static void change_all(struct msim__tcp_board *board, uint32_t clear)
{
  uint32_t i;

  for (i = 0; i < board->count; i++)
    change(board, i, clear, 0);
  if ((clear & MSIM__ROW_SACKED) != 0)
    board->seen_count = 0;
}

/* ---- sent, acknowledged ---- */

static void extend_last(struct msim__tcp_board *board, uint32_t end)
{
  uint32_t flags = msim__board_row(board, board->count - 1)->flags;

  change(board, board->count - 1, flags, 0);
  board->end_seq = end;
  change(board, board->count - 1, 0, flags & (MSIM__ROW_RETRANS | MSIM__ROW_EVER));
}

static void add_row(struct msim__tcb *tcb, uint32_t seq, uint32_t end)
{
  struct msim__tcp_board *board = tcb->board;
  struct msim__tcp_row *row;

  if (board == NULL || board->count == board->capacity)
    board = with_room(tcb);
  if (board == NULL) {
    if (tcb->board != NULL)
      extend_last(tcb->board, end);
    return;
  }
  row = msim__board_row(board, board->count);
  row->seq = seq;
  row->flags = 0;
  row->order = ++board->order;
  row->sent_ns = msim__node_sim(tcb->head.node)->now_ns;
  if (board->count == 0)
    board->rack.next_seq = seq;
  board->count++;
  board->end_seq = end;
}

/* Cuts row i so that it has at most size_bytes. */
static void split_row(struct msim__tcb *tcb, uint32_t i, uint32_t size_bytes)
{
  struct msim__tcp_board *board = with_room(tcb);
  uint32_t k;

  if (board == NULL)
    return; /* the rest counts as sent again; the retransmission timer will find it */
  for (k = board->count; k > i + 1; k--)
    *msim__board_row(board, k) = *msim__board_row(board, k - 1);
  board->count++;
  *msim__board_row(board, i + 1) = *msim__board_row(board, i);
  msim__board_row(board, i + 1)->seq += size_bytes;
}

/* A row ends at seq, unless what lies around it was SACKed or there is no room. */
static void cut_at(struct msim__tcb *tcb, uint32_t seq)
{
  uint32_t i = msim__board_find(tcb->board, seq);
  const struct msim__tcp_row *row;

  if (i == 0 || (i < tcb->board->count && msim__board_row(tcb->board, i)->seq == seq) ||
      !msim__seq_before(seq, tcb->board->end_seq))
    return;
  row = msim__board_row(tcb->board, i - 1);
  if ((row->flags & MSIM__ROW_SACKED) == 0)
    split_row(tcb, i - 1, seq - row->seq);
}

MSIM__HOT void msim__tcb_board_sent(struct msim__tcb *tcb, uint32_t seq, uint32_t end)
{
  struct msim__tcp_board *board = tcb->board;
  uint32_t set = MSIM__ROW_EVER, i;

  if (board != NULL && msim__seq_before(seq, board->end_seq)) {
    if ((tcb->bits & MSIM__TCB_RECOVERING) != 0)
      set |= MSIM__ROW_RETRANS;
    cut_at(tcb, seq); /* segments may have become smaller */
    cut_at(tcb, end);
    board = tcb->board;
    board->order++;
    for (i = msim__board_find(board, seq); i < board->count && !msim__seq_after(msim__board_row_end(board, i), end);
         i++) {
      msim__board_row(board, i)->sent_ns = msim__node_sim(tcb->head.node)->now_ns;
      msim__board_row(board, i)->order = board->order;
      change(board, i, 0, (msim__board_row(board, i)->flags & MSIM__ROW_SACKED) != 0 ? MSIM__ROW_EVER : set);
    }
    if (msim__tcb_uses_rack(tcb))
      msim__tcb_rack_resent(tcb, seq, end);
    seq = board->end_seq;
  }
  if (msim__seq_before(seq, end))
    add_row(tcb, seq, end);
}

static void drop_front(struct msim__tcp_board *board, uint32_t bytes)
{
  struct msim__tcp_row *row = msim__board_row(board, 0);
  uint32_t flags = row->flags;

  board->sacked_bytes -= (flags & MSIM__ROW_SACKED) != 0 ? bytes : 0;
  board->lost_bytes -= (flags & MSIM__ROW_LOST) != 0 ? bytes : 0;
  board->retrans_bytes -= (flags & MSIM__ROW_RETRANS) != 0 ? bytes : 0;
  row->seq += bytes;
}

static void renege(struct msim__tcb *tcb)
{
  change_all(tcb->board, MSIM__ROW_SACKED);
  msim__tcb_rack_anew(tcb);
}

MSIM__HOT uint32_t msim__tcb_board_acked(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  struct msim__tcp_board *board = tcb->board;
  uint32_t bytes, delivered = 0;
  bool rack = msim__tcb_uses_rack(tcb);

  if (board == NULL)
    return 0;
  while (board->count > 0) {
    struct msim__tcp_row *row = msim__board_row(board, 0);
    uint32_t flags = row->flags, end = msim__board_row_end(board, 0);

    if (!msim__seq_before(row->seq, tcb->snd_una))
      break;
    if (rack && (flags & MSIM__ROW_SACKED) == 0 && !msim__seq_after(end, tcb->snd_una))
      msim__tcb_rack_delivered(tcb, row, end, seg);
    if (flags == 0 && !msim__seq_after(end, tcb->snd_una)) { /* the common case */
      delivered += end - row->seq;
      board->first++;
      board->count--;
      continue;
    }
    bytes = (msim__seq_before(tcb->snd_una, end) ? tcb->snd_una : end) - row->seq;
    delivered += (flags & MSIM__ROW_SACKED) != 0 ? 0 : bytes;
    drop_front(board, bytes);
    if (row->seq != end)
      break;
    board->sacked_count -= flags & MSIM__ROW_SACKED;
    board->first++;
    board->count--;
  }
  if (board->count == 0)
    msim__tcb_board_release(tcb);
  else if ((msim__board_row(board, 0)->flags & MSIM__ROW_SACKED) != 0)
    renege(tcb);
  else if (msim__seq_before(board->rack.next_seq, tcb->snd_una))
    board->rack.next_seq = tcb->snd_una;
  return delivered;
}

/* ---- what the peer says ---- */

static uint32_t word_at(const uint8_t *p)
{
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* Where the walk over a block begins: what the last ACK said already is known. */
static uint32_t begin_of(const struct msim__tcp_board *board, const struct msim__tcp_range *block)
{
  size_t i;

  for (i = 0; i < board->seen_count; i++) {
    const struct msim__tcp_range *seen = &board->seen[i];

    if (seen->left == block->left && !msim__seq_after(seen->right, block->right))
      return seen->right;
  }
  return block->left;
}

static uint32_t take_block(struct msim__tcb *tcb, const struct msim__tcp_range *block, const struct msim__segment *seg)
{
  struct msim__tcp_board *board = tcb->board;
  bool rack = msim__tcb_uses_rack(tcb);
  uint32_t begin = begin_of(board, block), before = board->sacked_bytes, i = msim__board_find(board, begin);

  if (i > 0 && begin != block->left && (msim__board_row(board, i - 1)->flags & MSIM__ROW_SACKED) == 0)
    i--; /* a row that only now is covered wholly */
  for (; i < board->count && !msim__seq_after(msim__board_row_end(board, i), block->right); i++) {
    const struct msim__tcp_row *row = msim__board_row(board, i);

    if ((row->flags & MSIM__ROW_SACKED) != 0 || msim__seq_before(row->seq, block->left))
      continue;
    if (rack)
      msim__tcb_rack_delivered(tcb, row, msim__board_row_end(board, i), seg);
    if ((row->flags & (MSIM__ROW_EVER | MSIM__ROW_TOLD)) == 0 && msim__seq_before(row->seq, tcb->undo.end))
      board->originals = true;
    change(board, i, MSIM__ROW_LOST | MSIM__ROW_RETRANS, MSIM__ROW_SACKED);
  }
  return board->sacked_bytes - before;
}

bool msim__segment_tells_duplicate(const struct msim__segment *seg, struct msim__tcp_range *out)
{
  if (seg->sack_count == 0)
    return false;
  out->left = word_at(seg->sack);
  out->right = word_at(seg->sack + 4);
  if (!msim__seq_after(out->right, seg->ack))
    return true;
  return seg->sack_count > 1 && !msim__seq_before(out->left, word_at(seg->sack + 8)) &&
         !msim__seq_after(out->right, word_at(seg->sack + 12));
}

uint32_t msim__tcb_board_take(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  struct msim__tcp_board *board = tcb->board;
  struct msim__tcp_range blocks[MSIM__GAPS_BLOCKS_MAX];
  uint32_t fresh = 0, i, count = 0;

  if (board == NULL)
    return 0;
  board->originals = false;
  for (i = 0; i < seg->sack_count; i++) {
    struct msim__tcp_range block = {word_at(seg->sack + (size_t)8 * i), word_at(seg->sack + (size_t)8 * i + 4)};

    if (!msim__seq_before(block.left, block.right) || msim__seq_before(block.left, tcb->snd_una) ||
        msim__seq_after(block.right, tcb->snd_max))
      continue; /* RFC 2883 4: below the ACK it is a report of a duplicate; else it is nonsense */
    if (board->sacked_count == 0 || msim__seq_after(block.right, board->sacked_end))
      board->sacked_end = block.right;
    fresh += take_block(tcb, &block, seg);
    blocks[count++] = block;
  }
  board->seen_count = count;
  memcpy(board->seen, blocks, count * sizeof *blocks);
  return fresh;
}

/* ---- RFC 6675 4 ---- */

void msim__board_lose(struct msim__tcp_board *board, uint32_t i)
{
  change(board, i, MSIM__ROW_RETRANS, MSIM__ROW_LOST);
  if (msim__seq_before(msim__board_row(board, i)->seq, board->repair_seq))
    board->repair_seq = msim__board_row(board, i)->seq;
}

bool msim__tcb_board_judge(struct msim__tcb *tcb)
{
  struct msim__tcp_board *board = tcb->board;
  uint32_t bytes = 0, runs = 0, thresh = msim__tcb_dup_thresh(tcb), i;
  bool in_run = false;

  if (board == NULL || board->count == 0)
    return false;
  for (i = msim__board_find(board, board->sacked_end); i-- > 0 && board->sacked_count > 0;) {
    const struct msim__tcp_row *row = msim__board_row(board, i);

    if ((row->flags & MSIM__ROW_SACKED) != 0) {
      bytes += row_bytes(board, i);
      runs += !in_run;
      in_run = true;
      continue;
    }
    in_run = false;
    if ((row->flags & MSIM__ROW_LOST) != 0)
      break; /* and so is what lies below */
    if (runs >= thresh || bytes > (thresh - 1) * tcb->cc.mss_bytes)
      msim__board_lose(board, i);
  }
  return (msim__board_row(board, 0)->flags & MSIM__ROW_LOST) != 0;
}

void msim__tcb_board_lose_first(struct msim__tcb *tcb)
{
  if (tcb->board != NULL && tcb->board->count > 0 && (msim__board_row(tcb->board, 0)->flags & MSIM__ROW_LOST) == 0)
    msim__board_lose(tcb->board, 0);
}

void msim__tcb_board_begin(struct msim__tcb *tcb)
{
  if (tcb->board == NULL)
    return;
  if (!msim__tcb_uses_rack(tcb)) /* RACK marks what is lost by time: it stays so */
    change_all(tcb->board, MSIM__ROW_LOST | MSIM__ROW_RETRANS);
  tcb->board->repair_seq = tcb->snd_una;
  tcb->board->rescued = false;
}

void msim__tcb_board_timeout(struct msim__tcb *tcb)
{
  struct msim__tcp_board *board = tcb->board;
  uint32_t i;

  if (board == NULL)
    return;
  for (i = 0; i < board->count && board->sacked_count > 0; i++) {
    if ((msim__board_row(board, i)->flags & MSIM__ROW_SACKED) != 0)
      change(board, i, MSIM__ROW_SACKED, MSIM__ROW_TOLD);
  }
  change_all(board, MSIM__ROW_SACKED | MSIM__ROW_LOST | MSIM__ROW_RETRANS);
  msim__tcb_rack_anew(tcb);
  board->repair_seq = tcb->snd_una;
}

void msim__tcb_board_take_back(struct msim__tcb *tcb)
{
  if (tcb->board == NULL)
    return;
  change_all(tcb->board, MSIM__ROW_LOST | MSIM__ROW_RETRANS);
  msim__tcb_rack_anew(tcb);
  tcb->board->repair_seq = tcb->snd_una;
}

uint32_t msim__tcb_board_pipe(const struct msim__tcb *tcb)
{
  const struct msim__tcp_board *board = tcb->board;
  uint32_t bytes = tcb->snd_nxt - tcb->snd_una, i;

  if (board == NULL)
    return bytes;
  if (tcb->snd_nxt == tcb->snd_max)
    return bytes - board->sacked_bytes - board->lost_bytes + board->retrans_bytes;
  for (i = 0;
       i < board->count && board->sacked_count > 0 && !msim__seq_after(msim__board_row_end(board, i), tcb->snd_nxt);
       i++)
    bytes -= (msim__board_row(board, i)->flags & MSIM__ROW_SACKED) != 0 ? row_bytes(board, i) : 0;
  return bytes;
}

static bool give_row(struct msim__tcb *tcb, uint32_t i, uint32_t size_bytes_max, struct msim__tcp_range *out)
{
  if (row_bytes(tcb->board, i) > size_bytes_max)
    split_row(tcb, i, size_bytes_max);
  out->left = msim__board_row(tcb->board, i)->seq;
  out->right = msim__board_row_end(tcb->board, i);
  if (out->right - out->left > size_bytes_max)
    out->right = out->left + size_bytes_max;
  change(tcb->board, i, 0, MSIM__ROW_RETRANS);
  return true;
}

/* Rule 4: once in a recovery, the highest that was not SACKed; not before its ACK could have come. */
static bool rescue(struct msim__tcb *tcb, uint32_t size_bytes_max, struct msim__tcp_range *out)
{
  struct msim__tcp_board *board = tcb->board;
  uint32_t i;

  if (board->rescued)
    return false;
  for (i = board->count; i-- > 0;) {
    const struct msim__tcp_row *row = msim__board_row(board, i);

    if ((row->flags & MSIM__ROW_SACKED) != 0)
      continue;
    if ((row->flags & MSIM__ROW_RETRANS) != 0 ||
        msim__node_sim(tcb->head.node)->now_ns - row->sent_ns < tcb->cc.srtt_ns)
      return false;
    board->rescued = true;
    return give_row(tcb, i, size_bytes_max, out);
  }
  return false;
}

bool msim__tcb_board_next(struct msim__tcb *tcb, bool lost, uint32_t size_bytes_max, struct msim__tcp_range *out)
{
  struct msim__tcp_board *board = tcb->board;
  uint32_t i, flags;

  if (board == NULL || (lost && board->lost_bytes == 0))
    return false;
  for (i = msim__board_find(board, board->repair_seq); i < board->count; i++) {
    flags = msim__board_row(board, i)->flags;
    if (!lost && (board->sacked_count == 0 || !msim__seq_before(msim__board_row(board, i)->seq, board->sacked_end)))
      break; /* rule 1.b */
    if ((flags & (MSIM__ROW_SACKED | MSIM__ROW_RETRANS)) != 0 || (lost && (flags & MSIM__ROW_LOST) == 0))
      continue;
    board->repair_seq = msim__board_row_end(board, i);
    return give_row(tcb, i, size_bytes_max, out);
  }
  if (lost && msim__tcb_uses_rack(tcb))
    board->repair_seq = board->end_seq; /* nothing waits: no further look until something is lost */
  return !lost && rescue(tcb, size_bytes_max, out);
}

uint32_t msim__tcb_board_skip(const struct msim__tcb *tcb, uint32_t seq, uint32_t *size_bytes_max)
{
  const struct msim__tcp_board *board = tcb->board;
  uint32_t i;

  *size_bytes_max = UINT32_MAX;
  if (board == NULL || board->sacked_count == 0)
    return seq;
  for (i = msim__board_find(board, seq + 1) - 1; i < board->count; i++) {
    if ((msim__board_row(board, i)->flags & MSIM__ROW_SACKED) != 0 &&
        !msim__seq_after(msim__board_row(board, i)->seq, seq))
      seq = msim__board_row_end(board, i);
    else if ((msim__board_row(board, i)->flags & MSIM__ROW_SACKED) != 0) {
      *size_bytes_max = msim__board_row(board, i)->seq - seq;
      break;
    }
    if (msim__seq_after(msim__board_row(board, i)->seq, seq + UINT16_MAX))
      break; /* no segment reaches as far */
  }
  return seq;
}
