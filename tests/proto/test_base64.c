/* test_base64.c: the vectors of RFC 4648 section 10 and everything that strict means. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/base64.h"

static const struct {
  const char *plain, *text;
  size_t size_bytes;
} vectors[] = {
    {"", "", 0},
    {"f", "Zg==", 1},
    {"fo", "Zm8=", 2},
    {"foo", "Zm9v", 3},
    {"foob", "Zm9vYg==", 4},
    {"fooba", "Zm9vYmE=", 5},
    {"foobar", "Zm9vYmFy", 6},
    {"\0user\0pass", "AHVzZXIAcGFzcw==", 10},
    {"\xfb\xff\xbf", "+/+/", 3},
    {"M\xc3\xbcller", "TcO8bGxlcg==", 7},
};

static void vectors_encode_and_decode(void **state)
{
  uint8_t out[32];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof vectors / sizeof *vectors; i++) {
    struct msim_slice plain = exact_copy(vectors[i].plain, vectors[i].size_bytes), text = exact_text(vectors[i].text);

    assert_int_equal(msim__base64_encoded_bytes(plain.size_bytes), text.size_bytes);
    assert_int_equal(msim__base64_encode(plain, out, text.size_bytes, &n), MSIM_OK);
    assert_int_equal(n, text.size_bytes);
    assert_memory_equal(out, text.data, n);
    assert_int_equal(msim__base64_decode(text, out, plain.size_bytes, &n), MSIM_OK);
    assert_int_equal(n, plain.size_bytes);
    assert_memory_equal(out, plain.data, n);
    if (n > 0) {
      assert_int_equal(msim__base64_encode(plain, out, text.size_bytes - 1, &n), MSIM_ERR_LIMIT);
      assert_int_equal(msim__base64_decode(text, out, plain.size_bytes - 1, &n), MSIM_ERR_LIMIT);
      assert_int_equal(n, 0);
    }
    exact_free(plain);
    exact_free(text);
  }
}

static void decode_of_anything_else_is_refused(void **state)
{
  static const char *const invalid[] = {
      "Z",
      "Zg",
      "Zg=",
      "Zg===",
      "====",
      "=",
      "Z===",
      "Zg==Zg==",
      "Zm9v\n",
      "Zm 9v",
      "Zm9v====",
      "Zm=v",
      "Zm9-",
      "Zm9_",
      "Zm9.",
      "=Zm9",
      "Zh==", /* spare bits 0001 */
      "Zk==", /* spare bits 0100 */
      "Zm9=", /* spare bits 01 */
      "Zm9v\xc3\xbc\xc3\xbc",
      "\r\n\r\n",
  };
  uint8_t out[32];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    struct msim_slice text = exact_text(invalid[i]);

    assert_int_equal(msim__base64_decode(text, out, sizeof out, &n), MSIM_ERR_SYNTAX);
    assert_int_equal(n, 0);
    exact_free(text);
  }
}

static void every_byte_value_survives(void **state)
{
  uint8_t plain[256], text[344], back[256];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof plain; i++)
    plain[i] = (uint8_t)i;
  assert_int_equal(msim__base64_encode((struct msim_slice){plain, 256}, text, sizeof text, &n), MSIM_OK);
  assert_int_equal(n, 344);
  assert_int_equal(msim__base64_decode((struct msim_slice){text, n}, back, sizeof back, &n), MSIM_OK);
  assert_int_equal(n, 256);
  assert_memory_equal(back, plain, 256);
}

static void bodies_are_written_in_lines_and_read_back(void **state)
{
  uint8_t data[500], coded[1000], back[500];
  size_t size, piece, i;

  (void)state;
  for (i = 0; i < sizeof data; i++)
    data[i] = (uint8_t)(i * 7);
  for (size = 0; size < 240; size++)
    for (piece = 1; piece < 200; piece = piece * 3 + 1) {
      struct msim__base64_writer writer = {{0}, 0, 0};
      struct msim__base64_reader reader = {0, 0};
      size_t n = 0, m = 0, at, taken, written;

      for (at = 0; at < size; at += taken) {
        msim__base64_write(&writer, (struct msim_slice){data + at, size - at < piece ? size - at : piece}, coded + n, 8,
                           &taken, &written);
        assert_true(taken > 0);
        n += written;
      }
      n += msim__base64_write_end(&writer, coded + n);
      assert_int_equal(n, (size + 2) / 3 * 4 + ((size + 2) / 3 * 4 + 75) / 76 * 2);
      for (i = 0; i < n; i++)
        assert_int_equal(coded[i] == '\n', i % 78 == 77 || i == n - 1);
      for (at = 0; at < n; at += taken) {
        msim__base64_read(&reader, (struct msim_slice){coded + at, n - at < piece ? n - at : piece}, back + m,
                          sizeof back - m, &taken, &written);
        m += written;
      }
      assert_int_equal(m, size);
      assert_memory_equal(back, data, size);
    }
}

static void what_others_call_base64_is_read(void **state)
{
  static const struct {
    const char *coded, *plain;
  } cases[] = {
      {"YW Jj\r\n*ZGVm", "abcdef"}, {"YQ==YmM=", "abc"}, {"YWJ", "ab"}, {"Y", ""}, {"====", ""}, {"", ""},
  };
  uint8_t out[100];
  size_t i, taken, written;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim__base64_reader reader = {0, 0};
    struct msim_slice text = exact_text(cases[i].coded);

    msim__base64_read(&reader, text, out, sizeof out, &taken, &written);
    assert_int_equal(taken, text.size_bytes);
    assert_int_equal(written, strlen(cases[i].plain));
    assert_memory_equal(out, cases[i].plain, written);
    exact_free(text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(vectors_encode_and_decode),       cmocka_unit_test(decode_of_anything_else_is_refused),
      cmocka_unit_test(every_byte_value_survives),       cmocka_unit_test(bodies_are_written_in_lines_and_read_back),
      cmocka_unit_test(what_others_call_base64_is_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
