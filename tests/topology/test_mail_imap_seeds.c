/* test_mail_imap_seeds.c: a thousand seeds of random commands by several IMAP clients at one mailbox, with crashes of
 * the server on every kind of disk but a stale one: no UID is given twice, no update that was acknowledged is lost, and
 * a client that comes back by QRESYNC has afterwards what the mailbox has. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "mail_stage.h"

#include <mailsim/disk.h>
#include <mailsim/host.h>

#define SERVER "{accounts: {bob: {password: blue}}, mailboxes: {bob: [{message: m1}, {message: m2}]}}"
#define ROWS(table) (sizeof(table) / sizeof((table)[0]))
#define CLIENTS 4 /* two that act, one that looks at everything, one that comes back */
#define UIDS_MAX 4000

static struct mail_stage stage;
static struct feed feeds[CLIENTS];
static char scripts[CLIENTS][6000];

struct dice {
  uint64_t state;
};

static unsigned roll(struct dice *dice, unsigned bound)
{
  dice->state = dice->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (unsigned)(dice->state >> 33) % bound;
}

static void begin(void)
{
  struct msim_disk_opts disk;

  memset(&disk, 0, sizeof disk);
  disk.sync_latency_ns = MSIM_MSEC(7);
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "mx", NULL), 0);
  assert_int_equal(msim_node_set_disk(msim_node_find(stage.sim, "mx"), &disk), 0);
  assert_int_equal(stage_agent(&stage, "mx", "imap-server", SERVER), 0);
  assert_int_equal(stage_spy(&stage, "mx"), 0);
}

static void add_client(unsigned n, size_t piece_bytes, msim_ns at_ns, msim_ns pause_ns)
{
  static const char *const hosts[] = {"pc", "pd", "pe", "pf"};

  memset(&feeds[n], 0, sizeof feeds[n]);
  feeds[n].host = "mx";
  feeds[n].bytes = scripts[n];
  feeds[n].size_bytes = strlen(scripts[n]);
  feeds[n].piece_bytes = piece_bytes;
  feeds[n].pause_ns = pause_ns;
  feeds[n].end = FEED_CLOSES;
  feeds[n].at_ns = at_ns;
  feeds[n].port = 143;
  assert_int_equal(stage_host(&stage, hosts[n], "mx"), 0);
  assert_int_equal(stage_feed(&stage, hosts[n], &feeds[n]), 0);
}

/* Flags are only ever added, so that what was acknowledged can be looked for. "%u" is the number of the command. */
static void write_script(struct dice *dice, unsigned n, bool resync)
{
  static const char *const commands[] = {"t%u APPEND INBOX {3+}\r\nabc\r\n",
                                         "t%u APPEND INBOX (\\Deleted) {5+}\r\nxy\r\nz\r\n",
                                         "t%u APPEND INBOX {1+}\r\na {1+}\r\nb\r\n",
                                         "t%u UID STORE 1:* +FLAGS (\\Seen)\r\n",
                                         "t%u STORE * +FLAGS.SILENT (\\Deleted)\r\n",
                                         "t%u EXPUNGE\r\n",
                                         "t%u NOOP\r\n",
                                         "t%u UID FETCH 1:* (FLAGS)\r\n",
                                         "t%u UID STORE 2:4 +FLAGS (\\Deleted k)\r\n",
                                         "t%u UID COPY 1:* INBOX\r\n",
                                         "t%u UID FETCH 1:* (UID BODY[])\r\n",
                                         "t%u UID SEARCH DELETED\r\n",
                                         "t%u UID MOVE 1:2 INBOX\r\n",
                                         "t%u CHECK\r\n",
                                         "t%u SELECT INBOX\r\n",
                                         "t%u IDLE\r\nDONE\r\n",
                                         "t%u UID EXPUNGE 1:3\r\n",
                                         "t%u STORE 1 +FLAGS (\\Flagged)\r\n",
                                         "t%u UID SORT (REVERSE DATE) UTF-8 ALL\r\n",
                                         "t%u UID STORE 1 +FLAGS.SILENT (w%u)\r\n"};
  char *out = scripts[n];
  size_t room = sizeof scripts[n], at;
  unsigned count = 5 + roll(dice, 14), copies = 0, i;

  at = (size_t)snprintf(out, room, "a LOGIN bob blue\r\n%sb SELECT INBOX\r\n", resync ? "q ENABLE QRESYNC\r\n" : "");
  for (i = 0; i < count; i++) {
    unsigned which = roll(dice, ROWS(commands));

    if (which == 9 && ++copies > 2)
      continue; /* it doubles the mailbox */
    at += (size_t)snprintf(out + at, room - at, commands[which], i, n * 3 + i % 3);
  }
  (void)snprintf(out + at, room - at, "z UID FETCH 1:* (UID FLAGS)\r\n");
}

