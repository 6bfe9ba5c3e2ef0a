/* test_crash.c: hosts that crash and come back, with everything that runs on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "support/fail_mem.h"
#include "support/topology_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the server that crashes: counts its lives on its disk ---- */

struct server {
  struct msim_timer timer; /* first */
  struct msim_agent *agent;
  unsigned marker; /* 0 at each start */
  void *block;
};

static struct {
  unsigned starts, stops, crashes, ticks, datagrams, opened, closed;
  char lives[16];
} seen;

static void server_tick(struct msim_timer *timer, msim_ns now_ns)
{
  (void)now_ns;
  seen.ticks++;
  msim_timer_arm(timer, MSIM_MSEC(100));
}

static void server_open(struct msim_agent *agent, struct msim_stream *stream)
{
  (void)agent;
  (void)stream;
  seen.opened++;
}

static void server_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  (void)agent;
  (void)stream;
  (void)why;
  seen.closed++;
}

static const struct msim_stream_ops server_ops = {.on_open = server_open, .on_closed = server_closed};

static int server_start(struct msim_agent *agent)
{
  struct server *s = msim_agent_state(agent);
  struct msim_disk *disk = msim_node_disk(msim_agent_node(agent));
  unsigned *shared = msim_agent_shared(agent, "mark", sizeof *shared);
  size_t size;

  assert_int_equal(s->marker, 0);
  assert_int_equal(*shared, 0);
  s->marker = *shared = 7;
  s->agent = agent;
  s->block = msim_agent_resize(agent, NULL, 0, 100);
  seen.starts++;
  assert_int_equal(msim_disk_append(disk, "lives", "x", 1), 0);
  assert_int_equal(msim_disk_sync(disk, "lives", NULL, NULL), 0);
  assert_int_equal(msim_disk_sync_names(disk, NULL, NULL), 0);
  memset(seen.lives, 0, sizeof seen.lives);
  assert_int_equal(msim_disk_read(disk, "lives", 0, seen.lives, 15, &size), 0);
  msim_timer_init(&s->timer, msim_agent_node(agent), server_tick);
  msim_timer_set_background(&s->timer, true);
  msim_timer_arm(&s->timer, MSIM_MSEC(100));
  assert_int_equal(msim_agent_bind_udp(agent, 5000), 0);
  return msim_agent_listen(agent, 7, &server_ops);
}

static void server_datagram(struct msim_agent *agent, struct msim_endpoint from, uint16_t port, struct msim_slice bytes)
{
  (void)agent;
  (void)from;
  (void)port;
  (void)bytes;
  seen.datagrams++;
}

static void let_go(struct msim_agent *agent)
{
  struct server *s = msim_agent_state(agent);

  msim_timer_cancel(&s->timer);
  (void)msim_agent_resize(agent, s->block, 100, 0);
  msim_agent_event(agent, "dying", NULL, 0); /* nobody hears it */
}

static void server_stop(struct msim_agent *agent)
{
  seen.stops++;
  let_go(agent);
}

static void server_crash(struct msim_agent *agent)
{
  seen.crashes++;
  let_go(agent);
}

/* ---- the client: connects at 1 s, says a word each second ---- */

struct client {
  struct msim_timer timer; /* first */
  struct msim_agent *agent;
  struct msim_stream *stream;
};

static struct {
  bool closed;
  enum msim_close_reason why;
  msim_ns at_ns;
} client_seen;

static void client_closed(struct msim_agent *agent, struct msim_stream *stream, enum msim_close_reason why)
{
  struct client *c = msim_agent_state(agent);

  (void)stream;
  msim_timer_cancel(&c->timer);
  client_seen.closed = true;
  client_seen.why = why;
  client_seen.at_ns = msim_sim_now_ns(msim_agent_sim(agent));
}

static const struct msim_stream_ops client_ops = {.on_closed = client_closed};

static void client_tick(struct msim_timer *timer, msim_ns now_ns)
{
  struct client *c = (struct client *)(void *)timer;
  struct msim_endpoint to = {msim_node_addr(msim_node_find(msim_agent_sim(c->agent), "server")), 7};
  struct msim_slice word = {(const uint8_t *)"hi", 2};

  (void)now_ns;
  if (c->stream == NULL)
    assert_int_equal(msim_agent_connect(c->agent, to, &client_ops, NULL, &c->stream), 0);
  else
    (void)msim_stream_write(c->stream, "word", 4);
  to.port = 5000;
  assert_int_equal(msim_agent_send_udp(c->agent, 6000, to, word), 0);
  msim_timer_arm(timer, MSIM_SEC(1));
}

