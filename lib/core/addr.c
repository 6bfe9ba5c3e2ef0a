/* addr.c: addresses and endpoints to and from text. Does not know which address belongs to whom, nor prefixes: net
 * does. */
#include <mailsim/base.h>

#include <string.h>

#define IPV4_BYTES 4u
#define IPV6_BYTES 16u
#define GROUPS 8u

struct reader {
  const char *text;
  size_t left;
};

static bool take_char(struct reader *r, char c)
{
  if (r->left == 0 || *r->text != c)
    return false;
  r->text++;
  r->left--;
  return true;
}

/* 0 .. 255 without leading zeros: other programs read those as octal (RFC 6943 3.1.1). */
static bool take_decimal_byte(struct reader *r, uint8_t *out)
{
  unsigned value = 0, digits = 0;

  while (r->left > 0 && *r->text >= '0' && *r->text <= '9' && digits < 3) {
    if (digits > 0 && value == 0)
      return false;
    value = value * 10 + (unsigned)(*r->text - '0');
    digits++;
    r->text++;
    r->left--;
  }
  *out = (uint8_t)value;
  return digits > 0 && value <= 255;
}

static bool take_ipv4(struct reader *r, uint8_t out[IPV4_BYTES])
{
  unsigned i;

  for (i = 0; i < IPV4_BYTES; i++) {
    if ((i > 0 && !take_char(r, '.')) || !take_decimal_byte(r, &out[i]))
      return false;
  }
  return r->left == 0;
}

