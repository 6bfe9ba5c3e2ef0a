/* tcp_sack.h: selective acknowledgment: what the receiver tells (RFC 2018, RFC 2883) and what the sender makes of it
 * (RFC 6675).
 *
 * Both parts exist only while something is under way; an idle connection holds neither. Not for connections that did
 * not agree on SACK: there the counting of duplicate ACKs stays (tcp_ack.c). */
#ifndef MSIM_TCP_TCP_SACK_H
#define MSIM_TCP_TCP_SACK_H

#include "tcp/tcb.h"

struct msim__tcp_range {
  uint32_t left, right; /* right is the first number beyond */
};

/* ---- the receiver: tcp_sack_receive.c ---- */

#define MSIM__GAPS_BLOCKS_MAX 4u /* RFC 2018 3: what fits */

struct msim__tcp_gaps {
  uint32_t count;
  bool has_duplicate;
  struct msim__tcp_range duplicate;                     /* RFC 2883: what came twice, told once */
  struct msim__tcp_range blocks[MSIM__GAPS_BLOCKS_MAX]; /* the island that grew last stands first */
};

/* Text beyond RCV.NXT has come: the island that it belongs to, as far as it is known. */
void msim__tcb_gaps_note(struct msim__tcb *tcb, uint32_t left, uint32_t right);
/* [left, right) had come before. */
void msim__tcb_gaps_duplicate(struct msim__tcb *tcb, uint32_t left, uint32_t right);
void msim__tcb_gaps_advance(struct msim__tcb *tcb); /* RCV.NXT has moved */
void msim__tcb_gaps_sent(struct msim__tcb *tcb);    /* an ACK went out */
void msim__tcb_gaps_release(struct msim__tcb *tcb);
/* The island among the blocks that holds seq or ends there; NULL: none is known. */
const struct msim__tcp_range *msim__tcb_gaps_find(const struct msim__tcb *tcb, uint32_t seq);
/* Appends the option behind option_bytes that are there; returns the new length, a multiple of 4. */
uint8_t msim__tcb_gaps_write(const struct msim__tcb *tcb, uint8_t *options, uint8_t option_bytes);
uint32_t msim__tcb_gaps_option_bytes(const struct msim__tcb *tcb);

/* ---- the sender: tcp_sack.c ---- */

/* row flags */
enum {
  MSIM__ROW_SACKED = 1,
  MSIM__ROW_LOST = 2,    /* taken for lost */
  MSIM__ROW_RETRANS = 4, /* sent again in this recovery */
  MSIM__ROW_EVER = 8,    /* sent again at some time */
  MSIM__ROW_TOLD = 16    /* was SACKed before a timeout: that it arrives is no news */
};

/* A segment that was sent and is not acknowledged. It ends where the next begins. */
struct msim__tcp_row {
  uint32_t seq;
  uint32_t flags;
  msim_ns sent_ns; /* last */
};

/* RFC 8985 5.2: what is known of the row that was sent last of those that have arrived. */
struct msim__tcp_rack {
  msim_ns sent_ns, rtt_ns;
  uint32_t end_seq;
  uint32_t fack;     /* the highest number that has arrived */
  uint32_t next_seq; /* below it every row that was sent once has been judged: it has arrived or is lost */
  bool known;
};

/* What was sent again, in the order of time; what has become of it since is seen when its time comes. */
struct msim__tcp_resent_item {
  uint32_t seq, end;
  msim_ns sent_ns;
};
struct msim__tcp_resent {
  uint32_t first, count, capacity; /* capacity is a power of two */
  struct msim__tcp_resent_item items[];
};

#define MSIM__BOARD_ROWS_MIN 8u
#define MSIM__BOARD_ROWS_MAX 65536u /* beyond it the last row grows instead */

struct msim__tcp_board {
  uint32_t first, count, capacity; /* capacity is a power of two */
  uint32_t end_seq;                /* of the last row */
  uint32_t sacked_count;
  uint32_t sacked_bytes, lost_bytes, retrans_bytes; /* by flag; LOST and RETRANS never of a SACKED row */
  uint32_t sacked_end;                              /* the highest number that was selectively acknowledged */
  uint32_t repair_seq;                              /* HighRxt: below it no row waits for its retransmission */
  bool originals;                                   /* msim__ack_news, of the last blocks */
  bool rescued;                                     /* rule 4 of NextSeg was used in this recovery */
  struct msim__tcp_rack rack;
  struct msim__tcp_resent *resent; /* with RACK; or NULL */
  uint32_t seen_count;
  struct msim__tcp_range seen[MSIM__GAPS_BLOCKS_MAX]; /* blocks of the last ACK: only what is new is walked */
  struct msim__tcp_row rows[];
};

