/* webmail_page_compose.c: the form in which a mail is written: empty, as an answer, for handing on, or from a draft;
 * see webmail.h. What is sent by it is webmail_send.c's. */
#include "agents/webmail.h"

#include "mail/readable.h"
#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/mailbox_list.h"
#include "text/html_out.h"

#include <stdio.h>

/* ---- the form ---- */

static void put_input(struct msim__webmail_job *job, struct msim__buf *html, const char *name, const char *label,
                      const char *more)
{
  (void)msim__buf_printf(html,
                         "<p class=\"field\"><label for=\"%s\">%s</label><input id=\"%s\" name=\"%s\" %s value=\"",
                         name, label, name, name, more);
  (void)msim__html_put_words(html, msim__webmail_arg(job, name));
  (void)msim__buf_append_text(html, "\"></p>\n");
}

static void put_kept(struct msim__webmail_job *job, struct msim__buf *html)
{
  size_t i;

  for (i = 0; i < job->arg_count; i++) {
    const struct msim__webmail_arg *arg = &job->args[i];

    if (strcmp(arg->name, "keep") != 0 || arg->file != NULL)
      continue;
    (void)msim__buf_append_text(html, "<p class=\"field\"><input type=\"checkbox\" name=\"keep\" checked id=\"keep");
    (void)msim__html_put(html, arg->value);
    (void)msim__buf_append_text(html, "\" value=\"");
    (void)msim__html_put(html, arg->value);
    (void)msim__buf_append_text(html, "\"> <label for=\"keep");
    (void)msim__html_put(html, arg->value);
    (void)msim__buf_append_text(html, "\">Keep attachment ");
    (void)msim__html_put_words(html, arg->type != NULL ? arg->type : (const char *)arg->value.data);
    (void)msim__buf_append_text(html, "</label></p>\n");
  }
  if (msim__webmail_arg(job, "with")[0] == '\0')
    return;
  msim__webmail_html_hidden(html, "with_folder", msim__webmail_arg(job, "with_folder"));
  (void)msim__buf_append_text(html,
                              "<p class=\"field\"><input type=\"checkbox\" id=\"with\" name=\"with\" checked value=\"");
  (void)msim__html_put_words(html, msim__webmail_arg(job, "with"));
  (void)msim__buf_append_text(html, "\"> <label for=\"with\">Attach the whole mail</label></p>\n");
}

void msim__webmail_show_compose(struct msim__webmail_job *job, unsigned status, const char *notice)
{
  static const char *const hidden[] = {"draft", "in_reply_to", "references"};
  struct msim_value value = msim_value_text("user", job->session->user);
  struct msim__buf html;
  size_t i;

  if (job->is_json) {
    msim__webmail_answer_error(job, status == 200 ? 404 : status, notice != NULL ? notice : "There is no such call",
                               NULL);
    return;
  }
  msim__webmail_html_init(job, &html);
  msim__webmail_html_begin(job, &html, "Write a mail");
  if (notice != NULL)
    msim__webmail_html_notice(&html, "alert", notice);
  if (job->words[0] != '\0' && notice != NULL) {
    (void)msim__buf_append_text(&html, "<p>The server says: <q>");
    (void)msim__html_put_words(&html, job->words);
    (void)msim__buf_append_text(&html, "</q></p>\n");
  }
  (void)msim__buf_append_text(
      &html, "<form id=\"compose\" method=\"post\" action=\"/send\" enctype=\"multipart/form-data\">\n");
  msim__webmail_html_csrf(job, &html);
  for (i = 0; i < sizeof hidden / sizeof hidden[0]; i++)
    if (msim__webmail_arg(job, hidden[i])[0] != '\0')
      msim__webmail_html_hidden(&html, hidden[i], msim__webmail_arg(job, hidden[i]));
  (void)msim__buf_append_text(&html, "\n<p class=\"quiet\">From ");
  (void)msim__html_put_words(&html, job->session->address);
  (void)msim__buf_append_text(&html, "</p>\n");
  put_input(job, &html, "to", "To", "autocapitalize=\"none\" spellcheck=\"false\"");
  put_input(job, &html, "cc", "Copy to", "autocapitalize=\"none\" spellcheck=\"false\"");
  put_input(job, &html, "bcc", "Hidden copy to", "autocapitalize=\"none\" spellcheck=\"false\"");
  put_input(job, &html, "subject", "Subject", "maxlength=\"900\"");
  (void)msim__buf_append_text(&html,
                              "<p class=\"field\"><label for=\"body\">Text</label><textarea id=\"body\" name=\"body\" "
                              "rows=\"16\">\n"); /* a browser drops that line end */
  (void)msim__html_put_words(&html, msim__webmail_arg(job, "body"));
  (void)msim__buf_append_text(&html, "</textarea></p>\n");
  put_kept(job, &html);
  (void)msim__buf_append_text(&html,
                              "<p class=\"field\"><label for=\"attach\">Attachments</label><input id=\"attach\" "
                              "name=\"attach\" type=\"file\" multiple></p>\n<div class=\"acts\"><button "
                              "class=\"main\">Send</button> <button formaction=\"/draft\">Keep as draft</button> "
                              "<a href=\"/mail\">Back to the inbox</a></div>\n</form>\n");
  msim__webmail_html_end(job, &html);
  msim__webmail_answer_html(job, status, "compose", &html, &value, 1);
  msim__buf_release(&html);
}

