/* test_tcp_reassembly.c: text out of order, twice, overlapping, and segments made of noise. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include "core/rng.h"

#include <string.h>

enum { ACK = MSIM_TCP_ACK };

#define STREAM_BYTES 400u

static void fill_stream(char *stream)
{
  size_t i;

  for (i = 0; i < STREAM_BYTES; i++)
    stream[i] = (char)('A' + (i * 7 + i / 26) % 26);
  stream[STREAM_BYTES] = '\0';
}

static void send_part(struct tcp_world *w, const char *stream, uint32_t from, uint32_t size)
{
  char part[STREAM_BYTES + 1];

  memcpy(part, stream + from, size);
  part[size] = '\0';
  RAW_SEND(w, .flags = ACK, .seq = 1 + from, .ack = 1, .text = part);
  w->inbox[0] = '\0';
}

static void assert_stream(const struct tcp_world *w, const char *stream)
{
  assert_int_equal(w->acceptor.received_bytes, STREAM_BYTES);
  assert_memory_equal(w->acceptor.received, stream, STREAM_BYTES);
  assert_int_equal(w->acceptor.tcb->reassembly_count, 0);
  assert_null(w->acceptor.tcb->reassembly_last);
}

/* SHLD-31, MUST-59 */
static void text_when_in_reverse_then_delivered_in_order(void **state)
{
  struct tcp_world w;
  char stream[STREAM_BYTES + 1];
  uint32_t from;

  (void)state;
  fill_stream(stream);
  tcp_raw_open(&w, NULL, true);
  tcp_raw_establish(&w, true, 1460, 65535);
  for (from = STREAM_BYTES; from > 0; from -= 50)
    send_part(&w, stream, from - 50, 50);
  assert_stream(&w, stream);
  assert_string_equal(w.acceptor.heard, "open readable");
  tcp_world_close(&w);
}

/* Pieces of any place and length until all is there: every overlap, containment and repetition comes up. */
static void text_when_random_overlapping_pieces_then_delivered_once(void **state)
{
  struct tcp_world w;
  struct msim__rng rng;
  char stream[STREAM_BYTES + 1];
  uint64_t round;

  (void)state;
  fill_stream(stream);
  for (round = 0; round < 40; round++) {
    unsigned sent = 0;

    tcp_raw_open(&w, NULL, round % 2 == 0);
    tcp_raw_establish(&w, true, 1460, 65535);
    w.acceptor.quiet = true;
    msim__rng_init(&rng, round, "test/pieces", NULL);
    while (w.acceptor.received_bytes < STREAM_BYTES && sent++ < 2000) {
      uint32_t from = (uint32_t)msim__rng_below(&rng, STREAM_BYTES);
      uint32_t size = 1 + (uint32_t)msim__rng_below(&rng, STREAM_BYTES - from < 60 ? STREAM_BYTES - from : 60);

      send_part(&w, stream, from, size);
      assert_memory_equal(w.acceptor.received != NULL ? (const char *)w.acceptor.received : stream, stream,
                          w.acceptor.received_bytes);
    }
    assert_stream(&w, stream);
    tcp_world_close(&w);
  }
}

/* Nothing that a peer can send may break the connection's books; every run ends with nothing held. */
static void segments_when_noise_then_no_harm(void **state)
{
  struct tcp_world w;
  struct msim__rng rng;
  uint64_t round;

  (void)state;
  for (round = 0; round < 300; round++) {
    static const uint8_t zeros[3000];
    int i;

    tcp_raw_open(&w, NULL, round % 2 == 0);
    msim__rng_init(&rng, round, "test/noise", NULL);
    tcp_raw_establish(&w, round % 3 != 0, 536, 4000);
    tcp_raw_end(&w)->quiet = true;
    msim__tcp_write(tcp_raw_end(&w)->tcb, zeros, sizeof zeros);
    if (round % 5 == 0)
      msim__tcp_close(tcp_raw_end(&w)->tcb);
    for (i = 0; i < 60; i++) {
      struct tcp_seg seg = {.flags = (uint16_t)(msim__rng_below(&rng, 4) != 0 ? ACK : msim__rng_below(&rng, 64)),
                            .seq = (uint32_t)msim__rng_below(&rng, 200),
                            .ack = (uint32_t)msim__rng_below(&rng, 3200),
                            .window = (uint16_t)msim__rng_below(&rng, 5000),
                            .closed = msim__rng_below(&rng, 8) == 0,
                            .text_bytes = (uint32_t)msim__rng_below(&rng, 120)};

      if (msim__rng_below(&rng, 10) == 0)
        seg.flags |= MSIM_TCP_FIN;
      tcp_raw_send(&w, &seg);
      tcp_world_run_for(&w, msim__rng_below(&rng, MSIM_MSEC(100)));
      w.inbox[0] = '\0';
      if (tcp_raw_end(&w)->tcb != NULL) {
        const struct msim__tcb *tcb = tcp_raw_end(&w)->tcb;

        assert_false(msim__seq_after(tcb->snd_una, tcb->snd_nxt));
        assert_false(msim__seq_after(tcb->snd_nxt, tcb->snd_max));
      }
    }
    assert_int_equal(msim_sim_failure(w.sim), MSIM_OK);
    tcp_world_close(&w);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(text_when_in_reverse_then_delivered_in_order),
      cmocka_unit_test(text_when_random_overlapping_pieces_then_delivered_once),
      cmocka_unit_test(segments_when_noise_then_no_harm),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
