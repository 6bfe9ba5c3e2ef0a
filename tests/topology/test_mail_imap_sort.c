/* test_mail_imap_sort.c: SORT and THREAD (RFC 5256) as a client meets them; what they do is in mail/test_imap_thread.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "imap_talk.h"

#define MAIL(n, text) "{message: m" n ", source: \"" text "\\r\\n\\r\\nbody " n "\\r\\n\"}"
#define SERVER                                                                                                         \
  "accounts: {bob: {password: blue}}, mailboxes: {bob: [" MAIL(                                                        \
      "1",                                                                                                             \
      "Subject: beta\\r\\nMessage-ID: <1@x>\\r\\nFrom: "                                                               \
      "zoe@a.example\\r\\nDate: 3 Jan 2026 00:00 +0000") ", " MAIL("2", "Subject: Re: alpha\\r\\nFrom: "               \
                                                                        "=?utf-8?q?=C3=84nne?= "                       \
                                                                        "<z@a.example>\\r\\nDate: 2 Jan 2026 00:00 "   \
                                                                        "+0000") ", " MAIL("3", "Subject: Re: "        \
                                                                                                "beta\\r\\nReferences" \
                                                                                                ": <1@x>\\r\\nFrom: "  \
                                                                                                "bea@a."               \
                                                                                                "example\\r\\nDate: "  \
                                                                                                "1 Jan 2026 00:00 "    \
                                                                                                "+0000") ","           \
                                                                                                         " " MAIL(     \
                                                                                                             "4",      \
                                                                                                             "Subject" \
                                                                                                             ": "      \
                                                                                                             "alpha\\" \
                                                                                                             "r\\nMes" \
                                                                                                             "sage-"   \
                                                                                                             "ID: "    \
                                                                                                             "<4@x>"   \
                                                                                                             "\\r\\nF" \
                                                                                                             "rom: "   \
                                                                                                             "Carl "   \
                                                                                                             "<carl@"  \
                                                                                                             "a."      \
                                                                                                             "example" \
                                                                                                             ">\\r\\n" \
                                                                                                             "Date: "  \
                                                                                                             "4 Jan "  \
                                                                                                             "2026 "   \
                                                                                                             "00:00 "  \
                                                                                                             "+0000") "]}"
/* Numbers and UIDs apart. */
#define READY OPEN "x STORE 1 +FLAGS.SILENT (\\Deleted)\r\ny EXPUNGE\r\n"

