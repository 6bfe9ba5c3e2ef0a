/* test_live.c: what a program does to a world while it runs: faults come and go, mails are read and taken out, users
 * appear. What it does is a part of the run: done again it gives the same bytes. */
#include "topology/fault_stage.h"

static const char mime[] = "From: =?utf-8?q?J=C3=BCrgen?= <j@a.example>\r\n"
                           "Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n"
                           "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
                           "--b\r\nContent-Type: multipart/alternative; boundary=c\r\n\r\n"
                           "--c\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n"
                           "R3LDvMOfZSE=\r\n"
                           "--c\r\nContent-Type: text/html\r\n\r\n<b>Gr&uuml;&szlig;e!</b>\r\n--c--\r\n"
                           "--b\r\nContent-Type: image/png; name=\"../../x.png\"\r\nContent-Disposition: attachment\r\n"
                           "Content-Transfer-Encoding: base64\r\n\r\nAAEC\r\n--b--\r\n";

static const char world[] = "mailsim: 1\n"
                            "hosts:\n"
                            "  alice: {agents: [{user: {address: alice@a.example, submit: mx, script: [\n"
                            "    {at: 10s, send: {message: m1, to: erin@b.example, subject: Hi, body: Hello}},\n"
                            "    {at: 40s, send: {message: m2, to: erin@b.example, subject: Ho, body: Hello}}]}}]}\n"
                            "  mx: {agents: [{smtp-server: {domains: {b.example: {bob: {password: green-7}}}}}, "
                            "imap-server, pop-server]}\n"
                            "links:\n"
                            "  - {join: [alice, mx], delay: 10ms}\n";

struct text {
  char bytes[16384];
  size_t count;
};

static int hear(void *ctx, const void *data, size_t size_bytes)
{
  struct text *text = ctx;

  assert_true(text->count + size_bytes < sizeof text->bytes);
  memcpy(text->bytes + text->count, data, size_bytes);
  text->count += size_bytes;
  text->bytes[text->count] = '\0';
  return MSIM_OK;
}

static struct msim_sim *load(struct text *trace)
{
  struct msim_mailbox_letter letter = {
      .user = "bob", .data = mime, .size_bytes = sizeof mime - 1, .internal_unix_s = MSIM_MAILBOX_DATE_OF_FIELD};
  struct msim_out out = {trace, hear};
  struct msim_sim *sim;

  findings[0] = '\0';
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(msim_topology_load_text(sim, "live", (struct msim_slice){(const uint8_t *)world, sizeof world - 1},
                                           NULL, note, NULL),
                   0);
  assert_int_equal(msim_mailbox_put(msim_node_find(sim, "mx"), &letter), 0);
  if (trace != NULL) {
    trace->count = 0;
    assert_int_equal(msim_trace_add(sim, "text", &out, "kind=app,kind=fault", NULL), 0);
  }
  return sim;
}

/* ---- faults ---- */

static void a_fault_comes_and_goes_while_it_runs(void **state)
{
  struct msim_node *mx;
  struct msim_sim *sim = load(NULL);
  struct msim_mailbox_info box;

  (void)state;
  mx = msim_node_find(sim, "mx");
  assert_int_equal(msim_sim_advance_to(sim, MSIM_SEC(5)), 0);
  assert_int_equal(msim_mailbox_user_add(mx, "erin@b.example", NULL), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: cut, down: {link: alice-mx}}", note, NULL), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: cut, down: {link: alice-mx}}", note, NULL), MSIM_ERR_EXISTS);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: x, down: {link: fur}}", note, NULL), MSIM_ERR_SYNTAX);
  assert_int_equal(msim_sim_advance_to(sim, MSIM_SEC(30)), 0);
  assert_true(msim_fault_count(sim, "cut") > 0);
  assert_int_equal(msim_mailbox_at(mx, 1, &box), 0);
  assert_string_equal(box.user, "erin");
  assert_int_equal(box.message_count, 0);
  assert_int_equal(msim_fault_lift(sim, "cut"), 0);
  assert_int_equal(msim_fault_lift(sim, "cut"), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  assert_int_equal(msim_mailbox_at(mx, 1, &box), 0);
  assert_int_equal(box.message_count, 2);
  /* its id is free again; a trigger works, and what was added while it ran goes together */
  assert_int_equal(msim_fault_add_yaml(sim, "{id: cut, loss: {link: alice-mx, share: 100%}}", note, NULL), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: t, crash: {host: mx}, after: {event: nothing.ever}}", note, NULL), 0);
  msim_fault_lift_added(sim);
  assert_int_equal(msim_fault_lift(sim, "t"), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_sim_finish(sim), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: late, down: {link: alice-mx}}", note, NULL), MSIM_ERR_STATE);
  msim_sim_free(sim);
}

