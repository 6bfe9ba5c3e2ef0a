/* user_web_reading.c: a person reads mail at a webmail site: looks at the list, and at single mails.
 *
 * What is shown stays at the site: without a network nothing is. */
#include "agents/user_web.h"

#include "proto/ascii.h"

#include <stdio.h>

#define PAGES_MAX 50u /* of a list that are looked through for a mail */

struct reading {
  struct msim__web_job job; /* first */
  struct msim__user_inbox *inbox;
  const struct msim__user_receive *receive;
  bool is_pick; /* label is the mail's; else the list is looked at */
  char label[MSIM__MESSAGE_LABEL_BYTES_MAX + 1];
  bool is_opening; /* the mail's own page is awaited */
  unsigned page_count;
};

static struct reading *reading_of(struct msim__web_job *job)
{
  return (struct reading *)(void *)job; /* its first member */
}

static void release(struct msim__web_job *job)
{
  struct reading *r = reading_of(job);

  msim__free(&r->inbox->mem, r, sizeof *r);
}

static void failed(struct msim__web_job *job, const char *reason, const char *reply, bool for_good)
{
  struct reading *r = reading_of(job);

  (void)for_good;
  if (r->is_pick)
    msim__user_tell_unavailable(r->inbox, r->label, reason);
  else
    msim__user_tell_failed(r->inbox, r->receive, reason, reply);
  msim__web_job_end(job);
}

static void refuse(struct msim__web_job *job, const struct msim__browser_page *page)
{
  char reply[MSIM__WEB_REPLY_BYTES];

  msim__web_reply(page, reply);
  failed(job, "refused", reply, true);
}

/* ---- the list ---- */

static void tell_listed(struct reading *r)
{
  struct msim_value values[] = {
      msim_value_text("mailbox", r->receive->login),
      msim_value_text("protocol", "webmail"),
      msim_value_int("count", (int64_t)r->job.session->row_count),
  };

  msim_agent_event(r->inbox->agent, "mailbox.listed", values, 3);
}

static void list_begin(struct msim__web_job *job, const struct msim__browser_page *page)
{
  if (page == NULL) {
    msim__web_session_get(job->session, &job->session->inbox);
    return;
  }
  tell_listed(reading_of(job)); /* logging in has led to it */
  msim__web_job_end(job);
}

static void list_page(struct msim__web_job *job, const struct msim__browser_page *page)
{
  if (page->status >= 400) {
    refuse(job, page);
    return;
  }
  msim__web_session_take_rows(job->session, page, false);
  tell_listed(reading_of(job));
  msim__web_job_end(job);
}

static const struct msim__web_job_type list_type = {list_begin, list_page, failed, release};

/* ---- one mail ---- */

/* true: its page is asked for. */
static bool open_mail(struct reading *r)
{
  struct msim__web_session *session = r->job.session;
  struct msim__url url = session->inbox;
  size_t i;

  for (i = 0; i < session->row_count; i++) {
    const struct msim__web_row *row = &session->rows[i];

    if (strcmp(row->text, r->label) != 0)
      continue;
    r->is_opening = true;
    (void)snprintf(url.target, sizeof url.target, "%s", row->text + row->label_bytes + 1);
    msim__web_session_get(session, &url);
    return true;
  }
  return false;
}

/* In the list that is known; else in the list as it is now, page by page. */
static void pick_begin(struct msim__web_job *job, const struct msim__browser_page *page)
{
  struct reading *r = reading_of(job);

  r->is_opening = false;
  r->page_count = page != NULL ? 1 : 0;
  if (!open_mail(r))
    msim__web_session_get(job->session, &job->session->inbox);
}

static void pick_page(struct msim__web_job *job, const struct msim__browser_page *page)
{
  struct reading *r = reading_of(job);
  struct msim__url next;

  if (page->status >= 400) {
    if (r->is_opening && page->status == 404)
      failed(job, "not-found", NULL, true);
    else
      refuse(job, page);
    return;
  }
  if (r->is_opening) {
    msim__user_tell_shown(r->inbox, r->label);
    msim__web_job_end(job);
    return;
  }
  msim__web_session_take_rows(job->session, page, r->page_count++ > 0);
  if (open_mail(r))
    return;
  if (r->page_count < PAGES_MAX && msim__web_find_link(page, "rel", "next", &next))
    msim__web_session_get(job->session, &next);
  else
    failed(job, "not-found", NULL, true);
}

static const struct msim__web_job_type pick_type = {pick_begin, pick_page, failed, release};

/* ---- the protocol ---- */

static void enter(struct msim__user_inbox *inbox, const struct msim__user_receive *receive, const char *label)
{
  struct reading *r = msim__alloc_zeroed(&inbox->mem, 1, sizeof *r);
  struct msim__web_login login = {receive->host, receive->login, receive->password,
                                  receive->port != 0 ? (uint16_t)receive->port : msim__user_webmail.port,
                                  receive->stay_ns};

  if (r == NULL)
    return; /* out of memory: the simulation has failed */
  r->inbox = inbox;
  r->receive = receive;
  r->is_pick = label != NULL;
  if (label != NULL)
    (void)snprintf(r->label, sizeof r->label, "%s", label);
  r->job.type = label != NULL ? &pick_type : &list_type;
  msim__web_job_enter(inbox->web, &login, &r->job);
}

static void check(struct msim__user_inbox *inbox, const struct msim__user_receive *receive)
{
  enter(inbox, receive, NULL);
}

static const char *known(const struct msim__user_inbox *inbox, const struct msim__user_receive *receive, size_t index)
{
  const struct msim__web_session *session;

  for (session = inbox->web->first; session != NULL; session = session->next)
    if (session->is_in && strcmp(session->login.host, receive->host) == 0 &&
        strcmp(session->login.user, receive->login) == 0)
      return index < session->row_count ? session->rows[index].text : NULL;
  return NULL;
}

const struct msim__user_protocol_type msim__user_webmail = {
    .name = "webmail",
    .port = 80,
    .check = check,
    .select = enter,
    .known = known,
};
