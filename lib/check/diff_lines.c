/* diff_lines.c: the lines of a trace, each in its stream. Compares nothing. */
#include "check/diff.h"

#include <string.h>

#include "core/hash.h"

#define KEY_BYTES 2400 /* two names and a connection, each as long as the form text writes them, and a few words */

struct msim_slice msim__diff_text_of(const struct msim__diff_side *side, uint32_t line)
{
  const struct msim__diff_line *row = &side->lines[line - 1];
  struct msim_slice text;

  text.data = (const uint8_t *)side->text.data + row->begin;
  text.size_bytes = row->size_bytes;
  return text;
}

struct key {
  char text[KEY_BYTES];
  size_t size_bytes;
};

/* false: it does not fit. */
static bool put(struct key *key, struct msim_slice word)
{
  if (word.size_bytes + 1 > sizeof key->text - key->size_bytes)
    return false;
  if (key->size_bytes > 0)
    key->text[key->size_bytes++] = ' ';
  if (word.size_bytes > 0)
    memcpy(key->text + key->size_bytes, word.data, word.size_bytes);
  key->size_bytes += word.size_bytes;
  return true;
}

static struct msim_slice literal(const char *text)
{
  struct msim_slice s;

  s.data = (const uint8_t *)text;
  s.size_bytes = strlen(text);
  return s;
}

/* What the line's stream is called. */
static bool stream_key(const struct msim__diff_words *words, struct key *key)
{
  struct msim_slice side = words->part[MSIM__DIFF_ID];

  key->size_bytes = 0;
  if (!put(key, words->kind_word) || !put(key, words->part[MSIM__DIFF_SUBJECT]))
    return false;
  switch (words->kind) {
  case MSIM__DIFF_SEGMENT:
  case MSIM__DIFF_DATAGRAM:
    side.size_bytes = 1;
    return put(key, side);
  case MSIM__DIFF_LATE:
    side.size_bytes = 1;
    return put(key, side) && put(key, literal("late"));
  case MSIM__DIFF_FWD:
    side.size_bytes = 1;
    return put(key, side) && put(key, words->part[MSIM__DIFF_REST]);
  case MSIM__DIFF_TCP_STATE:
    return put(key, words->conn);
  case MSIM__DIFF_PACKET:
  case MSIM__DIFF_APP:
  case MSIM__DIFF_OTHER:
    break;
  }
  return true;
}