/* ---- from another mail ---- */

static struct msim_slice mail_of(const struct msim__webmail_job *job)
{
  return (struct msim_slice){(const uint8_t *)job->found.mail.data, job->found.mail.size_bytes};
}

/* Fills a field of the form. The buffer is released. */
static void fill(struct msim__webmail_job *job, const char *name, struct msim__buf *text)
{
  struct msim__webmail_arg arg = {.name = name, .value = {NULL, text->size_bytes}};

  arg.value.data =
      (const uint8_t *)msim__webmail_copy_text(job, (struct msim_slice){(const uint8_t *)text->data, text->size_bytes});
  (void)msim__webmail_arg_add(job, arg);
  msim__buf_release(text);
}

static void fill_words(struct msim__webmail_job *job, const char *name, const char *words)
{
  struct msim__webmail_arg arg = {.name = name, .value = msim__slice_text(words)};

  (void)msim__webmail_arg_add(job, arg);
}

/* The addresses of a field, but for the person's own where others are told too. */
static bool put_addresses(struct msim__webmail_job *job, struct msim__buf *out, const char *field, bool not_own)
{
  struct msim__mailbox_list_item item;
  struct msim__header_field found;
  struct msim__mailbox_list list;
  char address[400];
  uint8_t room[1000];

  if (msim__header_find(mail_of(job), field, 0, &found) != 1)
    return false;
  memset(&list, 0, sizeof list);
  list.text = found.value;
  while (msim__mailbox_list_next(&list, &item, room, sizeof room) == 1) {
    if (item.kind != MSIM__MAILBOX_ADDRESS || item.domain.size_bytes == 0 || item.cut ||
        item.local.size_bytes + item.domain.size_bytes + 2 > sizeof address)
      continue;
    (void)snprintf(address, sizeof address, "%.*s@%.*s", (int)item.local.size_bytes, (const char *)item.local.data,
                   (int)item.domain.size_bytes, (const char *)item.domain.data);
    if (not_own && msim__slice_is(msim__slice_text(address), job->session->address))
      continue;
    (void)msim__buf_append_text(out, out->size_bytes > 0 ? ", " : "");
    (void)msim__buf_append_text(out, address);
  }
  return out->size_bytes > 0;
}

static void fill_addresses(struct msim__webmail_job *job, const char *name, const char *const *fields, bool not_own,
                           bool first_only)
{
  struct msim__buf text;

  msim__webmail_html_init(job, &text);
  for (; *fields != NULL; fields++)
    if (put_addresses(job, &text, *fields, not_own) && first_only)
      break;
  fill(job, name, &text);
}

static bool starts_with(const struct msim__buf *text, const char *word)
{
  size_t n = strlen(word);

  return text->size_bytes >= n && msim__slice_is((struct msim_slice){(const uint8_t *)text->data, n}, word);
}

