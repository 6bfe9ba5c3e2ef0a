/* segment.c: one exact segment or datagram, or the first few of a kind: by which keys it is known, and whether a packet
 * is it. Looked at when its sender puts it on its first link, so that routers on the way play no part. */
#include "fault/fault.h"

#include "text/pattern.h"
#include "trace/format.h"

#include <stdio.h>
#include <string.h>

#define FLAGS_BYTES 16

const char *const msim__fault_segment_one_of[] = {"segment", "unit", "text", "flags", NULL};

const char *msim__fault_segment_name(const struct msim__packet *packet, char out[MSIM__SEGMENT_NAME_BYTES])
{
  (void)snprintf(out, MSIM__SEGMENT_NAME_BYTES, "%c%lu", (packet->bits & MSIM__PACKET_SERVER_SIDE) != 0 ? 's' : 'c',
                 (unsigned long)packet->number);
  return out;
}

static bool text_fits(const char *glob, struct msim_slice bytes)
{
  struct msim_slice pattern = {(const uint8_t *)glob, strlen(glob)};

  while (bytes.size_bytes > 0 && (bytes.data[bytes.size_bytes - 1] == '\n' || bytes.data[bytes.size_bytes - 1] == '\r'))
    bytes.size_bytes--;
  return glob[0] == '\0' || msim__pattern_match(pattern, bytes);
}

/* Whether the packet carries what the fault is about. */
static bool carries(const struct msim__fault_segment *which, const struct msim__packet *packet)
{
  struct msim_slice payload = msim__packet_payload(packet);
  const struct msim__units *units = packet->cold != NULL ? packet->cold->units : NULL;
  uint32_t i;

  if (which->unit[0] == '\0')
    return text_fits(which->text, payload);
  for (i = 0; units != NULL && i < units->count; i++) {
    const struct msim__unit *unit = &units->items[i];
    struct msim_slice part = {payload.data + unit->begin_byte, unit->end_byte - unit->begin_byte};

    if ((unit->edges & MSIM_EDGE_FIRST) != 0 && msim__pattern_match_text(which->unit, unit->unit) &&
        text_fits(which->text, part))
      return true;
  }
  return false;
}

static bool flags_fit(const char *glob, const struct msim__packet *packet)
{
  char text[FLAGS_BYTES];

  if (glob[0] == '\0')
    return true;
  if (packet->proto != MSIM_PROTO_TCP)
    return false;
  *msim__put_flags(text, packet->flags) = '\0';
  return msim__pattern_match_text(glob, text);
}

bool msim__fault_segment_strikes(struct msim__fault *fault, const struct msim__way *way,
                                 const struct msim__packet *packet, uint64_t *fitting_count, const char *event)
{
  const struct msim__fault_segment *which = fault->plan.config;
  char segment[MSIM__SEGMENT_NAME_BYTES], conn[MSIM_FLOW_TEXT_BYTES];
  struct msim_value values[2];

  if (fault->strike_count >= which->times || packet->flow == NULL || msim__packet_is_icmp(packet))
    return false;
  if (msim__addr_node(msim__net(fault->sim), packet->src) != way->to->peer)
    return false; /* not its first link */
  if (which->from != NULL && strcmp(which->from, way->to->peer->name) != 0)
    return false;
  (void)msim__fault_segment_name(packet, segment);
  if ((which->segment[0] != '\0' && !msim__pattern_match_text(which->segment, segment)) ||
      !flags_fit(which->flags, packet) || !carries(which, packet))
    return false;
  (void)msim_flow_format(packet->flow, conn, sizeof conn);
  if (!msim__pattern_match_text(which->conn, conn) || (*fitting_count)++ < which->skip)
    return false;
  fault->strike_count++;
  values[0] = msim_value_text("conn", conn);
  values[1] = msim_value_text("segment", segment);
  msim__fault_tell(fault, event, values, 2);
  return true;
}
