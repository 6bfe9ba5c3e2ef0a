/* dns_rrset.h: records of one name and type together (RFC 2181 5), as zones and caches keep them.
 *
 * RDATA has its names in full. A set without records is all zero but for its name and type. */
#ifndef MSIM_AGENTS_DNS_RRSET_H
#define MSIM_AGENTS_DNS_RRSET_H

#include "core/mem.h"
#include "wire/dns_rdata.h"

#define MSIM__DNS_RRSET_RECORDS_MAX 256u
#define MSIM__DNS_RRSET_BYTES_MAX 65535u

struct msim__dns_rrset {
  struct msim__dns_name name;
  uint16_t type, count;
  uint32_t ttl_s;
  uint8_t *data; /* of each record: length (2 bytes), RDATA */
  size_t size_bytes, capacity_bytes;
};

void msim__dns_rrset_init(struct msim__dns_rrset *set, const struct msim__dns_name *name, uint16_t type);
void msim__dns_rrset_release(struct msim__dns_rrset *set, struct msim__mem *mem);

/* A record that is there already is not added again (RFC 2181 5). 0, MSIM_ERR_LIMIT: too many, or too long together;
 * MSIM_ERR_NOMEM. */
int msim__dns_rrset_add(struct msim__dns_rrset *set, struct msim__mem *mem, struct msim_slice rdata);
int msim__dns_rrset_copy(struct msim__dns_rrset *out, struct msim__mem *mem, const struct msim__dns_rrset *set);

/* The RDATA at *at (begin with 0), which moves behind it. false: no more. */
bool msim__dns_rrset_next(const struct msim__dns_rrset *set, size_t *at, struct msim_slice *rdata);

/* The name that a record of the set leads to: of NS, CNAME, PTR, MX, SRV. false: it has none. */
bool msim__dns_rrset_target(const struct msim__dns_rrset *set, struct msim_slice rdata, struct msim__dns_name *out);

/* Whether all of a message can be read, to its last record. */
bool msim__dns_message_is_whole(struct msim_slice message);

/* Collects from one section of a message the records of this name and type. The set is empty when there are none; the
 * least time to live of them counts (RFC 2181 5.2). Records of a wrong form are passed over. 0, MSIM_ERR_NOMEM. */
int msim__dns_rrset_collect(struct msim__dns_rrset *set, struct msim__mem *mem, struct msim_slice message,
                            enum msim__dns_section section, const struct msim__dns_name *name, uint16_t type);

#endif
