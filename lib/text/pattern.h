/* pattern.h: glob patterns: '*' is any bytes, also none; '?' is exactly one byte; everything else is itself.
 *
 * Works on bytes: '?' is not a whole character of UTF-8. There is no way to ask for a literal '*' or '?'. */
#ifndef MSIM_TEXT_PATTERN_H
#define MSIM_TEXT_PATTERN_H

#include <mailsim/base.h>

/* Whether the whole of text fits. At most pattern * text steps, no recursion, no memory. */
bool msim__pattern_match(struct msim_slice pattern, struct msim_slice text);

/* The same for terminated text. */
bool msim__pattern_match_text(const char *pattern, const char *text);

#endif
