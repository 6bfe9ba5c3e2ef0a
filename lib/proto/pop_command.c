/* pop_command.c: one command line of POP3 taken apart; see pop_command.h. */
#include "proto/pop_command.h"

#include "proto/ascii.h"

#define DIGEST_DIGITS 32u /* RFC 1939 7, APOP */

static int refuse(struct msim__pop_command *c, int err, const char *flaw)
{
  c->flaw = flaw;
  return err;
}

static int refuse_argument(struct msim__pop_command *c, const char *flaw)
{
  return refuse(c, MSIM_ERR_SYNTAX, flaw);
}

/* RFC 1939 3: a single space between arguments. false: there is no word there. */
static bool take_word(struct msim_slice *rest, struct msim_slice *word)
{
  size_t at = 0;

  while (at < rest->size_bytes && rest->data[at] != ' ')
    at++;
  *word = msim__slice_part(*rest, 0, at);
  if (at < rest->size_bytes)
    at++;
  *rest = msim__slice_part(*rest, at, rest->size_bytes);
  return word->size_bytes > 0;
}

static bool to_number(struct msim_slice word, uint32_t *out)
{
  uint64_t value;

  if (!msim__slice_number(word, &value))
    return false;
  *out = value < MSIM__POP_NUMBER_MAX ? (uint32_t)value : MSIM__POP_NUMBER_MAX;
  return true;
}

static int parse_nothing(struct msim__pop_command *c)
{
  return c->argument.size_bytes > 0 ? refuse_argument(c, "No argument is allowed here") : MSIM_OK;
}

static int parse_message(struct msim__pop_command *c)
{
  if (!to_number(c->argument, &c->number))
    return refuse_argument(c, "The number of a message is needed");
  c->has_number = true;
  return MSIM_OK;
}

static int parse_message_or_nothing(struct msim__pop_command *c)
{
  return c->argument.size_bytes > 0 ? parse_message(c) : MSIM_OK;
}

static int parse_top(struct msim__pop_command *c)
{
  struct msim_slice rest = c->argument, word;

  if (!take_word(&rest, &word) || !to_number(word, &c->number) || !to_number(rest, &c->line_count))
    return refuse_argument(c, "The number of a message and a number of lines are needed");
  c->has_number = true;
  return MSIM_OK;
}

static int parse_user(struct msim__pop_command *c)
{
  if (c->argument.size_bytes == 0)
    return refuse_argument(c, "A name is needed");
  c->name = c->argument;
  return MSIM_OK;
}

static int parse_pass(struct msim__pop_command *c)
{
  if (c->argument.size_bytes == 0)
    return refuse_argument(c, "A password is needed");
  c->password = c->argument;
  return MSIM_OK;
}

/* The name may hold spaces, the digest is the last word. */
static int parse_apop(struct msim__pop_command *c)
{
  struct msim_slice text = c->argument;
  size_t at = text.size_bytes, i;

  while (at > 0 && text.data[at - 1] != ' ')
    at--;
  if (at < 2 || text.size_bytes - at != DIGEST_DIGITS)
    return refuse_argument(c, "A name and a digest of 32 digits are needed");
  for (i = at; i < text.size_bytes; i++)
    if (!msim__ascii_is_digit(text.data[i]) && !(text.data[i] >= 'a' && text.data[i] <= 'f'))
      return refuse_argument(c, "The digest has digits of base 16 only, in small letters");
  c->name = msim__slice_part(text, 0, at - 1);
  c->digest = msim__slice_part(text, at, text.size_bytes);
  return MSIM_OK;
}

static int parse_auth(struct msim__pop_command *c)
{
  struct msim_slice rest = c->argument;
  size_t i;

  if (rest.size_bytes == 0)
    return MSIM_OK;
  if (!take_word(&rest, &c->mechanism) || c->mechanism.size_bytes > 20) /* RFC 4422 3.1 */
    return refuse_argument(c, "The name of a mechanism is needed");
  for (i = 0; i < c->mechanism.size_bytes; i++)
    if (!msim__ascii_is_alnum(c->mechanism.data[i]) && c->mechanism.data[i] != '-' && c->mechanism.data[i] != '_')
      return refuse_argument(c, "The name of a mechanism is needed");
  if (c->mechanism.size_bytes == c->argument.size_bytes)
    return MSIM_OK;
  if (!take_word(&rest, &c->initial_response))
    return refuse_argument(c, "An initial response is needed behind the space");
  if (rest.size_bytes > 0)
    return refuse_argument(c, "There is something behind the initial response");
  c->has_initial_response = true;
  return MSIM_OK;
}

