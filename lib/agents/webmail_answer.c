/* webmail_answer.c: how a job of the webmail ends: a page, JSON, a file, a way on, or what went wrong and what to do;
 * see webmail.h.
 *
 * What every answer says to browsers: nothing runs, nothing is loaded from elsewhere, nothing is framed, no guessing of
 * types; what is private is not kept by caches. */
#include "agents/webmail.h"

#include "proto/ascii.h"
#include "proto/http_form.h"
#include "proto/http_write.h"
#include "text/html_out.h"

#include <stdio.h>

#define FIELDS_BYTES 8192u
#define NAME_BYTES_MAX 800u /* of a file, coded */

static void put_common(struct msim__http_writer *w, bool is_private)
{
  msim__http_put_text(
      w, "Content-Security-Policy",
      "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'");
  msim__http_put_text(w, "X-Content-Type-Options", "nosniff");
  msim__http_put_text(w, "X-Frame-Options", "DENY");
  msim__http_put_text(w, "Referrer-Policy", "same-origin");
  msim__http_put_text(w, "Cache-Control", is_private ? "no-store" : "max-age=3600");
}

/* fields: further ones, each with CRLF. */
static void answer(struct msim__webmail_job *job, struct msim__http_answer *out, const char *fields)
{
  struct msim__http_conn *conn = job->conn;
  uint8_t room[FIELDS_BYTES];
  struct msim__http_writer w;

  if (conn == NULL) {
    msim__webmail_job_free(job);
    return;
  }
  msim__http_writer_begin(&w, room, sizeof room);
  put_common(&w, strcmp(job->page->name, "style") != 0);
  msim__http_put_bytes(&w, msim__slice_text(fields));
  msim__http_put_bytes(&w, msim__slice_text(job->fields != NULL ? job->fields : ""));
  if (w.err != MSIM_OK) {
    msim_agent_fail(job->webmail->serving.agent, "the fields of page %.100s cannot be written", out->page);
    return;
  }
  out->fields = (struct msim_slice){room, w.size_bytes};
  job->conn = NULL; /* the next request may come in from within the answer, and have its own job then */
  job->call = NULL;
  msim__http_conn_set_data(conn, NULL);
  msim__http_answer(conn, out);
  msim__webmail_job_free(job);
}

void msim__webmail_answer_html(struct msim__webmail_job *job, unsigned status, const char *page,
                               const struct msim__buf *html, const struct msim_value *values, size_t value_count)
{
  struct msim__http_answer out = {.status = status,
                                  .page = page,
                                  .type = "text/html; charset=utf-8",
                                  .body = {(const uint8_t *)html->data, html->size_bytes},
                                  .values = values,
                                  .value_count = value_count};

  if (html->err == 0)
    answer(job, &out, "");
  else if (html->err == MSIM_ERR_LIMIT)
    msim__webmail_answer_error(job, 500, "The page is too large to be shown", "Download the mail instead.");
}

void msim__webmail_answer_json(struct msim__webmail_job *job, unsigned status, const struct msim__buf *json,
                               const struct msim_value *values, size_t value_count)
{
  struct msim__http_answer out = {.status = status,
                                  .page = job->page->name,
                                  .type = "application/json",
                                  .body = {(const uint8_t *)json->data, json->size_bytes},
                                  .values = values,
                                  .value_count = value_count};

  if (json->err == 0)
    answer(job, &out, "");
  else if (json->err == MSIM_ERR_LIMIT)
    msim__webmail_answer_error(job, 500, "The answer is too large", NULL);
}

void msim__webmail_answer_redirect(struct msim__webmail_job *job, const char *location)
{
  struct msim__http_answer out = {.status = 303, .page = job->page->name};
  struct msim__http_writer w;
  char fields[3072];

  if (job->is_json) {
    out.status = 200;
    out.type = "application/json";
    out.body = msim__slice_text("{\"ok\":true}\n");
    answer(job, &out, "");
    return;
  }
  msim__http_writer_begin(&w, fields, sizeof fields - 1);
  msim__http_put_text(&w, "Location", location);
  fields[w.err == MSIM_OK ? w.size_bytes : 0] = '\0';
  answer(job, &out, fields);
}

