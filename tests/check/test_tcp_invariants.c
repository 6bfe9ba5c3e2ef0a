/* test_tcp_invariants.c: the rules of docs/invariants.md over records made by hand: each rule has sequences that keep
 * it and sequences that break it, which must be told, and by that rule. No TCP is linked here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

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

static void keep(void *user, const struct msim_invariant_finding *finding)
{
  struct stage *s = user;
  size_t used = strlen(s->told);

  assert_string_equal(finding->connection, "a>b:25#1");
  snprintf(s->told + used, sizeof s->told - used, "%s %s %s: %s\n", finding->rule, finding->side, finding->segment,
           finding->text);
}

static int open_failing(struct stage *s, uint64_t fail_at)
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

static void open_stage(struct stage *s)
{
  assert_int_equal(open_failing(s, 0), MSIM_OK);
}

/* What was told is exactly one finding, of this rule and side; "": none. */
static void close_stage(struct stage *s, const char *rule_and_side)
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

static void at_ms(struct stage *s, uint64_t ms)
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
  uint8_t option_bytes;
  const char *text; /* instead of the usual bytes */
};

static struct msim_packet packet_of(const struct stage *s, const struct seg *seg)
{
  static const uint8_t options[40];
  struct msim_packet p;
  uint32_t mine = seg->from == 'c' ? ISS_CLIENT : ISS_SERVER, theirs = seg->from == 'c' ? ISS_SERVER : ISS_CLIENT;
  struct msim_tcp_view *tcp = &p.l4.tcp;
  size_t i;

  memset(&p, 0, sizeof p);
  p.proto = MSIM_PROTO_TCP;
  tcp->flags = seg->flags;
  tcp->seq = mine + seg->seq;
  tcp->ack = (seg->flags & ACK) != 0 ? theirs + seg->ack : 0;
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

static uint32_t emit(struct stage *s, enum msim_trace_point point, const struct seg *seg, uint32_t number)
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

static void move(struct stage *s, bool client, const char *from, const char *to)
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

static void begin_window(struct stage *s, bool client, uint32_t cwnd_bytes)
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
static void shake_hands(struct stage *s)
{
  uint32_t t = s->timestamps ? 1 : 0;

  SEND(s, 'c', SYN, 0, 0, .mss = 1000, .sack_permitted = true, .scale = true);
  SEND(s, 's', SYN | ACK, 0, 1, .mss = 1000, .sack_permitted = true, .scale = true, .ts_echo = t);
  SEND(s, 'c', ACK, 1, 1, .ts_echo = t);
}

static void open_connected(struct stage *s, bool timestamps)
{
  open_stage(s);
  s->timestamps = timestamps;
  shake_hands(s);
}

/* ---- a whole connection that keeps all rules ---- */

static void talk(struct stage *s)
{
  begin_window(s, true, 10000);
  SEND(s, 'c', ACK, 1, 1, 1000);
  SEND(s, 'c', ACK, 1001, 1, 1000);
  SEND(s, 's', ACK, 1, 2001);
  TX(s, 'c', ACK, 2001, 1, 500); /* lost */
  SEND(s, 'c', ACK, 2501, 1, 500);
  SEND(s, 's', ACK, 1, 2001, .sack = {2501, 3001});
  SEND(s, 'c', ACK, 2001, 1, 500); /* again */
  SEND(s, 's', ACK, 1, 3001);
  SEND(s, 's', ACK, 1, 3001, 100);
  SEND(s, 'c', ACK, 3001, 101);
  SEND(s, 'c', ACK | FIN, 3001, 101);
  SEND(s, 's', ACK | FIN, 101, 3002);
  SEND(s, 'c', ACK, 3002, 102);
}

static void connection_when_fine_then_nothing_is_told(void **state)
{
  struct stage s;
  struct msim_invariants_info info;

  (void)state;
  open_connected(&s, false);
  talk(&s);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.connection_count, 1);
  assert_int_equal(info.finding_count, 0);
  assert_int_equal(info.unjudged_count, 0);
  close_stage(&s, "");
}

