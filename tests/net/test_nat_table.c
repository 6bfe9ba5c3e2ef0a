/* test_nat_table.c: lib/net/nat_table.c: mappings and sessions, ports, the states of TCP, and what is forgotten when.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include <mailsim/packet.h>

#include "net/nat_table.h"
#include "support/fail_mem.h"

#define OUTSIDE 9u
#define REMOTE 100u

struct stage {
  struct fail_mem fail;
  struct msim__mem mem;
  struct msim__nat_table table;
  uint64_t forgotten_count, expired_count;
  uint16_t taken_port; /* of the machine itself; 0: none */
};

static void on_forget(void *ctx, struct msim__nat_session *session)
{
  (void)session;
  ((struct stage *)ctx)->forgotten_count++;
}

static void on_expired(void *ctx, const struct msim__nat_mapping *mapping)
{
  (void)mapping;
  ((struct stage *)ctx)->expired_count++;
}

static bool is_taken(void *ctx, uint8_t proto, struct msim__nat_end outside)
{
  (void)proto;
  return ((struct stage *)ctx)->taken_port != 0 && ((struct stage *)ctx)->taken_port == outside.port;
}

static void stage_open(struct stage *s, uint64_t fail_at)
{
  memset(s, 0, sizeof *s);
  fail_mem_init(&s->fail, fail_at);
  msim__mem_init(&s->mem, &s->fail.hook);
  msim__nat_table_init(&s->table, &s->mem);
  s->table.session_count_max = 100000;
  s->table.timeout_ns[MSIM__NAT_UDP] = MSIM_SEC(300);
  s->table.timeout_ns[MSIM__NAT_TCP_OPEN] = MSIM_SEC(7440);
  s->table.timeout_ns[MSIM__NAT_TCP_BRIEF] = MSIM_SEC(240);
  s->table.timeout_ns[MSIM__NAT_ICMP] = MSIM_SEC(60);
  s->table.ctx = s;
  s->table.forget = on_forget;
  s->table.expired = on_expired;
  s->table.is_taken = is_taken;
}

static void stage_close(struct stage *s)
{
  msim__nat_table_release(&s->table);
  assert_true(fail_mem_clean(&s->fail));
}

static struct msim__nat_end end_of(uint32_t addr, uint16_t port)
{
  struct msim__nat_end end = {addr, port};

  return end;
}

static struct msim__nat_mapping *map(struct stage *s, uint8_t proto, uint32_t addr, uint16_t port)
{
  int err;
  struct msim__nat_mapping *m = msim__nat_map(&s->table, proto, end_of(addr, port), OUTSIDE, &err);

  assert_non_null(m);
  assert_int_equal(err, MSIM_OK);
  return m;
}

static struct msim__nat_session *open_at(struct stage *s, struct msim__nat_mapping *m, uint16_t remote_port,
                                         msim_ns now_ns)
{
  int err;
  struct msim__nat_session *session = msim__nat_open(&s->table, m, end_of(REMOTE, remote_port), true, now_ns, &err);

  assert_non_null(session);
  return session;
}

/* ---- look-ups ---- */

static void mapping_is_found_from_both_sides(void **state)
{
  struct stage s;
  struct msim__nat_mapping *m;

  (void)state;
  stage_open(&s, 0);
  assert_null(msim__nat_find_inside(&s.table, MSIM_PROTO_TCP, end_of(1, 50000)));
  m = map(&s, MSIM_PROTO_TCP, 1, 50000);
  assert_ptr_equal(msim__nat_find_inside(&s.table, MSIM_PROTO_TCP, end_of(1, 50000)), m);
  assert_ptr_equal(msim__nat_find_outside(&s.table, MSIM_PROTO_TCP, end_of(OUTSIDE, 50000)), m);
  assert_null(msim__nat_find_inside(&s.table, MSIM_PROTO_UDP, end_of(1, 50000)));
  assert_null(msim__nat_find_inside(&s.table, MSIM_PROTO_TCP, end_of(2, 50000)));
  assert_null(msim__nat_find_outside(&s.table, MSIM_PROTO_TCP, end_of(OUTSIDE + 1, 50000)));
  assert_null(msim__nat_find_session(&s.table, m, end_of(REMOTE, 25)));
  open_at(&s, m, 25, 0);
  assert_non_null(msim__nat_find_session(&s.table, m, end_of(REMOTE, 25)));
  assert_null(msim__nat_find_session(&s.table, m, end_of(REMOTE, 26)));
  assert_true(msim__nat_knows_addr(m, REMOTE));
  assert_false(msim__nat_knows_addr(m, REMOTE + 1));
  msim__nat_unmap(&s.table, m);
  assert_null(msim__nat_find_outside(&s.table, MSIM_PROTO_TCP, end_of(OUTSIDE, 50000)));
  assert_int_equal(s.forgotten_count, 1);
  assert_int_equal(s.table.session_count, 0);
  stage_close(&s);
}

