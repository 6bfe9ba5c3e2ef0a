/* test_tcp_source_route.c: lib/tcp/tcp_route.c: connections by source routes, of the user's choice or the peer's. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/tcp_fixture.h"
#include "wire/source_route.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t both[] = {131, 11, 4, 10, 0, 0, 11, 10, 0, 0, 12}; /* by r1 and r2 */
static const uint8_t by_r1[] = {131, 7, 4, 10, 0, 0, 11}, by_r2[] = {131, 7, 4, 10, 0, 0, 12};

/* How segments begin their way: "11: 12 2" is the header's destination and the entries of the option, by last bytes;
 * "" without an option. */
struct routes {
  char a[32], b[32];           /* of the last one */
  unsigned a_count, b_count;   /* segments sent */
  unsigned a_other, b_other;   /* of these, otherwise than the one before */
  unsigned reset_count;        /* of these, with RST and an option */
  uint16_t payload_bytes_most; /* from a */
  uint64_t drop_count;
};

static struct tcp_world w;
static struct msim__trace_hook hook;
static struct routes routes;

static void describe(char *out, size_t out_bytes, const struct msim_packet *p)
{
  size_t used, i;

  out[0] = '\0';
  if (p->ip_options.size_bytes == 0)
    return;
  assert_int_equal(p->ip_options.data[2], 4);
  used = (size_t)snprintf(out, out_bytes, "%u:", (unsigned)p->dst.bytes[3]);
  for (i = 6; i < p->ip_options.data[1]; i += 4)
    used += (size_t)snprintf(out + used, out_bytes - used, " %u", (unsigned)p->ip_options.data[i]);
}

static int look(void *ctx, const struct msim_trace_record *record)
{
  const struct msim_trace_packet *p = &record->u.packet;
  bool is_a = p->packet->src.bytes[3] == 1;
  char now[32];

  (void)ctx;
  routes.drop_count += p->point == MSIM_POINT_DROP;
  if (p->point != MSIM_POINT_TX)
    return MSIM_OK;
  describe(now, sizeof now, p->packet);
  if (is_a && routes.a_count++ > 0)
    routes.a_other += strcmp(routes.a, now) != 0;
  if (!is_a && routes.b_count++ > 0)
    routes.b_other += strcmp(routes.b, now) != 0;
  strcpy(is_a ? routes.a : routes.b, now);
  routes.reset_count += (p->packet->l4.tcp.flags & MSIM_TCP_RST) != 0 && now[0] != '\0';
  if (is_a && p->packet->payload.size_bytes > routes.payload_bytes_most)
    routes.payload_bytes_most = (uint16_t)p->packet->payload.size_bytes;
  return MSIM_OK;
}

/* Beside the link a - b there is a - r1 - r2 - b; what a sends towards r1 may be dropped. mtu_bytes: of r1 - r2; 0:
 * 1500.
 */
static int add_way(const struct msim_link_way *way, uint32_t mtu_bytes, bool b_follows)
{
  struct msim_link_opts link;
  struct msim_node *r1, *r2;
  int err;

  memset(&link, 0, sizeof link);
  link.a_to_b.delay_ns = link.b_to_a.delay_ns = MSIM_MSEC(1);
  if ((err = msim_node_add(w.sim, "r1", &r1)) != MSIM_OK || (err = msim_node_add(w.sim, "r2", &r2)) != MSIM_OK ||
      (err = msim_node_add_addr(r1, "10.0.0.11")) != MSIM_OK ||
      (err = msim_node_add_addr(r2, "10.0.0.12")) != MSIM_OK || (err = msim_link_add(r2, w.b, &link)) != MSIM_OK)
    return err;
  link.mtu_bytes = mtu_bytes;
  if ((err = msim_link_add(r1, r2, &link)) != MSIM_OK)
    return err;
  link.mtu_bytes = 0;
  if (way != NULL)
    link.a_to_b = *way;
  if ((err = msim_link_add(w.a, r1, &link)) != MSIM_OK || (err = msim_node_set_source_routes(w.a, true)) != MSIM_OK ||
      (err = msim_node_set_source_routes(r1, true)) != MSIM_OK ||
      (err = msim_node_set_source_routes(r2, true)) != MSIM_OK ||
      (err = msim_node_set_source_routes(w.b, b_follows)) != MSIM_OK)
    return err;
  memset(&hook, 0, sizeof hook);
  memset(&routes, 0, sizeof routes);
  hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT);
  hook.record = look;
  msim__trace_add_hook(w.sim, &hook);
  return MSIM_OK;
}

