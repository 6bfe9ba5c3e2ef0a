/* trace/flow_text.h: the names of connections as they stand in lines, kept for those that were written last, because
 * making one costs as much as the rest of a short line.
 *
 * Bounded, and counted as memory of the simulation: a connection has the place that its id says, and the next one with
 * this place takes it. A name that is too long is not kept. */
#ifndef MSIM_TRACE_FLOW_TEXT_H
#define MSIM_TRACE_FLOW_TEXT_H

#include <string.h>

#include "core/mem.h"
#include "net/flow.h"
#include "trace/format.h"

#define MSIM__FLOW_TEXT_ROWS ((size_t)256) /* a power of two */
#define MSIM__FLOW_TEXT_KEPT_BYTES 80

struct msim__flow_text {
  uint64_t id;
  const char *client, *server; /* NULL: nothing yet */
  uint8_t size_bytes;
  bool is_plain; /* of the bytes of text/plain.h only */
  char text[MSIM__FLOW_TEXT_KEPT_BYTES];
};

struct msim__flow_texts {
  struct msim__mem *mem;
  struct msim__flow_text *rows;
};

int msim__flow_texts_init(struct msim__flow_texts *texts, struct msim__mem *mem); /* MSIM_ERR_NOMEM */
void msim__flow_texts_release(struct msim__flow_texts *texts);

/* Makes and keeps it; NULL: it is too long. */
const struct msim__flow_text *msim__flow_text_make(struct msim__flow_text *row, const struct msim_flow *flow);

/* Holds until the next call; NULL: it is too long to be kept. */
static inline const struct msim__flow_text *msim__flow_text(const struct msim__flow_texts *texts,
                                                            const struct msim_flow *flow)
{
  struct msim__flow_text *row = &texts->rows[(size_t)flow->id & (MSIM__FLOW_TEXT_ROWS - 1)];

  if (row->id == flow->id && row->client == flow->client && row->server == flow->server)
    return row;
  return msim__flow_text_make(row, flow);
}

static inline char *msim__flow_text_copy(char *p, const struct msim__flow_text *row)
{
  memcpy(p, row->text, sizeof row->text); /* of a known size: no call */
  return p + row->size_bytes;
}

/* As msim__put_flow. */
static inline char *msim__flow_text_put(const struct msim__flow_texts *texts, char *p, const struct msim_flow *flow)
{
  const struct msim__flow_text *row = msim__flow_text(texts, flow);

  return row != NULL ? msim__flow_text_copy(p, row) : msim__put_flow(p, flow);
}

#endif
