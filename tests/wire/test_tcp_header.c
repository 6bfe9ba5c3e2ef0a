/* test_tcp_header.c: the TCP header, its options in good and bad shape, the layouts of common stacks. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "wire/tcp_header.h"

static const struct msim_addr v4_src = {MSIM_FAMILY_IPV4, {192, 0, 2, 1}};
static const struct msim_addr v4_dst = {MSIM_FAMILY_IPV4, {198, 51, 100, 7}};
static const struct msim_addr v6_src = {MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}};
static const struct msim_addr v6_dst = {MSIM_FAMILY_IPV6, {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2}};

/* A SYN as Linux sends it: mss 1460, sackOK, TS val 123456 ecr 0, nop, wscale 7. */
static const uint8_t syn[40] = {0x9c, 0x40, 0x00, 0x19, 0x11, 0x22, 0x33, 0x44, 0x00, 0x00, 0x00, 0x00, 0xa0, 0x02,
                                0xfa, 0xf0, 0x9d, 0xd1, 0x00, 0x00, 0x02, 0x04, 0x05, 0xb4, 0x04, 0x02, 0x08, 0x0a,
                                0x00, 0x01, 0xe2, 0x40, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x03, 0x07};

/* A header with these raw options, padded with zeros to a multiple of 4. */
static size_t with_options(uint8_t out[60], const uint8_t *options, size_t size_bytes)
{
  size_t header_bytes = 20 + ((size_bytes + 3) & ~(size_t)3);

  memset(out, 0, 60);
  out[12] = (uint8_t)(header_bytes / 4 << 4);
  memcpy(out + 20, options, size_bytes);
  return header_bytes;
}

static void decode_of_syn_gives_values(void **state)
{
  struct msim__tcp_header h;

  (void)state;
  assert_int_equal(msim__tcp_header_decode(&h, (struct msim_slice){syn, sizeof syn}), MSIM_OK);
  assert_int_equal(h.src_port, 40000);
  assert_int_equal(h.dst_port, 25);
  assert_int_equal(h.seq, 0x11223344);
  assert_int_equal(h.ack, 0);
  assert_int_equal(h.flags, MSIM__TCP_SYN);
  assert_int_equal(h.window, 64240);
  assert_int_equal(h.checksum, 0x9dd1);
  assert_int_equal(h.urgent, 0);
  assert_int_equal(h.mss_bytes, 1460);
  assert_int_equal(h.window_shift, 7);
  assert_true(h.sack_permitted);
  assert_true(h.has_timestamps);
  assert_int_equal(h.ts_value, 123456);
  assert_int_equal(h.ts_echo, 0);
  assert_int_equal(h.sack_count, 0);
  assert_false(h.options_bad);
  assert_int_equal(h.options_bytes, 20);
}

static void decode_then_encode_is_identity_for_any_bytes(void **state)
{
  uint8_t bytes[60], out[60];
  struct msim__tcp_header h;
  uint32_t x = 1;
  unsigned round;
  size_t i;

  (void)state;
  for (round = 0; round < 2000; round++) {
    size_t header_bytes;
    struct msim_slice exact;

    for (i = 0; i < sizeof bytes; i++) {
      x = x * 1664525u + 1013904223u;
      bytes[i] = (uint8_t)(x >> 24 & (i >= 20 ? 0x0f : 0xff)); /* small numbers make likely options */
    }
    header_bytes = 20 + (size_t)(round % 11) * 4;
    bytes[12] = (uint8_t)(header_bytes / 4 << 4 | (bytes[12] & 15));
    exact = exact_copy(bytes, header_bytes);
    assert_int_equal(msim__tcp_header_decode(&h, exact), MSIM_OK);
    assert_int_equal(msim__tcp_header_bytes(&h), header_bytes);
    assert_int_equal(msim__tcp_header_encode(&h, out, header_bytes - 1), 0);
    assert_int_equal(msim__tcp_header_encode(&h, out, sizeof out), header_bytes);
    assert_memory_equal(out, bytes, header_bytes);
    exact_free(exact);
  }
}

static void decode_of_every_truncation_is_refused(void **state)
{
  struct msim__tcp_header h;
  size_t n;

  (void)state;
  for (n = 0; n < sizeof syn; n++) {
    struct msim_slice cut = exact_copy(syn, n);

    assert_int_equal(msim__tcp_header_decode(&h, cut), MSIM_ERR_LIMIT);
    exact_free(cut);
  }
}

