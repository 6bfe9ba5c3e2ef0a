/* json_check.h: for tests: whether bytes are one JSON value (RFC 8259) in valid UTF-8, by a reader of its own. */
#ifndef MSIM_TESTS_TRACE_JSON_CHECK_H
#define MSIM_TESTS_TRACE_JSON_CHECK_H

#include <stdbool.h>
#include <string.h>

#include "text/utf8.h"

/* Each returns the place behind what it read, NULL when it is not that. */
static inline const char *json_check_value(const char *p, const char *end, int depth);

static inline bool json_check_hex(const char *p, const char *end)
{
  int i;

  for (i = 0; i < 4; i++) {
    if (p + i >= end || p[i] == '\0' || strchr("0123456789abcdefABCDEF", p[i]) == NULL)
      return false;
  }
  return true;
}

static inline const char *json_check_string(const char *p, const char *end)
{
  if (p >= end || *p++ != '"')
    return NULL;
  while (p < end && *p != '"') {
    if ((unsigned char)*p < 0x20)
      return NULL;
    if (*p == '\\') {
      if (p + 1 >= end || p[1] == '\0' || strchr("\"\\/bfnrtu", p[1]) == NULL ||
          (p[1] == 'u' && !json_check_hex(p + 2, end)))
        return NULL;
      p += p[1] == 'u' ? 6 : 2;
    } else {
      uint32_t code;
      size_t length = msim__utf8_next((const uint8_t *)p, (size_t)(end - p), &code);

      if (length == 0)
        return NULL;
      p += length;
    }
  }
  return p < end ? p + 1 : NULL;
}

static inline const char *json_check_items(const char *p, const char *end, int depth, bool object)
{
  char last = object ? '}' : ']';

  if (++p < end && *p == last)
    return p + 1;
  for (;;) {
    if (object) {
      p = json_check_string(p, end);
      if (p == NULL || p >= end || *p++ != ':')
        return NULL;
    }
    p = json_check_value(p, end, depth + 1);
    if (p == NULL || p >= end || (*p != ',' && *p != last))
      return NULL;
    if (*p++ == last)
      return p;
  }
}

static inline const char *json_check_value(const char *p, const char *end, int depth)
{
  static const char *const words[] = {"true", "false", "null"};
  const char *start = p;
  size_t i;

  if (p >= end || depth > 20)
    return NULL;
  if (*p == '"')
    return json_check_string(p, end);
  if (*p == '{' || *p == '[')
    return json_check_items(p, end, depth, *p == '{');
  for (i = 0; i < 3; i++) {
    if ((size_t)(end - p) >= strlen(words[i]) && memcmp(p, words[i], strlen(words[i])) == 0)
      return p + strlen(words[i]);
  }
  if (*p == '-')
    start = ++p;
  while (p < end && *p >= '0' && *p <= '9')
    p++;
  return p > start && (*start != '0' || p == start + 1) ? p : NULL;
}

/* The number of lines, each of which must be one object; 0 when one is not, or the last has no line end. */
static inline size_t json_check_lines(const char *data, size_t size_bytes)
{
  const char *p = data, *end = data + size_bytes;
  size_t count = 0;

  while (p < end) {
    const char *line_end = memchr(p, '\n', (size_t)(end - p));

    if (line_end == NULL || *p != '{' || json_check_value(p, line_end, 0) != line_end)
      return 0;
    p = line_end + 1;
    count++;
  }
  return count;
}

#endif