/* The thing that the stream belongs to, by its number. */
static int find_flow(struct msim_diff *diff, const struct msim__diff_words *words, uint32_t *out)
{
  bool of_tcp = words->kind == MSIM__DIFF_TCP_STATE;
  struct msim_slice name = of_tcp ? words->conn : words->part[MSIM__DIFF_SUBJECT];
  struct msim_slice kind = of_tcp ? literal("tcp") : words->kind_word;
  struct msim__diff_flow *flow;
  struct key key;
  const char *text;
  void *found;
  int err;

  key.size_bytes = 0;
  if (!put(&key, kind) || !put(&key, name))
    return MSIM_ERR_LIMIT;
  found = msim__names_find(&diff->flow_names, key.text, key.size_bytes);
  if (found != NULL) {
    *out = *(uint32_t *)found;
    return MSIM_OK;
  }
  err = msim__grow(&diff->mem, &diff->flows, &diff->flow_capacity, diff->flow_count + 1, MSIM__DIFF_STREAMS_MAX,
                   sizeof *diff->flows);
  if (err != MSIM_OK)
    return err;
  text = msim__arena_text(&diff->arena, key.text, key.size_bytes);
  found = msim__arena_alloc(&diff->arena, sizeof *out);
  flow = &diff->flows[diff->flow_count];
  memset(flow, 0, sizeof *flow);
  if (text == NULL || found == NULL)
    return MSIM_ERR_NOMEM;
  flow->name = text + kind.size_bytes + 1;
  flow->kind = msim__arena_text(&diff->arena, (const char *)kind.data, kind.size_bytes);
  if (flow->kind == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__names_add(&diff->flow_names, text, key.size_bytes, found);
  if (err == MSIM_OK)
    *out = *(uint32_t *)found = (uint32_t)diff->flow_count++;
  return err;
}

static int find_stream(struct msim_diff *diff, const struct msim__diff_words *words, uint32_t *out)
{
  struct msim__diff_stream *stream;
  struct msim__diff_flow *flow;
  struct key key;
  uint32_t *number, flow_number;
  const char *text;
  int err;

  if (!stream_key(words, &key))
    return MSIM_ERR_LIMIT;
  number = msim__names_find(&diff->stream_names, key.text, key.size_bytes);
  if (number != NULL) {
    *out = *number;
    return MSIM_OK;
  }
  err = find_flow(diff, words, &flow_number);
  if (err == MSIM_OK)
    err = msim__grow(&diff->mem, &diff->streams, &diff->stream_capacity, diff->stream_count + 1, MSIM__DIFF_STREAMS_MAX,
                     sizeof *diff->streams);
  if (err != MSIM_OK)
    return err;
  text = msim__arena_text(&diff->arena, key.text, key.size_bytes);
  number = msim__arena_alloc(&diff->arena, sizeof *number);
  if (text == NULL || number == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__names_add(&diff->stream_names, text, key.size_bytes, number);
  if (err != MSIM_OK)
    return err;
  stream = &diff->streams[diff->stream_count];
  memset(stream, 0, sizeof *stream);
  stream->key = text;
  stream->kind = words->kind;
  stream->flow = flow_number;
  *out = *number = (uint32_t)diff->stream_count++;
  flow = &diff->flows[flow_number];
  if (flow->last_stream != 0)
    diff->streams[flow->last_stream - 1].next = *out + 1;
  else
    flow->first_stream = *out + 1;
  flow->last_stream = *out + 1;
  return MSIM_OK;
}

/* Of what is sent for the first time: quotes and the mark of a cut are no part of it. */
static void add_dialogue(struct msim__diff_stream *stream, size_t which, const struct msim__diff_words *words)
{
  struct msim_slice text = words->part[MSIM__DIFF_TEXT];
  uint64_t h = stream->text_hash[which];
  size_t i;

  if (words->kind != MSIM__DIFF_SEGMENT || text.size_bytes < 2 || words->part[MSIM__DIFF_NOTE].data != NULL)
    return;
  for (i = 1; i + 1 < text.size_bytes; i++)
    h = (h ^ text.data[i]) * UINT64_C(0x100000001b3); /* FNV-1a: does not depend on how it was cut */
  stream->text_hash[which] = h;
}

int msim__diff_add_line(struct msim_diff *diff, struct msim__diff_side *side, struct msim_slice text, const char **why)
{
  size_t which = side == &diff->side[1] ? 1 : 0;
  struct msim__diff_words words;
  struct msim__diff_stream *stream;
  struct msim__diff_line *line;
  uint32_t number, stream_number = 0;
  int err;

  *why = msim__diff_words_of(text, &words);
  if (*why != NULL)
    return MSIM_ERR_SYNTAX;
  err = find_stream(diff, &words, &stream_number);
  if (err == MSIM_OK)
    err = msim__grow(&diff->mem, &side->lines, &side->line_capacity, side->line_count + 1, MSIM__DIFF_LINES_MAX,
                     sizeof *side->lines);
  if (err != MSIM_OK)
    return err;
  line = &side->lines[side->line_count];
  memset(line, 0, sizeof *line);
  line->begin = side->text.size_bytes;
  line->size_bytes = (uint32_t)text.size_bytes;
  line->stream = stream_number;
  line->at_ns = words.at_ns;
  err = msim__buf_append(&side->text, text.data, text.size_bytes);
  if (err == MSIM_OK)
    err = msim__buf_append_byte(&side->text, '\0');
  if (err != MSIM_OK)
    return err;
  number = (uint32_t)++side->line_count;
  stream = &diff->streams[stream_number];
  line->previous = stream->last[which];
  if (stream->last[which] != 0)
    side->lines[stream->last[which] - 1].next = number;
  else
    stream->first[which] = number;
  stream->last[which] = number;
  stream->count[which]++;
  add_dialogue(stream, which, &words);
  side->mail_sum += msim__diff_mail_hash(&words);
  side->app_sum += msim__diff_app_hash(&words);
  side->has_fwd = side->has_fwd || words.kind == MSIM__DIFF_FWD;
  return MSIM_OK;
}
