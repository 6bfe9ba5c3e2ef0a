/* test_ethernet.c: headers of frames and packets of ARP, good and bad. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "support/exact.h"
#include "wire/arp.h"
#include "wire/ethernet.h"

/* A request of 192.168.1.10 for 192.168.1.1, padded. */
static const uint8_t request[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0,   10,  8, 6,
                                    0,    1,    8,    0,    6,    4,    0, 1, 2, 0, 0,   0,   0, 10,
                                    192,  168,  1,    10,   0,    0,    0, 0, 0, 0, 192, 168, 1, 1};

static void known_request_gives_values_and_encodes_back(void **state)
{
  struct msim__ethernet_header h;
  struct msim__arp_packet arp;
  struct msim_slice payload;
  uint8_t out[60] = {0};

  (void)state;
  assert_int_equal(msim__ethernet_decode(&h, &payload, (struct msim_slice){request, sizeof request}), MSIM_OK);
  assert_int_equal(h.type, MSIM__ETHERTYPE_ARP);
  assert_int_equal(payload.size_bytes, 46);
  assert_int_equal(msim__arp_decode(&arp, payload), MSIM_OK);
  assert_int_equal(arp.operation, MSIM__ARP_REQUEST);
  assert_int_equal(msim_addr_ipv4_value(&arp.sender), 0xc0a8010a);
  assert_int_equal(msim_addr_ipv4_value(&arp.target), 0xc0a80101);
  assert_memory_equal(arp.sender_mac, h.src, 6);
  assert_int_equal(msim__ethernet_encode(&h, out, sizeof out), 14);
  assert_int_equal(msim__arp_encode(&arp, out + 14, sizeof out - 14), 28);
  assert_int_equal(msim__ethernet_padding_bytes(28), 18);
  assert_memory_equal(out, request, sizeof request);
}

static void every_truncation_is_refused(void **state)
{
  struct msim__ethernet_header h;
  struct msim__arp_packet arp;
  struct msim_slice payload;
  size_t n;

  (void)state;
  for (n = 0; n < sizeof request; n++) {
    struct msim_slice cut = exact_copy(request, n);

    assert_int_equal(msim__ethernet_decode(&h, &payload, cut), MSIM_ERR_LIMIT);
    exact_free(cut);
  }
  for (n = 0; n < 28; n++) {
    struct msim_slice cut = exact_copy(request + 14, n);

    assert_int_equal(msim__arp_decode(&arp, cut), MSIM_ERR_LIMIT);
    exact_free(cut);
  }
}

static void other_protocols_and_lengths_are_refused(void **state)
{
  static const struct {
    size_t at;
    uint8_t value;
    const char *what;
  } cases[] = {{15, 6, "hardware"},         {16, 0x86, "protocol"},       {17, 6, "protocol"},
               {18, 8, "size of hardware"}, {19, 16, "size of protocol"}, {21, 0, "operation 0"},
               {21, 3, "reverse request"},  {20, 1, "operation 257"}};
  struct msim__ethernet_header h;
  struct msim__arp_packet arp;
  struct msim_slice payload;
  uint8_t bytes[60];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    memcpy(bytes, request, sizeof bytes);
    bytes[cases[i].at] = cases[i].value;
    if (msim__arp_decode(&arp, (struct msim_slice){bytes + 14, 46}) != MSIM_ERR_SYNTAX)
      fail_msg("a wrong %s is taken", cases[i].what);
  }
  memcpy(bytes, request, sizeof bytes);
  bytes[12] = 0x05;
  bytes[13] = 0xff; /* a length (IEEE 802.3 3.2.6) */
  assert_int_equal(msim__ethernet_decode(&h, &payload, (struct msim_slice){bytes, 60}), MSIM_ERR_SYNTAX);
  bytes[12] = 0x06;
  bytes[13] = 0x00;
  assert_int_equal(msim__ethernet_decode(&h, &payload, (struct msim_slice){bytes, 60}), MSIM_OK);
}

static void what_cannot_be_written_is_not(void **state)
{
  struct msim__ethernet_header h = {.type = 0x05ff};
  struct msim__arp_packet arp = {.operation = 1};
  uint8_t out[64];

  (void)state;
  assert_int_equal(msim__ethernet_encode(&h, out, sizeof out), 0);
  h.type = MSIM__ETHERTYPE_IPV4;
  assert_int_equal(msim__ethernet_encode(&h, out, 13), 0);
  assert_int_equal(msim__arp_encode(&arp, out, sizeof out), 0); /* no addresses */
  arp.sender = arp.target = msim_addr_ipv4(1);
  assert_int_equal(msim__arp_encode(&arp, out, 27), 0);
  assert_int_equal(msim__arp_encode(&arp, out, 28), 28);
  arp.operation = 3;
  assert_int_equal(msim__arp_encode(&arp, out, 28), 0);
  assert_int_equal(msim__ethernet_padding_bytes(0), 46);
  assert_int_equal(msim__ethernet_padding_bytes(46), 0);
  assert_int_equal(msim__ethernet_padding_bytes(1500), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_request_gives_values_and_encodes_back),
      cmocka_unit_test(every_truncation_is_refused),
      cmocka_unit_test(other_protocols_and_lengths_are_refused),
      cmocka_unit_test(what_cannot_be_written_is_not),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
