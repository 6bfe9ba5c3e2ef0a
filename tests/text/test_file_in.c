/* Tests of text/file_in.c: a file as it is, what never ends, what is not there, memory that fails. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include <string.h>

#include "support/fail_mem.h"
#include "text/file_in.h"

static char path[200];

static void write_file(size_t size)
{
  FILE *file;
  size_t i;

  snprintf(path, sizeof path, "test_file_in.%lu.tmp", (unsigned long)size);
  file = fopen(path, "wb");
  assert_non_null(file);
  for (i = 0; i < size; i++)
    assert_int_not_equal(putc((int)(i % 251), file), EOF);
  assert_int_equal(fclose(file), 0);
}

static int read_back(const char *from, size_t bytes_max, uint64_t fail_at, size_t *size)
{
  struct fail_mem f;
  struct msim__mem mem;
  uint8_t *data;
  size_t capacity, i;
  int err;

  fail_mem_init(&f, fail_at);
  msim__mem_init(&mem, &f.hook);
  err = msim__file_read(&mem, from, bytes_max, &data, &capacity, size);
  for (i = 0; err == MSIM_OK && i < *size; i++)
    assert_int_equal(data[i], i % 251);
  msim__free(&mem, data, capacity);
  assert_true(fail_mem_clean(&f));
  return err;
}

static void a_file_is_read_to_its_end(void **state)
{
  static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
  size_t i, size;

  (void)state;
  for (i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    write_file(sizes[i]);
    assert_int_equal(read_back(path, 200000, 0, &size), MSIM_OK);
    assert_int_equal(size, sizes[i]);
    remove(path);
  }
}

static void too_much_and_nothing_are_errors(void **state)
{
  size_t size;

  (void)state;
  write_file(1001);
  assert_int_equal(read_back(path, 1000, 0, &size), MSIM_ERR_LIMIT);
  remove(path);
  assert_int_equal(read_back(path, 1000, 0, &size), MSIM_ERR_NOT_FOUND);
  assert_int_equal(read_back("/dev/zero", 100000, 0, &size), MSIM_ERR_LIMIT);
}

static void memory_that_fails_is_told(void **state)
{
  uint64_t fail_at;
  size_t size;

  (void)state;
  write_file(200000);
  for (fail_at = 1; read_back(path, 200000, fail_at, &size) == MSIM_ERR_NOMEM; fail_at++)
    assert_true(fail_at < 20);
  assert_true(fail_at > 2);
  assert_int_equal(size, 200000);
  remove(path);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_file_is_read_to_its_end),
      cmocka_unit_test(too_much_and_nothing_are_errors),
      cmocka_unit_test(memory_that_fails_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
