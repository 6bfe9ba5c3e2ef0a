/* test_replay.c: what a run wrote as jsonl gives every sink the same bytes again, and broken files are told by line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/net.h"
#include "trace/stage.h"

#include <stdio.h>

/* Two simulations: one in which records are made by hand, one into which its jsonl is fed. */
struct theatre {
  struct stage s;
  struct paper text, ladder, jsonl;
};

static void add_sink(struct msim_sim *sim, const char *name, struct paper *paper, const char *options)
{
  struct msim_out out = {NULL, paper_write};

  out.ctx = paper;
  assert_int_equal(msim_trace_add(sim, name, &out, options, NULL), MSIM_OK);
}

/* As stage_try, with a network. */
static int new_sim(struct stage *s, uint64_t fail_at)
{
  static const void *const sinks[] = {&msim__sink_text, &msim__sink_jsonl, &msim__sink_ladder, NULL};
  const void *const *builtin[MSIM__TYPE_KINDS] = {NULL};
  struct msim_sim_opts opts;
  int err;

  memset(s, 0, sizeof *s);
  memset(&opts, 0, sizeof opts);
  fail_mem_init(&s->mem, fail_at);
  opts.mem = s->mem.hook;
  opts.seed = UINT64_MAX; /* not a number that JSON's usual readers keep */
  builtin[MSIM__TYPE_SINK] = sinks;
  err = msim__sim_create(&s->sim, &opts, builtin);
  if (err == MSIM_OK)
    err = msim__net_create(s->sim);
  return err == MSIM_OK ? msim__trace_create(s->sim) : err;
}

static void set_up(struct theatre *t)
{
  struct msim_link_opts link;
  struct msim_node *laptop, *mx;

  memset(t, 0, sizeof *t);
  assert_int_equal(new_sim(&t->s, 0), MSIM_OK);
  assert_int_equal(msim_sim_set_name(t->s.sim, "theatre \"x\"",
                                     "Ein St\xc3\xbc"
                                     "ck"),
                   MSIM_OK);
  assert_int_equal(msim_sim_set_start(t->s.sim, -5), MSIM_OK);
  assert_int_equal(msim_node_add(t->s.sim, "mx", &mx), MSIM_OK);
  assert_int_equal(msim_node_add(t->s.sim, "laptop", &laptop), MSIM_OK);
  assert_int_equal(msim_node_add_addr(mx, "192.0.2.25"), MSIM_OK);
  assert_int_equal(msim_node_add_addr(mx, "192.0.2.26"), MSIM_OK);
  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = MSIM_MSEC(10);
  link.b_to_a.delay_ns = 1;
  link.b_to_a.rate_bps = UINT64_C(10000000000);
  assert_int_equal(msim_link_add(laptop, mx, &link), MSIM_OK);
  link.name = "second";
  assert_int_equal(msim_link_add(mx, laptop, &link), MSIM_OK);
  t->s.sim->engine = 7; /* a trace of another version keeps its number */
  stage_flow(&t->s.hello, "laptop", "mx", 25, MSIM_PROTO_TCP, 0x1234567890abcdefu);
  stage_flow(&t->s.query, "laptop", "2001:db8::1", 53, MSIM_PROTO_UDP, 0x1111222233334444u);
  add_sink(t->s.sim, "text", &t->text, NULL);
  add_sink(t->s.sim, "ladder", &t->ladder, NULL);
  add_sink(t->s.sim, "jsonl", &t->jsonl, NULL);
  assert_int_equal(msim_sim_start(t->s.sim), MSIM_OK);
}

static void tear_down(struct theatre *t)
{
  msim_sim_free(t->s.sim);
  assert_true(fail_mem_clean(&t->s.mem));
  free(t->text.data);
  free(t->ladder.data);
  free(t->jsonl.data);
}

/* ---- feeding ---- */

struct source {
  const char *data;
  size_t size_bytes, at, step; /* step 0: as much as is asked for */
  bool fails;                  /* at the end */
};

