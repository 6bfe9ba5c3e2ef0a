/* user_sending.c: a person's outbox; see user_sending.h. */
#include "agents/user_sending.h"

#include "agents/agents.h"

#include "mail/compose.h"
#include "mail/letters.h"
#include "proto/ascii.h"

#include <stdio.h>
#include <string.h>

#define SMTP_PORT 25u
#define ADDRESSES_MAX 8u /* of the provider's host that are tried */

/* One mail from its time to its outcome. */
struct msim__user_sending {
  struct msim__user_sending *prev, *next;
  struct msim__user_outbox *outbox;
  const struct msim__user_account *account;
  struct msim__message *message;
  bool *settled, *held; /* per recipient: its outcome is known; refused for now in this attempt */
  struct msim__smtp_outgoing out;
  struct msim__smtp_credentials *credentials; /* NULL: the account has no login */
  struct msim_timer timer;                    /* for the next attempt */
  struct msim_endpoint places[ADDRESSES_MAX];
  size_t place_count, place_next;
  uint64_t retry_count;
  bool offered; /* in this attempt it was handed to a session: done has told, or will */
  bool again;   /* there will be another attempt */
};

/* ---- telling ---- */

static void tell_failed(struct msim__user_sending *s, const char *to, const char *reason,
                        struct msim__smtp_reply_view reply)
{
  struct msim_value values[6];
  size_t n = 0;

  values[n++] = msim_value_text("message", s->message->label);
  values[n++] = msim_value_text("protocol", "smtp");
  values[n++] = msim_value_text("reason", reason);
  if (to != NULL)
    values[n++] = msim_value_text("to", to);
  if (reply.code != 0)
    values[n++] = msim_value_int("reply_class", reply.code / 100);
  values[n++] = msim_value_text("reply", reply.text);
  msim_agent_event(s->outbox->agent, "message.failed", values, n);
}

static void tell_sent(struct msim__user_sending *s, const char *const *to, uint32_t accepted_count, const char *reply)
{
  struct msim_value values[6] = {
      msim_value_text("message", s->message->label),
      msim_value_text("protocol", "smtp"),
      msim_value_text("server", s->account->submit),
      msim_value_int("recipients", accepted_count),
      msim_value_text("reply", reply),
  };

  values[5].name = "to";
  values[5].kind = MSIM_VALUE_LIST;
  values[5].u.list.items = to;
  values[5].u.list.count = accepted_count < MSIM__EVENT_LIST_MAX ? accepted_count : MSIM__EVENT_LIST_MAX;
  msim_agent_event(s->outbox->agent, "message.sent", values, 6);
}

static void tell_retry(struct msim__user_sending *s, struct msim__smtp_reply_view reply)
{
  struct msim_value values[] = {
      msim_value_text("message", s->message->label),
      msim_value_int("attempt", (int64_t)s->retry_count),
      msim_value_int("wait_s", (int64_t)(s->outbox->retry.after_ns / MSIM_SEC(1))),
      msim_value_text("reply", reply.text),
  };

  msim_agent_event(s->outbox->agent, "user.retry", values, sizeof values / sizeof values[0]);
}

static void end_sending(struct msim__user_sending *s)
{
  struct msim__user_outbox *outbox = s->outbox;

  msim_timer_cancel(&s->timer);
  if (s->prev != NULL)
    s->prev->next = s->next;
  else
    outbox->first = s->next;
  if (s->next != NULL)
    s->next->prev = s->prev;
  if (s->settled != NULL)
    msim__free(&outbox->mem, s->settled, 2 * s->message->recipient_count * sizeof *s->settled);
  if (s->credentials != NULL)
    msim__free(&outbox->mem, s->credentials, sizeof *s->credentials);
  msim__message_unref(s->message);
  msim__free(&outbox->mem, s, sizeof *s);
}

/* ---- outcomes ---- */

static bool is_pending(const struct msim__user_sending *s, uint32_t number)
{
  return !s->settled[number];
}

static uint32_t pending_count(const struct msim__user_sending *s)
{
  uint32_t i, count = 0;

  for (i = 0; i < s->message->recipient_count; i++)
    count += is_pending(s, i);
  return count;
}

/* Whether the person will try again what the reply (code 0: there was none) refuses. */
static bool will_retry(struct msim__user_sending *s, unsigned code)
{
  return code / 100 != 5 && s->retry_count < s->outbox->retry.count_max;
}

