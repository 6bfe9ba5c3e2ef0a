/* test_configure.c: agents from C by YAML text: the doors' errors; the checks themselves are in test_fields.c. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "agents/agents.h"
#include "support/fail_mem.h"

struct config {
  uint64_t count;
  const char *peer;
};

static const struct msim_field fields[] = {
    {"count", MSIM_FIELD_UINT, offsetof(struct config, count), "4", NULL, 0, NULL, 1, 9, NULL, NULL},
    {"peer", MSIM_FIELD_HOST, offsetof(struct config, peer), "", NULL, 0, NULL, 0, 0, NULL, NULL},
    {NULL, MSIM_FIELD_BOOL, 0, NULL, NULL, 0, NULL, 0, 0, NULL, NULL},
};

static int start(struct msim_agent *agent)
{
  (void)agent;
  return 0;
}

static const struct msim_agent_type probe = {"probe", "",   0,   sizeof(struct config), fields, start, NULL,
                                             NULL,    NULL, NULL, false};
static const struct msim_agent_type *const types[] = {&probe, NULL};

struct heard {
  char text[1024];
};

static void hear(void *user, const struct msim_diag *diag)
{
  struct heard *heard = user;
  size_t used = strlen(heard->text);

  snprintf(heard->text + used, sizeof heard->text - used, "%s:%u:%u: %s\n", diag->file, diag->line, diag->column,
           diag->text);
}

/* A simulation of network and agents alone, with one host. */
static struct msim_sim *make(struct fail_mem *memory, struct msim_node **node)
{
  const void *const *builtin[MSIM__TYPE_KINDS] = {NULL};
  struct msim_sim_opts opts;
  struct msim_sim *sim;
  int err;

  memset(&opts, 0, sizeof opts);
  opts.mem = memory->hook;
  builtin[MSIM__TYPE_AGENT] = (const void *const *)types;
  err = msim__sim_create(&sim, &opts, builtin);
  if (err == 0 && (err = msim__net_create(sim)) == 0 && (err = msim__agents_create(sim)) == 0)
    err = msim_node_add(sim, "host", node);
  assert_int_equal(err, 0);
  return sim;
}

static void add_yaml_when_text_then_result_and_findings(void **state)
{
  static const struct {
    const char *type, *yaml;
    int err;
    const char *said;
  } cases[] = {
      {"probe", "", 0, ""},
      {"probe", "{}", 0, ""},
      {"probe", "count: 7\npeer: not-added-yet", 0, ""},
      {"probe", "count: 10", MSIM_ERR_SYNTAX, "probe:1:8: count: 10 is not between 1 and 9\n"},
      {"probe", "count: 1\npear: x", MSIM_ERR_SYNTAX, "probe:2:1: unknown key \"pear\" (did you mean \"peer\"?)\n"},
      {"probe", "[1]", MSIM_ERR_SYNTAX, "probe:1:1: a map is expected here, not a list\n"},
      {"probe", "{", MSIM_ERR_SYNTAX, NULL},
      {"prope", "", MSIM_ERR_NOT_FOUND,
       "prope:0:0: there is no type of agent of this name (did you mean \"probe\"?)\n"},
      {"elephant", "", MSIM_ERR_NOT_FOUND, "elephant:0:0: there is no type of agent of this name\n"},
  };
  size_t i;

  (void)state;
  for (i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    struct heard heard = {""};
    struct fail_mem memory;
    struct msim_node *node;
    struct msim_sim *sim;

    fail_mem_init(&memory, 0);
    sim = make(&memory, &node);
    assert_int_equal(msim_agent_add_yaml(node, cases[i].type, cases[i].yaml, hear, &heard), cases[i].err);
    if (cases[i].said != NULL)
      assert_string_equal(heard.text, cases[i].said);
    assert_int_equal(msim_agent_add_yaml(node, cases[i].type, cases[i].yaml, NULL, NULL), cases[i].err);
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&memory));
  }
}

static void add_yaml_when_fine_then_config(void **state)
{
  const struct config *config;
  struct fail_mem memory;
  struct msim_node *node;
  struct msim_sim *sim;

  (void)state;
  fail_mem_init(&memory, 0);
  sim = make(&memory, &node);
  assert_int_equal(msim_agent_add_yaml(node, "probe", "peer: mx", NULL, NULL), 0);
  assert_int_equal(msim_agent_add_yaml(node, "probe", NULL, NULL, NULL), 0);
  config = msim_agent_config(node->agents);
  assert_int_equal(config->count, 4);
  assert_string_equal(config->peer, "mx");
  config = msim_agent_config(node->agents->next);
  assert_null(config->peer);
  assert_int_equal(msim_sim_start(sim), 0);
  assert_int_equal(msim_agent_add_yaml(node, "probe", "", NULL, NULL), MSIM_ERR_STATE);
  msim_sim_free(sim);
}

static void add_yaml_when_memory_fails_then_nomem_and_no_leak(void **state)
{
  uint64_t at, first, failures = 0;

  (void)state;
  for (at = 1;; at++) {
    struct fail_mem memory;
    struct msim_node *node;
    struct msim_sim *sim;
    int err;

    fail_mem_init(&memory, 0);
    sim = make(&memory, &node);
    first = memory.request_count;
    memory.fail_at = first + at;
    err = msim_agent_add_yaml(node, "probe", "count: 3\npeer: mx", NULL, NULL);
    assert_int_equal(err, memory.failed_count > 0 ? MSIM_ERR_NOMEM : 0);
    failures += memory.failed_count;
    msim_sim_free(sim);
    assert_true(fail_mem_clean(&memory));
    if (err == 0)
      break;
  }
  assert_true(failures > 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(add_yaml_when_text_then_result_and_findings),
      cmocka_unit_test(add_yaml_when_fine_then_config),
      cmocka_unit_test(add_yaml_when_memory_fails_then_nomem_and_no_leak),
  };

  return cmocka_run_group_tests(tests, NULL, NULL);
}
