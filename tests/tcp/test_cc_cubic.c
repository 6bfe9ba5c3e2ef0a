/* test_cc_cubic.c: CUBIC by numbers: the figures of RFC 9438, worked out by hand or with bc; HyStart++ of RFC 9406; and
 * one long transfer with the real TCP. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"
#include "tcp/hystart.h"

#include <string.h>

extern const struct msim_cc_type msim__cc_cubic, msim__cc_reno;

#define MSS 1000u

struct path {
  const struct msim_cc_type *type;
  uint64_t state[16];
  struct msim_cc_vars v;
  msim_ns now_ns;
};

static void start(struct path *p, const struct msim_cc_type *type, msim_ns rtt_ns)
{
  memset(p, 0, sizeof *p);
  p->type = type;
  p->v.mss_bytes = MSS;
  p->v.initial_window_bytes = 10 * MSS;
  p->v.ssthresh_bytes = UINT32_C(1) << 30;
  p->v.is_cwnd_limited = true;
  p->v.srtt_ns = p->v.rtt_last_ns = p->v.rtt_min_ns = rtt_ns;
  type->start(p->state, &p->v, 0);
}

/* A loss with the whole window in flight, repaired at once. */
static void lose(struct path *p, enum msim_loss why)
{
  p->v.flight_bytes = p->v.cwnd_bytes;
  p->type->on_loss(p->state, &p->v, why, p->now_ns);
}

static void lose_at(struct path *p, uint32_t cwnd_bytes)
{
  p->v.cwnd_bytes = cwnd_bytes;
  lose(p, MSIM_LOSS_DUPACK);
}

/* One round trip: its window is acknowledged segment by segment, evenly. */
static void round_trip(struct path *p)
{
  uint32_t count = p->v.cwnd_bytes / MSS, i;
  msim_ns begin_ns = p->now_ns;

  p->v.sent_total_bytes = p->v.acked_total_bytes + p->v.cwnd_bytes;
  for (i = 1; i <= count; i++) {
    p->now_ns = begin_ns + p->v.srtt_ns * i / count;
    p->v.acked_total_bytes += MSS;
    p->v.flight_bytes = p->v.cwnd_bytes;
    p->type->on_ack(p->state, &p->v, MSS, p->now_ns);
    p->v.sent_total_bytes = p->v.acked_total_bytes + p->v.cwnd_bytes;
  }
}

static void assert_near(uint64_t value, uint64_t wanted, uint64_t off)
{
  if (value + off < wanted || value > wanted + off)
    fail_msg("%llu is not %llu +- %llu", (unsigned long long)value, (unsigned long long)wanted,
             (unsigned long long)off);
}

/* ---- RFC 9438 ---- */

static void loss_when_window_is_100_then_70_are_left(void **state)
{
  static const struct {
    enum msim_loss why;
    uint32_t flight, cwnd, ssthresh;
  } cases[] = {{MSIM_LOSS_DUPACK, 100000, 70000, 70000},
               {MSIM_LOSS_DUPACK, 10001, 7000, 7000},
               {MSIM_LOSS_DUPACK, 2000, 2000, 2000}, /* figure 5: never below two segments */
               {MSIM_LOSS_ECN, 100000, 70000, 70000},
               {MSIM_LOSS_ECN, 2000, 1400, 2000}, /* but one, where the network only marked */
               {MSIM_LOSS_TIMEOUT, 100000, 1000, 70000}};
  struct path p;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    start(&p, &msim__cc_cubic, MSIM_MSEC(100));
    p.v.flight_bytes = p.v.cwnd_bytes = cases[i].flight;
    msim__cc_cubic.on_loss(p.state, &p.v, cases[i].why, 0);
    assert_int_equal(p.v.cwnd_bytes, cases[i].cwnd);
    assert_int_equal(p.v.ssthresh_bytes, cases[i].ssthresh);
  }
}

/* 0.4 (t - K)^3 + 100 with K = (30 / 0.4)^(1/3) = 4.21716 s, by bc: concave up to 100, then convex. The window follows
 * the value of one round trip later, and segments come one by one: within 1.5 of it. */
