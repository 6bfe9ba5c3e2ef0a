/* smtp_session.c: the client's side of an SMTP dialogue; see smtp_session.h.
 *
 * enter() sends what a state has to say, on_reply() chooses the state behind a reply; run() is the loop around the
 * first, so that nothing calls itself. */
#include "agents/smtp_session.h"

#include "proto/ascii.h"

#include <stdio.h>
#include <string.h>

#define LINE_BYTES 1024u
#define CONTENT_BLOCK_BYTES 65536u

static const char unit_command[] = "smtp.command";
static const char unit_envelope[] = "smtp.envelope";
static const char unit_credentials[] = "auth.credentials";

const char *msim__smtp_session_state_name(enum msim__smtp_session_state state)
{
  static const char *const names[] = {
#define NAME(name, text) text,
      MSIM__SMTP_SESSION_MAP(NAME)
#undef NAME
  };

  return names[state];
}

void msim__smtp_session_init(struct msim__smtp_session *session, const struct msim__smtp_session_ops *ops, void *ctx,
                             const char *helo, bool pipelining)
{
  memset(session, 0, sizeof *session);
  session->ops = ops;
  session->ctx = ctx;
  session->want_pipelining = pipelining;
  session->state = MSIM__SMTP_AT_GREETING;
  (void)snprintf(session->helo, sizeof session->helo, "%s", helo);
}

static void go(struct msim__smtp_session *session, enum msim__smtp_session_state state)
{
  session->state = state;
  session->entering = true;
}

static void set_text(struct msim__smtp_session *session, unsigned code, const char *text)
{
  session->code = code;
  session->found_here = true;
  (void)snprintf(session->text, sizeof session->text, "%s", text);
}

static struct msim__smtp_reply_view view(const struct msim__smtp_session *session)
{
  struct msim__smtp_reply_view reply = {session->code, session->text, session->found_here};

  return reply;
}

static bool is_class(const struct msim__smtp_session *session, unsigned digit)
{
  return session->code / 100 == digit;
}

/* ---- sending ---- */

static void send_command(struct msim__smtp_session *session, const char *verb, const char *argument)
{
  char line[LINE_BYTES];
  int n = snprintf(line, sizeof line, "%s%s%s\r\n", verb, argument[0] != '\0' ? " " : "", argument);

  if (n > 0 && (size_t)n < sizeof line)
    session->ops->send(session->ctx, unit_command, NULL, line, (size_t)n);
}

/* Addresses were checked where they came in; one that is too long for a line after all counts as unspeakable. */
static bool send_mail(struct msim__smtp_session *session)
{
  char line[MSIM__SMTP_WORDS_LINE_BYTES];
  size_t n = msim__smtp_words_mail(line, session->job.message, &session->offer, session->content_bytes,
                                   session->seven_bit, session->utf8);

  if (n > 0)
    session->ops->send(session->ctx, unit_envelope, session->job.message->label, line, n);
  return n > 0;
}

/* Its address needs SMTPUTF8 and the transaction goes without. */
static bool is_unspeakable(const struct msim__smtp_session *session, const char *address)
{
  return !session->utf8 && !msim__smtp_words_are_ascii(address);
}

/* The first recipient from `number` on that is to be named; recipient_count: there is none. */
static uint32_t skip_unnamed(struct msim__smtp_session *session, uint32_t number)
{
  const char *address;

  for (; number < session->job.recipient_count; number++)
    if ((address = session->ops->recipient(session->ctx, number)) != NULL && !is_unspeakable(session, address))
      break;
  return number;
}

static void send_rcpt(struct msim__smtp_session *session)
{
  const struct msim__dsn_recipient *dsn = NULL;
  char line[MSIM__SMTP_WORDS_LINE_BYTES];
  size_t n;

  if (session->offer.dsn && session->ops->dsn != NULL)
    dsn = session->ops->dsn(session->ctx, session->sent_number);
  n = msim__smtp_words_rcpt(line, session->ops->recipient(session->ctx, session->sent_number), dsn);
  session->ops->send(session->ctx, unit_envelope, session->job.message->label, line, n);
  session->sent_number = skip_unnamed(session, session->sent_number + 1);
}

