/* webmail_stage.h: a visitor for tests of the webmail: one request after another over one connection, with the cookie
 * and the tokens that earlier answers gave; and a provider's host to visit.
 *
 * For tests only; include after the cmocka headers, in one file of a program. */
#ifndef MSIM_TESTS_TOPOLOGY_WEBMAIL_STAGE_H
#define MSIM_TESTS_TOPOLOGY_WEBMAIL_STAGE_H

#include "topology/mail_stage.h"

#include <stdlib.h>

#define VISITS_MAX 40u
#define ANSWER_BYTES ((size_t)1 << 20)

/* In path, fields and body {csrf} is the token, {sid} the cookie, {id} the first mail of a list that the latest answers
 * showed. */
struct visit {
  const char *method, *path;
  const char *type, *body; /* NULL: no body */
  const char *fields;      /* further ones, each with CRLF; NULL: the cookie, where there is one */
  msim_ns pause_ns;        /* before */
  /* results */
  unsigned status;
  char *answer;        /* head and body, terminated */
  const char *body_of; /* in it */
};

struct visitor {
  const char *host;
  msim_ns at_ns;
  struct visit visits[VISITS_MAX];
  size_t count, at;
  char sid[80], csrf[80], id[200];
  char *heard;
  size_t heard_bytes, piece_bytes;
  bool closed;
};

struct visitor_config {
  struct visitor *visitor;
};

struct visitor_state {
  struct msim_timer timer; /* first */
  struct msim_agent *agent;
  struct visitor *visitor;
  struct msim_stream *stream;
  char *out;
  size_t out_bytes, sent_bytes;
};

static size_t visitor_put(const struct visitor *v, char *out, size_t n, const char *text)
{
  static const char *const names[] = {"{csrf}", "{sid}", "{id}"};
  const char *values[] = {v->csrf, v->sid, v->id};
  size_t i;

  while (*text != '\0') {
    for (i = 0; i < 3; i++)
      if (strncmp(text, names[i], strlen(names[i])) == 0)
        break;
    if (i == 3) {
      out[n++] = *text++;
      continue;
    }
    memcpy(out + n, values[i], strlen(values[i]));
    n += strlen(values[i]);
    text += strlen(names[i]);
  }
  return n;
}

static void visitor_write(struct visitor_state *s)
{
  size_t left = s->out_bytes - s->sent_bytes, piece = s->visitor->piece_bytes;

  s->sent_bytes += msim_stream_write(s->stream, s->out + s->sent_bytes, piece > 0 && piece < left ? piece : left);
  if (s->sent_bytes < s->out_bytes)
    msim_timer_arm(&s->timer, MSIM_USEC(100));
}

static void visitor_ask(struct visitor_state *s)
{
  struct visitor *v = s->visitor;
  const struct visit *visit = &v->visits[v->at];
  char *body = malloc(ANSWER_BYTES);
  size_t n = visit->body != NULL ? visitor_put(v, body, 0, visit->body) : 0;

  s->out_bytes = visitor_put(v, s->out, 0, visit->method);
  s->out[s->out_bytes++] = ' ';
  s->out_bytes = visitor_put(v, s->out, s->out_bytes, visit->path);
  s->out_bytes += (size_t)sprintf(s->out + s->out_bytes, " HTTP/1.1\r\nHost: mx\r\n");
  if (visit->fields != NULL)
    s->out_bytes = visitor_put(v, s->out, s->out_bytes, visit->fields);
  else if (v->sid[0] != '\0')
    s->out_bytes += (size_t)sprintf(s->out + s->out_bytes, "Cookie: sid=%s\r\n", v->sid);
  if (visit->body != NULL)
    s->out_bytes +=
        (size_t)sprintf(s->out + s->out_bytes, "Content-Type: %s\r\nContent-Length: %u\r\n",
                        visit->type != NULL ? visit->type : "application/x-www-form-urlencoded", (unsigned)n);
  s->out_bytes += (size_t)sprintf(s->out + s->out_bytes, "\r\n");
  memcpy(s->out + s->out_bytes, body, n);
  s->out_bytes += n;
  free(body);
  s->sent_bytes = 0;
  visitor_write(s);
}

