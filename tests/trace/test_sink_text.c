/* test_sink_text.c: the written form, line by line, and when a line goes out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "trace/hold.h"
#include "trace/stage.h"

#define HEAD "mailsim-trace/1 topology - seed 1 engine 1\n"

static struct stage s;

static int set_up(void **state)
{
  (void)state;
  stage_set_up(&s, "text", NULL);
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
  stage_set_up(&s, "text", options);
}

static void expect(const char *lines)
{
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(s.paper.data);
  assert_memory_equal(s.paper.data, HEAD, strlen(HEAD));
  assert_string_equal(s.paper.data + strlen(HEAD), lines);
}

static void handshake_is_written_as_the_documentation_shows(void **state)
{
  (void)state;
  stage_hello(&s);
  expect(
      "0.000000000 tcp laptop>mx:25#1 c1 S 0:0(0) win 65535 <mss 1460,sackOK,wscale 7> +10ms\n"
      "0.010000000 tcp laptop>mx:25#1 s1 S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,wscale 7> +10ms\n"
      "0.020000000 tcp laptop>mx:25#1 c2 . 1:1(0) ack 1 win 512 +10ms\n"
      "0.030000000 tcp laptop>mx:25#1 s2 P. 1:35(34) ack 1 win 512 +10ms \"220 mx.example.org ESMTP mailsim\\r\\n\"\n");
}

static void lines_stand_in_the_order_of_sending_when_fates_do_not(void **state)
{
  (void)state;
  stage_segment(&s, &s.hello, true, 3, A, 1, 1, "one");
  stage_emit(&s, 0);
  stage_segment(&s, &s.hello, true, 4, P, 4, 1, "two");
  stage_emit(&s, 5);
  stage_arrive(&s, MSIM_USEC(10));
  stage_event(&s, MSIM_TRACE_APP, "mx", "smtp.idle", NULL, 0);
  stage_emit(&s, MSIM_USEC(11));
  stage_segment(&s, &s.hello, true, 3, A, 1, 1, "one");
  stage_drop(&s, MSIM_USEC(12), "loss");
  expect("0.000000000 tcp laptop>mx:25#1 c3 . 1:4(3) ack 1 win 512 lost(loss) \"one\"\n"
         "0.000000005 tcp laptop>mx:25#1 c4 P. 4:7(3) ack 1 win 512 +9.995us \"two\"\n"
         "0.000011000 app mx smtp.idle\n");
}

static void every_fate_has_its_form(void **state)
{
  static const struct {
    const char *reason, *fault, *link, *fate;
    bool hops;
  } rows[] = {
      {"queue", NULL, "mx-isp", "lost(queue)", false}, {"queue", NULL, "mx-isp", "lost(queue@mx-isp)", true},
      {"loss", "f1", NULL, "lost(loss f1)", false},    {"corrupt", NULL, NULL, "corrupt", false},
      {"corrupt", "f2", NULL, "corrupt(f2)", false},   {NULL, NULL, NULL, "lost(unknown)", false},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    char line[200];

    again(rows[i].hops ? "hops" : NULL);
    stage_segment(&s, &s.hello, true, 3, F, 9, 7, NULL);
    stage_emit(&s, 0);
    s.record.u.packet.fault = rows[i].fault;
    s.record.u.packet.link = rows[i].link;
    stage_drop(&s, 1, rows[i].reason);
    snprintf(line, sizeof line, "0.000000000 tcp laptop>mx:25#1 c3 F. 9:9(0) ack 7 win 512 %s\n", rows[i].fate);
    expect(line);
  }
}

static void packet_that_was_never_sent_has_a_line_with_its_fate(void **state)
{
  (void)state;
  stage_segment(&s, &s.hello, true, 1, S, 0, 0, NULL);
  s.packet.l4.tcp.mss_bytes = 0;
  s.packet.l4.tcp.sack_permitted = false;
  s.packet.l4.tcp.window_shift = -1;
  stage_drop(&s, MSIM_SEC(3600), "no-route");
  expect("3600.000000000 tcp laptop>mx:25#1 c1 S 0:0(0) win 65535 lost(no-route)\n");
}

static void copies_made_by_the_network_are_told_beside_the_fate(void **state)
{
  (void)state;
  stage_segment(&s, &s.hello, true, 1, A, 1, 1, NULL); /* holds the others back */
  stage_emit(&s, 0);
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, NULL);
  stage_emit(&s, 0);
  s.record.u.packet.duplicate = true;
  stage_arrive(&s, MSIM_MSEC(9)); /* the copy is faster */
  s.record.u.packet.duplicate = false;
  stage_arrive(&s, MSIM_MSEC(10));
  s.record.u.packet.duplicate = true;
  stage_drop(&s, MSIM_MSEC(11), "queue");
  stage_segment(&s, &s.hello, true, 1, A, 1, 1, NULL);
  stage_arrive(&s, MSIM_MSEC(12));
  s.record.u.packet.duplicate = true;
  stage_arrive(&s, MSIM_MSEC(14)); /* its line is written */
  stage_drop(&s, MSIM_MSEC(15), "loss");
  expect("0.000000000 tcp laptop>mx:25#1 c1 . 1:1(0) ack 1 win 512 +12ms\n"
         "0.000000000 tcp laptop>mx:25#1 c2 . 1:1(0) ack 1 win 512 +10ms dup+9ms dup-lost(queue)\n"
         "0.014000000 tcp laptop>mx:25#1 c1 dup+14ms\n"
         "0.015000000 tcp laptop>mx:25#1 c1 dup-lost(loss)\n");
}

