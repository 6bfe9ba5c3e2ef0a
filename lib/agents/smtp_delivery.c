/* smtp_delivery.c: what becomes of a message whose content has come in: judged, then put into mailboxes and the queue,
 * and only then accepted (RFC 5321 4.2.5, 6.1). See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "mail/trace_header.h"
#include "proto/ascii.h"

#include <stdio.h>

#define CONTENT_LINE_BYTES_MAX 1000u /* RFC 5321 4.5.3.1.6, CRLF included */

struct verdict {
  unsigned code; /* 0: fine */
  const char *enhanced, *reason, *text;
};

/* What is wrong with the content; the first that applies. */
static struct verdict judge(const struct msim__smtp_incoming *session)
{
  static const struct verdict fine = {0, NULL, NULL, NULL};
  static const struct verdict too_large = {552, "5.3.4", "too-large", "The message is too large"};
  /* A lone CR or LF that the next host takes for a line end may hide a second message from us. */
  static const struct verdict bare = {550, "5.6.0", "bare-line-end", "CR and LF stand only together (RFC 5321 2.3.8)"};
  static const struct verdict nul = {550, "5.6.0", "nul", "The message holds a NUL"};
  static const struct verdict long_line = {500, "5.6.0", "long-line", "A line is longer than 1000 bytes"};
  static const struct verdict header = {554, "5.6.0", "long-header", "The header is too long"};
  static const struct verdict loop = {554, "5.4.6", "loop", "The message runs in a circle"}; /* RFC 5321 6.3 */
  const struct msim__dot_seen *seen = &session->dot.seen;
  struct msim_slice content = {(const uint8_t *)session->content.data, session->content.size_bytes};
  unsigned received_count;

  if (session->dropped)
    return too_large;
  if (seen->bare_cr || seen->bare_lf)
    return bare;
  if (seen->nul)
    return nul;
  if (seen->longest_line_bytes > CONTENT_LINE_BYTES_MAX)
    return long_line;
  if (msim__trace_received_count(content, &received_count) < 0)
    return header;
  return received_count > MSIM__TRACE_RECEIVED_MAX ? loop : fine;
}

static struct msim__message *make_message(struct msim__smtp_incoming *session)
{
  struct msim__smtp_server *server = session->server;
  struct msim__message_opts opts = {
      .label = msim__slice_text(session->label),
      .reverse_path = msim__slice_text(session->reverse_path),
      .recipient_count = session->recipient_count,
      .size_bytes = session->added_bytes + session->dot.seen.size_bytes,
      .eight_bit = session->dot.seen.eight_bit,
  };
  struct msim__message *message = NULL;
  struct msim_slice *recipients = msim__alloc_zeroed(&server->mem, session->recipient_count, sizeof *recipients);
  size_t i;

  if (recipients == NULL)
    return NULL;
  for (i = 0; i < session->recipient_count; i++)
    recipients[i] = msim__slice_text(session->recipients[i].address);
  opts.recipients = recipients;
  opts.content = msim_blob_new(msim_agent_sim(session->agent), session->content.data, session->content.size_bytes);
  if (opts.content != NULL) {
    message = msim__message_new(&server->room->mem, &opts);
    msim_blob_unref(opts.content);
  }
  msim__free(&server->mem, recipients, session->recipient_count * sizeof *recipients);
  return message;
}

/* Hands the recipients elsewhere to the queue, all or none. */
static int enqueue(struct msim__smtp_incoming *session, struct msim__message *message)
{
  struct msim__smtp_server *server = session->server;
  uint32_t *indices = msim__alloc(&server->mem, session->recipient_count * sizeof *indices);
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[4];
  size_t count = 0;
  uint32_t i;
  int err;

  if (indices == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < session->recipient_count; i++)
    if (session->recipients[i].box == NULL)
      indices[count++] = i;
  err = count == 0 ? MSIM_OK
                   : msim__mail_queue_add(&server->room->queue, message, indices, count,
                                          msim_sim_now_ns(msim_agent_sim(session->agent)));
  if (err == MSIM_OK && count > 0) {
    values[0] = msim_value_text("message", message->label);
    values[1] = msim_value_int("recipients", (int64_t)count);
    values[2] = msim_value_int("waiting", server->room->queue.entry_count);
    for (i = 0; i < count && i < MSIM__EVENT_LIST_MAX; i++)
      to[i] = message->recipients[indices[i]];
    values[3].name = "to";
    values[3].kind = MSIM_VALUE_LIST;
    values[3].u.list.items = to;
    values[3].u.list.count = i;
    msim_agent_event(session->agent, "smtp.queued", values, 4);
  }
  msim__free(&server->mem, indices, session->recipient_count * sizeof *indices);
  return err;
}

