/* folders.c: the folders of a user; see folders.h. */
#include "mail/folders.h"

#include "proto/ascii.h"

#include <stdio.h>

#define NAME_MARK '\n' /* "bob\n3": no user's name has it */
#define NAME_BYTES 1100u

static struct msim_slice title_of(const struct msim__mailbox *box)
{
  struct msim_slice title = {(const uint8_t *)box->title, box->title_bytes};

  return title;
}

/* Behind prefix there is a separator and more. */
static bool is_below(const struct msim__mailbox *box, struct msim_slice prefix)
{
  return box->title != NULL && box->title_bytes > prefix.size_bytes + 1 &&
         msim__slice_equal(msim__slice_part(title_of(box), 0, prefix.size_bytes), prefix) &&
         box->title[prefix.size_bytes] == MSIM__FOLDER_SEPARATOR;
}

static void changed(struct msim__mailbox *box)
{
  if (box->store->box_changed != NULL)
    box->store->box_changed(box->store->changed_ctx, box);
}

struct msim__mailbox *msim__folder_known(struct msim__mailbox *inbox, struct msim_slice title)
{
  struct msim__mailbox *box, *found = NULL;

  if (msim__slice_is(title, "INBOX"))
    return inbox;
  for (box = inbox->folder_next; box != NULL; box = box->folder_next) {
    if (box->marks == 0 || !msim__slice_equal(title_of(box), title))
      continue;
    if ((box->marks & MSIM__MAILBOX_EXISTS) != 0)
      return box;
    found = box; /* a subscription, which may stand beside a folder that was renamed */
  }
  return found;
}

struct msim__mailbox *msim__folder_find(struct msim__mailbox *inbox, struct msim_slice title)
{
  struct msim__mailbox *box = msim__folder_known(inbox, title);

  return box != NULL && (box->marks & MSIM__MAILBOX_EXISTS) != 0 ? box : NULL;
}

bool msim__folder_has_children(struct msim__mailbox *inbox, struct msim_slice title)
{
  const struct msim__mailbox *box;

  for (box = inbox->folder_next; box != NULL; box = box->folder_next)
    if ((box->marks & MSIM__MAILBOX_EXISTS) != 0 && is_below(box, title))
      return true;
  return false;
}

/* ---- making ---- */

static void enter(struct msim__mailbox *inbox, struct msim__mailbox *box)
{
  struct msim__mailbox *last = inbox;

  while (last->folder_next != NULL)
    last = last->folder_next;
  last->folder_next = box;
  box->owner = inbox;
}

static int set_title(struct msim__mailbox *box, struct msim_slice title)
{
  char *copy = msim__copy_text(box->store->mem, (const char *)title.data, title.size_bytes);

  if (copy == NULL)
    return MSIM_ERR_NOMEM;
  if (box->title != NULL)
    msim__free(box->store->mem, box->title, box->title_bytes + 1);
  box->title = copy;
  box->title_bytes = title.size_bytes;
  return MSIM_OK;
}

bool msim__folder_is_title(struct msim_slice title)
{
  size_t i;

  for (i = 0; i < title.size_bytes; i++)
    if (msim__ascii_is_control(title.data[i]) ||
        (title.data[i] == MSIM__FOLDER_SEPARATOR && (i == 0 || title.data[i - 1] == MSIM__FOLDER_SEPARATOR)))
      return false;
  return title.size_bytes > 0 && title.size_bytes <= MSIM__FOLDER_BYTES_MAX &&
         title.data[title.size_bytes - 1] != MSIM__FOLDER_SEPARATOR;
}

