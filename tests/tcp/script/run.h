/* run.h: a script run against the simulated TCP, through a wire port and the calls of socket.h.
 *
 * The host is 192.168.0.1 or, with --ip_version=ipv6, 2001:db8::1, the script plays 192.0.2.1 or 2001:db8:1::1 on the
 * other side of a link of 1 ns. Time of the script is time of the simulation in whole microseconds; the tolerance is
 * zero unless it is asked for. */
#ifndef MSIM_TESTS_TCP_SCRIPT_RUN_H
#define MSIM_TESTS_TCP_SCRIPT_RUN_H

#include "tcp/script/script.h"

#include <mailsim/packet.h>
#include <mailsim/port.h>
#include <mailsim/socket.h>
#include <mailsim/topology.h>

#define RUN_MOVES 11 /* states of RFC 9293 */

struct run_opts {
  uint64_t seed;
  uint32_t isn_offset; /* added to the sequence numbers of the script's side on the wire */
  bool lenient;        /* for scripts written for Linux: packets that no line waits for may come, PSH on text is not
                        * compared, segments may be as large as after offload, defaults.sh was run */
  msim_ns tolerance_ns;
  bool notices; /* told on stderr */
};

struct run_result {
  bool failed;
  char text[8192];           /* of a failure */
  uint32_t moves[RUN_MOVES]; /* bit "to" of [from]: enum msim__tcp_state */
};

/* False: result->text tells place, what was wanted, what was seen, and the packets before. */
bool script_run(const struct script *script, const struct run_opts *opts, struct run_result *result);

/* ---- shared by the files of this folder ---- */

#define CONNS_MAX 16
#define FDS_MAX 64
#define QUEUE_MAX 1024
#define HISTORY_MAX 16
#define TS_MAX 64

/* A connection, as the script numbers it and as it is on the wire. */
struct conn {
  uint16_t local_port, remote_port;
  struct msim_addr remote;
  bool known;           /* the host's initial number is */
  bool begins_anew;     /* a SYN came that may open another one of the same ports */
  uint32_t local_delta; /* on the wire less in the script */
  uint32_t remote_seq;  /* of the script's last SYN */
  uint32_t remote_base; /* of the one that opened it: what has no SYN counts from there */
  bool opened;          /* later SYNs are no beginning */
  bool has_ts;
  uint32_t ts_delta;
  unsigned ts_count;
  uint32_t ts_script[TS_MAX], ts_wire[TS_MAX];
};

struct captured {
  msim_ns at_ns;
  size_t size_bytes;
  struct msim_packet packet; /* into bytes */
  uint8_t *bytes;
};

struct script_fd {
  struct msim_socket *socket;
  bool non_blocking, listens;
  uint16_t local_port;
};

/* A call that waits. */
struct pending {
  const struct event *event; /* NULL: none */
  const struct call_spec *call;
  size_t done_bytes;
  bool again, over;
  msim_ns begun_ns, end_ns, over_ns;
  int result;
};

/* A Fast Open cookie of the host by the name that the script gives it. */
struct named_cookie {
  const char *name;
  uint8_t size, bytes[16];
};

struct variable {
  const char *name;
  double value;
};

struct run {
  const struct script *script;
  const struct run_opts *opts;
  struct run_result *result;
  const struct event *event;

  struct msim_sim *sim;
  struct msim_node *host;
  struct msim_port *port;
  struct msim_tcp_opts tcp;
  struct msim_addr local, remote;
  uint32_t mtu_bytes;
  msim_ns last_ns; /* of the last event, as it happened */

  struct conn conns[CONNS_MAX];
  unsigned conn_count;
  struct conn *current;
  uint16_t listen_port, connect_port; /* the latest; 0: none */
  uint16_t next_port;
  struct script_fd fds[FDS_MAX];
  struct pending pending;
  struct captured queue[QUEUE_MAX]; /* a ring */
  unsigned queue_first, queue_count;
  char history[HISTORY_MAX][320];
  unsigned history_count;
  struct named_cookie cookies[4];
  unsigned cookie_count;
  struct variable variables[16];
  unsigned variable_count;
};

/* Always false; text with the place of the event and the packets before. */
bool run_fail(struct run *run, const char *format, ...) MSIM_PRINTF(2, 3);
void run_notice(struct run *run, const char *format, ...) MSIM_PRINTF(2, 3);
void run_history(struct run *run, msim_ns at_ns, const char *text);
bool run_until(struct run *run, msim_ns until_ns);
/* What follows at once from what was just done. */
bool run_settle(struct run *run);

/* Of the header of IP. */
static inline uint32_t run_head_bytes(const struct run *run)
{
  return run->local.family == MSIM_FAMILY_IPV6 ? 40 : 20;
}

/* Nanoseconds that an exchange on the link takes are no time of the script: the nearest microsecond. */
static inline msim_ns run_usec(msim_ns at_ns)
{
  return at_ns > MSIM_NEVER - 1000 ? at_ns : (at_ns + 500) / 1000 * 1000;
}

/* ---- wire.c ---- */
bool wire_inject(struct run *run, const struct packet_spec *spec);
bool wire_expect(struct run *run, const struct event *event);
void wire_format(const struct run *run, const struct conn *conn, const struct msim_packet *packet, char *out,
                 size_t capacity);
struct conn *wire_conn_of(struct run *run, const struct msim_packet *packet);

/* ---- calls.c ---- */
bool call_start(struct run *run, const struct event *event);
/* A call that waits is tried again. */
bool call_retry(struct run *run);
/* There must not be one any more. */
bool call_finish(struct run *run);

/* ---- symbols.c ---- */
bool symbol_value(const char *name, int64_t *out);
/* 0: no such error */
int symbol_errno(const char *name);
/* MSIM_SOCKET_OPTIONS: no such option */
enum msim_socket_option symbol_option(const char *name);

/* ---- settings.c ---- */
/* A shell line: sysctls that are known become settings of the host; before the start only. */
void settings_command(struct run *run, const char *command, bool started);
bool settings_options(struct run *run);

/* ---- assert.c ---- */
bool assert_code(struct run *run, const char *code);

#endif
