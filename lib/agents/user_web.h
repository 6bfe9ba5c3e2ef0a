/* user_web.h: a person at a webmail site: sessions that are opened by logging in and left after a while, and the jobs
 * that are done in them one after another; shared by user_web.c (sessions), user_web_form.c (filling in forms),
 * user_web_reading.c and user_web_sending.c (the jobs).
 *
 * Pages are read as a browser shows them: links and forms, whatever the URLs are. Nothing of a mail stays on the PC. */
#ifndef MSIM_AGENTS_USER_WEB_H
#define MSIM_AGENTS_USER_WEB_H

#include "agents/browser.h"
#include "agents/user_reading.h"
#include "agents/user_sending.h"
#include "proto/html.h"

#define MSIM__WEB_ROWS_MAX 10000u /* of a list of mails */
#define MSIM__WEB_REPLY_BYTES 256u
#define MSIM__WEB_STAY_NS MSIM_SEC(60) /* where the account does not say */

struct msim__web_session;
struct msim__web_job;

/* All zero at first; mem and agent are set by the owner. */
struct msim__user_web {
  struct msim__mem mem;
  struct msim_agent *agent;
  struct msim__web_session *first;
  struct msim__web_job *sleeping; /* that will be tried again */
};

/* From stop. */
void msim__user_web_release(struct msim__user_web *web);

/* Where somebody logs in. Texts are borrowed for the agent's life. */
struct msim__web_login {
  const char *host, *user, *password;
  uint16_t port;
  msim_ns stay_ns; /* how long the session stays open when nobody does anything */
};

/* ---- jobs ---- */

struct msim__web_job_type {
  /* We are in, and nothing is under way. page: what logging in has led to; NULL: we were in. Asks for a page, or ends.
   */
  void (*begin)(struct msim__web_job *job, const struct msim__browser_page *page);
  /* What was asked for; the login page is not handed in. Asks for the next one, or ends. */
  void (*page)(struct msim__web_job *job, const struct msim__browser_page *page);
  /* It cannot go on: tells, and ends. reason: that of browser.h, or "refused"; reply: for people. */
  void (*failed)(struct msim__web_job *job, const char *reason, const char *reply, bool for_good);
  void (*release)(struct msim__web_job *job); /* frees it */
};

/* The beginning of a job. */
struct msim__web_job {
  struct msim__web_job *next;
  const struct msim__web_job_type *type;
  struct msim__web_session *session;
  bool has_logged_in_again; /* because the site had forgotten us */
};

/* Puts it behind those of the same session, which is opened when there is none. */
void msim__web_job_enter(struct msim__user_web *web, const struct msim__web_login *login, struct msim__web_job *job);
/* It is done, and released; the next one may begin before this returns. */
void msim__web_job_end(struct msim__web_job *job);
/* It is done for now: taken out, and not released. msim__web_job_again puts it back. */
void msim__web_job_sleep(struct msim__web_job *job);
void msim__web_job_again(struct msim__user_web *web, struct msim__web_job *job);

/* ---- sessions ---- */

struct msim__web_row {
  char *text; /* label, zero, target, zero */
  size_t label_bytes, text_bytes;
};

enum msim__web_state {
  MSIM__WEB_IDLE,
  MSIM__WEB_START,  /* the site's first page is awaited */
  MSIM__WEB_LOGIN,  /* the answer to name and password is */
  MSIM__WEB_JOB,    /* what a job has asked for is */
  MSIM__WEB_LEAVING /* the answer to logging out is */
};

struct msim__web_session {
  struct msim__web_session *next;
  struct msim__user_web *web;
  struct msim__web_login login;
  struct msim__browser browser;
  struct msim_timer timer; /* until we leave */
  enum msim__web_state state;
  bool is_in, is_running;
  struct msim__web_job *jobs, *jobs_last;
  struct msim__url inbox;     /* where logging in leads */
  struct msim__web_row *rows; /* of the list of mails that was seen last */
  size_t row_count, row_capacity;
  bool can_leave;
  struct msim__url leave_url;
  struct msim__buf leave_body;
};

void msim__web_session_get(struct msim__web_session *session, const struct msim__url *url);

/* The list on a page in place of the one that was known, or behind it. */
void msim__web_session_take_rows(struct msim__web_session *session, const struct msim__browser_page *page,
                                 bool is_more);

/* ---- user_web_form.c ---- */

struct msim__web_fill {
  const char *name; /* of the control */
  struct msim_slice value;
};

struct msim__web_filling {
  const struct msim__web_fill *fills;
  size_t fill_count;
  /* Which button is pressed: that whose value this is, or which leads to such a path; where there is none the first
   * one, unless it has to be there. NULL: the first one */
  const char *pressed;
  bool must_press;
  struct msim_list attachments; /* const struct msim__user_attachment *: for its control for files */
};

/* Finds the form that has a control of that kind, and of that name where one is given. */
bool msim__web_find_form(struct msim_slice page, enum msim__html_control_kind kind, const char *name,
                         struct msim__html_form *out);
/* Fills it in, and posts it as it wants; label and unit as in browser.h. false: out of memory, or its action leads
 * nowhere. */
bool msim__web_post_form(struct msim__web_session *session, const struct msim__browser_page *page,
                         const struct msim__html_form *form, const struct msim__web_filling *filling, const char *unit,
                         const char *label, bool is_secret);
/* Its hidden fields and first button as a body, and where it leads: for later. */
bool msim__web_keep_form(struct msim__web_session *session, const struct msim__browser_page *page,
                         const struct msim__html_form *form, struct msim__url *url, struct msim__buf *body);
/* A link by an attribute of its tag; decoded and resolved. */
bool msim__web_find_link(const struct msim__browser_page *page, const char *attribute, const char *value,
                         struct msim__url *out);
/* "404 Not Found: what the page says of the error". */
void msim__web_reply(const struct msim__browser_page *page, char out[MSIM__WEB_REPLY_BYTES]);

/* ---- user_web_sending.c; user_web_reading.c is the protocol msim__user_webmail ---- */

/* Writes the mail at the account's site, and sends it or keeps it as a draft. As msim__user_send. */
void msim__user_web_send(struct msim__user_web *web, const struct msim__user_account *account,
                         const struct msim__user_mail *mail, const struct msim__user_retry *retry);

#endif
