/* user_web.c: a person's sessions at webmail sites; see user_web.h. */
#include "agents/user_web.h"

#include "proto/ascii.h"

#include <stdio.h>

static void run(struct msim__web_session *session);

/* ---- the list of mails ---- */

static void forget_rows(struct msim__web_session *session)
{
  while (session->row_count > 0) {
    struct msim__web_row *row = &session->rows[--session->row_count];

    msim__free(&session->web->mem, row->text, row->text_bytes);
  }
}

static void add_row(struct msim__web_session *session, struct msim_slice label, const struct msim__url *url)
{
  struct msim__mem *mem = &session->web->mem;
  size_t target_bytes = strlen(url->target) + 1;
  struct msim__web_row row = {NULL, label.size_bytes, label.size_bytes + 1 + target_bytes};

  if (msim__grow(mem, &session->rows, &session->row_capacity, session->row_count + 1, MSIM__WEB_ROWS_MAX, sizeof row) !=
      MSIM_OK)
    return;
  row.text = msim__alloc(mem, row.text_bytes);
  if (row.text == NULL)
    return; /* out of memory: the simulation has failed */
  memcpy(row.text, label.data, label.size_bytes);
  row.text[label.size_bytes] = '\0';
  memcpy(row.text + label.size_bytes + 1, url->target, target_bytes);
  session->rows[session->row_count++] = row;
}

void msim__web_session_take_rows(struct msim__web_session *session, const struct msim__browser_page *page, bool is_more)
{
  uint8_t label[MSIM__MESSAGE_LABEL_BYTES_MAX], href[MSIM__URL_BYTES_MAX];
  struct msim__html_token token;
  struct msim_slice value, target;
  struct msim__url url;
  size_t at = 0, label_bytes, href_bytes;

  if (!is_more)
    forget_rows(session);
  while (msim__html_next(page->body, &at, &token) == 1)
    if (token.kind == MSIM__HTML_OPEN && msim__slice_is(token.name, "a") &&
        msim__html_attribute(token.attributes, "data-message", &value) == 1 &&
        msim__html_attribute(token.attributes, "href", &target) == 1 &&
        msim__html_decode(value, label, sizeof label, &label_bytes) == MSIM_OK &&
        msim__html_decode(target, href, sizeof href, &href_bytes) == MSIM_OK && label_bytes > 0 &&
        msim__url_resolve(&url, page->url, (struct msim_slice){href, href_bytes}) == MSIM_OK &&
        msim__url_same_site(&url, page->url))
      add_row(session, (struct msim_slice){label, label_bytes}, &url);
}

/* ---- jobs ---- */

/* Takes the first job out. */
static void take_first(struct msim__web_session *session)
{
  struct msim__web_job *job = session->jobs;

  session->jobs = job->next;
  if (session->jobs == NULL)
    session->jobs_last = NULL;
  job->next = NULL;
  session->state = MSIM__WEB_IDLE;
}

void msim__web_job_end(struct msim__web_job *job)
{
  struct msim__web_session *session = job->session;

  take_first(session);
  job->type->release(job);
  run(session);
}

void msim__web_job_sleep(struct msim__web_job *job)
{
  struct msim__web_session *session = job->session;

  take_first(session);
  job->next = session->web->sleeping;
  session->web->sleeping = job;
  run(session);
}

static void put_last(struct msim__web_session *session, struct msim__web_job *job)
{
  job->next = NULL;
  job->session = session;
  job->has_logged_in_again = false;
  if (session->jobs_last != NULL)
    session->jobs_last->next = job;
  else
    session->jobs = job;
  session->jobs_last = job;
  run(session);
}

void msim__web_job_again(struct msim__user_web *web, struct msim__web_job *job)
{
  struct msim__web_job **at = &web->sleeping;

  while (*at != job)
    at = &(*at)->next;
  *at = job->next;
  put_last(job->session, job);
}

/* ---- logging in ---- */

static void fail(struct msim__web_session *session, const char *reason, const char *reply, bool for_good)
{
  struct msim__web_job *job = session->jobs;

  job->type->failed(job, reason, reply, for_good);
}

