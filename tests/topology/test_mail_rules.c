/* Tests of the rules of the agent smtp-server: who hears what at which moment, how often, and when. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "topology/mail_stage.h"

#define GREETING "220 mx ESMTP at your service\r\n"
#define SENDER_OK "250 2.1.0 Sender taken\r\n"
#define RCPT_OK "250 2.1.5 Recipient taken\r\n"
#define GO_ON "354 Go on, and end with a dot on a line of its own\r\n"
#define BYE "221 2.0.0 Goodbye\r\n"
#define LATER "451 4.7.1 Later\r\n"
#define SERVER(rules) "{domains: {y.example: [b, carl]}, without: [CHUNKING, DSN], rules: [" rules "]}"
#define MAIL "EHLO pc\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nHi\r\n.\r\nQUIT\r\n"
#define FEEDS_MAX 8

/* Up to eight connections to one server, one after the other or side by side. */
struct talks {
  struct mail_stage stage;
  struct feed feeds[FEEDS_MAX];
  size_t count;
};

static void begin(struct talks *talks, const char *server)
{
  memset(talks, 0, sizeof *talks);
  assert_int_equal(stage_begin(&talks->stage, 0), 0);
  assert_int_equal(stage_host(&talks->stage, "mx", NULL), 0);
  assert_int_equal(stage_host(&talks->stage, "pc", "mx"), 0);
  assert_int_equal(stage_host(&talks->stage, "pc2", "mx"), 0);
  assert_int_equal(stage_agent(&talks->stage, "mx", "smtp-server", server), 0);
  assert_int_equal(stage_spy(&talks->stage, "mx"), 0);
}

static struct feed *talk(struct talks *talks, const char *host, msim_ns at_ns, const char *said)
{
  struct feed *feed = &talks->feeds[talks->count++];

  feed->host = "mx";
  feed->at_ns = at_ns;
  feed->bytes = said;
  feed->size_bytes = strlen(said);
  assert_int_equal(stage_feed(&talks->stage, host, feed), 0);
  return feed;
}

static void run(struct talks *talks)
{
  assert_int_equal(stage_run(&talks->stage, MSIM_NEVER), 0);
}

/* Behind the reply to EHLO. */
static const char *rest(const struct feed *feed)
{
  const char *at = strstr(feed->heard, "250 SMTPUTF8\r\n");

  assert_non_null(at);
  return at + strlen("250 SMTPUTF8\r\n");
}

/* ---- one connection ---- */

