/* test_topology.c: topologies that are fine: what they build. And hostile ones: no crash, no leak, no endless work. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "agents/agents.h"
#include "net/link.h"
#include "support/exact.h"
#include "support/fail_mem.h"
#include "topology/probe.h"

static struct msim_sim *load_files(const char *text, const struct probe_file *files)
{
  struct msim_sim *sim = probe_sim();
  struct probe_said said;

  if (probe_load(sim, text, files, &said) != 0)
    fail_msg("%s", said.text);
  assert_string_equal(said.text, "");
  return sim;
}

static struct msim_sim *load(const char *text)
{
  return load_files(text, NULL);
}

/* The config of the index-th agent of a host. */
static const struct probe_config *probe_of(struct msim_sim *sim, const char *host, size_t index)
{
  const struct msim_node *node = msim_node_find(sim, host);
  struct msim_agent *agent;

  assert_non_null(node);
  for (agent = node->agents; agent != NULL && index > 0; index--)
    agent = agent->next;
  assert_non_null(agent);
  return msim_agent_config(agent);
}

static const struct msim__way *way_between(struct msim_sim *sim, const char *from, const char *to)
{
  const struct msim_node *node = msim_node_find(sim, from);
  uint32_t i;

  assert_non_null(node);
  for (i = 0; i < node->port_count; i++)
    if (strcmp(node->ports[i]->peer->name, to) == 0)
      return node->ports[i]->out;
  fail_msg("%s is not joined to %s", from, to);
  return NULL;
}

static void assert_addr(struct msim_sim *sim, const char *host, const char *expected)
{
  char text[MSIM_ADDR_TEXT_BYTES];
  struct msim_addr addr = msim_node_addr(msim_node_find(sim, host));

  (void)msim_addr_format(&addr, text);
  assert_string_equal(text, expected);
}

/* ---- the run ---- */

static void load_when_run_keys_then_info(void **state)
{
  static const struct probe_file files[] = {{"scenes/mail.yaml", "scene: mail\n"}, {NULL, NULL}};
  struct msim_sim *sim = load_files("mailsim: 1\ntitle: Über Land\nseed: 42\nuntil: 90s\nstart: 2026-03-01T12:00:00Z\n"
                                    "scene: scenes/mail.yaml\nscene-case: nat\nhosts: {a: }\n",
                                    files);
  struct msim_topology_info info;

  (void)state;
  msim_topology_info(sim, &info);
  assert_string_equal(info.name, "t");
  assert_string_equal(info.title, "\xc3\x9c"
                                  "ber Land");
  assert_string_equal(info.scene, "scenes/mail.yaml");
  assert_string_equal(info.scene_case, "nat");
  assert_int_equal(info.until_ns, MSIM_SEC(90));
  assert_int_equal(msim_sim_seed(sim), 42);
  assert_int_equal(sim->start_unix_s, 1772366400); /* date -u -d 2026-03-01T12:00:00Z +%s */
  msim_sim_free(sim);
}

static void load_when_no_run_keys_then_defaults(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts: {a: }\n");
  struct msim_topology_info info;

  (void)state;
  msim_topology_info(sim, &info);
  assert_string_equal(info.title, "");
  assert_null(info.scene);
  assert_null(info.scene_case);
  assert_true(info.until_ns == MSIM_NEVER);
  assert_int_equal(msim_sim_seed(sim), 0);
  assert_int_equal(sim->start_unix_s, 1767225600);
  msim_sim_free(sim);
}

static void load_when_date_alone_or_zone_then_start(void **state)
{
  static const struct {
    const char *text;
    int64_t unix_s;
  } cases[] = {{"2000-02-29", 951782400}, {"2026-01-01T01:00:00+01:00", 1767225600}};
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char text[128];
    struct msim_sim *sim;

    snprintf(text, sizeof text, "mailsim: 1\nstart: %s\nuntil: quiet\nhosts: {a: }\n", cases[i].text);
    sim = load(text);
    assert_int_equal(sim->start_unix_s, cases[i].unix_s);
    msim_sim_free(sim);
  }
}

