/* scene_steps.c: reads the steps of a scene and what may never happen. Does not read single predicates:
 * scene_predicate.c. */
#include "check/scene_reader.h"

#include <string.h>

#include "text/yaml_read.h"

static void read_atoms(struct msim__scene_reader *reader, const struct msim__yaml_node *list, struct msim__step *step)
{
  struct msim__scene *scene = reader->scene;
  const struct msim__yaml_entry *entry;

  for (entry = msim__yaml_first(list); entry != NULL; entry = entry->next) {
    struct msim__atom *atom = &scene->atoms[scene->atom_count];
    size_t i;

    if (entry->value->kind != MSIM__YAML_MAP) {
      msim__scene_error(reader, entry->value, "an atom must be a map");
      continue;
    }
    if (scene->atom_count >= MSIM__SCENE_ITEMS_MAX) {
      msim__scene_error(reader, entry->value, "more than %u atoms", MSIM__SCENE_ITEMS_MAX);
      return;
    }
    msim__scene_predicate(reader, entry->value, false, &atom->p);
    for (i = 0; i < step->atom_count; i++)
      if (atom->p.id != NULL && scene->atoms[step->first_atom + i].p.id == atom->p.id)
        msim__scene_error(reader, entry->value, "id %s twice in one step", atom->p.id);
    msim__scene_moment(reader, entry->value, "after", true, &atom->after);
    if (atom->after.kind == MSIM__MOMENT_STEP && &scene->steps[atom->after.index] == step)
      msim__scene_error(reader, entry->value, "an atom cannot wait for its own step");
    scene->atom_count++;
    step->atom_count++;
  }
}

static void read_observe(struct msim__scene_reader *reader, const struct msim__yaml_node *map, struct msim__step *step)
{
  const struct msim__yaml_node *observe = msim__scene_field(reader, map, "observe", MSIM__YAML_MAP, true);
  const struct msim__yaml_entry *entry = msim__yaml_first(observe);
  const char *anchor;
  size_t i;

  if (observe == NULL)
    return;
  step->is_sequence = entry != NULL && msim__yaml_is_text(entry->key, "seq");
  if (observe->count != 1 || (!step->is_sequence && !msim__yaml_is_text(entry->key, "all"))) {
    msim__scene_error(reader, observe, "observe must have one key, \"all\" or \"seq\"");
    return;
  }
  if (entry->value->kind != MSIM__YAML_LIST) {
    msim__scene_error(reader, entry->value, "a list of atoms is expected here");
    return;
  }
  read_atoms(reader, entry->value, step);
  anchor = msim__scene_word(reader, map, "anchor", true);
  for (i = 0; anchor != NULL && i < step->atom_count; i++)
    if (reader->scene->atoms[step->first_atom + i].p.id == anchor)
      step->anchor = step->first_atom + i;
  if (anchor != NULL && step->anchor == MSIM__ATOM_NONE)
    msim__scene_error(reader, msim__yaml_find(map, "anchor"), "the anchor %s is no atom of this step", anchor);
}

static size_t read_cause(struct msim__scene_reader *reader, const struct msim__yaml_node *node,
                         const struct msim__step *step)
{
  size_t found = msim__scene_find_step(reader->scene, node);
  char word[MSIM__SHOWN_BYTES];

  if (found != MSIM__ATOM_NONE && &reader->scene->steps[found] != step)
    return found;
  msim__scene_error(reader, node, "step %s does not come before step %u", msim__scene_shown(node, word), step->number);
  return MSIM__ATOM_NONE;
}

static void read_after(struct msim__scene_reader *reader, const struct msim__yaml_node *map, struct msim__step *step)
{
  const struct msim__yaml_node *after = msim__scene_field(reader, map, "after", MSIM__YAML_MAP, true), *narrated;
  const struct msim__yaml_node *causal =
      after != NULL ? msim__scene_field(reader, after, "causal", MSIM__YAML_LIST, true) : NULL;
  const struct msim__yaml_entry *entry;

  if (causal != NULL)
    step->causal = msim__scene_alloc(reader, causal->count, sizeof *step->causal);
  for (entry = msim__yaml_first(causal); step->causal != NULL && entry != NULL; entry = entry->next) {
    size_t cause = read_cause(reader, entry->value, step);

    if (cause != MSIM__ATOM_NONE)
      step->causal[step->causal_count++] = cause;
  }
  narrated = msim__yaml_find(after, "narrated");
  if (narrated != NULL && !msim__yaml_is_null(narrated))
    step->narrated = read_cause(reader, narrated, step);
}

/* absorbs is for display only, but a reference into nowhere is still worth a word. */
static void check_absorbs(struct msim__scene_reader *reader, const struct msim__yaml_node *map)
{
  static const char *const fields[] = {"conn", "after_step", NULL};
  const struct msim__yaml_node *absorbs = msim__scene_field(reader, map, "absorbs", MSIM__YAML_MAP, false), *step;

  if (absorbs == NULL)
    return;
  msim__scene_known(reader, absorbs, "absorbs", fields);
  (void)msim__scene_connection(reader, absorbs, "conn", true);
  step = msim__yaml_find(absorbs, "after_step");
  if (step != NULL && !msim__yaml_is_null(step) && msim__scene_find_step(reader->scene, step) == MSIM__ATOM_NONE)
    msim__scene_error(reader, step, "after_step names no earlier step");
}

