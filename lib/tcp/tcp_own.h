/* tcp_own.h: what a connection has for itself, and what a host has counted.
 *
 * A connection shares the options of its host or agent until something differs, or until somebody looks closely: then
 * it owns a copy and, with it, measurements. Does not change how TCP works: measurements are only read by tcp_info.c.
 */
#ifndef MSIM_TCP_TCP_OWN_H
#define MSIM_TCP_TCP_OWN_H

#include "tcp/tcb.h"

/* What keeps a connection from sending more. */
enum msim__tcp_limit {
  MSIM__LIMIT_NONE, /* nothing to send */
  MSIM__LIMIT_PATH, /* under way, or the congestion window */
  MSIM__LIMIT_RECEIVER,
  MSIM__LIMIT_BUFFER, /* the user waits for room, and nothing is left to send */
  MSIM__LIMITS
};

struct msim__tcp_own {
  struct msim_tcp_opts opts; /* must be first: tcb->opts points to it */
  uint32_t segs_in, segs_out, retransmit_count;
  uint32_t delivered_count; /* segments that were acknowledged or SACKed */
  uint32_t reorder_count;
  uint32_t window_max_bytes; /* the largest that was offered */
  uint64_t acked_bytes, received_bytes, sent_bytes, retransmitted_bytes;
  msim_ns text_at_ns, ack_at_ns; /* when the last came; MSIM_NEVER: none yet */
  msim_ns limit_ns[MSIM__LIMITS], limit_since_ns;
  enum msim__tcp_limit limit;
};

/* tcb->own */
enum {
  MSIM__OWN_BLOCK = 1,  /* tcb->opts is the head of a struct msim__tcp_own */
  MSIM__OWN_CORKED = 2, /* only whole segments go out */
  MSIM__OWN_MORE = 4    /* the same until the next write */
};

/* NULL: it shares its options with others, most often those of its host. */
static inline struct msim__tcp_own *msim__tcb_own(const struct msim__tcb *tcb)
{
  return (tcb->own & MSIM__OWN_BLOCK) != 0 ? (struct msim__tcp_own *)(void *)(uintptr_t)tcb->opts : NULL;
}
/* A connection that was just made behaves as opts say, from its SYN on: by a copy of its own, or where they are_shared
 * (msim__tcp_opts_share) without one. opts may be NULL. MSIM_ERR_NOMEM (the simulation has then failed). */
int msim__tcb_adopt_opts(struct msim__tcb *tcb, const struct msim_tcp_opts *opts, bool are_shared);
void msim__tcb_own_release(struct msim__tcb *tcb);

/* All for connections with a block only: the callers ask. */
void msim__tcb_own_sent(struct msim__tcb *tcb, uint32_t size_bytes, bool again);
/* A segment was dealt with; rcv_nxt, snd_una and undelivered as they were before. */
void msim__tcb_own_arrived(struct msim__tcb *tcb, const struct msim__segment *seg, uint32_t rcv_nxt, uint32_t snd_una,
                           uint32_t undelivered);
/* Segments that are under way and not SACKed. */
uint32_t msim__tcb_undelivered(const struct msim__tcb *tcb);
void msim__tcb_own_measure(struct msim__tcb *tcb); /* after output: what limits now */

/* ---- what a host has counted: tcp_count.c ---- */

/* 32 bits each: made when a host first counts something that is rare. */
struct msim__tcp_counts {
  uint32_t values[MSIM__COUNTERS];
};
void msim__tcp_corrupt(struct msim_node *node); /* a segment has come with a wrong checksum */
void msim__tcp_count_move(struct msim__tcb *tcb, enum msim__tcp_state from, enum msim__tcp_state to);

#endif
