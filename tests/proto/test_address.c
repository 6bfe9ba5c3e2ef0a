/* test_address.c: mailboxes and domains, good and bad, in ASCII and beyond. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/address.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define LABEL63 A60 "aaa"
#define DOMAIN255 LABEL63 "." LABEL63 "." LABEL63 "." LABEL63

static void assert_slice(struct msim_slice slice, const char *text)
{
  assert_int_equal(slice.size_bytes, strlen(text));
  assert_memory_equal(slice.data, text, strlen(text));
}

static void valid_mailboxes_are_split(void **state)
{
  static const struct {
    const char *text, *local, *domain, *unquoted;
    bool utf8;
  } valid[] = {
      {"a@b", "a", "b", "a", false},
      {"john.q.public@example.com", "john.q.public", "example.com", "john.q.public", false},
      {"!#$%&'*+-/=?^_`{|}~@x-y.z9", "!#$%&'*+-/=?^_`{|}~", "x-y.z9", "!#$%&'*+-/=?^_`{|}~", false},
      {"\"john public\"@example.com", "\"john public\"", "example.com", "john public", false},
      {"\"a\\\"b\\\\c@d\"@example.com", "\"a\\\"b\\\\c@d\"", "example.com", "a\"b\\c@d", false},
      {"\"\"@example.com", "\"\"", "example.com", "", false},
      {"\"\\a\\ \"@example.com", "\"\\a\\ \"", "example.com", "a ", false},
      {"a@3com.example", "a", "3com.example", "a", false},
      {"a@[192.0.2.1]", "a", "[192.0.2.1]", "a", false},
      {"a@[IPv6:2001:db8::1]", "a", "[IPv6:2001:db8::1]", "a", false},
      {"a@[ipv6:::1]", "a", "[ipv6:::1]", "a", false},
      {"m\xc3\xbcller@b\xc3\xbc"
       "cher.example",
       "m\xc3\xbcller",
       "b\xc3\xbc"
       "cher.example",
       "m\xc3\xbcller", true},
      {"\xe2\x82\xac.\xf0\x9f\x93\xa7@example", "\xe2\x82\xac.\xf0\x9f\x93\xa7", "example",
       "\xe2\x82\xac.\xf0\x9f\x93\xa7", true},
      {"\"\xc3\xbc \xc3\xa4\"@example", "\"\xc3\xbc \xc3\xa4\"", "example", "\xc3\xbc \xc3\xa4", true},
      {A60 "bbbb@b", A60 "bbbb", "b", A60 "bbbb", false},
      {"a@" DOMAIN255, "a", DOMAIN255, "a", false},
  };
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof valid / sizeof *valid; i++) {
    struct msim_slice text = exact_text(valid[i].text);
    struct msim__address address;
    enum msim__address_flaw flaw;
    size_t unquoted_bytes = strlen(valid[i].unquoted);
    uint8_t out[MSIM__ADDRESS_LOCAL_BYTES_MAX];

    assert_int_equal(msim__address_parse(&address, text, valid[i].utf8, &flaw), MSIM_OK);
    assert_int_equal(flaw, MSIM__ADDRESS_FINE);
    assert_slice(address.local, valid[i].local);
    assert_slice(address.domain, valid[i].domain);
    assert_int_equal(address.local_quoted, valid[i].local[0] == '"');
    assert_int_equal(address.domain_literal, valid[i].domain[0] == '[');
    assert_int_equal(address.non_ascii, valid[i].utf8);
    assert_int_equal(msim__address_unquote_local(&address, out, unquoted_bytes, &n), MSIM_OK);
    assert_int_equal(n, unquoted_bytes);
    assert_memory_equal(out, valid[i].unquoted, n);
    if (unquoted_bytes > 0)
      assert_int_equal(msim__address_unquote_local(&address, out, unquoted_bytes - 1, &n), MSIM_ERR_LIMIT);
    assert_true(msim__address_equal(&address, &address));
    if (valid[i].utf8) {
      assert_int_equal(msim__address_parse(&address, text, false, &flaw), MSIM_ERR_SYNTAX);
      assert_int_equal(flaw, MSIM__ADDRESS_NON_ASCII);
    }
    exact_free(text);
  }
}

static void invalid_mailboxes_are_refused_with_reason(void **state)
{
  static const struct {
    const char *text;
    enum msim__address_flaw flaw;
  } invalid[] = {
      {"", MSIM__ADDRESS_BAD_LOCAL},
      {"@b", MSIM__ADDRESS_BAD_LOCAL},
      {".a@b", MSIM__ADDRESS_BAD_LOCAL},
      {"a.@b", MSIM__ADDRESS_BAD_LOCAL},
      {"a..b@c", MSIM__ADDRESS_BAD_LOCAL},
      {"a b@c", MSIM__ADDRESS_BAD_LOCAL},
      {"a,b@c", MSIM__ADDRESS_BAD_LOCAL},
      {"\"a@b", MSIM__ADDRESS_BAD_LOCAL},
      {"\"a\\", MSIM__ADDRESS_BAD_LOCAL},
      {"\"a\"b@c", MSIM__ADDRESS_BAD_LOCAL},
      {"\"a\tb\"@c", MSIM__ADDRESS_BAD_LOCAL},
      {"\"a\\\xc3\xbc\"@c", MSIM__ADDRESS_BAD_LOCAL},
      {"a\x01@b", MSIM__ADDRESS_BAD_LOCAL},
      {"\xc3@b", MSIM__ADDRESS_BAD_LOCAL},             /* cut off */
      {"\xfc@b", MSIM__ADDRESS_BAD_LOCAL},             /* Latin-1 */
      {"\xc0\xaf@b", MSIM__ADDRESS_BAD_LOCAL},         /* overlong */
      {"\xe0\x80\xaf@b", MSIM__ADDRESS_BAD_LOCAL},     /* overlong */
      {"\xed\xa0\x80@b", MSIM__ADDRESS_BAD_LOCAL},     /* surrogate */
      {"\xf0\x80\x80\x80@b", MSIM__ADDRESS_BAD_LOCAL}, /* overlong */
      {"\xf4\x90\x80\x80@b", MSIM__ADDRESS_BAD_LOCAL}, /* above U+10FFFF */
      {"\xe2\x82", MSIM__ADDRESS_BAD_LOCAL},
      {"a", MSIM__ADDRESS_NO_DOMAIN},
      {"postmaster", MSIM__ADDRESS_NO_DOMAIN},
      {"a@", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@b@c", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@.b", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@b.", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@b..c", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@-b", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@b-", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@b-.c", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@b_c", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@b ", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@b\xff", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[192.0.2.1", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[192.0.2.256]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[192.0.2]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[2001:db8::1]", MSIM__ADDRESS_BAD_DOMAIN}, /* the tag is missing */
      {"a@[x-tag:hello]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[::1]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[IPv6:]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[IPv6:192.0.2.1]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[IPv6:1::2::3]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[tag:a b]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[tag-:a]", MSIM__ADDRESS_BAD_DOMAIN},
      {"a@[192.0.2.1]x", MSIM__ADDRESS_BAD_DOMAIN},
      {A60 "bbbbb@b", MSIM__ADDRESS_LONG_LOCAL},
      {"a@" LABEL63 "a", MSIM__ADDRESS_LONG_DOMAIN},
      {"a@" LABEL63 "a.b", MSIM__ADDRESS_LONG_DOMAIN},
      {"a@" LABEL63 "a.b.c", MSIM__ADDRESS_LONG_DOMAIN},
      {"a@" DOMAIN255 ".a", MSIM__ADDRESS_LONG_DOMAIN},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    struct msim_slice text = exact_text(invalid[i].text);
    struct msim__address address;
    enum msim__address_flaw flaw;
    int result = msim__address_parse(&address, text, true, &flaw);

    if (flaw != invalid[i].flaw)
      fail_msg("%s: flaw %d", invalid[i].text, (int)flaw);
    if (flaw == MSIM__ADDRESS_LONG_LOCAL || flaw == MSIM__ADDRESS_LONG_DOMAIN)
      assert_int_equal(result, MSIM_ERR_LIMIT);
    else
      assert_int_equal(result, MSIM_ERR_SYNTAX);
    exact_free(text);
  }
}

