/* fuzz_tcp_segment.c: a host's TCP against a peer that sends any segments and ICMP errors, while its user reads,
 * writes, closes and aborts. The run never fails and ends by itself; users hear what they may hear; each byte that is
 * read or sent is the one of its sequence number, whatever overlapped, was repeated or came out of order. Input: steps.
 */
#include <mailsim/topology.h>

#include "fuzz.h"
#include "support/fail_mem.h"
#include "tcp/tcb.h"
#include "wire/tcp_header.h"

#define CONNS_MAX 32u
#define STEPS_MAX 200u
#define PORTS 4u /* of the peer, and as many connections that the host opens */
#define LISTEN_PORT 25u
#define EVENTS_MAX 300000u

struct conn {
  struct world *world;
  struct msim__tcb *tcb; /* NULL: not yet, or no more */
  uint32_t read_seq;     /* of the next byte to be read */
  uint32_t write_seq;    /* of the next byte to be written */
  bool opened, ended, closed, lazy, hasty;
};

/* What the peer knows of one pair of ports. */
struct pair {
  uint32_t iss; /* the peer's own */
  uint32_t his_seq, his_end, his_ack, his_window, his_time;
};

struct world {
  struct msim_sim *sim;
  struct fail_mem memory;
  struct msim_node *host, *peer;
  struct msim__trace_hook hook; /* carries the world to the peer's handler, which has no context of its own */
  struct conn conns[CONNS_MAX];
  size_t conn_count;
  struct pair pairs[2 * PORTS]; /* the second half: those that the host opens */
  uint8_t last[60];             /* what the host sent last, as ICMP quotes it */
  size_t last_bytes;
  uint8_t cookie[8]; /* the last one that the host granted */
};

/* What both sides put where: it follows from the number alone, so that no state is needed to judge it. */
static uint8_t byte_at(uint32_t seq)
{
  return (uint8_t)(seq * UINT32_C(2654435761) >> 24);
}

/* ---- the user ---- */

static void read_some(struct conn *c)
{
  struct msim_slice part;
  size_t i;

  while (c->tcb != NULL && (part = msim__tcp_peek(c->tcb, 0)).size_bytes > 0) {
    FUZZ_CHECK(part.size_bytes <= msim__tcp_available_bytes(c->tcb));
    for (i = 0; i < part.size_bytes; i++)
      FUZZ_CHECK(part.data[i] == byte_at(c->read_seq + (uint32_t)i));
    c->read_seq += (uint32_t)part.size_bytes;
    msim__tcp_consume(c->tcb, part.size_bytes);
  }
}

static void write_some(struct conn *c, size_t size_bytes, bool urgent)
{
  uint8_t bytes[2048];
  size_t i;

  for (i = 0; i < size_bytes; i++)
    bytes[i] = byte_at(c->write_seq + (uint32_t)i);
  if (urgent)
    c->write_seq += (uint32_t)msim__tcp_write_urgent(c->tcb, bytes, size_bytes);
  else
    c->write_seq += (uint32_t)msim__tcp_write(c->tcb, bytes, size_bytes);
}

static void on_open(struct msim__tcb *tcb, void *user)
{
  struct conn *c = user;

  FUZZ_CHECK(c->tcb == tcb && !c->opened && !c->closed);
  c->opened = true;
  c->read_seq = tcb->irs + 1;
}

static void on_readable(struct msim__tcb *tcb, void *user)
{
  struct conn *c = user;

  FUZZ_CHECK(c->tcb == tcb && c->opened && !c->ended && !c->closed);
  if (!c->lazy)
    read_some(c);
  if (c->hasty)
    msim__tcp_abort(tcb);
}

static void on_writable(struct msim__tcb *tcb, void *user)
{
  struct conn *c = user;

  FUZZ_CHECK(c->tcb == tcb && c->opened && !c->closed);
  write_some(c, 100, false);
}

static void on_eof(struct msim__tcb *tcb, void *user)
{
  struct conn *c = user;

  FUZZ_CHECK(c->tcb == tcb && c->opened && !c->ended && !c->closed);
  c->ended = true;
  FUZZ_CHECK(c->lazy || msim__tcp_is_at_eof(tcb));
}

static void on_closed(struct msim__tcb *tcb, void *user, enum msim_close_reason why)
{
  struct conn *c = user;

  FUZZ_CHECK(c->tcb == tcb && !c->closed && why <= MSIM_CLOSED_ABORTED);
  c->closed = true;
  c->tcb = NULL;
}

