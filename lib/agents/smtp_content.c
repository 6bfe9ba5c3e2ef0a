/* smtp_content.c: the content of a message on its way in, behind DATA (RFC 5321 4.1.1.4) or in chunks (RFC 3030): kept
 * once in wire form, behind our Received field. See smtp_incoming.h. */
#include "agents/smtp_incoming.h"

#include "mail/trace_header.h"
#include "proto/ascii.h"
#include "proto/header.h"

#include <stdio.h>

/* RFC 3848, RFC 6531 4.3. */
static const char *protocol_name(const struct msim__smtp_incoming *session)
{
  bool auth = session->account != NULL;

  if (session->smtputf8)
    return auth ? "UTF8SMTPA" : "UTF8SMTP";
  if (session->esmtp)
    return auth ? "ESMTPA" : "ESMTP";
  return "SMTP";
}

bool msim__smtp_content_begin(struct msim__smtp_incoming *session)
{
  struct msim__trace_received received = {
      .helo = msim__slice_text(session->helo),
      .from = msim_stream_remote(session->stream).addr,
      .by = session->server->hostname,
      .with = protocol_name(session),
      .unix_s = msim_agent_unix_s(session->agent),
      .zone_minutes = msim_agent_zone_minutes(session->agent),
  };
  char id[24];
  int err;

  session->number = msim__mail_number_next(session->agent);
  (void)snprintf(id, sizeof id, "%llu", (unsigned long long)session->number);
  received.id = id;
  if (session->recipients.count == 1)
    received.recipient = msim__slice_text(session->recipients.items[0].address);
  memset(&session->dot, 0, sizeof session->dot);
  session->label_known = session->dropped = false;
  err = msim__trace_received_append(&session->content, &received);
  session->added_bytes = session->content.size_bytes;
  if (err < 0)
    msim__buf_release(&session->content);
  return err == MSIM_OK;
}

/* The label of the message by the marks of its sender, once: from the first byte of its content. */
static void learn_label(struct msim__smtp_incoming *session)
{
  const char *label;

  if (session->label_known)
    return;
  session->label_known = true;
  label = msim_stream_message(session->stream);
  if (label != NULL)
    (void)snprintf(session->label, sizeof session->label, "%s", label);
}

static void keep(struct msim__smtp_incoming *session, const void *data, size_t size_bytes)
{
  if (!session->dropped && (session->dot.seen.size_bytes > session->server->size_bytes_max ||
                            msim__buf_append(&session->content, data, size_bytes) < 0))
    session->dropped = true;
  if (session->dropped)
    msim__buf_release(&session->content);
}

bool msim__smtp_content_read(struct msim__smtp_incoming *session)
{
  uint8_t scratch[4096];
  struct msim_slice bytes = msim_stream_peek(session->stream);
  size_t taken, written;
  int got;

  if (bytes.size_bytes == 0)
    return false;
  learn_label(session);
  got = msim__dot_decode(&session->dot, bytes, scratch, sizeof scratch, &taken, &written);
  keep(session, bytes.data, taken);
  msim_stream_consume(session->stream, taken);
  if (got == 1)
    msim__smtp_incoming_deliver(session);
  return true;
}

/* The chunk is complete. What was refused has been passed over, so that its bytes are not taken for commands. */
static void end_chunk(struct msim__smtp_incoming *session)
{
  uint8_t end[8];
  char text[64];

  if (session->chunk_refused) {
    session->state = session->chunk_before;
    if (session->effect.code / 100 > 2) { /* by rule; without this chunk the others are worth nothing */
      msim__smtp_incoming_refuse(session, NULL, session->effect.reason, session->effect.code, session->effect.enhanced,
                                 session->effect.text);
      msim__smtp_incoming_reset(session);
      return;
    }
    msim__smtp_incoming_complain(session, 503, "5.5.1", "BDAT belongs behind RCPT");
    return;
  }
  if (session->dropped) { /* RFC 3030 2: the transaction is over; further chunks find none */
    msim__smtp_incoming_deliver(session);
    return;
  }
  session->state = MSIM__SMTP_IN_BDAT;
  if (!session->chunk_last) {
    (void)snprintf(text, sizeof text, "%llu octets received", (unsigned long long)session->chunk_bytes);
    msim__smtp_incoming_reply(session, 250, "2.0.0", text);
    return;
  }
  if (session->dot.line_bytes > 0 && !session->binary)
    session->dot.seen.size_bytes += 2; /* text without a line end at its end gets one */
  keep(session, end, msim__dot_encode_end(&session->dot, end, sizeof end));
  msim__smtp_incoming_deliver(session);
}

bool msim__smtp_chunk_read(struct msim__smtp_incoming *session)
{
  struct msim_slice bytes = msim_stream_peek(session->stream);
  uint8_t wire[4096];
  size_t taken, written;

  if (session->chunk_left_bytes == 0) {
    end_chunk(session);
    return true;
  }
  if (bytes.size_bytes == 0)
    return false;
  if (bytes.size_bytes > session->chunk_left_bytes)
    bytes.size_bytes = (size_t)session->chunk_left_bytes;
  taken = bytes.size_bytes;
  if (!session->chunk_refused) {
    learn_label(session);
    msim__dot_encode(&session->dot, bytes, wire, sizeof wire, &taken, &written);
    keep(session, wire, written);
  }
  session->chunk_left_bytes -= taken;
  msim_stream_consume(session->stream, taken);
  return true;
}

/* ---- what a submitted message lacks ---- */

static bool has_field(struct msim_slice message, const char *name)
{
  struct msim__header_field field;

  return msim__header_find(message, name, 0, &field) == 1;
}

int msim__smtp_content_complete(struct msim__smtp_incoming *session)
{
  struct msim_slice content = {(const uint8_t *)session->content.data, session->content.size_bytes};
  int64_t unix_s = msim_agent_unix_s(session->agent);
  bool lacks_date = !has_field(content, "Date"), lacks_id = !has_field(content, "Message-ID");
  struct msim__buf *out = &session->content, made;
  size_t at = (size_t)session->added_bytes;
  int err;

  if (!lacks_date && !lacks_id)
    return MSIM_OK;
  msim__buf_init(&made, out->mem, out->size_bytes_max);
  msim__buf_append(&made, out->data, at);
  if (lacks_date)
    (void)msim__trace_date_append(&made, unix_s, msim_agent_zone_minutes(session->agent));
  if (lacks_id) {
    msim__buf_append_text(&made, "Message-ID: ");
    (void)msim__trace_message_id_append(&made, unix_s, session->number, msim_agent_host(session->agent),
                                        msim__message_domain(session->reverse_path));
    msim__buf_append_text(&made, "\r\n");
  }
  session->added_bytes = made.size_bytes;
  err = msim__buf_append(&made, out->data + at, out->size_bytes - at);
  msim__buf_release(out);
  *out = made;
  return err;
}
