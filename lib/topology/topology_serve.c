/* topology_serve.c: the section `serve`: which ports of the real machine lead into this world, and out of it.
 *
 * Only reads: ports are opened by programs that let the world talk to others (`mailsim serve`), and a run takes no
 * notice of them. */
#include "core/sized.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define GATE(member) offsetof(struct msim_topology_gate, member)
static const struct msim_field fields[] = {
    {.key = "listen",
     .kind = MSIM_FIELD_TEXT,
     .offset = GATE(listen),
     .fallback = "\"\"",
     .help = "a port of the real machine's loopback, 0: any; or an address and a port"},
    {.key = "from",
     .kind = MSIM_FIELD_TEXT,
     .offset = GATE(from),
     .fallback = "\"\"",
     .help = "with listen: the host that connects"},
    {.key = "uplink",
     .kind = MSIM_FIELD_TEXT,
     .offset = GATE(uplink),
     .fallback = "\"\"",
     .help = "instead of listen and from: HOST:PORT, where hosts are let out"},
    {.key = "to", .kind = MSIM_FIELD_TEXT, .offset = GATE(to), .help = "HOST:PORT; of an uplink a real ADDRESS:PORT"},
    {.key = NULL},
};
const struct msim__section msim__section_serve = {.fields = fields};

struct msim__gate {
  struct msim__gate *next;
  struct msim_topology_gate gate;
};

static void read_gate(struct msim__loader *loader, const struct msim__yaml_node *item)
{
  struct msim__gate *row = msim__arena_alloc(&loader->sim->arena, sizeof *row);
  struct msim_diag diag;

  if (row == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  if (msim__yaml_read_kind(item, "serve", MSIM__YAML_MAP, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  memset(row, 0, sizeof *row);
  if (msim__fields_fill(&loader->fill, fields, item, NULL, false, &row->gate) != MSIM_OK)
    return; /* told, or out of memory, which fill knows */
  row->gate.line = item->line;
  if ((row->gate.listen[0] != '\0') == (row->gate.uplink[0] != '\0'))
    msim__loader_report(loader, item, "write either listen and from, or uplink");
  else if ((row->gate.listen[0] != '\0') != (row->gate.from[0] != '\0'))
    msim__loader_report(loader, item, "from belongs to listen: the host in whose name a real client connects");
  if (loader->last_gate != NULL)
    loader->last_gate->next = row;
  else
    loader->first_gate = row;
  loader->last_gate = row;
}

void msim__loader_add_serve(struct msim__loader *loader, const struct msim__yaml_node *serve)
{
  const struct msim__yaml_entry *e;
  struct msim_diag diag;

  if (msim__yaml_read_kind(serve, "serve", MSIM__YAML_LIST, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  for (e = msim__yaml_first(serve); e != NULL && loader->err == MSIM_OK; e = e->next)
    read_gate(loader, e->value);
}

bool msim__gate_at(const struct msim__gate *first, size_t index, struct msim_topology_gate *out, size_t out_bytes)
{
  struct msim_topology_gate none = {0};

  while (first != NULL && index-- > 0)
    first = first->next;
  msim__sized_out(out, out_bytes, first != NULL ? &first->gate : &none, sizeof none);
  return first != NULL;
}
