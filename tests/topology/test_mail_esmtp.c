/* Tests of the extensions and policies of the agent smtp-server: what is said to it, what it says, what it keeps. The
 * dialogues of plain SMTP are in test_mail_server.c, rules in test_mail_rules.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/disk.h>

#include "topology/mail_stage.h"

#define GREETING "220 mx ESMTP at your service\r\n"
#define SENDER_OK "250 2.1.0 Sender taken\r\n"
#define RCPT_OK "250 2.1.5 Recipient taken\r\n"
#define GO_ON "354 Go on, and end with a dot on a line of its own\r\n"
#define TAKEN "250 2.0.0 Taken as 1\r\n"
#define BYE "221 2.0.0 Goodbye\r\n"
#define MAIL_RCPT "MAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\n"
#define PLAIN_B "AGIAYmx1ZQ==" /* NUL b NUL blue */

#define SERVER                                                                                                         \
  "{domains: {y.example: {b: {password: blue}, carl: , tiny: {size-max: 1000B}, full: {quota: 1B}, m\xc3\xbcller: }}," \
  " size-max: 2kB, without: [AUTH]}"
#define WITH_LOGIN                                                                                                     \
  "{domains: {y.example: {b: {password: blue}}}, auth-failures-max: 2, listen: [{port: 25, mechanisms: [PLAIN, "       \
  "LOGIN]}]}"
#define SUBMISSION                                                                                                     \
  "{domains: {y.example: {b: {password: blue}, carl: }}, aliases: {info@y.example: b, all@y.example: [b, carl]},"      \
  " listen: [{port: 25, role: submission, sender-check: login, mechanisms: [PLAIN]}]}"
#define OPEN                                                                                                           \
  "{domains: {y.example: [b, carl]}, aliases: {info@y.example: [b, carl], loop@y.example: pool@y.example,"             \
  " pool@y.example: loop@y.example, b@y.example: [b, carl], \"@z.example\": b, away@y.example: [carl, d@w.example]},"  \
  " tell-vrfy: true, tell-expn: true}"

struct dialogue {
  const char *server, *said, *heard; /* behind EHLO and its reply; QUIT and goodbye are added */
  size_t said_bytes;                 /* 0: up to the zero */
  unsigned stored;                   /* messages for b */
};

