/* test_address_faults.c: what goes wrong with addresses and names by the section `faults`: name servers, DHCP servers
 * and NATs, and that nothing does without it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "support/topology_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char world_head[] =
    "mailsim: 1\n"
    "networks:\n"
    "  home: {prefix: 192.168.1.0/24, rate: 1Gbit/s, delay: 100us}\n"
    "hosts:\n"
    "  pc:\n"
    "    networks: {home: dhcp}\n"
    "    agents:\n"
    "      - user: {address: a@x.example, submit: mail.x.example, script: [\n"
    "          {at: 10s, send: {message: m1, to: b@y.example, subject: Hi, body: Hello}},\n"
    "          {at: 100s, send: {message: m2, to: b@y.example, subject: Ho, body: Hello}}]}\n"
    "      - dns-client: {script: [{at: 12s, name: www.y.example}, {at: 60s, name: www.y.example}]}\n"
    "  router:\n"
    "    address: 198.51.100.7\n"
    "    networks: {home: 192.168.1.1}\n"
    "    nat: {inside: home, forward: [{port: 8080, to: 192.168.1.2, to-port: 80}]}\n"
    "    agents: [{dhcp-server: {range: 192.168.1.100-192.168.1.199, lease: 100s, dns: [res]}}]\n"
    "  pc2: {networks: {home: 192.168.1.2}}\n"
    "  isp:\n"
    "    address: 203.0.113.25\n"
    "    resolver: res\n"
    "    agents: [{smtp-server: {domains: {x.example: [b]}, relay-from: a@x.example}}, smtp-client]\n"
    "  mx: {address: 203.0.113.26, agents: [{smtp-server: {domains: {y.example: [b]}}}]}\n"
    "  res: {address: 203.0.113.53, agents: [{dns-resolver: {roots: [root]}}]}\n"
    "  root:\n"
    "    agents: [{dns-server: {zones: {'.': {delegate: {x.example: [ns], y.example: [ns, ns2]}}}}}]\n"
    "  ns:\n"
    "    agents:\n"
    "      - dns-server:\n"
    "          zones:\n"
    "            x.example: {records: [{name: mail, type: A, value: isp}]}\n"
    "            y.example: &y {ns: [ns, ns2], hosts: true, records: [{name: www, type: A, value: mx, ttl: 20s}]}\n"
    "  ns2: {agents: [{dns-server: {zones: {y.example: *y}}}]}\n"
    "links:\n"
    "  - {join: [router, isp], delay: 10ms, filter: private-source}\n"
    "  - {join: [isp, mx], delay: 10ms}\n"
    "  - {join: [isp, res], delay: 5ms}\n"
    "  - {join: [isp, root], delay: 5ms}\n"
    "  - {join: [isp, ns], delay: 5ms}\n"
    "  - {join: [isp, ns2], delay: 50ms}\n";

static char findings[2000];

static void note(void *user, const struct msim_diag *diag)
{
  size_t used = strlen(findings);

  (void)user;
  snprintf(findings + used, sizeof findings - used, "%s\n", diag->text);
}

static int build(struct msim_sim *sim, void *ctx)
{
  char text[8000];
  struct msim_slice slice = {(const uint8_t *)text, 0};
  const char *faults = ctx;

  slice.size_bytes =
      (size_t)snprintf(text, sizeof text, "%s%s%s", world_head, faults[0] != '\0' ? "faults:\n" : "", faults);
  findings[0] = '\0';
  return msim_topology_load_text(sim, "test", slice, NULL, note, NULL);
}

static struct topology_run run(const char *faults)
{
  struct topology_run r;
  char copy[4000];

  snprintf(copy, sizeof copy, "%s", faults);
  topology_run_built(&r, build, copy, 1, "text", NULL);
  if (r.err != 0)
    fail_msg("%s\n%s", r.error, findings);
  return r;
}

static void assert_has(const struct topology_run *r, const char *part)
{
  if (strstr(r->trace.data, part) == NULL)
    fail_msg("not in the trace: %s", part);
}

static unsigned count_of(const struct topology_run *r, const char *part)
{
  const char *at = r->trace.data;
  unsigned count = 0;

  while ((at = strstr(at, part)) != NULL) {
    count++;
    at += strlen(part);
  }
  return count;
}

/* A run, and how often each of a list of texts, NULL-terminated, stands in its trace. */
struct expected {
  const char *part;
  unsigned count;
};

