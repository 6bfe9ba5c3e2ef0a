/* smtp_cmd_bdat.c: a chunk of the content follows, counted and not ended by a dot (RFC 3030). See smtp_cmd.h. */
#include "agents/smtp_cmd.h"

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  enum msim__smtp_incoming_state before = session->state;
  bool begins = before == MSIM__SMTP_IN_RCPT;

  session->chunk_bytes = session->chunk_left_bytes = command->chunk_bytes;
  session->chunk_last = command->chunk_last;
  session->chunk_before = before;
  /* A chunk that belongs nowhere is passed over: its bytes follow, whatever we say. */
  session->chunk_refused = (!begins && before != MSIM__SMTP_IN_BDAT) || session->effect.code / 100 > 2 ||
                           (begins && !msim__smtp_content_begin(session));
  session->state = MSIM__SMTP_IN_CHUNK;
}

static bool is_offered(const struct msim__smtp_incoming *session)
{
  return msim__smtp_incoming_offers(session, "CHUNKING");
}

static void offer(const struct msim__smtp_incoming *session, struct msim__buf *out)
{
  if (msim__smtp_offer(session, out, "CHUNKING"))
    (void)msim__smtp_offer(session, out, "BINARYMIME");
}

extern const struct msim__smtp_cmd msim__smtp_cmd_bdat;
const struct msim__smtp_cmd msim__smtp_cmd_bdat = {
    .name = "BDAT",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .about_message = true,
    .is_offered = is_offered,
    .offer = offer,
    .run = run,
};
