/* trace_reader.c: see trace_reader.h. */
#include "check/trace_reader.h"

#include <mailsim/packet.h>

#include <string.h>

#include "text/json_in.h"
#include "check/scope.h"
#include "text/diag.h"

typedef const struct msim__json_node node;

struct reader {
  struct msim__observation *obs;
  struct msim__arena line; /* the tree of one line */
  const char *name;
  msim_diag_fn *fn;
  void *user;
  unsigned line_number;
  uint64_t last_n;
  int err;
};

/* Reports once; returns false for the caller to pass on. */
static bool fail(struct reader *reader, int err, const char *what, const char *field)
{
  struct msim_diag diag;

  if (reader->err != MSIM_OK)
    return false;
  reader->err = err;
  if (reader->fn == NULL || err == MSIM_ERR_NOMEM)
    return false;
  msim__diag_set(&diag, reader->name, reader->line_number, 0, "%s%s%s", field != NULL ? field : "",
                 field != NULL ? ": " : "", what);
  reader->fn(reader->user, &diag);
  return false;
}

static bool wrong(struct reader *reader, const char *field, const char *what)
{
  return fail(reader, MSIM_ERR_SYNTAX, what, field);
}

static bool keep(struct reader *reader, const char *text, size_t size_bytes, const char **out)
{
  *out = msim__words_get(reader->obs->words, text, size_bytes);
  return *out != NULL || fail(reader, MSIM_ERR_NOMEM, "", NULL);
}

static void *alloc(struct reader *reader, size_t count, size_t size_bytes)
{
  void *block = msim__arena_alloc(&reader->obs->words->arena, count * size_bytes);

  if (block == NULL)
    (void)fail(reader, MSIM_ERR_NOMEM, "", NULL);
  return block;
}

/* A text field as a word; *out stays NULL when it is absent and not required. */
static bool read_text(struct reader *reader, node *record, const char *field, bool required, const char **out)
{
  node *value = msim__json_find(record, field);

  *out = NULL;
  if (value == NULL)
    return required ? wrong(reader, field, "the field is missing") : true;
  if (value->kind != MSIM__JSON_TEXT)
    return wrong(reader, field, "a string is expected");
  return keep(reader, value->u.text.data, value->u.text.size_bytes, out);
}

/* A whole number of at least min; *out stays untouched when it is absent. */
static bool read_int(struct reader *reader, node *record, const char *field, int64_t min, int64_t *out)
{
  node *value = msim__json_find(record, field);

  if (value == NULL)
    return true;
  if (value->kind != MSIM__JSON_INT || value->u.integer < min)
    return wrong(reader, field, "a whole number of this range is expected");
  *out = value->u.integer;
  return true;
}

static bool read_list(struct reader *reader, node *record, const char *field, node **out)
{
  *out = msim__json_find(record, field);
  if (*out != NULL && (*out)->kind != MSIM__JSON_LIST)
    return wrong(reader, field, "a list is expected");
  return true;
}

static bool text_is(node *value, const char *text)
{
  return value->kind == MSIM__JSON_TEXT && value->u.text.size_bytes == strlen(text) &&
         memcmp(value->u.text.data, text, value->u.text.size_bytes) == 0;
}

static int index_of(node *value, const char *const *names, int count)
{
  int i;

  for (i = 0; i < count; i++)
    if (text_is(value, names[i]))
      return i;
  return -1;
}

/* ---- named values ---- */

static bool convert(struct reader *reader, node *value, struct msim__seen_value *out, bool in_list)
{
  struct msim__seen_value *items;
  node *item;
  size_t i = 0;

  out->kind = MSIM__SEEN_OTHER;
  switch (value->kind) {
  case MSIM__JSON_TEXT:
    out->kind = MSIM__SEEN_TEXT;
    return keep(reader, value->u.text.data, value->u.text.size_bytes, &out->u.text);
  case MSIM__JSON_INT:
    out->kind = MSIM__SEEN_INT;
    out->u.integer = value->u.integer;
    return true;
  case MSIM__JSON_BOOL:
    out->kind = MSIM__SEEN_BOOL;
    out->u.truth = value->u.truth;
    return true;
  case MSIM__JSON_LIST:
    if (in_list)
      return true;
    items = alloc(reader, value->u.items.count, sizeof *items);
    for (item = value->u.items.first; items != NULL && item != NULL; item = item->next)
      if (!convert(reader, item, &items[i++], true))
        return false;
    out->kind = MSIM__SEEN_LIST;
    out->u.list.items = items;
    out->u.list.count = i;
    return items != NULL;
  case MSIM__JSON_NULL:
  case MSIM__JSON_NUMBER:
  case MSIM__JSON_OBJECT:
    break;
  }
  return true;
}