static void growth_when_window_was_100_then_cubic_of_the_time(void **state)
{
  static const uint32_t window_at_s[] = {70000,  86681,  95640,  99279,  99996, 100192,
                                         102267, 108620, 121653, 143764, 177354};
  struct path p;
  size_t second, step;

  (void)state;
  start(&p, &msim__cc_cubic, MSIM_MSEC(200)); /* Reno would have 97 segments after 10 s and does not count */
  lose_at(&p, 100 * MSS);
  for (second = 0; second < 10; second++) {
    assert_near(p.v.cwnd_bytes, window_at_s[second], 1500);
    for (step = 0; step < 5; step++)
      round_trip(&p);
    p.now_ns = MSIM_SEC(second + 1);
  }
  assert_near(p.v.cwnd_bytes, window_at_s[10], 1500);
}

/* 4.2: the target is at most one and a half windows: so is what one round trip adds. */
static void growth_when_cubic_is_far_above_then_half_a_window_per_round_trip(void **state)
{
  struct path p;
  uint32_t before;

  (void)state;
  start(&p, &msim__cc_cubic, MSIM_SEC(20)); /* in 20 s the cubic rises by 0.4 (20 - 4.2)^3 = 1571 segments */
  lose_at(&p, 100 * MSS);
  before = p.v.cwnd_bytes;
  round_trip(&p);
  assert_near(p.v.cwnd_bytes, before + before / 2, 12000);
  assert_true(p.v.cwnd_bytes > before * 13 / 10);
}

/* 4.7: 100, then a loss at 80: W_max = 80 (1 + 0.7) / 2 = 68, above which the window (56) comes sooner. */
static void growth_when_window_shrinks_then_plateau_below_the_last(void **state)
{
  struct path p;
  int i;

  (void)state;
  start(&p, &msim__cc_cubic, MSIM_MSEC(100));
  lose_at(&p, 100 * MSS);
  lose_at(&p, 80 * MSS);
  assert_int_equal(p.v.cwnd_bytes, 56 * MSS);
  for (i = 0; i < 31; i++) /* K = (12 / 0.4)^(1/3) = 3.107 s */
    round_trip(&p);
  /* At the plateau; Reno would have 56 + 31 * 9 / 17 = 72 by then, and wins: 4.3. */
  assert_near(p.v.cwnd_bytes, 72400, 1500);

  start(&p, &msim__cc_cubic, MSIM_SEC(1)); /* with long round trips it is the cubic that counts */
  lose_at(&p, 100 * MSS);
  lose_at(&p, 80 * MSS);
  for (i = 0; i < 3; i++)
    round_trip(&p);
  assert_near(p.v.cwnd_bytes, 68000, 1500);
}

/* 4.8: K = 0 and W_max = the window with which congestion avoidance begins. */
static void growth_when_timeout_then_slow_start_and_convex_from_there(void **state)
{
  struct path p;
  msim_ns begin_ns;

  (void)state;
  start(&p, &msim__cc_cubic, MSIM_MSEC(100));
  p.v.cwnd_bytes = 100 * MSS;
  lose(&p, MSIM_LOSS_TIMEOUT);
  while (p.v.cwnd_bytes < p.v.ssthresh_bytes) {
    uint32_t before = p.v.cwnd_bytes;

    round_trip(&p);
    assert_true(p.v.cwnd_bytes <= 2 * before + MSS);
  }
  assert_near(p.v.cwnd_bytes, 70000, 2000);
  begin_ns = p.now_ns;
  while (p.now_ns < begin_ns + MSIM_SEC(6))
    round_trip(&p);
  /* 70 + 0.4 * 6^3 = 156.4 after 6 s; the stage began up to one round trip earlier: 0.4 (6.1^3 - 6^3) = 4.4 */
  assert_near(p.v.cwnd_bytes, 158600, 3000);
}

/* 4.9: a loss that was none leaves no trace in the curve: for ten round trips the window is that of the twin. */
static void growth_when_the_loss_was_none_then_as_if_nothing_had_been(void **state)
{
  static const enum msim_loss why[] = {MSIM_LOSS_DUPACK, MSIM_LOSS_TIMEOUT};
  size_t i, k;

  (void)state;
  for (i = 0; i < 2; i++) {
    struct path p, twin;

    start(&p, &msim__cc_cubic, MSIM_MSEC(100));
    lose_at(&p, 100 * MSS);
    for (k = 0; k < 20; k++)
      round_trip(&p);
    twin = p;
    lose(&p, why[i]);
    assert_true(p.v.cwnd_bytes < twin.v.cwnd_bytes);
    p.v.cwnd_bytes = twin.v.cwnd_bytes;
    p.v.ssthresh_bytes = twin.v.ssthresh_bytes;
    p.type->on_undo(p.state, &p.v, p.now_ns);
    for (k = 0; k < 10; k++) {
      round_trip(&p);
      round_trip(&twin);
      assert_int_equal(p.v.cwnd_bytes, twin.v.cwnd_bytes);
    }
  }
}

