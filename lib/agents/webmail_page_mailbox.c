/* webmail_page_mailbox.c: lists of mails: a folder page by page, what a search finds; and what is done to picked mails;
 * see webmail.h. */
#include "agents/webmail.h"

#include "proto/ascii.h"
#include "proto/mailbox_list.h"
#include "text/html_out.h"

#include <stdio.h>

#define LISTS_MAX 200u /* labels in an event */

static const char *folder_of(struct msim__webmail_job *job)
{
  const char *folder = msim__webmail_arg(job, "folder");

  return folder[0] == '\0' || msim__slice_is(msim__slice_text(folder), "INBOX") ? "INBOX" : folder;
}

/* Small letters, so that the event says "inbox" and "drafts". */
static const char *lower(struct msim__webmail_job *job, const char *text)
{
  char *out = msim__webmail_copy_text(job, msim__slice_text(text));
  size_t i;

  for (i = 0; out != NULL && out[i] != '\0'; i++)
    out[i] = (char)msim__ascii_lower((uint8_t)out[i]);
  return out != NULL ? out : "";
}

/* What the page is told to be: folders and the labels of the mails. Returns how many values. */
static size_t make_values(struct msim__webmail_job *job, const char *folder, struct msim_value values[5])
{
  struct msim__webmail_found *found = &job->found;
  const char **includes = msim__arena_alloc(&job->arena, found->folder_count * sizeof *includes + 1);
  const char **lists = msim__arena_alloc(&job->arena, found->item_count * sizeof *lists + 1);
  size_t i, count = 0;

  if (includes == NULL || lists == NULL)
    return 0; /* out of memory: the simulation has failed */
  for (i = 0; i < found->folder_count && i < LISTS_MAX; i++)
    includes[i] = lower(job, found->folders[i]);
  memset(values, 0, 5 * sizeof *values);
  values[0] = msim_value_text("user", job->session->user);
  values[1] = msim_value_text("folder", folder);
  values[2].name = "includes";
  values[2].kind = MSIM_VALUE_LIST;
  values[2].u.list.items = includes;
  values[2].u.list.count = i;
  for (i = 0; i < found->item_count && count < LISTS_MAX; i++)
    if (found->items[i].label != NULL && found->items[i].label[0] != '\0')
      lists[count++] = found->items[i].label;
  values[3].name = "lists";
  values[3].kind = MSIM_VALUE_LIST;
  values[3].u.list.items = lists;
  values[3].u.list.count = count;
  values[4] = msim_value_int("total", (int64_t)found->total);
  return 5;
}

/* ---- HTML ---- */

static void put_folders(struct msim__webmail_job *job, struct msim__buf *html, const char *folder)
{
  size_t i;

  (void)msim__buf_append_text(html, "<nav aria-label=\"Folders\"><ul class=\"folders\">\n");
  for (i = 0; i < job->found.folder_count; i++) {
    (void)msim__buf_append_text(html, "<li><a href=\"/mail?folder=");
    msim__webmail_html_url(html, job->found.folders[i]);
    (void)msim__buf_append_text(html, strcmp(job->found.folders[i], folder) == 0 ? "\" aria-current=\"page\">" : "\">");
    (void)msim__html_put_words(html, strcmp(job->found.folders[i], "INBOX") == 0 ? "Inbox" : job->found.folders[i]);
    (void)msim__buf_append_text(html, "</a></li>\n");
  }
  (void)msim__buf_append_text(html, "</ul></nav>\n");
}

/* The name of the first one, or the address. */
static void put_person(struct msim__buf *html, const char *field)
{
  struct msim__mailbox_list list = {.text = msim__slice_text(field)};
  struct msim__mailbox_list_item item;
  uint8_t room[1000];

  while (msim__mailbox_list_next(&list, &item, room, sizeof room) == 1) {
    if (item.kind == MSIM__MAILBOX_GROUP_END)
      continue;
    if (item.name.size_bytes > 0) {
      (void)msim__html_put(html, item.name);
      return;
    }
    (void)msim__html_put(html, item.local);
    if (item.domain.size_bytes > 0) {
      (void)msim__buf_append_byte(html, '@');
      (void)msim__html_put(html, item.domain);
    }
    return;
  }
  (void)msim__buf_append_text(html, "(nobody)");
}