static int hex_value(char c)
{
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

/* One to four hexadecimal digits. */
static bool take_group(struct reader *r, uint8_t out[2])
{
  unsigned value = 0, digits = 0;

  while (r->left > 0 && digits < 4 && hex_value(*r->text) >= 0) {
    value = value << 4 | (unsigned)hex_value(*r->text);
    digits++;
    r->text++;
    r->left--;
  }
  out[0] = (uint8_t)(value >> 8);
  out[1] = (uint8_t)value;
  return digits > 0;
}

/* Whether a dot comes before the next colon: the rest is then an IPv4 address (RFC 4291 2.2, form 3). */
static bool rest_is_ipv4(const struct reader *r)
{
  size_t i;

  for (i = 0; i < r->left && r->text[i] != ':'; i++) {
    if (r->text[i] == '.')
      return true;
  }
  return false;
}

/* Groups up to the end or to "::", at most limit bytes. The number of bytes, or -1. */
static int take_groups(struct reader *r, uint8_t *out, size_t limit, bool *gap)
{
  size_t have = 0;

  *gap = false;
  for (;;) {
    if (rest_is_ipv4(r)) {
      if (have + IPV4_BYTES > limit || !take_ipv4(r, out + have))
        return -1;
      return (int)(have + IPV4_BYTES);
    }
    if (have + 2 > limit || !take_group(r, out + have))
      return -1;
    have += 2;
    if (r->left == 0)
      return (int)have;
    if (!take_char(r, ':'))
      return -1;
    if (take_char(r, ':')) {
      *gap = true;
      return (int)have;
    }
  }
}

static bool take_ipv6(struct reader *r, uint8_t out[IPV6_BYTES])
{
  uint8_t tail[IPV6_BYTES];
  int before = 0, after;
  bool gap = true, again;

  memset(out, 0, IPV6_BYTES);
  if (r->left >= 2 && r->text[0] == ':' && r->text[1] == ':') {
    r->text += 2;
    r->left -= 2;
  } else {
    before = take_groups(r, out, IPV6_BYTES, &gap);
  }
  if (before < 0)
    return false;
  if (!gap)
    return (size_t)before == IPV6_BYTES;
  /* "::" stands for at least one group of zeros, so 14 bytes may be written out */
  if ((size_t)before > IPV6_BYTES - 2)
    return false;
  if (r->left == 0)
    return true;
  after = take_groups(r, tail, IPV6_BYTES - 2 - (size_t)before, &again);
  if (after < 0 || again)
    return false;
  memcpy(out + IPV6_BYTES - (size_t)after, tail, (size_t)after);
  return true;
}

int msim_addr_parse(struct msim_addr *out, const char *text, size_t text_bytes)
{
  struct reader r = {text, text_bytes};
  bool good;

  memset(out, 0, sizeof *out);
  if (text_bytes > 0 && memchr(text, ':', text_bytes) != NULL) {
    out->family = MSIM_FAMILY_IPV6;
    good = take_ipv6(&r, out->bytes);
  } else {
    out->family = MSIM_FAMILY_IPV4;
    good = take_ipv4(&r, out->bytes);
  }
  if (good)
    return MSIM_OK;
  memset(out, 0, sizeof *out);
  return MSIM_ERR_SYNTAX;
}

static char *put_decimal(char *out, unsigned value)
{
  char digits[5];
  unsigned n = 0;

  do {
    digits[n++] = (char)('0' + value % 10);
    value /= 10;
  } while (value > 0);
  while (n > 0)
    *out++ = digits[--n];
  return out;
}

static char *put_ipv4(char *out, const uint8_t bytes[IPV4_BYTES])
{
  unsigned i;

  for (i = 0; i < IPV4_BYTES; i++) {
    if (i > 0)
      *out++ = '.';
    out = put_decimal(out, bytes[i]);
  }
  return out;
}

/* RFC 5952 4.1, 4.3: no leading zeros, lower case. */
static char *put_group(char *out, const uint8_t bytes[2])
{
  static const char hex[] = "0123456789abcdef";
  unsigned value = (unsigned)bytes[0] << 8 | bytes[1];
  int shift = 12;

  while (shift > 0 && value >> shift == 0)
    shift -= 4;
  for (; shift >= 0; shift -= 4)
    *out++ = hex[value >> shift & 15];
  return out;
}

/* The longest run of zero groups, the first of equals; *length below 2 means none (RFC 5952 4.2.2, 4.2.3). */
static void longest_gap(const uint8_t bytes[IPV6_BYTES], unsigned *start, unsigned *length)
{
  unsigned i, run = 0;

  *start = *length = 0;
  for (i = 0; i < GROUPS; i++) {
    run = bytes[2 * i] == 0 && bytes[2 * i + 1] == 0 ? run + 1 : 0;
    if (run > *length) {
      *length = run;
      *start = i + 1 - run;
    }
  }
}

static char *put_ipv6(char *out, const uint8_t bytes[IPV6_BYTES])
{
  static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  unsigned start, length, i;

  if (memcmp(bytes, mapped, sizeof mapped) == 0) { /* RFC 5952 5: a well-known prefix before an IPv4 address */
    memcpy(out, "::ffff:", 7);
    return put_ipv4(out + 7, bytes + 12);
  }
  longest_gap(bytes, &start, &length);
  for (i = 0; i < GROUPS; i++) {
    if (length >= 2 && i == start) {
      *out++ = ':';
      *out++ = ':';
      i += length - 1;
      continue;
    }
    if (i > 0 && !(length >= 2 && i == start + length))
      *out++ = ':';
    out = put_group(out, bytes + 2 * i);
  }
  return out;
}

size_t msim_addr_format(const struct msim_addr *addr, char *out)
{
  char *end = out;

  if (addr->family == MSIM_FAMILY_IPV4)
    end = put_ipv4(out, addr->bytes);
  else if (addr->family == MSIM_FAMILY_IPV6)
    end = put_ipv6(out, addr->bytes);
  else
    *end++ = '*'; /* no address: anybody */
  *end = '\0';
  return (size_t)(end - out);
}

size_t msim_endpoint_format(const struct msim_endpoint *endpoint, char *out)
{
  bool brackets = endpoint->addr.family == MSIM_FAMILY_IPV6;
  char *end = out;

  if (brackets)
    *end++ = '[';
  end += msim_addr_format(&endpoint->addr, end);
  if (brackets)
    *end++ = ']';
  *end++ = ':';
  end = put_decimal(end, endpoint->port);
  *end = '\0';
  return (size_t)(end - out);
}

bool msim_addr_equal(const struct msim_addr *a, const struct msim_addr *b)
{
  size_t count = a->family == MSIM_FAMILY_IPV6 ? IPV6_BYTES : a->family == MSIM_FAMILY_IPV4 ? IPV4_BYTES : 0;

  return a->family == b->family && memcmp(a->bytes, b->bytes, count) == 0;
}

struct msim_addr msim_addr_ipv4(uint32_t value)
{
  struct msim_addr addr;

  memset(&addr, 0, sizeof addr);
  addr.family = MSIM_FAMILY_IPV4;
  addr.bytes[0] = (uint8_t)(value >> 24);
  addr.bytes[1] = (uint8_t)(value >> 16);
  addr.bytes[2] = (uint8_t)(value >> 8);
  addr.bytes[3] = (uint8_t)value;
  return addr;
}

uint32_t msim_addr_ipv4_value(const struct msim_addr *addr)
{
  return (uint32_t)addr->bytes[0] << 24 | (uint32_t)addr->bytes[1] << 16 | (uint32_t)addr->bytes[2] << 8 |
         addr->bytes[3];
}
