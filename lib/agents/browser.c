/* browser.c: a simulated web browser's network half; see browser.h. */
#include "agents/browser.h"

#include "agents/agents.h"

#include "proto/ascii.h"
#include "proto/http_write.h"

#include <stdio.h>

#define WAIT_NS MSIM_SEC(60) /* for a head, and for each further EARNED_BYTES of content */
#define EARNED_BYTES 1024u
#define LINGER_NS MSIM_SEC(60) /* for the server's half after our goodbye */
#define INTERIM_MAX 10u        /* 1xx before an answer */
#define HEAD_ROOM_BYTES (MSIM__URL_BYTES_MAX + 1024u)
#define COOKIES_BYTES 8192u
#define HOST_BYTES 264u

static void connect_next(struct msim__browser *b);
static void proceed(struct msim__browser *b);

/* ---- outcomes ---- */

/* Ready for the next request, with the connection as it is. */
static void settle(struct msim__browser *b)
{
  b->state = MSIM__BROWSER_IDLE;
  msim_timer_cancel(&b->timer);
  msim__buf_release(&b->request_body);
  msim__buf_init(&b->request_body, b->mem, MSIM__BROWSER_BODY_BYTES_MAX);
}

/* The connection is of no more use, and its end is not waited for. */
static void drop_stream(struct msim__browser *b)
{
  if (b->stream == NULL)
    return;
  msim_stream_set_data(b->stream, NULL);
  if (b->is_leaving)
    msim_stream_consume(b->stream, msim_stream_available_bytes(b->stream));
  else
    msim_stream_abort(b->stream);
  b->stream = NULL;
  b->is_leaving = false;
}

static void fail(struct msim__browser *b, const char *reason, const char *detail)
{
  drop_stream(b);
  settle(b);
  b->ops->failed(b->ctx, reason, detail);
}

void msim__browser_hang_up(struct msim__browser *b)
{
  if (b->stream == NULL || b->is_leaving)
    return;
  b->is_leaving = true;
  msim_stream_close(b->stream);
  msim_timer_set_background(&b->timer, true);
  msim_timer_arm(&b->timer, LINGER_NS);
}

bool msim__browser_is_idle(const struct msim__browser *b)
{
  return b->state == MSIM__BROWSER_IDLE;
}

/* ---- asking ---- */

static void put_head(struct msim__browser *b, struct msim__http_writer *w)
{
  char host[HOST_BYTES];
  uint8_t cookies[COOKIES_BYTES];
  size_t size = msim__url_host(&b->url, host);

  msim__http_put_request(w, b->request.method, msim__slice_text(b->url.target),
                         (struct msim_slice){(const uint8_t *)host, size});
  msim__http_put_text(w, "Accept", "text/html, */*;q=0.5");
  size = msim__jar_format(&b->jar, &b->url, msim_agent_unix_s(b->agent), cookies, sizeof cookies);
  if (size > 0)
    msim__http_put_field(w, "Cookie", (struct msim_slice){cookies, size});
  if (b->type[0] != '\0') {
    msim__http_put_text(w, "Content-Type", b->type);
    msim__http_put_number(w, "Content-Length", b->request_body.size_bytes);
  }
  msim__http_put_end(w);
}

/* Head and body leave in one piece, unless they are marked apart. */
static void send_request(struct msim__browser *b)
{
  const char *unit = b->request.unit != NULL ? b->request.unit : "http.request";
  const char *label = b->label[0] != '\0' ? b->label : NULL;
  size_t room_bytes = HEAD_ROOM_BYTES + COOKIES_BYTES + b->request_body.size_bytes, head_bytes;
  struct msim__http_writer w;
  struct msim__buf out;
  char *room;

  b->state = MSIM__BROWSER_HEAD;
  b->interim_count = 0;
  memset(&b->scan, 0, sizeof b->scan);
  msim__buf_clear(&b->head);
  msim_timer_arm(&b->timer, WAIT_NS);
  msim__buf_init(&out, b->mem, room_bytes + 1);
  room = msim__buf_room(&out, room_bytes);
  if (room == NULL)
    return; /* out of memory: the simulation has failed */
  msim__http_writer_begin(&w, room, room_bytes);
  put_head(b, &w);
  head_bytes = w.size_bytes;
  msim__http_put_bytes(&w, (struct msim_slice){(const uint8_t *)b->request_body.data, b->request_body.size_bytes});
  if (w.err != MSIM_OK) {
    msim__buf_release(&out);
    fail(b, "bad-url", "the request cannot be written");
    return;
  }
  if (b->request.is_secret) {
    (void)msim__stream_send_unit(b->agent, b->stream, unit, label, room, head_bytes);
    (void)msim__stream_send_unit(b->agent, b->stream, "auth.credentials", NULL, room + head_bytes,
                                 w.size_bytes - head_bytes);
  } else {
    (void)msim__stream_send_unit(b->agent, b->stream, unit, label, room, w.size_bytes);
  }
  msim__buf_release(&out);
}

