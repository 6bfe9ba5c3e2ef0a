/* tcp_rules_life.c: which states an end goes through (I12), and in which it is left when nothing will happen any more
 * (L2). */
#include "check/tcp_invariants.h"

#include <string.h>

/* RFC 9293 3.3.2, figure 5, with what 3.10 says beside it: an abort or a reset leads to CLOSED from everywhere, and a
 * FIN may come in SYN-RECEIVED. CLOSED is also the end of the connection. */
static const struct move {
  const char *from, *to; /* a list, with a space on both sides of each */
} moves[] = {
    {"CLOSED", " LISTEN SYN-SENT SYN-RECEIVED "},
    {"LISTEN", " SYN-RECEIVED SYN-SENT CLOSED "},
    {"SYN-SENT", " SYN-RECEIVED ESTABLISHED CLOSED "},
    {"SYN-RECEIVED", " ESTABLISHED FIN-WAIT-1 CLOSE-WAIT LISTEN CLOSED "},
    {"ESTABLISHED", " FIN-WAIT-1 CLOSE-WAIT CLOSED "},
    {"FIN-WAIT-1", " FIN-WAIT-2 CLOSING TIME-WAIT CLOSED "},
    {"FIN-WAIT-2", " TIME-WAIT CLOSED "},
    {"CLOSE-WAIT", " LAST-ACK CLOSED "},
    {"CLOSING", " TIME-WAIT CLOSED "},
    {"LAST-ACK", " CLOSED "},
    {"TIME-WAIT", " CLOSED "},
};
#define STATE_COUNT (sizeof moves / sizeof moves[0])

/* From 1; 0: no such state. */
static uint8_t number_of(const char *name)
{
  uint8_t i;

  for (i = 0; i < STATE_COUNT; i++)
    if (strcmp(moves[i].from, name) == 0)
      return (uint8_t)(i + 1);
  return 0;
}

static bool is_listed(const char *list, const char *name)
{
  size_t n = strlen(name);
  const char *at = list;

  while ((at = strstr(at, name)) != NULL) {
    if (at[-1] == ' ' && at[n] == ' ') /* the list begins with a space */
      return true;
    at++;
  }
  return false;
}

/* A SYN that was long under way opens at the server what it has given up already, once more: with numbers of its own,
 * of which nothing is known here. */
static bool is_again(uint8_t was, uint8_t from)
{
  return was == number_of("CLOSED") && from == number_of("LISTEN");
}

void msim__tcp_rules_moved(struct msim__invariants *inv, struct msim__tcp_case *c, struct msim__tcp_end *end,
                           const struct msim_trace_state *state)
{
  uint8_t from = number_of(state->from), to = number_of(state->to);

  if (from == 0 || to == 0 || !is_listed(moves[from - 1].to, state->to))
    msim__invariant_broken(inv, c, end, 0, MSIM__TCP_RULE_I12, "it went from %.20s to %.20s, which no event leads to",
                           state->from, state->to);
  else if (is_again(end->state, from))
    c->broken_off = true;
  else if (end->state != 0 && end->state != from)
    msim__invariant_broken(inv, c, end, 0, MSIM__TCP_RULE_I12, "it left %.20s, but was in %s", state->from,
                           moves[end->state - 1].from);
  end->state = to;
}

/* RFC 1122 4.2.2.20 and 9293 3.9.1.8 leave it to programs how long they wait: so they have to limit it (RFC 5321
 * 4.5.3.2, RFC 9051 5.4, RFC 1939 3). */
void msim__tcp_rules_left(struct msim__invariants *inv, struct msim__tcp_case *c)
{
  const char *server = strchr(c->name, '>'), *port = strrchr(c->name, ':');
  unsigned i;

  if (c->broken_off || c->ends[0].state == 0 || c->ends[1].state == 0 || server == NULL || port == NULL)
    return; /* joined in the middle, or the other end is outside */
  for (i = 0; i < 2; i++) {
    struct msim__tcp_end *end = &c->ends[i];
    const struct msim_node *node;
    char name[256];
    size_t n = i == 0 ? (size_t)(server - c->name) : (size_t)(port - server - 1);

    if (end->over || !end->speaks || n >= sizeof name)
      continue;
    memcpy(name, i == 0 ? c->name : server + 1, n);
    name[n] = '\0';
    node = inv->sim->rooms[MSIM__ROOM_NET] != NULL ? msim_node_find(inv->sim, name) : NULL;
    if (node != NULL && !msim__timers_any_of(inv->sim, node))
      msim__invariant_broken(inv, c, end, 0, MSIM__TCP_RULE_L2,
                             "it is still in %s, and no timer of %.100s is left that would end it",
                             moves[end->state - 1].from, name);
  }
}
