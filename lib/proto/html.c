/* html.c: tags, their attributes and character references of HTML; see html.h. Forms are in html_form.c. */
#include "proto/html.h"
#include "proto/ascii.h"

static bool is_space(uint8_t c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool begins(struct msim_slice page, size_t at, const char *word)
{
  size_t size = strlen(word);

  return page.size_bytes - at >= size && msim__slice_is(msim__slice_part(page, at, at + size), word);
}

/* Where the tag that begins at `at` ends, behind its ">"; quotes may hold others. page.size_bytes + 1: nowhere. */
static size_t tag_end(struct msim_slice page, size_t at)
{
  uint8_t quote = 0;
  bool value = false; /* quotes count behind "=" only */

  for (; at < page.size_bytes; at++) {
    uint8_t c = page.data[at];

    if (quote != 0) {
      if (c == quote)
        quote = 0;
    } else if (c == '>') {
      return at + 1;
    } else if ((c == '"' || c == '\'') && value) {
      quote = c;
      value = false;
    } else if (!is_space(c)) {
      value = c == '=';
    }
  }
  return page.size_bytes + 1;
}

/* Passes over a comment or declaration at `at`. false: there is none. */
static bool skip_declaration(struct msim_slice page, size_t *at)
{
  size_t end;

  if (begins(page, *at, "<!--")) {
    for (end = *at + 4; end < page.size_bytes && !begins(page, end, "-->"); end++)
      ;
    *at = end < page.size_bytes ? end + 3 : end;
    return true;
  }
  if (!begins(page, *at, "<!") && !begins(page, *at, "<?"))
    return false;
  for (end = *at; end < page.size_bytes && page.data[end] != '>'; end++)
    ;
  *at = end < page.size_bytes ? end + 1 : end;
  return true;
}

static bool looks_like_tag(struct msim_slice page, size_t at)
{
  if (page.data[at] != '<' || at + 1 >= page.size_bytes)
    return false;
  if (page.data[at + 1] == '/')
    at++;
  return at + 1 < page.size_bytes && msim__ascii_is_alpha(page.data[at + 1]);
}

/* Elements whose content is text to their end, whatever it looks like. */
static bool holds_text(struct msim_slice name)
{
  return msim__slice_is(name, "script") || msim__slice_is(name, "style") || msim__slice_is(name, "title") ||
         msim__slice_is(name, "textarea");
}

/* Where "</name" stands, or the end of the page. */
static size_t text_end(struct msim_slice page, size_t at, struct msim_slice name)
{
  for (; at + 2 + name.size_bytes <= page.size_bytes; at++)
    if (page.data[at] == '<' && page.data[at + 1] == '/' &&
        msim__slice_equal_nocase(msim__slice_part(page, at + 2, at + 2 + name.size_bytes), name))
      return at;
  return page.size_bytes;
}

static void read_tag(struct msim_slice page, size_t end, size_t *at, struct msim__html_token *out)
{
  size_t from = *at + 1, to;

  out->kind = MSIM__HTML_OPEN;
  if (page.data[from] == '/') {
    out->kind = MSIM__HTML_CLOSE;
    from++;
  }
  for (to = from; to < end - 1 && !is_space(page.data[to]) && page.data[to] != '/'; to++)
    ;
  out->name = msim__slice_part(page, from, to);
  out->attributes = msim__slice_part(page, to, end - 1);
  *at = end;
  if (out->kind == MSIM__HTML_OPEN && holds_text(out->name)) {
    *at = text_end(page, end, out->name);
    out->text = msim__slice_part(page, end, *at);
  }
}

int msim__html_next(struct msim_slice page, size_t *at, struct msim__html_token *out)
{
  size_t end;

  memset(out, 0, sizeof *out);
  while (*at < page.size_bytes && page.data[*at] == '<' && skip_declaration(page, at))
    ;
  if (*at >= page.size_bytes)
    return 0;
  out->from = *at;
  if (looks_like_tag(page, *at)) {
    end = tag_end(page, *at);
    if (end <= page.size_bytes) {
      read_tag(page, end, at, out);
      return 1;
    }
    end = page.size_bytes; /* it is not looked for again: time stays linear */
  } else {
    for (end = *at + 1; end < page.size_bytes && page.data[end] != '<'; end++)
      ;
  }
  out->text = msim__slice_part(page, *at, end);
  *at = end;
  return 1;
}

/* ---- attributes ---- */

/* The next one. false: the end. */
static bool next_attribute(struct msim_slice text, size_t *at, struct msim_slice *name, struct msim_slice *value)
{
  size_t from, to;

  while (*at < text.size_bytes && (is_space(text.data[*at]) || text.data[*at] == '/'))
    *at += 1;
  from = *at;
  while (*at < text.size_bytes && !is_space(text.data[*at]) && text.data[*at] != '/' &&
         (text.data[*at] != '=' || *at == from))
    *at += 1;
  *name = msim__slice_part(text, from, *at);
  *value = msim__slice_part(text, *at, *at);
  for (to = *at; to < text.size_bytes && is_space(text.data[to]); to++)
    ;
  if (to == text.size_bytes || text.data[to] != '=')
    return name->size_bytes > 0;
  for (to++; to < text.size_bytes && is_space(text.data[to]); to++)
    ;
  from = to;
  if (to < text.size_bytes && (text.data[to] == '"' || text.data[to] == '\'')) {
    for (to++; to < text.size_bytes && text.data[to] != text.data[from]; to++)
      ;
    *value = msim__slice_part(text, from + 1, to);
    *at = to < text.size_bytes ? to + 1 : to;
  } else {
    while (to < text.size_bytes && !is_space(text.data[to]))
      to++;
    *value = msim__slice_part(text, from, to);
    *at = to;
  }
  return true;
}

int msim__html_attribute(struct msim_slice attributes, const char *name, struct msim_slice *value)
{
  struct msim_slice found;
  unsigned count;
  size_t at = 0;

  for (count = 0; count < MSIM__HTML_ATTRIBUTES_MAX && next_attribute(attributes, &at, &found, value); count++)
    if (msim__slice_is(found, name))
      return 1;
  *value = msim__slice_part(attributes, 0, 0);
  return 0;
}

/* ---- character references ---- */

/* UTF-8 of a code point; what is none becomes U+FFFD. At most as long as "&#N;" is. */
static size_t put_code_point(uint32_t code, uint8_t *out)
{
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
    code = 0xfffd;
  if (code < 0x80) {
    out[0] = (uint8_t)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (uint8_t)(0xc0 | code >> 6);
    out[1] = (uint8_t)(0x80 | (code & 0x3f));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (uint8_t)(0xe0 | code >> 12);
    out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code & 0x3f));
    return 3;
  }
  out[0] = (uint8_t)(0xf0 | code >> 18);
  out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
  out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
  out[3] = (uint8_t)(0x80 | (code & 0x3f));
  return 4;
}

