/* test_mail_imap.c: the IMAP server, talked to by a client that says what a test tells it to: RFC 3501 command by
 * command, then the extensions, two clients at one mailbox, and what the disk has after a crash. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "imap_talk.h"

#define MAIL_1                                                                                                         \
  "{message: m1, source: \"Date: Wed, 7 Jan 2026 10:00:00 +0100\\r\\nFrom: Ann B <ann@a.example>\\r\\nTo: "            \
  "bob@b.example\\r\\n"                                                                                                \
  "Subject: one\\r\\n\\r\\nfirst\\r\\n\"}"
#define MAIL_2                                                                                                         \
  "{message: m2, source: \"From: zoe@a.example\\r\\nTo: bob@b.example\\r\\nSubject: =?utf-8?q?gr=C3=BCn?=\\r\\n"       \
  "MIME-Version: 1.0\\r\\nContent-Type: multipart/mixed; boundary=x\\r\\n\\r\\npre\\r\\n--x\\r\\n\\r\\npart "          \
  "one\\r\\n--x\\r\\n"                                                                                                 \
  "Content-Type: text/html\\r\\nContent-Transfer-Encoding: base64\\r\\n\\r\\nSGFsbG8=\\r\\n--x--\\r\\n\"}"
#define MAIL_3 "{message: m3, subject: three, size: 30KiB}"
#define SERVER                                                                                                         \
  "accounts: {bob: {password: blue}, eve: {password: x}}, mailboxes: {bob: [" MAIL_1 ", " MAIL_2 ", " MAIL_3 "]}"

static void states_and_syntax_are_looked_at(void **state)
{
  static const struct row rows[] = {
      {"a NOOP\r\n", "* OK [CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL+ SASL-IR|AUTH=PLAIN|a OK "},
      {"a CAPABILITY\r\nb LOGOUT\r\nc NOOP\r\n", "* CAPABILITY IMAP4rev1 IMAP4rev2|a OK|* BYE|b OK|!c OK|!c BAD"},
      {"a SELECT INBOX\r\nb FOO\r\nc\r\n\r\n+ NOOP\r\nd NOOP x\r\ne LIST\r\n",
       "a BAD|b BAD|* BAD|* BAD|* BAD|d BAD|e BAD"},
      {LOGIN "c FETCH 1 FLAGS\r\nd UID NOOP\r\ne LOGIN bob blue\r\n", "a OK [CAPABILITY IMAP4rev1|c BAD|d BAD|e BAD"},
      {"a LOGIN {3}\r\nbob {4+}\r\nblue\r\nb NOOP\r\n", "+ |a OK|b OK"},
      {"a LOGIN {9000}\r\nb LOGIN {9000+}\r\n", "a BAD"},
      {"a LOGIN \"bob\" \"blue\" x\r\nb LOGIN bob {1+}\r\nx\r\nc LOGIN bob blue\r\n", "a BAD|b NO [AUTH|c OK"},
      {"a LOGIN bob red\r\nb LOGIN who blue\r\nc LOGIN bob red\r\nd LOGIN bob blue\r\n", "a NO|b NO|c NO|* BYE|!d OK"},
      {"a AUTHENTICATE PLAIN\r\nAGJvYgBibHVl\r\nb NOOP\r\n", "+ |a OK [CAPABILITY|b OK"},
      {"a AUTHENTICATE PLAIN AGJvYgBibHVl\r\nb NOOP\r\n", "a OK|b OK"},
      {"a AUTHENTICATE PLAIN\r\n*\r\nb AUTHENTICATE LOGIN\r\nYm9i\r\nYmx1ZQ==\r\n", "+ |a BAD|+ VXNlcm5h|+ |b OK"},
      {"a AUTHENTICATE NTLM\r\nb AUTHENTICATE PLAIN !!!\r\nc NOOP\r\n", "a NO|b BAD|c OK"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void mailboxes_are_made_and_go(void **state)
{
  static const struct row rows[] = {
      {LOGIN "c CREATE a/b\r\nd CREATE A&AOk-\r\ne LIST \"\" *\r\nf LIST \"\" %\r\ng LIST a/ %\r\nh LIST \"\" \"\"\r\n",
       "c OK|d OK|(\\HasNoChildren) \"/\" INBOX|(\\HasChildren) \"/\" a|(\\HasNoChildren) \"/\" a/b|A&AOk-|e "
       "OK|INBOX|a|f "
       "OK|\"/\" a/b|g OK|* LIST (\\Noselect) \"/\" \"\"|h OK"},
      {LOGIN "c CREATE inbox\r\nd CREATE x\r\ne CREATE x\r\nf CREATE x//y\r\ng CREATE &bad\r\nh CREATE y/\r\n",
       "c NO [ALREADYEXISTS]|d OK|e NO [ALREADYEXISTS]|f NO [CANNOT]|g BAD|h OK"},
      {LOGIN "c DELETE INBOX\r\nd DELETE x\r\ne CREATE x/y\r\nf DELETE x\r\ng LIST \"\" x\r\nh SELECT x\r\ni DELETE "
             "x\r\nj DELETE x/y\r\nk DELETE x\r\n",
       "c NO|d NO [NONEXISTENT]|e OK|f OK|* LIST (\\Noselect \\HasChildren) \"/\" x|h NO|i NO [HASCHILDREN]|j OK|k OK"},
      {LOGIN
       "c CREATE x/y\r\nd RENAME x z/w\r\ne LIST \"\" *\r\nf RENAME x q\r\ng RENAME z INBOX\r\nh RENAME z/w z/w/v\r\n",
       "d OK|\"/\" z/w|\"/\" z/w/y|\"/\" z|e OK|f NO|g NO|h NO"},
      {LOGIN "c RENAME INBOX old\r\nd STATUS old (MESSAGES UNSEEN)\r\ne STATUS INBOX (MESSAGES UIDNEXT)\r\n",
       "c OK|* STATUS old (MESSAGES 3 UNSEEN 3)|* STATUS INBOX (MESSAGES 0 UIDNEXT 4)"},
      {LOGIN "c SUBSCRIBE a/b\r\nd SUBSCRIBE INBOX\r\ne LSUB \"\" *\r\nf LSUB \"\" %\r\ng UNSUBSCRIBE a/b\r\nh LSUB "
             "\"\" *\r\n",
       "* LSUB () \"/\" INBOX|* LSUB (\\Noselect) \"/\" a/b|e OK|* LSUB () \"/\" INBOX|* LSUB (\\Noselect) \"/\" a|f "
       "OK|h OK"},
      {LOGIN "c CREATE Sent (USE (\\Sent))\r\nd LIST \"\" S*\r\ne CREATE q (USE (\\All))\r\n",
       "c OK|(\\HasNoChildren \\Sent) \"/\" Sent|e NO [USEATTR]"},
      {LOGIN "c STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN SIZE)\r\nd STATUS INBOX (FOO)\r\ne STATUS q "
             "(UNSEEN)\r\n",
       "* STATUS INBOX (MESSAGES 3 RECENT 3 UIDNEXT 4 UIDVALIDITY 1767225600 UNSEEN 3 SIZE |d BAD|e NO"},
      {LOGIN "c CREATE a/b\r\nd SUBSCRIBE a/b\r\ne SUBSCRIBE q/r\r\nf CREATE s (USE (\\Junk))\r\ng LIST (SUBSCRIBED) "
             "\"\" *\r\nh LIST "
             "(SUBSCRIBED RECURSIVEMATCH) \"\" %\r\n",
       "* LIST (\\Subscribed \\HasNoChildren) \"/\" a/b\r\n* LIST (\\NonExistent \\Subscribed \\HasNoChildren) \"/\" "
       "q/r\r\ng OK|* LIST "
       "(\\HasChildren) \"/\" a (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n* LIST (\\NonExistent \\HasNoChildren) \"/\" q "
       "(\"CHILDINFO\" "
       "(\"SUBSCRIBED\"))\r\nh OK"},
      {LOGIN "c CREATE a/b\r\nd CREATE s (USE (\\Junk))\r\ne SUBSCRIBE s\r\nf LIST (SPECIAL-USE) \"\" *\r\ng LIST \"\" "
             "(\"INBOX\" s "
             "\"a/%\") RETURN (SUBSCRIBED CHILDREN STATUS (MESSAGES UNSEEN))\r\nh LIST \"\" \"%\" RETURN "
             "(SUBSCRIBED)\r\ni LIST "
             "(RECURSIVEMATCH) \"\" *\r\nj LIST \"\" * RETURN (FOO)\r\nk LIST (SUBSCRIBED REMOTE) {0+}\r\n %\r\nl LIST "
             "\"\" {1+}\r\n*\r\n",
       "* LIST (\\HasNoChildren \\Junk) \"/\" s\r\nf OK|* LIST (\\HasNoChildren) \"/\" INBOX\r\n* STATUS INBOX "
       "(MESSAGES 3 UNSEEN "
       "3)\r\n|a/b\r\n* STATUS a/b (MESSAGES 0 UNSEEN 0)|* LIST (\\Subscribed \\HasNoChildren \\Junk) \"/\" s\r\n* "
       "STATUS s|g OK|\"/\" "
       "a\r\n|\\Subscribed|h OK|i BAD|j BAD|* LIST (\\Subscribed \\HasNoChildren \\Junk) \"/\" s\r\nk OK|INBOX|a/b|l "
       "OK"},
      {LOGIN "c NAMESPACE\r\nd ID NIL\r\ne ID (\"name\" \"x\" \"v\" NIL)\r\nf ENABLE FOO\r\ng ID (x)\r\n",
       "* NAMESPACE ((\"\" \"/\")) NIL NIL|* ID (|d OK|e OK|* ENABLED\r\n|f OK|g BAD"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void messages_are_fetched(void **state)
{
  static const struct row rows[] = {
      {OPEN, "* FLAGS (\\Seen \\Answered \\Flagged \\Deleted \\Draft)|* 3 EXISTS|* 3 RECENT|* OK [UNSEEN 1]|* OK "
             "[PERMANENTFLAGS "
             "(\\Seen|\\*)]|* OK [UIDVALIDITY 1767225600]|* OK [UIDNEXT 4]|b OK [READ-WRITE]"},
      {LOGIN "b EXAMINE INBOX\r\nc FETCH 1 BODY[]\r\nd STORE 1 FLAGS (\\Seen)\r\ne FETCH 1 FLAGS\r\n",
       "* OK [PERMANENTFLAGS ()]|b OK [READ-ONLY]|c OK|d NO|* 1 FETCH (FLAGS (\\Recent))"},
      {OPEN "c FETCH 1 (UID FLAGS INTERNALDATE ENVELOPE)\r\n",
       "* 1 FETCH (UID 1 FLAGS (\\Recent) INTERNALDATE \"|ENVELOPE (\"Wed, 7 Jan 2026 10:00:00 +0100\" \"one\" ((\"Ann "
       "B\" NIL \"ann\" "
       "\"a.example\")) ((\"Ann B\" NIL \"ann\" \"a.example\")) ((\"Ann B\" NIL \"ann\" \"a.example\")) ((NIL NIL "
       "\"bob\" "
       "\"b.example\")) NIL NIL NIL NIL))\r\n|c OK"},
      {OPEN "c FETCH 2 BODYSTRUCTURE\r\nd FETCH 2 BODY\r\n",
       "BODYSTRUCTURE ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 8 1 NIL NIL NIL NIL)(\"text\" \"html\" NIL NIL NIL "
       "\"base64\" 8 1 NIL "
       "NIL NIL NIL) \"mixed\" (\"boundary\" \"x\") NIL NIL NIL))|BODY ((\"text\" \"plain\" NIL NIL NIL \"7bit\" 8 "
       "1)(\"text\" \"html\" "
       "NIL NIL NIL \"base64\" 8 1) \"mixed\"))"},
      {OPEN "c FETCH 1 BODY.PEEK[TEXT]\r\nd FETCH 1 FLAGS\r\ne FETCH 1 BODY[TEXT]\r\nf FETCH 1 (FLAGS)\r\n",
       "* 1 FETCH (BODY[TEXT] {7}\r\nfirst\r\n)|* 1 FETCH (FLAGS (\\Recent))|BODY[TEXT] {7}\r\nfirst\r\n FLAGS (\\Seen "
       "\\Recent))|* 1 FETCH (FLAGS (\\Seen \\Recent))|f OK"},
      {OPEN "c FETCH 2 (BODY.PEEK[1] BODY.PEEK[2.MIME] BODY.PEEK[3] BODY.PEEK[HEADER.FIELDS (from X)] "
            "BODY.PEEK[1]<5.100>)\r\n",
       "BODY[1] {8}\r\npart one BODY[2.MIME] {|Content-Type: text/html|BODY[3] NIL BODY[HEADER.FIELDS (from X)] "
       "{23}\r\nFrom: "
       "zoe@a.example\r\n\r\n BODY[1]<5> {3}\r\none)"},
      {OPEN "c FETCH 1 (RFC822.HEADER RFC822.TEXT RFC822.SIZE)\r\nd FETCH 1:2 FAST\r\ne UID FETCH 2:* FLAGS\r\nf FETCH "
            "9 FLAGS\r\ng "
            "UID FETCH 9 FLAGS\r\nh FETCH 1 (FOO)\r\n",
       "RFC822.HEADER {|RFC822.TEXT {7}|c OK|* 1 FETCH (FLAGS|* 2 FETCH (FLAGS|d OK|* 2 FETCH (UID 2 FLAGS|* 3 FETCH "
       "(UID 3 "
       "FLAGS|e OK|f BAD|g OK|h BAD"},
      {OPEN "c FETCH 1:3 (BODY.PEEK[])\r\nd NOOP\r\n", "* 1 FETCH|* 2 FETCH|* 3 FETCH (BODY[] {|c OK|d OK"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void flags_and_expunge(void **state)
{
  static const struct row rows[] = {
      {LOGIN "b ENABLE condstore X\r\nc SELECT INBOX\r\nd STORE 1 +FLAGS.SILENT (\\Seen)\r\ne ENABLE CONDSTORE\r\n",
       "* ENABLED CONDSTORE\r\nb OK|* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ (|d OK|e BAD"},
      {OPEN
       "c STORE 1:2 +FLAGS (\\Deleted work)\r\nd STORE 2 -FLAGS.SILENT \\Deleted\r\ne FETCH 2 FLAGS\r\nf STORE 3 FLAGS "
       "()\r\ng STORE 3 FLAGS (\\Recent)\r\nh STORE 3 FLAGS\r\n",
       "* 1 FETCH (FLAGS (\\Deleted work \\Recent))|* 2 FETCH (FLAGS (\\Deleted work \\Recent))|c OK|d OK|* 2 FETCH "
       "(FLAGS (work "
       "\\Recent))|e OK|* 3 FETCH (FLAGS (\\Recent))|f OK|g BAD|h BAD"},
      {OPEN "c STORE 1,3 +FLAGS.SILENT (\\Deleted)\r\nd EXPUNGE\r\ne FETCH 1:* UID\r\nf NOOP\r\n",
       "c OK|* 3 EXPUNGE|* 1 EXPUNGE|d OK|* 1 FETCH (UID 2)|e OK|!* 2 FETCH"},
      {OPEN "c STORE 1:3 +FLAGS.SILENT (\\Deleted)\r\nd UID EXPUNGE 2:3\r\ne CLOSE\r\nf STATUS INBOX (MESSAGES "
            "UIDNEXT)\r\ng EXPUNGE\r\n",
       "* 3 EXPUNGE|* 2 EXPUNGE|d OK|e OK|* STATUS INBOX (MESSAGES 0 UIDNEXT 4)|g BAD|!* 1 EXPUNGE"},
      {OPEN "c STORE 1 +FLAGS.SILENT (\\Deleted)\r\nd UNSELECT\r\ne STATUS INBOX (MESSAGES)\r\n",
       "d OK|* STATUS INBOX (MESSAGES 3)"},
      {OPEN "c CREATE x\r\nd COPY 1:2 x\r\ne COPY 1 nowhere\r\nf UID COPY 9 x\r\ng SELECT x\r\nh FETCH 1:* (UID FLAGS "
            "RFC822.SIZE)\r\n",
       "d OK [COPYUID 1767225601 1:2 1:2]|e NO [TRYCREATE]|f OK|* 2 EXISTS|* 1 FETCH (UID 1|* 2 FETCH (UID 2"},
      {OPEN "c CREATE x\r\nd STORE 1 FLAGS (\\Seen k)\r\ne MOVE 1,3 x\r\nf STATUS x (MESSAGES UNSEEN)\r\ng FETCH 1:* "
            "UID\r\n",
       "* OK [COPYUID 1767225601 1,3 1:2]|* 3 EXPUNGE|* 1 EXPUNGE|e OK|* STATUS x (MESSAGES 2 UNSEEN 1)|* 1 FETCH (UID "
       "2)"},
      {OPEN "c STORE 1 +FLAGS.SILENT (\\Deleted)\r\nd STATUS INBOX (DELETED DELETED-STORAGE)\r\n",
       "* STATUS INBOX (DELETED 1 DELETED-STORAGE 1"},
      {OPEN "c CHECK\r\n", "c OK"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void searches_find(void **state)
{
  static const struct row rows[] = {
      {OPEN "c SEARCH ALL\r\nd SEARCH SUBJECT one\r\ne SEARCH NOT SUBJECT one\r\nf SEARCH FROM ann OR SEEN UNSEEN\r\n",
       "* SEARCH 1 2 3\r\n|* SEARCH 1\r\n|* SEARCH 2 3\r\n|* SEARCH 1\r\n"},
      {OPEN "c SEARCH CHARSET UTF-8 SUBJECT {5+}\r\ngr\xc3\xbcn\r\nd SEARCH BODY hallo\r\ne SEARCH TEXT \"PART "
            "ONE\"\r\nf SEARCH "
            "CHARSET KOI8 ALL\r\n",
       "* SEARCH 2\r\n|* SEARCH 2\r\n|* SEARCH 2\r\n|f NO [BADCHARSET (US-ASCII UTF-8)]"},
      {OPEN "c SEARCH LARGER 20000\r\nd SEARCH SENTON 7-Jan-2026\r\ne SEARCH SINCE 1-Jan-2026 BEFORE 2-Jan-2026\r\nf "
            "UID SEARCH "
            "2:*\r\ng SEARCH UID 9\r\nh SEARCH FOO\r\ni SEARCH HEADER subject \"\" NEW RECENT\r\n",
       "* SEARCH 3\r\n|* SEARCH 1\r\n|* SEARCH 1 2 3\r\n|* SEARCH 2 3\r\n|* SEARCH\r\n|h BAD|* SEARCH 1 2 3\r\n"},
      {OPEN "c STORE 2 +FLAGS.SILENT (\\Flagged $x)\r\nd SEARCH FLAGGED\r\ne SEARCH KEYWORD $X\r\nf SEARCH UNKEYWORD "
            "$x 1:2\r\n",
       "* SEARCH 2\r\n|* SEARCH 2\r\n|* SEARCH 1\r\n"},
      {OPEN "c UID SEARCH RETURN (MIN MAX COUNT ALL) ALL\r\nd SEARCH RETURN () SUBJECT none\r\ne SEARCH RETURN (SAVE) "
            "2:3\r\nf FETCH "
            "$ UID\r\ng SEARCH $ SUBJECT three\r\nh SEARCH RETURN (FOO) ALL\r\n",
       "* ESEARCH (TAG \"c\") UID MIN 1 MAX 3 ALL 1:3 COUNT 3\r\n|* ESEARCH (TAG \"d\")\r\n|e OK|* 2 FETCH (UID 2)|* 3 "
       "FETCH (UID "
       "3)|f OK|* SEARCH 3\r\n|h BAD"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void messages_are_appended(void **state)
{
  static const struct row rows[] = {
      {OPEN
       "c APPEND INBOX (\\Seen) \"05-Feb-2020 10:00:00 +0000\" {10}\r\nA: b\r\n\r\nxy\r\nd FETCH 4 (FLAGS INTERNALDATE "
       "BODY.PEEK[])\r\n",
       "+ |* 4 EXISTS|c OK [APPENDUID 1767225600 4]|* 4 FETCH (FLAGS (\\Seen \\Recent) INTERNALDATE \" 5-Feb-2020 "
       "10:00:00 "
       "+0000\" BODY[] "
       "{10}\r\nA: b\r\n\r\nxy)"},
      {LOGIN "c APPEND nowhere {3+}\r\nabc\r\nd APPEND INBOX {3+}\r\nabc {4+}\r\n.x\r\n\r\ne APPEND INBOX\r\nf APPEND "
             "INBOX (\\Foo) "
             "{1+}\r\na\r\n",
       "c NO [TRYCREATE]|d OK [APPENDUID 1767225600 4:5]|e BAD|f BAD"},
      {LOGIN "c APPEND INBOX {0+}\r\n\r\nd APPEND INBOX {5+}\r\n.\r\n.\r\r\ne SELECT INBOX\r\nf FETCH 4 BODY[]\r\n",
       "c NO|d OK|BODY[] {5}\r\n.\r\n.\r"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void a_message_that_is_too_large_is_refused_before_it_comes(void **state)
{
  static const struct row rows[] = {
      {LOGIN "c APPEND INBOX {2000}\r\nd NOOP\r\n", "c NO [TOOBIG]|d OK|!\n+ "},
      {LOGIN "c APPEND INBOX {12+}\r\nabcdefghijkl\r\nd NOOP\r\n", "c NO [TOOBIG]|d OK"},
  };

  (void)state;
  RUN("append-max: 10B, " SERVER, rows);
}

static void quotas_are_told_and_kept(void **state)
{
  static const struct row rows[] = {
      {LOGIN "c GETQUOTAROOT INBOX\r\nd GETQUOTA \"\"\r\ne GETQUOTA x\r\nf GETQUOTAROOT x\r\ng GETQUOTA\r\n",
       "* QUOTAROOT INBOX\r\n|c OK|d NO|e NO|f NO|g BAD"},
  };

  (void)state;
  RUN(SERVER, rows);
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "mx", NULL), 0);
  assert_int_equal(
      stage_agent(&stage, "mx", "smtp-server", "{domains: {b.example: {bob: {password: blue, quota: 4KiB}}}}"), 0);
  assert_int_equal(stage_agent(&stage, "mx", "imap-server", "{mailboxes: {bob: [{message: m1, size: 3KiB}]}}"), 0);
  add_feed(0, LOGIN "c GETQUOTAROOT INBOX\r\nd APPEND INBOX {1025+}\r\n", FEED_CLOSES);
  {
    static char script[4000];

    (void)snprintf(script, sizeof script,
                   "%s%01025d\r\ne SELECT INBOX\r\nf COPY 1 INBOX\r\ng CREATE x\r\nh MOVE 1 x\r\ni "
                   "GETQUOTA \"\"\r\n",
                   feeds[0].bytes, 0);
    feeds[0].bytes = script;
    feeds[0].size_bytes = strlen(script);
  }
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_heard(feeds[0].heard,
               "* QUOTAROOT INBOX \"\"|* QUOTA \"\" (STORAGE 4 4)|c OK|d NO [OVERQUOTA]|f NO [OVERQUOTA]|h "
               "OK|* QUOTA \"\" (STORAGE 4 4)|i OK");
  stage_end(&stage);
}

static void a_failed_login_is_answered_late(void **state)
{
  static const struct row rows[] = {
      {"a LOGIN bob red\r\nb LOGIN bob blue\r\nc NOOP\r\n", "a NO [AUTHENTICATIONFAILED]|b OK|c OK"},
  };

  (void)state;
  RUN("error-delay: 3s, " SERVER, rows);
  assert_heard(talk("error-delay: 3s, " SERVER, "a LOGIN bob red\r\n"), "a NO");
  assert_true(feeds[0].closed_ns >= MSIM_SEC(3));
  stage_end(&stage);
}

static void what_is_not_offered_is_not_there(void **state)
{
  static const struct row rows[] = {
      {LOGIN "c IDLE\r\nd SELECT INBOX\r\ne MOVE 1 x\r\nf FETCH 1 MODSEQ\r\ng SEARCH RETURN () ALL\r\nh UNSELECT\r\n",
       "c BAD|d OK|e BAD|f BAD|g BAD|h OK|!IDLE|! MOVE|!CONDSTORE|!HIGHESTMODSEQ"},
  };

  (void)state;
  RUN("without: [IDLE, MOVE, CONDSTORE, ESEARCH], " SERVER, rows);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(states_and_syntax_are_looked_at),
      cmocka_unit_test(mailboxes_are_made_and_go),
      cmocka_unit_test(messages_are_fetched),
      cmocka_unit_test(flags_and_expunge),
      cmocka_unit_test(searches_find),
      cmocka_unit_test(messages_are_appended),
      cmocka_unit_test(quotas_are_told_and_kept),
      cmocka_unit_test(a_failed_login_is_answered_late),
      cmocka_unit_test(what_is_not_offered_is_not_there),
      cmocka_unit_test(a_message_that_is_too_large_is_refused_before_it_comes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
