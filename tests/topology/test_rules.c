/* test_rules.c: rules in C about single packets (fault/rules.c): what they see, what becomes of packets, and that a run
 * without them, or with one that lets everything pass, is as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "support/fail_mem.h"
#include "support/topology_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORLD                                                                                                          \
  "mailsim: 1\n"                                                                                                       \
  "hosts:\n"                                                                                                           \
  "  alice: {agents: [{user: {address: alice@a.example, submit: relay, script: [\n"                                    \
  "    {at: 1s, send: {message: m1, to: bob@b.example, subject: Hi, body: Hello}}]}}]}\n"                              \
  "  relay: {agents: [{smtp-server: {domains: {a.example: [alice]}, relay-from: '@a.example'}}, smtp-client]}\n"       \
  "  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}\n"                                                   \
  "links:\n"                                                                                                           \
  "  - {join: [alice, relay], delay: 10ms, rate: 10Mbit/s}\n"                                                          \
  "  - {join: [relay, mx], delay: 10ms, name: far}\n"

/* A rule of these tests: a verdict for the first `times` packets that carry this, and what it saw. */
struct probe {
  const char *conn, *unit, *text;
  enum msim_verdict verdict;
  msim_ns delay_ns;
  unsigned times, said;
  char seen[4000]; /* "c1 alice>relay S 0 0 …" per packet */
};

static enum msim_verdict on_packet(void *ctx, const struct msim_trace_record *record, msim_ns *delay_ns)
{
  struct probe *probe = ctx;
  const struct msim_trace_packet *packet = &record->u.packet;
  size_t used = strlen(probe->seen);
  char conn[MSIM_FLOW_TEXT_BYTES];

  assert_int_equal(*delay_ns, 0);
  assert_int_equal(packet->point, MSIM_POINT_TX);
  assert_int_equal(record->n, 0);
  (void)msim_flow_format(packet->flow, conn, sizeof conn);
  snprintf(probe->seen + used, sizeof probe->seen - used, "%llu %s %c%u%s %s>%s %u:%zu %s\n",
           (unsigned long long)(record->at_ns / 1000000u), conn, packet->from_client ? 'c' : 's', packet->number,
           packet->rtx_number != 0 ? "r" : "", packet->from, packet->to, packet->seq,
           packet->packet->payload.size_bytes, packet->unit_count > 0 ? packet->units[0].unit : "");
  if (probe->said >= probe->times || (probe->unit != NULL && !msim_rule_carries(record, probe->unit, probe->text)))
    return MSIM_VERDICT_PASS;
  probe->said++;
  *delay_ns = probe->delay_ns;
  return probe->verdict;
}

static int build(struct msim_sim *sim, void *ctx)
{
  static const char world[] = WORLD;
  struct msim_slice text = {(const uint8_t *)world, sizeof world - 1};
  struct probe *probe = ctx;
  int err = msim_topology_load_text(sim, "test", text, NULL, NULL, NULL);

  if (err == MSIM_OK && probe != NULL)
    err = msim_rule_add(sim, "probe", probe->conn, on_packet, probe);
  return err;
}

static struct topology_run run(struct probe *probe)
{
  struct topology_run r;

  topology_run_built(&r, build, probe, 1, "text", NULL);
  if (r.err != 0)
    fail_msg("%s", r.error);
  return r;
}

static void assert_has(const char *text, const char *part)
{
  if (strstr(text, part) == NULL)
    fail_msg("not there: %s, in\n%s", part, text);
}

static size_t count_of(const char *text, const char *part)
{
  size_t count = 0;

  while ((text = strstr(text, part)) != NULL) {
    count++;
    text += strlen(part);
  }
  return count;
}

/* ---- what a rule sees ---- */

static void a_rule_that_lets_pass_changes_no_byte(void **state)
{
  struct probe probe = {.conn = "*"};
  struct topology_run plain = run(NULL), watched = run(&probe);

  (void)state;
  assert_string_equal(plain.trace.data, watched.trace.data);
  assert_int_equal(plain.prints.wire, watched.prints.wire);
  assert_true(probe.seen[0] != '\0');
  free(plain.trace.data);
  free(watched.trace.data);
}

