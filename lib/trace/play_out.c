/* play_out.c: what play.c has collected as one JSON object of the form `mailsim.play/1`: docs/player.md has every
 * field.
 *
 * Columns instead of objects, times as differences: a segment costs some 30 bytes. The steps of a run are asked for
 * here, when all records are there. */
#include "trace/play.h"

#include <stdlib.h>
#include <string.h>

#include "text/decimal.h"
#include "trace/jsonl.h"
#include "trace/story.h"

#define STEPS_MAX ((size_t)100000)

static void put_slice(struct msim__json_out *json, const char *data, size_t size_bytes)
{
  struct msim_slice s;

  s.data = (const uint8_t *)data;
  s.size_bytes = size_bytes;
  msim__json_bytes(json, s);
}

/* A text, or {"s":text,"cut":N} when there was more of it. */
static void put_texts(struct msim__json_out *json, const char *key, const struct msim__play_texts *texts)
{
  size_t i;

  msim__json_key(json, key);
  msim__json_array_begin(json);
  for (i = 0; i < texts->names.count; i++) {
    const struct msim__play_text *text = msim__play_texts_at(texts, i);

    if (text->cut_bytes == 0) {
      put_slice(json, text->data, text->size_bytes);
      continue;
    }
    msim__json_object_begin(json);
    msim__json_key(json, "s");
    put_slice(json, text->data, text->size_bytes);
    msim__json_key_uint(json, "cut", text->cut_bytes);
    msim__json_object_end(json);
  }
  msim__json_array_end(json);
}

/* -1 for none. */
static void put_index(struct msim__json_out *json, uint32_t index)
{
  msim__json_int(json, index == MSIM__PLAY_NONE ? -1 : (int64_t)index);
}

static void key_word(struct msim__json_out *json, const char *key, const struct msim__play *play, uint32_t word)
{
  if (word != MSIM__PLAY_NONE)
    msim__json_key_text(json, key, msim__play_texts_at(&play->words, word)->data);
}

/* ---- packets ---- */

static int compare_rows(const void *a, const void *b)
{
  const struct msim__play_row *left = a, *right = b;

  if (left->at_ns != right->at_ns)
    return left->at_ns < right->at_ns ? -1 : 1;
  if (left->n != right->n)
    return left->n < right->n ? -1 : 1;
  return left->n_end < right->n_end ? -1 : left->n_end > right->n_end;
}

static void put_conns(const struct msim__play *play, struct msim__json_out *json)
{
  static const char *const protos[] = {"tcp", "udp", "icmp", "arp"};
  char text[MSIM_ADDR_TEXT_BYTES];
  size_t i, side;

  msim__json_key(json, "conns");
  msim__json_array_begin(json);
  for (i = 0; i < play->conn_count; i++) {
    const struct msim__play_conn *conn = &play->conns[i];

    msim__json_object_begin(json);
    msim__json_key_text(json, "proto", protos[conn->proto]);
    msim__json_key_uint(json, "client", conn->client);
    msim__json_key(json, "server");
    put_index(json, conn->server);
    if (conn->proto <= MSIM__PLAY_UDP) {
      msim__json_key_uint(json, "number", conn->number);
      msim__json_key_uint(json, "sport", conn->port);
    }
    if (conn->has_addr) {
      msim__json_key_uint(json, "cport", conn->client_port);
      msim__json_key(json, "addr");
      msim__json_array_begin(json);
      for (side = 0; side < 2; side++) {
        msim_addr_format(&conn->addr[side], text);
        msim__json_text(json, text);
      }
      msim__json_array_end(json);
    }
    if (conn->proto == MSIM__PLAY_TCP) {
      msim__json_key(json, "isn");
      msim__json_array_begin(json);
      msim__json_uint(json, conn->first_seq[0]);
      msim__json_uint(json, conn->first_seq[1]);
      msim__json_array_end(json);
    }
    msim__json_object_end(json);
  }
  msim__json_array_end(json);
}

enum column { COL_T, COL_D, COL_C, COL_UP, COL_NUM, COL_F, COL_SEQ, COL_ACK, COL_WIN, COL_LEN, COL_X, COL_U, COLUMNS };

