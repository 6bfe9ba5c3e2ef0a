/* test_pop_command.c: command lines of POP3 good and bad. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/ascii.h"
#include "proto/pop_command.h"

#define A10 "aaaaaaaaaa"
#define A50 A10 A10 A10 A10 A10
#define DIGEST "c4c9334bac560ecc979e58001b3e22fb"

struct good {
  const char *line;
  enum msim__pop_verb verb;
  const char *argument, *word; /* word: name, password or mechanism */
  long number, line_count;     /* number -1: none */
};

static const struct good good[] = {
    {"QUIT", MSIM__POP_QUIT, "", "", -1, 0},
    {"quit", MSIM__POP_QUIT, "", "", -1, 0},
    {"QuIt ", MSIM__POP_QUIT, "", "", -1, 0},
    {"STAT", MSIM__POP_STAT, "", "", -1, 0},
    {"NOOP", MSIM__POP_NOOP, "", "", -1, 0},
    {"RSET", MSIM__POP_RSET, "", "", -1, 0},
    {"CAPA", MSIM__POP_CAPA, "", "", -1, 0},
    {"UTF8", MSIM__POP_UTF8, "", "", -1, 0},
    {"STLS", MSIM__POP_STLS, "", "", -1, 0},
    {"LIST", MSIM__POP_LIST, "", "", -1, 0},
    {"LIST 1", MSIM__POP_LIST, "1", "", 1, 0},
    {"list 0", MSIM__POP_LIST, "0", "", 0, 0},
    {"UIDL", MSIM__POP_UIDL, "", "", -1, 0},
    {"UIDL 007", MSIM__POP_UIDL, "007", "", 7, 0},
    {"RETR 4294967295", MSIM__POP_RETR, "4294967295", "", 4294967295, 0},
    {"RETR 99999999999999999999999", MSIM__POP_RETR, "99999999999999999999999", "", 4294967295, 0},
    {"DELE 2 ", MSIM__POP_DELE, "2", "", 2, 0},
    {"TOP 3 0", MSIM__POP_TOP, "3 0", "", 3, 0},
    {"TOP 3 10", MSIM__POP_TOP, "3 10", "", 3, 10},
    {"USER bob", MSIM__POP_USER, "bob", "bob", -1, 0},
    {"USER bob@b.example", MSIM__POP_USER, "bob@b.example", "bob@b.example", -1, 0},
    {"USER bob the reader", MSIM__POP_USER, "bob the reader", "bob the reader", -1, 0},
    {"PASS blue sky", MSIM__POP_PASS, "blue sky", "blue sky", -1, 0},
    {"PASS  x ", MSIM__POP_PASS, " x ", " x ", -1, 0},
    {"APOP mrose " DIGEST, MSIM__POP_APOP, "mrose " DIGEST, "mrose", -1, 0},
    {"APOP m rose " DIGEST, MSIM__POP_APOP, "m rose " DIGEST, "m rose", -1, 0},
    {"AUTH", MSIM__POP_AUTH, "", "", -1, 0},
    {"AUTH PLAIN", MSIM__POP_AUTH, "PLAIN", "PLAIN", -1, 0},
    {"auth cram-md5", MSIM__POP_AUTH, "cram-md5", "cram-md5", -1, 0},
    {"AUTH PLAIN AGEAYg==", MSIM__POP_AUTH, "PLAIN AGEAYg==", "PLAIN", -1, 0},
    {"AUTH EXTERNAL =", MSIM__POP_AUTH, "EXTERNAL =", "EXTERNAL", -1, 0},
};

struct bad {
  const char *line;
  int err;
  enum msim__pop_verb verb;
};

