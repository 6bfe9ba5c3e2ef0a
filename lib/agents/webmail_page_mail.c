/* webmail_page_mail.c: one mail: shown as text with its attachments, and what is downloaded of it; see webmail.h.
 *
 * What is downloaded is never shown by a browser in place: a page of somebody else would run in our name. */
#include "agents/webmail.h"

#include "mail/readable.h"
#include "proto/ascii.h"
#include "text/html_out.h"

#include <stdio.h>

static const char *folder_of(struct msim__webmail_job *job)
{
  const char *folder = msim__webmail_arg(job, "folder");

  return folder[0] == '\0' || msim__slice_is(msim__slice_text(folder), "INBOX") ? "INBOX" : folder;
}

static struct msim_slice mail_of(const struct msim__webmail_job *job)
{
  return (struct msim_slice){(const uint8_t *)job->found.mail.data, job->found.mail.size_bytes};
}

static void put_field(struct msim__buf *html, struct msim__webmail_job *job, const char *name)
{
  struct msim__buf value;

  msim__webmail_html_init(job, &value);
  if (msim__readable_field(&value, mail_of(job), name) == 1 && value.size_bytes > 0) {
    (void)msim__buf_printf(html, "<dt>%s</dt><dd>", name);
    (void)msim__html_put(html, (struct msim_slice){(const uint8_t *)value.data, value.size_bytes});
    (void)msim__buf_append_text(html, "</dd>\n");
  }
  msim__buf_release(&value);
}

static void put_link(struct msim__webmail_job *job, struct msim__buf *html, const char *before, const char *behind)
{
  (void)msim__buf_append_text(html, before);
  msim__webmail_html_url(html, job->ask.ids[0]);
  (void)msim__buf_append_text(html, behind);
  msim__webmail_html_url(html, job->ask.folder);
}

static void put_acts(struct msim__webmail_job *job, struct msim__buf *html)
{
  (void)msim__buf_append_text(html, "<div class=\"acts\">");
  put_link(job, html, "<a href=\"/compose?reply=", "&amp;folder=");
  put_link(job, html, "\">Reply</a> <a href=\"/compose?all=", "&amp;folder=");
  put_link(job, html, "\">Reply to all</a> <a href=\"/compose?forward=", "&amp;folder=");
  put_link(job, html, "\">Forward</a> <a href=\"/mail/", "/source?folder=");
  (void)msim__buf_append_text(html, "\">Download</a></div>\n");
  (void)msim__buf_append_text(html, "<form class=\"acts\" method=\"post\" action=\"/mail\">");
  msim__webmail_html_csrf(job, html);
  msim__webmail_html_hidden(html, "folder", job->ask.folder);
  msim__webmail_html_hidden(html, "id", job->ask.ids[0]);
  (void)msim__buf_append_text(html, "<button name=\"action\" value=\"delete\">Delete</button> <button name=\"action\" "
                                    "value=\"unseen\">Mark as unread</button> <button name=\"action\" "
                                    "value=\"flag\">Flag</button></form>\n");
}

static void put_files(struct msim__webmail_job *job, struct msim__buf *html, const struct msim__imap_parts *parts,
                      const enum msim__readable_role *roles)
{
  char name[MSIM__READABLE_NAME_BYTES], behind[64];
  bool any = false;
  size_t i;

  for (i = 0; i < parts->count; i++) {
    if (roles[i] != MSIM__READABLE_ATTACHED)
      continue;
    if (!any)
      (void)msim__buf_append_text(html, "<h2>Attachments</h2>\n<ul class=\"files\">\n");
    any = true;
    msim__readable_name(parts, i, name);
    (void)snprintf(behind, sizeof behind, "/part/%lu?folder=", (unsigned long)i);
    put_link(job, html, "<li><a href=\"/mail/", behind);
    (void)msim__buf_append_text(html, "\" download>");
    (void)msim__html_put_words(html, name);
    (void)msim__buf_append_text(html, "</a> <span class=\"quiet\">(");
    msim__webmail_html_size(html, parts->parts[i].body_bytes);
    (void)msim__buf_append_text(html, ")</span></li>\n");
  }
  if (any)
    (void)msim__buf_append_text(html, "</ul>\n");
}