static void put_cell(const struct msim__play *play, struct msim__json_out *json, enum column column, size_t i)
{
  const struct msim__play_row *row = &play->rows[i];

  switch (column) {
  case COL_T:
    msim__json_uint(json, row->at_ns - (i > 0 ? play->rows[i - 1].at_ns : 0));
    break;
  case COL_D:
    msim__json_int(json, row->flight_ns);
    break;
  case COL_C:
    msim__json_uint(json, row->conn);
    break;
  case COL_UP:
    msim__json_uint(json, row->from_client ? 1 : 0);
    break;
  case COL_NUM:
    msim__json_uint(json, row->number);
    break;
  case COL_F:
    msim__json_uint(json, row->flags);
    break;
  case COL_SEQ:
    msim__json_uint(json, row->seq);
    break;
  case COL_ACK:
    msim__json_uint(json, row->ack);
    break;
  case COL_WIN:
    msim__json_uint(json, row->window_bytes);
    break;
  case COL_LEN:
    msim__json_uint(json, row->size_bytes);
    break;
  case COL_X:
    msim__json_uint(json, row->text);
    break;
  case COL_U:
    msim__json_uint(json, row->units);
    break;
  case COLUMNS:
    break;
  }
}

static void put_extra(const struct msim__play *play, struct msim__json_out *json, const struct msim__play_row *row)
{
  static const char *const ecn[] = {NULL, "ECT(1)", "ECT(0)", "CE"};
  const struct msim__play_extra *extra = &play->extras[row->extra];
  size_t i;

  msim__json_object_begin(json);
  if (extra->mss_bytes != 0)
    msim__json_key_uint(json, "mss", extra->mss_bytes);
  if (extra->window_shift >= 0)
    msim__json_key_uint(json, "ws", (uint64_t)extra->window_shift);
  if (extra->sack_permitted)
    msim__json_key_bool(json, "sackok", true);
  if (extra->sack_count > 0) {
    msim__json_key(json, "sack");
    msim__json_array_begin(json);
    for (i = 0; i < extra->sack_count; i++) {
      msim__json_array_begin(json);
      msim__json_uint(json, extra->sack[i].left);
      msim__json_uint(json, extra->sack[i].right);
      msim__json_array_end(json);
    }
    msim__json_array_end(json);
  }
  if (extra->rtx_number != 0)
    msim__json_key_uint(json, "rtx", extra->rtx_number);
  key_word(json, "lost", play, extra->reason);
  if (row->flight_ns == MSIM__PLAY_LOST)
    msim__json_key_uint(json, "after", row->lost_ns - row->at_ns);
  key_word(json, "link", play, extra->link);
  key_word(json, "fault", play, extra->fault);
  if (extra->duplicate)
    msim__json_key_bool(json, "dup", true);
  if (extra->fragmented)
    msim__json_key_bool(json, "frag", true);
  msim__json_key_text(json, "ecn", ecn[extra->ecn]);
  msim__json_object_end(json);
}

static void put_packets(const struct msim__play *play, struct msim__json_out *json)
{
  static const char *const names[COLUMNS] = {"t", "d", "c", "up", "num", "f", "seq", "ack", "win", "len", "x", "u"};
  char number[24];
  size_t i;
  int column;

  msim__json_key(json, "seg");
  msim__json_object_begin(json);
  msim__json_key_uint(json, "n", play->row_count);
  for (column = 0; column < COLUMNS; column++) {
    msim__json_key(json, names[column]);
    msim__json_array_begin(json);
    for (i = 0; i < play->row_count && json->buf->err == 0; i++)
      put_cell(play, json, (enum column)column, i);
    msim__json_array_end(json);
  }
  msim__json_key(json, "o");
  msim__json_object_begin(json);
  for (i = 0; i < play->row_count; i++) {
    if (play->rows[i].extra == MSIM__PLAY_NONE)
      continue;
    number[msim__decimal_uint(i, number)] = '\0';
    msim__json_key(json, number);
    put_extra(play, json, &play->rows[i]);
  }
  msim__json_object_end(json);
  msim__json_object_end(json);
}

/* ---- the rest of the records ---- */

static void put_events(const struct msim__play *play, struct msim__json_out *json)
{
  size_t i, row = 0;

  msim__json_key(json, "app");
  msim__json_array_begin(json);
  for (i = 0; i < play->event_count; i++) {
    const struct msim__play_event *event = &play->events[i];

    while (row < play->row_count && play->rows[row].n < event->n && play->rows[row].at_ns <= event->at_ns)
      row++;
    msim__json_object_begin(json);
    msim__json_key_uint(json, "i", row);
    msim__json_key_uint(json, "t", event->at_ns);
    msim__json_key(json, "h");
    put_index(json, event->host);
    if (strcmp(msim__play_texts_at(&play->words, event->kind)->data, "app") != 0)
      key_word(json, "k", play, event->kind);
    key_word(json, "a", play, event->agent);
    key_word(json, "e", play, event->event);
    if (event->values_bytes > 0) {
      msim__json_key(json, "v");
      json->after_key = false; /* the value was written when it came */
      (void)msim__buf_append(json->buf, play->values.data + event->values_at, event->values_bytes);
    }
    msim__json_object_end(json);
  }
  msim__json_array_end(json);
}

