/* test_imap_text.c: strings, ENVELOPE, BODYSTRUCTURE and sections of messages that are simple, nested, strange and
 * broken; and folders of a user. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "mail/folders.h"
#include "mail/imap_text.h"
#include "proto/ascii.h"
#include "support/exact.h"
#include "support/fail_mem.h"

#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct msim__mem mem;

static void strings_are_quoted_where_they_can(void **state)
{
  static const struct {
    const char *text, *out;
    size_t n;
  } rows[] = {
      {"", "\"\"", 0},
      {"a \"b\" \\", "\"a \\\"b\\\" \\\\\"", 7},
      {"a\r\nb", "{4}\r\na\r\nb", 4},
      {"\xc3\xa4", "{2}\r\n\xc3\xa4", 2},
      {"a\0b", "{2}\r\nab", 3},
  };
  struct msim__buf buf;
  size_t i;

  (void)state;
  for (i = 0; i < ROWS(rows); i++) {
    msim__buf_init(&buf, &mem, 1000);
    msim__imap_put_string(&buf, (struct msim_slice){(const uint8_t *)rows[i].text, rows[i].n});
    assert_string_equal(msim__buf_text(&buf), rows[i].out);
    msim__buf_release(&buf);
  }
}

static void envelopes_tell_who_and_what(void **state)
{
  static const struct {
    const char *header, *out;
  } rows[] = {
      {"\r\n", "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"},
      {"Subject: a\r\n b\r\nFrom: x@y\r\nSender: \"Q \\\"z\" <\"j d\"@h>\r\nTo: g: a@b, c@d;, e@f\r\nMessage-ID: "
       "<i@j>\r\n\r\n",
       "(NIL \"a b\" ((NIL NIL \"x\" \"y\")) ((\"Q \\\"z\" NIL \"j d\" \"h\")) ((NIL NIL \"x\" \"y\")) ((NIL NIL \"g\" "
       "NIL)(NIL NIL "
       "\"a\" \"b\")(NIL NIL \"c\" \"d\")(NIL NIL NIL NIL)(NIL NIL \"e\" \"f\")) NIL NIL NIL \"<i@j>\")"},
      {"From: nobody\r\nCc: (c) a@b (Name)\r\nIn-Reply-To: <x>\r\n\r\n",
       "(NIL NIL ((NIL NIL \"nobody\" \"\")) ((NIL NIL \"nobody\" \"\")) ((NIL NIL \"nobody\" \"\")) NIL ((\"Name\" "
       "NIL \"a\" \"b\")) NIL "
       "\"<x>\" NIL)"},
      {"To:\r\nTo: a@b\r\nTo: c@d\r\n\r\n",
       "(NIL NIL NIL NIL NIL ((NIL NIL \"a\" \"b\")(NIL NIL \"c\" \"d\")) NIL NIL NIL NIL)"},
  };
  struct msim__buf buf;
  size_t i;

  (void)state;
  for (i = 0; i < ROWS(rows); i++) {
    struct msim_slice header = exact_text(rows[i].header);

    msim__buf_init(&buf, &mem, 10000);
    msim__imap_put_envelope(&buf, header);
    assert_string_equal(msim__buf_text(&buf), rows[i].out);
    msim__buf_release(&buf);
    exact_free(header);
  }
}

static const char nested[] =
    "From: a@b\r\nContent-Type: multipart/mixed; boundary=\"o\"\r\n\r\n"
    "--o\r\nContent-Type: message/rfc822\r\n\r\n"
    "Subject: in\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"
    "--i\r\n\r\nplain\r\n--i\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<b>\r\n--i--\r\n"
    "\r\n--o\r\nContent-Type: image/png; name=\"x y\"\r\nContent-ID: <c>\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename=f.png\r\n\r\nAAAA\r\n--o--\r\n";

static void structures_tell_the_parts(void **state)
{
  static const struct {
    const char *message, *out;
  } rows[] = {
      {"\r\n", "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0 NIL NIL NIL NIL)"},
      {"Content-Type: text/x\r\nContent-Transfer-Encoding: FOO\r\nContent-Language: en\r\n\r\na\r\nb",
       "(\"text\" \"x\" NIL NIL NIL \"FOO\" 4 2 NIL NIL \"en\" NIL)"},
      {"Content-Type: multipart/mixed\r\n\r\nx\r\n",
       "(\"application\" \"octet-stream\" NIL NIL NIL \"7bit\" 3 NIL NIL NIL NIL)"},
      {"Content-Type: multipart/mixed; boundary=q\r\n\r\nno parts\r\n",
       "((\"text\" \"plain\" NIL NIL NIL \"7bit\" 0 0) \"mixed\" (\"boundary\" \"q\") NIL NIL NIL)"},
      {"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n",
       "(\"application\" \"octet-stream\" NIL NIL NIL \"base64\" 6 NIL NIL NIL NIL)"},
      {"Content-Type: text/plain; name*0=\"a b\"; name*1=c; x*=utf-8''%C3%A4; y=z; n*1=q\r\n\r\n",
       "(\"text\" \"plain\" (\"name\" \"a bc\" \"x\" {2}\r\n\xc3\xa4 \"y\" \"z\" \"n*1\" \"q\") NIL NIL \"7bit\" 0 0 "
       "NIL NIL NIL "
       "NIL)"},
      {nested, "((\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 137 (NIL \"in\" NIL NIL NIL NIL NIL NIL NIL NIL) "
               "((\"text\" \"plain\" NIL NIL NIL "
               "\"7bit\" 5 1 NIL NIL NIL NIL)(\"text\" \"html\" (\"charset\" \"utf-8\") NIL NIL \"7bit\" 3 1 NIL NIL "
               "NIL NIL) \"alternative\" "
               "(\"boundary\" \"i\") NIL NIL NIL) 11 NIL NIL NIL NIL)(\"image\" \"png\" (\"name\" \"x y\") \"<c>\" NIL "
               "\"base64\" 4 NIL "
               "(\"attachment\" (\"filename\" \"f.png\")) NIL NIL) \"mixed\" (\"boundary\" \"o\") NIL NIL NIL)"},
  };
  struct msim__imap_parts parts;
  struct msim__buf buf;
  size_t i;

  (void)state;
  for (i = 0; i < ROWS(rows); i++) {
    struct msim_slice message = exact_text(rows[i].message);

    msim__buf_init(&buf, &mem, 10000);
    assert_int_equal(msim__imap_parts_find(&parts, &mem, message), MSIM_OK);
    msim__imap_put_structure(&buf, &parts, true);
    assert_string_equal(msim__buf_text(&buf), rows[i].out);
    msim__imap_parts_release(&parts, &mem);
    msim__buf_release(&buf);
    exact_free(message);
  }
  assert_int_equal(mem.held_bytes, 0);
}

static void sections_are_found(void **state)
{
  static const struct {
    const char *item, *name, *content; /* NULL: there is none */
  } rows[] = {
      {"BODY[1.1]", "BODY[1.1]", "plain"},
      {"BODY[1.2]", "BODY[1.2]", "<b>"},
      {"BODY[1.2.MIME]", "BODY[1.2.MIME]", "Content-Type: text/html; charset=utf-8\r\n\r\n"},
      {"BODY[1.HEADER]", "BODY[1.HEADER]", "Subject: in\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n"},
      {"BODY[1.HEADER.FIELDS (subject)]", "BODY[1.HEADER.FIELDS (subject)]", "Subject: in\r\n\r\n"},
      {"BODY[HEADER.FIELDS.NOT (Content-Type)]", "BODY[HEADER.FIELDS.NOT (Content-Type)]", "From: a@b\r\n\r\n"},
      {"BODY[2]", "BODY[2]", "AAAA"},
      {"BODY[2.1]", "BODY[2.1]", NULL},
      {"BODY[2.HEADER]", "BODY[2.HEADER]", NULL},
      {"BODY[3]", "BODY[3]", NULL},
      {"BODY[1.1.1]", "BODY[1.1.1]", NULL},
      {"BODY[]", "BODY[]", nested},
  };
  struct msim_slice message = exact_text(nested), out;
  struct msim__imap_parts parts;
  size_t i;

  (void)state;
  assert_int_equal(msim__imap_parts_find(&parts, &mem, message), MSIM_OK);
  for (i = 0; i < ROWS(rows); i++) {
    struct msim_slice text = exact_text(rows[i].item);
    struct msim__imap_cursor c = {(uint8_t *)(uintptr_t)text.data, 0, text.size_bytes};
    struct msim__imap_fetch fetch = {0};
    struct msim__buf name, room;

    msim__buf_init(&name, &mem, 1000);
    msim__buf_init(&room, &mem, 1000);
    assert_int_equal(msim__imap_take_fetch(&c, &fetch, &mem), MSIM_OK);
    msim__imap_put_section_name(&name, &fetch, &fetch.items[0].section);
    assert_string_equal(msim__buf_text(&name), rows[i].name);
    assert_int_equal(msim__imap_section_find(&parts, &fetch, &fetch.items[0].section, &room, &out),
                     rows[i].content != NULL);
    if (rows[i].content != NULL)
      assert_true(msim__slice_equal(out, msim__slice_text(rows[i].content)));
    msim__buf_release(&name);
    msim__buf_release(&room);
    msim__imap_fetch_release(&fetch, &mem);
    exact_free(text);
  }
  msim__imap_parts_release(&parts, &mem);
  exact_free(message);
  assert_int_equal(mem.held_bytes, 0);
}

