/* test_diff.c: two written traces beside each other: which views differ, where first, why, and what follows; and what
 * cannot be compared. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/check.h>

#include <stdio.h>
#include <string.h>

#include "support/fail_mem.h"

#define HEAD "mailsim-trace/1 topology hello seed 1 engine 1\n"
#define SYN "0.000000000 tcp a>mx:25#1 c1 S 0:0(0) win 65535 <mss 1460,sackOK> +10ms\n"
#define SYN_ACK "0.010000000 tcp a>mx:25#1 s1 S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK> +10ms\n"
#define UP "0.020000000 state a a>mx:25#1 SYN-SENT>ESTABLISHED \"SYN, ACK\"\n"
#define ACK "0.020000000 tcp a>mx:25#1 c2 . 1:1(0) ack 1 win 512 +10ms\n"
#define GREETING "0.030000000 tcp a>mx:25#1 s2 P. 1:31(30) ack 1 win 512 +10ms \"220 mx at your service, really\"\n"
#define EHLO "0.040000000 tcp a>mx:25#1 c3 P. 1:8(7) ack 31 win 512 +10ms \"EHLO a\\r\\n\"\n"
#define TAKEN "0.050000000 app mx message.accepted message=m1 protocol=smtp size=30\n"
#define STORED "0.050000000 app mx store.add message=m1 mailbox=bob\n"
#define RUN HEAD SYN SYN_ACK UP ACK GREETING EHLO TAKEN STORED

struct text {
  const char *data;
  size_t size, at, step;
};

static int read_text(void *ctx, void *data, size_t capacity, size_t *size)
{
  struct text *text = ctx;
  size_t left = text->size - text->at;

  *size = left < capacity ? left : capacity;
  if (text->step > 0 && *size > text->step)
    *size = text->step;
  memcpy(data, text->data + text->at, *size);
  text->at += *size;
  return MSIM_OK;
}

struct found {
  unsigned count, line;
  char text[300];
};

static void find(void *user, const struct msim_diag *diag)
{
  struct found *found = user;

  found->count++;
  found->line = diag->line;
  snprintf(found->text, sizeof found->text, "%s", diag->text);
}

static int read_side(struct msim_diff *diff, enum msim_diff_side side, const char *data, size_t step,
                     struct found *found)
{
  struct text text = {data, strlen(data), 0, step};
  struct msim_in in = {&text, read_text};

  return msim_diff_read(diff, side, &in, side == MSIM_DIFF_EXPECTED ? "one" : "two", find, found);
}

static struct msim_diff *compare(const char *a, const char *b, enum msim_view view, struct msim_diff_result *result)
{
  struct msim_diff *diff = NULL;
  struct found found = {0};

  assert_int_equal(msim_diff_new(&diff, NULL), MSIM_OK);
  assert_int_equal(read_side(diff, MSIM_DIFF_EXPECTED, a, 0, &found), MSIM_OK);
  assert_int_equal(read_side(diff, MSIM_DIFF_ACTUAL, b, 7, &found), MSIM_OK);
  assert_int_equal(found.count, 0);
  assert_int_equal(msim_diff_compare(diff, view, result), MSIM_OK);
  return diff;
}

/* views: a letter for each that differs, "mswr" and so on; the place of the first difference. */
static void expect(const char *a, const char *b, const char *views, const char *id, const char *part, const char *word)
{
  static const char letters[] = "maswr";
  struct msim_diff_result result;
  struct msim_diff *diff = compare(a, b, MSIM_VIEW_REST, &result);
  struct msim_diff_place place;
  unsigned view;

  assert_int_equal(result.differs, views[0] != '\0');
  for (view = 0; view < MSIM_VIEWS; view++)
    assert_int_equal(result.view_differs[view], strchr(views, letters[view]) != NULL);
  assert_int_equal(msim_diff_first(diff, MSIM_VIEW_REST, &place), views[0] != '\0' ? MSIM_OK : MSIM_ERR_NOT_FOUND);
  if (views[0] != '\0') {
    assert_string_equal(place.id, id);
    assert_string_equal(place.part, part);
    if (word != NULL)
      assert_memory_equal(place.text[1] + place.column[1], word, strlen(word));
  }
  msim_diff_free(diff);
}

