/* Tests of mail/compose.c. Encoded words and quoted-printable were worked out by hand or with other programs. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "mail/compose.h"
#include "proto/base64.h"
#include "proto/mime_walk.h"
#include "support/fail_mem.h"

static const char *const to_one[] = {"b@y.example"};

static struct msim__compose example(void)
{
  struct msim__compose compose = {0};

  compose.from = "a@x.example";
  compose.to = to_one;
  compose.to_count = 1;
  compose.host = "pc-a";
  compose.number = 1;
  compose.unix_s = 1767225600;
  return compose;
}

static void check_lines(const char *text, size_t line_bytes_max)
{
  while (*text != '\0') {
    const char *end = strstr(text, "\r\n");
    size_t i;

    assert_non_null(end);
    assert_true((size_t)(end - text) <= line_bytes_max);
    for (i = 0; text + i < end; i++)
      assert_true(text[i] != '\r' && text[i] != '\n');
    text = end + 2;
  }
}

static void plain_mail_is_written_as_it_is(void **state)
{
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 10000);
  compose.subject = "Hi there";
  compose.body = "Hello\n.\r\nlast";
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_string_equal(msim__buf_text(&out), "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n"
                                            "From: a@x.example\r\n"
                                            "To: b@y.example\r\n"
                                            "Subject: Hi there\r\n"
                                            "Message-ID: <20260101000000.1.pc-a@x.example>\r\n"
                                            "MIME-Version: 1.0\r\n"
                                            "Content-Type: text/plain; charset=utf-8\r\n"
                                            "Content-Transfer-Encoding: 7bit\r\n"
                                            "\r\n"
                                            "Hello\r\n.\r\nlast\r\n");
  msim__buf_release(&out);
}

static void umlauts_become_encoded_words_and_8bit(void **state)
{
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;
  const char *text;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 10000);
  compose.from_name = "J\xc3\xbcrgen \"J\"";
  compose.subject = "Gr\xc3\xbc\xc3\x9f"
                    "e aus K\xc3\xb6ln";
  compose.body = "sch\xc3\xb6n";
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  text = msim__buf_text(&out);
  assert_non_null(strstr(text, "From: =?UTF-8?B?SsO8cmdlbiAiSiI=?=\r\n <a@x.example>\r\n"));
  assert_non_null(strstr(text, "Subject: =?UTF-8?B?R3LDvMOfZSBhdXMgS8O2bG4=?=\r\n"));
  assert_non_null(strstr(text, "Content-Transfer-Encoding: 8bit\r\n\r\nsch\xc3\xb6n\r\n"));
  check_lines(text, 78);
  msim__buf_release(&out);
}

static void name_of_ascii_is_quoted(void **state)
{
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 10000);
  compose.from_name = "A. \"B\" \\C";
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_non_null(strstr(msim__buf_text(&out), "From: \"A. \\\"B\\\" \\\\C\"\r\n <a@x.example>\r\n"));
  assert_null(strstr(msim__buf_text(&out), "Subject"));
  msim__buf_release(&out);
}

static void long_subjects_are_folded_between_words_and_characters(void **state)
{
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;
  char umlauts[401], words[401];
  const char *at;
  size_t i;

  (void)state;
  for (i = 0; i < 400; i += 2)
    memcpy(umlauts + i, "\xc3\xa4", 2);
  umlauts[400] = '\0';
  for (i = 0; i < 400; i++)
    words[i] = i % 5 == 4 ? ' ' : 'w';
  words[399] = '\0';
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 10000);
  compose.subject = umlauts;
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  at = msim__buf_text(&out);
  check_lines(at, 78);
  while ((at = strstr(at, "=?UTF-8?B?")) != NULL) { /* every word stands alone: no umlaut split (w6Q= is one) */
    size_t n = strcspn(at + 10, "?");

    assert_int_equal(n % 4, 0);
    assert_memory_equal(at + 10, "w6TD", 4);
    assert_true(10 + n + 2 <= 75);
    at += 10;
  }
  msim__buf_clear(&out);
  compose.subject = words;
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  check_lines(msim__buf_text(&out), 78);
  assert_null(strstr(msim__buf_text(&out), "=?"));
  assert_non_null(strstr(msim__buf_text(&out), "Subject: wwww wwww"));
  msim__buf_release(&out);
}

