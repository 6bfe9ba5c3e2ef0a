/* control.c: the control interface's HTTP: connections by libmicrohttpd, driven by the loop of serve.c; requests find
 * their route here. Does not know what a route does (control_x.c). */
#define _POSIX_C_SOURCE 200809L
#include "control.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BODY_BYTES_MAX (1u << 20)
#define CONNECTIONS_MAX 100u
#define IDLE_S 60u
#define LOOK_MS 20u
#define WAITING_MAX 64u

/* A connection's request under way. */
struct incoming {
  struct control *control;
  struct MHD_Connection *connection;
  struct gather body;
  bool has_begun, is_too_large, is_suspended;
  uint64_t deadline_ms; /* uv_now; 0: has not waited yet */
};

struct control {
  struct serve *serve;
  struct MHD_Daemon *daemon;
  struct keep *keep;
  uv_poll_t poll;
  uv_timer_t timer, look;
  struct incoming *waiting[WAITING_MAX];
  unsigned waiting_count;
  uint16_t port;
  bool closing;
};

uint16_t control_port(const struct control *control)
{
  return control->port;
}

struct keep *control_keep(const struct control *control)
{
  return control->keep;
}

/* ---- answers ---- */

int gather_write(void *ctx, const void *data, size_t size_bytes)
{
  struct gather *gather = ctx;

  if (gather->byte_count + size_bytes + 1 > gather->capacity) {
    size_t capacity = 2 * (gather->byte_count + size_bytes) + 256;
    char *grown = realloc(gather->bytes, capacity);

    if (grown == NULL)
      return MSIM_ERR_NOMEM;
    gather->bytes = grown;
    gather->capacity = capacity;
  }
  if (size_bytes > 0)
    memcpy(gather->bytes + gather->byte_count, data, size_bytes);
  gather->byte_count += size_bytes;
  gather->bytes[gather->byte_count] = '\0';
  return MSIM_OK;
}

