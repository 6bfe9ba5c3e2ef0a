/* test_mail_imap_together.c: several IMAP clients at one mailbox, bytes in pieces, changes since, what the disk has
 * after a crash, and many seeds of random commands in which numbers, UIDs and what was promised have to hold. */
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
static struct feed feeds[3];

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
  static const char *const hosts[] = {"pc", "pd", "pe"};
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

/* ---- many seeds ---- */

struct dice {
  uint64_t state;
};

static unsigned roll(struct dice *dice, unsigned bound)
{
  dice->state = dice->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(dice->state >> 33) % bound;
}

static void write_script(struct dice *dice, char *out, size_t out_bytes)
{
  static const char *const commands[] = {"t APPEND INBOX {3+}\r\nabc\r\n",
                                         "t APPEND INBOX (\\Deleted) {5+}\r\nxy\r\nz\r\n",
                                         "t UID STORE 1:* +FLAGS (\\Seen)\r\n",
                                         "t STORE * +FLAGS.SILENT (\\Deleted)\r\n",
                                         "t EXPUNGE\r\n",
                                         "t NOOP\r\n",
                                         "t UID FETCH 1:* (FLAGS)\r\n",
                                         "t UID STORE 2:4 +FLAGS (\\Deleted k)\r\n",
                                         "t UID COPY 1:* INBOX\r\n",
                                         "t UID FETCH 1:* (UID BODY[])\r\n",
                                         "t UID SEARCH DELETED\r\n",
                                         "t UID MOVE 1:2 INBOX\r\n",
                                         "t CHECK\r\n",
                                         "t SELECT INBOX\r\n"};
  size_t n = (size_t)snprintf(out, out_bytes, OPEN);
  unsigned count = 5 + roll(dice, 12), copies = 0;

  while (count-- > 0) {
    unsigned which = roll(dice, ROWS(commands));

    if (which == 8 && ++copies > 2)
      continue; /* it doubles the mailbox */
    n += (size_t)snprintf(out + n, out_bytes - n, "%s", commands[which]);
  }
  (void)snprintf(out + n, out_bytes - n, "z UID FETCH 1:* UID\r\n");
}

/* A client's own book: which uid each number is. */
struct book {
  uint32_t uids[4000];
  size_t count;
};

static void read_line(struct book *book, const char *text)
{
  char line[100];
  unsigned long n, uid;

  (void)snprintf(line, sizeof line, "%.*s", (int)strcspn(text, "\r\n"), text);
  if (sscanf(line, "* %lu EXISTS", &n) == 1 && strstr(line, "EXISTS") != NULL) {
    if (n < book->count || n >= 4000)
      fail_msg("%lu EXISTS after %zu in:\n%s", n, book->count, line);
    for (; book->count < n; book->count++)
      book->uids[book->count] = 0;
  } else if (sscanf(line, "* %lu EXPUNGE", &n) == 1 && strstr(line, "EXPUNGE") != NULL) {
    assert_in_range(n, 1, book->count);
    memmove(&book->uids[n - 1], &book->uids[n], (book->count - n) * sizeof book->uids[0]);
    book->count--;
  } else if (sscanf(line, "* %lu FETCH (UID %lu", &n, &uid) == 2) {
    assert_in_range(n, 1, book->count);
    assert_true(book->uids[n - 1] == 0 || book->uids[n - 1] == uid);
    book->uids[n - 1] = (uint32_t)uid;
  } else if (strncmp(line, "* FLAGS", 7) == 0) {
    book->count = 0; /* selected anew */
  }
}

static void read_book(const char *heard)
{
  static struct book book;
  const char *line;
  size_t i;

  memset(&book, 0, sizeof book);
  for (line = heard; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
    line += *line == '\n';
    read_line(&book, line);
  }
  for (i = 1; i < book.count; i++)
    assert_true(book.uids[i] == 0 || book.uids[i] > book.uids[i - 1]);
}

/* What APPEND has promised is there, or was taken out by a command. */
static unsigned check_promises(const char *heard)
{
  unsigned count = 0;
  const char *at = heard;
  unsigned long uid;

  while ((at = strstr(at, "[APPENDUID 1767225600 ")) != NULL) {
    struct msim__mailbox *box = stage_box(&stage, "bob");
    char removed[60];

    at += strlen("[APPENDUID 1767225600 ");
    assert_int_equal(sscanf(at, "%lu", &uid), 1);
    (void)snprintf(removed, sizeof removed, "uid=%lu ", uid);
    assert_true(msim__store_index_of(box, (uint32_t)uid) < box->count || stage_saw(&stage, "store.remove", removed));
    count++;
  }
  return count;
}

/* In the trace a uid is given once, and they ascend. */
static void check_uids(void)
{
  const char *at = stage.events;
  unsigned long uid, last = 0;

  while ((at = strstr(at, "store.add ")) != NULL) {
    const char *end = strchr(at, '\n'), *found = strstr(at, " uid=");

    assert_true(end != NULL && found != NULL && found < end);
    assert_int_equal(sscanf(found, " uid=%lu", &uid), 1);
    assert_true(uid > last);
    last = uid;
    at = end;
  }
  assert_true(stage_box(&stage, "bob")->uid_next > last);
}

static void random_commands_and_crashes_break_nothing(void **state)
{
  static char scripts[3][4000];
  unsigned i, promise_count = 0;
  uint64_t seed;

  (void)state;
  for (seed = 1; seed <= 600; seed++) {
    struct dice dice = {seed * 77};

    assert_int_equal(build("{accounts: {bob: {password: blue}}, mailboxes: {bob: [{message: m1}, {message: m2}]}}", 0),
                     0);
    for (i = 0; i < 3; i++) {
      write_script(&dice, scripts[i], sizeof scripts[i]);
      assert_int_equal(add_feed(i, scripts[i], 10 + roll(&dice, 60), i < 2 ? MSIM_MSEC(roll(&dice, 50)) : MSIM_SEC(20),
                                MSIM_MSEC(1 + roll(&dice, 20))),
                       0);
    }
    assert_int_equal(msim_sim_run(stage.sim, MSIM_MSEC(20 + roll(&dice, 400))), 0);
    if (roll(&dice, 3) > 0)
      crash();
    assert_int_equal(stage_run(&stage, MSIM_SEC(600)), 0);
    for (i = 0; i < 3; i++) {
      read_book(feeds[i].heard);
      promise_count += check_promises(feeds[i].heard);
    }
    check_uids();
    assert_non_null(strstr(feeds[2].heard, "z OK"));
    stage_end(&stage);
  }
  assert_true(promise_count > 1000);
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
      cmocka_unit_test(random_commands_and_crashes_break_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
