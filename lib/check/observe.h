/* observe.h: what was seen of a run, as far as predicates can ask for it.
 *
 * A compact copy of the records segment (tx, rx), datagram (tx, rx), arp and app, in their order: from a run through a
 * hook, or from a file through trace_reader.h. Does not judge anything: see judge.h; connections are read off in
 * connection.h. */
#ifndef MSIM_CHECK_OBSERVE_H
#define MSIM_CHECK_OBSERVE_H

#include "check/words.h"
#include "core/sim.h"

#define MSIM__SEEN_MAX ((uint32_t)1 << 28) /* records; what is beyond is not kept, and a judgement is refused */
#define MSIM__SEEN_NONE UINT32_MAX         /* no record, no connection */

enum msim__seen_kind { MSIM__SEEN_SEGMENT, MSIM__SEEN_DATAGRAM, MSIM__SEEN_ARP, MSIM__SEEN_APP };
enum msim__seen_dir { MSIM__SEEN_NO_DIR, MSIM__SEEN_TO_SERVER, MSIM__SEEN_TO_CLIENT };

/* OTHER: something that no scene can name (null, a fraction, an object). */
enum msim__seen_value_kind { MSIM__SEEN_TEXT, MSIM__SEEN_INT, MSIM__SEEN_BOOL, MSIM__SEEN_LIST, MSIM__SEEN_OTHER };

/* All texts here are words of the table, so pointers are compared. */
struct msim__seen_value {
  const char *name;
  enum msim__seen_value_kind kind;
  union {
    const char *text;
    int64_t integer;
    bool truth;
    struct {
      const struct msim__seen_value *items; /* without names */
      size_t count;
    } list;
  } u;
};

struct msim__seen_values {
  const struct msim__seen_value *items;
  size_t count;
};

struct msim__seen_unit {
  const char *unit, *message; /* message may be NULL */
  uint8_t edges;              /* MSIM_EDGE_* */
  struct msim__seen_values values;
};

struct msim__seen_units {
  const struct msim__seen_unit *items;
  size_t count;
};

struct msim__seen {
  uint64_t n;
  msim_ns at_ns;
  uint8_t kind;      /* enum msim__seen_kind */
  uint8_t point;     /* enum msim_trace_point */
  uint8_t dir;       /* enum msim__seen_dir */
  uint8_t flags;     /* enum msim_tcp_flag */
  uint8_t src_scope; /* enum msim__scope */
  uint8_t dst_scope;
  bool lost;             /* ARP: it has a reason */
  bool first_copy;       /* set by connection.c: the first copy of its bytes that arrived, or no retransmission */
  bool first_rx;         /* likewise: RX, the first of this segment */
  const char *from, *to; /* APP: the host is in from */
  union {
    struct {
      const char *seg, *rtx;                /* "c3"; rtx NULL: no retransmission */
      const struct msim__seen_units *units; /* NULL: none */
      uint32_t conn, seq, ack, len_bytes;
      uint32_t arrival;   /* set by connection.c: TX, the position of its first rx */
      uint32_t next_sent; /* likewise: the next TX of the connection */
    } wire;
    struct {
      const char *what, *target; /* target may be NULL */
    } arp;
    struct {
      const char *event;
      const struct msim__seen_values *values;
    } app;
  } u;
};

/* A TCP connection or an exchange of datagrams. */
struct msim__seen_conn {
  const char *name;
  const char *client, *server; /* SEGMENT only; else NULL */
  uint16_t port;
  uint8_t kind;
  uint32_t first_sent; /* the rest is set by connection.c; positions, MSIM__SEEN_NONE where there is none */
  uint32_t last_sent;
  uint32_t syn;         /* the first attempt */
  uint32_t established; /* the arrival that completed the handshake */
  uint32_t opened_by;   /* where that segment was sent */
};

struct msim__observation {
  struct msim__mem *mem;
  struct msim__words *words;
  struct msim__seen *records;
  size_t record_count, record_capacity;
  struct msim__seen_conn *conns;
  size_t conn_count, conn_capacity;
  struct msim__names conn_keys; /* object: number of the connection + 1 */
  bool too_many;
};

void msim__observation_init(struct msim__observation *obs, struct msim__mem *mem, struct msim__words *words);
void msim__observation_release(struct msim__observation *obs);

/* The kinds that msim__observe wants. */
#define MSIM__OBSERVE_KINDS                                                                                            \
  (MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM) | MSIM_TRACE_BIT(MSIM_TRACE_ARP) |         \
   MSIM_TRACE_BIT(MSIM_TRACE_APP))

/* Keeps a record of a run. 0 or MSIM_ERR_NOMEM. */
int msim__observe(struct msim__observation *obs, const struct msim_trace_record *record);

/* ---- for readers of other sources ---- */

/* Appends a copy; conn is filled by the caller. 0 or MSIM_ERR_NOMEM. */
int msim__observation_add(struct msim__observation *obs, const struct msim__seen *record);

/* The connection of that kind and key, added when new with the fields of fresh (its name is a word).
 * key_bytes at most MSIM_FLOW_TEXT_BYTES. 0 or MSIM_ERR_NOMEM. */
int msim__observation_conn(struct msim__observation *obs, const void *key, size_t key_bytes,
                           const struct msim__seen_conn *fresh, uint32_t *out);

#endif
