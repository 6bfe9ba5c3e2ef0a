/* test_bugs.c: the mistakes that agents make when their key `bug` asks for one: each is found by the rule that it
 * breaks, and without it the same run is fine. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include <stdio.h>
#include <string.h>

struct told {
  char ids[16][4]; /* each once, in the order of coming */
  size_t count;
  char lines[4000];
};

static void keep(void *ctx, const struct msim_invariant_finding *finding)
{
  struct told *told = ctx;
  size_t used = strlen(told->lines), i;

  snprintf(told->lines + used, sizeof told->lines - used, "%s %s %s: %s\n", finding->rule, finding->message,
           finding->host, finding->text);
  for (i = 0; i < told->count; i++)
    if (strcmp(told->ids[i], finding->rule) == 0)
      return;
  assert_true(told->count < sizeof told->ids / sizeof told->ids[0]);
  snprintf(told->ids[told->count++], sizeof told->ids[0], "%s", finding->rule);
}

/* `%s` in the text, once or twice, is the bug. */
static void run(const char *topology, const char *bug, const char *fault, msim_ns until_ns, struct told *told)
{
  char text[4000];
  struct msim_sim *sim = NULL;
  int used = snprintf(text, sizeof text, topology, bug, bug);

  assert_true(used > 0 && (size_t)used < sizeof text);
  memset(told, 0, sizeof *told);
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(msim_topology_load_text(sim, "bugs.yaml", (struct msim_slice){(const uint8_t *)text, (size_t)used},
                                           NULL, NULL, NULL),
                   0);
  if (fault[0] != '\0')
    assert_int_equal(msim_fault_add_yaml(sim, fault, NULL, NULL), 0);
  assert_int_equal(msim_invariants_attach(sim, keep, told), 0);
  assert_int_equal(msim_sim_run(sim, until_ns), 0);
  assert_int_equal(msim_sim_finish(sim), 0);
  msim_sim_free(sim);
}

/* alice - relay - mx */
#define RELAY(server)                                                                                                  \
  "mailsim: 1\n"                                                                                                       \
  "hosts:\n"                                                                                                           \
  "  alice: {agents: [{user: {address: alice@a.example, submit: relay, script: [{at: 1s, send: {message: m1, to: "     \
  "bob@b.example, body: Hello}}]}}]}\n"                                                                                \
  "  relay:\n"                                                                                                         \
  "    disk: {sync-latency: 2ms}\n"                                                                                    \
  "    agents: [{smtp-server: {relay-from: [\"@a.example\"]" server "}}, smtp-client]\n"                               \
  "  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}\n"                                                   \
  "links:\n"                                                                                                           \
  "  - {join: [alice, relay], delay: 10ms}\n"                                                                          \
  "  - {join: [relay, mx], delay: 20ms}\n"

/* alice - mx, where bob's mailbox is */
#define LAST(server)                                                                                                   \
  "mailsim: 1\n"                                                                                                       \
  "hosts:\n"                                                                                                           \
  "  alice: {agents: [{user: {address: alice@a.example, submit: mx, script: [{at: 1s, send: {message: m1, to: "        \
  "bob@b.example, body: Hello}}]}}]}\n"                                                                                \
  "  mx:\n"                                                                                                            \
  "    disk: {sync-latency: 5ms}\n"                                                                                    \
  "    agents: [{smtp-server: {domains: {b.example: [bob]}" server "}}]\n"                                             \
  "links:\n"                                                                                                           \
  "  - {join: [alice, mx], delay: 10ms}\n"

/* The same, the relay's program that sends with keys of its own, and what the provider's server does. */
#define SENDING(client, server)                                                                                        \
  "mailsim: 1\n"                                                                                                       \
  "hosts:\n"                                                                                                           \
  "  alice: {agents: [{user: {address: alice@a.example, submit: relay, script: [{at: 1s, send: {message: m1, to: "     \
  "bob@b.example, size: 100kB}}]}}]}\n"                                                                                \
  "  relay: {agents: [{smtp-server: {relay-from: [\"@a.example\"], domains: {a.example: [alice]}}}, {smtp-client: "    \
  "{" client "}}]}\n"                                                                                                  \
  "  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}" server "}}]}\n"                                         \
  "links:\n"                                                                                                           \
  "  - {join: [alice, relay], delay: 10ms}\n"                                                                          \
  "  - {join: [relay, mx], delay: 20ms, name: far}\n"

