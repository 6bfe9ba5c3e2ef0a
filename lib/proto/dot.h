/* dot.h: how a message travels behind DATA (RFC 5321 4.5.2): dots doubled at the start of lines, the end a lone dot.
 *
 * A line starts only behind CRLF and the end is only CRLF "." CRLF: what other programs take for a line end (bare LF,
 * bare CR) is content here, and is reported, so that nobody can smuggle a second message past the first.
 * Does not limit sizes: it counts, the caller compares. */
#ifndef MSIM_PROTO_DOT_H
#define MSIM_PROTO_DOT_H

#include <mailsim/base.h>

/* What was seen in the content so far. */
struct msim__dot_seen {
  uint64_t size_bytes;         /* of the content: dots undoubled, final dot left out, CRLF before it included */
  uint64_t longest_line_bytes; /* with its CRLF; RFC 5321 4.5.3.1.6 allows 1000 */
  bool bare_cr, bare_lf, nul, eight_bit;
};

/* One direction of one message; start from {0}. */
struct msim__dot {
  struct msim__dot_seen seen;
  uint64_t line_bytes; /* of the line under way */
  uint8_t at;          /* private: place in the grammar; zero is the start of a line */
};

/* Content to wire. Takes as much of in as out has room for: *taken_bytes of in became *written_bytes of out. Progress
 * is certain when in has a byte and out has room for two. The content is sent as it is, bare CR and LF too: look at
 * seen. */
void msim__dot_encode(struct msim__dot *dot, struct msim_slice in, uint8_t *out, size_t cap_bytes, size_t *taken_bytes,
                      size_t *written_bytes);

/* The end of the message: CRLF if the content did not end with one, then "." CRLF. Returns the length, at most 5;
 * 0: out is too small, nothing was written. */
size_t msim__dot_encode_end(struct msim__dot *dot, uint8_t *out, size_t cap_bytes);

/* Wire to content. 1: the end was reached, and *taken_bytes end with it: what follows is the next command. 0: more is
 * needed, or out is full. Progress is certain when in has a byte and out has room for two. After 1 every further call
 * takes nothing and returns 1. */
int msim__dot_decode(struct msim__dot *dot, struct msim_slice in, uint8_t *out, size_t cap_bytes, size_t *taken_bytes,
                     size_t *written_bytes);

#endif
