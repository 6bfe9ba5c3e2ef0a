/* html_text.c: the text of an HTML document; see html_text.h. */
#include "text/html_text.h"

#include <string.h>

#define LINK_BYTES_MAX 300u
#define NAME_BYTES_MAX 15u

struct reader {
  struct msim__buf *out;
  struct msim_slice html;
  size_t at;
  unsigned line_count; /* line ends that are due before the next text */
  bool space;          /* a space is due */
  bool any;            /* something was written */
  unsigned pre_depth;
  struct msim_slice link; /* of the element a that is open */
};

static uint8_t lower(uint8_t c)
{
  return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

static bool is_space(uint8_t c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool is_letter(uint8_t c)
{
  return lower(c) >= 'a' && lower(c) <= 'z';
}

static bool is_word(struct msim_slice text, const char *word)
{
  size_t i;

  if (text.size_bytes != strlen(word))
    return false;
  for (i = 0; i < text.size_bytes; i++)
    if (lower(text.data[i]) != (uint8_t)word[i])
      return false;
  return true;
}

static bool is_one_of(struct msim_slice name, const char *const *words)
{
  for (; *words != NULL; words++)
    if (is_word(name, *words))
      return true;
  return false;
}

/* ---- writing ---- */

static void break_line(struct reader *r, unsigned count)
{
  r->space = false;
  if (r->any && r->line_count < count)
    r->line_count = count;
}

static void put(struct reader *r, const void *bytes, size_t size_bytes)
{
  for (; r->line_count > 0; r->line_count--)
    (void)msim__buf_append_byte(r->out, '\n');
  if (r->space)
    (void)msim__buf_append_byte(r->out, ' ');
  r->space = false;
  r->any = true;
  (void)msim__buf_append(r->out, bytes, size_bytes);
}

static void put_space(struct reader *r)
{
  if (r->any && r->line_count == 0)
    r->space = true;
}

static void put_code(struct reader *r, uint32_t code)
{
  uint8_t utf8[4];
  size_t n = 0;

  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000))
    code = 0xfffd;
  if (code < 0x80) {
    utf8[n++] = (uint8_t)code;
  } else if (code < 0x800) {
    utf8[n++] = (uint8_t)(0xc0 | code >> 6);
    utf8[n++] = (uint8_t)(0x80 | (code & 0x3f));
  } else {
    if (code >= 0x10000) {
      utf8[n++] = (uint8_t)(0xf0 | code >> 18);
      utf8[n++] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    } else {
      utf8[n++] = (uint8_t)(0xe0 | code >> 12);
    }
    utf8[n++] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    utf8[n++] = (uint8_t)(0x80 | (code & 0x3f));
  }
  put(r, utf8, n);
}

/* ---- references ---- */

/* The names that mail programs write; others stay as they are written. */
static const struct name {
  const char *name;
  uint32_t code;
} names[] = {
    {"amp", '&'},      {"lt", '<'},       {"gt", '>'},       {"quot", '"'},     {"apos", '\''},    {"nbsp", ' '},
    {"auml", 0xe4},    {"ouml", 0xf6},    {"uuml", 0xfc},    {"Auml", 0xc4},    {"Ouml", 0xd6},    {"Uuml", 0xdc},
    {"szlig", 0xdf},   {"eacute", 0xe9},  {"egrave", 0xe8},  {"agrave", 0xe0},  {"aacute", 0xe1},  {"ccedil", 0xe7},
    {"ntilde", 0xf1},  {"oacute", 0xf3},  {"iacute", 0xed},  {"uacute", 0xfa},  {"copy", 0xa9},    {"reg", 0xae},
    {"euro", 0x20ac},  {"pound", 0xa3},   {"sect", 0xa7},    {"deg", 0xb0},     {"times", 0xd7},   {"middot", 0xb7},
    {"laquo", 0xab},   {"raquo", 0xbb},   {"ndash", 0x2013}, {"mdash", 0x2014}, {"bull", 0x2022},  {"hellip", 0x2026},
    {"lsquo", 0x2018}, {"rsquo", 0x2019}, {"ldquo", 0x201c}, {"rdquo", 0x201d}, {"bdquo", 0x201e}, {"trade", 0x2122},
};

