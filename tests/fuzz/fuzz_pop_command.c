/* fuzz_pop_command.c: lib/proto/pop_command.c: what is read is part of the line, what is refused has a reason, verbs
 * are read without regard to case, and asking for UTF8 refuses nothing. Input: one command line. */
#include "fuzz.h"
#include "proto/ascii.h"
#include "proto/pop_command.h"

static void check_parts(const struct msim__pop_command *c, struct msim_slice line, int err)
{
  FUZZ_CHECK(fuzz_within(c->verb_text, line) && fuzz_within(c->argument, line));
  FUZZ_CHECK(fuzz_within(c->name, line) && fuzz_within(c->password, line) && fuzz_within(c->digest, line));
  FUZZ_CHECK(fuzz_within(c->mechanism, line) && fuzz_within(c->initial_response, line));
  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_NOT_FOUND || err == MSIM_ERR_SYNTAX || err == MSIM_ERR_LIMIT);
  FUZZ_CHECK((c->flaw == NULL) == (err == MSIM_OK));
  FUZZ_CHECK((c->verb == MSIM__POP_UNKNOWN) == (msim__pop_verb_name(c->verb) == NULL));
  if (err != MSIM_OK)
    return;
  FUZZ_CHECK(c->verb != MSIM__POP_UNKNOWN && line.size_bytes + 2 <= MSIM__POP_LINE_BYTES_MAX);
  FUZZ_CHECK(c->digest.size_bytes == (c->verb == MSIM__POP_APOP ? 32u : 0u));
  FUZZ_CHECK((c->name.size_bytes > 0) == (c->verb == MSIM__POP_USER || c->verb == MSIM__POP_APOP));
  FUZZ_CHECK((c->password.size_bytes > 0) == (c->verb == MSIM__POP_PASS));
  FUZZ_CHECK(c->has_initial_response == (c->initial_response.size_bytes > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  uint8_t *copy = fuzz_copy(fuzz_slice_of(data, size_bytes));
  struct msim_slice line = fuzz_slice_of(copy, size_bytes);
  struct msim__pop_command plain, wide, other;
  int err = msim__pop_command_parse(&plain, line, false);
  size_t i;

  check_parts(&plain, line, err);
  FUZZ_CHECK(msim__pop_command_parse(&wide, line, true) == MSIM_OK || err != MSIM_OK);
  for (i = 0; i < plain.verb_text.size_bytes; i++)
    if (msim__ascii_is_alpha(copy[i]))
      copy[i] = (uint8_t)(copy[i] ^ 0x20);
  FUZZ_CHECK(msim__pop_command_parse(&other, line, false) == err && other.verb == plain.verb);
  FUZZ_CHECK(other.number == plain.number && other.line_count == plain.line_count);
  free(copy);
  return 0;
}
