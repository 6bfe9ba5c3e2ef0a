/* imap_search.c: the keys of SEARCH; see imap_search.h. */
#include "proto/imap_search.h"

#include "proto/ascii.h"

enum form { NONE, TEXT, DATE, FIELD, ATOM, NUMBER, KEY, KEYS, SET, MODSEQ };

static const struct {
  const char *name;
  enum form form;
} rows[] = {
#define ROW(name, kind, form) {name, form},
    MSIM__IMAP_SEARCH_MAP(ROW)
#undef ROW
};

struct parse {
  struct msim__imap_cursor *c;
  struct msim__imap_search *search;
  struct msim__mem *mem;
};

void msim__imap_search_release(struct msim__imap_search *search, struct msim__mem *mem)
{
  size_t i;

  for (i = 0; i < search->count; i++)
    msim__imap_set_release(&search->nodes[i].set, mem);
  msim__free(mem, search->nodes, search->capacity * sizeof *search->nodes);
  memset(search, 0, sizeof *search);
}

static int add(struct parse *p, enum msim__imap_search_kind kind, uint32_t *out)
{
  struct msim__imap_search *search = p->search;
  int err = msim__grow(p->mem, &search->nodes, &search->capacity, search->count + 1, MSIM__IMAP_SEARCH_NODES_MAX,
                       sizeof *search->nodes);

  if (err != MSIM_OK)
    return err;
  *out = (uint32_t)search->count++;
  memset(&search->nodes[*out], 0, sizeof search->nodes[*out]);
  search->nodes[*out].kind = kind;
  return MSIM_OK;
}

static int take_key(struct parse *p, unsigned depth, uint32_t *out);

/* A list of keys with a space between them, below a node. */
static int take_keys(struct parse *p, unsigned depth, uint32_t above, unsigned count_max)
{
  uint32_t key, last = 0;
  unsigned count = 0;
  int err;

  do {
    err = take_key(p, depth + 1, &key);
    if (err != MSIM_OK)
      return err;
    if (last == 0)
      p->search->nodes[above].child = key;
    else
      p->search->nodes[last].next = key;
    last = key;
  } while (++count < count_max && msim__imap_take_byte(p->c, ' '));
  return count_max == UINT32_MAX || count == count_max ? MSIM_OK : MSIM_ERR_SYNTAX;
}

/* RFC 7162 3.1.5: a name and a type of entry may stand before the number; all entries here are one. */
static bool take_modseq(struct msim__imap_cursor *c, uint64_t *out)
{
  struct msim_slice entry;

  if (msim__imap_take_string(c, &entry) &&
      !(msim__imap_take_word(c, " all ") || msim__imap_take_word(c, " priv ") || msim__imap_take_word(c, " shared ")))
    return false;
  return msim__imap_take_number64(c, out);
}

static int take_value(struct parse *p, enum form form, unsigned depth, uint32_t at)
{
  struct msim__imap_search_node node = p->search->nodes[at];
  bool fine = form == NONE || msim__imap_take_byte(p->c, ' ');
  int err = MSIM_OK;

  if (fine && (form == KEY || form == KEYS))
    return take_keys(p, depth, at, form == KEY ? 1 : 2);
  if (fine && form == SET) {
    err = msim__imap_take_set(p->c, &p->search->nodes[at].set, p->mem);
    return err;
  }
  if (fine && form == TEXT)
    fine = msim__imap_take_astring(p->c, &node.text);
  else if (fine && form == ATOM)
    fine = msim__imap_take_flag(p->c, &node.text) && node.text.data[0] != '\\';
  else if (fine && form == DATE)
    fine = msim__imap_take_date(p->c, &node.day_unix_s);
  else if (fine && form == FIELD)
    fine = msim__imap_take_astring(p->c, &node.field) && msim__imap_take_byte(p->c, ' ') &&
           msim__imap_take_astring(p->c, &node.text);
  else if (fine && form == NUMBER) {
    fine = msim__imap_take_number64(p->c, &node.number);
  } else if (fine && form == MODSEQ) {
    fine = take_modseq(p->c, &node.number);
    p->search->has_modseq = true;
  }
  p->search->nodes[at] = node;
  return fine ? MSIM_OK : MSIM_ERR_SYNTAX;
}

static int take_key(struct parse *p, unsigned depth, uint32_t *out)
{
  struct msim_slice word;
  size_t i;
  int err;

  if (depth > MSIM__IMAP_SEARCH_DEPTH_MAX)
    return MSIM_ERR_LIMIT;
  if (msim__imap_take_byte(p->c, '(')) {
    err = add(p, MSIM__IMAP_SEARCH_AND, out);
    if (err == MSIM_OK)
      err = take_keys(p, depth, *out, UINT32_MAX);
    return err == MSIM_OK && !msim__imap_take_byte(p->c, ')') ? MSIM_ERR_SYNTAX : err;
  }
  if (p->c->at < p->c->end &&
      (msim__ascii_is_digit(p->c->data[p->c->at]) || p->c->data[p->c->at] == '*' || p->c->data[p->c->at] == '$')) {
    err = add(p, MSIM__IMAP_SEARCH_NUMBERS, out);
    return err == MSIM_OK ? msim__imap_take_set(p->c, &p->search->nodes[*out].set, p->mem) : err;
  }
  if (!msim__imap_take_atom(p->c, &word))
    return MSIM_ERR_SYNTAX;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (msim__slice_is(word, rows[i].name)) {
      err = add(p, (enum msim__imap_search_kind)i, out);
      return err == MSIM_OK ? take_value(p, rows[i].form, depth, *out) : err;
    }
  return MSIM_ERR_SYNTAX;
}

int msim__imap_take_search(struct msim__imap_cursor *c, struct msim__imap_search *search, struct msim__mem *mem)
{
  struct parse p = {c, search, mem};
  uint32_t whole;
  int err = add(&p, MSIM__IMAP_SEARCH_AND, &whole);

  if (err == MSIM_OK)
    err = take_keys(&p, 0, whole, UINT32_MAX);
  return err == MSIM_OK && !msim__imap_at_end(c) ? MSIM_ERR_SYNTAX : err;
}
