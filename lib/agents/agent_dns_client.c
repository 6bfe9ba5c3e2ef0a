/* agent_dns_client.c: somebody at a host who looks names up at given times, and does nothing with the answer: the
 * events dns.answer and dns.failed tell it, where the host has a name server. As `host` or `nslookup` elsewhere. */
#include <mailsim/agent.h>

#include <string.h>

struct question {
  msim_ns at_ns;
  const char *name;
  int type; /* enum msim_name_type */
};

struct config {
  struct msim_list script; /* const struct question * */
};

struct ask {
  struct msim_timer timer; /* must be first */
  struct msim_agent *agent;
  const struct question *question;
};

struct state {
  struct ask *asks;
};

/* In the order of enum msim_name_type. */
static const char *const types[] = {"A", "MX", "AAAA", "PTR", "TXT", NULL};

static const char *check_name(const char *text)
{
  return text[0] != '\0' && strlen(text) < 254 ? NULL : "a name such as www.y.example is expected here";
}

static const struct msim_field question_fields[] = {
    {.key = "at", .kind = MSIM_FIELD_DURATION_NS, .offset = offsetof(struct question, at_ns), .help = "when"},
    {.key = "name",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct question, name),
     .check = check_name,
     .help = "what is looked up; for PTR an address too"},
    {.key = "type",
     .kind = MSIM_FIELD_ENUM,
     .offset = offsetof(struct question, type),
     .fallback = "A",
     .names = types,
     .help = "A, AAAA, MX, PTR or TXT"},
    {.key = NULL},
};
static const struct msim_field question_item[] = {
    {.key = "question",
     .kind = MSIM_FIELD_STRUCT,
     .offset = 0,
     .item = question_fields,
     .item_bytes = sizeof(struct question)},
};
static const struct msim_field fields[] = {
    {.key = "script",
     .kind = MSIM_FIELD_LIST,
     .offset = offsetof(struct config, script),
     .item = question_item,
     .item_bytes = sizeof(const struct question *),
     .min = 1,
     .help = "what is looked up, and when"},
    {.key = NULL},
};

static void answered(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  (void)agent;
  (void)ctx;
  (void)answers; /* who asked for it has told it by an event */
}

static void on_time(struct msim_timer *timer, msim_ns now_ns)
{
  struct ask *ask = (struct ask *)(void *)timer;

  (void)now_ns;
  (void)msim_agent_resolve(ask->agent, ask->question->name, (enum msim_name_type)ask->question->type, answered, NULL);
}

static int start(struct msim_agent *agent)
{
  const struct config *config = msim_agent_config(agent);
  const struct question *const *questions = config->script.items;
  struct state *state = msim_agent_state(agent);
  size_t i;

  state->asks = msim_agent_alloc(agent, config->script.count * sizeof *state->asks);
  if (state->asks == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < config->script.count; i++) {
    struct ask *ask = &state->asks[i];

    ask->agent = agent;
    ask->question = questions[i];
    msim_timer_init(&ask->timer, msim_agent_node(agent), on_time);
    msim_timer_arm(&ask->timer, questions[i]->at_ns);
  }
  return MSIM_OK;
}

extern const struct msim_agent_type msim__agent_dns_client;
const struct msim_agent_type msim__agent_dns_client = {
    .name = "dns-client",
    .summary = "somebody who looks names up at given times",
    .state_bytes = sizeof(struct state),
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .start = start,
};
