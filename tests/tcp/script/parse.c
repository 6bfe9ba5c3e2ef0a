/* parse.c: scripts from text: options, times, system calls, commands and code. Packets: parse_packet.c. */
#include "tcp/script/script.h"

#include <mailsim/packet.h>

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32

/* ---- memory and errors ---- */

void *script_alloc(struct script *script, size_t size_bytes)
{
  /* blocks are aligned for any type: the header is as large as the largest alignment */
  union head {
    struct script_block block;
    long double aligned;
  } *head = calloc(1, sizeof *head + size_bytes);

  if (head == NULL) {
    fprintf(stderr, "out of memory\n");
    exit(1);
  }
  head->block.next = script->blocks;
  script->blocks = &head->block;
  return head + 1;
}

const char *script_copy(struct script *script, const char *text, size_t size_bytes)
{
  char *copy = script_alloc(script, size_bytes + 1);

  memcpy(copy, text, size_bytes);
  return copy;
}

void script_free(struct script *script)
{
  struct script_block *block, *next;

  for (block = script->blocks; block != NULL; block = next) {
    next = block->next;
    free(block);
  }
  script->blocks = NULL;
}

bool script_fail(struct script *script, unsigned line, unsigned column, const char *format, ...)
{
  va_list args;
  int used;

  if (script->error[0] != '\0')
    return false;
  used = snprintf(script->error, sizeof script->error, "%s:%u:%u: ", script->path, line, column);
  if (used < 0 || (size_t)used >= sizeof script->error)
    return false;
  va_start(args, format);
  vsnprintf(script->error + used, sizeof script->error - (size_t)used, format, args);
  va_end(args);
  return false;
}

/* ---- tokens ---- */

bool parser_take(struct parser *p)
{
  p->taken_end = p->token.end;
  return lexer_next(&p->lexer, &p->token);
}

bool parser_is_sign(const struct parser *p, char sign)
{
  return p->token.kind == TOKEN_SIGN && p->token.sign == sign;
}

bool parser_is_word(const struct parser *p, const char *word)
{
  return p->token.kind == TOKEN_WORD && strcmp(p->token.text, word) == 0;
}

bool parser_wanted(struct parser *p, const char *what)
{
  return script_fail(p->lexer.script, p->token.line, p->token.column, "expected %s, found \"%s\"", what, p->token.text);
}

bool parser_expect_sign(struct parser *p, char sign, const char *where)
{
  char what[80];

  if (parser_is_sign(p, sign))
    return parser_take(p);
  snprintf(what, sizeof what, "'%c' %s", sign, where);
  return parser_wanted(p, what);
}

bool parser_number(struct parser *p, int64_t min, int64_t max, const char *what, int64_t *out)
{
  if (p->token.kind != TOKEN_INTEGER && p->token.kind != TOKEN_HEX)
    return parser_wanted(p, what);
  if (p->token.number < min || p->token.number > max)
    return script_fail(p->lexer.script, p->token.line, p->token.column, "%s: %lld is not in %lld .. %lld", what,
                       (long long)p->token.number, (long long)min, (long long)max);
  *out = p->token.number;
  return parser_take(p);
}

/* ---- times ---- */

/* "12", "1.25", ".1" to nanoseconds, exactly as written */
static bool parse_time(struct parser *p, msim_ns *out)
{
  const char *text = p->token.text;
  uint64_t whole = 0, part = 0;
  unsigned places = 0;

  if (p->token.kind != TOKEN_INTEGER && p->token.kind != TOKEN_FLOAT)
    return parser_wanted(p, "a time in seconds");
  if (*text == '-')
    return script_fail(p->lexer.script, p->token.line, p->token.column, "a time cannot be negative");
  for (; isdigit((unsigned char)*text); text++) {
    whole = whole * 10 + (uint64_t)(*text - '0');
    if (whole > 1000000000u)
      return script_fail(p->lexer.script, p->token.line, p->token.column, "the time is too late");
  }
  if (*text == '.')
    text++;
  for (; isdigit((unsigned char)*text) && places < 9; text++, places++)
    part = part * 10 + (uint64_t)(*text - '0');
  for (; places < 9; places++)
    part *= 10;
  *out = MSIM_SEC(whole) + part;
  return parser_take(p);
}

