/* test_tcp_marks.c: what watchers are told about sent bytes: units with their edges, and the first segment's number. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <stdio.h>
#include <string.h>

/* "c2[smtp.command 0-6 first last]" per TX record with units, "c4=rtx c2" per retransmission. */
struct told {
  char text[8192];
  struct msim__trace_hook hook;
};

static void add(struct told *told, const char *text)
{
  size_t used = strlen(told->text);

  snprintf(told->text + used, sizeof told->text - used, "%s", text);
}

static int record(void *ctx, const struct msim_trace_record *r)
{
  struct told *told = ctx;
  const struct msim_trace_packet *p = &r->u.packet;
  char word[160];
  size_t i;

  if (p->point != MSIM_POINT_TX)
    return MSIM_OK;
  for (i = 0; i < p->unit_count; i++) {
    const struct msim_trace_unit *u = &p->units[i];

    snprintf(word, sizeof word, "%c%u[%s%s%s %u-%u%s%s%s] ", p->from_client ? 'c' : 's', (unsigned)p->number, u->unit,
             u->message != NULL ? " " : "", u->message != NULL ? u->message : "", (unsigned)u->begin_byte,
             (unsigned)u->end_byte, (u->edges & MSIM_EDGE_FIRST) != 0 ? " first" : "",
             (u->edges & MSIM_EDGE_LAST) != 0 ? " last" : "", u->secret ? " secret" : "");
    add(told, word);
  }
  if (p->rtx_number != 0) {
    snprintf(word, sizeof word, "%c%u=rtx %u ", p->from_client ? 'c' : 's', (unsigned)p->number,
             (unsigned)p->rtx_number);
    add(told, word);
  }
  return MSIM_OK;
}

static void open_told(struct tcp_world *w, struct told *told, const uint32_t *drops)
{
  struct msim_link_way way;

  memset(&way, 0, sizeof way);
  way.delay_ns = MSIM_MSEC(1);
  way.impair.drop_nth = drops;
  tcp_world_open(w, 1, NULL, &way);
  memset(told, 0, sizeof *told);
  told->hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT);
  told->hook.ctx = told;
  told->hook.record = record;
  msim__trace_add_hook(w->sim, &told->hook);
  tcp_world_listen(w);
  tcp_world_connect(w);
  tcp_world_run_for(w, MSIM_MSEC(50));
}

static void marked_write(struct tcp_end *end, const char *unit, const char *message, size_t size_bytes)
{
  static const uint8_t zeros[8000];

  msim__tcp_mark(end->tcb, unit, message, true);
  assert_int_equal(msim__tcp_write(end->tcb, zeros, size_bytes), size_bytes);
  msim__tcp_mark(end->tcb, unit, message, false);
}

/* Also from outside a handler: output waits for the end of the unit, so that the edge is known. */
static void unit_when_in_one_segment_then_both_edges(void **state)
{
  struct tcp_world w;
  struct told told;

  (void)state;
  open_told(&w, &told, NULL);
  marked_write(&w.opener, "smtp.command", NULL, 6);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_string_equal(told.text, "c3[smtp.command 0-6 first last] ");
  assert_null(w.opener.tcb->mark_first); /* acknowledged: forgotten */
  tcp_world_close(&w);
}

static void unit_when_cut_into_segments_then_edges_at_its_ends(void **state)
{
  struct tcp_world w;
  struct told told;

  (void)state;
  open_told(&w, &told, NULL);
  msim__tcp_set_nodelay(w.opener.tcb, true);
  marked_write(&w.opener, "mail.content", "m1", 3000);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_string_equal(told.text, "c3[mail.content m1 0-1448 first] c4[mail.content m1 0-1448] "
                                 "c5[mail.content m1 0-104 last] ");
  tcp_world_close(&w);
}

static void units_when_they_share_a_segment_then_each_with_its_part(void **state)
{
  struct tcp_world w;
  struct told told;

  (void)state;
  open_told(&w, &told, NULL);
  msim__tcp_mark(w.opener.tcb, "smtp.session", NULL, true);
  marked_write(&w.opener, "auth.credentials", NULL, 10);
  marked_write(&w.opener, "smtp.envelope", "m1", 20);
  msim__tcp_mark(w.opener.tcb, "smtp.session", NULL, false);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_string_equal(told.text, "c3[smtp.session 0-30 first last] c3[auth.credentials 0-10 first last secret] "
                                 "c3[smtp.envelope m1 10-30 first last] ");
  tcp_world_close(&w);
}

