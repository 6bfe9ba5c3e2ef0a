/* test_recogniser.c: dialogues of real programs, good ones and hostile ones, whole, byte by byte and cut anywhere: what
 * is recognised is the same.
 *
 * A dialogue is written with its units: `x begins one, x being a letter of the table below, and ~ ends it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/recogniser.h"

#define BYTES_MAX 8192u
#define MARKS_MAX 256u

enum { C = MSIM__RECOGNISER_CLIENT, S = MSIM__RECOGNISER_SERVER };

struct said {
  int side;
  const char *text;
};

struct mark {
  uint64_t at_byte;
  bool begins;
  const char *unit;
  enum msim__recogniser_label label;
};

struct marks {
  struct mark items[MARKS_MAX];
  size_t count, fed_bytes;
  size_t open[4], depth; /* while a dialogue is read: rows of units */
};

static const struct {
  char letter;
  const char *unit;
  enum msim__recogniser_label label;
} units[] = {{'c', "smtp.command", 0},
             {'E', "smtp.envelope", MSIM__RECOGNISER_NEW_LABEL},
             {'e', "smtp.envelope", MSIM__RECOGNISER_SAME_LABEL},
             {'s', "auth.credentials", 0},
             {'a', "auth.result", 0},
             {'r', "smtp.reply", 0},
             {'R', "smtp.reply", MSIM__RECOGNISER_SAME_LABEL},
             {'M', "mail.content", MSIM__RECOGNISER_NEW_LABEL},
             {'m', "mail.content", MSIM__RECOGNISER_SAME_LABEL},
             {'p', "pop.command", 0},
             {'P', "pop.reply", 0},
             {'i', "imap.command", 0},
             {'I', "imap.reply", 0},
             {'o', "imap.overview", 0},
             {'h', "http.request", 0},
             {'H', "http.response", 0},
             {'w', "webmail.submit", MSIM__RECOGNISER_NEW_LABEL}};

static void add(struct marks *marks, uint64_t at_byte, bool begins, const char *unit, enum msim__recogniser_label label)
{
  struct mark mark = {at_byte, begins, unit, label};

  assert_true(marks->count < MARKS_MAX);
  if (!begins && label != MSIM__RECOGNISER_NO_LABEL)
    mark.label = MSIM__RECOGNISER_SAME_LABEL;
  marks->items[marks->count++] = mark;
}

/* Takes the units out; one that is open stays so in what the side says next. Returns how many bytes are left. */
static size_t read_units(const char *text, uint8_t *bytes, struct marks *expected)
{
  size_t n = 0, i;

  for (; *text != '\0'; text++) {
    if (*text == '`') {
      text++;
      for (i = 0; units[i].letter != *text; i++)
        assert_true(i + 1 < sizeof units / sizeof units[0]);
      add(expected, expected->fed_bytes + n, true, units[i].unit, units[i].label);
      expected->open[expected->depth++] = i;
    } else if (*text == '~') {
      i = expected->open[--expected->depth];
      add(expected, expected->fed_bytes + n, false, units[i].unit, units[i].label);
    } else {
      bytes[n++] = *text == '\x01' ? '\0' : (uint8_t)*text;
    }
  }
  expected->fed_bytes += n;
  return n;
}

static void on_mark(void *ctx, const struct msim__recognised *mark)
{
  struct marks *all = ctx, *marks = &all[mark->side];

  assert_true(mark->begins || mark->back_bytes == 0);
  assert_true(mark->back_bytes <= marks->fed_bytes + mark->at_byte);
  add(marks, marks->fed_bytes + mark->at_byte - mark->back_bytes, mark->begins, mark->unit, mark->label);
}

