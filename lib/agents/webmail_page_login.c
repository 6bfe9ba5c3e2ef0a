/* webmail_page_login.c: logging in and out of the webmail, and what a program asks first about its session; see
 * webmail.h. A name and password are right when the mail server takes them. */
#include "agents/webmail.h"

#include "proto/ascii.h"
#include "proto/sasl.h"
#include "text/html_out.h"

void msim__webmail_show_login(struct msim__webmail_job *job, unsigned status, const char *notice)
{
  struct msim__buf html;

  if (job->is_json) {
    msim__webmail_answer_error(job, status, notice != NULL ? notice : "Log in by POST", NULL);
    return;
  }
  msim__webmail_html_init(job, &html);
  msim__webmail_html_begin(job, &html, "Log in");
  if (notice != NULL)
    msim__webmail_html_notice(&html, "alert", notice);
  (void)msim__buf_append_text(&html,
                              "<form class=\"narrow\" method=\"post\" action=\"/login\">\n<p class=\"field\"><label "
                              "for=\"user\">User name</label><input id=\"user\" name=\"user\" required "
                              "autocomplete=\"username\" autocapitalize=\"none\" spellcheck=\"false\" value=\"");
  (void)msim__html_put_words(&html, msim__webmail_arg(job, "user"));
  (void)msim__buf_append_text(&html, "\"></p>\n<p class=\"field\"><label for=\"password\">Password</label><input "
                                     "id=\"password\" name=\"password\" type=\"password\" required "
                                     "autocomplete=\"current-password\"></p>\n<p><button class=\"main\">Log in</button>"
                                     "</p>\n</form>\n");
  msim__webmail_html_end(job, &html);
  msim__webmail_answer_html(job, status, status == 403 ? "login-refused" : "login", &html, NULL, 0);
  msim__buf_release(&html);
}

void msim__webmail_run_login(struct msim__webmail_job *job)
{
  if (job->session != NULL && !job->is_json)
    msim__webmail_answer_redirect(job, "/mail");
  else
    msim__webmail_show_login(job, job->is_json ? 405 : 200, NULL);
}

static void put_session(struct msim__webmail_job *job)
{
  struct msim__json_out json;
  struct msim__buf text;

  msim__webmail_html_init(job, &text);
  msim__json_init(&json, &text, false);
  msim__json_object_begin(&json);
  msim__json_key_text(&json, "user", job->session->user);
  msim__json_key_text(&json, "address", job->session->address);
  msim__json_key_text(&json, "csrf", job->session->csrf);
  msim__json_object_end(&json);
  (void)msim__json_line_end(&json);
  msim__webmail_answer_json(job, 200, &text, NULL, 0);
  msim__buf_release(&text);
}

void msim__webmail_run_session(struct msim__webmail_job *job)
{
  if (job->is_json)
    put_session(job);
  else
    msim__webmail_answer_error(job, 404, "There is no such page", "Go to the inbox.");
}

static void tell_login(struct msim__webmail_job *job, bool ok)
{
  struct msim_value values[] = {
      msim_value_text("user", job->session->user),
      msim_value_text("reply", job->words),
  };

  msim_agent_event(job->webmail->serving.agent, ok ? "webmail.login_ok" : "webmail.login_refused", values, ok ? 1 : 2);
}

static void checked(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  if (outcome == MSIM__WEBMAIL_REFUSED) {
    tell_login(job, false);
    msim__webmail_session_leave(job);
    msim__webmail_show_login(job, 403, "User name or password is not right. Try again.");
    return;
  }
  if (outcome != MSIM__WEBMAIL_DONE) {
    msim__webmail_session_leave(job);
    msim__webmail_answer_outcome(job, outcome);
    return;
  }
  if (!msim__webmail_session_fits(job->webmail)) { /* others may have come in the meantime */
    msim__webmail_session_leave(job);
    msim__webmail_answer_error(job, 503, "Too many people are logged in at the moment", "Try again in a few minutes.");
    return;
  }
  msim__webmail_session_open(job->webmail, job->session);
  tell_login(job, true);
  job->fields = msim__webmail_cookie(job, job->session);
  if (job->is_json)
    put_session(job);
  else
    msim__webmail_answer_redirect(job, "/mail");
}

/* What can be said in the line of a login. */
static bool is_credential(const char *text)
{
  size_t i;

  for (i = 0; text[i] != '\0'; i++)
    if (msim__ascii_is_control((uint8_t)text[i]))
      return false;
  return i > 0 && i < MSIM__WEBMAIL_NAME_BYTES && i <= MSIM__SASL_TEXT_BYTES_MAX;
}

void msim__webmail_run_login_post(struct msim__webmail_job *job)
{
  const char *user = msim__webmail_arg(job, "user"), *password = msim__webmail_arg(job, "password");
  struct msim__webmail_session *old = job->session, *session;

  if (!is_credential(user) || !is_credential(password)) {
    msim__webmail_show_login(job, 400, "Type your user name and your password.");
    return;
  }
  if (old != NULL) { /* somebody else at the same browser */
    msim__webmail_session_leave(job);
    msim__webmail_session_end(job->webmail, old);
  }
  if (!msim__webmail_session_fits(job->webmail)) {
    msim__webmail_answer_error(job, 503, "Too many people are logged in at the moment", "Try again in a few minutes.");
    return;
  }
  session = msim__webmail_session_new(job->webmail, user, password);
  if (session == NULL)
    return; /* out of memory: the simulation has failed */
  msim__webmail_session_take(job, session);
  job->ask.task = MSIM__WEBMAIL_CHECK;
  job->ask.folder = "INBOX";
  msim__webmail_ask(job, checked);
}

void msim__webmail_run_logout(struct msim__webmail_job *job)
{
  struct msim__webmail_session *session = job->session;
  struct msim_value value = msim_value_text("user", session->user);

  job->fields = msim__webmail_cookie(job, NULL);
  msim_agent_event(job->webmail->serving.agent, "webmail.logout", &value, 1);
  msim__webmail_session_leave(job);
  msim__webmail_session_end(job->webmail, session);
  msim__webmail_answer_redirect(job, "/login");
}
