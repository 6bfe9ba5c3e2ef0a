/* user_web_sending.c: a person writes a mail at a webmail site, and sends it or keeps it as a draft.
 *
 * The site makes the message; what is typed here goes into its form. Does not know how a form is filled in. */
#include "agents/user_web.h"

#include "mail/compose.h"
#include "proto/ascii.h"
#include "text/utf8.h"

#include <stdio.h>

#define LABEL_BYTES (MSIM__MESSAGE_LABEL_BYTES_MAX + 1)

struct writing {
  struct msim__web_job job; /* first */
  struct msim__user_web *web;
  const struct msim__user_account *account;
  const struct msim__user_retry *retry;
  uint64_t retry_count;
  struct msim_timer timer; /* until it is tried again */
  bool is_draft;
  bool is_posted; /* the answer is awaited */
  char label[LABEL_BYTES];
  const char *subject, *from;
  struct msim__buf to, cc, bcc, body;
  struct msim_list attachments;
};

static struct writing *writing_of(struct msim__web_job *job)
{
  return (struct writing *)(void *)job; /* its first member */
}

static void release(struct msim__web_job *job)
{
  struct writing *w = writing_of(job);

  msim_timer_cancel(&w->timer);
  msim__buf_release(&w->to);
  msim__buf_release(&w->cc);
  msim__buf_release(&w->bcc);
  msim__buf_release(&w->body);
  msim__free(&w->web->mem, w, sizeof *w);
}

/* ---- telling ---- */

static void tell_failed(const struct writing *w, const char *reason, const char *reply)
{
  struct msim_value values[] = {
      msim_value_text("message", w->label),
      msim_value_text("protocol", "http"),
      msim_value_text("reason", reason),
      msim_value_text("reply", reply),
  };

  msim_agent_event(w->web->agent, w->is_draft ? "draft.failed" : "message.failed", values, 4);
}

static void tell_sent(const struct writing *w)
{
  struct msim_value values[] = {
      msim_value_text("message", w->label),
      msim_value_text("protocol", "http"),
      msim_value_text("server", w->account->submit),
  };

  msim_agent_event(w->web->agent, w->is_draft ? "draft.saved" : "message.sent", values, 3);
}

static void tell_retry(const struct writing *w, const char *reply)
{
  struct msim_value values[] = {
      msim_value_text("message", w->label),
      msim_value_int("attempt", (int64_t)w->retry_count),
      msim_value_int("wait_s", (int64_t)(w->retry->after_ns / MSIM_SEC(1))),
      msim_value_text("reply", reply),
  };

  msim_agent_event(w->web->agent, "user.retry", values, 4);
}

static void tell_send(const struct writing *w, const struct msim__user_mail *mail, const char *const *to, size_t count)
{
  struct msim_value values[4];
  size_t n = 0;

  values[n++] = msim_value_text("message", w->label);
  values[n++] = msim_value_text("from", mail->from[0] != '\0' ? mail->from : w->account->address);
  values[n].name = "to";
  values[n].kind = MSIM_VALUE_LIST;
  values[n].u.list.items = to;
  values[n++].u.list.count = count < MSIM__EVENT_LIST_MAX ? count : MSIM__EVENT_LIST_MAX;
  values[n++] = msim_value_text("via", "webmail");
  msim_agent_event(w->web->agent, w->is_draft ? "user.draft" : "user.send", values, n);
}

/* ---- the job ---- */

static void failed(struct msim__web_job *job, const char *reason, const char *reply, bool for_good)
{
  struct writing *w = writing_of(job);

  if (!for_good && w->retry_count < w->retry->count_max) {
    w->retry_count++;
    tell_retry(w, reply);
    msim_timer_arm(&w->timer, w->retry->after_ns);
    msim__web_job_sleep(job);
    return;
  }
  tell_failed(w, reason, reply);
  msim__web_job_end(job);
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct writing *w = (struct writing *)(void *)((char *)timer - offsetof(struct writing, timer));

  (void)now_ns;
  msim__web_job_again(w->web, &w->job);
}

static void begin(struct msim__web_job *job, const struct msim__browser_page *page)
{
  struct writing *w = writing_of(job);
  struct msim__web_session *session = job->session;
  struct msim__url url = session->inbox;

  w->is_posted = false;
  if (page == NULL || !msim__web_find_link(page, "data-action", "compose", &url))
    (void)msim__url_resolve(&url, &session->inbox, msim__slice_text("/compose"));
  msim__web_session_get(session, &url);
}

static struct msim_slice bytes_of(const struct msim__buf *buf)
{
  return (struct msim_slice){(const uint8_t *)buf->data, buf->size_bytes};
}

