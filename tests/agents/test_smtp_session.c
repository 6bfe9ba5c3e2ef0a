/* Tests of agents/smtp_session.c: replies in, commands out, without a network. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "agents/smtp_session.h"

/* What a session did, as one text: commands end in '|', "[content]", and in parentheses what it told. */
struct stage {
  struct msim__smtp_session session;
  struct msim__mem mem;
  struct msim__message *messages[4];
  uint32_t message_count, next;
  struct msim__message *now;
  bool settled[64], in_login;
  int prepare_err;
  struct msim__dsn_recipient dsn[4];
  char log[8192];
  size_t log_bytes;
};

static void note(struct stage *s, const char *format, ...)
{
  va_list args;
  int n;

  va_start(args, format);
  n = vsnprintf(s->log + s->log_bytes, sizeof s->log - s->log_bytes, format, args);
  va_end(args);
  assert_true(n >= 0 && (size_t)n < sizeof s->log - s->log_bytes);
  s->log_bytes += (size_t)n;
}

static void send_line(void *ctx, const char *unit, const char *label, const char *line, size_t line_bytes)
{
  struct stage *s = ctx;
  bool envelope = strncmp(line, "MAIL ", 5) == 0 || strncmp(line, "RCPT ", 5) == 0;

  assert_true(line_bytes > 2 && memcmp(line + line_bytes - 2, "\r\n", 2) == 0);
  assert_string_equal(unit, envelope ? "smtp.envelope" : s->in_login ? "auth.credentials" : "smtp.command");
  if (envelope)
    assert_string_equal(label, s->now->label);
  else
    assert_null(label);
  note(s, "%.*s|", (int)line_bytes - 2, line);
}

static void send_content(void *ctx, struct msim__message *message)
{
  struct stage *s = ctx;

  assert_ptr_equal(message, s->now);
  note(s, "[content]");
}

static bool next(void *ctx, struct msim__smtp_job *job)
{
  struct stage *s = ctx;

  if (s->next == s->message_count)
    return false;
  s->now = s->messages[s->next++];
  job->message = s->now;
  job->recipient_count = s->now->recipient_count;
  return true;
}

static const char *recipient(void *ctx, uint32_t number)
{
  struct stage *s = ctx;

  return s->settled[number] ? NULL : s->now->recipients[number];
}

static void refused(void *ctx, uint32_t number, struct msim__smtp_reply_view reply)
{
  note(ctx, "(refused %u: %s)", (unsigned)number, reply.text);
}

static void done(void *ctx, uint32_t accepted_count, struct msim__smtp_reply_view reply)
{
  note(ctx, "(done %u %u: %s)", (unsigned)accepted_count, reply.code, reply.text);
}

static const struct msim__smtp_session_ops ops = {
    .send = send_line,
    .send_content = send_content,
    .next = next,
    .recipient = recipient,
    .refused = refused,
    .done = done,
};

static void begin(struct stage *s, bool pipelining)
{
  memset(s, 0, sizeof *s);
  msim__mem_init(&s->mem, NULL);
  msim__smtp_session_init(&s->session, &ops, s, "pc-a", pipelining);
}

/* to: addresses separated by one space. */
static void add_message(struct stage *s, const char *label, const char *from, const char *to, uint64_t size_bytes,
                        bool eight_bit)
{
  struct msim_slice recipients[64];
  struct msim__message_opts opts = {0};

  opts.label = (struct msim_slice){(const uint8_t *)label, strlen(label)};
  opts.reverse_path = (struct msim_slice){(const uint8_t *)from, strlen(from)};
  while (*to != '\0') {
    size_t n = strcspn(to, " ");

    recipients[opts.recipient_count++] = (struct msim_slice){(const uint8_t *)to, n};
    to += to[n] == ' ' ? n + 1 : n;
  }
  opts.recipients = recipients;
  opts.size_bytes = size_bytes;
  opts.eight_bit = eight_bit;
  s->messages[s->message_count] = msim__message_new(&s->mem, &opts);
  assert_non_null(s->messages[s->message_count++]);
}