static const struct bad bad[] = {
    {"", MSIM_ERR_NOT_FOUND, MSIM__POP_UNKNOWN},
    {" ", MSIM_ERR_NOT_FOUND, MSIM__POP_UNKNOWN},
    {" QUIT", MSIM_ERR_NOT_FOUND, MSIM__POP_UNKNOWN},
    {"QUITE", MSIM_ERR_NOT_FOUND, MSIM__POP_UNKNOWN},
    {"QUI", MSIM_ERR_NOT_FOUND, MSIM__POP_UNKNOWN},
    {"XTND XMIT", MSIM_ERR_NOT_FOUND, MSIM__POP_UNKNOWN},
    {"QUIT now", MSIM_ERR_SYNTAX, MSIM__POP_QUIT},
    {"STAT 1", MSIM_ERR_SYNTAX, MSIM__POP_STAT},
    {"CAPA X", MSIM_ERR_SYNTAX, MSIM__POP_CAPA},
    {"LIST x", MSIM_ERR_SYNTAX, MSIM__POP_LIST},
    {"LIST -1", MSIM_ERR_SYNTAX, MSIM__POP_LIST},
    {"LIST 1 2", MSIM_ERR_SYNTAX, MSIM__POP_LIST},
    {"LIST  1", MSIM_ERR_SYNTAX, MSIM__POP_LIST},
    {"LIST 1\t", MSIM_ERR_SYNTAX, MSIM__POP_LIST},
    {"RETR", MSIM_ERR_SYNTAX, MSIM__POP_RETR},
    {"RETR ", MSIM_ERR_SYNTAX, MSIM__POP_RETR},
    {"RETR 1a", MSIM_ERR_SYNTAX, MSIM__POP_RETR},
    {"DELE", MSIM_ERR_SYNTAX, MSIM__POP_DELE},
    {"TOP", MSIM_ERR_SYNTAX, MSIM__POP_TOP},
    {"TOP 1", MSIM_ERR_SYNTAX, MSIM__POP_TOP},
    {"TOP 1 ", MSIM_ERR_SYNTAX, MSIM__POP_TOP},
    {"TOP 1  2", MSIM_ERR_SYNTAX, MSIM__POP_TOP},
    {"TOP 1 2 3", MSIM_ERR_SYNTAX, MSIM__POP_TOP},
    {"TOP 1 -2", MSIM_ERR_SYNTAX, MSIM__POP_TOP},
    {"USER", MSIM_ERR_SYNTAX, MSIM__POP_USER},
    {"USER ", MSIM_ERR_SYNTAX, MSIM__POP_USER},
    {"USER b\x01", MSIM_ERR_SYNTAX, MSIM__POP_USER},
    {"USER b\xc3\xb6", MSIM_ERR_SYNTAX, MSIM__POP_USER},
    {"PASS", MSIM_ERR_SYNTAX, MSIM__POP_PASS},
    {"PASS \x7f", MSIM_ERR_SYNTAX, MSIM__POP_PASS},
    {"APOP " DIGEST, MSIM_ERR_SYNTAX, MSIM__POP_APOP},
    {"APOP  " DIGEST, MSIM_ERR_SYNTAX, MSIM__POP_APOP},
    {"APOP bob", MSIM_ERR_SYNTAX, MSIM__POP_APOP},
    {"APOP bob " DIGEST "0", MSIM_ERR_SYNTAX, MSIM__POP_APOP},
    {"APOP bob C4C9334BAC560ECC979E58001B3E22FB", MSIM_ERR_SYNTAX, MSIM__POP_APOP},
    {"AUTH  PLAIN", MSIM_ERR_SYNTAX, MSIM__POP_AUTH},
    {"AUTH PLA+IN", MSIM_ERR_SYNTAX, MSIM__POP_AUTH},
    {"AUTH ABCDEFGHIJKLMNOPQRSTU", MSIM_ERR_SYNTAX, MSIM__POP_AUTH},
    {"AUTH PLAIN  AGEAYg==", MSIM_ERR_SYNTAX, MSIM__POP_AUTH},
    {"AUTH PLAIN AGEAYg== x", MSIM_ERR_SYNTAX, MSIM__POP_AUTH},
    {"USER " A50 A50 A50 A50 A50, MSIM_ERR_LIMIT, MSIM__POP_USER},
};

static void assert_slice(struct msim_slice slice, const char *text)
{
  assert_int_equal(slice.size_bytes, strlen(text));
  assert_memory_equal(slice.data, text, strlen(text));
}

