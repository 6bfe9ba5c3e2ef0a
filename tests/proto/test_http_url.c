/* test_http_url.c: URLs read, and references resolved. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/ascii.h"
#include "proto/http_url.h"

struct url_case {
  const char *text;
  int err;
  const char *host, *target; /* host as for the field Host */
};

static const struct url_case urls[] = {
    {"http://webmail", 0, "webmail", "/"},
    {"http://webmail/", 0, "webmail", "/"},
    {"HTTP://Web.Example:8080/a/b?c=d#e", 0, "Web.Example:8080", "/a/b?c=d"},
    {"http://web:80?q", 0, "web", "/?q"},
    {"http://web:/x", 0, "web", "/x"},
    {"http://192.0.2.1/a/../b/./c/..", 0, "192.0.2.1", "/b/"},
    {"http://[2001:db8::1]:81/", 0, "[2001:db8::1]:81", "/"},
    {"http://[2001:db8::1]", 0, "[2001:db8::1]", "/"},
    {"http://h/../../x?../y", 0, "h", "/x?../y"},
    {"https://h/", MSIM_ERR_NOT_FOUND, NULL, NULL},
    {"mailto:a@b", MSIM_ERR_NOT_FOUND, NULL, NULL},
    {"h/", MSIM_ERR_SYNTAX, NULL, NULL},
    {"", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http:", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http:/h", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http://", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http:///x", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http://:80/", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http://u:p@h/", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http://h:0/", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http://h:65536/", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http://h/a b", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http://h/a\r\nX:", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http://[::1/", MSIM_ERR_SYNTAX, NULL, NULL},
    {"http://[1.2.3.4]/", MSIM_ERR_SYNTAX, NULL, NULL},
};

static void urls_are_taken_apart_or_refused(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof urls / sizeof *urls; i++) {
    struct msim_slice text = exact_text(urls[i].text);
    struct msim__url url;
    char host[264];

    assert_int_equal(msim__url_parse(&url, text), urls[i].err);
    if (urls[i].err == 0) {
      assert_int_equal(msim__url_host(&url, host), strlen(urls[i].host));
      assert_string_equal(host, urls[i].host);
      assert_string_equal(url.target, urls[i].target);
    }
    exact_free(text);
  }
}

/* RFC 3986 5.4, as far as http goes. */
static const struct {
  const char *reference, *host, *target;
} references[] = {
    {"g", "a", "/b/c/g"},
    {"./g", "a", "/b/c/g"},
    {"g/", "a", "/b/c/g/"},
    {"/g", "a", "/g"},
    {"//g", "g", "/"},
    {"?y", "a", "/b/c/d;p?y"},
    {"g?y", "a", "/b/c/g?y"},
    {"#s", "a", "/b/c/d;p?q"},
    {"g#s", "a", "/b/c/g"},
    {"g?y#s", "a", "/b/c/g?y"},
    {";x", "a", "/b/c/;x"},
    {"", "a", "/b/c/d;p?q"},
    {".", "a", "/b/c/"},
    {"./", "a", "/b/c/"},
    {"..", "a", "/b/"},
    {"../", "a", "/b/"},
    {"../g", "a", "/b/g"},
    {"../..", "a", "/"},
    {"../../g", "a", "/g"},
    {"../../../g", "a", "/g"},
    {"/./g", "a", "/g"},
    {"/../g", "a", "/g"},
    {"g.", "a", "/b/c/g."},
    {"..g", "a", "/b/c/..g"},
    {"./../g", "a", "/b/g"},
    {"g/./h", "a", "/b/c/g/h"},
    {"g/../h", "a", "/b/c/h"},
    {"g?y/../x", "a", "/b/c/g?y/../x"},
    {"http://x:1/y", "x:1", "/y"},
    {"//x:2/z", "x:2", "/z"},
};

static void references_are_resolved(void **state)
{
  struct msim__url base, url;
  char host[264], long_text[3000];
  size_t i;

  (void)state;
  assert_int_equal(msim__url_parse(&base, msim__slice_text("http://a/b/c/d;p?q")), 0);
  for (i = 0; i < sizeof references / sizeof *references; i++) {
    struct msim_slice text = exact_text(references[i].reference);

    assert_int_equal(msim__url_resolve(&url, &base, text), 0);
    msim__url_host(&url, host);
    assert_string_equal(host, references[i].host);
    assert_string_equal(url.target, references[i].target);
    exact_free(text);
  }
  url = base;
  assert_int_equal(msim__url_resolve(&url, &url, msim__slice_text("/x y")), MSIM_ERR_SYNTAX);
  assert_int_equal(msim__url_resolve(&url, &url, msim__slice_text("https://b/")), MSIM_ERR_NOT_FOUND);
  memset(long_text, 'a', sizeof long_text);
  assert_int_equal(msim__url_resolve(&url, &url, (struct msim_slice){(uint8_t *)long_text, 2048}), MSIM_ERR_LIMIT);
  assert_string_equal(url.target, base.target);
  assert_int_equal(msim__url_resolve(&url, &url, msim__slice_text("../g")), 0);
  assert_string_equal(url.target, "/b/g");
  assert_true(msim__url_same_site(&url, &base));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(urls_are_taken_apart_or_refused),
      cmocka_unit_test(references_are_resolved),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
