/* fuzz_dot.c: lib/proto/dot.c: what was encoded is decoded to the same, and pieces do not matter. Input: the size of
 * the pieces, the room for output, then the content, which is also decoded as if it came from a wire. */
#include "fuzz.h"
#include "proto/dot.h"

struct text {
  uint8_t *data;
  size_t size_bytes, capacity_bytes;
  struct msim__dot dot;
  size_t taken_bytes;
  int got;
};

static struct text text_new(size_t capacity_bytes)
{
  struct text text;

  memset(&text, 0, sizeof text);
  text.data = malloc(capacity_bytes);
  text.capacity_bytes = capacity_bytes;
  FUZZ_CHECK(text.data != NULL);
  return text;
}

/* One step: a piece in, at most room bytes out, into a block of exactly that size. */
static size_t step(struct text *out, struct msim_slice piece, size_t room, bool decode)
{
  uint8_t *block = malloc(room);
  size_t taken, written;

  FUZZ_CHECK(block != NULL);
  if (decode)
    out->got = msim__dot_decode(&out->dot, piece, block, room, &taken, &written);
  else
    msim__dot_encode(&out->dot, piece, block, room, &taken, &written);
  FUZZ_CHECK(taken <= piece.size_bytes && written <= room);
  FUZZ_CHECK(taken > 0 || out->got == 1); /* progress is certain */
  FUZZ_CHECK(out->size_bytes + written <= out->capacity_bytes);
  memcpy(out->data + out->size_bytes, block, written);
  out->size_bytes += written;
  out->taken_bytes += taken;
  free(block);
  return taken;
}

static struct text run(struct msim_slice in, size_t piece_bytes, size_t room, bool decode)
{
  struct text out = text_new(in.size_bytes * 2 + 8);

  while (out.taken_bytes < in.size_bytes && out.got != 1) {
    size_t left = in.size_bytes - out.taken_bytes, size = left < piece_bytes ? left : piece_bytes;

    (void)step(&out, fuzz_part(in, out.taken_bytes, out.taken_bytes + size), room, decode);
  }
  return out;
}

static struct msim_slice bytes_of(const struct text *text)
{
  return fuzz_slice_of(text->data, text->size_bytes);
}

static void check_same(const struct text *a, const struct text *b)
{
  const struct msim__dot_seen *x = &a->dot.seen, *y = &b->dot.seen;

  FUZZ_CHECK(a->got == b->got && a->taken_bytes == b->taken_bytes && fuzz_same(bytes_of(a), bytes_of(b)));
  FUZZ_CHECK(x->size_bytes == y->size_bytes && x->longest_line_bytes == y->longest_line_bytes);
  FUZZ_CHECK(x->bare_cr == y->bare_cr && x->bare_lf == y->bare_lf && x->nul == y->nul && x->eight_bit == y->eight_bit);
}

static bool ends_line(struct msim_slice s)
{
  return s.size_bytes == 0 || (s.size_bytes >= 2 && memcmp(s.data + s.size_bytes - 2, "\r\n", 2) == 0);
}

static void check_decoding(struct msim_slice wire, size_t piece_bytes, size_t room)
{
  struct text whole = run(wire, wire.size_bytes + 1, wire.size_bytes * 2 + 8, true);
  struct text single = run(wire, 1, 2, true), pieces = run(wire, piece_bytes, room, true);

  check_same(&whole, &single);
  check_same(&whole, &pieces);
  FUZZ_CHECK(whole.dot.seen.size_bytes == whole.size_bytes);
  if (whole.got == 1) { /* the end is CRLF "." CRLF, or ".", CRLF when there is nothing before */
    FUZZ_CHECK(ends_line(bytes_of(&whole)));
    FUZZ_CHECK(whole.taken_bytes >= 3 && memcmp(wire.data + whole.taken_bytes - 3, ".\r\n", 3) == 0);
    FUZZ_CHECK(ends_line(fuzz_part(wire, 0, whole.taken_bytes - 3)));
  }
  free(whole.data);
  free(single.data);
  free(pieces.data);
}

static void check_identity(struct msim_slice content, size_t piece_bytes, size_t room)
{
  struct text whole = run(content, content.size_bytes + 1, content.size_bytes * 2 + 8, false);
  struct text pieces = run(content, piece_bytes, room, false), back;
  size_t end;

  check_same(&whole, &pieces);
  FUZZ_CHECK(msim__dot_encode_end(&whole.dot, whole.data, ends_line(content) ? 2 : 4) == 0); /* too small: nothing */
  end = msim__dot_encode_end(&whole.dot, whole.data + whole.size_bytes, whole.capacity_bytes - whole.size_bytes);
  FUZZ_CHECK(end == (ends_line(content) ? 3u : 5u));
  whole.size_bytes += end;
  back = run(bytes_of(&whole), piece_bytes, room, true);
  FUZZ_CHECK(back.got == 1 && back.taken_bytes == whole.size_bytes); /* no content ends the message early */
  FUZZ_CHECK(back.size_bytes == content.size_bytes + (ends_line(content) ? 0 : 2));
  FUZZ_CHECK(fuzz_same(fuzz_part(bytes_of(&back), 0, content.size_bytes), content) && ends_line(bytes_of(&back)));
  free(whole.data);
  free(pieces.data);
  free(back.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  size_t piece_bytes = 1u + fuzz_byte(&input) % 16u, room = 2u + fuzz_byte(&input) % 16u;
  uint8_t *copy = fuzz_copy(input.rest);

  check_decoding(fuzz_slice_of(copy, input.rest.size_bytes), piece_bytes, room);
  check_identity(fuzz_slice_of(copy, input.rest.size_bytes), piece_bytes, room);
  free(copy);
  return 0;
}
