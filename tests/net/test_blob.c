/* test_blob.c: lib/net/blob.c: counted bytes, labels and units. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/blob.h"
#include "support/net_fixture.h"

static void room_when_made_is_empty_and_counted(void **state)
{
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim_blob *blob;

  (void)state;
  fail_mem_init(&fail, 0);
  msim__mem_init(&mem, &fail.hook);
  blob = msim__blob_room(&mem, 10);
  assert_non_null(blob);
  assert_int_equal(blob->capacity_bytes, 10);
  assert_int_equal(msim_blob_bytes(blob).size_bytes, 0);
  assert_int_equal(blob->refs, 1);
  memset(blob->data, 'x', 10);
  msim_blob_unref(blob);
  assert_true(fail_mem_clean(&fail));
}

static void room_when_larger_than_a_blob_can_be_is_refused(void **state)
{
  struct fail_mem fail;
  struct msim__mem mem;

  (void)state;
  fail_mem_init(&fail, 0);
  msim__mem_init(&mem, &fail.hook);
  assert_null(msim__blob_room(&mem, (size_t)MSIM__BLOB_BYTES_MAX + 1));
  assert_int_equal(fail.request_count, 0);
}

static void blob_lives_until_its_last_reference_goes(void **state)
{
  struct net_world w;
  struct msim_blob *blob;
  uint64_t blocks;

  (void)state;
  net_world_open(&w, 0, false);
  blocks = w.mem.block_count;
  blob = msim_blob_new(w.sim, "Gr\xc3\xbc\xc3\x9f\x65", 7);
  assert_non_null(blob);
  assert_memory_equal(msim_blob_bytes(blob).data, "Gr\xc3\xbc\xc3\x9f\x65", 7);
  assert_int_equal(msim_blob_bytes(blob).size_bytes, 7);
  msim_blob_ref(blob);
  msim_blob_unref(blob);
  assert_int_equal(w.mem.block_count, blocks + 1);
  assert_int_equal(msim_blob_bytes(blob).data[0], 'G');
  msim_blob_unref(blob);
  assert_int_equal(w.mem.block_count, blocks);
  msim_blob_unref(NULL);
  net_world_close(&w);
}

static void blob_without_data_is_zeroed(void **state)
{
  static const uint8_t zeros[9];
  struct net_world w;
  struct msim_blob *blob;

  (void)state;
  net_world_open(&w, 0, false);
  blob = msim_blob_new(w.sim, NULL, sizeof zeros);
  assert_memory_equal(msim_blob_bytes(blob).data, zeros, sizeof zeros);
  msim_blob_unref(blob);
  blob = msim_blob_new(w.sim, "", 0);
  assert_int_equal(msim_blob_bytes(blob).size_bytes, 0);
  msim_blob_unref(blob);
  net_world_close(&w);
}

static void blob_without_memory_fails_the_simulation(void **state)
{
  struct net_world w;

  (void)state;
  net_world_open(&w, 0, false);
  w.mem.fail_at = w.mem.request_count + 1;
  assert_null(msim_blob_new(w.sim, "x", 1));
  assert_int_equal(msim_sim_failure(w.sim), MSIM_ERR_NOMEM);
  net_world_close(&w);
}

static void label_is_copied_cut_and_counted(void **state)
{
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__label *label;
  char longest[MSIM__LABEL_BYTES_MAX + 2];

  (void)state;
  fail_mem_init(&fail, 0);
  msim__mem_init(&mem, &fail.hook);
  memset(longest, 'm', sizeof longest);
  longest[sizeof longest - 1] = '\0';
  label = msim__label_new(&mem, longest);
  assert_int_equal(strlen(label->text), MSIM__LABEL_BYTES_MAX);
  assert_int_equal(label->size_bytes, MSIM__LABEL_BYTES_MAX);
  msim__label_unref(label);
  label = msim__label_new(&mem, "m1");
  assert_string_equal(label->text, "m1");
  msim__label_ref(label);
  msim__label_unref(label);
  assert_string_equal(label->text, "m1");
  msim__label_unref(label);
  msim__label_ref(NULL);
  msim__label_unref(NULL);
  assert_true(fail_mem_clean(&fail));
  fail.fail_at = fail.request_count + 1;
  assert_null(msim__label_new(&mem, "m2"));
  assert_true(fail_mem_clean(&fail));
}

static void units_hold_their_labels(void **state)
{
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__label *label;
  struct msim__units *units;

  (void)state;
  fail_mem_init(&fail, 0);
  msim__mem_init(&mem, &fail.hook);
  label = msim__label_new(&mem, "m1");
  units = msim__units_new(&mem, 2);
  assert_non_null(units);
  assert_null(units->items[1].unit);
  units->items[0].message = label;
  units->items[1].message = label;
  msim__label_ref(label);
  msim__units_ref(units);
  msim__units_unref(units);
  assert_string_equal(units->items[1].message->text, "m1");
  msim__units_unref(units);
  msim__units_ref(NULL);
  msim__units_unref(NULL);
  assert_true(fail_mem_clean(&fail));
}

static void values_of_a_unit_are_copied_and_go_with_it(void **state)
{
  static const char *const servers[] = {"ns1", "ns2"};
  char text[] = "y.example";
  struct msim_value values[4], *got;
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__units *units;

  (void)state;
  fail_mem_init(&fail, 0);
  msim__mem_init(&mem, &fail.hook);
  values[0] = msim_value_text("zone", text);
  values[1] = msim_value_int("ttl", 60);
  values[2].name = "servers";
  values[2].kind = MSIM_VALUE_LIST;
  values[2].u.list.items = servers;
  values[2].u.list.count = 2;
  values[3] = msim_value_text("none", NULL);
  units = msim__units_new(&mem, 1);
  assert_int_equal(msim__unit_set_values(units, 0, values, 0), MSIM_OK);
  assert_null(units->items[0].values);
  assert_int_equal(msim__unit_set_values(units, 0, values, 4), MSIM_OK);
  memset(text, 'x', sizeof text - 1);
  got = units->items[0].values;
  assert_int_equal(units->items[0].value_count, 4);
  assert_string_equal(got[0].u.text, "y.example");
  assert_int_equal(got[1].u.integer, 60);
  assert_int_equal(got[2].u.list.count, 2);
  assert_ptr_not_equal(got[2].u.list.items, servers);
  assert_string_equal(got[2].u.list.items[0], "ns1");
  assert_string_equal(got[2].u.list.items[1], "ns2");
  assert_null(got[3].u.text);
  msim__units_unref(units);
  units = msim__units_new(&mem, 1);
  fail.fail_at = fail.request_count + 1;
  assert_int_equal(msim__unit_set_values(units, 0, values, 4), MSIM_ERR_NOMEM);
  msim__units_unref(units);
  assert_true(fail_mem_clean(&fail));
}

static void units_beyond_the_limit_are_refused(void **state)
{
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__units *units;

  (void)state;
  fail_mem_init(&fail, 0);
  msim__mem_init(&mem, &fail.hook);
  assert_null(msim__units_new(&mem, MSIM__UNITS_MAX + 1));
  units = msim__units_new(&mem, MSIM__UNITS_MAX);
  assert_non_null(units);
  msim__units_unref(units);
  fail.fail_at = fail.request_count + 1;
  assert_null(msim__units_new(&mem, 1));
  assert_true(fail_mem_clean(&fail));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(room_when_made_is_empty_and_counted),
      cmocka_unit_test(room_when_larger_than_a_blob_can_be_is_refused),
      cmocka_unit_test(blob_lives_until_its_last_reference_goes),
      cmocka_unit_test(blob_without_data_is_zeroed),
      cmocka_unit_test(blob_without_memory_fails_the_simulation),
      cmocka_unit_test(label_is_copied_cut_and_counted),
      cmocka_unit_test(units_hold_their_labels),
      cmocka_unit_test(values_of_a_unit_are_copied_and_go_with_it),
      cmocka_unit_test(units_beyond_the_limit_are_refused),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