static void load_when_not_empty_then_state(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts: {a: }\n");
  struct probe_said said;

  (void)state;
  assert_int_equal(probe_load(sim, "mailsim: 1\nhosts: {b: }\n", NULL, &said), MSIM_ERR_STATE);
  msim_sim_free(sim);
  sim = probe_sim();
  assert_int_equal(msim_node_add(sim, "a", NULL), 0);
  assert_int_equal(probe_load(sim, "mailsim: 1\nhosts: {b: }\n", NULL, &said), MSIM_ERR_STATE);
  msim_sim_free(sim);
}

/* ---- hosts ---- */

static void load_when_host_keys_then_node(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts:\n"
                              "  alice: {address: 192.0.2.1/24, zone: \"+01:00\", ttl: 32, icmp-errors: false,\n"
                              "    source-routes: true}\n"
                              "  bob: {addresses: [198.51.100.7, 198.51.100.8], zone: -90min}\n"
                              "  bücher:\n");

  (void)state;
  assert_int_equal(msim_node_count(sim), 3);
  assert_addr(sim, "alice", "192.0.2.1");
  assert_addr(sim, "bob", "198.51.100.7");
  assert_int_equal(msim_node_find(sim, "alice")->zone_minutes, 60);
  assert_int_equal(msim_node_find(sim, "alice")->ttl, 32);
  assert_int_equal(msim_node_find(sim, "bob")->zone_minutes, -90);
  assert_int_equal(msim_node_find(sim, "bob")->ttl, 64);
  assert_true(msim_node_find(sim, "alice")->no_icmp_errors && !msim_node_find(sim, "bob")->no_icmp_errors);
  assert_true(msim_node_find(sim, "alice")->source_routes && !msim_node_find(sim, "bob")->source_routes);
  assert_non_null(msim_node_find(sim, "b\xc3\xbc"
                                      "cher"));
  msim_sim_free(sim);
}

