/* fuzz_mime.c: lib/proto: parts of a message lie in each other and in the message; what is coded comes back; lists of
 * addresses and parameters come to an end. Input: a message. */
#include "fuzz.h"
#include "proto/base64.h"
#include "proto/encoded_word.h"
#include "proto/mailbox_list.h"
#include "proto/mime.h"
#include "proto/mime_walk.h"
#include "proto/quoted.h"

#define PARTS_MAX 64u

static void check_part(const struct msim__mime_part *parts, size_t i, struct msim_slice message)
{
  const struct msim__mime_part *part = &parts[i], *parent = &parts[part->parent];

  FUZZ_CHECK(part->header_at + part->header_bytes == part->body_at);
  FUZZ_CHECK(part->body_at <= message.size_bytes && part->body_bytes <= message.size_bytes - part->body_at);
  FUZZ_CHECK(part->body_lines <= part->body_bytes);
  FUZZ_CHECK(fuzz_within(part->type, message) || part->type.size_bytes <= 7);
  if (i == 0) {
    FUZZ_CHECK(part->depth == 0 && part->number == 0);
    return;
  }
  FUZZ_CHECK(part->parent < i && part->depth == parent->depth + 1 && part->depth <= MSIM__MIME_DEPTH_MAX);
  FUZZ_CHECK(part->number >= 1 && part->number <= parent->child_count && parent->kind != MSIM__MIME_LEAF);
  FUZZ_CHECK(part->header_at >= parent->body_at &&
             part->body_at + part->body_bytes <= parent->body_at + parent->body_bytes + 2);
  FUZZ_CHECK(!part->eight_bit || parent->eight_bit);
}

static void check_walk(struct msim_slice message)
{
  static const char *const names[] = {"boundary", "charset", "name", "filename"};
  struct msim__mime_part parts[PARTS_MAX];
  size_t count, i, n;

  FUZZ_CHECK(msim__mime_walk(message, parts, PARTS_MAX, &count) <= 0);
  FUZZ_CHECK(count >= 1 && count <= PARTS_MAX);
  for (i = 0; i < count; i++) {
    struct msim_slice value = msim__mime_part_field(message, &parts[i], "Content-Type");
    struct msim__mime_field field;
    uint8_t out[64];

    check_part(parts, i, message);
    if (msim__mime_field_parse(&field, value) == MSIM_OK)
      FUZZ_CHECK(msim__mime_param_get(field.params, names[i % 4], out, sizeof out, &n, NULL) <= 1 && n <= sizeof out);
  }
}

static void check_list(struct msim_slice text)
{
  struct msim__mailbox_list list = {text, 0, false};
  struct msim__mailbox_list_item item;
  uint8_t room[300];
  size_t before, count = 0;

  do {
    before = list.at;
    FUZZ_CHECK(count++ <= 2 * text.size_bytes + 2);
    FUZZ_CHECK(list.at <= text.size_bytes);
  } while (msim__mailbox_list_next(&list, &item, room, sizeof room) == 1 && list.at >= before);
  FUZZ_CHECK(list.at == text.size_bytes);
}

static void check_words(struct msim_slice text)
{
  uint8_t *out = malloc(3 * text.size_bytes + 1);
  size_t n;

  FUZZ_CHECK(out != NULL && msim__encoded_words_decode(text, out, 3 * text.size_bytes, &n) == MSIM_OK);
  free(out);
}

static void check_quoted(struct msim_slice text)
{
  size_t cap = 4 * text.size_bytes + 600, taken, written, n;
  uint8_t *coded = malloc(cap), *back = malloc(cap);
  struct msim__quoted_encode encode = {0};
  struct msim__quoted_decode decode = {{0}, 0};

  FUZZ_CHECK(coded != NULL && back != NULL);
  msim__quoted_encode(&encode, text, coded, cap, &taken, &n);
  FUZZ_CHECK(taken == text.size_bytes);
  n += msim__quoted_encode_end(&encode, coded + n);
  msim__quoted_decode(&decode, fuzz_slice_of(coded, n), back, cap, &taken, &written);
  FUZZ_CHECK(taken == n);
  written += msim__quoted_decode_end(&decode, back + written);
  FUZZ_CHECK(fuzz_same(fuzz_slice_of(back, written), text));
  free(coded);
  free(back);
}

static void check_base64(struct msim_slice text)
{
  size_t cap = 2 * text.size_bytes + 16, taken, written, n;
  uint8_t *coded = malloc(cap), *back = malloc(cap);
  struct msim__base64_writer writer = {{0}, 0, 0};
  struct msim__base64_reader reader = {0, 0};

  FUZZ_CHECK(coded != NULL && back != NULL);
  msim__base64_write(&writer, text, coded, cap, &taken, &n);
  FUZZ_CHECK(taken == text.size_bytes);
  n += msim__base64_write_end(&writer, coded + n);
  msim__base64_read(&reader, fuzz_slice_of(coded, n), back, cap, &taken, &written);
  FUZZ_CHECK(taken == n && fuzz_same(fuzz_slice_of(back, written), text));
  free(coded);
  free(back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  uint8_t *copy = fuzz_copy(fuzz_slice_of(data, size_bytes));
  struct msim_slice text = fuzz_slice_of(copy, size_bytes);

  check_walk(text);
  check_list(text);
  check_words(text);
  check_quoted(text);
  check_base64(text);
  free(copy);
  return 0;
}
