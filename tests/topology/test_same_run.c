/* test_same_run.c: a run that is not the same as another one is told at the first record that differs: what an agent
 * takes from outside of the simulation, another delay, an end that comes earlier or later. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include <stdio.h>
#include <string.h>

#include "support/fail_mem.h"

static int64_t start_count; /* what a run must not depend on: it outlives it */

static int gauge_start(struct msim_agent *agent)
{
  struct msim_value value = msim_value_int("number", ++start_count);

  msim_agent_event(agent, "gauge.read", &value, 1);
  return MSIM_OK;
}

static const struct msim_agent_type gauge = {.name = "gauge", .start = gauge_start};

#define WORLD(delay, acts, agents)                                                                                     \
  "mailsim: 1\nhosts:\n"                                                                                               \
  "  pc: {agents: [{user: {address: a@x.example, submit: mx, script: [" acts "]}}]}\n"                                 \
  "  mx: {agents: [{smtp-server: {domains: {b.example: [b]}}}" agents "]}\n"                                           \
  "links: [{join: [pc, mx], delay: " delay ", rate: 1Mbit/s}]\n"
#define SEND "{at: 1s, send: {message: m1, to: b@b.example, subject: Hi, body: Hello}}"
#define AGAIN ", {at: 9s, send: {message: m2, to: b@b.example, subject: Hi, body: Again}}"

static struct msim_sim *load(struct fail_mem *mem, const char *text)
{
  struct msim_slice slice = {(const uint8_t *)text, strlen(text)};
  struct msim_sim_opts opts;
  struct msim_sim *sim = NULL;

  memset(&opts, 0, sizeof opts);
  opts.seed = 7;
  if (mem != NULL)
    opts.mem = mem->hook;
  if (msim_sim_new(&sim, &opts) != MSIM_OK)
    return NULL;
  if (msim_agent_register(sim, &gauge) == MSIM_OK &&
      msim_topology_load_text(sim, "world.yaml", slice, NULL, NULL, NULL) == MSIM_OK)
    return sim;
  msim_sim_free(sim);
  return NULL;
}

static void compare(struct msim_difference *d, const char *a_text, const char *b_text)
{
  struct msim_sim *a = load(NULL, a_text), *b = load(NULL, b_text);

  assert_non_null(a);
  assert_non_null(b);
  memset(d, 0xee, sizeof *d);
  assert_int_equal(msim_same_run(a, b, MSIM_NEVER, d), MSIM_OK);
  msim_sim_free(a);
  msim_sim_free(b);
}

static void equal_worlds_run_the_same(void **state)
{
  struct msim_difference d;

  (void)state;
  compare(&d, WORLD("10ms", SEND AGAIN, ""), WORLD("10ms", SEND AGAIN, ""));
  assert_false(d.differs);
}

static void agent_that_keeps_something_between_runs_is_caught(void **state)
{
  struct msim_difference d;

  (void)state;
  start_count = 0;
  compare(&d, WORLD("10ms", SEND, ", {gauge: {}}"), WORLD("10ms", SEND, ", {gauge: {}}"));
  assert_true(d.differs);
  assert_non_null(strstr(d.expected, "gauge.read"));
  assert_non_null(strstr(d.actual, "gauge.read"));
  assert_true(d.expected[d.column] != d.actual[d.column]);
  assert_memory_equal(d.expected, d.actual, d.column);
  assert_true(d.at_ns == 0);
}

static void another_delay_is_told_at_the_first_arrival(void **state)
{
  struct msim_difference d;

  (void)state;
  compare(&d, WORLD("10ms", SEND, ""), WORLD("11ms", SEND, ""));
  assert_true(d.differs);
  /* the first line tells links too, but it is no part of what happens */
  assert_true(d.line > 2);
  assert_true(d.at_ns > MSIM_SEC(1) && d.at_ns < MSIM_SEC(1) + MSIM_MSEC(12));
  assert_non_null(strstr(d.expected, "\"rx\""));
}

static void an_end_that_comes_earlier_is_a_difference_either_way(void **state)
{
  struct msim_difference d;

  (void)state;
  compare(&d, WORLD("10ms", SEND, ""), WORLD("10ms", SEND AGAIN, ""));
  assert_true(d.differs);
  assert_non_null(strstr(d.actual, "\"m2\""));
  assert_true(d.at_ns >= MSIM_SEC(9) && d.at_ns < MSIM_SEC(10));
  assert_string_equal(d.expected + d.column, "");
  compare(&d, WORLD("10ms", SEND AGAIN, ""), WORLD("10ms", SEND, ""));
  assert_true(d.differs);
  assert_non_null(strstr(d.expected, "\"m2\""));
  assert_string_equal(d.actual + d.column, "");
}

