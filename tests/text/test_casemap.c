/* Tests of text/casemap.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "support/fail_mem.h"
#include "text/casemap.h"

static const struct {
  const char *text, *key;
} rows[] = {
    {"", ""},
    {"Hello, World 9", "HELLO, WORLD 9"},
    {"gr\xc3\xbc\xc3\x9f", "GRU\xcc\x88\xc3\x9f"},                    /* the sharp s has no titlecase of one letter */
    {"GR\xc3\x9c", "GRU\xcc\x88"},                                    /* the same letters, the same key */
    {"\xc7\x86", "Dz\xcc\x8c"},                                       /* U+01C6 by U+01C5, taken apart: D, z, caron */
    {"\xce\xac\xcf\x83\xcf\x82", "\xce\x91\xcc\x81\xce\xa3\xce\xa3"}, /* alpha with tonos, both sigmas */
    {"\xd0\xb9", "\xd0\x98\xcc\x86"},                                 /* short i */
    {"\xe1\xba\xa5", "A\xcc\x82\xcc\x81"},                            /* U+1EA5: a letter and two marks */
    {"\xe2\x82\xac\xf0\x9f\x98\x80", "\xe2\x82\xac\xf0\x9f\x98\x80"}, /* beyond: as they are */
    {"a\xff\xc3"
     "b\xc3",
     "A\xff\xc3"
     "B\xc3"}, /* no UTF-8 */
};

static void keys_are_those_of_rfc_5051(void **state)
{
  struct msim__mem mem;
  struct msim__buf out;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    msim__buf_init(&out, &mem, 1000);
    assert_int_equal(msim__casemap_append(&out, (const uint8_t *)rows[i].text, strlen(rows[i].text)), 0);
    assert_string_equal(msim__buf_text(&out), rows[i].key);
    assert_true(out.size_bytes <= 6 * strlen(rows[i].text));
    msim__buf_release(&out);
  }
}

static void without_memory_it_fails(void **state)
{
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__buf out;

  (void)state;
  fail_mem_init(&fail, 1);
  msim__mem_init(&mem, &fail.hook);
  msim__buf_init(&out, &mem, 1000);
  assert_int_equal(msim__casemap_append(&out, (const uint8_t *)"abc", 3), MSIM_ERR_NOMEM);
  msim__buf_release(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(keys_are_those_of_rfc_5051),
      cmocka_unit_test(without_memory_it_fails),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
