/* tcp_invariants.h: what is kept of a connection so that the rules of docs/invariants.md can be judged, from records of
 * segments alone.
 *
 * Shares nothing with lib/tcp: what a host knows is what arrived at it. Numbers are relative to the initial ones, as
 * records have them. Rooms: tcp_invariants.c (connections, findings), tcp_rules_send.c (what leaves a host),
 * tcp_rules_ack.c (its acknowledgements), tcp_rules_time.c (when), tcp_rules_ecn.c, tcp_rules_arrive.c (what a host
 * then knows). */
#ifndef MSIM_CHECK_TCP_INVARIANTS_H
#define MSIM_CHECK_TCP_INVARIANTS_H

#include <mailsim/check.h>
#include <mailsim/topology.h>

#include "check/findings.h"
#include "check/ledger.h"
#include "check/rule_i12_stream.h"
#include "check/rule_i13_lease.h"
#include "check/rule_i13_tuple.h"
#include "check/rule_i9.h"
#include "check/seq_bytes.h"
#include "check/seq_ranges.h"
#include "core/sim.h"

/* id, what it is about. The ids are stable; a rule that goes leaves a gap. */
#define MSIM__TCP_RULE_MAP(X)                                                                                          \
  X(T1, "the same number stands for the same byte")                                                                    \
  X(T2, "nothing is sent beyond the offered window")                                                                   \
  X(T3, "nothing follows the FIN")                                                                                     \
  X(T4, "nothing follows a reset")                                                                                     \
  X(T5, "only what arrived is acknowledged")                                                                           \
  X(T6, "an acknowledgement is not taken back")                                                                        \
  X(T7, "an offered window is not taken back")                                                                         \
  X(T8, "a segment is not larger than the peer takes")                                                                 \
  X(T9, "options are used as they were agreed on")                                                                     \
  X(T10, "timestamps do not run backwards")                                                                            \
  X(T11, "a timestamp that is echoed was received")                                                                    \
  X(T12, "SACK tells of what arrived beyond the acknowledgement")                                                      \
  X(T13, "D-SACK tells of what arrived twice, first")                                                                  \
  X(T14, "no more is in flight than slow start could allow")                                                           \
  X(T15, "retransmissions without an answer come at growing distances")                                                \
  X(T16, "every second full segment is acknowledged, and everything within 500 ms")                                    \
  X(T17, "probes of a closed window come at growing distances")                                                        \
  X(T18, "TIME-WAIT is not cut short")                                                                                 \
  X(T19, "a reset is exact")                                                                                           \
  X(T20, "a connection begins with SYN, and then everything acknowledges")                                             \
  X(T21, "an urgent pointer is not taken back")                                                                        \
  X(T22, "ECN is used as it was agreed on")                                                                            \
  X(I12, "an end moves from state to state as RFC 9293 knows it")                                                      \
  X(L2, "nobody waits for ever")

enum msim__tcp_rule {
#define MSIM__TCP_RULE_ENUM(id, about) MSIM__TCP_RULE_##id,
  MSIM__TCP_RULE_MAP(MSIM__TCP_RULE_ENUM)
#undef MSIM__TCP_RULE_ENUM
      MSIM__TCP_RULES
};

#define MSIM__TS_SEEN_MAX 32u
#define MSIM__TWICE_MAX 16u
#define MSIM__ACKS_SEEN_MAX 8u

/* The options of a SYN. */
struct msim__syn_options {
  uint16_t mss_bytes; /* 0: none */
  bool scale, sack, timestamps, fastopen;
  bool ecn, no_ecn; /* one of its SYNs was an ECN-setup one; one was not (RFC 3168 6.1.1) */
};

/* Repetitions of one thing without an answer. */
struct msim__repeats {
  uint32_t seq;
  uint32_t count;      /* 0: none yet */
  uint32_t sure_count; /* from this one on, only the timer can have sent them */
  msim_ns last_ns, gap_ns;
};

/* One end: what it has sent, and what has arrived at it. */
struct msim__tcp_end {
  /* limits of its host: configuration, not state */
  bool limits_known;
  msim_ns rto_min_ns, rto_max_ns, time_wait_ns;

  /* sent */
  bool syn_sent, fin_sent;
  uint32_t sent_end; /* one past the highest number, SYN and FIN counted */
  uint32_t fin_seq;
  bool ack_sent;       /* acked_number and edge are known */
  uint32_t ack_number; /* the last that it sent */
  uint32_t edge;       /* the furthest right edge that it offered */
  bool ts_sent;
  uint32_t ts_value; /* the last that it sent */
  bool urgent_sent;
  uint32_t urgent; /* the pointer that it sent last */
  struct msim__syn_options own;
  struct msim__seq_bytes bytes; /* sent and not acknowledged */

  /* arrived */
  bool syn_arrived, fin_arrived;
  uint32_t arrived; /* of the peer's numbers, all before this one */
  struct msim__seq_ranges beyond;
  struct msim__seq_range twice[MSIM__TWICE_MAX]; /* a ring */
  uint32_t twice_count;
  bool ack_arrived;
  uint32_t una;                       /* the highest acknowledgement that arrived */
  uint32_t right_edge;                /* the furthest that was offered to it */
  uint32_t sack_high;                 /* the highest number that a SACK block told */
  uint32_t acks[MSIM__ACKS_SEEN_MAX]; /* a ring of the acknowledgement numbers that arrived */
  uint32_t acks_count;
  struct msim__syn_options peer;       /* as they arrived */
  uint32_t ts_seen[MSIM__TS_SEEN_MAX]; /* a ring of values that arrived */
  uint32_t ts_seen_count, ts_newest;   /* of all that arrived, the ring may hold older ones only */
  bool mark_arrived;                   /* CE, ever */
  bool mark_due;                       /* and in order: the ACK of mark_end tells, until CWR arrives */
  uint32_t mark_end;
  uint32_t rst_seq; /* of the RST that arrived at rst_ns */
  msim_ns rst_ns;
  uint64_t rst_key;
  bool rst_exact, insecure_rst;