static void put_row(struct msim__webmail_job *job, struct msim__buf *html, const struct msim__webmail_item *item,
                    const char *folder)
{
  bool is_draft = strcmp(folder, "Drafts") == 0, is_own = is_draft || strcmp(folder, "Sent") == 0;
  const char *subject = item->subject[0] != '\0' ? item->subject : "(no subject)";

  (void)msim__buf_append_text(html, (item->flags & MSIM__WEBMAIL_SEEN) != 0 ? "<li>" : "<li class=\"new\">");
  (void)msim__buf_append_text(html, "<input type=\"checkbox\" name=\"id\" value=\"");
  (void)msim__html_put_words(html, item->id);
  (void)msim__buf_append_text(html, "\" aria-label=\"Pick: ");
  (void)msim__html_put_words(html, subject);
  (void)msim__buf_append_text(html, "\"><span class=\"from\">");
  put_person(html, is_own ? item->to : item->from);
  (void)msim__buf_append_text(html, "</span>");
  (void)msim__buf_append_text(html, "<a class=\"subject\" href=\"");
  (void)msim__buf_append_text(html, is_draft ? "/compose?draft=" : "/mail/");
  msim__webmail_html_url(html, item->id);
  (void)msim__buf_append_text(html, is_draft ? "&amp;folder=" : "?folder=");
  msim__webmail_html_url(html, folder);
  if (item->label != NULL) { /* by which a simulated person knows it */
    (void)msim__buf_append_text(html, "\" data-message=\"");
    (void)msim__html_put_words(html, item->label);
  }
  (void)msim__buf_append_text(html, "\">");
  (void)msim__html_put_words(html, subject);
  if ((item->flags & MSIM__WEBMAIL_SEEN) == 0)
    (void)msim__buf_append_text(html, " <span class=\"mark\">(new)</span>");
  if ((item->flags & MSIM__WEBMAIL_FLAGGED) != 0)
    (void)msim__buf_append_text(html, " <span class=\"mark\">(flagged)</span>");
  if ((item->flags & MSIM__WEBMAIL_ANSWERED) != 0)
    (void)msim__buf_append_text(html, " <span class=\"mark\">(answered)</span>");
  (void)msim__buf_append_text(html, "</a><span class=\"when\">");
  msim__webmail_html_date(job, html, item->unix_s);
  (void)msim__buf_append_text(html, "</span></li>\n");
}

static void put_acts(struct msim__webmail_job *job, struct msim__buf *html, const char *folder)
{
  const struct msim__webmail_config *config = msim__webmail_config_of(job);
  size_t i;

  (void)msim__buf_append_text(
      html, "<div class=\"acts\"><button name=\"action\" value=\"delete\">Delete</button> <button name=\"action\" "
            "value=\"seen\">Read</button> <button name=\"action\" value=\"unseen\">Unread</button> <button "
            "name=\"action\" value=\"flag\">Flag</button> <button name=\"action\" value=\"unflag\">Unflag</button>\n");
  if (config->store == MSIM__WEBMAIL_IMAP) {
    (void)msim__buf_append_text(html, "<label for=\"to\">Move to</label> <select id=\"to\" name=\"to\">");
    for (i = 0; i < job->found.folder_count; i++) {
      if (strcmp(job->found.folders[i], folder) == 0)
        continue;
      (void)msim__buf_append_text(html, "<option value=\"");
      (void)msim__html_put_words(html, job->found.folders[i]);
      (void)msim__buf_append_text(html, "\">");
      (void)msim__html_put_words(html, strcmp(job->found.folders[i], "INBOX") == 0 ? "Inbox" : job->found.folders[i]);
      (void)msim__buf_append_text(html, "</option>");
    }
    (void)msim__buf_append_text(html, "</select> <button name=\"action\" value=\"move\">Move</button>\n");
  }
  (void)msim__buf_append_text(html, "</div>\n");
}

