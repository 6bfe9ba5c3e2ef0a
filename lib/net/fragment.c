/* fragment.c: cuts packets that are too large for a link (RFC 791 3.2), or, of IPv6, for the path (RFC 8200 4.5). The
 * bytes are made once, and all parts share them. Does not put anything together: reassembly.c does. */
#include "net/fragment.h"

#include <string.h>

#include "net/link.h"
#include "wire/octets.h"

#define FRAGMENT_HEADER_BYTES 8u
#define OPTION_COPIED 0x80u /* RFC 791 3.1: in every fragment, else in the first one only */

/* What all parts of one packet are made from. */
struct cut {
  struct msim__net *net;
  const struct msim__packet *packet;
  struct msim_blob *bytes;   /* of the payload of IP, or the part of it that the packet has */
  uint32_t begin_bytes;      /* of the packet, in bytes */
  uint32_t offset_bytes;     /* of the packet, in the payload of IP */
  uint32_t size_bytes;       /* of the packet */
  bool more;                 /* others follow the packet itself */
  struct msim__whole *whole; /* or NULL */
};

/* The payload of IP as bytes; NULL when out of memory. */
static struct msim_blob *bytes_of(struct msim__net *net, const struct msim__packet *packet, uint32_t head_bytes)
{
  uint32_t size = msim__packet_size_bytes(packet);
  struct msim_packet view;
  struct msim_blob *blob;
  uint8_t *room = msim__alloc(&net->sim->mem, size);

  if (room == NULL)
    return NULL;
  msim__packet_view(net, packet, &view);
  blob = msim_packet_encode(&view, room, size) == size ? msim_blob_new(net->sim, room + head_bytes, size - head_bytes)
                                                       : NULL;
  msim__free(&net->sim->mem, room, size);
  return blob;
}

/* Keeps the packet for the end of the way. NULL when out of memory; the packet stays the caller's then. */
static struct msim__whole *keep_whole(struct msim__net *net, uint32_t packet_index, uint32_t size_bytes)
{
  struct msim__whole *whole = msim__alloc_zeroed(&net->sim->mem, 1, sizeof *whole);

  if (whole == NULL)
    return NULL;
  whole->ref_count = 1; /* of who cuts it */
  whole->packet = packet_index;
  whole->unarrived_bytes = size_bytes;
  return whole;
}

/* The options of the part: all in the first one, behind it those that are to be copied. */
static void cut_options(const struct msim__packet *packet, bool is_first, struct msim__packet_rare *rare)
{
  const struct msim__packet_rare *from = packet->cold != NULL ? packet->cold->rare : NULL;
  size_t at = 0, size;

  if (from == NULL)
    return;
  rare->stop = from->stop; /* source routes are copied */
  rare->has_frame = from->has_frame;
  rare->to_all = from->to_all;
  rare->frame_dst = from->frame_dst;
  rare->frame_src = from->frame_src;
  if (is_first) {
    rare->ip_option_bytes = from->ip_option_bytes;
    memcpy(rare->ip_options, from->ip_options, from->ip_option_bytes);
    return;
  }
  while (at < from->ip_option_bytes && from->ip_options[at] != 0) {
    size = from->ip_options[at] == 1 ? 1 : at + 1 < from->ip_option_bytes ? from->ip_options[at + 1] : 0;
    if (size == 0 || at + size > from->ip_option_bytes)
      return;
    if ((from->ip_options[at] & OPTION_COPIED) != 0) {
      memcpy(rare->ip_options + rare->ip_option_bytes, from->ip_options + at, size);
      rare->ip_option_bytes = (uint8_t)(rare->ip_option_bytes + size);
    }
    at += size;
  }
  rare->ip_option_bytes = (uint8_t)((rare->ip_option_bytes + 3u) & ~3u);
}

/* RFC 8200 4.5. What the sender counts has 16 bits here, of the 32 that there are. */
static void put_fragment_header(const struct msim__packet *part, struct msim__packet_rare *rare)
{
  rare->ip_option_bytes = FRAGMENT_HEADER_BYTES;
  rare->ip_options[0] = part->proto;
  rare->ip_options[1] = 0;
  msim__octets_put16(rare->ip_options + 2, (uint16_t)(rare->offset_bytes | (rare->more ? 1u : 0u)));
  msim__octets_put32(rare->ip_options + 4, part->id);
}

