/* http_head.c: heads of HTTP/1.1 messages: found in bytes that may be incomplete, taken apart, judged.
 *
 * Does not read bodies and does not write. */
#include "proto/http_head.h"
#include "proto/ascii.h"

#define METHOD_BYTES_MAX 32u

/* What is wrong with a head: the status that a server answers (RFC 9110 15.5, 15.6), and words. */
struct flaw {
  unsigned status;
  const char *why;
};

static int fail(struct flaw *flaw, unsigned status, const char *why)
{
  flaw->status = status;
  flaw->why = why;
  return status == 414 || status == 431 ? MSIM_ERR_LIMIT : MSIM_ERR_SYNTAX;
}

/* ---- where the head ends ---- */

/* 1: *end_bytes is where the body begins. The first flaw in the order of the bytes is named. */
static int find_end(struct msim__http_scan *scan, struct msim_slice input, size_t max, size_t *end_bytes,
                    struct flaw *flaw)
{
  size_t end = input.size_bytes < max ? input.size_bytes : max;
  size_t at;

  for (at = scan->scanned_bytes; at < end; at++) {
    scan->scanned_bytes = at;
    switch (input.data[at]) {
    case '\0':
      return fail(flaw, 400, "a NUL stands in the head");
    case '\n':
      return fail(flaw, 400, "a bare LF stands in the head");
    case '\r':
      if (at + 1 == end && end < max)
        return 0;
      if (at + 1 == end)
        break;
      if (input.data[at + 1] != '\n')
        return fail(flaw, 400, "a bare CR stands in the head");
      at++;
      if (at - 1 == scan->line_bytes && scan->line_bytes > scan->begin_bytes) {
        *end_bytes = at + 1;
        scan->scanned_bytes = 0;
        return 1;
      }
      if (at - 1 == scan->begin_bytes)
        scan->begin_bytes = at + 1; /* an empty line before the first one is passed over (RFC 9112 2.2) */
      scan->line_bytes = at + 1;
      break;
    default:
      break;
    }
  }
  scan->scanned_bytes = end;
  if (end < max)
    return 0;
  return scan->line_bytes == scan->begin_bytes ? fail(flaw, 414, "the first line is too long")
                                               : fail(flaw, 431, "the head is too long");
}

/* Cuts the first line off: *line without CRLF, the rest into head->fields. */
static int cut(const struct msim__http_scan *scan, struct msim_slice input, size_t end_bytes,
               struct msim__http_head *head, struct msim_slice *line, struct flaw *flaw)
{
  struct msim__http_field field;
  size_t at = scan->begin_bytes, count = 0;
  int got;

  while (input.data[at] != '\r')
    at++;
  *line = msim__slice_part(input, scan->begin_bytes, at);
  head->fields = msim__slice_part(input, at + 2, end_bytes - 2);
  head->size_bytes = end_bytes;
  if (!msim__http_is_value(*line))
    return fail(flaw, 400, "a control character stands in the first line");
  at = 0;
  while ((got = msim__http_field_next(head->fields, &at, &field)) == 1)
    if (++count > MSIM__HTTP_FIELD_COUNT_MAX)
      return fail(flaw, 431, "there are too many fields");
  return got < 0 ? fail(flaw, 400, "a line of the head is no field") : MSIM_OK;
}

/* "HTTP/1.1" and its kin. */
static int read_version(struct msim_slice text, unsigned *minor, struct flaw *flaw)
{
  if (text.size_bytes != 8 || memcmp(text.data, "HTTP/", 5) != 0 || !msim__ascii_is_digit(text.data[5]) ||
      text.data[6] != '.' || !msim__ascii_is_digit(text.data[7]))
    return fail(flaw, 400, "the version is not HTTP/1.1");
  if (text.data[5] != '1')
    return fail(flaw, 505, "only HTTP/1 is spoken here");
  *minor = text.data[7] == '0' ? 0 : 1;
  return MSIM_OK;
}

/* ---- what the fields say of the body and of the connection ---- */

/* Equal lengths may be repeated, as fields or as a list (RFC 9110 8.6). *count: how many there were. */
static int read_length(struct msim__http_head *head, unsigned *count, struct flaw *flaw)
{
  struct msim_slice value, item;
  unsigned nth;

  *count = 0;
  for (nth = 0; msim__http_field_find(head->fields, "Content-Length", nth, &value) == 1; nth++) {
    size_t at = 0;
    bool any = false;

    while (msim__http_list_next(value, &at, &item) == 1) {
      uint64_t length;

      if (!msim__slice_number(item, &length) || length > INT64_MAX)
        return fail(flaw, 400, "Content-Length is no length");
      if (*count > 0 && length != head->length_bytes)
        return fail(flaw, 400, "there are two lengths");
      head->length_bytes = length;
      *count += 1;
      any = true;
    }
    if (!any)
      return fail(flaw, 400, "Content-Length is no length");
  }
  return MSIM_OK;
}