static bool read_values(struct reader *reader, node *holder, struct msim__seen_values *out)
{
  node *values = msim__json_find(holder, "values"), *item;
  struct msim__seen_value *items;
  size_t i = 0;

  if (values == NULL)
    return true;
  if (values->kind != MSIM__JSON_OBJECT)
    return wrong(reader, "values", "an object is expected");
  items = alloc(reader, values->u.items.count, sizeof *items);
  if (items == NULL)
    return false;
  for (item = values->u.items.first; item != NULL; item = item->next, i++)
    if (!keep(reader, item->key, item->key_bytes, &items[i].name) || !convert(reader, item, &items[i], false))
      return false;
  out->items = items;
  out->count = i;
  return true;
}

static bool read_unit(struct reader *reader, node *raw, struct msim__seen_unit *unit)
{
  static const char *const names[] = {"first", "last"};
  node *edges, *edge;

  if (raw->kind != MSIM__JSON_OBJECT)
    return wrong(reader, "carries", "a list of objects is expected");
  if (!read_text(reader, raw, "unit", true, &unit->unit) || !read_text(reader, raw, "message", false, &unit->message) ||
      !read_list(reader, raw, "edges", &edges))
    return false;
  for (edge = edges != NULL ? edges->u.items.first : NULL; edge != NULL; edge = edge->next) {
    int index = index_of(edge, names, 2);

    if (index < 0)
      return wrong(reader, "edges", "only first and last are known");
    unit->edges |= index == 0 ? MSIM_EDGE_FIRST : MSIM_EDGE_LAST;
  }
  return read_values(reader, raw, &unit->values);
}

static bool read_carries(struct reader *reader, node *record, struct msim__seen *seen)
{
  struct msim__seen_units *units;
  struct msim__seen_unit *items;
  node *carries, *raw;
  size_t i = 0;

  if (!read_list(reader, record, "carries", &carries) || carries == NULL)
    return reader->err == MSIM_OK;
  units = alloc(reader, 1, sizeof *units);
  items = alloc(reader, carries->u.items.count, sizeof *items);
  if (units == NULL || items == NULL)
    return false;
  for (raw = carries->u.items.first; raw != NULL; raw = raw->next)
    if (!read_unit(reader, raw, &items[i++]))
      return false;
  units->items = items;
  units->count = i;
  seen->u.wire.units = units;
  return true;
}

/* ---- segments and datagrams ---- */

static bool read_flags(struct reader *reader, node *record, struct msim__seen *seen)
{
  static const char *const names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
  node *flags, *flag;

  if (!read_list(reader, record, "flags", &flags))
    return false;
  for (flag = flags != NULL ? flags->u.items.first : NULL; flag != NULL; flag = flag->next) {
    int index = index_of(flag, names, 8); /* in the order of the bits of enum msim_tcp_flag */

    if (index < 0)
      return wrong(reader, "flags", "SYN, ACK, FIN, RST, PSH, URG, ECE and CWR are known");
    seen->flags |= (uint8_t)(1u << index);
  }
  return true;
}

/* How many of the last characters of text[0..size) are digits. */
static size_t digits_at_end(const char *text, size_t size)
{
  size_t count = 0;

  while (count < size && text[size - 1 - count] >= '0' && text[size - 1 - count] <= '9')
    count++;
  return count;
}

/* CLIENT>SERVER:PORT#N, read from the end: names may hold any of these characters. */
static bool split_conn(struct reader *reader, const char *text, size_t size, struct msim__seen_conn *conn)
{
  size_t digits = digits_at_end(text, size), at, i;
  unsigned port = 0;

  if (digits == 0 || digits > 9 || size <= digits + 1 || text[size - digits - 1] != '#')
    return false;
  at = size - digits - 1;
  digits = digits_at_end(text, at);
  if (digits == 0 || digits > 5 || at <= digits + 1 || text[at - digits - 1] != ':')
    return false;
  for (i = at - digits; i < at; i++)
    port = port * 10 + (unsigned)(text[i] - '0');
  at -= digits + 1;
  if (port > 65535)
    return false;
  for (i = at - 1; i > 0 && (text[i] != '>' || i + 1 == at); i--)
    ;
  conn->port = (uint16_t)port;
  return i > 0 && keep(reader, text, i, &conn->client) && keep(reader, text + i + 1, at - i - 1, &conn->server);
}

