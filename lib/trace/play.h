/* trace/play.h: a run collected for the player: packets with their fates, events, windows, states, in columns to be.
 *
 * play.c collects, play_text.c keeps each text once, play_out.c writes the form `mailsim.play/1` (docs/player.md).
 * Does not know the page: sink_html.c does. */
#ifndef MSIM_TRACE_PLAY_H
#define MSIM_TRACE_PLAY_H

#include "core/arena.h"
#include "core/names.h"
#include "core/sim.h"
#include "text/json_out.h"

#define MSIM__PLAY_ROWS_MAX ((size_t)1000000)
#define MSIM__PLAY_EVENTS_MAX ((size_t)1000000)
#define MSIM__PLAY_SAMPLES_MAX ((size_t)1000000)        /* of windows, and of states */
#define MSIM__PLAY_PAYLOAD_BYTES_MAX ((size_t)2048)     /* of one payload */
#define MSIM__PLAY_TEXT_BYTES_MAX ((size_t)4 << 20)     /* of all payloads */
#define MSIM__PLAY_CONTENT_BYTES_MAX ((size_t)65536)    /* of one mail */
#define MSIM__PLAY_CONTENTS_BYTES_MAX ((size_t)8 << 20) /* of all mails */
#define MSIM__PLAY_NONE UINT32_MAX

/* Each text once, numbered in the order of appearance. */
struct msim__play_text {
  uint32_t index;
  uint32_t cut_bytes; /* so many more there were */
  size_t size_bytes;
  const char *data; /* not terminated */
};
struct msim__play_texts {
  struct msim__arena arena;
  struct msim__names names;
  size_t held_bytes;
};
void msim__play_texts_init(struct msim__play_texts *texts, struct msim__mem *mem);
void msim__play_texts_release(struct msim__play_texts *texts);
/* The number of the text; is_new (may be NULL) tells whether it came now. MSIM_ERR_NOMEM, MSIM_ERR_LIMIT. */
int msim__play_texts_put(struct msim__play_texts *texts, const char *data, size_t size_bytes, uint32_t cut_bytes,
                         uint32_t *index, bool *is_new);
const struct msim__play_text *msim__play_texts_at(const struct msim__play_texts *texts, size_t index);

enum msim__play_proto { MSIM__PLAY_TCP, MSIM__PLAY_UDP, MSIM__PLAY_ICMP, MSIM__PLAY_ARP };

/* A connection, an exchange of datagrams, or what two hosts tell each other by ICMP or ARP. One for each receiver of a
 * broadcast too. */
struct msim__play_conn {
  enum msim__play_proto proto;
  uint32_t client, server; /* hosts; server MSIM__PLAY_NONE: all */
  uint16_t port;
  uint32_t number;
  uint32_t first_seq[2];
  bool first_seq_known[2];
  struct msim_addr addr[2]; /* of client and server, as the client sees them */
  uint16_t client_port;
  bool has_addr;
  struct msim__play_capture *captures[2]; /* by sender; NULL: nothing yet */
};

/* A packet from its sending to its fate. */
#define MSIM__PLAY_LOST (-1)
#define MSIM__PLAY_OPEN (-2)
struct msim__play_row {
  uint64_t key, n, n_end; /* n_end: of the record of its fate */
  msim_ns at_ns;
  int64_t flight_ns; /* or MSIM__PLAY_LOST, MSIM__PLAY_OPEN */
  msim_ns lost_ns;   /* when it died */
  uint32_t older;    /* 1 + the row in front of it in its chain */
  uint32_t conn, number, seq, ack, window_bytes, size_bytes, text, units, extra;
  uint8_t flags;
  bool from_client;
};

/* What few packets have. */
struct msim__play_extra {
  uint32_t rtx_number, reason, link, fault; /* texts; MSIM__PLAY_NONE: none */
  uint16_t mss_bytes;
  int8_t window_shift;
  bool sack_permitted, has_syn_options, duplicate, fragmented;
  uint8_t sack_count, ecn;
  struct msim_sack sack[4]; /* relative */
};

struct msim__play_event {
  uint64_t n;
  msim_ns at_ns;
  uint32_t kind, host, agent, event; /* texts of names; host MSIM__PLAY_NONE: none */
  size_t values_at, values_bytes;    /* JSON, in play->values */
};

struct msim__play_window {
  msim_ns at_ns, srtt_ns, rto_ns;
  uint32_t conn, cwnd, ssthresh, flight, why;
  bool from_client;
};

struct msim__play_state {
  msim_ns at_ns;
  uint32_t conn, host, from, to, why;
};

/* A mail as it went to a host, its bytes being put together. */
struct msim__play_capture {
  struct msim__buf bytes;
  uint32_t message; /* word */
  uint32_t cut_bytes;
  bool is_open;
};
struct msim__play_content {
  uint32_t message, host, from, conn, text; /* word; host that got it and host that sent it; of contents */
  msim_ns at_ns;
};

struct msim__play {
  struct msim_sim *sim;
  struct msim__mem *mem;
  bool shows_secrets;
  msim_ns from_ns, to_ns; /* what is outside is left out */
  msim_ns end_ns;
  struct msim__play_texts hosts; /* by number */
  struct msim__play_texts words; /* names of events, agents, reasons, … */
  struct msim__play_texts conn_names;
  struct msim__play_texts payloads, units, contents;
  struct msim__play_conn *conns;
  size_t conn_count, conn_capacity;
  struct msim__play_row *rows;
  size_t row_count, row_capacity;
  uint32_t *buckets; /* 1 + newest row of each chain */
  struct msim__play_extra *extras;
  size_t extra_count, extra_capacity;
  struct msim__play_event *events;
  size_t event_count, event_capacity;
  struct msim__buf values, scratch;
  struct msim__play_window *windows;
  size_t window_count, window_capacity;
  struct msim__play_state *states;
  size_t state_count, state_capacity;
  struct msim__play_content *mails;
  size_t mail_count, mail_capacity;
  const char *too_many; /* what there was too much of, when MSIM_ERR_LIMIT was returned */
};

/* play.c. 0, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT (then too_many says of what). */
int msim__play_init(struct msim__play *play, struct msim_sim *sim);
int msim__play_take(struct msim__play *play, const struct msim_trace_record *record);
void msim__play_release(struct msim__play *play);

/* play_packet.c */
int msim__play_take_packet(struct msim__play *play, const struct msim_trace_record *record);
int msim__play_take_arp(struct msim__play *play, const struct msim_trace_record *record);
/* The connection of a flow, perhaps made now. */
int msim__play_find_conn(struct msim__play *play, const struct msim_flow *flow, bool is_tcp, uint32_t receiver,
                         uint32_t *out);

/* play_mail.c: the bytes of mails that a segment carries for the first time. */
int msim__play_take_content(struct msim__play *play, const struct msim_trace_record *record, uint32_t conn);
void msim__play_release_captures(struct msim__play *play);

/* Numbers of names; NULL gives MSIM__PLAY_NONE. */
int msim__play_host(struct msim__play *play, const char *name, uint32_t *out);
int msim__play_word(struct msim__play *play, const char *text, uint32_t *out);

/* play_out.c: one JSON object, safe inside a script element. Sorts the rows. Errors stick in json's buffer. */
int msim__play_write(struct msim__play *play, struct msim__json_out *json);

#endif
