/* test_sink_pcapng.c: the capture, read by a small reader of its own: blocks, options, stamps, packets, comments. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "net/net.h"
#include "trace/stage.h"

extern const struct msim_sink_type msim__sink_pcapng;

#define START_NS (UINT64_C(1767225600) * 1000000000u)

/* ---- the reader: section 3 and 4 of the draft, nothing of it shared with what is tested ---- */

struct option {
  unsigned code, size_bytes;
  const uint8_t *data;
};

struct block {
  uint32_t type;
  const uint8_t *body;
  size_t body_bytes;
  struct option options[8];
  size_t option_count;
};

static struct {
  struct block blocks[256];
  size_t count;
} file;

static struct stage s;

static uint32_t get16(const uint8_t *p)
{
  return p[0] + 256u * p[1];
}

static uint32_t get32(const uint8_t *p)
{
  return get16(p) + 65536u * get16(p + 2);
}

static void read_options(struct block *b, size_t at)
{
  while (at < b->body_bytes) {
    struct option *o = &b->options[b->option_count];
    size_t i;

    assert_true(at + 4 <= b->body_bytes);
    o->code = get16(b->body + at);
    o->size_bytes = get16(b->body + at + 2);
    o->data = b->body + at + 4;
    at += 4;
    if (o->code == 0) {
      assert_int_equal(o->size_bytes, 0);
      assert_int_equal(at, b->body_bytes);
      return;
    }
    assert_true(at + o->size_bytes <= b->body_bytes);
    for (i = at + o->size_bytes; i % 4 != 0; i++)
      assert_int_equal(b->body[i], 0);
    at = (at + o->size_bytes + 3) / 4 * 4;
    assert_true(++b->option_count < 8);
  }
  fail_msg("options without an end");
}

static void read_file(void)
{
  const uint8_t *data;
  size_t at = 0;

  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  data = (const uint8_t *)s.paper.data;
  memset(&file, 0, sizeof file);
  while (at < s.paper.size_bytes) {
    struct block *b = &file.blocks[file.count];
    uint32_t size;

    assert_true(file.count++ < 255);
    assert_true(s.paper.size_bytes - at >= 12);
    size = get32(data + at + 4);
    assert_true(size >= 12 && size % 4 == 0 && size <= s.paper.size_bytes - at);
    assert_int_equal(get32(data + at + size - 4), size);
    b->type = get32(data + at);
    b->body = data + at + 8;
    b->body_bytes = size - 12;
    if (b->type == 0x0a0d0d0a)
      read_options(b, 16);
    else if (b->type == 1)
      read_options(b, 8);
    else if (b->type == 6)
      read_options(b, 20 + (get32(b->body + 12) + 3) / 4 * 4);
    at += size;
  }
  assert_true(file.count > 0);
  assert_int_equal(file.blocks[0].type, 0x0a0d0d0a);
}

static const struct block *block_at(uint32_t type, size_t index)
{
  size_t i;

  for (i = 0; i < file.count; i++) {
    if (file.blocks[i].type == type && index-- == 0)
      return &file.blocks[i];
  }
  return NULL;
}

static void expect_option(const struct block *b, unsigned code, const char *text)
{
  size_t i;

  assert_non_null(b);
  for (i = 0; i < b->option_count; i++) {
    if (b->options[i].code != code)
      continue;
    assert_non_null(text);
    if (b->options[i].size_bytes != strlen(text) || memcmp(b->options[i].data, text, strlen(text)) != 0)
      fail_msg("\"%.*s\" instead of \"%s\"", (int)b->options[i].size_bytes, (const char *)b->options[i].data, text);
    return;
  }
  assert_null(text);
}

/* The index-th packet: its interface, time since the start, comment; what it is decoded to is returned. */
static struct msim_packet expect_packet(size_t index, uint32_t interface, msim_ns at_ns, const char *comment)
{
  const struct block *b = block_at(6, index);
  struct msim_packet packet;
  struct msim_slice bytes;

  assert_non_null(b);
  assert_int_equal(get32(b->body), interface);
  assert_int_equal(((uint64_t)get32(b->body + 4) << 32 | get32(b->body + 8)), START_NS + at_ns);
  assert_int_equal(get32(b->body + 12), get32(b->body + 16));
  expect_option(b, 1, comment);
  bytes.data = b->body + 20;
  bytes.size_bytes = get32(b->body + 12);
  assert_int_equal(msim_packet_decode(&packet, bytes), MSIM_OK);
  return packet;
}

/* ---- the stage ---- */

