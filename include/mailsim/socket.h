/* socket.h: BSD-like calls on a simulated host, for code that is not an agent: scripts, ports of real programs, tests.
 *
 * No call waits. What would block returns -MSIM_EAGAIN, or -MSIM_EINPROGRESS for connect; the caller lets time pass
 * with msim_sim_run, msim_sim_advance_to or msim_sim_step and asks again, or is called back (msim_socket_set_callback).
 * The model is Linux: the same answers in the same states, the same numbers of errors, flags, events and states on
 * every platform.
 *
 *     msim_socket_open(node, MSIM_SOCK_STREAM, &s);
 *     msim_socket_connect(s, &server);                         -MSIM_EINPROGRESS
 *     msim_sim_advance_to(sim, msim_sim_now_ns(sim) + MSIM_SEC(1));
 *     if ((msim_socket_poll(s, MSIM_POLLOUT) & MSIM_POLLERR) == 0)
 *       msim_socket_send(s, "hello", 5, 0);                    5
 *
 * Every int that is returned is >= 0, or -MSIM_E…, or the sticky failure of the simulation (enum msim_err, -1001 and
 * below, which never meets errno): after it all calls but close return it and do nothing. Memory that runs out is such
 * a failure. A NULL socket is -MSIM_EBADF.
 *
 * A call takes effect at msim_sim_now_ns, on the socket's host. Between runs any socket may be used; from a callback
 * or another handler of the loop, only those of the same host, since nothing reaches another host without a link.
 * What needs addresses or routes (connect, sendto, bind to an address) starts the simulation when nobody has.
 *
 * Sockets belong to the simulation: those that are not closed are released with it, silently. When their host crashes
 * (host.h) they are dead, also after its restart: every call but close gives -MSIM_ENETDOWN, poll says POLLERR and
 * POLLHUP, and callbacks are not called any more. A host that is down opens none. Hosts speak IPv4.
 * Does not include: streams of agents (stream.h), whole packets (port.h), descriptors of the operating system. */
#ifndef MAILSIM_SOCKET_H
#define MAILSIM_SOCKET_H

#include <mailsim/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- errors: Linux's numbers, returned negative ---- */

/* name, value, sentence */
#define MSIM_ERRNO_MAP(X)                                                                                              \
  X(EPERM, 1, "Operation not permitted")                                                                               \
  X(ENOENT, 2, "No such file or directory")                                                                            \
  X(EINTR, 4, "Interrupted system call")                                                                               \
  X(EIO, 5, "Input/output error")                                                                                      \
  X(EBADF, 9, "Bad file descriptor")                                                                                   \
  X(EAGAIN, 11, "Resource temporarily unavailable")                                                                    \
  X(ENOMEM, 12, "Cannot allocate memory")                                                                              \
  X(EACCES, 13, "Permission denied")                                                                                   \
  X(EFAULT, 14, "Bad address")                                                                                         \
  X(EBUSY, 16, "Device or resource busy")                                                                              \
  X(EINVAL, 22, "Invalid argument")                                                                                    \
  X(EMFILE, 24, "Too many open files")                                                                                 \
  X(EPIPE, 32, "Broken pipe")                                                                                          \
  X(EDOM, 33, "Numerical argument out of domain")                                                                      \
  X(EPROTO, 71, "Protocol error")                                                                                      \
  X(ENOTSOCK, 88, "Socket operation on non-socket")                                                                    \
  X(EDESTADDRREQ, 89, "Destination address required")                                                                  \
  X(EMSGSIZE, 90, "Message too long")                                                                                  \
  X(EPROTOTYPE, 91, "Protocol wrong type for socket")                                                                  \
  X(ENOPROTOOPT, 92, "Protocol not available")                                                                         \
  X(EPROTONOSUPPORT, 93, "Protocol not supported")                                                                     \
  X(ESOCKTNOSUPPORT, 94, "Socket type not supported")                                                                  \
  X(EOPNOTSUPP, 95, "Operation not supported")                                                                         \
  X(EAFNOSUPPORT, 97, "Address family not supported by protocol")                                                      \
  X(EADDRINUSE, 98, "Address already in use")                                                                          \
  X(EADDRNOTAVAIL, 99, "Cannot assign requested address")                                                              \
  X(ENETDOWN, 100, "Network is down")                                                                                  \
  X(ENETUNREACH, 101, "Network is unreachable")                                                                        \
  X(ECONNABORTED, 103, "Software caused connection abort")                                                             \
  X(ECONNRESET, 104, "Connection reset by peer")                                                                       \
  X(ENOBUFS, 105, "No buffer space available")                                                                         \
  X(EISCONN, 106, "Transport endpoint is already connected")                                                           \
  X(ENOTCONN, 107, "Transport endpoint is not connected")                                                              \
  X(ETIMEDOUT, 110, "Connection timed out")                                                                            \
  X(ECONNREFUSED, 111, "Connection refused")                                                                           \
  X(EHOSTDOWN, 112, "Host is down")                                                                                    \
  X(EHOSTUNREACH, 113, "No route to host")                                                                             \
  X(EALREADY, 114, "Operation already in progress")                                                                    \
  X(EINPROGRESS, 115, "Operation now in progress")