static void connection_when_it_breaks_a_rule_twice_then_told_once_per_side(void **state)
{
  struct stage s;
  struct msim_invariants_info info;

  (void)state;
  open_connected(&s, false);
  TX(&s, 's', ACK, 1, 2); /* nothing of that has arrived */
  TX(&s, 's', ACK, 1, 3);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.finding_count, 1);
  TX(&s, 'c', ACK, 1, 9);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.finding_count, 2);
  assert_string_equal(s.told, "T5 server s2: 2 is acknowledged, but only what is before 1 has arrived\n"
                              "T5 client c3: 9 is acknowledged, but only what is before 1 has arrived\n");
  s.told[0] = '\0';
  close_stage(&s, "");
}

/* ---- T1 ---- */

static void bytes_when_sent_again_otherwise_then_t1(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 4, .text = "abcd");
  TX(&s, 'c', ACK, 3, 1, 4, .text = "cdef"); /* cut in another way: fine */
  close_stage(&s, "");

  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 4, .text = "abcd");
  TX(&s, 'c', ACK, 3, 1, 4, .text = "cXef");
  assert_non_null(strstr(s.told, "the byte at 4 "));
  close_stage(&s, "T1 client c4");

  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 4, .text = "abcd");
  RX(&s, 'c', ACK, 1, 1, 4, .text = "abcX"); /* the network must not change it either */
  SEND(&s, 's', ACK, 1, 5);
  close_stage(&s, "T1 client c1");

  open_connected(&s, false); /* what is acknowledged is not kept */
  SEND(&s, 'c', ACK, 1, 1, 4, .text = "abcd");
  SEND(&s, 's', ACK, 1, 5);
  TX(&s, 'c', ACK, 1, 1, 4, .text = "abcX");
  close_stage(&s, "");
}

/* ---- T2 ---- */

static void text_when_beyond_the_window_then_t2(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 's', ACK, 1, 1, .window = 65535);
  TX(&s, 'c', ACK, 65001, 1, 535);
  close_stage(&s, "");

  open_connected(&s, false);
  TX(&s, 'c', ACK, 65001, 1, 536);
  close_stage(&s, "T2 client");
}

/* The window ends at 1001 and is full: one byte there is a probe, two are not, nor one while it is still open. */
static void text_when_window_is_closed_then_one_byte_probes_it(void **state)
{
  static const struct {
    uint32_t acked, seq, size;
    const char *told;
  } cases[] = {{1001, 1001, 1, ""},
               {1001, 1001, 2, "T2 client"},
               {1001, 1002, 1, "T2 client"},
               {501, 1001, 1, "T2 client"},
               {501, 501, 500, ""}};
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    SEND(&s, 'c', SYN, 0, 0, .mss = 1000);
    SEND(&s, 's', SYN | ACK, 0, 1, .mss = 1000, .window = 1000);
    SEND(&s, 'c', ACK, 1, 1);
    SEND(&s, 'c', ACK, 1, 1, 1000);
    SEND(&s, 's', ACK, 1, cases[i].acked, .window = 1001 - cases[i].acked, .closed = true);
    TX(&s, 'c', ACK, cases[i].seq, 1, cases[i].size);
    close_stage(&s, cases[i].told);
  }
}

/* ---- T3 ---- */

static void text_when_after_fin_then_t3(void **state)
{
  static const struct {
    struct seg seg;
    const char *told;
  } cases[] = {{{.from = 'c', ACK | FIN, 101, 1}, ""},         /* again */
               {{.from = 'c', ACK | FIN, 51, 1, 50}, ""},      /* with the last text */
               {{.from = 'c', ACK, 102, 1}, ""},               /* an ACK behind it */
               {{.from = 'c', ACK, 101, 1, 1}, "T3 client"},   /* text in its place */
               {{.from = 'c', ACK | FIN, 91, 1}, "T3 client"}, /* elsewhere */
               {{.from = 'c', ACK, 103, 1}, "T3 client"}};     /* a number that it cannot have */
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_connected(&s, false);
    SEND(&s, 'c', ACK | FIN, 1, 1, 100);
    TX(&s, 's', ACK, 1, 102);
    emit(&s, MSIM_POINT_TX, &cases[i].seg, 0);
    close_stage(&s, cases[i].told);
  }
}

/* ---- T4 ---- */

