/* test_sizes.c: callers that were compiled with shorter or longer structs than the library's. A short struct lies in a
 * block of its own that ends where it ends, so that the sanitizers see a look beyond. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include <mailsim/mailsim.h>

#include "net/net.h"
#include "tcp/tcp.h"

#define MORE_BYTES 24u
#define UPTO(type, member) (offsetof(struct type, member) + sizeof(((struct type *)NULL)->member))

/* A block of exactly size_bytes: the beginning of what is given, zeros where it is longer. The caller frees it. */
static void *sized(const void *given, size_t given_bytes, size_t size_bytes)
{
  char *block = calloc(1, size_bytes > 0 ? size_bytes : 1);

  assert_non_null(block);
  memcpy(block, given, size_bytes < given_bytes ? size_bytes : given_bytes);
  return block;
}

static int set_up(void **state)
{
  struct msim_sim *sim = NULL;
  int err = msim_sim_new(&sim, NULL);

  *state = sim;
  return err;
}

static int tear_down(void **state)
{
  msim_sim_free(*state);
  return 0;
}

/* ---- options ---- */

static void sim_opts_of_other_sizes(void **state)
{
  struct msim_sim_opts opts = {.seed = 7, .event_count_max = 1};
  struct msim_sim *sim = NULL;
  char *block = sized(&opts, sizeof opts, UPTO(msim_sim_opts, seed));

  (void)state;
  assert_int_equal(msim_sim_new_sized(&sim, (void *)block, UPTO(msim_sim_opts, seed)), MSIM_OK);
  assert_int_equal(msim_sim_seed(sim), 7);
  msim_sim_free(sim);
  free(block);

  block = sized(&opts, sizeof opts, sizeof opts + MORE_BYTES);
  assert_int_equal(msim_sim_new_sized(&sim, (void *)block, sizeof opts + MORE_BYTES), MSIM_OK);
  assert_int_equal(msim_sim_seed(sim), 7);
  msim_sim_free(sim);

  block[sizeof opts + MORE_BYTES - 1] = 1;
  assert_int_equal(msim_sim_new_sized(&sim, (void *)block, sizeof opts + MORE_BYTES), MSIM_ERR_INVALID);
  assert_null(sim);
  free(block);
  assert_int_equal(msim_sim_new_sized(&sim, NULL, 0), MSIM_OK);
  msim_sim_free(sim);
}

static void link_opts_of_other_sizes(void **state)
{
  struct msim_link_opts opts = {
      .name = "old", .mtu_bytes = 600, .a_to_b.delay_ns = 5, .b_to_a = {.delay_ns = 6, .impair.loss_ppm = 1000000}};
  size_t short_bytes = offsetof(struct msim_link_opts, b_to_a.impair.burst_enter_ppm);
  const char *newer = "newer";
  struct msim_node *a, *b;
  char *block;

  assert_int_equal(msim_node_add(*state, "a", &a), MSIM_OK);
  assert_int_equal(msim_node_add(*state, "b", &b), MSIM_OK);
  block = sized(&opts, sizeof opts, short_bytes);
  assert_int_equal(msim_link_add_sized(a, b, (void *)block, short_bytes), MSIM_OK);
  free(block);
  /* only the name of this one: a way that takes no time is refused, as it would be with the whole struct */
  block = sized(&opts, sizeof opts, UPTO(msim_link_opts, name));
  assert_int_equal(msim_link_add_sized(a, b, (void *)block, UPTO(msim_link_opts, name)), MSIM_ERR_INVALID);
  free(block);

  opts.name = "new";
  block = sized(&opts, sizeof opts, sizeof opts + MORE_BYTES);
  assert_int_equal(msim_link_add_sized(a, b, (void *)block, sizeof opts + MORE_BYTES), MSIM_OK);
  assert_int_equal(msim_link_add_sized(a, b, (void *)block, sizeof opts + MORE_BYTES), MSIM_ERR_EXISTS);
  memcpy(block, &newer, sizeof newer);
  block[sizeof opts] = 1;
  assert_int_equal(msim_link_add_sized(a, b, (void *)block, sizeof opts + MORE_BYTES), MSIM_ERR_INVALID);
  free(block);
  assert_int_equal(a->port_count, 2);
  assert_int_equal(b->port_count, 2);
  assert_int_equal(msim_link_add_sized(a, b, NULL, 0), MSIM_ERR_INVALID);
}

