/* flow.c: flows, and the count of flows per client, server, port and protocol that gives #N. */
#include "net/flow.h"

#include <stdio.h>
#include <string.h>

#include "core/hash.h"
#include "net/rooms.h"

/* Open addressing by a 64-bit hash of the names; 0 is an empty row. Two different flows with one hash would share their
 * counts: with a million pairs a chance of about 3e-8. */
struct msim__flow_counts {
  struct row {
    uint64_t key;
    uint32_t count;
  } * rows;
  size_t row_count, used_count;
};

void msim__flow_counts_free(struct msim__net *net)
{
  struct msim__flow_counts *counts = net->flow_counts;

  if (counts == NULL)
    return;
  msim__free(&net->sim->mem, counts->rows, counts->row_count * sizeof *counts->rows);
  msim__free(&net->sim->mem, counts, sizeof *counts);
  net->flow_counts = NULL;
}

static struct row *find_row(struct row *rows, size_t row_count, uint64_t key)
{
  size_t at = (size_t)key & (row_count - 1);

  while (rows[at].key != 0 && rows[at].key != key)
    at = (at + 1) & (row_count - 1);
  return &rows[at];
}

static int grow_counts(struct msim__mem *mem, struct msim__flow_counts *counts)
{
  size_t wanted = counts->row_count == 0 ? 16 : counts->row_count * 2, i;
  struct row *fresh = msim__alloc_zeroed(mem, wanted, sizeof *fresh);

  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < counts->row_count; i++) {
    if (counts->rows[i].key != 0)
      *find_row(fresh, wanted, counts->rows[i].key) = counts->rows[i];
  }
  msim__free(mem, counts->rows, counts->row_count * sizeof *counts->rows);
  counts->rows = fresh;
  counts->row_count = wanted;
  return MSIM_OK;
}

/* 0 when out of memory. */
static uint32_t next_number(struct msim__net *net, uint64_t key)
{
  struct msim__mem *mem = &net->sim->mem;
  struct msim__flow_counts *counts = net->flow_counts;
  struct row *row;

  if (counts == NULL) {
    counts = msim__alloc_zeroed(mem, 1, sizeof *counts);
    if (counts == NULL)
      return 0;
    net->flow_counts = counts;
  }
  if (counts->row_count < (counts->used_count + 1) * 2 && grow_counts(mem, counts) != MSIM_OK)
    return 0;
  row = find_row(counts->rows, counts->row_count, key);
  if (row->key == 0) {
    row->key = key;
    counts->used_count++;
  }
  return ++row->count;
}

uint64_t msim__flow_key(const char *client, const char *server, uint16_t port, uint8_t proto)
{
  uint64_t key = msim__hash_bytes(proto, client, strlen(client));

  return msim__hash_bytes(msim__hash_join(key, port), server, strlen(server));
}

uint64_t msim__flow_id(uint64_t key, uint32_t number)
{
  return msim__hash_join(key, number);
}

struct msim_flow *msim__flow_new(struct msim_node *client_node, const char *client, const char *server, uint16_t port,
                                 uint8_t proto)
{
  struct msim_sim *sim = msim__node_sim(client_node);
  struct msim_flow *flow = msim__alloc_zeroed(&sim->mem, 1, sizeof *flow);
  uint64_t key = msim__flow_key(client, server, port, proto);

  if (flow == NULL) {
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  flow->number = next_number(msim__net(sim), key == 0 ? 1 : key);
  if (flow->number == 0) {
    msim__free(&sim->mem, flow, sizeof *flow);
    msim__sim_fail_nomem(sim);
    return NULL;
  }
  flow->mem = &sim->mem;
  flow->client = client;
  flow->server = server;
  flow->refs = 1;
  flow->port = port;
  flow->proto = proto;
  flow->id = msim__flow_id(key, flow->number);
  return flow;
}

void msim__flow_release(struct msim_flow *flow)
{
  msim__free(flow->mem, flow, sizeof *flow);
}

const char *msim_flow_client(const struct msim_flow *flow)
{
  return flow->client;
}

const char *msim_flow_server(const struct msim_flow *flow)
{
  return flow->server;
}

uint16_t msim_flow_port(const struct msim_flow *flow)
{
  return flow->port;
}

uint32_t msim_flow_number(const struct msim_flow *flow)
{
  return flow->number;
}

uint64_t msim_flow_id(const struct msim_flow *flow)
{
  return flow->id;
}

size_t msim_flow_format(const struct msim_flow *flow, char *out, size_t capacity_bytes)
{
  int size = snprintf(out, capacity_bytes, "%s>%s:%u#%lu", flow->client, flow->server, (unsigned)flow->port,
                      (unsigned long)flow->number);

  return size < 0 ? 0 : (size_t)size;
}
