/* fuzz_line.c: lib/proto/line.c: what is found does not depend on how the bytes come in, and is what a plain reading of
 * the rules gives. Input: the longest line, the size of the pieces, then the bytes. */
#include "fuzz.h"
#include "proto/line.h"

/* A line or a flaw that was found, or a refused line that ended. */
struct found {
  int got;
  size_t at, size_bytes;
  enum msim__line_flaw flaw;
};

struct run {
  struct msim_slice input;
  size_t line_bytes_max, count;
  struct found *found;
};

static void keep(struct run *run, int got, size_t at, size_t size_bytes, enum msim__line_flaw flaw)
{
  struct found *f = &run->found[run->count++];

  memset(f, 0, sizeof *f);
  f->got = got;
  f->at = at;
  f->size_bytes = size_bytes;
  f->flaw = flaw;
}

/* Straight from the rules; at is where a line begins. 0: neither end nor flaw. */
static int expected(const struct run *run, size_t at, size_t *size_bytes, enum msim__line_flaw *flaw)
{
  const uint8_t *data = run->input.data;
  size_t end = run->input.size_bytes, i;

  *flaw = MSIM__LINE_FINE;
  for (i = at; i < end; i++) {
    if (i - at >= run->line_bytes_max || (i - at == run->line_bytes_max - 1 && data[i] == '\r'))
      *flaw = MSIM__LINE_TOO_LONG;
    else if (data[i] == '\0')
      *flaw = MSIM__LINE_NUL;
    else if (data[i] == '\n')
      *flaw = MSIM__LINE_BARE_LF;
    else if (data[i] == '\r' && i + 1 < end && data[i + 1] != '\n')
      *flaw = MSIM__LINE_BARE_CR;
    else if (data[i] == '\r' && i + 1 < end)
      return *size_bytes = i - at, 1;
    if (*flaw != MSIM__LINE_FINE)
      return *flaw == MSIM__LINE_TOO_LONG ? MSIM_ERR_LIMIT : MSIM_ERR_SYNTAX;
  }
  if (end - at < run->line_bytes_max)
    return 0;
  *flaw = MSIM__LINE_TOO_LONG;
  return MSIM_ERR_LIMIT;
}

static void check_line(const struct run *run, size_t from, int got, const struct msim__line *line)
{
  enum msim__line_flaw flaw;
  size_t size = 0;
  int wanted = expected(run, from, &size, &flaw);

  FUZZ_CHECK(got == wanted && line->flaw == flaw);
  if (got != 1)
    return;
  FUZZ_CHECK(line->text.data == run->input.data + from && line->text.size_bytes == size);
  FUZZ_CHECK(line->consumed_bytes == size + 2 && line->consumed_bytes <= run->line_bytes_max);
}

static void read_in_pieces(struct run *run, size_t piece_bytes)
{
  struct msim__line_scan scan = {0};
  size_t from = 0, seen = 0;
  bool skipping = false;

  do {
    int got = 1;

    seen = run->input.size_bytes - seen < piece_bytes ? run->input.size_bytes : seen + piece_bytes;
    while (got != 0) {
      struct msim_slice window = fuzz_part(run->input, from, seen);
      struct msim__line line;
      size_t consumed = 0;

      if (skipping) {
        got = msim__line_skip(&scan, window, &consumed);
        FUZZ_CHECK((got == 0 || got == 1) && consumed <= window.size_bytes);
        if (got == 1)
          keep(run, 2, from + consumed, 0, MSIM__LINE_FINE);
        skipping = got == 0;
        from += consumed;
        continue;
      }
      got = msim__line_find(&scan, window, run->line_bytes_max, &line);
      if (got != 0 || seen == run->input.size_bytes)
        check_line(run, from, got, &line);
      if (got != 0)
        keep(run, got, from, line.text.size_bytes, line.flaw);
      skipping = got < 0;
      from += line.consumed_bytes;
    }
  } while (seen < run->input.size_bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  size_t line_bytes_max = 2u + fuzz_byte(&input) % 64u, piece_bytes = 1u + fuzz_byte(&input) % 32u, i;
  uint8_t *copy = fuzz_copy(input.rest);
  size_t pieces[3];
  struct run runs[3];

  pieces[0] = input.rest.size_bytes + 1;
  pieces[1] = 1;
  pieces[2] = piece_bytes;
  for (i = 0; i < 3; i++) {
    runs[i].input = fuzz_slice_of(copy, input.rest.size_bytes);
    runs[i].line_bytes_max = line_bytes_max;
    runs[i].count = 0;
    runs[i].found = calloc(2 * input.rest.size_bytes + 2, sizeof *runs[i].found);
    FUZZ_CHECK(runs[i].found != NULL);
    read_in_pieces(&runs[i], pieces[i]);
    FUZZ_CHECK(runs[i].count == runs[0].count);
    FUZZ_CHECK(memcmp(runs[i].found, runs[0].found, runs[0].count * sizeof *runs[0].found) == 0);
  }
  for (i = 0; i < 3; i++)
    free(runs[i].found);
  free(copy);
  return 0;
}
