/* dns_value.h: the value of a record as people write it, made into RDATA: "10 mx" of MX, "192.0.2.7" of A. For zones
 * and for what is said in their place. Does not know names of records, times or sets. */
#ifndef MSIM_AGENTS_DNS_VALUE_H
#define MSIM_AGENTS_DNS_VALUE_H

#include <mailsim/sim.h>

#include "wire/dns_rdata.h"

#define MSIM__DNS_VALUE_BYTES 4096u
#define MSIM__DNS_VALUE_TEXT_MAX (2 * MSIM__DNS_NAME_BYTES_MAX)

/* What a name without a dot belongs to. text: the zone's name as written; "." is the root. */
struct msim__dns_place {
  const char *text;
  const struct msim__dns_name *origin;
};

/* front.zone; the zone's own name stands behind front without its last dot. MSIM_ERR_LIMIT, MSIM_ERR_SYNTAX. */
int msim__dns_place_name(const struct msim__dns_place *place, const char *front, struct msim__dns_name *out);

/* RDATA of a type, in MSIM__DNS_VALUE_BYTES at out. A and AAAA: an address, or a host of the topology that has one by
 * now; names: in full when there is a dot in them. The number of bytes; 0: the value is not of this type's form. */
size_t msim__dns_value_make(const struct msim_sim *sim, const struct msim__dns_place *place, uint16_t type,
                            const char *value, uint8_t *out);

#endif
