/* test_packet.c: lib/net/packet.c: indices, copies, cold parts, and release of what is still under way. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/packet.h"
#include "support/net_fixture.h"

struct store {
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__packets packets;
};

static void store_open(struct store *s)
{
  fail_mem_init(&s->fail, 0);
  msim__mem_init(&s->mem, &s->fail.hook);
  msim__packets_init(&s->packets, &s->mem);
}

static void store_close(struct store *s)
{
  msim__packets_release(&s->packets);
  assert_true(fail_mem_clean(&s->fail));
}

static void packet_when_new_is_zeroed_also_after_reuse(void **state)
{
  static const struct msim__packet zero;
  struct store s;
  uint32_t first, again;

  (void)state;
  store_open(&s);
  first = msim__packet_new(&s.packets);
  assert_int_not_equal(first, MSIM__PACKET_NONE);
  assert_memory_equal(msim__packet_at(&s.packets, first), &zero, sizeof zero);
  msim__packet_at(&s.packets, first)->seq = 77;
  msim__packet_at(&s.packets, first)->bits = MSIM__PACKET_CORRUPT;
  msim__packet_free(&s.packets, first);
  again = msim__packet_new(&s.packets);
  assert_int_equal(again, first); /* the latest freed one is warm */
  assert_memory_equal(msim__packet_at(&s.packets, again), &zero, sizeof zero);
  assert_int_equal(s.packets.live_count, 1);
  store_close(&s);
}

static void packets_beyond_one_chunk_keep_their_place(void **state)
{
  enum { COUNT = MSIM__PACKET_CHUNK * 10 }; /* more chunks than the first table of chunks has rows */
  static uint32_t index[COUNT];
  struct store s;
  struct msim__packet *first;
  uint32_t i;

  (void)state;
  store_open(&s);
  index[0] = msim__packet_new(&s.packets);
  first = msim__packet_at(&s.packets, index[0]);
  for (i = 1; i < COUNT; i++) {
    index[i] = msim__packet_new(&s.packets);
    assert_int_not_equal(index[i], MSIM__PACKET_NONE);
    msim__packet_at(&s.packets, index[i])->seq = i;
  }
  assert_ptr_equal(first, msim__packet_at(&s.packets, index[0]));
  for (i = 0; i < COUNT; i++)
    assert_int_equal(msim__packet_at(&s.packets, index[i])->seq, i);
  assert_int_equal(s.packets.live_count, COUNT);
  for (i = 0; i < COUNT; i++)
    msim__packet_free(&s.packets, index[i]);
  assert_int_equal(s.packets.live_count, 0);
  store_close(&s);
}

static void copy_shares_payload_and_units_and_has_its_own_cold_part(void **state)
{
  struct store s;
  uint32_t index, copy_index;
  struct msim__packet *packet, *copy;
  struct msim_blob *blob;

  (void)state;
  store_open(&s);
  blob = msim__blob_room(&s.mem, 4);
  memcpy(blob->data, "abcd", 4);
  blob->size_bytes = 4;
  index = msim__packet_new(&s.packets);
  packet = msim__packet_at(&s.packets, index);
  packet->payload = blob;
  packet->payload_offset_bytes = 1;
  packet->payload_bytes = 2;
  packet->number = 9;
  msim__packet_cold(&s.packets, packet)->urgent = 5;
  packet->cold->units = msim__units_new(&s.mem, 1);
  copy_index = msim__packet_copy(&s.packets, index);
  copy = msim__packet_at(&s.packets, copy_index);
  assert_int_equal(blob->refs, 2);
  assert_int_equal(packet->cold->units->refs, 2);
  assert_ptr_not_equal(copy->cold, packet->cold);
  copy->cold->urgent = 6;
  assert_int_equal(packet->cold->urgent, 5);
  msim__packet_free(&s.packets, index);
  assert_int_equal(copy->number, 9);
  assert_int_equal(msim__packet_payload(copy).size_bytes, 2);
  assert_memory_equal(msim__packet_payload(copy).data, "bc", 2);
  msim__packet_free(&s.packets, copy_index);
  store_close(&s);
}

