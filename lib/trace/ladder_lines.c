/* ladder_lines.c: see ladder_lines.h. */
#include "trace/ladder_lines.h"

#include <string.h>

#include "text/decimal.h"
#include "text/units.h"

#define LEFT_COLUMNS 15u  /* time */
#define STEPS_COLUMNS 18u /* time, and numbers of steps in front of it */
#define NUMBER_COLUMNS 3u /* of a step; longer ones take what the time leaves */
#define TEXT_COLUMN 5u    /* of what is said about a step that is missing */
#define RIGHT_COLUMNS 17u /* fate */
#define GAP_COLUMNS 22u   /* between lifelines, at least */

void msim__ladder_lines_init(struct msim__ladder_lines *lines, bool has_steps)
{
  lines->left = has_steps ? STEPS_COLUMNS : LEFT_COLUMNS;
  lines->lanes_fit = 1 + (lines->canvas.width - lines->left - RIGHT_COLUMNS - 1) / GAP_COLUMNS;
  if (lines->lanes_fit > MSIM__LADDER_LANES_MAX)
    lines->lanes_fit = MSIM__LADDER_LANES_MAX;
  if (lines->lanes_fit < 2)
    lines->lanes_fit = 2;
}

/* What is on the canvas; mark: of the option `marks`. style: behind the margin. */
static void write_line(struct msim__ladder_lines *lines, char mark, const char *style)
{
  struct msim__ladder_canvas *canvas = &lines->canvas;

  if (lines->marks)
    (void)msim__buf_append_byte(lines->out, mark);
  canvas->style = lines->color ? style : NULL;
  canvas->style_from = lines->left;
  canvas->style_to = canvas->width;
  msim__ladder_write(canvas, lines->out);
  canvas->style = NULL;
}

/* ---- lanes ---- */

static unsigned lane_column(const struct msim__ladder_lines *lines, unsigned lane)
{
  unsigned count = lines->lane_count < 2 ? 2 : lines->lane_count;

  return lines->left + lane * (lines->canvas.width - lines->left - RIGHT_COLUMNS - 1) / (count - 1);
}

/* The lane of a host; a new host gets one of its own, or that of the host which was silent longest. */
static unsigned take_lane(struct msim__ladder_lines *lines, const char *name)
{
  unsigned i, oldest = 0;

  for (i = 0; i < lines->lane_count && strcmp(lines->lanes[i].name, name) != 0; i++)
    if (lines->lanes[i].turn < lines->lanes[oldest].turn)
      oldest = i;
  if (i == lines->lane_count) {
    if (lines->lane_count < lines->lanes_fit)
      lines->lane_count++;
    else
      i = oldest;
    memcpy(lines->lanes[i].name, name, strlen(name) + 1);
    lines->heads_are_old = true;
  }
  lines->lanes[i].turn = ++lines->turn;
  return i;
}

/* Names stand over their lifelines, the outer ones moved inwards. */
static void write_heads(struct msim__ladder_lines *lines)
{
  struct msim__ladder_canvas *canvas = &lines->canvas;
  unsigned gap = lane_column(lines, 1) - lane_column(lines, 0), i;

  lines->heads_are_old = false;
  msim__ladder_clear(canvas);
  for (i = 0; i < lines->lane_count; i++) {
    unsigned width = msim__ladder_text_width(canvas, lines->lanes[i].name, gap - 2), at = lane_column(lines, i);

    at = at > width / 2 ? at - width / 2 : 0;
    msim__ladder_text(canvas, at, width, lines->lanes[i].name);
  }
  write_line(lines, 'h', NULL);
}

static bool has_peer(const struct msim__ladder_row *row)
{
  return row->kind == MSIM__LADDER_PACKET && strcmp(row->to, "*") != 0;
}

static bool cast_host(struct msim__ladder_lines *lines, const char *name)
{
  unsigned i;

  for (i = 0; i < lines->lane_count; i++)
    if (strcmp(lines->lanes[i].name, name) == 0)
      return true;
  if (lines->lane_count == lines->lanes_fit)
    return false;
  (void)take_lane(lines, name);
  return true;
}

bool msim__ladder_lines_cast(struct msim__ladder_lines *lines, const struct msim__ladder_row *row)
{
  bool fits = cast_host(lines, row->from);

  return (!has_peer(row) || cast_host(lines, row->to)) && fits;
}