static void on_urgent(struct msim__tcb *tcb, void *user)
{
  const struct conn *c = user;
  size_t ahead = 0;

  FUZZ_CHECK(c->tcb == tcb && c->opened && !c->ended && !c->closed);
  FUZZ_CHECK(msim__tcp_urgent_ahead(tcb, &ahead) && ahead > 0 && (ahead == 1) == msim__tcp_is_at_urgent_mark(tcb));
}

static const struct msim__tcp_user user_ops = {on_open, on_readable, on_writable, on_eof, on_closed, on_urgent};

static int accept(void *ctx, struct msim__tcb *tcb, const struct msim__tcp_user **ops, void **user)
{
  struct world *w = ctx;
  struct conn *c = &w->conns[w->conn_count];

  if (w->conn_count == CONNS_MAX)
    return MSIM_ERR_LIMIT;
  w->conn_count++;
  c->tcb = tcb;
  c->write_seq = tcb->iss + 1;
  c->lazy = w->conn_count % 4 == 3;
  c->hasty = w->conn_count % 8 == 6;
  *ops = &user_ops;
  *user = c;
  return MSIM_OK;
}

/* ---- the peer ---- */

static struct pair *pair_of(struct world *w, uint16_t peer_port, uint16_t host_port)
{
  if (host_port == LISTEN_PORT && peer_port >= 4000 && peer_port < 4000 + PORTS)
    return &w->pairs[peer_port - 4000];
  if (peer_port == LISTEN_PORT && host_port >= 5000 && host_port < 5000 + PORTS)
    return &w->pairs[PORTS + host_port - 5000];
  return NULL;
}

static void peer_receive(struct msim_node *node, struct msim__packet *packet)
{
  struct world *w = msim__node_sim(node)->trace_hooks->ctx;
  struct pair *pair = pair_of(w, packet->dst_port, packet->src_port);
  struct msim_slice text = msim__packet_payload(packet);
  struct msim_packet view;
  uint32_t begin = packet->seq + ((packet->flags & MSIM_TCP_SYN) != 0);
  size_t i;

  if (node == w->host) {
    msim__tcp_receive(node, packet);
    return;
  }
  FUZZ_CHECK(pair != NULL); /* the host speaks to nobody else */
  FUZZ_CHECK(((packet->flags & MSIM_TCP_URG) != 0) == (packet->cold != NULL && packet->cold->urgent != 0));
  for (i = 0; i < text.size_bytes; i++)
    FUZZ_CHECK(text.data[i] == byte_at(begin + (uint32_t)i));
  pair->his_seq = packet->seq;
  if ((packet->flags & MSIM_TCP_RST) == 0)
    pair->his_end = begin + packet->payload_bytes + ((packet->flags & MSIM_TCP_FIN) != 0);
  if ((packet->flags & MSIM_TCP_ACK) != 0)
    pair->his_ack = packet->ack;
  pair->his_window = packet->window;
  msim__packet_view(msim__net(w->sim), packet, &view);
  if (view.l4.tcp.fastopen_bytes == sizeof w->cookie)
    memcpy(w->cookie, view.l4.tcp.fastopen, sizeof w->cookie);
  if (view.l4.tcp.has_timestamp)
    pair->his_time = view.l4.tcp.ts_value;
  view.payload.size_bytes = 0;
  w->last_bytes = msim_packet_encode(&view, w->last, sizeof w->last);
}

static uint32_t his_number(struct fuzz_input *input, const struct pair *pair, unsigned choice)
{
  uint32_t near = (uint32_t)(int32_t)(int8_t)fuzz_byte(input);

  switch (choice % 4) {
  case 0:
    return pair->his_end;
  case 1:
    return pair->his_end + near;
  case 2:
    return pair->his_seq + near * 512;
  default:
    return (uint32_t)fuzz_number(input, 4);
  }
}

static uint32_t own_number(struct fuzz_input *input, const struct pair *pair, unsigned choice)
{
  uint32_t near = (uint32_t)(int32_t)(int8_t)fuzz_byte(input);

  switch (choice % 8) {
  case 0:
    return pair->iss;
  case 1:
  case 2:
    return pair->his_ack;
  case 3:
    return pair->his_ack + near;
  case 4:
    return pair->his_ack + near * 256;
  case 5:
    return pair->his_ack + pair->his_window + near;
  case 6:
    return pair->iss + near;
  default:
    return (uint32_t)fuzz_number(input, 4);
  }
}

