/* smtp_cmd_expn.c: whom an alias stands for (RFC 5321 4.1.1.7): offered only where the server is asked to tell. See
 * smtp_cmd.h. */
#include "agents/smtp_cmd.h"

#include <string.h>

#define NAMES_MAX 100u /* more are not told */

struct listing {
  struct msim__buf text;
  unsigned count;
};

static int put(void *ctx, const char *address, struct msim__account *account)
{
  struct listing *listing = ctx;

  (void)account;
  if (listing->count++ < NAMES_MAX)
    (void)msim__buf_printf(&listing->text, "%s<%s>", listing->count > 1 ? "\n" : "", address);
  return MSIM_OK;
}

static void run(struct msim__smtp_incoming *session, const struct msim__smtp_command *command)
{
  struct listing listing;
  struct msim__address address;
  struct msim__account *account;
  char text[MSIM__SMTP_PATH_BYTES_MAX + 1];

  if (msim__address_parse(&address, command->argument, command->smtputf8, NULL) < 0 ||
      command->argument.size_bytes >= sizeof text ||
      msim__smtp_policy_place(&session->server->policy, &address, &account) != MSIM__SMTP_PLACE_ALIAS) {
    msim__smtp_incoming_reply(session, 550, "5.1.1", "There is no such list here");
    return;
  }
  memcpy(text, command->argument.data, command->argument.size_bytes);
  text[command->argument.size_bytes] = '\0';
  listing.count = 0;
  msim__buf_init(&listing.text, &session->server->mem, 1800);
  (void)msim__smtp_policy_expand(&session->server->policy, text, put, &listing);
  if (listing.count == 0)
    msim__smtp_incoming_reply(session, 550, "5.1.1", "This leads to nobody");
  else if (listing.text.err != 0 || listing.count > NAMES_MAX)
    msim__smtp_incoming_reply(session, 252, "2.1.5", "These are too many to be told");
  else
    msim__smtp_incoming_reply(session, 250, "2.1.5", msim__buf_text(&listing.text));
  msim__buf_release(&listing.text);
}

static bool is_offered(const struct msim__smtp_incoming *session)
{
  return session->server->tells_expn;
}

extern const struct msim__smtp_cmd msim__smtp_cmd_expn;
const struct msim__smtp_cmd msim__smtp_cmd_expn = {
    .name = "EXPN",
    .allowed = MSIM__SMTP_ALLOW_ANY,
    .needs_login = true,
    .is_offered = is_offered,
    .run = run,
};
