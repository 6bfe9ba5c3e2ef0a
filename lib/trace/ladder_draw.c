/* ladder_draw.c: see ladder_draw.h. */
#include "trace/ladder_draw.h"

#include <string.h>

#include "text/utf8.h"
#include "text/width.h"

/* Pairs of what is drawn: with UTF-8 and without. */
static const char *const line_marks[] = {"\xe2\x94\x80", "-"}, *const data_marks[] = {"\xe2\x95\x90", "="},
                         *const life_marks[] = {"\xe2\x94\x82", "|"}, *const dot_marks[] = {"\xe2\x97\x8f", "*"},
                         *const ellipsis_marks[] = {"\xe2\x80\xa6", "."}, *const gap_marks[] = {"\xe2\x94\x8a", ":"};

static void put_mark(struct msim__ladder_canvas *canvas, unsigned at, const char *const marks[2])
{
  const char *mark = marks[canvas->ascii ? 1 : 0];
  struct msim__ladder_cell *cell;

  if (at >= canvas->width)
    return;
  cell = &canvas->cells[at];
  cell->size_bytes = (uint8_t)strlen(mark);
  memcpy(cell->bytes, mark, cell->size_bytes);
}

static void put_byte(struct msim__ladder_canvas *canvas, unsigned at, char byte)
{
  if (at >= canvas->width)
    return;
  canvas->cells[at].bytes[0] = byte;
  canvas->cells[at].size_bytes = 1;
}

void msim__ladder_clear(struct msim__ladder_canvas *canvas)
{
  unsigned i;

  for (i = 0; i < canvas->width; i++)
    put_byte(canvas, i, ' ');
}

/* One character of foreign text as it is shown: returns its length in the source and sets what to show. */
static size_t next_shown(const struct msim__ladder_canvas *canvas, const char *text, size_t size_bytes,
                         const char **shown, size_t *shown_bytes, unsigned *width)
{
  uint32_t code;
  size_t length = msim__utf8_next((const uint8_t *)text, size_bytes, &code);

  *shown = text;
  *shown_bytes = length;
  if (length == 0 || !msim__utf8_printable(code) || (canvas->ascii && code >= 0x80)) {
    *shown = length > 1 && canvas->ascii ? "?" : ".";
    *shown_bytes = 1;
    *width = 1;
    return length == 0 ? 1 : length;
  }
  *width = msim__char_width(code);
  return length;
}

unsigned msim__ladder_text_width(const struct msim__ladder_canvas *canvas, const char *text, unsigned limit)
{
  size_t left = strlen(text), length, shown_bytes;
  unsigned total = 0, width;
  const char *shown;

  while (left > 0 && total < limit) {
    length = next_shown(canvas, text, left, &shown, &shown_bytes, &width);
    text += length;
    left -= length;
    total += width;
  }
  return total < limit ? total : limit;
}

/* A mark that stands on the character in front of it; there may be too many of them. */
static void add_mark(struct msim__ladder_cell *cell, const char *shown, size_t shown_bytes)
{
  if (cell->size_bytes + shown_bytes > MSIM__LADDER_CELL_BYTES)
    return;
  memcpy(cell->bytes + cell->size_bytes, shown, shown_bytes);
  cell->size_bytes = (uint8_t)(cell->size_bytes + shown_bytes);
}

void msim__ladder_text(struct msim__ladder_canvas *canvas, unsigned at, unsigned limit, const char *text)
{
  size_t left = strlen(text), shown_bytes;
  unsigned begin = at, end, width, wide = 0;
  const char *shown;

  if (at >= canvas->width || limit == 0)
    return;
  end = limit < canvas->width - at ? at + limit : canvas->width;
  while (left > 0) {
    size_t length = next_shown(canvas, text, left, &shown, &shown_bytes, &width);

    if (at + width > end)
      break;
    if (width == 0 && at > begin) {
      add_mark(&canvas->cells[at - wide], shown, shown_bytes);
    } else if (width > 0) {
      memcpy(canvas->cells[at].bytes, shown, shown_bytes);
      canvas->cells[at].size_bytes = (uint8_t)shown_bytes;
      if (width == 2)
        canvas->cells[at + 1].size_bytes = 0;
      at += width;
      wide = width;
    }
    text += length;
    left -= length;
  }
  if (left == 0 || at == begin)
    return;
  if (at == end) { /* the last one makes room */
    at -= wide;
    if (wide == 2)
      put_byte(canvas, at + 1, ' ');
  }
  put_mark(canvas, at, ellipsis_marks);
}