/* random 0: pieces of piece_bytes. Copies them, so that reading beyond is seen. */
static void feed(struct msim__recogniser *r, int side, const uint8_t *bytes, size_t size_bytes, size_t piece_bytes,
                 uint32_t *random, struct marks *found)
{
  size_t at = 0;

  while (at < size_bytes) {
    size_t n = piece_bytes;
    uint8_t *copy;

    if (*random != 0) {
      *random = *random * 1664525u + 1013904223u;
      n = 1 + (*random >> 16) % 23;
    }
    if (n > size_bytes - at)
      n = size_bytes - at;
    copy = malloc(n);
    assert_non_null(copy);
    memcpy(copy, bytes + at, n);
    msim__recogniser_feed(r, (enum msim__recogniser_side)side, (struct msim_slice){copy, n}, on_mark, found);
    free(copy);
    found[side].fed_bytes += n;
    at += n;
  }
}

static void assert_marks(const struct marks *found, const struct marks *expected, const char *what)
{
  size_t i;

  for (i = 0; i < found->count && i < expected->count; i++) {
    const struct mark *a = &found->items[i], *b = &expected->items[i];

    if (a->at_byte != b->at_byte || a->begins != b->begins || strcmp(a->unit, b->unit) != 0 || a->label != b->label)
      fail_msg("%s: mark %zu is %s %s at %llu (label %d), and should be %s %s at %llu (label %d)", what, i,
               a->begins ? "begin" : "end", a->unit, (unsigned long long)a->at_byte, a->label,
               b->begins ? "begin" : "end", b->unit, (unsigned long long)b->at_byte, b->label);
  }
  if (found->count != expected->count)
    fail_msg("%s: %zu marks, and should be %zu", what, found->count, expected->count);
}

static void run(enum msim__recogniser_protocol protocol, const struct said *dialogue, size_t piece_bytes,
                uint32_t random)
{
  struct marks expected[2], found[2];
  struct msim__recogniser r;
  uint8_t bytes[BYTES_MAX];
  size_t i;

  memset(expected, 0, sizeof expected);
  memset(found, 0, sizeof found);
  msim__recogniser_init(&r, protocol);
  for (i = 0; dialogue[i].text != NULL; i++) {
    size_t n = read_units(dialogue[i].text, bytes, &expected[dialogue[i].side]);

    feed(&r, dialogue[i].side, bytes, n, piece_bytes, &random, found);
  }
  assert_marks(&found[C], &expected[C], "client");
  assert_marks(&found[S], &expected[S], "server");
}

static void check(enum msim__recogniser_protocol protocol, const struct said *dialogue)
{
  uint32_t seed;

  run(protocol, dialogue, BYTES_MAX, 0);
  run(protocol, dialogue, 1, 0);
  run(protocol, dialogue, 2, 0);
  for (seed = 1; seed <= 40; seed++)
    run(protocol, dialogue, 0, seed);
}

/* ---- SMTP ---- */