static void end(struct stage *s)
{
  uint32_t i;

  for (i = 0; i < s->message_count; i++)
    msim__message_unref(s->messages[i]);
  assert_int_equal(s->mem.held_bytes, 0);
}

/* Lines separated by '\n', each given in a block of exactly its size. */
static void hear(struct stage *s, const char *lines)
{
  while (*lines != '\0') {
    size_t n = strcspn(lines, "\n");
    uint8_t *copy = test_malloc(n > 0 ? n : 1);

    memcpy(copy, lines, n);
    msim__smtp_session_on_line(&s->session, (struct msim_slice){copy, n});
    test_free(copy);
    lines += lines[n] == '\n' ? n + 1 : n;
  }
}

static void forget(struct stage *s)
{
  s->log_bytes = 0;
  s->log[0] = '\0';
}

static void expect(struct stage *s, const char *log)
{
  assert_string_equal(s->log, log);
  forget(s);
}

static void lock_step_sends_one_command_per_reply(void **state)
{
  struct stage s;

  (void)state;
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y.example c@y.example", 123, false);
  expect(&s, "");
  hear(&s, "220 y at your service");
  expect(&s, "EHLO pc-a|");
  hear(&s, "250-y.example");
  expect(&s, "");
  hear(&s, "250-SIZE 1000\n250-PIPELINING\n250 8BITMIME");
  expect(&s, "MAIL FROM:<a@x.example> SIZE=123|");
  hear(&s, "250 2.1.0 fine");
  expect(&s, "RCPT TO:<b@y.example>|");
  hear(&s, "250 2.1.5 fine");
  expect(&s, "RCPT TO:<c@y.example>|");
  hear(&s, "250 2.1.5 fine");
  expect(&s, "DATA|");
  hear(&s, "354 go on");
  expect(&s, "[content]");
  hear(&s, "250 2.0.0 Taken as 7");
  expect(&s, "(done 2 250: 250 2.0.0 Taken as 7)QUIT|");
  assert_int_equal(s.session.state, MSIM__SMTP_AT_QUIT);
  hear(&s, "221 bye");
  expect(&s, "");
  assert_int_equal(s.session.state, MSIM__SMTP_AT_OVER);
  assert_true(s.session.was_ready);
  end(&s);
}

static void server_without_ehlo_is_asked_with_helo(void **state)
{
  struct stage s;

  (void)state;
  begin(&s, true);
  add_message(&s, "m1", "", "b@y.example", 123, false);
  hear(&s, "220 old\n502 what?\n250 old");
  expect(&s, "EHLO pc-a|HELO pc-a|MAIL FROM:<>|");
  hear(&s, "250 ok\n250 ok\n354 ok\n250 ok\n221 bye");
  expect(&s, "RCPT TO:<b@y.example>|DATA|[content](done 1 250: 250 ok)QUIT|");
  end(&s);
}

static void pipelining_sends_ahead_only_where_offered(void **state)
{
  struct stage s;

  (void)state;
  begin(&s, true);
  add_message(&s, "m1", "a@x.example", "b@y.example c@y.example", 1, false);
  add_message(&s, "m2", "a@x.example", "d@y.example", 1, false);
  hear(&s, "220 y\n250-y\n250 pipelining");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example>|RCPT TO:<b@y.example>|RCPT TO:<c@y.example>|DATA|");
  hear(&s, "250 ok\n550 no b\n250 ok");
  expect(&s, "(refused 0: 550 no b)");
  hear(&s, "354 go");
  expect(&s, "[content]");
  hear(&s, "250 taken");
  expect(&s, "(done 1 250: 250 taken)MAIL FROM:<a@x.example>|RCPT TO:<d@y.example>|DATA|");
  hear(&s, "250 ok\n450 later");
  expect(&s, "(refused 0: 450 later)");
  hear(&s, "354 the server wants nothing");
  expect(&s, ".|"); /* RFC 2920 3.1 */
  hear(&s, "554 no recipients");
  expect(&s, "(done 0 554: 554 no recipients)QUIT|");
  end(&s);
}

