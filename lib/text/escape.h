/* escape.h: foreign bytes as one line of printable UTF-8, for the text trace and for messages to people.
 *
 * Printable UTF-8 stays (umlauts too); \r \n \t \\ \" have their short forms; every byte of anything else is \xNN. So
 * the result can be read back byte for byte. Does not hide secrets: redact before. Not JSON: see json_out.h. */
#ifndef MSIM_TEXT_ESCAPE_H
#define MSIM_TEXT_ESCAPE_H

#include "text/buf.h"

/* Appends the escaped bytes, without quotes. Returns the buffer's error or 0. Room is asked for the worst case of 120
 * bytes at a time: the buffer's maximum must be at least 512 bytes, and MSIM_ERR_LIMIT may come that much early. */
int msim__escape_append(struct msim__buf *buf, struct msim_slice bytes);

/* The same at p, for lines that are put together by hand: returns the place behind. Room: four times its bytes and 16.
 */
char *msim__escape_put(char *p, struct msim_slice bytes);

/* Appends "..." in quotes. When there are more than source_bytes_max bytes, those behind are left out (a character
 * is never split) and ` +N more` follows the closing quote, N in bytes. */
int msim__escape_append_quoted(struct msim__buf *buf, struct msim_slice bytes, size_t source_bytes_max);

/* Escaped into out, terminated; what does not fit is left out and "..." ends the text. out_bytes >= 8. Returns the
 * length. For words in diagnostics. */
size_t msim__escape_short(char *out, size_t out_bytes, struct msim_slice bytes);

#endif
