/* test_ipv6.c: mail between hosts that speak both IPv4 and IPv6: which address is taken, and what happens where one of
 * the two is broken (RFC 8305). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/topology_run.h"

static int load(struct msim_sim *sim, void *ctx)
{
  const struct msim_slice text = {ctx, strlen(ctx)};

  return msim_topology_load_text(sim, "six", text, NULL, NULL, NULL);
}

/* A PC with resolver and account, its provider's host, a name server: "pc" - "r" - "mx", "other", "dns". zone: the
 * records of x.example. more: further keys of the topology. */
static void run(struct topology_run *out, const char *pc, const char *zone, const char *more)
{
  static char text[4096];

  snprintf(
      text, sizeof text,
      "mailsim: 1\n"
      "hosts:\n"
      "  pc:\n"
      "    %s\n"
      "    resolver: dns\n"
      "    agents:\n"
      "      - user: {address: a@x.example, submit: smtp.x.example, script: [{at: 1s, send: {message: m1, to: "
      "b@x.example}}]}\n"
      "  r:\n"
      "  mx: {addresses: [192.0.2.25, \"2001:db8::25\"], agents: [{smtp-server: {domains: {x.example: [a, b]}}}]}\n"
      "  other: {addresses: [192.0.2.9, \"2001:db8::9\"]}\n"
      "  dns:\n"
      "    agents: [{dns-server: {zones: {x.example: {records: [%s]}}}}]\n"
      "links:\n"
      "  - {join: [pc, r], delay: 10ms}\n"
      "  - {join: [r, mx], delay: 10ms}\n"
      "  - {join: [r, other], delay: 10ms}\n"
      "  - {join: [r, dns], delay: 10ms}\n"
      "%s",
      pc, zone, more);
  topology_run_built(out, load, text, 1, "text", NULL);
  if (out->err != 0)
    fail_msg("%s", out->error);
}

static void expect(const struct topology_run *r, const char *line)
{
  if (strstr(r->trace.data, line) == NULL)
    fail_msg("no \"%s\" in\n%s", line, r->trace.data);
}

static void expect_not(const struct topology_run *r, const char *line)
{
  if (strstr(r->trace.data, line) != NULL)
    fail_msg("\"%s\" in\n%s", line, r->trace.data);
}

#define BOTH "addresses: [192.0.2.1, \"2001:db8::1\"]"
#define MX_A "{name: smtp, type: A, value: mx}"
#define MX_AAAA "{name: smtp, type: AAAA, value: mx}"

static void mail_when_both_work_then_by_ipv6_at_the_first_attempt(void **state)
{
  struct topology_run r;

  (void)state;
  run(&r, BOTH, MX_A ", " MX_AAAA, "");
  expect(&r, "dns.query name=smtp.x.example type=AAAA");
  expect(&r, "dns.query name=smtp.x.example type=A\n");
  expect(&r, "c1 S 0:0(0) win 65535 <mss 1440");
  expect(&r, "message.sent message=m1");
  expect_not(&r, "connection.chosen");
  assert_int_equal(r.counters.connection_count, 1);
  free(r.trace.data);
}

/* Nothing is asked for or tried that a host cannot use. */
static void mail_when_one_family_then_that(void **state)
{
  struct topology_run r;

  (void)state;
  run(&r, "address: 192.0.2.1", MX_A ", " MX_AAAA, "");
  expect_not(&r, "type=AAAA");
  expect(&r, "c1 S 0:0(0) win 65535 <mss 1460");
  expect(&r, "message.sent message=m1");
  free(r.trace.data);
  run(&r, BOTH, MX_A, ""); /* the provider's host has no AAAA */
  expect(&r, "dns.failed name=smtp.x.example type=AAAA reason=no-such-record permanent=true");
  expect(&r, "c1 S 0:0(0) win 65535 <mss 1460");
  expect(&r, "message.sent message=m1");
  free(r.trace.data);
  run(&r, BOTH, MX_AAAA, "");
  expect(&r, "c1 S 0:0(0) win 65535 <mss 1440");
  expect(&r, "message.sent message=m1");
  free(r.trace.data);
}

/* A refusal makes the next attempt begin at once: a round trip of 40 ms behind the first one. */
static void mail_when_ipv6_is_refused_then_by_ipv4_at_once(void **state)
{
  struct topology_run r;

  (void)state;
  run(&r, BOTH, MX_A ", {name: smtp, type: AAAA, value: other}", "");
  expect(&r, "1.040000000 tcp pc>other:25#1 c1 S 0:0(0) win 65535 <mss 1440");
  expect(&r, "1.080000000 tcp pc>mx:25#1 c1 S 0:0(0) win 65535 <mss 1460");
  expect(&r, "connection.chosen address=192.0.2.25:25 attempts=2");
  expect(&r, "message.sent message=m1");
  free(r.trace.data);
}