static void segment_when_after_reset_then_t4(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', RST, 1, 0);
  TX(&s, 'c', RST, 1, 0); /* resets may follow */
  TX(&s, 's', RST, 1, 0);
  close_stage(&s, "");

  open_connected(&s, false); /* by the end that sent it */
  TX(&s, 'c', RST, 1, 0);
  TX(&s, 'c', ACK, 1, 1);
  close_stage(&s, "T4 client");

  open_connected(&s, false); /* and by the end that it reached */
  SEND(&s, 'c', RST, 1, 0);
  TX(&s, 's', ACK, 1, 1);
  close_stage(&s, "T4 server");

  open_connected(&s, false); /* one that was not exact changes nothing: RFC 5961 */
  RX(&s, 'c', RST, 5, 0);
  TX(&s, 's', ACK, 1, 1);
  close_stage(&s, "");

  open_stage(&s); /* nor one of a client that is still opening: it answers something old */
  SEND(&s, 'c', SYN, 0, 0, .mss = 1000);
  TX(&s, 'c', RST, 1, 0);
  at_ms(&s, 1000);
  TX(&s, 'c', SYN, 0, 0, .mss = 1000);
  close_stage(&s, "");
}

/* ---- T5, T6, T7 ---- */

static void ack_when_of_more_than_arrived_then_t5(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 'c', ACK, 11, 1, 10); /* sent, but lost */
  TX(&s, 's', ACK, 1, 12);
  close_stage(&s, "T5 server");

  open_connected(&s, false); /* beyond a gap */
  TX(&s, 'c', ACK, 1, 1, 10);
  SEND(&s, 'c', ACK, 11, 1, 10);
  TX(&s, 's', ACK, 1, 21);
  close_stage(&s, "T5 server");

  open_connected(&s, false); /* the gap is filled */
  TX(&s, 'c', ACK, 1, 1, 10);
  SEND(&s, 'c', ACK, 11, 1, 10);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 21);
  close_stage(&s, "");
}

static void ack_when_taken_back_then_t6(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 11);
  TX(&s, 's', ACK, 1, 11);
  close_stage(&s, "");

  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 11);
  TX(&s, 's', ACK, 1, 1, .window = 65545);
  close_stage(&s, "T6 server");
}

static void window_when_taken_back_then_t7(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 11, .window = 65525); /* smaller, but the edge stays */
  close_stage(&s, "");

  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  TX(&s, 's', ACK, 1, 11, .window = 65524);
  close_stage(&s, "T7 server");
}

/* ---- T8 ---- */

static void segment_when_too_large_then_t8(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 988, .option_bytes = 12);
  close_stage(&s, "");

  open_connected(&s, false);
  TX(&s, 'c', ACK, 1, 1, 989, .option_bytes = 12); /* RFC 6691: options count */
  close_stage(&s, "T8 client");

  open_stage(&s); /* without the option 536 */
  SEND(&s, 'c', SYN, 0, 0);
  SEND(&s, 's', SYN | ACK, 0, 1);
  SEND(&s, 'c', ACK, 1, 1);
  TX(&s, 'c', ACK, 1, 1, 536);
  TX(&s, 'c', ACK, 537, 1, 537);
  close_stage(&s, "T8 client c4");
}

/* ---- T9 ---- */

static void options_when_not_agreed_on_then_t9(void **state)
{
  static const struct {
    struct seg syn, syn_ack, segment;
    const char *told;
  } cases[] = {
      {{.from = 'c', SYN, .has_ts = true},
       {.from = 's', SYN | ACK, 0, 1, .has_ts = true, .ts_echo = 1},
       {.from = 'c', ACK, 1, 1},
       "T9 client c2"},
      {{.from = 'c', SYN, .has_ts = true}, {.from = 's', SYN | ACK, 0, 1}, {.from = 'c', ACK, 1, 1}, ""},
      {{.from = 'c', SYN, .has_ts = true},
       {.from = 's', SYN | ACK, 0, 1},
       {.from = 'c', ACK, 1, 1, .has_ts = true},
       "T9 client c2"},
      {{.from = 'c', SYN}, {.from = 's', SYN | ACK, 0, 1, .has_ts = true}, {.from = 'c', ACK, 1, 1}, "T9 server s1"},
      {{.from = 'c', SYN}, {.from = 's', SYN | ACK, 0, 1, .scale = true}, {.from = 'c', ACK, 1, 1}, "T9 server s1"},
      {{.from = 'c', SYN},
       {.from = 's', SYN | ACK, 0, 1, .sack_permitted = true},
       {.from = 'c', ACK, 1, 1},
       "T9 server s1"},
      {{.from = 'c', SYN, .mss = 900}, {.from = 's', SYN | ACK, 0, 1, .mss = 800}, {.from = 'c', ACK, 1, 1}, ""},
      {{.from = 'c', SYN}, {.from = 's', SYN | ACK, 0, 1}, {.from = 'c', ACK, 1, 1, .mss = 1000}, "T9 client c2"},
      {{.from = 'c', SYN, .scale = true},
       {.from = 's', SYN | ACK, 0, 1, .scale = true},
       {.from = 'c', ACK, 1, 1, .scale = true},
       "T9 client c2"},
      {{.from = 'c', SYN, .sack = {0, 5}}, {.from = 's', SYN | ACK, 0, 1}, {.from = 'c', ACK, 1, 1}, "T9 client c1"},
  };
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    emit(&s, MSIM_POINT_RX, &cases[i].syn, emit(&s, MSIM_POINT_TX, &cases[i].syn, 0));
    emit(&s, MSIM_POINT_RX, &cases[i].syn_ack, emit(&s, MSIM_POINT_TX, &cases[i].syn_ack, 0));
    emit(&s, MSIM_POINT_TX, &cases[i].segment, 0);
    close_stage(&s, cases[i].told);
  }
}

