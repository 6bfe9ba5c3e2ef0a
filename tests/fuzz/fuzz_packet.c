/* fuzz_packet.c: lib/wire: what is decoded is encoded to the same bytes, with checksums that a reckoning of our own
 * finds right. Input: a choice, then a packet; by the choice its lengths and checksums are put right first. */
#include <mailsim/packet.h>

#include "fuzz.h"
#include "wire/source_route.h"

#define PACKET_BYTES_MAX 4096u

static unsigned get16(const uint8_t *p)
{
  return (unsigned)p[0] << 8 | p[1];
}

static void put16(uint8_t *p, unsigned value)
{
  p[0] = (uint8_t)(value >> 8);
  p[1] = (uint8_t)value;
}

/* RFC 1071, one word at a time; start is the sum so far. */
static unsigned add(unsigned sum, const uint8_t *p, size_t size_bytes)
{
  size_t i;

  for (i = 0; i < size_bytes; i++) {
    sum += i % 2 == 0 ? (unsigned)p[i] << 8 : p[i];
    sum = (sum & 0xffff) + (sum >> 16);
  }
  return sum;
}

/* Of TCP and UDP with their pseudo header, in which a source route that is not at its end has its last entry; of ICMP
 * without one. */
static unsigned transport_sum(const uint8_t *p, size_t head, size_t size_bytes)
{
  unsigned sum = 0;

  if (p[9] != MSIM_PROTO_ICMP) {
    uint8_t tail[4] = {0, p[9], (uint8_t)((size_bytes - head) >> 8), (uint8_t)(size_bytes - head)};
    const struct msim_addr dst = msim_addr_ipv4((uint32_t)get16(p + 16) << 16 | get16(p + 18));
    const struct msim_addr last = msim__source_route_last(fuzz_slice_of(p + 20, head - 20), &dst);

    sum = add(add(add(0, p + 12, 4), last.bytes, 4), tail, sizeof tail);
  }
  return add(sum, p + head, size_bytes - head);
}

/* Makes a packet that can be read of bytes that hardly ever are one. */
static void repair(uint8_t *p, size_t size_bytes, unsigned choice)
{
  static const uint8_t protos[] = {MSIM_PROTO_TCP, MSIM_PROTO_UDP, MSIM_PROTO_ICMP, MSIM_PROTO_TCP};
  size_t head, sum_at;

  p[0] = (uint8_t)(0x40 | ((choice & 8) != 0 && (p[0] & 15) > 5 ? p[0] & 15 : 5));
  put16(p + 2, (unsigned)size_bytes);
  if ((choice & 16) == 0) { /* whole */
    p[6] &= 0x40;
    p[7] = 0;
  }
  p[9] = protos[choice >> 1 & 3];
  head = (size_t)(p[0] & 15) * 4;
  if (size_bytes < head + 20)
    return;
  put16(p + 10, 0);
  put16(p + 10, ~add(0, p, head) & 0xffff);
  if (p[9] == MSIM_PROTO_UDP)
    put16(p + head + 4, (unsigned)(size_bytes - head));
  if (p[9] == MSIM_PROTO_TCP && (p[head + 12] >> 4 < 5 || head + (size_t)(p[head + 12] >> 4) * 4 > size_bytes))
    p[head + 12] = (uint8_t)(0x50 | (p[head + 12] & 15));
  sum_at = head + (p[9] == MSIM_PROTO_TCP ? 16 : p[9] == MSIM_PROTO_UDP ? 6 : 2);
  put16(p + sum_at, 0);
  put16(p + sum_at, ~transport_sum(p, head, size_bytes) & 0xffff);
}