static void fill_in(struct writing *w, const struct msim__browser_page *page)
{
  const struct msim__web_fill fills[] = {
      {"to", bytes_of(&w->to)},     {"cc", bytes_of(&w->cc)},
      {"bcc", bytes_of(&w->bcc)},   {"subject", msim__slice_text(w->subject)},
      {"body", bytes_of(&w->body)}, {"from", msim__slice_text(w->from)},
  };
  /* what the account says by itself is left as it stands in the form */
  const struct msim__web_filling filling = {fills, w->from[0] != '\0' ? 6 : 5, w->is_draft ? "draft" : "send",
                                            w->is_draft, w->attachments};
  struct msim__html_form form;

  w->is_posted = true;
  if (!msim__web_find_form(page->body, MSIM__HTML_FIELD, "body", &form) ||
      !msim__web_post_form(w->job.session, page, &form, &filling, w->is_draft ? NULL : "webmail.submit", w->label,
                           false))
    failed(&w->job, "malformed", "the site's page for writing makes no sense", true);
}

static void on_page(struct msim__web_job *job, const struct msim__browser_page *page)
{
  struct writing *w = writing_of(job);
  char reply[MSIM__WEB_REPLY_BYTES];

  if (page->status >= 400) {
    msim__web_reply(page, reply);
    failed(job, "refused", reply, page->status < 500);
  } else if (!w->is_posted) {
    fill_in(w, page);
  } else {
    tell_sent(w);
    msim__web_job_end(job);
  }
}

static const struct msim__web_job_type job_type = {begin, on_page, failed, release};

/* ---- writing ---- */

static void put_addresses(struct msim__buf *out, struct msim_list list, const char *to[MSIM__EVENT_LIST_MAX],
                          size_t *count)
{
  const char *const *items = list.items;
  size_t i;

  for (i = 0; i < list.count; i++) {
    if (i > 0)
      (void)msim__buf_append_text(out, ", ");
    (void)msim__buf_append_text(out, items[i]);
    if (*count < MSIM__EVENT_LIST_MAX)
      to[*count] = items[i];
    *count += 1;
  }
}

static void put_body(struct writing *w, const struct msim__user_mail *mail)
{
  size_t size;

  (void)msim__buf_append_text(&w->body, mail->body);
  size = w->body.size_bytes;
  if (mail->size_bytes <= size)
    return;
  if (size > 0 && w->body.data[size - 1] != '\n')
    (void)msim__buf_append_text(&w->body, "\r\n");
  msim__compose_filling_append(&w->body, mail->size_bytes - size);
}

/* As long labels are cut everywhere: at a whole character. */
static int label_bytes(const char *label)
{
  size_t size = strlen(label);

  return (int)(size > MSIM__MESSAGE_LABEL_BYTES_MAX
                   ? msim__utf8_cut((const uint8_t *)label, size, MSIM__MESSAGE_LABEL_BYTES_MAX)
                   : size);
}

void msim__user_web_send(struct msim__user_web *web, const struct msim__user_account *account,
                         const struct msim__user_mail *mail, const struct msim__user_retry *retry)
{
  struct msim__web_login login = {account->submit, account->login->user, account->login->password,
                                  account->submit_port != 0 ? (uint16_t)account->submit_port : msim__user_webmail.port,
                                  account->receive != NULL ? account->receive->stay_ns : MSIM__WEB_STAY_NS};
  struct writing *w = msim__alloc_zeroed(&web->mem, 1, sizeof *w);
  const char *to[MSIM__EVENT_LIST_MAX];
  size_t count = 0;

  if (w == NULL)
    return; /* out of memory: the simulation has failed */
  w->job.type = &job_type;
  w->web = web;
  w->account = account;
  w->retry = retry;
  w->is_draft = mail->is_draft;
  w->subject = mail->subject;
  w->from = mail->from;
  w->attachments = mail->attachments;
  msim_timer_init(&w->timer, msim_agent_node(web->agent), on_timer);
  msim__buf_init(&w->to, &web->mem, MSIM__BROWSER_BODY_BYTES_MAX);
  msim__buf_init(&w->cc, &web->mem, MSIM__BROWSER_BODY_BYTES_MAX);
  msim__buf_init(&w->bcc, &web->mem, MSIM__BROWSER_BODY_BYTES_MAX);
  msim__buf_init(&w->body, &web->mem, MSIM__BROWSER_BODY_BYTES_MAX);
  if (mail->message[0] != '\0')
    (void)snprintf(w->label, sizeof w->label, "%.*s", label_bytes(mail->message), mail->message);
  else
    (void)snprintf(w->label, sizeof w->label, "%.100s-%llu", msim_agent_host(web->agent),
                   (unsigned long long)msim__mail_number_next(web->agent));
  put_addresses(&w->to, mail->to, to, &count);
  put_addresses(&w->cc, mail->cc, to, &count);
  put_addresses(&w->bcc, mail->bcc, to, &count);
  put_body(w, mail);
  tell_send(w, mail, to, count);
  if (w->to.err != MSIM_OK || w->cc.err != MSIM_OK || w->bcc.err != MSIM_OK || w->body.err != MSIM_OK) {
    tell_failed(w, "too-large", "what is to be posted is too large"); /* or out of memory, and nobody hears it */
    release(&w->job);
    return;
  }
  msim__web_job_enter(web, &login, &w->job);
}
