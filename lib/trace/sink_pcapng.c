/* sink_pcapng.c: packets as Wireshark and its relatives read them, in the form pcapng; docs/trace.md says what is in
 * it.
 *
 * Each packet once, as it enters its first link, held back by hold.c until its fate is known, so that the comment can
 * tell it; or as it arrives (point=rx); with hops also as routers pass it on. Bytes come from msim_packet_encode, so
 * all lengths and checksums are true, also on a packet that the network spoiled: its comment says "corrupt". What never
 * came to a link is not here. Does not hide anything. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "net/lan.h"
#include "trace/flow_text.h"
#include "trace/format.h"
#include "trace/hold.h"
#include "trace/pcapng.h"
#include "trace/trace.h"
#include "text/units.h"

#define WORDS_BYTES (2 * (MSIM__FORMAT_NAME_BYTES_MAX + 1) + MSIM_FLOW_TEXT_BYTES + 128) /* of a comment, no fate */
#define COMMENT_BYTES_MAX ((size_t)2048)
#define HEADERS_BYTES_MAX ((size_t)(14 + 60 + 60)) /* Ethernet, and IPv4 and TCP with all options; or with padding */
#define NAMES_BYTES_MAX ((size_t)60000)            /* of one block of names */
#define START_MAX_S INT64_C(9000000000) /* nanoseconds from 1970 fit 64 bits, and a run of 292 years behind it */

struct capture {
  struct msim__pcapng pcapng;
  struct msim__hold hold;
  struct msim__flow_texts flows;
  struct msim__arena arena;
  struct msim__names links, networks; /* names to struct interface */
  uint32_t interface_count;
  int64_t offset_s; /* of all interfaces; 0 unless the stamps cannot hold it */
  msim_ns start_ns; /* added to each stamp */
  bool hops, at_rx;
};

struct interface {
  uint32_t number;
  bool has_frames;
};

/* In front of a held packet's bytes; its comment as far as it is known stands behind them. */
struct held {
  msim_ns at_ns;
  uint32_t interface, packet_bytes, original_bytes;
};

/* ---- what stands in front ---- */

static void put_section(struct capture *c, struct msim__buf *out, const struct msim_sim *sim)
{
  const struct msim__net *net = msim__net(sim);
  const char *topology = net != NULL && net->topology_name != NULL ? net->topology_name : "";
  struct msim__buf comment;

  msim__buf_init(&comment, c->pcapng.block.mem, COMMENT_BYTES_MAX);
  if (topology[0] != '\0')
    (void)msim__buf_printf(&comment, "topology %.1000s, ", topology);
  (void)msim__buf_printf(
      &comment, "seed %llu, engine %lu. Simulated traffic. Passwords and all else stand here as they were sent.",
      (unsigned long long)sim->seed, (unsigned long)sim->engine);
  msim__pcapng_begin(&c->pcapng, MSIM__PCAPNG_SECTION);
  msim__pcapng_put32(&c->pcapng, 0x1a2b3c4d); /* tells the byte order */
  msim__pcapng_put16(&c->pcapng, 1);
  msim__pcapng_put16(&c->pcapng, 0);
  msim__pcapng_put64(&c->pcapng, UINT64_MAX); /* length of the section: not told */
  msim__pcapng_option_text(&c->pcapng, MSIM__PCAPNG_COMMENT, msim__buf_text(&comment));
  msim__pcapng_option_text(&c->pcapng, MSIM__PCAPNG_HARDWARE, "simulated");
  msim__pcapng_option_text(&c->pcapng, MSIM__PCAPNG_APPLICATION, "mailsim " MSIM_VERSION);
  msim__pcapng_options_end(&c->pcapng);
  if (comment.err != MSIM_OK && out->err == MSIM_OK)
    out->err = comment.err;
  msim__buf_release(&comment);
  msim__pcapng_end(&c->pcapng, out);
}

static int by_address(const void *a, const void *b)
{
  const struct msim__addr_row *p = *(const struct msim__addr_row *const *)a,
                              *q = *(const struct msim__addr_row *const *)b;

  return p->addr.family != q->addr.family ? (p->addr.family > q->addr.family ? 1 : -1)
                                          : memcmp(p->addr.bytes, q->addr.bytes, sizeof p->addr.bytes);
}

