/* rule.c: see rule.h. */
#include "check/rule.h"

#include <string.h>

void msim__rule_init(struct msim__rule *rule, struct msim_sim *sim, msim_invariants_fn *fn, void *user,
                     struct msim_invariants_info *info,
                     int (*record)(void *ctx, const struct msim_trace_record *record))
{
  rule->sim = sim;
  rule->fn = fn;
  rule->user = user;
  rule->info = info;
  rule->hook.ctx = rule;
  rule->hook.record = record;
}

void msim__rule_tell(struct msim__rule *rule, const struct msim_trace_record *record, const char *name,
                     const char *host, const char *connection, const char *text)
{
  struct msim_invariant_finding finding;

  rule->info->finding_count++;
  if (rule->fn == NULL)
    return;
  memset(&finding, 0, sizeof finding);
  finding.rule = name;
  finding.side = finding.segment = finding.message = finding.recipient = "";
  finding.connection = connection;
  finding.host = host;
  finding.text = text;
  finding.n = record->n;
  finding.at_ns = record->at_ns;
  rule->fn(rule->user, &finding);
}
