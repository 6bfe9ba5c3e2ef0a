/* test_port_mail.c: a stranger behind a port, played by hand segment by segment, brings a mail to a simulated server,
 * and what the trace makes of it, recognised or not. The stranger's numbers and options are its own; the server's TCP
 * is the real one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "support/topology_run.h"

#include <stdlib.h>
#include <string.h>

#define OUTSIDE 0xcb007109u /* 203.0.113.9, in the range behind the port */
#define SERVER 0x0a000019u  /* 10.0.0.25 */
#define FIRST 0xfffffff0u   /* the stranger's initial number: it wraps in the dialogue */

static const char topology[] = "mailsim: 1\n"
                               "hosts:\n"
                               "  mx:\n"
                               "    addresses: [10.0.0.25]\n"
                               "    agents: [{smtp-server: {domains: {b.example: [bob]}}}]\n"
                               "  router:\n"
                               "  out:\n"
                               "links:\n"
                               "  - {join: [out, router], delay: 10ms}\n"
                               "  - {join: [router, mx], delay: 5ms}\n";

struct peer {
  struct msim_sim *sim;
  struct msim_port *port;
  uint32_t seq, ack; /* what the stranger sends next, what it expects */
  char heard[4096];  /* text of the server that has come in order */
  size_t heard_bytes;
  bool got_syn, got_fin;
  struct topology_text trace;
};

static struct peer p;

static int keep(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return 0;
}

static void tell(void *user, const struct msim_diag *diag)
{
  (void)user;
  fail_msg("%u:%u: %s", diag->line, diag->column, diag->text);
}

static void stop(void *ctx, struct msim_port *port)
{
  (void)ctx;
  assert_ptr_equal(port, p.port);
  msim_sim_stop(p.sim);
}

static void open_port(bool recognise, const char *sink, const char *options)
{
  static const char *const routes[] = {"203.0.113.0/24", NULL};
  struct msim_slice text = {(const uint8_t *)topology, sizeof topology - 1};
  struct msim_port_opts opts;
  struct msim_out out = {&p.trace, keep};

  memset(&p, 0, sizeof p);
  topology_text_append(&p.trace, "", 0);
  assert_int_equal(msim_sim_new(&p.sim, NULL), MSIM_OK);
  assert_int_equal(msim_topology_load_text(p.sim, "port.yaml", text, NULL, tell, NULL), MSIM_OK);
  memset(&opts, 0, sizeof opts);
  opts.routes = routes;
  opts.arrived = stop;
  opts.recognise = recognise;
  assert_int_equal(msim_port_open(p.sim, "out", &opts, &p.port), MSIM_OK);
  assert_int_equal(msim_trace_add(p.sim, sink, &out, options, NULL), MSIM_OK);
  p.seq = FIRST;
}

static void open_world(void)
{
  open_port(false, "text", "addresses");
}

static int close_world(void **state)
{
  (void)state;
  msim_sim_free(p.sim);
  free(p.trace.data);
  return 0;
}

/* ---- the stranger's TCP: sends when told to, acknowledges everything ---- */

static void send_segment(uint16_t flags, const char *text)
{
  /* MSS 1000, NOP, window scale 2, and an option of its own */
  static const uint8_t syn_options[] = {2, 4, 0x03, 0xe8, 1, 3, 3, 2, 253, 4, 0xab, 0xcd};
  struct msim_packet packet;
  struct msim_slice bytes;
  uint8_t room[2048];

  memset(&packet, 0, sizeof packet);
  packet.src = msim_addr_ipv4(OUTSIDE);
  packet.dst = msim_addr_ipv4(SERVER);
  packet.proto = MSIM_PROTO_TCP;
  packet.ttl = 128;
  packet.dont_fragment = true;
  packet.l4.tcp.src_port = 40000;
  packet.l4.tcp.dst_port = 25;
  packet.l4.tcp.seq = p.seq;
  packet.l4.tcp.ack = (flags & MSIM_TCP_ACK) != 0 ? p.ack : 0;
  packet.l4.tcp.flags = flags;
  packet.l4.tcp.window = 5000;
  if ((flags & MSIM_TCP_SYN) != 0) {
    packet.options.data = syn_options;
    packet.options.size_bytes = sizeof syn_options;
  }
  packet.payload.data = (const uint8_t *)text;
  packet.payload.size_bytes = text == NULL ? 0 : strlen(text);
  bytes.data = room;
  bytes.size_bytes = msim_packet_encode(&packet, room, sizeof room);
  assert_int_not_equal(bytes.size_bytes, 0);
  assert_int_equal(msim_port_inject(p.port, bytes), MSIM_OK);
  p.seq += (uint32_t)packet.payload.size_bytes + ((flags & MSIM_TCP_SYN) != 0) + ((flags & MSIM_TCP_FIN) != 0);
}

