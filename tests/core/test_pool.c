/* test_pool.c: lib/core/pool.c, in both builds: with slabs and with MSIM_NO_POOL. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "core/pool.h"
#include "support/fail_mem.h"

#define ITEMS 3000u

static void items_are_aligned_and_apart(void **state)
{
  static const size_t sizes[] = {1, 8, 24, 64, 100, 4096};
  size_t s;

  (void)state;
  for (s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    struct fail_mem hook;
    struct msim__mem mem;
    struct msim__pool pool;
    unsigned char *items[ITEMS];
    size_t i;

    fail_mem_init(&hook, 0);
    msim__mem_init(&mem, &hook.hook);
    msim__pool_init(&pool, &mem, sizes[s]);
    assert_int_equal(hook.request_count, 0);
    for (i = 0; i < ITEMS; i++) {
      items[i] = msim__pool_get(&pool);
      assert_non_null(items[i]);
      assert_int_equal((uintptr_t)items[i] % alignof(max_align_t), 0);
      memset(items[i], (int)(i & 0xff), sizes[s]);
    }
    assert_int_equal(pool.live_count, ITEMS);
    for (i = 0; i < ITEMS; i++) {
      assert_int_equal(items[i][0], i & 0xff);
      assert_int_equal(items[i][sizes[s] - 1], i & 0xff);
      msim__pool_put(&pool, items[i]);
    }
    assert_int_equal(pool.live_count, 0);
    msim__pool_release(&pool);
    assert_true(fail_mem_clean(&hook));
  }
}

static void what_was_put_back_is_used_again(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  struct msim__pool pool;
  size_t i, j;

  (void)state;
  fail_mem_init(&hook, 0);
  msim__mem_init(&mem, &hook.hook);
  msim__pool_init(&pool, &mem, 64);
  for (i = 0; i < 200; i++) {
    void *items[50];

    for (j = 0; j < 50; j++) {
      items[j] = msim__pool_get(&pool);
      assert_non_null(items[j]);
    }
    for (j = 0; j < 50; j++)
      msim__pool_put(&pool, items[j]);
  }
#ifdef MSIM_NO_POOL
  assert_int_equal(hook.request_count, 200 * 50);
  assert_int_equal(hook.held_bytes, 0);
#else
  assert_int_equal(hook.request_count, 3); /* slabs of 8, 16, 32 */
#endif
  msim__pool_release(&pool);
  assert_true(fail_mem_clean(&hook));
}

static void no_memory_gives_null_and_loses_nothing(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  struct msim__pool pool;
  void *items[100];
  size_t count = 0, i;

  (void)state;
  fail_mem_init(&hook, 2);
  hook.fail_onwards = true;
  msim__mem_init(&mem, &hook.hook);
  msim__pool_init(&pool, &mem, 32);
  while (count < 100 && (items[count] = msim__pool_get(&pool)) != NULL)
    count++;
  assert_in_range(count, 1, 99);
  assert_int_equal(pool.live_count, count);
  assert_null(msim__pool_get(&pool));
  assert_int_equal(pool.live_count, count);
  hook.fail_at = 0;
  items[count] = msim__pool_get(&pool);
  assert_non_null(items[count]);
  for (i = 0; i <= count; i++)
    msim__pool_put(&pool, items[i]);
  msim__pool_release(&pool);
  assert_true(fail_mem_clean(&hook));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(items_are_aligned_and_apart),
      cmocka_unit_test(what_was_put_back_is_used_again),
      cmocka_unit_test(no_memory_gives_null_and_loses_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
