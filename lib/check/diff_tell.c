/* diff_tell.c: the first differences as people and programs get them: both lines, the place in them, what stood in
 * front of it, the state of both ends. Decides nothing. */
#include "check/diff.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "text/units.h"

const char *msim__diff_printf(struct msim_diff *diff, const char *format, ...)
{
  char room[512], *text;
  va_list args;
  int size;

  va_start(args, format);
  size = vsnprintf(room, sizeof room, format, args);
  va_end(args);
  if (size < (int)sizeof room)
    return msim__arena_text(&diff->arena, room, size > 0 ? (size_t)size : 0);
  text = msim__arena_alloc(&diff->arena, (size_t)size + 1);
  if (text == NULL)
    return NULL;
  va_start(args, format);
  (void)vsnprintf(text, (size_t)size + 1, format, args);
  va_end(args);
  return text;
}

static const char *keep(struct msim_diff *diff, struct msim_slice text)
{
  return msim__arena_text(&diff->arena, text.data != NULL ? (const char *)text.data : "", text.size_bytes);
}

/* ---- a place ---- */

/* Of two parts that differ the first word that does. */
static void narrow(struct msim_slice part[2])
{
  struct msim_slice rest[2] = {part[0], part[1]}, word[2];
  bool there[2];

  do {
    there[0] = msim__diff_next_word(&rest[0], &word[0]);
    there[1] = msim__diff_next_word(&rest[1], &word[1]);
  } while (there[0] && there[1] && msim__diff_same(word[0], word[1]));
  if (there[0] && there[1]) {
    part[0] = word[0];
    part[1] = word[1];
  }
}

/* Whether a view is about this part. */
static bool is_of_view(unsigned part, enum msim_view view)
{
  switch (part) {
  case MSIM__DIFF_TIME:
  case MSIM__DIFF_ENDPOINTS:
  case MSIM__DIFF_URG:
  case MSIM__DIFF_OPTIONS:
  case MSIM__DIFF_NOTE:
    return view >= MSIM_VIEW_WIRE;
  case MSIM__DIFF_ID:
  case MSIM__DIFF_TEXT:
  case MSIM__DIFF_REST:
    return true;
  default:
    return view >= MSIM_VIEW_SEG;
  }
}

/* The first part in which they differ as the view sees them, else the first one at all. */
static void find_part(struct msim_diff_place *place, const struct msim__diff_words words[2],
                      const struct msim_slice line[2])
{
  struct msim_slice part[2];
  unsigned p;
  size_t i;

  for (p = 0; p < MSIM__DIFF_PARTS; p++)
    if (is_of_view(p, place->view) && !msim__diff_part_same((enum msim__diff_part)p, &words[0], &words[1]))
      break;
  for (i = 0; p == MSIM__DIFF_PARTS && i < MSIM__DIFF_PARTS; i++)
    if (!msim__diff_part_same((enum msim__diff_part)i, &words[0], &words[1]))
      p = (unsigned)i;
  place->part = p == MSIM__DIFF_ID && (words[0].kind == MSIM__DIFF_APP || words[0].kind == MSIM__DIFF_OTHER)
                    ? "event"
                    : msim__diff_part_name((enum msim__diff_part)p);
  if (p == MSIM__DIFF_PARTS)
    return;
  for (i = 0; i < 2; i++)
    part[i] = words[i].part[p];
  if (p == MSIM__DIFF_REST || p == MSIM__DIFF_FATE)
    narrow(part);
  for (i = 0; i < 2; i++) {
    place->column[i] = part[i].data != NULL ? (size_t)(part[i].data - line[i].data) : line[i].size_bytes;
    place->width[i] = part[i].size_bytes;
  }
}

static int tell_place(struct msim_diff *diff, uint32_t stream, const struct msim__diff_pair *pair,
                      struct msim_diff_place *place)
{
  const struct msim__diff_flow *flow = &diff->flows[diff->streams[stream - 1].flow];
  struct msim_slice line[2] = {{NULL, 0}, {NULL, 0}};
  struct msim__diff_words words[2];
  size_t i, any = pair->line[0] != 0 ? 0 : 1;
  unsigned view;