static void every_truncation_is_read_without_harm(void **state)
{
  static const char *const texts[] = {"\"a\\\"b\xc3\xbc\"@b\xc3\xbc-x.[", "a.b@[IPv6:2001:db8::1]",
                                      "\xf0\x9f\x93\xa7@x"};
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof texts / sizeof *texts; i++)
    for (n = 0; n < strlen(texts[i]); n++) {
      struct msim_slice cut = exact_copy(texts[i], n);
      struct msim__address address;
      enum msim__address_flaw flaw;
      size_t used;
      int result = msim__address_scan(&address, cut, true, &used, &flaw);

      assert_true(used <= n);
      assert_int_equal(result == MSIM_OK, flaw == MSIM__ADDRESS_FINE);
      exact_free(cut);
    }
}

static void scan_stops_behind_the_mailbox(void **state)
{
  struct msim_slice text = exact_text("a@b.example> SIZE=1"), alone = exact_text("postmaster>");
  struct msim__address address;
  enum msim__address_flaw flaw;
  size_t used;

  (void)state;
  assert_int_equal(msim__address_scan(&address, text, false, &used, &flaw), MSIM_OK);
  assert_int_equal(used, 11);
  assert_slice(address.domain, "b.example");
  assert_int_equal(msim__address_scan(&address, alone, false, &used, &flaw), MSIM_OK);
  assert_int_equal(used, 10);
  assert_int_equal(address.domain.size_bytes, 0);
  exact_free(text);
  exact_free(alone);
}

