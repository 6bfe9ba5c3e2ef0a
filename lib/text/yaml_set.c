/* yaml_set.c: see yaml_set.h. */
#include "text/yaml_set.h"
#include "text/diag.h"
#include "text/escape.h"

#include <string.h>

#define SHOWN_BYTES 48
#define STEP_BYTES 256u
#define SORTED_FROM 9u /* as yaml_tree.c has it */

struct step {
  char text[STEP_BYTES];
  size_t size_bytes;
};

struct setting {
  struct msim__arena *arena;
  struct msim__mem *mem;
  struct step steps[MSIM__YAML_PATH_DEPTH_MAX];
  size_t step_count;
  const struct msim__yaml_node *value;
  struct msim_diag *diag;
};

static int tell(const struct setting *setting, int err, const char *format, const char *word, size_t word_bytes)
{
  struct msim_slice slice = {(const uint8_t *)word, word_bytes};
  char shown[SHOWN_BYTES];

  (void)msim__escape_short(shown, sizeof shown, slice);
  msim__diag_set(setting->diag, NULL, 0, 0, format, shown);
  return err;
}

/* ---- the path ---- */

/* One step; returns what stands behind it, NULL: it is wrong. */
static const char *read_step(const char *path, struct step *step)
{
  const char *end;

  if (*path == '"') {
    end = strchr(++path, '"');
    step->size_bytes = end != NULL ? (size_t)(end - path) : STEP_BYTES;
    end = end != NULL ? end + 1 : path;
  } else {
    step->size_bytes = strcspn(path, ".");
    end = path + step->size_bytes;
  }
  if (step->size_bytes == 0 || step->size_bytes >= STEP_BYTES || (*end != '.' && *end != '\0'))
    return NULL;
  memcpy(step->text, path, step->size_bytes);
  step->text[step->size_bytes] = '\0';
  return end;
}

static int read_path(struct setting *setting, const char *path)
{
  const char *at = path;

  for (;;) {
    if (setting->step_count == MSIM__YAML_PATH_DEPTH_MAX)
      return tell(setting, MSIM_ERR_LIMIT, "the path \"%s\" is too deep", path, strlen(path));
    at = read_step(at, &setting->steps[setting->step_count++]);
    if (at == NULL)
      return tell(setting, MSIM_ERR_SYNTAX, "the path \"%s\" is not keys joined by dots, such as links.0.delay", path,
                  strlen(path));
    if (*at == '\0')
      return MSIM_OK;
    at++;
  }
}

/* A place of a list: digits, and at most size. */
static bool read_place(const struct step *step, size_t size, size_t *out)
{
  size_t i;

  *out = 0;
  for (i = 0; i < step->size_bytes; i++) {
    if (step->text[i] < '0' || step->text[i] > '9' || *out > size)
      return false;
    *out = *out * 10 + (size_t)(step->text[i] - '0');
  }
  return *out <= size;
}

/* ---- the tree ---- */

static struct msim__yaml_node *make_node(struct setting *setting, enum msim__yaml_kind kind,
                                         const struct msim__yaml_node *place)
{
  struct msim__yaml_node *node = msim__arena_alloc(setting->arena, sizeof *node);

  if (node == NULL)
    return NULL;
  node->file = place->file;
  node->line = place->line;
  node->column = place->column;
  node->kind = (uint8_t)kind;
  return node;
}

/* Sums, and for a large map its order for look-ups. */
static int finish(struct setting *setting, struct msim__yaml_node *node)
{
  struct msim__yaml_entry **sorted, **spare, *e;
  uint64_t nodes = 1;
  size_t i = 0;

  node->count = 0;
  node->depth = 1;
  for (e = (struct msim__yaml_entry *)(uintptr_t)(const void *)node->u.items.first; e != NULL; e = e->next) {
    node->count++;
    nodes += e->value->node_count + (e->key != NULL ? e->key->node_count : 0);
    if (node->depth < e->value->depth + 1)
      node->depth = (uint8_t)(e->value->depth + 1);
  }
  if (nodes > MSIM__YAML_NODES_MAX || node->depth > MSIM__YAML_DEPTH_MAX)
    return tell(setting, MSIM_ERR_LIMIT, "with this value the text is too large or too deep%s", "", 0);
  node->node_count = (uint32_t)nodes;
  node->u.items.sorted = NULL;
  if (node->kind != MSIM__YAML_MAP || node->count < SORTED_FROM)
    return MSIM_OK;
  sorted = msim__arena_alloc(setting->arena, node->count * sizeof(struct msim__yaml_entry *));
  spare = msim__alloc(setting->mem, node->count * sizeof(struct msim__yaml_entry *));
  if (sorted == NULL || spare == NULL) {
    msim__free(setting->mem, spare, spare != NULL ? node->count * sizeof(struct msim__yaml_entry *) : 0);
    return MSIM_ERR_NOMEM;
  }
  for (e = (struct msim__yaml_entry *)(uintptr_t)(const void *)node->u.items.first; e != NULL; e = e->next)
    sorted[i++] = e;
  msim__yaml_sort(sorted, spare, node->count);
  msim__free(setting->mem, spare, node->count * sizeof(struct msim__yaml_entry *));
  node->u.items.sorted = (const struct msim__yaml_entry *const *)sorted;
  return MSIM_OK;
}

