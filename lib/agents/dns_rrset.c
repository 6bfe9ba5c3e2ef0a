/* dns_rrset.c: see dns_rrset.h. */
#include "agents/dns_rrset.h"

#include "wire/octets.h"

#include <string.h>

#define TTL_MAX_S 0x7fffffffu /* RFC 2181 8 */

void msim__dns_rrset_init(struct msim__dns_rrset *set, const struct msim__dns_name *name, uint16_t type)
{
  memset(set, 0, sizeof *set);
  set->name = *name;
  set->type = type;
}

void msim__dns_rrset_release(struct msim__dns_rrset *set, struct msim__mem *mem)
{
  if (set->data != NULL)
    msim__free(mem, set->data, set->capacity_bytes);
  set->data = NULL;
  set->size_bytes = set->capacity_bytes = 0;
  set->count = 0;
}

bool msim__dns_rrset_next(const struct msim__dns_rrset *set, size_t *at, struct msim_slice *rdata)
{
  if (*at >= set->size_bytes)
    return false;
  rdata->size_bytes = msim__octets_get16(set->data + *at);
  rdata->data = set->data + *at + 2;
  *at += 2 + rdata->size_bytes;
  return true;
}

int msim__dns_rrset_add(struct msim__dns_rrset *set, struct msim__mem *mem, struct msim_slice rdata)
{
  struct msim_slice other;
  size_t at = 0;
  int err;

  while (msim__dns_rrset_next(set, &at, &other))
    if (other.size_bytes == rdata.size_bytes &&
        (rdata.size_bytes == 0 || memcmp(other.data, rdata.data, rdata.size_bytes) == 0))
      return MSIM_OK;
  if (set->count == MSIM__DNS_RRSET_RECORDS_MAX || rdata.size_bytes > MSIM__DNS_RRSET_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  err = msim__grow(mem, &set->data, &set->capacity_bytes, set->size_bytes + 2 + rdata.size_bytes,
                   MSIM__DNS_RRSET_BYTES_MAX, 1);
  if (err < 0)
    return err;
  msim__octets_put16(set->data + set->size_bytes, (uint16_t)rdata.size_bytes);
  if (rdata.size_bytes > 0)
    memcpy(set->data + set->size_bytes + 2, rdata.data, rdata.size_bytes);
  set->size_bytes += 2 + rdata.size_bytes;
  set->count++;
  return MSIM_OK;
}

int msim__dns_rrset_copy(struct msim__dns_rrset *out, struct msim__mem *mem, const struct msim__dns_rrset *set)
{
  *out = *set;
  out->data = NULL;
  out->capacity_bytes = set->size_bytes;
  if (set->size_bytes == 0)
    return MSIM_OK;
  out->data = msim__alloc(mem, set->size_bytes);
  if (out->data == NULL) {
    out->size_bytes = out->capacity_bytes = 0;
    out->count = 0;
    return MSIM_ERR_NOMEM;
  }
  memcpy(out->data, set->data, set->size_bytes);
  return MSIM_OK;
}

bool msim__dns_rrset_target(const struct msim__dns_rrset *set, struct msim_slice rdata, struct msim__dns_name *out)
{
  struct msim__dns_srv srv;

  if (set->type != MSIM__DNS_SRV)
    return msim__dns_rdata_name(set->type, rdata, out, NULL) == MSIM_OK;
  if (msim__dns_rdata_srv(rdata, &srv) != MSIM_OK)
    return false;
  *out = srv.target;
  return true;
}

bool msim__dns_message_is_whole(struct msim_slice message)
{
  struct msim__dns_record record;
  struct msim__dns_reader reader;
  enum msim__dns_section section;
  int got;

  if (msim__dns_reader_init(&reader, message) != MSIM_OK)
    return false;
  do {
    got = msim__dns_read_record(&reader, &record, &section);
  } while (got == 1);
  return got == 0;
}

int msim__dns_rrset_collect(struct msim__dns_rrset *set, struct msim__mem *mem, struct msim_slice message,
                            enum msim__dns_section section, const struct msim__dns_name *name, uint16_t type)
{
  uint8_t names[2 * MSIM__DNS_NAME_BYTES_MAX + 20]; /* the longest RDATA with names: SOA */
  struct msim__dns_record record;
  struct msim__dns_reader reader;
  enum msim__dns_section where;

  msim__dns_rrset_init(set, name, type);
  if (msim__dns_reader_init(&reader, message) != MSIM_OK)
    return MSIM_OK;
  while (msim__dns_read_record(&reader, &record, &where) == 1) {
    struct msim_slice rdata = record.rdata;
    unsigned front, count, back;
    uint32_t ttl_s = record.ttl_s > TTL_MAX_S ? 0 : record.ttl_s;

    if (where != section || record.type != type || record.class_ != MSIM__DNS_CLASS_IN ||
        !msim__dns_name_equal(&record.name, name))
      continue;
    if (msim__dns_rdata_layout(type, &front, &count, &back)) {
      if (msim__dns_rdata_expand(message, &record, names, sizeof names, &rdata.size_bytes) != MSIM_OK)
        continue;
      rdata.data = names;
    }
    if (set->count == 0 || ttl_s < set->ttl_s)
      set->ttl_s = ttl_s;
    if (msim__dns_rrset_add(set, mem, rdata) == MSIM_ERR_NOMEM)
      return MSIM_ERR_NOMEM;
  }
  return MSIM_OK;
}