static void lifting_a_crash_is_the_restart(void **state)
{
  struct msim_sim *sim = load(NULL);
  struct msim_node *mx = msim_node_find(sim, "mx");

  (void)state;
  assert_int_equal(msim_sim_advance_to(sim, MSIM_SEC(5)), 0);
  assert_int_equal(msim_fault_add_yaml(sim, "{id: boom, crash: {host: mx}, for: 1h}", note, NULL), 0);
  assert_int_equal(msim_sim_advance_to(sim, MSIM_SEC(6)), 0);
  assert_false(msim_host_is_up(mx));
  assert_int_equal(msim_fault_lift(sim, "boom"), 0);
  assert_true(msim_host_is_up(mx));
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  msim_sim_free(sim);
}

/* ---- mails and users ---- */

static void a_mail_is_read_as_a_person_reads_it(void **state)
{
  struct msim_sim *sim = load(NULL);
  struct msim_node *mx = msim_node_find(sim, "mx");
  struct text heard = {"", 0};
  struct msim_out out = {&heard, hear};
  struct msim_mailbox_part part;

  (void)state;
  assert_int_equal(msim_sim_start(sim), 0);
  assert_int_equal(msim_mailbox_field(mx, 0, 0, "subject", &out), 0);
  assert_string_equal(heard.bytes, "Grüße");
  heard.count = 0;
  assert_int_equal(msim_mailbox_field(mx, 0, 0, "From", &out), 0);
  assert_string_equal(heard.bytes, "Jürgen <j@a.example>");
  assert_int_equal(msim_mailbox_field(mx, 0, 0, "Reply-To", &out), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_mailbox_field(mx, 0, 1, "From", &out), MSIM_ERR_NOT_FOUND);
  heard.count = 0;
  assert_int_equal(msim_mailbox_text(mx, 0, 0, &out), 0);
  assert_string_equal(heard.bytes, "Grüße!\n");
  assert_int_equal(msim_mailbox_part_at(mx, 0, 0, 0, &part), 0);
  assert_true(part.is_multipart);
  assert_string_equal(part.type, "multipart/mixed");
  assert_int_equal(msim_mailbox_part_at(mx, 0, 0, 2, &part), 0);
  assert_true(part.is_shown);
  assert_int_equal(part.depth, 2);
  assert_int_equal(msim_mailbox_part_at(mx, 0, 0, 4, &part), 0);
  assert_true(part.is_attached);
  assert_string_equal(part.type, "image/png");
  assert_string_equal(part.name, "x.png");
  assert_int_equal(msim_mailbox_part_at(mx, 0, 0, 5, &part), MSIM_ERR_NOT_FOUND);
  heard.count = 0;
  assert_int_equal(msim_mailbox_write_part(mx, 0, 0, 4, &out), 0);
  assert_int_equal(heard.count, 3);
  assert_memory_equal(heard.bytes, "\0\1\2", 3);
  assert_int_equal(msim_mailbox_write_part(mx, 0, 0, 5, &out), MSIM_ERR_NOT_FOUND);
  msim_sim_free(sim);
}