/* One record: type, length, the address, the name with its zero. */
static void put_name(struct capture *c, const struct msim_addr *addr, const char *name)
{
  size_t addr_bytes = addr->family == MSIM_FAMILY_IPV4 ? 4 : 16, size_bytes = addr_bytes + strlen(name) + 1;
  char text[16 + MSIM__FORMAT_NAME_BYTES_MAX + 1];

  if (size_bytes > sizeof text)
    return;
  memcpy(text, addr->bytes, addr_bytes);
  memcpy(text + addr_bytes, name, size_bytes - addr_bytes);
  msim__pcapng_put16(&c->pcapng, addr->family == MSIM_FAMILY_IPV4 ? 1 : 2);
  msim__pcapng_put16(&c->pcapng, (uint16_t)size_bytes);
  msim__pcapng_put_padded(&c->pcapng, text, size_bytes);
}

/* The hosts' names, ordered by address. */
static int put_names(struct capture *c, struct msim__buf *out, const struct msim__net *net)
{
  struct msim__mem *mem = c->pcapng.block.mem;
  const struct msim__addr_row **rows;
  size_t count = 0, i;

  if (net == NULL || net->addr_count < 2)
    return MSIM_OK;
  rows = msim__alloc(mem, net->addr_count * sizeof *rows);
  if (rows == NULL)
    return MSIM_ERR_NOMEM;
  for (i = 1; i < net->addr_count; i++) { /* row 0 is no address */
    if (msim__addr_node(net, (uint32_t)i) != NULL)
      rows[count++] = &net->addrs[i];
  }
  if (count > 0)
    qsort(rows, count, sizeof *rows, by_address);
  for (i = 0; i < count;) {
    msim__pcapng_begin(&c->pcapng, MSIM__PCAPNG_NAMES);
    for (; i < count && c->pcapng.block.size_bytes < NAMES_BYTES_MAX; i++)
      put_name(c, &rows[i]->addr, rows[i]->node->name);
    msim__pcapng_put32(&c->pcapng, 0); /* the end of the records */
    msim__pcapng_end(&c->pcapng, out);
  }
  msim__free(mem, rows, net->addr_count * sizeof *rows);
  return MSIM_OK;
}

/* ---- interfaces: links and networks, each made known when its first packet comes ---- */

/* The network of which that link is a cable, or NULL. */
static const struct msim_network *network_of(const struct msim__port *port)
{
  return port == NULL || !port->out->params->is_cable ? NULL
         : msim__lan_network(port->node) != NULL      ? msim__lan_network(port->node)
                                                      : msim__lan_network(port->peer);
}

/* Names that were not given are made of the two hosts'. */
static bool is_given(const struct msim__net *net, const char *name)
{
  return msim__names_find(&net->link_names, name, strlen(name)) != NULL;
}

static void put_interface(struct capture *c, struct msim__buf *out, const struct msim__port *port, const char *name,
                          const struct msim_network *network)
{
  const uint8_t nanoseconds = 9;

  msim__pcapng_begin(&c->pcapng, MSIM__PCAPNG_INTERFACE);
  msim__pcapng_put16(&c->pcapng, network != NULL ? MSIM__PCAPNG_LINKTYPE_ETHERNET : MSIM__PCAPNG_LINKTYPE_RAW);
  msim__pcapng_put16(&c->pcapng, 0);
  msim__pcapng_put32(&c->pcapng, 0); /* packets are not cut */
  msim__pcapng_option_text(&c->pcapng, MSIM__PCAPNG_NAME, network != NULL ? network->hub->name : name);
  if (network == NULL && port != NULL && is_given(msim__net(msim__node_sim(port->node)), name)) {
    char text[2 * MSIM__FORMAT_NAME_BYTES_MAX + 4], *p = text;

    p = msim__put_name(p, port->node->name);
    memcpy(p, " - ", 3);
    p = msim__put_name(p + 3, port->peer->name);
    msim__pcapng_option(&c->pcapng, MSIM__PCAPNG_DESCRIPTION, text, (size_t)(p - text));
  }
  msim__pcapng_option(&c->pcapng, MSIM__PCAPNG_TSRESOL, &nanoseconds, 1);
  if (c->offset_s != 0)
    msim__pcapng_option64(&c->pcapng, MSIM__PCAPNG_TSOFFSET, (uint64_t)c->offset_s);
  msim__pcapng_options_end(&c->pcapng);
  msim__pcapng_end(&c->pcapng, out);
}

