/* Tests of the agent pop-server over a perfect link: what is said to it, what it says, what it deletes and when. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "digest/digest.h"
#include "topology/mail_stage.h"

/* Three mails: 59, 59 and 34 octets with their Return-Path of 28. */
#define BOXES                                                                                                          \
  "accounts: {b: {password: blue sky}, c: {password: red}, n: },"                                                      \
  "mailboxes: {b: [{message: m1, from: a@x.example, source: \"Subject: one\\n\\nHello\\n.\\n..x\\n\"},"                \
  "{message: m2, from: a@x.example, source: \"Subject: two\\nX: y\\n\\n1\\n2\\n3\\n\"},"                               \
  "{message: m3, from: a@x.example, source: \"S: 3\\n\"}]}"
#define SERVER "{" BOXES ", without: [APOP], mechanisms: [PLAIN, LOGIN]}"
#define GREETING "+OK mx at your service\r\n"
#define PATH "Return-Path: <a@x.example>\r\n"
#define LOGIN "USER b\r\nPASS blue sky\r\n"
#define IN "+OK And the password?\r\n+OK 3 messages\r\n"
#define BYE "+OK Goodbye\r\n"
#define M1 PATH "Subject: one\r\n\r\nHello\r\n..\r\n...x\r\n.\r\n"
#define M2 PATH "Subject: two\r\nX: y\r\n\r\n1\r\n2\r\n3\r\n.\r\n"

static void build(struct mail_stage *stage, const char *server)
{
  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(stage_host(stage, "mx", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "mx"), 0);
  assert_int_equal(stage_agent(stage, "mx", "pop-server", server), 0);
  assert_int_equal(stage_spy(stage, "mx"), 0);
}

static struct feed feed_of(const char *bytes, size_t piece_bytes, enum feed_end end)
{
  struct feed feed;

  memset(&feed, 0, sizeof feed);
  feed.host = "mx";
  feed.port = 110;
  feed.bytes = bytes;
  feed.size_bytes = strlen(bytes);
  feed.piece_bytes = piece_bytes;
  feed.end = end;
  return feed;
}

struct dialogue {
  const char *said, *heard; /* heard: without greeting and goodbye; QUIT is added to said */
  size_t left;              /* in the mailbox of b */
};

