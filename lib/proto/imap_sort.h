/* imap_sort.h: by what SORT puts messages into order (RFC 5256 5, RFC 5957): "(REVERSE DATE SUBJECT)".
 *
 * Knows no messages: see lib/mail/imap_order.h. */
#ifndef MSIM_PROTO_IMAP_SORT_H
#define MSIM_PROTO_IMAP_SORT_H

#include "proto/imap_lex.h"

#define MSIM__IMAP_SORT_KEYS_MAX 20u

enum msim__imap_sort_key {
  MSIM__IMAP_SORT_ARRIVAL,
  MSIM__IMAP_SORT_CC,
  MSIM__IMAP_SORT_DATE,
  MSIM__IMAP_SORT_FROM,
  MSIM__IMAP_SORT_SIZE,
  MSIM__IMAP_SORT_SUBJECT,
  MSIM__IMAP_SORT_TO,
  MSIM__IMAP_SORT_DISPLAYFROM,
  MSIM__IMAP_SORT_DISPLAYTO
};

struct msim__imap_sort {
  unsigned count;
  unsigned kinds; /* bits 1 << key of those that stand there */
  struct {
    enum msim__imap_sort_key key;
    bool reverse;
  } keys[MSIM__IMAP_SORT_KEYS_MAX];
};

/* With its parentheses. 0, MSIM_ERR_SYNTAX, MSIM_ERR_LIMIT. */
int msim__imap_take_sort(struct msim__imap_cursor *c, struct msim__imap_sort *out);

#endif