/* Found or made; NULL with *err: MSIM_ERR_NOMEM, or what stopped the table from growing. */
static struct interface *enter(struct capture *c, struct msim__names *names, const char *name, int *err)
{
  struct interface *fresh = msim__arena_alloc(&c->arena, sizeof *fresh);
  const char *copy = fresh == NULL ? NULL : msim__arena_text(&c->arena, name, strlen(name));

  *err = copy == NULL ? MSIM_ERR_NOMEM : msim__names_add(names, copy, strlen(copy), fresh);
  return *err == MSIM_OK ? fresh : NULL;
}

/* All cables of a network are one interface. *out: 0 or a negative enum msim_err is returned. */
static int interface_of(struct capture *c, struct msim_sink *sink, const char *link, const struct interface **out)
{
  struct interface *known = msim__names_find(&c->links, link, strlen(link)), *shared = NULL;
  const struct msim__net *net = msim__net(msim_sink_sim(sink));
  const struct msim__port *port;
  const struct msim_network *network;
  int err = MSIM_OK;

  *out = known;
  if (known != NULL)
    return MSIM_OK;
  port = net == NULL ? NULL : msim__link_named(net, link);
  network = network_of(port);
  if (network != NULL)
    shared = msim__names_find(&c->networks, network->hub->name, strlen(network->hub->name));
  known = enter(c, &c->links, link, &err);
  if (known == NULL)
    return err;
  *out = known;
  if (shared != NULL) {
    *known = *shared;
    return MSIM_OK;
  }
  known->number = c->interface_count++;
  known->has_frames = network != NULL;
  put_interface(c, msim__sink_buf(sink), port, link, network);
  if (network == NULL)
    return MSIM_OK;
  shared = enter(c, &c->networks, network->hub->name, &err);
  if (shared != NULL)
    *shared = *known;
  return err;
}

/* ---- packets ---- */

/* `CONN SEG`, `FROM>TO WHAT about CONN`: as the text form names a packet. WORDS_BYTES. */
static char *put_words(const struct capture *c, char *p, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;

  if (record->kind != MSIM_TRACE_ICMP && packet->flow != NULL && packet->number != 0) {
    p = msim__flow_text_put(&c->flows, p, packet->flow);
    *p++ = ' ';
    return msim__put_segment(p, packet->from_client, packet->number);
  }
  p = msim__put_name(p, packet->from);
  *p++ = '>';
  p = msim__put_name(p, packet->to);
  if (record->kind != MSIM_TRACE_ICMP)
    return p;
  *p++ = ' ';
  p = msim__put_name(p, packet->what);
  if (packet->flow == NULL)
    return p;
  memcpy(p, " about ", 7);
  return msim__flow_text_put(&c->flows, p + 7, packet->flow);
}

/* Behind the fate: at most 32 bytes. */
static char *put_tail(char *p, const struct msim_trace_packet *packet)
{
  if (packet->rtx_number == 0)
    return p;
  memcpy(p, " rtx ", 5);
  return msim__put_segment(p + 5, packet->from_client, packet->rtx_number);
}

/* Called by hold.c, when the fate is known. The head is struct held, the packet's bytes, and the comment's beginning.
 */
