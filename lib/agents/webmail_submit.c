/* webmail_submit.c: the webmail hands a mail to the provider's server for submission (RFC 6409), in the name of who
 * wrote it; see webmail_letter.h. One connection for each mail. Does not try again: the person is there, and sees. */
#include "agents/webmail_letter.h"

#include "mail/message.h"
#include "proto/ascii.h"

#include <stdio.h>

struct msim__webmail_letter *msim__webmail_letter_new(struct msim__webmail_job *job)
{
  struct msim__webmail_letter *letter = msim__alloc_zeroed(msim__webmail_mem(job), 1, sizeof *letter);

  if (letter == NULL)
    return NULL;
  letter->webmail = job->webmail;
  letter->job = job;
  letter->next = job->webmail->letters;
  if (letter->next != NULL)
    letter->next->prev = letter;
  job->webmail->letters = letter;
  msim__buf_init(&letter->plain, msim__webmail_mem(job), 0);
  job->letter = letter;
  return letter;
}

static void free_letter(struct msim__webmail_letter *letter)
{
  struct msim__webmail *webmail = letter->webmail;

  if (letter->job != NULL)
    letter->job->letter = NULL;
  if (letter->prev != NULL)
    letter->prev->next = letter->next;
  else
    webmail->letters = letter->next;
  if (letter->next != NULL)
    letter->next->prev = letter->prev;
  msim__smtp_outgoing_release(&letter->out);
  msim__message_unref(letter->message);
  msim__buf_release(&letter->plain);
  memset(letter->password, 0, sizeof letter->password);
  msim__free(&webmail->serving.mem, letter, sizeof *letter);
}

void msim__webmail_letter_leave(struct msim__webmail_job *job)
{
  struct msim__webmail_letter *letter = job->letter;

  if (letter == NULL)
    return;
  job->letter = NULL;
  letter->job = NULL;
  if (letter->out.stream == NULL)
    free_letter(letter);
}

void msim__webmail_letters_release(struct msim__webmail *webmail)
{
  while (webmail->letters != NULL)
    free_letter(webmail->letters);
}

/* ---- outcomes ---- */

static void tell(struct msim__webmail_letter *letter, bool is_sent)
{
  struct msim_value values[] = {
      msim_value_text("message", letter->label),
      msim_value_text("user", letter->user),
      msim_value_text("reply", letter->job->words),
  };

  msim_agent_event(letter->webmail->serving.agent, is_sent ? "webmail.sent" : "webmail.failed", values, 3);
}

static void settle(struct msim__webmail_letter *letter, bool is_sent, const char *words)
{
  msim__webmail_submitted_fn *submitted = letter->submitted;
  struct msim__webmail_job *job = letter->job;

  if (job == NULL || submitted == NULL)
    return;
  if (words != NULL)
    msim__webmail_say(job, msim__slice_text(words));
  tell(letter, is_sent);
  letter->submitted = NULL;
  submitted(job, is_sent);
}

static bool next_job(void *ctx, struct msim__smtp_job *job)
{
  struct msim__webmail_letter *letter = ctx;

  if (letter->offered)
    return false;
  letter->offered = true;
  job->message = letter->message;
  job->recipient_count = letter->message->recipient_count;
  return true;
}

static const char *recipient(void *ctx, uint32_t number)
{
  struct msim__webmail_letter *letter = ctx;

  return letter->message->recipients[number];
}

static void refused(void *ctx, uint32_t number, struct msim__smtp_reply_view reply)
{
  struct msim__webmail_letter *letter = ctx;
  size_t n = strlen(letter->refused);

  (void)snprintf(letter->refused + n, sizeof letter->refused - n, "%s%s: %s", n > 0 ? "; " : "",
                 letter->message->recipients[number], reply.text);
}

static void done(void *ctx, uint32_t accepted_count, struct msim__smtp_reply_view reply)
{
  struct msim__webmail_letter *letter = ctx;
  bool is_sent = reply.code / 100 == 2 && accepted_count > 0;

  settle(letter, is_sent, !is_sent && letter->refused[0] != '\0' ? letter->refused : reply.text);
}

static void connect_next(struct msim__webmail_letter *letter, const char *words);

static void closed(void *ctx)
{
  struct msim__webmail_letter *letter = ctx;
  const struct msim__smtp_session *session = &letter->out.session;

  if (!letter->offered && letter->job != NULL) {
    connect_next(letter, session->text[0] != '\0' ? session->text : "the server cannot be reached");
    return;
  }
  settle(letter, false, "the connection broke"); /* unless done has told */
  if (letter->job == NULL)
    free_letter(letter);
}

