/* broken_mail.h: a mail server that does one thing wrong, so that a test sees the ledger (check/ledger.h) catch it.
 *
 * It speaks enough SMTP for the agents of the library, tells events as they do, and passes mail on when it is told a
 * next host. For tests only; include behind mail_stage.h. */
#ifndef MSIM_TESTS_TOPOLOGY_BROKEN_MAIL_H
#define MSIM_TESTS_TOPOLOGY_BROKEN_MAIL_H

enum bug {
  BUG_NONE,
  BUG_ACK_FIRST,      /* the reply goes out before anything is kept */
  BUG_ACK_ALONE,      /* the reply goes out, and nothing else happens */
  BUG_DROP_RECIPIENT, /* keeps all of them, passes on the first */
  BUG_SILENT,         /* gives up, and tells nobody */
  BUG_TWICE,          /* stores it twice */
  BUG_RETURN_TOO,     /* stores it, and tells the sender that it did not */
  BUG_TWO_NOTICES,
  BUG_ANSWER_NOTICE, /* writes a notice about mail from <> */
  BUG_NOTICE_FROM,   /* writes a notice that has a sender */
  BUG_CHANGE_BODY,
  BUG_RETURN_EARLY, /* returns what was refused for now */
  BUG_EAGER,        /* tries again before its time */
  BUG_CIRCLE,       /* takes it from itself for ever */
  BUG_NAME_HIDDEN,  /* adds a field Bcc on the way */
  BUG_TELL_PASSWORD
};

struct broken {
  enum bug bug;
  const char *next; /* host to pass mail on to; NULL: keeps it */
};

struct broken_config {
  const struct broken *broken;
};

struct broken_state {
  struct msim_agent *agent;
  const struct broken *broken;
  struct msim_stream *in;
  char from[100], to[4][100], label[100], content[4000], password[60];
  const char *to_list[4];
  size_t to_count, content_bytes;
  bool in_content;
  struct msim_timer timer; /* for what comes late */
  unsigned late_count;
};

static void broken_event(struct broken_state *s, const char *event, size_t to_count, const char *name, const char *text,
                         int64_t reply_class)
{
  struct msim_value values[6];
  size_t n = 0;

  values[n++] = msim_value_text("message", s->label);
  if (to_count > 0) {
    values[n].name = strcmp(event, "message.bounced") == 0 ? "about" : "to";
    values[n].kind = MSIM_VALUE_LIST;
    values[n].u.list.items = s->to_list;
    values[n++].u.list.count = to_count;
  }
  if (strcmp(event, "message.accepted") == 0)
    values[n++] = msim_value_text("from", s->from);
  if (name != NULL)
    values[n++] = msim_value_text(name, text);
  if (reply_class > 0)
    values[n++] = msim_value_int("reply_class", reply_class);
  if (strcmp(event, "smtp.deferred") == 0)
    values[n++] = msim_value_int("retry_s", 600);
  msim_agent_event(s->agent, event, values, n);
}

static void broken_say(struct broken_state *s, const char *text, bool about)
{
  (void)msim__stream_send_unit(s->agent, s->in, "smtp.reply", about ? s->label : NULL, text, strlen(text));
}

static void broken_unit(struct broken_state *s, struct msim_stream *out, const char *unit, const char *text)
{
  bool about = strcmp(unit, "smtp.command") != 0;

  (void)msim__stream_send_unit(s->agent, out, unit, about ? s->label : NULL, text, strlen(text));
}

/* Everything at once; the servers of these tests do not mind. */
static void broken_next_open(struct msim_agent *agent, struct msim_stream *out)
{
  struct broken_state *s = msim_agent_state(agent);
  size_t count = s->broken->bug == BUG_DROP_RECIPIENT ? 1 : s->to_count, i;
  char line[200], *body = strstr(s->content, "\r\n\r\n");

  broken_unit(s, out, "smtp.command", "EHLO broken\r\n");
  snprintf(line, sizeof line, "MAIL FROM:<%s>\r\n", s->from);
  broken_unit(s, out, "smtp.envelope", line);
  for (i = 0; i < count; i++) {
    snprintf(line, sizeof line, "RCPT TO:<%s>\r\n", s->to[i]);
    broken_unit(s, out, "smtp.envelope", line);
  }
  broken_unit(s, out, "smtp.command", "DATA\r\n");
  assert_non_null(body);
  if (s->broken->bug == BUG_CHANGE_BODY)
    body[4] = 'X';
  msim_stream_mark(out, "mail.content", s->label, MSIM_MARK_BEGIN);
  if (s->broken->bug == BUG_NAME_HIDDEN)
    (void)msim_stream_write(out, "Bcc: d@y.example\r\n", 18);
  (void)msim_stream_write(out, s->content, s->content_bytes);
  msim_stream_mark(out, "mail.content", s->label, MSIM_MARK_END);
  broken_unit(s, out, "smtp.command", "QUIT\r\n");
}

