/* tcp.h: the one internal interface to TCP; streams and sockets are thin users of it.
 *
 * TCP knows neither descriptors nor lines nor agents. Every call is non-blocking. Sections are of RFC 9293 unless said.
 */
#ifndef MSIM_TCP_TCP_H
#define MSIM_TCP_TCP_H

#include <mailsim/cc.h>
#include <mailsim/socket.h>
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

/* Rules from above: new text that is about to go out in one segment goes out in two. cut: of the bytes from first_byte
 * on (of the stream, from 0, modulo 2^32) so many go in front, in a segment of their own; 0, or size_bytes: all in one.
 * Asked again about the rest. What is sent again is not asked about. */
struct msim__tcp_cutter {
  void *ctx;
  uint32_t (*cut)(void *ctx, const struct msim_node *sender, const struct msim_flow *flow, uint32_t first_byte,
                  uint32_t size_bytes);
};
/* Borrowed for the simulation's life. At any time, but from inside of cut. */
void msim__tcp_set_cutter(struct msim_sim *sim, const struct msim__tcp_cutter *cutter);

/* What users do with the stream, for one who judges it. */
enum msim__tcp_heard {
  MSIM__TCP_HEARD_OPENED,   /* the end is there; before all others */
  MSIM__TCP_HEARD_WRITTEN,  /* bytes */
  MSIM__TCP_HEARD_CLOSED,   /* nothing more can be written */
  MSIM__TCP_HEARD_READ,     /* bytes */
  MSIM__TCP_HEARD_END_READ, /* the user has looked, and it was the end; may come again */
  MSIM__TCP_HEARD_GONE      /* the end is no more, whether or not all was read; the last */
};
struct msim__tcp_tap {
  void *ctx;
  /* is_client: the end that does it. bytes: valid during the call, in the order of the stream. */
  void (*heard)(void *ctx, enum msim__tcp_heard what, const struct msim_flow *flow, bool is_client,
                struct msim_slice bytes);
};
/* Borrowed until another one, or NULL, takes its place. Returns the one before. */
const struct msim__tcp_tap *msim__tcp_set_tap(struct msim_sim *sim, const struct msim__tcp_tap *tap);

/* Called when a handshake completes at a listener: fills user and its argument; non-zero refuses (RST). */
typedef int msim__tcp_accept_fn(void *ctx, struct msim__tcb *tcb, const struct msim__tcp_user **ops, void **user);

/* 3.10.1 passive OPEN, at every address of the node. MSIM_ERR_EXISTS, MSIM_ERR_NOMEM. */
int msim__tcp_listen(struct msim_node *node, uint16_t port, msim__tcp_accept_fn *accept, void *ctx);
void msim__tcp_unlisten(struct msim_node *node, uint16_t port);
/* The ctx of the listener at all addresses that has this accept; NULL: there is none. */
void *msim__tcp_listener_ctx(const struct msim_node *node, uint16_t port, msim__tcp_accept_fn *accept);
/* The same at one of the node's addresses (MUST-43), beside a listener at all of them; NULL: at all.
 * MSIM_ERR_INVALID also: the address is not the node's. */
int msim__tcp_listen_at(struct msim_node *node, const struct msim_addr *local, uint16_t port,
                        msim__tcp_accept_fn *accept, void *ctx);
void msim__tcp_unlisten_at(struct msim_node *node, const struct msim_addr *local, uint16_t port);
/* What a listener may add; any may be NULL. gate is borrowed until unlisten; ctx is the listener's. */
struct msim__tcp_gate {
  bool (*is_full)(void *ctx);                     /* no further connection: SYNs and last ACKs are dropped */
  const struct msim_tcp_opts *(*opts)(void *ctx); /* complete ones for the connection of a SYN; NULL: the host's */
  bool opts_are_shared;      /* what opts gives is from msim__tcp_opts_share: no connection needs a copy */
  uint8_t (*tos)(void *ctx); /* of its segments */
  /* For those who look: how many wait to be accepted, and how many may. */
  void (*queue)(void *ctx, uint32_t *count, uint32_t *count_max);
};
/* Of the listener at this very address, or at all for NULL. */
void msim__tcp_set_gate(struct msim_node *node, const struct msim_addr *local, uint16_t port,
                        const struct msim__tcp_gate *gate);

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
/* The same with more said; taken_bytes may be NULL. */
struct msim__tcp_open {
  struct msim_endpoint remote;
  struct msim_endpoint local;       /* family NONE: by the route; port 0: an ephemeral one */
  const struct msim_tcp_opts *opts; /* complete; NULL: the host's */
  bool opts_are_shared;             /* as in struct msim__tcp_gate */
  uint8_t tos;
  bool on_syn_only; /* of data only what the SYN carries is taken */
  const void *data; /* as msim__tcp_connect_fast; with taken_bytes */
  size_t data_bytes;
  /* An option of IP: a source route of the stops before remote, as IP_OPTIONS of BSD has it; empty: none. All segments
   * take it, whatever route the peer's come by (3.9.2.1). MSIM_ERR_INVALID also: it is something else, or the host has
   * no source-routes. */
  struct msim_slice ip_options;
};
int msim__tcp_open(struct msim_node *node, const struct msim__tcp_open *open, const struct msim__tcp_user *ops,
                   void *user, struct msim__tcb **out, size_t *taken_bytes);

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
/* Begins one back_bytes in front of the next byte to be written, which may be sent already. */
void msim__tcp_mark_back(struct msim__tcb *tcb, const char *unit, const char *message, uint32_t back_bytes);
/* Between true and false nothing is sent, so that several writes are as one; false sends. Within one event. */
void msim__tcp_hold(struct msim__tcb *tcb, bool hold);

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
/* The same of the byte that far behind it. */
const char *msim__tcp_message_at(const struct msim__tcb *tcb, size_t offset_bytes);