static void take_segment(const struct msim_packet *packet)
{
  const struct msim_tcp_view *tcp = &packet->l4.tcp;

  assert_int_equal(packet->proto, MSIM_PROTO_TCP);
  assert_int_equal(msim_addr_ipv4_value(&packet->src), SERVER);
  assert_int_equal(msim_addr_ipv4_value(&packet->dst), OUTSIDE);
  assert_int_equal(tcp->dst_port, 40000);
  assert_int_equal(packet->ttl, 63); /* one router */
  if ((tcp->flags & MSIM_TCP_SYN) != 0) {
    assert_int_equal(tcp->ack, FIRST + 1);
    p.got_syn = true;
    p.ack = tcp->seq + 1;
    return;
  }
  assert_int_equal(tcp->seq, p.ack); /* nothing is lost here */
  assert_true(packet->payload.size_bytes <= 1000);
  assert_true(p.heard_bytes + packet->payload.size_bytes < sizeof p.heard);
  if (packet->payload.size_bytes > 0)
    memcpy(p.heard + p.heard_bytes, packet->payload.data, packet->payload.size_bytes);
  p.heard_bytes += packet->payload.size_bytes;
  p.heard[p.heard_bytes] = '\0';
  p.ack += (uint32_t)packet->payload.size_bytes;
  if ((tcp->flags & MSIM_TCP_FIN) != 0) {
    p.got_fin = true;
    p.ack++;
  }
}

/* Runs until a reply of the server with this code is complete, or nothing more happens. */
static bool hear(const char *code)
{
  uint8_t room[65535];
  struct msim_slice bytes = {room, 0};
  struct msim_packet packet;
  const char *line;
  msim_ns at_ns;

  for (;;) {
    line = strstr(p.heard, code);
    if (line != NULL && strstr(line, "\r\n") != NULL) {
      p.heard_bytes = 0;
      p.heard[0] = '\0';
      return true;
    }
    assert_int_equal(msim_sim_run(p.sim, MSIM_SEC(60)), MSIM_OK);
    bytes.size_bytes = msim_port_extract(p.port, room, sizeof room, &at_ns);
    if (bytes.size_bytes == 0)
      return false;
    assert_int_equal(at_ns, msim_sim_now_ns(p.sim)); /* the loop ended as it came */
    assert_int_equal(msim_packet_decode(&packet, bytes), MSIM_OK);
    take_segment(&packet);
    if (packet.payload.size_bytes > 0 || (packet.l4.tcp.flags & MSIM_TCP_FIN) != 0)
      send_segment(MSIM_TCP_ACK, NULL);
    else if (code[0] == '\0')
      return true;
  }
}

static void say(const char *text, const char *code)
{
  send_segment(MSIM_TCP_ACK | MSIM_TCP_PSH, text);
  if (!hear(code))
    fail_msg("no %s behind %s", code, text);
}

/* ---- the tests ---- */