  memset(place, 0, sizeof *place);
  place->kind = flow->kind;
  place->flow = flow->name;
  place->part = "line";
  for (i = 0; i < 2; i++) {
    if (pair->line[i] == 0)
      continue;
    line[i] = msim__diff_text_of(&diff->side[i], pair->line[i]);
    (void)msim__diff_words_of(line[i], &words[i]);
    place->text[i] = (const char *)line[i].data;  /* terminated */
    place->line[i] = (uint64_t)pair->line[i] + 1; /* behind the first line, which is about the trace */
    place->at_ns[i] = words[i].at_ns;
    place->width[i] = line[i].size_bytes;
  }
  for (view = 0; view < MSIM_VIEW_REST && ((diff->streams[stream - 1].views & 1u << view) == 0 ||
                                           diff->streams[stream - 1].differs[view].index != pair->index);
       view++)
    ;
  place->view = (enum msim_view)view;
  place->id = keep(diff, words[any].part[MSIM__DIFF_ID]);
  if (pair->line[0] != 0 && pair->line[1] != 0)
    find_part(place, words, line);
  return place->id != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

/* ---- state ---- */

/* The last line of a stream in front of a line of the same trace; 0: none. */
static uint32_t last_before(const struct msim__diff_side *side, uint32_t last, uint32_t line)
{
  while (last >= line && last != 0)
    last = side->lines[last - 1].previous;
  return last;
}

/* The words behind a name in a line such as `cwnd 14480 rto 200ms`. */
static void put_named(struct msim__buf *buf, struct msim_slice rest, const char *name)
{
  struct msim_slice word;

  while (msim__diff_next_word(&rest, &word))
    if (msim__diff_is(word, name) && msim__diff_next_word(&rest, &word))
      (void)msim__buf_printf(buf, " %s %.*s", name, (int)word.size_bytes, (const char *)word.data);
}

/* A stream's last word in front of the line, if it is about this end of the connection. */
static void put_stream(struct msim__buf *buf, enum msim__diff_kind kind, const struct msim__diff_words *words,
                       struct msim_slice host, bool is_client)
{
  struct msim_slice to = words->part[MSIM__DIFF_REST], range = words->part[MSIM__DIFF_RANGE];
  const uint8_t *mark;

