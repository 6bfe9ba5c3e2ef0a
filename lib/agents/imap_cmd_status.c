/* imap_cmd_status.c: figures of a mailbox that is not selected (RFC 3501 6.3.10, RFC 8438, RFC 9208 4.1.4). See
 * imap_cmd.h. */
#include "agents/imap_cmd.h"

enum item { MESSAGES, RECENT, UIDNEXT, UIDVALIDITY, UNSEEN, SIZE, HIGHESTMODSEQ, DELETED, DELETED_STORAGE };
static const char *const names[] = {"MESSAGES", "RECENT",        "UIDNEXT", "UIDVALIDITY",    "UNSEEN",
                                    "SIZE",     "HIGHESTMODSEQ", "DELETED", "DELETED-STORAGE"};

static uint64_t figure_of(const struct msim__mailbox *box, enum item item)
{
  uint64_t count = 0;
  size_t i;

  switch (item) {
  case MESSAGES:
    return box->count;
  case UIDNEXT:
    return box->uid_next;
  case UIDVALIDITY:
    return box->uid_validity;
  case SIZE:
    return box->size_bytes;
  case HIGHESTMODSEQ:
    return msim__store_modseq(box);
  case RECENT:
    for (i = 0; i < box->count; i++)
      count += box->items[i].uid >= box->recent_uid;
    return count;
  case DELETED:
  case DELETED_STORAGE:
    for (i = 0; i < box->count; i++)
      if ((box->items[i].flags & MSIM__FLAG_DELETED) != 0)
        count += item == DELETED ? 1 : msim__store_item_bytes(&box->items[i]);
    return count;
  case UNSEEN:
    for (i = 0; i < box->count; i++)
      count += (box->items[i].flags & MSIM__FLAG_SEEN) == 0;
    return count;
  }
  return 0;
}

static bool take_item(struct msim__imap_session *session, enum item *out)
{
  struct msim_slice word;
  size_t i;

  if (!msim__imap_take_atom(&session->cursor, &word))
    return false;
  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if (msim__slice_is(word, names[i])) {
      *out = (enum item)i;
      return (i != SIZE || msim__imap_offers(session, "STATUS=SIZE")) &&
             (i != HIGHESTMODSEQ || msim__imap_offers(session, "CONDSTORE")) &&
             (i < DELETED || (i == DELETED && session->rev2) || msim__imap_offers(session, "QUOTA"));
    }
  return false;
}

bool msim__imap_take_status(struct msim__imap_session *session, unsigned *items)
{
  enum item item;

  *items = 0;
  if (!msim__imap_take_byte(&session->cursor, '('))
    return false;
  do {
    if (!take_item(session, &item))
      return false;
    *items |= 1u << item;
  } while (msim__imap_take_byte(&session->cursor, ' '));
  return msim__imap_take_byte(&session->cursor, ')');
}

void msim__imap_put_status(struct msim__imap_session *session, const struct msim__mailbox *box, unsigned items)
{
  const char *space = "";
  size_t i;

  msim__buf_append_text(&session->out, "* STATUS ");
  msim__imap_put_name(session, &session->out, msim__imap_title_of(box));
  msim__buf_append_text(&session->out, " (");
  for (i = 0; i < sizeof names / sizeof names[0]; i++) {
    if ((items >> i & 1) == 0)
      continue;
    msim__buf_printf(&session->out, "%s%s %llu", space, names[i], (unsigned long long)figure_of(box, (enum item)i));
    space = " ";
  }
  msim__buf_append_text(&session->out, ")\r\n");
}

static void run(struct msim__imap_session *session)
{
  struct msim__mailbox *box = msim__imap_take_folder(session, false);
  unsigned items;

  if (box == NULL)
    return;
  if (!msim__imap_take_byte(&session->cursor, ' ') || !msim__imap_take_status(session, &items)) {
    msim__imap_bad(session, "Items in parentheses are needed");
    return;
  }
  if (!msim__imap_is_all(session))
    return;
  msim__imap_put_status(session, box, items);
  msim__imap_ok(session, NULL, "Counted");
}

extern const struct msim__imap_cmd msim__imap_cmd_status;
const struct msim__imap_cmd msim__imap_cmd_status = {
    .name = "STATUS",
    .allowed = MSIM__IMAP_IN_KNOWN,
    .has_arguments = true,
    .run = run,
};
