/* nat_icmp.c: what ICMP errors quote, as a NAT has to put it right (RFC 5508 4, RFC 4787 REQ-12).
 *
 * An error never opens, keeps or ends a session (RFC 5508 REQ-6, RFC 5382 REQ-10). The quotation is bytes: addresses,
 * ports and checksums change in a copy of them. */
#include "net/nat.h"

#include <string.h>

#include "wire/checksum.h"
#include "wire/octets.h"

#define SRC_AT 12u
#define DST_AT 16u
#define HEADER_SUM_AT 10u

static struct msim__net *net_of(const struct msim__nat *nat)
{
  return msim__net(msim__node_sim(nat->node));
}

/* A quotation that can be written to. */
struct quote {
  struct msim__ipv4_header ip;
  uint8_t *bytes;
  size_t size_bytes, head_bytes;
};

/* Of the quoted packet: where a port, or the identifier of a query, stands behind the header of IP. False: nowhere. */
static bool port_at(const struct quote *q, bool of_source, size_t *at)
{
  const uint8_t *start = q->bytes + q->head_bytes;

  if (q->ip.protocol == MSIM_PROTO_TCP || q->ip.protocol == MSIM_PROTO_UDP) {
    *at = q->head_bytes + (of_source ? 0 : 2);
    return true;
  }
  *at = q->head_bytes + 4;
  return q->ip.protocol == MSIM_PROTO_ICMP && (msim__nat_is_query(start[0]) || msim__nat_is_reply(start[0]));
}

/* Where the checksum of the transport stands; 0: the quotation ends in front of it, or it has none. */
static size_t sum_at(const struct quote *q)
{
  size_t at = q->head_bytes + (q->ip.protocol == MSIM_PROTO_TCP ? 16u : q->ip.protocol == MSIM_PROTO_UDP ? 6u : 2u);

  if (at + 2 > q->size_bytes)
    return 0;
  return q->ip.protocol == MSIM_PROTO_UDP && msim__octets_get16(q->bytes + at) == 0 ? 0 : at; /* RFC 768 */
}

/* RFC 1624 3, equation 3. */
static void adjust(uint8_t *sum, uint16_t before, uint16_t after)
{
  uint32_t value = (uint32_t)(uint16_t)~msim__octets_get16(sum) + (uint16_t)~before + after;

  value = (value & 0xffff) + (value >> 16);
  value = (value & 0xffff) + (value >> 16);
  msim__octets_put16(sum, (uint16_t)~value);
}

/* Opens the quotation of an error for writing. False: it cannot be read, or is not what was sent (RFC 5508 4.1 REQ-3
 * a); or out of memory: the simulation has then failed. */
static bool open_quote(struct msim__net *net, const struct msim__packet *packet, struct quote *q)
{
  struct msim__icmp_message message;
  struct msim_slice start, head;

  memset(&message, 0, sizeof message);
  message.type = (uint8_t)packet->src_port;
  message.code = (uint8_t)packet->dst_port;
  message.rest = packet->seq;
  message.payload = msim__packet_payload(packet);
  if (msim__icmp_decode_quoted(&message, &q->ip, &start) != MSIM_OK || start.size_bytes < 8 ||
      q->ip.fragment_bytes != 0)
    return false;
  q->head_bytes = msim__ipv4_header_bytes(&q->ip); /* options and all: REQ-3 b) */
  q->size_bytes = message.payload.size_bytes;
  head.data = message.payload.data;
  head.size_bytes = q->head_bytes;
  if (msim__checksum_of(head) != 0)
    return false;
  q->bytes = msim__alloc(&net->sim->mem, q->size_bytes);
  if (q->bytes == NULL) {
    msim__sim_fail_nomem(net->sim);
    return false;
  }
  memcpy(q->bytes, message.payload.data, q->size_bytes);
  return true;
}

static void change(struct msim__net *net, struct quote *q, bool source, struct msim__nat_end end)
{
  uint8_t *addr = q->bytes + (source ? SRC_AT : DST_AT), fresh[4];
  size_t sum = sum_at(q), at = 0, i;

  memcpy(fresh, msim__addr_of(net, end.addr)->bytes, sizeof fresh);
  for (i = 0; i < 4; i += 2) {
    adjust(q->bytes + HEADER_SUM_AT, msim__octets_get16(addr + i), msim__octets_get16(fresh + i));
    if (sum != 0 && q->ip.protocol != MSIM_PROTO_ICMP) /* which has no pseudo header */
      adjust(q->bytes + sum, msim__octets_get16(addr + i), msim__octets_get16(fresh + i));
  }
  memcpy(addr, fresh, sizeof fresh);
  if (!port_at(q, source, &at))
    return;
  if (sum != 0)
    adjust(q->bytes + sum, msim__octets_get16(q->bytes + at), end.port);
  msim__octets_put16(q->bytes + at, end.port);
}

