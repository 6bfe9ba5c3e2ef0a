/* resolver.c: the host table: name look-ups answered from the topology, as long as no name server does.
 *
 * Hosts by their names; mail exchangers by what agents announce at their start. Answers come from the loop, in the same
 * simulated instant. Does not speak DNS: nothing of this is on a wire. */
#include <string.h>

#include "agents/agents.h"
#include "core/names.h"

#define ANSWERS_MAX 64u
#define NAME_BYTES_MAX 255u /* RFC 1035 2.3.4 */
#define TTL_S 3600u

struct exchanger {
  struct exchanger *next; /* by preference, then by the host's name */
  struct msim_node *node;
  uint16_t preference;
};
struct domain {
  struct exchanger *first;
};

/* One question that waits for its answer. */
struct question {
  struct msim_timer timer; /* must be first */
  struct question *next, *prev;
  struct msim_agent *agent;
  msim_resolved_fn *fn;
  void *ctx;
  enum msim_name_type type;
  char name[NAME_BYTES_MAX + 1];
};

struct msim__resolver {
  struct msim__names domains; /* lower case -> struct domain */
  struct question *questions;
};

int msim__resolver_create(struct msim_sim *sim, struct msim__resolver **out)
{
  *out = msim__arena_alloc(&sim->arena, sizeof **out);
  if (*out == NULL)
    return MSIM_ERR_NOMEM;
  msim__names_init(&(*out)->domains, &sim->mem);
  return MSIM_OK;
}

void msim__resolver_end(struct msim_sim *sim, struct msim__resolver *resolver)
{
  while (resolver->questions != NULL) {
    struct question *q = resolver->questions;

    resolver->questions = q->next;
    msim_timer_cancel(&q->timer); /* others of that instant are chained to it */
    msim__free(&sim->mem, q, sizeof *q);
  }
  msim__names_release(&resolver->domains);
}

static void take_out(struct msim__resolver *resolver, struct question *q)
{
  if (q->prev != NULL)
    q->prev->next = q->next;
  else
    resolver->questions = q->next;
  if (q->next != NULL)
    q->next->prev = q->prev;
}

void msim__resolver_crash(struct msim__resolver *resolver, const struct msim_node *node)
{
  struct question *q = resolver->questions, *next;

  for (; q != NULL; q = next) {
    next = q->next;
    if (q->agent->node != node)
      continue;
    take_out(resolver, q);
    msim__free(&msim__node_sim(node)->mem, q, sizeof *q);
  }
}

/* Domain names are compared without case (RFC 4343) and without a final dot. Returns the length, 0 when too long. */
static size_t lowered(const char *name, char *out)
{
  size_t i;

  for (i = 0; name[i] != '\0'; i++) {
    if (i == NAME_BYTES_MAX)
      return 0;
    out[i] = name[i] >= 'A' && name[i] <= 'Z' ? (char)(name[i] - 'A' + 'a') : name[i];
  }
  if (i > 1 && out[i - 1] == '.')
    i--;
  out[i] = '\0';
  return i;
}

int msim_agent_announce_mx(struct msim_agent *agent, const char *domain, uint16_t preference)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  struct msim__resolver *resolver = msim__resolver_of(sim);
  char text[NAME_BYTES_MAX + 1];
  size_t size = lowered(domain, text);
  struct domain *row;
  struct exchanger **at, *fresh;

  if (size == 0)
    return MSIM_ERR_INVALID;
  row = msim__names_find(&resolver->domains, text, size);
  if (row == NULL) {
    const char *copy = msim__arena_text(&sim->arena, text, size);

    row = msim__arena_alloc(&sim->arena, sizeof *row);
    if (row == NULL || copy == NULL || msim__names_add(&resolver->domains, copy, size, row) != MSIM_OK)
      return msim__sim_fail_nomem(sim);
  }
  for (at = &row->first; *at != NULL; at = &(*at)->next) {
    if ((*at)->node == agent->node)
      return MSIM_OK; /* a host stands in the list once, with what it said first */
  }
  for (at = &row->first; *at != NULL; at = &(*at)->next) {
    if ((*at)->preference > preference ||
        ((*at)->preference == preference && strcmp((*at)->node->name, agent->node->name) > 0))
      break;
  }
  fresh = msim__arena_alloc(&sim->arena, sizeof *fresh);
  if (fresh == NULL)
    return msim__sim_fail_nomem(sim);
  fresh->node = agent->node;
  fresh->preference = preference;
  fresh->next = *at;
  *at = fresh;
  return MSIM_OK;
}

