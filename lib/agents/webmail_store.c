/* webmail_store.c: what the webmail asks of the store: one thing at a time for each session, in the order in which it
 * was asked, by the protocol of the configuration; and what comes back. See webmail.h. */
#include "agents/webmail.h"

#include "mail/readable.h"
#include "proto/ascii.h"
#include "proto/date.h"
#include "proto/header.h"

#include "agents/webmail_talk.h"

#include <stdio.h>

#define FOLDERS_MAX 1000u
#define ITEMS_MAX 10000u

const char *const msim__webmail_folders[] = {"INBOX", "Drafts", "Sent", "Trash", NULL};

static void start(struct msim__webmail_job *job)
{
  const struct msim__webmail_config *config = msim__webmail_config_of(job);
  bool is_inbox = msim__slice_is(msim__slice_text(job->ask.folder), "INBOX");

  msim__webmail_found_clear(job);
  job->words[0] = '\0';
  if (config->store == MSIM__WEBMAIL_IMAP)
    msim__webmail_imap_start(job);
  else if (is_inbox)
    msim__webmail_pop_start(job);
  else
    msim__webmail_disk_start(job);
}

void msim__webmail_ask(struct msim__webmail_job *job, msim__webmail_done_fn *done)
{
  struct msim__webmail_session *session = job->session;

  job->done = done;
  job->is_asking = true;
  job->asking_next = NULL;
  if (session->asking_last != NULL)
    session->asking_last->asking_next = job;
  else
    session->asking_first = job;
  session->asking_last = job;
  if (session->asking_first == job)
    start(job);
}

/* true: the next one has to be started. */
static bool leave_line(struct msim__webmail_job *job)
{
  struct msim__webmail_session *session = job->session;
  struct msim__webmail_job **at = &session->asking_first, *before = NULL;
  bool was_first = session->asking_first == job;

  while (*at != job) {
    before = *at;
    at = &before->asking_next;
  }
  *at = job->asking_next;
  if (session->asking_last == job)
    session->asking_last = before;
  job->asking_next = NULL;
  job->is_asking = false;
  return was_first && session->asking_first != NULL;
}

void msim__webmail_settle(struct msim__webmail_job *job, enum msim__webmail_outcome outcome)
{
  struct msim__webmail_job *next = leave_line(job) ? job->session->asking_first : NULL;

  job->talk = NULL;
  if (next != NULL)
    start(next); /* first: done may free this job, but not that one */
  job->done(job, outcome);
}

void msim__webmail_ask_cancel(struct msim__webmail_job *job)
{
  if (job->talk != NULL)
    msim__webmail_talk_leave(job->talk);
  job->talk = NULL;
  if (job->is_asking && leave_line(job))
    start(job->session->asking_first);
}

/* ---- what is found ---- */

void msim__webmail_found_clear(struct msim__webmail_job *job)
{
  struct msim__mem *mem = msim__webmail_mem(job);
  struct msim__webmail_found *found = &job->found;
  size_t max = found->mail.size_bytes_max;

  msim__free(mem, found->folders, found->folder_capacity * sizeof *found->folders);
  msim__free(mem, found->items, found->item_capacity * sizeof *found->items);
  msim__buf_release(&found->mail);
  memset(found, 0, sizeof *found);
  msim__buf_init(&found->mail, mem, max);
}

bool msim__webmail_found_folder(struct msim__webmail_job *job, const char *name)
{
  struct msim__webmail_found *found = &job->found;
  size_t i;

  for (i = 0; i < found->folder_count; i++)
    if (strcmp(found->folders[i], name) == 0)
      return true;
  name = msim__webmail_copy_text(job, msim__slice_text(name));
  if (name == NULL || msim__grow(msim__webmail_mem(job), &found->folders, &found->folder_capacity,
                                 found->folder_count + 1, FOLDERS_MAX, sizeof *found->folders) != MSIM_OK)
    return false;
  found->folders[found->folder_count++] = name;
  return true;
}

static const char *field_of(struct msim__webmail_job *job, struct msim_slice header, const char *name)
{
  struct msim__buf text;
  const char *out;

  msim__buf_init(&text, msim__webmail_mem(job), MSIM__HEADER_BYTES_MAX);
  (void)msim__readable_field(&text, header, name);
  out = msim__webmail_copy_text(job, (struct msim_slice){(const uint8_t *)text.data, text.size_bytes});
  msim__buf_release(&text);
  return out;
}

struct msim__webmail_item *msim__webmail_found_item(struct msim__webmail_job *job, struct msim_slice header)
{
  struct msim__webmail_found *found = &job->found;
  struct msim__webmail_item *item;
  struct msim__header_field field;

  if (msim__grow(msim__webmail_mem(job), &found->items, &found->item_capacity, found->item_count + 1, ITEMS_MAX,
                 sizeof *found->items) != MSIM_OK)
    return NULL;
  item = &found->items[found->item_count];
  memset(item, 0, sizeof *item);
  item->id = item->label = "";
  item->from = field_of(job, header, "From");
  item->to = field_of(job, header, "To");
  item->subject = field_of(job, header, "Subject");
  if (item->from == NULL || item->to == NULL || item->subject == NULL)
    return NULL;
  if (msim__header_find(header, "Date", 0, &field) == 1)
    (void)msim__date_parse_mail(&item->unix_s, NULL, field.value);
  found->item_count++;
  return item;
}

static bool contains(const struct msim__buf *text, const char *query)
{
  struct msim_slice in = {(const uint8_t *)text->data, text->size_bytes}, what = msim__slice_text(query);
  size_t at;

  for (at = 0; at + what.size_bytes <= in.size_bytes; at++)
    if (msim__slice_equal_nocase(msim__slice_part(in, at, at + what.size_bytes), what))
      return true;
  return false;
}

bool msim__webmail_matches(struct msim__webmail_job *job, struct msim_slice plain)
{
  static const char *const fields[] = {"From", "To", "Cc", "Subject"};
  struct msim__mem *mem = msim__webmail_mem(job);
  enum msim__readable_role *roles;
  struct msim__imap_parts parts;
  struct msim__buf text;
  bool found = false;
  size_t i;

  msim__buf_init(&text, mem, MSIM__WEBMAIL_PAGE_BYTES_MAX);
  for (i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    (void)msim__readable_field(&text, plain, fields[i]);
    (void)msim__buf_append_byte(&text, '\n');
  }
  if (msim__imap_parts_find(&parts, mem, plain) == MSIM_OK) {
    roles = msim__alloc_zeroed(mem, parts.count, sizeof *roles);
    if (roles != NULL) {
      (void)msim__readable_text(&text, &parts, roles);
      found = contains(&text, job->ask.query);
      msim__free(mem, roles, parts.count * sizeof *roles);
    }
    msim__imap_parts_release(&parts, mem);
  }
  msim__buf_release(&text);
  return found;
}

void msim__webmail_say(struct msim__webmail_job *job, struct msim_slice words)
{
  size_t i;

  for (i = 0; i < words.size_bytes && i + 1 < sizeof job->words; i++)
    job->words[i] = msim__ascii_is_control(words.data[i]) ? '?' : (char)words.data[i];
  job->words[i] = '\0';
}
