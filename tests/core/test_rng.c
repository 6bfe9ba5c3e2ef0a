/* test_rng.c: lib/core/rng.c. The known answers are those that Random123 publishes for Philox4x32-10. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/rng.h"

struct known {
  uint32_t counter[4], key[2], out[4];
};

static const struct known known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}},
    {{0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu},
     {0xffffffffu, 0xffffffffu},
     {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}},
    {{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u},
     {0xa4093822u, 0x299f31d0u},
     {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}},
};

static void philox_gives_the_published_answers(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof known / sizeof known[0]; i++) {
    uint32_t out[4];

    msim__philox4x32(known[i].counter, known[i].key, out);
    assert_memory_equal(out, known[i].out, sizeof out);
  }
}

static void value_is_a_function_of_seed_stream_and_number(void **state)
{
  (void)state;
  assert_true(msim__rng_at(0, 0, 0) == UINT64_C(0xe169c58d6627e8d5));
  assert_true(msim__rng_at(UINT64_MAX, UINT64_MAX, UINT64_MAX) == UINT64_C(0x41c83b0e408f276d));
  /* counter = n, stream; key = seed; lower halves first */
  assert_true(msim__rng_at(UINT64_C(0x299f31d0a4093822), UINT64_C(0x0370734413198a2e), UINT64_C(0x85a308d3243f6a88)) ==
              UINT64_C(0x94fdccebd16cfe09));
}

static void stream_can_be_entered_anywhere(void **state)
{
  struct msim__rng rng;
  uint64_t n;

  (void)state;
  msim__rng_init(&rng, 7, "link:a-b/", "loss");
  for (n = 0; n < 100; n++)
    assert_true(msim__rng_next(&rng) == msim__rng_at(7, rng.stream, n));
  assert_true(rng.n == 100);
}

static void names_and_seeds_give_streams_of_their_own(void **state)
{
  struct msim__rng a, same, other, seeded, longer;
  int i, equal_other = 0, equal_seeded = 0, equal_longer = 0;

  (void)state;
  msim__rng_init(&a, 1, "host:alice", NULL);
  msim__rng_init(&same, 1, "host:alice", NULL);
  msim__rng_init(&other, 1, "host:alicf", NULL);
  msim__rng_init(&seeded, 2, "host:alice", NULL);
  msim__rng_init(&longer, 1, "host:alice", "/isn");
  for (i = 0; i < 1000; i++) {
    uint64_t value = msim__rng_next(&a);

    assert_true(msim__rng_next(&same) == value);
    equal_other += msim__rng_next(&other) == value;
    equal_seeded += msim__rng_next(&seeded) == value;
    equal_longer += msim__rng_next(&longer) == value;
  }
  assert_int_equal(equal_other + equal_seeded + equal_longer, 0);
}

/* below(bound) is the upper half of the product; for these bounds it can be worked out without one. */
static void below_is_the_upper_half_of_the_product(void **state)
{
  struct msim__rng rng;
  int i;

  (void)state;
  msim__rng_init(&rng, 3, "below", NULL);
  for (i = 0; i < 1000; i++) {
    uint64_t value = msim__rng_at(rng.seed, rng.stream, rng.n), sum = (value << 32) + value;

    switch (i % 5) {
    case 0:
      assert_true(msim__rng_below(&rng, UINT64_C(1) << 63) == value >> 1);
      break;
    case 1:
      assert_true(msim__rng_below(&rng, UINT64_C(1) << 32) == value >> 32);
      break;
    case 2: /* value * (2^64 - 1) / 2^64 */
      assert_true(msim__rng_below(&rng, UINT64_MAX) == value - (value > 0));
      break;
    case 3: /* value * (2^32 + 1) / 2^64: the carry counts */
      assert_true(msim__rng_below(&rng, (UINT64_C(1) << 32) + 1) == (value >> 32) + (sum < value));
      break;
    default:
      assert_true(msim__rng_below(&rng, 1) == 0);
    }
  }
  assert_true(rng.n == 1000);
  assert_true(msim__rng_below(&rng, 0) == 0);
}

static void below_reaches_every_value_about_equally(void **state)
{
  struct msim__rng rng;
  unsigned seen[7] = {0}, i;

  (void)state;
  msim__rng_init(&rng, 4, "dice", NULL);
  for (i = 0; i < 70000; i++) {
    uint64_t value = msim__rng_below(&rng, 7);

    assert_true(value < 7);
    seen[value]++;
  }
  for (i = 0; i < 7; i++)
    assert_in_range(seen[i], 9500, 10500); /* 5.4 standard deviations of 92.6 */
}

static void chance_keeps_its_share_and_draws_only_when_there_is_one(void **state)
{
  struct msim__rng rng;
  unsigned i, hits = 0;

  (void)state;
  msim__rng_init(&rng, 5, "loss", NULL);
  assert_false(msim__rng_chance(&rng, 0));
  assert_true(msim__rng_chance(&rng, 1000000));
  assert_true(msim__rng_chance(&rng, UINT32_MAX));
  assert_true(rng.n == 0);
  for (i = 0; i < 100000; i++)
    hits += msim__rng_chance(&rng, 20000);
  assert_true(rng.n == 100000);
  assert_in_range(hits, 1750, 2250); /* 2000 expected, 5.6 standard deviations of 44.3 */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(philox_gives_the_published_answers),
      cmocka_unit_test(value_is_a_function_of_seed_stream_and_number),
      cmocka_unit_test(stream_can_be_entered_anywhere),
      cmocka_unit_test(names_and_seeds_give_streams_of_their_own),
      cmocka_unit_test(below_is_the_upper_half_of_the_product),
      cmocka_unit_test(below_reaches_every_value_about_equally),
      cmocka_unit_test(chance_keeps_its_share_and_draws_only_when_there_is_one),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