static int client_start(struct msim_agent *agent)
{
  struct client *c = msim_agent_state(agent);

  c->agent = agent;
  msim_timer_init(&c->timer, msim_agent_node(agent), client_tick);
  msim_timer_arm(&c->timer, MSIM_SEC(1));
  return 0;
}

struct world {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_node *server, *client;
  struct topology_text trace;
};

static int take(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return 0;
}

static void open_world(struct world *w, bool has_crash_hook)
{
  struct msim_agent_type server = {.name = "server",
                                   .state_bytes = sizeof(struct server),
                                   .start = server_start,
                                   .stop = server_stop,
                                   .crash = has_crash_hook ? server_crash : NULL,
                                   .on_datagram = server_datagram};
  struct msim_agent_type client = {.name = "client", .state_bytes = sizeof(struct client), .start = client_start};
  struct msim_link_opts link;
  struct msim_sim_opts opts;
  struct msim_out out = {&w->trace, take};

  memset(w, 0, sizeof *w);
  memset(&opts, 0, sizeof opts);
  memset(&link, 0, sizeof link);
  memset(&seen, 0, sizeof seen);
  memset(&client_seen, 0, sizeof client_seen);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(10);
  fail_mem_init(&w->mem, 0);
  opts.mem = w->mem.hook;
  assert_int_equal(msim_sim_new(&w->sim, &opts), 0);
  assert_int_equal(msim_agent_register(w->sim, &server), 0);
  assert_int_equal(msim_agent_register(w->sim, &client), 0);
  assert_int_equal(msim_node_add(w->sim, "server", &w->server), 0);
  assert_int_equal(msim_node_add(w->sim, "client", &w->client), 0);
  assert_int_equal(msim_link_add(w->client, w->server, &link), 0);
  assert_int_equal(msim_agent_add(w->server, "server", NULL), 0);
  assert_int_equal(msim_agent_add(w->client, "client", NULL), 0);
  assert_int_equal(msim_trace_add(w->sim, "text", &out, NULL, NULL), 0);
  assert_int_equal(msim_host_crash(w->server, NULL), MSIM_ERR_STATE);
}

static void close_world(struct world *w)
{
  msim_sim_free(w->sim);
  free(w->trace.data);
  assert_true(fail_mem_clean(&w->mem));
}

static void a_crash_takes_everything_and_says_nothing(void **state)
{
  struct msim_crash_opts opts = {.disk = MSIM_CRASH_LOSE_UNSYNCED};
  struct world w;
  unsigned ticks;

  (void)state;
  open_world(&w, true);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(2500)), 0);
  assert_int_equal(seen.opened, 1);
  assert_int_equal(seen.datagrams, 2);
  ticks = seen.ticks;
  assert_int_equal(ticks, 25);
  assert_true(msim_host_is_up(w.server));
  assert_int_equal(msim_host_crash(w.server, &opts), 0);
  assert_false(msim_host_is_up(w.server));
  assert_int_equal(msim_host_crash(w.server, &opts), MSIM_ERR_STATE);
  assert_int_equal(seen.crashes, 1);
  assert_int_equal(seen.stops, 0);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(9500)), 0);
  assert_int_equal(seen.ticks, ticks);
  assert_int_equal(seen.datagrams, 2);
  assert_int_equal(seen.closed, 0);
  assert_false(client_seen.closed); /* it only wonders why nobody answers */
  assert_int_equal(msim_host_restart(w.server), 0);
  assert_int_equal(msim_host_restart(w.server), MSIM_ERR_STATE);
  assert_int_equal(seen.starts, 2);
  assert_string_equal(seen.lives, "xx");
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(30)), 0);
  assert_true(client_seen.closed); /* its next segment was for nobody */
  assert_int_equal(client_seen.why, MSIM_CLOSED_RESET);
  assert_true(seen.datagrams > 2);
  assert_true(seen.ticks > ticks + 190);
  assert_int_equal(msim_sim_finish(w.sim), 0);
  assert_non_null(strstr(w.trace.data, "\n2.500000000 host server crash disk=lose-unsynced lost=0\n"));
  assert_non_null(strstr(w.trace.data, "\n9.500000000 host server restart\n"));
  assert_non_null(strstr(w.trace.data, "lost(down)"));
  assert_null(strstr(w.trace.data, "dying"));
  close_world(&w);
}

