/* test_http_jar.c: which cookies a browser takes, keeps and sends. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "support/fail_mem.h"
#include "proto/ascii.h"
#include "proto/http_jar.h"

#include <stdio.h>

static struct msim__url url_of(const char *text)
{
  struct msim__url url;

  assert_int_equal(msim__url_parse(&url, msim__slice_text(text)), MSIM_OK);
  return url;
}

static int take(struct msim__jar *jar, struct msim__mem *mem, const char *from, const char *cookie, int64_t now)
{
  struct msim__url url = url_of(from);
  struct msim_slice text = exact_text(cookie); /* the jar must not need it any more */
  int got = msim__jar_take(jar, mem, &url, text, now);

  exact_free(text);
  return got;
}

static void assert_sent(const struct msim__jar *jar, const char *to, int64_t now, const char *cookies)
{
  struct msim__url url = url_of(to);
  uint8_t out[256];
  size_t size = msim__jar_format(jar, &url, now, out, sizeof out);

  assert_int_equal(size, strlen(cookies));
  assert_memory_equal(out, cookies, size);
}

static void cookies_go_where_they_belong(void **state)
{
  struct msim__jar jar = {0};
  struct msim__mem mem;

  (void)state;
  msim__mem_init(&mem, NULL);
  assert_int_equal(take(&jar, &mem, "http://a.x.example/mail/list?x", "s=1", 0), 1);
  assert_int_equal(take(&jar, &mem, "http://a.x.example/", "d=2; Domain=x.example; Path=/", 0), 1);
  assert_int_equal(take(&jar, &mem, "http://a.x.example/", "deep=3; Path=/mail/list", 0), 1);
  assert_int_equal(take(&jar, &mem, "http://a.x.example/", "no=4; Domain=y.example", 0), 0);
  assert_int_equal(take(&jar, &mem, "http://a.x.example/", "no=4; Domain=example", 0), 0);
  assert_int_equal(take(&jar, &mem, "http://a.x.example/", "no=4; Domain=b.a.x.example", 0), 0);
  assert_int_equal(take(&jar, &mem, "http://a.x.example/", "no=4; Secure", 0), 0);
  assert_int_equal(take(&jar, &mem, "http://a.x.example/", "no", 0), 0);
  assert_sent(&jar, "http://a.x.example/mail/list/1", 0, "deep=3; s=1; d=2");
  assert_sent(&jar, "http://A.X.example/mail", 0, "s=1; d=2");
  assert_sent(&jar, "http://a.x.example/mailing", 0, "d=2");
  assert_sent(&jar, "http://b.x.example/mail", 0, "d=2");
  assert_sent(&jar, "http://x.example/mail", 0, "d=2");
  assert_sent(&jar, "http://ax.example/mail", 0, "");
  assert_int_equal(take(&jar, &mem, "http://192.0.2.1/", "ip=5", 0), 1);
  assert_int_equal(take(&jar, &mem, "http://192.0.2.1/", "ip=6; Domain=2.1", 0), 0);
  assert_sent(&jar, "http://192.0.2.1/x", 0, "ip=5");
  msim__jar_release(&jar, &mem);
  assert_int_equal(mem.held_bytes, 0);
}

static void cookies_are_replaced_and_forgotten_in_time(void **state)
{
  struct msim__jar jar = {0};
  struct msim__mem mem;

  (void)state;
  msim__mem_init(&mem, NULL);
  assert_int_equal(take(&jar, &mem, "http://h/", "a=1; Max-Age=10", 100), 1);
  assert_int_equal(take(&jar, &mem, "http://h/", "b=2; Expires=Thu, 01 Jan 1970 00:02:00 GMT", 100), 1);
  assert_int_equal(take(&jar, &mem, "http://h/", "c=3; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=5", 100), 1);
  assert_sent(&jar, "http://h/", 104, "a=1; b=2; c=3");
  assert_sent(&jar, "http://h/", 105, "a=1; b=2");
  assert_sent(&jar, "http://h/", 110, "b=2");
  assert_sent(&jar, "http://h/", 120, "");
  assert_int_equal(take(&jar, &mem, "http://h/", "a=new", 100), 1);
  assert_sent(&jar, "http://h/", 104, "b=2; c=3; a=new");
  assert_int_equal(take(&jar, &mem, "http://h/", "a=; Max-Age=0", 100), 1);
  assert_sent(&jar, "http://h/", 104, "b=2; c=3");
  msim__jar_release(&jar, &mem);
  assert_int_equal(mem.held_bytes, 0);
}

static void the_oldest_makes_room(void **state)
{
  struct msim__jar jar = {0};
  struct msim__mem mem;
  char text[32];
  int i;

  (void)state;
  msim__mem_init(&mem, NULL);
  for (i = 0; i < (int)MSIM__JAR_COOKIES_MAX + 5; i++) {
    snprintf(text, sizeof text, "c%d=v; Path=/%d", i, i);
    assert_int_equal(take(&jar, &mem, "http://h/", text, 0), 1);
  }
  assert_int_equal(jar.count, MSIM__JAR_COOKIES_MAX);
  assert_sent(&jar, "http://h/4", 0, "");
  assert_sent(&jar, "http://h/5", 0, "c5=v");
  assert_sent(&jar, "http://h/54", 0, "c54=v");
  msim__jar_release(&jar, &mem);
  assert_int_equal(mem.held_bytes, 0);
}

static void without_memory_nothing_is_lost(void **state)
{
  uint64_t n;

  (void)state;
  for (n = 1;; n++) {
    struct fail_mem fail;
    struct msim__jar jar = {0};
    struct msim__mem mem;
    int first, second;

    fail_mem_init(&fail, n);
    msim__mem_init(&mem, &fail.hook);
    first = take(&jar, &mem, "http://h/", "a=1", 0);
    second = take(&jar, &mem, "http://h/", "b=2", 0);
    assert_true((first == 1 || first == MSIM_ERR_NOMEM) && (second == 1 || second == MSIM_ERR_NOMEM));
    assert_int_equal(jar.count, (size_t)(first == 1) + (size_t)(second == 1));
    msim__jar_release(&jar, &mem);
    assert_true(fail_mem_clean(&fail));
    if (first == 1 && second == 1)
      break;
  }
  assert_true(n > 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(cookies_go_where_they_belong),
      cmocka_unit_test(cookies_are_replaced_and_forgotten_in_time),
      cmocka_unit_test(the_oldest_makes_room),
      cmocka_unit_test(without_memory_nothing_is_lost),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