static void good_lines_are_taken_apart(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof good / sizeof good[0]; i++) {
    struct msim_slice line = exact_text(good[i].line);
    struct msim__pop_command c;

    if (msim__pop_command_parse(&c, line, false) != MSIM_OK)
      fail_msg("%s: refused: %s", good[i].line, c.flaw);
    assert_null(c.flaw);
    assert_int_equal(c.verb, good[i].verb);
    assert_slice(c.argument, good[i].argument);
    assert_slice(c.name.size_bytes > 0 ? c.name : c.password.size_bytes > 0 ? c.password : c.mechanism, good[i].word);
    assert_int_equal(c.has_number, good[i].number >= 0);
    assert_int_equal(c.number, good[i].number >= 0 ? (uint32_t)good[i].number : 0);
    assert_int_equal(c.line_count, good[i].line_count);
    exact_free(line);
  }
}

static void bad_lines_are_refused_with_a_reason(void **state)
{
  size_t i;

  (void)state;
  for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    struct msim_slice line = exact_text(bad[i].line);
    struct msim__pop_command c;
    int err = msim__pop_command_parse(&c, line, false);

    if (err != bad[i].err)
      fail_msg("\"%s\": %d, not %d", bad[i].line, err, bad[i].err);
    assert_non_null(c.flaw);
    assert_int_equal(c.verb, bad[i].verb);
    exact_free(line);
  }
}

static void parts_of_logins(void **state)
{
  struct msim__pop_command c;

  (void)state;
  assert_int_equal(msim__pop_command_parse(&c, msim__slice_text("APOP mrose " DIGEST), false), MSIM_OK);
  assert_slice(c.digest, DIGEST);
  assert_int_equal(msim__pop_command_parse(&c, msim__slice_text("AUTH PLAIN AGEAYg=="), false), MSIM_OK);
  assert_true(c.has_initial_response);
  assert_slice(c.initial_response, "AGEAYg==");
  assert_int_equal(msim__pop_command_parse(&c, msim__slice_text("AUTH PLAIN"), false), MSIM_OK);
  assert_false(c.has_initial_response);
}

static void only_names_and_passwords_go_beyond_ascii(void **state)
{
  struct msim__pop_command c;

  (void)state;
  assert_int_equal(msim__pop_command_parse(&c, msim__slice_text("USER b\xc3\xb6"), true), MSIM_OK);
  assert_int_equal(msim__pop_command_parse(&c, msim__slice_text("PASS b\xc3\xb6"), true), MSIM_OK);
  assert_int_equal(msim__pop_command_parse(&c, msim__slice_text("PASS b\xc3\xb6"), false), MSIM_ERR_SYNTAX);
  assert_int_equal(msim__pop_command_parse(&c, msim__slice_text("LIST \xc3\xb6"), true), MSIM_ERR_SYNTAX);
}

/* 253 bytes and CRLF are 255 (RFC 2449 4). */
static void the_longest_line(void **state)
{
  struct msim__pop_command c;
  char line[300];

  (void)state;
  memset(line, 'x', sizeof line);
  memcpy(line, "USER ", 5);
  line[253] = '\0';
  assert_int_equal(msim__pop_command_parse(&c, msim__slice_text(line), false), MSIM_OK);
  line[253] = 'x';
  line[254] = '\0';
  assert_int_equal(msim__pop_command_parse(&c, msim__slice_text(line), false), MSIM_ERR_LIMIT);
}

static void verbs_have_names(void **state)
{
  int verb;

  (void)state;
  for (verb = MSIM__POP_UNKNOWN + 1; verb < MSIM__POP_VERB_COUNT; verb++) {
    struct msim__pop_command c;

    (void)msim__pop_command_parse(&c, msim__slice_text(msim__pop_verb_name((enum msim__pop_verb)verb)), false);
    assert_int_equal(c.verb, verb);
  }
  assert_null(msim__pop_verb_name(MSIM__POP_UNKNOWN));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_lines_are_taken_apart),
      cmocka_unit_test(bad_lines_are_refused_with_a_reason),
      cmocka_unit_test(parts_of_logins),
      cmocka_unit_test(only_names_and_passwords_go_beyond_ascii),
      cmocka_unit_test(the_longest_line),
      cmocka_unit_test(verbs_have_names),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
