/* sized.c: see sized.h. */
#include "core/sized.h"

#include <string.h>

int msim__sized_in(void *full, size_t full_bytes, const void *given, size_t given_bytes)
{
  const unsigned char *bytes = given;
  size_t i;

  memset(full, 0, full_bytes);
  if (given == NULL)
    return MSIM_ERR_INVALID;
  for (i = full_bytes; i < given_bytes; i++) {
    if (bytes[i] != 0)
      return MSIM_ERR_INVALID;
  }
  memcpy(full, given, given_bytes < full_bytes ? given_bytes : full_bytes);
  return MSIM_OK;
}

void msim__sized_out(void *out, size_t out_bytes, const void *full, size_t full_bytes)
{
  memset(out, 0, out_bytes);
  memcpy(out, full, out_bytes < full_bytes ? out_bytes : full_bytes);
}
