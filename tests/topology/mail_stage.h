/* mail_stage.h: a small world for tests of the mail agents: hosts on perfect links of 1 ms, a client and a server that
 * say what a test tells them to, what happened as lines of text, and what lies in the mailboxes.
 *
 * For tests only; include after the cmocka headers, in one file of a program. */
#ifndef MSIM_TESTS_TOPOLOGY_MAIL_STAGE_H
#define MSIM_TESTS_TOPOLOGY_MAIL_STAGE_H

#include <mailsim/mailsim.h>

#include "agents/smtp_stream.h"
#include "support/fail_mem.h"

#include <stdio.h>
#include <string.h>

struct mail_stage {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_agent *spy; /* of the host that stage_spy names */
  char events[200000];    /* "1234ms host event message=m1 to=[a b] …" per line, text values without their spaces */
  size_t event_bytes;
  char broken[4000];  /* "I3 m1 b@y.example isp-y: sentence" per line: rules of docs/invariants.md */
  bool expect_broken; /* the test looks at them; otherwise none may be there at the end */
};

/* ---- the feeder: a client that sends bytes and keeps what it hears ---- */

enum feed_end { FEED_WAITS, FEED_CLOSES, FEED_ABORTS }; /* when everything is sent */

struct feed {
  const char *host, *bytes;
  size_t size_bytes;
  size_t piece_bytes; /* per segment, one each ms; 0: all at once */
  enum feed_end end;
  bool deaf; /* never reads */
  msim_ns at_ns;
  uint16_t port;    /* 0: 25 */
  msim_ns pause_ns; /* between pieces; 0: 1 ms */
  /* results */
  char heard[65536];
  size_t heard_bytes;
  bool opened, closed;
  enum msim_close_reason why;
  msim_ns closed_ns;
};

struct feed_config {
  struct feed *feed;
};

struct feed_state {
  struct msim_timer timer; /* first */
  struct msim_agent *agent;
  struct feed *feed;
  struct msim_stream *stream;
  size_t sent_bytes;
};

static void feed_send(struct feed_state *s)
{
  struct feed *feed = s->feed;
  size_t n = feed->size_bytes - s->sent_bytes;

  if (feed->piece_bytes > 0 && n > feed->piece_bytes)
    n = feed->piece_bytes;
  s->sent_bytes += msim_stream_write(s->stream, feed->bytes + s->sent_bytes, n);
  if (s->sent_bytes < feed->size_bytes)
    msim_timer_arm(&s->timer, feed->pause_ns != 0 ? feed->pause_ns : MSIM_MSEC(1));
  else if (feed->end == FEED_CLOSES)
    msim_stream_close(s->stream);
  else if (feed->end == FEED_ABORTS)
    msim_timer_arm(&s->timer, MSIM_SEC(5)); /* what was sent arrives before */
}

static void feed_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct feed_state *s = msim_agent_state(agent);

  s->feed->opened = true;
  msim_stream_set_nodelay(stream, true);
  feed_send(s);
}

static void feed_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct feed *feed = ((struct feed_state *)msim_agent_state(agent))->feed;
  size_t room = sizeof feed->heard - 1 - feed->heard_bytes;

  if (feed->deaf)
    return;
  assert_true(room > 0);
  feed->heard_bytes += msim_stream_read(stream, feed->heard + feed->heard_bytes, room);
  feed->heard[feed->heard_bytes] = '\0';
}

static void feed_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static void feed_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct feed_state *s = msim_agent_state(agent);

  (void)stream;
  msim_timer_cancel(&s->timer);
  s->stream = NULL;
  s->feed->closed = true;
  s->feed->why = why;
  s->feed->closed_ns = msim_sim_now_ns(msim_agent_sim(agent));
}

static const struct msim_stream_ops feed_ops = {
    .on_open = feed_open,
    .on_readable = feed_readable,
    .on_eof = feed_eof,
    .on_closed = feed_closed,
};

