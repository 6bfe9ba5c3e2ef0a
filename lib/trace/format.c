/* format.c: see format.h. By hand, because printf costs more than the rest of a line. */
#include "trace/format.h"

#include <string.h>

#include "core/hash.h"
#include "net/flow.h"
#include "text/utf8.h"

const struct msim__flag_name msim__flag_names[8] = {
    {MSIM_TCP_SYN, "SYN"}, {MSIM_TCP_ACK, "ACK"}, {MSIM_TCP_FIN, "FIN"}, {MSIM_TCP_RST, "RST"},
    {MSIM_TCP_PSH, "PSH"}, {MSIM_TCP_URG, "URG"}, {MSIM_TCP_ECE, "ECE"}, {MSIM_TCP_CWR, "CWR"},
};

char *msim__put_hex(char *p, const uint8_t *bytes, size_t size_bytes)
{
  static const char digits[] = "0123456789abcdef";
  size_t i;

  for (i = 0; i < size_bytes; i++) {
    *p++ = digits[bytes[i] >> 4];
    *p++ = digits[bytes[i] & 0xf];
  }
  return p;
}

char *msim__put_name(char *p, const char *name)
{
  size_t size_bytes;

  if (name == NULL)
    name = "-";
  size_bytes = strlen(name);
  if (size_bytes > MSIM__FORMAT_NAME_BYTES_MAX)
    size_bytes = msim__utf8_cut((const uint8_t *)name, size_bytes, MSIM__FORMAT_NAME_BYTES_MAX);
  memcpy(p, name, size_bytes);
  return p + size_bytes;
}

char *msim__put_flow(char *p, const struct msim_flow *flow)
{
  p = msim__put_name(p, flow->client);
  *p++ = '>';
  p = msim__put_name(p, flow->server);
  *p++ = ':';
  p = msim__put_uint(p, flow->port);
  *p++ = '#';
  return msim__put_uint(p, flow->number);
}

char *msim__put_segment(char *p, bool from_client, uint32_t number)
{
  *p++ = from_client ? 'c' : 's';
  return msim__put_uint(p, number);
}

const char *const msim__ecn_names[3] = {"ECT(1)", "ECT(0)", "CE"};

char *msim__put_flags(char *p, uint16_t flags)
{
  static const char letters[] = "FSRP.UEW"; /* of bits 0 to 7, as packetdrill and tcpdump write them */
  unsigned left = flags & 0xffu, i;

  if (left == 0)
    *p++ = '-';
  for (i = 0; left != 0; i++, left >>= 1) {
    *p = letters[i];
    p += left & 1;
  }
  return p;
}

bool msim__packet_is_for_many(const struct msim_trace_packet *packet)
{
  if (packet->packet->dst.family == MSIM_FAMILY_IPV6 && packet->packet->dst.bytes[0] == 0xff)
    return true;
  return packet->flow != NULL && packet->from_client && strcmp(packet->flow->server, "*") == 0;
}

uint64_t msim__packet_key(const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  uint64_t key = packet->flow != NULL ? packet->flow->id : 0;

  if (record->kind == MSIM_TRACE_FRAGMENT)
    key = msim__hash_join(key ^ 1, packet->packet->fragment_offset_bytes);
  if (record->kind != MSIM_TRACE_FRAGMENT && record->kind != MSIM_TRACE_ICMP && packet->flow != NULL)
    return msim__mix64(key ^ ((uint64_t)packet->number << 3 | (packet->from_client ? 4u : 0u) | record->kind));
  key = msim__hash_join(key, (uint64_t)packet->number << 32 | packet->packet->id);
  if (packet->from != NULL)
    key = msim__hash_bytes(key, packet->from, strlen(packet->from));
  if (packet->to != NULL && !msim__packet_is_for_many(packet))
    key = msim__hash_bytes(key, packet->to, strlen(packet->to));
  if (packet->target != NULL)
    key = msim__hash_bytes(key, packet->target, strlen(packet->target));
  return packet->what != NULL ? msim__hash_bytes(key, packet->what, strlen(packet->what)) : key;
}

static char *put_cut(char *p, const char *text, size_t size_bytes_max)
{
  size_t size_bytes = strlen(text);

  if (size_bytes > size_bytes_max)
    size_bytes = msim__utf8_cut((const uint8_t *)text, size_bytes, size_bytes_max);
  memcpy(p, text, size_bytes);
  return p + size_bytes;
}