/* RFC 2920 3.1: MAIL, RCPT and, last of its group, DATA without waiting for replies between them. */
static void send_ahead(struct msim__smtp_session *session)
{
  while (session->sent_number < session->job.recipient_count && session->ahead_count < MSIM__SMTP_SESSION_AHEAD_MAX) {
    send_rcpt(session);
    session->ahead_count++;
  }
  if (session->sent_number >= session->job.recipient_count && !session->data_sent && !session->chunked) {
    session->data_sent = true;
    send_command(session, "DATA", "");
  }
}

/* The reply at hand is the one that counts, though others follow. */
static void keep_refusal(struct msim__smtp_session *session)
{
  session->job_code = session->code;
  memcpy(session->job_text, session->text, sizeof session->job_text);
}

/* ---- jobs ---- */

/* The job is over; what the server said last (or was set by set_text) decides. */
static void finish(struct msim__smtp_session *session)
{
  session->working = false;
  session->job_count++;
  session->ops->done(session->ctx, session->accepted_count, view(session));
  go(session, MSIM__SMTP_AT_IDLE);
}

/* Chooses the form of the content. false: the text says why not. */
static bool choose_form(struct msim__smtp_session *session)
{
  const struct msim__message *message = session->job.message;
  int err = MSIM_OK;

  session->content_bytes = message->size_bytes;
  session->chunked = session->offer.chunking && (session->want_chunking || message->binary);
  session->seven_bit = message->eight_bit && !message->binary && !session->offer.eight_bit;
  if (message->binary && !(session->chunked && session->offer.binary)) {
    set_text(session, 554, "554 5.6.3 The next host does not take binary content");
    return false;
  }
  if (session->chunked || session->seven_bit)
    err = session->ops->prepare == NULL ? MSIM_ERR_INVALID
                                        : session->ops->prepare(session->ctx, session->job.message, session->seven_bit,
                                                                session->chunked, &session->content_bytes);
  if (err == MSIM_ERR_INVALID)
    set_text(session, 554, "554 5.6.3 The next host does not take 8-bit content");
  else if (err < 0)
    set_text(session, 0, "the message cannot be brought into the form that the next host takes");
  return err == MSIM_OK;
}

/* What is known before anything is sent. RFC 1870 6.1, RFC 6152 3, RFC 6531 3.6. */
static bool cannot_send(struct msim__smtp_session *session)
{
  if (msim__smtp_words_need_utf8(session->job.message, &session->offer)) {
    set_text(session, 550, "550 5.6.7 The next host does not take addresses or headers beyond ASCII");
    return true;
  }
  if (!choose_form(session))
    return true;
  if (session->offer.size_bytes_max > 0 && session->content_bytes > session->offer.size_bytes_max) {
    set_text(session, 552, "552 5.3.4 The message is larger than the next host takes");
    return true;
  }
  return false;
}

static void refuse_unspeakable(struct msim__smtp_session *session)
{
  static const struct msim__smtp_reply_view reply = {
      553, "553 5.6.7 The next host does not take addresses beyond ASCII", true};
  const char *address;
  uint32_t i;

  for (i = 0; i < session->job.recipient_count; i++)
    if ((address = session->ops->recipient(session->ctx, i)) != NULL && is_unspeakable(session, address))
      session->ops->refused(session->ctx, i, reply);
}

static bool wants_utf8(struct msim__smtp_session *session)
{
  const char *address;
  bool wanted = session->job.message->smtputf8 || !msim__smtp_words_are_ascii(session->job.message->reverse_path);
  uint32_t i;

  for (i = 0; i < session->job.recipient_count && !wanted; i++)
    wanted = (address = session->ops->recipient(session->ctx, i)) != NULL && !msim__smtp_words_are_ascii(address);
  return wanted && session->offer.utf8;
}

static void start_job(struct msim__smtp_session *session)
{
  bool named;

  session->working = true;
  session->ahead = session->want_pipelining && session->offer.pipelining;
  session->ahead_count = session->accepted_count = 0;
  session->mail_accepted = session->data_sent = session->chunked = session->seven_bit = false;
  session->job_code = 0;
  session->utf8 = true; /* so that all who are to be named are seen */
  named = skip_unnamed(session, 0) < session->job.recipient_count;
  session->utf8 = wants_utf8(session);
  if (!named) {
    set_text(session, 0, "there is nobody to send it to");
    finish(session);
    return;
  }
  if (cannot_send(session)) {
    finish(session);
    return;
  }
  session->sent_number = session->answered_number = skip_unnamed(session, 0);
  if (session->sent_number >= session->job.recipient_count)
    set_text(session, 550, "550 5.6.7 The next host does not take addresses beyond ASCII");
  refuse_unspeakable(session);
  if (session->sent_number >= session->job.recipient_count)
    finish(session);
  else
    go(session, session->needs_reset ? MSIM__SMTP_AT_RSET : MSIM__SMTP_AT_MAIL);
}

