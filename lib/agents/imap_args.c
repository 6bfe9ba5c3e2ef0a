/* imap_args.c: arguments that several commands of IMAP have. See imap_session.h. */
#include "agents/imap_cmd.h"
#include "proto/imap_mailbox.h"
#include "text/utf8.h"

/* RFC 9051 5.1: UTF-8; controls are no part of it. */
static bool copy_utf8(struct msim_slice text, uint8_t *room, size_t room_bytes)
{
  uint32_t code;
  size_t i, n;

  if (text.size_bytes > room_bytes)
    return false;
  for (i = 0; i < text.size_bytes; i += n) {
    n = msim__utf8_next(text.data + i, text.size_bytes - i, &code);
    if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0))
      return false;
  }
  if (text.size_bytes > 0)
    memcpy(room, text.data, text.size_bytes);
  return true;
}

bool msim__imap_decode_name(const struct msim__imap_session *session, struct msim_slice text, uint8_t *room,
                            size_t room_bytes, struct msim_slice *name)
{
  name->data = room;
  name->size_bytes = text.size_bytes;
  return session->rev2 ? copy_utf8(text, room, room_bytes)
                       : msim__imap_utf7_decode(text, room, room_bytes, &name->size_bytes) == MSIM_OK;
}

void msim__imap_put_name(struct msim__imap_session *session, struct msim__buf *out, struct msim_slice utf8)
{
  size_t i;
  bool ascii = true;

  for (i = 0; i < utf8.size_bytes; i++)
    ascii = ascii && utf8.data[i] < 0x80;
  if (!session->rev2) {
    msim__imap_put_mailbox(out, utf8);
  } else if (ascii) {
    msim__imap_put_astring(out, utf8);
  } else {
    msim__buf_append_byte(out, '"');
    for (i = 0; i < utf8.size_bytes; i++) {
      if (utf8.data[i] == '"' || utf8.data[i] == '\\')
        msim__buf_append_byte(out, '\\');
      msim__buf_append_byte(out, (char)utf8.data[i]);
    }
    msim__buf_append_byte(out, '"');
  }
}

bool msim__imap_take_mailbox(struct msim__imap_session *session, uint8_t *room, struct msim_slice *name)
{
  struct msim_slice text;

  if (!msim__imap_take_astring(&session->cursor, &text))
    return false;
  if (!msim__imap_decode_name(session, text, room, MSIM__IMAP_MAILBOX_BYTES_MAX, name))
    return false;
  if (name->size_bytes >= 5 && msim__slice_is(msim__slice_part(*name, 0, 5), "INBOX") &&
      (name->size_bytes == 5 || room[5] == MSIM__IMAP_SEPARATOR))
    memcpy(room, "INBOX", 5);
  return true;
}

struct msim__mailbox *msim__imap_take_folder(struct msim__imap_session *session, bool try_create)
{
  uint8_t room[MSIM__IMAP_MAILBOX_BYTES_MAX];
  struct msim__mailbox *box;
  struct msim_slice name;

  if (!msim__imap_take_mailbox(session, room, &name)) {
    msim__imap_bad(session, session->rev2 ? "The name of a mailbox is missing or no UTF-8"
                                          : "The name of a mailbox is missing or no modified UTF-7");
    return NULL;
  }
  box = msim__folder_find(session->inbox, name);
  if (box != NULL && (box->marks & MSIM__MAILBOX_NOSELECT) == 0)
    return box;
  msim__imap_no(session, try_create ? "TRYCREATE" : "NONEXISTENT",
                box != NULL ? "No messages can lie there" : "There is no such mailbox");
  return NULL;
}

