/* fuzz_units.c: lib/text/units.c: what is read can be written and read again to the same value, and the first writing
 * is the only one. Input: a quantity as text; its bytes are also taken as a value. */
#include "fuzz.h"
#include "text/units.h"

#define RATE_MAX_BPS UINT64_C(1000000000000000) /* what the reader takes */

static struct msim_slice text_of(const char *text, size_t size_bytes)
{
  FUZZ_CHECK(size_bytes > 0 && size_bytes < MSIM__UNITS_TEXT_BYTES && text[size_bytes] == '\0');
  FUZZ_CHECK(strlen(text) == size_bytes);
  return fuzz_slice_of((const uint8_t *)text, size_bytes);
}

/* why by its address: the call that sets it is another argument. */
static void check_result(int err, const char *const *why)
{
  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_SYNTAX);
  FUZZ_CHECK(err == MSIM_OK || (*why != NULL && (*why)[0] != '\0'));
}

static void check_duration(msim_ns value)
{
  char out[MSIM__UNITS_TEXT_BYTES];
  const char *why;
  msim_ns again;

  FUZZ_CHECK(value <= MSIM__UNITS_DURATION_MAX_NS);
  FUZZ_CHECK(msim__units_parse_duration(text_of(out, msim__units_format_duration(value, out)), &again, &why) ==
             MSIM_OK);
  FUZZ_CHECK(again == value);
}

static void check_size(uint64_t value)
{
  char out[MSIM__UNITS_TEXT_BYTES];
  const char *why;
  uint64_t again;

  FUZZ_CHECK(msim__units_parse_size(text_of(out, msim__units_format_size(value, out)), &again, &why) == MSIM_OK);
  FUZZ_CHECK(again == value);
}

static void check_rate(uint64_t value)
{
  char out[MSIM__UNITS_TEXT_BYTES];
  const char *why;
  uint64_t again;

  FUZZ_CHECK(msim__units_parse_rate(text_of(out, msim__units_format_rate(value, out)), &again, &why) == MSIM_OK);
  FUZZ_CHECK(again == value);
}

static void check_share(uint32_t value)
{
  char out[MSIM__UNITS_TEXT_BYTES];
  const char *why;
  uint32_t again;

  FUZZ_CHECK(value <= 1000000);
  FUZZ_CHECK(msim__units_parse_share(text_of(out, msim__units_format_share(value, out)), &again, &why) == MSIM_OK);
  FUZZ_CHECK(again == value);
}

static void check_text(struct msim_slice text)
{
  const uint64_t untouched = UINT64_C(0x5555555555555555);
  uint64_t value, other = untouched;
  const char *why = NULL;
  int64_t signed_value;
  int32_t drift;
  uint32_t share;
  bool in_packets;
  int err, unsigned_err;

  check_result(unsigned_err = msim__units_parse_duration(text, &other, &why), &why);
  if (unsigned_err == MSIM_OK)
    check_duration(other);
  else
    FUZZ_CHECK(other == untouched);
  check_result(err = msim__units_parse_duration_signed(text, &signed_value, &why), &why);
  FUZZ_CHECK(unsigned_err != MSIM_OK || (err == MSIM_OK && signed_value >= 0 && (uint64_t)signed_value == other));
  check_result(err = msim__units_parse_size(text, &value, &why), &why);
  if (err == MSIM_OK)
    check_size(value);
  check_result(unsigned_err = msim__units_parse_queue(text, &other, &in_packets, &why), &why);
  FUZZ_CHECK(err != MSIM_OK || (unsigned_err == MSIM_OK && !in_packets && other == value));
  check_result(err = msim__units_parse_rate(text, &value, &why), &why);
  if (err == MSIM_OK)
    check_rate(value);
  check_result(err = msim__units_parse_share(text, &share, &why), &why);
  if (err == MSIM_OK)
    check_share(share);
  check_result(msim__units_parse_drift(text, &drift, &why), &why);
  check_result(msim__units_parse_packets(text, &value, &why), &why);
  check_result(msim__units_parse_count(text, &value, &why), &why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  uint8_t *copy = fuzz_copy(input.rest);
  uint64_t value = fuzz_number(&input, 8);
  char out[MSIM__UNITS_TEXT_BYTES];

  check_text(fuzz_slice_of(copy, size_bytes));
  check_duration(value & MSIM__UNITS_DURATION_MAX_NS);
  check_size(value & INT64_MAX);
  check_rate(value % (RATE_MAX_BPS + 1));
  check_share((uint32_t)(value % 1000001));
  (void)text_of(out, msim__units_format_seconds(value, out));
  free(copy);
  return 0;
}