static void packet_without_fate_is_open_at_the_end(void **state)
{
  (void)state;
  stage_segment(&s, &s.hello, true, 1, P, 1, 1, "x");
  stage_emit(&s, 0);
  expect("0.000000000 tcp laptop>mx:25#1 c1 P. 1:2(1) ack 1 win 512 open \"x\"\n");
}

static void line_is_open_after_ten_seconds_and_its_fate_comes_later(void **state)
{
  (void)state;
  stage_segment(&s, &s.hello, true, 1, A, 1, 1, NULL);
  stage_emit(&s, 0);
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, NULL);
  stage_emit(&s, MSIM_SEC(4));
  stage_event(&s, MSIM_TRACE_HOST, "mx", "on-time", NULL, 0);
  stage_emit(&s, MSIM_SEC(10));
  stage_event(&s, MSIM_TRACE_HOST, "mx", "late", NULL, 0);
  stage_emit(&s, MSIM_SEC(10) + 1);
  stage_segment(&s, &s.hello, true, 1, A, 1, 1, NULL);
  stage_arrive(&s, MSIM_MSEC(12500));
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, NULL);
  stage_arrive(&s, MSIM_MSEC(13000));
  expect("0.000000000 tcp laptop>mx:25#1 c1 . 1:1(0) ack 1 win 512 open\n"
         "4.000000000 tcp laptop>mx:25#1 c2 . 1:1(0) ack 1 win 512 +9s\n"
         "10.000000000 host mx on-time\n"
         "10.000000001 host mx late\n"
         "12.500000000 tcp laptop>mx:25#1 c1 +12.5s\n");
}

/* Not by strstr: with sanitizers it measures all that is left at each call. */
static size_t count_of(const char *word)
{
  size_t count = 0, length = strlen(word);
  const char *at = s.paper.data, *end = at + s.paper.size_bytes;

  for (; (at = memchr(at, word[0], (size_t)(end - at))) != NULL; at++)
    count += (size_t)(end - at) >= length && memcmp(at, word, length) == 0;
  return count;
}