static void start(struct msim__web_session *session)
{
  struct msim__url url;

  memset(&url, 0, sizeof url);
  (void)snprintf(url.host, sizeof url.host, "%.255s", session->login.host);
  url.is_ipv6 = strchr(url.host, ':') != NULL;
  url.port = session->login.port;
  url.target[0] = '/';
  session->state = MSIM__WEB_START;
  msim__browser_get(&session->browser, &url);
}

/* Name and password into the form that asks for them; the name goes into its first field. */
static void log_in(struct msim__web_session *session, const struct msim__browser_page *page,
                   const struct msim__html_form *form)
{
  char user[64] = "", password[64] = "";
  struct msim__web_fill fills[2] = {{user, msim__slice_text(session->login.user)},
                                    {password, msim__slice_text(session->login.password)}};
  const struct msim__web_filling filling = {fills, 2, NULL, false, {NULL, 0}};
  struct msim__html_control control;
  size_t at = 0, size;

  while (msim__html_control_next(form->content, &at, &control) == 1) {
    char *name = control.kind == MSIM__HTML_PASSWORD ? password : control.kind == MSIM__HTML_FIELD ? user : NULL;

    if (name != NULL && name[0] == '\0' && msim__html_decode(control.name, (uint8_t *)name, 63, &size) == MSIM_OK)
      name[size] = '\0';
  }
  session->state = MSIM__WEB_LOGIN;
  if (!msim__web_post_form(session, page, form, &filling, NULL, NULL, true))
    fail(session, "malformed", "the login page makes no sense", true);
}

/* ---- pages ---- */

/* Where the person could leave from. */
static void keep_way_out(struct msim__web_session *session, const struct msim__browser_page *page)
{
  struct msim__html_form form;
  struct msim__url url;
  size_t at = 0, size;

  while (msim__html_form_next(page->body, &at, &form) == 1) {
    size = form.action.size_bytes;
    if (!form.is_post || size < 6 || !msim__slice_is(msim__slice_part(form.action, size - 6, size), "logout"))
      continue;
    session->can_leave = msim__web_keep_form(session, page, &form, &url, &session->leave_body);
    if (session->can_leave)
      session->leave_url = url;
    return;
  }
}

static void on_login_answer(struct msim__web_session *session, const struct msim__browser_page *page, bool asks_again)
{
  char reply[MSIM__WEB_REPLY_BYTES];

  if (asks_again || page->status >= 400) {
    msim__web_reply(page, reply);
    fail(session, asks_again || page->status < 500 ? "refused" : "connection", reply, page->status < 500);
    return;
  }
  session->is_in = true;
  session->inbox = *page->url;
  msim__web_session_take_rows(session, page, false);
  keep_way_out(session, page);
  session->state = MSIM__WEB_JOB;
  session->jobs->type->begin(session->jobs, page);
}

static void on_page(void *ctx, const struct msim__browser_page *page)
{
  struct msim__web_session *session = ctx;
  struct msim__html_form form;
  bool asks = msim__web_find_form(page->body, MSIM__HTML_PASSWORD, NULL, &form);

  switch (session->state) {
  case MSIM__WEB_START:
    if (asks && page->status < 400)
      log_in(session, page, &form);
    else
      on_login_answer(session, page, asks);
    return;
  case MSIM__WEB_LOGIN:
    on_login_answer(session, page, asks);
    return;
  case MSIM__WEB_JOB:
    if (!asks) {
      keep_way_out(session, page);
      session->jobs->type->page(session->jobs, page);
      return;
    }
    session->is_in = false; /* the site has forgotten us: once more, and the job begins anew */
    if (session->jobs->has_logged_in_again) {
      fail(session, "refused", "the site asks for the password again and again", true);
      return;
    }
    session->jobs->has_logged_in_again = true;
    log_in(session, page, &form);
    return;
  case MSIM__WEB_LEAVING:
    session->is_in = false;
    session->state = MSIM__WEB_IDLE;
    msim__browser_hang_up(&session->browser);
    run(session);
    return;
  case MSIM__WEB_IDLE:
    return;
  }
}

