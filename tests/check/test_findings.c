/* test_findings.c: lib/check/findings.c: what was broken as lines for people. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "check/findings.h"
#include "core/sim.h"
#include "support/fail_mem.h"

#include <stdio.h>
#include <string.h>

static struct msim_invariant_finding of_mail(void)
{
  struct msim_invariant_finding f = {.rule = "I3",
                                     .connection = "",
                                     .side = "",
                                     .segment = "",
                                     .text = "copy 2 was delivered",
                                     .at_ns = MSIM_MSEC(4200),
                                     .message = "m1",
                                     .recipient = "bob@y.example",
                                     .host = "mx"};

  return f;
}

static void each_kind_of_finding_is_a_line(void **state)
{
  struct msim_invariant_finding f = of_mail();
  char line[200], cut[10];
  size_t size_bytes = msim_invariant_format(&f, line, sizeof line);

  (void)state;
  assert_int_equal(size_bytes, strlen(line));
  assert_string_equal(line, "I3 by m1 for bob@y.example on mx at 4.200000 s: copy 2 was delivered");
  assert_int_equal(msim_invariant_format(&f, cut, sizeof cut), strlen(line));
  assert_string_equal(cut, "I3 by m1 ");
  assert_int_equal(msim_invariant_format(&f, NULL, 0), strlen(line));
  f.recipient = "";
  f.message = "a\x1b[1m\xc2\x9b\xc3\xa4";
  (void)msim_invariant_format(&f, line, sizeof line);
  assert_string_equal(line, "I3 by a\\x1b[1m\\xc2\\x9b\xc3\xa4 on mx at 4.200000 s: copy 2 was delivered");
  f.message = "";
  (void)msim_invariant_format(&f, line, sizeof line);
  assert_string_equal(line, "I3 by mx at 4.200000 s: copy 2 was delivered");
  f.connection = "a>b:25#1";
  f.side = "server";
  f.segment = "s2";
  (void)msim_invariant_format(&f, line, sizeof line);
  assert_string_equal(line, "I3 by the server of a>b:25#1 at 4.200000 s, s2: copy 2 was delivered");
}

struct text {
  char data[8000];
  size_t size_bytes;
};

static int append(void *ctx, const void *data, size_t size_bytes)
{
  struct text *text = ctx;

  assert_true(size_bytes < sizeof text->data - text->size_bytes);
  memcpy(text->data + text->size_bytes, data, size_bytes);
  text->size_bytes += size_bytes;
  text->data[text->size_bytes] = '\0';
  return MSIM_OK;
}

static void count(void *user, const struct msim_invariant_finding *finding)
{
  (void)finding;
  ++*(unsigned *)user;
}

static void the_first_are_kept_and_all_are_handed_on(void **state)
{
  struct msim_invariant_finding f = of_mail();
  struct msim__findings findings;
  struct msim_sim *sim = NULL;
  struct text text = {"", 0};
  struct msim_out out = {&text, append};
  unsigned seen = 0, i;

  (void)state;
  assert_int_equal(msim__sim_create(&sim, &(struct msim_sim_opts){0}, NULL), 0);
  msim__findings_init(&findings, sim, count, &seen);
  assert_int_equal(msim__findings_write(&findings, &out), 0);
  assert_string_equal(text.data, "");
  for (i = 0; i < 23; i++)
    msim__findings_take(&findings, &f);
  assert_int_equal(seen, 23);
  assert_int_equal(msim__findings_write(&findings, &out), 0);
  assert_memory_equal(text.data, "broken: I3 by m1 for bob@y.example on mx at 4.200000 s: copy 2 was delivered\nbroken",
                      83);
  assert_string_equal(text.data + text.size_bytes - 15, "... and 3 more\n");
  assert_int_equal(msim_sim_failure(sim), 0);
  msim__findings_release(&findings);
  msim_sim_free(sim);
}

static void without_memory_the_run_fails(void **state)
{
  struct msim_invariant_finding f = of_mail();
  struct msim__findings findings;
  struct msim_sim_opts opts = {0};
  struct msim_sim *sim = NULL;
  struct fail_mem mem;

  (void)state;
  fail_mem_init(&mem, 0);
  opts.mem = mem.hook;
  assert_int_equal(msim__sim_create(&sim, &opts, NULL), 0);
  msim__findings_init(&findings, sim, NULL, NULL);
  mem.fail_at = mem.request_count + 1;
  msim__findings_take(&findings, &f);
  assert_int_equal(msim_sim_failure(sim), MSIM_ERR_NOMEM);
  msim__findings_release(&findings);
  msim_sim_free(sim);
  assert_true(fail_mem_clean(&mem));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(each_kind_of_finding_is_a_line),
      cmocka_unit_test(the_first_are_kept_and_all_are_handed_on),
      cmocka_unit_test(without_memory_the_run_fails),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
