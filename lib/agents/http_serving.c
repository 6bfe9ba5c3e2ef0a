/* http_serving.c: the server's side of HTTP/1.1 connections (RFC 9110, 9112).
 *
 * Does not know what a path means. */
#include "agents/http_serving.h"

#include "proto/ascii.h"
#include "proto/http_date.h"
#include "proto/http_write.h"

#include <stdio.h>

#define LINGER_NS MSIM_SEC(120) /* for the client's half after our last answer */
#define HEAD_ROOM_BYTES 1024u   /* for the fields that every answer has */
#define PATH_BYTES 200u         /* of it in events */

enum state {
  HEAD,   /* of the next request is awaited */
  BODY,   /* of it is on its way */
  CALL,   /* the agent owes an answer */
  CLOSING /* the last answer is written; what comes is passed over */
};

struct msim__http_conn {
  struct msim__http_conn *prev, *next;
  struct msim__http_serving *serving;
  struct msim_stream *stream;
  struct msim_timer timer;
  enum state state;
  bool is_busy; /* reading is under way further down the stack */
  uint64_t request_count;
  struct msim__buf head, content;
  struct msim__http_scan scan;
  struct msim__http_body body;
  struct msim__http_call call;
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1];
  void *data;
};

struct msim__http_serving *msim__http_conn_serving(const struct msim__http_conn *conn)
{
  return conn->serving;
}

struct msim_stream *msim__http_conn_stream(const struct msim__http_conn *conn)
{
  return conn->stream;
}

void msim__http_conn_set_data(struct msim__http_conn *conn, void *data)
{
  conn->data = data;
}

void *msim__http_conn_data(const struct msim__http_conn *conn)
{
  return conn->data;
}

/* ---- the end of a connection ---- */

static void free_conn(struct msim__http_conn *conn)
{
  struct msim__http_serving *serving = conn->serving;

  msim_timer_cancel(&conn->timer);
  msim_stream_set_data(conn->stream, NULL);
  if (conn->state == CALL && serving->ops->gone != NULL)
    serving->ops->gone(conn);
  if (conn->prev != NULL)
    conn->prev->next = conn->next;
  else
    serving->first = conn->next;
  if (conn->next != NULL)
    conn->next->prev = conn->prev;
  serving->conn_count--;
  msim__buf_release(&conn->head);
  msim__buf_release(&conn->content);
  msim__free(&serving->mem, conn, sizeof *conn);
}

/* Our half is closed at once, the client's is read until its end: a reset would take the last answer away from a client
 * that is still sending (RFC 9112 9.6). */
static void say_goodbye(struct msim__http_conn *conn)
{
  conn->state = CLOSING;
  msim_stream_close(conn->stream);
  msim_timer_cancel(&conn->timer);
  msim_timer_set_background(&conn->timer, true);
  msim_timer_arm(&conn->timer, LINGER_NS);
}

/* ---- answers ---- */

static void put_head(struct msim__http_writer *w, const struct msim__http_conn *conn,
                     const struct msim__http_answer *answer, bool closes)
{
  char date[MSIM__HTTP_DATE_BYTES];
  bool has_length = answer->status >= 200 && answer->status != 204 && answer->status != 304; /* RFC 9110 8.6 */

  msim__http_put_status(w, answer->status);
  if (msim__http_date_format(date, msim_agent_unix_s(conn->serving->agent)) == MSIM_OK)
    msim__http_put_text(w, "Date", date);
  if (answer->type != NULL)
    msim__http_put_text(w, "Content-Type", answer->type);
  if (has_length)
    msim__http_put_number(w, "Content-Length", answer->body.size_bytes);
  if (closes)
    msim__http_put_text(w, "Connection", "close");
  else if (conn->call.request.head.minor == 0)
    msim__http_put_text(w, "Connection", "keep-alive");
  msim__http_put_bytes(w, answer->fields);
  msim__http_put_end(w);
}

static void tell_response(const struct msim__http_conn *conn, const struct msim__http_answer *answer)
{
  struct msim_slice path = conn->call.request.path;
  struct msim_value values[MSIM_VALUES_MAX];
  char text[PATH_BYTES + 1];
  size_t n = 0, i;

  values[n++] = msim_value_text("page", answer->page);
  values[n++] = msim_value_int("status", (int64_t)answer->status);
  for (i = 0; i < path.size_bytes && i < PATH_BYTES; i++)
    text[i] = (char)path.data[i];
  text[i] = '\0';
  if (i > 0)
    values[n++] = msim_value_text("path", text);
  values[n++] = msim_value_int("size", (int64_t)answer->body.size_bytes);
  for (i = 0; i < answer->value_count && n < MSIM_VALUES_MAX; i++)
    values[n++] = answer->values[i];
  msim_agent_event(conn->serving->agent, "http.response", values, n);
}

static void proceed(struct msim__http_conn *conn);

