/* test_smtp_command.c: command lines good and bad, with the answer that fits the bad ones. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/smtp_command.h"

#define UTF8 MSIM__SMTP_ALLOW_UTF8
#define LENIENT MSIM__SMTP_LENIENT

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define LABEL63 A60 "aaa"

/* The slices point into the copy of the line that is handed back. */
static struct msim_slice parse(struct msim__smtp_command *c, const char *line, unsigned flags, int expected)
{
  struct msim_slice text = exact_text(line);
  int result = msim__smtp_command_parse(c, text, flags);

  if (result != expected)
    fail_msg("%s: result %d, not %d", line, result, expected);
  assert_int_equal(c->reply.code == 0, result == MSIM_OK);
  return text;
}

static void assert_slice(struct msim_slice slice, const char *text)
{
  assert_int_equal(slice.size_bytes, strlen(text));
  assert_memory_equal(slice.data, text, strlen(text));
}

static void verbs_are_known_in_any_case(void **state)
{
  static const struct {
    const char *line, *argument;
    enum msim__smtp_verb verb;
  } valid[] = {
      {"HELO mx.example", "mx.example", MSIM__SMTP_HELO},
      {"ehlo mx.example", "mx.example", MSIM__SMTP_EHLO},
      {"MAIL FROM:<a@b>", "FROM:<a@b>", MSIM__SMTP_MAIL},
      {"rCpT tO:<a@b>", "tO:<a@b>", MSIM__SMTP_RCPT},
      {"DATA", "", MSIM__SMTP_DATA},
      {"data  \t", "", MSIM__SMTP_DATA}, /* white space at the end: RFC 5321 4.1.1 */
      {"QUIT\t", "", MSIM__SMTP_QUIT},
      {"RSET", "", MSIM__SMTP_RSET},
      {"NOOP", "", MSIM__SMTP_NOOP},
      {"NOOP anything at all", "anything at all", MSIM__SMTP_NOOP},
      {"NOOP gr\xc3\xbc\xc3\x9f \xff", "gr\xc3\xbc\xc3\x9f \xff", MSIM__SMTP_NOOP},
      {"QUIT", "", MSIM__SMTP_QUIT},
      {"VRFY smith", "smith", MSIM__SMTP_VRFY},
      {"EXPN list", "list", MSIM__SMTP_EXPN},
      {"HELP", "", MSIM__SMTP_HELP},
      {"HELP MAIL", "MAIL", MSIM__SMTP_HELP},
      {"StartTLS", "", MSIM__SMTP_STARTTLS},
      {"AUTH PLAIN", "PLAIN", MSIM__SMTP_AUTH},
      {"BDAT 10", "10", MSIM__SMTP_BDAT},
  };
  struct msim__smtp_command c;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof valid / sizeof *valid; i++) {
    struct msim_slice line = parse(&c, valid[i].line, 0, MSIM_OK);

    assert_int_equal(c.verb, valid[i].verb);
    assert_slice(c.argument, valid[i].argument);
    exact_free(line);
  }
}

