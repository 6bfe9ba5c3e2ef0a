/* mailboxes.c: the public view of a host's mailboxes, see <mailsim/mailbox.h>, and where a mail lies, see
 * <mailsim/mail.h>. */
#include <mailsim/mail.h>

#include "agents/agents.h"
#include "agents/smtp_stream.h"
#include "core/sized.h"
#include "mail/folders.h"
#include "proto/address.h"
#include "proto/ascii.h"

#include <string.h>

/* The visible names of what msim__mailbox_item.flags has. */
_Static_assert((int)MSIM_MAILBOX_SEEN == (int)MSIM__FLAG_SEEN &&
                   (int)MSIM_MAILBOX_ANSWERED == (int)MSIM__FLAG_ANSWERED &&
                   (int)MSIM_MAILBOX_FLAGGED == (int)MSIM__FLAG_FLAGGED &&
                   (int)MSIM_MAILBOX_DELETED == (int)MSIM__FLAG_DELETED &&
                   (int)MSIM_MAILBOX_DRAFT == (int)MSIM__FLAG_DRAFT,
               "flags are handed out as they are");

static const struct msim__mail_room *room_of(const struct msim_node *node)
{
  const struct msim__mail_room *room = msim__agents_shared(node, "mail", sizeof *room);

  return room != NULL && room->store.mem != NULL ? room : NULL;
}

/* Names that are only subscribed to, or only names between others, hold no mail. */
static bool is_there(const struct msim__mailbox *box)
{
  return box->owner == box ||
         (box->marks & (MSIM__MAILBOX_EXISTS | MSIM__MAILBOX_NOSELECT)) == (unsigned)MSIM__MAILBOX_EXISTS;
}

/* NULL: MSIM_ERR_NOT_FOUND or MSIM_ERR_STATE in *err. */
static const struct msim__mailbox *box_at(const struct msim_node *node, size_t index, int *err)
{
  const struct msim__mail_room *room = room_of(node);
  const struct msim__mailbox *box = room != NULL ? msim__store_at(&room->store, index) : NULL;

  *err = box == NULL ? MSIM_ERR_NOT_FOUND : is_there(box) ? MSIM_OK : MSIM_ERR_STATE;
  return *err == MSIM_OK ? box : NULL;
}

static const struct msim__mailbox_item *item_at(const struct msim_node *node, size_t index, size_t place)
{
  int err;
  const struct msim__mailbox *box = box_at(node, index, &err);

  return box != NULL && place < box->count ? &box->items[place] : NULL;
}

int msim_mailbox_at_sized(const struct msim_node *node, size_t index, struct msim_mailbox_info *out, size_t out_bytes)
{
  struct msim_mailbox_info full;
  int err;
  const struct msim__mailbox *box = box_at(node, index, &err);

  if (box == NULL)
    return err;
  memset(&full, 0, sizeof full);
  full.user = box->owner->name;
  full.folder = box->title != NULL ? box->title : "INBOX";
  full.uid_validity = box->uid_validity;
  full.uid_next = box->uid_next;
  full.message_count = box->count;
  full.size_bytes = box->size_bytes;
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return MSIM_OK;
}

int msim_mailbox_message_at_sized(const struct msim_node *node, size_t index, size_t place,
                                  struct msim_mailbox_message *out, size_t out_bytes)
{
  struct msim_mailbox_message full;
  int err;
  const struct msim__mailbox *box = box_at(node, index, &err);
  const struct msim__mailbox_item *item = item_at(node, index, place);

  if (box == NULL || item == NULL)
    return MSIM_ERR_NOT_FOUND;
  memset(&full, 0, sizeof full);
  full.label = item->message->label;
  full.sender = item->message->reverse_path;
  full.internal_unix_s = item->added_unix_s;
  full.size_bytes = msim__store_item_bytes(item);
  full.uid = item->uid;
  full.flags = item->flags & ((1u << MSIM__FLAG_COUNT) - 1);
  if (item->uid >= box->recent_uid)
    full.flags |= MSIM_MAILBOX_RECENT;
  full.keywords = item->flags >> MSIM__FLAG_COUNT;
  msim__sized_out(out, out_bytes, &full, sizeof full);
  return MSIM_OK;
}

