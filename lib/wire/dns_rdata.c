/* dns_rdata.c: see dns_rdata.h. Where names stand in a type's data is one table, which reading, writing and expanding
 * share. */
#include "wire/dns_rdata.h"

#include "wire/octets.h"

#include <string.h>

bool msim__dns_rdata_layout(uint16_t type, unsigned *front_bytes, unsigned *name_count, unsigned *back_bytes)
{
  static const struct {
    uint16_t type;
    uint8_t front_bytes, name_count, back_bytes;
  } rows[] = {
      {MSIM__DNS_NS, 0, 1, 0},  {MSIM__DNS_CNAME, 0, 1, 0}, {MSIM__DNS_SOA, 0, 2, 20},
      {MSIM__DNS_PTR, 0, 1, 0}, {MSIM__DNS_MX, 2, 1, 0},    {MSIM__DNS_SRV, 6, 1, 0},
  };
  size_t i;

  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (rows[i].type == type) {
      *front_bytes = rows[i].front_bytes;
      *name_count = rows[i].name_count;
      *back_bytes = rows[i].back_bytes;
      return true;
    }
  return false;
}

/* Types without names but with a form. */
static bool has_form(uint16_t type, struct msim_slice rdata)
{
  size_t at = 0;
  struct msim_slice text;
  int got = 1;

  switch (type) {
  case MSIM__DNS_A:
    return rdata.size_bytes == 4;
  case MSIM__DNS_AAAA:
    return rdata.size_bytes == 16;
  case MSIM__DNS_TXT:
    while (got == 1)
      got = msim__dns_rdata_text(rdata, &at, &text);
    return got == 0 && rdata.size_bytes > 0;
  default:
    return true;
  }
}

static int append(uint8_t *out, size_t capacity_bytes, size_t *size_bytes, const void *bytes, size_t count)
{
  if (capacity_bytes - *size_bytes < count)
    return MSIM_ERR_LIMIT;
  if (count > 0)
    memcpy(out + *size_bytes, bytes, count);
  *size_bytes += count;
  return MSIM_OK;
}

int msim__dns_rdata_expand(struct msim_slice message, const struct msim__dns_record *record, uint8_t *out,
                           size_t capacity_bytes, size_t *size_bytes)
{
  size_t at = (size_t)(record->rdata.data - message.data), end = at + record->rdata.size_bytes;
  unsigned front_bytes, name_count, back_bytes;
  struct msim__dns_name name;
  int err;

  *size_bytes = 0;
  if (!msim__dns_rdata_layout(record->type, &front_bytes, &name_count, &back_bytes)) {
    if (!has_form(record->type, record->rdata))
      return MSIM_ERR_SYNTAX;
    return append(out, capacity_bytes, size_bytes, record->rdata.data, record->rdata.size_bytes);
  }
  if (end - at < front_bytes + back_bytes)
    return MSIM_ERR_SYNTAX;
  err = append(out, capacity_bytes, size_bytes, message.data + at, front_bytes);
  at += front_bytes;
  message.size_bytes = end; /* a name may lead out of its record backwards only */
  while (err == MSIM_OK && name_count-- > 0) {
    err = msim__dns_name_read(&name, message, &at);
    if (err == MSIM_OK)
      err = append(out, capacity_bytes, size_bytes, name.bytes, name.size_bytes);
  }
  if (err == MSIM_OK && end - at != back_bytes)
    err = MSIM_ERR_SYNTAX;
  return err != MSIM_OK ? err : append(out, capacity_bytes, size_bytes, message.data + at, back_bytes);
}

/* ---- taking apart ---- */

int msim__dns_rdata_addr(uint16_t type, struct msim_slice rdata, struct msim_addr *out)
{
  if ((type != MSIM__DNS_A && type != MSIM__DNS_AAAA) || !has_form(type, rdata))
    return MSIM_ERR_SYNTAX;
  memset(out, 0, sizeof *out);
  out->family = type == MSIM__DNS_A ? MSIM_FAMILY_IPV4 : MSIM_FAMILY_IPV6;
  memcpy(out->bytes, rdata.data, rdata.size_bytes);
  return MSIM_OK;
}

/* A name at *at, without pointers: what is in full has none. */
static int take_name(struct msim_slice rdata, size_t *at, struct msim__dns_name *out)
{
  struct msim_slice rest = {NULL, 0};
  size_t here = 0;
  int err;

  if (*at > rdata.size_bytes)
    return MSIM_ERR_SYNTAX;
  rest.data = rdata.data + *at;
  rest.size_bytes = rdata.size_bytes - *at;
  err = msim__dns_name_read(out, rest, &here); /* a pointer would lead in front of rest, or to itself */
  *at += here;
  return err;
}