static void on_resolved(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim__browser *b = ctx;
  size_t i;

  (void)agent;
  b->place_count = b->place_next = 0;
  for (i = 0; i < answers->count && b->place_count < MSIM__BROWSER_ADDRESSES_MAX; i++) {
    b->places[b->place_count].addr = answers->items[i].addr;
    b->places[b->place_count++].port = b->url.port;
  }
  if (b->place_count > 0)
    connect_next(b);
  else if (answers->err == MSIM_ERR_STATE)
    fail(b, "no-address", "this computer has no address");
  else
    fail(b, "no-such-host", "the site's name is not known");
}

/* The request as it stands, over the connection that there is, or a new one. */
static void begin(struct msim__browser *b)
{
  b->is_reused = b->stream != NULL && !b->is_leaving && msim__url_same_site(&b->site, &b->url) &&
                 !msim_stream_is_at_eof(b->stream);
  if (b->is_reused) {
    send_request(b);
    return;
  }
  msim__browser_hang_up(b);
  drop_stream(b);
  msim_timer_cancel(&b->timer);
  msim_timer_set_background(&b->timer, false);
  b->site = b->url;
  b->state = MSIM__BROWSER_RESOLVING;
  (void)msim_agent_resolve(b->agent, b->url.host, MSIM_NAME_ADDRESS, on_resolved, b);
}

void msim__browser_go(struct msim__browser *b, const struct msim__url *url, const struct msim__browser_request *request)
{
  b->url = *url;
  b->request = *request;
  (void)snprintf(b->label, sizeof b->label, "%s", request->label != NULL ? request->label : "");
  (void)snprintf(b->type, sizeof b->type, "%s", request->type != NULL ? request->type : "");
  b->request.label = b->request.type = NULL; /* copied, as the body is */
  b->request.body = msim__slice_text("");
  b->redirect_count = 0;
  msim__buf_clear(&b->request_body);
  if (msim__buf_append(&b->request_body, request->body.data, request->body.size_bytes) == MSIM_ERR_LIMIT)
    fail(b, "too-large", "what is to be posted is too large");
  else
    begin(b);
}

void msim__browser_get(struct msim__browser *b, const struct msim__url *url)
{
  const struct msim__browser_request request = {.method = "GET"};

  msim__browser_go(b, url, &request);
}

/* ---- answers ---- */

static void tell_received(const struct msim__browser *b)
{
  char host[HOST_BYTES], url[MSIM__URL_BYTES_MAX + HOST_BYTES + 8];
  struct msim_value values[3];

  (void)msim__url_host(&b->url, host);
  (void)snprintf(url, sizeof url, "http://%s%s", host, b->url.target);
  values[0] = msim_value_text("url", url);
  values[1] = msim_value_int("status", (int64_t)b->response.status);
  values[2] = msim_value_int("size", (int64_t)b->content.size_bytes);
  msim_agent_event(b->agent, "http.received", values, 3);
}

static void take_cookies(struct msim__browser *b)
{
  struct msim_slice value;
  unsigned nth;

  for (nth = 0; msim__http_field_find(b->response.head.fields, "Set-Cookie", nth, &value) == 1; nth++)
    (void)msim__jar_take(&b->jar, b->mem, &b->url, value, msim_agent_unix_s(b->agent));
}

/* RFC 9110 15.4: 303, and for what every browser does 301 and 302, make a GET of it; 307 and 308 keep the method. */
static void turn_into_get(struct msim__browser *b)
{
  const struct msim__browser_request get = {.method = "GET"};

  b->request = get;
  b->label[0] = b->type[0] = '\0';
  msim__buf_clear(&b->request_body);
}