/* The same for IPv6: its chain is left as it is, but for the last link; the sum is put right where no route is left. */
static void repair_v6(uint8_t *p, size_t size_bytes, unsigned choice)
{
  static const uint8_t protos[] = {MSIM_PROTO_TCP, MSIM_PROTO_UDP, MSIM_PROTO_ICMPV6, MSIM_PROTO_UDP};
  uint8_t proto = protos[choice >> 1 & 3], *link = p + 6;
  size_t at = 40, sum_at;
  unsigned sum;

  p[0] = (uint8_t)(0x60 | (p[0] & 15));
  put16(p + 4, (unsigned)(size_bytes - 40));
  while ((*link == 0 || *link == 43 || *link == 44 || *link == 60) && at + 8 < size_bytes) {
    size_t size = *link == 44 ? 8 : ((size_t)(p[at + 1] &= 3) + 1) * 8;

    if (*link == 43)
      p[at + 3] = 0;
    link = p + at;
    at += size;
  }
  *link = proto;
  if (at + 20 > size_bytes)
    return;
  if (proto == MSIM_PROTO_UDP)
    put16(p + at + 4, (unsigned)(size_bytes - at));
  if (proto == MSIM_PROTO_TCP && (p[at + 12] >> 4 < 5 || at + (size_t)(p[at + 12] >> 4) * 4 > size_bytes))
    p[at + 12] = (uint8_t)(0x50 | (p[at + 12] & 15));
  sum_at = at + (proto == MSIM_PROTO_TCP ? 16 : proto == MSIM_PROTO_UDP ? 6 : 2);
  put16(p + sum_at, 0);
  sum = add(add(0, p + 8, 32) + (unsigned)(size_bytes - at) + proto, p + at, size_bytes - at);
  put16(p + sum_at, (~sum & 0xffff) == 0 ? 0xffff : ~sum & 0xffff);
}

static bool same_values(const struct msim_packet *a, const struct msim_packet *b)
{
  bool same = msim_addr_equal(&a->src, &b->src) && msim_addr_equal(&a->dst, &b->dst) && a->proto == b->proto &&
              a->ttl == b->ttl && a->tos == b->tos && a->dont_fragment == b->dont_fragment && a->id == b->id &&
              fuzz_same(a->options, b->options) && fuzz_same(a->payload, b->payload) &&
              fuzz_same(a->ip_options, b->ip_options) && a->more_fragments == b->more_fragments &&
              a->fragment_offset_bytes == b->fragment_offset_bytes && a->flow_label == b->flow_label &&
              a->first_header == b->first_header;
  const struct msim_tcp_view *x = &a->l4.tcp, *y = &b->l4.tcp;

  if (!same || msim_packet_is_fragment(a))
    return same;
  if (a->proto == MSIM_PROTO_UDP)
    return a->l4.udp.src_port == b->l4.udp.src_port && a->l4.udp.dst_port == b->l4.udp.dst_port;
  if (a->proto == MSIM_PROTO_ICMP || a->proto == MSIM_PROTO_ICMPV6)
    return a->l4.icmp.type == b->l4.icmp.type && a->l4.icmp.code == b->l4.icmp.code &&
           a->l4.icmp.rest == b->l4.icmp.rest;
  return x->src_port == y->src_port && x->dst_port == y->dst_port && x->seq == y->seq && x->ack == y->ack &&
         x->flags == y->flags && x->window == y->window && x->urgent == y->urgent && x->mss_bytes == y->mss_bytes &&
         x->window_shift == y->window_shift && x->sack_count == y->sack_count && x->ts_value == y->ts_value &&
         memcmp(x->sack, y->sack, x->sack_count * sizeof *x->sack) == 0;
}