static const struct {
  const char *word;
  int (*parse)(struct msim__pop_command *c);
} verbs[MSIM__POP_VERB_COUNT] = {
    [MSIM__POP_APOP] = {"APOP", parse_apop},
    [MSIM__POP_AUTH] = {"AUTH", parse_auth},
    [MSIM__POP_CAPA] = {"CAPA", parse_nothing},
    [MSIM__POP_DELE] = {"DELE", parse_message},
    [MSIM__POP_LIST] = {"LIST", parse_message_or_nothing},
    [MSIM__POP_NOOP] = {"NOOP", parse_nothing},
    [MSIM__POP_PASS] = {"PASS", parse_pass},
    [MSIM__POP_QUIT] = {"QUIT", parse_nothing},
    [MSIM__POP_RETR] = {"RETR", parse_message},
    [MSIM__POP_RSET] = {"RSET", parse_nothing},
    [MSIM__POP_STAT] = {"STAT", parse_nothing},
    [MSIM__POP_STLS] = {"STLS", parse_nothing},
    [MSIM__POP_TOP] = {"TOP", parse_top},
    [MSIM__POP_UIDL] = {"UIDL", parse_message_or_nothing},
    [MSIM__POP_USER] = {"USER", parse_user},
    [MSIM__POP_UTF8] = {"UTF8", parse_nothing},
};

const char *msim__pop_verb_name(enum msim__pop_verb verb)
{
  return verb > MSIM__POP_UNKNOWN && verb < MSIM__POP_VERB_COUNT ? verbs[verb].word : NULL;
}

/* RFC 1939 3: printable ASCII. Bytes beyond it are for names and passwords of those who have asked for UTF8. */
static const char *find_bad_character(const struct msim__pop_command *c, bool utf8)
{
  bool is_secret = c->verb == MSIM__POP_USER || c->verb == MSIM__POP_PASS || c->verb == MSIM__POP_APOP;
  size_t i;

  for (i = 0; i < c->argument.size_bytes; i++) {
    uint8_t byte = c->argument.data[i];

    if (msim__ascii_is_control(byte) || (byte >= 0x80 && (!utf8 || !is_secret)))
      return byte >= 0x80 ? "Only ASCII is allowed here" : "Control characters are not allowed";
  }
  return NULL;
}

static enum msim__pop_verb find_verb(struct msim_slice word)
{
  int verb;

  for (verb = MSIM__POP_UNKNOWN + 1; verb < MSIM__POP_VERB_COUNT; verb++)
    if (msim__slice_is(word, verbs[verb].word))
      return (enum msim__pop_verb)verb;
  return MSIM__POP_UNKNOWN;
}

int msim__pop_command_parse(struct msim__pop_command *out, struct msim_slice line, bool utf8)
{
  struct msim_slice rest = line;

  memset(out, 0, sizeof *out);
  (void)take_word(&rest, &out->verb_text);
  out->argument = rest;
  out->verb = find_verb(out->verb_text);
  if (line.size_bytes + 2 > MSIM__POP_LINE_BYTES_MAX)
    return refuse(out, MSIM_ERR_LIMIT, "The line is too long");
  if (out->verb == MSIM__POP_UNKNOWN)
    return refuse(out, MSIM_ERR_NOT_FOUND, "This is no command");
  if (out->verb != MSIM__POP_PASS) /* many clients leave a space behind */
    while (out->argument.size_bytes > 0 && out->argument.data[out->argument.size_bytes - 1] == ' ')
      out->argument.size_bytes--;
  out->flaw = find_bad_character(out, utf8);
  return out->flaw != NULL ? MSIM_ERR_SYNTAX : verbs[out->verb].parse(out);
}