static void put_rows(struct msim__webmail_job *job, struct msim__buf *html, const char *folder)
{
  size_t i;

  (void)msim__buf_append_text(html, "<form method=\"post\" action=\"/mail\">\n");
  msim__webmail_html_csrf(job, html);
  msim__webmail_html_hidden(html, "folder", folder);
  (void)msim__buf_append_text(html, "\n<ul class=\"mails\">\n");
  for (i = 0; i < job->found.item_count; i++)
    put_row(job, html, &job->found.items[i], folder);
  (void)msim__buf_append_text(html, "</ul>\n");
  put_acts(job, html, folder);
  (void)msim__buf_append_text(html, "</form>\n");
}

static void put_page_link(struct msim__buf *html, const char *folder, uint64_t page, const char *rel, const char *words)
{
  (void)msim__buf_printf(html, "<a rel=\"%s\" href=\"/mail?folder=", rel);
  msim__webmail_html_url(html, folder);
  (void)msim__buf_printf(html, "&amp;page=%llu\">%s</a>\n", (unsigned long long)page, words);
}

static void put_pages(struct msim__webmail_job *job, struct msim__buf *html, const char *folder)
{
  const struct msim__webmail_config *config = msim__webmail_config_of(job);
  uint64_t page = job->ask.page, total = job->found.total;

  if (page == 0 && total <= config->page_count)
    return;
  (void)msim__buf_append_text(html, "<nav class=\"acts\" aria-label=\"Pages\">");
  if (page > 0)
    put_page_link(html, folder, page, "prev", "Newer");
  if ((page + 1) * config->page_count < total)
    put_page_link(html, folder, page + 2, "next", "Older");
  (void)msim__buf_printf(html, "<span class=\"quiet\">Page %llu of %llu</span></nav>\n", (unsigned long long)page + 1,
                         (unsigned long long)((total + config->page_count - 1) / config->page_count));
}

/* ---- JSON ---- */

static void put_flags(struct msim__json_out *json, unsigned flags)
{
  msim__json_key_bool(json, "seen", (flags & MSIM__WEBMAIL_SEEN) != 0);
  msim__json_key_bool(json, "flagged", (flags & MSIM__WEBMAIL_FLAGGED) != 0);
  msim__json_key_bool(json, "answered", (flags & MSIM__WEBMAIL_ANSWERED) != 0);
}

static void answer_json(struct msim__webmail_job *job, const struct msim_value *values, size_t value_count)
{
  const struct msim__webmail_found *found = &job->found;
  struct msim__json_out json;
  struct msim__buf text;
  size_t i;

  msim__webmail_html_init(job, &text);
  msim__json_init(&json, &text, false);
  msim__json_object_begin(&json);
  msim__json_key_text(&json, "folder", job->ask.folder);
  msim__json_key_uint(&json, "total", found->total);
  msim__json_key(&json, "folders");
  msim__json_array_begin(&json);
  for (i = 0; i < found->folder_count; i++)
    msim__json_text(&json, found->folders[i]);
  msim__json_array_end(&json);
  msim__json_key(&json, "mails");
  msim__json_array_begin(&json);
  for (i = 0; i < found->item_count; i++) {
    const struct msim__webmail_item *item = &found->items[i];

    msim__json_object_begin(&json);
    msim__json_key_text(&json, "id", item->id);
    msim__json_key_text(&json, "from", item->from);
    msim__json_key_text(&json, "to", item->to);
    msim__json_key_text(&json, "subject", item->subject);
    msim__json_key_int(&json, "date", item->unix_s);
    msim__json_key_uint(&json, "size", item->size_bytes);
    put_flags(&json, item->flags);
    msim__json_object_end(&json);
  }
  msim__json_array_end(&json);
  msim__json_object_end(&json);
  (void)msim__json_line_end(&json);
  msim__webmail_answer_json(job, 200, &text, values, value_count);
  msim__buf_release(&text);
}

/* ---- pages ---- */