enum msim_errno {
#define MSIM_ERRNO_ENUM(name, value, text) MSIM_##name = (value),
  MSIM_ERRNO_MAP(MSIM_ERRNO_ENUM)
#undef MSIM_ERRNO_ENUM
      MSIM_EWOULDBLOCK = 11
};

/* "ECONNRESET" and its sentence, for 104 and for -104 alike; of an enum msim_err its own; never NULL, static. */
MSIM_API const char *msim_errno_name(int err);
MSIM_API const char *msim_errno_text(int err);

/* ---- sockets ---- */

struct msim_socket;

enum msim_socket_type { MSIM_SOCK_STREAM = 1, MSIM_SOCK_DGRAM = 2 }; /* TCP; UDP */

/* Makes a socket on the host, into *out. -MSIM_EINVAL: no such type, or the node is a port (port.h), behind which no
 * stack of ours is. -MSIM_EBADF: out or node is NULL. */
MSIM_API int msim_socket_open(struct msim_node *node, enum msim_socket_type type, struct msim_socket **out);

/* Names the local end. Address of family NONE, or 0.0.0.0: any address of the host; port 0: an ephemeral one. Without
 * MSIM_SO_REUSEADDR a port is in use (-MSIM_EADDRINUSE) while another socket or agent of the host has it bound, and
 * while connections of it last, TIME-WAIT included; with it on both, only a listener excludes another.
 * -MSIM_EADDRNOTAVAIL: not an address of the host; -MSIM_EINVAL: already bound; -MSIM_EAFNOSUPPORT: an unknown family.
 * Bound to "::" or to 0.0.0.0 a socket takes both IPv6 and IPv4; bound to an address it speaks that one's family. */
MSIM_API int msim_socket_bind(struct msim_socket *socket, const struct msim_endpoint *local);

/* Listens (binds to an ephemeral port when unbound); again: a new backlog. Like Linux, backlog + 1 connections wait to
 * be accepted; beyond that SYNs and the last ACKs of handshakes are dropped, so that peers try again. A socket that is
 * bound to an address listens there only. -MSIM_EADDRINUSE, -MSIM_EINVAL (connected or connecting), -MSIM_EOPNOTSUPP
 * (datagrams). */
MSIM_API int msim_socket_listen(struct msim_socket *socket, int backlog);

/* Takes the oldest connection that waits, into *out; *remote (may be NULL) is its peer. Options of the listener are
 * inherited. -MSIM_EAGAIN: none waits; -MSIM_EINVAL: not listening; -MSIM_EOPNOTSUPP: datagrams. */
MSIM_API int msim_socket_accept(struct msim_socket *socket, struct msim_socket **out, struct msim_endpoint *remote);

