/* hold.c: see hold.h. Bytes and lines are two sequences that only move forward; an index of chains, newest first, needs
 * no removal, because a chain ends where its lines are older than the oldest one remembered. */
#include "trace/hold.h"

#include <string.h>

#include "text/units.h"

#define BUFFER_BYTES_MAX (4 * MSIM__HOLD_BYTES_MAX) /* what is held, what is released but not yet moved, one line */
#define FATE_BYTES ((size_t)MSIM__UNITS_TEXT_BYTES + 4)
#define LINE_BYTES ((size_t)4096)         /* a longer line is written in pieces */
#define COMPACT_BYTES ((size_t)32 * 1024) /* what is used over and over fits into a cache */

enum state { PLAIN, WAITING, DELIVERED, TOLD, OPEN };

struct msim__hold_line {
  uint64_t key, next;    /* next: older line of the same chain */
  uint64_t begin, extra; /* places of bytes */
  msim_ns at_ns, delay_ns;
  uint32_t head_bytes, tail_bytes, extra_bytes; /* in front of the fate, behind it, the fate's text */
  uint8_t state;                                /* enum state; OPEN: written as open, and no fate since */
};

static struct msim__hold_line *line_at(const struct msim__hold *hold, uint64_t number)
{
  return &hold->lines[(size_t)number & (hold->capacity - 1)];
}

int msim__hold_init(struct msim__hold *hold, struct msim__mem *mem, struct msim__buf *out)
{
  memset(hold, 0, sizeof *hold);
  hold->mem = mem;
  hold->out = out;
  msim__buf_init(&hold->bytes, mem, BUFFER_BYTES_MAX);
  hold->capacity = MSIM__HOLD_LINES_MIN;
  hold->lines = (struct msim__hold_line *)msim__alloc_zeroed(mem, hold->capacity, sizeof *hold->lines);
  hold->buckets = (uint64_t *)msim__alloc_zeroed(mem, hold->capacity, sizeof *hold->buckets);
  hold->oldest = hold->head = hold->tail = 1;
  if (hold->lines != NULL && hold->buckets != NULL)
    return MSIM_OK;
  msim__hold_release(hold);
  return MSIM_ERR_NOMEM;
}

void msim__hold_set_write(struct msim__hold *hold, msim__hold_write_fn *write, void *user)
{
  hold->write = write;
  hold->write_user = user;
}

void msim__hold_release(struct msim__hold *hold)
{
  if (hold->mem == NULL)
    return;
  msim__free(hold->mem, hold->lines, hold->capacity * sizeof *hold->lines);
  msim__free(hold->mem, hold->buckets, hold->capacity * sizeof *hold->buckets);
  msim__buf_release(&hold->bytes);
  memset(hold, 0, sizeof *hold);
}

static void fail(struct msim__hold *hold, int err)
{
  if (hold->out->err == 0)
    hold->out->err = err;
}

static uint64_t bytes_end(const struct msim__hold *hold)
{
  return hold->bytes_base + hold->bytes.size_bytes;
}

static const char *bytes_at(const struct msim__hold *hold, uint64_t place)
{
  return hold->bytes.data + (size_t)(place - hold->bytes_base);
}

/* ---- writing ---- */

static struct msim_slice slice(const char *data, size_t size_bytes)
{
  struct msim_slice s;

  s.data = (const uint8_t *)data;
  s.size_bytes = size_bytes;
  return s;
}

static void write_text(struct msim__buf *out, const struct msim__hold_parts *parts)
{
  (void)msim__buf_append(out, parts->head.data, parts->head.size_bytes);
  (void)msim__buf_append(out, parts->fate.data, parts->fate.size_bytes);
  (void)msim__buf_append(out, parts->also.data, parts->also.size_bytes);
  (void)msim__buf_append(out, parts->tail.data, parts->tail.size_bytes);
  (void)msim__buf_append_byte(out, '\n');
}

/* ` +12ms`, ` open`, or nothing. FATE_BYTES. */
static char *put_fate(char *p, const struct msim__hold_line *line)
{
  if (line->state == DELIVERED) {
    *p++ = ' ';
    *p++ = '+';
    return p + msim__units_format_duration(line->delay_ns, p);
  }
  if (line->state != OPEN)
    return p;
  memcpy(p, " open", 5);
  return p + 5;
}

static void write_parts(struct msim__hold *hold, const struct msim__hold_line *line)
{
  struct msim__hold_parts parts = {{NULL, 0}, {NULL, 0}, {NULL, 0}, {NULL, 0}};
  char fate[FATE_BYTES];

  parts.fate = slice(fate, (size_t)(put_fate(fate, line) - fate));
  if (line->head_bytes > 0)
    parts.head = slice(bytes_at(hold, line->begin), line->head_bytes);
  if (line->extra_bytes > 0)
    parts.also = slice(bytes_at(hold, line->extra), line->extra_bytes);
  if (line->tail_bytes > 0)
    parts.tail = slice(bytes_at(hold, line->begin + line->head_bytes), line->tail_bytes);
  if (hold->write != NULL)
    hold->write(hold->write_user, hold->out, &parts);
  else
    write_text(hold->out, &parts);
}

