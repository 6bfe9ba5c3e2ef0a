/* test_sink_ladder.c: the ladder, line by line, and that no text can shift its columns. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "text/utf8.h"
#include "text/width.h"
#include "trace/ladder_draw.h"
#include "trace/stage.h"

#include <stdio.h>

static struct stage s;

static int tear_down(void **state)
{
  (void)state;
  stage_tear_down(&s);
  return 0;
}

static void expect(const char *lines)
{
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(s.paper.data);
  assert_string_equal(s.paper.data, lines);
}

/* 60 columns: lifelines at 15 and 42, 26 columns between them, fates from 45 on. A loss ends after 26 - 25 / 4 of them.
 */
static void a_handshake_in_ascii_is_drawn(void **state)
{
  (void)state;
  stage_set_up(&s, "ladder", "ascii,width=60");
  stage_hello(&s);
  expect("            laptop                       mx\n"
         "     0.000000  |---------- c1 S --------->|  +10ms\n"
         "     0.010000  |<-------- s1 S. ----------|  +10ms\n"
         "     0.020000  |---------- c2 . --------->|  +10ms\n"
         "     0.030000  |<= s2 P. 34 220 mx.exa. ==|  +10ms\n");
}

static void the_header_is_shown_when_it_is_asked_for(void **state)
{
  (void)state;
  stage_set_up(&s, "ladder", "ascii,width=90,full");
  stage_hello(&s);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(strstr(s.paper.data, " c1 S seq 0 win "));
  assert_non_null(strstr(s.paper.data, "- c2 . seq 1 ack 1 win "));
  assert_non_null(strstr(s.paper.data, "= s2 P. 34 seq 1 ack 1 win "));
}

/* What is sent again and lost is both: double, with a tilde at its sender's lifeline, on either side. */
static void data_that_is_sent_again_has_both_marks(void **state)
{
  (void)state;
  stage_set_up(&s, "ladder", "width=60");
  stage_segment(&s, &s.hello, true, 3, P | A, 1, 1, "QUIT\r\n")->rtx_number = 2;
  stage_emit(&s, 0);
  stage_drop(&s, MSIM_MSEC(1), "loss");
  stage_segment(&s, &s.hello, false, 4, P | A, 1, 1, "250\r\n")->rtx_number = 3;
  stage_emit(&s, MSIM_SEC(1));
  stage_arrive(&s, MSIM_SEC(2));
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(strstr(s.paper.data, "\xe2\x94\x82~\xe2\x95\x90 c3 P. 6 rtx"));
  assert_non_null(strstr(s.paper.data, "\xe2\x94\x82<\xe2\x95\x90"));
  assert_non_null(strstr(s.paper.data, "~\xe2\x94\x82  +1s\n"));
}

/* A row has its colour behind the time; a head has none. */
static void colours_are_those_of_a_terminal(void **state)
{
  (void)state;
  stage_set_up(&s, "ladder", "ascii,width=60,color");
  stage_hello(&s);
  stage_segment(&s, &s.hello, true, 3, F, 1, 1, NULL);
  stage_emit(&s, MSIM_MSEC(50));
  stage_drop(&s, MSIM_MSEC(50), "loss");
  expect("            laptop                       mx\n"
         "     0.000000  \033[33m|---------- c1 S --------->|  +10ms\033[0m\n"
         "     0.010000  \033[33m|<-------- s1 S. ----------|  +10ms\033[0m\n"
         "     0.020000  \033[2m|---------- c2 . --------->|  +10ms\033[0m\n"
         "     0.030000  \033[36m|<= s2 P. 34 220 mx.exa. ==|  +10ms\033[0m\n"
         "     0.050000  \033[31m|------ c3 F. ------x      |  loss\033[0m\n");
}

