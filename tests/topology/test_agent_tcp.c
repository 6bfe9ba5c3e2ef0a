/* test_agent_tcp.c: agents of one host whose connections behave unlike those of the others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "agents/agents.h"
#include "support/topology_run.h"
#include "topology/probe.h"

static struct msim_sim *load(const char *text)
{
  struct msim_sim *sim = probe_sim();
  struct probe_said said;

  if (probe_load(sim, text, NULL, &said) != 0)
    fail_msg("%s", said.text);
  return sim;
}

static const struct msim_tcp_opts *opts_of(const struct msim_sim *sim, const char *host, unsigned index)
{
  const struct msim_agent *agent = msim_node_find(sim, host)->agents;

  for (; index > 0; index--)
    agent = agent->next;
  return agent->tcp_opts;
}

static void agent_when_it_has_tcp_then_laid_over_its_host_s(void **state)
{
  struct msim_sim *sim =
      load("mailsim: 1\nhosts:\n"
           "  a:\n    tcp: {mss: 900B, sack: false, congestion: reno, delayed-ack: none}\n    agents:\n"
           "      - probe: {count: 1, tcp: {mss: 500B, nagle: false, delayed-ack: 7ms}}\n"
           "      - probe: {count: 2}\n"
           "      - probe: {count: 3, tcp: {sack: true}}\n"
           "  b: {agents: [{probe: {count: 1, tcp: {initial-window: 4}}}]}\n");
  const struct msim_tcp_opts *first = opts_of(sim, "a", 0), *third = opts_of(sim, "a", 2), *b = opts_of(sim, "b", 0);

  (void)state;
  assert_int_equal(first->mss_bytes_max, 500);
  assert_int_equal(first->delayed_ack_ns, MSIM_MSEC(7));
  assert_true(first->no_nagle && first->no_sack && !first->no_delayed_ack);
  assert_string_equal(first->congestion, "reno");
  assert_null(opts_of(sim, "a", 1));
  assert_int_equal(third->mss_bytes_max, 900);
  assert_true(!third->no_sack && third->no_delayed_ack);
  assert_int_equal(b->initial_window_segments, 4);
  assert_string_equal(b->congestion, "cubic");
  assert_null(msim_node_find(sim, "b")->tcp_opts);
  msim_sim_free(sim);
}

/* A range of hosts with the same two agents holds three copies, not three for each. */
static void agents_when_told_the_same_then_one_copy(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts:\n  pc[1..50]:\n    tcp: {mss: 900B}\n    agents:\n"
                              "      - probe: {count: 1, tcp: {nagle: false}}\n"
                              "      - probe: {count: 2, text: \"{n}\", tcp: {sack: false}}\n");

  (void)state;
  assert_ptr_equal(opts_of(sim, "pc1", 0), opts_of(sim, "pc50", 0));
  assert_ptr_equal(opts_of(sim, "pc1", 1), opts_of(sim, "pc50", 1));
  assert_ptr_not_equal(opts_of(sim, "pc1", 0), opts_of(sim, "pc1", 1));
  assert_ptr_equal(msim_node_find(sim, "pc1")->tcp_opts, msim_node_find(sim, "pc50")->tcp_opts);
  msim_sim_free(sim);
}

