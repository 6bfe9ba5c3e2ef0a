/* tcp_fixture.c: see tcp_fixture.h. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct msim_cc_type msim__cc_cubic, msim__cc_fixed, msim__cc_reno;
static const void *const cc_types[] = {&msim__cc_cubic, &msim__cc_fixed, &msim__cc_reno, NULL};
static const void *const *const types[MSIM__TYPE_KINDS] = {[MSIM__TYPE_CC] = cc_types};

static void append(char *log, size_t log_bytes, const char *format, ...)
{
  size_t used = strlen(log);
  va_list args;

  va_start(args, format);
  vsnprintf(log + used, log_bytes - used, format, args);
  va_end(args);
}

/* ---- what is recorded ---- */

static enum msim__tcp_state state_of(const char *name)
{
  unsigned i;

  for (i = 0; i < MSIM__TCP_STATES; i++) {
    if (strcmp(msim__tcp_state_name((enum msim__tcp_state)i), name) == 0)
      return (enum msim__tcp_state)i;
  }
  fail_msg("no state %s", name);
  return MSIM__TCP_CLOSED;
}

static int record(void *ctx, const struct msim_trace_record *r)
{
  struct tcp_world *w = ctx;

  if (r->kind == MSIM_TRACE_STATE) {
    append(w->states, sizeof w->states, "%s %s>%s\n", r->u.state.host, r->u.state.from, r->u.state.to);
    w->moves[state_of(r->u.state.from)] |= 1u << state_of(r->u.state.to);
  } else if (r->kind == MSIM_TRACE_CWND) {
    append(w->cwnds, sizeof w->cwnds, "%s %s %lu %lu %lu\n", r->u.cwnd.host, r->u.cwnd.why,
           (unsigned long)r->u.cwnd.cwnd_bytes,
           r->u.cwnd.ssthresh_bytes == UINT32_C(1) << 30 ? 0 : (unsigned long)r->u.cwnd.ssthresh_bytes,
           (unsigned long)r->u.cwnd.flight_bytes);
  }
  return MSIM_OK;
}

/* ---- users ---- */

static void hear(struct tcp_end *end, const char *word)
{
  if (!end->quiet)
    append(end->heard, sizeof end->heard, "%s%s", end->heard[0] != '\0' ? " " : "", word);
}

static void send_source(struct tcp_end *end)
{
  while (end->source != NULL && end->source_bytes_sent < end->source->size_bytes) {
    size_t rest = end->source->size_bytes - end->source_bytes_sent;
    size_t part = msim__tcp_write(end->tcb, end->source->data + end->source_bytes_sent, rest < 5000 ? rest : 5000);

    end->source_bytes_sent += part;
    if (part == 0)
      return;
  }
  if (end->source != NULL)
    msim__tcp_close(end->tcb);
}

static void on_open(struct msim__tcb *tcb, void *user)
{
  struct tcp_end *end = user;

  end->tcb = tcb;
  hear(end, "open");
  if (end->write_on_open != NULL)
    tcp_end_write(end, end->write_on_open);
  send_source(end);
  if (end->closes_on_open)
    msim__tcp_close(tcb);
  if (end->aborts_on_open)
    msim__tcp_abort(tcb);
}

static void read_all(struct tcp_end *end)
{
  struct msim_slice part;

  while ((part = msim__tcp_peek(end->tcb, 0)).size_bytes > 0) {
    if (end->received_bytes + part.size_bytes > end->received_capacity) {
      end->received_capacity = (end->received_bytes + part.size_bytes) * 2;
      end->received = realloc(end->received, end->received_capacity);
      assert_non_null(end->received);
    }
    memcpy(end->received + end->received_bytes, part.data, part.size_bytes);
    end->received_bytes += part.size_bytes;
    msim__tcp_consume(end->tcb, part.size_bytes);
  }
}