static size_t answer_addresses(struct question *q, struct msim_answer *answers)
{
  struct msim_node *node = msim_node_find(msim__node_sim(q->agent->node), q->name);
  char text[NAME_BYTES_MAX + 1];
  struct msim_addr addr;

  /* a host is known by its name as written, or else by that in lower case */
  if (node == NULL && lowered(q->name, text) > 0)
    node = msim_node_find(msim__node_sim(q->agent->node), text);
  if (node != NULL)
    addr = msim_node_addr(node);
  else if (msim_addr_parse(&addr, q->name, strlen(q->name)) != MSIM_OK)
    return 0;
  answers[0].addr = addr;
  answers[0].name = node != NULL ? node->name : q->name;
  answers[0].preference = 0;
  answers[0].ttl_s = TTL_S;
  return 1;
}

static size_t answer_exchangers(struct question *q, struct msim_answer *answers)
{
  struct msim__resolver *resolver = msim__resolver_of(msim__node_sim(q->agent->node));
  const struct domain *row = msim__names_find(&resolver->domains, q->name, strlen(q->name));
  const struct exchanger *x;
  size_t count = 0;

  for (x = row != NULL ? row->first : NULL; x != NULL && count < ANSWERS_MAX; x = x->next) {
    answers[count].addr = msim_node_addr(x->node);
    answers[count].name = x->node->name;
    answers[count].preference = x->preference;
    answers[count++].ttl_s = TTL_S;
  }
  return count;
}

static void answer(struct msim_timer *timer, msim_ns now_ns)
{
  struct question *q = (struct question *)(void *)timer;
  struct msim_sim *sim = msim__node_sim(q->agent->node);
  struct msim__resolver *resolver = msim__resolver_of(sim);
  struct msim_answer items[ANSWERS_MAX];
  struct msim_answers answers;

  (void)now_ns;
  answers.items = items;
  answers.count = q->type == MSIM_NAME_MX ? answer_exchangers(q, items) : answer_addresses(q, items);
  answers.err = answers.count > 0 ? MSIM_OK : MSIM_ERR_NOT_FOUND;
  take_out(resolver, q);
  q->fn(q->agent, q->ctx, &answers);
  msim__free(&sim->mem, q, sizeof *q);
}

int msim_agent_resolve(struct msim_agent *agent, const char *name, enum msim_name_type type, msim_resolved_fn *fn,
                       void *ctx)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  struct msim__resolver *resolver = msim__resolver_of(sim);
  struct question *q;

  q = msim__alloc_zeroed(&sim->mem, 1, sizeof *q);
  if (q == NULL)
    return msim__sim_fail_nomem(sim);
  if (strlen(name) <= NAME_BYTES_MAX) /* else it stays empty: nothing has a name as long as that */
    memcpy(q->name, name, strlen(name));
  if (type == MSIM_NAME_MX)
    lowered(q->name, q->name);
  q->agent = agent;
  q->type = type;
  q->fn = fn;
  q->ctx = ctx;
  q->next = resolver->questions;
  if (q->next != NULL)
    q->next->prev = q;
  resolver->questions = q;
  msim_timer_init(&q->timer, agent->node, answer);
  msim_timer_arm(&q->timer, 0);
  return MSIM_OK;
}
