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
};

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

/* The recipients of one mailbox, or of none: those elsewhere. to has room for MSIM__EVENT_LIST_MAX. */
static struct msim_value list_to(const struct msim__smtp_recipients *recipients, const struct msim__mailbox *box,
                                 const char **to)
{
  struct msim_value value;
  size_t i, count = 0;

  for (i = 0; i < recipients->count && count < MSIM__EVENT_LIST_MAX; i++) {
    const struct msim__account *account = recipients->items[i].account;

    if (box == NULL ? account == NULL : account != NULL && account->box == box)
      to[count++] = recipients->items[i].address;
  }
  memset(&value, 0, sizeof value);
  value.name = "to";
  value.kind = MSIM_VALUE_LIST;
  value.u.list.items = to;
  value.u.list.count = count;
  return value;
}

/* What was taken: into the queue, and into which mailboxes, in the order of the recipients. */
static void tell_places(const struct msim__smtp_custody *custody, const uint32_t *uids)
{
  const struct msim__smtp_recipients *recipients = &custody->recipients;
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[5];
  size_t i, elsewhere = 0, boxes = 0;

  for (i = 0; i < recipients->count; i++)
    elsewhere += recipients->items[i].account == NULL;
  values[0] = msim_value_text("message", custody->message->label);
  values[1] = msim_value_int("recipients", (int64_t)elsewhere);
  values[2] = msim_value_int("waiting", custody->server->room->queue.entry_count);
  values[3] = list_to(recipients, NULL, to);
  if (elsewhere > 0)
    msim_agent_event(custody->agent, "smtp.queued", values, 4);
  for (i = 0; i < recipients->count; i++) {
    if (recipients->items[i].account == NULL || is_served_already(recipients, i))
      continue;
    values[1] = msim_value_text("mailbox", recipients->items[i].account->box->name);
    values[2] = msim_value_bool("durable", true);
    values[3] = msim_value_int("uid", uids[boxes++]);
    values[4] = list_to(recipients, recipients->items[i].account->box, to);
    msim_agent_event(custody->agent, "store.add", values, 5);
  }
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
    msim__smtp_incoming_refuse(session, NULL, "full", 452, "4.3.1", "There is no room for this now");
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

static void end_custody(struct msim__smtp_custody *custody, int err)
{
  struct msim__smtp_incoming *session = custody->session;

  if (session != NULL) {
    session->custody = NULL;
    session->held = session->late != NULL;
    answer(session, err, custody->number);
  }
  free_custody(custody);
  if (session != NULL && !session->held)
    msim__smtp_incoming_resume(session);
}

/* It has reached the disk, with all its places: now it is ours. */
static void on_safe(void *ctx, const uint32_t *uids)
{
  struct msim__smtp_custody *custody = ctx;

  tell_places(custody, uids);
  tell_accepted(custody);
  end_custody(custody, MSIM_OK);
}

static int hand_over(struct msim__smtp_custody *custody)
{
  const struct msim__smtp_recipients *recipients = &custody->recipients;
  struct msim__smtp_server *server = custody->server;
  struct msim__mem *mem = &server->mem;
  uint32_t *indices = msim__alloc(mem, recipients->count * sizeof *indices), i;
  struct msim__mailbox **boxes = msim__alloc(mem, recipients->count * sizeof(struct msim__mailbox *));
  size_t index_count = 0, box_count = 0;
  int err = MSIM_ERR_NOMEM;

  if (indices != NULL && boxes != NULL) {
    for (i = 0; i < recipients->count; i++)
      if (recipients->items[i].account == NULL)
        indices[index_count++] = i;
      else if (!is_served_already(recipients, i))
        boxes[box_count++] = recipients->items[i].account->box;
    err = msim__spool_take(&server->room->spool, custody->message, indices, index_count, boxes, box_count,
                           msim_sim_now_ns(msim_agent_sim(custody->agent)), msim_agent_unix_s(custody->agent), on_safe,
                           custody);
  }
  if (indices != NULL)
    msim__free(mem, indices, recipients->count * sizeof *indices);
  if (boxes != NULL)
    msim__free(mem, boxes, recipients->count * sizeof(struct msim__mailbox *));
  return err;
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
  msim_timer_cancel(&session->timer);
  err = hand_over(custody);
  if (err == MSIM_OK)
    return MSIM_OK;
  session->custody = NULL;
  session->held = session->late != NULL;
  msim_timer_arm(&session->timer, server->idle_ns);
  answer(session, err, custody->number);
  free_custody(custody);
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
