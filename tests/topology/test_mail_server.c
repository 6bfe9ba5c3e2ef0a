/* Tests of the agent smtp-server over a perfect link: what is said to it, what it says, what it keeps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

#define SERVER                                                                                                         \
  "{domains: {y.example: [b, carl.c], second.example: [b]}, size-max: 2kB, recipients-max: 3, connections-max: 2}"
#define GREETING "220 mx ESMTP at your service\r\n"
#define EHLO_REPLY                                                                                                     \
  "250-mx\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250-PIPELINING\r\n250-ENHANCEDSTATUSCODES\r\n"                          \
  "250-SIZE 2000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 DSN\r\n"
#define SENDER_OK "250 2.1.0 Sender taken\r\n"
#define RCPT_OK "250 2.1.5 Recipient taken\r\n"
#define GO_ON "354 Go on, and end with a dot on a line of its own\r\n"
#define BYE "221 2.0.0 Goodbye\r\n"
#define X100 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X1000 X100 X100 X100 X100 X100 X100 X100 X100 X100 X100

static void build(struct mail_stage *stage, struct feed *feed, const char *server)
{
  assert_int_equal(stage_begin(stage, 0), 0);
  assert_int_equal(stage_host(stage, "mx", NULL), 0);
  assert_int_equal(stage_host(stage, "pc", "mx"), 0);
  assert_int_equal(stage_agent(stage, "mx", "smtp-server", server), 0);
  assert_int_equal(stage_spy(stage, "mx"), 0);
  assert_int_equal(stage_feed(stage, "pc", feed), 0);
}

static struct feed feed_of(const char *bytes, size_t size_bytes, size_t piece_bytes)
{
  struct feed feed;

  memset(&feed, 0, sizeof feed);
  feed.host = "mx";
  feed.bytes = bytes;
  feed.size_bytes = size_bytes;
  feed.piece_bytes = piece_bytes;
  return feed;
}

struct dialogue {
  const char *said, *heard; /* heard: without greeting and goodbye; QUIT is added to said */
  size_t said_bytes;        /* 0: up to the zero */
  unsigned stored;          /* messages for b */
};

