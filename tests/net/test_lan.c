/* test_lan.c: lib/net/lan*.c, arp*.c: networks, neighbours, addresses that come and go, broadcasts. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "net/lan.h"
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
  char heard[256];  /* by the ports of udp() */
  int probe_result; /* -1: none yet */
};

static void put(struct world *w, const char *format, ...) MSIM_PRINTF(2, 3);
static void put(struct world *w, const char *format, ...)
{
  va_list args;
  int size;

  va_start(args, format);
  size = vsnprintf(w->text + w->size, sizeof w->text - w->size, format, args);
  va_end(args);
  assert_true(size >= 0 && (size_t)size < sizeof w->text - w->size);
  w->size += (size_t)size;
}

static int record(void *ctx, const struct msim_trace_record *r)
{
  static const char *const points[] = {"tx", "rx", "drop", "fwd"};
  struct world *w = ctx;
  size_t i;

  if (r->kind == MSIM_TRACE_ARP) {
    put(w, "%s %s>%s %s", r->u.arp.what, r->u.arp.from, r->u.arp.to, r->u.arp.target);
    put(w, r->u.arp.reason != NULL ? " lost %s\n" : "\n", r->u.arp.reason);
  } else if (r->kind == MSIM_TRACE_APP) {
    put(w, "%s %s", r->u.event.host, r->u.event.event);
    for (i = 0; i < r->u.event.value_count && strcmp(r->u.event.values[i].name, "mac") != 0; i++)
      put(w, " %s", r->u.event.values[i].u.text);
    put(w, "\n");
  } else {
    put(w, "%s %s>%s", points[r->u.packet.point], r->u.packet.from, r->u.packet.to);
    put(w, r->u.packet.reason != NULL ? " %s\n" : "\n", r->u.packet.reason);
  }
  return MSIM_OK;
}

static void open_world(struct world *w, const char *prefix)
{
  struct msim_network_opts opts = {.prefix = prefix};
  struct msim_sim_opts sim_opts = {0};

  memset(w, 0, sizeof *w);
  w->probe_result = -1;
  fail_mem_init(&w->mem, 0);
  sim_opts.mem = w->mem.hook;
  assert_int_equal(msim__sim_create(&w->sim, &sim_opts, NULL), MSIM_OK);
  assert_int_equal(msim__net_create(w->sim), MSIM_OK);
  w->hook.kinds = MSIM_TRACE_ALL;
  w->hook.ctx = w;
  w->hook.record = record;
  msim__trace_add_hook(w->sim, &w->hook);
  assert_int_equal(msim_network_add(w->sim, "home", &opts, &w->home), MSIM_OK);
}

static void close_world(struct world *w)
{
  msim_sim_free(w->sim);
  assert_true(fail_mem_clean(&w->mem));
}

static struct msim_node *host(struct world *w, const char *name, const char *address)
{
  struct msim_attach_opts opts = {.address = address, .no_address = address == NULL};
  struct msim_node *node = msim_node_find(w->sim, name);

  if (node == NULL)
    assert_int_equal(msim_node_add(w->sim, name, &node), MSIM_OK);
  assert_int_equal(msim_network_attach(w->home, node, &opts, NULL), MSIM_OK);
  return node;
}

static void join(struct world *w, const char *a, const char *b)
{
  struct msim_link_opts opts = {.a_to_b = {.delay_ns = 1000}, .b_to_a = {.delay_ns = 1000}};
  struct msim_node *at_b = msim_node_find(w->sim, b);

  if (at_b == NULL)
    assert_int_equal(msim_node_add(w->sim, b, &at_b), MSIM_OK);
  assert_int_equal(msim_link_add(msim_node_find(w->sim, a), at_b, &opts), MSIM_OK);
}

struct udp_port {
  struct world *w;
  struct msim_node *node;
};

static void hear(void *ctx, struct msim_endpoint from, uint16_t local_port, struct msim_slice bytes)
{
  const struct udp_port *port = ctx;
  char addr[MSIM_ADDR_TEXT_BYTES];
  size_t size = strlen(port->w->heard);

  msim_addr_format(&from.addr, addr);
  snprintf(port->w->heard + size, sizeof port->w->heard - size, "%s:%u<%s:%u %.*s;", port->node->name,
           (unsigned)local_port, addr, (unsigned)from.port, (int)bytes.size_bytes, (const char *)bytes.data);
}

