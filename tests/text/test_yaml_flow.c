/* test_yaml_flow.c: a YAML tree in one line. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "text/yaml_flow.h"
#include "text/yaml_tree.h"

static void expect(const char *yaml, size_t out_bytes, bool bare, const char *line)
{
  struct msim_slice text = {(const uint8_t *)yaml, strlen(yaml)};
  struct msim__yaml tree;
  struct msim__mem mem;
  char out[200];

  msim__mem_init(&mem, NULL);
  assert_int_equal(msim__yaml_parse(&tree, &mem, "x.yaml", text, NULL, NULL), MSIM_OK);
  memset(out, 'x', sizeof out);
  msim__yaml_flow(out, out_bytes, tree.root, bare);
  assert_string_equal(out, line);
  assert_int_equal(out[out_bytes], 'x');
  msim__yaml_release(&tree);
}

static void trees_become_one_line(void **state)
{
  (void)state;
  expect("a: 1\nb: [x, 'y z']\nc:\n  d: e\n", 100, false, "{a: 1, b: [x, \"y z\"], c: {d: e}}");
  expect("a: 1\nb: [x, 'y z']\nc:\n  d: e\n", 100, true, "a: 1, b: [x, \"y z\"], c: {d: e}");
  expect("plain", 100, true, "plain");
  expect("a: |\n  two\n  lines\n", 100, true, "a: \"two lines \"");
  expect("{}", 100, false, "{}");
}

static void what_does_not_fit_is_cut(void **state)
{
  (void)state;
  expect("a: 0123456789", 10, true, "a: 012...");
  expect("a: 0123456789", 14, true, "a: 0123456789");
  expect("a: 01234\xc3\xa4\xc3\xa4\xc3\xa4", 13, true, "a: 01234...");
  expect("a: b", 1, true, "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(trees_become_one_line),
      cmocka_unit_test(what_does_not_fit_is_cut),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