static void decode_of_offset_below_five_is_refused(void **state)
{
  struct msim__tcp_header h;
  uint8_t bytes[40];
  unsigned words;

  (void)state;
  memcpy(bytes, syn, sizeof syn);
  for (words = 0; words < 5; words++) {
    bytes[12] = (uint8_t)(words << 4);
    assert_int_equal(msim__tcp_header_decode(&h, (struct msim_slice){bytes, sizeof bytes}), MSIM_ERR_SYNTAX);
  }
}

static void decode_of_four_sack_blocks_gives_them(void **state)
{
  uint8_t bytes[60], options[34] = {5, 34};
  struct msim__tcp_header h;
  size_t i;

  (void)state;
  for (i = 0; i < 4; i++) {
    options[2 + 8 * i + 3] = (uint8_t)(10 * i + 1);
    options[2 + 8 * i + 4] = 0xff; /* far right edge: unsigned 32 bits */
  }
  i = with_options(bytes, options, sizeof options);
  assert_int_equal(msim__tcp_header_decode(&h, (struct msim_slice){bytes, i}), MSIM_OK);
  assert_int_equal(h.sack_count, 4);
  for (i = 0; i < 4; i++) {
    assert_int_equal(h.sack[i].left, 10 * i + 1);
    assert_int_equal(h.sack[i].right, 0xff000000);
  }
  assert_false(h.options_bad);
}

/* MUST-6, MUST-7 */
static void bad_options_are_flagged_and_never_refused(void **state)
{
  static const struct {
    uint8_t options[12];
    size_t size_bytes;
    bool bad;
    uint16_t mss_bytes;
  } cases[] = {
      {{0}, 4, false, 0},                                  /* end of list at once */
      {{1, 1, 1, 1}, 4, false, 0},                         /* NOPs to the end, no end of list */
      {{2, 4, 5, 0xb4}, 4, false, 1460},                   /* fine */
      {{0, 2, 4, 5, 0xb4}, 5, false, 0},                   /* behind the end of the list */
      {{2, 4, 5, 0xb4, 8, 0, 0, 0}, 8, true, 1460},        /* length 0 behind a good one */
      {{8, 0, 2, 4, 5, 0xb4, 0, 0}, 8, true, 0},           /* length 0 ends it all: MUST-7 */
      {{8, 1, 2, 4, 5, 0xb4, 0, 0}, 8, true, 0},           /* length 1 */
      {{1, 1, 1, 2}, 4, true, 0},                          /* kind without length */
      {{2, 4, 5, 0xb4, 8, 10, 0, 0}, 8, true, 1460},       /* beyond the header */
      {{1, 1, 1, 1, 253, 6, 0, 0}, 8, true, 0},            /* beyond the header, shorter than the list */
      {{2, 3, 5, 1, 2, 4, 5, 0xb4}, 8, true, 1460},        /* MSS of wrong length is passed over */
      {{3, 4, 5, 1, 2, 4, 5, 0xb4}, 8, true, 1460},        /* window scale of wrong length */
      {{4, 3, 5, 1, 2, 4, 5, 0xb4}, 8, true, 1460},        /* SACK permitted of wrong length */
      {{5, 2, 1, 1, 2, 4, 5, 0xb4}, 8, true, 1460},        /* no SACK block */
      {{5, 6, 1, 1, 1, 1, 2, 4, 5, 0xb4}, 10, true, 1460}, /* half a SACK block */
      {{8, 4, 1, 1, 2, 4, 5, 0xb4}, 8, true, 1460},        /* timestamps of wrong length */
      {{253, 4, 1, 1, 2, 4, 5, 0xb4}, 8, false, 1460},     /* unknown: MUST-6 */
      {{2, 4, 1, 1, 2, 4, 5, 0xb4}, 8, false, 1460},       /* twice: the last one */
  };
  struct msim__tcp_header h;
  uint8_t bytes[60], out[60];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    size_t n = with_options(bytes, cases[i].options, cases[i].size_bytes);
    struct msim_slice exact = exact_copy(bytes, n);

    assert_int_equal(msim__tcp_header_decode(&h, exact), MSIM_OK);
    assert_int_equal(h.options_bad, cases[i].bad);
    assert_int_equal(h.mss_bytes, cases[i].mss_bytes);
    assert_int_equal(h.window_shift, -1);
    assert_false(h.sack_permitted);
    assert_false(h.has_timestamps);
    assert_int_equal(h.sack_count, 0);
    assert_int_equal(msim__tcp_header_encode(&h, out, sizeof out), n);
    assert_memory_equal(out, bytes, n);
    exact_free(exact);
  }
}

