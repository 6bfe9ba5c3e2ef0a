/* ethernet.c: see ethernet.h. */
#include "wire/ethernet.h"
#include "wire/octets.h"

#include <string.h>

#define TYPE_MIN 0x0600u

size_t msim__ethernet_encode(const struct msim__ethernet_header *header, uint8_t *out, size_t cap_bytes)
{
  if (cap_bytes < MSIM__ETHERNET_HEADER_BYTES || header->type < TYPE_MIN)
    return 0;
  memcpy(out, header->dst, 6);
  memcpy(out + 6, header->src, 6);
  msim__octets_put16(out + 12, header->type);
  return MSIM__ETHERNET_HEADER_BYTES;
}

int msim__ethernet_decode(struct msim__ethernet_header *out, struct msim_slice *payload, struct msim_slice frame)
{
  memset(out, 0, sizeof *out);
  if (frame.size_bytes < MSIM__ETHERNET_HEADER_BYTES + MSIM__ETHERNET_PAYLOAD_MIN)
    return MSIM_ERR_LIMIT;
  memcpy(out->dst, frame.data, 6);
  memcpy(out->src, frame.data + 6, 6);
  out->type = msim__octets_get16(frame.data + 12);
  payload->data = frame.data + MSIM__ETHERNET_HEADER_BYTES;
  payload->size_bytes = frame.size_bytes - MSIM__ETHERNET_HEADER_BYTES;
  return out->type < TYPE_MIN ? MSIM_ERR_SYNTAX : MSIM_OK;
}
