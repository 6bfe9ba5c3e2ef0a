/* yaml_syntax.c: see yaml_syntax.h. The left column of the table is what libyaml 0.2 says; an unknown sentence of a
 * later libyaml is passed on as it is. */
#include "text/yaml_syntax.h"
#include "text/diag.h"
#include "text/escape.h"
#include "text/utf8.h"

#include <string.h>

/* YAML 1.1 section 5.1, which is also what libyaml accepts. */
static bool allowed(uint32_t code)
{
  if (code < 0x20)
    return code == '\t' || code == '\n' || code == '\r';
  if (code >= 0x7f && code < 0xa0)
    return code == 0x85;
  return code != 0xfeff && code != 0xfffe && code != 0xffff;
}

static int refuse_code(uint32_t code, const char *file, unsigned line, unsigned column, struct msim_diag *diag)
{
  if (code == 0)
    msim__diag_set(diag, file, line, column, "there is a zero byte here; a YAML file is text");
  else
    msim__diag_set(diag, file, line, column,
                   "the character U+%04X cannot stand in a YAML file; write \"\\u%04X\" in double quotes",
                   (unsigned)code, (unsigned)code);
  return MSIM_ERR_SYNTAX;
}

int msim__yaml_check_bytes(struct msim_slice *text, const char *file, struct msim_diag *diag)
{
  const uint8_t *data = text->data;
  size_t at, length;
  unsigned line = 1, column = 1;
  uint32_t code = 0;

  if (text->size_bytes >= 2 && ((data[0] == 0xff && data[1] == 0xfe) || (data[0] == 0xfe && data[1] == 0xff))) {
    msim__diag_set(diag, file, 1, 1, "this file is in UTF-16; save it as UTF-8");
    return MSIM_ERR_SYNTAX;
  }
  if (text->size_bytes >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
    text->data = data += 3;
    text->size_bytes -= 3;
  }
  for (at = 0; at < text->size_bytes; at += length) {
    length = msim__utf8_next(data + at, text->size_bytes - at, &code);
    if (length == 0) {
      msim__diag_set(diag, file, line, column, "the byte 0x%02x here is not UTF-8; save the file as UTF-8",
                     (unsigned)data[at]);
      return MSIM_ERR_SYNTAX;
    }
    if (!allowed(code))
      return refuse_code(code, file, line, column, diag);
    if (code == '\n') {
      line++;
      column = 1;
    } else {
      column++;
    }
  }
  return 0;
}

/* What follows the sentence: the place where that which is wrong began. */
enum began { BEGAN_NOWHERE, BEGAN_AT_CONTEXT };

struct explanation {
  const char *problem, *sentence;
  enum began began;
};

