/* observe.c: see observe.h. */
#include "check/observe.h"
#include "check/scope.h"

#include <stdio.h>
#include <string.h>

#define CONNS_MAX ((size_t)1 << 26)
#define KEY_BYTES_MAX (MSIM_FLOW_TEXT_BYTES + 1)

void msim__observation_init(struct msim__observation *obs, struct msim__mem *mem, struct msim__words *words)
{
  memset(obs, 0, sizeof *obs);
  obs->mem = mem;
  obs->words = words;
  msim__names_init(&obs->conn_keys, mem);
}

void msim__observation_release(struct msim__observation *obs)
{
  msim__free(obs->mem, obs->records, obs->record_capacity * sizeof *obs->records);
  msim__free(obs->mem, obs->conns, obs->conn_capacity * sizeof *obs->conns);
  msim__names_release(&obs->conn_keys);
  msim__observation_init(obs, obs->mem, obs->words);
}

int msim__observation_add(struct msim__observation *obs, const struct msim__seen *record)
{
  int err;

  if (obs->record_count >= MSIM__SEEN_MAX) {
    obs->too_many = true;
    return MSIM_OK;
  }
  err = msim__grow(obs->mem, &obs->records, &obs->record_capacity, obs->record_count + 1, MSIM__SEEN_MAX,
                   sizeof *obs->records);
  if (err != MSIM_OK)
    return err;
  obs->records[obs->record_count++] = *record;
  return MSIM_OK;
}

int msim__observation_conn(struct msim__observation *obs, const void *key, size_t key_bytes,
                           const struct msim__seen_conn *fresh, uint32_t *out)
{
  char whole[KEY_BYTES_MAX];
  const uint32_t *found;
  uint32_t *number;
  char *copy;
  int err;

  if (key_bytes > MSIM_FLOW_TEXT_BYTES)
    return MSIM_ERR_LIMIT;
  whole[0] = (char)('0' + fresh->kind);
  memcpy(whole + 1, key, key_bytes);
  found = msim__names_find(&obs->conn_keys, whole, key_bytes + 1);
  if (found != NULL) {
    *out = *found;
    return MSIM_OK;
  }
  copy = msim__arena_text(&obs->words->arena, whole, key_bytes + 1);
  number = msim__arena_alloc(&obs->words->arena, sizeof *number);
  if (copy == NULL || number == NULL)
    return MSIM_ERR_NOMEM;
  err = msim__grow(obs->mem, &obs->conns, &obs->conn_capacity, obs->conn_count + 1, CONNS_MAX, sizeof *obs->conns);
  if (err != MSIM_OK)
    return err;
  *number = (uint32_t)obs->conn_count;
  err = msim__names_add(&obs->conn_keys, copy, key_bytes + 1, number);
  if (err != MSIM_OK)
    return err;
  obs->conns[obs->conn_count++] = *fresh;
  *out = *number;
  return MSIM_OK;
}

static int keep_word(struct msim__words *words, const char **out, const char *text)
{
  *out = NULL;
  if (text == NULL)
    return MSIM_OK;
  *out = msim__words_text(words, text);
  return *out != NULL ? MSIM_OK : MSIM_ERR_NOMEM;
}

static int keep_list(struct msim__words *words, struct msim__seen_value *out, const struct msim_value *value)
{
  size_t count = value->u.list.count, i;
  struct msim__seen_value *items = msim__arena_alloc(&words->arena, count * sizeof *items);

  if (items == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < count; i++) {
    items[i].kind = MSIM__SEEN_TEXT;
    if (keep_word(words, &items[i].u.text, value->u.list.items[i]) != MSIM_OK)
      return MSIM_ERR_NOMEM;
  }
  out->kind = MSIM__SEEN_LIST;
  out->u.list.items = items;
  out->u.list.count = count;
  return MSIM_OK;
}

