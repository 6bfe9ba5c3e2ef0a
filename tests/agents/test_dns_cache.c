/* Tests of agents/dns_cache.c: time, room, and who is trusted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "agents/dns_cache.h"
#include "support/fail_mem.h"

#include <stdio.h>
#include <string.h>

struct box {
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__dns_cache cache;
  unsigned expired_count;
};

static void expired(void *ctx, const struct msim__dns_cache_entry *entry)
{
  (void)entry;
  ((struct box *)ctx)->expired_count++;
}

static void open_box(struct box *box, size_t entries_max, uint64_t fail_at)
{
  memset(box, 0, sizeof *box);
  fail_mem_init(&box->fail, fail_at);
  msim__mem_init(&box->mem, &box->fail.hook);
  box->cache.mem = &box->mem;
  box->cache.entries_max = entries_max;
  box->cache.expired = expired;
  box->cache.ctx = box;
}

static void close_box(struct box *box)
{
  msim__dns_cache_release(&box->cache);
  assert_true(fail_mem_clean(&box->fail));
}

static struct msim__dns_name name_of(const char *text)
{
  struct msim__dns_name name;

  assert_int_equal(msim__dns_name_parse(&name, text, strlen(text)), MSIM_OK);
  return name;
}

static int put(struct box *box, const char *name, uint8_t last, enum msim__dns_trust trust, uint32_t ttl_s,
               msim_ns now_ns)
{
  struct msim__dns_name wire = name_of(name);
  uint8_t bytes[4] = {192, 0, 2, last};
  struct msim_slice rdata = {bytes, 4};
  struct msim__dns_rrset set;
  int err;

  msim__dns_rrset_init(&set, &wire, MSIM__DNS_A);
  err = msim__dns_rrset_add(&set, &box->mem, rdata);
  if (err == MSIM_OK)
    err = msim__dns_cache_put(&box->cache, &set, NULL, MSIM__DNS_NOERROR, trust, ttl_s, now_ns);
  msim__dns_rrset_release(&set, &box->mem);
  return err;
}

/* The last byte of the address, 0: nothing is known. */
static unsigned get(struct box *box, const char *name, msim_ns now_ns)
{
  struct msim__dns_name wire = name_of(name);
  const struct msim__dns_cache_entry *entry = msim__dns_cache_find(&box->cache, &wire, MSIM__DNS_A, now_ns);
  struct msim_slice rdata;
  size_t at = 0;

  return entry != NULL && msim__dns_rrset_next(&entry->set, &at, &rdata) ? rdata.data[3] : 0;
}

static void entry_lives_until_its_time_is_over(void **state)
{
  struct box box;

  (void)state;
  open_box(&box, 10, 0);
  assert_int_equal(put(&box, "a.example", 1, MSIM__DNS_TRUST_ANSWER, 60, MSIM_SEC(5)), MSIM_OK);
  assert_int_equal(put(&box, "zero.example", 2, MSIM__DNS_TRUST_ANSWER, 0, MSIM_SEC(5)), MSIM_OK);
  assert_int_equal(get(&box, "A.Example", MSIM_SEC(65) - 1), 1);
  assert_int_equal(get(&box, "zero.example", MSIM_SEC(5)), 0);
  assert_int_equal(get(&box, "b.example", MSIM_SEC(5)), 0);
  assert_int_equal(box.expired_count, 0);
  assert_int_equal(get(&box, "a.example", MSIM_SEC(65)), 0);
  assert_int_equal(box.expired_count, 1);
  assert_int_equal(box.cache.count, 0);
  close_box(&box);
}

static void least_used_makes_room(void **state)
{
  struct box box;
  char name[32];
  unsigned i;

  (void)state;
  open_box(&box, 100, 0);
  for (i = 1; i <= 100; i++) {
    snprintf(name, sizeof name, "n%u.example", i);
    assert_int_equal(put(&box, name, (uint8_t)i, MSIM__DNS_TRUST_ANSWER, 60, 0), MSIM_OK);
  }
  assert_int_equal(get(&box, "n1.example", 1), 1); /* used: n2 is the next to go */
  assert_int_equal(put(&box, "more.example", 200, MSIM__DNS_TRUST_ANSWER, 60, 0), MSIM_OK);
  assert_int_equal(box.cache.count, 100);
  assert_int_equal(get(&box, "n1.example", 1), 1);
  assert_int_equal(get(&box, "n2.example", 1), 0);
  assert_int_equal(get(&box, "n3.example", 1), 3);
  assert_int_equal(get(&box, "more.example", 1), 200);
  assert_int_equal(box.expired_count, 0); /* it had to go, but its time was not over */
  close_box(&box);
}

/* RFC 2181 5.4.1 */
static void glue_does_not_replace_an_answer(void **state)
{
  struct box box;

  (void)state;
  open_box(&box, 10, 0);
  assert_int_equal(put(&box, "a.example", 1, MSIM__DNS_TRUST_GLUE, 600, 0), MSIM_OK);
  assert_int_equal(put(&box, "a.example", 2, MSIM__DNS_TRUST_ANSWER, 60, 0), MSIM_OK);
  assert_int_equal(get(&box, "a.example", 1), 2);
  assert_int_equal(put(&box, "a.example", 3, MSIM__DNS_TRUST_GLUE, 600, 1), MSIM_OK);
  assert_int_equal(get(&box, "a.example", 1), 2);
  assert_int_equal(put(&box, "a.example", 3, MSIM__DNS_TRUST_GLUE, 600, MSIM_SEC(60)), MSIM_OK);
  assert_int_equal(get(&box, "a.example", MSIM_SEC(60)), 3);
  close_box(&box);
}

static void without_memory_nothing_is_half_kept(void **state)
{
  struct box box;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err == MSIM_ERR_NOMEM; fail_at++) {
    open_box(&box, 10, fail_at);
    err = put(&box, "a.example", 1, MSIM__DNS_TRUST_ANSWER, 60, 0);
    assert_int_equal(get(&box, "a.example", 1), err == MSIM_OK ? 1 : 0);
    close_box(&box);
  }
  assert_int_equal(err, MSIM_OK);
  assert_true(fail_at > 4);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(entry_lives_until_its_time_is_over),
      cmocka_unit_test(least_used_makes_room),
      cmocka_unit_test(glue_does_not_replace_an_answer),
      cmocka_unit_test(without_memory_nothing_is_half_kept),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
