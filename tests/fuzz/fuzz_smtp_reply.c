/* fuzz_smtp_reply.c: lib/proto/smtp_reply.c: reading is bounded and consistent, and what is written is read again to
 * the same. Input: a code and a choice, then lines that end in LF; the lines are read as a reply and written as its
 * text. */
#include "fuzz.h"
#include "proto/smtp_reply.h"

static struct msim_slice take_line(struct msim_slice *rest)
{
  const uint8_t *end = rest->size_bytes > 0 ? memchr(rest->data, '\n', rest->size_bytes) : NULL;
  size_t size = end != NULL ? (size_t)(end - rest->data) : rest->size_bytes;
  struct msim_slice line = fuzz_part(*rest, 0, size);

  *rest = fuzz_part(*rest, end != NULL ? size + 1 : size, rest->size_bytes);
  return line;
}

static void check_reading(struct msim_slice rest)
{
  struct msim__smtp_reply reply;
  unsigned count = 0;
  int got;

  memset(&reply, 0, sizeof reply);
  do {
    struct msim_slice line = take_line(&rest);
    uint16_t code = reply.code;
    uint8_t *copy = fuzz_copy(line);

    got = msim__smtp_reply_feed(&reply, fuzz_slice_of(copy, line.size_bytes));
    FUZZ_CHECK(got == 0 || got == 1 || got == MSIM_ERR_SYNTAX || got == MSIM_ERR_LIMIT);
    FUZZ_CHECK(reply.complete == (got == 1) && reply.line_count <= MSIM__SMTP_REPLY_LINE_COUNT_MAX);
    if (got >= 0) {
      FUZZ_CHECK(reply.line_count == ++count && reply.code >= 200 && reply.code <= 599);
      FUZZ_CHECK((count == 1 || reply.code == code) && fuzz_within(reply.text, fuzz_slice_of(copy, line.size_bytes)));
      FUZZ_CHECK(reply.enhanced.class_digit == 0 || reply.enhanced.class_digit == reply.code / 100);
      FUZZ_CHECK(reply.enhanced.subject <= 999 && reply.enhanced.detail <= 999);
    }
    if (got == 1)
      FUZZ_CHECK(msim__smtp_reply_feed(&reply, fuzz_slice_of(copy, line.size_bytes)) == MSIM_ERR_STATE);
    free(copy);
  } while (got == 0 && rest.size_bytes > 0);
}

/* Reads what was written, line by line, against the text. */
static void read_back(struct msim_slice out, unsigned code, bool enhanced, struct msim_slice text)
{
  struct msim__smtp_reply reply;
  int got = 0;

  memset(&reply, 0, sizeof reply);
  while (out.size_bytes > 0) {
    struct msim_slice line = take_line(&out), wanted = take_line(&text);

    FUZZ_CHECK(got == 0 && line.size_bytes >= 4 && line.size_bytes + 1 <= MSIM__SMTP_REPLY_LINE_BYTES_MAX);
    line.size_bytes--;
    FUZZ_CHECK(line.data[line.size_bytes] == '\r' && memchr(line.data, '\r', line.size_bytes) == NULL);
    got = msim__smtp_reply_feed(&reply, line);
    FUZZ_CHECK(got >= 0 && reply.code == code);
    if (enhanced) /* without one, the text may look as if it began with one */
      FUZZ_CHECK(fuzz_same(reply.text, wanted) && reply.enhanced.detail == 10 && reply.enhanced.subject == 1);
    else
      FUZZ_CHECK(fuzz_within(reply.text, line) && reply.text.size_bytes <= wanted.size_bytes);
  }
  FUZZ_CHECK(got == 1 && text.size_bytes == 0);
}

static void check_writing(unsigned code, bool enhanced, struct msim_slice text)
{
  char class[] = "?.1.10";
  uint8_t out[4096];
  size_t size, again;
  int err;

  class[0] = (char)('0' + code / 100 % 10);
  err = msim__smtp_reply_format(out, sizeof out, code, enhanced ? class : NULL, text, &size);
  if (err != MSIM_OK) {
    FUZZ_CHECK((err == MSIM_ERR_INVALID || err == MSIM_ERR_LIMIT) && size == 0);
    return;
  }
  FUZZ_CHECK(code >= 200 && code <= 599 && size <= sizeof out && (!enhanced || code / 100 != 3));
  read_back(fuzz_slice_of(out, size), code, enhanced, text);
  FUZZ_CHECK(msim__smtp_reply_format(out, size - 1, code, enhanced ? class : NULL, text, &again) == MSIM_ERR_LIMIT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  unsigned code = (unsigned)fuzz_number(&input, 2) % 640;
  bool enhanced = (fuzz_byte(&input) & 1) != 0;
  uint8_t *copy = fuzz_copy(input.rest);

  check_reading(fuzz_slice_of(copy, input.rest.size_bytes));
  check_writing(code, enhanced, fuzz_slice_of(copy, input.rest.size_bytes));
  free(copy);
  return 0;
}