static void mail_when_ipv6_is_a_black_hole_then_by_ipv4_after_250_ms(void **state)
{
  struct topology_run r;

  (void)state;
  topology_run_file(&r, MSIM_SOURCE_DIR "/topologies/ipv6/fallback.yaml", NULL, 1, "text", NULL);
  assert_int_equal(r.err, 0);
  expect(&r, "1.000000000 tcp pc>mx:25#1 c1 S 0:0(0) win 65535 <mss 1440");
  expect(&r, "lost(no-ipv6)");
  expect(&r, "1.250000000 tcp pc>mx:25#2 c1 S 0:0(0) win 65535 <mss 1460");
  expect(&r, "pc>mx:25#1 SYN-SENT>CLOSED abort");
  expect(&r, "connection.chosen address=198.51.100.25:25 attempts=2");
  expect(&r, "message.accepted message=m1");
  free(r.trace.data);
}

/* Neither answers: both attempts end, and what the person hears is one failure. */
static void mail_when_neither_works_then_one_failure(void **state)
{
  struct topology_run r;

  (void)state;
  run(&r, BOTH, "{name: smtp, type: A, value: other}, {name: smtp, type: AAAA, value: other}", "until: 60s\n");
  expect(&r, "tcp pc>other:25#1 s1 R.");
  expect(&r, "tcp pc>other:25#2 s1 R.");
  expect(&r, "reason=connection");
  expect_not(&r, "message.sent");
  free(r.trace.data);
}

/* RFC 8305 3: the answer about AAAA is lost, and is waited for by 50 ms. */
static void names_when_one_answer_is_late_then_the_other_one_after_50_ms(void **state)
{
  struct topology_run r;

  (void)state;
  run(&r, BOTH, MX_A ", " MX_AAAA, "faults:\n  - {id: late, drop: {conn: \"pc>dns:53#1\", segment: s1}}\n");
  expect(&r, "1.090000000 tcp pc>mx:25#1 c1 S 0:0(0) win 65535 <mss 1460");
  expect_not(&r, "mss 1440");
  expect(&r, "message.sent message=m1");
  free(r.trace.data);
}

