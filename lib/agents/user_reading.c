/* user_reading.c: a person's mail on the PC; see user_reading.h. */
#include "agents/user_reading.h"

#include "net/net.h"

#include "proto/ascii.h"

#define MAIL_BYTES_MAX ((size_t)1 << 30)

static const struct msim__user_protocol_type *const protocols[MSIM__USER_PROTOCOL_COUNT] = {
    [MSIM__USER_POP3] = &msim__user_pop,
    [MSIM__USER_IMAP] = &msim__user_imap,
    [MSIM__USER_WEBMAIL] = &msim__user_webmail,
};

/* ---- keys ---- */

static const char *const protocol_names[] = {"pop3", "imap", "webmail", NULL};
static const char *const auth_names[] = {"auto", "user", "apop", "sasl", NULL};

static const char *check_secret(const char *text)
{
  size_t n = strlen(text);

  return n > 0 && n <= MSIM__SASL_TEXT_BYTES_MAX ? NULL : "1 to 255 bytes are expected here";
}

#define RECEIVE(member) offsetof(struct msim__user_receive, member)
const struct msim_field msim__user_receive_fields[] = {
    {.key = "protocol",
     .kind = MSIM_FIELD_ENUM,
     .offset = RECEIVE(protocol),
     .fallback = "pop3",
     .names = protocol_names,
     .help = "how mail is read"},
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = RECEIVE(host), .help = "the provider's host with the mailbox"},
    {.key = "port",
     .kind = MSIM_FIELD_UINT,
     .offset = RECEIVE(port),
     .fallback = "0",
     .max = 65535,
     .help = "its port; 0 is the protocol's own: 110, 143, 80"},
    {.key = "login",
     .kind = MSIM_FIELD_TEXT,
     .offset = RECEIVE(login),
     .check = check_secret,
     .help = "the name there"},
    {.key = "password", .kind = MSIM_FIELD_TEXT, .offset = RECEIVE(password), .check = check_secret},
    {.key = "auth",
     .kind = MSIM_FIELD_ENUM,
     .offset = RECEIVE(auth),
     .fallback = "auto",
     .names = auth_names,
     .help = "how to log in; auto is the strongest way that is offered"},
    {.key = "leave-on-server",
     .kind = MSIM_FIELD_BOOL,
     .offset = RECEIVE(leave_on_server),
     .fallback = "false",
     .help = "POP: what was fetched is not deleted there"},
    {.key = "stay",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = RECEIVE(stay_ns),
     .fallback = "60s",
     .min = 1,
     .help = "IMAP, webmail: how long the session stays open when nobody does anything"},
    {.key = NULL},
};

/* ---- telling ---- */

static const char *protocol_of(const struct msim__user_receive *receive)
{
  return protocols[receive->protocol]->name;
}

void msim__user_tell_failed(struct msim__user_inbox *inbox, const struct msim__user_receive *receive,
                            const char *reason, const char *reply)
{
  struct msim_value values[4];
  size_t n = 0;

  values[n++] = msim_value_text("mailbox", receive->login);
  values[n++] = msim_value_text("protocol", protocol_of(receive));
  values[n++] = msim_value_text("reason", reason);
  if (reply != NULL)
    values[n++] = msim_value_text("reply", reply);
  msim_agent_event(inbox->agent, "mailbox.check_failed", values, n);
}

void msim__user_tell_shown(struct msim__user_inbox *inbox, const char *label)
{
  struct msim_value values[] = {
      msim_value_text("message", label),
      msim_value_bool("online", !msim__user_is_offline(inbox)),
  };

  msim_agent_event(inbox->agent, "message.shown", values, 2);
}

void msim__user_tell_unavailable(struct msim__user_inbox *inbox, const char *label, const char *reason)
{
  struct msim_value values[] = {msim_value_text("message", label), msim_value_text("reason", reason)};

  msim_agent_event(inbox->agent, "message.unavailable", values, 2);
}