int msim__folder_join(struct msim__mailbox *box, struct msim_slice title)
{
  const char *mark = memchr(box->name, NAME_MARK, box->name_bytes);
  struct msim__mailbox *inbox;

  if (mark == NULL || box->owner != box || !msim__folder_is_title(title) || title.size_bytes > MSIM__FOLDER_BYTES_MAX)
    return MSIM_OK; /* we do not write such */
  inbox = msim__store_open(box->store, box->name, (size_t)(mark - box->name));
  if (inbox == NULL || set_title(box, title) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  enter(inbox, box);
  return MSIM_OK;
}

/* A row that nobody uses or looks at, or a new one. Not yet there for others: it has no marks. */
static int find_row(struct msim__mailbox *inbox, struct msim_slice title, struct msim__mailbox **out)
{
  struct msim__store *store = inbox->store;
  struct msim__mailbox *box;
  char name[NAME_BYTES];
  unsigned count = 1;
  int n;

  for (box = inbox->folder_next; box != NULL; box = box->folder_next, count++)
    if (box->marks == 0 && box->watches == NULL && box->reserved_count == 0) {
      *out = box;
      return set_title(box, title);
    }
  if (count >= MSIM__FOLDERS_MAX)
    return MSIM_ERR_LIMIT;
  n = snprintf(name, sizeof name, "%s%c%u", inbox->name, NAME_MARK, count);
  if (n < 0 || (size_t)n >= sizeof name)
    return MSIM_ERR_LIMIT;
  box = msim__store_open(store, name, (size_t)n);
  if (box == NULL)
    return MSIM_ERR_NOMEM;
  if (box->owner == box)
    enter(inbox, box);
  box->marks = 0;
  *out = box;
  return set_title(box, title);
}

/* It is known for nothing but a subscription so far, or not at all. */
static int make(struct msim__mailbox *inbox, struct msim_slice title, unsigned marks, struct msim__mailbox **out)
{
  struct msim__mailbox *box = msim__folder_known(inbox, title);
  int err = box == NULL ? find_row(inbox, title, &box) : MSIM_OK;

  if (err != MSIM_OK)
    return err;
  if ((marks & MSIM__MAILBOX_EXISTS) != 0) {
    if (inbox->store->uid_validity == UINT32_MAX)
      return MSIM_ERR_LIMIT;
    msim__store_renew(box, ++inbox->store->uid_validity);
  }
  box->marks |= marks;
  changed(box);
  *out = box;
  return MSIM_OK;
}

static int make_parents(struct msim__mailbox *inbox, struct msim_slice title)
{
  struct msim__mailbox *box;
  size_t i;
  int err = MSIM_OK;

  for (i = 0; i < title.size_bytes && err == MSIM_OK; i++)
    if (title.data[i] == MSIM__FOLDER_SEPARATOR && msim__folder_find(inbox, msim__slice_part(title, 0, i)) == NULL)
      err = make(inbox, msim__slice_part(title, 0, i), MSIM__MAILBOX_EXISTS, &box);
  return err;
}

int msim__folder_create(struct msim__mailbox *inbox, struct msim_slice title, unsigned uses, struct msim__mailbox **out)
{
  struct msim__mailbox *box = msim__folder_find(inbox, title);
  int err;

  if (!msim__folder_is_title(title))
    return MSIM_ERR_INVALID;
  if (title.size_bytes > MSIM__FOLDER_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  if (box != NULL && (box->marks & MSIM__MAILBOX_NOSELECT) == 0)
    return MSIM_ERR_EXISTS;
  if (inbox->store->uid_validity == UINT32_MAX)
    return MSIM_ERR_LIMIT;
  if (box != NULL) { /* a name becomes a folder again */
    box->marks = (box->marks & ~(unsigned)MSIM__MAILBOX_NOSELECT) | uses;
    msim__store_renew(box, ++inbox->store->uid_validity);
    changed(box);
    err = MSIM_OK;
  } else {
    err = make_parents(inbox, title);
    if (err == MSIM_OK)
      err = make(inbox, title, MSIM__MAILBOX_EXISTS | uses, &box);
  }
  if (out != NULL)
    *out = box;
  return err;
}

int msim__folder_remove(struct msim__mailbox *folder)
{
  bool children = folder->title != NULL && msim__folder_has_children(folder->owner, title_of(folder));

  if (folder->title == NULL || (children && (folder->marks & MSIM__MAILBOX_NOSELECT) != 0))
    return MSIM_ERR_STATE;
  while (folder->count > 0)
    (void)msim__store_remove(folder, folder->count - 1);
  if (children)
    folder->marks |= MSIM__MAILBOX_NOSELECT;
  else
    folder->marks &= MSIM__MAILBOX_SUBSCRIBED; /* RFC 3501 6.3.9: a subscription outlives it */
  changed(folder);
  return MSIM_OK;
}

/* ---- renaming ---- */

/* "a/b/c" with "a" become "x" is "x/b/c". */
static int retitle(struct msim__mailbox *box, size_t old_bytes, struct msim_slice title)
{
  char text[2 * MSIM__FOLDER_BYTES_MAX + 2];
  size_t rest = box->title_bytes - old_bytes;

  memcpy(text, title.data, title.size_bytes);
  memcpy(text + title.size_bytes, box->title + old_bytes, rest);
  return set_title(box, (struct msim_slice){(const uint8_t *)text, title.size_bytes + rest});
}

static bool is_moved(const struct msim__mailbox *box, const struct msim__mailbox *folder, struct msim_slice old)
{
  return (box->marks & MSIM__MAILBOX_EXISTS) != 0 && (box == folder || is_below(box, old));
}

int msim__folder_rename(struct msim__mailbox *folder, struct msim_slice title)
{
  struct msim__mailbox *inbox = folder->owner, *box;
  char copy[MSIM__FOLDER_BYTES_MAX + 1];
  struct msim_slice old = {(const uint8_t *)copy, folder->title_bytes};
  int err;

  if (!msim__folder_is_title(title) || folder->title_bytes > MSIM__FOLDER_BYTES_MAX)
    return MSIM_ERR_INVALID;
  if (msim__folder_find(inbox, title) != NULL)
    return MSIM_ERR_EXISTS;
  memcpy(copy, folder->title, folder->title_bytes);
  if (title.size_bytes > old.size_bytes && title.data[old.size_bytes] == MSIM__FOLDER_SEPARATOR &&
      msim__slice_equal(msim__slice_part(title, 0, old.size_bytes), old))
    return MSIM_ERR_INVALID; /* into itself */
  for (box = inbox->folder_next; box != NULL; box = box->folder_next)
    if (is_moved(box, folder, old) && box->title_bytes - old.size_bytes + title.size_bytes > MSIM__FOLDER_BYTES_MAX)
      return MSIM_ERR_LIMIT;
  err = make_parents(inbox, title);
  for (box = inbox->folder_next; box != NULL && err == MSIM_OK; box = box->folder_next) {
    if (!is_moved(box, folder, old))
      continue;
    err = retitle(box, old.size_bytes, title);
    changed(box);
  }
  return err;
}

int msim__folder_subscribe(struct msim__mailbox *inbox, struct msim_slice title, bool subscribed)
{
  struct msim__mailbox *box = msim__folder_known(inbox, title);

  if (box == NULL && !subscribed)
    return MSIM_OK;
  if (box == NULL && !msim__folder_is_title(title))
    return MSIM_ERR_INVALID;
  if (box == NULL)
    return title.size_bytes > MSIM__FOLDER_BYTES_MAX ? MSIM_ERR_LIMIT
                                                     : make(inbox, title, MSIM__MAILBOX_SUBSCRIBED, &box);
  if (subscribed)
    box->marks |= MSIM__MAILBOX_SUBSCRIBED;
  else
    box->marks &= ~(unsigned)MSIM__MAILBOX_SUBSCRIBED;
  changed(box);
  return MSIM_OK;
}

uint64_t msim__folders_bytes(const struct msim__mailbox *inbox)
{
  uint64_t bytes = 0;

  for (; inbox != NULL; inbox = inbox->folder_next)
    bytes += inbox->size_bytes;
  return bytes;
}

void msim__folder_path(const struct msim__mailbox *box, char *out, size_t out_bytes)
{
  if (box->title == NULL)
    (void)snprintf(out, out_bytes, "%s", box->name);
  else
    (void)snprintf(out, out_bytes, "%s%c%s", box->owner->name, MSIM__FOLDER_SEPARATOR, box->title);
}
