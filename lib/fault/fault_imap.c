/* fault_imap.c: at its time an IMAP server ends connections, or its mailboxes get another UIDVALIDITY, as after a
 * repair. */
#include "fault/fault.h"

#include "agents/agents.h"
#include "agents/imap_failing.h"

#include <stdio.h>
#include <string.h>

enum uidvalidity { SAME, BUMP };
static const char *const uidvalidity_names[] = {"same", "bump", NULL};
static const char *const hangup_names[] = {"none", "bye", "close", "reset", NULL}; /* enum msim__imap_hangup */

struct config {
  const char *host, *user;
  int uidvalidity, close;
};

static const struct msim_field fields[] = {
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct config, host), .help = "whose imap-server"},
    {.key = "user",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, user),
     .fallback = "\"*\"",
     .help = "whose connections and mailboxes; * and ? are allowed"},
    {.key = "uidvalidity",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, uidvalidity),
     .fallback = "same",
     .names = uidvalidity_names,
     .help = "bump: each mailbox gets a higher one, so that what clients know of UIDs is void (RFC 3501 2.3.1.1)"},
    {.key = "close",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, close),
     .fallback = "none",
     .names = hangup_names,
     .help = "connections that are open end: bye: with a word; close: without one; reset: by RST"},
    {.key = NULL},
};

static const char *const one_of[] = {"uidvalidity", "close", NULL};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  static const char *const types[] = {"imap-server", NULL};
  const struct config *config = fault->plan.config;

  return msim__fault_find_host(fault, config->host, types, wrong, why, why_bytes);
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;

  return config->uidvalidity == SAME && config->close == MSIM__IMAP_HANGUP_NONE;
}

static void begin(struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  struct msim_agent *agent;
  struct msim_value values[2];
  size_t box_count = 0, session_count = 0;

  for (agent = fault->node->agents; agent != NULL; agent = agent->next) {
    if (strcmp(agent->type->name, "imap-server") != 0 || !agent->is_running)
      continue;
    session_count += msim__imap_hang_up(agent, config->user, (enum msim__imap_hangup)config->close);
    if (config->uidvalidity == BUMP && box_count == 0) /* all servers of a host have one store */
      box_count = msim__imap_renew(agent, config->user);
  }
  fault->strike_count += session_count + box_count;
  values[0] = msim_value_int("mailboxes", (int64_t)box_count);
  values[1] = msim_value_int("connections", (int64_t)session_count);
  msim__fault_tell(fault, "imap", values, 2);
}

extern const struct msim__fault_type msim__fault_imap;
const struct msim__fault_type msim__fault_imap = {
    .name = "imap",
    .summary = "an IMAP server ends connections, or its mailboxes get another UIDVALIDITY",
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .begin = begin,
    .one_of = one_of,
};
