/* check_files.h: for the tests of lib/check: files of the source tree, and findings kept as text.
 *
 * Include after the cmocka headers. */
#ifndef MSIM_TESTS_CHECK_FILES_H
#define MSIM_TESTS_CHECK_FILES_H

#include <mailsim/check.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "LINE:COLUMN: sentence\n" per finding. */
struct findings {
  char text[8192];
  size_t size_bytes;
  unsigned count;
};

static inline void findings_keep(void *user, const struct msim_diag *diag)
{
  struct findings *f = user;

  f->count++;
  f->size_bytes += (size_t)snprintf(f->text + f->size_bytes, sizeof f->text - f->size_bytes, "%u:%u: %s\n", diag->line,
                                    diag->column, diag->text);
  assert_true(f->size_bytes < sizeof f->text);
}

/* A file below the root of the sources; free data with free(). */
static inline struct msim_slice file_read(const char *name)
{
  char path[1024];
  struct msim_slice bytes;
  uint8_t *data;
  FILE *file;
  long size;

  snprintf(path, sizeof path, "%s/%s", MSIM_SOURCE_DIR, name);
  file = fopen(path, "rb");
  if (file == NULL)
    fail_msg("%s cannot be read", path);
  assert_int_equal(fseek(file, 0, SEEK_END), 0);
  size = ftell(file);
  assert_true(size >= 0);
  rewind(file);
  data = malloc((size_t)size + 1);
  assert_non_null(data);
  assert_int_equal(fread(data, 1, (size_t)size, file), (size_t)size);
  fclose(file);
  data[size] = 0;
  bytes.data = data;
  bytes.size_bytes = (size_t)size;
  return bytes;
}

static inline void file_free(struct msim_slice bytes)
{
  free((void *)(uintptr_t)bytes.data);
}

#endif