static void write_packet(void *user, struct msim__buf *out, const struct msim__hold_parts *parts)
{
  struct capture *c = user;
  struct msim__pcapng_packet packet = {.comment = {parts->head, parts->fate, parts->also, parts->tail}};
  size_t room = COMMENT_BYTES_MAX, i;
  struct held held;

  memcpy(&held, parts->head.data, sizeof held);
  packet.interface = held.interface;
  packet.original_bytes = held.original_bytes;
  packet.stamp = held.at_ns > UINT64_MAX - c->start_ns ? UINT64_MAX : held.at_ns + c->start_ns;
  packet.bytes.data = parts->head.data + sizeof held;
  packet.bytes.size_bytes = held.packet_bytes;
  packet.comment[0].data += sizeof held + held.packet_bytes;
  packet.comment[0].size_bytes -= sizeof held + held.packet_bytes; /* at most WORDS_BYTES */
  for (i = 0; i < 4; i++) {
    if (packet.comment[i].size_bytes > room)
      packet.comment[i].size_bytes = room;
    room -= packet.comment[i].size_bytes;
  }
  msim__pcapng_packet(&c->pcapng, &packet, out);
}

static size_t put_frame(uint8_t *out, const uint8_t dst[6], const uint8_t src[6], uint16_t type)
{
  struct msim__ethernet_header header = {.type = type};

  memcpy(header.dst, dst, sizeof header.dst);
  memcpy(header.src, src, sizeof header.src);
  return msim__ethernet_encode(&header, out, MSIM__ETHERNET_HEADER_BYTES);
}

/* The frame and its padding, around a packet; without one the packet alone. Returns 0 when it has no bytes. capacity:
 * HEADERS_BYTES_MAX more than the payload. */
static size_t put_bytes(uint8_t *out, size_t capacity, const struct msim_packet *packet, bool has_frames)
{
  size_t head = 0, size;

  if (has_frames)
    head = put_frame(out, packet->frame_dst, packet->frame_src,
                     packet->src.family == MSIM_FAMILY_IPV6 ? MSIM__ETHERTYPE_IPV6 : MSIM__ETHERTYPE_IPV4);
  size = msim_packet_encode(packet, out + head, capacity - head);
  if (size == 0 || !has_frames)
    return size;
  memset(out + head + size, 0, msim__ethernet_padding_bytes(size));
  return head + size + msim__ethernet_padding_bytes(size);
}

/* Lays a packet into the hold, up to its end. 1: it is there; 0: it has no bytes or no link. */
static int lay_packet(struct capture *c, struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  size_t capacity = HEADERS_BYTES_MAX + packet->packet->payload.size_bytes, size;
  const struct interface *interface;
  struct msim__buf *buf;
  struct held held;
  char *start, *p;
  int err;

  if (packet->link == NULL || packet->fragmented) /* its fragments are here, and not it */
    return 0;
  memset(&held, 0, sizeof held);
  err = interface_of(c, sink, packet->link, &interface);
  if (err != MSIM_OK)
    return err;
  held.interface = interface->number;
  buf = msim__hold_begin(&c->hold);
  start = msim__buf_room(buf, sizeof held + capacity + WORDS_BYTES);
  if (start == NULL)
    return buf->err;
  p = start + sizeof held;
  size = put_bytes((uint8_t *)p, capacity, packet->packet, interface->has_frames);
  if (size == 0)
    return 0;
  held.at_ns = record->at_ns;
  held.original_bytes = (uint32_t)size;
  held.packet_bytes = (uint32_t)(size - (packet->unseen_bytes < size ? packet->unseen_bytes : size));
  memcpy(start, &held, sizeof held);
  p = put_words(c, p + held.packet_bytes, record);
  msim__buf_took(buf, (size_t)(p - start));
  return 1;
}

/* With words of this sink's own instead of a fate. */
static int take_at_once(struct capture *c, struct msim_sink *sink, const struct msim_trace_record *record,
                        const char *words)
{
  struct msim__buf *buf;
  char tail[32];
  int got = lay_packet(c, sink, record);

  if (got <= 0)
    return got;
  buf = &c->hold.bytes;
  (void)msim__buf_append_text(buf, words);
  (void)msim__buf_append(buf, tail, (size_t)(put_tail(tail, &record->u.packet) - tail));
  msim__hold_end(&c->hold);
  return MSIM_OK;
}