static bool read_conn(struct reader *reader, node *record, struct msim__seen *seen)
{
  node *value = msim__json_find(record, "conn");
  struct msim__seen_conn conn;
  const char *text;
  size_t size;
  int err;

  memset(&conn, 0, sizeof conn);
  conn.kind = seen->kind;
  if (!read_text(reader, record, "conn", true, &conn.name))
    return false;
  text = value->u.text.data;
  size = value->u.text.size_bytes;
  if (size >= MSIM_FLOW_TEXT_BYTES)
    return wrong(reader, "conn", "the name is too long");
  if (seen->kind == MSIM__SEEN_SEGMENT) {
    bool to_server = seen->dir == MSIM__SEEN_TO_SERVER;

    if (!split_conn(reader, text, size, &conn))
      return wrong(reader, "conn", "CLIENT>SERVER:PORT#N is expected");
    if (seen->from != (to_server ? conn.client : conn.server) || seen->to != (to_server ? conn.server : conn.client))
      return wrong(reader, "conn", "from, to and dir do not agree with it");
  }
  err = msim__observation_conn(reader->obs, text, size, &conn, &seen->u.wire.conn);
  return err == MSIM_OK || fail(reader, err, "there are too many connections", NULL);
}

static bool read_dir(struct reader *reader, node *record, struct msim__seen *seen)
{
  static const char *const names[] = {"client-to-server", "server-to-client"};
  node *dir = msim__json_find(record, "dir");
  int index = dir != NULL ? index_of(dir, names, 2) : -1;

  if (dir != NULL && index < 0)
    return wrong(reader, "dir", "client-to-server or server-to-client is expected");
  if (dir == NULL && (seen->u.wire.seg[0] == 'c' || seen->u.wire.seg[0] == 's'))
    index = seen->u.wire.seg[0] == 's';
  if (index < 0 && seen->kind == MSIM__SEEN_SEGMENT)
    return wrong(reader, "dir", "the field is missing");
  seen->dir = index < 0 ? MSIM__SEEN_NO_DIR : index == 0 ? MSIM__SEEN_TO_SERVER : MSIM__SEEN_TO_CLIENT;
  return true;
}

static bool read_scope(struct reader *reader, node *record, const char *field, uint8_t *out)
{
  node *value = msim__json_find(record, field);

  if (value == NULL)
    return true;
  if (value->kind != MSIM__JSON_TEXT)
    return wrong(reader, field, "a string is expected");
  *out = (uint8_t)msim__scope_endpoint(value->u.text.data, value->u.text.size_bytes);
  return true;
}

static bool read_numbers(struct reader *reader, node *record, struct msim__seen *seen)
{
  int64_t seq = 0, ack = 0, len = 0;

  if (!read_int(reader, record, "seq", INT64_MIN, &seq) || !read_int(reader, record, "ack", INT64_MIN, &ack) ||
      !read_int(reader, record, "len", 0, &len))
    return false;
  if (len > UINT32_MAX)
    return wrong(reader, "len", "the number is too large");
  seen->u.wire.seq = (uint32_t)((uint64_t)seq & UINT32_MAX); /* modulo 2^32, as on the wire */
  seen->u.wire.ack = (uint32_t)((uint64_t)ack & UINT32_MAX);
  seen->u.wire.len_bytes = (uint32_t)len;
  return true;
}

static bool read_wire(struct reader *reader, node *record, struct msim__seen *seen)
{
  static const char *const points[] = {"tx", "rx", "drop", "fwd"}; /* in the order of enum msim_trace_point */
  node *point = msim__json_find(record, "point");
  const char *reason;
  int index = point != NULL ? index_of(point, points, 4) : -1;

  if (index < 0)
    return wrong(reader, "point", "tx, rx, drop or fwd is expected");
  seen->point = (uint8_t)index;
  if (!read_text(reader, record, "seg", true, &seen->u.wire.seg) ||
      !read_text(reader, record, "from", true, &seen->from) || !read_text(reader, record, "to", true, &seen->to) ||
      !read_text(reader, record, "rtx", false, &seen->u.wire.rtx) ||
      !read_text(reader, record, "reason", false, &reason) || !read_scope(reader, record, "src", &seen->src_scope) ||
      !read_scope(reader, record, "dst", &seen->dst_scope) || !read_flags(reader, record, seen) ||
      !read_numbers(reader, record, seen) || !read_carries(reader, record, seen) || !read_dir(reader, record, seen) ||
      !read_conn(reader, record, seen))
    return false;
  return true;
}

