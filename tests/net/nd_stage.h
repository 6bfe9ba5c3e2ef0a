/* nd_stage.h: a network of hosts that speak IPv6, whose records are lines of text. For test_nd.c and test_nd_host.c. */
#ifndef MSIM_TESTS_NET_ND_STAGE_H
#define MSIM_TESTS_NET_ND_STAGE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "net/ipv6.h"
#include "net/nd.h"
#include "support/fail_mem.h"

#define TEXT_BYTES 65536

/* A world whose records are lines of text. */
struct world {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_network *home;
  struct msim__trace_hook hook;
  char text[TEXT_BYTES];
  size_t size;
  unsigned heard_count; /* datagrams */
};

static inline void put(struct world *w, const char *format, ...) MSIM_PRINTF(2, 3);
static inline void put(struct world *w, const char *format, ...)
{
  va_list args;
  int size;

  va_start(args, format);
  size = vsnprintf(w->text + w->size, sizeof w->text - w->size, format, args);
  va_end(args);
  assert_true(size >= 0 && (size_t)size < sizeof w->text - w->size);
  w->size += (size_t)size;
}

static inline int record(void *ctx, const struct msim_trace_record *r)
{
  static const char *const points[] = {"tx", "rx", "drop", "fwd"};
  struct world *w = ctx;
  size_t i;

  if (r->kind == MSIM_TRACE_APP) {
    put(w, "%s %s", r->u.event.host, r->u.event.event);
    for (i = 0; i < r->u.event.value_count && strcmp(r->u.event.values[i].name, "mac") != 0; i++)
      put(w, " %s", r->u.event.values[i].u.text);
    put(w, "\n");
    return MSIM_OK;
  }
  if (r->kind != MSIM_TRACE_ICMP && r->kind != MSIM_TRACE_DATAGRAM)
    return MSIM_OK;
  put(w, "%s %s>%s", points[r->u.packet.point], r->u.packet.from, r->u.packet.to);
  if (r->u.packet.what != NULL)
    put(w, " %s", r->u.packet.what + 5);
  if (r->u.packet.target != NULL)
    put(w, " for %s", r->u.packet.target);
  put(w, r->u.packet.reason != NULL ? " %s\n" : "\n", r->u.packet.reason);
  return MSIM_OK;
}

/* fail_at: which request for memory fails; 0: none. */
static inline int open_world(struct world *w, uint64_t seed, uint64_t fail_at)
{
  struct msim_network_opts opts = {.prefix = "192.168.1.0/24"};
  struct msim_sim_opts sim_opts = {.seed = seed};
  int err;

  memset(w, 0, sizeof *w);
  fail_mem_init(&w->mem, fail_at);
  sim_opts.mem = w->mem.hook;
  err = msim__sim_create(&w->sim, &sim_opts, NULL);
  if (err == MSIM_OK)
    err = msim__net_create(w->sim);
  if (err != MSIM_OK)
    return err;
  w->hook.kinds = MSIM_TRACE_ALL;
  w->hook.ctx = w;
  w->hook.record = record;
  msim__trace_add_hook(w->sim, &w->hook);
  return msim_network_add(w->sim, "home", &opts, &w->home);
}

static inline void open(struct world *w)
{
  assert_int_equal(open_world(w, 1, 0), MSIM_OK);
}

static inline void close(struct world *w)
{
  msim_sim_free(w->sim);
  assert_true(fail_mem_clean(&w->mem));
}

/* Without IPv4. first, second: "auto", an address, or NULL. */
static inline int add_host(struct world *w, const char *name, const char *first, const char *second,
                           const struct msim_advertise_opts *advertise)
{
  const char *ipv6[3] = {first, second, NULL};
  struct msim_attach_opts opts = {.no_address = true, .ipv6 = ipv6, .advertise = advertise};
  struct msim_node *node;
  int err = msim_node_add(w->sim, name, &node);

  return err != MSIM_OK ? err : msim_network_attach(w->home, node, &opts, NULL);
}

static inline struct msim_node *host(struct world *w, const char *name, const char *first)
{
  assert_int_equal(add_host(w, name, first, NULL, NULL), MSIM_OK);
  return msim_node_find(w->sim, name);
}

static inline void hear(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  (void)from;
  (void)local_port;
  (void)bytes;
  ((struct world *)ctx)->heard_count++;
}

