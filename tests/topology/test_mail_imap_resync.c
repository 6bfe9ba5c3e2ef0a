/* test_mail_imap_resync.c: QRESYNC (RFC 7162 3.2): what goes is told by UID, and a client that comes back hears what
 * has changed since, also when it was long ago or the host has crashed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "imap_talk.h"

#include <mailsim/disk.h>
#include <mailsim/host.h>

#define MAILS "{message: m1}, {message: m2}, {message: m3}, {message: m4}, {message: m5}"
#define SERVER "accounts: {bob: {password: blue}}, mailboxes: {bob: [" MAILS "]}"
#define READY LOGIN "q ENABLE QRESYNC\r\n"
#define DELETE "STORE 2,4:5 +FLAGS.SILENT (\\Deleted)\r\n"
#define V "1767225600"

static void parameters_are_looked_at(void **state)
{
  static const struct row rows[] = {
      {LOGIN "b SELECT INBOX (QRESYNC (" V " 1))\r\nc SELECT INBOX (CONDSTORE)\r\n", "b BAD|c OK [READ-WRITE]"},
      {LOGIN "b ENABLE QRESYNC\r\nc SELECT INBOX (QRESYNC (" V " 1))\r\n", "* ENABLED QRESYNC\r\nb OK|c OK"},
      {LOGIN "b ENABLE QRESYNC CONDSTORE X\r\n", "* ENABLED CONDSTORE QRESYNC\r\nb OK"},
      {READY "b SELECT INBOX (QRESYNC (" V " 0))\r\nc SELECT INBOX (QRESYNC (0 1))\r\nd SELECT INBOX (QRESYNC (" V
             " 1 *))\r\ne SELECT INBOX (QRESYNC (" V " 1 1:*))\r\nf SELECT INBOX (QRESYNC (" V " 1 $))\r\n",
       "b BAD|c BAD|d BAD|e BAD|f BAD"},
      {READY "b SELECT INBOX (QRESYNC (" V " 1 1:9 (1,3 1)))\r\nc SELECT INBOX (QRESYNC (" V
             " 1 1:9 (3,1 1,3)))\r\nd SELECT INBOX (QRESYNC (" V " 1 1:9 (2:1 1:2)))\r\ne SELECT INBOX (QRESYNC (" V
             " 1 (1 1)))\r\nf SELECT INBOX (QRESYNC (" V " 1 1:9 (1:2 1:2)) CONDSTORE)\r\n",
       "b BAD|c BAD|d BAD|e OK|f OK"},
      {READY "b SELECT INBOX (QRESYNC (" V " 1)\r\nc SELECT INBOX (QRESYNC(" V " 1))\r\nd SELECT INBOX (QRESYNC (" V
             " 1) QRESYNC (" V " 1))\r\ne SELECT INBOX (FOO)\r\nf SELECT INBOX ()\r\n",
       "b BAD|c BAD|d BAD|e BAD|f BAD"},
      {READY
       "b SELECT INBOX\r\nc FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)\r\nd UID FETCH 1:* FLAGS (VANISHED)\r\ne UID "
       "FETCH 1:* FLAGS (VANISHED CHANGEDSINCE 3)\r\nf UID FETCH 1:* FLAGS (CHANGEDSINCE 3 CHANGEDSINCE 4)\r\n",
       "c BAD|d BAD|e OK|f BAD"},
      {LOGIN "b SELECT INBOX (CONDSTORE)\r\nc UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)\r\n", "b OK|c BAD"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void what_goes_is_told_by_uid(void **state)
{
  static const struct row rows[] = {
      {READY "b SELECT INBOX\r\nc " DELETE "d EXPUNGE\r\ne EXPUNGE\r\n",
       "* OK [HIGHESTMODSEQ 6]|c OK|* VANISHED 2,4:5\r\nd OK [HIGHESTMODSEQ 12]|e OK Expunged|!EXPUNGE\r\n* "},
      {READY "b SELECT INBOX\r\nc " DELETE "d UID EXPUNGE 4:9\r\ne CLOSE\r\nf SELECT INBOX\r\n",
       "* VANISHED 4:5\r\nd OK [HIGHESTMODSEQ 11]|e OK Closed|* 2 EXISTS|* OK [HIGHESTMODSEQ 12]"},
      {READY "b SELECT INBOX\r\nc CREATE x\r\nd MOVE 1:3 x\r\n",
       "* OK [COPYUID|* VANISHED 1:3\r\nd OK [HIGHESTMODSEQ 9]"},
      {READY "b SELECT INBOX\r\nc SELECT INBOX\r\nd SELECT gone\r\ne SELECT INBOX\r\n",
       "b OK|* OK [CLOSED]|* 5 EXISTS|c OK|* OK [CLOSED]|d NO|* FLAGS|e OK"},
      {OPEN "c EXAMINE INBOX\r\n", "b OK|* OK [CLOSED]|c OK [READ-ONLY]"},
  };

  (void)state;
  RUN(SERVER, rows);
}

static void who_comes_back_hears_what_has_changed(void **state)
{
  static const struct row rows[] = {
      {READY "b SELECT INBOX\r\nc " DELETE "d EXPUNGE\r\ne STORE 1 +FLAGS (\\Seen)\r\nf SELECT INBOX (QRESYNC (" V
             " 6))\r\ng SELECT INBOX (QRESYNC (" V " 12))\r\nh SELECT INBOX (QRESYNC (" V " 13))\r\n",
       "e OK|* 2 EXISTS|* VANISHED (EARLIER) 2,4:5\r\n* 1 FETCH (UID 1 FLAGS (\\Seen) MODSEQ (13))\r\nf OK "
       "[READ-WRITE]|* OK [UIDNEXT 6]|* OK [HIGHESTMODSEQ 13] Of these changes\r\n* 1 FETCH (UID 1 FLAGS|g OK|* OK "
       "[HIGHESTMODSEQ 13] Of these changes\r\nh OK"},
      {READY "b SELECT INBOX\r\nc " DELETE "d EXPUNGE\r\ne STORE 1:2 +FLAGS (\\Seen)\r\nf EXAMINE INBOX (QRESYNC (" V
             " 6 3:4))\r\ng SELECT INBOX (QRESYNC (77 1))\r\n",
       "e OK|* VANISHED (EARLIER) 4\r\n* 2 FETCH (UID 3 FLAGS|f OK [READ-ONLY]|* OK [HIGHESTMODSEQ 14] Of these "
       "changes\r\ng OK"},
      {READY "b SELECT INBOX\r\nc " DELETE "d EXPUNGE\r\ne UID FETCH 1:* (FLAGS) (CHANGEDSINCE 8 VANISHED)\r\nf UID "
             "FETCH 1:4 (UID) (VANISHED CHANGEDSINCE 1)\r\n",
       "d OK|* VANISHED (EARLIER) 2,4:5\r\ne OK|* VANISHED (EARLIER) 2,4\r\n* 1 FETCH (UID 1 MODSEQ (2))|f OK"},
  };

  (void)state;
  RUN(SERVER, rows);
}

/* What goes one by one in no order is more than a mailbox remembers: then everything that is missing is told, but for
 * what the client's numbers show that it knows. */