/* RFC 5321 4.1.3: a relay sends to the address that stands in the mail's. */
static void mail_when_for_an_address_literal_then_there(void **state)
{
  static char text[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  pc:\n"
      "    addresses: [192.0.2.1, \"2001:db8::1\"]\n"
      "    agents:\n"
      "      - user: {address: a@x.example, submit: isp, script: [{at: 1s, send: {message: m1, to: "
      "\"b@[IPv6:2001:db8::9]\"}}]}\n"
      "  isp:\n"
      "    addresses: [192.0.2.25, \"2001:db8::25\"]\n"
      "    agents: [{smtp-server: {domains: {x.example: [a]}, relay-from: [a@x.example]}}, smtp-client]\n"
      "  other: {address: \"2001:db8::9\"}\n"
      "links: [{join: [pc, isp], delay: 10ms}, {join: [isp, other], delay: 10ms}]\n"
      "until: 10s\n";
  struct topology_run r;

  (void)state;
  topology_run_built(&r, load, text, 1, "text", NULL);
  if (r.err != 0)
    fail_msg("%s", r.error);
  expect(&r, "RCPT TO:<b@[IPv6:2001:db8::9]>");
  expect(&r, "tcp isp>other:25#1 c1 S 0:0(0) win 65535 <mss 1440");
  free(r.trace.data);
}

/* ---- in networks ---- */

/* pc, router: their places in the network; and further keys of theirs. */
static void run_home(struct topology_run *out, const char *pc, const char *pc_more, const char *router,
                     const char *router_more)
{
  static char text[4096];

  snprintf(text, sizeof text,
           "mailsim: 1\n"
           "networks: {home: {prefix: 192.168.1.0/24, delay: 100us}}\n"
           "hosts:\n"
           "  pc:\n"
           "    networks: {home: %s}\n"
           "%s"
           "    agents:\n"
           "      - user: {address: a@x.example, submit: smtp.x.example, script: [{at: 1s, send: {message: m1, to: "
           "b@x.example}}]}\n"
           "  router: {networks: {home: %s}%s}\n"
           "  mx: {address: \"2001:db8:9::25\", agents: [{smtp-server: {domains: {x.example: [a, b]}}}]}\n"
           "  dns:\n"
           "    address: \"2001:db8:9::53\"\n"
           "    agents: [{dns-server: {zones: {x.example: {records: [" MX_AAAA "]}}}}]\n"
           "links:\n"
           "  - {join: [router, mx], delay: 10ms}\n"
           "  - {join: [mx, dns], delay: 1ms}\n",
           pc, pc_more, router, router_more);
  topology_run_built(out, load, text, 1, "text", NULL);
  if (out->err != 0)
    fail_msg("%s", out->error);
}

#define ROUTER6 "{address: none, ipv6: \"2001:db8:1::1\", advertise: {dns: dns}}"

static void mail_when_written_before_there_is_an_address_then_it_waits(void **state)
{
  struct topology_run r;

  (void)state;
  run_home(&r, "{address: none, ipv6: auto}", "", ROUTER6, "");
  expect(&r, "app pc ipv6.address network=home address=2001:db8:1:0:");
  expect(&r, "server=2001:db8:9::53");
  expect(&r, "message.sent message=m1");
  free(r.trace.data);
}

static void mail_when_nobody_advertises_then_a_failure_that_says_so(void **state)
{
  struct topology_run r;

  (void)state;
  run_home(&r, "{address: none, ipv6: auto}", "", "{address: none, ipv6: \"2001:db8:1::1\"}", "");
  expect(&r, "app pc ipv6.no-router network=home");
  expect(&r, "message.failed message=m1 protocol=smtp reason=no-address");
  free(r.trace.data);
}

static void mail_when_told_an_address_then_by_the_next_hop_of_the_topology(void **state)
{
  struct topology_run r;

  (void)state;
  run_home(&r, "{address: none, ipv6: \"2001:db8:1::7\"}", "    resolver: dns\n",
           "{address: none, ipv6: \"2001:db8:1::1\"}", "");
  expect(&r, "icmp pc>* icmp.neighbor-solicitation for router");
  expect(&r, "message.sent message=m1");
  expect_not(&r, "router-solicitation");
  free(r.trace.data);
}

static void mail_when_dhcp_has_no_servers_then_those_of_the_router(void **state)
{
  struct topology_run r;

  (void)state;
  run_home(&r, "{address: dhcp, ipv6: auto}", "",
           "{address: 192.168.1.1, ipv6: \"2001:db8:1::1\", advertise: {dns: dns}}",
           ", agents: [{dhcp-server: {range: 192.168.1.100-192.168.1.199}}]");
  expect(&r, "dhcp.bound");
  expect(&r, "server=2001:db8:9::53");
  expect(&r, "message.sent message=m1");
  free(r.trace.data);
}

/* ---- name servers by IPv6 ---- */

static void names_when_a_resolver_has_ipv6_alone_then_it_walks_by_it(void **state)
{
  static const char text[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  pc:\n"
      "    address: \"2001:db8:1::1\"\n"
      "    resolver: resolver\n"
      "    agents: [{dns-client: {script: [{at: 1s, name: www.x.example, type: AAAA}, {at: 2s, name: "
      "\"2001:db8:1::5\", type: "
      "PTR}]}}]\n"
      "  resolver: {address: \"2001:db8:1::53\", agents: [{dns-resolver: {roots: root}}]}\n"
      "  root:\n"
      "    address: \"2001:db8:2::1\"\n"
      "    agents: [{dns-server: {zones: {\".\": {records: [{name: x.example, type: NS, value: ns.y.example.}, {name: "
      "ip6.arpa, type: NS, value: ns.y.example.}, {name: y.example, type: NS, value: ns.y.example.}, {name: "
      "ns.y.example, "
      "type: AAAA, value: ns}]}}}}]\n"
      "  ns:\n"
      "    address: \"2001:db8:2::2\"\n"
      "    agents: [{dns-server: {zones: {x.example: {records: [{name: www, type: AAAA, value: \"2001:db8:1::5\"}]}, "
      "y.example: {records: [{name: ns, type: AAAA, value: ns}]}, ip6.arpa: {records: [{name: "
      "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2, type: PTR, value: www.x.example.}]}}}}]\n"
      "  r:\n"
      "links: [{join: [pc, r], delay: 1ms}, {join: [resolver, r], delay: 1ms}, {join: [root, r], delay: 1ms}, {join: "
      "[ns, "
      "r], delay: 1ms}]\n";
  struct topology_run r;

  (void)state;
  topology_run_built(&r, load, (void *)(uintptr_t)text, 1, "text", NULL);
  if (r.err != 0)
    fail_msg("%s", r.error);
  expect(&r, "udp resolver>ns:53#");
  expect(&r, "app pc dns.answer name=www.x.example type=AAAA address=2001:db8:1::5");
  expect(&r, "app pc dns.answer name=2001:db8:1::5 type=PTR data=www.x.example");
  free(r.trace.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mail_when_both_work_then_by_ipv6_at_the_first_attempt),
      cmocka_unit_test(mail_when_one_family_then_that),
      cmocka_unit_test(mail_when_ipv6_is_refused_then_by_ipv4_at_once),
      cmocka_unit_test(mail_when_ipv6_is_a_black_hole_then_by_ipv4_after_250_ms),
      cmocka_unit_test(mail_when_neither_works_then_one_failure),
      cmocka_unit_test(mail_when_for_an_address_literal_then_there),
      cmocka_unit_test(mail_when_written_before_there_is_an_address_then_it_waits),
      cmocka_unit_test(mail_when_nobody_advertises_then_a_failure_that_says_so),
      cmocka_unit_test(mail_when_told_an_address_then_by_the_next_hop_of_the_topology),
      cmocka_unit_test(mail_when_dhcp_has_no_servers_then_those_of_the_router),
      cmocka_unit_test(names_when_a_resolver_has_ipv6_alone_then_it_walks_by_it),
      cmocka_unit_test(names_when_one_answer_is_late_then_the_other_one_after_50_ms),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
