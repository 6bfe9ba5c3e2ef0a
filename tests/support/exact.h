/* exact.h: copies of exactly the size of their content, so that AddressSanitizer sees a read of one byte too many.
 *
 * For tests only; include after the cmocka headers. */
#ifndef MSIM_TESTS_SUPPORT_EXACT_H
#define MSIM_TESTS_SUPPORT_EXACT_H

#include <mailsim/base.h>

#include <stdlib.h>
#include <string.h>

/* Free with exact_free. Also of nothing: then data is a block of which no byte may be read. */
static inline struct msim_slice exact_copy(const void *data, size_t size_bytes)
{
  struct msim_slice copy;
  uint8_t *bytes = malloc(size_bytes == 0 ? 1 : size_bytes);

  assert_non_null(bytes);
  copy.data = bytes;
  copy.size_bytes = size_bytes;
  if (size_bytes > 0)
    memcpy(bytes, data, size_bytes);
  return copy;
}

static inline struct msim_slice exact_text(const char *text)
{
  return exact_copy(text, strlen(text));
}

static inline void exact_free(struct msim_slice copy)
{
  free((void *)(uintptr_t)copy.data);
}

#endif
