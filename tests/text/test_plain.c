/* Tests of text/plain.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "support/exact.h"
#include "text/plain.h"

static void plain_run_ends_at_the_first_special_byte(void **state)
{
  size_t length, at;
  unsigned byte;

  (void)state;
  for (byte = 0; byte < 256; byte++) {
    bool plain = byte >= 32 && byte <= 126 && byte != 34 && byte != 92;

    for (length = 1; length < 20; length++) {
      for (at = 0; at < length; at++) {
        uint8_t bytes[20];
        struct msim_slice exact;

        memset(bytes, at % 2 != 0 ? '!' : '~', sizeof bytes); /* neighbours of what is special */
        bytes[at] = (uint8_t)byte;
        exact = exact_copy(bytes, length);
        assert_int_equal(msim__plain_run(exact.data, length), plain ? length : at);
        if (length == 8)
          assert_int_equal(msim__plain_is_ascii(msim__plain_load(exact.data)), byte < 0x80);
        exact_free(exact);
      }
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_run_ends_at_the_first_special_byte),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
