/* test_sink_csv.c: time series: what falls into which interval, names that need quotes, how long mails took, memory
 * that fails. Queues need a network: tests/command. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "trace/stage.h"

extern const struct msim_sink_type msim__sink_csv;

#define HEAD "time_s,kind,name,side,measure,value\n"

static struct stage s;

static int open_csv(const char *options, uint64_t fail_at)
{
  struct msim_out out = {NULL, paper_write};
  int err = stage_try(&s, fail_at);

  out.ctx = &s.paper;
  if (err == MSIM_OK)
    err = msim_sink_register(s.sim, &msim__sink_csv);
  if (err == MSIM_OK)
    err = msim_trace_add(s.sim, "csv", &out, options, NULL);
  return err == MSIM_OK ? msim_sim_start(s.sim) : err;
}

static int tear_down(void **state)
{
  (void)state;
  stage_tear_down(&s);
  return 0;
}

static void each_interval_has_what_was_done_in_it(void **state)
{
  struct msim_trace_packet *p;

  (void)state;
  assert_int_equal(open_csv("every=100ms", 0), MSIM_OK);
  p = stage_segment(&s, &s.hello, true, 1, P, 1, 1, "12345");
  p->link = "up";
  stage_emit(&s, MSIM_MSEC(10));
  stage_arrive(&s, MSIM_MSEC(99));
  p = stage_segment(&s, &s.hello, true, 2, P, 6, 1, "678");
  p->rtx_number = 1;
  p->link = "up";
  stage_emit(&s, MSIM_MSEC(100)); /* of the next one */
  stage_drop(&s, MSIM_MSEC(110), "loss");
  /* nothing for a while; a copy is delivered once */
  stage_segment(&s, &s.hello, false, 1, P, 1, 6, "ab");
  stage_arrive(&s, MSIM_MSEC(950));
  s.record.u.packet.duplicate = true;
  stage_arrive(&s, MSIM_MSEC(951));
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_string_equal(s.paper.data, HEAD "0.100000000,conn,laptop>mx:25#1,client,packets,1\n"
                                         "0.100000000,conn,laptop>mx:25#1,client,bytes,5\n"
                                         "0.100000000,conn,laptop>mx:25#1,client,delivered_bytes,5\n"
                                         "0.100000000,conn,laptop>mx:25#1,client,goodput_bps,400\n"
                                         "0.100000000,link,up,,packets,1\n"
                                         "0.100000000,link,up,,bytes,5\n"
                                         "0.200000000,conn,laptop>mx:25#1,client,packets,1\n"
                                         "0.200000000,conn,laptop>mx:25#1,client,bytes,3\n"
                                         "0.200000000,conn,laptop>mx:25#1,client,retransmissions,1\n"
                                         "0.200000000,conn,laptop>mx:25#1,client,drops,1\n"
                                         "0.200000000,link,up,,packets,1\n"
                                         "0.200000000,link,up,,bytes,3\n"
                                         "0.200000000,link,up,,drops,1\n"
                                         "1.000000000,conn,laptop>mx:25#1,server,delivered_bytes,2\n"
                                         "1.000000000,conn,laptop>mx:25#1,server,goodput_bps,160\n"
                                         "1.000000000,mail,,,sent,0\n"
                                         "1.000000000,mail,,,deliveries,0\n");
}

static void windows_are_those_at_the_end(void **state)
{
  struct msim_trace_cwnd *cwnd = &s.record.u.cwnd;
  unsigned i;

  (void)state;
  assert_int_equal(open_csv(NULL, 0), MSIM_OK);
  for (i = 1; i <= 2; i++) {
    memset(&s.record, 0, sizeof s.record);
    s.record.kind = MSIM_TRACE_CWND;
    cwnd->flow = &s.hello;
    cwnd->from_client = true;
    cwnd->cwnd_bytes = i * 1000;
    cwnd->ssthresh_bytes = i == 1 ? UINT32_MAX : 500;
    cwnd->flight_bytes = i;
    cwnd->srtt_ns = MSIM_MSEC(20);
    cwnd->rto_ns = MSIM_MSEC(200);
    cwnd->why = "ack";
    stage_emit(&s, i * MSIM_MSEC(100));
  }
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_string_equal(s.paper.data, HEAD "1.000000000,conn,laptop>mx:25#1,client,cwnd_bytes,2000\n"
                                         "1.000000000,conn,laptop>mx:25#1,client,ssthresh_bytes,500\n"
                                         "1.000000000,conn,laptop>mx:25#1,client,flight_bytes,2\n"
                                         "1.000000000,conn,laptop>mx:25#1,client,srtt_s,0.020000000\n"
                                         "1.000000000,conn,laptop>mx:25#1,client,rto_s,0.200000000\n"
                                         "1.000000000,mail,,,sent,0\n"
                                         "1.000000000,mail,,,deliveries,0\n");
}