static void no_more_lines_are_held_than_the_limit(void **state)
{
  uint32_t i;

  (void)state;
  for (i = 1; i <= MSIM__HOLD_LINES_MAX + 3; i++) {
    stage_segment(&s, &s.hello, true, i, A, 1, 1, NULL);
    stage_emit(&s, i);
  }
  for (i = 1; i <= MSIM__HOLD_LINES_MAX + 3; i++) {
    stage_segment(&s, &s.hello, true, i, A, 1, 1, NULL);
    stage_arrive(&s, i + MSIM_MSEC(10));
  }
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_int_equal(count_of(" open\n"), 3);
  assert_int_equal(count_of(" win 512 +10ms\n"), MSIM__HOLD_LINES_MAX);
  assert_non_null(strstr(s.paper.data, "\n0.010000003 tcp laptop>mx:25#1 c3 +10ms\n"));
  assert_int_equal(count_of("\n"), MSIM__HOLD_LINES_MAX + 3 + 3 + 1);
}

static void held_bytes_are_bounded(void **state)
{
  static char payload[30001];
  uint32_t i;

  (void)state;
  again("full-text");
  memset(payload, 7, sizeof payload - 1); /* \x07: four bytes each */
  for (i = 1; i <= 600; i++) {
    stage_segment(&s, &s.hello, true, i, A, 1, 1, payload);
    stage_emit(&s, i);
  }
  assert_true(s.mem.held_bytes < 5 * MSIM__HOLD_BYTES_MAX);
  assert_true(s.paper.size_bytes > 0);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_int_equal(count_of(" open \""), 600);
}

static void options_and_notes_of_segments_are_written(void **state)
{
  struct msim_trace_packet *p;
  struct msim_tcp_view *tcp = &s.packet.l4.tcp;

  (void)state;
  again("timestamps");
  p = stage_segment(&s, &s.hello, false, 7, A | MSIM_TCP_URG | MSIM_TCP_ECE, 1, 301, "..");
  p->rtx_number = 5;
  tcp->urgent = 2;
  tcp->has_timestamp = true;
  tcp->ts_value = 4294967295u;
  tcp->ts_echo = 1;
  tcp->sack_count = 2;
  tcp->sack[0].left = 4000000000u + 401; /* of bytes that the client sent */
  tcp->sack[0].right = 4000000000u + 501;
  tcp->sack[1].left = 4000000000u + 294967296u; /* 0: behind the end of the numbers */
  tcp->sack[1].right = 4000000000u + 294967300u;
  stage_emit(&s, 0);
  stage_segment(&s, &s.hello, true, 9, 0, 4294967295u, 0, "ab");
  tcp->has_fastopen = true;
  stage_emit(&s, 1);
  tcp->fastopen_bytes = 4;
  memcpy(tcp->fastopen, "\x01\xab\x00\xff", 4);
  s.record.u.packet.number = 10;
  stage_emit(&s, 2);
  expect("0.000000000 tcp laptop>mx:25#1 s7 .UE 1:3(2) ack 301 win 512 urg 2 <TS val 4294967295 ecr 1,sack 401:501 "
         "294967296:294967300> open \"..\" rtx s5\n"
         "0.000000001 tcp laptop>mx:25#1 c9 - 4294967295:1(2) win 512 <tfo> open \"ab\"\n"
         "0.000000002 tcp laptop>mx:25#1 c10 - 4294967295:1(2) win 512 <tfo 01ab00ff> open \"ab\"\n");
}

static void timestamps_are_written_on_a_syn_or_when_asked_for(void **state)
{
  struct msim_tcp_view *tcp = &s.packet.l4.tcp;

  (void)state;
  stage_segment(&s, &s.hello, true, 1, MSIM_TCP_SYN, 0, 0, "");
  tcp->has_timestamp = true;
  tcp->ts_value = 7;
  stage_emit(&s, 0);
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, "");
  tcp->has_timestamp = true;
  stage_emit(&s, 1);
  expect("0.000000000 tcp laptop>mx:25#1 c1 S 0:0(0) win 65535 <mss 1460,sackOK,TS val 7 ecr 0,wscale 7> open\n"
         "0.000000001 tcp laptop>mx:25#1 c2 . 1:1(0) ack 1 win 512 open\n");
}

