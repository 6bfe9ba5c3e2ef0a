/* test_sink_jsonl.c: the lines for programs, literally, and that they stay JSON whatever is in them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/link.h"
#include "net/net.h"
#include "trace/json_check.h"
#include "trace/stage.h"

#define HEAD "{\"schema\":\"mailsim-trace/1\",\"topology\":\"\",\"seed\":1,\"engine\":1,\"start\":1767225600}\n"

static struct stage s;

static int set_up(void **state)
{
  (void)state;
  stage_set_up(&s, "jsonl", NULL);
  return 0;
}

static int tear_down(void **state)
{
  (void)state;
  stage_tear_down(&s);
  return 0;
}

static void again(const char *options)
{
  stage_tear_down(&s);
  stage_set_up(&s, "jsonl", options);
}

static void expect(const char *lines)
{
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(s.paper.data);
  assert_int_not_equal(json_check_lines(s.paper.data, s.paper.size_bytes), 0);
  assert_memory_equal(s.paper.data, HEAD, strlen(HEAD));
  assert_string_equal(s.paper.data + strlen(HEAD), lines);
}

static void checker_refuses_what_is_not_json(void **state)
{
  static const char good[] = "{\"a\":[-10,0,{}],\"b\":\"\\u00e4\"}\n{}\n";
  static const char *const bad[] = {
      "{}",           "x\n",       "{\"a\":01}\n", "{\"a\":\"\x01\"}\n", "{\"a\":\"\xff\"}\n",
      "{\"a\":1,}\n", "{\"a\"}\n", "[1]\n",        "{\"a\":\"\\x\"}\n",  "{\"a\":-}\n"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(json_check_lines(bad[i], strlen(bad[i])), 0);
  assert_int_equal(json_check_lines(good, strlen(good)), 2);
}

static void handshake_has_every_field_in_its_order(void **state)
{
  (void)state;
  stage_segment(&s, &s.hello, false, 1, S | A, 0, 1, NULL);
  stage_emit(&s, MSIM_MSEC(10));
  s.record.u.packet.link = "mx-isp";
  stage_drop(&s, MSIM_MSEC(11), "loss");
  s.record.u.packet.fault = "f1";
  s.record.u.packet.duplicate = true;
  s.record.u.packet.rtx_number = 1;
  s.record.u.packet.number = 2;
  stage_arrive(&s, MSIM_MSEC(12));
#define SYN_ACK(point, seg)                                                                                            \
  "\"kind\":\"segment\",\"point\":\"" point "\",\"conn\":\"laptop>mx:25#1\",\"seg\":\"" seg                            \
  "\",\"from\":\"mx\",\"to\":\"laptop\",\"dir\":\"server-to-client\",\"src\":\"192.0.2.25:25\",\"dst\":\"10.0.0.1:"    \
  "49152\","                                                                                                           \
  "\"flags\":[\"SYN\",\"ACK\"],\"ack\":1,\"win\":65535,\"options\":{\"mss\":1460,\"wscale\":7,\"sackok\":true}"
  expect("{\"n\":1,\"t\":10000000," SYN_ACK(
      "tx", "s1") "}\n"
                  "{\"n\":2,\"t\":11000000," SYN_ACK(
                      "drop", "s1") ",\"reason\":\"loss\",\"link\":\"mx-isp\"}\n"
                                    "{\"n\":3,\"t\":12000000," SYN_ACK(
                                        "rx", "s2") ",\"rtx\":\"s1\",\"reason\":\"loss\",\"fault\":\"f1\",\"dup\":true,"
                                                    "\"link\":\"mx-isp\"}\n");
}

static void data_has_text_and_carries(void **state)
{
  struct msim_value values[2] = {msim_value_text("name", "a.example"), msim_value_int("ttl", 300)};
  struct msim_trace_unit units[2];
  struct msim_trace_packet *p = stage_segment(&s, &s.hello, true, 3, P, 10, 100, "MAIL FROM:<a>\r\nx");
  struct msim_tcp_view *tcp = &s.packet.l4.tcp;

  (void)state;
  memset(units, 0, sizeof units);
  units[0].unit = "smtp.envelope";
  units[0].message = "m1";
  units[0].edges = MSIM_EDGE_FIRST | MSIM_EDGE_LAST;
  units[0].end_byte = 15;
  units[1].unit = "dns.answer";
  units[1].values = values;
  units[1].value_count = 2;
  p->units = units;
  p->unit_count = 2;
  tcp->has_timestamp = true;
  tcp->ts_value = 7;
  tcp->sack_count = 1;
  tcp->sack[0].left = 100 + 200;
  tcp->sack[0].right = 100 + 300;
  stage_emit(&s, 0);
  expect("{\"n\":1,\"t\":0,\"kind\":\"segment\",\"point\":\"tx\",\"conn\":\"laptop>mx:25#1\",\"seg\":\"c3\",\"from\":"
         "\"laptop\","
         "\"to\":\"mx\",\"dir\":\"client-to-server\",\"src\":\"10.0.0.1:49152\",\"dst\":\"192.0.2.25:25\","
         "\"flags\":[\"ACK\",\"PSH\"],\"seq\":10,\"ack\":100,\"len\":16,\"win\":65536,"
         "\"options\":{\"sack\":[[200,300]],\"ts\":[7,0]},\"text\":\"MAIL FROM:<a>\\r\\nx\","
         "\"carries\":[{\"unit\":\"smtp.envelope\",\"message\":\"m1\",\"edges\":[\"first\",\"last\"]},"
         "{\"unit\":\"dns.answer\",\"values\":{\"name\":\"a.example\",\"ttl\":300}}]}\n");
}

static void every_other_kind_has_its_fields(void **state)
{
  static const char *const items[] = {"m1", "m2"};
  struct msim_value values[4] = {msim_value_bool("durable", false), msim_value_int("low", INT64_MIN),
                                 msim_value_text("durable", "again"), msim_value_bool("list", false)};
  struct msim_trace_packet *p;

  (void)state;
  values[3].kind = MSIM_VALUE_LIST;
  values[3].u.list.items = items;
  values[3].u.list.count = 2;
  stage_event(&s, MSIM_TRACE_APP, "mx", "store.add", values, 4);
  stage_emit(&s, 1);
  stage_event(&s, MSIM_TRACE_MESSAGE, NULL, "accepted", NULL, 0)->agent = NULL;
  stage_emit(&s, 2);
  memset(&s.record, 0, sizeof s.record);
  s.record.kind = MSIM_TRACE_STATE;
  s.record.u.state.host = "mx";
  s.record.u.state.flow = &s.hello;
  s.record.u.state.from = "LISTEN";
  s.record.u.state.to = "SYN-RECEIVED";
  s.record.u.state.why = "SYN";
  stage_emit(&s, 3);
  memset(&s.record, 0, sizeof s.record);
  s.record.kind = MSIM_TRACE_CWND;
  s.record.u.cwnd.host = "mx";
  s.record.u.cwnd.flow = &s.hello;
  s.record.u.cwnd.cwnd_bytes = 14600;
  s.record.u.cwnd.srtt_ns = 5;
  s.record.u.cwnd.why = "start";
  stage_emit(&s, 4);
  memset(&s.record, 0, sizeof s.record);
  s.record.kind = MSIM_TRACE_ARP;
  s.record.u.arp.from = "r1";
  s.record.u.arp.to = "*";
  s.record.u.arp.what = "arp.request";
  s.record.u.arp.target = "mx";
  s.record.u.arp.reason = "down";
  stage_emit(&s, 5);
  s.record.u.arp.reason = NULL;
  s.record.u.arp.link = "home-r1";
  s.record.u.arp.operation = 1;
  memset(s.record.u.arp.frame_dst, 0xff, 6);
  memset(s.record.u.arp.frame_src, 2, 6);
  memset(s.record.u.arp.sender_mac, 2, 6);
  s.record.u.arp.sender_addr = msim_addr_ipv4(0xc0000201);
  s.record.u.arp.target_addr = msim_addr_ipv4(0xc0000202);
  stage_emit(&s, 5);
  p = stage_packet(&s, MSIM_TRACE_ICMP, &s.hello, false, 0, "quoted");
  p->what = "icmp.fragmentation-needed";
  s.packet.proto = MSIM_PROTO_ICMP;
  s.packet.l4.icmp.type = 3;
  s.packet.l4.icmp.code = 4;
  s.packet.l4.icmp.rest = 1400;
  stage_emit(&s, 6);
  expect(
      "{\"n\":1,\"t\":1,\"kind\":\"app\",\"host\":\"mx\",\"agent\":\"tester\",\"event\":\"store.add\","
      "\"values\":{\"durable\":false,\"low\":-9223372036854775808,\"list\":[\"m1\",\"m2\"]}}\n"
      "{\"n\":2,\"t\":2,\"kind\":\"message\",\"event\":\"accepted\"}\n"
      "{\"n\":3,\"t\":3,\"kind\":\"state\",\"host\":\"mx\",\"conn\":\"laptop>mx:25#1\",\"from\":\"LISTEN\","
      "\"to\":\"SYN-RECEIVED\",\"why\":\"SYN\"}\n"
      "{\"n\":4,\"t\":4,\"kind\":\"cwnd\",\"host\":\"mx\",\"conn\":\"laptop>mx:25#1\",\"dir\":\"server-to-client\","
      "\"cwnd\":14600,\"srtt\":5,\"why\":\"start\"}\n"
      "{\"n\":5,\"t\":5,\"kind\":\"arp\",\"from\":\"r1\",\"to\":\"*\",\"what\":\"arp.request\",\"target\":\"mx\","
      "\"reason\":\"down\"}\n"
      "{\"n\":6,\"t\":5,\"kind\":\"arp\",\"from\":\"r1\",\"to\":\"*\",\"what\":\"arp.request\",\"target\":\"mx\","
      "\"link\":\"home-r1\",\"src\":\"192.0.2.1\",\"dst\":\"192.0.2.2\","
      "\"frame\":\"02:02:02:02:02:02>ff:ff:ff:ff:ff:ff\",\"macs\":\"02:02:02:02:02:02>00:00:00:00:00:00\"}\n"
      "{\"n\":7,\"t\":6,\"kind\":\"icmp\",\"point\":\"tx\",\"conn\":\"laptop>mx:25#1\",\"from\":\"mx\",\"to\":"
      "\"laptop\","
      "\"src\":\"192.0.2.25\",\"dst\":\"10.0.0.1\",\"len\":6,\"what\":\"icmp.fragmentation-needed\",\"mtu\":1400}\n");
}

static void hostile_bytes_stay_json(void **state)
{
  static char bytes[65000];
  struct msim_value values[1] = {msim_value_text("\"\n\xff", "\xed\xa0\x80\\u\"")};
  size_t i;

  (void)state;
  again("full-text");
  for (i = 0; i < sizeof bytes - 1; i++)
    bytes[i] = (char)(i * 7 + (i >> 8));
  stage_segment(&s, &s.hello, true, 2, P, 1, 1, "");
  s.packet.payload.data = (const uint8_t *)bytes;
  s.packet.payload.size_bytes = sizeof bytes;
  s.record.u.packet.reason = "\"\xc3";
  stage_emit(&s, 1);
  stage_event(&s, MSIM_TRACE_APP, "h\x80", "e\n", values, 1);
  stage_emit(&s, 2);
  stage_flow(&s.hello, "a\"b", "c\xf0\x9f\x93\xa7", 65535, MSIM_PROTO_TCP, 5);
  s.hello.number = UINT32_MAX;
  stage_segment(&s, &s.hello, true, 2, P, 1, 1, "x");
  stage_emit(&s, 3);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_int_equal(json_check_lines(s.paper.data, s.paper.size_bytes), 4);
  assert_non_null(strstr(s.paper.data, "\"conn\":\"a\\\"b>c\xf0\x9f\x93\xa7:65535#4294967295\""));
  assert_non_null(strstr(s.paper.data, "\"values\":{\"\\\"\\n\xef\xbf\xbd\":"));
}

static const char *text_of(const char *payload, bool units_secret, const char *options)
{
  static char found[1000];
  struct msim_value values[1] = {msim_value_text("word", "geheim")};
  struct msim_trace_unit unit;
  struct msim_trace_packet *p;
  const char *at, *end;

  again(options);
  memset(&unit, 0, sizeof unit);
  unit.unit = "auth.credentials";
  unit.secret = units_secret;
  unit.begin_byte = 5;
  unit.end_byte = 11;
  unit.values = values;
  unit.value_count = 1;
  p = stage_segment(&s, &s.hello, true, 2, P, 1, 1, payload);
  p->units = &unit;
  p->unit_count = 1;
  stage_emit(&s, 0);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_int_equal(json_check_lines(s.paper.data, s.paper.size_bytes), 2);
  at = strstr(s.paper.data, "\"text\":");
  assert_non_null(at);
  end = strstr(at, "}]}");
  assert_non_null(end);
  assert_true((size_t)(end - at) < sizeof found);
  memcpy(found, at, (size_t)(end - at));
  found[end - at] = '\0';
  return found;
}

static void secrets_are_hidden_unless_asked_for(void **state)
{
  (void)state;
  assert_string_equal(
      text_of("PASS geheim\r\n", true, NULL),
      "\"text\":\"PASS <redacted:6>\\r\\n\",\"carries\":[{\"unit\":\"auth.credentials\",\"hidden\":[5,11]");
  assert_string_equal(text_of("PASS geheim\r\n", true, "show-secrets"),
                      "\"text\":\"PASS geheim\\r\\n\",\"carries\":[{\"unit\":\"auth.credentials\",\"values\":{\"word\":"
                      "\"geheim\"}");
  assert_string_equal(text_of("PASS geheim\r\n", false, NULL),
                      "\"text\":\"PASS geheim\\r\\n\",\"carries\":[{\"unit\":\"auth.credentials\",\"values\":{\"word\":"
                      "\"geheim\"}");
  /* with all of a payload goes where its pieces lie, unless one fills it */
  assert_string_equal(text_of("PASS geheim\r\n", false, "full-text"),
                      "\"text\":\"PASS geheim\\r\\n\",\"carries\":[{\"unit\":\"auth.credentials\",\"values\":{\"word\":"
                      "\"geheim\"},\"at\":[5,11]");
  /* all of it, and cut by the end of the payload */
  assert_string_equal(text_of("PASS gehe", true, NULL),
                      "\"text\":\"PASS <redacted:4>\",\"carries\":[{\"unit\":\"auth.credentials\",\"hidden\":[5,11]");
}

