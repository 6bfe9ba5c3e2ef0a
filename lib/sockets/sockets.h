/* sockets.h: a socket as the files of this layer share it: socket.c (life, names), socket_tcp.c, socket_data.c (bytes
 * of a stream), socket_udp.c, socket_poll.c, socket_opts.c.
 *
 * All of them return what the public calls return: >= 0, -MSIM_E…, or the failure of the simulation. */
#ifndef MSIM_SOCKETS_SOCKETS_H
#define MSIM_SOCKETS_SOCKETS_H

#include <mailsim/socket.h>

#include "tcp/tcp.h"

/* One who follows the bytes of a connection and marks them, from above. */
struct msim__socket_follower {
  /* Writes: how many of the bytes were taken. urgent: as MSIM_MSG_OOB. */
  size_t (*send)(void *state, struct msim__tcb *tcb, struct msim_slice bytes, bool urgent);
  /* The user has taken these bytes, which are still the next ones of tcb; NULL: the connection is gone. */
  void (*received)(void *state, const struct msim__tcb *tcb, struct msim_slice bytes, size_t offset_bytes);
  void (*release)(void *state);
};

enum msim__socket_phase {
  MSIM__SOCKET_IDLE,
  MSIM__SOCKET_LISTENING,
  MSIM__SOCKET_CONNECTING,
  MSIM__SOCKET_CONNECTED, /* also while it is being closed, and UDP with a peer */
  MSIM__SOCKET_OVER
};

/* A datagram that was received. */
struct msim__datagram {
  struct msim__datagram *next;
  struct msim_endpoint from;
  size_t size_bytes;
  uint8_t bytes[];
};

struct msim_socket {
  struct msim_socket *next, *prev; /* of the room */
  struct msim_node *node;
  enum msim_socket_type type;
  enum msim__socket_phase phase;
  struct msim_endpoint local, remote;
  int error;         /* pending, positive */
  bool urgent_taken; /* the urgent byte was received by MSG_OOB */
  bool is_bound, established, connect_told, at_end, read_shut, write_shut;
  bool is_dead; /* its host has crashed: all that is left is to close it */

  /* options; opts is complete and hands itself on to connections */
  struct msim_tcp_opts opts;
  msim_ns keepalive_idle_ns; /* for when keep-alive is on */
  struct msim_linger linger;
  bool reuse, corked;
  uint8_t ip_option_bytes, ip_options[40]; /* MSIM_IP_OPTIONS of the next connect */
  int low_water_bytes, not_sent_low_bytes, defer_accept_s, fin_wait_2_s, tos, mtu_discover;

  struct msim__tcb *tcb;                        /* or NULL */
  const struct msim__socket_follower *follower; /* or NULL */
  void *follower_state;
  struct msim_blob *rest; /* what was not read when the connection ended; or NULL */
  size_t rest_at;

  /* a listener: those that wait; one that waits: whom for */
  struct msim_socket *waiting_first, *waiting_last, *waiting_next, *listener;
  uint32_t waiting_count, backlog;
  msim_ns opened_at_ns;

  /* UDP */
  struct msim__datagram *datagram_first, *datagram_last;
  size_t datagram_bytes; /* of all that wait */
  uint8_t *pending;      /* MSG_MORE: a datagram that is being put together */
  size_t pending_bytes, pending_capacity;
  struct msim_endpoint pending_remote;

  struct msim_timer timer; /* the callback's */
  msim_socket_fn *fn;
  void *arg;
  uint32_t events;
};

struct msim__sockets {
  struct msim_sim *sim;
  struct msim_socket *first; /* newest first */
};

static inline struct msim_sim *msim__socket_sim(const struct msim_socket *s)
{
  return msim__node_sim(s->node);
}
/* Makes the room; called once by msim_sim_new. MSIM_ERR_NOMEM. */
int msim__sockets_create(struct msim_sim *sim);