static void addresses_are_written_only_when_asked_for(void **state)
{
  (void)state;
  again("addresses");
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, NULL);
  stage_emit(&s, 0);
  expect("0.000000000 tcp laptop>mx:25#1 c2 10.0.0.1:49152>192.0.2.25:25 . 1:1(0) ack 1 win 512 open\n");
  again("addresses");
  stage_segment(&s, &s.hello, false, 2, A, 1, 1, NULL);
  memset(&s.packet.src, 0, sizeof s.packet.src);
  s.packet.src.family = MSIM_FAMILY_IPV6;
  s.packet.src.bytes[15] = 1;
  stage_emit(&s, 0);
  expect("0.000000000 tcp laptop>mx:25#1 s2 [::1]:25>10.0.0.1:49152 . 1:1(0) ack 1 win 512 open\n");
}

static void payload_is_cut_after_120_bytes_unless_all_is_wanted(void **state)
{
  static const char long_text[] = "0123456789012345678901234567890123456789012345678901234567890123456789"
                                  "01234567890123456789012345678901234567890123456789xyz";
  static const char umlaut[] = "0123456789012345678901234567890123456789012345678901234567890123456789"
                               "0123456789012345678901234567890123456789012345678\xc3\xa4z";

  (void)state;
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, long_text);
  stage_emit(&s, 0);
  stage_segment(&s, &s.hello, true, 3, A, 1, 1, umlaut);
  stage_emit(&s, 0);
  expect("0.000000000 tcp laptop>mx:25#1 c2 . 1:124(123) ack 1 win 512 open "
         "\"01234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "0123456789012345678901234567890123456789\xe2\x80\xa6\"\n"
         "0.000000000 tcp laptop>mx:25#1 c3 . 1:123(122) ack 1 win 512 open "
         "\"01234567890123456789012345678901234567890123456789012345678901234567890123456789"
         "012345678901234567890123456789012345678\xe2\x80\xa6\"\n");
  again("full-text");
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, long_text);
  stage_emit(&s, 0);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(strstr(s.paper.data, "456789xyz\"\n"));
}

static void hostile_payload_stays_one_line(void **state)
{
  (void)state;
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, "a\"b\\\r\n\x1b[2J\xff\xc3\xa4\xe2\x80\xa8");
  stage_emit(&s, 0);
  expect("0.000000000 tcp laptop>mx:25#1 c2 . 1:17(16) ack 1 win 512 open "
         "\"a\\\"b\\\\\\r\\n\\x1b[2J\\xff\xc3\xa4\\xe2\\x80\\xa8\"\n");
}

static void secrets_are_hidden_unless_asked_for(void **state)
{
  static const char login[] = "AUTH PLAIN AGFubmEAZ2VoZWlt\r\nNOOP\r\n";
  struct msim_trace_unit units[4];
  struct msim_trace_packet *p;
  size_t round;

  (void)state;
  memset(units, 0, sizeof units);
  units[0].unit = "auth.credentials";
  units[0].secret = true;
  units[0].begin_byte = 20; /* in any order, overlapping, beyond the end: all of 11 to 27 */
  units[0].end_byte = 27;
  units[1] = units[0];
  units[1].begin_byte = 11;
  units[1].end_byte = 21;
  units[2] = units[0];
  units[2].begin_byte = 33;
  units[2].end_byte = 1000;
  units[3] = units[0];
  units[3].secret = false;
  units[3].begin_byte = 0;
  units[3].end_byte = 33;
  for (round = 0; round < 2; round++) {
    if (round == 1)
      again("show-secrets");
    p = stage_segment(&s, &s.hello, true, 2, P, 1, 1, login);
    p->units = units;
    p->unit_count = 4;
    stage_emit(&s, 0);
    expect(round == 0 ? "0.000000000 tcp laptop>mx:25#1 c2 P. 1:36(35) ack 1 win 512 open "
                        "\"AUTH PLAIN <redacted:16>\\r\\nNOOP<redacted:2>\"\n"
                      : "0.000000000 tcp laptop>mx:25#1 c2 P. 1:36(35) ack 1 win 512 open "
                        "\"AUTH PLAIN AGFubmEAZ2VoZWlt\\r\\nNOOP\\r\\n\"\n");
  }
}

