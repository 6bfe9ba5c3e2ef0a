/* wire.c: packets of the script put in, and packets of the host compared with what the script waits for.
 *
 * A script numbers both directions as it likes; conn maps its numbers to those on the wire. Timestamps likewise, unless
 * the script's clock has a tick (--tcp_ts_tick_usecs): what the host's clock shows is then taken as it is. */
#include "tcp/script/run.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANY_TIME_MAX_NS MSIM_SEC(3600)

/* ---- connections ---- */

static struct conn *conn_add(struct run *run, uint16_t local_port, uint16_t remote_port)
{
  struct conn *conn;

  if (run->conn_count == CONNS_MAX)
    return NULL;
  conn = &run->conns[run->conn_count++];
  memset(conn, 0, sizeof *conn);
  conn->local_port = local_port;
  conn->remote_port = remote_port;
  conn->remote = run->remote;
  return conn;
}

static struct conn *conn_find(struct run *run, uint16_t local_port, uint16_t remote_port)
{
  unsigned i;

  for (i = run->conn_count; i-- > 0;) {
    if (run->conns[i].local_port == local_port && run->conns[i].remote_port == remote_port)
      return &run->conns[i];
  }
  return NULL;
}

struct conn *wire_conn_of(struct run *run, const struct msim_packet *packet)
{
  return packet->proto == MSIM_PROTO_TCP ? conn_find(run, packet->l4.tcp.src_port, packet->l4.tcp.dst_port) : NULL;
}

/* The connection that a line is about. A SYN begins one, when none is under way. */
static struct conn *conn_of_spec(struct run *run, const struct packet_spec *spec)
{
  uint16_t local = spec->inbound ? spec->dst_port : spec->src_port;
  uint16_t remote = spec->inbound ? spec->src_port : spec->dst_port;
  struct conn *conn = local != 0 ? conn_find(run, local, remote) : run->current;

  if (conn == NULL && (spec->inbound || local != 0)) {
    if (local == 0) {
      local = run->listen_port != 0 ? run->listen_port : run->connect_port != 0 ? run->connect_port : 8080;
      remote = run->next_port++;
    }
    conn = conn_add(run, local, remote);
  }
  if (conn != NULL)
    run->current = conn;
  return conn;
}

/* ---- numbers ---- */

/* On the wire less in the script, for numbers of the script's side: in packets with SYN they are its own, and the
 * others count from that SYN. */
static uint32_t remote_delta(const struct run *run, const struct conn *conn, uint16_t flags)
{
  uint32_t base = conn != NULL && conn->opened && (flags & MSIM_TCP_SYN) == 0 ? conn->remote_base : 0;

  return run->opts->isn_offset + base;
}

static uint32_t ts_to_wire(const struct conn *conn, uint32_t value)
{
  unsigned i;

  for (i = conn->ts_count; i-- > 0;) {
    if (conn->ts_script[i % TS_MAX] == value)
      return conn->ts_wire[i % TS_MAX];
    if (i + TS_MAX < conn->ts_count)
      break;
  }
  return conn->has_ts && value != 0 ? value + conn->ts_delta : value;
}

static void ts_learn(struct conn *conn, uint32_t script, uint32_t wire)
{
  if (!conn->has_ts) {
    conn->has_ts = true;
    conn->ts_delta = wire - script;
  }
  conn->ts_script[conn->ts_count % TS_MAX] = script;
  conn->ts_wire[conn->ts_count % TS_MAX] = wire;
  conn->ts_count++;
}

static void put32(uint8_t *out, uint32_t value)
{
  out[0] = (uint8_t)(value >> 24);
  out[1] = (uint8_t)(value >> 16);
  out[2] = (uint8_t)(value >> 8);
  out[3] = (uint8_t)value;
}

static uint32_t get32(const uint8_t *from)
{
  return (uint32_t)from[0] << 24 | (uint32_t)from[1] << 16 | (uint32_t)from[2] << 8 | from[3];
}

static struct named_cookie *cookie_find(struct run *run, const char *name)
{
  unsigned i;

