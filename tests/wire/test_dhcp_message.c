/* test_dhcp_message.c: DHCP messages both ways; options in pieces, overloaded, cut and malformed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "wire/dhcp_message.h"

#include <string.h>

static struct msim_addr v4(uint8_t a, uint8_t b, uint8_t c, uint8_t d)
{
  struct msim_addr addr = {MSIM_FAMILY_IPV4, {a, b, c, d}};

  return addr;
}

static struct msim__dhcp_message full_message(void)
{
  struct msim__dhcp_message m;

  memset(&m, 0, sizeof m);
  m.op = MSIM__DHCP_TO_CLIENT;
  m.type = MSIM__DHCP_ACK;
  m.broadcast = true;
  m.xid = 0x12345678;
  m.secs = 3;
  memcpy(m.mac, "\x02\x00\x00\xaa\xbb\xcc", 6);
  m.your = v4(192, 168, 1, 100);
  m.next = v4(192, 168, 1, 1);
  m.server = v4(192, 168, 1, 1);
  m.requested = v4(192, 168, 1, 100);
  m.has_mask = m.has_lease = m.has_t1 = m.has_t2 = m.has_mtu = true;
  m.mask_bits = 24;
  m.lease_s = UINT32_MAX;
  m.t1_s = 1800;
  m.t2_s = 3150;
  m.mtu_bytes = 1400;
  m.size_bytes_max = 1500;
  m.routers.count = 1;
  m.routers.items[0] = v4(192, 168, 1, 1);
  m.dns.count = 2;
  m.dns.items[0] = v4(9, 9, 9, 9);
  m.dns.items[1] = v4(192, 0, 2, 53);
  strcpy(m.host_name, "pc-a");
  strcpy(m.domain, "home.example");
  strcpy(m.text, "welcome");
  m.client_id_bytes = 7;
  memcpy(m.client_id, "\x01\x02\x00\x00\xaa\xbb\xcc", 7);
  m.ask_count = 3;
  memcpy(m.asks, "\x01\x03\x06", 3);
  return m;
}

static void encoded_message_is_read_as_it_was(void **state)
{
  struct msim__dhcp_message m = full_message(), back;
  uint8_t bytes[600];
  size_t size = msim__dhcp_encode(&m, bytes, sizeof bytes), n;

  (void)state;
  assert_in_range(size, MSIM__DHCP_MESSAGE_BYTES_MIN, MSIM__DHCP_MESSAGE_BYTES_MAX - 28);
  assert_int_equal(msim__dhcp_decode(&back, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_memory_equal(&back, &m, sizeof m);
  for (n = 0; n < MSIM__DHCP_MESSAGE_BYTES_MIN; n++)
    assert_int_equal(msim__dhcp_encode(&m, bytes, n), 0);
}

static void what_does_not_fit_stands_in_file_and_sname(void **state)
{
  struct msim__dhcp_message m = full_message(), back;
  uint8_t bytes[600];
  size_t n, full_size, fitted = 0;

  (void)state;
  full_size = msim__dhcp_encode(&m, bytes, sizeof bytes);
  for (n = MSIM__DHCP_MESSAGE_BYTES_MIN; n < full_size; n++) {
    size_t size;

    memset(bytes, 0xee, sizeof bytes);
    size = msim__dhcp_encode(&m, bytes, n);
    assert_in_range(size, MSIM__DHCP_MESSAGE_BYTES_MIN, n);
    assert_int_equal(bytes[n], 0xee);
    assert_int_equal(msim__dhcp_decode(&back, (struct msim_slice){bytes, size}), MSIM_OK);
    assert_memory_equal(&back, &m, sizeof m);
    fitted++;
  }
  assert_true(fitted > 20);
  memset(m.text, 'x', 120); /* long texts need another place */
  memset(m.domain, 'y', MSIM__DHCP_TEXT_BYTES - 1);
  assert_int_equal(msim__dhcp_encode(&m, bytes, MSIM__DHCP_MESSAGE_BYTES_MIN), 0);
  n = msim__dhcp_encode(&m, bytes, MSIM__DHCP_MESSAGE_BYTES_MAX - 28);
  assert_in_range(n, 1, MSIM__DHCP_MESSAGE_BYTES_MAX - 28);
  assert_int_equal(msim__dhcp_decode(&back, (struct msim_slice){bytes, n}), MSIM_OK);
  assert_memory_equal(&back, &m, sizeof m);
}

