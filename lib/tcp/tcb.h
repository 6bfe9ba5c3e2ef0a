/* tcb.h: the connection as the rooms of TCP share it, and what they ask of each other.
 *
 * Names of RFC 9293 3.3.1 stand beside the fields. Sequence numbers are modulo 2^32 and compared with seq_before and
 * its kin only. Does not hold: anything that an established idle connection can do without (TIME-WAIT is
 * tcp_time_wait.c). */
#ifndef MSIM_TCP_TCB_H
#define MSIM_TCP_TCB_H

#include "core/pool.h"
#include "net/net.h"
#include "tcp/tcp.h"
#include "tcp/tcp_route.h"

/* enum name, name in RFC 9293 3.3.2 */
#define MSIM__TCP_STATE_MAP(X)                                                                                         \
  X(CLOSED, "CLOSED")                                                                                                  \
  X(LISTEN, "LISTEN")                                                                                                  \
  X(SYN_SENT, "SYN-SENT")                                                                                              \
  X(SYN_RECEIVED, "SYN-RECEIVED")                                                                                      \
  X(ESTABLISHED, "ESTABLISHED")                                                                                        \
  X(FIN_WAIT_1, "FIN-WAIT-1")                                                                                          \
  X(FIN_WAIT_2, "FIN-WAIT-2")                                                                                          \
  X(CLOSE_WAIT, "CLOSE-WAIT")                                                                                          \
  X(CLOSING, "CLOSING")                                                                                                \
  X(LAST_ACK, "LAST-ACK")                                                                                              \
  X(TIME_WAIT, "TIME-WAIT")

enum msim__tcp_state {
#define MSIM__TCP_STATE_ENUM(name, text) MSIM__TCP_##name,
  MSIM__TCP_STATE_MAP(MSIM__TCP_STATE_ENUM)
#undef MSIM__TCP_STATE_ENUM
      MSIM__TCP_STATES
};

static inline bool msim__seq_before(uint32_t a, uint32_t b)
{
  return (int32_t)(a - b) < 0;
}
static inline bool msim__seq_after(uint32_t a, uint32_t b)
{
  return (int32_t)(b - a) < 0;
}
static inline uint32_t msim__seq_max(uint32_t a, uint32_t b)
{
  return msim__seq_before(a, b) ? b : a;
}

/* What the table of connections links: a connection, or what remains of it in TIME-WAIT. */
struct msim__tcp_head {
  struct msim__tcp_head *next; /* in the bucket */
  struct msim_node *node;
  uint32_t local_id, remote_id; /* of addresses */
  uint16_t local_port, remote_port;
  uint8_t state;        /* enum msim__tcp_state; CLOSED: over, only waiting to be told and freed */
  uint8_t side;         /* MSIM__SIDE_… of this end */
  uint16_t wait_window; /* in TIME-WAIT: as on the wire */
};

/* A part of the send stream: bytes of a blob. In order, without gaps. */
struct msim__tcp_piece {
  struct msim__tcp_piece *next;
  struct msim_blob *blob; /* counted */
  uint32_t offset_bytes, size_bytes;
  uint32_t begin_seq;
};

/* Received bytes: a part of a packet's payload. In the queue in order and without gaps, in reassembly with gaps. */
struct msim__tcp_text {
  struct msim__tcp_text *next;
  struct msim_blob *blob;    /* counted */
  struct msim__units *units; /* counted; or NULL */
  uint32_t offset_bytes, size_bytes;
  uint32_t units_skip_bytes; /* bytes of the payload, as units count them, before offset_bytes */
  uint32_t seq;
};

/* An application unit in the send stream. */
struct msim__tcp_mark {
  struct msim__tcp_mark *next;
  const char *unit;
  struct msim__label *message; /* counted; or NULL */
  uint32_t begin_seq, end_seq; /* end_seq counts when not open */
  bool open;
};

/* Which segment carried a byte first: for the note "rtx c3". A ring in order of seq; kept while somebody watches. */
struct msim__tcp_sent_row {
  uint32_t seq, number;
};
struct msim__tcp_sent {
  uint32_t first, count, capacity; /* capacity is a power of two */
  struct msim__tcp_sent_row rows[];
};

