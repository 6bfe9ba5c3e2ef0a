/* fault_dhcp.c: a DHCP server is silent, refuses, has no address left, or gives shorter leases, for a time or so often.
 * What it says then is in its own words (dhcp_answer.c); its table of leases stays right. */
#include "fault/fault.h"

#include "agents/agents.h"
#include "agents/dhcp_marks.h"

#include <stdio.h>
#include <string.h>

struct config {
  struct msim__fault_some some; /* must be first */
  const char *host, *network;
  struct msim__dhcp_rule who; /* message and from of it */
  int answer;
  msim_ns lease_ns;
};

struct state {
  struct msim__fault_some_state some;
};

enum answer { NORMAL, SILENT, NAK, EXHAUSTED };
static const char *const answer_names[] = {"normal", "silent", "nak", "exhausted", NULL};
/* In the order of enum msim__dhcp_type, as far as clients say them, and "any" in place of no type. */
static const char *const message_names[] = {"any", "discover", "offer",   "request", "decline",
                                            "ack", "nak",      "release", "inform",  NULL};

static const struct msim_field fields[] = {
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct config, host), .help = "whose dhcp-server"},
    {.key = "network",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, network),
     .fallback = "\"\"",
     .help = "that of this network only"},
    {.key = "answer",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, answer),
     .fallback = "normal",
     .names = answer_names,
     .help = "silent: nothing is heard; nak: requests are refused; exhausted: no address is left for who asks for one"},
    {.key = "lease",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, lease_ns),
     .fallback = "0s",
     .max = MSIM_SEC(UINT32_MAX - 1),
     .help = "leases are so long, whatever the client asks for, up to the server's max-lease; 0s: as always"},
    {.key = "message",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, who) + offsetof(struct msim__dhcp_rule, message),
     .fallback = "any",
     .names = message_names,
     .help = "only discover, request, decline, release or inform"},
    {.key = "from",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, who) + offsetof(struct msim__dhcp_rule, from),
     .fallback = "",
     .help = "only of this host"},
    MSIM__FAULT_SOME_FIELDS,
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  static const char *const types[] = {"dhcp-server", NULL};
  const struct config *config = fault->plan.config;
  int err = msim__fault_find_host(fault, config->host, types, wrong, why, why_bytes);

  if (err != MSIM_OK)
    return err;
  if (config->answer == NORMAL && config->lease_ns == 0) {
    *wrong = "dhcp";
    (void)snprintf(why, why_bytes, "dhcp: what goes wrong? write answer or lease");
    return MSIM_ERR_INVALID;
  }
  if (config->lease_ns != 0 && (config->lease_ns < MSIM_SEC(1) || config->answer != NORMAL)) {
    *wrong = "lease";
    (void)snprintf(why, why_bytes,
                   config->answer != NORMAL ? "dhcp: who gives no address gives no lease: write either answer or lease"
                                            : "dhcp: a lease has whole seconds, 1s at least");
    return MSIM_ERR_INVALID;
  }
  if (config->who.from == NULL || msim_node_find(fault->sim, config->who.from) != NULL)
    return MSIM_OK;
  *wrong = "from";
  (void)snprintf(why, why_bytes, "\"%.80s\" is no host of this topology", config->who.from);
  return MSIM_ERR_NOT_FOUND;
}

static bool idle(const struct msim__fault *fault)
{
  return msim__fault_some_idle(fault->plan.config);
}

/* Whether what shall go wrong can go wrong with this message. */
static bool concerns(const struct config *config, uint8_t type)
{
  switch (config->answer) {
  case SILENT:
    return true;
  case NAK:
    return type == MSIM__DHCP_REQUEST;
  case EXHAUSTED:
    return type == MSIM__DHCP_DISCOVER;
  default:
    return type == MSIM__DHCP_DISCOVER || type == MSIM__DHCP_REQUEST;
  }
}

static void tell(struct msim__fault *fault, const struct msim__dhcp_message *message)
{
  const struct config *config = fault->plan.config;
  char mac_text[MSIM_MAC_TEXT_BYTES];
  struct msim_value values[4];
  struct msim_mac mac;
  size_t n = 0;

  memcpy(mac.bytes, message->mac, sizeof mac.bytes);
  (void)msim_mac_format(&mac, mac_text);
  values[n++] = msim_value_text("message", message_names[message->type]);
  if (message->host_name[0] != '\0')
    values[n++] = msim_value_text("client", message->host_name);
  values[n++] = msim_value_text("mac", mac_text);
  values[n++] = config->answer != NORMAL ? msim_value_text("answer", answer_names[config->answer])
                                         : msim_value_int("lease", (int64_t)(config->lease_ns / MSIM_SEC(1)));
  msim__fault_tell(fault, "dhcp", values, n);
}

static void judge_dhcp(struct msim__fault *fault, struct msim_agent *server, struct msim_attachment *attachment,
                       const struct msim__dhcp_message *message, struct msim__dhcp_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;

  if (server->node != fault->node || message->type > MSIM__DHCP_INFORM || !concerns(config, message->type) ||
      !msim__dhcp_rule_fits(&config->who, attachment, message->type, message->mac) ||
      (config->network[0] != '\0' &&
       strcmp(config->network, msim_network_name(msim_attachment_network(attachment))) != 0))
    return;
  if (!msim__fault_some_strikes(fault, &config->some, &state->some) || verdict->fault != NULL)
    return;
  fault->strike_count++;
  verdict->fault = fault->plan.id;
  verdict->is_silent = config->answer == SILENT;
  verdict->refuses = config->answer == NAK;
  verdict->is_exhausted = config->answer == EXHAUSTED;
  verdict->lease_s = (uint32_t)(config->lease_ns / MSIM_SEC(1));
  tell(fault, message);
}

extern const struct msim__fault_type msim__fault_dhcp;
const struct msim__fault_type msim__fault_dhcp = {
    .name = "dhcp",
    .summary = "a DHCP server is silent, refuses, has no address left, or gives shorter leases",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .judge_dhcp = judge_dhcp,
    .draws = true,
};
