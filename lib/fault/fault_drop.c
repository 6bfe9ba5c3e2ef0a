/* fault_drop.c: one exact segment or datagram is lost, or the first few of a kind: when its sender puts it on its first
 * link, so that routers on the way play no part. */
#include "fault/fault.h"

#include "text/pattern.h"

#include <stdio.h>
#include <string.h>

struct config {
  const char *conn, *segment, *unit, *text, *from;
  uint64_t times, skip;
};

struct state {
  uint64_t fitting_count;
};

static const struct msim_field fields[] = {
    {.key = "conn",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, conn),
     .help = "of which connection, relay>mx:25#1; * and ? are allowed in all of these"},
    {.key = "segment",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, segment),
     .fallback = "\"\"",
     .help = "which one: c3, s9"},
    {.key = "unit",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, unit),
     .fallback = "\"\"",
     .help = "or one that carries the beginning of such a piece: smtp.reply, mail.content"},
    {.key = "text",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, text),
     .fallback = "\"\"",
     .help = "whose bytes in the segment, without line end, read so: \"250*\"; without unit: all of its bytes"},
    {.key = "from",
     .kind = MSIM_FIELD_HOST,
     .offset = offsetof(struct config, from),
     .fallback = "",
     .help = "sent by this host only"},
    {.key = "skip",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, skip),
     .fallback = "0",
     .help = "so many that fit are let through first"},
    {.key = "times",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, times),
     .fallback = "1",
     .help = "so many are lost"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;

  if (config->segment[0] != '\0' || config->unit[0] != '\0' || config->text[0] != '\0')
    return MSIM_OK;
  *wrong = "drop";
  (void)snprintf(why, why_bytes, "drop: which segment? write segment, unit or text");
  return MSIM_ERR_INVALID;
}

static bool idle(const struct msim__fault *fault)
{
  return ((const struct config *)fault->plan.config)->times == 0;
}

static bool text_fits(const char *glob, struct msim_slice bytes)
{
  struct msim_slice pattern = {(const uint8_t *)glob, strlen(glob)};

  while (bytes.size_bytes > 0 && (bytes.data[bytes.size_bytes - 1] == '\n' || bytes.data[bytes.size_bytes - 1] == '\r'))
    bytes.size_bytes--;
  return glob[0] == '\0' || msim__pattern_match(pattern, bytes);
}

/* Whether the packet carries what the fault is about. */
static bool carries(const struct config *config, const struct msim__packet *packet)
{
  struct msim_slice payload = msim__packet_payload(packet);
  const struct msim__units *units = packet->cold != NULL ? packet->cold->units : NULL;
  uint32_t i;

  if (config->unit[0] == '\0')
    return text_fits(config->text, payload);
  for (i = 0; units != NULL && i < units->count; i++) {
    const struct msim__unit *unit = &units->items[i];
    struct msim_slice part = {payload.data + unit->begin_byte, unit->end_byte - unit->begin_byte};

    if ((unit->edges & MSIM_EDGE_FIRST) != 0 && msim__pattern_match_text(config->unit, unit->unit) &&
        text_fits(config->text, part))
      return true;
  }
  return false;
}

static void judge(struct msim__fault *fault, const struct msim__way *way, const struct msim__packet *packet,
                  struct msim__packet_verdict *verdict)
{
  const struct config *config = fault->plan.config;
  struct state *state = fault->state;
  char text[MSIM_FLOW_TEXT_BYTES];
  struct msim_value values[2];

  if (fault->strike_count >= config->times || packet->flow == NULL || msim__packet_is_icmp(packet))
    return;
  if (msim__addr_node(msim__net(fault->sim), packet->src) != way->to->peer)
    return; /* not its first link */
  if (config->from != NULL && strcmp(config->from, way->to->peer->name) != 0)
    return;
  (void)snprintf(text, sizeof text, "%c%lu", (packet->bits & MSIM__PACKET_SERVER_SIDE) != 0 ? 's' : 'c',
                 (unsigned long)packet->number);
  if (config->segment[0] != '\0' && !msim__pattern_match_text(config->segment, text))
    return;
  values[1] = msim_value_text("segment", text);
  if (!carries(config, packet))
    return;
  {
    char conn[MSIM_FLOW_TEXT_BYTES];

    (void)msim_flow_format(packet->flow, conn, sizeof conn);
    if (!msim__pattern_match_text(config->conn, conn) || state->fitting_count++ < config->skip)
      return;
    values[0] = msim_value_text("conn", conn);
    fault->strike_count++;
    msim__fault_tell(fault, "drop", values, 2);
  }
  verdict->reason = "drop";
  verdict->fault = fault->plan.id;
}

extern const struct msim__fault_type msim__fault_drop;
const struct msim__fault_type msim__fault_drop = {
    .name = "drop",
    .summary = "one exact segment or datagram is lost",
    .config_bytes = sizeof(struct config),
    .state_bytes = sizeof(struct state),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .judge = judge,
};
