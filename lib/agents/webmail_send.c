/* webmail_send.c: what becomes of a form with a mail: checked, written (mail/compose.h), handed to the provider's SMTP
 * server or kept as a draft; see webmail.h.
 *
 * "Sent" is said only after the server's 250. Then a copy goes to Sent and the draft goes; should that fail, the mail
 * is sent none the less. Once the server is spoken to the work is finished, whether or not the browser waits. */
#include "agents/webmail_letter.h"

#include "mail/compose.h"
#include "mail/readable.h"
#include "proto/address.h"
#include "proto/ascii.h"
#include "proto/mailbox_list.h"
#include "text/html_out.h"

#include <stdio.h>

#define SUBJECT_BYTES_MAX 900u
#define IDS_BYTES_MAX 8000u

/* ---- the form ---- */

/* One line: what could become a field of its own is refused (header injection). */
static bool is_line(const char *text)
{
  for (; *text != '\0'; text++)
    if (msim__ascii_is_control((uint8_t)*text) && *text != '\t')
      return false;
  return true;
}

/* "<a@b> <c@d>" */
static bool are_ids(const char *text)
{
  bool inside = false;

  if (strlen(text) > IDS_BYTES_MAX)
    return false;
  for (; *text != '\0'; text++) {
    if (*text < ' ' || *text > '~' || (*text == ' ' && inside) || (*text != ' ' && *text != '<' && !inside))
      return false;
    if (*text == '<' || *text == '>')
      inside = *text == '<';
  }
  return !inside;
}

/* NULL: it is an address. */
static bool add_address(struct msim__webmail_job *job, struct msim__webmail_people *people,
                        const struct msim__mailbox_list_item *item)
{
  char text[MSIM__ADDRESS_LOCAL_BYTES_MAX + MSIM__ADDRESS_DOMAIN_BYTES_MAX + 2];
  struct msim__address address;

  if (item->cut || item->local.size_bytes + item->domain.size_bytes + 2 > sizeof text)
    return false;
  (void)snprintf(text, sizeof text, "%.*s@%.*s", (int)item->local.size_bytes, (const char *)item->local.data,
                 (int)item->domain.size_bytes, (const char *)item->domain.data);
  if (msim__address_parse(&address, msim__slice_text(text), true, NULL) != MSIM_OK)
    return false;
  people->items[people->count++] = msim__webmail_copy_text(job, msim__slice_text(text));
  return people->items[people->count - 1] != NULL;
}

/* All the fields of that name, each a list. false: words say what is wrong. */
static bool read_people(struct msim__webmail_job *job, const char *name, struct msim__webmail_people *people)
{
  struct msim__mailbox_list_item item;
  struct msim__mailbox_list list;
  uint8_t room[1000];
  size_t i;

  people->items = msim__arena_alloc(&job->arena, MSIM__WEBMAIL_PEOPLE_MAX * sizeof *people->items);
  for (i = 0; i < job->arg_count && people->items != NULL; i++) {
    if (strcmp(job->args[i].name, name) != 0 || job->args[i].file != NULL)
      continue;
    if (!is_line((const char *)job->args[i].value.data)) {
      job->letter->flaw = "A line end stands where addresses are expected: nothing was sent.";
      return false;
    }
    memset(&list, 0, sizeof list);
    list.text = job->args[i].value;
    while (msim__mailbox_list_next(&list, &item, room, sizeof room) == 1) {
      if (item.kind != MSIM__MAILBOX_ADDRESS)
        continue;
      if (people->count == MSIM__WEBMAIL_PEOPLE_MAX) {
        job->letter->flaw = "These are too many people for one mail.";
        return false;
      }
      if (!add_address(job, people, &item) && !job->letter->is_draft) {
        job->letter->flaw = msim__webmail_format(job, "\"%.*s\" is no mail address. One looks like ann@example.org.",
                                                 (int)(item.local.size_bytes > 80 ? 80 : item.local.size_bytes),
                                                 (const char *)item.local.data);
        return false;
      }
    }
  }
  return people->items != NULL;
}

/* false: letter->flaw says what is wrong. */
static bool read_form(struct msim__webmail_job *job)
{
  struct msim__webmail_letter *letter = job->letter;

  if (!read_people(job, "to", &letter->to) || !read_people(job, "cc", &letter->cc) ||
      !read_people(job, "bcc", &letter->bcc))
    return false;
  if (!is_line(msim__webmail_arg(job, "subject")))
    letter->flaw = "A line end stands in the subject: nothing was sent.";
  else if (strlen(msim__webmail_arg(job, "subject")) > SUBJECT_BYTES_MAX)
    letter->flaw = "The subject is too long.";
  else if (!are_ids(msim__webmail_arg(job, "in_reply_to")) || !are_ids(msim__webmail_arg(job, "references")))
    letter->flaw = "The form does not say rightly what it answers: begin the answer anew.";
  else if (!letter->is_draft && letter->to.count + letter->cc.count + letter->bcc.count == 0)
    letter->flaw = "Nobody is named who shall get the mail. Fill in at least one of the first three lines.";
  return letter->flaw == NULL;
}

