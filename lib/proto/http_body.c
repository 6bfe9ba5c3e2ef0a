/* http_body.c: the bodies of HTTP/1.1 messages: where they end, and their content without the chunks.
 *
 * Hands out borrowed pieces and keeps none. */
#include "proto/http_body.h"
#include "proto/ascii.h"

/* Of a chunked body, by the byte that is expected next. */
enum state {
  SIZE_FIRST, /* a digit of the size */
  SIZE,
  SIZE_SPACE, /* some put spaces behind the size (RFC 9112 7.1.1, BWS) */
  EXTENSION,
  QUOTED, /* in a quoted value of an extension */
  ESCAPED,
  SIZE_LF,
  DATA,
  DATA_CR,
  DATA_LF,
  TRAILER_FIRST, /* of a line */
  TRAILER_NAME,
  TRAILER_VALUE,
  TRAILER_LF,
  LAST_LF
};

int msim__http_body_begin(struct msim__http_body *body, const struct msim__http_head *head, uint64_t content_bytes_max)
{
  memset(body, 0, sizeof *body);
  body->framing = head->framing;
  body->room_bytes = content_bytes_max;
  if (head->framing == MSIM__HTTP_LENGTH)
    body->left_bytes = head->length_bytes;
  body->over = head->framing == MSIM__HTTP_NO_BODY || (head->framing == MSIM__HTTP_LENGTH && body->left_bytes == 0);
  return body->left_bytes > content_bytes_max ? MSIM_ERR_LIMIT : MSIM_OK;
}

