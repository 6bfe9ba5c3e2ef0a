/* imap_searching.c: which messages are like that; see imap_searching.h. */
#include "agents/imap_searching.h"

#define MIN MSIM__IMAP_RETURN_MIN
#define MAX MSIM__IMAP_RETURN_MAX
#define ALL MSIM__IMAP_RETURN_ALL
#define COUNT MSIM__IMAP_RETURN_COUNT
#define SAVE MSIM__IMAP_RETURN_SAVE

void msim__imap_searching_release(struct msim__imap_session *session, struct msim__imap_searching *s)
{
  struct msim__mem *mem = &session->server->base.mem;

  msim__imap_search_release(&s->keys, mem);
  msim__free(mem, s->rows, s->capacity * sizeof *s->rows);
  memset(s, 0, sizeof *s);
}

bool msim__imap_take_returns(struct msim__imap_session *session, struct msim__imap_searching *s, const char *capability)
{
  static const char *const names[] = {"MIN", "MAX", "ALL", "COUNT", "SAVE"};
  struct msim__imap_cursor *c = &session->cursor;
  struct msim_slice word;
  unsigned i;

  if (!msim__imap_take_word(c, "RETURN ("))
    return true;
  s->extended = true;
  s->wanted = 0;
  while (!msim__imap_take_byte(c, ')')) {
    if (s->wanted != 0 && !msim__imap_take_byte(c, ' '))
      return false;
    if (!msim__imap_take_atom(c, &word))
      return false;
    for (i = 0; i < 5 && !msim__slice_is(word, names[i]); i++)
      ;
    if (i == 5 || (i == 4 && !msim__imap_offers(session, "SEARCHRES")))
      return false;
    s->wanted |= 1u << i;
  }
  if (s->wanted == 0)
    s->wanted = ALL; /* RFC 4731 3.1 */
  return msim__imap_offers(session, capability) && msim__imap_take_byte(c, ' ');
}

int msim__imap_take_charset(struct msim__imap_session *session)
{
  struct msim_slice name;

  if (!msim__imap_take_astring(&session->cursor, &name) || !msim__imap_take_byte(&session->cursor, ' '))
    return MSIM_ERR_SYNTAX;
  return msim__slice_is(name, "UTF-8") || msim__slice_is(name, "US-ASCII");
}

uint32_t msim__imap_number_of(const struct msim__imap_session *session, uint32_t row)
{
  return session->command.uid ? session->rows[row].uid : row + 1;
}

/* ---- looking ---- */

static const struct msim__imap_parts *read_parts(void *ctx)
{
  struct msim__imap_session *session = ctx;
  const struct msim__mailbox_item *item = session->search_item;

  return msim__imap_read(session, item) ? &session->parts : NULL;
}

static void resolve(struct msim__imap_session *session, struct msim__imap_search *keys)
{
  uint32_t last_uid = session->row_count > 0 ? session->rows[session->row_count - 1].uid : 0;
  size_t i;

  for (i = 0; i < keys->count; i++) {
    session->numbers_meant =
        session->numbers_meant || (keys->nodes[i].kind == MSIM__IMAP_SEARCH_NUMBERS && !keys->nodes[i].set.is_saved);
    msim__imap_set_resolve(&keys->nodes[i].set,
                           keys->nodes[i].kind == MSIM__IMAP_SEARCH_UID ? last_uid : (uint32_t)session->row_count);
  }
}

static int look(struct msim__imap_session *session, struct msim__imap_searching *s)
{
  struct msim__mem *mem = &session->server->base.mem;
  struct msim__imap_match match;
  uint32_t i;

  memset(&match, 0, sizeof match);
  match.box = session->box;
  match.zone_minutes = msim_agent_zone_minutes(session->agent);
  match.saved = &session->saved;
  match.parts = read_parts;
  match.ctx = session;
  match.mem = mem;
  for (i = 0; i < session->row_count; i++) {
    int err;

    match.item = session->search_item = msim__imap_item_of(session, i);
    match.number = i + 1;
    match.recent = session->rows[i].recent;
    if (match.item == NULL || !msim__imap_matches(&match, &s->keys))
      continue;
    err = msim__grow(mem, &s->rows, &s->capacity, s->count + 1, 2 * MSIM__STORE_ITEMS_MAX, sizeof *s->rows);
    if (err != MSIM_OK)
      return err;
    s->rows[s->count++] = i;
  }
  return match.err;
}

