/* Tests of rule I10 of the mail ledger (check/ledger_imap.c): IMAP servers that break it, each in a way of its own, are
 * told, and good ones are not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

/* ---- an IMAP server with one message that does one thing wrong ---- */

enum bug {
  BUG_NONE,
  BUG_UID,         /* gives one twice */
  BUG_UID_DOWN,    /* gives one that is lower */
  BUG_NEXT,        /* promises one that was given */
  BUG_LOST,        /* has lost a message that was there for sure */
  BUG_VALIDITY,    /* goes back */
  BUG_APPEND,      /* acknowledges what it has not kept */
  BUG_FLAGS,       /* changes flags by itself */
  NO_BUG_COMMAND,  /* flags that a command has changed: all is well */
  NO_BUG_VALIDITY, /* a higher one: UIDs begin anew */
  NO_BUG_MADE      /* the mailbox was removed and made again: likewise */
};

struct bad_config {
  const enum bug *bug;
};

struct bad_state {
  unsigned select_count, fetch_count;
};

static enum bug bug_of(struct msim_agent *agent)
{
  return *((const struct bad_config *)msim_agent_config(agent))->bug;
}

static void add(struct msim_agent *agent, const char *label, int64_t uid)
{
  struct msim_value values[4];

  values[0] = msim_value_text("message", label);
  values[1] = msim_value_text("mailbox", "b");
  values[2] = msim_value_bool("durable", true);
  values[3] = msim_value_int("uid", uid);
  msim_agent_event(agent, "store.add", values, 4);
}

static void say(struct msim_agent *agent, struct msim_stream *stream, const char *unit, const char *label,
                const char *text)
{
  (void)msim__stream_send_unit(agent, stream, unit, label, text, strlen(text));
}

static void bad_select(struct msim_agent *agent, struct msim_stream *stream)
{
  struct bad_state *state = msim_agent_state(agent);
  enum bug bug = bug_of(agent);
  bool first = state->select_count++ == 0;
  struct msim_value values[5];
  char conn[256];

  if (!first && bug == NO_BUG_MADE) {
    values[0] = msim_value_text("mailbox", "b");
    msim_agent_event(agent, "mailbox.removed", values, 1);
  }
  (void)msim_stream_name(stream, conn, sizeof conn);
  values[0] = msim_value_text("mailbox", "b");
  values[1] = msim_value_int("count", bug == BUG_LOST && !first ? 1 : 2);
  values[2] = msim_value_int("uid_next", bug == BUG_NEXT && !first ? 2 : 3);
  values[3] = msim_value_int("uid_validity", first ? 77 : bug == BUG_VALIDITY ? 76 : bug == NO_BUG_VALIDITY ? 78 : 77);
  values[4] = msim_value_text("conn", conn);
  msim_agent_event(agent, "mailbox.selected", values, 5);
  say(agent, stream, "imap.reply", NULL, "* 2 EXISTS\r\n* OK [UIDVALIDITY 77] x\r\n");
  if (!first && (bug == BUG_UID || bug == NO_BUG_MADE || bug == NO_BUG_VALIDITY))
    add(agent, "m1", 1);
  if (!first && bug == BUG_UID_DOWN) {
    add(agent, "m1", 5);
    add(agent, "m1", 4);
  }
  if (!first && bug == BUG_APPEND)
    say(agent, stream, "imap.reply", NULL, "* OK [APPENDUID 77 3] x\r\n");
}

static void bad_fetch(struct msim_agent *agent, struct msim_stream *stream)
{
  struct bad_state *state = msim_agent_state(agent);
  bool seen = state->fetch_count++ > 0 && (bug_of(agent) == BUG_FLAGS || bug_of(agent) == NO_BUG_COMMAND);

  say(agent, stream, "imap.overview", "m1",
      seen ? "* 1 FETCH (UID 1 FLAGS (\\Seen k) RFC822.SIZE 5 ENVELOPE (NIL \"FLAGS (q) UID 7\" NIL NIL NIL NIL NIL "
             "NIL NIL "
             "NIL))\r\n"
           : "* 1 FETCH (UID 1 FLAGS (k \\Recent) RFC822.SIZE 5 ENVELOPE (NIL \"FLAGS (q) UID 7\" NIL NIL NIL NIL NIL "
             "NIL "
             "NIL NIL))\r\n");
}

