/* yaml_node.h: what a YAML tree is made of, and looking things up in it.
 *
 * Nodes are made by yaml_tree.c only and do not change afterwards. Does not read text, does not decide what type a
 * scalar has: see yaml_tree.h and yaml_read.h. */
#ifndef MSIM_TEXT_YAML_NODE_H
#define MSIM_TEXT_YAML_NODE_H

#include <mailsim/base.h>

enum msim__yaml_kind { MSIM__YAML_SCALAR, MSIM__YAML_LIST, MSIM__YAML_MAP };

struct msim__yaml_node;

/* One item of a list or one pair of a map. */
struct msim__yaml_entry {
  const struct msim__yaml_node *key; /* a scalar; NULL in lists */
  const struct msim__yaml_node *value;
  struct msim__yaml_entry *next;
  unsigned line, column; /* where the value stands here: of `*x`, while value->line is where &x was set */
  bool merged;           /* came in through << */
  bool repeated;         /* never set in what callers see */
};

/* Belongs to the tree. Shared between parents when aliases are used, so it has no parent and no next. */
struct msim__yaml_node {
  const char *file;      /* as given to msim__yaml_parse, kept by the tree */
  unsigned line, column; /* of the first character, from 1; columns count characters */
  union {
    struct {
      const char *text; /* terminated; may hold zero bytes inside (written "\0") */
      size_t size_bytes;
    } scalar;
    struct {
      const struct msim__yaml_entry *first;         /* in file order, merged ones last; NULL when empty */
      const struct msim__yaml_entry *const *sorted; /* by key, for large maps; else NULL */
    } items;
  } u;
  uint32_t count;      /* entries of a list or map */
  uint32_t node_count; /* this node and all below, aliases written out; at most MSIM__YAML_NODES_MAX */
  uint8_t kind;        /* enum msim__yaml_kind */
  uint8_t depth;       /* 0 for scalars, else 1 + the deepest child's; at most MSIM__YAML_DEPTH_MAX */
  bool plain;          /* scalar without quotes, no block scalar, not tagged !!str */
  bool open;           /* never set in what callers see */
};

/* The entry or value of a key; NULL when map is NULL, is no map, or has no such key. */
const struct msim__yaml_entry *msim__yaml_find_entry(const struct msim__yaml_node *map, const char *key);
const struct msim__yaml_node *msim__yaml_find(const struct msim__yaml_node *map, const char *key);

/* The first entry of a list or map, to be followed by ->next; NULL for scalars and NULL. */
const struct msim__yaml_entry *msim__yaml_first(const struct msim__yaml_node *node);

/* Whether a scalar holds exactly this text. */
bool msim__yaml_is_text(const struct msim__yaml_node *node, const char *text);

/* Nothing, ~ or null, plain. */
bool msim__yaml_is_null(const struct msim__yaml_node *node);

/* The bytes of a scalar; empty for others. */
struct msim_slice msim__yaml_slice(const struct msim__yaml_node *node);

/* Order of two keys by their bytes: negative, 0, positive. */
int msim__yaml_compare_keys(const struct msim__yaml_node *a, const struct msim__yaml_node *b);

/* Takes count entries into order by their keys; equal ones keep their order. n log n steps also for hostile keys.
 * spare has room for count pointers. */
void msim__yaml_sort(struct msim__yaml_entry **items, struct msim__yaml_entry **spare, size_t count);

#endif
