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

/* `%s` in the text is the bug. */
static void run(const char *topology, const char *bug, const char *fault, struct told *told)
{
  char text[4000];
  struct msim_sim *sim = NULL;
  int used = snprintf(text, sizeof text, topology, bug);

  assert_true(used > 0 && (size_t)used < sizeof text);
  memset(told, 0, sizeof *told);
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(msim_topology_load_text(sim, "bugs.yaml", (struct msim_slice){(const uint8_t *)text, (size_t)used},
                                           NULL, NULL, NULL),
                   0);
  if (fault[0] != '\0')
    assert_int_equal(msim_fault_add_yaml(sim, fault, NULL, NULL), 0);
  assert_int_equal(msim_invariants_attach(sim, keep, told), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_SEC(30 * 86400)), 0);
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

static const struct bug {
  const char *topology, *bug, *fault, *rule; /* fault "": none is needed */
} bugs[] = {
    {RELAY(", bug: %s"), "ack-before-sync",
     "{id: boom, crash: {host: relay}, after: {event: message.accepted}, for: 30s}", "I1"},
};

static void each_bug_is_found_by_its_rule(void **state)
{
  struct told told;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bugs / sizeof bugs[0]; i++) {
    run(bugs[i].topology, bugs[i].bug, bugs[i].fault, &told);
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
    run(bugs[i].topology, "none", bugs[i].fault, &told);
    if (told.count != 0)
      fail_msg("without %s: %s", bugs[i].bug, told.lines);
  }
}

/* A bug that needs a crash is none without one. */
static void a_hasty_server_is_fine_while_nothing_crashes(void **state)
{
  struct told told;

  (void)state;
  run(bugs[0].topology, bugs[0].bug, "", &told);
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
