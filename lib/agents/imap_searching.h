/* imap_searching.h: what SEARCH, SORT and THREAD have in common (RFC 3501 6.4.4, 4731, 5182, 5256, 5267): what is to be
 * told, which messages are meant, and the response that is not a bare list.
 *
 * Does not know an order of messages. */
#ifndef MSIM_AGENTS_IMAP_SEARCHING_H
#define MSIM_AGENTS_IMAP_SEARCHING_H

#include "agents/imap_cmd.h"

enum {
  MSIM__IMAP_RETURN_MIN = 1,
  MSIM__IMAP_RETURN_MAX = 2,
  MSIM__IMAP_RETURN_ALL = 4,
  MSIM__IMAP_RETURN_COUNT = 8,
  MSIM__IMAP_RETURN_SAVE = 16
};

/* Start from zeros. */
struct msim__imap_searching {
  struct msim__imap_search keys;
  bool extended;   /* told by ESEARCH */
  unsigned wanted; /* bits of it */
  uint32_t *rows;  /* that were found, in the order of the mailbox; SORT puts them into another one */
  size_t count, capacity;
};

void msim__imap_searching_release(struct msim__imap_session *session, struct msim__imap_searching *s);

/* "RETURN (MIN COUNT) ", or nothing. false: syntax, or not offered. */
bool msim__imap_take_returns(struct msim__imap_session *session, struct msim__imap_searching *s,
                             const char *capability);

/* The name of a character set and the space behind it. 1: known, 0: not known, MSIM_ERR_SYNTAX. */
int msim__imap_take_charset(struct msim__imap_session *session);

/* Keys to the end of the command, and what fits them. false: the reply is given. */
bool msim__imap_find(struct msim__imap_session *session, struct msim__imap_searching *s);

/* The number of a row as the command wants it: UID or place. */
uint32_t msim__imap_number_of(const struct msim__imap_session *session, uint32_t row);

/* "* ESEARCH …"; then "$" where it is to be kept. */
void msim__imap_put_esearch(struct msim__imap_session *session, const struct msim__imap_searching *s);
/* "$" is what was found; ok false: nothing (RFC 5182 2.1). */
void msim__imap_save_found(struct msim__imap_session *session, const struct msim__imap_searching *s, bool ok);

/* " (MODSEQ 917)" behind a bare list, where it belongs there. */
void msim__imap_put_found_modseq(struct msim__imap_session *session, const struct msim__imap_searching *s);

#endif
