/* trace/ladder_row.h: a row of a ladder before it is drawn: who, when, what, what became of it. */
#ifndef MSIM_TRACE_LADDER_ROW_H
#define MSIM_TRACE_LADDER_ROW_H

#include <mailsim/base.h>

#include "trace/ladder_draw.h"

#define MSIM__LADDER_NAME_BYTES ((size_t)64)
#define MSIM__LADDER_LABEL_BYTES ((size_t)200)
#define MSIM__LADDER_FATE_BYTES ((size_t)48)

enum msim__ladder_kind { MSIM__LADDER_PACKET, MSIM__LADDER_EVENT };

struct msim__ladder_row {
  uint64_t key, older; /* older: number of the row in front of it in its chain, 0: none */
  msim_ns at_ns;
  uint64_t n, n_end; /* records: of the sending or the event, and of the fate; 0: not known */
  enum msim__ladder_kind kind;
  enum msim__ladder_end end;
  bool waits;
  unsigned strokes;  /* of ladder_draw.h */
  const char *style; /* of ladder_draw.h; static */
  char from[MSIM__LADDER_NAME_BYTES], to[MSIM__LADDER_NAME_BYTES];
  char label[MSIM__LADDER_LABEL_BYTES], fate[MSIM__LADDER_FATE_BYTES];
};

#endif