int msim__dns_rdata_name(uint16_t type, struct msim_slice rdata, struct msim__dns_name *out, uint16_t *preference)
{
  size_t at = 0;
  int err;

  if (type != MSIM__DNS_NS && type != MSIM__DNS_CNAME && type != MSIM__DNS_PTR && type != MSIM__DNS_MX)
    return MSIM_ERR_SYNTAX;
  if (type == MSIM__DNS_MX) {
    if (rdata.size_bytes < 2)
      return MSIM_ERR_SYNTAX;
    if (preference != NULL)
      *preference = msim__octets_get16(rdata.data);
    at = 2;
  }
  err = take_name(rdata, &at, out);
  return err == MSIM_OK && at != rdata.size_bytes ? MSIM_ERR_SYNTAX : err;
}

int msim__dns_rdata_srv(struct msim_slice rdata, struct msim__dns_srv *out)
{
  size_t at = 6;
  int err;

  if (rdata.size_bytes < 6)
    return MSIM_ERR_SYNTAX;
  out->priority = msim__octets_get16(rdata.data);
  out->weight = msim__octets_get16(rdata.data + 2);
  out->port = msim__octets_get16(rdata.data + 4);
  err = take_name(rdata, &at, &out->target);
  return err == MSIM_OK && at != rdata.size_bytes ? MSIM_ERR_SYNTAX : err;
}

int msim__dns_rdata_soa(struct msim_slice rdata, struct msim__dns_soa *out)
{
  const uint8_t *p;
  size_t at = 0;
  int err = take_name(rdata, &at, &out->server);

  if (err == MSIM_OK)
    err = take_name(rdata, &at, &out->mailbox);
  if (err != MSIM_OK || rdata.size_bytes - at != 20)
    return MSIM_ERR_SYNTAX;
  p = rdata.data + at;
  out->serial = msim__octets_get32(p);
  out->refresh_s = msim__octets_get32(p + 4);
  out->retry_s = msim__octets_get32(p + 8);
  out->expire_s = msim__octets_get32(p + 12);
  out->minimum_s = msim__octets_get32(p + 16);
  return MSIM_OK;
}

int msim__dns_rdata_text(struct msim_slice rdata, size_t *at, struct msim_slice *out)
{
  size_t length;

  if (*at >= rdata.size_bytes)
    return 0;
  length = rdata.data[*at];
  if (rdata.size_bytes - *at - 1 < length)
    return MSIM_ERR_SYNTAX;
  out->data = rdata.data + *at + 1;
  out->size_bytes = length;
  *at += length + 1;
  return 1;
}

/* ---- making ---- */

size_t msim__dns_make_addr(uint8_t *out, size_t capacity_bytes, const struct msim_addr *addr)
{
  size_t size = addr->family == MSIM_FAMILY_IPV4 ? 4 : 16;

  if (capacity_bytes < size)
    return 0;
  memcpy(out, addr->bytes, size);
  return size;
}

size_t msim__dns_make_name(uint8_t *out, size_t capacity_bytes, const struct msim__dns_name *name)
{
  if (capacity_bytes < name->size_bytes)
    return 0;
  memcpy(out, name->bytes, name->size_bytes);
  return name->size_bytes;
}

size_t msim__dns_make_mx(uint8_t *out, size_t capacity_bytes, uint16_t preference, const struct msim__dns_name *name)
{
  if (capacity_bytes < 2u + name->size_bytes)
    return 0;
  msim__octets_put16(out, preference);
  return 2 + msim__dns_make_name(out + 2, capacity_bytes - 2, name);
}

size_t msim__dns_make_srv(uint8_t *out, size_t capacity_bytes, const struct msim__dns_srv *srv)
{
  if (capacity_bytes < 6u + srv->target.size_bytes)
    return 0;
  msim__octets_put16(out, srv->priority);
  msim__octets_put16(out + 2, srv->weight);
  msim__octets_put16(out + 4, srv->port);
  return 6 + msim__dns_make_name(out + 6, capacity_bytes - 6, &srv->target);
}

size_t msim__dns_make_soa(uint8_t *out, size_t capacity_bytes, const struct msim__dns_soa *soa)
{
  const uint32_t numbers[5] = {soa->serial, soa->refresh_s, soa->retry_s, soa->expire_s, soa->minimum_s};
  size_t at, i;

  if (capacity_bytes < (size_t)soa->server.size_bytes + soa->mailbox.size_bytes + sizeof numbers)
    return 0;
  at = msim__dns_make_name(out, capacity_bytes, &soa->server);
  at += msim__dns_make_name(out + at, capacity_bytes - at, &soa->mailbox);
  for (i = 0; i < 5; i++, at += 4)
    msim__octets_put32(out + at, numbers[i]);
  return at;
}

size_t msim__dns_make_text(uint8_t *out, size_t capacity_bytes, struct msim_slice text)
{
  size_t at = 0, from = 0;

  do {
    size_t part = text.size_bytes - from < 255 ? text.size_bytes - from : 255;

    if (capacity_bytes - at < part + 1)
      return 0;
    out[at++] = (uint8_t)part;
    if (part > 0)
      memcpy(out + at, text.data + from, part);
    at += part;
    from += part;
  } while (from < text.size_bytes);
  return at;
}