#define COLUMN(json, key, count, value)                                                                                \
  do {                                                                                                                 \
    msim__json_key((json), (key));                                                                                     \
    msim__json_array_begin(json);                                                                                      \
    for (i = 0; i < (count); i++)                                                                                      \
      msim__json_uint((json), (value));                                                                                \
    msim__json_array_end(json);                                                                                        \
  } while (0)

static void put_windows(const struct msim__play *play, struct msim__json_out *json)
{
  const struct msim__play_window *w = play->windows;
  size_t i;

  msim__json_key(json, "cwnd");
  msim__json_object_begin(json);
  COLUMN(json, "t", play->window_count, w[i].at_ns - (i > 0 ? w[i - 1].at_ns : 0));
  COLUMN(json, "c", play->window_count, w[i].conn);
  COLUMN(json, "up", play->window_count, w[i].from_client ? 1u : 0u);
  COLUMN(json, "cwnd", play->window_count, w[i].cwnd);
  COLUMN(json, "ssthresh", play->window_count, w[i].ssthresh);
  COLUMN(json, "flight", play->window_count, w[i].flight);
  COLUMN(json, "srtt", play->window_count, w[i].srtt_ns);
  COLUMN(json, "rto", play->window_count, w[i].rto_ns);
  COLUMN(json, "why", play->window_count, w[i].why);
  msim__json_object_end(json);
}

static void put_states(const struct msim__play *play, struct msim__json_out *json)
{
  const struct msim__play_state *s = play->states;
  size_t i;

  msim__json_key(json, "state");
  msim__json_object_begin(json);
  COLUMN(json, "t", play->state_count, s[i].at_ns - (i > 0 ? s[i - 1].at_ns : 0));
  COLUMN(json, "c", play->state_count, s[i].conn);
  COLUMN(json, "h", play->state_count, s[i].host);
  COLUMN(json, "from", play->state_count, s[i].from);
  COLUMN(json, "to", play->state_count, s[i].to);
  COLUMN(json, "why", play->state_count, s[i].why);
  msim__json_object_end(json);
}

static void put_mails(const struct msim__play *play, struct msim__json_out *json)
{
  size_t i;

  msim__json_key(json, "messages");
  msim__json_array_begin(json);
  for (i = 0; i < play->mail_count; i++) {
    const struct msim__play_content *mail = &play->mails[i];

    msim__json_object_begin(json);
    key_word(json, "id", play, mail->message);
    msim__json_key_uint(json, "t", mail->at_ns);
    msim__json_key(json, "h");
    put_index(json, mail->host);
    msim__json_key(json, "from");
    put_index(json, mail->from);
    msim__json_key_uint(json, "c", mail->conn);
    msim__json_key_uint(json, "x", mail->text);
    msim__json_object_end(json);
  }
  msim__json_array_end(json);
}

/* ---- steps ---- */

/* Where the record that stands for a step is: a packet by its sending or its fate, or an event. */
static void put_anchor(const struct msim__play *play, struct msim__json_out *json, uint64_t n)
{
  size_t i;

  for (i = 0; i < play->row_count; i++)
    if (play->rows[i].n == n || play->rows[i].n_end == n) {
      msim__json_key_uint(json, "seg", i);
      return;
    }
  for (i = 0; i < play->event_count; i++)
    if (play->events[i].n == n) {
      msim__json_key_uint(json, "app", i);
      return;
    }
}

static void put_step(const struct msim__play *play, struct msim__json_out *json, const char *scene,
                     const struct msim__story_step *step)
{
  struct msim__buf key;
  const char *actor = step->actor;

  msim__json_object_begin(json);
  msim__json_key_uint(json, "n", step->number);
  msim__json_key_text(json, "actor", actor);
  msim__buf_init(&key, play->mem, 4096);
  (void)msim__buf_printf(&key, "%s.%u", scene, step->number);
  msim__json_key_text(json, "key", msim__buf_text(&key));
  if (key.err != 0 && json->buf->err == 0)
    json->buf->err = key.err;
  msim__buf_release(&key);
  msim__json_key_bool(json, "ok", step->is_observed);
  if (step->is_observed)
    put_anchor(play, json, step->n);
  msim__json_object_end(json);
}

