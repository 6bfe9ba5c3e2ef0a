/* Tests of text/json_out.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "support/fail_mem.h"
#include "text/json_out.h"
#include "text/utf8.h"

struct fixture {
  struct fail_mem f;
  struct msim__mem mem;
  struct msim__buf buf;
  struct msim__json_out json;
};

static void begin(struct fixture *x, bool for_html)
{
  fail_mem_init(&x->f, 0);
  msim__mem_init(&x->mem, &x->f.hook);
  msim__buf_init(&x->buf, &x->mem, 100000);
  msim__json_init(&x->json, &x->buf, for_html);
}

static void end(struct fixture *x)
{
  msim__buf_release(&x->buf);
  assert_true(fail_mem_clean(&x->f));
}

static void record_with_all_kinds_is_compact_json(void **state)
{
  struct fixture x;
  struct msim__json_out *j = &x.json;

  (void)state;
  begin(&x, false);
  msim__json_object_begin(j);
  msim__json_key_uint(j, "n", UINT64_MAX);
  msim__json_key_int(j, "i", INT64_MIN);
  msim__json_key_text(j, "absent", NULL);
  msim__json_key_text(j, "text",
                      "Gr\xc3\xbc\xc3\x9f"
                      "e");
  msim__json_key_bool(j, "yes", true);
  msim__json_key_bool(j, "no", false);
  msim__json_key(j, "null");
  msim__json_null(j);
  msim__json_key(j, "list");
  msim__json_array_begin(j);
  msim__json_array_begin(j);
  msim__json_array_end(j);
  msim__json_object_begin(j);
  msim__json_object_end(j);
  msim__json_uint(j, 0);
  msim__json_text(j, "");
  msim__json_array_end(j);
  msim__json_key_int(j, "last", -1);
  msim__json_object_end(j);
  assert_int_equal(msim__json_line_end(j), 0);
  msim__json_int(j, 5);
  assert_int_equal(msim__json_line_end(j), 0);
  assert_string_equal(msim__buf_text(&x.buf),
                      "{\"n\":18446744073709551615,\"i\":-9223372036854775808,\"text\":\"Gr\xc3\xbc\xc3\x9f"
                      "e\",\"yes\":true,\"no\":false,\"null\":null,\"list\":[[],{},0,\"\"],\"last\":-1}\n5\n");
  end(&x);
}

static const struct {
  const char *source;
  size_t size_bytes;
  const char *plain, *for_html;
} strings[] = {
#define ROW(source, plain, for_html)                                                                                   \
  {                                                                                                                    \
    source, sizeof(source) - 1, plain, for_html                                                                        \
  }
    ROW("", "\"\"", "\"\""),
    ROW("\b\f\n\r\t\"\\/", "\"\\b\\f\\n\\r\\t\\\"\\\\/\"", "\"\\b\\f\\n\\r\\t\\\"\\\\/\""),
    ROW("\0\x1f\x7f", "\"\\u0000\\u001f\x7f\"", "\"\\u0000\\u001f\x7f\""),
    ROW("<a>&", "\"<a>&\"", "\"\\u003ca\\u003e\\u0026\""),
    ROW("\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa", "\"\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xaa\"",
        "\"\\u2028\\u2029\xe2\x80\xaa\""),
    ROW("\xff(", "\"\xef\xbf\xbd(\"", "\"\xef\xbf\xbd(\""),
    ROW("\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\"", "\"\xef\xbf\xbd\xef\xbf\xbd\""),
    ROW("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""),
    ROW("\xf0\x9f\x93\xa7", "\"\xf0\x9f\x93\xa7\"", "\"\xf0\x9f\x93\xa7\""),
};

static void string_of_table_is_escaped(void **state)
{
  size_t i;
  int html;

  (void)state;
  for (html = 0; html < 2; html++)
    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
      struct fixture x;
      struct msim_slice text;

      text.data = (const uint8_t *)strings[i].source;
      text.size_bytes = strings[i].size_bytes;
      begin(&x, html != 0);
      msim__json_bytes(&x.json, text);
      assert_string_equal(msim__buf_text(&x.buf), html ? strings[i].for_html : strings[i].plain);
      end(&x);
    }
}

/* Wherever in a run of plain characters: those are taken eight at a time. */
static void string_of_table_in_the_middle_is_escaped(void **state)
{
  struct fixture x;
  size_t i, at;
  int html;

  (void)state;
  begin(&x, false);
  for (html = 0; html < 2; html++)
    for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++)
      for (at = 0; at < 140; at++) {
        const char *shown = html ? strings[i].for_html : strings[i].plain;
        size_t shown_bytes = strlen(shown) - 2; /* without quotes */
        char source[200], expected[260];
        struct msim_slice text = {(const uint8_t *)source, 140 + strings[i].size_bytes};

        memset(source, ' ', sizeof(source));
        memset(expected, ' ', sizeof(expected));
        memcpy(source + at, strings[i].source, strings[i].size_bytes);
        memcpy(expected + 1 + at, shown + 1, shown_bytes);
        expected[0] = expected[141 + shown_bytes] = '"';
        expected[142 + shown_bytes] = '\0';
        msim__buf_clear(&x.buf);
        msim__json_init(&x.json, &x.buf, html != 0);
        msim__json_bytes(&x.json, text);
        assert_string_equal(msim__buf_text(&x.buf), expected);
      }
  end(&x);
}