static const struct dialogue dialogues[] = {
    {LOGIN "STAT\r\nLIST\r\nUIDL\r\nLIST 2\r\nUIDL 3\r\n",
     IN "+OK 3 152\r\n+OK 3 messages (152 octets)\r\n1 59\r\n2 59\r\n3 34\r\n.\r\n"
        "+OK 3 messages (152 octets)\r\n1 1.1\r\n2 1.2\r\n3 1.3\r\n.\r\n+OK 2 59\r\n+OK 3 1.3\r\n",
     3},
    {"user b\r\npass blue sky\r\nretr 1\r\nRETR 2\r\n", IN "+OK 59 octets\r\n" M1 "+OK 59 octets\r\n" M2, 3},
    {LOGIN "TOP 1 0\r\nTOP 1 1\r\nTOP 1 3\r\nTOP 1 4294967295\r\nTOP 3 5\r\n",
     IN "+OK The top of message 1 follows\r\n" PATH "Subject: one\r\n\r\n.\r\n"
        "+OK The top of message 1 follows\r\n" PATH "Subject: one\r\n\r\nHello\r\n.\r\n"
        "+OK The top of message 1 follows\r\n" M1 "+OK The top of message 1 follows\r\n" M1
        "+OK The top of message 3 follows\r\n" PATH "S: 3\r\n.\r\n",
     3},
    /* DELE counts at QUIT, and is taken back by RSET */
    {LOGIN "DELE 1\r\nDELE 1\r\nRETR 1\r\nLIST 1\r\nLIST\r\nSTAT\r\nRSET\r\nSTAT\r\nDELE 2\r\nDELE 3\r\nNOOP\r\n",
     IN "+OK Message 1 will be deleted\r\n-ERR This message is deleted\r\n-ERR This message is deleted\r\n"
        "-ERR This message is deleted\r\n+OK 2 messages (93 octets)\r\n2 59\r\n3 34\r\n.\r\n+OK 2 93\r\n"
        "+OK 3 messages (152 octets)\r\n+OK 3 152\r\n+OK Message 2 will be deleted\r\n"
        "+OK Message 3 will be deleted\r\n+OK Still here\r\n",
     1},
    /* numbers that are none */
    {LOGIN "RETR 0\r\nRETR 4\r\nRETR 99999999999\r\nRETR x\r\nRETR\r\nDELE -1\r\nTOP 1\r\nLIST 1 2\r\n",
     IN "-ERR There is no message of this number\r\n-ERR There is no message of this number\r\n"
        "-ERR There is no message of this number\r\n-ERR The number of a message is needed\r\n"
        "-ERR The number of a message is needed\r\n-ERR The number of a message is needed\r\n"
        "-ERR The number of a message and a number of lines are needed\r\n-ERR The number of a message is needed\r\n",
     3},
    /* what is allowed when: RFC 1939 4, 5, 7 */
    {"STAT\r\nPASS blue sky\r\nUSER b\r\nNOOP\r\nPASS blue sky\r\nUSER b\r\nCAPA x\r\nPASS blue sky\r\n" LOGIN
     "USER b\r\nPASS x\r\nAUTH PLAIN\r\nUTF8\r\nXYZ\r\nSTLS\r\nAPOP b c4c9334bac560ecc979e58001b3e22fb\r\n\r\n",
     "-ERR Log in first\r\n-ERR Say USER first\r\n+OK And the password?\r\n-ERR Log in first\r\n-ERR Say USER first\r\n"
     "+OK And the password?\r\n-ERR No argument is allowed here\r\n-ERR Say USER first\r\n" IN
     "-ERR You are logged in already\r\n-ERR You are logged in already\r\n-ERR You are logged in already\r\n"
     "-ERR You are logged in already\r\n-ERR This is no command\r\n-ERR This command is not offered here\r\n"
     "-ERR This command is not offered here\r\n-ERR This is no command\r\n",
     3},
    /* logins that fail, and one that then does not */
    {"USER b\r\nPASS blue\r\nUSER nobody\r\nPASS x\r\n" LOGIN,
     "+OK And the password?\r\n-ERR [AUTH] Name or password is wrong\r\n+OK And the password?\r\n"
     "-ERR [AUTH] Name or password is wrong\r\n" IN,
     3},
    /* SASL: with an initial response, without one, cancelled, nonsense */
    {"AUTH\r\nAUTH DIGEST-MD5\r\nAUTH PLAIN !\r\nAUTH PLAIN\r\n*\r\nAUTH LOGIN\r\nYg==\r\nYmx1ZSBza3k=\r\nSTAT\r\n",
     "+OK\r\nPLAIN\r\nLOGIN\r\n.\r\n-ERR There is no such mechanism here\r\n"
     "-ERR This makes no sense in this mechanism\r\n+ \r\n-ERR Given up\r\n+ VXNlcm5hbWU6\r\n+ UGFzc3dvcmQ6\r\n"
     "+OK 3 messages\r\n+OK 3 152\r\n",
     3},
    {"AUTH PLAIN AGIAYmx1ZSBza3k=\r\nSTAT\r\n", "+OK 3 messages\r\n+OK 3 152\r\n", 3},
    {"AUTH PLAIN\r\nAGIAYmx1ZQ==\r\nAUTH PLAIN =\r\n",
     "+ \r\n-ERR [AUTH] Name or password is wrong\r\n-ERR This makes no sense in this mechanism\r\n", 3},
    {"USER n\r\nPASS x\r\nUSER c\r\nPASS red\r\nSTAT\r\nLIST\r\nRETR 1\r\n",
     "+OK And the password?\r\n-ERR [AUTH] Name or password is wrong\r\n+OK And the password?\r\n+OK 0 messages\r\n"
     "+OK 0 0\r\n+OK 0 messages (0 octets)\r\n.\r\n-ERR There is no message of this number\r\n",
     3},
    {"CAPA\r\n" LOGIN "CAPA\r\n",
     "+OK This is what can be done here\r\nSASL PLAIN LOGIN\r\nTOP\r\nUIDL\r\nUSER\r\nUTF8 USER\r\nRESP-CODES\r\n"
     "AUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\n.\r\n" IN
     "+OK This is what can be done here\r\nSASL PLAIN LOGIN\r\nTOP\r\nUIDL\r\nUSER\r\nUTF8 USER\r\nRESP-CODES\r\n"
     "AUTH-RESP-CODE\r\nPIPELINING\r\nEXPIRE NEVER\r\nIMPLEMENTATION mailsim\r\n.\r\n",
     3},
};

