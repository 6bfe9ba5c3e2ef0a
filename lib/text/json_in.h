/* json_in.h: reads one JSON text (RFC 8259) into a tree.
 *
 * Strict: no duplicate keys, nothing behind the value, valid UTF-8. Whole numbers of 64 bits are kept, of other
 * numbers what was written. Bounded in depth and size. Does not write JSON: json_out.h. */
#ifndef MSIM_TEXT_JSON_IN_H
#define MSIM_TEXT_JSON_IN_H

#include "core/arena.h"

#define MSIM__JSON_IN_DEPTH_MAX 64u
#define MSIM__JSON_IN_MEMBERS_MAX 1024u /* of one object */

/* NUMBER: a fraction, or a whole number that does not fit; u.text is what was written, in the text that was read. */
enum msim__json_kind {
  MSIM__JSON_NULL,
  MSIM__JSON_BOOL,
  MSIM__JSON_INT,
  MSIM__JSON_NUMBER,
  MSIM__JSON_TEXT,
  MSIM__JSON_LIST,
  MSIM__JSON_OBJECT
};

struct msim__json_node {
  enum msim__json_kind kind;
  const char *key; /* member of an object: terminated, key_bytes long; may hold zero bytes inside */
  size_t key_bytes;
  struct msim__json_node *next; /* in the same list or object */
  union {
    bool truth;
    int64_t integer;
    struct {
      const char *data; /* terminated; a lone surrogate stands as three bytes that are no UTF-8 */
      size_t size_bytes;
    } text;
    struct {
      struct msim__json_node *first;
      size_t count;
    } items;
  } u;
};

/* The tree lives in arena. MSIM_ERR_SYNTAX or MSIM_ERR_LIMIT: *why is a static clause ("a bracket is missing").
 * MSIM_ERR_NOMEM. */
int msim__json_parse(struct msim__arena *arena, struct msim_slice text, const struct msim__json_node **out,
                     const char **why);

/* A whole number from 0 to UINT64_MAX; false: it is something else. The text that was read must still be there. */
bool msim__json_uint_of(const struct msim__json_node *node, uint64_t *out);

/* The member of that name; NULL: none, or no object. */
const struct msim__json_node *msim__json_find(const struct msim__json_node *object, const char *key);

#endif
