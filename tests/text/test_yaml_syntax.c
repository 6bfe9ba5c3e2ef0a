/* Tests of text/yaml_syntax.c: every sentence, with its place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/yaml_syntax.h"

struct row {
  const char *text;
  size_t size_bytes;
  unsigned line, column;
  const char *says;
};

#define ROW(text, line, column, says)                                                                                  \
  {                                                                                                                    \
    text, sizeof(text) - 1, line, column, says                                                                         \
  }

static const struct row bad_bytes[] = {
    ROW("\xff\xfe"
        "a\0",
        1, 1, "this file is in UTF-16; save it as UTF-8"),
    ROW("\xfe\xff\0a", 1, 1, "this file is in UTF-16; save it as UTF-8"),
    ROW("a: b\nc: \xfc", 2, 4, "the byte 0xfc here is not UTF-8; save the file as UTF-8"),
    ROW("\xc3\xbc\xc3", 1, 2, "the byte 0xc3 here is not UTF-8; save the file as UTF-8"),
    ROW("a\0b", 1, 2, "there is a zero byte here; a YAML file is text"),
    ROW("\xef\xbb\xbf\n\0", 2, 1, "there is a zero byte here; a YAML file is text"),
    ROW("a: \x1b[m", 1, 4, "the character U+001B cannot stand in a YAML file; write \"\\u001B\" in double quotes"),
    ROW("a: \xef\xbb\xbf", 1, 4,
        "the character U+FEFF cannot stand in a YAML file; write \"\\uFEFF\" in double quotes"),
    ROW("a: \xc2\x80", 1, 4, "the character U+0080 cannot stand in a YAML file; write \"\\u0080\" in double quotes"),
    ROW("a: \x7f", 1, 4, "the character U+007F cannot stand in a YAML file; write \"\\u007F\" in double quotes"),
};

static void check_bytes_of_bad_says_where(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(bad_bytes) / sizeof(bad_bytes[0]); i++) {
    struct msim_slice text = {(const uint8_t *)bad_bytes[i].text, bad_bytes[i].size_bytes};
    struct msim_diag diag;

    assert_int_equal(msim__yaml_check_bytes(&text, "f", &diag), MSIM_ERR_SYNTAX);
    assert_string_equal(diag.text, bad_bytes[i].says);
    assert_int_equal(diag.line, bad_bytes[i].line);
    assert_int_equal(diag.column, bad_bytes[i].column);
  }
}

static void check_bytes_of_good_takes_off_the_mark(void **state)
{
  struct msim_slice text = {(const uint8_t *)"\xef\xbb\xbf\ta: \xc3\xa4\xf0\x9f\x93\xa7\r\n", 14};
  struct msim_slice none = {NULL, 0};
  struct msim_diag diag;

  (void)state;
  assert_int_equal(msim__yaml_check_bytes(&text, "f", &diag), 0);
  assert_int_equal(text.size_bytes, 11);
  assert_int_equal(text.data[0], '\t');
  assert_int_equal(msim__yaml_check_bytes(&none, "f", &diag), 0);
}

static const struct row bad_syntax[] = {
    ROW("a: 1\n b: 2", 2, 3, "this ':' makes no key here; check the indentation, or put the text in quotes"),
    ROW("a: b: c", 1, 5, "this ':' makes no key here; check the indentation, or put the text in quotes"),
    ROW("a: @x", 1, 4, "text cannot begin with '@'; put it in quotes"),
    ROW("\xc3\xa4: `x", 1, 4, "text cannot begin with '`'; put it in quotes"),
    ROW("a:\n\tb: 1", 2, 1, "indentation is made of spaces, not of tabs"),
    ROW("a: >\n\tb", 2, 1, "indentation is made of spaces, not of tabs"),
    ROW("a: [1, 2", 2, 1, "',' or ']' is expected here; it began in line 1, column 4"),
    ROW("x: 1\na: {b: 1]", 2, 9, "',' or '}' is expected here; it began in line 2, column 4"),
    ROW("a: 'x\n", 2, 1, "the file ends inside a text in quotes; it began in line 1, column 4"),
    ROW("a: 'x\n---\n", 2, 1,
        "--- or ... at the left edge ends the file inside a text in quotes; it began in line 1, column 4"),
    ROW("- a\nb: c", 2, 1,
        "another '-' of the same list, in the same column, is expected here; it began in line 1, column 1"),
    ROW("a: 'b' c", 1, 8, "a key of the same map, in the same column, is expected here; it began in line 1, column 1"),
    ROW("a: !x!y 5", 1, 4, "the tag here has a prefix that is not known"),
    ROW("%YAML 2.0\n--- a", 1, 1, "this is YAML of another version than 1.1 or 1.2"),
    ROW("a: |0\n x", 1, 5, "a block text cannot be indented by 0"),
    ROW("a: |x\n x", 1, 5, "the line must end here; a comment begins with ' #'"),
    ROW("a: \"\\q\"", 1, 5, "there is no such escape in double quotes; write \\\\ for a backslash"),
    ROW("a: \"\\xzz\"", 1, 7, "hexadecimal digits are expected in this escape"),
    ROW("a: \"\\uD800\"", 1, 7, "there is no character of this number"),
    ROW("a: - b", 1, 4, "a list with '-' cannot begin here; begin a new line"),
    ROW("a: ? b", 1, 4, "a key cannot begin here"),
    ROW("]", 1, 1, "a value is expected here"),
    ROW("a: b\n...\nc: d", 3, 1, "the file goes on behind its end; is the indentation right?"),
};

static void explain_of_bad_syntax_says_where(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof(bad_syntax) / sizeof(bad_syntax[0]); i++) {
    struct msim_slice text = {(const uint8_t *)bad_syntax[i].text, bad_syntax[i].size_bytes};
    struct msim_diag diag;
    yaml_parser_t parser;
    yaml_event_t event;
    int left = 100;

    assert_true(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, text.data, text.size_bytes);
    while (left-- > 0 && yaml_parser_parse(&parser, &event))
      yaml_event_delete(&event);
    assert_true(left > 0);
    msim__yaml_explain(&parser, text, "f", &diag);
    yaml_parser_delete(&parser);
    if (strcmp(diag.text, bad_syntax[i].says) != 0 || diag.line != bad_syntax[i].line ||
        diag.column != bad_syntax[i].column)
      fail_msg("%s: %u:%u: %s", bad_syntax[i].text, diag.line, diag.column, diag.text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(check_bytes_of_bad_says_where),
      cmocka_unit_test(check_bytes_of_good_takes_off_the_mark),
      cmocka_unit_test(explain_of_bad_syntax_says_where),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