/* The attempt is over for all who are pending. */
static void fail_or_retry(struct msim__user_sending *s, const char *reason, struct msim__smtp_reply_view reply)
{
  uint32_t pending = pending_count(s), i;

  if (pending == 0)
    return;
  if (will_retry(s, reply.code)) {
    s->again = true;
    s->retry_count++;
    tell_retry(s, reply);
    return;
  }
  if (pending == s->message->recipient_count) {
    tell_failed(s, NULL, reason, reply);
  } else {
    for (i = 0; i < s->message->recipient_count; i++)
      if (is_pending(s, i))
        tell_failed(s, s->message->recipients[i], reason, reply);
  }
  memset(s->settled, 1, s->message->recipient_count * sizeof *s->settled);
}

static bool next_job(void *ctx, struct msim__smtp_job *job)
{
  struct msim__user_sending *s = ctx;

  if (s->offered)
    return false;
  s->offered = true;
  job->message = s->message;
  job->recipient_count = s->message->recipient_count;
  return true;
}

static const char *recipient(void *ctx, uint32_t number)
{
  struct msim__user_sending *s = ctx;

  return is_pending(s, number) ? s->message->recipients[number] : NULL;
}

static void refused(void *ctx, uint32_t number, struct msim__smtp_reply_view reply)
{
  struct msim__user_sending *s = ctx;

  if (will_retry(s, reply.code)) {
    s->held[number] = true;
    return;
  }
  tell_failed(s, s->message->recipients[number], "refused", reply);
  s->settled[number] = true;
}

/* A reply of the server, a connection that broke, or nobody who answered. */
static const char *why_lost(const struct msim__user_sending *s, const struct msim__smtp_reply_view *reply)
{
  return reply->code != 0 ? "refused" : s->out.timed_out ? "timeout" : "connection";
}

static void done(void *ctx, uint32_t accepted_count, struct msim__smtp_reply_view reply)
{
  struct msim__user_sending *s = ctx;
  struct msim__smtp_reply_view later = {450, "refused for now", false};
  const char *to[MSIM__EVENT_LIST_MAX];
  uint32_t i, count = 0;

  (void)accepted_count;
  if (reply.code / 100 == 2) {
    for (i = 0; i < s->message->recipient_count; i++) {
      if (s->settled[i] || s->held[i])
        continue;
      s->settled[i] = true;
      if (count < MSIM__EVENT_LIST_MAX)
        to[count] = s->message->recipients[i];
      count++;
    }
    tell_sent(s, to, count, reply.text);
    fail_or_retry(s, "refused", later);
    return;
  }
  fail_or_retry(s, why_lost(s, &reply), reply);
}

/* ---- connecting ---- */

static void connect_next(struct msim__user_sending *s, struct msim__smtp_reply_view last);

/* The attempt is over, and what it came to is told. */
static void end_attempt(struct msim__user_sending *s)
{
  if (s->again)
    msim_timer_arm(&s->timer, s->outbox->retry.after_ns);
  else
    end_sending(s);
}

static void closed(void *ctx)
{
  struct msim__user_sending *s = ctx;
  struct msim__smtp_reply_view reply = {s->out.session.code, s->out.session.text, false};

  if (s->offered)
    end_attempt(s);
  else
    connect_next(s, reply);
}

static const struct msim__smtp_outgoing_ops outgoing_ops = {
    .next = next_job,
    .recipient = recipient,
    .refused = refused,
    .done = done,
    .closed = closed,
};

static void connect_next(struct msim__user_sending *s, struct msim__smtp_reply_view last)
{
  struct msim__smtp_reply_view none = {0, "no connection could be opened", true};
  struct msim__smtp_outgoing_opts opts = {msim_agent_host(s->outbox->agent), false, false, NULL};

  if (s->place_next < s->place_count) {
    if (s->credentials != NULL) {
      s->credentials->random[0] = msim_agent_random(s->outbox->agent);
      s->credentials->random[1] = msim_agent_random(s->outbox->agent);
      opts.login = s->credentials;
    }
    if (msim__smtp_outgoing_open(&s->out, s->outbox->agent, s->places, s->place_count, &s->place_next, &opts,
                                 &outgoing_ops, s) == MSIM_OK)
      return;
    last = none;
  }
  fail_or_retry(s, why_lost(s, &last), last);
  end_attempt(s);
}

static void on_resolved(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct msim__smtp_reply_view none = {0, "the provider's name is not known", true};
  struct msim__smtp_reply_view homeless = {0, "this computer has no address", true};
  struct msim__user_sending *s = ctx;
  size_t i;

  (void)agent;
  s->place_count = s->place_next = 0;
  for (i = 0; i < answers->count && s->place_count < ADDRESSES_MAX; i++) {
    s->places[s->place_count].addr = answers->items[i].addr;
    s->places[s->place_count++].port = s->account->submit_port != 0 ? (uint16_t)s->account->submit_port : SMTP_PORT;
  }
  if (s->place_count > 0) {
    connect_next(s, none);
    return;
  }
  if (answers->err == MSIM_ERR_STATE)
    fail_or_retry(s, "no-address", homeless);
  else
    fail_or_retry(s, "no-destination", none);
  end_attempt(s);
}

