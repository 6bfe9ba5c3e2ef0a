/* flow_text.c: see flow_text.h. */
#include "trace/flow_text.h"

#include "text/plain.h"

int msim__flow_texts_init(struct msim__flow_texts *texts, struct msim__mem *mem)
{
  texts->mem = mem;
  texts->rows = (struct msim__flow_text *)msim__alloc_zeroed(mem, MSIM__FLOW_TEXT_ROWS, sizeof *texts->rows);
  return texts->rows != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

void msim__flow_texts_release(struct msim__flow_texts *texts)
{
  if (texts->rows != NULL)
    msim__free(texts->mem, texts->rows, MSIM__FLOW_TEXT_ROWS * sizeof *texts->rows);
  texts->rows = NULL;
}

const struct msim__flow_text *msim__flow_text_make(struct msim__flow_text *row, const struct msim_flow *flow)
{
  char text[MSIM_FLOW_TEXT_BYTES];
  size_t size_bytes = (size_t)(msim__put_flow(text, flow) - text);

  if (size_bytes > sizeof row->text)
    return NULL;
  memcpy(row->text, text, size_bytes);
  row->size_bytes = (uint8_t)size_bytes;
  row->is_plain = msim__plain_run((const uint8_t *)text, size_bytes) == size_bytes;
  row->id = flow->id;
  row->client = flow->client;
  row->server = flow->server;
  return row;
}