/* false: it leads nowhere else, and is a page of its own. */
static bool follow(struct msim__browser *b)
{
  unsigned status = b->response.status;
  struct msim_slice location;
  struct msim__url before = b->url;

  if ((status != 301 && status != 302 && status != 303 && status != 307 && status != 308) ||
      msim__http_field_find(b->response.head.fields, "Location", 0, &location) == 0)
    return false;
  if (++b->redirect_count > MSIM__BROWSER_REDIRECTS_MAX) {
    fail(b, "redirects", "the site sends us from page to page without end");
  } else if (msim__url_resolve(&b->url, &b->url, location) != MSIM_OK) {
    fail(b, "bad-url", "the site sends us to a place that cannot be reached");
  } else {
    if (status < 304)
      turn_into_get(b);
    else if (b->request.is_secret && !msim__url_same_site(&before, &b->url))
      turn_into_get(b); /* a password is for the site that asked for it */
    begin(b);
  }
  return true;
}

static void on_whole(struct msim__browser *b)
{
  struct msim__browser_page page = {&b->url, b->response.status, b->response.head.fields, {NULL, 0}};

  tell_received(b);
  take_cookies(b);
  b->state = MSIM__BROWSER_IDLE;
  msim_timer_cancel(&b->timer);
  if (!b->response.head.keep_alive)
    msim__browser_hang_up(b);
  if (follow(b))
    return;
  settle(b);
  if (b->is_leaving) /* settle has cancelled it */
    msim_timer_arm(&b->timer, LINGER_NS);
  page.body = (struct msim_slice){(const uint8_t *)b->content.data, b->content.size_bytes};
  b->ops->page(b->ctx, &page);
}

/* The content is behind the head in the stream. */
static void begin_body(struct msim__browser *b)
{
  msim__buf_release(&b->content);
  msim__buf_init(&b->content, b->mem, MSIM__BROWSER_BODY_BYTES_MAX);
  b->earned_bytes = 0;
  if (msim__http_body_begin(&b->body, &b->response.head, MSIM__BROWSER_BODY_BYTES_MAX) != MSIM_OK) {
    fail(b, "too-large", "the page is too large");
    return;
  }
  b->state = MSIM__BROWSER_BODY;
  msim_timer_arm(&b->timer, WAIT_NS);
  if (b->body.over)
    on_whole(b);
}

/* false: more has to come. */
static bool read_head(struct msim__browser *b)
{
  struct msim_slice piece = msim_stream_peek(b->stream);
  size_t before = b->head.size_bytes;
  int got;

  if (piece.size_bytes > MSIM__HTTP_HEAD_BYTES_MAX - before)
    piece.size_bytes = MSIM__HTTP_HEAD_BYTES_MAX - before;
  if (piece.size_bytes == 0 || msim__buf_append(&b->head, piece.data, piece.size_bytes) != MSIM_OK)
    return false;
  got = msim__http_response_read(&b->scan, (struct msim_slice){(const uint8_t *)b->head.data, b->head.size_bytes},
                                 MSIM__HTTP_HEAD_BYTES_MAX, false, &b->response);
  msim_stream_consume(b->stream, got > 0 ? b->response.head.size_bytes - before : piece.size_bytes);
  if (got < 0) {
    fail(b, "malformed", b->response.why);
  } else if (got > 0 && b->response.status >= 200) {
    begin_body(b);
  } else if (got > 0) {
    msim__buf_clear(&b->head);
    if (++b->interim_count > INTERIM_MAX || b->response.status == 101)
      fail(b, "malformed", "the server does not come to an answer");
  }
  return true;
}

static bool read_body(struct msim__browser *b)
{
  struct msim_slice piece = msim_stream_peek(b->stream), content;
  size_t consumed;
  int got;

  if (piece.size_bytes == 0)
    return false;
  got = msim__http_body_read(&b->body, piece, &content, &consumed);
  if (got >= 0 && msim__buf_append(&b->content, content.data, content.size_bytes) != MSIM_OK)
    return false;
  msim_stream_consume(b->stream, consumed);
  b->earned_bytes += content.size_bytes;
  if (b->earned_bytes >= EARNED_BYTES) {
    b->earned_bytes = 0;
    msim_timer_arm(&b->timer, WAIT_NS);
  }
  if (got > 0)
    on_whole(b);
  else if (got < 0)
    fail(b, got == MSIM_ERR_LIMIT ? "too-large" : "malformed",
         got == MSIM_ERR_LIMIT ? "the page is too large" : "the server's chunks make no sense");
  return true;
}

/* The server has closed its half. */
static void on_end(struct msim__browser *b)
{
  if (b->state == MSIM__BROWSER_BODY && msim__http_body_end(&b->body) == 1) {
    on_whole(b);
  } else if (b->state == MSIM__BROWSER_HEAD && b->is_reused && b->head.size_bytes == 0 &&
             strcmp(b->request.method, "GET") == 0) {
    b->is_leaving = true; /* it closed as we asked: what changes nothing is asked again (RFC 9112 9.3.1) */
    msim_stream_close(b->stream);
    begin(b);
  } else if (b->state != MSIM__BROWSER_IDLE) {
    fail(b, "connection", "the server closed the connection before its answer was whole");
  } else {
    msim__browser_hang_up(b);
  }
}