/* tcb->bits */
enum {
  MSIM__TCB_PASSIVE = 1 << 0,       /* came from LISTEN */
  MSIM__TCB_FIN_QUEUED = 1 << 1,    /* the user closed: FIN follows the last byte */
  MSIM__TCB_FIN_SEEN = 1 << 2,      /* the peer's FIN has arrived, at fin_seq, maybe out of order */
  MSIM__TCB_EOF = 1 << 3,           /* the peer's FIN was taken in order */
  MSIM__TCB_ACK_NOW = 1 << 4,       /* an ACK is owed at once */
  MSIM__TCB_ACK_SOON = 1 << 5,      /* an ACK is owed within the delay */
  MSIM__TCB_RETRANSMIT = 1 << 6,    /* the first unacknowledged segment is to be sent again */
  MSIM__TCB_PROBE = 1 << 7,         /* the persist timer fired */
  MSIM__TCB_PERSISTING = 1 << 8,    /* retransmit_at_ns is the persist timer's */
  MSIM__TCB_RECOVERING = 1 << 9,    /* RFC 6582 fast recovery */
  MSIM__TCB_PARTIAL_SEEN = 1 << 10, /* the first partial ACK of this recovery has come */
  MSIM__TCB_TIMING = 1 << 11,       /* rtt_seq is being timed */
  MSIM__TCB_SCALING = 1 << 12,      /* both sides offered window scale */
  MSIM__TCB_NODELAY = 1 << 13,
  MSIM__TCB_WANTS_WRITE = 1 << 14, /* a write did not fit */
  MSIM__TCB_BUSY = 1 << 15,        /* a segment or timer is being dealt with: output runs at the end */
  MSIM__TCB_FLUSH = 1 << 16,       /* output is to run by the timer, at once */
  MSIM__TCB_SOFT_ERROR = 1 << 17,  /* ICMP said unreachable (3.9.2.2) */
  MSIM__TCB_SYN_REPEATED = 1 << 18,
  MSIM__TCB_HAS_RTT = 1 << 19,
  MSIM__TCB_OWN_CC_STATE = 1 << 20, /* cc_state.block is an allocation */
  MSIM__TCB_URGENT = 1 << 21,       /* rcv_up counts (3.8.5); the bytes stay in line */
  MSIM__TCB_TIMESTAMPS = 1 << 22,   /* both sides offered timestamps (RFC 7323 3) */
  MSIM__TCB_CLOSED_EARLY = 1 << 23, /* in SYN-RECEIVED: beyond it, but our SYN is not acknowledged yet */
  MSIM__TCB_SACK = 1 << 24,         /* both sides permitted SACK (RFC 2018 2) */
  MSIM__TCB_KEEPALIVE = 1 << 25,    /* a keep-alive probe is to go out */
  MSIM__TCB_COUNTED = 1 << 26,      /* one of the host's half-open connections */
  MSIM__TCB_REORDERING = 1 << 27,   /* RFC 8985: something has arrived that was sent before what came first */
  MSIM__TCB_TLP_WANTED = 1 << 28,   /* the probe's time is to be set anew */
  MSIM__TCB_TLP_DUE = 1 << 29,      /* loss_at_ns is that of the probe */
  MSIM__TCB_TLP_OUT = 1 << 30       /* a probe is out, up to tlp_end */
};
#define MSIM__TCB_V6 UINT32_C(0x80000000) /* over IPv6; no int has it */

/* tcb->ecn */
enum {
  MSIM__ECN_ASKED = 1,     /* our SYN asks for it */
  MSIM__ECN_TOOK_BACK = 2, /* a SYN that does not ask went out too */
  MSIM__ECN_ECHOES = 4,    /* the peer may send packets that can be marked: marks are told */
  MSIM__ECN_SENDS = 8,     /* we may */
  MSIM__ECN_CAME = 16,     /* a mark came, and the peer has not said that it knows: ECE */
  MSIM__ECN_CUT = 32       /* the window was cut, and the peer does not know: CWR */
};

/* tcb->tell: what the user is to hear, in this order */
enum {
  MSIM__TELL_ACCEPT = 1,
  MSIM__TELL_OPEN = 2,
  MSIM__TELL_URGENT = 4,
  MSIM__TELL_READABLE = 8,
  MSIM__TELL_WRITABLE = 16,
  MSIM__TELL_EOF = 32,
  MSIM__TELL_SILENCE = 64, /* these two also while opening */
  MSIM__TELL_ICMP = 128
};

/* tcb->more: the rarer bits */
enum {
  MSIM__MORE_URGENT = 1,      /* snd_up counts: it is not acknowledged yet */
  MSIM__MORE_URGENT_NEWS = 2, /* no segment has told of snd_up yet */
  MSIM__MORE_FAST_ASKS = 4,   /* the first SYN has the Fast Open option (RFC 7413) */
  MSIM__MORE_FAST_GRANT = 8,  /* the SYN, ACK brings a cookie */
  MSIM__MORE_FAST_OPEN = 16,  /* the SYN's cookie was good: the user has the connection before its handshake is over */
  MSIM__MORE_FAST_COUNTED = 32, /* one of the host's whose handshake is not over */
  MSIM__MORE_FAST_TOOK = 64,    /* the peer has taken text of our SYN */
  MSIM__MORE_FAST_RESET = 128   /* a RST has ended its handshake */
};

#define MSIM__CC_STATE_INLINE_WORDS 4u
#define MSIM__CC_STATE_BYTES_MAX 128u

/* RFC 9937; counts while recovering */
struct msim__tcp_prr {
  uint32_t flight_bytes; /* RecoverFS */
  uint32_t delivered_bytes, out_bytes;
  uint32_t quota_bytes; /* what may go out now */
  uint32_t dup_bytes;   /* without SACK: what duplicate ACKs have told of, and no ACK has covered */
};

/* What the window was before it was cut, and what would show that it was cut for nothing (tcp_frto.c). */
struct msim__tcp_undo {
  uint32_t cwnd_bytes, ssthresh_bytes;
  uint32_t begin, end;   /* SND.UNA and SND.MAX then; end moves on once */
  uint32_t ts;           /* the time stamp of what was sent again first */
  uint16_t resent_count; /* segments, less those that D-SACKs have told of */
  uint8_t phase;         /* 0: nothing can be taken back */
  uint8_t frto;          /* the step of F-RTO; 0: not in it */
  uint8_t frto_left;     /* segments that its second step may still send */
  bool echo_counts;      /* the next ACK of new data tells by its timestamp */
  bool timeout;          /* cut for that, not for a loss */
};

