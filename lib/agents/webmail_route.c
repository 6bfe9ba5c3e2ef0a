/* webmail_route.c: which page a request asks for, and whether it may: method, login, and that it comes from a page of
 * ours; see webmail.h. */
#include "agents/webmail.h"

#include "proto/ascii.h"
#include "proto/http_form.h"

#include <stdarg.h>
#include <stdio.h>

static void run_root(struct msim__webmail_job *job)
{
  msim__webmail_answer_redirect(job, "/mail");
}

static void run_style(struct msim__webmail_job *job)
{
  msim__webmail_answer_static(job, "text/css; charset=utf-8", msim__slice_text(msim__webmail_style()));
}

/* Under /api the same pages are JSON. */
static const struct msim__webmail_page pages[] = {
    {"home", "GET", "/", true, run_root},
    {"style", "GET", "/style.css", true, run_style},
    {"login", "GET", "/login", true, msim__webmail_run_login},
    {"login", "POST", "/login", true, msim__webmail_run_login_post},
    {"logout", "POST", "/logout", false, msim__webmail_run_logout},
    {"session", "GET", "/session", false, msim__webmail_run_session},
    {"mailbox", "GET", "/mail", false, msim__webmail_run_mailbox},
    {"change", "POST", "/mail", false, msim__webmail_run_change},
    {"mail", "GET", "/mail/*", false, msim__webmail_run_mail},
    {"source", "GET", "/mail/*/source", false, msim__webmail_run_source},
    {"part", "GET", "/mail/*/part/*", false, msim__webmail_run_part},
    {"search", "GET", "/search", false, msim__webmail_run_search},
    {"compose", "GET", "/compose", false, msim__webmail_run_compose},
    {"send", "POST", "/send", false, msim__webmail_run_send},
    {"draft", "POST", "/draft", false, msim__webmail_run_draft},
    {"sent", "GET", "/sent", false, msim__webmail_run_sent},
};
#define PAGE_COUNT (sizeof pages / sizeof pages[0])

/* Where one leads to the login first, and where no page is known. */
static const struct msim__webmail_page to_login = {"login", "GET", "", true, NULL};
static const struct msim__webmail_page no_page = {"error", "GET", "", true, NULL};

/* ---- texts of the job ---- */

char *msim__webmail_format(struct msim__webmail_job *job, const char *format, ...)
{
  char text[2048];
  va_list args;
  int n;

  va_start(args, format);
  n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  return msim__arena_text(&job->arena, text, n < 0 ? 0 : ((size_t)n < sizeof text ? (size_t)n : sizeof text - 1));
}

char *msim__webmail_copy_text(struct msim__webmail_job *job, struct msim_slice text)
{
  return msim__arena_text(&job->arena, text.size_bytes > 0 ? (const char *)text.data : "", text.size_bytes);
}

/* ---- jobs ---- */

static struct msim__webmail_job *new_job(struct msim__webmail *webmail, struct msim__http_conn *conn,
                                         const struct msim__http_call *call)
{
  struct msim__webmail_job *job = msim__alloc_zeroed(&webmail->serving.mem, 1, sizeof *job);
  const struct msim__webmail_config *config = msim_agent_config(webmail->serving.agent);

  if (job == NULL)
    return NULL; /* the simulation has failed */
  job->webmail = webmail;
  job->conn = conn;
  job->call = call;
  job->page = &no_page;
  msim__arena_init(&job->arena, &webmail->serving.mem);
  msim__buf_init(&job->found.mail, &webmail->serving.mem, 2 * (size_t)config->message_bytes_max + 4096);
  job->next = webmail->jobs;
  if (job->next != NULL)
    job->next->prev = job;
  webmail->jobs = job;
  msim__http_conn_set_data(conn, job);
  return job;
}

void msim__webmail_job_free(struct msim__webmail_job *job)
{
  struct msim__webmail *webmail = job->webmail;

  if (job->conn != NULL)
    msim__http_conn_set_data(job->conn, NULL);
  msim__webmail_ask_cancel(job);
  msim__webmail_letter_leave(job);
  msim__webmail_session_leave(job);
  if (job->prev != NULL)
    job->prev->next = job->next;
  else
    webmail->jobs = job->next;
  if (job->next != NULL)
    job->next->prev = job->prev;
  msim__webmail_found_clear(job);
  msim__free(&webmail->serving.mem, job->args, job->arg_capacity * sizeof *job->args);
  msim__arena_release(&job->arena);
  msim__free(&webmail->serving.mem, job, sizeof *job);
}

/* ---- paths ---- */

/* "/a/b%20c" into its pieces; "/" has none. false: no such page can be. */
static bool split_path(struct msim__webmail_job *job)
{
  struct msim_slice path = job->call->request.path;
  size_t at = 1, end, n;
  uint8_t *room;

  if (path.size_bytes == 0 || path.data[0] != '/')
    return false;
  while (at < path.size_bytes) {
    for (end = at; end < path.size_bytes && path.data[end] != '/'; end++)
      continue;
    room = msim__arena_alloc(&job->arena, end - at + 1);
    if (room == NULL || job->path_count == MSIM__WEBMAIL_PATH_PARTS_MAX ||
        msim__percent_decode(msim__slice_part(path, at, end), false, room, end - at, &n) != MSIM_OK ||
        memchr(room, '\0', n) != NULL)
      return false;
    job->path[job->path_count++] = (const char *)room;
    at = end + 1;
  }
  if (job->path_count > 0 && strcmp(job->path[0], "api") == 0) {
    job->is_json = true;
    job->path_count--;
    memmove(job->path, job->path + 1, job->path_count * sizeof job->path[0]);
  }
  return true;
}

