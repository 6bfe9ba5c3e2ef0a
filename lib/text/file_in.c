/* file_in.c: see file_in.h. */
#include "text/file_in.h"

#include <stdio.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

static int read_stream(FILE *file, struct msim__mem *mem, size_t bytes_max, uint8_t **data, size_t *capacity,
                       size_t *size)
{
  for (;;) {
    size_t got;
    int err = msim__grow(mem, data, capacity, *size + CHUNK_BYTES, bytes_max + CHUNK_BYTES, 1);

    if (err != MSIM_OK)
      return err;
    got = fread(*data + *size, 1, CHUNK_BYTES, file);
    *size += got;
    if (*size > bytes_max)
      return MSIM_ERR_LIMIT;
    if (got < CHUNK_BYTES)
      return ferror(file) ? MSIM_ERR_IO : MSIM_OK;
  }
}

int msim__file_read(struct msim__mem *mem, const char *path, size_t bytes_max, uint8_t **data, size_t *capacity,
                    size_t *size)
{
  FILE *file = fopen(path, "rb");
  int err;

  *data = NULL;
  *capacity = *size = 0;
  if (file == NULL)
    return MSIM_ERR_NOT_FOUND;
  err = read_stream(file, mem, bytes_max, data, capacity, size);
  fclose(file);
  return err;
}
