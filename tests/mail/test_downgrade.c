/* Tests of mail/downgrade.c: what becomes of messages beyond seven bits. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "mail/downgrade.h"
#include "support/exact.h"
#include "support/fail_mem.h"

static const struct {
  const char *plain, *converted; /* NULL: it cannot be done */
} cases[] = {
    {"Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
     "8bit\r\n\r\na long line of text with one sch\xc3\xb6n\r\n",
     "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: "
     "quoted-printable\r\n\r\na long line of text with one sch=C3=B6n\r\n"},
    {"Subject: x\r\n\r\n\xc3\xb6\r\n", "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
                                       "charset=unknown-8bit\r\nContent-Transfer-Encoding: base64\r\n\r\nw7YNCg==\r\n"},
    {"A: b\r\n\r\nplain\r\n", "A: b\r\n\r\nplain\r\n"},
    {"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: "
     "8bit\r\n\r\npre\r\n--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/plain; "
     "charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nsch\xc3\xb6n, sch\xc3\xb6ner, am sch\xc3\xb6nsten "
     "ist der Sommer\r\n--b--\r\n",
     "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: "
     "7bit\r\n\r\npre\r\n--b\r\n\r\nplain\r\n--b\r\nContent-Type: text/plain; "
     "charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nsch=C3=B6n, sch=C3=B6ner, am sch=C3=B6nsten "
     "ist der Sommer\r\n--b--\r\n"},
    {"Subject: sch\xc3\xb6n\r\n\r\nx\r\n", NULL},
    {"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xff\r\n--b--\r\n", NULL},
    {"Content-Transfer-Encoding: base64\r\n\r\n\xff\r\n", NULL},
};

static void parts_are_coded_and_say_so(void **state)
{
  struct msim__mem mem;
  struct msim__buf out;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice plain = exact_text(cases[i].plain);
    int err;

    msim__buf_init(&out, &mem, 100000);
    err = msim__downgrade_append(&out, plain);
    if (cases[i].converted == NULL) {
      assert_int_equal(err, MSIM_ERR_INVALID);
    } else {
      assert_int_equal(err, 0);
      assert_string_equal(msim__buf_text(&out), cases[i].converted);
    }
    msim__buf_release(&out);
    exact_free(plain);
  }
  assert_int_equal(mem.held_bytes, 0);
}

static void headers_beyond_ascii_are_seen(void **state)
{
  (void)state;
  assert_true(msim__downgrade_header_is_eight_bit((struct msim_slice){(const uint8_t *)"A: \xc3\xb6\r\n\r\nx", 10}));
  assert_false(msim__downgrade_header_is_eight_bit((struct msim_slice){(const uint8_t *)"A: o\r\n\r\n\xc3\xb6", 10}));
}

static void each_allocation_that_fails_is_told(void **state)
{
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__buf out;
  uint64_t nth;

  (void)state;
  for (nth = 1; nth < 20; nth++) {
    int err;

    fail_mem_init(&fail, nth);
    msim__mem_init(&mem, &fail.hook);
    msim__buf_init(&out, &mem, 100000);
    err = msim__downgrade_append(&out, (struct msim_slice){(const uint8_t *)cases[3].plain, strlen(cases[3].plain)});
    msim__buf_release(&out);
    assert_int_equal(err, fail.failed_count > 0 ? MSIM_ERR_NOMEM : 0);
    assert_true(fail_mem_clean(&fail));
    if (fail.failed_count == 0)
      return;
  }
  fail_msg("it never passed");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_are_coded_and_say_so),
      cmocka_unit_test(headers_beyond_ascii_are_seen),
      cmocka_unit_test(each_allocation_that_fails_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
