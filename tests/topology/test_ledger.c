/* Tests of the mail ledger (check/ledger*.c): each rule is broken by an agent that does one thing wrong, and then told;
 * runs in which everything is right are silent (so are those of all other mail tests, see mail_stage.h). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"
#include "topology/broken_mail.h"

#include "core/sim.h"

/* pc - isp-y, which is broken; isp-z behind it is a good one. */
static void build(struct mail_stage *stage, const struct broken *broken, const char *user)
{
  struct broken_config config = {broken};

  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(msim_agent_register(stage->sim, &broken_type), 0);
  assert_int_equal(stage_host(stage, "isp-y", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "isp-y"), 0);
  assert_int_equal(stage_host(stage, "isp-z", "isp-y"), 0);
  assert_int_equal(msim_agent_add(msim_node_find(stage->sim, "isp-y"), "broken", &config), 0);
  assert_int_equal(stage_agent(stage, "isp-z", "smtp-server", "{domains: {y.example: [b, c, d]}}"), 0);
  assert_int_equal(stage_agent(stage, "pc", "user", user), 0);
  stage->expect_broken = true;
}

#define USER                                                                                                           \
  "{address: a@x.example, submit: isp-y, script: [{send: {message: m1, to: [b@y.example, c@y.example], body: "         \
  "Hello}}]}"
#define USER_HIDES                                                                                                     \
  "{address: a@x.example, submit: isp-y, login: {user: anna, password: correct horse}, script: [{send: {message: m1, " \
  "to: "                                                                                                               \
  "b@y.example, bcc: d@y.example}}]}"

static void each_rule_is_told_when_it_is_broken(void **state)
{
  static const struct {
    struct broken broken;
    const char *user, *told; /* the only line, up to the colon; "": none */
  } cases[] = {
      {{BUG_NONE, NULL}, USER, ""},
      {{BUG_NONE, "isp-z"}, USER, ""},
      {{BUG_NONE, "isp-z"}, USER_HIDES, ""},
      {{BUG_ACK_FIRST, NULL}, USER, "I1 m1 b@y.example isp-y"},
      {{BUG_ACK_ALONE, NULL}, USER, "I1 m1  isp-y"},
      {{BUG_DROP_RECIPIENT, "isp-z"}, USER, "L1 m1 c@y.example isp-y"},
      {{BUG_SILENT, NULL}, USER, "I2 m1 b@y.example isp-y"},
      {{BUG_TWO_NOTICES, NULL}, USER, "I2 m1 b@y.example isp-y"},
      {{BUG_TWICE, NULL}, USER, "I3 m1 b@y.example isp-y"},
      {{BUG_RETURN_TOO, NULL}, USER, "I4 m1 b@y.example isp-y"},
      {{BUG_NOTICE_FROM, NULL}, USER, "I5 n1  isp-y"},
      {{BUG_CHANGE_BODY, "isp-z"}, USER, "I6 m1  isp-y"},
      {{BUG_RETURN_EARLY, NULL}, USER, "I7 m1 b@y.example isp-y"},
      {{BUG_EAGER, NULL}, USER, "I7 m1 b@y.example isp-y"},
      {{BUG_CIRCLE, NULL}, USER, "I8 m1 b@y.example isp-y"},
      {{BUG_NAME_HIDDEN, "isp-z"}, USER_HIDES, "I14 m1  isp-y"},
      {{BUG_TELL_PASSWORD, NULL}, USER_HIDES, "I14 m1  isp-y"},
  };
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    size_t n = strlen(cases[i].told);
    const char *end;

    build(&stage, &cases[i].broken, cases[i].user);
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    end = strchr(stage.broken, '\n');
    if (n == 0
            ? stage.broken[0] != '\0'
            : strncmp(stage.broken, cases[i].told, n) != 0 || stage.broken[n] != ':' || end == NULL || end[1] != '\0')
      fail_msg("case %zu: wanted %s, told: %s\n%s", i, cases[i].told, stage.broken, stage.events);
    stage_end(&stage);
  }
}

