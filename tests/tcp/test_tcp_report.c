/* test_tcp_report.c: what a user is told of trouble, and what one connection may have otherwise than its host. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

enum { SYN = MSIM_TCP_SYN, ACK = MSIM_TCP_ACK };

/* MUST-21: R2 of one connection; the other connections of the host keep theirs. */
static void r2_when_set_for_one_connection_then_of_this_only(void **state)
{
  struct tcp_world w;
  struct msim_tcp_opts *own;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  own = msim__tcp_own_opts(w.acceptor.tcb);
  assert_non_null(own);
  own->data_retries_max = 1;
  msim__tcp_opts_changed(w.acceptor.tcb);
  assert_int_equal(msim__tcp_opts_of(w.a)->data_retries_max, 15);
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_MSEC(599));
  assert_string_equal(w.acceptor.heard, "open");
  tcp_world_run_for(&w, MSIM_MSEC(2));
  assert_string_equal(w.acceptor.heard, "open closed(timeout)");
  tcp_world_close(&w); /* asserts that its own options are given back */
}

/* MUST-24: of one connection, on and off. */
static void keepalive_when_turned_on_then_after_its_time_and_off_again(void **state)
{
  struct tcp_world w;
  struct msim_tcp_opts *own;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  own = msim__tcp_own_opts(w.acceptor.tcb);
  assert_non_null(own);
  own->keepalive_idle_ns = MSIM_SEC(7200);
  msim__tcp_opts_changed(w.acceptor.tcb);
  assert_true(msim_sim_is_quiet(w.sim));
  tcp_world_run_for(&w, MSIM_SEC(7200) - MSIM_MSEC(1));
  tcp_raw_expect(&w, NULL);
  tcp_world_run_for(&w, MSIM_MSEC(2));
  tcp_raw_expect(&w, ". 0:0(0) ack 1 win 65535");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 1);
  own->keepalive_idle_ns = 0;
  msim__tcp_opts_changed(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_SEC(100000));
  tcp_raw_expect(&w, NULL);
  assert_string_equal(w.acceptor.heard, "open");
  tcp_world_close(&w);
}

static int note_tos(void *ctx, const struct msim_trace_record *r)
{
  if (r->u.packet.point == MSIM_POINT_RX && strcmp(r->u.packet.from, "a") == 0)
    *(int *)ctx = r->u.packet.packet->tos;
  return MSIM_OK;
}

/* MUST-48, SHLD-21, SHLD-22: the user's DSCP stands in the IP header as it is, also after a change, and on a RST. */
static void dscp_when_set_then_on_every_segment_from_then_on(void **state)
{
  int tos = -1;
  struct msim__trace_hook hook = {.kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT), .ctx = &tos, .record = note_tos};
  struct tcp_world w;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  msim__trace_add_hook(w.sim, &hook);
  tcp_world_listen(&w);
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(tos, 0);
  msim__tcp_set_tos(w.opener.tcb, 0x2b); /* AF11 and two bits that are not DSCP's */
  tcp_end_write(&w.opener, "x");
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(tos, 0x28);
  msim__tcp_set_tos(w.opener.tcb, 0xb8);
  tcp_end_write(&w.opener, "y");
  tcp_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(tos, 0xb8);
  tos = -1;
  msim__tcp_abort(w.opener.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(tos, 0xb8);
  tcp_world_close(&w);
}

/* MUST-20, MUST-47, SHLD-9, SHLD-10: three repetitions without an answer are told to IP and to the user, once. */
static void silence_when_three_repetitions_then_told_once(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  w.acceptor.hears_trouble = true;
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_MSEC(1399)); /* at 200, 600, 1400 ms */
  assert_string_equal(w.acceptor.heard, "open");
  assert_int_equal(msim__net(w.sim)->doubt_count, 0);
  tcp_world_run_for(&w, MSIM_MSEC(2));
  assert_string_equal(w.acceptor.heard, "open silence(3)");
  assert_int_equal(msim__net(w.sim)->doubt_count, 1);
  tcp_world_run_for(&w, MSIM_SEC(30));
  assert_string_equal(w.acceptor.heard, "open silence(3)");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2);
  assert_non_null(w.acceptor.tcb);
  tcp_world_close(&w);
}

