/* test_tracepoint.c: lib/core/tracepoint.c: who gets which record, in which order, with which stamps. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/world.h"

struct watcher {
  struct msim__trace_hook hook; /* first: ctx is the watcher */
  char name;
  int result;
};

static char seen[200];

static int record(void *ctx, const struct msim_trace_record *rec)
{
  struct watcher *watcher = ctx;
  size_t used = strlen(seen);

  snprintf(seen + used, sizeof seen - used, "%c:%s:%llu@%llu ", watcher->name, msim_trace_kind_name(rec->kind),
           (unsigned long long)rec->n, (unsigned long long)rec->at_ns);
  return watcher->result;
}

static void watch(struct world *w, struct watcher *watcher, char name, uint32_t kinds)
{
  memset(watcher, 0, sizeof *watcher);
  watcher->name = name;
  watcher->hook.kinds = kinds;
  watcher->hook.ctx = watcher;
  watcher->hook.record = record;
  msim__trace_add_hook(w->sim, &watcher->hook);
}

static void emit(struct alarm *alarm)
{
  struct msim_trace_record rec;

  memset(&rec, 0, sizeof rec);
  rec.kind = alarm->name[0] == 'a' ? MSIM_TRACE_SEGMENT : MSIM_TRACE_APP;
  if (!msim__trace_wants(alarm->world->sim, rec.kind))
    return;
  msim__trace_emit(alarm->world->sim, &rec);
  assert_true(rec.key == alarm->world->sim->current_order);
}

static int set_up(void **state)
{
  static struct world world;
  int err = world_set_up_with(&world, 0);

  *state = &world;
  seen[0] = '\0';
  world.alarms[0].more = world.alarms[1].more = emit;
  msim_timer_arm(&world.alarms[0].timer, 5);
  msim_timer_arm(&world.alarms[1].timer, 7);
  return err;
}

static int tear_down(void **state)
{
  struct world *w = *state;

  msim_sim_free(w->sim);
  return fail_mem_clean(&w->mem) ? 0 : -1;
}

static void each_hook_gets_the_kinds_it_wants_in_order_of_addition(void **state)
{
  struct world *w = *state;
  struct watcher all, apps;

  watch(w, &all, 'x', MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT) | MSIM_TRACE_BIT(MSIM_TRACE_APP));
  watch(w, &apps, 'y', MSIM_TRACE_BIT(MSIM_TRACE_APP));
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(seen, "x:segment:1@5 x:app:2@7 y:app:2@7 ");
}

static void kind_that_nobody_wants_is_not_emitted(void **state)
{
  struct world *w = *state;
  struct watcher apps;

  watch(w, &apps, 'y', MSIM_TRACE_BIT(MSIM_TRACE_APP));
  assert_int_equal(msim_sim_run(w->sim, 6), MSIM_OK);
  apps.hook.kinds = 0;
  msim__trace_refresh(w->sim);
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_OK);
  assert_string_equal(seen, "");
  assert_true(w->sim->record_count == 0);
}

static void failing_hook_fails_the_simulation(void **state)
{
  struct world *w = *state;
  struct watcher bad, good;

  watch(w, &bad, 'x', MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT));
  watch(w, &good, 'y', MSIM_TRACE_BIT(MSIM_TRACE_SEGMENT));
  bad.result = MSIM_ERR_IO;
  assert_int_equal(msim_sim_run(w->sim, MSIM_NEVER), MSIM_ERR_IO);
  assert_string_equal(seen, "x:segment:1@5 y:segment:1@5 ");
  assert_string_equal(msim_sim_error(w->sim), "the trace cannot be written: reading or writing failed");
  assert_string_equal(w->log, "a@5 ");
}

static void every_kind_has_a_name(void **state)
{
  int kind;

  (void)state;
  for (kind = 0; kind < MSIM_TRACE_KINDS; kind++)
    assert_non_null(msim_trace_kind_name((enum msim_trace_kind)kind));
  assert_null(msim_trace_kind_name(MSIM_TRACE_KINDS));
  assert_string_equal(msim_trace_kind_name(MSIM_TRACE_SEGMENT), "segment");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_hook_gets_the_kinds_it_wants_in_order_of_addition, set_up, tear_down),
      cmocka_unit_test_setup_teardown(kind_that_nobody_wants_is_not_emitted, set_up, tear_down),
      cmocka_unit_test_setup_teardown(failing_hook_fails_the_simulation, set_up, tear_down),
      cmocka_unit_test(every_kind_has_a_name),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