  /* judged later */
  uint64_t flight_allowed_bytes; /* initial window, and what answers added */
  bool flight_known;
  struct msim__repeats rto, probe;
  msim_ns oldest_ns; /* arrival of the first bytes that are not acknowledged; MSIM_NEVER: none */
  uint32_t oldest_segment, full_segment, full_count;
  msim_ns full_ns;            /* arrival of the second full segment; MSIM_NEVER: none */
  msim_ns time_wait_since_ns; /* MSIM_NEVER: not in TIME-WAIT */
  bool over;                  /* reset, or closed: nothing is expected of it */
  bool speaks;                /* it has sent pieces of a protocol that its program has marked */
  uint8_t state;              /* tcp_rules_life.c; 0: not known */
  bool was_reset;             /* T4 holds */
};

struct msim__tcp_case {
  struct msim__tcp_case *next;          /* in the bucket */
  struct msim__tcp_case *next_ended;    /* in the order in which they ended */
  struct msim__tcp_case *older, *newer; /* in the order in which they began */
  uint64_t id;
  uint32_t told_client, told_server; /* bits of rules: each is told once */
  bool ended;
  bool broken_off;    /* an end has crashed, or a late SYN has opened it anew: it is not judged any more */
  bool is_untimed;    /* an end was paused: when it does what is not judged any more */
  bool bytes_changed; /* on their way, by a fault: what arrives need not be what was sent */
  char *name;         /* name_bytes with its end */
  size_t name_bytes;
  struct msim__tcp_end ends[2]; /* client, server */
};

struct msim__invariants {
  struct msim__trace_hook hook;
  struct msim_sim *sim;
  struct msim__findings findings;
  struct msim__tcp_case **buckets; /* a power of two of them */
  size_t bucket_count, case_count;
  struct msim__tcp_case *oldest, *newest;
  struct msim__tcp_case *ended_first, *ended_last;
  size_t ended_count;
  struct msim_invariants_info info;
  struct msim__ledger *ledger; /* of mail: ledger.h */
  struct msim__lease_rule *leases;
  struct msim__tuple_rule *tuples;
  struct msim__exchanger_rule *exchangers;
  struct msim__stream_rule *streams;
  msim_ns now_ns;
  uint64_t n, key;      /* of the record that is judged */
  msim_ns syn_ns;       /* when the last SYN arrived anywhere */
  msim_ns arp_ns;       /* of the last frame of ARP: what is sent at that instant has waited for it */
  const char *syn_host; /* and where */
};

/* A segment as the rules see it. mine: the end that sent it. */
struct msim__tcp_seen {
  struct msim__invariants *inv;
  struct msim__tcp_case *c;
  struct msim__tcp_end *mine, *theirs;
  const struct msim_trace_packet *packet;
  const struct msim_tcp_view *tcp;
  uint32_t seq, ack;        /* relative */
  uint32_t begin, data_end; /* of its text */
  uint32_t end;             /* with SYN and FIN */
  bool syn, fin, rst, has_ack;
};

/* RFC 9293 MUST-15: of a peer that announces none. */
static inline uint32_t msim__tcp_seen_mss_default(const struct msim__tcp_seen *seen)
{
  return seen->packet->packet->src.family == MSIM_FAMILY_IPV6 ? 1220 : 536;
}

/* Tells a finding, once per connection, end and rule. segment: number of the segment, of the end that the finding is
 * about; 0: none. */
void msim__invariant_broken(struct msim__invariants *inv, struct msim__tcp_case *c, const struct msim__tcp_end *end,
                            uint32_t segment, enum msim__tcp_rule rule, const char *format, ...) MSIM_PRINTF(6, 7);

/* What leaves a host: judged, then noted. 0 or MSIM_ERR_NOMEM. */
int msim__tcp_rules_send(struct msim__tcp_seen *seen);
void msim__tcp_rules_ack(struct msim__tcp_seen *seen);
/* What arrives at seen->theirs. */
void msim__tcp_rules_arrive(struct msim__tcp_seen *seen);

/* ---- tcp_rules_ecn.c ---- */
void msim__tcp_rules_ecn_send(struct msim__tcp_seen *seen);   /* before the segment is noted as sent */
void msim__tcp_rules_ecn_arrive(struct msim__tcp_seen *seen); /* before it is noted as arrived */

/* ---- tcp_rules_life.c ---- */
void msim__tcp_rules_moved(struct msim__invariants *inv, struct msim__tcp_case *c, struct msim__tcp_end *end,
                           const struct msim_trace_state *state);
/* At the end of a run that is quiet. */
void msim__tcp_rules_left(struct msim__invariants *inv, struct msim__tcp_case *c);

/* ---- tcp_rules_time.c ---- */
/* Before the segment is noted as sent. */
void msim__tcp_rules_repeat(struct msim__tcp_seen *seen);
void msim__tcp_rules_flight(struct msim__tcp_seen *seen);
/* Whether an acknowledgement is overdue at end, at the time of inv. */
void msim__tcp_rules_overdue(struct msim__invariants *inv, struct msim__tcp_case *c, struct msim__tcp_end *end);
/* New bytes in order have arrived at theirs. */
void msim__tcp_rules_owe(struct msim__tcp_seen *seen);
void msim__tcp_rules_state(struct msim__invariants *inv, struct msim__tcp_case *c, struct msim__tcp_end *end,
                           const struct msim_trace_state *state);

#endif
