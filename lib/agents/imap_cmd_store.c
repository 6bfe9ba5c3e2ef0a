/* imap_cmd_store.c: flags of messages (RFC 3501 6.4.6, RFC 7162 3.1.3). See imap_cmd.h. */
#include "agents/imap_cmd.h"

struct storing {
  char sign; /* '+', '-' or 0: instead of what is there */
  bool silent, conditional, missed;
  uint32_t flags;
  uint64_t unchanged_since;
};

static bool take_arguments(struct msim__imap_session *session, struct storing *s)
{
  struct msim__imap_cursor *c = &session->cursor;

  memset(s, 0, sizeof *s);
  if (msim__imap_take_word(c, " (UNCHANGEDSINCE ")) {
    s->conditional = true;
    if (!msim__imap_offers(session, "CONDSTORE") || !msim__imap_take_number64(c, &s->unchanged_since) ||
        !msim__imap_take_byte(c, ')'))
      return false;
    session->condstore = true;
  }
  if (!msim__imap_take_byte(c, ' '))
    return false;
  s->sign = msim__imap_take_byte(c, '+') ? '+' : msim__imap_take_byte(c, '-') ? '-' : '\0';
  if (!msim__imap_take_word(c, "FLAGS"))
    return false;
  s->silent = msim__imap_take_word(c, ".SILENT");
  return msim__imap_take_byte(c, ' ') && msim__imap_take_flags(session, session->box, true, &s->flags) &&
         msim__imap_at_end(c);
}

static void store_row(struct msim__imap_session *session, const struct storing *s, size_t row,
                      const struct msim__mailbox_item *item)
{
  uint32_t flags = s->sign == '+' ? item->flags | s->flags : s->sign == '-' ? item->flags & ~s->flags : s->flags;
  uint32_t before = item->flags, uid = item->uid;

  session->quiet = s->silent;
  if (flags != before)
    (void)msim__store_set_flags(session->box, msim__store_index_of(session->box, uid), flags);
  session->quiet = false;
  if (!s->silent || (session->condstore && flags != before)) { /* RFC 7162 3.1.3: MODSEQ is told even then */
    session->rows[row].dirty = true;
    session->news = true;
  }
}

static void done(struct msim__imap_session *session, void *room)
{
  struct msim__buf code;

  (void)room;
  if (session->modified.count == 0) {
    msim__imap_ok(session, NULL, "Stored");
    return;
  }
  msim__buf_init(&code, &session->server->base.mem, SIZE_MAX / 2);
  msim__buf_append_text(&code, "MODIFIED ");
  msim__imap_put_set(&code, &session->modified);
  msim__imap_ok(session, msim__buf_text(&code), "Some had changed already");
  msim__buf_release(&code);
}

static void done_missing(struct msim__imap_session *session, void *room)
{
  (void)room;
  msim__imap_no(session, "EXPUNGEISSUED", "Some of the messages are gone");
}

static void run(struct msim__imap_session *session)
{
  struct msim__mem *mem = &session->server->base.mem;
  struct msim__imap_set set;
  struct storing s;
  size_t i;

  if (!msim__imap_take_numbers(session, &set))
    return;
  if (!take_arguments(session, &s)) {
    msim__imap_bad(session, "FLAGS with +, - or neither, and flags are needed");
  } else if (session->read_only) {
    msim__imap_no(session, NULL, "The mailbox is selected for reading only");
  } else {
    for (i = 0; i < session->row_count; i++) {
      const struct msim__mailbox_item *item;

      if (!msim__imap_row_is_in(session, &set, i, session->command.uid))
        continue;
      item = msim__imap_item_of(session, i);
      if (item == NULL)
        s.missed = s.missed || !session->command.uid;
      else if (s.conditional && item->modseq > s.unchanged_since)
        (void)msim__imap_set_append(&session->modified, mem, session->command.uid ? item->uid : (uint32_t)(i + 1));
      else
        store_row(session, &s, i, item);
    }
    msim__imap_wait_changes(session, s.missed ? done_missing : done, NULL, 0);
  }
  msim__imap_set_release(&set, mem);
}

extern const struct msim__imap_cmd msim__imap_cmd_store;
const struct msim__imap_cmd msim__imap_cmd_store = {
    .name = "STORE",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .uid = MSIM__IMAP_UID_TOO,
    .keeps_numbers = true,
    .has_arguments = true,
    .run = run,
};
