/* filter.h: something between an agent and TCP that changes the bytes of a stream, as TLS will: the agent reads and
 * writes its own bytes, and others travel. The agent does not notice; a stream without one pays a comparison per call.
 *
 * Marks and labels stay with what stands for the bytes that they were set around. Does not know what a filter does, and
 * when one begins is for who sets it. Nothing in the library sets one yet. */
#ifndef MSIM_STREAMS_FILTER_H
#define MSIM_STREAMS_FILTER_H

#include "net/blob.h"
#include "tcp/tcp.h"
#include "text/buf.h"

#define MSIM__FILTER_READ_BYTES_MAX                                                                                    \
  ((size_t)262144) /* kept for the agent; what follows waits in TCP, the window closed */
#define MSIM__FILTER_WIRE_BYTES_MAX ((size_t)1 << 30)

/* state is the filter's own. in and out return 0 or a negative enum msim_err, upon which the connection is aborted. */
struct msim__filter_ops {
  /* The agent has written plain: all that stands for it is appended to wire, so that nothing is left behind at a close.
   */
  int (*out)(void *state, struct msim_slice plain, struct msim__buf *wire);
  /* wire has arrived and is taken, whole or in pieces as TCP has it. What the agent may read is appended to plain, what
   * the filter has to say itself to answer. */
  int (*in)(void *state, struct msim_slice wire, struct msim__buf *plain, struct msim__buf *answer);
  void (*release)(void *state); /* the stream is gone; NULL: nothing to do */
};

/* One on a stream. */
struct msim__filter;

/* Takes over state when it returns 0. MSIM_ERR_NOMEM. */
int msim__filter_new(struct msim__filter **out, struct msim__tcb *tcb, const struct msim__filter_ops *ops, void *state);
void msim__filter_free(struct msim__filter *filter); /* NULL is fine */

/* As the functions of TCP of these names, in the agent's bytes. */
size_t msim__filter_write(struct msim__filter *filter, const void *data, size_t size_bytes);
int msim__filter_write_blob(struct msim__filter *filter, struct msim_blob *blob, size_t offset_bytes,
                            size_t size_bytes);
struct msim_slice msim__filter_peek(struct msim__filter *filter, size_t offset_bytes);
void msim__filter_consume(struct msim__filter *filter, size_t size_bytes);
size_t msim__filter_available_bytes(struct msim__filter *filter);
bool msim__filter_is_at_eof(struct msim__filter *filter);
/* The label of the piece in which the agent's first byte has arrived; NULL: none. */
const char *msim__filter_message(struct msim__filter *filter);

#endif