/* ---- a client's own copy ---- */

struct mail {
  bool known;
  char flags[120]; /* without \Recent */
};

struct copy {
  uint32_t uids[UIDS_MAX]; /* by number; 0: not known */
  size_t count;
  struct mail mails[UIDS_MAX]; /* by UID */
  uint64_t modseq, modseq_seen, modseq_said;
  bool resync;
  uint32_t last_uid; /* of the latest FETCH */
};

static void take_out(struct copy *c, size_t place)
{
  if (c->uids[place] != 0)
    c->mails[c->uids[place]].known = false;
  memmove(&c->uids[place], &c->uids[place + 1], (c->count - place - 1) * sizeof c->uids[0]);
  c->count--;
}

/* "3:5,8" */
static void vanish(struct copy *c, const char *set, bool earlier)
{
  while (*set >= '0' && *set <= '9') {
    unsigned long first = strtoul(set, (char **)(uintptr_t)&set, 10), last = first, uid;
    size_t i;

    if (*set == ':')
      last = strtoul(set + 1, (char **)(uintptr_t)&set, 10);
    set += *set == ',';
    assert_true(first > 0 && first <= last && last < UIDS_MAX);
    for (uid = first; uid <= last; uid++) {
      c->mails[uid].known = false;
      for (i = 0; !earlier && i < c->count && c->uids[i] != uid; i++)
        ;
      if (!earlier && i == c->count) /* a message that was told by EXISTS only: the first whose UID is not known */
        for (i = 0; i < c->count && c->uids[i] != 0; i++)
          ;
      if (!earlier && i == c->count)
        fail_msg("VANISHED %lu, which is not there", uid);
      if (!earlier)
        take_out(c, i);
    }
  }
}

/* "… FLAGS (\\Seen k) MODSEQ (9))", also behind a literal. */
static void take_items(struct copy *c, const char *line)
{
  const char *flags_at = strstr(line, "FLAGS ("), *modseq_at = strstr(line, "MODSEQ (");
  char *to = c->mails[c->last_uid].flags;

  if (modseq_at != NULL && strtoull(modseq_at + 8, NULL, 10) > c->modseq_seen)
    c->modseq_seen = strtoull(modseq_at + 8, NULL, 10);
  if (flags_at == NULL)
    return;
  c->mails[c->last_uid].known = true;
  (void)snprintf(to, sizeof c->mails[0].flags, "%.*s", (int)strcspn(flags_at + 7, ")"), flags_at + 7);
  if (strstr(to, "\\Recent") != NULL) /* it stands last */
    *strstr(to, "\\Recent") = '\0';
  while (*to != '\0' && to[strlen(to) - 1] == ' ')
    to[strlen(to) - 1] = '\0';
}

static void fetch(struct copy *c, const char *line, unsigned long n)
{
  const char *uid_at = strstr(line, "UID ");
  unsigned long uid = uid_at != NULL ? strtoul(uid_at + 4, NULL, 10) : 0;

  assert_in_range(n, 1, c->count);
  assert_true(uid > 0 && uid < UIDS_MAX && (c->uids[n - 1] == 0 || c->uids[n - 1] == uid));
  c->uids[n - 1] = c->last_uid = (uint32_t)uid;
  take_items(c, line);
}

