/* test_mem.c: lib/core/mem.c over a hook that counts and fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "core/mem.h"
#include "support/fail_mem.h"

static void what_is_held_is_counted(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  char *a, *b;

  (void)state;
  fail_mem_init(&hook, 0);
  msim__mem_init(&mem, &hook.hook);
  a = msim__alloc(&mem, 100);
  b = msim__alloc_zeroed(&mem, 10, 20);
  assert_true(mem.held_bytes == 300 && mem.peak_bytes == 300 && mem.block_count == 2);
  a = msim__resize(&mem, a, 100, 40);
  assert_true(mem.held_bytes == 240 && mem.peak_bytes == 300 && mem.block_count == 2);
  msim__free(&mem, b, 200);
  msim__free(&mem, NULL, 0);
  assert_true(mem.held_bytes == 40 && mem.block_count == 1);
  msim__free(&mem, a, 40);
  assert_true(mem.held_bytes == 0 && mem.block_count == 0 && mem.peak_bytes == 300);
  assert_true(fail_mem_clean(&hook));
}

static void zeroed_array_is_zero_and_impossible_ones_are_refused(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  unsigned char *bytes;
  size_t i;

  (void)state;
  fail_mem_init(&hook, 0); /* fills what it hands out with 0xa5 */
  msim__mem_init(&mem, &hook.hook);
  bytes = msim__alloc_zeroed(&mem, 3, 11);
  for (i = 0; i < 33; i++)
    assert_int_equal(bytes[i], 0);
  msim__free(&mem, bytes, 33);
  assert_null(msim__alloc_zeroed(&mem, SIZE_MAX / 2, 4));
  assert_null(msim__alloc_zeroed(&mem, SIZE_MAX, SIZE_MAX));
  assert_null(msim__alloc_zeroed(&mem, 0, 4));
  assert_null(msim__alloc_zeroed(&mem, 4, 0));
  assert_null(msim__alloc(&mem, 0));
  assert_null(msim__alloc(&mem, SIZE_MAX));
  assert_null(msim__resize(&mem, NULL, 0, (size_t)PTRDIFF_MAX + 1));
  assert_int_equal(hook.request_count, 1);
  assert_true(fail_mem_clean(&hook));
}

static void refused_resize_leaves_the_block_and_the_count(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  char *text;

  (void)state;
  fail_mem_init(&hook, 2);
  msim__mem_init(&mem, &hook.hook);
  text = msim__copy_text(&mem, "Grüße", 7);
  assert_null(msim__resize(&mem, text, 8, 1000));
  assert_string_equal(text, "Grüße");
  assert_true(mem.held_bytes == 8 && mem.peak_bytes == 8 && mem.block_count == 1);
  msim__free(&mem, text, 8);
  assert_true(fail_mem_clean(&hook));
}

static void text_is_copied_and_terminated(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  char *text;

  (void)state;
  fail_mem_init(&hook, 2);
  msim__mem_init(&mem, &hook.hook);
  text = msim__copy_text(&mem, NULL, 0);
  assert_string_equal(text, "");
  msim__free(&mem, text, 1);
  assert_null(msim__copy_text(&mem, "x", 1));
  assert_true(fail_mem_clean(&hook));
}

static void array_grows_by_doubling_up_to_its_maximum(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  uint32_t *items = NULL;
  size_t capacity = 0, i;

  (void)state;
  fail_mem_init(&hook, 0);
  msim__mem_init(&mem, &hook.hook);
  for (i = 0; i < 100; i++) {
    assert_int_equal(msim__grow(&mem, &items, &capacity, i + 1, 100, sizeof *items), MSIM_OK);
    items[i] = (uint32_t)i;
  }
  assert_int_equal(hook.request_count, 5); /* 8, 16, 32, 64, 100 */
  assert_int_equal(capacity, 100);
  assert_int_equal(msim__grow(&mem, &items, &capacity, 101, 100, sizeof *items), MSIM_ERR_LIMIT);
  for (i = 0; i < 100; i++)
    assert_int_equal(items[i], i);
  assert_int_equal(msim__grow(&mem, &items, &capacity, 1000, 5000, sizeof *items), MSIM_OK);
  assert_int_equal(capacity, 1600);
  hook.fail_at = hook.request_count + 1;
  assert_int_equal(msim__grow(&mem, &items, &capacity, 1601, 5000, sizeof *items), MSIM_ERR_NOMEM);
  assert_int_equal(capacity, 1600);
  assert_int_equal(items[99], 99);
  assert_int_equal(msim__grow(&mem, &items, &capacity, SIZE_MAX / 4, SIZE_MAX, sizeof *items), MSIM_ERR_NOMEM);
  msim__free(&mem, items, capacity * sizeof *items);
  assert_true(fail_mem_clean(&hook));
}

static void first_size_of_large_items_is_small(void **state)
{
  static const struct {
    size_t item_bytes, capacity;
  } cases[] = {{1, 8}, {8, 8}, {9, 7}, {24, 2}, {33, 1}, {64, 1}, {1000, 1}};
  struct msim__mem mem;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t *items = NULL;
    size_t capacity = 0;

    assert_int_equal(msim__grow(&mem, &items, &capacity, 1, 100, cases[i].item_bytes), MSIM_OK);
    assert_int_equal(capacity, cases[i].capacity);
    msim__free(&mem, items, capacity * cases[i].item_bytes);
  }
  assert_int_equal(mem.held_bytes, 0);
}

static void small_maximum_bounds_the_first_size(void **state)
{
  struct msim__mem mem;
  uint8_t *items = NULL;
  size_t capacity = 0;

  (void)state;
  msim__mem_init(&mem, NULL); /* the C library's memory */
  assert_int_equal(msim__grow(&mem, &items, &capacity, 1, 3, 1), MSIM_OK);
  assert_int_equal(capacity, 3);
  assert_int_equal(msim__grow(&mem, &items, &capacity, 4, 3, 1), MSIM_ERR_LIMIT);
  msim__free(&mem, items, 3);
  assert_true(mem.held_bytes == 0 && mem.block_count == 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_held_is_counted),
      cmocka_unit_test(zeroed_array_is_zero_and_impossible_ones_are_refused),
      cmocka_unit_test(refused_resize_leaves_the_block_and_the_count),
      cmocka_unit_test(text_is_copied_and_terminated),
      cmocka_unit_test(array_grows_by_doubling_up_to_its_maximum),
      cmocka_unit_test(first_size_of_large_items_is_small),
      cmocka_unit_test(small_maximum_bounds_the_first_size),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
