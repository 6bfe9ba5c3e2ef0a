/* readable.h: a message as a person reads it: its text in UTF-8, the fields of its header, and what is attached.
 *
 * Of alternatives plain text is taken, then HTML as text (html_text.h); other text is shown where it stands, everything
 * else is attached. Character sets are those of charset.h. Foreign text comes out as it is: escaping is the reader's.
 * Does not undo format=flowed, does not decrypt or check signatures. */
#ifndef MSIM_MAIL_READABLE_H
#define MSIM_MAIL_READABLE_H

#include "mail/imap_text.h"

enum msim__readable_role {
  MSIM__READABLE_PASSED, /* a container, or the other form of something that is shown */
  MSIM__READABLE_SHOWN,  /* part of the text */
  MSIM__READABLE_ATTACHED
};

#define MSIM__READABLE_NAME_BYTES 256u
#define MSIM__READABLE_TYPE_BYTES 128u

/* Appends the text, lines ended by LF, and fills roles, one for each of the parts. The buffer's error or 0. */
int msim__readable_text(struct msim__buf *out, const struct msim__imap_parts *parts, enum msim__readable_role *roles);

/* The value of the first field of that name in one line, encoded words decoded, appended. 1 found, 0 not there, or the
 * buffer's error. header: of a message, or the whole of it. */
int msim__readable_field(struct msim__buf *out, struct msim_slice header, const char *name);

/* A name for the file that a part becomes: its own without paths and control characters, or one made up. */
void msim__readable_name(const struct msim__imap_parts *parts, size_t index, char out[MSIM__READABLE_NAME_BYTES]);

/* "image/png", in small letters; of what is no media type "application/octet-stream". */
void msim__readable_type(const struct msim__imap_parts *parts, size_t index, char out[MSIM__READABLE_TYPE_BYTES]);

/* What the part holds, decoded, appended. The buffer's error or 0. */
int msim__readable_content(struct msim__buf *out, const struct msim__imap_parts *parts, size_t index);

#endif
