/* imap_text.h: strings of IMAP as a server writes them (RFC 3501 4.3): quoted where that is possible, else as a
 * literal.
 *
 * Also the larger things of FETCH that stand on the header and the parts of a message: ENVELOPE, BODY, BODYSTRUCTURE
 * and sections. Works on plain messages; knows no mailboxes and no connections. */
#ifndef MSIM_MAIL_IMAP_TEXT_H
#define MSIM_MAIL_IMAP_TEXT_H

#include "proto/imap_fetch.h"
#include "proto/mime_walk.h"
#include "text/buf.h"

/* A string; bytes that IMAP cannot carry in one (NUL) are left out. */
void msim__imap_put_string(struct msim__buf *out, struct msim_slice text);
/* NIL where text.data is NULL. */
void msim__imap_put_nstring(struct msim__buf *out, struct msim_slice text);
/* An atom where it is one, else a string. */
void msim__imap_put_astring(struct msim__buf *out, struct msim_slice text);
/* The same; of names of mailboxes in modified UTF-7. */
void msim__imap_put_mailbox(struct msim__buf *out, struct msim_slice utf8);

/* The parts of a plain message, as imap_*.c needs them. */
struct msim__imap_parts {
  struct msim_slice message;
  struct msim__mime_part *parts;
  size_t count, capacity;
};
#define MSIM__IMAP_PARTS_MAX 1000u
/* 0 or MSIM_ERR_NOMEM. Those beyond MSIM__IMAP_PARTS_MAX are not told. */
int msim__imap_parts_find(struct msim__imap_parts *parts, struct msim__mem *mem, struct msim_slice message);
void msim__imap_parts_release(struct msim__imap_parts *parts, struct msim__mem *mem);

/* imap_envelope.c: RFC 3501 7.4.2, in parentheses. */
void msim__imap_put_envelope(struct msim__buf *out, struct msim_slice header);

/* imap_bodystructure.c: extended: BODYSTRUCTURE, else BODY. */
void msim__imap_put_structure(struct msim__buf *out, const struct msim__imap_parts *parts, bool extended);

/* imap_section.c: "BODY[1.TEXT]" without "<0>". */
void msim__imap_put_section_name(struct msim__buf *out, const struct msim__imap_fetch *fetch,
                                 const struct msim__imap_section *section);
/* What a section holds: a part of the message, or put together in room. false: there is no such part. A failure of room
 * is its error. */
bool msim__imap_section_find(const struct msim__imap_parts *parts, const struct msim__imap_fetch *fetch,
                             const struct msim__imap_section *section, struct msim__buf *room, struct msim_slice *out);

/* "[1.2]" */
void msim__imap_put_section_path(struct msim__buf *out, const struct msim__imap_section *section);
/* What BINARY[1.2] is: the body of a part, decoded into room where it is coded; without a path the message as it is. 1
 * found, 0 there is no such part, MSIM_ERR_INVALID: its coding is not known. A failure of room is its error. */
int msim__imap_binary_find(const struct msim__imap_parts *parts, const struct msim__imap_section *section,
                           struct msim__buf *room, struct msim_slice *out);

/* Base64 or quoted-printable; out has as many bytes as in and these. How many were written. */
#define MSIM__IMAP_DECODE_ROOM_BYTES 528u
size_t msim__imap_decode(enum msim__mime_encoding encoding, struct msim_slice in, uint8_t *out, size_t out_bytes);

#endif