static void sack_when_not_agreed_on_then_t9(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  SEND(&s, 'c', SYN, 0, 0, .sack_permitted = true);
  SEND(&s, 's', SYN | ACK, 0, 1);
  SEND(&s, 'c', ACK, 1, 1);
  SEND(&s, 'c', ACK, 11, 1, 10);
  TX(&s, 's', ACK, 1, 1, .sack = {11, 21});
  close_stage(&s, "T9 server");
}

static void reset_when_without_timestamps_then_fine(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, true);
  TX(&s, 'c', RST, 1, 0, .no_ts = true); /* RFC 7323 3.2 */
  close_stage(&s, "");
}

/* ---- T10, T11 ---- */

static void clock_when_backwards_then_t10(void **state)
{
  static const struct {
    uint32_t first, second;
    const char *told;
  } cases[] = {
      {100, 100, ""}, {100, 101, ""}, {100, 99, "T10 client"}, {UINT32_MAX, 5, ""}, {5, UINT32_MAX, "T10 client"}};
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    SEND(&s, 'c', SYN, 0, 0, .has_ts = true, .ts_value = cases[i].first);
    SEND(&s, 's', SYN | ACK, 0, 1, .has_ts = true, .ts_value = 7, .ts_echo = cases[i].first);
    TX(&s, 'c', ACK, 1, 1, .has_ts = true, .ts_value = cases[i].second, .ts_echo = 7);
    close_stage(&s, cases[i].told);
  }
}

static void echo_when_of_nothing_that_arrived_then_t11(void **state)
{
  struct stage s;
  uint32_t i;

  (void)state;
  open_connected(&s, true);
  at_ms(&s, 10);
  TX(&s, 'c', ACK, 1, 1, 10, .ts_echo = 1); /* TSval 11, lost */
  TX(&s, 's', ACK, 1, 1, .ts_echo = 11);
  close_stage(&s, "T11 server");

  open_connected(&s, true);
  at_ms(&s, 10);
  SEND(&s, 'c', ACK, 1, 1, 10, .ts_echo = 1);
  TX(&s, 's', ACK, 1, 11, .ts_echo = 11);
  TX(&s, 's', ACK, 1, 11, .ts_echo = 1); /* TS.Recent may be older: not judged */
  close_stage(&s, "");

  open_stage(&s);
  TX(&s, 'c', SYN, 0, 0, .has_ts = true, .ts_echo = 5);
  close_stage(&s, "T11 client");

  /* Of many values the older ones are forgotten and not judged, but a newer one never came. */
  open_connected(&s, true);
  for (i = 1; i <= 100; i++) {
    at_ms(&s, i);
    SEND(&s, 'c', ACK, 1, 1, .ts_echo = 1);
  }
  TX(&s, 's', ACK, 1, 1, .ts_echo = 3);
  close_stage(&s, "");
  open_connected(&s, true);
  for (i = 1; i <= 100; i++) {
    at_ms(&s, i);
    SEND(&s, 'c', ACK, 1, 1, .ts_echo = 1);
  }
  TX(&s, 's', ACK, 1, 1, .ts_echo = 102);
  close_stage(&s, "T11 server");
}

/* ---- T12, T13 ---- */

