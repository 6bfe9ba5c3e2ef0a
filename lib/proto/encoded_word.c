/* encoded_word.c: encoded words, read; see encoded_word.h. */
#include "proto/encoded_word.h"

#include "proto/ascii.h"
#include "proto/base64.h"
#include "proto/cfws.h"
#include "proto/charset.h"

struct word {
  struct msim_slice text; /* between the last two question marks */
  bool base64;
  enum msim__charset charset;
  size_t end; /* behind "?=" */
};

static size_t find_byte(struct msim_slice text, size_t from, uint8_t byte)
{
  const uint8_t *at = from < text.size_bytes ? memchr(text.data + from, byte, text.size_bytes - from) : NULL;

  return at != NULL ? (size_t)(at - text.data) : text.size_bytes;
}

/* "=?charset?Q?text?=" at `at`, in a set that is known. */
static bool read_word(struct msim_slice text, size_t at, struct word *out)
{
  size_t set_end, kind_end, text_end, star;
  struct msim_slice set;
  uint8_t kind;

  if (at + 8 > text.size_bytes || text.data[at] != '=' || text.data[at + 1] != '?')
    return false;
  set_end = find_byte(text, at + 2, '?');
  kind_end = find_byte(text, set_end + 1, '?');
  text_end = find_byte(text, kind_end + 1, '?');
  if (kind_end != set_end + 2 || text_end + 1 >= text.size_bytes || text.data[text_end + 1] != '=')
    return false;
  set = msim__slice_part(text, at + 2, set_end);
  star = find_byte(set, 0, '*'); /* a language (RFC 2231 5) */
  set.size_bytes = star;
  kind = msim__ascii_lower(text.data[set_end + 1]);
  out->text = msim__slice_part(text, kind_end + 1, text_end);
  out->base64 = kind == 'b';
  out->charset = set.size_bytes > 0 ? msim__charset_find(set) : MSIM__CHARSET_UNKNOWN;
  out->end = text_end + 2;
  return (kind == 'b' || kind == 'q') && find_byte(out->text, 0, ' ') == out->text.size_bytes &&
         out->charset != MSIM__CHARSET_UNKNOWN;
}

static void put(uint8_t byte, enum msim__charset charset, struct msim__scratch *out)
{
  uint8_t utf8[MSIM__CHARSET_UTF8_BYTES_MAX];
  size_t i, n = msim__charset_to_utf8(charset, byte, utf8);

  for (i = 0; i < n; i++)
    msim__scratch_put(out, utf8[i]);
}

static int hex_value(uint8_t c)
{
  if (msim__ascii_is_digit(c))
    return c - '0';
  c = msim__ascii_lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void put_q(const struct word *word, struct msim__scratch *out)
{
  struct msim_slice text = word->text;
  size_t i;

  for (i = 0; i < text.size_bytes; i++) {
    uint8_t byte = text.data[i] == '_' ? ' ' : text.data[i];

    if (byte == '=' && i + 2 < text.size_bytes && hex_value(text.data[i + 1]) >= 0 &&
        hex_value(text.data[i + 2]) >= 0) {
      byte = (uint8_t)(hex_value(text.data[i + 1]) << 4 | hex_value(text.data[i + 2]));
      i += 2;
    }
    put(byte, word->charset, out);
  }
}

static void put_base64(const struct word *word, struct msim__scratch *out)
{
  struct msim__base64_reader reader = {0, 0};
  uint8_t bytes[64];
  size_t at = 0, taken, written, i;

  while (at < word->text.size_bytes) {
    msim__base64_read(&reader, msim__slice_part(word->text, at, word->text.size_bytes), bytes, sizeof bytes, &taken,
                      &written);
    at += taken;
    for (i = 0; i < written; i++)
      put(bytes[i], word->charset, out);
  }
}

int msim__encoded_words_decode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  struct msim__scratch scratch = {out, cap_bytes, 0, false};
  size_t at = 0, next;
  struct word word;

  while (at < text.size_bytes) {
    if (!read_word(text, at, &word)) {
      msim__scratch_put(&scratch, text.data[at++]);
      continue;
    }
    if (word.base64)
      put_base64(&word, &scratch);
    else
      put_q(&word, &scratch);
    at = word.end;
    for (next = at; next < text.size_bytes && msim__ascii_is_space(text.data[next]); next++)
      continue;
    if (next > at && read_word(text, next, &word))
      at = next;
  }
  *size_bytes = scratch.size_bytes;
  return scratch.cut ? MSIM_ERR_LIMIT : MSIM_OK;
}