static const struct dialogue dialogues[] = {
    {SERVER, "QUIT\r\nNOOP\r\n" MAIL_RCPT, "", 0, 0},
    /* ---- BDAT, RFC 3030 ---- */
    {SERVER, MAIL_RCPT "BDAT 12\r\nSubject: x\r\nBDAT 6 LAST\r\n\r\nHi\r\n",
     SENDER_OK RCPT_OK "250 2.0.0 12 octets received\r\n" TAKEN, 0, 1},
    {SERVER, MAIL_RCPT "BDAT 0 LAST\r\n", SENDER_OK RCPT_OK TAKEN, 0, 1},
    {SERVER, MAIL_RCPT "BDAT 5\r\n.\r\n.\rBDAT 2 LAST\r\n\nx",
     SENDER_OK RCPT_OK "250 2.0.0 5 octets received\r\n" TAKEN, 0, 1},
    /* refused chunks are passed over: QUIT inside is content */
    {SERVER, "BDAT 6\r\nQUIT\r\nMAIL FROM:<a@x.example>\r\nBDAT 6 LAST\r\nQUIT\r\nNOOP\r\n",
     "503 5.5.1 BDAT belongs behind RCPT\r\n" SENDER_OK
     "503 5.5.1 BDAT belongs behind RCPT\r\n250 2.0.0 Still here\r\n",
     0, 0},
    {SERVER,
     MAIL_RCPT
     "BDAT 1\r\nxDATA\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<b@y.example>\r\nNOOP\r\nRSET\r\nBDAT 1 LAST\r\nx",
     SENDER_OK RCPT_OK "250 2.0.0 1 octets received\r\n503 5.5.1 More chunks belong here, or RSET\r\n"
                       "503 5.5.1 More chunks belong here, or RSET\r\n503 5.5.1 More chunks belong here, or "
                       "RSET\r\n250 2.0.0 Still here\r\n"
                       "250 2.0.0 Forgotten\r\n503 5.5.1 BDAT belongs behind RCPT\r\n",
     0, 0},
    {SERVER, MAIL_RCPT "BDAT\r\nBDAT x\r\nBDAT 1 FIRST\r\nBDAT 4 LAST\r\nHi\r\n",
     SENDER_OK RCPT_OK "501 5.5.4 A chunk size is needed\r\n501 5.5.4 A chunk size is needed\r\n"
                       "501 5.5.4 Only LAST may stand behind the chunk size\r\n" TAKEN,
     0, 1},
    /* lines count in chunks of text, and do not in those of binary */
    {SERVER, MAIL_RCPT "BDAT 3 LAST\r\na\nb",
     SENDER_OK RCPT_OK "550 5.6.0 CR and LF stand only together (RFC 5321 2.3.8)\r\n", 0, 0},
    {SERVER, MAIL_RCPT "BDAT 2 LAST\r\na\r",
     SENDER_OK RCPT_OK "550 5.6.0 CR and LF stand only together (RFC 5321 2.3.8)\r\n", 0, 0},
    {SERVER, "MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<b@y.example>\r\nDATA\r\nBDAT 4 LAST\r\na\n\0b",
     SENDER_OK RCPT_OK "503 5.5.1 BODY=BINARYMIME wants BDAT\r\n" TAKEN,
     sizeof "MAIL FROM:<> BODY=BINARYMIME\r\nRCPT TO:<b@y.example>\r\nDATA\r\nBDAT 4 LAST\r\na\n\0b" - 1, 1},
    /* ---- DSN, RFC 3461 ---- */
    {SERVER,
     "MAIL FROM:<a@x.example> RET=HDRS ENVID=QQ+2B1\r\nRCPT TO:<b@y.example> NOTIFY=SUCCESS,DELAY "
     "ORCPT=rfc822;B+40y.example\r\n"
     "RCPT TO:<carl@y.example> NOTIFY=NEVER\r\nDATA\r\n.\r\n",
     SENDER_OK RCPT_OK RCPT_OK GO_ON TAKEN, 0, 1},
    /* ---- SMTPUTF8, RFC 6531 ---- */
    {SERVER,
     "MAIL FROM:<\xc3\xbc@x.example>\r\nMAIL FROM:<\xc3\xbc@b\xc3\xbc"
     "cher.example> SMTPUTF8\r\nRCPT TO:<M\xc3\xbcLLER@y.example>\r\n"
     "RCPT TO:<b@y.example>\r\nDATA\r\nSubject: \xc3\xbc\r\n.\r\nMAIL FROM:<a@x.example>\r\nRCPT "
     "TO:<m\xc3\xbcller@y.example>\r\n",
     "553 5.6.7 Addresses beyond ASCII are not permitted here\r\n" SENDER_OK RCPT_OK RCPT_OK GO_ON TAKEN SENDER_OK
     "553 5.6.7 Addresses beyond ASCII are not permitted here\r\n",
     0, 1},
    /* ---- addresses ---- */
    {SERVER,
     "MAIL FROM:<@one.example,@two.example:a@x.example>\r\nRCPT TO:<@mx:b@y.example>\r\nRCPT TO:<\"b\"@y.example>\r\n"
     "RCPT TO:<\"b\"@[10.1.2.3]>\r\nRCPT TO:<POSTMASTER>\r\nRCPT TO:<Postmaster@y.example>\r\nRCPT TO:<b>\r\n",
     SENDER_OK RCPT_OK RCPT_OK "550 5.7.1 Only customers' mail is passed on\r\n" RCPT_OK RCPT_OK
                               "501 5.1.3 The address needs a domain\r\n",
     0, 0},
    /* ---- limits of one user ---- */
    {SERVER,
     "MAIL FROM:<> SIZE=1001\r\nRCPT TO:<tiny@y.example>\r\nRCPT TO:<b@y.example>\r\nRCPT TO:<full@y.example>\r\n",
     SENDER_OK "552 5.2.3 The message is too large for this mailbox\r\n" RCPT_OK "452 4.2.2 The mailbox is full\r\n", 0,
     0},
    {"{domains: {y.example: {tiny: {size-max: 10B}, full: {quota: 20B}}}}",
     "MAIL FROM:<>\r\nRCPT TO:<tiny@y.example>\r\nDATA\r\nlonger than ten\r\n.\r\nMAIL FROM:<>\r\nRCPT "
     "TO:<full@y.example>\r\n"
     "BDAT 23 LAST\r\nlonger than twenty ..\r\n",
     SENDER_OK RCPT_OK GO_ON "552 5.2.3 The message is too large for a recipient\r\n" SENDER_OK RCPT_OK
                             "452 4.2.2 The mailbox of a recipient is full\r\n",
     0, 0},
    {OPEN, "MAIL FROM:<>\r\nRCPT TO:<carl@y.example>\r\nRCPT TO:<loop@y.example>\r\n",
     SENDER_OK RCPT_OK "550 5.1.1 This leads to nobody\r\n", 0, 0},
    /* ---- VRFY, EXPN, and aliases ---- */
    {SERVER, "VRFY b\r\nEXPN info@y.example\r\n",
     "252 2.1.5 Not told, but try to send\r\n502 5.5.1 This command is not offered here\r\n", 0, 0},
    {OPEN,
     "VRFY carl\r\nVRFY <CARL@y.example>\r\nVRFY nobody\r\nVRFY x@elsewhere.example\r\nVRFY info@y.example\r\nVRFY\r\n",
     "250 2.1.5 <carl@y.example>\r\n250 2.1.5 <carl@y.example>\r\n550 5.1.1 There is no such mailbox here\r\n"
     "252 2.1.5 Not told, but try to send\r\n252 2.1.5 Not told, but try to send\r\n501 5.5.4 A name is needed\r\n",
     0, 0},
    {OPEN, "EXPN info@y.example\r\nEXPN carl@y.example\r\nEXPN loop@y.example\r\n",
     "250-2.1.5 <b@y.example>\r\n250-2.1.5 <carl@y.example>\r\n250 2.1.5 <carl@y.example>\r\n"
     "550 5.1.1 There is no such list here\r\n550 5.1.1 This leads to nobody\r\n",
     0, 0},
    {OPEN, "MAIL FROM:<>\r\nRCPT TO:<info@y.example>\r\nRCPT TO:<x@z.example>\r\nDATA\r\n.\r\n",
     SENDER_OK RCPT_OK RCPT_OK GO_ON TAKEN, 0, 1},
    {OPEN, "MAIL FROM:<>\r\nRCPT TO:<loop@y.example>\r\nRCPT TO:<away@y.example>\r\nDATA\r\n",
     SENDER_OK
     "550 5.1.1 This leads to nobody\r\n550 5.3.2 Nothing here passes mail on\r\n503 5.5.1 Say RCPT first\r\n",
     0, 0},
    {OPEN, "MAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n.\r\n", SENDER_OK RCPT_OK GO_ON TAKEN, 0, 1},
    /* ---- AUTH, RFC 4954 ---- */
    {WITH_LOGIN,
     "AUTH PLAIN " PLAIN_B "\r\nAUTH PLAIN " PLAIN_B
     "\r\nMAIL FROM:<a@x.example> AUTH=<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n.\r\n",
     "235 2.7.0 Welcome\r\n503 5.5.1 You are logged in already\r\n" SENDER_OK RCPT_OK GO_ON TAKEN, 0, 1},
    {WITH_LOGIN, "AUTH PLAIN\r\n" PLAIN_B "\r\n", "334 \r\n235 2.7.0 Welcome\r\n", 0, 0},
    {WITH_LOGIN, "auth login\r\nYg==\r\nYmx1ZQ==\r\n", "334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n235 2.7.0 Welcome\r\n",
     0, 0},
    {WITH_LOGIN, "AUTH LOGIN QkBZLkVYQU1QTEU=\r\nYmx1ZQ==\r\n", "334 UGFzc3dvcmQ6\r\n235 2.7.0 Welcome\r\n", 0, 0},
    {WITH_LOGIN, "AUTH PLAIN\r\n*\r\nAUTH LOGIN\r\nYg==\r\n*\r\nNOOP\r\n",
     "334 \r\n501 5.7.0 Given up\r\n334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n501 5.7.0 Given up\r\n250 2.0.0 Still "
     "here\r\n",
     0, 0},
    {WITH_LOGIN, "AUTH PLAIN AGIAcmVk\r\nAUTH PLAIN " PLAIN_B "\r\n",
     "535 5.7.8 Name or password is wrong\r\n235 2.7.0 Welcome\r\n", 0, 0},
    {WITH_LOGIN,
     "AUTH CRAM-MD5\r\nAUTH GSSAPI\r\nAUTH\r\nAUTH PLAIN =\r\nAUTH PLAIN x\r\nAUTH PLAIN\r\n!\r\nAUTH PLAIN\r\n\r\n",
     "504 5.5.4 There is no such mechanism here\r\n504 5.5.4 There is no such mechanism here\r\n"
     "501 5.5.4 The name of a mechanism is needed\r\n501 5.5.2 This makes no sense in this mechanism\r\n"
     "501 5.5.2 This is no base64\r\n334 \r\n501 5.5.2 This is no base64\r\n334 \r\n"
     "501 5.5.2 This makes no sense in this mechanism\r\n",
     0, 0},
    {WITH_LOGIN, "MAIL FROM:<a@x.example>\r\nAUTH PLAIN " PLAIN_B "\r\nRSET\r\nHELO pc\r\nAUTH PLAIN " PLAIN_B "\r\n",
     SENDER_OK "503 5.5.1 Say RCPT first\r\n250 2.0.0 Forgotten\r\n250 mx\r\n503 5.5.1 Say EHLO first\r\n", 0, 0},
    {SERVER, "AUTH PLAIN " PLAIN_B "\r\nMAIL FROM:<a@x.example> AUTH=<>\r\n",
     "502 5.5.1 This command is not offered here\r\n555 5.5.4 A parameter is not known here\r\n", 0, 0},
    /* ---- submission, RFC 6409 ---- */
    {SUBMISSION,
     "VRFY b\r\n" MAIL_RCPT "NOOP\r\nRSET\r\nAUTH PLAIN " PLAIN_B
     "\r\nMAIL FROM:<a@x.example>\r\nMAIL FROM:<carl@y.example>\r\n"
     "MAIL FROM:<info@y.example>\r\nRSET\r\nMAIL FROM:<B@y.example>\r\nRCPT TO:<b@y.example>\r\nRCPT "
     "TO:<c@w.example>\r\nDATA\r\nHi\r\n.\r\n",
     "530 5.7.0 Log in first\r\n530 5.7.0 Log in first\r\n503 5.5.1 Say MAIL first\r\n250 2.0.0 Still here\r\n250 "
     "2.0.0 Forgotten\r\n"
     "235 2.7.0 Welcome\r\n550 5.7.1 This sender is somebody else\r\n550 5.7.1 This sender is somebody "
     "else\r\n" SENDER_OK "250 2.0.0 Forgotten\r\n" SENDER_OK RCPT_OK
     "550 5.3.2 Nothing here passes mail on\r\n" GO_ON TAKEN,
     0, 1},
    /* ---- less than everything ---- */
    {"{domains: {y.example: [b]}, without: [ENHANCEDSTATUSCODES, SIZE, 8bitmime, SMTPUTF8, DSN, CHUNKING, PIPELINING]}",
     "MAIL FROM:<> SIZE=1\r\nMAIL FROM:<> BODY=8BITMIME\r\nMAIL FROM:<> SMTPUTF8\r\nMAIL FROM:<> RET=FULL\r\nBDAT "
     "1\r\nMAIL FROM:<>\r\n"
     "RCPT TO:<b@y.example> NOTIFY=NEVER\r\n",
     "555 A parameter is not known here\r\n555 A parameter is not known here\r\n555 A parameter is not known here\r\n"
     "555 A parameter is not known here\r\n502 This command is not offered here\r\n250 Sender taken\r\n"
     "555 A parameter is not known here\r\n",
     0, 0},
    {"{strict-helo: true}", "EHLO my_pc\r\nHELO [10.0.0.1]\r\nEHLO [IPv6:::1\r\nHELO -\r\n",
     "501 5.5.4 A domain name or an address literal is needed\r\n250 mx\r\n501 5.5.4 A domain name or an address "
     "literal is needed\r\n"
     "501 5.5.4 A domain name or an address literal is needed\r\n",
     0, 0},
};

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

