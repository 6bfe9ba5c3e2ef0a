/* diag.c: see diag.h. */
#include "text/diag.h"
#include "text/utf8.h"

#include <stdio.h>
#include <string.h>

void msim__diag_set_args(struct msim_diag *diag, const char *file, unsigned line, unsigned column, const char *format,
                         va_list args)
{
  int length;

  diag->file = file;
  diag->line = line;
  diag->column = column;
  length = vsnprintf(diag->text, sizeof(diag->text), format, args);
  if (length < 0)
    diag->text[0] = '\0';
  if (length >= (int)sizeof(diag->text)) {
    size_t total = sizeof(diag->text) - 1;
    size_t cut = msim__utf8_cut((const uint8_t *)diag->text, total, total - 3);

    memcpy(diag->text + cut, "...", 4);
  }
}

void msim__diag_set(struct msim_diag *diag, const char *file, unsigned line, unsigned column, const char *format, ...)
{
  va_list args;

  va_start(args, format);
  msim__diag_set_args(diag, file, line, column, format, args);
  va_end(args);
}