bool msim__imap_find(struct msim__imap_session *session, struct msim__imap_searching *s)
{
  int err = msim__imap_take_search(&session->cursor, &s->keys, &session->server->base.mem);

  if (err == MSIM_OK && s->keys.has_modseq && !msim__imap_offers(session, "CONDSTORE"))
    err = MSIM_ERR_SYNTAX;
  if (err == MSIM_OK) {
    session->condstore = session->condstore || s->keys.has_modseq;
    resolve(session, &s->keys);
    err = look(session, s);
  }
  if (err == MSIM_OK)
    return true;
  if ((s->wanted & SAVE) != 0)
    msim__imap_save_found(session, s, false);
  msim__imap_failed(session, err);
  return false;
}

/* ---- telling ---- */

static uint64_t modseq_of(const struct msim__imap_session *session, uint32_t row)
{
  const struct msim__mailbox_item *item = msim__imap_item_of(session, row);

  return item != NULL ? item->modseq : 0;
}

/* The highest of what is told (RFC 7162 3.1.10). */
static uint64_t told_modseq(const struct msim__imap_session *session, const struct msim__imap_searching *s)
{
  bool all = !s->extended || (s->wanted & (ALL | COUNT)) != 0;
  uint64_t highest = 0;
  size_t i;

  for (i = 0; i < s->count; i++)
    if ((all || (i == 0 && (s->wanted & MIN) != 0) || (i + 1 == s->count && (s->wanted & MAX) != 0)) &&
        modseq_of(session, s->rows[i]) > highest)
      highest = modseq_of(session, s->rows[i]);
  return highest;
}

void msim__imap_put_found_modseq(struct msim__imap_session *session, const struct msim__imap_searching *s)
{
  if (s->keys.has_modseq && s->count > 0)
    msim__buf_printf(&session->out, " (MODSEQ %llu)", (unsigned long long)told_modseq(session, s));
}

/* "1:3,7,5" in the order in which they stand. */
static void put_numbers(struct msim__imap_session *session, const struct msim__imap_searching *s)
{
  size_t i;

  for (i = 0; i < s->count; i++) {
    uint32_t first = msim__imap_number_of(session, s->rows[i]), last = first;

    msim__buf_printf(&session->out, "%s%lu", i > 0 ? "," : "", (unsigned long)first);
    while (i + 1 < s->count && msim__imap_number_of(session, s->rows[i + 1]) == last + 1) {
      last++;
      i++;
    }
    if (last > first)
      msim__buf_printf(&session->out, ":%lu", (unsigned long)last);
  }
}

/* RFC 4731 3.1: what there is none of is not told, but COUNT. */
void msim__imap_put_esearch(struct msim__imap_session *session, const struct msim__imap_searching *s)
{
  struct msim__buf *out = &session->out;
  bool any = s->count > 0;

  if (s->wanted == SAVE)
    return;
  msim__buf_append_text(out, "* ESEARCH (TAG ");
  msim__imap_put_string(out, session->command.tag);
  msim__buf_append_text(out, session->command.uid ? ") UID" : ")");
  if (any && (s->wanted & MIN) != 0)
    msim__buf_printf(out, " MIN %lu", (unsigned long)msim__imap_number_of(session, s->rows[0]));
  if (any && (s->wanted & MAX) != 0)
    msim__buf_printf(out, " MAX %lu", (unsigned long)msim__imap_number_of(session, s->rows[s->count - 1]));
  if (any && (s->wanted & ALL) != 0) {
    msim__buf_append_text(out, " ALL ");
    put_numbers(session, s);
  }
  if ((s->wanted & COUNT) != 0)
    msim__buf_printf(out, " COUNT %zu", s->count);
  if (s->keys.has_modseq && any)
    msim__buf_printf(out, " MODSEQ %llu", (unsigned long long)told_modseq(session, s));
  msim__buf_append_text(out, "\r\n");
}

/* RFC 5182 2.1: with MIN or MAX alone only these are kept. */
void msim__imap_save_found(struct msim__imap_session *session, const struct msim__imap_searching *s, bool ok)
{
  struct msim__mem *mem = &session->server->base.mem;
  bool all = (s->wanted & (MIN | MAX)) == 0 || (s->wanted & (ALL | COUNT)) != 0;
  size_t i;
  int err = MSIM_OK;

  msim__imap_set_release(&session->saved, mem);
  for (i = 0; ok && i < s->count && err == MSIM_OK; i++)
    if (all || (i == 0 && (s->wanted & MIN) != 0) || (i + 1 == s->count && (s->wanted & MAX) != 0))
      err = msim__imap_set_append(&session->saved, mem, session->rows[s->rows[i]].uid);
  msim__imap_set_resolve(&session->saved, 0); /* SORT has another order */
  if (err != MSIM_OK)
    msim__imap_set_release(&session->saved, mem);
}
