/* test_expect.c: expectations about runs of whole topologies: what holds and what does not, how a miss is told, what
 * goes wrong at moments that a run has to find first, many seeds, and memory that runs out. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/fail_mem.h"
#include "support/topology_run.h"

#define AGAIN_MAX 8u

static const char world[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  alice: {agents: [{user: {address: alice@a.example, submit: relay, script: [{at: 1s, send: {message: m1, to: "
    "bob@b.example, subject: Hi, body: Hello}}]}}]}\n"
    "  relay: {disk: {sync-latency: 2ms}, agents: [{smtp-server: {domains: {a.example: [alice]}, relay-from: "
    "[\"@a.example\"]}}, smtp-client]}\n"
    "  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}\n"
    "links:\n"
    "  - {join: [alice, relay], delay: 10ms, rate: 10Mbit/s}\n"
    "  - {join: [relay, mx], delay: 10ms, rate: 10Mbit/s}\n";

struct told {
  char text[16384];
  size_t size;
};

static void keep_finding(void *user, const struct msim_diag *diag)
{
  struct told *told = user;
  int n = snprintf(told->text + told->size, sizeof told->text - told->size, "%u: %s\n", diag->line, diag->text);

  told->size += n > 0 && (size_t)n < sizeof told->text - told->size ? (size_t)n : 0;
}

static struct msim_sim *load(const char *text, uint64_t seed, struct fail_mem *mem)
{
  struct msim_slice slice = {(const uint8_t *)text, strlen(text)};
  struct msim_sim_opts opts;
  struct msim_sim *sim = NULL;

  memset(&opts, 0, sizeof opts);
  opts.seed = seed;
  if (mem != NULL)
    opts.mem = mem->hook;
  if (msim_sim_new(&sim, &opts) == MSIM_OK && msim_topology_load_text(sim, "world.yaml", slice, NULL, NULL, NULL) == 0)
    return sim;
  msim_sim_free(sim);
  return NULL;
}

/* Runs it until it is decided. What is wrong goes to told as "LINE: text". */
static int judge(struct msim_expect *expect, const char *text, uint64_t seed, struct fail_mem *mem,
                 struct msim_expect_result *result, unsigned *runs, struct told *told)
{
  struct msim_expect_failure failure;
  int err;
  size_t i;

  memset(told, 0, sizeof *told);
  for (*runs = 0; *runs < AGAIN_MAX;) {
    struct msim_sim *sim = load(text, seed, mem);

    if (sim == NULL)
      return MSIM_ERR_NOMEM;
    ++*runs;
    err = msim_expect_attach(expect, sim, keep_finding, told);
    if (err == MSIM_OK)
      err = msim_sim_run(sim, MSIM_NEVER);
    if (err == MSIM_OK)
      err = msim_sim_finish(sim);
    if (err == MSIM_OK)
      err = msim_expect_judge(expect, result);
    msim_sim_free(sim);
    if (err != MSIM_OK || !result->again)
      break;
  }
  for (i = 0; err == MSIM_OK && msim_expect_failure_at(expect, i, &failure) == MSIM_OK; i++) {
    int n = snprintf(told->text + told->size, sizeof told->text - told->size, "%u: %s", failure.line, failure.text);

    told->size += n > 0 && (size_t)n < sizeof told->text - told->size ? (size_t)n : 0;
  }
  return err;
}

static struct msim_expect *read_text(const char *text)
{
  struct msim_slice slice = {(const uint8_t *)text, strlen(text)};
  struct told told = {.size = 0};
  struct msim_expect *expect;

  if (msim_expect_load_text(&expect, "x.expect", slice, NULL, keep_finding, &told) != MSIM_OK)
    fail_msg("%s\n%s", text, told.text);
  return expect;
}

