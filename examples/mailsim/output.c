/* output.c: writing to people and programs. Does not know what is written. */
#define _POSIX_C_SOURCE 200809L
#define _DEFAULT_SOURCE /* TIOCGWINSZ */
#include "command.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

void output_init(struct output *output, FILE *file)
{
  const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

  output->file = file;
  output->color =
      isatty(fileno(file)) && (no_color == NULL || *no_color == '\0') && term != NULL && strcmp(term, "dumb") != 0;
}

void output_style(const struct output *output, enum style style)
{
  static const char *const codes[] = {"0", "1", "32", "31", "2"};

  if (output->color)
    fprintf(output->file, "\033[%sm", codes[style]);
}

/* How many bytes the character at text has; 0 when it is not valid UTF-8 (RFC 3629). */
static size_t character_bytes(const unsigned char *text)
{
  size_t count = text[0] < 0x80   ? 1
                 : text[0] < 0xc2 ? 0
                 : text[0] < 0xe0 ? 2
                 : text[0] < 0xf0 ? 3
                 : text[0] < 0xf5 ? 4
                                  : 0;
  size_t i;

  for (i = 1; i < count; i++)
    if ((text[i] & 0xc0) != 0x80)
      return 0;
  if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] >= 0xa0) ||
      (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] >= 0x90))
    return 0;
  return count;
}

void output_text_part(FILE *file, const char *text, size_t size_bytes)
{
  const unsigned char *at = (const unsigned char *)text, *end = at + size_bytes;

  while (at < end) {
    size_t count = character_bytes(at), i;
    bool is_shown = count > 1 ? at[0] != 0xc2 || at[1] >= 0xa0 : count == 1 && *at >= 0x20 && *at != 0x7f;

    for (i = 0; i < (count > 0 ? count : 1); i++)
      if (is_shown)
        putc(at[i], file);
      else
        fprintf(file, "\\x%02x", at[i]);
    at += i;
  }
}

void output_text(FILE *file, const char *text)
{
  output_text_part(file, text, strlen(text));
}

void output_seconds(FILE *file, msim_ns at_ns)
{
  fprintf(file, "%" PRIu64 ".%06" PRIu64, at_ns / 1000000000u, at_ns % 1000000000u / 1000u);
}

/* Columns of a character of so many bytes, 0: of a byte that is none. */
static unsigned character_columns(const unsigned char *at, size_t count)
{
  if (count <= 1)
    return count == 0 || *at < 0x20 || *at == 0x7f ? 4 : 1; /* \xNN */
  if (count == 2)
    return at[0] == 0xc2 && at[1] < 0xa0 ? 8 : 1;
  if (at[0] == 0xe2 && at[1] < 0xba) /* U+2000 to U+2E7F: punctuation, arrows, boxes */
    return 1;
  return at[0] > 0xe1 || (at[0] == 0xe1 && at[1] >= 0x84 && at[1] < 0x86) ? 2 : 1; /* U+1100 on: Hangul and behind */
}

size_t output_fit(const char *text, unsigned columns, unsigned *used)
{
  const unsigned char *at = (const unsigned char *)text;
  unsigned total = 0;

  while (*at != '\0') {
    size_t count = character_bytes(at);
    unsigned width = character_columns(at, count);

    if (width > columns - total)
      break;
    total += width;
    at += count > 0 ? count : 1;
  }
  *used = total;
  return (size_t)(at - (const unsigned char *)text);
}

unsigned output_columns(FILE *file)
{
  const char *columns = getenv("COLUMNS");
  struct winsize size;
  uint64_t width = 0;

  if (columns != NULL && parse_count(columns, &width) && width > 0)
    return width < 10000 ? (unsigned)width : 10000;
  if (isatty(fileno(file)) && ioctl(fileno(file), TIOCGWINSZ, &size) == 0)
    return size.ws_col;
  return 0;
}

void output_json_text(FILE *file, const char *text)
{
  const unsigned char *at = (const unsigned char *)text;
  size_t count;

  putc('"', file);
  for (; *at != '\0'; at += count > 0 ? count : 1) {
    count = character_bytes(at);
    if (count == 0)
      fputs("\\ufffd", file);
    else if (*at == '"' || *at == '\\')
      fprintf(file, "\\%c", *at);
    else if (*at < 0x20 || *at == 0x7f)
      fprintf(file, "\\u%04x", *at);
    else
      fwrite(at, 1, count, file);
  }
  putc('"', file);
}

void complain(const char *format, ...)
{
  char text[1024];
  va_list args;

  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fputs("mailsim: ", stderr);
  output_text(stderr, text);
  putc('\n', stderr);
}

void print_finding(void *user, const struct msim_diag *diag)
{
  ++*(unsigned *)user;
  output_text(stderr, diag->file != NULL ? diag->file : "?");
  if (diag->line > 0)
    fprintf(stderr, ":%u", diag->line);
  if (diag->line > 0 && diag->column > 0)
    fprintf(stderr, ":%u", diag->column);
  fputs(": ", stderr);
  output_text(stderr, diag->text);
  putc('\n', stderr);
}

int close_output(FILE *file, int code)
{
  if (fflush(file) == 0 && !ferror(file))
    return code;
  complain("the results cannot be written: %s", strerror(errno));
  return EXIT_UNUSABLE;
}
