/* Tests of mail/store.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "mail/store.h"
#include "support/fail_mem.h"

static struct msim__message *make(struct msim__mem *mem, const char *label, uint64_t size_bytes)
{
  struct msim__message_opts opts = {0};

  opts.label.data = (const uint8_t *)label;
  opts.label.size_bytes = strlen(label);
  opts.reverse_path.data = (const uint8_t *)"a@x.example";
  opts.reverse_path.size_bytes = 11;
  opts.size_bytes = size_bytes;
  return msim__message_new(mem, &opts);
}

static void messages_lie_in_order_of_arrival_and_can_be_removed(void **state)
{
  struct msim__store store;
  struct msim__mailbox *box;
  struct msim__message *message[3];
  struct fail_mem f;
  struct msim__mem mem;
  uint32_t uid = 0;
  unsigned i;

  (void)state;
  fail_mem_init(&f, 0);
  msim__mem_init(&mem, &f.hook);
  msim__store_init(&store, &mem);
  assert_null(msim__store_find(&store, "b", 1));
  box = msim__store_open(&store, "b", 1);
  assert_ptr_equal(msim__store_open(&store, "b", 1), box);
  assert_ptr_equal(msim__store_find(&store, "b", 1), box);
  assert_ptr_equal(msim__store_at(&store, 0), box);
  assert_null(msim__store_at(&store, 1));
  for (i = 0; i < 3; i++) {
    message[i] = make(&mem, i == 0 ? "m1" : i == 1 ? "m2" : "m3", 100 * (i + 1));
    assert_int_equal(msim__store_add(&store, box, message[i], 1000 + i, &uid), 0);
    assert_int_equal(uid, i + 1);
    msim__message_unref(message[i]);
  }
  assert_int_equal(box->count, 3);
  assert_int_equal(msim__store_item_bytes(&box->items[0]), 28 + 100); /* "Return-Path: <a@x.example>" and CRLF */
  assert_int_equal(box->size_bytes, 3 * 28 + 600);
  assert_int_equal(msim__store_index_of(box, 2), 1);
  assert_int_equal(msim__store_remove(box, 1), 0);
  assert_int_equal(box->count, 2);
  assert_string_equal(box->items[1].message->label, "m3");
  assert_int_equal(box->items[1].added_unix_s, 1002);
  assert_int_equal(box->size_bytes, 2 * 28 + 400);
  assert_int_equal(msim__store_index_of(box, 2), 2); /* gone */
  assert_int_equal(msim__store_index_of(box, 3), 1);
  assert_int_equal(msim__store_remove(box, 2), MSIM_ERR_NOT_FOUND);
  message[0] = make(&mem, "m4", 1);
  assert_int_equal(msim__store_add(&store, box, message[0], 0, &uid), 0);
  assert_int_equal(uid, 4); /* a number is never used twice */
  msim__message_unref(message[0]);
  msim__store_release(&store);
  assert_null(msim__store_find(&store, "b", 1));
  assert_true(fail_mem_clean(&f));
}

static void one_message_in_many_mailboxes_is_kept_once(void **state)
{
  static const char *const names[] = {"a", "b", "c\xc3\xa4", "A"};
  struct msim__store store;
  struct msim__message *message;
  struct msim__mem mem;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__store_init(&store, &mem);
  message = make(&mem, "m1", 5);
  for (i = 0; i < 4; i++)
    assert_int_equal(msim__store_add(&store, msim__store_open(&store, names[i], strlen(names[i])), message, 0, NULL),
                     0);
  assert_int_equal(message->refs, 5);
  for (i = 0; i < 4; i++)
    assert_ptr_equal(msim__store_at(&store, i)->items[0].message, message);
  msim__message_unref(message);
  msim__store_release(&store);
  assert_int_equal(mem.held_bytes, 0);
}

static void opening_and_adding_when_memory_fails_leak_nothing(void **state)
{
  uint64_t nth;
  bool passed = false;

  (void)state;
  for (nth = 2; !passed; nth++) {
    struct msim__store store;
    struct msim__message *message;
    struct msim__mailbox *box;
    struct fail_mem f;
    struct msim__mem mem;

    assert_true(nth < 50);
    fail_mem_init(&f, nth);
    msim__mem_init(&mem, &f.hook);
    msim__store_init(&store, &mem);
    message = make(&mem, "m", 1);
    box = msim__store_open(&store, "b", 1);
    if (box != NULL && msim__store_add(&store, box, message, 0, NULL) < 0)
      assert_int_equal(box->count, 0);
    passed = f.failed_count == 0;
    assert_int_equal(message->refs, passed ? 2 : 1);
    msim__message_unref(message);
    msim__store_release(&store);
    assert_true(fail_mem_clean(&f));
  }
  assert_true(nth > 5);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(messages_lie_in_order_of_arrival_and_can_be_removed),
      cmocka_unit_test(one_message_in_many_mailboxes_is_kept_once),
      cmocka_unit_test(opening_and_adding_when_memory_fails_leak_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
