/* imap_view.c: the mailbox as a session has told of it: numbers of messages stay what they are until the client hears
 * otherwise (RFC 3501 7.4.1, RFC 2180). See imap_session.h. */
#include "agents/imap_cmd.h"

#include <stdio.h>

static const char *const flag_names[MSIM__FLAG_COUNT] = {"\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft"};

size_t msim__imap_row_from(const struct msim__imap_session *session, uint32_t uid)
{
  size_t low = 0, high = session->row_count;

  while (low < high) { /* uids ascend */
    size_t middle = low + (high - low) / 2;

    if (session->rows[middle].uid < uid)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* The place of a uid; row_count when it was not told. */
static size_t row_of(const struct msim__imap_session *session, uint32_t uid)
{
  size_t row = msim__imap_row_from(session, uid);

  return row < session->row_count && session->rows[row].uid == uid ? row : session->row_count;
}

static const struct msim__spool *spool_of(const struct msim__imap_session *session)
{
  return &session->server->base.room->spool;
}

static void on_change(struct msim__mailbox_watch *watch, const struct msim__mailbox_item *item,
                      enum msim__mailbox_news news)
{
  struct msim__imap_session *session =
      (struct msim__imap_session *)(void *)((char *)watch - offsetof(struct msim__imap_session, watch));
  size_t row = news != MSIM__MAILBOX_ADDED ? row_of(session, item->uid) : session->row_count;

  if (row < session->row_count && news == MSIM__MAILBOX_GONE) {
    session->rows[row].gone = true;
    session->rows[row].change = (uint32_t)spool_of(session)->change_count;
    if (session->gone_since == 0 || item->modseq <= session->gone_since)
      session->gone_since = item->modseq - 1;
  } else if (row < session->row_count && !session->quiet)
    session->rows[row].dirty = true;
  session->news = true;
  if (session->line == MSIM__IMAP_LINE_IDLE)
    msim_timer_arm(&session->news_timer, 0);
}

/* Rows for what is new. Whoever is told first is told that it is recent. */
static int add_rows(struct msim__imap_session *session)
{
  struct msim__mailbox *box = session->box;
  uint32_t last = session->row_count > 0 ? session->rows[session->row_count - 1].uid : 0;
  size_t i = box->count, count;
  int err;

  while (i > 0 && box->items[i - 1].uid > last)
    i--;
  count = box->count - i;
  err = msim__grow(&session->server->base.mem, &session->rows, &session->row_capacity, session->row_count + count,
                   2 * MSIM__STORE_ITEMS_MAX, sizeof *session->rows);
  if (err != MSIM_OK)
    return err;
  for (; i < box->count; i++) {
    struct msim__imap_row row = {box->items[i].uid, 0, false, false, box->items[i].uid >= box->recent_uid};

    session->rows[session->row_count++] = row;
    if (!session->read_only && row.uid >= box->recent_uid)
      box->recent_uid = row.uid + 1;
  }
  return MSIM_OK;
}

int msim__imap_open(struct msim__imap_session *session, struct msim__mailbox *box, bool read_only)
{
  int err;

  session->box = box;
  session->uid_validity = box->uid_validity;
  session->read_only = read_only;
  session->row_count = 0;
  session->news = false;
  session->gone_since = 0;
  session->watch.tell = on_change;
  err = add_rows(session);
  if (err != MSIM_OK) {
    session->box = NULL;
    return err;
  }
  msim__store_watch(box, &session->watch);
  session->state = MSIM__IMAP_SELECTED;
  return MSIM_OK;
}

void msim__imap_close(struct msim__imap_session *session)
{
  struct msim__mem *mem = &session->server->base.mem;

  if (session->box != NULL)
    msim__store_unwatch(session->box, &session->watch);
  session->box = NULL;
  msim__free(mem, session->rows, session->row_capacity * sizeof *session->rows);
  session->rows = NULL;
  session->row_count = session->row_capacity = 0;
  msim__imap_set_release(&session->saved, mem);
  if (session->state == MSIM__IMAP_SELECTED)
    session->state = MSIM__IMAP_KNOWN;
}

struct msim__mailbox_item *msim__imap_item_of(const struct msim__imap_session *session, size_t row)
{
  size_t index;

  if (session->rows[row].gone)
    return NULL;
  index = msim__store_index_of(session->box, session->rows[row].uid);
  return index < session->box->count ? &session->box->items[index] : NULL;
}

size_t msim__imap_recent_count(const struct msim__imap_session *session)
{
  size_t i, count = 0;

  for (i = 0; i < session->row_count; i++)
    count += session->rows[i].recent;
  return count;
}

void msim__imap_tell_folder(struct msim__imap_session *session, const char *event, struct msim_slice name,
                            const struct msim_slice *to)
{
  const struct msim_slice titles[] = {name, to != NULL ? *to : name};
  static const char *const keys[] = {"mailbox", "to"};
  struct msim_value values[2];
  char names[2][2200];
  size_t i;

  for (i = 0; i < 2; i++) {
    (void)snprintf(names[i], sizeof names[i], "%s%c%.*s", session->inbox->name, MSIM__FOLDER_SEPARATOR,
                   (int)titles[i].size_bytes, (const char *)titles[i].data);
    values[i] = msim_value_text(keys[i], names[i]);
  }
  msim_agent_event(session->agent, event, values, to != NULL ? 2 : 1);
}

void msim__imap_expunge(struct msim__imap_session *session, uint32_t uid)
{
  size_t index = msim__store_index_of(session->box, uid);
  struct msim_value values[4];
  char name[2200];

  if (index == session->box->count)
    return;
  msim__folder_path(session->box, name, sizeof name);
  values[0] = msim_value_text("message", session->box->items[index].message->label);
  values[1] = msim_value_text("mailbox", name);
  values[2] = msim_value_int("uid", uid);
  values[3] = msim_value_text("reason", "expunged");
  msim_agent_event(session->agent, "store.remove", values, 4);
  (void)msim__store_remove(session->box, index);
}

/* ---- flags ---- */

void msim__imap_put_flags(struct msim__imap_session *session, const struct msim__mailbox *box,
                          const struct msim__mailbox_item *item, bool recent)
{
  const char *space = "";
  size_t i;

  msim__buf_append_byte(&session->out, '(');
  for (i = 0; i < MSIM__FLAG_COUNT + box->keyword_count; i++) {
    if ((item->flags >> i & 1) == 0)
      continue;
    msim__buf_printf(&session->out, "%s%s", space,
                     i < MSIM__FLAG_COUNT ? flag_names[i] : box->keywords[i - MSIM__FLAG_COUNT]);
    space = " ";
  }
  msim__buf_printf(&session->out, "%s)", !recent || session->rev2 ? "" : space[0] == '\0' ? "\\Recent" : " \\Recent");
}

void msim__imap_put_known_flags(struct msim__imap_session *session, const struct msim__mailbox *box, bool permanent)
{
  size_t i;

  msim__buf_append_byte(&session->out, '(');
  for (i = 0; i < MSIM__FLAG_COUNT + box->keyword_count; i++)
    msim__buf_printf(&session->out, "%s%s", i > 0 ? " " : "",
                     i < MSIM__FLAG_COUNT ? flag_names[i] : box->keywords[i - MSIM__FLAG_COUNT]);
  msim__buf_append_text(&session->out, permanent && box->keyword_count < MSIM__KEYWORDS_MAX ? " \\*)" : ")");
}

/* ---- news ---- */

/* Before the disk has it, a crash would bring it back. */
static bool is_gone_for_good(const struct msim__imap_session *session, size_t row)
{
  return session->rows[row].gone && (int32_t)((uint32_t)spool_of(session)->safe_count - session->rows[row].change) >= 0;
}

/* "* VANISHED 3:5,8" */
static void put_vanished(struct msim__imap_session *session)
{
  size_t i, from, count = 0;

  for (i = 0; i < session->row_count; i++) {
    if (!is_gone_for_good(session, i))
      continue;
    from = i;
    while (i + 1 < session->row_count && session->rows[i + 1].uid == session->rows[i].uid + 1 &&
           is_gone_for_good(session, i + 1))
      i++;
    msim__buf_printf(&session->out, "%s%lu", count++ == 0 ? "* VANISHED " : ",",
                     (unsigned long)session->rows[from].uid);
    if (i > from)
      msim__buf_printf(&session->out, ":%lu", (unsigned long)session->rows[i].uid);
  }
  if (count > 0)
    msim__buf_append_text(&session->out, "\r\n");
}

static void put_expunges(struct msim__imap_session *session)
{
  size_t i, to = 0;

  if (session->qresync)
    put_vanished(session);
  for (i = session->row_count; i > 0 && !session->qresync; i--) /* from behind: each number is the client's */
    if (is_gone_for_good(session, i - 1))
      msim__buf_printf(&session->out, "* %zu EXPUNGE\r\n", i);
  for (i = 0; i < session->row_count; i++)
    if (!is_gone_for_good(session, i))
      session->rows[to++] = session->rows[i];
  session->row_count = to;
}

static void put_dirty(struct msim__imap_session *session, size_t row, bool uid)
{
  const struct msim__mailbox_item *item = msim__imap_item_of(session, row);

  session->rows[row].dirty = false;
  if (item == NULL)
    return;
  msim__buf_printf(&session->out, "* %zu FETCH (", row + 1);
  if (uid || session->condstore || session->rev2)
    msim__buf_printf(&session->out, "UID %lu ", (unsigned long)item->uid);
  msim__buf_append_text(&session->out, "FLAGS ");
  msim__imap_put_flags(session, session->box, item, session->rows[row].recent);
  if (session->condstore)
    msim__buf_printf(&session->out, " MODSEQ (%llu)", (unsigned long long)item->modseq);
  msim__buf_append_text(&session->out, ")\r\n");
}

void msim__imap_put_news(struct msim__imap_session *session, bool expunges, bool uid)
{
  size_t i, before;
  bool waits = false;

  if (!session->news || session->box == NULL || session->box->uid_validity != session->uid_validity)
    return;
  if (expunges)
    put_expunges(session);
  before = session->row_count;
  if (add_rows(session) == MSIM_OK && session->row_count > before) {
    msim__buf_printf(&session->out, "* %zu EXISTS\r\n", session->row_count);
    if (!session->rev2)
      msim__buf_printf(&session->out, "* %zu RECENT\r\n", msim__imap_recent_count(session));
  }
  for (i = 0; i < session->row_count; i++) {
    if (session->rows[i].dirty)
      put_dirty(session, i, uid);
    waits = waits || session->rows[i].gone;
  }
  session->news = waits;
  if (!waits)
    session->gone_since = 0;
}

uint64_t msim__imap_modseq_told(const struct msim__imap_session *session)
{
  uint64_t modseq = msim__store_modseq(session->box);

  return session->gone_since != 0 && session->gone_since < modseq ? session->gone_since : modseq;
}

void msim__imap_put_modseq(struct msim__imap_session *session)
{
  if (session->qresync && session->box != NULL && msim__imap_modseq_told(session) < session->box->modseq_highest)
    msim__buf_printf(&session->out, "* OK [HIGHESTMODSEQ %llu] There is more to come\r\n",
                     (unsigned long long)msim__imap_modseq_told(session));
}

const char *msim__imap_expunged_code(struct msim__imap_session *session, char *room, size_t room_bytes)
{
  if (!session->qresync)
    return NULL;
  msim__imap_put_news(session, true, session->command.uid);
  (void)snprintf(room, room_bytes, "HIGHESTMODSEQ %llu", (unsigned long long)msim__imap_modseq_told(session));
  return room;
}
