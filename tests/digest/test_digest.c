/* test_digest.c: the digests by the vectors of RFC 1321, 2104, 4231 and 7914, or none of them where there is no
 * libcrypto. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "digest/digest.h"

static struct msim_slice text(const char *text)
{
  struct msim_slice slice = {(const uint8_t *)text, strlen(text)};

  return slice;
}

static void assert_hex(const uint8_t *bytes, size_t size_bytes, const char *hex)
{
  static const char digits[] = "0123456789abcdef";
  char found[2 * MSIM__DIGEST_BYTES_MAX + 1];
  size_t i;

  for (i = 0; i < size_bytes; i++) {
    found[2 * i] = digits[bytes[i] >> 4];
    found[2 * i + 1] = digits[bytes[i] & 15];
  }
  found[2 * i] = '\0';
  assert_string_equal(found, hex);
}

#ifdef MSIM_HAVE_CRYPTO

static void vectors_of_the_rfcs_come_out(void **state)
{
  const struct msim_slice nothing = {NULL, 0};
  uint8_t out[MSIM__DIGEST_BYTES_MAX], key[20];

  (void)state;
  assert_int_equal(msim__digest_of(MSIM__DIGEST_SHA256, text("abc"), out), 0);
  assert_hex(out, 32, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  assert_int_equal(msim__digest_of(MSIM__DIGEST_SHA256, nothing, out), 0);
  assert_hex(out, 32, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  memset(key, 0x0b, sizeof key); /* RFC 4231 4.2 */
  assert_int_equal(msim__digest_hmac(MSIM__DIGEST_SHA256, (struct msim_slice){key, sizeof key}, text("Hi There"), out),
                   0);
  assert_hex(out, 32, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  assert_int_equal(msim__digest_hmac(MSIM__DIGEST_SHA256, nothing, nothing, out), 0);
  assert_hex(out, 32, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  assert_int_equal(msim__digest_pbkdf2(MSIM__DIGEST_SHA256, text("passwd"), text("salt"), 1, out), 0); /* RFC 7914 11 */
  assert_hex(out, 32, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc");
}

static void md5_comes_out_where_libcrypto_lets_one_have_it(void **state)
{
  uint8_t out[MSIM__DIGEST_BYTES_MAX];

  (void)state;
  if (!msim__digest_is_there(MSIM__DIGEST_MD5))
    return;
  assert_int_equal(msim__digest_of(MSIM__DIGEST_MD5, text("message digest"), out), 0);
  assert_hex(out, 16, "f96b697d7cb7938d525a2f31aaf161d0");
  assert_int_equal(msim__digest_hmac(MSIM__DIGEST_MD5, text("Jefe"), text("what do ya want for nothing?"), out), 0);
  assert_hex(out, 16, "750c783e6ab0b503eaa86e310a5db738");
}

#else

static void vectors_of_the_rfcs_come_out(void **state)
{
  static const uint8_t zeros[MSIM__DIGEST_BYTES_MAX];
  uint8_t out[MSIM__DIGEST_BYTES_MAX] = {1};

  (void)state;
  assert_int_equal(msim__digest_of(MSIM__DIGEST_SHA256, text("abc"), out), MSIM_ERR_NOT_FOUND);
  assert_memory_equal(out, zeros, sizeof out);
  assert_int_equal(msim__digest_hmac(MSIM__DIGEST_MD5, text("abc"), text("abc"), out), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim__digest_pbkdf2(MSIM__DIGEST_SHA256, text("a"), text("b"), 1, out), MSIM_ERR_NOT_FOUND);
  (void)assert_hex;
}

static void md5_comes_out_where_libcrypto_lets_one_have_it(void **state)
{
  (void)state;
  assert_false(msim__digest_is_there(MSIM__DIGEST_MD5));
  assert_false(msim__digest_is_there(MSIM__DIGEST_SHA256));
}

#endif

static void number_of_rounds_is_bounded(void **state)
{
  uint8_t out[MSIM__DIGEST_BYTES_MAX];

  (void)state;
  assert_int_equal(msim__digest_bytes(MSIM__DIGEST_MD5), 16);
  assert_int_equal(msim__digest_bytes(MSIM__DIGEST_SHA256), 32);
  assert_int_equal(msim__digest_pbkdf2(MSIM__DIGEST_SHA256, text("a"), text("b"), 0, out), MSIM_ERR_INVALID);
  assert_int_equal(msim__digest_pbkdf2(MSIM__DIGEST_SHA256, text("a"), text("b"), MSIM__DIGEST_ROUNDS_MAX + 1, out),
                   MSIM_ERR_INVALID);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vectors_of_the_rfcs_come_out),
      cmocka_unit_test(md5_comes_out_where_libcrypto_lets_one_have_it),
      cmocka_unit_test(number_of_rounds_is_bounded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