static void tcp_opts_of_other_sizes(void **state)
{
  struct msim_tcp_opts opts = {.congestion = "fixed", .initial_window_segments = 3, .rto_min_ns = MSIM_SEC(1)};
  size_t short_bytes = UPTO(msim_tcp_opts, initial_window_segments);
  struct msim_node *node;
  char *block;

  assert_int_equal(msim_node_add(*state, "a", &node), MSIM_OK);
  block = sized(&opts, sizeof opts, short_bytes);
  assert_int_equal(msim_node_set_tcp_sized(node, (void *)block, short_bytes), MSIM_OK);
  free(block);
  assert_int_equal(msim__tcp_opts_of(node)->initial_window_segments, 3);
  assert_int_equal(msim__tcp_opts_of(node)->rto_min_ns, MSIM_MSEC(200)); /* the default */

  block = sized(&opts, sizeof opts, sizeof opts + MORE_BYTES);
  assert_int_equal(msim_node_set_tcp_sized(node, (void *)block, sizeof opts + MORE_BYTES), MSIM_OK);
  assert_int_equal(msim__tcp_opts_of(node)->rto_min_ns, MSIM_SEC(1));
  memset(block + offsetof(struct msim_tcp_opts, rto_min_ns), 0, sizeof(msim_ns));
  block[sizeof opts + 8] = 1;
  assert_int_equal(msim_node_set_tcp_sized(node, (void *)block, sizeof opts + MORE_BYTES), MSIM_ERR_INVALID);
  assert_int_equal(msim__tcp_opts_of(node)->rto_min_ns, MSIM_SEC(1)); /* unchanged */
  free(block);
  assert_int_equal(msim_node_set_tcp_sized(node, NULL, 0), MSIM_ERR_INVALID);
}

/* ---- what is handed out ---- */

static void counters_of_other_sizes(void **state)
{
  struct {
    struct msim_counters known;
    unsigned char more[MORE_BYTES], beyond;
  } out;
  size_t i;

  memset(&out, 0xee, sizeof out);
  msim_sim_counters_sized(*state, &out.known, UPTO(msim_counters, event_count));
  assert_int_equal(out.known.event_count, 0);
  assert_int_equal(out.known.segment_count, UINT64_C(0xeeeeeeeeeeeeeeee)); /* not touched */

  msim_sim_counters_sized(*state, &out.known, sizeof out.known + MORE_BYTES);
  assert_true(out.known.held_bytes > 0 && out.known.held_bytes_peak >= out.known.held_bytes);
  for (i = 0; i < MORE_BYTES; i++)
    assert_int_equal(out.more[i], 0);
  assert_int_equal(out.beyond, 0xee);
}

static void topology_info_of_other_sizes(void **state)
{
  struct {
    struct msim_topology_info known;
    unsigned char more[MORE_BYTES], beyond;
  } out;
  size_t i;

  assert_int_equal(msim_sim_set_name(*state, "small", "Small"), MSIM_OK);
  memset(&out, 0xee, sizeof out);
  msim_topology_info_sized(*state, &out.known, UPTO(msim_topology_info, title));
  assert_string_equal(out.known.name, "small");
  assert_string_equal(out.known.title, "Small");
  assert_int_equal(out.known.until_ns, UINT64_C(0xeeeeeeeeeeeeeeee));

  msim_topology_info_sized(*state, &out.known, sizeof out.known + MORE_BYTES);
  assert_int_equal(out.known.until_ns, MSIM_NEVER);
  assert_null(out.known.scene_case);
  for (i = 0; i < MORE_BYTES; i++)
    assert_int_equal(out.more[i], 0);
  assert_int_equal(out.beyond, 0xee);
}

/* ---- types ---- */

static int agent_start(struct msim_agent *agent)
{
  (void)agent;
  return 0;
}

static void agent_stop(struct msim_agent *agent)
{
  (void)agent;
}

static int sink_record(void *state, struct msim_sink *sink, const struct msim_trace_record *record)
{
  (void)state;
  (void)sink;
  (void)record;
  return 0;
}

static int sink_close(void *state, struct msim_sink *sink)
{
  (void)state;
  (void)sink;
  return 0;
}

static void cc_start(void *state, struct msim_cc_vars *v, msim_ns now_ns)
{
  (void)state;
  (void)v;
  (void)now_ns;
}

