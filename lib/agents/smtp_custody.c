/* smtp_custody.c: how a message passes into this host's charge (RFC 5321 4.2.5, 6.1): into the queue and the mailboxes,
 * and only then is it accepted. One function, with an answer that may come later; the client may be gone by then, the
 * message is kept all the same. See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "proto/ascii.h"

#include <stdio.h>

struct msim__smtp_custody {
  struct msim__smtp_custody *prev, *next;
  struct msim__smtp_server *server;
  struct msim_agent *agent;
  struct msim__smtp_incoming *session; /* NULL: it is gone */
  struct msim__message *message;
  struct msim__smtp_recipients recipients;
  uint64_t number;
  const char *login; /* the account's, or NULL */
  bool starting;     /* done was called before take has returned */
};

/* Hands the recipients elsewhere to the queue, all or none. */
static int enqueue(struct msim__smtp_custody *custody)
{
  struct msim__smtp_server *server = custody->server;
  const struct msim__smtp_recipients *recipients = &custody->recipients;
  uint32_t *indices = msim__alloc(&server->mem, recipients->count * sizeof *indices);
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[4];
  size_t count = 0;
  uint32_t i;
  int err;

  if (indices == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < recipients->count; i++)
    if (recipients->items[i].account == NULL)
      indices[count++] = i;
  err = count == 0 ? MSIM_OK
                   : msim__mail_queue_add(&server->room->queue, custody->message, indices, count,
                                          msim_sim_now_ns(msim_agent_sim(custody->agent)));
  if (err == MSIM_OK && count > 0) {
    values[0] = msim_value_text("message", custody->message->label);
    values[1] = msim_value_int("recipients", (int64_t)count);
    values[2] = msim_value_int("waiting", server->room->queue.entry_count);
    for (i = 0; i < count && i < MSIM__EVENT_LIST_MAX; i++)
      to[i] = recipients->items[indices[i]].address;
    values[3].name = "to";
    values[3].kind = MSIM_VALUE_LIST;
    values[3].u.list.items = to;
    values[3].u.list.count = i;
    msim_agent_event(custody->agent, "smtp.queued", values, 4);
  }
  msim__free(&server->mem, indices, recipients->count * sizeof *indices);
  return err;
}

/* One copy per mailbox, however many of its addresses were named. */
static bool is_served_already(const struct msim__smtp_recipients *recipients, size_t index)
{
  size_t i;

  for (i = 0; i < index; i++)
    if (recipients->items[i].account != NULL &&
        recipients->items[i].account->box == recipients->items[index].account->box)
      return true;
  return false;
}

static int store(struct msim__smtp_custody *custody)
{
  const struct msim__smtp_recipients *recipients = &custody->recipients;
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[5];
  uint32_t uid;
  size_t i, k, count;
  int err;

  for (i = 0; i < recipients->count; i++) {
    struct msim__account *account = recipients->items[i].account;

    if (account == NULL || is_served_already(recipients, i))
      continue;
    err = msim__store_add(&custody->server->room->store, account->box, custody->message,
                          msim_agent_unix_s(custody->agent), &uid);
    if (err < 0)
      return err;
    values[0] = msim_value_text("message", custody->message->label);
    values[1] = msim_value_text("mailbox", account->box->name);
    values[2] = msim_value_bool("durable", true);
    values[3] = msim_value_int("uid", uid);
    for (k = i, count = 0; k < recipients->count && count < MSIM__EVENT_LIST_MAX; k++)
      if (recipients->items[k].account != NULL && recipients->items[k].account->box == account->box)
        to[count++] = recipients->items[k].address;
    values[4].name = "to";
    values[4].kind = MSIM_VALUE_LIST;
    values[4].u.list.items = to;
    values[4].u.list.count = count;
    msim_agent_event(custody->agent, "store.add", values, 5);
  }
  return MSIM_OK;
}