static void bad_lines_get_the_answer_that_fits(void **state)
{
  static const struct {
    const char *line;
    unsigned flags;
    int err;
    unsigned code;
    const char *enhanced;
  } invalid[] = {
      {"", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {" NOOP", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {"250 OK", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {"NOOP:x", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {"NOOP\tx", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {"NOOP a\rb", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {"NOOP a\nb", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {"NOOP a\tb", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {"NOOP \x7f", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {"\xc3\x9c", 0, MSIM_ERR_SYNTAX, 500, "5.5.2"},
      {"GET / HTTP/1.1", 0, MSIM_ERR_NOT_FOUND, 500, "5.5.1"},
      {"MAI FROM:<a@b>", 0, MSIM_ERR_NOT_FOUND, 500, "5.5.1"},
      {"MAILS", 0, MSIM_ERR_NOT_FOUND, 500, "5.5.1"},
      {"HELO", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"EHLO ", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"EHLO a b", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"DATA now", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RSET x", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"QUIT x", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"STARTTLS x", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"VRFY", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"EXPN", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"AUTH", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"AUTH PL@IN", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"AUTH ABCDEFGHIJKLMNOPQRSTU", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"AUTH PLAIN abcd efgh", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"BDAT", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"BDAT LAST", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"BDAT -1", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"BDAT 10 FIRST", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"BDAT 10 LAST LAST", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL TO:<a@b>", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT FROM:<a@b>", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM :<a@b>", LENIENT, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:", LENIENT, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM: <a@b>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:a@b", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<a@b", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<a@b>x", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<a@b>>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<<a@b>>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:< a@b>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<a@b >", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<a>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<postmaster>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<a@>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<@b>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<@b:>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<@b,:a@c>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<@b,c:a@c>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<@[192.0.2.1:a@c>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<@b:a>", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"MAIL FROM:<@", 0, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"RCPT TO:<>", 0, MSIM_ERR_SYNTAX, 501, "5.1.3"},
      {"RCPT TO:<a>", 0, MSIM_ERR_SYNTAX, 501, "5.1.3"},
      {"RCPT TO:<a..b@c>", 0, MSIM_ERR_SYNTAX, 501, "5.1.3"},
      {"RCPT TO:<@b:postmaster>", 0, MSIM_ERR_SYNTAX, 501, "5.1.3"},
      {"MAIL FROM:<" A60 "bbbbb@b>", 0, MSIM_ERR_LIMIT, 501, "5.1.7"},
      {"RCPT TO:<a@" LABEL63 "a>", 0, MSIM_ERR_LIMIT, 501, "5.1.3"},
      {"MAIL FROM:<m\xc3\xbcller@b>", 0, MSIM_ERR_SYNTAX, 553, "5.6.7"},
      {"MAIL FROM:<m\xc3\xbcller@b> SMTPUTF8", 0, MSIM_ERR_SYNTAX, 553, "5.6.7"},
      {"MAIL FROM:<m\xc3\xbcller@b>", UTF8, MSIM_ERR_SYNTAX, 553, "5.6.7"},
      {"MAIL FROM:<m\xfcller@b> SMTPUTF8", UTF8, MSIM_ERR_SYNTAX, 501, "5.1.7"},
      {"RCPT TO:<m\xc3\xbcller@b>", 0, MSIM_ERR_SYNTAX, 553, "5.6.7"},
      {"MAIL FROM:<a@b> SIZE", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> SIZE=", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> SIZE=-1", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> SIZE=1k", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> SIZE=111111111111111111111", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> SIZE=1 size=2", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> BODY=9BIT", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> BODY", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> SMTPUTF8=1", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> =1", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> -X=1", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> X=1=2", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> X_Y=1", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> X=\xc3\xbc", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> RET=ALL", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> RET", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> ENVID", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> ENVID=a+4", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> ENVID=" A60 "12345678901234567890123456789012345678901", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> AUTH", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> AUTH=a", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> AUTH=a+40", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> NOTIFY", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=ALWAYS", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=NEVER,DELAY", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=DELAY,", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> ORCPT=a@b", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> ORCPT=;a@b", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> ORCPT=rfc822;", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> ORCPT=rfc822;a+", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"RCPT TO:<a@b> ORCPT=utf-8;", 0, MSIM_ERR_SYNTAX, 501, "5.5.4"},
      {"MAIL FROM:<a@b> A B C D E F G H I J K L M N O P Q", 0, MSIM_ERR_LIMIT, 501, "5.5.4"},
  };
  struct msim__smtp_command c;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof invalid / sizeof *invalid; i++) {
    struct msim_slice line = parse(&c, invalid[i].line, invalid[i].flags, invalid[i].err);

    if (c.reply.code != invalid[i].code || strcmp(c.reply.enhanced, invalid[i].enhanced) != 0)
      fail_msg("%s: %u %s %s", invalid[i].line, c.reply.code, c.reply.enhanced, c.reply.text);
    assert_true(strlen(c.reply.text) > 0);
    exact_free(line);
  }
}

static void nul_in_a_command_is_refused(void **state)
{
  struct msim_slice line = exact_copy("NOOP a\0b", 8);
  struct msim__smtp_command c;

  (void)state;
  assert_int_equal(msim__smtp_command_parse(&c, line, 0), MSIM_ERR_SYNTAX);
  assert_int_equal(c.reply.code, 500);
  exact_free(line);
}

static void helo_name_is_judged_but_not_refused(void **state)
{
  static const struct {
    const char *line;
    bool valid;
  } cases[] = {
      {"EHLO mx.example", true},   {"EHLO [192.0.2.1]", true}, {"EHLO [IPv6:2001:db8::1]", true},
      {"EHLO my_pc", false},       {"EHLO 192.0.2.1", true},   {"EHLO [192.0.2.999]", false},
      {"HELO b\xc3\xbcro", false}, {"EHLO .", false},          {"HELO <script>", false},
  };
  struct msim__smtp_command c;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    struct msim_slice line = parse(&c, cases[i].line, 0, MSIM_OK);

    assert_int_equal(c.helo_valid, cases[i].valid);
    exact_free(line);
  }
}

static void paths_are_taken_apart(void **state)
{
  static const struct {
    const char *line;
    unsigned flags;
    const char *route, *local, *domain;
  } valid[] = {
      {"MAIL FROM:<a@b.example>", 0, "", "a", "b.example"},
      {"MAIL from:<\"a b>\"@b>", 0, "", "\"a b>\"", "b"},
      {"MAIL FROM:<a@[192.0.2.1]>", 0, "", "a", "[192.0.2.1]"},
      {"RCPT TO:<a@[IPv6:2001:db8::1]>", 0, "", "a", "[IPv6:2001:db8::1]"},
      {"RCPT TO:<@one:a@b>", 0, "@one", "a", "b"},
      {"RCPT TO:<@one.example,@two-2:a@b>", 0, "@one.example,@two-2", "a", "b"}, /* RFC 5321 appendix C */
      {"RCPT TO:<@[IPv6:::1],@x:a@b>", 0, "@[IPv6:::1],@x", "a", "b"},
      {"RCPT TO:<Postmaster@b>", 0, "", "Postmaster", "b"},
      {"MAIL FROM: <a@b>", LENIENT, "", "a", "b"},
      {"MAIL FROM:a@b", LENIENT, "", "a", "b"},
      {"MAIL FROM: a@b SIZE=3", LENIENT, "", "a", "b"},
      {"MAIL FROM:<m\xc3\xbcller@b\xc3\xbc.example> SMTPUTF8", UTF8, "", "m\xc3\xbcller", "b\xc3\xbc.example"},
      {"RCPT TO:<m\xc3\xbcller@b>", UTF8, "", "m\xc3\xbcller", "b"},
      {"RCPT TO:<@b\xc3\xbc:a@b>", UTF8, "@b\xc3\xbc", "a", "b"},
  };
  struct msim__smtp_command c;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof valid / sizeof *valid; i++) {
    struct msim_slice line = parse(&c, valid[i].line, valid[i].flags, MSIM_OK);

    assert_false(c.path.null);
    assert_false(c.path.postmaster);
    assert_slice(c.path.route, valid[i].route);
    assert_slice(c.path.address.local, valid[i].local);
    assert_slice(c.path.address.domain, valid[i].domain);
    exact_free(line);
  }
}

static void null_path_and_postmaster_are_special(void **state)
{
  struct msim__smtp_command c;
  struct msim_slice line = parse(&c, "MAIL FROM:<> SIZE=5", 0, MSIM_OK);

  (void)state;
  assert_true(c.path.null);
  assert_int_equal(c.path.address.local.size_bytes, 0);
  assert_true(c.size_bytes == 5);
  exact_free(line);
  line = parse(&c, "RCPT TO:<postMASTER>", 0, MSIM_OK);
  assert_true(c.path.postmaster);
  assert_slice(c.path.address.local, "postMASTER");
  assert_int_equal(c.path.address.domain.size_bytes, 0);
  exact_free(line);
}

static void params_of_mail_are_read_and_listed(void **state)
{
  struct msim__smtp_command c;
  struct msim_slice line = parse(
      &c, "MAIL FROM:<a@b> size=00123  Body=8bitMIME RET=HDRS ENVID=QQ314159 AUTH=<> X-FLAG smtputf8 ", UTF8, MSIM_OK);

  (void)state;
  assert_true(c.has_size);
  assert_true(c.size_bytes == 123);
  assert_int_equal(c.body, MSIM__SMTP_BODY_8BITMIME);
  assert_true(c.smtputf8);
  assert_int_equal(c.param_count, 7);
  assert_slice(c.params[0].keyword, "size");
  assert_slice(c.params[0].value, "00123");
  assert_true(c.params[0].known);
  assert_true(c.params[1].known);
  assert_slice(c.params[2].keyword, "RET");
  assert_slice(c.params[2].value, "HDRS");
  assert_true(c.params[2].known);
  assert_int_equal(c.ret, MSIM__DSN_RET_HEADERS);
  assert_slice(c.envid, "QQ314159");
  assert_true(c.has_auth);
  assert_slice(c.auth, "<>");
  assert_slice(c.params[3].value, "QQ314159");
  assert_slice(c.params[4].value, "<>");
  assert_slice(c.params[5].keyword, "X-FLAG");
  assert_false(c.params[5].has_value);
  assert_false(c.params[5].known);
  assert_true(c.params[6].known);
  exact_free(line);
}

static void sizes_and_bodies_have_their_values(void **state)
{
  static const struct {
    const char *line;
    uint64_t size_bytes;
    enum msim__smtp_body body;
  } valid[] = {
      {"MAIL FROM:<a@b>", 0, MSIM__SMTP_BODY_NONE},
      {"MAIL FROM:<a@b> SIZE=0 BODY=7BIT", 0, MSIM__SMTP_BODY_7BIT},
      {"MAIL FROM:<a@b> SIZE=18446744073709551614", UINT64_MAX - 1, MSIM__SMTP_BODY_NONE},
      {"MAIL FROM:<a@b> SIZE=18446744073709551615", UINT64_MAX, MSIM__SMTP_BODY_NONE},
      {"MAIL FROM:<a@b> SIZE=18446744073709551616", UINT64_MAX, MSIM__SMTP_BODY_NONE},
      {"MAIL FROM:<a@b> SIZE=99999999999999999999", UINT64_MAX, MSIM__SMTP_BODY_NONE},
      {"MAIL FROM:<a@b> BODY=BINARYMIME", 0, MSIM__SMTP_BODY_BINARYMIME},
  };
  struct msim__smtp_command c;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof valid / sizeof *valid; i++) {
    struct msim_slice line = parse(&c, valid[i].line, 0, MSIM_OK);

    assert_true(c.size_bytes == valid[i].size_bytes);
    assert_int_equal(c.body, valid[i].body);
    exact_free(line);
  }
}

static void params_of_rcpt_are_read_and_listed(void **state)
{
  struct msim__smtp_command c;
  struct msim_slice line =
      parse(&c, "RCPT TO:<a@b> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob@Ex+41mple SIZE=x", 0, MSIM_OK);

  (void)state;
  assert_int_equal(c.param_count, 3);
  assert_slice(c.params[0].value, "SUCCESS,DELAY");
  assert_slice(c.params[1].value, "rfc822;Bob@Ex+41mple");
  assert_int_equal(c.notify, MSIM__DSN_SUCCESS | MSIM__DSN_DELAY);
  assert_slice(c.orcpt, "rfc822;Bob@Ex+41mple");
  assert_false(c.params[2].known);
  assert_false(c.has_size);
  exact_free(line);
}

static void auth_bdat_and_vrfy_have_their_arguments(void **state)
{
  struct msim__smtp_command c;
  struct msim_slice line = parse(&c, "AUTH plain AHVzZXIAcGFzcw==", 0, MSIM_OK);

  (void)state;
  assert_slice(c.mechanism, "plain");
  assert_true(c.has_initial_response);
  assert_slice(c.initial_response, "AHVzZXIAcGFzcw==");
  exact_free(line);
  line = parse(&c, "AUTH EXTERNAL =", 0, MSIM_OK);
  assert_true(c.has_initial_response);
  assert_int_equal(c.initial_response.size_bytes, 0);
  exact_free(line);
  line = parse(&c, "AUTH CRAM-MD5", 0, MSIM_OK);
  assert_slice(c.mechanism, "CRAM-MD5");
  assert_false(c.has_initial_response);
  exact_free(line);
  line = parse(&c, "BDAT 86", 0, MSIM_OK);
  assert_true(c.chunk_bytes == 86);
  assert_false(c.chunk_last);
  exact_free(line);
  line = parse(&c, "BDAT 0  last", 0, MSIM_OK);
  assert_true(c.chunk_bytes == 0);
  assert_true(c.chunk_last);
  exact_free(line);
  line = parse(&c, "BDAT 99999999999999999999999", 0, MSIM_OK);
  assert_true(c.chunk_bytes == UINT64_MAX);
  exact_free(line);
  line = parse(&c, "VRFY m\xc3\xbcller SMTPUTF8", UTF8, MSIM_OK);
  assert_slice(c.argument, "m\xc3\xbcller");
  assert_true(c.smtputf8);
  exact_free(line);
  line = parse(&c, "VRFY m SMTPUTF8", 0, MSIM_OK);
  assert_slice(c.argument, "m SMTPUTF8");
  assert_false(c.smtputf8);
  exact_free(line);
}

static void lines_are_limited_by_verb(void **state)
{
  static const struct {
    const char *start;
    size_t max;
  } cases[] = {
      {"NOOP ", 512}, {"VRFY ", 522}, {"MAIL FROM:<a@b> X=", 1172}, {"RCPT TO:<a@b> X=", 1012}, {"AUTH PLAIN ", 12288},
  };
  static char line[13000];
  struct msim__smtp_command c;
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    memset(line, 'x', sizeof line);
    memcpy(line, cases[i].start, strlen(cases[i].start));
    assert_int_equal(msim__smtp_command_parse(&c, (struct msim_slice){(const uint8_t *)line, cases[i].max - 2}, 0),
                     MSIM_OK);
    assert_int_equal(msim__smtp_command_parse(&c, (struct msim_slice){(const uint8_t *)line, cases[i].max - 1}, 0),
                     MSIM_ERR_LIMIT);
    assert_int_equal(c.reply.code, 500);
  }
}

static void path_is_limited_to_256_bytes(void **state)
{
  /* < 64 @ 63 . 63 . 62 > = 1 + 64 + 1 + 190 + 1 = 257, within the limits of its parts */
  char line[300] = "MAIL FROM:<" A60 "bbbb@" LABEL63 "." LABEL63 "." A60 "cc>";
  struct msim__smtp_command c;
  struct msim_slice text = parse(&c, line, 0, MSIM_ERR_LIMIT);

  (void)state;
  assert_int_equal(c.reply.code, 501);
  exact_free(text);
  strcpy(line, "MAIL FROM:<" A60 "bbbb@" LABEL63 "." LABEL63 "." A60 "c>");
  text = parse(&c, line, 0, MSIM_OK);
  exact_free(text);
}

static void every_truncation_is_read_without_harm(void **state)
{
  static const char *const lines[] = {
      "MAIL FROM:<@one,@[IPv6:::1]:\"a\\\"\xc3\xbc\"@b\xc3\xbc.example> SIZE=12 BODY=8BITMIME SMTPUTF8 RET=HDRS",
      "RCPT TO:<postmaster@[IPv6:2001:db8::1]> NOTIFY=NEVER",
      "AUTH PLAIN AHVzZXIAcGFzcw==",
      "BDAT 123 LAST",
      "VRFY m\xc3\xbcller SMTPUTF8",
      "EHLO [192.0.2.1]"};
  struct msim__smtp_command c;
  size_t i, n;
  unsigned flags;

  (void)state;
  for (i = 0; i < sizeof lines / sizeof *lines; i++)
    for (flags = 0; flags < 4; flags++)
      for (n = 0; n <= strlen(lines[i]); n++) {
        struct msim_slice cut = exact_copy(lines[i], n);
        int result = msim__smtp_command_parse(&c, cut, flags);

        assert_int_equal(result == MSIM_OK, c.reply.code == 0);
        if (n == strlen(lines[i]) && (flags & UTF8) != 0)
          assert_int_equal(result, MSIM_OK);
        exact_free(cut);
      }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(verbs_are_known_in_any_case),
      cmocka_unit_test(bad_lines_get_the_answer_that_fits),
      cmocka_unit_test(nul_in_a_command_is_refused),
      cmocka_unit_test(helo_name_is_judged_but_not_refused),
      cmocka_unit_test(paths_are_taken_apart),
      cmocka_unit_test(null_path_and_postmaster_are_special),
      cmocka_unit_test(params_of_mail_are_read_and_listed),
      cmocka_unit_test(sizes_and_bodies_have_their_values),
      cmocka_unit_test(params_of_rcpt_are_read_and_listed),
      cmocka_unit_test(auth_bdat_and_vrfy_have_their_arguments),
      cmocka_unit_test(lines_are_limited_by_verb),
      cmocka_unit_test(path_is_limited_to_256_bytes),
      cmocka_unit_test(every_truncation_is_read_without_harm),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
