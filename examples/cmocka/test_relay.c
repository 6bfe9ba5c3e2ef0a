/* test_relay.c: how a relay is tested with libmailsim and cmocka: a world from a file, a mail, something that goes
 * wrong at one exact segment, and what must be true afterwards. All time is simulated: nothing here waits or flakes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mailsim/mailsim.h>

#include <stdio.h>
#include <string.h>

/* ---- what the tests share ---- */

struct world {
  struct msim_sim *sim;
  FILE *trace;
};

static void say(void *user, const struct msim_diag *diag)
{
  (void)user;
  fprintf(stderr, "%s:%u: %s\n", diag->file, diag->line, diag->text);
}

static int setup(void **state)
{
  static struct world world;
  struct msim_out out;

  memset(&world, 0, sizeof world);
  world.trace = tmpfile();
  assert_non_null(world.trace);
  out = msim_out_file(world.trace);
  assert_int_equal(msim_sim_new(&world.sim, &(struct msim_sim_opts){.seed = 1}), 0);
  assert_int_equal(msim_topology_load_file(world.sim, "relay.yaml", say, NULL), 0);
  assert_int_equal(msim_invariants_attach(world.sim, NULL, NULL), 0);
  assert_int_equal(msim_trace_add(world.sim, "text", &out, NULL, NULL), 0);
  *state = &world;
  return 0;
}

static int teardown(void **state)
{
  struct world *world = *state;

  msim_sim_free(world->sim);
  fclose(world->trace);
  return 0;
}

static void send(struct world *world, const char *label, const char *to)
{
  struct msim_mail mail = {.message = label, .to = to, .subject = "Hi", .body = "Hello,\nhow are you?"};

  assert_int_equal(msim_mail_send(msim_node_find(world->sim, "laptop"), &mail), 0);
}

/* Until nothing more will happen, half an hour at most; then no rule of mail or TCP may have been broken. */
static void run_until_quiet(struct world *world)
{
  struct msim_out err = msim_out_file(stderr);
  struct msim_invariants_info info;

  assert_int_equal(msim_sim_run(world->sim, MSIM_SEC(1800)), 0);
  assert_int_equal(msim_sim_finish(world->sim), 0);
  msim_invariants_info(world->sim, &info);
  assert_int_equal(msim_invariants_write(world->sim, &err), 0);
  assert_int_equal(info.finding_count, 0);
}

/* ---- the tests ---- */

static void a_mail_arrives_once(void **state)
{
  struct world *world = *state;

  send(world, "m1", "bob@mx.example, eve@mx.example");
  run_until_quiet(world);
  assert_int_equal(msim_mail_count(world->sim, "m1", "bob@mx.example"), 1);
  assert_int_equal(msim_mail_count(world->sim, "m1", "eve@mx.example"), 1);
  assert_int_equal(msim_mail_count(world->sim, "m1", NULL), 2);
}

/* Loses every reply 250 to a message until `left` is 0. */
struct loss {
  unsigned left;
};

static enum msim_verdict lose_250(void *ctx, const struct msim_trace_record *record, msim_ns *delay_ns)
{
  struct loss *loss = ctx;

  (void)delay_ns;
  if (loss->left == 0 || !msim_rule_carries(record, "smtp.reply", "250 2.0.0 *"))
    return MSIM_VERDICT_PASS;
  loss->left--;
  return MSIM_VERDICT_DROP;
}

/* TCP sends the lost reply again, and the relay never learns of it. */
static void a_reply_that_is_lost_once_changes_nothing(void **state)
{
  struct world *world = *state;
  struct loss loss = {1};
  struct msim_rule_info info;

  assert_int_equal(msim_rule_add(world->sim, "lose-250", "relay>mx:25#*", lose_250, &loss), 0);
  send(world, "m1", "bob@mx.example");
  run_until_quiet(world);
  assert_int_equal(msim_mail_count(world->sim, "m1", "bob@mx.example"), 1);
  assert_int_equal(msim_rule_info(world->sim, "lose-250", &info), 0);
  assert_int_equal(info.dropped_count, 1);
}

/* The provider crashes when it has taken the mail, and its 250 has never arrived: the relay has to send it again. Two
 * copies are right then, and one would be luck (RFC 1047). */
static void a_reply_that_is_lost_for_good_leads_to_a_second_copy(void **state)
{
  struct world *world = *state;
  struct loss loss = {100};

  assert_int_equal(msim_rule_add(world->sim, "lose-250", "relay>mx:25#1", lose_250, &loss), 0);
  assert_int_equal(
      msim_fault_add_yaml(
          world->sim, "{id: boom, crash: {host: mx}, after: {event: message.accepted, host: mx}, for: 5s}", say, NULL),
      0);
  send(world, "m1", "bob@mx.example");
  run_until_quiet(world);
  assert_int_equal(msim_mail_count(world->sim, "m1", "bob@mx.example"), 2);
}

/* Only what differs in segments and above counts here: MSIM_VIEW_WIRE would also see times. What is told is the first
 * difference, and why it came about. */
static void the_run_is_what_it_was(void **state)
{
  struct world *world = *state;
  struct loss loss = {1};
  FILE *golden = fopen("golden/lost-250.trace", "r");
  struct msim_in was, is;
  struct msim_out err = msim_out_file(stderr);
  struct msim_diff *diff;
  struct msim_diff_result result;

  assert_non_null(golden);
  assert_int_equal(msim_rule_add(world->sim, "lose-250", "relay>mx:25#*", lose_250, &loss), 0);
  send(world, "m1", "bob@mx.example");
  run_until_quiet(world);
  rewind(world->trace);
  was = msim_in_file(golden);
  is = msim_in_file(world->trace);
  assert_int_equal(msim_diff_new(&diff, NULL), 0);
  assert_int_equal(msim_diff_read(diff, MSIM_DIFF_EXPECTED, &was, "golden/lost-250.trace", say, NULL), 0);
  assert_int_equal(msim_diff_read(diff, MSIM_DIFF_ACTUAL, &is, "this run", say, NULL), 0);
  assert_int_equal(msim_diff_compare(diff, MSIM_VIEW_SEG, &result), 0);
  assert_int_equal(msim_diff_write(diff, &err), 0);
  msim_diff_free(diff);
  fclose(golden);
  assert_false(result.differs);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(a_mail_arrives_once, setup, teardown),
      cmocka_unit_test_setup_teardown(a_reply_that_is_lost_once_changes_nothing, setup, teardown),
      cmocka_unit_test_setup_teardown(a_reply_that_is_lost_for_good_leads_to_a_second_copy, setup, teardown),
      cmocka_unit_test_setup_teardown(the_run_is_what_it_was, setup, teardown),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
