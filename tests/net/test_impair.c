/* test_impair.c: lib/net/impair.c and what link.c does with its decisions. Shares are tested against four standard
 * deviations of the binomial; seeds are fixed, so a pass is a pass for ever. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "net/link.h"
#include "support/net_fixture.h"

#define DRAWS 100000u

/* Decisions of a direction by itself: no packet is needed to draw them. */
struct dice {
  struct net_world w;
  struct msim__impair *impair;
};

static void dice_open(struct dice *d, const struct msim_impair_opts *opts, uint64_t seed, const char *name)
{
  net_world_open(&d->w, seed, false);
  d->impair = msim__impair_new(d->w.net, opts, name);
  assert_non_null(d->impair);
  msim__impair_begin(d->impair);
}

static struct msim__verdict throw_dice(struct dice *d)
{
  struct msim__verdict verdict;

  msim__impair_decide(d->impair, &verdict);
  return verdict;
}

/* ---- shares ---- */

static void shares_are_kept(void **state)
{
  static const uint32_t ppm[] = {1, 1000, 20000, 500000, 999000, 1000000};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof ppm / sizeof ppm[0]; i++) {
    struct msim_impair_opts opts = {
        .loss_ppm = ppm[i], .duplicate_ppm = ppm[i], .reorder_ppm = ppm[i], .reorder_ns = 7, .corrupt_ppm = ppm[i]};
    uint64_t lost = 0, twice = 0, held = 0, corrupt = 0, lost_and_corrupt = 0, n;
    struct dice d;

    dice_open(&d, &opts, 42, "link:a-b/a>b");
    for (n = 0; n < DRAWS; n++) {
      struct msim__verdict v = throw_dice(&d);

      lost += v.drop != NULL;
      twice += v.duplicate;
      held += v.held_ns == 7;
      corrupt += v.corrupt;
      lost_and_corrupt += v.drop != NULL && v.corrupt;
      assert_true(v.drop == NULL || strcmp(v.drop, "loss") == 0);
      assert_true(v.held_ns == 0 || v.held_ns == 7);
      assert_int_equal(v.jitter_ns, 0);
    }
    assert_share(lost, DRAWS, ppm[i]);
    assert_share(twice, DRAWS, ppm[i]);
    assert_share(held, DRAWS, ppm[i]);
    assert_share(corrupt, DRAWS, ppm[i]);
    assert_share(lost_and_corrupt, DRAWS, (uint64_t)ppm[i] * ppm[i] / 1000000u); /* independent */
    net_world_close(&d.w);
  }
}

static void shares_on_a_link_are_those_of_the_decisions(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  uint32_t i;

  (void)state;
  opts.a_to_b.impair.loss_ppm = 100000;
  net_world_open(&w, 5, false);
  net_world_link(&w, "a", "b", &opts);
  net_world_bind(&w, "b", 2000);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  net_world_mute(&w);
  for (i = 0; i < DRAWS; i++) {
    net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, i, 0);
    if (i % 1000 == 999)
      net_world_run(&w);
  }
  assert_share(w.sim->counters.drop_count, DRAWS, 100000);
  assert_int_equal(w.received_count + w.sim->counters.drop_count, DRAWS);
  assert_int_equal(w.sim->counters.hop_count, DRAWS); /* what is lost was on the wire */
  net_world_close(&w);
}

static char *run_of_link(const struct msim_link_opts *opts, uint64_t seed)
{
  struct net_world w;
  char *text;
  uint32_t i;

  net_world_open(&w, seed, true);
  net_world_link(&w, "a", "b", opts);
  net_world_bind(&w, "b", 2000);
  for (i = 0; i < 200; i++) {
    net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, i, (uint16_t)(i * 7 % 900));
    net_world_send(&w, "b", "a", MSIM_PROTO_TCP, 0, i, 20); /* answered by ICMP */
    if (i % 9 == 0)
      assert_int_equal(msim_sim_advance_to(w.sim, i * MSIM_USEC(300)), MSIM_OK);
  }
  net_world_run(&w);
  text = net_seen_text(&w, NULL);
  net_world_close(&w);
  return text;
}

