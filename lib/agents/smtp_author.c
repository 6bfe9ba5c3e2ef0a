/* smtp_author.c: whether who has logged in may send as somebody (RFC 6409 6.1): by the envelope, and by the header
 * fields From and Sender. See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "proto/ascii.h"
#include "proto/header.h"
#include "proto/mailbox_list.h"

#include <stdio.h>

#define ROOM_BYTES 1000u /* what mailbox_list.h says is enough */

bool msim__smtp_may_send_as(const struct msim__smtp_incoming *session, const char *address)
{
  switch (session->listener->sender_check) {
  case MSIM__SMTP_SENDER_LOGIN:
    return session->account == NULL || msim__smtp_policy_owns(&session->server->policy, session->account, address);
  case MSIM__SMTP_SENDER_DOMAIN:
    return msim__smtp_policy_is_own_domain(&session->server->policy, address);
  case MSIM__SMTP_SENDER_ANY:
    break;
  }
  return true;
}

/* 1: all addresses of the field are the client's; 0: one is not; -1: there is no such field, or no address in it. */
static int judge_field(const struct msim__smtp_incoming *session, struct msim_slice message, const char *name)
{
  struct msim__header_field field;
  struct msim__mailbox_list list;
  struct msim__mailbox_list_item item;
  char address[MSIM__SMTP_PATH_BYTES_MAX + 1];
  uint8_t room[ROOM_BYTES];
  int found = -1;

  if (msim__header_find(message, name, 0, &field) != 1)
    return -1;
  memset(&list, 0, sizeof list);
  list.text = field.value;
  while (msim__mailbox_list_next(&list, &item, room, sizeof room) == 1) {
    if (item.kind != MSIM__MAILBOX_ADDRESS)
      continue;
    if (item.cut || item.local.size_bytes + 1 + item.domain.size_bytes >= sizeof address)
      return 0;
    (void)snprintf(address, sizeof address, "%.*s@%.*s", (int)item.local.size_bytes, (const char *)item.local.data,
                   (int)item.domain.size_bytes, (const char *)item.domain.data);
    if (!msim__smtp_may_send_as(session, address))
      return 0;
    found = 1;
  }
  return found;
}

bool msim__smtp_author_is_fine(const struct msim__smtp_incoming *session)
{
  struct msim_slice message = {(const uint8_t *)session->content.data, session->content.size_bytes};
  int sender;

  if (session->listener->sender_check == MSIM__SMTP_SENDER_ANY)
    return true;
  /* RFC 5322 3.6.2: who really sends a mail of somebody else, or of several, stands in Sender. */
  sender = judge_field(session, message, "Sender");
  return sender >= 0 ? sender == 1 : judge_field(session, message, "From") != 0;
}
