/* trace/replay.h: a written trace on its way back into sinks: what replay.c (lines, world) and replay_record.c
 * (records) share.
 *
 * Reading is strict where a record would otherwise say something that was never written, and bounded everywhere. */
#ifndef MSIM_TRACE_REPLAY_H
#define MSIM_TRACE_REPLAY_H

#include <mailsim/topology.h>

#include "core/names.h"
#include "core/sim.h"
#include "text/json_in.h"

#define MSIM__TRACE_HEAD_BYTES_MAX ((size_t)64 * 1024 * 1024) /* of the first line: it names all hosts and links */
#define MSIM__TRACE_RECORD_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define MSIM__REPLAY_PAYLOAD_BYTES_MAX ((size_t)65535) /* RFC 791 3.1: of a packet */

struct msim__replay {
  struct msim_sim *sim;
  const char *name; /* of the file, for findings */
  msim_diag_fn *fn;
  void *user;
  struct msim__arena line;  /* what lives as long as the present line */
  struct msim__arena held;  /* flows */
  struct msim__names flows; /* by protocol and name */
  uint8_t *payload;         /* MSIM__REPLAY_PAYLOAD_BYTES_MAX */
  unsigned line_number;
  uint64_t last_n;
  msim_ns last_ns;
  int err; /* sticky */
};

/* Tells fn once and sticks: the present line, `"field": why`; field may be NULL. Returns false. */
bool msim__replay_fail(struct msim__replay *replay, int err, const char *field, const char *why);

/* A text without zero bytes. *out is NULL when it is absent and not required. false: it was told. */
bool msim__replay_text(struct msim__replay *replay, const struct msim__json_node *object, const char *field,
                       bool required, const char **out);
/* A whole number; *out stays untouched when it is absent. */
bool msim__replay_uint(struct msim__replay *replay, const struct msim__json_node *object, const char *field,
                       uint64_t max, uint64_t *out);
/* A list or an object; *out is NULL when it is absent. */
bool msim__replay_items(struct msim__replay *replay, const struct msim__json_node *object, const char *field,
                        enum msim__json_kind kind, const struct msim__json_node **out);

bool msim__replay_u32(struct msim__replay *replay, const struct msim__json_node *object, const char *field,
                      uint32_t max, uint32_t *out);
/* true, false; absent is false. */
bool msim__replay_bool(struct msim__replay *replay, const struct msim__json_node *object, const char *field, bool *out);

/* "MAC>MAC"; both stay untouched when it is absent. */
bool msim__replay_macs(struct msim__replay *replay, const struct msim__json_node *object, const char *field,
                       uint8_t from[6], uint8_t to[6], bool *is_there);

bool msim__replay_text_is(const struct msim__json_node *value, const char *text);
/* Which of the names the text is; -1: none. value may be NULL. */
int msim__replay_index_of(const struct msim__json_node *value, const char *const *names, int count);
/* The number in the last digits of text[0..*size_bytes), which are taken off with the mark in front of them. */
bool msim__replay_take_number(const char *text, size_t *size_bytes, char mark, uint32_t max, uint32_t *out);

/* An address; absent: as it is. */
bool msim__replay_addr(struct msim__replay *replay, const struct msim__json_node *object, const char *field,
                       struct msim_addr *out);

/* replay_header.c. src and dst, with ports when view->proto has them. */
bool msim__replay_ports(struct msim__replay *replay, const struct msim__json_node *object, struct msim_packet *view);
/* All of the TCP header. Sequence numbers are relative ones throughout, as if both sides began at 0; shift is by how
 * much the window in bytes is larger than the one in the header, unless this is a SYN. */
bool msim__replay_tcp(struct msim__replay *replay, const struct msim__json_node *object, int shift,
                      struct msim_trace_packet *packet, struct msim_tcp_view *tcp);
/* Type and code of what is told (RFC 792); the names are those of net/observe.c. */
void msim__replay_set_icmp(struct msim_icmp_view *icmp, const char *what, uint32_t mtu_bytes);

/* replay_origin.c. What beside rate and delay is told of a direction, of a link, and of the files. */
bool msim__replay_way_rest(struct msim__replay *replay, const struct msim__json_node *way, struct msim_link_way *out,
                           struct msim_ecn_mark *mark);
bool msim__replay_link_rest(struct msim__replay *replay, const struct msim__json_node *link,
                            struct msim_link_opts *out);
bool msim__replay_origin(struct msim__replay *replay, const struct msim__json_node *head);

/* Reads one record and hands it to the hooks. replay_record.c. */
bool msim__replay_record(struct msim__replay *replay, const struct msim__json_node *object);

#endif