static void check(const char *faults, const struct expected *expected)
{
  struct topology_run r = run(faults);

  for (; expected->part != NULL; expected++)
    if (count_of(&r, expected->part) != expected->count)
      fail_msg("%s%s: %u times instead of %u", faults, expected->part, count_of(&r, expected->part), expected->count);
  free(r.trace.data);
}

#define CHECK(faults, ...) check(faults, (const struct expected[]){__VA_ARGS__, {NULL, 0}})

/* ---- nothing ---- */

static void a_fault_that_cannot_strike_changes_no_byte(void **state)
{
  static const char *const faults[] = {
      "  - {id: a, dns: {host: ns, answer: servfail, share: 0%}}\n",
      "  - {id: a, dns: {host: res, answer: timeout, times: 0}}\n",
      "  - {id: a, dns: {host: ns, name: nobody.example, answer: lame}}\n",
      "  - {id: a, dns: {host: ns, type: TXT, answer: nxdomain}}\n",
      "  - {id: a, dns: {host: ns, answer: refused, skip: 1000}}\n",
      "  - {id: a, dhcp: {host: router, answer: silent, share: 0%}}\n",
      "  - {id: a, dhcp: {host: router, answer: nak, times: 0}}\n",
      "  - {id: a, dhcp: {host: router, answer: exhausted, from: mx}}\n",
      "  - {id: a, dhcp: {host: router, answer: silent, message: decline}}\n",
      "  - {id: a, dhcp: {host: router, lease: 10s}, after: {event: never.happens}}\n",
      "  - {id: a, nat: {host: router, reset: false, ports: 0}}\n",
      "  - {id: a, nat: {host: router, reset: true, ports: 1, idle: 1s}, after: {event: never.happens}}\n",
  };
  struct topology_run plain = run("");
  size_t i;

  (void)state;
  assert_int_equal(count_of(&plain, "mx store.add"), 2);
  for (i = 0; i < sizeof faults / sizeof faults[0]; i++) {
    struct topology_run r = run(faults[i]);

    assert_string_equal(r.trace.data, plain.trace.data);
    free(r.trace.data);
  }
  free(plain.trace.data);
}

static void their_order_in_the_file_does_not_matter(void **state)
{
  static const char a[] = "  - {id: a, dns: {host: ns, answer: servfail, share: 50%}}\n",
                    b[] = "  - {id: b, dns: {host: ns, answer: refused, share: 50%}}\n",
                    c[] = "  - {id: c, dhcp: {host: router, answer: nak, times: 1}}\n",
                    d[] = "  - {id: d, dhcp: {host: router, answer: silent, times: 2}}\n",
                    e[] = "  - {id: e, nat: {host: router, idle: 2s}}\n",
                    f[] = "  - {id: f, nat: {host: router, idle: 2s, ports: 3}}\n";
  char text[2000];
  struct topology_run one, two;

  (void)state;
  snprintf(text, sizeof text, "%s%s%s%s%s%s", a, b, c, d, e, f);
  one = run(text);
  snprintf(text, sizeof text, "%s%s%s%s%s%s", f, e, d, c, b, a);
  two = run(text);
  assert_string_equal(one.trace.data, two.trace.data);
  assert_has(&one, "nat.expired id=e");
  assert_int_equal(count_of(&one, "nat.expired id=f"), 0); /* of equal ones the first */
  free(one.trace.data);
  free(two.trace.data);
}

/* ---- name servers ---- */

static void a_server_that_fails_is_passed_over_for_the_next(void **state)
{
  static const char *const answers[] = {"servfail", "refused", "lame", "timeout"};
  char text[200], told[200];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    snprintf(text, sizeof text, "  - {id: a, dns: {host: ns, name: WWW.*, answer: %s}, for: 30s}\n", answers[i]);
    snprintf(told, sizeof told, "fault ns dns id=a name=www.y.example type=A answer=%s", answers[i]);
    CHECK(text, {told, 1}, {"dns.failed", 0}, {"app pc dns.answer name=www.y.example", 2}, {"mx store.add", 2});
  }
}