/* "chunked" alone is known here: *chunked (RFC 9112 6.1). */
static int read_codings(struct msim__http_head *head, bool *chunked, struct flaw *flaw)
{
  struct msim_slice value, item;
  unsigned nth, count = 0;

  *chunked = false;
  for (nth = 0; msim__http_field_find(head->fields, "Transfer-Encoding", nth, &value) == 1; nth++) {
    size_t at = 0;

    count++;
    while (msim__http_list_next(value, &at, &item) == 1) {
      if (*chunked)
        return fail(flaw, 400, "a coding stands behind chunked");
      if (!msim__slice_is(item, "chunked"))
        return fail(flaw, 501, "a transfer coding is not known");
      *chunked = true;
    }
  }
  if (count > 0 && !*chunked)
    return fail(flaw, 400, "Transfer-Encoding is empty");
  return count > 0 && head->minor == 0 ? fail(flaw, 400, "HTTP/1.0 has no transfer codings") : MSIM_OK;
}

/* framing: what holds when the fields say nothing. */
static int judge(struct msim__http_head *head, enum msim__http_framing framing, struct flaw *flaw)
{
  unsigned count;
  bool chunked;
  int err = read_codings(head, &chunked, flaw);

  if (err == MSIM_OK)
    err = read_length(head, &count, flaw);
  if (err != MSIM_OK)
    return err;
  if (chunked && count > 0)
    return fail(flaw, 400, "there are both a length and chunks"); /* RFC 9112 6.3: smuggling, or an error */
  head->framing = chunked ? MSIM__HTTP_CHUNKED : count > 0 ? MSIM__HTTP_LENGTH : framing;
  head->keep_alive = !msim__http_list_has(head->fields, "Connection", "close") &&
                     (head->minor > 0 || msim__http_list_has(head->fields, "Connection", "keep-alive"));
  return MSIM_OK;
}

/* ---- requests ---- */

static bool is_target(struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == '#')
      return false;
  return text.size_bytes > 0;
}

static void cut_query(struct msim__http_request *out, struct msim_slice path)
{
  size_t at = 0;

  while (at < path.size_bytes && path.data[at] != '?')
    at++;
  out->path = msim__slice_part(path, 0, at);
  out->query = msim__slice_part(path, at < path.size_bytes ? at + 1 : at, path.size_bytes);
}

/* The four forms of RFC 9112 3.2. *authority becomes that of the absolute and of the authority form. */
static int read_target(struct msim__http_request *out, struct msim_slice *authority, struct flaw *flaw)
{
  struct msim_slice target = out->target;
  size_t at = 7;

  if (!is_target(target))
    return fail(flaw, 400, "the target has impossible characters");
  if (msim__slice_equal(out->method, msim__slice_text("CONNECT"))) {
    *authority = target;
    return target.data[0] != '/' ? MSIM_OK : fail(flaw, 400, "the target is not a host");
  }
  if (target.data[0] == '/') {
    cut_query(out, target);
    return MSIM_OK;
  }
  if (msim__slice_is(target, "*") && msim__slice_equal(out->method, msim__slice_text("OPTIONS"))) {
    out->path = target;
    return MSIM_OK;
  }
  if (target.size_bytes <= 7 || !msim__slice_is(msim__slice_part(target, 0, 7), "http://"))
    return fail(flaw, 400, "the target is neither a path nor a URL");
  while (at < target.size_bytes && target.data[at] != '/' && target.data[at] != '?')
    at++;
  *authority = msim__slice_part(target, 7, at);
  cut_query(out, msim__slice_part(target, at, target.size_bytes));
  if (out->path.size_bytes == 0)
    out->path = msim__slice_text("/");
  return authority->size_bytes > 0 ? MSIM_OK : fail(flaw, 400, "the target names no host");
}