struct msim__tcp_board;  /* tcp_sack.h */
struct msim__tcp_intake; /* tcp_intake.h */
struct msim__tcp_gaps;

struct msim__tcb {
  struct msim__tcp_head head; /* must be first */
  uint32_t bits;
  uint8_t tell;
  uint8_t why;                  /* enum msim_close_reason, once CLOSED */
  uint8_t snd_shift, rcv_shift; /* RFC 7323 2.3 */

  /* send sequence space */
  uint32_t snd_una;     /* SND.UNA */
  uint32_t snd_nxt;     /* what goes out next; falls back to SND.UNA after a timeout */
  uint32_t snd_max;     /* SND.NXT of the RFC: one past the highest number ever sent */
  uint32_t snd_wnd;     /* SND.WND, bytes */
  uint32_t snd_wnd_max; /* the largest ever offered */
  uint32_t snd_wl1, snd_wl2;
  uint32_t iss;
  uint32_t queue_end; /* one past the last byte that the user queued */
  uint32_t snd_up;    /* SND.UP: one past the last urgent byte */

  /* receive sequence space */
  uint32_t rcv_nxt;   /* RCV.NXT */
  uint32_t rcv_adv;   /* the right edge that was promised: RCV.NXT + RCV.WND */
  uint32_t rcv_acked; /* the last ACK sent */
  uint32_t irs;
  uint32_t rcv_up;          /* RCV.UP: one past the last urgent byte, with URGENT */
  uint32_t fin_seq;         /* of the peer's FIN, with FIN_SEEN */
  uint32_t available_bytes; /* received in order, not yet consumed */
  uint32_t consumed_bytes;  /* by the user since the last ACK */
  uint32_t reassembly_count;
  uint32_t ts_recent;   /* TS.Recent (RFC 7323 4.3) */
  uint32_t ts_recent_s; /* when it was set, in seconds of the simulation */
  uint32_t ts_offset;   /* what is added to the clock: TSval of a connection begins anywhere */

  uint16_t mss_own;  /* what we announced */
  uint16_t mss_peer; /* what the peer announced */
  uint16_t mss_path; /* what the path carries, as it seems */
  uint16_t mss_told; /* and as route and routers say */
  uint16_t mss_seen; /* the largest segment that came: what "full-sized" means for delayed ACK */
  uint8_t dup_acks;
  uint8_t dup_extra; /* duplicates beyond three that a loss takes, as this path reorders; without RACK */
  uint8_t open_marks;
  uint16_t mark_count;
  uint16_t retries; /* of the retransmission or persist timer in a row: the back-off */
  uint16_t probes_unanswered;
  uint8_t own;                   /* MSIM__OWN_…: tcp_own.h */
  uint8_t keepalives;            /* sent since the peer was heard */
  uint8_t reo_mult, reo_persist; /* RFC 8985 6.2: reo_wnd_mult - 1, reo_wnd_persist */
  bool tlp_probe, tlp_again;     /* a probe is to go out; the last one was a retransmission */
  uint8_t more;
  uint8_t ecn;                  /* MSIM__ECN_…; 0: nothing to do with it */
  uint8_t tos;                  /* the user's bits of every segment (RFC 2474 3) */
  uint8_t icmp_type, icmp_code; /* of the last soft error */
  uint8_t owed_option_bytes;    /* beside timestamps, in what is not acknowledged yet */
  uint32_t dsack_round, tlp_end;
  uint32_t flight_peak_bytes, flight_peak_end; /* the most that was under way in the window that ends there */
  int32_t inflate_bytes; /* RFC 6582: the controller's window is widened by this during recovery */
  uint32_t recover;      /* RFC 6582, as one past the highest number sent when recovery began */
  uint32_t ecn_end;      /* the window that was cut for a mark ends here */
  uint32_t rtt_seq;      /* acknowledged beyond this number, the timing ends */

  msim_ns retransmit_at_ns; /* retransmission, persist; MSIM_NEVER: off */
  msim_ns ack_at_ns;        /* delayed ACK; MSIM_NEVER: off */
  msim_ns rtt_sent_ns, rttvar_ns, rto_ns;
  msim_ns sent_at_ns;  /* of the last segment with data */
  msim_ns life_at_ns;  /* keep-alive or end of FIN-WAIT-2, in the background; MSIM_NEVER: off */
  msim_ns heard_at_ns; /* the last segment that came; kept while life_at_ns is on */
  msim_ns loss_at_ns;  /* RFC 8985: reordering has had its time, or a probe is due; MSIM_NEVER: off */
  msim_ns since_ns;    /* the last progress: what the user timeout counts from */

  const struct msim_tcp_opts *opts;
  struct msim_flow *flow; /* counted */
  const struct msim__tcp_user *ops;
  void *user;

  struct msim__tcp_piece *send_first, *send_last;
  struct msim__tcp_piece *send_cursor; /* near snd_nxt; or NULL */
  struct msim_blob *send_fill;         /* counted; writes are copied into its free end; or NULL */
  struct msim__tcp_text *receive_first, *receive_last;
  struct msim__tcp_text *reassembly_first, *reassembly_last;
  struct msim__tcp_mark *mark_first, *mark_last;
  struct msim__tcp_sent *sent;     /* or NULL */
  struct msim__tcp_board *board;   /* what is under way, with SACK; or NULL */
  struct msim__tcp_gaps *gaps;     /* what came beyond a gap, with SACK; or NULL */
  struct msim__tcp_intake *intake; /* or NULL */
  struct msim__tcp_route *route;   /* the source route that its segments take; or NULL */

