/* fault_smtp.c: a mail server does something else at a moment of its sessions, for a time: by the same deeds as its own
 * `rules` (agents/smtp_rules.h), and over them. */
#include "fault/fault.h"

#include "agents/smtp_rules_fields.h"

#include <string.h>

struct config {
  struct msim__fault_some some; /* must be first */
  const char *host;
  struct msim__smtp_rule_config rule;
};

struct state {
  struct msim__fault_some_state some;
  struct msim__smtp_rules rules; /* the one; made when first asked */
  const struct msim__smtp_rule_config *row;
};

static const struct msim_field fields[] = {
    {.key = "host", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct config, host), .help = "whose smtp-server"},
    MSIM__SMTP_RULE_DEEDS(struct config, rule.),
    MSIM__FAULT_SOME_FIELDS,
    {.key = NULL},
};

static const char *const one_of[] = {"reply", "delay", "close", "drop", "discard", "rate", "greylist", NULL};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  static const char *const types[] = {"smtp-server", NULL};
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;

  state->row = &config->rule;
  return msim__fault_find_host(fault, config->host, types, wrong, why, why_bytes);
}

static bool idle(const struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;

  return msim__fault_some_idle(&config->some);
}

static void tell(struct msim__fault *fault, const struct msim__smtp_occasion *occasion,
                 const struct msim__smtp_effect *effect)
{
  struct msim_value values[3];
  size_t count = 0;

  values[count++] = msim_value_text("at", occasion->at);
  if (effect->code != 0)
    values[count++] = msim_value_int("code", effect->code);
  if (effect->cut != MSIM__SMTP_CUT_NONE)
    values[count++] = msim_value_text("close", msim__smtp_cut_names[effect->cut]);
  msim__fault_tell(fault, "smtp", values, count);
}

static void judge_smtp(struct msim__fault *fault, struct msim_agent *server, const struct msim__smtp_occasion *occasion,
                       struct msim__smtp_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  const struct msim_list rows = {&state->row, 1};
  struct msim__smtp_effect effect;

  if (msim_agent_node(server) != fault->node || !msim__smtp_rule_is_meant(&config->rule, occasion) ||
      !msim__fault_some_strikes(fault, &config->some, &state->some))
    return;
  if (state->rules.count == 0 && msim__smtp_rules_init(&state->rules, &fault->sim->mem, rows) != MSIM_OK) {
    (void)msim__sim_fail_nomem(fault->sim);
    return;
  }
  effect = msim__smtp_rules_apply(&state->rules, occasion);
  if (effect.delay_ns == 0 && effect.code == 0 && effect.cut == MSIM__SMTP_CUT_NONE && !effect.drop && !effect.discard)
    return; /* within its rate, or known already */
  fault->strike_count++;
  tell(fault, occasion, &effect);
  verdict->effect = msim__smtp_effect_join(effect, verdict->effect); /* the first by id has the last word */
  verdict->fault = fault->plan.id;
}

static void release(struct msim__fault *fault)
{
  msim__smtp_rules_release(&((struct state *)fault->state)->rules);
}

extern const struct msim__fault_type msim__fault_smtp;
const struct msim__fault_type msim__fault_smtp = {
    .name = "smtp",
    .summary = "a mail server refuses, waits, limits or hangs up at a moment of its sessions",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .judge_smtp = judge_smtp,
    .draws = true,
    .release = release,
    .one_of = one_of,
};
