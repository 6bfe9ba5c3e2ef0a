/* fault_dns.c: a name server answers some questions wrongly, or not at all: one with zones as well as one that asks
 * others. What it says otherwise, and what it remembers, stays as it is. */
#include "fault/fault.h"

#include "agents/agents.h"
#include "agents/dns_iterate.h"
#include "agents/dns_marks.h"
#include "agents/dns_value.h"
#include "text/pattern.h"

#include <stdio.h>
#include <string.h>

struct config {
  struct msim__fault_some some; /* must be first */
  const char *host, *name, *type, *value;
  int answer;
  msim_ns ttl_ns;
};

struct state {
  struct msim__fault_some_state some;
  uint16_t type;           /* 0: any */
  struct msim_slice rdata; /* of a stale answer, when it is known */
};

enum answer { SERVFAIL, NXDOMAIN, REFUSED, TIMEOUT, TRUNCATE, LAME, STALE };
static const char *const answer_names[] = {"servfail", "nxdomain", "refused", "timeout",
                                           "truncate", "lame",     "stale",   NULL};

static const char *check_type(const char *text)
{
  return text[0] == '\0' || msim__dns_type_parse(text, strlen(text)) != 0
             ? NULL
             : "a type of records is expected here, such as A, AAAA, MX or TXT";
}

static const struct msim_field fields[] = {
    {.key = "host",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, host),
     .help = "whose dns-server or dns-resolver"},
    {.key = "name",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, name),
     .fallback = "\"*\"",
     .help = "questions for such a name; * and ? are allowed"},
    {.key = "type",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, type),
     .fallback = "\"\"",
     .check = check_type,
     .help = "and of this type: A, MX; absent: any"},
    {.key = "answer",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct config, answer),
     .names = answer_names,
     .help =
         "servfail, nxdomain, refused, timeout: none at all, truncate: it does not fit into a datagram, lame: as if "
         "it did not know the zone, stale: value"},
    {.key = "value",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, value),
     .fallback = "\"\"",
     .help = "with stale: what was right once, as in a zone: 192.0.2.9, 10 old.example"},
    {.key = "ttl",
     .kind = MSIM_FIELD_DURATION_NS,
     .offset = offsetof(struct config, ttl_ns),
     .fallback = "1h",
     .max = MSIM_SEC(0x7fffffff),
     .help = "with stale: how long others may remember it"},
    MSIM__FAULT_SOME_FIELDS,
    {.key = NULL},
};

/* ---- the old value ---- */

static size_t make_value(const struct msim__fault *fault, uint8_t *out)
{
  static const struct msim__dns_name root = {.size_bytes = 1};
  const struct msim__dns_place place = {".", &root};
  const struct config *config = fault->plan.config;

  return msim__dns_value_make(fault->sim, &place, ((const struct state *)fault->state)->type, config->value, out);
}

/* A host's address may not be known yet. */
static bool is_value(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  const uint16_t type = ((const struct state *)fault->state)->type;
  uint8_t bytes[MSIM__DNS_VALUE_BYTES];

  return make_value(fault, bytes) > 0 ||
         ((type == MSIM__DNS_A || type == MSIM__DNS_AAAA) && msim_node_find(fault->sim, config->value) != NULL);
}

/* Made once; empty: the host has no such address, or out of memory: the simulation has failed. */
static struct msim_slice value_of(struct msim__fault *fault, struct state *state)
{
  uint8_t bytes[MSIM__DNS_VALUE_BYTES], *copy;
  size_t size = state->rdata.size_bytes > 0 ? 0 : make_value(fault, bytes);

  if (size > 0) {
    copy = msim__arena_alloc(&fault->sim->arena, size);
    if (copy == NULL) {
      (void)msim__sim_fail_nomem(fault->sim);
      return state->rdata;
    }
    memcpy(copy, bytes, size);
    state->rdata.data = copy;
    state->rdata.size_bytes = size;
  }
  return state->rdata;
}

