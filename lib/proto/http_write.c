/* http_write.c: writes heads of HTTP/1.1 messages and chunks into a buffer of the caller.
 *
 * Does not decide which fields a message needs. */
#include "proto/http_write.h"
#include "proto/ascii.h"
#include "proto/http_fields.h"

#include <stdio.h>

void msim__http_writer_begin(struct msim__http_writer *w, void *out, size_t cap_bytes)
{
  memset(w, 0, sizeof *w);
  w->out = out;
  w->cap_bytes = cap_bytes;
}

void msim__http_put_bytes(struct msim__http_writer *w, struct msim_slice bytes)
{
  if (w->err != MSIM_OK)
    return;
  if (bytes.size_bytes > w->cap_bytes - w->size_bytes) {
    w->err = MSIM_ERR_LIMIT;
    return;
  }
  if (bytes.size_bytes > 0)
    memcpy(w->out + w->size_bytes, bytes.data, bytes.size_bytes);
  w->size_bytes += bytes.size_bytes;
}

static void put(struct msim__http_writer *w, const char *text)
{
  msim__http_put_bytes(w, msim__slice_text(text));
}

static void require(struct msim__http_writer *w, bool holds)
{
  if (!holds && w->err == MSIM_OK)
    w->err = MSIM_ERR_INVALID;
}

void msim__http_put_request(struct msim__http_writer *w, const char *method, struct msim_slice target,
                            struct msim_slice host)
{
  size_t i;

  require(w, msim__http_is_token(msim__slice_text(method)) && target.size_bytes > 0 && msim__http_is_host(host));
  for (i = 0; i < target.size_bytes; i++)
    require(w, target.data[i] > ' ' && target.data[i] <= '~');
  put(w, method);
  put(w, " ");
  msim__http_put_bytes(w, target);
  put(w, " HTTP/1.1\r\n");
  msim__http_put_field(w, "Host", host);
}

const char *msim__http_status_words(unsigned status)
{
  static const struct words {
    unsigned status;
    const char *words;
  } table[] = {
      {100, "Continue"},
      {101, "Switching Protocols"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {411, "Length Required"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {414, "URI Too Long"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {426, "Upgrade Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  };
  size_t i;

  for (i = 0; i < sizeof table / sizeof *table; i++)
    if (table[i].status == status)
      return table[i].words;
  return "";
}

void msim__http_put_status(struct msim__http_writer *w, unsigned status)
{
  char digits[4];

  require(w, status >= 100 && status <= 599);
  if (w->err != MSIM_OK)
    return;
  digits[0] = (char)('0' + status / 100);
  digits[1] = (char)('0' + status / 10 % 10);
  digits[2] = (char)('0' + status % 10);
  digits[3] = '\0';
  put(w, "HTTP/1.1 ");
  put(w, digits);
  put(w, " "); /* stands there even when no words follow (RFC 9112 4) */
  put(w, msim__http_status_words(status));
  put(w, "\r\n");
}

void msim__http_put_field(struct msim__http_writer *w, const char *name, struct msim_slice value)
{
  require(w, msim__http_is_token(msim__slice_text(name)) && msim__http_is_value(value));
  put(w, name);
  put(w, ": ");
  msim__http_put_bytes(w, value);
  put(w, "\r\n");
}

void msim__http_put_text(struct msim__http_writer *w, const char *name, const char *value)
{
  msim__http_put_field(w, name, msim__slice_text(value));
}

void msim__http_put_number(struct msim__http_writer *w, const char *name, uint64_t value)
{
  char text[24];

  snprintf(text, sizeof text, "%llu", (unsigned long long)value);
  msim__http_put_text(w, name, text);
}

void msim__http_put_end(struct msim__http_writer *w)
{
  put(w, "\r\n");
}

void msim__http_put_chunk(struct msim__http_writer *w, struct msim_slice content)
{
  char text[24];

  snprintf(text, sizeof text, "%llx\r\n", (unsigned long long)content.size_bytes);
  put(w, text);
  msim__http_put_bytes(w, content);
  put(w, "\r\n");
}
