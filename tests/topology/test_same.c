/* test_same.c: (seed, topology) decides every byte; an unrelated host, the order of the file and the watchers do not.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/topology_run.h"

static const char lossy[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  pc: {agents: [{user: {address: a@x.example, submit: mx, script: [{at: 1s, send: {message: "
    "m1, to: b@b.example, subject: Grüße, size: 60KiB}}]}}]}\n"
    "  mx: {agents: [{smtp-server: {domains: {b.example: [b]}}}]}\n"
    "links:\n"
    "  - {join: [pc, mx], delay: 10ms, rate: 10Mbit/s, loss: 5%, jitter: 2ms, reorder: {share: "
    "5%, by: 3ms}, duplicate: 2%}\n";

/* The same with the two hosts and their links told in the other order, and a stranger with its own traffic. */
static const char lossy_turned[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  mx: {agents: [{smtp-server: {domains: {b.example: [b]}}}]}\n"
    "  pc: {agents: [{user: {address: a@x.example, submit: mx, script: [{at: 1s, send: {message: "
    "m1, to: b@b.example, subject: Grüße, size: 60KiB}}]}}]}\n"
    "links:\n"
    "  - {join: [pc, mx], delay: 10ms, rate: 10Mbit/s, loss: 5%, jitter: 2ms, reorder: {share: "
    "5%, by: 3ms}, duplicate: 2%}\n";

static const char lossy_strangers[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  aaa: {agents: [{user: {address: c@x.example, submit: mmm, script: [{at: 1s, send: {message: "
    "m2, to: d@d.example, subject: Other, size: 30KiB}}]}}]}\n"
    "  mmm: {agents: [{smtp-server: {domains: {d.example: [d]}}}]}\n"
    "  mx: {agents: [{smtp-server: {domains: {b.example: [b]}}}]}\n"
    "  pc: {agents: [{user: {address: a@x.example, submit: mx, script: [{at: 1s, send: {message: "
    "m1, to: b@b.example, subject: Grüße, size: 60KiB}}]}}]}\n"
    "links:\n"
    "  - {join: [aaa, mmm], delay: 10ms, rate: 10Mbit/s, loss: 5%}\n"
    "  - {join: [pc, mx], delay: 10ms, rate: 10Mbit/s, loss: 5%, jitter: 2ms, reorder: {share: "
    "5%, by: 3ms}, duplicate: 2%}\n"
    "  - {join: [aaa, mx], delay: 1ms}\n";

static int load(struct msim_sim *sim, void *ctx)
{
  struct msim_slice text;

  text.data = ctx;
  text.size_bytes = strlen(ctx);
  return msim_topology_load_text(sim, "test", text, NULL, NULL, NULL);
}

static void run(struct topology_run *out, const char *yaml, uint64_t seed)
{
  topology_run_built(out, load, (void *)(uintptr_t)yaml, seed, "text", NULL);
  if (out->err != 0)
    fail_msg("%s", out->error);
  assert_true(out->counters.segment_count > 20);
}

/* Keeps the lines that speak of pc or mx, without the others. */
static void keep_lines_of(struct topology_text *trace, const char *unwanted1, const char *unwanted2)
{
  char *from = trace->data, *to = trace->data;

  while (*from != '\0') {
    size_t size = strcspn(from, "\n") + 1;
    char line[4096];

    if (size < sizeof line) {
      memcpy(line, from, size);
      line[size] = '\0';
      if (strstr(line, unwanted1) == NULL && strstr(line, unwanted2) == NULL) {
        memmove(to, from, size);
        to += size;
      }
    }
    from += size;
  }
  *to = '\0';
}

static void the_same_seed_gives_the_same_bytes(void **state)
{
  struct topology_run a, b;

  (void)state;
  run(&a, lossy, 7);
  run(&b, lossy, 7);
  assert_string_equal(a.trace.data, b.trace.data);
  assert_memory_equal(&a.prints, &b.prints, sizeof a.prints);
  free(a.trace.data);
  free(b.trace.data);
}

static void another_seed_gives_other_losses(void **state)
{
  struct topology_run a, b;

  (void)state;
  run(&a, lossy, 7);
  run(&b, lossy, 8);
  assert_string_not_equal(a.trace.data, b.trace.data);
  assert_true(a.prints.wire != b.prints.wire);
  assert_true(a.prints.mail == b.prints.mail); /* the mail arrives all the same */
  assert_true(a.counters.drop_count > 0);
  free(a.trace.data);
  free(b.trace.data);
}

static void the_order_of_the_file_does_not_matter(void **state)
{
  struct topology_run a, b;

  (void)state;
  run(&a, lossy, 7);
  run(&b, lossy_turned, 7);
  assert_string_equal(a.trace.data, b.trace.data);
  free(a.trace.data);
  free(b.trace.data);
}

static void unrelated_hosts_change_no_line_of_the_others(void **state)
{
  struct topology_run a, b;

  (void)state;
  run(&a, lossy, 7);
  run(&b, lossy_strangers, 7);
  assert_true(strlen(b.trace.data) > strlen(a.trace.data) + 1000);
  keep_lines_of(&b.trace, "aaa", "mmm");
  assert_string_equal(a.trace.data, b.trace.data);
  free(a.trace.data);
  free(b.trace.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_seed_gives_the_same_bytes),
      cmocka_unit_test(another_seed_gives_other_losses),
      cmocka_unit_test(the_order_of_the_file_does_not_matter),
      cmocka_unit_test(unrelated_hosts_change_no_line_of_the_others),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