  for (i = 0; i < run->cookie_count; i++) {
    if (strcmp(run->cookies[i].name, name) == 0)
      return &run->cookies[i];
  }
  return NULL;
}

/* The first cookie of the host where the script has a name is what the name stands for. */
static void cookies_learn(struct run *run, const struct packet_spec *spec, struct msim_slice options)
{
  size_t at = 0;
  unsigned i;

  for (i = 0; i < spec->option_count && at < options.size_bytes; i++) {
    const struct option_spec *option = &spec->options[i];
    const uint8_t *o = options.data + at;
    size_t size = o[0] <= OPTION_NOP ? 1 : at + 1 < options.size_bytes ? o[1] : 0;

    if (size == 0 || at + size > options.size_bytes || o[0] != option->kind)
      return;
    at += size;
    if (option->cookie_name != NULL && o[0] == OPTION_FAST_OPEN && size > 2 && size <= 18 &&
        cookie_find(run, option->cookie_name) == NULL &&
        run->cookie_count < sizeof run->cookies / sizeof *run->cookies) {
      struct named_cookie *cookie = &run->cookies[run->cookie_count++];

      cookie->name = option->cookie_name;
      cookie->size = (uint8_t)(size - 2);
      memcpy(cookie->bytes, o + 2, size - 2);
    }
  }
}

static void put_option(struct run *run, const struct packet_spec *spec, const struct conn *conn,
                       const struct option_spec *option, uint8_t *out, size_t *size)
{
  uint32_t delta = spec->inbound ? conn->local_delta : remote_delta(run, conn, spec->flags);
  unsigned i;

  out[0] = option->kind;
  switch (option->kind) {
  case OPTION_MSS:
    out[2] = (uint8_t)(option->value >> 8);
    out[3] = (uint8_t)option->value;
    *size = 4;
    break;
  case OPTION_WSCALE:
    out[2] = (uint8_t)option->value;
    *size = 3;
    break;
  case OPTION_SACKOK:
    *size = 2;
    break;
  case OPTION_SACK:
    for (i = 0; i < option->count; i++) {
      put32(out + 2 + 8 * i, option->left[i] + delta);
      put32(out + 6 + 8 * i, option->right[i] + delta);
    }
    *size = 2 + 8u * option->count;
    break;
  case OPTION_TS:
    put32(out + 2, option->value);
    put32(out + 6, spec->inbound ? ts_to_wire(conn, option->echo) : option->echo);
    *size = 10;
    break;
  case OPTION_FAST_OPEN:
  case OPTION_EXPERIMENT:
    *size = option->kind == OPTION_EXPERIMENT ? 4 : 2; /* RFC 6994: the experiment's number 0xf989 */
    out[2] = 0xf9;
    out[3] = 0x89;
    if (option->cookie_name != NULL) {
      const struct named_cookie *cookie = cookie_find(run, option->cookie_name);

      if (cookie != NULL)
        memcpy(out + *size, cookie->bytes, cookie->size);
      *size += cookie != NULL ? cookie->size : 0;
      break;
    }
    memcpy(out + *size, option->cookie, option->count);
    *size += option->count;
    break;
  default: /* one byte long */
    *size = 1;
    return;
  }
  out[1] = (uint8_t)*size;
}

/* The options of a line as they are on the wire; false: they do not fit. */
static bool put_options(struct run *run, const struct packet_spec *spec, const struct conn *conn, uint8_t out[64],
                        size_t *size)
{
  unsigned i;

  *size = 0;
  for (i = 0; i < spec->option_count; i++) {
    size_t used = 0;
    uint8_t bytes[64];

    if (spec->inbound && spec->options[i].cookie_name != NULL && cookie_find(run, spec->options[i].cookie_name) == NULL)
      return run_fail(run, "the host has given no cookie %s: a name stands for what a line in front of this one saw",
                      spec->options[i].cookie_name);
    put_option(run, spec, conn, &spec->options[i], bytes, &used);
    if (*size + used > 40)
      return run_fail(run, "the options are longer than 40 bytes");
    memcpy(out + *size, bytes, used);
    *size += used;
  }
  if (*size % 4 != 0)
    return run_fail(run, "the options are %zu bytes long, which is no multiple of 4: nop and eol fill", *size);
  return true;
}

