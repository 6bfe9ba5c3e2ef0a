/* test_expect_read.c: what is wrong with an expectation is told with its place and the nearest spelling. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check/check_files.h"

static int read_text(const char *text, struct findings *findings)
{
  struct msim_slice slice = {(const uint8_t *)text, strlen(text)};
  struct msim_expect *expect;
  int err;

  memset(findings, 0, sizeof *findings);
  err = msim_expect_load_text(&expect, "x.expect", slice, NULL, findings_keep, findings);
  assert_true((err == MSIM_OK) == (expect != NULL));
  msim_expect_free(expect);
  return err;
}

static void text_when_it_is_right_then_no_finding(void **state)
{
  static const char *const texts[] = {
      "",
      "# nothing but a comment\r\n",
      "topology a.yaml   seed 1..20\nuntil 10s\n",
      "topology \"a file.yaml\" until quiet seed 7 violates I1",
      "flow a>b:25#1\n C S ; S S. ; C . # handshake\n S \"220 *\" within 2s ; ... ; end",
      "flow a>b:25#*\n c3 P. 1:34(33) ack 1 win 512 <mss *> +10ms \"x;y # z\" rtx c1 as m",
      "flow a>b:25#1 ; C * *:*(0) lost ; C (33) lost(loss f1) ; S dup ; S corrupt ; * open ; * arrives ; C rtx",
      "flow a>[fd00::1]:25#1 ; C S exactly 0s",
      "dialogue a>b:53#1\n C dns.query name=x type=\"A B\" | C dns.query\n within 1s as q",
      "flow a>b:25#1\n unordered { C \"a\" ; S \"b\"\n C \"c\" } within 1s as all\n",
      "expect a message.accepted message=m1 2 times within 1h as x ; host a crash after x before y\n"
      "expect a>b:25#1 S R 1..2 as y",
      "never m1 bounced ; a>b:25#* * *R*\nsometimes * smtp.deferred to=[a,b]",
      "finally m1 delivered to bob@b.example in INBOX at mx 1..\n m2 failed 0 times ; queues empty ; tcp none open",
      "flow a>b:25#1 ; C \"x\" as m\nat m drop: {conn: \"a>b:25#1\", text: \"250;*\"}\n"
      "at m +15ms {crash: {host: b}, for: 30s}\nat 1.5s down: {host: a}",
  };
  struct findings findings;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    int err = read_text(texts[i], &findings);

    if (err != MSIM_OK)
      fail_msg("%s\n%s", texts[i], findings.text);
  }
}

static void text_when_it_is_wrong_then_place_and_sentence(void **state)
{
  static const struct {
    const char *text, *finding;
  } cases[] = {
      {"nver m1 bounced", "1:1: \"nver\" begins no statement; did you mean the statement \"never\"?\n"},
      {"m1 bounced", "1:1: \"m1\" begins no statement: topology, seed, until, violates, flow, dialogue, at, expect, "
                     "never, sometimes, finally\n"},
      {"topology", "1:9: the path of a topology is expected here\n"},
      {"topology a.yaml sed 1", "1:17: \"sed\" does not belong on this line\n"},
      {"seed 9..1", "1:6: \"9..1\" is no seed: write a number, or a range such as 1..20 of at most 1000000\n"},
      {"seed x", "1:6: \"x\" is no seed: write a number, or a range such as 1..20 of at most 1000000\n"},
      {"until 10", "1:7: \"10\" needs a unit: ns, us, ms, s, min, h or d\n"},
      {"violates I99", "1:10: there is no rule \"I99\"; mailsim list invariants has all\n"},
      {"violates I1\nviolates I2", "2:10: one rule at a time: line 1 says I1 already\n"},
      {"flow a", "1:6: \"a\" is no connection: write CLIENT>SERVER:PORT#N, as a trace does\n"},
      {"flow a>b:25#1 C S", "1:15: a ; is expected behind the connection, not \"C\"\n"},
      {"flow a>b:25#1\n  X S", "2:3: \"X\" is no side: write C or S, a number such as s2, or * for both\n"},
      {"flow a>b:25#1\n  C bogus",
       "2:5: \"bogus\" is no field of a segment: flags such as P., bytes such as 1:34(33), ack N, win N, <options>, a "
       "fate, \"text\", rtx\n"},
      {"flow a>b:25#1\n  C \"a\" \"b\"", "2:9: \"b\": this line has its text already\n"},
      {"flow a>b:25#1\n  C \"a", "2:5: this text does not end: a \" is missing\n"},
      {"flow a>b:25#1\n  within 2s", "2:3: \"within\" needs a line in front of it\n"},
      {"flow a>b:25#1\n  C within 2s exactly 1s", "2:15: one line has one time at most\n"},
      {"flow a>b:25#1\n  ... C", "2:3: a ; is expected behind ...\n"},
      {"flow a>b:25#1\n  unordered C", "2:13: { is expected behind unordered\n"},
      {"flow a>b:25#1\n  unordered { }", "2:15: there is nothing between these braces\n"},
      {"flow a>b:25#1\n  unordered { C S within 1s }", "2:19: ; or } is expected here\n"},
      {"flow a>b:25#1\n  unordered { C\nfinally queues empty",
       "3:1: unordered { is not closed: a } is missing before this line\n"},
      {"flow a>b:25#1\n  unordered { C\n", "2:0: unordered { is not closed: a } is missing\n"},
      {"expect a", "1:9: an event such as message.accepted, or what became of the mail, such as delivered, is "
                   "expected here\n"},
      {"expect a x.y z", "1:14: \"z\": NAME=VALUE is expected here\n"},
      {"expect m1 delivered for bob",
       "1:21: \"for\" says nothing about a mail: write to ADDRESS, at HOST, in MAILBOX, a count, within TIME\n"},
      {"expect queues empty", "1:8: this is about the end: write finally queues empty\n"},
      {"never m1 bounced 2 times", "1:18: never and sometimes have no count\n"},
      {"expect m1 sent within", "1:22: a time such as 10ms or 2s is expected here\n"},
      {"expect m1 sent after accpted\nflow a>b:1#1\nC as accepted",
       "0:0: no line names a moment \"accpted\" (... as accpted); did you mean \"accepted\"?\n"},
      {"flow a>b:1#1\nC as x\nS as x", "3:6: the moment x is named twice, first on line 2\n"},
      {"flow a>b:1#1\nC as 1x", "2:6: \"1x\" is no name of a moment: letters, digits, - and _, and a letter first\n"},
      {"at", "1:0: a time, or the name of a moment, is expected behind at\n"},
      {"at 1s", "1:6: what goes wrong? Write it as in the section faults, such as crash: {host: relay}, for: 30s\n"},
  };
  struct findings findings;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    assert_int_equal(read_text(cases[i].text, &findings), MSIM_ERR_SYNTAX);
    if (strcmp(findings.text, cases[i].finding) != 0)
      fail_msg("%s\n- %s+ %s", cases[i].text, cases[i].finding, findings.text);
  }
}

static void lines_when_several_are_wrong_then_each_is_told(void **state)
{
  struct findings findings;

  (void)state;
  assert_int_equal(read_text("seed x\nflow a\nexpect a\n", &findings), MSIM_ERR_SYNTAX);
  assert_int_equal(findings.count, 3);
}

static void info_when_read_then_what_the_file_says(void **state)
{
  static const char text[] = "topology a.yaml seed 3..5\nuntil 1min\nviolates I3\nsometimes m1 deferred\n";
  struct msim_slice slice = {(const uint8_t *)text, sizeof text - 1};
  struct msim_expect_info info;
  struct msim_expect *expect;

  (void)state;
  assert_int_equal(msim_expect_load_text(&expect, "x", slice, NULL, NULL, NULL), MSIM_OK);
  msim_expect_info(expect, &info);
  assert_string_equal(info.topology, "a.yaml");
  assert_string_equal(info.violates, "I3");
  assert_true(info.has_seeds && info.seed_first == 3 && info.seed_last == 5);
  assert_true(info.has_until && info.until_ns == MSIM_SEC(60));
  assert_true(info.claim_count == 2 && info.has_sometimes);
  msim_expect_free(expect);
}

static void file_when_it_is_not_there_then_it_is_told(void **state)
{
  struct findings findings;
  struct msim_expect *expect;

  (void)state;
  memset(&findings, 0, sizeof findings);
  assert_int_equal(msim_expect_load_file(&expect, MSIM_SOURCE_DIR "/no/such.expect", NULL, findings_keep, &findings),
                   MSIM_ERR_IO);
  assert_null(expect);
  assert_string_equal(findings.text, "0:0: the file cannot be read\n");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_when_it_is_right_then_no_finding),
      cmocka_unit_test(text_when_it_is_wrong_then_place_and_sentence),
      cmocka_unit_test(lines_when_several_are_wrong_then_each_is_told),
      cmocka_unit_test(info_when_read_then_what_the_file_says),
      cmocka_unit_test(file_when_it_is_not_there_then_it_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