static void place_host(struct msim__ladder_lines *lines, const char *name, unsigned *placed)
{
  struct msim__ladder_lane lane;
  unsigned i;

  for (i = *placed; i < lines->lane_count && strcmp(lines->lanes[i].name, name) != 0; i++)
    ;
  if (i == lines->lane_count)
    return;
  lane = lines->lanes[i];
  lines->lanes[i] = lines->lanes[*placed];
  lines->lanes[(*placed)++] = lane;
}

void msim__ladder_lines_place(struct msim__ladder_lines *lines, const struct msim__ladder_row *row, unsigned *placed)
{
  place_host(lines, row->from, placed);
  if (has_peer(row))
    place_host(lines, row->to, placed);
}

void msim__ladder_lines_dismiss(struct msim__ladder_lines *lines)
{
  lines->lane_count = 0;
}

/* ---- rows ---- */

/* The time, right-aligned, with microseconds, and the step in what is free in front of it. */
static void put_margin(struct msim__ladder_lines *lines, msim_ns at_ns, const char *step)
{
  char time[MSIM__UNITS_TEXT_BYTES];
  size_t time_bytes = msim__units_format_seconds(at_ns, time) - 3, step_bytes = strlen(step);
  unsigned begin = time_bytes < lines->left - 2 ? lines->left - 2 - (unsigned)time_bytes : 0;

  time[time_bytes] = '\0';
  msim__ladder_text(&lines->canvas, begin, lines->left - 1, time);
  if (begin > 0)
    msim__ladder_text(&lines->canvas, step_bytes < NUMBER_COLUMNS ? NUMBER_COLUMNS - (unsigned)step_bytes : 0,
                      begin - 1, step);
}

void msim__ladder_lines_row(struct msim__ladder_lines *lines, const struct msim__ladder_row *row, const char *step)
{
  struct msim__ladder_canvas *canvas = &lines->canvas;
  unsigned from = take_lane(lines, row->from), to = from, i;

  if (has_peer(row))
    to = take_lane(lines, row->to);
  if (lines->heads_are_old)
    write_heads(lines);
  msim__ladder_clear(canvas);
  put_margin(lines, row->at_ns, step);
  for (i = 0; i < lines->lane_count; i++)
    msim__ladder_lifeline(canvas, lane_column(lines, i));
  if (to == from)
    msim__ladder_dot(canvas, lane_column(lines, from), lines->left,
                     row->fate[0] == '\0' ? canvas->width : canvas->width - RIGHT_COLUMNS, row->label);
  else
    msim__ladder_arrow(canvas, lane_column(lines, from), lane_column(lines, to), row->end, row->strokes, row->label);
  msim__ladder_text(canvas, canvas->width - RIGHT_COLUMNS + 2, RIGHT_COLUMNS - 2, row->fate);
  write_line(lines, step[0] != '\0' ? 's' : 'r', row->end == MSIM__LADDER_LOST ? MSIM__LADDER_STYLE_LOST : row->style);
}

void msim__ladder_lines_fold(struct msim__ladder_lines *lines, size_t row_count)
{
  struct msim__ladder_canvas *canvas = &lines->canvas;
  unsigned first = lines->left, last = lane_column(lines, 1), width, i;
  char text[40];

  if (lines->heads_are_old)
    write_heads(lines);
  msim__ladder_clear(canvas);
  for (i = 0; i < lines->lane_count; i++)
    msim__ladder_gap(canvas, lane_column(lines, i));
  text[msim__decimal_uint(row_count, text)] = '\0';
  memcpy(text + strlen(text), " more", 6);
  width = (unsigned)strlen(text);
  msim__ladder_text(canvas, first + (last - first - width) / 2, width, text);
  write_line(lines, 'f', MSIM__LADDER_STYLE_ACK);
}

void msim__ladder_lines_missing(struct msim__ladder_lines *lines, unsigned number, const char *text)
{
  char digits[24];
  size_t size_bytes = msim__decimal_uint(number, digits);

  digits[size_bytes] = '\0';
  msim__ladder_clear(&lines->canvas);
  msim__ladder_text(&lines->canvas, size_bytes < NUMBER_COLUMNS ? NUMBER_COLUMNS - (unsigned)size_bytes : 0,
                    TEXT_COLUMN, digits);
  msim__ladder_text(&lines->canvas, TEXT_COLUMN, lines->canvas.width, text);
  write_line(lines, 'm', MSIM__LADDER_STYLE_LOST);
}