/* ---- text ---- */

static void add(char *out, size_t capacity, size_t *used, const char *format, ...) MSIM_PRINTF(4, 5);
static void add(char *out, size_t capacity, size_t *used, const char *format, ...)
{
  va_list args;
  int got;

  if (*used + 1 >= capacity)
    return;
  va_start(args, format);
  got = vsnprintf(out + *used, capacity - *used, format, args);
  va_end(args);
  *used += got > 0 ? (size_t)got : 0;
}

static uint32_t ts_to_script(const struct conn *conn, uint32_t wire)
{
  unsigned i;

  for (i = conn->ts_count; i-- > 0;) {
    if (conn->ts_wire[i % TS_MAX] == wire)
      return conn->ts_script[i % TS_MAX];
    if (i + TS_MAX < conn->ts_count)
      break;
  }
  return wire - conn->ts_delta;
}

static void format_option(const struct run *run, const struct conn *conn, const uint8_t *o, size_t size, char *out,
                          size_t capacity, size_t *used)
{
  size_t i;

  if (o[0] == OPTION_MSS && size == 4) {
    add(out, capacity, used, "mss %u", (unsigned)(o[2] << 8 | o[3]));
  } else if (o[0] == OPTION_WSCALE && size == 3) {
    add(out, capacity, used, "wscale %u", o[2]);
  } else if (o[0] == OPTION_SACKOK) {
    add(out, capacity, used, "sackOK");
  } else if (o[0] == OPTION_TS && size == 10) {
    add(out, capacity, used, "TS val %u ecr %u", conn != NULL ? ts_to_script(conn, get32(o + 2)) : get32(o + 2),
        get32(o + 6));
  } else if (o[0] == OPTION_SACK) {
    add(out, capacity, used, "sack");
    for (i = 2; i + 8 <= size; i += 8)
      add(out, capacity, used, " %u:%u", get32(o + i) - remote_delta(run, conn, 0),
          get32(o + i + 4) - remote_delta(run, conn, 0));
  } else if (o[0] == OPTION_FAST_OPEN || o[0] == OPTION_EXPERIMENT) {
    add(out, capacity, used, o[0] == OPTION_FAST_OPEN ? "FO " : "FOEXP ");
    for (i = o[0] == OPTION_FAST_OPEN ? 2 : 4; i < size; i++)
      add(out, capacity, used, "%02x", o[i]);
  } else {
    add(out, capacity, used, "kind%u", o[0]);
  }
}

static void format_options(const struct run *run, const struct conn *conn, struct msim_slice options, char *out,
                           size_t capacity, size_t *used)
{
  size_t at = 0, size;

  while (at < options.size_bytes) {
    const uint8_t *o = options.data + at;

    add(out, capacity, used, at == 0 ? " <" : ",");
    size = 1;
    if (o[0] == OPTION_END || o[0] == OPTION_NOP) {
      add(out, capacity, used, o[0] == OPTION_NOP ? "nop" : "eol");
    } else {
      size =
          at + 1 < options.size_bytes && o[1] >= 2 && at + o[1] <= options.size_bytes ? o[1] : options.size_bytes - at;
      format_option(run, conn, o, size, out, capacity, used);
    }
    at += size;
  }
  if (at > 0)
    add(out, capacity, used, ">");
}

