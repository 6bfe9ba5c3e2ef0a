/* invariants_stage.h: a simulation without hosts, into whose trace a test of the invariants puts the segments of one
 * connection, with numbers relative to the initial ones. Include after the cmocka headers. */
#ifndef MSIM_TESTS_CHECK_INVARIANTS_STAGE_H
#define MSIM_TESTS_CHECK_INVARIANTS_STAGE_H

#include "check/tcp_invariants.h"
#include "net/flow.h"
#include "support/fail_mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ISS_CLIENT UINT32_C(4294967000) /* wraps soon: nothing may depend on absolute numbers */
#define ISS_SERVER UINT32_C(123456)

#define FIN MSIM_TCP_FIN
#define SYN MSIM_TCP_SYN
#define RST MSIM_TCP_RST
#define ACK MSIM_TCP_ACK

struct stage {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_flow flow;
  uint32_t numbers[2];
  char told[2000]; /* "T5 server s1: sentence\n" … */
  bool timestamps;
  uint8_t text[4096];
};

static inline void keep(void *user, const struct msim_invariant_finding *finding)
{
  struct stage *s = user;
  size_t used = strlen(s->told);

  assert_string_equal(finding->connection, "a>b:25#1");
  snprintf(s->told + used, sizeof s->told - used, "%s %s %s: %s\n", finding->rule, finding->side, finding->segment,
           finding->text);
}

static inline int open_failing(struct stage *s, uint64_t fail_at)
{
  struct msim_sim_opts opts;
  size_t i;
  int err;

  memset(s, 0, sizeof *s);
  memset(&opts, 0, sizeof opts);
  fail_mem_init(&s->mem, fail_at);
  opts.mem = s->mem.hook;
  s->flow.client = "a";
  s->flow.server = "b";
  s->flow.port = 25;
  s->flow.number = 1;
  s->flow.proto = MSIM_PROTO_TCP;
  s->flow.id = 77;
  s->flow.refs = 1;
  for (i = 0; i < sizeof s->text; i++)
    s->text[i] = (uint8_t)(i * 7 + i / 256);
  err = msim__sim_create(&s->sim, &opts, NULL);
  return err == MSIM_OK ? msim_invariants_attach(s->sim, keep, s) : err;
}

static inline void open_stage(struct stage *s)
{
  assert_int_equal(open_failing(s, 0), MSIM_OK);
}

/* What was told is exactly one finding, of this rule and side; "": none. */
static inline void close_stage(struct stage *s, const char *rule_and_side)
{
  const char *line_end;

  msim_sim_finish(s->sim);
  if (rule_and_side[0] == '\0') {
    if (s->told[0] != '\0')
      fail_msg("%s", s->told);
  } else {
    line_end = strchr(s->told, '\n');
    if (strncmp(s->told, rule_and_side, strlen(rule_and_side)) != 0 || line_end == NULL || line_end[1] != '\0')
      fail_msg("wanted %s, told: %s", rule_and_side, s->told);
  }
  msim_sim_free(s->sim);
  assert_true(fail_mem_clean(&s->mem));
}

static inline void at_ms(struct stage *s, uint64_t ms)
{
  s->sim->now_ns = MSIM_MSEC(ms);
}

struct seg {
  char from; /* 'c', 's' */
  uint16_t flags;
  uint32_t seq, ack;
  uint32_t size_bytes;
  uint32_t window; /* 0: 65535 unless closed */
  bool closed;
  uint16_t mss;
  bool scale, sack_permitted, has_ts, no_ts;
  uint32_t ts_value, ts_echo;
  uint32_t sack[6]; /* relative pairs */
  uint8_t option_bytes, tos;
  const char *text; /* instead of the usual bytes */
  uint16_t urgent;  /* with URG */
  bool cookie;      /* the Fast Open option */
};