static void feed_resolved(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct feed_state *s = ctx;
  struct msim_endpoint to;

  assert_true(answers->count > 0);
  to.addr = answers->items[0].addr;
  to.port = s->feed->port != 0 ? s->feed->port : 25;
  (void)msim_agent_connect(agent, to, &feed_ops, NULL, &s->stream);
}

static void feed_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct feed_state *s = (struct feed_state *)(void *)timer;

  (void)now_ns;
  if (s->stream == NULL)
    (void)msim_agent_resolve(s->agent, s->feed->host, MSIM_NAME_ADDRESS, feed_resolved, s);
  else if (s->sent_bytes < s->feed->size_bytes)
    feed_send(s);
  else
    msim_stream_abort(s->stream);
}

static int feed_start(struct msim_agent *agent)
{
  struct feed_state *s = msim_agent_state(agent);

  s->agent = agent;
  s->feed = ((const struct feed_config *)msim_agent_config(agent))->feed;
  msim_timer_init(&s->timer, msim_agent_node(agent), feed_timer);
  msim_timer_arm(&s->timer, s->feed->at_ns);
  return 0;
}

/* ---- the actor: a server that gives replies from a list and keeps what it hears ---- */

struct actor {
  const char *domain; /* announced; NULL: none */
  uint16_t preference;
  uint16_t port; /* 0: 25 */
  const char *const
      *replies;      /* the first is the greeting; NULL ends: nothing more is said. "!" closes, "-" stays silent */
  size_t reply_next; /* goes on over all connections; "^" in the list: the next connection starts there */
  unsigned connection_count;
  bool in_content;
  char heard[65536]; /* lines, each with '|' behind it; content as [N] with the number of its lines */
  size_t heard_bytes;
  unsigned content_lines;
};

struct actor_config {
  struct actor *actor;
};

static struct actor *actor_of(struct msim_agent *agent)
{
  return ((const struct actor_config *)msim_agent_config(agent))->actor;
}

static void actor_say(struct actor *actor, struct msim_stream *stream)
{
  const char *reply = actor->replies[actor->reply_next];

  if (reply == NULL)
    return;
  if (strcmp(reply, "^") == 0)
    return;
  actor->reply_next++;
  if (strcmp(reply, "!") == 0)
    msim_stream_close(stream);
  else if (strcmp(reply, "-") != 0)
    (void)msim_stream_printf(stream, "%s\r\n", reply);
  if (strncmp(reply, "354", 3) == 0) {
    actor->in_content = true;
    actor->content_lines = 0;
  }
}

static void actor_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct actor *actor = actor_of(agent);

  size_t i;

  actor->in_content = false;
  for (i = actor->reply_next; actor->connection_count > 0 && actor->replies[i] != NULL; i++)
    if (strcmp(actor->replies[i], "^") == 0) {
      actor->reply_next = i + 1;
      break;
    }
  actor->connection_count++;
  actor_say(actor, stream);
}

static void actor_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct actor *actor = actor_of(agent);
  struct msim_slice line;

  while (msim_stream_read_line(stream, 4000, &line) == 1) {
    bool ends = line.size_bytes == 1 && line.data[0] == '.';
    int n;

    assert_true(actor->heard_bytes + line.size_bytes + 8 < sizeof actor->heard);
    if (actor->in_content && !ends) {
      actor->content_lines++;
      continue;
    }
    if (actor->in_content)
      n = sprintf(actor->heard + actor->heard_bytes, "[%u]", actor->content_lines);
    else
      n = sprintf(actor->heard + actor->heard_bytes, "%.*s|", (int)line.size_bytes, (const char *)line.data);
    actor->heard_bytes += (size_t)n;
    actor->in_content = false;
    actor_say(actor, stream);
  }
}

static void actor_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static const struct msim_stream_ops actor_ops = {
    .on_open = actor_open,
    .on_readable = actor_readable,
    .on_eof = actor_eof,
};

static int actor_start(struct msim_agent *agent)
{
  struct actor *actor = actor_of(agent);

  if (actor->domain != NULL)
    assert_int_equal(msim_agent_announce_mx(agent, actor->domain, actor->preference), 0);
  return msim_agent_listen(agent, actor->port != 0 ? actor->port : 25, &actor_ops);
}