static void proceed(struct msim__browser *b)
{
  const struct msim_stream *stream = b->stream;
  bool more = true;

  if (b->is_busy)
    return;
  b->is_busy = true;
  while (more && b->stream == stream && (b->state == MSIM__BROWSER_HEAD || b->state == MSIM__BROWSER_BODY))
    more = b->state == MSIM__BROWSER_HEAD ? read_head(b) : read_body(b);
  b->is_busy = false;
  if (b->stream != stream || stream == NULL)
    return;
  if (b->is_leaving)
    msim_stream_consume(b->stream, msim_stream_available_bytes(b->stream));
  else if (b->state == MSIM__BROWSER_IDLE && msim_stream_available_bytes(b->stream) > 0)
    drop_stream(b); /* an answer to nothing: whatever comes next could not be told from it */
  else if (msim_stream_is_at_eof(b->stream))
    on_end(b);
}

/* ---- the stream ---- */

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__browser *b = (struct msim__browser *)(void *)((char *)timer - offsetof(struct msim__browser, timer));

  (void)now_ns;
  if (b->state == MSIM__BROWSER_IDLE) {
    if (b->stream != NULL)
      msim_stream_abort(b->stream);
  } else {
    fail(b, "timeout", "the server did not answer in time");
  }
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__browser *b = msim_stream_data(stream);

  (void)agent;
  if (b != NULL && b->state == MSIM__BROWSER_CONNECTING)
    send_request(b);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__browser *b = msim_stream_data(stream);

  (void)agent;
  if (b != NULL)
    proceed(b);
  else
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__browser *b = msim_stream_data(stream);

  (void)agent;
  if (b != NULL)
    proceed(b);
  else
    msim_stream_close(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__browser *b = msim_stream_data(stream);
  bool was_leaving;

  (void)agent;
  if (b == NULL)
    return;
  was_leaving = b->is_leaving;
  b->stream = NULL;
  b->is_leaving = false;
  if (b->state == MSIM__BROWSER_CONNECTING && b->place_next < b->place_count)
    connect_next(b); /* nobody is there: another address of the host */
  else if (b->state == MSIM__BROWSER_HEAD && b->is_reused && b->head.size_bytes == 0 &&
           strcmp(b->request.method, "GET") == 0)
    begin(b);
  else if (b->state != MSIM__BROWSER_IDLE)
    fail(b, "connection", msim_close_reason_name(why));
  else if (was_leaving)
    msim_timer_cancel(&b->timer);
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

static void connect_next(struct msim__browser *b)
{
  b->state = MSIM__BROWSER_CONNECTING;
  while (b->place_next < b->place_count)
    if (msim__agent_connect_next(b->agent, b->places, b->place_count, &b->place_next, &stream_ops, b, &b->stream) ==
        MSIM_OK) {
      msim_stream_set_nodelay(b->stream, true);
      return;
    }
  b->stream = NULL;
  fail(b, "connection", "no connection could be opened");
}

/* ---- life ---- */

void msim__browser_init(struct msim__browser *b, struct msim_agent *agent, struct msim__mem *mem,
                        const struct msim__browser_ops *ops, void *ctx)
{
  memset(b, 0, sizeof *b);
  b->mem = mem;
  b->agent = agent;
  b->ops = ops;
  b->ctx = ctx;
  msim_timer_init(&b->timer, msim_agent_node(agent), on_timer);
  msim__buf_init(&b->head, mem, MSIM__HTTP_HEAD_BYTES_MAX);
  msim__buf_init(&b->content, mem, MSIM__BROWSER_BODY_BYTES_MAX);
  msim__buf_init(&b->request_body, mem, MSIM__BROWSER_BODY_BYTES_MAX);
}

void msim__browser_release(struct msim__browser *b)
{
  if (b->agent == NULL)
    return; /* never begun */
  msim_timer_cancel(&b->timer);
  if (b->stream != NULL)
    msim_stream_set_data(b->stream, NULL);
  b->stream = NULL;
  msim__jar_release(&b->jar, b->mem);
  msim__buf_release(&b->head);
  msim__buf_release(&b->content);
  msim__buf_release(&b->request_body);
  b->agent = NULL;
}
