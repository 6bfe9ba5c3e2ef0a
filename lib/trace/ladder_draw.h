/* trace/ladder_draw.h: one line of a ladder: columns of a terminal, lifelines, arrows, words between them.
 *
 * A canvas holds one character per column, so that wide and combining characters cannot shift what stands behind them.
 * Knows no records. */
#ifndef MSIM_TRACE_LADDER_DRAW_H
#define MSIM_TRACE_LADDER_DRAW_H

#include "text/buf.h"

#define MSIM__LADDER_WIDTH_MIN 60u
#define MSIM__LADDER_WIDTH_MAX 500u
#define MSIM__LADDER_CELL_BYTES 16u

struct msim__ladder_cell {
  char bytes[MSIM__LADDER_CELL_BYTES]; /* a character and what stands on it */
  uint8_t size_bytes;                  /* 0: the right half of a wide one */
};

struct msim__ladder_canvas {
  struct msim__ladder_cell cells[MSIM__LADDER_WIDTH_MAX];
  unsigned width;
  bool ascii;
  const char *style; /* parameters of SGR (ECMA-48 8.3.117) for the columns [style_from, style_to), or NULL */
  unsigned style_from, style_to;
};

/* How an arrow ends. */
enum msim__ladder_end { MSIM__LADDER_ARRIVES, MSIM__LADDER_LOST, MSIM__LADDER_OPEN };

/* What an arrow is made of, so that it can be read without colours: a double line, a tilde where it begins. */
enum msim__ladder_stroke { MSIM__LADDER_DATA = 1, MSIM__LADDER_AGAIN = 2 };

void msim__ladder_clear(struct msim__ladder_canvas *canvas);

/* Columns that the text takes, at most limit. */
unsigned msim__ladder_text_width(const struct msim__ladder_canvas *canvas, const char *text, unsigned limit);

/* The text from column at on, at most limit columns; a text that is too long ends in an ellipsis. Foreign bytes are
 * harmless: what cannot be shown becomes a dot. */
void msim__ladder_text(struct msim__ladder_canvas *canvas, unsigned at, unsigned limit, const char *text);

void msim__ladder_lifeline(struct msim__ladder_canvas *canvas, unsigned at);
void msim__ladder_gap(struct msim__ladder_canvas *canvas, unsigned at); /* where something is left out of it */

/* A dot on the lifeline at, with words beside it: on the right up to the column end, or on the left down to begin when
 * there is more room. */
void msim__ladder_dot(struct msim__ladder_canvas *canvas, unsigned at, unsigned begin, unsigned end, const char *text);

/* From the lifeline at column from to the one at column to, which differs, with words in its middle. strokes: a set of
 * enum msim__ladder_stroke. */
void msim__ladder_arrow(struct msim__ladder_canvas *canvas, unsigned from, unsigned to, enum msim__ladder_end end,
                        unsigned strokes, const char *text);

/* The line without spaces at its end, in its style, and a line end. Errors stick in out. */
void msim__ladder_write(const struct msim__ladder_canvas *canvas, struct msim__buf *out);

#endif