static void broken_next_readable(struct msim_agent *agent, struct msim_stream *out)
{
  struct broken_state *s = msim_agent_state(agent);
  struct msim_slice line;

  while (msim_stream_read_line(out, 1000, &line) > 0)
    if (line.size_bytes > 9 && memcmp(line.data, "250 2.0.0", 9) == 0)
      broken_event(s, "message.sent", s->broken->bug == BUG_DROP_RECIPIENT ? 1 : s->to_count, NULL, NULL, 0);
}

static void broken_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static const struct msim_stream_ops broken_next_ops = {
    .on_open = broken_next_open, .on_readable = broken_next_readable, .on_eof = broken_eof};

static void broken_found(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim_endpoint to = {answers->items[0].addr, 25};

  (void)ctx;
  (void)msim_agent_connect(agent, to, &broken_next_ops, NULL, NULL);
}

static void broken_late(struct msim_timer *timer, msim_ns now_ns)
{
  struct broken_state *s = (struct broken_state *)(void *)((char *)timer - offsetof(struct broken_state, timer));

  (void)now_ns;
  if (s->broken->bug == BUG_ACK_FIRST) {
    broken_event(s, "store.add", s->to_count, "mailbox", "b", 0);
  } else if (s->broken->bug == BUG_EAGER) {
    broken_event(s, "smtp.deferred", 0, "domain", "y.example", 0);
    broken_event(s, "message.failed", s->to_count, "reason", "expired", 0);
    broken_event(s, "message.discarded", s->to_count, "reason", "test", 0);
  }
}

/* What becomes of it, for those who keep it in a queue. */
static void broken_after(struct broken_state *s)
{
  unsigned i;

  switch (s->broken->bug) {
  case BUG_SILENT:
    broken_event(s, "message.failed", s->to_count, "reason", "refused", 5);
    return;
  case BUG_ANSWER_NOTICE:
  case BUG_TWO_NOTICES:
  case BUG_NOTICE_FROM:
    broken_event(s, "message.failed", s->to_count, "reason", "refused", 5);
    broken_event(s, "message.bounced", s->to_count, "notice", "n1", 0);
    if (s->broken->bug == BUG_TWO_NOTICES)
      broken_event(s, "message.bounced", s->to_count, "notice", "n2", 0);
    if (s->broken->bug == BUG_NOTICE_FROM) {
      snprintf(s->label, sizeof s->label, "n1");
      broken_event(s, "message.created", 0, "from", "postmaster@y.example", 0);
    }
    return;
  case BUG_RETURN_EARLY:
    broken_event(s, "smtp.deferred", 0, "domain", "y.example", 0);
    broken_event(s, "message.bounced", s->to_count, "notice", "n1", 0);
    return;
  case BUG_EAGER:
    broken_event(s, "smtp.deferred", 0, "domain", "y.example", 0);
    msim_timer_arm(&s->timer, MSIM_SEC(10));
    return;
  case BUG_CIRCLE:
    for (i = 0; i < 110; i++) {
      broken_event(s, "smtp.queued", s->to_count, NULL, NULL, 0);
      broken_event(s, "message.accepted", s->to_count, NULL, NULL, 0);
      broken_event(s, "message.sent", s->to_count, NULL, NULL, 0);
    }
    broken_event(s, "message.discarded", s->to_count, "reason", "test", 0);
    return;
  default:
    if (s->broken->next != NULL)
      (void)msim_agent_resolve(s->agent, s->broken->next, MSIM_NAME_ADDRESS, broken_found, s);
  }
}