static void datagrams_show_their_units(void **state)
{
  struct msim_value values[1] = {msim_value_text("name", "mx.example.org")};
  struct msim_trace_unit unit;
  struct msim_trace_packet *p = stage_packet(&s, MSIM_TRACE_DATAGRAM, &s.query, true, 1, "question");

  (void)state;
  memset(&unit, 0, sizeof unit);
  unit.unit = "dns.query";
  unit.end_byte = 8;
  unit.values = values;
  unit.value_count = 1;
  p->units = &unit;
  p->unit_count = 1;
  stage_emit(&s, 0);
  stage_arrive(&s, MSIM_USEC(1500));
  expect("0.000000000 udp laptop>ns:53#1 c1 (8) +1.5ms dns.query name=mx.example.org\n");
}

static void fragments_have_lines_and_the_whole_its_fate(void **state)
{
  (void)state;
  stage_packet(&s, MSIM_TRACE_DATAGRAM, &s.query, true, 1, "questionably");
  s.record.u.packet.fragmented = true;
  stage_emit(&s, 0);
  stage_fragment(&s, 0, true, "12345678questionably");
  stage_emit(&s, 0);
  stage_fragment(&s, 16, false, "ably");
  stage_emit(&s, 0);
  stage_arrive(&s, MSIM_MSEC(2));
  stage_fragment(&s, 0, true, "12345678questionably");
  stage_drop(&s, MSIM_MSEC(3), "loss");
  stage_packet(&s, MSIM_TRACE_DATAGRAM, &s.query, true, 1, "questionably");
  stage_drop(&s, MSIM_MSEC(3), "loss");
  stage_fragment(&s, 8, true, "of a router's"); /* has no line, and needs none */
  stage_arrive(&s, MSIM_MSEC(4));
  stage_packet(&s, MSIM_TRACE_FRAGMENT, &s.query, true, 0, "of a stranger");
  s.packet.id = 9;
  s.packet.more_fragments = true;
  s.record.u.packet.flow = NULL;
  stage_emit(&s, MSIM_MSEC(5));
  expect("0.000000000 udp laptop>ns:53#1 c1 (12) lost(loss)\n"
         "0.000000000 fragment laptop>ns:53#1 c1 0:20+ lost(loss)\n"
         "0.000000000 fragment laptop>ns:53#1 c1 16:20 +2ms\n"
         "0.005000000 fragment laptop>ns id 9 0:13+ open\n");
}

static void broadcast_has_a_line_per_receiver(void **state)
{
  struct msim_trace_packet *p;
  struct msim_flow flow;

  (void)state;
  stage_flow(&flow, "laptop", "*", 67, MSIM_PROTO_UDP, 77);
  p = stage_packet(&s, MSIM_TRACE_DATAGRAM, &flow, true, 1, "hi");
  stage_emit(&s, 0);
  p->to = "r1";
  stage_arrive(&s, MSIM_MSEC(1));
  p->to = "r2";
  stage_arrive(&s, MSIM_MSEC(2));
  expect("0.000000000 udp laptop>*:67#1 c1 (2) broadcast\n"
         "0.001000000 udp laptop>*:67#1 c1 r1 +1ms\n"
         "0.002000000 udp laptop>*:67#1 c1 r2 +2ms\n");
}

