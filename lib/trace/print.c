/* print.c: hashing of bytes and of text without its dates, see fingerprint.h. Knows no records. */
#include "trace/fingerprint.h"

#include <string.h>

#define PIECE_BYTES ((size_t)1024)

void msim__print_bytes_init(struct msim__print_bytes *bytes)
{
  bytes->hash = MSIM__PRINT_START;
  bytes->word = 0;
  bytes->count = 0;
}

static uint64_t load(const uint8_t *p)
{
  return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
         (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

void msim__print_bytes_add(struct msim__print_bytes *bytes, const void *data, size_t size_bytes)
{
  const uint8_t *p = (const uint8_t *)data, *end = p + size_bytes;
  uint64_t hash = bytes->hash, word = bytes->word;
  unsigned have = (unsigned)(bytes->count & 7);

  bytes->count += size_bytes;
  while (p < end) {
    if (have == 0 && end - p >= 8) {
      hash = msim__print_step(hash, load(p));
      p += 8;
      continue;
    }
    word |= (uint64_t)*p++ << (8 * have);
    if (++have == 8) {
      hash = msim__print_step(hash, word);
      word = 0;
      have = 0;
    }
  }
  bytes->hash = hash;
  bytes->word = word;
}

uint64_t msim__print_bytes_end(const struct msim__print_bytes *bytes)
{
  return msim__hash_join(msim__hash_join(bytes->hash, bytes->word), bytes->count);
}

void msim__print_text_init(struct msim__print_text *text)
{
  msim__print_bytes_init(&text->bytes);
  text->pending_count = 0;
}

/* Hashes what is settled of data: all but what may be the beginning of a date; returns where that begins. A date that
 * begins in front of limit lies whole in data, because limit is at least a date's length in front of the end. */
static size_t settle(struct msim__print_text *text, const uint8_t *data, size_t size_bytes, size_t limit)
{
  size_t at = 0, begin, end;

  while (msim__date_find(data, size_bytes, at, &begin, &end) && begin < limit) {
    msim__print_bytes_add(&text->bytes, data + at, begin - at);
    msim__print_bytes_add(&text->bytes, "<date>", 6);
    at = end;
  }
  if (at < limit) {
    msim__print_bytes_add(&text->bytes, data + at, limit - at);
    at = limit;
  }
  return at;
}

void msim__print_text_add(struct msim__print_text *text, const void *data, size_t size_bytes)
{
  uint8_t joined[MSIM__PRINT_PENDING_BYTES + PIECE_BYTES];
  const uint8_t *p = (const uint8_t *)data;

  while (size_bytes > 0) {
    size_t piece = size_bytes < PIECE_BYTES ? size_bytes : PIECE_BYTES, total = text->pending_count + piece, at;

    memcpy(joined, text->pending, text->pending_count);
    memcpy(joined + text->pending_count, p, piece);
    p += piece;
    size_bytes -= piece;
    at = settle(text, joined, total, total > MSIM__PRINT_PENDING_BYTES ? total - MSIM__PRINT_PENDING_BYTES : 0);
    text->pending_count = (uint8_t)(total - at);
    memcpy(text->pending, joined + at, total - at);
  }
}

uint64_t msim__print_text_end(struct msim__print_text *text)
{
  (void)settle(text, text->pending, text->pending_count, text->pending_count);
  text->pending_count = 0;
  return msim__print_bytes_end(&text->bytes);
}