static void literals_have_their_value(void **state)
{
  static const uint8_t v4[16] = {192, 0, 2, 1}, v6[16] = {0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  struct msim_slice text = exact_text("[192.0.2.1]");
  struct msim_addr literal;

  (void)state;
  assert_true(msim__domain_is_literal(text, &literal));
  assert_int_equal(literal.family, MSIM_FAMILY_IPV4);
  assert_memory_equal(literal.bytes, v4, 16);
  exact_free(text);
  text = exact_text("[IPv6:2001:DB8::1]");
  assert_true(msim__domain_is_literal(text, &literal));
  assert_int_equal(literal.family, MSIM_FAMILY_IPV6);
  assert_memory_equal(literal.bytes, v6, 16);
  exact_free(text);
  text = exact_text("[tag:x]");
  assert_false(msim__domain_is_literal(text, &literal));
  assert_int_equal(literal.family, MSIM_FAMILY_NONE);
  exact_free(text);
  text = exact_text("192.0.2.1");
  assert_false(msim__domain_is_literal(text, NULL));
  exact_free(text);
}

static bool same(const char *a, const char *b)
{
  struct msim_slice text_a = exact_text(a), text_b = exact_text(b);
  struct msim__address address_a, address_b;
  bool equal;

  assert_int_equal(msim__address_parse(&address_a, text_a, true, NULL), MSIM_OK);
  assert_int_equal(msim__address_parse(&address_b, text_b, true, NULL), MSIM_OK);
  equal = msim__address_equal(&address_a, &address_b);
  exact_free(text_a);
  exact_free(text_b);
  return equal;
}

static void equal_mailboxes_are_recognised(void **state)
{
  (void)state;
  assert_true(same("alice@Example.COM", "alice@example.com"));
  assert_false(same("Alice@example.com", "alice@example.com")); /* RFC 5321 2.4 */
  assert_true(same("\"alice\"@example.com", "alice@example.com"));
  assert_true(same("\"\\alice\"@example.com", "alice@example.com"));
  assert_false(same("\"alice \"@example.com", "alice@example.com"));
  assert_false(same("alice@example.com", "alice@example.co"));
  assert_false(same("alic@example.com", "alice@example.com"));
  assert_true(same("a@[IPv6:2001:db8::1]", "a@[ipv6:2001:DB8:0::1]"));
  assert_false(same("a@[192.0.2.1]", "a@[192.0.2.2]"));
  assert_false(same("a@\xc3\xbc", "a@\xc3\x9c")); /* only ASCII is folded */
}

static void domain_names_are_judged(void **state)
{
  static const char *const good[] = {"a", "localhost", "a-b.example", "x--y", "1.2.3.4", "xn--bcher-kva.example"};
  static const char *const bad[] = {"", ".", "a.", "-a", "a_b", "a b", "[192.0.2.1]", "b\xc3\xbc"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof good / sizeof *good; i++) {
    struct msim_slice text = exact_text(good[i]);

    assert_true(msim__domain_is_name(text, false));
    exact_free(text);
  }
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    struct msim_slice text = exact_text(bad[i]);

    assert_false(msim__domain_is_name(text, false));
    exact_free(text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(valid_mailboxes_are_split),
      cmocka_unit_test(invalid_mailboxes_are_refused_with_reason),
      cmocka_unit_test(every_truncation_is_read_without_harm),
      cmocka_unit_test(scan_stops_behind_the_mailbox),
      cmocka_unit_test(literals_have_their_value),
      cmocka_unit_test(equal_mailboxes_are_recognised),
      cmocka_unit_test(domain_names_are_judged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