static const struct msim__smtp_outgoing_ops outgoing_ops = {
    .next = next_job,
    .recipient = recipient,
    .refused = refused,
    .done = done,
    .closed = closed,
};

/* ---- connecting ---- */

/* A server that said no says so to all its addresses. */
static void connect_next(struct msim__webmail_letter *letter, const char *words)
{
  struct msim_agent *agent = letter->webmail->serving.agent;
  const struct msim__webmail_config *config = msim_agent_config(agent);
  struct msim__smtp_outgoing_opts opts = {msim_agent_host(agent), false, false, NULL};

  while (letter->out.session.code == 0 && letter->place_next < letter->place_count) {
    if (config->submit_login) {
      letter->login.user = letter->user;
      letter->login.password = letter->password;
      letter->login.random[0] = msim_agent_random(agent);
      letter->login.random[1] = msim_agent_random(agent);
      opts.login = &letter->login;
    }
    if (msim__smtp_outgoing_open(&letter->out, agent, letter->places, letter->place_count, &letter->place_next, &opts,
                                 &outgoing_ops, letter) == MSIM_OK)
      return;
  }
  settle(letter, false, words);
}

static void on_resolved(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  const struct msim__webmail_config *config = msim_agent_config(agent);
  struct msim__webmail_letter *letter = ctx;
  size_t i;

  for (i = 0; i < answers->count && letter->place_count < sizeof letter->places / sizeof letter->places[0]; i++) {
    letter->places[letter->place_count].addr = answers->items[i].addr;
    letter->places[letter->place_count++].port = (uint16_t)config->submit_port;
  }
  connect_next(letter, answers->count > 0 ? "the server cannot be reached" : "the server's name is not known");
}

/* ---- the message ---- */

static size_t put_people(struct msim_slice *out, size_t count, const struct msim__webmail_people *people, bool *utf8)
{
  size_t i, k;

  for (i = 0; i < people->count; i++) {
    out[count] = msim__slice_text(people->items[i]);
    for (k = 0; k < out[count].size_bytes; k++)
      *utf8 = *utf8 || out[count].data[k] >= 0x80;
    count++;
  }
  return count;
}

static bool make_message(struct msim__webmail_job *job, struct msim__buf *wire)
{
  struct msim__webmail_letter *letter = job->letter;
  size_t n, count = letter->to.count + letter->cc.count + letter->bcc.count;
  struct msim_slice *recipients = msim__arena_alloc(&job->arena, count * sizeof *recipients);
  struct msim__message_opts opts = {.recipients = recipients, .recipient_count = count};

  if (recipients == NULL ||
      msim__message_to_wire(wire, (struct msim_slice){(const uint8_t *)letter->plain.data, letter->plain.size_bytes},
                            &opts.size_bytes, &opts.eight_bit) < 0)
    return false;
  n = put_people(recipients, 0, &letter->to, &opts.smtputf8);
  n = put_people(recipients, n, &letter->cc, &opts.smtputf8);
  (void)put_people(recipients, n, &letter->bcc, &opts.smtputf8);
  opts.label = msim__slice_text(letter->label);
  opts.reverse_path = msim__slice_text(job->session->address);
  opts.content = msim_blob_new(msim_agent_sim(job->webmail->serving.agent), wire->data, wire->size_bytes);
  if (opts.content == NULL)
    return false;
  letter->message = msim__message_new(msim__webmail_mem(job), &opts);
  msim_blob_unref(opts.content);
  return letter->message != NULL;
}

void msim__webmail_submit(struct msim__webmail_job *job, msim__webmail_submitted_fn *submitted)
{
  const struct msim__webmail_config *config = msim__webmail_config_of(job);
  struct msim__webmail_letter *letter = job->letter;
  struct msim_agent *agent = job->webmail->serving.agent;
  struct msim__buf wire;
  bool fine;

  msim__buf_init(&wire, msim__webmail_mem(job), 2 * letter->plain.size_bytes_max + 16);
  fine = make_message(job, &wire);
  msim__buf_release(&wire);
  if (!fine)
    return; /* out of memory: the simulation has failed */
  letter->submitted = submitted;
  (void)snprintf(letter->user, sizeof letter->user, "%s", job->session->user);
  (void)snprintf(letter->password, sizeof letter->password, "%s", job->session->password);
  (void)msim_agent_resolve(agent, config->submit != NULL ? config->submit : msim_agent_host(agent), MSIM_NAME_ADDRESS,
                           on_resolved, letter);
}
