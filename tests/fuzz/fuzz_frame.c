/* fuzz_frame.c: lib/wire/ethernet.c, arp.c: what can be read can be written and then has the same bytes.
 * Input: a frame. */
#include "fuzz.h"
#include "wire/arp.h"
#include "wire/ethernet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  uint8_t *copy = fuzz_copy(fuzz_slice_of(data, size_bytes)), out[MSIM__ARP_BYTES];
  struct msim__ethernet_header header;
  struct msim__arp_packet arp;
  struct msim_slice payload;

  if (msim__ethernet_decode(&header, &payload, fuzz_slice_of(copy, size_bytes)) == MSIM_OK) {
    FUZZ_CHECK(payload.size_bytes == size_bytes - MSIM__ETHERNET_HEADER_BYTES);
    FUZZ_CHECK(msim__ethernet_encode(&header, out, sizeof out) == MSIM__ETHERNET_HEADER_BYTES);
    FUZZ_CHECK(memcmp(out, data, MSIM__ETHERNET_HEADER_BYTES) == 0);
    if (msim__arp_decode(&arp, payload) == MSIM_OK) {
      FUZZ_CHECK(msim__arp_encode(&arp, out, sizeof out) == MSIM__ARP_BYTES);
      FUZZ_CHECK(memcmp(out, payload.data, MSIM__ARP_BYTES) == 0);
    }
  }
  free(copy);
  return 0;
}