/* ---- the page ---- */

static void show_html(struct msim__webmail_job *job, const struct msim__imap_parts *parts,
                      const enum msim__readable_role *roles, const struct msim__buf *body,
                      const struct msim_value *values, size_t value_count)
{
  struct msim__buf html, subject;

  msim__webmail_html_init(job, &html);
  msim__webmail_html_init(job, &subject);
  (void)msim__readable_field(&subject, mail_of(job), "Subject");
  msim__webmail_html_begin(job, &html, subject.size_bytes > 0 ? msim__buf_text(&subject) : "(no subject)");
  (void)msim__buf_append_text(&html, "<dl class=\"head\">\n");
  put_field(&html, job, "From");
  put_field(&html, job, "To");
  put_field(&html, job, "Cc");
  put_field(&html, job, "Date");
  (void)msim__buf_append_text(&html, "</dl>\n");
  put_acts(job, &html);
  (void)msim__buf_append_text(&html, "<div class=\"text\" role=\"document\" aria-label=\"Text of the mail\">");
  (void)msim__html_put(&html, (struct msim_slice){(const uint8_t *)body->data, body->size_bytes});
  (void)msim__buf_append_text(&html, "</div>\n");
  put_files(job, &html, parts, roles);
  msim__webmail_html_end(job, &html);
  if (html.err == 0 && subject.err != 0)
    html.err = subject.err;
  msim__webmail_answer_html(job, 200, job->page->name, &html, values, value_count);
  msim__buf_release(&html);
  msim__buf_release(&subject);
}

static void put_json_field(struct msim__json_out *json, struct msim__webmail_job *job, const char *key,
                           const char *name)
{
  struct msim__buf value;

  msim__webmail_html_init(job, &value);
  (void)msim__readable_field(&value, mail_of(job), name);
  msim__json_key(json, key);
  msim__json_bytes(json, (struct msim_slice){(const uint8_t *)value.data, value.size_bytes});
  msim__buf_release(&value);
}

static void show_json(struct msim__webmail_job *job, const struct msim__imap_parts *parts,
                      const enum msim__readable_role *roles, const struct msim__buf *body,
                      const struct msim_value *values, size_t value_count)
{
  static const char *const fields[][2] = {{"from", "From"},       {"to", "To"},     {"cc", "Cc"},
                                          {"subject", "Subject"}, {"date", "Date"}, {"message_id", "Message-ID"}};
  char name[MSIM__READABLE_NAME_BYTES], type[MSIM__READABLE_TYPE_BYTES];
  struct msim__json_out json;
  struct msim__buf text;
  size_t i;

  msim__webmail_html_init(job, &text);
  msim__json_init(&json, &text, false);
  msim__json_object_begin(&json);
  msim__json_key_text(&json, "id", job->ask.ids[0]);
  msim__json_key_text(&json, "folder", job->ask.folder);
  for (i = 0; i < sizeof fields / sizeof fields[0]; i++)
    put_json_field(&json, job, fields[i][0], fields[i][1]);
  msim__json_key(&json, "text");
  msim__json_bytes(&json, (struct msim_slice){(const uint8_t *)body->data, body->size_bytes});
  msim__json_key(&json, "attachments");
  msim__json_array_begin(&json);
  for (i = 0; i < parts->count; i++) {
    if (roles[i] != MSIM__READABLE_ATTACHED)
      continue;
    msim__readable_name(parts, i, name);
    msim__readable_type(parts, i, type);
    msim__json_object_begin(&json);
    msim__json_key_uint(&json, "part", i);
    msim__json_key_text(&json, "name", name);
    msim__json_key_text(&json, "type", type);
    msim__json_object_end(&json);
  }
  msim__json_array_end(&json);
  msim__json_object_end(&json);
  (void)msim__json_line_end(&json);
  msim__webmail_answer_json(job, 200, &text, values, value_count);
  msim__buf_release(&text);
}

