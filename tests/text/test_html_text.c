/* Tests of the text of HTML documents: what a person reads of them, and what is left out, however broken they are. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "text/html_text.h"

#include <string.h>

static struct msim__mem mem;

static const struct {
  const char *html, *text;
} rows[] = {
    {"", ""},
    {"   \n ", ""},
    {"Hello", "Hello\n"},
    {"a  b\n\tc", "a b c\n"},
    {"<p>One</p><p>Two<br>three</p>", "One\n\nTwo\nthree\n"},
    {"<html><head><title>T</title><style>p{}</style></head><body>x</body></html>", "x\n"},
    {"a<script>alert('<p>')</script>b", "ab\n"},
    {"a<script>never closed", "a\n"},
    {"a<SCRIPT\n>x</ScRiPt >b", "ab\n"},
    {"a<!-- x > y -->b<!doctype html>c<?php >d", "abcd\n"},
    {"a<!-- never closed", "a\n"},
    {"<ul><li>One<li>Two</ul>x", "- One\n- Two\n\nx\n"},
    {"<a href=\"http://evil.example/?a=1&amp;b=2\">my bank</a>", "my bank [http://evil.example/?a=1&b=2]\n"},
    {"<a href=http://a.example/>http://a.example/</a>!", "http://a.example/!\n"},
    {"<a href='#top'>up</a>", "up\n"},
    {"<a href=\"java\nscript:x\">y</a>", "y [javascript:x]\n"},
    {"1 &lt; 2 &amp;&amp; 3 &gt; 2 &quot;&#65;&#x42;&#0;&#xd800;", "1 < 2 && 3 > 2 \"AB\xef\xbf\xbd\xef\xbf\xbd\n"},
    {"&nbsp;&auml;&euro;&unknown;&;&", "\xc3\xa4\xe2\x82\xac&unknown;&;&\n"},
    {"&lt;script&gt;", "<script>\n"}, /* text, that has yet to be escaped */
    {"<pre>a\n  b</pre>c", "a\n  b\n\nc\n"},
    {"a < b <3", "a < b <3\n"},
    {"<table><tr><td>1<td>2<tr><td>3</table>", "1 2\n3\n"},
    {"<img src=x onerror=alert(1)>x", "x\n"},
    {"<p title='>'>x", "x\n"},
    {"<p title=\"never closed>x", ""},
    {"<div><div><div>x</div></div></div>y", "x\ny\n"},
};

static void documents_are_read(void **state)
{
  struct msim_slice html;
  struct msim__buf buf;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    msim__buf_init(&buf, &mem, 1000);
    html = exact_text(rows[i].html);
    assert_int_equal(msim__html_to_text(&buf, html), 0);
    exact_free(html);
    assert_string_equal(msim__buf_text(&buf), rows[i].text);
    msim__buf_release(&buf);
  }
}

/* Cut anywhere, nothing is read behind the end. */
static void documents_may_end_anywhere(void **state)
{
  struct msim_slice html;
  struct msim__buf buf;
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    for (n = 0; n < strlen(rows[i].html); n++) {
      msim__buf_init(&buf, &mem, 1000);
      html = exact_copy(rows[i].html, n);
      assert_int_equal(msim__html_to_text(&buf, html), 0);
      exact_free(html);
      msim__buf_release(&buf);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(documents_are_read),
                                     cmocka_unit_test(documents_may_end_anywhere)};

  msim__mem_init(&mem, NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
