/* test_cc_reno.c: the controllers alone, by numbers: RFC 5681, RFC 6582, RFC 6928; and types of one's own. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

extern const struct msim_cc_type msim__cc_fixed, msim__cc_reno;

static struct msim_cc_vars started(const struct msim_cc_type *type, uint64_t state[4])
{
  struct msim_cc_vars v = {.mss_bytes = 1000, .initial_window_bytes = 10000, .ssthresh_bytes = UINT32_C(1) << 30};

  memset(state, 0, 4 * sizeof *state);
  type->start(state, &v, 0);
  v.is_cwnd_limited = true;
  return v;
}

static void slow_start_when_acked_then_grows_by_it_but_by_one_segment_at_most(void **unused)
{
  uint64_t state[4];
  struct msim_cc_vars v = started(&msim__cc_reno, state);

  (void)unused;
  assert_int_equal(v.cwnd_bytes, 10000);
  msim__cc_reno.on_ack(state, &v, 400, 0);
  assert_int_equal(v.cwnd_bytes, 10400);
  msim__cc_reno.on_ack(state, &v, 2000, 0);
  assert_int_equal(v.cwnd_bytes, 11400);
  v.is_cwnd_limited = false;
  msim__cc_reno.on_ack(state, &v, 1000, 0);
  assert_int_equal(v.cwnd_bytes, 11400);
}

static void avoidance_when_a_window_is_acked_then_one_segment_more(void **unused)
{
  uint64_t state[4];
  struct msim_cc_vars v = started(&msim__cc_reno, state);
  int i;

  (void)unused;
  v.ssthresh_bytes = 10000;
  for (i = 0; i < 9; i++) {
    msim__cc_reno.on_ack(state, &v, 1000, 0);
    assert_int_equal(v.cwnd_bytes, 10000);
  }
  msim__cc_reno.on_ack(state, &v, 1000, 0);
  assert_int_equal(v.cwnd_bytes, 11000);
}

static void loss_when_by_duplicates_or_timeout_then_half_or_one_segment(void **unused)
{
  static const struct {
    enum msim_loss why;
    uint32_t flight, cwnd, ssthresh;
  } cases[] = {{MSIM_LOSS_DUPACK, 10000, 5000, 5000},
               {MSIM_LOSS_DUPACK, 3000, 2000, 2000}, /* never below two segments */
               {MSIM_LOSS_ECN, 8000, 4000, 4000},
               {MSIM_LOSS_TIMEOUT, 10000, 1000, 5000},
               {MSIM_LOSS_TIMEOUT, 1000, 1000, 2000}};
  uint64_t state[4];
  size_t i;

  (void)unused;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct msim_cc_vars v = started(&msim__cc_reno, state);

    v.flight_bytes = cases[i].flight;
    msim__cc_reno.on_loss(state, &v, cases[i].why, 0);
    assert_int_equal(v.cwnd_bytes, cases[i].cwnd);
    assert_int_equal(v.ssthresh_bytes, cases[i].ssthresh);
  }
}

static void recovered_when_little_is_in_flight_then_no_burst(void **unused)
{
  uint64_t state[4];
  struct msim_cc_vars v = started(&msim__cc_reno, state);

  (void)unused;
  v.ssthresh_bytes = 5000;
  v.flight_bytes = 0;
  msim__cc_reno.on_recovered(state, &v, 0);
  assert_int_equal(v.cwnd_bytes, 2000);
  v.flight_bytes = 9000;
  msim__cc_reno.on_recovered(state, &v, 0);
  assert_int_equal(v.cwnd_bytes, 5000);
}

static void idle_when_long_then_initial_window_again(void **unused)
{
  uint64_t state[4];
  struct msim_cc_vars v = started(&msim__cc_reno, state);

  (void)unused;
  v.cwnd_bytes = 50000;
  msim__cc_reno.on_idle(state, &v, MSIM_SEC(2));
  assert_int_equal(v.cwnd_bytes, 10000);
  v.cwnd_bytes = 3000;
  msim__cc_reno.on_idle(state, &v, MSIM_SEC(2));
  assert_int_equal(v.cwnd_bytes, 3000);
}