static void short_message_is_filled_up(void **state)
{
  struct msim__dhcp_message m, back;
  uint8_t bytes[300];

  (void)state;
  memset(&m, 0, sizeof m);
  m.op = MSIM__DHCP_TO_SERVER;
  m.type = MSIM__DHCP_DISCOVER;
  assert_int_equal(msim__dhcp_encode(&m, bytes, sizeof bytes), 300);
  assert_int_equal(msim__dhcp_decode(&back, (struct msim_slice){bytes, 300}), MSIM_OK);
  assert_memory_equal(&back, &m, sizeof m);
}

/* A message that is cut inside its options is refused; one that is cut behind a whole option is not (RFC 2131 wants
 * END, and many do without). */
static void cut_message_is_refused_or_whole(void **state)
{
  struct msim__dhcp_message m = full_message(), back;
  uint8_t bytes[600];
  size_t size = msim__dhcp_encode(&m, bytes, sizeof bytes), n, refused = 0;

  (void)state;
  for (n = 0; n < size; n++) {
    struct msim_slice cut = exact_copy(bytes, n);
    int err = msim__dhcp_decode(&back, cut);

    assert_true(err == MSIM_OK || err == MSIM_ERR_SYNTAX);
    if (n < 240)
      assert_int_equal(err, MSIM_ERR_SYNTAX);
    refused += err != MSIM_OK;
    if (err != MSIM_OK)
      assert_int_equal(back.op, 0);
    exact_free(cut);
  }
  assert_true(refused > 240 && refused < size);
}

static size_t with_options(uint8_t *bytes, const uint8_t *options, size_t size_bytes)
{
  struct msim__dhcp_message m;

  memset(&m, 0, sizeof m);
  m.op = MSIM__DHCP_TO_CLIENT;
  (void)msim__dhcp_encode(&m, bytes, 300);
  memcpy(bytes + 240, options, size_bytes);
  return 240 + size_bytes;
}

static void options_of_wrong_form_are_refused(void **state)
{
  static const struct {
    uint8_t size_bytes, bytes[12];
  } rows[] = {
      {1, {53}},          /* no length */
      {2, {53, 1}},       /* no data */
      {4, {53, 2, 1, 1}}, /* too long */
      {3, {53, 1, 0}},    /* no such type */
      {3, {53, 1, 9}},
      {5, {51, 3, 0, 0, 1}},       /* a lease of three bytes */
      {6, {1, 4, 255, 0, 255, 0}}, /* a mask with a hole */
      {6, {1, 4, 0, 0, 0, 1}},
      {7, {3, 5, 1, 2, 3, 4, 5}}, /* an address and a quarter */
      {7, {54, 5, 1, 2, 3, 4, 5}},
      {10, {54, 8, 1, 2, 3, 4, 1, 2, 3, 4}}, /* two servers */
      {3, {26, 1, 5}},
  };
  struct msim__dhcp_message m;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    uint8_t bytes[300];
    struct msim_slice copy = exact_copy(bytes, with_options(bytes, rows[i].bytes, rows[i].size_bytes));

    assert_int_equal(msim__dhcp_decode(&m, copy), MSIM_ERR_SYNTAX);
    exact_free(copy);
  }
}