static void pipelining_keeps_a_bound_on_what_is_unanswered(void **state)
{
  char to[64 * 8] = "";
  struct stage s;
  const char *at;
  unsigned count = 0, i;

  (void)state;
  begin(&s, true);
  for (i = 0; i < 40; i++)
    (void)snprintf(to + strlen(to), sizeof to - strlen(to), "%su%u@y", i > 0 ? " " : "", i);
  add_message(&s, "m1", "a@x.example", to, 1, false);
  hear(&s, "220 y\n250-y\n250 PIPELINING");
  for (at = s.log; (at = strstr(at, "RCPT")) != NULL; at++)
    count++;
  assert_int_equal(count, 32);
  assert_null(strstr(s.log, "DATA"));
  forget(&s);
  hear(&s, "250 mail");
  expect(&s, "");
  for (i = 0; i < 7; i++)
    hear(&s, "250 ok");
  assert_null(strstr(s.log, "DATA"));
  hear(&s, "250 ok");
  assert_non_null(strstr(s.log, "RCPT TO:<u39@y>|DATA|"));
  forget(&s);
  for (i = 0; i < 32; i++)
    hear(&s, "250 ok");
  hear(&s, "354 go");
  expect(&s, "[content]");
  hear(&s, "250 ok");
  expect(&s, "(done 40 250: 250 ok)QUIT|");
  end(&s);
}

static void refused_sender_ends_the_job_and_not_the_session(void **state)
{
  struct stage s;

  (void)state;
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y.example", 1, false);
  add_message(&s, "m2", "a@x.example", "c@y.example", 1, false);
  hear(&s, "220 y\n250 y\n553 5.1.8 not you");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example>|(done 0 553: 553 5.1.8 not you)MAIL FROM:<a@x.example>|");
  hear(&s, "250 ok\n550 5.1.1 nobody");
  expect(&s, "RCPT TO:<c@y.example>|(refused 0: 550 5.1.1 nobody)(done 0 550: 550 5.1.1 nobody)QUIT|");
  end(&s);
  begin(&s, true);
  add_message(&s, "m1", "a@x.example", "b@y.example", 1, false);
  hear(&s, "220 y\n250-y\n250 PIPELINING\n450 4.7.1 not now\n503 no\n503 no");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example>|RCPT TO:<b@y.example>|DATA|(done 0 450: 450 4.7.1 not now)QUIT|");
  end(&s);
  begin(&s, true);
  add_message(&s, "m1", "a@x.example", "b@y.example", 1, false);
  hear(&s, "220 y\n250-y\n250 PIPELINING\n550 no\n550 no\n354 odd\n250 empty");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example>|RCPT TO:<b@y.example>|DATA|.|(done 0 550: 550 no)QUIT|");
  end(&s);
}

static void open_transaction_is_reset_before_the_next(void **state)
{
  struct stage s;

  (void)state;
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y.example", 1, false);
  add_message(&s, "m2", "a@x.example", "c@y.example", 1, false);
  hear(&s, "220 y\n250 y\n250 ok\n450 later");
  expect(&s,
         "EHLO pc-a|MAIL FROM:<a@x.example>|RCPT TO:<b@y.example>|(refused 0: 450 later)(done 0 450: 450 later)RSET|");
  hear(&s, "250 ok\n250 ok\n250 ok\n451 no disk");
  expect(&s, "MAIL FROM:<a@x.example>|RCPT TO:<c@y.example>|DATA|(done 1 451: 451 no disk)QUIT|");
  end(&s);
}

