/* Tests of messages as people read them: texts, alternatives, character sets, attachments and their names. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mail/readable.h"
#include "proto/ascii.h"
#include "support/exact.h"

#include <stdio.h>

static struct msim__mem mem;

#define MULTIPART(kind) "Content-Type: multipart/" kind "; boundary=B\r\n\r\n"

static const struct {
  const char *mail, *text, *roles; /* of each part: - passed, s shown, a attached */
} rows[] = {
    {"Subject: x\r\n\r\nHello\r\n", "Hello\n", "s"},
    {"\r\nno end", "no end\n", "s"},
    {"", "", "s"},
    {"Content-Type: text/plain; charset=iso-8859-1\r\n\r\n\xe4\r\n", "\xc3\xa4\n", "s"},
    {"Content-Type: text/plain; charset=\"UTF-8\"\r\nContent-Transfer-Encoding: base64\r\n\r\nw6Q=\r\n", "\xc3\xa4\n",
     "s"},
    {"Content-Type: text/plain; charset=windows-1252\r\nContent-Transfer-Encoding: "
     "quoted-printable\r\n\r\n=80=\r\n!\r\n",
     "\xe2\x82\xac!\n", "s"},
    {"Content-Type: text/html\r\n\r\n<p>a<script>b</script>\r\n", "a\n", "s"},
    {"Content-Type: image/png\r\n\r\nx\r\n", "", "a"},
    {"Content-Type: text/plain\r\nContent-Disposition: attachment\r\n\r\nx\r\n", "", "a"},
    {MULTIPART("alternative") "--B\r\n\r\nplain\r\n--B\r\nContent-Type: text/html\r\n\r\n<b>rich</b>\r\n--B--\r\n",
     "plain\n", "-s-"},
    {MULTIPART("alternative") "--B\r\nContent-Type: text/html\r\n\r\n<b>rich</b>\r\n--B\r\nContent-Type: "
                              "text/calendar; name=c\r\n"
                              "Content-Disposition: attachment\r\n\r\nx\r\n--B--\r\n",
     "rich\n", "-sa"},
    {MULTIPART("mixed") "--B\r\n\r\none\r\n--B\r\nContent-Type: image/png\r\n\r\nx\r\n--B\r\n\r\ntwo\r\n--B--\r\n",
     "one\n\ntwo\n", "-sas"},
    {MULTIPART("mixed") "--B\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\ninner\r\n--B--\r\n", "", "-a-"},
    {MULTIPART("mixed") "--B\r\n\r\nnot closed", "not closed\n", "-s"},
};

static void mails_become_text(void **state)
{
  enum msim__readable_role roles[100];
  struct msim__imap_parts parts;
  struct msim__buf buf;
  size_t i, k;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_slice mail = exact_text(rows[i].mail);
    char seen[100] = "";

    assert_int_equal(msim__imap_parts_find(&parts, &mem, mail), 0);
    msim__buf_init(&buf, &mem, 4000);
    assert_int_equal(msim__readable_text(&buf, &parts, roles), 0);
    for (k = 0; k < parts.count; k++)
      seen[k] = "-sa"[roles[k]];
    assert_string_equal(msim__buf_text(&buf), rows[i].text);
    assert_string_equal(seen, rows[i].roles);
    msim__buf_release(&buf);
    msim__imap_parts_release(&parts, &mem);
    exact_free(mail);
  }
}

static void files_have_harmless_names(void **state)
{
  static const struct {
    const char *fields, *name, *type;
  } files[] = {
      {"Content-Type: image/PNG; name=a.png\r\n", "a.png", "image/png"},
      {"Content-Disposition: attachment; filename=\"../../etc/passwd\"\r\n", "passwd", "text/plain"},
      {"Content-Disposition: attachment; filename=\"C:\\\\x\\\\evil.exe\"\r\n", "evil.exe", "text/plain"},
      {"Content-Disposition: attachment; filename=\".profile\"\r\n", "profile", "text/plain"},
      {"Content-Disposition: attachment; filename*=iso-8859-1''%e4.txt\r\n", "\xc3\xa4.txt", "text/plain"},
      {"Content-Disposition: attachment; filename=\"=?utf-8?q?=C3=A4?=.txt\"\r\n", "\xc3\xa4.txt", "text/plain"},
      {"Content-Disposition: attachment; filename*=utf-8''a%0D%0AX.txt\r\n", "aX.txt", "text/plain"},
      {"Content-Type: application/x y\r\n", "part-0.bin", "application/x"},
      {"Content-Type: message/rfc822\r\n", "part-0.eml", "message/rfc822"},
      {"Content-Disposition: attachment; filename=\"/\"\r\n", "part-0.txt", "text/plain"},
  };
  char name[MSIM__READABLE_NAME_BYTES], type[MSIM__READABLE_TYPE_BYTES], mail[400];
  struct msim_slice whole;
  struct msim__imap_parts parts;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof files / sizeof files[0]; i++) {
    (void)snprintf(mail, sizeof mail, "%s\r\nx", files[i].fields);
    whole = exact_text(mail);
    assert_int_equal(msim__imap_parts_find(&parts, &mem, whole), 0);
    msim__readable_name(&parts, 0, name);
    msim__readable_type(&parts, 0, type);
    assert_string_equal(name, files[i].name);
    assert_string_equal(type, files[i].type);
    msim__imap_parts_release(&parts, &mem);
    exact_free(whole);
  }
}

static void fields_are_one_line_of_utf8(void **state)
{
  static const struct {
    const char *header, *value;
    int found;
  } fields[] = {
      {"Subject: a\r\n b\r\n\r\n", "a b", 1},
      {"Subject: =?iso-8859-15?q?=A4?= =?utf-8?b?w6Q=?=\r\n\r\n", "\xe2\x82\xac\xc3\xa4", 1},
      {"Subject: =?utf-8?q?a=0D=0AX:_y?=\r\n\r\n", "a  X: y", 1},
      {"Subject:\r\n\r\n", "", 1},
      {"Other: x\r\n\r\n", "", 0},
  };
  struct msim_slice header;
  struct msim__buf buf;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof fields / sizeof fields[0]; i++) {
    msim__buf_init(&buf, &mem, 400);
    header = exact_text(fields[i].header);
    assert_int_equal(msim__readable_field(&buf, header, "subject"), fields[i].found);
    assert_string_equal(msim__buf_text(&buf), fields[i].value);
    exact_free(header);
    msim__buf_release(&buf);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mails_become_text),
      cmocka_unit_test(files_have_harmless_names),
      cmocka_unit_test(fields_are_one_line_of_utf8),
  };

  msim__mem_init(&mem, NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
