/* plain.h: runs of bytes that stand in a quoted text as they are, eight at a time: printable ASCII without '"' and
 * '\\'.
 *
 * Does not escape what is left: see escape.h and json_out.h. */
#ifndef MSIM_TEXT_PLAIN_H
#define MSIM_TEXT_PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MSIM__PLAIN_ONES UINT64_C(0x0101010101010101)
#define MSIM__PLAIN_HIGHS UINT64_C(0x8080808080808080)

static inline bool msim__plain_byte(uint8_t byte)
{
  return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

/* Of any eight bytes, in either byte order. */
static inline uint64_t msim__plain_load(const uint8_t *bytes)
{
  uint64_t word;

  memcpy(&word, bytes, sizeof word);
  return word;
}

/* Of four to seven bytes the first four and the last four. */
static inline uint64_t msim__plain_load_ends(const uint8_t *bytes, size_t size_bytes)
{
  uint32_t first, last;

  memcpy(&first, bytes, sizeof first);
  memcpy(&last, bytes + size_bytes - 4, sizeof last);
  return (uint64_t)first | (uint64_t)last << 32;
}

/* Of one to three bytes: padded with letters. */
static inline uint64_t msim__plain_load_few(const uint8_t *bytes, size_t size_bytes)
{
  const uint64_t letters = MSIM__PLAIN_ONES * 'x' << 24;

  return letters | bytes[0] | (uint64_t)bytes[size_bytes / 2] << 8 | (uint64_t)bytes[size_bytes - 1] << 16;
}

/* The next eight bytes, or all that are left; at least one. */
static inline uint64_t msim__plain_load_next(const uint8_t *bytes, size_t size_bytes)
{
  return size_bytes >= 8   ? msim__plain_load(bytes)
         : size_bytes >= 4 ? msim__plain_load_ends(bytes, size_bytes)
                           : msim__plain_load_few(bytes, size_bytes);
}

/* Copies eight bytes, or the four to seven that there are; returns the place behind. */
static inline char *msim__plain_copy(char *out, const uint8_t *bytes, size_t size_bytes)
{
  if (size_bytes >= 8) {
    memcpy(out, bytes, 8);
    return out + 8;
  }
  memcpy(out, bytes, 4);
  memcpy(out + size_bytes - 4, bytes + size_bytes - 4, 4);
  return out + size_bytes;
}

static inline bool msim__plain_is_ascii(uint64_t word)
{
  return (word & MSIM__PLAIN_HIGHS) == 0;
}

/* Whether all eight are plain: below 0x20 borrows, and what is searched for has become a zero byte, which borrows too.
 * A borrow that goes on into the next byte comes from one that is not plain itself. */
static inline bool msim__plain_word(uint64_t word)
{
  const uint64_t ones = MSIM__PLAIN_ONES;
  uint64_t quote = word ^ (ones * '"'), slash = word ^ (ones * '\\');

  return ((word | (word + ones) | (word - ones * 0x20) | (quote - ones) | (slash - ones)) & MSIM__PLAIN_HIGHS) == 0;
}

/* How many bytes from the first on are plain. */
static inline size_t msim__plain_run(const uint8_t *data, size_t size_bytes)
{
  size_t at = 0;

  while (size_bytes - at >= 8 && msim__plain_word(msim__plain_load(data + at)))
    at += 8;
  while (at < size_bytes && msim__plain_byte(data[at]))
    at++;
  return at;
}

#endif
