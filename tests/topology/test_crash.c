/* test_crash.c: hosts that crash and come back, with everything that runs on them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "agents/smtp_stream.h"
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
    "  alice: {agents: [{user: {address: alice@a.example, submit: relay, script: [\n"
    "    {at: 1s, send: {message: m1, to: bob@b.example, subject: Hi, body: Hello}},\n"
    "    {at: 1010ms, send: {message: m2, to: [bob@b.example, carl@c.example], subject: Ho, size: 5kB}}]}}]}\n"
    "  relay: {disk: {sync-latency: %s}, agents: [{smtp-server: {domains: {a.example: [alice]},\n"
    "    relay-from: '@a.example'}}, smtp-client]}\n"
    "  mx: {disk: {sync-latency: %s}, agents: [{smtp-server: {domains: {b.example: [bob], c.example: [carl]}}}, spy]}\n"
    "links:\n"
    "  - {join: [alice, relay], delay: 10ms, rate: 10Mbit/s}\n"
    "  - {join: [relay, mx], delay: 10ms, rate: 10Mbit/s}\n";

static void broken(void *user, const struct msim_invariant_finding *finding)
{
  (void)user;
  fail_msg("%s: %s", finding->rule, finding->text);
}

static struct msim_agent *spy;

static int spy_start(struct msim_agent *agent)
{
  spy = agent;
  return 0;
}

struct life {
  struct fail_mem mem;
  struct msim_sim *sim;
  struct topology_text trace;
};

static void begin_life(struct life *l, const char *latency)
{
  static const struct msim_agent_type spy_type = {.name = "spy", .start = spy_start};
  char text[4000];
  struct msim_slice slice = {(const uint8_t *)text, 0};
  struct msim_out out = {&l->trace, take};
  struct msim_sim_opts opts;

  memset(l, 0, sizeof *l);
  memset(&opts, 0, sizeof opts);
  fail_mem_init(&l->mem, 0);
  opts.mem = l->mem.hook;
  slice.size_bytes = (size_t)snprintf(text, sizeof text, mail_world, latency, latency);
  assert_int_equal(msim_sim_new(&l->sim, &opts), 0);
  assert_int_equal(msim_agent_register(l->sim, &spy_type), 0);
  assert_int_equal(msim_topology_load_text(l->sim, "t", slice, NULL, NULL, NULL), 0);
  assert_int_equal(msim_invariants_attach(l->sim, broken, NULL), 0);
  assert_int_equal(msim_trace_add(l->sim, "text", &out, "kind=app", NULL), 0);
}

static void end_life(struct life *l)
{
  msim_sim_free(l->sim);
  free(l->trace.data);
  assert_true(fail_mem_clean(&l->mem));
}

static unsigned copies(const char *user, const char *label)
{
  struct msim__mail_room *room = msim__mail_room_attach(spy);
  struct msim__mailbox *box = msim__store_find(&room->store, user, strlen(user));
  unsigned count = 0;
  size_t i;

  for (i = 0; box != NULL && i < box->count; i++)
    count += strcmp(box->items[i].message->label, label) == 0;
  return count;
}

static bool saw(const struct life *l, const char *host, const char *event, const char *label)
{
  char text[100];

  snprintf(text, sizeof text, " app %s %s message=%s ", host, event, label);
  return l->trace.data != NULL && strstr(l->trace.data, text) != NULL;
}

/* Who has said 250 owns the mail: RFC 5321 6.1. */
static unsigned check_custody(const struct life *l, const char *what)
{
  static const struct {
    const char *label, *user;
  } mails[] = {{"m1", "bob"}, {"m2", "bob"}, {"m2", "carl"}};
  unsigned owned = 0;
  size_t i;

  for (i = 0; i < 3; i++) {
    const char *label = mails[i].label, *user = mails[i].user;
    bool accepted = saw(l, "relay", "message.accepted", label);
    unsigned count = copies(user, label);

    if (saw(l, "alice", "message.sent", label) && !accepted)
      fail_msg("%s: %s was acknowledged by nobody", what, label);
    if ((accepted || saw(l, "mx", "message.accepted", label)) && count == 0)
      fail_msg("%s: %s for %s was accepted and is lost\n%s", what, label, user, l->trace.data);
    if (count > 2)
      fail_msg("%s: %s for %s is there %u times\n%s", what, label, user, count, l->trace.data);
    owned += accepted;
  }
  return owned;
}