static char *put(const struct msim__hold *hold, char *p, uint64_t place, uint32_t size_bytes)
{
  if (size_bytes == 0)
    return p;
  memcpy(p, bytes_at(hold, place), size_bytes);
  return p + size_bytes;
}

static void write_line(struct msim__hold *hold, const struct msim__hold_line *line)
{
  size_t need_bytes = (size_t)line->head_bytes + line->extra_bytes + line->tail_bytes + FATE_BYTES + 1;
  char *start, *p;

  if (hold->write != NULL || need_bytes > LINE_BYTES) {
    write_parts(hold, line);
    return;
  }
  start = msim__buf_room(hold->out, need_bytes);
  if (start == NULL)
    return;
  p = put_fate(put(hold, start, line->begin, line->head_bytes), line);
  p = put(hold, p, line->extra, line->extra_bytes);
  p = put(hold, p, line->begin + line->head_bytes, line->tail_bytes);
  *p++ = '\n';
  msim__buf_took(hold->out, (size_t)(p - start));
}

/* Gives back the bytes in front of the first line that is held. */
static void release_bytes(struct msim__hold *hold)
{
  size_t released, kept;

  if (hold->head == hold->tail) {
    hold->bytes_base = bytes_end(hold);
    hold->bytes.size_bytes = 0;
    return;
  }
  released = (size_t)(line_at(hold, hold->head)->begin - hold->bytes_base);
  kept = hold->bytes.size_bytes - released;
  if (released < COMPACT_BYTES || released < kept)
    return;
  memmove(hold->bytes.data, hold->bytes.data + released, kept);
  hold->bytes.size_bytes = kept;
  hold->bytes_base += released;
}

static void drain(struct msim__hold *hold)
{
  uint64_t first = hold->head;

  while (hold->head < hold->tail && line_at(hold, hold->head)->state != WAITING)
    write_line(hold, line_at(hold, hold->head++));
  if (hold->head != first)
    release_bytes(hold);
}

static void set_state(struct msim__hold *hold, struct msim__hold_line *line, enum state state)
{
  if (line->state == WAITING)
    hold->waiting_count--;
  line->state = (uint8_t)state;
}

static void open_head(struct msim__hold *hold)
{
  set_state(hold, line_at(hold, hold->head), OPEN);
  drain(hold);
}

void msim__hold_tick(struct msim__hold *hold, msim_ns now_ns)
{
  while (hold->head < hold->tail) {
    const struct msim__hold_line *line = line_at(hold, hold->head);

    if (now_ns < line->at_ns || now_ns - line->at_ns <= MSIM__HOLD_NS_MAX)
      break;
    open_head(hold);
  }
}

void msim__hold_close(struct msim__hold *hold)
{
  while (hold->head < hold->tail)
    open_head(hold);
}

/* ---- adding ---- */

/* A place for the next line: the oldest held one is written when there is none left. */
static void make_place(struct msim__hold *hold)
{
  size_t fresh_capacity = hold->capacity * 2;
  struct msim__hold_line *fresh;
  uint64_t *buckets, number;

  if (hold->tail - hold->head < hold->capacity)
    return;
  if (hold->capacity == MSIM__HOLD_PLACES_MAX) {
    open_head(hold);
    return;
  }
  fresh = (struct msim__hold_line *)msim__alloc_zeroed(hold->mem, fresh_capacity, sizeof *fresh);
  buckets = (uint64_t *)msim__alloc_zeroed(hold->mem, fresh_capacity, sizeof *buckets);
  if (fresh == NULL || buckets == NULL) {
    msim__free(hold->mem, fresh, fresh_capacity * sizeof *fresh);
    msim__free(hold->mem, buckets, fresh_capacity * sizeof *buckets);
    fail(hold, MSIM_ERR_NOMEM);
    open_head(hold);
    return;
  }
  for (number = hold->oldest; number < hold->tail; number++) {
    struct msim__hold_line *line = &fresh[(size_t)number & (fresh_capacity - 1)];
    uint64_t *bucket;

    *line = *line_at(hold, number);
    bucket = &buckets[(size_t)line->key & (fresh_capacity - 1)];
    if (line->key != 0) {
      line->next = *bucket;
      *bucket = number;
    }
  }
  msim__free(hold->mem, hold->lines, hold->capacity * sizeof *hold->lines);
  msim__free(hold->mem, hold->buckets, hold->capacity * sizeof *hold->buckets);
  hold->lines = fresh;
  hold->buckets = buckets;
  hold->capacity = fresh_capacity;
}