/* TCP: begins to connect: -MSIM_EINPROGRESS; poll tells MSIM_POLLOUT when it is done, MSIM_SO_ERROR how it went.
 * Again meanwhile: -MSIM_EALREADY; once connected 0 the first time, then -MSIM_EISCONN; after a failure that was not
 * asked for, that error once. -MSIM_EADDRNOTAVAIL: no free port, or the four-tuple is in use;
 * -MSIM_ENETUNREACH: no route, at once; -MSIM_EINVAL: port 0; -MSIM_EISCONN: a listener; -MSIM_EAFNOSUPPORT.
 * UDP: names the peer, at once: datagrams of others are no longer received, and errors that ICMP tells are. Address of
 * family NONE dissolves that. */
MSIM_API int msim_socket_connect(struct msim_socket *socket, const struct msim_endpoint *remote);

/* Flags, Linux's numbers. DONTWAIT and NOSIGNAL change nothing: no call waits, there are no signals. */
enum msim_msg {
  MSIM_MSG_OOB = 0x1,    /* send: the last byte is urgent; recv: the urgent byte (RFC 9293 3.8.5, RFC 6093) */
  MSIM_MSG_PEEK = 0x2,   /* recv: the bytes stay */
  MSIM_MSG_TRUNC = 0x20, /* recv: UDP returns the true length; TCP throws the bytes away */
  MSIM_MSG_DONTWAIT = 0x40,
  MSIM_MSG_WAITALL = 0x100, /* recv: TCP: -MSIM_EAGAIN until all of size_bytes, an end or an error is there */
  MSIM_MSG_NOSIGNAL = 0x4000,
  MSIM_MSG_MORE = 0x8000,        /* send: more follows at once: TCP holds back what fills no segment,
                                  * as with CORK; UDP puts one datagram together */
  MSIM_MSG_FASTOPEN = 0x20000000 /* sendto: connects, the data on the SYN where there is a cookie (RFC 7413) */
};

/* Sends; returns how many bytes were taken, fewer than size_bytes when the buffer is full. At most 1 GiB at a time.
 * TCP: -MSIM_EAGAIN: no room, or still connecting; -MSIM_EPIPE: not connected, shut down, or the connection is over;
 * the error of a broken connection once (-MSIM_ECONNRESET …).
 * UDP: all or nothing. -MSIM_EMSGSIZE: larger than 65507, or with PMTUDISC_DO than the MTU of the first link;
 * -MSIM_EDESTADDRREQ: no peer; -MSIM_ENETUNREACH; -MSIM_ECONNREFUSED and the like: what ICMP told since, once. */
MSIM_API int msim_socket_send(struct msim_socket *socket, const void *data, size_t size_bytes, int flags);
/* remote NULL: as msim_socket_send. On TCP remote is ignored, but with MSIM_MSG_FASTOPEN: the number of bytes that went
 * onto the SYN, or -MSIM_EINPROGRESS without a cookie: nothing was taken then. */
MSIM_API int msim_socket_sendto(struct msim_socket *socket, const void *data, size_t size_bytes, int flags,
                                const struct msim_endpoint *remote);

/* Receives into out; returns how many bytes; 0 at the end of a TCP stream.
 * TCP: -MSIM_EAGAIN: nothing there; -MSIM_ENOTCONN: not connected, or a listener; the error of a broken connection
 * once, then 0. With MSIM_MSG_OOB: 1 and the urgent byte; -MSIM_EINVAL: there is none; -MSIM_EAGAIN: announced, not
 * here yet. UDP: one datagram; what does not fit is lost. -MSIM_ECONNREFUSED and the like as for send. */
MSIM_API int msim_socket_recv(struct msim_socket *socket, void *out, size_t size_bytes, int flags);
/* *remote (may be NULL): whence a datagram came; for TCP the peer. */
MSIM_API int msim_socket_recvfrom(struct msim_socket *socket, void *out, size_t size_bytes, int flags,
                                  struct msim_endpoint *remote);