static void odd_bytes_never_break_the_message(void **state)
{
  static const struct {
    const char *subject, *subject_line, *body, *body_text;
  } rows[] = {
      {"a\r\nBcc: x", "Subject: =?UTF-8?B?YQ0KQmNjOiB4?=\r\n", "tab\tok", "7bit\r\n\r\ntab\tok\r\n"},
      {"=?x?=", "Subject: =?UTF-8?B?PT94Pz0=?=\r\n", "a\rb\n\nc", "7bit\r\n\r\na\r\nb\r\n\r\nc\r\n"},
      {"\xff", "Subject: =?UTF-8?B?77+9?=\r\n", "\xff=\x01", "quoted-printable\r\n\r\n=EF=BF=BD=3D=01\r\n"},
      {" x", "Subject: =?UTF-8?B?IHg=?=\r\n", "\x01 \t", "quoted-printable\r\n\r\n=01 =09\r\n"},
      {"x ", "Subject: =?UTF-8?B?eCA=?=\r\n", "", "7bit\r\n\r\n"},
  };
  struct msim__mem mem;
  struct msim__buf out;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 10000);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim__compose compose = example();

    compose.subject = rows[i].subject;
    compose.body = rows[i].body;
    msim__buf_clear(&out);
    assert_int_equal(msim__compose_append(&out, &compose), 0);
    assert_non_null(strstr(msim__buf_text(&out), rows[i].subject_line));
    assert_non_null(strstr(msim__buf_text(&out), rows[i].body_text));
    check_lines(msim__buf_text(&out), 998);
  }
  msim__buf_release(&out);
}

static void body_lines_beyond_998_bytes_are_quoted_printable(void **state)
{
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;
  char body[1001];

  (void)state;
  memset(body, 'x', sizeof body);
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 10000);
  compose.body = body;
  body[998] = '\0';
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_non_null(strstr(msim__buf_text(&out), ": 7bit\r\n"));
  check_lines(msim__buf_text(&out), 998);
  msim__buf_clear(&out);
  body[998] = 'x';
  body[999] = '\0';
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_non_null(strstr(msim__buf_text(&out), ": quoted-printable\r\n"));
  assert_non_null(strstr(msim__buf_text(&out), "xxx=\r\nxxx"));
  check_lines(msim__buf_text(&out), 78);
  msim__buf_release(&out);
}

static void many_recipients_are_folded(void **state)
{
  static const char *const to[] = {"anna.with.a.long.name@one.example", "bernd.with.a.long.name@two.example",
                                   "c@z.example", "x\r\ny@z.example"};
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 10000);
  compose.to = to;
  compose.to_count = 4;
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_non_null(strstr(msim__buf_text(&out),
                         "To: anna.with.a.long.name@one.example, bernd.with.a.long.name@two.example,\r\n"
                         " c@z.example, xy@z.example\r\n"));
  msim__buf_release(&out);
}

static void size_is_met_to_the_byte(void **state)
{
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;
  uint64_t size, least;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 10000);
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  least = out.size_bytes;
  for (size = least + 2; size < least + 300; size++) {
    msim__buf_clear(&out);
    compose.size_bytes = size;
    assert_int_equal(msim__compose_append(&out, &compose), 0);
    assert_int_equal(out.size_bytes, size);
    check_lines(msim__buf_text(&out), 78);
  }
  msim__buf_clear(&out);
  compose.size_bytes = least + 1; /* one byte is no line */
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_int_equal(out.size_bytes, least + 2);
  msim__buf_clear(&out);
  compose.size_bytes = 3;
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_int_equal(out.size_bytes, least);
  msim__buf_release(&out);
}

static void compose_reports_what_went_wrong(void **state)
{
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;
  struct fail_mem f;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 50);
  assert_int_equal(msim__compose_append(&out, &compose), MSIM_ERR_LIMIT);
  msim__buf_release(&out);
  fail_mem_init(&f, 1);
  msim__mem_init(&mem, &f.hook);
  msim__buf_init(&out, &mem, 5000);
  assert_int_equal(msim__compose_append(&out, &compose), MSIM_ERR_NOMEM);
  msim__buf_release(&out);
  assert_true(fail_mem_clean(&f));
  msim__buf_init(&out, &mem, 5000);
  compose.unix_s = INT64_MIN;
  assert_int_equal(msim__compose_append(&out, &compose), MSIM_ERR_INVALID);
  msim__buf_release(&out);
}

