/* Tests of the webmail without memory: whichever allocation of a whole visit fails, the run says so and leaks nothing.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/webmail_stage.h"

#define STEP 37u /* every n-th allocation; over several runs of the test others would be met, over one these suffice   \
                  */

static int build(struct mail_stage *stage, const char *store, uint64_t fail_at)
{
  char yaml[200];
  int err = stage_begin(stage, fail_at);

  if (err == 0)
    err = msim_agent_register(stage->sim, &visitor_type);
  if (err == 0)
    err = stage_host(stage, "mx", NULL);
  if (err == 0)
    err = stage_host(stage, "pc", "mx");
  if (err == 0)
    err = stage_agent(stage, "mx", "smtp-server",
                      "{domains: {x.example: {ann: {password: blue}, bob: {password: red}}}, listen: [{port: 25}, "
                      "{port: 587, role: submission}]}");
  if (err == 0)
    err = stage_agent(stage, "mx", strcmp(store, "pop") == 0 ? "pop-server" : "imap-server", "{" WEBMAIL_MAILBOXES "}");
  (void)snprintf(yaml, sizeof yaml, "{domain: x.example, store: %s}", store);
  return err == 0 ? stage_agent(stage, "mx", "webmail", yaml) : err;
}

/* Returns how many allocations there were. */
static uint64_t play(const char *store, uint64_t fail_at)
{
  static struct mail_stage stage;
  struct visitor v = {
      .host = "mx",
      .at_ns = MSIM_SEC(1),
      .count = 10,
      .visits = {
          LOG_IN,
          {.method = "GET", .path = "/mail"},
          {.method = "GET", .path = "/mail/{id}"},
          {.method = "GET", .path = "/compose?reply={id}"},
          {.method = "POST", .path = "/draft", .body = "csrf={csrf}&to=bob%40x.example&subject=Dr&body=Text"},
          {.method = "GET", .path = "/api/search?q=zwei"},
          {.method = "POST",
           .path = "/send",
           .body = "csrf={csrf}&to=bob%40x.example&subject=Hi&body=Text&with={id}&with_folder=INBOX"},
          {.method = "POST", .path = "/mail", .body = "csrf={csrf}&id={id}&action=delete"},
          {.method = "GET", .path = "/none"},
          {.method = "POST", .path = "/logout", .body = "csrf={csrf}"},
      }};
  struct visitor_config config = {&v};
  uint64_t count;
  int err = build(&stage, store, fail_at);

  v.heard = calloc(1, ANSWER_BYTES);
  if (err == 0)
    err = msim_agent_add(msim_node_find(stage.sim, "pc"), "visitor", &config);
  if (err == 0)
    err = stage_run(&stage, MSIM_SEC(60));
  assert_int_equal(err, stage.mem.failed_count > 0 ? MSIM_ERR_NOMEM : 0);
  if (fail_at == 0)
    assert_int_equal(v.at, v.count);
  count = stage.mem.request_count;
  stage.expect_broken = true; /* the run was cut off */
  visitor_release(&v);
  stage_end(&stage);
  return count;
}

static void any_allocation_may_fail(void **state)
{
  static const char *const stores[] = {"pop", "imap"};
  uint64_t count, at;
  size_t i;

  (void)state;
  for (i = 0; i < 2; i++) {
    count = play(stores[i], 0);
    for (at = 1 + i; at <= count; at += STEP)
      (void)play(stores[i], at);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(any_allocation_may_fail)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
