/* test_mail_imap_together.c: several IMAP clients at one mailbox, bytes in pieces, changes since, and what the disk has
 * after a crash. Random ones: test_mail_imap_seeds.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "mail_stage.h"

#include <mailsim/disk.h>
#include <mailsim/host.h>

#define SERVER                                                                                                         \
  "{accounts: {bob: {password: blue}}, mailboxes: {bob: [{message: m1, size: 1KiB}, {message: m2, size: 60KiB}, "      \
  "{message: m3}]}}"
#define OPEN "a LOGIN bob blue\r\nb SELECT INBOX\r\n"
#define ROWS(table) (sizeof(table) / sizeof((table)[0]))

static struct mail_stage stage;
static struct feed feeds[2];

static int build(const char *yaml, uint64_t fail_at)
{
  struct msim_disk_opts disk;
  int err = stage_begin(&stage, fail_at);

  memset(&disk, 0, sizeof disk);
  disk.sync_latency_ns = MSIM_MSEC(7);
  if (err == 0)
    err = stage_host(&stage, "mx", NULL);
  if (err == 0)
    err = msim_node_set_disk(msim_node_find(stage.sim, "mx"), &disk);
  if (err == 0)
    err = stage_agent(&stage, "mx", "imap-server", yaml);
  if (err == 0)
    err = stage_spy(&stage, "mx");
  return err;
}

/* The first piece_bytes at once, the rest after pause_ns. */
static int add_feed(unsigned n, const char *bytes, size_t piece_bytes, msim_ns at_ns, msim_ns pause_ns)
{
  static const char *const hosts[] = {"pc", "pd"};
  int err;

  memset(&feeds[n], 0, sizeof feeds[n]);
  feeds[n].host = "mx";
  feeds[n].bytes = bytes;
  feeds[n].size_bytes = strlen(bytes);
  feeds[n].piece_bytes = piece_bytes;
  feeds[n].pause_ns = pause_ns;
  feeds[n].end = FEED_CLOSES;
  feeds[n].at_ns = at_ns;
  feeds[n].port = 143;
  err = stage_host(&stage, hosts[n], "mx");
  return err == 0 ? stage_feed(&stage, hosts[n], &feeds[n]) : err;
}

static void assert_order(const char *heard, const char *const *lines, size_t count)
{
  const char *at = heard;
  size_t i;

  for (i = 0; i < count; i++) {
    const char *found = strstr(at, lines[i]);

    if (found == NULL)
      fail_msg("\"%s\" is missing in:\n%s", lines[i], at);
    at = found + strlen(lines[i]);
  }
}

/* ---- two clients ---- */

static void news_come_during_idle(void **state)
{
  static const char first[] = OPEN "c IDLE\r\n";
  static const char *const lines[] = {"+ idling", "* 4 EXISTS", "* 3 RECENT", "EXPUNGE", "c OK"};
  char script[200];

  (void)state;
  assert_int_equal(build(SERVER, 0), 0);
  (void)snprintf(script, sizeof script, "%sDONE\r\n", first);
  assert_int_equal(add_feed(0, script, sizeof first - 1, 0, MSIM_SEC(5)), 0);
  assert_int_equal(
      add_feed(1, OPEN "c APPEND INBOX {3+}\r\nabc\r\nd STORE 1 +FLAGS (\\Deleted)\r\ne EXPUNGE\r\nf LOGOUT\r\n", 0,
               MSIM_SEC(2), 0),
      0);
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_order(feeds[0].heard, lines, ROWS(lines));
  stage_end(&stage);
}

static void numbers_stay_until_they_may_change(void **state)
{
  static const char first[] = OPEN "x NOOP\r\n";
  static const char *const lines[] = {"* 2 FETCH (UID 2)",    "* 3 FETCH (UID 3)",
                                      "c NO [EXPUNGEISSUED]", "d OK",
                                      "* SEARCH 2 3\r\n",     "e OK",
                                      "* 1 EXPUNGE",          "f OK",
                                      "* 1 FETCH (UID 2)",    "g OK"};
  char script[300];

  (void)state;
  assert_int_equal(build(SERVER, 0), 0);
  (void)snprintf(script, sizeof script,
                 "%sc FETCH 1:3 UID\r\nd STORE 2 FLAGS.SILENT ()\r\ne SEARCH ALL\r\nf NOOP\r\ng FETCH 1:* UID\r\n",
                 first);
  assert_int_equal(add_feed(0, script, sizeof first - 1, 0, MSIM_SEC(5)), 0);
  feeds[0].piece_bytes = strlen(first);
  assert_int_equal(add_feed(1, OPEN "d STORE 1 +FLAGS (\\Deleted)\r\ne EXPUNGE\r\nf LOGOUT\r\n", 0, MSIM_SEC(2), 0), 0);
  feeds[0].pause_ns = MSIM_SEC(5);
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_order(feeds[0].heard, lines, ROWS(lines));
  stage_end(&stage);
}