/* 5.8: time in which the application did not use the window is not counted. */
static void growth_when_application_pauses_then_time_stands_still(void **state)
{
  struct path p, q;
  int i;

  (void)state;
  start(&p, &msim__cc_cubic, MSIM_MSEC(100));
  lose_at(&p, 100 * MSS);
  for (i = 0; i < 10; i++)
    round_trip(&p);
  q = p;
  p.v.is_cwnd_limited = false;
  for (i = 0; i < 300; i++) { /* half a minute, in which the cubic would rise far beyond */
    uint32_t before = p.v.cwnd_bytes;

    round_trip(&p);
    assert_int_equal(p.v.cwnd_bytes, before);
  }
  p.v.is_cwnd_limited = true;
  for (i = 0; i < 10; i++) {
    round_trip(&p);
    round_trip(&q);
  }
  assert_near(p.v.cwnd_bytes, q.v.cwnd_bytes, 500);
}

/* RFC 5681 4.1 and RFC 7661 4.4.2. */
static void idle_when_long_then_initial_window_and_slow_start_to_three_quarters(void **state)
{
  struct path p;

  (void)state;
  start(&p, &msim__cc_cubic, MSIM_MSEC(100));
  lose_at(&p, 100 * MSS);
  p.v.cwnd_bytes = 200 * MSS;
  msim__cc_cubic.on_idle(p.state, &p.v, MSIM_SEC(2));
  assert_int_equal(p.v.cwnd_bytes, 10 * MSS);
  assert_int_equal(p.v.ssthresh_bytes, 150 * MSS);
  round_trip(&p);
  assert_int_equal(p.v.cwnd_bytes, 20 * MSS);
  p.v.cwnd_bytes = 3 * MSS;
  msim__cc_cubic.on_idle(p.state, &p.v, MSIM_SEC(2));
  assert_int_equal(p.v.cwnd_bytes, 3 * MSS);
}

/* The mean window in segments when one segment of every loss_every is lost: RFC 9438 5.1, figure 6. */
static uint64_t mean_window(const struct msim_cc_type *type, msim_ns rtt_ns, uint32_t loss_every, unsigned losses)
{
  struct path p;
  uint64_t until_loss = loss_every, segments = 0, rounds = 0;
  unsigned lost = 0;

  start(&p, type, rtt_ns);
  lose_at(&p, 50 * MSS);
  while (lost < losses) {
    uint32_t window = p.v.cwnd_bytes / MSS;

    round_trip(&p);
    if (lost >= losses / 2) { /* settled */
      segments += window;
      rounds++;
    }
    if (window < until_loss) {
      until_loss -= window;
      continue;
    }
    until_loss += loss_every - window;
    lose(&p, MSIM_LOSS_DUPACK);
    lost++;
  }
  return segments / rounds;
}

/* C (3 + beta) / (4 (1 - beta)) = 0.4 * 3.7 / 1.2; its fourth root is 1.054; times (RTT / p)^(3/4), by bc. The formula
 * knows no fast convergence, which gives up some percent whenever a loss comes early: a tenth is allowed. */
static void mean_when_losses_are_rare_then_as_rfc_9438_computes(void **state)
{
  (void)state;
  assert_near(mean_window(&msim__cc_cubic, MSIM_MSEC(100), 10000, 60), 187, 18);
  assert_near(mean_window(&msim__cc_cubic, MSIM_MSEC(100), 100000, 40), 1054, 105);
}

/* 4.3: where Reno does better, CUBIC does as well: sqrt(1.5 / p) = 38.7 segments for p = 1/1000 (RFC 9438 5.1, table
 * 1: 38), and the same round trip of 10 ms would give the cubic 5.9 only. alpha becomes 1 once the window is back where
 * it was, which gives a little more. */
