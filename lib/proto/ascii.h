/* ascii.h: characters and slices as text protocols see them: ASCII, whatever the locale says.
 *
 * Bytes from 0x80 on are no letters, digits or controls here; whether they are UTF-8 is address.h's question. */
#ifndef MSIM_PROTO_ASCII_H
#define MSIM_PROTO_ASCII_H

#include <mailsim/base.h>

#include <string.h>

static inline bool msim__ascii_is_digit(uint8_t c)
{
  return c >= '0' && c <= '9';
}

static inline bool msim__ascii_is_alpha(uint8_t c)
{
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static inline bool msim__ascii_is_alnum(uint8_t c)
{
  return msim__ascii_is_alpha(c) || msim__ascii_is_digit(c);
}

static inline bool msim__ascii_is_space(uint8_t c)
{
  return c == ' ' || c == '\t';
}

static inline bool msim__ascii_is_control(uint8_t c)
{
  return c < 0x20 || c == 0x7f;
}

static inline uint8_t msim__ascii_lower(uint8_t c)
{
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

static inline struct msim_slice msim__slice_text(const char *text)
{
  struct msim_slice slice = {(const uint8_t *)text, strlen(text)};

  return slice;
}

/* from and to within the slice, from <= to. */
static inline struct msim_slice msim__slice_part(struct msim_slice slice, size_t from, size_t to)
{
  struct msim_slice part = {slice.data, to - from};

  if (from > 0) /* data may be NULL when there is nothing */
    part.data += from;
  return part;
}

/* Without spaces and tabs at both ends. */
static inline struct msim_slice msim__slice_trim(struct msim_slice slice)
{
  size_t from = 0, to = slice.size_bytes;

  while (to > 0 && msim__ascii_is_space(slice.data[to - 1]))
    to--;
  while (from < to && msim__ascii_is_space(slice.data[from]))
    from++;
  return msim__slice_part(slice, from, to);
}

static inline bool msim__slice_equal(struct msim_slice a, struct msim_slice b)
{
  return a.size_bytes == b.size_bytes && (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

/* Letters of ASCII without regard to case; every other byte as it is. */
static inline bool msim__slice_equal_nocase(struct msim_slice a, struct msim_slice b)
{
  size_t i;

  if (a.size_bytes != b.size_bytes)
    return false;
  for (i = 0; i < a.size_bytes; i++)
    if (msim__ascii_lower(a.data[i]) != msim__ascii_lower(b.data[i]))
      return false;
  return true;
}

/* slice against a terminated word of ASCII, without regard to case. */
static inline bool msim__slice_is(struct msim_slice slice, const char *word)
{
  return msim__slice_equal_nocase(slice, msim__slice_text(word));
}

/* One or more digits and nothing else. A number beyond 64 bits becomes UINT64_MAX; false: no number. */
static inline bool msim__slice_number(struct msim_slice slice, uint64_t *out)
{
  uint64_t value = 0;
  size_t i;

  if (slice.size_bytes == 0)
    return false;
  for (i = 0; i < slice.size_bytes; i++) {
    unsigned digit = slice.data[i] - (unsigned)'0';

    if (!msim__ascii_is_digit(slice.data[i]))
      return false;
    value = value > (UINT64_MAX - digit) / 10 ? UINT64_MAX : value * 10 + digit;
  }
  *out = value;
  return true;
}

#endif