static void ten_thousand_hosts_with_one_port_get_one_port_each(void **state)
{
  enum { COUNT = 10000 };
  static bool seen[65536];
  struct stage s;
  uint32_t i;

  (void)state;
  memset(seen, 0, sizeof seen);
  stage_open(&s, 0);
  for (i = 0; i < COUNT; i++) {
    struct msim__nat_mapping *m = map(&s, MSIM_PROTO_TCP, 1000 + i, 49152);

    assert_false(seen[m->outside.port]);
    seen[m->outside.port] = true;
    open_at(&s, m, 25, i);
  }
  for (i = 0; i < COUNT; i++)
    assert_non_null(msim__nat_find_inside(&s.table, MSIM_PROTO_TCP, end_of(1000 + i, 49152)));
  assert_int_equal(s.table.session_count, COUNT);
  stage_close(&s);
}

/* ---- ports ---- */

static void port_is_kept_or_else_the_next_of_its_kind(void **state)
{
  struct stage s;

  (void)state;
  stage_open(&s, 0);
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 1, 50001)->outside.port, 50001);
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 2, 50001)->outside.port, 50003); /* parity: RFC 4787 REQ-4 */
  assert_int_equal(map(&s, MSIM_PROTO_TCP, 1, 50001)->outside.port, 50001); /* another protocol, another set */
  assert_int_equal(map(&s, MSIM_PROTO_TCP, 2, 50001)->outside.port, 50002);
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 1, 1023)->outside.port, 1023);
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 2, 1023)->outside.port, 1); /* range: REQ-3 a) */
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 1, 65535)->outside.port, 65535);
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 2, 65535)->outside.port, 1025);
  assert_int_equal(map(&s, MSIM_PROTO_ICMP, 1, 0)->outside.port, 0);
  s.taken_port = 52000;
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 1, 52000)->outside.port, 52002);
  stage_close(&s);
}

static void last_port_is_the_last(void **state)
{
  struct stage s;
  struct msim__nat_mapping *m;
  int err;

  (void)state;
  stage_open(&s, 0);
  s.table.first_port = 2000;
  s.table.last_port = 2003;
  m = map(&s, MSIM_PROTO_UDP, 1, 50000);
  assert_int_equal(m->outside.port, 2000);
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 2, 50000)->outside.port, 2002);
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 3, 50000)->outside.port, 2001); /* rather that than none */
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 4, 50000)->outside.port, 2003);
  assert_null(msim__nat_map(&s.table, MSIM_PROTO_UDP, end_of(5, 50000), OUTSIDE, &err));
  assert_int_equal(err, MSIM_ERR_LIMIT);
  assert_int_equal(msim__nat_map(&s.table, MSIM_PROTO_UDP, end_of(5, 50000), OUTSIDE + 1, &err)->outside.port, 2000);
  msim__nat_unmap(&s.table, m);
  assert_int_equal(map(&s, MSIM_PROTO_UDP, 6, 50000)->outside.port, 2000);
  stage_close(&s);
}

static void fixed_endpoint_is_had_once(void **state)
{
  struct stage s;
  struct msim__nat_mapping *m;
  int err;

  (void)state;
  stage_open(&s, 0);
  m = msim__nat_map_to(&s.table, MSIM_PROTO_TCP, end_of(1, 80), end_of(OUTSIDE, 8080), &err);
  assert_non_null(m);
  m->is_lasting = true;
  assert_null(msim__nat_map_to(&s.table, MSIM_PROTO_TCP, end_of(2, 80), end_of(OUTSIDE, 8080), &err));
  assert_int_equal(err, MSIM_ERR_EXISTS);
  assert_null(msim__nat_map_to(&s.table, MSIM_PROTO_TCP, end_of(1, 80), end_of(OUTSIDE, 8081), &err));
  assert_int_equal(err, MSIM_ERR_EXISTS);
  assert_int_equal(map(&s, MSIM_PROTO_TCP, 3, 8080)->outside.port, 8081);
  open_at(&s, m, 1, 0);
  assert_int_equal(msim__nat_expire(&s.table, MSIM_SEC(240)), MSIM_NEVER);
  assert_ptr_equal(msim__nat_find_outside(&s.table, MSIM_PROTO_TCP, end_of(OUTSIDE, 8080)), m); /* it lasts */
  assert_int_equal(m->session_count, 0);
  stage_close(&s);
}

