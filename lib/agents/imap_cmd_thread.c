/* imap_cmd_thread.c: which messages are like that, as conversations (RFC 5256 BASE.6.4.THREAD). See imap_cmd.h. */
#include "agents/imap_ordering.h"
#include "mail/imap_thread.h"

typedef int put_fn(struct msim__buf *out, const struct msim__imap_order *order);

/* NULL: there is no such algorithm. */
static put_fn *take_algorithm(struct msim__imap_session *session)
{
  struct msim_slice name;

  if (!msim__imap_take_atom(&session->cursor, &name))
    return NULL;
  if (msim__slice_is(name, "REFERENCES") && msim__imap_offers(session, "THREAD=REFERENCES"))
    return msim__imap_put_references;
  if (msim__slice_is(name, "ORDEREDSUBJECT") && msim__imap_offers(session, "THREAD=ORDEREDSUBJECT"))
    return msim__imap_put_ordered_subject;
  return NULL;
}

static void run(struct msim__imap_session *session)
{
  struct msim__imap_searching s;
  struct msim__imap_order order;
  put_fn *put = take_algorithm(session);
  int err;

  if (put == NULL) {
    msim__imap_bad(session, "There is no such algorithm");
    return;
  }
  memset(&s, 0, sizeof s);
  msim__imap_order_init(&order, &session->server->base.mem, MSIM__IMAP_ORDER_THREADS);
  if (msim__imap_find_ordering(session, &s, &order)) {
    size_t before = session->out.size_bytes;

    msim__buf_append_text(&session->out, order.count > 0 ? "* THREAD " : "* THREAD");
    err = put(&session->out, &order);
    msim__buf_append_text(&session->out, "\r\n");
    if (err == MSIM_OK) {
      msim__imap_ok(session, NULL, "Threaded");
    } else {
      session->out.err = 0;
      session->out.size_bytes = before; /* no half of it goes out */
      msim__imap_failed(session, err);
    }
  }
  msim__imap_order_release(&order);
  msim__imap_searching_release(session, &s);
}

extern const struct msim__imap_cmd msim__imap_cmd_thread;
const struct msim__imap_cmd msim__imap_cmd_thread = {
    .name = "THREAD",
    .allowed = MSIM__IMAP_IN(SELECTED),
    .uid = MSIM__IMAP_UID_TOO,
    .keeps_numbers = true,
    .has_arguments = true,
    .run = run, /* offered by its algorithms */
};