char *msim__put_loss(char *p, const struct msim_trace_packet *packet, bool names_link)
{
  const char *reason = packet->reason != NULL ? packet->reason : "unknown";

  if (packet->duplicate)
    p = put_cut(p, "dup-", 4);
  if (strcmp(reason, "corrupt") == 0) {
    p = put_cut(p, "corrupt", 7);
    if (packet->fault == NULL)
      return p;
    *p++ = '(';
    p = put_cut(p, packet->fault, 63);
    *p++ = ')';
    return p;
  }
  p = put_cut(p, "lost(", 5);
  p = put_cut(p, reason, 31);
  if (names_link && packet->link != NULL) {
    *p++ = '@';
    p = put_cut(p, packet->link, 40);
  }
  if (packet->fault != NULL) {
    *p++ = ' ';
    p = put_cut(p, packet->fault, 63);
  }
  *p++ = ')';
  return p;
}

char *msim__put_endpoint(char *p, const struct msim_addr *addr, uint16_t port, bool has_port)
{
  if (addr->family == MSIM_FAMILY_IPV4) {
    p = msim__decimal_dotted(addr->bytes, p);
  } else {
    bool brackets = has_port && addr->family == MSIM_FAMILY_IPV6;

    if (brackets)
      *p++ = '[';
    p += msim_addr_format(addr, p);
    if (brackets)
      *p++ = ']';
  }
  if (has_port) {
    *p++ = ':';
    p = msim__put_uint(p, port);
  }
  return p;
}

bool msim__packet_ports(const struct msim_packet *packet, uint16_t *src, uint16_t *dst)
{
  if (packet->proto == MSIM_PROTO_TCP && !msim_packet_is_fragment(packet)) {
    *src = packet->l4.tcp.src_port;
    *dst = packet->l4.tcp.dst_port;
    return true;
  }
  if (packet->proto == MSIM_PROTO_UDP && !msim_packet_is_fragment(packet)) {
    *src = packet->l4.udp.src_port;
    *dst = packet->l4.udp.dst_port;
    return true;
  }
  *src = *dst = 0;
  return false;
}

uint32_t msim__icmp_mtu_bytes(const struct msim_packet *packet)
{
  const struct msim_icmp_view *icmp = &packet->l4.icmp;

  if (packet->proto == MSIM_PROTO_ICMPV6)
    return icmp->type == 2 ? icmp->rest : 0; /* RFC 4443 3.2 */
  return packet->proto == MSIM_PROTO_ICMP && icmp->type == 3 && icmp->code == 4 ? icmp->rest & 0xffffu : 0;
}

void msim__payload_walk_init(struct msim__payload_walk *walk, const struct msim_trace_packet *packet, size_t limit,
                             bool shows_secrets)
{
  struct msim_slice payload = packet->packet->payload;

  payload.size_bytes -= packet->unseen_bytes < payload.size_bytes ? packet->unseen_bytes : payload.size_bytes;
  walk->packet = packet;
  walk->at = 0;
  walk->end = payload.size_bytes > limit ? msim__utf8_cut(payload.data, payload.size_bytes, limit) : payload.size_bytes;
  walk->shows_secrets = shows_secrets;
}

/* The end of the secret that covers the byte at, or at itself; *next is where the first later one begins. */
static size_t secret_end(const struct msim_trace_packet *packet, size_t at, size_t *next)
{
  size_t end = at, i;
  bool grew = true;

  *next = packet->packet->payload.size_bytes;
  while (grew) { /* ranges that touch or overlap are one secret; units are few */
    grew = false;
    for (i = 0; i < packet->unit_count; i++) {
      const struct msim_trace_unit *unit = &packet->units[i];

      if (!unit->secret || unit->end_byte <= end || unit->end_byte <= unit->begin_byte)
        continue;
      if (unit->begin_byte <= end && (end > at || unit->begin_byte <= at)) {
        end = unit->end_byte;
        grew = true;
      } else if (unit->begin_byte < *next) {
        *next = unit->begin_byte;
      }
    }
  }
  return end < packet->packet->payload.size_bytes ? end : packet->packet->payload.size_bytes;
}

bool msim__payload_next(struct msim__payload_walk *walk, struct msim__payload_piece *piece)
{
  struct msim_slice payload = walk->packet->packet->payload;
  size_t end = walk->at, next = walk->end;

  if (walk->at >= walk->end)
    return false;
  if (!walk->shows_secrets && walk->packet->unit_count > 0)
    end = secret_end(walk->packet, walk->at, &next);
  piece->redacted_bytes = end - walk->at;
  if (end == walk->at)
    end = next < walk->end ? next : walk->end;
  piece->bytes.data = payload.data + walk->at;
  piece->bytes.size_bytes = end - walk->at;
  walk->at = end;
  return true;
}