/* RFC 3396: pieces of one option are one; RFC 2131 4.1: overload 3 continues in file, then in sname. */
static void pieces_are_put_together_across_areas(void **state)
{
  static const uint8_t options[] = {52, 1, 3, 15, 2, 'h', 'o', 0, 0, 15, 2, 'm', 'e', 255};
  uint8_t bytes[300];
  struct msim__dhcp_message m;
  size_t size = with_options(bytes, options, sizeof options);

  (void)state;
  memcpy(bytes + 108, "\x0f\x04.exa\xff", 7); /* file */
  memcpy(bytes + 44, "\x0f\x04mple\xff", 7);  /* sname */
  assert_int_equal(msim__dhcp_decode(&m, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_string_equal(m.domain, "home.example");
  bytes[242] = 1; /* file only */
  assert_int_equal(msim__dhcp_decode(&m, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_string_equal(m.domain, "home.exa");
}

static void long_lists_and_texts_are_cut(void **state)
{
  uint8_t bytes[600], options[260];
  struct msim__dhcp_message m;

  (void)state;
  options[0] = 3;
  options[1] = 252;
  memset(options + 2, 7, 252);
  options[254] = 255;
  assert_int_equal(msim__dhcp_decode(&m, (struct msim_slice){bytes, with_options(bytes, options, 255)}), MSIM_OK);
  assert_int_equal(m.routers.count, MSIM__DHCP_ADDRS_MAX);
  options[0] = 15;
  memset(options + 2, 'a', 252);
  assert_int_equal(msim__dhcp_decode(&m, (struct msim_slice){bytes, with_options(bytes, options, 255)}), MSIM_OK);
  assert_int_equal(strlen(m.domain), MSIM__DHCP_TEXT_BYTES - 1);
}

static void other_hardware_and_bootp_are_told_apart(void **state)
{
  static const uint8_t none[] = {255};
  uint8_t bytes[300];
  struct msim__dhcp_message m;
  size_t size = with_options(bytes, none, 1);

  (void)state;
  assert_int_equal(msim__dhcp_decode(&m, (struct msim_slice){bytes, size}), MSIM_OK);
  assert_int_equal(m.type, MSIM__DHCP_NONE);
  bytes[1] = 6;
  assert_int_equal(msim__dhcp_decode(&m, (struct msim_slice){bytes, size}), MSIM_ERR_SYNTAX);
  bytes[1] = 1;
  bytes[2] = 16;
  assert_int_equal(msim__dhcp_decode(&m, (struct msim_slice){bytes, size}), MSIM_ERR_SYNTAX);
  bytes[2] = 6;
  bytes[236] = 0;
  assert_int_equal(msim__dhcp_decode(&m, (struct msim_slice){bytes, size}), MSIM_ERR_SYNTAX);
}

static void asking_for_nothing_asks_for_everything(void **state)
{
  struct msim__dhcp_message m = full_message();

  (void)state;
  assert_true(msim__dhcp_asks_for(&m, MSIM__DHCP_OPT_DNS));
  assert_false(msim__dhcp_asks_for(&m, MSIM__DHCP_OPT_MTU));
  m.ask_count = 0;
  assert_true(msim__dhcp_asks_for(&m, MSIM__DHCP_OPT_MTU));
  assert_string_equal(msim__dhcp_type_name(MSIM__DHCP_NAK), "nak");
  assert_null(msim__dhcp_type_name(9));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(encoded_message_is_read_as_it_was),
      cmocka_unit_test(what_does_not_fit_stands_in_file_and_sname),
      cmocka_unit_test(short_message_is_filled_up),
      cmocka_unit_test(cut_message_is_refused_or_whole),
      cmocka_unit_test(options_of_wrong_form_are_refused),
      cmocka_unit_test(pieces_are_put_together_across_areas),
      cmocka_unit_test(long_lists_and_texts_are_cut),
      cmocka_unit_test(other_hardware_and_bootp_are_told_apart),
      cmocka_unit_test(asking_for_nothing_asks_for_everything),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
