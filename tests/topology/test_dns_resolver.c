/* test_dns_resolver.c: the resolver that walks down from the root: what it asks, remembers, believes and gives up. Half
 * of its partners are name servers of the library; the others are written here, and lie. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/dns_stage.h"

static const char world[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  out:\n"
    "  dns:\n"
    "    agents: [{dns-resolver: {roots: [root], cache-size: 100}}]\n"
    "  root:\n"
    "    agents: [{dns-server: {zones: {.: {delegate: {example: tld, test: tld}}}}}]\n"
    "  tld:\n"
    "    agents:\n"
    "      - dns-server:\n"
    "          zones:\n"
    "            example: {delegate: {y.example: [gone, ns], glueless.example: ns.glue.test, lame.example: [tld, ns],\n"
    "                                 circle-a.example: ns.circle-b.example, circle-b.example: ns.circle-a.example}}\n"
    "            test: {delegate: {glue.test: ns}}\n"
    "  gone:\n"
    "  ns:\n"
    "    agents:\n"
    "      - dns-server:\n"
    "          zones:\n"
    "            y.example:\n"
    "              negative-ttl: 30s\n"
    "              records:\n"
    "                - {name: www, type: A, value: 192.0.2.7, ttl: 60s}\n"
    "                - {name: alias, type: CNAME, value: www.glue.test}\n"
    "                - {name: loop1, type: CNAME, value: loop2}\n"
    "                - {name: loop2, type: CNAME, value: loop1}\n"
    "                - {name: big, type: TXT, value: [\n"
    "                    aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "baaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "caaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "daaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "eaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "faaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "gaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "haaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "iaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "jaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "kaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,\n"
    "                    "
    "laaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]}\n"
    "            glueless.example: {records: [{type: MX, value: 10 mx.y.example}]}\n"
    "            lame.example: {records: [{type: TXT, value: here}]}\n"
    "            glue.test: {records: [{name: www, type: A, value: 192.0.2.8, ttl: 90s},\n"
    "                                  {name: ns, type: A, value: ns}]}\n"
    "links:\n"
    "  - {join: [out, dns], delay: 1ms}\n"
    "  - {join: [dns, root], delay: 10ms}\n"
    "  - {join: [dns, tld], delay: 10ms}\n"
    "  - {join: [dns, ns], delay: 10ms}\n"
    "  - {join: [dns, gone], delay: 10ms}\n";

static struct dns_stage *open_world(const char *yaml)
{
  struct dns_stage *stage = malloc(sizeof *stage);

  assert_non_null(stage);
  dns_stage_open(stage, yaml);
  return stage;
}

/* Ends the run, so that the trace is complete, and counts in it. */
static unsigned count_in_trace(struct dns_stage *stage, const char *what)
{
  assert_int_equal(msim_sim_finish(stage->sim), MSIM_OK);
  return dns_count(stage->trace.data, what);
}

static void close_world(struct dns_stage *stage)
{
  dns_stage_close(stage);
  free(stage);
}

static void wait_s(struct dns_stage *stage, unsigned seconds)
{
  assert_int_equal(msim_sim_advance_to(stage->sim, msim_sim_now_ns(stage->sim) + MSIM_SEC(seconds)), MSIM_OK);
}

/* RFC 1034 5.3.3; the first of the two servers runs no name server, and ICMP says so. */
static void answer_is_found_and_remembered_with_what_is_left_of_its_time(void **state)
{
  struct dns_stage *stage = open_world(world);

  (void)state;
  assert_string_equal(dns_ask(stage, "dns", "WWW.y.example", "A+*"),
                      "NOERROR ra; AN WWW.y.example 60 A 192.0.2.7; OPT 1232 0");
  wait_s(stage, 20);
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "A+"), "NOERROR ra; AN www.y.example 39 A 192.0.2.7");
  wait_s(stage, 41);
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "A+"), "NOERROR ra; AN www.y.example 60 A 192.0.2.7");
  assert_int_equal(count_in_trace(stage, "udp dns>ns:53#"), 4); /* two questions, two answers */
  assert_int_equal(dns_count(stage->trace.data, "udp dns>root:53#"), 2);
  assert_int_equal(dns_count(stage->trace.data, "app dns dns.cache_hit name=www.y.example type=A"), 1);
  assert_int_equal(dns_count(stage->trace.data, "app dns dns.expired name=www.y.example type=A"), 1);
  assert_int_equal(dns_count(stage->trace.data, "app dns dns.learned zone=y.example server=ns.y.example"), 1);
  close_world(stage);
}