static void visitor_learn(char *out, size_t out_bytes, const char *text, const char *before, const char *ends)
{
  const char *at = strstr(text, before);
  size_t n;

  if (at == NULL)
    return;
  at += strlen(before);
  n = strcspn(at, ends);
  if (n > 0 && n < out_bytes) {
    memcpy(out, at, n);
    out[n] = '\0';
  }
}

static void visitor_next(struct visitor_state *s)
{
  struct visitor *v = s->visitor;

  if (v->at == v->count)
    msim_stream_close(s->stream);
  else if (v->visits[v->at].pause_ns > 0)
    msim_timer_arm(&s->timer, v->visits[v->at].pause_ns);
  else
    visitor_ask(s);
}

/* The answer is whole. */
static void visitor_take(struct visitor_state *s, const char *body)
{
  struct visitor *v = s->visitor;
  struct visit *visit = &v->visits[v->at++];

  visit->answer = malloc(v->heard_bytes + 1);
  memcpy(visit->answer, v->heard, v->heard_bytes + 1);
  visit->body_of = visit->answer + (body - v->heard);
  visit->status = (unsigned)atoi(visit->answer + 9);
  visitor_learn(v->sid, sizeof v->sid, visit->answer, "Set-Cookie: sid=", ";");
  visitor_learn(v->csrf, sizeof v->csrf, visit->answer, "name=\"csrf\" value=\"", "\"");
  visitor_learn(v->csrf, sizeof v->csrf, visit->answer, "\"csrf\":\"", "\"");
  visitor_learn(v->id, sizeof v->id, visit->answer, "name=\"id\" value=\"", "\"");
  v->heard_bytes = 0;
  v->heard[0] = '\0';
  visitor_next(s);
}

static void visitor_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct visitor_state *s = msim_agent_state(agent);
  struct visitor *v = s->visitor;
  const char *body, *length;

  v->heard_bytes += msim_stream_read(stream, v->heard + v->heard_bytes, ANSWER_BYTES - 1 - v->heard_bytes);
  v->heard[v->heard_bytes] = '\0';
  body = strstr(v->heard, "\r\n\r\n");
  if (body == NULL || v->at == v->count)
    return;
  length = strstr(v->heard, "Content-Length: ");
  body += 4;
  if (strcmp(v->visits[v->at].method, "HEAD") == 0 || length == NULL || length > body ||
      v->heard_bytes - (size_t)(body - v->heard) >= (size_t)atol(length + 16))
    visitor_take(s, body);
}

static void visitor_open(struct msim_agent *agent, struct msim_stream *stream)
{
  msim_stream_set_nodelay(stream, true);
  visitor_next(msim_agent_state(agent));
}

static void visitor_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static void visitor_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct visitor_state *s = msim_agent_state(agent);

  (void)stream;
  (void)why;
  msim_timer_cancel(&s->timer);
  s->visitor->closed = true;
}

static const struct msim_stream_ops visitor_ops = {
    .on_open = visitor_open,
    .on_readable = visitor_readable,
    .on_eof = visitor_eof,
    .on_closed = visitor_closed,
};

static void visitor_resolved(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct visitor_state *s = ctx;
  struct msim_endpoint to;

  assert_true(answers->count > 0);
  to.addr = answers->items[0].addr;
  to.port = 80;
  (void)msim_agent_connect(agent, to, &visitor_ops, NULL, &s->stream);
}

static void visitor_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct visitor_state *s = (struct visitor_state *)(void *)timer;

  (void)now_ns;
  if (s->stream == NULL)
    (void)msim_agent_resolve(s->agent, s->visitor->host, MSIM_NAME_ADDRESS, visitor_resolved, s);
  else if (s->sent_bytes < s->out_bytes)
    visitor_write(s);
  else
    visitor_ask(s);
}