/* The length of a character of UTF-8 (RFC 3629 4); 0: there is none. */
static size_t character(const unsigned char *p, size_t left)
{
  size_t n = p[0] < 0x80                   ? 1
             : p[0] >= 0xc2 && p[0] < 0xe0 ? 2
             : (p[0] & 0xf0) == 0xe0       ? 3
             : p[0] >= 0xf0 && p[0] < 0xf5 ? 4
                                           : 0,
         i;

  if (n == 0 || n > left || (p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
      (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
    return 0;
  for (i = 1; i < n; i++)
    if ((p[i] & 0xc0) != 0x80)
      return 0;
  return n;
}

json_t *gather_json(const struct gather *gather)
{
  const unsigned char *bytes = (const unsigned char *)gather->bytes;
  struct gather clean = {NULL, 0, 0};
  json_t *json = NULL;
  size_t at, n;
  int err = gather_write(&clean, "", 0);

  for (at = 0; err == MSIM_OK && at<gather->byte_count; at += n> 0 ? n : 1) {
    n = character(bytes + at, gather->byte_count - at);
    err = n > 0 ? gather_write(&clean, bytes + at, n) : gather_write(&clean, "\xef\xbf\xbd", 3);
  }
  if (err == MSIM_OK)
    json = json_stringn(clean.bytes, clean.byte_count);
  free(clean.bytes);
  return json;
}

void answer_json(struct answer *answer, json_t *json)
{
  answer->status = json != NULL ? MHD_HTTP_OK : MHD_HTTP_INTERNAL_SERVER_ERROR;
  answer->json = json;
}

void answer_done(struct answer *answer)
{
  answer->status = MHD_HTTP_NO_CONTENT;
}

void answer_error(struct answer *answer, unsigned status, const char *format, ...)
{
  char text[1024];
  va_list args;

  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);
  va_end(args);
  answer->status = status;
  answer->json = json_pack("{s:s}", "error", text); /* NULL where the text is no UTF-8 */
  if (answer->json == NULL)
    answer->json = json_pack("{s:s}", "error", "this cannot be done");
}

void answer_failure(struct answer *answer, int err, const char *what)
{
  answer_error(answer,
               err == MSIM_ERR_NOT_FOUND                         ? MHD_HTTP_NOT_FOUND
               : err == MSIM_ERR_STATE || err == MSIM_ERR_EXISTS ? MHD_HTTP_CONFLICT
               : err == MSIM_ERR_NOMEM                           ? MHD_HTTP_INTERNAL_SERVER_ERROR
                                                                 : MHD_HTTP_BAD_REQUEST,
               "%s: %s", what, msim_strerror(err));
}

/* ---- routes ---- */

static const struct {
  const char *method, *path; /* words; * is any; a last ** is what is left */
  route_fn *go;
} routes[] = {
    {"GET", "status", control_status},        {"GET", "connections", control_connections},
    {"GET", "mails", control_mail_list},      {"GET", "mails/**", control_mail_one},
    {"DELETE", "mails", control_mail_remove}, {"DELETE", "mails/**", control_mail_remove},
    {"PUT", "users/*/*", control_user_put},   {"DELETE", "users/*/*", control_user_remove},
    {"POST", "faults", control_fault_add},    {"DELETE", "faults/*", control_fault_lift},
    {"POST", "time", control_time},           {"POST", "reset", control_reset},
    {"GET", "trace/*", control_trace},
};

static bool fits(const char *path, const struct ask *ask)
{
  size_t i = 0, n;

  for (;; i++) {
    n = strcspn(path, "/");
    if (n == 2 && strncmp(path, "**", 2) == 0)
      return i < ask->word_count;
    if (i == ask->word_count ||
        !((n == 1 && path[0] == '*') || (strlen(ask->words[i]) == n && strncmp(path, ask->words[i], n) == 0)))
      return false;
    if (path[n] == '\0')
      return i + 1 == ask->word_count;
    path += n + 1;
  }
}

static void route(const struct ask *ask, struct answer *answer)
{
  bool other_method = false;
  size_t i;

  for (i = 0; i < sizeof routes / sizeof routes[0]; i++) {
    if (!fits(routes[i].path, ask))
      continue;
    if (strcmp(routes[i].method, ask->method) == 0) {
      routes[i].go(ask, answer);
      return;
    }
    other_method = true;
  }
  if (other_method)
    answer_error(answer, MHD_HTTP_METHOD_NOT_ALLOWED, "%s is no method for this", ask->method);
  else
    answer_error(answer, MHD_HTTP_NOT_FOUND, "there is nothing here; docs/serve.md has the list");
}

/* ---- requests ---- */

static const char *query(const struct ask *ask, const char *name)
{
  return MHD_lookup_connection_value(ask->connection, MHD_GET_ARGUMENT_KIND, name);
}

/* "/api/mails/isp-y" in words, each decoded; writes into url. */
static bool split(char *url, struct ask *ask)
{
  char *word = url, *slash;

  ask->word_count = 0;
  for (;;) {
    slash = strchr(word, '/');
    if (slash != NULL)
      *slash = '\0';
    if (ask->word_count + 1 >= ASK_WORDS_MAX)
      return false;
    if (*word != '\0')
      ask->words[ask->word_count++] = word;
    if (slash == NULL)
      break;
    word = slash + 1;
  }
  ask->words[ask->word_count] = NULL;
  return true;
}

static int send_bytes(struct MHD_Connection *connection, const struct answer *answer, void *bytes, size_t byte_count,
                      const char *type)
{
  struct MHD_Response *response = MHD_create_response_from_buffer(byte_count, bytes, MHD_RESPMEM_MUST_COPY);
  char disposition[200];
  int sent = MHD_NO;

  if (response == NULL)
    return MHD_NO;
  if (type != NULL)
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
  (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
  (void)MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
  (void)MHD_add_response_header(response, "Content-Security-Policy",
                                "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
                                "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  if (answer->attachment != NULL) {
    (void)snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", answer->attachment);
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION, disposition);
  }
  sent = (int)MHD_queue_response(connection, answer->status, response);
  MHD_destroy_response(response);
  return sent;
}

static int send_answer(struct MHD_Connection *connection, struct answer *answer)
{
  char *text = NULL;
  int sent;

  if (answer->json != NULL)
    text = json_dumps(answer->json, JSON_INDENT(1));
  if (answer->json != NULL && text == NULL)
    answer->status = MHD_HTTP_INTERNAL_SERVER_ERROR;
  if (text != NULL)
    sent = send_bytes(connection, answer, text, strlen(text), "application/json");
  else
    sent = send_bytes(connection, answer, answer->bytes != NULL ? answer->bytes : (char *)"", answer->byte_count,
                      answer->type);
  json_decref(answer->json);
  free(text);
  free(answer->bytes);
  return sent;
}

/* A page of elsewhere may make a browser ask here. It cannot choose the Host (but by a name of its own that it lets
 * point here), and its Origin is told. */
static bool is_from_here(struct MHD_Connection *connection)
{
  static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
  const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST);
  const char *origin = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN);
  size_t i, n;

  if (host == NULL)
    return false;
  for (i = 0; i < sizeof names / sizeof names[0]; i++) {
    n = strlen(names[i]);
    if (strncmp(host, names[i], n) == 0 && (host[n] == ':' || host[n] == '\0'))
      return origin == NULL || (strncmp(origin, "http://", 7) == 0 && strcmp(origin + 7, host) == 0);
  }
  return false;
}

