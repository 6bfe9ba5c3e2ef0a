/* suggest.h: the nearest known spelling, for "did you mean ...?".
 *
 * Does not make the sentence and keeps no list of words. */
#ifndef MSIM_TEXT_SUGGEST_H
#define MSIM_TEXT_SUGGEST_H

#include <stddef.h>

#define MSIM__SUGGEST_BYTES_MAX 64 /* longer words and candidates are never near */

/* The candidate nearest to word (n bytes, need not be terminated), or NULL when none is near; of equally near ones the
 * first. Distance: Damerau-Levenshtein, restricted (a byte inserted, removed, replaced, or two neighbours swapped);
 * upper and lower case of ASCII are the same. Near: at most a third of the longer word's bytes, at least 1 for words
 * of two bytes or more. candidates are terminated; the result is one of them. */
const char *msim__suggest(const char *word, size_t n, const char *const *candidates, size_t count);

#endif