static void claims_when_they_hold_then_nothing_is_told(void **state)
{
  static const char *const texts[] = {
      /* a flow from its beginning, without a gap */
      "flow alice>relay:25#1\n C S <mss 1460,*> ; S S. ack 1 ; C . 1:1(0) +10.0416ms\n S P. (33) \"220 relay *\" "
      "within 11ms\n",
      "flow alice>relay:25#1\n ...\n C \"QUIT\" ; S FP. \"221*\" ; C F. ; S . ; end\n",
      "flow alice>relay:25#*\n ... ; S \"354*\" ; C \"*Subject: Hi*Hello*\" exactly 10.0832ms as content\n"
      "expect relay message.accepted message=m1 within 13ms after content ; mx store.add after content",
      "dialogue relay>mx:25#1\n S \"220*\" ; C \"EHLO relay\" ; ...\n unordered { S \"250 2.1.5*\" ; C \"RCPT*\" }\n"
      " C \"DATA\" | C \"BDAT*\" ; S \"354 *\" | S \"250*\"",
      "dialogue alice>relay:25#1 ; c3 \"EHLO*\" | * \"220*\" as x\n ... ; S \"221*\" after 20ms ; end",
      "never m1 bounced ; alice>relay:25#* * *R* ; fault * *\nnever mx message.accepted before x\n"
      "flow alice>relay:25#1 ; C as x",
      "finally m1 delivered ; m1 delivered to bob@b.example in bob at mx ; m1 bounced 0 ; queues empty ; tcp none open",
      "finally m1 accepted 2 ; m1 accepted 1.. ; m1 accepted 1..2 times\nsometimes m1 accepted at relay",
  };
  struct msim_expect_result result;
  struct told told;
  unsigned runs;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
    struct msim_expect *expect = read_text(texts[i]);

    assert_int_equal(judge(expect, world, 1, NULL, &result, &runs, &told), MSIM_OK);
    if (!result.holds || runs != 1 || result.failure_count != 0)
      fail_msg("%s\n%s", texts[i], told.text);
    assert_int_equal(msim_expect_end(expect, &result), MSIM_OK);
    assert_true(result.holds);
    msim_expect_free(expect);
  }
}

static void claims_when_they_do_not_hold_then_the_beginning_of_what_is_told(void **state)
{
  static const struct {
    const char *text, *told[4]; /* in this order */
  } cases[] = {
      {"flow alice>relay:25#1\n C S\n S \"220 *\"",
       {"3: this line does not come\n  wanted   S \"220 *\"\n  nearest  1.010048 s1 S. 0:0(0)",
        "^ text\n  flow alice>relay:25#1\n    1.000000 c1 S 0:0(0) win 65535 +10.048ms\n  > 1.010048 s1"}},
      {"flow alice>relay:25#1\n ... ; S \"354*\" within 1ms",
       {"2: this line does not come at that time\n  wanted   S \"354*\" within 1ms\n", "^ time\n"}},
      {"dialogue alice>relay:25#1\n ... ; S \"221*\" ; C \"x\"",
       {"2: this line does not come: the connection has no more\n  wanted   C \"x\"\n  dialogue alice>relay:25#1\n"}},
      {"dialogue alice>relay:25#1\n S \"220*\" ; end",
       {"2: something comes behind the last line\n  wanted   the end of the connection's lines\n  nearest  1.040205 "
        "c3"}},
      {"dialogue alice>relay:25#1\n unordered { S \"220*\" ; C \"HELO*\" }",
       {"2: this line does not come\n  wanted   C \"HELO*\"\n  nearest  1.040205 c3", "^ text"}},
      {"flow alice>relay:25#2\n C S", {"1: there is no connection alice>relay:25#2\n  there is alice>relay:25#1\n"}},
      {"never m1 accepted at mx",
       {"1: this happens, and never should\n  wanted   m1 accepted at mx\n  found    1.264165 mx "
        "message.accepted message=m1"}},
      {"finally m1 delivered 2", {"1: this happens 1 time, not 2 times\n  wanted   m1 delivered 2\n  found    1.2"}},
      {"finally m1 accepted 1", {"1: this happens too often: wanted 1 time\n"}},
      {"expect relay message.accepted message=m2",
       {"1: this does not happen\n", "nearest  1.133035 relay message.accepted message=m1", "^ value\n"}},
      {"expect m1 accepted at mx within 1s", {"1: this does not happen in that time\n", "nearest  1.2", "^ time\n"}},
      {"never m9 bounced", {"1: this run has no message m9, so it says nothing about it\n"}},
      {"dialogue alice>relay:25#1 ; S \"999\" as x\nexpect m1 accepted after x",
       {"1: this line does not come\n", "2: this does not happen\n", "  the moment x (line 1) is not met\n"}},
  };
  struct msim_expect_result result;
  struct told told;
  unsigned runs;
  size_t i, k;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_expect *expect = read_text(cases[i].text);
    const char *at;

    assert_int_equal(judge(expect, world, 1, NULL, &result, &runs, &told), MSIM_OK);
    assert_false(result.holds);
    assert_true(result.failure_count > 0);
    for (at = told.text, k = 0; k < 4 && cases[i].told[k] != NULL; k++) {
      at = strstr(at, cases[i].told[k]);
      if (at == NULL)
        fail_msg("%s\n- %s\n+ %s", cases[i].text, cases[i].told[k], told.text);
    }
    msim_expect_free(expect);
  }
}

