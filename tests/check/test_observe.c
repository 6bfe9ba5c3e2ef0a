/* Tests of lib/check/observe.c and the watch of check.c: records of a simulation, made by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_files.h"
#include "net/flow.h"
#include "support/fail_mem.h"

static const char scene_text[] =
    "spec: libmailsim.scene/1\n"
    "scene: live\n"
    "actors: {a: {hosts: [a]}, b: {hosts: [b]}}\n"
    "connections:\n"
    "  c1: {client: a, server: b, ports: [25], pick: first-established}\n"
    "steps:\n"
    "- number: 1\n"
    "  actor: a\n"
    "  kind: datagram\n"
    "  observe: {seq: [{id: ask, match: datagram, from: a, to: broadcast, carries: {unit: dhcp.offer, values: "
    "{address_is: private, lease: 60}}}, {id: heard, match: datagram, point: rx, to: b, of: 1.ask}]}\n"
    "  anchor: heard\n"
    "  after: {causal: [], narrated: null}\n"
    "- number: 2\n"
    "  actor: a\n"
    "  kind: arp\n"
    "  observe: {all: [{id: arp, match: arp, from: a, to: broadcast, what: arp.request, target: b}]}\n"
    "  anchor: arp\n"
    "  after: {causal: [1], narrated: 1}\n"
    "- number: 3\n"
    "  actor: a\n"
    "  kind: segment\n"
    "  observe: {all: [{id: syn, match: segment, conn: c1, flags: {has: [SYN], lacks: [ACK]}, payload: none, "
    "source_is: "
    "private, dest_is: global}]}\n"
    "  anchor: syn\n"
    "  after: {causal: [2], narrated: 2}\n"
    "- number: 4\n"
    "  actor: b\n"
    "  kind: segment\n"
    "  observe: {all: [{id: synack, match: segment, dir: server-to-client, acks: 3.syn}]}\n"
    "  anchor: synack\n"
    "  after: {causal: [3], narrated: 3}\n"
    "- number: 5\n"
    "  actor: b\n"
    "  kind: action\n"
    "  observe: {all: [{id: got, match: app, host: b, event: nat.restored, of: 3.syn, where: {users: [ben], good: "
    "true, "
    "count: 2}}]}\n"
    "  anchor: got\n"
    "  after: {causal: [4], narrated: 4}\n";

struct stage {
  struct fail_mem mem, scene_mem;
  struct msim_sim *sim;
  struct msim_scene *scene;
  struct msim_flow tcp, udp;
  struct msim_packet packet;
};

static void make_flow(struct msim_flow *flow, const char *server, uint16_t port, uint8_t proto)
{
  memset(flow, 0, sizeof *flow);
  flow->client = "a";
  flow->server = server;
  flow->port = port;
  flow->number = 1;
  flow->proto = proto;
  flow->id = 77; /* the same for both: a flow of TCP and one of UDP are two all the same */
  flow->refs = 1;
}

static void open_stage(struct stage *s)
{
  struct msim_sim_opts opts;
  struct msim_scene_opts scene_opts;
  struct msim_slice text = {(const uint8_t *)scene_text, sizeof scene_text - 1};
  struct findings findings;

  memset(s, 0, sizeof *s);
  memset(&opts, 0, sizeof opts);
  memset(&scene_opts, 0, sizeof scene_opts);
  memset(&findings, 0, sizeof findings);
  fail_mem_init(&s->mem, 0);
  fail_mem_init(&s->scene_mem, 0);
  opts.mem = s->mem.hook;
  scene_opts.mem = s->scene_mem.hook;
  make_flow(&s->tcp, "b", 25, MSIM_PROTO_TCP);
  make_flow(&s->udp, "*", 67, MSIM_PROTO_UDP);
  assert_int_equal(msim__sim_create(&s->sim, &opts, NULL), MSIM_OK);
  if (msim_scene_load_text(&s->scene, "live.yaml", text, &scene_opts, findings_keep, &findings) != MSIM_OK)
    fail_msg("%s", findings.text);
}

static void close_stage(struct stage *s, bool scene_first)
{
  if (scene_first)
    msim_scene_free(s->scene);
  msim_sim_free(s->sim);
  if (!scene_first)
    msim_scene_free(s->scene);
  assert_true(fail_mem_clean(&s->mem));
  assert_true(fail_mem_clean(&s->scene_mem));
}

static void emit_packet(struct stage *s, enum msim_trace_point point, struct msim_trace_packet packet)
{
  struct msim_trace_record record;
  bool is_tcp = packet.flow == &s->tcp;

  memset(&record, 0, sizeof record);
  record.kind = is_tcp ? MSIM_TRACE_SEGMENT : MSIM_TRACE_DATAGRAM;
  record.u.packet = packet;
  record.u.packet.point = point;
  record.u.packet.packet = &s->packet;
  if (msim__trace_wants(s->sim, record.kind))
    msim__trace_emit(s->sim, &record);
}

static void emit_segment(struct stage *s, bool from_client, uint16_t flags, uint32_t seq, uint32_t ack)
{
  struct msim_trace_packet packet = {.flow = &s->tcp, .from_client = from_client, .number = 1, .seq = seq, .ack = ack};

  packet.from = from_client ? "a" : "b";
  packet.to = from_client ? "b" : "a";
  memset(&s->packet, 0, sizeof s->packet);
  s->packet.proto = MSIM_PROTO_TCP;
  s->packet.src = msim_addr_ipv4(0x0a000001);
  s->packet.dst = msim_addr_ipv4(0xc0000201);
  s->packet.l4.tcp.flags = flags;
  emit_packet(s, MSIM_POINT_TX, packet);
  emit_packet(s, MSIM_POINT_FWD, packet);
  emit_packet(s, MSIM_POINT_RX, packet);
}

