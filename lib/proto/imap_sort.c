/* imap_sort.c: the criteria of SORT; see imap_sort.h. */
#include "proto/imap_sort.h"

#include "proto/ascii.h"

static bool take_key(struct msim__imap_cursor *c, enum msim__imap_sort_key *out)
{
  static const char *const names[] = {"ARRIVAL", "CC", "DATE",        "FROM",     "SIZE",
                                      "SUBJECT", "TO", "DISPLAYFROM", "DISPLAYTO"};
  struct msim_slice word;
  unsigned i;

  if (!msim__imap_take_atom(c, &word))
    return false;
  for (i = 0; i < sizeof names / sizeof names[0]; i++)
    if (msim__slice_is(word, names[i])) {
      *out = (enum msim__imap_sort_key)i;
      return true;
    }
  return false;
}

int msim__imap_take_sort(struct msim__imap_cursor *c, struct msim__imap_sort *out)
{
  struct msim__imap_cursor at = *c;

  memset(out, 0, sizeof *out);
  if (!msim__imap_take_byte(&at, '('))
    return MSIM_ERR_SYNTAX;
  do {
    if (out->count == MSIM__IMAP_SORT_KEYS_MAX)
      return MSIM_ERR_LIMIT;
    out->keys[out->count].reverse = msim__imap_take_word(&at, "REVERSE ");
    if (!take_key(&at, &out->keys[out->count].key))
      return MSIM_ERR_SYNTAX;
    out->kinds |= 1u << out->keys[out->count].key;
    out->count++;
  } while (msim__imap_take_byte(&at, ' '));
  if (!msim__imap_take_byte(&at, ')'))
    return MSIM_ERR_SYNTAX;
  *c = at;
  return MSIM_OK;
}