  struct msim__tcp_undo undo;
  struct msim__tcp_prr prr;
  const struct msim_cc_type *cc_type;
  struct msim_cc_vars cc;
  union {
    uint64_t words[MSIM__CC_STATE_INLINE_WORDS];
    void *block;
  } cc_state;
  struct msim_timer timer;
};
/* Where pointers have 8 bytes: an established idle connection shall stay below 1 KiB with its buffers. */
_Static_assert(sizeof(struct msim__tcb) <= 640, "a connection has grown beyond ten cache lines");

struct msim__tcp_listener {
  struct msim__tcp_listener *next;
  uint32_t local_id; /* of an address; 0: all of the node's */
  uint16_t port;
  msim__tcp_accept_fn *accept;
  void *ctx;
  const struct msim__tcp_gate *gate; /* or NULL */
};
static inline bool msim__tcp_listener_is_full(const struct msim__tcp_listener *listener)
{
  return listener != NULL && listener->gate != NULL && listener->gate->is_full != NULL &&
         listener->gate->is_full(listener->ctx);
}
/* NULL: the host's. */
static inline const struct msim_tcp_opts *msim__tcp_listener_opts(const struct msim__tcp_listener *listener)
{
  return listener != NULL && listener->gate != NULL && listener->gate->opts != NULL
             ? listener->gate->opts(listener->ctx)
             : NULL;
}

/* rest of a TIME-WAIT, from the lowest bit: whether timestamps are in use, DSCP, tick of their clock and length in us.
 */
enum { MSIM__WAIT_DSCP_BIT = 1, MSIM__WAIT_TICK_BIT = 7, MSIM__WAIT_SPAN_BIT = 27 };

/* What remains of a connection in TIME-WAIT. Per host these stand in the order in which they end. */
struct msim__time_wait {
  struct msim__tcp_head head; /* must be first */
  struct msim__time_wait *older, *newer;
  msim_ns ends_at_ns;
  struct msim_flow *flow; /* counted */
  uint32_t snd_nxt, rcv_nxt;
  uint32_t ts_recent, ts_offset; /* with timestamps */
  uint64_t rest;                 /* MSIM__WAIT_…: what is short enough to share a word */
  struct msim__tcp_route *route; /* or NULL */
};
_Static_assert(sizeof(struct msim__time_wait) <= 96, "TIME-WAIT is a four-tuple and a time");

struct msim__tcp_cookies; /* tcp_fastopen.h */
struct msim__tcp_resets;  /* tcp_fastopen.c: a server's */
struct msim__tcp_paths;   /* tcp_mtu.c: what routers have told */

/* Made when a host first speaks TCP. */
struct msim__tcp_node {
  struct msim_timer timer; /* background */
  struct msim__time_wait *oldest, *newest;
  uint64_t challenge_second; /* of the simulation, in which challenge_count was counted */
  uint32_t challenge_count;
  uint32_t half_open_count;             /* in SYN-RECEIVED, from LISTEN */
  uint32_t active_count, passive_count; /* opens */
  uint64_t in_count, out_count;         /* segments; without those sent again */
  struct msim__tcp_counts *counts;      /* of what is rare; or NULL */
  uint32_t fast_count;                  /* of these, opened by a cookie */
  struct msim__tcp_cookies *cookies;    /* or NULL */
  struct msim__tcp_resets *fast_resets; /* or NULL */
  struct msim__tcp_paths *paths;        /* or NULL */
};

#define MSIM__OPTS_KEPT 4u /* the hosts of a range are told the same, one after the other: host, agent, agent */
struct msim__tcp {
  struct msim_sim *sim;
  struct msim__net *net;
  struct msim__tcp_head **buckets; /* a power of two of them */
  size_t bucket_count, head_count;
  struct msim__pool tcbs, pieces, texts, marks, time_waits, boards, gaps, intakes;
  struct msim_tcp_opts defaults;
  const struct msim__tcp_cutter *cutter;                  /* or NULL */
  const struct msim__tcp_tap *tap;                        /* or NULL */
  const struct msim_tcp_opts *last_opts[MSIM__OPTS_KEPT]; /* what was told last, latest first; or NULL */
};

static inline struct msim__tcp *msim__tcp(const struct msim_sim *sim)
{
  return (struct msim__tcp *)sim->rooms[MSIM__ROOM_TCP];
}
static inline struct msim__tcp *msim__tcb_room(const struct msim__tcb *tcb)
{
  return msim__tcp(msim__node_sim(tcb->head.node));
}

/* A segment as the steps of 3.10.7 see it; trimmed as they go. */
struct msim__segment {
  const struct msim__packet *packet;
  uint32_t seq, ack;
  uint32_t text_bytes;      /* of the payload, what remains */
  uint32_t text_skip_bytes; /* of the payload, what was trimmed at the front */
  uint32_t window;          /* SEG.WND in bytes, scale applied */
  uint16_t flags;
  uint16_t mss_bytes;   /* option; 0: absent */
  int16_t window_shift; /* option; -1: absent */
  bool has_timestamps, sack_permitted;
  uint8_t sack_count;
  uint32_t ts_value, ts_echo; /* with has_timestamps */
  const uint8_t *sack;        /* sack_count blocks as they travel */
  const uint8_t *cookie;      /* cookie_bytes of it, with has_cookie: the Fast Open option */
  uint8_t cookie_bytes;       /* 0: it asks for one; else 4 to 16 */
  bool has_cookie;
};
/* SEG.LEN: with SYN and FIN */
static inline uint32_t msim__segment_length(const struct msim__segment *seg)
{
  return seg->text_bytes + ((seg->flags & MSIM_TCP_SYN) != 0) + ((seg->flags & MSIM_TCP_FIN) != 0);
}

