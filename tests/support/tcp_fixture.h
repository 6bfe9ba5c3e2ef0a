/* tcp_fixture.h: TCP under test, in two ways.
 *
 * Two hosts "a" and "b" with one link and a TCP each; or one host "a", whose peer "p" is played by the test, which
 * sends and sees segments with relative numbers in the notation of the text trace ("S. 0:0(0) ack 1 win 65535"). All
 * memory goes through fail_mem, and closing a world asserts that nothing is held. For tests only; include after the
 * cmocka headers. */
#ifndef MSIM_TESTS_SUPPORT_TCP_FIXTURE_H
#define MSIM_TESTS_SUPPORT_TCP_FIXTURE_H

#include <mailsim/topology.h>

#include "support/fail_mem.h"
#include "tcp/tcb.h"

#define TCP_LOG_BYTES 65536u
#define TCP_PORT 25u /* of the listener */
#define TCP_PEER_PORT 4000u

/* What one end's user has heard and read. Everything readable is read at once unless told otherwise. */
struct tcp_end {
  struct tcp_world *world;
  struct msim__tcb *tcb; /* NULL once closed */
  char heard[256];       /* "open readable eof closed(done)" */
  uint8_t *received;
  size_t received_bytes, received_capacity;
  const char *write_on_open, *write_on_readable;
  const struct msim_blob *source;
  size_t source_bytes_sent;
  bool holds_back; /* does not read */
  bool closes_on_eof, closes_on_open, aborts_on_open, aborts_on_readable;
  bool quiet; /* heard is not kept */
};

struct tcp_world {
  struct msim_sim *sim;
  struct fail_mem mem;
  struct msim_node *a, *b;
  struct msim__trace_hook hook;
  struct tcp_end opener, acceptor;
  char states[4096];                /* "a SYN-SENT>ESTABLISHED\n" … */
  char cwnds[16384];                /* "a start 14600 - 0\n": why, cwnd, ssthresh, flight */
  uint32_t moves[MSIM__TCP_STATES]; /* seen: bit per target */
  /* raw */
  bool raw;
  uint32_t peer_iss, own_iss;
  bool own_iss_known;
  unsigned shift;     /* of the peer's windows, for nothing but its own notation */
  bool shows_ecn;     /* lines end in "ECT(0)" or "CE" where a packet has that */
  bool shows_options; /* lines end in "<mss 1460,sackOK,TS val 0 ecr 7,nop,wscale 2>", in the order that came */
  uint32_t own_ts;    /* the first TSval seen */
  bool own_ts_known;
  uint8_t cookie[16];        /* the last Fast Open cookie seen */
  char inbox[TCP_LOG_BYTES]; /* what the peer has seen and no expectation has taken yet, a line each */
  msim_ns last_seen_ns;
  uint8_t last_seen_tos;
};

/* opts may be NULL. way describes both directions, but for drop_nth, which is that from a to b; NULL: 1 ms, infinitely
 * fast. */
void tcp_world_open(struct tcp_world *w, uint64_t seed, const struct msim_tcp_opts *opts,
                    const struct msim_link_way *way);
/* The same with default options, not yet started: more can be added. */
void tcp_world_build(struct tcp_world *w);
/* The peer is the test; delay of the link 1 ms. near_wrap: both initial numbers lie just below 2^32. */
void tcp_raw_open(struct tcp_world *w, const struct msim_tcp_opts *opts, bool near_wrap);
void tcp_world_close(struct tcp_world *w);
/* Without assertions, with the fail_at-th allocation failing: MSIM_OK or MSIM_ERR_NOMEM. */
int tcp_world_try(struct tcp_world *w, uint64_t fail_at, const struct msim_link_way *way);

/* b, or a in a raw world, accepts at TCP_PORT. */
void tcp_world_listen(struct tcp_world *w);
/* a opens to TCP_PORT of the other; raw: from port TCP_PEER_PORT + 1. */
void tcp_world_connect(struct tcp_world *w);
void tcp_world_run_for(struct tcp_world *w, msim_ns span_ns);
int tcp_world_accept(void *ctx, struct msim__tcb *tcb, const struct msim__tcp_user **ops, void **user); /* ctx: w */
extern const struct msim__tcp_user tcp_end_ops;
size_t tcp_end_write(struct tcp_end *end, const char *text);

/* ---- raw ---- */

struct tcp_seg {
  uint16_t flags;
  uint32_t seq, ack;   /* relative to the initial numbers */
  uint16_t window;     /* as on the wire; 0: 65535, unless closed */
  bool closed;         /* window 0 */
  const char *text;    /* payload; NULL: none */
  uint32_t text_bytes; /* with text NULL: that many bytes 'x' */
  uint16_t mss_bytes;
  int window_shift; /* with has_shift */
  bool has_shift;
  bool sack_ok;
  bool has_ts; /* ts_value as it is; ts_echo relative to own_ts */
  uint32_t ts_value, ts_echo;
  uint8_t tos;         /* of the IP header */
  uint32_t sack[4][2]; /* blocks {left, right}; {0, 0}: none */
  uint16_t urgent;     /* pointer, with URG; 0: neither */
  const char *cookie;  /* of the Fast Open option, its text as bytes; NULL: no option */
};
/* To the listener's port in a world that listens, else to the opener's; arrives after 1 ms; then 1 more passes. */
void tcp_raw_send(struct tcp_world *w, const struct tcp_seg *seg);
#define RAW_SEND(w, ...) tcp_raw_send((w), &(struct tcp_seg){__VA_ARGS__})
/* The next segment that the peer saw is this line; fails the test when not. "" or NULL: nothing more was seen. */
void tcp_raw_expect(struct tcp_world *w, const char *line);
/* Passes the handshake: a listens (or opens) and is ESTABLISHED; the peer announces mss_bytes (0: none) and window. */
void tcp_raw_establish(struct tcp_world *w, bool passive, uint16_t mss_bytes, uint16_t window);
struct tcp_end *tcp_raw_end(struct tcp_world *w); /* the end under test */

#endif
