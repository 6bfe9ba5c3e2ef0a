/* fields.h: fills a struct from a YAML map as a table of struct msim_field says.
 *
 * One set of checks and sentences for agents of the library, agents from outside, and the sections of a topology. Does
 * not open files and does not know what the keys are for. */
#ifndef MSIM_AGENTS_FIELDS_H
#define MSIM_AGENTS_FIELDS_H

#include <mailsim/agent.h>

#include "core/arena.h"
#include "text/yaml_node.h"

#define MSIM__FIELDS_DEPTH_MAX 64             /* structs and lists inside each other, fallbacks included */
#define MSIM__FIELDS_COUNT_MAX_DEFAULT 65536u /* of a LIST or MAP that gives no bound */
#define MSIM__FIELDS_OTHER_MAX 64             /* keys in other_keys that can be suggested */

/* Whether a HOST field may hold text: 0, or negative with the end of a sentence in why that follows the quoted text. */
typedef int msim__host_check_fn(void *ctx, const char *text, char *why, size_t why_bytes);

/* How to fill. Zero it, then set arena; the rest may stay empty. */
struct msim__fill {
  struct msim__arena *arena; /* texts, lists and structs that the config points to; must live as long as the config */
  msim_diag_fn *fn;          /* gets every finding; may be NULL */
  void *user;
  msim__host_check_fn *check_host; /* NULL: every non-empty text may name a host */
  void *host_ctx;
  const uint32_t *number; /* replaces `{n}` in every scalar and in the keys of MAPs; NULL: nothing is replaced */
  bool ignore_unknown;    /* keys outside the outermost table are somebody else's */
  uint64_t finding_count; /* of all calls with this struct */
  unsigned depth;         /* private */
};

/* Fills config, which the caller has zeroed, from node: a map, or any scalar for "no keys given" (findings then stand
 * at its place). fields may be NULL: no keys. other_keys (NULL-terminated, may be NULL) are keys that the caller reads
 * for itself. keep_absent: keys that are not there leave their member of config as it is, required ones too.
 *
 * LIST items: item[0] at its offset in each item of item_bytes; MAP items: `const char *key` first. An item of kind
 * STRUCT is a pointer, as everywhere. min and max also bound DURATION_NS, SIZE_BYTES, RATE_BPS and PPM, in their own
 * units, where they are not 0; max 0 means none.
 *
 * 0; MSIM_ERR_SYNTAX: something was reported, config is half filled; MSIM_ERR_NOMEM; MSIM_ERR_INVALID: the table itself
 * is wrong (a fallback that cannot be read), reported too. */
int msim__fields_fill(struct msim__fill *fill, const struct msim_field *fields, const struct msim__yaml_node *node,
                      const char *const *other_keys, bool keep_absent, void *config);

/* Reports a finding about a node through fill and counts it. Returns MSIM_ERR_SYNTAX. */
int msim__fill_report(struct msim__fill *fill, const struct msim__yaml_node *node, const char *format, ...)
    MSIM_PRINTF(3, 4);

/* Reports keys of map that are neither in fields nor in other_keys; either may be NULL. 0 or MSIM_ERR_SYNTAX. */
int msim__fields_check_keys(struct msim__fill *fill, const struct msim_field *fields, const struct msim__yaml_node *map,
                            const char *const *other_keys);

/* A copy of a scalar with `{n}` replaced as fill says (plain then, so that numbers can be read from it), in *out; its
 * text lives in the arena when something was replaced. Other nodes are copied as they are. 0 or MSIM_ERR_NOMEM. */
int msim__fill_numbered(struct msim__fill *fill, const struct msim__yaml_node *node, struct msim__yaml_node *out);

/* Whether `{n}` stands in any scalar or key of node. */
bool msim__yaml_has_number(const struct msim__yaml_node *node);

/* Begins an unknown-word sentence's tail: ` (did you mean "x"?)`, or "" when near is NULL. Returns out. */
const char *msim__did_you_mean(char *out, size_t out_bytes, const char *near);

#endif