static void share_of_zero_leaves_the_trace_as_it_is_without(void **state)
{
  static const uint32_t none[] = {0};
  struct msim_link_opts plain = net_link_of(MSIM_MSEC(3)), zero;
  char *expected, *got;

  (void)state;
  plain.a_to_b.rate_bps = plain.b_to_a.rate_bps = 8000000;
  zero = plain;
  /* an impairment that does nothing, but is there */
  zero.a_to_b.impair = (struct msim_impair_opts){
      .drop_nth = none, .burst_leave_ppm = 300000, .burst_loss_ppm = 1000000, .jitter_shape = MSIM_JITTER_EXPONENTIAL};
  zero.b_to_a.impair = (struct msim_impair_opts){.jitter_reorders = true, .reorder_ns = 5000};
  assert_true(msim__impair_any(&zero.a_to_b.impair));
  assert_false(msim__impair_any(&zero.b_to_a.impair));
  expected = run_of_link(&plain, 1);
  got = run_of_link(&zero, 1);
  assert_string_equal(got, expected);
  assert_true(strlen(expected) > 10000);
  free(expected);
  free(got);
}

static void seed_decides_every_draw(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(3));
  char *first, *again, *other;

  (void)state;
  opts.a_to_b.impair.loss_ppm = 100000;
  opts.b_to_a.impair.jitter_ns = MSIM_MSEC(1);
  first = run_of_link(&opts, 1);
  again = run_of_link(&opts, 1);
  other = run_of_link(&opts, 2);
  assert_string_equal(first, again);
  assert_string_not_equal(first, other);
  free(first);
  free(again);
  free(other);
}

/* ---- each purpose by itself ---- */

static void purpose_when_added_leaves_the_decisions_of_the_others(void **state)
{
  static const uint32_t third[] = {3, 0};
  const struct msim_impair_opts all = {.loss_ppm = 50000,
                                       .burst_enter_ppm = 20000,
                                       .burst_leave_ppm = 300000,
                                       .burst_loss_ppm = 700000,
                                       .jitter_ns = 1000,
                                       .duplicate_ppm = 60000,
                                       .reorder_ppm = 70000,
                                       .reorder_ns = 50,
                                       .corrupt_ppm = 80000,
                                       .drop_nth = third};
  struct dice together, jitter, duplicate, reorder, corrupt, lossy, bursty;
  int n;

  (void)state;
  dice_open(&together, &all, 9, "x");
  dice_open(&jitter, &(struct msim_impair_opts){.jitter_ns = 1000}, 9, "x");
  dice_open(&duplicate, &(struct msim_impair_opts){.duplicate_ppm = 60000}, 9, "x");
  dice_open(&reorder, &(struct msim_impair_opts){.reorder_ppm = 70000, .reorder_ns = 50}, 9, "x");
  dice_open(&corrupt, &(struct msim_impair_opts){.corrupt_ppm = 80000}, 9, "x");
  dice_open(&lossy, &(struct msim_impair_opts){.loss_ppm = 50000}, 9, "x");
  dice_open(&bursty,
            &(struct msim_impair_opts){.burst_enter_ppm = 20000, .burst_leave_ppm = 300000, .burst_loss_ppm = 700000},
            9, "x");
  for (n = 1; n <= 5000; n++) {
    struct msim__verdict v = throw_dice(&together);
    bool lost = throw_dice(&lossy).drop != NULL, burst = throw_dice(&bursty).drop != NULL;

    assert_int_equal(v.jitter_ns, throw_dice(&jitter).jitter_ns);
    assert_int_equal(v.duplicate, throw_dice(&duplicate).duplicate);
    assert_int_equal(v.held_ns, throw_dice(&reorder).held_ns);
    assert_int_equal(v.corrupt, throw_dice(&corrupt).corrupt);
    assert_int_equal(v.drop != NULL, lost || burst || n == 3);
  }
  net_world_close(&together.w);
  net_world_close(&jitter.w);
  net_world_close(&duplicate.w);
  net_world_close(&reorder.w);
  net_world_close(&corrupt.w);
  net_world_close(&lossy.w);
  net_world_close(&bursty.w);
}

static void directions_draw_from_streams_of_their_own(void **state)
{
  struct msim_impair_opts opts = {.loss_ppm = 500000};
  struct dice there, back;
  uint64_t same = 0, n;

  (void)state;
  dice_open(&there, &opts, 9, "link:a-b/a>b");
  dice_open(&back, &opts, 9, "link:a-b/b>a");
  for (n = 0; n < DRAWS; n++)
    same += (throw_dice(&there).drop != NULL) == (throw_dice(&back).drop != NULL);
  assert_share(same, DRAWS, 500000);
  net_world_close(&there.w);
  net_world_close(&back.w);
}

