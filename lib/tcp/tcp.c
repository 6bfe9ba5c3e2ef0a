/* tcp.c: the room, and the calls of a user (3.10.1 to 3.10.6). Segments are dealt with in tcp_input.c and tcp_output.c.
 */
#include "tcp/tcp_intake.h"
#include "tcp/tcp_own.h"
#include "tcp/tcp_sack.h"
#include "tcp/tcp_tap.h"

#include <string.h>

#include "core/hash.h"
#include "net/nat.h"

#define BUCKETS_FIRST 64u
#define EPHEMERAL_TRIES 16384u
#define EPHEMERAL_FIRST 49152u

/* ---- the room ---- */

static void free_head(struct msim__tcp *tcp, struct msim__tcp_head *head)
{
  if (head->state == MSIM__TCP_TIME_WAIT)
    msim__time_wait_release(tcp, (struct msim__time_wait *)(void *)head);
  else
    msim__tcb_free((struct msim__tcb *)(void *)head);
}

static void free_heads(struct msim__tcp *tcp)
{
  size_t i;

  for (i = 0; i < tcp->bucket_count; i++)
    while (tcp->buckets[i] != NULL)
      free_head(tcp, tcp->buckets[i]);
}

static void free_listener(struct msim__tcp *tcp, struct msim_node *node)
{
  struct msim__tcp_listener *listener = node->tcp_listeners;

  node->tcp_listeners = listener->next;
  msim__free(&tcp->sim->mem, listener, sizeof *listener);
}

static void free_node(struct msim__tcp *tcp, struct msim_node *node)
{
  while (node->tcp_listeners != NULL)
    free_listener(tcp, node);
  if (node->tcp_node == NULL)
    return;
  msim_timer_cancel(&((struct msim__tcp_node *)node->tcp_node)->timer);
  msim__free(&tcp->sim->mem, ((struct msim__tcp_node *)node->tcp_node)->counts, sizeof(struct msim__tcp_counts));
  msim__tcp_cookies_release(tcp, node->tcp_node);
  msim__tcp_paths_release(tcp, node->tcp_node);
  msim__free(&tcp->sim->mem, node->tcp_node, sizeof(struct msim__tcp_node));
  node->tcp_node = NULL;
}

static void end(struct msim_sim *sim)
{
  struct msim__tcp *tcp = msim__tcp(sim);
  size_t i;

  free_heads(tcp);
  for (i = 0; i < tcp->net->node_count; i++)
    free_node(tcp, tcp->net->nodes[i]);
  msim__pool_release(&tcp->tcbs);
  msim__pool_release(&tcp->pieces);
  msim__pool_release(&tcp->texts);
  msim__pool_release(&tcp->marks);
  msim__pool_release(&tcp->time_waits);
  msim__pool_release(&tcp->boards);
  msim__pool_release(&tcp->gaps);
  msim__pool_release(&tcp->intakes);
  msim__free(&sim->mem, tcp->buckets, tcp->bucket_count * sizeof *tcp->buckets);
  msim__free(&sim->mem, tcp, sizeof *tcp);
  sim->rooms[MSIM__ROOM_TCP] = NULL;
}

/* The host is gone: its connections too, without a segment and without a word to their users. */
static void crash(struct msim_node *node)
{
  struct msim__tcp *tcp = msim__tcp(msim__node_sim(node));
  size_t i;

  for (i = 0; i < tcp->bucket_count; i++) {
    struct msim__tcp_head *head = tcp->buckets[i], *next;

    for (; head != NULL; head = next) {
      next = head->next;
      if (head->node == node)
        free_head(tcp, head);
    }
  }
  free_node(tcp, node);
}

static const struct msim__layer_hooks hooks = {.end = end, .crash = crash};
/* Whether a connection or a listener hears that. */
static bool is_mine(const struct msim_node *node, uint32_t local_id, uint16_t local_port, uint32_t remote_id,
                    uint16_t remote_port)
{
  return msim__tcp_listener_find(node, local_id, local_port) != NULL ||
         msim__tcp_find(msim__tcp(msim__node_sim(node)), node, local_id, local_port, remote_id, remote_port) != NULL;
}

static const struct msim__protocol handlers = {
    .receive = msim__tcp_receive, .error = msim__tcp_error, .corrupt = msim__tcp_corrupt, .is_mine = is_mine};