static void start_attempt(struct msim__user_sending *s)
{
  s->offered = s->again = false;
  memset(s->held, 0, s->message->recipient_count * sizeof *s->held);
  (void)msim_agent_resolve(s->outbox->agent, s->account->submit, MSIM_NAME_ADDRESS, on_resolved, s);
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  (void)now_ns;
  start_attempt((struct msim__user_sending *)(void *)((char *)timer - offsetof(struct msim__user_sending, timer)));
}

/* ---- writing ---- */

static bool is_ascii(const char *text)
{
  while (*text != '\0')
    if ((uint8_t)*text++ >= 0x80)
      return false;
  return true;
}

static size_t put_recipients(struct msim_slice *out, size_t count, struct msim_list list, bool *utf8)
{
  const char *const *items = list.items;
  size_t i;

  for (i = 0; i < list.count; i++) {
    out[count++] = msim__slice_text(items[i]);
    *utf8 = *utf8 || !is_ascii(items[i]);
  }
  return count;
}

static struct msim__message *make_message(struct msim__user_sending *s, const struct msim__user_mail *mail,
                                          struct msim__buf *plain, struct msim__buf *wire, uint64_t number)
{
  struct msim__user_outbox *outbox = s->outbox;
  const char *from = mail->from[0] != '\0' ? mail->from : s->account->address;
  size_t count = mail->to.count + mail->cc.count + mail->bcc.count, n;
  struct msim__message_opts opts = {.recipient_count = count, .smtputf8 = !is_ascii(from)};
  struct msim__message *message = NULL;
  struct msim_slice *recipients;
  char label[128];

  if (msim__message_to_wire(wire, (struct msim_slice){(const uint8_t *)plain->data, plain->size_bytes},
                            &opts.size_bytes, &opts.eight_bit) < 0)
    return NULL;
  (void)snprintf(label, sizeof label, "%s-%llu", msim_agent_host(outbox->agent), (unsigned long long)number);
  recipients = msim__alloc_zeroed(&outbox->mem, count, sizeof *recipients);
  if (recipients == NULL)
    return NULL;
  n = put_recipients(recipients, 0, mail->to, &opts.smtputf8);
  n = put_recipients(recipients, n, mail->cc, &opts.smtputf8);
  (void)put_recipients(recipients, n, mail->bcc, &opts.smtputf8);
  opts.recipients = recipients;
  opts.label = msim__slice_text(mail->message[0] != '\0' ? mail->message : label);
  opts.reverse_path = msim__slice_text(from);
  opts.content = msim_blob_new(msim_agent_sim(outbox->agent), wire->data, wire->size_bytes);
  if (opts.content != NULL) {
    message = msim__message_new(&outbox->mem, &opts);
    msim_blob_unref(opts.content);
  }
  msim__free(&outbox->mem, recipients, count * sizeof *recipients);
  return message;
}

bool msim__user_mail_is_clear(struct msim_agent *agent, const struct msim__user_mail *mail)
{
  return msim__letter_find(msim_agent_sim(agent), mail->message) == NULL ||
         (mail->subject[0] == '\0' && mail->body[0] == '\0' && mail->size_bytes == 0 && mail->attachments.count == 0);
}

/* RFC 5322 3.6.3: who stands in bcc gets the mail, and is named nowhere. */
static int compose(struct msim__user_sending *s, const struct msim__user_mail *mail, uint64_t number,
                   struct msim__buf *plain)
{
  struct msim__user_outbox *outbox = s->outbox;
  const struct msim__user_attachment *const *from = mail->attachments.items;
  struct msim__compose_attachment *attachments = NULL;
  struct msim__compose compose = {
      .from = mail->from[0] != '\0' ? mail->from : s->account->address,
      .from_name = s->account->name,
      .to = mail->to.items,
      .to_count = mail->to.count,
      .cc = mail->cc.items,
      .cc_count = mail->cc.count,
      .subject = mail->subject,
      .body = mail->body,
      .attachment_count = mail->attachments.count,
      .host = msim_agent_host(outbox->agent),
      .number = number,
      .unix_s = msim_agent_unix_s(outbox->agent),
      .zone_minutes = msim_agent_zone_minutes(outbox->agent),
      .size_bytes = mail->size_bytes,
  };
  const struct msim__letter *letter = msim__letter_find(msim_agent_sim(outbox->agent), mail->message);
  size_t i;
  int err;