static void play(const struct dialogue *dialogue, size_t piece_bytes)
{
  static struct mail_stage stage;
  static struct feed feed;
  char said[2000], expected[4000];

  (void)snprintf(said, sizeof said, "%sQUIT\r\n", dialogue->said);
  (void)snprintf(expected, sizeof expected, "%s%s%s", GREETING, dialogue->heard, BYE);
  feed = feed_of(said, piece_bytes, FEED_WAITS);
  build(&stage, SERVER);
  assert_int_equal(stage_feed(&stage, "pc", &feed), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(feed.closed);
  assert_string_equal(feed.heard, expected);
  assert_int_equal(stage_box_count(&stage, "b"), dialogue->left);
  assert_int_equal(stage_count(&stage, "store.remove"), 3 - dialogue->left);
  stage_end(&stage);
}

static void dialogue_in_one_segment_gets_these_replies(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof dialogues / sizeof dialogues[0]; i++)
    play(&dialogues[i], 0);
}

static void dialogue_in_single_bytes_gets_the_same_replies(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof dialogues / sizeof dialogues[0]; i++)
    play(&dialogues[i], 1);
}

static void contents_are_told_before_everything_else(void **state)
{
  static struct mail_stage stage;
  static const char first[] = "0ms mx store.add message=m1 mailbox=b durable=true uid=1\n"
                              "0ms mx store.add message=m2 mailbox=b durable=true uid=2\n"
                              "0ms mx store.add message=m3 mailbox=b durable=true uid=3\n";

  (void)state;
  build(&stage, SERVER);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_int_equal(strncmp(stage.events, first, sizeof first - 1), 0);
  stage_end(&stage);
}

/* RFC 1939 6: without QUIT nothing is deleted, however the session ends. */
static void only_quit_deletes(void **state)
{
  static const enum feed_end ends[] = {FEED_CLOSES, FEED_ABORTS, FEED_WAITS};
  static struct mail_stage stage;
  static struct feed feed, second;
  size_t i;

  (void)state;
  for (i = 0; i < 3; i++) {
    feed = feed_of(LOGIN "DELE 1\r\nDELE 2\r\nDELE 3\r\n", 0, ends[i]);
    second = feed_of(LOGIN "STAT\r\nQUIT\r\n", 0, FEED_WAITS);
    second.at_ns = MSIM_SEC(1200); /* the lock is free again */
    build(&stage, SERVER);
    assert_int_equal(stage_host(&stage, "other", "mx"), 0);
    assert_int_equal(stage_feed(&stage, "pc", &feed), 0);
    assert_int_equal(stage_feed(&stage, "other", &second), 0);
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    assert_true(feed.closed);
    assert_int_equal(stage_box_count(&stage, "b"), 3);
    assert_int_equal(stage_count(&stage, "store.remove"), 0);
    assert_string_equal(second.heard, GREETING IN "+OK 3 152\r\n" BYE);
    if (ends[i] == FEED_WAITS) /* ten minutes, and not a word: RFC 1939 3 */
      assert_true(feed.closed_ns > MSIM_SEC(600) && feed.closed_ns < MSIM_SEC(601));
    stage_end(&stage);
  }
}