/* ---- lines ---- */

static bool read_app(struct reader *reader, node *record, struct msim__seen *seen)
{
  struct msim__seen_values *values = alloc(reader, 1, sizeof *values);

  seen->u.app.values = values;
  return values != NULL && read_text(reader, record, "host", true, &seen->from) &&
         read_text(reader, record, "event", true, &seen->u.app.event) && read_values(reader, record, values);
}

static bool read_arp(struct reader *reader, node *record, struct msim__seen *seen)
{
  const char *reason;

  if (!read_text(reader, record, "from", true, &seen->from) || !read_text(reader, record, "to", true, &seen->to) ||
      !read_text(reader, record, "what", true, &seen->u.arp.what) ||
      !read_text(reader, record, "target", false, &seen->u.arp.target) ||
      !read_text(reader, record, "reason", false, &reason))
    return false;
  seen->lost = reason != NULL;
  return true;
}

static bool read_record(struct reader *reader, node *record)
{
  static const char *const kinds[] = {"segment", "datagram", "arp", "app"}; /* in the order of enum msim__seen_kind */
  node *kind = msim__json_find(record, "kind");
  struct msim__seen seen;
  int64_t n = 0, t = 0;
  int index, err;

  memset(&seen, 0, sizeof seen);
  if (!read_int(reader, record, "n", 1, &n) || !read_int(reader, record, "t", 0, &t))
    return false;
  if (n == 0)
    return wrong(reader, "n", "the field is missing");
  if (kind == NULL || kind->kind != MSIM__JSON_TEXT)
    return wrong(reader, "kind", "a string is expected");
  index = index_of(kind, kinds, 4);
  seen.n = (uint64_t)n;
  seen.at_ns = (msim_ns)t;
  seen.kind = index >= 0 ? (uint8_t)index : 0;
  if (index == MSIM__SEEN_APP   ? !read_app(reader, record, &seen)
      : index == MSIM__SEEN_ARP ? !read_arp(reader, record, &seen)
                                : index >= 0 && !read_wire(reader, record, &seen))
    return false;
  if (seen.n <= reader->last_n)
    return wrong(reader, "n", "the numbers must increase");
  reader->last_n = seen.n;
  if (index < 0 || seen.point == MSIM_POINT_DROP || seen.point == MSIM_POINT_FWD)
    return true;
  err = msim__observation_add(reader->obs, &seen);
  return err == MSIM_OK || fail(reader, err, "", NULL);
}

static bool read_line(struct reader *reader, struct msim_slice line)
{
  node *root, *schema;
  const char *why;
  int err;

  if (line.size_bytes > MSIM__TRACE_LINE_BYTES_MAX)
    return fail(reader, MSIM_ERR_LIMIT, "the line is too long", NULL);
  err = msim__json_parse(&reader->line, line, &root, &why);
  if (err != MSIM_OK)
    return fail(reader, err, why, "this is no JSON record");
  if (root->kind != MSIM__JSON_OBJECT)
    return wrong(reader, NULL, "this is no JSON object");
  if (reader->line_number > 1)
    return read_record(reader, root);
  schema = msim__json_find(root, "schema");
  if (schema == NULL || !text_is(schema, MSIM__TRACE_SCHEMA))
    return wrong(reader, "schema", "the first line must say " MSIM__TRACE_SCHEMA);
  return true;
}

int msim__trace_read(struct msim__observation *obs, const char *name, struct msim_slice text, msim_diag_fn *fn,
                     void *user)
{
  struct reader reader = {.obs = obs, .name = name, .fn = fn, .user = user};
  size_t at = 0;

  while (at < text.size_bytes && reader.err == MSIM_OK) {
    const uint8_t *end = memchr(text.data + at, '\n', text.size_bytes - at);
    struct msim_slice line;

    line.data = text.data + at;
    line.size_bytes = end != NULL ? (size_t)(end - line.data) : text.size_bytes - at;
    at += line.size_bytes + 1;
    reader.line_number++;
    msim__arena_init(&reader.line, obs->mem);
    (void)read_line(&reader, line);
    msim__arena_release(&reader.line);
  }
  if (reader.line_number == 0) {
    reader.line_number = 1;
    (void)wrong(&reader, NULL, "the trace is empty");
  }
  return reader.err;
}