static void what_the_server_cannot_take_is_not_sent(void **state)
{
  struct stage s;

  (void)state;
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y.example", 1001, false);
  add_message(&s, "m2", "a@x.example", "b@y.example", 1000, true);
  hear(&s, "220 y\n250-y\n250 SIZE 1000");
  expect(&s, "EHLO pc-a|(done 0 552: 552 5.3.4 The message is larger than the next host takes)"
             "(done 0 554: 554 5.6.3 The next host does not take 8-bit content)QUIT|");
  end(&s);
  begin(&s, false);
  add_message(&s, "m3", "a@x.example", "b@y.example", 1001, true);
  hear(&s, "220 y\n250-y\n250-SIZE\n250 8BITMIME");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example> SIZE=1001 BODY=8BITMIME|");
  end(&s);
}

static void settled_recipients_are_not_named(void **state)
{
  struct stage s;

  (void)state;
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y c@y d@y e@y", 1, false);
  s.settled[0] = s.settled[2] = s.settled[3] = true;
  hear(&s, "220 y\n250 y\n250 ok\n250 ok");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example>|RCPT TO:<c@y>|DATA|");
  end(&s);
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y", 1, false);
  s.settled[0] = true;
  hear(&s, "220 y\n250 y");
  expect(&s, "EHLO pc-a|(done 0 0: there is nobody to send it to)QUIT|");
  end(&s);
}

static void refusal_at_the_door_is_the_last_word(void **state)
{
  static const char *const rows[][2] = {
      {"554 no service\n221 bye", "QUIT|"},
      {"220 y\n450 not now\n221 bye", "EHLO pc-a|QUIT|"},
      {"220 y\n500 no\n550 go away\n221 bye", "EHLO pc-a|HELO pc-a|QUIT|"},
  };
  static const unsigned codes[] = {554, 450, 550};
  size_t i;

  (void)state;
  for (i = 0; i < 3; i++) {
    struct stage s;

    begin(&s, false);
    add_message(&s, "m1", "a@x.example", "b@y", 1, false);
    hear(&s, rows[i][0]);
    expect(&s, rows[i][1]);
    assert_int_equal(s.session.state, MSIM__SMTP_AT_OVER);
    assert_int_equal(s.session.code, codes[i]);
    assert_false(s.session.was_ready);
    end(&s);
  }
}

static void server_that_leaves_ends_the_session_at_once(void **state)
{
  struct stage s;

  (void)state;
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y", 1, false);
  hear(&s, "220 y\n250 y\n250 ok\n421 4.3.2 closing");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example>|RCPT TO:<b@y>|(done 0 421: 421 4.3.2 closing)");
  assert_int_equal(s.session.state, MSIM__SMTP_AT_OVER);
  hear(&s, "250 too late");
  expect(&s, "");
  assert_int_equal(msim__smtp_session_timeout_ns(&s.session), 0);
  end(&s);
}

static void replies_that_make_no_sense_break_the_dialogue(void **state)
{
  static const char *const rows[] = {"hello", "", "25", "2x0 y", "999 y", "250-a\n251 b", "\xff\xfe", "250\xc3\xa4"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct stage s;

    begin(&s, false);
    add_message(&s, "m1", "a@x.example", "b@y", 1, false);
    hear(&s, "220 y\n250 y");
    expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example>|");
    if (rows[i][0] == '\0')
      msim__smtp_session_on_line(&s.session, (struct msim_slice){NULL, 0});
    hear(&s, rows[i]);
    expect(&s, "(done 0 0: the server's reply makes no sense)");
    assert_int_equal(s.session.state, MSIM__SMTP_AT_OVER);
    end(&s);
  }
}

static void lost_connection_ends_the_job_once_in_every_state(void **state)
{
  static const char *const lines[] = {"220 y", "250 y", "250 ok", "250 ok", "354 go", "250 ok", "221 bye"};
  size_t heard, i;

  (void)state;
  for (heard = 0; heard <= 7; heard++) {
    struct stage s;

    begin(&s, false);
    add_message(&s, "m1", "a@x.example", "b@y", 1, false);
    for (i = 0; i < heard; i++)
      hear(&s, lines[i]);
    forget(&s);
    msim__smtp_session_lost(&s.session, "gone");
    if (heard < 2 || heard > 5)
      expect(&s, "");
    else
      assert_non_null(strstr(s.log, " 0: gone)"));
    forget(&s);
    msim__smtp_session_lost(&s.session, "gone");
    expect(&s, "");
    assert_int_equal(s.session.state, MSIM__SMTP_AT_OVER);
    end(&s);
  }
}

