/* smtp_command.c: one command line of SMTP taken apart (RFC 5321 4.1; 1870, 3030, 3207, 3461, 4954, 6152, 6531).
 *
 * Does not know what is allowed when, which extensions are on, or who exists. */
#include "proto/smtp_command.h"
#include "proto/ascii.h"
#include "proto/xtext.h"

static int refuse(struct msim__smtp_command *c, int err, unsigned code, const char *enhanced, const char *text)
{
  c->reply.code = code;
  c->reply.enhanced = enhanced;
  c->reply.text = text;
  return err;
}

static int refuse_argument(struct msim__smtp_command *c, const char *text)
{
  return refuse(c, MSIM_ERR_SYNTAX, 501, "5.5.4", text);
}

/* RFC 3463 3.2: X.1.7 is the sender's address, X.1.3 the recipient's. */
static int refuse_path(struct msim__smtp_command *c, int err, const char *text)
{
  return refuse(c, err, 501, c->verb == MSIM__SMTP_MAIL ? "5.1.7" : "5.1.3", text);
}

/* Cuts the first word off; what is left starts with the next word, or is empty. */
static struct msim_slice take_word(struct msim_slice *rest)
{
  size_t at = 0;
  struct msim_slice word;

  while (at < rest->size_bytes && rest->data[at] != ' ')
    at++;
  word = msim__slice_part(*rest, 0, at);
  *rest = msim__slice_trim(msim__slice_part(*rest, at, rest->size_bytes));
  return word;
}

static int parse_nothing(struct msim__smtp_command *c, unsigned flags)
{
  (void)flags;
  if (c->argument.size_bytes > 0)
    return refuse_argument(c, "No argument is allowed here");
  return MSIM_OK;
}

static int parse_anything(struct msim__smtp_command *c, unsigned flags)
{
  (void)c;
  (void)flags;
  return MSIM_OK;
}

static int parse_helo(struct msim__smtp_command *c, unsigned flags)
{
  struct msim_slice rest = c->argument, word = take_word(&rest);

  (void)flags;
  if (word.size_bytes == 0 || rest.size_bytes > 0)
    return refuse_argument(c, "One host name or address literal is needed");
  c->helo_valid = msim__domain_is_name(word, false) || msim__domain_is_literal(word, NULL);
  return MSIM_OK;
}

static int parse_verify(struct msim__smtp_command *c, unsigned flags)
{
  struct msim_slice text = c->argument;
  size_t at = text.size_bytes;

  while (at > 0 && text.data[at - 1] != ' ')
    at--;
  if ((flags & MSIM__SMTP_ALLOW_UTF8) != 0 && at > 0 &&
      msim__slice_is(msim__slice_part(text, at, text.size_bytes), "SMTPUTF8")) {
    c->smtputf8 = true;
    c->argument = msim__slice_trim(msim__slice_part(text, 0, at));
  }
  if (c->argument.size_bytes == 0)
    return refuse_argument(c, "A name is needed");
  return MSIM_OK;
}

static int parse_auth(struct msim__smtp_command *c, unsigned flags)
{
  struct msim_slice rest = c->argument;
  size_t i;

  (void)flags;
  c->mechanism = take_word(&rest);
  if (c->mechanism.size_bytes == 0 || c->mechanism.size_bytes > 20) /* RFC 4422 3.1 */
    return refuse_argument(c, "The name of a mechanism is needed");
  for (i = 0; i < c->mechanism.size_bytes; i++)
    if (!msim__ascii_is_alnum(c->mechanism.data[i]) && c->mechanism.data[i] != '-' && c->mechanism.data[i] != '_')
      return refuse_argument(c, "The name of a mechanism is needed");
  c->has_initial_response = rest.size_bytes > 0;
  c->initial_response = take_word(&rest);
  if (rest.size_bytes > 0)
    return refuse_argument(c, "There is something behind the initial response");
  if (msim__slice_is(c->initial_response, "="))
    c->initial_response.size_bytes = 0;
  return MSIM_OK;
}

static int parse_bdat(struct msim__smtp_command *c, unsigned flags)
{
  struct msim_slice rest = c->argument;

  (void)flags;
  if (!msim__slice_number(take_word(&rest), &c->chunk_bytes))
    return refuse_argument(c, "A chunk size is needed");
  if (rest.size_bytes > 0 && !msim__slice_is(rest, "LAST"))
    return refuse_argument(c, "Only LAST may stand behind the chunk size");
  c->chunk_last = rest.size_bytes > 0;
  return MSIM_OK;
}

