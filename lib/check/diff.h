/* diff.h: two traces as lines that can be laid beside each other: what the files of the comparison share.
 *
 * Both are brought into the form text, one line per packet with its fate. A stream is a sequence of lines that are
 * compared one by one: what one side of a connection sends, what happens at one host. So what moves in time stays with
 * its counterpart. Rooms: diff.c (reading, the order of things), diff_line.c (what a line says), diff_lines.c (keeping
 * lines), diff_pairs.c (comparing them), diff_cause.c (what decides), diff_draws.c (what chance did), diff_tell.c and
 * diff_flows.c (what is told). */
#ifndef MSIM_CHECK_DIFF_H
#define MSIM_CHECK_DIFF_H

#include <mailsim/check.h>

#include "core/arena.h"
#include "core/names.h"
#include "text/buf.h"

#define MSIM__DIFF_LINES_MAX ((size_t)1 << 31)
#define MSIM__DIFF_STREAMS_MAX ((size_t)1 << 24)
#define MSIM__DIFF_LINE_BYTES_MAX ((size_t)4 * 1024 * 1024)

/* ---- what a line says (diff_line.c) ---- */

enum msim__diff_part {
  MSIM__DIFF_TIME,
  MSIM__DIFF_SUBJECT,   /* the connection, the host, the two ends */
  MSIM__DIFF_ID,        /* c3; of an event its name */
  MSIM__DIFF_ENDPOINTS, /* addresses and ports, where the trace has them */
  MSIM__DIFF_FLAGS,
  MSIM__DIFF_RANGE, /* first and next byte; the length of a datagram */
  MSIM__DIFF_ACK,
  MSIM__DIFF_WIN,
  MSIM__DIFF_URG,
  MSIM__DIFF_OPTIONS,
  MSIM__DIFF_FATE,
  MSIM__DIFF_TEXT,
  MSIM__DIFF_NOTE,
  MSIM__DIFF_REST, /* values of events, and all that has no part of its own */
  MSIM__DIFF_PARTS
};

enum msim__diff_kind {
  MSIM__DIFF_SEGMENT,
  MSIM__DIFF_DATAGRAM,
  MSIM__DIFF_LATE,   /* a fate on a line of its own */
  MSIM__DIFF_FWD,    /* what a router saw */
  MSIM__DIFF_PACKET, /* icmp, arp */
  MSIM__DIFF_APP,
  MSIM__DIFF_TCP_STATE, /* state, cwnd */
  MSIM__DIFF_OTHER
};

struct msim__diff_words {
  enum msim__diff_kind kind;
  msim_ns at_ns;
  struct msim_slice kind_word;
  struct msim_slice conn; /* of state and cwnd: the connection */
  struct msim_slice part[MSIM__DIFF_PARTS];
};

/* Takes a line apart; everything is borrowed from it. NULL, or what is wrong with it, a clause. */
const char *msim__diff_words_of(struct msim_slice line, struct msim__diff_words *out);
/* The next word of a text; quotes and brackets hold spaces together. false: there is none. */
bool msim__diff_next_word(struct msim_slice *rest, struct msim_slice *word);
bool msim__diff_is(struct msim_slice word, const char *text);
bool msim__diff_begins(struct msim_slice word, const char *text);
bool msim__diff_same(struct msim_slice a, struct msim_slice b);
/* Whether these are the same packet, event and so on as far as both lines tell: some tell less than others. */
bool msim__diff_part_same(enum msim__diff_part part, const struct msim__diff_words *a,
                          const struct msim__diff_words *b);
/* "flags", … for people and programs. */
const char *msim__diff_part_name(enum msim__diff_part part);

/* In which views the two differ: bits 1 << enum msim_view. Either may be NULL: it is missing. */
unsigned msim__diff_views_of(const struct msim__diff_words *a, const struct msim__diff_words *b);
/* Whether both say the same of what was sent and whether it arrived: neither when, nor under which number. */
bool msim__diff_alike(const struct msim__diff_words *a, const struct msim__diff_words *b);
/* What belongs to the views mail and app of an event; 0: nothing. To be added up. */
uint64_t msim__diff_mail_hash(const struct msim__diff_words *words);
uint64_t msim__diff_app_hash(const struct msim__diff_words *words);

/* ---- lines (diff_lines.c) ---- */

/* A connection, or the events of a host: what people call one thing. */
struct msim__diff_flow {
  const char *name; /* "laptop>mx:25#1", "mx" */
  const char *kind; /* "tcp", "udp", "app", … */
  uint32_t first_stream, last_stream;
};

struct msim__diff_pair {
  uint32_t line[2]; /* numbers from 1; 0: missing there */
  uint32_t index;   /* in its stream, from 0 */
};