static void enter_auth(struct msim__smtp_session *session)
{
  char line[MSIM__SMTP_CREDENTIALS_LINE_BYTES];
  size_t n = msim__smtp_credentials_begin(session->login, line);

  if (n > 0) {
    session->ops->send(session->ctx, unit_credentials, NULL, line, n);
    return;
  }
  if (session->code / 100 < 4)
    set_text(session, 0, "the server offers no login that is known here");
  keep_refusal(session);
  go(session, MSIM__SMTP_AT_QUIT);
}

/* RFC 3030 2: all of it in one piece. */
static void enter_content(struct msim__smtp_session *session)
{
  char size[48];

  if (session->chunked) {
    (void)snprintf(size, sizeof size, "%llu LAST", (unsigned long long)session->content_bytes);
    send_command(session, "BDAT", size);
  }
  session->ops->send_content(session->ctx, session->job.message);
}

static void enter_mail(struct msim__smtp_session *session)
{
  session->needs_reset = false;
  if (!send_mail(session)) {
    set_text(session, 553, "553 5.1.7 The sender's address is too long");
    finish(session);
    return;
  }
  if (session->ahead)
    send_ahead(session);
}

static void enter_data(struct msim__smtp_session *session)
{
  if (session->data_sent)
    return; /* ahead */
  session->data_sent = true;
  send_command(session, "DATA", "");
}

static void enter(struct msim__smtp_session *session)
{
  static const char lone_dot[] = ".\r\n";

  switch (session->state) {
  case MSIM__SMTP_AT_EHLO:
    send_command(session, "EHLO", session->helo);
    return;
  case MSIM__SMTP_AT_HELO:
    send_command(session, "HELO", session->helo);
    return;
  case MSIM__SMTP_AT_AUTH:
    enter_auth(session);
    return;
  case MSIM__SMTP_AT_IDLE:
    session->was_ready = true;
    if (session->ops->next(session->ctx, &session->job))
      start_job(session);
    else
      go(session, MSIM__SMTP_AT_QUIT);
    return;
  case MSIM__SMTP_AT_RSET:
    send_command(session, "RSET", "");
    return;
  case MSIM__SMTP_AT_MAIL:
    enter_mail(session);
    return;
  case MSIM__SMTP_AT_RCPT:
    if (session->ahead)
      send_ahead(session);
    else
      send_rcpt(session);
    return;
  case MSIM__SMTP_AT_DATA:
    enter_data(session);
    return;
  case MSIM__SMTP_AT_CONTENT:
    enter_content(session);
    return;
  case MSIM__SMTP_AT_NOTHING:
    session->ops->send(session->ctx, unit_command, NULL, lone_dot, sizeof lone_dot - 1);
    return;
  case MSIM__SMTP_AT_QUIT:
    send_command(session, "QUIT", "");
    return;
  case MSIM__SMTP_AT_GREETING:
  case MSIM__SMTP_AT_OVER:
    return;
  }
}

static void run(struct msim__smtp_session *session)
{
  while (session->entering) {
    session->entering = false;
    enter(session);
  }
}

/* ---- replies ---- */

static void restore_refusal(struct msim__smtp_session *session)
{
  session->code = session->job_code;
  memcpy(session->text, session->job_text, sizeof session->text);
}

static void on_mail_reply(struct msim__smtp_session *session)
{
  session->mail_accepted = is_class(session, 2);
  if (session->mail_accepted) {
    session->needs_reset = true;
    go(session, MSIM__SMTP_AT_RCPT);
  } else if (session->ahead) { /* the replies to what was sent ahead are still to come, and will be refusals */
    keep_refusal(session);
    go(session, MSIM__SMTP_AT_RCPT);
  } else {
    finish(session);
  }
}

