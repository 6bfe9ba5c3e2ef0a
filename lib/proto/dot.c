/* dot.c: how a message travels behind DATA (RFC 5321 4.5.2): dots doubled at the start of lines, the end a lone dot.
 *
 * Does not limit sizes: it counts, the caller compares. */
#include "proto/dot.h"

#include <string.h>

enum place {
  LINE_START, /* nothing, or CRLF, stands before */
  IN_LINE,
  AFTER_CR,
  AFTER_DOT,    /* decoder only: a dot at the start of a line, not yet given out */
  AFTER_DOT_CR, /* decoder only: that dot and a CR, not yet given out */
  AT_END        /* decoder only */
};

/* One byte of content: counts and judges it and says where we stand behind it. */
static void take_content(struct msim__dot *dot, uint8_t byte)
{
  bool after_cr = dot->at == AFTER_CR;

  dot->seen.size_bytes++;
  dot->line_bytes++;
  if (dot->line_bytes > dot->seen.longest_line_bytes)
    dot->seen.longest_line_bytes = dot->line_bytes;
  if (byte == 0)
    dot->seen.nul = true;
  if (byte >= 0x80)
    dot->seen.eight_bit = true;
  if (byte == '\n' && after_cr) {
    dot->at = LINE_START;
    dot->line_bytes = 0;
    return;
  }
  if (after_cr)
    dot->seen.bare_cr = true;
  if (byte == '\n')
    dot->seen.bare_lf = true;
  dot->at = byte == '\r' ? AFTER_CR : IN_LINE;
}

/* How many bytes from the first on are neither NUL nor CR nor LF; ors the highest bits of all that it looked at.
 * Content is mostly this, and eight bytes at a time are a tenth of the work. */
static size_t text_run(const uint8_t *data, size_t size_bytes, bool *eight_bit)
{
  const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
  uint64_t seen = 0;
  size_t at = 0;

  for (; size_bytes - at >= 8; at += 8) {
    uint64_t word, cr, lf;

    memcpy(&word, data + at, 8);
    cr = word ^ (ones * '\r');
    lf = word ^ (ones * '\n');
    if (((((word - ones) & ~word) | ((cr - ones) & ~cr) | ((lf - ones) & ~lf)) & highs) != 0)
      break;
    seen |= word & highs;
  }
  for (; at < size_bytes && data[at] != 0 && data[at] != '\r' && data[at] != '\n'; at++)
    seen |= data[at] & 0x80u;
  *eight_bit = *eight_bit || seen != 0;
  return at;
}

/* Where nothing has to be looked at but the bytes themselves: as many of them as go through unchanged. */
static size_t take_run(struct msim__dot *dot, const uint8_t *data, size_t size_bytes)
{
  size_t count;

  if (dot->at != IN_LINE && (dot->at != LINE_START || size_bytes == 0 || data[0] == '.'))
    return 0;
  count = text_run(data, size_bytes, &dot->seen.eight_bit);
  if (count == 0)
    return 0;
  dot->seen.size_bytes += count;
  dot->line_bytes += count;
  if (dot->line_bytes > dot->seen.longest_line_bytes)
    dot->seen.longest_line_bytes = dot->line_bytes;
  dot->at = IN_LINE;
  return count;
}

static size_t least(size_t a, size_t b)
{
  return a < b ? a : b;
}

void msim__dot_encode(struct msim__dot *dot, struct msim_slice in, uint8_t *out, size_t cap_bytes, size_t *taken_bytes,
                      size_t *written_bytes)
{
  size_t i, n = 0;

  for (i = 0; i < in.size_bytes; i++) {
    size_t run = take_run(dot, in.data + i, least(in.size_bytes - i, cap_bytes - n));
    bool doubled;

    if (run > 0)
      memcpy(out + n, in.data + i, run);
    n += run;
    i += run;
    if (i == in.size_bytes)
      break;
    doubled = in.data[i] == '.' && dot->at == LINE_START;
    if (cap_bytes - n < (doubled ? 2u : 1u))
      break;
    if (doubled)
      out[n++] = '.';
    out[n++] = in.data[i];
    take_content(dot, in.data[i]);
  }
  *taken_bytes = i;
  *written_bytes = n;
}

size_t msim__dot_encode_end(struct msim__dot *dot, uint8_t *out, size_t cap_bytes)
{
  static const uint8_t end[5] = {'\r', '\n', '.', '\r', '\n'};
  size_t from = dot->at == LINE_START ? 2 : 0, i;

  if (cap_bytes < sizeof end - from)
    return 0;
  if (dot->at == AFTER_CR)
    dot->seen.bare_cr = true; /* the content ended with it; the CRLF below is ours */
  for (i = from; i < sizeof end; i++)
    out[i - from] = end[i];
  dot->at = AT_END;
  return sizeof end - from;
}

int msim__dot_decode(struct msim__dot *dot, struct msim_slice in, uint8_t *out, size_t cap_bytes, size_t *taken_bytes,
                     size_t *written_bytes)
{
  size_t i, n = 0;

  for (i = 0; i < in.size_bytes && dot->at != AT_END && cap_bytes - n >= 2; i++) {
    size_t run = take_run(dot, in.data + i, least(in.size_bytes - i, cap_bytes - n - 1));
    uint8_t byte;

    if (run > 0) {
      memcpy(out + n, in.data + i, run);
      n += run;
      i += run - 1;
      continue;
    }
    byte = in.data[i];
    if (dot->at == LINE_START && byte == '.') {
      dot->at = AFTER_DOT;
      continue;
    }
    if (dot->at == AFTER_DOT && byte == '\r') {
      dot->at = AFTER_DOT_CR;
      continue;
    }
    if (dot->at == AFTER_DOT_CR) {
      if (byte == '\n') {
        dot->at = AT_END;
        continue;
      }
      /* ".", CR and something else: the dot is dropped as from any line, the CR was content, and a bare one. */
      out[n++] = '\r';
      take_content(dot, '\r');
    }
    out[n++] = byte;
    take_content(dot, byte);
  }
  *taken_bytes = i;
  *written_bytes = n;
  return dot->at == AT_END ? 1 : 0;
}