static void mail(const char *event, const char *label, msim_ns at_ns)
{
  static const char *const to[] = {"bob@y.example"};
  struct msim_value values[3];

  values[0] = msim_value_text("message", label);
  values[1] = msim_value_bool("durable", true);
  values[2].name = "to";
  values[2].kind = MSIM_VALUE_LIST;
  values[2].u.list.items = to;
  values[2].u.list.count = 1;
  stage_event(&s, MSIM_TRACE_APP, "mx", event, values, 3);
  stage_emit(&s, at_ns);
}

static void mails_have_their_percentiles(void **state)
{
  static char labels[10][8];
  unsigned i;

  (void)state;
  assert_int_equal(open_csv("every=10s", 0), MSIM_OK);
  for (i = 0; i < 10; i++) {
    snprintf(labels[i], sizeof labels[i], "m%u", i);
    mail("user.send", labels[i], MSIM_SEC(1));
  }
  for (i = 0; i < 10; i++)
    mail("store.add", labels[9 - i], MSIM_SEC(2 + i));
  mail("store.add", "stranger", MSIM_SEC(19)); /* nobody has sent it */
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_string_equal(s.paper.data, HEAD "20.000000000,mail,,,sent,10\n"
                                         "20.000000000,mail,,,deliveries,10\n"
                                         "20.000000000,mail,,,delivery_p50_s,5.000000000\n"
                                         "20.000000000,mail,,,delivery_p90_s,9.000000000\n"
                                         "20.000000000,mail,,,delivery_p99_s,10.000000000\n"
                                         "20.000000000,mail,,,delivery_max_s,10.000000000\n");
}

static void names_are_quoted_where_they_must_be(void **state)
{
  struct msim_trace_packet *p;

  (void)state;
  assert_int_equal(open_csv(NULL, 0), MSIM_OK);
  p = stage_segment(&s, &s.hello, true, 1, A, 1, 1, NULL);
  p->link = "a,\"b\"";
  stage_emit(&s, 0);
  assert_int_equal(msim_sim_finish(s.sim), MSIM_OK);
  assert_non_null(strstr(s.paper.data, "\n1.000000000,link,\"a,\"\"b\"\"\",,packets,1\n"));
}

static void memory_that_fails_ends_the_run_cleanly(void **state)
{
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  assert_int_equal(stage_try(&s, 0), MSIM_OK);
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    stage_tear_down(&s);
    err = open_csv("every=5ms", fail_at);
    if (err == MSIM_OK) {
      stage_hello(&s);
      mail("user.send", "m1", MSIM_MSEC(50));
      mail("store.add", "m1", MSIM_MSEC(60));
      err = msim_sim_finish(s.sim);
    }
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    assert_true(fail_at < 200);
  }
  assert_true(fail_at > 10);
}

static void a_wrong_interval_is_refused(void **state)
{
  (void)state;
  assert_int_equal(open_csv("every=0", 0), MSIM_ERR_INVALID);
  assert_non_null(strstr(msim_sim_error(s.sim), "takes a time such as 100ms"));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_teardown(name, tear_down)
  const struct CMUnitTest tests[] = {
      CASE(each_interval_has_what_was_done_in_it),  CASE(windows_are_those_at_the_end),
      CASE(mails_have_their_percentiles),           CASE(names_are_quoted_where_they_must_be),
      CASE(memory_that_fails_ends_the_run_cleanly), CASE(a_wrong_interval_is_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
