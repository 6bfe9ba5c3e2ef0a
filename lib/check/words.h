/* words.h: one copy of each text, so that equal texts are equal pointers.
 *
 * Scene and observation share one table: comparing a record with a predicate then compares pointers. Texts may hold
 * zero bytes. Nothing is removed before the table is released. */
#ifndef MSIM_CHECK_WORDS_H
#define MSIM_CHECK_WORDS_H

#include "core/arena.h"
#include "core/names.h"

struct msim__words {
  struct msim__arena arena; /* also for what the users of the table keep as long as it */
  struct msim__names names;
};

void msim__words_init(struct msim__words *words, struct msim__mem *mem);
void msim__words_release(struct msim__words *words);

/* The one copy, terminated; NULL when out of memory. */
const char *msim__words_get(struct msim__words *words, const char *text, size_t size_bytes);
const char *msim__words_text(struct msim__words *words, const char *text); /* the same of a terminated text */

#endif
