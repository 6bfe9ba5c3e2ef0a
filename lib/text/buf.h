/* buf.h: growing bytes with a maximum, for text that is put together piece by piece; with a flush function also a
 * stream of any length through a bounded buffer.
 *
 * The first failure sticks: everything after it does nothing and returns the same error, so a writer may append
 * a whole record and look once. Does not escape anything: see escape.h and json_out.h. */
#ifndef MSIM_TEXT_BUF_H
#define MSIM_TEXT_BUF_H

#include "core/mem.h"

/* Takes all bytes or returns a negative error, which then sticks in the buffer. */
typedef int msim__buf_flush_fn(void *user, const char *data, size_t size_bytes);

struct msim__buf {
  struct msim__mem *mem;
  char *data; /* NULL before the first byte; one byte more than size_bytes is always there once it is not */
  size_t size_bytes, capacity_bytes, size_bytes_max;
  msim__buf_flush_fn *flush; /* NULL: a plain buffer */
  void *flush_user;
  int err; /* 0 or the first error */
};

/* Allocates nothing yet. size_bytes_max counts without the terminating zero. */
void msim__buf_init(struct msim__buf *buf, struct msim__mem *mem, size_t size_bytes_max);

/* As above, but a full buffer goes to flush and is used again: size_bytes_max bounds memory, not length. */
void msim__buf_init_flush(struct msim__buf *buf, struct msim__mem *mem, size_t size_bytes_max,
                          msim__buf_flush_fn *flush, void *flush_user);

/* Frees the bytes without flushing them. */
void msim__buf_release(struct msim__buf *buf);

/* Empties, keeps the memory, forgets the error. */
void msim__buf_clear(struct msim__buf *buf);

/* Hands what is there to the flush function (if there is one) and empties. Returns the sticky error. */
int msim__buf_flush(struct msim__buf *buf);

/* The slow half of msim__buf_room. */
char *msim__buf_make_room(struct msim__buf *buf, size_t need_bytes);

/* Room for need_bytes behind the present end, or NULL (look at err): MSIM_ERR_NOMEM, MSIM_ERR_LIMIT. Write there, then
 * tell with msim__buf_took how much it was. The pointer holds until the next call. */
static inline char *msim__buf_room(struct msim__buf *buf, size_t need_bytes)
{
  if (buf->err == 0 && buf->capacity_bytes - buf->size_bytes > need_bytes)
    return buf->data + buf->size_bytes;
  return msim__buf_make_room(buf, need_bytes);
}

static inline void msim__buf_took(struct msim__buf *buf, size_t size_bytes)
{
  buf->size_bytes += size_bytes;
}

/* All or nothing: 0, MSIM_ERR_NOMEM, MSIM_ERR_LIMIT, or what flush returned. data may be NULL when size_bytes is 0. */
int msim__buf_append(struct msim__buf *buf, const void *data, size_t size_bytes);
int msim__buf_append_text(struct msim__buf *buf, const char *text);
int msim__buf_append_byte(struct msim__buf *buf, char byte);
int msim__buf_append_uint(struct msim__buf *buf, uint64_t value);
int msim__buf_append_int(struct msim__buf *buf, int64_t value);

/* Off the hot path. No floating-point conversions: they would depend on the locale. */
int msim__buf_printf(struct msim__buf *buf, const char *format, ...) MSIM_PRINTF(2, 3);

/* What is there, terminated; "" when empty. Holds until the next append. */
const char *msim__buf_text(struct msim__buf *buf);

#endif