static inline struct msim__tcp_row *msim__board_row(const struct msim__tcp_board *board, uint32_t i)
{
  return (struct msim__tcp_row *)&board->rows[(board->first + i) & (board->capacity - 1)];
}
static inline uint32_t msim__board_row_end(const struct msim__tcp_board *board, uint32_t i)
{
  return i + 1 < board->count ? msim__board_row(board, i + 1)->seq : board->end_seq;
}
void msim__board_lose(struct msim__tcp_board *board, uint32_t i); /* it is lost, or its retransmission is */

/* A segment [seq, end) goes out; before SND.MAX moves. */
void msim__tcb_board_sent(struct msim__tcb *tcb, uint32_t seq, uint32_t end);
/* SND.UNA has moved. Returns how many bytes that had not been SACKed it covered. A row that was SACKed and now stands
 * first means that the peer has taken it back (RFC 2018 8): no SACK counts any more. */
uint32_t msim__tcb_board_acked(struct msim__tcb *tcb, const struct msim__segment *seg);
/* Returns the bytes that this segment is the first to SACK. */
uint32_t msim__tcb_board_take(struct msim__tcb *tcb, const struct msim__segment *seg);
/* IsLost() for every row (RFC 6675 4). True: the first row is lost. */
bool msim__tcb_board_judge(struct msim__tcb *tcb);
void msim__tcb_board_lose_first(struct msim__tcb *tcb);
/* Recovery begins, or ends: what was retransmitted and lost is forgotten. */
void msim__tcb_board_begin(struct msim__tcb *tcb);
void msim__tcb_board_timeout(struct msim__tcb *tcb);   /* RFC 2018 8: also what was SACKed */
void msim__tcb_board_take_back(struct msim__tcb *tcb); /* nothing was lost */
void msim__tcb_board_release(struct msim__tcb *tcb);
/* SetPipe(): bytes that are on their way. */
uint32_t msim__tcb_board_pipe(const struct msim__tcb *tcb);
/* NextSeg() rules 1 (lost) or 3 and 4 (otherwise): a row to send again, at most size_bytes_max of it; marks it. */
bool msim__tcb_board_next(struct msim__tcb *tcb, bool lost, uint32_t size_bytes_max, struct msim__tcp_range *out);
/* The ACK tells of something that has come twice (RFC 2883 4): *out. */
bool msim__segment_tells_duplicate(const struct msim__segment *seg, struct msim__tcp_range *out);
/* From seq on, what is not SACKed: where it begins, and how long it is at most. For sending again after a timeout. */
uint32_t msim__tcb_board_skip(const struct msim__tcb *tcb, uint32_t seq, uint32_t *size_bytes_max);

/* ---- tcp_rack.c ---- */

static inline bool msim__tcb_uses_rack(const struct msim__tcb *tcb)
{
  return (tcb->bits & MSIM__TCB_SACK) != 0 && !tcb->opts->no_rack;
}
/* A row has been acknowledged or SACKed, by this segment; before its flags change. */
void msim__tcb_rack_delivered(struct msim__tcb *tcb, const struct msim__tcp_row *row, uint32_t end,
                              const struct msim__segment *seg);
void msim__tcb_rack_duplicate(struct msim__tcb *tcb);
/* [seq, end) goes out again. */
void msim__tcb_rack_resent(struct msim__tcb *tcb, uint32_t seq, uint32_t end);
/* Rows that were judged are to be judged again. */
void msim__tcb_rack_anew(struct msim__tcb *tcb);
void msim__rack_release(struct msim__tcb *tcb, struct msim__tcp_board *board);
/* The first row that begins at seq or later; board->count: none. */
uint32_t msim__board_find(const struct msim__tcp_board *board, uint32_t seq);
void msim__tcb_rack_recovered(struct msim__tcb *tcb);
/* Marks what is lost by now, and sets loss_at_ns for the rest. True: something is lost. */
bool msim__tcb_rack_judge(struct msim__tcb *tcb);
void msim__tcb_tlp_schedule(struct msim__tcb *tcb);
/* True: the probe has repaired a loss that nothing else has shown. duplicate: the ACK tells of one. */
bool msim__tcb_tlp_acked(struct msim__tcb *tcb, uint32_t ack, bool duplicate);
/* loss_at_ns has come. */
void msim__tcb_loss_fired(struct msim__tcb *tcb);
void msim__tcb_loss_off(struct msim__tcb *tcb);

#endif
