/* buf.c: see buf.h. The terminating zero is written only when somebody asks for text. */
#include "text/buf.h"
#include "text/decimal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void msim__buf_init(struct msim__buf *buf, struct msim__mem *mem, size_t size_bytes_max)
{
  memset(buf, 0, sizeof(*buf));
  buf->mem = mem;
  buf->size_bytes_max = size_bytes_max < SIZE_MAX / 4 ? size_bytes_max : SIZE_MAX / 4;
}

void msim__buf_init_flush(struct msim__buf *buf, struct msim__mem *mem, size_t size_bytes_max,
                          msim__buf_flush_fn *flush, void *flush_user)
{
  msim__buf_init(buf, mem, size_bytes_max);
  buf->flush = flush;
  buf->flush_user = flush_user;
}

void msim__buf_release(struct msim__buf *buf)
{
  msim__free(buf->mem, buf->data, buf->capacity_bytes);
  buf->data = NULL;
  buf->size_bytes = 0;
  buf->capacity_bytes = 0;
}

void msim__buf_clear(struct msim__buf *buf)
{
  buf->size_bytes = 0;
  buf->err = 0;
}

int msim__buf_flush(struct msim__buf *buf)
{
  if (buf->err == 0 && buf->flush != NULL && buf->size_bytes > 0) {
    int err = buf->flush(buf->flush_user, buf->data, buf->size_bytes);

    buf->size_bytes = 0;
    if (err < 0)
      buf->err = err;
  }
  return buf->err;
}

char *msim__buf_make_room(struct msim__buf *buf, size_t need_bytes)
{
  if (buf->err != 0)
    return NULL;
  if (need_bytes > buf->size_bytes_max - buf->size_bytes && msim__buf_flush(buf) != 0)
    return NULL;
  if (need_bytes > buf->size_bytes_max - buf->size_bytes) {
    buf->err = MSIM_ERR_LIMIT;
    return NULL;
  }
  if (buf->capacity_bytes - buf->size_bytes <= need_bytes)
    buf->err = msim__grow(buf->mem, &buf->data, &buf->capacity_bytes, buf->size_bytes + need_bytes + 1,
                          buf->size_bytes_max + 1, 1);
  return buf->err == 0 ? buf->data + buf->size_bytes : NULL;
}

int msim__buf_append(struct msim__buf *buf, const void *data, size_t size_bytes)
{
  char *room;

  if (size_bytes == 0)
    return buf->err;
  if (buf->flush != NULL && size_bytes > buf->size_bytes_max) {
    if (msim__buf_flush(buf) == 0) {
      int err = buf->flush(buf->flush_user, data, size_bytes);

      if (err < 0)
        buf->err = err;
    }
    return buf->err;
  }
  room = msim__buf_room(buf, size_bytes);
  if (room != NULL) {
    memcpy(room, data, size_bytes);
    buf->size_bytes += size_bytes;
  }
  return buf->err;
}

int msim__buf_append_text(struct msim__buf *buf, const char *text)
{
  return msim__buf_append(buf, text, strlen(text));
}

int msim__buf_append_byte(struct msim__buf *buf, char byte)
{
  char *room = msim__buf_room(buf, 1);

  if (room != NULL) {
    *room = byte;
    buf->size_bytes++;
  }
  return buf->err;
}

int msim__buf_append_uint(struct msim__buf *buf, uint64_t value)
{
  char digits[MSIM__DECIMAL_BYTES];

  return msim__buf_append(buf, digits, msim__decimal_uint(value, digits));
}

int msim__buf_append_int(struct msim__buf *buf, int64_t value)
{
  char digits[MSIM__DECIMAL_BYTES];

  return msim__buf_append(buf, digits, msim__decimal_int(value, digits));
}

int msim__buf_printf(struct msim__buf *buf, const char *format, ...)
{
  va_list args;
  char *room;
  int length;

  va_start(args, format);
  length = vsnprintf(NULL, 0, format, args);
  va_end(args);
  if (length < 0) {
    if (buf->err == 0)
      buf->err = MSIM_ERR_INVALID;
    return buf->err;
  }
  room = msim__buf_room(buf, (size_t)length);
  if (room != NULL) {
    va_start(args, format);
    (void)vsnprintf(room, (size_t)length + 1, format, args);
    va_end(args);
    buf->size_bytes += (size_t)length;
  }
  return buf->err;
}

const char *msim__buf_text(struct msim__buf *buf)
{
  if (buf->data == NULL)
    return "";
  buf->data[buf->size_bytes] = '\0';
  return buf->data;
}
