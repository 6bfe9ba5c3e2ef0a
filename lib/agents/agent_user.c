/* agent_user.c: a person at a PC: writes mails at given times and hands each to the provider's server by SMTP.
 *
 * One connection per mail, in lock-step; a mail that is not taken is reported as failed and not tried again, as a mail
 * program does. Does not log in, does not read mail, does not keep copies of what was sent. */
#include "agents/smtp_outgoing.h"
#include "agents/smtp_stream.h"
#include "mail/compose.h"
#include "proto/address.h"
#include "proto/ascii.h"

#include <stdio.h>
#include <string.h>

#define ADDRESSES_MAX 8u /* of the provider's host that are tried */
#define MAIL_BYTES_MAX (256u * 1024u * 1024u)

struct mail_config {
  const char *message; /* label, or "" */
  const char *from;    /* or "": the person's address */
  struct msim_list to; /* const char * */
  const char *subject, *body;
  uint64_t size_bytes;
};

struct step_config {
  msim_ns at_ns;
  const struct mail_config *send;
};

struct config {
  const char *address, *name, *submit;
  uint64_t submit_port;
  struct msim_list script; /* const struct step_config * */
};

static const char *check_address(const char *text)
{
  struct msim__address address;

  return msim__address_parse(&address, msim__slice_text(text), false, NULL) == MSIM_OK
             ? NULL
             : "an address such as anna@x.example is expected here";
}

static const char *check_address_or_none(const char *text)
{
  return text[0] == '\0' ? NULL : check_address(text);
}

static const struct msim_field to_item[] = {
    {.key = "to", .kind = MSIM_FIELD_TEXT, .offset = 0, .check = check_address},
};

static const struct msim_field mail_fields[] = {
    {.key = "message",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct mail_config, message),
     .fallback = "\"\"",
     .help = "its label in the trace; HOST-N when absent"},
    {.key = "from",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct mail_config, from),
     .fallback = "\"\"",
     .check = check_address_or_none,
     .help = "another sender than the person's address"},
    {.key = "to",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct mail_config, to),
     .item = to_item,
     .item_bytes = sizeof(const char *),
     .min = 1,
     .max = 1000,
     .help = "the recipients' addresses"},
    {.key = "subject",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct mail_config, subject),
     .fallback = "\"\"",
     .help = "UTF-8"},
    {.key = "body",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct mail_config, body),
     .fallback = "\"\"",
     .help = "UTF-8; lines end in LF or CRLF"},
    {.key = "size",
     .kind = MSIM_FIELD_SIZE_BYTES,
     .offset = offsetof(struct mail_config, size_bytes),
     .fallback = "0B",
     .max = MAIL_BYTES_MAX,
     .help = "fills the body so that the whole message measures this much"},
    {.key = NULL},
};

static const struct msim_field step_fields[] = {
    {.key = "at",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct step_config, at_ns),
     .fallback = "0s",
     .help = "when, from the start of the run"},
    {.key = "send",
     .kind = MSIM_FIELD_STRUCT,
     .offset = offsetof(struct step_config, send),
     .item = mail_fields,
     .item_bytes = sizeof(struct mail_config),
     .help = "a mail to be written and sent"},
    {.key = NULL},
};

static const struct msim_field step_item[] = {
    {.key = "step",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = step_fields,
     .item_bytes = sizeof(struct step_config)},
};

static const struct msim_field fields[] = {
    {.key = "address",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, address),
     .check = check_address,
     .help = "the person's mail address"},
    {.key = "name",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, name),
     .fallback = "\"\"",
     .help = "the person's name, for the field From"},
    {.key = "submit",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, submit),
     .help = "the provider's host that takes the mail"},
    {.key = "submit-port",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, submit_port),
     .fallback = "25",
     .min = 1,
     .max = 65535,
     .help = "its port"},
    {.key = "script",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, script),
     .fallback = "",
     .item = step_item,
     .item_bytes = sizeof(const struct step_config *),
     .help = "what the person does, and when"},
    {.key = NULL},
};

/* One mail of the script until its time. */
struct step {
  struct msim_timer timer;
  struct msim_agent *agent;
  const struct mail_config *mail;
};

/* One mail from its time to its outcome. */
struct sending {
  struct sending *prev, *next;
  struct msim_agent *agent;
  const struct mail_config *mail;
  struct msim__message *message;
  struct msim__smtp_outgoing out;
  struct msim_endpoint places[ADDRESSES_MAX];
  size_t place_count, place_next;
  uint32_t refused_count; /* recipients refused one by one */
  bool offered;           /* it was handed to a session: done has told, or will */
};

struct state {
  struct msim__mem mem;
  struct step *steps;
  size_t step_count;
  struct sending *sendings; /* those under way */
};

/* ---- telling ---- */

static void tell_failed(struct sending *s, const char *to, const char *reason, struct msim__smtp_reply_view reply)
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
  msim_agent_event(s->agent, "message.failed", values, n);
}

