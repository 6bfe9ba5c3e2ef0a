/* dhcp_stage.h: a network of the test's own with DHCP on it, run by hand as far as the test says, with every rule of
 * docs/invariants.md watched.
 *
 * For tests only; include after the cmocka headers, in one file of a program. */
#ifndef MSIM_TESTS_TOPOLOGY_DHCP_STAGE_H
#define MSIM_TESTS_TOPOLOGY_DHCP_STAGE_H

#include <mailsim/mailsim.h>

#include "support/topology_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct dhcp_stage {
  struct msim_sim *sim;
  struct topology_text trace;
  char broken[400]; /* the first rule that was broken; "" */
  unsigned broken_count;
};

static int dhcp_stage_keep(void *ctx, const void *data, size_t size_bytes)
{
  topology_text_append(ctx, data, size_bytes);
  return 0;
}

static void dhcp_stage_tell(void *user, const struct msim_diag *diag)
{
  (void)user;
  fail_msg("%u:%u: %s", diag->line, diag->column, diag->text);
}

static void dhcp_stage_broken(void *user, const struct msim_invariant_finding *finding)
{
  struct dhcp_stage *stage = user;

  if (stage->broken_count++ == 0)
    snprintf(stage->broken, sizeof stage->broken, "%s %s: %s", finding->rule, finding->host, finding->text);
}

/* type: an agent of the test, or NULL. */
static inline void dhcp_stage_open(struct dhcp_stage *stage, const char *yaml, const struct msim_agent_type *type)
{
  struct msim_slice text = {(const uint8_t *)yaml, strlen(yaml)};
  struct msim_out out = {&stage->trace, dhcp_stage_keep};
  struct msim_sim_opts opts;

  memset(stage, 0, sizeof *stage);
  memset(&opts, 0, sizeof opts);
  opts.seed = 1;
  topology_text_append(&stage->trace, "", 0);
  assert_int_equal(msim_sim_new(&stage->sim, &opts), MSIM_OK);
  if (type != NULL)
    assert_int_equal(msim_agent_register(stage->sim, type), MSIM_OK);
  assert_int_equal(msim_topology_load_text(stage->sim, "dhcp.yaml", text, NULL, dhcp_stage_tell, NULL), MSIM_OK);
  assert_int_equal(msim_invariants_attach(stage->sim, dhcp_stage_broken, stage), MSIM_OK);
  assert_int_equal(msim_trace_add(stage->sim, "text", &out, NULL, NULL), MSIM_OK);
}

/* Everything until then, also what nobody waits for. */
static inline void dhcp_stage_until(struct dhcp_stage *stage, double seconds)
{
  int err = msim_sim_advance_to(stage->sim, (msim_ns)(seconds * 1e9));

  if (err != MSIM_OK)
    fail_msg("%s", msim_sim_error(stage->sim));
}

static inline unsigned dhcp_stage_count(struct dhcp_stage *stage, const char *what)
{
  const char *at = stage->trace.data;
  unsigned count = 0;

  while ((at = strstr(at, what)) != NULL) {
    count++;
    at += strlen(what);
  }
  return count;
}

/* Writes what is pending, so that the trace can be looked at; the run is over. */
static inline void dhcp_stage_finish(struct dhcp_stage *stage)
{
  assert_int_equal(msim_sim_finish(stage->sim), MSIM_OK);
}

/* Ends it. No rule was broken. */
static inline void dhcp_stage_close(struct dhcp_stage *stage)
{
  (void)msim_sim_finish(stage->sim);
  assert_string_equal(stage->broken, "");
  msim_sim_free(stage->sim);
  free(stage->trace.data);
}

static inline struct msim_node *dhcp_stage_host(struct dhcp_stage *stage, const char *name)
{
  struct msim_node *node = msim_node_find(stage->sim, name);

  assert_non_null(node);
  return node;
}

/* The last byte of the address of a host in its first network; 0: it has none. */
static inline unsigned dhcp_stage_last(struct dhcp_stage *stage, const char *name)
{
  struct msim_addr_config config = msim_attachment_config(msim_attachment_first(dhcp_stage_host(stage, name)));

  return config.address.family == MSIM_FAMILY_IPV4 ? config.address.bytes[3] : 0;
}

#endif
