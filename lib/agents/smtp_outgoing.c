/* smtp_outgoing.c: one outgoing SMTP connection; see smtp_outgoing.h. */
#include "agents/smtp_outgoing.h"

#include "agents/agents.h"

#include "agents/smtp_stream.h"
#include "mail/downgrade.h"
#include "proto/address.h"
#include "proto/ascii.h"

#include <stdio.h>

#define REPLY_BYTES_MAX 4096u   /* longer lines than RFC 5321 4.5.3.1.5 allows are met */
#define LINGER_NS MSIM_SEC(120) /* for the peer's half after our goodbye */

/* ---- what the session asks for ---- */

static void send_line(void *ctx, const char *unit, const char *label, const char *line, size_t line_bytes)
{
  struct msim__smtp_outgoing *out = ctx;

  (void)msim__stream_send_unit(out->agent, out->stream, unit, label, line, line_bytes);
}

static void send_content(void *ctx, struct msim__message *message)
{
  struct msim__smtp_outgoing *out = ctx;
  struct msim_blob *content = out->content != NULL ? out->content : message->content;

  msim_stream_mark(out->stream, "mail.content", message->label, MSIM_MARK_BEGIN);
  (void)msim_stream_write_blob(out->stream, content, 0, msim_blob_bytes(content).size_bytes);
  msim_stream_mark(out->stream, "mail.content", message->label, MSIM_MARK_END);
}

/* ---- another form of the content ---- */

static void drop_content(struct msim__smtp_outgoing *out)
{
  if (out->content != NULL)
    msim_blob_unref(out->content);
  out->content = NULL;
}

static void tell_converted(struct msim__smtp_outgoing *out, const struct msim__message *message, uint64_t size_bytes)
{
  struct msim_value values[] = {
      msim_value_text("message", message->label),
      msim_value_text("to", "7bit"),
      msim_value_int("size", (int64_t)size_bytes),
  };

  msim_agent_event(out->agent, "message.converted", values, sizeof values / sizeof values[0]);
}

static int convert(struct msim__message *message, bool seven_bit, bool chunked, struct msim__buf *plain,
                   struct msim__buf *coded, struct msim__buf *wire, struct msim__buf **result, uint64_t *size_bytes)
{
  bool eight_bit;
  int err = msim__message_to_plain(plain, message);

  *result = plain;
  if (err == MSIM_OK && seven_bit) {
    err = msim__downgrade_append(coded, (struct msim_slice){(const uint8_t *)plain->data, plain->size_bytes});
    *result = coded;
  }
  *size_bytes = (*result)->size_bytes;
  if (err == MSIM_OK && !chunked) {
    err = msim__message_to_wire(wire, (struct msim_slice){(const uint8_t *)(*result)->data, (*result)->size_bytes},
                                size_bytes, &eight_bit);
    *result = wire;
  }
  return err;
}

static int prepare(void *ctx, struct msim__message *message, bool seven_bit, bool chunked, uint64_t *size_bytes)
{
  struct msim__smtp_outgoing *out = ctx;
  size_t most_bytes = msim_blob_bytes(message->content).size_bytes * 4 + 65536;
  struct msim__buf plain, coded, wire, *result = NULL;
  struct msim__mem mem;
  int err;

  drop_content(out);
  msim__agent_mem_init(&mem, out->agent);
  msim__buf_init(&plain, &mem, most_bytes);
  msim__buf_init(&coded, &mem, most_bytes);
  msim__buf_init(&wire, &mem, most_bytes);
  err = convert(message, seven_bit, chunked, &plain, &coded, &wire, &result, size_bytes);
  if (err == MSIM_OK) {
    out->content = msim_blob_new(msim_agent_sim(out->agent), result->data, result->size_bytes);
    if (out->content == NULL)
      err = MSIM_ERR_NOMEM;
    else if (seven_bit)
      tell_converted(out, message, *size_bytes);
  }
  msim__buf_release(&plain);
  msim__buf_release(&coded);
  msim__buf_release(&wire);
  return err;
}

static const struct msim__dsn_recipient *dsn(void *ctx, uint32_t number)
{
  struct msim__smtp_outgoing *out = ctx;

  return out->ops->dsn != NULL ? out->ops->dsn(out->ctx, number) : NULL;
}

static bool next(void *ctx, struct msim__smtp_job *job)
{
  struct msim__smtp_outgoing *out = ctx;

  return out->ops->next(out->ctx, job);
}

static const char *recipient(void *ctx, uint32_t number)
{
  struct msim__smtp_outgoing *out = ctx;

  return out->ops->recipient(out->ctx, number);
}

static void refused(void *ctx, uint32_t number, struct msim__smtp_reply_view reply)
{
  struct msim__smtp_outgoing *out = ctx;

  out->ops->refused(out->ctx, number, reply);
}

static void done(void *ctx, uint32_t accepted_count, struct msim__smtp_reply_view reply)
{
  struct msim__smtp_outgoing *out = ctx;

  drop_content(out);
  out->ops->done(out->ctx, accepted_count, reply);
}

static const struct msim__smtp_session_ops session_ops = {
    .send = send_line,
    .send_content = send_content,
    .next = next,
    .recipient = recipient,
    .refused = refused,
    .done = done,
    .prepare = prepare,
    .dsn = dsn,
};

/* ---- the stream ---- */