static int source_read(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct source *source = ctx;
  size_t left = source->size_bytes - source->at;

  if (source->step != 0 && capacity_bytes > source->step)
    capacity_bytes = source->step;
  *size_bytes = left < capacity_bytes ? left : capacity_bytes;
  if (left == 0 && source->fails)
    return MSIM_ERR_IO;
  if (*size_bytes > 0)
    memcpy(data, source->data + source->at, *size_bytes);
  source->at += *size_bytes;
  return MSIM_OK;
}

struct note {
  unsigned count, line;
  char text[300];
};

static void take_note(void *user, const struct msim_diag *diag)
{
  struct note *note = user;

  note->count++;
  note->line = diag->line;
  snprintf(note->text, sizeof note->text, "%s: %s", diag->file, diag->text);
}

static int feed(struct msim_sim *sim, struct source *source, struct note *note)
{
  struct msim_in in;

  in.ctx = source;
  in.read = source_read;
  memset(note, 0, sizeof *note);
  return msim_trace_replay(sim, &in, "old.jsonl", take_note, note);
}

static void expect_same_again(struct theatre *t, size_t step)
{
  struct source source = {t->jsonl.data, t->jsonl.size_bytes, 0, step, false};
  struct paper text = {0}, ladder = {0}, jsonl = {0};
  struct note note;
  struct stage again;

  assert_int_equal(new_sim(&again, 0), MSIM_OK);
  add_sink(again.sim, "text", &text, NULL);
  add_sink(again.sim, "ladder", &ladder, NULL);
  add_sink(again.sim, "jsonl", &jsonl, NULL);
  if (feed(again.sim, &source, &note) != MSIM_OK)
    fail_msg("line %u: %s", note.line, note.text);
  assert_int_equal(msim_sim_finish(again.sim), MSIM_OK);
  assert_string_equal(jsonl.data, t->jsonl.data);
  assert_string_equal(text.data, t->text.data);
  assert_string_equal(ladder.data, t->ladder.data);
  msim_sim_free(again.sim);
  assert_true(fail_mem_clean(&again.mem));
  free(text.data);
  free(ladder.data);
  free(jsonl.data);
}

static void end_and_expect_same(struct theatre *t)
{
  assert_int_equal(msim_sim_finish(t->s.sim), MSIM_OK);
  expect_same_again(t, 0);
  expect_same_again(t, 1);
  tear_down(t);
}

/* ---- identity ---- */

static void a_dialogue_when_replayed_then_all_sinks_write_the_same(void **state)
{
  struct theatre t;

  (void)state;
  set_up(&t);
  stage_hello(&t.s);
  end_and_expect_same(&t);
}

/* The window of the third segment is scaled, so the text form can only be right when the scale is found again. */
static void a_window_when_scaled_then_text_has_it_as_in_the_header(void **state)
{
  struct theatre t;

  (void)state;
  set_up(&t);
  stage_hello(&t.s);
  assert_int_equal(msim_sim_finish(t.s.sim), MSIM_OK);
  assert_non_null(strstr(t.jsonl.data, "\"seg\":\"c2\""));
  assert_non_null(strstr(t.jsonl.data, "\"win\":65536,"));
  assert_non_null(strstr(t.text.data, " c2 . 1:1(0) ack 1 win 512 "));
  expect_same_again(&t, 7);
  tear_down(&t);
}

