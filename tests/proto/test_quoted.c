/* test_quoted.c: quoted-printable both ways, whole and in pieces of every size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/quoted.h"

#define ROOM 4096u

static size_t encode(struct msim_slice in, size_t piece, size_t cap, uint8_t *out)
{
  struct msim__quoted_encode quoted = {0};
  size_t at = 0, n = 0, taken, written;

  while (at < in.size_bytes) {
    size_t k = in.size_bytes - at < piece ? in.size_bytes - at : piece;

    msim__quoted_encode(&quoted, (struct msim_slice){in.data + at, k}, out + n, cap, &taken, &written);
    assert_true(taken > 0 && written <= cap);
    at += taken;
    n += written;
  }
  return n + msim__quoted_encode_end(&quoted, out + n);
}

static size_t decode(struct msim_slice in, size_t piece, uint8_t *out)
{
  struct msim__quoted_decode quoted = {{0}, 0};
  size_t at = 0, n = 0, taken, written;

  while (at < in.size_bytes) {
    size_t k = in.size_bytes - at < piece ? in.size_bytes - at : piece;

    msim__quoted_decode(&quoted, (struct msim_slice){in.data + at, k}, out + n, MSIM__QUOTED_WHITE_MAX + 4, &taken,
                        &written);
    assert_true(taken > 0);
    at += taken;
    n += written;
  }
  return n + msim__quoted_decode_end(&quoted, out + n);
}

static void text_is_encoded_as_the_rules_say(void **state)
{
  static const struct {
    const char *plain, *coded;
  } cases[] = {
      {"", ""},
      {"abc\r\n", "abc\r\n"},
      {"a=b", "a=3Db"},
      {"gr\xc3\xbcn\r\n", "gr=C3=BCn\r\n"},
      {"end \r\n", "end=20\r\n"},
      {"end\t", "end=09"},
      {"a  b", "a  b"},
      {"a\rb\nc", "a=0Db=0Ac"},
      {" \r\r\n", " =0D\r\n"},
      {"123456789012345678901234567890123456789012345678901234567890123456789012345",
       "123456789012345678901234567890123456789012345678901234567890123456789012345"},
      {"1234567890123456789012345678901234567890123456789012345678901234567890123456",
       "123456789012345678901234567890123456789012345678901234567890123456789012345=\r\n6"},
      {"12345678901234567890123456789012345678901234567890123456789012345678901234\xff",
       "12345678901234567890123456789012345678901234567890123456789012345678901234=\r\n=FF"},
  };
  uint8_t out[ROOM];
  size_t i, piece;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (piece = 1; piece < 80; piece += 3) {
      struct msim_slice in = exact_text(cases[i].plain), coded = exact_text(cases[i].coded);
      size_t n = encode(in, piece, MSIM__QUOTED_ROOM_BYTES + piece, out);

      assert_int_equal(n, coded.size_bytes);
      assert_memory_equal(out, coded.data, n);
      n = decode(coded, piece, out);
      assert_int_equal(n, in.size_bytes);
      assert_memory_equal(out, in.data, n);
      exact_free(in);
      exact_free(coded);
    }
}

static void what_others_write_is_decoded(void **state)
{
  static const struct {
    const char *coded, *plain;
  } cases[] = {
      {"a=\r\nb", "ab"},
      {"a= \t\r\nb", "ab"},
      {"a=\nb", "ab"},
      {"a=c3=bc", "a\xc3\xbc"},
      {"a  \r\nb", "a\r\nb"},
      {"a \nb", "a\nb"},
      {"=ZZ=4", "=ZZ=4"},
      {"=", ""},
      {"a=", "a"},
      {"a  ", "a"},
      {"=3D=3D", "=="},
      {"\r", "\r"},
      {"a=\r", "a"},
      {"==41", "=A"},
      {"=4=41", "=4A"},
      {"= x", "= x"},
  };
  uint8_t out[ROOM];
  size_t i, piece;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (piece = 1; piece < 10; piece++) {
      struct msim_slice in = exact_text(cases[i].coded);
      size_t n = decode(in, piece, out);

      if (n != strlen(cases[i].plain) || memcmp(out, cases[i].plain, n) != 0)
        fail_msg("%s became %.*s", cases[i].coded, (int)n, (const char *)out);
      exact_free(in);
    }
}

static void white_space_without_end_is_text(void **state)
{
  uint8_t in[1000], out[ROOM];
  size_t n;

  (void)state;
  memset(in, ' ', sizeof in);
  in[999] = 'x';
  n = decode((struct msim_slice){in, sizeof in}, 7, out);
  assert_int_equal(n, 1000);
  assert_memory_equal(in, out, 1000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_is_encoded_as_the_rules_say),
      cmocka_unit_test(what_others_write_is_decoded),
      cmocka_unit_test(white_space_without_end_is_text),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
