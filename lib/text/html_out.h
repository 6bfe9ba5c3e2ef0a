/* html_out.h: foreign text inside HTML, in elements and in quoted attributes.
 *
 * What comes out can never end its place: & < > " ' become references, bytes that are no UTF-8 become U+FFFD, and so
 * does what has no place in a page: control characters, and what reorders or hides its neighbours. Writes no tags,
 * reads none (html_text.h), is not for scripts, styles or URLs. */
#ifndef MSIM_TEXT_HTML_OUT_H
#define MSIM_TEXT_HTML_OUT_H

#include "text/buf.h"

/* Appends the text escaped. Line ends and tabs stay. Returns the buffer's error or 0. */
int msim__html_put(struct msim__buf *out, struct msim_slice text);
int msim__html_put_words(struct msim__buf *out, const char *text);

#endif