/* "&#65;", "&#x41;" at r->at. false: none. */
static bool numeric_reference(struct reader *r)
{
  size_t at = r->at + 2, digits = 0;
  uint32_t base = 10, code = 0;

  if (at < r->html.size_bytes && lower(r->html.data[at]) == 'x') {
    base = 16;
    at++;
  }
  for (; at < r->html.size_bytes; at++, digits++) {
    uint8_t c = lower(r->html.data[at]);
    uint32_t value = c >= '0' && c <= '9' ? c - (uint32_t)'0' : (c >= 'a' && c <= 'f' ? c - (uint32_t)'a' + 10 : 99);

    if (value >= base)
      break;
    code = code > 0x10ffff ? code : code * base + value;
  }
  if (digits == 0)
    return false;
  r->at = at < r->html.size_bytes && r->html.data[at] == ';' ? at + 1 : at;
  if (code == 0xa0 || (code < 0x80 && is_space((uint8_t)code)))
    put_space(r);
  else
    put_code(r, code);
  return true;
}

static void reference(struct reader *r)
{
  size_t from = r->at + 1, to = from, i;

  if (from < r->html.size_bytes && r->html.data[from] == '#' && numeric_reference(r))
    return;
  while (to < r->html.size_bytes && to - from < 8 && is_letter(r->html.data[to]))
    to++;
  for (i = 0; to < r->html.size_bytes && r->html.data[to] == ';' && i < sizeof names / sizeof names[0]; i++)
    if (strlen(names[i].name) == to - from && memcmp(names[i].name, r->html.data + from, to - from) == 0) {
      r->at = to + 1;
      if (names[i].code == ' ')
        put_space(r);
      else
        put_code(r, names[i].code);
      return;
    }
  r->at++;
  put(r, "&", 1);
}

/* ---- tags ---- */

/* The value of the next attribute behind r->at, and its name; false: the tag is over (r->at stands behind it). */
static bool next_attribute(struct reader *r, struct msim_slice *name, struct msim_slice *value)
{
  const uint8_t *d = r->html.data;
  size_t end = r->html.size_bytes, from;
  uint8_t quote;

  *value = (struct msim_slice){d, 0};
  while (r->at < end && (is_space(d[r->at]) || d[r->at] == '/'))
    r->at++;
  if (r->at == end)
    return false;
  if (d[r->at] == '>') {
    r->at++;
    return false;
  }
  from = r->at++;
  while (r->at < end && !is_space(d[r->at]) && d[r->at] != '=' && d[r->at] != '>' && d[r->at] != '/')
    r->at++;
  *name = (struct msim_slice){d + from, r->at - from};
  while (r->at < end && is_space(d[r->at]))
    r->at++;
  if (r->at == end || d[r->at] != '=')
    return true;
  r->at++;
  while (r->at < end && is_space(d[r->at]))
    r->at++;
  quote = r->at < end && (d[r->at] == '"' || d[r->at] == '\'') ? d[r->at++] : 0;
  from = r->at;
  while (r->at < end && (quote != 0 ? d[r->at] != quote : !is_space(d[r->at]) && d[r->at] != '>'))
    r->at++;
  *value = (struct msim_slice){d + from, r->at - from};
  r->at += quote != 0 && r->at < end;
  return true;
}

/* Everything up to the end tag of that name. */
static void skip_element(struct reader *r, struct msim_slice name)
{
  size_t i;

  for (; r->at < r->html.size_bytes; r->at++) {
    const uint8_t *d = r->html.data + r->at;

    if (r->html.size_bytes - r->at < name.size_bytes + 2 || d[0] != '<' || d[1] != '/')
      continue;
    for (i = 0; i < name.size_bytes && lower(d[2 + i]) == lower(name.data[i]); i++)
      continue;
    if (i == name.size_bytes)
      return; /* the tag itself is read next */
  }
}

