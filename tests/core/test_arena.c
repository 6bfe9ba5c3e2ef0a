/* test_arena.c: lib/core/arena.c: alignment, zeroing, growth, and memory that runs out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdalign.h>
#include <string.h>

#include "core/arena.h"
#include "support/fail_mem.h"

static void every_size_is_aligned_zeroed_and_apart(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  struct msim__arena arena;
  unsigned char *places[300];
  size_t i, j;

  (void)state;
  fail_mem_init(&hook, 0);
  msim__mem_init(&mem, &hook.hook);
  msim__arena_init(&arena, &mem);
  for (i = 0; i < 300; i++) {
    places[i] = msim__arena_alloc(&arena, i);
    assert_non_null(places[i]);
    assert_int_equal((uintptr_t)places[i] % alignof(max_align_t), 0);
    for (j = 0; j < i; j++)
      assert_int_equal(places[i][j], 0);
    memset(places[i], (int)(i & 0xff), i);
  }
  for (i = 0; i < 300; i++) {
    for (j = 0; j < i; j++)
      assert_int_equal(places[i][j], i & 0xff);
  }
  assert_ptr_not_equal(places[0], places[1]);
  msim__arena_release(&arena);
  assert_true(fail_mem_clean(&hook));
}

static void large_object_gets_a_block_and_small_ones_share(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  struct msim__arena arena;
  size_t i;

  (void)state;
  fail_mem_init(&hook, 0);
  msim__mem_init(&mem, &hook.hook);
  msim__arena_init(&arena, &mem);
  assert_non_null(msim__arena_alloc(&arena, 5000000));
  assert_int_equal(hook.request_count, 1);
  for (i = 0; i < 100000; i++)
    assert_non_null(msim__arena_alloc(&arena, 16));
  assert_true(hook.request_count < 20);
  assert_true(hook.held_bytes < 5000000 + 1600000 + 512 * 1024);
  msim__arena_release(&arena);
  assert_true(fail_mem_clean(&hook));
  /* it can be used again */
  assert_non_null(msim__arena_alloc(&arena, 1));
  msim__arena_release(&arena);
  assert_true(fail_mem_clean(&hook));
}

static void text_is_copied_and_terminated(void **state)
{
  struct msim__mem mem;
  struct msim__arena arena;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__arena_init(&arena, &mem);
  assert_string_equal(msim__arena_text(&arena, "Müller und Sohn", 7), "Müller");
  assert_string_equal(msim__arena_text(&arena, NULL, 0), "");
  msim__arena_release(&arena);
  assert_int_equal(mem.held_bytes, 0);
}

static void impossible_size_and_no_memory_give_null(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  struct msim__arena arena;
  char *text;

  (void)state;
  fail_mem_init(&hook, 2);
  msim__mem_init(&mem, &hook.hook);
  msim__arena_init(&arena, &mem);
  text = msim__arena_text(&arena, "stays", 5);
  assert_null(msim__arena_alloc(&arena, SIZE_MAX));
  assert_null(msim__arena_alloc(&arena, (size_t)PTRDIFF_MAX));
  assert_int_equal(hook.request_count, 1);
  assert_null(msim__arena_alloc(&arena, 100000)); /* the second block is refused */
  assert_non_null(msim__arena_alloc(&arena, 100));
  assert_string_equal(text, "stays");
  assert_non_null(msim__arena_alloc(&arena, 100000));
  msim__arena_release(&arena);
  assert_true(fail_mem_clean(&hook));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_size_is_aligned_zeroed_and_apart),
      cmocka_unit_test(large_object_gets_a_block_and_small_ones_share),
      cmocka_unit_test(text_is_copied_and_terminated),
      cmocka_unit_test(impossible_size_and_no_memory_give_null),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
