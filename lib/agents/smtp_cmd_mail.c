/* smtp_cmd_mail.c: who sends a message (RFC 5321 4.1.1.2), with SIZE (1870), BODY (6152, 3030), SMTPUTF8 (6531), AUTH
 * (4954), RET and ENVID (3461). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

#include "proto/xtext.h"

#include <stdio.h>
#include <string.h>

/* Up to a zero, which cannot be kept in a text. */
static size_t text_bytes(const uint8_t *bytes, size_t size_bytes)
{
  const uint8_t *zero = size_bytes > 0 ? memchr(bytes, 0, size_bytes) : NULL;

  return zero != NULL ? (size_t)(zero - bytes) : size_bytes;
}

/* The decoded envelope id, kept for the transaction. false: out of memory. */
static bool keep_envid(struct msim__smtp_incoming *session, struct msim_slice xtext)
{
  uint8_t bytes[MSIM__DSN_ENVID_BYTES_MAX];
  size_t n;

  if (xtext.size_bytes == 0 || msim__xtext_decode(xtext, bytes, sizeof bytes, &n) < 0)
    return true;
  session->envid = msim__copy_text(&session->server->mem, (const char *)bytes, text_bytes(bytes, n));
  return session->envid != NULL;
}

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  if (!msim__smtp_params_are_known(session, command))
    return;
  (void)snprintf(session->label, sizeof session->label, "%s", session->line_label);
  if (!command->path.null &&
      !msim__smtp_path_text(&command->path, session->reverse_path, sizeof session->reverse_path)) {
    msim__smtp_incoming_complain(session, 501, "5.1.7", "The address is too long");
    return;
  }
  if (command->has_size && command->size_bytes > session->server->size_bytes_max) { /* RFC 1870 6.1 */
    msim__smtp_incoming_refuse(session, NULL, "too-large", 552, "5.3.4", "The message is too large");
    msim__smtp_incoming_reset(session);
    return;
  }
  if (session->reverse_path[0] != '\0' &&
      !msim__smtp_may_send_as(session, session->reverse_path)) { /* <> is for notices */
    msim__smtp_incoming_refuse(session, NULL, "not-your-address", 550, "5.7.1", "This sender is somebody else");
    msim__smtp_incoming_reset(session);
    return;
  }
  if (!keep_envid(session, command->envid)) {
    msim__smtp_incoming_reply(session, 451, "4.3.0", "There is no memory for this");
    return;
  }
  session->ret = command->ret;
  session->smtputf8 = command->smtputf8;
  session->binary = command->body == MSIM__SMTP_BODY_BINARYMIME;
  session->declared_bytes = command->size_bytes;
  session->state = MSIM__SMTP_IN_MAIL;
  msim__smtp_incoming_reply(session, 250, "2.1.0", "Sender taken");
}

static void offer(const struct msim__smtp_incoming *session, struct msim__buf *out)
{
  if (msim__smtp_offer(session, out, "SIZE")) {
    msim__buf_append_text(out, " ");
    msim__buf_append_uint(out, session->server->size_bytes_max);
  }
  (void)msim__smtp_offer(session, out, "8BITMIME");
  (void)msim__smtp_offer(session, out, "SMTPUTF8");
  (void)msim__smtp_offer(session, out, "DSN");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_mail;
const struct msim__smtp_cmd msim__smtp_cmd_mail = {
    .name = "MAIL",
    .allowed = MSIM__SMTP_ALLOW(READY),
    .needs_login = true,
    .about_message = true,
    .offer = offer,
    .run = run,
};
