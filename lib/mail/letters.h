/* letters.h: whole messages that somebody has written beforehand: the section `messages` of a topology, by label, and
 * those that lie in mailboxes before the run (msim_mailbox_put).
 *
 * They are the simulation's and never change. Does not read files, and does not send anything. */
#ifndef MSIM_MAIL_LETTERS_H
#define MSIM_MAIL_LETTERS_H

#include "core/sim.h"

#define MSIM__LETTERS_MAX 10000u
#define MSIM__LETTER_BYTES_MAX (16u << 20)
#define MSIM__LAID_MAX 100000u
#define MSIM__LAID_BYTES_MAX (256u << 20) /* all of them together */

struct msim__letter {
  const char *label;
  struct msim_slice plain; /* lines end in CRLF, the last one too */
};

/* Text is copied; its lines may end in LF, CR or CRLF. The label is borrowed for the simulation's life.
 * MSIM_ERR_EXISTS, MSIM_ERR_LIMIT (too many, or too large with its line ends), MSIM_ERR_INVALID (empty, or a NUL is in
 * it), MSIM_ERR_NOMEM. */
int msim__letter_add(struct msim_sim *sim, const char *label, struct msim_slice text);

/* NULL: there is none. */
const struct msim__letter *msim__letter_find(const struct msim_sim *sim, const char *label);

/* One that waits for its mailbox until the run begins. */
struct msim__laid {
  struct msim__laid *next; /* in order of addition */
  const char *host;        /* borrowed for the simulation's life */
  const char *user, *folder, *sender;
  int64_t unix_s; /* INT64_MIN: the start of the run */
  uint32_t flags; /* bits of enum msim__mail_flag */
  bool is_recent, is_taken;
  struct msim_slice plain;
};

/* Text as in msim__letter_add; the other texts are copied too. MSIM_ERR_LIMIT, MSIM_ERR_INVALID, MSIM_ERR_NOMEM. */
int msim__letter_lay(struct msim_sim *sim, const struct msim__laid *laid, struct msim_slice text);
struct msim__laid *msim__letter_laid(const struct msim_sim *sim); /* the first; NULL: none */

#endif