static void read_line(struct copy *c, const char *line)
{
  const char *code = strstr(line, "[HIGHESTMODSEQ ");
  unsigned long n;
  char word[20];

  if (code != NULL)
    c->modseq_said = strtoull(code + 15, NULL, 10);
  if (sscanf(line, "* %lu %15s", &n, word) == 2) {
    if (strcmp(word, "EXISTS") == 0) {
      assert_true(n >= c->count && n < UIDS_MAX);
      for (; c->count < n; c->count++)
        c->uids[c->count] = 0;
    } else if (strcmp(word, "EXPUNGE") == 0) {
      assert_false(c->resync);
      assert_in_range(n, 1, c->count);
      take_out(c, n - 1);
    } else if (strcmp(word, "FETCH") == 0) {
      fetch(c, line, n);
    }
  } else if (strncmp(line, "* VANISHED ", 11) == 0) {
    assert_true(c->resync);
    if (strncmp(line + 11, "(EARLIER) ", 10) == 0)
      vanish(c, line + 21, true);
    else
      vanish(c, line + 11, false);
  } else if (strncmp(line, "* FLAGS", 7) == 0) {
    c->count = 0; /* selected anew */
  } else if (line[0] != '*' && line[0] != '+' && strstr(line, " OK") != NULL) {
    if (c->modseq_said != 0) /* RFC 7162 6 */
      c->modseq = c->modseq_said;
    else if (c->modseq_seen > c->modseq)
      c->modseq = c->modseq_seen;
    c->modseq_said = c->modseq_seen = 0;
  } else if (line[0] != '*' && strstr(line, " FLAGS (") != NULL) {
    take_items(c, line);
  }
}

static void read_all(struct copy *c, const char *heard)
{
  const char *end;
  char line[3000];
  size_t i;

  for (; (end = strstr(heard, "\r\n")) != NULL; heard = end + 2) {
    assert_true((size_t)(end - heard) < sizeof line);
    memcpy(line, heard, (size_t)(end - heard));
    line[end - heard] = '\0';
    read_line(c, line);
  }
  for (i = 1; i < c->count; i++)
    assert_true(c->uids[i] == 0 || c->uids[i] > c->uids[i - 1]);
}

/* From which UID on the client has to ask, since it may not know all of them, or their flags. */
static unsigned long ask_from(const struct copy *c)
{
  unsigned long from = 1;
  size_t i;

  for (i = 0; i < c->count && c->uids[i] != 0 && c->mails[c->uids[i]].known; i++)
    from = c->uids[i] + 1ul;
  return from;
}

/* ---- what must hold ---- */

/* What APPEND has promised is there, or was taken out by a command. */
static unsigned check_promises(const char *heard)
{
  static const char code[] = "[APPENDUID 1767225600 ";
  const struct msim__mailbox *box = stage_box(&stage, "bob");
  const char *at = heard;
  unsigned count = 0;

  while ((at = strstr(at, code)) != NULL) {
    char *end;
    unsigned long first = strtoul(at + sizeof code - 1, &end, 10),
                  last = *end == ':' ? strtoul(end + 1, NULL, 10) : first;

    for (at++; first <= last; first++, count++) {
      char removed[60];

      (void)snprintf(removed, sizeof removed, "uid=%lu ", first);
      assert_true(msim__store_index_of(box, (uint32_t)first) < box->count ||
                  stage_saw(&stage, "store.remove", removed));
    }
  }
  return count;
}

