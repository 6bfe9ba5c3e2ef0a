/* show_mail.c: the life of each message: everything that its label stands in, in order, one message after the other.
 *
 * A sink of the command's own: lines are collected while records come and are written at the end. Judges nothing;
 * mails.c has the outcomes. */
#include "command.h"

#include <inttypes.h>
#include <string.h>

#define MESSAGES_MAX ((size_t)1000000)
#define LINES_MAX ((size_t)20000000)
#define BYTES_MAX ((size_t)1 << 31)
#define LABEL_BYTES 64u
#define VALUE_BYTES_MAX 160u /* of one value, shown */

struct message {
  char label[LABEL_BYTES];
  size_t first, last; /* lines, plus one */
};

struct line {
  size_t next; /* plus one; 0: the last */
  size_t begin, size_bytes;
};

struct lives {
  struct message *messages;
  struct line *lines;
  char *bytes;
  uint32_t *buckets; /* numbers of messages plus one */
  size_t message_count, message_capacity, line_count, line_capacity, byte_count, byte_capacity, bucket_count;
};

/* Room for one more row of size_bytes each; doubles. */
static int grow(struct msim_sink *sink, void *rows, size_t *capacity, size_t need, size_t max, size_t size_bytes)
{
  size_t wanted = *capacity == 0 ? 64 : *capacity;
  void *old, *fresh;

  if (need <= *capacity)
    return MSIM_OK;
  if (need > max)
    return MSIM_ERR_LIMIT;
  while (wanted < need)
    wanted *= 2;
  memcpy(&old, rows, sizeof old);
  fresh = msim_sink_resize(sink, old, *capacity * size_bytes, wanted * size_bytes);
  if (fresh == NULL)
    return MSIM_ERR_NOMEM;
  memcpy(rows, &fresh, sizeof fresh);
  *capacity = wanted;
  return MSIM_OK;
}

static uint32_t *bucket_of(const struct lives *lives, const char *label)
{
  uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
  const char *p;
  size_t at;

  for (p = label; *p != '\0'; p++)
    hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
  at = (size_t)(hash ^ hash >> 32) & (lives->bucket_count - 1);
  while (lives->buckets[at] != 0 && strcmp(lives->messages[lives->buckets[at] - 1].label, label) != 0)
    at = (at + 1) & (lives->bucket_count - 1);
  return &lives->buckets[at];
}

static int find_message(struct lives *lives, struct msim_sink *sink, const char *label, struct message **out)
{
  char key[LABEL_BYTES];
  uint32_t *bucket;
  size_t old = lives->message_capacity, i;
  int err = grow(sink, &lives->messages, &lives->message_capacity, lives->message_count + 1, MESSAGES_MAX,
                 sizeof *lives->messages);

  if (err != MSIM_OK)
    return err;
  if (old != lives->message_capacity) {
    size_t wanted = lives->message_capacity * 2;
    void *fresh = msim_sink_resize(sink, lives->buckets, lives->bucket_count * sizeof *lives->buckets,
                                   wanted * sizeof *lives->buckets);

    if (fresh == NULL)
      return MSIM_ERR_NOMEM;
    lives->buckets = fresh;
    lives->bucket_count = wanted;
    memset(fresh, 0, wanted * sizeof *lives->buckets);
    for (i = 0; i < lives->message_count; i++)
      *bucket_of(lives, lives->messages[i].label) = (uint32_t)i + 1;
  }
  snprintf(key, sizeof key, "%s", label);
  bucket = bucket_of(lives, key);
  if (*bucket == 0) {
    memset(&lives->messages[lives->message_count], 0, sizeof *lives->messages);
    memcpy(lives->messages[lives->message_count].label, key, sizeof key);
    *bucket = (uint32_t)++lives->message_count;
  }
  *out = &lives->messages[*bucket - 1];
  return MSIM_OK;
}

/* ---- lines ---- */

/* Foreign text, harmless for terminals; what is too long ends in "...". */
static int add_text(struct lives *lives, struct msim_sink *sink, const char *text)
{
  size_t size_bytes = strlen(text), shown = size_bytes, i;
  int err;

  if (shown > VALUE_BYTES_MAX)
    for (shown = VALUE_BYTES_MAX; shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80; shown--)
      ;
  err = grow(sink, &lives->bytes, &lives->byte_capacity, lives->byte_count + shown + 4, BYTES_MAX, 1);
  for (i = 0; err == MSIM_OK && i < shown; i++) {
    unsigned char c = (unsigned char)text[i];

    /* U+0080 to U+009F are controls too */
    lives->bytes[lives->byte_count++] =
        (char)(c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0 && i > 0 && (unsigned char)text[i - 1] == 0xc2) ? '.'
                                                                                                               : c);
  }
  if (err == MSIM_OK && shown < size_bytes) {
    memcpy(lives->bytes + lives->byte_count, "...", 3);
    lives->byte_count += 3;
  }
  return err;
}

