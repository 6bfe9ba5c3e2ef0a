/* strings.h: the captions of a scene in another language. */
#ifndef MSIM_CHECK_STRINGS_H
#define MSIM_CHECK_STRINGS_H

#include "check/scene.h"

/* Puts the sentences of a file of strings over title and says of the scene: all of them, or none when something is
 * wrong. Steps that the file does not tell keep theirs. What stood there stays valid. 0, MSIM_ERR_SYNTAX (reported),
 * MSIM_ERR_NOT_FOUND (nothing about this scene), MSIM_ERR_NOMEM. */
int msim__strings_read(struct msim__scene *scene, const struct msim__yaml_node *root, msim_diag_fn *fn, void *user);

#endif
