/* Tests of a person who opens pages: good servers, and servers that do all that a server can do wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

/* ---- the wall: a server that says bytes, whatever is asked ---- */

enum wall_end { WALL_STAYS, WALL_CLOSES, WALL_RESETS }; /* when everything is said */

struct wall {
  const char *bytes; /* for the first request of each connection */
  const char *again; /* for each further one; NULL: the same */
  size_t size_bytes; /* of bytes; 0: up to its zero */
  size_t piece_bytes;
  msim_ns pause_ns;
  enum wall_end end;
  bool for_ever;   /* over and over */
  bool ends_later; /* only when it is asked again */
  unsigned connection_count, request_count;
  char heard[2000]; /* the latest request */
};

struct wall_config {
  struct wall *wall;
};

struct wall_state {
  struct msim_timer timer; /* first */
  struct msim_agent *agent;
  struct wall *wall;
  struct msim_stream *stream;
  const char *bytes;
  size_t size_bytes, sent_bytes;
  unsigned requests; /* of this connection */
};

static void wall_say(struct wall_state *s)
{
  struct wall *wall = s->wall;
  size_t n = s->size_bytes - s->sent_bytes;

  if (s->stream == NULL)
    return;
  if (wall->piece_bytes > 0 && n > wall->piece_bytes)
    n = wall->piece_bytes;
  s->sent_bytes += msim_stream_write(s->stream, s->bytes + s->sent_bytes, n);
  if (wall->for_ever && s->sent_bytes == s->size_bytes)
    s->sent_bytes = 0;
  if (s->sent_bytes < s->size_bytes)
    msim_timer_arm(&s->timer, wall->pause_ns != 0 ? wall->pause_ns : MSIM_MSEC(1));
  else if (wall->end == WALL_CLOSES && !wall->ends_later)
    msim_stream_close(s->stream);
  else if (wall->end == WALL_RESETS)
    msim_stream_abort(s->stream);
}

static void wall_timer(struct msim_timer *timer, msim_ns now_ns)
{
  (void)now_ns;
  wall_say((struct wall_state *)(void *)timer);
}

static void wall_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct wall_state *s = msim_agent_state(agent);

  msim_timer_cancel(&s->timer);
  s->stream = stream;
  s->requests = 0;
  s->wall->connection_count++;
  msim_stream_set_nodelay(stream, true);
}

static void wall_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct wall_state *s = msim_agent_state(agent);
  struct wall *wall = s->wall;

  if (stream != s->stream) {
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
    return;
  }
  wall->heard[msim_stream_read(stream, wall->heard, sizeof wall->heard - 1)] = '\0';
  wall->request_count++;
  if (wall->ends_later && s->requests > 0) {
    msim_stream_close(stream);
    return;
  }
  s->bytes = s->requests++ > 0 && wall->again != NULL ? wall->again : wall->bytes;
  s->size_bytes = s->bytes == wall->bytes && wall->size_bytes > 0 ? wall->size_bytes : strlen(s->bytes);
  s->sent_bytes = 0;
  wall_say(s);
}

static void wall_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  msim_stream_close(stream);
}

static void wall_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct wall_state *s = msim_agent_state(agent);

  (void)why;
  if (s->stream != stream)
    return;
  s->stream = NULL;
  msim_timer_cancel(&s->timer);
}

static int wall_start(struct msim_agent *agent)
{
  static const struct msim_stream_ops ops = {
      .on_open = wall_open, .on_readable = wall_readable, .on_eof = wall_eof, .on_closed = wall_closed};
  struct wall_state *s = msim_agent_state(agent);

  s->agent = agent;
  s->wall = ((const struct wall_config *)msim_agent_config(agent))->wall;
  msim_timer_init(&s->timer, msim_agent_node(agent), wall_timer);
  return msim_agent_listen(agent, 80, &ops);
}

static void wall_stop(struct msim_agent *agent)
{
  struct wall_state *s = msim_agent_state(agent);

  msim_timer_cancel(&s->timer);
}

/* ---- building ---- */

static void build(struct mail_stage *stage, const char *script)
{
  char yaml[2000];

  (void)snprintf(yaml, sizeof yaml, "{address: a@x.example, script: [%s]}", script);
  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(stage_host(stage, "mx", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "mx"), 0);
  assert_int_equal(stage_agent(stage, "pc", "user", yaml), 0);
}

static void run(struct mail_stage *stage)
{
  assert_int_equal(stage_run(stage, MSIM_NEVER), 0);
}