static void reply_text_is_one_printable_line_with_a_bound(void **state)
{
  struct stage s;
  char line[2000];

  (void)state;
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y", 1, false);
  hear(&s, "220 y\n250 y\n550-5.1.1 a\x07\x7f\n550 5.1.1 gr\xc3\xbc\xc3\x9f");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example>|(done 0 550: 550 5.1.1 a?? 5.1.1 gr\xc3\xbc\xc3\x9f)QUIT|");
  end(&s);
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y", 1, false);
  hear(&s, "220 y\n250 y");
  forget(&s);
  memset(line, 'x', sizeof line);
  memcpy(line, "550 ", 4);
  msim__smtp_session_on_line(&s.session, (struct msim_slice){(const uint8_t *)line, sizeof line});
  assert_int_equal(strlen(s.session.text), MSIM__SMTP_SESSION_REPLY_BYTES - 1);
  end(&s);
}

/* RFC 5321 4.5.3.2 */
static void timeouts_are_those_of_the_rfc(void **state)
{
  struct stage s;

  (void)state;
  begin(&s, false);
  add_message(&s, "m1", "a@x.example", "b@y", 65536, false);
  assert_int_equal(msim__smtp_session_timeout_ns(&s.session), MSIM_SEC(300));
  hear(&s, "220 y\n250 y");
  assert_int_equal(msim__smtp_session_timeout_ns(&s.session), MSIM_SEC(300));
  hear(&s, "250 ok\n250 ok");
  assert_int_equal(msim__smtp_session_timeout_ns(&s.session), MSIM_SEC(120));
  hear(&s, "354 go");
  assert_int_equal(msim__smtp_session_timeout_ns(&s.session), MSIM_SEC(2 * 180 + 600));
  assert_string_equal(msim__smtp_session_state_name(s.session.state), "content");
  end(&s);
}

static int prepare(void *ctx, struct msim__message *message, bool seven_bit, bool chunked, uint64_t *size_bytes)
{
  struct stage *s = ctx;

  assert_ptr_equal(message, s->now);
  note(s, "(prepare%s%s)", seven_bit ? " 7bit" : "", chunked ? " chunked" : "");
  *size_bytes = 777;
  return s->prepare_err;
}

static const struct msim__dsn_recipient *dsn(void *ctx, uint32_t number)
{
  return &((struct stage *)ctx)->dsn[number];
}

static const struct msim__smtp_session_ops full_ops = {
    .send = send_line,
    .send_content = send_content,
    .next = next,
    .recipient = recipient,
    .refused = refused,
    .done = done,
    .prepare = prepare,
    .dsn = dsn,
};

static void begin_full(struct stage *s)
{
  begin(s, false);
  s->session.ops = &full_ops;
}

static void content_is_converted_where_eight_bits_are_not_taken(void **state)
{
  struct stage s;

  (void)state;
  begin_full(&s);
  add_message(&s, "m1", "a@x.example", "b@y.example", 100, true);
  hear(&s, "220 y\n250-y\n250 SIZE 1000");
  expect(&s, "EHLO pc-a|(prepare 7bit)MAIL FROM:<a@x.example> SIZE=777|");
  assert_true(s.session.seven_bit);
  end(&s);
  begin_full(&s);
  add_message(&s, "m1", "a@x.example", "b@y.example", 100, true);
  hear(&s, "220 y\n250-y\n250 SIZE 500"); /* it has grown */
  expect(&s, "EHLO pc-a|(prepare 7bit)(done 0 552: 552 5.3.4 The message is larger than the next host takes)QUIT|");
  end(&s);
  begin_full(&s);
  s.prepare_err = MSIM_ERR_INVALID;
  add_message(&s, "m1", "a@x.example", "b@y.example", 100, true);
  hear(&s, "220 y\n250 y");
  expect(&s, "EHLO pc-a|(prepare 7bit)(done 0 554: 554 5.6.3 The next host does not take 8-bit content)QUIT|");
  end(&s);
}