static void load_when_tcp_then_options(void **state)
{
  struct msim_sim *sim =
      load("mailsim: 1\nhosts:\n  a:\n    tcp:\n      congestion: fixed\n      receive-buffer: 32KiB\n"
           "      send-buffer: 16KiB\n      initial-window: 3\n      rto-min: 100ms\n"
           "      rto-initial: 500ms\n      rto-max: 30s\n      delayed-ack: none\n"
           "      time-wait: 5s\n      data-retries: 4\n      syn-retries: 2\n      mss: 536B\n"
           "      nagle: false\n      window-scale: false\n"
           "      timestamps: false\n      sack: false\n      prr: false\n      rack: false\n      profile: freebsd\n"
           "      keepalive: 2h\n      keepalive-interval: 10s\n      keepalive-probes: 3\n"
           "      user-timeout: 90s\n      fin-wait-2: 30s\n      syn-backlog: 5\n      challenge-acks: 7\n"
           "      ecn: ask\n      frto: false\n      pmtud: false\n      black-hole: 3\n"
           "      fastopen: server\n      fastopen-pending: 9\n"
           "      receive-buffer-max: 64KiB\n      initial-receive-window: 5\n      window-shift: 6\n"
           "      quick-acks: 8\n      timestamp-tick: 10ms\n      hystart: false\n      limited-transmit: false\n"
           "      idle-restart: false\n      dsack: false\n      secure-rst: false\n      ports: hashed\n"
           "      isn: clock\n"
           "  b: {tcp: {delayed-ack: 100ms}}\n  c:\n");
  const struct msim_tcp_opts *a = msim_node_find(sim, "a")->tcp_opts, *b = msim_node_find(sim, "b")->tcp_opts;

  (void)state;
  assert_string_equal(a->congestion, "fixed");
  assert_int_equal(a->receive_buffer_bytes, 32768);
  assert_int_equal(a->send_buffer_bytes, 16384);
  assert_int_equal(a->initial_window_segments, 3);
  assert_int_equal(a->rto_min_ns, MSIM_MSEC(100));
  assert_int_equal(a->rto_initial_ns, MSIM_MSEC(500));
  assert_int_equal(a->rto_max_ns, MSIM_SEC(30));
  assert_int_equal(a->time_wait_ns, MSIM_SEC(5));
  assert_int_equal(a->data_retries_max, 4);
  assert_int_equal(a->syn_retries_max, 2);
  assert_int_equal(a->mss_bytes_max, 536);
  assert_true(a->no_delayed_ack && a->no_nagle && a->no_window_scale);
  assert_true(a->no_timestamps && a->no_sack && a->no_prr && a->no_rack);
  assert_int_equal(a->profile, MSIM_TCP_FREEBSD);
  assert_int_equal(a->keepalive_idle_ns, MSIM_SEC(7200));
  assert_int_equal(a->keepalive_interval_ns, MSIM_SEC(10));
  assert_int_equal(a->keepalive_probes_max, 3);
  assert_int_equal(a->user_timeout_ns, MSIM_SEC(90));
  assert_int_equal(a->fin_wait_2_ns, MSIM_SEC(30));
  assert_int_equal(a->fastopen, MSIM_TCP_FASTOPEN_SERVER);
  assert_int_equal(a->fastopen_pending_max, 9);
  assert_int_equal(a->syn_backlog_max, 5);
  assert_int_equal(a->challenge_acks_max, 7);
  assert_int_equal(a->ecn, MSIM_TCP_ECN_ASK);
  assert_true(a->no_frto && !b->no_frto);
  assert_true(a->no_pmtud && !b->no_pmtud);
  assert_int_equal(a->black_hole_timeouts, 3);
  assert_int_equal(b->black_hole_timeouts, 0);
  assert_int_equal(a->receive_buffer_max_bytes, 65536);
  assert_int_equal(b->receive_buffer_max_bytes, 131072);
  assert_int_equal(a->initial_receive_window_segments, 5);
  assert_int_equal(a->window_shift, 6);
  assert_int_equal(a->quick_acks, 8);
  assert_int_equal(a->timestamp_tick_ns, MSIM_MSEC(10));
  assert_int_equal(b->timestamp_tick_ns, MSIM_MSEC(1));
  assert_true(a->no_hystart && a->no_limited_transmit && a->no_idle_restart && a->no_dsack && a->insecure_rst);
  assert_false(b->no_hystart || b->no_limited_transmit || b->no_idle_restart || b->no_dsack || b->insecure_rst);
  assert_int_equal(a->ports, MSIM_TCP_PORTS_HASHED);
  assert_int_equal(a->isn, MSIM_TCP_ISN_CLOCK);
  assert_true(b->ports == MSIM_TCP_PORTS_SEQUENTIAL && b->isn == MSIM_TCP_ISN_HASHED);
  assert_false(b->no_timestamps || b->no_sack || b->no_prr);
  assert_int_equal(b->profile, MSIM_TCP_LINUX);
  assert_int_equal(b->delayed_ack_ns, MSIM_MSEC(100));
  assert_false(b->no_delayed_ack || b->no_nagle || b->no_window_scale);
  assert_string_equal(b->congestion, "cubic");
  assert_null(msim_node_find(sim, "c")->tcp_opts);
  msim_sim_free(sim);
}

static void load_when_range_then_hosts_and_numbers(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts:\n"
                              "  pc[8..11].lan:\n    address: 10.1.0.{n}\n"
                              "    agents: [{probe: {count: 1, text: \"I am {n}\", peer: \"pc{n}.lan\"}}]\n");

  (void)state;
  assert_int_equal(msim_node_count(sim), 4);
  assert_addr(sim, "pc8.lan", "10.1.0.8");
  assert_addr(sim, "pc11.lan", "10.1.0.11");
  assert_string_equal(probe_of(sim, "pc9.lan", 0)->text, "I am 9");
  assert_string_equal(probe_of(sim, "pc11.lan", 0)->peer, "pc11.lan");
  msim_sim_free(sim);
}