/* The packet gets the bytes. */
static void close_quote(struct msim__net *net, struct msim__packet *packet, struct quote *q, bool keep)
{
  struct msim_blob *blob = keep ? msim_blob_new(net->sim, q->bytes, q->size_bytes) : NULL;

  msim__free(&net->sim->mem, q->bytes, q->size_bytes);
  if (blob == NULL)
    return; /* msim_blob_new has failed the simulation */
  msim_blob_unref(packet->payload);
  packet->payload = blob;
  packet->payload_offset_bytes = 0;
}

bool msim__nat_error_in(struct msim__nat *nat, struct msim__packet *packet)
{
  struct msim__net *net = net_of(nat);
  const struct msim__nat_mapping *m = NULL;
  struct msim__nat_end outside;
  struct quote q;
  size_t at;

  if (!open_quote(net, packet, &q))
    return false;
  outside.addr = msim__addr_find_in(net, net->addrs[packet->dst].realm, &q.ip.src);
  if (port_at(&q, true, &at)) {
    outside.port = msim__octets_get16(q.bytes + at);
    m = msim__nat_find_outside(&nat->table, q.ip.protocol, outside);
  }
  if (m != NULL) {
    change(net, &q, true, m->inside);
    packet->dst = m->inside.addr; /* REQ-4 c) */
  }
  close_quote(net, packet, &q, m != NULL);
  return m != NULL;
}

bool msim__nat_error_out(struct msim__nat *nat, struct msim__packet *packet)
{
  struct msim__net *net = net_of(nat);
  const struct msim__nat_pair *pair = msim__nat_pair_inside(nat, packet->src);
  const struct msim__nat_mapping *m = NULL;
  struct msim__nat_end inside;
  struct quote q;
  size_t at;

  if (!open_quote(net, packet, &q))
    return false;
  inside.addr = msim__addr_find_in(net, nat->realm, &q.ip.dst);
  if (port_at(&q, false, &at)) {
    inside.port = msim__octets_get16(q.bytes + at);
    m = msim__nat_find_inside(&nat->table, q.ip.protocol, inside);
  }
  if (m != NULL) {
    change(net, &q, false, m->outside);
    packet->src = pair != NULL ? pair->outside : m->outside.addr; /* REQ-5 c) */
  }
  close_quote(net, packet, &q, m != NULL);
  return m != NULL;
}

/* ---- errors of the router's own ---- */

static void view_port(struct msim_packet *view, bool source, uint16_t port)
{
  if (view->proto == MSIM_PROTO_TCP)
    *(source ? &view->l4.tcp.src_port : &view->l4.tcp.dst_port) = port;
  else if (view->proto == MSIM_PROTO_UDP)
    *(source ? &view->l4.udp.src_port : &view->l4.udp.dst_port) = port;
  else
    view->l4.icmp.rest = (uint32_t)port << 16 | (view->l4.icmp.rest & 0xffff);
}

uint32_t msim__nat_requote(const struct msim_node *node, const struct msim__packet *about, struct msim_packet *view)
{
  const struct msim__nat *nat = msim__nat_of(node);
  const struct msim__net *net = net_of(nat);
  const bool was_in = net->addrs[about->dst].realm == nat->realm && net->addrs[about->src].realm != nat->realm;
  struct msim__nat_end src = {about->src, 0}, dst = {about->dst, 0};
  const struct msim__nat_mapping *m;

  if (msim__packet_is_fragment(about))
    return about->src;
  if (was_in && msim__nat_port(about, false, &dst.port)) {
    m = msim__nat_find_inside(&nat->table, about->proto, dst);
    if (m != NULL) {
      view->dst = *msim__addr_of(net, m->outside.addr);
      view_port(view, false, m->outside.port);
    }
  }
  if (!msim__node_owns(node, about->src) || !msim__nat_port(about, true, &src.port))
    return about->src;
  m = msim__nat_find_outside(&nat->table, about->proto, src);
  if (m == NULL)
    return about->src;
  view->src = *msim__addr_of(net, m->inside.addr);
  view_port(view, true, m->inside.port);
  return m->inside.addr;
}
