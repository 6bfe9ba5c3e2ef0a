/* test_fair.c: whole worlds in which nothing is wrong, though it looks like it: the rules of docs/invariants.md are
 * silent. Random topologies have found each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <mailsim/mailsim.h>

static void told(void *user, const struct msim_invariant_finding *finding)
{
  (void)msim_invariant_format(finding, user, 256);
}

/* What the programs did, as text. */
struct seen {
  char text[32768];
  size_t byte_count;
};

static int take(void *ctx, const void *data, size_t size_bytes)
{
  struct seen *seen = ctx;

  assert_true(seen->byte_count + size_bytes < sizeof seen->text);
  memcpy(seen->text + seen->byte_count, data, size_bytes);
  seen->byte_count += size_bytes;
  seen->text[seen->byte_count] = '\0';
  return 0;
}

static struct seen seen;

/* The world is judged to be fine, and tells this so many times. */
static void run(const char *text, const char *words, unsigned count)
{
  const struct msim_slice slice = {(const uint8_t *)text, strlen(text)};
  const struct msim_out out = {.write = take, .ctx = &seen};
  struct msim_sim *sim = NULL;
  char broken[256] = "";
  const char *at;

  seen.byte_count = 0;
  seen.text[0] = '\0';
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(msim_topology_load_text(sim, "fair", slice, NULL, NULL, NULL), 0);
  assert_int_equal(msim_invariants_attach(sim, told, broken), 0);
  assert_int_equal(msim_trace_add(sim, "text", &out, "kind=app", NULL), 0);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  assert_int_equal(msim_sim_finish(sim), 0);
  msim_sim_free(sim);
  assert_string_equal(broken, "");
  for (at = seen.text; (at = strstr(at, words)) != NULL; at++)
    count--;
  assert_int_equal(count, 0);
}

/* Anna is named, and the list of the other provider leads to her too. */
static void two_copies_of_who_is_named_and_on_a_list(void **state)
{
  static const char text[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  pc: {agents: [{user: {address: bert@x.example, submit: x, script: [{at: 1s, send: {message: m1, to: "
      "[anna@x.example, all@y.example], body: Hi}}]}}]}\n"
      "  x: {agents: [{smtp-server: {domains: {x.example: [anna, bert]}, relay-from: ['@x.example']}}, smtp-client]}\n"
      "  y: {agents: [{smtp-server: {domains: {y.example: [postmaster]}, aliases: {all@y.example: [anna@x.example]}, "
      "relay-clients: [10.0.0.0/8]}}, smtp-client]}\n"
      "links: [{join: [pc, x], delay: 1ms}, {join: [x, y], delay: 1ms}]\n";

  (void)state;
  run(text, "store.add message=m1 mailbox=anna", 2);
}

static void one_end_for_who_is_named_twice(void **state)
{
  static const char text[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  pc: {agents: [{user: {address: anna@x.example, submit: x, via: webmail, login: {user: anna, password: "
      "blue-42}, "
      "script: [{at: 1s, send: {message: m1, to: [bert@z.example, bert@z.example], body: Hi}}]}}]}\n"
      "  x: {agents: [{smtp-server: {domains: {x.example: {anna: {password: blue-42}, bert: }}, listen: [{port: 25}, "
      "{port: 587, role: submission}]}}, imap-server, smtp-client, {webmail: {domain: x.example}}]}\n"
      "links: [{join: [pc, x], delay: 1ms}]\n";

  (void)state;
  run(text, "message.bounced message=m1", 1);
}

/* Behind APPEND dots are single (RFC 9051 6.3.12), while behind DATA they are doubled. */
static void dots_in_a_copy_that_is_saved(void **state)
{
  static const char text[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  pc: {agents: [{user: {address: anna@x.example, submit: x, via: webmail, login: {user: anna, password: "
      "blue-42}, "
      "script: [{at: 1s, send: {message: m1, to: [bert@x.example], body: \"a\\n.\\n..b\"}}]}}]}\n"
      "  x: {agents: [{smtp-server: {domains: {x.example: {anna: {password: blue-42}, bert: }}, listen: [{port: 25}, "
      "{port: 587, role: submission}]}}, imap-server, {webmail: {domain: x.example}}]}\n"
      "links: [{join: [pc, x], delay: 1ms}]\n";

  (void)state;
  run(text, "store.add message=m1 mailbox=anna/Sent", 1);
}

/* The first time the server says that it cannot: the site writes another message, with another boundary. */
static void a_mail_that_is_typed_in_once_more(void **state)
{
  static const char text[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  pc: {agents: [{user: {address: anna@x.example, submit: x, via: webmail, login: {user: anna, password: "
      "blue-42}, "
      "retry: {after: 30s}, script: [{at: 1s, send: {message: m1, to: [bert@x.example], body: a, attachments: [{name: "
      "a.bin, size: 2kB}]}}]}}]}\n"
      "  x: {agents: [{smtp-server: {domains: {x.example: {anna: {password: blue-42}, bert: }}, listen: [{port: 25}, "
      "{port: 587, role: submission}], rules: [{at: final-dot, times: 1, reply: 451 4.7.1 Later}]}}, imap-server, "
      "{webmail: {domain: x.example}}]}\n"
      "links: [{join: [pc, x], delay: 1ms}]\n";

  (void)state;
  run(text, "webmail.received message=m1", 2);
}

/* The browser has left when the site finds out that its connection to the server is lost: the letter goes once. */
static void a_letter_whose_server_is_gone(void **state)
{
  static const char text[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  pc: {agents: [{user: {address: anna@x.example, submit: site, via: webmail, login: {user: anna, password: "
      "blue-42}, script: [{at: 1s, send: {message: m1, to: [bert@x.example], size: 300kB}}]}}]}\n"
      "  site: {tcp: {data-retries: 3}, agents: [{webmail: {domain: x.example, store-host: x, submit: x}}]}\n"
      "  x: {agents: [{smtp-server: {domains: {x.example: {anna: {password: blue-42}, bert: }}, listen: [{port: 25}, "
      "{port: 587, role: submission}]}}, imap-server]}\n"
      "links: [{join: [pc, site], delay: 1ms}, {join: [site, x], delay: 1ms, rate: 1Mbit/s}]\n"
      "faults: [{id: cut, down: {link: site-x}, at: 2s}]\n";

  (void)state;
  run(text, "webmail.failed message=m1", 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(two_copies_of_who_is_named_and_on_a_list),
      cmocka_unit_test(one_end_for_who_is_named_twice),
      cmocka_unit_test(dots_in_a_copy_that_is_saved),
      cmocka_unit_test(a_mail_that_is_typed_in_once_more),
      cmocka_unit_test(a_letter_whose_server_is_gone),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