static void bind_at(struct world *w, struct udp_port *port, struct msim_node *node, uint16_t number)
{
  port->w = w;
  port->node = node;
  assert_int_equal(msim__udp_bind(node, number, hear, port, NULL), MSIM_OK);
}

static struct msim_endpoint endpoint(const char *addr, uint16_t port)
{
  struct msim_endpoint to = {.port = port};

  assert_int_equal(msim_addr_parse(&to.addr, addr, strlen(addr)), MSIM_OK);
  return to;
}

static int send(struct msim_node *node, const char *addr, uint16_t port, const char *text)
{
  struct msim_slice bytes = {(const uint8_t *)text, strlen(text)};

  return msim__udp_send(node, 5000, endpoint(addr, port), bytes, NULL);
}

static int send_by(struct msim_node *node, const char *addr, uint16_t port, const char *text)
{
  struct msim_slice bytes = {(const uint8_t *)text, strlen(text)};

  return msim__udp_send_by(msim_attachment_first(node), 68, endpoint(addr, port), bytes, NULL);
}

static void start(struct world *w)
{
  assert_int_equal(msim_sim_start(w->sim), MSIM_OK);
}

/* What was recorded since the last call. */
static void assert_lines(struct world *w, const char *wanted)
{
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w->text, wanted);
  w->size = 0;
  w->text[0] = '\0';
}

static int configure(struct msim_node *node, const char *addr, const char *gateway)
{
  struct msim_addr_config config = {.prefix_bits = 24};

  config.address = endpoint(addr, 0).addr;
  if (gateway != NULL)
    config.gateway = endpoint(gateway, 0).addr;
  return msim_attachment_configure(msim_attachment_first(node), &config);
}

/* ---- ARP ---- */

static void neighbour_is_asked_for_once_and_what_waits_goes_then(void **state)
{
  struct world w;
  struct msim_node *ann, *ben;
  struct udp_port port;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  ann = host(&w, "ann", "192.168.1.1");
  ben = host(&w, "ben", "192.168.1.2");
  host(&w, "cat", "192.168.1.3");
  start(&w);
  bind_at(&w, &port, ben, 7);
  assert_int_equal(send(ann, "192.168.1.2", 7, "one"), MSIM_OK);
  assert_int_equal(send(ann, "192.168.1.2", 7, "two"), MSIM_OK);
  assert_lines(&w, "arp.request ann>* ben\n"
                   "ben arp.resolved ann 192.168.1.1\n"
                   "arp.reply ben>ann ben\n"
                   "ann arp.resolved ben 192.168.1.2\n"
                   "tx ann>ben\ntx ann>ben\nrx ann>ben\nrx ann>ben\n");
  assert_string_equal(w.heard, "ben:7<192.168.1.1:5000 one;ben:7<192.168.1.1:5000 two;");
  assert_int_equal(send(ann, "192.168.1.2", 7, "three"), MSIM_OK);
  assert_lines(&w, "tx ann>ben\nrx ann>ben\n");
  close_world(&w);
}

static void nobody_answers_then_sender_is_told(void **state)
{
  struct world w;
  struct msim_node *ann;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  ann = host(&w, "ann", "192.168.1.1");
  host(&w, "ben", "192.168.1.2");
  start(&w);
  assert_int_equal(send(ann, "192.168.1.99", 7, "one"), MSIM_OK);
  assert_lines(&w, "arp.request ann>* 192.168.1.99\n"
                   "arp.request ann>* 192.168.1.99\n"
                   "arp.request ann>* 192.168.1.99\n"
                   "ann arp.failed 192.168.1.99 192.168.1.99\n"
                   "drop ann>192.168.1.99 arp\n"
                   "tx ann>ann\nrx ann>ann\n");
  assert_true(w.sim->now_ns >= MSIM_SEC(3) && w.sim->now_ns < MSIM_SEC(4));
  close_world(&w);
}

/* ---- routers ---- */

