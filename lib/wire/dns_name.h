/* dns_name.h: domain names as DNS carries them (RFC 1035 3.1): labels with a length in front, the root's empty one
 * last.
 *
 * A name is kept uncompressed. Compression in a message is followed here and made in dns_message.c. Names are compared
 * without regard to the case of ASCII letters (RFC 4343), whatever bytes labels hold. Does not know what a host may be
 * called, and turns no umlauts into ASCII. */
#ifndef MSIM_WIRE_DNS_NAME_H
#define MSIM_WIRE_DNS_NAME_H

#include <mailsim/base.h>

#define MSIM__DNS_NAME_BYTES_MAX 255u /* RFC 1035 2.3.4, the root's label included */
#define MSIM__DNS_LABEL_BYTES_MAX 63u
#define MSIM__DNS_LABELS_MAX 127u
#define MSIM__DNS_NAME_TEXT_BYTES 1024u /* of any name as text with its zero: four bytes for each that is escaped */

struct msim__dns_name {
  uint8_t size_bytes; /* at least 1: the root */
  uint8_t bytes[MSIM__DNS_NAME_BYTES_MAX];
};

void msim__dns_name_root(struct msim__dns_name *out);

/* From text, "mx.y.example" or with a last dot; "." is the root. A byte as \DDD or \X (RFC 1035 5.1). MSIM_ERR_SYNTAX:
 * an empty label or a bad escape; MSIM_ERR_LIMIT: a label or the name is too long. */
int msim__dns_name_parse(struct msim__dns_name *out, const char *text, size_t text_bytes);

/* As text without the last dot, the root as "."; what is not a letter, digit, '-' or '_' is escaped. Returns its
 * length. out has MSIM__DNS_NAME_TEXT_BYTES. */
size_t msim__dns_name_format(const struct msim__dns_name *name, char *out);

/* Reads a name at *at of a message and moves *at behind it. Pointers (4.1.4) may only lead backwards, each further back
 * than the one before, so that no chain is endless. MSIM_ERR_SYNTAX; *at is then unchanged. */
int msim__dns_name_read(struct msim__dns_name *out, struct msim_slice message, size_t *at);

bool msim__dns_name_equal(const struct msim__dns_name *a, const struct msim__dns_name *b);
/* Equal names have equal hashes; case of ASCII letters does not count. */
uint64_t msim__dns_name_hash(const struct msim__dns_name *name);

/* How many labels it has; the root has 0. */
unsigned msim__dns_name_label_count(const struct msim__dns_name *name);

/* Whether name is zone or lies below it. */
bool msim__dns_name_is_below(const struct msim__dns_name *name, const struct msim__dns_name *zone);

/* The name without its first label; false: it is the root. out may be name. */
bool msim__dns_name_parent(struct msim__dns_name *out, const struct msim__dns_name *name);

/* "*" in front of a name (RFC 4592 2.1.1). false: it would be too long. */
bool msim__dns_name_wildcard(struct msim__dns_name *out, const struct msim__dns_name *name);

#endif