/* RFC 2308: as long as the SOA record says, for the type, and for the name as a whole. */
static void that_there_is_nothing_is_remembered_too(void **state)
{
  struct dns_stage *stage = open_world(world);

  (void)state;
  assert_string_equal(dns_ask(stage, "dns", "absent.y.example", "A+"), "NXDOMAIN ra; NS y.example 30 SOA ns.y.example");
  wait_s(stage, 10);
  assert_string_equal(dns_ask(stage, "dns", "absent.y.example", "MX+"),
                      "NXDOMAIN ra; NS y.example 19 SOA ns.y.example");
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "MX+"), "NOERROR ra; NS y.example 30 SOA ns.y.example");
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "MX+"), "NOERROR ra; NS y.example 29 SOA ns.y.example");
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "A+"), "NOERROR ra; AN www.y.example 60 A 192.0.2.7");
  wait_s(stage, 31);
  assert_string_equal(dns_ask(stage, "dns", "absent.y.example", "A+"), "NXDOMAIN ra; NS y.example 30 SOA ns.y.example");
  assert_int_equal(count_in_trace(stage, "udp dns>ns:53#"), 8);
  close_world(stage);
}

static void aliases_lead_to_other_zones_but_not_for_ever(void **state)
{
  struct dns_stage *stage = open_world(world);

  (void)state;
  assert_string_equal(dns_ask(stage, "dns", "alias.y.example", "A+"),
                      "NOERROR ra; AN alias.y.example 3599 CNAME www.glue.test; AN www.glue.test 90 A 192.0.2.8");
  assert_string_equal(dns_ask(stage, "dns", "alias.y.example", "A+"),
                      "NOERROR ra; AN alias.y.example 3599 CNAME www.glue.test; AN www.glue.test 89 A 192.0.2.8");
  assert_string_equal(dns_ask(stage, "dns", "alias.y.example", "CNAME+"),
                      "NOERROR ra; AN alias.y.example 3599 CNAME www.glue.test");
  assert_string_equal(dns_ask(stage, "dns", "loop1.y.example", "A+"), "SERVFAIL ra");
  assert_int_equal(count_in_trace(stage, "name=loop1.y.example"), 3); /* asked for once, and two answers */
  close_world(stage);
}

/* The address of the server is looked for on the way; servers in a circle have none. */
static void servers_without_an_address_are_looked_for(void **state)
{
  struct dns_stage *stage = open_world(world);

  (void)state;
  assert_string_equal(dns_ask(stage, "dns", "glueless.example", "MX+"),
                      "NOERROR ra; AN glueless.example 3600 MX 10 mx.y.example");
  assert_string_equal(dns_ask(stage, "dns", "www.circle-a.example", "A+"), "SERVFAIL ra");
  assert_int_equal(msim_sim_is_quiet(stage->sim), 1);
  assert_string_equal(dns_ask(stage, "dns", "www.circle-a.example", "A+"), "SERVFAIL ra");
  assert_int_equal(count_in_trace(stage, "app dns dns.cache_hit"), 0);
  close_world(stage);
}

/* tld is said to serve lame.example, and refers back to itself. */
static void lame_server_is_left_for_the_next(void **state)
{
  struct dns_stage *stage = open_world(world);

  (void)state;
  assert_string_equal(dns_ask(stage, "dns", "lame.example", "TXT+"), "NOERROR ra; AN lame.example 3600 TXT here");
  close_world(stage);
}

static void large_answer_comes_by_tcp_and_is_cut_for_who_cannot_take_it(void **state)
{
  struct dns_stage *stage = open_world(world);

  (void)state;
  assert_string_equal(dns_ask(stage, "dns", "big.y.example", "TXT+*"), "NOERROR tc ra; OPT 1232 0");
  assert_string_equal(dns_ask(stage, "dns", "big.y.example", "TXT+"), "NOERROR tc ra");
  assert_true(count_in_trace(stage, "tcp dns>ns:53#1 ") > 0);
  assert_int_equal(dns_count(stage->trace.data, "tcp dns>ns:53#2 "), 0); /* the second time it was known */
  close_world(stage);
}

static void who_may_not_ask_is_refused(void **state)
{
  static const char closed[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  out:\n"
      "  dns: {agents: [{dns-resolver: {roots: [root], serve: [203.0.113.0/29, 10.0.0.0/8]}}]}\n"
      "  root: {agents: [{dns-server: {zones: [.]}}]}\n"
      "links:\n"
      "  - {join: [out, dns], delay: 1ms}\n"
      "  - {join: [dns, root], delay: 1ms}\n";
  struct dns_stage *stage = open_world(closed);

  (void)state;
  assert_string_equal(dns_ask(stage, "dns", "root", "A+"), "REFUSED ra"); /* 203.0.113.9 is not in 203.0.113.0/29 */
  close_world(stage);
  stage = open_world(world);
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "A"), "REFUSED ra"); /* recursion is not wanted */
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "ANY+"), "NOERROR ra; AN www.y.example 3600 TYPE13 ?");
  close_world(stage);
}