static int take_sending(struct capture *c, struct msim_sink *sink, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  uint64_t key = msim__packet_key(record);
  char tail[32];
  int got = lay_packet(c, sink, record);

  if (got <= 0)
    return got;
  msim__hold_split(&c->hold);
  (void)msim__buf_append(&c->hold.bytes, tail, (size_t)(put_tail(tail, packet) - tail));
  if (packet->to != NULL && strcmp(packet->to, "*") == 0)
    msim__hold_end_fated(&c->hold, key, record->at_ns, "broadcast", 9);
  else
    msim__hold_end_packet(&c->hold, key, record->at_ns);
  return MSIM_OK;
}

/* A frame of ARP, whose fate is known already. */
static int take_arp(struct capture *c, struct msim_sink *sink, const struct msim_trace_arp *arp, msim_ns at_ns)
{
  struct msim__arp_packet packet = {
      .operation = arp->operation, .sender = arp->sender_addr, .target = arp->target_addr};
  struct held held = {.at_ns = at_ns};
  const struct interface *interface;
  struct msim__buf *buf;
  char *start, *p;
  size_t size;
  int err;

  if (arp->link == NULL || arp->operation == 0)
    return MSIM_OK;
  err = interface_of(c, sink, arp->link, &interface);
  if (err != MSIM_OK)
    return err;
  held.interface = interface->number;
  memcpy(packet.sender_mac, arp->sender_mac, sizeof packet.sender_mac);
  memcpy(packet.target_mac, arp->target_mac, sizeof packet.target_mac);
  buf = msim__hold_begin(&c->hold);
  start = msim__buf_room(buf, sizeof held + HEADERS_BYTES_MAX + WORDS_BYTES);
  if (start == NULL)
    return buf->err;
  p = start + sizeof held;
  size = put_frame((uint8_t *)p, arp->frame_dst, arp->frame_src, MSIM__ETHERTYPE_ARP);
  size += msim__arp_encode(&packet, (uint8_t *)p + size, HEADERS_BYTES_MAX - size);
  memset(p + size, 0, msim__ethernet_padding_bytes(MSIM__ARP_BYTES));
  size += msim__ethernet_padding_bytes(MSIM__ARP_BYTES);
  held.packet_bytes = held.original_bytes = (uint32_t)size;
  memcpy(start, &held, sizeof held);
  p = msim__put_name(p + size, arp->from);
  *p++ = '>';
  p = msim__put_name(p, arp->to);
  *p++ = ' ';
  p = msim__put_name(p, arp->what);
  msim__buf_took(buf, (size_t)(p - start));
  if (arp->reason != NULL)
    (void)msim__buf_printf(buf, " lost(%.31s)", arp->reason);
  msim__hold_end(&c->hold);
  return MSIM_OK;
}

/* What became of a packet that was sent; a fate that comes too late for its comment is not told. */
static int take_fate(struct capture *c, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *packet = &record->u.packet;
  struct msim__hold_found found = msim__hold_find(&c->hold, msim__packet_key(record));
  bool is_loss = packet->point == MSIM_POINT_DROP;
  char fate[MSIM__FORMAT_LOSS_BYTES + MSIM__UNITS_TEXT_BYTES], *p = fate;

  if (found.line == NULL || found.is_written)
    return MSIM_OK;
  if (!packet->duplicate && !found.is_fated && !is_loss) {
    msim__hold_deliver(&c->hold, found.line, record->at_ns - found.at_ns);
    return MSIM_OK;
  }
  if (is_loss) {
    p = msim__put_loss(p, packet, c->hops);
  } else {
    memcpy(p, "dup+", 4);
    p += 4;
    p += msim__units_format_duration(record->at_ns - found.at_ns, p);
  }
  if (packet->duplicate || found.is_fated)
    msim__hold_also(&c->hold, found.line, fate, (size_t)(p - fate));
  else
    msim__hold_fate(&c->hold, found.line, fate, (size_t)(p - fate));
  return MSIM_OK;
}

/* ---- the sink ---- */

