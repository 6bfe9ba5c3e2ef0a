/* shrink.h: making a document smaller: what the steps share. A step hides nodes and exchanges texts, then asks whether
 * the document still holds; if not, everything is as before.
 *
 * shrink.c keeps the books; shrink_items.c leaves out entries of any kind, shrink_hosts.c hosts, shrink_values.c makes
 * what is left small. */
#ifndef MSIM_EXPLORE_SHRINK_H
#define MSIM_EXPLORE_SHRINK_H

#include "explore/document.h"

struct msim__shrink_change {
  struct msim__doc_node *node;
  struct msim__doc_text key, text; /* as they were */
  bool gone;
};

struct msim__shrink {
  struct msim_document *document;
  msim_document_holds_fn *holds;
  void *user;
  uint64_t runs_max, run_count;
  msim_ns at_ns; /* when it was seen in the last one that held */
  struct msim__buf text;
  struct msim__shrink_change *changes; /* of the step that is being tried */
  size_t change_count, change_capacity;
  uint64_t *refused; /* hashes of texts that do not hold: a table of 2^n places, 0 free */
  size_t refused_capacity;
  struct msim__doc_node *end; /* `until` when it was set here: it stays */
  bool ended;                 /* no more calls: runs_max, or err */
  int err;
};

/* Changes, undone unless msim__shrink_try says true. Nothing after an error. */
void msim__shrink_hide(struct msim__shrink *shrink, struct msim__doc_node *node);
void msim__shrink_set_text(struct msim__shrink *shrink, struct msim__doc_node *node, const char *bytes,
                           size_t size_bytes);
void msim__shrink_set_key(struct msim__shrink *shrink, struct msim__doc_node *node, const char *bytes,
                          size_t size_bytes);
/* Whether the document holds with the changes since the last call: they stay then. Not asked twice about one text. */
bool msim__shrink_try(struct msim__shrink *shrink);
/* Each place in a text where one is a word of its own says other. */
void msim__shrink_rename(struct msim__shrink *shrink, struct msim__doc_node *node, const struct msim__doc_text *one,
                         const struct msim__doc_text *other);
/* What may stand inside the name of a host. */
bool msim__shrink_in_name(char c);
/* Takes the changes back without asking. */
void msim__shrink_undo(struct msim__shrink *shrink);

/* Leaves out as many of the nodes as it can, by halves; leave_out hides what goes with one. Whether some went. */
typedef void msim__leave_out_fn(struct msim__shrink *shrink, struct msim__doc_node *node);
bool msim__shrink_list(struct msim__shrink *shrink, struct msim__doc_node *parent, msim__leave_out_fn *leave_out);

/* The steps; each says whether something became smaller. */
bool msim__shrink_faults(struct msim__shrink *shrink);
bool msim__shrink_named_lists(struct msim__shrink *shrink); /* scripts, agents */
bool msim__shrink_hosts(struct msim__shrink *shrink);
bool msim__shrink_entries(struct msim__shrink *shrink); /* whatever is left, from the top */
bool msim__shrink_values(struct msim__shrink *shrink);

#endif