static void long_lines_are_cut_around_the_difference(void **state)
{
  static char a[9000], b[9000], body[6001];
  struct msim_difference d;

  (void)state;
  memset(body, 'x', sizeof body - 1);
  snprintf(a, sizeof a, WORLD("10ms", "{at: 1s, send: {message: m1, to: b@b.example, subject: Hi, body: %sA}}", ""),
           body);
  snprintf(b, sizeof b, WORLD("10ms", "{at: 1s, send: {message: m1, to: b@b.example, subject: Hi, body: %sB}}", ""),
           body);
  compare(&d, a, b);
  assert_true(d.differs);
  assert_true(strlen(d.expected) < MSIM_DIFFERENCE_BYTES && strlen(d.actual) < MSIM_DIFFERENCE_BYTES);
  assert_int_equal(d.expected[d.column], 'A');
  assert_int_equal(d.actual[d.column], 'B');
}

/* What a pipe may do: one byte at a time, then fail. */
struct drip {
  const char *text;
  size_t at, size;
  int err;
};

static int drip(void *ctx, void *data, size_t capacity_bytes, size_t *size_bytes)
{
  struct drip *from = ctx;

  *size_bytes = from->at < from->size && capacity_bytes > 0 ? 1 : 0;
  if (*size_bytes > 0)
    *(char *)data = from->text[from->at++];
  return *size_bytes > 0 ? MSIM_OK : from->err;
}

struct paper {
  char text[65536];
  size_t size;
};

static int write_down(void *ctx, const void *data, size_t size_bytes)
{
  struct paper *paper = ctx;

  assert_true(size_bytes <= sizeof paper->text - paper->size);
  memcpy(paper->text + paper->size, data, size_bytes);
  paper->size += size_bytes;
  return MSIM_OK;
}

static int against(const struct paper *paper, size_t size, int err, struct msim_difference *d)
{
  struct drip from = {paper->text, 0, size, err};
  struct msim_in in = {&from, drip};
  struct msim_sim *sim = load(NULL, WORLD("10ms", SEND, ""));
  struct msim_same *same;
  int got;

  assert_non_null(sim);
  assert_int_equal(msim_same_new(&same, sim, &in), MSIM_OK);
  got = msim_sim_run(sim, MSIM_NEVER);
  if (msim_sim_finish(sim) != MSIM_OK && got == MSIM_OK)
    got = msim_sim_finish(sim);
  if (got == MSIM_OK)
    got = msim_same_finish(same, d);
  msim_sim_free(sim);
  msim_same_free(same);
  return got;
}

static void what_was_written_is_compared_byte_by_byte(void **state)
{
  static struct paper paper;
  struct msim_out out = {&paper, write_down};
  struct msim_sim *sim = load(NULL, WORLD("10ms", SEND, ""));
  struct msim_difference d;

  (void)state;
  assert_non_null(sim);
  assert_int_equal(msim_trace_add(sim, "jsonl", &out, "full-text,hops", NULL), MSIM_OK);
  assert_int_equal(msim_sim_run(sim, MSIM_NEVER), MSIM_OK);
  assert_int_equal(msim_sim_finish(sim), MSIM_OK);
  msim_sim_free(sim);
  assert_int_equal(against(&paper, paper.size, MSIM_OK, &d), MSIM_OK);
  assert_false(d.differs);
  assert_int_equal(against(&paper, paper.size - 1, MSIM_OK, &d), MSIM_OK);
  assert_true(d.differs);
  assert_int_equal(against(&paper, paper.size / 2, MSIM_ERR_IO, &d), MSIM_ERR_IO);
  paper.text[paper.size / 2] ^= 1;
  assert_int_equal(against(&paper, paper.size, MSIM_OK, &d), MSIM_OK);
  assert_true(d.differs && d.line > 1);
}

static void memory_may_fail_at_each_request(void **state)
{
  struct msim_difference d;
  uint64_t at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (at = 1; err != MSIM_OK && at < 4000; at++) {
    struct fail_mem mem;
    struct msim_sim *a = load(NULL, WORLD("10ms", SEND, "")), *b;

    assert_non_null(a);
    fail_mem_init(&mem, at);
    b = load(&mem, WORLD("10ms", SEND, ""));
    err = b == NULL ? MSIM_ERR_NOMEM : msim_same_run(a, b, MSIM_NEVER, &d);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    msim_sim_free(b);
    msim_sim_free(a);
    assert_true(fail_mem_clean(&mem));
  }
  assert_int_equal(err, MSIM_OK);
  assert_true(at > 20);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equal_worlds_run_the_same),
      cmocka_unit_test(agent_that_keeps_something_between_runs_is_caught),
      cmocka_unit_test(another_delay_is_told_at_the_first_arrival),
      cmocka_unit_test(an_end_that_comes_earlier_is_a_difference_either_way),
      cmocka_unit_test(long_lines_are_cut_around_the_difference),
      cmocka_unit_test(what_was_written_is_compared_byte_by_byte),
      cmocka_unit_test(memory_may_fail_at_each_request),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
