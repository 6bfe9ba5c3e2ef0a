/* test_names.c: lib/core/names.c: look-up, insertion order, and memory that runs out in every place. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/names.h"
#include "support/fail_mem.h"

#define NAMES 2000u

static char texts[NAMES][16];

static void name_text(size_t i)
{
  snprintf(texts[i], sizeof texts[i], "pc%zu-b%c%cro", i, (char)0xc3, (char)0xbc); /* büro */
}

static void names_are_found_and_kept_in_order(void **state)
{
  struct fail_mem hook;
  struct msim__mem mem;
  struct msim__names names;
  size_t i;

  (void)state;
  fail_mem_init(&hook, 0);
  msim__mem_init(&mem, &hook.hook);
  msim__names_init(&names, &mem);
  assert_null(msim__names_find(&names, "pc1", 3));
  for (i = 0; i < NAMES; i++) {
    name_text(i);
    assert_int_equal(msim__names_add(&names, texts[i], strlen(texts[i]), texts[i]), MSIM_OK);
  }
  assert_int_equal(names.count, NAMES);
  for (i = 0; i < NAMES; i++) {
    char other[16];

    assert_ptr_equal(names.rows[i].object, texts[i]);
    memcpy(other, texts[i], sizeof other); /* found by its characters, not by its place */
    assert_ptr_equal(msim__names_find(&names, other, strlen(other)), texts[i]);
    assert_int_equal(msim__names_add(&names, other, strlen(other), other), MSIM_ERR_EXISTS);
  }
  assert_int_equal(names.count, NAMES);
  msim__names_release(&names);
  assert_true(fail_mem_clean(&hook));
}

static void names_differ_by_length_case_and_zero_bytes(void **state)
{
  struct msim__mem mem;
  struct msim__names names;
  int objects[6];

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__names_init(&names, &mem);
  assert_int_equal(msim__names_add(&names, "", 0, &objects[0]), MSIM_OK);
  assert_int_equal(msim__names_add(&names, "\0", 1, &objects[1]), MSIM_OK);
  assert_int_equal(msim__names_add(&names, "a", 1, &objects[2]), MSIM_OK);
  assert_int_equal(msim__names_add(&names, "a\0", 2, &objects[3]), MSIM_OK);
  assert_int_equal(msim__names_add(&names, "A", 1, &objects[4]), MSIM_OK);
  assert_int_equal(msim__names_add(&names, "aaaaaaaa", 8, &objects[5]), MSIM_OK);
  assert_ptr_equal(msim__names_find(&names, "", 0), &objects[0]);
  assert_ptr_equal(msim__names_find(&names, "\0", 1), &objects[1]);
  assert_ptr_equal(msim__names_find(&names, "abc", 1), &objects[2]);
  assert_ptr_equal(msim__names_find(&names, "a\0", 2), &objects[3]);
  assert_ptr_equal(msim__names_find(&names, "A", 1), &objects[4]);
  assert_ptr_equal(msim__names_find(&names, "aaaaaaaa", 8), &objects[5]);
  assert_null(msim__names_find(&names, "aaaaaaaa", 7));
  assert_null(msim__names_find(&names, "b", 1));
  msim__names_release(&names);
  assert_int_equal(mem.held_bytes, 0);
}

/* Each request for memory refused in turn: the table stays as it was, and the same call succeeds afterwards. */
static void refused_memory_leaves_the_table_usable(void **state)
{
  uint64_t fail_at;
  bool failed = true;

  (void)state;
  for (fail_at = 1; failed; fail_at++) {
    struct fail_mem hook;
    struct msim__mem mem;
    struct msim__names names;
    size_t i;

    fail_mem_init(&hook, fail_at);
    msim__mem_init(&mem, &hook.hook);
    msim__names_init(&names, &mem);
    for (i = 0; i < 100; i++) {
      int err = msim__names_add(&names, (name_text(i), texts[i]), strlen(texts[i]), texts[i]);

      if (err != MSIM_OK) {
        assert_int_equal(err, MSIM_ERR_NOMEM);
        assert_int_equal(names.count, i);
        assert_null(msim__names_find(&names, texts[i], strlen(texts[i])));
        assert_int_equal(msim__names_add(&names, texts[i], strlen(texts[i]), texts[i]), MSIM_OK);
      }
    }
    for (i = 0; i < 100; i++)
      assert_ptr_equal(msim__names_find(&names, texts[i], strlen(texts[i])), texts[i]);
    failed = hook.failed_count > 0;
    msim__names_release(&names);
    assert_true(fail_mem_clean(&hook));
  }
  assert_true(fail_at > 5); /* rows and buckets were both refused */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(names_are_found_and_kept_in_order),
      cmocka_unit_test(names_differ_by_length_case_and_zero_bytes),
      cmocka_unit_test(refused_memory_leaves_the_table_usable),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
