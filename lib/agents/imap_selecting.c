/* imap_selecting.c: SELECT and EXAMINE (RFC 3501 6.3.1, 6.3.2), and what has changed since the client last looked (RFC
 * 7162 3.2.5). See imap_session.h. */
#include "agents/imap_cmd.h"
#include "proto/imap_resync.h"

/* RFC 9051 6.3.2: what the mailbox is called and used for. */
static void put_list(struct msim__imap_session *session)
{
  const struct msim__mailbox *box = session->box;
  struct msim_slice title = msim__imap_title_of(box);
  struct msim__buf *out = &session->out;

  msim__buf_append_text(out, "* LIST (");
  msim__imap_put_uses(out, box);
  msim__buf_printf(out, "%s) \"/\" ",
                   msim__folder_has_children(session->inbox, title) ? "\\HasChildren" : "\\HasNoChildren");
  msim__imap_put_name(session, out, title);
  msim__buf_append_text(out, "\r\n");
}

/* RFC 9051 has done away with them. */
static void put_unseen(struct msim__imap_session *session)
{
  const struct msim__mailbox *box = session->box;
  size_t i;

  msim__buf_printf(&session->out, "* %zu RECENT\r\n", msim__imap_recent_count(session));
  for (i = 0; i < box->count; i++)
    if ((box->items[i].flags & MSIM__FLAG_SEEN) == 0) {
      msim__buf_printf(&session->out, "* OK [UNSEEN %zu] The first one\r\n", i + 1);
      break;
    }
}

static void put_state(struct msim__imap_session *session)
{
  const struct msim__mailbox *box = session->box;
  struct msim__buf *out = &session->out;

  msim__buf_append_text(out, "* FLAGS ");
  msim__imap_put_known_flags(session, box, false);
  msim__buf_printf(out, "\r\n* %zu EXISTS\r\n", session->row_count);
  if (session->rev2)
    put_list(session);
  else
    put_unseen(session);
  msim__buf_append_text(out, "* OK [PERMANENTFLAGS ");
  if (session->read_only)
    msim__buf_append_text(out, "()");
  else
    msim__imap_put_known_flags(session, box, true);
  msim__buf_printf(out, "] What is kept\r\n* OK [UIDVALIDITY %lu] Of these UIDs\r\n* OK [UIDNEXT %lu] The next one\r\n",
                   (unsigned long)box->uid_validity, (unsigned long)box->uid_next);
  if (msim__imap_offers(session, "CONDSTORE"))
    msim__buf_printf(out, "* OK [HIGHESTMODSEQ %llu] Of these changes\r\n",
                     (unsigned long long)msim__imap_modseq_told(session));
}

/* "(CONDSTORE QRESYNC (…))" (RFC 7162 3.1.8, 3.2.5). */
static int take_params(struct msim__imap_session *session, struct msim__imap_resync *resync)
{
  struct msim__imap_cursor *c = &session->cursor;
  int err = MSIM_OK;

  if (msim__imap_at_end(c))
    return MSIM_OK;
  if (!msim__imap_take_word(c, " (") || !msim__imap_offers(session, "CONDSTORE"))
    return MSIM_ERR_SYNTAX;
  do {
    if (msim__imap_take_word(c, "CONDSTORE"))
      session->condstore = true;
    else if (session->qresync && resync->uid_validity == 0 && msim__imap_take_word(c, "QRESYNC "))
      err = msim__imap_take_resync(c, resync, &session->server->base.mem);
    else
      err = MSIM_ERR_SYNTAX;
  } while (err == MSIM_OK && msim__imap_take_byte(c, ' '));
  if (err == MSIM_OK && (!msim__imap_take_byte(c, ')') || !msim__imap_at_end(c)))
    err = MSIM_ERR_SYNTAX;
  return err;
}

