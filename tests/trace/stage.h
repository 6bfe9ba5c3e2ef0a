/* stage.h: for the tests of lib/trace: a simulation without hosts, into whose trace a test puts records made by hand.
 *
 * Include after the cmocka headers. Two TCP connections and one exchange of datagrams are ready for use. */
#ifndef MSIM_TESTS_TRACE_STAGE_H
#define MSIM_TESTS_TRACE_STAGE_H

#include <stdlib.h>
#include <string.h>

#include "net/flow.h"
#include "support/fail_mem.h"
#include "trace/trace.h"

extern const struct msim_sink_type msim__sink_text;
extern const struct msim_sink_type msim__sink_jsonl;
extern const struct msim_sink_type msim__sink_ladder;
extern const struct msim_sink_type msim__sink_html;

/* Where a sink writes: grows, and can be told to fail. */
struct paper {
  char *data; /* terminated */
  size_t size_bytes, capacity_bytes;
  size_t call_count, fail_at_call; /* this call of write fails, from 1; 0: none */
};

static inline int paper_write(void *ctx, const void *data, size_t size_bytes)
{
  struct paper *paper = ctx;

  if (++paper->call_count == paper->fail_at_call)
    return MSIM_ERR_IO;
  if (paper->size_bytes + size_bytes + 1 > paper->capacity_bytes) {
    paper->capacity_bytes = 2 * (paper->size_bytes + size_bytes + 1);
    paper->data = realloc(paper->data, paper->capacity_bytes);
    assert_non_null(paper->data);
  }
  memcpy(paper->data + paper->size_bytes, data, size_bytes);
  paper->size_bytes += size_bytes;
  paper->data[paper->size_bytes] = '\0';
  return MSIM_OK;
}

struct stage {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct paper paper;
  struct msim_flow hello, other, query; /* laptop>mx:25#1, pc-b>mx:25#1, laptop>ns:53#1 (UDP) */
  struct msim_packet packet;
  struct msim_trace_record record;
};

static inline void stage_flow(struct msim_flow *flow, const char *client, const char *server, uint16_t port,
                              uint8_t proto, uint64_t id)
{
  memset(flow, 0, sizeof *flow);
  flow->client = client;
  flow->server = server;
  flow->port = port;
  flow->number = 1;
  flow->proto = proto;
  flow->id = id;
  flow->refs = 1;
}

static inline int stage_try(struct stage *s, uint64_t fail_at)
{
  static const void *const sinks[] = {&msim__sink_text, &msim__sink_jsonl, &msim__sink_ladder, &msim__sink_html, NULL};
  const void *const *builtin[MSIM__TYPE_KINDS] = {NULL};
  struct msim_sim_opts opts;
  int err;

  memset(s, 0, sizeof *s);
  memset(&opts, 0, sizeof opts);
  fail_mem_init(&s->mem, fail_at);
  opts.mem = s->mem.hook;
  opts.seed = 1;
  builtin[MSIM__TYPE_SINK] = sinks;
  stage_flow(&s->hello, "laptop", "mx", 25, MSIM_PROTO_TCP, 0x1234567890abcdefu);
  stage_flow(&s->other, "pc-b", "mx", 25, MSIM_PROTO_TCP, 0x0fedcba987654321u);
  stage_flow(&s->query, "laptop", "ns", 53, MSIM_PROTO_UDP, 0x1111222233334444u);
  err = msim__sim_create(&s->sim, &opts, builtin);
  return err == MSIM_OK ? msim__trace_create(s->sim) : err;
}

/* A stage with one sink, started. */
static inline void stage_set_up(struct stage *s, const char *sink, const char *options)
{
  struct msim_out out = {NULL, paper_write};

  assert_int_equal(stage_try(s, 0), MSIM_OK);
  out.ctx = &s->paper;
  assert_int_equal(msim_trace_add(s->sim, sink, &out, options, NULL), MSIM_OK);
  assert_int_equal(msim_sim_start(s->sim), MSIM_OK);
}

static inline void stage_tear_down(struct stage *s)
{
  msim_sim_free(s->sim);
  free(s->paper.data);
  assert_true(fail_mem_clean(&s->mem));
}

static inline void stage_emit(struct stage *s, msim_ns at_ns)
{
  s->sim->now_ns = at_ns;
  msim__trace_emit(s->sim, &s->record);
}