static void listed(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  bool is_search = job->ask.task == MSIM__WEBMAIL_SEARCH;
  const char *folder = job->ask.folder;
  struct msim_value values[5];
  struct msim__buf html;
  size_t n;

  if (outcome != MSIM__WEBMAIL_DONE) {
    msim__webmail_answer_outcome(job, outcome);
    return;
  }
  n = make_values(job, folder, values);
  if (job->is_json) {
    answer_json(job, values, n);
    return;
  }
  msim__webmail_html_init(job, &html);
  msim__webmail_html_begin(job, &html, is_search ? "Found mails" : (strcmp(folder, "INBOX") == 0 ? "Inbox" : folder));
  put_folders(job, &html, folder);
  if (is_search) {
    (void)msim__buf_append_text(&html, "<p role=\"status\">");
    (void)msim__buf_printf(&html, "%llu found for <q>", (unsigned long long)job->found.total);
    (void)msim__html_put_words(&html, job->ask.query);
    (void)msim__buf_append_text(&html, "</q> in ");
    (void)msim__html_put_words(&html, strcmp(folder, "INBOX") == 0 ? "Inbox" : folder);
    (void)msim__buf_append_text(&html,
                                job->found.item_count < job->found.total ? "; the newest are shown.</p>\n" : ".</p>\n");
  }
  if (job->found.item_count > 0)
    put_rows(job, &html, folder);
  else if (!is_search)
    (void)msim__buf_append_text(&html, "<p class=\"quiet\">There is no mail here.</p>\n");
  if (!is_search)
    put_pages(job, &html, folder);
  msim__webmail_html_end(job, &html);
  msim__webmail_answer_html(job, 200, job->page->name, &html, values, n);
  msim__buf_release(&html);
}

void msim__webmail_run_mailbox(struct msim__webmail_job *job)
{
  uint64_t page = 1;

  (void)msim__slice_number(msim__webmail_arg_slice(job, "page"), &page);
  job->ask.task = MSIM__WEBMAIL_LIST;
  job->ask.folder = folder_of(job);
  job->ask.page = page > 0 && page < 1000000 ? page - 1 : 0;
  msim__webmail_ask(job, listed);
}

void msim__webmail_run_search(struct msim__webmail_job *job)
{
  job->ask.task = MSIM__WEBMAIL_SEARCH;
  job->ask.folder = folder_of(job);
  job->ask.query = msim__webmail_arg(job, "q");
  if (job->ask.query[0] == '\0' || strlen(job->ask.query) > 200)
    msim__webmail_answer_error(job, 400, "Type a word of 1 to 200 letters to be searched for", NULL);
  else
    msim__webmail_ask(job, listed);
}

static void changed(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  struct msim__buf url;

  if (outcome != MSIM__WEBMAIL_DONE) {
    msim__webmail_answer_outcome(job, outcome);
    return;
  }
  msim__buf_init(&url, msim__webmail_mem(job), 4096);
  (void)msim__buf_append_text(&url, "/mail?folder=");
  msim__webmail_html_url(&url, job->ask.folder);
  msim__webmail_answer_redirect(job, url.err == 0 ? msim__buf_text(&url) : "/mail");
  msim__buf_release(&url);
}

void msim__webmail_run_change(struct msim__webmail_job *job)
{
  static const char *const actions[] = {"delete", "seen", "unseen", "flag", "unflag", "move"};
  const char **ids = msim__arena_alloc(&job->arena, job->arg_count * sizeof *ids + 1);
  size_t i;

  job->ask.task = MSIM__WEBMAIL_CHANGE;
  job->ask.folder = folder_of(job);
  job->ask.action = msim__webmail_arg(job, "action");
  job->ask.to = msim__webmail_arg(job, "to");
  job->ask.ids = ids;
  for (i = 0; ids != NULL && i < job->arg_count; i++)
    if (strcmp(job->args[i].name, "id") == 0 && job->args[i].file == NULL)
      ids[job->ask.id_count++] = (const char *)job->args[i].value.data;
  for (i = 0; i < sizeof actions / sizeof actions[0]; i++)
    if (strcmp(job->ask.action, actions[i]) == 0)
      break;
  if (i == sizeof actions / sizeof actions[0])
    msim__webmail_answer_error(job, 400, "What shall be done is not known here",
                               "Go back, and use one of the buttons.");
  else if (job->ask.id_count == 0)
    msim__webmail_answer_error(job, 400, "No mail was picked",
                               "Go back, and tick the boxes of the mails that are meant.");
  else if (job->ask.id_count > MSIM__WEBMAIL_IDS_MAX)
    msim__webmail_answer_error(job, 400, "Too many mails were picked at once", "Go back, and pick fewer.");
  else
    msim__webmail_ask(job, changed);
}