/* 1..100 has arrived and is acknowledged; then 201..300, 301..400 and 501..600, and 1..50 once more. */
static void open_with_gaps(struct stage *s)
{
  open_connected(s, false);
  SEND(s, 'c', ACK, 1, 1, 100);
  SEND(s, 's', ACK, 1, 101);
  SEND(s, 'c', ACK, 201, 1, 100);
  SEND(s, 'c', ACK, 301, 1, 100);
  SEND(s, 'c', ACK, 501, 1, 100);
  TX(s, 'c', ACK, 601, 1, 100); /* lost */
  SEND(s, 'c', ACK, 1, 1, 50);
  SEND(s, 'c', ACK, 321, 1, 20);
}

static void sack_when_not_of_what_arrived_then_told(void **state)
{
  static const struct {
    uint32_t sack[6];
    const char *told;
  } cases[] = {
      {{501, 601, 201, 401}, ""},
      {{201, 301}, ""},                     /* less than is known */
      {{1, 51, 201, 401, 501, 601}, ""},    /* D-SACK below the acknowledgement */
      {{321, 341, 201, 401}, ""},           /* and above */
      {{501, 501}, "T12 server"},           /* empty */
      {{601, 501}, "T12 server"},           /* turned round */
      {{601, 701}, "T12 server"},           /* lost */
      {{601, 801}, "T12 server"},           /* never sent */
      {{201, 601}, "T12 server"},           /* with a gap */
      {{51, 201}, "T12 server"},            /* from below the acknowledgement */
      {{1, 101}, "T13 server"},             /* more than arrived twice */
      {{51, 101}, "T13 server"},            /* arrived once */
      {{201, 221, 201, 401}, "T13 server"}, /* likewise, above */
      {{201, 401, 1, 51}, "T13 server"},    /* second instead of first: RFC 2883 4 */
  };
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct seg seg = {.from = 's', ACK, 1, 101};

    open_with_gaps(&s);
    memcpy(seg.sack, cases[i].sack, sizeof seg.sack);
    emit(&s, MSIM_POINT_TX, &seg, 0);
    close_stage(&s, cases[i].told);
  }
}

/* ---- T14 ---- */

static void flight_when_more_than_slow_start_allows_then_t14(void **state)
{
  struct stage s;
  uint32_t i;

  (void)state;
  open_connected(&s, false); /* initial window of 10, and 3 segments that answers may let out */
  begin_window(&s, true, 10000);
  for (i = 0; i < 13; i++)
    TX(&s, 'c', ACK, 1 + i * 1000, 1, 1000);
  close_stage(&s, "");

  open_connected(&s, false);
  begin_window(&s, true, 10000);
  for (i = 0; i < 14; i++)
    TX(&s, 'c', ACK, 1 + i * 1000, 1, 1000);
  close_stage(&s, "T14 client c16");

  open_connected(&s, false); /* two are acknowledged: two leave, two more may be in flight */
  begin_window(&s, true, 10000);
  for (i = 0; i < 10; i++)
    SEND(&s, 'c', ACK, 1 + i * 1000, 1, 1000);
  SEND(&s, 's', ACK, 1, 2001);
  SEND(&s, 's', ACK, 1, 10001);
  for (i = 10; i < 33; i++)
    TX(&s, 'c', ACK, 1 + i * 1000, 1, 1000);
  close_stage(&s, "");
}

/* ---- T15 ---- */

static void syn_when_repeated_then_t15_unless_distances_double(void **state)
{
  static const struct {
    uint64_t at_ms[4];
    const char *told;
  } cases[] = {{{0, 1000, 3000, 7000}, ""},
               {{0, 1000, 3000, 8000}, ""},
               {{0, 199, 1000, 3000}, "T15 client c2"},
               {{0, 1000, 2000, 9000}, "T15 client c3"},
               {{0, 1000, 3000, 6999}, "T15 client c4"},
               {{0, 100000, 220000, 340000}, ""}}; /* the longest timeout is 120 s */
  struct stage s;
  size_t i, j;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    for (j = 0; j < 4; j++) {
      at_ms(&s, cases[i].at_ms[j]);
      TX(&s, 'c', SYN, 0, 0, .mss = 1000);
    }
    close_stage(&s, cases[i].told);
  }
}