static void mean_when_round_trips_are_short_then_as_much_as_reno(void **state)
{
  uint64_t reno = mean_window(&msim__cc_reno, MSIM_MSEC(10), 1000, 60);
  uint64_t cubic = mean_window(&msim__cc_cubic, MSIM_MSEC(10), 1000, 60);

  (void)state;
  assert_near(reno, 38, 2);
  assert_near(cubic, reno, 4);
}

/* One bottleneck for both: when it overflows, both lose. */
static void share_when_reno_is_the_other_then_about_half(void **state)
{
  struct path cubic, reno;
  uint64_t cubic_bytes = 0, reno_bytes = 0;
  int i;

  (void)state;
  start(&cubic, &msim__cc_cubic, MSIM_MSEC(20));
  start(&reno, &msim__cc_reno, MSIM_MSEC(20));
  lose_at(&cubic, 20 * MSS);
  lose_at(&reno, 40 * MSS);
  for (i = 0; i < 5000; i++) {
    cubic_bytes += cubic.v.cwnd_bytes;
    reno_bytes += reno.v.cwnd_bytes;
    round_trip(&cubic);
    round_trip(&reno);
    if (cubic.v.cwnd_bytes + reno.v.cwnd_bytes > 60 * MSS) {
      lose(&cubic, MSIM_LOSS_DUPACK);
      lose(&reno, MSIM_LOSS_DUPACK);
    }
  }
  assert_in_range(cubic_bytes * 100 / reno_bytes, 70, 145);
}

/* The largest windows, segments and times that can occur: nothing overflows (the sanitizers watch). */
static void growth_when_numbers_are_extreme_then_bounded(void **state)
{
  static const uint32_t segment_bytes[] = {28, 1460, 65535};
  struct path p;
  size_t i;
  int step;

  (void)state;
  for (i = 0; i < sizeof segment_bytes / sizeof *segment_bytes; i++) {
    start(&p, &msim__cc_cubic, MSIM_SEC(100));
    p.v.mss_bytes = segment_bytes[i];
    lose_at(&p, UINT32_C(1) << 30);
    assert_near(p.v.cwnd_bytes, (UINT64_C(7) << 30) / 10, 1);
    for (step = 0; step < 100; step++) {
      p.now_ns += MSIM_SEC(3600);
      msim__cc_cubic.on_ack(p.state, &p.v, UINT32_C(1) << 30, p.now_ns);
      if (p.v.cwnd_bytes > UINT32_C(1) << 30)
        p.v.cwnd_bytes = UINT32_C(1) << 30; /* as TCP does */
    }
    assert_int_equal(p.v.cwnd_bytes, UINT32_C(1) << 30);
  }
}

/* ---- RFC 9406 ---- */

struct rounds {
  struct msim__hystart h;
  struct msim_cc_vars v;
};

static void rounds_start(struct rounds *r)
{
  memset(r, 0, sizeof *r);
  r->v.mss_bytes = MSS;
  r->v.cwnd_bytes = 10 * MSS;
  r->v.is_cwnd_limited = true;
  r->v.sent_total_bytes = 1; /* the SYN */
  msim__hystart_start(&r->h, &r->v);
  r->v.acked_total_bytes = 1;
  r->v.sent_total_bytes += r->v.cwnd_bytes;
}

/* An ACK per segment, all with this round-trip time, until the round is over. A round begins before the ACK that begins
 * it lets anything out: of rounds that double the window, 10, 19, 37 segments are sent, and as many ACKs come. */
static bool rounds_next(struct rounds *r, msim_ns rtt_ns)
{
  uint32_t end = r->h.window_end;
  bool over = false;

  r->v.rtt_last_ns = rtt_ns;
  while (!over && r->h.window_end == end) {
    r->v.acked_total_bytes += MSS;
    over = msim__hystart_acked(&r->h, &r->v, MSS);
    r->v.sent_total_bytes = r->v.acked_total_bytes + r->v.cwnd_bytes / MSS * MSS;
  }
  return over;
}

/* The round of the SYN, of one ACK; then 9 and 18. */
static void rounds_to_38(struct rounds *r, msim_ns rtt_ns)
{
  rounds_start(r);
  assert_false(rounds_next(r, rtt_ns));
  assert_int_equal(r->v.cwnd_bytes, 11 * MSS);
  assert_false(rounds_next(r, rtt_ns));
  assert_int_equal(r->v.cwnd_bytes, 20 * MSS);
  assert_false(rounds_next(r, rtt_ns));
  assert_int_equal(r->v.cwnd_bytes, 38 * MSS);
}

