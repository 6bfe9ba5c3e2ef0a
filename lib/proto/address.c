/* address.c: mailboxes local@domain and domain names as RFC 5321 4.1.2 and RFC 6531 3.3 write them.
 *
 * Does not read display names or comments, does not ask a DNS, does not map U-labels to A-labels. */
#include "proto/address.h"
#include "proto/ascii.h"

static bool is_atext(uint8_t c) /* RFC 5322 3.2.3 */
{
  return msim__ascii_is_alnum(c) || (c != 0 && c < 0x80 && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* Length of the well-formed UTF-8 sequence beyond ASCII at p (RFC 3629 4), 0 if there is none. */
static size_t utf8_bytes(const uint8_t *p, size_t left)
{
  uint8_t low = 0x80, high = 0xbf; /* of the second byte: overlong forms and surrogates are cut off */
  size_t n, i;

  if (p[0] >= 0xc2 && p[0] <= 0xdf)
    n = 2;
  else if (p[0] >= 0xe0 && p[0] <= 0xef)
    n = 3;
  else if (p[0] >= 0xf0 && p[0] <= 0xf4)
    n = 4;
  else
    return 0;
  if (p[0] == 0xe0)
    low = 0xa0;
  else if (p[0] == 0xed)
    high = 0x9f;
  else if (p[0] == 0xf0)
    low = 0x90;
  else if (p[0] == 0xf4)
    high = 0x8f;
  if (n > left || p[1] < low || p[1] > high)
    return 0;
  for (i = 2; i < n; i++)
    if (p[i] < 0x80 || p[i] > 0xbf)
      return 0;
  return n;
}

/* A text being read, and what is allowed in it. */
struct reader {
  struct msim_slice text;
  size_t at;
  bool utf8, non_ascii;
  enum msim__address_flaw flaw;
};

static int refuse(struct reader *r, enum msim__address_flaw flaw)
{
  r->flaw = flaw;
  return flaw == MSIM__ADDRESS_LONG_LOCAL || flaw == MSIM__ADDRESS_LONG_DOMAIN ? MSIM_ERR_LIMIT : MSIM_ERR_SYNTAX;
}

static bool at_end(const struct reader *r)
{
  return r->at >= r->text.size_bytes;
}

/* Passes over one character beyond ASCII. flaw is what malformed UTF-8 makes of the part under way. */
static int pass_non_ascii(struct reader *r, enum msim__address_flaw flaw)
{
  size_t n;

  if (!r->utf8)
    return refuse(r, MSIM__ADDRESS_NON_ASCII);
  n = utf8_bytes(r->text.data + r->at, r->text.size_bytes - r->at);
  if (n == 0)
    return refuse(r, flaw);
  r->non_ascii = true;
  r->at += n;
  return MSIM_OK;
}

/* Atom *("." Atom) */
static int scan_dot_string(struct reader *r)
{
  bool in_atom = false;

  for (; !at_end(r); in_atom = true) {
    uint8_t c = r->text.data[r->at];

    if (c >= 0x80) {
      if (pass_non_ascii(r, MSIM__ADDRESS_BAD_LOCAL) < 0)
        return MSIM_ERR_SYNTAX;
    } else if (is_atext(c)) {
      r->at++;
    } else if (c == '.' && in_atom && r->at + 1 < r->text.size_bytes &&
               (is_atext(r->text.data[r->at + 1]) || r->text.data[r->at + 1] >= 0x80)) {
      r->at++;
    } else {
      break;
    }
  }
  if (!in_atom || (!at_end(r) && r->text.data[r->at] == '.'))
    return refuse(r, MSIM__ADDRESS_BAD_LOCAL);
  return MSIM_OK;
}

/* RFC 5321 4.1.2: any printable character or space between the quotes, a backslash before quote and backslash. */
static int scan_quoted_string(struct reader *r)
{
  for (r->at++; !at_end(r); r->at++) {
    uint8_t c = r->text.data[r->at];

    if (c == '"') {
      r->at++;
      return MSIM_OK;
    }
    if (c >= 0x80) {
      if (pass_non_ascii(r, MSIM__ADDRESS_BAD_LOCAL) < 0)
        return MSIM_ERR_SYNTAX;
      r->at--; /* the loop steps over its last byte */
      continue;
    }
    if (c == '\\') {
      r->at++;
      if (at_end(r))
        break;
      c = r->text.data[r->at];
      if (c >= 0x80)
        break;
    }
    if (msim__ascii_is_control(c))
      break;
  }
  return refuse(r, MSIM__ADDRESS_BAD_LOCAL);
}

static int scan_local(struct reader *r, struct msim__address *out)
{
  size_t from = r->at;
  int err;

  out->local_quoted = !at_end(r) && r->text.data[r->at] == '"';
  err = out->local_quoted ? scan_quoted_string(r) : scan_dot_string(r);
  if (err < 0)
    return err;
  out->local = msim__slice_part(r->text, from, r->at);
  if (out->local.size_bytes > MSIM__ADDRESS_LOCAL_BYTES_MAX)
    return refuse(r, MSIM__ADDRESS_LONG_LOCAL);
  return MSIM_OK;
}

/* Labels of letters, digits and inner hyphens, as far as they go. */
static int scan_name(struct reader *r)
{
  size_t from = r->at, label = r->at;
  bool long_label = false;

  while (!at_end(r)) {
    uint8_t c = r->text.data[r->at];

    if (c == '.' || c == '-') {
      if (r->at == label || (c == '.' && r->text.data[r->at - 1] == '-'))
        return refuse(r, MSIM__ADDRESS_BAD_DOMAIN);
      r->at++;
      if (c == '.') {
        long_label = long_label || r->at - 1 - label > MSIM__ADDRESS_LABEL_BYTES_MAX;
        label = r->at;
      }
    } else if (c >= 0x80) {
      if (pass_non_ascii(r, MSIM__ADDRESS_BAD_DOMAIN) < 0)
        return MSIM_ERR_SYNTAX;
    } else if (msim__ascii_is_alnum(c)) {
      r->at++;
    } else {
      break;
    }
  }
  if (r->at == label || r->text.data[r->at - 1] == '-')
    return refuse(r, MSIM__ADDRESS_BAD_DOMAIN);
  if (long_label || r->at - label > MSIM__ADDRESS_LABEL_BYTES_MAX || r->at - from > MSIM__ADDRESS_DOMAIN_BYTES_MAX)
    return refuse(r, MSIM__ADDRESS_LONG_DOMAIN);
  return MSIM_OK;
}

static bool read_ip(struct msim_addr *out, struct msim_slice text, enum msim_family family)
{
  return msim_addr_parse(out, (const char *)text.data, text.size_bytes) == MSIM_OK && out->family == family;
}

bool msim__domain_is_literal(struct msim_slice text, struct msim_addr *literal)
{
  struct msim_slice inside;
  struct msim_addr value;
  bool good;

  memset(&value, 0, sizeof value);
  if (literal != NULL)
    *literal = value;
  if (text.size_bytes < 3 || text.size_bytes > MSIM__ADDRESS_DOMAIN_BYTES_MAX || text.data[0] != '[' ||
      text.data[text.size_bytes - 1] != ']')
    return false;
  inside = msim__slice_part(text, 1, text.size_bytes - 1);
  /* RFC 5321 4.1.3 leaves room for other tags than IPv6; none has been registered. */
  if (inside.size_bytes >= 5 && msim__slice_is(msim__slice_part(inside, 0, 5), "IPv6:"))
    good = read_ip(&value, msim__slice_part(inside, 5, inside.size_bytes), MSIM_FAMILY_IPV6);
  else
    good = read_ip(&value, inside, MSIM_FAMILY_IPV4);
  if (good && literal != NULL)
    *literal = value;
  return good;
}

static int scan_literal(struct reader *r, struct msim__address *out)
{
  size_t from = r->at;

  while (!at_end(r) && r->text.data[r->at] != ']')
    r->at++;
  if (at_end(r))
    return refuse(r, MSIM__ADDRESS_BAD_DOMAIN);
  r->at++;
  if (r->at - from > MSIM__ADDRESS_DOMAIN_BYTES_MAX)
    return refuse(r, MSIM__ADDRESS_LONG_DOMAIN);
  if (!msim__domain_is_literal(msim__slice_part(r->text, from, r->at), &out->literal))
    return refuse(r, MSIM__ADDRESS_BAD_DOMAIN);
  out->domain_literal = true;
  return MSIM_OK;
}

static int scan_domain(struct reader *r, struct msim__address *out)
{
  size_t from = r->at;
  int err;

  err = !at_end(r) && r->text.data[r->at] == '[' ? scan_literal(r, out) : scan_name(r);
  if (err == MSIM_OK)
    out->domain = msim__slice_part(r->text, from, r->at);
  return err;
}

int msim__address_scan(struct msim__address *out, struct msim_slice text, bool utf8, size_t *used_bytes,
                       enum msim__address_flaw *flaw)
{
  struct reader r = {text, 0, utf8, false, MSIM__ADDRESS_FINE};
  int err;

  memset(out, 0, sizeof *out);
  err = scan_local(&r, out);
  if (err == MSIM_OK && !at_end(&r) && text.data[r.at] == '@') {
    r.at++;
    err = scan_domain(&r, out);
  }
  out->non_ascii = r.non_ascii;
  *used_bytes = r.at;
  *flaw = r.flaw;
  return err;
}

int msim__address_parse(struct msim__address *out, struct msim_slice text, bool utf8, enum msim__address_flaw *flaw)
{
  enum msim__address_flaw found;
  size_t used;
  int err = msim__address_scan(out, text, utf8, &used, &found);

  if (err == MSIM_OK && used < text.size_bytes) {
    found = out->domain.size_bytes > 0 ? MSIM__ADDRESS_BAD_DOMAIN : MSIM__ADDRESS_BAD_LOCAL;
    err = MSIM_ERR_SYNTAX;
  } else if (err == MSIM_OK && out->domain.size_bytes == 0) {
    found = MSIM__ADDRESS_NO_DOMAIN;
    err = MSIM_ERR_SYNTAX;
  }
  if (flaw != NULL)
    *flaw = found;
  return err;
}

bool msim__domain_is_name(struct msim_slice text, bool utf8)
{
  struct reader r = {text, 0, utf8, false, MSIM__ADDRESS_FINE};

  return scan_name(&r) == MSIM_OK && at_end(&r);
}

bool msim__domain_equal(struct msim_slice a, struct msim_slice b)
{
  return msim__slice_equal_nocase(a, b);
}

/* The next byte of an unquoted local part, -1 at the end. *at starts at 0. */
static int local_next(const struct msim__address *address, size_t *at)
{
  struct msim_slice local = address->local;

  if (address->local_quoted) {
    if (*at == 0)
      *at = 1;
    if (*at + 1 < local.size_bytes && local.data[*at] == '\\')
      ++*at;
    if (*at + 1 >= local.size_bytes)
      return -1;
  } else if (*at >= local.size_bytes) {
    return -1;
  }
  return local.data[(*at)++];
}

bool msim__address_equal(const struct msim__address *a, const struct msim__address *b)
{
  size_t at_a = 0, at_b = 0;
  int byte;

  do {
    byte = local_next(a, &at_a);
    if (byte != local_next(b, &at_b))
      return false;
  } while (byte >= 0);
  if (a->literal.family != MSIM_FAMILY_NONE && b->literal.family != MSIM_FAMILY_NONE)
    return msim_addr_equal(&a->literal, &b->literal);
  return msim__domain_equal(a->domain, b->domain);
}

int msim__address_unquote_local(const struct msim__address *address, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  size_t at = 0, n = 0;
  int byte;

  *size_bytes = 0;
  while ((byte = local_next(address, &at)) >= 0) {
    if (n == cap_bytes)
      return MSIM_ERR_LIMIT;
    out[n++] = (uint8_t)byte;
  }
  *size_bytes = n;
  return MSIM_OK;
}
