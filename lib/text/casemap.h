/* casemap.h: keys by which text is put into order for people, whatever its case (RFC 5051, i;unicode-casemap).
 *
 * Letters become titlecase and are taken apart into letter and marks: exactly so for ASCII, U+0080 to U+052F (Latin,
 * Greek, Cyrillic) and U+1E00 to U+1EFF (Latin); characters beyond stay as they are, and so do bytes that are no UTF-8.
 * Knows no languages. */
#ifndef MSIM_TEXT_CASEMAP_H
#define MSIM_TEXT_CASEMAP_H

#include "text/buf.h"

/* Appends the key of size_bytes bytes of UTF-8. Keys are compared byte by byte. 0 or the buffer's error. A key has at
 * most six bytes for each of the text. */
int msim__casemap_append(struct msim__buf *out, const uint8_t *text, size_t size_bytes);

#endif