/* ---- tcp_state.c ---- */
const char *msim__tcp_state_name(enum msim__tcp_state state);
bool msim__tcp_may_move(enum msim__tcp_state from, enum msim__tcp_state to);
/* The only way to change a state: judges, then records. why is a few static words. */
void msim__tcb_set_state(struct msim__tcb *tcb, enum msim__tcp_state to, const char *why);
/* The record alone: for connections that have no tcb any more. */
void msim__tcp_record_state(struct msim_node *node, const struct msim_flow *flow, enum msim__tcp_state from,
                            enum msim__tcp_state to, const char *why);

/* ---- tcp_demux.c ---- */
struct msim__tcp_head *msim__tcp_find(const struct msim__tcp *tcp, const struct msim_node *node, uint32_t local_id,
                                      uint16_t local_port, uint32_t remote_id, uint16_t remote_port);
void msim__tcp_enter(struct msim__tcp *tcp, struct msim__tcp_head *head);
void msim__tcp_leave(struct msim__tcp *tcp, struct msim__tcp_head *head);
/* Who would take a SYN to that address and port: a listener at the address goes before one at all addresses. */
struct msim__tcp_listener *msim__tcp_listener_find(const struct msim_node *node, uint32_t local_id, uint16_t port);
bool msim__tcp_port_has_listener(const struct msim_node *node, uint16_t port); /* at whatever address */
/* MUST-46, MUST-57, MUST-63: neither broadcast nor multicast, nor nobody. */
bool msim__tcp_is_one_host(const struct msim_addr *addr);
void msim__tcp_receive(struct msim_node *node, struct msim__packet *packet);
void msim__segment_read(struct msim__segment *seg, const struct msim__packet *packet);
/* The host's row, made when new; NULL when out of memory (the simulation has then failed). */
struct msim__tcp_node *msim__tcp_node_of(struct msim_node *node);

/* ---- tcb.c ---- */
/* A connection in the table, with its opts and buffers set, in the given state; takes no reference of flow but keeps
 * the caller's. NULL when out of memory (the simulation has then failed; the flow is the caller's still). */
struct msim__tcb *msim__tcb_new(struct msim_node *node, const struct msim__tcp_head *key, enum msim__tcp_state state,
                                struct msim_flow *flow);
/* Out of the table, and everything it holds; no callback. */
void msim__tcb_free(struct msim__tcb *tcb);
/* The connection is over: CLOSED at once, on_closed from the loop, then freed. */
void msim__tcb_die(struct msim__tcb *tcb, enum msim_close_reason reason, const char *why);
/* The same without a move: what follows is told elsewhere. */
void msim__tcb_bury(struct msim__tcb *tcb, enum msim_close_reason reason);
/* Sets the initial number (RFC 6528) and all that follows from it; and ts_offset, equal for every connection of one
 * four-tuple, so that TSval only grows there. */
void msim__tcb_choose_iss(struct msim__tcb *tcb, const uint32_t *after);
/* Recomputes the effective MSS from what peer, path and options allow. */
void msim__tcb_update_mss(struct msim__tcb *tcb);
void msim__tcb_set_buffers(struct msim__tcb *tcb); /* before its SYN: what follows from options and path */
/* Calls the user for everything in tell, then runs output once. */
void msim__tcb_finish(struct msim__tcb *tcb);
static inline bool msim__tcb_is_over(const struct msim__tcb *tcb)
{
  return tcb->head.state == MSIM__TCP_CLOSED;
}

/* ---- tcp_input.c, tcp_input_syn.c ---- */
void msim__tcb_segment_arrives(struct msim__tcb *tcb, struct msim__segment *seg);
/* 3.10.7.1, 3.10.7.2. after: the new connection's numbers begin beyond this one; NULL: anywhere. */
void msim__tcp_in_closed(struct msim_node *node, const struct msim__segment *seg);
void msim__tcp_in_listen(struct msim_node *node, struct msim__segment *seg, const uint32_t *after);
void msim__tcb_in_syn_sent(struct msim__tcb *tcb, struct msim__segment *seg);
/* The sixth, seventh and eighth step, which also a SYN's text and FIN pass. */
void msim__tcb_check_urgent(struct msim__tcb *tcb, const struct msim__segment *seg);
void msim__tcb_take_text(struct msim__tcb *tcb, struct msim__segment *seg);
void msim__tcb_check_fin(struct msim__tcb *tcb, const struct msim__segment *seg);
/* Our SYN is acknowledged for the first time: timers, window and controller begin. Before SND.UNA moves. */
void msim__tcb_synchronized(struct msim__tcb *tcb, const struct msim__segment *seg);
/* To ESTABLISHED, and on to FIN-WAIT-1 when the user has closed meanwhile. */
void msim__tcb_establish(struct msim__tcb *tcb, const char *why);
static inline bool msim__tcb_fin_is_acked(const struct msim__tcb *tcb)
{
  return (tcb->bits & MSIM__TCB_FIN_QUEUED) != 0 && tcb->snd_una == tcb->queue_end + 1;
}