static void fates_of_all_sorts_when_replayed_then_the_same(void **state)
{
  struct theatre t;
  struct msim_trace_packet *p;

  (void)state;
  set_up(&t);
  stage_hello(&t.s);
  p = stage_segment(&t.s, &t.s.hello, true, 3, P | MSIM_TCP_URG, 1, 35, "abc\r\n");
  p->link = "laptop-mx";
  t.s.packet.l4.tcp.urgent = 3;
  stage_emit(&t.s, MSIM_MSEC(50));
  stage_drop(&t.s, MSIM_MSEC(51), "queue");
  p = stage_segment(&t.s, &t.s.hello, true, 4, P, 1, 35, "abc\r\n");
  p->rtx_number = 3;
  stage_emit(&t.s, MSIM_MSEC(60));
  stage_arrive(&t.s, MSIM_MSEC(70));
  p->duplicate = true;
  stage_arrive(&t.s, MSIM_MSEC(75));
  p = stage_segment(&t.s, &t.s.hello, false, 3, A, 35, 6, NULL);
  t.s.packet.l4.tcp.sack_count = 2;
  t.s.packet.l4.tcp.sack[0].left = 4000000000u + 10;
  t.s.packet.l4.tcp.sack[0].right = 4000000000u + 20;
  t.s.packet.l4.tcp.sack[1].right = 4000000000u + 5;
  t.s.packet.l4.tcp.has_timestamp = true;
  t.s.packet.l4.tcp.ts_value = 77;
  t.s.packet.tos = 0xbb;
  t.s.packet.l4.tcp.has_fastopen = true;
  t.s.packet.l4.tcp.fastopen_bytes = 4;
  memcpy(t.s.packet.l4.tcp.fastopen, "\x01\xab\x00\xff", 4);
  stage_emit(&t.s, MSIM_MSEC(80));
  p->fault = "f1";
  stage_drop(&t.s, MSIM_MSEC(81), "corrupt");
  stage_segment(&t.s, &t.s.hello, true, 5, MSIM_TCP_RST, 6, 0, NULL); /* never sent */
  stage_drop(&t.s, MSIM_MSEC(90), "no-route");
  stage_segment(&t.s, &t.s.hello, true, 6, F, 6, 35, NULL); /* open at the end */
  stage_emit(&t.s, MSIM_SEC(20));
  end_and_expect_same(&t);
}

static void payload_that_jsonl_shows_in_part_when_replayed_then_the_same(void **state)
{
  static const uint8_t latin[] = {'G', 'r', 0xfc, 0xdf, 'e', 0, 1, '"', '\\', 0x7f, 0xe2, 0x82};
  struct msim_trace_unit units[3];
  struct msim_trace_packet *p;
  struct theatre t;
  char large[400];
  size_t i;

  (void)state;
  set_up(&t);
  stage_hello(&t.s);
  stage_segment(&t.s, &t.s.hello, true, 2, P, 1, 1, "");
  t.s.packet.payload.data = latin;
  t.s.packet.payload.size_bytes = sizeof latin;
  stage_emit(&t.s, MSIM_MSEC(51));
  for (i = 0; i + 1 < sizeof large; i++) /* the 120th byte is inside of a character */
    large[i] = i % 3 == 2 ? (char)0xe2 : i % 3 == 0 ? (char)0x82 : (char)0xac;
  large[0] = large[1] = 'x';
  large[i] = '\0';
  stage_segment(&t.s, &t.s.hello, true, 3, P, 13, 1, large);
  stage_emit(&t.s, MSIM_MSEC(52));
  memset(units, 0, sizeof units);
  units[0].unit = units[1].unit = "auth.credentials";
  units[0].secret = units[1].secret = true;
  units[0].begin_byte = 11;
  units[0].end_byte = 20;
  units[1].begin_byte = 100;
  units[1].end_byte = 300; /* beyond what is shown */
  units[2].unit = "mail.content";
  units[2].message = "m1";
  units[2].edges = MSIM_EDGE_FIRST;
  memset(large, 'a', 350);
  memcpy(large, "<redacted:9>", 12); /* no mark, only looks like one */
  p = stage_segment(&t.s, &t.s.hello, true, 4, P, 500, 1, large);
  p->units = units;
  p->unit_count = 3;
  stage_emit(&t.s, MSIM_MSEC(53));
  large[50] = (char)0xff;
  stage_segment(&t.s, &t.s.hello, true, 5, P, 1000, 1, large);
  t.s.record.u.packet.units = units;
  t.s.record.u.packet.unit_count = 2;
  stage_emit(&t.s, MSIM_MSEC(54));
  assert_int_equal(msim_sim_finish(t.s.sim), MSIM_OK);
  assert_non_null(strstr(t.jsonl.data, "\"raw\":\"4772fcdf650001225c7fe282\""));
  assert_non_null(strstr(t.jsonl.data, "\"hidden\":[11,20]"));
  assert_non_null(strstr(t.text.data, "Gr\\xfc\\xdfe"));
  expect_same_again(&t, 0);
  expect_same_again(&t, 3);
  tear_down(&t);
}

