/* imap_gather.c: the end of a command; see imap_gather.h. */
#include "proto/imap_gather.h"

#include "proto/ascii.h"

/* How far the bytes just read look like the end of a line. */
enum { NOTHING, BRACE, DIGITS, PLUS, CLOSED, CLOSED_CR, CR };

/* Strings end with the line at the latest: a brace in one announces nothing. */
static uint8_t next_mark(struct msim__imap_gather *g, uint8_t c)
{
  if (c == '\r')
    return g->mark == CLOSED ? CLOSED_CR : CR;
  if (g->quoted)
    return NOTHING;
  if (c == '{') {
    g->number = 0;
    g->plus = false;
    return BRACE;
  }
  if (msim__ascii_is_digit(c) && (g->mark == BRACE || g->mark == DIGITS)) {
    g->number = g->number > (UINT64_MAX - 9) / 10 ? UINT64_MAX : g->number * 10 + (uint64_t)(c - '0');
    return DIGITS;
  }
  if (c == '+' && g->mark == DIGITS) {
    g->plus = true;
    return PLUS;
  }
  return c == '}' && (g->mark == DIGITS || g->mark == PLUS) ? CLOSED : NOTHING;
}

static void look_for_quotes(struct msim__imap_gather *g, uint8_t c)
{
  if (g->escaped)
    g->escaped = false;
  else if (g->quoted && c == '\\')
    g->escaped = true;
  else if (c == '"')
    g->quoted = !g->quoted;
}

enum msim__imap_gather_event msim__imap_gather_feed(struct msim__imap_gather *g, struct msim_slice input, size_t *taken)
{
  size_t at = 0;

  if (g->literal_left_bytes > 0) {
    at = g->literal_left_bytes < input.size_bytes ? (size_t)g->literal_left_bytes : input.size_bytes;
    g->literal_left_bytes -= at;
  }
  while (at < input.size_bytes) {
    uint8_t c = input.data[at++];

    if (c == '\n' && g->mark == CLOSED_CR) {
      g->literal_bytes = g->literal_left_bytes = g->number;
      g->synchronizing = !g->plus;
      g->mark = NOTHING;
      g->quoted = g->escaped = false;
      *taken = at;
      return MSIM__IMAP_GATHER_LITERAL;
    }
    if (c == '\n' && g->mark == CR) {
      memset(g, 0, sizeof *g);
      *taken = at;
      return MSIM__IMAP_GATHER_DONE;
    }
    g->mark = next_mark(g, c);
    look_for_quotes(g, c);
  }
  *taken = at;
  return MSIM__IMAP_GATHER_MORE;
}