static void on_readable(struct msim__tcb *tcb, void *user)
{
  struct tcp_end *end = user;

  (void)tcb;
  hear(end, "readable");
  if (!end->holds_back)
    read_all(end);
  if (end->write_on_readable != NULL)
    tcp_end_write(end, end->write_on_readable);
  if (end->aborts_on_readable)
    msim__tcp_abort(tcb);
}

static void on_writable(struct msim__tcb *tcb, void *user)
{
  (void)tcb;
  hear(user, "writable");
  send_source(user);
}

static void on_eof(struct msim__tcb *tcb, void *user)
{
  struct tcp_end *end = user;

  hear(end, "eof");
  if (end->closes_on_eof)
    msim__tcp_close(tcb);
}

static void on_closed(struct msim__tcb *tcb, void *user, enum msim_close_reason why)
{
  static const char *const names[] = {"done", "reset", "refused", "timeout", "unreachable", "aborted"};
  struct tcp_end *end = user;
  char word[32];

  (void)tcb;
  snprintf(word, sizeof word, "closed(%s)", names[why]);
  hear(end, word);
  end->tcb = NULL;
}

static void on_urgent(struct msim__tcb *tcb, void *user)
{
  (void)tcb;
  hear(user, "urgent");
}

const struct msim__tcp_user tcp_end_ops = {on_open, on_readable, on_writable, on_eof, on_closed, on_urgent};

size_t tcp_end_write(struct tcp_end *end, const char *text)
{
  return msim__tcp_write(end->tcb, text, strlen(text));
}

int tcp_world_accept(void *ctx, struct msim__tcb *tcb, const struct msim__tcp_user **ops, void **user)
{
  struct tcp_world *w = ctx;

  w->acceptor.tcb = tcb;
  *ops = &tcp_end_ops;
  *user = &w->acceptor;
  return MSIM_OK;
}

/* ---- worlds ---- */

static int build(struct tcp_world *w, uint64_t seed, uint64_t fail_at, const struct msim_tcp_opts *opts,
                 const struct msim_link_way *way)
{
  const struct msim_link_way plain = {.delay_ns = MSIM_MSEC(1)};
  struct msim_link_opts link;
  struct msim_sim_opts sim_opts;
  int err;

  memset(w, 0, sizeof *w);
  w->opener.world = w->acceptor.world = w;
  fail_mem_init(&w->mem, fail_at);
  memset(&sim_opts, 0, sizeof sim_opts);
  sim_opts.seed = seed;
  sim_opts.mem = w->mem.hook;
  memset(&link, 0, sizeof link);
  link.a_to_b = link.b_to_a = way != NULL ? *way : plain;
  link.b_to_a.impair.drop_nth = NULL;
  if ((err = msim__sim_create(&w->sim, &sim_opts, types)) != MSIM_OK || (err = msim__net_create(w->sim)) != MSIM_OK ||
      (err = msim__tcp_create(w->sim)) != MSIM_OK || (err = msim_node_add(w->sim, "a", &w->a)) != MSIM_OK ||
      (err = msim_node_add(w->sim, "b", &w->b)) != MSIM_OK || (err = msim_node_add_addr(w->a, "10.0.0.1")) != MSIM_OK ||
      (err = msim_node_add_addr(w->b, "10.0.0.2")) != MSIM_OK || (err = msim_link_add(w->a, w->b, &link)) != MSIM_OK)
    return err;
  if (opts != NULL &&
      ((err = msim_node_set_tcp(w->a, opts)) != MSIM_OK || (err = msim_node_set_tcp(w->b, opts)) != MSIM_OK))
    return err;
  w->hook.kinds =
      MSIM_TRACE_BIT(MSIM_TRACE_STATE) | MSIM_TRACE_BIT(MSIM_TRACE_CWND) | MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT);
  w->hook.ctx = w;
  w->hook.record = record;
  msim__trace_add_hook(w->sim, &w->hook);
  return MSIM_OK;
}