static bool parse_event_time(struct parser *p, struct event *event)
{
  bool relative = false;

  if (parser_is_sign(p, '*')) {
    event->time = TIME_ANY;
    return parser_take(p);
  }
  if (parser_is_sign(p, '+')) {
    relative = true;
    if (!parser_take(p))
      return false;
  }
  if (!parse_time(p, &event->at_ns))
    return false;
  event->time = relative ? TIME_RELATIVE : TIME_ABSOLUTE;
  event->end_ns = event->at_ns;
  if (!parser_is_sign(p, '~'))
    return true;
  event->time = relative ? TIME_RELATIVE_RANGE : TIME_RANGE;
  if (!parser_take(p) || (parser_is_sign(p, '+') && !parser_take(p)) || !parse_time(p, &event->end_ns))
    return false;
  if (event->end_ns < event->at_ns)
    return script_fail(p->lexer.script, event->line, event->column, "the time range ends before it begins");
  return true;
}

/* ---- expressions ---- */

static bool parse_expr(struct parser *p, struct expr **out, unsigned depth);

static struct expr *new_expr(struct parser *p, enum expr_kind kind)
{
  struct expr *expr = script_alloc(p->lexer.script, sizeof *expr);

  expr->kind = kind;
  expr->line = p->token.line;
  expr->column = p->token.column;
  expr->number = p->token.number;
  expr->text = p->token.text;
  expr->text_bytes = p->token.text_bytes;
  return expr;
}

static bool parse_items(struct parser *p, char end, struct expr **out, unsigned depth)
{
  struct expr **tail = out;

  if (parser_is_sign(p, end))
    return parser_take(p);
  for (;;) {
    if (!parse_expr(p, tail, depth + 1))
      return false;
    tail = &(*tail)->next;
    if (!parser_is_sign(p, ','))
      return parser_expect_sign(p, end, "at the end of the list");
    if (!parser_take(p))
      return false;
  }
}

/* "ab" "cd" is one string, and "ab"... is a string that is not looked at */
static bool parse_string(struct parser *p, struct expr *expr)
{
  if (!parser_take(p))
    return false;
  while (p->token.kind == TOKEN_STRING) {
    char *both = script_alloc(p->lexer.script, expr->text_bytes + p->token.text_bytes + 1);

    memcpy(both, expr->text, expr->text_bytes);
    memcpy(both + expr->text_bytes, p->token.text, p->token.text_bytes);
    expr->text = both;
    expr->text_bytes += p->token.text_bytes;
    if (!parser_take(p))
      return false;
  }
  return p->token.kind != TOKEN_ELLIPSIS || parser_take(p);
}

static bool parse_primary(struct parser *p, struct expr **out, unsigned depth)
{
  if (depth > DEPTH_MAX)
    return script_fail(p->lexer.script, p->token.line, p->token.column, "nested too deeply");
  switch (p->token.kind) {
  case TOKEN_ELLIPSIS:
    *out = new_expr(p, EXPR_ELLIPSIS);
    return parser_take(p);
  case TOKEN_INTEGER:
  case TOKEN_HEX:
    *out = new_expr(p, EXPR_NUMBER);
    return parser_take(p);
  case TOKEN_STRING:
    *out = new_expr(p, EXPR_STRING);
    return parse_string(p, *out);
  case TOKEN_WORD:
    *out = new_expr(p, EXPR_WORD);
    if (!parser_take(p))
      return false;
    if (!parser_is_sign(p, '('))
      return true;
    (*out)->kind = EXPR_CALL;
    return parser_take(p) && parse_items(p, ')', &(*out)->items, depth);
  default:
    break;
  }
  if (parser_is_sign(p, '[') || parser_is_sign(p, '{')) {
    char end = p->token.sign == '[' ? ']' : '}';

    *out = new_expr(p, EXPR_LIST);
    return parser_take(p) && parse_items(p, end, &(*out)->items, depth);
  }
  return parser_wanted(p, "a value");
}

static bool parse_expr(struct parser *p, struct expr **out, unsigned depth)
{
  if (!parse_primary(p, out, depth))
    return false;
  while (parser_is_sign(p, '|') || (parser_is_sign(p, '=') && (*out)->kind != EXPR_NUMBER)) {
    struct expr *both = new_expr(p, p->token.sign == '|' ? EXPR_OR : EXPR_ASSIGN);

    both->first = *out;
    if (!parser_take(p))
      return false;
    /* '=' binds less than '|': all of what follows is its value */
    if (!(both->kind == EXPR_OR ? parse_primary(p, &both->second, depth + 1) : parse_expr(p, &both->second, depth + 1)))
      return false;
    *out = both;
  }
  return true;
}

/* ---- events ---- */

/* (Operation now in progress) */
static bool skip_note(struct parser *p)
{
  if (!parser_is_sign(p, '('))
    return true;
  while (!parser_is_sign(p, ')')) {
    if (p->token.kind == TOKEN_END)
      return parser_wanted(p, "')' at the end of the note");
    if (!parser_take(p))
      return false;
  }
  return parser_take(p);
}