static void equal_traces_are_the_same(void **state)
{
  (void)state;
  expect(RUN, RUN, "", NULL, NULL, NULL);
}

static void each_part_of_a_segment_belongs_to_a_view(void **state)
{
#define WITH(line) HEAD SYN SYN_ACK UP ACK line EHLO TAKEN STORED
#define LINE(time, flags, range, ack, win, fate, text)                                                                 \
  WITH(time " tcp a>mx:25#1 s2 " flags " " range " ack " ack " win " win " " fate " " text "\n")
#define TEXT "\"220 mx at your service, really\""
  (void)state;
  expect(RUN, LINE("0.031000000", "P.", "1:31(30)", "1", "512", "+10ms", TEXT), "wr", "s2", "time", "0.031000000");
  expect(RUN, LINE("0.030000000", ".", "1:31(30)", "1", "512", "+10ms", TEXT), "swr", "s2", "flags", ". 1:31");
  expect(RUN, LINE("0.030000000", "P.", "2:31(30)", "1", "512", "+10ms", TEXT), "swr", "s2", "range", "2:31(30)");
  expect(RUN, LINE("0.030000000", "P.", "1:31(30)", "2", "512", "+10ms", TEXT), "swr", "s2", "ack", "ack 2");
  expect(RUN, LINE("0.030000000", "P.", "1:31(30)", "1", "511", "+10ms", TEXT), "swr", "s2", "window", "win 511");
  expect(RUN, LINE("0.030000000", "P.", "1:31(30)", "1", "512", "+11ms", TEXT), "wr", "s2", "fate", "+11ms");
  expect(RUN, LINE("0.030000000", "P.", "1:31(30)", "1", "512", "lost(loss f1)", TEXT), "swr", "s2", "fate",
         "lost(loss f1)");
  expect(RUN, LINE("0.030000000", "P.", "1:31(30)", "1", "512", "+10ms dup+12ms", TEXT), "swr", "s2", "fate", "");
  expect(RUN, LINE("0.030000000", "P.", "1:31(30)", "1", "512", "+10ms", "\"221 mx at your service, really\""), "aswr",
         "s2", "text", "\"221");
  expect(RUN, LINE("0.030000000", "P.", "1:31(30)", "1", "512", "+10ms", TEXT " rtx s1"), "wr", "s2", "notes",
         "rtx s1");
}

static void less_text_in_one_trace_is_no_difference(void **state)
{
  (void)state;
  expect(RUN, WITH("0.030000000 tcp a>mx:25#1 s2 P. 1:31(30) ack 1 win 512 +10ms \"220 mx\xe2\x80\xa6\"\n"), "", NULL,
         NULL, NULL);
  expect(RUN, WITH("0.030000000 tcp a>mx:25#1 s2 P. 1:31(30) ack 1 win 512 +10ms \"220 my\xe2\x80\xa6\"\n"), "aswr",
         "s2", "text", "\"220 my");
  expect(RUN,
         WITH("0.030000000 tcp a>mx:25#1 s2 10.0.0.1:25>10.0.0.2:4000 P. 1:31(30) ack 1 win 512 +10ms \"220 mx at your "
              "service, really\"\n"),
         "", NULL, NULL, NULL);
}

static void dialogue_cut_in_two_is_the_same_dialogue(void **state)
{
  (void)state;
  expect(RUN,
         WITH("0.030000000 tcp a>mx:25#1 s2 P. 1:5(4) ack 1 win 512 +10ms \"220 \"\n"
              "0.030000000 tcp a>mx:25#1 s3 P. 5:31(26) ack 1 win 512 +10ms \"mx at your service, really\"\n"),
         "swr", "s2", "range", "1:5(4)");
}