static void read_step(struct msim__scene_reader *reader, const struct msim__yaml_node *map)
{
  static const char *const fields[] = {"number", "actor", "says",    "kind", "named_flags", "observe",
                                       "anchor", "after", "absorbs", "note", NULL};
  static const char *const kinds[] = {"action", "segment", "datagram", "arp", "condensed", NULL};
  struct msim__scene *scene = reader->scene;
  struct msim__step *step = &scene->steps[scene->step_count];
  const struct msim__yaml_node *number = msim__scene_field(reader, map, "number", MSIM__YAML_SCALAR, true);
  uint64_t value = 0;
  struct msim_diag diag;
  int kind;

  msim__scene_known(reader, map, "a step", fields);
  step->first_atom = scene->atom_count;
  step->anchor = step->narrated = MSIM__ATOM_NONE;
  if (number != NULL && msim__yaml_read_uint(number, "number", 0, MSIM__SCENE_NUMBER_MAX, &value, &diag) != MSIM_OK)
    msim__scene_error(reader, number, "%s", diag.text);
  else if (number != NULL && scene->step_count > 0 && value <= step[-1].number)
    msim__scene_error(reader, number, "the numbers of steps must increase");
  step->number = (unsigned)value;
  scene->step_count++; /* from here on atoms may name atoms before them in this step */
  step->actor = msim__scene_actor(reader, map, "actor", true);
  step->says = msim__scene_word(reader, map, "says", false);
  kind = msim__scene_choice(reader, map, "kind", true, kinds);
  step->kind = kind >= 0 ? kinds[kind] : "";
  read_observe(reader, map, step);
  read_after(reader, map, step);
  check_absorbs(reader, map);
}

/* Room for every atom of the list, so that pointers to them hold. */
static size_t count_atoms(const struct msim__yaml_node *list)
{
  const struct msim__yaml_entry *entry;
  size_t count = 0;

  for (entry = msim__yaml_first(list); entry != NULL; entry = entry->next) {
    const struct msim__yaml_entry *mode = msim__yaml_first(msim__yaml_find(entry->value, "observe"));

    if (mode != NULL && mode->value->kind == MSIM__YAML_LIST)
      count += mode->value->count;
  }
  return count < MSIM__SCENE_ITEMS_MAX ? count : MSIM__SCENE_ITEMS_MAX;
}

void msim__scene_steps(struct msim__scene_reader *reader, const struct msim__yaml_node *list)
{
  struct msim__scene *scene = reader->scene;
  const struct msim__yaml_entry *entry;

  if (list->kind != MSIM__YAML_LIST || list->count == 0 || list->count > MSIM__SCENE_ITEMS_MAX) {
    msim__scene_error(reader, list, "steps must be a list of 1 to %u steps", MSIM__SCENE_ITEMS_MAX);
    return;
  }
  scene->steps = msim__scene_alloc(reader, list->count, sizeof *scene->steps);
  scene->atoms = msim__scene_alloc(reader, count_atoms(list) + 1, sizeof *scene->atoms);
  if (scene->steps == NULL || scene->atoms == NULL)
    return;
  for (entry = msim__yaml_first(list); entry != NULL; entry = entry->next) {
    if (entry->value->kind == MSIM__YAML_MAP)
      read_step(reader, entry->value);
    else
      msim__scene_error(reader, entry->value, "a step must be a map");
  }
}

void msim__scene_never(struct msim__scene_reader *reader, const struct msim__yaml_node *list)
{
  struct msim__scene *scene = reader->scene;
  const struct msim__yaml_entry *entry;
  size_t i;

  if (list->kind != MSIM__YAML_LIST || list->count > MSIM__SCENE_ITEMS_MAX) {
    msim__scene_error(reader, list, "never must be a list of at most %u predicates", MSIM__SCENE_ITEMS_MAX);
    return;
  }
  scene->nevers = msim__scene_alloc(reader, list->count, sizeof *scene->nevers);
  for (entry = msim__yaml_first(list); scene->nevers != NULL && entry != NULL; entry = entry->next) {
    struct msim__never *never = &scene->nevers[scene->never_count];

    if (entry->value->kind != MSIM__YAML_MAP) {
      msim__scene_error(reader, entry->value, "a never predicate must be a map");
      continue;
    }
    msim__scene_predicate(reader, entry->value, true, &never->p);
    for (i = 0; i < scene->never_count; i++)
      if (never->p.id != NULL && scene->nevers[i].p.id == never->p.id)
        msim__scene_error(reader, entry->value, "id %s twice", never->p.id);
    never->why = msim__scene_word(reader, entry->value, "why", false);
    msim__scene_moment(reader, entry->value, "before", false, &never->before);
    msim__scene_moment(reader, entry->value, "after", false, &never->after);
    scene->never_count++;
  }
}
