/* trace/ladder_lines.h: the lines of a ladder one below the other: who has which column, heads, rows, folds.
 *
 * A host gets a column when it first appears, or before (msim__ladder_lines_cast); when the width is used up, the one
 * that was silent longest gives its column away. Does not know what is a step. */
#ifndef MSIM_TRACE_LADDER_LINES_H
#define MSIM_TRACE_LADDER_LINES_H

#include "text/buf.h"
#include "trace/ladder_row.h"

#define MSIM__LADDER_LANES_MAX 24u

/* As in the player: shape and label tell packets apart, colour comes second. Yellow, cyan, dim, magenta, red, green. */
#define MSIM__LADDER_STYLE_SYN "33"
#define MSIM__LADDER_STYLE_DATA "36"
#define MSIM__LADDER_STYLE_ACK "2"
#define MSIM__LADDER_STYLE_FIN "35"
#define MSIM__LADDER_STYLE_LOST "31"
#define MSIM__LADDER_STYLE_DATAGRAM "32"
#define MSIM__LADDER_STYLE_EVENT "1"

struct msim__ladder_lane {
  char name[MSIM__LADDER_NAME_BYTES];
  uint64_t turn; /* when it was used last */
};

struct msim__ladder_lines {
  struct msim__buf *out;
  struct msim__ladder_canvas canvas;
  struct msim__ladder_lane lanes[MSIM__LADDER_LANES_MAX];
  unsigned lane_count, lanes_fit, left; /* left: columns in front of the lifelines */
  uint64_t turn;
  bool heads_are_old, color;
  bool marks; /* each line begins with a letter: h a head, r a row, s a step, f a fold, m a missing step */
};

/* out and the width of the canvas are set. has_steps: numbers of steps stand in the margin. */
void msim__ladder_lines_init(struct msim__ladder_lines *lines, bool has_steps);

/* Gives a column to the hosts of a row, before the first line. false: there was none left for one of them. */
bool msim__ladder_lines_cast(struct msim__ladder_lines *lines, const struct msim__ladder_row *row);
/* Moves the columns of its hosts behind those of the first *placed, which counts on, unless they are among them. */
void msim__ladder_lines_place(struct msim__ladder_lines *lines, const struct msim__ladder_row *row, unsigned *placed);
void msim__ladder_lines_dismiss(struct msim__ladder_lines *lines); /* takes all columns away again */

/* step: what stands in the margin, "" for nothing. Errors stick in out. */
void msim__ladder_lines_row(struct msim__ladder_lines *lines, const struct msim__ladder_row *row, const char *step);
void msim__ladder_lines_fold(struct msim__ladder_lines *lines, size_t row_count);
void msim__ladder_lines_missing(struct msim__ladder_lines *lines, unsigned number, const char *text);

#endif
