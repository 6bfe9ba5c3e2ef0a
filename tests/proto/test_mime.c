/* test_mime.c: the fields of MIME and their parameters. The examples of RFC 2231 are among them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/mime.h"

static void assert_part(struct msim_slice part, const char *text)
{
  assert_int_equal(part.size_bytes, strlen(text));
  assert_memory_equal(part.data, text, part.size_bytes);
}

static void values_are_read(void **state)
{
  static const struct {
    const char *text, *value, *detail;
  } cases[] = {
      {"text/plain", "text", "plain"},
      {" Text / (c) Plain ; charset=x", "Text", "Plain"},
      {"attachment; filename=a", "attachment", ""},
      {"base64", "base64", ""},
      {"text", "text", ""},
      {"text/", "text", ""},
      {"text/plain charset=x", "text", "plain"},
  };
  struct msim__mime_field field;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice text = exact_text(cases[i].text);

    assert_int_equal(msim__mime_field_parse(&field, text), 0);
    assert_part(field.value, cases[i].value);
    assert_part(field.detail, cases[i].detail);
    exact_free(text);
  }
  assert_int_equal(msim__mime_field_parse(&field, (struct msim_slice){(const uint8_t *)"/x", 2}), MSIM_ERR_SYNTAX);
  assert_int_equal(msim__mime_field_parse(&field, (struct msim_slice){NULL, 0}), MSIM_ERR_SYNTAX);
}

static const struct {
  const char *params, *name, *value, *charset;
} params[] = {
    {"; charset=utf-8", "charset", "utf-8", ""},
    {"; CharSet=\"utf-8\"", "charset", "utf-8", ""},
    {"; a=1; b = \"x;y\\\"z\" (c); c=3", "b", "x;y\"z", ""},
    {"; a=1; b=2", "c", NULL, ""},
    {"; boundary=a=b:c ; x=y", "boundary", "a=b:c", ""},
    {"; filename=two words.txt; x=y", "filename", "two", ""},
    {"; URL*0=\"ftp://\"; URL*1=\"cs.utk.edu/pub\"", "url", "ftp://cs.utk.edu/pub", ""},
    {"; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A", "title", "This is ***fun***", "us-ascii"},
    {"; title*0*=us-ascii'en'This%20is%20even%20more%20; title*1*=%2A%2A%2Afun%2A%2A%2A%20; title*2=\"isn't it!\"",
     "title", "This is even more ***fun*** isn't it!", "us-ascii"},
    {"; title*1=b; title*0=a", "title", "ab", ""},
    {"; title*1=b", "title", NULL, ""},
    {"; title*=no-quotes%20", "title", "no-quotes ", ""},
    {"; title*=utf-8''%zz%4", "title", "%zz%4", "utf-8"},
    {"; a=\"open", "a", "open", ""},
    {"; =x; a; b=; c=1", "c", "1", ""},
    {"; b=; c=1", "b", "", ""},
};

static void parameters_are_put_together(void **state)
{
  char charset[MSIM__MIME_CHARSET_BYTES];
  uint8_t out[100];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof params / sizeof params[0]; i++) {
    struct msim_slice text = exact_text(params[i].params);
    int got = msim__mime_param_get(text, params[i].name, out, sizeof out, &n, charset);

    if (params[i].value == NULL) {
      assert_int_equal(got, 0);
    } else {
      assert_int_equal(got, 1);
      assert_part((struct msim_slice){out, n}, params[i].value);
      assert_string_equal(charset, params[i].charset);
      if (n > 0)
        assert_int_equal(msim__mime_param_get(text, params[i].name, out, n - 1, &n, NULL), MSIM_ERR_LIMIT);
    }
    exact_free(text);
  }
}

static void every_cut_is_read_without_harm(void **state)
{
  uint8_t out[100];
  size_t i, k, n;

  (void)state;
  for (i = 0; i < sizeof params / sizeof params[0]; i++)
    for (k = 0; k < strlen(params[i].params); k++) {
      struct msim_slice text = exact_copy(params[i].params, k);

      assert_true(msim__mime_param_get(text, params[i].name, out, sizeof out, &n, NULL) >= 0);
      exact_free(text);
    }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_read),
      cmocka_unit_test(parameters_are_put_together),
      cmocka_unit_test(every_cut_is_read_without_harm),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
