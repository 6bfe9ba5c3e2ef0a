/* fuzz_address.c: lib/proto/address.c and lib/core/addr.c: readers of addresses agree with each other and with what
 * they give. Input: an address as text. */
#include "fuzz.h"
#include "proto/address.h"

static void check_mailbox(const struct msim__address *a, struct msim_slice text, bool utf8)
{
  uint8_t unquoted[MSIM__ADDRESS_LOCAL_BYTES_MAX];
  struct msim__address other;
  size_t size, i;
  bool high = false;

  FUZZ_CHECK(a->local.data == text.data && a->local.size_bytes > 0 && a->domain.size_bytes > 0);
  FUZZ_CHECK(a->local.size_bytes + 1 + a->domain.size_bytes == text.size_bytes);
  FUZZ_CHECK(text.data[a->local.size_bytes] == '@' && a->domain.data == text.data + a->local.size_bytes + 1);
  FUZZ_CHECK(a->local.size_bytes <= MSIM__ADDRESS_LOCAL_BYTES_MAX);
  FUZZ_CHECK(a->domain.size_bytes <= MSIM__ADDRESS_DOMAIN_BYTES_MAX);
  for (i = 0; i < text.size_bytes; i++) {
    FUZZ_CHECK(text.data[i] >= 0x20 && text.data[i] != 0x7f);
    high = high || text.data[i] >= 0x80;
  }
  FUZZ_CHECK(a->non_ascii == high && (utf8 || !high));
  FUZZ_CHECK(a->domain_literal == (a->domain.data[0] == '['));
  FUZZ_CHECK(a->domain_literal == (a->literal.family != MSIM_FAMILY_NONE));
  FUZZ_CHECK(a->domain_literal ? msim__domain_is_literal(a->domain, NULL) : msim__domain_is_name(a->domain, utf8));
  FUZZ_CHECK(msim__address_equal(a, a));
  FUZZ_CHECK(msim__address_unquote_local(a, unquoted, sizeof unquoted, &size) == MSIM_OK);
  FUZZ_CHECK(a->local_quoted ? size + 2 <= a->local.size_bytes : fuzz_same(fuzz_slice_of(unquoted, size), a->local));
  FUZZ_CHECK(size == 0 || msim__address_unquote_local(a, unquoted, size - 1, &i) == MSIM_ERR_LIMIT);
  if (!high) /* what ASCII allows, UTF-8 allows as well */
    FUZZ_CHECK(msim__address_parse(&other, text, !utf8, NULL) == MSIM_OK && msim__address_equal(a, &other));
}

/* A domain alone, and behind "a@": the same judgement. */
static void check_domain(struct msim_slice text, bool utf8)
{
  uint8_t *mailbox = malloc(text.size_bytes + 2);
  struct msim__address address;
  int err;

  FUZZ_CHECK(mailbox != NULL);
  memcpy(mailbox, "a@", 2);
  if (text.size_bytes > 0)
    memcpy(mailbox + 2, text.data, text.size_bytes);
  err = msim__address_parse(&address, fuzz_slice_of(mailbox, text.size_bytes + 2), utf8, NULL);
  FUZZ_CHECK((err == MSIM_OK) == (msim__domain_is_name(text, utf8) || msim__domain_is_literal(text, NULL)));
  FUZZ_CHECK(err != MSIM_OK || msim__domain_equal(text, address.domain));
  free(mailbox);
}

static void check_number(struct msim_slice text)
{
  struct msim_addr addr, again;
  char out[MSIM_ADDR_TEXT_BYTES];
  int err = msim_addr_parse(&addr, (const char *)text.data, text.size_bytes);

  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_SYNTAX);
  if (err != MSIM_OK)
    return;
  FUZZ_CHECK(msim_addr_format(&addr, out) == strlen(out) && strlen(out) < sizeof out);
  FUZZ_CHECK(msim_addr_parse(&again, out, strlen(out)) == MSIM_OK && msim_addr_equal(&addr, &again));
  FUZZ_CHECK(addr.family == MSIM_FAMILY_IPV4 || addr.family == MSIM_FAMILY_IPV6);
  if (addr.family == MSIM_FAMILY_IPV4) /* there is one spelling only */
    FUZZ_CHECK(fuzz_same(text, fuzz_slice_of((const uint8_t *)out, strlen(out))));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  uint8_t *copy = fuzz_copy(fuzz_slice_of(data, size_bytes));
  struct msim_slice text = fuzz_slice_of(copy, size_bytes);
  unsigned utf8;

  for (utf8 = 0; utf8 < 2; utf8++) {
    enum msim__address_flaw flaw, scan_flaw;
    struct msim__address address, scanned;
    size_t used;
    int err = msim__address_parse(&address, text, utf8 != 0, &flaw);
    int scan_err = msim__address_scan(&scanned, text, utf8 != 0, &used, &scan_flaw);

    FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_SYNTAX || err == MSIM_ERR_LIMIT);
    FUZZ_CHECK((err == MSIM_OK) == (flaw == MSIM__ADDRESS_FINE) && (scan_err == MSIM_OK) == (scan_flaw == 0));
    FUZZ_CHECK((err == MSIM_ERR_LIMIT) == (flaw == MSIM__ADDRESS_LONG_LOCAL || flaw == MSIM__ADDRESS_LONG_DOMAIN));
    FUZZ_CHECK(used <= size_bytes && fuzz_within(scanned.local, text) && fuzz_within(scanned.domain, text));
    FUZZ_CHECK(err != MSIM_OK || (scan_err == MSIM_OK && used == size_bytes));
    if (scan_err == MSIM_OK && scanned.domain.size_bytes > 0) /* what was passed over is an address by itself */
      FUZZ_CHECK(msim__address_parse(&scanned, fuzz_part(text, 0, used), utf8 != 0, NULL) == MSIM_OK);
    if (err == MSIM_OK)
      check_mailbox(&address, text, utf8 != 0);
    check_domain(text, utf8 != 0);
  }
  check_number(text);
  free(copy);
  return 0;
}