static void open_world(const struct msim_link_way *way, bool b_follows)
{
  tcp_world_build(&w);
  assert_int_equal(add_way(way, 0, b_follows), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  tcp_world_listen(&w);
}

static int open_by(const uint8_t *stops, size_t stop_bytes)
{
  const struct msim__tcp_open open = {.remote = {msim_node_addr(w.b), TCP_PORT}, .ip_options = {stops, stop_bytes}};

  return msim__tcp_open(w.a, &open, &tcp_end_ops, &w.opener, &w.opener.tcb, NULL);
}

/* What an end sends takes another way from now on; an own way that its TCP would not have chosen. */
static void reroute(struct msim__tcb *tcb, const uint8_t *stops, size_t stop_bytes)
{
  struct msim__net *net = msim__tcb_room(tcb)->net;
  struct msim_addr first;

  assert_non_null(tcb->route);
  tcb->route->option_bytes = (uint8_t)msim__source_route_begin(
      tcb->route->options, (struct msim_slice){stops, stop_bytes}, msim__addr_of(net, tcb->head.remote_id), &first);
  tcb->route->stop = msim__addr_find(net, &first);
}

/* MUST-51, MUST-53: the user of an active OPEN names a source route, and a passive OPEN answers by it, turned round:
 * all segments from SYN to the last ACK. 3.7.1: its bytes are taken from the text. */
static void open_by_a_route_is_answered_by_it(void **state)
{
  char *text = calloc(1, 3001);
  uint8_t options[40];
  unsigned last;

  (void)state;
  assert_non_null(text);
  memset(text, 'x', 3000);
  open_world(NULL, true);
  assert_int_equal(open_by(both, sizeof both), MSIM_OK);
  assert_string_equal(routes.a, "11: 12 2");
  tcp_world_run_for(&w, MSIM_MSEC(20));
  assert_string_equal(routes.b, "12: 11 1");
  assert_string_equal(w.acceptor.heard, "open");
  assert_int_equal(w.opener.tcb->cc.mss_bytes, 1460 - MSIM__TCP_TIMESTAMPS_BYTES - 12);
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 1460 - MSIM__TCP_TIMESTAMPS_BYTES - 12);
  assert_int_equal(msim__tcp_ip_options(w.opener.tcb, options), sizeof both);
  assert_memory_equal(options, both, sizeof both);
  assert_int_equal(tcp_end_write(&w.opener, text), 3000);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(w.acceptor.received_bytes, 3000);
  assert_int_equal(routes.payload_bytes_most, 1460 - MSIM__TCP_TIMESTAMPS_BYTES - 12);
  assert_int_equal(tcp_end_write(&w.acceptor, "back"), 4);
  msim__tcp_close(w.opener.tcb);
  w.acceptor.closes_on_eof = true;
  tcp_world_run_for(&w, MSIM_MSEC(3));
  last = routes.a_count;
  tcp_world_run_for(&w, MSIM_SEC(5));
  assert_int_equal(w.opener.received_bytes, 4);
  assert_true(routes.a_count > last && routes.a_count > 6 && routes.b_count > 4);
  assert_int_equal(routes.a_other + routes.b_other, 0);
  assert_int_equal(routes.drop_count, 0);
  assert_null(w.opener.tcb);
  assert_null(w.acceptor.tcb);
  tcp_world_close(&w);
  free(text);
}

/* MUST-53: also the ACK that TIME-WAIT sends when the peer's FIN comes once more. */
static void time_wait_answers_by_the_route(void **state)
{
  static const uint32_t drop_nth[] = {4, 0}; /* SYN, ACK, FIN, and the ACK of the FIN */
  struct msim_link_way way = {.delay_ns = MSIM_MSEC(1)};

  (void)state;
  way.impair.drop_nth = drop_nth;
  open_world(&way, true);
  assert_int_equal(open_by(both, sizeof both), MSIM_OK);
  w.acceptor.closes_on_eof = true;
  tcp_world_run_for(&w, MSIM_MSEC(20));
  msim__tcp_close(w.opener.tcb);
  tcp_world_run_for(&w, MSIM_SEC(5));
  assert_int_equal(routes.drop_count, 1);
  assert_int_equal(routes.a_count, 5);
  assert_int_equal(routes.a_other + routes.b_other, 0);
  assert_null(w.acceptor.tcb);
  tcp_world_close(&w);
}

/* MUST-52: what the user named goes before what arrives. */
static void users_route_goes_before_a_received_one(void **state)
{
  (void)state;
  open_world(NULL, true);
  assert_int_equal(open_by(both, sizeof both), MSIM_OK);
  tcp_world_run_for(&w, MSIM_MSEC(20));
  reroute(w.acceptor.tcb, by_r2, sizeof by_r2);
  assert_int_equal(tcp_end_write(&w.acceptor, "by another way"), 14);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(w.opener.received_bytes, 14);
  assert_string_equal(routes.b, "12: 1");
  assert_string_equal(routes.a, "11: 12 2");
  assert_int_equal(routes.a_other, 0);
  tcp_world_close(&w);
}