/* Data is sent at 0 and again; the first repetition may be anything, the second is the timer's. */
static void data_when_repeated_then_t15_unless_distances_double(void **state)
{
  static const struct {
    uint64_t at_ms[4];
    bool answered; /* before the last one */
    const char *told;
  } cases[] = {{{10, 210, 610, 1410}, false, ""},
               {{10, 20, 220, 620}, false, ""}, /* a fast retransmission at first; then the timer at its own time */
               {{10, 20, 219, 418}, false, "T15 client c6"},
               {{10, 210, 400, 1000}, false, "T15 client c6"},
               {{10, 210, 610, 1000}, false, "T15 client c7"},
               {{10, 210, 610, 700}, true, ""}};
  struct stage s;
  size_t i, j;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_connected(&s, false);
    TX(&s, 'c', ACK, 1, 1, 100);
    for (j = 0; j < 4; j++) {
      at_ms(&s, cases[i].at_ms[j]);
      if (j == 3 && cases[i].answered)
        SEND(&s, 's', ACK, 1, 1);
      TX(&s, 'c', ACK, 1, 1, 100);
    }
    close_stage(&s, cases[i].told);
  }
}

/* ---- T16 ---- */

static void ack_when_second_full_segment_waits_then_t16(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 1000);
  SEND(&s, 'c', ACK, 1001, 1, 1000);
  SEND(&s, 's', ACK, 1, 2001); /* in the same instant */
  at_ms(&s, 600);
  SEND(&s, 'c', ACK, 2001, 1);
  close_stage(&s, "");

  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 1000);
  SEND(&s, 'c', ACK, 1001, 1, 1000);
  at_ms(&s, 1);
  SEND(&s, 's', ACK, 1, 2001);
  assert_non_null(strstr(s.told, "c4, the second full segment"));
  close_stage(&s, "T16 server");

  open_connected(&s, false); /* not full: with 988 and no options */
  SEND(&s, 'c', ACK, 1, 1, 988);
  SEND(&s, 'c', ACK, 989, 1, 988);
  at_ms(&s, 40);
  SEND(&s, 's', ACK, 1, 1977);
  close_stage(&s, "");

  open_connected(&s, false); /* full: with twelve bytes of options */
  SEND(&s, 'c', ACK, 1, 1, 988, .option_bytes = 12);
  SEND(&s, 'c', ACK, 989, 1, 988, .option_bytes = 12);
  at_ms(&s, 40);
  SEND(&s, 's', ACK, 1, 1977);
  close_stage(&s, "T16 server");
}

static void ack_when_later_than_500_ms_then_t16(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  at_ms(&s, 500);
  SEND(&s, 's', ACK, 1, 11);
  close_stage(&s, "");

  open_connected(&s, false);
  SEND(&s, 'c', ACK, 1, 1, 10);
  at_ms(&s, 501);
  SEND(&s, 's', ACK, 1, 11);
  close_stage(&s, "T16 server");

  open_connected(&s, false); /* never: seen at the end of the run */
  SEND(&s, 'c', ACK, 1, 1, 10);
  at_ms(&s, 501);
  close_stage(&s, "T16 server");

  open_connected(&s, false); /* whoever is gone owes nothing */
  SEND(&s, 'c', ACK, 1, 1, 10);
  move(&s, false, "ESTABLISHED", "CLOSED");
  at_ms(&s, 501);
  close_stage(&s, "");
}

/* ---- T17 ---- */

static void probes_when_window_is_closed_then_t17_unless_distances_grow(void **state)
{
  static const struct {
    uint64_t at_ms[4];
    const char *told;
  } cases[] = {{{200, 600, 1400, 3000}, ""},
               {{200, 600, 1200, 2100}, ""},
               {{200, 399, 1400, 3000}, "T17 client"},
               {{200, 600, 1000, 3000}, "T17 client"},
               {{0, 100000, 220000, 340000}, ""}};
  struct stage s;
  size_t i, j;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_stage(&s);
    SEND(&s, 'c', SYN, 0, 0, .mss = 1000);
    SEND(&s, 's', SYN | ACK, 0, 1, .mss = 1000, .window = 1000);
    SEND(&s, 'c', ACK, 1, 1);
    SEND(&s, 'c', ACK, 1, 1, 1000);
    SEND(&s, 's', ACK, 1, 1001, .closed = true);
    for (j = 0; j < 4; j++) {
      at_ms(&s, cases[i].at_ms[j]);
      SEND(&s, 'c', ACK, 1001, 1, 1);
      SEND(&s, 's', ACK, 1, 1001, .closed = true);
    }
    close_stage(&s, cases[i].told);
  }
}

/* ---- T18 ---- */

