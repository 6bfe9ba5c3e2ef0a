/* scene_reader.h: what the files that read scenes share: findings, fields, words.
 *
 * Every function reports what it does not like and goes on; reader->err tells whether something was wrong.
 * For scene*.c only. */
#ifndef MSIM_CHECK_SCENE_READER_H
#define MSIM_CHECK_SCENE_READER_H

#include "check/scene.h"

struct msim__scene_reader {
  struct msim__scene *scene;
  const struct msim__yaml_node *root, *chosen; /* chosen: the case, or NULL */
  msim_diag_fn *fn;
  void *user;
  unsigned finding_count;
  int err;
};

void msim__scene_error(struct msim__scene_reader *reader, const struct msim__yaml_node *node, const char *format, ...)
    MSIM_PRINTF(3, 4);
void msim__scene_warning(struct msim__scene_reader *reader, const struct msim__yaml_node *node, const char *format, ...)
    MSIM_PRINTF(3, 4);
/* Escaped words of the file for a sentence; out has room for MSIM__SHOWN_BYTES. */
#define MSIM__SHOWN_BYTES 64
const char *msim__scene_shown(const struct msim__yaml_node *node, char *out);

/* Zeroed, lives with the words; NULL when out of memory (then err is set). */
void *msim__scene_alloc(struct msim__scene_reader *reader, size_t count, size_t size_bytes);

/* Warns of the fields of a map that are not among the names (NULL-terminated). */
void msim__scene_known(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *what,
                       const char *const *names);

/* The value of a key when it is there and of the kind; NULL otherwise, reported when it is required or of another kind.
 */
const struct msim__yaml_node *msim__scene_field(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                                                const char *key, enum msim__yaml_kind kind, bool required);
/* A scalar as a word; NULL likewise. */
const char *msim__scene_word(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                             bool required);
const char *msim__scene_node_word(struct msim__scene_reader *reader, const struct msim__yaml_node *node,
                                  const char *what);
/* Index of a word among the names, or -1 (reported when the key is there or required). */
int msim__scene_choice(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                       bool required, const char *const *names);
/* A list of texts as words. */
const char **msim__scene_words(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                               bool required, size_t *count);
bool msim__scene_flag(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                      bool required);

const struct msim__actor_hosts *msim__scene_find_actor(const struct msim__scene *scene, const char *name);
/* The actor that a key names; NULL likewise. */
const struct msim__actor_hosts *msim__scene_actor(struct msim__scene_reader *reader, const struct msim__yaml_node *map,
                                                  const char *key, bool required);
/* Index of the connection that a key names, or MSIM__ATOM_NONE. */
size_t msim__scene_connection(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                              bool required);

/* Plain decimal digits. */
bool msim__scene_is_number(const struct msim__yaml_node *node);
/* Index of the step of that number among those read so far, or MSIM__ATOM_NONE. */
size_t msim__scene_find_step(const struct msim__scene *scene, const struct msim__yaml_node *node);
/* The atom that "STEP.ATOM" names among those read so far, or MSIM__ATOM_NONE (reported). */
size_t msim__scene_reference(struct msim__scene_reader *reader, const struct msim__yaml_node *node);
/* A step number or a reference; with_start: also the word start. NONE when the key is absent. */
void msim__scene_moment(struct msim__scene_reader *reader, const struct msim__yaml_node *map, const char *key,
                        bool with_start, struct msim__moment *out);

/* scene_predicate.c: for_never also knows the fields before, after and why as fields of a predicate. */
void msim__scene_predicate(struct msim__scene_reader *reader, const struct msim__yaml_node *map, bool for_never,
                           struct msim__predicate *out);

/* scene_steps.c, scene_ends.c: the sections of a file; each is called once, in this order. */
void msim__scene_steps(struct msim__scene_reader *reader, const struct msim__yaml_node *list);
void msim__scene_never(struct msim__scene_reader *reader, const struct msim__yaml_node *list);
void msim__scene_omitted(struct msim__scene_reader *reader, const struct msim__yaml_node *list);
void msim__scene_finally(struct msim__scene_reader *reader, const struct msim__yaml_node *list);
/* outer: of the file, inner: of the case; either may be NULL. */
void msim__scene_requires(struct msim__scene_reader *reader, const struct msim__yaml_node *outer,
                          const struct msim__yaml_node *inner);

#endif
