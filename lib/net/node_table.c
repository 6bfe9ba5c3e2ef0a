/* node_table.c: nodes by their names. Eight bytes per place, filled to three quarters at most: there may be millions.
 * Does not order them: that is done once, at the start. */
#include <string.h>

#include "core/hash.h"
#include "net/net.h"

#define PLACES_MIN 16u

struct msim__node_name {
  uint32_t hash;   /* spares a look at the name; the place follows from it */
  uint32_t number; /* of the node in net->nodes, plus one; 0: free */
};

static uint32_t hash_of(const char *name, size_t name_bytes)
{
  return (uint32_t)msim__hash_bytes(0, name, name_bytes);
}

struct msim_node *msim__node_named(const struct msim__net *net, const char *name, size_t name_bytes)
{
  uint32_t hash = hash_of(name, name_bytes);
  size_t at;

  if (net->node_name_count == 0)
    return NULL;
  for (at = hash & (net->node_name_count - 1); net->node_names[at].number != 0;
       at = (at + 1) & (net->node_name_count - 1)) {
    struct msim_node *node = net->nodes[net->node_names[at].number - 1];

    if (net->node_names[at].hash == hash && strncmp(node->name, name, name_bytes) == 0 &&
        node->name[name_bytes] == '\0')
      return node;
  }
  return NULL;
}

static void put(struct msim__node_name *places, size_t count, struct msim__node_name what)
{
  size_t at = what.hash & (count - 1);

  while (places[at].number != 0)
    at = (at + 1) & (count - 1);
  places[at] = what;
}

int msim__node_names_add(struct msim__net *net, uint32_t index)
{
  const char *name = net->nodes[index]->name;
  struct msim__node_name fresh_name = {hash_of(name, strlen(name)), index + 1};

  if (((size_t)index + 1) * 4 > net->node_name_count * 3) {
    size_t wanted = net->node_name_count == 0 ? PLACES_MIN : net->node_name_count * 2, i;
    struct msim__node_name *fresh = msim__alloc_zeroed(&net->sim->mem, wanted, sizeof *fresh);

    if (fresh == NULL)
      return MSIM_ERR_NOMEM;
    for (i = 0; i < net->node_name_count; i++) {
      if (net->node_names[i].number != 0)
        put(fresh, wanted, net->node_names[i]);
    }
    msim__node_names_release(net);
    net->node_names = fresh;
    net->node_name_count = wanted;
  }
  put(net->node_names, net->node_name_count, fresh_name);
  return MSIM_OK;
}

void msim__node_names_release(struct msim__net *net)
{
  msim__free(&net->sim->mem, net->node_names, net->node_name_count * sizeof *net->node_names);
  net->node_names = NULL;
  net->node_name_count = 0;
}
