/* dns_rdata.h: the data of DNS records by type, with every name in full: as zones and caches keep it.
 *
 * In a message names within RDATA may be compressed; expand writes them out and checks the form. What was expanded, or
 * made here, is taken apart without the message. Types that are not known stay bytes (RFC 3597). */
#ifndef MSIM_WIRE_DNS_RDATA_H
#define MSIM_WIRE_DNS_RDATA_H

#include "wire/dns_message.h"

#define MSIM__DNS_RDATA_BYTES_MAX 65535u

/* What stands in front of a name, and behind it: two numbers of bytes. false: the type has no name that could be
 * compressed. SRV has one that must not be when sent, and is understood when received (RFC 2782, 3597 4). */
bool msim__dns_rdata_layout(uint16_t type, unsigned *front_bytes, unsigned *name_count, unsigned *back_bytes);

/* The record's RDATA with names in full. MSIM_ERR_SYNTAX: not of its type's form; MSIM_ERR_LIMIT: capacity_bytes are
 * too few. */
int msim__dns_rdata_expand(struct msim_slice message, const struct msim__dns_record *record, uint8_t *out,
                           size_t capacity_bytes, size_t *size_bytes);

/* ---- taking apart: MSIM_OK, or MSIM_ERR_SYNTAX when it is not of this form or has bytes left over ---- */

int msim__dns_rdata_addr(uint16_t type, struct msim_slice rdata, struct msim_addr *out); /* A, AAAA */
/* NS, CNAME, PTR. MX: *preference too (may be NULL). */
int msim__dns_rdata_name(uint16_t type, struct msim_slice rdata, struct msim__dns_name *out, uint16_t *preference);

struct msim__dns_srv { /* RFC 2782 */
  uint16_t priority, weight, port;
  struct msim__dns_name target;
};
int msim__dns_rdata_srv(struct msim_slice rdata, struct msim__dns_srv *out);

struct msim__dns_soa {
  struct msim__dns_name server, mailbox; /* MNAME, RNAME */
  uint32_t serial, refresh_s, retry_s, expire_s, minimum_s;
};
int msim__dns_rdata_soa(struct msim_slice rdata, struct msim__dns_soa *out);

/* TXT: the string at *at (begin with 0), which moves behind it. 1; 0: no more; MSIM_ERR_SYNTAX. */
int msim__dns_rdata_text(struct msim_slice rdata, size_t *at, struct msim_slice *out);

/* ---- making: the number of bytes, 0: capacity_bytes are too few ---- */

size_t msim__dns_make_addr(uint8_t *out, size_t capacity_bytes, const struct msim_addr *addr);
size_t msim__dns_make_name(uint8_t *out, size_t capacity_bytes, const struct msim__dns_name *name);
size_t msim__dns_make_mx(uint8_t *out, size_t capacity_bytes, uint16_t preference, const struct msim__dns_name *name);
size_t msim__dns_make_srv(uint8_t *out, size_t capacity_bytes, const struct msim__dns_srv *srv);
size_t msim__dns_make_soa(uint8_t *out, size_t capacity_bytes, const struct msim__dns_soa *soa);
/* In strings of at most 255 bytes; an empty text is one empty string. */
size_t msim__dns_make_text(uint8_t *out, size_t capacity_bytes, struct msim_slice text);

#endif