static void add_wall(struct mail_stage *stage, struct wall *wall)
{
  static const struct msim_agent_type type = {.name = "wall",
                                              .summary = "says bytes",
                                              .state_bytes = sizeof(struct wall_state),
                                              .config_bytes = sizeof(struct wall_config),
                                              .start = wall_start,
                                              .stop = wall_stop};
  struct wall_config config = {wall};

  assert_int_equal(msim_agent_register(stage->sim, &type), 0);
  assert_int_equal(msim_agent_add(msim_node_find(stage->sim, "mx"), "wall", &config), 0);
}

static void assert_saw(const struct mail_stage *stage, const char *event, unsigned count)
{
  if (stage_count(stage, event) != count)
    fail_msg("%s: %u times, not %u, in\n%s", event, stage_count(stage, event), count, stage->events);
}

/* ---- tests ---- */

static void pages_come_over_one_connection_and_redirects_are_followed(void **state)
{
  static struct mail_stage stage;

  (void)state;
  build(&stage,
        "{at: 1s, browse: 'http://mx/'}, {at: 2s, browse: 'http://mx/a#b'}, {at: 3s, browse: 'http://mx:80/none'}, "
        "{at: 4s, browse: 'http://mx/round'}, {at: 5s, browse: 'http://mx/off'}");
  assert_int_equal(
      stage_agent(&stage, "mx", "http-server",
                  "{pages: {/: {body: x}, /a: {status: 302, location: 'b'}, /b: {status: 308, location: "
                  "'//mx/'}, /round: {status: 301, location: /round}, /off: {status: 301, location: 'https://mx/'}}}"),
      0);
  run(&stage);
  assert_saw(&stage, "pc http.received url=http://mx/ status=200 size=1", 2);
  assert_saw(&stage, "pc http.received url=http://mx/a status=302", 1);
  assert_saw(&stage, "pc http.received url=http://mx/b status=308", 1);
  assert_saw(&stage, "pc http.received url=http://mx/none status=404", 1);
  assert_saw(&stage, "pc http.received url=http://mx/round status=301", 11);
  assert_saw(&stage, "pc http.failed url=http://mx/round reason=redirects", 1);
  assert_saw(&stage, "pc http.failed url=http://mx/off reason=bad-url", 1);
  assert_saw(&stage, "mx http.response", 17);
  stage_end(&stage);
}

static void pages_that_cannot_be_opened_are_told(void **state)
{
  static struct mail_stage stage;

  (void)state;
  build(
      &stage,
      "{at: 1s, browse: 'http://mx/'}, {at: 2s, browse: 'http://mx.example/'}, {at: 3s, browse: 'http://192.0.2.99/'}, "
      "{at: 500s, offline: true}, {at: 501s, browse: 'http://mx/'}, "
      "{at: 501s, browse: 'http://mx/2'}");
  run(&stage);
  assert_saw(&stage, "1002ms pc http.failed url=http://mx/ reason=connection detail=refused", 1);
  assert_saw(&stage, "2000ms pc http.failed url=http://mx.example/ reason=no-such-host", 1);
  assert_saw(&stage, "pc http.failed url=http://192.0.2.99/ reason=connection", 1);
  assert_saw(&stage, "501000ms pc http.failed url=http://mx/ reason=offline", 1);
  assert_saw(&stage, "501000ms pc http.failed url=http://mx/2 reason=offline", 1);
  stage_end(&stage);
}

