/* imap_listing_extended.c: LIST with selection and return options (RFC 5258), of special uses (RFC 6154 2) and with
 * STATUS (RFC 5819). See imap_session.h. */
#include "agents/imap_cmd.h"
#include "proto/imap_mailbox.h"

#define PATTERNS_MAX 50u

struct pattern {
  uint8_t room[2 * MSIM__IMAP_MAILBOX_BYTES_MAX];
  struct msim_slice text;
};

struct listing {
  bool only_subscribed, only_special, recursive;   /* which */
  bool tell_subscribed, tell_special, tell_status; /* what */
  unsigned items;                                  /* of STATUS */
  struct pattern *patterns;
  size_t count;
};

/* Where the string or atom at `at` ends; it is not read, since strings can be read once. */
static size_t word_end(const struct msim__imap_cursor *c, size_t at)
{
  bool quoted = at < c->end && c->data[at] == '"';

  if (!quoted) {
    while (at < c->end && c->data[at] != ' ')
      at++;
    return at;
  }
  for (at++; at < c->end && c->data[at] != '"'; at++)
    if (c->data[at] == '\\')
      at++;
  return at < c->end ? at + 1 : c->end;
}

/* "(" before the reference or around patterns, or RETURN behind them. A literal in place of a name counts as extended:
 * it says the same there. */
bool msim__imap_list_is_extended(const struct msim__imap_session *session)
{
  const struct msim__imap_cursor *c = &session->cursor;
  size_t at = c->at;

  if (at == c->end || c->data[at] == '(' || c->data[at] == '{')
    return at < c->end;
  at = word_end(c, at);
  if (at + 1 >= c->end || c->data[at + 1] == '(' || c->data[at + 1] == '{')
    return at + 1 < c->end;
  return word_end(c, at + 1) < c->end;
}

/* "(SUBSCRIBED RECURSIVEMATCH)". RECURSIVEMATCH wants another one beside it (RFC 5258 3). */
static bool take_selection(struct msim__imap_session *session, struct listing *l)
{
  struct msim__imap_cursor *c = &session->cursor;
  struct msim_slice word;

  if (!msim__imap_take_byte(c, '('))
    return true;
  while (!msim__imap_take_byte(c, ')')) {
    (void)msim__imap_take_byte(c, ' ');
    if (!msim__imap_take_atom(c, &word))
      return false;
    if (msim__slice_is(word, "SUBSCRIBED"))
      l->only_subscribed = l->tell_subscribed = true;
    else if (msim__slice_is(word, "SPECIAL-USE") && msim__imap_offers(session, "SPECIAL-USE"))
      l->only_special = l->tell_special = true;
    else if (msim__slice_is(word, "RECURSIVEMATCH"))
      l->recursive = true;
    else if (!msim__slice_is(word, "REMOTE")) /* all that there is is here */
      return false;
  }
  return msim__imap_take_byte(c, ' ') && (!l->recursive || l->only_subscribed || l->only_special);
}

static bool take_return(struct msim__imap_session *session, struct listing *l)
{
  struct msim__imap_cursor *c = &session->cursor;
  struct msim_slice word;

  if (msim__imap_at_end(c))
    return true;
  if (!msim__imap_take_word(c, " RETURN ("))
    return false;
  while (!msim__imap_take_byte(c, ')')) {
    (void)msim__imap_take_byte(c, ' ');
    if (!msim__imap_take_atom(c, &word))
      return false;
    if (msim__slice_is(word, "SUBSCRIBED"))
      l->tell_subscribed = true;
    else if (msim__slice_is(word, "SPECIAL-USE") && msim__imap_offers(session, "SPECIAL-USE"))
      l->tell_special = true;
    else if (msim__slice_is(word, "STATUS") && msim__imap_offers(session, "LIST-STATUS"))
      l->tell_status = msim__imap_take_byte(c, ' ') && msim__imap_take_status(session, &l->items);
    else if (!msim__slice_is(word, "CHILDREN")) /* is told anyhow */
      return false;
    if (msim__slice_is(word, "STATUS") && !l->tell_status)
      return false;
  }
  return msim__imap_at_end(c);
}

static bool take_pattern(struct msim__imap_session *session, struct listing *l, struct msim_slice reference)
{
  struct msim_slice text;

  if (l->count == PATTERNS_MAX || !msim__imap_take_pattern(&session->cursor, &text))
    return false;
  if (text.size_bytes > 0 &&
      msim__imap_join_pattern(session, reference, text, l->patterns[l->count].room, &l->patterns[l->count].text))
    l->count++;
  return true;
}

static bool take_patterns(struct msim__imap_session *session, struct listing *l)
{
  struct msim__imap_cursor *c = &session->cursor;
  struct msim_slice reference;

  if (!msim__imap_take_astring(c, &reference) || !msim__imap_take_byte(c, ' '))
    return false;
  if (!msim__imap_take_byte(c, '('))
    return take_pattern(session, l, reference);
  do
    if (!take_pattern(session, l, reference))
      return false;
  while (msim__imap_take_byte(c, ' '));
  return msim__imap_take_byte(c, ')');
}

/* ---- choosing ---- */