/* SHLD-24: the route of a later segment replaces that of the SYN; a segment without one does not. */
static void later_route_replaces_an_earlier_one(void **state)
{
  (void)state;
  open_world(NULL, true);
  assert_int_equal(open_by(both, sizeof both), MSIM_OK);
  tcp_world_run_for(&w, MSIM_MSEC(20));
  reroute(w.opener.tcb, by_r1, sizeof by_r1);
  assert_int_equal(tcp_end_write(&w.opener, "later"), 5);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_string_equal(routes.a, "11: 2");
  assert_string_equal(routes.b, "11: 1");
  assert_int_equal(w.acceptor.tcb->cc.mss_bytes, 1460 - MSIM__TCP_TIMESTAMPS_BYTES - 8);
  msim__tcp_route_free(w.sim, w.opener.tcb->route);
  w.opener.tcb->route = NULL;
  assert_int_equal(tcp_end_write(&w.opener, "plain"), 5);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_string_equal(routes.a, "");
  assert_string_equal(routes.b, "11: 1");
  assert_int_equal(w.acceptor.received_bytes, 10);
  tcp_world_close(&w);
}

/* MUST-53: a reset belongs to the connection too. */
static void reset_takes_the_route(void **state)
{
  (void)state;
  open_world(NULL, true);
  assert_int_equal(open_by(both, sizeof both), MSIM_OK);
  tcp_world_run_for(&w, MSIM_MSEC(20));
  msim__tcp_abort(w.acceptor.tcb);
  tcp_world_run_for(&w, MSIM_MSEC(20));
  assert_int_equal(routes.reset_count, 1);
  assert_string_equal(w.opener.heard, "open closed(reset)");
  tcp_world_close(&w);
}

static void host_that_was_not_told_to_neither_sends_nor_answers_by_one(void **state)
{
  static const uint8_t record[] = {7, 7, 4, 0, 0, 0, 0};

  (void)state;
  open_world(NULL, false);
  assert_int_equal(open_by(record, sizeof record), MSIM_ERR_INVALID);
  assert_int_equal(open_by(both, sizeof both - 1), MSIM_ERR_INVALID);
  assert_int_equal(open_by(both, sizeof both), MSIM_OK);
  tcp_world_run_for(&w, MSIM_MSEC(20));
  assert_string_equal(w.acceptor.heard, "open");
  assert_string_equal(routes.a, "11: 12 2");
  assert_string_equal(routes.b, "");
  tcp_world_close(&w);
  tcp_world_build(&w);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  assert_int_equal(open_by(both, sizeof both), MSIM_ERR_INVALID);
  tcp_world_close(&w);
}

/* RFC 1191: what a router quotes has a stop in its header, and is found all the same. */
static void smaller_mtu_on_the_way_is_told(void **state)
{
  char *text = calloc(1, 3001);

  (void)state;
  assert_non_null(text);
  memset(text, 'x', 3000);
  tcp_world_build(&w);
  assert_int_equal(add_way(NULL, 600, true), MSIM_OK);
  assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
  tcp_world_listen(&w);
  assert_int_equal(open_by(both, sizeof both), MSIM_OK);
  tcp_world_run_for(&w, MSIM_MSEC(20));
  assert_int_equal(tcp_end_write(&w.opener, text), 3000);
  tcp_world_run_for(&w, MSIM_MSEC(100));
  assert_int_equal(w.opener.tcb->cc.mss_bytes, 600 - 40 - MSIM__TCP_TIMESTAMPS_BYTES - 12);
  assert_int_equal(w.acceptor.received_bytes, 3000);
  tcp_world_close(&w);
  free(text);
}

/* One request after another fails: the run ends, and nothing leaks. */
static void every_allocation_may_fail(void **state)
{
  int err = MSIM_ERR_NOMEM;
  uint64_t fail_at;

  (void)state;
  for (fail_at = 1; err == MSIM_ERR_NOMEM; fail_at++) {
    tcp_world_build(&w);
    assert_int_equal(add_way(NULL, 0, true), MSIM_OK);
    assert_int_equal(msim_sim_start(w.sim), MSIM_OK);
    tcp_world_listen(&w);
    w.mem.fail_at = w.mem.request_count + fail_at;
    w.opener.write_on_open = "text";
    w.opener.closes_on_open = w.acceptor.closes_on_eof = true;
    err = open_by(both, sizeof both);
    if (err == MSIM_OK)
      err = msim_sim_run(w.sim, MSIM_NEVER);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    w.mem.fail_at = 0;
    tcp_world_close(&w);
  }
  assert_true(fail_at > 10);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(open_by_a_route_is_answered_by_it),
      cmocka_unit_test(time_wait_answers_by_the_route),
      cmocka_unit_test(users_route_goes_before_a_received_one),
      cmocka_unit_test(later_route_replaces_an_earlier_one),
      cmocka_unit_test(reset_takes_the_route),
      cmocka_unit_test(host_that_was_not_told_to_neither_sends_nor_answers_by_one),
      cmocka_unit_test(smaller_mtu_on_the_way_is_told),
      cmocka_unit_test(every_allocation_may_fail),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
