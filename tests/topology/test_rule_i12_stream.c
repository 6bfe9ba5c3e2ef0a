/* test_rule_i12_stream.c: lib/check/rule_i12_stream.c: what programs read against what they wrote. By calls made by
 * hand, and in a run with mail, in which something between TCP and the reader spoils the stream. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "net/flow.h"
#include "support/fail_mem.h"
#include "tcp/tcp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENT true
#define SERVER false

struct stage {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_flow flow;
  const struct msim__tcp_tap *judge;
  char told[2000];
};

static void keep(void *ctx, const struct msim_invariant_finding *finding)
{
  struct stage *s = ctx;
  size_t used = strlen(s->told);

  snprintf(s->told + used, sizeof s->told - used, "%s %s %s: %s\n", finding->rule, finding->side, finding->connection,
           finding->text);
}

static int open_failing(struct stage *s, uint64_t fail_at)
{
  struct msim_sim_opts opts;
  int err;

  memset(s, 0, sizeof *s);
  memset(&opts, 0, sizeof opts);
  fail_mem_init(&s->mem, 0);
  opts.mem = s->mem.hook;
  s->flow.client = "a";
  s->flow.server = "b";
  s->flow.port = 25;
  s->flow.number = 1;
  s->flow.proto = MSIM_PROTO_TCP;
  s->flow.id = 77;
  s->flow.refs = 1;
  err = msim_sim_new(&s->sim, &opts);
  if (err != MSIM_OK)
    return err;
  s->mem.fail_at = fail_at > 0 ? s->mem.request_count + fail_at : 0;
  err = msim_invariants_attach(s->sim, keep, s);
  s->judge = err == MSIM_OK ? msim__tcp_set_tap(s->sim, NULL) : NULL;
  if (err == MSIM_OK)
    msim__tcp_set_tap(s->sim, s->judge);
  return err;
}

static void say(struct stage *s, bool is_client, enum msim__tcp_heard what, const char *text)
{
  s->judge->heard(s->judge->ctx, what, &s->flow, is_client,
                  (struct msim_slice){(const uint8_t *)text, text != NULL ? strlen(text) : 0});
}

static void open_stage(struct stage *s)
{
  assert_int_equal(open_failing(s, 0), MSIM_OK);
  say(s, CLIENT, MSIM__TCP_HEARD_OPENED, NULL);
  say(s, SERVER, MSIM__TCP_HEARD_OPENED, NULL);
}

static void close_stage(struct stage *s, const char *told)
{
  assert_string_equal(s->told, told);
  msim_sim_free(s->sim);
  assert_true(fail_mem_clean(&s->mem));
}

static void what_is_read_as_it_was_written_is_silent(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  say(&s, CLIENT, MSIM__TCP_HEARD_WRITTEN, "HELO a\r\n");
  say(&s, CLIENT, MSIM__TCP_HEARD_WRITTEN, "QUIT\r\n");
  say(&s, SERVER, MSIM__TCP_HEARD_READ, "HELO a\r\nQU");
  say(&s, SERVER, MSIM__TCP_HEARD_WRITTEN, "250 b\r\n");
  say(&s, CLIENT, MSIM__TCP_HEARD_CLOSED, NULL);
  say(&s, CLIENT, MSIM__TCP_HEARD_READ, "250 b");
  say(&s, SERVER, MSIM__TCP_HEARD_READ, "IT\r\n");
  say(&s, SERVER, MSIM__TCP_HEARD_END_READ, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_END_READ, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_GONE, NULL);
  say(&s, CLIENT, MSIM__TCP_HEARD_GONE, NULL); /* it has not read all: its own affair */
  close_stage(&s, "");
}

static void a_byte_that_has_changed_is_told_once(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  say(&s, SERVER, MSIM__TCP_HEARD_WRITTEN, "220 b\r\n250 b\r\n");
  say(&s, CLIENT, MSIM__TCP_HEARD_READ, "220 b\r\n");
  say(&s, CLIENT, MSIM__TCP_HEARD_READ, "25I b\r\n");
  say(&s, CLIENT, MSIM__TCP_HEARD_READ, "more");
  close_stage(&s, "I12 client a>b:25#1: the byte at 9 of the stream was read as another one\n");
}