static bool path_fits(const struct msim__webmail_job *job, const char *pattern)
{
  size_t i = 0, n;

  for (pattern++; *pattern != '\0'; pattern += n + (pattern[n] == '/')) {
    n = strcspn(pattern, "/");
    if (i == job->path_count ||
        (!(n == 1 && *pattern == '*') && (strlen(job->path[i]) != n || memcmp(job->path[i], pattern, n) != 0)))
      return false;
    i++;
  }
  return i == job->path_count;
}

static bool is_known_method(struct msim_slice method)
{
  static const char *const known[] = {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"};
  size_t i;

  for (i = 0; i < sizeof known / sizeof known[0]; i++)
    if (msim__slice_equal(method, msim__slice_text(known[i])))
      return true;
  return false;
}

/* Sets the page, or answers. */
static bool find_page(struct msim__webmail_job *job)
{
  struct msim_slice method = job->call->request.method;
  const char *allow = NULL;
  size_t i;

  if (!is_known_method(method)) {
    msim__webmail_answer_error(job, 501, "This method is not known here", NULL);
    return false;
  }
  if (msim__slice_equal(method, msim__slice_text("HEAD")))
    method = msim__slice_text("GET");
  for (i = 0; i < PAGE_COUNT; i++) {
    if (!path_fits(job, pages[i].path))
      continue;
    if (msim__slice_equal(method, msim__slice_text(pages[i].method))) {
      job->page = &pages[i];
      return true;
    }
    allow = allow != NULL ? "Allow: GET, HEAD, POST\r\n"
                          : (pages[i].method[0] == 'G' ? "Allow: GET, HEAD\r\n" : "Allow: POST\r\n");
  }
  if (allow != NULL)
    msim__webmail_answer_status(job, 405, "That cannot be done with this page", "Go back, and use the page's buttons.",
                                allow);
  else
    msim__webmail_answer_error(job, 404, "There is no such page", "Go to the inbox.");
  return false;
}

/* ---- whether it may ---- */

/* RFC 6454 7: "http://host"; what is no POST from a page of ours is none. */
static bool has_own_origin(const struct msim__webmail_job *job)
{
  const struct msim__http_request *request = &job->call->request;
  struct msim_slice origin, scheme = msim__slice_text("http://");

  if (msim__http_field_find(request->head.fields, "Origin", 0, &origin) != 1)
    return true;
  return origin.size_bytes > scheme.size_bytes &&
         msim__slice_equal_nocase(msim__slice_part(origin, 0, scheme.size_bytes), scheme) &&
         msim__slice_equal_nocase(msim__slice_part(origin, scheme.size_bytes, origin.size_bytes), request->host);
}

static bool has_csrf(struct msim__webmail_job *job)
{
  struct msim_slice token;

  if (msim__http_field_find(job->call->request.head.fields, "X-CSRF-Token", 0, &token) != 1)
    token = msim__webmail_arg_slice(job, "csrf");
  return msim__webmail_same_token(job->session->csrf, token);
}

static bool may(struct msim__webmail_job *job)
{
  bool changes = job->page->method[0] == 'P';
  struct msim__webmail_session *session;

  if (changes && !has_own_origin(job)) {
    msim__webmail_answer_error(job, 403, "This request comes from another site",
                               "Open the webmail, and try again there.");
    return false;
  }
  session = msim__webmail_session_find(job->webmail, job->call->request.head.fields);
  if (session != NULL)
    msim__webmail_session_take(job, session);
  if (job->page->is_open)
    return true;
  if (session == NULL && !job->is_json && !changes) {
    job->fields = msim__webmail_cookie(job, NULL);
    job->page = &to_login; /* what was asked for is not shown */
    msim__webmail_answer_redirect(job, "/login");
    return false;
  }
  if (session == NULL) {
    msim__webmail_answer_error(job, 401, "You are not logged in, or not any more",
                               "Log in, and try again. What you have typed is still there when you go back.");
    return false;
  }
  if (changes && !has_csrf(job)) {
    msim__webmail_answer_error(job, 403, "The form is too old, or not one of ours",
                               "Go back, reload the page, and try again.");
    return false;
  }
  return true;
}

static void on_call(struct msim__http_conn *conn, const struct msim__http_call *call)
{
  struct msim__webmail *webmail = (struct msim__webmail *)(void *)msim__http_conn_serving(conn); /* its first member */
  struct msim__webmail_job *job = new_job(webmail, conn, call);
  const char *why;
  unsigned status;

  if (job == NULL)
    return;
  if (!split_path(job)) {
    msim__webmail_answer_error(job, 404, "There is no such page", "Go to the inbox.");
    return;
  }
  if (!find_page(job))
    return;
  status = msim__webmail_args_read(job, &why);
  if (status != 0)
    msim__webmail_answer_error(job, status, why, "Go back, and try again.");
  else if (may(job))
    job->page->run(job);
}

static void on_gone(struct msim__http_conn *conn)
{
  struct msim__webmail_job *job = msim__http_conn_data(conn);

  if (job == NULL)
    return;
  job->conn = NULL;
  job->call = NULL;
  if (!job->must_finish)
    msim__webmail_job_free(job);
}

const struct msim__http_serving_ops msim__webmail_serving_ops = {.call = on_call, .gone = on_gone};
