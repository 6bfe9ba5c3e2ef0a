/* imap_cmd_search.c: which messages are like that (RFC 3501 6.4.4, RFC 4731, RFC 5182). See imap_cmd.h. */
#include "agents/imap_cmd.h"

enum { MIN = 1, MAX = 2, ALL = 4, COUNT = 8, SAVE = 16 };

struct searching {
  struct msim__imap_search keys;
  bool extended;
  unsigned wanted;
  struct msim__imap_set found; /* numbers or UIDs */
  struct msim__imap_set uids;
  uint32_t first, last, first_uid, last_uid;
  uint64_t count, modseq, first_modseq, last_modseq;
};

/* "RETURN (MIN COUNT) " */
static bool take_options(struct msim__imap_session *session, struct searching *s)
{
  static const char *const names[] = {"MIN", "MAX", "ALL", "COUNT", "SAVE"};
  struct msim__imap_cursor *c = &session->cursor;
  struct msim_slice word;
  unsigned i;

  if (!msim__imap_take_word(c, "RETURN (")) {
    s->extended = session->rev2; /* RFC 9051 6.4.4 */
    s->wanted = session->rev2 ? ALL : 0;
    return true;
  }
  s->extended = true;
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
  return msim__imap_offers(session, "ESEARCH") && msim__imap_take_byte(c, ' ');
}

/* 1: fine, 0: a character set that is not known, negative: syntax */
static int take_charset(struct msim__imap_cursor *c)
{
  struct msim_slice name;

  if (!msim__imap_take_word(c, "CHARSET "))
    return 1;
  if (!msim__imap_take_astring(c, &name) || !msim__imap_take_byte(c, ' '))
    return MSIM_ERR_SYNTAX;
  return msim__slice_is(name, "UTF-8") || msim__slice_is(name, "US-ASCII");
}

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

  for (i = 0; i < keys->count; i++)
    msim__imap_set_resolve(&keys->nodes[i].set,
                           keys->nodes[i].kind == MSIM__IMAP_SEARCH_UID ? last_uid : (uint32_t)session->row_count);
}

static int look(struct msim__imap_session *session, struct searching *s)
{
  struct msim__mem *mem = &session->server->base.mem;
  struct msim__imap_match match;
  size_t i;

  memset(&match, 0, sizeof match);
  match.box = session->box;
  match.zone_minutes = msim_agent_zone_minutes(session->agent);
  match.saved = &session->saved;
  match.parts = read_parts;
  match.ctx = session;
  match.mem = mem;
  for (i = 0; i < session->row_count; i++) {
    uint32_t number;
    int err;

    match.item = session->search_item = msim__imap_item_of(session, i);
    match.number = (uint32_t)(i + 1);
    match.recent = session->rows[i].recent;
    if (match.item == NULL || !msim__imap_matches(&match, &s->keys))
      continue;
    number = session->command.uid ? match.item->uid : match.number;
    err = msim__imap_set_append(&s->found, mem, number);
    if (err == MSIM_OK)
      err = msim__imap_set_append(&s->uids, mem, match.item->uid);
    if (err != MSIM_OK)
      return err;
    s->first = s->count == 0 ? number : s->first;
    s->first_uid = s->count == 0 ? match.item->uid : s->first_uid;
    s->first_modseq = s->count == 0 ? match.item->modseq : s->first_modseq;
    s->last_modseq = match.item->modseq;
    s->last = number;
    s->last_uid = match.item->uid;
    s->count++;
    if (match.item->modseq > s->modseq)
      s->modseq = match.item->modseq;
  }
  return match.err;
}

static void put_plain_result(struct msim__imap_session *session, const struct searching *s)
{
  size_t i;
  uint32_t n;

  msim__buf_append_text(&session->out, "* SEARCH");
  for (i = 0; i < s->found.count; i++)
    for (n = s->found.ranges[i].first; n != 0 && n <= s->found.ranges[i].last; n++)
      msim__buf_printf(&session->out, " %lu", (unsigned long)n);
  if (s->keys.has_modseq && s->count > 0)
    msim__buf_printf(&session->out, " (MODSEQ %llu)", (unsigned long long)s->modseq);
  msim__buf_append_text(&session->out, "\r\n");
}

