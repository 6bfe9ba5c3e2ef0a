/* json_in.c: see json_in.h. */
#include "text/json_in.h"

#include <string.h>

#include "text/utf8.h"

struct parser {
  struct msim__arena *arena;
  const uint8_t *at, *end;
  const char *why;
  int err;
  unsigned depth;
};

static struct msim__json_node *fail(struct parser *p, int err, const char *why)
{
  if (p->err == MSIM_OK) {
    p->err = err;
    p->why = why;
  }
  return NULL;
}

static void skip_space(struct parser *p)
{
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r' || *p->at == '\n'))
    p->at++;
}

static bool take(struct parser *p, char c)
{
  skip_space(p);
  if (p->at == p->end || *p->at != (uint8_t)c)
    return false;
  p->at++;
  return true;
}

static struct msim__json_node *new_node(struct parser *p, enum msim__json_kind kind)
{
  struct msim__json_node *node = msim__arena_alloc(p->arena, sizeof *node);

  if (node == NULL)
    return fail(p, MSIM_ERR_NOMEM, "");
  node->kind = kind;
  return node;
}

/* Four hex digits, or -1. */
static int32_t hex4(struct parser *p)
{
  int32_t value = 0;
  int i;

  if (p->end - p->at < 4)
    return -1;
  for (i = 0; i < 4; i++) {
    uint8_t c = *p->at++;
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;

    if (digit < 0)
      return -1;
    value = value * 16 + digit;
  }
  return value;
}

static size_t put_code(char *out, uint32_t code)
{
  if (code < 0x80) {
    out[0] = (char)code;
    return 1;
  }
  if (code < 0x800) {
    out[0] = (char)(0xc0 | code >> 6);
    out[1] = (char)(0x80 | (code & 0x3f));
    return 2;
  }
  if (code < 0x10000) {
    out[0] = (char)(0xe0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3f));
    out[2] = (char)(0x80 | (code & 0x3f));
    return 3;
  }
  out[0] = (char)(0xf0 | code >> 18);
  out[1] = (char)(0x80 | (code >> 12 & 0x3f));
  out[2] = (char)(0x80 | (code >> 6 & 0x3f));
  out[3] = (char)(0x80 | (code & 0x3f));
  return 4;
}

/* \uXXXX, two of them for characters beyond U+FFFF (RFC 8259 section 7). Returns the bytes written, 0 on error. */
static size_t unescape_unicode(struct parser *p, char *out)
{
  int32_t first = hex4(p), second;
  const uint8_t *mark = p->at;

  if (first < 0)
    return 0;
  if (first >= 0xd800 && first < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u') {
    p->at += 2;
    second = hex4(p);
    if (second >= 0xdc00 && second < 0xe000)
      return put_code(out, 0x10000u + ((uint32_t)(first - 0xd800) << 10) + (uint32_t)(second - 0xdc00));
    p->at = mark;
  }
  return put_code(out, (uint32_t)first);
}

static size_t unescape(struct parser *p, char *out)
{
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  const char *found;
  uint8_t c;

  if (p->at == p->end)
    return 0;
  c = *p->at++;
  if (c == 'u')
    return unescape_unicode(p, out);
  found = c != 0 ? strchr(from, c) : NULL;
  if (found == NULL)
    return 0;
  *out = to[found - from];
  return 1;
}