/* ---- the spy: a door to what the mail agents of its host share ---- */

struct spy_config {
  struct msim_agent **out;
};

static int spy_start(struct msim_agent *agent)
{
  *((const struct spy_config *)msim_agent_config(agent))->out = agent;
  return 0;
}

/* ---- what happened ---- */

static int stage_take(void *ctx, const void *data, size_t size_bytes)
{
  struct mail_stage *stage = ctx;

  assert_true(stage->event_bytes + size_bytes < sizeof stage->events);
  memcpy(stage->events + stage->event_bytes, data, size_bytes);
  stage->event_bytes += size_bytes;
  stage->events[stage->event_bytes] = '\0';
  return 0;
}

static void stage_put_text(struct msim_sink *sink, const char *text)
{
  for (; *text != '\0'; text++)
    (void)msim_sink_write(sink, *text == ' ' ? "_" : text, 1);
}

static int stage_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  size_t i, k;

  (void)state;
  if (record->kind != MSIM_TRACE_APP)
    return 0;
  (void)msim_sink_printf(sink, "%llums %s %s", (unsigned long long)(record->at_ns / 1000000), event->host,
                         event->event);
  for (i = 0; i < event->value_count; i++) {
    const struct msim_value *value = &event->values[i];

    (void)msim_sink_printf(sink, " %s=", value->name);
    if (value->kind == MSIM_VALUE_TEXT)
      stage_put_text(sink, value->u.text);
    else if (value->kind == MSIM_VALUE_INT)
      (void)msim_sink_printf(sink, "%lld", (long long)value->u.integer);
    else if (value->kind == MSIM_VALUE_BOOL)
      (void)msim_sink_printf(sink, "%s", value->u.truth ? "true" : "false");
    else
      for (k = 0; k < value->u.list.count; k++)
        (void)msim_sink_printf(sink, "%s%s", k > 0 ? "," : "", value->u.list.items[k]);
  }
  return msim_sink_write(sink, "\n", 1);
}

/* ---- building ---- */

static void stage_diag(void *user, const struct msim_diag *diag)
{
  (void)user;
  print_error("%s:%u:%u: %s\n", diag->file, diag->line, diag->column, diag->text);
}

static void stage_note(void *user, const struct msim_invariant_finding *finding)
{
  struct mail_stage *stage = user;
  size_t used = strlen(stage->broken);

  (void)snprintf(stage->broken + used, sizeof stage->broken - used, "%s %s%s %s %s: %s\n", finding->rule,
                 finding->message, finding->connection, finding->recipient, finding->host, finding->text);
}

/* 0 or MSIM_ERR_NOMEM, where fail_at (0: never) says so. */
static int stage_begin(struct mail_stage *stage, uint64_t fail_at)
{
  static const struct msim_sink_type sink = {.name = "events", .summary = "events as lines", .record = stage_record};
  static const struct msim_agent_type types[] = {
      {.name = "feeder",
       .summary = "feeds",
       .state_bytes = sizeof(struct feed_state),
       .config_bytes = sizeof(struct feed_config),
       .start = feed_start},
      {.name = "actor", .summary = "acts", .config_bytes = sizeof(struct actor_config), .start = actor_start},
      {.name = "spy", .summary = "spies", .config_bytes = sizeof(struct spy_config), .start = spy_start},
  };
  struct msim_out out = {stage, stage_take};
  struct msim_sim_opts opts;
  size_t i;
  int err;

  memset(stage, 0, sizeof *stage);
  memset(&opts, 0, sizeof opts);
  fail_mem_init(&stage->mem, fail_at);
  opts.mem = stage->mem.hook;
  opts.event_count_max = 3000000;
  err = msim_sim_new(&stage->sim, &opts);
  for (i = 0; err == 0 && i < 3; i++)
    err = msim_agent_register(stage->sim, &types[i]);
  if (err == 0)
    err = msim_sink_register(stage->sim, &sink);
  if (err == 0)
    err = msim_trace_add(stage->sim, "events", &out, NULL, NULL);
  if (err == 0)
    err = msim_invariants_attach(stage->sim, stage_note, stage);
  return err;
}