/* RD: receive returns 0 when the buffer is read; WR: FIN after what is queued (TCP). A listener with RD stops
 * listening. -MSIM_ENOTCONN, -MSIM_EINVAL. */
enum msim_shutdown { MSIM_SHUT_RD, MSIM_SHUT_WR, MSIM_SHUT_RDWR };
MSIM_API int msim_socket_shutdown(struct msim_socket *socket, enum msim_shutdown how);

/* Gives the socket up: the pointer is invalid afterwards, no callback comes any more. TCP goes on by itself: what is
 * queued is sent, then FIN. RST instead when received bytes were not read (RFC 2525 2.17) or MSIM_SO_LINGER is on with
 * 0 s, and for data that comes later (RFC 9293 3.6.1); FIN-WAIT-2 then lasts 60 s at most. A listener resets what was
 * not accepted. NULL: -MSIM_EBADF. 0 also after a failure of the simulation. */
MSIM_API int msim_socket_close(struct msim_socket *socket);

/* What is sent from now on comes from a real program, which marks nothing: its bytes are recognised as those of SMTP,
 * POP3, IMAP or HTTP and marked as agents mark theirs (docs/trace.md, Units), passwords as credentials, so that sinks
 * redact them. What the peer sends is followed for that, as it is received. Which protocol it is follows from the agent
 * that listens, or else from the port, or the first bytes; what is none of these has no marks. Each message gets a
 * label, HOST-N after the socket's host, with its MAIL command. Between connect or accept and the first byte.
 * -MSIM_ENOTCONN: there is no connection; -MSIM_EOPNOTSUPP: UDP. */
MSIM_API int msim_socket_recognise(struct msim_socket *socket);

/* The ends. Local: family NONE and port 0 when unbound. -MSIM_ENOTCONN: there is no remote one. */
MSIM_API int msim_socket_local(const struct msim_socket *socket, struct msim_endpoint *out);
MSIM_API int msim_socket_remote(const struct msim_socket *socket, struct msim_endpoint *out);
MSIM_API struct msim_node *msim_socket_node(const struct msim_socket *socket); /* the host; NULL of NULL */
/* TCP: "CLIENT>SERVER:PORT#N" (msim_flow_format), how traces call the connection; "" when there is none. Returns the
 * length that is needed. */
MSIM_API size_t msim_socket_name(const struct msim_socket *socket, char *out, size_t capacity_bytes);

/* ---- readiness ---- */

/* Linux's numbers. ERR, HUP and NVAL are told unasked. */
enum msim_poll {
  MSIM_POLLIN = 0x1,    /* bytes (at least SO_RCVLOWAT), an end, an error, or a connection to accept */
  MSIM_POLLPRI = 0x2,   /* urgent data */
  MSIM_POLLOUT = 0x4,   /* connected, and room for a third of the send buffer (TCP_NOTSENT_LOWAT: and little unsent) */
  MSIM_POLLERR = 0x8,   /* SO_ERROR is set */
  MSIM_POLLHUP = 0x10,  /* both directions are closed */
  MSIM_POLLNVAL = 0x20, /* NULL socket */
  MSIM_POLLRDHUP = 0x2000 /* the peer has closed its half */
};

/* What holds now, of events and of those told unasked. */
MSIM_API uint32_t msim_socket_poll(const struct msim_socket *socket, uint32_t events);

struct msim_pollfd {
  const struct msim_socket *socket; /* NULL: passed over, revents 0 */
  uint32_t events, revents;
};
/* Fills revents of each; returns how many are not 0. */
MSIM_API int msim_socket_poll_list(struct msim_pollfd *list, size_t count);

/* fn is called from the loop, as an event of the host's own, after something of events (or of those told unasked) has
 * come about; several in one instant are one call. If something holds at once, or the caller left something unread, it
 * is not called again for that before more happens; set_callback itself asks anew. fn NULL: no more. fn may do anything
 * with sockets of its host, also close this one. */
