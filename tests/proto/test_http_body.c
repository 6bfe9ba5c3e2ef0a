/* test_http_body.c: bodies by length, in chunks and until the close, whole and in pieces of every size. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/exact.h"
#include "proto/ascii.h"
#include "proto/http_body.h"

#define A16 "aaaaaaaaaaaaaaaa"
#define A64 A16 A16 A16 A16
#define A256 A64 A64 A64 A64

struct body_case {
  enum msim__http_framing framing;
  uint64_t length;
  const char *input;
  int result;          /* at the end of the input */
  const char *content; /* up to there */
  const char *rest;    /* behind the body */
};

#define C MSIM__HTTP_CHUNKED
#define S MSIM_ERR_SYNTAX
static const struct body_case cases[] = {
    {MSIM__HTTP_NO_BODY, 5, "HTTP", 1, "", "HTTP"},
    {MSIM__HTTP_LENGTH, 0, "HTTP", 1, "", "HTTP"},
    {MSIM__HTTP_LENGTH, 5, "hello", 1, "hello", ""},
    {MSIM__HTTP_LENGTH, 5, "hello world", 1, "hello", " world"},
    {MSIM__HTTP_LENGTH, 5, "hell", 0, "hell", ""},
    {MSIM__HTTP_UNTIL_CLOSE, 0, "hello\r\n", 0, "hello\r\n", ""},
    {C, 0, "0\r\n\r\n", 1, "", ""},
    {C, 0, "5\r\nhello\r\n0\r\n\r\nNEXT", 1, "hello", "NEXT"},
    {C, 0, "1\r\na\r\n00000002;x=y\r\nbc\r\n0;last\r\n\r\n", 1, "abc", ""},
    {C, 0, "a;n=\"q\\\"; \"\r\n0123456789\r\n0\r\n\r\n", 1, "0123456789", ""},
    {C, 0, "A \r\n\r\n\r\n\r\n\r\n\r\n\r\n0\r\n\r\n", 1, "\r\n\r\n\r\n\r\n\r\n", ""},
    {C, 0, "0\r\nTrailer: x\r\nEmpty:\r\n\r\n", 1, "", ""},
    {C, 0, "5\r\nhel", 0, "hel", ""},
    {C, 0, "5\r\nhello\r\n0\r\n", 0, "hello", ""},
    {C, 0, "\r\n", S, "", ""},
    {C, 0, "g\r\n", S, "", ""},
    {C, 0, "-1\r\n", S, "", ""},
    {C, 0, "0x5\r\nhello", S, "", ""},
    {C, 0, " 5\r\nhello", S, "", ""},
    {C, 0, "5\nhello\r\n", S, "", ""},
    {C, 0, "5\rhello\r\n", S, "", ""},
    {C, 0, "5;a\nhello\r\n", S, "", ""},
    {C, 0, "5;a=\"\r\nhello\r\n", S, "", ""},
    {C, 0, "5 5\r\nhello\r\n", S, "", ""},
    {C, 0, "5\r\nhelloX", S, "hello", ""},
    {C, 0, "5\r\nhello\n0\r\n\r\n", S, "hello", ""},
    {C, 0, "5\r\nhello\r0\r\n\r\n", S, "hello", ""},
    {C, 0, "0\r\n\n", S, "", ""},
    {C, 0, "0\r\n folded\r\n\r\n", S, "", ""},
    {C, 0, "0\r\nno colon\r\n\r\n", S, "", ""},
    {C, 0, "0\r\nA: b\n\r\n", S, "", ""},
    {C, 0, "0\r\n\rX", S, "", ""},
    {C, 0, "10000000000000000\r\n", MSIM_ERR_LIMIT, "", ""},
    {C, 0, "ffffffffffffffff\r\n", MSIM_ERR_LIMIT, "", ""},
    {C, 0, "5;" A256 "\r\n", MSIM_ERR_LIMIT, "", ""},
    {C, 0, "100\r\n" A256 "\r\n1\r\nb\r\n0\r\n\r\n", MSIM_ERR_LIMIT, A256, ""}, /* one byte more than is taken */
    {MSIM__HTTP_UNTIL_CLOSE, 0, A256 "b", MSIM_ERR_LIMIT, A256, ""},
};