/* Behind the opening quote. What is decoded is never longer than what was written. */
static bool parse_text(struct parser *p, const char **data, size_t *size_bytes)
{
  const uint8_t *scan = p->at;
  char *out;
  size_t used = 0;

  while (scan < p->end && *scan != '"')
    scan += *scan == '\\' && p->end - scan > 1 ? 2 : 1;
  out = msim__arena_alloc(p->arena, (size_t)(scan - p->at) + 1);
  if (out == NULL)
    return fail(p, MSIM_ERR_NOMEM, "") != NULL;
  while (p->at < p->end && *p->at != '"') {
    uint32_t code;
    size_t length;

    if (*p->at == '\\') {
      p->at++;
      length = unescape(p, out + used);
      if (length == 0)
        return fail(p, MSIM_ERR_SYNTAX, "an escape in a text is wrong") != NULL;
      used += length;
      continue;
    }
    length = msim__utf8_next(p->at, (size_t)(p->end - p->at), &code);
    if (length == 0)
      return fail(p, MSIM_ERR_SYNTAX, "it is not UTF-8") != NULL;
    if (code < 0x20)
      return fail(p, MSIM_ERR_SYNTAX, "a control character stands in a text") != NULL;
    memcpy(out + used, p->at, length);
    used += length;
    p->at += length;
  }
  if (p->at == p->end)
    return fail(p, MSIM_ERR_SYNTAX, "a text has no closing quote") != NULL;
  p->at++;
  *data = out;
  *size_bytes = used;
  return true;
}

static size_t skip_digits(struct parser *p)
{
  const uint8_t *start = p->at;

  while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
    p->at++;
  return (size_t)(p->at - start);
}

static struct msim__json_node *parse_number(struct parser *p)
{
  struct msim__json_node *node = new_node(p, MSIM__JSON_INT);
  bool minus = *p->at == '-', fits = true;
  const uint8_t *start = p->at, *digits;
  uint64_t value = 0, max = (uint64_t)INT64_MAX + (minus ? 1 : 0);
  size_t count, i;

  if (node == NULL)
    return NULL;
  p->at += minus ? 1 : 0;
  digits = p->at;
  count = skip_digits(p);
  if (count == 0 || (count > 1 && digits[0] == '0'))
    return fail(p, MSIM_ERR_SYNTAX, "a value is expected");
  for (i = 0; i < count && fits; i++) {
    fits = value <= (max - (uint64_t)(digits[i] - '0')) / 10;
    value = fits ? value * 10 + (uint64_t)(digits[i] - '0') : value;
  }
  if (p->at < p->end && *p->at == '.') {
    p->at++;
    fits = false;
    if (skip_digits(p) == 0)
      return fail(p, MSIM_ERR_SYNTAX, "a number is not complete");
  }
  if (p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
    p->at++;
    fits = false;
    if (p->at < p->end && (*p->at == '+' || *p->at == '-'))
      p->at++;
    if (skip_digits(p) == 0)
      return fail(p, MSIM_ERR_SYNTAX, "a number is not complete");
  }
  if (fits) {
    node->u.integer = !minus || value == 0 ? (int64_t)value : -(int64_t)(value - 1) - 1;
    return node;
  }
  node->kind = MSIM__JSON_NUMBER;
  node->u.text.data = (const char *)start;
  node->u.text.size_bytes = (size_t)(p->at - start);
  return node;
}

static struct msim__json_node *parse_word(struct parser *p)
{
  static const struct {
    const char *word;
    enum msim__json_kind kind;
  } words[] = {{"true", MSIM__JSON_BOOL}, {"false", MSIM__JSON_BOOL}, {"null", MSIM__JSON_NULL}};
  size_t i;

  for (i = 0; i < sizeof words / sizeof words[0]; i++) {
    size_t length = strlen(words[i].word);
    struct msim__json_node *node;

    if ((size_t)(p->end - p->at) < length || memcmp(p->at, words[i].word, length) != 0)
      continue;
    p->at += length;
    node = new_node(p, words[i].kind);
    if (node != NULL)
      node->u.truth = i == 0;
    return node;
  }
  return fail(p, MSIM_ERR_SYNTAX, "a value is expected");
}

static struct msim__json_node *parse_value(struct parser *p);

