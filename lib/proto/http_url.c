/* http_url.c: URLs of the scheme http, and references resolved against them (RFC 3986 3, 5.2).
 *
 * Does not look names up and does not decode percent codes. */
#include "proto/http_url.h"
#include "proto/ascii.h"
#include "proto/http_fields.h"

#include <stdio.h>

/* How many bytes "scheme:" takes at the start; 0: there is none. */
static size_t scheme_bytes(struct msim_slice text)
{
  size_t at = 0;

  while (at < text.size_bytes &&
         (msim__ascii_is_alnum(text.data[at]) || text.data[at] == '+' || text.data[at] == '-' || text.data[at] == '.'))
    at++;
  return at > 0 && at < text.size_bytes && text.data[at] == ':' && msim__ascii_is_alpha(text.data[0]) ? at + 1 : 0;
}

static bool is_clean(struct msim_slice text)
{
  size_t i;

  for (i = 0; i < text.size_bytes; i++)
    if (text.data[i] <= ' ' || text.data[i] > '~' || text.data[i] == '\\')
      return false;
  return true;
}

/* "host", "host:port", "[v6]:port". */
static int read_authority(struct msim__url *out, struct msim_slice text)
{
  size_t end = text.size_bytes, from = 0;
  uint64_t port = 80;

  if (!msim__http_is_host(text) || text.size_bytes == 0)
    return MSIM_ERR_SYNTAX;
  out->is_ipv6 = text.data[0] == '[';
  while (end > 0 && text.data[end - 1] != ':' && text.data[end - 1] != ']')
    end--;
  if (end > 0 && text.data[end - 1] == ':') {
    if (end < text.size_bytes && !msim__slice_number(msim__slice_part(text, end, text.size_bytes), &port))
      return MSIM_ERR_SYNTAX;
    end--;
  } else if (end == 0) {
    end = text.size_bytes;
  }
  if (out->is_ipv6) {
    from = 1;
    end--;
  }
  if (port == 0 || end <= from)
    return MSIM_ERR_SYNTAX;
  if (end - from >= sizeof out->host)
    return MSIM_ERR_LIMIT;
  memcpy(out->host, text.data + from, end - from);
  out->host[end - from] = '\0';
  out->port = (uint16_t)port;
  return MSIM_OK;
}

/* Takes "." and ".." out of a path (RFC 3986 5.2.4), in place; path begins with "/". */
static size_t remove_dots(char *path, size_t size_bytes)
{
  size_t in = 0, out = 0;

  while (in < size_bytes) {
    size_t end = in + 1; /* the segment with its slash before it */

    while (end < size_bytes && path[end] != '/')
      end++;
    if (end - in == 2 && path[in + 1] == '.') {
      if (end == size_bytes)
        path[out++] = '/';
    } else if (end - in == 3 && path[in + 1] == '.' && path[in + 2] == '.') {
      while (out > 0 && path[--out] != '/')
        ;
      if (end == size_bytes)
        path[out++] = '/';
    } else {
      memmove(path + out, path + in, end - in);
      out += end - in;
    }
    in = end;
  }
  return out;
}

/* The target from a path (may be relative to the folder of before) and a query that follows it. */
static int set_target(struct msim__url *out, struct msim_slice folder, struct msim_slice rest)
{
  char path[MSIM__URL_BYTES_MAX + 1];
  size_t cut = 0, size;

  while (cut < rest.size_bytes && rest.data[cut] != '#')
    cut++;
  rest = msim__slice_part(rest, 0, cut);
  for (cut = 0; cut < rest.size_bytes && rest.data[cut] != '?';)
    cut++;
  if (folder.size_bytes + rest.size_bytes + 1 > MSIM__URL_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  if (!is_clean(rest))
    return MSIM_ERR_SYNTAX;
  size = folder.size_bytes;
  if (size > 0)
    memmove(path, folder.data, size);
  if (size == 0 && (cut == 0 || rest.data[0] != '/'))
    path[size++] = '/';
  if (cut > 0)
    memcpy(path + size, rest.data, cut);
  size = remove_dots(path, size + cut);
  if (rest.size_bytes > cut)
    memcpy(path + size, rest.data + cut, rest.size_bytes - cut);
  size += rest.size_bytes - cut;
  memcpy(out->target, path, size);
  out->target[size] = '\0';
  return MSIM_OK;
}

/* Behind "//". */
static int read_rest(struct msim__url *out, struct msim_slice text)
{
  size_t at = 0;
  int err;

  while (at < text.size_bytes && text.data[at] != '/' && text.data[at] != '?' && text.data[at] != '#')
    at++;
  err = read_authority(out, msim__slice_part(text, 0, at));
  return err != MSIM_OK ? err
                        : set_target(out, msim__slice_part(text, 0, 0), msim__slice_part(text, at, text.size_bytes));
}

int msim__url_parse(struct msim__url *out, struct msim_slice text)
{
  size_t scheme = scheme_bytes(text);

  if (text.size_bytes > MSIM__URL_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  if (scheme == 0)
    return MSIM_ERR_SYNTAX;
  if (!msim__slice_is(msim__slice_part(text, 0, scheme), "http:"))
    return MSIM_ERR_NOT_FOUND;
  if (text.size_bytes < 7 || text.data[5] != '/' || text.data[6] != '/')
    return MSIM_ERR_SYNTAX;
  return read_rest(out, msim__slice_part(text, 7, text.size_bytes));
}

int msim__url_resolve(struct msim__url *out, const struct msim__url *base, struct msim_slice reference)
{
  struct msim_slice target = msim__slice_text(base->target), folder;
  struct msim__url found = *base;
  size_t path = 0, at = 0;
  int err;

  reference = msim__slice_trim(reference);
  if (reference.size_bytes > MSIM__URL_BYTES_MAX)
    return MSIM_ERR_LIMIT;
  while (path < target.size_bytes && target.data[path] != '?')
    path++;
  if (scheme_bytes(reference) > 0) {
    err = msim__url_parse(&found, reference);
  } else if (reference.size_bytes >= 2 && reference.data[0] == '/' && reference.data[1] == '/') {
    err = read_rest(&found, msim__slice_part(reference, 2, reference.size_bytes));
  } else if (reference.size_bytes == 0 || reference.data[0] == '#') {
    err = MSIM_OK; /* the page itself, with its query */
  } else {
    for (at = path; at > 0 && target.data[at - 1] != '/';)
      at--;
    folder = msim__slice_part(target, 0, reference.data[0] == '/' ? 0 : reference.data[0] == '?' ? path : at);
    err = set_target(&found, folder, reference);
  }
  if (err == MSIM_OK)
    *out = found;
  return err;
}

size_t msim__url_host(const struct msim__url *url, char *out)
{
  char port[8] = "";
  int size;

  if (url->port != 80)
    snprintf(port, sizeof port, ":%u", (unsigned)url->port);
  size = snprintf(out, 264, "%s%.255s%s%s", url->is_ipv6 ? "[" : "", url->host, url->is_ipv6 ? "]" : "", port);
  return size > 0 ? (size_t)size : 0;
}

bool msim__url_same_site(const struct msim__url *a, const struct msim__url *b)
{
  return a->port == b->port && a->is_ipv6 == b->is_ipv6 &&
         msim__slice_equal_nocase(msim__slice_text(a->host), msim__slice_text(b->host));
}
