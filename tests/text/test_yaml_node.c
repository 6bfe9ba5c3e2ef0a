/* Tests of text/yaml_node.c: order and look-ups on nodes made by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "text/yaml_node.h"

static struct msim__yaml_node scalar(const char *text, size_t size_bytes)
{
  struct msim__yaml_node node;

  memset(&node, 0, sizeof(node));
  node.kind = MSIM__YAML_SCALAR;
  node.u.scalar.text = text;
  node.u.scalar.size_bytes = size_bytes;
  return node;
}

static void compare_of_keys_is_by_bytes(void **state)
{
  struct msim__yaml_node a = scalar("a", 1), ab = scalar("ab", 2), b = scalar("b", 1), none = scalar("", 0);
  struct msim__yaml_node zero = scalar("a\0", 2), high = scalar("\xc3\xa4", 2);

  (void)state;
  assert_true(msim__yaml_compare_keys(&a, &ab) < 0);
  assert_true(msim__yaml_compare_keys(&b, &ab) > 0);
  assert_true(msim__yaml_compare_keys(&a, &a) == 0);
  assert_true(msim__yaml_compare_keys(&none, &a) < 0);
  assert_true(msim__yaml_compare_keys(&none, &none) == 0);
  assert_true(msim__yaml_compare_keys(&a, &zero) < 0);
  assert_true(msim__yaml_compare_keys(&b, &high) < 0);
}

static void sort_of_any_count_is_ordered_and_stable(void **state)
{
  static struct msim__yaml_node keys[200];
  static struct msim__yaml_entry entries[200];
  struct msim__yaml_entry *items[200], *spare[200];
  static char names[200][2];
  size_t count, i;

  (void)state;
  for (count = 0; count <= 200; count += count < 20 ? 1 : 45) {
    for (i = 0; i < count; i++) {
      names[i][0] = (char)('a' + (i * 7919 + count) % 13);
      keys[i] = scalar(names[i], 1);
      memset(&entries[i], 0, sizeof(entries[i]));
      entries[i].key = &keys[i];
      items[i] = &entries[i];
    }
    msim__yaml_sort(items, spare, count);
    for (i = 1; i < count; i++) {
      int order = msim__yaml_compare_keys(items[i - 1]->key, items[i]->key);

      assert_true(order <= 0);
      if (order == 0)
        assert_true(items[i - 1] < items[i]); /* both of one array, which was in order */
    }
  }
}

static void look_ups_of_what_is_not_there_give_nothing(void **state)
{
  struct msim__yaml_node word = scalar("null", 4);

  (void)state;
  assert_null(msim__yaml_find(NULL, "a"));
  assert_null(msim__yaml_find(&word, "null"));
  assert_null(msim__yaml_first(NULL));
  assert_null(msim__yaml_first(&word));
  assert_false(msim__yaml_is_text(NULL, "a"));
  assert_false(msim__yaml_is_null(NULL));
  assert_false(msim__yaml_is_null(&word)); /* not plain */
  word.plain = true;
  assert_true(msim__yaml_is_null(&word));
  assert_int_equal(msim__yaml_slice(NULL).size_bytes, 0);
  word.kind = MSIM__YAML_LIST;
  assert_int_equal(msim__yaml_slice(&word).size_bytes, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(compare_of_keys_is_by_bytes),
      cmocka_unit_test(sort_of_any_count_is_ordered_and_stable),
      cmocka_unit_test(look_ups_of_what_is_not_there_give_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