/* A host joined to hub (NULL: the first one). */
static int stage_host(struct mail_stage *stage, const char *name, const char *hub)
{
  struct msim_link_opts link;
  struct msim_node *node;
  int err = msim_node_add(stage->sim, name, &node);

  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(1);
  if (err == 0 && hub != NULL)
    err = msim_link_add(node, msim_node_find(stage->sim, hub), &link);
  return err;
}

static inline int stage_agent(struct mail_stage *stage, const char *host, const char *type, const char *yaml)
{
  return msim_agent_add_yaml(msim_node_find(stage->sim, host), type, yaml, stage_diag, NULL);
}

static inline int stage_feed(struct mail_stage *stage, const char *host, struct feed *feed)
{
  struct feed_config config = {feed};

  return msim_agent_add(msim_node_find(stage->sim, host), "feeder", &config);
}

static inline int stage_actor(struct mail_stage *stage, const char *host, struct actor *actor)
{
  struct actor_config config = {actor};

  return msim_agent_add(msim_node_find(stage->sim, host), "actor", &config);
}

static inline int stage_spy(struct mail_stage *stage, const char *host)
{
  struct spy_config config = {&stage->spy};

  return msim_agent_add(msim_node_find(stage->sim, host), "spy", &config);
}

/* Until quiet, or until then; afterwards the events are there. */
static inline int stage_run(struct mail_stage *stage, msim_ns until_ns)
{
  int err = msim_sim_run(stage->sim, until_ns);

  return err == 0 ? msim_sim_finish(stage->sim) : err;
}

/* ---- looking ---- */

static inline struct msim__mailbox *stage_box(struct mail_stage *stage, const char *user)
{
  struct msim__mail_room *room = msim__mail_room_attach(stage->spy);

  return msim__store_find(&room->store, user, strlen(user));
}

static inline size_t stage_box_count(struct mail_stage *stage, const char *user)
{
  struct msim__mailbox *box = stage_box(stage, user);

  return box != NULL ? box->count : 0;
}

/* The plain content of a message in a mailbox, terminated, into out. */
static inline void stage_mail(struct mail_stage *stage, const char *user, size_t index, char *out, size_t out_bytes)
{
  struct msim__mailbox *box = stage_box(stage, user);
  struct msim__mem mem;
  struct msim__buf buf;

  assert_non_null(box);
  assert_true(index < box->count);
  msim__mem_init(&mem, NULL);
  msim__buf_init(&buf, &mem, out_bytes - 1);
  assert_int_equal(msim__message_to_plain(&buf, box->items[index].message), 0);
  assert_int_equal(buf.size_bytes, box->items[index].message->size_bytes);
  memcpy(out, msim__buf_text(&buf), buf.size_bytes + 1);
  msim__buf_release(&buf);
}

static inline unsigned stage_count(const struct mail_stage *stage, const char *what)
{
  const char *at = stage->events;
  unsigned count = 0;

  while ((at = strstr(at, what)) != NULL) {
    count++;
    at++;
  }
  return count;
}

/* One of the lines of events holds both. */
static inline bool stage_saw(const struct mail_stage *stage, const char *one, const char *two)
{
  const char *line = stage->events;

  while (*line != '\0') {
    size_t n = strcspn(line, "\n");
    char copy[4000];

    if (n >= sizeof copy)
      n = sizeof copy - 1;
    memcpy(copy, line, n);
    copy[n] = '\0';
    if (strstr(copy, one) != NULL && strstr(copy, two) != NULL)
      return true;
    line += strcspn(line, "\n");
    line += *line == '\n';
  }
  return false;
}

/* Everything was given back. */
static inline void stage_end(struct mail_stage *stage)
{
  msim_sim_free(stage->sim);
  stage->sim = NULL;
  assert_true(fail_mem_clean(&stage->mem));
  if (!stage->expect_broken && stage->broken[0] != '\0')
    fail_msg("%s", stage->broken);
}

#endif
