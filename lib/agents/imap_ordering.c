/* imap_ordering.c: headers of the messages that were found; see imap_ordering.h. */
#include "agents/imap_ordering.h"

static int read_headers(struct msim__imap_session *session, const struct msim__imap_searching *s,
                        struct msim__imap_order *order)
{
  struct msim__buf header;
  size_t i;
  int err = MSIM_OK;

  msim__buf_init(&header, &session->server->base.mem, SIZE_MAX / 2);
  for (i = 0; i < s->count && err == MSIM_OK; i++) {
    const struct msim__mailbox_item *item = msim__imap_item_of(session, s->rows[i]);
    struct msim__imap_order_mail mail;

    memset(&mail, 0, sizeof mail);
    mail.number = msim__imap_number_of(session, s->rows[i]);
    mail.arrival_unix_s = item->added_unix_s;
    mail.size_bytes = msim__store_item_bytes(item);
    msim__buf_clear(&header);
    err = msim__message_header_to_plain(&header, item->message);
    if (err == MSIM_OK)
      err = msim__imap_order_add(order, &mail,
                                 (struct msim_slice){(const uint8_t *)msim__buf_text(&header), header.size_bytes});
  }
  msim__buf_release(&header);
  return err;
}

bool msim__imap_find_ordering(struct msim__imap_session *session, struct msim__imap_searching *s,
                              struct msim__imap_order *order)
{
  int charset = msim__imap_take_byte(&session->cursor, ' ') ? msim__imap_take_charset(session) : MSIM_ERR_SYNTAX, err;

  if (charset < 0)
    msim__imap_failed(session, charset);
  else if (charset == 0)
    msim__imap_no(session, "BADCHARSET (US-ASCII UTF-8)", "Only these are known");
  if (charset != 1 || !msim__imap_find(session, s))
    return false;
  err = read_headers(session, s, order);
  if (err != MSIM_OK)
    msim__imap_failed(session, err);
  return err == MSIM_OK;
}
