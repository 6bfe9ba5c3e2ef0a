/* trace.h: what can be observed in a run, and how to write a sink for it.
 *
 * The stream of records is ordered; position decides, time alone does not. Everything in a record is borrowed until
 * record() returns. Does not include: judging a trace (check.h). The written forms are described in docs/trace.md. */
#ifndef MAILSIM_TRACE_H
#define MAILSIM_TRACE_H

#include <mailsim/base.h>
#include <mailsim/packet.h>
#include <mailsim/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/* enum name, name in the written forms */
#define MSIM_TRACE_MAP(X)                                                                                              \
  X(SEGMENT, "segment")                                                                                                \
  X(DATAGRAM, "datagram")                                                                                              \
  X(ARP, "arp")                                                                                                        \
  X(ICMP, "icmp")                                                                                                      \
  X(APP, "app")                                                                                                        \
  X(STATE, "state")                                                                                                    \
  X(CWND, "cwnd")                                                                                                      \
  X(HOST, "host")                                                                                                      \
  X(FAULT, "fault")                                                                                                    \
  X(CHECK, "check")                                                                                                    \
  X(MESSAGE, "message")                                                                                                \
  X(FRAGMENT, "fragment")

enum msim_trace_kind {
#define MSIM_TRACE_ENUM(name, text) MSIM_TRACE_##name,
  MSIM_TRACE_MAP(MSIM_TRACE_ENUM)
#undef MSIM_TRACE_ENUM
      MSIM_TRACE_KINDS
};
#define MSIM_TRACE_BIT(kind) (1u << (kind))
#define MSIM_TRACE_ALL ((1u << MSIM_TRACE_KINDS) - 1u)

/* "segment" …; static; NULL for an unknown kind. */
MSIM_API const char *msim_trace_kind_name(enum msim_trace_kind kind);

/* tx: accepted or refused by the first link's queue. rx: handed to the end host's IP. drop: died in between.
 * fwd: a router passed it on (recorded only for sinks opened with the option "hops"). */
enum msim_trace_point { MSIM_POINT_TX, MSIM_POINT_RX, MSIM_POINT_DROP, MSIM_POINT_FWD };

/* One connection or exchange of datagrams, from end to end. Valid while a record refers to it. */
struct msim_flow;
MSIM_API const char *
msim_flow_client(const struct msim_flow *flow); /* host name, or an address where no host is known */
MSIM_API const char *msim_flow_server(const struct msim_flow *flow); /* likewise; "*" for a broadcast */
MSIM_API uint16_t msim_flow_port(const struct msim_flow *flow);      /* of the server */
MSIM_API uint32_t msim_flow_number(const struct msim_flow *flow); /* the N-th of this client, server and port, from 1 */
/* Equal for records of one flow, different between flows of a run (64-bit hash of the name). */
MSIM_API uint64_t msim_flow_id(const struct msim_flow *flow);
/* "CLIENT>SERVER:PORT#N", terminated, cut at capacity_bytes; returns the whole length. */
MSIM_API size_t msim_flow_format(const struct msim_flow *flow, char *out, size_t capacity_bytes);
#define MSIM_FLOW_TEXT_BYTES 544

/* An application unit that overlaps the payload. edges: its first and/or last byte is in this payload. */
enum { MSIM_EDGE_FIRST = 1, MSIM_EDGE_LAST = 2 };
struct msim_trace_unit {
  const char *unit;    /* "smtp.envelope", "mail.content", … */
  const char *message; /* label such as "m1", or NULL */
  uint8_t edges;
  bool secret;                   /* sinks redact these bytes unless told otherwise */
  uint32_t begin_byte, end_byte; /* the part of the payload that belongs to it: [begin, end) */
  const struct msim_value *values;
  size_t value_count;
};

/* SEGMENT, DATAGRAM, ICMP, FRAGMENT. A packet that travels in fragments has its own records, as if it were one: sent by
 * the host that made it, arrived once it is put together, dropped with its first lost part. Each part has records too.
 */