static void play(struct text *trace)
{
  struct msim_sim *sim = load(trace);
  struct msim_node *mx = msim_node_find(sim, "mx");
  struct msim_mailbox_info box;

  assert_int_equal(msim_mailbox_remove(mx, 0, 0), MSIM_ERR_STATE); /* not yet */
  assert_int_equal(msim_mailbox_user_add(mx, "erin@b.example", ""), MSIM_ERR_STATE);
  assert_int_equal(msim_sim_advance_to(sim, MSIM_SEC(1)), 0);
  assert_int_equal(msim_mailbox_remove(mx, 0, 0), 0);
  assert_int_equal(msim_mailbox_remove(mx, 0, 0), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_mailbox_at(mx, 0, &box), 0);
  assert_int_equal(box.message_count, 0);
  assert_int_equal(msim_mailbox_user_add(mx, "erin@b.example", "violet-3"), 0);
  assert_int_equal(msim_mailbox_user_add(mx, "no address", NULL), MSIM_ERR_INVALID);
  assert_int_equal(msim_mailbox_user_add(msim_node_find(sim, "alice"), "erin@b.example", NULL), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_sim_advance_to(sim, MSIM_SEC(30)), 0);
  assert_int_equal(msim_mailbox_user_remove(mx, "erin@b.example"), 0);
  assert_int_equal(msim_mailbox_user_remove(mx, "erin@b.example"), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), 0);
  assert_int_equal(msim_mailbox_at(mx, 1, &box), 0);
  assert_string_equal(box.user, "erin");
  assert_int_equal(box.message_count, 1); /* m2 came when nobody knew her any more */
  assert_int_equal(msim_sim_finish(sim), 0);
  msim_sim_free(sim);
}

static void what_is_done_by_hand_is_a_part_of_the_run(void **state)
{
  static struct text once, again;

  (void)state;
  play(&once);
  play(&again);
  assert_string_equal(once.bytes, again.bytes);
  assert_non_null(strstr(once.bytes, "reason=\"by hand\""));
  assert_non_null(strstr(once.bytes, "m2"));
}

/* ---- ports of the real machine ---- */

static void the_section_serve_is_told_and_changes_nothing(void **state)
{
  static const char served[] =
      "mailsim: 1\nhosts: {a: {}, b: {}}\nlinks: [{join: [a, b], delay: 1ms}]\n"
      "serve:\n  - {listen: 2525, to: \"b:25\", from: a}\n  - {uplink: \"a:25\", to: \"127.0.0.1:2626\"}\n";
  static const char wrong[] = "mailsim: 1\nhosts: {a: {}}\nserve:\n  - {listen: 1, to: \"a:1\"}\n  - {to: \"a:1\"}\n"
                              "  - {listen: 1, uplink: \"a:1\", to: \"a:1\", from: a}\n  - {uplink: \"a:1\"}\n  - x\n";
  struct msim_topology_gate gate;
  struct msim_sim *sim;

  (void)state;
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(msim_topology_load_text(sim, "s", (struct msim_slice){(const uint8_t *)served, sizeof served - 1},
                                           NULL, note, NULL),
                   0);
  assert_true(msim_topology_gate_at(sim, 0, &gate));
  assert_string_equal(gate.listen, "2525");
  assert_string_equal(gate.from, "a");
  assert_string_equal(gate.to, "b:25");
  assert_int_equal(gate.line, 5);
  assert_true(msim_topology_gate_at(sim, 1, &gate));
  assert_string_equal(gate.listen, "");
  assert_string_equal(gate.uplink, "a:25");
  assert_false(msim_topology_gate_at(sim, 2, &gate));
  msim_sim_free(sim);
  findings[0] = '\0';
  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  assert_int_equal(msim_topology_load_text(sim, "w", (struct msim_slice){(const uint8_t *)wrong, sizeof wrong - 1},
                                           NULL, note, NULL),
                   MSIM_ERR_SYNTAX);
  assert_int_equal(count_of(findings, "\n"), 5);
  assert_non_null(strstr(findings, "4:5: from belongs to listen"));
  assert_non_null(strstr(findings, "5:5: write either listen and from, or uplink"));
  msim_sim_free(sim);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_fault_comes_and_goes_while_it_runs),
      cmocka_unit_test(lifting_a_crash_is_the_restart),
      cmocka_unit_test(a_mail_is_read_as_a_person_reads_it),
      cmocka_unit_test(what_is_done_by_hand_is_a_part_of_the_run),
      cmocka_unit_test(the_section_serve_is_told_and_changes_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
