/* test_settings.c: values that take the place of those in the file: they are read like the rest of it, and findings
 * about them say which one it was. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "support/fail_mem.h"
#include "topology/probe.h"

#define WORLD                                                                                                          \
  "mailsim: 1\n"                                                                                                       \
  "title: before\n"                                                                                                    \
  "hosts: {a: {}, b: {}}\n"                                                                                            \
  "links: [{join: [a, b], delay: 1ms}]\n"

static struct msim_slice world(void)
{
  struct msim_slice text = {(const uint8_t *)WORLD, sizeof WORLD - 1};

  return text;
}

static void a_value_takes_the_place_of_that_in_the_file(void **state)
{
  struct msim_sim *sim = probe_sim();
  struct msim_topology_info info;
  struct probe_said said;

  (void)state;
  assert_int_equal(msim_topology_set(sim, "title", "between"), MSIM_OK);
  assert_int_equal(msim_topology_set(sim, "title", "behind"), MSIM_OK); /* the later one */
  assert_int_equal(msim_topology_set(sim, "hosts.c", "{ttl: 9}"), MSIM_OK);
  assert_int_equal(msim_topology_set(sim, "links.1", "{join: [b, c], delay: 2ms}"), MSIM_OK);
  said.text[0] = '\0';
  if (msim_topology_load_text(sim, "w.yaml", world(), NULL, probe_hear, &said) != MSIM_OK)
    fail_msg("%s", said.text);
  msim_topology_info(sim, &info);
  assert_string_equal(info.title, "behind");
  assert_int_equal(msim_node_count(sim), 3);
  assert_int_equal(msim_node_find(sim, "b")->port_count, 2);
  assert_int_equal(msim_topology_set(sim, "title", "late"), MSIM_ERR_STATE);
  msim_sim_free(sim);
}

static void what_is_wrong_has_the_setting_for_its_place(void **state)
{
  static const struct {
    const char *path, *value, *said;
  } rows[] = {
      {"links.0.delay", "fast", "links.0.delay=fast:1:1: "},
      {"links.0.dely", "1ms", "links.0.dely=1ms:1:1: unknown key \"dely\" (did you mean \"delay\"?)"},
      {"links.5", "1ms", "links.5=1ms:0:0: there is no item \"5\" in this list"},
      {"hosts.a", "[1,", "hosts.a=[1,:2:1: "},
      {"title.x", "1", "title.x=1:0:0: \"x\" cannot be there"},
      {"hosts.a.like", "nobody", "hosts.a.like=nobody:1:1: "},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct msim_sim *sim = probe_sim();
    struct probe_said said;

    said.text[0] = '\0';
    assert_int_equal(msim_topology_set(sim, rows[i].path, rows[i].value), MSIM_OK);
    assert_int_equal(msim_topology_load_text(sim, "w.yaml", world(), NULL, probe_hear, &said), MSIM_ERR_SYNTAX);
    if (strstr(said.text, rows[i].said) == NULL)
      fail_msg("%s, not %s", said.text, rows[i].said);
    msim_sim_free(sim);
  }
}

static void there_is_a_bound(void **state)
{
  struct msim_sim *sim = probe_sim();
  static char wide[70000];
  int i;

  (void)state;
  memset(wide, 'x', sizeof wide - 1);
  assert_int_equal(msim_topology_set(sim, "title", wide), MSIM_ERR_LIMIT);
  wide[1025] = '\0';
  assert_int_equal(msim_topology_set(sim, wide, "1"), MSIM_ERR_LIMIT);
  for (i = 0; i < 256; i++)
    assert_int_equal(msim_topology_set(sim, "seed", "1"), MSIM_OK);
  assert_int_equal(msim_topology_set(sim, "seed", "1"), MSIM_ERR_LIMIT);
  msim_sim_free(sim);
}

static void memory_that_fails_is_told(void **state)
{
  uint64_t fail_at;
  int err = MSIM_ERR_NOMEM;

  (void)state;
  for (fail_at = 1; err != MSIM_OK; fail_at++) {
    struct msim_sim_opts opts = {0};
    struct msim_sim *sim = NULL;
    struct fail_mem mem;

    fail_mem_init(&mem, fail_at);
    opts.mem = mem.hook;
    err = msim_sim_new(&sim, &opts);
    if (err == MSIM_OK)
      err = msim_topology_set(sim, "links.0.delay", "3ms");
    if (err == MSIM_OK)
      err = msim_topology_load_text(sim, "w.yaml", world(), NULL, NULL, NULL);
    assert_true(err == MSIM_OK || err == MSIM_ERR_NOMEM);
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&mem));
    assert_true(fail_at < 2000);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_value_takes_the_place_of_that_in_the_file),
      cmocka_unit_test(what_is_wrong_has_the_setting_for_its_place),
      cmocka_unit_test(there_is_a_bound),
      cmocka_unit_test(memory_that_fails_is_told),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
