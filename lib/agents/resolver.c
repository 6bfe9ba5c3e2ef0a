/* resolver.c: name look-ups: who has asked what, and the host table, which answers from the topology where no name
 * server does.
 *
 * In the table stand hosts by their names, and mail exchangers by what agents announce at their start; its answers come
 * from the loop, in the same simulated instant. A host with a name server asks that (resolver_stub.c), but for names of
 * hosts without a dot, which no DNS would have: the table is then what /etc/hosts is elsewhere. */
#include "agents/resolver.h"

#include <string.h>

#include "core/names.h"
#include "net/ipv6.h"
#include "net/nd.h"

#define TTL_S 3600u

struct exchanger {
  struct exchanger *next; /* by preference, then by the host's name */
  struct msim_node *node;
  uint16_t preference;
};
struct domain {
  struct exchanger *first;
};

struct msim__resolver {
  struct msim__names domains; /* lower case -> struct domain */
  struct msim__names stubs;   /* name of a host -> struct msim__stub */
  struct msim__question *questions;
  struct msim__resolver_pair *pairs;
};

struct msim__resolver_pair **msim__resolver_pairs(struct msim__resolver *resolver)
{
  return &resolver->pairs;
}

int msim__resolver_create(struct msim_sim *sim, struct msim__resolver **out)
{
  *out = msim__arena_alloc(&sim->arena, sizeof **out);
  if (*out == NULL)
    return MSIM_ERR_NOMEM;
  msim__names_init(&(*out)->domains, &sim->mem);
  msim__names_init(&(*out)->stubs, &sim->mem);
  return MSIM_OK;
}

void msim__resolver_end(struct msim_sim *sim, struct msim__resolver *resolver)
{
  while (resolver->questions != NULL) {
    struct msim__question *q = resolver->questions;

    resolver->questions = q->next;
    msim__address_wait_cancel(&q->wait);
    msim_timer_cancel(&q->timer); /* others of that instant are chained to it */
    if (q->stub != NULL)
      msim__dns_exchange_cancel(&q->exchange, true);
    msim__free(&sim->mem, q, sizeof *q);
  }
  msim__resolver_pairs_drop(sim, NULL);
  msim__names_release(&resolver->domains);
  msim__names_release(&resolver->stubs);
}

static void take_out(struct msim__resolver *resolver, struct msim__question *q)
{
  if (q->prev != NULL)
    q->prev->next = q->next;
  else
    resolver->questions = q->next;
  if (q->next != NULL)
    q->next->prev = q->prev;
}

void msim__question_drop(struct msim__question *q)
{
  struct msim_sim *sim = msim__node_sim(q->agent->node);

  take_out(msim__resolver_of(sim), q);
  msim__address_wait_cancel(&q->wait);
  msim_timer_cancel(&q->timer);
  if (q->stub != NULL)
    msim__dns_exchange_cancel(&q->exchange, true);
  msim__free(&sim->mem, q, sizeof *q);
}

void msim__resolver_crash(struct msim__resolver *resolver, const struct msim_node *node)
{
  struct msim__stub *stub = msim__names_find(&resolver->stubs, node->name, strlen(node->name));
  struct msim__question *q = resolver->questions, *next;

  if (stub != NULL && stub->is_lent)
    stub->count = stub->lent_count = stub->advertised_count = 0;

  for (; q != NULL; q = next) {
    next = q->next;
    if (q->agent->node == node)
      msim__question_drop(q);
  }
  msim__resolver_pairs_drop(msim__node_sim(node), node);
}

/* NULL when out of memory. */
static struct msim__stub *make_stub(struct msim__resolver *resolver, const struct msim_node *node)
{
  struct msim__stub *stub = msim__arena_alloc(&msim__node_sim(node)->arena, sizeof *stub);

  return stub == NULL || msim__names_add(&resolver->stubs, node->name, strlen(node->name), stub) != MSIM_OK ? NULL
                                                                                                            : stub;
}