/* The first story that can be told. NULL: none. */
static const struct msim__story *find_story(const struct msim__play *play, int *err)
{
  const struct msim__story *story = msim__trace_stories(play->sim);

  for (; story != NULL; story = story->next) {
    *err = story->judge(story->ctx);
    if (*err == MSIM_OK || *err == MSIM_ERR_NOMEM)
      return *err == MSIM_OK ? story : NULL;
  }
  *err = MSIM_OK;
  return NULL;
}

static void put_steps(const struct msim__play *play, struct msim__json_out *json, const struct msim__story *story)
{
  struct msim__story_step step;
  size_t i;

  if (story != NULL)
    msim__json_key_text(json, "scene", story->name(story->ctx));
  msim__json_key(json, "steps");
  msim__json_array_begin(json);
  for (i = 0; story != NULL && i < STEPS_MAX && story->step_at(story->ctx, i, SIZE_MAX, &step); i++)
    put_step(play, json, story->name(story->ctx), &step);
  msim__json_array_end(json);
}

static void put_sentences(struct msim__json_out *json, struct msim__mem *mem, const struct msim__story *story,
                          size_t language)
{
  struct msim__story_step step;
  struct msim__buf key;
  size_t i;

  msim__buf_init(&key, mem, 4096);
  msim__json_object_begin(json);
  (void)msim__buf_printf(&key, "%s.title", story->name(story->ctx));
  msim__json_key_text(json, msim__buf_text(&key), story->title(story->ctx, language));
  for (i = 0; i < STEPS_MAX && story->step_at(story->ctx, i, language, &step); i++) {
    if (step.says == NULL || step.says[0] == '\0')
      continue;
    msim__buf_clear(&key);
    (void)msim__buf_printf(&key, "%s.%u", story->name(story->ctx), step.number);
    msim__json_key_text(json, msim__buf_text(&key), step.says);
  }
  msim__json_object_end(json);
  if (key.err != 0 && json->buf->err == 0)
    json->buf->err = key.err;
  msim__buf_release(&key);
}

/* "" is the language of the scene itself: what is told when another one has no sentence. */
static void put_strings(const struct msim__play *play, struct msim__json_out *json, const struct msim__story *story)
{
  size_t i;

  msim__json_key(json, "strings");
  msim__json_object_begin(json);
  if (story != NULL) {
    msim__json_key(json, "");
    put_sentences(json, play->mem, story, SIZE_MAX);
    for (i = 0; story->language_at(story->ctx, i) != NULL; i++) {
      msim__json_key(json, story->language_at(story->ctx, i));
      put_sentences(json, play->mem, story, i);
    }
  }
  msim__json_object_end(json);
}

/* They were written when they came. */
static void put_translations(const struct msim__play *play, struct msim__json_out *json)
{
  const struct msim__player_strings *strings = msim__trace_strings(play->sim);

  if (strings == NULL)
    return;
  msim__json_key(json, "translations");
  json->after_key = false;
  (void)msim__buf_append_byte(json->buf, '[');
  for (; strings != NULL; strings = strings->next) {
    (void)msim__buf_append(json->buf, strings->json, strings->size_bytes);
    if (strings->next != NULL)
      (void)msim__buf_append_byte(json->buf, ',');
  }
  (void)msim__buf_append_byte(json->buf, ']');
}

/* ---- all of it ---- */

int msim__play_write(struct msim__play *play, struct msim__json_out *json)
{
  const struct msim__story *story;
  int err = MSIM_OK;

  if (play->row_count > 1)
    qsort(play->rows, play->row_count, sizeof *play->rows, compare_rows);
  story = find_story(play, &err);
  if (err != MSIM_OK)
    return err;
  msim__json_object_begin(json);
  msim__json_key_text(json, "schema", "mailsim.play/1");
  msim__json_key_text(json, "producer", "libmailsim " MSIM_VERSION);
  msim__json_key(json, "runs");
  msim__json_array_begin(json);
  msim__json_object_begin(json);
  err = msim__jsonl_put_run(json, play->sim);
  msim__json_key_uint(json, "end_ns", play->end_ns);
  put_texts(json, "names", &play->hosts);
  put_conns(play, json);
  put_texts(json, "text", &play->payloads);
  put_texts(json, "units", &play->units);
  put_texts(json, "words", &play->words);
  put_packets(play, json);
  put_events(play, json);
  put_windows(play, json);
  put_states(play, json);
  put_texts(json, "contents", &play->contents);
  put_mails(play, json);
  put_steps(play, json, story);
  msim__json_object_end(json);
  msim__json_array_end(json);
  put_strings(play, json, story);
  put_translations(play, json);
  msim__json_object_end(json);
  return err != MSIM_OK ? err : json->buf->err;
}