/* A media type of the browser, or none. */
static const char *type_of(const char *type)
{
  size_t i, n = strcspn(type, ";");

  if (n == 0 || n > 100 || type[n] != '\0' || strchr(type, '/') == NULL)
    return "application/octet-stream";
  for (i = 0; i < n; i++)
    if (!msim__ascii_is_alnum((uint8_t)type[i]) && strchr("/-+._", type[i]) == NULL)
      return "application/octet-stream";
  return msim__slice_is(msim__slice_part(msim__slice_text(type), 0, strcspn(type, "/")), "multipart") ||
                 msim__slice_is(msim__slice_part(msim__slice_text(type), 0, strcspn(type, "/")), "message")
             ? "application/octet-stream"
             : type;
}

static bool add_attachment(struct msim__webmail_job *job, const char *name, const char *type, struct msim_slice bytes)
{
  struct msim__webmail_letter *letter = job->letter;
  struct msim__compose_attachment *out;

  if (letter->attachments == NULL)
    letter->attachments = msim__arena_alloc(&job->arena, MSIM__WEBMAIL_FILES_MAX * sizeof *letter->attachments);
  if (letter->attachments == NULL || letter->attachment_count == MSIM__WEBMAIL_FILES_MAX)
    return false;
  out = &letter->attachments[letter->attachment_count++];
  out->name = name;
  out->type = type;
  out->size_bytes = bytes.size_bytes;
  out->data = bytes.data;
  return true;
}

static bool add_files(struct msim__webmail_job *job)
{
  size_t i;

  for (i = 0; i < job->arg_count; i++)
    if (job->args[i].file != NULL &&
        (!is_line(job->args[i].file) || !add_attachment(job, job->args[i].file[0] != '\0' ? job->args[i].file : "file",
                                                        type_of(job->args[i].type), job->args[i].value)))
      return false;
  return true;
}

/* ---- what is attached of other mails ---- */

static void go_on(struct msim__webmail_job *job);

/* Parts of the draft that were kept. */
static bool keep_parts(struct msim__webmail_job *job, const struct msim__imap_parts *parts)
{
  char name[MSIM__READABLE_NAME_BYTES], type[MSIM__READABLE_TYPE_BYTES];
  struct msim__buf content;
  uint64_t index;
  bool fine = true;
  size_t i;

  for (i = 0; i < job->arg_count && fine; i++) {
    struct msim_slice bytes;

    if (strcmp(job->args[i].name, "keep") != 0 || !msim__slice_number(job->args[i].value, &index) ||
        index >= parts->count)
      continue;
    msim__webmail_html_init(job, &content);
    fine = msim__readable_content(&content, parts, (size_t)index) == MSIM_OK;
    msim__readable_name(parts, (size_t)index, name);
    msim__readable_type(parts, (size_t)index, type);
    bytes = (struct msim_slice){(const uint8_t *)content.data, content.size_bytes};
    bytes.data = (const uint8_t *)msim__webmail_copy_text(job, bytes);
    fine = fine && bytes.data != NULL &&
           add_attachment(job, msim__webmail_copy_text(job, msim__slice_text(name)),
                          strcmp(type, "message/rfc822") == 0
                              ? "message/rfc822"
                              : type_of(msim__webmail_copy_text(job, msim__slice_text(type))),
                          bytes);
    msim__buf_release(&content);
  }
  return fine;
}

static void got_draft(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  struct msim__mem *mem = msim__webmail_mem(job);
  struct msim__imap_parts parts;
  bool fine;

  if (outcome != MSIM__WEBMAIL_DONE) {
    msim__webmail_show_compose(job, outcome == MSIM__WEBMAIL_NOT_FOUND ? 404 : 502,
                               "The draft with the attachments cannot be read. Nothing was sent.");
    return;
  }
  if (msim__imap_parts_find(&parts, mem,
                            (struct msim_slice){(const uint8_t *)job->found.mail.data, job->found.mail.size_bytes}) !=
      MSIM_OK)
    return; /* out of memory: the simulation has failed */
  fine = keep_parts(job, &parts);
  msim__imap_parts_release(&parts, mem);
  job->letter->kept = true;
  if (fine)
    go_on(job);
  else
    msim__webmail_show_compose(job, 400, "There are too many attachments. Nothing was sent.");
}