static void host_reaches_the_outside_by_its_router_and_back(void **state)
{
  struct world w;
  struct msim_node *pc, *site;
  struct udp_port at_site, at_pc;
  char text[MSIM_ADDR_TEXT_BYTES];
  struct msim_addr addr;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  pc = host(&w, "pc", "192.168.1.10");
  host(&w, "router", "192.168.1.1");
  join(&w, "router", "isp");
  join(&w, "isp", "site");
  site = msim_node_find(w.sim, "site");
  start(&w);
  bind_at(&w, &at_site, site, 80);
  bind_at(&w, &at_pc, pc, 5000);
  addr = msim_node_addr(site);
  msim_addr_format(&addr, text);
  assert_int_equal(send(pc, text, 80, "out"), MSIM_OK);
  assert_lines(&w, "arp.request pc>* router\nrouter arp.resolved pc 192.168.1.10\narp.reply router>pc router\n"
                   "pc arp.resolved router 192.168.1.1\ntx pc>site\nrx pc>site\n");
  assert_string_equal(w.heard, "site:80<192.168.1.10:5000 out;");
  assert_int_equal(send(site, "192.168.1.10", 5000, "in"), MSIM_OK);
  assert_lines(&w, "tx site>pc\nrx site>pc\n");
  assert_int_equal(send(site, "192.168.1.77", 5000, "in"), MSIM_ERR_NOT_FOUND); /* nobody knows the way to it */
  close_world(&w);
}

static void same_address_in_two_realms_is_two_hosts(void **state)
{
  struct world w;
  struct msim_network_opts opts = {.prefix = "192.168.1.0/24"};
  struct msim_network *home, *other;
  struct msim_node *ann, *ben, *eve, *router;
  struct udp_port at_ben, at_eve;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  home = w.home;
  assert_int_equal(msim_network_add(w.sim, "other", &opts, &other), MSIM_OK);
  assert_int_equal(msim__lan_set_realm(home, msim__realm_new(msim__net(w.sim))), MSIM_OK);
  assert_int_equal(msim__lan_set_realm(other, msim__realm_new(msim__net(w.sim))), MSIM_OK);
  ann = host(&w, "ann", "192.168.1.1");
  ben = host(&w, "ben", "192.168.1.2");
  router = host(&w, "router", "192.168.1.254");
  w.home = other;
  eve = host(&w, "eve", "192.168.1.2");
  join(&w, "router", "isp");
  start(&w);
  bind_at(&w, &at_ben, ben, 7);
  bind_at(&w, &at_eve, eve, 7);
  assert_int_equal(send(ann, "192.168.1.2", 7, "to ben"), MSIM_OK);
  assert_int_equal(send(router, "192.168.1.2", 7, "to ben too"), MSIM_OK);
  assert_int_equal(send(msim_node_find(w.sim, "isp"), "192.168.1.2", 7, "to nobody"), MSIM_ERR_NOT_FOUND);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(w.heard, "ben:7<192.168.1.1:5000 to ben;ben:7<192.168.1.254:5000 to ben too;");
  assert_int_not_equal(ben->addr_id, eve->addr_id);
  close_world(&w);
}

/* ---- addresses at run time ---- */

static void host_without_address_sends_broadcasts_alone(void **state)
{
  struct world w;
  struct msim_node *pc, *server;
  struct udp_port at_server, at_pc;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  pc = host(&w, "pc", NULL);
  server = host(&w, "server", "192.168.1.1");
  host(&w, "third", "192.168.1.3");
  start(&w);
  bind_at(&w, &at_server, server, 67);
  bind_at(&w, &at_pc, pc, 68);
  assert_int_equal(send(pc, "192.168.1.1", 67, "no"), MSIM_ERR_NOT_FOUND);
  assert_lines(&w, "drop pc>server no-address\n");
  assert_int_equal(send_by(pc, "255.255.255.255", 67, "who"), MSIM_OK);
  assert_lines(&w, "tx pc>*\nrx pc>server\nrx pc>third\n");
  assert_string_equal(w.heard, "server:67<0.0.0.0:68 who;");
  w.heard[0] = '\0';
  assert_int_equal(send(server, "192.168.1.255", 68, "you"), MSIM_OK);
  assert_lines(&w, "tx server>*\nrx server>pc\nrx server>third\n");
  assert_string_equal(w.heard, "pc:68<192.168.1.1:5000 you;");
  close_world(&w);
}

