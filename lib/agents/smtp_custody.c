/* smtp_custody.c: how a message passes into this host's charge (RFC 5321 4.2.5, 6.1): into the queue and the mailboxes,
 * and only then is it accepted. One function, with an answer that may come later; the client may be gone by then, the
 * message is kept all the same. See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "agents/mail_keep.h"

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

static void kept(void *custody)
{
  done(custody, MSIM_OK);
}

/* Recipients elsewhere go into the queue, the others into their mailboxes: all or none. */
static int keep(struct msim__smtp_custody *custody)
{
  struct msim__mem *mem = &custody->server->mem;
  const struct msim__smtp_recipients *recipients = &custody->recipients;
  struct msim__mail_place *places = msim__alloc(mem, recipients->count * sizeof *places);
  uint32_t i;
  int err;

  if (places == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < recipients->count; i++) {
    places[i].index = i;
    places[i].box = recipients->items[i].account != NULL ? recipients->items[i].account->box : NULL;
  }
  err = msim__mail_keep(custody->agent, custody->server->room, custody->message, places, recipients->count, kept,
                        custody);
  msim__free(mem, places, recipients->count * sizeof *places);
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
  custody->starting = true;
  err = keep(custody);
  if (err == MSIM_OK) {
    custody->starting = false;
    msim_timer_cancel(&session->timer); /* it is not the client who is silent */
  } else {
    done(custody, err);
  }
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
