/* test_dot.c: dot-stuffing both ways, in pieces of every size, and what must not end a message. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/dot.h"

struct dot_case {
  const char *content;
  size_t content_bytes;
  const char *wire;
  size_t wire_bytes;
  bool bare_cr, bare_lf, nul, eight_bit;
  uint64_t longest;
};

#define BYTES(s) s, sizeof(s) - 1

/* Content that ends with CRLF, so that both directions are exact. */
static const struct dot_case both_ways[] = {
    {BYTES(""), BYTES(".\r\n"), false, false, false, false, 0},
    {BYTES("hello\r\n"), BYTES("hello\r\n.\r\n"), false, false, false, false, 7},
    {BYTES(".\r\n"), BYTES("..\r\n.\r\n"), false, false, false, false, 3},
    {BYTES("..\r\n"), BYTES("...\r\n.\r\n"), false, false, false, false, 4},
    {BYTES(".a\r\nb.c\r\n.\r\nd\r\n"), BYTES("..a\r\nb.c\r\n..\r\nd\r\n.\r\n"), false, false, false, false, 5},
    {BYTES("\r\n\r\n"), BYTES("\r\n\r\n.\r\n"), false, false, false, false, 2},
    {BYTES("M\xc3\xbcller\r\n"), BYTES("M\xc3\xbcller\r\n.\r\n"), false, false, false, true, 9},
    {BYTES("a\0b\r\n"), BYTES("a\0b\r\n.\r\n"), false, false, true, false, 5},
    /* what a smuggler sends: none of these is a line end, so no dot is doubled and nothing ends */
    {BYTES("a\n.\nb\r\n"), BYTES("a\n.\nb\r\n.\r\n"), false, true, false, false, 7},
    {BYTES("a\n.\r\nb\r\n"), BYTES("a\n.\r\nb\r\n.\r\n"), false, true, false, false, 5},
    {BYTES("a\r.\rb\r\n"), BYTES("a\r.\rb\r\n.\r\n"), true, false, false, false, 7},
    {BYTES("a\r.\r\nb\r\n"), BYTES("a\r.\r\nb\r\n.\r\n"), true, false, false, false, 5},
    {BYTES("a\r\r\n.b\r\n"), BYTES("a\r\r\n..b\r\n.\r\n"), true, false, false, false, 4},
    {BYTES("\n\n.\n\r\n"), BYTES("\n\n.\n\r\n.\r\n"), false, true, false, false, 6},
};

/* Lines that no good sender makes, but that have to be read. */
static const struct dot_case wire_only[] = {
    {BYTES("a\r\n\n"
           "b\r\n"),
     BYTES("a\r\n.\n"
           "b\r\n.\r\n"),
     false, true, false, false, 4},                                                     /* CRLF . LF */
    {BYTES("a\r\n\rb\r\n"), BYTES("a\r\n.\rb\r\n.\r\n"), true, false, false, false, 4}, /* CRLF . CR */
    {BYTES("a\r\n\r\r\n"), BYTES("a\r\n.\r\r\n.\r\n"), true, false, false, false, 3},
    {BYTES("a\r\n\r.\r\n"), BYTES("a\r\n.\r.\r\n.\r\n"), true, false, false, false, 4},
    {BYTES("single\r\n"), BYTES(".single\r\n.\r\n"), false, false, false, false, 8}, /* an undoubled dot is dropped */
};

static void assert_seen(const struct msim__dot *dot, const struct dot_case *c)
{
  assert_int_equal(dot->seen.size_bytes, c->content_bytes);
  assert_int_equal(dot->seen.longest_line_bytes, c->longest);
  assert_int_equal(dot->seen.bare_cr, c->bare_cr);
  assert_int_equal(dot->seen.bare_lf, c->bare_lf);
  assert_int_equal(dot->seen.nul, c->nul);
  assert_int_equal(dot->seen.eight_bit, c->eight_bit);
}

/* Encodes with pieces of `piece` bytes into buffers of `room` bytes. */
static void assert_encodes(const struct dot_case *c, size_t piece, size_t room)
{
  uint8_t wire[128];
  struct msim__dot dot;
  size_t from = 0, n = 0;

  memset(&dot, 0, sizeof dot);
  while (from < c->content_bytes) {
    size_t left = c->content_bytes - from, taken, written;
    struct msim_slice in = exact_copy(c->content + from, left < piece ? left : piece);
    uint8_t *out = malloc(room);

    assert_non_null(out);
    msim__dot_encode(&dot, in, out, room, &taken, &written);
    assert_true(taken > 0 && written <= room);
    memcpy(wire + n, out, written);
    n += written;
    from += taken;
    exact_free(in);
    free(out);
  }
  assert_int_equal(msim__dot_encode_end(&dot, wire + n, 2), 0);
  n += msim__dot_encode_end(&dot, wire + n, sizeof wire - n);
  assert_int_equal(n, c->wire_bytes);
  assert_memory_equal(wire, c->wire, n);
  assert_seen(&dot, c);
}