static void what_is_too_long_ago_is_told_as_a_whole(void **state)
{
  static struct msim__store store;
  struct msim__mailbox *box;
  struct msim__mem mem;
  uint32_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__store_init(&store, &mem);
  box = msim__store_open(&store, "b", 1);
  assert_non_null(box);
  box->modseq_highest = 2 * MSIM__STORE_GONE_MAX;
  for (i = 0; i < MSIM__STORE_GONE_MAX; i++)
    msim__store_note_gone(box, 2 * i + 1, 2 * i + 1, i + 1);
  assert_int_equal(box->gone_count, MSIM__STORE_GONE_MAX);
  assert_int_equal(box->gone_since, 0);
  msim__store_note_gone(box, 3, 3, MSIM__STORE_GONE_MAX + 5);
  assert_int_equal(box->gone_count, MSIM__STORE_GONE_MAX / 2 + 1);
  assert_int_equal(box->gone_since, MSIM__STORE_GONE_MAX / 2);
  msim__store_note_gone(box, 2, 2, MSIM__STORE_GONE_MAX + 6); /* beside the latest: one range */
  assert_int_equal(box->gone_count, MSIM__STORE_GONE_MAX / 2 + 1);
  assert_int_equal(box->gone[box->gone_count - 1].first, 2);
  assert_int_equal(box->gone[box->gone_count - 1].last, 3);
  msim__store_note_gone(box, 9, 9, 7); /* forgotten already */
  assert_int_equal(box->gone_count, MSIM__STORE_GONE_MAX / 2 + 1);
  msim__store_note_gone(box, 9, 9, MSIM__STORE_GONE_MAX); /* in its place, when a journal tells it late */
  for (i = 1; i < box->gone_count; i++)
    assert_true(box->gone[i].modseq >= box->gone[i - 1].modseq);
  msim__store_renew(box, 5);
  assert_int_equal(box->gone_count, 0);
  assert_int_equal(box->gone_since, 2 * MSIM__STORE_GONE_MAX);
  msim__store_release(&store);
  assert_int_equal(mem.held_bytes, 0);
}