static char *run_with_other_link(bool other)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  char *text;
  uint32_t i;

  opts.a_to_b.impair.loss_ppm = opts.b_to_a.impair.loss_ppm = 300000;
  opts.a_to_b.impair.jitter_ns = MSIM_MSEC(2);
  net_world_open(&w, 3, true);
  if (other) /* before the others, in the file and by name */
    net_world_link(&w, "aaa", "hub", &opts);
  net_world_link(&w, "bea", "hub", &opts);
  net_world_link(&w, "hub", "cleo", &opts);
  net_world_bind(&w, "cleo", 2000);
  for (i = 0; i < 300; i++) {
    if (other)
      net_world_send(&w, "aaa", "cleo", MSIM_PROTO_UDP, 0, 0, 40);
    net_world_send(&w, "bea", "hub", MSIM_PROTO_UDP, 0, i, 100); /* no port there: ICMP comes back */
  }
  net_world_run(&w);
  text = net_seen_text(&w, "aaa");
  net_world_close(&w);
  return text;
}

static void link_when_added_changes_no_draw_of_the_others(void **state)
{
  char *alone = run_with_other_link(false), *together = run_with_other_link(true);

  (void)state;
  assert_string_equal(alone, together);
  assert_non_null(strstr(alone, "reason=loss"));
  free(alone);
  free(together);
}

/* ---- bursts ---- */

static void bursts_have_the_length_that_leaving_gives(void **state)
{
  struct msim_impair_opts opts = {.burst_enter_ppm = 10000, .burst_leave_ppm = 250000, .burst_loss_ppm = 1000000};
  uint64_t lost = 0, bursts = 0, ones = 0, twos = 0, run = 0, gaps = 0, n;
  struct dice d;

  (void)state;
  dice_open(&d, &opts, 11, "x");
  assert_null(throw_dice(&d).drop); /* it begins calm */
  for (n = 0; n < 10 * DRAWS; n++) {
    if (throw_dice(&d).drop != NULL) {
      lost++;
      run++;
      continue;
    }
    gaps += run == 0;
    bursts += run > 0;
    ones += run == 1;
    twos += run == 2;
    run = 0;
  }
  /* Lengths are geometric: a quarter ends after one packet, a quarter of the rest after two; the mean is 4, with a
   * standard deviation of sqrt(0.75) / 0.25 = 3.46 per burst. A calm packet is followed by a burst in 1 %. */
  assert_in_range(bursts, 9000, 11000);
  assert_share(ones, bursts, 250000);
  assert_share(twos, bursts, 187500);
  assert_share(bursts, gaps + bursts, 10000);
  assert_in_range(lost * 100 / bursts, 400 - 14, 400 + 14); /* 4 * 3.46 / sqrt(9600) = 0.14 */
  net_world_close(&d.w);
}

static void bursts_lose_the_share_of_their_state(void **state)
{
  /* half of the time in bursts: loss is the mean of 60 % and 10 % */
  struct msim_impair_opts opts = {
      .burst_enter_ppm = 500000, .burst_leave_ppm = 500000, .burst_loss_ppm = 600000, .calm_loss_ppm = 100000};
  uint64_t lost = 0, n;
  struct dice d;

  (void)state;
  dice_open(&d, &opts, 12, "x");
  for (n = 0; n < DRAWS; n++)
    lost += throw_dice(&d).drop != NULL;
  assert_share(lost, DRAWS, 350000);
  net_world_close(&d.w);
}

/* ---- scripted loss ---- */

static void drop_nth_drops_exactly_those(void **state)
{
  static const uint32_t nth[] = {1, 4, 5, 10, 0};
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  uint32_t i, at = 0;

  (void)state;
  opts.a_to_b.impair.drop_nth = nth;
  net_world_open(&w, 0, false);
  net_world_link(&w, "a", "b", &opts);
  net_world_bind(&w, "b", 2000);
  net_world_bind(&w, "a", 2000);
  for (i = 1; i <= 12; i++) {
    net_world_send(&w, "a", "b", MSIM_PROTO_UDP, 0, i, 4);
    net_world_send(&w, "b", "a", MSIM_PROTO_UDP, 0, 100 + i, 4); /* the other direction counts for itself */
  }
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 4);
  for (at = 0; at < 4; at++) {
    const struct net_seen *s = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, at);

    assert_int_equal(s->tag, nth[at]);
    assert_string_equal(s->reason, "loss");
    assert_string_equal(s->link, "a-b");
  }
  net_world_close(&w);
}

