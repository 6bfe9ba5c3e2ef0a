/* imap_set.h: sets of message numbers and UIDs (RFC 3501 9 sequence-set): "1:3,7,9:*".
 *
 * Kept as ranges; once "*" is known they are in order and apart. Does not know whether numbers exist. */
#ifndef MSIM_PROTO_IMAP_SET_H
#define MSIM_PROTO_IMAP_SET_H

#include "core/mem.h"
#include "proto/imap_lex.h"

#define MSIM__IMAP_SET_RANGES_MAX 65536u

struct msim__imap_range {
  uint32_t first, last; /* before msim__imap_set_resolve 0 is "*", and they may stand the wrong way round */
};

/* All zero is empty. */
struct msim__imap_set {
  struct msim__imap_range *ranges;
  size_t count, capacity;
  bool is_saved; /* it was "$": the result of the latest SEARCH (RFC 5182), which is the caller's */
};

void msim__imap_set_release(struct msim__imap_set *set, struct msim__mem *mem);

/* 0, MSIM_ERR_SYNTAX (the cursor stays), MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. The set is empty before. */
int msim__imap_take_set(struct msim__imap_cursor *c, struct msim__imap_set *set, struct msim__mem *mem);

/* largest: what "*" stands for; 0: there is nothing, and "*" is then in no range. */
void msim__imap_set_resolve(struct msim__imap_set *set, uint32_t largest);

/* Of a resolved set. */
bool msim__imap_set_has(const struct msim__imap_set *set, uint32_t number);

/* A range; the set is to be resolved then. 0, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__imap_set_add(struct msim__imap_set *set, struct msim__mem *mem, uint32_t first, uint32_t last);

/* Appends a number that is larger than all in it. 0, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM. */
int msim__imap_set_append(struct msim__imap_set *set, struct msim__mem *mem, uint32_t number);

#endif