/* ---- tcp_ack.c ---- */
/* The fifth step in synchronized states: new data acknowledged, duplicate ACKs, recovery. */
void msim__tcb_take_ack(struct msim__tcb *tcb, const struct msim__segment *seg);

/* RFC 5681 3.2, RFC 6675 2: how many segments behind a gap make it a loss. */
static inline uint32_t msim__tcb_dup_thresh(const struct msim__tcb *tcb)
{
  return 3u + tcb->dup_extra;
}

/* Some loss is known: the window is cut and repair begins. delivered_bytes: by the ACK that told of it. */
void msim__tcb_enter_recovery(struct msim__tcb *tcb, uint32_t delivered_bytes);

/* ---- tcp_output.c ---- */
void msim__tcb_output(struct msim__tcb *tcb);
/* 3.10.5: <SEQ=SND.NXT><CTL=RST>. */
void msim__tcb_send_reset(struct msim__tcb *tcb);
/* A segment that belongs to no connection. flow may be NULL; no reference is kept. */
struct msim__stray {
  uint32_t src, dst; /* address ids */
  uint16_t src_port, dst_port;
  uint32_t seq, ack;
  uint16_t flags, window;
  struct msim_flow *flow;
  uint8_t side, tos;
  bool has_timestamps;
  uint32_t ts_value, ts_echo;
  const struct msim__tcp_route *route; /* or NULL */
};
void msim__tcp_send_stray(struct msim_node *node, const struct msim__stray *stray);

/* ---- tcp_icmp.c ---- */
void msim__tcp_error(struct msim_node *node, const struct msim__icmp_error *error);

/* ---- tcp_mtu.c ---- */
void msim__tcb_mtu_begin(struct msim__tcb *tcb); /* also what is announced */
/* A router has refused the segment at seq, which is under way, and takes mtu_bytes; 0: does not say. */
void msim__tcb_mtu_told(struct msim__tcb *tcb, uint32_t mtu_bytes, uint32_t seq);
void msim__tcb_mtu_rerouted(struct msim__tcb *tcb); /* its segments begin another way */
/* A timeout has been counted: maybe it is the size that does not get through. */
void msim__tcb_mtu_timeout(struct msim__tcb *tcb);
void msim__tcp_paths_release(struct msim__tcp *tcp, struct msim__tcp_node *row);

/* ---- tcp_timer.c ---- */
void msim__tcb_timer_fired(struct msim_timer *timer, msim_ns now_ns);
/* After deadlines have changed: arms the one timer when it would come too late; never moves it back. */
void msim__tcb_timer_update(struct msim__tcb *tcb);

/* ---- tcp_life.c ---- */
void msim__tcb_life_begin(struct msim__tcb *tcb);
/* life_at_ns has come. May end the connection. */
void msim__tcb_life_fired(struct msim__tcb *tcb);
/* The connection has moved, for whatever reason. */
void msim__tcb_life_moved(struct msim__tcb *tcb, enum msim__tcp_state from, enum msim__tcp_state to);
bool msim__tcb_user_timeout_is_over(const struct msim__tcb *tcb);
/* RFC 5961: owes an ACK that makes an honest peer say what it really means, unless the host has sent too many. */
void msim__tcb_challenge(struct msim__tcb *tcb);
/* By opts, those of the listener; NULL: the host's. */
bool msim__tcp_may_half_open(struct msim_node *node, const struct msim_tcp_opts *opts);
void msim__tcb_half_opened(struct msim__tcb *tcb);

/* ---- tcp_rtt.c ---- */
void msim__tcb_rtt_start(struct msim__tcb *tcb, uint32_t seq);
/* The segment acknowledges new data, up to seg->ack; SND.UNA has not moved yet. */
void msim__tcb_rtt_acked(struct msim__tcb *tcb, const struct msim__segment *seg);
void msim__tcb_rto_back_off(struct msim__tcb *tcb);

/* ---- tcp_ecn.c ---- */
void msim__tcb_ecn_take_syn(struct msim__tcb *tcb, const struct msim__segment *seg);
/* The peer's SYN once more: it may have taken back what it asked for. */
void msim__tcb_ecn_syn_again(struct msim__tcb *tcb, const struct msim__segment *seg);
/* Sets the ECN bits of a packet whose flags are set already. Only with tcb->ecn. */
void msim__tcb_ecn_write(struct msim__tcb *tcb, struct msim__packet *packet, bool is_new_text);
void msim__tcb_ecn_take_text(struct msim__tcb *tcb, const struct msim__segment *seg);
static inline bool msim__tcb_ecn_echoed(const struct msim__tcb *tcb, const struct msim__segment *seg)
{
  return (tcb->ecn & MSIM__ECN_SENDS) != 0 && (seg->packet->flags & (MSIM_TCP_ECE | MSIM_TCP_SYN)) == MSIM_TCP_ECE;
}
/* An ACK with an echo has been dealt with; flight_bytes: before it. */
void msim__tcb_ecn_take_echo(struct msim__tcb *tcb, uint32_t flight_bytes);
/* The window was cut for a mark, and what was cut is still under way: a loss in it is no further reason. */
static inline bool msim__tcb_ecn_has_cut(const struct msim__tcb *tcb)
{
  return (tcb->ecn & MSIM__ECN_SENDS) != 0 && msim__seq_before(tcb->snd_una, tcb->ecn_end);
}

