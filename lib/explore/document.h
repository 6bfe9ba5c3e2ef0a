/* document.h: what a document is made of, inside the library.
 *
 * A tree of its own, copied from what was read: nodes are hidden and their texts exchanged, never freed before the
 * document. Does not know what keys mean, but for the few of the first level that its functions name. */
#ifndef MSIM_EXPLORE_DOCUMENT_H
#define MSIM_EXPLORE_DOCUMENT_H

#include <mailsim/explore.h>

#include "core/arena.h"
#include "text/buf.h"
#include "text/yaml_node.h"

struct msim__doc_text {
  const char *bytes; /* terminated */
  size_t size_bytes;
  bool plain; /* without quotes: may stand for a number and the like */
};

struct msim__doc_node {
  struct msim__doc_node *parent, *first, *last, *next;
  struct msim__doc_text key;  /* in maps */
  struct msim__doc_text text; /* of scalars */
  uint8_t kind;               /* enum msim__yaml_kind */
  bool gone;                  /* with all below it: as if it were not there */
};

struct msim_document {
  struct msim_sim *sim; /* empty: its memory, and that of the loader */
  struct msim__arena arena;
  struct msim__doc_node *root; /* a map */
  uint64_t node_count;         /* made so far */
};

/* A node that is the last one below parent; key in maps. NULL: out of memory, or too many (*err tells). */
struct msim__doc_node *msim__doc_add(struct msim_document *document, struct msim__doc_node *parent,
                                     enum msim__yaml_kind kind, const struct msim__doc_text *key, int *err);
/* A copy of bytes as a text; bytes NULL in it: out of memory. */
struct msim__doc_text msim__doc_text(struct msim_document *document, const char *bytes, size_t size_bytes, bool plain);

/* The first child that is there, and the next sibling that is there; NULL: none. node may be NULL. */
struct msim__doc_node *msim__doc_first(const struct msim__doc_node *node);
struct msim__doc_node *msim__doc_next(const struct msim__doc_node *node);
/* The value of a key; NULL: map is NULL or no map, or there is none. */
struct msim__doc_node *msim__doc_find(const struct msim__doc_node *map, const char *key);
bool msim__doc_is(const struct msim__doc_text *text, const char *word);
/* The next node that is there below top in the order of the text, node itself first; NULL: none. */
struct msim__doc_node *msim__doc_walk(const struct msim__doc_node *top, struct msim__doc_node *node);
uint64_t msim__doc_nodes(const struct msim__doc_node *node); /* that are there, itself too */

/* Appends the document as YAML to buf; look at its err. */
void msim__doc_write(const struct msim_document *document, struct msim__buf *buf);

#endif
