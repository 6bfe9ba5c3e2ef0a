/* imap_mailbox.c: names of mailboxes; see imap_mailbox.h. */
#include "proto/imap_mailbox.h"

#include "proto/ascii.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

struct out {
  uint8_t *data;
  size_t cap_bytes, size_bytes;
  bool full;
};

static void put(struct out *out, unsigned byte)
{
  if (out->size_bytes < out->cap_bytes)
    out->data[out->size_bytes++] = (uint8_t)byte;
  else
    out->full = true;
}

static void put_utf8(struct out *out, uint32_t c)
{
  if (c < 0x80) {
    put(out, c);
  } else if (c < 0x800) {
    put(out, 0xc0 | c >> 6);
    put(out, 0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    put(out, 0xe0 | c >> 12);
    put(out, 0x80 | (c >> 6 & 0x3f));
    put(out, 0x80 | (c & 0x3f));
  } else {
    put(out, 0xf0 | c >> 18);
    put(out, 0x80 | (c >> 12 & 0x3f));
    put(out, 0x80 | (c >> 6 & 0x3f));
    put(out, 0x80 | (c & 0x3f));
  }
}

static int end(struct out *out, bool fine, size_t *size_bytes)
{
  *size_bytes = fine && !out->full ? out->size_bytes : 0;
  return !fine ? MSIM_ERR_SYNTAX : out->full ? MSIM_ERR_LIMIT : MSIM_OK;
}

/* Of UTF-16 in pieces. */
struct units {
  uint32_t bits, high; /* high: the first half of a pair, or 0 */
  unsigned bit_count;
};

/* false: a pair is broken, or what is printable ASCII is coded. */
static bool take_unit(struct units *u, uint32_t unit, struct out *out)
{
  if (u->high != 0) {
    if (unit < 0xdc00 || unit > 0xdfff)
      return false;
    put_utf8(out, 0x10000 + ((u->high - 0xd800) << 10) + (unit - 0xdc00));
    u->high = 0;
    return true;
  }
  if (unit >= 0xd800 && unit < 0xdc00) {
    u->high = unit;
    return true;
  }
  if (unit >= 0xdc00 && unit <= 0xdfff)
    return false;
  if ((unit >= 0x20 && unit < 0x7f) || unit == 0)
    return false;
  put_utf8(out, unit);
  return true;
}

/* From behind the "&" up to the "-"; *at is then behind it. */
static bool decode_run(struct msim_slice text, size_t *at, struct out *out)
{
  struct units u = {0, 0, 0};

  for (; *at < text.size_bytes && text.data[*at] != '-'; (*at)++) {
    const char *digit = text.data[*at] != '\0' ? strchr(digits, (char)text.data[*at]) : NULL;

    if (digit == NULL)
      return false;
    u.bits = u.bits << 6 | (uint32_t)(digit - digits);
    u.bit_count += 6;
    if (u.bit_count >= 16) {
      u.bit_count -= 16;
      if (!take_unit(&u, u.bits >> u.bit_count & 0xffff, out))
        return false;
      u.bits &= (1u << u.bit_count) - 1;
    }
  }
  if (*at == text.size_bytes || u.high != 0 || u.bit_count >= 6 || u.bits != 0)
    return false;
  (*at)++;
  return *at >= text.size_bytes || text.data[*at] != '&' || *at + 1 >= text.size_bytes || text.data[*at + 1] == '-';
}

int msim__imap_utf7_decode(struct msim_slice text, uint8_t *data, size_t cap_bytes, size_t *size_bytes)
{
  struct out out = {data, cap_bytes, 0, false};
  size_t at = 0;
  bool fine = true;

  while (fine && at < text.size_bytes) {
    uint8_t c = text.data[at++];

    fine = c >= 0x20 && c < 0x7f;
    if (fine && c != '&') {
      put(&out, c);
    } else if (fine && at < text.size_bytes && text.data[at] == '-') {
      put(&out, '&');
      at++;
    } else if (fine) {
      fine = decode_run(text, &at, &out);
    }
  }
  return end(&out, fine, size_bytes);
}

/* One character; false: no UTF-8 (RFC 3629). */
static bool take_utf8(struct msim_slice text, size_t *at, uint32_t *out)
{
  static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
  uint8_t c = text.data[(*at)++];
  unsigned more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1, i;
  uint32_t value = more == 0 ? c : c & (0x3fu >> more);

  if (c >= 0xf8 || (c >= 0x80 && c < 0xc0) || text.size_bytes - *at < more)
    return false;
  for (i = 0; i < more; i++, (*at)++) {
    if ((text.data[*at] & 0xc0) != 0x80)
      return false;
    value = value << 6 | (text.data[*at] & 0x3fu);
  }
  *out = value;
  return value >= least[more] && value <= 0x10ffff && (value < 0xd800 || value > 0xdfff);
}

static void put_unit(struct units *u, uint32_t unit, struct out *out)
{
  u->bits = u->bits << 16 | unit;
  u->bit_count += 16;
  while (u->bit_count >= 6) {
    u->bit_count -= 6;
    put(out, (uint8_t)digits[u->bits >> u->bit_count & 0x3f]);
  }
  u->bits &= (1u << u->bit_count) - 1;
}

static void end_run(struct units *u, bool *open, struct out *out)
{
  if (!*open)
    return;
  if (u->bit_count > 0)
    put(out, (uint8_t)digits[u->bits << (6 - u->bit_count) & 0x3f]);
  put(out, '-');
  memset(u, 0, sizeof *u);
  *open = false;
}

int msim__imap_utf7_encode(struct msim_slice text, uint8_t *data, size_t cap_bytes, size_t *size_bytes)
{
  struct out out = {data, cap_bytes, 0, false};
  struct units u = {0, 0, 0};
  bool fine = true, open = false;
  size_t at = 0;
  uint32_t c;

  while (at < text.size_bytes && (fine = take_utf8(text, &at, &c))) {
    if (c >= 0x20 && c < 0x7f) {
      end_run(&u, &open, &out);
      put(&out, c);
      if (c == '&')
        put(&out, '-');
      continue;
    }
    if (!open)
      put(&out, '&');
    open = true;
    if (c >= 0x10000) {
      put_unit(&u, 0xd800 + ((c - 0x10000) >> 10), &out);
      c = 0xdc00 + ((c - 0x10000) & 0x3ff);
    }
    put_unit(&u, c, &out);
  }
  end_run(&u, &open, &out);
  return end(&out, fine, size_bytes);
}

bool msim__imap_pattern_matches(struct msim_slice pattern, struct msim_slice name)
{
  bool inbox = pattern.size_bytes >= 5 && name.size_bytes >= 5 &&
               msim__slice_is(msim__slice_part(pattern, 0, 5), "INBOX") &&
               msim__slice_is(msim__slice_part(name, 0, 5), "INBOX") &&
               (name.size_bytes == 5 || name.data[5] == MSIM__IMAP_SEPARATOR);
  size_t p = inbox ? 5 : 0, n = p, star_p = SIZE_MAX, star_n = 0, part_p = SIZE_MAX, part_n = 0;

  /* Two places to go back to: the latest "*", and the latest "%" behind it, which ends at a separator. */
  for (;;) {
    if (p < pattern.size_bytes && pattern.data[p] == '*') {
      star_p = ++p;
      star_n = n;
      part_p = SIZE_MAX;
    } else if (p < pattern.size_bytes && pattern.data[p] == '%') {
      part_p = ++p;
      part_n = n;
    } else if (p == pattern.size_bytes && n == name.size_bytes) {
      return true;
    } else if (p < pattern.size_bytes && n < name.size_bytes && pattern.data[p] == name.data[n]) {
      p++;
      n++;
    } else if (part_p != SIZE_MAX && part_n < name.size_bytes && name.data[part_n] != MSIM__IMAP_SEPARATOR) {
      p = part_p;
      n = ++part_n;
    } else if (star_p != SIZE_MAX && star_n < name.size_bytes) {
      p = star_p;
      n = ++star_n;
      part_p = SIZE_MAX;
    } else {
      return false;
    }
  }
}