struct msim_trace_packet {
  enum msim_trace_point point;
  const struct msim_flow *flow; /* ICMP: NULL, or the flow that it is about */
  bool from_client;             /* sent by the opener */
  uint32_t number;              /* c3 or s3: the third of its side; 0 for ICMP */
  uint32_t rtx_number;          /* the first segment of this side that carried its first byte; 0: no retransmission */
  const char *from, *to;        /* end hosts by name; "*" for a broadcast */
  const char *link;             /* on which this happened; NULL where there is none */
  const struct msim_packet *packet; /* as at this point */
  uint32_t seq, ack;                /* relative to the initial numbers: the SYN has 0 */
  uint32_t window_bytes;            /* scale applied */
  const struct msim_trace_unit *units;
  size_t unit_count;
  const char *reason; /* DROP: "loss", "queue", "ttl", "mtu", "no-route", "down", …; NULL otherwise */
  const char *fault;  /* id of the fault that did it, or NULL */
  const char *what;   /* ICMP: "icmp.port-unreachable", …; NULL otherwise */
  bool duplicate;     /* RX: a copy that the network made */
  /* So many bytes at the end of the payload are not known and stand as zeros: a trace file keeps the beginning only
   * (msim_trace_replay). 0 in a run. */
  uint32_t unseen_bytes;
  bool fragmented; /* no such packet was on a wire at this point, but its fragments were */
  /* ICMPv6, solicitations and advertisements of neighbours (RFC 4861): whose MAC it is about, by name, else the
   * address; NULL otherwise. */
  const char *target;
};

/* APP: something that an application, or the network layer (agent NULL), did or learned.
 * HOST, FAULT, CHECK, MESSAGE: the same shape; event is then what happened, host may be NULL. */
struct msim_trace_event {
  const char *host, *agent, *event;
  const struct msim_value *values;
  size_t value_count;
};

struct msim_trace_state {
  const char *host;
  const struct msim_flow *flow;
  const char *from, *to, *why; /* RFC 9293 names: "SYN-SENT", … */
};

struct msim_trace_cwnd {
  const char *host;
  const struct msim_flow *flow;
  bool from_client; /* which side's window this is */
  uint32_t cwnd_bytes, ssthresh_bytes, flight_bytes;
  msim_ns srtt_ns, rto_ns;
  const char *why; /* "start", "ack", "fast-retransmit", "timeout", "recovered", "idle" */
};

/* ARP: one record per frame, when it has arrived, or died (reason). A broadcast has arrived when the switch has it; a
 * copy that then dies on the way to one host has a record more, with that host as `to`. */
struct msim_trace_arp {
  const char *from, *to, *what, *target, *reason;
  const char *fault, *link; /* or NULL */
  uint16_t operation;       /* 1: request, 2: reply (RFC 826) */
  uint8_t frame_dst[6], frame_src[6], sender_mac[6], target_mac[6];
  struct msim_addr sender_addr, target_addr;
};

struct msim_trace_record {
  enum msim_trace_kind kind;
  uint64_t n; /* position in the stream, from 1 */
  msim_ns at_ns;
  uint64_t key; /* with at_ns: the event during which this was recorded */
  union {
    struct msim_trace_packet packet;
    struct msim_trace_event event;
    struct msim_trace_state state;
    struct msim_trace_cwnd cwnd;
    struct msim_trace_arp arp;
  } u;
};

/* Where a sink's bytes go. write returns 0 or a negative enum msim_err (MSIM_ERR_IO), which the run then reports. */
struct msim_out {
  void *ctx;
  int (*write)(void *ctx, const void *data, size_t size_bytes);
};

struct msim_sink; /* one open sink */

/* state is state_bytes of zeroed memory owned by the library. Functions return 0 or a negative enum msim_err.
 * Any of open and close may be NULL. kinds: bits of what record() wants; 0 means MSIM_TRACE_ALL. */