static void it_sees_each_packet_of_its_connections_as_the_trace_does(void **state)
{
  struct probe probe = {.conn = "relay>mx:25#*"};
  struct topology_run r = run(&probe);

  (void)state;
  assert_has(probe.seen, "relay>mx:25#1 c1 relay>mx 0:0 \n");
  assert_has(probe.seen, "relay>mx:25#1 s2 mx>relay 1:30 smtp.reply\n");
  assert_has(probe.seen, " mail.content\n");
  assert_null(strstr(probe.seen, "alice"));
  assert_int_equal(count_of(probe.seen, "\n"), count_of(r.trace.data, " tcp relay>mx:25#1 "));
  free(r.trace.data);
}

/* Behind NAT the same packet enters a second link under another address. */
static void it_is_asked_once_about_a_packet(void **state)
{
  static const char world[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  pc:\n"
      "    networks: {home: 192.168.1.10}\n"
      "    agents: [{user: {address: a@x.example, submit: mx, script: [{send: {to: b@y.example, size: 3kB}}]}}]\n"
      "  box: {address: 198.51.100.7, networks: {home: 192.168.1.1}, nat: {inside: home}}\n"
      "  mx: {agents: [{smtp-server: {domains: {y.example: [b]}}}]}\n"
      "networks:\n"
      "  home: {prefix: 192.168.1.0/24}\n"
      "links:\n"
      "  - {join: [box, mx], delay: 10ms}\n";
  struct msim_slice text = {(const uint8_t *)world, sizeof world - 1};
  struct probe probe = {.conn = "pc>mx:25#1"};
  struct msim_rule_info info;
  struct msim_counters counters;
  struct msim_sim *sim = NULL;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(msim_topology_load_text(sim, "t", text, NULL, NULL, NULL), 0);
  assert_int_equal(msim_rule_add(sim, "probe", probe.conn, on_packet, &probe), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  assert_int_equal(msim_rule_info(sim, "probe", &info), 0);
  msim_sim_counters(sim, &counters);
  assert_true(info.asked_count > 10);
  assert_int_equal(info.asked_count, counters.segment_count);
  msim_sim_free(sim);
}

/* ---- verdicts ---- */

/* As the fault `drop` does it: everything but the name is the same. */
static void a_dropped_reply_is_lost_and_the_mail_comes_twice(void **state)
{
  struct probe probe = {
      .conn = "relay>mx:25#*", .unit = "smtp.reply", .text = "250 2.0.0 *", .verdict = MSIM_VERDICT_DROP, .times = 1};
  struct topology_run r = run(&probe);

  (void)state;
  assert_has(r.trace.data, " fault - drop rule=probe conn=relay>mx:25#1 segment=s");
  assert_has(r.trace.data, "lost(rule probe) \"250 2.0.0 Taken as ");
  assert_int_equal(count_of(r.trace.data, "lost(rule probe)"), 1);
  assert_int_equal(r.counters.drop_count, 1);
  free(r.trace.data);
}

static void a_late_packet_takes_so_much_longer(void **state)
{
  struct probe probe = {.conn = "relay>mx:25#1",
                        .unit = "smtp.reply",
                        .text = "220 *",
                        .verdict = MSIM_VERDICT_DELIVER,
                        .delay_ns = MSIM_MSEC(50),
                        .times = 1};
  struct topology_run r = run(&probe);

  (void)state;
  assert_has(r.trace.data, " +60ms \"220 mx");
  assert_has(r.trace.data, " fault - deliver rule=probe conn=relay>mx:25#1 segment=s2\n");
  free(r.trace.data);
}

static void a_held_packet_comes_when_it_is_let_go(void **state)
{
  struct probe probe = {.conn = "relay>mx:25#1", .verdict = MSIM_VERDICT_HOLD, .times = 100000};
  struct msim_rule_info info;
  struct msim_sim *sim = NULL;
  msim_ns quiet_ns;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(build(sim, &probe), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_SEC(3)), 0); /* the SYN, and what is sent again of it */
  assert_int_equal(msim_rule_info(sim, "probe", &info), 0);
  assert_true(info.holding_count >= 2);
  assert_int_equal(info.holding_count, info.held_count);
  assert_int_equal(info.delivered_count + info.dropped_count, 0);
  probe.times = 0;
  quiet_ns = msim_sim_now_ns(sim);
  assert_int_equal(msim_rule_release(sim, "probe", 1), 1);
  assert_int_equal(msim_sim_run(sim, quiet_ns + MSIM_MSEC(9)), 0);
  assert_null(strstr(probe.seen, " s1 "));
  assert_int_equal(msim_sim_run(sim, quiet_ns + MSIM_MSEC(10)), 0);
  assert_non_null(strstr(probe.seen, " s1 ")); /* it took what it takes, and is answered */
  assert_int_equal(msim_rule_release(sim, "probe", 0), (int)info.holding_count - 1);
  assert_int_equal(msim_rule_release(sim, "probe", 0), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  assert_has(probe.seen, "mail.content");
  assert_int_equal(msim_sim_finish(sim), 0);
  msim_sim_free(sim);
}

/* Nobody waits for what is held: the run becomes quiet, and goes on afterwards. */
static void a_run_becomes_quiet_while_something_is_held(void **state)
{
  static const char world[] =
      "mailsim: 1\n"
      "hosts: {a: {resolver: b, agents: [{dns-client: {script: [{at: 1s, name: x.example}]}}]},\n"
      "  b: {agents: [{dns-server: {zones: {x.example: {records: [{type: MX, value: 1 a}]}}}}]}}\n"
      "links: [{join: [a, b], delay: 10ms}]\n";
  struct msim_slice text = {(const uint8_t *)world, sizeof world - 1};
  struct probe probe = {.conn = "a>b:53#*", .verdict = MSIM_VERDICT_HOLD, .times = 100000};
  struct msim_rule_info info;
  struct msim_counters counters;
  struct msim_sim *sim = NULL;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(msim_topology_load_text(sim, "t", text, NULL, NULL, NULL), 0);
  assert_int_equal(msim_rule_add(sim, "probe", probe.conn, on_packet, &probe), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  assert_true(msim_sim_is_quiet(sim));
  assert_int_equal(msim_rule_info(sim, "probe", &info), 0);
  assert_true(info.holding_count > 0);
  assert_int_equal(msim_rule_remove(sim, "probe"), 0); /* which lets go */
  assert_false(msim_sim_is_quiet(sim));
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  msim_sim_counters(sim, &counters);
  assert_true(counters.datagram_count >= info.holding_count);
  msim_sim_free(sim);
}

/* ---- several ---- */

struct pair {
  struct msim_sim *sim;
  unsigned asked[3];
};

static enum msim_verdict drops_one(void *ctx, const struct msim_trace_record *record, msim_ns *delay_ns)
{
  struct pair *pair = ctx;

  (void)record;
  (void)delay_ns;
  return pair->asked[0]++ == 0 ? MSIM_VERDICT_DROP : MSIM_VERDICT_PASS;
}

static enum msim_verdict counts(void *ctx, const struct msim_trace_record *record, msim_ns *delay_ns)
{
  struct pair *pair = ctx;

  (void)record;
  (void)delay_ns;
  if (pair->asked[1]++ == 3) { /* takes itself away, and leaves another one in its place */
    assert_int_equal(msim_rule_remove(pair->sim, "second"), 0);
    assert_int_equal(msim_rule_add(pair->sim, "second", "nobody>*", counts, pair), 0);
  }
  return MSIM_VERDICT_PASS;
}

static void they_are_asked_in_order_until_one_decides(void **state)
{
  struct pair pair = {NULL, {0, 0, 0}};

  (void)state;
  assert_int_equal(msim_sim_new(&pair.sim, NULL), 0);
  assert_int_equal(build(pair.sim, NULL), 0);
  assert_int_equal(msim_rule_add(pair.sim, "first", "alice>*", drops_one, &pair), 0);
  assert_int_equal(msim_rule_add(pair.sim, "second", "alice>*", counts, &pair), 0);
  assert_int_equal(msim_sim_run(pair.sim, MSIM_NEVER), 0);
  assert_int_equal(pair.asked[1], 4);
  assert_true(pair.asked[0] > 5);
  msim_sim_free(pair.sim);
}

static void a_rule_may_come_in_the_middle_of_a_run(void **state)
{
  struct probe probe = {.conn = "relay>mx:25#1", .verdict = MSIM_VERDICT_DROP, .times = 1};
  struct msim_sim *sim = NULL;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(build(sim, NULL), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_MSEC(1200)), 0);
  assert_int_equal(msim_rule_add(sim, "late", probe.conn, on_packet, &probe), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  assert_int_equal(probe.said, 1);
  assert_int_equal(msim_sim_finish(sim), 0);
  assert_int_equal(msim_rule_add(sim, "later", probe.conn, on_packet, &probe), MSIM_ERR_STATE);
  msim_sim_free(sim);
}

/* ---- what cannot be ---- */

static enum msim_verdict nonsense(void *ctx, const struct msim_trace_record *record, msim_ns *delay_ns)
{
  (void)ctx;
  (void)record;
  (void)delay_ns;
  return (enum msim_verdict)7;
}

static void what_cannot_be_is_refused(void **state)
{
  struct msim_rule_info info;
  struct msim_sim *sim = NULL;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(build(sim, NULL), 0);
  assert_int_equal(msim_rule_add(sim, "", "*", nonsense, NULL), MSIM_ERR_INVALID);
  assert_int_equal(msim_rule_add(sim, "two words", "*", nonsense, NULL), MSIM_ERR_INVALID);
  assert_int_equal(msim_rule_add(sim, "a", NULL, nonsense, NULL), MSIM_ERR_INVALID);
  assert_int_equal(msim_rule_add(sim, "a", "*", NULL, NULL), MSIM_ERR_INVALID);
  assert_int_equal(msim_rule_remove(sim, "a"), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_rule_release(sim, "a", 0), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_rule_info(sim, "a", &info), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_rule_add(sim, "a", "*", nonsense, NULL), 0);
  assert_int_equal(msim_rule_add(sim, "a", "*", nonsense, NULL), MSIM_ERR_EXISTS);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), MSIM_ERR_INVALID);
  assert_string_equal(msim_sim_error(sim), "the rule a gave 7, which is no verdict");
  msim_sim_free(sim);
}

/* The n-th request for memory fails: the run says so, and nothing is left behind; with packets still held at the end.
 */
static void without_memory_nothing_is_left_behind(void **state)
{
  struct fail_mem mem;
  uint64_t first, at, failed = 0;

  (void)state;
  for (first = 0, at = 0; at < 4000; at += at < first + 60 ? 1 : 97) {
    struct probe probe = {.conn = "alice>*", .verdict = MSIM_VERDICT_HOLD, .times = 3};
    struct msim_sim_opts opts = {0};
    struct msim_sim *sim = NULL;
    int err;

    fail_mem_init(&mem, at);
    opts.mem = mem.hook;
    err = msim_sim_new(&sim, &opts);
    if (err == MSIM_OK) {
      err = build(sim, NULL);
      if (first == 0 && err == MSIM_OK)
        first = mem.request_count;
      if (err == MSIM_OK)
        err = msim_rule_add(sim, "probe", probe.conn, on_packet, &probe);
      if (err == MSIM_OK)
        err = msim_sim_run(sim, MSIM_SEC(3));
    }
    if (mem.failed_count == 0)
      assert_int_equal(err, 0);
    else
      assert_int_equal(err, MSIM_ERR_NOMEM);
    failed += mem.failed_count;
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&mem));
    if (at > 0 && mem.failed_count == 0)
      break;
    if (at == 0)
      at = first - 2;
  }
  assert_true(failed > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_rule_that_lets_pass_changes_no_byte),
      cmocka_unit_test(it_sees_each_packet_of_its_connections_as_the_trace_does),
      cmocka_unit_test(it_is_asked_once_about_a_packet),
      cmocka_unit_test(a_dropped_reply_is_lost_and_the_mail_comes_twice),
      cmocka_unit_test(a_late_packet_takes_so_much_longer),
      cmocka_unit_test(a_held_packet_comes_when_it_is_let_go),
      cmocka_unit_test(a_run_becomes_quiet_while_something_is_held),
      cmocka_unit_test(they_are_asked_in_order_until_one_decides),
      cmocka_unit_test(a_rule_may_come_in_the_middle_of_a_run),
      cmocka_unit_test(what_cannot_be_is_refused),
      cmocka_unit_test(without_memory_nothing_is_left_behind),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
