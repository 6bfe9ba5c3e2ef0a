/* test_shrink.c: a document becomes as small as it can be while something about it holds. What holds is here a question
 * about its text or its tree; whole runs are in tests/command. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include <stdlib.h>
#include <string.h>

#include "support/fail_mem.h"
#include "support/topology_run.h"

static int take(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return MSIM_OK;
}

/* What must stand in the text, each of them; NULL ends the list. */
struct question {
  const char *words[6];
  msim_ns at_ns;
  int answer; /* instead of 1 */
  uint64_t asked_count;
  bool must_load;
};

static bool loads(struct msim_slice text)
{
  struct msim_sim *sim = NULL;
  int err;

  assert_int_equal(msim_sim_new(&sim, NULL), 0);
  err = msim_topology_load_text(sim, "x.yaml", text, NULL, NULL, NULL);
  msim_sim_free(sim);
  return err == MSIM_OK;
}

static int holds(void *user, struct msim_slice text, msim_ns *at_ns)
{
  struct question *question = user;
  size_t i;

  question->asked_count++;
  for (i = 0; question->words[i] != NULL; i++)
    if (strstr((const char *)text.data, question->words[i]) == NULL)
      return 0;
  if (question->must_load && !loads(text))
    return 0;
  *at_ns = question->at_ns;
  return question->answer != 0 ? question->answer : 1;
}

static int shrink(const char *yaml, struct question *question, uint64_t runs_max, const struct msim_mem *mem,
                  struct topology_text *out, struct msim_shrink_info *info)
{
  struct msim_slice slice = {(const uint8_t *)yaml, strlen(yaml)};
  struct msim_shrink_opts opts = {.runs_max = runs_max};
  struct msim_document *document = NULL;
  struct msim_out sink = {.ctx = out, .write = take};
  int err = msim_document_open_text(&document, "x.yaml", slice, NULL, mem, NULL, NULL);

  memset(out, 0, sizeof *out);
  memset(info, 0, sizeof *info);
  if (err == MSIM_OK)
    err = msim_document_shrink(document, holds, question, &opts, info);
  if (err == MSIM_OK)
    err = msim_document_write(document, NULL, &sink);
  msim_document_free(document);
  return err;
}

static void check(const char *yaml, struct question question, const char *expected)
{
  struct topology_text out;
  struct msim_shrink_info info;

  if (question.at_ns == 0)
    question.at_ns = MSIM_NEVER;
  assert_int_equal(shrink(yaml, &question, 0, NULL, &out, &info), 0);
  assert_string_equal(out.data, expected);
  assert_true(info.held && info.is_complete);
  assert_int_equal(info.run_count, question.asked_count);
  assert_true(info.nodes_after <= info.nodes_before + 2); /* `until` may be new */
  free(out.data);
}

static void entries_when_not_needed_then_gone(void **state)
{
  (void)state;
  check("a: {b: [1, 2, 3, {needle: 4, hay: 5}], c: 1}\nd: 1\ne: [x, y]\n", (struct question){.words = {"needle", NULL}},
        "a:\n  b: [{needle: 1}]\n");
}

static void faults_when_one_is_enough_then_one(void **state)
{
  static const char yaml[] = "faults: [{id: a}, {id: b}, {id: c}, {id: d}, {id: e}, {id: f}, {id: g}, {id: h}]\n";

  (void)state;
  check(yaml, (struct question){.words = {"id: f", NULL}}, "faults:\n  - {id: f}\n");
  check(yaml, (struct question){.words = {"id: a", "id: h", NULL}}, "faults:\n  - {id: a}\n  - {id: h}\n");
}

static void time_when_something_was_seen_then_the_rest_is_cut(void **state)
{
  (void)state;
  check("a: 1\nb: 2\n", (struct question){.words = {"a: 1", NULL}, .at_ns = MSIM_MSEC(1500)}, "until: 1501ms\na: 1\n");
  check("until: 3h\na: 1\n", (struct question){.words = {"a: 1", NULL}, .at_ns = MSIM_SEC(2) - 1}, "until: 2s\na: 1\n");
}

