/* imap_copying.c: COPY (RFC 3501 6.4.7) and MOVE (RFC 6851): all of the messages or none. See imap_session.h. */
#include "agents/imap_cmd.h"

#include <stdio.h>

struct copying {
  bool move;
  uint32_t to_validity;
  size_t count;
  uint32_t uids[]; /* of what is copied */
};

uint32_t msim__imap_translate_flags(const struct msim__mailbox *from, struct msim__mailbox *to, uint32_t flags)
{
  uint32_t out = flags & ((1u << MSIM__FLAG_COUNT) - 1);
  size_t i;

  for (i = 0; i < from->keyword_count; i++)
    if ((flags >> (MSIM__FLAG_COUNT + i) & 1) != 0)
      out |= msim__store_keyword(to, msim__slice_text(from->keywords[i]), true);
  return out;
}

/* "COPYUID 38505 304,319:320 3956:3958" (RFC 4315 3). */
static int put_copyuid(struct msim__imap_session *session, const struct copying *copying, const uint32_t *uids,
                       struct msim__buf *out)
{
  struct msim__mem *mem = &session->server->base.mem;
  struct msim__imap_set from = {NULL, 0, 0, false}, to = {NULL, 0, 0, false};
  int err = MSIM_OK;
  size_t i;

  for (i = 0; i < copying->count && err == MSIM_OK; i++) {
    err = msim__imap_set_append(&from, mem, copying->uids[i]);
    if (err == MSIM_OK)
      err = msim__imap_set_append(&to, mem, uids[i]);
  }
  msim__buf_printf(out, "COPYUID %lu ", (unsigned long)copying->to_validity);
  msim__imap_put_set(out, &from);
  msim__buf_append_byte(out, ' ');
  msim__imap_put_set(out, &to);
  msim__imap_set_release(&from, mem);
  msim__imap_set_release(&to, mem);
  return err != MSIM_OK ? err : out->err;
}

static void end_move(struct msim__imap_session *session, void *room)
{
  char code[60];

  (void)room;
  msim__imap_ok(session, msim__imap_expunged_code(session, code, sizeof code), "Moved");
}

static void on_placed(struct msim__imap_session *session, void *room, const uint32_t *uids, size_t count)
{
  const struct copying *copying = room;
  struct msim__buf code;
  size_t i;

  (void)count;
  msim__buf_init(&code, &session->server->base.mem, SIZE_MAX / 2);
  if (put_copyuid(session, copying, uids, &code) != MSIM_OK || !msim__imap_offers(session, "UIDPLUS"))
    msim__buf_clear(&code);
  if (!copying->move) {
    msim__imap_ok(session, code.size_bytes > 0 ? msim__buf_text(&code) : NULL, "Copied");
  } else { /* RFC 6851 4.3: the code comes before the EXPUNGEs */
    if (code.size_bytes > 0)
      msim__buf_printf(&session->out, "* OK [%s] Moved\r\n", msim__buf_text(&code));
    for (i = 0; i < copying->count; i++)
      msim__imap_expunge(session, copying->uids[i]);
    msim__imap_wait_changes(session, end_move, NULL, 0);
  }
  msim__buf_release(&code);
}

static bool fits_quota(const struct msim__imap_session *session, const struct msim__spool_place *places, size_t count)
{
  uint64_t bytes = msim__folders_bytes(session->inbox);
  size_t i;

  for (i = 0; i < count; i++)
    bytes += places[i].message->size_bytes;
  return session->account->quota_bytes == 0 || bytes <= session->account->quota_bytes;
}

static void copy_rows(struct msim__imap_session *session, struct msim__imap_set *set, struct msim__mailbox *to,
                      bool move)
{
  struct msim__mem *mem = &session->server->base.mem;
  size_t row_count = session->row_count + 1, i; /* a reply may change the session's */
  size_t room_bytes = sizeof(struct copying) + row_count * sizeof(uint32_t);
  struct copying *copying = msim__alloc_zeroed(mem, 1, room_bytes);
  struct msim__spool_place *places = msim__alloc(mem, row_count * sizeof *places);
  bool missed = false;

  for (i = 0; copying != NULL && places != NULL && i < session->row_count; i++) {
    const struct msim__mailbox_item *item;

    if (!msim__imap_row_is_in(session, set, i, session->command.uid))
      continue;
    item = msim__imap_item_of(session, i);
    missed = missed || (item == NULL && !session->command.uid);
    if (item == NULL)
      continue;
    places[copying->count] = (struct msim__spool_place){to, item->message, item->added_unix_s,
                                                        msim__imap_translate_flags(session->box, to, item->flags)};
    copying->uids[copying->count++] = item->uid;
  }
  if (copying == NULL || places == NULL) {
    msim__imap_failed(session, MSIM_ERR_NOMEM);
  } else if (missed) { /* all or nothing */
    msim__imap_no(session, "EXPUNGEISSUED", "Some of the messages are gone");
  } else if (copying->count == 0) {
    msim__imap_ok(session, NULL, "There are no such messages"); /* RFC 3501 6.4.8: UIDs that are not there */
  } else if (!fits_quota(session, places, move ? 0 : copying->count)) {
    msim__imap_no(session, "OVERQUOTA", "There is no room for these messages");
  } else {
    copying->move = move;
    copying->to_validity = to->uid_validity;
    msim__imap_wait_places(session, places, copying->count, on_placed, copying, room_bytes);
  }
  if (copying != NULL)
    msim__free(mem, copying, room_bytes);
  if (places != NULL)
    msim__free(mem, places, row_count * sizeof *places);
}

void msim__imap_copy(struct msim__imap_session *session, bool move)
{
  struct msim__imap_set set;
  struct msim__mailbox *to;

  if (!msim__imap_take_numbers(session, &set))
    return;
  if (!msim__imap_take_byte(&session->cursor, ' '))
    msim__imap_bad(session, "The name of a mailbox is missing");
  else if ((to = msim__imap_take_folder(session, true)) == NULL || !msim__imap_is_all(session))
    (void)to; /* answered */
  else if (move && session->read_only)
    msim__imap_no(session, NULL, "The mailbox is selected for reading only");
  else
    copy_rows(session, &set, to, move);
  msim__imap_set_release(&set, &session->server->base.mem);
}
