/* fault_stage.h: a small mail world with faults, for tests of the section `faults`: alice hands two mails to a relay,
 * which hands them on to bob's server. */
#ifndef MSIM_TESTS_TOPOLOGY_FAULT_STAGE_H
#define MSIM_TESTS_TOPOLOGY_FAULT_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <mailsim/mailsim.h>

#include "support/topology_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char world_head[] =
    "mailsim: 1\n"
    "hosts:\n"
    "  alice: {agents: [{user: {address: alice@a.example, submit: relay, script: [\n"
    "    {at: 1s, send: {message: m1, to: bob@b.example, subject: Hi, body: Hello}},\n"
    "    {at: 2s, send: {message: m2, to: bob@b.example, subject: Ho, size: 20kB}}]}}]}\n"
    "  relay: {agents: [{smtp-server: {domains: {a.example: [alice]}, relay-from: '@a.example'}}, smtp-client]}\n"
    "  mx: {agents: [{smtp-server: {domains: {b.example: [bob]}}}]}\n"
    "links:\n"
    "  - {join: [alice, relay], delay: 10ms, rate: 10Mbit/s}\n"
    "  - {join: [relay, mx], delay: 10ms, name: far, loss: 1%}\n";

static char findings[2000];

static inline void note(void *user, const struct msim_diag *diag)
{
  size_t used = strlen(findings);

  (void)user;
  snprintf(findings + used, sizeof findings - used, "%u:%u: %s\n", diag->line, diag->column, diag->text);
}

static inline int build(struct msim_sim *sim, void *ctx)
{
  char text[8000];
  struct msim_slice slice = {(const uint8_t *)text, 0};
  const char *faults = ctx;

  slice.size_bytes =
      (size_t)snprintf(text, sizeof text, "%s%s%s", world_head, faults[0] != '\0' ? "faults:\n" : "", faults);
  findings[0] = '\0';
  return msim_topology_load_text(sim, "test", slice, NULL, note, NULL);
}

static inline struct topology_run run(const char *faults)
{
  struct topology_run r;
  char copy[4000];

  snprintf(copy, sizeof copy, "%s", faults);
  topology_run_built(&r, build, copy, 1, "text", NULL);
  if (r.err != 0)
    fail_msg("%s\n%s", r.error, findings);
  return r;
}

static inline void assert_has(const struct topology_run *r, const char *part)
{
  if (strstr(r->trace.data, part) == NULL)
    fail_msg("not in the trace: %s", part);
}

static inline size_t count_of(const char *text, const char *part)
{
  size_t count = 0;

  while ((text = strstr(text, part)) != NULL) {
    count++;
    text += strlen(part);
  }
  return count;
}

/* Runs with the faults and without them: not a byte is different. */
static inline void assert_nothing_changes(const char *const *faults, size_t count)
{
  struct topology_run plain = run("");
  size_t i;

  for (i = 0; i < count; i++) {
    struct topology_run r = run(faults[i]);

    if (strcmp(r.trace.data, plain.trace.data) != 0)
      fail_msg("changes the run: %s", faults[i]);
    assert_int_equal(r.prints.wire, plain.prints.wire);
    free(r.trace.data);
  }
  free(plain.trace.data);
}

#endif