void msim__webmail_answer_status(struct msim__webmail_job *job, unsigned status, const char *why, const char *advice,
                                 const char *fields)
{
  struct msim__http_answer out = {.status = status, .page = "error"};
  struct msim__json_out json;
  struct msim__buf text;

  msim__webmail_html_init(job, &text);
  if (job->is_json) {
    out.type = "application/json";
    msim__json_init(&json, &text, false);
    msim__json_object_begin(&json);
    msim__json_key_text(&json, "error", why);
    msim__json_key_text(&json, "advice", advice);
    if (job->words[0] != '\0')
      msim__json_key_text(&json, "reply", job->words);
    msim__json_object_end(&json);
    (void)msim__json_line_end(&json);
  } else {
    out.type = "text/html; charset=utf-8";
    msim__webmail_html_begin(job, &text, msim__http_status_words(status));
    msim__webmail_html_notice(&text, "alert", why);
    if (job->words[0] != '\0') {
      (void)msim__buf_append_text(&text, "<p>The server says: <q>");
      (void)msim__html_put_words(&text, job->words);
      (void)msim__buf_append_text(&text, "</q></p>\n");
    }
    if (advice != NULL) {
      (void)msim__buf_append_text(&text, "<p>");
      (void)msim__html_put_words(&text, advice);
      (void)msim__buf_append_text(&text, "</p>\n");
    }
    (void)msim__buf_append_text(&text, "<p><a href=\"/mail\">To the inbox</a></p>\n");
    msim__webmail_html_end(job, &text);
  }
  out.body = (struct msim_slice){(const uint8_t *)text.data, text.size_bytes};
  if (text.err == 0)
    answer(job, &out, fields);
  msim__buf_release(&text);
}

void msim__webmail_answer_error(struct msim__webmail_job *job, unsigned status, const char *why, const char *advice)
{
  msim__webmail_answer_status(job, status, why, advice, "");
}

void msim__webmail_answer_outcome(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  switch (outcome) {
  case MSIM__WEBMAIL_DONE:
    break;
  case MSIM__WEBMAIL_REFUSED:
    msim__webmail_answer_error(job, 403, "The mail server does not let you in any more",
                               "Log out and in again; perhaps the password has changed.");
    return;
  case MSIM__WEBMAIL_NOT_FOUND:
    msim__webmail_answer_error(job, 404, "This mail or folder is not there any more",
                               "It was deleted or moved. Go back to the folder, and reload it.");
    return;
  case MSIM__WEBMAIL_IMPOSSIBLE:
    msim__webmail_answer_error(job, 400, "That cannot be done with this mailbox", NULL);
    return;
  case MSIM__WEBMAIL_TOO_LARGE:
    msim__webmail_answer_error(job, 502, "The mail is larger than this site can show",
                               "Fetch it by another mail program.");
    return;
  case MSIM__WEBMAIL_UNAVAILABLE:
    break;
  }
  msim__webmail_answer_error(job, 502, "The mail server cannot be reached at the moment",
                             "Wait a little, and reload the page.");
}

/* RFC 6266, 8187: a plain name for all, and the real one in UTF-8. */
void msim__webmail_answer_file(struct msim__webmail_job *job, const char *type, const char *name,
                               struct msim_slice bytes)
{
  struct msim__http_answer out = {.status = 200, .page = job->page->name, .type = type, .body = bytes};
  char plain[128], coded[NAME_BYTES_MAX + 1], value[1200];
  struct msim__http_writer w;
  char fields[1400];
  size_t i, n;

  for (i = 0; name[i] != '\0' && i + 1 < sizeof plain; i++) {
    uint8_t c = (uint8_t)name[i];

    plain[i] = msim__ascii_is_alnum(c) || c == '.' || c == '-' || c == ' ' ? name[i] : '_';
  }
  plain[i] = '\0';
  if (msim__percent_encode(msim__slice_text(name), false, false, (uint8_t *)coded, NAME_BYTES_MAX, &n) != MSIM_OK)
    n = 0;
  coded[n] = '\0';
  (void)snprintf(value, sizeof value,
                 n > 0 ? "attachment; filename=\"%s\"; filename*=UTF-8''%s" : "attachment; filename=\"%s\"", plain,
                 coded);
  msim__http_writer_begin(&w, fields, sizeof fields - 1);
  msim__http_put_text(&w, "Content-Disposition", value);
  fields[w.err == MSIM_OK ? w.size_bytes : 0] = '\0';
  answer(job, &out, fields);
}

void msim__webmail_answer_static(struct msim__webmail_job *job, const char *type, struct msim_slice bytes)
{
  struct msim__http_answer out = {.status = 200, .page = job->page->name, .type = type, .body = bytes};

  answer(job, &out, "");
}