/* ---- socket.c ---- */
struct msim_socket *msim__socket_new(struct msim_node *node, enum msim_socket_type type); /* NULL: failed, sticky */
void msim__socket_free(struct msim_socket *s); /* whatever it holds but a connection */
/* What every call begins with: 0, or why it can do nothing. starts: addresses and routes are needed. */
int msim__socket_enter(struct msim_socket *s, bool starts);
/* Of a socket with a connection, until that is over and read; takes over state. NULL: none any more. */
void msim__socket_follow(struct msim_socket *s, const struct msim__socket_follower *follower, void *state);
/* 0.0.0.0 or "::". */
bool msim__socket_is_nobody(const struct msim_addr *addr);
struct msim_addr msim__socket_loopback(uint8_t family);
/* What is bound to an address speaks from that, to its family only; others speak to both. */
static inline bool msim__socket_takes_family(const struct msim_socket *s, uint8_t family)
{
  return s->local.addr.family == MSIM_FAMILY_NONE || s->local.addr.family == family ||
         msim__socket_is_nobody(&s->local.addr);
}

/* 0, -MSIM_EADDRINUSE. */
int msim__socket_port_check(const struct msim_socket *s, uint16_t port);
int msim__socket_bind_any(struct msim_socket *s); /* to an ephemeral port */
/* The pending error, negative, which is cleared; 0: none. */
int msim__socket_take_error(struct msim_socket *s);
/* Of the failures of layers below: the simulation's own stays what it is. */
int msim__socket_errno(const struct msim_socket *s, int err, int otherwise);

/* ---- socket_tcp.c ---- */
void msim__socket_tcp_close(struct msim_socket *s);
/* The connection has ended, but nobody has told yet: catches up. */
void msim__socket_settle(struct msim_socket *s);
static inline bool msim__socket_is_over(const struct msim_socket *s)
{
  return s->phase == MSIM__SOCKET_OVER || (s->tcb != NULL && msim__tcp_state_of(s->tcb) == MSIM_TCP_CLOSE);
}
int msim__socket_pending_error(const struct msim_socket *s); /* positive; also what settle would find */
/* The first that waits and may be accepted; NULL: none. */
struct msim_socket *msim__socket_acceptable(const struct msim_socket *listener);
/* opts have changed: so do those of the connection. */
int msim__socket_apply(struct msim_socket *s);
int msim__socket_tcp_shutdown(struct msim_socket *s, enum msim_shutdown how);
int msim__socket_tcp_connect(struct msim_socket *s, const struct msim_endpoint *remote);
int msim__socket_tcp_send_fast(struct msim_socket *s, const void *data, size_t size_bytes, int flags,
                               const struct msim_endpoint *remote);

/* ---- socket_data.c ---- */
int msim__socket_tcp_send(struct msim_socket *s, const void *data, size_t size_bytes, int flags);
int msim__socket_tcp_recv(struct msim_socket *s, void *out, size_t size_bytes, int flags);
/* That recv gives: up to the urgent byte, which is left out of the stream; all behind it when it is next. */
size_t msim__socket_unread_bytes(const struct msim_socket *s);
bool msim__socket_has_urgent(const struct msim_socket *s); /* the urgent byte is there, not taken yet */

/* ---- socket_udp.c ---- */
/* What Linux makes of an ICMP error that ends nothing by itself. */
int msim__socket_unreachable(uint8_t icmp_type, uint8_t icmp_code);
int msim__socket_udp_bind(struct msim_socket *s, uint16_t port);
int msim__socket_udp_connect(struct msim_socket *s, const struct msim_endpoint *remote);
int msim__socket_udp_send(struct msim_socket *s, const void *data, size_t size_bytes, int flags,
                          const struct msim_endpoint *remote);
int msim__socket_udp_recv(struct msim_socket *s, void *out, size_t size_bytes, int flags, struct msim_endpoint *remote);
void msim__socket_udp_close(struct msim_socket *s);

/* ---- socket_poll.c ---- */
/* Something of events has come about: the callback, if it wants that, is called by an event of its own. */
void msim__socket_notify(struct msim_socket *s, uint32_t events);
void msim__socket_fired(struct msim_timer *timer, msim_ns now_ns);

#endif