static bool is_last(const struct msim__http_conn *conn, const struct msim__http_answer *answer)
{
  return answer->closes || !conn->call.request.head.keep_alive || msim_stream_is_at_eof(conn->stream) ||
         (conn->serving->requests_max > 0 && conn->request_count >= conn->serving->requests_max);
}

/* Ready for the next request. */
static void reset(struct msim__http_conn *conn)
{
  struct msim__mem *mem = &conn->serving->mem;

  msim__buf_clear(&conn->head);
  msim__buf_release(&conn->content);
  msim__buf_init(&conn->content, mem, (size_t)conn->serving->body_bytes_max);
  memset(&conn->call, 0, sizeof conn->call);
  conn->label[0] = '\0';
  conn->state = HEAD;
  msim_timer_arm(&conn->timer, conn->serving->idle_ns);
}

void msim__http_answer(struct msim__http_conn *conn, const struct msim__http_answer *answer)
{
  bool closes = is_last(conn, answer), to_head = msim__slice_is(conn->call.request.method, "HEAD");
  bool has_body = !to_head && answer->status != 204 && answer->status != 304;
  size_t size_bytes = HEAD_ROOM_BYTES + answer->fields.size_bytes + (has_body ? answer->body.size_bytes : 0);
  struct msim__http_serving *serving = conn->serving;
  struct msim__http_writer w;
  struct msim__buf out;
  char *room;

  msim__buf_init(&out, &serving->mem, size_bytes + 1);
  room = msim__buf_room(&out, size_bytes);
  if (room == NULL)
    return; /* out of memory: the simulation has failed */
  msim__http_writer_begin(&w, room, size_bytes);
  put_head(&w, conn, answer, closes);
  if (has_body)
    msim__http_put_bytes(&w, answer->body);
  if (w.err != MSIM_OK) {
    msim__buf_release(&out);
    msim_agent_fail(serving->agent, "an answer of page %.100s cannot be written: %s", answer->page,
                    msim_strerror(w.err));
    return;
  }
  tell_response(conn, answer);
  (void)msim__stream_send_unit(serving->agent, conn->stream, "http.response", NULL, room, w.size_bytes);
  msim__buf_release(&out);
  if (closes) {
    say_goodbye(conn);
    return;
  }
  reset(conn);
  if (!conn->is_busy)
    proceed(conn);
}

static void answer_in_words(struct msim__http_conn *conn, unsigned status, const char *words, struct msim_slice fields,
                            bool closes)
{
  struct msim__http_answer answer = {
      .status = status, .page = "error", .type = "text/plain; charset=utf-8", .fields = fields, .closes = closes};
  char text[256];
  int size = snprintf(text, sizeof text, "%u %s\r\n%.150s\r\n", status, msim__http_status_words(status), words);

  answer.body = (struct msim_slice){(const uint8_t *)text, size > 0 ? (size_t)size : 0};
  msim__http_answer(conn, &answer);
}

void msim__http_answer_error(struct msim__http_conn *conn, unsigned status, const char *words, struct msim_slice fields)
{
  answer_in_words(conn, status, words, fields, false);
}

/* Where the next request would begin is not known. */
static void refuse(struct msim__http_conn *conn, unsigned status, const char *words)
{
  conn->state = CALL;
  answer_in_words(conn, status, words, msim__slice_text(""), true);
}

/* ---- requests ---- */

static void call(struct msim__http_conn *conn)
{
  conn->state = CALL;
  conn->request_count++;
  conn->data = NULL;
  conn->call.body = (struct msim_slice){(const uint8_t *)conn->content.data, conn->content.size_bytes};
  conn->call.message = conn->label[0] != '\0' ? conn->label : NULL;
  msim_timer_cancel(&conn->timer);
  conn->serving->ops->call(conn, &conn->call);
}

static void begin_body(struct msim__http_conn *conn)
{
  static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
  const struct msim__http_request *request = &conn->call.request;

  conn->state = BODY;
  if (msim__http_body_begin(&conn->body, &request->head, conn->serving->body_bytes_max) != MSIM_OK) {
    refuse(conn, 413, "The content is too large");
    return;
  }
  msim_timer_arm(&conn->timer, conn->serving->request_ns);
  if (conn->body.over)
    call(conn);
  else if (request->expects_continue && msim_stream_available_bytes(conn->stream) == 0)
    (void)msim__stream_send_unit(conn->serving->agent, conn->stream, "http.response", NULL, go_on, sizeof go_on - 1);
}

