/* test_scripts.c: scripts in packetdrill notation judge the TCP (docs/scripts.md). Each file of tests/tcp/scripts is a
 * test of its own name; `--script FILE` runs one, also one from elsewhere. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tcp/script/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct suite suite;
static struct run_result result;

static void run_entry(void **state)
{
  const struct suite_entry *entry = *state;
  unsigned way;

  if (entry->skip[0] != '\0') {
    print_message("skipped: %s\n", entry->skip);
    skip();
  }
  for (way = 0; way < SUITE_WAYS; way++) {
    struct run_opts opts = suite_way(way);

    if (!suite_run_file(entry->path, &opts, &result))
      fail_msg("%s", result.text);
  }
}

/* ---- what the runner itself must refuse ---- */

static const char *refusal(const char *text)
{
  static char error[sizeof result.text];
  struct script script;
  struct run_opts opts = suite_way(0);

  memset(&result, 0, sizeof result);
  if (!script_read(&script, "x.pkt", text, strlen(text)))
    snprintf(error, sizeof error, "%s", script.error);
  else if (!script_run(&script, &opts, &result))
    snprintf(error, sizeof error, "%s", result.text);
  else
    error[0] = '\0';
  script_free(&script);
  return error;
}

static void script_when_it_cannot_be_read_then_place_and_reason(void **state)
{
  static const struct {
    const char *text, *error;
  } cases[] = {
      {"", "x.pkt:1:1: expected an event, found \"the end of the file\""},
      {"0 < S 0:0(0) win 70000", "x.pkt:1:18: the window: 70000 is not in 0 .. 65535"},
      {"0 < X. 0:0(0)", "x.pkt:1:5: 'X' is no flag of TCP: F S R P . U E W, or '-' for none"},
      {"0 < S 0:5(4)", "x.pkt:1:7: 0 and 4 bytes do not make 5"},
      {"0 socket(..., SOCK_STREAM\n", "x.pkt:2:1: expected ')' at the end of the list, found \"the end of the file\""},
      {"0 < S 0:0(0) <mss 1460,frob>", "x.pkt:1:24: expected an option of TCP: eol nop mss wscale sackOK sack TS FO "
                                       "FOEXP, found \"frob\""},
      {"0 < S 0:0(0) <...>", "x.pkt:1:15: expected options: <...> is for packets that are waited for, found \"...\""},
      {"/* 0 < S", "x.pkt:1:1: a comment has no end: \"*/\" is missing"},
      {"* close(3) = 0", "x.pkt:1:1: '*' and '~' are for packets that are waited for ('>')"},
      {"+-1 close(3) = 0", "x.pkt:1:2: a time cannot be negative"},
      {"0 `sysctl", "x.pkt:1:3: what begins with ` here has no end"},
      {"0 close(3) = ", "x.pkt:1:14: expected a value, found \"the end of the file\""},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(refusal(cases[i].text), cases[i].error);
}

#define LISTENER                                                                                                       \
  "0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3\n+0 bind(3, ..., ...) = 0\n+0 listen(3, 1) = 0\n"                       \
  "+0 < S 0:0(0) win 1000 <mss 1000>\n"

/* Each would pass if the runner looked the other way. */
static void script_when_it_is_wrong_then_it_fails(void **state)
{
  static const struct {
    const char *text, *error;
  } cases[] = {
      {LISTENER "+0 > S. 0:0(0) ack 2 <mss 1460>",
       "x.pkt:5: another packet than the one waited for: the acknowledgment "},
      {LISTENER "+0 > S. 0:0(0) ack 1 <mss 1461>", "the options"},
      {LISTENER "+0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK>", "the options"},
      {LISTENER "+0 > S 0:0(0) <...>", "the flags"},
      {LISTENER "+0 > S. 0:0(0) ack 1 win 1 <...>", "the window"},
      {LISTENER "+0 > S. 0:1(1) ack 1 <...>", "the length"},
      {LISTENER "+0 > [ect0] S. 0:0(0) ack 1 <...>", "the ECN bits"},
      {LISTENER "+.000001 > S. 0:0(0) ack 1 <...>", "the packet came at 0.000000, not at 0.000001"},
      {LISTENER, "a packet came at 0.000000 that no line waits for: > S. 0:0(0) ack 1 "},
      {LISTENER "+.5 close(3) = 0", "that no line waits for"},
      {LISTENER "+0 > S. 0:0(0) ack 1 <...>\n+.1 > . 1:1(0) ack 1", "no packet came until 0.100000"},
      {LISTENER "+0 > S. 0:0(0) ack 1 <...>\n+0 accept(3, ..., ...) = 4", "the call blocks"},
      {LISTENER "+0 > S. 0:0(0) ack 1 <...>\n+0 close(9) = 0", "the call returned -1 EBADF"},
      {LISTENER "+0 > S. 0:0(0) ack 1 <...>\n+0 close(3) = 1", "the call returned 0"},
      {LISTENER "+0 > S. 0:0(0) ack 1 <...>\n+0 %{ assert tcpi_state == TCP_LISTEN }%",
       "assert tcpi_state == TCP_LISTEN does not hold: tcpi_state is 3"},
      {LISTENER "+0 > S. 0:0(0) ack 1 <...>\n+0 %{ assert tcpi_frob == 1 }%", "no such name here at \"tcpi_frob"},
      {LISTENER "+0 > S. 0:0(0) ack 1 <...>\n+0 frob(3) = 0", "no system call frob here"},
      {LISTENER "+0 > S. 0:0(0) ack 1 <...>\n+0...1 accept(3, ..., ...) = 4\n+.2 < . 1:1(0) ack 1 win 1000\n"
                "+2 close(3) = 0",
       "x.pkt:6: the call ended at 0.200000, not at 1.000000"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    const char *error = refusal(cases[i].text);

    if (strstr(error, cases[i].error) == NULL)
      fail_msg("expected \"%s\" for\n%s\nbut got \"%s\"", cases[i].error, cases[i].text, error);
  }
}

/* ---- by hand ---- */

static int run_by_hand(const char *path, struct run_opts opts)
{
  bool good = suite_run_file(path, &opts, &result);

  if (!good)
    printf("%s\n", result.text);
  printf("%s: %s\n", path, good ? "passed" : "failed");
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int usage(void)
{
  fprintf(stderr, "usage: test_scripts                       all scripts\n"
                  "       test_scripts --script FILE [--lenient] [--tolerance_usecs=N] [--near-wrap]\n"
                  "--lenient: for scripts written for Linux (docs/scripts.md)\n");
  return 2;
}

int main(int argc, char **argv)
{
  static struct CMUnitTest tests[SUITE_MAX + 2];
  struct run_opts opts = suite_way(0);
  const char *file = NULL;
  unsigned count = 0, i;
  int arg;

  for (arg = 1; arg < argc; arg++) {
    if (strcmp(argv[arg], "--script") == 0 && arg + 1 < argc)
      file = argv[++arg];
    else if (strcmp(argv[arg], "--lenient") == 0)
      opts.lenient = true;
    else if (strcmp(argv[arg], "--near-wrap") == 0)
      opts.isn_offset = suite_way(1).isn_offset;
    else if (strncmp(argv[arg], "--tolerance_usecs=", 18) == 0)
      opts.tolerance_ns = MSIM_USEC(strtoul(argv[arg] + 18, NULL, 10));
    else
      return usage();
  }
  opts.notices = true;
  if (file != NULL)
    return run_by_hand(file, opts);
  if (!suite_open(&suite, MSIM_SOURCE_DIR "/tests/tcp/scripts"))
    return EXIT_FAILURE;
  tests[count++] = (struct CMUnitTest)cmocka_unit_test(script_when_it_cannot_be_read_then_place_and_reason);
  tests[count++] = (struct CMUnitTest)cmocka_unit_test(script_when_it_is_wrong_then_it_fails);
  for (i = 0; i < suite.count; i++) {
    tests[count].name = suite.entries[i].name;
    tests[count].test_func = run_entry;
    tests[count++].initial_state = &suite.entries[i];
  }
  return _cmocka_run_group_tests("scripts", tests, count, NULL, NULL);
}