/* ---- set up ---- */

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  static const char *const types[] = {"dns-server", "dns-resolver", NULL};
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  int err = msim__fault_find_host(fault, config->host, types, wrong, why, why_bytes);

  if (err != MSIM_OK)
    return err;
  state->type = msim__dns_type_parse(config->type, strlen(config->type));
  *wrong = "value";
  if (config->answer != STALE) {
    if (config->value[0] == '\0')
      return MSIM_OK;
    (void)snprintf(why, why_bytes, "dns: a value belongs to answer: stale");
    return MSIM_ERR_INVALID;
  }
  if (state->type == 0 || config->value[0] == '\0') {
    *wrong = "answer";
    (void)snprintf(why, why_bytes, "dns: what was right once? write type and value");
    return MSIM_ERR_INVALID;
  }
  if (is_value(fault))
    return MSIM_OK;
  (void)snprintf(why, why_bytes,
                 "\"%.80s\" is no value of the type %.10s, such as 192.0.2.9 of A or 10 old.example of MX",
                 config->value, config->type);
  return MSIM_ERR_INVALID;
}

static bool idle(const struct msim__fault *fault)
{
  return msim__fault_some_idle(fault->plan.config);
}

/* ---- questions ---- */

/* Names are compared without case (RFC 4343), and without a last dot. */
static bool name_fits(const char *glob, const char *name)
{
  char low[MSIM__DNS_NAME_TEXT_BYTES];
  size_t i, n = strlen(glob);

  if (n > 1 && glob[n - 1] == '.')
    n--;
  for (i = 0; i < n && i < sizeof low - 1; i++)
    low[i] = glob[i] >= 'A' && glob[i] <= 'Z' ? (char)(glob[i] - 'A' + 'a') : glob[i];
  low[i] = '\0';
  return msim__pattern_match_text(low, name);
}

static bool fill(struct msim__fault *fault, struct msim__dns_verdict *verdict)
{
  static const uint8_t rcodes[] = {MSIM__DNS_SERVFAIL, MSIM__DNS_NXDOMAIN, MSIM__DNS_REFUSED};
  const struct config *config = fault->plan.config;

  switch (config->answer) {
  case TIMEOUT:
    verdict->what = MSIM__DNS_SILENCE;
    break;
  case TRUNCATE:
    verdict->what = MSIM__DNS_TOO_LONG;
    break;
  case LAME:
    verdict->what = MSIM__DNS_LAME;
    break;
  case STALE:
    verdict->what = MSIM__DNS_RECORD;
    verdict->ttl_s = (uint32_t)(config->ttl_ns / MSIM_SEC(1));
    verdict->rdata = value_of(fault, fault->state);
    return verdict->rdata.size_bytes > 0;
  default:
    verdict->what = MSIM__DNS_RCODE;
    verdict->rcode = rcodes[config->answer];
    break;
  }
  return true;
}

static void judge_dns(struct msim__fault *fault, struct msim_agent *server, const struct msim__dns_asker *asker,
                      struct msim__dns_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  char name[MSIM__DNS_NAME_TEXT_BYTES], type[16];
  struct msim__dns_verdict mine;
  struct msim_value values[3];

  if (server->node != fault->node || (state->type != 0 && asker->question.type != state->type) ||
      (config->answer == TRUNCATE && asker->connection != 0) ||
      !name_fits(config->name, msim__dns_event_name(&asker->question.name, name)))
    return;
  memset(&mine, 0, sizeof mine);
  if (!msim__fault_some_strikes(fault, &config->some, &state->some) || verdict->fault != NULL || !fill(fault, &mine))
    return;
  fault->strike_count++;
  mine.fault = fault->plan.id;
  *verdict = mine;
  values[0] = msim_value_text("name", name);
  values[1] = msim_value_text("type", msim__dns_type_format(asker->question.type, type));
  values[2] = msim_value_text("answer", answer_names[config->answer]);
  msim__fault_tell(fault, "dns", values, 3);
}

extern const struct msim__fault_type msim__fault_dns;
const struct msim__fault_type msim__fault_dns = {
    .name = "dns",
    .summary = "a name server answers some questions wrongly, or not at all",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .judge_dns = judge_dns,
    .draws = true,
};