/* One part; MSIM__PACKET_NONE when out of memory. */
static uint32_t make_part(const struct cut *cut, uint32_t at_bytes, uint32_t size_bytes)
{
  struct msim__packets *packets = &cut->net->packets;
  uint32_t index = msim__packet_new(packets);
  struct msim__packet *part;
  struct msim__packet_rare *rare;

  if (index == MSIM__PACKET_NONE)
    return index;
  part = msim__packet_at(packets, index);
  part->src = cut->packet->src;
  part->dst = cut->packet->dst;
  part->id = cut->packet->id;
  part->proto = cut->packet->proto;
  part->ttl = cut->packet->ttl;
  part->tos = cut->packet->tos;
  part->bits = cut->packet->bits & (uint8_t)~MSIM__PACKET_RARE;
  part->number = cut->packet->number;
  rare = msim__packet_rare(packets, part);
  if (rare == NULL) {
    msim__packet_free(packets, index);
    return MSIM__PACKET_NONE;
  }
  part->flow = cut->packet->flow;
  if (part->flow != NULL)
    msim__flow_ref(part->flow);
  part->payload = cut->bytes;
  msim_blob_ref(cut->bytes);
  part->payload_offset_bytes = cut->begin_bytes + at_bytes;
  part->payload_bytes = (uint16_t)size_bytes;
  cut_options(cut->packet, cut->offset_bytes + at_bytes == 0, rare);
  rare->is_fragment = true;
  rare->offset_bytes = (uint16_t)(cut->offset_bytes + at_bytes);
  rare->more = cut->more || at_bytes + size_bytes < cut->size_bytes;
  rare->whole = cut->whole;
  if (msim__packet_is_v6(part))
    put_fragment_header(part, rare);
  if (rare->whole != NULL)
    rare->whole->ref_count++;
  return index;
}

static int send_parts(const struct cut *cut, struct msim__way *way, uint32_t mtu_bytes, enum msim_trace_point point,
                      const char *link)
{
  uint32_t at, size, most, index, head_bytes, options_bytes = 0;

  if (cut->packet->cold != NULL && cut->packet->cold->rare != NULL)
    options_bytes = cut->packet->cold->rare->ip_option_bytes;
  head_bytes = msim__packet_is_v6(cut->packet) ? 40 + FRAGMENT_HEADER_BYTES : 20 + options_bytes;
  most = (mtu_bytes - head_bytes) & ~7u; /* an MTU is 68 at least, options are 40 at most */
  for (at = 0; at < cut->size_bytes; at += size) {
    size = cut->size_bytes - at < most ? cut->size_bytes - at : most;
    index = make_part(cut, at, size);
    if (index == MSIM__PACKET_NONE)
      return MSIM_ERR_NOMEM;
    msim__observe_packet(cut->net, msim__packet_at(&cut->net->packets, index), point, link, NULL, NULL);
    msim__way_send(way, index, msim__packet_wire_bytes(msim__packet_at(&cut->net->packets, index)));
  }
  return MSIM_OK;
}

void msim__fragment_send(struct msim__net *net, struct msim__way *way, uint32_t mtu_bytes, uint32_t packet_index,
                         enum msim_trace_point point, const char *link)
{
  struct cut cut = {0};
  bool is_part;
  int err;

  cut.net = net;
  cut.packet = msim__packet_at(&net->packets, packet_index);
  is_part = msim__packet_is_fragment(cut.packet);
  if (is_part) {
    cut.bytes = cut.packet->payload;
    msim_blob_ref(cut.bytes);
    cut.begin_bytes = cut.packet->payload_offset_bytes;
    cut.offset_bytes = cut.packet->cold->rare->offset_bytes;
    cut.size_bytes = cut.packet->payload_bytes;
    cut.more = cut.packet->cold->rare->more;
    cut.whole = cut.packet->cold->rare->whole;
  } else {
    uint32_t head_bytes = msim__packet_head_bytes(cut.packet);

    cut.size_bytes = msim__packet_size_bytes(cut.packet) - head_bytes;
    cut.bytes = bytes_of(net, cut.packet, head_bytes);
    cut.whole = cut.bytes == NULL ? NULL : keep_whole(net, packet_index, cut.size_bytes);
  }
  err = cut.bytes == NULL || (!is_part && cut.whole == NULL) ? MSIM_ERR_NOMEM
                                                             : send_parts(&cut, way, mtu_bytes, point, link);
  msim_blob_unref(cut.bytes);
  if (err != MSIM_OK)
    msim__sim_fail_nomem(net->sim);
  if (is_part || cut.whole == NULL)
    msim__packet_free(&net->packets, packet_index);
  else
    msim__whole_unref(&net->packets, cut.whole);
}
