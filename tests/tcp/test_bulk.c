/* test_bulk.c: ten megabytes over a link that loses, reorders and duplicates arrive byte for byte, and nothing is held.
 *
 * A hundred seeds; `--seeds 1..2000` runs that range instead. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BULK_BYTES 10000000u

static uint64_t seed_first = 1, seed_last = 100;

/* Bytes that tell their place, so that a shifted or repeated piece is seen. */
static struct msim_blob *numbered_bytes(struct msim_sim *sim, size_t size_bytes)
{
  struct msim_blob *blob = msim_blob_new(sim, NULL, size_bytes);
  size_t i;

  assert_non_null(blob);
  for (i = 0; i < size_bytes; i++)
    blob->data[i] = (uint8_t)((i * 2654435761u) >> 16 ^ i);
  return blob;
}

static struct msim_link_way bad_way(void)
{
  struct msim_link_way way;

  memset(&way, 0, sizeof way);
  way.rate_bps = 100000000;
  way.delay_ns = MSIM_MSEC(5);
  way.impair.loss_ppm = 50000;
  way.impair.duplicate_ppm = 20000;
  way.impair.reorder_ppm = 20000;
  way.impair.reorder_ns = MSIM_MSEC(3);
  return way;
}

/* What matters to recovery, on and off; a seed takes the next one. */
static const struct msim_tcp_opts modes[] = {
    {0},
    {.no_timestamps = true},
    {.no_sack = true},
    {.no_timestamps = true, .no_sack = true},
    {.no_prr = true},
    {.no_rack = true},
    {.no_frto = true},
    {.no_timestamps = true, .no_rack = true},
    {.no_sack = true, .no_prr = true},
};
#define MODE_COUNT (sizeof modes / sizeof *modes)

static void transfer(uint64_t seed, const struct msim_link_way *way, size_t size_bytes)
{
  struct tcp_world w;
  struct msim_blob *blob;

  tcp_world_open(&w, seed, &modes[seed % MODE_COUNT], way);
  w.hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_STATE);
  msim__trace_refresh(w.sim);
  tcp_world_listen(&w);
  blob = numbered_bytes(w.sim, size_bytes);
  w.opener.quiet = w.acceptor.quiet = true;
  w.opener.source = blob;
  w.acceptor.closes_on_eof = true;
  tcp_world_connect(&w);
  assert_int_equal(msim_sim_run(w.sim, MSIM_SEC(36000)), MSIM_OK);
  if (w.acceptor.received_bytes != size_bytes || memcmp(w.acceptor.received, blob->data, size_bytes) != 0)
    fail_msg("seed %" PRIu64 ": %zu of %zu bytes arrived, or others", seed, w.acceptor.received_bytes, size_bytes);
  assert_null(w.opener.tcb);
  assert_null(w.acceptor.tcb);
  if (getenv("MSIM_TEST_TELL") != NULL) {
    struct msim_counters counters;

    msim_sim_counters(w.sim, &counters);
    printf("seed %" PRIu64 ", mode %u: %" PRIu64 " ms, %" PRIu64 " segments, %" PRIu64 " retransmitted, %" PRIu64
           " events\n",
           seed, (unsigned)(seed % MODE_COUNT), msim_sim_now_ns(w.sim) / 1000000, counters.segment_count,
           counters.retransmit_count, counters.event_count);
  }
  msim_blob_unref(blob);
  tcp_world_close(&w);
}

static void bulk_when_link_loses_and_reorders_then_every_byte_arrives(void **state)
{
  const struct msim_link_way way = bad_way();
  uint64_t seed;

  (void)state;
  for (seed = seed_first; seed <= seed_last; seed++)
    transfer(seed, &way, BULK_BYTES);
}

