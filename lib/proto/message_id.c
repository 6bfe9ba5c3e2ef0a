/* message_id.c: message identifiers; see message_id.h. */
#include "proto/message_id.h"

#include "proto/ascii.h"
#include "proto/cfws.h"

/* The place behind the ">" when an identifier begins at `at`, or 0. */
static size_t id_end(struct msim_slice text, size_t at)
{
  for (at++; at < text.size_bytes; at++) {
    uint8_t c = text.data[at];

    if (c == '>')
      return at + 1;
    if (c <= ' ' || c == 0x7f || c == '<')
      return 0;
  }
  return 0;
}

int msim__message_id_next(struct msim_slice value, size_t *at, struct msim_slice *out)
{
  while ((*at = msim__cfws_skip(value, *at)) < value.size_bytes) {
    size_t begin = *at, end;

    if (value.data[begin] == '"') {
      *at = msim__quoted_read(value, begin, NULL);
      continue;
    }
    *at = begin + 1;
    if (value.data[begin] != '<')
      continue;
    end = id_end(value, begin);
    if (end > begin + 2) {
      *out = msim__slice_part(value, begin, end);
      *at = end;
      return 1;
    }
  }
  memset(out, 0, sizeof *out);
  return 0;
}
