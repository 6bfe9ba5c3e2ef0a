/* play.c: what a run shows, collected for the player until it ends: the common part, events, windows and states.
 *
 * All is held in memory, so there are bounds; nothing is dropped silently: too much is an error that says of what.
 * Packets: play_packet.c. */
#include "trace/play.h"

#include <string.h>

#include "net/lan.h"
#include "trace/words.h"

#define VALUES_BYTES_MAX ((size_t)256 << 20)
#define SCRATCH_BYTES_MAX ((size_t)128 * 1024)
#define BUCKETS ((size_t)1 << 16)

int msim__play_init(struct msim__play *play, struct msim_sim *sim)
{
  const struct msim__net *net = msim__net(sim);
  int err = MSIM_OK;
  uint32_t index;
  size_t i;

  play->sim = sim;
  play->mem = &sim->mem;
  play->to_ns = MSIM_NEVER;
  msim__play_texts_init(&play->hosts, play->mem);
  msim__play_texts_init(&play->words, play->mem);
  msim__play_texts_init(&play->conn_names, play->mem);
  msim__play_texts_init(&play->payloads, play->mem);
  msim__play_texts_init(&play->units, play->mem);
  msim__play_texts_init(&play->contents, play->mem);
  msim__buf_init(&play->values, play->mem, VALUES_BYTES_MAX);
  msim__buf_init(&play->scratch, play->mem, SCRATCH_BYTES_MAX);
  play->buckets = msim__alloc_zeroed(play->mem, BUCKETS, sizeof *play->buckets);
  if (play->buckets == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__play_texts_put(&play->payloads, "", 0, 0, &index, NULL); /* number 0 is "nothing" */
  if (err == MSIM_OK)
    err = msim__play_texts_put(&play->units, "", 0, 0, &index, NULL);
  for (i = 0; net != NULL && i < net->node_count && err == MSIM_OK; i++)
    if (msim__lan_network(net->nodes[i]) == NULL)
      err = msim__play_host(play, net->nodes[i]->name, &index);
  return err;
}

void msim__play_release(struct msim__play *play)
{
  if (play->mem == NULL)
    return;
  msim__play_release_captures(play);
  msim__play_texts_release(&play->hosts);
  msim__play_texts_release(&play->words);
  msim__play_texts_release(&play->conn_names);
  msim__play_texts_release(&play->payloads);
  msim__play_texts_release(&play->units);
  msim__play_texts_release(&play->contents);
  msim__buf_release(&play->values);
  msim__buf_release(&play->scratch);
  msim__free(play->mem, play->buckets, BUCKETS * sizeof *play->buckets);
  msim__free(play->mem, play->conns, play->conn_capacity * sizeof *play->conns);
  msim__free(play->mem, play->rows, play->row_capacity * sizeof *play->rows);
  msim__free(play->mem, play->extras, play->extra_capacity * sizeof *play->extras);
  msim__free(play->mem, play->events, play->event_capacity * sizeof *play->events);
  msim__free(play->mem, play->windows, play->window_capacity * sizeof *play->windows);
  msim__free(play->mem, play->states, play->state_capacity * sizeof *play->states);
  msim__free(play->mem, play->mails, play->mail_capacity * sizeof *play->mails);
  memset(play, 0, sizeof *play);
}

/* ---- events ---- */

static void put_value(struct msim__json_out *json, const struct msim_value *value)
{
  size_t i;

  switch (value->kind) {
  case MSIM_VALUE_TEXT:
    msim__json_text(json, value->u.text != NULL ? value->u.text : "");
    break;
  case MSIM_VALUE_INT:
    msim__json_int(json, value->u.integer);
    break;
  case MSIM_VALUE_BOOL:
    msim__json_bool(json, value->u.truth);
    break;
  case MSIM_VALUE_LIST:
    msim__json_array_begin(json);
    for (i = 0; i < value->u.list.count; i++)
      msim__json_text(json, value->u.list.items[i]);
    msim__json_array_end(json);
    break;
  }
}

/* A name stands once in an object: the first value holds. */
static void put_values(struct msim__json_out *json, const struct msim_value *values, size_t count)
{
  size_t i, k;

  msim__json_object_begin(json);
  for (i = 0; i < count; i++) {
    for (k = 0; k < i && strcmp(values[k].name, values[i].name) != 0;)
      k++;
    if (k < i)
      continue;
    msim__json_key(json, values[i].name);
    put_value(json, &values[i]);
  }
  msim__json_object_end(json);
}

static int take_event(struct msim__play *play, const struct msim_trace_record *record)
{
  const struct msim_trace_event *source = &record->u.event;
  struct msim__play_event *event;
  struct msim__json_out json;
  int err;

  play->too_many = "events";
  err = msim__grow(play->mem, &play->events, &play->event_capacity, play->event_count + 1, MSIM__PLAY_EVENTS_MAX,
                   sizeof *play->events);
  if (err != MSIM_OK)
    return err;
  event = &play->events[play->event_count];
  event->n = record->n;
  event->at_ns = record->at_ns;
  event->values_at = play->values.size_bytes;
  err = msim__play_word(play, msim_trace_kind_name(record->kind), &event->kind);
  if (err == MSIM_OK)
    err = msim__play_host(play, source->host, &event->host);
  if (err == MSIM_OK)
    err = msim__play_word(play, source->agent, &event->agent);
  if (err == MSIM_OK)
    err = msim__play_word(play, source->event != NULL ? source->event : "", &event->event);
  if (err != MSIM_OK)
    return err;
  if (source->value_count > 0) {
    msim__json_init(&json, &play->values, true);
    put_values(&json, source->values, source->value_count);
  }
  event->values_bytes = play->values.size_bytes - event->values_at;
  play->event_count++;
  return play->values.err;
}

/* ---- windows and states ---- */

static int take_window(struct msim__play *play, const struct msim_trace_record *record)
{
  const struct msim_trace_cwnd *source = &record->u.cwnd;
  struct msim__play_window *window;
  int err;

  if (source->flow == NULL)
    return MSIM_OK;
  play->too_many = "samples of windows";
  err = msim__grow(play->mem, &play->windows, &play->window_capacity, play->window_count + 1, MSIM__PLAY_SAMPLES_MAX,
                   sizeof *play->windows);
  if (err != MSIM_OK)
    return err;
  window = &play->windows[play->window_count];
  window->at_ns = record->at_ns;
  window->srtt_ns = source->srtt_ns;
  window->rto_ns = source->rto_ns;
  window->cwnd = source->cwnd_bytes;
  window->ssthresh = source->ssthresh_bytes;
  window->flight = source->flight_bytes;
  window->from_client = source->from_client;
  err = msim__play_find_conn(play, source->flow, true, MSIM__PLAY_NONE, &window->conn);
  if (err == MSIM_OK)
    err = msim__play_word(play, source->why != NULL ? source->why : "", &window->why);
  play->window_count += err == MSIM_OK;
  return err;
}

static int take_state(struct msim__play *play, const struct msim_trace_record *record)
{
  const struct msim_trace_state *source = &record->u.state;
  struct msim__play_state *state;
  int err;

  if (source->flow == NULL || source->host == NULL)
    return MSIM_OK;
  play->too_many = "states of connections";
  err = msim__grow(play->mem, &play->states, &play->state_capacity, play->state_count + 1, MSIM__PLAY_SAMPLES_MAX,
                   sizeof *play->states);
  if (err != MSIM_OK)
    return err;
  state = &play->states[play->state_count];
  state->at_ns = record->at_ns;
  err = msim__play_find_conn(play, source->flow, true, MSIM__PLAY_NONE, &state->conn);
  if (err == MSIM_OK)
    err = msim__play_host(play, source->host, &state->host);
  if (err == MSIM_OK)
    err = msim__play_word(play, source->from != NULL ? source->from : "", &state->from);
  if (err == MSIM_OK)
    err = msim__play_word(play, source->to != NULL ? source->to : "", &state->to);
  if (err == MSIM_OK)
    err = msim__play_word(play, source->why != NULL ? source->why : "", &state->why);
  play->state_count += err == MSIM_OK;
  return err;
}

int msim__play_take(struct msim__play *play, const struct msim_trace_record *record)
{
  if (record->at_ns < play->from_ns || record->at_ns > play->to_ns)
    return MSIM_OK;
  play->end_ns = record->at_ns;
  switch (record->kind) {
  case MSIM_TRACE_SEGMENT:
  case MSIM_TRACE_DATAGRAM:
  case MSIM_TRACE_ICMP:
    return msim__play_take_packet(play, record);
  case MSIM_TRACE_ARP:
    return msim__play_take_arp(play, record);
  case MSIM_TRACE_APP:
  case MSIM_TRACE_HOST:
  case MSIM_TRACE_FAULT:
  case MSIM_TRACE_CHECK:
  case MSIM_TRACE_MESSAGE:
    return take_event(play, record);
  case MSIM_TRACE_STATE:
    return take_state(play, record);
  case MSIM_TRACE_CWND:
    return take_window(play, record);
  case MSIM_TRACE_FRAGMENT: /* the packet itself has its row */
  case MSIM_TRACE_KINDS:
    break;
  }
  return MSIM_OK;
}