/* Behind the reply to EHLO, whatever it offers. */
static const char *behind_ehlo(const char *heard)
{
  const char *at = strstr(heard, "\r\n250 ");

  assert_memory_equal(heard, GREETING, strlen(GREETING));
  assert_non_null(at);
  return strstr(at + 2, "\r\n") + 2;
}

static void play(const struct dialogue *dialogue, size_t piece_bytes)
{
  static struct mail_stage stage;
  static char said[8192], expected[8192];
  size_t n = dialogue->said_bytes > 0 ? dialogue->said_bytes : strlen(dialogue->said);
  static struct feed feed;

  memcpy(said, "EHLO pc\r\n", 9);
  memcpy(said + 9, dialogue->said, n);
  memcpy(said + 9 + n, "QUIT\r\n", 6);
  feed = feed_of(said, n + 15, piece_bytes);
  build(&stage, &feed, dialogue->server);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_true(feed.closed);
  (void)snprintf(expected, sizeof expected, "%s%s", dialogue->heard,
                 strstr(dialogue->server, "ENHANCED") != NULL ? "221 Goodbye\r\n" : BYE);
  if (strcmp(behind_ehlo(feed.heard), expected) != 0)
    fail_msg("%s\n-- expected\n%s-- found\n%s", dialogue->said, expected, behind_ehlo(feed.heard));
  assert_int_equal(stage_box_count(&stage, "b"), dialogue->stored);
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

/* One dialogue behind EHLO on a server, afterwards to be looked at. */
static void hold(struct mail_stage *stage, struct feed *feed, const char *server, const char *said)
{
  *feed = feed_of(said, strlen(said), 0);
  build(stage, feed, server);
  assert_int_equal(stage_run(stage, MSIM_NEVER), 0);
}

static void chunks_are_kept_as_they_were_sent(void **state)
{
  static const char *const texts[] = {"a\r\n", ".\r\n..\r\n", "x", "\r\n.\r\n.", "a\r\n.\r\nb\r\n"};
  static struct mail_stage stage;
  static struct feed feed;
  static char said[2000], mail[4000];
  size_t i, cut;
  int binary;

  (void)state;
  for (i = 0; i < sizeof texts / sizeof texts[0]; i++)
    for (cut = 0; cut <= strlen(texts[i]); cut++)
      for (binary = 0; binary < 2; binary++) {
        const char *text = texts[i], *body;

        (void)snprintf(
            said, sizeof said,
            "EHLO pc\r\nMAIL FROM:<>%s\r\nRCPT TO:<b@y.example>\r\nBDAT %u\r\n%.*sBDAT %u LAST\r\n%sQUIT\r\n",
            binary ? " BODY=BINARYMIME" : "", (unsigned)cut, (int)cut, text, (unsigned)(strlen(text) - cut),
            text + cut);
        hold(&stage, &feed, SERVER, said);
        assert_int_equal(stage_box_count(&stage, "b"), 1);
        stage_mail(&stage, "b", 0, mail, sizeof mail);
        body = strstr(mail, "+0000\r\n") + 7;
        assert_memory_equal(body, text, strlen(text));
        /* text gets the line end that it lacks; binary stays as it is */
        assert_string_equal(body + strlen(text), !binary && text[strlen(text) - 1] != '\n' ? "\r\n" : "");
        stage_end(&stage);
      }
}

/* The transaction ends with the chunk that was too much, and those behind it are passed over. */
static void chunks_that_are_too_large_end_the_transaction(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  static char said[4000];
  size_t n;

  (void)state;
  strcpy(said, "EHLO pc\r\n" MAIL_RCPT "BDAT 2001\r\n");
  n = strlen(said);
  memset(said + n, 'x', 2001);
  strcpy(said + n + 2001, "BDAT 6 LAST\r\nQUIT\r\n" MAIL_RCPT "BDAT 18446744073709551615 LAST\r\nQUIT\r\n");
  hold(&stage, &feed, SERVER, said);
  assert_string_equal(behind_ehlo(feed.heard),
                      SENDER_OK RCPT_OK "552 5.3.4 The message is too large\r\n"
                                        "503 5.5.1 BDAT belongs behind RCPT\r\n" SENDER_OK RCPT_OK
                                        "421 4.4.2 Nothing was heard for too long\r\n");
  assert_int_equal(stage_count(&stage, "message.refused message=mx-1 protocol=smtp reason=too-large"), 1);
  stage_end(&stage);
}

static void envelope_keeps_what_the_sender_asked_for(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  const struct msim__message *message;

  (void)state;
  hold(&stage, &feed, SERVER,
       "EHLO pc\r\nMAIL FROM:<\xc3\xbc@x.example> RET=HDRS ENVID=QQ+2B1 SMTPUTF8\r\nRCPT TO:<carl@y.example>\r\n"
       "RCPT TO:<b@y.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;B+40y.example\r\nDATA\r\n.\r\nQUIT\r\n");
  message = stage_box(&stage, "b")->items[0].message;
  assert_int_equal(message->ret, MSIM__DSN_RET_HEADERS);
  assert_string_equal(message->envid, "QQ+1");
  assert_true(message->smtputf8);
  assert_string_equal(message->reverse_path, "\xc3\xbc@x.example");
  assert_int_equal(message->dsn[0].notify, 0);
  assert_string_equal(message->dsn[0].orcpt, "");
  assert_int_equal(message->dsn[1].notify, MSIM__DSN_SUCCESS | MSIM__DSN_DELAY);
  assert_string_equal(message->dsn[1].orcpt, "rfc822;B@y.example");
  stage_end(&stage);
}

/* RFC 3848, RFC 6531 4.3. */
static void received_field_names_the_protocol(void **state)
{
  static const struct {
    const char *server, *said, *with;
  } rows[] = {
      {WITH_LOGIN, "HELO pc\r\n" MAIL_RCPT, "with SMTP id"},
      {WITH_LOGIN, "EHLO pc\r\n" MAIL_RCPT, "with ESMTP id"},
      {WITH_LOGIN, "EHLO pc\r\nAUTH PLAIN " PLAIN_B "\r\n" MAIL_RCPT, "with ESMTPA id"},
      {WITH_LOGIN, "EHLO pc\r\nMAIL FROM:<> SMTPUTF8\r\nRCPT TO:<b@y.example>\r\n", "with UTF8SMTP id"},
      {WITH_LOGIN, "EHLO pc\r\nAUTH PLAIN " PLAIN_B "\r\nMAIL FROM:<> SMTPUTF8\r\nRCPT TO:<b@y.example>\r\n",
       "with UTF8SMTPA id"},
  };
  static struct mail_stage stage;
  static struct feed feed;
  static char said[1000], mail[4000];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    (void)snprintf(said, sizeof said, "%sDATA\r\n.\r\nQUIT\r\n", rows[i].said);
    hold(&stage, &feed, rows[i].server, said);
    stage_mail(&stage, "b", 0, mail, sizeof mail);
    assert_non_null(strstr(mail, rows[i].with));
    stage_end(&stage);
  }
}