static void slow_start_when_times_stay_then_doubles_each_round(void **state)
{
  struct rounds r;

  (void)state;
  rounds_to_38(&r, MSIM_MSEC(100));
  assert_false(rounds_next(&r, MSIM_MSEC(112))); /* an eighth of 100 ms, the threshold, is 12.5 ms */
  assert_int_equal(r.v.cwnd_bytes, 74 * MSS);
}

/* The eighth ACK of the round that is 12.5 ms slower than the last one begins CSS: growth by a quarter, five rounds. */
static void slow_start_when_times_grow_then_five_slow_rounds_and_the_end(void **state)
{
  struct rounds r;
  int round;

  (void)state;
  rounds_to_38(&r, MSIM_MSEC(100));
  assert_false(rounds_next(&r, MSIM_MSEC(113)));
  assert_int_equal(r.v.cwnd_bytes, 38 * MSS + 8 * MSS + 28 * MSS / 4);
  for (round = 2; round <= 4; round++)
    assert_false(rounds_next(&r, MSIM_MSEC(113)));
  assert_true(rounds_next(&r, MSIM_MSEC(113)));
  assert_in_range(r.v.cwnd_bytes, 118 * MSS, 129 * MSS); /* 53 * 1.25^4 = 129.4, less what rounds begin early */
}

static void slow_start_when_times_fall_again_then_doubles_as_before(void **state)
{
  struct rounds r;

  (void)state;
  rounds_to_38(&r, MSIM_MSEC(100));
  rounds_next(&r, MSIM_MSEC(113));
  assert_int_equal(r.v.cwnd_bytes, 53 * MSS);
  assert_false(rounds_next(&r, MSIM_MSEC(112))); /* a false alarm, as the eighth of 51 ACKs shows */
  assert_int_equal(r.v.cwnd_bytes, 53 * MSS + 8 * MSS / 4 + 43 * MSS);
}

/* The bounds of the threshold: 4 ms and 16 ms. */
static void slow_start_when_times_are_short_or_long_then_threshold_is_bounded(void **state)
{
  static const struct {
    msim_ns before_ns, after_ns;
    bool slows;
  } cases[] = {{MSIM_MSEC(1), MSIM_USEC(4999), false},   {MSIM_MSEC(1), MSIM_MSEC(5), true},
               {MSIM_MSEC(64), MSIM_USEC(71999), false}, {MSIM_MSEC(64), MSIM_MSEC(72), true},
               {MSIM_SEC(1), MSIM_MSEC(1015), false},    {MSIM_SEC(1), MSIM_MSEC(1016), true}};
  struct rounds r;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    rounds_to_38(&r, cases[i].before_ns);
    rounds_next(&r, cases[i].after_ns);
    assert_int_equal(r.v.cwnd_bytes, cases[i].slows ? 53 * MSS : 74 * MSS);
  }
}

/* Eight times are needed: a round of fewer ACKs decides nothing. */
static void slow_start_when_few_times_are_known_then_goes_on(void **state)
{
  struct rounds r;

  (void)state;
  rounds_start(&r);
  r.v.cwnd_bytes = 3 * MSS;
  r.v.sent_total_bytes = r.v.acked_total_bytes + 3 * MSS;
  rounds_next(&r, MSIM_MSEC(10));
  rounds_next(&r, MSIM_MSEC(10));
  assert_int_equal(r.v.cwnd_bytes, 6 * MSS);
  rounds_next(&r, MSIM_MSEC(500)); /* four ACKs */
  assert_int_equal(r.v.cwnd_bytes, 10 * MSS);
  rounds_next(&r, MSIM_SEC(5)); /* eight, of which the last decides */
  assert_int_equal(r.v.cwnd_bytes, 18 * MSS);
  assert_int_equal(r.h.css_round_count, 1 + 1);
}

/* L: one ACK of many segments lets the window grow by eight of them. */
static void slow_start_when_one_ack_is_of_many_then_eight_segments(void **state)
{
  struct rounds r;

  (void)state;
  rounds_start(&r);
  msim__hystart_acked(&r.h, &r.v, 9 * MSS);
  assert_int_equal(r.v.cwnd_bytes, 18 * MSS);
  r.v.is_cwnd_limited = false;
  msim__hystart_acked(&r.h, &r.v, MSS);
  assert_int_equal(r.v.cwnd_bytes, 18 * MSS);
}

