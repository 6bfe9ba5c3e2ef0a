/* webmail_disk.c: folders of people whose mailbox is reached by POP, which has none: Drafts and Sent, on the disk of
 * the front end, one file for each mail; see webmail.h.
 *
 * What is added is told to the person only when it is durable. */
#include "agents/webmail.h"

#include "proto/ascii.h"
#include "proto/http_form.h"

#include <mailsim/disk.h>

#include <stdio.h>

#define PREFIX_BYTES 160u
#define NAME_BYTES (MSIM_DISK_NAME_BYTES_MAX + 1)

static struct msim_disk *disk_of(struct msim__webmail_job *job)
{
  return msim_node_disk(msim_agent_node(job->webmail->serving.agent));
}

/* "webmail/ann%40x.example/Drafts/" */
static bool make_prefix(struct msim__webmail_job *job, char out[PREFIX_BYTES])
{
  static const char *const known[] = {"Drafts", "Sent"};
  char user[101];
  size_t n, i;

  if (msim__percent_encode(msim__slice_text(job->session->user), false, false, (uint8_t *)user, sizeof user - 1, &n) !=
      MSIM_OK)
    return false;
  user[n] = '\0';
  for (i = 0; i < 2; i++)
    if (strcmp(job->ask.folder, known[i]) == 0) {
      (void)snprintf(out, PREFIX_BYTES, "webmail/%s/%s/", user, known[i]);
      return true;
    }
  return false;
}

/* The blob of a file; NULL: there is none. */
static struct msim_blob *read_file(struct msim__webmail_job *job, const char *name)
{
  uint64_t size_bytes;

  if (msim_disk_size(disk_of(job), name, &size_bytes) != MSIM_OK || size_bytes > job->found.mail.size_bytes_max)
    return NULL;
  return msim_disk_read_blob(disk_of(job), name, 0, (size_t)size_bytes);
}

/* A file begins with a line that has the mail's label. */
static struct msim_slice split_label(struct msim_slice file, struct msim_slice *label)
{
  size_t at = 0;

  while (at < file.size_bytes && file.data[at] != '\n')
    at++;
  *label = msim__slice_part(file, 0, at);
  return msim__slice_part(file, at < file.size_bytes ? at + 1 : at, file.size_bytes);
}

static bool add_row(struct msim__webmail_job *job, const char *name, const char *id)
{
  struct msim_blob *blob = read_file(job, name);
  struct msim_slice plain, label;
  struct msim__webmail_item *item;

  if (blob == NULL)
    return true;
  plain = split_label(msim_blob_bytes(blob), &label);
  if (job->ask.task != MSIM__WEBMAIL_SEARCH || msim__webmail_matches(job, plain)) {
    item = msim__webmail_found_item(job, plain);
    if (item != NULL) {
      item->id = msim__webmail_copy_text(job, msim__slice_text(id));
      item->label = msim__webmail_copy_text(job, label);
      item->size_bytes = plain.size_bytes;
      item->flags = MSIM__WEBMAIL_SEEN;
    }
  }
  msim_blob_unref(blob);
  return job->found.item_count < 10000;
}

static void list(struct msim__webmail_job *job, const char *prefix)
{
  const struct msim__webmail_config *config = msim__webmail_config_of(job);
  struct msim__webmail_found *found = &job->found;
  size_t n = strlen(prefix), i, skip;
  const char *name = msim_disk_next(disk_of(job), prefix);

  for (; name != NULL && strncmp(name, prefix, n) == 0; name = msim_disk_next(disk_of(job), name))
    if (!add_row(job, name, name + n))
      break;
  for (i = 0; i < found->item_count / 2; i++) { /* newest first */
    struct msim__webmail_item other = found->items[i];

    found->items[i] = found->items[found->item_count - 1 - i];
    found->items[found->item_count - 1 - i] = other;
  }
  found->total = found->item_count;
  skip = job->ask.page < found->item_count ? (size_t)(job->ask.page * config->page_count) : found->item_count;
  skip = skip < found->item_count ? skip : found->item_count;
  memmove(found->items, found->items + skip, (found->item_count - skip) * sizeof *found->items);
  found->item_count -= skip;
  if (found->item_count > config->page_count)
    found->item_count = (size_t)config->page_count;
  msim__webmail_settle(job, MSIM__WEBMAIL_DONE);
}

/* An id is ten digits. */
static bool make_name(const char *prefix, const char *id, char out[NAME_BYTES])
{
  return strlen(id) == 10 && strspn(id, "0123456789") == 10 && snprintf(out, NAME_BYTES, "%s%s", prefix, id) > 0;
}

