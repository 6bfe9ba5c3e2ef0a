/* line.c: finds one line that ends in CRLF at the start of borrowed bytes that may be incomplete.
 *
 * Does not copy, and does not look at what the line says. */
#include "proto/line.h"
#include "proto/ascii.h"

static int refuse(struct msim__line *out, enum msim__line_flaw flaw)
{
  out->flaw = flaw;
  return flaw == MSIM__LINE_TOO_LONG ? MSIM_ERR_LIMIT : MSIM_ERR_SYNTAX;
}

int msim__line_find(struct msim__line_scan *scan, struct msim_slice input, size_t line_bytes_max,
                    struct msim__line *out)
{
  size_t end = input.size_bytes < line_bytes_max ? input.size_bytes : line_bytes_max;
  size_t at;

  out->text = msim__slice_part(input, 0, 0);
  out->consumed_bytes = 0;
  out->flaw = MSIM__LINE_FINE;
  for (at = scan->scanned_bytes; at < end; at++) {
    scan->scanned_bytes = at;
    switch (input.data[at]) {
    case '\0':
      return refuse(out, MSIM__LINE_NUL);
    case '\n':
      return refuse(out, MSIM__LINE_BARE_LF);
    case '\r':
      if (at + 1 == end)
        return end == line_bytes_max ? refuse(out, MSIM__LINE_TOO_LONG) : 0;
      if (input.data[at + 1] != '\n')
        return refuse(out, MSIM__LINE_BARE_CR);
      out->text = msim__slice_part(input, 0, at);
      out->consumed_bytes = at + 2;
      scan->scanned_bytes = 0;
      return 1;
    default:
      break;
    }
  }
  scan->scanned_bytes = end;
  return end == line_bytes_max ? refuse(out, MSIM__LINE_TOO_LONG) : 0;
}

int msim__line_skip(struct msim__line_scan *scan, struct msim_slice input, size_t *consumed_bytes)
{
  size_t at = scan->scanned_bytes;

  scan->scanned_bytes = 0;
  for (; at + 1 < input.size_bytes; at++)
    if (input.data[at] == '\r' && input.data[at + 1] == '\n') {
      *consumed_bytes = at + 2;
      return 1;
    }
  *consumed_bytes = input.size_bytes;
  if (input.size_bytes > 0 && input.data[input.size_bytes - 1] == '\r')
    *consumed_bytes -= 1; /* its LF may be the next byte to come */
  return 0;
}