/* The highest of what is told (RFC 7162 3.1.10). */
static uint64_t told_modseq(const struct searching *s)
{
  uint64_t first = (s->wanted & MIN) != 0 ? s->first_modseq : 0, last = (s->wanted & MAX) != 0 ? s->last_modseq : 0;

  if ((s->wanted & (ALL | COUNT)) != 0)
    return s->modseq;
  return first > last ? first : last;
}

/* RFC 4731 3.1: what there is none of is not told, but COUNT. */
static void put_result(struct msim__imap_session *session, const struct searching *s)
{
  struct msim__buf *out = &session->out;

  msim__buf_append_text(out, "* ESEARCH (TAG ");
  msim__imap_put_string(out, session->command.tag);
  msim__buf_append_text(out, session->command.uid ? ") UID" : ")");
  if ((s->wanted & MIN) != 0 && s->count > 0)
    msim__buf_printf(out, " MIN %lu", (unsigned long)s->first);
  if ((s->wanted & MAX) != 0 && s->count > 0)
    msim__buf_printf(out, " MAX %lu", (unsigned long)s->last);
  if ((s->wanted & ALL) != 0 && s->count > 0) {
    msim__buf_append_text(out, " ALL ");
    msim__imap_put_set(out, &s->found);
  }
  if ((s->wanted & COUNT) != 0)
    msim__buf_printf(out, " COUNT %llu", (unsigned long long)s->count);
  if (s->keys.has_modseq && s->count > 0)
    msim__buf_printf(out, " MODSEQ %llu", (unsigned long long)told_modseq(s));
  msim__buf_append_text(out, "\r\n");
}

/* RFC 5182 2.1: with MIN or MAX alone only these are kept. */
static void save(struct msim__imap_session *session, struct searching *s)
{
  struct msim__mem *mem = &session->server->base.mem;

  msim__imap_set_release(&session->saved, mem);
  if ((s->wanted & (MIN | MAX)) == 0 || (s->wanted & (ALL | COUNT)) != 0) {
    session->saved = s->uids;
    memset(&s->uids, 0, sizeof s->uids);
    return;
  }
  if (s->count > 0 && (s->wanted & MIN) != 0)
    (void)msim__imap_set_append(&session->saved, mem, s->first_uid);
  if (s->count > 0 && (s->wanted & MAX) != 0 && !msim__imap_set_has(&session->saved, s->last_uid))
    (void)msim__imap_set_append(&session->saved, mem, s->last_uid);
}

static void search(struct msim__imap_session *session, struct searching *s)
{
  int charset, err;

  if (!take_options(session, s)) {
    msim__imap_bad(session, "There is no such option");
    return;
  }
  charset = take_charset(&session->cursor);
  if (charset == 0) {
    msim__imap_no(session, "BADCHARSET (US-ASCII UTF-8)", "Only these are known");
    return;
  }
  err = charset < 0 ? charset : msim__imap_take_search(&session->cursor, &s->keys, &session->server->base.mem);
  if (err == MSIM_OK && s->keys.has_modseq && !msim__imap_offers(session, "CONDSTORE"))
    err = MSIM_ERR_SYNTAX;
  if (err == MSIM_OK) {
    session->condstore = session->condstore || s->keys.has_modseq;
    resolve(session, &s->keys);
    err = look(session, s);
  }
  if (err != MSIM_OK) {
    if ((s->wanted & SAVE) != 0) /* RFC 5182 2.1: "$" is empty then */
      msim__imap_set_release(&session->saved, &session->server->base.mem);
    msim__imap_failed(session, err);
    return;
  }
  if (!s->extended)
    put_plain_result(session, s);
  else if (s->wanted != SAVE)
    put_result(session, s);
  if ((s->wanted & SAVE) != 0)
    save(session, s);
  msim__imap_ok(session, NULL, "Searched");
}

static void run(struct msim__imap_session *session)
{
  struct msim__mem *mem = &session->server->base.mem;
  struct searching s;

  memset(&s, 0, sizeof s);
  search(session, &s);
  msim__imap_search_release(&s.keys, mem);
  msim__imap_set_release(&s.found, mem);
  msim__imap_set_release(&s.uids, mem);
}

extern const struct msim__imap_cmd msim__imap_cmd_search;
const struct msim__imap_cmd msim__imap_cmd_search = {
    .name = "SEARCH",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .uid = MSIM__IMAP_UID_TOO,
    .keeps_numbers = true,
    .has_arguments = true,
    .run = run,
};