/* RFC 8259 section 7, strictly: whether text is exactly one string in valid UTF-8. */
static bool is_string(const char *text, size_t size)
{
  size_t at = 1;

  if (size < 2 || text[0] != '"')
    return false;
  while (at < size && text[at] != '"') {
    if (text[at] == '\\') {
      if (at + 1 < size && text[at + 1] == 'u') {
        if (at + 5 >= size || strspn(text + at + 2, "0123456789abcdefABCDEF") < 4)
          return false;
        at += 6;
      } else if (at + 1 < size && text[at + 1] != '\0' && strchr("\"\\/bfnrt", text[at + 1]) != NULL) {
        at += 2;
      } else {
        return false;
      }
    } else {
      uint32_t code = 0;
      size_t step = msim__utf8_next((const uint8_t *)text + at, size - at, &code);

      if (step == 0 || code < 0x20)
        return false;
      at += step;
    }
  }
  return at + 1 == size;
}

static void string_of_any_bytes_is_valid(void **state)
{
  struct fixture x;
  uint8_t bytes[1000];
  uint32_t random = 5;
  unsigned i;

  (void)state;
  begin(&x, false);
  for (i = 0; i < 65536 + 300; i++) {
    struct msim_slice text = {bytes, 2};
    size_t k;

    bytes[0] = (uint8_t)(i >> 8);
    bytes[1] = (uint8_t)i;
    if (i >= 65536) {
      text.size_bytes = sizeof(bytes) - i % 7;
      for (k = 0; k < sizeof(bytes); k++) {
        random = random * 1664525u + 1013904223u;
        bytes[k] = (uint8_t)(i % 2 ? random >> 24 : 0xe0u | (random >> 28)); /* also many leads in a row */
      }
    }
    msim__buf_clear(&x.buf);
    msim__json_init(&x.json, &x.buf, i % 3 == 0);
    msim__json_bytes(&x.json, text);
    assert_int_equal(x.buf.err, 0);
    if (!is_string(msim__buf_text(&x.buf), x.buf.size_bytes))
      fail_msg("case %u: %s", i, msim__buf_text(&x.buf));
  }
  end(&x);
}

static void writer_once_warm_allocates_nothing(void **state)
{
  struct fixture x;
  uint64_t warm = 0;
  int i;

  (void)state;
  begin(&x, false);
  for (i = 0; i < 100; i++) {
    msim__buf_clear(&x.buf);
    msim__json_object_begin(&x.json);
    msim__json_key_text(&x.json, "text", "250 2.0.0 Ok: queued as 12345\r\n");
    msim__json_key_uint(&x.json, "n", 1000000u + (unsigned)i);
    msim__json_object_end(&x.json);
    assert_int_equal(msim__json_line_end(&x.json), 0);
    if (i == 0)
      warm = x.f.request_count;
  }
  assert_int_equal(x.f.request_count, warm);
  end(&x);
}