/* "Re: Hello", never "Re: Re: Hello". */
static void fill_subject(struct msim__webmail_job *job, const char *prefix)
{
  struct msim__buf subject, text;

  msim__webmail_html_init(job, &subject);
  msim__webmail_html_init(job, &text);
  (void)msim__readable_field(&subject, mail_of(job), "Subject");
  if (prefix[0] != '\0' && !starts_with(&subject, prefix)) {
    (void)msim__buf_append_text(&text, prefix);
    (void)msim__buf_append_byte(&text, ' ');
  }
  (void)msim__buf_append(&text, subject.data, subject.size_bytes);
  msim__buf_release(&subject);
  fill(job, "subject", &text);
}

/* Message-IDs of a field: what stands between brackets. */
static void put_ids(struct msim__webmail_job *job, struct msim__buf *out, const char *field)
{
  struct msim__header_field found;
  size_t at, end;

  if (msim__header_find(mail_of(job), field, 0, &found) != 1)
    return;
  for (at = 0; at < found.value.size_bytes; at = end + 1) {
    while (at < found.value.size_bytes && found.value.data[at] != '<')
      at++;
    for (end = at; end < found.value.size_bytes && found.value.data[end] > ' ' && found.value.data[end] < 0x7f &&
                   found.value.data[end] != '>';)
      end++;
    if (end >= found.value.size_bytes || found.value.data[end] != '>' || end - at > 250)
      continue;
    (void)msim__buf_append_text(out, out->size_bytes > 0 ? " " : "");
    (void)msim__buf_append(out, found.value.data + at, end - at + 1);
  }
}

/* RFC 5322 3.6.4: what the other had in References, and its own name. */
static void fill_ids(struct msim__webmail_job *job)
{
  struct msim__buf text;

  msim__buf_init(&text, msim__webmail_mem(job), 16384);
  put_ids(job, &text, "Message-ID");
  fill(job, "in_reply_to", &text);
  msim__buf_init(&text, msim__webmail_mem(job), 16384);
  put_ids(job, &text, "References");
  put_ids(job, &text, "Message-ID");
  fill(job, "references", &text);
}

static void put_value(struct msim__webmail_job *job, struct msim__buf *out, const char *before, const char *field)
{
  size_t begin = out->size_bytes;

  (void)msim__buf_append_text(out, before);
  if (msim__readable_field(out, mail_of(job), field) != 1 && out->err == 0)
    out->size_bytes = begin;
  else
    (void)msim__buf_append_byte(out, '\n');
}

/* Each line behind "> ". */
static void put_quoted(struct msim__buf *out, const struct msim__buf *body)
{
  size_t i, from = 0;

  for (i = 0; i < body->size_bytes; i++) {
    if (body->data[i] != '\n')
      continue;
    (void)msim__buf_append_text(out, body->data[from] == '>' ? ">" : "> ");
    (void)msim__buf_append(out, body->data + from, i + 1 - from);
    from = i + 1;
  }
}

static void fill_body(struct msim__webmail_job *job, const struct msim__buf *body, char kind)
{
  struct msim__buf text;

  msim__webmail_html_init(job, &text);
  if (kind == 'r') {
    (void)msim__buf_append_text(&text, "\n\n");
    if (msim__readable_field(&text, mail_of(job), "From") == 1)
      (void)msim__buf_append_text(&text, " wrote:\n");
    put_quoted(&text, body);
  } else {
    if (kind == 'f') {
      (void)msim__buf_append_text(&text, "\n\n---------- Forwarded mail ----------\n");
      put_value(job, &text, "From: ", "From");
      put_value(job, &text, "Date: ", "Date");
      put_value(job, &text, "To: ", "To");
      put_value(job, &text, "Subject: ", "Subject");
      (void)msim__buf_append_byte(&text, '\n');
    }
    (void)msim__buf_append(&text, body->data, body->size_bytes);
  }
  fill(job, "body", &text);
}

