/* strings.c: see strings.h. The form is {scene: {title: sentence, number: sentence}}, with the name of the case between
 * for a scene that has cases. Does not choose a language: the caller names the file. */
#include "check/strings.h"

#include <string.h>

#include "check/scene_reader.h"
#include "text/yaml_read.h"

/* The map about the scene, which is named "scene" or "scene/case". */
static const struct msim__yaml_node *find_body(const struct msim__scene *scene, const struct msim__yaml_node *root)
{
  const struct msim__yaml_node *body = msim__yaml_find(root, scene->name);
  const struct msim__yaml_entry *e;

  for (e = msim__yaml_first(root); e != NULL && body == NULL; e = e->next) {
    struct msim_slice name = msim__yaml_slice(e->key);

    if (name.size_bytes < strlen(scene->name) && memcmp(scene->name, name.data, name.size_bytes) == 0 &&
        scene->name[name.size_bytes] == '/')
      body = msim__yaml_find(e->value, scene->name + name.size_bytes + 1);
  }
  return body;
}

static void read_sentence(struct msim__scene_reader *reader, const struct msim__yaml_entry *e, bool apply)
{
  struct msim__scene *scene = reader->scene;
  char word[MSIM__SHOWN_BYTES];
  const char *text = msim__scene_node_word(reader, e->value, "a sentence");
  size_t step = MSIM__ATOM_NONE;

  if (msim__scene_is_number(e->key))
    step = msim__scene_find_step(scene, e->key);
  else if (msim__yaml_is_text(e->key, "title") && apply && text != NULL)
    scene->title = text;
  if (step != MSIM__ATOM_NONE && apply && text != NULL)
    scene->steps[step].says = text;
  if (step == MSIM__ATOM_NONE && !msim__yaml_is_text(e->key, "title") && !apply)
    msim__scene_error(reader, e->key, "%s is neither title nor the number of a step of %.80s",
                      msim__scene_shown(e->key, word), scene->name);
}

int msim__strings_read(struct msim__scene *scene, const struct msim__yaml_node *root, msim_diag_fn *fn, void *user)
{
  struct msim__scene_reader reader = {.scene = scene, .root = root, .fn = fn, .user = user};
  const struct msim__yaml_node *body;
  const struct msim__yaml_entry *e;

  if (root->kind != MSIM__YAML_MAP) {
    msim__scene_error(&reader, root, "a file of strings is a map from scenes to their sentences");
    return reader.err;
  }
  body = find_body(scene, root);
  if (body == NULL)
    return MSIM_ERR_NOT_FOUND;
  if (body->kind != MSIM__YAML_MAP) {
    msim__scene_error(&reader, body, "the sentences of a scene are a map from the numbers of its steps");
    return reader.err;
  }
  for (e = msim__yaml_first(body); e != NULL && reader.err != MSIM_ERR_NOMEM; e = e->next)
    read_sentence(&reader, e, false);
  for (e = msim__yaml_first(body); e != NULL && reader.err == MSIM_OK; e = e->next)
    read_sentence(&reader, e, true);
  return reader.err;
}