static void icmp_for_a_group_has_a_line_for_each_host_that_hears_it(void **state)
{
  struct msim_trace_packet *p = stage_packet(&s, MSIM_TRACE_ICMP, &s.hello, true, 0, NULL);

  (void)state;
  p->flow = NULL;
  s.packet.proto = MSIM_PROTO_ICMPV6;
  assert_int_equal(msim_addr_parse(&s.packet.src, "fe80::1", 7), 0);
  assert_int_equal(msim_addr_parse(&s.packet.dst, "ff02::1", 7), 0);
  p->what = "icmp.neighbor-advertisement";
  p->target = "laptop";
  p->from = "laptop";
  p->to = "*";
  stage_emit(&s, 0);
  p->point = MSIM_POINT_RX;
  p->to = "mx";
  stage_emit(&s, MSIM_MSEC(1));
  p->to = "r1";
  stage_emit(&s, MSIM_MSEC(2));
  expect("0.000000000 icmp laptop>* icmp.neighbor-advertisement for laptop broadcast\n"
         "0.001000000 icmp laptop>* icmp.neighbor-advertisement mx +1ms\n"
         "0.002000000 icmp laptop>* icmp.neighbor-advertisement r1 +2ms\n");
}

static void icmp_is_matched_without_numbers(void **state)
{
  struct msim_trace_packet *p = stage_packet(&s, MSIM_TRACE_ICMP, &s.hello, false, 0, NULL);
  int i;

  (void)state;
  s.packet.proto = MSIM_PROTO_ICMP;
  s.packet.l4.icmp.type = 3;
  s.packet.l4.icmp.code = 4;
  s.packet.l4.icmp.rest = 1400;
  p->what = "icmp.fragmentation-needed";
  stage_emit(&s, 0);
  stage_emit(&s, MSIM_MSEC(1)); /* the same once more */
  for (i = 0; i < 2; i++)
    stage_arrive(&s, MSIM_MSEC(10) + MSIM_MSEC(i));
  expect("0.000000000 icmp mx>laptop icmp.fragmentation-needed mtu 1400 about laptop>mx:25#1 +10ms\n"
         "0.001000000 icmp mx>laptop icmp.fragmentation-needed mtu 1400 about laptop>mx:25#1 +10ms\n");
}

static void hops_are_lines_of_their_own(void **state)
{
  (void)state;
  again("hops");
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, NULL);
  stage_emit(&s, 0);
  assert_true(s.sim->trace_hops);
  s.record.u.packet.point = MSIM_POINT_FWD;
  s.record.u.packet.link = "isp-mx";
  stage_emit(&s, 5);
  stage_arrive(&s, 10);
  expect("0.000000000 tcp laptop>mx:25#1 c2 . 1:1(0) ack 1 win 512 +10ns\n"
         "0.000000005 tcp laptop>mx:25#1 c2 fwd isp-mx\n");
}

static void events_are_written_with_their_values(void **state)
{
  static const char *const items[] = {"m1", "two words", "a,b"};
  struct msim_value values[7] = {msim_value_text("message", "m1"),
                                 msim_value_int("reply_class", -5),
                                 msim_value_bool("durable", true),
                                 msim_value_text("reason", "user \"x\" unknown\n"),
                                 msim_value_text("from", "J\xc3\xb6rg@example.org"),
                                 msim_value_text("empty", ""),
                                 msim_value_bool("list", false)};

  (void)state;
  values[6].kind = MSIM_VALUE_LIST;
  values[6].u.list.items = items;
  values[6].u.list.count = 3;
  stage_event(&s, MSIM_TRACE_APP, "pc-a", "user.send", values, 7);
  stage_emit(&s, MSIM_MSEC(100));
  stage_event(&s, MSIM_TRACE_FAULT, NULL, "begin", NULL, 0);
  stage_emit(&s, MSIM_MSEC(100));
  expect("0.100000000 app pc-a user.send message=m1 reply_class=-5 durable=true reason=\"user \\\"x\\\" unknown\\n\" "
         "from=J\xc3\xb6rg@example.org empty=\"\" list=[m1,\"two words\",\"a,b\"]\n"
         "0.100000000 fault - begin\n");
}