static void fill_kept(struct msim__webmail_job *job, const struct msim__imap_parts *parts,
                      const enum msim__readable_role *roles)
{
  char name[MSIM__READABLE_NAME_BYTES];
  size_t i;

  for (i = 0; i < parts->count; i++) {
    struct msim__webmail_arg arg = {.name = "keep"};

    if (roles[i] != MSIM__READABLE_ATTACHED)
      continue;
    msim__readable_name(parts, i, name);
    arg.value.data = (const uint8_t *)msim__webmail_format(job, "%lu", (unsigned long)i);
    arg.value.size_bytes = arg.value.data != NULL ? strlen((const char *)arg.value.data) : 0;
    arg.type = msim__webmail_copy_text(job, msim__slice_text(name)); /* only its label */
    (void)msim__webmail_arg_add(job, arg);
  }
}

static void fill_form(struct msim__webmail_job *job, const struct msim__imap_parts *parts,
                      const enum msim__readable_role *roles, const struct msim__buf *body)
{
  static const char *const back[] = {"Reply-To", "From", NULL}, *const to[] = {"To", NULL}, *const cc[] = {"Cc", NULL},
                           *const bcc[] = {"Bcc", NULL}, *const others[] = {"To", "Cc", NULL};
  bool is_all = msim__webmail_arg(job, "all")[0] != '\0';

  if (is_all || msim__webmail_arg(job, "reply")[0] != '\0') {
    fill_addresses(job, "to", back, false, true);
    if (is_all)
      fill_addresses(job, "cc", others, true, false);
    fill_subject(job, "Re:");
    fill_ids(job);
    fill_body(job, body, 'r');
  } else if (msim__webmail_arg(job, "forward")[0] != '\0') {
    fill_subject(job, "Fwd:");
    fill_body(job, body, 'f');
    fill_words(job, "with", job->ask.ids[0]);
    fill_words(job, "with_folder", job->ask.folder);
  } else {
    struct msim__buf text;

    fill_addresses(job, "to", to, false, false);
    fill_addresses(job, "cc", cc, false, false);
    fill_addresses(job, "bcc", bcc, false, false);
    fill_subject(job, "");
    msim__buf_init(&text, msim__webmail_mem(job), 16384);
    put_ids(job, &text, "In-Reply-To");
    fill(job, "in_reply_to", &text);
    msim__buf_init(&text, msim__webmail_mem(job), 16384);
    put_ids(job, &text, "References");
    fill(job, "references", &text);
    fill_body(job, body, 'd');
    fill_kept(job, parts, roles);
  }
}

static void originated(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  struct msim__mem *mem = msim__webmail_mem(job);
  enum msim__readable_role *roles;
  struct msim__imap_parts parts;
  struct msim__buf body;

  if (outcome != MSIM__WEBMAIL_DONE) {
    msim__webmail_answer_outcome(job, outcome);
    return;
  }
  if (msim__imap_parts_find(&parts, mem, mail_of(job)) != MSIM_OK)
    return; /* out of memory: the simulation has failed */
  roles = msim__alloc_zeroed(mem, parts.count, sizeof *roles);
  msim__webmail_html_init(job, &body);
  if (roles != NULL && msim__readable_text(&body, &parts, roles) != MSIM_ERR_NOMEM)
    fill_form(job, &parts, roles, &body);
  msim__buf_release(&body);
  msim__free(mem, roles, parts.count * sizeof *roles);
  msim__imap_parts_release(&parts, mem);
  msim__webmail_show_compose(job, 200, NULL);
}

void msim__webmail_run_compose(struct msim__webmail_job *job)
{
  static const char *const sources[] = {"reply", "all", "forward", "draft"};
  const char *folder = msim__webmail_arg(job, "folder");
  const char **id = msim__arena_alloc(&job->arena, sizeof *id);
  size_t i;

  if (id == NULL)
    return; /* out of memory: the simulation has failed */
  for (i = 0; i < sizeof sources / sizeof sources[0]; i++) {
    *id = msim__webmail_arg(job, sources[i]);
    if ((*id)[0] == '\0')
      continue;
    job->ask.task = MSIM__WEBMAIL_FETCH;
    job->ask.folder = folder[0] != '\0' ? folder : (i == 3 ? "Drafts" : "INBOX");
    job->ask.ids = id;
    job->ask.id_count = 1;
    msim__webmail_ask(job, originated);
    return;
  }
  msim__webmail_show_compose(job, 200, NULL);
}
