/* expect_log.c: see expect_log.h. */
#include "check/expect_log.h"

#include <string.h>

void msim__log_init(struct msim__log *log, struct msim__mem *mem)
{
  memset(log, 0, sizeof *log);
  log->mem = mem;
  msim__arena_init(&log->arena, mem);
  msim__buf_init(&log->bytes, mem, MSIM__LOG_BYTES_MAX);
  msim__names_init(&log->conn_names, mem);
}

void msim__log_release(struct msim__log *log)
{
  msim__buf_release(&log->bytes);
  msim__free(log->mem, log->lines, log->line_capacity * sizeof *log->lines);
  msim__free(log->mem, log->conns, log->conn_capacity * sizeof *log->conns);
  msim__names_release(&log->conn_names);
  msim__arena_release(&log->arena);
}

void msim__log_clear(struct msim__log *log)
{
  msim__log_release(log);
  msim__log_init(log, log->mem);
}

int msim__log_take(struct msim__log *log, const void *data, size_t size_bytes)
{
  return msim__buf_append(&log->bytes, data, size_bytes);
}

const char *msim__log_text(const struct msim__log *log, const struct msim__log_line *line)
{
  return log->bytes.data + line->begin;
}

/* ---- fields ---- */

/* Behind a quoted text that begins at `at`. */
static uint32_t skip_quoted(const char *line, uint32_t at, uint32_t end)
{
  for (at++; at < end && line[at] != '"'; at++)
    if (line[at] == '\\' && at + 1 < end)
      at++;
  return at < end ? at + 1 : end;
}

/* The next word; a space within quotes or brackets belongs to it: "lost(loss f1)", "<mss 1460,sackOK>", "to=[a,b]". */
static bool next_word(const char *line, uint32_t *at, uint32_t end, struct msim__span *out)
{
  unsigned depth = 0;
  bool is_value = false;

  while (*at < end && line[*at] == ' ')
    ++*at;
  out->begin = *at;
  while (*at < end && (line[*at] != ' ' || depth > 0)) {
    char c = line[*at];

    if (c == '"') {
      *at = skip_quoted(line, *at, end);
      continue;
    }
    is_value = is_value || c == '=';
    if (c == '[' || (c == '(' && !is_value) || (c == '<' && *at == out->begin))
      depth++;
    else if ((c == ']' || c == ')' || c == '>') && depth > 0)
      depth--;
    ++*at;
  }
  out->size = *at - out->begin;
  return out->size > 0;
}

bool msim__span_is(const char *line, struct msim__span span, const char *text)
{
  return span.size == strlen(text) && memcmp(line + span.begin, text, span.size) == 0;
}

static bool begins(const char *line, struct msim__span span, const char *text)
{
  return span.size >= strlen(text) && memcmp(line + span.begin, text, strlen(text)) == 0;
}

static bool is_flags(const char *line, struct msim__span word)
{
  uint32_t i;

  for (i = 0; i < word.size; i++)
    if (strchr("FSRP.UEW-", line[word.begin + i]) == NULL)
      return false;
  return word.size > 0;
}

static bool is_fate(const char *line, struct msim__span word)
{
  return line[word.begin] == '+' || begins(line, word, "lost(") || begins(line, word, "dup+") ||
         begins(line, word, "dup-") || begins(line, word, "corrupt") || msim__span_is(line, word, "open") ||
         msim__span_is(line, word, "broadcast") || begins(line, word, "dup ");
}

/* What stands behind the numbers: options, fates, text or units, rtx. */
static void read_rest(const char *line, uint32_t at, uint32_t end, struct msim__log_fields *out)
{
  struct msim__span word;

  while (next_word(line, &at, end, &word)) {
    if (line[word.begin] == '<') {
      out->options = word;
    } else if (line[word.begin] == '"') {
      out->has_text = true;
      out->text.begin = word.begin + 1;
      out->text.size = word.size >= 2 ? word.size - 2 : 0;
    } else if (msim__span_is(line, word, "rtx")) {
      (void)next_word(line, &at, end, &out->rtx);
    } else if (msim__span_is(line, word, "ack")) {
      (void)next_word(line, &at, end, &out->ack);
    } else if (msim__span_is(line, word, "win")) {
      (void)next_word(line, &at, end, &out->win);
    } else if (msim__span_is(line, word, "urg")) {
      (void)next_word(line, &at, end, &word);
    } else if (is_fate(line, word)) {
      if (out->fate.size == 0)
        out->fate.begin = word.begin;
      out->fate.size = word.begin + word.size - out->fate.begin;
    } else if (memchr(line + word.begin, '=', word.size) == NULL) {
      if (out->unit.size == 0)
        out->unit = word;
    } else {
      if (out->values.size == 0)
        out->values.begin = word.begin;
      out->values.size = word.begin + word.size - out->values.begin;
    }
  }
}