static void got_original(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  struct msim_slice bytes = {NULL, job->found.mail.size_bytes};

  if (outcome == MSIM__WEBMAIL_DONE)
    bytes.data = (const uint8_t *)msim__webmail_copy_text(
        job, (struct msim_slice){(const uint8_t *)job->found.mail.data, job->found.mail.size_bytes});
  job->letter->attached = true;
  if (bytes.data == NULL || !add_attachment(job, "mail.eml", "message/rfc822", bytes))
    msim__webmail_show_compose(job, outcome == MSIM__WEBMAIL_NOT_FOUND ? 404 : 502,
                               "The mail that shall be attached cannot be read. Nothing was sent.");
  else
    go_on(job);
}

static void ask_mail(struct msim__webmail_job *job, const char *folder, const char *id, msim__webmail_done_fn *done)
{
  job->letter->id = id;
  memset(&job->ask, 0, sizeof job->ask);
  job->ask.task = MSIM__WEBMAIL_FETCH;
  job->ask.folder = folder;
  job->ask.ids = &job->letter->id;
  job->ask.id_count = 1;
  msim__webmail_ask(job, done);
}

/* ---- writing ---- */

static struct msim__compose compose_of(struct msim__webmail_job *job)
{
  struct msim__webmail_letter *letter = job->letter;
  struct msim_agent *agent = job->webmail->serving.agent;

  return (struct msim__compose){
      .from = job->session->address,
      .to = letter->to.items,
      .to_count = letter->to.count,
      .cc = letter->cc.items,
      .cc_count = letter->cc.count,
      .bcc = letter->bcc.items,
      .bcc_count = letter->is_draft ? letter->bcc.count : 0,
      .in_reply_to = msim__webmail_arg(job, "in_reply_to"),
      .references = msim__webmail_arg(job, "references"),
      .subject = msim__webmail_arg(job, "subject"),
      .body = msim__webmail_arg(job, "body"),
      .attachments = letter->attachments,
      .attachment_count = letter->attachment_count,
      .host = msim_agent_host(agent),
      .number = msim__mail_number_next(agent),
      .unix_s = msim_agent_unix_s(agent),
      .zone_minutes = msim_agent_zone_minutes(agent),
  };
}

/* false: it is too large, or there is no memory. */
static bool write_letter(struct msim__webmail_job *job)
{
  const struct msim__webmail_config *config = msim__webmail_config_of(job);
  struct msim__webmail_letter *letter = job->letter;
  struct msim__compose compose = compose_of(job);

  msim__buf_release(&letter->plain);
  msim__buf_init(&letter->plain, msim__webmail_mem(job), (size_t)config->message_bytes_max);
  return msim__compose_append(&letter->plain, &compose) == MSIM_OK;
}

/* ---- the end ---- */

static void answer_sent(struct msim__webmail_job *job)
{
  struct msim__buf url;

  msim__buf_init(&url, msim__webmail_mem(job), 2048);
  (void)msim__buf_append_text(&url, "/sent");
  if (job->letter->refused[0] != '\0') {
    (void)msim__buf_append_text(&url, "?refused=");
    msim__webmail_html_url(&url, job->letter->refused);
  }
  msim__webmail_answer_redirect(job, msim__buf_text(&url));
  msim__buf_release(&url);
}

static void draft_gone(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  (void)outcome; /* it may have been deleted elsewhere */
  if (!job->letter->is_draft)
    answer_sent(job);
  else
    msim__webmail_answer_redirect(job, "/mail?folder=Drafts");
}

static void drop_draft(struct msim__webmail_job *job)
{
  job->letter->id = msim__webmail_arg(job, "draft");
  if (job->letter->id[0] == '\0') {
    draft_gone(job, MSIM__WEBMAIL_DONE);
    return;
  }
  memset(&job->ask, 0, sizeof job->ask);
  job->ask.task = MSIM__WEBMAIL_CHANGE;
  job->ask.folder = "Drafts";
  job->ask.action = "delete";
  job->ask.ids = &job->letter->id;
  job->ask.id_count = 1;
  msim__webmail_ask(job, draft_gone);
}

static void copied(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  if (job->letter->is_draft && outcome != MSIM__WEBMAIL_DONE)
    msim__webmail_show_compose(job, 502, "The draft could not be kept. Try again, or copy your text.");
  else
    drop_draft(job);
}