static void content_goes_in_one_chunk_where_that_is_offered(void **state)
{
  struct stage s;

  (void)state;
  begin_full(&s);
  s.session.want_chunking = true;
  add_message(&s, "m1", "a@x.example", "b@y.example", 100, false);
  hear(&s, "220 y\n250-y\n250-CHUNKING\n250 PIPELINING\n250 ok\n250 ok");
  expect(&s, "EHLO pc-a|(prepare chunked)MAIL FROM:<a@x.example>|RCPT TO:<b@y.example>|BDAT 777 LAST|[content]");
  hear(&s, "250 taken");
  expect(&s, "(done 1 250: 250 taken)QUIT|");
  end(&s);
  begin_full(&s);
  s.session.want_chunking = true;
  add_message(&s, "m1", "a@x.example", "b@y.example", 100, false);
  hear(&s, "220 y\n250-y\n250-CHUNKING\n250 PIPELINING\n250 ok\n550 no");
  expect(&s, "EHLO pc-a|(prepare chunked)MAIL FROM:<a@x.example>|RCPT TO:<b@y.example>|(refused 0: 550 no)(done 0 550: "
             "550 no)QUIT|");
  end(&s);
}

static void addresses_beyond_ascii_need_the_offer(void **state)
{
  struct stage s;

  (void)state;
  begin_full(&s);
  add_message(&s, "m1", "a@x.example", "j\xc3\xb6rg@y.example b@y.example", 100, false);
  hear(&s, "220 y\n250-y\n250 SMTPUTF8\n250 ok\n250 ok");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example> SMTPUTF8|RCPT TO:<j\xc3\xb6rg@y.example>|RCPT TO:<b@y.example>|");
  end(&s);
  begin_full(&s);
  add_message(&s, "m1", "a@x.example", "j\xc3\xb6rg@y.example b@y.example", 100, false);
  hear(&s, "220 y\n250 y\n250 ok\n250 ok");
  expect(&s, "EHLO pc-a|(refused 0: 553 5.6.7 The next host does not take addresses beyond ASCII)MAIL "
             "FROM:<a@x.example>|RCPT TO:<b@y.example>|DATA|");
  end(&s);
  begin_full(&s);
  add_message(&s, "m1", "a@x.example", "j\xc3\xb6rg@y.example", 100, false);
  hear(&s, "220 y\n250 y");
  expect(&s,
         "EHLO pc-a|(refused 0: 553 5.6.7 The next host does not take addresses beyond ASCII)(done 0 550: 550 5.6.7 "
         "The next host does not take addresses beyond ASCII)QUIT|");
  end(&s);
}

static void what_the_sender_asked_about_is_passed_on(void **state)
{
  struct stage s;

  (void)state;
  begin_full(&s);
  s.dsn[0] = (struct msim__dsn_recipient){MSIM__DSN_SUCCESS | MSIM__DSN_DELAY, "rfc822;B+1@y.example"};
  s.dsn[1] = (struct msim__dsn_recipient){MSIM__DSN_NEVER, ""};
  add_message(&s, "m1", "a@x.example", "b@y.example c@y.example", 100, false);
  hear(&s, "220 y\n250-y\n250 DSN\n250 ok\n250 ok\n250 ok");
  expect(&s, "EHLO pc-a|MAIL FROM:<a@x.example>|RCPT TO:<b@y.example> NOTIFY=SUCCESS,DELAY "
             "ORCPT=rfc822;B+2B1@y.example|RCPT TO:<c@y.example> NOTIFY=NEVER|DATA|");
  end(&s);
}