static void tell_accepted(const struct msim__smtp_custody *custody)
{
  const struct msim__smtp_recipients *recipients = &custody->recipients;
  size_t count = recipients->count < MSIM__EVENT_LIST_MAX ? recipients->count : MSIM__EVENT_LIST_MAX, i, n = 0;
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[6];

  for (i = 0; i < count; i++)
    to[i] = recipients->items[i].address;
  values[n++] = msim_value_text("message", custody->message->label);
  values[n++] = msim_value_text("protocol", "smtp");
  values[n++] = msim_value_text("from", custody->message->reverse_path);
  values[n].name = "to";
  values[n].kind = MSIM_VALUE_LIST;
  values[n].u.list.items = to;
  values[n++].u.list.count = count;
  values[n++] = msim_value_int("size", (int64_t)custody->message->size_bytes);
  if (custody->login != NULL)
    values[n++] = msim_value_text("user", custody->login);
  msim_agent_event(custody->agent, "message.accepted", values, n);
}

static void answer(struct msim__smtp_incoming *session, int err, uint64_t number)
{
  char reply[64];

  (void)snprintf(reply, sizeof reply, "Taken as %llu", (unsigned long long)number);
  if (err == MSIM_OK)
    msim__smtp_incoming_reply(session, 250, "2.0.0", reply);
  else if (err == MSIM_ERR_LIMIT)
    msim__smtp_incoming_refuse(session, NULL, "queue-full", 452, "4.3.1", "The queue is full");
  else if (err == MSIM_ERR_IO)
    msim__smtp_incoming_refuse(session, NULL, "disk", 451, "4.3.0", "The message could not be written to disk");
  else
    msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
  msim__smtp_incoming_reset(session);
}

static void free_custody(struct msim__smtp_custody *custody)
{
  struct msim__smtp_server *server = custody->server;

  if (custody->prev != NULL)
    custody->prev->next = custody->next;
  else
    server->custodies = custody->next;
  if (custody->next != NULL)
    custody->next->prev = custody->prev;
  msim__smtp_recipients_release(&custody->recipients, &server->mem);
  msim__message_unref(custody->message);
  msim__free(&server->mem, custody, sizeof *custody);
}

/* The message is safe, or could not be made so. */
static void done(struct msim__smtp_custody *custody, int err)
{
  struct msim__smtp_incoming *session = custody->session;
  bool starting = custody->starting;

  if (err == MSIM_OK)
    tell_accepted(custody);
  if (session != NULL) {
    session->custody = NULL;
    session->held = session->late != NULL;
    answer(session, err, custody->number);
  }
  free_custody(custody);
  if (session != NULL && !starting && !session->held)
    msim__smtp_incoming_resume(session);
}

int msim__smtp_custody_take(struct msim__smtp_incoming *session, struct msim__message *message)
{
  struct msim__smtp_server *server = session->server;
  struct msim__smtp_custody *custody = msim__alloc_zeroed(&server->mem, 1, sizeof *custody);
  int err;

  if (custody == NULL)
    return MSIM_ERR_NOMEM;
  custody->server = server;
  custody->agent = session->agent;
  custody->session = session;
  custody->message = message;
  custody->recipients = session->recipients;
  custody->number = session->number;
  custody->login = session->account != NULL ? session->account->name : NULL;
  custody->next = server->custodies;
  if (custody->next != NULL)
    custody->next->prev = custody;
  server->custodies = custody;
  memset(&session->recipients, 0, sizeof session->recipients);
  session->custody = custody;
  session->held = true;
  custody->starting = true;
  err = enqueue(custody);
  if (err == MSIM_OK)
    err = store(custody);
  done(custody, err);
  return MSIM_OK;
}

void msim__smtp_custody_forget(struct msim__smtp_incoming *session)
{
  if (session->custody != NULL)
    session->custody->session = NULL;
  session->custody = NULL;
}

void msim__smtp_custody_stop(struct msim__smtp_server *server)
{
  while (server->custodies != NULL)
    free_custody(server->custodies);
}
