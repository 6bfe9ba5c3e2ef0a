/* record_match.c: see record_match.h. */
#include "trace/record_match.h"

#include "text/pattern.h"

#include <stdio.h>
#include <string.h>

#define NUMBER_BYTES 24

static bool fits(const char *glob, const char *text)
{
  return glob == NULL || (text != NULL && msim__pattern_match_text(glob, text));
}

static bool value_fits(const struct msim_value *value, const char *glob)
{
  char number[NUMBER_BYTES];
  size_t i;

  switch (value->kind) {
  case MSIM_VALUE_TEXT:
    return fits(glob, value->u.text);
  case MSIM_VALUE_INT:
    (void)snprintf(number, sizeof number, "%lld", (long long)value->u.integer);
    return fits(glob, number);
  case MSIM_VALUE_BOOL:
    return fits(glob, value->u.truth ? "true" : "false");
  case MSIM_VALUE_LIST:
    for (i = 0; i < value->u.list.count; i++)
      if (fits(glob, value->u.list.items[i]))
        return true;
    return false;
  }
  return false;
}

static bool has_value(const struct msim_trace_event *event, const struct msim__value_match *wanted)
{
  size_t i;

  for (i = 0; i < event->value_count; i++)
    if (strcmp(event->values[i].name, wanted->name) == 0 && value_fits(&event->values[i], wanted->glob))
      return true;
  return false;
}

static bool event_matches(const struct msim__record_match *match, const struct msim_trace_event *event)
{
  const struct msim__value_match *with = match->with.items;
  size_t i;

  if (!fits(match->event, event->event) || !fits(match->host, event->host) || !fits(match->agent, event->agent))
    return false;
  for (i = 0; i < match->with.count; i++)
    if (!has_value(event, &with[i]))
      return false;
  return true;
}

static bool packet_matches(const struct msim__record_match *match, const struct msim_trace_packet *packet)
{
  char text[MSIM_FLOW_TEXT_BYTES];

  if (packet->point != MSIM_POINT_TX || packet->flow == NULL || !fits(match->host, packet->from))
    return false;
  (void)msim_flow_format(packet->flow, text, sizeof text);
  if (!fits(match->conn, text))
    return false;
  (void)snprintf(text, sizeof text, "%c%lu", packet->from_client ? 'c' : 's', (unsigned long)packet->number);
  return fits(match->segment, text);
}

uint32_t msim__record_match_kinds(const struct msim__record_match *match)
{
  if (match->conn != NULL)
    return MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM);
  return MSIM_TRACE_BIT(MSIM_TRACE_APP) | MSIM_TRACE_BIT(MSIM_TRACE_HOST) | MSIM_TRACE_BIT(MSIM_TRACE_FAULT) |
         MSIM_TRACE_BIT(MSIM_TRACE_CHECK) | MSIM_TRACE_BIT(MSIM_TRACE_MESSAGE);
}

bool msim__record_matches(const struct msim__record_match *match, const struct msim_trace_record *record)
{
  if ((msim__record_match_kinds(match) & MSIM_TRACE_BIT(record->kind)) == 0)
    return false;
  return match->conn != NULL ? packet_matches(match, &record->u.packet) : event_matches(match, &record->u.event);
}