void msim__tcp_close(struct msim__tcb *tcb); /* 3.10.4 */
void msim__tcp_abort(struct msim__tcb *tcb); /* 3.10.5 */
void msim__tcp_set_nodelay(struct msim__tcb *tcb, bool nodelay);
/* What fills no segment waits, at most until the persist timer fires; more: until the next write only. */
void msim__tcp_set_cork(struct msim__tcb *tcb, bool corked);
void msim__tcp_set_more(struct msim__tcb *tcb, bool more);

/* The options of this connection alone, to be changed; a copy of the host's is made when there is none. Then
 * opts_changed makes them count. NULL when out of memory (the simulation has then failed). */
struct msim_tcp_opts *msim__tcp_own_opts(struct msim__tcb *tcb);
void msim__tcp_opts_changed(struct msim__tcb *tcb);
/* The DSCP of every further segment, in the upper six bits (RFC 2474 3); the lower two are TCP's (RFC 3168 5). */
void msim__tcp_set_tos(struct msim__tcb *tcb, uint8_t tos);

/* user may be changed at any time. */
void msim__tcp_set_user(struct msim__tcb *tcb, const struct msim__tcp_user *ops, void *user);
struct msim_endpoint msim__tcp_local(const struct msim__tcb *tcb);
struct msim_endpoint msim__tcp_remote(const struct msim__tcb *tcb);
const struct msim_flow *msim__tcp_flow(const struct msim__tcb *tcb);
struct msim_node *msim__tcp_node(const struct msim__tcb *tcb);
/* Who has the remote address; NULL: nobody. */
struct msim_node *msim__tcp_peer(const struct msim__tcb *tcb);
bool msim__tcp_is_client(const struct msim__tcb *tcb); /* it opened the connection */
enum msim_tcp_state msim__tcp_state_of(const struct msim__tcb *tcb);
/* In state CLOSE, before on_closed: what that will tell. */
enum msim_close_reason msim__tcp_why(const struct msim__tcb *tcb);
/* What ICMP has said last of the path; false: nothing. */
bool msim__tcp_last_trouble(const struct msim__tcb *tcb, uint8_t *icmp_type, uint8_t *icmp_code);
/* Queued and not acknowledged, with the FIN; queued and never sent, without it. */
size_t msim__tcp_unacked_bytes(const struct msim__tcb *tcb);
size_t msim__tcp_unsent_bytes(const struct msim__tcb *tcb);
/* The source route of its segments, in the form of msim__tcp_open. Returns its length; 0: it has none. */
size_t msim__tcp_ip_options(const struct msim__tcb *tcb, uint8_t out[40]);
uint32_t msim__tcp_path_mtu_bytes(const struct msim__tcb *tcb);
void msim__tcp_info(const struct msim__tcb *tcb, struct msim_tcp_info *out);
void msim__tcp_info_none(struct msim_tcp_info *out); /* all zero, and no timer runs */
/* A listener, a connection or its TIME-WAIT has this local port. Walks all connections. */
bool msim__tcp_port_in_use(const struct msim_node *node, uint16_t port);

/* Counters of a host (socket.h). Counting never fails but for memory, which fails the simulation. */
enum msim__tcp_counter {
#define MSIM__TCP_COUNTER_ENUM(member, name) MSIM__COUNT_##member,
  MSIM_TCP_COUNTER_MAP(MSIM__TCP_COUNTER_ENUM)
#undef MSIM__TCP_COUNTER_ENUM
      MSIM__COUNTERS
};
void msim__tcp_count(struct msim_node *node, enum msim__tcp_counter which);

/* The node's TCP options, complete: what msim_node_set_tcp said over the defaults of topology.h. */
const struct msim_tcp_opts *msim__tcp_opts_of(const struct msim_node *node);
/* given: zero members keep the default. Into *out. MSIM_ERR_INVALID with *why (a static sentence) for bad values. */
int msim__tcp_opts_complete(struct msim_sim *sim, const struct msim_tcp_opts *given, struct msim_tcp_opts *out,
                            const char **why);
/* The same as one of few copies that live as long as the simulation and never change, for many connections.
 * MSIM_ERR_INVALID, MSIM_ERR_NOMEM. */
int msim__tcp_opts_share(struct msim_sim *sim, const struct msim_tcp_opts *given, const struct msim_tcp_opts **out);

/* What a connection expects next, for one who forges a segment to it. */
struct msim__tcp_expected {
  struct msim_flow *flow; /* borrowed */
  uint32_t local_id, remote_id;
  uint16_t local_port, remote_port;
  uint32_t seq, ack;    /* of a segment that is exactly right */
  uint8_t option_bytes; /* that it has to have, but for a reset (RFC 7323 3.2) */
  uint8_t options[12];
  bool is_client, is_v6;
};
/* Of the node's connections that are synchronized and not over, that of the lowest number among those for which fits
 * says so, then of the first name. False: there is none. Looks at all connections of the simulation. */
bool msim__tcp_expected(const struct msim_node *node, bool (*fits)(const void *ctx, const struct msim_flow *flow),
                        const void *ctx, struct msim__tcp_expected *out);

#endif
