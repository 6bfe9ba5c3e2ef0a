/* smtp_local.c: mail that arises on a host itself; see smtp_local.h. */
#include "agents/smtp_local.h"

#include "agents/mail_keep.h"
#include "agents/smtp_policy.h"
#include "proto/ascii.h"

static void tell_discarded(struct msim_agent *agent, const struct msim__message *message, const char *to,
                           const char *reason)
{
  struct msim_value values[] = {
      msim_value_text("message", message->label),
      msim_value_text("reason", reason),
      msim_value_text("to", to),
  };

  msim_agent_event(agent, "message.discarded", values, sizeof values / sizeof values[0]);
}

static void tell_created(struct msim_agent *agent, const struct msim__message *message)
{
  size_t count = message->recipient_count < MSIM__EVENT_LIST_MAX ? message->recipient_count : MSIM__EVENT_LIST_MAX;
  struct msim_value values[4];

  values[0] = msim_value_text("message", message->label);
  values[1] = msim_value_text("from", message->reverse_path);
  values[2].name = "to";
  values[2].kind = MSIM_VALUE_LIST;
  values[2].u.list.items = message->recipients;
  values[2].u.list.count = count;
  values[3] = msim_value_int("size", (int64_t)message->size_bytes);
  msim_agent_event(agent, "message.created", values, 4);
}

static int store(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message,
                 struct msim__mailbox *box, uint32_t index)
{
  struct msim__mail_place place = {index, box};

  return msim__mail_keep(agent, room, message, &place, 1, NULL, NULL);
}

static int enqueue(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message,
                   const struct msim__mail_place *places, size_t count)
{
  size_t i;
  int err = count == 0 ? MSIM_OK : msim__mail_keep(agent, room, message, places, count, NULL, NULL);

  for (i = 0; err == MSIM_ERR_LIMIT && i < count; i++)
    tell_discarded(agent, message, message->recipients[places[i].index], "queue-full");
  return err;
}

struct alias_delivery {
  struct msim_agent *agent;
  struct msim__mail_room *room;
  struct msim__message *message;
  uint32_t index; /* of the recipient */
};

/* An alias that leads elsewhere would need an envelope of its own: the notice goes to those who are here. */
static int deliver_alias(void *ctx, const char *address, struct msim__account *account)
{
  const struct alias_delivery *d = ctx;

  if (account != NULL)
    return store(d->agent, d->room, d->message, account->box, d->index);
  (void)address;
  tell_discarded(d->agent, d->message, d->message->recipients[d->index], "alias-elsewhere");
  return MSIM_OK;
}

/* Puts one recipient into its mailbox, or into places for the queue. */
static int place(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message, uint32_t index,
                 struct msim__mail_place *places, size_t *count)
{
  const char *to = message->recipients[index];
  enum msim__smtp_place where = MSIM__SMTP_PLACE_FOREIGN;
  struct alias_delivery delivery = {agent, room, message, index};
  struct msim__account *account = NULL;
  struct msim__address address;

  if (msim__address_parse(&address, msim__slice_text(to), true, NULL) < 0) {
    tell_discarded(agent, message, to, "no-address");
    return MSIM_OK;
  }
  if (room->policy != NULL)
    where = msim__smtp_policy_place(room->policy, &address, &account);
  if (where == MSIM__SMTP_PLACE_LOCAL)
    return account != NULL ? store(agent, room, message, account->box, index) : MSIM_ERR_NOMEM;
  if (where == MSIM__SMTP_PLACE_ALIAS)
    return msim__smtp_policy_expand(room->policy, to, deliver_alias, &delivery);
  if (where == MSIM__SMTP_PLACE_NO_USER)
    tell_discarded(agent, message, to, "no-such-mailbox");
  else if (room->queue.wake == NULL)
    tell_discarded(agent, message, to, "no-relay");
  else
    places[(*count)++] = (struct msim__mail_place){index, NULL};
  return MSIM_OK;
}

int msim__smtp_local_submit(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message)
{
  struct msim__mail_place *places;
  size_t count = 0;
  uint32_t i;
  int err = MSIM_OK;

  if (message->recipient_count == 0)
    return MSIM_OK;
  places = msim__alloc(&room->mem, message->recipient_count * sizeof *places);
  if (places == NULL)
    return MSIM_ERR_NOMEM;
  tell_created(agent, message);
  for (i = 0; i < message->recipient_count && err == MSIM_OK; i++)
    err = place(agent, room, message, i, places, &count);
  if (err == MSIM_OK)
    err = enqueue(agent, room, message, places, count);
  msim__free(&room->mem, places, message->recipient_count * sizeof *places);
  return err;
}