static void configured_host_is_announced_and_heard_and_forgets(void **state)
{
  struct world w;
  struct msim_node *pc, *server;
  struct udp_port at_pc;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  pc = host(&w, "pc", NULL);
  server = host(&w, "server", "192.168.1.1");
  assert_int_equal(configure(pc, "192.168.1.50", NULL), MSIM_ERR_STATE);
  start(&w);
  bind_at(&w, &at_pc, pc, 7);
  assert_int_equal(configure(pc, "192.168.1.1", NULL), MSIM_ERR_EXISTS);
  assert_int_equal(configure(pc, "192.168.1.255", NULL), MSIM_ERR_INVALID);
  assert_int_equal(configure(pc, "192.168.1.50", "192.168.2.1"), MSIM_ERR_INVALID);
  assert_int_equal(configure(pc, "192.168.1.50", "192.168.1.1"), MSIM_OK);
  assert_lines(&w, "arp.request pc>* pc\n");
  assert_string_equal(msim_node_name(msim__addr_node(msim__net(w.sim), pc->addr_id)), "pc");
  assert_int_equal(send(server, "192.168.1.50", 7, "hi"), MSIM_OK);
  assert_lines(&w, "arp.request server>* pc\npc arp.resolved server 192.168.1.1\narp.reply pc>server pc\n"
                   "server arp.resolved pc 192.168.1.50\ntx server>pc\nrx server>pc\n");
  msim_attachment_deconfigure(msim_attachment_first(pc));
  assert_int_equal(pc->addr_id, 0);
  assert_int_equal(send(server, "192.168.1.50", 7, "gone"), MSIM_OK);
  assert_lines(&w, "tx server>pc\ndrop server>pc not-for-host\n");
  close_world(&w);
}

static void probed(void *ctx, struct msim_attachment *attachment, const struct msim_addr *addr, bool in_use)
{
  struct world *w = ctx;

  (void)attachment;
  (void)addr;
  w->probe_result = in_use;
}

static void probe_hears_who_has_the_address(void **state)
{
  struct world w;
  struct msim_node *pc;
  struct msim_addr addr;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  pc = host(&w, "pc", NULL);
  host(&w, "server", "192.168.1.1");
  start(&w);
  addr = endpoint("192.168.1.1", 0).addr;
  assert_int_equal(msim_attachment_probe(msim_attachment_first(pc), &addr, probed, &w), MSIM_OK);
  assert_lines(&w, "arp.request pc>* server\narp.reply server>pc server\n");
  assert_int_equal(w.probe_result, 1);
  addr = endpoint("192.168.1.2", 0).addr;
  assert_int_equal(msim_attachment_probe(msim_attachment_first(pc), &addr, probed, &w), MSIM_OK);
  assert_lines(&w, "arp.request pc>* 192.168.1.2\narp.request pc>* 192.168.1.2\narp.request pc>* 192.168.1.2\n");
  assert_int_equal(w.probe_result, 0);
  close_world(&w);
}

/* ---- switches ---- */

static void switch_that_forgot_floods_and_only_the_receiver_hears(void **state)
{
  struct world w;
  struct msim_node *ann, *ben, *hub;
  struct udp_port port;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  ann = host(&w, "ann", "192.168.1.1");
  ben = host(&w, "ben", "192.168.1.2");
  host(&w, "cat", "192.168.1.3");
  start(&w);
  bind_at(&w, &port, ben, 7);
  hub = msim_node_find(w.sim, "home");
  assert_int_equal(send(ann, "192.168.1.2", 7, "one"), MSIM_OK);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_non_null(msim_attachment_first(ben)->seen_at);
  msim__lan_switch_crash(w.home);
  assert_null(msim_attachment_first(ben)->seen_at);
  w.size = 0;
  w.text[0] = '\0';
  assert_int_equal(send(ann, "192.168.1.2", 7, "two"), MSIM_OK);
  assert_lines(&w, "tx ann>ben\nrx ann>ben\n"); /* cat gets a copy, of which nobody hears */
  assert_ptr_equal(msim_attachment_first(ann)->seen_at->node, hub);
  assert_null(msim_attachment_first(ben)->seen_at); /* it has not spoken since */
  close_world(&w);
}