static void text_is_cut_after_120_bytes_unless_all_is_wanted(void **state)
{
  static const char long_text[] = "0123456789012345678901234567890123456789012345678901234567890123456789"
                                  "01234567890123456789012345678901234567890123456789xyz";

  (void)state;
  assert_non_null(strstr(text_of(long_text, false, NULL), "123456789\",\"carries\""));
  assert_non_null(strstr(text_of(long_text, false, "full-text"), "123456789xyz\",\"carries\""));
}

/* Long and short texts go different ways, and lines end anywhere in the buffer. */
static void texts_of_any_length_are_written_whole(void **state)
{
  static const size_t lengths[] = {0, 1, 3, 4, 7, 8, 254, 255, 256, 257, 4000, 70000};
  struct msim_value value = msim_value_text("v", NULL);
  const char *at;
  size_t i, k, round;

  (void)state;
  for (round = 0; round < 5; round++) {
    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
      char *text = malloc(lengths[i] + 1);

      assert_non_null(text);
      memset(text, 1, lengths[i]);
      text[lengths[i]] = '\0';
      value.u.text = text;
      stage_event(&s, MSIM_TRACE_APP, text, text, &value, 1);
      stage_emit(&s, 0);
      free(text);
    }
  }
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(s.paper.data);
  at = s.paper.data + strlen(HEAD);
  for (round = 0; round < 5; round++) {
    for (i = 0; i < sizeof lengths / sizeof *lengths; i++) {
      static const char *const keys[] = {",\"host\":\"", "\",\"agent\":\"tester\",\"event\":\"",
                                         "\",\"values\":{\"v\":\""};
      size_t part;

      at = strstr(at, ",\"host\":\"");
      assert_non_null(at);
      for (part = 0; part < 3; part++) {
        assert_memory_equal(at, keys[part], strlen(keys[part]));
        at += strlen(keys[part]);
        for (k = 0; k < lengths[i]; k++, at += 6)
          assert_true(memcmp(at, "\\u0001", 6) == 0);
      }
      assert_memory_equal(at, "\"}}\n", 4);
    }
  }
}