/* A message on its way has its number already: nobody may think to know of it before it is there. */
static void a_promised_place_holds_the_highest_number_back(void **state)
{
  static struct msim__store store;
  struct msim__message_opts opts;
  struct msim__mailbox_item item;
  struct msim__mailbox *box;
  struct msim__mem mem;
  uint32_t uid;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__store_init(&store, &mem);
  box = msim__store_open(&store, "b", 1);
  memset(&opts, 0, sizeof opts);
  memset(&item, 0, sizeof item);
  item.message = msim__message_new(&mem, &opts);
  assert_true(box != NULL && item.message != NULL);
  assert_int_equal(msim__store_add(&store, box, item.message, 0, NULL), 0);
  assert_int_equal(msim__store_modseq(box), 2);
  assert_int_equal(msim__store_reserve(box, &uid), 0);
  item.uid = uid;
  item.modseq = ++box->modseq_highest;
  assert_int_equal(msim__store_set_flags(box, 0, 1), 0);
  assert_int_equal(box->modseq_highest, 4);
  assert_int_equal(msim__store_modseq(box), 2);
  msim__store_put_item(box, &item);
  assert_int_equal(msim__store_modseq(box), 4);
  msim__store_renumber(box);
  assert_int_equal(box->items[0].modseq, 4 + MSIM__STORE_MODSEQ_GAP);
  assert_int_equal(box->items[1].modseq, 4 + MSIM__STORE_MODSEQ_GAP);
  msim__message_unref(item.message);
  msim__store_release(&store);
  assert_int_equal(mem.held_bytes, 0);
}

static void numbers_that_match_spare_what_is_known(void **state)
{
  static const struct row rows[] = {
      {READY
       "b SELECT old (QRESYNC (1767225601 1))\r\nc SELECT old (QRESYNC (1767225601 1 1:6))\r\nd SELECT old "
       "(QRESYNC (1767225601 1 1:9 (1:2 1,3)))\r\ne SELECT old (QRESYNC (1767225601 1 1:9 (1:3 1,3,5)))\r\nf SELECT "
       "old (QRESYNC (1767225601 1 1:9 (1:2,4 1,3,6)))\r\n",
       "* VANISHED (EARLIER) 2,4,6\r\n|b OK|* VANISHED (EARLIER) 2,4,6\r\n|c OK|* VANISHED (EARLIER) 4,6\r\n|d OK|* "
       "VANISHED (EARLIER) 6\r\n|e OK|* VANISHED (EARLIER) 4,6\r\n|f OK"},
  };
  struct msim__mailbox *box;

  (void)state;
  assert_int_equal(build(SERVER), 0);
  add_feed(0,
           LOGIN "b CREATE old\r\nc SELECT INBOX\r\nd COPY 1:5 old\r\ne COPY 1:2 old\r\nf SELECT old\r\ng STORE 2,4,6 "
                 "+FLAGS (\\Deleted)\r\nh EXPUNGE\r\n",
           FEED_CLOSES);
  add_feed(1, rows[0].bytes, FEED_CLOSES);
  feeds[1].at_ns = MSIM_SEC(10);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_SEC(5)), 0);
  assert_heard(feeds[0].heard, "h OK");
  box = stage_box(&stage, "bob")->folder_next;
  msim__store_renew(box, box->uid_validity); /* it forgets what has gone */
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_heard(feeds[1].heard, rows[0].wanted);
  stage_end(&stage);
}