static void cc_on_ack(void *state, struct msim_cc_vars *v, uint32_t acked_bytes, msim_ns now_ns)
{
  (void)state;
  (void)v;
  (void)acked_bytes;
  (void)now_ns;
}

static void cc_on_loss(void *state, struct msim_cc_vars *v, enum msim_loss why, msim_ns now_ns)
{
  (void)state;
  (void)v;
  (void)why;
  (void)now_ns;
}

static int register_agent(struct msim_sim *sim, const void *type, size_t type_bytes)
{
  return msim_agent_register_sized(sim, type, type_bytes);
}

static int register_sink(struct msim_sim *sim, const void *type, size_t type_bytes)
{
  return msim_sink_register_sized(sim, type, type_bytes);
}

static int register_cc(struct msim_sim *sim, const void *type, size_t type_bytes)
{
  return msim_cc_register_sized(sim, type, type_bytes);
}

static const void *agent_at(const struct msim_sim *sim, size_t index)
{
  return msim_agent_type_at(sim, index);
}

static const void *sink_at(const struct msim_sim *sim, size_t index)
{
  return msim_sink_type_at(sim, index);
}

static const void *cc_at(const struct msim_sim *sim, size_t index)
{
  return msim_cc_type_at(sim, index);
}

static const struct msim_agent_type agent_type = {
    .name = "one", .state_bytes = 8, .start = agent_start, .stop = agent_stop};
static const struct msim_sink_type sink_type = {
    .name = "one", .state_bytes = 8, .record = sink_record, .close = sink_close};
static const struct msim_cc_type cc_type = {
    .name = "one", .state_bytes = 8, .start = cc_start, .on_ack = cc_on_ack, .on_loss = cc_on_loss};

/* least_bytes: up to the last member that must be there. */
static const struct kind {
  const void *type;
  size_t type_bytes, least_bytes;
  int (*enter)(struct msim_sim *sim, const void *type, size_t type_bytes);
  const void *(*at)(const struct msim_sim *sim, size_t index);
} kinds[] = {
    {&agent_type, sizeof agent_type, UPTO(msim_agent_type, start), register_agent, agent_at},
    {&sink_type, sizeof sink_type, UPTO(msim_sink_type, record), register_sink, sink_at},
    {&cc_type, sizeof cc_type, UPTO(msim_cc_type, on_loss), register_cc, cc_at},
};

static const void *last_type(const struct kind *kind, const struct msim_sim *sim, size_t *count)
{
  const void *type, *last = NULL;

  for (*count = 0; (type = kind->at(sim, *count)) != NULL; (*count)++)
    last = type;
  return last;
}

static void types_of_shorter_sizes(void **state)
{
  char whole[sizeof(struct msim_agent_type) + sizeof(struct msim_sink_type) + sizeof(struct msim_cc_type)];
  size_t i, size, before, after;

  (void)state;
  for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const struct kind *kind = &kinds[i];

    for (size = 0; size <= kind->type_bytes; size += sizeof(void *)) {
      struct msim_sim *sim = NULL;
      char *block = sized(kind->type, kind->type_bytes, size);
      const void *entered;

      assert_int_equal(msim_sim_new(&sim, NULL), MSIM_OK);
      (void)last_type(kind, sim, &before);
      assert_int_equal(kind->enter(sim, block, size), size < kind->least_bytes ? MSIM_ERR_INVALID : MSIM_OK);
      entered = last_type(kind, sim, &after);
      assert_int_equal(after, before + (size < kind->least_bytes ? 0 : 1));
      if (size >= kind->least_bytes) {
        memset(whole, 0, sizeof whole);
        memcpy(whole, kind->type, size);
        assert_memory_equal(entered, whole, kind->type_bytes);
        assert_int_equal(kind->enter(sim, block, size), MSIM_ERR_EXISTS);
      }
      free(block);
      msim_sim_free(sim);
    }
  }
}

static void types_of_longer_sizes(void **state)
{
  size_t i, before, after;

  for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
    const struct kind *kind = &kinds[i];
    char *block = sized(kind->type, kind->type_bytes, kind->type_bytes + MORE_BYTES);

    block[kind->type_bytes] = 1;
    (void)last_type(kind, *state, &before);
    assert_int_equal(kind->enter(*state, block, kind->type_bytes + MORE_BYTES), MSIM_ERR_INVALID);
    assert_int_equal(kind->enter(*state, NULL, kind->type_bytes), MSIM_ERR_INVALID);
    (void)last_type(kind, *state, &after);
    assert_int_equal(after, before);
    block[kind->type_bytes] = 0;
    assert_int_equal(kind->enter(*state, block, kind->type_bytes + MORE_BYTES), MSIM_OK);
    assert_memory_equal(last_type(kind, *state, &after), kind->type, kind->type_bytes);
    free(block);
  }
}