static void put_event(const struct msim_value *value)
{
  stage_event(&s, MSIM_TRACE_APP, "mx", "store.add", value, 1);
  stage_emit(&s, 0);
}

/* The network goes on, and nothing more is written. */
static void writing_that_fails_ends_the_trace(void **state)
{
  struct msim_value value = msim_value_text("v", "0123456789");
  size_t i, written;

  (void)state;
  s.paper.fail_at_call = s.paper.call_count + 1;
  written = s.paper.size_bytes;
  for (i = 0; i < 2000 && msim_sim_failure(s.sim) == MSIM_OK; i++)
    put_event(&value);
  assert_int_equal(msim_sim_failure(s.sim), MSIM_ERR_IO);
  assert_int_equal(s.paper.size_bytes, written);
  for (i = 0; i < 2000; i++)
    put_event(&value);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_ERR_IO);
  assert_int_equal(s.paper.size_bytes, written);
}

/* A room of net by hand: three hosts, two links. */
static void header_holds_hosts_and_links(void **state)
{
  static struct msim__net net;
  static struct msim_node nodes[3];
  static struct msim__port ports[4];
  static struct msim__way ways[4];
  static struct msim__way_params params[2];
  struct msim_node *list[3] = {&nodes[0], &nodes[1], &nodes[2]};
  struct msim__port *of_a[1] = {&ports[0]}, *of_r[2] = {&ports[1], &ports[2]}, *of_b[1] = {&ports[3]};
  struct msim__addr_row addrs[5];
  struct msim_out out = {&s.paper, paper_write};
  size_t i;

  (void)state;
  stage_tear_down(&s);
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  out.ctx = &s.paper;
  assert_int_equal(msim_trace_add(s.sim, "jsonl", &out, NULL, NULL), MSIM_OK);
  memset(addrs, 0, sizeof addrs);
  for (i = 0; i < 3; i++)
    nodes[i].actor.index = (uint32_t)i;
  nodes[0].name = "pc-a";
  nodes[1].name = "r";
  nodes[2].name = "b\xc3\xbc"
                  "cher";
  nodes[0].ports = of_a;
  nodes[1].ports = of_r;
  nodes[2].ports = of_b;
  nodes[0].port_count = nodes[2].port_count = 1;
  nodes[1].port_count = 2;
  for (i = 0; i < 4; i++) {
    ports[i].node = &nodes[(i + 1) / 2];
    ports[i].peer = &nodes[i == 0 ? 1 : i == 1 ? 0 : i == 2 ? 2 : 1];
    ports[i].link_name = i < 2 ? "lan" : "wan";
    ports[i].out = &ways[i];
    ways[i].to = &ports[i ^ 1];
    ways[i].params = &params[i == 3];
  }
  params[0].way.delay_ns = MSIM_MSEC(10);
  params[1].way.delay_ns = 1;
  params[1].way.rate_bps = 1000000;
  addrs[1].addr = msim_addr_ipv4(0x0a000001);
  addrs[1].node = &nodes[0];
  addrs[2].addr = msim_addr_ipv4(0x0a000002);
  addrs[2].node = &nodes[1];
  addrs[3].addr = msim_addr_ipv4(0xc0000263); /* nobody's */
  addrs[4].addr = msim_addr_ipv4(0xc0000201);
  addrs[4].node = &nodes[1];
  net.nodes = list;
  net.node_count = 3;
  net.addrs = addrs;
  net.addr_count = 5;
  net.topology_name = "three";
  net.topology_title = "Drei";
  s.sim->rooms[MSIM__ROOM_NET] = &net;
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_int_equal(json_check_lines(s.paper.data, s.paper.size_bytes), 1);
  assert_string_equal(
      s.paper.data,
      "{\"schema\":\"mailsim-trace/"
      "1\",\"topology\":\"three\",\"seed\":1,\"engine\":1,\"title\":\"Drei\",\"start\":1767225600,"
      "\"hosts\":[{\"name\":\"pc-a\",\"addresses\":[\"10.0.0.1\"]},{\"name\":\"r\",\"addresses\":[\"10.0.0.2\",\"192.0."
      "2.1\"]},"
      "{\"name\":\"b\xc3\xbc"
      "cher\",\"addresses\":[]}],\"links\":[{\"name\":\"lan\",\"a\":\"pc-a\",\"b\":\"r\",\"ab\":{\"delay\":10000000},"
      "\"ba\":{\"delay\":10000000}},{\"name\":\"wan\",\"a\":\"r\",\"b\":\"b\xc3\xbc"
      "cher\",\"ab\":{\"delay\":10000000},\"ba\":{\"rate\":1000000,\"delay\":1}}]}\n");
}

