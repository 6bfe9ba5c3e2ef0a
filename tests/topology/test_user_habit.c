/* test_user_habit.c: people who read by chance, and the plug that is pulled with and without a word. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/topology_run.h"

#define WORLD(protocol, keys)                                                                                          \
  "mailsim: 1\nhosts:\n"                                                                                               \
  "  pc: {agents: [{user: {address: b@y.example, submit: mx, receive: {protocol: " protocol                            \
  ", host: mx, login: b, password: green-7, auth: user, stay: 2min}, " keys "}}]}\n"                                   \
  "  mx:\n    agents:\n"                                                                                               \
  "      - smtp-server: {domains: {y.example: {b: {password: green-7}}}, listen: [{port: 25, role: mx, auth: "         \
  "none}]}\n"                                                                                                          \
  "      - pop-server: {mailboxes: {b: [{message: m1, body: One}, {message: m2, body: Two}]}}\n"                       \
  "      - imap-server\n"                                                                                              \
  "links: [{join: [pc, mx], delay: 5ms, rate: 10Mbit/s}]\n"
#define TRAFFIC                                                                                                        \
  "traffic: {mails: 5, every: {exponential: 7min}, size: {uniform: {from: 1kB, to: 9kB}}, to: [b@y.example]}"
#define STEADY "reading: {checks: 6, every: {fixed: 5min}, select: 2, think: {uniform: {from: 5s, to: 20s}}}"
#define READING "reading: {checks: 6, every: {exponential: 5min}, select: 2, think: {uniform: {from: 5s, to: 20s}}}"

static int load(struct msim_sim *sim, void *ctx)
{
  struct msim_slice text = {ctx, strlen(ctx)};

  return msim_topology_load_text(sim, "test", text, NULL, NULL, NULL);
}

static void run(struct topology_run *out, const char *yaml)
{
  topology_run_built(out, load, (void *)(uintptr_t)yaml, 3, "text", NULL);
}

static void run_well(struct topology_run *out, const char *yaml)
{
  run(out, yaml);
  if (out->err != 0)
    fail_msg("%s", out->error);
}

/* How many lines hold both texts. */
static unsigned lines_with(const struct topology_run *run, const char *a, const char *b)
{
  const char *line = run->trace.data;
  unsigned count = 0;

  while (*line != '\0') {
    size_t size = strcspn(line, "\n");
    char *copy = malloc(size + 1);

    assert_non_null(copy);
    memcpy(copy, line, size);
    copy[size] = '\0';
    count += strstr(copy, a) != NULL && strstr(copy, b) != NULL;
    free(copy);
    line += size + (line[size] != '\0');
  }
  return count;
}

static void person_looks_as_often_as_told_by_each_protocol(void **state)
{
  struct topology_run pop, imap;

  (void)state;
  run_well(&pop, WORLD("pop3", STEADY));
  run_well(&imap, WORLD("imap", STEADY));
  assert_int_equal(lines_with(&pop, " user.check ", ""), 6);
  assert_int_equal(lines_with(&imap, " user.check ", ""), 6);
  assert_int_equal(lines_with(&pop, " mailbox.check_failed ", ""), 0);
  /* both mails are there from the start, so each look finds one */
  assert_int_equal(lines_with(&pop, " message.shown ", ""), 12);
  assert_int_equal(lines_with(&imap, " message.shown ", ""), 12);
  assert_true(lines_with(&imap, " message.shown ", "message=m1") > 0);
  assert_true(lines_with(&imap, " message.shown ", "message=m2") > 0);
  free(pop.trace.data);
  free(imap.trace.data);
}

/* The lines in which the person begins to write. */
static char *writings(const struct topology_run *run)
{
  char *out = calloc(1, run->trace.size_bytes + 1), *to = out;
  const char *line = run->trace.data;

  assert_non_null(out);
  while (*line != '\0') {
    size_t size = strcspn(line, "\n");

    if (size > 0 && memchr(line, 'u', size) != NULL) {
      const char *event = strstr(line, " user.send ");

      if (event != NULL && event < line + size) {
        memcpy(to, line, size);
        to += size;
        *to++ = '\n';
      }
    }
    line += size + (line[size] != '\0');
  }
  return out;
}

static void reading_moves_no_draw_of_writing(void **state)
{
  struct topology_run with, without;
  char *a, *b;

  (void)state;
  run_well(&without, WORLD("imap", TRAFFIC));
  run_well(&with, WORLD("imap", TRAFFIC ", " READING));
  a = writings(&without);
  b = writings(&with);
  assert_int_equal(lines_with(&without, " user.send ", ""), 5);
  assert_string_equal(a, b);
  free(a);
  free(b);
  free(with.trace.data);
  free(without.trace.data);
}

static void program_knows_at_once_when_it_is_told_and_finds_out_when_not(void **state)
{
  struct topology_run offline, unplugged;

  (void)state;
  run_well(&offline,
           WORLD("pop3", "script: [{at: 1s, offline: true}, {at: 2s, check: true}, {at: 20min, online: true}, "
                         "{at: 21min, check: true}]"));
  run_well(&unplugged, WORLD("pop3", "script: [{at: 1s, unplug: true}, {at: 2s, check: true}, {at: 20min, online: "
                                     "true}, {at: 21min, check: true}]"));
  assert_int_equal(lines_with(&offline, " mailbox.check_failed ", "reason=offline"), 1);
  assert_int_equal(lines_with(&offline, "2.000000000 ", " mailbox.check_failed "), 1);
  assert_int_equal(lines_with(&offline, "lost(down)", ""), 0); /* nothing was tried */
  assert_int_equal(lines_with(&unplugged, " mailbox.check_failed ", "reason=offline"), 0);
  assert_int_equal(lines_with(&unplugged, " mailbox.check_failed ", "reply=timeout"), 1);
  assert_true(lines_with(&unplugged, "lost(down)", "") > 3); /* it kept asking */
  assert_int_equal(lines_with(&offline, " mailbox.retrieved_all ", ""), 1);
  assert_int_equal(lines_with(&unplugged, " mailbox.retrieved_all ", ""), 1);
  free(offline.trace.data);
  free(unplugged.trace.data);
}

static void reading_needs_to_know_where(void **state)
{
  struct topology_run r;

  (void)state;
  run(&r, "mailsim: 1\nhosts:\n  pc: {agents: [{user: {address: b@y.example, " READING
          "}}]}\n  mx: {}\nlinks: [{join: [pc, mx], delay: 5ms}]\n");
  assert_true(r.err != 0);
  assert_non_null(strstr(r.error, "reading needs receive"));
  free(r.trace.data);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(person_looks_as_often_as_told_by_each_protocol),
      cmocka_unit_test(reading_moves_no_draw_of_writing),
      cmocka_unit_test(program_knows_at_once_when_it_is_told_and_finds_out_when_not),
      cmocka_unit_test(reading_needs_to_know_where),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