static void without_a_crash_hook_stop_lets_go(void **state)
{
  struct msim_crash_opts opts = {.disk = MSIM_CRASH_WIPE};
  struct world w;

  (void)state;
  open_world(&w, false);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(2500)), 0);
  assert_int_equal(msim_host_crash(w.server, &opts), 0);
  assert_int_equal(seen.stops, 1);
  assert_int_equal(msim_host_restart(w.server), 0);
  assert_string_equal(seen.lives, "x");
  assert_int_equal(msim_host_crash(w.server, &opts), 0);
  assert_int_equal(seen.stops, 2);
  close_world(&w); /* freed while it is down */
  assert_int_equal(seen.stops, 2);
}

static void both_ends_may_crash(void **state)
{
  struct world w;

  (void)state;
  open_world(&w, true);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(1005)), 0); /* the SYN is on its way */
  assert_int_equal(msim_host_crash(w.client, NULL), 0);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_MSEC(1015)), 0);
  assert_int_equal(msim_host_crash(w.server, NULL), 0);
  assert_int_equal(msim_host_restart(w.client), 0);
  assert_int_equal(msim_host_restart(w.server), 0);
  assert_int_equal(msim_sim_advance_to(w.sim, MSIM_SEC(5)), 0);
  assert_int_equal(seen.opened, 1);
  assert_false(client_seen.closed);
  close_world(&w);
}

/* ---- mail agents, at each moment ---- */

static const char mail_world[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  alice: {agents: [{user: {address: alice@a.example, submit: relay,\n"
    "    script: [{at: 1s, send: {message: m1, to: bob@b.example, subject: Hi, body: Hello}}]}}]}\n"
    "  relay: {agents: [{smtp-server: {domains: {a.example: [alice]}, relay-from: '@a.example'}}, smtp-client]}\n"
    "  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}\n"
    "links:\n"
    "  - {join: [alice, relay], delay: 10ms}\n"
    "  - {join: [relay, mx], delay: 10ms}\n";

static void broken(void *user, const struct msim_invariant_finding *finding)
{
  (void)user;
  fail_msg("%s: %s", finding->rule, finding->text);
}

static bool crash_at(const char *host, uint64_t event, bool again)
{
  struct msim_crash_opts opts = {.disk = MSIM_CRASH_LOSE_UNSYNCED};
  struct msim_slice text = {(const uint8_t *)mail_world, sizeof mail_world - 1};
  struct msim_sim_opts sim_opts;
  struct fail_mem mem;
  struct msim_sim *sim;
  struct msim_node *node;
  uint64_t i;
  int got = 1;

  memset(&sim_opts, 0, sizeof sim_opts);
  fail_mem_init(&mem, 0);
  sim_opts.mem = mem.hook;
  assert_int_equal(msim_sim_new(&sim, &sim_opts), 0);
  assert_int_equal(msim_topology_load_text(sim, "t", text, NULL, NULL, NULL), 0);
  assert_int_equal(msim_invariants_attach(sim, broken, NULL), 0);
  for (i = 0; i < event && got == 1; i++)
    got = msim_sim_step(sim);
  assert_true(got >= 0);
  node = msim_node_find(sim, host);
  assert_int_equal(msim_host_crash(node, &opts), 0);
  if (again) {
    assert_int_equal(msim_sim_advance_to(sim, msim_sim_now_ns(sim) + MSIM_MSEC(1)), 0);
    assert_int_equal(msim_host_restart(node), 0);
    assert_int_equal(msim_sim_run(sim, MSIM_SEC(3600 * 200)), 0);
  }
  msim_sim_free(sim);
  assert_true(fail_mem_clean(&mem));
  return got == 1;
}

static void mail_agents_survive_a_crash_at_every_event(void **state)
{
  static const char *const hosts[] = {"alice", "relay", "mx"};
  uint64_t event;
  size_t i;

  (void)state;
  for (i = 0; i < 3; i++)
    for (event = 1; crash_at(hosts[i], event, true); event++)
      (void)crash_at(hosts[i], event, false);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_crash_takes_everything_and_says_nothing),
      cmocka_unit_test(without_a_crash_hook_stop_lets_go),
      cmocka_unit_test(both_ends_may_crash),
      cmocka_unit_test(mail_agents_survive_a_crash_at_every_event),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