static void broken_take(struct broken_state *s)
{
  bool keeps = s->broken->next == NULL;
  enum bug bug = s->broken->bug;
  const char *note = bug == BUG_TELL_PASSWORD ? s->password : "none";

  if (bug == BUG_ACK_FIRST || bug == BUG_ACK_ALONE) {
    if (bug == BUG_ACK_FIRST)
      broken_event(s, "message.accepted", s->to_count, NULL, NULL, 0);
    broken_say(s, "250 2.0.0 taken\r\n", true);
    if (bug == BUG_ACK_FIRST)
      msim_timer_arm(&s->timer, MSIM_SEC(1));
    return;
  }
  if (keeps && bug != BUG_SILENT && bug != BUG_ANSWER_NOTICE && bug != BUG_NOTICE_FROM && bug != BUG_TWO_NOTICES &&
      bug != BUG_RETURN_EARLY && bug != BUG_EAGER && bug != BUG_CIRCLE) {
    broken_event(s, "store.add", s->to_count, "mailbox", "b", 0);
    if (bug == BUG_TWICE)
      broken_event(s, "store.add", s->to_count, "mailbox", "b", 0);
  } else {
    broken_event(s, "smtp.queued", s->to_count, NULL, NULL, 0);
    keeps = false;
  }
  broken_event(s, "message.accepted", s->to_count, "note", note, 0);
  broken_say(s, "250 2.0.0 taken\r\n", true);
  if (bug == BUG_RETURN_TOO)
    broken_event(s, "message.bounced", s->to_count, "notice", "n1", 0);
  if (!keeps)
    broken_after(s);
}

static void broken_copy(char *out, size_t out_bytes, const char *from, const char *to)
{
  assert_true(from != NULL && to != NULL && to >= from && (size_t)(to - from) < out_bytes);
  memcpy(out, from, (size_t)(to - from));
  out[to - from] = '\0';
}

static void broken_command(struct broken_state *s, const char *line)
{
  if (strncmp(line, "EHLO", 4) == 0) {
    broken_say(s, "250-broken\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n", false);
  } else if (strncmp(line, "AUTH", 4) == 0) {
    snprintf(s->password, sizeof s->password, "correct horse");
    broken_say(s, "235 2.7.0 fine\r\n", false);
  } else if (strncmp(line, "MAIL", 4) == 0) {
    broken_copy(s->from, sizeof s->from, strchr(line, '<') + 1, strchr(line, '>'));
    s->to_count = s->content_bytes = 0;
    broken_say(s, "250 2.1.0 fine\r\n", false);
  } else if (strncmp(line, "RCPT", 4) == 0) {
    broken_copy(s->to[s->to_count], sizeof s->to[0], strchr(line, '<') + 1, strchr(line, '>'));
    s->to_list[s->to_count] = s->to[s->to_count];
    s->to_count++;
    broken_say(s, "250 2.1.5 fine\r\n", false);
  } else if (strncmp(line, "DATA", 4) == 0) {
    s->in_content = true;
    broken_say(s, "354 go\r\n", false);
  } else {
    broken_say(s, "221 2.0.0 bye\r\n", false);
    msim_stream_close(s->in);
  }
}

static void broken_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct broken_state *s = msim_agent_state(agent);
  struct msim_slice line;
  const char *label;
  char text[1100];

  s->in = stream;
  for (;;) {
    label = msim_stream_message(stream);
    if (s->in_content && label != NULL)
      snprintf(s->label, sizeof s->label, "%s", label);
    if (msim_stream_read_line(stream, 1000, &line) <= 0)
      return;
    snprintf(text, sizeof text, "%.*s", (int)line.size_bytes, (const char *)line.data);
    if (!s->in_content) {
      broken_command(s, text);
      continue;
    }
    s->content_bytes +=
        (size_t)snprintf(s->content + s->content_bytes, sizeof s->content - s->content_bytes, "%s\r\n", text);
    if (strcmp(text, ".") == 0) {
      s->in_content = false;
      broken_take(s);
    }
  }
}

static void broken_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct broken_state *s = msim_agent_state(agent);

  s->in = stream;
  msim_stream_set_nodelay(stream, true);
  broken_say(s, "220 broken\r\n", false);
}

static const struct msim_stream_ops broken_ops = {
    .on_open = broken_open, .on_readable = broken_readable, .on_eof = broken_eof};

static int broken_start(struct msim_agent *agent)
{
  struct broken_state *s = msim_agent_state(agent);

  s->agent = agent;
  s->broken = ((const struct broken_config *)msim_agent_config(agent))->broken;
  msim_timer_init(&s->timer, msim_agent_node(agent), broken_late);
  (void)msim_agent_announce_mx(agent, "y.example", 5);
  return msim_agent_listen(agent, 25, &broken_ops);
}

static const struct msim_agent_type broken_type = {.name = "broken",
                                                   .summary = "does one thing wrong",
                                                   .state_bytes = sizeof(struct broken_state),
                                                   .config_bytes = sizeof(struct broken_config),
                                                   .start = broken_start};

#endif
