/* resolver_pair.c: the addresses of a name for a host that speaks both IPv4 and IPv6: both are asked for at once, and
 * come back as one list, in the order in which they are to be tried (RFC 8305 3 and 4, RFC 6724 6 in part).
 *
 * Where one answer has come and holds something, the other one is waited for by 50 ms more and no longer. */
#include "agents/resolver.h"

#include <string.h>

#include "net/ipv6.h"
#include "net/nd.h"

#define RESOLUTION_DELAY_NS MSIM_MSEC(50) /* RFC 8305 8 */

struct half {
  struct msim__resolver_pair *pair;
  struct msim__question *question; /* NULL: answered */
  int err;
  size_t count;
  struct msim_answer items[MSIM__ANSWERS_MAX];
};

struct msim__resolver_pair {
  struct msim_timer timer;          /* must be first */
  struct msim__resolver_pair *next; /* of the resolver */
  struct msim_agent *agent;
  msim_resolved_fn *fn;
  void *ctx;
  struct half six, four;
  char name[MSIM__QUESTION_BYTES_MAX + 1]; /* of the answers */
};

bool msim__resolver_wants_pair(const struct msim_node *node)
{
  const struct msim__ipv6_host *ipv6 = msim__ipv6_of(node);

  return (ipv6 != NULL && !ipv6->is_off && ipv6->addr_count > 0) || msim__nd_makes_addrs(node);
}

/* ---- the order ---- */

/* RFC 6724 2.1. */
static unsigned precedence_of(const struct msim_addr *addr)
{
  if (addr->family == MSIM_FAMILY_IPV4)
    return 35;
  return (addr->bytes[0] & 0xfe) == 0xfc ? 3 : 40;
}

/* Rule 1: what nothing can be sent to is left out, unless there is nothing else. */
static bool can_be_reached(const struct msim_agent *agent, const struct msim_addr *addr)
{
  struct msim__net *net = msim__net(msim__node_sim(agent->node));
  uint32_t id = msim__addr_intern_for(agent->node, addr);

  if (id == 0)
    msim__sim_fail_nomem(net->sim);
  return id != 0 && msim__ip_source_for(agent->node, id) != 0 && msim__route_find(agent->node, id) != NULL;
}

static size_t keep_reachable(const struct msim_agent *agent, struct half *half)
{
  size_t i, kept = 0;

  for (i = 0; i < half->count; i++) {
    if (can_be_reached(agent, &half->items[i].addr))
      half->items[kept++] = half->items[i];
  }
  return kept;
}

/* RFC 8305 4: the families in turn, the preferred one first. */
static size_t interleave(const struct half *first, const struct half *second, struct msim_answer *out)
{
  size_t i, count = 0;

  for (i = 0; i < first->count || i < second->count; i++) {
    if (i < first->count && count < MSIM__ANSWERS_MAX)
      out[count++] = first->items[i];
    if (i < second->count && count < MSIM__ANSWERS_MAX)
      out[count++] = second->items[i];
  }
  return count;
}

/* ---- answers ---- */

static void release(struct msim__resolver_pair *pair)
{
  struct msim_sim *sim = msim__node_sim(pair->agent->node);
  struct msim__resolver_pair **at = msim__resolver_pairs(msim__resolver_of(sim));

  while (*at != pair)
    at = &(*at)->next;
  *at = pair->next;
  msim_timer_cancel(&pair->timer);
  msim__free(&sim->mem, pair, sizeof *pair);
}

static void finish(struct msim__resolver_pair *pair)
{
  struct half *first = &pair->six, *second = &pair->four;
  struct msim_answer items[MSIM__ANSWERS_MAX];
  struct msim_answers answers = {MSIM_OK, items, 0};
  struct msim_agent *agent = pair->agent;
  msim_resolved_fn *fn = pair->fn;
  void *ctx = pair->ctx;
  size_t six = keep_reachable(agent, &pair->six), four = keep_reachable(agent, &pair->four);
  char name[MSIM__QUESTION_BYTES_MAX + 1];
  size_t i;

  if (six + four > 0) {
    pair->six.count = six;
    pair->four.count = four;
  }
  if (six > 0 && four > 0 && precedence_of(&first->items[0].addr) < precedence_of(&second->items[0].addr)) {
    first = &pair->four;
    second = &pair->six;
  }
  answers.count = interleave(first, second, items);
  memcpy(name, pair->name, sizeof name);
  for (i = 0; i < answers.count; i++)
    items[i].name = name;
  if (answers.count == 0)
    answers.err = pair->six.err == MSIM_ERR_NOT_FOUND ? pair->four.err : pair->six.err;
  release(pair);
  fn(agent, ctx, &answers);
}

static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__resolver_pair *pair = (struct msim__resolver_pair *)(void *)timer;

  (void)now_ns;
  if (pair->six.question != NULL)
    msim__question_drop(pair->six.question);
  if (pair->four.question != NULL)
    msim__question_drop(pair->four.question);
  finish(pair);
}

static void on_half(struct msim_agent *agent, void *ctx, const struct msim_answers *answers)
{
  struct half *half = ctx;
  struct msim__resolver_pair *pair = half->pair;

  (void)agent;
  half->question = NULL;
  half->err = answers->err;
  half->count = answers->count;
  if (answers->count > 0)
    memcpy(half->items, answers->items, answers->count * sizeof *half->items);
  if (pair->six.question == NULL && pair->four.question == NULL)
    finish(pair);
  else if (half->count > 0)
    msim_timer_arm(&pair->timer, RESOLUTION_DELAY_NS);
}

/* ---- questions ---- */

int msim__resolver_ask_pair(struct msim_agent *agent, const char *name, msim_resolved_fn *fn, void *ctx)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  struct msim__resolver_pair **first = msim__resolver_pairs(msim__resolver_of(sim));
  struct msim__resolver_pair *pair = msim__alloc_zeroed(&sim->mem, 1, sizeof *pair);

  if (pair == NULL)
    return msim__sim_fail_nomem(sim);
  msim_timer_init(&pair->timer, agent->node, on_timer);
  pair->agent = agent;
  pair->fn = fn;
  pair->ctx = ctx;
  pair->six.pair = pair->four.pair = pair;
  if (strlen(name) < sizeof pair->name)
    memcpy(pair->name, name, strlen(name));
  pair->next = *first;
  *first = pair;
  /* RFC 8305 3: AAAA first. Every answer comes from the loop. */
  pair->six.question = msim__question_new(agent, name, MSIM_NAME_AAAA, on_half, &pair->six);
  pair->four.question = msim__question_new(agent, name, MSIM_NAME_ADDRESS, on_half, &pair->four);
  return pair->six.question == NULL || pair->four.question == NULL ? MSIM_ERR_NOMEM : MSIM_OK;
}

void msim__resolver_pairs_drop(struct msim_sim *sim, const struct msim_node *node)
{
  struct msim__resolver_pair *pair = *msim__resolver_pairs(msim__resolver_of(sim)), *next;

  for (; pair != NULL; pair = next) {
    next = pair->next;
    if (node == NULL || pair->agent->node == node)
      release(pair);
  }
}