static void cable_that_carries_nothing_loses_what_is_sent_and_told(void **state)
{
  struct world w;
  struct msim_node *ann, *ben;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  ann = host(&w, "ann", "192.168.1.1");
  ben = host(&w, "ben", "192.168.1.2");
  start(&w);
  msim__node_plug(ben, false);
  w.size = 0;
  assert_int_equal(send(ann, "192.168.1.2", 7, "one"), MSIM_OK);
  assert_lines(&w, "arp.request ann>* ben\narp.request ann>ben ben lost down\n"
                   "arp.request ann>* ben\narp.request ann>ben ben lost down\n"
                   "arp.request ann>* ben\narp.request ann>ben ben lost down\n"
                   "ann arp.failed ben 192.168.1.2\ndrop ann>ben arp\ntx ann>ann\nrx ann>ann\n");
  close_world(&w);
}

static void packets_wait_up_to_a_bound_and_the_oldest_goes(void **state)
{
  struct world w;
  struct msim_node *ann;
  unsigned i, old = 0, lost = 0;
  const char *p;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  ann = host(&w, "ann", "192.168.1.1");
  start(&w);
  for (i = 0; i < 70; i++)
    assert_int_equal(send(ann, "192.168.1.9", 7, "x"), MSIM_OK);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  for (p = w.text; (p = strstr(p, " arp-queue\n")) != NULL; p++)
    old++;
  for (p = w.text; (p = strstr(p, " arp\n")) != NULL; p++)
    lost++;
  assert_int_equal(old, 6);
  assert_int_equal(lost, 64);
  close_world(&w);
}

static void known_neighbour_is_asked_for_again_after_a_minute(void **state)
{
  struct world w;
  struct msim_node *ann;
  struct udp_port port;

  (void)state;
  open_world(&w, "192.168.1.0/24");
  ann = host(&w, "ann", "192.168.1.1");
  host(&w, "ben", "192.168.1.2");
  start(&w);
  bind_at(&w, &port, msim_node_find(w.sim, "ben"), 7);
  assert_int_equal(send(ann, "192.168.1.2", 7, "one"), MSIM_OK);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(59)), MSIM_OK);
  w.size = 0;
  assert_int_equal(send(ann, "192.168.1.2", 7, "two"), MSIM_OK);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(62)), MSIM_OK);
  assert_string_equal(w.text, "tx ann>ben\nrx ann>ben\n");
  w.size = 0;
  assert_int_equal(send(ann, "192.168.1.2", 7, "three"), MSIM_OK);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(63)), MSIM_OK);
  assert_string_equal(w.text, "arp.request ann>* ben\narp.reply ben>ann ben\nann arp.resolved ben 192.168.1.2\n"
                              "tx ann>ben\nrx ann>ben\n");
  close_world(&w);
}

/* ---- bounds ---- */

static void what_is_too_large_goes_in_fragments_each_in_a_frame(void **state)
{
  struct world w;
  struct msim_node *ann, *ben;
  struct udp_port port;
  char text[3000];
  struct msim_addr_config config;

  (void)state;
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = '\0';
  open_world(&w, "192.168.1.0/24");
  ann = host(&w, "ann", "192.168.1.1");
  ben = host(&w, "ben", "192.168.1.2");
  start(&w);
  bind_at(&w, &port, ben, 7);
  config = msim_attachment_config(msim_attachment_first(ann));
  config.mtu_bytes = 1000;
  assert_int_equal(msim_attachment_configure(msim_attachment_first(ann), &config), MSIM_OK);
  assert_int_equal(msim__ip_mtu_for(ann, ben->addr_id), 1000);
  assert_int_equal(send(ann, "192.168.1.2", 7, text), MSIM_OK);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  assert_non_null(strstr(w.heard, "ben:7<192.168.1.1:5000 xxx"));
  assert_int_equal(send(ann, "192.168.1.255", 7, text), MSIM_OK);
  assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
  close_world(&w);
}

