/* encoded_word.h: encoded words in header fields (RFC 2047), read.
 *
 * Knows the sets of charset.h; a word in another set stays as it is written. They are written by
 * mail/compose.c. */
#ifndef MSIM_PROTO_ENCODED_WORD_H
#define MSIM_PROTO_ENCODED_WORD_H

#include <mailsim/base.h>

/* text is unfolded (header.h). White space between two encoded words is dropped (RFC 2047 6.2). What was UTF-8 is not
 * checked. Never more than three times as long as text. MSIM_ERR_LIMIT: out is too small; it is filled. */
int msim__encoded_words_decode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes);

#endif