static void stranger_delivers_a_mail_by_hand(void **state)
{
  struct msim_port_counters counters;
  char *line;

  (void)state;
  open_world();
  send_segment(MSIM_TCP_SYN, NULL);
  assert_true(hear("")); /* SYN and ACK */
  assert_true(p.got_syn);
  send_segment(MSIM_TCP_ACK, NULL);
  assert_true(hear("220 "));
  say("EHLO stranger\r\n", "250 ");
  say("MAIL FROM:<a@a.example>\r\n", "250 ");
  say("RCPT TO:<bob@b.example>\r\n", "250 ");
  say("DATA\r\n", "354 ");
  say("Subject: from outside\r\n\r\nHello\r\n.\r\n", "250 ");
  say("QUIT\r\n", "221 ");
  assert_false(hear("xxx")); /* its FIN */
  assert_true(p.got_fin);
  send_segment(MSIM_TCP_FIN | MSIM_TCP_ACK, NULL);
  assert_false(hear("xxx"));
  assert_int_equal(msim_sim_finish(p.sim), MSIM_OK);
  msim_port_counters(p.port, &counters);
  assert_int_equal(counters.waiting_count, 0);
  assert_int_equal(counters.overflow_count, 0);

  /* the trace: one connection, named by the port, with numbers that begin at 0 on both sides */
  line = strstr(p.trace.data, " tcp ");
  assert_non_null(line);
  assert_memory_equal(
      line, " tcp out>mx:25#1 c1 203.0.113.9:40000>10.0.0.25:25 S 0:0(0) win 5000 <mss 1000,wscale 2> +15ms",
      strlen(" tcp out>mx:25#1 c1 203.0.113.9:40000>10.0.0.25:25 S 0:0(0) win 5000 <mss 1000,wscale 2> +15ms"));
  assert_non_null(strstr(p.trace.data, " tcp out>mx:25#1 s1 10.0.0.25:25>203.0.113.9:40000 S. 0:0(0) ack 1 "));
  assert_non_null(
      strstr(p.trace.data, " tcp out>mx:25#1 c2 203.0.113.9:40000>10.0.0.25:25 . 1:1(0) ack 1 win 5000 +15ms"));
  assert_non_null(strstr(p.trace.data, " P. 1:16(15) ack "));
  assert_non_null(strstr(p.trace.data, "\"EHLO stranger\\r\\n\""));
  assert_non_null(strstr(p.trace.data, " message.accepted "));
  assert_non_null(strstr(p.trace.data, " store.add "));
  assert_null(strstr(p.trace.data, "#2"));
  assert_null(strstr(p.trace.data, "lost("));
}

static void closed_port_refuses_the_stranger(void **state)
{
  struct msim_packet packet, syn;
  struct msim_slice bytes;
  uint8_t room[2048];

  (void)state;
  open_world();
  memset(&syn, 0, sizeof syn);
  syn.src = msim_addr_ipv4(OUTSIDE);
  syn.dst = msim_addr_ipv4(SERVER);
  syn.proto = MSIM_PROTO_TCP;
  syn.ttl = 64;
  syn.l4.tcp.src_port = 1;
  syn.l4.tcp.dst_port = 110;
  syn.l4.tcp.seq = 77;
  syn.l4.tcp.flags = MSIM_TCP_SYN;
  bytes.data = room;
  bytes.size_bytes = msim_packet_encode(&syn, room, sizeof room);
  assert_int_equal(msim_port_inject(p.port, bytes), MSIM_OK);
  assert_int_equal(msim_sim_run(p.sim, MSIM_SEC(1)), MSIM_OK);
  bytes.size_bytes = msim_port_extract(p.port, room, sizeof room, NULL);
  assert_int_equal(msim_packet_decode(&packet, bytes), MSIM_OK);
  assert_int_equal(packet.l4.tcp.flags, MSIM_TCP_RST | MSIM_TCP_ACK); /* RFC 9293 3.10.7.1 */
  assert_int_equal(packet.l4.tcp.seq, 0);
  assert_int_equal(packet.l4.tcp.ack, 78);
  assert_int_equal(msim_sim_finish(p.sim), MSIM_OK);
  assert_non_null(strstr(p.trace.data, " tcp out>mx:110#1 s1 "));
  assert_non_null(strstr(p.trace.data, " ack 1 win 0"));
}

static void agent_of_a_port_is_refused(void **state)
{
  (void)state;
  open_world();
  assert_int_equal(msim_agent_add_yaml(msim_port_node(p.port), "smtp-server", "", NULL, NULL), MSIM_ERR_STATE);
}

/* ---- what the stranger says is recognised ---- */

static void open_recognised(const char *options)
{
  open_port(true, "jsonl", options);
  send_segment(MSIM_TCP_SYN, NULL);
  assert_true(hear(""));
  send_segment(MSIM_TCP_ACK, NULL);
  assert_true(hear("220 "));
}

static void close_recognised(void)
{
  say("QUIT\r\n", "221 ");
  assert_false(hear("xxx"));
  send_segment(MSIM_TCP_FIN | MSIM_TCP_ACK, NULL);
  assert_false(hear("xxx"));
  assert_int_equal(msim_sim_finish(p.sim), MSIM_OK);
}

static void assert_traced(const char *what)
{
  if (strstr(p.trace.data, what) == NULL)
    fail_msg("is not in the trace: %s", what);
}