void msim__tcp_set_cutter(struct msim_sim *sim, const struct msim__tcp_cutter *cutter)
{
  msim__tcp(sim)->cutter = cutter;
}

int msim__tcp_create(struct msim_sim *sim)
{
  static const struct msim_tcp_opts nothing_given = {0};
  struct msim__tcp *tcp = msim__alloc_zeroed(&sim->mem, 1, sizeof *tcp);
  int err = MSIM_ERR_NOMEM;

  if (tcp == NULL)
    return MSIM_ERR_NOMEM;
  tcp->sim = sim;
  tcp->net = msim__net(sim);
  tcp->buckets = msim__alloc_zeroed(&sim->mem, BUCKETS_FIRST, sizeof *tcp->buckets);
  if (tcp->buckets != NULL) {
    tcp->bucket_count = BUCKETS_FIRST;
    err = msim__tcp_opts_complete(sim, &nothing_given, &tcp->defaults, NULL);
  }
  if (err == MSIM_OK)
    err = msim__sim_add_layer(sim, &hooks);
  if (err != MSIM_OK) {
    msim__free(&sim->mem, tcp->buckets, tcp->bucket_count * sizeof *tcp->buckets);
    msim__free(&sim->mem, tcp, sizeof *tcp);
    return err;
  }
  msim__pool_init(&tcp->tcbs, &sim->mem, sizeof(struct msim__tcb));
  msim__pool_init(&tcp->pieces, &sim->mem, sizeof(struct msim__tcp_piece));
  msim__pool_init(&tcp->texts, &sim->mem, sizeof(struct msim__tcp_text));
  msim__pool_init(&tcp->marks, &sim->mem, sizeof(struct msim__tcp_mark));
  msim__pool_init(&tcp->time_waits, &sim->mem, sizeof(struct msim__time_wait));
  msim__pool_init(&tcp->boards, &sim->mem,
                  sizeof(struct msim__tcp_board) + MSIM__BOARD_ROWS_MIN * sizeof(struct msim__tcp_row));
  msim__pool_init(&tcp->gaps, &sim->mem, sizeof(struct msim__tcp_gaps));
  msim__pool_init(&tcp->intakes, &sim->mem, sizeof(struct msim__tcp_intake));
  sim->rooms[MSIM__ROOM_TCP] = tcp;
  msim__net_set_protocol(sim, MSIM_PROTO_TCP, &handlers);
  return MSIM_OK;
}

/* ---- 3.10.1 OPEN ---- */

static bool is_free(const struct msim__tcp *tcp, const struct msim_node *node, const struct msim__tcp_head *key)
{
  return msim__tcp_find(tcp, node, key->local_id, key->local_port, key->remote_id, key->remote_port) == NULL;
}

/* RFC 6056 3.3.3: where the ports towards a remote endpoint begin. */
static uint32_t port_offset(const struct msim__tcp *tcp, const struct msim__tcp_head *key)
{
  const struct msim_addr *local = msim__addr_of(tcp->net, key->local_id);
  const struct msim_addr *remote = msim__addr_of(tcp->net, key->remote_id);
  uint64_t h = msim__hash_bytes(tcp->sim->seed, local->bytes, sizeof local->bytes);

  h = msim__hash_bytes(h, remote->bytes, sizeof remote->bytes);
  return (uint32_t)(msim__hash_join(h, key->remote_port) >> 32);
}

static int choose_port(const struct msim__tcp *tcp, struct msim_node *node, const struct msim_tcp_opts *opts,
                       struct msim__tcp_head *key)
{
  bool hashed = (opts != NULL ? opts : msim__tcp_opts_of(node))->ports == MSIM_TCP_PORTS_HASHED && key->local_id != 0;
  uint32_t offset = hashed ? port_offset(tcp, key) : 0;
  unsigned tries;

  for (tries = 0; tries < EPHEMERAL_TRIES; tries++) {
    key->local_port =
        (uint16_t)(EPHEMERAL_FIRST + (msim__node_ephemeral(node) - EPHEMERAL_FIRST + offset) % EPHEMERAL_TRIES);
    if (is_free(tcp, node, key))
      return MSIM_OK;
  }
  return MSIM_ERR_LIMIT;
}

/* The flow of a connection that the peer is opening from the other end at the same time (3.5, figure 8): the earlier
 * SYN names it, this end is its server. NULL: none. */