static int try_open(const char *options, uint64_t fail_at)
{
  struct msim_out out = {&s.paper, paper_write};
  int err = stage_try(&s, fail_at);

  if (err == MSIM_OK)
    err = msim_sink_register(s.sim, &msim__sink_pcapng);
  if (err == MSIM_OK)
    err = msim_trace_add(s.sim, "pcapng", &out, options, NULL);
  return err == MSIM_OK ? msim_sim_start(s.sim) : err;
}

static void open_with(const char *options)
{
  assert_int_equal(try_open(options, 0), MSIM_OK);
}

static int tear_down(void **state)
{
  (void)state;
  stage_tear_down(&s);
  return 0;
}

/* One segment of the client on that link, sent and not yet arrived. */
static void send_on(const char *link, uint32_t number, msim_ns at_ns, const char *text)
{
  stage_segment(&s, &s.hello, true, number, text == NULL ? A : P, number, 1, text);
  s.record.u.packet.link = link;
  stage_emit(&s, at_ns);
}

/* ---- the head ---- */

static void section_tells_what_ran_and_that_nothing_is_hidden(void **state)
{
  /* block type, length 0x..., byte-order magic, version 1.0, length of the section unknown */
  static const uint8_t magic[] = {0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255};

  (void)state;
  open_with(NULL);
  read_file();
  assert_int_equal(file.count, 1); /* no host, no packet, no link */
  assert_memory_equal(file.blocks[0].body, magic, sizeof magic);
  expect_option(&file.blocks[0], 1,
                "seed 1, engine 1. Simulated traffic. Passwords and all else stand here as they were sent.");
  expect_option(&file.blocks[0], 2, "simulated");
  expect_option(&file.blocks[0], 4, "mailsim " MSIM_VERSION);
}

static void link_is_an_interface_from_its_first_packet_on(void **state)
{
  static const uint8_t raw_ip_uncut[] = {101, 0, 0, 0, 0, 0, 0, 0};
  const struct block *b;

  (void)state;
  open_with(NULL);
  send_on("laptop-mx", 1, 0, NULL);
  send_on("M\xc3\xbcnchen", 2, 1, NULL);
  send_on("laptop-mx", 3, 2, NULL);
  read_file();
  assert_null(block_at(1, 2));
  b = block_at(1, 0);
  assert_memory_equal(b->body, raw_ip_uncut, sizeof raw_ip_uncut);
  expect_option(b, 2, "laptop-mx");
  expect_option(b, 9, "\x09");
  expect_option(b, 14, NULL);
  expect_option(block_at(1, 1), 2, "M\xc3\xbcnchen");
  (void)expect_packet(0, 0, 0, "laptop>mx:25#1 c1 open");
  (void)expect_packet(1, 1, 1, "laptop>mx:25#1 c2 open");
  (void)expect_packet(2, 0, 2, "laptop>mx:25#1 c3 open");
}

static void start_that_does_not_fit_stands_in_the_interface(void **state)
{
  static const uint8_t minus_one[] = {255, 255, 255, 255, 255, 255, 255, 255};
  const struct block *b;
  size_t i;

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  assert_int_equal(msim_sink_register(s.sim, &msim__sink_pcapng), MSIM_OK);
  s.sim->start_unix_s = -1;
  assert_int_equal(msim_trace_add(s.sim, "pcapng", &(struct msim_out){&s.paper, paper_write}, NULL, NULL), MSIM_OK);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  send_on("l", 1, 5, NULL);
  read_file();
  b = block_at(1, 0);
  for (i = 0; i < b->option_count && b->options[i].code != 14; i++)
    ;
  assert_true(i < b->option_count && b->options[i].size_bytes == 8);
  assert_memory_equal(b->options[i].data, minus_one, 8);
  b = block_at(6, 0);
  assert_int_equal(get32(b->body + 4), 0);
  assert_int_equal(get32(b->body + 8), 5);
}

/* ---- packets ---- */