static void tell_sent(struct sending *s, uint32_t accepted_count, const char *reply)
{
  const struct config *config = msim_agent_config(s->agent);
  struct msim_value values[] = {
      msim_value_text("message", s->message->label),
      msim_value_text("protocol", "smtp"),
      msim_value_text("server", config->submit),
      msim_value_int("recipients", accepted_count),
      msim_value_text("reply", reply),
  };

  msim_agent_event(s->agent, "message.sent", values, sizeof values / sizeof values[0]);
}

static void end_sending(struct sending *s)
{
  struct state *state = msim_agent_state(s->agent);

  if (s->prev != NULL)
    s->prev->next = s->next;
  else
    state->sendings = s->next;
  if (s->next != NULL)
    s->next->prev = s->prev;
  msim__message_unref(s->message);
  msim__free(&state->mem, s, sizeof *s);
}

/* ---- the session's questions and results ---- */

static bool next_job(void *ctx, struct msim__smtp_job *job)
{
  struct sending *s = ctx;

  if (s->offered)
    return false;
  s->offered = true;
  job->message = s->message;
  job->recipient_count = s->message->recipient_count;
  return true;
}

static const char *recipient(void *ctx, uint32_t number)
{
  struct sending *s = ctx;

  return s->message->recipients[number];
}

static void refused(void *ctx, uint32_t number, struct msim__smtp_reply_view reply)
{
  struct sending *s = ctx;

  s->refused_count++;
  tell_failed(s, s->message->recipients[number], "refused", reply);
}

static void done(void *ctx, uint32_t accepted_count, struct msim__smtp_reply_view reply)
{
  struct sending *s = ctx;

  if (reply.code / 100 == 2)
    tell_sent(s, accepted_count, reply.text);
  else if (s->refused_count < s->message->recipient_count)
    tell_failed(s, NULL, reply.code != 0 ? "refused" : "connection", reply);
}

static void connect_next(struct sending *s, struct msim__smtp_reply_view last);