static void show(struct msim__webmail_job *job, const struct msim__imap_parts *parts,
                 const enum msim__readable_role *roles, const struct msim__buf *body)
{
  struct msim_value values[3] = {msim_value_text("user", job->session->user),
                                 msim_value_text("folder", job->ask.folder)};
  size_t n = 2;

  if (job->found.label != NULL && job->found.label[0] != '\0')
    values[n++] = msim_value_text("message", job->found.label);
  if (job->is_json)
    show_json(job, parts, roles, body, values, n);
  else
    show_html(job, parts, roles, body, values, n);
}

static void shown(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  struct msim__mem *mem = msim__webmail_mem(job);
  enum msim__readable_role *roles;
  struct msim__imap_parts parts;
  struct msim__buf body;
  size_t count;

  if (outcome != MSIM__WEBMAIL_DONE) {
    msim__webmail_answer_outcome(job, outcome);
    return;
  }
  if (msim__imap_parts_find(&parts, mem, mail_of(job)) != MSIM_OK)
    return; /* out of memory: the simulation has failed */
  count = parts.count;
  roles = msim__alloc_zeroed(mem, count, sizeof *roles);
  msim__buf_init(&body, mem, MSIM__WEBMAIL_PAGE_BYTES_MAX);
  if (roles != NULL) {
    (void)msim__readable_text(&body, &parts, roles);
    if (body.err != MSIM_ERR_NOMEM)
      show(job, &parts, roles, &body);
  }
  msim__buf_release(&body);
  msim__imap_parts_release(&parts, mem);
  msim__free(mem, roles, count * sizeof *roles);
}

static void ask_mail(struct msim__webmail_job *job, msim__webmail_done_fn *done)
{
  job->ask.task = MSIM__WEBMAIL_FETCH;
  job->ask.folder = folder_of(job);
  job->ask.ids = &job->path[1];
  job->ask.id_count = 1;
  msim__webmail_ask(job, done);
}

void msim__webmail_run_mail(struct msim__webmail_job *job)
{
  ask_mail(job, shown);
}

/* ---- downloads ---- */

static void got_part(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  char name[MSIM__READABLE_NAME_BYTES], type[MSIM__READABLE_TYPE_BYTES];
  struct msim__mem *mem = msim__webmail_mem(job);
  struct msim__imap_parts parts;
  struct msim__buf content;
  uint64_t index;

  if (outcome != MSIM__WEBMAIL_DONE) {
    msim__webmail_answer_outcome(job, outcome);
    return;
  }
  if (msim__imap_parts_find(&parts, mem, mail_of(job)) != MSIM_OK)
    return; /* out of memory: the simulation has failed */
  msim__webmail_html_init(job, &content);
  if (!msim__slice_number(msim__slice_text(job->path[3]), &index) || index >= parts.count) {
    msim__webmail_answer_error(job, 404, "The mail has no such part", "Go back to the mail.");
  } else if (msim__readable_content(&content, &parts, (size_t)index) == MSIM_OK) {
    msim__readable_name(&parts, (size_t)index, name);
    msim__readable_type(&parts, (size_t)index, type);
    msim__webmail_answer_file(job, type, name, (struct msim_slice){(const uint8_t *)content.data, content.size_bytes});
  } else if (content.err == MSIM_ERR_LIMIT) {
    msim__webmail_answer_error(job, 502, "The attachment is too large", "Fetch the mail by another mail program.");
  }
  msim__buf_release(&content);
  msim__imap_parts_release(&parts, mem);
}

void msim__webmail_run_part(struct msim__webmail_job *job)
{
  ask_mail(job, got_part);
}

static void got_source(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  if (outcome != MSIM__WEBMAIL_DONE)
    msim__webmail_answer_outcome(job, outcome);
  else
    msim__webmail_answer_file(job, "message/rfc822", "mail.eml", mail_of(job));
}

void msim__webmail_run_source(struct msim__webmail_job *job)
{
  ask_mail(job, got_source);
}