static void mail_of_a_stranger_has_units(void **state)
{
  (void)state;
  open_recognised(NULL);
  say("EHLO stranger\r\n", "250 ");
  say("MAIL FROM:<a@a.example>\r\nRCPT TO:<bob@b.example>\r\nDA", "250 2.1.0");
  say("TA\r\n", "354 ");
  say("Subject: from outside\r\n\r\nHello\r\n.\r\n", "250 ");
  close_recognised();
  assert_traced("\"carries\":[{\"unit\":\"smtp.envelope\",\"message\":\"out-1\",\"edges\":[\"first\",\"last\"]},"
                "{\"unit\":\"smtp.envelope\",\"message\":\"out-1\",\"edges\":[\"first\",\"last\"]}]");
  assert_traced("\"text\":\"TA\\r\\n\",\"carries\":[{\"unit\":\"smtp.command\",\"edges\":[\"last\"]}]");
  assert_traced("{\"unit\":\"mail.content\",\"message\":\"out-1\",\"edges\":[\"first\",\"last\"]}");
  assert_traced("{\"unit\":\"smtp.reply\",\"message\":\"out-1\"");
  assert_traced("\"event\":\"message.accepted\",\"values\":{\"message\":\"out-1\"");
}

/* Again, early, and long after: hidden each time. */
static void login_of_a_stranger_is_hidden(void **state)
{
  static const char login[] = "AUTH PLAIN c2VjcmV0\r\n";
  uint32_t at;
  unsigned i;

  (void)state;
  open_recognised(NULL);
  say("EHLO stranger\r\n", "250 ");
  at = p.seq;
  say(login, "50");
  p.seq = at;
  send_segment(MSIM_TCP_ACK, login); /* as if the ACK were lost */
  for (i = 0; i < 40; i++)
    say("NOOP\r\n", "250 ");
  at = p.seq - at;
  p.seq -= at;
  send_segment(MSIM_TCP_ACK, login);
  p.seq += at - (uint32_t)strlen(login);
  at = p.seq;
  p.seq += 6;
  send_segment(MSIM_TCP_ACK, login); /* before what stands in front of it */
  p.seq = at;
  say("NOOP\r\n", "50");
  p.seq += (uint32_t)strlen(login);
  say("NOOP\r\n", "250 ");
  close_recognised();
  assert_traced("\"text\":\"<redacted:21>\"");
  assert_traced("\"text\":\"NOOP\\r\\n\",\"carries\":[{\"unit\":\"smtp.command\",\"edges\":[\"first\",\"last\"]}]");
  assert_null(strstr(p.trace.data, "c2VjcmV0"));
}

static void login_behind_many_commands_is_hidden(void **state)
{
  static char text[6 * 60 + 64];
  unsigned i;

  (void)state;
  for (i = 0; i < 60; i++)
    memcpy(text + 6 * (size_t)i, "NOOP\r\n", 7);
  strcpy(text + 6 * 60, "AUTH PLAIN c2VjcmV0\r\nNOOP\r\n");
  open_recognised("full-text");
  say("EHLO stranger\r\n", "250 ");
  send_segment(MSIM_TCP_ACK, text);
  assert_false(hear("xxx"));
  p.heard_bytes = 0;
  assert_int_equal(msim_sim_finish(p.sim), MSIM_OK);
  assert_null(strstr(p.trace.data, "c2VjcmV0"));
  assert_traced("<redacted:");
}

/* Behind a gap that is never filled nobody knows anything. */
static void stranger_with_a_gap_is_hidden(void **state)
{
  uint32_t at;
  unsigned i;

  (void)state;
  open_recognised(NULL);
  say("EHLO stranger\r\n", "250 ");
  at = p.seq;
  p.seq += 6;
  for (i = 0; i < 40; i++)
    send_segment(MSIM_TCP_ACK, "NOOP early\r\n");
  p.seq = at;
  say("NOOP\r\n", "250 ");
  assert_int_equal(msim_sim_finish(p.sim), MSIM_OK);
  assert_null(strstr(p.trace.data, "NOOP early"));
  assert_traced("\"text\":\"<redacted:12>\",\"carries\":[{\"unit\":\"auth.credentials\",\"hidden\":[0,12]}]");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(stranger_delivers_a_mail_by_hand, close_world),
      cmocka_unit_test_teardown(closed_port_refuses_the_stranger, close_world),
      cmocka_unit_test_teardown(agent_of_a_port_is_refused, close_world),
      cmocka_unit_test_teardown(mail_of_a_stranger_has_units, close_world),
      cmocka_unit_test_teardown(login_of_a_stranger_is_hidden, close_world),
      cmocka_unit_test_teardown(login_behind_many_commands_is_hidden, close_world),
      cmocka_unit_test_teardown(stranger_with_a_gap_is_hidden, close_world),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