/* ---- jitter ---- */

struct shape {
  enum msim_jitter shape;
  msim_ns jitter_ns, most_ns;
  struct {
    msim_ns below_ns;
    uint32_t share_ppm;
  } at[4];
};

static void jitter_has_its_shape_and_bounds(void **state)
{
  /* normal: the sum of four uniform draws (Irwin-Hall: 1/24 below a quarter); exponential: 1 - exp(-x) */
  static const struct shape rows[] = {
      {MSIM_JITTER_UNIFORM, 1000000, 1000000, {{100000, 100000}, {250000, 250000}, {500000, 500000}, {900000, 900000}}},
      {MSIM_JITTER_NORMAL, 1000000, 1000000, {{250000, 41667}, {500000, 500000}, {750000, 958333}, {125000, 2604}}},
      {MSIM_JITTER_EXPONENTIAL,
       1000000,
       10000000,
       {{100000, 95163}, {693147, 500000}, {1000000, 632121}, {3000000, 950213}}},
      {MSIM_JITTER_EXPONENTIAL,
       MSIM_SEC(3600),
       MSIM_SEC(36000),
       {{MSIM_SEC(360), 95163}, {MSIM_SEC(7200), 864665}, {MSIM_SEC(3600), 632121}, {MSIM_SEC(18000), 993262}}},
      {MSIM_JITTER_UNIFORM,
       MSIM_SEC(3600),
       MSIM_SEC(3600),
       {{MSIM_SEC(36), 10000}, {MSIM_SEC(1800), 500000}, {MSIM_SEC(3564), 990000}, {MSIM_SEC(1800), 500000}}},
  };
  size_t i, k;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_impair_opts opts = {.jitter_ns = rows[i].jitter_ns, .jitter_shape = rows[i].shape};
    uint64_t below[4] = {0, 0, 0, 0}, n;
    struct dice d;

    dice_open(&d, &opts, 21, "x");
    for (n = 0; n < DRAWS; n++) {
      msim_ns jitter_ns = throw_dice(&d).jitter_ns;

      assert_true(jitter_ns <= rows[i].most_ns);
      for (k = 0; k < 4; k++)
        below[k] += jitter_ns < rows[i].at[k].below_ns;
    }
    for (k = 0; k < 4; k++)
      assert_share(below[k], DRAWS, rows[i].at[k].share_ppm);
    net_world_close(&d.w);
  }
}

static void jitter_reaches_both_ends(void **state)
{
  struct msim_impair_opts opts = {.jitter_ns = 3};
  uint64_t count[4] = {0, 0, 0, 0}, n;
  struct dice d;

  (void)state;
  dice_open(&d, &opts, 22, "x");
  for (n = 0; n < DRAWS; n++)
    count[throw_dice(&d).jitter_ns]++;
  for (n = 0; n < 4; n++)
    assert_share(count[n], DRAWS, 250000);
  net_world_close(&d.w);
}

/* Sends 500 packets a millisecond apart and tells how many arrived after a later one had. */
static uint32_t overtaken_on(const struct msim_link_opts *opts, struct net_world *w)
{
  uint32_t i, late = 0, highest = 0;
  size_t k;

  net_world_open(w, 4, false);
  net_world_link(w, "a", "b", opts);
  net_world_bind(w, "b", 2000);
  for (i = 1; i <= 500; i++) {
    net_world_send(w, "a", "b", MSIM_PROTO_UDP, 0, i, 4);
    assert_int_equal(msim_sim_advance_to(w->sim, i * MSIM_MSEC(1)), MSIM_OK);
  }
  net_world_run(w);
  for (k = 0; k < net_seen_count(w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX); k++) {
    const struct net_seen *s = net_seen_at(w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, k);

    late += s->tag < highest;
    highest = s->tag > highest ? s->tag : highest;
    assert_true(s->at_ns >= (s->tag - 1) * MSIM_MSEC(1) + MSIM_MSEC(1)); /* never before its time */
  }
  return late;
}