/* Where the head of a line ends, up to which every kind has its own form. */
static uint32_t read_head(const char *line, uint32_t end, struct msim__log_fields *out)
{
  struct msim__span word;
  uint32_t at = 0;

  memset(out, 0, sizeof *out);
  out->tail = end;
  if (!next_word(line, &at, end, &word)) /* the time */
    return at;
  (void)next_word(line, &at, end, &out->kind);
  return at;
}

void msim__log_fields(const struct msim__log *log, const struct msim__log_line *entry, struct msim__log_fields *out)
{
  const char *line = msim__log_text(log, entry);
  uint32_t at = read_head(line, entry->size_bytes, out);

  switch ((enum msim__log_kind)entry->kind) {
  case MSIM__LOG_SEGMENT:
    (void)(next_word(line, &at, entry->size_bytes, &out->conn) &&
           next_word(line, &at, entry->size_bytes, &out->segment) &&
           next_word(line, &at, entry->size_bytes, &out->flags) &&
           next_word(line, &at, entry->size_bytes, &out->range));
    read_rest(line, at, entry->size_bytes, out);
    break;
  case MSIM__LOG_DATAGRAM:
    (void)(next_word(line, &at, entry->size_bytes, &out->conn) &&
           next_word(line, &at, entry->size_bytes, &out->segment) &&
           next_word(line, &at, entry->size_bytes, &out->range));
    read_rest(line, at, entry->size_bytes, out);
    break;
  case MSIM__LOG_STATE:
    (void)(next_word(line, &at, entry->size_bytes, &out->host) && next_word(line, &at, entry->size_bytes, &out->conn) &&
           next_word(line, &at, entry->size_bytes, &out->event));
    break;
  case MSIM__LOG_EVENT:
    (void)(next_word(line, &at, entry->size_bytes, &out->host) && next_word(line, &at, entry->size_bytes, &out->event));
    out->values.begin = at < entry->size_bytes ? at + 1 : at;
    out->values.size = entry->size_bytes - out->values.begin;
    break;
  case MSIM__LOG_OTHER:
    break;
  }
}

bool msim__log_value(const char *line, struct msim__span span, uint32_t *at, struct msim__span *name,
                     struct msim__span *value)
{
  struct msim__span word;
  const char *equals;

  if (*at < span.begin)
    *at = span.begin;
  while (next_word(line, at, span.begin + span.size, &word)) {
    equals = memchr(line + word.begin, '=', word.size);
    if (equals == NULL)
      continue;
    name->begin = word.begin;
    name->size = (uint32_t)(equals - line) - word.begin;
    value->begin = name->begin + name->size + 1;
    value->size = word.size - name->size - 1;
    if (value->size >= 2 && line[value->begin] == '"') {
      value->begin++;
      value->size -= 2;
    }
    return true;
  }
  return false;
}

bool msim__log_item(const char *line, struct msim__span list, uint32_t *at, struct msim__span *item)
{
  uint32_t end = list.begin + list.size;

  if (list.size < 2 || line[list.begin] != '[' || line[end - 1] != ']')
    return false;
  end--;
  *at = *at <= list.begin ? list.begin + 1 : *at + 1; /* behind "[", or behind "," */
  if (*at >= end)
    return false;
  item->begin = *at;
  while (*at < end && line[*at] != ',')
    *at = line[*at] == '"' ? skip_quoted(line, *at, end) : *at + 1;
  item->size = *at - item->begin;
  if (item->size >= 2 && line[item->begin] == '"') {
    item->begin++;
    item->size -= 2;
  }
  return true;
}

bool msim__log_value_named(const char *line, struct msim__span values, const char *name, struct msim__span *value)
{
  struct msim__span found;
  uint32_t at = 0;

  while (msim__log_value(line, values, &at, &found, value))
    if (msim__span_is(line, found, name))
      return true;
  return false;
}

/* ---- lines ---- */

/* "61.200000000". */
static bool read_time(const char *line, struct msim__span word, msim_ns *out)
{
  uint64_t value = 0;
  uint32_t i, digits = 0;
  bool point = false;

  for (i = 0; i < word.size; i++) {
    char c = line[word.begin + i];

    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9' || value > (UINT64_MAX - 9) / 10)
      return false;
    value = value * 10 + (uint64_t)(c - '0');
    digits += point ? 1 : 0;
  }
  *out = value;
  return point && digits == 9;
}

