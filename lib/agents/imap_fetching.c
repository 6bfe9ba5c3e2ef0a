/* imap_fetching.c: FETCH, message by message as fast as the client takes them (RFC 3501 6.4.5, 7.4.2). See
 * imap_session.h. */
#include "agents/imap_cmd.h"

void msim__imap_fetching_release(struct msim__imap_session *session)
{
  struct msim__mem *mem = &session->server->base.mem;

  msim__imap_fetch_release(&session->fetching.fetch, mem);
  msim__imap_set_release(&session->fetching.set, mem);
  memset(&session->fetching, 0, sizeof session->fetching);
}

/* The bytes that a part of a section is (RFC 3501 6.4.5). */
static struct msim_slice cut(const struct msim__imap_fetch_item *item, struct msim_slice bytes)
{
  size_t from = item->part_at < bytes.size_bytes ? (size_t)item->part_at : bytes.size_bytes;
  size_t n = bytes.size_bytes - from;

  if (!item->is_partial)
    return bytes;
  return msim__slice_part(bytes, from, from + (n < item->part_bytes ? n : (size_t)item->part_bytes));
}

static bool is_content(enum msim__imap_section_kind kind)
{
  return kind == MSIM__IMAP_SECTION_ALL || kind == MSIM__IMAP_SECTION_TEXT;
}

/* A literal: header fields are overview, the rest is the message. */
static void put_section(struct msim__imap_session *session, const struct msim__imap_fetch_item *item,
                        const struct msim__message *message)
{
  static const struct {
    const char *name;
    enum msim__imap_section_kind kind;
  } old[] = {{"RFC822", MSIM__IMAP_SECTION_ALL},
             {"RFC822.HEADER", MSIM__IMAP_SECTION_HEADER},
             {"RFC822.TEXT", MSIM__IMAP_SECTION_TEXT}};
  struct msim__imap_section section = item->section;
  struct msim_slice bytes = {NULL, 0};
  struct msim__buf room;

  if (item->kind == MSIM__IMAP_FETCH_SECTION) {
    msim__imap_put_section_name(&session->out, &session->fetching.fetch, &section);
  } else {
    section.kind = old[item->kind - MSIM__IMAP_FETCH_RFC822].kind;
    msim__buf_append_text(&session->out, old[item->kind - MSIM__IMAP_FETCH_RFC822].name);
  }
  msim__buf_init(&room, &session->server->base.mem, SIZE_MAX / 2);
  if (msim__imap_section_find(&session->parts, &session->fetching.fetch, &section, &room, &bytes)) {
    bytes = cut(item, bytes);
    if (item->is_partial)
      msim__buf_printf(&session->out, "<%llu>", (unsigned long long)item->part_at);
    msim__buf_printf(&session->out, " {%zu}\r\n", bytes.size_bytes);
    msim__imap_flush(session, "imap.overview", message->label);
    if (is_content(section.kind))
      msim__imap_send(session, "mail.content", message->label, bytes);
    else
      msim__imap_send(session, "imap.overview", message->label, bytes);
  } else {
    msim__buf_append_text(&session->out, " NIL");
  }
  if (room.err != 0)
    session->out.err = room.err;
  msim__buf_release(&room);
}

