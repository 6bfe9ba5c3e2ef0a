/* check_wire.c: see check_wire.h. */
#include "net/check_wire.h"

#include <stdio.h>
#include <string.h>

#include "net/lan.h"

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

/* What is wrong with the frame around the packet, or NULL. */
static const char *frame_difference(const struct msim__packet_rare *rare, bool is_v6)
{
  struct msim__ethernet_header header = {.type = rare->is_arp ? MSIM__ETHERTYPE_ARP
                                                 : is_v6      ? MSIM__ETHERTYPE_IPV6
                                                              : MSIM__ETHERTYPE_IPV4},
                               again;
  uint8_t bytes[MSIM__ETHERNET_HEADER_BYTES + MSIM__ETHERNET_PAYLOAD_MIN] = {0};
  struct msim_slice payload;

  memcpy(header.dst, rare->frame_dst.bytes, sizeof header.dst);
  memcpy(header.src, rare->frame_src.bytes, sizeof header.src);
  if (msim__ethernet_encode(&header, bytes, sizeof bytes) == 0 ||
      msim__ethernet_decode(&again, &payload, (struct msim_slice){bytes, sizeof bytes}) != MSIM_OK)
    return "frame";
  return memcmp(header.dst, again.dst, 6) != 0 || memcmp(header.src, again.src, 6) != 0 || header.type != again.type
             ? "header of the frame"
             : NULL;
}

static const char *arp_difference(const struct msim__net *net, const struct msim__packet *packet)
{
  struct msim__arp_packet arp, again;
  uint8_t bytes[MSIM__ARP_BYTES];

  msim__arp_view(net, &packet->cold->rare->arp, &arp);
  if (msim__packet_size_bytes(packet) != sizeof bytes || msim__arp_encode(&arp, bytes, sizeof bytes) != sizeof bytes)
    return "size";
  if (msim__arp_decode(&again, (struct msim_slice){bytes, sizeof bytes}) != MSIM_OK)
    return "form";
  if (again.operation != arp.operation)
    return "operation";
  if (!msim_addr_equal(&again.sender, &arp.sender) || !msim_addr_equal(&again.target, &arp.target))
    return "address";
  return memcmp(again.sender_mac, arp.sender_mac, 6) != 0 || memcmp(again.target_mac, arp.target_mac, 6) != 0 ? "MAC"
                                                                                                              : NULL;
}

/* Of a packet on a network. */
static int check_frame(struct msim__net *net, const struct msim__packet *packet)
{
  const char *field = frame_difference(packet->cold->rare, msim__packet_is_v6(packet));

  if (field == NULL && packet->cold->rare->is_arp)
    field = arp_difference(net, packet);
  return field == NULL ? MSIM_OK
                       : msim__sim_fail(net->sim, MSIM_ERR_BUG, "a frame of %s is not the same after its bytes: %s",
                                        packet->cold->rare->is_arp ? "ARP" : "IP", field);
}

int msim__check_wire(struct msim__net *net, const struct msim__packet *packet)
{
  size_t size_bytes = msim__packet_size_bytes(packet);
  struct msim_packet view;
  const char *field;
  uint8_t *bytes;
  char name[160];

  if ((packet->bits & MSIM__PACKET_RARE) != 0 && packet->cold->rare->has_frame && check_frame(net, packet) != MSIM_OK)
    return MSIM_ERR_BUG;
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
