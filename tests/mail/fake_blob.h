/* fake_blob.h: shared blobs for tests of lib/mail, which knows them by their public calls only: the real ones are a
 * layer that these tests are not linked with. Include after the cmocka headers, in one file of a program. */
#ifndef MSIM_TESTS_MAIL_FAKE_BLOB_H
#define MSIM_TESTS_MAIL_FAKE_BLOB_H

#include <mailsim/stream.h>

#include <stdlib.h>
#include <string.h>

struct msim_blob {
  unsigned refs;
  size_t size_bytes;
  uint8_t *data; /* of exactly that size */
};

static unsigned fake_blob_count; /* alive */

struct msim_blob *msim_blob_new(struct msim_sim *sim, const void *data, size_t size_bytes)
{
  struct msim_blob *blob = malloc(sizeof *blob);

  (void)sim;
  assert_non_null(blob);
  blob->refs = 1;
  blob->size_bytes = size_bytes;
  blob->data = malloc(size_bytes > 0 ? size_bytes : 1);
  assert_non_null(blob->data);
  memset(blob->data, 0, size_bytes);
  if (data != NULL && size_bytes > 0)
    memcpy(blob->data, data, size_bytes);
  fake_blob_count++;
  return blob;
}

struct msim_slice msim_blob_bytes(const struct msim_blob *blob)
{
  struct msim_slice bytes = {blob->data, blob->size_bytes};

  return bytes;
}

void msim_blob_ref(struct msim_blob *blob)
{
  blob->refs++;
}

void msim_blob_unref(struct msim_blob *blob)
{
  if (blob == NULL || --blob->refs > 0)
    return;
  free(blob->data);
  free(blob);
  fake_blob_count--;
}

#endif