static void time_wait_when_short_then_t18_unless_a_syn_comes(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  move(&s, true, "FIN-WAIT-2", "TIME-WAIT");
  at_ms(&s, 60000);
  move(&s, true, "TIME-WAIT", "CLOSED");
  close_stage(&s, "");

  open_connected(&s, false);
  move(&s, true, "FIN-WAIT-2", "TIME-WAIT");
  at_ms(&s, 59999);
  move(&s, true, "TIME-WAIT", "CLOSED");
  close_stage(&s, "T18 client");

  open_connected(&s, false);
  move(&s, false, "FIN-WAIT-2", "TIME-WAIT");
  at_ms(&s, 30000);
  RX(&s, 'c', SYN, 0, 0);
  move(&s, false, "TIME-WAIT", "CLOSED");
  close_stage(&s, "");
}

/* ---- T19 ---- */

static void reset_when_not_exact_then_t19(void **state)
{
  static const struct {
    uint32_t seq;
    const char *told;
  } cases[] = {{1, ""}, {51, ""}, {101, ""}, {102, "T19 client"}, {0, "T19 client"}};
  struct stage s;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    open_connected(&s, false);
    SEND(&s, 's', ACK, 1, 1);
    TX(&s, 'c', ACK, 1, 1, 100);
    TX(&s, 'c', RST, cases[i].seq, 0);
    close_stage(&s, cases[i].told);
  }

  open_connected(&s, false); /* an answer to an acknowledgement of nothing: at its number */
  RX(&s, 's', ACK, 1, 5000);
  TX(&s, 'c', RST, 5000, 0);
  close_stage(&s, "");
}

static void reset_when_not_exact_and_obeyed_then_t19(void **state)
{
  struct stage s;

  (void)state;
  open_connected(&s, false);
  RX(&s, 's', RST, 1, 0);
  move(&s, true, "ESTABLISHED", "CLOSED");
  close_stage(&s, "");

  open_connected(&s, false);
  RX(&s, 's', RST, 2, 0); /* in the window: to be challenged */
  move(&s, true, "ESTABLISHED", "CLOSED");
  close_stage(&s, "T19 client");

  open_connected(&s, false); /* it ended for another reason, later */
  RX(&s, 's', RST, 2, 0);
  TX(&s, 'c', ACK, 1, 1);
  s.sim->current_order++;
  move(&s, true, "ESTABLISHED", "CLOSED");
  close_stage(&s, "");

  open_stage(&s); /* in SYN-SENT it must acknowledge the SYN */
  SEND(&s, 'c', SYN, 0, 0);
  RX(&s, 's', RST | ACK, 0, 1);
  move(&s, true, "SYN-SENT", "CLOSED");
  close_stage(&s, "");

  open_stage(&s);
  SEND(&s, 'c', SYN, 0, 0);
  RX(&s, 's', RST | ACK, 0, 7);
  move(&s, true, "SYN-SENT", "CLOSED");
  close_stage(&s, "T19 client");
}

/* ---- T20 ---- */

static void beginning_when_without_syn_or_ack_then_t20(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  TX(&s, 'c', ACK, 1, 0);
  close_stage(&s, "T20 client");

  open_connected(&s, false);
  TX(&s, 'c', 0, 1, 0, 10);
  close_stage(&s, "T20 client c3");

  open_stage(&s);
  SEND(&s, 'c', SYN, 0, 0);
  at_ms(&s, 1000);
  SEND(&s, 'c', SYN, 9, 0);
  close_stage(&s, "T20 client c2");

  open_stage(&s); /* nobody listens */
  SEND(&s, 'c', SYN, 0, 0);
  SEND(&s, 's', RST | ACK, 0, 1);
  move(&s, true, "SYN-SENT", "CLOSED");
  close_stage(&s, "");
}

/* ---- the edges ---- */

static void connection_when_joined_in_the_middle_then_not_judged(void **state)
{
  struct stage s;
  struct msim_invariants_info info;

  (void)state;
  open_stage(&s);
  s.numbers[0] = 5;
  TX(&s, 'c', ACK, 100, 5000, 10);
  TX(&s, 's', ACK, 100, 5000, 10);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.connection_count, 0);
  close_stage(&s, "");
}