static int keep_value(struct msim__words *words, struct msim__seen_value *out, const struct msim_value *value)
{
  if (keep_word(words, &out->name, value->name) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  switch (value->kind) {
  case MSIM_VALUE_TEXT:
    out->kind = value->u.text != NULL ? MSIM__SEEN_TEXT : MSIM__SEEN_OTHER;
    return keep_word(words, &out->u.text, value->u.text);
  case MSIM_VALUE_INT:
    out->kind = MSIM__SEEN_INT;
    out->u.integer = value->u.integer;
    return MSIM_OK;
  case MSIM_VALUE_BOOL:
    out->kind = MSIM__SEEN_BOOL;
    out->u.truth = value->u.truth;
    return MSIM_OK;
  case MSIM_VALUE_LIST:
    return keep_list(words, out, value);
  }
  out->kind = MSIM__SEEN_OTHER;
  return MSIM_OK;
}

static int keep_values(struct msim__words *words, struct msim__seen_values *out, const struct msim_value *values,
                       size_t count)
{
  struct msim__seen_value *items;
  size_t i;

  out->items = NULL;
  out->count = 0;
  if (count == 0)
    return MSIM_OK;
  items = msim__arena_alloc(&words->arena, count * sizeof *items);
  if (items == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < count; i++)
    if (keep_value(words, &items[i], &values[i]) != MSIM_OK)
      return MSIM_ERR_NOMEM;
  out->items = items;
  out->count = count;
  return MSIM_OK;
}

static int keep_units(struct msim__words *words, const struct msim__seen_units **out,
                      const struct msim_trace_packet *packet)
{
  struct msim__seen_units *units;
  struct msim__seen_unit *items;
  size_t i;

  *out = NULL;
  if (packet->unit_count == 0)
    return MSIM_OK;
  units = msim__arena_alloc(&words->arena, sizeof *units);
  items = msim__arena_alloc(&words->arena, packet->unit_count * sizeof *items);
  if (units == NULL || items == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 0; i < packet->unit_count; i++) {
    const struct msim_trace_unit *unit = &packet->units[i];

    items[i].edges = unit->edges;
    if (keep_word(words, &items[i].unit, unit->unit) != MSIM_OK ||
        keep_word(words, &items[i].message, unit->message) != MSIM_OK ||
        keep_values(words, &items[i].values, unit->values, unit->value_count) != MSIM_OK)
      return MSIM_ERR_NOMEM;
  }
  units->items = items;
  units->count = packet->unit_count;
  *out = units;
  return MSIM_OK;
}

static int keep_flow(struct msim__observation *obs, uint8_t kind, const struct msim_flow *flow, uint32_t *out)
{
  uint64_t id = msim_flow_id(flow);
  char key[sizeof id + 1], text[MSIM_FLOW_TEXT_BYTES];
  struct msim__seen_conn fresh;
  const uint32_t *found;

  key[0] = (char)('0' + kind);
  memcpy(key + 1, &id, sizeof id);
  found = msim__names_find(&obs->conn_keys, key, sizeof key);
  if (found != NULL) {
    *out = *found;
    return MSIM_OK;
  }
  memset(&fresh, 0, sizeof fresh);
  fresh.kind = kind;
  fresh.port = msim_flow_port(flow);
  msim_flow_format(flow, text, sizeof text);
  if (keep_word(obs->words, &fresh.name, text) != MSIM_OK ||
      keep_word(obs->words, &fresh.client, msim_flow_client(flow)) != MSIM_OK ||
      keep_word(obs->words, &fresh.server, msim_flow_server(flow)) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  return msim__observation_conn(obs, &id, sizeof id, &fresh, out);
}

static int keep_segment_name(struct msim__words *words, const char **out, bool from_client, uint32_t number)
{
  char text[16];

  snprintf(text, sizeof text, "%c%lu", from_client ? 'c' : 's', (unsigned long)number);
  return keep_word(words, out, text);
}

static int observe_packet(struct msim__observation *obs, struct msim__seen *seen,
                          const struct msim_trace_packet *packet)
{
  const struct msim_packet *view = packet->packet;
  int err;

  if (packet->flow == NULL || (packet->point != MSIM_POINT_TX && packet->point != MSIM_POINT_RX))
    return MSIM_OK;
  seen->point = (uint8_t)packet->point;
  seen->dir = packet->from_client ? MSIM__SEEN_TO_SERVER : MSIM__SEEN_TO_CLIENT;
  seen->u.wire.seq = packet->seq;
  seen->u.wire.ack = packet->ack;
  if (view != NULL) {
    seen->flags = seen->kind == MSIM__SEEN_SEGMENT ? (uint8_t)view->l4.tcp.flags : 0;
    seen->u.wire.len_bytes = (uint32_t)view->payload.size_bytes;
    seen->src_scope = (uint8_t)msim__scope_of(&view->src);
    seen->dst_scope = (uint8_t)msim__scope_of(&view->dst);
  }
  if (keep_word(obs->words, &seen->from, packet->from) != MSIM_OK ||
      keep_word(obs->words, &seen->to, packet->to) != MSIM_OK ||
      keep_segment_name(obs->words, &seen->u.wire.seg, packet->from_client, packet->number) != MSIM_OK ||
      keep_units(obs->words, &seen->u.wire.units, packet) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  if (packet->rtx_number != 0 &&
      keep_segment_name(obs->words, &seen->u.wire.rtx, packet->from_client, packet->rtx_number) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  err = keep_flow(obs, seen->kind, packet->flow, &seen->u.wire.conn);
  return err != MSIM_OK ? err : msim__observation_add(obs, seen);
}

static int observe_event(struct msim__observation *obs, struct msim__seen *seen, const struct msim_trace_event *event)
{
  struct msim__seen_values *values = NULL;

  if (event->value_count > 0) {
    values = msim__arena_alloc(&obs->words->arena, sizeof *values);
    if (values == NULL || keep_values(obs->words, values, event->values, event->value_count) != MSIM_OK)
      return MSIM_ERR_NOMEM;
  }
  seen->u.app.values = values;
  if (keep_word(obs->words, &seen->from, event->host) != MSIM_OK ||
      keep_word(obs->words, &seen->u.app.event, event->event) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  return msim__observation_add(obs, seen);
}

static int observe_arp(struct msim__observation *obs, struct msim__seen *seen, const struct msim_trace_arp *arp)
{
  seen->lost = arp->reason != NULL;
  if (keep_word(obs->words, &seen->from, arp->from) != MSIM_OK ||
      keep_word(obs->words, &seen->to, arp->to) != MSIM_OK ||
      keep_word(obs->words, &seen->u.arp.what, arp->what) != MSIM_OK ||
      keep_word(obs->words, &seen->u.arp.target, arp->target) != MSIM_OK)
    return MSIM_ERR_NOMEM;
  return msim__observation_add(obs, seen);
}

int msim__observe(struct msim__observation *obs, const struct msim_trace_record *record)
{
  struct msim__seen seen;

  memset(&seen, 0, sizeof seen);
  seen.n = record->n;
  seen.at_ns = record->at_ns;
  if (record->kind == MSIM_TRACE_APP) {
    seen.kind = MSIM__SEEN_APP;
    return observe_event(obs, &seen, &record->u.event);
  }
  if (record->kind == MSIM_TRACE_ARP) {
    seen.kind = MSIM__SEEN_ARP;
    return observe_arp(obs, &seen, &record->u.arp);
  }
  if (record->kind != MSIM_TRACE_SEGMENT && record->kind != MSIM_TRACE_DATAGRAM)
    return MSIM_OK;
  seen.kind = record->kind == MSIM_TRACE_SEGMENT ? MSIM__SEEN_SEGMENT : MSIM__SEEN_DATAGRAM;
  return observe_packet(obs, &seen, &record->u.packet);
}