static void load_when_no_range_then_n_is_text(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts: {a: {agents: [{probe: {count: 1, text: \"{n}\"}}]}}\n");

  (void)state;
  assert_string_equal(probe_of(sim, "a", 0)->text, "{n}");
  msim_sim_free(sim);
}

static void load_when_template_then_own_keys_win(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\n"
                              "hosts:\n  a: {like: desk}\n  b: {like: desk, ttl: 7}\n"
                              "  c: {like: desk, agents: [{probe: {count: 5}}]}\n  pc[1..2]: {like: desk}\n"
                              "templates:\n  base: {ttl: 100, zone: 60min, agents: [{probe: {count: 9}}]}\n"
                              "  desk: {like: base, ttl: 50, agents: [{probe: {count: 3, text: \"at {n}\"}}, "
                              "{probe: {count: 4}}]}\n");

  (void)state;
  assert_int_equal(msim_node_find(sim, "a")->ttl, 50);
  assert_int_equal(msim_node_find(sim, "a")->zone_minutes, 60);
  assert_int_equal(msim_node_find(sim, "b")->ttl, 7);
  assert_int_equal(probe_of(sim, "a", 0)->count, 3);
  assert_int_equal(probe_of(sim, "a", 1)->count, 4);
  assert_null(msim_node_find(sim, "a")->agents->next->next);
  assert_int_equal(probe_of(sim, "c", 0)->count, 5);
  assert_null(msim_node_find(sim, "c")->agents->next);
  assert_string_equal(probe_of(sim, "pc2", 0)->text, "at 2");
  msim_sim_free(sim);
}

static void load_when_peer_is_host_name_or_address_then_accepted(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts:\n"
                              "  a: {agents: [{probe: {count: 1, peer: b}}, {probe: {count: 1, peer: mail.example}}, "
                              "{probe: {count: 1, peer: 192.0.2.9}}]}\n  b:\n");

  (void)state;
  assert_string_equal(probe_of(sim, "a", 0)->peer, "b");
  assert_string_equal(probe_of(sim, "a", 1)->peer, "mail.example");
  assert_string_equal(probe_of(sim, "a", 2)->peer, "192.0.2.9");
  msim_sim_free(sim);
}

/* ---- links ---- */

static void load_when_link_keys_then_both_ways(void **state)
{
  struct msim_sim *sim =
      load("mailsim: 1\nhosts: {a: , b: }\nlinks:\n"
           "  - join: [a, b]\n    name: uplink\n    delay: 10ms\n    rate: 2Mbit/s\n"
           "    queue: 64KiB\n    ecn-mark: 20 packets\n    overhead: 26B\n    mtu: 1280B\n    cost: 7\n"
           "    back: {rate: 16Mbit/s, delay: 12ms, queue: 50 packets, ecn-mark: 30KiB}\n");
  const struct msim__way *there = way_between(sim, "a", "b"), *back = way_between(sim, "b", "a");

  (void)state;
  assert_string_equal(there->to->link_name, "uplink");
  assert_int_equal(there->params->way.delay_ns, MSIM_MSEC(10));
  assert_int_equal(there->params->way.rate_bps, 2000000);
  assert_int_equal(there->params->way.queue_bytes_max, 65536);
  assert_int_equal(there->params->way.queue_packets_max, 0);
  assert_int_equal(there->params->mark.queue_packets, 20);
  assert_int_equal(back->params->mark.queue_packets, 0);
  assert_int_equal(back->params->mark.queue_bytes, 30720);
  assert_int_equal(there->params->overhead_bytes, 26);
  assert_int_equal(there->params->mtu_bytes, 1280);
  assert_int_equal(there->params->cost, 7);
  assert_int_equal(back->params->way.delay_ns, MSIM_MSEC(12));
  assert_int_equal(back->params->way.rate_bps, 16000000);
  assert_int_equal(back->params->way.queue_bytes_max, 0);
  assert_int_equal(back->params->way.queue_packets_max, 50);
  assert_null(there->impair);
  msim_sim_free(sim);
}

static void load_when_delay_in_both_halves_then_enough(void **state)
{
  struct msim_sim *sim =
      load("mailsim: 1\nhosts: {a: , b: }\nlinks:\n  - {join: [a, b], forward: {delay: 1ms}, back: {delay: 3ms}}\n");

  (void)state;
  assert_int_equal(way_between(sim, "a", "b")->params->way.delay_ns, MSIM_MSEC(1));
  assert_int_equal(way_between(sim, "b", "a")->params->way.delay_ns, MSIM_MSEC(3));
  msim_sim_free(sim);
}

static void load_when_join_of_ranges_then_many_links(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts: {\"pc[1..10]\": , \"ap[1..10]\": , router: }\nlinks:\n"
                              "  - {join: [\"pc[1..10]\", router], delay: 1ms, name: \"cable{n}\"}\n"
                              "  - {join: [\"pc[1..10]\", \"ap[1..10]\"], delay: \"{n}ms\"}\n"
                              "  - {join: [\"ap[1..9]\", \"ap[2..10]\"], delay: 5ms}\n");

  (void)state;
  assert_int_equal(msim_node_find(sim, "router")->port_count, 10);
  assert_string_equal(way_between(sim, "pc7", "router")->to->link_name, "cable7");
  assert_int_equal(way_between(sim, "pc4", "ap4")->params->way.delay_ns, MSIM_MSEC(4));
  assert_int_equal(msim_node_find(sim, "pc4")->port_count, 2);
  assert_int_equal(msim_node_find(sim, "ap1")->port_count, 2);
  assert_int_equal(msim_node_find(sim, "ap5")->port_count, 3);
  assert_int_equal(way_between(sim, "ap9", "ap10")->params->way.delay_ns, MSIM_MSEC(5));
  msim_sim_free(sim);
}

static void load_when_impaired_then_impaired(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts: {a: , b: }\nlinks:\n"
                              "  - {join: [a, b], delay: 1ms, forward: {drop: [2, 5]}}\n");

  (void)state;
  assert_non_null(way_between(sim, "a", "b")->impair);
  assert_null(way_between(sim, "b", "a")->impair);
  msim_sim_free(sim);
}

/* ---- several files, anchors ---- */

static void load_when_includes_then_one_world(void **state)
{
  static const struct probe_file files[] = {
      {"parts/office.yaml", "include: [desk.yaml, more/rack.yaml]\nhosts: {pc: {like: desk}}\n"
                            "links: [{join: [pc, home], delay: 1ms}]\n"},
      {"parts/desk.yaml", "templates: {desk: {ttl: 11}}\n"},
      {"parts/more/rack.yaml", "mailsim: 1\nhosts: {server: {like: desk}}\n"},
      {NULL, NULL},
  };
  struct msim_sim *sim =
      load_files("mailsim: 1\ninclude: [parts/office.yaml, parts/desk.yaml]\nhosts: {home: {like: desk}}\n", files);

  (void)state;
  assert_int_equal(msim_node_count(sim), 3);
  assert_int_equal(msim_node_find(sim, "home")->ttl, 11);
  assert_int_equal(msim_node_find(sim, "server")->ttl, 11);
  assert_int_equal(way_between(sim, "home", "pc")->params->way.delay_ns, MSIM_MSEC(1));
  msim_sim_free(sim);
}

static void include_when_sixteen_deep_then_read_and_seventeen_refused(void **state)
{
  static char texts[17][32], paths[17][16];
  static struct probe_file files[18];
  struct probe_said said;
  struct msim_sim *sim;
  unsigned i;

  (void)state;
  /* t.yaml, f1 … f15 are sixteen files below each other; f16 is one too many. */
  for (i = 1; i <= 16; i++) {
    snprintf(paths[i], sizeof paths[i], "f%u", i);
    snprintf(texts[i], sizeof texts[i], i == 15 ? "hosts: {a: }\n" : "include: [f%u]\n", i + 1);
    files[i - 1].path = paths[i];
    files[i - 1].text = texts[i];
  }
  msim_sim_free(load_files("mailsim: 1\ninclude: [f1]\n", files));
  snprintf(texts[15], sizeof texts[15], "include: [f16]\n");
  sim = probe_sim();
  assert_int_equal(probe_load(sim, "mailsim: 1\ninclude: [f1]\n", files, &said), MSIM_ERR_SYNTAX);
  assert_string_equal(said.text, "f15:1:11: include: files are nested too deeply (at most 16)\n");
  msim_sim_free(sim);
}

static void include_when_no_reader_then_refused(void **state)
{
  struct msim_sim *sim = probe_sim();
  struct probe_said said;

  (void)state;
  assert_int_equal(probe_load(sim, "mailsim: 1\ninclude: [f1]\nhosts: {a: }\n", NULL, &said), MSIM_ERR_SYNTAX);
  assert_string_equal(said.text, "t.yaml:2:11: include: further files cannot be read here\n");
  msim_sim_free(sim);
}

static void load_when_anchors_and_merge_then_resolved(void **state)
{
  struct msim_sim *sim = load("mailsim: 1\nhosts:\n  a: &desk {ttl: 9, zone: 60min}\n  b: *desk\n"
                              "  c: {<<: *desk, ttl: 3}\n");

  (void)state;
  assert_int_equal(msim_node_find(sim, "b")->ttl, 9);
  assert_int_equal(msim_node_find(sim, "c")->ttl, 3);
  assert_int_equal(msim_node_find(sim, "c")->zone_minutes, 60);
  msim_sim_free(sim);
}

/* ---- hostile ---- */

static const char whole[] =
    "mailsim: 1\ntitle: \"T\\u00e4st\"\nuntil: 5s\ntemplates:\n  desk: {ttl: 3}\nhosts:\n"
    "  pc[1..3]: {like: desk, agents: [{probe: {count: 2, names: [a, \"b{n}\"]}}], tcp: {nagle: false}}\n"
    "  mx: {address: 192.0.2.1}\nlinks:\n"
    "  - {join: [\"pc[1..3]\", mx], delay: 1ms, loss: 2%, drop: [1, 2], jitter: {up-to: 1ms, shape: normal}}\n";

static void load_when_cut_anywhere_then_answers(void **state)
{
  size_t size;

  (void)state;
  for (size = 0; size < sizeof whole; size++) {
    struct msim_slice text = exact_copy(whole, size);
    struct msim_sim *sim = probe_sim();
    struct probe_said said;
    int err;

    said.text[0] = '\0';
    err = msim_topology_load_text(sim, "t.yaml", text, NULL, probe_hear, &said);
    assert_true(err == 0 || err == MSIM_ERR_SYNTAX);
    assert_int_equal(err != 0, said.text[0] != '\0');
    msim_sim_free(sim);
    exact_free(text);
  }
}

static void load_when_any_byte_changes_then_answers(void **state)
{
  static const char others[] = {'\0', ' ', '\n', '"', '[', '{', ':', '&', '*', '9', '\xff'};
  size_t at, k;

  (void)state;
  for (at = 0; at < sizeof whole - 1; at++) {
    for (k = at % 5; k < sizeof others; k += 5) {
      char copy[sizeof whole];
      struct msim_slice text = {(const uint8_t *)copy, sizeof whole - 1};
      struct msim_sim *sim = probe_sim();
      int err;

      memcpy(copy, whole, sizeof whole);
      copy[at] = others[k];
      err = msim_topology_load_text(sim, "t.yaml", text, NULL, NULL, NULL);
      assert_true(err == 0 || err == MSIM_ERR_SYNTAX);
      msim_sim_free(sim);
    }
  }
}

/* Nine levels of ten aliases each: a billion values when written out. */
static void load_when_alias_bomb_then_refused(void **state)
{
  char yaml[2048];
  size_t used = (size_t)snprintf(yaml, sizeof yaml, "mailsim: 1\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
  struct msim_sim *sim = probe_sim();
  struct probe_said said;
  unsigned i;

  (void)state;
  for (i = 1; i < 10; i++)
    used += (size_t)snprintf(yaml + used, sizeof yaml - used,
                             "a%u: &a%u [*a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u, *a%u]\n", i, i, i - 1,
                             i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
  assert_int_equal(probe_load(sim, yaml, NULL, &said), MSIM_ERR_SYNTAX);
  assert_non_null(strstr(said.text, "too many values"));
  msim_sim_free(sim);
}

static void load_when_nested_deeply_then_refused(void **state)
{
  static char yaml[200100];
  struct msim_sim *sim = probe_sim();
  struct probe_said said;
  size_t used = (size_t)snprintf(yaml, sizeof yaml, "hosts: ");

  (void)state;
  memset(yaml + used, '[', 200000);
  assert_int_equal(probe_load(sim, yaml, NULL, &said), MSIM_ERR_SYNTAX);
  assert_non_null(strstr(said.text, "too deep"));
  msim_sim_free(sim);
}

/* Few bytes, a long range, and a body that must be read again for each number. */
static void load_when_range_multiplies_a_body_then_refused(void **state)
{
  static char yaml[400000];
  size_t used = (size_t)snprintf(yaml, sizeof yaml,
                                 "mailsim: 1\nhosts:\n  pc[1..2000]: {agents: [{probe: {count: 1, "
                                 "text: \"{n}\", names: [x");
  struct msim_sim *sim = probe_sim();
  struct probe_said said;
  unsigned i;

  (void)state;
  for (i = 0; i < 60000; i++)
    used += (size_t)snprintf(yaml + used, sizeof yaml - used, ", x");
  snprintf(yaml + used, sizeof yaml - used, "]}}]}\n");
  assert_int_equal(probe_load(sim, yaml, NULL, &said), MSIM_ERR_SYNTAX);
  assert_string_equal(said.text, "t.yaml:3:3: the ranges of this topology say too much for each number "
                                 "(at most 33554432 values)\n");
  msim_sim_free(sim);
}

static void load_when_memory_fails_then_nomem_and_no_leak(void **state)
{
  static const struct probe_file files[] = {{"part.yaml", "hosts: {other: {addresses: [192.0.2.7]}}\n"}, {NULL, NULL}};
  struct msim_reader reader = {(void *)(uintptr_t)(const void *)files, probe_read, NULL};
  char text[sizeof whole + 64];
  struct msim_slice slice;
  uint64_t at, first = 0, failures = 0;

  (void)state;
  snprintf(text, sizeof text, "include: [part.yaml]\n%s", whole);
  slice.data = (const uint8_t *)text;
  slice.size_bytes = strlen(text);
  for (at = 1;; at++) {
    struct fail_mem memory;
    struct msim_sim_opts opts;
    struct msim_sim *sim;
    int err;

    fail_mem_init(&memory, 0);
    memset(&opts, 0, sizeof opts);
    opts.mem = memory.hook;
    assert_int_equal(msim_sim_new(&sim, &opts), 0);
    assert_int_equal(probe_register(sim), 0);
    if (first == 0)
      first = memory.request_count;
    memory.fail_at = first + at;
    err = msim_topology_load_text(sim, "t.yaml", slice, &reader, NULL, NULL);
    if (memory.failed_count > 0)
      assert_int_equal(err, MSIM_ERR_NOMEM);
    else
      assert_int_equal(err, 0);
    failures += memory.failed_count;
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&memory));
    if (err == 0)
      break;
  }
  assert_true(failures > 12);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(load_when_run_keys_then_info),
      cmocka_unit_test(load_when_no_run_keys_then_defaults),
      cmocka_unit_test(load_when_date_alone_or_zone_then_start),
      cmocka_unit_test(load_when_not_empty_then_state),
      cmocka_unit_test(load_when_host_keys_then_node),
      cmocka_unit_test(load_when_tcp_then_options),
      cmocka_unit_test(load_when_range_then_hosts_and_numbers),
      cmocka_unit_test(load_when_no_range_then_n_is_text),
      cmocka_unit_test(load_when_template_then_own_keys_win),
      cmocka_unit_test(load_when_peer_is_host_name_or_address_then_accepted),
      cmocka_unit_test(load_when_link_keys_then_both_ways),
      cmocka_unit_test(load_when_delay_in_both_halves_then_enough),
      cmocka_unit_test(load_when_join_of_ranges_then_many_links),
      cmocka_unit_test(load_when_impaired_then_impaired),
      cmocka_unit_test(load_when_includes_then_one_world),
      cmocka_unit_test(include_when_sixteen_deep_then_read_and_seventeen_refused),
      cmocka_unit_test(include_when_no_reader_then_refused),
      cmocka_unit_test(load_when_anchors_and_merge_then_resolved),
      cmocka_unit_test(load_when_cut_anywhere_then_answers),
      cmocka_unit_test(load_when_any_byte_changes_then_answers),
      cmocka_unit_test(load_when_alias_bomb_then_refused),
      cmocka_unit_test(load_when_nested_deeply_then_refused),
      cmocka_unit_test(load_when_range_multiplies_a_body_then_refused),
      cmocka_unit_test(load_when_memory_fails_then_nomem_and_no_leak),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
