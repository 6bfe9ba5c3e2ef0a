/* arp.c: see arp.h. */
#include "wire/arp.h"
#include "wire/octets.h"

#include <string.h>

#define HARDWARE_ETHERNET 1u
#define PROTOCOL_IPV4 0x0800u

size_t msim__arp_encode(const struct msim__arp_packet *packet, uint8_t *out, size_t cap_bytes)
{
  if (cap_bytes < MSIM__ARP_BYTES || packet->sender.family != MSIM_FAMILY_IPV4 ||
      packet->target.family != MSIM_FAMILY_IPV4 ||
      (packet->operation != MSIM__ARP_REQUEST && packet->operation != MSIM__ARP_REPLY))
    return 0;
  msim__octets_put16(out, HARDWARE_ETHERNET);
  msim__octets_put16(out + 2, PROTOCOL_IPV4);
  out[4] = 6;
  out[5] = 4;
  msim__octets_put16(out + 6, packet->operation);
  memcpy(out + 8, packet->sender_mac, 6);
  memcpy(out + 14, packet->sender.bytes, 4);
  memcpy(out + 18, packet->target_mac, 6);
  memcpy(out + 24, packet->target.bytes, 4);
  return MSIM__ARP_BYTES;
}

int msim__arp_decode(struct msim__arp_packet *out, struct msim_slice bytes)
{
  const uint8_t *p = bytes.data;

  memset(out, 0, sizeof *out);
  if (bytes.size_bytes < MSIM__ARP_BYTES)
    return MSIM_ERR_LIMIT;
  if (msim__octets_get16(p) != HARDWARE_ETHERNET || msim__octets_get16(p + 2) != PROTOCOL_IPV4 || p[4] != 6 ||
      p[5] != 4)
    return MSIM_ERR_SYNTAX;
  out->operation = msim__octets_get16(p + 6);
  if (out->operation != MSIM__ARP_REQUEST && out->operation != MSIM__ARP_REPLY)
    return MSIM_ERR_SYNTAX;
  memcpy(out->sender_mac, p + 8, 6);
  out->sender.family = out->target.family = MSIM_FAMILY_IPV4;
  memcpy(out->sender.bytes, p + 14, 4);
  memcpy(out->target_mac, p + 18, 6);
  memcpy(out->target.bytes, p + 24, 4);
  return MSIM_OK;
}
