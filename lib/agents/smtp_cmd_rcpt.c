/* smtp_cmd_rcpt.c: for whom a message is (RFC 5321 4.1.1.3). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

#include <stdio.h>
#include <string.h>

static bool is_named_already(const struct msim__smtp_incoming *session, const char *address, size_t address_bytes)
{
  size_t i;

  for (i = 0; i < session->recipient_count; i++)
    if (session->recipients[i].address_bytes == address_bytes &&
        memcmp(session->recipients[i].address, address, address_bytes) == 0)
      return true;
  return false;
}

static void take_recipient(struct msim__smtp_incoming *session, const char *address, struct msim__mailbox *box)
{
  struct msim__mem *mem = &session->server->mem;
  size_t n = strlen(address);
  char *copy;

  if (!is_named_already(session, address, n)) { /* one copy each, however often somebody is named */
    if (session->recipient_count >= session->server->recipients_max) {
      msim__smtp_incoming_reply(session, 452, "4.5.3", "Too many recipients"); /* RFC 5321 4.5.3.1.10 */
      return;
    }
    copy = msim__copy_text(mem, address, n);
    if (copy == NULL ||
        msim__grow(mem, &session->recipients, &session->recipient_capacity, session->recipient_count + 1,
                   MSIM__MESSAGE_RECIPIENTS_MAX, sizeof *session->recipients) < 0) {
      msim__free(mem, copy, n + 1);
      msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
      return;
    }
    session->recipients[session->recipient_count].address = copy;
    session->recipients[session->recipient_count].address_bytes = n;
    session->recipients[session->recipient_count++].box = box;
  }
  session->state = MSIM__SMTP_IN_RCPT;
  msim__smtp_incoming_reply(session, 250, "2.1.5", "Recipient taken");
}

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  struct msim__smtp_server *server = session->server;
  char address[MSIM__SMTP_PATH_BYTES_MAX + 1];
  struct msim__mailbox *box;

  if (!msim__smtp_params_are_known(session, command))
    return;
  if (!msim__smtp_path_text(&command->path, address, sizeof address)) {
    msim__smtp_incoming_complain(session, 501, "5.1.3", "The address is too long");
    return;
  }
  if (session->label[0] == '\0')
    (void)snprintf(session->label, sizeof session->label, "%s", session->line_label);
  switch (msim__smtp_policy_place(&server->policy, &command->path.address, &box)) {
  case MSIM__SMTP_PLACE_LOCAL:
    if (box == NULL)
      msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
    else if (box->count >= MSIM__STORE_ITEMS_MAX)
      msim__smtp_incoming_refuse(session, address, "mailbox-full", 452, "4.2.2", "The mailbox is full");
    else
      take_recipient(session, address, box);
    return;
  case MSIM__SMTP_PLACE_NO_USER:
    msim__smtp_incoming_refuse(session, address, "no-such-mailbox", 550, "5.1.1", "There is no such mailbox here");
    return;
  case MSIM__SMTP_PLACE_FOREIGN:
    break;
  }
  if (!msim__smtp_policy_may_relay(&server->policy, session->reverse_path))
    msim__smtp_incoming_refuse(session, address, "not-a-customer", 550, "5.7.1", "Only customers' mail is passed on");
  else if (server->room->queue.wake == NULL)
    msim__smtp_incoming_refuse(session, address, "no-relay", 550, "5.3.2", "Nothing here passes mail on");
  else
    take_recipient(session, address, NULL);
}

extern const struct msim__smtp_cmd msim__smtp_cmd_rcpt;
const struct msim__smtp_cmd msim__smtp_cmd_rcpt = {
    .name = "RCPT",
    .allowed = MSIM__SMTP_ALLOW(MAIL) | MSIM__SMTP_ALLOW(RCPT),
    .run = run,
};