static void sorted_messages_are_told(void **state)
{
  static const struct row rows[] = {
      {OPEN
       "c SORT (DATE) UTF-8 ALL\r\nd UID SORT (REVERSE DATE) US-ASCII 2:4\r\ne SORT (SUBJECT DATE) UTF-8 ALL\r\nf SORT "
       "(FROM) utf-8 SUBJECT beta\r\ng SORT (SIZE) UTF-8 BODY nothing\r\nh SORT (DISPLAYFROM) \"UTF-8\" ALL\r\n",
       "* SORT 3 2 1 4\r\nc OK|* SORT 4 2 3\r\nd OK|* SORT 2 4 3 1\r\ne OK|* SORT 3 1\r\nf OK|* SORT\r\ng OK|* SORT 2 "
       "3 4 "
       "1\r\nh OK"},
      {READY "c SORT (REVERSE ARRIVAL) UTF-8 ALL\r\nd UID SORT (REVERSE DATE) UTF-8 ALL\r\ne SORT (DATE) UTF-8 MODSEQ "
             "3\r\n",
       "* SORT 1 2 3\r\nc OK|* SORT 4 2 3\r\nd OK|* SORT 2 1 3 (MODSEQ 5)\r\ne OK"},
      {OPEN
       "c SORT RETURN (MIN MAX COUNT ALL) (DATE) UTF-8 1:3\r\nd UID SORT RETURN () (DATE) UTF-8 ALL\r\ne "
       "SORT RETURN (SAVE) (DATE) UTF-8 2:3\r\nf FETCH $ UID\r\ng SORT RETURN (COUNT) (DATE) UTF-8 BODY nothing\r\n",
       "* ESEARCH (TAG \"c\") MIN 3 MAX 1 ALL 3,2,1 COUNT 3\r\nc OK|* ESEARCH (TAG \"d\") UID ALL 3,2,1,4\r\nd OK|e "
       "OK|* 2 "
       "FETCH (UID 2)\r\n* 3 FETCH (UID 3)\r\nf OK|* ESEARCH (TAG \"g\") COUNT 0\r\ng OK"},
      {OPEN
       "c SORT (DATE) ALL\r\nd SORT DATE UTF-8 ALL\r\ne SORT (DATE) KOI8-R ALL\r\nf SORT (DATE) UTF-8\r\ng SORT (DATE) "
       "UTF-8 FOO\r\nh SORT RETURN (FOO) (DATE) UTF-8 ALL\r\ni SORT () UTF-8 ALL\r\nj SORT\r\n",
       "c BAD|d BAD|e NO [BADCHARSET (US-ASCII UTF-8)]|f BAD|g BAD|h BAD|i BAD|j BAD"},
      {LOGIN "b SORT (DATE) UTF-8 ALL\r\n", "b BAD"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void threads_are_told(void **state)
{
  static const struct row rows[] = {
      {OPEN "c THREAD REFERENCES UTF-8 ALL\r\nd THREAD orderedsubject UTF-8 ALL\r\ne UID THREAD REFERENCES US-ASCII "
            "2:3\r\nf THREAD REFERENCES UTF-8 BODY nothing\r\n",
       "* THREAD (1 3)(4 2)\r\nc OK|* THREAD (3 1)(2 4)\r\nd OK|* THREAD (3)(2)\r\ne OK|* THREAD\r\nf OK"},
      {READY "c THREAD REFERENCES UTF-8 ALL\r\nd UID THREAD REFERENCES UTF-8 ALL\r\n",
       "* THREAD (2)(3 1)\r\nc OK|* THREAD (3)(4 2)\r\nd OK"},
      {OPEN
       "c THREAD FOO UTF-8 ALL\r\nd THREAD REFERENCES ALL\r\ne THREAD REFERENCES KOI8-R ALL\r\nf THREAD REFERENCES "
       "UTF-8 FOO\r\ng THREAD (REFERENCES) UTF-8 ALL\r\nh THREAD REFERENCES UTF-8\r\n",
       "c BAD|d BAD|e NO [BADCHARSET|f BAD|g BAD|h BAD"},
  };

  (void)state;
  RUN(SERVER, rows);
}

/* No number changes during SORT and THREAD (RFC 5256), and what is gone is not found. */
static void numbers_stay_meanwhile(void **state)
{
  static const char first[] = OPEN "x NOOP\r\n";
  char script[400];

  (void)state;
  assert_int_equal(build(SERVER), 0);
  (void)snprintf(script, sizeof script,
                 "%sc SORT (DATE) UTF-8 ALL\r\nd THREAD REFERENCES UTF-8 ALL\r\nx UID SEARCH 1:3\r\ne UID SORT "
                 "(DATE) UTF-8 ALL\r\nf SORT (DATE) UTF-8 ALL\r\n",
                 first);
  add_feed(0, script, FEED_CLOSES);
  feeds[0].piece_bytes = sizeof first - 1;
  feeds[0].pause_ns = MSIM_SEC(5);
  add_feed(1, OPEN "c STORE 1 +FLAGS (\\Deleted)\r\nd EXPUNGE\r\n", FEED_CLOSES);
  feeds[1].at_ns = MSIM_SEC(2);
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_heard(feeds[0].heard, "* SORT 3 2 4\r\nc OK|* THREAD (3)(4 2)\r\nd OK|* SEARCH 2 3\r\nx OK|* SORT 3 2 4\r\n* "
                               "1 EXPUNGE\r\ne OK|* SORT 2 "
                               "1 3\r\nf OK");
  stage_end(&stage);
}

static void what_is_not_offered_is_not_there(void **state)
{
  static const struct row rows[] = {
      {OPEN "c SORT (DATE) UTF-8 ALL\r\nd THREAD REFERENCES UTF-8 ALL\r\ne THREAD ORDEREDSUBJECT UTF-8 ALL\r\n",
       "c BAD|d BAD|* THREAD (3 1)(2 4)\r\ne OK|! SORT |!THREAD=REFERENCES"},
  };
  static const struct row less[] = {
      {OPEN "c SORT RETURN () (DATE) UTF-8 ALL\r\nd SORT (DISPLAYFROM) UTF-8 ALL\r\ne SORT (DATE) UTF-8 ALL\r\n",
       "c BAD|d BAD|e OK|!ESORT|!DISPLAY"},
  };

  (void)state;
  RUN("without: [SORT, \"THREAD=REFERENCES\"], " SERVER, rows);
  RUN("without: [ESORT, \"SORT=DISPLAY\"], " SERVER, less);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sorted_messages_are_told),
      cmocka_unit_test(threads_are_told),
      cmocka_unit_test(numbers_stay_meanwhile),
      cmocka_unit_test(what_is_not_offered_is_not_there),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