static void emit_broadcast(struct stage *s)
{
  struct msim_value values[2];
  struct msim_trace_unit unit = {.unit = "dhcp.offer", .edges = MSIM_EDGE_FIRST | MSIM_EDGE_LAST, .value_count = 2};
  struct msim_trace_packet packet = {
      .flow = &s->udp, .from_client = true, .number = 1, .from = "a", .to = "*", .units = &unit, .unit_count = 1};

  values[0] = msim_value_text("address", "192.168.0.9");
  values[1] = msim_value_int("lease", 60);
  unit.values = values;
  memset(&s->packet, 0, sizeof s->packet);
  s->packet.proto = MSIM_PROTO_UDP;
  emit_packet(s, MSIM_POINT_TX, packet);
  packet.to = "b";
  emit_packet(s, MSIM_POINT_RX, packet);
  packet.to = "c";
  emit_packet(s, MSIM_POINT_RX, packet);
}

static void emit_arp(struct stage *s, const char *reason)
{
  struct msim_trace_record record;

  memset(&record, 0, sizeof record);
  record.kind = MSIM_TRACE_ARP;
  record.u.arp =
      (struct msim_trace_arp){.from = "a", .to = "*", .what = "arp.request", .target = "b", .reason = reason};
  if (msim__trace_wants(s->sim, record.kind))
    msim__trace_emit(s->sim, &record);
}

static void emit_event(struct stage *s, const char *conn, const char *seg)
{
  static const char *const users[] = {"anna", "ben"};
  struct msim_trace_record record;
  struct msim_value values[5];

  memset(&record, 0, sizeof record);
  values[0] = msim_value_text("conn", conn);
  values[1] = msim_value_text("seg", seg);
  values[2] = msim_value_bool("good", true);
  values[3] = msim_value_int("count", 2);
  values[4].name = "users";
  values[4].kind = MSIM_VALUE_LIST;
  values[4].u.list.items = users;
  values[4].u.list.count = 2;
  record.kind = MSIM_TRACE_APP;
  record.u.event = (struct msim_trace_event){"b", "agent", "nat.restored", values, 5};
  if (msim__trace_wants(s->sim, record.kind))
    msim__trace_emit(s->sim, &record);
}

static void play(struct stage *s)
{
  emit_broadcast(s);
  emit_arp(s, "down");
  emit_arp(s, NULL);
  emit_segment(s, true, MSIM_TCP_SYN, 0, 0);
  emit_event(s, "a>b:25#1", "s1"); /* another segment */
  emit_segment(s, false, MSIM_TCP_SYN | MSIM_TCP_ACK, 0, 1);
  emit_event(s, "a>b:25#1", "c1");
}

static void records_of_a_run_when_watched_then_the_steps_are_found_in_them(void **state)
{
  static const uint64_t n[] = {2, 5, 6, 10, 13}; /* with the forwarding of each segment, which is no record of a step */
  struct msim_scene_result result;
  struct msim_scene_step step;
  struct stage s;
  size_t i;

  (void)state;
  open_stage(&s);
  assert_int_equal(msim_scene_attach(s.scene, s.sim), MSIM_OK);
  assert_int_equal(msim_scene_attach(s.scene, s.sim), MSIM_ERR_STATE);
  play(&s);
  assert_int_equal(msim_scene_judge(s.scene, MSIM_SCENE_BOTH, &result), MSIM_OK);
  for (i = 0; i < 5; i++) {
    assert_int_equal(msim_scene_step_at(s.scene, i, &step), MSIM_OK);
    if (step.state != MSIM_SCENE_OBSERVED || step.n != n[i])
      fail_msg("step %u: n=%u, %s", step.number, (unsigned)step.n, msim_scene_failure_at(s.scene, 0));
  }
  assert_true(result.holds);
  close_stage(&s, false);
}

static void a_scene_that_goes_first_leaves_the_run_alone(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  assert_int_equal(msim_scene_attach(s.scene, s.sim), MSIM_OK);
  msim_scene_free(s.scene);
  play(&s);
  assert_int_equal(msim_sim_failure(s.sim), MSIM_OK);
  msim_sim_free(s.sim);
  assert_true(fail_mem_clean(&s.mem));
  assert_true(fail_mem_clean(&s.scene_mem));
}

static void a_run_that_has_started_is_refused(void **state)
{
  struct stage s;

  (void)state;
  open_stage(&s);
  assert_int_equal(msim_sim_start(s.sim), MSIM_OK);
  assert_int_equal(msim_scene_attach(s.scene, s.sim), MSIM_ERR_STATE);
  close_stage(&s, true);
}

static void memory_that_runs_out_while_watching_ends_the_run(void **state)
{
  uint64_t fail_at = 0;
  int failure = MSIM_ERR_NOMEM;

  (void)state;
  while (failure == MSIM_ERR_NOMEM) {
    struct stage s;

    open_stage(&s);
    assert_int_equal(msim_scene_attach(s.scene, s.sim), MSIM_OK);
    s.scene_mem.fail_at = s.scene_mem.request_count + ++fail_at;
    play(&s);
    failure = msim_sim_failure(s.sim);
    close_stage(&s, fail_at % 2 == 0);
    assert_true(fail_at < 1000);
  }
  assert_int_equal(failure, MSIM_OK);
  assert_true(fail_at > 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(records_of_a_run_when_watched_then_the_steps_are_found_in_them),
      cmocka_unit_test(a_scene_that_goes_first_leaves_the_run_alone),
      cmocka_unit_test(a_run_that_has_started_is_refused),
      cmocka_unit_test(memory_that_runs_out_while_watching_ends_the_run),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
