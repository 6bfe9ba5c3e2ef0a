/* scene_reader.c: see scene_reader.h. */
#include "check/scene_reader.h"

#include <stdarg.h>
#include <string.h>

#include "text/diag.h"
#include "text/escape.h"
#include "text/suggest.h"
#include "text/yaml_read.h"

#define FINDINGS_MAX 100u
#define NAMES_MAX 64u

static void report(struct msim__scene_reader *reader, const struct msim_diag *diag)
{
  if (reader->fn != NULL && reader->finding_count++ < FINDINGS_MAX)
    reader->fn(reader->user, diag);
}

void msim__scene_error(struct msim__scene_reader *reader, const struct msim__yaml_node *node, const char *format, ...)
{
  struct msim_diag diag;
  va_list args;

  va_start(args, format);
  msim__diag_set_args(&diag, node->file, node->line, node->column, format, args);
  va_end(args);
  report(reader, &diag);
  if (reader->err == MSIM_OK)
    reader->err = MSIM_ERR_SYNTAX;
}

void msim__scene_warning(struct msim__scene_reader *reader, const struct msim__yaml_node *node, const char *format, ...)
{
  struct msim_diag diag;
  va_list args;

  va_start(args, format);
  msim__diag_set_args(&diag, node->file, node->line, node->column, format, args);
  va_end(args);
  report(reader, &diag);
}

/* A finding that yaml_read has put together. */
static void pass_on(struct msim__scene_reader *reader, const struct msim_diag *diag)
{
  report(reader, diag);
  if (reader->err == MSIM_OK)
    reader->err = MSIM_ERR_SYNTAX;
}

const char *msim__scene_shown(const struct msim__yaml_node *node, char *out)
{
  if (node->kind != MSIM__YAML_SCALAR)
    return node->kind == MSIM__YAML_LIST ? "a list" : "a map";
  (void)msim__escape_short(out, MSIM__SHOWN_BYTES, msim__yaml_slice(node));
  return out;
}

void *msim__scene_alloc(struct msim__scene_reader *reader, size_t count, size_t size_bytes)
{
  void *block =
      count <= SIZE_MAX / size_bytes ? msim__arena_alloc(&reader->scene->words->arena, count * size_bytes) : NULL;

  if (block == NULL)
    reader->err = MSIM_ERR_NOMEM;
  return block;
}

static size_t count_names(const char *const *names)
{
  size_t count = 0;

  while (names[count] != NULL && count < NAMES_MAX)
    count++;
  return count;
}

void msim__scene_known(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *what,
                       const char *const *names)
{
  size_t count = count_names(names), i;
  const struct msim__yaml_entry *entry;
  char word[MSIM__SHOWN_BYTES];

  for (entry = msim__yaml_first(map); entry != NULL; entry = entry->next) {
    struct msim_slice key = msim__yaml_slice(entry->key);
    const char *near;

    for (i = 0; i < count && !msim__yaml_is_text(entry->key, names[i]); i++)
      ;
    if (i < count)
      continue;
    near = msim__suggest((const char *)key.data, key.size_bytes, names, count);
    msim__scene_warning(reader, entry->key, "unknown field \"%s\" in %s is ignored%s%s%s",
                        msim__scene_shown(entry->key, word), what, near != NULL ? "; did you mean \"" : "",
                        near != NULL ? near : "", near != NULL ? "\"?" : "");
  }
}

const struct msim__yaml_node *msim__scene_field(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                                                const char *key, enum msim__yaml_kind kind, bool required)
{
  const struct msim__yaml_node *node = msim__yaml_find(map, key);
  struct msim_diag diag;

  if (node == NULL) {
    if (required)
      msim__scene_error(reader, map, "\"%s\" is missing", key);
    return NULL;
  }
  if (msim__yaml_read_kind(node, key, kind, &diag) != MSIM_OK) {
    pass_on(reader, &diag);
    return NULL;
  }
  return node;
}

const char *msim__scene_node_word(struct msim__scene_reader *reader, const struct msim__yaml_node *node,
                                  const char *what)
{
  const char *text = NULL, *word;
  struct msim_diag diag;

  if (msim__yaml_read_text(node, what, &text, &diag) != MSIM_OK) {
    pass_on(reader, &diag);
    return NULL;
  }
  word = msim__words_text(reader->scene->words, text);
  if (word == NULL)
    reader->err = MSIM_ERR_NOMEM;
  return word;
}

const char *msim__scene_word(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                             bool required)
{
  const struct msim__yaml_node *node = msim__scene_field(reader, map, key, MSIM__YAML_SCALAR, required);

  return node != NULL ? msim__scene_node_word(reader, node, key) : NULL;
}

int msim__scene_choice(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                       bool required, const char *const *names)
{
  const struct msim__yaml_node *node = msim__scene_field(reader, map, key, MSIM__YAML_SCALAR, required);
  struct msim_diag diag;
  size_t index;

  if (node == NULL)
    return -1;
  if (msim__yaml_read_word(node, key, names, count_names(names), &index, &diag) != MSIM_OK) {
    pass_on(reader, &diag);
    return -1;
  }
  return (int)index;
}