  if (kind == MSIM__DIFF_SEGMENT) {
    mark = memchr(range.data, ':', range.size_bytes);
    if ((words->part[MSIM__DIFF_ID].data[0] == 'c') != is_client || mark == NULL)
      return;
    range.size_bytes -= (size_t)(mark + 1 - range.data);
    range.data = mark + 1;
    mark = memchr(range.data, '(', range.size_bytes);
    if (mark != NULL)
      (void)msim__buf_printf(buf, " snd %.*s", (int)(mark - range.data), (const char *)range.data);
    put_named(buf, words->part[MSIM__DIFF_ACK], "ack");
    return;
  }
  if (kind != MSIM__DIFF_TCP_STATE || !msim__diff_same(words->part[MSIM__DIFF_SUBJECT], host))
    return;
  if (!msim__diff_is(words->kind_word, "state")) {
    put_named(buf, to, "cwnd");
    put_named(buf, to, "rto");
    return;
  }
  mark = to.size_bytes > 0 ? memchr(to.data, '>', to.size_bytes) : NULL;
  if (mark == NULL)
    return;
  to.size_bytes -= (size_t)(mark + 1 - to.data);
  to.data = mark + 1;
  mark = memchr(to.data, ' ', to.size_bytes);
  (void)msim__buf_printf(buf, " %.*s", mark != NULL ? (int)(mark - to.data) : (int)to.size_bytes,
                         (const char *)to.data);
}

static int put_end(struct msim_diff *diff, struct msim__buf *buf, size_t which, uint32_t flow, struct msim_slice host,
                   bool is_client, uint32_t line)
{
  const struct msim__diff_side *side = &diff->side[which];
  size_t before = buf->size_bytes, with_name;
  uint32_t i;
  int pass;

  (void)msim__buf_printf(buf, "%s%.*s", before > 0 ? "; " : "", (int)host.size_bytes, (const char *)host.data);
  with_name = buf->size_bytes;
  for (pass = 0; pass < 2; pass++)
    for (i = diff->flows[flow].first_stream; i != 0; i = diff->streams[i - 1].next) {
      enum msim__diff_kind kind = diff->streams[i - 1].kind;
      struct msim__diff_words words;
      uint32_t last = last_before(side, diff->streams[i - 1].last[which], line);

      if (last == 0 || (kind == MSIM__DIFF_TCP_STATE) != (pass == 0))
        continue;
      (void)msim__diff_words_of(msim__diff_text_of(side, last), &words);
      put_stream(buf, kind, &words, host, is_client);
    }
  if (buf->size_bytes == with_name && buf->err == MSIM_OK)
    buf->size_bytes = before; /* nothing is known of it */
  return buf->err;
}

/* Both ends by the records of the expected trace, or the other one's where that has none of this line. */
static int tell_state(struct msim_diff *diff)
{
  size_t which = diff->shown.line[0] != 0 ? 0 : 1;
  const struct msim__diff_stream *stream = &diff->streams[diff->shown_stream - 1];
  const char *name = diff->flows[stream->flow].name, *from = strchr(name, '>'), *port = strrchr(name, ':');
  struct msim_slice host;
  struct msim__buf buf;
  int err = MSIM_OK;

  if (strcmp(diff->flows[stream->flow].kind, "tcp") != 0 || from == NULL || port == NULL || port < from)
    return MSIM_OK;
  msim__buf_init(&buf, &diff->mem, 4096);
  host.data = (const uint8_t *)name;
  host.size_bytes = (size_t)(from - name);
  err = put_end(diff, &buf, which, stream->flow, host, true, diff->shown.line[which]);
  host.data = (const uint8_t *)from + 1;
  host.size_bytes = (size_t)(port - from - 1);
  if (err == MSIM_OK)
    err = put_end(diff, &buf, which, stream->flow, host, false, diff->shown.line[which]);
  diff->state = msim__arena_text(&diff->arena, msim__buf_text(&buf), buf.size_bytes);
  msim__buf_release(&buf);
  if (err == MSIM_ERR_LIMIT) /* names of absurd length */
    err = MSIM_OK;
  return diff->state == NULL ? MSIM_ERR_NOMEM : err;
}

/* ---- all of it ---- */

int msim__diff_tell(struct msim_diff *diff)
{
  bool by_wire = diff->view == MSIM_VIEW_REST && diff->result.view_differs[MSIM_VIEW_WIRE];
  struct msim__diff_pair pair;
  uint32_t stream;
  unsigned view;
  int err = MSIM_OK;

  for (view = 0; view < MSIM_VIEWS && err == MSIM_OK; view++) {
    pair = msim__diff_earliest(diff, (enum msim_view)view, &stream);
    if (stream == 0)
      continue;
    diff->is_first[view] = true;
    err = tell_place(diff, stream, &pair, &diff->first[view]);
    /* what a host keeps to itself, or a fault announces, explains less than the packet that differs */
    if (view > (unsigned)diff->view || (view == MSIM_VIEW_REST && by_wire && diff->shown_stream != 0))
      continue;
    diff->shown = pair;
    diff->shown_stream = stream;
  }
  if (by_wire && diff->is_first[MSIM_VIEW_WIRE]) /* the wire may differ in bytes that no line has */
    diff->first[MSIM_VIEW_REST] = diff->first[MSIM_VIEW_WIRE];
  diff->result.is_shown = diff->shown_stream != 0;
  if (err == MSIM_OK && diff->shown_stream != 0)
    err = tell_state(diff);
  return err == MSIM_OK ? msim__diff_tell_flows(diff) : err;
}

/* ---- around it ---- */

/* The counterpart of a line in the other trace; 0: none. */
static uint32_t counterpart(const struct msim_diff *diff, size_t which, uint32_t line)
{
  const struct msim__diff_stream *stream = &diff->streams[diff->side[which].lines[line - 1].stream];
  uint32_t index = 0, other = stream->first[1 - which];

  while ((line = diff->side[which].lines[line - 1].previous) != 0)
    index++;
  for (; other != 0 && index > 0; index--)
    other = diff->side[1 - which].lines[other - 1].next;
  return other;
}

static bool is_context(const struct msim_diff *diff, size_t which, uint32_t line)
{
  const struct msim__diff_stream *stream = &diff->streams[diff->side[which].lines[line - 1].stream];

  return stream->flow == diff->streams[diff->shown_stream - 1].flow && stream->kind != MSIM__DIFF_TCP_STATE &&
         stream->kind != MSIM__DIFF_FWD && stream->kind != MSIM__DIFF_LATE;
}

const char *msim_diff_context(const struct msim_diff *diff, int distance, bool *is_same)
{
  size_t which;
  uint32_t line, other;

  *is_same = false;
  if (diff->shown_stream == 0 || distance == 0)
    return NULL;
  which = diff->shown.line[1] != 0 ? 1 : 0;
  line = diff->shown.line[which];
  while (distance != 0) {
    line = distance < 0 ? line - 1 : line + 1;
    if (line == 0 || line > diff->side[which].line_count)
      return NULL;
    if (is_context(diff, which, line))
      distance += distance < 0 ? 1 : -1;
  }
  other = counterpart(diff, which, line);
  *is_same = other != 0 && msim__diff_same(msim__diff_text_of(&diff->side[which], line),
                                           msim__diff_text_of(&diff->side[1 - which], other));
  return (const char *)msim__diff_text_of(&diff->side[which], line).data;
}
