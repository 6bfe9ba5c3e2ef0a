/* html_text.h: the text of an HTML document, for showing foreign HTML without running any of it.
 *
 * Tags go, blocks become lines, items get a dash, links tell in brackets where they lead, references become characters;
 * what is in script, style, title and the like, and comments, is left out. Whatever the input, what comes out is plain
 * text that has yet to be escaped. One pass. Knows no styles and no tables; input is UTF-8. */
#ifndef MSIM_TEXT_HTML_TEXT_H
#define MSIM_TEXT_HTML_TEXT_H

#include "text/buf.h"

/* Appends the text, lines ended by LF. Returns the buffer's error or 0. */
int msim__html_to_text(struct msim__buf *out, struct msim_slice html);

#endif
