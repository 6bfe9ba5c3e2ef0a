/* imap_resync.h: what a client tells of its copy when it selects a mailbox (RFC 7162 3.2.5): "QRESYNC (67890007
 * 90060115194045000 1:29997 (5000,7500 15000,22500))".
 *
 * Knows no mailbox. */
#ifndef MSIM_PROTO_IMAP_RESYNC_H
#define MSIM_PROTO_IMAP_RESYNC_H

#include "proto/imap_set.h"

/* All zero is empty. */
struct msim__imap_resync {
  uint32_t uid_validity;
  uint64_t modseq;
  bool has_known;
  struct msim__imap_set known;         /* UIDs; resolved */
  struct msim__imap_set numbers, uids; /* the nth of one stands at the nth of the other; ascending */
};

void msim__imap_resync_release(struct msim__imap_resync *resync, struct msim__mem *mem);

/* Behind "QRESYNC ", with its parentheses. 0, MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT, MSIM_ERR_NOMEM; to be released in any
 * case. */
int msim__imap_take_resync(struct msim__imap_cursor *c, struct msim__imap_resync *resync, struct msim__mem *mem);

/* Walks over both sets together. Start with zeros. 1: the next pair. 0: the end. */
struct msim__imap_pairs {
  size_t number_range, uid_range;
  uint32_t number_at, uid_at; /* in those */
};
int msim__imap_pairs_next(const struct msim__imap_resync *resync, struct msim__imap_pairs *pairs, uint32_t *number,
                          uint32_t *uid);

#endif
