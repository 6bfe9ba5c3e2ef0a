/* pop_cmd_capa.c: what this server can do (RFC 2449 5). See pop_cmd.h. */
#include "agents/pop_cmd.h"

#include <stdio.h>

/* What no verb stands for. */
static void offer_rest(const struct msim__pop_incoming *session, struct msim__buf *out)
{
  const struct msim__pop_server *server = session->server;
  char number[32];

  msim__pop_offer(session, out, "RESP-CODES", NULL);
  msim__pop_offer(session, out, "AUTH-RESP-CODE", NULL); /* RFC 3206 6 */
  msim__pop_offer(session, out, "PIPELINING", NULL);
  if (server->login_wait_ns != 0) {
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)(server->login_wait_ns / MSIM_SEC(1)));
    msim__pop_offer(session, out, "LOGIN-DELAY", number);
  }
  msim__pop_offer(session, out, "EXPIRE", "NEVER"); /* nothing goes here but by DELE */
  if (session->state == MSIM__POP_TRANSACTION)      /* RFC 2449 6.9: rather not to strangers */
    msim__pop_offer(session, out, "IMPLEMENTATION", "mailsim");
}

static void run(struct msim__pop_incoming *session, const struct msim__pop_command *command)
{
  struct msim__buf out;
  size_t i;

  (void)command;
  msim__buf_init(&out, &session->server->mailboxes.mem, 4096);
  msim__buf_append_text(&out, "+OK This is what can be done here\r\n");
  for (i = 0; msim__registry_pop_cmd[i] != NULL; i++)
    if (msim__registry_pop_cmd[i]->offer != NULL)
      msim__registry_pop_cmd[i]->offer(session, &out);
  offer_rest(session, &out);
  if (msim__buf_append(&out, ".\r\n", 3) == MSIM_OK)
    msim__pop_send(session, "pop.reply", NULL, out.data, out.size_bytes);
  else
    msim__pop_err(session, "SYS/TEMP", "There is no memory for this");
  msim__buf_release(&out);
}

static bool is_offered(const struct msim__pop_incoming *session)
{
  return msim__pop_offers(session->server, "CAPA");
}

extern const struct msim__pop_cmd msim__pop_cmd_capa;
const struct msim__pop_cmd msim__pop_cmd_capa = {
    .name = "CAPA",
    .allowed = MSIM__POP_ALLOW_ANY,
    .is_offered = is_offered,
    .run = run,
};