static void every_other_kind_when_replayed_then_the_same(void **state)
{
  static const char *const items[] = {"m1", "", "a b"};
  struct msim_value values[4] = {msim_value_bool("durable", true), msim_value_int("low", INT64_MIN),
                                 msim_value_text("text", "\"\n\xc3\xbc\\"), msim_value_bool("list", false)};
  struct msim_trace_packet *p;
  struct theatre t;
  int i;

  (void)state;
  values[3].kind = MSIM_VALUE_LIST;
  values[3].u.list.items = items;
  values[3].u.list.count = 3;
  set_up(&t);
  stage_event(&t.s, MSIM_TRACE_APP, "mx", "store.add", values, 4);
  stage_emit(&t.s, 1);
  for (i = MSIM_TRACE_HOST; i <= MSIM_TRACE_MESSAGE; i++) {
    stage_event(&t.s, (enum msim_trace_kind)i, NULL, "something", NULL, 0)->agent = NULL;
    stage_emit(&t.s, 2);
  }
  memset(&t.s.record, 0, sizeof t.s.record);
  t.s.record.kind = MSIM_TRACE_STATE;
  t.s.record.u.state.host = "mx";
  t.s.record.u.state.flow = &t.s.hello;
  t.s.record.u.state.from = "LISTEN";
  t.s.record.u.state.to = "SYN-RECEIVED";
  stage_emit(&t.s, 3);
  memset(&t.s.record, 0, sizeof t.s.record);
  t.s.record.kind = MSIM_TRACE_CWND;
  t.s.record.u.cwnd.host = "mx";
  t.s.record.u.cwnd.flow = &t.s.hello;
  t.s.record.u.cwnd.cwnd_bytes = UINT32_MAX;
  t.s.record.u.cwnd.srtt_ns = 5;
  t.s.record.u.cwnd.rto_ns = MSIM_SEC(1);
  t.s.record.u.cwnd.why = "start";
  stage_emit(&t.s, 4);
  memset(&t.s.record, 0, sizeof t.s.record);
  t.s.record.kind = MSIM_TRACE_ARP;
  t.s.record.u.arp.from = "r1";
  t.s.record.u.arp.to = "*";
  t.s.record.u.arp.what = "arp.request";
  t.s.record.u.arp.target = "mx";
  t.s.record.u.arp.reason = "down";
  stage_emit(&t.s, 5);
  t.s.record.u.arp.reason = NULL;
  t.s.record.u.arp.link = "mx-r1";
  t.s.record.u.arp.operation = 1;
  memset(t.s.record.u.arp.frame_dst, 0xff, 6);
  t.s.record.u.arp.frame_src[0] = t.s.record.u.arp.sender_mac[5] = 2;
  t.s.record.u.arp.sender_addr = msim_addr_ipv4(1);
  t.s.record.u.arp.target_addr = msim_addr_ipv4(0);
  stage_emit(&t.s, 5);
  for (i = 0; i < 2; i++) { /* two of the same under way: only the IP id tells them apart */
    p = stage_packet(&t.s, MSIM_TRACE_ICMP, &t.s.hello, false, 0, "quoted");
    p->what = "icmp.fragmentation-needed";
    t.s.packet.proto = MSIM_PROTO_ICMP;
    t.s.packet.id = (uint16_t)(i + 1);
    t.s.packet.l4.icmp.type = 3;
    t.s.packet.l4.icmp.code = 4;
    t.s.packet.l4.icmp.rest = 1400;
    stage_emit(&t.s, 6 + (msim_ns)i);
  }
  stage_arrive(&t.s, MSIM_MSEC(1)); /* the second one first */
  t.s.packet.id = 1;
  stage_drop(&t.s, MSIM_MSEC(2), "loss");
  p = stage_packet(&t.s, MSIM_TRACE_ICMP, &t.s.hello, true, 0, "0123456789abcdef"); /* for a group of IPv6 */
  p->flow = NULL;
  p->what = "icmp.neighbor-solicitation";
  p->target = "mx";
  p->from = "laptop";
  p->to = "*";
  t.s.packet.proto = MSIM_PROTO_ICMPV6;
  t.s.packet.id = 0;
  t.s.packet.l4.icmp.type = 135;
  t.s.packet.l4.icmp.code = 0;
  t.s.packet.l4.icmp.rest = 0;
  assert_int_equal(msim_addr_parse(&t.s.packet.src, "fe80::1", 7), 0);
  assert_int_equal(msim_addr_parse(&t.s.packet.dst, "ff02::1:ff00:25", 15), 0);
  stage_emit(&t.s, MSIM_MSEC(2));
  p->to = "mx";
  p->point = MSIM_POINT_RX;
  stage_emit(&t.s, MSIM_MSEC(3));
  p = stage_packet(&t.s, MSIM_TRACE_DATAGRAM, &t.s.query, true, 1, "\x12\x34\x01");
  stage_emit(&t.s, MSIM_MSEC(3));
  p->point = MSIM_POINT_RX;
  stage_emit(&t.s, MSIM_MSEC(4));
  stage_packet(&t.s, MSIM_TRACE_DATAGRAM, &t.s.query, true, 2, "whole")->fragmented = true;
  stage_emit(&t.s, MSIM_MSEC(5));
  stage_fragment(&t.s, 0, true, "12345678");
  stage_emit(&t.s, MSIM_MSEC(5));
  stage_arrive(&t.s, MSIM_MSEC(6));
  stage_fragment(&t.s, 8, false, "whole");
  t.s.record.u.packet.flow = NULL;
  t.s.record.u.packet.number = 0;
  stage_emit(&t.s, MSIM_MSEC(7));
  stage_drop(&t.s, MSIM_MSEC(8), "overlap");
  end_and_expect_same(&t);
}