static inline int send(struct msim_node *node, const char *to, const char *text)
{
  struct msim_endpoint endpoint = {.port = 7};

  assert_int_equal(msim_addr_parse(&endpoint.addr, to, strlen(to)), MSIM_OK);
  return msim__udp_send(node, 7, endpoint, (struct msim_slice){(const uint8_t *)text, strlen(text)}, NULL);
}

static inline void bind_at(struct world *w, struct msim_node *node)
{
  assert_int_equal(msim__udp_bind(node, 7, hear, w, NULL), MSIM_OK);
}

static inline void start(struct world *w)
{
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
}

static inline void run_to(struct world *w, msim_ns until_ns)
{
  assert_int_equal(until_ns == MSIM_NEVER ? msim_sim_run(w->sim, until_ns) : msim_sim_advance_to(w->sim, until_ns),
                   MSIM_OK);
}

static inline void forget_text(struct world *w)
{
  w->size = 0;
  w->text[0] = '\0';
}

/* Until nothing is left to happen: what was recorded since the last call. */
static inline void assert_lines(struct world *w, const char *wanted)
{
  run_to(w, MSIM_NEVER);
  assert_string_equal(w->text, wanted);
  forget_text(w);
}

static inline unsigned count_of(const struct world *w, const char *part)
{
  const char *at = w->text;
  unsigned count = 0;

  while ((at = strstr(at, part)) != NULL) {
    at += strlen(part);
    count++;
  }
  return count;
}

static inline struct msim_attachment *at(struct msim_node *node)
{
  return msim_attachment_first(node);
}

static inline const struct msim__neighbour *neighbour_of(struct msim_node *node, const char *text)
{
  struct msim_addr addr;
  uint32_t id;

  assert_int_equal(msim_addr_parse(&addr, text, strlen(text)), MSIM_OK);
  id = msim__nd_intern(at(node), &addr);
  return msim__neighbour_find(&at(node)->nd->neighbours, id);
}

/* The first address that routers had it make; NULL: none. */
static inline struct msim__nd_addr *made(struct msim_node *node)
{
  struct msim__nd_addr *own = at(node)->nd->addrs;

  while (own != NULL && own->origin != MSIM__ND_ADVERTISED)
    own = own->next;
  return own;
}

/* As the host's layer does it, which is above this one: the network's part. */
static inline int crash(struct msim_node *node)
{
  struct msim_sim *sim = msim__node_sim(node);
  size_t i;

  node->is_up = false;
  msim__timers_cancel_of(sim, node);
  for (i = sim->layer_count; i-- > 0;)
    sim->layers[i]->crash(node);
  return sim->failure;
}

static inline int restart(struct msim_node *node)
{
  node->is_up = true;
  return msim__lan_restart(node);
}

/* A message as if it had come from b, with a hop limit and a code. */
static inline void deliver(struct msim_node *to, const char *from, const char *dst, uint8_t type, uint32_t rest,
                           const struct msim__nd_message *message, uint8_t hop_limit, uint8_t code)
{
  struct msim_sim *sim = msim__node_sim(to);
  uint8_t bytes[MSIM__ND_BYTES_MAX];
  size_t size = msim__nd_encode(type, message, &rest, bytes, sizeof bytes);
  struct msim__packet packet = {.src_port = type, .dst_port = code, .seq = rest, .ttl = hop_limit};
  struct msim_addr addr;

  packet.proto = MSIM_PROTO_ICMPV6;
  packet.bits = MSIM__PACKET_V6;
  assert_int_equal(msim_addr_parse(&addr, from, strlen(from)), MSIM_OK);
  packet.src = msim__nd_intern(at(to), &addr);
  assert_int_equal(msim_addr_parse(&addr, dst, strlen(dst)), MSIM_OK);
  packet.dst = msim__nd_intern(at(to), &addr);
  packet.payload_bytes = (uint16_t)size;
  packet.payload = size == 0 ? NULL : msim_blob_new(sim, bytes, size);
  msim__nd_receive(at(to), &packet);
  if (packet.payload != NULL)
    msim_blob_unref(packet.payload);
}

static inline struct msim__nd_message about(const char *target, uint8_t mac_end)
{
  struct msim__nd_message message = {.has_mac = mac_end != 0, .mac = {2, 0, 0, 0, 0, mac_end}};

  assert_int_equal(msim_addr_parse(&message.target, target, strlen(target)), MSIM_OK);
  return message;
}

#endif
