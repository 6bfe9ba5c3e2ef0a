/* yaml_tree.h: a YAML text as a tree that knows where everything stood.
 *
 * YAML 1.1 as libyaml reads it, made strict: one document, no duplicate keys, no tags beyond the standard ones, keys
 * are scalars. Aliases are resolved by sharing nodes, `<<` is merged. Does not open files, does not know what keys
 * mean, does not decide what type a scalar has: see yaml_read.h. */
#ifndef MSIM_TEXT_YAML_TREE_H
#define MSIM_TEXT_YAML_TREE_H

#include "core/arena.h"
#include "text/yaml_node.h"

#define MSIM__YAML_FILE_BYTES_MAX ((size_t)16 << 20)
#define MSIM__YAML_DEPTH_MAX 64       /* lists and maps inside each other, aliases counted as if written out */
#define MSIM__YAML_NODES_MAX 4000000u /* keys and values, aliases counted as if written out */
#define MSIM__YAML_ANCHORS_MAX 10000u
#define MSIM__YAML_FINDINGS_MAX 100u /* reported of one text; the others are left out */

struct msim__yaml {
  struct msim__arena arena;
  const struct msim__yaml_node *root;
};

/* Reads text. Findings go to fn (may be NULL) in the order in which they are found.
 * 0: tree->root is set (a plain empty scalar when there is nothing in the text).
 * MSIM_ERR_SYNTAX: something is wrong. tree->root is NULL, or, when only keys stood twice, what is there with the first
 * of them, so that the caller can look for more.
 * MSIM_ERR_LIMIT: one of the limits above, reported too. MSIM_ERR_NOMEM: not reported.
 * The caller calls msim__yaml_release in every case. file may be NULL; it is copied. */
int msim__yaml_parse(struct msim__yaml *tree, struct msim__mem *mem, const char *file, struct msim_slice text,
                     msim_diag_fn *fn, void *user);

/* All nodes and their texts are gone afterwards. */
void msim__yaml_release(struct msim__yaml *tree);

#endif