/* RFC 6409 8: on the port for submission, and nowhere else. */
static void submission_adds_date_and_message_id_where_they_are_missing(void **state)
{
  static const char *const contents[] = {"Hi\r\n", "Date: x\r\n\r\nHi\r\n", "message-id: <1@x>\r\n\r\nHi\r\n",
                                         "Date: x\r\nMessage-ID: <1@x>\r\n\r\nHi\r\n"};
  static struct mail_stage stage;
  static struct feed feed;
  static char said[1000], mail[4000];
  size_t i;

  (void)state;
  for (i = 0; i < 4; i++) {
    (void)snprintf(said, sizeof said,
                   "EHLO pc\r\nAUTH PLAIN " PLAIN_B
                   "\r\nMAIL FROM:<b@y.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n%s.\r\nQUIT\r\n",
                   contents[i]);
    hold(&stage, &feed, SUBMISSION, said);
    stage_mail(&stage, "b", 0, mail, sizeof mail);
    assert_int_equal(strstr(mail, "\r\nDate: Thu, 01 Jan 2026 00:00:00 +0000\r\n") != NULL, (i & 1) == 0);
    assert_int_equal(strstr(mail, "\r\nMessage-ID: <20260101000000.1.mx@y.example>\r\n") != NULL, (i & 2) == 0);
    assert_string_equal(mail + strlen(mail) - strlen(contents[i]), contents[i]);
    assert_memory_equal(mail, "Received: ", 10);
    stage_end(&stage);
  }
}

