/* compose.h: writes a message as a person's program does: header, text from UTF-8, attachments (RFC 5322, 2045 to
 * 2047, 2183, 2231).
 *
 * Every line it writes is at most 998 bytes and CRLF (RFC 5322 2.1.1); header lines are folded near 78. Line ends in
 * the body may be LF, CR or CRLF. Bytes that are not UTF-8 become U+FFFD. Does not sign or write HTML. */
#ifndef MSIM_MAIL_COMPOSE_H
#define MSIM_MAIL_COMPOSE_H

#include "text/buf.h"

/* Without data its bytes follow from its name alone. */
struct msim__compose_attachment {
  const char *name; /* UTF-8 */
  const char *type; /* "application/pdf"; NULL or "": application/octet-stream */
  uint64_t size_bytes;
  const uint8_t *data; /* size_bytes of it; NULL: they are made up */
};

struct msim__compose {
  const char *from;      /* an address */
  const char *from_name; /* UTF-8; NULL or "" for none */
  const char *const *to; /* addresses */
  size_t to_count;
  const char *const *cc;
  size_t cc_count;
  const char *const *bcc; /* for drafts only: what is sent names them nowhere (RFC 5322 3.6.3) */
  size_t bcc_count;
  const char *in_reply_to; /* Message-IDs with their brackets, printable ASCII; NULL or "": none (RFC 5322 3.6.4) */
  const char *references;
  const char *subject; /* UTF-8; NULL or "": the field is left out */
  const char *body;    /* UTF-8; NULL: none */
  bool seven_bit;      /* text beyond ASCII is coded, for servers that take nothing else (RFC 6152) */
  const struct msim__compose_attachment *attachments; /* with one the message is multipart/mixed */
  size_t attachment_count;
  const char *host; /* for the Message-ID */
  uint64_t number;  /* of the message on that host */
  int64_t unix_s;
  int zone_minutes;
  /* When larger than what comes out otherwise: the body is filled with lines of text so that the whole message measures
   * exactly this many bytes (or one more, where a single missing byte cannot be a line). */
  uint64_t size_bytes;
};

/* Appends the plain message (dots single) to out. 0, the buffer's error, or MSIM_ERR_INVALID: no such date. */
int msim__compose_append(struct msim__buf *out, const struct msim__compose *compose);

/* Appends text as the words of an unstructured field: as it is when that is short printable ASCII, otherwise as encoded
 * words of UTF-8 in base64 (RFC 2047 2), folded. column is where the line stands. Never a bare line end. */
int msim__compose_words_append(struct msim__buf *out, const char *text, size_t column);

/* ---- compose_body.c ---- */

/* MIME-Version, the fields Content-*, the empty line and everything behind it. begin: where in out the message begins,
 * for size_bytes. 0 or the buffer's error. */
int msim__compose_body_append(struct msim__buf *out, const struct msim__compose *compose, size_t begin);

/* What a size asks for more: lines of at most 72 letters and CRLF, missing_bytes in all (or one more). */
void msim__compose_filling_append(struct msim__buf *out, uint64_t missing_bytes);

/* The bytes of a file that is attached, as they are: they follow from its name alone. */
void msim__compose_file_append(struct msim__buf *out, const char *name, uint64_t size_bytes);

/* The next character of UTF-8 text, or U+FFFD for a byte that starts none; returns how many bytes it took. */
size_t msim__compose_character(const uint8_t *at, size_t size_bytes, struct msim_slice *out);

#endif