static void states_windows_and_arp_are_written(void **state)
{
  struct msim_trace_state *st = &s.record.u.state;
  struct msim_trace_cwnd *cwnd = &s.record.u.cwnd;
  struct msim_trace_arp *arp = &s.record.u.arp;

  (void)state;
  memset(&s.record, 0, sizeof s.record);
  s.record.kind = MSIM_TRACE_STATE;
  st->host = "laptop";
  st->flow = &s.hello;
  st->from = "SYN-SENT";
  st->to = "ESTABLISHED";
  st->why = "SYN and ACK received";
  stage_emit(&s, 1);
  memset(&s.record, 0, sizeof s.record);
  s.record.kind = MSIM_TRACE_CWND;
  cwnd->host = "laptop";
  cwnd->flow = &s.hello;
  cwnd->cwnd_bytes = 14600;
  cwnd->ssthresh_bytes = 65535;
  cwnd->flight_bytes = 2920;
  cwnd->srtt_ns = MSIM_MSEC(20);
  cwnd->rto_ns = MSIM_MSEC(200);
  cwnd->why = "ack";
  stage_emit(&s, 2);
  memset(&s.record, 0, sizeof s.record);
  s.record.kind = MSIM_TRACE_ARP;
  arp->from = "laptop";
  arp->to = "*";
  arp->what = "arp.request";
  arp->target = "router";
  stage_emit(&s, 3);
  arp->reason = "down";
  stage_emit(&s, 4);
  expect("0.000000001 state laptop laptop>mx:25#1 SYN-SENT>ESTABLISHED \"SYN and ACK received\"\n"
         "0.000000002 cwnd laptop laptop>mx:25#1 cwnd 14600 ssthresh 65535 flight 2920 srtt 20ms rto 200ms ack\n"
         "0.000000003 arp laptop>* arp.request target=router\n"
         "0.000000004 arp laptop>* arp.request target=router lost(down)\n");
}

static void memory_that_fails_ends_the_run_cleanly(void **state)
{
  struct msim_out out = {NULL, paper_write};
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    stage_tear_down(&s);
    err = stage_try(&s, fail_at);
    out.ctx = &s.paper;
    if (err == MSIM_OK)
      err = msim_trace_add(s.sim, "text", &out, "host=*,full-text", NULL);
    if (err == MSIM_OK)
      err = msim_sim_start(s.sim);
    if (err == MSIM_OK) {
      stage_hello(&s);
      err = msim_sim_finish(s.sim);
      assert_int_equal(err, msim_sim_failure(s.sim));
    }
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    assert_true(fail_at < 100);
  }
  assert_true(fail_at > 8);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
  const struct CMUnitTest tests[] = {
      CASE(handshake_is_written_as_the_documentation_shows),
      CASE(lines_stand_in_the_order_of_sending_when_fates_do_not),
      CASE(every_fate_has_its_form),
      CASE(packet_that_was_never_sent_has_a_line_with_its_fate),
      CASE(copies_made_by_the_network_are_told_beside_the_fate),
      CASE(packet_without_fate_is_open_at_the_end),
      CASE(line_is_open_after_ten_seconds_and_its_fate_comes_later),
      CASE(no_more_lines_are_held_than_the_limit),
      CASE(held_bytes_are_bounded),
      CASE(options_and_notes_of_segments_are_written),
      CASE(timestamps_are_written_on_a_syn_or_when_asked_for),
      CASE(addresses_are_written_only_when_asked_for),
      CASE(payload_is_cut_after_120_bytes_unless_all_is_wanted),
      CASE(hostile_payload_stays_one_line),
      CASE(secrets_are_hidden_unless_asked_for),
      CASE(datagrams_show_their_units),
      CASE(fragments_have_lines_and_the_whole_its_fate),
      CASE(broadcast_has_a_line_per_receiver),
      CASE(icmp_for_a_group_has_a_line_for_each_host_that_hears_it),
      CASE(icmp_is_matched_without_numbers),
      CASE(hops_are_lines_of_their_own),
      CASE(events_are_written_with_their_values),
      CASE(states_windows_and_arp_are_written),
      CASE(memory_that_fails_ends_the_run_cleanly),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