static void begin_login(struct stage *s, struct msim__smtp_credentials *login)
{
  memset(login, 0, sizeof *login);
  login->user = "tim";
  login->password = "tanstaaftanstaaf";
  begin_full(s);
  s->session.login = login;
  add_message(s, "m1", "a@x.example", "b@y.example", 100, false);
  hear(s, "220 y");
  expect(s, "EHLO pc-a|");
  s->in_login = true;
}

/* The examples of RFC 2195 2 and RFC 4616 4, with this user and password. */
static void login_takes_the_strongest_and_then_the_next(void **state)
{
  static struct msim__smtp_credentials login;
  struct stage s;

  (void)state;
  begin_login(&s, &login);
  hear(&s, "250-y\n250 AUTH GSSAPI LOGIN PLAIN");
  expect(&s, "AUTH PLAIN AHRpbQB0YW5zdGFhZnRhbnN0YWFm|");
  hear(&s, "504 not that one");
  expect(&s, "AUTH LOGIN|");
  hear(&s, "334 VXNlcm5hbWU6");
  expect(&s, "dGlt|");
  hear(&s, "334 UGFzc3dvcmQ6");
  expect(&s, "dGFuc3RhYWZ0YW5zdGFhZg==|");
  s.in_login = false;
  hear(&s, "235 welcome");
  expect(&s, "MAIL FROM:<a@x.example>|");
  end(&s);
}

static void login_that_is_refused_ends_it(void **state)
{
  static struct msim__smtp_credentials login;
  struct stage s;

  (void)state;
  begin_login(&s, &login);
  hear(&s, "250-y\n250 AUTH PLAIN LOGIN");
  forget(&s);
  s.in_login = false;
  hear(&s, "535 5.7.8 Wrong");
  expect(&s, "QUIT|");
  hear(&s, "221 bye");
  assert_false(s.session.was_ready);
  assert_int_equal(s.session.code, 535);
  assert_string_equal(s.session.text, "535 5.7.8 Wrong");
  end(&s);
  begin_login(&s, &login);
  s.in_login = false;
  hear(&s, "250 y");
  expect(&s, "QUIT|");
  hear(&s, "221 bye");
  assert_int_equal(s.session.code, 0);
  assert_string_equal(s.session.text, "the server offers no login that is known here");
  end(&s);
  begin_login(&s, &login);
  hear(&s, "250-y\n250 AUTH PLAIN LOGIN");
  forget(&s);
  hear(&s, "334 ***"); /* makes no sense */
  expect(&s, "*|");
  hear(&s, "501 cancelled");
  expect(&s, "AUTH LOGIN|");
  end(&s);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(lock_step_sends_one_command_per_reply),
      cmocka_unit_test(server_without_ehlo_is_asked_with_helo),
      cmocka_unit_test(pipelining_sends_ahead_only_where_offered),
      cmocka_unit_test(pipelining_keeps_a_bound_on_what_is_unanswered),
      cmocka_unit_test(refused_sender_ends_the_job_and_not_the_session),
      cmocka_unit_test(open_transaction_is_reset_before_the_next),
      cmocka_unit_test(what_the_server_cannot_take_is_not_sent),
      cmocka_unit_test(settled_recipients_are_not_named),
      cmocka_unit_test(refusal_at_the_door_is_the_last_word),
      cmocka_unit_test(server_that_leaves_ends_the_session_at_once),
      cmocka_unit_test(replies_that_make_no_sense_break_the_dialogue),
      cmocka_unit_test(lost_connection_ends_the_job_once_in_every_state),
      cmocka_unit_test(reply_text_is_one_printable_line_with_a_bound),
      cmocka_unit_test(timeouts_are_those_of_the_rfc),
      cmocka_unit_test(content_is_converted_where_eight_bits_are_not_taken),
      cmocka_unit_test(content_goes_in_one_chunk_where_that_is_offered),
      cmocka_unit_test(addresses_beyond_ascii_need_the_offer),
      cmocka_unit_test(what_the_sender_asked_about_is_passed_on),
      cmocka_unit_test(login_takes_the_strongest_and_then_the_next),
      cmocka_unit_test(login_that_is_refused_ends_it),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