static void more_than_was_written_is_told(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  say(&s, CLIENT, MSIM__TCP_HEARD_WRITTEN, "abc");
  say(&s, SERVER, MSIM__TCP_HEARD_READ, "abcd");
  close_stage(&s, "I12 server a>b:25#1: 4 bytes were read, and only 3 were written\n");
}

static void an_end_that_comes_early_is_told(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  say(&s, CLIENT, MSIM__TCP_HEARD_WRITTEN, "abc");
  say(&s, CLIENT, MSIM__TCP_HEARD_CLOSED, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_READ, "ab");
  say(&s, SERVER, MSIM__TCP_HEARD_END_READ, NULL);
  say(&s, CLIENT, MSIM__TCP_HEARD_END_READ, NULL);
  close_stage(&s, "I12 server a>b:25#1: the end was read behind 2 bytes, of 3 that were written\n"
                  "I12 client a>b:25#1: the end of the stream was read, and the peer has not closed it\n");
}

static void nothing_is_read_behind_the_end(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  say(&s, CLIENT, MSIM__TCP_HEARD_CLOSED, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_END_READ, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_READ, "x");
  close_stage(&s, "I12 server a>b:25#1: 1 bytes were read behind the end of the stream\n");
}

/* The writer is a real host behind a port, or was there before; or the end comes again with an old SYN. */
static void an_end_outside_is_not_judged(void **state)
{
  struct stage s;

  (void)state;
  assert_int_equal(open_failing(&s, 0), MSIM_OK);
  say(&s, SERVER, MSIM__TCP_HEARD_OPENED, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_READ, "EHLO x\r\n");
  say(&s, SERVER, MSIM__TCP_HEARD_END_READ, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_GONE, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_READ, "x"); /* of one that is not known */
  close_stage(&s, "");
  open_stage(&s);
  say(&s, CLIENT, MSIM__TCP_HEARD_WRITTEN, "abc");
  say(&s, SERVER, MSIM__TCP_HEARD_GONE, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_OPENED, NULL);
  say(&s, SERVER, MSIM__TCP_HEARD_READ, "xyz");
  close_stage(&s, "");
}

/* Of more than a MiB the rest is not compared, and what comes when all is read is again. */
static void too_much_on_its_way_is_not_compared(void **state)
{
  const size_t size = (size_t)3 << 20;
  uint8_t *bytes = calloc(size, 1);
  struct stage s;

  (void)state;
  assert_non_null(bytes);
  open_stage(&s);
  s.judge->heard(s.judge->ctx, MSIM__TCP_HEARD_WRITTEN, &s.flow, CLIENT, (struct msim_slice){bytes, size});
  bytes[size - 1] = 1;
  s.judge->heard(s.judge->ctx, MSIM__TCP_HEARD_READ, &s.flow, SERVER, (struct msim_slice){bytes, size});
  free(bytes);
  say(&s, CLIENT, MSIM__TCP_HEARD_WRITTEN, "abc");
  say(&s, SERVER, MSIM__TCP_HEARD_READ, "abx");
  close_stage(&s, "I12 server a>b:25#1: the byte at 3145730 of the stream was read as another one\n");
}

static void memory_when_each_allocation_fails_then_reported_and_nothing_held(void **state)
{
  bool failed = true;
  uint64_t fail_at;

  (void)state;
  for (fail_at = 1; failed && fail_at < 200; fail_at++) {
    struct stage s;
    int err = open_failing(&s, fail_at);
    uint64_t i;

    for (i = 0; err == MSIM_OK && i < 70; i++) { /* the table grows once */
      s.flow.id = i;
      say(&s, CLIENT, MSIM__TCP_HEARD_OPENED, NULL);
      say(&s, SERVER, MSIM__TCP_HEARD_OPENED, NULL);
      if (i % 16 != 0)
        continue;
      say(&s, CLIENT, MSIM__TCP_HEARD_WRITTEN, "abc");
      say(&s, SERVER, MSIM__TCP_HEARD_READ, "a");
    }
    if (err == MSIM_OK)
      err = msim_sim_failure(s.sim);
    failed = err != MSIM_OK;
    if (failed)
      assert_int_equal(err, MSIM_ERR_NOMEM);
    close_stage(&s, "");
  }
  assert_in_range(fail_at, 10, 199);
}

/* ---- a stack that is broken ---- */