/* One copy per mailbox, however many of its addresses were named. */
static bool is_served_already(const struct msim__smtp_incoming *session, size_t index)
{
  size_t i;

  for (i = 0; i < index; i++)
    if (session->recipients[i].box == session->recipients[index].box)
      return true;
  return false;
}

static int store(struct msim__smtp_incoming *session, struct msim__message *message)
{
  struct msim__smtp_server *server = session->server;
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[5];
  uint32_t uid;
  size_t i, k, count;
  int err;

  for (i = 0; i < session->recipient_count; i++) {
    struct msim__mailbox *box = session->recipients[i].box;

    if (box == NULL || is_served_already(session, i))
      continue;
    err = msim__store_add(&server->room->store, box, message, msim_agent_unix_s(session->agent), &uid);
    if (err < 0)
      return err;
    values[0] = msim_value_text("message", message->label);
    values[1] = msim_value_text("mailbox", box->name);
    values[2] = msim_value_bool("durable", true);
    values[3] = msim_value_int("uid", uid);
    for (k = i, count = 0; k < session->recipient_count && count < MSIM__EVENT_LIST_MAX; k++)
      if (session->recipients[k].box == box)
        to[count++] = session->recipients[k].address;
    values[4].name = "to";
    values[4].kind = MSIM_VALUE_LIST;
    values[4].u.list.items = to;
    values[4].u.list.count = count;
    msim_agent_event(session->agent, "store.add", values, 5);
  }
  return MSIM_OK;
}

static void tell_accepted(struct msim__smtp_incoming *session, const struct msim__message *message)
{
  size_t count = session->recipient_count < MSIM__EVENT_LIST_MAX ? session->recipient_count : MSIM__EVENT_LIST_MAX;
  const char *to[MSIM__EVENT_LIST_MAX];
  struct msim_value values[5];
  size_t i;

  for (i = 0; i < count; i++)
    to[i] = session->recipients[i].address;
  values[0] = msim_value_text("message", message->label);
  values[1] = msim_value_text("protocol", "smtp");
  values[2] = msim_value_text("from", session->reverse_path);
  values[3].name = "to";
  values[3].kind = MSIM_VALUE_LIST;
  values[3].u.list.items = to;
  values[3].u.list.count = count;
  values[4] = msim_value_int("size", (int64_t)message->size_bytes);
  msim_agent_event(session->agent, "message.accepted", values, 5);
}

void msim__smtp_incoming_deliver(struct msim__smtp_incoming *session)
{
  struct verdict verdict = judge(session);
  struct msim__message *message;
  char reply[64];
  int err;

  if (session->label[0] == '\0') /* no marks: mail of a foreign client gets its label here */
    (void)snprintf(session->label, sizeof session->label, "%.100s-%llu", msim_agent_host(session->agent),
                   (unsigned long long)session->number);
  session->reply_label = session->label; /* the verdict about the content is about this message */
  if (verdict.code != 0) {
    msim__smtp_incoming_refuse(session, NULL, verdict.reason, verdict.code, verdict.enhanced, verdict.text);
    msim__smtp_incoming_reset(session);
    return;
  }
  message = make_message(session);
  err = message == NULL ? MSIM_ERR_NOMEM : enqueue(session, message);
  if (err == MSIM_OK)
    err = store(session, message);
  if (err == MSIM_OK) {
    tell_accepted(session, message);
    (void)snprintf(reply, sizeof reply, "Taken as %llu", (unsigned long long)session->number);
    msim__smtp_incoming_reply(session, 250, "2.0.0", reply);
  } else if (err == MSIM_ERR_LIMIT) {
    msim__smtp_incoming_refuse(session, NULL, "queue-full", 452, "4.3.1", "The queue is full");
  } else {
    msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
  }
  msim__message_unref(message);
  msim__smtp_incoming_reset(session);
}