static void rule_answers_instead_of_the_server(void **state)
{
  static const struct {
    const char *rules, *said, *heard;
    unsigned stored;
  } rows[] = {
      /* patterns, without regard to case; twice; the nth */
      {"{at: RCPT, match: {to: \"B@*\"}, reply: 451 4.7.1 Later}",
       "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<carl@y.example>\r\nRCPT TO:<b@Y.example>\r\n",
       SENDER_OK LATER RCPT_OK LATER, 0},
      {"{at: rcpt, times: 2, reply: 451 4.7.1 Later}",
       "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<b@y.example>\r\n",
       SENDER_OK LATER LATER RCPT_OK, 0},
      {"{at: RCPT, nth: 2, times: 1, reply: 550 5.7.1 No}",
       "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<carl@y.example>\r\nRCPT TO:<carl@y.example>\r\n",
       SENDER_OK RCPT_OK "550 5.7.1 No\r\n" RCPT_OK, 0},
      /* senders, among them nobody */
      {"{at: MAIL, match: {from: <>}, reply: 550 5.7.1 No notices}, {at: MAIL, match: {from: \"*@x.example\"}, reply: "
       "553 5.1.8 No}",
       "MAIL FROM:<>\r\nMAIL FROM:<a@X.example>\r\nMAIL FROM:<a@z.example>\r\n",
       "550 5.7.1 No notices\r\n553 5.1.8 No\r\n" SENDER_OK, 0},
      {"{at: RCPT, match: {from: <>, to: \"carl@*\"}, reply: 550 No}",
       "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<carl@y.example>\r\nRSET\r\nMAIL FROM:<a@x.example>\r\nRCPT "
       "TO:<carl@y.example>\r\n",
       SENDER_OK RCPT_OK "550 No\r\n250 2.0.0 Forgotten\r\n" SENDER_OK RCPT_OK, 0},
      /* the client's name and network; what the port was */
      {"{at: MAIL, match: {helo: p?}, reply: 550 5.7.1 No}", "MAIL FROM:<>\r\nEHLO other\r\n",
       "550 5.7.1 No\r\n250-mx\r\n250-PIPELINING\r\n"
       "250-ENHANCEDSTATUSCODES\r\n250-SIZE 35000000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n",
       0},
      {"{at: MAIL, match: {client: [192.0.2.0/24, 10.0.0.0/8]}, reply: 550 5.7.1 No}", "MAIL FROM:<>\r\n",
       "550 5.7.1 No\r\n", 0},
      {"{at: MAIL, match: {client: 192.0.2.0/24}, reply: 550 5.7.1 No}", "MAIL FROM:<>\r\n", SENDER_OK, 0},
      {"{at: MAIL, match: {port: 587}, reply: 550 5.7.1 No}", "MAIL FROM:<>\r\n", SENDER_OK, 0},
      {"{at: MAIL, match: {login: \"*\"}, reply: 550 5.7.1 No}, {at: MAIL, match: {login: bob}, reply: 551 5.7.1 No}",
       "MAIL FROM:<>\r\n", "550 5.7.1 No\r\n", 0},
      /* any command; a reply in other words; the whole message */
      {"{at: any, times: 2, nth: 2, reply: 450 4.0.0 Hm}", "NOOP\r\nRSET\r\nNOOP\r\n",
       "450 4.0.0 Hm\r\n450 4.0.0 Hm\r\n250 2.0.0 Still here\r\n", 0},
      {"{at: NOOP, reply: 250 2.0.0 Yes?}, {at: HELP, reply: 502 5.5.1 None}", "NOOP\r\nHELP\r\n",
       "250 2.0.0 Yes?\r\n502 5.5.1 None\r\n", 0},
      {"{at: DATA, reply: 451 4.7.1 Later, times: 1}, {at: final-dot, match: {to: \"b@*\"}, reply: 554 5.7.1 Spam, "
       "times: 1}",
       "MAIL FROM:<>\r\nRCPT TO:<carl@y.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nDATA\r\n.\r\nMAIL FROM:<>\r\nRCPT "
       "TO:<b@y.example>\r\nDATA\r\n.\r\n",
       SENDER_OK RCPT_OK RCPT_OK LATER GO_ON "554 5.7.1 Spam\r\n" SENDER_OK RCPT_OK GO_ON "250 2.0.0 Taken as 2\r\n",
       1},
      /* taken, and thrown away */
      {"{at: RCPT, match: {to: \"b@*\"}, discard: true}", "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n.\r\n",
       SENDER_OK RCPT_OK GO_ON "250 2.0.0 Taken as 1\r\n", 0},
      {"{at: final-dot, discard: true}", "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n.\r\n",
       SENDER_OK RCPT_OK GO_ON "250 2.0.0 Taken as 1\r\n", 0},
  };
  static struct talks talks;
  static char said[2000], expected[2000], server[1000];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    (void)snprintf(server, sizeof server, SERVER("%s"), rows[i].rules);
    (void)snprintf(said, sizeof said, "EHLO pc\r\n%sQUIT\r\n", rows[i].said);
    (void)snprintf(expected, sizeof expected, "%s" BYE, rows[i].heard);
    begin(&talks, server);
    (void)talk(&talks, "pc", 0, said);
    run(&talks);
    if (strcmp(rest(&talks.feeds[0]), expected) != 0)
      fail_msg("%s\n-- expected\n%s-- found\n%s", rows[i].rules, expected, rest(&talks.feeds[0]));
    assert_int_equal(stage_box_count(&talks.stage, "b"), rows[i].stored);
    stage_end(&talks.stage);
  }
}