static void slow_start_when_hystart_ends_it_then_cubic_from_there(void **state)
{
  struct path p;
  int i;

  (void)state;
  start(&p, &msim__cc_cubic, MSIM_MSEC(100));
  for (i = 0; i < 4; i++)
    round_trip(&p);
  for (i = 0; i < 10 && p.v.ssthresh_bytes == UINT32_C(1) << 30; i++) {
    p.v.rtt_last_ns += MSIM_MSEC(20);
    round_trip(&p);
  }
  assert_in_range(i, 5, 7);
  assert_true(p.v.ssthresh_bytes < UINT32_C(1) << 30);
  assert_true(p.v.cwnd_bytes >= p.v.ssthresh_bytes);
  p.now_ns += 1;
  i = (int)p.v.cwnd_bytes;
  round_trip(&p); /* convex from K = 0, no faster than Reno at first: one segment or two */
  assert_near(p.v.cwnd_bytes, (uint64_t)i, 2000);
  assert_true((int)p.v.cwnd_bytes > i);
}

/* ---- with TCP ---- */

struct curve {
  struct msim__trace_hook hook;
  uint32_t points[65536];
  msim_ns at_ns[65536];
  size_t count;
  size_t loss_at[64]; /* index of the first point after a reduction */
  size_t loss_count;
  uint32_t before_loss[64];
  uint32_t ssthresh_first; /* the first that was set */
};

static int draw(void *ctx, const struct msim_trace_record *record)
{
  struct curve *curve = ctx;
  const struct msim_trace_cwnd *cwnd = &record->u.cwnd;

  if (strcmp(cwnd->host, "a") != 0 || curve->count == sizeof curve->points / sizeof *curve->points)
    return MSIM_OK;
  if (curve->ssthresh_first == 0 && cwnd->ssthresh_bytes < UINT32_C(1) << 30)
    curve->ssthresh_first = cwnd->ssthresh_bytes;
  if (strcmp(cwnd->why, "fast-retransmit") == 0 && curve->loss_count < 64) {
    curve->before_loss[curve->loss_count] = curve->count > 0 ? curve->points[curve->count - 1] : 0;
    curve->loss_at[curve->loss_count++] = curve->count;
  }
  curve->at_ns[curve->count] = record->at_ns;
  curve->points[curve->count++] = cwnd->cwnd_bytes;
  return MSIM_OK;
}

static void transfer(struct curve *curve, size_t size_bytes, uint64_t rate_bps, msim_ns delay_ns, uint32_t queue,
                     struct msim_counters *counters)
{
  static const struct msim_tcp_opts opts = {.receive_buffer_bytes = 8 << 20, .send_buffer_bytes = 8 << 20};
  struct msim_link_way way;
  struct tcp_world w;
  struct msim_blob *blob;

  memset(&way, 0, sizeof way);
  memset(curve, 0, sizeof *curve);
  way.rate_bps = rate_bps;
  way.delay_ns = delay_ns;
  way.queue_packets_max = queue;
  tcp_world_open(&w, 1, &opts, &way);
  curve->hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_CWND);
  curve->hook.ctx = curve;
  curve->hook.record = draw;
  w.hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_STATE);
  msim__trace_add_hook(w.sim, &curve->hook);
  tcp_world_listen(&w);
  blob = msim_blob_new(w.sim, NULL, size_bytes);
  assert_non_null(blob);
  memset(blob->data, 'x', size_bytes);
  w.opener.quiet = w.acceptor.quiet = true;
  w.opener.source = blob;
  w.acceptor.closes_on_eof = true;
  tcp_world_connect(&w);
  assert_int_equal(msim_sim_run(w.sim, MSIM_SEC(600)), MSIM_OK);
  assert_int_equal(w.acceptor.received_bytes, size_bytes);
  msim_sim_counters(w.sim, counters);
  msim_blob_unref(blob);
  tcp_world_close(&w);
}

/* 10 Mbit/s and 100 ms are 125 kB; the queue holds ten times that. Left alone, slow start would fill it and lose. */
static void transfer_when_queue_is_large_then_slow_start_ends_before_it_is_full(void **state)
{
  struct curve *curve = test_malloc(sizeof *curve);
  struct msim_counters counters;

  (void)state;
  transfer(curve, 4000000, 10000000, MSIM_MSEC(50), 860, &counters);
  assert_int_equal(counters.drop_count, 0);
  assert_in_range(curve->ssthresh_first, 125000, 860 * 1500);
  test_free(curve);
}

