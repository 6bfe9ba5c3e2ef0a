/* smtp_local.c: mail that arises on a host itself; see smtp_local.h. */
#include "agents/smtp_local.h"

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
                 struct msim__mailbox *box, const char *to)
{
  struct msim_value values[5];
  uint32_t uid;
  int err = msim__store_add(&room->store, box, message, msim_agent_unix_s(agent), &uid);

  if (err < 0)
    return err;
  values[0] = msim_value_text("message", message->label);
  values[1] = msim_value_text("mailbox", box->name);
  values[2] = msim_value_bool("durable", true);
  values[3] = msim_value_int("uid", uid);
  values[4].name = "to";
  values[4].kind = MSIM_VALUE_LIST;
  values[4].u.list.items = &to;
  values[4].u.list.count = 1;
  msim_agent_event(agent, "store.add", values, 5);
  return MSIM_OK;
}

static int enqueue(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message,
                   const uint32_t *indices, size_t count)
{
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[4];
  size_t i;
  int err;

  if (count == 0)
    return MSIM_OK;
  err = msim__mail_queue_add(&room->queue, message, indices, count, msim_sim_now_ns(msim_agent_sim(agent)));
  for (i = 0; err == MSIM_ERR_LIMIT && i < count; i++)
    tell_discarded(agent, message, message->recipients[indices[i]], "queue-full");
  if (err < 0)
    return err;
  values[0] = msim_value_text("message", message->label);
  values[1] = msim_value_int("recipients", (int64_t)count);
  values[2] = msim_value_int("waiting", room->queue.entry_count);
  for (i = 0; i < count && i < MSIM__EVENT_LIST_MAX; i++)
    to[i] = message->recipients[indices[i]];
  values[3].name = "to";
  values[3].kind = MSIM_VALUE_LIST;
  values[3].u.list.items = to;
  values[3].u.list.count = i;
  msim_agent_event(agent, "smtp.queued", values, 4);
  return MSIM_OK;
}

struct alias_delivery {
  struct msim_agent *agent;
  struct msim__mail_room *room;
  struct msim__message *message;
  const char *to;
};

/* An alias that leads elsewhere would need an envelope of its own: the notice goes to those who are here. */
static int deliver_alias(void *ctx, const char *address, struct msim__account *account)
{
  const struct alias_delivery *d = ctx;

  if (account != NULL)
    return store(d->agent, d->room, d->message, account->box, d->to);
  (void)address;
  tell_discarded(d->agent, d->message, d->to, "alias-elsewhere");
  return MSIM_OK;
}

/* Puts one recipient into its mailbox, or into indices for the queue. */
static int place(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message, uint32_t index,
                 uint32_t *indices, size_t *count)
{
  const char *to = message->recipients[index];
  enum msim__smtp_place where = MSIM__SMTP_PLACE_FOREIGN;
  struct alias_delivery delivery = {agent, room, message, to};
  struct msim__account *account = NULL;
  struct msim__address address;

  if (msim__address_parse(&address, msim__slice_text(to), true, NULL) < 0) {
    tell_discarded(agent, message, to, "no-address");
    return MSIM_OK;
  }
  if (room->policy != NULL)
    where = msim__smtp_policy_place(room->policy, &address, &account);
  if (where == MSIM__SMTP_PLACE_LOCAL)
    return account != NULL ? store(agent, room, message, account->box, to) : MSIM_ERR_NOMEM;
  if (where == MSIM__SMTP_PLACE_ALIAS)
    return msim__smtp_policy_expand(room->policy, to, deliver_alias, &delivery);
  if (where == MSIM__SMTP_PLACE_NO_USER)
    tell_discarded(agent, message, to, "no-such-mailbox");
  else if (room->queue.wake == NULL)
    tell_discarded(agent, message, to, "no-relay");
  else
    indices[(*count)++] = index;
  return MSIM_OK;
}

int msim__smtp_local_submit(struct msim_agent *agent, struct msim__mail_room *room, struct msim__message *message)
{
  uint32_t *indices, i;
  size_t count = 0;
  int err = MSIM_OK;

  if (message->recipient_count == 0)
    return MSIM_OK;
  indices = msim__alloc(&room->mem, message->recipient_count * sizeof *indices);
  if (indices == NULL)
    return MSIM_ERR_NOMEM;
  tell_created(agent, message);
  for (i = 0; i < message->recipient_count && err == MSIM_OK; i++)
    err = place(agent, room, message, i, indices, &count);
  if (err == MSIM_OK)
    err = enqueue(agent, room, message, indices, count);
  msim__free(&room->mem, indices, message->recipient_count * sizeof *indices);
  return err;
}