typedef void msim_socket_fn(void *arg, struct msim_socket *socket, uint32_t events);
MSIM_API int msim_socket_set_callback(struct msim_socket *socket, uint32_t events, msim_socket_fn *fn, void *arg);

enum msim_ioctl {
  MSIM_FIONREAD,    /* bytes that can be read (UDP: of the next datagram); -MSIM_EINVAL of a listener */
  MSIM_SIOCOUTQ,    /* bytes not acknowledged, sent or not (UDP: 0); the FIN counts as one */
  MSIM_SIOCOUTQNSD, /* bytes not sent yet */
  MSIM_SIOCATMARK   /* 1: the next byte is the one behind the urgent mark (RFC 6093 3.1) */
};
MSIM_API int msim_socket_ioctl(const struct msim_socket *socket, enum msim_ioctl what, int *out);

/* ---- options ---- */

struct msim_linger {
  int on;
  int seconds; /* only 0 has an effect: close resets. No close waits. */
};

/* name, type of the value. The numbers are our own; those that cannot be set are marked. A host's own values
 * (msim_tcp_opts) hold until they are set here. Buffers count bytes of text only: they are not doubled as Linux does.
 */
#define MSIM_SOCKET_OPTION_MAP(X)                                                                                      \
  X(SO_REUSEADDR, int)                                                                                                 \
  X(SO_SNDBUF, int) /* 256 .. 1 GiB, clamped */                                                                        \
  X(SO_RCVBUF, int) /* 256 .. 1 GiB, clamped; the window scale follows it before connect or listen only */             \
  X(SO_ERROR, int)  /* get: the pending error as a positive number, which it clears */                                 \
  X(SO_KEEPALIVE, int)                                                                                                 \
  X(SO_LINGER, struct msim_linger)                                                                                     \
  X(SO_RCVLOWAT, int)                                                                                                  \
  X(SO_TYPE, int)       /* get */                                                                                      \
  X(SO_ACCEPTCONN, int) /* get: 1: a listener */                                                                       \
  X(TCP_NODELAY, int)                                                                                                  \
  X(TCP_CORK, int)          /* hold back what fills no segment, for an RTO at most */                                  \
  X(TCP_MAXSEG, int)        /* before connect: 28 .. 65535, announced and kept; get: what is sent */                   \
  X(TCP_SYNCNT, int)        /* 1 .. 127 repetitions of the SYN */                                                      \
  X(TCP_NOTSENT_LOWAT, int) /* bytes not sent below which POLLOUT is told; 0: no such limit */                         \
  X(TCP_USER_TIMEOUT, int)  /* ms; 0: by the number of retransmissions alone */                                        \
  X(TCP_KEEPIDLE, int)      /* s, 1 .. 32767 */                                                                        \
  X(TCP_KEEPINTVL, int)     /* s, 1 .. 32767 */                                                                        \
  X(TCP_KEEPCNT, int)       /* 1 .. 100 */                                                                             \
  X(TCP_NOOPT, int)         /* before connect or listen: the SYN has no option but MSS; a name of BSD's */             \
  X(TCP_FASTOPEN, int)      /* listener: > 0: takes data on SYNs of so many at a time */                               \
  X(TCP_CONGESTION, char)   /* the name of a controller; set: it begins anew with the present window; -MSIM_ENOENT */  \
  X(TCP_INFO, struct msim_tcp_info) /* get */                                                                          \
  X(TCP_QUICKACK, int)              /* 1: every segment is acknowledged at once; 0: by the host's rule */              \
  X(TCP_DEFER_ACCEPT,                                                                                                  \
    int)              /* listener: s; accept and poll tell of a connection once it has data, or after that time */     \
  X(TCP_LINGER2, int) /* s of FIN-WAIT-2 after close; 0: 60 */                                                         \
  X(IP_TOS, int)      /* 0 .. 255; of TCP the upper six bits: ECN is its own */                                        \
  X(IP_MTU_DISCOVER,                                                                                                   \
    int) /* MSIM_PMTUDISC_…; DO: datagrams have DF, else they may travel in fragments; DONT: segments have none */   \
  X(IP_MTU, int)         /* get, connected: of the path as far as known */                                             \
  X(IP_OPTIONS, uint8_t) /* TCP, before connect; get: also after accept: a source route, or 0 bytes */