/* From, or Sender where it is there (RFC 5322 3.6.2). */
static void author_has_to_be_who_has_logged_in(void **state)
{
  static const struct {
    const char *header;
    bool fine;
  } rows[] = {
      {"From: b@y.example", true},
      {"From: B <b@Y.example>, \"Info, all\" <info@y.example>", true},
      {"From: b@y.example, carl@y.example", false},
      {"From: b@y.example, carl@y.example\r\nSender: b@y.example", true},
      {"From: b@y.example\r\nSender: carl@y.example", false},
      {"From: (comment) evil@x.example", false},
      {"From: x: carl@y.example;", false},
      {"From: nobody", false},
      {"From:", true},
      {"Subject: none", true},
  };
  static struct mail_stage stage;
  static struct feed feed;
  static char said[1000];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    (void)snprintf(said, sizeof said,
                   "EHLO pc\r\nAUTH PLAIN " PLAIN_B
                   "\r\nMAIL FROM:<>\r\nRCPT TO:<b@y.example>\r\nDATA\r\n%s\r\n\r\nHi\r\n"
                   ".\r\nQUIT\r\n",
                   rows[i].header);
    hold(&stage, &feed, SUBMISSION, said);
    if ((stage_box_count(&stage, "b") == 1) != rows[i].fine ||
        (strstr(feed.heard, GO_ON "550 5.7.1 The author is somebody else\r\n") == NULL) != rows[i].fine)
      fail_msg("%s", rows[i].header);
    assert_int_equal(stage_count(&stage, "message.refused message=mx-1 protocol=smtp reason=not-your-address"),
                     rows[i].fine ? 0 : 1);
    stage_end(&stage);
  }
}