static void fetch(struct msim__webmail_job *job, const char *prefix)
{
  char name[NAME_BYTES];
  struct msim_blob *blob = make_name(prefix, job->ask.ids[0], name) ? read_file(job, name) : NULL;
  struct msim_slice plain, label;

  if (blob == NULL) {
    msim__webmail_settle(job, MSIM__WEBMAIL_NOT_FOUND);
    return;
  }
  plain = split_label(msim_blob_bytes(blob), &label);
  job->found.label = msim__webmail_copy_text(job, label);
  job->found.flags = MSIM__WEBMAIL_SEEN;
  (void)msim__buf_append(&job->found.mail, plain.data, plain.size_bytes);
  msim_blob_unref(blob);
  msim__webmail_settle(job, MSIM__WEBMAIL_DONE);
}

static void synced(void *ctx, int err)
{
  struct msim__webmail_job *job = ctx;

  (void)err;
  msim__webmail_settle(job, MSIM__WEBMAIL_DONE);
}

/* The outcome waits for the medium, and so does the job. */
static void settle_when_durable(struct msim__webmail_job *job)
{
  job->must_finish = true;
  if (msim_disk_sync_names(disk_of(job), synced, job) != MSIM_OK)
    msim__webmail_settle(job, MSIM__WEBMAIL_UNAVAILABLE);
}

static void change(struct msim__webmail_job *job, const char *prefix)
{
  char name[NAME_BYTES];
  size_t i, count = 0;

  if (strcmp(job->ask.action, "delete") != 0) {
    msim__webmail_settle(job, MSIM__WEBMAIL_IMPOSSIBLE);
    return;
  }
  for (i = 0; i < job->ask.id_count; i++)
    count += make_name(prefix, job->ask.ids[i], name) && msim_disk_remove(disk_of(job), name) == MSIM_OK;
  if (count == 0)
    msim__webmail_settle(job, MSIM__WEBMAIL_NOT_FOUND);
  else
    settle_when_durable(job);
}

/* The number behind the last one. */
static void append(struct msim__webmail_job *job, const char *prefix)
{
  struct msim_disk *disk = disk_of(job);
  size_t n = strlen(prefix);
  const char *at = msim_disk_next(disk, prefix);
  uint64_t number = 0, last;
  char name[NAME_BYTES];
  int err;

  for (; at != NULL && strncmp(at, prefix, n) == 0; at = msim_disk_next(disk, at))
    if (msim__slice_number(msim__slice_text(at + n), &last))
      number = last;
  (void)snprintf(name, sizeof name, "%s%010llu", prefix, (unsigned long long)(number + 1) % 10000000000u);
  err = msim_disk_append(disk, name, job->ask.label, strlen(job->ask.label));
  if (err == MSIM_OK)
    err = msim_disk_append(disk, name, "\n", 1);
  if (err == MSIM_OK)
    err = msim_disk_append(disk, name, job->ask.content.data, job->ask.content.size_bytes);
  if (err == MSIM_OK)
    err = msim_disk_sync(disk, name, NULL, NULL);
  if (err != MSIM_OK) {
    (void)msim_disk_remove(disk, name);
    msim__webmail_say(job, msim__slice_text("the disk is full"));
    msim__webmail_settle(job, MSIM__WEBMAIL_UNAVAILABLE);
    return;
  }
  job->found.id = msim__webmail_copy_text(job, msim__slice_text(name + n));
  settle_when_durable(job);
}

void msim__webmail_disk_start(struct msim__webmail_job *job)
{
  char prefix[PREFIX_BYTES];
  size_t i;

  for (i = 0; i < 3; i++)
    (void)msim__webmail_found_folder(job, msim__webmail_folders[i]);
  if (disk_of(job) == NULL)
    return; /* out of memory: the simulation has failed */
  if (!make_prefix(job, prefix)) {
    msim__webmail_settle(job, MSIM__WEBMAIL_NOT_FOUND);
    return;
  }
  switch (job->ask.task) {
  case MSIM__WEBMAIL_LIST:
  case MSIM__WEBMAIL_SEARCH:
    list(job, prefix);
    return;
  case MSIM__WEBMAIL_FETCH:
    fetch(job, prefix);
    return;
  case MSIM__WEBMAIL_CHANGE:
    change(job, prefix);
    return;
  case MSIM__WEBMAIL_APPEND:
    append(job, prefix);
    return;
  case MSIM__WEBMAIL_CHECK:
    msim__webmail_settle(job, MSIM__WEBMAIL_DONE);
    return;
  }
}