static void bad_line(struct msim_agent *agent, struct msim_stream *stream, const char *line)
{
  const char *verb = strchr(line, ' ');
  enum bug bug = bug_of(agent);
  char end[300];

  if (verb == NULL)
    return;
  if (strstr(verb, "SELECT") != NULL)
    bad_select(agent, stream);
  else if (strstr(verb, "BODY") != NULL)
    say(agent, stream, "imap.overview", "m1",
        bug == NO_BUG_COMMAND ? "* 1 FETCH (UID 1 FLAGS (\\Seen k) BODY[] \"A: b\")\r\n"
                              : "* 1 FETCH (UID 1 FLAGS (k) BODY[] \"A: b\")\r\n");
  else if (strstr(verb, "FETCH") != NULL)
    bad_fetch(agent, stream);
  else if (strstr(verb, "LOGOUT") != NULL)
    say(agent, stream, "imap.reply", NULL, "* BYE\r\n");
  (void)snprintf(end, sizeof end, "%.*s OK x\r\n", (int)(verb - line), line);
  say(agent, stream, "imap.reply", NULL, end);
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

static void bad_open(struct msim_agent *agent, struct msim_stream *stream)
{
  say(agent, stream, "imap.reply", NULL, "* OK x\r\n");
}

static void bad_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static const struct msim_stream_ops bad_ops = {.on_open = bad_open, .on_readable = bad_readable, .on_eof = bad_eof};

static int bad_start(struct msim_agent *agent)
{
  struct msim_value values[3];

  add(agent, "m1", 1);
  add(agent, "m2", 2);
  values[0] = msim_value_text("message", "m3"); /* a folder has UIDs of its own */
  values[1] = msim_value_text("mailbox", "b/f");
  values[2] = msim_value_int("uid", 1);
  msim_agent_event(agent, "store.add", values, 3);
  return msim_agent_listen(agent, 143, &bad_ops);
}

static const struct msim_agent_type bad_type = {.name = "bad-imap",
                                                .summary = "does one thing wrong",
                                                .config_bytes = sizeof(struct bad_config),
                                                .state_bytes = sizeof(struct bad_state),
                                                .start = bad_start};

/* Two sessions; in the first a mail is picked. */
#define USER                                                                                                           \
  "{address: b@y.example, receive: {protocol: imap, host: mx, login: b, password: secret-1, stay: 1s}, script: [{at: " \
  "1s, check: true}, {at: 1500ms, select: [m1]}, {at: 60s, check: true}, {at: 61s, check: true}]}"

static void servers_that_break_it_are_told(void **state)
{
  static const struct {
    enum bug bug;
    const char *told;
  } rows[] = {{BUG_NONE, ""},
              {BUG_UID, "I10 m1  mx: in the mailbox b a UID was given"},
              {BUG_UID_DOWN, "I10 m1  mx: in the mailbox b a UID was given"},
              {BUG_NEXT, "I10 m2  mx: in the mailbox b the next UID"},
              {BUG_LOST, "I10 m2  mx: in the mailbox b messages are missing"},
              {BUG_VALIDITY, "I10 m2  mx: in the mailbox b the UIDVALIDITY"},
              {BUG_APPEND, "I10 m2  mx: in the mailbox b a message was acknowledged"},
              {BUG_FLAGS, "I10 m1  mx: in the mailbox b flags have changed"},
              {NO_BUG_COMMAND, ""},
              {NO_BUG_VALIDITY, ""},
              {NO_BUG_MADE, ""}};
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct bad_config config = {&rows[i].bug};

    assert_int_equal(stage_begin(&stage, 0), 0);
    assert_int_equal(stage_host(&stage, "mx", NULL), 0);
    assert_int_equal(stage_host(&stage, "pc", "mx"), 0);
    assert_int_equal(stage_agent(&stage, "pc", "user", USER), 0);
    assert_int_equal(msim_agent_register(stage.sim, &bad_type), 0);
    assert_int_equal(msim_agent_add(msim_node_find(stage.sim, "mx"), "bad-imap", &config), 0);
    stage.expect_broken = true;
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    if (stage_count(&stage, "mailbox.selected") < 2)
      fail_msg("bug %d: %s", (int)rows[i].bug, stage.events);
    if (rows[i].told[0] == '\0' ? stage.broken[0] != '\0'
                                : strncmp(stage.broken, rows[i].told, strlen(rows[i].told)) != 0)
      fail_msg("bug %d: told: %s\n%s", (int)rows[i].bug, stage.broken, stage.events);
    stage_end(&stage);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(servers_that_break_it_are_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