/* A relay that holds a notice for nobody there. */
static void answer_to_a_notice_is_told(void **state)
{
  static const struct broken broken = {BUG_ANSWER_NOTICE, NULL};
  static struct mail_stage stage;

  (void)state;
  build(&stage, &broken,
        "{address: a@x.example, submit: isp-z, script: [{send: {message: m1, to: q@nowhere.example}}]}");
  assert_int_equal(stage_host(&stage, "isp-x", "isp-y"), 0);
  assert_int_equal(stage_agent(&stage, "isp-x", "smtp-server", "{relay-from: [a@y.example]}"), 0);
  assert_int_equal(stage_agent(&stage, "isp-x", "smtp-client", "{}"), 0);
  assert_int_equal(
      stage_agent(&stage, "pc", "user",
                  "{address: a@y.example, submit: isp-x, script: [{send: {message: m2, to: q@nowhere.example}}]}"),
      0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  if (strstr(stage.broken, "I5 m2.dsn-isp-x-2 a@y.example isp-y: ") == NULL)
    fail_msg("%s\n%s", stage.broken, stage.events);
  stage_end(&stage);
}

static void tell_crash(struct mail_stage *stage, const char *host)
{
  struct msim_trace_record record;

  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_HOST;
  record.u.event.host = host;
  record.u.event.event = "crash";
  assert_true(msim__trace_wants(stage->sim, MSIM_TRACE_HOST));
  msim__trace_emit(stage->sim, &record);
}

/* What a host had charge of when it crashed has to be heard of again. */
static void mail_that_a_crash_has_taken_is_told(void **state)
{
  static const struct broken silent = {BUG_SILENT, NULL}, good = {BUG_NONE, "isp-z"};
  static struct mail_stage stage;

  (void)state;
  build(&stage, &good, USER);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_MSEC(1)), 0);
  tell_crash(&stage, "isp-z"); /* had nothing yet */
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_string_equal(stage.broken, "");
  stage_end(&stage);
  build(&stage, &silent, USER);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_SEC(5)), 0);
  tell_crash(&stage, "isp-y");
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  if (strncmp(stage.broken, "I1 m1 b@y.example isp-y: ", 25) != 0)
    fail_msg("%s", stage.broken);
  stage_end(&stage);
}

/* Mail that is still under way when a run is cut is nobody's fault. */
static void run_that_is_cut_short_is_not_judged_at_its_end(void **state)
{
  static struct mail_stage stage;
  msim_ns until_ns;

  (void)state;
  for (until_ns = 0; until_ns < MSIM_MSEC(60); until_ns += MSIM_MSEC(1)) {
    assert_int_equal(stage_begin(&stage, 0), 0);
    assert_int_equal(stage_host(&stage, "isp-z", NULL), 0);
    assert_int_equal(stage_host(&stage, "pc", "isp-z"), 0);
    assert_int_equal(stage_agent(&stage, "isp-z", "smtp-server", "{domains: {y.example: [b, c]}}"), 0);
    assert_int_equal(
        stage_agent(&stage, "pc", "user", "{address: a@x.example, submit: isp-z, script: [{send: {to: b@y.example}}]}"),
        0);
    assert_int_equal(stage_run(&stage, until_ns), 0);
    stage_end(&stage);
  }
}

static void counts_are_told(void **state)
{
  static const struct broken twice = {BUG_TWICE, NULL};
  static struct mail_stage stage;
  struct msim_invariants_info info;

  (void)state;
  build(&stage, &twice, USER);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  msim_invariants_info(stage.sim, &info);
  assert_int_equal(info.message_count, 1);
  assert_int_equal(info.unjudged_message_count, 0);
  assert_int_equal(info.finding_count, 1);
  assert_int_equal(info.connection_count, 1);
  stage_end(&stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_rule_is_told_when_it_is_broken),
      cmocka_unit_test(answer_to_a_notice_is_told),
      cmocka_unit_test(mail_that_a_crash_has_taken_is_told),
      cmocka_unit_test(run_that_is_cut_short_is_not_judged_at_its_end),
      cmocka_unit_test(counts_are_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