static int add_value(struct lives *lives, struct msim_sink *sink, const struct msim_value *value)
{
  char number[32];
  size_t i;
  int err = add_text(lives, sink, "  ");

  if (err == MSIM_OK)
    err = add_text(lives, sink, value->name);
  if (err == MSIM_OK)
    err = add_text(lives, sink, " ");
  if (err != MSIM_OK)
    return err;
  switch (value->kind) {
  case MSIM_VALUE_TEXT:
    return add_text(lives, sink, value->u.text != NULL ? value->u.text : "");
  case MSIM_VALUE_INT:
    snprintf(number, sizeof number, "%" PRId64, value->u.integer);
    return add_text(lives, sink, number);
  case MSIM_VALUE_BOOL:
    return add_text(lives, sink, value->u.truth ? "yes" : "no");
  case MSIM_VALUE_LIST:
    for (i = 0; err == MSIM_OK && i < value->u.list.count; i++) {
      if (i > 0)
        err = add_text(lives, sink, ", ");
      if (err == MSIM_OK)
        err = add_text(lives, sink, value->u.list.items[i]);
    }
    return err;
  }
  return MSIM_OK;
}

static int add_line(struct lives *lives, struct msim_sink *sink, struct message *message,
                    const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  size_t begin = lives->byte_count, i;
  struct line *line;
  char head[64];
  int err;

  snprintf(head, sizeof head, "%7" PRIu64 ".%06" PRIu64 "  ", record->at_ns / 1000000000u,
           record->at_ns % 1000000000u / 1000u);
  err = grow(sink, &lives->lines, &lives->line_capacity, lives->line_count + 1, LINES_MAX, sizeof *lives->lines);
  if (err == MSIM_OK)
    err = add_text(lives, sink, head);
  if (err == MSIM_OK)
    err = add_text(lives, sink, event->host != NULL ? event->host : "-");
  if (err == MSIM_OK)
    err = add_text(lives, sink, "  ");
  if (err == MSIM_OK)
    err = add_text(lives, sink, event->event);
  for (i = 0; err == MSIM_OK && i < event->value_count; i++)
    if (strcmp(event->values[i].name, "message") != 0)
      err = add_value(lives, sink, &event->values[i]);
  if (err != MSIM_OK)
    return err;
  line = &lives->lines[lives->line_count++];
  line->next = 0;
  line->begin = begin;
  line->size_bytes = lives->byte_count - begin;
  if (message->last != 0)
    lives->lines[message->last - 1].next = lives->line_count;
  else
    message->first = lives->line_count;
  message->last = lives->line_count;
  return MSIM_OK;
}

/* ---- the sink ---- */

static int lives_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_trace_event *event = &record->u.event;
  struct lives *lives = state;
  struct message *message;
  size_t i;
  int err;

  for (i = 0; i < event->value_count; i++) {
    if (strcmp(event->values[i].name, "message") != 0 || event->values[i].kind != MSIM_VALUE_TEXT ||
        event->values[i].u.text == NULL)
      continue;
    err = find_message(lives, sink, event->values[i].u.text, &message);
    return err == MSIM_OK ? add_line(lives, sink, message, record) : err;
  }
  return MSIM_OK;
}

static int lives_close(void *state, struct msim_sink *sink)
{
  struct lives *lives = state;
  size_t i, at;
  int err = MSIM_OK;

  for (i = 0; err == MSIM_OK && i < lives->message_count; i++) {
    size_t begin = lives->byte_count;

    err = add_text(lives, sink, lives->messages[i].label);
    if (err == MSIM_OK)
      err = msim_sink_write(sink, lives->bytes + begin, lives->byte_count - begin);
    lives->byte_count = begin;
    for (at = lives->messages[i].first; err == MSIM_OK && at != 0; at = lives->lines[at - 1].next) {
      err = msim_sink_write(sink, "\n", 1);
      if (err == MSIM_OK)
        err = msim_sink_write(sink, lives->bytes + lives->lines[at - 1].begin, lives->lines[at - 1].size_bytes);
    }
    if (err == MSIM_OK)
      err = msim_sink_write(sink, "\n", 1);
  }
  if (err == MSIM_OK && lives->message_count == 0)
    err = msim_sink_write(sink, "no mails\n", 9);
  return err;
}

const struct msim_sink_type show_mail_type = {
    .name = "mailsim-show-mail",
    .summary = "the life of each message (for the command)",
    .state_bytes = sizeof(struct lives),
    .kinds = MSIM_TRACE_BIT(MSIM_TRACE_APP) | MSIM_TRACE_BIT(MSIM_TRACE_MESSAGE),
    .record = lives_record,
    .close = lives_close,
};