static void ten_thousand_members_are_cheap(void **state)
{
  struct world w;
  struct msim_node *first = NULL, *last = NULL;
  struct udp_port port;
  char name[16];
  unsigned i;

  (void)state;
  open_world(&w, "10.0.0.0/16");
  w.hook.kinds = 0;
  msim__trace_refresh(w.sim);
  for (i = 0; i < 10000; i++) {
    snprintf(name, sizeof name, "pc%u", i);
    assert_int_equal(msim_node_add(w.sim, name, &last), MSIM_OK);
    assert_int_equal(msim_network_attach(w.home, last, NULL, NULL), MSIM_OK);
    if (i == 0)
      first = last;
  }
  start(&w);
  bind_at(&w, &port, last, 7);
  for (i = 0; i < 100; i++) { /* the first one broadcasts, the others are answers and packets to one */
    char addr[MSIM_ADDR_TEXT_BYTES];
    struct msim_addr to = msim_node_addr(last);

    msim_addr_format(&to, addr);
    w.heard[0] = '\0';
    assert_int_equal(send(first, addr, 7, "x"), MSIM_OK);
    assert_int_equal(msim_sim_run(w.sim, MSIM_NEVER), MSIM_OK);
    assert_int_not_equal(w.heard[0], '\0');
  }
  assert_true(w.sim->counters.hop_count < 10000 + 2 * 100 + 10);
  close_world(&w);
}

/* ---- memory ---- */

static void every_allocation_may_fail(void **state)
{
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    struct fail_mem mem;
    struct msim_sim_opts opts = {0};
    struct msim_sim *sim = NULL;
    struct msim_network *network;
    struct msim_node *a = NULL, *b = NULL;
    struct msim_attach_opts at_b = {.no_address = true};
    struct msim_addr_config config = {.prefix_bits = 24};

    assert_true(fail_at < 500);
    fail_mem_init(&mem, fail_at);
    opts.mem = mem.hook;
    err = msim__sim_create(&sim, &opts, NULL);
    if (err == MSIM_OK)
      err = msim__net_create(sim);
    if (err == MSIM_OK)
      err = msim_network_add(sim, "home", NULL, &network);
    if (err == MSIM_OK)
      err = msim_node_add(sim, "a", &a);
    if (err == MSIM_OK)
      err = msim_node_add(sim, "b", &b);
    if (err == MSIM_OK)
      err = msim_network_attach(network, a, NULL, NULL);
    if (err == MSIM_OK)
      err = msim_network_attach(network, b, &at_b, NULL);
    if (err == MSIM_OK)
      err = msim_sim_start(sim);
    if (err == MSIM_OK) {
      config.address = msim_addr_ipv4(msim_addr_ipv4_value(&network->prefix) + 1);
      err = msim_attachment_configure(msim_attachment_first(b), &config);
    }
    if (err == MSIM_OK)
      err = send(b, "255.255.255.255", 7, "all");
    if (err == MSIM_OK) {
      char addr[MSIM_ADDR_TEXT_BYTES];
      struct msim_addr to = msim_node_addr(a);

      msim_addr_format(&to, addr);
      err = send(b, addr, 7, "one");
    }
    if (err == MSIM_OK)
      err = msim_sim_run(sim, MSIM_NEVER);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&mem));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(neighbour_is_asked_for_once_and_what_waits_goes_then),
      cmocka_unit_test(nobody_answers_then_sender_is_told),
      cmocka_unit_test(host_reaches_the_outside_by_its_router_and_back),
      cmocka_unit_test(same_address_in_two_realms_is_two_hosts),
      cmocka_unit_test(host_without_address_sends_broadcasts_alone),
      cmocka_unit_test(configured_host_is_announced_and_heard_and_forgets),
      cmocka_unit_test(probe_hears_who_has_the_address),
      cmocka_unit_test(switch_that_forgot_floods_and_only_the_receiver_hears),
      cmocka_unit_test(cable_that_carries_nothing_loses_what_is_sent_and_told),
      cmocka_unit_test(packets_wait_up_to_a_bound_and_the_oldest_goes),
      cmocka_unit_test(known_neighbour_is_asked_for_again_after_a_minute),
      cmocka_unit_test(what_is_too_large_goes_in_fragments_each_in_a_frame),
      cmocka_unit_test(ten_thousand_members_are_cheap),
      cmocka_unit_test(every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