/* From peer to host; takes bytes as payload when they are the packet's own. */
static struct msim__packet *new_packet(struct world *w, uint8_t proto, uint32_t *index)
{
  struct msim_addr from = msim_node_addr(w->peer), to = msim_node_addr(w->host);
  struct msim__net *net = msim__net(w->sim);
  struct msim__packet *p;

  *index = msim__packet_new(&net->packets);
  FUZZ_CHECK(*index != MSIM__PACKET_NONE);
  p = msim__packet_at(&net->packets, *index);
  p->proto = proto;
  p->src = msim__addr_intern(net, &from);
  p->dst = msim__addr_intern(net, &to);
  return p;
}

/* Adds what the peer knows to SACK blocks, to the echoed time and to a cookie, which would hardly ever be near
 * otherwise.
 */
static void place_options(const struct world *w, const struct pair *pair, struct msim__packet_cold *cold)
{
  struct msim_slice options = fuzz_slice_of(cold->options, cold->option_bytes), data;
  size_t offset = 0, i;
  uint8_t kind;

  while (msim__tcp_option_next(options, &offset, &kind, &data) == 1) {
    size_t at = data.size_bytes > 0 ? (size_t)(data.data - cold->options) : 0;

    if (kind == MSIM__TCP_OPTION_FAST_OPEN && data.size_bytes == sizeof w->cookie)
      for (i = 0; i < sizeof w->cookie; i++)
        cold->options[at + i] ^= w->cookie[i];

    for (i = kind == MSIM__TCP_OPTION_TIMESTAMPS ? 4 : 0;
         (kind == MSIM__TCP_OPTION_SACK || kind == MSIM__TCP_OPTION_TIMESTAMPS) && i + 4 <= data.size_bytes; i += 4) {
      uint8_t *word = cold->options + at + i;
      uint32_t base = kind == MSIM__TCP_OPTION_SACK ? pair->his_end : pair->his_time;
      uint32_t value = base + ((uint32_t)word[0] << 24 | (uint32_t)word[1] << 16 | (uint32_t)word[2] << 8 | word[3]);

      word[0] = (uint8_t)(value >> 24);
      word[1] = (uint8_t)(value >> 16);
      word[2] = (uint8_t)(value >> 8);
      word[3] = (uint8_t)value;
    }
  }
}

static void send_segment(struct world *w, struct fuzz_input *input)
{
  static const uint16_t usual[] = {MSIM_TCP_SYN,
                                   MSIM_TCP_ACK,
                                   MSIM_TCP_SYN | MSIM_TCP_ACK,
                                   MSIM_TCP_ACK | MSIM_TCP_PSH,
                                   MSIM_TCP_ACK | MSIM_TCP_FIN,
                                   MSIM_TCP_RST,
                                   MSIM_TCP_RST | MSIM_TCP_ACK,
                                   MSIM_TCP_ACK};
  unsigned which = fuzz_byte(input), choice = fuzz_byte(input), i;
  struct pair *pair = &w->pairs[which % (2 * PORTS)];
  struct msim__packet_cold *cold;
  uint32_t index, begin;
  struct msim__packet *p = new_packet(w, MSIM_PROTO_TCP, &index);
  size_t size = (choice & 0x80) != 0 ? fuzz_number(input, 2) % 1461 : 0;
  struct msim_slice options = fuzz_take(input, (which & 0x80) != 0 ? fuzz_byte(input) % 41 : 0);

  p->src_port = (uint16_t)(which % 8 < PORTS ? 4000 + which % 4 : LISTEN_PORT);
  p->dst_port = (uint16_t)(which % 8 < PORTS ? LISTEN_PORT : 5000 + which % 4);
  p->flags = (which & 0x40) != 0 ? fuzz_byte(input) : usual[which >> 3 & 7];
  p->seq = own_number(input, pair, choice);
  p->ack = his_number(input, pair, choice >> 3);
  p->window = (choice & 0x40) != 0 ? (uint16_t)fuzz_number(input, 2) : 65535;
  if ((p->flags & MSIM_TCP_SYN) != 0)
    pair->iss = p->seq;
  begin = p->seq + ((p->flags & MSIM_TCP_SYN) != 0);
  if (size > 0) {
    p->payload = msim_blob_new(w->sim, NULL, size);
    FUZZ_CHECK(p->payload != NULL);
    p->payload_bytes = (uint16_t)size;
    for (i = 0; i < size; i++)
      p->payload->data[i] = byte_at(begin + i);
  }
  if (options.size_bytes > 0 || (p->flags & MSIM_TCP_URG) != 0) {
    cold = msim__packet_cold(&msim__net(w->sim)->packets, p);
    FUZZ_CHECK(cold != NULL);
    cold->urgent = (uint16_t)((p->flags & MSIM_TCP_URG) != 0 ? p->seq & ((choice & 0x20) != 0 ? 0xffff : 0x7ff) : 0);
    cold->option_bytes = (uint8_t)(options.size_bytes & ~(size_t)3);
    if (cold->option_bytes > 0)
      memcpy(cold->options, options.data, cold->option_bytes);
    place_options(w, pair, cold);
  }
  (void)msim__ip_send(w->peer, index);
}

