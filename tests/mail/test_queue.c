/* Tests of mail/queue.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>

#include "mail/fake_blob.h"
#include "mail/queue.h"
#include "support/fail_mem.h"

static struct msim__message *make(struct msim__mem *mem, const char *label, const char *const *to, size_t count)
{
  struct msim_slice recipients[16];
  struct msim__message_opts opts = {0};
  struct msim__message *message;
  size_t i;

  for (i = 0; i < count; i++) {
    recipients[i].data = (const uint8_t *)to[i];
    recipients[i].size_bytes = strlen(to[i]);
  }
  opts.label.data = (const uint8_t *)label;
  opts.label.size_bytes = strlen(label);
  opts.recipients = recipients;
  opts.recipient_count = count;
  opts.content = msim_blob_new(NULL, ".\r\n", 3);
  message = msim__message_new(mem, &opts);
  msim_blob_unref(opts.content);
  return message;
}

static void count_call(void *ctx)
{
  ++*(unsigned *)ctx;
}

static const uint32_t all[] = {0, 1, 2, 3, 4, 5, 6, 7};

static void add_splits_by_domain_and_wakes_once(void **state)
{
  static const char *const to[] = {"a@one.example", "b@two.example", "c@ONE.example", "d@three.example"};
  struct msim__mail_queue queue;
  struct msim__mail_dest *dest;
  struct msim__mail_entry *entry;
  struct msim__message *message;
  struct fail_mem f;
  struct msim__mem mem;
  unsigned calls = 0;

  (void)state;
  fail_mem_init(&f, 0);
  msim__mem_init(&mem, &f.hook);
  msim__mail_queue_init(&queue, &mem);
  queue.wake = count_call;
  queue.wake_ctx = &calls;
  queue.first_try_after_ns = 50;
  message = make(&mem, "m1", to, 4);
  assert_int_equal(msim__mail_queue_add(&queue, message, all, 3, 100), 0); /* the fourth is not meant */
  msim__message_unref(message);
  assert_int_equal(calls, 1);
  assert_int_equal(queue.entry_count, 2);
  assert_int_equal(msim__mail_queue_next_ns(&queue), 150);
  assert_null(msim__mail_queue_take_due(&queue, 149));
  dest = msim__mail_queue_take_due(&queue, 150);
  assert_string_equal(dest->domain, "one.example");
  entry = msim__mail_queue_start(dest);
  assert_int_equal(entry->recipient_count, 2);
  assert_int_equal(entry->pending_count, 2);
  assert_string_equal(message->recipients[entry->targets[0].index], "a@one.example");
  assert_string_equal(message->recipients[entry->targets[1].index], "c@ONE.example");
  assert_null(msim__mail_queue_start(dest));
  msim__mail_queue_settle(entry, 1);
  msim__mail_queue_settle(entry, 1);
  msim__mail_queue_settle(entry, 9);
  assert_int_equal(entry->pending_count, 1);
  msim__mail_queue_remove(&queue, entry);
  dest = msim__mail_queue_take_due(&queue, 150);
  assert_string_equal(dest->domain, "two.example");
  assert_int_equal(msim__mail_queue_next_ns(&queue), MSIM_NEVER);
  msim__mail_queue_remove(&queue, msim__mail_queue_start(dest));
  assert_int_equal(queue.entry_count, 0);
  assert_int_equal(queue.entry_count_peak, 2);
  assert_int_equal(fake_blob_count, 0);
  msim__mail_queue_release(&queue);
  assert_true(fail_mem_clean(&f));
}

static void entries_come_by_time_and_then_by_order_of_acceptance(void **state)
{
  static const msim_ns due[] = {70, 30, 90, 30, 10, 70, 50};
  static const char *const expected[] = {"4", "1", "3", "6", "0", "5", "2"};
  struct msim__mail_queue queue;
  struct msim__mem mem;
  size_t i;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__mail_queue_init(&queue, &mem);
  for (i = 0; i < 7; i++) {
    static const char *const to[] = {"x@same.example"};
    char label[8];
    struct msim__message *message;

    (void)snprintf(label, sizeof label, "%u", (unsigned)i);
    message = make(&mem, label, to, 1);
    assert_int_equal(msim__mail_queue_add(&queue, message, all, 1, due[i]), 0);
    msim__message_unref(message);
  }
  for (i = 0; i < 7; i++) {
    struct msim__mail_dest *dest = msim__mail_queue_take_due(&queue, msim__mail_queue_next_ns(&queue));
    struct msim__mail_entry *entry = msim__mail_queue_start(dest);

    assert_string_equal(entry->message->label, expected[i]);
    assert_int_equal(entry->state, MSIM__MAIL_ACTIVE);
    if (i == 0) { /* back to wait: it comes again, last */
      entry->targets[0].held = true;
      msim__mail_queue_defer(&queue, entry, 1000);
      assert_int_equal(entry->state, MSIM__MAIL_WAITING);
    }
  }
  assert_int_equal(msim__mail_queue_next_ns(&queue), 1000);
  {
    struct msim__mail_dest *dest = msim__mail_queue_take_due(&queue, 1000);

    assert_false(msim__mail_queue_start(dest)->targets[0].held); /* a new attempt */
  }
  msim__mail_queue_release(&queue);
  assert_int_equal(mem.held_bytes, 0);
}

