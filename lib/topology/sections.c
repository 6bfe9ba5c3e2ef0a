/* sections.c: see sections.h. */
#include "topology/sections.h"

#include "topology/loader.h"

#define NAMES_MAX 63u

void msim__section_check(struct msim__loader *loader, const struct msim__section *section,
                         const struct msim__yaml_node *map)
{
  const char *names[NAMES_MAX + 1];
  size_t count = 0;

  for (; section != NULL; section = section->also) {
    const struct msim_field *field;
    const struct msim__key *key;

    for (field = section->fields; field != NULL && field->key != NULL && count < NAMES_MAX; field++)
      names[count++] = field->key;
    for (key = section->keys; key != NULL && key->name != NULL && count < NAMES_MAX; key++)
      names[count++] = key->name;
  }
  names[count] = NULL;
  (void)msim__fields_check_keys(&loader->fill, NULL, map, names);
}