/* ---- tcp_frto.c ---- */
/* What an ACK has said beside its number. */
struct msim__ack_news {
  bool advanced;  /* SND.UNA */
  bool duplicate; /* without SACK: RFC 5681 2 */
  bool originals; /* SACKed for the first time, and sent only once, before the cut */
  uint32_t fresh_bytes;
};
/* The window was just cut; cc.c has kept what it was. */
void msim__tcb_undo_begin(struct msim__tcb *tcb, bool timeout);
/* Something was sent again. With undo.phase, as all that follows. */
void msim__tcb_undo_resent(struct msim__tcb *tcb);
void msim__tcb_undo_judge(struct msim__tcb *tcb, const struct msim__segment *seg, const struct msim__ack_news *news);
void msim__tcb_undo_duplicate(struct msim__tcb *tcb, uint32_t left, uint32_t right); /* a D-SACK of that */
/* RFC 5682, step 2: new text goes out whatever the window is. */
static inline bool msim__tcb_frto_sends_new(const struct msim__tcb *tcb)
{
  return tcb->undo.frto == 2;
}

/* ---- tcp_prr.c ---- */
static inline bool msim__tcb_uses_prr(const struct msim__tcb *tcb)
{
  return (tcb->bits & MSIM__TCB_RECOVERING) != 0 && !tcb->opts->no_prr;
}
/* Recovery begins with an ACK that has delivered that much. */
void msim__tcb_prr_begin(struct msim__tcb *tcb, uint32_t delivered_bytes);
/* Every further ACK. safe: it has moved SND.UNA and tells of no further loss. */
void msim__tcb_prr_ack(struct msim__tcb *tcb, uint32_t delivered_bytes, bool safe);
void msim__tcb_prr_duplicate(struct msim__tcb *tcb);                     /* without SACK */
void msim__tcb_prr_partial(struct msim__tcb *tcb, uint32_t acked_bytes); /* without SACK */
void msim__tcb_prr_sent(struct msim__tcb *tcb, uint32_t size_bytes);

/* ---- tcp_reassembly.c ---- */
/* Queues what lies in the window; text is trimmed already. True when RCV.NXT has advanced. */
bool msim__tcb_receive_text(struct msim__tcb *tcb, const struct msim__segment *seg);
void msim__tcb_receive_consume(struct msim__tcb *tcb, size_t size_bytes);
void msim__tcb_reassembly_release(struct msim__tcb *tcb); /* what lies beyond a gap only */
void msim__tcb_receive_release(struct msim__tcb *tcb);

/* ---- tcp_send_buffer.c ---- */
/* Both only append. MSIM_ERR_NOMEM (what was copied before it stays queued); MSIM_ERR_LIMIT: more than 1 GiB together.
 */
int msim__tcb_send_copy(struct msim__tcb *tcb, const void *data, size_t size_bytes);
int msim__tcb_send_refer(struct msim__tcb *tcb, struct msim_blob *blob, size_t offset_bytes, size_t size_bytes);
void msim__tcb_send_acked(struct msim__tcb *tcb); /* drops what lies before SND.UNA */
void msim__tcb_send_release(struct msim__tcb *tcb);
/* Bytes of the queue from seq on. */
static inline uint32_t msim__tcb_queued_from(const struct msim__tcb *tcb, uint32_t seq)
{
  return msim__seq_before(seq, tcb->queue_end) ? tcb->queue_end - seq : 0;
}
/* Attaches [seq, seq + size) of the stream to the packet: by reference where it lies in one piece. MSIM_ERR_NOMEM. */
int msim__tcb_send_attach(struct msim__tcb *tcb, struct msim__packet *packet, uint32_t seq, uint32_t size_bytes);

/* ---- tcp_report.c ---- */
/* ICMP said that the path is in trouble: kept for the end, and to be told. */
void msim__tcb_soft_error(struct msim__tcb *tcb, uint8_t icmp_type, uint8_t icmp_code);
/* Calls the user with one of TELL_SILENCE and TELL_ICMP. */
void msim__tcb_report(struct msim__tcb *tcb, unsigned what);

/* ---- tcp_urgent.c ---- */
/* What was queued last is urgent. */
void msim__tcb_urgent_queued(struct msim__tcb *tcb);
/* Of a segment at seq; 0: it tells of nothing urgent. */
uint16_t msim__tcb_urgent_pointer(const struct msim__tcb *tcb, uint32_t seq);
void msim__tcb_urgent_acked(struct msim__tcb *tcb);
/* The sixth step, for a segment with URG. */
void msim__tcb_urgent_arrives(struct msim__tcb *tcb, const struct msim__segment *seg);
void msim__tcb_urgent_consumed(struct msim__tcb *tcb);