static void logins_are_told_and_wrong_ones_end_the_connection(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  hold(&stage, &feed, WITH_LOGIN,
       "EHLO pc\r\nAUTH PLAIN AGIAcmVk\r\nAUTH PLAIN AHgAcmVk\r\nNOOP\r\n"); /* b and x, with "red" */
  assert_string_equal(behind_ehlo(feed.heard),
                      "535 5.7.8 Name or password is wrong\r\n421 4.7.0 Too many failed logins\r\n");
  assert_true(stage_saw(&stage, "mx auth.refused user=b mechanism=PLAIN protocol=smtp", "reason=wrong-password"));
  assert_true(stage_saw(&stage, "mx auth.refused user=x mechanism=PLAIN protocol=smtp", "reason=no-such-user"));
  assert_true(feed.closed);
  stage_end(&stage);
  hold(&stage, &feed, WITH_LOGIN,
       "EHLO pc\r\nAUTH LOGIN QkBZLkVYQU1QTEU=\r\nYmx1ZQ==\r\n" MAIL_RCPT "DATA\r\n.\r\nQUIT\r\n");
  assert_true(stage_saw(&stage, "mx auth.ok user=b mechanism=LOGIN protocol=smtp", ""));
  assert_true(stage_saw(&stage, "message.accepted", "user=b"));
  assert_null(strstr(stage.events, "blue"));
  stage_end(&stage);
}

/* RFC 4954 4: 12288 bytes, CRLF included. */
static void auth_line_has_its_own_limit(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  static char said[13000];
  size_t n, length;

  (void)state;
  for (length = 12284; length <= 12288; length += 4) {
    strcpy(said, "EHLO pc\r\nAUTH PLAIN\r\n");
    n = strlen(said);
    memset(said + n, 'A', length);
    strcpy(said + n + length, "\r\nNOOP\r\nQUIT\r\n");
    hold(&stage, &feed, WITH_LOGIN, said);
    assert_string_equal(behind_ehlo(feed.heard), length == 12284
                                                     ? "334 \r\n501 5.5.2 This makes no sense in this mechanism\r\n"
                                                       "250 2.0.0 Still here\r\n" BYE
                                                     : "334 \r\n500 5.5.6 The line is too long\r\n"
                                                       "250 2.0.0 Still here\r\n" BYE);
    stage_end(&stage);
  }
}

/* Each way that both sides know, by a person's own program. */
static void person_logs_in_by_each_mechanism(void **state)
{
  static const char *const names[] = {"SCRAM-SHA-256", "CRAM-MD5", "PLAIN", "LOGIN"};
  static struct mail_stage stage;
  char yaml[300], event[100];
  size_t i;

  (void)state;
  for (i = 0; i < 4; i++) {
    enum msim__sasl_mechanism mechanism;

    assert_true(msim__sasl_find((struct msim_slice){(const uint8_t *)names[i], strlen(names[i])}, &mechanism));
    if (!msim__sasl_is_there(mechanism))
      continue;
    assert_int_equal(stage_begin(&stage, 0), 0);
    assert_int_equal(stage_host(&stage, "mx", NULL), 0);
    assert_int_equal(stage_host(&stage, "pc", "mx"), 0);
    (void)snprintf(
        yaml, sizeof yaml,
        "{domains: {y.example: {b: {password: blue}}}, listen: [{port: 587, role: submission, mechanisms: %s}]}",
        names[i]);
    assert_int_equal(stage_agent(&stage, "mx", "smtp-server", yaml), 0);
    assert_int_equal(
        stage_agent(&stage, "pc", "user",
                    "{address: b@y.example, submit: mx, submit-port: 587, login: {user: b@y.example, password: blue},"
                    " script: [{send: {message: m1, to: b@y.example}}]}"),
        0);
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    (void)snprintf(event, sizeof event, "mx auth.ok user=b mechanism=%s protocol=smtp", names[i]);
    assert_int_equal(stage_count(&stage, event), 1);
    assert_int_equal(stage_count(&stage, "store.add message=m1 mailbox=b"), 1);
    stage_end(&stage);
  }
}

static void aliases_reach_everybody_once(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  hold(&stage, &feed, OPEN,
       "EHLO pc\r\nMAIL FROM:<>\r\nRCPT TO:<info@y.example>\r\nRCPT TO:<carl@y.example>\r\nRCPT TO:<b@y.example>\r\n"
       "RCPT TO:<any@z.example>\r\nDATA\r\n.\r\nQUIT\r\n");
  assert_int_equal(stage_box_count(&stage, "b"), 1);
  assert_int_equal(stage_box_count(&stage, "carl"), 1);
  assert_true(stage_saw(&stage, "message.accepted", "to=b@y.example,carl@y.example size="));
  assert_int_equal(stage_count(&stage, "message.refused"), 0);
  stage_end(&stage);
}