/* Those of DHCP, then those of routers, of which one is always among them. */
static void join_lent(struct msim__stub *stub)
{
  size_t i, first = stub->lent_count;

  if (stub->advertised_count > 0 && first == MSIM__STUB_SERVERS_MAX)
    first--;
  for (i = 0; i < first; i++)
    stub->servers[i] = stub->lent[i];
  for (i = 0; i < stub->advertised_count && first + i < MSIM__STUB_SERVERS_MAX; i++)
    stub->servers[first + i] = stub->advertised[i];
  stub->count = first + i;
}

static int lend(struct msim_node *node, const struct msim_addr *servers, size_t count, bool by_routers)
{
  struct msim__resolver *resolver = msim__resolver_of(msim__node_sim(node));
  struct msim__stub *stub = msim__names_find(&resolver->stubs, node->name, strlen(node->name));
  size_t i;

  if (stub == NULL && count > 0) {
    stub = make_stub(resolver, node);
    if (stub == NULL)
      return msim__sim_fail_nomem(msim__node_sim(node));
  }
  if (stub == NULL || (stub->count > 0 && !stub->is_lent))
    return MSIM_OK;
  stub->is_lent = true;
  if (count > MSIM__STUB_SERVERS_MAX)
    count = MSIM__STUB_SERVERS_MAX;
  for (i = 0; i < count; i++)
    (void)msim_addr_format(&servers[i], by_routers ? stub->advertised[i] : stub->lent[i]);
  *(by_routers ? &stub->advertised_count : &stub->lent_count) = count;
  join_lent(stub);
  return MSIM_OK;
}

int msim__resolver_lend(struct msim_node *node, const struct msim_addr *servers, size_t count)
{
  return lend(node, servers, count, false);
}

int msim__resolver_advertised(struct msim_node *node)
{
  struct msim_addr servers[MSIM__STUB_SERVERS_MAX];
  struct msim_attachment *a;
  size_t count = 0;

  for (a = msim_attachment_first(node); a != NULL; a = a->next)
    count += msim__nd_host_servers(a, servers + count, MSIM__STUB_SERVERS_MAX - count);
  return lend(node, servers, count, true);
}

int msim_node_set_resolver(struct msim_node *node, const char *const *servers, size_t count)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__resolver *resolver = msim__resolver_of(sim);
  struct msim__stub *stub = msim__names_find(&resolver->stubs, node->name, strlen(node->name)), fresh;
  size_t i;

  if (count > MSIM__STUB_SERVERS_MAX)
    return MSIM_ERR_LIMIT;
  memset(&fresh, 0, sizeof fresh);
  for (i = 0; i < count; i++) {
    if (servers[i] == NULL || servers[i][0] == '\0')
      return MSIM_ERR_INVALID;
    fresh.servers[i] = msim__arena_text(&sim->arena, servers[i], strlen(servers[i]));
    if (fresh.servers[i] == NULL)
      return MSIM_ERR_NOMEM;
  }
  fresh.count = count;
  if (stub == NULL)
    stub = make_stub(resolver, node);
  if (stub == NULL)
    return MSIM_ERR_NOMEM;
  memcpy(stub->servers, fresh.servers, sizeof stub->servers);
  stub->count = count;
  stub->is_lent = false;
  return MSIM_OK;
}