static void caret_when_a_field_differs_then_it_stands_under_it(void **state)
{
  struct msim_expect *expect = read_text("flow alice>relay:25#1\n C S ; S S. lost");
  struct msim_expect_result result;
  const char *line, *caret;
  struct told told;
  unsigned runs;

  (void)state;
  assert_int_equal(judge(expect, world, 1, NULL, &result, &runs, &told), MSIM_OK);
  line = strstr(told.text, "  nearest  ");
  assert_non_null(line);
  caret = strchr(line, '\n') + 1;
  assert_memory_equal(line + strcspn(caret, "^"), "+10.048ms", 9);
  assert_memory_equal(caret + strcspn(caret, "^"), "^ fate\n", 7);
  msim_expect_free(expect);
}

static void names_when_they_are_not_there_then_they_are_told(void **state)
{
  static const char *const cases[][2] = {
      {"never relai m.x", "1: there is no host \"relai\"; did you mean \"relay\"?\n"},
      {"never * message.bouncd", "1: there is no event \"message.bouncd\"; did you mean \"message.bounced\"?\n"},
      {"flow alice>relais:25#1 ; C", "1: there is no host \"relais\"; did you mean \"relay\"?\n"},
      {"never zzz own.event", "1: there is no host \"zzz\" in this topology\n"},
      {"never x>10.0.0.1:25#1 *", "1: there is no host \"x\"; did you mean \"mx\"?\n"},
      {"at 1s crash: {host: relai}", "1: \"relai\" is no host of this topology"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct msim_expect *expect = read_text(cases[i][0]);
    struct msim_sim *sim = load(world, 1, NULL);
    struct told told = {.size = 0};

    assert_int_equal(msim_expect_attach(expect, sim, keep_finding, &told), MSIM_ERR_SYNTAX);
    if (strncmp(told.text, cases[i][1], strlen(cases[i][1])) != 0)
      fail_msg("%s\n- %s\n+ %s", cases[i][0], cases[i][1], told.text);
    msim_sim_free(sim);
    msim_expect_free(expect);
  }
}

/* The reply to the content is lost and the relay crashes: two moments, the second found in a run that has the first. */
static void moment_when_something_goes_wrong_there_then_it_is_found_in_runs_before(void **state)
{
  struct msim_expect *expect =
      read_text("flow alice>relay:25#1\n ... ; C \"Date*\" ; S \"250 *\" lost as lost\n ...\n S \"250 *\" as again\n"
                "at 0s drop: {conn: \"alice>relay:25#1\", text: \"250 2.0.0*\"}\n"
                "at again +1ms crash: {host: relay}, for: 30s\n"
                "expect host relay crash after again within 1ms as dead ; host relay restart after dead as back\n"
                "at back crash: {host: mx}, for: 5s\n"
                "finally m1 delivered to bob@b.example ; queues empty ; host * crash 2");
  struct msim_expect_result result;
  struct told told;
  unsigned runs;

  (void)state;
  assert_int_equal(judge(expect, world, 1, NULL, &result, &runs, &told), MSIM_OK);
  if (!result.holds)
    fail_msg("%s", told.text);
  assert_int_equal(runs, 3);
  assert_int_equal(judge(expect, world, 1, NULL, &result, &runs, &told), MSIM_OK); /* moments of a seed are kept */
  assert_true(result.holds);
  assert_int_equal(runs, 1);
  assert_int_equal(judge(expect, world, 2, NULL, &result, &runs, &told), MSIM_OK);
  assert_true(result.holds);
  assert_int_equal(runs, 3);
  msim_expect_free(expect);
}

static void queues_and_connections_when_cut_short_then_they_are_told(void **state)
{
  static const char cut[] = "at 1.135s down: {link: mx-relay}\nfinally queues empty ; tcp none open\n";
  struct msim_expect *expect = read_text(cut);
  struct msim_sim *sim = load(world, 1, NULL);
  struct msim_expect_failure failure;
  struct msim_expect_result result;

  (void)state;
  assert_int_equal(msim_expect_attach(expect, sim, NULL, NULL), MSIM_OK);
  assert_int_equal(msim_sim_run(sim, MSIM_SEC(2)), MSIM_OK);
  assert_int_equal(msim_sim_finish(sim), MSIM_OK);
  assert_int_equal(msim_expect_judge(expect, &result), MSIM_OK);
  assert_int_equal(result.failure_count, 2);
  assert_int_equal(msim_expect_failure_at(expect, 0, &failure), MSIM_OK);
  assert_string_equal(failure.text, "1 recipient waits in queues at the end\n");
  assert_int_equal(msim_expect_failure_at(expect, 1, &failure), MSIM_OK);
  assert_memory_equal(failure.text, "2 ends of connections are open at the end\n  state    1.", 54);
  assert_int_equal(msim_expect_failure_at(expect, 2, &failure), MSIM_ERR_NOT_FOUND);
  msim_expect_free(expect); /* in front of what it watches */
  msim_sim_free(sim);
}

static void sometimes_when_no_run_has_it_then_the_end_tells(void **state)
{
  static const char lossy[] = "at 0s loss: {link: mx-relay, share: 30%}\nsometimes relay>mx:25#1 * lost\n"
                              "sometimes m1 bounced\n";
  struct msim_expect *expect = read_text(lossy);
  struct msim_expect_failure failure;
  struct msim_expect_result result;
  struct told told;
  unsigned runs;
  uint64_t seed;

  (void)state;
  for (seed = 1; seed <= 3; seed++) {
    assert_int_equal(judge(expect, world, seed, NULL, &result, &runs, &told), MSIM_OK);
    assert_true(result.holds);
  }
  assert_int_equal(msim_expect_end(expect, &result), MSIM_OK);
  assert_int_equal(result.failure_count, 1);
  assert_int_equal(msim_expect_failure_at(expect, 0, &failure), MSIM_OK);
  assert_int_equal(failure.line, 3);
  assert_string_equal(failure.text, "this happens in none of 3 runs\n  wanted   m1 bounced\n");
  msim_expect_free(expect);
}

static int keep_bytes(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return 0;
}

/* The run that a draft is made from holds it, and one with a fault does not. */
static void draft_when_run_again_then_it_holds(void **state)
{
  struct msim_expect *expect = read_text("finally queues empty ; tcp none open");
  struct topology_text text;
  struct msim_out out = {&text, keep_bytes};
  struct msim_expect_result result;
  struct told told;
  unsigned runs;
  char *longer;

  (void)state;
  memset(&text, 0, sizeof text);
  assert_int_equal(msim_expect_draft(expect, "world.yaml", &out), MSIM_ERR_STATE);
  assert_int_equal(judge(expect, world, 1, NULL, &result, &runs, &told), MSIM_OK);
  assert_int_equal(msim_expect_draft(expect, "world.yaml", &out), MSIM_OK);
  msim_expect_free(expect);
  assert_non_null(strstr(text.data, "topology world.yaml\nseed 1\n\ndialogue alice>relay:25#1\n  S \"220 relay "));
  assert_non_null(strstr(text.data, "finally\n  m1 delivered to bob@b.example 1\n  queues empty\n  tcp none open\n"));
  expect = read_text(text.data);
  assert_int_equal(judge(expect, world, 1, NULL, &result, &runs, &told), MSIM_OK);
  if (!result.holds)
    fail_msg("%s", told.text);
  msim_expect_free(expect);
  topology_text_append(&text, "at 0s drop: {conn: \"relay>mx:25#1\", text: \"250 2.0.0*\", times: 100}\n", 69);
  longer = text.data;
  expect = read_text(longer);
  assert_int_equal(judge(expect, world, 1, NULL, &result, &runs, &told), MSIM_OK);
  assert_false(result.holds);
  msim_expect_free(expect);
  free(text.data);
}

/* In a topology the lines have the numbers that they have in the file, however they are written. */
static void section_when_read_then_its_text_has_the_lines_of_the_file(void **state)
{
  static const char *const forms[][2] = {
      {"expect: |\n  never m1 bounced\n  finally queues empty\n", "\n\nnever m1 bounced\nfinally queues empty\n"},
      {"expect:\n  - never m1 bounced\n  - finally queues empty\n", "\n\nnever m1 bounced\nfinally queues empty\n"},
      {"expect: never m1 bounced\n", "\nnever m1 bounced"},
      {"expect: {violates: I1}\n", "\nviolates I1"},
  };
  static const char *const wrong[][2] = {
      {"expect: |\n  nver m1 bounced\n", "3: \"nver\" begins no statement; did you mean the statement \"never\"?\n"},
      {"expect:\n  - never m1 bounced\n  - finaly queues empty\n",
       "4: \"empty\": NAME=VALUE is expected here; did you mean the statement \"finally\"?\n"},
      {"expect: {violets: I1}\n", "2: expect: as a map it has one key: {violates: I1}; all else is written as text\n"},
      {"expect:\n", "2: expect: there is nothing here\n"},
  };
  char text[512];
  size_t i;

  (void)state;
  for (i = 0; i < sizeof forms / sizeof forms[0]; i++) {
    struct msim_topology_info info;
    struct msim_sim *sim;

    snprintf(text, sizeof text, "mailsim: 1\n%shosts: {a: }\n", forms[i][0]);
    sim = load(text, 1, NULL);
    assert_non_null(sim);
    msim_topology_info(sim, &info);
    assert_string_equal(info.expect, forms[i][1]);
    msim_sim_free(sim);
  }
  for (i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    struct msim_slice slice = {(const uint8_t *)text, 0};
    struct told told = {.size = 0};
    struct msim_sim *sim = NULL;

    snprintf(text, sizeof text, "mailsim: 1\n%shosts: {a: }\n", wrong[i][0]);
    slice.size_bytes = strlen(text);
    assert_int_equal(msim_sim_new(&sim, NULL), MSIM_OK);
    assert_int_equal(msim_topology_load_text(sim, "w.yaml", slice, NULL, keep_finding, &told), MSIM_ERR_SYNTAX);
    assert_string_equal(told.text, wrong[i][1]);
    msim_sim_free(sim);
  }
}

static void memory_when_it_runs_out_then_nomem_and_nothing_left(void **state)
{
  static const char text[] =
      "flow alice>relay:25#1\n ... ; C \"Date*\" ; S \"250 *\" as taken\n"
      "at taken +1ms crash: {host: relay}, for: 30s\n"
      "expect m1 accepted at mx as x ; m1 bounced after x\nfinally queues empty ; tcp none open\n";
  struct msim_slice slice = {(const uint8_t *)text, sizeof text - 1};
  uint64_t fail_at, refused = 0;
  struct msim_expect_result result;
  struct told told;
  unsigned runs;

  (void)state;
  for (fail_at = 1;; fail_at += fail_at < 60 ? 1 : 13) {
    struct msim_expect_opts opts;
    struct msim_expect *expect;
    struct fail_mem mem;
    int err;

    memset(&opts, 0, sizeof opts);
    fail_mem_init(&mem, fail_at);
    opts.mem = mem.hook;
    err = msim_expect_load_text(&expect, "x", slice, &opts, NULL, NULL);
    if (err == MSIM_OK)
      err = judge(expect, world, 1, NULL, &result, &runs, &told);
    msim_expect_free(expect);
    assert_true(fail_mem_clean(&mem));
    if (mem.failed_count == 0) {
      assert_int_equal(err, MSIM_OK);
      assert_int_equal(result.failure_count, 1);
      break;
    }
    assert_int_equal(err, MSIM_ERR_NOMEM);
    refused++;
  }
  assert_true(refused > 30);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(claims_when_they_hold_then_nothing_is_told),
      cmocka_unit_test(claims_when_they_do_not_hold_then_the_beginning_of_what_is_told),
      cmocka_unit_test(caret_when_a_field_differs_then_it_stands_under_it),
      cmocka_unit_test(names_when_they_are_not_there_then_they_are_told),
      cmocka_unit_test(moment_when_something_goes_wrong_there_then_it_is_found_in_runs_before),
      cmocka_unit_test(queues_and_connections_when_cut_short_then_they_are_told),
      cmocka_unit_test(sometimes_when_no_run_has_it_then_the_end_tells),
      cmocka_unit_test(draft_when_run_again_then_it_holds),
      cmocka_unit_test(section_when_read_then_its_text_has_the_lines_of_the_file),
      cmocka_unit_test(memory_when_it_runs_out_then_nomem_and_nothing_left),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