struct msim_sink_type {
  const char *name;
  const char *summary; /* one line for `mailsim list sinks` */
  size_t state_bytes;
  uint32_t kinds;
  int (*open)(void *state, struct msim_sink *sink); /* at the start of the run */
  int (*record)(void *state, struct msim_sink *sink, const struct msim_trace_record *record);
  int (*close)(void *state, struct msim_sink *sink); /* once, on every way out; all that is pending is written here */
  const char *const *options; /* NULL-terminated names of the options that it knows; NULL: none */
};

/* Adds a sink by the name of its type before the start. out is copied; its ctx must live until the sink is closed.
 * options: "key=value,key,…" or NULL: `conn=GLOB`, `host=GLOB`, `kind=NAME` (repeatable) filter for every sink, `hops`
 * asks for fwd records; the rest belongs to the sink. diag may be NULL. MSIM_ERR_NOT_FOUND: no sink of that name. */
MSIM_API int msim_trace_add(struct msim_sim *sim, const char *sink_name, const struct msim_out *out,
                            const char *options, struct msim_diag *diag);

/* Hands on what the sinks have formatted so far. What a sink keeps for its end (html; ladder, of a run with a scene)
 * comes at msim_sim_finish only. 0 or the first error. */
MSIM_API int msim_trace_flush(struct msim_sim *sim);

/* Makes a type known to this simulation. The type is copied; its strings are borrowed for the simulation's life. */
#define msim_sink_register(sim, type) msim_sink_register_sized((sim), (type), sizeof(struct msim_sink_type))
MSIM_API int msim_sink_register_sized(struct msim_sim *sim, const struct msim_sink_type *type, size_t type_bytes);

/* The types known to this simulation, built-in ones first. NULL: past the end. */
MSIM_API const struct msim_sink_type *msim_sink_type_at(const struct msim_sim *sim, size_t index);

/* For sinks. Memory that the library releases with the sink; it is zeroed. */
MSIM_API void *msim_sink_alloc(struct msim_sink *sink, size_t size_bytes);
/* Grows a block of msim_sink_resize (ptr NULL, old 0 at first); released with new size 0 or by the sink's close. */
MSIM_API void *msim_sink_resize(struct msim_sink *sink, void *ptr, size_t size_old_bytes, size_t size_new_bytes);
MSIM_API int msim_sink_write(struct msim_sink *sink, const void *data, size_t size_bytes);
MSIM_API int msim_sink_printf(struct msim_sink *sink, const char *format, ...) MSIM_PRINTF(2, 3);
/* The value of an option given at msim_trace_add: "" for a bare key, NULL when absent. */
MSIM_API const char *msim_sink_option(const struct msim_sink *sink, const char *key);
MSIM_API struct msim_sim *msim_sink_sim(const struct msim_sink *sink);

/* Where a written trace is read from. read gives at most capacity_bytes; *size_bytes 0 means the end. Returns 0 or a
 * negative enum msim_err (MSIM_ERR_IO). */
struct msim_in {
  void *ctx;
  int (*read)(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes);
};

/* Feeds a trace of the form jsonl into the sinks of an empty simulation, as if it ran: hosts, links, names, seed and
 * engine come from the first line, n and time from each record. The simulation is started; msim_sim_finish afterwards
 * writes what is pending, also after an error. What the file does not hold, no sink can tell: see unseen_bytes and
 * docs/trace.md. A sink may end it early with msim_sim_stop.
 *
 * What is wrong is told to fn (may be NULL) under this name, with the line; everything in front of that line has been
 * fed. Unknown fields and kinds are ignored. 0, MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM, MSIM_ERR_STATE (not
 * empty, or started), what read returned, or the failure of a sink (then msim_sim_error has the sentence). */
MSIM_API int msim_trace_replay(struct msim_sim *sim, const struct msim_in *in, const char *name, msim_diag_fn *fn,
                               void *user);

/* Fingerprints of the four views of a run (docs/trace.md): one sink "fingerprint" computes them. */
struct msim_fingerprints {
  uint64_t mail, app, seg, wire;
};
/* Attach before the start; *out is filled when the sinks are closed (msim_sim_finish). */
MSIM_API int msim_trace_fingerprints(struct msim_sim *sim, struct msim_fingerprints *out);

#ifdef __cplusplus
}
#endif
#endif
