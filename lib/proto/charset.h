/* charset.h: the character sets that mail is met in, turned into UTF-8: US-ASCII, UTF-8, ISO-8859-1 and -15,
 * windows-1252.
 *
 * Byte by byte, since all but UTF-8 have one byte for each character; UTF-8 passes through and is not checked. Writes
 * no other set than UTF-8. */
#ifndef MSIM_PROTO_CHARSET_H
#define MSIM_PROTO_CHARSET_H

#include <mailsim/base.h>

enum msim__charset {
  MSIM__CHARSET_UNKNOWN,
  MSIM__CHARSET_ASCII,
  MSIM__CHARSET_UTF8,
  MSIM__CHARSET_LATIN1,
  MSIM__CHARSET_LATIN9,
  MSIM__CHARSET_WINDOWS1252
};

#define MSIM__CHARSET_UTF8_BYTES_MAX 3u /* of one byte */

/* By a name of the IANA registry, without regard to case; no name is US-ASCII (RFC 2045 5.2). */
enum msim__charset msim__charset_find(struct msim_slice name);

/* One byte of text as UTF-8; returns how many bytes came out. Bytes beyond ASCII of an unknown set, and those that a
 * set leaves open, become U+FFFD. In US-ASCII, where there should be none, they pass as UTF-8 does. */
size_t msim__charset_to_utf8(enum msim__charset charset, uint8_t byte, uint8_t out[MSIM__CHARSET_UTF8_BYTES_MAX]);

#endif