static void forwards_and_customers_reach_the_queue(void **state)
{
  static const char *const servers[] = {
      "{domains: {y.example: [b]}, aliases: {b@y.example: d@w.example}}",
      "{domains: {y.example: [b]}, relay-clients: [10.0.0.0/8]}",
      "{domains: {y.example: [b]}, relay-clients: [192.0.2.0/24]}",
  };
  static const char *const to[] = {"b@y.example", "d@w.example", "d@w.example"};
  static struct mail_stage stage;
  static struct feed feed;
  char said[300];
  int i;

  (void)state;
  for (i = 0; i < 3; i++) {
    (void)snprintf(said, sizeof said, "EHLO pc\r\nMAIL FROM:<a@x.example>\r\nRCPT TO:<%s>\r\nDATA\r\n.\r\nQUIT\r\n",
                   to[i]);
    feed = feed_of(said, strlen(said), 0);
    build(&stage, &feed, servers[i]);
    assert_int_equal(stage_agent(&stage, "mx", "smtp-client", "{}"), 0);
    assert_int_equal(stage_run(&stage, MSIM_SEC(10)), 0);
    assert_int_equal(stage_count(&stage, "smtp.queued message=mx-1 recipients=1"), i < 2 ? 1 : 0);
    assert_int_equal(strstr(feed.heard, "550 5.7.1 Only customers' mail is passed on") != NULL, i == 2);
    stage_end(&stage);
  }
}

static void limit_of_one_client_leaves_others_alone(void **state)
{
  static struct mail_stage stage;
  static struct feed feeds[3];
  int i;

  (void)state;
  for (i = 0; i < 3; i++) {
    feeds[i] = feed_of("EHLO pc\r\n", 9, 0);
    feeds[i].at_ns = MSIM_SEC(1) * (msim_ns)i;
  }
  build(&stage, &feeds[0], "{connections-per-client: 1}");
  assert_int_equal(stage_host(&stage, "other", "mx"), 0);
  assert_int_equal(stage_feed(&stage, "pc", &feeds[1]), 0);
  assert_int_equal(stage_feed(&stage, "other", &feeds[2]), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_string_equal(feeds[1].heard, "421 4.7.0 Too many connections\r\n");
  assert_non_null(strstr(feeds[2].heard, "250 DSN"));
  stage_end(&stage);
}

/* What other programs take for a line end must not hide a second message (in any of the forms that were seen). */
static void smuggled_messages_are_refused_whole(void **state)
{
  static const char *const ends[] = {"\n.\n",   "\n.\r\n",       "\r\n.\n", "\r.\r", "\r\n.\r",
                                     "\r.\r\n", "\r\r\n.\r\r\n", "\n.\r",   "\r.\n", "\r\n\x00.\r\n"};
  static struct mail_stage stage;
  static struct feed feed;
  static char said[1000];
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof ends / sizeof ends[0]; i++) {
    strcpy(said, "EHLO pc\r\n" MAIL_RCPT "DATA\r\nHi");
    n = strlen(said);
    memcpy(said + n, ends[i], i == 9 ? 6 : strlen(ends[i]));
    n += i == 9 ? 6 : strlen(ends[i]);
    strcpy(said + n, "MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@y.example>\r\nDATA\r\nEvil\r\n.\r\nQUIT\r\n");
    n += strlen(said + n);
    feed = feed_of(said, n, 0);
    build(&stage, &feed, SERVER);
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    assert_non_null(strstr(feed.heard, GO_ON "550 5.6.0 "));
    assert_int_equal(stage_box_count(&stage, "b"), 0);
    assert_int_equal(stage_count(&stage, "message.accepted"), 0);
    assert_string_equal(feed.heard + feed.heard_bytes - strlen(BYE), BYE);
    stage_end(&stage);
  }
}

static void set_disk(struct mail_stage *stage, msim_ns sync_ns, uint64_t size_bytes)
{
  struct msim_disk_opts disk;

  memset(&disk, 0, sizeof disk);
  disk.sync_latency_ns = sync_ns;
  disk.size_bytes = size_bytes;
  assert_int_equal(msim_node_set_disk(msim_node_find(stage->sim, "mx"), &disk), 0);
}

/* 250 means that it is safe; what was sent behind the dot waits as long, and a client that leaves changes nothing. */
static void reply_to_the_last_byte_waits_for_the_disk(void **state)
{
  static const char by_data[] = "EHLO pc\r\n" MAIL_RCPT "DATA\r\nHi\r\n.\r\nNOOP\r\nQUIT\r\n";
  static const char by_chunk[] = "EHLO pc\r\n" MAIL_RCPT "BDAT 4 LAST\r\nHi\r\nNOOP\r\nQUIT\r\n";
  static struct mail_stage stage;
  static struct feed feed;
  int i;

  (void)state;
  for (i = 0; i < 4; i++) {
    const char *said = i % 2 == 0 ? by_data : by_chunk;

    feed = feed_of(said, strlen(said) - (i < 2 ? 0 : 12), 0);
    feed.end = i < 2 ? FEED_WAITS : FEED_CLOSES;
    build(&stage, &feed, SERVER);
    set_disk(&stage, MSIM_SEC(3), 0);
    assert_int_equal(stage_run(&stage, MSIM_SEC(3)), 0);
    assert_null(strstr(feed.heard, "Taken"));
    assert_int_equal(stage_count(&stage, "message.accepted"), 0);
    assert_int_equal(stage_box_count(&stage, "b"), 0);
    stage_end(&stage);
    feed = feed_of(said, strlen(said) - (i < 2 ? 0 : 12), 0);
    feed.end = i < 2 ? FEED_WAITS : FEED_CLOSES;
    build(&stage, &feed, SERVER);
    set_disk(&stage, MSIM_SEC(3), 0);
    assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
    assert_string_equal(strstr(feed.heard, "250 2.0.0 Taken"), i < 2 ? TAKEN "250 2.0.0 Still here\r\n" BYE : TAKEN);
    assert_true(feed.closed_ns > MSIM_SEC(3) && feed.closed_ns < MSIM_SEC(10));
    assert_int_equal(stage_box_count(&stage, "b"), 1);
    assert_int_equal(stage_count(&stage, "store.add message=mx-1 mailbox=b durable=true uid=1"), 1);
    stage_end(&stage);
  }
}