/* RFC 9051 7.5.2: decoded, as literal8 where it has to be. */
static void put_binary(struct msim__imap_session *session, const struct msim__imap_fetch_item *item,
                       const struct msim__message *message)
{
  bool only_size = item->kind == MSIM__IMAP_FETCH_BINARY_SIZE;
  struct msim_slice bytes = {NULL, 0};
  struct msim__buf room;
  int found;

  msim__buf_append_text(&session->out, only_size ? "BINARY.SIZE" : "BINARY");
  msim__imap_put_section_path(&session->out, &item->section);
  msim__buf_init(&room, &session->server->base.mem, SIZE_MAX / 2);
  found = msim__imap_binary_find(&session->parts, &item->section, &room, &bytes);
  bytes = cut(item, bytes);
  if (found == MSIM_ERR_INVALID)
    session->fetching.unknown_coding = true;
  if (only_size) {
    msim__buf_printf(&session->out, " %zu", bytes.size_bytes);
  } else if (found != 1) {
    msim__buf_append_text(&session->out, " NIL");
  } else {
    if (item->is_partial)
      msim__buf_printf(&session->out, "<%llu>", (unsigned long long)item->part_at);
    msim__buf_printf(&session->out, " %s{%zu}\r\n",
                     bytes.size_bytes > 0 && memchr(bytes.data, 0, bytes.size_bytes) != NULL ? "~" : "",
                     bytes.size_bytes);
    msim__imap_flush(session, "imap.overview", message->label);
    msim__imap_send(session, "mail.content", message->label, bytes);
  }
  if (room.err != 0)
    session->out.err = room.err;
  msim__buf_release(&room);
}

static void put_item(struct msim__imap_session *session, const struct msim__imap_fetch_item *item,
                     const struct msim__mailbox_item *mail, bool recent)
{
  struct msim__buf *out = &session->out;
  char date[MSIM__IMAP_DATE_TIME_BYTES];

  switch (item->kind) {
  case MSIM__IMAP_FETCH_FLAGS:
    msim__buf_append_text(out, "FLAGS ");
    msim__imap_put_flags(session, session->box, mail, recent);
    return;
  case MSIM__IMAP_FETCH_UID:
    msim__buf_printf(out, "UID %lu", (unsigned long)mail->uid);
    return;
  case MSIM__IMAP_FETCH_INTERNALDATE:
    msim__imap_date_time_format(date, mail->added_unix_s, msim_agent_zone_minutes(session->agent));
    msim__buf_printf(out, "INTERNALDATE \"%s\"", date);
    return;
  case MSIM__IMAP_FETCH_SIZE:
    msim__buf_printf(out, "RFC822.SIZE %llu", (unsigned long long)msim__store_item_bytes(mail));
    return;
  case MSIM__IMAP_FETCH_MODSEQ:
    msim__buf_printf(out, "MODSEQ (%llu)", (unsigned long long)mail->modseq);
    return;
  case MSIM__IMAP_FETCH_ENVELOPE:
    msim__buf_append_text(out, "ENVELOPE ");
    msim__imap_put_envelope(out, msim__slice_part(session->parts.message, 0, session->parts.parts[0].header_bytes));
    return;
  case MSIM__IMAP_FETCH_BODY:
    msim__buf_append_text(out, "BODY ");
    msim__imap_put_structure(out, &session->parts, false);
    return;
  case MSIM__IMAP_FETCH_BODYSTRUCTURE:
    msim__buf_append_text(out, "BODYSTRUCTURE ");
    msim__imap_put_structure(out, &session->parts, true);
    return;
  case MSIM__IMAP_FETCH_SECTION:
  case MSIM__IMAP_FETCH_RFC822:
  case MSIM__IMAP_FETCH_RFC822_HEADER:
  case MSIM__IMAP_FETCH_RFC822_TEXT:
    put_section(session, item, mail->message);
    return;
  case MSIM__IMAP_FETCH_BINARY:
  case MSIM__IMAP_FETCH_BINARY_SIZE:
    put_binary(session, item, mail->message);
    return;
  }
}

/* \Seen is set first, so that FLAGS tell it. true: flags that nobody has asked for are to be told. */
static bool set_seen(struct msim__imap_session *session, size_t row)
{
  const struct msim__mailbox_item *mail = msim__imap_item_of(session, row);

  if (!session->fetching.fetch.sets_seen || session->read_only || (mail->flags & MSIM__FLAG_SEEN) != 0)
    return false;
  session->quiet = true;
  (void)msim__store_set_flags(session->box, msim__store_index_of(session->box, mail->uid),
                              mail->flags | MSIM__FLAG_SEEN);
  session->quiet = false;
  session->fetching.changed_flags = true;
  return (session->fetching.fetch.kinds & 1u << MSIM__IMAP_FETCH_FLAGS) == 0;
}