/* A packet of the host, in the script's numbers */
void wire_format(const struct run *run, const struct conn *conn, const struct msim_packet *packet, char *out,
                 size_t capacity)
{
  static const char letters[] = "FSRP.UEW";
  static const char *const ecn[] = {"", "[ect1] ", "[ect0] ", "[ce] "};
  const struct msim_tcp_view *tcp = &packet->l4.tcp;
  uint32_t seq = tcp->seq - (conn != NULL ? conn->local_delta : 0);
  size_t used = 0;
  unsigned i;

  if (packet->proto != MSIM_PROTO_TCP) {
    add(out, capacity, &used, "> icmp type %u code %u", packet->l4.icmp.type, packet->l4.icmp.code);
    return;
  }
  add(out, capacity, &used, "> %s", ecn[packet->tos & 3]);
  if (conn == NULL || conn != run->current)
    add(out, capacity, &used, "%u > %u ", tcp->src_port, tcp->dst_port);
  for (i = 0; letters[i] != '\0'; i++) {
    if ((tcp->flags & 1u << i) != 0 && letters[i] != '.')
      add(out, capacity, &used, "%c", letters[i]);
  }
  if ((tcp->flags & MSIM_TCP_ACK) != 0)
    add(out, capacity, &used, ".");
  else if (tcp->flags == 0)
    add(out, capacity, &used, "-");
  if (conn != NULL && !conn->known && (tcp->flags & MSIM_TCP_SYN) != 0)
    seq = 0;
  add(out, capacity, &used, " %u:%u(%zu)", seq, (unsigned)(seq + packet->payload.size_bytes),
      packet->payload.size_bytes);
  if ((tcp->flags & MSIM_TCP_ACK) != 0)
    add(out, capacity, &used, " ack %u", tcp->ack - remote_delta(run, conn, tcp->flags));
  add(out, capacity, &used, " win %u", tcp->window);
  if ((tcp->flags & MSIM_TCP_URG) != 0)
    add(out, capacity, &used, " urg %u", tcp->urgent);
  format_options(run, conn, packet->options, out, capacity, &used);
}

/* ---- in ---- */

static bool put_in(struct run *run, const struct msim_packet *packet)
{
  static uint8_t bytes[65535];
  size_t size = msim_packet_encode(packet, bytes, sizeof bytes);
  int err;

  if (size == 0)
    return run_fail(run, "the packet cannot be written");
  err = msim_port_inject(run->port, (struct msim_slice){bytes, size});
  return err == MSIM_OK || run_fail(run, "the port does not take the packet: %s", msim_strerror(err));
}

/* What ICMPv6 says for what a line says in words of ICMP (RFC 4443 3, 4). */
static void turn_icmp(struct msim_packet *packet)
{
  static const uint8_t codes[] = {0, 3, 0, 4}; /* net, host, protocol, port */
  struct msim_icmp_view *icmp = &packet->l4.icmp;

  packet->proto = MSIM_PROTO_ICMPV6;
  if (icmp->type == 3 && icmp->code == 4) {
    icmp->type = 2; /* packet too big */
    icmp->code = 0;
  } else if (icmp->type == 3) {
    icmp->type = 1;
    icmp->code = icmp->code < sizeof codes ? codes[icmp->code] : 1;
  } else if (icmp->type == 11) {
    icmp->type = 3; /* time exceeded */
  } else {
    icmp->type = 4;
  }
}

static bool inject_icmp(struct run *run, const struct packet_spec *spec, const struct conn *conn)
{
  size_t quoted_bytes = run_head_bytes(run) + 8;
  struct msim_packet about, packet;
  static const uint8_t payload[65536];
  static uint8_t bytes[65535];
  size_t size;

  memset(&about, 0, sizeof about);
  about.src = run->local;
  about.dst = conn->remote;
  about.proto = MSIM_PROTO_TCP;
  about.ttl = 64;
  about.dont_fragment = run->local.family == MSIM_FAMILY_IPV4;
  about.l4.tcp.src_port = conn->local_port;
  about.l4.tcp.dst_port = conn->remote_port;
  about.l4.tcp.seq = spec->seq + conn->local_delta;
  about.l4.tcp.flags = spec->flags != 0 ? spec->flags : MSIM_TCP_ACK;
  about.payload = (struct msim_slice){payload, spec->payload_bytes};
  size = msim_packet_encode(&about, bytes, sizeof bytes);
  memset(&packet, 0, sizeof packet);
  packet.src = run->remote;
  packet.dst = run->local;
  packet.proto = MSIM_PROTO_ICMP;
  packet.ttl = 64;
  packet.l4.icmp.type = spec->icmp_type;
  packet.l4.icmp.code = spec->icmp_code;
  packet.l4.icmp.rest = spec->mtu_bytes;
  packet.payload = (struct msim_slice){bytes, size < quoted_bytes ? size : quoted_bytes};
  if (run->local.family == MSIM_FAMILY_IPV6)
    turn_icmp(&packet);
  return put_in(run, &packet);
}