static void destination_in_use_outlives_its_entries(void **state)
{
  static const char *const to[] = {"x@same.example"};
  struct msim__mail_queue queue;
  struct msim__mail_dest *dest;
  struct msim__message *message;
  struct msim__mem mem;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__mail_queue_init(&queue, &mem);
  message = make(&mem, "m", to, 1);
  assert_int_equal(msim__mail_queue_add(&queue, message, all, 1, 0), 0);
  dest = msim__mail_queue_take_due(&queue, 0);
  dest->user = &queue;
  msim__mail_queue_remove(&queue, msim__mail_queue_start(dest));
  assert_int_equal(dest->entry_count, 0);
  assert_int_equal(msim__mail_queue_add(&queue, message, all, 1, 5), 0);
  assert_ptr_equal(msim__mail_queue_take_due(&queue, 5), dest); /* the same one, not a second */
  msim__mail_queue_remove(&queue, msim__mail_queue_start(dest));
  dest->user = NULL;
  msim__mail_queue_drop_dest(&queue, dest);
  msim__message_unref(message);
  msim__mail_queue_release(&queue);
  assert_int_equal(mem.held_bytes, 0);
}

static void add_of_what_has_no_domain_is_invalid_and_changes_nothing(void **state)
{
  static const char *const to[] = {"x@same.example", "postmaster"};
  struct msim__mail_queue queue;
  struct msim__message *message;
  struct msim__mem mem;
  uint32_t beyond = 2;

  (void)state;
  msim__mem_init(&mem, NULL);
  msim__mail_queue_init(&queue, &mem);
  message = make(&mem, "m", to, 2);
  assert_int_equal(msim__mail_queue_add(&queue, message, all, 2, 0), MSIM_ERR_INVALID);
  assert_int_equal(msim__mail_queue_add(&queue, message, &beyond, 1, 0), MSIM_ERR_INVALID);
  assert_int_equal(queue.entry_count, 0);
  assert_int_equal(msim__mail_queue_next_ns(&queue), MSIM_NEVER);
  assert_int_equal(message->refs, 1);
  msim__message_unref(message);
  assert_int_equal(mem.held_bytes, queue.heap_capacity * sizeof(void *));
  msim__mail_queue_release(&queue);
  assert_int_equal(mem.held_bytes, 0);
}

static void add_when_memory_fails_changes_nothing(void **state)
{
  static const char *const to[] = {"a@one.example", "b@two.example", "c@one.example", "d@three.example"};
  uint64_t nth;
  bool passed = false;

  (void)state;
  for (nth = 2; !passed; nth++) { /* the first request is the message's */
    struct msim__mail_queue queue;
    struct msim__message *message;
    struct fail_mem f;
    struct msim__mem mem;
    int err;

    assert_true(nth < 50);
    fail_mem_init(&f, nth);
    msim__mem_init(&mem, &f.hook);
    msim__mail_queue_init(&queue, &mem);
    message = make(&mem, "m", to, 4);
    err = msim__mail_queue_add(&queue, message, all, 4, 0);
    passed = f.failed_count == 0;
    assert_int_equal(err, passed ? 0 : MSIM_ERR_NOMEM);
    assert_int_equal(queue.entry_count, passed ? 3 : 0);
    assert_int_equal(message->refs, passed ? 4 : 1);
    msim__message_unref(message);
    msim__mail_queue_release(&queue);
    assert_true(fail_mem_clean(&f));
    assert_int_equal(fake_blob_count, 0);
  }
  assert_true(nth > 8);
}

static void release_of_a_queue_never_used_does_nothing(void **state)
{
  struct msim__mail_queue queue;

  (void)state;
  memset(&queue, 0, sizeof queue);
  msim__mail_queue_release(&queue);
  assert_null(queue.mem);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(add_splits_by_domain_and_wakes_once),
      cmocka_unit_test(entries_come_by_time_and_then_by_order_of_acceptance),
      cmocka_unit_test(destination_in_use_outlives_its_entries),
      cmocka_unit_test(add_of_what_has_no_domain_is_invalid_and_changes_nothing),
      cmocka_unit_test(add_when_memory_fails_changes_nothing),
      cmocka_unit_test(release_of_a_queue_never_used_does_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