static void window_shift_of_255_is_not_absent(void **state)
{
  static const uint8_t options[] = {3, 3, 255, 0};
  struct msim__tcp_header h;
  uint8_t bytes[60];
  size_t n = with_options(bytes, options, sizeof options);

  (void)state;
  assert_int_equal(msim__tcp_header_decode(&h, (struct msim_slice){bytes, n}), MSIM_OK);
  assert_int_equal(h.window_shift, 255);
}

/* MUST-6, MUST-68 */
static void option_next_walks_foreign_options(void **state)
{
  static const uint8_t list[] = {1, 34, 6, 0xaa, 0xbb, 0xcc, 0xdd, 1, 28, 4, 0x80, 5, 0, 9};
  struct msim_slice options = exact_copy(list, sizeof list), data;
  size_t at = 0;
  uint8_t kind;

  (void)state;
  assert_int_equal(msim__tcp_option_next(options, &at, &kind, &data), 1);
  assert_int_equal(kind, MSIM__TCP_OPTION_FAST_OPEN);
  assert_int_equal(data.size_bytes, 4);
  assert_memory_equal(data.data, "\xaa\xbb\xcc\xdd", 4);
  assert_int_equal(msim__tcp_option_next(options, &at, &kind, &data), 1);
  assert_int_equal(kind, MSIM__TCP_OPTION_USER_TIMEOUT);
  assert_int_equal(data.size_bytes, 2);
  assert_int_equal(msim__tcp_option_next(options, &at, &kind, &data), 0);
  assert_int_equal(msim__tcp_option_next(options, &at, &kind, &data), 0);
  exact_free(options);
}

static void fill_syn(struct msim__tcp_header *h)
{
  msim__tcp_header_init(h);
  h->mss_bytes = 1460;
  h->sack_permitted = true;
  h->has_timestamps = true;
  h->ts_value = 123456;
  h->window_shift = 7;
}

static void assert_laid(struct msim__tcp_header *h, enum msim__tcp_layout layout, const char *bytes, size_t size_bytes)
{
  assert_int_equal(msim__tcp_header_lay_options(h, layout), MSIM_OK);
  assert_int_equal(h->options_bytes, size_bytes);
  assert_memory_equal(h->options, bytes, size_bytes);
}

/* MUST-4, MUST-68 */
static void linux_layout_matches_what_linux_sends(void **state)
{
  struct msim__tcp_header h;

  (void)state;
  fill_syn(&h);
  assert_laid(&h, MSIM__TCP_LAYOUT_LINUX, (const char *)syn + 20, 20);
  h.has_timestamps = false; /* mss, nop, nop, sackOK, nop, wscale */
  assert_laid(&h, MSIM__TCP_LAYOUT_LINUX, "\2\4\5\xb4\1\1\4\2\1\3\3\7", 12);
  msim__tcp_header_init(&h); /* nop, nop, TS, nop, nop, SACK */
  h.has_timestamps = true;
  h.ts_value = 1;
  h.ts_echo = 2;
  h.sack_count = 1;
  h.sack[0].left = 0x01020304;
  h.sack[0].right = 0x05060708;
  assert_laid(&h, MSIM__TCP_LAYOUT_LINUX,
              "\1\1\x08\x0a\0\0\0\1\0\0\0\2"
              "\1\1\5\x0a\1\2\3\4\5\6\7\x08",
              24);
}

static void freebsd_layout_matches_what_freebsd_sends(void **state)
{
  struct msim__tcp_header h;

  (void)state;
  fill_syn(&h); /* mss, nop, wscale, sackOK, TS */
  assert_laid(&h, MSIM__TCP_LAYOUT_FREEBSD, "\2\4\5\xb4\1\3\3\7\4\2\x08\x0a\0\1\xe2\x40\0\0\0\0", 20);
  h.has_timestamps = false; /* mss, nop, wscale, sackOK, eol, pad */
  assert_laid(&h, MSIM__TCP_LAYOUT_FREEBSD, "\2\4\5\xb4\1\3\3\7\4\2\0\0", 12);
}