static void on_rcpt_reply(struct msim__smtp_session *session)
{
  uint32_t number = session->answered_number;

  session->answered_number = skip_unnamed(session, number + 1);
  if (session->ahead_count > 0)
    session->ahead_count--;
  if (session->mail_accepted) {
    if (is_class(session, 2))
      session->accepted_count++;
    else
      session->ops->refused(session->ctx, number, view(session));
  }
  if (session->answered_number < session->job.recipient_count)
    go(session, MSIM__SMTP_AT_RCPT);
  else if (session->accepted_count > 0 && session->chunked)
    go(session, MSIM__SMTP_AT_CONTENT);
  else if (session->accepted_count > 0 || session->data_sent)
    go(session, MSIM__SMTP_AT_DATA);
  else
    finish(session); /* nobody is left: RFC 5321 3.3 */
}

static void on_data_reply(struct msim__smtp_session *session)
{
  if (session->job_code != 0) { /* MAIL had been refused; that is the reply that counts */
    unsigned code = session->code;

    restore_refusal(session);
    if (code != 354) {
      finish(session);
      return;
    }
    go(session, MSIM__SMTP_AT_NOTHING);
  } else if (session->code != 354) {
    if (is_class(session, 2)) /* RFC 5321 4.3.2: makes no sense here */
      session->code = 0;
    finish(session);
  } else if (session->accepted_count == 0) {
    go(session, MSIM__SMTP_AT_NOTHING);
  } else {
    go(session, MSIM__SMTP_AT_CONTENT);
  }
}

static void on_nothing_reply(struct msim__smtp_session *session)
{
  session->needs_reset = false;
  if (session->job_code != 0)
    restore_refusal(session);
  finish(session);
}

/* Not let in: what the server said before the goodbye is kept as the session's last word. */
static void leave(struct msim__smtp_session *session)
{
  keep_refusal(session);
  go(session, MSIM__SMTP_AT_QUIT);
}

static void on_greeting_reply(struct msim__smtp_session *session)
{
  if (is_class(session, 2))
    go(session, MSIM__SMTP_AT_EHLO);
  else
    leave(session);
}

/* The first thing behind the greetings. */
static void go_in(struct msim__smtp_session *session)
{
  go(session, session->login != NULL ? MSIM__SMTP_AT_AUTH : MSIM__SMTP_AT_IDLE);
}

static void on_auth_reply(struct msim__smtp_session *session)
{
  char line[MSIM__SMTP_CREDENTIALS_LINE_BYTES];

  if (session->code == 334) {
    size_t n = msim__smtp_credentials_answer(session->login, session->challenge, line);

    session->ops->send(session->ctx, unit_credentials, NULL, line, n);
  } else if (is_class(session, 2) && session->login->sasl.trusted && !session->login->cancelled) {
    go(session, MSIM__SMTP_AT_IDLE);
  } else if (is_class(session, 2)) { /* RFC 5802 5: it has not shown that it knows the password */
    set_text(session, 0, "the server did not prove who it is");
    leave(session);
  } else if (msim__smtp_credentials_may_retry(session->login, session->code)) {
    go(session, MSIM__SMTP_AT_AUTH);
  } else {
    leave(session);
  }
}

/* RFC 5321 3.2, 4.1.4: a server that knows no EHLO says 500 or 502; others of the kind are met too. */
static void on_ehlo_reply(struct msim__smtp_session *session)
{
  if (is_class(session, 2))
    go_in(session);
  else if (is_class(session, 5))
    go(session, MSIM__SMTP_AT_HELO);
  else
    leave(session);
}

