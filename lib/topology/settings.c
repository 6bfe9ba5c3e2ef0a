/* settings.c: values that take the place of those in the file, or are added to it, before anything is made of them.
 *
 * Kept as texts until a topology is loaded; findings about them have what was set for a file. Does not know keys: what
 * a value means is looked at like the rest of the file. */
#include <string.h>

#include "text/diag.h"
#include "text/yaml_set.h"
#include "topology/loader.h"

#define SETTINGS_MAX 256u
#define PATH_BYTES_MAX 1024u
#define VALUE_BYTES_MAX 65536u

/* In the simulation's arena; the room of this part. */
struct text_setting {
  struct text_setting *next;
  const char *path, *value;
  size_t count; /* of the first one: all there are */
};

int msim_topology_set(struct msim_sim *sim, const char *path, const char *value)
{
  struct text_setting *first = sim->rooms[MSIM__ROOM_SETTINGS], *last = first, *made;
  size_t path_bytes = strlen(path), value_bytes = strlen(value);

  if (sim->started || sim->starting || sim->failure != MSIM_OK || sim->rooms[MSIM__ROOM_TOPOLOGY] != NULL)
    return MSIM_ERR_STATE;
  if (path_bytes > PATH_BYTES_MAX || value_bytes > VALUE_BYTES_MAX || (first != NULL && first->count == SETTINGS_MAX))
    return MSIM_ERR_LIMIT;
  made = msim__arena_alloc(&sim->arena, sizeof *made);
  if (made == NULL || (made->path = msim__arena_text(&sim->arena, path, path_bytes)) == NULL ||
      (made->value = msim__arena_text(&sim->arena, value, value_bytes)) == NULL)
    return MSIM_ERR_NOMEM;
  if (first == NULL) {
    sim->rooms[MSIM__ROOM_SETTINGS] = first = made;
  } else {
    while (last->next != NULL)
      last = last->next;
    last->next = made;
  }
  first->count++;
  return MSIM_OK;
}

/* "PATH=VALUE", as findings show it. */
static const char *name_of(struct msim__loader *loader, const struct text_setting *text)
{
  size_t path_bytes = strlen(text->path), value_bytes = strlen(text->value);
  char *name = msim__arena_alloc(&loader->arena, path_bytes + value_bytes + 2);

  if (name == NULL)
    return NULL;
  memcpy(name, text->path, path_bytes);
  name[path_bytes] = '=';
  memcpy(name + path_bytes + 1, text->value, value_bytes);
  return name;
}

static void apply(struct msim__loader *loader, struct msim__yaml *tree, const struct text_setting *text)
{
  struct msim__setting *setting = msim__arena_alloc(&loader->arena, sizeof *setting);
  struct msim_slice value = {(const uint8_t *)text->value, strlen(text->value)};
  struct msim_diag diag;
  int err;

  if (setting == NULL || (setting->shown = name_of(loader, text)) == NULL) {
    loader->err = MSIM_ERR_NOMEM;
    return;
  }
  msim__arena_init(&setting->tree.arena, &loader->sim->mem);
  setting->next = loader->first_setting;
  loader->first_setting = setting;
  err = msim__yaml_parse(&setting->tree, &loader->sim->mem, setting->shown, value, msim__loader_keep, loader);
  if (err == MSIM_OK) {
    err = msim__yaml_set(tree, &loader->sim->mem, text->path, setting->tree.root, &diag);
    if (err != MSIM_OK && err != MSIM_ERR_NOMEM) {
      diag.file = setting->shown;
      msim__loader_keep(loader, &diag);
    }
  }
  if (err == MSIM_ERR_NOMEM)
    loader->err = err;
}

void msim__loader_apply_settings(struct msim__loader *loader, struct msim__yaml *tree)
{
  const struct text_setting *text = loader->sim->rooms[MSIM__ROOM_SETTINGS];

  for (; text != NULL && tree->root != NULL && loader->err == MSIM_OK; text = text->next)
    apply(loader, tree, text);
}

bool msim__loader_is_setting(const struct msim__loader *loader, const char *shown)
{
  const struct msim__setting *setting = loader->first_setting;

  while (setting != NULL && strcmp(setting->shown, shown) != 0)
    setting = setting->next;
  return setting != NULL;
}

void msim__loader_release_settings(struct msim__loader *loader)
{
  struct msim__setting *setting;

  for (setting = loader->first_setting; setting != NULL; setting = setting->next)
    msim__yaml_release(&setting->tree);
}
