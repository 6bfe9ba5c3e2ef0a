/* ethernet.h: the header of an Ethernet frame (IEEE 802.3 3) as bytes and as values.
 *
 * Frames are as captures have them: without preamble and FCS. Does not know tags of VLANs: their type is one like all
 * others. */
#ifndef MSIM_WIRE_ETHERNET_H
#define MSIM_WIRE_ETHERNET_H

#include <mailsim/base.h>

#define MSIM__ETHERNET_HEADER_BYTES 14u
#define MSIM__ETHERNET_PAYLOAD_MIN 46u /* IEEE 802.3 3.2.8: less is padded with zeros */

enum { MSIM__ETHERTYPE_IPV4 = 0x0800, MSIM__ETHERTYPE_ARP = 0x0806, MSIM__ETHERTYPE_IPV6 = 0x86dd };

struct msim__ethernet_header {
  uint8_t dst[6], src[6];
  uint16_t type; /* at least 0x0600 (IEEE 802.3 3.2.6) */
};

/* Writes 14 bytes and returns 14; 0: out is too small, or the type would be a length. */
size_t msim__ethernet_encode(const struct msim__ethernet_header *header, uint8_t *out, size_t cap_bytes);

/* How many bytes of padding belong behind a payload of that size. */
static inline size_t msim__ethernet_padding_bytes(size_t payload_bytes)
{
  return payload_bytes < MSIM__ETHERNET_PAYLOAD_MIN ? MSIM__ETHERNET_PAYLOAD_MIN - payload_bytes : 0;
}

/* payload: all behind the header, padding too. MSIM_OK; MSIM_ERR_LIMIT: shorter than a header and the least payload;
 * MSIM_ERR_SYNTAX: a length instead of a type. */
int msim__ethernet_decode(struct msim__ethernet_header *out, struct msim_slice *payload, struct msim_slice frame);

#endif