static void jitter_lets_no_packet_overtake_unless_allowed(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;

  (void)state;
  opts.a_to_b.impair.jitter_ns = MSIM_MSEC(20);
  assert_int_equal(overtaken_on(&opts, &w), 0);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 500);
  net_world_close(&w);
  opts.a_to_b.impair.jitter_reorders = true;
  assert_true(overtaken_on(&opts, &w) > 200);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 500);
  net_world_close(&w);
}

/* ---- reordering, duplicates, corruption ---- */

static void reordering_holds_packets_back_by_its_time(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  size_t k, held = 0;
  uint32_t late;

  (void)state;
  opts.a_to_b.impair.reorder_ppm = 200000;
  opts.a_to_b.impair.reorder_ns = MSIM_USEC(2500);
  late = overtaken_on(&opts, &w);
  for (k = 0; k < 500; k++) {
    const struct net_seen *s = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, k);
    msim_ns took_ns = s->at_ns - (s->tag - 1) * MSIM_MSEC(1);

    assert_true(took_ns == MSIM_MSEC(1) || took_ns == MSIM_USEC(3500));
    held += took_ns != MSIM_MSEC(1);
  }
  assert_share(held, 500, 200000);
  assert_true(late > 0 && late <= held); /* not when the next ones were held back, too */
  net_world_close(&w);
}

static void held_back_packet_overtakes_none_of_those_before_it(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  size_t k, count;
  msim_ns rx_ns[501], in_order_ns = 0;
  uint32_t tag;

  (void)state;
  opts.a_to_b.impair.jitter_ns = MSIM_MSEC(20);
  opts.a_to_b.impair.reorder_ppm = 300000;
  opts.a_to_b.impair.reorder_ns = 1;
  (void)overtaken_on(&opts, &w);
  count = net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX);
  assert_int_equal(count, 500);
  for (k = 0; k < count; k++)
    rx_ns[net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, k)->tag] =
        net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, k)->at_ns;
  for (tag = 1; tag <= 500; tag++) { /* held back by one nanosecond, at most that much is lost of the order */
    assert_true(rx_ns[tag] + 1 >= in_order_ns);
    in_order_ns = rx_ns[tag] > in_order_ns ? rx_ns[tag] : in_order_ns;
  }
  net_world_close(&w);
}

static void duplicate_follows_its_original_and_is_marked(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  size_t k;

  (void)state;
  opts.a_to_b.impair.duplicate_ppm = 1000000;
  net_world_open(&w, 0, false);
  net_world_link(&w, "a", "b", &opts);
  net_world_bind(&w, "b", 9);
  assert_int_equal(net_world_udp(&w, "a", 5, "b", 9, "hello"), MSIM_OK);
  assert_int_equal(net_world_udp(&w, "a", 5, "b", 9, "again"), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_TX), 2);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX), 4);
  for (k = 0; k < 4; k++) {
    const struct net_seen *s = net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_RX, k);

    assert_int_equal(s->number, 1 + k / 2);
    assert_int_equal(s->duplicate, k % 2 == 1);
    assert_int_equal(s->at_ns, MSIM_MSEC(1));
    assert_string_equal(s->flow, "a>b:9#1");
  }
  assert_int_equal(w.received_count, 4);
  net_world_close(&w);
}

/* MUST-3 */
static void corrupt_packet_is_dropped_by_the_end_host_only(void **state)
{
  struct msim_link_opts opts = net_link_of(MSIM_MSEC(1));
  struct net_world w;
  const struct net_seen *s;

  (void)state;
  opts.a_to_b.impair.corrupt_ppm = 1000000;
  net_world_open(&w, 0, true);
  net_world_link(&w, "a", "r", &opts);
  net_world_join(&w, "r", "b", MSIM_MSEC(1));
  net_world_send(&w, "a", "b", MSIM_PROTO_TCP, 0, 1, 10); /* nobody there: an intact one would be answered */
  net_world_run(&w);
  assert_int_equal(w.seen_count, 3);
  assert_int_equal(w.seen[1].point, MSIM_POINT_FWD);
  s = &w.seen[2];
  assert_int_equal(s->point, MSIM_POINT_DROP);
  assert_string_equal(s->reason, "corrupt");
  assert_string_equal(s->link, "b-r");
  assert_int_equal(s->at_ns, MSIM_MSEC(2));
  net_world_close(&w);
}

