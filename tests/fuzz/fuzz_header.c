/* fuzz_header.c: lib/proto/header.c: the fields of a header cover it without gaps, and finding agrees with iterating.
 * Input: a message. */
#include "fuzz.h"
#include "proto/ascii.h"
#include "proto/header.h"

static void check_unfolding(struct msim_slice value)
{
  uint8_t *out = malloc(value.size_bytes + 1);
  size_t size, again, i;

  FUZZ_CHECK(out != NULL);
  FUZZ_CHECK(msim__header_unfold(value, out, value.size_bytes, &size) == MSIM_OK && size <= value.size_bytes);
  for (i = 0; i < size; i++)
    FUZZ_CHECK(out[i] != '\r' && out[i] != '\n');
  if (size > 0)
    FUZZ_CHECK(msim__header_unfold(value, out, size - 1, &again) == MSIM_ERR_LIMIT && again == 0);
  free(out);
}

static void check_field(const struct msim__header_field *field, struct msim_slice message, size_t from, size_t to)
{
  size_t i;

  FUZZ_CHECK(to > from && field->whole.data == message.data + from && field->whole.size_bytes == to - from);
  FUZZ_CHECK(fuzz_within(field->value, field->whole) && fuzz_within(field->name, field->whole));
  FUZZ_CHECK((field->name.size_bytes == 0) == field->bad);
  FUZZ_CHECK(to == message.size_bytes || message.data[to - 1] == '\n');
  for (i = 0; i < field->name.size_bytes; i++) /* RFC 5322 3.6.8 */
    FUZZ_CHECK(field->name.data[i] > 32 && field->name.data[i] < 127 && field->name.data[i] != ':');
  check_unfolding(field->value);
}

/* How many good fields of that name stand before offset. */
static unsigned count_before(struct msim_slice message, struct msim_slice name, const uint8_t *end)
{
  struct msim__header_iter iter;
  struct msim__header_field field;
  unsigned count = 0;

  msim__header_iter_init(&iter, message);
  while (msim__header_next(&iter, &field) == 1 && field.whole.data < end)
    count += !field.bad && msim__slice_equal_nocase(field.name, name);
  return count;
}

static void check_finding(struct msim_slice message, const struct msim__header_field *field)
{
  struct msim__header_field found;
  char name[64];

  if (field->bad || field->name.size_bytes >= sizeof name)
    return;
  memcpy(name, field->name.data, field->name.size_bytes);
  name[field->name.size_bytes] = '\0';
  FUZZ_CHECK(msim__header_find(message, name, count_before(message, field->name, field->whole.data), &found) == 1);
  FUZZ_CHECK(found.whole.data == field->whole.data && found.value.data == field->value.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  uint8_t *copy = fuzz_copy(fuzz_slice_of(data, size_bytes));
  struct msim_slice message = fuzz_slice_of(copy, size_bytes);
  struct msim__header_field field;
  struct msim__header_iter iter;
  size_t from = 0, end;
  unsigned count = 0;
  int got;

  msim__header_iter_init(&iter, message);
  while ((got = msim__header_next(&iter, &field)) == 1) {
    check_field(&field, message, from, iter.offset_bytes);
    if (count++ < 20) /* finding is a reading of its own each time */
      check_finding(message, &field);
    from = iter.offset_bytes;
  }
  FUZZ_CHECK(got == 0 || got == MSIM_ERR_LIMIT);
  FUZZ_CHECK(msim__header_end(message, &end) == got && end == iter.offset_bytes && end <= size_bytes);
  if (got == 0) {
    FUZZ_CHECK(end == from || (end - from <= 2 && copy[end - 1] == '\n')); /* the empty line */
    FUZZ_CHECK(end > from || end == size_bytes);
    FUZZ_CHECK(msim__header_next(&iter, &field) == 0 && iter.offset_bytes == end);
  }
  free(copy);
  return 0;
}