static void append_copy(struct msim__webmail_job *job)
{
  struct msim__webmail_letter *letter = job->letter;

  memset(&job->ask, 0, sizeof job->ask);
  job->ask.task = MSIM__WEBMAIL_APPEND;
  job->ask.folder = letter->is_draft ? "Drafts" : "Sent";
  job->ask.content = (struct msim_slice){(const uint8_t *)letter->plain.data, letter->plain.size_bytes};
  job->ask.label = letter->label;
  job->ask.is_draft = letter->is_draft;
  msim__webmail_ask(job, copied);
}

static void submitted(struct msim__webmail_job *job, bool is_sent)
{
  if (!is_sent)
    msim__webmail_show_compose(job, 502,
                               "The mail was not sent. Look at what the server says, change the mail, and try again. "
                               "Files have to be picked again.");
  else if (msim__webmail_config_of(job)->save_sent)
    append_copy(job);
  else
    drop_draft(job);
}

/* ---- the pages ---- */

static void tell_received(struct msim__webmail_job *job)
{
  struct msim__webmail_letter *letter = job->letter;
  struct msim_value values[] = {
      msim_value_text("message", letter->label), msim_value_text("user", job->session->user),
      msim_value_int("recipients", (int64_t)(letter->to.count + letter->cc.count + letter->bcc.count)),
      msim_value_int("size", (int64_t)job->call->body.size_bytes)};

  msim_agent_event(job->webmail->serving.agent, letter->is_draft ? "webmail.draft" : "webmail.received", values, 4);
}

/* One thing after another, as far as it is asked for. */
static void go_on(struct msim__webmail_job *job)
{
  struct msim__webmail_letter *letter = job->letter;
  const char *draft = msim__webmail_arg(job, "draft"), *with = msim__webmail_arg(job, "with");
  const char *folder = msim__webmail_arg(job, "with_folder");

  if (!letter->kept && draft[0] != '\0' && msim__webmail_arg(job, "keep")[0] != '\0') {
    ask_mail(job, "Drafts", draft, got_draft);
    return;
  }
  if (!letter->attached && with[0] != '\0') {
    ask_mail(job, folder[0] != '\0' ? folder : "INBOX", with, got_original);
    return;
  }
  if (!write_letter(job)) {
    if (letter->plain.err == MSIM_ERR_LIMIT)
      msim__webmail_show_compose(job, 413, "The mail is too large with its attachments. Leave some out.");
    return;
  }
  if (letter->is_draft) {
    append_copy(job);
    return;
  }
  job->must_finish = true;
  msim__webmail_submit(job, submitted);
}

static void run(struct msim__webmail_job *job, bool is_draft)
{
  struct msim_agent *agent = job->webmail->serving.agent;
  struct msim__webmail_letter *letter = msim__webmail_letter_new(job);

  if (letter == NULL)
    return; /* out of memory: the simulation has failed */
  letter->is_draft = is_draft;
  if (job->call->message != NULL)
    (void)snprintf(letter->label, sizeof letter->label, "%s", job->call->message);
  else
    (void)snprintf(letter->label, sizeof letter->label, "%.100s-%llu", msim_agent_host(agent),
                   (unsigned long long)msim__mail_number_next(agent));
  if (!read_form(job)) {
    msim__webmail_show_compose(job, 400, letter->flaw != NULL ? letter->flaw : "The form makes no sense.");
    return;
  }
  if (!add_files(job)) {
    msim__webmail_show_compose(job, 400, "There are too many attachments, or one has a name that cannot be.");
    return;
  }
  tell_received(job);
  go_on(job);
}

void msim__webmail_run_send(struct msim__webmail_job *job)
{
  run(job, false);
}

void msim__webmail_run_draft(struct msim__webmail_job *job)
{
  run(job, true);
}

void msim__webmail_run_sent(struct msim__webmail_job *job)
{
  const char *refused = msim__webmail_arg(job, "refused");
  struct msim_value value = msim_value_text("user", job->session->user);
  struct msim__buf html;

  msim__webmail_html_init(job, &html);
  msim__webmail_html_begin(job, &html, "Sent");
  msim__webmail_html_notice(&html, "status", "Your mail was handed to the mail server.");
  if (refused[0] != '\0') {
    msim__webmail_html_notice(&html, "alert", "The mail server did not take it for some of the people:");
    (void)msim__buf_append_text(&html, "<p>");
    (void)msim__html_put_words(&html, refused);
    (void)msim__buf_append_text(&html, "</p>\n");
  }
  (void)msim__buf_append_text(&html, "<p><a href=\"/mail\">To the inbox</a></p>\n");
  msim__webmail_html_end(job, &html);
  msim__webmail_answer_html(job, 200, "sent", &html, &value, 1);
  msim__buf_release(&html);
}