/* A message of which one chunk was refused is none, whatever chunks follow. */
static void chunk_refused_by_rule_ends_the_transaction(void **state)
{
  static struct talks talks;

  (void)state;
  begin(&talks, "{domains: {y.example: [b]}, without: [DSN, SIZE, 8BITMIME, PIPELINING, ENHANCEDSTATUSCODES],"
                " rules: [{at: BDAT, nth: 2, times: 1, reply: 452 Not this one, delay: 1s}]}");
  (void)talk(
      &talks, "pc", 0,
      "EHLO pc\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nBDAT 1\r\naBDAT 6\r\nQUIT\r\nBDAT 3 LAST\r\nc\r\nQUIT\r\n");
  run(&talks);
  assert_string_equal(rest(&talks.feeds[0]), "250 Sender taken\r\n250 Recipient taken\r\n250 1 octets received\r\n"
                                             "452 Not this one\r\n503 BDAT belongs behind RCPT\r\n221 Goodbye\r\n");
  assert_int_equal(stage_box_count(&talks.stage, "b"), 0);
  stage_end(&talks.stage);
}

static void refusals_by_rule_are_told(void **state)
{
  static struct talks talks;

  (void)state;
  begin(&talks,
        SERVER("{at: RCPT, reply: 451 4.7.1 Later}, {at: MAIL, nth: 2, reply: 550 No}, {at: RCPT, discard: true}"));
  (void)talk(
      &talks, "pc", 0,
      "EHLO pc\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nRSET\r\nMAIL FROM:<c@x.example>\r\nQUIT\r\n");
  run(&talks);
  assert_true(stage_saw(&talks.stage,
                        "mx message.refused protocol=smtp reason=rule reply_class=4 reply=451_4.7.1_Later",
                        "from=a@x.example to=b@y.example"));
  assert_true(stage_saw(&talks.stage, "mx message.refused protocol=smtp reason=rule reply_class=5 reply=550_No",
                        "from=c@x.example"));
  stage_end(&talks.stage);
}

/* ---- the greeting ---- */

static void greeting_can_be_late_refused_or_other(void **state)
{
  static struct talks talks;
  struct feed *late, *refused, *gone, *other;

  (void)state;
  begin(&talks,
        SERVER("{at: greeting, times: 1, delay: 6min}, {at: greeting, nth: 2, times: 1, reply: 554 5.7.1 Go away},"
               " {at: greeting, nth: 3, times: 1, reply: 421 4.3.2 Down for maintenance},"
               " {at: greeting, nth: 4, reply: 220 somebody else}"));
  late = talk(&talks, "pc", 0, "NOOP\r\nQUIT\r\n");
  refused = talk(&talks, "pc", MSIM_SEC(1), "EHLO pc\r\nNOOP\r\nQUIT\r\n");
  gone = talk(&talks, "pc", MSIM_SEC(2), "EHLO pc\r\n");
  other = talk(&talks, "pc", MSIM_SEC(3), "QUIT\r\n");
  run(&talks);
  assert_string_equal(late->heard, GREETING "250 2.0.0 Still here\r\n" BYE);
  assert_true(late->closed_ns > MSIM_SEC(360) && late->closed_ns < MSIM_SEC(361));
  assert_string_equal(refused->heard,
                      "554 5.7.1 Go away\r\n503 5.5.1 Only QUIT is left\r\n503 5.5.1 Only QUIT is left\r\n" BYE);
  assert_string_equal(gone->heard, "421 4.3.2 Down for maintenance\r\n");
  assert_true(gone->closed_ns < MSIM_SEC(3));
  assert_string_equal(other->heard, "220 somebody else\r\n" BYE);
  stage_end(&talks.stage);
}