/* Where a link leads, unless its text says just that. */
static void end_link(struct reader *r)
{
  struct msim_slice link = r->link, outer = r->html;
  size_t at = r->at, n = link.size_bytes, i;
  const char *said;

  r->link.size_bytes = 0;
  if (n == 0 || n > LINK_BYTES_MAX || link.data[0] == '#')
    return;
  said = r->out->size_bytes >= n ? r->out->data + r->out->size_bytes - n : NULL;
  if (said != NULL && memcmp(said, link.data, n) == 0)
    return;
  put_space(r);
  put(r, "[", 1);
  r->html = link; /* with its references */
  for (r->at = 0; r->at < n;) {
    i = r->at;
    if (link.data[i] == '&') {
      reference(r);
      continue;
    }
    if (!is_space(link.data[i]))
      put(r, link.data + i, 1);
    r->at++;
  }
  r->space = false;
  r->html = outer;
  r->at = at;
  put(r, "]", 1);
}

static const char *const hidden[] = {"script", "style",    "title",  "noscript", "template", "textarea",
                                     "iframe", "noframes", "object", "svg",      NULL};
static const char *const paragraphs[] = {"p",  "h1", "h2", "h3",    "h4",         "h5",  "h6",
                                         "ul", "ol", "dl", "table", "blockquote", "pre", NULL};
static const char *const lines[] = {"div",     "tr",     "li",     "dt",      "dd",   "hr",   "section",
                                    "article", "header", "footer", "address", "body", "form", NULL};

static void on_tag(struct reader *r, struct msim_slice name, bool is_end, struct msim_slice href)
{
  if (is_word(name, "br")) {
    r->space = false;
    r->line_count += r->any && r->line_count < 2;
  } else if (is_one_of(name, paragraphs)) {
    break_line(r, 2);
  } else if (is_one_of(name, lines)) {
    break_line(r, 1);
  } else if (is_word(name, "td") || is_word(name, "th")) {
    put_space(r);
  }
  if (is_word(name, "pre"))
    r->pre_depth = is_end ? 0 : 1;
  if (!is_end && is_word(name, "li"))
    put(r, "- ", 2);
  if (is_word(name, "a")) {
    end_link(r);
    r->link = is_end ? r->link : href;
  }
  if (!is_end && is_one_of(name, hidden))
    skip_element(r, name);
}

static bool skip_comment(struct reader *r)
{
  const uint8_t *d = r->html.data;
  size_t end = r->html.size_bytes;
  bool is_comment = end - r->at >= 4 && memcmp(d + r->at, "<!--", 4) == 0;

  if (r->at + 1 >= end || (d[r->at + 1] != '!' && d[r->at + 1] != '?'))
    return false;
  for (r->at += is_comment ? 4 : 2; r->at < end; r->at++)
    if (d[r->at] == '>' && (!is_comment || (d[r->at - 1] == '-' && d[r->at - 2] == '-')))
      break;
  r->at += r->at < end;
  return true;
}

/* At "<". */
static void tag(struct reader *r)
{
  struct msim_slice name, attribute, value, href = {r->html.data, 0};
  size_t from = r->at + 1;
  bool is_end;

  if (skip_comment(r))
    return;
  is_end = from < r->html.size_bytes && r->html.data[from] == '/';
  from += is_end;
  if (from >= r->html.size_bytes || !is_letter(r->html.data[from])) {
    put(r, "<", 1);
    r->at++;
    return;
  }
  for (r->at = from; r->at < r->html.size_bytes && !is_space(r->html.data[r->at]) && r->html.data[r->at] != '>' &&
                     r->html.data[r->at] != '/';)
    r->at++;
  name = (struct msim_slice){r->html.data + from, r->at - from};
  while (next_attribute(r, &attribute, &value))
    if (is_word(attribute, "href"))
      href = value;
  if (name.size_bytes <= NAME_BYTES_MAX)
    on_tag(r, name, is_end, href);
}

int msim__html_to_text(struct msim__buf *out, struct msim_slice html)
{
  struct reader r = {.out = out, .html = html};
  uint8_t c;

  while (r.at < html.size_bytes && out->err == 0) {
    c = html.data[r.at];
    if (c == '<') {
      tag(&r);
    } else if (c == '&') {
      reference(&r);
    } else if (!is_space(c)) {
      put(&r, html.data + r.at++, 1);
    } else {
      if (r.pre_depth > 0 && c == '\n')
        r.line_count += r.any;
      else if (r.pre_depth > 0 && c != '\r' && r.any)
        put(&r, " ", 1);
      else
        put_space(&r);
      r.at++;
    }
  }
  if (r.any)
    (void)msim__buf_append_byte(out, '\n');
  return out->err;
}