static int pcapng_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  struct capture *c = state;
  const struct msim_trace_packet *packet = &record->u.packet;

  msim__hold_tick(&c->hold, record->at_ns);
  if (record->kind == MSIM_TRACE_ARP)
    return take_arp(c, sink, &record->u.arp, record->at_ns);
  switch (packet->point) {
  case MSIM_POINT_TX:
    return c->at_rx ? MSIM_OK : take_sending(c, sink, record);
  case MSIM_POINT_FWD:
    return take_at_once(c, sink, record, " fwd");
  case MSIM_POINT_RX:
    if (c->at_rx)
      return take_at_once(c, sink, record, packet->duplicate ? " dup" : "");
    return take_fate(c, record);
  case MSIM_POINT_DROP:
    if (!c->at_rx)
      return take_fate(c, record);
    /* the receiver has it in its hands when it finds the checksum wrong */
    if (packet->reason == NULL || strcmp(packet->reason, "corrupt") != 0)
      return MSIM_OK;
    return take_at_once(c, sink, record, packet->duplicate ? " dup-corrupt" : " corrupt");
  }
  return MSIM_OK;
}

static int read_options(struct capture *c, struct msim_sink *sink)
{
  const char *point = msim_sink_option(sink, "point");

  c->hops = msim_sink_option(sink, "hops") != NULL;
  if (point == NULL || strcmp(point, "tx") == 0)
    return MSIM_OK;
  if (strcmp(point, "rx") != 0)
    return msim__sim_fail(msim_sink_sim(sink), MSIM_ERR_INVALID,
                          "behind the option \"point\" of the sink pcapng stands tx or rx, not \"%.60s\"", point);
  c->at_rx = true;
  return MSIM_OK;
}

static void release(struct capture *c)
{
  msim__hold_release(&c->hold);
  msim__flow_texts_release(&c->flows);
  msim__pcapng_release(&c->pcapng);
  msim__names_release(&c->links);
  msim__names_release(&c->networks);
  msim__arena_release(&c->arena);
}

static int pcapng_open(void *state, struct msim_sink *sink)
{
  struct capture *c = state;
  struct msim_sim *sim = msim_sink_sim(sink);
  struct msim__mem *mem = msim__sink_mem(sink);
  int err = read_options(c, sink);

  if (err != MSIM_OK)
    return err;
  msim__pcapng_init(&c->pcapng, mem);
  msim__arena_init(&c->arena, mem);
  msim__names_init(&c->links, mem);
  msim__names_init(&c->networks, mem);
  if (sim->start_unix_s < 0 || sim->start_unix_s > START_MAX_S)
    c->offset_s = sim->start_unix_s;
  else
    c->start_ns = (msim_ns)sim->start_unix_s * 1000000000u;
  err = msim__flow_texts_init(&c->flows, mem);
  if (err == MSIM_OK)
    err = msim__hold_init(&c->hold, mem, msim__sink_buf(sink));
  if (err != MSIM_OK) {
    msim__flow_texts_release(&c->flows);
    return err;
  }
  msim__hold_set_write(&c->hold, write_packet, c);
  put_section(c, msim__sink_buf(sink), sim);
  err = put_names(c, msim__sink_buf(sink), msim__net(sim));
  if (err == MSIM_OK)
    err = msim__sink_buf(sink)->err;
  if (err != MSIM_OK) /* a sink that does not open is not closed */
    release(c);
  return err;
}

static int pcapng_close(void *state, struct msim_sink *sink)
{
  struct capture *c = state;

  msim__hold_close(&c->hold);
  release(c);
  return msim__sink_buf(sink)->err;
}

static const char *const option_names[] = {"point", NULL};

extern const struct msim_sink_type msim__sink_pcapng;
const struct msim_sink_type msim__sink_pcapng = {
    .name = "pcapng",
    .summary = "the packets with all their bytes and a comment each, for Wireshark and its relatives",
    .state_bytes = sizeof(struct capture),
    .kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_DATAGRAM) |
             MSIM_TRACE_BIT(MSIM_TRACE_ICMP) | MSIM_TRACE_BIT(MSIM_TRACE_FRAGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_ARP),
    .open = pcapng_open,
    .record = pcapng_record,
    .close = pcapng_close,
    .options = option_names,
};