static void mailbox_is_one_readers_at_a_time(void **state)
{
  static struct mail_stage stage;
  static struct feed feed, second, third;

  (void)state;
  feed = feed_of(LOGIN "DELE 1\r\nNOOP\r\nQUIT\r\n", 10, FEED_WAITS);
  feed.pause_ns = MSIM_SEC(1); /* five seconds in all */
  second = feed_of(LOGIN "USER c\r\nPASS red\r\nQUIT\r\n", 0, FEED_WAITS);
  second.at_ns = MSIM_SEC(3);
  third = feed_of(LOGIN "QUIT\r\n", 0, FEED_WAITS);
  third.at_ns = MSIM_SEC(10);
  build(&stage, SERVER);
  assert_int_equal(stage_host(&stage, "other", "mx"), 0);
  assert_int_equal(stage_host(&stage, "third", "mx"), 0);
  assert_int_equal(stage_feed(&stage, "pc", &feed), 0);
  assert_int_equal(stage_feed(&stage, "other", &second), 0);
  assert_int_equal(stage_feed(&stage, "third", &third), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_string_equal(second.heard, GREETING "+OK And the password?\r\n-ERR [IN-USE] Somebody else is reading this "
                                             "mailbox\r\n+OK And the password?\r\n+OK 0 messages\r\n" BYE);
  assert_string_equal(third.heard, GREETING "+OK And the password?\r\n+OK 2 messages\r\n" BYE);
  assert_int_equal(stage_count(&stage, "mailbox.login_refused mailbox=b protocol=pop mechanism=password reason=in-use"),
                   1);
  assert_int_equal(stage_count(&stage, "mailbox.login_ok mailbox=b protocol=pop mechanism=password"), 2);
  stage_end(&stage);
}

static void failed_logins_wait_and_end_the_connection(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  feed = feed_of("USER b\r\nPASS x\r\nUSER x\r\nPASS x\r\nUSER b\r\nPASS blue sky\r\n", 0, FEED_WAITS);
  build(&stage, "{" BOXES ", without: [APOP], error-delay: 2s, auth-failures-max: 2}");
  assert_int_equal(stage_feed(&stage, "pc", &feed), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_string_equal(feed.heard, GREETING "+OK And the password?\r\n-ERR [AUTH] Name or password is wrong\r\n"
                                           "+OK And the password?\r\n-ERR [AUTH] Too many failed logins\r\n");
  assert_true(feed.closed && feed.closed_ns > MSIM_SEC(4) && feed.closed_ns < MSIM_SEC(5));
  assert_int_equal(
      stage_count(&stage, "mailbox.login_refused mailbox=b protocol=pop mechanism=password reason=wrong-password"), 1);
  assert_int_equal(
      stage_count(&stage, "mailbox.login_refused mailbox=x protocol=pop mechanism=password reason=no-such-user"), 1);
  stage_end(&stage);
}

static void too_many_errors_end_the_connection_and_delete_nothing(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  feed = feed_of(LOGIN "DELE 1\r\nX\r\nX\r\nX\r\nX\r\nQUIT\r\n", 0, FEED_WAITS);
  build(&stage, "{" BOXES ", without: [APOP], errors-max: 2}");
  assert_int_equal(stage_feed(&stage, "pc", &feed), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_string_equal(feed.heard, GREETING IN "+OK Message 1 will be deleted\r\n-ERR This is no command\r\n"
                                              "-ERR This is no command\r\n-ERR Too many errors\r\n");
  assert_true(feed.closed);
  assert_int_equal(stage_box_count(&stage, "b"), 3);
  stage_end(&stage);
}

static void lines_that_are_none_are_refused(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  char said[600];

  (void)state;
  memset(said, 'x', sizeof said);
  (void)snprintf(said + 300, sizeof said - 300, "\r\nNOOP\nNOOP\r\nNO\rOP\r\nQUIT\r\n");
  feed = feed_of(said, 0, FEED_WAITS);
  build(&stage, SERVER);
  assert_int_equal(stage_feed(&stage, "pc", &feed), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_string_equal(feed.heard, GREETING "-ERR The line is too long\r\n"
                                           "-ERR Lines end in CRLF, and CR, LF and NUL stand nowhere else\r\n"
                                           "-ERR Lines end in CRLF, and CR, LF and NUL stand nowhere else\r\n" BYE);
  stage_end(&stage);
}

static void to_hex(const uint8_t digest[16], char *out)
{
  size_t i;

  for (i = 0; i < 16; i++)
    (void)snprintf(out + 2 * i, 3, "%02x", digest[i]);
}

/* The stamp is the same in every run with one seed: the first run tells it. */
static void apop_takes_the_digest_of_stamp_and_password(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  char stamp[300], secret[400], hex[33], said[200];
  uint8_t digest[MSIM__DIGEST_BYTES_MAX];
  const char *at;

  (void)state;
  if (!msim__digest_is_there(MSIM__DIGEST_MD5))
    skip();
  feed = feed_of("APOP b c4c9334bac560ecc979e58001b3e22fb\r\nQUIT\r\n", 0, FEED_WAITS);
  build(&stage, "{" BOXES "}");
  assert_int_equal(stage_feed(&stage, "pc", &feed), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  at = strchr(feed.heard, '<');
  assert_non_null(at);
  assert_non_null(strstr(at, "@mx>\r\n-ERR [AUTH] Name or password is wrong\r\n"));
  (void)snprintf(stamp, sizeof stamp, "%.*s", (int)strcspn(at, "\r"), at);
  stage_end(&stage);
  (void)snprintf(secret, sizeof secret, "%sblue sky", stamp);
  assert_int_equal(
      msim__digest_of(MSIM__DIGEST_MD5, (struct msim_slice){(const uint8_t *)secret, strlen(secret)}, digest), 0);
  to_hex(digest, hex);
  (void)snprintf(said, sizeof said, "APOP b %s\r\nSTAT\r\nQUIT\r\n", hex);
  feed = feed_of(said, 0, FEED_WAITS);
  build(&stage, "{" BOXES "}");
  assert_int_equal(stage_feed(&stage, "pc", &feed), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_non_null(strstr(feed.heard, "+OK 3 messages\r\n+OK 3 152\r\n" BYE));
  assert_int_equal(stage_count(&stage, "mailbox.login_ok mailbox=b protocol=pop mechanism=APOP"), 1);
  stage_end(&stage);
}

static void login_delay_is_told_and_kept(void **state)
{
  static struct mail_stage stage;
  static struct feed feeds[3];
  static const char *const hosts[] = {"pc", "p2", "p3"};
  static const char *const heard[] = {IN, "+OK And the password?\r\n-ERR [LOGIN-DELAY] You were here a moment ago\r\n",
                                      IN};
  char expected[1000];
  size_t i;

  (void)state;
  build(&stage, "{" BOXES ", without: [APOP], login-delay: 1min}");
  for (i = 0; i < 3; i++) {
    feeds[i] = feed_of(LOGIN "QUIT\r\n", 0, FEED_WAITS);
    feeds[i].at_ns = MSIM_SEC(31) * i;
    if (i > 0)
      assert_int_equal(stage_host(&stage, hosts[i], "mx"), 0);
    assert_int_equal(stage_feed(&stage, hosts[i], &feeds[i]), 0);
  }
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  for (i = 0; i < 3; i++) {
    (void)snprintf(expected, sizeof expected, "%s%s%s", GREETING, heard[i], BYE);
    assert_string_equal(feeds[i].heard, expected);
  }
  stage_end(&stage);
}

/* The host's mail server knows the users; who delivers meanwhile is seen at the next login only. */
static void users_are_those_of_the_hosts_mail_server(void **state)
{
  static struct mail_stage stage;
  static struct feed feed, sender;

  (void)state;
  feed = feed_of("USER b\r\nPASS blue\r\nSTAT\r\nQUIT\r\n", 0, FEED_WAITS);
  feed.at_ns = MSIM_SEC(1);
  sender = feed_of("HELO pc\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nHi\r\n.\r\nQUIT\r\n", 0,
                   FEED_WAITS);
  sender.port = 25;
  build(&stage, "{without: [APOP]}");
  assert_int_equal(stage_host(&stage, "other", "mx"), 0);
  assert_int_equal(stage_agent(&stage, "mx", "smtp-server", "{domains: {y.example: {b: {password: blue}}}}"), 0);
  assert_int_equal(stage_feed(&stage, "pc", &feed), 0);
  assert_int_equal(stage_feed(&stage, "other", &sender), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_non_null(strstr(feed.heard, "+OK 1 messages\r\n+OK 1 "));
  stage_end(&stage);
}

static void another_password_for_a_known_user_is_a_mistake_in_the_file(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "mx", NULL), 0);
  assert_int_equal(stage_agent(&stage, "mx", "smtp-server", "{domains: {y.example: {b: {password: blue}}}}"), 0);
  assert_int_equal(stage_agent(&stage, "mx", "pop-server", "{accounts: {b: {password: red}}}"), 0);
  assert_int_not_equal(msim_sim_run(stage.sim, MSIM_NEVER), 0);
  assert_non_null(strstr(msim_sim_error(stage.sim), "another password"));
  msim_sim_free(stage.sim);
}

/* Timers of a host that is down do not fire: these are another's. */
struct misfortune {
  struct msim_timer down, up; /* down: first */
  struct msim_node *node;
};

static void crash(struct msim_timer *timer, msim_ns now_ns)
{
  struct msim_crash_opts opts = {MSIM_CRASH_LOSE_UNSYNCED, 0, 0, 0};

  (void)now_ns;
  assert_int_equal(msim_host_crash(((struct misfortune *)(void *)timer)->node, &opts), 0);
}

static void restart(struct msim_timer *timer, msim_ns now_ns)
{
  (void)now_ns;
  assert_int_equal(msim_host_restart(((struct misfortune *)(void *)(timer - 1))->node), 0);
}

/* What lay there at the start survives, and what was deleted stays deleted. */
static void mailboxes_survive_a_crash(void **state)
{
  static struct mail_stage stage;
  static struct feed before, after;
  struct misfortune misfortune;

  (void)state;
  before = feed_of(LOGIN "DELE 2\r\nQUIT\r\n", 0, FEED_WAITS);
  after = feed_of(LOGIN "UIDL\r\nQUIT\r\n", 0, FEED_WAITS);
  after.at_ns = MSIM_SEC(20);
  build(&stage, SERVER);
  assert_int_equal(stage_host(&stage, "other", "mx"), 0);
  assert_int_equal(stage_feed(&stage, "pc", &before), 0);
  assert_int_equal(stage_feed(&stage, "other", &after), 0);
  memset(&misfortune, 0, sizeof misfortune);
  misfortune.node = msim_node_find(stage.sim, "mx");
  msim_timer_init(&misfortune.down, msim_node_find(stage.sim, "pc"), crash);
  msim_timer_init(&misfortune.up, msim_node_find(stage.sim, "pc"), restart);
  msim_timer_arm(&misfortune.down, MSIM_SEC(10));
  msim_timer_arm(&misfortune.up, MSIM_SEC(11));
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_string_equal(after.heard, GREETING "+OK And the password?\r\n+OK 2 messages\r\n+OK 2 messages (93 octets)\r\n"
                                            "1 1.1\r\n2 1.3\r\n.\r\n" BYE);
  assert_int_equal(stage_count(&stage, "store.add"), 3);
  stage_end(&stage);
}

static void no_memory_is_told_and_nothing_leaks(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  uint64_t fail_at;
  bool failed = true;

  (void)state;
  for (fail_at = 1; failed; fail_at += fail_at < 200 ? 1 : 7) {
    int err;

    feed = feed_of(LOGIN "LIST\r\nRETR 1\r\nTOP 2 1\r\nDELE 2\r\nAUTH PLAIN\r\nCAPA\r\nQUIT\r\n", 0, FEED_WAITS);
    err = stage_begin(&stage, fail_at);
    if (err == 0)
      err = stage_host(&stage, "mx", NULL);
    if (err == 0)
      err = stage_host(&stage, "pc", "mx");
    if (err == 0)
      err = stage_agent(&stage, "mx", "pop-server", SERVER);
    if (err == 0)
      err = stage_feed(&stage, "pc", &feed);
    if (err == 0)
      err = stage_run(&stage, MSIM_NEVER);
    failed = stage.mem.failed_count > 0;
    assert_int_equal(err, failed ? MSIM_ERR_NOMEM : 0);
    msim_sim_free(stage.sim);
    assert_true(fail_mem_clean(&stage.mem));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dialogue_in_one_segment_gets_these_replies),
      cmocka_unit_test(dialogue_in_single_bytes_gets_the_same_replies),
      cmocka_unit_test(contents_are_told_before_everything_else),
      cmocka_unit_test(only_quit_deletes),
      cmocka_unit_test(mailbox_is_one_readers_at_a_time),
      cmocka_unit_test(failed_logins_wait_and_end_the_connection),
      cmocka_unit_test(too_many_errors_end_the_connection_and_delete_nothing),
      cmocka_unit_test(lines_that_are_none_are_refused),
      cmocka_unit_test(apop_takes_the_digest_of_stamp_and_password),
      cmocka_unit_test(login_delay_is_told_and_kept),
      cmocka_unit_test(users_are_those_of_the_hosts_mail_server),
      cmocka_unit_test(another_password_for_a_known_user_is_a_mistake_in_the_file),
      cmocka_unit_test(mailboxes_survive_a_crash),
      cmocka_unit_test(no_memory_is_told_and_nothing_leaks),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