static void losses_copies_and_what_is_open_are_drawn(void **state)
{
  (void)state;
  stage_set_up(&s, "ladder", "ascii,width=60");
  stage_segment(&s, &s.hello, true, 1, S, 0, 0, NULL);
  stage_emit(&s, 0);
  stage_drop(&s, MSIM_MSEC(1), "loss");
  stage_segment(&s, &s.hello, true, 2, S, 0, 0, NULL)->rtx_number = 1;
  stage_emit(&s, MSIM_SEC(1));
  stage_segment(&s, &s.hello, false, 1, S | A, 0, 1, NULL);
  stage_emit(&s, MSIM_SEC(2));
  s.record.u.packet.fault = "f1";
  stage_drop(&s, MSIM_SEC(2), "queue");
  stage_segment(&s, &s.hello, true, 2, S, 0, 0, NULL)->rtx_number = 1;
  stage_arrive(&s, MSIM_SEC(3));
  s.record.u.packet.duplicate = true;
  stage_arrive(&s, MSIM_SEC(4));
  stage_segment(&s, &s.hello, true, 3, A, 1, 1, NULL);
  stage_emit(&s, MSIM_SEC(5));
  expect("            laptop                       mx\n"
         "     0.000000  |------- c1 S ------x      |  loss\n"
         "     1.000000  |~----- c2 S rtx c1 ------>|  +2s\n"
         "     2.000000  |      x----- s1 S. -------|  queue f1\n"
         "     4.000000  |~----- c2 S rtx c1 ------>|  dup\n"
         "     5.000000  |------- c3 . ------?      |  open\n");
}

static void rows_wait_ten_seconds_and_not_longer(void **state)
{
  (void)state;
  stage_set_up(&s, "ladder", "ascii,width=60");
  stage_segment(&s, &s.hello, true, 1, S, 0, 0, NULL);
  stage_emit(&s, 0);
  stage_event(&s, MSIM_TRACE_APP, "mx", "late", NULL, 0);
  stage_emit(&s, MSIM_SEC(10));
  stage_segment(&s, &s.hello, true, 1, S, 0, 0, NULL);
  stage_arrive(&s, MSIM_SEC(11));
  expect("            laptop                       mx\n"
         "     0.000000  |------- c1 S ------?      |  open\n"
         "    10.000000  |                          * late\n"
         "    11.000000  |---------- c1 S --------->|  arrived\n");
}

/* 43 columns are free on the right of laptop, 25 on the left of mx; the last one of them is the ellipsis. */
static void events_stand_at_their_hosts(void **state)
{
  struct msim_value values[1] = {msim_value_text("message", "a fairly long text for a small room")};

  (void)state;
  stage_set_up(&s, "ladder", "ascii,width=60");
  stage_hello(&s);
  stage_event(&s, MSIM_TRACE_APP, "laptop", "user.send", values, 1);
  stage_emit(&s, MSIM_MSEC(50));
  stage_event(&s, MSIM_TRACE_APP, "mx", "x", values, 1);
  stage_emit(&s, MSIM_MSEC(60));
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(strstr(s.paper.data, "\n     0.050000  * user.send message=\"a fairly long text for .\n"));
  assert_non_null(strstr(s.paper.data, "\n     0.060000  |x message=\"a fairly long. *\n"));
}

/* Terminal columns of a line, by another way of counting than the sink's. */
static unsigned columns(const char *line, size_t size_bytes)
{
  unsigned total = 0;
  size_t at = 0, length;
  uint32_t code;

  while (at < size_bytes) {
    length = msim__utf8_next((const uint8_t *)line + at, size_bytes - at, &code);
    assert_true(length > 0);
    assert_true(msim__utf8_printable(code));
    total += msim__char_width(code);
    at += length;
  }
  return total;
}