/* Between TCP and the judge, as a mistake between reassembly and reader would be. */
struct spoiler {
  struct msim__tcp_tap tap;
  const struct msim__tcp_tap *judge;
  enum { SPOIL_NOTHING, SPOIL_BYTE, SPOIL_LOSE, SPOIL_END } how;
  bool is_done;
};

static void spoil(void *ctx, enum msim__tcp_heard what, const struct msim_flow *flow, bool is_client,
                  struct msim_slice bytes)
{
  struct spoiler *spoiler = ctx;
  static uint8_t copy[65536];

  if (spoiler->how != SPOIL_NOTHING && !spoiler->is_done && what == MSIM__TCP_HEARD_READ && !is_client &&
      bytes.size_bytes > 100 && bytes.size_bytes < sizeof copy) {
    spoiler->is_done = true;
    memcpy(copy, bytes.data, bytes.size_bytes);
    bytes.data = copy;
    copy[50] ^= spoiler->how == SPOIL_BYTE ? 1 : 0;
    bytes.size_bytes -= spoiler->how == SPOIL_LOSE ? 1 : 0;
    if (spoiler->how == SPOIL_END)
      spoiler->judge->heard(spoiler->judge->ctx, MSIM__TCP_HEARD_END_READ, flow, is_client,
                            (struct msim_slice){NULL, 0});
  }
  spoiler->judge->heard(spoiler->judge->ctx, what, flow, is_client, bytes);
}

static void run_mail(struct stage *s, struct spoiler *spoiler)
{
  static const char text[] =
      "mailsim: 1\n"
      "hosts:\n"
      "  alice: {agents: [{user: {address: alice@a.example, submit: mx, script: [{at: 1s, send: {message: m1, to: "
      "bob@b.example, size: 3MB}}]}}]}\n"
      "  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}\n"
      "links:\n"
      "  - {join: [alice, mx], delay: 10ms, rate: 100Mbit/s, loss: 1%}\n";

  assert_int_equal(open_failing(s, 0), MSIM_OK);
  spoiler->tap.ctx = spoiler;
  spoiler->tap.heard = spoil;
  spoiler->judge = msim__tcp_set_tap(s->sim, &spoiler->tap);
  assert_int_equal(msim_topology_load_text(s->sim, "i12.yaml",
                                           (struct msim_slice){(const uint8_t *)text, sizeof text - 1}, NULL, NULL,
                                           NULL),
                   0);
  assert_int_equal(msim_sim_run(s->sim, MSIM_SEC(600)), 0);
  assert_int_equal(msim_sim_finish(s->sim), 0);
  msim_sim_free(s->sim);
  assert_true(fail_mem_clean(&s->mem));
  assert_int_equal(spoiler->is_done, spoiler->how != SPOIL_NOTHING);
}

static void a_stack_that_spoils_streams_is_found(void **state)
{
  static const char *const told[] = {
      [SPOIL_BYTE] = "of the stream was read as another one\n",
      [SPOIL_LOSE] = "of the stream was read as another one\n",
      [SPOIL_END] = "the end of the stream was read, and the peer has not closed it\n",
  };
  unsigned how;

  (void)state;
  for (how = SPOIL_NOTHING; how <= SPOIL_END; how++) {
    struct spoiler spoiler = {.how = how};
    struct stage s;

    run_mail(&s, &spoiler);
    if (how == SPOIL_NOTHING)
      assert_string_equal(s.told, "");
    else if (strncmp(s.told, "I12 server alice>mx:", 20) != 0 || strstr(s.told, told[how]) == NULL ||
             strchr(s.told, '\n')[1] != '\0')
      fail_msg("%u: told: %s", how, s.told);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_read_as_it_was_written_is_silent),
      cmocka_unit_test(a_byte_that_has_changed_is_told_once),
      cmocka_unit_test(more_than_was_written_is_told),
      cmocka_unit_test(an_end_that_comes_early_is_told),
      cmocka_unit_test(nothing_is_read_behind_the_end),
      cmocka_unit_test(an_end_outside_is_not_judged),
      cmocka_unit_test(too_much_on_its_way_is_not_compared),
      cmocka_unit_test(memory_when_each_allocation_fails_then_reported_and_nothing_held),
      cmocka_unit_test(a_stack_that_spoils_streams_is_found),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
