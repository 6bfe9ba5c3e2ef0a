/* test_flow_text.c: names of connections that are kept are those that would be made. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/fail_mem.h"
#include "trace/flow_text.h"

static void assert_put_as_made(const struct msim__flow_texts *texts, const struct msim_flow *flow)
{
  char kept[MSIM_FLOW_TEXT_BYTES], made[MSIM_FLOW_TEXT_BYTES];
  size_t size_bytes = (size_t)(msim__put_flow(made, flow) - made);

  memset(kept, '#', sizeof kept);
  assert_int_equal(msim__flow_text_put(texts, kept, flow) - kept, size_bytes);
  assert_memory_equal(kept, made, size_bytes);
}

/* All of them in one place, in turns, and those that differ in one thing only. */
static void flows_with_one_place_are_told_apart(void **state)
{
  static const char client[] = "client", other[] = "client2", umlaut[] = "gr\xc3\xbc\xc3\x9f";
  char long_name[100];
  struct msim_flow flows[] = {
      {.client = client, .server = other, .id = 7, .port = 25, .number = 1},
      {.client = other, .server = client, .id = 7, .port = 25, .number = 1},
      {.client = client, .server = other, .id = 7 + MSIM__FLOW_TEXT_ROWS, .port = 25, .number = 2},
      {.client = client, .server = other, .id = 7 + 2 * MSIM__FLOW_TEXT_ROWS, .port = 65535, .number = UINT32_MAX},
      {.client = umlaut, .server = other, .id = 7 + 3 * MSIM__FLOW_TEXT_ROWS, .port = 25, .number = 1},
      {.client = long_name, .server = other, .id = 7 + 4 * MSIM__FLOW_TEXT_ROWS, .port = 25, .number = 1},
  };
  const size_t count = sizeof flows / sizeof flows[0];
  struct msim__flow_texts texts;
  struct fail_mem f;
  struct msim__mem mem;
  uint64_t requests;
  size_t i, k;

  (void)state;
  fail_mem_init(&f, 0);
  msim__mem_init(&mem, &f.hook);
  assert_int_equal(msim__flow_texts_init(&texts, &mem), MSIM_OK);
  memset(long_name, 'x', sizeof long_name);
  long_name[sizeof long_name - 1] = '\0';
  requests = f.request_count;
  for (i = 0; i < count; i++) {
    for (k = 0; k < count; k++) {
      assert_put_as_made(&texts, &flows[i]);
      assert_put_as_made(&texts, &flows[k]);
      assert_put_as_made(&texts, &flows[k]);
    }
  }
  assert_true(msim__flow_text(&texts, &flows[0])->is_plain);
  assert_false(msim__flow_text(&texts, &flows[4])->is_plain);
  assert_null(msim__flow_text(&texts, &flows[5]));
  assert_int_equal(f.request_count, requests);
  msim__flow_texts_release(&texts);
  assert_true(fail_mem_clean(&f));
}

/* Names around the longest one that is kept. */
static void name_of_any_length_is_put(void **state)
{
  char client[MSIM__FLOW_TEXT_KEPT_BYTES + 8];
  struct msim__flow_texts texts;
  struct msim__mem mem;
  size_t length;

  (void)state;
  msim__mem_init(&mem, NULL);
  assert_int_equal(msim__flow_texts_init(&texts, &mem), MSIM_OK);
  memset(client, 'c', sizeof client);
  for (length = 1; length < sizeof client; length++) {
    struct msim_flow flow = {.client = client, .server = "s", .id = length, .port = 143, .number = 10};

    client[length] = '\0';
    assert_put_as_made(&texts, &flow);
    assert_put_as_made(&texts, &flow);
    client[length] = 'c';
  }
  msim__flow_texts_release(&texts);
}

static void init_without_memory_is_nomem(void **state)
{
  struct msim__flow_texts texts;
  struct fail_mem f;
  struct msim__mem mem;

  (void)state;
  fail_mem_init(&f, 1);
  msim__mem_init(&mem, &f.hook);
  assert_int_equal(msim__flow_texts_init(&texts, &mem), MSIM_ERR_NOMEM);
  msim__flow_texts_release(&texts);
  assert_true(fail_mem_clean(&f));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(flows_with_one_place_are_told_apart),
      cmocka_unit_test(name_of_any_length_is_put),
      cmocka_unit_test(init_without_memory_is_nomem),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