/* "#65" or "#x41". false: no number. */
static bool read_number(struct msim_slice text, uint32_t *code)
{
  bool hex = text.size_bytes > 1 && msim__ascii_lower(text.data[1]) == 'x';
  size_t i = hex ? 2 : 1;

  *code = 0;
  if (i >= text.size_bytes || text.size_bytes > 10)
    return false;
  for (; i < text.size_bytes; i++) {
    uint8_t c = msim__ascii_lower(text.data[i]);
    bool letter = hex && c >= 'a' && c <= 'f';

    if (!msim__ascii_is_digit(c) && !letter)
      return false;
    *code = *code * (hex ? 16u : 10u) + (uint32_t)(letter ? c - 'a' + 10 : c - '0');
    if (*code > 0x10ffff)
      *code = 0x110000; /* stays none */
  }
  return true;
}

/* A reference at the start of text, behind its "&". Returns how many bytes it takes with its ";"; 0: it is none. */
static size_t read_reference(struct msim_slice text, uint32_t *code)
{
  static const struct {
    const char *name;
    uint32_t code;
  } names[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}, {"nbsp", 0xa0}};
  struct msim_slice word;
  size_t end = 0, i;

  while (end < text.size_bytes && end < 12 && text.data[end] != ';')
    end++;
  if (end == text.size_bytes || text.data[end] != ';' || end == 0)
    return 0;
  word = msim__slice_part(text, 0, end);
  if (word.data[0] == '#')
    return read_number(word, code) ? end + 1 : 0;
  for (i = 0; i < sizeof names / sizeof *names; i++)
    if (msim__slice_equal(word, msim__slice_text(names[i].name))) {
      *code = names[i].code;
      return end + 1;
    }
  return 0;
}

int msim__html_decode(struct msim_slice raw, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  size_t i, size = 0;

  *size_bytes = 0;
  for (i = 0; i < raw.size_bytes; i++) {
    uint8_t bytes[4] = {raw.data[i]};
    size_t count = 1, used = 0;
    uint32_t code;

    if (raw.data[i] == '&')
      used = read_reference(msim__slice_part(raw, i + 1, raw.size_bytes), &code);
    if (used > 0)
      count = put_code_point(code, bytes);
    if (cap_bytes - size < count)
      return MSIM_ERR_LIMIT;
    memcpy(out + size, bytes, count);
    size += count;
    i += used;
  }
  *size_bytes = size;
  return MSIM_OK;
}

int msim__html_encode(struct msim_slice text, uint8_t *out, size_t cap_bytes, size_t *size_bytes)
{
  size_t i, size = 0;

  *size_bytes = 0;
  for (i = 0; i < text.size_bytes; i++) {
    char one[2] = {(char)text.data[i], '\0'};
    const char *as = one;
    size_t count;

    switch (text.data[i]) {
    case '&':
      as = "&amp;";
      break;
    case '<':
      as = "&lt;";
      break;
    case '>':
      as = "&gt;";
      break;
    case '"':
      as = "&quot;";
      break;
    case '\'':
      as = "&#39;";
      break;
    default:
      break;
    }
    count = as == one ? 1 : strlen(as);
    if (cap_bytes - size < count)
      return MSIM_ERR_LIMIT;
    memcpy(out + size, as, count);
    size += count;
  }
  *size_bytes = size;
  return MSIM_OK;
}
