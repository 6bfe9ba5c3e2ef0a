/* cfws.h: what stands between the words of structured header fields (RFC 5322 3.2.2): white space, folds, comments;
 * and quoted strings (3.2.4).
 *
 * Tolerant: a comment or a string that is not closed goes to the end of the text. Does not know any field. */
#ifndef MSIM_PROTO_CFWS_H
#define MSIM_PROTO_CFWS_H

#include <mailsim/base.h>

/* Bytes that are put together in a room of fixed size. What does not fit is left out, and cut says so. */
struct msim__scratch {
  uint8_t *data;
  size_t cap_bytes, size_bytes;
  bool cut;
};

static inline void msim__scratch_put(struct msim__scratch *scratch, uint8_t byte)
{
  if (scratch->size_bytes < scratch->cap_bytes)
    scratch->data[scratch->size_bytes++] = byte;
  else
    scratch->cut = true;
}

/* The place of the first byte from `at` on that is neither white space, a line end nor part of a comment. */
size_t msim__cfws_skip(struct msim_slice text, size_t at);

/* text.data[at] is a "(": the place behind its ")". Its content without quoting is put into out, unless that is NULL.
 */
size_t msim__comment_read(struct msim_slice text, size_t at, struct msim__scratch *out);

/* text.data[at] is a quote: the place behind the closing one. The content, unquoted and unfolded, is put into out,
 * unless that is NULL. */
size_t msim__quoted_read(struct msim_slice text, size_t at, struct msim__scratch *out);

/* The place behind the atom (RFC 5322 3.2.3, dots included; letters beyond ASCII by RFC 6532) at `at`; `at` itself when
 * none is there. */
size_t msim__atom_end(struct msim_slice text, size_t at);

#endif