/* ---- what is wrong ---- */

#define HEAD "{\"schema\":\"mailsim-trace/1\",\"topology\":\"x\",\"seed\":1,\"engine\":1}\n"
#define EVENT "{\"n\":1,\"t\":5,\"kind\":\"app\",\"host\":\"mx\",\"event\":\"e\"}\n"
#define SEGMENT "{\"n\":2,\"t\":5,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:25#1\",\"seg\":\"c1\","
#define ENDS "\"from\":\"a\",\"to\":\"b\",\"src\":\"10.0.0.1:1\",\"dst\":\"10.0.0.2:25\""

static int feed_text(const char *data, size_t size_bytes, struct paper *text, struct note *note)
{
  struct source source = {data, size_bytes, 0, 0, false};
  struct stage s;
  int err;

  assert_int_equal(new_sim(&s, 0), MSIM_OK);
  if (text != NULL)
    add_sink(s.sim, "text", text, NULL);
  err = feed(s.sim, &source, note);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_int_equal(note->count, err == MSIM_OK ? 0 : 1);
  msim_sim_free(s.sim);
  assert_true(fail_mem_clean(&s.mem));
  return err;
}

static void broken_lines_when_read_then_the_line_is_told(void **state)
{
  static const struct {
    const char *text;
    unsigned line;
    const char *says;
  } rows[] = {
      {"", 1, "empty"},
      {"\n", 1, "no JSON"},
      {"[]\n", 1, "no JSON object"},
      {"{}\n", 1, "schema"},
      {"{\"schema\":\"mailsim-trace/2\"}\n", 1, "schema"},
      {"mailsim-trace/1 topology hello seed 1 engine 1\n", 1, "jsonl is needed"},
      {"{\"schema\":\"mailsim-trace/1\",\"seed\":-1}\n", 1, "seed"},
      {"{\"schema\":\"mailsim-trace/1\",\"seed\":18446744073709551616}\n", 1, "seed"},
      {"{\"schema\":\"mailsim-trace/1\",\"hosts\":[{\"name\":\"a\"},{\"name\":\"a\"}]}\n", 1, "twice"},
      {"{\"schema\":\"mailsim-trace/1\",\"hosts\":[{\"name\":\"-\"}]}\n", 1, "hosts"},
      {"{\"schema\":\"mailsim-trace/1\",\"hosts\":[{\"name\":\"a\",\"addresses\":[\"x\"]}]}\n", 1, "addresses"},
      {"{\"schema\":\"mailsim-trace/1\",\"links\":[{\"a\":\"a\",\"b\":\"b\"}]}\n", 1, "links"},
      {HEAD "x\n", 2, "no JSON"},
      {HEAD EVENT EVENT, 3, "increase"},
      {HEAD EVENT "{\"n\":2,\"t\":4,\"kind\":\"app\",\"host\":\"mx\",\"event\":\"e\"}\n", 3, "backwards"},
      {HEAD "{\"t\":1,\"kind\":\"app\"}\n", 2, "\"n\""},
      {HEAD "{\"n\":1,\"kind\":\"app\"}\n", 2, "\"t\""},
      {HEAD "{\"n\":1,\"t\":1}\n", 2, "\"kind\""},
      {HEAD "{\"n\":1,\"t\":1,\"kind\":\"app\",\"host\":\"mx\"}\n", 2, "\"event\""},
      {HEAD "{\"n\":1,\"t\":1,\"kind\":\"app\",\"host\":\"m\\u0000x\",\"event\":\"e\"}\n", 2, "zero byte"},
      {HEAD "{\"n\":1,\"t\":1,\"kind\":\"app\",\"host\":\"mx\",\"event\":\"e\",\"values\":{\"a\":{}}}\n", 2, "values"},
      {HEAD EVENT SEGMENT ENDS ",\"flags\":[\"SIN\"]}\n", 3, "flags"},
      {HEAD EVENT SEGMENT ENDS ",\"len\":65536}\n", 3, "len"},
      {HEAD EVENT SEGMENT ENDS ",\"len\":1,\"raw\":\"0102\"}\n", 3, "raw"},
      {HEAD EVENT SEGMENT ENDS ",\"len\":1,\"raw\":\"0\"}\n", 3, "raw"},
      {HEAD EVENT SEGMENT ENDS ",\"len\":9,\"text\":\"abc\",\"carries\":[{\"unit\":\"u\",\"hidden\":[0,9]}]}\n", 3,
       "hidden"},
      {HEAD EVENT SEGMENT ENDS ",\"carries\":[{\"unit\":\"u\",\"hidden\":[9,0]}]}\n", 3, "hidden"},
      {HEAD EVENT SEGMENT ENDS ",\"carries\":[{\"unit\":\"u\",\"edges\":[\"middle\"]}]}\n", 3, "edges"},
      {HEAD EVENT SEGMENT ENDS ",\"options\":{\"wscale\":15}}\n", 3, "wscale"},
      {HEAD EVENT SEGMENT ENDS ",\"options\":{\"sack\":[[1]]}}\n", 3, "sack"},
      {HEAD EVENT SEGMENT ENDS ",\"rtx\":\"x1\"}\n", 3, "rtx"},
      {HEAD EVENT SEGMENT "\"from\":\"a\",\"to\":\"b\",\"src\":\"10.0.0.1\",\"dst\":\"10.0.0.2:25\"}\n", 3, "src"},
      {HEAD EVENT SEGMENT "\"from\":\"a\",\"to\":\"b\",\"src\":\"[x]:1\",\"dst\":\"10.0.0.2:25\"}\n", 3, "src"},
      {HEAD "{\"n\":2,\"t\":5,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"a>b:25\",\"seg\":\"c1\"," ENDS "}\n", 2,
       "conn"},
      {HEAD "{\"n\":2,\"t\":5,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\">b:65536#1\",\"seg\":\"c1\"," ENDS "}\n",
       2, "conn"},
      {HEAD "{\"n\":2,\"t\":5,\"kind\":\"segment\",\"point\":\"over\",\"seg\":\"c1\"," ENDS "}\n", 2, "point"},
  };
  struct note note;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    int err = feed_text(rows[i].text, strlen(rows[i].text), NULL, &note);

    if (err == MSIM_OK || note.line != rows[i].line || strstr(note.text, rows[i].says) == NULL ||
        strncmp(note.text, "old.jsonl: ", 11) != 0)
      fail_msg("row %zu: %d, line %u: %s", i, err, note.line, note.text);
  }
}