/* Lines that only tell the fate of another one are of no kind of their own. */
static enum msim__log_kind kind_of(const char *line, uint32_t end, msim_ns *at_ns, struct msim__span *conn,
                                   struct msim__span *segment)
{
  static const char *const events[] = {"app", "host", "fault", "check", "message"};
  struct msim__span word, kind, next;
  uint32_t at = 0;
  size_t i;

  if (!next_word(line, &at, end, &word) || !read_time(line, word, at_ns) || !next_word(line, &at, end, &kind))
    return MSIM__LOG_OTHER;
  for (i = 0; i < sizeof events / sizeof events[0]; i++)
    if (msim__span_is(line, kind, events[i]))
      return MSIM__LOG_EVENT;
  if (msim__span_is(line, kind, "state"))
    return MSIM__LOG_STATE;
  if (!next_word(line, &at, end, conn) || !next_word(line, &at, end, segment) || !next_word(line, &at, end, &next))
    return MSIM__LOG_OTHER;
  if (msim__span_is(line, kind, "tcp") && is_flags(line, next))
    return MSIM__LOG_SEGMENT;
  return msim__span_is(line, kind, "udp") && line[next.begin] == '(' ? MSIM__LOG_DATAGRAM : MSIM__LOG_OTHER;
}

static int find_conn(struct msim__log *log, const char *name, size_t size_bytes, uint32_t *out)
{
  const char *kept;
  void *found = msim__names_find(&log->conn_names, name, size_bytes);
  int err;

  if (found != NULL) {
    *out = (uint32_t)((uintptr_t)found - 1);
    return MSIM_OK;
  }
  err = msim__grow(log->mem, &log->conns, &log->conn_capacity, log->conn_count + 1, MSIM__LOG_LINES_MAX,
                   sizeof *log->conns);
  if (err != MSIM_OK)
    return err;
  kept = msim__arena_text(&log->arena, name, size_bytes);
  if (kept == NULL)
    return MSIM_ERR_NOMEM;
  *out = (uint32_t)log->conn_count;
  log->conns[*out].name = kept;
  log->conns[*out].first = log->conns[*out].last = MSIM__LOG_NONE;
  err = msim__names_add(&log->conn_names, kept, size_bytes, (void *)((uintptr_t)log->conn_count + 1));
  if (err == MSIM_OK)
    log->conn_count++;
  return err;
}

static int add_line(struct msim__log *log, size_t begin, uint32_t size_bytes)
{
  struct msim__log_line *entry;
  struct msim__span conn = {0, 0}, segment = {0, 0};
  uint32_t number = (uint32_t)log->line_count;
  int err = msim__grow(log->mem, &log->lines, &log->line_capacity, log->line_count + 1, MSIM__LOG_LINES_MAX,
                       sizeof *log->lines);

  if (err != MSIM_OK)
    return err;
  entry = &log->lines[log->line_count];
  memset(entry, 0, sizeof *entry);
  entry->begin = begin;
  entry->size_bytes = size_bytes;
  entry->next = MSIM__LOG_NONE;
  entry->kind = (uint8_t)kind_of(log->bytes.data + begin, size_bytes, &entry->at_ns, &conn, &segment);
  if (entry->kind == MSIM__LOG_SEGMENT || entry->kind == MSIM__LOG_DATAGRAM) {
    struct msim__log_conn *of;

    entry->from_client = log->bytes.data[begin + segment.begin] == 'c';
    err = find_conn(log, log->bytes.data + begin + conn.begin, conn.size, &entry->conn);
    if (err != MSIM_OK)
      return err;
    of = &log->conns[entry->conn];
    if (of->last != MSIM__LOG_NONE)
      log->lines[of->last].next = number;
    else
      of->first = number;
    of->last = number;
  }
  log->line_count++;
  return MSIM_OK;
}

int msim__log_cut(struct msim__log *log)
{
  size_t begin = 0;
  int err = log->bytes.err;

  while (err == MSIM_OK && begin < log->bytes.size_bytes) {
    const char *line = log->bytes.data + begin, *end = memchr(line, '\n', log->bytes.size_bytes - begin);
    size_t size_bytes = end != NULL ? (size_t)(end - line) : log->bytes.size_bytes - begin;

    err = add_line(log, begin, (uint32_t)size_bytes);
    begin += size_bytes + 1;
  }
  return err;
}