/* RFC 5321 4.1.1.3: "@one,@two:" before the mailbox is accepted and ignored. *at is moved behind the colon. */
static bool skip_route(struct msim__smtp_command *c, struct msim_slice text, bool utf8, size_t *at)
{
  size_t from = *at;

  while (*at < text.size_bytes && text.data[*at] == '@') {
    size_t start = ++*at;

    while (*at < text.size_bytes && text.data[*at] != ',' && text.data[*at] != ':' && text.data[*at] != '>' &&
           text.data[*at] != '[')
      ++*at;
    if (*at < text.size_bytes && text.data[*at] == '[') /* a literal has colons of its own */
      while (*at < text.size_bytes && text.data[(*at)++] != ']')
        ;
    if (!msim__domain_is_name(msim__slice_part(text, start, *at), utf8) &&
        !msim__domain_is_literal(msim__slice_part(text, start, *at), NULL))
      return false;
    if (*at >= text.size_bytes || (text.data[*at] != ',' && text.data[*at] != ':'))
      return false;
    if (text.data[*at] == ':') {
      c->path.route = msim__slice_part(text, from, (*at)++);
      return true;
    }
    ++*at;
  }
  return false;
}

static int refuse_address(struct msim__smtp_command *c, enum msim__address_flaw flaw)
{
  switch (flaw) {
  case MSIM__ADDRESS_NON_ASCII: /* RFC 6531 3.5 */
    return refuse(c, MSIM_ERR_SYNTAX, 553, "5.6.7", "Addresses beyond ASCII are not permitted here");
  case MSIM__ADDRESS_LONG_LOCAL:
    return refuse_path(c, MSIM_ERR_LIMIT, "The local part is too long");
  case MSIM__ADDRESS_LONG_DOMAIN:
    return refuse_path(c, MSIM_ERR_LIMIT, "The domain is too long");
  case MSIM__ADDRESS_NO_DOMAIN:
    return refuse_path(c, MSIM_ERR_SYNTAX, "The address needs a domain");
  case MSIM__ADDRESS_BAD_LOCAL:
    return refuse_path(c, MSIM_ERR_SYNTAX, "The local part is malformed");
  case MSIM__ADDRESS_BAD_DOMAIN:
    return refuse_path(c, MSIM_ERR_SYNTAX, "The domain is malformed");
  case MSIM__ADDRESS_FINE:
    break;
  }
  return refuse_path(c, MSIM_ERR_SYNTAX, "The path is malformed");
}

static int judge_domain(struct msim__smtp_command *c)
{
  struct msim__smtp_path *path = &c->path;

  if (path->address.domain.size_bytes > 0)
    return MSIM_OK;
  path->postmaster =
      c->verb == MSIM__SMTP_RCPT && path->route.size_bytes == 0 && msim__slice_is(path->address.local, "postmaster");
  return path->postmaster ? MSIM_OK : refuse_address(c, MSIM__ADDRESS_NO_DOMAIN);
}

/* The path at the start of text; *used_bytes is its length. */
static int parse_path(struct msim__smtp_command *c, struct msim_slice text, unsigned flags, size_t *used_bytes)
{
  bool utf8 = (flags & MSIM__SMTP_ALLOW_UTF8) != 0;
  bool bracketed = text.size_bytes > 0 && text.data[0] == '<';
  enum msim__address_flaw flaw;
  size_t at = bracketed ? 1 : 0, scanned;
  int err;

  if (!bracketed && (flags & MSIM__SMTP_LENIENT) == 0)
    return refuse_path(c, MSIM_ERR_SYNTAX, "The path needs angle brackets");
  if (bracketed && text.size_bytes > 1 && text.data[1] == '>') {
    if (c->verb != MSIM__SMTP_MAIL)
      return refuse_path(c, MSIM_ERR_SYNTAX, "The null path is no recipient");
    c->path.null = true;
    *used_bytes = 2;
    return MSIM_OK;
  }
  if (at < text.size_bytes && text.data[at] == '@' && !skip_route(c, text, utf8, &at))
    return refuse_path(c, MSIM_ERR_SYNTAX, "The source route is malformed");
  err = msim__address_scan(&c->path.address, msim__slice_part(text, at, text.size_bytes), utf8, &scanned, &flaw);
  if (err < 0)
    return refuse_address(c, flaw);
  at += scanned;
  if (bracketed && (at >= text.size_bytes || text.data[at++] != '>'))
    return refuse_path(c, MSIM_ERR_SYNTAX, "The path is malformed");
  if (at > MSIM__SMTP_PATH_BYTES_MAX)
    return refuse_path(c, MSIM_ERR_LIMIT, "The path is too long");
  *used_bytes = at;
  return judge_domain(c);
}