const char *msim_mailbox_keyword_at(const struct msim_node *node, size_t index, size_t number)
{
  int err;
  const struct msim__mailbox *box = box_at(node, index, &err);

  return box != NULL && number < box->keyword_count ? box->keywords[number] : NULL;
}

int msim_mailbox_write(const struct msim_node *node, size_t index, size_t place, const struct msim_out *out)
{
  const struct msim__mailbox_item *item = item_at(node, index, place);
  struct msim__buf plain;
  struct msim__mem mem;
  uint64_t size_bytes;
  int err;

  if (item == NULL)
    return MSIM_ERR_NOT_FOUND;
  msim__mem_init(&mem, &msim__node_sim(node)->mem.hook);
  size_bytes = msim__store_item_bytes(item);
  msim__buf_init(&plain, &mem, size_bytes < SIZE_MAX - 64 ? (size_t)size_bytes + 64 : SIZE_MAX);
  msim__buf_append_text(&plain, item->message->return_path);
  err = msim__message_to_plain(&plain, item->message);
  if (err == MSIM_OK)
    err = out->write(out->ctx, plain.data, plain.size_bytes);
  msim__buf_release(&plain);
  return err;
}

/* ---- where a mail lies ---- */

/* Whether the box is one of those that a search is about. */
static bool is_of(const struct msim__mail_room *room, const struct msim__mailbox *box,
                  const struct msim__address *recipient)
{
  const struct msim__account *account;

  if (recipient == NULL)
    return true;
  account = msim__accounts_find(&room->accounts, recipient->local, recipient->domain);
  return account != NULL && account->box == box->owner;
}

/* Calls out for copy number index, and counts all of them. */
struct search {
  const char *label;
  const struct msim__address *recipient; /* or NULL */
  uint64_t index, count;
  struct msim_mail_place found;
};

static void search_box(struct search *search, struct msim_node *node, size_t number, const struct msim__mailbox *box)
{
  size_t i;

  for (i = 0; i < box->count; i++)
    if (search->label == NULL || strcmp(box->items[i].message->label, search->label) == 0)
      if (search->count++ == search->index)
        search->found = (struct msim_mail_place){node, number, i};
}

static uint64_t search_all(const struct msim_sim *sim, const char *label, const char *recipient, uint64_t index,
                           struct msim_mail_place *out)
{
  struct search search = {.label = label, .index = index};
  struct msim__address address;
  uint8_t local[MSIM__ADDRESS_LOCAL_BYTES_MAX];
  const struct msim__mailbox *box;
  size_t local_bytes = 0, i, k;

  if (recipient != NULL &&
      (msim__address_parse(&address, msim__slice_text(recipient), true, NULL) != MSIM_OK ||
       msim__address_unquote_local(&address, local, sizeof local, &local_bytes) != MSIM_OK))
    return 0;
  if (recipient != NULL) {
    address.local = (struct msim_slice){local, local_bytes};
    search.recipient = &address;
  }
  for (i = 0; i < msim_node_count(sim); i++) {
    struct msim_node *node = msim_node_at(sim, i);
    const struct msim__mail_room *room = room_of(node);

    for (k = 0; room != NULL && (box = msim__store_at(&room->store, k)) != NULL; k++)
      if (is_there(box) && is_of(room, box, search.recipient))
        search_box(&search, node, k, box);
  }
  *out = search.found;
  return search.count;
}

uint64_t msim_mail_count(const struct msim_sim *sim, const char *label, const char *recipient)
{
  struct msim_mail_place unused;

  return search_all(sim, label, recipient, UINT64_MAX, &unused);
}

int msim_mail_find_sized(const struct msim_sim *sim, const char *label, const char *recipient, uint64_t index,
                         struct msim_mail_place *out, size_t out_bytes)
{
  struct msim_mail_place found;

  if (search_all(sim, label, recipient, index, &found) <= index)
    return MSIM_ERR_NOT_FOUND;
  msim__sized_out(out, out_bytes, &found, sizeof found);
  return MSIM_OK;
}

int msim_mail_write(const struct msim_sim *sim, const char *label, const char *recipient, uint64_t index,
                    const struct msim_out *out)
{
  struct msim_mail_place found;

  if (search_all(sim, label, recipient, index, &found) <= index)
    return MSIM_ERR_NOT_FOUND;
  return msim_mailbox_write(found.node, found.mailbox, found.place, out);
}
