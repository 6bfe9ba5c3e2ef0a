/* tcp.h: the one internal interface to TCP; streams and sockets are thin users of it.
 *
 * TCP knows neither descriptors nor lines nor agents. Every call is non-blocking. Sections are of RFC 9293 unless said.
 */
#ifndef MSIM_TCP_TCP_H
#define MSIM_TCP_TCP_H

#include <mailsim/cc.h>
#include <mailsim/stream.h>

#include "net/net.h"

struct msim__tcb;

/* 3.9.1.8: a soft error, after which the connection goes on. */
enum msim__tcp_trouble {
  MSIM__TCP_TROUBLE_ICMP,   /* an ICMP error about a segment under way: icmp_type, icmp_code */
  MSIM__TCP_TROUBLE_SILENCE /* R1: one segment was sent again retransmission_count times without an answer (3.8.3) */
};
struct msim__tcp_report {
  enum msim__tcp_trouble kind;
  uint8_t icmp_type, icmp_code;
  uint32_t retransmission_count;
};

/* How TCP tells its user. From the event loop only, after the segment at hand was dealt with; never nested within one
 * connection. The user may call anything of this file from them. on_closed: exactly once, never from inside a call; the
 * connection is gone when it returns. Any may be NULL. */
struct msim__tcp_user {
  void (*on_open)(struct msim__tcb *tcb, void *user);     /* ESTABLISHED reached */
  void (*on_readable)(struct msim__tcb *tcb, void *user); /* new bytes in order */
  void (*on_writable)(struct msim__tcb *tcb, void *user); /* a write had not fitted, and now there is room */
  void (*on_eof)(struct msim__tcb *tcb, void *user);      /* the peer's FIN is in order; comes after on_readable */
  void (*on_closed)(struct msim__tcb *tcb, void *user, enum msim_close_reason why);
  /* The peer's urgent pointer has come or advanced (3.8.5), ahead of the bytes that it points beyond; comes before
   * on_readable. */
  void (*on_urgent)(struct msim__tcb *tcb, void *user);
  /* Also while opening. NULL: no such reports (SHLD-20). */
  void (*on_trouble)(struct msim__tcb *tcb, void *user, const struct msim__tcp_report *report);
};

/* Makes the room and registers with net; called once by msim_sim_new. MSIM_ERR_NOMEM. */
int msim__tcp_create(struct msim_sim *sim);

/* Called when a handshake completes at a listener: fills user and its argument; non-zero refuses (RST). */
typedef int msim__tcp_accept_fn(void *ctx, struct msim__tcb *tcb, const struct msim__tcp_user **ops, void **user);

/* 3.10.1 passive OPEN, at every address of the node. MSIM_ERR_EXISTS, MSIM_ERR_NOMEM. */
int msim__tcp_listen(struct msim_node *node, uint16_t port, msim__tcp_accept_fn *accept, void *ctx);
void msim__tcp_unlisten(struct msim_node *node, uint16_t port);
/* The same at one of the node's addresses (MUST-43), beside a listener at all of them; NULL: at all.
 * MSIM_ERR_INVALID also: the address is not the node's. */
int msim__tcp_listen_at(struct msim_node *node, const struct msim_addr *local, uint16_t port,
                        msim__tcp_accept_fn *accept, void *ctx);
void msim__tcp_unlisten_at(struct msim_node *node, const struct msim_addr *local, uint16_t port);

/* 3.10.1 active OPEN. local_port 0: an ephemeral one. Without a route on_closed(UNREACHABLE) follows from the loop.
 * MSIM_ERR_EXISTS: the four-tuple is in use; MSIM_ERR_LIMIT: no free port; MSIM_ERR_NOMEM. */
int msim__tcp_connect(struct msim_node *node, struct msim_endpoint remote, uint16_t local_port,
                      const struct msim__tcp_user *ops, void *user, struct msim__tcb **out);

/* The same from one of the node's addresses (MUST-43); NULL: IP chooses (MUST-44). MSIM_ERR_INVALID also: the address
 * is not the node's. */
int msim__tcp_connect_from(struct msim_node *node, const struct msim_addr *local, uint16_t local_port,
                           struct msim_endpoint remote, const struct msim__tcp_user *ops, void *user,
                           struct msim__tcb **out);
/* The same, and data is written at once: *taken_bytes of it. Where the node is a client of Fast Open (RFC 7413;
 * opts->fastopen) every SYN asks for a cookie, or brings the one of an earlier connection with that host; with a cookie
 * this one also carries what fits of the data into one segment. Otherwise the data follows the handshake. out may be
 * NULL. */
int msim__tcp_connect_fast(struct msim_node *node, struct msim_endpoint remote, uint16_t local_port, const void *data,
                           size_t size_bytes, const struct msim__tcp_user *ops, void *user, struct msim__tcb **out,
                           size_t *taken_bytes);