static bool is_chosen(const struct msim__mailbox *box, const struct listing *l)
{
  if (l->only_special && ((box->marks & MSIM__MAILBOX_USES) == 0 || (box->marks & MSIM__MAILBOX_EXISTS) == 0))
    return false;
  return (box->marks & (l->only_subscribed ? MSIM__MAILBOX_SUBSCRIBED : MSIM__MAILBOX_EXISTS)) != 0;
}

static bool is_below(const struct msim__mailbox *box, struct msim_slice title)
{
  return box->title != NULL && box->title_bytes > title.size_bytes && box->title[title.size_bytes] == '/' &&
         memcmp(box->title, title.data, title.size_bytes) == 0;
}

/* RFC 5258 3.5: something below it is chosen. */
static bool has_chosen_below(const struct msim__imap_session *session, const struct listing *l, struct msim_slice title)
{
  const struct msim__mailbox *box;

  for (box = session->inbox->folder_next; box != NULL; box = box->folder_next)
    if (is_chosen(box, l) && is_below(box, title))
      return true;
  return false;
}

static bool matches(const struct listing *l, struct msim_slice title)
{
  size_t i;

  for (i = 0; i < l->count; i++)
    if (msim__imap_pattern_matches(l->patterns[i].text, title))
      return true;
  return false;
}

/* ---- telling ---- */

/* box NULL: there is nothing of that name but what is below it. */
static void put(struct msim__imap_session *session, const struct listing *l, const struct msim__mailbox *box,
                struct msim_slice title, bool below)
{
  unsigned marks = box != NULL ? box->marks : 0;
  struct msim__buf out;

  msim__buf_init(&out, &session->server->base.mem, 1000);
  if ((marks & MSIM__MAILBOX_EXISTS) == 0)
    msim__buf_append_text(&out, "\\NonExistent ");
  else if ((marks & MSIM__MAILBOX_NOSELECT) != 0)
    msim__buf_append_text(&out, "\\Noselect ");
  if (l->tell_subscribed && (marks & MSIM__MAILBOX_SUBSCRIBED) != 0)
    msim__buf_append_text(&out, "\\Subscribed ");
  msim__buf_append_text(&out, msim__folder_has_children(session->inbox, title) ? "\\HasChildren " : "\\HasNoChildren ");
  if (box != NULL && (l->tell_special || msim__imap_offers(session, "SPECIAL-USE")))
    msim__imap_put_uses(&out, box);
  out.size_bytes -= out.size_bytes > 0;
  msim__buf_append_text(&session->out, "* LIST (");
  msim__buf_append(&session->out, out.data, out.size_bytes);
  msim__buf_append_text(&session->out, ") \"/\" ");
  msim__imap_put_name(session, &session->out, title);
  if (below)
    msim__buf_printf(&session->out, " (\"CHILDINFO\" (\"%s\"))", l->only_subscribed ? "SUBSCRIBED" : "SPECIAL-USE");
  msim__buf_append_text(&session->out, "\r\n");
  if (out.err != 0)
    session->out.err = out.err;
  msim__buf_release(&out);
  if (l->tell_status && (marks & (MSIM__MAILBOX_EXISTS | MSIM__MAILBOX_NOSELECT)) == MSIM__MAILBOX_EXISTS)
    msim__imap_put_status(session, box, l->items);
}

/* Parents that nobody has made, each by the first chosen mailbox that is below it. */
static void put_missing_parents(struct msim__imap_session *session, const struct listing *l,
                                const struct msim__mailbox *box)
{
  struct msim_slice title = msim__imap_title_of(box);
  const struct msim__mailbox *other;
  size_t i;

  for (i = 1; i < title.size_bytes; i++) {
    struct msim_slice parent = msim__slice_part(title, 0, i);
    bool said = false;

    if (title.data[i] != MSIM__IMAP_SEPARATOR || !matches(l, parent) ||
        msim__folder_known(session->inbox, parent) != NULL)
      continue;
    for (other = session->inbox->folder_next; other != box && !said; other = other->folder_next)
      said = is_chosen(other, l) && is_below(other, parent);
    if (!said)
      put(session, l, NULL, parent, true);
  }
}

static void put_all(struct msim__imap_session *session, const struct listing *l)
{
  const struct msim__mailbox *box;

  for (box = session->inbox; box != NULL; box = box->folder_next) {
    struct msim_slice title = msim__imap_title_of(box);
    bool chosen = is_chosen(box, l), below;

    if (box->marks == 0)
      continue;
    below = l->recursive && has_chosen_below(session, l, title);
    if ((chosen || below) && matches(l, title) && msim__folder_known(session->inbox, title) == box)
      put(session, l, box, title, below);
    if (chosen && l->recursive)
      put_missing_parents(session, l, box);
  }
}

void msim__imap_list_extended(struct msim__imap_session *session)
{
  struct msim__mem *mem = &session->server->base.mem;
  struct listing l;

  memset(&l, 0, sizeof l);
  l.patterns = msim__alloc(mem, PATTERNS_MAX * sizeof *l.patterns);
  if (l.patterns == NULL) {
    msim__imap_failed(session, MSIM_ERR_NOMEM);
    return;
  }
  if (take_selection(session, &l) && take_patterns(session, &l) && take_return(session, &l)) {
    put_all(session, &l);
    msim__imap_ok(session, NULL, "Listed");
  } else {
    msim__imap_bad(session, "Options, a reference and patterns are needed");
  }
  msim__free(mem, l.patterns, PATTERNS_MAX * sizeof *l.patterns);
}