void tcp_world_build(struct tcp_world *w)
{
  assert_int_equal(build(w, 1, 0, NULL, NULL), MSIM_OK);
}

void tcp_world_open(struct tcp_world *w, uint64_t seed, const struct msim_tcp_opts *opts,
                    const struct msim_link_way *way)
{
  assert_int_equal(build(w, seed, 0, opts, way), MSIM_OK);
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
}

int tcp_world_try(struct tcp_world *w, uint64_t fail_at, const struct msim_link_way *way)
{
  int err = build(w, 0, fail_at, NULL, way);

  return err != MSIM_OK ? err : msim_sim_start(w->sim);
}

void tcp_world_close(struct tcp_world *w)
{
  if (w->sim != NULL)
    assert_int_not_equal(msim_sim_failure(w->sim), MSIM_ERR_BUG);
  msim_sim_free(w->sim);
  free(w->opener.received);
  free(w->acceptor.received);
  assert_int_equal(w->mem.wrong_size_count, 0);
  assert_int_equal(w->mem.held_bytes, 0);
  assert_true(fail_mem_clean(&w->mem));
}

static struct msim_endpoint endpoint_of(const struct msim_node *node, uint16_t port)
{
  struct msim_endpoint end = {msim_node_addr(node), port};

  return end;
}

void tcp_world_listen(struct tcp_world *w)
{
  assert_int_equal(msim__tcp_listen(w->raw ? w->a : w->b, TCP_PORT, tcp_world_accept, w), MSIM_OK);
}

void tcp_world_connect(struct tcp_world *w)
{
  assert_int_equal(msim__tcp_connect(w->a, endpoint_of(w->b, TCP_PORT), w->raw ? TCP_PEER_PORT + 1 : 0, &tcp_end_ops,
                                     &w->opener, &w->opener.tcb),
                   MSIM_OK);
}

void tcp_world_run_for(struct tcp_world *w, msim_ns span_ns)
{
  msim_sim_advance_to(w->sim, msim_sim_now_ns(w->sim) + span_ns);
}

/* ---- raw ---- */

static void describe(char *out, size_t out_bytes, struct tcp_world *w, const struct msim__packet *p)
{
  uint32_t seq;

  if (!w->own_iss_known && (p->flags & MSIM_TCP_SYN) != 0) {
    w->own_iss = p->seq;
    w->own_iss_known = true;
  }
  seq = (p->flags & MSIM_TCP_RST) != 0 && !w->own_iss_known ? p->seq : p->seq - w->own_iss;
  out[0] = '\0';
  append(out, out_bytes, "%s%s%s%s%s%s%s%s ", (p->flags & MSIM_TCP_SYN) != 0 ? "S" : "",
         (p->flags & MSIM_TCP_FIN) != 0 ? "F" : "", (p->flags & MSIM_TCP_RST) != 0 ? "R" : "",
         (p->flags & MSIM_TCP_PSH) != 0 ? "P" : "", (p->flags & MSIM_TCP_URG) != 0 ? "U" : "",
         (p->flags & MSIM_TCP_ACK) != 0 ? "." : "", (p->flags & MSIM_TCP_ECE) != 0 ? "E" : "",
         (p->flags & MSIM_TCP_CWR) != 0 ? "W" : "");
  append(out, out_bytes, "%lu:%lu(%u)", (unsigned long)seq, (unsigned long)(seq + p->payload_bytes),
         (unsigned)p->payload_bytes);
  if ((p->flags & MSIM_TCP_ACK) != 0)
    append(out, out_bytes, " ack %lu", (unsigned long)(p->ack - w->peer_iss));
  append(out, out_bytes, " win %u", (unsigned)p->window);
  if ((p->flags & MSIM_TCP_URG) != 0)
    append(out, out_bytes, " urg %u", p->cold != NULL ? (unsigned)p->cold->urgent : 0);
}