static void events_belong_to_views_by_what_they_tell(void **state)
{
#define EVENTS(lines) HEAD SYN SYN_ACK UP ACK GREETING EHLO lines
  (void)state;
  expect(RUN, EVENTS(TAKEN "0.050000000 app mx store.add message=m1 mailbox=carl\n"), "maswr", "store.add", "values",
         "mailbox=carl");
  expect(RUN, EVENTS("0.050000000 app mx message.accepted message=m1 protocol=smtp size=31\n" STORED), "aswr",
         "message.accepted", "values", "size=31");
  expect(RUN, EVENTS(TAKEN "0.060000000 app mx store.add message=m1 mailbox=bob\n"), "wr", "store.add", "time",
         "0.060000000");
  expect(RUN, EVENTS(TAKEN STORED "0.060000000 app mx nat.mapped inside=a\n"), "wr", "nat.mapped", "line", NULL);
  expect(RUN, EVENTS(TAKEN STORED "0.060000000 fault - drop id=f1\n"), "r", "drop", "line", NULL);
  expect(RUN, EVENTS(STORED TAKEN), "wr", "message.accepted", "event", "store.add"); /* their order tells nothing */
}

static void flows_that_are_new_or_gone_are_told(void **state)
{
  struct msim_diff_result result;
  struct msim_diff_place place;
  struct msim_diff_flow flow;
  struct msim_diff *diff;

  (void)state;
  diff = compare(RUN, HEAD TAKEN STORED, MSIM_VIEW_REST, &result);
  assert_int_equal(msim_diff_first(diff, MSIM_VIEW_REST, &place), MSIM_OK);
  assert_string_equal(place.flow, "a>mx:25#1");
  assert_string_equal(place.id, "c1");
  assert_null(place.text[1]);
  assert_int_equal(place.line[0], 2);
  assert_int_equal(place.line[1], 0);
  assert_int_equal(msim_diff_flow_at(diff, 0, &flow), MSIM_OK);
  assert_int_equal(flow.missing, 5);
  assert_int_equal(flow.extra, 0);
  assert_int_equal(flow.view, MSIM_VIEW_APP);
  assert_int_equal(msim_diff_flow_at(diff, 1, &flow), MSIM_ERR_NOT_FOUND);
  assert_int_equal(result.flow_count, 2);
  assert_int_equal(result.differing_count, 1);
  msim_diff_free(diff);
  diff = compare(HEAD TAKEN STORED, RUN, MSIM_VIEW_REST, &result);
  assert_int_equal(msim_diff_flow_at(diff, 0, &flow), MSIM_OK);
  assert_int_equal(flow.extra, 5);
  msim_diff_free(diff);
}