/* A keyword that was acknowledged stays with the message as long as that is there. */
static unsigned check_keywords(unsigned n)
{
  struct msim__mailbox *box = stage_box(&stage, "bob");
  size_t place = msim__store_index_of(box, 1);
  unsigned i, count = 0;

  for (i = 0; i < 20 && place < box->count; i++) {
    char sent[60], answered[20], keyword[10];

    (void)snprintf(sent, sizeof sent, "t%u UID STORE 1 +FLAGS.SILENT (w%u)", i, n * 3 + i % 3);
    (void)snprintf(answered, sizeof answered, "\nt%u OK Stored", i);
    (void)snprintf(keyword, sizeof keyword, "w%u", n * 3 + i % 3);
    if (strstr(scripts[n], sent) == NULL || strstr(feeds[n].heard, answered) == NULL)
      continue;
    assert_true((box->items[place].flags &
                 msim__store_keyword(box, (struct msim_slice){(const uint8_t *)keyword, 2}, false)) != 0);
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

/* What fail_msg would cut. */
static void show(void)
{
  unsigned i;

  for (i = 0; i < CLIENTS; i++)
    (void)fprintf(stderr, "==== client %u\n%s---- heard\n%s", i, scripts[i], feeds[i].heard);
  (void)fprintf(stderr, "==== events\n%s", stage.events);
}

/* Both know the same messages, with the same flags, and these are what the mailbox has. */
static void check_same(const struct copy *all, const struct copy *back, uint64_t seed)
{
  const struct msim__mailbox *box = stage_box(&stage, "bob");
  uint32_t uid;

  for (uid = 1; uid < UIDS_MAX; uid++) {
    bool there = msim__store_index_of(box, uid) < box->count;
    const struct mail *one = &all->mails[uid], *other = &back->mails[uid];

    if (one->known == there && other->known == there && (!there || strcmp(one->flags, other->flags) == 0))
      continue;
    show();
    fail_msg("seed %llu: UID %u is there: %d; by a list: %d (%s); by QRESYNC: %d (%s)", (unsigned long long)seed, uid,
             there, one->known, one->flags, other->known, other->flags);
  }
}

static void crash(struct dice *dice)
{
  static const enum msim_crash_disk modes[] = {MSIM_CRASH_LOSE_UNSYNCED, MSIM_CRASH_TORN, MSIM_CRASH_KEEP};
  struct msim_node *mx = msim_node_find(stage.sim, "mx");
  struct msim_crash_opts opts;

  memset(&opts, 0, sizeof opts);
  opts.disk = modes[roll(dice, 3)];
  opts.random = roll(dice, 1u << 30);
  opts.torn_unit_bytes = 1;
  assert_int_equal(msim_host_crash(mx, &opts), 0);
  assert_int_equal(msim_host_restart(mx), 0);
}

static void random_commands_and_crashes_break_nothing(void **state)
{
  static struct copy all, back;
  unsigned i, promise_count = 0, keyword_count = 0, earlier_count = 0;
  uint64_t seed;

  (void)state;
  for (seed = 1; seed <= 1000; seed++) {
    struct dice dice = {seed * 77};

    begin();
    write_script(&dice, 0, true);
    write_script(&dice, 1, roll(&dice, 2) == 0);
    (void)snprintf(scripts[2], sizeof scripts[2],
                   "a LOGIN bob blue\r\nb SELECT INBOX\r\nz UID FETCH 1:* (UID FLAGS)\r\n");
    for (i = 0; i < 3; i++)
      add_client(i, 10 + roll(&dice, 60), i < 2 ? MSIM_MSEC(roll(&dice, 50)) : MSIM_SEC(100),
                 MSIM_MSEC(1 + roll(&dice, 20)));
    scripts[3][0] = '\0';
    add_client(3, 0, MSIM_SEC(100), 0);
    assert_int_equal(msim_sim_run(stage.sim, MSIM_MSEC(20 + roll(&dice, 400))), 0);
    for (i = roll(&dice, 3); i > 0; i--) {
      crash(&dice);
      assert_int_equal(msim_sim_run(stage.sim, msim_sim_now_ns(stage.sim) + MSIM_MSEC(roll(&dice, 300))), 0);
    }
    assert_int_equal(msim_sim_run(stage.sim, MSIM_SEC(99)), 0);
    memset(&back, 0, sizeof back);
    back.resync = true;
    if (strstr(feeds[0].heard, "* OK [CLOSED]") != NULL) /* what it hears then begins a copy of its own */
      *strstr(feeds[0].heard, "* OK [CLOSED]") = '\0';
    read_all(&back, feeds[0].heard);
    if (back.modseq == 0) /* it has not come so far as to know anything */
      back.modseq = 1;
    (void)snprintf(scripts[3], sizeof scripts[3],
                   "a LOGIN bob blue\r\nq ENABLE QRESYNC\r\nb SELECT INBOX (QRESYNC (1767225600 %llu))\r\nz UID FETCH "
                   "%lu:* (UID FLAGS)\r\n",
                   (unsigned long long)back.modseq, ask_from(&back));
    feeds[3].size_bytes = strlen(scripts[3]);
    assert_int_equal(stage_run(&stage, MSIM_SEC(900)), 0);
    assert_non_null(strstr(feeds[2].heard, "z OK"));
    assert_non_null(strstr(feeds[3].heard, "z OK"));
    memset(&all, 0, sizeof all);
    read_all(&all, feeds[2].heard);
    read_all(&back, feeds[3].heard);
    check_same(&all, &back, seed);
    check_uids();
    for (i = 1; i < 2; i++) {
      promise_count += check_promises(feeds[i].heard);
      keyword_count += check_keywords(i);
    }
    earlier_count += strstr(feeds[3].heard, "VANISHED (EARLIER)") != NULL;
    stage_end(&stage);
  }
  assert_true(promise_count > 1000 && keyword_count > 100 && earlier_count > 100);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_commands_and_crashes_break_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
