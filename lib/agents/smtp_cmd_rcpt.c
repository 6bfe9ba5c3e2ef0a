/* smtp_cmd_rcpt.c: for whom a message is (RFC 5321 4.1.1.3), with NOTIFY and ORCPT (3461). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

#include "proto/ascii.h"
#include "proto/xtext.h"

#include <stdio.h>

struct naming {
  struct msim__smtp_incoming *session;
  const struct msim__smtp_command *command;
  bool needs_relay; /* somebody is elsewhere, and nothing here passes mail on */
  bool found;       /* anybody at all */
};

static bool is_named_already(const struct msim__smtp_incoming *session, const char *address, size_t address_bytes)
{
  size_t i;

  for (i = 0; i < session->recipients.count; i++)
    if (session->recipients.items[i].address_bytes == address_bytes &&
        memcmp(session->recipients.items[i].address, address, address_bytes) == 0)
      return true;
  return false;
}

/* "rfc822;Bob@B.example" out of "rfc822;Bob+40B.example"; NULL: none, or out of memory with *err set. */
static char *decode_orcpt(struct msim__mem *mem, struct msim_slice orcpt, int *err)
{
  char text[MSIM__DSN_ORCPT_BYTES_MAX + 1];
  size_t at = 0, n = 0;
  char *copy;

  if (orcpt.size_bytes == 0 || orcpt.size_bytes > MSIM__DSN_ORCPT_BYTES_MAX)
    return NULL;
  while (orcpt.data[at] != ';')
    at++;
  at++;
  memcpy(text, orcpt.data, at);
  if (msim__xtext_decode(msim__slice_part(orcpt, at, orcpt.size_bytes), (uint8_t *)text + at, sizeof text - 1 - at,
                         &n) < 0) { /* "utf-8;" has another encoding */
    n = orcpt.size_bytes - at;
    memcpy(text + at, orcpt.data + at, n);
  }
  text[at + n] = '\0';
  copy = msim__copy_text(mem, text, strlen(text));
  if (copy == NULL)
    *err = MSIM_ERR_NOMEM;
  return copy;
}

/* One more recipient; one copy each, however often somebody is named. */
static int add(void *ctx, const char *address, struct msim__account *account)
{
  struct naming *naming = ctx;
  struct msim__smtp_incoming *session = naming->session;
  struct msim__smtp_recipients *all = &session->recipients;
  struct msim__mem *mem = &session->server->mem;
  struct msim__smtp_recipient made;
  int err;

  naming->found = true;
  if (account == NULL && session->server->room->queue.wake == NULL)
    naming->needs_relay = true;
  memset(&made, 0, sizeof made);
  made.address_bytes = strlen(address);
  if (is_named_already(session, address, made.address_bytes))
    return MSIM_OK;
  err = msim__grow(mem, &all->items, &all->capacity, all->count + 1, MSIM__MESSAGE_RECIPIENTS_MAX, sizeof made);
  if (err < 0)
    return err;
  made.account = account;
  made.notify = naming->command->notify;
  made.orcpt = decode_orcpt(mem, naming->command->orcpt, &err);
  made.address = msim__copy_text(mem, address, made.address_bytes);
  if (made.address == NULL || err < 0) {
    if (made.address != NULL)
      msim__free(mem, made.address, made.address_bytes + 1);
    if (made.orcpt != NULL)
      msim__free(mem, made.orcpt, strlen(made.orcpt) + 1);
    return MSIM_ERR_NOMEM;
  }
  all->items[all->count++] = made;
  return MSIM_OK;
}

static void undo(struct msim__smtp_incoming *session, size_t count)
{
  struct msim__smtp_recipients *all = &session->recipients;
  struct msim__mem *mem = &session->server->mem;

  while (all->count > count) {
    struct msim__smtp_recipient *last = &all->items[--all->count];

    msim__free(mem, last->address, last->address_bytes + 1);
    if (last->orcpt != NULL)
      msim__free(mem, last->orcpt, strlen(last->orcpt) + 1);
  }
}

static void taken(struct msim__smtp_incoming *session)
{
  session->state = MSIM__SMTP_IN_RCPT;
  msim__smtp_incoming_reply(session, 250, "2.1.5", "Recipient taken");
}

