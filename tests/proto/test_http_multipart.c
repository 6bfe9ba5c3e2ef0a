/* test_http_multipart.c: multipart/form-data written and read back, and what browsers and attackers write. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/ascii.h"
#include "proto/http_multipart.h"

#define D "Content-Disposition: form-data; "

static void assert_slice(struct msim_slice slice, const char *text)
{
  assert_int_equal(slice.size_bytes, strlen(text));
  assert_memory_equal(slice.data, text, slice.size_bytes);
}

static void the_boundary_is_read_from_the_type(void **state)
{
  static const char *const bad[] = {
      "multipart/form-data",
      "multipart/mixed; boundary=x",
      "multipart/form-data; boundary=\"\"",
      "multipart/form-data; boundary=\"a b\"",
      "multipart/form-data; boundary=\"a\\\"b\"",
      ("multipart/form-data; boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
       "aaaaaaaaaaaaaaaaaa")};
  char out[MSIM__MULTIPART_BOUNDARY_BYTES_MAX + 1];
  size_t i;

  (void)state;
  assert_int_equal(msim__multipart_boundary(msim__slice_text("Multipart/Form-Data; charset=x; boundary=----a0"), out),
                   0);
  assert_string_equal(out, "----a0");
  assert_int_equal(msim__multipart_boundary(msim__slice_text("multipart/form-data;boundary=\"a:b\""), out), 0);
  assert_string_equal(out, "a:b");
  for (i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(msim__multipart_boundary(msim__slice_text(bad[i]), out), MSIM_ERR_SYNTAX);
}

static void parts_are_written_and_read_back(void **state)
{
  struct msim__multipart_iter iter;
  struct msim__multipart_part part;
  uint8_t out[1024], name[64];
  size_t size = 0, name_bytes;
  struct msim_slice body;

  (void)state;
  assert_int_equal(msim__multipart_put_head(out, sizeof out, &size, "B", true, "to", NULL, NULL), 0);
  memcpy(out + size, "b@y", 3);
  size += 3;
  assert_int_equal(msim__multipart_put_head(out, sizeof out, &size, "B", false, "f", "a\"b\r\n.txt", "text/plain"), 0);
  memcpy(out + size, "\r\n--A\r\n\0", 8);
  size += 8;
  assert_int_equal(msim__multipart_put_head(out, sizeof out, &size, "B", false, "empty", "", NULL), 0);
  assert_int_equal(msim__multipart_put_end(out, sizeof out, &size, "B"), 0);
  body = exact_copy(out, size);
  msim__multipart_begin(&iter, body, "B");
  assert_int_equal(msim__multipart_next(&iter, &part), 1);
  assert_slice(part.name, "to");
  assert_slice(part.content, "b@y");
  assert_false(part.has_filename);
  assert_int_equal(msim__multipart_next(&iter, &part), 1);
  assert_slice(part.name, "f");
  assert_slice(part.type, "text/plain");
  assert_int_equal(msim__multipart_name_decode(part.filename, name, sizeof name, &name_bytes), 0);
  assert_slice((struct msim_slice){name, name_bytes}, "a\"b\r\n.txt");
  assert_int_equal(part.content.size_bytes, 8);
  assert_memory_equal(part.content.data, "\r\n--A\r\n\0", 8);
  assert_int_equal(msim__multipart_next(&iter, &part), 1);
  assert_slice(part.name, "empty");
  assert_true(part.has_filename);
  assert_int_equal(part.content.size_bytes, 0);
  assert_int_equal(msim__multipart_next(&iter, &part), 0);
  assert_int_equal(msim__multipart_next(&iter, &part), 0);
  exact_free(body);
  size = 0;
  assert_int_equal(msim__multipart_put_head(out, 20, &size, "B", true, "to", NULL, NULL), MSIM_ERR_LIMIT);
  assert_int_equal(size, 0);
  assert_int_equal(msim__multipart_put_head(out, sizeof out, &size, "B", true, "f", NULL, "a\r\nb"), MSIM_ERR_INVALID);
  assert_false(msim__multipart_may_hold("B", msim__slice_text("x\r\n--Bc")));
  assert_false(msim__multipart_may_hold("B", msim__slice_text("--B")));
  assert_true(msim__multipart_may_hold("B", msim__slice_text("x\n--B --B")));
}

struct part_case {
  const char *body;
  int result; /* of the first part, or of what follows it */
  const char *name, *content;
};

static const struct part_case cases[] = {
    {"--B\r\n" D "name=a\r\n\r\nx\r\n--B--", 1, "a", "x"},
    {"preamble\r\n--B \t\r\n" D "name=\"a\"\r\n\r\nx\r\n--B--\r\nepilogue", 1, "a", "x"},
    {"--B\r\n" D "name=\"a;b\"; filename=\"C:\\x\" ;\r\nX-Y: z\r\n\r\nx\n\r\n--B--", 1, "a;b", "x\n"},
    {"--B\r\nContent-Disposition: FORM-DATA;name=\"\"\r\n\r\n\r\n--B--", 1, "", ""},
    {"--B--", 0, NULL, NULL},
    {"", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--C\r\n" D "name=a\r\n\r\nx\r\n--C--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\n" D "name=a\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--Bx\r\n" D "name=a\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\n" D "name=a\r\n\r\nx\r\n", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\n" D "name=a\r\n", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\n" D "name=\"a\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\n" D "name=\"a\"b\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\n" D "name\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\n" D "filename=a\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\n" D "name=a\r\n" D "name=b\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\nContent-Disposition: attachment; name=a\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
    {"--B\r\n" D "name=a\r\n folded\r\n\r\nx\r\n--B--", MSIM_ERR_SYNTAX, NULL, NULL},
};

static void foreign_bodies_are_read_or_refused(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct msim_slice body = exact_text(cases[i].body);
    struct msim__multipart_iter iter;
    struct msim__multipart_part part;

    msim__multipart_begin(&iter, body, "B");
    assert_int_equal(msim__multipart_next(&iter, &part), cases[i].result);
    if (cases[i].result == 1) {
      assert_slice(part.name, cases[i].name);
      assert_slice(part.content, cases[i].content);
      assert_int_equal(msim__multipart_next(&iter, &part), 0);
    }
    exact_free(body);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_boundary_is_read_from_the_type),
      cmocka_unit_test(parts_are_written_and_read_back),
      cmocka_unit_test(foreign_bodies_are_read_or_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