/* MUST-22, MUST-23: SYNs alike; by default they go on for more than 3 minutes. */
static void silence_when_opening_then_told_and_three_minutes_of_syns(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  w.opener.hears_trouble = true;
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_SEC(7) + 1);
  assert_string_equal(w.opener.heard, "silence(3)");
  tcp_world_run_for(&w, MSIM_SEC(173));
  assert_int_equal(w.opener.tcb->head.state, MSIM__TCP_SYN_SENT);
  tcp_world_run_for(&w, MSIM_SEC(67));
  assert_string_equal(w.opener.heard, "silence(3) closed(timeout)");
  tcp_world_close(&w);
}

/* SHLD-11: by default R2 is far more than 100 seconds. */
static void r2_when_default_then_more_than_100_seconds(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  tcp_end_write(&w.acceptor, "x");
  tcp_world_run_for(&w, MSIM_SEC(900));
  assert_string_equal(w.acceptor.heard, "open");
  tcp_world_run_for(&w, MSIM_SEC(100));
  assert_string_equal(w.acceptor.heard, "open closed(timeout)");
  tcp_world_close(&w);
}

static void tell(struct tcp_world *w, uint8_t type, uint8_t code)
{
  struct msim__icmp_error error = {.type = type,
                                   .code = code,
                                   .local = w->a->addr_id,
                                   .remote = w->b->addr_id,
                                   .local_port = TCP_PORT,
                                   .remote_port = TCP_PEER_PORT,
                                   .seq = w->own_iss + 1};

  msim__tcp_error(w->a, &error);
}

/* MUST-47, MUST-55, MUST-56, SHLD-25: soft errors are told and end nothing; Source Quench is none. */
static void icmp_when_soft_then_told_and_source_quench_is_not(void **state)
{
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  w.acceptor.hears_trouble = true;
  tcp_end_write(&w.acceptor, "x");
  tell(&w, 4, 0);
  assert_string_equal(w.acceptor.heard, "open");
  assert_int_equal(w.acceptor.tcb->bits & MSIM__TCB_SOFT_ERROR, 0);
  tell(&w, 3, 1);
  tell(&w, 11, 0);
  tell(&w, 12, 0);
  assert_string_equal(w.acceptor.heard, "open icmp(3,1) icmp(11,0) icmp(12,0)");
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2, .text = "on");
  assert_memory_equal(w.acceptor.received, "on", 2);
  tcp_world_close(&w);
}

/* SHLD-20: a user without the handler hears nothing, and goes on as well. */
static void reports_when_there_is_no_handler_then_none(void **state)
{
  struct msim__tcp_user without = tcp_end_ops;
  struct tcp_world w;

  (void)state;
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  without.on_trouble = NULL;
  without.on_urgent = NULL;
  msim__tcp_set_user(w.acceptor.tcb, &without, &w.acceptor);
  w.acceptor.hears_trouble = true;
  tcp_end_write(&w.acceptor, "x");
  tell(&w, 3, 1);
  tcp_world_run_for(&w, MSIM_SEC(2));
  RAW_SEND(&w, .flags = ACK, .seq = 1, .ack = 2, .text = "on", .urgent = 1);
  assert_string_equal(w.acceptor.heard, "open readable");
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(r2_when_set_for_one_connection_then_of_this_only),
      cmocka_unit_test(keepalive_when_turned_on_then_after_its_time_and_off_again),
      cmocka_unit_test(dscp_when_set_then_on_every_segment_from_then_on),
      cmocka_unit_test(silence_when_three_repetitions_then_told_once),
      cmocka_unit_test(silence_when_opening_then_told_and_three_minutes_of_syns),
      cmocka_unit_test(r2_when_default_then_more_than_100_seconds),
      cmocka_unit_test(icmp_when_soft_then_told_and_source_quench_is_not),
      cmocka_unit_test(reports_when_there_is_no_handler_then_none),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