static void loss_is_followed_to_where_both_go_on_alike(void **state)
{
  struct msim_diff_result result;
  struct msim_diff_place place;
  struct msim_diff_flow flow;
  struct msim_diff *diff;
  const char *text;
  bool is_same;

  (void)state;
  diff = compare(
      RUN,
      HEAD SYN SYN_ACK UP ACK
      "0.030000000 tcp a>mx:25#1 s2 P. 1:31(30) ack 1 win 512 lost(drop f1) \"220 mx at your service, really\"\n"
      "1.030000000 tcp a>mx:25#1 s3 P. 1:31(30) ack 1 win 512 +10ms \"220 mx at your service, really\" rtx s2\n"
      "1.040000000 tcp a>mx:25#1 c3 P. 1:8(7) ack 31 win 512 +10ms \"EHLO a\\r\\n\"\n"
      "1.050000000 app mx message.accepted message=m1 protocol=smtp size=30\n"
      "1.050000000 app mx store.add message=m1 mailbox=bob\n",
      MSIM_VIEW_REST, &result);
  assert_false(result.view_differs[MSIM_VIEW_APP]);
  assert_true(result.view_differs[MSIM_VIEW_SEG]);
  assert_int_equal(msim_diff_first(diff, MSIM_VIEW_REST, &place), MSIM_OK);
  assert_string_equal(place.id, "s2");
  assert_int_equal(place.view, MSIM_VIEW_SEG);
  assert_int_equal(place.line[0], 6);
  assert_int_equal(place.at_ns[0], MSIM_MSEC(30));
  assert_string_equal(msim_diff_state(diff), "a ESTABLISHED snd 1 ack 1; mx snd 0 ack 1");
  assert_int_equal(msim_diff_flow_at(diff, 0, &flow), MSIM_OK);
  assert_int_equal(flow.extra, 1);
  assert_int_equal(flow.missing, 0);
  assert_string_equal(flow.extra_id, "s3 rtx s2");
  assert_int_equal(flow.end_offset_ns, (int64_t)MSIM_SEC(1));
  assert_int_equal(msim_diff_flow_at(diff, 1, &flow), MSIM_OK);
  assert_string_equal(flow.name, "mx");
  assert_int_equal(flow.moved, 2);
  assert_int_equal(flow.view, MSIM_VIEW_WIRE);
  text = msim_diff_context(diff, -1, &is_same);
  assert_non_null(text);
  assert_true(is_same);
  assert_non_null(strstr(text, " c2 "));
  text = msim_diff_context(diff, -4, &is_same);
  assert_null(text);
  text = msim_diff_context(diff, 1, &is_same);
  assert_non_null(strstr(text, " s3 "));
  assert_false(is_same);
  msim_diff_free(diff);
}

static void what_is_below_a_view_is_ignored(void **state)
{
  struct msim_diff_result result;
  struct msim_diff_place place;
  struct msim_diff *diff;

  (void)state;
  diff = compare(RUN, EVENTS(TAKEN "0.060000000 app mx store.add message=m1 mailbox=bob\n"), MSIM_VIEW_SEG, &result);
  assert_false(result.differs);
  assert_int_equal(result.differing_count, 0);
  assert_int_equal(msim_diff_first(diff, MSIM_VIEW_SEG, &place), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_diff_first(diff, MSIM_VIEW_WIRE, &place), MSIM_OK);
  msim_diff_free(diff);
}

/* ---- why ---- */

#define JSON_HEAD(seed, delay, more)                                                                                   \
  "{\"schema\":\"mailsim-trace/1\",\"topology\":\"hello\",\"seed\":" seed                                              \
  ",\"engine\":1,\"hosts\":[{\"name\":\"a\",\"addresses\":[\"10.0.0.1\"]},{\"name\":\"mx\",\"addresses\":[\"10.0.0."   \
  "2\"]"                                                                                                               \
  "}],\"links\":[{\"name\":\"a-mx\",\"a\":\"a\",\"b\":\"mx\",\"ab\":{\"delay\":" delay "},\"ba\":{\"delay\":10000000}" \
  ",\"line\":9}],\"file\":\"hello.yaml\"" more "}\n"
#define JSON_EVENT(text)                                                                                               \
  "{\"n\":1,\"t\":5,\"kind\":\"app\",\"host\":\"mx\",\"agent\":\"x\",\"event\":\"e\",\"values\":{\"v\":\"" text "\"}}" \
  "\n"

static void expect_cause(const char *a, const char *b, const char *text, const char *place)
{
  struct msim_diff_result result;
  struct msim_diff *diff = compare(a, b, MSIM_VIEW_REST, &result);
  struct msim_diff_cause cause;

  assert_int_equal(msim_diff_cause_at(diff, 0, &cause), text != NULL ? MSIM_OK : MSIM_ERR_NOT_FOUND);
  if (text != NULL) {
    assert_string_equal(cause.text, text);
    assert_string_equal(cause.place, place);
  }
  msim_diff_free(diff);
}

