/* pop_login.c: how a reader of a POP3 server gets in: the verdict, the lock, the list of messages; see pop_incoming.h.
 */
#include "agents/pop_incoming.h"

#include "proto/ascii.h"
#include "proto/dot.h"

#include <stdio.h>

/* ---- the mailbox ---- */

/* Binary content (RFC 3030) may lack a last CRLF, which the wire form has: only reading all of it tells. */
static uint64_t octets_of(const struct msim__mailbox_item *item)
{
  struct msim_slice wire = msim_blob_bytes(item->message->content);
  uint8_t piece[1024];
  struct msim__dot dot;
  size_t taken, written;

  if (!item->message->binary)
    return msim__store_item_bytes(item);
  memset(&dot, 0, sizeof dot);
  while (wire.size_bytes > 0 && msim__dot_decode(&dot, wire, piece, sizeof piece, &taken, &written) == 0)
    wire = msim__slice_part(wire, taken, wire.size_bytes);
  return strlen(item->message->return_path) + dot.seen.size_bytes;
}

static bool open_mailbox(struct msim__pop_incoming *session, struct msim__mailbox *box)
{
  size_t i;

  if (box->count > 0) {
    session->items = msim__alloc_zeroed(&session->server->mailboxes.mem, box->count, sizeof *session->items);
    if (session->items == NULL)
      return false;
  }
  session->item_count = box->count;
  for (i = 0; i < box->count; i++) {
    session->items[i].uid = box->items[i].uid;
    session->items[i].size_bytes = octets_of(&box->items[i]);
  }
  session->box = box;
  return true;
}

void msim__pop_close_mailbox(struct msim__pop_incoming *session)
{
  if (session->box == NULL)
    return;
  msim__mailbox_unlock(session->box);
  session->box = NULL;
}

/* ---- the verdict ---- */

/* The verdict on a login; what refuses one is held back as long as the server is told to. */
static void answer(struct msim__pop_incoming *session, bool ok, const char *code, const char *text, bool ends)
{
  msim_ns wait_ns = ok ? 0 : session->server->mailboxes.config->error_delay_ns;
  bool coded = code != NULL && msim__pop_offers(session->server, "RESP-CODES") &&
               (strcmp(code, "AUTH") != 0 || msim__pop_offers(session->server, "AUTH-RESP-CODE"));

  (void)snprintf(session->held_reply, sizeof session->held_reply, "%s %s%s%s%.200s\r\n", ok ? "+OK" : "-ERR",
                 coded ? "[" : "", coded ? code : "", coded ? "] " : "", text);
  if (wait_ns == 0) {
    msim__pop_send(session, "auth.result", NULL, session->held_reply, strlen(session->held_reply));
  } else {
    session->held = true;
    msim_timer_cancel(&session->timer);
    msim_timer_arm(&session->late, wait_ns);
  }
  if (ends)
    msim__pop_end(session);
}

/* RFC 2449 6.5: the least time between two logins of one user. */
static bool is_too_soon(const struct msim__pop_incoming *session, const struct msim__mailbox *box)
{
  msim_ns now_ns = msim_sim_now_ns(msim_agent_sim(session->agent));

  return session->server->login_wait_ns != 0 && box->login_ns != 0 &&
         now_ns - box->login_ns < session->server->login_wait_ns;
}

static void let_in(struct msim__pop_incoming *session, struct msim__account *account)
{
  struct msim__mailbox *box = account->box;
  char text[64];

  if (is_too_soon(session, box)) {
    msim__mailbox_login_refuse(&session->login, account, "too-soon");
    answer(session, false, "LOGIN-DELAY", "You were here a moment ago", false);
    return;
  }
  if (!msim__mailbox_lock(box)) {
    msim__mailbox_login_refuse(&session->login, account, "in-use");
    answer(session, false, "IN-USE", "Somebody else is reading this mailbox", false);
    return;
  }
  if (!open_mailbox(session, box)) {
    msim__mailbox_unlock(box);
    msim__mailbox_login_refuse(&session->login, account, "no-memory");
    answer(session, false, "SYS/TEMP", "There is no memory for this", false);
    return;
  }
  if (session->server->login_wait_ns != 0)
    box->login_ns = msim_sim_now_ns(msim_agent_sim(session->agent));
  msim__mailbox_login_admit(&session->login, account);
  session->state = MSIM__POP_TRANSACTION;
  (void)snprintf(text, sizeof text, "%lu messages", (unsigned long)session->item_count);
  answer(session, true, NULL, text, false);
}

void msim__pop_login_conclude(struct msim__pop_incoming *session, enum msim__mailbox_verdict verdict, const char *out,
                              struct msim__account *account)
{
  char line[MSIM__MAILBOX_CHALLENGE_BYTES + 8];
  int n;

  session->state = verdict == MSIM__MAILBOX_MORE ? MSIM__POP_EXCHANGE : MSIM__POP_AUTHORIZATION;
  switch (verdict) {
  case MSIM__MAILBOX_MORE:
    n = snprintf(line, sizeof line, "+ %s\r\n", out);
    msim__pop_send(session, "pop.reply", NULL, line, (size_t)n);
    return;
  case MSIM__MAILBOX_KNOWN:
    let_in(session, account);
    return;
  case MSIM__MAILBOX_REFUSED: /* RFC 3206 4: which of the two is wrong is nobody's business */
    if (msim__mailbox_login_is_enough(&session->login))
      answer(session, false, "AUTH", "Too many failed logins", true);
    else
      answer(session, false, "AUTH", "Name or password is wrong", false);
    return;
  case MSIM__MAILBOX_MALFORMED:
    msim__pop_complain(session, "This makes no sense in this mechanism");
    return;
  case MSIM__MAILBOX_CANCELLED:
    msim__pop_err(session, NULL, "Given up");
    return;
  case MSIM__MAILBOX_BROKEN:
    msim__pop_err(session, "SYS/TEMP", "Logins do not work now");
    return;
  }
}

bool msim__pop_login_read(struct msim__pop_incoming *session)
{
  char out[MSIM__MAILBOX_CHALLENGE_BYTES];
  struct msim__account *account = NULL;
  enum msim__mailbox_verdict verdict;
  struct msim_slice line;
  int got = msim_stream_read_line(session->stream, MSIM__MAILBOX_LINE_BYTES_MAX - 2, &line);

  if (got == 0)
    return false;
  if (got < 0) {
    msim__mailbox_login_forget(&session->login);
    session->state = MSIM__POP_AUTHORIZATION;
    msim__pop_complain(session, got == MSIM_ERR_LIMIT ? "The line is too long"
                                                      : "Lines end in CRLF, and CR, LF and NUL stand nowhere else");
    return true;
  }
  verdict = msim__mailbox_login_answer(&session->login, line, out, &account);
  msim__pop_login_conclude(session, verdict, out, account);
  return true;
}