static void payload_of_an_empty_packet_is_nothing(void **state)
{
  static const struct msim__packet empty;

  (void)state;
  assert_null(msim__packet_payload(&empty).data);
  assert_int_equal(msim__packet_payload(&empty).size_bytes, 0);
}

static void cold_part_is_made_once_and_zeroed(void **state)
{
  struct store s;
  struct msim__packet *packet;
  struct msim__packet_cold *cold;
  uint32_t index;
  int round;

  (void)state;
  store_open(&s);
  for (round = 0; round < 2; round++) {
    index = msim__packet_new(&s.packets);
    packet = msim__packet_at(&s.packets, index);
    cold = msim__packet_cold(&s.packets, packet);
    assert_int_equal(cold->option_bytes, 0);
    assert_int_equal(cold->options[39], 0);
    memset(cold->options, 0xff, sizeof cold->options);
    cold->option_bytes = 40;
    assert_ptr_equal(msim__packet_cold(&s.packets, packet), cold);
    msim__packet_free(&s.packets, index);
  }
  store_close(&s);
}

static void release_gives_back_what_live_packets_hold(void **state)
{
  struct net_world w;
  struct msim_node *node;
  struct msim__packet *packet;
  int i;

  (void)state;
  net_world_open(&w, 0, false);
  node = net_world_node(&w, "a");
  for (i = 0; i < 3; i++) {
    packet = msim__packet_at(&w.net->packets, msim__packet_new(&w.net->packets));
    packet->payload = msim_blob_new(w.sim, "x", 1);
    packet->flow = msim__flow_new(node, "a", "b", 25, MSIM_PROTO_TCP);
    msim__packet_cold(&w.net->packets, packet)->units = msim__units_new(&w.sim->mem, 1);
    packet->cold->units->items[0].message = msim__label_new(&w.sim->mem, "m1");
  }
  net_world_close(&w); /* asserts that nothing is held */
}

static void copy_without_memory_leaves_the_original_as_it_was(void **state)
{
  struct store s;
  uint32_t index, i;
  struct msim__packet *packet;
  uint64_t blocks;

  (void)state;
  store_open(&s);
  index = msim__packet_new(&s.packets);
  packet = msim__packet_at(&s.packets, index);
  packet->payload = msim__blob_room(&s.mem, 4);
  msim__packet_cold(&s.packets, packet)->units = msim__units_new(&s.mem, 1);
  for (i = 0; i < 7; i++) { /* the first slab of cold parts has eight */
    uint32_t other = msim__packet_new(&s.packets);
    assert_non_null(msim__packet_cold(&s.packets, msim__packet_at(&s.packets, other)));
  }
  blocks = s.fail.block_count;
  s.fail.fail_at = s.fail.request_count + 1;
  assert_int_equal(msim__packet_copy(&s.packets, index), MSIM__PACKET_NONE);
  assert_int_equal(s.fail.failed_count, 1);
  assert_int_equal(s.fail.block_count, blocks);
  assert_int_equal(packet->payload->refs, 1);
  assert_int_equal(packet->cold->units->refs, 1);
  assert_int_equal(s.packets.live_count, 8);
  store_close(&s);
}

static void new_without_memory_is_none_and_can_be_tried_again(void **state)
{
  struct store s;
  uint64_t fail_at;

  (void)state;
  for (fail_at = 1; fail_at <= 2; fail_at++) { /* the table of chunks, then the chunk */
    store_open(&s);
    s.fail.fail_at = fail_at;
    assert_int_equal(msim__packet_new(&s.packets), MSIM__PACKET_NONE);
    assert_int_not_equal(msim__packet_new(&s.packets), MSIM__PACKET_NONE);
    store_close(&s);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(packet_when_new_is_zeroed_also_after_reuse),
      cmocka_unit_test(packets_beyond_one_chunk_keep_their_place),
      cmocka_unit_test(copy_shares_payload_and_units_and_has_its_own_cold_part),
      cmocka_unit_test(payload_of_an_empty_packet_is_nothing),
      cmocka_unit_test(cold_part_is_made_once_and_zeroed),
      cmocka_unit_test(release_gives_back_what_live_packets_hold),
      cmocka_unit_test(copy_without_memory_leaves_the_original_as_it_was),
      cmocka_unit_test(new_without_memory_is_none_and_can_be_tried_again),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