static void a_mailbox_that_is_removed_ends_the_session(void **state)
{
  static const char first[] = "a LOGIN bob blue\r\nb CREATE x\r\nc SELECT x\r\n";
  char script[200];

  (void)state;
  assert_int_equal(build(SERVER, 0), 0);
  (void)snprintf(script, sizeof script, "%sd NOOP\r\ne NOOP\r\n", first);
  assert_int_equal(add_feed(0, script, sizeof first - 1, 0, MSIM_SEC(5)), 0);
  assert_int_equal(
      add_feed(1, "a LOGIN bob blue\r\nb DELETE x\r\nc CREATE x\r\nd STATUS x (UIDVALIDITY)\r\n", 0, MSIM_SEC(2), 0),
      0);
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_non_null(strstr(feeds[0].heard, "* BYE The mailbox was removed"));
  assert_null(strstr(feeds[0].heard, "d OK"));
  assert_non_null(strstr(feeds[0].heard, "UIDVALIDITY 1767225601"));
  assert_non_null(strstr(feeds[1].heard, "UIDVALIDITY 1767225602"));
  stage_end(&stage);
}

static void changes_have_numbers(void **state)
{
  static const char *const lines[] = {"* OK [HIGHESTMODSEQ ",
                                      "MODSEQ (",
                                      "c OK",
                                      "* 2 FETCH (UID 2 FLAGS (\\Flagged \\Recent) MODSEQ (",
                                      "d OK",
                                      "* 2 FETCH (FLAGS (\\Flagged \\Recent) MODSEQ (",
                                      "e OK",
                                      "f OK [MODIFIED 2] ",
                                      "* SEARCH 2 (MODSEQ ",
                                      "* STATUS INBOX (HIGHESTMODSEQ ",
                                      "i BAD",
                                      "j BAD"};

  (void)state;
  assert_int_equal(build(SERVER, 0), 0);
  assert_int_equal(add_feed(0,
                            OPEN
                            "c FETCH 1 MODSEQ\r\nd STORE 2 +FLAGS (\\Flagged)\r\ne FETCH 1:* (FLAGS) (CHANGEDSINCE "
                            "4)\r\nf STORE 2 (UNCHANGEDSINCE 4) FLAGS ()\r\ng SEARCH MODSEQ 5\r\nh STATUS INBOX "
                            "(HIGHESTMODSEQ)\r\ni ENABLE CONDSTORE\r\nj FETCH 1 FLAGS (CHANGEDSINCE 0)\r\n",
                            0, 0, 0),
                   0);
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_order(feeds[0].heard, lines, ROWS(lines));
  assert_null(strstr(strstr(feeds[0].heard, "d OK"), "* 1 FETCH"));
  stage_end(&stage);
}

/* ---- pieces ---- */

static void what_is_said_does_not_depend_on_pieces(void **state)
{
  static const char script[] =
      "a LOGIN {3}\r\nbob {4+}\r\nblue\r\nb SELECT INBOX\r\nc FETCH 1:3 (BODY.PEEK[TEXT] FLAGS)\r\n"
      "d APPEND INBOX () {5}\r\n{1}\r\n\r\ne FETCH 4 BODY[]\r\nf IDLE\r\nDONE\r\ng LOGOUT\r\n";
  static char whole[65536];
  size_t piece;

  (void)state;
  for (piece = 0; piece < 8; piece++) {
    assert_int_equal(build(SERVER, 0), 0);
    assert_int_equal(add_feed(0, script, piece, 0, 0), 0);
    assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
    if (piece == 0)
      strcpy(whole, feeds[0].heard);
    assert_string_equal(feeds[0].heard, whole);
    stage_end(&stage);
  }
  assert_non_null(strstr(whole, "g OK"));
  assert_non_null(strstr(whole, "BODY[] {5}\r\n{1}\r\n"));
}