static void a_broken_line_when_read_then_what_was_in_front_is_written(void **state)
{
  static const char data[] = HEAD EVENT "oops\n" EVENT;
  struct paper text = {0};
  struct note note;

  (void)state;
  assert_int_equal(feed_text(data, sizeof data - 1, &text, &note), MSIM_ERR_SYNTAX);
  assert_int_equal(note.line, 3);
  assert_string_equal(text.data, "mailsim-trace/1 topology x seed 1 engine 1\n0.000000005 app mx e\n");
  free(text.data);
}

static void unknown_fields_and_kinds_when_read_then_ignored(void **state)
{
  static const char data[] =
      "{\"schema\":\"mailsim-trace/1\",\"topology\":\"x\",\"seed\":1,\"engine\":1,\"moon\":[1.5,null]}\n"
      "{\"n\":1,\"t\":1,\"kind\":\"eclipse\",\"host\":7}\r\n"
      "{\"n\":3,\"t\":5,\"kind\":\"app\",\"host\":\"mx\",\"event\":\"e\",\"new\":{\"a\":-1e9}}\n";
  struct paper text = {0};
  struct note note;

  (void)state;
  assert_int_equal(feed_text(data, sizeof data - 1, &text, &note), MSIM_OK);
  assert_string_equal(text.data, "mailsim-trace/1 topology x seed 1 engine 1\n0.000000005 app mx e\n");
  free(text.data);
}

