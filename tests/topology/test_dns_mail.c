/* test_dns_mail.c: a relay that finds the next host by DNS: whom it tries in which order, what is for good and what is
 * tried again. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

#include <mailsim/host.h>

/* pc - isp-x, which relays, and asks dns; y.example is what zone says. Hosts hang on isp-x. */
static int build(struct mail_stage *stage, uint64_t fail_at, const char *zones)
{
  static const char *const servers[] = {"dns"};
  int err = stage_begin(stage, fail_at);

  if (err == 0)
    err = stage_host(stage, "isp-x", NULL);
  if (err == 0)
    err = stage_host(stage, "pc", "isp-x");
  if (err == 0)
    err = stage_host(stage, "dns", "isp-x");
  if (err == 0)
    err = stage_host(stage, "root", "isp-x");
  if (err == 0)
    err = stage_host(stage, "mx1", "isp-x");
  if (err == 0)
    err = stage_host(stage, "mx2", "isp-x");
  if (err == 0)
    err = msim_node_set_resolver(msim_node_find(stage->sim, "isp-x"), servers, 1);
  if (err == 0)
    err = stage_agent(stage, "isp-x", "smtp-server", "{domains: {x.example: [a]}, relay-from: [a@x.example]}");
  if (err == 0)
    err = stage_agent(stage, "isp-x", "smtp-client", "{}");
  if (err == 0)
    err = stage_agent(stage, "dns", "dns-resolver", "{roots: [root]}");
  if (err == 0)
    err = stage_agent(stage, "root", "dns-server", zones);
  return err == 0 ? stage_agent(stage, "pc", "user",
                                "{address: a@x.example, submit: isp-x, script: [{at: 1s, send: {message: m1, "
                                "to: b@y.example}}]}")
                  : err;
}

static int add_mx2(struct mail_stage *stage)
{
  int err = stage_agent(stage, "mx2", "smtp-server", "{domains: {y.example: [b]}, hostname: mx2.y.example}");

  return err == 0 ? stage_spy(stage, "mx2") : err;
}

/* RFC 5321 5.1: in order of preference; mx1 has no mail server, and so the second one gets it. */
static void exchangers_are_tried_in_the_order_that_dns_gives(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(build(&stage, 0,
                         "{zones: {.: {records: [{name: y.example, type: MX, value: [20 mx2.y.example, "
                         "10 mx1.y.example]}, {name: mx1.y.example, type: A, value: mx1}, "
                         "{name: mx2.y.example, type: A, value: mx2}]}}}"),
                   0);
  assert_int_equal(add_mx2(&stage), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_box_count(&stage, "b"), 1);
  assert_true(stage_saw(&stage, "isp-x dns.answer name=y.example type=MX", "preference=20 ttl=3600"));
  assert_non_null(strstr(stage.events, "isp-x dns.answer name=mx1.y.example type=A"));
  assert_true(strstr(stage.events, "name=mx1.y.example") < strstr(stage.events, "name=mx2.y.example"));
  assert_true(stage_saw(&stage, "isp-x message.sent message=m1", "server=mx2.y.example"));
  msim_sim_free(stage.sim);
  assert_true(fail_mem_clean(&stage.mem));
}

/* The domain has an address and no MX record. */
static void without_exchangers_the_domain_itself_is_one(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(build(&stage, 0, "{zones: {.: {records: [{name: y.example, type: A, value: mx2}]}}}"), 0);
  assert_int_equal(add_mx2(&stage), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "isp-x dns.failed name=y.example type=MX", "reason=no-such-record permanent=true"));
  assert_int_equal(stage_box_count(&stage, "b"), 1);
  msim_sim_free(stage.sim);
  assert_true(fail_mem_clean(&stage.mem));
}

static void unknown_domain_is_for_good(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(build(&stage, 0, "{zones: {.: {}}}"), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "isp-x dns.failed name=y.example type=MX", "reason=no-such-name permanent=true"));
  assert_true(stage_saw(&stage, "isp-x message.failed message=m1", "550_5.1.2"));
  assert_int_equal(stage_count(&stage, "isp-x message.bounced"), 1);
  assert_int_equal(stage_count(&stage, "isp-x smtp.deferred"), 0);
  msim_sim_free(stage.sim);
  assert_true(fail_mem_clean(&stage.mem));
}

/* RFC 7505: nobody is connected to, although there is an address. */
static void domain_that_takes_no_mail_is_not_tried(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(build(&stage, 0,
                         "{zones: {.: {records: [{name: y.example, type: MX, value: 0 .}, "
                         "{name: y.example, type: A, value: mx2}]}}}"),
                   0);
  assert_int_equal(add_mx2(&stage), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_box_count(&stage, "b"), 0);
  assert_true(stage_saw(&stage, "isp-x message.failed message=m1", "556_5.1.10"));
  assert_int_equal(stage_count(&stage, "name=y.example type=A"), 0);
  msim_sim_free(stage.sim);
  assert_true(fail_mem_clean(&stage.mem));
}

/* The root is down: its resolver says SERVFAIL, and the mail waits. At the next attempt everything is asked anew, for
 * what failed then was not remembered as long. */