/* s->record becomes the sending of a packet; the caller adds to it, then stage_emit. */
static inline struct msim_trace_packet *stage_packet(struct stage *s, enum msim_trace_kind kind,
                                                     const struct msim_flow *flow, bool from_client, uint32_t number,
                                                     const char *payload)
{
  struct msim_trace_packet *p = &s->record.u.packet;

  memset(&s->record, 0, sizeof s->record);
  memset(&s->packet, 0, sizeof s->packet);
  s->record.kind = kind;
  p->point = MSIM_POINT_TX;
  p->flow = flow;
  p->from_client = from_client;
  p->number = number;
  p->from = from_client ? flow->client : flow->server;
  p->to = from_client ? flow->server : flow->client;
  p->packet = &s->packet;
  s->packet.src = msim_addr_ipv4(from_client ? 0x0a000001 : 0xc0000219);
  s->packet.dst = msim_addr_ipv4(from_client ? 0xc0000219 : 0x0a000001);
  s->packet.proto = flow->proto;
  s->packet.ttl = 64;
  s->packet.payload.data = (const uint8_t *)payload;
  s->packet.payload.size_bytes = payload != NULL ? strlen(payload) : 0;
  if (kind == MSIM_TRACE_DATAGRAM) {
    s->packet.l4.udp.src_port = from_client ? 49152 : flow->port;
    s->packet.l4.udp.dst_port = from_client ? flow->port : 49152;
  }
  return p;
}

static inline struct msim_trace_packet *stage_segment(struct stage *s, const struct msim_flow *flow, bool from_client,
                                                      uint32_t number, uint16_t flags, uint32_t seq, uint32_t ack,
                                                      const char *payload)
{
  struct msim_trace_packet *p = stage_packet(s, MSIM_TRACE_SEGMENT, flow, from_client, number, payload);
  struct msim_tcp_view *tcp = &s->packet.l4.tcp;

  tcp->src_port = from_client ? 49152 : flow->port;
  tcp->dst_port = from_client ? flow->port : 49152;
  tcp->flags = flags;
  tcp->seq = seq + (from_client ? 4000000000u : 100u); /* initial numbers: relative ones begin at 0 */
  tcp->ack = (flags & MSIM_TCP_ACK) != 0 ? ack + (from_client ? 100u : 4000000000u) : 0;
  tcp->window_shift = -1;
  tcp->window = 512;
  p->seq = seq;
  p->ack = ack;
  p->window_bytes = 65536;
  if ((flags & MSIM_TCP_SYN) != 0) {
    tcp->mss_bytes = 1460;
    tcp->sack_permitted = true;
    tcp->window_shift = 7;
    tcp->window = 65535;
    p->window_bytes = 65535;
  }
  return p;
}

/* A part of the only datagram of the exchange. */
static inline void stage_fragment(struct stage *s, uint16_t offset_bytes, bool more, const char *payload)
{
  stage_packet(s, MSIM_TRACE_FRAGMENT, &s->query, true, 1, payload);
  s->packet.id = 7;
  s->packet.fragment_offset_bytes = offset_bytes;
  s->packet.more_fragments = more;
  s->record.u.packet.link = "l";
}

/* The record just emitted arrives, or dies with a reason. */
static inline void stage_arrive(struct stage *s, msim_ns at_ns)
{
  s->record.u.packet.point = MSIM_POINT_RX;
  stage_emit(s, at_ns);
}
static inline void stage_drop(struct stage *s, msim_ns at_ns, const char *reason)
{
  s->record.u.packet.point = MSIM_POINT_DROP;
  s->record.u.packet.reason = reason;
  stage_emit(s, at_ns);
}

static inline struct msim_trace_event *stage_event(struct stage *s, enum msim_trace_kind kind, const char *host,
                                                   const char *event, const struct msim_value *values, size_t count)
{
  struct msim_trace_event *e = &s->record.u.event;

  memset(&s->record, 0, sizeof s->record);
  s->record.kind = kind;
  e->host = host;
  e->agent = "tester";
  e->event = event;
  e->values = values;
  e->value_count = count;
  return e;
}

enum { S = MSIM_TCP_SYN, A = MSIM_TCP_ACK, P = MSIM_TCP_PSH | MSIM_TCP_ACK, F = MSIM_TCP_FIN | MSIM_TCP_ACK };

/* The handshake and the greeting of the example in docs/trace.md. */
static inline void stage_hello(struct stage *s)
{
  stage_segment(s, &s->hello, true, 1, S, 0, 0, NULL);
  stage_emit(s, 0);
  stage_arrive(s, MSIM_MSEC(10));
  stage_segment(s, &s->hello, false, 1, S | A, 0, 1, NULL);
  stage_emit(s, MSIM_MSEC(10));
  stage_arrive(s, MSIM_MSEC(20));
  stage_segment(s, &s->hello, true, 2, A, 1, 1, NULL);
  stage_emit(s, MSIM_MSEC(20));
  stage_arrive(s, MSIM_MSEC(30));
  stage_segment(s, &s->hello, false, 2, P, 1, 1, "220 mx.example.org ESMTP mailsim\r\n");
  stage_emit(s, MSIM_MSEC(30));
  stage_arrive(s, MSIM_MSEC(40));
}

#endif