/* RFC 5321 4.1.2: a keyword of letters, digits and hyphens; a value without spaces, controls and '='. */
static bool split_param(struct msim__smtp_param *out, struct msim_slice word, bool utf8)
{
  size_t at = 0, i;

  while (at < word.size_bytes && (msim__ascii_is_alnum(word.data[at]) || (at > 0 && word.data[at] == '-')))
    at++;
  if (at == 0)
    return false;
  out->keyword = msim__slice_part(word, 0, at);
  if (at == word.size_bytes)
    return true;
  if (word.data[at] != '=' || at + 1 == word.size_bytes)
    return false;
  out->has_value = true;
  out->value = msim__slice_part(word, at + 1, word.size_bytes);
  for (i = 0; i < out->value.size_bytes; i++)
    if (out->value.data[i] == '=' || (out->value.data[i] >= 0x80 && !utf8))
      return false;
  return true;
}

/* xtext of at most max bytes; *decoded (MSIM__DSN_ORCPT_BYTES_MAX) may be NULL. */
static bool is_xtext(struct msim_slice value, size_t max_bytes, struct msim_slice *decoded, uint8_t *out)
{
  uint8_t scratch[MSIM__DSN_ORCPT_BYTES_MAX];
  size_t n;

  if (value.size_bytes == 0 || value.size_bytes > max_bytes ||
      msim__xtext_decode(value, out != NULL ? out : scratch, sizeof scratch, &n) < 0)
    return false;
  if (decoded != NULL)
    *decoded = (struct msim_slice){out, n};
  return true;
}

static int read_ret(struct msim__smtp_command *c, struct msim_slice value)
{
  if (msim__slice_is(value, "FULL"))
    c->ret = MSIM__DSN_RET_FULL;
  else if (msim__slice_is(value, "HDRS"))
    c->ret = MSIM__DSN_RET_HEADERS;
  else
    return refuse_argument(c, "RET is FULL or HDRS");
  return MSIM_OK;
}

/* RFC 4954 5: a mailbox, or <> for "not known". */
static int read_auth(struct msim__smtp_command *c, struct msim_slice value)
{
  uint8_t bytes[MSIM__DSN_ORCPT_BYTES_MAX];
  struct msim_slice decoded;
  struct msim__address address;

  c->has_auth = true;
  c->auth = value;
  if (!is_xtext(value, sizeof bytes, &decoded, bytes) ||
      (!msim__slice_is(decoded, "<>") && msim__address_parse(&address, decoded, true, NULL) < 0))
    return refuse_argument(c, "AUTH needs an address or <>");
  return MSIM_OK;
}

static int read_notify(struct msim__smtp_command *c, struct msim_slice value)
{
  static const struct {
    const char *word;
    unsigned bit;
  } words[] = {{"NEVER", MSIM__DSN_NEVER},
               {"SUCCESS", MSIM__DSN_SUCCESS},
               {"FAILURE", MSIM__DSN_FAILURE},
               {"DELAY", MSIM__DSN_DELAY}};
  size_t from = 0, to, i;

  for (; from <= value.size_bytes; from = to + 1) {
    for (to = from; to < value.size_bytes && value.data[to] != ','; to++)
      ;
    for (i = 0; i < 4 && !msim__slice_is(msim__slice_part(value, from, to), words[i].word); i++)
      ;
    if (i == 4)
      return refuse_argument(c, "NOTIFY is NEVER, or some of SUCCESS, FAILURE, DELAY");
    c->notify |= words[i].bit;
  }
  if ((c->notify & MSIM__DSN_NEVER) != 0 && c->notify != MSIM__DSN_NEVER)
    return refuse_argument(c, "NOTIFY=NEVER stands alone");
  return MSIM_OK;
}

/* RFC 3461 4.2; what follows "utf-8;" has an encoding of its own (RFC 6533 3) and is kept as it is. */
static int read_orcpt(struct msim__smtp_command *c, struct msim_slice value)
{
  size_t at = 0;
  bool good;

  while (at < value.size_bytes && (msim__ascii_is_alnum(value.data[at]) || value.data[at] == '-'))
    at++;
  good = at > 0 && at < value.size_bytes && value.data[at] == ';' && value.size_bytes <= MSIM__DSN_ORCPT_BYTES_MAX;
  if (good && msim__slice_is(msim__slice_part(value, 0, at), "utf-8"))
    good = at + 1 < value.size_bytes;
  else if (good)
    good = is_xtext(msim__slice_part(value, at + 1, value.size_bytes), MSIM__DSN_ORCPT_BYTES_MAX, NULL, NULL);
  if (!good)
    return refuse_argument(c, "ORCPT needs a type, a semicolon and an address in xtext");
  c->orcpt = value;
  return MSIM_OK;
}

