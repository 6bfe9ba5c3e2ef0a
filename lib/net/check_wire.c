/* check_wire.c: see check_wire.h. */
#include "net/check_wire.h"

#include <stdio.h>
#include <string.h>

#include "net/link.h"

static bool same_bytes(struct msim_slice a, struct msim_slice b)
{
  return a.size_bytes == b.size_bytes && (a.size_bytes == 0 || memcmp(a.data, b.data, a.size_bytes) == 0);
}

static const char *tcp_difference(const struct msim_tcp_view *a, const struct msim_tcp_view *b)
{
  size_t i;

  if (a->src_port != b->src_port || a->dst_port != b->dst_port)
    return "port";
  if (a->seq != b->seq)
    return "seq";
  if (a->ack != b->ack)
    return "ack";
  if (a->flags != b->flags)
    return "flags";
  if (a->window != b->window)
    return "window";
  if (a->urgent != b->urgent)
    return "urgent pointer";
  if (a->mss_bytes != b->mss_bytes || a->window_shift != b->window_shift || a->sack_permitted != b->sack_permitted ||
      a->has_timestamp != b->has_timestamp || a->ts_value != b->ts_value || a->ts_echo != b->ts_echo ||
      a->sack_count != b->sack_count)
    return "meaning of the options";
  for (i = 0; i < a->sack_count; i++) {
    if (a->sack[i].left != b->sack[i].left || a->sack[i].right != b->sack[i].right)
      return "meaning of the options";
  }
  return NULL;
}

static const char *l4_difference(const struct msim_packet *a, const struct msim_packet *b)
{
  switch (a->proto) {
  case MSIM_PROTO_TCP:
    return tcp_difference(&a->l4.tcp, &b->l4.tcp);
  case MSIM_PROTO_UDP:
    return a->l4.udp.src_port != b->l4.udp.src_port || a->l4.udp.dst_port != b->l4.udp.dst_port ? "port" : NULL;
  default:
    return a->l4.icmp.type != b->l4.icmp.type || a->l4.icmp.code != b->l4.icmp.code ||
                   a->l4.icmp.rest != b->l4.icmp.rest
               ? "header of ICMP"
               : NULL;
  }
}

const char *msim__wire_difference(const struct msim_packet *a, const struct msim_packet *b)
{
  const char *field;

  if (!msim_addr_equal(&a->src, &b->src) || !msim_addr_equal(&a->dst, &b->dst))
    return "address";
  if (a->proto != b->proto)
    return "protocol";
  if (a->ttl != b->ttl)
    return "ttl";
  if (a->tos != b->tos)
    return "tos";
  if (a->dont_fragment != b->dont_fragment)
    return "don't fragment";
  if (a->id != b->id)
    return "id";
  if (a->flow_label != b->flow_label || a->first_header != b->first_header)
    return "header of IPv6";
  if (a->more_fragments != b->more_fragments || a->fragment_offset_bytes != b->fragment_offset_bytes)
    return "fragment";
  if (!same_bytes(a->ip_options, b->ip_options))
    return "options of IP";
  field = msim_packet_is_fragment(a) ? NULL : l4_difference(a, b);
  if (field != NULL)
    return field;
  if (!same_bytes(a->options, b->options))
    return "options";
  return same_bytes(a->payload, b->payload) ? NULL : "payload";
}

/* What is wrong with the packet, or NULL; the bytes, as many as links count, are written into out. */
static const char *difference(const struct msim_packet *view, uint8_t *out, size_t size_bytes)
{
  struct msim_packet again;
  struct msim_slice bytes;

  bytes.data = out;
  bytes.size_bytes = msim_packet_encode(view, out, size_bytes);
  if (bytes.size_bytes != size_bytes)
    return "size";
  if (msim_packet_decode(&again, bytes) != MSIM_OK)
    return "form";
  return msim__wire_difference(view, &again);
}

/* "laptop>mx:25#1 c3", or the two ends by name. */
static void name_packet(struct msim__net *net, const struct msim__packet *packet, char *out, size_t capacity_bytes)
{
  size_t size = 0;

  if (packet->flow != NULL && !msim__packet_is_icmp(packet)) {
    size = msim_flow_format(packet->flow, out, capacity_bytes);
    if (size < capacity_bytes)
      snprintf(out + size, capacity_bytes - size, " %c%lu", (packet->bits & MSIM__PACKET_SERVER_SIDE) != 0 ? 's' : 'c',
               (unsigned long)packet->number);
    return;
  }
  snprintf(out, capacity_bytes, "%s>%s protocol %u", msim__addr_name(net, packet->src),
           msim__addr_name(net, packet->dst), (unsigned)packet->proto);
}

int msim__check_wire(struct msim__net *net, const struct msim__packet *packet)
{
  size_t size_bytes = msim__packet_size_bytes(packet);
  struct msim_packet view;
  const char *field;
  uint8_t *bytes;
  char name[160];

  if (packet->proto != MSIM_PROTO_TCP && packet->proto != MSIM_PROTO_UDP && !msim__packet_is_icmp(packet))
    return MSIM_OK;
  bytes = msim__alloc(&net->sim->mem, size_bytes);
  if (bytes == NULL)
    return msim__sim_fail_nomem(net->sim);
  msim__packet_view(net, packet, &view);
  field = difference(&view, bytes, size_bytes);
  msim__free(&net->sim->mem, bytes, size_bytes);
  if (field == NULL)
    return MSIM_OK;
  name_packet(net, packet, name, sizeof name);
  return msim__sim_fail(net->sim, MSIM_ERR_BUG, "the packet %s is not the same after its bytes: %s", name, field);
}