/* Cut at every byte: an error that says so, or nothing when a line is whole; and never more than was there. */
static void a_trace_when_cut_anywhere_then_it_is_told_and_the_front_is_written(void **state)
{
  struct theatre t;
  struct note note;
  size_t size_bytes;

  (void)state;
  set_up(&t);
  stage_hello(&t.s);
  assert_int_equal(msim_sim_finish(t.s.sim), MSIM_OK);
  for (size_bytes = 1; size_bytes < t.jsonl.size_bytes; size_bytes += size_bytes < 600 ? 1 : 37) {
    bool whole = t.jsonl.data[size_bytes - 1] == '\n' || t.jsonl.data[size_bytes] == '\n';
    struct paper text = {0};
    int err = feed_text(t.jsonl.data, size_bytes, &text, &note);

    assert_int_equal(err, whole ? MSIM_OK : MSIM_ERR_SYNTAX);
    if (!whole)
      assert_non_null(strstr(note.text, "cut off in the middle"));
    free(text.data);
  }
  tear_down(&t);
}

static void a_line_when_too_long_then_limit(void **state)
{
  size_t size_bytes = 5 * 1024 * 1024 + strlen(HEAD);
  char *data = malloc(size_bytes);
  struct note note;

  (void)state;
  assert_non_null(data);
  memset(data, ' ', size_bytes);
  memcpy(data, HEAD, strlen(HEAD));
  assert_int_equal(feed_text(data, size_bytes, NULL, &note), MSIM_ERR_LIMIT);
  assert_int_equal(note.line, 2);
  free(data);
}

static void reading_when_it_fails_then_its_error(void **state)
{
  struct source source = {HEAD EVENT, strlen(HEAD EVENT), 0, 0, true};
  struct paper text = {0};
  struct note note;
  struct stage s;

  (void)state;
  assert_int_equal(new_sim(&s, 0), MSIM_OK);
  add_sink(s.sim, "text", &text, NULL);
  assert_int_equal(feed(s.sim, &source, &note), MSIM_ERR_IO);
  assert_int_equal(note.count, 1);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(strstr(text.data, " app mx e\n"));
  msim_sim_free(s.sim);
  free(text.data);
}

