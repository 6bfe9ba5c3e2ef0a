/* Tests of foreign text inside HTML: nothing ends its place, nothing hides. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "text/html_out.h"

#include <string.h>

static struct msim__mem mem;

static void text_is_escaped(void **state)
{
  static const struct {
    const char *text;
    size_t n;
    const char *html;
  } rows[] = {
      {"", 0, ""},
      {"plain", 5, "plain"},
      {"a<b>&\"'", 7, "a&lt;b&gt;&amp;&quot;&#39;"},
      {"a\r\n\tb", 5, "a\n\tb"},
      {"\xc3\xa4\xe2\x82\xac", 5, "\xc3\xa4\xe2\x82\xac"},
      {"a\0b", 3,
       "a\xef\xbf\xbd"
       "b"},
      {"\x1b[2J", 4, "\xef\xbf\xbd[2J"},
      {"\xff<", 2, "\xef\xbf\xbd&lt;"},
      {"\xe2\x80\xaegpj.exe", 10, "\xef\xbf\xbdgpj.exe"}, /* right to left from here */
      {"\xc3", 1, "\xef\xbf\xbd"},
  };
  struct msim__buf buf;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    msim__buf_init(&buf, &mem, 1000);
    assert_int_equal(msim__html_put(&buf, (struct msim_slice){(const uint8_t *)rows[i].text, rows[i].n}), 0);
    assert_string_equal(msim__buf_text(&buf), rows[i].html);
    msim__buf_release(&buf);
  }
}

static void the_limit_is_told(void **state)
{
  struct msim__buf buf;

  (void)state;
  msim__buf_init(&buf, &mem, 8);
  assert_int_equal(msim__html_put_words(&buf, "<<<<"), MSIM_ERR_LIMIT);
  msim__buf_release(&buf);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(text_is_escaped), cmocka_unit_test(the_limit_is_told)};

  msim__mem_init(&mem, NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
