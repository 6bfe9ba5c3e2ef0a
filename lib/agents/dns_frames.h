/* dns_frames.h: DNS messages on a stream: two bytes of length in front of each (RFC 1035 4.2.2, RFC 7766 8).
 *
 * Knows streams, not what messages mean. */
#ifndef MSIM_AGENTS_DNS_FRAMES_H
#define MSIM_AGENTS_DNS_FRAMES_H

#include <mailsim/stream.h>

#include "core/sim.h"

/* A message that is arriving; all zero: nothing of it has. */
struct msim__dns_frame {
  uint8_t *bytes; /* of the message, once its length is known */
  size_t size_bytes, have_bytes;
  uint8_t head[2];
  uint8_t head_count;
};

/* Reads on. 1: *out is the whole message, until msim__dns_frame_release; 0: it is not complete; MSIM_ERR_SYNTAX: one
 * without bytes; MSIM_ERR_NOMEM. */
int msim__dns_frame_read(struct msim__dns_frame *frame, struct msim__mem *mem, struct msim_stream *stream,
                         struct msim_slice *out);
void msim__dns_frame_release(struct msim__dns_frame *frame, struct msim__mem *mem); /* for the next one, or for good */

/* Writes a message with its length, marked as unit (static). 0, MSIM_ERR_STATE: closed, MSIM_ERR_LIMIT,
 * MSIM_ERR_NOMEM. */
int msim__dns_frame_write(struct msim_sim *sim, struct msim_stream *stream, struct msim_slice message,
                          const char *unit);

#endif