static void attach_when_too_late_or_twice_then_refused(void **state)
{
  struct stage s;
  struct msim_invariants_info info;

  (void)state;
  open_stage(&s);
  assert_int_equal(msim_invariants_attach(s.sim, NULL, NULL), MSIM_ERR_STATE);
  close_stage(&s, "");
  assert_int_equal(msim__sim_create(&s.sim, NULL, NULL), MSIM_OK);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.connection_count, 0);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  assert_int_equal(msim_invariants_attach(s.sim, NULL, NULL), MSIM_ERR_STATE);
  msim_sim_free(s.sim);
}

static void memory_when_each_allocation_fails_then_reported_and_nothing_held(void **state)
{
  uint64_t fail_at;
  bool failed = true;

  (void)state;
  for (fail_at = 1; failed && fail_at < 100; fail_at++) {
    struct stage s;
    int err = open_failing(&s, fail_at);

    failed = err != MSIM_OK;
    if (err == MSIM_OK) {
      shake_hands(&s);
      talk(&s);
      err = msim_sim_failure(s.sim);
      failed = err != MSIM_OK;
    }
    if (failed)
      assert_int_equal(err, MSIM_ERR_NOMEM);
    msim_sim_free(s.sim);
    assert_true(fail_mem_clean(&s.mem));
  }
  assert_in_range(fail_at, 4, 50);
}

/* Ten thousand connections, one after the other: the ended ones are forgotten but for some. */
static void connections_when_many_have_ended_then_memory_is_bounded(void **state)
{
  struct stage s;
  struct msim_invariants_info info;
  size_t held = 0, i;

  (void)state;
  open_stage(&s);
  for (i = 0; i < 20000; i++) {
    s.flow.id = i * 64 + 1;
    s.numbers[0] = s.numbers[1] = 0;
    shake_hands(&s);
    talk(&s);
    if (i == 10000)
      held = s.sim->mem.held_bytes;
  }
  assert_true(s.sim->mem.held_bytes <= held);
  msim_invariants_info(s.sim, &info);
  assert_int_equal(info.connection_count, 20000);
  close_stage(&s, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(connection_when_fine_then_nothing_is_told),
      cmocka_unit_test(connection_when_it_breaks_a_rule_twice_then_told_once_per_side),
      cmocka_unit_test(bytes_when_sent_again_otherwise_then_t1),
      cmocka_unit_test(text_when_beyond_the_window_then_t2),
      cmocka_unit_test(text_when_window_is_closed_then_one_byte_probes_it),
      cmocka_unit_test(text_when_after_fin_then_t3),
      cmocka_unit_test(segment_when_after_reset_then_t4),
      cmocka_unit_test(ack_when_of_more_than_arrived_then_t5),
      cmocka_unit_test(ack_when_taken_back_then_t6),
      cmocka_unit_test(window_when_taken_back_then_t7),
      cmocka_unit_test(segment_when_too_large_then_t8),
      cmocka_unit_test(options_when_not_agreed_on_then_t9),
      cmocka_unit_test(sack_when_not_agreed_on_then_t9),
      cmocka_unit_test(reset_when_without_timestamps_then_fine),
      cmocka_unit_test(clock_when_backwards_then_t10),
      cmocka_unit_test(echo_when_of_nothing_that_arrived_then_t11),
      cmocka_unit_test(sack_when_not_of_what_arrived_then_told),
      cmocka_unit_test(flight_when_more_than_slow_start_allows_then_t14),
      cmocka_unit_test(syn_when_repeated_then_t15_unless_distances_double),
      cmocka_unit_test(data_when_repeated_then_t15_unless_distances_double),
      cmocka_unit_test(ack_when_second_full_segment_waits_then_t16),
      cmocka_unit_test(ack_when_later_than_500_ms_then_t16),
      cmocka_unit_test(probes_when_window_is_closed_then_t17_unless_distances_grow),
      cmocka_unit_test(time_wait_when_short_then_t18_unless_a_syn_comes),
      cmocka_unit_test(reset_when_not_exact_then_t19),
      cmocka_unit_test(reset_when_not_exact_and_obeyed_then_t19),
      cmocka_unit_test(beginning_when_without_syn_or_ack_then_t20),
      cmocka_unit_test(connection_when_joined_in_the_middle_then_not_judged),
      cmocka_unit_test(attach_when_too_late_or_twice_then_refused),
      cmocka_unit_test(memory_when_each_allocation_fails_then_reported_and_nothing_held),
      cmocka_unit_test(connections_when_many_have_ended_then_memory_is_bounded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