static void packet_has_all_its_bytes_and_true_checksums(void **state)
{
  /* MSS 1460, SACK permitted, window scale 7 behind a NOP; twice NOP behind them */
  static const uint8_t options[12] = {2, 4, 0x05, 0xb4, 4, 2, 1, 3, 3, 7, 1, 1};
  struct msim_packet got;

  (void)state;
  open_with(NULL);
  stage_segment(&s, &s.hello, false, 1, S | A, 0, 1, "early");
  s.packet.options.data = options;
  s.packet.options.size_bytes = sizeof options;
  s.packet.id = 0xbeef;
  s.packet.tos = 0x2e;
  s.packet.dont_fragment = true;
  s.packet.l4.tcp.urgent = 3;
  s.record.u.packet.link = "l";
  stage_emit(&s, MSIM_SEC(3600) + 1);
  stage_arrive(&s, MSIM_SEC(3600) + 10000001);
  read_file();
  got = expect_packet(0, 0, MSIM_SEC(3600) + 1, "laptop>mx:25#1 s1 +10ms");
  assert_true(msim_addr_equal(&got.src, &s.packet.src) && msim_addr_equal(&got.dst, &s.packet.dst));
  assert_int_equal(got.id, 0xbeef);
  assert_int_equal(got.tos, 0x2e);
  assert_int_equal(got.ttl, 64);
  assert_true(got.dont_fragment);
  assert_int_equal(got.l4.tcp.seq, 100);
  assert_int_equal(got.l4.tcp.ack, 4000000001u);
  assert_int_equal(got.l4.tcp.flags, S | A);
  assert_int_equal(got.l4.tcp.window, 65535);
  assert_int_equal(got.l4.tcp.urgent, 3);
  assert_int_equal(got.options.size_bytes, sizeof options);
  assert_memory_equal(got.options.data, options, sizeof options);
  assert_int_equal(got.payload.size_bytes, 5);
  assert_memory_equal(got.payload.data, "early", 5);
}

static void datagram_and_icmp_have_their_words(void **state)
{
  struct msim_packet got;

  (void)state;
  open_with(NULL);
  stage_packet(&s, MSIM_TRACE_DATAGRAM, &s.query, true, 1, "question");
  s.record.u.packet.link = "l";
  stage_emit(&s, 0);
  stage_packet(&s, MSIM_TRACE_ICMP, &s.query, false, 0, "the quoted datagram");
  s.record.u.packet.link = "l";
  s.record.u.packet.what = "icmp.port-unreachable";
  s.packet.proto = MSIM_PROTO_ICMP;
  s.packet.l4.icmp.type = 3;
  s.packet.l4.icmp.code = 3;
  stage_emit(&s, 1);
  stage_arrive(&s, 1001);
  s.record.u.packet.flow = NULL; /* about nothing that is known */
  s.record.u.packet.point = MSIM_POINT_TX;
  stage_emit(&s, 2000);
  read_file();
  got = expect_packet(0, 0, 0, "laptop>ns:53#1 c1 open");
  assert_int_equal(got.proto, MSIM_PROTO_UDP);
  assert_int_equal(got.l4.udp.src_port, 49152);
  assert_int_equal(got.l4.udp.dst_port, 53);
  assert_memory_equal(got.payload.data, "question", 8);
  got = expect_packet(1, 0, 1, "ns>laptop icmp.port-unreachable about laptop>ns:53#1 +1us");
  assert_int_equal(got.l4.icmp.type, 3);
  assert_int_equal(got.l4.icmp.code, 3);
  (void)expect_packet(2, 0, 2000, "ns>laptop icmp.port-unreachable open");
}

static void fragments_stand_there_instead_of_the_whole(void **state)
{
  struct msim_packet got;

  (void)state;
  open_with(NULL);
  stage_packet(&s, MSIM_TRACE_DATAGRAM, &s.query, true, 1, "questionably");
  s.record.u.packet.link = "l";
  s.record.u.packet.fragmented = true;
  stage_emit(&s, 0);
  stage_fragment(&s, 0, true, "12345678question");
  stage_emit(&s, 0);
  stage_fragment(&s, 16, false, "ably");
  stage_emit(&s, 1);
  stage_arrive(&s, 1001);
  read_file();
  got = expect_packet(0, 0, 0, "laptop>ns:53#1 c1 open");
  assert_true(got.more_fragments);
  assert_int_equal(got.id, 7);
  assert_memory_equal(got.payload.data, "12345678question", 16);
  got = expect_packet(1, 0, 1, "laptop>ns:53#1 c1 +1us");
  assert_int_equal(got.fragment_offset_bytes, 16);
  assert_int_equal(got.payload.size_bytes, 4);
}

static void what_never_came_to_a_link_is_left_out(void **state)
{
  (void)state;
  open_with(NULL);
  send_on(NULL, 1, 0, NULL);
  stage_drop(&s, 0, "no-route");
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, NULL);
  s.record.u.packet.link = "l";
  s.packet.src.family = MSIM_FAMILY_IPV6; /* has no bytes here */
  stage_emit(&s, 1);
  stage_event(&s, MSIM_TRACE_APP, "mx", "x", NULL, 0);
  stage_emit(&s, 2);
  read_file();
  assert_null(block_at(6, 0));
}