static int hex_digit(uint8_t c)
{
  uint8_t lower = msim__ascii_lower(c);

  if (msim__ascii_is_digit(c))
    return c - '0';
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static int to(struct msim__http_body *body, enum state state)
{
  body->state = state;
  return MSIM_OK;
}

/* Behind the digits of a size. */
static int behind_size(struct msim__http_body *body, uint8_t c)
{
  if (c == '\r')
    return to(body, SIZE_LF);
  if (c == ';')
    return to(body, EXTENSION);
  return msim__ascii_is_space(c) ? to(body, SIZE_SPACE) : MSIM_ERR_SYNTAX;
}

static int take_size_digit(struct msim__http_body *body, uint8_t c)
{
  int digit = hex_digit(c);

  if (digit < 0)
    return body->state == SIZE ? behind_size(body, c) : MSIM_ERR_SYNTAX;
  if (body->left_bytes > (UINT64_MAX >> 5))
    return MSIM_ERR_LIMIT;
  body->left_bytes = body->left_bytes << 4 | (uint64_t)digit;
  return to(body, SIZE);
}

/* Extensions are passed over, but a line end inside one is none (RFC 9112 7.1.1). */
static int take_extension(struct msim__http_body *body, uint8_t c)
{
  if (body->state == ESCAPED)
    return msim__ascii_is_control(c) && c != '\t' ? MSIM_ERR_SYNTAX : to(body, QUOTED);
  if (body->state == QUOTED && (c == '"' || c == '\\'))
    return to(body, c == '"' ? EXTENSION : ESCAPED);
  if (body->state == EXTENSION && c == '\r')
    return to(body, SIZE_LF);
  if (body->state == EXTENSION && c == '"')
    return to(body, QUOTED);
  return msim__ascii_is_control(c) && c != '\t' ? MSIM_ERR_SYNTAX : MSIM_OK;
}

static int take_size_lf(struct msim__http_body *body, uint8_t c)
{
  if (c != '\n')
    return MSIM_ERR_SYNTAX;
  if (body->left_bytes > body->room_bytes)
    return MSIM_ERR_LIMIT;
  body->line_bytes = 0;
  return to(body, body->left_bytes > 0 ? DATA : TRAILER_FIRST);
}

static int take_trailer(struct msim__http_body *body, uint8_t c)
{
  struct msim_slice one = {&c, 1};

  if (++body->trailer_bytes > MSIM__HTTP_TRAILER_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  if (body->state == TRAILER_FIRST && c == '\r')
    return to(body, LAST_LF);
  if (body->state == TRAILER_NAME && c == ':')
    return to(body, TRAILER_VALUE);
  if (body->state != TRAILER_VALUE)
    return msim__http_is_token(one) ? to(body, TRAILER_NAME) : MSIM_ERR_SYNTAX;
  if (c == '\r')
    return to(body, TRAILER_LF);
  return msim__http_is_value(one) ? MSIM_OK : MSIM_ERR_SYNTAX;
}

/* One byte that is no content. */
static int take(struct msim__http_body *body, uint8_t c)
{
  switch ((enum state)body->state) {
  case SIZE_FIRST:
  case SIZE:
  case SIZE_SPACE:
  case EXTENSION:
  case QUOTED:
  case ESCAPED:
    if (++body->line_bytes > MSIM__HTTP_CHUNK_LINE_BYTES_MAX)
      return MSIM_ERR_LIMIT;
    if (body->state <= SIZE)
      return take_size_digit(body, c);
    return body->state == SIZE_SPACE ? behind_size(body, c) : take_extension(body, c);
  case SIZE_LF:
    return take_size_lf(body, c);
  case DATA:
    break;
  case DATA_CR:
    return c == '\r' ? to(body, DATA_LF) : MSIM_ERR_SYNTAX;
  case DATA_LF:
    return c == '\n' ? to(body, SIZE_FIRST) : MSIM_ERR_SYNTAX;
  case TRAILER_FIRST:
  case TRAILER_NAME:
  case TRAILER_VALUE:
    return take_trailer(body, c);
  case TRAILER_LF:
    return c == '\n' ? to(body, TRAILER_FIRST) : MSIM_ERR_SYNTAX;
  case LAST_LF:
    body->over = c == '\n';
    return body->over ? MSIM_OK : MSIM_ERR_SYNTAX;
  }
  return MSIM_ERR_STATE;
}

/* Content as far as it goes: *from is where it begins in the input. */
static int take_content(struct msim__http_body *body, struct msim_slice input, size_t from, struct msim_slice *content)
{
  uint64_t size = input.size_bytes - from;

  if (body->framing != MSIM__HTTP_UNTIL_CLOSE && size > body->left_bytes)
    size = body->left_bytes;
  if (size > body->room_bytes)
    return MSIM_ERR_LIMIT;
  *content = msim__slice_part(input, from, from + (size_t)size);
  body->room_bytes -= size;
  if (body->framing != MSIM__HTTP_UNTIL_CLOSE)
    body->left_bytes -= size;
  return MSIM_OK;
}

static int read_chunked(struct msim__http_body *body, struct msim_slice input, struct msim_slice *content,
                        size_t *consumed_bytes)
{
  size_t at = 0;
  int err = MSIM_OK;

  while (at < input.size_bytes && !body->over && body->state != DATA && err == MSIM_OK)
    err = take(body, input.data[at++]);
  if (err == MSIM_OK && !body->over && body->state == DATA && at < input.size_bytes) {
    err = take_content(body, input, at, content);
    at += content->size_bytes;
    if (body->left_bytes == 0)
      body->state = DATA_CR;
  }
  *consumed_bytes = err == MSIM_OK ? at : 0;
  return err == MSIM_OK ? (body->over ? 1 : 0) : err;
}

int msim__http_body_read(struct msim__http_body *body, struct msim_slice input, struct msim_slice *content,
                         size_t *consumed_bytes)
{
  int err;

  *content = msim__slice_part(input, 0, 0);
  *consumed_bytes = 0;
  if (body->over)
    return 1;
  if (body->framing == MSIM__HTTP_CHUNKED)
    return read_chunked(body, input, content, consumed_bytes);
  err = take_content(body, input, 0, content);
  *consumed_bytes = content->size_bytes;
  if (err != MSIM_OK)
    return err;
  body->over = body->framing == MSIM__HTTP_LENGTH && body->left_bytes == 0;
  return body->over ? 1 : 0;
}

int msim__http_body_end(const struct msim__http_body *body)
{
  return body->over || body->framing == MSIM__HTTP_UNTIL_CLOSE ? 1 : MSIM_ERR_SYNTAX;
}