static void wait_on(struct incoming *incoming, struct answer *answer);

static int serve_whole(struct incoming *incoming, const char *url, const char *method)
{
  struct control *control = incoming->control;
  char words[2048];
  struct answer answer;
  struct ask ask;

  memset(&answer, 0, sizeof answer);
  memset(&ask, 0, sizeof ask);
  if (strcmp(method, MHD_HTTP_METHOD_HEAD) == 0)
    method = MHD_HTTP_METHOD_GET; /* RFC 9110 9.3.2; the library leaves the body away */
  ask.serve = control->serve;
  ask.method = method;
  ask.body = incoming->body.bytes != NULL ? incoming->body.bytes : "";
  ask.body_bytes = incoming->body.byte_count;
  ask.query = query;
  ask.connection = incoming->connection;
  ask.is_late =
      control->closing || (incoming->deadline_ms != 0 && uv_now(&control->serve->loop) >= incoming->deadline_ms);
  if (!is_from_here(incoming->connection)) {
    answer_error(&answer, MHD_HTTP_FORBIDDEN,
                 "only for programs and pages of this machine: the Host must be localhost");
  } else if (incoming->is_too_large) {
    answer_error(&answer, MHD_HTTP_CONTENT_TOO_LARGE, "at most %u bytes", BODY_BYTES_MAX);
  } else if (strcmp(url, "/") == 0 && strcmp(method, "GET") == 0) {
    answer.status = MHD_HTTP_OK;
    return send_bytes(incoming->connection, &answer, (void *)(uintptr_t)control_page, control_page_bytes,
                      "text/html; charset=utf-8");
  } else if (strncmp(url, "/api/", 5) != 0 || strlen(url) >= sizeof words) {
    answer_error(&answer, MHD_HTTP_NOT_FOUND, "there is nothing here; docs/serve.md has the list");
  } else {
    strcpy(words, url + 5);
    serve_enter(control->serve);
    if (control->serve->failure != 0)
      answer_error(&answer, MHD_HTTP_SERVICE_UNAVAILABLE, "the simulation has failed: %s",
                   msim_sim_error(control->serve->sim));
    else if (split(words, &ask))
      route(&ask, &answer);
    else
      answer_error(&answer, MHD_HTTP_NOT_FOUND, "there is nothing here; docs/serve.md has the list");
    serve_leave(control->serve);
  }
  if (answer.waits && !ask.is_late) {
    wait_on(incoming, &answer);
    if (incoming->is_suspended)
      return MHD_YES;
    answer_error(&answer, MHD_HTTP_SERVICE_UNAVAILABLE, "too many requests wait already (at most %u)", WAITING_MAX);
  }
  return send_answer(incoming->connection, &answer);
}

/* ---- libmicrohttpd ---- */

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *data, size_t *data_bytes, void **state)
{
  struct incoming *incoming = *state;

  (void)version;
  if (incoming == NULL) {
    incoming = calloc(1, sizeof *incoming);
    if (incoming == NULL)
      return MHD_NO;
    incoming->control = ctx;
    incoming->connection = connection;
    *state = incoming;
    return MHD_YES;
  }
  if (*data_bytes > 0) {
    if (incoming->body.byte_count + *data_bytes > BODY_BYTES_MAX)
      incoming->is_too_large = true;
    else if (gather_write(&incoming->body, data, *data_bytes) != MSIM_OK)
      return MHD_NO;
    *data_bytes = 0;
    return MHD_YES;
  }
  return (enum MHD_Result)serve_whole(incoming, url, method);
}

static void forget(struct control *control, const struct incoming *incoming)
{
  unsigned i;

  for (i = 0; i < control->waiting_count; i++)
    if (control->waiting[i] == incoming)
      control->waiting[i] = control->waiting[--control->waiting_count];
}