bool msim__imap_take_numbers(struct msim__imap_session *session, struct msim__imap_set *set)
{
  struct msim__mem *mem = &session->server->base.mem;
  size_t count = session->row_count, i;
  int err;

  memset(set, 0, sizeof *set);
  err = msim__imap_take_set(&session->cursor, set, mem);
  if (err != MSIM_OK) {
    msim__imap_set_release(set, mem);
    msim__imap_failed(session, err);
    return false;
  }
  msim__imap_set_resolve(set, count == 0 ? 0 : session->command.uid ? session->rows[count - 1].uid : (uint32_t)count);
  for (i = 0; !session->command.uid && i < set->count; i++)
    if (set->ranges[i].last > count) {
      msim__imap_set_release(set, mem);
      msim__imap_bad(session, "There is no message of this number"); /* RFC 3501 9 seq-number */
      return false;
    }
  return true;
}

bool msim__imap_row_is_in(const struct msim__imap_session *session, const struct msim__imap_set *set, size_t row,
                          bool uid)
{
  if (set->is_saved)
    return msim__imap_set_has(&session->saved, session->rows[row].uid);
  return msim__imap_set_has(set, uid ? session->rows[row].uid : (uint32_t)(row + 1));
}

static bool take_flag(struct msim__imap_session *session, struct msim__mailbox *box, uint32_t *flags)
{
  static const char *const names[MSIM__FLAG_COUNT] = {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"};
  struct msim_slice flag;
  unsigned i;

  if (!msim__imap_take_flag(&session->cursor, &flag))
    return false;
  for (i = 0; i < MSIM__FLAG_COUNT; i++)
    if (msim__slice_is(flag, names[i])) {
      *flags |= 1u << i;
      return true;
    }
  if (flag.data[0] == '\\') /* \Recent is not the client's; others are nobody's */
    return false;
  *flags |= msim__store_keyword(box, flag, true); /* where there is no room for more it is not kept */
  return true;
}

bool msim__imap_take_flags(struct msim__imap_session *session, struct msim__mailbox *box, bool bare, uint32_t *flags)
{
  bool list = msim__imap_take_byte(&session->cursor, '(');

  *flags = 0;
  if (list && msim__imap_take_byte(&session->cursor, ')'))
    return true;
  if (!list && !bare)
    return false;
  do
    if (!take_flag(session, box, flags))
      return false;
  while (msim__imap_take_byte(&session->cursor, ' '));
  return !list || msim__imap_take_byte(&session->cursor, ')');
}

bool msim__imap_is_all(struct msim__imap_session *session)
{
  if (msim__imap_at_end(&session->cursor))
    return true;
  msim__imap_bad(session, "There is more than belongs to this command");
  return false;
}

void msim__imap_put_set(struct msim__buf *out, const struct msim__imap_set *set)
{
  size_t i;

  for (i = 0; i < set->count; i++) {
    msim__buf_printf(out, "%s%lu", i > 0 ? "," : "", (unsigned long)set->ranges[i].first);
    if (set->ranges[i].last > set->ranges[i].first)
      msim__buf_printf(out, ":%lu", (unsigned long)set->ranges[i].last);
  }
}

bool msim__imap_read(struct msim__imap_session *session, const struct msim__mailbox_item *item)
{
  struct msim_slice plain;

  if (session->plain_uid == item->uid)
    return true;
  msim__imap_forget_plain(session);
  if (msim__mailbox_plain(&session->plain, item) != MSIM_OK)
    return false;
  plain.data = (const uint8_t *)msim__buf_text(&session->plain);
  plain.size_bytes = session->plain.size_bytes;
  if (msim__imap_parts_find(&session->parts, &session->server->base.mem, plain) != MSIM_OK)
    return false;
  session->plain_uid = item->uid;
  return true;
}

void msim__imap_forget_plain(struct msim__imap_session *session)
{
  size_t max = session->plain.size_bytes_max;

  msim__imap_parts_release(&session->parts, &session->server->base.mem);
  if (session->plain.capacity_bytes > MSIM__IMAP_LINE_BYTES_MAX || session->ended) {
    msim__buf_release(&session->plain);
    msim__buf_init(&session->plain, &session->server->base.mem, max);
  }
  msim__buf_clear(&session->plain);
  session->plain_uid = 0;
}
