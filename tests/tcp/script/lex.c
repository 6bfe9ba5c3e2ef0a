/* lex.c: tokens of the notation. Does not know which of them may follow which. */
#include "tcp/script/script.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static int peek(const struct lexer *l, size_t ahead)
{
  return l->at + ahead < l->size ? (unsigned char)l->source[l->at + ahead] : -1;
}

static void skip(struct lexer *l, size_t count)
{
  while (count-- > 0 && l->at < l->size) {
    if (l->source[l->at++] == '\n') {
      l->line++;
      l->column = 1;
    } else {
      l->column++;
    }
  }
}

/* What begins with two signs here, up to its end. */
static bool skip_until(struct lexer *l, const char *end, const char *what)
{
  unsigned line = l->line, column = l->column;
  size_t size = strlen(end);

  skip(l, 2);
  while (l->at + size <= l->size && memcmp(l->source + l->at, end, size) != 0)
    skip(l, 1);
  if (l->at + size > l->size)
    return script_fail(l->script, line, column, "%s has no end: \"%s\" is missing", what, end);
  skip(l, size);
  return true;
}

static bool skip_blanks(struct lexer *l)
{
  for (;;) {
    int c = peek(l, 0);

    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      skip(l, 1);
    } else if (c == '/' && peek(l, 1) == '/') {
      while (peek(l, 0) >= 0 && peek(l, 0) != '\n')
        skip(l, 1);
    } else if (c == '/' && peek(l, 1) == '*') {
      if (!skip_until(l, "*/", "a comment"))
        return false;
    } else {
      return true;
    }
  }
}

static bool is_word(int c)
{
  return c >= 0 && (isalnum(c) || c == '_');
}

static size_t digits(const struct lexer *l, size_t ahead)
{
  size_t count = 0;

  while (peek(l, ahead + count) >= 0 && isdigit(peek(l, ahead + count)))
    count++;
  return count;
}

/* 192.0.2.1 where one stands, else 0 */
static size_t address(const struct lexer *l)
{
  size_t at = 0;
  unsigned part;

  for (part = 0; part < 4; part++) {
    size_t count;

    if (part > 0 && peek(l, at++) != '.')
      return 0;
    count = digits(l, at);
    if (count == 0)
      return 0;
    at += count;
  }
  return at;
}

static void give(struct lexer *l, struct token *out, enum token_kind kind, size_t size)
{
  out->kind = kind;
  out->text = script_copy(l->script, l->source + l->at, size);
  out->text_bytes = size;
  skip(l, size);
}

static bool number(struct lexer *l, struct token *out)
{
  size_t sign = peek(l, 0) == '-' ? 1 : 0, whole = digits(l, sign), size = sign + whole;

  if (peek(l, size) == '.' && peek(l, size + 1) >= 0 && isdigit(peek(l, size + 1))) {
    size += 1 + digits(l, size + 1);
    give(l, out, TOKEN_FLOAT, size);
    return true;
  }
  if (whole > 18)
    return script_fail(l->script, l->line, l->column, "the number is too large");
  give(l, out, TOKEN_INTEGER, size);
  out->number = strtoll(out->text, NULL, 10);
  return true;
}

static bool word(struct lexer *l, struct token *out)
{
  size_t size = 0, i;

  while (is_word(peek(l, size)))
    size++;
  if (size > 2 && peek(l, 0) == '0' && peek(l, 1) == 'x') {
    for (i = 2; i < size && isxdigit(peek(l, i)); i++)
      ;
    if (i == size && size <= 17) {
      give(l, out, TOKEN_HEX, size);
      out->number = (int64_t)strtoull(out->text + 2, NULL, 16);
      return true;
    }
  }
  give(l, out, TOKEN_WORD, size);
  return true;
}

/* Between quotes; \n and the like become one byte in strings, and stay as they are in commands. */
static bool quoted(struct lexer *l, struct token *out, char quote)
{
  unsigned line = l->line, column = l->column;
  char *text = script_alloc(l->script, l->size - l->at + 1);
  size_t size = 0;

  skip(l, 1);
  while (peek(l, 0) >= 0 && peek(l, 0) != quote) {
    if (peek(l, 0) == '\\' && peek(l, 1) >= 0) {
      if (quote == '"') {
        static const char from[] = "nrt0", to[] = "\n\r\t";
        const char *at = strchr(from, peek(l, 1));

        text[size++] = at != NULL ? to[at - from] : (char)peek(l, 1);
        skip(l, 2);
        continue;
      }
      text[size++] = l->source[l->at];
      skip(l, 1);
    }
    text[size++] = l->source[l->at];
    skip(l, 1);
  }
  if (peek(l, 0) < 0)
    return script_fail(l->script, line, column, "what begins with %c here has no end", quote);
  skip(l, 1);
  out->kind = quote == '"' ? TOKEN_STRING : TOKEN_BACKQUOTE;
  out->text = text;
  out->text_bytes = size;
  return true;
}

static bool code(struct lexer *l, struct token *out)
{
  size_t begin = l->at + 2;

  if (!skip_until(l, "}%", "code"))
    return false;
  out->kind = TOKEN_CODE;
  out->text_bytes = l->at - 2 - begin;
  out->text = script_copy(l->script, l->source + begin, out->text_bytes);
  return true;
}

static bool token_of(struct lexer *l, struct token *out)
{
  int c = peek(l, 0), next = peek(l, 1);
  size_t size;

  if (c < 0) {
    out->kind = TOKEN_END;
    out->text = "the end of the file";
    return true;
  }
  if (c == '.' && next == '.' && peek(l, 2) == '.') {
    give(l, out, TOKEN_ELLIPSIS, 3);
    return true;
  }
  if (c == '-' && next == '-' && is_word(peek(l, 2))) {
    skip(l, 2);
    for (size = 0; is_word(peek(l, size)); size++)
      ;
    give(l, out, TOKEN_OPTION, size);
    return true;
  }
  if (c == '%' && next == '{')
    return code(l, out);
  if (c == '"' || c == '`')
    return quoted(l, out, (char)c);
  size = address(l);
  if (size > 0) {
    give(l, out, TOKEN_ADDRESS, size);
    return true;
  }
  if (is_word(c)) {
    for (size = digits(l, 0); size > 0 && is_word(peek(l, size)); size++)
      ;
    return size == digits(l, 0) && size > 0 ? number(l, out) : word(l, out);
  }
  if ((c == '-' || c == '.') && next >= 0 && (isdigit(next) || (c == '-' && next == '.')))
    return number(l, out);
  out->sign = (char)c;
  give(l, out, TOKEN_SIGN, 1);
  return true;
}

bool lexer_next(struct lexer *l, struct token *out)
{
  memset(out, 0, sizeof *out);
  if (!skip_blanks(l))
    return false;
  out->line = l->line;
  out->column = l->column;
  out->begin = l->at;
  if (!token_of(l, out))
    return false;
  out->end = l->at;
  return true;
}