enum msim_socket_option {
#define MSIM_SOCKET_OPTION_ENUM(name, type) MSIM_##name,
  MSIM_SOCKET_OPTION_MAP(MSIM_SOCKET_OPTION_ENUM)
#undef MSIM_SOCKET_OPTION_ENUM
      MSIM_SOCKET_OPTIONS /* their number */
};
enum msim_pmtudisc { MSIM_PMTUDISC_DONT, MSIM_PMTUDISC_WANT, MSIM_PMTUDISC_DO };

/* -MSIM_ENOPROTOOPT: no such option, not one of this type of socket, or not one to set; -MSIM_EINVAL: the value, or
 * its size, or the state. */
MSIM_API int msim_socket_setsockopt(struct msim_socket *socket, enum msim_socket_option option, const void *value,
                                    size_t value_bytes);
/* *value_bytes: the room, then what was written. Names of controllers are terminated where there is room. */
MSIM_API int msim_socket_getsockopt(struct msim_socket *socket, enum msim_socket_option option, void *value,
                                    size_t *value_bytes);
/* Those of type int. */
static inline int msim_socket_set_int(struct msim_socket *socket, enum msim_socket_option option, int value)
{
  return msim_socket_setsockopt(socket, option, &value, sizeof value);
}
static inline int msim_socket_get_int(struct msim_socket *socket, enum msim_socket_option option, int *value)
{
  size_t value_bytes = sizeof *value;

  return msim_socket_getsockopt(socket, option, value, &value_bytes);
}

/* ---- looking inside ---- */

/* Linux's numbers */
enum msim_tcp_state {
  MSIM_TCP_ESTABLISHED = 1,
  MSIM_TCP_SYN_SENT,
  MSIM_TCP_SYN_RECV,
  MSIM_TCP_FIN_WAIT1,
  MSIM_TCP_FIN_WAIT2,
  MSIM_TCP_TIME_WAIT,
  MSIM_TCP_CLOSE,
  MSIM_TCP_CLOSE_WAIT,
  MSIM_TCP_LAST_ACK,
  MSIM_TCP_LISTEN,
  MSIM_TCP_CLOSING
};
/* "ESTABLISHED", "SYN-RECEIVED", …: as RFC 9293 and traces write it; static. */
MSIM_API const char *msim_tcp_state_name(enum msim_tcp_state state);

enum msim_tcp_ca_state {
  MSIM_TCP_CA_OPEN,
  MSIM_TCP_CA_DISORDER,
  MSIM_TCP_CA_CWR,
  MSIM_TCP_CA_RECOVERY,
  MSIM_TCP_CA_LOSS
};

/* options */
enum msim_tcpi_opt {
  MSIM_TCPI_OPT_TIMESTAMPS = 1,
  MSIM_TCPI_OPT_SACK = 2,
  MSIM_TCPI_OPT_WSCALE = 4,
  MSIM_TCPI_OPT_ECN = 8,
  MSIM_TCPI_OPT_ECN_SEEN = 16,
  MSIM_TCPI_OPT_SYN_DATA = 32
};

/* A connection as it stands. Segments are counted where Linux counts packets. Sequence numbers are those on the wire.
 * Members are only ever added at the end; the library fills as much as the caller knows. Of a listener: unacked is the
 * number of connections that wait, sacked the backlog, the rest is 0. Of TIME-WAIT: ends, state, numbers and timer. */