/* A segment longer than the link carries stands for several, as a capture on a host with large receive offload shows
 * them. */
static bool inject_tcp(struct run *run, const struct packet_spec *spec, const struct conn *conn)
{
  static const uint8_t payload[65536];
  struct msim_packet packet;
  uint8_t options[64];
  size_t size, room, done = 0;

  memset(&packet, 0, sizeof packet);
  if (!put_options(run, spec, conn, options, &size))
    return false;
  packet.src = conn->remote;
  packet.dst = run->local;
  packet.proto = MSIM_PROTO_TCP;
  packet.ttl = spec->ttl != 0 ? spec->ttl : 64;
  packet.tos = spec->tos;
  packet.dont_fragment = run->local.family == MSIM_FAMILY_IPV4;
  packet.l4.tcp.src_port = conn->remote_port;
  packet.l4.tcp.dst_port = conn->local_port;
  packet.l4.tcp.ack = spec->has_ack ? spec->ack + conn->local_delta : 0;
  packet.l4.tcp.window = spec->window;
  packet.l4.tcp.urgent = spec->urgent;
  packet.options = (struct msim_slice){options, size};
  room = run->mtu_bytes - run_head_bytes(run) - 20 - size;
  do {
    size_t part = spec->payload_bytes - done < room ? spec->payload_bytes - done : room;
    uint16_t last_only = done + part < spec->payload_bytes ? MSIM_TCP_PSH | MSIM_TCP_FIN : 0;

    packet.l4.tcp.seq = spec->seq + remote_delta(run, conn, spec->flags) + (uint32_t)done;
    packet.l4.tcp.flags = spec->flags & (uint16_t)~last_only;
    packet.payload = (struct msim_slice){payload, part};
    if (!put_in(run, &packet))
      return false;
    done += part;
  } while (done < spec->payload_bytes);
  return true;
}

bool wire_inject(struct run *run, const struct packet_spec *spec)
{
  struct conn *conn = conn_of_spec(run, spec);

  if (conn == NULL)
    return run_fail(run, "more than %d connections", CONNS_MAX);
  run_history(run, run->last_ns, run->event->source);
  if (spec->proto == MSIM_PROTO_ICMP)
    return inject_icmp(run, spec, conn);
  if ((spec->flags & (MSIM_TCP_SYN | MSIM_TCP_ACK)) == MSIM_TCP_SYN) {
    conn->begins_anew = conn->known && spec->seq != conn->remote_seq;
    conn->remote_seq = spec->seq;
  }
  if ((spec->flags & MSIM_TCP_SYN) != 0 && !conn->opened)
    conn->remote_base = spec->seq;
  else if ((spec->flags & (MSIM_TCP_SYN | MSIM_TCP_RST)) == 0 && conn->known)
    conn->opened = true;
  return inject_tcp(run, spec, conn);
}

/* ---- out ---- */

static bool differs(struct run *run, const char *what, const char *actual)
{
  return run_fail(run, "another packet than the one waited for: %s\n  actual: %s", what, actual);
}

/* A line may stand for several segments, as a capture with segmentation offload shows them: those that came at once are
 * made one. */