static void lay_options_of_nothing_is_empty_and_of_too_much_refused(void **state)
{
  struct msim__tcp_header h;

  (void)state;
  msim__tcp_header_init(&h);
  h.options_bytes = 12;
  assert_laid(&h, MSIM__TCP_LAYOUT_LINUX, "", 0);
  h.sack_count = 4; /* 2 + 34 = 36 */
  assert_int_equal(msim__tcp_header_lay_options(&h, MSIM__TCP_LAYOUT_LINUX), MSIM_OK);
  assert_int_equal(h.options_bytes, 36);
  h.has_timestamps = true; /* 12 + 36 = 48 */
  assert_int_equal(msim__tcp_header_lay_options(&h, MSIM__TCP_LAYOUT_LINUX), MSIM_ERR_LIMIT);
  assert_int_equal(h.options_bytes, 0);
  h.sack_count = 3; /* 12 + 2 + 26 = 40 */
  assert_int_equal(msim__tcp_header_lay_options(&h, MSIM__TCP_LAYOUT_LINUX), MSIM_OK);
  assert_int_equal(h.options_bytes, 40);
  h.sack_count = 5;
  assert_int_equal(msim__tcp_header_lay_options(&h, MSIM__TCP_LAYOUT_LINUX), MSIM_ERR_INVALID);
}

static void encode_of_values_that_do_not_fit_is_refused(void **state)
{
  struct msim__tcp_header h;
  uint8_t out[64];

  (void)state;
  msim__tcp_header_init(&h);
  h.flags = 0x1000;
  assert_int_equal(msim__tcp_header_encode(&h, out, sizeof out), 0);
  h.flags = 0xfff;
  assert_int_equal(msim__tcp_header_encode(&h, out, sizeof out), 20);
  assert_int_equal(out[12], 0x5f);
  assert_int_equal(out[13], 0xff);
  h.options_bytes = 41;
  assert_int_equal(msim__tcp_header_encode(&h, out, sizeof out), 0);
  h.options_bytes = 1; /* padded */
  h.options[0] = 1;
  assert_int_equal(msim__tcp_header_encode(&h, out, sizeof out), 24);
  assert_memory_equal(out + 20, "\1\0\0\0", 4);
}

/* MUST-2 */
static void seal_writes_the_sum_that_verify_accepts(void **state)
{
  uint8_t bytes[40];

  (void)state;
  memcpy(bytes, syn, sizeof syn);
  assert_true(msim__tcp_header_verify((struct msim_slice){bytes, sizeof bytes}, &v4_src, &v4_dst));
  assert_false(msim__tcp_header_verify((struct msim_slice){bytes, sizeof bytes}, &v6_src, &v6_dst));
  bytes[16] = 0xff;
  msim__tcp_header_seal(bytes, sizeof bytes, &v4_src, &v4_dst);
  assert_memory_equal(bytes, syn, sizeof syn);
  msim__tcp_header_seal(bytes, sizeof bytes, &v6_src, &v6_dst);
  assert_int_equal(bytes[16], 0x2e);
  assert_int_equal(bytes[17], 0x99);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(decode_of_syn_gives_values),
      cmocka_unit_test(decode_then_encode_is_identity_for_any_bytes),
      cmocka_unit_test(decode_of_every_truncation_is_refused),
      cmocka_unit_test(decode_of_offset_below_five_is_refused),
      cmocka_unit_test(decode_of_four_sack_blocks_gives_them),
      cmocka_unit_test(bad_options_are_flagged_and_never_refused),
      cmocka_unit_test(window_shift_of_255_is_not_absent),
      cmocka_unit_test(option_next_walks_foreign_options),
      cmocka_unit_test(linux_layout_matches_what_linux_sends),
      cmocka_unit_test(freebsd_layout_matches_what_freebsd_sends),
      cmocka_unit_test(lay_options_of_nothing_is_empty_and_of_too_much_refused),
      cmocka_unit_test(encode_of_values_that_do_not_fit_is_refused),
      cmocka_unit_test(seal_writes_the_sum_that_verify_accepts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
