/* imap_command.c: tag and verb; see imap_command.h. */
#include "proto/imap_command.h"

#include "proto/ascii.h"

static bool take_tag(struct msim__imap_cursor *c, struct msim_slice *tag)
{
  size_t at = c->at;

  while (at < c->end && c->data[at] != '+' && (msim__imap_is_atom_char(c->data[at]) || c->data[at] == ']'))
    at++;
  if (at == c->at || at == c->end || c->data[at] != ' ')
    return false;
  tag->data = c->data + c->at;
  tag->size_bytes = at - c->at;
  c->at = at + 1;
  return true;
}

int msim__imap_command_parse(struct msim__imap_command *out, struct msim__imap_cursor *c)
{
  memset(out, 0, sizeof *out);
  if (!take_tag(c, &out->tag) || !msim__imap_take_atom(c, &out->verb))
    return MSIM_ERR_SYNTAX;
  if (!msim__slice_is(out->verb, "UID"))
    return MSIM_OK;
  out->uid = true;
  return msim__imap_take_byte(c, ' ') && msim__imap_take_atom(c, &out->verb) ? MSIM_OK : MSIM_ERR_SYNTAX;
}
