/* dot.c: how a message travels behind DATA (RFC 5321 4.5.2): dots doubled at the start of lines, the end a lone dot.
 *
 * Does not limit sizes: it counts, the caller compares. */
#include "proto/dot.h"

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

void msim__dot_encode(struct msim__dot *dot, struct msim_slice in, uint8_t *out, size_t cap_bytes, size_t *taken_bytes,
                      size_t *written_bytes)
{
  size_t i, n = 0;

  for (i = 0; i < in.size_bytes; i++) {
    bool doubled = in.data[i] == '.' && dot->at == LINE_START;

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
    uint8_t byte = in.data[i];

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