static uint32_t word_at(const uint8_t *p)
{
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void describe_option(char *out, size_t out_bytes, struct tcp_world *w, const uint8_t *p)
{
  uint8_t i;

  if (p[0] == 8 && !w->own_ts_known) {
    w->own_ts = word_at(p + 2);
    w->own_ts_known = true;
  }
  if (p[0] == 1)
    append(out, out_bytes, "nop");
  else if (p[0] == 2)
    append(out, out_bytes, "mss %u", (unsigned)p[2] << 8 | p[3]);
  else if (p[0] == 3)
    append(out, out_bytes, "wscale %u", (unsigned)p[2]);
  else if (p[0] == 4)
    append(out, out_bytes, "sackOK");
  else if (p[0] == 8)
    append(out, out_bytes, "TS val %lu ecr %lu", (unsigned long)(word_at(p + 2) - w->own_ts),
           (unsigned long)word_at(p + 6));
  else if (p[0] == 5)
    append(out, out_bytes, "sack");
  else if (p[0] == 34)
    append(out, out_bytes, "tfo %u", (unsigned)p[1] - 2);
  if (p[0] == 34)
    memcpy(w->cookie, p + 2, p[1] - 2u);
  for (i = 2; p[0] == 5 && i + 8u <= p[1]; i = (uint8_t)(i + 8))
    append(out, out_bytes, " %lu:%lu", (unsigned long)(word_at(p + i) - w->peer_iss),
           (unsigned long)(word_at(p + i + 4) - w->peer_iss));
}

static void describe_options(char *out, size_t out_bytes, struct tcp_world *w, const struct msim__packet *p)
{
  const struct msim__packet_cold *cold = p->cold;
  size_t at = 0;

  if (cold == NULL || cold->option_bytes == 0)
    return;
  while (at < cold->option_bytes) {
    append(out, out_bytes, at == 0 ? " <" : ",");
    describe_option(out, out_bytes, w, cold->options + at);
    at += cold->options[at] < 2 ? 1 : cold->options[at + 1];
  }
  append(out, out_bytes, ">");
}

static void peer_receive(struct msim_node *node, struct msim__packet *packet)
{
  /* The world hangs on the only hook: handlers have no context of their own. */
  struct tcp_world *w = msim__node_sim(node)->trace_hooks->ctx;
  char line[256];

  if (!w->raw || node != w->b) {
    msim__tcp_receive(node, packet);
    return;
  }
  describe(line, sizeof line, w, packet);
  if (w->shows_options)
    describe_options(line, sizeof line, w, packet);
  if (w->shows_ecn && (packet->tos & 3) != 0)
    append(line, sizeof line, " %s", (packet->tos & 3) == 3 ? "CE" : (packet->tos & 3) == 2 ? "ECT(0)" : "ECT(1)");
  append(w->inbox, sizeof w->inbox, "%s\n", line);
  w->last_seen_ns = w->sim->now_ns;
  w->last_seen_tos = packet->tos;
}

static void open_raw(struct tcp_world *w, const struct msim_tcp_opts *opts)
{
  const struct msim__protocol handlers = {.receive = peer_receive, .error = msim__tcp_error};

  tcp_world_open(w, 1, opts, NULL);
  w->raw = true;
  w->peer_iss = 5000;
  msim__net_set_protocol(w->sim, MSIM_PROTO_TCP, &handlers);
}

/* The number that a connection of a to the peer's ports gets at time 0. */
static uint32_t iss_at_zero(bool passive)
{
  struct tcp_world w;
  uint32_t iss;

  open_raw(&w, NULL);
  if (passive) {
    tcp_world_listen(&w);
    RAW_SEND(&w, .flags = MSIM_TCP_SYN);
    iss = w.own_iss - (uint32_t)(MSIM_MSEC(1) / 4000);
  } else {
    tcp_world_connect(&w);
    iss = w.opener.tcb->iss;
  }
  tcp_world_close(&w);
  return iss;
}

void tcp_raw_open(struct tcp_world *w, const struct msim_tcp_opts *opts, bool near_wrap)
{
  open_raw(w, opts);
  if (!near_wrap)
    return;
  w->peer_iss = UINT32_MAX - 2;
  w->shift = 0;
}

/* Lets time pass until the next initial number lies just below 2^32. */
static void wait_for_wrap(struct tcp_world *w, bool passive)
{
  uint32_t target = UINT32_MAX - 3, gap;

  if (w->peer_iss != UINT32_MAX - 2)
    return;
  gap = target - iss_at_zero(passive) - (passive ? (uint32_t)(MSIM_MSEC(1) / 4000) : 0);
  msim_sim_advance_to(w->sim, (msim_ns)gap * 4000);
}

static void put_word(struct msim__packet_cold *cold, uint32_t value)
{
  int shift;

  for (shift = 24; shift >= 0; shift -= 8)
    cold->options[cold->option_bytes++] = (uint8_t)(value >> shift & 0xff);
}

static void put_sack(struct msim__packet_cold *cold, const struct tcp_world *w, const struct tcp_seg *seg)
{
  uint8_t count = 0, i;

  while (count < 4 && seg->sack[count][1] != 0)
    count++;
  if (count == 0)
    return;
  cold->options[cold->option_bytes++] = 1;
  cold->options[cold->option_bytes++] = 1;
  cold->options[cold->option_bytes++] = 5;
  cold->options[cold->option_bytes++] = (uint8_t)(2 + 8 * count);
  for (i = 0; i < count; i++) {
    put_word(cold, w->own_iss + seg->sack[i][0]);
    put_word(cold, w->own_iss + seg->sack[i][1]);
  }
}

static void put_options(struct msim__packet_cold *cold, const struct tcp_world *w, const struct tcp_seg *seg)
{
  static const uint8_t ts_head[4] = {1, 1, 8, 10}, sack_ok[4] = {1, 1, 4, 2};

  if (seg->mss_bytes != 0) {
    cold->options[cold->option_bytes++] = 2;
    cold->options[cold->option_bytes++] = 4;
    cold->options[cold->option_bytes++] = (uint8_t)(seg->mss_bytes >> 8);
    cold->options[cold->option_bytes++] = (uint8_t)(seg->mss_bytes & 0xff);
  }
  if (seg->has_shift) {
    cold->options[cold->option_bytes++] = 1;
    cold->options[cold->option_bytes++] = 3;
    cold->options[cold->option_bytes++] = 3;
    cold->options[cold->option_bytes++] = (uint8_t)seg->window_shift;
  }
  if (seg->sack_ok) {
    memcpy(cold->options + cold->option_bytes, sack_ok, sizeof sack_ok);
    cold->option_bytes += 4;
  }
  if (seg->has_ts) {
    memcpy(cold->options + cold->option_bytes, ts_head, sizeof ts_head);
    cold->option_bytes += 4;
    put_word(cold, seg->ts_value);
    put_word(cold, w->own_ts + seg->ts_echo);
  }
  put_sack(cold, w, seg);
  if (seg->cookie != NULL) {
    size_t size = strlen(seg->cookie);

    cold->options[cold->option_bytes++] = 34;
    cold->options[cold->option_bytes++] = (uint8_t)(2 + size);
    memcpy(cold->options + cold->option_bytes, seg->cookie, size);
    cold->option_bytes = (uint8_t)(cold->option_bytes + size);
    while (cold->option_bytes % 4 != 0)
      cold->options[cold->option_bytes++] = 1;
  }
}

void tcp_raw_send(struct tcp_world *w, const struct tcp_seg *seg)
{
  struct msim__net *net = msim__net(w->sim);
  uint32_t index = msim__packet_new(&net->packets),
           size = seg->text != NULL ? (uint32_t)strlen(seg->text) : seg->text_bytes;
  struct msim__packet *p = msim__packet_at(&net->packets, index);
  const struct msim_addr from = msim_node_addr(w->b), to = msim_node_addr(w->a);
  bool listens = w->a->tcp_listeners != NULL;

  p->proto = MSIM_PROTO_TCP;
  p->src = msim__addr_intern(net, &from);
  p->dst = msim__addr_intern(net, &to);
  p->src_port = listens ? TCP_PEER_PORT : TCP_PORT;
  p->dst_port = listens ? TCP_PORT : TCP_PEER_PORT + 1;
  p->seq = w->peer_iss + seg->seq;
  p->ack = (seg->flags & MSIM_TCP_ACK) != 0 ? w->own_iss + seg->ack : 0;
  p->flags = seg->flags;
  p->tos = seg->tos;
  p->window = seg->closed ? 0 : seg->window != 0 ? seg->window : 65535;
  if (size > 0) {
    p->payload = msim_blob_new(w->sim, NULL, size);
    memset(p->payload->data, 'x', size);
    if (seg->text != NULL)
      memcpy(p->payload->data, seg->text, size);
    p->payload_bytes = (uint16_t)size;
  }
  if (seg->mss_bytes != 0 || seg->has_shift || seg->has_ts || seg->sack_ok || seg->sack[0][1] != 0 ||
      seg->cookie != NULL)
    put_options(msim__packet_cold(&net->packets, p), w, seg);
  if (seg->urgent != 0) {
    msim__packet_cold(&net->packets, p)->urgent = seg->urgent;
    p->flags |= MSIM_TCP_URG;
  }
  msim__ip_send(w->b, index);
  tcp_world_run_for(w, MSIM_MSEC(2));
}

void tcp_raw_expect(struct tcp_world *w, const char *line)
{
  char seen[256] = "";
  size_t size = strcspn(w->inbox, "\n");

  if (line == NULL || line[0] == '\0') {
    if (w->inbox[0] != '\0')
      fail_msg("nothing was expected, seen:\n%s", w->inbox);
    return;
  }
  snprintf(seen, sizeof seen, "%.*s", (int)size, w->inbox);
  if (strcmp(seen, line) != 0)
    fail_msg("expected: %s\nseen:     %s\nthen:\n%s", line, seen[0] != '\0' ? seen : "(nothing)",
             w->inbox + size + (w->inbox[size] == '\n'));
  memmove(w->inbox, w->inbox + size + 1, strlen(w->inbox + size + 1) + 1);
}

struct tcp_end *tcp_raw_end(struct tcp_world *w)
{
  return w->a->tcp_listeners != NULL ? &w->acceptor : &w->opener;
}

void tcp_raw_establish(struct tcp_world *w, bool passive, uint16_t mss_bytes, uint16_t window)
{
  wait_for_wrap(w, passive);
  if (passive) {
    if (w->a->tcp_listeners == NULL)
      tcp_world_listen(w);
    RAW_SEND(w, .flags = MSIM_TCP_SYN, .window = window, .mss_bytes = mss_bytes);
    tcp_raw_expect(w, "S. 0:0(0) ack 1 win 65535");
    RAW_SEND(w, .flags = MSIM_TCP_ACK, .seq = 1, .ack = 1, .window = window);
  } else {
    tcp_world_connect(w);
    tcp_world_run_for(w, MSIM_MSEC(1));
    tcp_raw_expect(w, "S 0:0(0) win 65535");
    RAW_SEND(w, .flags = MSIM_TCP_SYN | MSIM_TCP_ACK, .ack = 1, .window = window, .mss_bytes = mss_bytes);
    tcp_raw_expect(w, ". 1:1(0) ack 1 win 65535");
  }
  tcp_raw_expect(w, NULL);
  assert_non_null(tcp_raw_end(w)->tcb);
  assert_int_equal(tcp_raw_end(w)->tcb->head.state, MSIM__TCP_ESTABLISHED);
}
