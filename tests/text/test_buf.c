/* Tests of text/buf.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "support/fail_mem.h"
#include "text/buf.h"

static void append_of_all_kinds_makes_one_text(void **state)
{
  struct fail_mem f;
  struct msim__mem mem;
  struct msim__buf buf;

  (void)state;
  fail_mem_init(&f, 0);
  msim__mem_init(&mem, &f.hook);
  msim__buf_init(&buf, &mem, 1000);
  assert_string_equal(msim__buf_text(&buf), "");
  assert_int_equal(msim__buf_append(&buf, NULL, 0), 0);
  assert_int_equal(f.request_count, 0);
  assert_int_equal(msim__buf_append_text(&buf, "grün "), 0);
  assert_int_equal(msim__buf_append_uint(&buf, 7), 0);
  assert_int_equal(msim__buf_append_byte(&buf, ' '), 0);
  assert_int_equal(msim__buf_append_int(&buf, -12), 0);
  assert_int_equal(msim__buf_printf(&buf, " %s/%d", "x", 5), 0);
  assert_string_equal(msim__buf_text(&buf), "grün 7 -12 x/5");
  msim__buf_clear(&buf);
  assert_string_equal(msim__buf_text(&buf), "");
  msim__buf_release(&buf);
  assert_true(fail_mem_clean(&f));
}

static void append_beyond_maximum_is_a_sticky_limit(void **state)
{
  struct msim__mem mem;
  struct msim__buf buf;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&buf, &mem, 10);
  assert_int_equal(msim__buf_append(&buf, "123456789", 9), 0);
  assert_int_equal(msim__buf_append(&buf, "ab", 2), MSIM_ERR_LIMIT);
  assert_int_equal(msim__buf_append(&buf, "c", 1), MSIM_ERR_LIMIT);
  assert_int_equal(msim__buf_append_uint(&buf, 1), MSIM_ERR_LIMIT);
  assert_int_equal(msim__buf_printf(&buf, "%d", 1), MSIM_ERR_LIMIT);
  assert_null(msim__buf_room(&buf, 0));
  assert_string_equal(msim__buf_text(&buf), "123456789");
  msim__buf_clear(&buf);
  assert_int_equal(msim__buf_append(&buf, "1234567890", 10), 0);
  assert_string_equal(msim__buf_text(&buf), "1234567890");
  msim__buf_release(&buf);
  assert_int_equal(mem.held_bytes, 0);
}

static void append_when_memory_fails_leaks_nothing(void **state)
{
  uint64_t n;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (n = 1; err != 0; n++) {
    struct fail_mem f;
    struct msim__mem mem;
    struct msim__buf buf;
    int i;

    assert_true(n < 20);
    fail_mem_init(&f, n);
    msim__mem_init(&mem, &f.hook);
    msim__buf_init(&buf, &mem, 5000);
    for (i = 0; i < 1000; i++)
      (void)msim__buf_append(&buf, "abcde", 5);
    err = buf.err;
    assert_int_equal(err, f.failed_count > 0 ? MSIM_ERR_NOMEM : 0);
    if (err == 0)
      assert_int_equal(buf.size_bytes, 5000);
    msim__buf_release(&buf);
    assert_true(fail_mem_clean(&f));
  }
  assert_true(n > 3);
}

struct taken {
  char text[4000];
  size_t size_bytes;
  int calls, fail_at;
};

static int take(void *user, const char *data, size_t size_bytes)
{
  struct taken *t = user;

  if (++t->calls == t->fail_at)
    return MSIM_ERR_IO;
  assert_true(t->size_bytes + size_bytes <= sizeof(t->text));
  memcpy(t->text + t->size_bytes, data, size_bytes);
  t->size_bytes += size_bytes;
  return 0;
}

static void flush_with_small_buffer_passes_everything_in_order(void **state)
{
  struct fail_mem f;
  struct msim__mem mem;
  struct msim__buf buf;
  struct taken t;
  char expected[4000];
  size_t size = 0;
  int i;

  (void)state;
  memset(&t, 0, sizeof(t));
  fail_mem_init(&f, 0);
  msim__mem_init(&mem, &f.hook);
  msim__buf_init_flush(&buf, &mem, 16, take, &t);
  for (i = 0; i < 100; i++) {
    const char *piece = i % 7 == 0 ? "this is longer than the buffer" : "short";

    memcpy(expected + size, piece, strlen(piece));
    size += strlen(piece);
    assert_int_equal(msim__buf_append_text(&buf, piece), 0);
  }
  assert_int_equal(msim__buf_flush(&buf), 0);
  assert_int_equal(t.size_bytes, size);
  assert_memory_equal(t.text, expected, size);
  assert_true(f.peak_bytes < 64);
  msim__buf_release(&buf);
  assert_true(fail_mem_clean(&f));
}

static void flush_that_fails_sticks(void **state)
{
  struct msim__mem mem;
  struct msim__buf buf;
  struct taken t;

  (void)state;
  memset(&t, 0, sizeof(t));
  t.fail_at = 2;
  msim__mem_init(&mem, NULL);
  msim__buf_init_flush(&buf, &mem, 4, take, &t);
  assert_int_equal(msim__buf_append_text(&buf, "abcd"), 0);
  assert_int_equal(msim__buf_append_text(&buf, "efgh"), 0);
  assert_int_equal(msim__buf_append_text(&buf, "i"), MSIM_ERR_IO);
  assert_int_equal(msim__buf_flush(&buf), MSIM_ERR_IO);
  assert_int_equal(t.calls, 2);
  assert_int_equal(t.size_bytes, 4);
  msim__buf_release(&buf);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(append_of_all_kinds_makes_one_text),
      cmocka_unit_test(append_beyond_maximum_is_a_sticky_limit),
      cmocka_unit_test(append_when_memory_fails_leaks_nothing),
      cmocka_unit_test(flush_with_small_buffer_passes_everything_in_order),
      cmocka_unit_test(flush_that_fails_sticks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