/* false: more has to come. */
static bool read_head(struct msim__http_conn *conn)
{
  struct msim_slice piece = msim_stream_peek(conn->stream);
  size_t before = conn->head.size_bytes;
  const char *label;
  int got;

  if (piece.size_bytes > MSIM__HTTP_HEAD_BYTES_MAX - before)
    piece.size_bytes = MSIM__HTTP_HEAD_BYTES_MAX - before;
  if (piece.size_bytes == 0)
    return false;
  if (before == 0) {
    label = msim_stream_message(conn->stream);
    (void)snprintf(conn->label, sizeof conn->label, "%s", label != NULL ? label : "");
    msim_timer_arm(&conn->timer, conn->serving->request_ns); /* for the whole head, however it dribbles */
  }
  if (msim__buf_append(&conn->head, piece.data, piece.size_bytes) != MSIM_OK)
    return false;
  got =
      msim__http_request_read(&conn->scan, (struct msim_slice){(const uint8_t *)conn->head.data, conn->head.size_bytes},
                              MSIM__HTTP_HEAD_BYTES_MAX, &conn->call.request);
  msim_stream_consume(conn->stream, got > 0 ? conn->call.request.head.size_bytes - before : piece.size_bytes);
  if (got > 0)
    begin_body(conn);
  else if (got < 0)
    refuse(conn, conn->call.request.refusal, conn->call.request.why);
  return true;
}

static bool read_body(struct msim__http_conn *conn)
{
  struct msim_slice piece = msim_stream_peek(conn->stream), content;
  size_t consumed;
  int got;

  if (piece.size_bytes == 0)
    return false;
  got = msim__http_body_read(&conn->body, piece, &content, &consumed);
  if (got >= 0 && msim__buf_append(&conn->content, content.data, content.size_bytes) != MSIM_OK)
    return false;
  msim_stream_consume(conn->stream, consumed);
  msim_timer_arm(&conn->timer, conn->serving->request_ns);
  if (got > 0)
    call(conn);
  else if (got == MSIM_ERR_LIMIT)
    refuse(conn, 413, "The content is too large");
  else if (got < 0)
    refuse(conn, 400, "The chunks make no sense");
  return true;
}

static void proceed(struct msim__http_conn *conn)
{
  bool more = true;

  conn->is_busy = true;
  while (more && (conn->state == HEAD || conn->state == BODY))
    more = conn->state == HEAD ? read_head(conn) : read_body(conn);
  conn->is_busy = false;
  if (conn->state == CLOSING)
    msim_stream_consume(conn->stream, msim_stream_available_bytes(conn->stream));
  else if (conn->state != CALL && msim_stream_is_at_eof(conn->stream))
    say_goodbye(conn); /* also in the middle of a request: nobody would read that it was cut off */
}

/* ---- the stream ---- */

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__http_conn *conn =
      (struct msim__http_conn *)(void *)((char *)timer - offsetof(struct msim__http_conn, timer));

  (void)now_ns;
  if (conn->state == CLOSING)
    msim_stream_abort(conn->stream);
  else if (conn->state == HEAD && conn->head.size_bytes == 0)
    say_goodbye(conn);
  else
    refuse(conn, 408, "The request has taken too long");
}

static void turn_away(struct msim_agent *agent, struct msim_stream *stream)
{
  static const char text[] = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

  (void)msim__stream_send_unit(agent, stream, "http.response", NULL, text, sizeof text - 1);
  msim_stream_close(stream);
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__http_serving *serving = msim_agent_state(agent); /* its first member */
  struct msim__http_conn *conn;

  if (serving->conn_count >= serving->conns_max) {
    turn_away(agent, stream);
    return;
  }
  conn = msim__alloc_zeroed(&serving->mem, 1, sizeof *conn);
  if (conn == NULL)
    return; /* out of memory: the simulation has failed */
  conn->serving = serving;
  conn->stream = stream;
  conn->next = serving->first;
  if (conn->next != NULL)
    conn->next->prev = conn;
  serving->first = conn;
  serving->conn_count++;
  msim_timer_init(&conn->timer, msim_agent_node(agent), on_timer);
  msim__buf_init(&conn->head, &serving->mem, MSIM__HTTP_HEAD_BYTES_MAX);
  msim_stream_set_data(stream, conn);
  msim_stream_set_nodelay(stream, true);
  reset(conn);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__http_conn *conn = msim_stream_data(stream);

  (void)agent;
  if (conn != NULL)
    proceed(conn);
  else
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__http_conn *conn = msim_stream_data(stream);

  (void)agent;
  if (conn != NULL)
    proceed(conn);
  else
    msim_stream_close(stream);
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__http_conn *conn = msim_stream_data(stream);

  (void)agent;
  (void)why;
  if (conn != NULL)
    free_conn(conn);
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

/* ---- the agent's part ---- */

int msim__http_serving_start(struct msim__http_serving *serving, struct msim_agent *agent, uint16_t port)
{
  int err;

  msim__agent_mem_init(&serving->mem, agent);
  serving->agent = agent;
  err = msim_agent_listen(agent, port, &stream_ops);
  if (err == MSIM_ERR_EXISTS)
    msim_agent_fail(agent, "port %u is taken already", (unsigned)port);
  return err;
}

void msim__http_serving_stop(struct msim__http_serving *serving)
{
  while (serving->first != NULL)
    free_conn(serving->first);
}
