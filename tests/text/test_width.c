/* Tests of lib/text/width.c: columns of characters, as Unicode's UAX 11 has them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/width.h"

static void width_of_characters_is_that_of_terminals(void **state)
{
  static const struct {
    uint32_t code;
    unsigned width;
  } rows[] = {{'a', 1},     {0xfc, 1},    {0x2ff, 1},   {0x300, 0},  {0x36f, 0},   {0x370, 1},
              {0x416, 1},   {0x5d0, 1},   {0x1100, 2},  {0x20ac, 1}, {0x2500, 1},  {0x2705, 2},
              {0x3042, 2},  {0x4e2d, 2},  {0xac00, 2},  {0xfe0f, 0}, {0xff01, 2},  {0xff61, 1},
              {0x1f600, 2}, {0x20000, 2}, {0x3fffd, 2}, {0xe000, 1}, {0x10400, 1}, {0x10ffff, 1}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(msim__char_width(rows[i].code), rows[i].width);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(width_of_characters_is_that_of_terminals)};

  return cmocka_run_group_tests(tests, NULL, NULL);
}