  if (letter != NULL)
    return msim__buf_append(plain, letter->plain.data, letter->plain.size_bytes);
  if (mail->attachments.count > 0) {
    attachments = msim__alloc_zeroed(&outbox->mem, mail->attachments.count, sizeof *attachments);
    if (attachments == NULL)
      return MSIM_ERR_NOMEM;
  }
  for (i = 0; i < mail->attachments.count; i++)
    attachments[i] = (struct msim__compose_attachment){from[i]->name, from[i]->type, from[i]->size_bytes, NULL};
  compose.attachments = attachments;
  err = msim__compose_append(plain, &compose);
  if (attachments != NULL)
    msim__free(&outbox->mem, attachments, mail->attachments.count * sizeof *attachments);
  return err;
}

static struct msim__message *write_mail(struct msim__user_sending *s, const struct msim__user_mail *mail)
{
  struct msim__user_outbox *outbox = s->outbox;
  uint64_t number = msim__mail_number_next(outbox->agent);
  struct msim__message *message = NULL;
  struct msim__buf plain, wire;
  int err;

  msim__buf_init(&plain, &outbox->mem, 4 * (size_t)MSIM__USER_MAIL_BYTES_MAX);
  msim__buf_init(&wire, &outbox->mem, 8 * (size_t)MSIM__USER_MAIL_BYTES_MAX);
  err = compose(s, mail, number, &plain);
  if (err == MSIM_OK)
    message = make_message(s, mail, &plain, &wire, number);
  else if (err != MSIM_ERR_NOMEM)
    msim_agent_fail(outbox->agent, "a mail cannot be written: %s", msim_strerror(err));
  msim__buf_release(&plain);
  msim__buf_release(&wire);
  return message;
}

static void tell_send(const struct msim__user_sending *s, const struct msim__user_mail *mail)
{
  uint32_t count = s->message->recipient_count;
  struct msim_value values[5];
  size_t n = 0;

  values[n++] = msim_value_text("message", s->message->label);
  values[n++] = msim_value_text("from", s->message->reverse_path);
  values[n].name = "to";
  values[n].kind = MSIM_VALUE_LIST;
  values[n].u.list.items = s->message->recipients;
  values[n++].u.list.count = count < MSIM__EVENT_LIST_MAX ? count : MSIM__EVENT_LIST_MAX;
  values[n++] = msim_value_int("size", (int64_t)s->message->size_bytes);
  if (mail->bcc.count > 0) {
    values[n].name = "bcc";
    values[n].kind = MSIM_VALUE_LIST;
    values[n].u.list.items = mail->bcc.items;
    values[n++].u.list.count = mail->bcc.count < MSIM__EVENT_LIST_MAX ? mail->bcc.count : MSIM__EVENT_LIST_MAX;
  }
  msim_agent_event(s->outbox->agent, "user.send", values, n);
}

/* false: out of memory. */
static bool take_credentials(struct msim__user_sending *s)
{
  if (s->account->login == NULL)
    return true;
  s->credentials = msim__alloc_zeroed(&s->outbox->mem, 1, sizeof *s->credentials);
  if (s->credentials == NULL)
    return false;
  s->credentials->user = s->account->login->user;
  s->credentials->password = s->account->login->password;
  return true;
}

void msim__user_send(struct msim__user_outbox *outbox, const struct msim__user_account *account,
                     const struct msim__user_mail *mail)
{
  struct msim__user_sending *s = msim__alloc_zeroed(&outbox->mem, 1, sizeof *s);

  if (s == NULL)
    return; /* out of memory: the simulation has failed, here and below */
  s->outbox = outbox;
  s->account = account;
  msim_timer_init(&s->timer, msim_agent_node(outbox->agent), on_timer);
  s->next = outbox->first;
  if (s->next != NULL)
    s->next->prev = s;
  outbox->first = s;
  s->message = write_mail(s, mail);
  if (s->message == NULL || !take_credentials(s))
    return;
  s->settled = msim__alloc_zeroed(&outbox->mem, 2 * s->message->recipient_count, sizeof *s->settled);
  if (s->settled == NULL)
    return;
  s->held = s->settled + s->message->recipient_count;
  tell_send(s, mail);
  start_attempt(s);
}

void msim__user_outbox_release(struct msim__user_outbox *outbox)
{
  while (outbox->first != NULL) {
    msim__smtp_outgoing_release(&outbox->first->out);
    end_sending(outbox->first);
  }
}
