/* fuzz_dhcp_message.c: lib/wire/dhcp_message.c: what can be read can be written and then reads the same.
 * Input: a message. */
#include "fuzz.h"
#include "wire/dhcp_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct msim__dhcp_message message, again;
  uint8_t out[2048], *copy = fuzz_copy(fuzz_slice_of(data, size_bytes));
  size_t size;

  if (msim__dhcp_decode(&message, fuzz_slice_of(copy, size_bytes)) == MSIM_OK) {
    size = msim__dhcp_encode(&message, out, sizeof out);
    FUZZ_CHECK(size >= MSIM__DHCP_MESSAGE_BYTES_MIN);
    FUZZ_CHECK(msim__dhcp_decode(&again, fuzz_slice_of(out, size)) == MSIM_OK);
    FUZZ_CHECK(again.mask_bits == message.mask_bits && again.has_mask == message.has_mask);
    FUZZ_CHECK(again.routers.count == message.routers.count && again.lease_s == message.lease_s);
    FUZZ_CHECK(strcmp(again.domain, message.domain) == 0 && strcmp(again.host_name, message.host_name) == 0);
    FUZZ_CHECK(again.client_id_bytes == message.client_id_bytes && again.ask_count == message.ask_count);
    FUZZ_CHECK(again.type == message.type && again.xid == message.xid && again.broadcast == message.broadcast);
  } else {
    FUZZ_CHECK(message.op == 0 && message.xid == 0);
  }
  free(copy);
  return 0;
}