static void attachments_have_their_sizes_and_names(void **state)
{
  static const struct msim__compose_attachment attachments[] = {{"report.pdf", "application/pdf", 1000, NULL},
                                                                {"Gr\xc3\xbc\xc3\x9f"
                                                                 "e.txt",
                                                                 NULL, 0, NULL},
                                                                {"a\"b", "", 77777, NULL}};
  static const char *const cc[] = {"c@z.example", "d@z.example"};
  static const uint64_t decoded_bytes[] = {1000, 0, 77777};
  static uint8_t data[80000];
  struct msim__mime_part parts[8];
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;
  struct msim_slice message;
  size_t count, i, n, taken;
  char *again;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 1000000);
  compose.body = "sch\xc3\xb6n =_1.1";
  compose.cc = cc;
  compose.cc_count = 2;
  compose.attachments = attachments;
  compose.attachment_count = 3;
  compose.size_bytes = 200000;
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_int_equal(out.size_bytes, 200000);
  check_lines(msim__buf_text(&out), 998);
  assert_non_null(strstr(out.data, "Cc: c@z.example, d@z.example\r\n"));
  assert_non_null(strstr(out.data, "boundary=\"=_1.2\"\r\nContent-Transfer-Encoding: 8bit\r\n"));
  assert_non_null(strstr(out.data, "filename*=utf-8''Gr%C3%BC%C3%9Fe.txt"));
  assert_non_null(strstr(out.data, "filename*=utf-8''a%22b"));
  message = (struct msim_slice){(const uint8_t *)out.data, out.size_bytes};
  assert_int_equal(msim__mime_walk(message, parts, 8, &count), 0);
  assert_int_equal(count, 5);
  for (i = 0; i < 3; i++) {
    struct msim__base64_reader reader = {0, 0};

    assert_int_equal(parts[i + 2].encoding, MSIM__MIME_BASE64);
    msim__base64_read(&reader, (struct msim_slice){message.data + parts[i + 2].body_at, parts[i + 2].body_bytes}, data,
                      sizeof data, &taken, &n);
    assert_int_equal(n, decoded_bytes[i]);
  }
  assert_true(parts[1].eight_bit);
  again = malloc(out.size_bytes);
  assert_non_null(again);
  memcpy(again, out.data, out.size_bytes);
  msim__buf_clear(&out);
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_memory_equal(again, out.data, 200000);
  free(again);
  msim__buf_release(&out);
}

static void text_for_seven_bits_is_coded_as_it_is_shorter(void **state)
{
  struct msim__compose compose = example();
  struct msim__mem mem;
  struct msim__buf out;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__buf_init(&out, &mem, 10000);
  compose.seven_bit = true;
  compose.body = "this is mostly ASCII, with one \xc3\xbc in it";
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_non_null(
      strstr(msim__buf_text(&out), "quoted-printable\r\n\r\nthis is mostly ASCII, with one =C3=BC in it\r\n"));
  msim__buf_clear(&out);
  compose.body = "\xd0\x9f\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82";
  compose.size_bytes = 5000; /* nothing can be filled in behind base64 */
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_non_null(strstr(msim__buf_text(&out), "base64\r\n\r\n0J/RgNC40LLQtdGCDQo=\r\n"));
  msim__buf_clear(&out);
  compose.body = "plain";
  compose.size_bytes = 0;
  assert_int_equal(msim__compose_append(&out, &compose), 0);
  assert_non_null(strstr(msim__buf_text(&out), "7bit\r\n\r\nplain\r\n"));
  msim__buf_release(&out);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(plain_mail_is_written_as_it_is),
      cmocka_unit_test(umlauts_become_encoded_words_and_8bit),
      cmocka_unit_test(name_of_ascii_is_quoted),
      cmocka_unit_test(long_subjects_are_folded_between_words_and_characters),
      cmocka_unit_test(odd_bytes_never_break_the_message),
      cmocka_unit_test(body_lines_beyond_998_bytes_are_quoted_printable),
      cmocka_unit_test(many_recipients_are_folded),
      cmocka_unit_test(size_is_met_to_the_byte),
      cmocka_unit_test(compose_reports_what_went_wrong),
      cmocka_unit_test(attachments_have_their_sizes_and_names),
      cmocka_unit_test(text_for_seven_bits_is_coded_as_it_is_shorter),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
