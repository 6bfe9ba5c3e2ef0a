/* test_plug.c: lib/net/plug.c: a host whose plug is pulled, and put back. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "net/link.h"
#include "support/net_fixture.h"

/* Events that were told, as "host event link " each. */
struct told {
  struct msim__trace_hook hook;
  char text[400];
};

static int take(void *ctx, const struct msim_trace_record *record)
{
  struct told *told = ctx;

  assert_null(record->u.event.agent);
  assert_int_equal(record->u.event.value_count, 1);
  strcat(told->text, record->u.event.host);
  strcat(told->text, " ");
  strcat(told->text, record->u.event.event);
  strcat(told->text, " ");
  strcat(told->text, record->u.event.values[0].u.text);
  strcat(told->text, "\n");
  return 0;
}

/* ann - ben - cid */
static void open_world(struct net_world *w)
{
  net_world_open(w, 0, false);
  net_world_join(w, "ann", "ben", MSIM_MSEC(1));
  net_world_join(w, "ben", "cid", MSIM_MSEC(1));
  net_world_bind(w, "ben", 53);
}

static void links_of_an_unplugged_host_carry_nothing(void **state)
{
  struct net_world w;

  (void)state;
  open_world(&w);
  net_world_bind(&w, "ann", 53);
  msim__node_plug(net_world_node(&w, "ann"), false);
  assert_int_equal(net_world_udp(&w, "ann", 4000, "ben", 53, "out"), MSIM_OK);
  assert_int_equal(net_world_udp(&w, "ben", 4000, "ann", 53, "in"), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.received_count, 0);
  assert_int_equal(net_seen_count(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP), 2);
  assert_string_equal(net_seen_at(&w, MSIM_TRACE_DATAGRAM, MSIM_POINT_DROP, 0)->reason, "down");
  assert_int_equal(net_world_udp(&w, "cid", 4000, "ben", 53, "others"), MSIM_OK);
  assert_int_equal(net_world_udp(&w, "ann", 4000, "ann", 53, "itself"), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.received_count, 2);
  msim__node_plug(net_world_node(&w, "ann"), true);
  assert_int_equal(net_world_udp(&w, "ann", 4000, "ben", 53, "again"), MSIM_OK);
  net_world_run(&w);
  assert_int_equal(w.received_count, 3);
  net_world_close(&w);
}

static void what_is_on_the_wire_already_arrives(void **state)
{
  struct net_world w;

  (void)state;
  open_world(&w);
  assert_int_equal(net_world_udp(&w, "ann", 4000, "ben", 53, "sent"), MSIM_OK);
  msim__node_plug(net_world_node(&w, "ann"), false);
  net_world_run(&w);
  assert_int_equal(w.received_count, 1);
  net_world_close(&w);
}

static void both_ends_of_each_link_are_told_once(void **state)
{
  static struct told told;
  struct net_world w;

  (void)state;
  open_world(&w);
  assert_int_equal(msim_sim_start(w.sim), 0);
  memset(&told, 0, sizeof told);
  told.hook.kinds = MSIM_TRACE_BIT(MSIM_TRACE_APP);
  told.hook.ctx = &told;
  told.hook.record = take;
  msim__trace_add_hook(w.sim, &told.hook);
  msim__node_plug(net_world_node(&w, "ben"), true); /* it is */
  assert_string_equal(told.text, "");
  msim__node_plug(net_world_node(&w, "ben"), false);
  msim__node_plug(net_world_node(&w, "ben"), false);
  assert_string_equal(told.text, "ben link.down ann-ben\nann link.down ann-ben\nben link.down ben-cid\n"
                                 "cid link.down ben-cid\n");
  told.text[0] = '\0';
  msim__node_plug(net_world_node(&w, "ben"), true);
  assert_string_equal(told.text, "ben link.up ann-ben\nann link.up ann-ben\nben link.up ben-cid\n"
                                 "cid link.up ben-cid\n");
  net_world_close(&w);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(links_of_an_unplugged_host_carry_nothing),
      cmocka_unit_test(what_is_on_the_wire_already_arrives),
      cmocka_unit_test(both_ends_of_each_link_are_told_once),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
