/* findings.c: everything that is wrong with a topology, told in one go: each thing once, in the order of the files.
 *
 * A wrong template is met once per host that is like it; people want to read about it once. Keeps at most
 * MSIM__TOPOLOGY_FINDINGS_MAX. */
#include "text/diag.h"
#include "topology/loader.h"

#include <string.h>

static uint32_t file_index(const struct msim__loader *loader, const char *shown)
{
  const struct msim__topology_file *file;

  for (file = loader->first_file; file != NULL; file = file->next)
    if (shown != NULL && strcmp(file->shown, shown) == 0)
      return file->index;
  return shown != NULL && msim__loader_is_setting(loader, shown) ? UINT32_MAX : 0;
}

static int compare(const struct msim__finding *kept, uint32_t index, const struct msim_diag *diag)
{
  if (kept->file_index != index)
    return kept->file_index < index ? -1 : 1;
  if (kept->diag.line != diag->line)
    return kept->diag.line < diag->line ? -1 : 1;
  if (kept->diag.column != diag->column)
    return kept->diag.column < diag->column ? -1 : 1;
  return 0;
}

void msim__loader_keep(void *user, const struct msim_diag *diag)
{
  struct msim__loader *loader = user;
  uint32_t index = file_index(loader, diag->file);
  struct msim__finding **at = &loader->findings, *made;
  const struct msim__topology_file *file;

  loader->complaint_count++;
  while (*at != NULL && compare(*at, index, diag) <= 0) {
    if (compare(*at, index, diag) == 0 && strcmp((*at)->diag.text, diag->text) == 0)
      return;
    at = &(*at)->next;
  }
  if (loader->finding_count++ >= MSIM__TOPOLOGY_FINDINGS_MAX)
    return;
  made = msim__arena_alloc(&loader->arena, sizeof *made);
  if (made == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  made->diag = *diag;
  made->file_index = index;
  for (file = loader->first_file; file != NULL; file = file->next)
    if (file->index == index)
      made->diag.file = file->shown;
  made->next = *at;
  *at = made;
}

void msim__loader_tell(const struct msim__loader *loader, msim_diag_fn *fn, void *user)
{
  const struct msim__finding *finding;
  struct msim_diag diag;

  if (fn == NULL)
    return;
  for (finding = loader->findings; finding != NULL; finding = finding->next)
    fn(user, &finding->diag);
  if (loader->finding_count <= MSIM__TOPOLOGY_FINDINGS_MAX)
    return;
  msim__diag_set(&diag, loader->first_file->shown, 0, 0, "there is more to find; the first %u are shown",
                 MSIM__TOPOLOGY_FINDINGS_MAX);
  fn(user, &diag);
}

void msim__loader_report(struct msim__loader *loader, const struct msim__yaml_node *node, const char *format, ...)
{
  struct msim_diag diag;
  va_list args;

  va_start(args, format);
  msim__diag_set_args(&diag, node->file, node->line, node->column, format, args);
  va_end(args);
  msim__loader_keep(loader, &diag);
}