/* ---- life ---- */

int msim__user_inbox_open(struct msim__user_inbox *inbox)
{
  if (inbox->room != NULL)
    return MSIM_OK;
  inbox->room = msim__mail_room_attach(inbox->agent);
  if (inbox->room == NULL)
    return MSIM_ERR_NOMEM;
  inbox->local = msim__store_open(&inbox->room->store, "local", 5);
  return inbox->local != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

void msim__user_check_enter(struct msim__user_check *check, struct msim__user_inbox *inbox,
                            const struct msim__user_receive *receive)
{
  check->inbox = inbox;
  check->receive = receive;
  check->next = inbox->first;
  if (check->next != NULL)
    check->next->prev = check;
  inbox->first = check;
}

void msim__user_check_leave(struct msim__user_check *check)
{
  if (check->prev != NULL)
    check->prev->next = check->next;
  else
    check->inbox->first = check->next;
  if (check->next != NULL)
    check->next->prev = check->prev;
}

/* ---- keeping copies ---- */

struct msim__user_saving {
  struct msim__user_saving *prev, *next;
  struct msim__user_inbox *inbox;
  msim__user_saved_fn *saved; /* NULL: nobody waits any more */
  void *ctx;
  struct msim__message *message; /* counted */
};

static void free_saving(struct msim__user_saving *s)
{
  if (s->prev != NULL)
    s->prev->next = s->next;
  else
    s->inbox->saving = s->next;
  if (s->next != NULL)
    s->next->prev = s->prev;
  msim__message_unref(s->message);
  msim__free(&s->inbox->mem, s, sizeof *s);
}

/* A reader's own copy is told without a uid: it is no delivery. */
static void on_safe(void *ctx, const uint32_t *uids)
{
  struct msim__user_saving *s = ctx;
  msim__user_saved_fn *saved = s->saved;
  void *saved_ctx = s->ctx;
  struct msim_value values[3];

  (void)uids;
  values[0] = msim_value_text("message", s->message->label);
  values[1] = msim_value_text("mailbox", s->inbox->local->name);
  values[2] = msim_value_bool("durable", true);
  msim_agent_event(s->inbox->agent, "store.add", values, 3);
  free_saving(s);
  if (saved != NULL)
    saved(saved_ctx);
}

/* Its envelope is over; what it is called where it comes from takes the place of the envelope's id. */
static struct msim__message *make_message(struct msim__user_inbox *inbox, const char *label, const char *origin,
                                          struct msim_slice plain)
{
  struct msim__message_opts opts = {.label = msim__slice_text(label), .envid = origin};
  struct msim__message *message = NULL;
  struct msim__buf wire;

  msim__buf_init(&wire, &inbox->mem, 2 * MAIL_BYTES_MAX);
  if (msim__message_to_wire(&wire, plain, &opts.size_bytes, &opts.eight_bit) == MSIM_OK)
    opts.content = msim_blob_new(msim_agent_sim(inbox->agent), wire.data, wire.size_bytes);
  msim__buf_release(&wire);
  if (opts.content != NULL) {
    message = msim__message_new(&inbox->room->mem, &opts);
    msim_blob_unref(opts.content);
  }
  return message;
}

int msim__user_save(struct msim__user_inbox *inbox, const char *label, const char *origin, struct msim_slice plain,
                    msim__user_saved_fn *saved, void *ctx)
{
  struct msim__user_saving *s = msim__alloc_zeroed(&inbox->mem, 1, sizeof *s);
  int err = MSIM_ERR_NOMEM;

  if (s == NULL)
    return err;
  s->inbox = inbox;
  s->saved = saved;
  s->ctx = ctx;
  s->next = inbox->saving;
  if (s->next != NULL)
    s->next->prev = s;
  inbox->saving = s;
  s->message = make_message(inbox, label, origin, plain);
  if (s->message != NULL)
    err = msim__spool_take(&inbox->room->spool, s->message, NULL, 0, &inbox->local, 1,
                           msim_sim_now_ns(msim_agent_sim(inbox->agent)), msim_agent_unix_s(inbox->agent), on_safe, s);
  if (err != MSIM_OK)
    free_saving(s);
  return err;
}

void msim__user_save_forget(struct msim__user_inbox *inbox, const void *ctx)
{
  struct msim__user_saving *s;

  for (s = inbox->saving; s != NULL; s = s->next)
    if (s->ctx == ctx)
      s->saved = NULL;
}

void msim__user_inbox_release(struct msim__user_inbox *inbox)
{
  while (inbox->first != NULL)
    protocols[inbox->first->receive->protocol]->forget(inbox->first);
  while (inbox->saving != NULL)
    free_saving(inbox->saving);
  if (inbox->room != NULL)
    msim__mail_room_release(inbox->room);
  inbox->room = NULL;
}

/* ---- acts ---- */

bool msim__user_is_offline(const struct msim__user_inbox *inbox)
{
  return inbox->is_offline;
}

void msim__user_plug(struct msim__user_inbox *inbox, bool is_plugged)
{
  size_t i;

  inbox->is_offline = !is_plugged;
  msim__node_plug(msim_agent_node(inbox->agent), is_plugged);
  for (i = 0; !is_plugged && i < MSIM__USER_PROTOCOL_COUNT; i++)
    if (protocols[i]->unplugged != NULL)
      protocols[i]->unplugged(inbox);
}

bool msim__user_is_unplugged(const struct msim_agent *agent)
{
  return msim_agent_node(agent)->is_unplugged;
}

void msim__user_unplug(struct msim__user_inbox *inbox)
{
  msim__node_plug(msim_agent_node(inbox->agent), false);
}

size_t msim__user_known_count(const struct msim__user_inbox *inbox, const struct msim__user_receive *receive)
{
  const struct msim__user_protocol_type *protocol = protocols[receive->protocol];
  size_t count = 0;

  if (protocol->known == NULL)
    return inbox->local != NULL ? inbox->local->count : 0;
  while (protocol->known(inbox, receive, count) != NULL)
    count++;
  return count;
}

const char *msim__user_known_at(const struct msim__user_inbox *inbox, const struct msim__user_receive *receive,
                                size_t index)
{
  const struct msim__user_protocol_type *protocol = protocols[receive->protocol];

  return protocol->known == NULL ? inbox->local->items[index].message->label : protocol->known(inbox, receive, index);
}

void msim__user_check_mail(struct msim__user_inbox *inbox, const struct msim__user_receive *receive)
{
  struct msim_value values[] = {
      msim_value_text("mailbox", receive->login),
      msim_value_text("protocol", protocol_of(receive)),
      msim_value_text("server", receive->host),
  };

  msim_agent_event(inbox->agent, "user.check", values, 3);
  if (msim__user_is_offline(inbox))
    msim__user_tell_failed(inbox, receive, "offline", NULL);
  else
    protocols[receive->protocol]->check(inbox, receive);
}

static bool has_copy(const struct msim__user_inbox *inbox, const char *label)
{
  size_t i;

  for (i = 0; i < inbox->local->count; i++)
    if (strcmp(inbox->local->items[i].message->label, label) == 0)
      return true;
  return false;
}

void msim__user_select(struct msim__user_inbox *inbox, const struct msim__user_receive *receive, const char *label)
{
  struct msim_value values[] = {msim_value_text("message", label), msim_value_text("mailbox", receive->login)};

  msim_agent_event(inbox->agent, "user.select", values, 2);
  if (has_copy(inbox, label))
    msim__user_tell_shown(inbox, label);
  else if (msim__user_is_offline(inbox))
    msim__user_tell_unavailable(inbox, label, "offline");
  else if (protocols[receive->protocol]->select != NULL)
    protocols[receive->protocol]->select(inbox, receive, label);
  else
    msim__user_tell_unavailable(inbox, label, "not-fetched");
}