static struct msim_flow *crossing_flow(const struct msim__tcp *tcp, const struct msim__tcp_head *key)
{
  struct msim_node *peer = msim__addr_node(tcp->net, key->remote_id);
  struct msim__tcp_head *head;

  if (peer == NULL)
    return NULL;
  head = msim__tcp_find(tcp, peer, key->remote_id, key->remote_port, key->local_id, key->local_port);
  if (head == NULL || head->state != MSIM__TCP_SYN_SENT || head->side != MSIM__SIDE_CLIENT)
    return NULL;
  return ((struct msim__tcb *)(void *)head)->flow;
}

static struct msim_flow *flow_for(struct msim__tcp *tcp, struct msim_node *node, struct msim__tcp_head *key,
                                  bool chosen_port)
{
  struct msim_flow *flow = chosen_port ? crossing_flow(tcp, key) : NULL;

  if (flow != NULL) {
    key->side = MSIM__SIDE_SERVER;
    msim__flow_ref(flow);
    return flow;
  }
  key->side = MSIM__SIDE_CLIENT;
  return msim__flow_new(node, node->name, msim__server_name(tcp->net, key->remote_id, MSIM_PROTO_TCP, key->remote_port),
                        key->remote_port, MSIM_PROTO_TCP);
}

/* MUST-43: the address that the user names, which must be the host's; MUST-44: else IP's choice. */
static int choose_source(const struct msim_node *node, const struct msim_addr *local, struct msim__tcp_head *key)
{
  key->local_id = local != NULL ? msim__addr_intern_for(node, local) : msim__ip_source_for(node, key->remote_id);
  if (local == NULL)
    return MSIM_OK;
  return key->local_id != 0 && msim__node_owns(node, key->local_id) &&
                 local->family == msim__addr_of(msim__net(msim__node_sim(node)), key->remote_id)->family
             ? MSIM_OK
             : MSIM_ERR_INVALID;
}

/* MUST-46: no connection to what is not one host; like a missing route it is told from the loop. */
static bool can_be_reached(const struct msim__tcp *tcp, const struct msim__tcb *tcb)
{
  if (!msim__tcp_is_one_host(msim__addr_of(tcp->net, tcb->head.remote_id)))
    return false;
  return tcb->head.local_id != 0 && msim__ip_mtu_for(tcb->head.node, msim__tcb_towards(tcb)) != 0;
}

/* Up to the SYN, which is not sent yet. *out in CLOSED: it cannot be reached. */
static int prepare(struct msim_node *node, const struct msim__tcp_open *open, const struct msim__tcp_user *ops,
                   void *user, struct msim__tcb **out)
{
  struct msim_sim *sim = msim__node_sim(node);
  struct msim__tcp *tcp = msim__tcp(sim);
  struct msim__tcp_head key;
  struct msim_flow *flow;
  struct msim__tcb *tcb;
  int err;

  memset(&key, 0, sizeof key);
  key.remote_id = msim__addr_intern_for(node, &open->remote.addr);
  key.remote_port = open->remote.port;
  key.local_port = open->local.port;
  if (key.remote_id == 0)
    return MSIM_ERR_NOMEM;
  if (open->remote.port == 0)
    return MSIM_ERR_INVALID;
  if (choose_source(node, open->local.addr.family != MSIM_FAMILY_NONE ? &open->local.addr : NULL, &key) != MSIM_OK)
    return MSIM_ERR_INVALID;
  if (open->local.port == 0 && choose_port(tcp, node, open->opts, &key) != MSIM_OK)
    return MSIM_ERR_LIMIT;
  if (!is_free(tcp, node, &key))
    return MSIM_ERR_EXISTS;
  flow = flow_for(tcp, node, &key, open->local.port != 0);
  if (flow == NULL)
    return MSIM_ERR_NOMEM;
  tcb = msim__tcb_new(node, &key, MSIM__TCP_CLOSED, flow);
  if (tcb == NULL) {
    msim__flow_unref(flow);
    return MSIM_ERR_NOMEM;
  }
  err = msim__tcb_adopt_opts(tcb, open->opts, open->opts_are_shared);
  if (err == MSIM_OK)
    err = msim__tcb_route_open(tcb, open->ip_options);
  if (err != MSIM_OK) {
    msim__tcb_free(tcb);
    return err;
  }
  msim__tcp_set_tos(tcb, open->tos);
  tcb->ops = ops;
  tcb->user = user;
  *out = tcb;
  sim->counters.connection_count++;
  msim__tcb_choose_iss(tcb, NULL);
  if (!can_be_reached(tcp, tcb)) {
    msim__tcb_bury(tcb, key.local_id == 0 ? MSIM_CLOSED_NO_ADDRESS : MSIM_CLOSED_UNREACHABLE);
    return MSIM_OK;
  }
  msim__tcb_set_state(tcb, MSIM__TCP_SYN_SENT, "open");
  msim__tcb_fast_begin(tcb);
  return MSIM_OK;
}