static void early_talker_is_sent_away_where_that_is_asked_for(void **state)
{
  static struct talks talks;
  struct feed *early, *patient;

  (void)state;
  begin(&talks, "{refuse-early-talkers: true, rules: [{at: greeting, delay: 3s}]}");
  early = talk(&talks, "pc", 0, "EHLO pc\r\nQUIT\r\n");
  patient = talk(&talks, "pc", 0, "");
  run(&talks);
  assert_string_equal(early->heard, "554 5.5.1 The server speaks first\r\n");
  assert_true(early->closed_ns < MSIM_SEC(1));
  assert_memory_equal(patient->heard, GREETING, strlen(GREETING));
  stage_end(&talks.stage);
}

/* ---- time ---- */

static void late_replies_keep_their_order(void **state)
{
  static struct talks talks;
  struct feed *feed;

  (void)state;
  begin(&talks, SERVER("{at: RCPT, delay: 2s}, {at: RCPT, match: {to: \"b@*\"}, delay: 1s}, {at: QUIT, delay: 4s}"));
  feed = talk(&talks, "pc", 0, MAIL);
  run(&talks);
  assert_string_equal(rest(feed), SENDER_OK RCPT_OK GO_ON "250 2.0.0 Taken as 1\r\n" BYE);
  assert_true(feed->closed_ns > MSIM_SEC(7) && feed->closed_ns < MSIM_SEC(8));
  assert_int_equal(stage_box_count(&talks.stage, "b"), 1);
  stage_end(&talks.stage);
}

static void errors_are_slow_where_that_is_asked_for(void **state)
{
  static struct talks talks;
  struct feed *feed;

  (void)state;
  begin(&talks, "{domains: {y.example: [b]}, error-delay: 1s, errors-max: 2, without: [CHUNKING, DSN]}");
  feed = talk(&talks, "pc", 0, "EHLO pc\r\nMAIL FROM:<>\r\nRCPT TO:<x@y.example>\r\nBOO\r\nBOO\r\nBOO\r\nNOOP\r\n");
  run(&talks);
  assert_string_equal(rest(feed),
                      SENDER_OK "550 5.1.1 There is no such mailbox here\r\n500 5.5.2 This is no command\r\n"
                                "500 5.5.2 This is no command\r\n421 4.7.0 Too many errors\r\n");
  assert_true(feed->closed_ns > MSIM_SEC(4) && feed->closed_ns < MSIM_SEC(5));
  stage_end(&talks.stage);
}

static void rule_holds_from_one_time_to_another(void **state)
{
  static struct talks talks;
  size_t i;

  (void)state;
  begin(&talks, SERVER("{at: greeting, after: 1h, until: 2h, reply: 421 4.3.2 Down for maintenance}"));
  for (i = 0; i < 3; i++)
    (void)talk(&talks, "pc", MSIM_SEC(1800) + MSIM_SEC(3600) * i, "QUIT\r\n");
  run(&talks);
  assert_string_equal(talks.feeds[0].heard, GREETING BYE);
  assert_string_equal(talks.feeds[1].heard, "421 4.3.2 Down for maintenance\r\n");
  assert_string_equal(talks.feeds[2].heard, GREETING BYE);
  stage_end(&talks.stage);
}

/* ---- the end of the content ---- */

