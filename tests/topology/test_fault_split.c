/* test_fault_split.c: the text of a connection cut in two segments before a byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/topology_run.h"

#define SEND MSIM_SOURCE_DIR "/topologies/mail-send.yaml"

static struct topology_run run_with(const char *more)
{
  struct topology_run run;

  memset(&run, 0, sizeof run);
  topology_run_file(&run, SEND, more, 1, "text", "");
  if (run.err != MSIM_OK)
    fail_msg("%s", run.error);
  return run;
}

static const char *line_with(const struct topology_run *run, const char *words, char out[512])
{
  const char *at = strstr(run->trace.data, words), *begin;

  assert_non_null(at);
  for (begin = at; begin > run->trace.data && begin[-1] != '\n'; begin--)
    ;
  snprintf(out, 512, "%.*s", (int)strcspn(begin, "\n"), begin);
  return out;
}

static void text_when_cut_then_two_segments_of_one_instant(void **state)
{
  struct topology_run plain = run_with("");
  struct topology_run cut = run_with("faults: [{id: f, split: {conn: \"pc-a>isp-x:25#1\", from: pc-a, at: 2}}]\n");
  char line[512];

  (void)state;
  (void)line_with(&plain, "pc-a>isp-x:25#1 c3 ", line);
  assert_non_null(strstr(line, "EHLO pc-a\\r\\n"));
  (void)line_with(&cut, "pc-a>isp-x:25#1 c3 ", line);
  assert_non_null(strstr(line, " 1:3(2) "));
  assert_non_null(strstr(line, "\"EH\""));
  (void)line_with(&cut, "pc-a>isp-x:25#1 c4 ", line);
  assert_non_null(strstr(line, "\"LO pc-a\\r\\n\""));
  assert_int_equal(strncmp(line, line_with(&cut, "pc-a>isp-x:25#1 c3 ", line), 11), 0);
  (void)line_with(&cut, "split id=f", line);
  assert_non_null(strstr(line, "conn=pc-a>isp-x:25#1 from=pc-a at=2"));
  assert_true(plain.prints.mail == cut.prints.mail);
  assert_true(plain.counters.segment_count < cut.counters.segment_count);
  free(plain.trace.data);
  free(cut.trace.data);
}

static void cuts_when_several_in_one_segment_then_all(void **state)
{
  struct topology_run cut = run_with("faults:\n"
                                     "  - {id: a, split: {conn: \"pc-a>isp-x:25#1\", from: pc-a, at: 4}}\n"
                                     "  - {id: b, split: {conn: \"pc-a>isp-x:25#1\", from: pc-a, at: 1}}\n"
                                     "  - {id: c, split: {conn: \"pc-a>isp-x:25#1\", from: pc-a, at: 4}}\n");
  char line[512];

  (void)state;
  assert_non_null(strstr(line_with(&cut, "pc-a>isp-x:25#1 c3 ", line), "\"E\""));
  assert_non_null(strstr(line_with(&cut, "pc-a>isp-x:25#1 c4 ", line), "\"HLO\""));
  assert_non_null(strstr(line_with(&cut, "pc-a>isp-x:25#1 c5 ", line), "\" pc-a\\r\\n\""));
  assert_non_null(strstr(cut.trace.data, "split id=a"));
  assert_null(strstr(cut.trace.data, "split id=c")); /* it has been cut there already */
  free(cut.trace.data);
}

static void server_when_named_then_its_text(void **state)
{
  struct topology_run cut = run_with("faults: [{id: f, split: {conn: \"pc-a>*\", from: isp-x, at: 3}}]\n");
  char line[512];

  (void)state;
  assert_non_null(strstr(line_with(&cut, "pc-a>isp-x:25#1 s2 ", line), "\"220\""));
  free(cut.trace.data);
}

static void fault_when_it_cannot_strike_then_the_run_as_without(void **state)
{
  static const char *const cases[] = {
      "{id: f, split: {conn: \"*\", at: 0}}", "{id: f, split: {conn: \"nobody>x:25#1\", at: 2}}",
      "{id: f, split: {conn: \"*\", at: 4000000000}}", "{id: f, split: {conn: \"*\", at: 2}, at: 9h}"};
  struct topology_run plain = run_with(""), cut;
  char more[200];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    snprintf(more, sizeof more, "faults: [%s]\n", cases[i]);
    cut = run_with(more);
    assert_string_equal(plain.trace.data, cut.trace.data);
    free(cut.trace.data);
  }
  free(plain.trace.data);
}

/* A cut is for new text only, so what is lost and sent again goes out as TCP wants it, and everything arrives. */
static void text_when_cut_and_lost_then_it_arrives(void **state)
{
  struct topology_run plain = run_with("");
  struct topology_run cut = run_with("faults:\n"
                                     "  - {id: a, split: {conn: \"*:25#*\", at: 11}}\n"
                                     "  - {id: b, split: {conn: \"*:25#*\", at: 12}}\n"
                                     "  - {id: l, loss: {link: isp-x-pc-a, share: 20%}}\n");

  (void)state;
  assert_true(plain.prints.mail == cut.prints.mail);
  assert_true(cut.counters.retransmit_count > 0);
  free(plain.trace.data);
  free(cut.trace.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_when_cut_then_two_segments_of_one_instant),
      cmocka_unit_test(cuts_when_several_in_one_segment_then_all),
      cmocka_unit_test(server_when_named_then_its_text),
      cmocka_unit_test(fault_when_it_cannot_strike_then_the_run_as_without),
      cmocka_unit_test(text_when_cut_and_lost_then_it_arrives),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