/* 3.10.2 SEND. See msim_stream_write and msim_stream_write_blob. */
size_t msim__tcp_write(struct msim__tcb *tcb, const void *data, size_t size_bytes);
/* The same, and all that the peer has not read yet, up to the end of what was taken, becomes urgent: that news goes out
 * at once, also where the bytes may not (3.8.5). */
size_t msim__tcp_write_urgent(struct msim__tcb *tcb, const void *data, size_t size_bytes);
int msim__tcp_write_blob(struct msim__tcb *tcb, struct msim_blob *blob, size_t offset_bytes, size_t size_bytes);
size_t msim__tcp_space_bytes(const struct msim__tcb *tcb);
/* Asks for on_writable although no write was tried: what the user has does not fit. */
void msim__tcp_want_writable(struct msim__tcb *tcb);
/* Marks the bytes written between begin and end (stream.h). */
void msim__tcp_mark(struct msim__tcb *tcb, const char *unit, const char *message, bool begin);

/* 3.10.3 RECEIVE. Bytes in order and not yet consumed. */
size_t msim__tcp_available_bytes(const struct msim__tcb *tcb);
/* The part that lies together at offset_bytes from the next unread byte; empty at or past the end. */
struct msim_slice msim__tcp_peek(const struct msim__tcb *tcb, size_t offset_bytes);
void msim__tcp_consume(struct msim__tcb *tcb, size_t size_bytes);
/* Urgent data lies ahead: *offset_bytes (may be NULL) is the distance from the next unread byte to the urgent pointer,
 * so that many bytes are still to be read in a hurry, whether they have arrived or not; the last of them is what the
 * socket interface calls the out-of-band byte. False, and *offset_bytes as it was: none. (MUST-33) */
bool msim__tcp_urgent_ahead(const struct msim__tcb *tcb, size_t *offset_bytes);
/* The next unread byte is the last urgent one (sockatmark, SIOCATMARK). */
bool msim__tcp_is_at_urgent_mark(const struct msim__tcb *tcb);
bool msim__tcp_is_at_eof(const struct msim__tcb *tcb);
/* The label of the unit with a message that covers the next unread byte, or NULL. Valid until the next consume. */
const char *msim__tcp_message(const struct msim__tcb *tcb);

void msim__tcp_close(struct msim__tcb *tcb); /* 3.10.4 */
void msim__tcp_abort(struct msim__tcb *tcb); /* 3.10.5 */
void msim__tcp_set_nodelay(struct msim__tcb *tcb, bool nodelay);

/* Times and limits of this connection instead of its host's: retransmission (rto_min_ns, rto_max_ns, and R2:
 * data_retries_max, syn_retries_max, user_timeout_ns), delayed ACK, keep-alive, FIN-WAIT-2; zero keeps the default of
 * topology.h. The rest of given is not looked at, but must be in range. MSIM_ERR_INVALID, MSIM_ERR_STATE when the
 * connection is over, MSIM_ERR_NOMEM. */
int msim__tcp_tune(struct msim__tcb *tcb, const struct msim_tcp_opts *given);
/* What is in force, to begin a tune with. */
const struct msim_tcp_opts *msim__tcp_tuned(const struct msim__tcb *tcb);
#define MSIM__TCP_KEEPALIVE_IDLE_NS MSIM_SEC(7200)                  /* MUST-28, where the host has no time of its own */
int msim__tcp_set_keepalive(struct msim__tcb *tcb, bool keepalive); /* as msim__tcp_tune */
/* Of the segments from now on; the two lower bits are not used (3.9.1.9). */
void msim__tcp_set_dscp(struct msim__tcb *tcb, uint8_t tos);

/* user may be changed at any time. */
void msim__tcp_set_user(struct msim__tcb *tcb, const struct msim__tcp_user *ops, void *user);
struct msim_endpoint msim__tcp_local(const struct msim__tcb *tcb);
struct msim_endpoint msim__tcp_remote(const struct msim__tcb *tcb);
const struct msim_flow *msim__tcp_flow(const struct msim__tcb *tcb);
struct msim_node *msim__tcp_node(const struct msim__tcb *tcb);

/* The node's TCP options, complete: what msim_node_set_tcp said over the defaults of topology.h. */
const struct msim_tcp_opts *msim__tcp_opts_of(const struct msim_node *node);
/* given: zero members keep the default. Into *out. MSIM_ERR_INVALID with *why (a static sentence) for bad values. */
int msim__tcp_opts_complete(struct msim_sim *sim, const struct msim_tcp_opts *given, struct msim_tcp_opts *out,
                            const char **why);

#endif
