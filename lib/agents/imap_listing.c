/* imap_listing.c: LIST and LSUB (RFC 3501 6.3.8, 6.3.9) with the attributes of RFC 3348 and 6154. See imap_session.h.
 */
#include "agents/imap_cmd.h"
#include "proto/imap_mailbox.h"

static const struct {
  const char *name;
  unsigned mark;
} uses[] = {{"\\Archive", MSIM__MAILBOX_ARCHIVE},
            {"\\Drafts", MSIM__MAILBOX_DRAFTS},
            {"\\Junk", MSIM__MAILBOX_JUNK},
            {"\\Sent", MSIM__MAILBOX_SENT},
            {"\\Trash", MSIM__MAILBOX_TRASH}};

unsigned msim__imap_use_of(struct msim_slice attribute)
{
  size_t i;

  for (i = 0; i < sizeof uses / sizeof uses[0]; i++)
    if (msim__slice_is(attribute, uses[i].name))
      return uses[i].mark;
  return 0;
}

struct msim_slice msim__imap_title_of(const struct msim__mailbox *box)
{
  struct msim_slice title = {(const uint8_t *)box->title, box->title_bytes};

  return box->title != NULL ? title : msim__slice_text("INBOX");
}

static void put_line(struct msim__imap_session *session, bool subscribed, const char *attributes,
                     struct msim_slice name)
{
  msim__buf_printf(&session->out, "* %s (%s) \"%c\" ", subscribed ? "LSUB" : "LIST", attributes, MSIM__IMAP_SEPARATOR);
  msim__imap_put_name(session, &session->out, name);
  msim__buf_append_text(&session->out, "\r\n");
}

void msim__imap_put_uses(struct msim__buf *out, const struct msim__mailbox *box)
{
  size_t i;

  for (i = 0; i < sizeof uses / sizeof uses[0]; i++)
    if ((box->marks & uses[i].mark) != 0)
      msim__buf_printf(out, "%s ", uses[i].name);
}

static void put_folder(struct msim__imap_session *session, const struct msim__mailbox *box, bool subscribed)
{
  struct msim__buf attributes;
  bool exists = (box->marks & MSIM__MAILBOX_EXISTS) != 0;

  msim__buf_init(&attributes, &session->server->base.mem, 1000);
  if (!exists || (box->marks & MSIM__MAILBOX_NOSELECT) != 0)
    msim__buf_append_text(&attributes, "\\Noselect ");
  if (!subscribed && msim__imap_offers(session, "CHILDREN"))
    msim__buf_append_text(&attributes, msim__folder_has_children(session->inbox, msim__imap_title_of(box))
                                           ? "\\HasChildren "
                                           : "\\HasNoChildren ");
  if (!subscribed && msim__imap_offers(session, "SPECIAL-USE"))
    msim__imap_put_uses(&attributes, box);
  if (attributes.size_bytes > 0)
    attributes.data[--attributes.size_bytes] = '\0';
  put_line(session, subscribed, msim__buf_text(&attributes), msim__imap_title_of(box));
  msim__buf_release(&attributes);
}

static bool is_listed(const struct msim__mailbox *box, bool subscribed)
{
  return (box->marks & (subscribed ? MSIM__MAILBOX_SUBSCRIBED : MSIM__MAILBOX_EXISTS)) != 0;
}

/* "a" of the subscribed "a/b", where "%" asks for it (RFC 3501 6.3.9): said once, by the first that is below it. */
static void put_parents(struct msim__imap_session *session, const struct msim__mailbox *box, struct msim_slice pattern)
{
  struct msim_slice title = msim__imap_title_of(box);
  size_t i;

  for (i = 1; i < title.size_bytes; i++) {
    struct msim_slice parent = msim__slice_part(title, 0, i);
    const struct msim__mailbox *other, *known;
    bool said = false;

    if (title.data[i] != MSIM__IMAP_SEPARATOR || !msim__imap_pattern_matches(pattern, parent))
      continue;
    known = msim__folder_known(session->inbox, parent);
    for (other = session->inbox->folder_next; other != box && !said; other = other->folder_next) {
      struct msim_slice t = msim__imap_title_of(other);

      said = is_listed(other, true) && t.size_bytes > i && t.data[i] == MSIM__IMAP_SEPARATOR &&
             msim__slice_equal(msim__slice_part(t, 0, i), parent) && !msim__imap_pattern_matches(pattern, t);
    }
    if (!said && (known == NULL || !is_listed(known, true)))
      put_line(session, true, "\\Noselect", parent);
  }
}

static void put_all(struct msim__imap_session *session, struct msim_slice pattern, bool subscribed)
{
  bool partial = pattern.size_bytes > 0 && pattern.data[pattern.size_bytes - 1] == '%';
  const struct msim__mailbox *box;

  for (box = session->inbox; box != NULL; box = box->folder_next) {
    if (!is_listed(box, subscribed))
      continue;
    if (msim__imap_pattern_matches(pattern, msim__imap_title_of(box)))
      put_folder(session, box, subscribed);
    else if (subscribed && partial)
      put_parents(session, box, pattern);
  }
}

/* Reference and pattern together; a pattern that begins with a separator stands alone. */
bool msim__imap_join_pattern(const struct msim__imap_session *session, struct msim_slice reference,
                             struct msim_slice pattern, uint8_t *room, struct msim_slice *out)
{
  uint8_t both[2 * MSIM__IMAP_MAILBOX_BYTES_MAX];
  size_t n = pattern.size_bytes > 0 && pattern.data[0] == MSIM__IMAP_SEPARATOR ? 0 : reference.size_bytes;

  if (n + pattern.size_bytes > sizeof both)
    return false;
  if (n > 0)
    memcpy(both, reference.data, n);
  if (pattern.size_bytes > 0)
    memcpy(both + n, pattern.data, pattern.size_bytes);
  return msim__imap_decode_name(session, (struct msim_slice){both, n + pattern.size_bytes}, room, sizeof both, out);
}

void msim__imap_list(struct msim__imap_session *session, bool subscribed)
{
  uint8_t room[2 * MSIM__IMAP_MAILBOX_BYTES_MAX];
  struct msim_slice reference, pattern, both;

  if (!subscribed && msim__imap_offers(session, "LIST-EXTENDED") && msim__imap_list_is_extended(session)) {
    msim__imap_list_extended(session);
    return;
  }
  if (!msim__imap_take_astring(&session->cursor, &reference) || !msim__imap_take_byte(&session->cursor, ' ') ||
      !msim__imap_take_pattern(&session->cursor, &pattern)) {
    msim__imap_bad(session, "A reference and a pattern are needed");
    return;
  }
  if (!msim__imap_is_all(session))
    return;
  if (pattern.size_bytes == 0 && !subscribed) /* RFC 3501 6.3.8: what the separator is */
    put_line(session, false, "\\Noselect", pattern);
  else if (msim__imap_join_pattern(session, reference, pattern, room, &both))
    put_all(session, both, subscribed);
  msim__imap_ok(session, NULL, "Listed");
}