const char **msim__scene_words(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                               bool required, size_t *count)
{
  const struct msim__yaml_node *list = msim__scene_field(reader, map, key, MSIM__YAML_LIST, required);
  const struct msim__yaml_entry *entry;
  const char **words;

  *count = 0;
  if (list == NULL)
    return NULL;
  words = msim__scene_alloc(reader, list->count, sizeof *words);
  for (entry = msim__yaml_first(list); words != NULL && entry != NULL; entry = entry->next) {
    words[*count] = msim__scene_node_word(reader, entry->value, key);
    *count += words[*count] != NULL ? 1 : 0;
  }
  return words;
}

bool msim__scene_flag(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                      bool required)
{
  const struct msim__yaml_node *node = msim__scene_field(reader, map, key, MSIM__YAML_SCALAR, required);
  struct msim_diag diag;
  bool truth = false;

  if (node != NULL && msim__yaml_read_bool(node, key, &truth, &diag) != MSIM_OK)
    pass_on(reader, &diag);
  return truth;
}

const struct msim__actor_hosts *msim__scene_find_actor(const struct msim__scene *scene, const char *name)
{
  size_t i;

  for (i = 0; i < scene->actor_count; i++)
    if (scene->actors[i].name == name)
      return &scene->actors[i];
  return NULL;
}

const struct msim__actor_hosts *msim__scene_actor(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                                                  const char *key, bool required)
{
  const char *name = msim__scene_word(reader, map, key, required);
  const struct msim__actor_hosts *actor = name != NULL ? msim__scene_find_actor(reader->scene, name) : NULL;
  char word[MSIM__SHOWN_BYTES];

  if (name != NULL && actor == NULL)
    msim__scene_error(reader, msim__yaml_find(map, key), "%s: there is no actor \"%s\"", key,
                      msim__scene_shown(msim__yaml_find(map, key), word));
  return actor;
}

size_t msim__scene_connection(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                              bool required)
{
  const char *name = msim__scene_word(reader, map, key, required);
  char word[MSIM__SHOWN_BYTES];
  size_t i;

  if (name == NULL)
    return MSIM__ATOM_NONE;
  for (i = 0; i < reader->scene->conn_count; i++)
    if (reader->scene->conns[i].name == name)
      return i;
  msim__scene_error(reader, msim__yaml_find(map, key), "%s: there is no connection \"%s\"", key,
                    msim__scene_shown(msim__yaml_find(map, key), word));
  return MSIM__ATOM_NONE;
}

bool msim__scene_is_number(const struct msim__yaml_node *node)
{
  struct msim_slice text = msim__yaml_slice(node);
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (text.data[i] < '0' || text.data[i] > '9')
      return false;
  return node->plain && text.size_bytes > 0;
}

static size_t step_of_number(const struct msim__scene *scene, const uint8_t *digits, size_t count)
{
  unsigned number = 0;
  size_t i;

  if (count == 0 || count > 6)
    return MSIM__ATOM_NONE;
  for (i = 0; i < count; i++) {
    if (digits[i] < '0' || digits[i] > '9')
      return MSIM__ATOM_NONE;
    number = number * 10 + (unsigned)(digits[i] - '0');
  }
  for (i = 0; i < scene->step_count; i++)
    if (scene->steps[i].number == number)
      return i;
  return MSIM__ATOM_NONE;
}

size_t msim__scene_find_step(const struct msim__scene *scene, const struct msim__yaml_node *node)
{
  struct msim_slice text = msim__yaml_slice(node);

  return msim__scene_is_number(node) ? step_of_number(scene, text.data, text.size_bytes) : MSIM__ATOM_NONE;
}

/* An atom may name another one of its own step: that step is the last one and counts its atoms so far. */
size_t msim__scene_reference(struct msim__scene_reader *reader, const struct msim__yaml_node *node)
{
  const struct msim__scene *scene = reader->scene;
  struct msim_slice text = msim__yaml_slice(node);
  const uint8_t *dot = text.size_bytes > 0 ? memchr(text.data, '.', text.size_bytes) : NULL;
  char word[MSIM__SHOWN_BYTES];
  size_t step, i;

  step = dot != NULL ? step_of_number(scene, text.data, (size_t)(dot - text.data)) : MSIM__ATOM_NONE;
  if (step != MSIM__ATOM_NONE) {
    size_t rest = text.size_bytes - (size_t)(dot + 1 - text.data);

    for (i = 0; i < scene->steps[step].atom_count; i++) {
      size_t atom = scene->steps[step].first_atom + i;
      const char *id = scene->atoms[atom].p.id;

      if (id != NULL && strlen(id) == rest && memcmp(id, dot + 1, rest) == 0)
        return atom;
    }
  }
  msim__scene_error(reader, node, "\"%s\" names no earlier step or atom", msim__scene_shown(node, word));
  return MSIM__ATOM_NONE;
}

void msim__scene_moment(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                        bool with_start, struct msim__moment *out)
{
  const struct msim__yaml_node *node = msim__scene_field(reader, map, key, MSIM__YAML_SCALAR, false);

  out->kind = MSIM__MOMENT_NONE;
  if (node == NULL)
    return;
  out->text = msim__scene_node_word(reader, node, key);
  if (with_start && msim__yaml_is_text(node, "start")) {
    out->kind = MSIM__MOMENT_START;
    return;
  }
  out->index = msim__scene_find_step(reader->scene, node);
  out->kind = MSIM__MOMENT_STEP;
  if (out->index != MSIM__ATOM_NONE)
    return;
  out->kind = MSIM__MOMENT_ATOM;
  out->index = msim__scene_reference(reader, node);
}
