/* ipv4.c: the IPv4 header (RFC 791) as bytes and as values.
 *
 * Does not reassemble fragments, read options or decide where a datagram goes. */
#include "wire/ipv4.h"
#include "wire/checksum.h"
#include "wire/octets.h"

#include <string.h>

#define RESERVED_BIT 0x8000u
#define DONT_FRAGMENT 0x4000u
#define MORE_FRAGMENTS 0x2000u
#define OFFSET_MASK 0x1fffu

static bool fits_fields(const struct msim__ipv4_header *h)
{
  return h->options_bytes <= MSIM__IPV4_OPTIONS_BYTES_MAX && h->fragment_bytes % 8 == 0 && h->dscp < 64 && h->ecn < 4 &&
         h->total_bytes >= msim__ipv4_header_bytes(h);
}

size_t msim__ipv4_encode(const struct msim__ipv4_header *header, uint8_t *out, size_t cap_bytes)
{
  size_t header_bytes = msim__ipv4_header_bytes(header);
  unsigned fragment;

  if (cap_bytes < header_bytes || !fits_fields(header))
    return 0;
  fragment = (unsigned)header->fragment_bytes / 8;
  if (header->reserved_bit)
    fragment |= RESERVED_BIT;
  if (header->dont_fragment)
    fragment |= DONT_FRAGMENT;
  if (header->more_fragments)
    fragment |= MORE_FRAGMENTS;

  memset(out, 0, header_bytes);
  out[0] = (uint8_t)(0x40u | header_bytes / 4);
  out[1] = (uint8_t)(header->dscp << 2 | header->ecn);
  msim__octets_put16(out + 2, header->total_bytes);
  msim__octets_put16(out + 4, header->id);
  msim__octets_put16(out + 6, (uint16_t)fragment);
  out[8] = header->ttl;
  out[9] = header->protocol;
  memcpy(out + 12, header->src.bytes, 4);
  memcpy(out + 16, header->dst.bytes, 4);
  memcpy(out + 20, header->options, header->options_bytes);
  msim__octets_put16(out + 10, msim__checksum_of((struct msim_slice){out, header_bytes}));
  return header_bytes;
}

static void read_address(struct msim_addr *out, const uint8_t *p)
{
  memset(out, 0, sizeof *out);
  out->family = MSIM_FAMILY_IPV4;
  memcpy(out->bytes, p, 4);
}

int msim__ipv4_decode_quoted(struct msim__ipv4_header *out, struct msim_slice bytes)
{
  const uint8_t *p = bytes.data;
  size_t header_bytes;
  unsigned fragment;

  memset(out, 0, sizeof *out);
  if (bytes.size_bytes < MSIM__IPV4_HEADER_BYTES_MIN)
    return MSIM_ERR_LIMIT;
  header_bytes = (size_t)(p[0] & 15) * 4;
  if (p[0] >> 4 != 4 || header_bytes < MSIM__IPV4_HEADER_BYTES_MIN)
    return MSIM_ERR_SYNTAX;
  if (bytes.size_bytes < header_bytes)
    return MSIM_ERR_LIMIT;

  out->dscp = p[1] >> 2;
  out->ecn = p[1] & 3;
  out->total_bytes = msim__octets_get16(p + 2);
  if (out->total_bytes < header_bytes)
    return MSIM_ERR_SYNTAX;
  out->id = msim__octets_get16(p + 4);
  fragment = msim__octets_get16(p + 6);
  out->reserved_bit = (fragment & RESERVED_BIT) != 0;
  out->dont_fragment = (fragment & DONT_FRAGMENT) != 0;
  out->more_fragments = (fragment & MORE_FRAGMENTS) != 0;
  out->fragment_bytes = (uint16_t)((fragment & OFFSET_MASK) * 8);
  out->ttl = p[8];
  out->protocol = p[9];
  read_address(&out->src, p + 12);
  read_address(&out->dst, p + 16);
  out->options_bytes = (uint8_t)(header_bytes - MSIM__IPV4_HEADER_BYTES_MIN);
  memcpy(out->options, p + MSIM__IPV4_HEADER_BYTES_MIN, out->options_bytes);
  return MSIM_OK;
}

int msim__ipv4_decode(struct msim__ipv4_header *out, struct msim_slice bytes)
{
  int err = msim__ipv4_decode_quoted(out, bytes);

  if (err < 0)
    return err;
  if (bytes.size_bytes < out->total_bytes)
    return MSIM_ERR_LIMIT;
  /* A last fragment that would end beyond 65535 bytes is a matter of reassembly, not of this header. */
  if (msim__checksum_of((struct msim_slice){bytes.data, msim__ipv4_header_bytes(out)}) != 0)
    return MSIM_ERR_INVALID;
  return MSIM_OK;
}