static void misuse_value_without_key(struct msim__json_out *j)
{
  msim__json_object_begin(j);
  msim__json_uint(j, 1);
}

static void misuse_key_in_array(struct msim__json_out *j)
{
  msim__json_array_begin(j);
  msim__json_key(j, "a");
}

static void misuse_two_keys(struct msim__json_out *j)
{
  msim__json_object_begin(j);
  msim__json_key(j, "a");
  msim__json_key(j, "b");
}

static void misuse_key_outside(struct msim__json_out *j)
{
  msim__json_key(j, "a");
}

static void misuse_wrong_end(struct msim__json_out *j)
{
  msim__json_array_begin(j);
  msim__json_object_end(j);
}

static void misuse_end_behind_key(struct msim__json_out *j)
{
  msim__json_object_begin(j);
  msim__json_key(j, "a");
  msim__json_object_end(j);
}

static void misuse_end_outside(struct msim__json_out *j)
{
  msim__json_array_end(j);
}

static void misuse_two_values_outside(struct msim__json_out *j)
{
  msim__json_null(j);
  msim__json_null(j);
}

static void misuse_line_end_inside(struct msim__json_out *j)
{
  msim__json_array_begin(j);
  (void)msim__json_line_end(j);
}

static void misuse_empty_line(struct msim__json_out *j)
{
  (void)msim__json_line_end(j);
}

static void misuse_too_deep(struct msim__json_out *j)
{
  int i;

  for (i = 0; i < MSIM__JSON_DEPTH_MAX; i++)
    msim__json_array_begin(j);
  assert_int_equal(j->buf->err, 0);
  msim__json_array_begin(j);
}

static void writer_when_misused_says_state(void **state)
{
  static void (*const misuses[])(struct msim__json_out *) = {
      misuse_value_without_key, misuse_key_in_array,   misuse_two_keys,    misuse_key_outside,
      misuse_wrong_end,         misuse_end_behind_key, misuse_end_outside, misuse_two_values_outside,
      misuse_line_end_inside,   misuse_empty_line,     misuse_too_deep,
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(misuses) / sizeof(misuses[0]); i++) {
    struct fixture x;

    begin(&x, false);
    misuses[i](&x.json);
    if (x.buf.err != MSIM_ERR_STATE)
      fail_msg("misuse %u is not noticed", (unsigned)i);
    end(&x);
  }
}

static void depth_at_maximum_works(void **state)
{
  struct fixture x;
  int i;

  (void)state;
  begin(&x, false);
  for (i = 0; i < MSIM__JSON_DEPTH_MAX; i++)
    msim__json_array_begin(&x.json);
  msim__json_uint(&x.json, 1);
  msim__json_uint(&x.json, 2);
  for (i = 0; i < MSIM__JSON_DEPTH_MAX; i++)
    msim__json_array_end(&x.json);
  assert_int_equal(msim__json_line_end(&x.json), 0);
  assert_int_equal(x.buf.size_bytes, 2 * MSIM__JSON_DEPTH_MAX + 4);
  end(&x);
}

static void writer_when_memory_fails_is_nomem(void **state)
{
  struct fixture x;

  (void)state;
  begin(&x, false);
  x.f.fail_at = 1;
  msim__json_object_begin(&x.json);
  msim__json_key_text(&x.json, "a", "b");
  msim__json_object_end(&x.json);
  assert_int_equal(msim__json_line_end(&x.json), MSIM_ERR_NOMEM);
  end(&x);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(record_with_all_kinds_is_compact_json),
      cmocka_unit_test(string_of_table_is_escaped),
      cmocka_unit_test(string_of_table_in_the_middle_is_escaped),
      cmocka_unit_test(string_of_any_bytes_is_valid),
      cmocka_unit_test(writer_once_warm_allocates_nothing),
      cmocka_unit_test(writer_when_misused_says_state),
      cmocka_unit_test(depth_at_maximum_works),
      cmocka_unit_test(writer_when_memory_fails_is_nomem),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
