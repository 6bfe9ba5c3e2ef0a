/* test_tcp_opts.c: defaults and ranges of a host's TCP options. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <string.h>

static void opts_when_nothing_is_given_then_defaults(void **state)
{
  struct tcp_world w;
  const struct msim_tcp_opts *o;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  o = msim__tcp_opts_of(w.a);
  assert_string_equal(o->congestion, "cubic");
  assert_int_equal(o->receive_buffer_bytes, 131072);
  assert_int_equal(o->send_buffer_bytes, 131072);
  assert_int_equal(o->initial_window_segments, 10);
  assert_int_equal(o->rto_min_ns, MSIM_MSEC(200));
  assert_int_equal(o->rto_initial_ns, MSIM_SEC(1));
  assert_int_equal(o->rto_max_ns, MSIM_SEC(120));
  assert_int_equal(o->delayed_ack_ns, MSIM_MSEC(40));
  assert_int_equal(o->time_wait_ns, MSIM_SEC(60));
  assert_int_equal(o->data_retries_max, 15);
  assert_int_equal(o->syn_retries_max, 6);
  assert_int_equal(o->mss_bytes_max, 0);
  tcp_world_close(&w);
}

/* The SYN that each stack sends, and its times; what is given goes before the profile. */
static void opts_when_profile_then_that_stack_s_syn(void **state)
{
  static const struct {
    struct msim_tcp_opts opts;
    const char *syn;
    msim_ns rto_min_ns;
  } cases[] = {
      {{0}, "S 0:0(0) win 65535 <mss 1460,sackOK,TS val 0 ecr 0,nop,wscale 2>", MSIM_MSEC(200)},
      {{.profile = MSIM_TCP_FREEBSD},
       "S 0:0(0) win 65535 <mss 1460,nop,wscale 2,sackOK,TS val 0 ecr 0>",
       MSIM_MSEC(230)},
      {{.profile = MSIM_TCP_PLAIN}, "S 0:0(0) win 65535 <mss 1460>", MSIM_SEC(1)},
      {{.profile = MSIM_TCP_PLAIN, .rto_min_ns = MSIM_MSEC(300)}, "S 0:0(0) win 65535 <mss 1460>", MSIM_MSEC(300)},
  };
  struct tcp_world w;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    tcp_raw_open(&w, &cases[i].opts, false);
    w.shows_options = true;
    tcp_world_connect(&w);
    tcp_world_run_for(&w, MSIM_MSEC(1));
    tcp_raw_expect(&w, cases[i].syn);
    assert_int_equal(w.opener.tcb->opts->rto_min_ns, cases[i].rto_min_ns);
    assert_int_equal(w.opener.tcb->opts->initial_window_segments, i < 2 ? 10 : 3);
    tcp_world_close(&w);
  }
}

static void opts_when_out_of_range_then_invalid_with_a_reason(void **state)
{
  static const struct {
    struct msim_tcp_opts opts;
    const char *word; /* of the sentence; NULL: valid */
  } cases[] = {
      {{.congestion = "fixed"}, NULL},
      {{.congestion = "none"}, "congestion"},
      {{.receive_buffer_bytes = 256}, NULL},
      {{.receive_buffer_bytes = 255}, "receive buffer"},
      {{.receive_buffer_bytes = UINT64_C(1) << 30}, NULL},
      {{.receive_buffer_bytes = (UINT64_C(1) << 30) + 1}, "receive buffer"},
      {{.send_buffer_bytes = 255}, "send buffer"},
      {{.send_buffer_bytes = UINT64_MAX}, "send buffer"},
      {{.initial_window_segments = 1000}, NULL},
      {{.initial_window_segments = 1001}, "initial window"},
      {{.rto_min_ns = MSIM_SEC(2), .rto_max_ns = MSIM_SEC(1)}, "timeout"},
      {{.rto_initial_ns = MSIM_SEC(121)}, "timeout"},
      {{.rto_max_ns = MSIM_SEC(86401)}, "timeout"},
      {{.delayed_ack_ns = MSIM_MSEC(500)}, NULL},
      {{.delayed_ack_ns = MSIM_MSEC(501)}, "500 ms"},
      {{.time_wait_ns = MSIM_SEC(86401)}, "TIME-WAIT"},
      {{.data_retries_max = 1001}, "retries"},
      {{.syn_retries_max = 1001}, "retries"},
      {{.mss_bytes_max = 28}, NULL},
      {{.mss_bytes_max = 27}, "largest segment"},
      {{.mss_bytes_max = 65536}, "largest segment"},
      {{.fastopen = 3}, NULL},
      {{.fastopen = 4}, "Fast Open"},
      {{.profile = MSIM_TCP_PLAIN}, NULL},
      {{.profile = (enum msim_tcp_profile)3}, "profile"},
  };
  struct tcp_world w;
  struct msim_tcp_opts out;
  size_t i;

  (void)state;
  tcp_world_open(&w, 1, NULL, NULL);
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *why = "unset";
    int err = msim__tcp_opts_complete(w.sim, &cases[i].opts, &out, &why);

    if (cases[i].word == NULL) {
      assert_int_equal(err, MSIM_OK);
      assert_null(why);
    } else {
      assert_int_equal(err, MSIM_ERR_INVALID);
      assert_non_null(strstr(why, cases[i].word));
    }
  }
  tcp_world_close(&w);
}

static void opts_when_set_after_the_start_or_invalid_then_refused(void **state)
{
  const struct msim_tcp_opts good = {.no_nagle = true}, bad = {.delayed_ack_ns = MSIM_SEC(1)};
  struct tcp_world w;

  (void)state;
  tcp_world_build(&w);
  assert_int_equal(msim_node_set_tcp(w.a, &bad), MSIM_ERR_INVALID);
  assert_int_equal(msim_node_set_tcp(w.a, &good), MSIM_OK);
  assert_true(msim__tcp_opts_of(w.a)->no_nagle);
  assert_false(msim__tcp_opts_of(w.b)->no_nagle);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(msim_node_set_tcp(w.a, &good), MSIM_ERR_STATE);
  tcp_world_close(&w);
}

static void mss_when_limited_then_announced_and_kept(void **state)
{
  const struct msim_tcp_opts opts = {.mss_bytes_max = 500};
  struct tcp_world w;
  static const uint8_t zeros[2000];

  (void)state;
  tcp_raw_open(&w, &opts, false);
  tcp_raw_establish(&w, true, 1460, 65535);
  assert_int_equal(w.acceptor.tcb->mss_own, 500);
  msim__tcp_write(w.acceptor.tcb, zeros, sizeof zeros);
  tcp_world_run_for(&w, MSIM_MSEC(1));
  tcp_raw_expect(&w, ". 1:501(500) ack 1 win 65535");
  tcp_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(opts_when_nothing_is_given_then_defaults),
      cmocka_unit_test(opts_when_profile_then_that_stack_s_syn),
      cmocka_unit_test(opts_when_out_of_range_then_invalid_with_a_reason),
      cmocka_unit_test(opts_when_set_after_the_start_or_invalid_then_refused),
      cmocka_unit_test(mss_when_limited_then_announced_and_kept),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