static void full_table_opens_nothing_and_keeps_no_empty_mapping(void **state)
{
  struct stage s;
  struct msim__nat_mapping *first, *second;
  int err;

  (void)state;
  stage_open(&s, 0);
  s.table.session_count_max = 1;
  first = map(&s, MSIM_PROTO_UDP, 1, 50000);
  second = map(&s, MSIM_PROTO_UDP, 2, 50002);
  open_at(&s, first, 53, 0);
  assert_null(msim__nat_open(&s.table, second, end_of(REMOTE, 53), true, 0, &err));
  assert_int_equal(err, MSIM_ERR_LIMIT);
  assert_null(msim__nat_find_inside(&s.table, MSIM_PROTO_UDP, end_of(2, 50002)));
  assert_null(msim__nat_map(&s.table, MSIM_PROTO_UDP, end_of(3, 50004), OUTSIDE, &err));
  assert_int_equal(err, MSIM_ERR_LIMIT);
  stage_close(&s);
}

/* ---- time ---- */

static void what_is_used_last_expires_last(void **state)
{
  struct stage s;
  struct msim__nat_mapping *a, *b;
  struct msim__nat_session *used;

  (void)state;
  stage_open(&s, 0);
  a = map(&s, MSIM_PROTO_UDP, 1, 50000);
  b = map(&s, MSIM_PROTO_UDP, 2, 50002);
  used = open_at(&s, a, 53, 0);
  open_at(&s, b, 53, MSIM_SEC(1));
  msim__nat_use(&s.table, used, 0, true, MSIM_SEC(100));
  assert_int_equal(msim__nat_expire(&s.table, MSIM_SEC(300)), MSIM_SEC(301));
  assert_int_equal(s.expired_count, 0);
  assert_int_equal(msim__nat_expire(&s.table, MSIM_SEC(301)), MSIM_SEC(400));
  assert_int_equal(s.expired_count, 1);
  assert_null(msim__nat_find_inside(&s.table, MSIM_PROTO_UDP, end_of(2, 50002)));
  assert_int_equal(msim__nat_expire(&s.table, MSIM_SEC(400)), MSIM_NEVER);
  assert_int_equal(s.table.mapping_count, 0);
  stage_close(&s);
}

static void mapping_lives_as_long_as_its_last_session(void **state)
{
  struct stage s;
  struct msim__nat_mapping *m;

  (void)state;
  stage_open(&s, 0);
  m = map(&s, MSIM_PROTO_UDP, 1, 50000);
  open_at(&s, m, 53, 0);
  open_at(&s, m, 54, MSIM_SEC(200));
  assert_int_equal(msim__nat_expire(&s.table, MSIM_SEC(300)), MSIM_SEC(500));
  assert_int_equal(m->session_count, 1);
  assert_int_equal(s.expired_count, 0);
  assert_int_equal(msim__nat_expire(&s.table, MSIM_SEC(500)), MSIM_NEVER);
  assert_int_equal(s.expired_count, 1);
  stage_close(&s);
}

/* ---- RFC 5382 ---- */

/* One segment: its flags, who sends it, and the class of the session behind it. */
struct step {
  uint16_t flags;
  bool from_inside;
  enum msim__nat_class then;
};

static void play(const struct step *steps, size_t count)
{
  struct stage s;
  struct msim__nat_session *session;
  size_t i;

  stage_open(&s, 0);
  session = open_at(&s, map(&s, MSIM_PROTO_TCP, 1, 50000), 25, 0);
  for (i = 0; i < count; i++) {
    msim__nat_use(&s.table, session, steps[i].flags, steps[i].from_inside, MSIM_SEC(i));
    assert_int_equal(session->class_number, steps[i].then);
    assert_int_equal(msim__nat_expire(&s.table, MSIM_SEC(i)), MSIM_SEC(i) + s.table.timeout_ns[steps[i].then]);
  }
  stage_close(&s);
}