static int read_rcpt_param(struct msim__smtp_command *c, struct msim__smtp_param *param)
{
  param->known = true;
  if (msim__slice_is(param->keyword, "NOTIFY"))
    return read_notify(c, param->value);
  if (msim__slice_is(param->keyword, "ORCPT"))
    return read_orcpt(c, param->value);
  param->known = false;
  return MSIM_OK;
}

/* The parameters of MAIL that have a meaning here. */
static int read_mail_param(struct msim__smtp_command *c, struct msim__smtp_param *param)
{
  param->known = true;
  if (msim__slice_is(param->keyword, "SIZE")) { /* RFC 1870 6.1: up to 20 digits */
    if (!msim__slice_number(param->value, &c->size_bytes) || param->value.size_bytes > 20)
      return refuse_argument(c, "SIZE needs a number");
    c->has_size = true;
  } else if (msim__slice_is(param->keyword, "BODY")) { /* RFC 6152 2, RFC 3030 3 */
    if (msim__slice_is(param->value, "7BIT"))
      c->body = MSIM__SMTP_BODY_7BIT;
    else if (msim__slice_is(param->value, "8BITMIME"))
      c->body = MSIM__SMTP_BODY_8BITMIME;
    else if (msim__slice_is(param->value, "BINARYMIME"))
      c->body = MSIM__SMTP_BODY_BINARYMIME;
    else
      return refuse_argument(c, "BODY has no such value");
  } else if (msim__slice_is(param->keyword, "RET")) {
    return read_ret(c, param->value);
  } else if (msim__slice_is(param->keyword, "ENVID")) {
    if (!is_xtext(param->value, MSIM__DSN_ENVID_BYTES_MAX, NULL, NULL))
      return refuse_argument(c, "ENVID needs xtext of up to 100 characters");
    c->envid = param->value;
  } else if (msim__slice_is(param->keyword, "AUTH")) {
    return read_auth(c, param->value);
  } else if (msim__slice_is(param->keyword, "SMTPUTF8")) { /* RFC 6531 3.4 */
    if (param->has_value)
      return refuse_argument(c, "SMTPUTF8 takes no value");
    c->smtputf8 = true;
  } else {
    param->known = false;
  }
  return MSIM_OK;
}

static int parse_params(struct msim__smtp_command *c, struct msim_slice rest, unsigned flags)
{
  while (rest.size_bytes > 0) {
    struct msim__smtp_param *param = &c->params[c->param_count];
    size_t i;

    if (c->param_count == MSIM__SMTP_PARAM_COUNT_MAX)
      return refuse(c, MSIM_ERR_LIMIT, 501, "5.5.4", "There are too many parameters");
    if (!split_param(param, take_word(&rest), (flags & MSIM__SMTP_ALLOW_UTF8) != 0))
      return refuse_argument(c, "A parameter is malformed");
    for (i = 0; i < c->param_count; i++)
      if (msim__slice_equal_nocase(c->params[i].keyword, param->keyword))
        return refuse_argument(c, "A parameter is there twice");
    c->param_count++;
    if ((c->verb == MSIM__SMTP_MAIL ? read_mail_param(c, param) : read_rcpt_param(c, param)) < 0)
      return MSIM_ERR_SYNTAX;
  }
  return MSIM_OK;
}

static int parse_mail_or_rcpt(struct msim__smtp_command *c, unsigned flags)
{
  const char *lead = c->verb == MSIM__SMTP_MAIL ? "FROM:" : "TO:";
  struct msim_slice text = c->argument;
  size_t used = strlen(lead);
  int err;

  if (text.size_bytes < used || !msim__slice_is(msim__slice_part(text, 0, used), lead))
    return refuse_argument(c, c->verb == MSIM__SMTP_MAIL ? "MAIL FROM:<address> is the form"
                                                         : "RCPT TO:<address> is the form");
  text = msim__slice_part(text, used, text.size_bytes);
  if ((flags & MSIM__SMTP_LENIENT) != 0)
    text = msim__slice_trim(text);
  err = parse_path(c, text, flags, &used);
  if (err < 0)
    return err;
  if (used < text.size_bytes && text.data[used] != ' ')
    return refuse_path(c, MSIM_ERR_SYNTAX, "There is something behind the path");
  err = parse_params(c, msim__slice_trim(msim__slice_part(text, used, text.size_bytes)), flags);
  if (err < 0)
    return err;
  /* RFC 6531 3.4: a sender beyond ASCII needs the parameter. */
  if (c->verb == MSIM__SMTP_MAIL && c->path.address.non_ascii && !c->smtputf8)
    return refuse_address(c, MSIM__ADDRESS_NON_ASCII);
  return MSIM_OK;
}

