/* mailbox_live.c: what a program changes in the mailboxes of a host while it runs; see <mailsim/mailbox.h>. What is
 * done here is told like what a reader does, and readers are told of it. Does not read messages (mailbox_read.c). */
#include <mailsim/mailbox.h>

#include "agents/agents.h"
#include "agents/mailbox_server.h"
#include "agents/smtp_stream.h"
#include "mail/folders.h"
#include "proto/address.h"
#include "proto/ascii.h"

#include <string.h>

#define FOLDER_PATH_BYTES 2200u

/* The agent in whose name it is told: the first that has to do with mailboxes. NULL: the host has none, or is down. */
static struct msim_agent *teller_of(struct msim_node *node)
{
  static const char *const types[] = {"smtp-server", "pop-server", "imap-server"};
  struct msim_agent *agent;
  size_t i;

  for (agent = node->is_up ? node->agents : NULL; agent != NULL; agent = agent->next)
    for (i = 0; i < sizeof types / sizeof types[0]; i++)
      if (strcmp(agent->type->name, types[i]) == 0)
        return agent;
  return NULL;
}

static struct msim__mail_room *room_of(struct msim_agent *teller)
{
  struct msim__mail_room *room = teller != NULL ? msim_agent_shared(teller, "mail", sizeof *room) : NULL;

  return room != NULL && room->store.mem != NULL ? room : NULL;
}

static bool runs(const struct msim_node *node)
{
  const struct msim_sim *sim = msim__node_sim(node);

  return sim->started && msim_sim_failure(sim) == 0;
}

int msim_mailbox_remove(struct msim_node *node, size_t index, size_t place)
{
  struct msim_agent *teller = teller_of(node);
  struct msim__mail_room *room = room_of(teller);
  struct msim__mailbox *box = room != NULL ? msim__store_at(&room->store, index) : NULL;
  char name[FOLDER_PATH_BYTES];
  struct msim_value values[4];

  if (!runs(node))
    return MSIM_ERR_STATE;
  if (box == NULL || place >= box->count)
    return MSIM_ERR_NOT_FOUND;
  if (box->is_locked)
    return MSIM_ERR_STATE; /* RFC 1939 4: a reader wants to be alone with it */
  msim__folder_path(box, name, sizeof name);
  values[0] = msim_value_text("message", box->items[place].message->label);
  values[1] = msim_value_text("mailbox", name);
  values[2] = msim_value_int("uid", box->items[place].uid);
  values[3] = msim_value_text("reason", "by hand");
  msim_agent_event(teller, "store.remove", values, 4);
  return msim__store_remove(box, place);
}

/* ---- users ---- */

/* "bob@b.example" in two; local stays quoted as it is, for names of mailboxes are what stands there. */
static int split(const char *address, char local[MSIM__ADDRESS_LOCAL_BYTES_MAX + 1], const char **domain)
{
  const char *at = strrchr(address, '@');
  size_t local_bytes = at != NULL ? (size_t)(at - address) : 0;
  struct msim__address parsed;

  if (local_bytes == 0 || local_bytes > MSIM__ADDRESS_LOCAL_BYTES_MAX ||
      msim__address_parse(&parsed, msim__slice_text(address), true, NULL) != MSIM_OK)
    return MSIM_ERR_INVALID;
  memcpy(local, address, local_bytes);
  local[local_bytes] = '\0';
  *domain = at + 1;
  return msim__mailbox_check_user(local) == NULL ? MSIM_OK : MSIM_ERR_INVALID;
}

int msim_mailbox_user_add(struct msim_node *node, const char *address, const char *password)
{
  struct msim__mail_room *room = room_of(teller_of(node));
  char local[MSIM__ADDRESS_LOCAL_BYTES_MAX + 1];
  struct msim__account_opts opts;
  struct msim__account *account;
  const char *domain;
  int err = split(address, local, &domain);

  if (err != MSIM_OK)
    return err;
  if (!runs(node))
    return MSIM_ERR_STATE;
  if (room == NULL)
    return MSIM_ERR_NOT_FOUND;
  memset(&opts, 0, sizeof opts);
  if (password != NULL && password[0] != '\0') {
    opts.password = msim__arena_text(&msim__node_sim(node)->arena, password, strlen(password));
    if (opts.password == NULL)
      return MSIM_ERR_NOMEM;
  }
  err = msim__accounts_add(&room->accounts, domain, local, &opts, &account);
  if (err == MSIM_OK)
    account->is_gone = false;
  return err;
}

int msim_mailbox_user_remove(struct msim_node *node, const char *address)
{
  struct msim__mail_room *room = room_of(teller_of(node));
  char local[MSIM__ADDRESS_LOCAL_BYTES_MAX + 1];
  struct msim__account *account;
  const char *domain;
  int err = split(address, local, &domain);

  if (err != MSIM_OK)
    return err;
  if (!runs(node))
    return MSIM_ERR_STATE;
  account =
      room != NULL ? msim__accounts_find(&room->accounts, msim__slice_text(local), msim__slice_text(domain)) : NULL;
  if (account == NULL)
    return MSIM_ERR_NOT_FOUND;
  account->is_gone = true;
  return MSIM_OK;
}
