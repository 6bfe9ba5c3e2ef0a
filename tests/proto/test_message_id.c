/* test_message_id.c: message identifiers in lists, phrases and rubbish. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/message_id.h"

static void identifiers_are_found(void **state)
{
  static const struct {
    const char *text, *ids;
  } cases[] = {
      {"", ""},
      {"<a@b>", "<a@b>"},
      {"<a@b>\r\n <c@d>(x <y@z>)<e@f>", "<a@b><c@d><e@f>"},
      {"Your mail of \"<no@no>\" <a@b>", "<a@b>"},
      {"<a b> <> < <c@d> <open", "<c@d>"},
      {"<<a@b>", "<a@b>"},
  };
  size_t i, at;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice text = exact_text(cases[i].text), id;
    char all[100] = "";

    for (at = 0; msim__message_id_next(text, &at, &id) == 1;)
      strncat(all, (const char *)id.data, id.size_bytes);
    assert_string_equal(all, cases[i].ids);
    assert_int_equal(at, text.size_bytes);
    exact_free(text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(identifiers_are_found)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