/* An error that quotes what the host sent last, perhaps spoilt. */
static void send_icmp(struct world *w, struct fuzz_input *input)
{
  uint32_t index;
  struct msim__packet *p = new_packet(w, MSIM_PROTO_ICMP, &index);
  size_t size = w->last_bytes, at;

  p->src_port = (fuzz_byte(input) & 3) != 0 ? 3 : fuzz_byte(input);
  p->dst_port = fuzz_byte(input) % 20;
  p->seq = (uint32_t)fuzz_number(input, 2);
  at = fuzz_byte(input);
  if (size > 0) {
    p->payload = msim_blob_new(w->sim, w->last, size);
    FUZZ_CHECK(p->payload != NULL);
    p->payload_bytes = (uint16_t)size;
    if (at < size)
      p->payload->data[at] = fuzz_byte(input);
  }
  (void)msim__ip_send(w->peer, index);
}

/* ---- steps ---- */

/* The bytes follow from the numbers, and these from the time and the ports: a connection that is given up at once
 * tells.
 */
static int connect_fast(struct world *w, uint16_t port, uint8_t size, struct conn *c)
{
  static const struct msim__tcp_user nobody;
  struct msim_endpoint remote = {msim_node_addr(w->peer), LISTEN_PORT};
  uint8_t bytes[UINT8_MAX];
  struct msim__tcb *first;
  size_t taken, i;
  int err = msim__tcp_connect(w->host, remote, port, &nobody, NULL, &first);

  if (err != MSIM_OK)
    return err;
  for (i = 0; i < size; i++)
    bytes[i] = byte_at(first->iss + 1 + (uint32_t)i);
  msim__tcp_abort(first);
  err = msim__tcp_connect_fast(w->host, remote, port, bytes, size, &user_ops, c, &c->tcb, &taken);
  FUZZ_CHECK(err == MSIM_OK && taken == size);
  c->write_seq = (uint32_t)taken;
  return err;
}

static void use(struct world *w, struct fuzz_input *input)
{
  unsigned what = fuzz_byte(input), which = fuzz_byte(input);
  struct conn *c = w->conn_count > 0 ? &w->conns[which % w->conn_count] : NULL;
  struct msim_endpoint remote = {msim_node_addr(w->peer), LISTEN_PORT};

  if (what % 8 == 0 && w->conn_count < CONNS_MAX) {
    uint16_t port = (uint16_t)(5000 + what / 8 % PORTS);
    int err;

    c = &w->conns[w->conn_count];
    err = (what & 0x40) != 0 ? connect_fast(w, port, fuzz_byte(input), c)
                             : msim__tcp_connect(w->host, remote, port, &user_ops, c, &c->tcb);
    FUZZ_CHECK(err == MSIM_OK || err == MSIM_ERR_EXISTS);
    if (err != MSIM_OK)
      return;
    w->conn_count++;
    c->write_seq += c->tcb->iss + 1;
    return;
  }
  if (what == 255)
    msim__tcp_unlisten(w->host, LISTEN_PORT);
  else if (what == 254)
    (void)msim__tcp_listen(w->host, LISTEN_PORT, accept, w);
  else if (c == NULL || c->tcb == NULL)
    return;
  else if (what % 8 < 4)
    write_some(c, fuzz_number(input, 2) % 2048, (what & 0x80) != 0);
  else if (what % 8 == 4)
    msim__tcp_close(c->tcb);
  else if (what % 8 == 5)
    msim__tcp_abort(c->tcb);
  else if (what % 8 == 6 && c->opened)
    read_some(c);
  else
    msim__tcp_set_nodelay(c->tcb, (what & 8) != 0);
}

