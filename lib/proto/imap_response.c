/* imap_response.c: what a client reads in responses of IMAP; see imap_response.h. */
#include "proto/imap_response.h"

#define DEPTH_MAX 100u

bool msim__imap_skip_value(struct msim__imap_cursor *c)
{
  unsigned depth = 0;
  struct msim_slice word;

  do {
    if (msim__imap_take_byte(c, '(')) {
      if (++depth > DEPTH_MAX)
        return false;
    } else if (depth > 0 && msim__imap_take_byte(c, ')')) {
      depth--;
    } else if (!(depth > 0 && msim__imap_take_byte(c, ' ')) && !msim__imap_take_string(c, &word) &&
               !msim__imap_take_flag(c, &word)) {
      return false;
    }
  } while (depth > 0);
  return true;
}

bool msim__imap_take_item_name(struct msim__imap_cursor *c, struct msim_slice *out)
{
  size_t from = c->at;
  bool inside = false;

  while (c->at < c->end && (inside || c->data[c->at] != ' ')) {
    if (c->data[c->at] == '[' || c->data[c->at] == ']')
      inside = c->data[c->at] == '[';
    c->at++;
  }
  out->data = c->data + from;
  out->size_bytes = c->at - from;
  return out->size_bytes > 0 && msim__imap_take_byte(c, ' ');
}