/* ---- scenes ---- */

#define SCENE MSIM_SOURCE_DIR "/topologies/scenes/mail-send.yaml"

static void scene_opts_of_other_sizes(void **state)
{
  struct msim_scene_opts opts = {.case_id = NULL};
  size_t more_bytes = sizeof opts + MORE_BYTES;
  struct msim_scene *scene = NULL;
  char *block = sized(&opts, sizeof opts, more_bytes);
  struct msim_slice none = {NULL, 0};

  (void)state;
  assert_int_equal(msim_scene_load_file_sized(&scene, SCENE, (void *)block, more_bytes, NULL, NULL), MSIM_OK);
  msim_scene_free(scene);
  block[sizeof opts] = 1;
  assert_int_equal(msim_scene_load_file_sized(&scene, SCENE, (void *)block, more_bytes, NULL, NULL), MSIM_ERR_INVALID);
  assert_null(scene);
  assert_int_equal(msim_scene_load_text_sized(&scene, "s", none, (void *)block, more_bytes, NULL, NULL),
                   MSIM_ERR_INVALID);
  assert_null(scene);
  free(block);
  block = sized(&opts, sizeof opts, UPTO(msim_scene_opts, case_id));
  assert_int_equal(msim_scene_load_file_sized(&scene, SCENE, (void *)block, UPTO(msim_scene_opts, case_id), NULL, NULL),
                   MSIM_OK);
  msim_scene_free(scene);
  free(block);
}

static void scene_results_of_other_sizes(void **state)
{
  struct {
    struct msim_scene_result known;
    unsigned char more[MORE_BYTES], beyond;
  } result;
  struct {
    struct msim_scene_step known;
    unsigned char more[MORE_BYTES], beyond;
  } step;
  struct msim_scene *scene = NULL;
  size_t i;

  (void)state;
  assert_int_equal(msim_scene_load_file(&scene, SCENE, NULL, NULL, NULL), MSIM_OK);
  memset(&result, 0xee, sizeof result);
  memset(&step, 0xee, sizeof step);
  assert_int_equal(msim_scene_judge_sized(scene, MSIM_SCENE_BOTH, &result.known, UPTO(msim_scene_result, step_count)),
                   MSIM_OK);
  assert_false(result.known.holds);
  assert_int_equal(result.known.step_count, 13);
  assert_int_equal(result.known.failure_count, UINT64_C(0xeeeeeeeeeeeeeeee)); /* not touched */
  assert_int_equal(msim_scene_judge_sized(scene, MSIM_SCENE_BOTH, &result.known, sizeof result.known + MORE_BYTES),
                   MSIM_OK);
  assert_true(result.known.failure_count > 0);

  assert_int_equal(msim_scene_step_at_sized(scene, 2, &step.known, UPTO(msim_scene_step, number)), MSIM_OK);
  assert_int_equal(step.known.number, 3);
  assert_int_equal(step.known.at_ns, UINT64_C(0xeeeeeeeeeeeeeeee));
  assert_int_equal(msim_scene_step_at_sized(scene, 2, &step.known, sizeof step.known + MORE_BYTES), MSIM_OK);
  assert_int_equal(step.known.at_ns, 0);
  for (i = 0; i < MORE_BYTES; i++) {
    assert_int_equal(result.more[i], 0);
    assert_int_equal(step.more[i], 0);
  }
  assert_int_equal(result.beyond, 0xee);
  assert_int_equal(step.beyond, 0xee);
  msim_scene_free(scene);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sim_opts_of_other_sizes),
      cmocka_unit_test_setup_teardown(link_opts_of_other_sizes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(tcp_opts_of_other_sizes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(counters_of_other_sizes, set_up, tear_down),
      cmocka_unit_test_setup_teardown(topology_info_of_other_sizes, set_up, tear_down),
      cmocka_unit_test(types_of_shorter_sizes),
      cmocka_unit_test_setup_teardown(types_of_longer_sizes, set_up, tear_down),
      cmocka_unit_test(scene_opts_of_other_sizes),
      cmocka_unit_test(scene_results_of_other_sizes),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