static void without_memory_it_fails_cleanly(void **state)
{
  static const char script[] =
      OPEN "c FETCH 1:3 (ENVELOPE BODYSTRUCTURE BODY.PEEK[HEADER.FIELDS (To)])\r\nd CREATE x/y\r\n"
           "e COPY 1:3 x\r\nf SEARCH OR TEXT a UID 2:3\r\ng APPEND x (k) {3+}\r\nabc\r\nh MOVE 1 x\r\n"
           "i LIST \"\" *\r\nj LOGOUT\r\n";
  uint64_t at;
  int err = -1;

  (void)state;
  for (at = 1; err != 0; at++) {
    err = build(SERVER, at);
    if (err == 0)
      err = add_feed(0, script, 0, 0, 0);
    if (err == 0)
      err = stage_run(&stage, MSIM_SEC(600));
    if (err != 0)
      assert_int_equal(err, MSIM_ERR_NOMEM);
    stage_end(&stage);
  }
  assert_true(at > 100);
  assert_non_null(strstr(feeds[0].heard, "j OK"));
}

/* ---- crashes ---- */

static void crash(void)
{
  struct msim_crash_opts opts;
  struct msim_node *mx = msim_node_find(stage.sim, "mx");

  memset(&opts, 0, sizeof opts);
  opts.disk = MSIM_CRASH_LOSE_UNSYNCED;
  assert_int_equal(msim_host_crash(mx, &opts), 0);
  assert_int_equal(msim_host_restart(mx), 0);
}

static void what_was_answered_survives_a_crash(void **state)
{
  static const char *const lines[] = {"(\\HasNoChildren \\Sent) \"/\" w",
                                      "* LSUB () \"/\" INBOX",
                                      "* LSUB (\\Noselect) \"/\" gone",
                                      "* 2 EXISTS",
                                      "* OK [UIDVALIDITY 1767225601]",
                                      "* OK [UIDNEXT 5]",
                                      "* 1 FETCH (UID 1 FLAGS (\\Seen work",
                                      "* 2 FETCH (UID 3 FLAGS (",
                                      "BODY[] {3}\r\nabc)",
                                      "* STATUS INBOX (MESSAGES 2 UIDNEXT 4)"};

  (void)state;
  assert_int_equal(build(SERVER, 0), 0);
  assert_int_equal(
      add_feed(0,
               OPEN "c CREATE v (USE (\\Sent))\r\nd SUBSCRIBE INBOX\r\ne SUBSCRIBE gone\r\nf COPY 1:2 v\r\n"
                    "g APPEND v {3+}\r\nabc\r\nh MOVE 3 v\r\ni RENAME v w\r\nj SELECT w\r\nk STORE 1 FLAGS (\\Seen "
                    "work)\r\nl STORE 2,4 +FLAGS (\\Deleted)\r\nm EXPUNGE\r\nn LOGOUT\r\n",
               0, 0, 0),
      0);
  assert_int_equal(
      add_feed(1,
               "a LOGIN bob blue\r\nb LIST \"\" w\r\nc LSUB \"\" *\r\nd SELECT w\r\ne FETCH 1:* (UID FLAGS)\r\nf "
               "FETCH 2 BODY.PEEK[]\r\ng STATUS INBOX (MESSAGES UIDNEXT)\r\n",
               0, MSIM_SEC(30), 0),
      0);
  assert_int_equal(msim_sim_run(stage.sim, MSIM_SEC(20)), 0);
  assert_non_null(strstr(feeds[0].heard, "n OK"));
  crash();
  assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
  assert_order(feeds[1].heard, lines, ROWS(lines));
  stage_end(&stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(news_come_during_idle),
      cmocka_unit_test(numbers_stay_until_they_may_change),
      cmocka_unit_test(a_mailbox_that_is_removed_ends_the_session),
      cmocka_unit_test(changes_have_numbers),
      cmocka_unit_test(what_is_said_does_not_depend_on_pieces),
      cmocka_unit_test(without_memory_it_fails_cleanly),
      cmocka_unit_test(what_was_answered_survives_a_crash),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
