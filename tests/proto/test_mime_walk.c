/* test_mime_walk.c: the parts of messages: as they should be, and as they come. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/mime_walk.h"

#include <stdio.h>
#include <stdlib.h>

/* One line per part: "depth.number kind type/subtype [body] lines". */
static void spell(struct msim_slice message, char *out)
{
  static const char kinds[] = "LMR";
  struct msim__mime_part parts[20];
  size_t count, i, n = 0;

  assert_int_equal(msim__mime_walk(message, parts, 20, &count), 0);
  out[0] = '\0';
  for (i = 0; i < count; i++) {
    const struct msim__mime_part *p = &parts[i];

    assert_true(p->parent <= i);
    assert_int_equal(p->header_at + p->header_bytes, p->body_at);
    assert_true(p->body_at + p->body_bytes <= message.size_bytes);
    n += (size_t)sprintf(out + n, "%u.%u %c %.*s/%.*s [", p->depth, p->number, kinds[p->kind], (int)p->type.size_bytes,
                         (const char *)p->type.data, (int)p->subtype.size_bytes, (const char *)p->subtype.data);
    if (p->kind == MSIM__MIME_LEAF)
      n += (size_t)sprintf(out + n, "%.*s", (int)p->body_bytes, (const char *)message.data + p->body_at);
    n += (size_t)sprintf(out + n, "] %zu%s%s\n", p->body_lines, p->eight_bit ? " 8bit" : "",
                         p->encoding == MSIM__MIME_BASE64 ? " base64" : "");
  }
}

#define MULTI "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

static const struct {
  const char *message, *parts;
} cases[] = {
    {"", "0.0 L text/plain [] 0\n"},
    {"Subject: x\r\n\r\nhi\r\n", "0.0 L text/plain [hi\r\n] 1\n"},
    {"Subject: x\r\n", "0.0 L text/plain [] 0\n"},
    {"\r\nbody\r\nmore", "0.0 L text/plain [body\r\nmore] 2\n"},
    {"Content-Type: text/html\nContent-Transfer-Encoding: BASE64\n\nYQ==\n", "0.0 L text/html [YQ==\n] 1 base64\n"},
    {MULTI "preamble\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: image/png\r\n\r\ntwo\r\n\r\n--b--\r\nepilogue\r\n",
     "0.0 M multipart/mixed [] 11\n1.1 L text/plain [one] 1\n1.2 L image/png [two\r\n] 1\n"},
    {MULTI "--b\r\n\r\n\xff\r\n", "0.0 M multipart/mixed [] 3 8bit\n1.1 L text/plain [\xff\r\n] 1 8bit\n"},
    {MULTI "--b\r\nX: y\r\n--b--", "0.0 M multipart/mixed [] 3\n1.1 L text/plain [] 0\n"},
    {MULTI "--bb\r\n--b \t\r\n\r\nx\r\n--b-x\r\n", "0.0 M multipart/mixed [] 5\n1.1 L text/plain [x\r\n--b-x\r\n] 2\n"},
    {MULTI
     "--b\r\nContent-Type: multipart/alternative; boundary=\"c d\"\r\n\r\n--c d\r\n\r\nin\r\n--b\r\n\r\nout\r\n--b--",
     "0.0 M multipart/mixed [] 10\n1.1 M multipart/alternative [] 3\n2.1 L text/plain [in] 1\n1.2 L text/plain [out] "
     "1\n"},
    {MULTI "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ntext\r\n--b--\r\n",
     "0.0 M multipart/mixed [] 7\n1.1 R message/rfc822 [] 3\n2.1 L text/plain [text] 1\n"},
    {MULTI "--b\r\nContent-Type: message/rfc822\r\n\r\n--b--\r\n",
     "0.0 M multipart/mixed [] 4\n1.1 R message/rfc822 [] 0\n2.1 L text/plain [] 0\n"},
    {"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: in\r\n\r\nx\r\n--b--\r\n",
     "0.0 M multipart/digest [] 6\n1.1 R message/rfc822 [] 3\n2.1 L text/plain [x] 1\n"},
    {"Content-Type: multipart/mixed\r\n\r\n--b\r\n", "0.0 L multipart/mixed [--b\r\n] 1\n"},
    {"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: base64\r\n\r\n--b\r\n",
     "0.0 L multipart/mixed [--b\r\n] 1 base64\n"},
    {"Content-Type: nonsense\r\n\r\nx", "0.0 L text/plain [x] 1\n"},
    {MULTI "--b--\r\n--b\r\n\r\nlate\r\n", "0.0 M multipart/mixed [] 4\n"},
};

static void parts_are_found(void **state)
{
  char out[4000];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_slice message = exact_text(cases[i].message);

    spell(message, out);
    assert_string_equal(out, cases[i].parts);
    exact_free(message);
  }
}

static void every_cut_is_walked(void **state)
{
  char out[4000];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++)
    for (n = 0; n < strlen(cases[i].message); n++) {
      struct msim_slice message = exact_copy(cases[i].message, n);

      spell(message, out);
      exact_free(message);
    }
}

static void depth_and_number_are_bounded(void **state)
{
  static struct msim__mime_part parts[100];
  char *text = malloc(200000);
  size_t n = 0, count, i;
  struct msim_slice message;

  (void)state;
  assert_non_null(text);
  for (i = 0; i < 60; i++)
    n += (size_t)sprintf(text + n, "Content-Type: multipart/mixed; boundary=b%zu\r\n\r\n--b%zu\r\n", i, i);
  message = exact_copy(text, n);
  assert_int_equal(msim__mime_walk(message, parts, 100, &count), 0);
  assert_int_equal(count, MSIM__MIME_DEPTH_MAX + 1);
  assert_int_equal(parts[count - 1].kind, MSIM__MIME_LEAF);
  exact_free(message);
  n = (size_t)sprintf(text, "%s", MULTI);
  for (i = 0; i < 200; i++)
    n += (size_t)sprintf(text + n, "--b\r\n\r\n%zu\r\n", i);
  n += (size_t)sprintf(text + n, "--b--\r\n");
  message = exact_copy(text, n);
  assert_int_equal(msim__mime_walk(message, parts, 100, &count), MSIM_ERR_LIMIT);
  assert_int_equal(count, 100);
  assert_int_equal(parts[99].number, 99);
  assert_int_equal(parts[99].body_bytes, 2);
  assert_int_equal(parts[0].body_at + parts[0].body_bytes, n);
  exact_free(message);
  free(text);
}

static void fields_of_a_part_are_found(void **state)
{
  struct msim__mime_part parts[4];
  struct msim_slice message = exact_text(MULTI "--b\r\nContent-ID: <x>\r\n\r\nbody\r\n--b--"), value;
  size_t count;

  (void)state;
  assert_int_equal(msim__mime_walk(message, parts, 4, &count), 0);
  value = msim__mime_part_field(message, &parts[1], "content-id");
  assert_int_equal(value.size_bytes, 3);
  assert_memory_equal(value.data, "<x>", 3);
  assert_int_equal(msim__mime_part_field(message, &parts[1], "content-type").size_bytes, 0);
  exact_free(message);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_are_found),
      cmocka_unit_test(every_cut_is_walked),
      cmocka_unit_test(depth_and_number_are_bounded),
      cmocka_unit_test(fields_of_a_part_are_found),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