/* Exactly one Host from HTTP/1.1 on (RFC 9112 3.2). */
static int read_host(struct msim__http_request *out, struct msim_slice authority, struct flaw *flaw)
{
  struct msim_slice second;
  int found = msim__http_field_find(out->head.fields, "Host", 0, &out->host);

  if (found == 0 && out->head.minor > 0)
    return fail(flaw, 400, "Host is missing");
  if (msim__http_field_find(out->head.fields, "Host", 1, &second) == 1)
    return fail(flaw, 400, "there are two Hosts");
  if (!msim__http_is_host(out->host) || !msim__http_is_host(authority))
    return fail(flaw, 400, "the host is no host");
  if (authority.size_bytes > 0)
    out->host = authority;
  return MSIM_OK;
}

static int read_request_line(struct msim__http_request *out, struct msim_slice line, struct msim_slice *authority,
                             struct flaw *flaw)
{
  size_t first = 0, last = line.size_bytes;
  int err;

  while (first < line.size_bytes && line.data[first] != ' ')
    first++;
  while (last > first && line.data[last - 1] != ' ')
    last--;
  out->method = msim__slice_part(line, 0, first);
  if (!msim__http_is_token(out->method) || last <= first + 1)
    return fail(flaw, 400, "the first line is no request");
  err = read_version(msim__slice_part(line, last, line.size_bytes), &out->head.minor, flaw);
  if (err != MSIM_OK)
    return err;
  if (first > METHOD_BYTES_MAX)
    return fail(flaw, 501, "the method is not known");
  out->target = msim__slice_part(line, first + 1, last - 1);
  return read_target(out, authority, flaw);
}

int msim__http_request_read(struct msim__http_scan *scan, struct msim_slice input, size_t head_bytes_max,
                            struct msim__http_request *out)
{
  struct msim_slice line, authority = {NULL, 0};
  struct flaw flaw = {0, NULL};
  size_t end_bytes;
  int got;

  memset(out, 0, sizeof *out);
  got = find_end(scan, input, head_bytes_max, &end_bytes, &flaw);
  if (got == 0)
    return 0;
  if (got > 0)
    got = cut(scan, input, end_bytes, &out->head, &line, &flaw);
  if (got == MSIM_OK)
    got = read_request_line(out, line, &authority, &flaw);
  if (got == MSIM_OK)
    got = read_host(out, authority, &flaw);
  if (got == MSIM_OK)
    got = judge(&out->head, MSIM__HTTP_LENGTH, &flaw);
  out->refusal = flaw.status;
  out->why = flaw.why;
  if (got < 0)
    return got;
  out->expects_continue = out->head.minor > 0 && msim__http_list_has(out->head.fields, "Expect", "100-continue");
  memset(scan, 0, sizeof *scan);
  return 1;
}

/* ---- responses ---- */

static int read_status_line(struct msim__http_response *out, struct msim_slice line, struct flaw *flaw)
{
  const uint8_t *p = line.data;
  int err;

  if (line.size_bytes < 12 || p[8] != ' ' || !msim__ascii_is_digit(p[9]) || !msim__ascii_is_digit(p[10]) ||
      !msim__ascii_is_digit(p[11]) || p[9] < '1' || p[9] > '5' || (line.size_bytes > 12 && p[12] != ' '))
    return fail(flaw, 400, "the first line is no status line");
  err = read_version(msim__slice_part(line, 0, 8), &out->head.minor, flaw);
  out->status = (unsigned)((p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0'));
  out->reason = msim__slice_part(line, line.size_bytes > 12 ? 13 : 12, line.size_bytes);
  return err;
}

int msim__http_response_read(struct msim__http_scan *scan, struct msim_slice input, size_t head_bytes_max, bool to_head,
                             struct msim__http_response *out)
{
  struct flaw flaw = {0, NULL};
  struct msim_slice line;
  size_t end_bytes;
  int got;

  memset(out, 0, sizeof *out);
  got = find_end(scan, input, head_bytes_max, &end_bytes, &flaw);
  if (got == 0)
    return 0;
  if (got > 0)
    got = cut(scan, input, end_bytes, &out->head, &line, &flaw);
  if (got == MSIM_OK)
    got = read_status_line(out, line, &flaw);
  if (got == MSIM_OK)
    got = judge(&out->head, MSIM__HTTP_UNTIL_CLOSE, &flaw);
  out->why = flaw.why;
  if (got < 0)
    return got;
  if (to_head || out->status < 200 || out->status == 204 || out->status == 304)
    out->head.framing = MSIM__HTTP_NO_BODY; /* RFC 9112 6.3, whatever the fields say */
  if (out->head.framing == MSIM__HTTP_UNTIL_CLOSE)
    out->head.keep_alive = false;
  memset(scan, 0, sizeof *scan);
  return 1;
}
