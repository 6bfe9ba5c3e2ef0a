/* stream.h: one TCP connection as an agent sees it.
 *
 * Streams belong to the simulation. A stream is gone when on_closed returns; until then every call is safe, also after
 * close or abort (it then does nothing). Does not include: how connections are made (agent.h), sockets (BSD-like
 * calls). */
#ifndef MAILSIM_STREAM_H
#define MAILSIM_STREAM_H

#include <mailsim/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

struct msim_stream;
struct msim_agent;

enum msim_close_reason {
  MSIM_CLOSED_DONE,        /* both directions ended in order */
  MSIM_CLOSED_RESET,       /* the peer sent RST */
  MSIM_CLOSED_REFUSED,     /* the connection was refused */
  MSIM_CLOSED_TIMEOUT,     /* retransmissions gave up (RFC 9293 3.8.3) */
  MSIM_CLOSED_UNREACHABLE, /* no route, or ICMP said so while connecting */
  MSIM_CLOSED_ABORTED,     /* msim_stream_abort, or the host went down */
  MSIM_CLOSED_NO_ADDRESS   /* the host has no address to open a connection from */
};
MSIM_API const char *msim_close_reason_name(enum msim_close_reason why); /* "done", "reset", …; static */

/* All from the event loop; none nests inside another of the same stream. Any may be NULL but on_closed is advised.
 * on_open: the handshake is complete. on_readable: there are new bytes. on_writable: a write that did not fit may be
 * tried again. on_eof: the peer has closed its half and everything before it was announced. on_closed: exactly once,
 * never from inside a call of one's own. */
struct msim_stream_ops {
  void (*on_open)(struct msim_agent *agent, struct msim_stream *stream);
  void (*on_readable)(struct msim_agent *agent, struct msim_stream *stream);
  void (*on_writable)(struct msim_agent *agent, struct msim_stream *stream);
  void (*on_eof)(struct msim_agent *agent, struct msim_stream *stream);
  void (*on_closed)(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why);
};

/* Copies bytes into the send buffer; returns how many fitted. */
MSIM_API size_t msim_stream_write(struct msim_stream *stream, const void *data, size_t size_bytes);

/* Shared immutable bytes, counted: a message to a thousand recipients is stored once. new copies data (NULL: zeroed).
 * The creator holds one reference. NULL when out of memory (the simulation has then failed). */
struct msim_blob;
MSIM_API struct msim_blob *msim_blob_new(struct msim_sim *sim, const void *data, size_t size_bytes);
MSIM_API struct msim_slice msim_blob_bytes(const struct msim_blob *blob);
MSIM_API void msim_blob_ref(struct msim_blob *blob);
MSIM_API void msim_blob_unref(struct msim_blob *blob);

/* Queues a part of a blob by reference, beyond the limit of the send buffer if need be: all or nothing.
 * 0, MSIM_ERR_STATE (closed), MSIM_ERR_INVALID (outside the blob), MSIM_ERR_LIMIT (more than 1 GiB would be queued),
 * MSIM_ERR_NOMEM. */
MSIM_API int msim_stream_write_blob(struct msim_stream *stream, struct msim_blob *blob, size_t offset_bytes,
                                    size_t size_bytes);

/* All or nothing: 0, or MSIM_ERR_LIMIT when it does not fit, is longer than 4096 bytes, or the stream is closed. */
MSIM_API int msim_stream_printf(struct msim_stream *stream, const char *format, ...) MSIM_PRINTF(2, 3);

/* Free space for msim_stream_write. */
MSIM_API size_t msim_stream_space_bytes(const struct msim_stream *stream);

/* The next bytes in order as far as they lie together; empty when there are none. Valid until the next consume or read.
 */
MSIM_API struct msim_slice msim_stream_peek(struct msim_stream *stream);
/* Bytes that can be read now. */
MSIM_API size_t msim_stream_available_bytes(const struct msim_stream *stream);
/* Gives the bytes back, which opens the window. At most what is available. */
MSIM_API void msim_stream_consume(struct msim_stream *stream, size_t size_bytes);
/* Copies up to size_bytes and consumes them; returns how many. */
MSIM_API size_t msim_stream_read(struct msim_stream *stream, void *out, size_t size_bytes);
/* One line that ends with CRLF, without it. 1: *line is valid until the next call on any stream; 0: not complete yet;
 * MSIM_ERR_LIMIT: longer than line_bytes_max; MSIM_ERR_SYNTAX: bare CR, bare LF or NUL. After an error
 * everything up to the next CRLF is skipped by the next calls: a bare LF ends no line. */
MSIM_API int msim_stream_read_line(struct msim_stream *stream, size_t line_bytes_max, struct msim_slice *line);

/* The peer has closed its half and everything it sent was consumed. */
MSIM_API bool msim_stream_is_at_eof(const struct msim_stream *stream);

/* Says what the bytes are that are written between BEGIN and END (ruling: marks survive re-segmentation). unit is
 * static, message a label or NULL (copied). Units of one stream may overlap. At most 8 open at once; END without BEGIN
 * is ignored. The names are in docs/trace.md. */
enum msim_mark { MSIM_MARK_BEGIN, MSIM_MARK_END };
MSIM_API void msim_stream_mark(struct msim_stream *stream, const char *unit, const char *message, enum msim_mark edge);

MSIM_API void
msim_stream_close(struct msim_stream *stream); /* FIN after what is queued; reading goes on (half-close) */
MSIM_API void msim_stream_abort(struct msim_stream *stream);                     /* RST now */
MSIM_API void msim_stream_set_nodelay(struct msim_stream *stream, bool nodelay); /* true: no Nagle (RFC 9293 3.7.4) */

MSIM_API void msim_stream_set_data(struct msim_stream *stream, void *data);
MSIM_API void *msim_stream_data(const struct msim_stream *stream);
MSIM_API struct msim_endpoint msim_stream_remote(const struct msim_stream *stream);
MSIM_API struct msim_endpoint msim_stream_local(const struct msim_stream *stream);
/* "CLIENT>SERVER:PORT#N", see msim_flow_format. */
MSIM_API size_t msim_stream_name(const struct msim_stream *stream, char *out, size_t capacity_bytes);

#ifdef __cplusplus
}
#endif
#endif
