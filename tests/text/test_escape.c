/* Tests of text/escape.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "support/fail_mem.h"
#include "text/escape.h"

static struct msim_slice slice(const char *data, size_t size_bytes)
{
  struct msim_slice s;

  s.data = (const uint8_t *)data;
  s.size_bytes = size_bytes;
  return s;
}

#define SLICE(literal) slice(literal, sizeof(literal) - 1)

static const struct {
  const char *source;
  size_t size_bytes;
  const char *shown;
} table[] = {
#define ROW(source, shown)                                                                                             \
  {                                                                                                                    \
    source, sizeof(source) - 1, shown                                                                                  \
  }
    ROW("", ""),
    ROW("220 ready\r\n", "220 ready\\r\\n"),
    ROW("a\tb", "a\\tb"),
    ROW("\"\\", "\\\"\\\\"),
    ROW("\0\x01\x7f", "\\x00\\x01\\x7f"),
    ROW("Grüße", "Grüße"),
    ROW("\xf0\x9f\x93\xa7", "\xf0\x9f\x93\xa7"),
    ROW("\xff\xc3", "\\xff\\xc3"),
    ROW("\xc3(", "\\xc3("),
    ROW("\xed\xa0\x80", "\\xed\\xa0\\x80"),
    ROW("\xc2\x85", "\\xc2\\x85"),
    ROW("a\xe2\x80\xae"
        "b",
        "a\\xe2\\x80\\xaeb"),
    ROW("\x1b[31m", "\\x1b[31m"),
};

static void append_of_table_is_as_shown(void **state)
{
  struct msim__mem mem;
  struct msim__buf buf;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&buf, &mem, 10000);
  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
    msim__buf_clear(&buf);
    assert_int_equal(msim__escape_append(&buf, slice(table[i].source, table[i].size_bytes)), 0);
    assert_string_equal(msim__buf_text(&buf), table[i].shown);
  }
  msim__buf_release(&buf);
}

/* Wherever in a run of plain characters: those are taken eight at a time. */
static void append_of_table_in_the_middle_is_as_shown(void **state)
{
  struct msim__mem mem;
  struct msim__buf buf;
  size_t i, at;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&buf, &mem, 10000);
  for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
    for (at = 0; at < 80; at++) {
      char source[120], shown[200];

      memset(source, '~', sizeof(source));
      memset(shown, '~', sizeof(shown));
      memcpy(source + at, table[i].source, table[i].size_bytes);
      memcpy(shown + at, table[i].shown, strlen(table[i].shown));
      shown[80 + strlen(table[i].shown)] = '\0';
      msim__buf_clear(&buf);
      assert_int_equal(msim__escape_append(&buf, slice(source, 80 + table[i].size_bytes)), 0);
      assert_string_equal(msim__buf_text(&buf), shown);
    }
  msim__buf_release(&buf);
}

static size_t unescape(const char *text, char *out)
{
  size_t size = 0;

  while (*text != '\0') {
    if (*text != '\\') {
      out[size++] = *text++;
    } else if (text[1] == 'x') {
      unsigned value = 0;
      int i;

      for (i = 2; i < 4; i++)
        value = value * 16 + (unsigned)(text[i] <= '9' ? text[i] - '0' : text[i] - 'a' + 10);
      out[size++] = (char)(unsigned char)value;
      text += 4;
    } else {
      out[size++] = text[1] == 'r' ? '\r' : text[1] == 'n' ? '\n' : text[1] == 't' ? '\t' : text[1];
      text += 2;
    }
  }
  return size;
}

static void append_of_many_bytes_reads_back(void **state)
{
  struct msim__mem mem;
  struct msim__buf buf;
  char source[5000], back[5000];
  uint32_t x = 1;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(source); i++) {
    x = x * 1664525u + 1013904223u;
    source[i] = (char)(unsigned char)(x >> 24);
  }
  msim__mem_init(&mem, NULL);
  msim__buf_init(&buf, &mem, 100000);
  assert_int_equal(msim__escape_append(&buf, slice(source, sizeof(source))), 0);
  assert_true(buf.size_bytes <= 4 * sizeof(source));
  assert_int_equal(unescape(msim__buf_text(&buf), back), sizeof(source));
  assert_memory_equal(back, source, sizeof(source));
  msim__buf_release(&buf);
}

static void quoted_when_cut_says_how_much_is_missing(void **state)
{
  struct msim__mem mem;
  struct msim__buf buf;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&buf, &mem, 1000);
  assert_int_equal(msim__escape_append_quoted(&buf, SLICE("hello"), 5), 0);
  assert_string_equal(msim__buf_text(&buf), "\"hello\"");
  msim__buf_clear(&buf);
  assert_int_equal(msim__escape_append_quoted(&buf, SLICE("hello"), 4), 0);
  assert_string_equal(msim__buf_text(&buf), "\"hell\" +1 more");
  msim__buf_clear(&buf);
  assert_int_equal(msim__escape_append_quoted(&buf, SLICE("Gr\xc3\xbc\xc3\x9f"), 5), 0);
  assert_string_equal(msim__buf_text(&buf), "\"Gr\xc3\xbc\" +2 more");
  msim__buf_clear(&buf);
  assert_int_equal(msim__escape_append_quoted(&buf, SLICE("x"), 0), 0);
  assert_string_equal(msim__buf_text(&buf), "\"\" +1 more");
  msim__buf_release(&buf);
}

static void append_when_memory_fails_is_nomem(void **state)
{
  struct fail_mem f;
  struct msim__mem mem;
  struct msim__buf buf;

  (void)state;
  fail_mem_init(&f, 1);
  msim__mem_init(&mem, &f.hook);
  msim__buf_init(&buf, &mem, 1000);
  assert_int_equal(msim__escape_append_quoted(&buf, SLICE("x"), 9), MSIM_ERR_NOMEM);
  msim__buf_release(&buf);
  assert_true(fail_mem_clean(&f));
}

static void short_that_does_not_fit_ends_in_dots(void **state)
{
  char out[8];

  (void)state;
  assert_int_equal(msim__escape_short(out, sizeof(out), SLICE("1234567")), 7);
  assert_string_equal(out, "1234567");
  assert_int_equal(msim__escape_short(out, sizeof(out), SLICE("12345678")), 7);
  assert_string_equal(out, "1234...");
  assert_int_equal(msim__escape_short(out, sizeof(out),
                                      SLICE("123\xc3\xbc"
                                            "5678")),
                   6);
  assert_string_equal(out, "123...");
  assert_int_equal(msim__escape_short(out, sizeof(out), SLICE("\x01\x01")), 7);
  assert_string_equal(out, "\\x01...");
  assert_int_equal(msim__escape_short(out, sizeof(out), SLICE("")), 0);
  assert_string_equal(out, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(append_of_table_is_as_shown),       cmocka_unit_test(append_of_table_in_the_middle_is_as_shown),
      cmocka_unit_test(append_of_many_bytes_reads_back),   cmocka_unit_test(quoted_when_cut_says_how_much_is_missing),
      cmocka_unit_test(append_when_memory_fails_is_nomem), cmocka_unit_test(short_that_does_not_fit_ends_in_dots),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