/* After the session is over: our FIN goes out, and a timer that keeps no run alive waits for the peer's. */
static void say_goodbye(struct msim__smtp_outgoing *out)
{
  if (out->closing)
    return;
  out->closing = true;
  msim_stream_close(out->stream);
  msim_timer_cancel(&out->timer);
  msim_timer_set_background(&out->timer, true);
  msim_timer_arm(&out->timer, LINGER_NS);
}

static void watch(struct msim__smtp_outgoing *out)
{
  if (out->session.state == MSIM__SMTP_AT_OVER)
    say_goodbye(out);
  else
    msim_timer_arm(&out->timer, msim__smtp_session_timeout_ns(&out->session));
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__smtp_outgoing *out =
      (struct msim__smtp_outgoing *)(void *)((char *)timer - offsetof(struct msim__smtp_outgoing, timer));

  (void)now_ns;
  out->timed_out = true;
  if (!out->closing)
    msim__smtp_session_lost(&out->session, "the server did not answer in time");
  msim_stream_abort(out->stream);
}

static void on_open(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__smtp_outgoing *out = msim_stream_data(stream);
  char literal[MSIM_ADDR_TEXT_BYTES + 16], addr[MSIM_ADDR_TEXT_BYTES];
  struct msim_endpoint local = msim_stream_local(stream);
  const char *helo;

  (void)agent;
  if (out == NULL)
    return;
  msim_addr_format(&local.addr, addr);
  (void)snprintf(literal, sizeof literal, "[%s%s]", local.addr.family == MSIM_FAMILY_IPV6 ? "IPv6:" : "", addr);
  helo = msim__domain_is_name(msim__slice_text(out->opts.helo), false) ? out->opts.helo : literal;
  msim__smtp_session_init(&out->session, &session_ops, out, helo, out->opts.pipelining);
  out->session.want_chunking = out->opts.chunking;
  out->session.login = out->opts.login;
  if (out->opts.login != NULL)
    msim__smtp_credentials_reset(out->opts.login);
  watch(out);
}

static void on_readable(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__smtp_outgoing *out = msim_stream_data(stream);
  struct msim_slice line;
  int got;

  (void)agent;
  if (out == NULL || out->closing) {
    msim_stream_consume(stream, msim_stream_available_bytes(stream));
    return;
  }
  while (out->session.state != MSIM__SMTP_AT_OVER) {
    got = msim_stream_read_line(stream, REPLY_BYTES_MAX, &line);
    if (got == 0)
      break;
    if (got > 0)
      msim__smtp_session_on_line(&out->session, line);
    else
      msim__smtp_session_lost(&out->session, "the server's reply makes no sense");
  }
  watch(out);
}

static void on_eof(struct msim_agent *agent, struct msim_stream *stream)
{
  struct msim__smtp_outgoing *out = msim_stream_data(stream);

  (void)agent;
  if (out == NULL) {
    msim_stream_close(stream);
    return;
  }
  if (!out->closing)
    msim__smtp_session_lost(&out->session, "the server closed the connection");
  say_goodbye(out);
}

static const char *closing_words(enum msim_close_reason why)
{
  switch (why) {
  case MSIM_CLOSED_REFUSED:
    return "the connection was refused";
  case MSIM_CLOSED_TIMEOUT:
    return "the other host did not answer";
  case MSIM_CLOSED_UNREACHABLE:
    return "the other host cannot be reached";
  case MSIM_CLOSED_NO_ADDRESS:
    return "this host has no address";
  case MSIM_CLOSED_DONE:
  case MSIM_CLOSED_RESET:
  case MSIM_CLOSED_ABORTED:
    break;
  }
  return "the connection was lost";
}

static void on_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct msim__smtp_outgoing *out = msim_stream_data(stream);

  (void)agent;
  if (out == NULL)
    return;
  out->timed_out |= why == MSIM_CLOSED_TIMEOUT;
  msim_timer_cancel(&out->timer);
  if (out->session.state != MSIM__SMTP_AT_OVER)
    msim__smtp_session_lost(&out->session, closing_words(why));
  out->stream = NULL; /* not before: whoever hears of the loss must not take the connection for over, and free it */
  drop_content(out);
  out->ops->closed(out->ctx);
}

static const struct msim_stream_ops stream_ops = {
    .on_open = on_open,
    .on_readable = on_readable,
    .on_eof = on_eof,
    .on_closed = on_closed,
};

int msim__smtp_outgoing_open(struct msim__smtp_outgoing *out, struct msim_agent *agent,
                             const struct msim_endpoint *places, size_t count, size_t *next,
                             const struct msim__smtp_outgoing_opts *opts, const struct msim__smtp_outgoing_ops *ops,
                             void *ctx)
{
  int err;

  out->agent = agent;
  out->ops = ops;
  out->ctx = ctx;
  out->opts = *opts;
  out->closing = out->timed_out = false;
  msim__smtp_session_init(&out->session, &session_ops, out, "", false);
  err = msim__agent_connect_next(agent, places, count, next, &stream_ops, out, &out->stream);
  if (err < 0) {
    out->stream = NULL;
    return err;
  }
  msim_stream_set_nodelay(out->stream, true);
  msim_timer_init(&out->timer, msim_agent_node(agent), on_timer);
  msim_timer_set_background(&out->timer, false);
  return MSIM_OK;
}

void msim__smtp_outgoing_release(struct msim__smtp_outgoing *out)
{
  drop_content(out);
  if (out->stream == NULL)
    return;
  msim_timer_cancel(&out->timer);
  msim_stream_set_data(out->stream, NULL);
  out->stream = NULL;
}
