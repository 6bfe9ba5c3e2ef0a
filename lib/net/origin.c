/* origin.c: see origin.h. */
#include "net/origin.h"

#include <string.h>

struct msim__origin *msim__origin(struct msim__net *net)
{
  if (net->origin == NULL)
    net->origin = msim__arena_alloc(&net->sim->arena, sizeof *net->origin);
  return net->origin;
}

static const char *copy(struct msim__net *net, const char *text)
{
  return msim__arena_text(&net->sim->arena, text, strlen(text));
}

int msim__origin_set_file(struct msim__net *net, const char *file)
{
  struct msim__origin *origin = msim__origin(net);

  if (origin != NULL)
    origin->file = copy(net, file);
  return origin != NULL && origin->file != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

int msim__origin_add_fault(struct msim__net *net, const char *id, const char *kind, const char *says, uint32_t line)
{
  struct msim__origin *origin = msim__origin(net);
  struct msim__origin_fault *fault = msim__arena_alloc(&net->sim->arena, sizeof *fault), **at;

  if (origin == NULL || fault == NULL)
    return MSIM_ERR_NOMEM;
  fault->id = copy(net, id);
  fault->kind = copy(net, kind);
  fault->says = copy(net, says);
  fault->line = line;
  if (fault->id == NULL || fault->kind == NULL || fault->says == NULL)
    return MSIM_ERR_NOMEM;
  for (at = &origin->faults; *at != NULL && strcmp((*at)->id, id) < 0; at = &(*at)->next)
    ;
  fault->next = *at;
  *at = fault;
  return MSIM_OK;
}

int msim__origin_add_setting(struct msim__net *net, const char *name, uint64_t digest, uint32_t line)
{
  struct msim__origin *origin = msim__origin(net);
  struct msim__origin_setting *setting = msim__arena_alloc(&net->sim->arena, sizeof *setting);

  if (origin == NULL || setting == NULL)
    return MSIM_ERR_NOMEM;
  setting->name = copy(net, name);
  setting->digest = digest;
  setting->line = line;
  if (setting->name == NULL)
    return MSIM_ERR_NOMEM;
  if (origin->last_setting != NULL)
    origin->last_setting->next = setting;
  else
    origin->settings = setting;
  origin->last_setting = setting;
  return MSIM_OK;
}