struct msim__diff_stream {
  const char *key;
  uint32_t flow, next; /* of the flow, from 1 */
  enum msim__diff_kind kind;
  uint32_t first[2], last[2], count[2];
  uint64_t text_hash[2];                      /* of what was sent for the first time, however it was cut */
  unsigned views;                             /* in which it differs, bits */
  struct msim__diff_pair differs[MSIM_VIEWS]; /* the first pair that does */
};

struct msim__diff_line {
  uint64_t begin;
  uint32_t size_bytes, stream;
  uint32_t next, previous; /* of its stream, numbers from 1 */
  msim_ns at_ns;
};

struct msim__diff_side {
  const char *name;      /* of the file or topology */
  struct msim__buf text; /* of all lines */
  struct msim__diff_line *lines;
  size_t line_count, line_capacity;
  uint64_t mail_sum, app_sum;
  const char *topology;
  uint64_t seed, engine;
  const char *head; /* the first line of a jsonl; NULL: the trace was a text */
  size_t head_bytes;
  struct msim_fingerprints prints;     /* of what a jsonl holds */
  struct msim_fingerprints run_prints; /* of the run itself, where that is known */
  const char *golden_view;             /* that a golden is about, or NULL: it is none */
  const char *options;                 /* that a jsonl was written with, or "" */
  bool is_read, has_prints, has_run_prints, is_full, has_fwd;
  bool is_live;                   /* from a run of the topology that is called name */
  struct msim__diff_draws *draws; /* of such a run; or NULL */
};

/* ---- all of it (diff.c) ---- */

struct msim_diff {
  struct msim__mem mem;
  struct msim__arena arena; /* names and what is told */
  struct msim__names stream_names, flow_names;
  struct msim__diff_flow *flows;
  size_t flow_count, flow_capacity;
  struct msim__diff_stream *streams;
  size_t stream_count, stream_capacity;
  struct msim__diff_side side[2];
  size_t bytes_max;
  bool is_compared;
  enum msim_view view; /* that was asked for */
  struct msim_diff_result result;
  struct msim_diff_place first[MSIM_VIEWS]; /* the first difference of each, where is_first */
  bool is_first[MSIM_VIEWS];
  struct msim__diff_pair shown; /* the one of the view that was asked for */
  uint32_t shown_stream;        /* from 1; 0: none */
  const char *state;
  struct msim_diff_flow *told_flows;
  size_t told_flow_count, told_flow_capacity;
  struct msim_diff_cause *causes;
  size_t cause_count, cause_capacity;
  const char **notes;
  size_t note_count, note_capacity;
};

/* One whole line without its end. NULL in *why when 0 is returned. MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__diff_add_line(struct msim_diff *diff, struct msim__diff_side *side, struct msim_slice text, const char **why);
/* Terminated. */
struct msim_slice msim__diff_text_of(const struct msim__diff_side *side, uint32_t line);

/* Fills views and differs of all streams, and the views of the result. diff_pairs.c. */
void msim__diff_pairs(struct msim_diff *diff);
/* The earliest pair that differs in this view or one contained in it. *stream is its number from 1; 0: there is none.
 */
struct msim__diff_pair msim__diff_earliest(const struct msim_diff *diff, enum msim_view view, uint32_t *stream);
/* The views up to this one, as bits. */
static inline unsigned msim__diff_views_to(enum msim_view view)
{
  return (2u << view) - 1u;
}

/* Fills first, state, told_flows and the rest of the result. 0, MSIM_ERR_NOMEM. diff_tell.c, diff_flows.c. */
int msim__diff_tell(struct msim_diff *diff);
int msim__diff_tell_flows(struct msim_diff *diff);
/* Fills the causes. 0, MSIM_ERR_NOMEM. diff_cause.c. */
int msim__diff_causes(struct msim_diff *diff);
/* diff_draws.c: a journal of what chance decides in a run, from before its start to its end. MSIM_ERR_NOMEM. */
int msim__diff_draws_begin(struct msim_diff *diff, struct msim__diff_side *side, struct msim_sim *sim);
int msim__diff_draws_end(struct msim__diff_side *side); /* MSIM_ERR_NOMEM: something could not be kept */
void msim__diff_draws_release(struct msim_diff *diff, struct msim__diff_side *side);
/* A sentence about the first decision that came out otherwise; NULL in *out: there is none, or it is not known.
 * MSIM_ERR_NOMEM. */
int msim__diff_draws_tell(struct msim_diff *diff, const char **out);
/* A text that lives as long as the comparison; NULL when out of memory. */
const char *msim__diff_printf(struct msim_diff *diff, const char *format, ...) MSIM_PRINTF(2, 3);
int msim__diff_note(struct msim_diff *diff, const char *text);

#endif
