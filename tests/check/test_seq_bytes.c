/* Tests of lib/check/seq_bytes.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check/seq_bytes.h"
#include "support/fail_mem.h"

#include <string.h>

static struct msim_slice text(const char *bytes)
{
  struct msim_slice slice = {(const uint8_t *)bytes, strlen(bytes)};

  return slice;
}

struct kept {
  struct fail_mem hook;
  struct msim__mem mem;
  struct msim__seq_bytes bytes;
};

static void open_kept(struct kept *k, uint64_t fail_at)
{
  memset(k, 0, sizeof *k);
  fail_mem_init(&k->hook, fail_at);
  msim__mem_init(&k->mem, &k->hook.hook);
}

static void close_kept(struct kept *k)
{
  msim__seq_bytes_release(&k->bytes, &k->mem);
  assert_true(fail_mem_clean(&k->hook));
}

static bool equal(const struct kept *k, uint32_t seq, const char *bytes)
{
  uint32_t at;

  return msim__seq_bytes_equal(&k->bytes, seq, text(bytes), &at);
}

static void bytes_when_compared_then_only_where_both_are_known(void **state)
{
  struct kept k;
  uint32_t begin = UINT32_MAX - 2, at = 0;

  (void)state;
  open_kept(&k, 0);
  assert_true(equal(&k, begin, "anything"));
  assert_int_equal(msim__seq_bytes_add(&k.bytes, &k.mem, begin, text("abcd")), MSIM_OK);
  assert_int_equal(msim__seq_bytes_add(&k.bytes, &k.mem, begin + 2, text("cdef")), MSIM_OK);
  assert_true(equal(&k, begin, "abcdef"));
  assert_true(equal(&k, begin - 2, "xxabcdefyy"));
  assert_true(equal(&k, begin + 5, "f"));
  assert_true(equal(&k, begin + 6, "z"));
  assert_true(equal(&k, begin - 3, "xyz"));
  assert_false(msim__seq_bytes_equal(&k.bytes, begin - 1, text("xabcXef"), &at));
  assert_int_equal(at, begin + 3);
  msim__seq_bytes_drop(&k.bytes, &k.mem, begin + 4);
  assert_true(equal(&k, begin, "XXXXef"));
  assert_false(equal(&k, begin, "XXXXeX"));
  assert_int_equal(msim__seq_bytes_add(&k.bytes, &k.mem, begin + 10, text("later")), MSIM_OK); /* a gap: not kept */
  assert_true(equal(&k, begin + 10, "LATER"));
  msim__seq_bytes_drop(&k.bytes, &k.mem, begin + 6);
  assert_int_equal(k.mem.held_bytes, 0);
  close_kept(&k);
}

/* A window that moves on for ever costs what is in it; more than the bound is not kept. */
static void bytes_when_many_then_memory_is_bounded(void **state)
{
  static uint8_t block[65536];
  struct msim_slice slice = {block, sizeof block};
  struct kept k;
  uint32_t i, seq = 0, at;

  (void)state;
  open_kept(&k, 0);
  for (i = 0; i < 1000; i++, seq += sizeof block) {
    memset(block, (int)i, sizeof block);
    assert_int_equal(msim__seq_bytes_add(&k.bytes, &k.mem, seq, slice), MSIM_OK);
    assert_true(msim__seq_bytes_equal(&k.bytes, seq, slice, &at));
    if (i >= 4)
      msim__seq_bytes_drop(&k.bytes, &k.mem, seq - 4 * (uint32_t)sizeof block);
  }
  assert_true(k.mem.held_bytes <= MSIM__SEQ_BYTES_MAX);
  assert_int_equal(k.bytes.size_bytes, 5 * sizeof block);
  for (i = 0; i < 100; i++, seq += sizeof block)
    assert_int_equal(msim__seq_bytes_add(&k.bytes, &k.mem, seq, slice), MSIM_OK);
  assert_int_equal(k.bytes.size_bytes, MSIM__SEQ_BYTES_MAX);
  close_kept(&k);
}

static void bytes_when_memory_runs_out_then_reported(void **state)
{
  struct kept k;

  (void)state;
  open_kept(&k, 1);
  assert_int_equal(msim__seq_bytes_add(&k.bytes, &k.mem, 1, text("a")), MSIM_ERR_NOMEM);
  close_kept(&k);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_when_compared_then_only_where_both_are_known),
      cmocka_unit_test(bytes_when_many_then_memory_is_bounded),
      cmocka_unit_test(bytes_when_memory_runs_out_then_reported),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
