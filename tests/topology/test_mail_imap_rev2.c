/* test_mail_imap_rev2.c: what is different when a client has enabled IMAP4rev2 (RFC 9051 appendix E). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "imap_talk.h"

#define MAIL_2                                                                                                         \
  "{message: m2, source: \"From: zoe@a.example\\r\\nMIME-Version: 1.0\\r\\nContent-Type: multipart/mixed; "            \
  "boundary=x\\r\\n\\r\\n--x\\r\\n\\r\\none\\r\\n--x\\r\\nContent-Type: text/html\\r\\nContent-Transfer-Encoding: "    \
  "base64\\r\\n\\r\\nSGFsbG8=\\r\\n--x\\r\\nContent-Transfer-Encoding: base64\\r\\n\\r\\nYQBi\\r\\n--x\\r\\n"          \
  "Content-Transfer-Encoding: quoted-printable\\r\\n\\r\\na=3Db\\r\\n--x\\r\\nContent-Transfer-Encoding: "             \
  "x-own\\r\\n\\r\\nsecret\\r\\n--x--\\r\\n\"}"
#define SERVER "accounts: {bob: {password: blue}}, mailboxes: {bob: [{message: m1, subject: one}, " MAIL_2 "]}"
#define REV2 LOGIN "q ENABLE IMAP4rev2\r\n"
#define READY REV2 "b SELECT INBOX\r\n"

static void selecting_tells_other_things(void **state)
{
  static const struct row rows[] = {
      {REV2
       "b SELECT INBOX\r\nc SELECT inbox\r\nd APPEND INBOX {1+}\r\na\r\ne FETCH 3 FLAGS\r\nf STATUS INBOX (MESSAGES "
       "SIZE DELETED)\r\n",
       "* ENABLED IMAP4rev2\r\nq OK|* 2 EXISTS\r\n* LIST (\\HasNoChildren) \"/\" INBOX\r\n|b OK|* OK [CLOSED]|c OK|* 3 "
       "EXISTS\r\nd OK|* 3 FETCH (FLAGS ())|* STATUS INBOX (MESSAGES 3 SIZE |DELETED 0)|!RECENT|!\\Recent|![UNSEEN"},
      {REV2 "b CREATE Sent/x (USE (\\Sent))\r\nc SELECT Sent/x\r\nd EXAMINE Sent\r\n",
       "* LIST (\\Sent \\HasNoChildren) \"/\" Sent/x\r\n|c OK|* LIST (\\HasChildren) \"/\" Sent\r\n|d OK [READ-ONLY]"},
      {READY "c STORE 1 +FLAGS (\\Seen)\r\nd STORE 1 FLAGS.SILENT ()\r\n",
       "* 1 FETCH (UID 1 FLAGS (\\Seen))\r\nc OK|d OK"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void names_are_utf8(void **state)
{
  static const struct row rows[] = {
      {REV2 "b CREATE \"B\xc3\xbc"
            "cher\"\r\nc LIST \"\" \"B\xc3\xbc%\"\r\nd STATUS {7+}\r\nB\xc3\xbc"
            "cher (MESSAGES)\r\ne CREATE A&B\r\nf LIST \"\" A*\r\ng SELECT \"B\xc3\xbc"
            "cher\"\r\nh CREATE \"\xff\"\r\ni CREATE \"\xc2\x85\"\r\nj LIST \"\" (\"B*\") RETURN (CHILDREN)\r\n",
       "b OK|* LIST (\\HasNoChildren) \"/\" \"B\xc3\xbc"
       "cher\"\r\nc OK|* STATUS \"B\xc3\xbc"
       "cher\" (MESSAGES 0)\r\n|e OK|\"/\" A&B\r\nf OK|* LIST (\\HasNoChildren) \"/\" \"B\xc3\xbc"
       "cher\"\r\n|g OK|h BAD|i BAD|\"/\" \"B\xc3\xbc"
       "cher\"\r\nj OK"},
      {LOGIN "b CREATE B&APw-cher\r\nc ENABLE IMAP4rev2\r\nd LIST \"\" B*\r\ne CREATE \"a\\\"\xc3\xbc\"\r\nf LIST \"\" "
             "a*\r\n",
       "b OK|\"/\" \"B\xc3\xbc"
       "cher\"\r\nd OK|\"/\" \"a\\\"\xc3\xbc\"\r\nf OK"},
      {LOGIN "b CREATE \"B\xc3\xbc\"\r\nc LIST \"\" \"B\xc3\xbc\"\r\n", "b BAD|c OK"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void searches_are_answered_by_esearch(void **state)
{
  static const struct row rows[] = {
      {READY "c SEARCH ALL\r\nd UID SEARCH SUBJECT none\r\ne SEARCH RETURN (COUNT) ALL\r\nf SEARCH LARGER "
             "5000000000\r\ng SEARCH RETURN (SAVE) 2\r\nh FETCH $ UID\r\n",
       "* ESEARCH (TAG \"c\") ALL 1:2\r\nc OK|* ESEARCH (TAG \"d\") UID\r\nd OK|* ESEARCH (TAG \"e\") COUNT 2\r\ne "
       "OK|* "
       "ESEARCH (TAG \"f\")\r\nf OK|g OK|* 2 FETCH (UID 2)|!* SEARCH"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void parts_are_decoded(void **state)
{
  static const struct row rows[] = {
      {READY "c FETCH 2 (BINARY.PEEK[1] BINARY.SIZE[2] BINARY.PEEK[2] BINARY.PEEK[4] BINARY.PEEK[2]<1.2> "
             "BINARY.PEEK[9])\r\nd FETCH 2 FLAGS\r\ne FETCH 2 BINARY[2]\r\n",
       "* 2 FETCH (BINARY[1] {3}\r\none BINARY.SIZE[2] 5 BINARY[2] {5}\r\nHallo BINARY[4] {3}\r\na=b BINARY[2]<1> "
       "{2}\r\nal BINARY[9] NIL)\r\nc OK|* 2 FETCH (FLAGS ())|* 2 FETCH (BINARY[2] {5}\r\nHallo FLAGS (\\Seen))"},
      {READY "c FETCH 2 (BINARY.PEEK[3] BINARY.SIZE[3])\r\n", "* 2 FETCH (BINARY[3] ~{3}\r\na"},
      {READY "c FETCH 2 BINARY.SIZE[3]\r\nd FETCH 2 (UID BINARY.PEEK[5])\r\ne FETCH 2 BINARY.PEEK[1.MIME]\r\nf FETCH 2 "
             "BINARY[1\r\ng FETCH 2 BINARY.SIZE[1]<0.1>\r\nh FETCH 1:2 BODY.PEEK[TEXT]<0.5000000000>\r\n",
       "* 2 FETCH (BINARY.SIZE[3] 3)|c OK|d NO [UNKNOWN-CTE]|e BAD|f BAD|g BAD|h OK"},
      {OPEN "c FETCH 2 BINARY[1]\r\nd FETCH 2 BINARY.SIZE[1]\r\n", "c BAD|d BAD"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void it_is_offered_as_a_whole_or_not_at_all(void **state)
{
  static const struct row rows[] = {
      {REV2 "b SELECT INBOX\r\n", "* OK [CAPABILITY IMAP4rev1 LITERAL+|* ENABLED\r\nq OK|RECENT|!IMAP4rev2 "},
  };

  (void)state;
  RUN("without: [MOVE], " SERVER, rows);
  RUN("without: [IMAP4rev2], " SERVER, rows);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(selecting_tells_other_things),           cmocka_unit_test(names_are_utf8),
      cmocka_unit_test(searches_are_answered_by_esearch),       cmocka_unit_test(parts_are_decoded),
      cmocka_unit_test(it_is_offered_as_a_whole_or_not_at_all),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
