/* quoted.h: quoted-printable (RFC 2045 6.7), piece by piece in both directions.
 *
 * Lines end in CRLF on both sides; a bare CR or LF is data. Decoding is tolerant: what is no code stays as it is. */
#ifndef MSIM_PROTO_QUOTED_H
#define MSIM_PROTO_QUOTED_H

#include <mailsim/base.h>

#define MSIM__QUOTED_ROOM_BYTES 24u /* of output, for each step to make progress */
#define MSIM__QUOTED_WHITE_MAX 256u /* white space at the end of a line; more of it is taken for text */

/* Start from {0}. */
struct msim__quoted_encode {
  size_t column;
  uint8_t held[2]; /* private: white space or CR whose neighbour is not known yet */
  uint8_t held_count;
};

/* Takes as much of in as out has room for. */
void msim__quoted_encode(struct msim__quoted_encode *quoted, struct msim_slice in, uint8_t *out, size_t cap_bytes,
                         size_t *taken_bytes, size_t *written_bytes);
/* What is left at the end of the data, at most MSIM__QUOTED_ROOM_BYTES. Returns its length. */
size_t msim__quoted_encode_end(struct msim__quoted_encode *quoted, uint8_t *out);

/* Start from {0}. */
struct msim__quoted_decode {
  uint8_t held[MSIM__QUOTED_WHITE_MAX]; /* private: a code, a soft line end or white space under way */
  size_t held_count;
};

/* As above, with MSIM__QUOTED_WHITE_MAX + 4 bytes of room for progress. */
void msim__quoted_decode(struct msim__quoted_decode *quoted, struct msim_slice in, uint8_t *out, size_t cap_bytes,
                         size_t *taken_bytes, size_t *written_bytes);
size_t msim__quoted_decode_end(struct msim__quoted_decode *quoted, uint8_t *out);

#endif