static void check_conns(const struct world *w)
{
  size_t i;

  FUZZ_CHECK(msim_sim_failure(w->sim) == MSIM_OK);
  for (i = 0; i < w->conn_count; i++) {
    const struct msim__tcb *tcb = w->conns[i].tcb;

    if (tcb == NULL || msim__tcb_is_over(tcb))
      continue;
    FUZZ_CHECK(!msim__seq_before(tcb->snd_nxt, tcb->snd_una) && !msim__seq_before(tcb->snd_max, tcb->snd_nxt));
    FUZZ_CHECK(!msim__seq_before(tcb->rcv_adv, tcb->rcv_nxt));
    FUZZ_CHECK(tcb->available_bytes <= tcb->opts->receive_buffer_bytes);
  }
}

static void open_world(struct world *w)
{
  const struct msim__protocol handlers = {.receive = peer_receive, .error = msim__tcp_error};
  const struct msim_link_opts link = {.a_to_b = {.delay_ns = MSIM_MSEC(1)}, .b_to_a = {.delay_ns = MSIM_MSEC(1)}};
  const struct msim_tcp_opts tcp = {
      .receive_buffer_bytes = 8192, .send_buffer_bytes = 8192, .data_retries_max = 5, .fastopen = 3};
  struct msim_sim_opts opts;
  size_t i;

  fail_mem_init(&w->memory, 0);
  memset(&opts, 0, sizeof opts);
  opts.mem = w->memory.hook;
  opts.event_count_max = EVENTS_MAX;
  FUZZ_CHECK(msim_sim_new(&w->sim, &opts) == MSIM_OK);
  FUZZ_CHECK(msim_node_add(w->sim, "host", &w->host) == MSIM_OK && msim_node_add(w->sim, "peer", &w->peer) == MSIM_OK);
  FUZZ_CHECK(msim_node_add_addr(w->host, "10.0.0.1") == MSIM_OK && msim_node_add_addr(w->peer, "10.0.0.2") == MSIM_OK);
  FUZZ_CHECK(msim_link_add(w->host, w->peer, &link) == MSIM_OK && msim_node_set_tcp(w->host, &tcp) == MSIM_OK);
  w->hook.ctx = w;
  msim__trace_add_hook(w->sim, &w->hook);
  msim__net_set_protocol(w->sim, MSIM_PROTO_TCP, &handlers);
  FUZZ_CHECK(msim_sim_start(w->sim) == MSIM_OK);
  FUZZ_CHECK(msim__tcp_listen(w->host, LISTEN_PORT, accept, w) == MSIM_OK);
  for (i = 0; i < 2 * PORTS; i++)
    w->pairs[i].iss = w->pairs[i].his_ack = (uint32_t)i * 0x1fffffffu - 3; /* the first one wraps at once */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
  struct fuzz_input input = {fuzz_slice_of(data, size_bytes)};
  struct world *w = calloc(1, sizeof *w);
  bool abort_all = (fuzz_byte(&input) & 1) != 0;
  unsigned steps = 0;
  size_t i;

  FUZZ_CHECK(w != NULL);
  for (i = 0; i < CONNS_MAX; i++)
    w->conns[i].world = w;
  open_world(w);
  while (input.rest.size_bytes > 0 && steps++ < STEPS_MAX) {
    uint8_t step = fuzz_byte(&input);

    if (step < 0xb0)
      send_segment(w, &input);
    else if (step < 0xc0)
      send_icmp(w, &input);
    else if (step < 0xe8)
      use(w, &input);
    if (step % 4 != 3) /* else the next one comes in the same instant */
      FUZZ_CHECK(msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) +
                                                 (step >= 0xe8 ? MSIM_MSEC(50) << (step - 0xe8) % 14 : MSIM_MSEC(3))) ==
                 MSIM_OK);
    check_conns(w);
  }
  FUZZ_CHECK(msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + MSIM_MSEC(3)) == MSIM_OK); /* what is under way */
  for (i = 0; abort_all && i < w->conn_count; i++)
    if (w->conns[i].tcb != NULL)
      msim__tcp_abort(w->conns[i].tcb);
  FUZZ_CHECK(msim_sim_run(w->sim, MSIM_NEVER) == MSIM_OK); /* without answers everything gives up */
  check_conns(w);
  for (i = 0; abort_all && i < w->conn_count; i++)
    FUZZ_CHECK(w->conns[i].closed);
  msim_sim_free(w->sim);
  FUZZ_CHECK(fail_mem_clean(&w->memory));
  free(w);
  return 0;
}