/* ---- folders ---- */

static struct msim_slice s(const char *text)
{
  return msim__slice_text(text);
}

static void folders_are_made_renamed_and_used_again(void **state)
{
  struct msim__store store;
  struct msim__mailbox *inbox, *box, *again;
  uint32_t validity;

  (void)state;
  msim__store_init(&store, &mem);
  inbox = msim__store_open(&store, "bob", 3);
  assert_int_equal(msim__folder_create(inbox, s("a/b"), 0, &box), MSIM_OK);
  assert_ptr_equal(msim__folder_find(inbox, s("a/b")), box);
  assert_true(msim__folder_has_children(inbox, s("a")));
  assert_false(msim__folder_has_children(inbox, s("a/b")));
  assert_int_equal(msim__folder_create(inbox, s("a/b"), 0, NULL), MSIM_ERR_EXISTS);
  assert_int_equal(msim__folder_create(inbox, s("/x"), 0, NULL), MSIM_ERR_INVALID);
  assert_int_equal(msim__folder_create(inbox, s("x\ty"), 0, NULL), MSIM_ERR_INVALID);
  assert_ptr_equal(msim__folder_find(inbox, s("inbox")), inbox);
  assert_int_equal(msim__folder_rename(msim__folder_find(inbox, s("a")), s("a/c")), MSIM_ERR_INVALID);
  assert_int_equal(msim__folder_subscribe(inbox, s("z"), true), MSIM_OK);
  assert_int_equal(msim__folder_rename(msim__folder_find(inbox, s("a")), s("z")), MSIM_OK);
  assert_ptr_equal(msim__folder_find(inbox, s("z/b")), box);
  assert_non_null(msim__folder_find(inbox, s("z"))); /* beside the subscription of that name */
  validity = box->uid_validity;
  box->uid_next = 9;
  assert_int_equal(msim__folder_remove(msim__folder_find(inbox, s("z"))), MSIM_OK);
  assert_int_equal(msim__folder_find(inbox, s("z"))->marks & MSIM__MAILBOX_NOSELECT, MSIM__MAILBOX_NOSELECT);
  assert_int_equal(msim__folder_remove(msim__folder_find(inbox, s("z"))), MSIM_ERR_STATE);
  assert_int_equal(msim__folder_remove(box), MSIM_OK);
  assert_null(msim__folder_find(inbox, s("z/b")));
  assert_int_equal(msim__folder_create(inbox, s("new"), 0, &again), MSIM_OK);
  assert_ptr_equal(again, box); /* the row, under another validity, its uids going on */
  assert_true(again->uid_validity > validity && again->uid_next == 9);
  assert_int_equal(msim__folder_remove(inbox), MSIM_ERR_STATE);
  msim__store_release(&store);
  assert_int_equal(mem.held_bytes, 0);
}