/* The exchange whose outcome the client cannot know: taken, and not told (RFC 1047). */
static void connection_is_cut_before_behind_or_instead_of_a_reply(void **state)
{
  static const struct {
    const char *rule, *heard;
    enum msim_close_reason why;
  } rows[] = {
      {"{at: final-dot, close: before-reply}", SENDER_OK RCPT_OK GO_ON, MSIM_CLOSED_DONE},
      {"{at: final-dot, close: after-reply}", SENDER_OK RCPT_OK GO_ON "250 2.0.0 Taken as 1\r\n", MSIM_CLOSED_DONE},
      {"{at: final-dot, close: reset}", SENDER_OK RCPT_OK GO_ON, MSIM_CLOSED_RESET},
      {"{at: final-dot, close: before-reply, delay: 5s}", SENDER_OK RCPT_OK GO_ON, MSIM_CLOSED_DONE},
      {"{at: final-dot, drop: true}", SENDER_OK RCPT_OK GO_ON BYE, MSIM_CLOSED_DONE},
  };
  static struct talks talks;
  char server[300];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    (void)snprintf(server, sizeof server, SERVER("%s"), rows[i].rule);
    begin(&talks, server);
    talk(&talks, "pc", 0, MAIL)->piece_bytes = 9; /* a reset loses what is not yet on its way */
    run(&talks);
    assert_string_equal(rest(&talks.feeds[0]), rows[i].heard);
    assert_int_equal(talks.feeds[0].why, rows[i].why);
    assert_int_equal(stage_box_count(&talks.stage, "b"), 1);
    assert_int_equal(stage_count(&talks.stage, "message.accepted"), 1);
    stage_end(&talks.stage);
  }
}

/* ---- rates and greylists ---- */

static void rate_is_counted_for_each_and_in_its_time(void **state)
{
  static const char said[] = "EHLO pc\r\nMAIL FROM:<a@x.example>\r\nRSET\r\nMAIL FROM:<c@x.example>\r\nRSET\r\nMAIL "
                             "FROM:<a@x.example>\r\nQUIT\r\n";
  static const struct {
    const char *per, *first, *second;
  } rows[] = {
      {"client",
       SENDER_OK "250 2.0.0 Forgotten\r\n" SENDER_OK
                 "250 2.0.0 Forgotten\r\n450 4.7.1 Too much at a time: please come again later\r\n",
       SENDER_OK "250 2.0.0 Forgotten\r\n" SENDER_OK
                 "250 2.0.0 Forgotten\r\n450 4.7.1 Too much at a time: please come again later\r\n"},
      {"server",
       SENDER_OK "250 2.0.0 Forgotten\r\n" SENDER_OK
                 "250 2.0.0 Forgotten\r\n450 4.7.1 Too much at a time: please come again later\r\n",
       "450 4.7.1 Too much at a time: please come again later\r\n250 2.0.0 Forgotten\r\n"
       "450 4.7.1 Too much at a time: please come again later\r\n250 2.0.0 Forgotten\r\n450 4.7.1 Too much at a time: "
       "please come again later\r\n"},
      {"sender", SENDER_OK "250 2.0.0 Forgotten\r\n" SENDER_OK "250 2.0.0 Forgotten\r\n" SENDER_OK,
       "450 4.7.1 Too much at a time: please come again later\r\n250 2.0.0 Forgotten\r\n" SENDER_OK
       "250 2.0.0 Forgotten\r\n"
       "450 4.7.1 Too much at a time: please come again later\r\n"},
  };
  static struct talks talks;
  static char server[300], expected[1000];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    (void)snprintf(server, sizeof server, SERVER("{at: MAIL, rate: 2/min, per: %s}"), rows[i].per);
    begin(&talks, server);
    (void)talk(&talks, "pc", 0, said);
    (void)talk(&talks, "pc2", MSIM_SEC(30), said);
    (void)talk(&talks, "pc", MSIM_SEC(61), said);
    run(&talks);
    (void)snprintf(expected, sizeof expected, "%s" BYE, rows[i].first);
    assert_string_equal(rest(&talks.feeds[0]), expected);
    (void)snprintf(expected, sizeof expected, "%s" BYE, rows[i].second);
    assert_string_equal(rest(&talks.feeds[1]), expected);
    (void)snprintf(expected, sizeof expected, "%s" BYE, rows[i].first);
    assert_string_equal(rest(&talks.feeds[2]), expected);
    stage_end(&talks.stage);
  }
}

