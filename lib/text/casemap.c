/* casemap.c: keys for putting text into order; see casemap.h. */
#include "text/casemap.h"

#include "text/casemap_table.h"
#include "text/utf8.h"

#define ROWS (sizeof msim__casemap_rows / sizeof msim__casemap_rows[0])

/* NULL: it stays as it is. */
static const struct msim__casemap_row *find_row(uint32_t code)
{
  size_t low = 0, high = ROWS;

  while (low < high) {
    size_t middle = low + (high - low) / 2;

    if (msim__casemap_rows[middle].code < code)
      low = middle + 1;
    else
      high = middle;
  }
  return low < ROWS && msim__casemap_rows[low].code == code ? &msim__casemap_rows[low] : NULL;
}

/* Of the basic plane. */
static void put_utf8(struct msim__buf *out, uint32_t code)
{
  if (code < 0x80) {
    msim__buf_append_byte(out, (char)code);
  } else if (code < 0x800) {
    msim__buf_append_byte(out, (char)(0xc0 | code >> 6));
    msim__buf_append_byte(out, (char)(0x80 | (code & 0x3f)));
  } else {
    msim__buf_append_byte(out, (char)(0xe0 | code >> 12));
    msim__buf_append_byte(out, (char)(0x80 | (code >> 6 & 0x3f)));
    msim__buf_append_byte(out, (char)(0x80 | (code & 0x3f)));
  }
}

int msim__casemap_append(struct msim__buf *out, const uint8_t *text, size_t size_bytes)
{
  size_t i, n, k;

  for (i = 0; i < size_bytes; i += n) {
    const struct msim__casemap_row *row;
    uint32_t code = 0;

    if (text[i] < 0x80) {
      n = 1;
      msim__buf_append_byte(out, (char)(text[i] >= 'a' && text[i] <= 'z' ? text[i] - ('a' - 'A') : text[i]));
      continue;
    }
    n = msim__utf8_next(text + i, size_bytes - i, &code);
    row = n > 0 ? find_row(code) : NULL;
    n = n > 0 ? n : 1;
    if (row == NULL)
      msim__buf_append(out, text + i, n);
    for (k = 0; row != NULL && k < 3 && row->to[k] != 0; k++)
      put_utf8(out, row->to[k]);
  }
  return out->err;
}