static void secrets_are_not_hidden(void **state)
{
  struct msim_trace_unit unit;
  struct msim_packet got;

  (void)state;
  open_with(NULL);
  stage_segment(&s, &s.hello, true, 5, P, 1, 1, "AUTH PLAIN AGEAYg==\r\n");
  memset(&unit, 0, sizeof unit);
  unit.unit = "auth.credentials";
  unit.secret = true;
  unit.end_byte = 21;
  s.record.u.packet.units = &unit;
  s.record.u.packet.unit_count = 1;
  s.record.u.packet.link = "l";
  stage_emit(&s, 0);
  read_file();
  got = expect_packet(0, 0, 0, "laptop>mx:25#1 c5 open");
  assert_memory_equal(got.payload.data, "AUTH PLAIN AGEAYg==\r\n", 21);
}

static void bytes_that_are_not_known_are_not_captured(void **state)
{
  const struct block *b;

  (void)state;
  open_with(NULL);
  stage_segment(&s, &s.hello, true, 5, P, 1, 1, "0123456789");
  s.record.u.packet.link = "l";
  s.record.u.packet.unseen_bytes = 4;
  stage_emit(&s, 0);
  read_file();
  b = block_at(6, 0);
  assert_int_equal(get32(b->body + 12), 46);
  assert_int_equal(get32(b->body + 16), 50);
  assert_memory_equal(b->body + 20 + 40, "012345", 6);
  expect_option(b, 1, "laptop>mx:25#1 c5 open");
}

/* ---- fates ---- */

static void fate_stands_in_the_comment_and_packets_in_the_order_of_sending(void **state)
{
  (void)state;
  open_with(NULL);
  send_on("l", 1, 0, NULL);
  stage_segment(&s, &s.hello, true, 2, A, 1, 1, NULL);
  s.record.u.packet.link = "l";
  s.record.u.packet.rtx_number = 1;
  stage_emit(&s, 10);
  stage_arrive(&s, 2010);
  send_on("l", 3, 2020, "x");
  stage_drop(&s, 2021, "corrupt");
  send_on("l", 4, 2030, "x");
  s.record.u.packet.fault = "f1";
  stage_drop(&s, 2031, "loss");
  /* and only now what became of the first one */
  stage_segment(&s, &s.hello, true, 1, A, 1, 1, NULL);
  stage_drop(&s, 3000, "queue");
  read_file();
  (void)expect_packet(0, 0, 0, "laptop>mx:25#1 c1 lost(queue)");
  (void)expect_packet(1, 0, 10, "laptop>mx:25#1 c2 +2us rtx c1");
  (void)expect_packet(2, 0, 2020, "laptop>mx:25#1 c3 corrupt");
  (void)expect_packet(3, 0, 2030, "laptop>mx:25#1 c4 lost(loss f1)");
  assert_null(block_at(6, 4));
}

static void copy_is_told_while_its_packet_is_held(void **state)
{
  (void)state;
  open_with(NULL);
  send_on("l", 1, 0, NULL);
  send_on("l", 2, 0, NULL);
  s.record.u.packet.duplicate = true;
  stage_arrive(&s, 3000);
  s.record.u.packet.duplicate = false;
  stage_arrive(&s, 4000);
  s.record.u.packet.duplicate = true;
  stage_drop(&s, 5000, "ttl");
  read_file();
  (void)expect_packet(0, 0, 0, "laptop>mx:25#1 c1 open");
  (void)expect_packet(1, 0, 0, "laptop>mx:25#1 c2 +4us dup+3us dup-lost(ttl)");
}

static void packet_is_written_as_open_after_ten_seconds(void **state)
{
  (void)state;
  open_with(NULL);
  send_on("l", 1, 0, NULL);
  stage_arrive(&s, MSIM_SEC(10) + 1);
  send_on("l", 2, MSIM_SEC(11), NULL);
  stage_arrive(&s, MSIM_SEC(11) + 1000);
  read_file();
  (void)expect_packet(0, 0, 0, "laptop>mx:25#1 c1 open");
  (void)expect_packet(1, 0, MSIM_SEC(11), "laptop>mx:25#1 c2 +1us");
}

static void broadcast_says_so(void **state)
{
  struct msim_flow all;

  (void)state;
  open_with(NULL);
  stage_flow(&all, "laptop", "*", 67, MSIM_PROTO_UDP, 77);
  stage_packet(&s, MSIM_TRACE_DATAGRAM, &all, true, 1, "x");
  s.record.u.packet.link = "l";
  stage_emit(&s, 0);
  stage_arrive(&s, 10);
  stage_arrive(&s, 20);
  read_file();
  (void)expect_packet(0, 0, 0, "laptop>*:67#1 c1 broadcast");
  assert_null(block_at(6, 1));
}