static void join_offloaded(struct run *run, const struct packet_spec *spec)
{
  struct captured *c = &run->queue[run->queue_first];

  while (spec->payload_bytes > c->packet.payload.size_bytes && run->queue_count > 1 &&
         c->packet.payload.size_bytes > 0) {
    struct captured *next = &run->queue[(run->queue_first + 1) % QUEUE_MAX];
    size_t size = c->packet.payload.size_bytes, more = next->packet.payload.size_bytes;
    const struct msim_tcp_view *tcp = &next->packet.l4.tcp;
    uint8_t *payload;

    if (next->packet.proto != MSIM_PROTO_TCP || tcp->seq != c->packet.l4.tcp.seq + (uint32_t)size || more == 0 ||
        tcp->ack != c->packet.l4.tcp.ack || run_usec(next->at_ns) != run_usec(c->at_ns) ||
        (c->packet.l4.tcp.flags & MSIM_TCP_FIN) != 0 || size + more > spec->payload_bytes)
      return;
    payload = calloc(1, size + more + c->packet.options.size_bytes);
    if (payload == NULL)
      return;
    memcpy(payload + size + more, c->packet.options.data, c->packet.options.size_bytes);
    c->packet.options.data = payload + size + more;
    c->packet.payload = (struct msim_slice){payload, size + more};
    c->packet.l4.tcp.flags |= tcp->flags;
    free(next->bytes);
    free(c->bytes);
    c->bytes = payload;
    *next = *c;
    run->queue_first = (run->queue_first + 1) % QUEUE_MAX;
    run->queue_count--;
    c = next;
  }
}

static bool check_options(struct run *run, const struct packet_spec *spec, struct conn *conn,
                          const struct msim_packet *packet, const char *actual)
{
  uint8_t options[64];
  size_t size, at, i;

  if (spec->any_options)
    return true;
  cookies_learn(run, spec, packet->options);
  if (!put_options(run, spec, conn, options, &size))
    return false;
  if (size != packet->options.size_bytes)
    return differs(run, "the options", actual);
  for (at = 0, i = 0; i < spec->option_count; i++) {
    size_t length = 0;
    uint8_t bytes[64];
    bool is_ts = spec->options[i].kind == OPTION_TS;

    put_option(run, spec, conn, &spec->options[i], bytes, &length);
    /* the host's clock is its own: what is echoed must be right, what it shows is learned */
    if (is_ts && memcmp(packet->options.data + at, options + at, 2) == 0) {
      ts_learn(conn, spec->options[i].value, get32(packet->options.data + at + 2));
      memcpy(options + at + 2, packet->options.data + at + 2, 4);
    }
    at += length;
  }
  return memcmp(options, packet->options.data, size) == 0 || differs(run, "the options", actual);
}

static bool check_tos(struct run *run, const struct packet_spec *spec, const struct msim_packet *packet,
                      const char *actual)
{
  uint8_t ecn = packet->tos & 3;

  if ((spec->tos_check == ECN_EXACT && ecn != spec->tos) ||
      (spec->tos_check == TOS_EXACT && packet->tos != spec->tos) ||
      (spec->tos_check == ECN_EITHER && ecn != 1 && ecn != 2))
    return differs(run, "the ECN bits or the type of service", actual);
  return spec->ttl == 0 || spec->ttl == packet->ttl || differs(run, "the time to live", actual);
}

static bool check_tcp(struct run *run, const struct packet_spec *spec, struct conn *conn,
                      const struct msim_packet *packet, const char *actual)
{
  const struct msim_tcp_view *tcp = &packet->l4.tcp;

  if (tcp->flags != spec->flags &&
      !(run->opts->lenient && spec->payload_bytes > 0 && (tcp->flags | MSIM_TCP_PSH) == (spec->flags | MSIM_TCP_PSH)))
    return differs(run, "the flags", actual);
  if (packet->payload.size_bytes != spec->payload_bytes)
    return differs(run, "the length", actual);
  if (tcp->seq - conn->local_delta != spec->seq)
    return differs(run, "the sequence number", actual);
  if (spec->has_ack && tcp->ack - remote_delta(run, conn, tcp->flags) != spec->ack)
    return differs(run, "the acknowledgment number", actual);
  if (spec->has_window && tcp->window != spec->window)
    return differs(run, "the window", actual);
  if (tcp->urgent != spec->urgent)
    return differs(run, "the urgent pointer", actual);
  return check_tos(run, spec, packet, actual) && check_options(run, spec, conn, packet, actual);
}

/* The connection of a packet that came, which a SYN of the host may begin. */
static struct conn *conn_of_actual(struct run *run, const struct packet_spec *spec, const struct msim_packet *packet)
{
  const struct msim_tcp_view *tcp = &packet->l4.tcp;
  struct conn *conn = wire_conn_of(run, packet);