static void a_simulation_when_not_empty_then_state(void **state)
{
  struct source source = {HEAD, strlen(HEAD), 0, 0, false};
  struct note note;
  struct stage s;

  (void)state;
  assert_int_equal(new_sim(&s, 0), MSIM_OK);
  assert_int_equal(msim_node_add(s.sim, "a", NULL), MSIM_OK);
  assert_int_equal(feed(s.sim, &source, &note), MSIM_ERR_STATE);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  assert_int_equal(feed(s.sim, &source, &note), MSIM_ERR_STATE);
  msim_sim_free(s.sim);
}

static int stop_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  *(uint64_t *)state = record->n;
  msim_sim_stop(msim_sink_sim(sink));
  return MSIM_OK;
}

static int stop_close(void *state, struct msim_sink *sink)
{
  return msim_sink_printf(sink, "%u", (unsigned)*(uint64_t *)state);
}

static void a_sink_from_outside_when_it_stops_then_no_more_records(void **state)
{
  static const struct msim_sink_type type = {
      .name = "first", .state_bytes = sizeof(uint64_t), .record = stop_record, .close = stop_close};
  static const char data[] = HEAD EVENT "{\"n\":9,\"t\":5,\"kind\":\"app\",\"host\":\"mx\",\"event\":\"e\"}\n";
  struct source source = {data, sizeof data - 1, 0, 0, false};
  struct paper paper = {0};
  struct note note;
  struct stage s;

  (void)state;
  assert_int_equal(new_sim(&s, 0), MSIM_OK);
  assert_int_equal(msim_sink_register(s.sim, &type), MSIM_OK);
  add_sink(s.sim, "first", &paper, NULL);
  assert_int_equal(feed(s.sim, &source, &note), MSIM_OK);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_string_equal(paper.data, "1");
  msim_sim_free(s.sim);
  free(paper.data);
}

static void memory_when_it_fails_anywhere_then_nomem_and_nothing_leaks(void **state)
{
  struct theatre t;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  set_up(&t);
  stage_hello(&t.s);
  assert_int_equal(msim_sim_finish(t.s.sim), MSIM_OK);
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    struct source source = {t.jsonl.data, t.jsonl.size_bytes, 0, 0, false};
    struct paper text = {0};
    struct msim_out out = {NULL, paper_write};
    struct note note;
    struct stage s;

    out.ctx = &text;
    err = new_sim(&s, fail_at);
    if (err == MSIM_OK)
      err = msim_trace_add(s.sim, "text", &out, NULL, NULL);
    if (err == MSIM_OK)
      err = feed(s.sim, &source, &note);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    msim_sim_free(s.sim);
    assert_true(fail_mem_clean(&s.mem));
    free(text.data);
  }
  assert_true(fail_at > 20);
  tear_down(&t);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_dialogue_when_replayed_then_all_sinks_write_the_same),
      cmocka_unit_test(a_window_when_scaled_then_text_has_it_as_in_the_header),
      cmocka_unit_test(fates_of_all_sorts_when_replayed_then_the_same),
      cmocka_unit_test(payload_that_jsonl_shows_in_part_when_replayed_then_the_same),
      cmocka_unit_test(every_other_kind_when_replayed_then_the_same),
      cmocka_unit_test(broken_lines_when_read_then_the_line_is_told),
      cmocka_unit_test(a_broken_line_when_read_then_what_was_in_front_is_written),
      cmocka_unit_test(unknown_fields_and_kinds_when_read_then_ignored),
      cmocka_unit_test(a_trace_when_cut_anywhere_then_it_is_told_and_the_front_is_written),
      cmocka_unit_test(a_line_when_too_long_then_limit),
      cmocka_unit_test(reading_when_it_fails_then_its_error),
      cmocka_unit_test(a_simulation_when_not_empty_then_state),
      cmocka_unit_test(a_sink_from_outside_when_it_stops_then_no_more_records),
      cmocka_unit_test(memory_when_it_fails_anywhere_then_nomem_and_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