static void client_that_vanishes_while_the_disk_works_leaves_its_message(void **state)
{
  static const char said[] = "EHLO pc\r\n" MAIL_RCPT "DATA\r\nHi\r\n.\r\n";
  static struct mail_stage stage;
  static struct feed feed;

  (void)state;
  feed = feed_of(said, sizeof said - 1, 0);
  feed.end = FEED_ABORTS; /* after five seconds */
  build(&stage, &feed, SERVER);
  set_disk(&stage, MSIM_SEC(8), 0);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_null(strstr(feed.heard, "Taken"));
  assert_int_equal(stage_box_count(&stage, "b"), 1);
  assert_int_equal(stage_count(&stage, "message.accepted"), 1);
  stage_end(&stage);
}

static void full_disk_refuses_for_now(void **state)
{
  static struct mail_stage stage;
  static struct feed feed;
  static const char said[] = "EHLO pc\r\n" MAIL_RCPT "DATA\r\nHi\r\n.\r\nNOOP\r\nQUIT\r\n";

  (void)state;
  feed = feed_of(said, sizeof said - 1, 0);
  build(&stage, &feed, SERVER);
  set_disk(&stage, 0, 100);
  assert_int_equal(stage_run(&stage, MSIM_NEVER), 0);
  assert_non_null(strstr(feed.heard, GO_ON "452 4.3.1 "));
  assert_string_equal(feed.heard + feed.heard_bytes - strlen("250 2.0.0 Still here\r\n" BYE),
                      "250 2.0.0 Still here\r\n" BYE);
  assert_int_equal(stage_box_count(&stage, "b"), 0);
  assert_true(stage_saw(&stage, "message.refused message=mx-1", "reply_class=4"));
  stage_end(&stage);
}

/* With the nth allocation failing: the run ends, and nothing is lost. */
static void any_failing_allocation_leaves_nothing_behind(void **state)
{
  static const char said[] =
      "EHLO pc\r\nAUTH LOGIN\r\nYg==\r\nYmx1ZQ==\r\nMAIL FROM:<b@y.example> ENVID=x RET=FULL\r\n"
      "RCPT TO:<all@y.example> ORCPT=rfc822;x@y NOTIFY=DELAY\r\nBDAT 2\r\nHiBDAT 2 LAST\r\n\r\nQUIT\r\n";
  static const char server[] =
      "{domains: {y.example: {b: {password: blue}, carl: }}, aliases: {all@y.example: [b, carl]},"
      " listen: [{port: 25, role: submission, mechanisms: [LOGIN]}],"
      " rules: [{at: MAIL, delay: 1s}, {at: RCPT, greylist: {delay: 0s}}]}";
  static struct mail_stage stage;
  static struct feed feed;
  uint64_t n;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (n = 1; err != 0 && n < 5000; n++) {
    feed = feed_of(said, sizeof said - 1, 0);
    err = stage_begin(&stage, n);
    if (err == 0)
      err = stage_host(&stage, "mx", NULL);
    if (err == 0)
      err = stage_host(&stage, "pc", "mx");
    if (err == 0)
      err = stage_agent(&stage, "mx", "smtp-server", server);
    if (err == 0)
      err = stage_feed(&stage, "pc", &feed);
    if (err == 0)
      err = stage_run(&stage, MSIM_NEVER);
    assert_true(err == 0 || err == MSIM_ERR_NOMEM);
    stage_end(&stage);
  }
  assert_true(n > 50 && n < 5000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(dialogue_in_one_segment_gets_these_replies),
      cmocka_unit_test(dialogue_in_single_bytes_gets_the_same_replies),
      cmocka_unit_test(chunks_are_kept_as_they_were_sent),
      cmocka_unit_test(chunks_that_are_too_large_end_the_transaction),
      cmocka_unit_test(envelope_keeps_what_the_sender_asked_for),
      cmocka_unit_test(received_field_names_the_protocol),
      cmocka_unit_test(submission_adds_date_and_message_id_where_they_are_missing),
      cmocka_unit_test(author_has_to_be_who_has_logged_in),
      cmocka_unit_test(logins_are_told_and_wrong_ones_end_the_connection),
      cmocka_unit_test(auth_line_has_its_own_limit),
      cmocka_unit_test(person_logs_in_by_each_mechanism),
      cmocka_unit_test(aliases_reach_everybody_once),
      cmocka_unit_test(forwards_and_customers_reach_the_queue),
      cmocka_unit_test(limit_of_one_client_leaves_others_alone),
      cmocka_unit_test(smuggled_messages_are_refused_whole),
      cmocka_unit_test(reply_to_the_last_byte_waits_for_the_disk),
      cmocka_unit_test(client_that_vanishes_while_the_disk_works_leaves_its_message),
      cmocka_unit_test(full_disk_refuses_for_now),
      cmocka_unit_test(any_failing_allocation_leaves_nothing_behind),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