  if (conn == NULL && (tcp->flags & (MSIM_TCP_SYN | MSIM_TCP_ACK)) == MSIM_TCP_SYN) {
    conn = conn_add(run, tcp->src_port, tcp->dst_port);
    if (conn != NULL)
      conn->remote = packet->dst;
    run->current = conn;
  }
  if (conn != NULL && (tcp->flags & MSIM_TCP_SYN) != 0 && (spec->flags & MSIM_TCP_SYN) != 0 &&
      (!conn->known || conn->begins_anew)) {
    if (conn->begins_anew)
      conn->remote_base = conn->remote_seq;
    conn->known = true;
    conn->begins_anew = false;
    conn->local_delta = tcp->seq - spec->seq;
  }
  if (conn != NULL && conn->known && (tcp->flags & MSIM_TCP_ACK) != 0 && (tcp->flags & MSIM_TCP_RST) == 0)
    conn->opened = true; /* it has heard our SYN */
  return conn;
}

static bool compare(struct run *run, const struct packet_spec *spec, const struct captured *c)
{
  const struct msim_packet *packet = &c->packet;
  struct conn *conn = NULL, *wanted;
  char actual[320];

  if (packet->proto == MSIM_PROTO_TCP && spec->proto == MSIM_PROTO_TCP)
    conn = conn_of_actual(run, spec, packet);
  wanted = conn_of_spec(run, spec);
  wire_format(run, conn, packet, actual, sizeof actual);
  if (spec->proto != packet->proto)
    return differs(run, "the protocol", actual);
  if (spec->proto == MSIM_PROTO_ICMP) {
    if (packet->l4.icmp.type != spec->icmp_type || packet->l4.icmp.code != spec->icmp_code)
      return differs(run, "type or code", actual);
  } else {
    if (conn == NULL || (wanted != conn && spec->src_port == 0))
      return differs(run, "the connection", actual);
    if (spec->src_port != 0 && (spec->src_port != packet->l4.tcp.src_port || spec->dst_port != packet->l4.tcp.dst_port))
      return differs(run, "the ports", actual);
    if (!check_tcp(run, spec, conn, packet, actual))
      return false;
  }
  run_history(run, c->at_ns, actual);
  return true;
}

bool wire_expect(struct run *run, const struct event *event)
{
  msim_ns base = event->time == TIME_RELATIVE || event->time == TIME_RELATIVE_RANGE ? run->last_ns : 0;
  msim_ns tolerance = run->opts->tolerance_ns, begin = base + event->at_ns, end = base + event->end_ns, at;
  msim_ns limit = event->time == TIME_ANY ? msim_sim_now_ns(run->sim) + ANY_TIME_MAX_NS : end + tolerance + 499;
  struct captured *c;
  bool good;

  while (run->queue_count == 0) {
    msim_ns next = msim_sim_next_event_ns(run->sim);

    if (next > limit) {
      if (event->time == TIME_ANY)
        return run_fail(run, "no packet came");
      return run_fail(run, "no packet came until %.6f; the clock's next event is at %.6f", (double)end / 1e9,
                      next == MSIM_NEVER ? -1.0 : (double)next / 1e9);
    }
    if (!run_until(run, next))
      return false;
  }
  if (run->queue[run->queue_first].at_ns + 100 > msim_sim_now_ns(run->sim) && !run_settle(run))
    return false;
  join_offloaded(run, event->u.packet);
  c = &run->queue[run->queue_first];
  at = run_usec(c->at_ns);
  good = compare(run, event->u.packet, c);
  if (good && event->time != TIME_ANY && (at + tolerance < begin || at > end + tolerance))
    good = run_fail(run, "the packet came at %.6f, not at %.6f", (double)at / 1e9, (double)begin / 1e9);
  run->last_ns = at > run->last_ns ? at : run->last_ns;
  free(c->bytes);
  c->bytes = NULL;
  run->queue_first = (run->queue_first + 1) % QUEUE_MAX;
  run->queue_count--;
  return good;
}