/* ---- tcp_fastopen.c ---- */
/* A SYN has arrived at a listener. True: its text may be taken; with MORE_FAST_OPEN then, it is told at once. */
bool msim__tcb_fast_syn(struct msim__tcb *tcb, const struct msim__segment *seg);
void msim__tcb_fast_left(struct msim__tcb *tcb); /* SYN-RECEIVED */
/* Before the first SYN. */
void msim__tcb_fast_begin(struct msim__tcb *tcb);
/* How much of what is queued the SYN at hand carries. */
uint32_t msim__tcb_fast_syn_bytes(const struct msim__tcb *tcb);
/* What the SYN has room for. */
uint32_t msim__tcb_fast_room_bytes(const struct msim__tcb *tcb);
/* The option of the SYN at hand, padded; returns its length. */
uint8_t msim__tcb_fast_write_option(const struct msim__tcb *tcb, uint8_t *out, size_t room_bytes);
/* The SYN, ACK has come; before SND.UNA moves. */
void msim__tcb_fast_answered(struct msim__tcb *tcb, const struct msim__segment *seg);
void msim__tcp_cookies_release(struct msim__tcp *tcp, struct msim__tcp_node *row);

/* ---- tcp_marks.c ---- */
void msim__tcb_mark(struct msim__tcb *tcb, const char *unit, const char *message, bool begin, uint32_t back_bytes);
int msim__tcb_marks_attach(struct msim__tcb *tcb, struct msim__packet *packet, uint32_t seq, uint32_t size_bytes);
void msim__tcb_marks_acked(struct msim__tcb *tcb);
void msim__tcb_marks_release(struct msim__tcb *tcb);
void msim__tcb_sent_add(struct msim__tcb *tcb, uint32_t seq, uint32_t number);
uint32_t msim__tcb_sent_number(const struct msim__tcb *tcb, uint32_t seq); /* 0: unknown */
void msim__tcb_sent_acked(struct msim__tcb *tcb);
void msim__tcb_sent_release(struct msim__tcb *tcb);

/* ---- tcp_options.c ---- */
/* Reads what TCP uses; an impossible length ends the list (MUST-7). */
void msim__segment_read_options(struct msim__segment *seg, const struct msim__packet_cold *cold);
/* The options of this connection's SYN. Returns their length, a multiple of 4. */
uint8_t msim__tcb_write_syn_options(const struct msim__tcb *tcb, uint8_t out[40]);
#define MSIM__TCP_TIMESTAMPS_BYTES 12u /* with the two NOPs in front */
/* NOP, NOP, timestamps: the fixed layout of RFC 7323 appendix A. */
void msim__tcp_write_timestamps(uint8_t out[MSIM__TCP_TIMESTAMPS_BYTES], uint32_t value, uint32_t echo);
/* What every segment but a SYN carries. */
static inline uint32_t msim__tcb_option_bytes(const struct msim__tcb *tcb)
{
  return (tcb->bits & MSIM__TCB_TIMESTAMPS) != 0 ? MSIM__TCP_TIMESTAMPS_BYTES : 0;
}

/* ---- tcp_timestamps.c ---- */
/* What the connection's clock (RFC 7323 4.1) showed at that time. */
static inline uint32_t msim__tcb_ts_at(const struct msim__tcb *tcb, msim_ns at_ns)
{
  return (uint32_t)(at_ns / tcb->opts->timestamp_tick_ns) + tcb->ts_offset;
}
static inline uint32_t msim__tcb_ts_now(const struct msim__tcb *tcb)
{
  return msim__tcb_ts_at(tcb, msim__node_sim(tcb->head.node)->now_ns);
}
/* TS.Recent := TSval; what was judged good is not older, unless TS.Recent has expired. */
void msim__tcb_ts_take(struct msim__tcb *tcb, const struct msim__segment *seg);
/* RFC 7323 5.3 R1, and 3.2 for segments without the option. False: the segment is to be dropped; what is owed for it is
 * set. Only where timestamps are in use. */
bool msim__tcb_ts_check(struct msim__tcb *tcb, const struct msim__segment *seg);
/* R3: after the segment was found acceptable, and its ACK too, since who does not know that shall not set our clock; by
 * the rule of Last.ACK.sent (4.3) for the segment as it came. */
static inline void msim__tcb_ts_update(struct msim__tcb *tcb, const struct msim__segment *seg)
{
  if ((tcb->bits & MSIM__TCB_TIMESTAMPS) != 0 && seg->has_timestamps &&
      !msim__seq_after(seg->packet->seq, tcb->rcv_acked))
    msim__tcb_ts_take(tcb, seg);
}

/* ---- tcp_time_wait.c ---- */
/* Turns a connection in TIME-WAIT, whose user has heard everything, into an entry; the tcb is buried. */
void msim__tcb_enter_time_wait(struct msim__tcb *tcb);
void msim__time_wait_segment(struct msim__time_wait *wait, struct msim__segment *seg);
void msim__time_wait_release(struct msim__tcp *tcp, struct msim__time_wait *wait);

/* ---- cc.c ---- */
int msim__cc_attach(struct msim__tcb *tcb); /* MSIM_ERR_NOMEM, MSIM_ERR_NOT_FOUND */
void msim__cc_detach(struct msim__tcb *tcb);
void msim__cc_start(struct msim__tcb *tcb);
void msim__cc_acked(struct msim__tcb *tcb, uint32_t acked_bytes);
void msim__cc_lost(struct msim__tcb *tcb, enum msim_loss why, uint32_t flight_bytes);
void msim__cc_recovered(struct msim__tcb *tcb);
/* To what it was before it was cut last. */
void msim__cc_undo(struct msim__tcb *tcb);
void msim__cc_idle(struct msim__tcb *tcb, msim_ns idle_ns);

#endif