static int visitor_start(struct msim_agent *agent)
{
  struct visitor_state *s = msim_agent_state(agent);

  s->agent = agent;
  s->visitor = ((const struct visitor_config *)msim_agent_config(agent))->visitor;
  s->out = malloc(ANSWER_BYTES);
  msim_timer_init(&s->timer, msim_agent_node(agent), visitor_timer);
  msim_timer_arm(&s->timer, s->visitor->at_ns);
  return 0;
}

static void visitor_stop(struct msim_agent *agent)
{
  struct visitor_state *s = msim_agent_state(agent);

  free(s->out);
}

static const struct msim_agent_type visitor_type = {.name = "visitor",
                                                    .summary = "visits",
                                                    .state_bytes = sizeof(struct visitor_state),
                                                    .config_bytes = sizeof(struct visitor_config),
                                                    .start = visitor_start,
                                                    .stop = visitor_stop};

/* ---- the world ---- */

#define WEBMAIL_MAILBOXES                                                                                              \
  "mailboxes: {ann: [{message: m1, from: bob@y.example, subject: Hello, body: \"First line\\n\\nBye, Bob\"}, "         \
  "{message: m2, from: eve@z.example, subject: Two, body: zwei}]}"

/* mx has the mailboxes of ann and bob and sends mail; more: further keys of the webmail, each with ", " before it. */
static inline void webmail_build(struct mail_stage *stage, const char *store, const char *mailboxes, const char *more)
{
  char yaml[2000];

  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(msim_agent_register(stage->sim, &visitor_type), 0);
  assert_int_equal(stage_host(stage, "mx", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "mx"), 0);
  assert_int_equal(
      stage_agent(stage, "mx", "smtp-server",
                  "{domains: {x.example: {ann: {password: blue}, bob: {password: red}}}, listen: [{port: 25}, "
                  "{port: 587, role: submission, sender-check: login}]}"),
      0);
  (void)snprintf(yaml, sizeof yaml, "{%s}", mailboxes);
  assert_int_equal(stage_agent(stage, "mx", strcmp(store, "pop") == 0 ? "pop-server" : "imap-server", yaml), 0);
  (void)snprintf(yaml, sizeof yaml, "{domain: x.example, store: %s%s}", store, more);
  assert_int_equal(stage_agent(stage, "mx", "webmail", yaml), 0);
  assert_int_equal(stage_spy(stage, "mx"), 0);
}

static inline void webmail_visit(struct mail_stage *stage, const char *from, struct visitor *visitor)
{
  struct visitor_config config = {visitor};

  visitor->host = "mx";
  if (visitor->at_ns == 0)
    visitor->at_ns = MSIM_SEC(1);
  visitor->heard = calloc(1, ANSWER_BYTES);
  while (visitor->count < VISITS_MAX && visitor->visits[visitor->count].method != NULL)
    visitor->count++;
  assert_int_equal(msim_agent_add(msim_node_find(stage->sim, from), "visitor", &config), 0);
}

static inline void visitor_release(struct visitor *visitor)
{
  size_t i;

  for (i = 0; i < visitor->count; i++)
    free(visitor->visits[i].answer);
  free(visitor->heard);
}

/* The last answer, or what went wrong. */
static inline const struct visit *visit_at(const struct visitor *visitor, size_t i)
{
  if (visitor->at <= i)
    fail_msg("visit %u of %u had no answer", (unsigned)i, (unsigned)visitor->count);
  return &visitor->visits[i];
}

static inline void assert_holds(const struct visit *visit, const char *text)
{
  if (strstr(visit->answer, text) == NULL)
    fail_msg("%s %s: no \"%s\" in:\n%s", visit->method, visit->path, text, visit->answer);
}

static inline void assert_lacks(const struct visit *visit, const char *text)
{
  if (strstr(visit->answer, text) != NULL)
    fail_msg("%s %s: \"%s\" in:\n%s", visit->method, visit->path, text, visit->answer);
}

#define LOG_IN                                                                                                         \
  {                                                                                                                    \
    .method = "POST", .path = "/login", .body = "user=ann&password=blue"                                               \
  }

#endif
