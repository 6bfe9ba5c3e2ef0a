/* topology_faults.c: the section `faults`: what goes wrong, and when; and `buggify`, which is one of the whole run.
 *
 * Does not know what any kind of fault does (fault/). */
#include "fault/fault.h"
#include "text/yaml_read.h"
#include "topology/loader.h"
#include "topology/sections.h"

#include <string.h>

#define WHY_BYTES 240

struct msim__fault_row {
  struct msim__fault_row *next;
  const struct msim__yaml_node *place;
  struct msim__fault_plan plan;
};

static void add_row(struct msim__loader *loader, struct msim__fault_row *row)
{
  if (loader->last_fault != NULL)
    loader->last_fault->next = row;
  else
    loader->first_fault = row;
  loader->last_fault = row;
}

void msim__loader_add_buggify(struct msim__loader *loader, const struct msim__yaml_node *map)
{
  struct msim__fault_row *row = msim__arena_alloc(&loader->arena, sizeof *row);
  int err = row == NULL ? MSIM_ERR_NOMEM
                        : msim__fault_read_whole(loader->sim, &loader->fill, MSIM__KEY_BUGGIFY, map, &row->plan);

  if (err == MSIM_ERR_NOMEM)
    loader->err = err;
  if (err != MSIM_OK)
    return;
  row->place = map;
  add_row(loader, row);
}

void msim__loader_add_faults(struct msim__loader *loader, const struct msim__yaml_node *faults)
{
  const struct msim__yaml_entry *e;
  struct msim_diag diag;

  if (msim__yaml_read_kind(faults, "faults", MSIM__YAML_LIST, &diag) < 0) {
    msim__loader_keep(loader, &diag);
    return;
  }
  for (e = msim__yaml_first(faults); e != NULL && loader->err == MSIM_OK; e = e->next) {
    struct msim__fault_row *row = msim__arena_alloc(&loader->arena, sizeof *row);

    if (row == NULL || msim__fault_read(loader->sim, &loader->fill, e->value, &row->plan) == MSIM_ERR_NOMEM) {
      loader->err = MSIM_ERR_NOMEM;
      return;
    }
    row->place = e->value;
    if (e->value->file != loader->first_file->tree.root->file)
      row->plan.line = 0; /* of another file than the one that traces name */
    add_row(loader, row);
  }
}

/* Where the key stands in the fault or in the map of its kind; else the fault itself. */
static const struct msim__yaml_node *place_of(const struct msim__fault_row *row, const char *key)
{
  const struct msim__yaml_node *kind = msim__yaml_find(row->place, row->plan.type->name), *found;

  if (key == NULL)
    return row->place;
  found = kind != NULL ? msim__yaml_find(kind, key) : NULL; /* buggify is the map of its kind */
  if (found == NULL)
    found = msim__yaml_find(row->place, key);
  return found != NULL ? found : row->place;
}

int msim__loader_build_faults(struct msim__loader *loader)
{
  const struct msim__fault_row *row;

  for (row = loader->first_fault; row != NULL; row = row->next) {
    char why[WHY_BYTES];
    const char *wrong;
    int err = msim__fault_add(loader->sim, &row->plan, &wrong, why, sizeof why);

    if (err == MSIM_ERR_NOMEM)
      return err;
    if (err != MSIM_OK)
      msim__loader_report(loader, place_of(row, wrong), "%s", why[0] != '\0' ? why : msim_strerror(err));
  }
  return MSIM_OK;
}
