/* fuzz_smtp_command.c: lib/proto/smtp_command.c: what is read is part of the line, what is refused has an answer, and
 * laxer flags refuse nothing that stricter ones take. Input: one command line. */
#include "fuzz.h"
#include "proto/ascii.h"
#include "proto/smtp_command.h"

static void check_parts(const struct msim__smtp_command *c, struct msim_slice line)
{
  size_t i, j;

  FUZZ_CHECK(fuzz_within(c->verb_text, line) && fuzz_within(c->argument, line));
  FUZZ_CHECK(fuzz_within(c->path.route, line) && fuzz_within(c->path.address.local, line));
  FUZZ_CHECK(fuzz_within(c->path.address.domain, line) && fuzz_within(c->mechanism, line));
  FUZZ_CHECK(fuzz_within(c->initial_response, line) && c->param_count <= MSIM__SMTP_PARAM_COUNT_MAX);
  for (i = 0; i < c->param_count; i++) {
    FUZZ_CHECK(c->params[i].keyword.size_bytes > 0 && fuzz_within(c->params[i].keyword, c->argument));
    FUZZ_CHECK(fuzz_within(c->params[i].value, c->argument));
    FUZZ_CHECK(c->params[i].has_value == (c->params[i].value.size_bytes > 0));
    for (j = 0; j < i; j++)
      FUZZ_CHECK(!msim__slice_equal_nocase(c->params[i].keyword, c->params[j].keyword));
  }
}

static void check_path(const struct msim__smtp_command *c, unsigned flags)
{
  const struct msim__smtp_path *path = &c->path;
  struct msim__address again;
  struct msim_slice mailbox;

  if (path->null) {
    FUZZ_CHECK(c->verb == MSIM__SMTP_MAIL && path->address.local.size_bytes == 0 && !path->postmaster);
    return;
  }
  FUZZ_CHECK(path->address.local.size_bytes > 0);
  if (path->postmaster) {
    FUZZ_CHECK(c->verb == MSIM__SMTP_RCPT && path->address.domain.size_bytes == 0);
    FUZZ_CHECK(msim__slice_is(path->address.local, "postmaster"));
    return;
  }
  mailbox =
      fuzz_slice_of(path->address.local.data, path->address.local.size_bytes + 1 + path->address.domain.size_bytes);
  FUZZ_CHECK(mailbox.size_bytes <= MSIM__SMTP_PATH_BYTES_MAX);
  FUZZ_CHECK(msim__address_parse(&again, mailbox, (flags & MSIM__SMTP_ALLOW_UTF8) != 0, NULL) == MSIM_OK);
  FUZZ_CHECK(msim__address_equal(&again, &path->address));
}

static void check_answer(const struct msim__smtp_command *c, int err)
{
  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_NOT_FOUND || err == MSIM_ERR_SYNTAX || err == MSIM_ERR_LIMIT);
  if (err == MSIM_OK) {
    FUZZ_CHECK(c->reply.code == 0 && c->verb != MSIM__SMTP_UNKNOWN);
    return;
  }
  FUZZ_CHECK(c->reply.code >= 500 && c->reply.code <= 599 && c->reply.text != NULL && c->reply.text[0] != '\0');
  FUZZ_CHECK(c->reply.enhanced != NULL && c->reply.enhanced[0] == '5');
}

/* Verbs are read without regard to case (RFC 5321 2.4). */
static void check_case(const struct msim__smtp_command *c, struct msim_slice line, unsigned flags, int err)
{
  uint8_t *copy = fuzz_copy(line);
  struct msim__smtp_command other;
  size_t i;

  for (i = 0; i < c->verb_text.size_bytes; i++)
    copy[i] = (uint8_t)(copy[i] ^ 0x20);
  FUZZ_CHECK(msim__smtp_command_parse(&other, fuzz_slice_of(copy, line.size_bytes), flags) == err);
  FUZZ_CHECK(other.verb == c->verb && other.reply.code == c->reply.code && other.param_count == c->param_count);
  free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  uint8_t *copy = fuzz_copy(fuzz_slice_of(data, size_bytes));
  struct msim_slice line = fuzz_slice_of(copy, size_bytes);
  int errs[4];
  unsigned flags;

  for (flags = 0; flags < 4; flags++) {
    struct msim__smtp_command c;

    errs[flags] = msim__smtp_command_parse(&c, line, flags);
    check_parts(&c, line);
    check_answer(&c, errs[flags]);
    check_case(&c, line, flags, errs[flags]);
    if (errs[flags] == MSIM_OK && (c.verb == MSIM__SMTP_MAIL || c.verb == MSIM__SMTP_RCPT))
      check_path(&c, flags);
    FUZZ_CHECK(errs[flags] != MSIM_OK || !c.has_size || c.verb == MSIM__SMTP_MAIL);
  }
  FUZZ_CHECK(errs[0] != MSIM_OK || errs[MSIM__SMTP_LENIENT] == MSIM_OK);
  /* the other flag makes a word of VRFY and EXPN a parameter */
  FUZZ_CHECK(errs[MSIM__SMTP_ALLOW_UTF8] != MSIM_OK || errs[3] == MSIM_OK);
  free(copy);
  return 0;
}