static void smtp_dialogue_has_the_units_of_agents(void **state)
{
  static const struct said dialogue[] = {
      {S, "`r220 mx ESMTP\r\n~"},
      {C, "`cEHLO laptop\r\n~"},
      {S, "`r250-mx\r\n250-AUTH PLAIN LOGIN\r\n250 PIPELINING\r\n~"},
      {C, "`sAUTH PLAIN AGFubmEAYmx1ZS00Mg==\r\n~"},
      {S, "`a235 2.7.0 Welcome\r\n~"},
      {C, "`EMAIL FROM:<anna@x.example> SIZE=110\r\n~"},
      {S, "`r250 2.1.0 Ok\r\n~"},
      {C, "`eRCPT TO:<carla@x.example>\r\n~`ercpt to:<bob@x.example>\r\n~`cDATA\r\n~"},
      {S, "`r250 2.1.5 Ok\r\n~`r550 5.1.1 No\r\n~`r354 Go on\r\n~"},
      {C, "`mSubject: one\r\n\r\nAUTH PLAIN is only a word here\r\n..dot\r\n.\r\n~`EMAIL FROM:<>\r\n~"},
      {S, "`R250-2.0.0 Taken\r\n250 2.0.0 as 1\r\n~`r250 2.1.0 Ok\r\n~"},
      {C, "`eRCPT TO:<a@x>\r\n~`cBDAT 7\r\n~`ma\r\nb\r\nc~`cBDAT 5 LAST\r\n~`mQUIT\n~`cQUIT\r\n~"},
      {S, "`r250 Ok\r\n~`r250 7 octets\r\n~`R250 Taken\r\n~`r221 Bye\r\n~"},
      {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_SMTP, dialogue);
  check(MSIM__RECOGNISER_AUTO, dialogue);
}

static void smtp_logins_are_hidden_step_by_step(void **state)
{
  static const struct said dialogue[] = {{S, "`r220 mx\r\n~"},           {C, "`sAUTH LOGIN\r\n~"},
                                         {S, "`r334 VXNlcm5hbWU6\r\n~"}, {C, "`sYW5uYQ==\r\n~"},
                                         {S, "`r334 UGFzc3dvcmQ6\r\n~"}, {C, "`sYmx1ZS00Mg==\r\n~"},
                                         {S, "`a535 5.7.8 Wrong\r\n~"},  {C, "`sauth login YW5uYQ==\r\n~"},
                                         {S, "`r334 UGFzc3dvcmQ6\r\n~"}, {C, "`s*\r\n~"},
                                         {S, "`a501 Cancelled\r\n~"},    {C, "`cNOOP\r\n~"},
                                         {S, "`r250 Ok\r\n~"},           {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_SMTP, dialogue);
}

/* Whatever may be a password is hidden, though our server would refuse the line. */
static void smtp_odd_logins_are_hidden(void **state)
{
  static const struct said dialogue[] = {
      {S, "`r220 mx\r\n~"},
      {C, "`s \t AuTh PLAIN x\r\n~"},
      {S, "`a500 What?\r\n~"},
      {C, "`cNOOP\n~`sAUTH PLAIN x\r\n~"},
      {S, "`a500 Lines end in CRLF\r\n~"},
      {C, "`sAUTHPLAIN x\r\n~"},
      {S, "`a500 What?\r\n~"},
      {C, "`sAU\x01TH PLAIN x\r\n~"},
      {S, "`r500 What?\r\n~"},
      {C, "`cX\r\n~`c\r\n~`c \r\n~"},
      {S, "`r500 What?\r\n~`r500 What?\r\n~`r500 What?\r\n~"},
      {C, "`sAUTH PLAIN x\r\n~`sMAIL FROM:<a@x>\r\n~"}, /* too early: nobody knows what it is */
      {S, "`a235 Welcome\r\n~`r250 Ok\r\n~"},
      {C, "`EMAIL FROM:<a@x>\r\n~"},
      {S, NULL}};
  static const struct said blanks[] = {{S, "`r220 mx\r\n~"},
                                       {C, "`s                                                  "
                                           "                                                  AUTH PLAIN x\r\n~"},
                                       {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_SMTP, dialogue);
  check(MSIM__RECOGNISER_SMTP, blanks);
}

static void smtp_content_that_was_refused_is_none(void **state)
{
  static const struct said dialogue[] = {{S, "`r220 mx\r\n~"},
                                         {C, "`EMAIL FROM:<a@x>\r\n~`eRCPT TO:<b@x>\r\n~`cDATA\r\n~"},
                                         {S, "`r250 Ok\r\n~`r550 No\r\n~`r554 No valid recipients\r\n~"},
                                         {C, "`cRSET\r\n~`EMAIL FROM:<a@x>\r\n~"},
                                         {S, "`r250 Ok\r\n~`r250 Ok\r\n~"},
                                         {C, "`cDATA\r\n~"},
                                         {S, "`r354 Go on\r\n~"},
                                         {C, "`m.\r\n~`cQUIT\r\n~"},
                                         {S, "`R554 No recipients\r\n~`r221 Bye\r\n~"},
                                         {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_SMTP, dialogue);
}

static void smtp_content_that_comes_too_early_is_hidden(void **state)
{
  static const struct said taken[] = {{S, "`r220 mx\r\n~"},
                                      {C, "`cDATA\r\n~`sSubject: a\r\n~`sha"},
                                      {S, "`r354 Go on\r\n~"},
                                      {C, "~`mlf\r\n.\r\n~`cQUIT\r\n~"},
                                      {S, "`R250 Taken\r\n~`r221 Bye\r\n~"},
                                      {S, NULL}};
  static const struct said whole[] = {{S, "`r220 mx\r\n~"},
                                      {C, "`cDATA\r\n~`sa\r\n~`s.\r\n~`sQUIT\r\n~"},
                                      {S, "`r354 Go on\r\n~`R250 Taken\r\n~`r221 Bye\r\n~"},
                                      {C, "`cNOOP\r\n~"},
                                      {S, NULL}};
  static const struct said refused[] = {{S, "`r220 mx\r\n~"},
                                        {C, "`cDATA\r\n~`sAUTH PLAIN x\r\n~"},
                                        {S, "`r503 No\r\n~`r235 Welcome\r\n~"},
                                        {C, "`cNOOP\r\n~"},
                                        {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_SMTP, taken);
  check(MSIM__RECOGNISER_SMTP, whole);
  check(MSIM__RECOGNISER_SMTP, refused);
}

static void smtp_ends_where_encryption_begins(void **state)
{
  static const struct said begun[] = {{S, "`r220 mx\r\n~"},           {C, "`cSTARTTLS\r\n~"},   {S, "`r220 Go on\r\n~"},
                                      {C, "\x16\x03 AUTH PLAIN\r\n"}, {S, "250 gibberish\r\n"}, {S, NULL}};
  static const struct said refused[] = {
      {S, "`r220 mx\r\n~"}, {C, "`cSTARTTLS\r\n~"}, {S, "`r502 No\r\n~"}, {C, "`cQUIT\r\n~"}, {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_SMTP, begun);
  check(MSIM__RECOGNISER_SMTP, refused);
}

static void smtp_replies_that_are_none_have_no_unit(void **state)
{
  static const struct said dialogue[] = {{S, "`r220 mx\r\n~"},
                                         {C, "`cNOOP\r\n~"},
                                         {S, "hello\r\n\r\n25\r\n`r250 Ok\r\n~"},
                                         {S, "`r250 Nobody has asked\r\n~"},
                                         {C, "`cDATA\r\n~"},
                                         {S, "`r354 Go on\r\n~"},
                                         {C, "`ma\r\n.\r\n~"},
                                         {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_SMTP, dialogue);
}

/* ---- POP3 ---- */

static void pop_dialogue_has_the_units_of_agents(void **state)
{
  static const struct said dialogue[] = {
      {S, "`P+OK ready <1@x>\r\n~"},
      {C, "`pCAPA\r\n~"},
      {S, "`P+OK\r\nSASL PLAIN\r\n+ not a challenge\r\n.\r\n~"},
      {C, "`pUSER carla\r\n~`spass red-17\r\n~"},
      {S, "`P+OK\r\n~`a-ERR no\r\n~"},
      {C, "`sAUTH PLAIN\r\n~"},
      {S, "`P+ \r\n~"},
      {C, "`sAGNhcmxhAHJlZC0xNw==\r\n~"},
      {S, "`a+OK 2 messages\r\n~"},
      {C, "`pSTAT\r\n~`pUIDL\r\n~`pLIST 1\r\n~`pRETR 1\r\n~`pTOP 1 0\r\n~`pDELE 1\r\n~"},
      {S, "`P+OK 2 100\r\n~`P+OK\r\n1 a\r\n.\r\n~`P+OK 1 50\r\n~`P+OK 50 octets\r\n~`MSubject: a\r\n\r\n..\r\n.\r\n~"},
      {S, "`P+OK\r\n~`PSubject: a\r\n\r\n.\r\n~`P-ERR gone\r\n~"},
      {C, "`sAPOP carla 0123456789abcdef\r\n~"},
      {S, "`a-ERR no\r\n~"},
      {C, "`pSTLS\r\n~"},
      {S, "`P-ERR no\r\n~"},
      {C, "`pQUIT\r\n~"},
      {S, "`P+OK\r\n~"},
      {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_POP, dialogue);
  check(MSIM__RECOGNISER_AUTO, dialogue);
}

static void pop_odd_logins_are_hidden(void **state)
{
  static const struct said dialogue[] = {{S, "`P+OK\r\n~"},
                                         {C, "`s  PASS red-17\r\n~`pNOOP\n~`sPASS red-17\r\n~`sPASS:red-17\r\n~"},
                                         {S, "`a-ERR\r\n~`a-ERR\r\n~`a-ERR\r\n~"},
                                         {C, "`sAUTH LOGIN\r\n~`sY2FybGE=\r\n~`scmVkLTE3\r\n~"},
                                         {S, "`P+ VXNlcm5hbWU6\r\n~`P+ UGFzc3dvcmQ6\r\n~`a+OK\r\n~"},
                                         {C, "`pNOOP\r\n~"},
                                         {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_POP, dialogue);
}

/* More commands at a time than are remembered. */
static void pop_client_that_runs_ahead_is_lost(void **state)
{
  char text[2048] = "";
  struct said dialogue[] = {
      {S, "`P+OK\r\n~"},  {C, text}, {S, "+OK\r\n+OK\r\n"}, {C, "`sAUTH PLAIN x\r\n~`sSTAT\r\n~"}, {S, "+OK\r\n"},
      {C, "`sSTAT\r\n~"}, {S, NULL}};
  unsigned i;

  (void)state;
  for (i = 0; i < MSIM__RECOGNISER_ASKED_MAX + 1; i++)
    strcat(text, "`pNOOP\r\n~");
  check(MSIM__RECOGNISER_POP, dialogue);
}

static void pop_ends_where_encryption_begins(void **state)
{
  static const struct said dialogue[] = {{S, "`P+OK\r\n~"},        {C, "`pSTLS\r\n~`sPASS too-early\r\n~"},
                                         {S, "`P+OK go on\r\n~"},  {C, "PASS gibberish"},
                                         {S, "+OK gibberish\r\n"}, {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_POP, dialogue);
}

/* ---- IMAP ---- */

static void imap_dialogue_has_the_units_of_agents(void **state)
{
  static const struct said dialogue[] = {
      {S, "`I* OK ready\r\n~"},
      {C, "`iA001 CAPABILITY\r\n~"},
      {S, "`I* CAPABILITY IMAP4rev1\r\n~`IA001 OK\r\n~"},
      {C, "`sA002 LOGIN \"carla\" \"red {17}\"\r\n~"},
      {S, "`aA002 NO wrong\r\n~"},
      {C, "`sA003 login {5}\r\n~"},
      {S, "`I+ go on\r\n~"},
      {C, "`scarla~`s {6+}\r\n~`sred-17~`s\r\n~"},
      {S, "`aA003 NO wrong\r\n~"},
      {C, "`sA004 AUTHENTICATE PLAIN\r\n~"},
      {S, "`I+ \r\n~"},
      {C, "`sAGNhcmxhAHJlZC0xNw==\r\n~"},
      {S, "`aA004 OK welcome\r\n~"},
      {C, "`iA005 SELECT INBOX\r\n~`iA006 APPEND INBOX (\\Seen) {6}\r\n~"},
      {S, "`I* 3 EXISTS\r\n~`IA005 OK\r\n~`I+ go on\r\n~"},
      {C, "`Ma\r\nb\r\n~`i\r\n~`iA007 APPEND {5+}\r\n~`iINBOX~`i (\\Seen) {1+}\r\n~`Mx~`i {2+}\r\n~`Myz~`i\r\n~"},
      {S, "`IA006 OK\r\n~`IA007 OK\r\n~"},
      {C, "`iA008 UID FETCH 1 (BODY[HEADER] BODY[TEXT]<0> RFC822)\r\n~"},
      {S, "`o* 1 FETCH (UID 5 BODY[HEADER.FIELDS (\"A\" \"B\")] {3}\r\n~`oa\r\n~`o BODY[1.TEXT]<0> {2}\r\n~`Mbc~"},
      {S, "`o RFC822 {1}\r\n~`Mx~`o RFC822.HEADER {1}\r\n~`ox~`o BODY[] \"y\" ENVELOPE ({1}\r\n~`oz~`o))\r\n~"},
      {S, "`I* 1 EXPUNGE\r\n~`IA008 OK\r\n~"},
      {C, "`iA009 IDLE\r\n~"},
      {S, "`I+ idling\r\n~"},
      {C, "`iDONE\r\n~`iA010 LOGOUT\r\n~"},
      {S, "`IA009 OK\r\n~`I* BYE\r\n~`IA010 OK\r\n~"},
      {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_IMAP, dialogue);
  check(MSIM__RECOGNISER_AUTO, dialogue);
}

static void imap_odd_logins_are_hidden(void **state)
{
  static const struct said dialogue[] = {
      {S, "`I* OK ready\r\n~"},
      {C, "`sLOGIN carla red-17\r\n~`s  A1\t LOGIN carla red-17\r\n~`sA2 LOGIN{5} x\r\n~`sA3 AUTH PLAIN x\r\n~"},
      {C, "`iA4 NOOP\n~`sA5 LOGIN carla red-17\r\n~"},
      {C, "`s"
          "A23456789-123456789-123456789-123456789-123456789-123456789-123456789-123456789-123456789-123456789-12345 "
          "LOGIN carla red-17\r\n~"},
      {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_IMAP, dialogue);
}

static void imap_literal_that_is_refused_is_a_command(void **state)
{
  static const struct said dialogue[] = {{S, "`I* OK ready\r\n~"},
                                         {C, "`iA1 APPEND INBOX {100}\r\n~"},
                                         {S, "`IA1 NO [TOOBIG]\r\n~"},
                                         {C, "`sA2 LOGIN carla red-17\r\n~`iA3 NOOP\r\n~"},
                                         {S, NULL}};
  static const struct said early[] = {{S, "`I* OK ready\r\n~"},
                                      {C, "`iA1 APPEND INBOX {100}\r\n~`sA2 LOGIN carla r"},
                                      {S, "`IA1 NO [TOOBIG]\r\n~"},
                                      {C, "ed-17\r\n~`iA3 NOOP\r\n~"},
                                      {S, NULL}};
  static const struct said early_taken[] = {{S, "`I* OK ready\r\n~"},
                                            {C, "`iA1 APPEND INBOX {10}\r\n~`s1234"},
                                            {S, "`I+ go on\r\n~"},
                                            {C, "~`M567890~`i\r\n~`iA3 NOOP\r\n~"},
                                            {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_IMAP, dialogue);
  check(MSIM__RECOGNISER_IMAP, early);
  check(MSIM__RECOGNISER_IMAP, early_taken);
}

static void imap_ends_where_encryption_begins(void **state)
{
  static const struct said dialogue[] = {{S, "`I* OK ready\r\n~"},  {C, "`iA1 STARTTLS\r\n~"},
                                         {S, "`aA1 OK begin\r\n~"}, {C, "A2 LOGIN gibberish\r\n"},
                                         {S, "* 1 FETCH\r\n"},      {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_IMAP, dialogue);
}

/* ---- HTTP ---- */

static void http_dialogue_has_the_units_of_agents(void **state)
{
  static const struct said dialogue[] = {
      {C, "`hGET /mail?folder=INBOX HTTP/1.1\r\nHost: x\r\n\r\n~"},
      {S, "`HHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello~"},
      {C, "`hPOST /login HTTP/1.1\r\nHost: x\r\nContent-Length: 26\r\n\r\n~`suser=carla&password=red-17~"},
      {S, "`HHTTP/1.1 303 See Other\r\nContent-Length: 0\r\n\r\n~"},
      {C, "`wPOST /send HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 6\r\n\r\nto=bob~"},
      {S,
       "`HHTTP/1.1 100 Continue\r\n\r\n~`HHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n~"},
      {C, "`hHEAD / HTTP/1.1\r\n\r\n~`hGET / HTTP/1.1\r\n\r\n~"},
      {S, "`HHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n~`HHTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n~"},
      {C, "\r\n`hGET / HTTP/1.0\r\n\r\n~"},
      {S, "`HHTTP/1.0 200 OK\r\n\r\nuntil the end"},
      {S, NULL}};
  const struct said *const forms[] = {
      (const struct said[]){{C, "`hPOST /account HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                                "Content-Length: 36\r\n\r\na=1&new_Password=`sred=17~&b=2&p%61=`sred~~"},
                            {S, NULL}},
      (const struct said[]){{C, "`hGET /x?user=carla&passwd=`sred-17~&y=1 HTTP/1.1\r\n\r\n~"}, {S, NULL}},
      (const struct said[]){{C, "`hGET / HTTP/1.1\r\nauthorization:`s Basic Y2FybGE6cmVkLTE3\r\n~Host: x\r\n\r\n~"},
                            {S, NULL}},
      (const struct said[]){{C, "`hPOST /login HTTP/1.1\r\nContent-Length: x\r\n\r\n~`suser=carla&password=red-17\r\n"},
                            {S, NULL}},
      (const struct said[]){{C, "`hPOST /api/login HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n~"
                                "`s5\r\n{\"p\":\r\n0\r\n\r\n~`hGET / HTTP/1.1\r\n\r\n~"},
                            {S, NULL}}};
  size_t i;

  (void)state;
  check(MSIM__RECOGNISER_HTTP, dialogue);
  check(MSIM__RECOGNISER_AUTO, dialogue);
  for (i = 0; i < sizeof forms / sizeof forms[0]; i++)
    check(MSIM__RECOGNISER_HTTP, forms[i]);
}

static void what_is_no_protocol_has_no_units(void **state)
{
  static const struct said dialogue[] = {{S, "hello\r\n"}, {C, "PASS red-17\r\n"}, {S, "+OK\r\n"}, {S, NULL}};
  static const struct said client_first[] = {{C, "\x16\x03\x01"}, {S, "220 x\r\n"}, {S, NULL}};
  static const struct said no_http[] = {
      {C, "`hGET / HTTP/1.1\r\n\r\n~"}, {S, "SSH-2.0\r\n"}, {C, "PASS x\r\n"}, {S, NULL}};

  (void)state;
  check(MSIM__RECOGNISER_AUTO, dialogue);
  check(MSIM__RECOGNISER_NONE, dialogue);
  check(MSIM__RECOGNISER_AUTO, client_first);
  check(MSIM__RECOGNISER_HTTP, no_http);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(smtp_dialogue_has_the_units_of_agents),
      cmocka_unit_test(smtp_logins_are_hidden_step_by_step),
      cmocka_unit_test(smtp_odd_logins_are_hidden),
      cmocka_unit_test(smtp_content_that_was_refused_is_none),
      cmocka_unit_test(smtp_content_that_comes_too_early_is_hidden),
      cmocka_unit_test(smtp_ends_where_encryption_begins),
      cmocka_unit_test(smtp_replies_that_are_none_have_no_unit),
      cmocka_unit_test(pop_dialogue_has_the_units_of_agents),
      cmocka_unit_test(pop_odd_logins_are_hidden),
      cmocka_unit_test(pop_client_that_runs_ahead_is_lost),
      cmocka_unit_test(pop_ends_where_encryption_begins),
      cmocka_unit_test(imap_dialogue_has_the_units_of_agents),
      cmocka_unit_test(imap_odd_logins_are_hidden),
      cmocka_unit_test(imap_literal_that_is_refused_is_a_command),
      cmocka_unit_test(imap_ends_where_encryption_begins),
      cmocka_unit_test(http_dialogue_has_the_units_of_agents),
      cmocka_unit_test(what_is_no_protocol_has_no_units),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