static bool parse_member(struct parser *p, struct msim__json_node *object, struct msim__json_node **member)
{
  const struct msim__json_node *other;
  const char *key;
  size_t key_bytes;

  if (!take(p, '"'))
    return fail(p, MSIM_ERR_SYNTAX, "a name in quotes is expected") != NULL;
  if (!parse_text(p, &key, &key_bytes))
    return false;
  for (other = object->u.items.first; other != NULL; other = other->next)
    if (other->key_bytes == key_bytes && memcmp(other->key, key, key_bytes) == 0)
      return fail(p, MSIM_ERR_SYNTAX, "a name stands twice in one object") != NULL;
  if (object->u.items.count >= MSIM__JSON_IN_MEMBERS_MAX)
    return fail(p, MSIM_ERR_LIMIT, "an object has too many members") != NULL;
  if (!take(p, ':'))
    return fail(p, MSIM_ERR_SYNTAX, "a colon is expected") != NULL;
  *member = parse_value(p);
  if (*member == NULL)
    return false;
  (*member)->key = key;
  (*member)->key_bytes = key_bytes;
  return true;
}

/* Behind the opening bracket. */
static struct msim__json_node *parse_items(struct parser *p, bool is_object)
{
  struct msim__json_node *node = new_node(p, is_object ? MSIM__JSON_OBJECT : MSIM__JSON_LIST), *last = NULL, *item;
  char close = is_object ? '}' : ']';

  if (node == NULL || take(p, close))
    return node;
  if (++p->depth > MSIM__JSON_IN_DEPTH_MAX)
    return fail(p, MSIM_ERR_LIMIT, "it is nested too deeply");
  do {
    item = NULL;
    if (is_object ? !parse_member(p, node, &item) : (item = parse_value(p)) == NULL)
      return NULL;
    if (last == NULL)
      node->u.items.first = item;
    else
      last->next = item;
    last = item;
    node->u.items.count++;
  } while (take(p, ','));
  p->depth--;
  return take(p, close) ? node : fail(p, MSIM_ERR_SYNTAX, "a comma or a closing bracket is expected");
}

/* Depth is bounded by parse_items. */
static struct msim__json_node *parse_value(struct parser *p)
{
  struct msim__json_node *node;

  skip_space(p);
  if (p->at == p->end)
    return fail(p, MSIM_ERR_SYNTAX, "it ends too early");
  if (take(p, '{'))
    return parse_items(p, true);
  if (take(p, '['))
    return parse_items(p, false);
  if (take(p, '"')) {
    node = new_node(p, MSIM__JSON_TEXT);
    return node != NULL && parse_text(p, &node->u.text.data, &node->u.text.size_bytes) ? node : NULL;
  }
  return *p->at == '-' || (*p->at >= '0' && *p->at <= '9') ? parse_number(p) : parse_word(p);
}

int msim__json_parse(struct msim__arena *arena, struct msim_slice text, const struct msim__json_node **out,
                     const char **why)
{
  struct parser p = {.arena = arena, .at = text.data, .end = text.data};
  const struct msim__json_node *node;

  p.end += text.size_bytes;
  p.why = "";
  node = parse_value(&p);
  if (node != NULL) {
    skip_space(&p);
    if (p.at != p.end)
      node = fail(&p, MSIM_ERR_SYNTAX, "something stands behind the value");
  }
  *out = node;
  *why = p.why;
  return p.err;
}

bool msim__json_uint_of(const struct msim__json_node *node, uint64_t *out)
{
  uint64_t value = 0;
  size_t i;

  if (node->kind == MSIM__JSON_INT && node->u.integer >= 0) {
    *out = (uint64_t)node->u.integer;
    return true;
  }
  if (node->kind != MSIM__JSON_NUMBER)
    return false;
  for (i = 0; i < node->u.text.size_bytes; i++) {
    unsigned digit = (unsigned)(unsigned char)node->u.text.data[i] - '0';

    if (digit > 9 || value > (UINT64_MAX - digit) / 10)
      return false;
    value = value * 10 + digit;
  }
  *out = value;
  return true;
}

const struct msim__json_node *msim__json_find(const struct msim__json_node *object, const char *key)
{
  const struct msim__json_node *member;
  size_t key_bytes = strlen(key);

  if (object == NULL || object->kind != MSIM__JSON_OBJECT)
    return NULL;
  for (member = object->u.items.first; member != NULL; member = member->next)
    if (member->key_bytes == key_bytes && memcmp(member->key, key, key_bytes) == 0)
      return member;
  return NULL;
}
