/* address.h: mailboxes local@domain and domain names as RFC 5321 4.1.2 and RFC 6531 3.3 write them.
 *
 * Does not read display names or comments (RFC 5322), does not ask a DNS, does not map U-labels to A-labels. */
#ifndef MSIM_PROTO_ADDRESS_H
#define MSIM_PROTO_ADDRESS_H

#include <mailsim/base.h>

#define MSIM__ADDRESS_LOCAL_BYTES_MAX 64   /* RFC 5321 4.5.3.1.1; counted as written, quotes included */
#define MSIM__ADDRESS_DOMAIN_BYTES_MAX 255 /* RFC 5321 4.5.3.1.2 */
#define MSIM__ADDRESS_LABEL_BYTES_MAX 63   /* RFC 1035 2.3.4 */

enum msim__address_flaw {
  MSIM__ADDRESS_FINE,
  MSIM__ADDRESS_BAD_LOCAL,
  MSIM__ADDRESS_LONG_LOCAL,
  MSIM__ADDRESS_NO_DOMAIN,
  MSIM__ADDRESS_BAD_DOMAIN,
  MSIM__ADDRESS_LONG_DOMAIN,
  MSIM__ADDRESS_NON_ASCII /* where only ASCII is allowed */
};

/* Borrowed parts of the text. */
struct msim__address {
  struct msim_slice local;  /* as written, with the quotes if there are any */
  struct msim_slice domain; /* as written, with the brackets of a literal; empty when there is none */
  struct msim_addr literal; /* MSIM_FAMILY_NONE unless domain is [192.0.2.1] or [IPv6:2001:db8::1] */
  bool local_quoted;
  bool domain_literal; /* in brackets */
  bool non_ascii;
};

/* Reads the mailbox at the start of the text, as far as it goes: *used_bytes. A local part alone is fine: domain is
 * then empty. utf8: letters beyond ASCII are allowed, in well-formed UTF-8. MSIM_OK; MSIM_ERR_LIMIT (LONG_*) or
 * MSIM_ERR_SYNTAX with *flaw set. */
int msim__address_scan(struct msim__address *out, struct msim_slice text, bool utf8, size_t *used_bytes,
                       enum msim__address_flaw *flaw);

/* The whole text must be a mailbox with a domain. Results as above; flaw may be NULL. */
int msim__address_parse(struct msim__address *out, struct msim_slice text, bool utf8, enum msim__address_flaw *flaw);

/* The whole text is a domain name: labels of letters, digits and inner hyphens. */
bool msim__domain_is_name(struct msim_slice text, bool utf8);

/* The whole text is an address literal in brackets; literal (may be NULL) becomes its value, or MSIM_FAMILY_NONE. */
bool msim__domain_is_literal(struct msim_slice text, struct msim_addr *literal);

/* Domain names without regard to the case of ASCII letters; nothing else is folded. */
bool msim__domain_equal(struct msim_slice a, struct msim_slice b);

/* The same mailbox: local parts byte by byte once unquoted (RFC 5321 2.4, 4.1.2), domains by msim__domain_equal or as
 * numbers where both are literals. */
bool msim__address_equal(const struct msim__address *a, const struct msim__address *b);

/* The local part without quotes and backslashes; at most MSIM__ADDRESS_LOCAL_BYTES_MAX bytes. MSIM_ERR_LIMIT: out is
 * too small, *size_bytes is then 0. */
int msim__address_unquote_local(const struct msim__address *address, uint8_t *out, size_t cap_bytes,
                                size_t *size_bytes);

#endif