static inline struct msim_packet packet_of(const struct stage *s, const struct seg *seg)
{
  static const uint8_t options[40];
  struct msim_packet p;
  uint32_t mine = seg->from == 'c' ? ISS_CLIENT : ISS_SERVER, theirs = seg->from == 'c' ? ISS_SERVER : ISS_CLIENT;
  struct msim_tcp_view *tcp = &p.l4.tcp;
  size_t i;

  memset(&p, 0, sizeof p);
  p.proto = MSIM_PROTO_TCP;
  p.tos = seg->tos;
  tcp->flags = seg->flags;
  tcp->seq = mine + seg->seq;
  tcp->ack = (seg->flags & ACK) != 0 ? theirs + seg->ack : 0;
  tcp->urgent = seg->urgent;
  tcp->has_fastopen = seg->cookie;
  tcp->window_shift = seg->scale ? 7 : -1;
  tcp->mss_bytes = seg->mss;
  tcp->sack_permitted = seg->sack_permitted;
  tcp->has_timestamp = seg->has_ts || (s->timestamps && !seg->no_ts);
  tcp->ts_value = seg->ts_value != 0 ? seg->ts_value : (uint32_t)(s->sim->now_ns / 1000000) + 1;
  tcp->ts_echo = seg->ts_echo;
  for (i = 0; i < 3 && seg->sack[2 * i + 1] != 0; i++) {
    tcp->sack[i].left = theirs + seg->sack[2 * i];
    tcp->sack[i].right = theirs + seg->sack[2 * i + 1];
    tcp->sack_count++;
  }
  p.options.data = options;
  p.options.size_bytes = seg->option_bytes;
  p.payload.data = seg->text != NULL ? (const uint8_t *)seg->text : s->text + seg->seq % 2048;
  p.payload.size_bytes = seg->size_bytes;
  return p;
}

static inline uint32_t emit(struct stage *s, enum msim_trace_point point, const struct seg *seg, uint32_t number)
{
  struct msim_trace_record record;
  struct msim_trace_packet *out = &record.u.packet;
  struct msim_packet p = packet_of(s, seg);

  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_SEGMENT;
  out->point = point;
  out->flow = &s->flow;
  out->from_client = seg->from == 'c';
  out->number = number != 0 ? number : ++s->numbers[!out->from_client];
  out->from = out->from_client ? "a" : "b";
  out->to = out->from_client ? "b" : "a";
  out->packet = &p;
  out->seq = seg->seq;
  out->ack = (seg->flags & ACK) != 0 ? seg->ack : 0;
  out->window_bytes = seg->window != 0 || seg->closed ? seg->window : 65535;
  s->sim->current_order++;
  msim__trace_emit(s->sim, &record);
  return out->number;
}

/* Sent and lost; sent and arrived; arrived (once more). */
#define TX(s, ...) emit((s), MSIM_POINT_TX, &(struct seg){.from = __VA_ARGS__}, 0)
#define RX(s, ...) emit((s), MSIM_POINT_RX, &(struct seg){.from = __VA_ARGS__}, 1)
#define SEND(s, ...)                                                                                                   \
  do {                                                                                                                 \
    const struct seg seg_ = {.from = __VA_ARGS__};                                                                     \
    emit((s), MSIM_POINT_RX, &seg_, emit((s), MSIM_POINT_TX, &seg_, 0));                                               \
  } while (0)

static inline void move(struct stage *s, bool client, const char *from, const char *to)
{
  struct msim_trace_record record;

  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_STATE;
  record.u.state.host = client ? "a" : "b";
  record.u.state.flow = &s->flow;
  record.u.state.from = from;
  record.u.state.to = to;
  record.u.state.why = "";
  msim__trace_emit(s->sim, &record);
}

static inline void begin_window(struct stage *s, bool client, uint32_t cwnd_bytes)
{
  struct msim_trace_record record;

  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_CWND;
  record.u.cwnd.host = client ? "a" : "b";
  record.u.cwnd.flow = &s->flow;
  record.u.cwnd.from_client = client;
  record.u.cwnd.cwnd_bytes = cwnd_bytes;
  record.u.cwnd.why = "start";
  msim__trace_emit(s->sim, &record);
}

/* MSS 1000 both ways, SACK, window scale; with timestamps when the stage has them. */
static inline void shake_hands(struct stage *s)
{
  uint32_t t = s->timestamps ? 1 : 0;

  SEND(s, 'c', SYN, 0, 0, .mss = 1000, .sack_permitted = true, .scale = true);
  SEND(s, 's', SYN | ACK, 0, 1, .mss = 1000, .sack_permitted = true, .scale = true, .ts_echo = t);
  SEND(s, 'c', ACK, 1, 1, .ts_echo = t);
}

static inline void open_connected(struct stage *s, bool timestamps)
{
  open_stage(s);
  s->timestamps = timestamps;
  shake_hands(s);
}

#endif