static const struct dialogue dialogues[] = {
    {"EHLO pc\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nSubject: x\r\n\r\nHi\r\n.\r\n",
     EHLO_REPLY SENDER_OK RCPT_OK GO_ON "250 2.0.0 Taken as 1\r\n", 0, 1},
    {"HELO pc\r\nmail from:<a@x.example>\r\nrcpt to:<B@Y.EXAMPLE>\r\ndata\r\n.\r\n",
     "250 mx\r\n" SENDER_OK RCPT_OK GO_ON "250 2.0.0 Taken as 1\r\n", 0, 1},
    /* null reverse-path, the postmaster, one copy for two addresses of one mailbox */
    {"EHLO pc\r\nMAIL FROM:<>\r\nRCPT TO:<postmaster>\r\nRCPT TO:<b@y.example>\r\nRCPT "
     "TO:<b@second.example>\r\nDATA\r\n"
     ".\r\n",
     EHLO_REPLY SENDER_OK RCPT_OK RCPT_OK RCPT_OK GO_ON "250 2.0.0 Taken as 1\r\n", 0, 1},
    {"EHLO pc\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<nobody@y.example>\r\nRCPT TO:<b@elsewhere.example>\r\nDATA\r\n"
     "RSET\r\nNOOP\r\nVRFY b\r\nHELP\r\nEXPN x\r\nAUTH PLAIN\r\nSTARTTLS\r\n",
     EHLO_REPLY SENDER_OK
     "550 5.1.1 There is no such mailbox here\r\n550 5.7.1 Only customers' mail is passed on\r\n"
     "503 5.5.1 Say RCPT first\r\n250 2.0.0 Forgotten\r\n250 2.0.0 Still here\r\n"
     "252 2.1.5 Not told, but try to send\r\n"
     "214-2.0.0 Commands: BDAT DATA EHLO HELO HELP MAIL NOOP QUIT RCPT RSET VRFY\r\n"
     "214 2.0.0 See RFC 5321\r\n502 5.5.1 This command is not offered here\r\n"
     "502 5.5.1 This command is not offered here\r\n502 5.5.1 This command is not offered here\r\n",
     0, 0},
    /* order: RFC 5321 4.1.4 */
    {"MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nEHLO pc\r\nRCPT TO:<b@y.example>\r\nDATA\r\n"
     "MAIL FROM:<a@x.example>\r\nMAIL FROM:<a@x.example>\r\nDATA\r\nRCPT TO:<b@y.example>\r\nMAIL "
     "FROM:<z@x.example>\r\n"
     "EHLO pc\r\nDATA\r\n",
     "503 5.5.1 Say EHLO first\r\n503 5.5.1 Say EHLO first\r\n503 5.5.1 Say EHLO first\r\n" EHLO_REPLY
     "503 5.5.1 Say MAIL first\r\n503 5.5.1 Say MAIL first\r\n" SENDER_OK
     "503 5.5.1 Say RCPT first\r\n503 5.5.1 Say RCPT first\r\n" RCPT_OK "503 5.5.1 Not now\r\n" EHLO_REPLY
     "503 5.5.1 Say MAIL first\r\n",
     0, 0},
    /* lines that are none: bare LF (what follows it is no command of its own) and CR, NUL, too long, hostile */
    {"EHLO pc\r\nNOOP\nNOOP\r\nNOOP\rx\r\nNO\0OP\r\n\xff\xfe\r\n\r\nW\xc3\xa4hl mich\r\nNOOP " X1000 X1000
     "\r\nNOOP\r\n",
     EHLO_REPLY "500 5.5.2 Lines end in CRLF, and CR, LF and NUL stand nowhere else\r\n"
                "500 5.5.2 Lines end in CRLF, and CR, LF and NUL stand nowhere else\r\n"
                "500 5.5.2 Lines end in CRLF, and CR, LF and NUL stand nowhere else\r\n"
                "500 5.5.2 This is no command\r\n500 5.5.2 This is no command\r\n500 5.5.2 This is no command\r\n"
                "500 5.5.2 The line is too long\r\n250 2.0.0 Still here\r\n",
     sizeof "EHLO pc\r\nNOOP\nNOOP\r\nNOOP\rx\r\nNO\0OP\r\n\xff\xfe\r\n\r\nW\xc3\xa4hl mich\r\nNOOP " X1000 X1000
            "\r\nNOOP\r\n" -
         1,
     0},
    /* a second message that only a host with looser line ends would see */
    {"EHLO pc\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nHi\n.\nMAIL FROM:<evil@x.example>\r\n.\r\n"
     "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nHi\r.\r\r\n.\r\n",
     EHLO_REPLY SENDER_OK RCPT_OK GO_ON
     "550 5.6.0 CR and LF stand only together (RFC 5321 2.3.8)\r\n" SENDER_OK RCPT_OK GO_ON
     "550 5.6.0 CR and LF stand only together (RFC 5321 2.3.8)\r\n",
     0, 0},
    /* lines of 1000 bytes with their CRLF, and of 1001; a dot that was doubled counts once */
    {"EHLO pc\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n.." X100 X100 X100 X100 X100 X100 X100 X100 X100
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n.\r\n"
     "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n.." X100 X100 X100 X100 X100 X100 X100 X100 X100
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n.\r\n",
     EHLO_REPLY SENDER_OK RCPT_OK GO_ON "250 2.0.0 Taken as 1\r\n" SENDER_OK RCPT_OK GO_ON
                                        "500 5.6.0 A line is longer than 1000 bytes\r\n",
     0, 1},
    /* sizes: told, and found out */
    {"EHLO pc\r\nMAIL FROM:<> SIZE=2001\r\nMAIL FROM:<> SIZE=2000 BODY=8BITMIME\r\nRCPT "
     "TO:<b@y.example>\r\nDATA\r\n" X100 X100 X100 X100 X100 X100 X100 X100 X100
     "\r\n" X100 X100 X100 X100 X100 X100 X100 X100 X100 "\r\n" X100 X100 "\r\n.\r\nMAIL FROM:<>\r\n",
     EHLO_REPLY "552 5.3.4 The message is too large\r\n" SENDER_OK RCPT_OK GO_ON
                "552 5.3.4 The message is too large\r\n" SENDER_OK,
     0, 0},
    /* too many recipients, one of them twice */
    {"EHLO pc\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<carl.c@y.example>\r\n"
     "RCPT TO:<postmaster@y.example>\r\nRCPT TO:<b@second.example>\r\nDATA\r\n.\r\n",
     EHLO_REPLY SENDER_OK RCPT_OK RCPT_OK RCPT_OK RCPT_OK "452 4.5.3 Too many recipients\r\n" GO_ON
                                                          "250 2.0.0 Taken as 1\r\n",
     0, 1},
};