/* RFC 7162 3.2.5.2: the highest UID whose number is still what the client thinks: it knows what went below. */
static uint32_t matching_floor(const struct msim__imap_session *session, const struct msim__imap_resync *resync)
{
  struct msim__imap_pairs pairs = {0, 0, 0, 0};
  uint32_t number, uid, floor = 0;

  while (msim__imap_pairs_next(resync, &pairs, &number, &uid) == 1 && number <= session->row_count &&
         session->rows[number - 1].uid == uid)
    floor = uid;
  return floor;
}

/* What has changed since; the end of the command comes behind it. */
static int tell_changes(struct msim__imap_session *session, struct msim__imap_resync *resync)
{
  uint8_t items[] = "(UID FLAGS MODSEQ)";
  struct msim__imap_cursor c = {items, 0, sizeof items - 1};
  struct msim__mem *mem = &session->server->base.mem;
  struct msim__imap_fetching *f = &session->fetching;
  uint32_t floor = resync->modseq < session->box->gone_since ? matching_floor(session, resync) : 0;
  int err = msim__imap_put_vanished(session, resync->has_known ? &resync->known : NULL, resync->modseq, floor);

  if (err != MSIM_OK)
    return err;
  memset(f, 0, sizeof *f);
  f->selecting = f->uid = true;
  f->changed_since = resync->modseq;
  if (resync->has_known) {
    f->set = resync->known;
    memset(&resync->known, 0, sizeof resync->known);
  } else {
    err = msim__imap_set_add(&f->set, mem, 1, UINT32_MAX);
  }
  if (err == MSIM_OK)
    err = msim__imap_take_fetch(&c, &f->fetch, mem);
  if (err != MSIM_OK) {
    msim__imap_fetching_release(session);
    return err;
  }
  msim__imap_flush(session, "imap.reply", NULL);
  f->is_on = true;
  msim__imap_fetching_go_on(session);
  return MSIM_OK;
}

/* For whoever judges the run: what the session is told of the mailbox. */
static void tell_selected(struct msim__imap_session *session)
{
  struct msim_value values[5];
  char name[2200], conn[256];

  (void)msim_stream_name(session->stream, conn, sizeof conn);
  msim__folder_path(session->box, name, sizeof name);
  values[0] = msim_value_text("mailbox", name);
  values[1] = msim_value_int("count", (int64_t)session->row_count);
  values[2] = msim_value_int("uid_next", session->box->uid_next);
  values[3] = msim_value_int("uid_validity", session->uid_validity);
  values[4] = msim_value_text("conn", conn);
  msim_agent_event(session->agent, "mailbox.selected", values, 5);
}

static void open_box(struct msim__imap_session *session, struct msim__mailbox *box, bool read_only,
                     struct msim__imap_resync *resync)
{
  int err = msim__imap_open(session, box, read_only);

  if (err == MSIM_OK) {
    tell_selected(session);
    put_state(session);
    if (resync->uid_validity != box->uid_validity) {
      msim__imap_ok(session, read_only ? "READ-ONLY" : "READ-WRITE", "Selected");
      return;
    }
    err = tell_changes(session, resync);
  }
  if (err != MSIM_OK) {
    msim__imap_close(session);
    msim__imap_failed(session, err);
  }
}

void msim__imap_select(struct msim__imap_session *session, bool read_only)
{
  struct msim__imap_resync resync;
  struct msim__mailbox *box;
  int err;

  if (session->state == MSIM__IMAP_SELECTED && (session->rev2 || msim__imap_offers(session, "CONDSTORE")))
    msim__buf_append_text(&session->out, "* OK [CLOSED] The one before\r\n");
  msim__imap_close(session); /* RFC 3501 6.3.1: also when it fails */
  box = msim__imap_take_folder(session, false);
  if (box == NULL)
    return;
  memset(&resync, 0, sizeof resync);
  err = take_params(session, &resync);
  if (err == MSIM_ERR_SYNTAX)
    msim__imap_bad(session, "Behind the name of a mailbox there may be parameters, if they are enabled");
  else if (err != MSIM_OK)
    msim__imap_failed(session, err);
  else
    open_box(session, box, read_only, &resync);
  msim__imap_resync_release(&resync, &session->server->base.mem);
}