static bool is_full(const struct msim__smtp_incoming *session, const struct msim__account *account)
{
  return account->box->count >= MSIM__STORE_ITEMS_MAX ||
         (account->quota_bytes != 0 && (account->box->size_bytes >= account->quota_bytes ||
                                        session->declared_bytes > account->quota_bytes - account->box->size_bytes));
}

/* Somebody of this host, or elsewhere, or several. */
static void name(struct msim__smtp_incoming *session, const struct msim__smtp_command *command, const char *address,
                 struct msim__account *account, bool is_alias)
{
  struct naming naming = {session, command, false, false};
  size_t before = session->recipients.count;
  bool known = !is_alias && is_named_already(session, address, strlen(address));
  int err = MSIM_OK;

  if (!known && session->named_count >= session->server->recipients_max) {
    msim__smtp_incoming_reply(session, 452, "4.5.3", "Too many recipients"); /* RFC 5321 4.5.3.1.10 */
    return;
  }
  if (is_alias)
    err = msim__smtp_policy_expand(&session->server->policy, address, add, &naming);
  else
    err = add(&naming, address, account);
  if (err < 0 || naming.needs_relay) {
    undo(session, before);
    if (naming.needs_relay)
      msim__smtp_incoming_refuse(session, address, "no-relay", 550, "5.3.2", "Nothing here passes mail on");
    else if (err == MSIM_ERR_LIMIT)
      msim__smtp_incoming_refuse(session, address, "too-many", 452, "4.5.3", "These are too many recipients");
    else
      msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
    return;
  }
  if (!naming.found) {
    msim__smtp_incoming_refuse(session, address, "no-such-mailbox", 550, "5.1.1", "This leads to nobody");
    return;
  }
  session->named_count += !known;
  taken(session);
}

static void name_local(struct msim__smtp_incoming *session, const struct msim__smtp_command *command,
                       const char *address, struct msim__account *account)
{
  if (account == NULL)
    msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
  else if (is_full(session, account))
    msim__smtp_incoming_refuse(session, address, "mailbox-full", 452, "4.2.2", "The mailbox is full");
  else if (account->size_bytes_max != 0 && session->declared_bytes > account->size_bytes_max)
    msim__smtp_incoming_refuse(session, address, "too-large", 552, "5.2.3",
                               "The message is too large for this mailbox");
  else
    name(session, command, address, account, false);
}

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  struct msim__smtp_server *server = session->server;
  struct msim_addr client = msim_stream_remote(session->stream).addr;
  char address[MSIM__SMTP_PATH_BYTES_MAX + 1];
  struct msim__account *account;

  if (!msim__smtp_params_are_known(session, command))
    return;
  if (!msim__smtp_path_text(&command->path, address, sizeof address)) {
    msim__smtp_incoming_complain(session, 501, "5.1.3", "The address is too long");
    return;
  }
  if (session->label[0] == '\0')
    (void)snprintf(session->label, sizeof session->label, "%s", session->line_label);
  if (session->effect.discard) {
    session->named_count++;
    session->discarded = true;
    taken(session);
    return;
  }
  switch (msim__smtp_policy_place(&server->policy, &command->path.address, &account)) {
  case MSIM__SMTP_PLACE_LOCAL:
    name_local(session, command, address, account);
    return;
  case MSIM__SMTP_PLACE_ALIAS:
    name(session, command, address, NULL, true);
    return;
  case MSIM__SMTP_PLACE_NO_USER:
    msim__smtp_incoming_refuse(session, address, "no-such-mailbox", 550, "5.1.1", "There is no such mailbox here");
    return;
  case MSIM__SMTP_PLACE_FOREIGN:
    break;
  }
  if (session->account != NULL || msim__smtp_policy_may_relay(&server->policy, session->reverse_path, &client))
    name(session, command, address, NULL, false);
  else
    msim__smtp_incoming_refuse(session, address, "not-a-customer", 550, "5.7.1", "Only customers' mail is passed on");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_rcpt;
const struct msim__smtp_cmd msim__smtp_cmd_rcpt = {
    .name = "RCPT",
    .allowed = MSIM__SMTP_ALLOW(MAIL) | MSIM__SMTP_ALLOW(RCPT),
    .needs_login = true,
    .about_message = true,
    .run = run,
};