static const struct explanation explanations[] = {
    {"did not find expected key", "a key of the same map, in the same column, is expected here", BEGAN_AT_CONTEXT},
    {"did not find expected '-' indicator", "another '-' of the same list, in the same column, is expected here",
     BEGAN_AT_CONTEXT},
    {"did not find expected ',' or ']'", "',' or ']' is expected here", BEGAN_AT_CONTEXT},
    {"did not find expected ',' or '}'", "',' or '}' is expected here", BEGAN_AT_CONTEXT},
    {"did not find expected node content", "a value is expected here", BEGAN_NOWHERE},
    {"did not find expected <document start>", "the file goes on behind its end; is the indentation right?",
     BEGAN_NOWHERE},
    {"could not find expected ':'", "a key must be followed by ':' on the same line", BEGAN_AT_CONTEXT},
    {"found unexpected ':'", "a text without quotes cannot hold ':' here; put it in quotes", BEGAN_NOWHERE},
    {"mapping values are not allowed in this context",
     "this ':' makes no key here; check the indentation, or put the text in quotes", BEGAN_NOWHERE},
    {"mapping keys are not allowed in this context", "a key cannot begin here", BEGAN_NOWHERE},
    {"block sequence entries are not allowed in this context", "a list with '-' cannot begin here; begin a new line",
     BEGAN_NOWHERE},
    {"found unexpected end of stream", "the file ends inside a text in quotes", BEGAN_AT_CONTEXT},
    {"found unexpected document indicator", "--- or ... at the left edge ends the file inside a text in quotes",
     BEGAN_AT_CONTEXT},
    {"found unknown escape character", "there is no such escape in double quotes; write \\\\ for a backslash",
     BEGAN_NOWHERE},
    {"did not find expected hexdecimal number", "hexadecimal digits are expected in this escape", BEGAN_NOWHERE},
    {"found invalid Unicode character escape code", "there is no character of this number", BEGAN_NOWHERE},
    {"found a tab character where an indentation space is expected", "indentation is made of spaces, not of tabs",
     BEGAN_NOWHERE},
    {"found a tab character that violates indentation", "indentation is made of spaces, not of tabs", BEGAN_NOWHERE},
    {"found an indentation indicator equal to 0", "a block text cannot be indented by 0", BEGAN_NOWHERE},
    {"did not find expected comment or line break", "the line must end here; a comment begins with ' #'",
     BEGAN_NOWHERE},
    {"did not find expected alphabetic or numeric character",
     "the name of an anchor (&) or alias (*) is made of letters and digits; put other text in quotes", BEGAN_NOWHERE},
    {"found undefined tag handle", "the tag here has a prefix that is not known", BEGAN_NOWHERE},
    {"found incompatible YAML document", "this is YAML of another version than 1.1 or 1.2", BEGAN_NOWHERE},
    {"found unknown directive name", "there is no such directive; '%' cannot begin a line", BEGAN_NOWHERE},
    {"found duplicate %YAML directive", "%YAML stands here a second time", BEGAN_NOWHERE},
};

/* The bytes of the character at the parser's mark, whose index counts characters. */
static struct msim_slice char_at(struct msim_slice text, size_t index)
{
  struct msim_slice one = {NULL, 0};
  uint32_t code;
  size_t at = 0, length;

  while (at < text.size_bytes) {
    length = msim__utf8_next(text.data + at, text.size_bytes - at, &code);
    if (length == 0)
      return one;
    if (index == 0) {
      one.data = text.data + at;
      one.size_bytes = length;
      return one;
    }
    index--;
    at += length;
  }
  return one;
}

static void explain_start(struct msim_slice one, const char *file, unsigned line, unsigned column,
                          struct msim_diag *diag)
{
  char shown[16];

  if (one.size_bytes == 1 && one.data[0] == '\t') {
    msim__diag_set(diag, file, line, column, "indentation is made of spaces, not of tabs");
    return;
  }
  (void)msim__escape_short(shown, sizeof(shown), one);
  msim__diag_set(diag, file, line, column, "text cannot begin with '%s'; put it in quotes", shown);
}

void msim__yaml_explain(const yaml_parser_t *parser, struct msim_slice text, const char *file, struct msim_diag *diag)
{
  const char *problem = parser->problem != NULL ? parser->problem : "unreadable";
  unsigned line = (unsigned)parser->problem_mark.line + 1, column = (unsigned)parser->problem_mark.column + 1;
  const char *sentence = NULL;
  size_t i;

  if (strcmp(problem, "found character that cannot start any token") == 0) {
    explain_start(char_at(text, parser->problem_mark.index), file, line, column, diag);
    return;
  }
  for (i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++) {
    sentence = explanations[i].sentence;
    if (strcmp(problem, explanations[i].problem) == 0)
      break;
    sentence = NULL;
  }
  if (sentence == NULL)
    msim__diag_set(diag, file, line, column, "this is not YAML: %s", problem);
  else if (explanations[i].began == BEGAN_AT_CONTEXT && parser->context != NULL)
    msim__diag_set(diag, file, line, column, "%s; it began in line %u, column %u", sentence,
                   (unsigned)parser->context_mark.line + 1, (unsigned)parser->context_mark.column + 1);
  else
    msim__diag_set(diag, file, line, column, "%s", sentence);
}