/* Domain names are compared without case (RFC 4343) and without a final dot. Returns the length, 0 when too long. */
static size_t lowered(const char *name, char *out)
{
  size_t i;

  for (i = 0; name[i] != '\0'; i++) {
    if (i == MSIM__QUESTION_BYTES_MAX)
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
  char text[MSIM__QUESTION_BYTES_MAX + 1];
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

static struct msim_node *find_host(const struct msim_sim *sim, const char *name)
{
  struct msim_node *node = msim_node_find(sim, name);
  char text[MSIM__QUESTION_BYTES_MAX + 1];

  /* a host is known by its name as written, or else by that in lower case */
  if (node == NULL && lowered(name, text) > 0)
    node = msim_node_find(sim, text);
  return node;
}

static size_t answer_addresses(const struct msim__question *q, struct msim_answer *answers)
{
  struct msim_node *node = find_host(msim__node_sim(q->agent->node), q->name);
  struct msim_addr addr;

  if (node != NULL)
    addr = msim_node_addr_of(node, MSIM_FAMILY_IPV4);
  else if (msim_addr_parse(&addr, q->name, strlen(q->name)) != MSIM_OK)
    return 0;
  answers[0].addr = addr;
  answers[0].name = node != NULL ? node->name : q->name;
  return addr.family != MSIM_FAMILY_NONE; /* a host may have none just now */
}

/* All of IPv6 that a host has. */
static size_t answer_six(const struct msim__question *q, struct msim_answer *answers)
{
  const struct msim__net *net = msim__net(msim__node_sim(q->agent->node));
  const struct msim_node *node = find_host(msim__node_sim(q->agent->node), q->name);
  const struct msim__ipv6_host *host = node != NULL ? msim__ipv6_of(node) : NULL;
  size_t i;

  for (i = 0; host != NULL && i < host->addr_count && i < MSIM__ANSWERS_MAX; i++) {
    memset(&answers[i], 0, sizeof answers[i]);
    answers[i].addr = *msim__addr_of(net, host->addr_ids[i]);
    answers[i].name = node->name;
  }
  return i;
}

static size_t answer_name(const struct msim__question *q, struct msim_answer *answers)
{
  const struct msim__net *net = msim__net(msim__node_sim(q->agent->node));
  struct msim_node *node = NULL;
  struct msim_addr addr;

  if (msim_addr_parse(&addr, q->name, strlen(q->name)) == MSIM_OK)
    node = msim__addr_node(net, msim__addr_find_for(q->agent->node, &addr));
  if (node == NULL)
    return 0;
  answers[0].addr = addr;
  answers[0].name = node->name;
  return 1;
}

size_t msim_agent_announced_mx(const struct msim_agent *agent, const char *domain, struct msim_answer *out,
                               size_t count_max)
{
  struct msim__resolver *resolver = msim__resolver_of(msim__node_sim(agent->node));
  char text[MSIM__QUESTION_BYTES_MAX + 1];
  size_t size = lowered(domain, text), count = 0;
  const struct domain *row = size > 0 ? msim__names_find(&resolver->domains, text, size) : NULL;
  const struct exchanger *x;

  for (x = row != NULL ? row->first : NULL; x != NULL && count < count_max; x = x->next) {
    out[count].addr = msim_node_addr(x->node);
    out[count].name = x->node->name;
    out[count].preference = x->preference;
    out[count++].ttl_s = TTL_S;
  }
  return count;
}

/* Who speaks IPv6 looks up the addresses of an exchanger that does so too. */
static size_t answer_exchangers(const struct msim__question *q, struct msim_answer *answers)
{
  size_t count = msim_agent_announced_mx(q->agent, q->name, answers, MSIM__ANSWERS_MAX), i;

  for (i = 0; msim__resolver_wants_pair(q->agent->node) && i < count; i++) {
    const struct msim_node *node = find_host(msim__node_sim(q->agent->node), answers[i].name);

    if (node != NULL && msim__ipv6_of(node) != NULL)
      memset(&answers[i].addr, 0, sizeof answers[i].addr);
  }
  return count;
}

static size_t answer_by_table(const struct msim__question *q, struct msim_answer *answers)
{
  size_t count = 0, i;

  memset(answers, 0, sizeof *answers);
  if (q->type == MSIM_NAME_MX)
    return answer_exchangers(q, answers);
  if (q->type == MSIM_NAME_ADDRESS)
    count = answer_addresses(q, answers);
  else if (q->type == MSIM_NAME_AAAA)
    count = answer_six(q, answers);
  else if (q->type == MSIM_NAME_PTR)
    count = answer_name(q, answers);
  for (i = 0; i < count; i++)
    answers[i].ttl_s = TTL_S;
  return count;
}

void msim__question_end(struct msim__question *q, const struct msim_answers *answers)
{
  struct msim_sim *sim = msim__node_sim(q->agent->node);

  take_out(msim__resolver_of(sim), q);
  q->fn(q->agent, q->ctx, answers);
  msim__free(&sim->mem, q, sizeof *q);
}

/* An address says itself where it is, and a host knows its own name: nobody has looked anything up then. */
static bool is_news(const struct msim__question *q)
{
  struct msim_addr addr;

  return q->type == MSIM_NAME_PTR ||
         (msim_addr_parse(&addr, q->name, strlen(q->name)) != MSIM_OK && strcmp(q->name, q->agent->node->name) != 0);
}

static void tell(struct msim__question *q, const struct msim_answers *answers)
{
  if (answers->err == MSIM_OK) {
    msim__question_tell_answer(q, answers->items);
    return;
  }
  q->err = answers->err;
  q->reason = q->type == MSIM_NAME_ADDRESS && find_host(msim__node_sim(q->agent->node), q->name) != NULL
                  ? "no-address"
                  : "no-such-name";
  msim__question_tell_failure(q);
}

/* A name server's answer comes by another way: here it is the host table's, or that there is none. */
static void on_timer(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim__question *q = (struct msim__question *)(void *)timer;
  struct msim_answer items[MSIM__ANSWERS_MAX];
  struct msim_answers answers = {q->err, items, 0};

  (void)now_ns;
  if (q->stub == NULL && q->err == MSIM_OK) {
    answers.count = answer_by_table(q, items);
    answers.err = answers.count > 0 ? MSIM_OK : MSIM_ERR_NOT_FOUND;
    if (msim__trace_wants(msim__node_sim(q->agent->node), MSIM_TRACE_APP) && is_news(q))
      tell(q, &answers);
  } else if (q->stub != NULL) {
    msim__question_tell_failure(q);
  }
  msim__question_end(q, &answers);
}

/* Who answers: the table for what it alone can know, and where nobody else is. */
static struct msim__stub *choose(const struct msim__question *q)
{
  struct msim_node *node = q->agent->node;
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__stub *stub = msim__names_find(&msim__resolver_of(sim)->stubs, node->name, strlen(node->name));
  struct msim_addr addr;

  if (stub == NULL || stub->count == 0)
    return NULL;
  if ((q->type == MSIM_NAME_ADDRESS || q->type == MSIM_NAME_AAAA) &&
      ((strchr(q->name, '.') == NULL && find_host(sim, q->name) != NULL) ||
       msim_addr_parse(&addr, q->name, strlen(q->name)) == MSIM_OK))
    return NULL;
  if (stub->rng.stream == 0)
    msim__rng_init(&stub->rng, sim->seed, "resolver:", node->name);
  return stub;
}

static void begin_asking(struct msim__question *q)
{
  q->stub = choose(q);
  if (q->stub != NULL)
    msim__stub_ask(q);
  else
    msim_timer_arm(&q->timer, 0);
}

static void give_up(struct msim__question *q)
{
  q->err = MSIM_ERR_STATE;
  msim_timer_arm(&q->timer, 0);
}

static void on_address(void *ctx, bool has_address)
{
  if (has_address)
    begin_asking(ctx);
  else
    give_up(ctx);
}

struct msim__question *msim__question_new(struct msim_agent *agent, const char *name, enum msim_name_type type,
                                          msim_resolved_fn *fn, void *ctx)
{
  struct msim_sim *sim = msim__node_sim(agent->node);
  struct msim__resolver *resolver = msim__resolver_of(sim);
  struct msim__question *q;

  q = msim__alloc_zeroed(&sim->mem, 1, sizeof *q);
  if (q == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  if (strlen(name) <= MSIM__QUESTION_BYTES_MAX) /* else it stays empty: nothing has a name as long as that */
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
  msim_timer_init(&q->timer, agent->node, on_timer);
  if (msim__host_has_address(agent->node))
    begin_asking(q);
  else if (!msim__address_await(agent, &q->wait, on_address, q))
    give_up(q);
  return q;
}

int msim_agent_resolve(struct msim_agent *agent, const char *name, enum msim_name_type type, msim_resolved_fn *fn,
                       void *ctx)
{
  struct msim_addr addr;

  if (type == MSIM_NAME_ADDRESS && msim__resolver_wants_pair(agent->node) &&
      msim_addr_parse(&addr, name, strlen(name)) != MSIM_OK)
    return msim__resolver_ask_pair(agent, name, fn, ctx);
  return msim__question_new(agent, name, type, fn, ctx) != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}