/* With a name server that knows two exchangers for b.example, of which one does not answer, and none for c.example. */
#define NAMES(client, to)                                                                                              \
  "mailsim: 1\n"                                                                                                       \
  "hosts:\n"                                                                                                           \
  "  alice: {agents: [{user: {address: alice@a.example, submit: relay, script: [{at: 1s, send: {message: m1, to: " to  \
  ", body: Hello}}]}}]}\n"                                                                                             \
  "  relay:\n"                                                                                                         \
  "    resolver: ns\n"                                                                                                 \
  "    agents: [{smtp-server: {relay-from: [\"@a.example\"], domains: {a.example: [alice]}}}, {smtp-client: {" client  \
  "}}]\n"                                                                                                              \
  "  ns:\n"                                                                                                            \
  "    agents:\n"                                                                                                      \
  "      - dns-server:\n"                                                                                              \
  "          zones:\n"                                                                                                 \
  "            b.example:\n"                                                                                           \
  "              records:\n"                                                                                           \
  "                - {type: MX, value: [10 mx1, 20 mx2]}\n"                                                            \
  "                - {name: mx1, type: A, value: mx1}\n"                                                               \
  "                - {name: mx2, type: A, value: mx2}\n"                                                               \
  "            c.example:\n"                                                                                           \
  "              records:\n"                                                                                           \
  "                - {type: MX, value: 0 .}\n"                                                                         \
  "                - {type: A, value: mx2}\n"                                                                          \
  "  mx1: {}\n"                                                                                                        \
  "  mx2: {agents: [{smtp-server: {domains: {b.example: [bob], c.example: [bob]}}}]}\n"                                \
  "links:\n"                                                                                                           \
  "  - {join: [alice, relay], delay: 10ms}\n"                                                                          \
  "  - {join: [relay, ns], delay: 10ms}\n"                                                                             \
  "  - {join: [relay, mx1], delay: 20ms}\n"                                                                            \
  "  - {join: [relay, mx2], delay: 20ms}\n"

/* Two forwarders that lead to each other. */
#define CIRCLE                                                                                                         \
  "mailsim: 1\n"                                                                                                       \
  "hosts:\n"                                                                                                           \
  "  alice: {agents: [{user: {address: alice@a.example, submit: x, script: [{at: 1s, send: {message: m1, to: "         \
  "a@x.example, body: Hello}}]}}]}\n"                                                                                  \
  "  x: {agents: [{smtp-server: {bug: %s, domains: {x.example: [p]}, aliases: {a@x.example: b@y.example}}}, "          \
  "smtp-client]}\n"                                                                                                    \
  "  y: {agents: [{smtp-server: {bug: %s, domains: {y.example: [p]}, aliases: {b@y.example: a@x.example}}}, "          \
  "smtp-client]}\n"                                                                                                    \
  "  z: {agents: [{smtp-server: {domains: {a.example: [alice]}}}]}\n"                                                  \
  "links: [{join: [alice, x], delay: 1ms}, {join: [x, y], delay: 1ms}, {join: [x, z], delay: 1ms}]\n"

static const struct bug {
  const char *topology, *bug, *fault, *rule; /* fault "": none is needed */
  msim_ns until_ns;
} bugs[] = {
    {RELAY(", bug: %s"), "ack-before-sync",
     "{id: boom, crash: {host: relay}, after: {event: message.accepted}, for: 30s}", "I1", MSIM_SEC(86400)},
    {LAST(", bug: %s"), "ack-before-sync", "{id: boom, crash: {host: mx}, after: {event: store.add}, for: 30s}", "I1",
     MSIM_SEC(86400)},
    {CIRCLE, "no-hop-limit", "", "I8", MSIM_SEC(60)},
    {SENDING("", ", bug: %s"), "no-timeout",
     "{id: cut, down: {link: far}, after: {conn: \"relay>mx:25#1\", segment: c15}}", "L2", MSIM_SEC(30 * 86400)},
    {SENDING("bug: %s", ", rules: [{at: RCPT, reply: 550 5.7.1 No}]"), "no-notice", "", "I2", MSIM_SEC(86400)},
    {SENDING("bug: %s", ", rules: [{at: RCPT, times: 1, reply: 450 4.7.1 Later}]"), "impatient", "", "I7",
     MSIM_SEC(86400)},
    {NAMES("bug: %s", "bob@b.example"), "worst-first", "", "I9", MSIM_SEC(86400)},
    {NAMES("bug: %s", "bob@c.example"), "ignore-null-mx", "", "I9", MSIM_SEC(86400)},
};

static void each_bug_is_found_by_its_rule(void **state)
{
  struct told told;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bugs / sizeof bugs[0]; i++) {
    run(bugs[i].topology, bugs[i].bug, bugs[i].fault, bugs[i].until_ns, &told);
    if (told.count != 1 || strcmp(told.ids[0], bugs[i].rule) != 0)
      fail_msg("%s: %s is wanted, told: %s", bugs[i].bug, bugs[i].rule, told.lines);
  }
}

static void without_its_bug_a_run_is_fine(void **state)
{
  struct told told;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bugs / sizeof bugs[0]; i++) {
    run(bugs[i].topology, "none", bugs[i].fault, bugs[i].until_ns, &told);
    if (told.count != 0)
      fail_msg("without %s: %s", bugs[i].bug, told.lines);
  }
}

/* A bug that needs a crash is none without one. */
static void a_hasty_server_is_fine_while_nothing_crashes(void **state)
{
  struct told told;

  (void)state;
  run(bugs[0].topology, bugs[0].bug, "", bugs[0].until_ns, &told);
  assert_string_equal(told.lines, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_bug_is_found_by_its_rule),
      cmocka_unit_test(without_its_bug_a_run_is_fine),
      cmocka_unit_test(a_hasty_server_is_fine_while_nothing_crashes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
