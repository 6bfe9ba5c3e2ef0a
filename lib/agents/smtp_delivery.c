/* smtp_delivery.c: what becomes of a message whose content has come in: judged, and then put into custody
 * (smtp_custody.c). See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "mail/trace_header.h"
#include "proto/ascii.h"

#include <stdio.h>

#define CONTENT_LINE_BYTES_MAX 1000u /* RFC 5321 4.5.3.1.6, CRLF included */

struct verdict {
  unsigned code; /* 0: fine */
  const char *enhanced, *reason, *text;
};

/* A mailbox with a limit of its own takes no larger message, nor one that does not fit any more. NULL: all do. */
static const struct verdict *judge_mailboxes(const struct msim__smtp_incoming *session)
{
  static const struct verdict too_large = {552, "5.2.3", "too-large", "The message is too large for a recipient"};
  static const struct verdict full = {452, "4.2.2", "mailbox-full", "The mailbox of a recipient is full"};
  uint64_t size_bytes = session->dot.seen.size_bytes;
  size_t i;

  for (i = 0; i < session->recipients.count; i++) {
    const struct msim__account *account = session->recipients.items[i].account;

    if (account != NULL && account->size_bytes_max != 0 && size_bytes > account->size_bytes_max)
      return &too_large;
    if (account != NULL && account->quota_bytes != 0 && account->box->size_bytes + size_bytes > account->quota_bytes)
      return &full;
  }
  return NULL;
}

/* What is wrong with lines; content in chunks that calls itself binary has none (RFC 3030 3). */
static const struct verdict *judge_lines(const struct msim__dot_seen *seen)
{
  /* A lone CR or LF that the next host takes for a line end may hide a second message from us. */
  static const struct verdict bare = {550, "5.6.0", "bare-line-end", "CR and LF stand only together (RFC 5321 2.3.8)"};
  static const struct verdict nul = {550, "5.6.0", "nul", "The message holds a NUL"};
  static const struct verdict long_line = {500, "5.6.0", "long-line", "A line is longer than 1000 bytes"};

  if (seen->bare_cr || seen->bare_lf)
    return &bare;
  if (seen->nul)
    return &nul;
  return seen->longest_line_bytes > CONTENT_LINE_BYTES_MAX ? &long_line : NULL;
}

/* What is wrong with the content; the first that applies. NULL: nothing. */
static const struct verdict *judge(const struct msim__smtp_incoming *session)
{
  static const struct verdict too_large = {552, "5.3.4", "too-large", "The message is too large"};
  static const struct verdict author = {550, "5.7.1", "not-your-address", "The author is somebody else"};
  static const struct verdict header = {554, "5.6.0", "long-header", "The header is too long"};
  static const struct verdict loop = {554, "5.4.6", "loop", "The message runs in a circle"}; /* RFC 5321 6.3 */
  struct msim_slice content = {(const uint8_t *)session->content.data, session->content.size_bytes};
  const struct verdict *lines = session->binary ? NULL : judge_lines(&session->dot.seen);
  const struct verdict *mailboxes = judge_mailboxes(session);
  unsigned received_count;

  if (session->dropped)
    return &too_large;
  if (lines != NULL)
    return lines;
  if (mailboxes != NULL)
    return mailboxes;
  if (msim__trace_received_count(content, &received_count) < 0)
    return &header;
  if (received_count > MSIM__TRACE_RECEIVED_MAX && !session->server->takes_circles)
    return &loop;
  return msim__smtp_author_is_fine(session) ? NULL : &author;
}

static struct msim__message *make_message(struct msim__smtp_incoming *session)
{
  struct msim__smtp_server *server = session->server;
  size_t count = session->recipients.count, i;
  struct msim__message_opts opts = {
      .label = msim__slice_text(session->label),
      .reverse_path = msim__slice_text(session->reverse_path),
      .recipient_count = count,
      .ret = session->ret,
      .envid = session->envid,
      .size_bytes = session->added_bytes + session->dot.seen.size_bytes,
      .eight_bit = session->dot.seen.eight_bit,
      .smtputf8 = session->smtputf8,
      .binary = session->binary,
  };
  struct msim__message *message = NULL;
  struct msim_slice *recipients = msim__alloc_zeroed(&server->mem, count, sizeof *recipients);
  struct msim__dsn_recipient *dsn = msim__alloc_zeroed(&server->mem, count, sizeof *dsn);

  if (recipients != NULL && dsn != NULL) {
    for (i = 0; i < count; i++) {
      recipients[i] = msim__slice_text(session->recipients.items[i].address);
      dsn[i].notify = session->recipients.items[i].notify;
      dsn[i].orcpt = session->recipients.items[i].orcpt;
    }
    opts.recipients = recipients;
    opts.dsn = dsn;
    opts.content = msim_blob_new(msim_agent_sim(session->agent), session->content.data, session->content.size_bytes);
  }
  if (opts.content != NULL) {
    message = msim__message_new(&server->room->mem, &opts);
    msim_blob_unref(opts.content);
  }
  if (recipients != NULL)
    msim__free(&server->mem, recipients, count * sizeof *recipients);
  if (dsn != NULL)
    msim__free(&server->mem, dsn, count * sizeof *dsn);
  return message;
}

static void refuse(struct msim__smtp_incoming *session, const char *reason, unsigned code, const char *enhanced,
                   const char *text)
{
  msim__smtp_incoming_refuse(session, NULL, reason, code, enhanced, text);
  msim__smtp_incoming_reset(session);
}

/* Everybody it was for is thrown away by rule: it is accepted, and is nowhere. */
static void discard(struct msim__smtp_incoming *session)
{
  struct msim_value values[3];
  char reply[64];

  values[0] = msim_value_text("message", session->label);
  values[1] = msim_value_text("from", session->reverse_path);
  values[2] = msim_value_text("reason", "rule");
  msim_agent_event(session->agent, "message.discarded", values, 3);
  (void)snprintf(reply, sizeof reply, "Taken as %llu", (unsigned long long)session->number);
  msim__smtp_incoming_reply(session, 250, "2.0.0", reply);
  msim__smtp_incoming_reset(session);
}

/* What the rules say about the whole message. true: the answer is given. */
static bool follow_rules(struct msim__smtp_incoming *session)
{
  struct msim__smtp_effect effect = msim__smtp_incoming_ask_rules(session, "final-dot", NULL, NULL);

  session->effect = effect;
  if (effect.discard) {
    discard(session);
    return true;
  }
  if (effect.code / 100 <= 2)
    return false;
  refuse(session, effect.reason, effect.code, effect.enhanced, effect.text);
  return true;
}

void msim__smtp_incoming_deliver(struct msim__smtp_incoming *session)
{
  const struct verdict *wrong;
  struct msim__message *message;

  if (session->label[0] == '\0') /* no marks: mail of a foreign client gets its label here */
    (void)snprintf(session->label, sizeof session->label, "%.100s-%llu", msim_agent_host(session->agent),
                   (unsigned long long)session->number);
  wrong = judge(session);
  if (wrong != NULL) {
    refuse(session, wrong->reason, wrong->code, wrong->enhanced, wrong->text);
    return;
  }
  if (follow_rules(session))
    return;
  if (session->recipients.count == 0) {
    discard(session);
    return;
  }
  session->deciding = true;
  message = session->listener->role == MSIM__SMTP_ROLE_SUBMISSION && msim__smtp_content_complete(session) < 0
                ? NULL
                : make_message(session);
  if (message != NULL && msim__smtp_custody_take(session, message) == MSIM_OK)
    return;
  msim__message_unref(message);
  msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
  msim__smtp_incoming_reset(session);
}