/* A unit that stays open is sent all the same when the event is over. */
static void unit_when_left_open_then_sent_at_the_end_of_the_event(void **state)
{
  struct tcp_world w;
  struct told told;

  (void)state;
  open_told(&w, &told, NULL);
  msim__tcp_mark(w.opener.tcb, "smtp.command", NULL, true);
  tcp_end_write(&w.opener, "abc");
  assert_string_equal(told.text, "");
  tcp_world_run_for(&w, 0);
  assert_string_equal(told.text, "c3[smtp.command 0-3 first] ");
  msim__tcp_mark(w.opener.tcb, "other", NULL, false); /* no such unit is open */
  tcp_world_close(&w);
}

static void marks_when_too_many_then_bounded(void **state)
{
  struct tcp_world w;
  struct told told;
  int i;

  (void)state;
  open_told(&w, &told, NULL);
  for (i = 0; i < 20; i++)
    msim__tcp_mark(w.opener.tcb, "unit", NULL, true);
  assert_int_equal(w.opener.tcb->open_marks, 8);
  for (i = 0; i < 20; i++)
    msim__tcp_mark(w.opener.tcb, "unit", NULL, false);
  assert_int_equal(w.opener.tcb->open_marks, 0);
  for (i = 0; i < 9000; i++) {
    msim__tcp_mark(w.opener.tcb, "unit", NULL, true);
    msim__tcp_mark(w.opener.tcb, "unit", NULL, false);
  }
  assert_int_equal(w.opener.tcb->mark_count, 4096);
  tcp_world_close(&w);
}

/* Third and fourth packet from a are its first data: c3 and c4. Both are lost; the probe of the tail (RFC 8985) repeats
 * the second, and its SACK shows the first. */
static void retransmission_when_told_then_names_the_first_segment(void **state)
{
  static const uint32_t drops[] = {3, 4, 0};
  struct tcp_world w;
  struct told told;
  static const uint8_t zeros[2896];

  (void)state;
  open_told(&w, &told, drops);
  msim__tcp_write(w.opener.tcb, zeros, sizeof zeros);
  tcp_world_run_for(&w, MSIM_SEC(2));
  assert_string_equal(told.text, "c5=rtx 4 c6=rtx 3 ");
  assert_int_equal(w.acceptor.received_bytes, 2896);
  tcp_world_close(&w);
}

/* The receiver asks to which message the next unread byte belongs. */
static void message_when_asked_then_that_of_the_next_unread_byte(void **state)
{
  struct tcp_world w;
  struct told told;

  (void)state;
  open_told(&w, &told, NULL);
  w.acceptor.holds_back = true;
  msim__tcp_mark(w.opener.tcb, "all", NULL, true);
  marked_write(&w.opener, "smtp.command", NULL, 6);
  marked_write(&w.opener, "mail.content", "m1", 2000);
  marked_write(&w.opener, "mail.content", "m2", 10);
  msim__tcp_mark(w.opener.tcb, "all", NULL, false);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(msim__tcp_available_bytes(w.acceptor.tcb), 2016);
  assert_null(msim__tcp_message(w.acceptor.tcb));
  msim__tcp_consume(w.acceptor.tcb, 6);
  assert_string_equal(msim__tcp_message(w.acceptor.tcb), "m1");
  msim__tcp_consume(w.acceptor.tcb, 1999); /* into the second segment */
  assert_string_equal(msim__tcp_message(w.acceptor.tcb), "m1");
  msim__tcp_consume(w.acceptor.tcb, 1);
  assert_string_equal(msim__tcp_message(w.acceptor.tcb), "m2");
  msim__tcp_consume(w.acceptor.tcb, 10);
  assert_null(msim__tcp_message(w.acceptor.tcb));
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(unit_when_in_one_segment_then_both_edges),
      cmocka_unit_test(unit_when_cut_into_segments_then_edges_at_its_ends),
      cmocka_unit_test(units_when_they_share_a_segment_then_each_with_its_part),
      cmocka_unit_test(unit_when_left_open_then_sent_at_the_end_of_the_event),
      cmocka_unit_test(marks_when_too_many_then_bounded),
      cmocka_unit_test(retransmission_when_told_then_names_the_first_segment),
      cmocka_unit_test(message_when_asked_then_that_of_the_next_unread_byte),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