static void a_resolver_that_lies_is_believed(void **state)
{
  (void)state;
  CHECK("  - {id: a, dns: {host: res, name: www.y.example, answer: nxdomain}, for: 30s}\n",
        {"dns.failed name=www.y.example type=A reason=no-such-name permanent=true", 1},
        {"app pc dns.answer name=www.y.example", 1});
  CHECK("  - {id: a, dns: {host: res, name: www.y.example, answer: servfail}}\n",
        {"dns.failed name=www.y.example type=A reason=server-failure permanent=false", 2},
        {"fault res dns id=a", 4}); /* each question twice */
  /* an authoritative nothing, which nobody can remember without SOA */
  CHECK("  - {id: a, dns: {host: ns, name: www.y.example, answer: nxdomain, times: 1}}\n", {"reason=no-such-name", 1},
        {"app pc dns.answer name=www.y.example", 1});
}

static void a_datagram_that_is_too_short_is_followed_by_tcp(void **state)
{
  (void)state;
  CHECK("  - {id: a, dns: {host: res, name: www.y.example, answer: truncate}}\n",
        {"fault res dns id=a name=www.y.example type=A answer=truncate", 2}, {"truncated=true", 2},
        {"state pc pc>res:53#1 CLOSED>SYN-SENT open", 1}, {"app pc dns.answer name=www.y.example", 2});
}

static void an_old_value_is_remembered_as_long_as_it_says(void **state)
{
  (void)state;
  CHECK("  - {id: a, dns: {host: ns, name: www.y.example, type: A, answer: stale, value: 192.0.2.9, ttl: 10min}, for: "
        "30s}\n",
        {"fault ns dns id=a", 1}, {"app pc dns.answer name=www.y.example type=A address=192.0.2.9 ttl=600", 1},
        {"app pc dns.answer name=www.y.example type=A address=192.0.2.9 ttl=552", 1}); /* long after it was over */
  CHECK(
      "  - {id: a, dns: {host: res, name: y.example, type: MX, answer: stale, value: 10 old.y.example, ttl: 5s}, for: "
      "30s}\n",
      {"app isp dns.answer name=y.example type=MX data=old.y.example", 1}, {"app isp message.failed message=m1", 1},
      {"mx store.add message=m2", 1});
  CHECK("  - {id: a, dns: {host: res, name: www.y.example, type: A, answer: stale, value: router}}\n",
        {"app pc dns.answer name=www.y.example type=A address=198.51.100.7", 2});
}

static void a_share_of_questions_is_drawn_and_so_many_are_struck(void **state)
{
  (void)state;
  CHECK("  - {id: a, dns: {host: res, answer: servfail, skip: 1, times: 2}}\n", {"fault res dns id=a", 2},
        {"fault res dns id=a name=mail.x.example", 0}, {"mx store.add", 2});
}

/* ---- DHCP ---- */

static void a_refused_request_begins_anew(void **state)
{
  (void)state;
  CHECK("  - {id: a, dhcp: {host: router, answer: nak, times: 1}}\n",
        {"fault router dhcp id=a message=request client=pc mac=", 1}, {"answer=nak", 1}, {"app pc dhcp.refused", 1},
        {"app pc dhcp.bound", 1}, {"mx store.add", 2});
  CHECK("  - {id: a, dhcp: {host: router, answer: nak, network: home}, at: 20s}\n", {"app pc dhcp.failed", 1},
        {"message.failed message=m2 protocol=smtp reason=no-address", 1});
}

static void a_silent_server_is_asked_again(void **state)
{
  (void)state;
  CHECK("  - {id: a, dhcp: {host: router, answer: silent, message: discover, times: 2}}\n",
        {"fault router dhcp id=a message=discover", 2}, {"app pc dhcp.bound", 1}, {"mx store.add", 2});
}

static void without_an_address_left_nothing_is_offered(void **state)
{
  (void)state;
  CHECK("  - {id: a, dhcp: {host: router, answer: exhausted, from: pc}, for: 8s}\n",
        {"fault router dhcp id=a message=discover", 2}, {"app router dhcp.exhausted", 2}, {"app pc dhcp.bound", 1});
}

static void a_shorter_lease_is_renewed_more_often(void **state)
{
  (void)state;
  CHECK("  - {id: a, dhcp: {host: router, lease: 20s}, for: 15s}\n",
        {"fault router dhcp id=a message=request client=pc", 2}, {"app router dhcp.leased", 1}, {"lease=20 server", 5});
}

/* ---- NAT ---- */