static void rate_with_421_ends_the_connection(void **state)
{
  static struct talks talks;

  (void)state;
  begin(&talks, SERVER("{at: MAIL, rate: 1/10s, reply: 421 4.7.0 Slow down}"));
  (void)talk(&talks, "pc", 0, "EHLO pc\r\nMAIL FROM:<>\r\nRSET\r\nMAIL FROM:<>\r\nNOOP\r\n");
  run(&talks);
  assert_string_equal(rest(&talks.feeds[0]), SENDER_OK "250 2.0.0 Forgotten\r\n421 4.7.0 Slow down\r\n");
  assert_true(talks.feeds[0].closed);
  assert_true(stage_saw(&talks.stage, "message.refused protocol=smtp reason=rate reply_class=4", ""));
  stage_end(&talks.stage);
}

/* RFC 6647: new, too soon, in time, known; another recipient is new again; too late begins anew. */
static void greylist_lets_in_who_comes_again_in_time(void **state)
{
  static const char again[] = "451 4.7.1 Greylisted: please come again later\r\n";
  static const char to_b[] = "EHLO pc\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nQUIT\r\n";
  static const char to_carl[] = "EHLO pc\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<carl@y.example>\r\nQUIT\r\n";
  static const struct {
    msim_ns at_ns;
    const char *said;
    bool passes;
  } rows[] = {
      {0, to_b, false},
      {MSIM_SEC(299), to_b, false},
      {MSIM_SEC(301), to_b, true},
      {MSIM_SEC(302), to_b, true},
      {MSIM_SEC(303), to_carl, false},
      {MSIM_SEC(303 + 3700), to_carl, false}, /* behind the window */
      {MSIM_SEC(303 + 3700 + 301), to_carl, true},
      {MSIM_SEC(302 + 7300), to_b, false}, /* not seen for too long */
  };
  static struct talks talks;
  size_t i;

  (void)state;
  begin(&talks, SERVER("{at: RCPT, greylist: {delay: 5min, window: 1h, keep: 2h}}"));
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    (void)talk(&talks, "pc", rows[i].at_ns, rows[i].said);
  run(&talks);
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if ((strstr(talks.feeds[i].heard, RCPT_OK) != NULL) != rows[i].passes ||
        (strstr(talks.feeds[i].heard, again) != NULL) == rows[i].passes)
      fail_msg("row %u: %s", (unsigned)i, talks.feeds[i].heard);
  assert_true(stage_saw(&talks.stage, "message.refused", "reason=greylisted reply_class=4"));
  stage_end(&talks.stage);
}

static void rule_that_does_nothing_stops_the_start(void **state)
{
  static struct talks talks;

  (void)state;
  begin(&talks, SERVER("{at: NOOP, delay: 1s}, {at: RCPT, match: {to: x}}"));
  assert_true(stage_run(&talks.stage, MSIM_NEVER) < 0);
  assert_non_null(strstr(msim_sim_error(talks.stage.sim), "rule 2 at RCPT does nothing"));
  stage_end(&talks.stage);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rule_answers_instead_of_the_server),
      cmocka_unit_test(chunk_refused_by_rule_ends_the_transaction),
      cmocka_unit_test(refusals_by_rule_are_told),
      cmocka_unit_test(greeting_can_be_late_refused_or_other),
      cmocka_unit_test(early_talker_is_sent_away_where_that_is_asked_for),
      cmocka_unit_test(late_replies_keep_their_order),
      cmocka_unit_test(errors_are_slow_where_that_is_asked_for),
      cmocka_unit_test(rule_holds_from_one_time_to_another),
      cmocka_unit_test(connection_is_cut_before_behind_or_instead_of_a_reply),
      cmocka_unit_test(rate_is_counted_for_each_and_in_its_time),
      cmocka_unit_test(rate_with_421_ends_the_connection),
      cmocka_unit_test(greylist_lets_in_who_comes_again_in_time),
      cmocka_unit_test(rule_that_does_nothing_stops_the_start),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