/* Where the last lifeline stands in a row of an arrow. */
static void hostile_text_never_moves_a_lifeline(void **state)
{
  static const char *const texts[] = {
      "plain",
      "\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad\xe6\x96\x87\xe4\xb8\xad"
      "\xe6",
      "a\xcc\x88\xcc\x88\xcc\x88\xcc\x88\xcc\x88\xcc\x88\xcc\x88\xcc\x88\xcc\x88 combined",
      "\xcc\x88\xcc\x88 begins with a mark",
      "\xf0\x9f\x98\x80\xf0\x9f\x98\x80 "
      "x\xf0\x9f\x98\x80y\xf0\x9f\x98\x80z\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xf0\x9f\x98\x80",
      "\x1b[2J\x1b[31m\x07\x7f\xc2\x9b",
      "\xe2\x80\xae reversed \xe2\x80\x8b",
      "\xff\xfe\xc3",
      "xx\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad"
      "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad",
  };
  char options[32];
  unsigned width;
  size_t i;

  (void)state;
  for (width = 60; width <= 100; width++) {
    snprintf(options, sizeof options, "width=%u", width);
    stage_set_up(&s, "ladder", options);
    for (i = 0; i < sizeof texts / sizeof *texts; i++) {
      stage_segment(&s, &s.hello, i % 2 == 0, (uint32_t)i + 1, P, 1, 1, texts[i]);
      stage_emit(&s, 1);
      stage_arrive(&s, 2);
      stage_event(&s, MSIM_TRACE_APP, i % 2 == 0 ? "mx" : "laptop", texts[i], NULL, 0);
      stage_emit(&s, 3);
    }
    assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
    for (i = 0; s.paper.data[i] != '\0';) {
      size_t end = i + strcspn(s.paper.data + i, "\n");
      const char *fate = strstr(s.paper.data + i, "  +1ns\n");

      assert_true(columns(s.paper.data + i, end - i) <= width);
      if (fate != NULL && (size_t)(fate - s.paper.data) < end)
        assert_int_equal(columns(s.paper.data + i, (size_t)(fate - s.paper.data) - i), width - 17);
      i = end + 1;
    }
    stage_tear_down(&s);
  }
  stage_set_up(&s, "ladder", NULL); /* for the tear-down */
}

/* Three hosts fit into 80 columns; the fourth takes the place of the one that was silent longest. */
static void hosts_share_columns_when_there_are_too_many(void **state)
{
  static const char *const hosts[] = {"one", "two", "three", "two", "four"};
  size_t i;

  (void)state;
  stage_set_up(&s, "ladder", "ascii,width=80");
  for (i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    stage_event(&s, MSIM_TRACE_APP, hosts[i], "e", NULL, 0);
    stage_emit(&s, i);
  }
  expect("              one\n"
         "     0.000000  * e\n"
         "              one                                            two\n"
         "     0.000000  |                                              * e\n"
         "              one                    two                    three\n"
         "     0.000000  |                      |                       * e\n"
         "     0.000000  |                      * e                     |\n"
         "             four                    two                    three\n"
         "     0.000000  * e                    |                       |\n");
}

static void options_that_are_wrong_are_refused(void **state)
{
  static const char *const bad[] = {"width=", "width=59", "width=501", "width=8o", "width=99999999999", "ascii=1"};
  struct msim_out out = {NULL, paper_write};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(stage_try(&s, 0), MSIM_OK);
    out.ctx = &s.paper;
    assert_int_equal(msim_trace_add(s.sim, "ladder", &out, bad[i], NULL), MSIM_OK);
    assert_int_equal(msim_sim_start(s.sim), MSIM_ERR_INVALID);
    stage_tear_down(&s);
  }
  stage_set_up(&s, "ladder", NULL);
}

static void more_rows_than_can_wait_are_all_written(void **state)
{
  size_t count = 0, i;

  (void)state;
  stage_set_up(&s, "ladder", "ascii");
  for (i = 0; i < 9000; i++) {
    stage_segment(&s, &s.hello, true, (uint32_t)i + 1, A, 1, 1, NULL);
    stage_emit(&s, i);
  }
  stage_arrive(&s, MSIM_SEC(1));
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  for (i = 0; s.paper.data[i] != '\0'; i++)
    count += s.paper.data[i] == '\n';
  assert_int_equal(count, 1 + 9000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(a_handshake_in_ascii_is_drawn, tear_down),
      cmocka_unit_test_teardown(the_header_is_shown_when_it_is_asked_for, tear_down),
      cmocka_unit_test_teardown(data_that_is_sent_again_has_both_marks, tear_down),
      cmocka_unit_test_teardown(colours_are_those_of_a_terminal, tear_down),
      cmocka_unit_test_teardown(losses_copies_and_what_is_open_are_drawn, tear_down),
      cmocka_unit_test_teardown(rows_wait_ten_seconds_and_not_longer, tear_down),
      cmocka_unit_test_teardown(events_stand_at_their_hosts, tear_down),
      cmocka_unit_test_teardown(hostile_text_never_moves_a_lifeline, tear_down),
      cmocka_unit_test_teardown(hosts_share_columns_when_there_are_too_many, tear_down),
      cmocka_unit_test_teardown(options_that_are_wrong_are_refused, tear_down),
      cmocka_unit_test_teardown(more_rows_than_can_wait_are_all_written, tear_down),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
