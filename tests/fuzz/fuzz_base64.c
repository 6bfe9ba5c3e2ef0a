/* fuzz_base64.c: lib/proto/base64.c: each value has one text, and back. Input: bytes, and taken as text. */
#include "fuzz.h"
#include "proto/base64.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct msim_slice in = fuzz_slice_of(data, size_bytes);
  size_t encoded_bytes = msim__base64_encoded_bytes(size_bytes), size, back_size, i;
  uint8_t *text = malloc(encoded_bytes + 1), *back = malloc(size_bytes + 1);
  int err;

  FUZZ_CHECK(text != NULL && back != NULL);
  FUZZ_CHECK(msim__base64_encode(in, text, encoded_bytes, &size) == MSIM_OK && size == encoded_bytes);
  for (i = 0; i < size; i++)
    FUZZ_CHECK((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z') ||
               (text[i] >= '0' && text[i] <= '9') || text[i] == '+' || text[i] == '/' ||
               (text[i] == '=' && i + 2 >= size));
  FUZZ_CHECK(msim__base64_decode(fuzz_slice_of(text, size), back, size_bytes, &back_size) == MSIM_OK);
  FUZZ_CHECK(fuzz_same(fuzz_slice_of(back, back_size), in));
  if (size_bytes > 0) {
    FUZZ_CHECK(msim__base64_decode(fuzz_slice_of(text, size), back, size_bytes - 1, &back_size) == MSIM_ERR_LIMIT);
    FUZZ_CHECK(back_size == 0 && msim__base64_encode(in, text, encoded_bytes - 1, &size) == MSIM_ERR_LIMIT &&
               size == 0);
  }

  err = msim__base64_decode(in, back, size_bytes, &back_size);
  FUZZ_CHECK(err == MSIM_OK || (err == MSIM_ERR_SYNTAX && back_size == 0));
  if (err == MSIM_OK) {
    FUZZ_CHECK(msim__base64_encode(fuzz_slice_of(back, back_size), text, encoded_bytes, &size) == MSIM_OK);
    FUZZ_CHECK(fuzz_same(fuzz_slice_of(text, size), in));
  }
  free(text);
  free(back);
  return 0;
}