static void server_failure_is_tried_again(void **state)
{
  static struct mail_stage stage;
  struct msim_node *root;

  (void)state;
  assert_int_equal(build(&stage, 0,
                         "{zones: {.: {records: [{name: y.example, type: MX, value: 10 mx2.y.example}, "
                         "{name: mx2.y.example, type: A, value: mx2, ttl: 10min}]}}}"),
                   0);
  assert_int_equal(add_mx2(&stage), 0);
  assert_int_equal(msim_sim_advance_to(stage.sim, MSIM_MSEC(500)), 0);
  root = msim_node_find(stage.sim, "root");
  assert_int_equal(msim_host_crash(root, NULL), 0);
  assert_int_equal(msim_sim_advance_to(stage.sim, MSIM_SEC(60)), 0);
  assert_int_equal(msim_host_restart(root), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(stage_saw(&stage, "isp-x dns.failed name=y.example type=MX", "reason=server-failure permanent=false"));
  assert_true(stage_saw(&stage, "isp-x smtp.deferred message=m1", "retry_s=900"));
  assert_int_equal(stage_count(&stage, "message.failed"), 0);
  assert_int_equal(stage_box_count(&stage, "b"), 1);
  msim_sim_free(stage.sim);
  assert_true(fail_mem_clean(&stage.mem));
}

/* The name server itself is away: two times five seconds, then the same. */
static void silent_name_server_is_tried_again(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(build(&stage, 0,
                         "{zones: {.: {records: [{name: y.example, type: MX, value: 10 mx2.y.example}, "
                         "{name: mx2.y.example, type: A, value: mx2}]}}}"),
                   0);
  assert_int_equal(add_mx2(&stage), 0);
  assert_int_equal(msim_sim_advance_to(stage.sim, MSIM_MSEC(500)), 0);
  assert_int_equal(msim_host_crash(msim_node_find(stage.sim, "dns"), NULL), 0);
  assert_int_equal(msim_sim_advance_to(stage.sim, MSIM_SEC(60)), 0);
  assert_true(stage_saw(&stage, "isp-x dns.failed name=y.example type=MX", "reason=timeout permanent=false") ||
              stage.event_bytes == 0);
  assert_int_equal(msim_host_restart(msim_node_find(stage.sim, "dns")), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(stage_count(&stage, "reason=timeout"), 1);
  assert_true(stage_saw(&stage, "isp-x smtp.deferred message=m1", "attempt=1"));
  assert_int_equal(stage_box_count(&stage, "b"), 1);
  msim_sim_free(stage.sim);
  assert_true(fail_mem_clean(&stage.mem));
}

/* One exchanger has no address, of the other one nobody can tell now: the mail may still go there. */
static void exchanger_in_doubt_keeps_the_mail(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(build(&stage, 0,
                         "{zones: {.: {delegate: {away.example: mx1}, records: [{name: y.example, type: MX, value: "
                         "[10 mx.away.example, 20 absent.y.example]}]}}}"),
                   0);
  assert_int_equal(msim_sim_advance_to(stage.sim, MSIM_SEC(100)), 0);
  assert_int_equal(msim_sim_finish(stage.sim), 0);
  assert_true(stage_saw(&stage, "isp-x dns.failed name=mx.away.example", "permanent=false"));
  assert_true(stage_saw(&stage, "isp-x dns.failed name=absent.y.example", "permanent=true"));
  assert_int_equal(stage_count(&stage, "isp-x smtp.deferred"), 1);
  assert_int_equal(stage_count(&stage, "message.failed"), 0);
  msim_sim_free(stage.sim);
  assert_true(fail_mem_clean(&stage.mem));
}

/* Every single allocation fails once; nothing leaks and nothing goes on as if it had not. */
static void without_memory_the_run_fails_and_nothing_leaks(void **state)
{
  static struct mail_stage stage;
  uint64_t fail_at = 1;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  while (err == MSIM_ERR_NOMEM) {
    err = build(&stage, fail_at,
                "{zones: {.: {records: [{name: y.example, type: MX, value: [20 mx2.y.example, 10 mx1.y.example]}, "
                "{name: mx1.y.example, type: CNAME, value: mx2.y.example}, "
                "{name: mx2.y.example, type: A, value: mx2}]}}}");
    if (err == 0)
      err = add_mx2(&stage);
    if (err == 0)
      err = stage_run(&stage, MSIM_NEVER);
    assert_true(err == 0 || err == MSIM_ERR_NOMEM);
    msim_sim_free(stage.sim);
    assert_true(fail_mem_clean(&stage.mem));
    fail_at++;
  }
  assert_int_equal(stage.mem.failed_count, 0); /* it went well because nothing failed any more */
  assert_true(fail_at > 200);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(exchangers_are_tried_in_the_order_that_dns_gives),
      cmocka_unit_test(without_exchangers_the_domain_itself_is_one),
      cmocka_unit_test(unknown_domain_is_for_good),
      cmocka_unit_test(domain_that_takes_no_mail_is_not_tried),
      cmocka_unit_test(server_failure_is_tried_again),
      cmocka_unit_test(silent_name_server_is_tried_again),
      cmocka_unit_test(exchanger_in_doubt_keeps_the_mail),
      cmocka_unit_test(without_memory_the_run_fails_and_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