static void on_reply(struct msim__smtp_session *session)
{
  switch (session->state) {
  case MSIM__SMTP_AT_GREETING:
    on_greeting_reply(session);
    return;
  case MSIM__SMTP_AT_EHLO:
    on_ehlo_reply(session);
    return;
  case MSIM__SMTP_AT_HELO:
    if (is_class(session, 2))
      go_in(session);
    else
      leave(session);
    return;
  case MSIM__SMTP_AT_AUTH:
    on_auth_reply(session);
    return;
  case MSIM__SMTP_AT_RSET:
    go(session, MSIM__SMTP_AT_MAIL); /* RFC 5321 4.1.1.5: always 250; anything else shows at MAIL */
    return;
  case MSIM__SMTP_AT_MAIL:
    on_mail_reply(session);
    return;
  case MSIM__SMTP_AT_RCPT:
    on_rcpt_reply(session);
    return;
  case MSIM__SMTP_AT_DATA:
    on_data_reply(session);
    return;
  case MSIM__SMTP_AT_CONTENT:
    session->needs_reset = false;
    if (is_class(session, 3))
      session->code = 0;
    finish(session);
    return;
  case MSIM__SMTP_AT_NOTHING:
    on_nothing_reply(session);
    return;
  case MSIM__SMTP_AT_QUIT:
    if (!session->was_ready)
      restore_refusal(session);
    session->state = MSIM__SMTP_AT_OVER;
    return;
  case MSIM__SMTP_AT_IDLE:
  case MSIM__SMTP_AT_OVER:
    return;
  }
}

/* Lines of one reply are joined by spaces, as far as there is room; what could disturb a reader becomes '?'. */
static void collect_text(struct msim__smtp_session *session, struct msim_slice line, bool first)
{
  size_t from = first ? 0 : 4, i;

  session->found_here = false;
  if (first)
    session->text_bytes = 0;
  else if (session->text_bytes + 1 < sizeof session->text && line.size_bytes > from)
    session->text[session->text_bytes++] = ' ';
  for (i = from; i < line.size_bytes && session->text_bytes + 1 < sizeof session->text; i++) {
    uint8_t c = line.data[i];

    if (first && i == 3)
      c = ' '; /* the hyphen of a reply with more lines */
    session->text[session->text_bytes++] = msim__ascii_is_control(c) ? '?' : (char)c;
  }
  session->text[session->text_bytes] = '\0';
}

void msim__smtp_session_on_line(struct msim__smtp_session *session, struct msim_slice line)
{
  bool first = session->reply.line_count == 0;
  int got;

  if (session->state == MSIM__SMTP_AT_OVER)
    return;
  got = msim__smtp_reply_feed(&session->reply, line);
  if (got < 0) {
    msim__smtp_session_lost(session, "the server's reply makes no sense");
    return;
  }
  collect_text(session, line, first);
  if (session->state == MSIM__SMTP_AT_EHLO && session->reply.code / 100 == 2 && session->reply.line_count > 1)
    msim__smtp_offer_take(&session->offer, session->login, session->reply.text);
  if (got == 0)
    return;
  session->code = session->reply.code;
  session->challenge = session->reply.text;
  memset(&session->reply, 0, sizeof session->reply);
  if (session->code == 421 && session->state != MSIM__SMTP_AT_QUIT) { /* RFC 5321 3.8: the server is leaving */
    if (session->working) {
      session->working = false;
      session->job_count++;
      session->ops->done(session->ctx, session->accepted_count, view(session));
    }
    session->state = MSIM__SMTP_AT_OVER;
    return;
  }
  on_reply(session);
  run(session);
}

void msim__smtp_session_lost(struct msim__smtp_session *session, const char *why)
{
  session->entering = false;
  session->state = MSIM__SMTP_AT_OVER;
  if (!session->working) {
    if (!session->was_ready && session->code / 100 < 4)
      set_text(session, 0, why);
    return;
  }
  session->working = false;
  session->job_count++;
  set_text(session, 0, why);
  session->ops->done(session->ctx, session->accepted_count, view(session));
}

msim_ns msim__smtp_session_timeout_ns(const struct msim__smtp_session *session)
{
  const msim_ns minute = MSIM_SEC(60);

  switch (session->state) {
  case MSIM__SMTP_AT_DATA:
    return (session->ahead ? 5 : 2) * minute; /* 4.5.3.2.4; sent ahead, it waits behind other replies */
  case MSIM__SMTP_AT_CONTENT:                 /* 4.5.3.2.5 for each block, then 4.5.3.2.6 */
    return (session->content_bytes / CONTENT_BLOCK_BYTES + 1) * 3 * minute + 10 * minute;
  case MSIM__SMTP_AT_NOTHING:
    return 10 * minute;
  case MSIM__SMTP_AT_OVER:
    return 0;
  default:
    return 5 * minute; /* 4.5.3.2.1 to 4.5.3.2.3, and for what it does not mention */
  }
}