static void on_failed(void *ctx, const char *reason, const char *detail)
{
  struct msim__web_session *session = ctx;

  if (session->state == MSIM__WEB_LEAVING) {
    session->is_in = false;
    session->state = MSIM__WEB_IDLE;
    run(session);
  } else if (session->state != MSIM__WEB_IDLE) {
    session->is_in = false; /* the next job begins at the front door */
    fail(session, reason, detail, strcmp(reason, "bad-url") == 0 || strcmp(reason, "too-large") == 0);
  }
}

static const struct msim__browser_ops browser_ops = {.page = on_page, .failed = on_failed};

void msim__web_session_get(struct msim__web_session *session, const struct msim__url *url)
{
  session->state = MSIM__WEB_JOB;
  msim__browser_get(&session->browser, url);
}

/* ---- life ---- */

/* Begins the next job; one call of it is on the stack at most, however jobs end. */
static void run(struct msim__web_session *session)
{
  if (session->is_running)
    return;
  session->is_running = true;
  while (session->jobs != NULL && session->state == MSIM__WEB_IDLE && msim__browser_is_idle(&session->browser)) {
    msim_timer_cancel(&session->timer);
    if (session->is_in) {
      session->state = MSIM__WEB_JOB;
      session->jobs->type->begin(session->jobs, NULL);
    } else {
      start(session);
    }
  }
  session->is_running = false;
  if (session->jobs == NULL && session->state == MSIM__WEB_IDLE && session->browser.stream != NULL &&
      !session->browser.is_leaving)
    msim_timer_arm(&session->timer, session->login.stay_ns);
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__web_session *session =
      (struct msim__web_session *)(void *)((char *)timer - offsetof(struct msim__web_session, timer));
  const struct msim__browser_request request = {
      .method = "POST",
      .type = "application/x-www-form-urlencoded",
      .body = {(const uint8_t *)session->leave_body.data, session->leave_body.size_bytes}};

  (void)now_ns;
  if (!session->is_in || !session->can_leave) {
    session->is_in = false;
    msim__browser_hang_up(&session->browser);
    return;
  }
  session->can_leave = false;
  session->state = MSIM__WEB_LEAVING;
  msim__browser_go(&session->browser, &session->leave_url, &request);
}

static struct msim__web_session *find_session(struct msim__user_web *web, const struct msim__web_login *login)
{
  struct msim__web_session *session;

  for (session = web->first; session != NULL; session = session->next)
    if (session->login.port == login->port && strcmp(session->login.host, login->host) == 0 &&
        strcmp(session->login.user, login->user) == 0 && strcmp(session->login.password, login->password) == 0)
      return session;
  session = msim__alloc_zeroed(&web->mem, 1, sizeof *session);
  if (session == NULL)
    return NULL;
  session->web = web;
  session->login = *login;
  msim__browser_init(&session->browser, web->agent, &web->mem, &browser_ops, session);
  msim_timer_init(&session->timer, msim_agent_node(web->agent), on_timer);
  msim__buf_init(&session->leave_body, &web->mem, 65536);
  session->next = web->first;
  web->first = session;
  return session;
}

void msim__web_job_enter(struct msim__user_web *web, const struct msim__web_login *login, struct msim__web_job *job)
{
  struct msim__web_session *session = find_session(web, login);

  if (session != NULL)
    put_last(session, job);
  else
    job->type->release(job); /* out of memory: the simulation has failed */
}

static void free_session(struct msim__web_session *session)
{
  struct msim__web_job *job;

  while ((job = session->jobs) != NULL) {
    session->jobs = job->next;
    job->type->release(job);
  }
  msim_timer_cancel(&session->timer);
  msim__browser_release(&session->browser);
  forget_rows(session);
  msim__free(&session->web->mem, session->rows, session->row_capacity * sizeof *session->rows);
  msim__buf_release(&session->leave_body);
  msim__free(&session->web->mem, session, sizeof *session);
}

void msim__user_web_release(struct msim__user_web *web)
{
  struct msim__web_session *session;
  struct msim__web_job *job;

  while ((job = web->sleeping) != NULL) {
    web->sleeping = job->next;
    job->type->release(job);
  }
  while ((session = web->first) != NULL) {
    web->first = session->next;
    free_session(session);
  }
}
