/* test_expand.c: ranges in names. Templates are met in test_topology.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "support/exact.h"
#include "topology/loader.h"

static void range_when_well_formed_then_names(void **state)
{
  static const struct {
    const char *text;
    uint32_t count;
    bool is_range;
    const char *first, *last;
  } cases[] = {
      {"mx", 1, false, "mx", "mx"},
      {"", 1, false, "", ""},
      {"pc[1..3]", 3, true, "pc1", "pc3"},
      {"pc[9..10].lan", 2, true, "pc9.lan", "pc10.lan"},
      {"[0..0]", 1, true, "0", "0"},
      {"b\xc3\xbc[7..7]", 1, true, "b\xc3\xbc\x37", "b\xc3\xbc\x37"},
      {"a[16777215..16777215]", 1, true, "a16777215", "a16777215"},
      {"a[0..16777215]", 16777216, true, "a0", "a16777215"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice text = exact_text(cases[i].text);
    struct msim__range range;
    struct msim__mem mem;
    struct msim__arena arena;
    const char *why = NULL;

    msim__mem_init(&mem, NULL);
    msim__arena_init(&arena, &mem);
    assert_int_equal(msim__range_parse(&range, text, &why), 0);
    assert_int_equal(range.count, cases[i].count);
    assert_int_equal(range.is_range, cases[i].is_range);
    assert_string_equal(msim__range_name(&range, 0, &arena), cases[i].first);
    assert_string_equal(msim__range_name(&range, range.count - 1, &arena), cases[i].last);
    msim__arena_release(&arena);
    exact_free(text);
  }
}

static void range_when_malformed_then_refused(void **state)
{
  static const char *const cases[] = {"pc[",
                                      "pc[]",
                                      "pc[1]",
                                      "pc[1..]",
                                      "pc[..2]",
                                      "pc[1..2",
                                      "pc[1.2]",
                                      "pc[1.",
                                      "pc[2..1]",
                                      "pc[-1..2]",
                                      "pc[1..2a]",
                                      "pc[ 1..2]",
                                      "pc[1..2][3..4]",
                                      "pc[01..2]",
                                      "pc[1..02]",
                                      "pc[1...2]",
                                      "pc[1..2]x[1",
                                      "pc[1..16777216]",
                                      "pc[99999999999999999999..1]"};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice text = exact_text(cases[i]);
    struct msim__range range;
    const char *why = NULL;

    assert_int_equal(msim__range_parse(&range, text, &why), MSIM_ERR_SYNTAX);
    assert_non_null(why);
    exact_free(text);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(range_when_well_formed_then_names),
      cmocka_unit_test(range_when_malformed_then_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