/* The root is away: an answer comes before the asker has given up, and the failure is remembered for five seconds. */
static void silent_root_ends_in_a_failure_that_is_remembered(void **state)
{
  static const char silent[] = "mailsim: 1\n"
                               "hosts:\n"
                               "  out:\n"
                               "  dns: {agents: [{dns-resolver: {roots: [root, 192.0.2.200]}}]}\n"
                               "  root: {icmp-errors: false}\n"
                               "links:\n"
                               "  - {join: [out, dns], delay: 1ms}\n"
                               "  - {join: [dns, root], delay: 1ms}\n";
  struct dns_stage *stage = open_world(silent);
  msim_ns began_ns;

  (void)state;
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "A+"), "SERVFAIL ra");
  assert_true(msim_sim_now_ns(stage->sim) > MSIM_SEC(3) && msim_sim_now_ns(stage->sim) < MSIM_SEC(4));
  began_ns = msim_sim_now_ns(stage->sim);
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "A+"), "SERVFAIL ra");
  assert_true(msim_sim_now_ns(stage->sim) - began_ns < MSIM_MSEC(10));
  wait_s(stage, 6);
  began_ns = msim_sim_now_ns(stage->sim);
  assert_string_equal(dns_ask(stage, "dns", "www.y.example", "A+"), "SERVFAIL ra");
  assert_true(msim_sim_now_ns(stage->sim) - began_ns > MSIM_SEC(3));
  close_world(stage);
}

/* The same questions at once cost one walk (the first waits for it, the others too). */
static void equal_questions_at_once_are_asked_once(void **state)
{
  static const char many[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  dns: {agents: [{dns-resolver: {roots: [root]}}]}\n"
      "  root: {agents: [{dns-server: {zones: {.: {records: [{name: www.test, type: A, value: 192.0.2.1}]}}}}]}\n"
      "  pc[1..20]:\n"
      "    resolver: dns\n"
      "    agents: [{dns-client: {script: [{at: 1s, name: www.test}, {at: 2s, name: www.test}]}}]\n"
      "links:\n"
      "  - {join: [dns, root], delay: 10ms}\n";
  char text[4096];
  struct topology_text trace = {NULL, 0, 0};
  struct msim_slice yaml = {(const uint8_t *)text, 0};
  struct msim_out out = {&trace, dns_stage_keep};
  struct msim_sim *sim;
  unsigned i;

  (void)state;
  strcpy(text, many);
  for (i = 1; i <= 20; i++)
    sprintf(text + strlen(text), "  - {join: [pc%u, dns], delay: 1ms}\n", i);
  yaml.size_bytes = strlen(text);
  topology_text_append(&trace, "", 0);
  assert_int_equal(msim_sim_new(&sim, NULL), MSIM_OK);
  assert_int_equal(msim_topology_load_text(sim, "many", yaml, NULL, dns_stage_tell, NULL), MSIM_OK);
  assert_int_equal(msim_trace_add(sim, "text", &out, NULL, NULL), MSIM_OK);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), MSIM_OK);
  assert_int_equal(msim_sim_finish(sim), MSIM_OK);
  assert_int_equal(dns_count(trace.data, "udp dns>root:53#"), 2);
  assert_int_equal(dns_count(trace.data, "dns.answer name=www.test type=A address=192.0.2.1 ttl=3600 server="), 20);
  assert_int_equal(dns_count(trace.data, "dns.cache_hit"), 20);
  msim_sim_free(sim);
  free(trace.data);
}

/* `zones: [y.example]`: hosts by their names, and who takes mail. All that a host can look up; without a name server
 * the same from the host table, and no event. */