int msim__tcp_open(struct msim_node *node, const struct msim__tcp_open *open, const struct msim__tcp_user *ops,
                   void *user, struct msim__tcb **out, size_t *taken_bytes)
{
  struct msim__tcb *tcb;
  size_t size_bytes = open->data_bytes;
  int err = prepare(node, open, ops, user, &tcb);

  if (taken_bytes != NULL)
    *taken_bytes = 0;
  if (err != MSIM_OK)
    return err;
  if (out != NULL)
    *out = tcb;
  if (msim__tcb_is_over(tcb))
    return MSIM_OK;
  if (open->on_syn_only && size_bytes > msim__tcb_fast_room_bytes(tcb))
    size_bytes = msim__tcb_fast_room_bytes(tcb);
  if (taken_bytes != NULL && size_bytes > 0) {
    tcb->bits |= MSIM__TCB_BUSY; /* the SYN waits for what it may carry */
    *taken_bytes = msim__tcp_write(tcb, open->data, size_bytes);
    tcb->bits &= ~(uint32_t)MSIM__TCB_BUSY;
  }
  msim__tcb_output(tcb);
  return MSIM_OK;
}

int msim__tcp_connect_from(struct msim_node *node, const struct msim_addr *local, uint16_t local_port,
                           struct msim_endpoint remote, const struct msim__tcp_user *ops, void *user,
                           struct msim__tcb **out)
{
  struct msim__tcp_open open = {.remote = remote, .local = {.port = local_port}};

  if (local != NULL)
    open.local.addr = *local;
  return msim__tcp_open(node, &open, ops, user, out, NULL);
}

int msim__tcp_connect(struct msim_node *node, struct msim_endpoint remote, uint16_t local_port,
                      const struct msim__tcp_user *ops, void *user, struct msim__tcb **out)
{
  return msim__tcp_connect_from(node, NULL, local_port, remote, ops, user, out);
}

int msim__tcp_connect_fast(struct msim_node *node, struct msim_endpoint remote, uint16_t local_port, const void *data,
                           size_t size_bytes, const struct msim__tcp_user *ops, void *user, struct msim__tcb **out,
                           size_t *taken_bytes)
{
  struct msim__tcp_open open = {
      .remote = remote, .local = {.port = local_port}, .data = data, .data_bytes = size_bytes};

  return msim__tcp_open(node, &open, ops, user, out, taken_bytes);
}

/* ---- 3.10.2 SEND ---- */

static bool may_write(const struct msim__tcb *tcb)
{
  enum msim__tcp_state state = (enum msim__tcp_state)tcb->head.state;

  return (tcb->bits & MSIM__TCB_FIN_QUEUED) == 0 && (state == MSIM__TCP_SYN_SENT || state == MSIM__TCP_SYN_RECEIVED ||
                                                     state == MSIM__TCP_ESTABLISHED || state == MSIM__TCP_CLOSE_WAIT);
}

/* Inside a handler output runs when all handlers are done. While a unit is open its end is still to be written by the
 * same hand: output waits for it, at most until the event is over, so that the last segment can tell of the end. */
static void kick(struct msim__tcb *tcb)
{
  if ((tcb->bits & MSIM__TCB_BUSY) != 0 || msim__tcb_is_over(tcb))
    return;
  if (tcb->open_marks > 0) {
    tcb->bits |= MSIM__TCB_FLUSH;
    msim__tcb_timer_update(tcb);
    return;
  }
  msim__tcb_output(tcb);
}