void msim__ladder_lifeline(struct msim__ladder_canvas *canvas, unsigned at)
{
  put_mark(canvas, at, life_marks);
}

void msim__ladder_gap(struct msim__ladder_canvas *canvas, unsigned at)
{
  put_mark(canvas, at, gap_marks);
}

void msim__ladder_dot(struct msim__ladder_canvas *canvas, unsigned at, unsigned begin, unsigned end, const char *text)
{
  unsigned right = end > at + 2 ? end - at - 2 : 0, left = at > begin + 2 ? at - begin - 2 : 0;
  unsigned width = msim__ladder_text_width(canvas, text, canvas->width);

  put_mark(canvas, at, dot_marks);
  if (width <= right || right >= left)
    msim__ladder_text(canvas, at + 2, right, text);
  else if (width <= left)
    msim__ladder_text(canvas, at - 1 - width, width, text);
  else
    msim__ladder_text(canvas, begin + 1, left, text);
}

void msim__ladder_arrow(struct msim__ladder_canvas *canvas, unsigned from, unsigned to, enum msim__ladder_end end,
                        unsigned strokes, const char *text)
{
  bool rightwards = to > from;
  unsigned first = rightwards ? from + 1 : to + 1, last = rightwards ? to - 1 : from - 1, room, width, i;
  unsigned head;

  if (first > last || last >= canvas->width)
    return;
  if (end != MSIM__LADDER_ARRIVES) { /* it comes three quarters of the way */
    unsigned missing = (last - first) / 4;

    first += rightwards ? 0 : missing;
    last -= rightwards ? missing : 0;
  }
  head = rightwards ? last : first;
  for (i = first; i <= last; i++)
    put_mark(canvas, i, (strokes & MSIM__LADDER_DATA) != 0 ? data_marks : line_marks);
  if ((strokes & MSIM__LADDER_AGAIN) != 0)
    put_byte(canvas, rightwards ? first : last, '~');
  put_byte(canvas, head, end == MSIM__LADDER_LOST ? 'x' : end == MSIM__LADDER_OPEN ? '?' : rightwards ? '>' : '<');
  room = last - first + 1;
  if (room < 7)
    return;
  width = msim__ladder_text_width(canvas, text, room - 6);
  i = first + (room - width) / 2;
  put_byte(canvas, i - 1, ' ');
  msim__ladder_text(canvas, i, width, text);
  put_byte(canvas, i + width, ' ');
}

void msim__ladder_write(const struct msim__ladder_canvas *canvas, struct msim__buf *out)
{
  unsigned end = canvas->width, i;

  while (end > 0 && canvas->cells[end - 1].size_bytes == 1 && canvas->cells[end - 1].bytes[0] == ' ')
    end--;
  for (i = 0; i < end; i++) {
    if (canvas->style != NULL && i == canvas->style_from)
      (void)msim__buf_printf(out, "\033[%sm", canvas->style);
    if (canvas->style != NULL && i == canvas->style_to && i > canvas->style_from)
      (void)msim__buf_append_text(out, "\033[0m");
    (void)msim__buf_append(out, canvas->cells[i].bytes, canvas->cells[i].size_bytes);
  }
  if (canvas->style != NULL && end > canvas->style_from && end <= canvas->style_to)
    (void)msim__buf_append_text(out, "\033[0m");
  (void)msim__buf_append_byte(out, '\n');
}