/* While a message cannot be told to be gone, nobody may think to know everything (RFC 7162 6). */
static void what_is_not_told_yet_is_not_counted(void **state)
{
  static const char script[] = READY "b SELECT INBOX\r\nc NOOP\r\n";

  (void)state;
  assert_int_equal(build(SERVER), 0);
  add_feed(0, READY "b SELECT INBOX\r\nc NOOP\r\nd STORE 1 +FLAGS.SILENT (\\Seen)\r\ne NOOP\r\n", FEED_CLOSES);
  feeds[0].piece_bytes = sizeof script - 1;
  feeds[0].pause_ns = MSIM_SEC(5);
  add_feed(1, OPEN "c STORE 3 +FLAGS (\\Deleted)\r\nd EXPUNGE\r\n", FEED_CLOSES);
  feeds[1].at_ns = MSIM_SEC(2);
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_heard(feeds[0].heard,
               "c OK|* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ (9))|* OK [HIGHESTMODSEQ 7] There is "
               "more to come\r\nd OK|* VANISHED 3\r\ne OK");
  stage_end(&stage);
}

static void it_is_remembered_across_crashes(void **state)
{
  struct msim_crash_opts opts = {.disk = MSIM_CRASH_LOSE_UNSYNCED};
  struct msim_node *mx;
  unsigned i;

  (void)state;
  assert_int_equal(build(SERVER), 0);
  mx = msim_node_find(stage.sim, "mx");
  add_feed(0, READY "b SELECT INBOX\r\nc " DELETE "d EXPUNGE\r\ne CREATE f\r\nf COPY 1 f\r\n", FEED_CLOSES);
  add_feed(1, READY "b SELECT INBOX (QRESYNC (" V " 8))\r\nc SELECT f\r\n", FEED_CLOSES);
  feeds[1].at_ns = MSIM_SEC(60);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_SEC(20)), 0);
  for (i = 0; i < 2; i++) { /* the second time from a file that begins with it */
    assert_int_equal(msim_host_crash(mx, &opts), 0);
    assert_int_equal(msim_host_restart(mx), 0);
    assert_int_equal(msim_sim_run(stage.sim, MSIM_SEC(30 + 10 * i)), 0);
  }
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_heard(feeds[1].heard, "* 2 EXISTS|* VANISHED (EARLIER) 2,4:5\r\n* 1 FETCH (UID 1 FLAGS (\\Recent) MODSEQ "
                               "(2097164))\r\n* 2 FETCH (UID 3 |b OK|* 1 EXISTS|c OK");
  stage_end(&stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parameters_are_looked_at),
      cmocka_unit_test(what_goes_is_told_by_uid),
      cmocka_unit_test(who_comes_back_hears_what_has_changed),
      cmocka_unit_test(what_is_too_long_ago_is_told_as_a_whole),
      cmocka_unit_test(a_promised_place_holds_the_highest_number_back),
      cmocka_unit_test(numbers_that_match_spare_what_is_known),
      cmocka_unit_test(what_is_not_told_yet_is_not_counted),
      cmocka_unit_test(it_is_remembered_across_crashes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
