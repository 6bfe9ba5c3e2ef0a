/* fake_blob.h: shared blobs for tests of lib/mail that have no simulation: real ones, out of memory of their own that
 * tells how many are alive. Include after the cmocka headers, in one file of a program. */
#ifndef MSIM_TESTS_MAIL_FAKE_BLOB_H
#define MSIM_TESTS_MAIL_FAKE_BLOB_H

#include "net/blob.h"

#include <string.h>

static struct msim__mem fake_blob_mem;

#define fake_blob_count fake_blob_mem.block_count /* alive */

static struct msim_blob *fake_blob_new(const void *data, size_t size_bytes)
{
  struct msim_blob *blob;

  if (fake_blob_mem.hook.resize == NULL)
    msim__mem_init(&fake_blob_mem, NULL);
  blob = msim__blob_room(&fake_blob_mem, size_bytes);
  assert_non_null(blob);
  memset(blob->data, 0, size_bytes);
  if (data != NULL && size_bytes > 0)
    memcpy(blob->data, data, size_bytes);
  blob->size_bytes = (uint32_t)size_bytes;
  return blob;
}

#define msim_blob_new(sim, data, size_bytes) ((void)(sim), fake_blob_new((data), (size_bytes)))

#endif
