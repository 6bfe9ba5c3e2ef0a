/* diff_line.c: what a line of the form text says, part by part, and in what two of them differ. Keeps nothing. */
#include "check/diff.h"

#include <string.h>

#include "core/hash.h"

static struct msim_slice cut(struct msim_slice text, size_t begin, size_t end)
{
  struct msim_slice s;

  s.data = text.data != NULL ? text.data + begin : NULL;
  s.size_bytes = end - begin;
  return s;
}

bool msim__diff_is(struct msim_slice word, const char *text)
{
  return word.size_bytes == strlen(text) && memcmp(word.data, text, word.size_bytes) == 0;
}

bool msim__diff_begins(struct msim_slice word, const char *text)
{
  return word.size_bytes >= strlen(text) && memcmp(word.data, text, strlen(text)) == 0;
}

bool msim__diff_same(struct msim_slice a, struct msim_slice b)
{
  return a.size_bytes == b.size_bytes && (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

/* Fates that may hold a space: lost(loss f1). */
static bool is_bracketed(struct msim_slice word)
{
  return msim__diff_begins(word, "lost(") || msim__diff_begins(word, "corrupt(") ||
         msim__diff_begins(word, "dup-lost(") || msim__diff_begins(word, "dup-corrupt(");
}

bool msim__diff_next_word(struct msim_slice *rest, struct msim_slice *word)
{
  bool quoted = false;
  uint8_t closing = 0;
  size_t i;

  if (rest->size_bytes == 0)
    return false;
  if (rest->data[0] == '<')
    closing = '>';
  else if (is_bracketed(*rest))
    closing = ')';
  for (i = 0; i < rest->size_bytes; i++) {
    uint8_t byte = rest->data[i];

    if (quoted && byte == '\\' && i + 1 < rest->size_bytes)
      i++;
    else if (byte == '"' && closing == 0)
      quoted = !quoted;
    else if (byte == closing && closing != 0)
      closing = 0;
    else if (byte == ' ' && !quoted && closing == 0)
      break;
  }
  *word = cut(*rest, 0, i);
  *rest = cut(*rest, i < rest->size_bytes ? i + 1 : i, rest->size_bytes);
  return true;
}

/* SECONDS.NNNNNNNNN */
static bool read_time(struct msim_slice word, msim_ns *out)
{
  uint64_t whole = 0, part = 0;
  size_t i = 0, digits = 0;

  for (; i < word.size_bytes && word.data[i] >= '0' && word.data[i] <= '9'; i++) {
    if (whole > INT64_MAX / MSIM_SEC(1) / 10)
      return false;
    whole = whole * 10 + (uint64_t)(word.data[i] - '0');
  }
  if (i == 0 || i == word.size_bytes || word.data[i++] != '.')
    return false;
  for (; i < word.size_bytes && word.data[i] >= '0' && word.data[i] <= '9' && digits < 9; i++, digits++)
    part = part * 10 + (uint64_t)(word.data[i] - '0');
  *out = whole * MSIM_SEC(1) + part;
  return digits == 9 && i == word.size_bytes;
}

static bool is_fate(struct msim_slice word)
{
  return msim__diff_begins(word, "+") || is_bracketed(word) || msim__diff_begins(word, "dup+") ||
         msim__diff_is(word, "dup") || msim__diff_is(word, "corrupt") || msim__diff_is(word, "dup-corrupt") ||
         msim__diff_is(word, "broadcast") || msim__diff_is(word, "open") || msim__diff_is(word, "arrived");
}

/* The part grows by the word, which stands behind it. */
static void join(struct msim__diff_words *out, enum msim__diff_part part, struct msim_slice word)
{
  struct msim_slice *slice = &out->part[part];

  if (slice->data == NULL)
    *slice = word;
  else
    slice->size_bytes = (size_t)(word.data + word.size_bytes - slice->data);
}

static bool is_flags(struct msim_slice word)
{
  size_t i;

  for (i = 0; i < word.size_bytes; i++)
    if (strchr("FSRP.UEWC-", word.data[i]) == NULL || word.data[i] == 0)
      return false;
  return word.size_bytes > 0;
}

static bool is_endpoints(struct msim_slice word)
{
  return memchr(word.data, '>', word.size_bytes) != NULL && memchr(word.data, ':', word.size_bytes) != NULL &&
         memchr(word.data, '"', word.size_bytes) == NULL;
}

/* Behind flags and range. */
static void read_segment(struct msim_slice rest, struct msim__diff_words *out)
{
  static const struct {
    const char *name;
    enum msim__diff_part part;
  } named[] = {{"ack", MSIM__DIFF_ACK}, {"win", MSIM__DIFF_WIN}, {"urg", MSIM__DIFF_URG}};
  struct msim_slice word;
  size_t i;

  while (msim__diff_next_word(&rest, &word)) {
    for (i = 0; i < 3 && !msim__diff_is(word, named[i].name); i++)
      ;
    if (i < 3 && out->part[MSIM__DIFF_FATE].data == NULL) {
      join(out, named[i].part, word);
      if (msim__diff_next_word(&rest, &word))
        join(out, named[i].part, word);
    } else if (word.size_bytes > 0 && word.data[0] == '<') {
      join(out, MSIM__DIFF_OPTIONS, word);
    } else if (word.size_bytes > 0 && word.data[0] == '"') {
      join(out, MSIM__DIFF_TEXT, word);
    } else if (is_fate(word)) {
      join(out, MSIM__DIFF_FATE, word);
    } else {
      join(out, MSIM__DIFF_NOTE, word);
    }
  }
}

static void read_fate_and_rest(struct msim_slice rest, struct msim__diff_words *out)
{
  struct msim_slice word;

  while (msim__diff_next_word(&rest, &word)) {
    bool fate = is_fate(word) && (out->part[MSIM__DIFF_FATE].data == NULL || out->part[MSIM__DIFF_REST].data == NULL ||
                                  out->part[MSIM__DIFF_REST].data < out->part[MSIM__DIFF_FATE].data);

    join(out, fate ? MSIM__DIFF_FATE : MSIM__DIFF_REST, word);
  }
}

/* Behind the name of the connection. */
static const char *read_packet(struct msim_slice rest, bool is_tcp, struct msim__diff_words *out)
{
  struct msim_slice word, behind;

  if (!msim__diff_next_word(&rest, &out->part[MSIM__DIFF_ID]) || out->part[MSIM__DIFF_ID].size_bytes < 2 ||
      (out->part[MSIM__DIFF_ID].data[0] != 'c' && out->part[MSIM__DIFF_ID].data[0] != 's'))
    return "the number of a segment, such as c3, is expected behind the connection";
  behind = rest;
  if (!msim__diff_next_word(&behind, &word))
    return "it ends behind the number of the segment";
  if (is_endpoints(word)) {
    out->part[MSIM__DIFF_ENDPOINTS] = word;
    rest = behind;
    if (!msim__diff_next_word(&behind, &word))
      return "it ends behind the addresses";
  }
  if (is_tcp ? is_flags(word) : word.size_bytes > 0 && word.data[0] == '(') {
    out->kind = is_tcp ? MSIM__DIFF_SEGMENT : MSIM__DIFF_DATAGRAM;
    out->part[is_tcp ? MSIM__DIFF_FLAGS : MSIM__DIFF_RANGE] = word;
    if (!is_tcp) {
      read_fate_and_rest(behind, out);
      return NULL;
    }
    if (!msim__diff_next_word(&behind, &out->part[MSIM__DIFF_RANGE]))
      return "it ends behind the flags";
    read_segment(behind, out);
    return NULL;
  }
  out->kind = msim__diff_is(word, "fwd") ? MSIM__DIFF_FWD : MSIM__DIFF_LATE;
  read_fate_and_rest(rest, out);
  return NULL;
}

const char *msim__diff_words_of(struct msim_slice line, struct msim__diff_words *out)
{
  struct msim_slice rest = line;

  memset(out, 0, sizeof *out);
  out->kind = MSIM__DIFF_OTHER;
  if (line.size_bytes > 0 && memchr(line.data, 0, line.size_bytes) != NULL)
    return "a zero byte stands in it";
  if (!msim__diff_next_word(&rest, &out->part[MSIM__DIFF_TIME]) || !read_time(out->part[MSIM__DIFF_TIME], &out->at_ns))
    return "a time such as 0.010000000 is expected at its beginning";
  if (!msim__diff_next_word(&rest, &out->kind_word) || !msim__diff_next_word(&rest, &out->part[MSIM__DIFF_SUBJECT]) ||
      out->part[MSIM__DIFF_SUBJECT].size_bytes == 0)
    return "a kind of record, and what it is about, are expected behind the time";
  if (msim__diff_is(out->kind_word, "tcp") || msim__diff_is(out->kind_word, "udp"))
    return read_packet(rest, out->kind_word.data[0] == 't', out);
  if (msim__diff_is(out->kind_word, "icmp") || msim__diff_is(out->kind_word, "arp")) {
    out->kind = MSIM__DIFF_PACKET;
    (void)msim__diff_next_word(&rest, &out->part[MSIM__DIFF_ID]);
    read_fate_and_rest(rest, out);
    return NULL;
  }
  if (msim__diff_is(out->kind_word, "state") || msim__diff_is(out->kind_word, "cwnd")) {
    out->kind = MSIM__DIFF_TCP_STATE;
    if (!msim__diff_next_word(&rest, &out->conn))
      return "the name of a connection is expected behind the host";
  } else if (!msim__diff_is(out->kind_word, "fragment")) {
    out->kind = msim__diff_is(out->kind_word, "app") ? MSIM__DIFF_APP : MSIM__DIFF_OTHER;
    (void)msim__diff_next_word(&rest, &out->part[MSIM__DIFF_ID]);
  }
  if (rest.size_bytes > 0)
    out->part[MSIM__DIFF_REST] = rest;
  return NULL;
}

const char *msim__diff_part_name(enum msim__diff_part part)
{
  static const char *const names[] = {"time",   "subject", "number",  "addresses", "flags", "range", "ack",
                                      "window", "urgent",  "options", "fate",      "text",  "notes", "values"};

  return part < MSIM__DIFF_PARTS ? names[part] : "line";
}

/* ---- two lines ---- */

/* Whether a quoted text is the beginning of a longer one. */
static bool is_cut(struct msim_slice text)
{
  return text.size_bytes >= 5 && memcmp(text.data + text.size_bytes - 4, "\xe2\x80\xa6\"", 4) == 0;
}

static bool text_same(struct msim_slice a, struct msim_slice b)
{
  size_t a_bytes = is_cut(a) ? a.size_bytes - 4 : a.size_bytes, b_bytes = is_cut(b) ? b.size_bytes - 4 : b.size_bytes;

  if (msim__diff_same(a, b))
    return true;
  if (is_cut(a) && (is_cut(b) ? b_bytes >= a_bytes : b_bytes > a_bytes))
    return memcmp(a.data, b.data, a_bytes) == 0;
  return is_cut(b) && a_bytes > b_bytes && memcmp(a.data, b.data, b_bytes) == 0;
}

/* lost(queue@LINK) without the link. */
static struct msim_slice without_link(struct msim_slice fate)
{
  const uint8_t *at = fate.size_bytes > 0 ? memchr(fate.data, '@', fate.size_bytes) : NULL;

  return at != NULL ? cut(fate, 0, (size_t)(at - fate.data)) : fate;
}

static bool has_link(struct msim_slice fate)
{
  return without_link(fate).size_bytes != fate.size_bytes;
}

static bool fate_same(struct msim_slice a, struct msim_slice b)
{
  struct msim_slice bare;

  if (msim__diff_same(a, b))
    return true;
  if (has_link(a) == has_link(b))
    return false;
  bare = has_link(a) ? without_link(a) : without_link(b);
  a = has_link(a) ? b : a;
  b = bare;
  return a.size_bytes > b.size_bytes && memcmp(a.data, b.data, b.size_bytes) == 0 &&
         (a.data[b.size_bytes] == ')' || a.data[b.size_bytes] == ' ');
}

bool msim__diff_part_same(enum msim__diff_part part, const struct msim__diff_words *a, const struct msim__diff_words *b)
{
  if (part == MSIM__DIFF_ENDPOINTS && (a->part[part].data == NULL || b->part[part].data == NULL))
    return true;
  if (part == MSIM__DIFF_TEXT)
    return text_same(a->part[part], b->part[part]);
  if (part == MSIM__DIFF_FATE)
    return fate_same(a->part[part], b->part[part]);
  return msim__diff_same(a->part[part], b->part[part]);
}

/* What became of a packet, without when. */
static uint64_t fate_hash(struct msim_slice fate)
{
  struct msim_slice word;
  uint64_t h = 0;

  while (msim__diff_next_word(&fate, &word)) {
    const uint8_t *plus = word.size_bytes > 0 ? memchr(word.data, '+', word.size_bytes) : NULL;

    if (plus != NULL)
      word.size_bytes = (size_t)(plus - word.data) + 1;
    else
      word = without_link(word);
    if (word.size_bytes > 0 && word.data[word.size_bytes - 1] == ')')
      word.size_bytes--;
    h = msim__hash_bytes(h, word.data, word.size_bytes);
  }
  return h;
}

/* ---- views ---- */

#define BIT(view) (1u << (view))

static bool is_of_mail(struct msim_slice event)
{
  static const char *const names[] = {"message.accepted", "message.sent", "message.failed", "message.refused",
                                      "message.bounced",  "store.add",    "store.remove"};
  size_t i;

  for (i = 0; i < sizeof names / sizeof *names; i++)
    if (msim__diff_is(event, names[i]))
      return true;
  return false;
}

/* Of the network layer: docs/trace.md has these without an agent. */
static bool is_of_network(struct msim_slice event)
{
  return msim__diff_begins(event, "nat.") || msim__diff_begins(event, "arp.") || msim__diff_begins(event, "link.") ||
         msim__diff_begins(event, "connection.") || msim__diff_begins(event, "nd.");
}

static uint64_t slice_hash(uint64_t h, struct msim_slice text)
{
  return msim__hash_bytes(h, text.data, text.size_bytes);
}

uint64_t msim__diff_mail_hash(const struct msim__diff_words *words)
{
  struct msim_slice rest = words->part[MSIM__DIFF_REST], word;
  uint64_t h;

  if (words->kind != MSIM__DIFF_APP || !is_of_mail(words->part[MSIM__DIFF_ID]))
    return 0;
  h = slice_hash(slice_hash(1, words->part[MSIM__DIFF_SUBJECT]), words->part[MSIM__DIFF_ID]);
  while (msim__diff_next_word(&rest, &word))
    if (msim__diff_begins(word, "message=") || msim__diff_begins(word, "mailbox="))
      h = slice_hash(h, word);
  return h;
}

uint64_t msim__diff_app_hash(const struct msim__diff_words *words)
{
  uint64_t h;

  if (words->kind != MSIM__DIFF_APP || is_of_network(words->part[MSIM__DIFF_ID]))
    return 0;
  h = slice_hash(slice_hash(2, words->part[MSIM__DIFF_SUBJECT]), words->part[MSIM__DIFF_ID]);
  return slice_hash(h, words->part[MSIM__DIFF_REST]);
}

static unsigned views_of_kind(enum msim__diff_kind kind)
{
  return kind == MSIM__DIFF_OTHER || kind == MSIM__DIFF_TCP_STATE ? BIT(MSIM_VIEW_REST) : BIT(MSIM_VIEW_WIRE);
}

static unsigned views_of_event(const struct msim__diff_words *a, const struct msim__diff_words *b)
{
  uint64_t mail[2] = {0, 0}, app[2] = {0, 0};

  if (a != NULL) {
    mail[0] = msim__diff_mail_hash(a);
    app[0] = msim__diff_app_hash(a);
  }
  if (b != NULL) {
    mail[1] = msim__diff_mail_hash(b);
    app[1] = msim__diff_app_hash(b);
  }
  return (mail[0] != mail[1] ? BIT(MSIM_VIEW_MAIL) : 0u) | (app[0] != app[1] ? BIT(MSIM_VIEW_APP) : 0u) |
         BIT(MSIM_VIEW_WIRE);
}

/* Of a line that the other trace does not have. */
static unsigned views_of_one(const struct msim__diff_words *words)
{
  bool is_main = words->kind == MSIM__DIFF_SEGMENT || words->kind == MSIM__DIFF_DATAGRAM;
  unsigned views = is_main || words->kind == MSIM__DIFF_LATE ? BIT(MSIM_VIEW_SEG) | BIT(MSIM_VIEW_WIRE) : 0u;

  if ((words->kind == MSIM__DIFF_SEGMENT && words->part[MSIM__DIFF_TEXT].data != NULL &&
       words->part[MSIM__DIFF_NOTE].data == NULL) ||
      words->kind == MSIM__DIFF_DATAGRAM)
    views |= BIT(MSIM_VIEW_APP);
  return views != 0 ? views : views_of_kind(words->kind);
}

unsigned msim__diff_views_of(const struct msim__diff_words *a, const struct msim__diff_words *b)
{
  static const uint8_t of_part[MSIM__DIFF_PARTS] = {
      [MSIM__DIFF_ID] = BIT(MSIM_VIEW_SEG),    [MSIM__DIFF_FLAGS] = BIT(MSIM_VIEW_SEG),
      [MSIM__DIFF_RANGE] = BIT(MSIM_VIEW_SEG), [MSIM__DIFF_ACK] = BIT(MSIM_VIEW_SEG),
      [MSIM__DIFF_WIN] = BIT(MSIM_VIEW_SEG),   [MSIM__DIFF_TEXT] = BIT(MSIM_VIEW_APP)};
  const struct msim__diff_words *any = a != NULL ? a : b;
  unsigned views = 0, part;

  if (any->kind == MSIM__DIFF_APP)
    return views_of_event(a, b);
  if (a == NULL || b == NULL)
    return views_of_one(any);
  if (a->kind != MSIM__DIFF_SEGMENT && a->kind != MSIM__DIFF_DATAGRAM && a->kind != MSIM__DIFF_LATE)
    return views_of_kind(a->kind);
  for (part = 0; part < MSIM__DIFF_PARTS; part++) {
    if (msim__diff_part_same((enum msim__diff_part)part, a, b))
      continue;
    views |= BIT(MSIM_VIEW_WIRE) | of_part[part];
    if (part == MSIM__DIFF_FATE && fate_hash(a->part[part]) != fate_hash(b->part[part]))
      views |= BIT(MSIM_VIEW_SEG);
    if (part == MSIM__DIFF_REST && a->kind == MSIM__DIFF_DATAGRAM)
      views |= BIT(MSIM_VIEW_APP);
  }
  return views;
}

bool msim__diff_alike(const struct msim__diff_words *a, const struct msim__diff_words *b)
{
  unsigned part;

  if (a->kind != b->kind)
    return false;
  for (part = MSIM__DIFF_FLAGS; part < MSIM__DIFF_PARTS; part++) {
    if (part == MSIM__DIFF_NOTE || part == MSIM__DIFF_FATE || part == MSIM__DIFF_OPTIONS)
      continue;
    if (!msim__diff_part_same((enum msim__diff_part)part, a, b))
      return false;
  }
  if (a->kind != MSIM__DIFF_SEGMENT && a->kind != MSIM__DIFF_DATAGRAM && a->kind != MSIM__DIFF_LATE &&
      !msim__diff_same(a->part[MSIM__DIFF_ID], b->part[MSIM__DIFF_ID]))
    return false;
  return fate_hash(a->part[MSIM__DIFF_FATE]) == fate_hash(b->part[MSIM__DIFF_FATE]);
}