static const char mixed[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  pc:\n"
    "    tcp: {mss: 1000B}\n"
    "    agents:\n"
    "      - user: {address: a@x.example, submit: mx, tcp: {timestamps: false, ecn: ask, time-wait: 1s},\n"
    "               script: [{at: 1s, send: {to: b@b.example, body: Hi}}]}\n"
    "      - user: {address: c@x.example, submit: mx, submit-port: 26,\n"
    "               script: [{at: 2s, send: {to: b@b.example, body: Ho}}]}\n"
    "  mx:\n"
    "    agents:\n"
    "      - smtp-server: {domains: {b.example: [b]}, tcp: {sack: false, receive-buffer: 20000B, time-wait: 2s}}\n"
    "      - smtp-server: {domains: {b.example: [b]}, port: 26}\n"
    "links:\n"
    "  - {join: [pc, mx], delay: 10ms}\n";

static int load_mixed(struct msim_sim *sim, void *ctx)
{
  struct msim_slice text = {(const uint8_t *)mixed, sizeof mixed - 1};

  (void)ctx;
  return msim_topology_load_text(sim, "test", text, NULL, NULL, NULL);
}

static void assert_line(const char *trace, const char *begins, const char *has, const char *lacks)
{
  const char *line = strstr(trace, begins);
  char one[512];

  if (line == NULL)
    fail_msg("no line \"%s\"", begins);
  snprintf(one, sizeof one, "%.*s", (int)strcspn(line, "\n"), line);
  if (strstr(one, has) == NULL || (lacks != NULL && strstr(one, lacks) != NULL))
    fail_msg("%s", one);
}

static void connections_when_agents_differ_then_each_by_its_agent(void **state)
{
  struct topology_run run;

  (void)state;
  topology_run_built(&run, load_mixed, NULL, 1, "text", NULL);
  if (run.err != 0)
    fail_msg("%s", run.error);
  assert_int_equal(run.counters.connection_count, 2);
  assert_line(run.trace.data, "tcp pc>mx:25#1 c1 SEW 0:0(0)", "<mss 1000,sackOK,wscale 2>", NULL);
  assert_line(run.trace.data, "tcp pc>mx:25#1 s1 S.E 0:0(0) ack 1 win 20000 ", "<mss 1460,wscale 0>", "sackOK");
  assert_line(run.trace.data, "tcp pc>mx:26#1 c1 S 0:0(0)", "<mss 1000,sackOK,TS val ", NULL);
  assert_line(run.trace.data, "tcp pc>mx:26#1 s1 S. 0:0(0) ack 1 win 65535 ", "<mss 1460,sackOK,TS val ", NULL);
  free(run.trace.data);
}

static void set_tcp_when_in_c_then_of_the_last_agent(void **state)
{
  const struct msim_tcp_opts good = {.mss_bytes_max = 500}, bad = {.mss_bytes_max = 5};
  struct msim_sim *sim = probe_sim();
  struct msim_node *node;

  (void)state;
  assert_int_equal(msim_node_add(sim, "a", &node), MSIM_OK);
  assert_int_equal(msim_agent_set_tcp(node, &good), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_agent_add_yaml(node, "probe", "{count: 1}", NULL, NULL), MSIM_OK);
  assert_int_equal(msim_agent_add_yaml(node, "probe", "{count: 2}", NULL, NULL), MSIM_OK);
  assert_int_equal(msim_agent_set_tcp(node, &bad), MSIM_ERR_INVALID);
  assert_int_equal(msim_agent_set_tcp(node, &good), MSIM_OK);
  assert_null(opts_of(sim, "a", 0));
  assert_int_equal(opts_of(sim, "a", 1)->mss_bytes_max, 500);
  assert_int_equal(msim_sim_start(sim), MSIM_OK);
  assert_int_equal(msim_agent_set_tcp(node, &good), MSIM_ERR_STATE);
  msim_sim_free(sim);
}

static void type_when_it_has_a_field_tcp_then_refused(void **state)
{
  static const struct msim_field fields[] = {
      {"tcp", MSIM_FIELD_UINT, 0, "", NULL, 0, NULL, 0, 0, NULL, NULL},
      {NULL, MSIM_FIELD_BOOL, 0, NULL, NULL, 0, NULL, 0, 0, NULL, NULL},
  };
  const struct msim_agent_type type = {
      .name = "other", .summary = "", .config_bytes = 8, .fields = fields, .start = probe_start};
  struct msim_sim *sim = probe_sim();

  (void)state;
  assert_int_equal(msim_agent_register(sim, &type), MSIM_ERR_INVALID);
  msim_sim_free(sim);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(agent_when_it_has_tcp_then_laid_over_its_host_s),
      cmocka_unit_test(agents_when_told_the_same_then_one_copy),
      cmocka_unit_test(connections_when_agents_differ_then_each_by_its_agent),
      cmocka_unit_test(set_tcp_when_in_c_then_of_the_last_agent),
      cmocka_unit_test(type_when_it_has_a_field_tcp_then_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