static void a_nat_that_forgets_cuts_connections_and_keeps_forwards(void **state)
{
  struct topology_run r = run("  - {id: a, nat: {host: router, reset: true}, at: 10150ms}\n");

  (void)state;
  assert_has(&r, "\n10.150000000 fault router nat id=a forgotten=2\n"
                 "10.150000000 app router nat.expired inside=pc proto=udp");
  assert_has(&r, " lost(nat)");
  assert_has(&r, "message.failed message=m1 protocol=smtp reason=timeout");
  assert_has(&r, "mx store.add message=m2");
  assert_int_equal(count_of(&r, "nat.expired inside=pc2"), 0);
  free(r.trace.data);
}

static void a_nat_of_few_ports_refuses_new_ones(void **state)
{
  (void)state;
  CHECK("  - {id: a, nat: {host: router, ports: 1}, for: 30s}\n", {"fault router nat id=a ports=1", 1},
        {"fault router nat.refused id=a inside=pc proto=tcp inside_address=192.168.1.100", 5},
        {"fault router nat.over id=a", 1}, {"icmp router>pc icmp.prohibited about pc>isp:25#1", 5},
        {"mx store.add", 2});
}

static void a_nat_without_patience_forgets_sooner(void **state)
{
  (void)state;
  CHECK("  - {id: a, nat: {host: router, idle: 1s}, for: 30s}\n", {"fault router nat id=a idle_ms=1000", 1},
        {"fault router nat.expired id=a inside=pc proto=tcp", 1},
        {"fault router nat.expired id=a inside=pc proto=udp", 2}, {"mx store.add", 2});
}

/* ---- what is wrong with them ---- */

static void what_cannot_be_meant_is_refused(void **state)
{
  static const char *const cases[][2] = {
      {"dns: {host: mx, answer: lame}", "the host \"mx\" has no agent dns-server or dns-resolver"},
      {"dns: {host: nobody, answer: lame}", "\"nobody\" is no host of this topology"},
      {"dns: {host: ns, answer: stale}", "dns: what was right once? write type and value"},
      {"dns: {host: ns, type: MX, answer: stale, value: mx}", "\"mx\" is no value of the type MX"},
      {"dns: {host: ns, type: A, answer: lame, value: 192.0.2.9}", "dns: a value belongs to answer: stale"},
      {"dns: {host: ns, type: Z, answer: lame}", "a type of records is expected here"},
      {"dhcp: {host: ns, answer: nak}", "the host \"ns\" has no agent dhcp-server"},
      {"dhcp: {host: router}", "dhcp: what goes wrong? write answer or lease"},
      {"dhcp: {host: router, answer: nak, lease: 10s}", "write either answer or lease"},
      {"dhcp: {host: router, lease: 10ms}", "1s at least"},
      {"dhcp: {host: router, answer: nak, from: nobody}", "\"nobody\" is no host of this topology"},
      {"nat: {host: isp, reset: true}", "the host \"isp\" translates nothing"},
  };
  char none[] = "", text[300];
  struct msim_sim *sim;
  size_t i;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(build(sim, none), 0);
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    findings[0] = '\0';
    snprintf(text, sizeof text, "{id: a, %s}", cases[i][0]);
    assert_int_equal(msim_fault_add_yaml(sim, text, note, NULL), MSIM_ERR_SYNTAX);
    if (strstr(findings, cases[i][1]) == NULL)
      fail_msg("%s: %s", cases[i][0], findings);
  }
  msim_sim_free(sim);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_fault_that_cannot_strike_changes_no_byte),
      cmocka_unit_test(their_order_in_the_file_does_not_matter),
      cmocka_unit_test(a_server_that_fails_is_passed_over_for_the_next),
      cmocka_unit_test(a_resolver_that_lies_is_believed),
      cmocka_unit_test(a_datagram_that_is_too_short_is_followed_by_tcp),
      cmocka_unit_test(an_old_value_is_remembered_as_long_as_it_says),
      cmocka_unit_test(a_share_of_questions_is_drawn_and_so_many_are_struck),
      cmocka_unit_test(a_refused_request_begins_anew),
      cmocka_unit_test(a_silent_server_is_asked_again),
      cmocka_unit_test(without_an_address_left_nothing_is_offered),
      cmocka_unit_test(a_shorter_lease_is_renewed_more_often),
      cmocka_unit_test(a_nat_that_forgets_cuts_connections_and_keeps_forwards),
      cmocka_unit_test(a_nat_of_few_ports_refuses_new_ones),
      cmocka_unit_test(a_nat_without_patience_forgets_sooner),
      cmocka_unit_test(what_cannot_be_meant_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