/* ---- options ---- */

static void check_finds_what_is_wrong(void **state)
{
  static const uint32_t ascending[] = {1, 2, 9, 0}, twice[] = {2, 2, 0}, falling[] = {3, 1, 0}, none[] = {0};
  static const struct {
    struct msim_impair_opts opts;
    bool good;
  } rows[] = {
      {{0}, true},
      {{.loss_ppm = 1000000}, true},
      {{.loss_ppm = 1000001}, false},
      {{.burst_enter_ppm = 1000001}, false},
      {{.burst_leave_ppm = 1000001}, false},
      {{.burst_loss_ppm = 1000001}, false},
      {{.calm_loss_ppm = 1000001}, false},
      {{.duplicate_ppm = 1000001}, false},
      {{.corrupt_ppm = UINT32_MAX}, false},
      {{.reorder_ppm = 1000001, .reorder_ns = 1}, false},
      {{.reorder_ppm = 1}, false},
      {{.reorder_ppm = 1, .reorder_ns = 1}, true},
      {{.reorder_ppm = 1, .reorder_ns = MSIM_SEC(3601)}, false},
      {{.jitter_ns = MSIM_SEC(3600)}, true},
      {{.jitter_ns = MSIM_SEC(3600) + 1}, false},
      {{.drop_nth = none}, true},
      {{.drop_nth = ascending}, true},
      {{.drop_nth = twice}, false},
      {{.drop_nth = falling}, false},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct msim_link_opts opts = net_link_of(1);
    struct net_world w;

    assert_int_equal(msim__impair_check(&rows[i].opts) == NULL, rows[i].good);
    net_world_open(&w, 0, false);
    opts.b_to_a.impair = rows[i].opts;
    assert_int_equal(msim_link_add(net_world_node(&w, "a"), net_world_node(&w, "b"), &opts),
                     rows[i].good ? MSIM_OK : MSIM_ERR_INVALID);
    net_world_close(&w);
  }
}

static void drop_nth_is_copied_and_bounded(void **state)
{
  enum { MOST = 100000 };
  uint32_t *many = malloc((MOST + 2) * sizeof *many), i;
  struct msim_impair_opts opts = {.drop_nth = many};
  struct dice d;

  (void)state;
  assert_non_null(many);
  for (i = 0; i <= MOST; i++)
    many[i] = i + 1;
  many[MOST + 1] = 0;
  assert_non_null(msim__impair_check(&opts));
  many[MOST] = 0;
  assert_null(msim__impair_check(&opts));
  dice_open(&d, &opts, 0, "x");
  free(many);
  for (i = 1; i <= MOST; i++)
    assert_non_null(throw_dice(&d).drop);
  assert_null(throw_dice(&d).drop);
  net_world_close(&d.w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(shares_are_kept),
      cmocka_unit_test(shares_on_a_link_are_those_of_the_decisions),
      cmocka_unit_test(share_of_zero_leaves_the_trace_as_it_is_without),
      cmocka_unit_test(seed_decides_every_draw),
      cmocka_unit_test(purpose_when_added_leaves_the_decisions_of_the_others),
      cmocka_unit_test(directions_draw_from_streams_of_their_own),
      cmocka_unit_test(link_when_added_changes_no_draw_of_the_others),
      cmocka_unit_test(bursts_have_the_length_that_leaving_gives),
      cmocka_unit_test(bursts_lose_the_share_of_their_state),
      cmocka_unit_test(drop_nth_drops_exactly_those),
      cmocka_unit_test(jitter_has_its_shape_and_bounds),
      cmocka_unit_test(jitter_reaches_both_ends),
      cmocka_unit_test(jitter_lets_no_packet_overtake_unless_allowed),
      cmocka_unit_test(reordering_holds_packets_back_by_its_time),
      cmocka_unit_test(held_back_packet_overtakes_none_of_those_before_it),
      cmocka_unit_test(duplicate_follows_its_original_and_is_marked),
      cmocka_unit_test(corrupt_packet_is_dropped_by_the_end_host_only),
      cmocka_unit_test(check_finds_what_is_wrong),
      cmocka_unit_test(drop_nth_is_copied_and_bounded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