static void play(const struct dialogue *dialogue, size_t piece_bytes)
{
  static struct mail_stage stage;
  static char said[8192], expected[8192];
  size_t n = dialogue->said_bytes > 0 ? dialogue->said_bytes : strlen(dialogue->said);
  static struct feed feed;

  memcpy(said, dialogue->said, n);
  memcpy(said + n, "QUIT\r\n", 6);
  feed = feed_of(said, n + 6, piece_bytes);
  build(&stage, &feed, SERVER);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(feed.closed);
  if (dialogue->heard != NULL) {
    (void)snprintf(expected, sizeof expected, "%s%s%s", GREETING, dialogue->heard, BYE);
    assert_string_equal(feed.heard, expected);
  }
  assert_int_equal(stage_box_count(&stage, "b"), dialogue->stored);
  assert_int_equal(stage_count(&stage, "store.add message=mx-1 mailbox=b durable=true uid=1"), dialogue->stored);
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

static void odd_parameters_and_addresses_get_codes_of_their_own(void **state)
{
  static const char *const codes[] = {"501 5.5.4", "555 5.5.4", "501 5.5.4", "250 2.1.0", "501 5.5.4",
                                      "555 5.5.4", "501 5.1.3", "553 5.6.7", "250 2.1.5"};
  static const char said[] = "EHLO pc\r\nMAIL FROM:<> RET=ALL\r\nMAIL FROM:<> X-OTHER=1\r\n"
                             "MAIL FROM:<> BODY=9BIT\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example> NOTIFY=X\r\n"
                             "RCPT TO:<b@y.example> SIZE=1\r\n"
                             "RCPT TO:<>\r\nRCPT TO:<j\xc3\xbcrgen@y.example>\r\nRCPT TO:<\"b\"@y.example>\r\nQUIT\r\n";
  static struct mail_stage stage;
  static struct feed feed;
  const char *at;
  size_t i;

  (void)state;
  feed = feed_of(said, sizeof said - 1, 0);
  build(&stage, &feed, SERVER);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  at = feed.heard + strlen(GREETING EHLO_REPLY);
  for (i = 0; i < sizeof codes / sizeof codes[0]; i++) {
    if (strncmp(at, codes[i], strlen(codes[i])) != 0)
      fail_msg("%s expected, not %.60s", codes[i], at);
    at = strstr(at, "\r\n") + 2;
  }
  assert_string_equal(at, BYE);
  stage_end(&stage);
}

static void content_is_kept_as_it_was_sent_with_trace_fields(void **state)
{
  static const char said[] = "EHLO pc\r\nMAIL FROM:<a@x.example> BODY=8BITMIME\r\nRCPT TO:<b@y.example>\r\nDATA\r\n"
                             "Subject: x\r\n\r\n..\r\n...\r\n.x\r\ngr\xc3\xbc\xc3\x9f \xff\r\n\r\n.\r\nQUIT\r\n";
  static const char body[] = "Subject: x\r\n\r\n.\r\n..\r\nx\r\ngr\xc3\xbc\xc3\x9f \xff\r\n\r\n";
  static struct mail_stage stage;
  static struct feed feed;
  static char mail[4000], expected[4000], addr[MSIM_ADDR_TEXT_BYTES];
  struct msim_addr from;

  (void)state;
  feed = feed_of(said, sizeof said - 1, 7);
  build(&stage, &feed, SERVER);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  from = msim_node_addr(msim_node_find(stage.sim, "pc"));
  msim_addr_format(&from, addr);
  (void)snprintf(expected, sizeof expected,
                 "Received: from pc ([%s])\r\n\tby mx with ESMTP id 1\r\n\tfor <b@y.example>;\r\n"
                 "\tThu, 01 Jan 2026 00:00:00 +0000\r\n%s",
                 addr, body);
  stage_mail(&stage, "b", 0, mail, sizeof mail);
  assert_string_equal(mail, expected);
  assert_string_equal(stage_box(&stage, "b")->items[0].message->return_path, "Return-Path: <a@x.example>\r\n");
  assert_true(stage_box(&stage, "b")->items[0].message->eight_bit);
  assert_int_equal(stage_box(&stage, "b")->items[0].added_unix_s, 1767225600);
  assert_true(
      stage_saw(&stage, "mx message.accepted message=mx-1 protocol=smtp from=a@x.example to=b@y.example", "size="));
  stage_end(&stage);
}

/* The end of the data decides, wherever the client goes away: before it nothing is kept, from it on the message is. */
static void client_that_vanishes_leaves_a_whole_message_or_none(void **state)
{
  static const char said[] = "EHLO pc\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nHi\r\n..\r\n.\r\nQUIT\r\n";
  const size_t whole = sizeof said - 1 - 6;
  static struct mail_stage stage;
  static struct feed feed;
  size_t n;
  int way;

  (void)state;
  for (way = FEED_CLOSES; way <= FEED_ABORTS; way++)
    for (n = 0; n < sizeof said; n++) {
      feed = feed_of(said, n, 0);
      feed.end = (enum feed_end)way;
      build(&stage, &feed, SERVER);
      assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
      assert_true(feed.closed);
      assert_int_equal(stage_box_count(&stage, "b"), n >= whole ? 1 : 0);
      assert_true(msim_sim_now_ns(stage.sim) < MSIM_SEC(60)); /* no session keeps the run alive */
      stage_end(&stage);
    }
}

static void silent_client_is_sent_away_after_five_minutes(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  feed = feed_of("EHLO pc\r\nMAIL FR", 16, 0);
  build(&stage, &feed, SERVER);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_string_equal(feed.heard, GREETING EHLO_REPLY "421 4.4.2 Nothing was heard for too long\r\n");
  assert_true(feed.closed_ns >= MSIM_SEC(300) && feed.closed_ns < MSIM_SEC(302));
  stage_end(&stage);
}

static void too_many_errors_end_the_connection(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  static char said[1000];
  const char *at;
  unsigned i, count = 0;

  (void)state;
  said[0] = '\0';
  for (i = 0; i < 30; i++)
    strcat(said, "BOO\r\n");
  feed = feed_of(said, strlen(said), 0);
  build(&stage, &feed, SERVER);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  for (at = feed.heard; (at = strstr(at, "500 5.5.2")) != NULL; at++)
    count++;
  assert_int_equal(count, 20);
  assert_non_null(strstr(feed.heard, "\r\n421 4.7.0 Too many errors\r\n"));
  assert_true(feed.closed);
  stage_end(&stage);
}

static void third_connection_of_two_hears_421(void **state)
{
  static struct mail_stage stage;
  static struct feed feeds[3];
  int i;

  (void)state;
  feeds[0] = feed_of("EHLO pc\r\n", 9, 0);
  build(&stage, &feeds[0], SERVER);
  for (i = 1; i < 3; i++) {
    feeds[i] = feed_of("EHLO pc\r\nQUIT\r\n", 15, 0);
    feeds[i].at_ns = MSIM_SEC(1) * (msim_ns)i;
    if (i == 1)
      feeds[i].size_bytes = 9;
    assert_int_equal(stage_feed(&stage, "pc", &feeds[i]), 0);
  }
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_non_null(strstr(feeds[0].heard, "250 DSN"));
  assert_non_null(strstr(feeds[1].heard, "250 DSN"));
  assert_string_equal(feeds[2].heard, "421 4.7.0 Too many connections\r\n");
  assert_true(feeds[2].closed_ns < MSIM_SEC(10));
  stage_end(&stage);
}

/* RFC 5321 6.3. */
static void message_that_was_received_too_often_runs_in_a_circle(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  static char said[8000];
  int round, i;

  (void)state;
  for (round = 0; round < 2; round++) { /* our own field is one more */
    strcpy(said, "EHLO pc\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n");
    for (i = 0; i < 99 + round; i++)
      strcat(said, "Received: x\r\n");
    strcat(said, "\r\nReceived: in the body\r\n.\r\nQUIT\r\n");
    feed = feed_of(said, strlen(said), 0);
    build(&stage, &feed, "{domains: {y.example: [b]}}");
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    assert_int_equal(stage_box_count(&stage, "b"), round == 0 ? 1 : 0);
    assert_int_equal(strstr(feed.heard, "554 5.4.6 The message runs in a circle\r\n") != NULL, round == 1);
    assert_int_equal(stage_count(&stage, "message.refused message=mx-1 protocol=smtp reason=loop reply_class=5"),
                     (unsigned)round);
    stage_end(&stage);
  }
}

/* A client that sends and never reads must not make the server grow: 20,000 commands, each with a reply of 90 bytes. */
static void client_that_does_not_read_is_not_read_either(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  static char said[120000];
  struct msim_tcp_opts tcp;
  struct msim_counters counters;
  size_t i;

  (void)state;
  memcpy(said, "EHLO pc\r\n", 9);
  for (i = 9; i + 6 <= sizeof said; i += 6)
    memcpy(said + i, "HELP\r\n", 6);
  feed = feed_of(said, i, 0);
  feed.deaf = true;
  build(&stage, &feed, SERVER);
  memset(&tcp, 0, sizeof tcp);
  tcp.send_buffer_bytes = tcp.receive_buffer_bytes = 4096;
  assert_int_equal(msim_node_set_tcp(msim_node_find(stage.sim, "mx"), &tcp), 0);
  assert_int_equal(stage_run(&stage, MSIM_SEC(10)), 0);
  msim_sim_counters(stage.sim, &counters);
  assert_true(counters.held_bytes_peak < 1200000); /* with what the invariants keep of the 120,000 bytes */
  stage_end(&stage);
}

static void server_answers_everything_through_a_small_buffer(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  static char said[4000];
  struct msim_tcp_opts tcp;
  const char *at;
  size_t i;
  unsigned count = 0;

  (void)state;
  memcpy(said, "EHLO pc\r\n", 9);
  for (i = 9; i < 9 + 200 * 6; i += 6)
    memcpy(said + i, "HELP\r\n", 6);
  memcpy(said + i, "QUIT\r\n", 6);
  feed = feed_of(said, i + 6, 0);
  feed.end = FEED_CLOSES; /* the end arrives while the server still waits for room */
  build(&stage, &feed, SERVER);
  memset(&tcp, 0, sizeof tcp);
  tcp.send_buffer_bytes = 4096;
  assert_int_equal(msim_node_set_tcp(msim_node_find(stage.sim, "mx"), &tcp), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  for (at = feed.heard; (at = strstr(at, "214 2.0.0")) != NULL; at++)
    count++;
  assert_int_equal(count, 200);
  assert_string_equal(feed.heard + feed.heard_bytes - strlen(BYE), BYE);
  stage_end(&stage);
}

static void config_that_cannot_be_is_told(void **state)
{
  static const char *const rows[] = {
      "{domains: {y.example: [b@y.example]}}",
      "{domains: {y.example: [\"\"]}}",
      "{relay-from: [a]}",
      "{relay-from: [\"@-\"]}",
      "{port: 0}",
      "{size-max: 12}",
      "{hostname: \"a\\nb\"}",
      "{ports: 25}",
      "{domains: {y.example: {b: {pasword: x}}}}",
      "{domains: {y.example: {\"b c\": }}}",
      "{domains: {y.example: [[b]]}}",
      "{aliases: {info: [b]}}",
      "{aliases: {info@y.example: []}}",
      "{aliases: {info@y.example: [b@]}}",
      "{relay-clients: [10.0.0.0/33]}",
      "{listen: [{role: mx}]}",
      "{listen: [{port: 25, role: relay}]}",
      "{listen: [{port: 25, mechanisms: [GSSAPI]}]}",
      "{without: [STARTTLS]}",
      "{timeout: 1ms}",
      "{rules: [{reply: 451 4.7.1 Later}]}",
      "{rules: [{at: RCTP, reply: 451 4.7.1 Later}]}",
      "{rules: [{at: RCPT, reply: later}]}",
      "{rules: [{at: RCPT, reply: 351 Go on}]}",
      "{rules: [{at: RCPT, reply: 451 5.7.1 Later}]}",
      "{rules: [{at: RCPT, reply: 4510 Later}]}",
      "{rules: [{at: RCPT, rate: 20}]}",
      "{rules: [{at: RCPT, rate: 20/week}]}",
      "{rules: [{at: RCPT, rate: 20/0s}]}",
      "{rules: [{at: RCPT, greylist: {wait: 5min}}]}",
      "{rules: [{at: final-dot, close: later}]}",
      "{rules: [{at: RCPT, match: {client: x}, drop: true}]}",
  };
  static struct mail_stage stage;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    assert_int_equal(stage_begin(&stage, 0), 0);
    assert_int_equal(stage_host(&stage, "mx", NULL), 0);
    if (msim_agent_add_yaml(msim_node_find(stage.sim, "mx"), "smtp-server", rows[i], NULL, NULL) != MSIM_ERR_SYNTAX)
      fail_msg("%s is taken", rows[i]);
    stage_end(&stage);
  }
}

static void domain_that_is_no_name_stops_the_start(void **state)
{
  static struct mail_stage stage;

  (void)state;
  assert_int_equal(stage_begin(&stage, 0), 0);
  assert_int_equal(stage_host(&stage, "mx", NULL), 0);
  assert_int_equal(stage_agent(&stage, "mx", "smtp-server", "{domains: {\"y .example\": [b]}}"), 0);
  assert_true(stage_run(&stage, MSIM_NEVER) < 0);
  assert_non_null(strstr(msim_sim_error(stage.sim), "\"y .example\" is no name of a domain"));
  stage_end(&stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dialogue_in_one_segment_gets_these_replies),
      cmocka_unit_test(dialogue_in_single_bytes_gets_the_same_replies),
      cmocka_unit_test(odd_parameters_and_addresses_get_codes_of_their_own),
      cmocka_unit_test(content_is_kept_as_it_was_sent_with_trace_fields),
      cmocka_unit_test(client_that_vanishes_leaves_a_whole_message_or_none),
      cmocka_unit_test(silent_client_is_sent_away_after_five_minutes),
      cmocka_unit_test(too_many_errors_end_the_connection),
      cmocka_unit_test(third_connection_of_two_hears_421),
      cmocka_unit_test(message_that_was_received_too_often_runs_in_a_circle),
      cmocka_unit_test(client_that_does_not_read_is_not_read_either),
      cmocka_unit_test(server_answers_everything_through_a_small_buffer),
      cmocka_unit_test(config_that_cannot_be_is_told),
      cmocka_unit_test(domain_that_is_no_name_stops_the_start),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