static void on_completed(void *ctx, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
  struct incoming *incoming = *state;

  (void)connection;
  (void)why;
  if (incoming == NULL)
    return;
  forget(ctx, incoming);
  free(incoming->body.bytes);
  free(incoming);
  *state = NULL;
}

/* ---- in the loop ---- */

static void on_timer(uv_timer_t *timer);

static void go_on(struct control *control)
{
  MHD_UNSIGNED_LONG_LONG wait_ms = 0;

  if (control->daemon == NULL)
    return;
  (void)MHD_run(control->daemon);
  if (!control->closing && MHD_get_timeout(control->daemon, &wait_ms) == MHD_YES)
    uv_timer_start(&control->timer, on_timer, (uint64_t)wait_ms, 0);
}

static void on_timer(uv_timer_t *timer)
{
  go_on(timer->data);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
  (void)status;
  (void)events;
  go_on(poll->data);
}

static void resume_all(struct control *control)
{
  while (control->waiting_count > 0) {
    struct incoming *incoming = control->waiting[--control->waiting_count];

    incoming->is_suspended = false;
    MHD_resume_connection(incoming->connection);
  }
}

/* Who waits is asked again; who still has to wait comes back into the list. */
static void on_look(uv_timer_t *timer)
{
  struct control *control = timer->data;

  resume_all(control);
  go_on(control);
  if (control->waiting_count == 0)
    uv_timer_stop(timer);
}

static void wait_on(struct incoming *incoming, struct answer *answer)
{
  struct control *control = incoming->control;

  json_decref(answer->json);
  answer->json = NULL;
  if (control->waiting_count == WAITING_MAX)
    return;
  if (incoming->deadline_ms == 0)
    incoming->deadline_ms = uv_now(&control->serve->loop) + answer->wait_ms + 1;
  incoming->is_suspended = true;
  control->waiting[control->waiting_count++] = incoming;
  MHD_suspend_connection(incoming->connection);
  if (!uv_is_active((uv_handle_t *)&control->look))
    uv_timer_start(&control->look, on_look, LOOK_MS, LOOK_MS);
}

/* ---- life ---- */

static struct MHD_Daemon *start_daemon(struct control *control, uint16_t port)
{
  struct sockaddr_in loopback;

  memset(&loopback, 0, sizeof loopback);
  loopback.sin_family = AF_INET;
  loopback.sin_port = htons(port);
  loopback.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, port, NULL, NULL, on_request, control,
                          MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&loopback, MHD_OPTION_CONNECTION_LIMIT,
                          CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_S, MHD_OPTION_NOTIFY_COMPLETED,
                          on_completed, control, MHD_OPTION_END);
}

struct control *control_open(struct serve *serve, uint16_t port, struct keep *keep)
{
  struct control *control = calloc(1, sizeof *control);
  const union MHD_DaemonInfo *info;

  if (control == NULL) {
    complain("serve: out of memory");
    return NULL;
  }
  control->serve = serve;
  control->keep = keep;
  control->daemon = start_daemon(control, port);
  info = control->daemon != NULL ? MHD_get_daemon_info(control->daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
  control->port = info != NULL ? info->port : 0;
  info = control->daemon != NULL ? MHD_get_daemon_info(control->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
  control->poll.data = control->timer.data = control->look.data = control;
  if (info == NULL || control->port == 0 || uv_timer_init(&serve->loop, &control->timer) != 0 ||
      uv_timer_init(&serve->loop, &control->look) != 0 ||
      uv_poll_init(&serve->loop, &control->poll, info->epoll_fd) != 0 ||
      uv_poll_start(&control->poll, UV_READABLE, on_poll) != 0) {
    complain("serve: port %u cannot be listened on for the control interface", port);
    if (control->daemon != NULL)
      MHD_stop_daemon(control->daemon);
    free(control);
    return NULL;
  }
  return control;
}

void control_close(struct control *control)
{
  if (control == NULL || control->closing)
    return;
  control->closing = true;
  resume_all(control); /* who waits gets what there is */
  go_on(control);
  MHD_stop_daemon(control->daemon);
  control->daemon = NULL;
  uv_close((uv_handle_t *)&control->poll, NULL);
  uv_close((uv_handle_t *)&control->timer, NULL);
  uv_close((uv_handle_t *)&control->look, NULL);
}

void control_free(struct control *control)
{
  free(control);
}
