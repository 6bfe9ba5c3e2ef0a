/* imap_match.h: whether a message is one that SEARCH looks for (RFC 3501 6.4.4).
 *
 * Text is found without regard to the case of ASCII letters, in fields with their encoded words decoded, in bodies with
 * base64 and quoted-printable decoded. Character sets are not converted: what is searched for is UTF-8. */
#ifndef MSIM_MAIL_IMAP_MATCH_H
#define MSIM_MAIL_IMAP_MATCH_H

#include "mail/imap_text.h"
#include "mail/store.h"
#include "proto/imap_search.h"

/* A message as a search sees it. */
struct msim__imap_match {
  const struct msim__mailbox *box;
  const struct msim__mailbox_item *item;
  uint32_t number; /* of the message */
  bool recent;
  int zone_minutes;                                   /* of the host, for days */
  const struct msim__imap_set *saved;                 /* "$", of UIDs; resolved */
  const struct msim__imap_parts *(*parts)(void *ctx); /* read when they are needed; NULL: no memory */
  void *ctx;
  struct msim__mem *mem;
  int err; /* MSIM_ERR_NOMEM: the answer means nothing */
};

/* The sets of the search are resolved. */
bool msim__imap_matches(struct msim__imap_match *match, const struct msim__imap_search *search);

#endif