#define S MSIM_TCP_SYN
#define A MSIM_TCP_ACK
#define F MSIM_TCP_FIN
#define R MSIM_TCP_RST
#define OPEN MSIM__NAT_TCP_OPEN
#define BRIEF MSIM__NAT_TCP_BRIEF
#define PLAY(steps) play(steps, sizeof steps / sizeof steps[0])

static void connection_is_open_from_its_handshake_to_both_fins(void **state)
{
  static const struct step steps[] = {{S, true, BRIEF},      {S | A, false, BRIEF}, {A, true, OPEN},
                                      {A, false, OPEN},      {F | A, true, OPEN},   {A, false, OPEN},
                                      {F | A, false, BRIEF}, {A, true, BRIEF}};

  (void)state;
  PLAY(steps);
}

static void both_may_open_at_once(void **state)
{
  static const struct step steps[] = {
      {S, true, BRIEF}, {S, false, BRIEF}, {S | A, true, BRIEF}, {S | A, false, BRIEF}, {A, true, OPEN}};

  (void)state;
  PLAY(steps);
}

static void reset_closes_and_a_new_syn_begins_again(void **state)
{
  static const struct step steps[] = {{S, true, BRIEF},  {S | A, false, BRIEF}, {A, true, OPEN},
                                      {R, false, BRIEF}, {A, true, BRIEF},      {S, true, BRIEF},
                                      {A, true, BRIEF},  {S | A, false, BRIEF}, {A, true, OPEN}};

  (void)state;
  PLAY(steps);
}

static void half_open_connection_stays_brief(void **state)
{
  static const struct step steps[] = {{S, true, BRIEF}, {S, true, BRIEF}, {A, true, BRIEF}};

  (void)state;
  PLAY(steps);
}

static void picked_up_connection_counts_as_open(void **state)
{
  struct stage s;
  struct msim__nat_session *session;

  (void)state;
  stage_open(&s, 0);
  session = open_at(&s, map(&s, MSIM_PROTO_TCP, 1, 50000), 25, 0);
  msim__nat_pick_up(&s.table, session, 0);
  assert_int_equal(session->class_number, OPEN);
  msim__nat_use(&s.table, session, A, false, 1);
  assert_int_equal(session->class_number, OPEN);
  msim__nat_use(&s.table, session, R, false, 2);
  assert_int_equal(session->class_number, BRIEF);
  stage_close(&s);
}

/* ---- memory ---- */

static void every_allocation_may_fail(void **state)
{
  uint64_t fail_at;
  bool failed = true;

  (void)state;
  for (fail_at = 1; failed; fail_at++) {
    struct stage s;
    uint32_t i;
    int err = MSIM_OK;

    stage_open(&s, fail_at);
    for (i = 0; i < 100 && err == MSIM_OK; i++) {
      struct msim__nat_mapping *m = msim__nat_map(&s.table, MSIM_PROTO_UDP, end_of(i, 50000), OUTSIDE, &err);

      if (m != NULL)
        (void)msim__nat_open(&s.table, m, end_of(REMOTE, 53), true, i, &err);
    }
    failed = err != MSIM_OK;
    assert_true(!failed || err == MSIM_ERR_NOMEM);
    assert_int_equal(s.table.mapping_count, s.table.session_count);
    stage_close(&s);
  }
  assert_true(fail_at > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(mapping_is_found_from_both_sides),
      cmocka_unit_test(ten_thousand_hosts_with_one_port_get_one_port_each),
      cmocka_unit_test(port_is_kept_or_else_the_next_of_its_kind),
      cmocka_unit_test(last_port_is_the_last),
      cmocka_unit_test(fixed_endpoint_is_had_once),
      cmocka_unit_test(full_table_opens_nothing_and_keeps_no_empty_mapping),
      cmocka_unit_test(what_is_used_last_expires_last),
      cmocka_unit_test(mapping_lives_as_long_as_its_last_session),
      cmocka_unit_test(connection_is_open_from_its_handshake_to_both_fins),
      cmocka_unit_test(both_may_open_at_once),
      cmocka_unit_test(reset_closes_and_a_new_syn_begins_again),
      cmocka_unit_test(half_open_connection_stays_brief),
      cmocka_unit_test(picked_up_connection_counts_as_open),
      cmocka_unit_test(every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