static uint32_t window_at(const struct curve *curve, msim_ns at_ns)
{
  size_t i = 0;

  while (i + 1 < curve->count && curve->at_ns[i + 1] <= at_ns)
    i++;
  return curve->points[i];
}

/* How much the window grows in each third between two losses, without the time of recovery. */
static void thirds_of(const struct curve *curve, size_t loss, uint32_t growth[3])
{
  size_t first = curve->loss_at[loss], i;
  uint32_t last = curve->points[first];
  msim_ns span_ns;

  while (curve->points[first] == last)
    first++;
  span_ns = curve->at_ns[curve->loss_at[loss + 1]] - curve->at_ns[first];
  for (i = 0; i < 3; i++) {
    uint32_t next =
        i == 2 ? curve->before_loss[loss + 1] : window_at(curve, curve->at_ns[first] + span_ns * (i + 1) / 3);

    growth[i] = next - last;
    last = next;
  }
}

/* After a loss 0.7 of what was in flight. Then slower and slower up to the old window, where the queue overflows again;
 * and every other time, when fast convergence has set a lower mark, slower up to that and faster beyond. */
static void transfer_when_bottleneck_overflows_then_seven_tenths_concave_and_convex(void **state)
{
  struct curve *curve = test_malloc(sizeof *curve);
  struct msim_counters counters;
  size_t i, concave_count = 0, convex_count = 0;

  (void)state;
  transfer(curve, 50000000, 10000000, MSIM_MSEC(50), 60, &counters);
  assert_true(curve->loss_count >= 6);
  for (i = 1; i < curve->loss_count; i++)
    assert_near(curve->points[curve->loss_at[i]], (uint64_t)curve->before_loss[i] * 7 / 10, 4000);
  for (i = 2; i + 1 < curve->loss_count; i++) {
    uint32_t growth[3];

    thirds_of(curve, i, growth);
    assert_true(growth[0] > growth[1]);
    if (growth[2] < growth[1])
      concave_count++;
    if (growth[2] > 2 * growth[1])
      convex_count++;
  }
  assert_true(concave_count > 0 && convex_count > 0);
  test_free(curve);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(loss_when_window_is_100_then_70_are_left),
      cmocka_unit_test(growth_when_window_was_100_then_cubic_of_the_time),
      cmocka_unit_test(growth_when_cubic_is_far_above_then_half_a_window_per_round_trip),
      cmocka_unit_test(growth_when_window_shrinks_then_plateau_below_the_last),
      cmocka_unit_test(growth_when_timeout_then_slow_start_and_convex_from_there),
      cmocka_unit_test(growth_when_the_loss_was_none_then_as_if_nothing_had_been),
      cmocka_unit_test(growth_when_application_pauses_then_time_stands_still),
      cmocka_unit_test(idle_when_long_then_initial_window_and_slow_start_to_three_quarters),
      cmocka_unit_test(mean_when_losses_are_rare_then_as_rfc_9438_computes),
      cmocka_unit_test(mean_when_round_trips_are_short_then_as_much_as_reno),
      cmocka_unit_test(share_when_reno_is_the_other_then_about_half),
      cmocka_unit_test(growth_when_numbers_are_extreme_then_bounded),
      cmocka_unit_test(slow_start_when_times_stay_then_doubles_each_round),
      cmocka_unit_test(slow_start_when_times_grow_then_five_slow_rounds_and_the_end),
      cmocka_unit_test(slow_start_when_times_fall_again_then_doubles_as_before),
      cmocka_unit_test(slow_start_when_times_are_short_or_long_then_threshold_is_bounded),
      cmocka_unit_test(slow_start_when_few_times_are_known_then_goes_on),
      cmocka_unit_test(slow_start_when_one_ack_is_of_many_then_eight_segments),
      cmocka_unit_test(slow_start_when_hystart_ends_it_then_cubic_from_there),
      cmocka_unit_test(transfer_when_queue_is_large_then_slow_start_ends_before_it_is_full),
      cmocka_unit_test(transfer_when_bottleneck_overflows_then_seven_tenths_concave_and_convex),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
