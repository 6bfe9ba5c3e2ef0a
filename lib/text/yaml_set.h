/* yaml_set.h: putting another value at a place of a YAML tree.
 *
 * What the place lies in is copied, so that other places which share it by an alias stay as they are. Does not read the
 * value: see yaml_tree.h. */
#ifndef MSIM_TEXT_YAML_SET_H
#define MSIM_TEXT_YAML_SET_H

#include "text/yaml_tree.h"

#define MSIM__YAML_PATH_DEPTH_MAX 32u

/* path: keys joined by dots, `links.uplink.delay`; of a list a place from 0, or the `name` or `id` of an item; one that
 * holds dots stands in quotes. The last of them may be new, also behind the last item of a list; what it lies in
 * has to be there, and be a map, a list, or nothing. value lives as long as the tree; the place of what is made is the value's.
 * MSIM_ERR_NOT_FOUND, MSIM_ERR_SYNTAX (of the path), MSIM_ERR_LIMIT: *diag has a sentence, no file and no place.
 * MSIM_ERR_NOMEM. The tree is as it was then. */
int msim__yaml_set(struct msim__yaml *tree, struct msim__mem *mem, const char *path,
                   const struct msim__yaml_node *value, struct msim_diag *diag);

#endif
