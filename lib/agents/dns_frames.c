/* dns_frames.c: see dns_frames.h. */
#include "agents/dns_frames.h"

#include "wire/octets.h"

#include <string.h>

#define MESSAGE_BYTES_MAX 65535u

int msim__dns_frame_read(struct msim__dns_frame *frame, struct msim__mem *mem, struct msim_stream *stream,
                         struct msim_slice *out)
{
  while (frame->head_count < 2) {
    if (msim_stream_read(stream, frame->head + frame->head_count, 1) == 0)
      return 0;
    frame->head_count++;
  }
  if (frame->bytes == NULL) {
    frame->size_bytes = msim__octets_get16(frame->head);
    if (frame->size_bytes == 0)
      return MSIM_ERR_SYNTAX;
    frame->bytes = msim__alloc(mem, frame->size_bytes);
    if (frame->bytes == NULL)
      return MSIM_ERR_NOMEM;
  }
  frame->have_bytes +=
      msim_stream_read(stream, frame->bytes + frame->have_bytes, frame->size_bytes - frame->have_bytes);
  if (frame->have_bytes < frame->size_bytes)
    return 0;
  out->data = frame->bytes;
  out->size_bytes = frame->size_bytes;
  return 1;
}

void msim__dns_frame_release(struct msim__dns_frame *frame, struct msim__mem *mem)
{
  if (frame->bytes != NULL)
    msim__free(mem, frame->bytes, frame->size_bytes);
  memset(frame, 0, sizeof *frame);
}

int msim__dns_frame_write(struct msim_sim *sim, struct msim_stream *stream, struct msim_slice message, const char *unit)
{
  struct msim_blob *blob;
  uint8_t *bytes;
  int err;

  if (message.size_bytes == 0 || message.size_bytes > MESSAGE_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  bytes = msim__alloc(&sim->mem, message.size_bytes + 2); /* both in one segment (RFC 7766 8) */
  if (bytes == NULL)
    return msim__sim_fail_nomem(sim);
  msim__octets_put16(bytes, (uint16_t)message.size_bytes);
  memcpy(bytes + 2, message.data, message.size_bytes);
  blob = msim_blob_new(sim, bytes, message.size_bytes + 2);
  msim__free(&sim->mem, bytes, message.size_bytes + 2);
  if (blob == NULL)
    return MSIM_ERR_NOMEM;
  msim_stream_mark(stream, unit, NULL, MSIM_MARK_BEGIN);
  err = msim_stream_write_blob(stream, blob, 0, message.size_bytes + 2);
  msim_stream_mark(stream, unit, NULL, MSIM_MARK_END);
  msim_blob_unref(blob);
  return err;
}