static void what_decides_a_run_is_compared(void **state)
{
  static const char plain[] = JSON_HEAD("1", "10000000", "") JSON_EVENT("1");

  (void)state;
  expect_cause(plain, plain, NULL, NULL);
  expect_cause(plain, JSON_HEAD("2", "10000000", "") JSON_EVENT("2"), "seed 1, now 2", "");
  expect_cause(plain, JSON_HEAD("1", "15000000", "") JSON_EVENT("2"), "link a-mx: delay 10ms, now 15ms",
               "hello.yaml:9");
  expect_cause(
      plain,
      JSON_HEAD("1", "10000000", ",\"faults\":[{\"id\":\"f1\",\"kind\":\"drop\",\"says\":\"id: f1\",\"line\":14}]")
          JSON_EVENT("2"),
      "fault f1 is new: id: f1", "hello.yaml:14");
  expect_cause(
      JSON_HEAD("1", "10000000", ",\"settings\":[{\"name\":\"host a\",\"digest\":\"0123456789abcdef\"}]")
          JSON_EVENT("1"),
      JSON_HEAD("1", "10000000", ",\"settings\":[{\"name\":\"host a\",\"digest\":\"0123456789abcdee\",\"line\":3}]")
          JSON_EVENT("2"),
      "the settings of host a differ", "hello.yaml:3");
  expect_cause(
      plain, JSON_HEAD("1", "10000000", "") JSON_EVENT("2"),
      "seed, hosts, links and faults are the same, and a trace tells no more: look at what the hosts are set to", "");
}

static void views_are_those_of_fingerprints_where_there_are_any(void **state)
{
  static const char one[] = JSON_HEAD("1", "10000000", "") JSON_EVENT("Thu, 01 Jan 2026 00:00:01 +0000");
  static const char two[] = JSON_HEAD("1", "10000000", "") JSON_EVENT("Thu, 01 Jan 2026 00:00:02 +0000");

  (void)state;
  expect(one, two, "r", "e", "values", NULL); /* dates are no part of a view */
}

/* ---- what cannot be compared ---- */

static void expect_broken(const char *text, unsigned line, const char *why)
{
  struct msim_diff *diff = NULL;
  struct msim_diff_result result;
  struct found found = {0};

  assert_int_equal(msim_diff_new(&diff, NULL), MSIM_OK);
  assert_int_equal(read_side(diff, MSIM_DIFF_EXPECTED, text, 3, &found), MSIM_ERR_SYNTAX);
  assert_int_equal(found.count, 1);
  assert_int_equal(found.line, line);
  assert_non_null(strstr(found.text, why));
  assert_int_equal(msim_diff_compare(diff, MSIM_VIEW_REST, &result), MSIM_ERR_STATE);
  msim_diff_free(diff);
}

static void broken_traces_are_told_by_line(void **state)
{
  (void)state;
  expect_broken("", 1, "empty");
  expect_broken("mailsim-trace/1 topology\n", 1, "first line");
  expect_broken("mailsim-trace/1 topology x seed y engine 1\n", 1, "number");
  expect_broken(HEAD "x tcp a>b:1#1 c1 S\n", 2, "time");
  expect_broken(HEAD "0.000000000\n", 2, "kind");
  expect_broken(HEAD SYN "0.000000000 tcp a>b:1#1\n", 3, "number of a segment");
  expect_broken(HEAD SYN "0.000000000 tcp a>b:1#1 c1 S 0:0", 3, "cut off");
  expect_broken("{\"schema\":\"mailsim-trace/1\"}\n{\"n\":1,", 2, "cut off");
  expect_broken("mailsim-golden/1 view far engine 1 seed 1\n", 1, "views");
  expect_broken("mailsim-golden/1 view app engine 1 seed 1\nfingerprint mail 12\n", 2, "fingerprints");
}