#define OK "HTTP/1.1 200 OK\r\n"
#define A100 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void bad_answers_end_in_a_failure(void **state)
{
  static const struct {
    struct wall wall;
    const char *event;
  } rows[] = {
      {{.bytes = OK "Content-Length: 5\r\n\r\nhello"}, "http.received url=http://mx/ status=200 size=5"},
      {{.bytes = OK "Content-Length: 5\r\n\r\nhello", .piece_bytes = 1},
       "http.received url=http://mx/ status=200 size=5"},
      {{.bytes = OK "\r\nhello", .end = WALL_CLOSES}, "http.received url=http://mx/ status=200 size=5"},
      {{.bytes = OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2;x\r\nlo\r\n0\r\nA: b\r\n\r\n", .piece_bytes = 1},
       "http.received url=http://mx/ status=200 size=5"},
      {{.bytes = "HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" OK "Content-Length: 0\r\n\r\n"},
       "http.received url=http://mx/ status=200 size=0"},
      {{.bytes = OK "Content-Length: 5\r\n\r\nhell", .end = WALL_CLOSES}, "reason=connection"},
      {{.bytes = OK "Content-Length: 5\r\n\r\nhell", .end = WALL_RESETS}, "reason=connection"},
      {{.bytes = OK "Content-Length: 5\r\n\r\nhell"}, "reason=timeout"},
      {{.bytes = OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", .end = WALL_CLOSES}, "reason=connection"},
      {{.bytes = OK "Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n"}, "reason=malformed"},
      {{.bytes = OK "Transfer-Encoding: chunked\r\n\r\nffffffff\r\n"}, "reason=too-large"},
      {{.bytes = OK "Content-Length: 99999999999\r\n\r\n"}, "reason=too-large"},
      {{.bytes = OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"}, "reason=malformed"},
      {{.bytes = OK "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nhello"}, "reason=malformed"},
      {{.bytes = "", .end = WALL_CLOSES}, "reason=connection"},
      {{.bytes = "", .end = WALL_RESETS}, "reason=connection"},
      {{.bytes = ""}, "reason=timeout"},
      {{.bytes = "220 mx ESMTP\r\n\r\n"}, "reason=malformed"},
      {{.bytes = "HTTP/1.1 200 OK\n\n"}, "reason=malformed"},
      {{.bytes = OK "X: " A100 "\r\n", .end = WALL_CLOSES}, "reason=connection"},
      {{.bytes = A100, .for_ever = true}, "reason=malformed"},
      {{.bytes = OK, .for_ever = true}, "reason=malformed"},
      {{.bytes = "HTTP/1.1 100 Continue\r\n\r\n", .for_ever = true}, "reason=malformed"},
      {{.bytes = "HTTP/1.1 101 Switching\r\n\r\n"}, "reason=malformed"},
      {{.bytes = OK "Content-Length: 100000\r\n\r\n" A100, .piece_bytes = 1, .pause_ns = MSIM_SEC(1), .for_ever = true},
       "reason=timeout"},
      {{.bytes = OK "Content-Length: 5\r\n\r\nhello", .piece_bytes = 1, .pause_ns = MSIM_SEC(2)}, "reason=timeout"},
      {{.bytes = "HTTP/1.1 302 Found\r\nLocation: http://\r\nContent-Length: 0\r\n\r\n"}, "reason=bad-url"},
      {{.bytes = "HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"}, "reason=redirects"},
      {{.bytes = "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", .end = WALL_CLOSES}, "reason=redirects"},
      {{.bytes = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n"}, "http.received url=http://mx/ status=302 size=0"},
  };
  static struct mail_stage stage;
  static struct wall wall;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    wall = rows[i].wall;
    build(&stage, "{at: 1s, browse: 'http://mx/'}");
    add_wall(&stage, &wall);
    run(&stage);
    if (stage_count(&stage, rows[i].event) != 1)
      fail_msg("row %zu: not %s in\n%s", i, rows[i].event, stage.events);
    assert_true(strncmp(rows[i].event, "http", 4) == 0 || stage_count(&stage, "http.failed") == 1);
    stage_end(&stage);
  }
}

static void a_head_that_never_ends_is_given_up(void **state)
{
  static struct mail_stage stage;
  static struct wall wall;
  static char bytes[40000];
  size_t n;

  (void)state;
  n = (size_t)snprintf(bytes, sizeof bytes, OK);
  while (n + 110 < sizeof bytes)
    n += (size_t)snprintf(bytes + n, sizeof bytes - n, "X: " A100 "\r\n");
  memset(&wall, 0, sizeof wall);
  wall.bytes = bytes;
  build(&stage, "{at: 1s, browse: 'http://mx/'}");
  add_wall(&stage, &wall);
  run(&stage);
  assert_saw(&stage, "reason=malformed detail=the_head_is_too_long", 1);
  stage_end(&stage);
}

static void a_connection_that_ends_between_pages_is_opened_again(void **state)
{
  static struct mail_stage stage;
  static struct wall wall;

  (void)state;
  memset(&wall, 0, sizeof wall);
  wall.bytes = OK "Content-Length: 2\r\n\r\nhi";
  wall.ends_later = true;
  wall.end = WALL_CLOSES;
  build(&stage, "{at: 1s, browse: 'http://mx/1'}, {at: 2s, browse: 'http://mx/2'}");
  add_wall(&stage, &wall);
  run(&stage);
  assert_saw(&stage, "http.received url=http://mx/2 status=200 size=2", 1);
  assert_int_equal(wall.connection_count, 2);
  assert_int_equal(wall.request_count, 3);
  stage_end(&stage);
}

/* Bytes behind an answer belong to no request: they are not taken for the next one's. */
static void answers_that_nobody_asked_for_are_not_believed(void **state)
{
  static struct mail_stage stage;
  static struct wall wall;

  (void)state;
  memset(&wall, 0, sizeof wall);
  wall.bytes = OK "Content-Length: 2\r\n\r\nhi" OK "Content-Length: 4\r\n\r\nevil";
  build(&stage, "{at: 1s, browse: 'http://mx/1'}, {at: 2s, browse: 'http://mx/2'}");
  add_wall(&stage, &wall);
  run(&stage);
  assert_saw(&stage, "http.received url=http://mx/2 status=200 size=2", 1);
  assert_saw(&stage, "size=4", 0);
  assert_int_equal(wall.connection_count, 2);
  stage_end(&stage);
}

static void cookies_come_back(void **state)
{
  static struct mail_stage stage;
  static struct wall wall;
  static const char bytes[] =
      "HTTP/1.1 302 Found\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2; Path=/x\r\nSet-Cookie: c=3\r\nLocation: /y\r\n"
      "Content-Length: 0\r\n\r\n";

  (void)state;
  memset(&wall, 0, sizeof wall);
  wall.bytes = bytes;
  wall.again = OK "Content-Length: 0\r\n\r\n";
  build(&stage, "{at: 1s, browse: 'http://mx/'}");
  add_wall(&stage, &wall);
  run(&stage);
  assert_saw(&stage, "http.received url=http://mx/y status=200", 1);
  assert_int_equal(wall.request_count, 2);
  assert_string_equal(wall.heard,
                      "GET /y HTTP/1.1\r\nHost: mx\r\nAccept: text/html, */*;q=0.5\r\nCookie: a=1; c=3\r\n\r\n");
  stage_end(&stage);
}

static void without_memory_the_run_ends_cleanly(void **state)
{
  static struct mail_stage stage;
  static const char user[] = "{address: a@x.example, script: [{at: 1s, browse: 'http://mx/a'}, {at: 1s, browse: "
                             "'http://mx/b'}, {at: 30s, browse: 'http://mx/c'}]}";
  static const char server[] = "{pages: {/a: {status: 307, location: /b}, /b: {size: 100kB}}}";
  uint64_t n;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (n = 1; err == MSIM_ERR_NOMEM; n++) {
    err = stage_begin(&stage, n);
    if (err == 0)
      err = stage_host(&stage, "mx", NULL);
    if (err == 0)
      err = stage_host(&stage, "pc", "mx");
    if (err == 0)
      err = stage_agent(&stage, "mx", "http-server", server);
    if (err == 0)
      err = stage_agent(&stage, "pc", "user", user);
    if (err == 0)
      err = stage_run(&stage, MSIM_NEVER);
    assert_true(err == 0 || err == MSIM_ERR_NOMEM);
    stage_end(&stage);
  }
  assert_true(n > 20);
}

static void bad_urls_are_found_when_the_topology_is_read(void **state)
{
  static const char *const urls[] = {"https://x/", "x", "http://", "http://a b/", "http://u@x/"};
  static struct mail_stage stage;
  char yaml[200];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof urls / sizeof *urls; i++) {
    assert_int_equal(stage_begin(&stage, 0), 0);
    assert_int_equal(stage_host(&stage, "pc", NULL), 0);
    (void)snprintf(yaml, sizeof yaml, "{address: a@x.example, script: [{browse: '%s'}]}", urls[i]);
    assert_int_equal(msim_agent_add_yaml(msim_node_find(stage.sim, "pc"), "user", yaml, NULL, NULL), MSIM_ERR_SYNTAX);
    stage_end(&stage);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pages_come_over_one_connection_and_redirects_are_followed),
      cmocka_unit_test(pages_that_cannot_be_opened_are_told),
      cmocka_unit_test(bad_answers_end_in_a_failure),
      cmocka_unit_test(a_head_that_never_ends_is_given_up),
      cmocka_unit_test(a_connection_that_ends_between_pages_is_opened_again),
      cmocka_unit_test(answers_that_nobody_asked_for_are_not_believed),
      cmocka_unit_test(cookies_come_back),
      cmocka_unit_test(without_memory_the_run_ends_cleanly),
      cmocka_unit_test(bad_urls_are_found_when_the_topology_is_read),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