static bool parse_call(struct parser *p, struct call_spec *call)
{
  if (p->token.kind == TOKEN_ELLIPSIS) {
    call->blocks = true;
    if (!parser_take(p) || !parse_time(p, &call->end_ns))
      return false;
  }
  if (p->token.kind != TOKEN_WORD)
    return parser_wanted(p, "'<', '>', a system call, `command` or %{ code }%");
  call->name = p->token.text;
  if (!parser_take(p) || !parser_expect_sign(p, '(', "behind the name of the call"))
    return false;
  if (!parse_items(p, ')', &call->arguments, 0) || !parser_expect_sign(p, '=', "and the result of the call"))
    return false;
  if (!parse_expr(p, &call->result, 0))
    return false;
  if (p->token.kind == TOKEN_WORD) {
    call->errno_name = p->token.text;
    if (!parser_take(p))
      return false;
  }
  return skip_note(p);
}

static bool parse_action(struct parser *p, struct event *event)
{
  struct script *script = p->lexer.script;

  if (p->token.kind == TOKEN_BACKQUOTE || p->token.kind == TOKEN_CODE) {
    event->kind = p->token.kind == TOKEN_CODE ? EVENT_CODE : EVENT_COMMAND;
    event->u.text = p->token.text;
    return parser_take(p);
  }
  if (parser_is_sign(p, '<') || parser_is_sign(p, '>')) {
    event->kind = EVENT_PACKET;
    event->u.packet = script_alloc(script, sizeof *event->u.packet);
    return parse_packet(p, event->u.packet);
  }
  event->kind = EVENT_CALL;
  event->u.call = script_alloc(script, sizeof *event->u.call);
  return parse_call(p, event->u.call);
}

static bool parse_event(struct parser *p, struct event **out)
{
  struct script *script = p->lexer.script;
  struct event *event = script_alloc(script, sizeof *event);
  size_t begin;

  event->line = p->token.line;
  event->column = p->token.column;
  *out = event;
  if (!parse_event_time(p, event))
    return false;
  begin = p->token.begin;
  if (!parse_action(p, event))
    return false;
  event->source = script_copy(script, p->lexer.source + begin, p->taken_end - begin);
  if (event->time != TIME_ABSOLUTE && event->time != TIME_RELATIVE &&
      (event->kind != EVENT_PACKET || event->u.packet->inbound))
    return script_fail(script, event->line, event->column, "'*' and '~' are for packets that are waited for ('>')");
  return true;
}

/* --name, --name=value, --name=word=value */
static bool parse_option(struct parser *p, struct script_option **out)
{
  struct script *script = p->lexer.script;
  struct script_option *option = script_alloc(script, sizeof *option);
  size_t begin;

  *out = option;
  option->name = p->token.text;
  option->value = "";
  if (!parser_take(p))
    return false;
  if (!parser_is_sign(p, '='))
    return true;
  if (!parser_take(p))
    return false;
  begin = p->token.begin;
  if (p->token.kind == TOKEN_SIGN || p->token.kind == TOKEN_END)
    return parser_wanted(p, "the value of the option");
  if (!parser_take(p))
    return false;
  if (parser_is_sign(p, '=') && (!parser_take(p) || !parser_take(p)))
    return false;
  option->value = script_copy(script, p->lexer.source + begin, p->taken_end - begin);
  return true;
}

static bool parse_script(struct parser *p)
{
  struct script *script = p->lexer.script;
  struct script_option **option = &script->options;
  struct event **event = &script->events;

  for (; p->token.kind == TOKEN_OPTION; option = &(*option)->next) {
    if (!parse_option(p, option))
      return false;
  }
  if (p->token.kind == TOKEN_BACKQUOTE) {
    script->before = p->token.text;
    if (!parser_take(p))
      return false;
  }
  for (; p->token.kind != TOKEN_END && p->token.kind != TOKEN_BACKQUOTE; event = &(*event)->next) {
    if (!parse_event(p, event))
      return false;
  }
  if (p->token.kind == TOKEN_BACKQUOTE) {
    script->after = p->token.text;
    if (!parser_take(p))
      return false;
  }
  if (p->token.kind != TOKEN_END)
    return parser_wanted(p, "a time, or the end of the file");
  if (script->events == NULL)
    return parser_wanted(p, "an event");
  return true;
}

bool script_read(struct script *script, const char *path, const char *text, size_t size_bytes)
{
  struct parser p;

  memset(script, 0, sizeof *script);
  memset(&p, 0, sizeof p);
  script->path = path;
  p.lexer.script = script;
  p.lexer.source = script_copy(script, text, size_bytes);
  p.lexer.size = size_bytes;
  p.lexer.line = p.lexer.column = 1;
  return parser_take(&p) && parse_script(&p);
}