/* Decodes, with the next command behind the end, which must stay. */
static void assert_decodes(const struct dot_case *c, size_t piece, size_t room)
{
  uint8_t wire[128], content[128];
  struct msim__dot dot;
  size_t size = c->wire_bytes + 6, from = 0, n = 0;
  int got = 0;

  memset(&dot, 0, sizeof dot);
  memcpy(wire, c->wire, c->wire_bytes);
  memcpy(wire + c->wire_bytes, "QUIT\r\n", 6);
  while (got == 0) {
    size_t left = size - from, taken, written;
    struct msim_slice in = exact_copy(wire + from, left < piece ? left : piece);
    uint8_t *out = malloc(room);

    assert_non_null(out);
    got = msim__dot_decode(&dot, in, out, room, &taken, &written);
    assert_true(taken > 0 && written <= room);
    memcpy(content + n, out, written);
    n += written;
    from += taken;
    assert_int_equal(got, from == c->wire_bytes);
    exact_free(in);
    free(out);
  }
  assert_int_equal(got, 1);
  assert_int_equal(n, c->content_bytes);
  assert_memory_equal(content, c->content, n);
  assert_seen(&dot, c);
}

static void content_encodes_in_pieces_of_every_size(void **state)
{
  size_t i, piece, room;

  (void)state;
  for (i = 0; i < sizeof both_ways / sizeof *both_ways; i++)
    for (piece = 1; piece < 40; piece++)
      for (room = 2; room < 8; room++)
        assert_encodes(&both_ways[i], piece, room);
}

static void wire_decodes_in_pieces_of_every_size(void **state)
{
  size_t i, piece, room;

  (void)state;
  for (piece = 1; piece < 40; piece++)
    for (room = 2; room < 8; room++) {
      for (i = 0; i < sizeof both_ways / sizeof *both_ways; i++)
        assert_decodes(&both_ways[i], piece, room);
      for (i = 0; i < sizeof wire_only / sizeof *wire_only; i++)
        assert_decodes(&wire_only[i], piece, room);
    }
}

static void content_without_line_end_gets_one(void **state)
{
  static const struct dot_case cases[] = {
      {BYTES("hello"), BYTES("hello\r\n.\r\n"), false, false, false, false, 5},
      {BYTES("."), BYTES("..\r\n.\r\n"), false, false, false, false, 1},
      {BYTES("a\r"), BYTES("a\r\r\n.\r\n"), true, false, false, false, 2},
      {BYTES("a\n"), BYTES("a\n\r\n.\r\n"), false, true, false, false, 2},
  };
  size_t i, piece;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++)
    for (piece = 1; piece < 6; piece++)
      assert_encodes(&cases[i], piece, 16);
}

static void decoder_never_ends_without_crlf_dot_crlf(void **state)
{
  static const char *const endless[] = {
      "a\r\n",        "a\r\n.",      "a\r\n.\r",    "a\n.\n", "a\n.\r\n", "a\r\n.\n", "a\r.\r",  "a\r\n.\r\r",
      "a\r\n.\r\r\n", "a\r\n..\r\n", "a\r\n. \r\n", ".\n.\n", "a\r.\r\n", "\n.\r\n",  ".\r\r\n",
  };
  size_t i, n;

  (void)state;
  for (i = 0; i < sizeof endless / sizeof *endless; i++) {
    struct msim__dot dot;
    uint8_t out[32];
    size_t taken, written;

    memset(&dot, 0, sizeof dot);
    for (n = 0; n < strlen(endless[i]); n++) {
      struct msim_slice byte = exact_copy(endless[i] + n, 1);

      assert_int_equal(msim__dot_decode(&dot, byte, out, sizeof out, &taken, &written), 0);
      assert_int_equal(taken, 1);
      exact_free(byte);
    }
  }
}

static void decoder_after_the_end_takes_nothing(void **state)
{
  struct msim__dot dot;
  uint8_t out[8];
  size_t taken, written;
  struct msim_slice end = {(const uint8_t *)".\r\n", 3}, more = {(const uint8_t *)"RSET\r\n", 6};

  (void)state;
  memset(&dot, 0, sizeof dot);
  assert_int_equal(msim__dot_decode(&dot, end, out, sizeof out, &taken, &written), 1);
  assert_int_equal(msim__dot_decode(&dot, more, out, sizeof out, &taken, &written), 1);
  assert_int_equal(taken, 0);
  assert_int_equal(written, 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(content_encodes_in_pieces_of_every_size),
      cmocka_unit_test(wire_decodes_in_pieces_of_every_size),
      cmocka_unit_test(content_without_line_end_gets_one),
      cmocka_unit_test(decoder_never_ends_without_crlf_dot_crlf),
      cmocka_unit_test(decoder_after_the_end_takes_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
