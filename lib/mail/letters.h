/* letters.h: whole messages that somebody has written beforehand: the section `messages` of a topology, by label.
 *
 * They are the simulation's and never change. Does not read files, and does not send anything. */
#ifndef MSIM_MAIL_LETTERS_H
#define MSIM_MAIL_LETTERS_H

#include "core/sim.h"

#define MSIM__LETTERS_MAX 10000u
#define MSIM__LETTER_BYTES_MAX (16u << 20)

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

#endif