static void engines_are_not_compared(void **state)
{
  struct msim_diff *diff = NULL;
  struct msim_diff_result result;
  struct found found = {0};

  (void)state;
  assert_int_equal(msim_diff_new(&diff, NULL), MSIM_OK);
  assert_int_equal(read_side(diff, MSIM_DIFF_EXPECTED, RUN, 0, &found), MSIM_OK);
  assert_int_equal(read_side(diff, MSIM_DIFF_EXPECTED, RUN, 0, &found), MSIM_ERR_STATE);
  assert_int_equal(read_side(diff, MSIM_DIFF_ACTUAL, "mailsim-trace/1 topology hello seed 1 engine 2\n", 0, &found),
                   MSIM_OK);
  assert_int_equal(msim_diff_compare(diff, MSIM_VIEW_REST, &result), MSIM_ERR_INVALID);
  assert_non_null(strstr(msim_diff_note_at(diff, 0), "engine 2"));
  assert_int_equal(msim_diff_compare(diff, MSIM_VIEW_REST, &result), MSIM_ERR_STATE);
  msim_diff_free(diff);
}

static void traces_beyond_the_limit_are_refused(void **state)
{
  struct msim_diff_opts opts = {.bytes_max = 200};
  struct msim_diff *diff = NULL;
  struct found found = {0};

  (void)state;
  assert_int_equal(msim_diff_new(&diff, &opts), MSIM_OK);
  assert_int_equal(read_side(diff, MSIM_DIFF_EXPECTED, RUN, 0, &found), MSIM_ERR_LIMIT);
  assert_int_equal(found.count, 1);
  msim_diff_free(diff);
}

/* ---- memory ---- */

static int go(struct fail_mem *mem, const char *a, const char *b)
{
  struct msim_diff_opts opts;
  struct msim_diff *diff = NULL;
  struct msim_diff_result result;
  struct found found = {0};
  int err;

  memset(&opts, 0, sizeof opts);
  opts.mem = mem->hook;
  err = msim_diff_new(&diff, &opts);
  if (err == MSIM_OK)
    err = read_side(diff, MSIM_DIFF_EXPECTED, a, 0, &found);
  if (err == MSIM_OK)
    err = read_side(diff, MSIM_DIFF_ACTUAL, b, 0, &found);
  if (err == MSIM_OK)
    err = msim_diff_compare(diff, MSIM_VIEW_REST, &result);
  assert_int_equal(found.count, 0);
  msim_diff_free(diff);
  return err;
}

static void memory_may_run_out_anywhere(void **state)
{
  static const char json[] =
      JSON_HEAD("2", "15000000", ",\"faults\":[{\"id\":\"f\",\"kind\":\"drop\",\"says\":\"\"}]") JSON_EVENT("2");
  static const char *const pairs[][2] = {{RUN, HEAD SYN TAKEN}, {JSON_HEAD("1", "10000000", "") JSON_EVENT("1"), json}};
  struct fail_mem mem;
  size_t i;
  uint64_t n;

  (void)state;
  for (i = 0; i < 2; i++) {
    for (n = 1;; n++) {
      int err;

      fail_mem_init(&mem, n);
      err = go(&mem, pairs[i][0], pairs[i][1]);
      assert_true(fail_mem_clean(&mem));
      if (err == MSIM_OK)
        break;
      assert_int_equal(err, MSIM_ERR_NOMEM);
    }
    assert_true(n > 20);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_traces_are_the_same),
      cmocka_unit_test(each_part_of_a_segment_belongs_to_a_view),
      cmocka_unit_test(less_text_in_one_trace_is_no_difference),
      cmocka_unit_test(dialogue_cut_in_two_is_the_same_dialogue),
      cmocka_unit_test(events_belong_to_views_by_what_they_tell),
      cmocka_unit_test(flows_that_are_new_or_gone_are_told),
      cmocka_unit_test(loss_is_followed_to_where_both_go_on_alike),
      cmocka_unit_test(what_is_below_a_view_is_ignored),
      cmocka_unit_test(what_decides_a_run_is_compared),
      cmocka_unit_test(views_are_those_of_fingerprints_where_there_are_any),
      cmocka_unit_test(broken_traces_are_told_by_line),
      cmocka_unit_test(engines_are_not_compared),
      cmocka_unit_test(traces_beyond_the_limit_are_refused),
      cmocka_unit_test(memory_may_run_out_anywhere),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