struct verb_row {
  const char *name;
  enum msim__smtp_verb verb;
  size_t line_bytes_max;
  int (*parse)(struct msim__smtp_command *c, unsigned flags);
};

static const struct verb_row verbs[] = {
    {"HELO", MSIM__SMTP_HELO, MSIM__SMTP_LINE_BYTES_MAX, parse_helo},
    {"EHLO", MSIM__SMTP_EHLO, MSIM__SMTP_LINE_BYTES_MAX, parse_helo},
    {"MAIL", MSIM__SMTP_MAIL, MSIM__SMTP_LINE_MAIL_BYTES_MAX, parse_mail_or_rcpt},
    {"RCPT", MSIM__SMTP_RCPT, MSIM__SMTP_LINE_RCPT_BYTES_MAX, parse_mail_or_rcpt},
    {"DATA", MSIM__SMTP_DATA, MSIM__SMTP_LINE_BYTES_MAX, parse_nothing},
    {"RSET", MSIM__SMTP_RSET, MSIM__SMTP_LINE_BYTES_MAX, parse_nothing},
    {"NOOP", MSIM__SMTP_NOOP, MSIM__SMTP_LINE_BYTES_MAX, parse_anything},
    {"QUIT", MSIM__SMTP_QUIT, MSIM__SMTP_LINE_BYTES_MAX, parse_nothing},
    {"VRFY", MSIM__SMTP_VRFY, MSIM__SMTP_LINE_VRFY_BYTES_MAX, parse_verify},
    {"EXPN", MSIM__SMTP_EXPN, MSIM__SMTP_LINE_VRFY_BYTES_MAX, parse_verify},
    {"HELP", MSIM__SMTP_HELP, MSIM__SMTP_LINE_BYTES_MAX, parse_anything},
    {"STARTTLS", MSIM__SMTP_STARTTLS, MSIM__SMTP_LINE_BYTES_MAX, parse_nothing},
    {"AUTH", MSIM__SMTP_AUTH, MSIM__SMTP_LINE_AUTH_BYTES_MAX, parse_auth},
    {"BDAT", MSIM__SMTP_BDAT, MSIM__SMTP_LINE_BYTES_MAX, parse_bdat},
};

static const struct verb_row *find_verb(struct msim_slice name)
{
  size_t i;

  for (i = 0; i < sizeof verbs / sizeof *verbs; i++)
    if (msim__slice_is(name, verbs[i].name))
      return &verbs[i];
  return NULL;
}

int msim__smtp_command_parse(struct msim__smtp_command *out, struct msim_slice line, unsigned flags)
{
  const struct verb_row *row;
  size_t at = 0, i;

  memset(out, 0, sizeof *out);
  while (at < line.size_bytes && msim__ascii_is_alpha(line.data[at]))
    at++;
  out->verb_text = msim__slice_part(line, 0, at);
  out->argument = msim__slice_trim(msim__slice_part(line, at, line.size_bytes)); /* RFC 5321 4.1.1: also at the end */
  row = find_verb(out->verb_text);
  if (line.size_bytes + 2 > (row == NULL ? MSIM__SMTP_LINE_BYTES_MAX : row->line_bytes_max))
    return refuse(out, MSIM_ERR_LIMIT, 500, "5.5.2", "The line is too long");
  if (at == 0 || (out->argument.size_bytes > 0 && line.data[at] != ' '))
    return refuse(out, MSIM_ERR_SYNTAX, 500, "5.5.2", "This is no command");
  for (i = 0; i < out->argument.size_bytes; i++)
    if (msim__ascii_is_control(out->argument.data[i]))
      return refuse(out, MSIM_ERR_SYNTAX, 500, "5.5.2", "There is a control character in the command");
  if (row == NULL)
    return refuse(out, MSIM_ERR_NOT_FOUND, 500, "5.5.1", "There is no such command");
  out->verb = row->verb;
  return row->parse(out, flags);
}