static void memory_that_fails_ends_the_run_cleanly(void **state)
{
  struct msim_out out = {NULL, paper_write};
  struct msim_trace_unit unit;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  memset(&unit, 0, sizeof unit);
  unit.unit = "auth.credentials";
  unit.secret = true;
  unit.end_byte = 2;
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    stage_tear_down(&s);
    err = stage_try(&s, fail_at);
    out.ctx = &s.paper;
    if (err == MSIM_OK)
      err = msim_trace_add(s.sim, "jsonl", &out, "conn=*", NULL);
    if (err == MSIM_OK)
      err = msim_sim_start(s.sim);
    if (err == MSIM_OK) {
      struct msim_trace_packet *p = stage_segment(&s, &s.hello, true, 2, P, 1, 1, "geheim");

      p->units = &unit;
      p->unit_count = 1;
      stage_emit(&s, 0);
      err = msim_sim_failure(s.sim);
      assert_int_equal(msim_sim_finish(s.sim), err);
    }
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    assert_true(fail_at < 100);
  }
  assert_true(fail_at > 6);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      CASE(checker_refuses_what_is_not_json),
      CASE(handshake_has_every_field_in_its_order),
      CASE(data_has_text_and_carries),
      CASE(every_other_kind_has_its_fields),
      CASE(hostile_bytes_stay_json),
      CASE(secrets_are_hidden_unless_asked_for),
      CASE(text_is_cut_after_120_bytes_unless_all_is_wanted),
      CASE(texts_of_any_length_are_written_whole),
      CASE(writing_that_fails_ends_the_trace),
      CASE(header_holds_hosts_and_links),
      CASE(memory_that_fails_ends_the_run_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