struct msim__buf *msim__hold_begin(struct msim__hold *hold)
{
  while (hold->bytes.size_bytes >= MSIM__HOLD_BYTES_MAX && hold->head < hold->tail &&
         bytes_end(hold) - line_at(hold, hold->head)->begin >= MSIM__HOLD_BYTES_MAX)
    open_head(hold);
  make_place(hold);
  hold->begin = hold->split = bytes_end(hold);
  return &hold->bytes;
}

void msim__hold_split(struct msim__hold *hold)
{
  hold->split = bytes_end(hold);
}

static struct msim__hold_line *commit(struct msim__hold *hold, uint64_t key, msim_ns at_ns, enum state state)
{
  struct msim__hold_line *line = line_at(hold, hold->tail);
  uint64_t *bucket = &hold->buckets[(size_t)key & (hold->capacity - 1)];

  if (hold->bytes.err != 0)
    fail(hold, hold->bytes.err);
  line->key = key;
  line->next = 0;
  line->begin = hold->begin;
  line->extra = 0;
  line->at_ns = at_ns;
  line->delay_ns = 0;
  line->head_bytes = (uint32_t)(hold->split - hold->begin);
  line->tail_bytes = (uint32_t)(bytes_end(hold) - hold->split);
  line->extra_bytes = 0;
  line->state = (uint8_t)state;
  if (state == WAITING)
    hold->waiting_count++;
  if (key != 0) {
    line->next = *bucket;
    *bucket = hold->tail;
  }
  hold->tail++;
  if (hold->tail - hold->oldest > hold->capacity)
    hold->oldest = hold->tail - hold->capacity;
  return line;
}

void msim__hold_end(struct msim__hold *hold)
{
  hold->split = bytes_end(hold);
  (void)commit(hold, 0, 0, PLAIN);
  drain(hold);
}

void msim__hold_end_packet(struct msim__hold *hold, uint64_t key, msim_ns at_ns)
{
  (void)commit(hold, key | 1, at_ns, WAITING);
  if (hold->waiting_count > MSIM__HOLD_LINES_MAX)
    open_head(hold);
}

void msim__hold_end_fated(struct msim__hold *hold, uint64_t key, msim_ns at_ns, const char *fate, size_t fate_bytes)
{
  msim__hold_fate(hold, commit(hold, key | 1, at_ns, WAITING), fate, fate_bytes);
}

/* ---- fates ---- */

struct msim__hold_found msim__hold_find(const struct msim__hold *hold, uint64_t key)
{
  struct msim__hold_found found = {NULL, 0, false, false};
  uint64_t number;

  key |= 1;
  for (number = hold->buckets[(size_t)key & (hold->capacity - 1)]; number >= hold->oldest;
       number = line_at(hold, number)->next) {
    struct msim__hold_line *line = line_at(hold, number);

    if (line->key != key || (found.line != NULL && line->state != WAITING && line->state != OPEN))
      continue;
    found.line = line;
    found.at_ns = line->at_ns;
    found.is_written = number < hold->head;
    found.is_fated = line->state != WAITING && line->state != OPEN;
  }
  return found;
}

static bool is_written(const struct msim__hold *hold, const struct msim__hold_line *line)
{
  return line->state == OPEN || hold->head == hold->tail || line->begin < line_at(hold, hold->head)->begin;
}

void msim__hold_deliver(struct msim__hold *hold, struct msim__hold_line *line, msim_ns delay_ns)
{
  line->delay_ns = delay_ns;
  set_state(hold, line, DELIVERED);
  drain(hold);
}

/* The line's further text becomes first, second, old or old, second, each with a space in front. */
static void set_extra(struct msim__hold *hold, struct msim__hold_line *line, const char *text, size_t text_bytes,
                      bool in_front)
{
  size_t old_bytes = line->extra_bytes, need = old_bytes + text_bytes + 1;
  char *room = msim__buf_room(&hold->bytes, need), *p;

  if (room == NULL) {
    fail(hold, hold->bytes.err);
    return;
  }
  p = room;
  if (!in_front && old_bytes > 0) {
    memcpy(p, bytes_at(hold, line->extra), old_bytes);
    p += old_bytes;
  }
  *p++ = ' ';
  memcpy(p, text, text_bytes);
  p += text_bytes;
  if (in_front && old_bytes > 0)
    memcpy(p, bytes_at(hold, line->extra), old_bytes);
  line->extra = bytes_end(hold);
  line->extra_bytes = (uint32_t)need;
  msim__buf_took(&hold->bytes, need);
}

void msim__hold_fate(struct msim__hold *hold, struct msim__hold_line *line, const char *fate, size_t fate_bytes)
{
  if (!is_written(hold, line))
    set_extra(hold, line, fate, fate_bytes, true);
  set_state(hold, line, TOLD);
  drain(hold);
}

void msim__hold_also(struct msim__hold *hold, struct msim__hold_line *line, const char *text, size_t text_bytes)
{
  if (!is_written(hold, line))
    set_extra(hold, line, text, text_bytes, false);
}
