/* ledger_pop.c: who has said goodbye by POP3 before a mailbox changed (rule I11): the lines of clients as they arrive
 * against the removals that servers tell. See ledger.h.
 *
 * A session is known by its connection's name, which a removal bears as `conn`. Those of clients that do not mark their
 * lines, and those beyond MSIM__LEDGER_FLOWS_MAX, are not judged. */
#include "check/ledger.h"

#include <string.h>

#define CONN_BYTES 256u /* longer names are cut alike by who tells them */

struct session {
  bool over;  /* QUIT has arrived */
  char *name; /* terminated */
};

static struct session *find_or_add(struct msim__ledger *ledger, const struct msim_flow *flow)
{
  struct msim__mem *mem = &ledger->sim->mem;
  char name[CONN_BYTES];
  size_t n = msim_flow_format(flow, name, sizeof name);
  struct session *session;

  if (n >= sizeof name)
    n = sizeof name - 1;
  session = msim__names_find(&ledger->readers, name, n);
  if (session != NULL || ledger->readers.count >= MSIM__LEDGER_FLOWS_MAX)
    return session;
  session = msim__ledger_need(ledger, msim__alloc_zeroed(mem, 1, sizeof *session));
  if (session == NULL)
    return NULL;
  session->name = msim__ledger_need(ledger, msim__copy_text(mem, name, n));
  if (session->name != NULL && msim__names_add(&ledger->readers, session->name, n, session) == MSIM_OK)
    return session;
  if (session->name != NULL)
    msim__free(mem, session->name, n + 1);
  msim__free(mem, session, sizeof *session);
  return msim__ledger_need(ledger, NULL);
}

static void take_imap(struct msim__ledger *ledger, const struct msim_trace_packet *packet,
                      const struct msim_trace_unit *unit)
{
  struct msim_slice payload = packet->packet->payload;
  bool whole = packet->unseen_bytes == 0 && unit->end_byte <= payload.size_bytes &&
               unit->edges == (MSIM_EDGE_FIRST | MSIM_EDGE_LAST);

  msim__ledger_take_imap_command(ledger, packet->flow, whole ? (const char *)payload.data + unit->begin_byte : "",
                                 whole ? unit->end_byte - unit->begin_byte : 0, whole);
}

int msim__ledger_take_arrival(struct msim__ledger *ledger, const struct msim_trace_packet *packet)
{
  struct session *session;
  struct msim_slice payload;
  size_t i;

  if (packet->flow == NULL || packet->packet == NULL || !packet->from_client)
    return MSIM_OK;
  payload = packet->packet->payload;
  for (i = 0; i < packet->unit_count; i++) {
    const struct msim_trace_unit *unit = &packet->units[i];

    if (unit->unit != NULL && strcmp(unit->unit, "imap.command") == 0)
      take_imap(ledger, packet, unit);
    if (unit->unit == NULL || strcmp(unit->unit, "pop.command") != 0)
      continue;
    session = find_or_add(ledger, packet->flow);
    if (session == NULL)
      return ledger->err;
    /* What cannot be seen may have been a goodbye. */
    if (packet->unseen_bytes != 0 || unit->end_byte > payload.size_bytes || unit->end_byte - unit->begin_byte < 4 ||
        msim__ledger_holds((const char *)payload.data + unit->begin_byte, 4, "quit"))
      session->over = true;
  }
  return ledger->err;
}

void msim__ledger_judge_removal(struct msim__ledger *ledger, struct msim__ledger_message *message, const char *host,
                                const char *conn)
{
  const struct session *session = msim__names_find(&ledger->readers, conn, strlen(conn));

  if (session != NULL && !session->over)
    msim__ledger_broken(ledger, message, MSIM__MAIL_RULE_I11, host, NULL,
                        "it was deleted by POP3, and no QUIT has come on %.100s", conn);
}

void msim__ledger_readers_free(struct msim__ledger *ledger)
{
  struct msim__mem *mem = &ledger->sim->mem;
  size_t i;

  for (i = 0; i < ledger->readers.count; i++) {
    struct session *session = ledger->readers.rows[i].object;

    msim__free(mem, session->name, ledger->readers.rows[i].name_bytes + 1);
    msim__free(mem, session, sizeof *session);
  }
  msim__names_release(&ledger->readers);
}