/* Losses of up to a fifth, and everything else that a path can do, in every mode. */
static void bulk_when_link_is_terrible_then_every_byte_arrives(void **state)
{
  struct msim_link_way way = bad_way();
  uint64_t seed;
  unsigned k;

  (void)state;
  way.impair.corrupt_ppm = 5000;
  way.impair.jitter_ns = MSIM_MSEC(2);
  way.impair.jitter_reorders = true;
  for (seed = seed_first; seed <= seed_last; seed++) {
    way.impair.loss_ppm = (uint32_t)(seed % 21) * 10000;
    for (k = 0; k < MODE_COUNT; k++)
      transfer(seed * MODE_COUNT + k, &way, 60000);
  }
}

static void bulk_when_queue_is_short_then_every_byte_arrives(void **state)
{
  struct msim_link_way way;
  uint64_t seed;

  (void)state;
  memset(&way, 0, sizeof way);
  way.rate_bps = 10000000;
  way.delay_ns = MSIM_MSEC(20);
  way.queue_packets_max = 20;
  for (seed = 1; seed <= MODE_COUNT; seed++)
    transfer(seed, &way, 2000000);
}

/* Both directions at once, under odd buffers, segment sizes and worse links. */
static void both_ways_when_buffers_and_segments_are_odd_then_every_byte_arrives(void **state)
{
  static const struct msim_tcp_opts opts[] = {
      {.receive_buffer_bytes = 256, .mss_bytes_max = 300},
      {.receive_buffer_bytes = 1000, .send_buffer_bytes = 700},
      {.receive_buffer_bytes = 5000, .mss_bytes_max = 1001, .no_delayed_ack = true},
      {.receive_buffer_bytes = UINT64_C(1) << 22, .send_buffer_bytes = UINT64_C(1) << 20, .no_nagle = true},
      {.no_window_scale = true, .congestion = "fixed", .initial_window_segments = 3},
      {.mss_bytes_max = 28, .initial_window_segments = 1},
  };
  struct msim_link_way way = bad_way();
  uint64_t seed;
  size_t i;

  (void)state;
  way.impair.loss_ppm = 100000;
  way.impair.corrupt_ppm = 10000;
  way.impair.jitter_ns = MSIM_MSEC(10);
  way.impair.jitter_reorders = true;
  for (seed = seed_first; seed <= seed_last; seed++) {
    for (i = 0; i < sizeof opts / sizeof *opts; i++) {
      struct tcp_world w;
      struct msim_blob *there, *back;

      tcp_world_open(&w, seed, &opts[i], &way);
      tcp_world_listen(&w);
      w.opener.source = there = numbered_bytes(w.sim, 60000);
      w.acceptor.source = back = numbered_bytes(w.sim, 40001);
      w.opener.quiet = w.acceptor.quiet = true;
      tcp_world_connect(&w);
      assert_int_equal(msim_sim_run(w.sim, MSIM_SEC(36000)), MSIM_OK);
      assert_int_equal(w.acceptor.received_bytes, there->size_bytes);
      assert_memory_equal(w.acceptor.received, there->data, there->size_bytes);
      assert_int_equal(w.opener.received_bytes, back->size_bytes);
      assert_memory_equal(w.opener.received, back->data, back->size_bytes);
      assert_null(w.opener.tcb);
      assert_null(w.acceptor.tcb);
      msim_blob_unref(there);
      msim_blob_unref(back);
      tcp_world_close(&w);
    }
  }
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bulk_when_link_loses_and_reorders_then_every_byte_arrives),
      cmocka_unit_test(bulk_when_link_is_terrible_then_every_byte_arrives),
      cmocka_unit_test(bulk_when_queue_is_short_then_every_byte_arrives),
      cmocka_unit_test(both_ways_when_buffers_and_segments_are_odd_then_every_byte_arrives),
  };

  if (argc == 3 && strcmp(argv[1], "--seeds") == 0 &&
      sscanf(argv[2], "%" SCNu64 "..%" SCNu64, &seed_first, &seed_last) != 2) {
    fprintf(stderr, "usage: %s [--seeds FIRST..LAST]\n", argv[0]);
    return 2;
  }
  return cmocka_run_group_tests(tests, NULL, NULL);
}