static size_t write_bytes(struct msim__tcb *tcb, const void *data, size_t size_bytes, bool urgent)
{
  size_t space;

  if (!may_write(tcb) || size_bytes == 0)
    return 0;
  space = msim__tcp_space_bytes(tcb);
  if (size_bytes > space) {
    tcb->bits |= MSIM__TCB_WANTS_WRITE;
    size_bytes = space;
  }
  if (msim__tcb_send_copy(tcb, data, size_bytes) != MSIM_OK) {
    msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
    return 0;
  }
  msim__tcb_tap(tcb, MSIM__TCP_HEARD_WRITTEN, data, size_bytes);
  if (urgent && size_bytes > 0)
    msim__tcb_urgent_queued(tcb);
  kick(tcb);
  return size_bytes;
}

size_t msim__tcp_write(struct msim__tcb *tcb, const void *data, size_t size_bytes)
{
  return write_bytes(tcb, data, size_bytes, false);
}

size_t msim__tcp_write_urgent(struct msim__tcb *tcb, const void *data, size_t size_bytes)
{
  return write_bytes(tcb, data, size_bytes, true);
}

MSIM__HOT int msim__tcp_write_blob(struct msim__tcb *tcb, struct msim_blob *blob, size_t offset_bytes,
                                   size_t size_bytes)
{
  int err;

  if (!may_write(tcb))
    return MSIM_ERR_STATE;
  if (offset_bytes > blob->size_bytes || size_bytes > blob->size_bytes - offset_bytes)
    return MSIM_ERR_INVALID;
  err = msim__tcb_send_refer(tcb, blob, offset_bytes, size_bytes);
  if (err == MSIM_ERR_NOMEM)
    msim__sim_fail_nomem(msim__node_sim(tcb->head.node));
  if (err != MSIM_OK)
    return err;
  msim__tcb_tap(tcb, MSIM__TCP_HEARD_WRITTEN, blob->data + offset_bytes, size_bytes);
  kick(tcb);
  return MSIM_OK;
}

void msim__tcp_want_writable(struct msim__tcb *tcb)
{
  if (may_write(tcb))
    tcb->bits |= MSIM__TCB_WANTS_WRITE;
}

void msim__tcp_mark(struct msim__tcb *tcb, const char *unit, const char *message, bool begin)
{
  if (msim__tcb_is_over(tcb))
    return;
  msim__tcb_mark(tcb, unit, message, begin, 0);
  if (!begin && tcb->open_marks == 0)
    kick(tcb);
}

void msim__tcp_mark_back(struct msim__tcb *tcb, const char *unit, const char *message, uint32_t back_bytes)
{
  if (!msim__tcb_is_over(tcb))
    msim__tcb_mark(tcb, unit, message, true, back_bytes);
}

/* As an open unit does. */
void msim__tcp_hold(struct msim__tcb *tcb, bool hold)
{
  tcb->open_marks = (uint8_t)(tcb->open_marks + (hold ? 1 : -1));
  if (!hold)
    kick(tcb);
}

void msim__tcp_set_nodelay(struct msim__tcb *tcb, bool nodelay)
{
  if (nodelay)
    tcb->bits |= MSIM__TCB_NODELAY;
  else
    tcb->bits &= ~(uint32_t)MSIM__TCB_NODELAY;
  kick(tcb);
}

static void set_own(struct msim__tcb *tcb, unsigned bit, bool on)
{
  tcb->own = (uint8_t)(on ? tcb->own | bit : tcb->own & ~bit);
}

void msim__tcp_set_cork(struct msim__tcb *tcb, bool corked)
{
  set_own(tcb, MSIM__OWN_CORKED, corked);
  if (!corked)
    kick(tcb);
}

void msim__tcp_set_more(struct msim__tcb *tcb, bool more)
{
  set_own(tcb, MSIM__OWN_MORE, more);
}

void msim__tcp_set_tos(struct msim__tcb *tcb, uint8_t tos)
{
  tcb->tos = tos & 0xfc;
}

/* ---- 3.10.3 RECEIVE; the rest is in tcp_reassembly.c ---- */

MSIM__HOT void msim__tcp_consume(struct msim__tcb *tcb, size_t size_bytes)
{
  msim__tcb_tap_read(tcb, size_bytes);
  msim__tcb_receive_consume(tcb, size_bytes);
  if (tcb->intake != NULL)
    msim__tcb_intake_consumed(tcb);
  if ((tcb->bits & MSIM__TCB_URGENT) != 0)
    msim__tcb_urgent_consumed(tcb);
  kick(tcb);
}