struct msim_tcp_info {
  struct msim_endpoint local, remote; /* of a listener: family NONE */
  uint8_t state;                      /* enum msim_tcp_state */
  uint8_t ca_state;                   /* enum msim_tcp_ca_state */
  uint8_t options;                    /* MSIM_TCPI_OPT_… */
  uint8_t snd_wscale, rcv_wscale;
  uint8_t backoff;                                     /* doublings of the RTO in a row */
  uint8_t probes;                                      /* of a closed window, and keep-alive, without an answer */
  uint8_t retransmits;                                 /* of the first unacknowledged segment, by timeout */
  uint32_t snd_mss, rcv_mss, advmss, pmtu;             /* bytes */
  uint32_t unacked, sacked, lost, retrans, reordering; /* segments; reordering: at least 3 */
  uint32_t snd_cwnd, snd_ssthresh;                     /* segments; ssthresh 0x7fffffff: none yet */
  uint32_t snd_cwnd_bytes, snd_ssthresh_bytes, flight_bytes;
  uint32_t snd_una, snd_nxt, snd_wnd, rcv_nxt, rcv_wnd; /* windows in bytes */
  uint32_t notsent_bytes, sndbuf_bytes, rcvbuf_bytes, unread_bytes;
  uint32_t rcv_space_bytes; /* the largest receive window that was offered */
  uint32_t total_retrans;   /* segments, ever */
  uint32_t delivered;       /* segments, ever: acknowledged or SACKed */
  uint32_t reord_seen;      /* times that reordering was seen */
  uint64_t bytes_acked, bytes_received, bytes_sent, bytes_retrans;
  uint32_t segs_out, segs_in;            /* of both directions; segs_out with retransmissions */
  msim_ns rtt_ns, rttvar_ns, min_rtt_ns; /* 0: not measured */
  msim_ns rto_ns;
  /* Times without end of what limited sending: RWND and SNDBUF are parts of BUSY (data was under way). */
  msim_ns busy_time_ns, rwnd_limited_ns, sndbuf_limited_ns;
  msim_ns last_data_sent_ns, last_data_recv_ns, last_ack_recv_ns; /* ago; MSIM_NEVER: not yet */
  /* When running timers are due, as instants; MSIM_NEVER: not running */
  msim_ns retransmit_due_ns, persist_due_ns, delayed_ack_due_ns;
  msim_ns loss_due_ns;  /* RFC 8985: reordering has had its time */
  msim_ns probe_due_ns; /* RFC 8985: tail loss probe */
  msim_ns keepalive_due_ns, fin_wait_2_due_ns, time_wait_due_ns, user_timeout_due_ns;
};
/* -MSIM_EINVAL: a datagram socket. A socket without a connection has state CLOSE. */
#define msim_socket_tcp_info(socket, out) msim_socket_tcp_info_sized((socket), (out), sizeof(struct msim_tcp_info))
MSIM_API int msim_socket_tcp_info_sized(const struct msim_socket *socket, struct msim_tcp_info *out, size_t out_bytes);

/* Every TCP connection of the host, agents' and sockets', with listeners, SYN-RECEIVED and TIME-WAIT: first listeners
 * by port, then by local port, remote address, remote port. info is lent for the call; fn must not change the host's
 * connections; other than 0 from fn ends it and is returned. */
typedef int msim_tcp_fn(void *ctx, const struct msim_tcp_info *info);
#define msim_tcp_iterate(node, fn, ctx) msim_tcp_iterate_sized((node), (fn), (ctx), sizeof(struct msim_tcp_info))
MSIM_API int msim_tcp_iterate_sized(struct msim_node *node, msim_tcp_fn *fn, void *ctx, size_t info_bytes);

