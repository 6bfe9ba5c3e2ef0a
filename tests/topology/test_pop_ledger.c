/* Tests of rule I11 of the mail ledger (check/ledger_pop.c): POP3 servers that delete when they must not are told, good
 * ones are not, and cut sessions of the library's own server delete nothing. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

/* ---- a POP3 server that deletes at the wrong time ---- */

enum bug {
  BUG_NONE,    /* at QUIT */
  BUG_AT_DELE, /* at once */
  BUG_AT_END   /* when the connection is over, QUIT or not; it hangs up after DELE */
};

struct bad_config {
  const enum bug *bug;
};

static enum bug bug_of(struct msim_agent *agent)
{
  return *((const struct bad_config *)msim_agent_config(agent))->bug;
}

static void bad_remove(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim_value values[4];
  char conn[256];

  (void)msim_stream_name(stream, conn, sizeof conn);
  values[0] = msim_value_text("message", "m1");
  values[1] = msim_value_text("mailbox", "b");
  values[2] = msim_value_text("protocol", "pop");
  values[3] = msim_value_text("conn", conn);
  msim_agent_event(agent, "store.remove", values, 4);
}

static void bad_open(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  (void)msim_stream_printf(stream, "+OK\r\n");
}

static void bad_line(struct msim_agent *agent, struct msim_stream *stream, const char *line)
{
  const char *reply = "+OK\r\n";

  if (strncmp(line, "CAPA", 4) == 0)
    reply = "-ERR\r\n";
  else if (strncmp(line, "UIDL", 4) == 0)
    reply = "+OK\r\n1 a\r\n.\r\n";
  else if (strncmp(line, "LIST", 4) == 0)
    reply = "+OK\r\n1 6\r\n.\r\n";
  else if (strncmp(line, "RETR", 4) == 0)
    reply = "+OK\r\nA: b\r\n.\r\n";
  if (strncmp(line, "DELE", 4) == 0 && bug_of(agent) == BUG_AT_DELE)
    bad_remove(agent, stream);
  if (strncmp(line, "QUIT", 4) == 0 && bug_of(agent) == BUG_NONE)
    bad_remove(agent, stream);
  if (strncmp(line, "QUIT", 4) == 0 || (strncmp(line, "DELE", 4) == 0 && bug_of(agent) == BUG_AT_END)) {
    msim_stream_close(stream);
    return;
  }
  (void)msim_stream_printf(stream, "%s", reply);
}

static void bad_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim_slice line;
  char text[300];

  while (msim_stream_read_line(stream, 250, &line) == 1) {
    (void)snprintf(text, sizeof text, "%.*s", (int)line.size_bytes, (const char *)line.data);
    bad_line(agent, stream, text);
  }
}

static void bad_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  (void)why;
  if (bug_of(agent) == BUG_AT_END)
    bad_remove(agent, stream);
}

static void bad_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static const struct msim_stream_ops bad_ops = {
    .on_open = bad_open, .on_readable = bad_readable, .on_eof = bad_eof, .on_closed = bad_closed};

static int bad_start(struct msim_agent *agent)
{
  return msim_agent_listen(agent, 110, &bad_ops);
}

static const struct msim_agent_type bad_type = {
    .name = "bad-pop", .summary = "deletes", .config_bytes = sizeof(struct bad_config), .start = bad_start};

#define USER                                                                                                           \
  "{address: b@y.example, receive: {host: mx, login: b, password: secret-1}, script: [{at: 1s, check: true}%s]}"

static void begin(struct mail_stage *stage, const char *more)
{
  char user[400];

  (void)snprintf(user, sizeof user, USER, more);
  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(stage_host(stage, "mx", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "mx"), 0);
  assert_int_equal(stage_agent(stage, "pc", "user", user), 0);
}

static void servers_that_delete_before_quit_are_told(void **state)
{
  static const struct {
    enum bug bug;
    const char *told;
  } rows[] = {{BUG_NONE, ""}, {BUG_AT_DELE, "I11 m1  mx: "}, {BUG_AT_END, "I11 m1  mx: "}};
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bad_config config = {&rows[i].bug};

    begin(&stage, "");
    assert_int_equal(msim_agent_register(stage.sim, &bad_type), 0);
    assert_int_equal(msim_agent_add(msim_node_find(stage.sim, "mx"), "bad-pop", &config), 0);
    stage.expect_broken = true;
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    assert_int_equal(stage_count(&stage, "store.remove"), 1);
    if (rows[i].told[0] == '\0' ? stage.broken[0] != '\0'
                                : strncmp(stage.broken, rows[i].told, strlen(rows[i].told)) != 0)
      fail_msg("bug %d: told: %s\n%s", (int)rows[i].bug, stage.broken, stage.events);
    stage_end(&stage);
  }
}

/* The plug is pulled at each of a hundred instants of a session: what is deleted then was deleted by QUIT. */
static void own_server_keeps_to_it_wherever_it_is_cut(void **state)
{
  static struct mail_stage stage;
  unsigned at_us, cut_count = 0, done_count = 0;
  char more[100];

  (void)state;
  for (at_us = 0; at_us < 50000; at_us += 500) {
    (void)snprintf(more, sizeof more, ", {at: %uus, offline: true}", 1000000 + at_us);
    begin(&stage, more);
    assert_int_equal(stage_agent(&stage, "mx", "pop-server",
                                 "{accounts: {b: {password: secret-1}}, mailboxes: {b: [{message: m1, size: 2kB}, "
                                 "{message: m2}]}}"),
                     0);
    assert_int_equal(stage_spy(&stage, "mx"), 0);
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    assert_true(stage_box_count(&stage, "b") == 2 || stage_box_count(&stage, "b") == 0);
    cut_count += stage_box_count(&stage, "b") == 2;
    done_count += stage_box_count(&stage, "b") == 0;
    stage_end(&stage); /* nothing was told */
  }
  assert_true(cut_count > 10 && done_count > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(servers_that_delete_before_quit_are_told),
      cmocka_unit_test(own_server_keeps_to_it_wherever_it_is_cut),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