static void folders_without_memory_leak_nothing(void **state)
{
  struct fail_mem memory;
  struct msim__mem failing;
  uint64_t at;
  int err = -1;

  (void)state;
  for (at = 1; err != MSIM_OK; at++) {
    struct msim__store store;
    struct msim__mailbox *inbox;

    fail_mem_init(&memory, at);
    msim__mem_init(&failing, &memory.hook);
    msim__store_init(&store, &failing);
    inbox = msim__store_open(&store, "bob", 3);
    err = inbox != NULL ? msim__folder_create(inbox, s("a/b/c"), 0, NULL) : MSIM_ERR_NOMEM;
    if (err == MSIM_OK)
      err = msim__folder_rename(msim__folder_find(inbox, s("a")), s("q"));
    if (err == MSIM_OK && msim__store_keyword(inbox, s("work"), true) == 0)
      err = MSIM_ERR_NOMEM;
    msim__store_release(&store);
    assert_true(fail_mem_clean(&memory));
  }
  assert_true(at > 8);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(strings_are_quoted_where_they_can),
      cmocka_unit_test(envelopes_tell_who_and_what),
      cmocka_unit_test(structures_tell_the_parts),
      cmocka_unit_test(sections_are_found),
      cmocka_unit_test(folders_are_made_renamed_and_used_again),
      cmocka_unit_test(folders_without_memory_leak_nothing),
  };

  msim__mem_init(&mem, NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