struct plan {
  const char *host, *latency;
  enum msim_crash_disk disk;
  msim_ns down_ns;
};

/* false: the run has fewer events. */
static bool crash_at(const struct plan *plan, uint64_t event, unsigned *owned)
{
  struct msim_crash_opts opts = {.disk = plan->disk, .random = event, .torn_unit_bytes = 16};
  struct life l;
  struct msim_node *node;
  char what[100];
  uint64_t i;
  int got = 1;

  begin_life(&l, plan->latency);
  for (i = 0; i < event && got == 1; i++)
    got = msim_sim_step(l.sim);
  assert_true(got >= 0);
  if (got == 1) {
    node = msim_node_find(l.sim, plan->host);
    assert_int_equal(msim_host_crash(node, &opts), 0);
    assert_int_equal(msim_sim_advance_to(l.sim, msim_sim_now_ns(l.sim) + plan->down_ns), 0);
    assert_int_equal(msim_host_restart(node), 0);
    assert_int_equal(msim_sim_run(l.sim, MSIM_SEC(3600 * 200)), 0);
    assert_int_equal(msim_sim_finish(l.sim), 0);
    snprintf(what, sizeof what, "%s, %s, sync %s, event %llu", plan->host, msim_crash_disk_name(plan->disk),
             plan->latency, (unsigned long long)event);
    *owned += check_custody(&l, what);
  }
  end_life(&l);
  return got == 1;
}

static void acknowledged_mail_survives_a_crash_at_every_event(void **state)
{
  static const struct plan plans[] = {
      {"relay", "2ms", MSIM_CRASH_LOSE_UNSYNCED, MSIM_MSEC(1)}, {"relay", "0s", MSIM_CRASH_LOSE_UNSYNCED, MSIM_SEC(2)},
      {"relay", "2ms", MSIM_CRASH_TORN, MSIM_SEC(400)},         {"mx", "2ms", MSIM_CRASH_LOSE_UNSYNCED, MSIM_MSEC(1)},
      {"mx", "0s", MSIM_CRASH_LOSE_UNSYNCED, MSIM_SEC(400)},    {"mx", "2ms", MSIM_CRASH_TORN, MSIM_SEC(2)},
      {"alice", "0s", MSIM_CRASH_LOSE_UNSYNCED, MSIM_MSEC(1)},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof plans / sizeof plans[0]; i++) {
    uint64_t event = 1;
    unsigned owned = 0;

    while (crash_at(&plans[i], event, &owned))
      event++;
    assert_true(event > 100);
    assert_true(owned > event / 2); /* most of them were about mail that somebody owned */
  }
}

/* While mail is under way, and freed while it is down. */
static void a_host_that_never_comes_back_leaks_nothing(void **state)
{
  static const char *const hosts[] = {"alice", "relay", "mx"};
  struct life l;
  msim_ns at;

  (void)state;
  for (at = MSIM_MSEC(1000); at < MSIM_MSEC(1250); at += MSIM_USEC(2500)) {
    size_t i;

    for (i = 0; i < 3; i++) {
      begin_life(&l, "2ms");
      assert_int_equal(msim_sim_advance_to(l.sim, at), 0);
      assert_int_equal(msim_host_crash(msim_node_find(l.sim, hosts[i]), NULL), 0);
      assert_int_equal(msim_sim_advance_to(l.sim, at + MSIM_SEC(3)), 0);
      end_life(&l);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_crash_takes_everything_and_says_nothing),
      cmocka_unit_test(without_a_crash_hook_stop_lets_go),
      cmocka_unit_test(both_ends_may_crash),
      cmocka_unit_test(acknowledged_mail_survives_a_crash_at_every_event),
      cmocka_unit_test(a_host_that_never_comes_back_leaks_nothing),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