/* What a host's TCP has counted since the beginning: member, name (RFC 4022, and Linux's /proc/net/netstat). */
#define MSIM_TCP_COUNTER_MAP(X)                                                                                        \
  X(active_opens, "ActiveOpens")                                                                                       \
  X(passive_opens, "PassiveOpens")                                                                                     \
  X(attempt_fails, "AttemptFails") /* SYN-SENT or SYN-RECEIVED to CLOSED or LISTEN */                                  \
  X(estab_resets, "EstabResets")   /* ESTABLISHED or CLOSE-WAIT to CLOSED */                                           \
  X(curr_estab, "CurrEstab")       /* now, in ESTABLISHED or CLOSE-WAIT */                                             \
  X(in_segs, "InSegs")             /* with those in error */                                                           \
  X(out_segs, "OutSegs")           /* without retransmissions, as RFC 4022 wants */                                    \
  X(retrans_segs, "RetransSegs")                                                                                       \
  X(in_errs, "InErrs") /* bad checksum */                                                                              \
  X(out_rsts, "OutRsts")                                                                                               \
  X(in_csum_errors, "InCsumErrors")                                                                                    \
  X(tcp_timeouts, "TCPTimeouts")                 /* the retransmission timer has fired */                              \
  X(fast_retrans, "TCPFastRetrans")              /* segments sent again in recovery */                                 \
  X(slow_start_retrans, "TCPSlowStartRetrans")   /* segments sent again after a timeout, but the first */              \
  X(sack_recovery, "TCPSackRecovery")            /* times that recovery began, with SACK */                            \
  X(reno_recovery, "TCPRenoRecovery")            /* without */                                                         \
  X(loss_probes, "TCPLossProbes")                /* RFC 8985 */                                                        \
  X(loss_probe_recovery, "TCPLossProbeRecovery") /* a probe repaired a loss */                                         \
  X(spurious_rtos, "TCPSpuriousRTOs")                                                                                  \
  X(dsack_old_sent, "TCPDSACKOldSent") /* for what was acknowledged already */                                         \
  X(dsack_ofo_sent, "TCPDSACKOfoSent") /* for what lay beyond a gap already */                                         \
  X(dsack_recv, "TCPDSACKRecv")                                                                                        \
  X(sack_reorder, "TCPSACKReorder")        /* reordering was seen */                                                   \
  X(ofo_queue, "TCPOFOQueue")              /* segments that came beyond a gap */                                       \
  X(paws_estab, "PAWSEstab")               /* dropped by RFC 7323 5 */                                                 \
  X(challenge_acks, "TCPChallengeACK")     /* RFC 5961 */                                                              \
  X(syn_challenge, "TCPSYNChallenge")      /* for a SYN */                                                             \
  X(delayed_acks, "DelayedACKs")           /* sent because their time was over */                                      \
  X(listen_overflows, "ListenOverflows")   /* the accept queue was full */                                             \
  X(listen_drops, "ListenDrops")           /* SYNs dropped, for that or another reason */                              \
  X(abort_on_data, "TCPAbortOnData")       /* data came after close */                                                 \
  X(abort_on_close, "TCPAbortOnClose")     /* closed with bytes unread */                                              \
  X(abort_on_linger, "TCPAbortOnLinger")   /* closed with linger 0 */                                                  \
  X(abort_on_timeout, "TCPAbortOnTimeout") /* given up: no answer */                                                   \
  X(keep_alive, "TCPKeepAlive")            /* probes sent */                                                           \
  X(win_probe, "TCPWinProbe")              /* probes of a closed window sent */                                        \
  X(time_waited, "TW")                     /* TIME-WAIT ended by its timer */

struct msim_tcp_counters {
#define MSIM_TCP_COUNTER_MEMBER(member, name) uint64_t member;
  MSIM_TCP_COUNTER_MAP(MSIM_TCP_COUNTER_MEMBER)
#undef MSIM_TCP_COUNTER_MEMBER
};
/* A host that never spoke TCP has counted nothing. */
#define msim_tcp_counters(node, out) msim_tcp_counters_sized((node), (out), sizeof(struct msim_tcp_counters))
MSIM_API void msim_tcp_counters_sized(const struct msim_node *node, struct msim_tcp_counters *out, size_t out_bytes);

#ifdef __cplusplus
}
#endif
#endif