static bool is_named(const struct msim__yaml_node *item, const char *name)
{
  return msim__yaml_is_text(msim__yaml_find(item, "name"), name) ||
         msim__yaml_is_text(msim__yaml_find(item, "id"), name);
}

/* Whether an entry is the one that a step is about. */
static bool is_meant(const struct msim__yaml_node *node, const struct msim__yaml_entry *e, size_t index,
                     const struct step *step)
{
  size_t place;

  if (node->kind == MSIM__YAML_MAP)
    return msim__yaml_is_text(e->key, step->text);
  return read_place(step, node->count, &place) ? place == index : is_named(e->value, step->text);
}

/* A copy of a list or map, node NULL: of nothing, with room for one more entry at its end; *meant is that of the step,
 * its value NULL when it was not there. */
static int copy(struct setting *setting, const struct msim__yaml_node *node, const struct step *step,
                struct msim__yaml_node **out, struct msim__yaml_entry **meant)
{
  const struct msim__yaml_entry *e;
  struct msim__yaml_entry *last = NULL, *made;
  struct msim__yaml_node *key;
  size_t index = 0, place;

  *meant = NULL;
  *out = make_node(setting,
                   node != NULL                   ? (enum msim__yaml_kind)node->kind
                   : strcmp(step->text, "0") == 0 ? MSIM__YAML_LIST
                                                  : MSIM__YAML_MAP,
                   node != NULL ? node : setting->value);
  if (*out == NULL)
    return MSIM_ERR_NOMEM;
  for (e = msim__yaml_first(node); e != NULL; e = e->next, index++) {
    made = msim__arena_alloc(setting->arena, sizeof *made);
    if (made == NULL)
      return MSIM_ERR_NOMEM;
    *made = *e;
    made->next = NULL;
    if (*meant == NULL && is_meant(node, e, index, step))
      *meant = made;
    if (last != NULL)
      last->next = made;
    else
      (*out)->u.items.first = made;
    last = made;
  }
  if (*meant != NULL)
    return MSIM_OK;
  if ((*out)->kind == MSIM__YAML_LIST && (!read_place(step, index, &place) || place != index))
    return tell(setting, MSIM_ERR_NOT_FOUND,
                "there is no item \"%s\" in this list: write its place from 0, or its name or id", step->text,
                step->size_bytes);
  made = msim__arena_alloc(setting->arena, sizeof *made);
  if (made == NULL)
    return MSIM_ERR_NOMEM;
  if ((*out)->kind == MSIM__YAML_MAP) {
    key = make_node(setting, MSIM__YAML_SCALAR, setting->value);
    if (key == NULL || (key->u.scalar.text = msim__arena_text(setting->arena, step->text, step->size_bytes)) == NULL)
      return MSIM_ERR_NOMEM;
    key->u.scalar.size_bytes = step->size_bytes;
    key->node_count = 1;
    key->plain = true;
    made->key = key;
  }
  if (last != NULL)
    last->next = made;
  else
    (*out)->u.items.first = made;
  *meant = made;
  return MSIM_OK;
}

/* Copies of all that the path goes through, each but the last in the one in front of it. */
static int copy_way(struct setting *setting, const struct msim__yaml_node *node, struct msim__yaml_node **copies)
{
  struct msim__yaml_entry *meant = NULL;
  size_t i;

  for (i = 0; i < setting->step_count; i++) {
    const struct step *step = &setting->steps[i];
    struct msim__yaml_entry *holder = meant;
    int err;

    if (msim__yaml_is_null(node))
      node = NULL;
    if (node != NULL && node->kind == MSIM__YAML_SCALAR)
      return tell(setting, MSIM_ERR_NOT_FOUND, "\"%s\" cannot be there: what it should lie in is a single value",
                  step->text, step->size_bytes);
    err = copy(setting, node, step, &copies[i], &meant);
    if (err != MSIM_OK)
      return err;
    if (holder != NULL)
      holder->value = copies[i];
    node = meant->value;
    if (node == NULL && i + 1 < setting->step_count) /* a name that is spelt wrongly would be one more, in silence */
      return tell(setting, MSIM_ERR_NOT_FOUND,
                  "there is no \"%s\" here to put something into; is it spelt right? What is new comes as one value",
                  step->text, step->size_bytes);
  }
  meant->line = setting->value->line;
  meant->column = setting->value->column;
  meant->value = setting->value;
  return MSIM_OK;
}

int msim__yaml_set(struct msim__yaml *tree, struct msim__mem *mem, const char *path,
                   const struct msim__yaml_node *value, struct msim_diag *diag)
{
  struct msim__yaml_node *copies[MSIM__YAML_PATH_DEPTH_MAX];
  struct setting setting;
  size_t i;
  int err;

  memset(&setting, 0, sizeof setting);
  setting.arena = &tree->arena;
  setting.mem = mem;
  setting.value = value;
  setting.diag = diag;
  err = read_path(&setting, path);
  if (err == MSIM_OK)
    err = copy_way(&setting, tree->root, copies);
  for (i = setting.step_count; i-- > 0 && err == MSIM_OK;)
    err = finish(&setting, copies[i]);
  if (err == MSIM_OK)
    tree->root = copies[0];
  return err;
}