/* Feeds pieces of step bytes, as a reader would with what it has not consumed before them. */
static int feed(struct msim__http_body *body, struct msim_slice input, size_t step, uint8_t *content,
                size_t *size_bytes, size_t *consumed_bytes)
{
  size_t shown = 0;
  int got = 0;

  *size_bytes = *consumed_bytes = 0;
  while (got == 0 && (shown < input.size_bytes || shown == 0)) {
    size_t used;

    shown = shown + step < input.size_bytes ? shown + step : input.size_bytes;
    do {
      struct msim_slice piece;

      got = msim__http_body_read(body, msim__slice_part(input, *consumed_bytes, shown), &piece, &used);
      if (piece.size_bytes > 0)
        memcpy(content + *size_bytes, piece.data, piece.size_bytes);
      *size_bytes += piece.size_bytes;
      *consumed_bytes += used;
    } while (got == 0 && used > 0);
    if (input.size_bytes == 0)
      break;
  }
  return got;
}

static void bodies_in_pieces_of_every_size_are_the_same(void **state)
{
  size_t i, step;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof *cases; i++) {
    const struct body_case *c = &cases[i];
    struct msim_slice input = exact_text(c->input);

    for (step = 1; step <= input.size_bytes; step++) {
      struct msim__http_head head = {.framing = c->framing, .length_bytes = c->length};
      struct msim__http_body body;
      size_t size, consumed;
      uint8_t content[600];
      int got;

      assert_int_equal(msim__http_body_begin(&body, &head, 256), MSIM_OK);
      got = feed(&body, input, step, content, &size, &consumed);
      assert_int_equal(got, c->result);
      if (got < 0 && c->framing == MSIM__HTTP_UNTIL_CLOSE)
        continue; /* how much comes before the limit depends on the pieces */
      assert_int_equal(size, strlen(c->content));
      assert_memory_equal(content, c->content, size);
      if (got == 1)
        assert_string_equal(c->input + consumed, c->rest);
      assert_int_equal(msim__http_body_end(&body),
                       got == 1 || c->framing == MSIM__HTTP_UNTIL_CLOSE ? 1 : MSIM_ERR_SYNTAX);
    }
    exact_free(input);
  }
}

static void a_length_beyond_the_limit_is_known_at_once(void **state)
{
  struct msim__http_head head = {.framing = MSIM__HTTP_LENGTH, .length_bytes = 257};
  struct msim__http_body body;

  (void)state;
  assert_int_equal(msim__http_body_begin(&body, &head, 256), MSIM_ERR_LIMIT);
  head.framing = MSIM__HTTP_NO_BODY; /* the answer to HEAD names a length that does not come */
  assert_int_equal(msim__http_body_begin(&body, &head, 256), MSIM_OK);
}

static void trailers_are_bounded(void **state)
{
  struct msim__http_head head = {.framing = MSIM__HTTP_CHUNKED};
  struct msim_slice last = msim__slice_text("0\r\n"), field = msim__slice_text("X: " A256 "\r\n"), piece;
  struct msim__http_body body;
  size_t used, total = 0;
  int got;

  (void)state;
  assert_int_equal(msim__http_body_begin(&body, &head, 256), MSIM_OK);
  assert_int_equal(msim__http_body_read(&body, last, &piece, &used), 0);
  do {
    got = msim__http_body_read(&body, field, &piece, &used);
    total += field.size_bytes;
  } while (got == 0 && total < 100000);
  assert_int_equal(got, MSIM_ERR_LIMIT);
  assert_true(total > MSIM__HTTP_TRAILER_BYTES_MAX && total < MSIM__HTTP_TRAILER_BYTES_MAX + 600);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bodies_in_pieces_of_every_size_are_the_same),
      cmocka_unit_test(a_length_beyond_the_limit_is_known_at_once),
      cmocka_unit_test(trailers_are_bounded),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
