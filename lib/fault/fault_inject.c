/* fault_inject.c: a segment that nobody has sent comes to an end of a connection, as if from its peer: a reset of a
 * middle box, bytes of somebody on the way, a number that is not quite right.
 *
 * It arrives from nowhere: it was on no link, and has a record of its arrival only. */
#include "fault/fault.h"

#include "tcp/tcp.h"
#include "text/pattern.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES_MAX 1400u

struct config {
  const char *conn, *to, *flags, *text;
  uint64_t ahead, behind, times;
};

static const char *check_flags(const char *text)
{
  const char *p;

  for (p = text; *p != '\0'; p++)
    if (strchr("FSRP.UEW", *p) == NULL)
      return "flags of TCP are written F S R P . U E W, as in traces: \"R.\"";
  return text[0] != '\0' ? NULL : "write flags of TCP: R, S, F., P.";
}

static const char *check_text(const char *text)
{
  return strlen(text) <= TEXT_BYTES_MAX ? NULL : "a segment carries 1400 bytes at most here";
}

static const struct msim_field fields[] = {
    {.key = "conn",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, conn),
     .help = "into which connection: laptop>relay:587#1; * and ? are allowed: the first of those that are open"},
    {.key = "to", .kind = MSIM_FIELD_HOST, .offset = offsetof(struct config, to), .help = "the end that gets it"},
    {.key = "flags",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, flags),
     .fallback = "R",
     .check = check_flags,
     .help = "as traces write them: R, S, F., P."},
    {.key = "text",
     .kind = MSIM_FIELD_TEXT,
     .offset = offsetof(struct config, text),
     .fallback = "\"\"",
     .check = check_text,
     .help = "its bytes: \"QUIT\\r\\n\""},
    {.key = "ahead",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, ahead),
     .fallback = "0",
     .max = INT32_MAX,
     .help = "its number lies so far beyond what is expected next"},
    {.key = "behind",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, behind),
     .fallback = "0",
     .max = INT32_MAX,
     .help = "or so far before it"},
    {.key = "times",
     .kind = MSIM_FIELD_UINT,
     .offset = offsetof(struct config, times),
     .fallback = "1",
     .max = 1000,
     .help = "so many, one after the other"},
    {.key = NULL},
};

static int prepare(struct msim__fault *fault, const char **wrong, char *why, size_t why_bytes)
{
  const struct config *config = fault->plan.config;
  int err = msim__fault_find_host(fault, config->to, NULL, wrong, why, why_bytes);

  *wrong = "to";
  return err;
}

static bool idle(const struct msim__fault *fault)
{
  return ((const struct config *)fault->plan.config)->times == 0;
}

static bool fits(const void *ctx, const struct msim_flow *flow)
{
  char conn[MSIM_FLOW_TEXT_BYTES];

  (void)msim_flow_format(flow, conn, sizeof conn);
  return msim__pattern_match_text(ctx, conn);
}

static uint16_t flags_of(const char *text)
{
  static const char letters[] = "FSRP.UEW"; /* bits 0 to 7, RFC 9293 3.1 */
  uint16_t flags = 0;

  for (; *text != '\0'; text++)
    flags |= (uint16_t)(1u << (strchr(letters, *text) - letters));
  return flags;
}

/* The number of a packet that is exactly right but for `ahead`; MSIM__PACKET_NONE: out of memory. */
static uint32_t forge(const struct config *config, struct msim__net *net, const struct msim__tcp_expected *expected)
{
  size_t text_bytes = strlen(config->text);
  uint32_t index = msim__packet_new(&net->packets);
  struct msim__packet *packet;
  struct msim__packet_cold *cold;

  if (index == MSIM__PACKET_NONE)
    return index;
  packet = msim__packet_at(&net->packets, index);
  packet->proto = MSIM_PROTO_TCP;
  packet->src = expected->remote_id;
  packet->dst = expected->local_id;
  packet->src_port = expected->remote_port;
  packet->dst_port = expected->local_port;
  packet->ttl = 64;
  packet->bits = (uint8_t)(MSIM__PACKET_DF | (expected->is_client ? MSIM__PACKET_SERVER_SIDE : 0) |
                           (expected->is_v6 ? MSIM__PACKET_V6 : 0));
  packet->flags = flags_of(config->flags);
  packet->seq = expected->seq + (uint32_t)config->ahead - (uint32_t)config->behind;
  packet->ack = (packet->flags & MSIM_TCP_ACK) != 0 ? expected->ack : 0;
  packet->window = 1000;
  packet->flow = expected->flow;
  msim__flow_ref(packet->flow);
  cold = msim__packet_cold(&net->packets, packet);
  if (text_bytes > 0)
    packet->payload = msim__blob_room(&net->sim->mem, text_bytes);
  if (cold == NULL || (text_bytes > 0 && packet->payload == NULL)) {
    msim__packet_free(&net->packets, index);
    return MSIM__PACKET_NONE;
  }
  if ((packet->flags & MSIM_TCP_RST) == 0) {
    memcpy(cold->options, expected->options, expected->option_bytes);
    cold->option_bytes = expected->option_bytes;
  }
  if (text_bytes > 0) {
    memcpy(packet->payload->data, config->text, text_bytes);
    packet->payload->size_bytes = (uint32_t)text_bytes;
    packet->payload_bytes = (uint16_t)text_bytes;
  }
  return index;
}

static void begin(struct msim__fault *fault)
{
  const struct config *config = fault->plan.config;
  struct msim__net *net = msim__net(fault->sim);
  struct msim__tcp_expected expected;
  char conn[MSIM_FLOW_TEXT_BYTES];
  struct msim_value values[3];
  struct msim__port *port;
  uint32_t index;
  uint64_t i;

  for (i = 0; i < config->times; i++) {
    if (!fault->node->is_up || !msim__tcp_expected(fault->node, fits, config->conn, &expected)) {
      msim__fault_tell(fault, "inject.skipped", NULL, 0); /* there is no such connection, or not any more */
      return;
    }
    port = msim__route_find(fault->node, expected.remote_id);
    if (port == NULL)
      port = msim__loopback(fault->node); /* to itself */
    index = port != NULL ? forge(config, net, &expected) : MSIM__PACKET_NONE;
    if (index == MSIM__PACKET_NONE) {
      msim__sim_fail_nomem(fault->sim);
      return;
    }
    (void)msim_flow_format(expected.flow, conn, sizeof conn);
    values[0] = msim_value_text("conn", conn);
    values[1] = msim_value_text("flags", config->flags);
    values[2] = msim_value_int("ahead", (int64_t)config->ahead - (int64_t)config->behind);
    fault->strike_count++;
    msim__fault_tell(fault, "inject", values, 3);
    msim__ip_deliver(port, index);
  }
}

extern const struct msim__fault_type msim__fault_inject;
const struct msim__fault_type msim__fault_inject = {
    .name = "inject",
    .summary = "a forged segment comes to an end of a connection",
    .config_bytes = sizeof(struct config),
    .fields = fields,
    .prepare = prepare,
    .idle = idle,
    .begin = begin,
};