static void hosts_of_the_topology_are_found_by_dns(void **state)
{
  static const char *const rows[] = {
      "dns.answer name=www.y.example type=A address=192.0.2.7 ttl=3600 server=192.0.2.53",
      "dns.answer name=mx.y.example type=A address=192.0.2.25 ttl=3600 server=192.0.2.53",
      "dns.answer name=y.example type=MX data=mx.y.example preference=10 ttl=3600 server=192.0.2.53",
      "dns.answer name=192.0.2.25 type=PTR data=mx.y.example ttl=3600 server=192.0.2.53",
      "dns.answer name=six.z.example type=AAAA address=2001:db8::6 ttl=3600 server=192.0.2.53",
      "dns.answer name=six.z.example type=TXT data=\"two words\" ttl=3600 server=192.0.2.53",
      "dns.failed name=six.z.example type=A reason=no-such-record permanent=true",
      "dns.failed name=no..name type=A reason=bad-name permanent=true",
      "dns.failed name=pc.z.example type=A reason=no-such-name permanent=true",
      "app pc hosts.answer name=mx type=A address=192.0.2.25\n",
  };
  /* the host table says what it knows, but not where nothing had to be looked up */
  static const char table[] =
      "1.000000000 app quiet hosts.answer name=mx type=A address=192.0.2.25\n"
      "1.000000000 app quiet hosts.answer name=y.example type=MX data=mx preference=10\n"
      "1.000000000 app quiet hosts.answer name=192.0.2.25 type=PTR data=mx\n"
      "1.000000000 app quiet hosts.failed name=mx type=AAAA reason=no-such-name permanent=true\n"
      "1.000000000 app quiet hosts.failed name=bare type=A reason=no-address permanent=true\n";
  static const char yaml[] =
      "mailsim: 1\n"
      "networks: {office: {prefix: 10.9.0.0/24}}\n"
      "hosts:\n"
      "  out:\n"
      "  pc:\n"
      "    resolver: ns\n"
      "    agents: [{dns-client: {script: [\n"
      "      {at: 1s, name: www.y.example}, {at: 2s, name: mx.y.example}, {at: 3s, name: y.example, type: MX},\n"
      "      {at: 4s, name: 192.0.2.25, type: PTR}, {at: 5s, name: six.z.example, type: AAAA},\n"
      "      {at: 6s, name: six.z.example, type: TXT}, {at: 7s, name: six.z.example}, {at: 8s, name: no..name},\n"
      "      {at: 9s, name: pc.z.example}, {at: 10s, name: mx}]}}]\n"
      "  quiet: {agents: [{dns-client: {script: [{at: 1s, name: mx}, {at: 1s, name: y.example, type: MX},\n"
      "    {at: 1s, name: 192.0.2.25, type: PTR}, {at: 1s, name: mx, type: AAAA}, {at: 1s, name: 192.0.2.25},\n"
      "    {at: 1s, name: quiet}, {at: 1s, name: bare}]}}]}\n"
      "  bare: {networks: {office: none}}\n"
      "  ns:\n"
      "    address: 192.0.2.53\n"
      "    agents:\n"
      "      - dns-server:\n"
      "          zones:\n"
      "            y.example:\n"
      "            z.example: {records: [{name: six, type: AAAA, value: \"2001:db8::6\"},\n"
      "                                  {name: six, type: TXT, value: two words}]}\n"
      "            2.0.192.in-addr.arpa: {records: [{name: \"25\", type: PTR, value: mx.y.example}]}\n"
      "  www.y.example: {address: 192.0.2.7}\n"
      "  mx: {address: 192.0.2.25, agents: [{smtp-server: {domains: {y.example: [b]}}}]}\n"
      "links:\n"
      "  - {join: [ns, pc], delay: 1ms}\n"
      "  - {join: [ns, mx], delay: 1ms}\n"
      "  - {join: [ns, out], delay: 1ms}\n";
  struct dns_stage *stage = open_world(yaml);
  size_t i;

  (void)state;
  assert_int_equal(msim_sim_run(stage->sim, MSIM_NEVER), MSIM_OK);
  assert_int_equal(msim_sim_finish(stage->sim), MSIM_OK);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (dns_count(stage->trace.data, rows[i]) != 1)
      fail_msg("not there: %s\n%s", rows[i], stage->trace.data);
  assert_int_equal(dns_count(stage->trace.data, " app pc "), sizeof rows / sizeof rows[0]);
  assert_int_equal(dns_count(stage->trace.data, table), 1);
  assert_int_equal(dns_count(stage->trace.data, "app quiet "), 5);
  close_world(stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(answer_is_found_and_remembered_with_what_is_left_of_its_time),
      cmocka_unit_test(that_there_is_nothing_is_remembered_too),
      cmocka_unit_test(aliases_lead_to_other_zones_but_not_for_ever),
      cmocka_unit_test(servers_without_an_address_are_looked_for),
      cmocka_unit_test(lame_server_is_left_for_the_next),
      cmocka_unit_test(large_answer_comes_by_tcp_and_is_cut_for_who_cannot_take_it),
      cmocka_unit_test(who_may_not_ask_is_refused),
      cmocka_unit_test(silent_root_ends_in_a_failure_that_is_remembered),
      cmocka_unit_test(hosts_of_the_topology_are_found_by_dns),
      cmocka_unit_test(equal_questions_at_once_are_asked_once),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
