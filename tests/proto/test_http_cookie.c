/* test_http_cookie.c: Set-Cookie and Cookie, both ways. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/ascii.h"
#include "proto/http_cookie.h"

static void assert_slice(struct msim_slice slice, const char *text)
{
  assert_int_equal(slice.size_bytes, strlen(text));
  assert_memory_equal(slice.data, text, slice.size_bytes);
}

struct cookie_case {
  const char *text, *name, *value, *domain, *path; /* name NULL: refused */
  bool has_max_age;
  int64_t max_age_s;
  bool secure, http_only;
  enum msim__same_site same_site;
};

static const struct cookie_case cases[] = {
    {"a=b", "a", "b", "", "", false, 0, false, false, MSIM__SAME_SITE_UNSET},
    {" a = b c ; Path=/x;Domain=.X.example", "a", "b c", "X.example", "/x", false, 0, false, false, 0},
    {"a=b=c; secure; HTTPONLY; SameSite=lax; Max-Age=60", "a", "b=c", "", "", true, 60, true, true,
     MSIM__SAME_SITE_LAX},
    {"a=; Max-Age=-1; SameSite=Strict", "a", "", "", "", true, -1, false, false, MSIM__SAME_SITE_STRICT},
    {"a=b; Max-Age=0", "a", "b", "", "", true, 0, false, false, 0},
    {"a=b; Max-Age=1x; Path=x; Domain=; SameSite=what", "a", "b", "", "", false, 0, false, false, 0},
    {"a=b; Path=/x; Path=/y", "a", "b", "", "/y", false, 0, false, false, 0},
    {"a=b; Max-Age=99999999999999999999", "a", "b", "", "", true, INT32_MAX, false, false, 0},
    {"a", NULL, NULL, NULL, NULL, false, 0, false, false, 0},
    {"=b", NULL, NULL, NULL, NULL, false, 0, false, false, 0},
    {"", NULL, NULL, NULL, NULL, false, 0, false, false, 0},
    {"; a=b", NULL, NULL, NULL, NULL, false, 0, false, false, 0},
    {"a=b\x01", NULL, NULL, NULL, NULL, false, 0, false, false, 0},
};

static void set_cookies_are_taken_apart_or_refused(void **state)
{
  struct msim__set_cookie cookie;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct cookie_case *c = &cases[i];
    struct msim_slice text = exact_text(c->text);
    int err = msim__set_cookie_parse(&cookie, text);

    if (c->name == NULL) {
      assert_int_equal(err, MSIM_ERR_SYNTAX);
    } else {
      assert_int_equal(err, MSIM_OK);
      assert_slice(cookie.name, c->name);
      assert_slice(cookie.value, c->value);
      assert_slice(cookie.domain, c->domain);
      assert_slice(cookie.path, c->path);
      assert_int_equal(cookie.has_max_age, c->has_max_age);
      assert_int_equal(cookie.max_age_s, c->max_age_s);
      assert_int_equal(cookie.secure, c->secure);
      assert_int_equal(cookie.http_only, c->http_only);
      assert_int_equal(cookie.same_site, c->same_site);
    }
    exact_free(text);
  }
  assert_int_equal(
      msim__set_cookie_parse(&cookie, msim__slice_text("a=b; Expires=Sun, 06 Nov 1994 08:49:37 GMT; Expires=x")),
      MSIM_OK);
  assert_true(cookie.has_expires);
  assert_int_equal(cookie.expires_unix_s, 784111777);
}

static void cookies_are_written_strictly(void **state)
{
  struct msim__set_cookie cookie = {.name = msim__slice_text("session"),
                                    .value = msim__slice_text("0123abc"),
                                    .path = msim__slice_text("/"),
                                    .has_max_age = true,
                                    .max_age_s = 1800,
                                    .http_only = true,
                                    .same_site = MSIM__SAME_SITE_STRICT};
  static const char *const bad[] = {"a;b", "a b", "a,b", "a\"b", "a\\b", "a\r\nb", "\xc3\xbc"};
  struct msim__set_cookie back;
  uint8_t out[128];
  size_t size, i;

  (void)state;
  assert_int_equal(msim__set_cookie_format(&cookie, out, sizeof out, &size), 0);
  assert_slice((struct msim_slice){out, size}, "session=0123abc; Path=/; Max-Age=1800; HttpOnly; SameSite=Strict");
  assert_int_equal(msim__set_cookie_parse(&back, (struct msim_slice){out, size}), 0);
  assert_slice(back.value, "0123abc");
  assert_int_equal(msim__set_cookie_format(&cookie, out, size - 1, &i), MSIM_ERR_LIMIT);
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    cookie.value = msim__slice_text(bad[i]);
    assert_int_equal(msim__set_cookie_format(&cookie, out, sizeof out, &size), MSIM_ERR_INVALID);
    assert_int_equal(size, 0);
  }
}

static void a_cookie_of_a_request_is_found(void **state)
{
  struct msim_slice fields = msim__slice_text("Cookie: a=1; b = 2;; junk; =x;c=\r\nHost: h\r\nCookie: d=\"4\"\r\n"),
                    text;

  (void)state;
  assert_int_equal(msim__cookie_find(fields, "b", &text), 1);
  assert_slice(text, "2");
  assert_int_equal(msim__cookie_find(fields, "c", &text), 1);
  assert_slice(text, "");
  assert_int_equal(msim__cookie_find(fields, "d", &text), 1);
  assert_slice(text, "\"4\"");
  assert_int_equal(msim__cookie_find(fields, "junk", &text), 0);
  assert_int_equal(msim__cookie_find(fields, "A", &text), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(set_cookies_are_taken_apart_or_refused),
      cmocka_unit_test(cookies_are_written_strictly),
      cmocka_unit_test(a_cookie_of_a_request_is_found),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