static void closed(void *ctx)
{
  struct sending *s = ctx;
  struct msim__smtp_reply_view reply = {s->out.session.code, s->out.session.text, false};

  if (s->offered)
    end_sending(s); /* done has told how it went */
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

/* ---- connecting ---- */

static void connect_next(struct sending *s, struct msim__smtp_reply_view last)
{
  struct msim__smtp_reply_view none = {0, "no connection could be opened", true};
  struct msim__smtp_outgoing_opts opts = {msim_agent_host(s->agent), false, false, NULL};

  if (s->place_next < s->place_count) {
    if (msim__smtp_outgoing_open(&s->out, s->agent, s->places[s->place_next++], &opts, &outgoing_ops, s) == MSIM_OK)
      return;
    last = none;
  }
  tell_failed(s, NULL, last.code != 0 ? "refused" : "connection", last);
  end_sending(s);
}

static void on_resolved(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  const struct config *config = msim_agent_config(agent);
  struct msim__smtp_reply_view none = {0, "the provider's name is not known", true};
  struct sending *s = ctx;
  size_t i;

  s->place_count = s->place_next = 0;
  for (i = 0; i < answers->count && s->place_count < ADDRESSES_MAX; i++) {
    s->places[s->place_count].addr = answers->items[i].addr;
    s->places[s->place_count++].port = (uint16_t)config->submit_port;
  }
  if (s->place_count == 0) {
    tell_failed(s, NULL, "no-such-host", none);
    end_sending(s);
    return;
  }
  connect_next(s, none);
}

/* ---- writing ---- */

static struct msim__message *make_message(struct sending *s, struct msim__buf *plain, struct msim__buf *wire,
                                          uint64_t number)
{
  const struct mail_config *mail = s->mail;
  const struct config *config = msim_agent_config(s->agent);
  struct state *state = msim_agent_state(s->agent);
  struct msim__message_opts opts = {.recipient_count = mail->to.count};
  const char *const *to = mail->to.items;
  struct msim__message *message = NULL;
  struct msim_slice *recipients;
  char label[128];
  size_t i;

  if (msim__message_to_wire(wire, (struct msim_slice){(const uint8_t *)plain->data, plain->size_bytes},
                            &opts.size_bytes, &opts.eight_bit) < 0)
    return NULL;
  (void)snprintf(label, sizeof label, "%s-%llu", msim_agent_host(s->agent), (unsigned long long)number);
  recipients = msim__alloc_zeroed(&state->mem, mail->to.count, sizeof *recipients);
  if (recipients == NULL)
    return NULL;
  for (i = 0; i < mail->to.count; i++)
    recipients[i] = msim__slice_text(to[i]);
  opts.recipients = recipients;
  opts.label = msim__slice_text(mail->message[0] != '\0' ? mail->message : label);
  opts.reverse_path = msim__slice_text(mail->from[0] != '\0' ? mail->from : config->address);
  opts.content = msim_blob_new(msim_agent_sim(s->agent), wire->data, wire->size_bytes);
  if (opts.content != NULL) {
    message = msim__message_new(&state->mem, &opts);
    msim_blob_unref(opts.content);
  }
  msim__free(&state->mem, recipients, mail->to.count * sizeof *recipients);
  return message;
}

static struct msim__message *write_mail(struct sending *s)
{
  const struct mail_config *mail = s->mail;
  const struct config *config = msim_agent_config(s->agent);
  struct state *state = msim_agent_state(s->agent);
  struct msim__compose compose = {
      .from = mail->from[0] != '\0' ? mail->from : config->address,
      .from_name = config->name,
      .to = mail->to.items,
      .to_count = mail->to.count,
      .subject = mail->subject,
      .body = mail->body,
      .host = msim_agent_host(s->agent),
      .number = msim__mail_number_next(s->agent),
      .unix_s = msim_agent_unix_s(s->agent),
      .zone_minutes = msim_agent_zone_minutes(s->agent),
      .size_bytes = mail->size_bytes,
  };
  struct msim__message *message = NULL;
  struct msim__buf plain, wire;
  int err;

  msim__buf_init(&plain, &state->mem, 2 * (size_t)MAIL_BYTES_MAX);
  msim__buf_init(&wire, &state->mem, 4 * (size_t)MAIL_BYTES_MAX);
  err = msim__compose_append(&plain, &compose);
  if (err == MSIM_OK)
    message = make_message(s, &plain, &wire, compose.number);
  else if (err != MSIM_ERR_NOMEM)
    msim_agent_fail(s->agent, "a mail cannot be written: %s", msim_strerror(err));
  msim__buf_release(&plain);
  msim__buf_release(&wire);
  return message;
}

static void tell_send(struct sending *s)
{
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[4];
  uint32_t i, count = s->message->recipient_count;

  if (count > MSIM__EVENT_LIST_MAX)
    count = MSIM__EVENT_LIST_MAX;
  for (i = 0; i < count; i++)
    to[i] = s->message->recipients[i];
  values[0] = msim_value_text("message", s->message->label);
  values[1] = msim_value_text("from", s->message->reverse_path);
  values[2].name = "to";
  values[2].kind = MSIM_VALUE_LIST;
  values[2].u.list.items = to;
  values[2].u.list.count = count;
  values[3] = msim_value_int("size", (int64_t)s->message->size_bytes);
  msim_agent_event(s->agent, "user.send", values, 4);
}

static void on_time(struct msim_timer *timer, msim_ns now_ns)
{
  struct step *step = (struct step *)(void *)((char *)timer - offsetof(struct step, timer));
  const struct config *config = msim_agent_config(step->agent);
  struct state *state = msim_agent_state(step->agent);
  struct sending *s = msim__alloc_zeroed(&state->mem, 1, sizeof *s);

  (void)now_ns;
  if (s == NULL)
    return; /* out of memory: the simulation has failed, here and below */
  s->agent = step->agent;
  s->mail = step->mail;
  s->next = state->sendings;
  if (s->next != NULL)
    s->next->prev = s;
  state->sendings = s;
  s->message = write_mail(s);
  if (s->message == NULL)
    return;
  tell_send(s);
  (void)msim_agent_resolve(s->agent, config->submit, MSIM_NAME_ADDRESS, on_resolved, s);
}

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  const struct step_config *const *steps = config->script.items;
  struct state *state = msim_agent_state(agent);
  size_t i;

  msim__agent_mem_init(&state->mem, agent);
  if (config->script.count == 0)
    return MSIM_OK;
  state->steps = msim__alloc_zeroed(&state->mem, config->script.count, sizeof *state->steps);
  if (state->steps == NULL)
    return MSIM_ERR_NOMEM;
  state->step_count = config->script.count;
  for (i = 0; i < config->script.count; i++) {
    struct step *step = &state->steps[i];

    step->agent = agent;
    step->mail = steps[i]->send;
    msim_timer_init(&step->timer, msim_agent_node(agent), on_time);
    msim_timer_arm(&step->timer, steps[i]->at_ns);
  }
  return MSIM_OK;
}

static void stop(struct msim_agent *agent)
{
  struct state *state = msim_agent_state(agent);
  size_t i;

  while (state->sendings != NULL) {
    msim__smtp_outgoing_release(&state->sendings->out);
    end_sending(state->sendings);
  }
  for (i = 0; i < state->step_count; i++)
    msim_timer_cancel(&state->steps[i].timer);
  if (state->step_count > 0)
    msim__free(&state->mem, state->steps, state->step_count * sizeof *state->steps);
  state->steps = NULL;
  state->step_count = 0;
}

extern const struct msim_agent_type msim__agent_user;
const struct msim_agent_type msim__agent_user = {
    .name = "user",
    .summary = "a person at a PC who writes mails at given times and hands them to a provider",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
    .stop = stop,
};