bool msim__tcp_is_at_eof(const struct msim__tcb *tcb)
{
  if ((tcb->bits & MSIM__TCB_EOF) == 0 || tcb->available_bytes != 0)
    return false;
  msim__tcb_tap(tcb, MSIM__TCP_HEARD_END_READ, NULL, 0);
  return true;
}

/* ---- 3.10.4 CLOSE ---- */

void msim__tcp_close(struct msim__tcb *tcb)
{
  if ((tcb->bits & MSIM__TCB_FIN_QUEUED) != 0)
    return;
  msim__tcb_tap(tcb, MSIM__TCP_HEARD_CLOSED, NULL, 0);
  switch ((enum msim__tcp_state)tcb->head.state) {
  case MSIM__TCP_SYN_SENT:
    msim__tcb_die(tcb, MSIM_CLOSED_ABORTED, "closed while opening");
    return;
  case MSIM__TCP_SYN_RECEIVED: /* with data waiting, FIN-WAIT-1 follows ESTABLISHED */
    tcb->bits |= MSIM__TCB_FIN_QUEUED;
    if (tcb->queue_end == tcb->iss + 1) {
      tcb->bits |= MSIM__TCB_CLOSED_EARLY;
      msim__tcb_set_state(tcb, MSIM__TCP_FIN_WAIT_1, "close");
    }
    kick(tcb);
    return;
  case MSIM__TCP_ESTABLISHED:
    tcb->bits |= MSIM__TCB_FIN_QUEUED;
    msim__tcb_set_state(tcb, MSIM__TCP_FIN_WAIT_1, "close");
    kick(tcb);
    return;
  case MSIM__TCP_CLOSE_WAIT: /* LAST-ACK when the FIN goes out */
    tcb->bits |= MSIM__TCB_FIN_QUEUED;
    kick(tcb);
    return;
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_FIN_WAIT_1:
  case MSIM__TCP_FIN_WAIT_2:
  case MSIM__TCP_CLOSING:
  case MSIM__TCP_LAST_ACK:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_STATES:
    return;
  }
}

/* ---- 3.10.5 ABORT ---- */

void msim__tcp_abort(struct msim__tcb *tcb)
{
  switch ((enum msim__tcp_state)tcb->head.state) {
  case MSIM__TCP_SYN_RECEIVED:
  case MSIM__TCP_ESTABLISHED:
  case MSIM__TCP_FIN_WAIT_1:
  case MSIM__TCP_FIN_WAIT_2:
  case MSIM__TCP_CLOSE_WAIT:
    msim__tcb_send_reset(tcb);
    break;
  case MSIM__TCP_SYN_SENT:
  case MSIM__TCP_CLOSING:
  case MSIM__TCP_LAST_ACK:
    break;
  case MSIM__TCP_CLOSED:
  case MSIM__TCP_LISTEN:
  case MSIM__TCP_TIME_WAIT:
  case MSIM__TCP_STATES:
    return;
  }
  msim__tcb_die(tcb, MSIM_CLOSED_ABORTED, "abort");
}

/* ---- 3.10.6 STATUS ---- */

void msim__tcp_set_user(struct msim__tcb *tcb, const struct msim__tcp_user *ops, void *user)
{
  tcb->ops = ops;
  tcb->user = user;
}

struct msim_endpoint msim__tcp_local(const struct msim__tcb *tcb)
{
  struct msim_endpoint end_point = {*msim__addr_of(msim__tcb_room(tcb)->net, tcb->head.local_id), tcb->head.local_port};

  return end_point;
}

struct msim_endpoint msim__tcp_remote(const struct msim__tcb *tcb)
{
  struct msim_endpoint end_point = {*msim__addr_of(msim__tcb_room(tcb)->net, tcb->head.remote_id),
                                    tcb->head.remote_port};

  return end_point;
}

const struct msim_flow *msim__tcp_flow(const struct msim__tcb *tcb)
{
  return tcb->flow;
}

struct msim_node *msim__tcp_node(const struct msim__tcb *tcb)
{
  return tcb->head.node;
}

struct msim_node *msim__tcp_peer(const struct msim__tcb *tcb)
{
  return msim__addr_node(msim__tcb_room(tcb)->net, tcb->head.remote_id);
}

bool msim__tcp_is_client(const struct msim__tcb *tcb)
{
  return tcb->head.side == MSIM__SIDE_CLIENT;
}