static void put_message(struct msim__imap_session *session, size_t row)
{
  static const unsigned light = 1u << MSIM__IMAP_FETCH_FLAGS | 1u << MSIM__IMAP_FETCH_UID |
                                1u << MSIM__IMAP_FETCH_INTERNALDATE | 1u << MSIM__IMAP_FETCH_SIZE |
                                1u << MSIM__IMAP_FETCH_MODSEQ;
  static const struct msim__imap_fetch_item flags = {.kind = MSIM__IMAP_FETCH_FLAGS},
                                            uid = {.kind = MSIM__IMAP_FETCH_UID},
                                            modseq = {.kind = MSIM__IMAP_FETCH_MODSEQ};
  const struct msim__imap_fetch *fetch = &session->fetching.fetch;
  bool more = set_seen(session, row), recent = session->rows[row].recent;
  const struct msim__mailbox_item *mail = msim__imap_item_of(session, row);
  size_t i;

  if ((fetch->kinds & ~light) != 0 && !msim__imap_read(session, mail)) {
    session->fetching.missed = true;
    return;
  }
  msim__buf_printf(&session->out, "* %zu FETCH (", row + 1);
  if (session->fetching.uid && (fetch->kinds & 1u << MSIM__IMAP_FETCH_UID) == 0) {
    put_item(session, &uid, mail, recent);
    msim__buf_append_byte(&session->out, ' ');
  }
  for (i = 0; i < fetch->count; i++) {
    if (i > 0)
      msim__buf_append_byte(&session->out, ' ');
    put_item(session, &fetch->items[i], mail, recent);
  }
  if (more) {
    msim__buf_append_byte(&session->out, ' ');
    put_item(session, &flags, mail, recent);
  }
  if ((fetch->kinds & 1u << MSIM__IMAP_FETCH_MODSEQ) == 0 &&
      (session->fetching.changed_since > 0 || (more && session->condstore))) {
    msim__buf_append_byte(&session->out, ' ');
    put_item(session, &modseq, mail, recent);
  }
  msim__buf_append_text(&session->out, ")\r\n");
  if (more || (fetch->kinds & 1u << MSIM__IMAP_FETCH_FLAGS) != 0)
    session->rows[row].dirty = false; /* they are told */
  msim__imap_flush(session, "imap.overview", mail->message->label);
}

static void finish(struct msim__imap_session *session, void *room)
{
  bool missed = session->fetching.missed, selecting = session->fetching.selecting;
  bool unknown_coding = session->fetching.unknown_coding;

  (void)room;
  msim__imap_fetching_release(session);
  if (selecting && missed)
    msim__imap_close(session);
  if (selecting && !missed)
    msim__imap_ok(session, session->read_only ? "READ-ONLY" : "READ-WRITE", "Selected");
  else if (unknown_coding)
    msim__imap_no(session, "UNKNOWN-CTE", "There is a part whose coding is not known here");
  else if (missed)
    msim__imap_no(session, "EXPUNGEISSUED", "Some of the messages are gone"); /* RFC 2180 4.1.2, RFC 5530 3 */
  else
    msim__imap_ok(session, NULL, "Fetched");
}

void msim__imap_fetching_go_on(struct msim__imap_session *session)
{
  struct msim__imap_fetching *f = &session->fetching;

  while (!session->choked && f->next < session->row_count) {
    size_t row = f->next++;
    const struct msim__mailbox_item *mail;

    if (!msim__imap_row_is_in(session, &f->set, row, f->uid))
      continue;
    mail = msim__imap_item_of(session, row);
    f->missed = f->missed || (mail == NULL && !f->uid);
    if (mail != NULL && mail->modseq > f->changed_since)
      put_message(session, row);
  }
  if (f->next < session->row_count || session->choked)
    return;
  f->is_on = false;
  if (f->changed_flags)
    msim__imap_wait_changes(session, finish, NULL, 0);
  else
    finish(session, NULL);
}