static void fixed_when_anything_happens_then_constant(void **unused)
{
  uint64_t state[4];
  struct msim_cc_vars v = started(&msim__cc_fixed, state);

  (void)unused;
  msim__cc_fixed.on_ack(state, &v, 5000, 0);
  msim__cc_fixed.on_loss(state, &v, MSIM_LOSS_TIMEOUT, 0);
  assert_int_equal(v.cwnd_bytes, 10000);
}

/* RFC 6928 2: min(10 MSS, max(2 MSS, 14600)). */
static void initial_window_when_mss_differs_then_by_rfc_6928(void **unused)
{
  static const struct {
    uint16_t mss;
    uint32_t window;
  } cases[] = {{536, 5360}, {1460, 14600}, {100, 1000}};
  struct tcp_world w;
  size_t i;

  (void)unused;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    tcp_raw_open(&w, NULL, false);
    tcp_raw_establish(&w, true, cases[i].mss, 65535);
    assert_int_equal(w.acceptor.tcb->cc.cwnd_bytes, cases[i].window);
    tcp_world_close(&w);
  }
}

/* A controller from outside, with more state than fits into the connection. */
struct own {
  char name[100];
};

static void own_start(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  struct own *own = state;
  size_t i;

  (void)now_ns;
  for (i = 0; i < sizeof own->name; i++)
    assert_int_equal(own->name[i], 0);
  memset(own->name, 'o', sizeof own->name);
  v->cwnd_bytes = 1; /* too little to live: raised to a segment */
}

static void own_ack(void *state, struct msim_cc_vars *v, uint32_t acked_bytes, msim_ns now_ns)
{
  const struct own *own = state;

  (void)acked_bytes;
  (void)now_ns;
  assert_int_equal(own->name[99], 'o');
  v->cwnd_bytes = UINT32_MAX; /* too much: bounded */
}

static void own_loss(void *state, struct msim_cc_vars *v, enum msim_loss why, msim_ns now_ns)
{
  (void)state;
  (void)v;
  (void)why;
  (void)now_ns;
}

static void controller_when_registered_then_used_and_bounded(void **unused)
{
  struct msim_cc_type own = {.name = "own", .state_bytes = sizeof(struct own), .start = own_start, .on_ack = own_ack};
  const struct msim_tcp_opts opts = {.congestion = "own", .no_timestamps = true};
  struct tcp_world w;

  (void)unused;
  tcp_world_build(&w);
  assert_int_equal(msim_node_set_tcp(w.a, &opts), MSIM_ERR_INVALID);
  assert_int_equal(msim_cc_register(w.sim, &own), MSIM_ERR_INVALID); /* on_loss is missing */
  own.on_loss = own_loss;
  own.state_bytes = 129;
  assert_int_equal(msim_cc_register(w.sim, &own), MSIM_ERR_INVALID);
  own.state_bytes = sizeof(struct own);
  assert_int_equal(msim_cc_register(w.sim, &own), MSIM_OK);
  assert_int_equal(msim_cc_register(w.sim, &own), MSIM_ERR_EXISTS);
  assert_int_equal(msim_node_set_tcp(w.a, &opts), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  tcp_world_listen(&w);
  tcp_world_connect(&w);
  tcp_world_run_for(&w, MSIM_MSEC(10));
  assert_int_equal(w.opener.tcb->cc.cwnd_bytes, 1460);
  tcp_end_write(&w.opener, "x");
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(w.opener.tcb->cc.cwnd_bytes, UINT32_C(1) << 30);
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(slow_start_when_acked_then_grows_by_it_but_by_one_segment_at_most),
      cmocka_unit_test(avoidance_when_a_window_is_acked_then_one_segment_more),
      cmocka_unit_test(loss_when_by_duplicates_or_timeout_then_half_or_one_segment),
      cmocka_unit_test(recovered_when_little_is_in_flight_then_no_burst),
      cmocka_unit_test(idle_when_long_then_initial_window_again),
      cmocka_unit_test(fixed_when_anything_happens_then_constant),
      cmocka_unit_test(initial_window_when_mss_differs_then_by_rfc_6928),
      cmocka_unit_test(controller_when_registered_then_used_and_bounded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