static const char chain[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  alice: {agents: [{user: {address: alice@a.example, submit: r1, script: [{at: 1s, send: "
    "{to: bob@b.example}}]}}]}\n"
    "  r1: {agents: [{smtp-server: {relay-from: [\"@a.example\"]}}, {smtp-client: {smarthost: r2}}]}\n"
    "  r2: {agents: [{smtp-server: {relay-from: [\"@a.example\"]}}, {smtp-client: {smarthost: r3}}]}\n"
    "  r3: {agents: [{smtp-server: {relay-from: [\"@a.example\"]}}, {smtp-client: {}}]}\n"
    "  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}\n"
    "links:\n"
    "  - {join: [alice, r1], delay: 1ms}\n"
    "  - {join: [r1, r2], delay: 1ms}\n"
    "  - {join: [r2, r3], delay: 1ms}\n"
    "  - {join: [r3, mx], delay: 1ms}\n"
    "faults:\n"
    "  - {id: f1, crash: {host: r1}, at: 5s}\n"
    "  - {id: f2, down: {link: r2-r3}, at: 5s}\n"
    "  - {id: f3, drop: {conn: \"r2>r3:25#1\", segment: s1}}\n";

/* A chain is not broken when a host in its middle goes: its neighbour takes its links, and what was said about it. */
static void host_when_between_others_then_its_neighbour_stands_for_it(void **state)
{
  (void)state;
  check(chain, (struct question){.words = {"alice@", "bob@", "f3", "bob]", NULL}, .must_load = true},
        "mailsim: 1\n"
        "hosts:\n"
        "  alice: {agents: [{user: {address: alice@a.example, script: [{send: {to: bob@b.example}}]}}]}\n"
        "  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}\n"
        "faults:\n"
        "  - {id: f3, drop: {conn: \"mx>mx:25#1\", segment: s1}}\n");
}

static void link_when_its_ends_change_then_faults_know_its_new_name(void **state)
{
  (void)state;
  check(chain, (struct question){.words = {"down", "r1", "r3", NULL}, .must_load = true},
        "mailsim: 1\nhosts:\n  r1: {}\n  r3: {}\nlinks:\n  - {join: [r1, r3], delay: 1ms}\nfaults:\n"
        "  - {id: f2, down: {link: r1-r3}}\n");
}

static void range_when_fewer_hosts_are_enough_then_fewer(void **state)
{
  (void)state;
  check("hosts:\n  h[1..1000]: {}\nlinks: [{join: [h1, \"h[1..1000]\"]}]\n",
        (struct question){.words = {"\n  h[1", "join: [h1, ", NULL}},
        "hosts:\n  h[1..1]: {}\nlinks:\n  - {join: [h1, \"h[1..1]\"]}\n");
}

/* h211 is one of them, and the first would do; h2110 and xh211 are others. */
static void member_when_named_alone_then_the_first_is(void **state)
{
  (void)state;
  check("hosts:\n  h[1..1000]: {}\nfaults: [{id: f, drop: {conn: \"a>h211:25#1\", x: h2110, y: xh211}}]\n",
        (struct question){.words = {"\n  h[1", "conn: \"a>h", "h2110", "xh211", NULL}},
        "hosts:\n  h[1..1]: {}\nfaults:\n  - {drop: {conn: \"a>h1:25#1\", x: h2110, y: xh211}}\n");
}

static void numbers_when_lower_ones_do_then_lower(void **state)
{
  (void)state;
  check("a: {delay: 640ms}\nb: {c: 10.0.0.1, d: \"77\", e: 0}\n",
        (struct question){.words = {"ms", "10.0", "77", "e:", NULL}},
        "a: {delay: 1ms}\nb: {c: 10.0.0.1, d: \"77\", e: 0}\n");
}

static void text_when_shorter_ones_do_then_shorter(void **state)
{
  (void)state;
  check("a: {body: \"needle in a very long text about hay and straw, for many lines\", to: a-long-address@example}\n",
        (struct question){.words = {"needle", "a-long-address@example", NULL}},
        "a: {body: \"needle \", to: a-long-address@example}\n");
}

static void document_when_it_does_not_hold_then_untouched(void **state)
{
  struct question question = {.words = {"absent", NULL}};
  struct msim_shrink_info info;
  struct topology_text out;

  (void)state;
  assert_int_equal(shrink("a: 1\nb: 2\n", &question, 0, NULL, &out, &info), 0);
  assert_string_equal(out.data, "a: 1\nb: 2\n");
  assert_false(info.held || info.is_complete);
  assert_int_equal(info.run_count, 1);
  free(out.data);
}

static void runs_when_used_up_then_what_was_reached(void **state)
{
  struct question question = {.words = {"id: f", NULL}, .at_ns = MSIM_NEVER};
  struct msim_shrink_info info;
  struct topology_text out;

  (void)state;
  assert_int_equal(shrink("faults: [{id: a}, {id: b}, {id: f}, {id: g}]\nx: 1\n", &question, 4, NULL, &out, &info), 0);
  assert_int_equal(question.asked_count, 4);
  assert_true(info.held && !info.is_complete);
  assert_non_null(strstr(out.data, "id: f"));
  assert_int_equal(info.faults_before, 4);
  assert_true(info.faults_after < 4 && info.faults_after > 0);
  free(out.data);
}

static void answer_when_negative_then_the_end(void **state)
{
  struct question question = {.words = {NULL}, .answer = MSIM_ERR_IO};
  struct msim_shrink_info info;
  struct topology_text out;

  (void)state;
  assert_int_equal(shrink("a: 1\n", &question, 0, NULL, &out, &info), MSIM_ERR_IO);
  assert_int_equal(question.asked_count, 1);
}

static void memory_when_none_then_said_and_given_back(void **state)
{
  struct msim_shrink_info info;
  struct topology_text out;
  struct fail_mem mem;
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err == MSIM_ERR_NOMEM; fail_at++) {
    struct question question = {.words = {"alice@", "f3", NULL}, .at_ns = MSIM_NEVER};

    fail_mem_init(&mem, fail_at);
    err = shrink(chain, &question, 60, &mem.hook, &out, &info);
    free(out.data);
    assert_true(fail_mem_clean(&mem));
  }
  assert_int_equal(err, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(entries_when_not_needed_then_gone),
      cmocka_unit_test(faults_when_one_is_enough_then_one),
      cmocka_unit_test(time_when_something_was_seen_then_the_rest_is_cut),
      cmocka_unit_test(host_when_between_others_then_its_neighbour_stands_for_it),
      cmocka_unit_test(link_when_its_ends_change_then_faults_know_its_new_name),
      cmocka_unit_test(range_when_fewer_hosts_are_enough_then_fewer),
      cmocka_unit_test(member_when_named_alone_then_the_first_is),
      cmocka_unit_test(numbers_when_lower_ones_do_then_lower),
      cmocka_unit_test(text_when_shorter_ones_do_then_shorter),
      cmocka_unit_test(document_when_it_does_not_hold_then_untouched),
      cmocka_unit_test(runs_when_used_up_then_what_was_reached),
      cmocka_unit_test(answer_when_negative_then_the_end),
      cmocka_unit_test(memory_when_none_then_said_and_given_back),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