static void check_v6(const struct msim_packet *packet, struct msim_slice bytes)
{
  size_t total = get16(bytes.data + 4) + 40u, head = 40 + packet->ip_options.size_bytes, size;
  uint8_t *out = malloc(total + 1);
  struct msim_packet again;

  FUZZ_CHECK(out != NULL && total <= bytes.size_bytes && head < total);
  FUZZ_CHECK(fuzz_within(packet->payload, bytes) && fuzz_within(packet->options, bytes) &&
             fuzz_within(packet->ip_options, bytes));
  size = msim_packet_encode(packet, out, total);
  FUZZ_CHECK(size > 0 && size <= total);
  FUZZ_CHECK(msim_packet_decode(&again, fuzz_slice_of(out, size)) == MSIM_OK && same_values(packet, &again));
  FUZZ_CHECK(msim_packet_encode(packet, out, size - 1) == 0);
  FUZZ_CHECK(msim_packet_encode(packet, out, size) == size);
  if (size == total) { /* else UDP has left something behind */
    FUZZ_CHECK(memcmp(out, bytes.data, head) == 0);
    if (msim_packet_is_fragment(packet))
      FUZZ_CHECK(memcmp(out + head, bytes.data + head, size - head) == 0);
  }
  free(out);
}

static void check_packet(const struct msim_packet *packet, struct msim_slice bytes)
{
  size_t head = (size_t)(bytes.data[0] & 15) * 4, total = get16(bytes.data + 2), size;
  uint8_t *out = malloc(total + 1);
  struct msim_packet again;

  FUZZ_CHECK(out != NULL && total <= bytes.size_bytes);
  FUZZ_CHECK(fuzz_within(packet->payload, bytes) && fuzz_within(packet->options, bytes));
  size = msim_packet_encode(packet, out, total);
  FUZZ_CHECK(size > 0 && size <= total);
  FUZZ_CHECK(add(0, out, head) == 0xffff);
  FUZZ_CHECK(msim_packet_is_fragment(packet) || transport_sum(out, head, size) == 0xffff);
  FUZZ_CHECK(msim_packet_decode(&again, fuzz_slice_of(out, size)) == MSIM_OK && same_values(packet, &again));
  FUZZ_CHECK(msim_packet_encode(packet, out, size - 1) == 0); /* too small by one */
  FUZZ_CHECK(msim_packet_encode(packet, out, size) == size);
  /* the reserved bit is not kept, nor what UDP leaves behind; checksums may stand as 0 or 0xffff */
  if (size == total && (bytes.data[6] & 0x80) == 0) {
    const uint8_t *in = bytes.data + head, *made = out + head;

    FUZZ_CHECK(memcmp(out, bytes.data, 10) == 0 && memcmp(out + 12, bytes.data + 12, head - 12) == 0);
    size -= head;
    if (msim_packet_is_fragment(packet))
      FUZZ_CHECK(memcmp(made, in, size) == 0);
    else if (packet->proto == MSIM_PROTO_UDP)
      FUZZ_CHECK(memcmp(made, in, 6) == 0 && memcmp(made + 8, in + 8, size - 8) == 0);
    else if (packet->proto == MSIM_PROTO_ICMP)
      FUZZ_CHECK(memcmp(made + 4, in + 4, size - 4) == 0);
    else
      FUZZ_CHECK(memcmp(made, in, 16) == 0 && memcmp(made + 18, in + 18, size - 18) == 0);
  }
  free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  unsigned choice = fuzz_byte(&input);
  struct msim_packet packet;
  uint8_t *copy;
  int err;

  if (input.rest.size_bytes > PACKET_BYTES_MAX)
    return 0;
  copy = fuzz_copy(input.rest);
  if ((choice & 33) == 33 && input.rest.size_bytes > 40)
    repair_v6(copy, input.rest.size_bytes, choice);
  else if ((choice & 1) != 0 && input.rest.size_bytes >= 20)
    repair(copy, input.rest.size_bytes, choice);
  err = msim_packet_decode(&packet, fuzz_slice_of(copy, input.rest.size_bytes));
  FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_SYNTAX);
  if (err == MSIM_OK && packet.src.family == MSIM_FAMILY_IPV6)
    check_v6(&packet, fuzz_slice_of(copy, input.rest.size_bytes));
  else if (err == MSIM_OK)
    check_packet(&packet, fuzz_slice_of(copy, input.rest.size_bytes));
  free(copy);
  return 0;
}
