/* trace/words.h: words, values and payload as they stand in a line of the text form.
 *
 * A word that could be taken for something else (a space, a quote, a comma, a bracket, nothing, what cannot be shown)
 * stands in quotes, escaped as escape.h does it. Errors stick in buf. */
#ifndef MSIM_TRACE_WORDS_H
#define MSIM_TRACE_WORDS_H

#include "text/buf.h"

/* NULL is the empty word. More than 4096 bytes are cut. */
void msim__put_word(struct msim__buf *buf, const char *text);
/* Behind one byte that separates it from what is in front. */
void msim__put_next_word(struct msim__buf *buf, char separator, const char *text);

/* ` name=value` for each; lists are [a,b], at most 64 items. */
void msim__put_values(struct msim__buf *buf, const struct msim_value *values, size_t count);

#endif