static void option_rx_captures_what_arrives(void **state)
{
  (void)state;
  open_with("point=rx");
  send_on("first", 1, 0, NULL);
  s.record.u.packet.link = "last";
  stage_arrive(&s, 10);
  s.record.u.packet.duplicate = true;
  stage_arrive(&s, 11);
  send_on("first", 2, 20, NULL);
  stage_drop(&s, 25, "loss");
  send_on("first", 3, 30, "x");
  s.record.u.packet.rtx_number = 2;
  s.record.u.packet.link = "last";
  stage_drop(&s, 40, "corrupt");
  read_file();
  expect_option(block_at(1, 0), 2, "last");
  assert_null(block_at(1, 1));
  (void)expect_packet(0, 0, 10, "laptop>mx:25#1 c1");
  (void)expect_packet(1, 0, 11, "laptop>mx:25#1 c1 dup");
  (void)expect_packet(2, 0, 40, "laptop>mx:25#1 c3 corrupt rtx c2");
  assert_null(block_at(6, 3));
}

static void option_hops_captures_what_routers_pass_on(void **state)
{
  (void)state;
  open_with("hops");
  send_on("first", 1, 0, NULL);
  s.record.u.packet.point = MSIM_POINT_FWD;
  s.record.u.packet.link = "second";
  stage_emit(&s, 10);
  stage_drop(&s, 10, "queue");
  read_file();
  expect_option(block_at(1, 1), 2, "second");
  (void)expect_packet(0, 0, 0, "laptop>mx:25#1 c1 lost(queue@second)");
  (void)expect_packet(1, 1, 10, "laptop>mx:25#1 c1 fwd");
}

static void wrong_value_of_point_ends_the_start(void **state)
{
  (void)state;
  assert_int_equal(try_open("point=middle", 0), MSIM_ERR_INVALID);
  assert_non_null(strstr(msim_sim_error(s.sim), "tx or rx, not \"middle\""));
}

/* ---- failures ---- */

static void every_allocation_may_fail(void **state)
{
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err == MSIM_ERR_NOMEM; fail_at++) {
    err = try_open("conn=*", fail_at);
    if (err == MSIM_OK) {
      stage_hello(&s);
      send_on("l", 9, MSIM_SEC(1), "text");
      err = msim_sim_failure(s.sim);
    }
    if (err == MSIM_OK)
      err = msim_sim_finish(s.sim);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    stage_tear_down(&s);
  }
  assert_true(fail_at > 10);
  open_with(NULL);
}

static void failed_writing_ends_the_run(void **state)
{
  (void)state;
  open_with(NULL);
  s.paper.fail_at_call = 1;
  send_on("l", 1, 0, NULL);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_ERR_IO);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(section_tells_what_ran_and_that_nothing_is_hidden, tear_down),
      cmocka_unit_test_teardown(link_is_an_interface_from_its_first_packet_on, tear_down),
      cmocka_unit_test_teardown(start_that_does_not_fit_stands_in_the_interface, tear_down),
      cmocka_unit_test_teardown(packet_has_all_its_bytes_and_true_checksums, tear_down),
      cmocka_unit_test_teardown(datagram_and_icmp_have_their_words, tear_down),
      cmocka_unit_test_teardown(fragments_stand_there_instead_of_the_whole, tear_down),
      cmocka_unit_test_teardown(what_never_came_to_a_link_is_left_out, tear_down),
      cmocka_unit_test_teardown(secrets_are_not_hidden, tear_down),
      cmocka_unit_test_teardown(bytes_that_are_not_known_are_not_captured, tear_down),
      cmocka_unit_test_teardown(fate_stands_in_the_comment_and_packets_in_the_order_of_sending, tear_down),
      cmocka_unit_test_teardown(copy_is_told_while_its_packet_is_held, tear_down),
      cmocka_unit_test_teardown(packet_is_written_as_open_after_ten_seconds, tear_down),
      cmocka_unit_test_teardown(broadcast_says_so, tear_down),
      cmocka_unit_test_teardown(option_rx_captures_what_arrives, tear_down),
      cmocka_unit_test_teardown(option_hops_captures_what_routers_pass_on, tear_down),
      cmocka_unit_test_teardown(wrong_value_of_point_ends_the_start, tear_down),
      cmocka_unit_test_teardown(every_allocation_may_fail, tear_down),
      cmocka_unit_test_teardown(failed_writing_ends_the_run, tear_down),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
